/* SPDX-License-Identifier: Apache-2.0 */
/* print.c — a plan, for people and as JSON lines.
 *
 * JSON, one object a line; keys that a reader does not know are to be passed over:
 *
 *	{"type":"plan"}		schema (1), profile, platform, cwd, network, reads ("all" or "listed"), root_writable,
 *				broker, unconfined, argv (only with a command)
 *	{"type":"rule"}		path, access, kind, label, origin, layer, second (null: nothing repeats it), note,
 *				exists (null for a glob)
 *	{"type":"promise"}	text, origin, layer, second, note
 *	{"type":"note"}		text
 *	{"type":"gap"}		what, missing, remedy, origin, acceptable */
#include "policy/show.h"

#include <string.h>

static const char *const platform_names[] = { [PLATFORM_LINUX] = "linux", [PLATFORM_MACOS] = "macos" };

static const char *const network_names[] = {
	[NETWORK_OFF] = "off", [NETWORK_PROXY] = "proxy", [NETWORK_FULL] = "full",
};

static const struct { const char *name, *help; } layers[] = {
	[LAYER_NONE]	    = { "none",		"nothing holds it, or nothing has to" },
	[LAYER_ROOT]	    = { "root",		"the root itself: read-only, or assembled from what may be read" },
	[LAYER_MOUNT_WRITE] = { "mount-write",	"a writable mount" },
	[LAYER_MOUNT_READ]  = { "mount-read",	"a read-only mount" },
	[LAYER_MASK]	    = { "mask",		"an empty, unreadable file or directory stands in its place" },
	[LAYER_DEVICE]	    = { "device",	"the host's own device, bound into the box's /dev" },
	[LAYER_INHERITED]   = { "inherited",	"already so by the rule above it" },
	[LAYER_BROKER]	    = { "broker",	"the broker decides, call by call" },
	[LAYER_PIN]	    = { "pin",		"must not be renamed" },
	[LAYER_OWNER]	    = { "owner",	"the host's root's alone, by owner and mode" },
	[LAYER_RELAY]	    = { "relay",	"a process of the box passes on what comes" },
	[LAYER_NAMESPACE]   = { "namespace",	"a namespace of the command's own" },
	[LAYER_SECCOMP]	    = { "seccomp",	"a filter of system calls" },
	[LAYER_LANDLOCK]    = { "landlock",	"a Landlock ruleset" },
	[LAYER_RLIMIT]	    = { "rlimit",	"a resource limit of the kernel's" },
	[LAYER_CLOCK]	    = { "clock",	"the launcher's clock" },
	[LAYER_ENVIRONMENT] = { "environment",	"the environment that the command is given" },
	[LAYER_SEATBELT]    = { "seatbelt",	"the generated Seatbelt profile" },
	[LAYER_NOTHING]	    = { "nothing",	"not there, and nothing to hold" },
};

const char *layer_name(enum layer layer)
{
	return layers[layer].name;
}

const char *layer_help(enum layer layer)
{
	return layers[layer].help;
}

/* --- a plan for people -------------------------------------------------------------------- */

#define PATH_COLUMNS_MAX	56	/* a longer path pushes only its own line */

static void print_field(struct text *text, const char *name, const char *value)
{
	text_printf(text, "%-19s", name);
	show_visible(text, value);
	text_add(text, "\n");
}

static void print_command(struct text *text, const char *const *argv)
{
	struct text words = { 0 };

	for (size_t i = 0; argv[i]; i++) {
		text_add(&words, i ? " " : "");
		show_shell_word(&words, argv[i]);
	}
	if (words.bytes)
		print_field(text, "command:", words.bytes);
	text->failed = text->failed || words.failed;
	text_done(&words);
}

static void print_header(struct text *text, const struct plan *plan, const char *const *argv)
{
	const struct policy *policy = plan->policy;

	print_field(text, "profile:", policy->profile_id);
	print_field(text, "platform:", platform_names[policy->platform]);
	print_field(text, "working directory:", policy->cwd ? policy->cwd : "none: it was deleted");
	print_field(text, "network:", network_names[policy->network]);
	if (policy->unconfined)
		print_field(text, "files:", "not confined");
	else
		print_field(text, "files:", plan->restricted_read ? "only what the rules name is there"
								  : "all are there; the rules say which may be read");
	if (argv)
		print_command(text, argv);
}

static void print_layers(struct text *text, const struct plan_item *item, size_t width)
{
	struct text cell = { 0 };

	if (item->second != LAYER_NONE)
		text_printf(&cell, "(%s, %s)", layer_name(item->layer), layer_name(item->second));
	else
		text_printf(&cell, "(%s)", layer_name(item->layer));
	if (cell.bytes)
		show_cell(text, cell.bytes, width);
	text->failed = text->failed || cell.failed;
	text_done(&cell);
	text_add(text, "  ");
}

struct widths { size_t path, layers; };

static void widen(size_t *width, size_t columns)
{
	if (columns > *width && columns <= PATH_COLUMNS_MAX)
		*width = columns;
}

/* Of the rules, or of the promises. */
static struct widths measure(const struct plan *plan, bool rules)
{
	struct widths widths = { 0, 0 };

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];
		size_t second = item->second != LAYER_NONE ? strlen(layer_name(item->second)) + 2 : 0;

		if ((item->rule != NULL) != rules)
			continue;
		widen(&widths.path, show_visible(NULL, rules ? item->rule->path : item->text));
		widen(&widths.layers, strlen(layer_name(item->layer)) + second + 2);
	}
	return widths;
}

