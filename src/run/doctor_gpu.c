/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_gpu.c — bawn doctor gpu: which GPUs are here, whether a box can use them, what to change.
 *
 * First outside: what there is, whose it is, whether it opens. Then the same inside a box that grants all of it: a
 * shell tries to open each, and where the driver's own tool is installed (nvidia-smi, which asks the driver through
 * its library) that is run too. Both are started like any command, by the chain that `bawn run` uses; a clock ends what
 * hangs.
 *
 * JSON, one object on a line:
 *
 *	{"type":"gpu"}		family, title, found, on_bus (cards of its PCI vendor, with nodes or without)
 *	{"type":"device"}	path, family, mode, owner, group, outside (null: opens; else why not), inside (null: not
 *				tried)
 *	{"type":"query"}	program, status, text
 *	{"type":"untried"}	reason: why nothing was tried inside
 *	{"type":"advice"}	text */
#include "policy/gpu.h"
#include "run/doctor.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANSWER_LIMIT	((size_t)64 << 10)
#define NAME_LIMIT	4096			/* bytes of a line of the group file */

/* "opens" or "closed" a line for each argument, and last what the driver's tool says. */
static const char script[] =
	"for node; do if (: <> \"$node\") 2> /dev/null; then echo opens; else echo closed; fi; done\n"
	"if command -v nvidia-smi > /dev/null && [ -e /dev/nvidiactl -o -e /dev/dxg ]; then\n"
	"\tnvidia-smi -L 2>&1; printf '\\nstatus %d\\n' $?; fi\n";

enum inside { UNTRIED, OPENS, CLOSED };

struct node {
	const struct gpu_node *gpu;
	unsigned mode;
	const char *owner, *group;
	int outside;			/* 0, or errno */
	enum inside inside;
};

struct gpu_report {
	struct arena *arena;
	const struct host *host;
	struct gpus gpus;
	unsigned on_bus[GPU__COUNT];
	struct node *nodes;		/* one for each of gpus.nodes */
	const char *untried;		/* why nothing was tried inside, or NULL */
	const char *query;		/* what the driver's tool said, or NULL */
	int query_status;
	const char **advice;
	size_t advice_count, advice_capacity;
};

/* --- outside ------------------------------------------------------------------------------ */

static const char *group_name(struct arena *arena, gid_t gid)
{
	char line[NAME_LIMIT];
	struct group entry, *found = NULL;

	if (getgrgid_r(gid, &entry, line, sizeof(line), &found) == 0 && found)
		return arena_strdup(arena, found->gr_name);
	return arena_printf(arena, "%u", (unsigned)gid);
}

static const char *user_name(struct arena *arena, uid_t uid)
{
	char line[NAME_LIMIT];
	struct passwd entry, *found = NULL;

	if (getpwuid_r(uid, &entry, line, sizeof(line), &found) == 0 && found)
		return arena_strdup(arena, found->pw_name);
	return arena_printf(arena, "%u", (unsigned)uid);
}

static int open_outside(const char *path)
{
	autoclose int fd = openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? errno : 0;
}

static int look_at(struct gpu_report *report, const struct gpu_node *gpu, struct node *ret_node)
{
	struct stat st = { 0 };

	*ret_node = (struct node){ .gpu = gpu };
	if (stat(gpu->path, &st) < 0)
		ret_node->outside = errno;
	else if (gpu->kind == GPU_NODE)
		ret_node->outside = open_outside(gpu->path);
	ret_node->mode = st.st_mode & 07777;
	ret_node->owner = user_name(report->arena, st.st_uid);
	ret_node->group = group_name(report->arena, st.st_gid);
	return ret_node->owner && ret_node->group ? 0 : -ENOMEM;
}

static int look_outside(struct gpu_report *report, struct bawn_error *err)
{
	const struct gpu_wish wish = gpu_wish_any();
	int r = gpus_find(report->arena, report->host, &wish, &report->gpus, err);

	if (r < 0)
		return r;
	report->nodes = arena_alloc(report->arena, (report->gpus.count + 1) * sizeof(*report->nodes));
	if (!report->nodes)
		return error_oom(err);
	for (size_t i = 0; i < report->gpus.count; i++)
		if (look_at(report, &report->gpus.nodes[i], &report->nodes[i]) < 0)
			return error_oom(err);
	for (int i = 0; i < GPU__COUNT; i++)
		report->on_bus[i] = gpu_cards_on_bus(report->arena, report->host, (enum gpu_family)i);
	return 0;
}

/* --- inside ------------------------------------------------------------------------------- */

static int ask_for(struct request *request, struct bawn_error *err)
{
	static const struct { const char *name, *value; } options[] = {
		{ "permission-profile", ":read-only" }, { "directory", "/" }, { "gpu", "auto" },
		{ "limit", "wall_seconds=60" }, { "allow-degraded", NULL },
	};
	int r = 0;

	request->config_text = "";		/* no file: nothing of the user's is to be tried here */
	request->config_origin = "doctor";
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(options); i++)
		r = request_add(request, options[i].name, options[i].value, err);
	return r;
}

/* The box's plan, or why there is none. */
static int plan_box(struct request *request, struct chain *box, struct bawn_error *err)
{
	int r = ask_for(request, err);

	if (r < 0 || (r = chain_load(request, box, err)) < 0 || (r = chain_profile(box, NULL, err)) < 0 ||
	    (r = chain_policy(box, err)) < 0 || (r = chain_plan(box, true, err)) < 0)
		return r;
	return plan_refuse(box->plan, box->allow_degraded, err);
}

static int run_box(const struct chain *box, const char *const *argv, char **ret_answer, struct bawn_error *err)
{
	autoclose int null = openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
	struct command command = { .argv = argv };
	struct child child;
	int pipe_fds[2], r, status;
	size_t size;

	if (null < 0 || io_pipe(pipe_fds) < 0)
		return error_system(err, errno, "try the GPUs inside");
	command.stdio[0] = command.stdio[2] = null;
	command.stdio[1] = pipe_fds[1];
	r = child_start(box, &command, NULL, false, &child, err);
	close(pipe_fds[1]);
	if (r >= 0) {
		r = io_read_all(pipe_fds[0], ANSWER_LIMIT, ret_answer, &size);
		if (r < 0)
			r = error_system(err, -r, "read what the box says");
		if (child_wait(&child, &status, r < 0 ? NULL : err) < 0 && r >= 0)
			r = -EIO;
		child_done(&child);
	}
	close(pipe_fds[0]);
	return r;
}

/* One line of the answer for each node that was tried, then the tool's. */
static int read_answer(struct gpu_report *report, const char *answer)
{
	const char *status;

	for (size_t i = 0; i < report->gpus.count; i++) {
		if (report->gpus.nodes[i].kind != GPU_NODE)
			continue;
		report->nodes[i].inside = !strncmp(answer, "opens", 5) ? OPENS : *answer ? CLOSED : UNTRIED;
		answer += strcspn(answer, "\n");
		answer += *answer == '\n';
	}
	status = strstr(answer, "\nstatus ");
	if (!status)
		return 0;
	report->query_status = (int)strtol(status + strlen("\nstatus "), NULL, 10);
	report->query = arena_strndup(report->arena, answer, (size_t)(status + 1 - answer));
	return report->query ? 0 : -ENOMEM;
}

static int try_inside(struct gpu_report *report, struct chain *box, struct bawn_error *err)
{
	const char **argv = arena_alloc(report->arena, (report->gpus.count + 5) * sizeof(*argv));
	autofree char *answer = NULL;
	size_t count = 0;
	int r;

	if (!argv)
		return error_oom(err);
	argv[count++] = "/bin/sh";
	argv[count++] = "-c";
	argv[count++] = script;
	argv[count++] = "sh";
	for (size_t i = 0; i < report->gpus.count; i++)
		if (report->gpus.nodes[i].kind == GPU_NODE)
			argv[count++] = report->gpus.nodes[i].path;
	r = run_box(box, argv, &answer, err);
	if (r >= 0 && answer && read_answer(report, answer) < 0)
		return error_oom(err);
	return r;
}