static void print_items(struct text *text, const struct plan *plan, bool rules)
{
	struct widths widths = measure(plan, rules);

	if (!widths.layers)
		return;
	text_add(text, rules ? "\nrules\n" : "\npromises\n");
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];

		if ((item->rule != NULL) != rules)
			continue;
		text_add(text, "  ");
		if (rules)
			text_printf(text, "%-5s  ", access_name(item->rule->access));
		show_cell(text, rules ? item->rule->path : item->text, widths.path);
		text_add(text, "  ");
		print_layers(text, item, widths.layers);
		show_origin(text, &item->origin);
		text_add(text, "\n");
		if (item->note) {
			text_add(text, rules ? "         " : "    ");
			show_visible(text, item->note);
			text_add(text, "\n");
		}
	}
}

/* Calls add for each line of lines. */
static void each_line(const struct text *lines, void (*add)(void *argument, const char *line), void *argument)
{
	struct arena arena = { 0 };
	size_t size;

	for (size_t i = 0; i < lines->size; i += size + 1) {
		char *line;

		size = strcspn(lines->bytes + i, "\n");
		line = arena_strndup(&arena, lines->bytes + i, size);
		if (size)
			add(argument, line ? line : "out of memory");
	}
	arena_done(&arena);
}

static void print_note(void *argument, const char *line)
{
	struct text *text = argument;

	text_add(text, "  ");
	show_visible(text, line);
	text_add(text, "\n");
}

static void print_gaps(struct text *text, const struct plan *plan)
{
	if (plan->gap_count)
		text_add(text, "\ngaps\n");
	for (size_t i = 0; i < plan->gap_count; i++) {
		const struct plan_gap *gap = &plan->gaps[i];

		text_add(text, "  ");
		show_visible(text, gap->what);
		text_add(text, "  (");
		show_origin(text, &gap->origin);
		text_printf(text, ")\n    missing: %s\n    remedy:  %s\n", gap->missing, gap->remedy);
		text_printf(text, "    %s\n", gap->acceptable ? "--allow-degraded accepts it"
							      : "--allow-degraded does not accept it");
	}
}

static void print_text(struct text *text, const struct plan *plan, const char *const *argv)
{
	print_header(text, plan, argv);
	print_items(text, plan, true);
	print_items(text, plan, false);
	if (plan->policy->notes.size)
		text_add(text, "\nnotes\n");
	each_line(&plan->policy->notes, print_note, text);
	print_gaps(text, plan);
}

/* --- a plan as JSON ----------------------------------------------------------------------- */

static void json_header(struct json *json, const struct plan *plan, const char *const *argv)
{
	const struct policy *policy = plan->policy;

	show_json_begin(json, "plan");
	json_integer(json, "schema", 1);
	json_string(json, "profile", policy->profile_id);
	json_string(json, "platform", platform_names[policy->platform]);
	json_string(json, "cwd", policy->cwd);
	json_string(json, "network", network_names[policy->network]);
	json_string(json, "reads", plan->restricted_read ? "listed" : "all");
	json_bool(json, "root_writable", plan->root_writable);
	json_bool(json, "broker", plan->broker);
	json_bool(json, "unconfined", policy->unconfined);
	if (argv) {
		json_open(json, "argv", '[');
		for (; *argv; argv++)
			json_string(json, NULL, *argv);
		json_close(json, ']');
	}
	show_json_end(json);
}

static void json_item(struct json *json, const struct plan_item *item)
{
	const struct rule *rule = item->rule;

	show_json_begin(json, rule ? "rule" : "promise");
	if (rule) {
		json_string(json, "path", rule->path);
		json_string(json, "access", access_name(rule->access));
		json_string(json, "kind", show_kind(rule->kind));
		json_string(json, "label", rule->label);
	} else {
		json_string(json, "text", item->text);
	}
	show_json_origin(json, &item->origin);
	json_string(json, "layer", layer_name(item->layer));
	json_string(json, "second", item->second != LAYER_NONE ? layer_name(item->second) : NULL);
	json_string(json, "note", item->note);
	if (rule && rule->kind == RULE_GLOB)
		json_string(json, "exists", NULL);
	else if (rule)
		json_bool(json, "exists", rule->type != HOST_MISSING);
	show_json_end(json);
}

static void json_note(void *argument, const char *line)
{
	struct json *json = argument;

	show_json_begin(json, "note");
	json_string(json, "text", line);
	show_json_end(json);
}

static void json_gap(struct json *json, const struct plan_gap *gap)
{
	show_json_begin(json, "gap");
	json_string(json, "what", gap->what);
	json_string(json, "missing", gap->missing);
	json_string(json, "remedy", gap->remedy);
	show_json_origin(json, &gap->origin);
	json_bool(json, "acceptable", gap->acceptable);
	show_json_end(json);
}

static void print_json(struct text *text, const struct plan *plan, const char *const *argv)
{
	struct json json = { 0 };

	json_header(&json, plan, argv);
	for (size_t i = 0; i < plan->count; i++)
		json_item(&json, &plan->items[i]);
	each_line(&plan->policy->notes, json_note, &json);
	for (size_t i = 0; i < plan->gap_count; i++)
		json_gap(&json, &plan->gaps[i]);
	show_json_done(&json, text);
}

int plan_print(const struct plan *plan, const char *const *argv, enum bawn_format format, struct text *text)
{
	if (format == BAWN_JSON)
		print_json(text, plan, argv);
	else
		print_text(text, plan, argv);
	return text->failed ? -ENOMEM : 0;
}