/* That no box can be had here is an answer too. */
static int look_inside(struct gpu_report *report, struct bawn_error *err)
{
	struct bawn_error why = BAWN_ERROR_INIT;
	struct request request = { 0 };
	struct chain box = { 0 };
	int r = report->gpus.count ? plan_box(&request, &box, &why) : -ENOENT;

	if (r >= 0)
		r = try_inside(report, &box, &why);
	if (r < 0 && report->gpus.count) {
		report->untried = arena_strdup(report->arena, why.message);
		r = report->untried ? 0 : error_oom(err);
	}
	chain_done(&box);
	arena_done(&request.arena);
	return r == -ENOENT ? 0 : r;
}

/* --- what to change ----------------------------------------------------------------------- */

static int advise(struct gpu_report *report, const char *line)
{
	const char **slot;

	for (size_t i = 0; line && i < report->advice_count; i++)
		if (!strcmp(report->advice[i], line))
			return 0;
	slot = array_add(report->arena, (void **)&report->advice, &report->advice_count, &report->advice_capacity,
			 sizeof(*slot));
	if (!slot || !line)
		return -ENOMEM;
	*slot = line;
	return 0;
}

static int advise_family(struct gpu_report *report, enum gpu_family family)
{
	const struct gpu_family_row *row = &gpu_families[family];
	struct arena *arena = report->arena;
	const char *missing;

	if (report->gpus.families & (1u << family)) {
		missing = gpu_missing_node(arena, &report->gpus, family);
		return missing ? advise(report, arena_printf(arena, "%s is not there: %s", missing, row->hint)) : 0;
	}
	if (!report->on_bus[family])
		return 0;
	return advise(report, arena_printf(arena, "%s: a card is on the PCI bus, its device files are not there: %s",
					   row->title, row->hint));
}

static int advise_node(struct gpu_report *report, const struct node *node)
{
	const char *path = node->gpu->path, *line;
	struct arena *arena = report->arena;

	if (node->outside == EACCES && (node->mode & 060) == 060)
		line = arena_printf(arena, "become a member of the group \"%s\": usermod -aG %s %s, then log in anew",
				    node->group, node->group, user_name(arena, geteuid()));
	else if (node->outside == EACCES)
		line = arena_printf(arena, "%s: its mode is %04o, which lets only %s in: an udev rule or the driver's "
				    "settings change that", path, node->mode, node->owner);
	else if (node->outside)
		line = arena_printf(arena, "%s does not open outside either: %s", path, strerror(node->outside));
	else if (node->inside == CLOSED)
		line = arena_printf(arena, "%s opens outside and not inside: that is a fault of bawn; please report it",
				    path);
	else
		return 0;
	return advise(report, line);
}

static int advise_all(struct gpu_report *report, struct bawn_error *err)
{
	int r = 0;

	for (int i = 0; r >= 0 && i < GPU__COUNT; i++)
		r = advise_family(report, (enum gpu_family)i);
	for (size_t i = 0; r >= 0 && i < report->gpus.count; i++)
		r = advise_node(report, &report->nodes[i]);
	if (r >= 0 && report->query && report->query_status)
		r = advise(report, "nvidia-smi fails inside: run it outside, and compare");
	return r < 0 ? error_oom(err) : 0;
}

/* --- for people --------------------------------------------------------------------------- */

static void print_node(const struct node *node, struct text *text)
{
	static const char *const insides[] = { [UNTRIED] = "not tried", [OPENS] = "opens", [CLOSED] = "does not open" };

	if (node->gpu->kind == GPU_LINK) {
		text_printf(text, "  %-28s -> %s\n", node->gpu->path, node->gpu->target);
		return;
	}
	text_printf(text, "  %-28s %04o %s:%s", node->gpu->path, node->mode, node->owner, node->group);
	if (node->gpu->kind == GPU_TREE)
		text_add(text, "  a directory\n");
	else
		text_printf(text, "  outside: %s; inside: %s\n", node->outside ? strerror(node->outside) : "opens",
			    insides[node->inside]);
}

static void print_family(const struct gpu_report *report, int family, struct text *text)
{
	if (!(report->gpus.families & (1u << family)))
		return;
	text_printf(text, "%s\n", gpu_families[family].title);
	for (size_t i = 0; i < report->gpus.count; i++)
		if (report->nodes[i].gpu->family == (enum gpu_family)family)
			print_node(&report->nodes[i], text);
}

static int print_text(const struct gpu_report *report, struct text *text, struct bawn_error *err)
{
	const struct gpu_wish wish = gpu_wish_any();
	const char *places = gpu_looked_for(report->arena, &wish);

	if (!places)
		return error_oom(err);
	for (int i = 0; i < GPU__COUNT; i++)
		print_family(report, i, text);
	if (!report->gpus.families)
		text_printf(text, "no GPU is here; looked for %s\n", places);
	if (report->untried)
		text_printf(text, "nothing was tried inside: %s\n", report->untried);
	if (report->query)
		text_printf(text, "inside, nvidia-smi -L (status %d)\n%s", report->query_status, report->query);
	if (report->advice_count)
		text_add(text, "to change\n");
	for (size_t i = 0; i < report->advice_count; i++)
		text_printf(text, "  %s\n", report->advice[i]);
	return 0;
}

/* --- as JSON ------------------------------------------------------------------------------ */

static void print_json_node(const struct node *node, struct json *json)
{
	char mode[8];

	if (node->gpu->kind == GPU_LINK)
		return;
	snprintf(mode, sizeof(mode), "%04o", node->mode);
	doctor_begin(json, "device");
	json_string(json, "path", node->gpu->path);
	json_string(json, "family", gpu_families[node->gpu->family].word);
	json_string(json, "mode", mode);
	json_string(json, "owner", node->owner);
	json_string(json, "group", node->group);
	json_string(json, "outside", node->outside ? strerror(node->outside) : NULL);
	if (node->inside == UNTRIED)
		json_string(json, "inside", NULL);
	else
		json_bool(json, "inside", node->inside == OPENS);
	doctor_end(json);
}

static void print_line(struct json *json, const char *type, const char *key, const char *line)
{
	doctor_begin(json, type);
	json_string(json, key, line);
	doctor_end(json);
}

static void print_json(const struct gpu_report *report, struct json *json)
{
	for (int i = 0; i < GPU__COUNT; i++) {
		doctor_begin(json, "gpu");
		json_string(json, "family", gpu_families[i].word);
		json_string(json, "title", gpu_families[i].title);
		json_bool(json, "found", report->gpus.families & (1u << i));
		json_integer(json, "on_bus", report->on_bus[i]);
		doctor_end(json);
	}
	for (size_t i = 0; i < report->gpus.count; i++)
		print_json_node(&report->nodes[i], json);
	if (report->untried)
		print_line(json, "untried", "reason", report->untried);
	if (report->query) {
		doctor_begin(json, "query");
		json_string(json, "program", "nvidia-smi -L");
		json_integer(json, "status", report->query_status);
		json_string(json, "text", report->query);
		doctor_end(json);
	}
	for (size_t i = 0; i < report->advice_count; i++)
		print_line(json, "advice", "text", report->advice[i]);
}

/* --- the whole ---------------------------------------------------------------------------- */

int doctor_gpu(struct chain *chain, enum bawn_format format, struct text *text, bool *ret_healthy,
	       struct bawn_error *err)
{
	struct gpu_report report = { .arena = &chain->arena, .host = &chain->host };
	struct json json = { 0 };
	int r = look_outside(&report, err);

	if (r < 0 || (r = look_inside(&report, err)) < 0 || (r = advise_all(&report, err)) < 0)
		return r;
	if (format == BAWN_JSON) {
		print_json(&report, &json);
		*text = json.text;
	} else {
		r = print_text(&report, text, err);
	}
	*ret_healthy = report.gpus.families && !report.advice_count && !report.untried;
	return r;
}
