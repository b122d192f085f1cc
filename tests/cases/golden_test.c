/* SPDX-License-Identifier: Apache-2.0 */
/* golden_test.c — every NAME/profile.toml (none: the built-ins) on the host of NAME/host.txt gives what lies beside it.
 *
 *	golden_test DIRECTORY            compares; prints "N passed, M failed"
 *	golden_test DIRECTORY --update   writes the files anew, to be read before they are committed
 *
 *	policy.txt	the rules, and all else that was resolved; or the error
 *	plan.txt	`bawn plan`; at its end what it would be refused with
 *	plan.json	`bawn plan --format json`
 *	box.txt		what the child would do on Linux
 *	seatbelt.txt	what sandbox-exec would be given on macOS, after base.sb
 *
 * NAME/options, when it is there: one line each of "profile ID", "add-dir DIR", "set KEY=VALUE" (as -c), "argv WORD"
 * and "feature NAME=NUMBER" for a machine that lacks something. A case is one test, and checks too that the mounts
 * give just what the policy says. */
#include "../unit/scene.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX	16

struct golden {
	const char *directory, *name;
	bool update;
	struct arena arena;
	struct scene scene;
	const char *profile;
	const char *add_dirs[OPTIONS_MAX + 1], *argv[OPTIONS_MAX + 1], *settings[OPTIONS_MAX];
	size_t add_dir_count, argv_count, setting_count;
	struct features features;
	bool passed;
};

/* --- files -------------------------------------------------------------------------------------------------------- */

static FILE *open_file(const struct golden *golden, const char *file, const char *mode)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s/%s", golden->directory, golden->name, file);
	return fopen(path, mode);
}

static char *read_file(struct golden *golden, const char *file)
{
	FILE *stream = open_file(golden, file, "rb");
	char bytes[4096];
	struct text text = { 0 };
	char *copy;
	size_t size;

	if (!stream)
		return NULL;
	while ((size = fread(bytes, 1, sizeof(bytes), stream)) > 0)
		text_add_bytes(&text, bytes, size);
	fclose(stream);
	copy = arena_strdup(&golden->arena, text.bytes ? text.bytes : "");
	text_done(&text);
	return copy;
}

static void show_difference(const struct golden *golden, const char *file, const char *expected, const char *text)
{
	unsigned line = 1;

	for (; *expected && *expected == *text; expected++, text++)
		line += *text == '\n';
	fprintf(stderr, "%s/%s: line %u\n  expected: ...%.*s\n  but is:   ...%.*s\n", golden->name, file, line,
		(int)strcspn(expected, "\n"), expected, (int)strcspn(text, "\n"), text);
}

static void compare(struct golden *golden, const char *file, const struct text *text)
{
	const char *bytes = text->bytes ? text->bytes : "";
	const char *expected;
	FILE *stream;

	if (golden->update) {
		stream = open_file(golden, file, "wb");
		if (!stream || fwrite(bytes, 1, strlen(bytes), stream) != strlen(bytes) || fclose(stream)) {
			perror(file);
			exit(2);
		}
		return;
	}
	expected = read_file(golden, file);
	if (expected && !strcmp(expected, bytes))
		return;
	golden->passed = false;
	if (expected)
		show_difference(golden, file, expected, bytes);
	else
		fprintf(stderr, "%s/%s: is not there\n", golden->name, file);
}

/* --- options ------------------------------------------------------------------------------------------------------ */

static bool set_feature(struct features *features, const char *name, int value)
{
	const struct { const char *name; bool *flag; } flags[] = {
		{ "inside_seatbelt", &features->inside_seatbelt }, { "sandbox_exec", &features->sandbox_exec },
		{ "foreign_calls", &features->foreign_calls }, { "new_mount_api", &features->new_mount_api },
		{ "openat2", &features->openat2 },
		{ "outer_broker", &features->outer_broker }, { "outer_listener", &features->outer_listener },
		{ "proc_mountable", &features->proc_mountable }, { "root", &features->root },
		{ "seccomp", &features->seccomp },
		{ "seccomp_notify", &features->seccomp_notify }, { "user_namespaces", &features->user_namespaces },
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (!strcmp(flags[i].name, name)) {
			*flags[i].flag = value != 0;
			return true;
		}
	if (strcmp(name, "landlock_abi") != 0)
		return false;
	features->landlock_abi = value;
	return true;
}

static bool take_option(struct golden *golden, char *line)
{
	char *value = strchr(line, ' '), *number;

	if (!value || golden->add_dir_count == OPTIONS_MAX || golden->argv_count == OPTIONS_MAX ||
	    golden->setting_count == OPTIONS_MAX)
		return false;
	*value++ = '\0';
	if (!strcmp(line, "profile"))
		golden->profile = value;
	else if (!strcmp(line, "add-dir"))
		golden->add_dirs[golden->add_dir_count++] = value;
	else if (!strcmp(line, "argv"))
		golden->argv[golden->argv_count++] = value;
	else if (!strcmp(line, "set"))
		golden->settings[golden->setting_count++] = value;
	else if (!strcmp(line, "feature") && (number = strchr(value, '=')))
		return *number = '\0', set_feature(&golden->features, value, atoi(number + 1));
	else
		return false;
	return true;
}

static void read_options(struct golden *golden)
{
	char *text = read_file(golden, "options"), *line;

	golden->features = scene_features;
	while (text && (line = strsep(&text, "\n")))
		if (*line && *line != '#' && !take_option(golden, line)) {
			fprintf(stderr, "%s/options: what is this? %s\n", golden->name, line);
			exit(2);
		}
}

/* --- what was resolved -------------------------------------------------------------------------------------------- */

static void print_origin(struct text *text, const struct origin *origin)
{
	text_printf(text, "%s", origin->file ? origin->file : "?");
	if (origin->line)
		text_printf(text, ":%u:%u", origin->line, origin->column);
}

static void print_rule(struct text *text, const struct rule *rule)
{
	static const char *const kinds[] = {
		"path", "glob", "match", "protected", "git", "system", "device", "gpu",
	};
	static const char *const types[] = { "missing", "file", "directory", "link", "socket", "device", "other",
					     "owned" };

	text_printf(text, "%-5s %s  %s%s%s", access_name(rule->access), rule->path, kinds[rule->kind],
		    rule->kind == RULE_GLOB ? "" : " ", rule->kind == RULE_GLOB ? "" : types[rule->type]);
	if (strcmp(rule->path, rule->written) != 0)
		text_printf(text, ", written %s", rule->written);
	text_printf(text, "%s  %s  (", rule->nocase ? ", any case" : "", rule->label);
	print_origin(text, &rule->origin);
	text_add(text, ")\n");
}

static void print_strings(struct text *text, const char *title, const char *const *strings, size_t count)
{
	if (count)
		text_printf(text, "\n%s\n", title);
	for (size_t i = 0; i < count; i++)
		text_printf(text, "  %s\n", strings[i]);
}

static void print_limits(struct text *text, const struct policy *policy)
{
	text_add(text, "\nlimits\n");
	for (int i = 0; i < LIMIT__COUNT; i++)
		if (policy->limits[i].set) {
			text_printf(text, "  %s %llu  (", limit_name_text(i),
				    (unsigned long long)policy->limits[i].value);
			print_origin(text, &policy->limits[i].origin);
			text_add(text, ")\n");
		}
	for (int i = 0; i < KERNEL__COUNT; i++)
		if (policy->kernel_allow & (1u << i))
			text_printf(text, "  kernel %s\n", kernel_name_text(i));
}

/* The system's own places are the same everywhere: they stand in plan.txt. */
static void print_policy(struct golden *golden, struct text *text)
{
	static const char *const networks[] = { "off", "proxy", "full" };
	const struct policy *policy = golden->scene.policy;

	text_printf(text, "profile %s%s, network %s (", policy->profile_id, policy->unconfined ? ", unconfined" : "",
		    networks[policy->network]);
	print_origin(text, &policy->network_origin);
	text_add(text, ")\n\nrules\n");
	for (size_t i = 0; i < policy->count; i++)
		if (policy->rules[i].kind != RULE_SYSTEM) {
			text_add(text, "  ");
			print_rule(text, &policy->rules[i]);
		}
	for (size_t i = 0; i < policy->glob_count; i++) {
		text_add(text, "  ");
		print_rule(text, &policy->globs[i]);
	}
	print_strings(text, "links", policy->links, policy->link_count);
	print_strings(text, "sockets", policy->sockets, policy->socket_count);
	print_strings(text, "environment", policy->environ, policy->environ_count);
	print_limits(text, policy);
	if (policy->unenforced_count)
		text_add(text, "\nunenforced\n");
	for (size_t i = 0; i < policy->unenforced_count; i++)
		text_printf(text, "  %s\n", setting_text(&golden->arena, &policy->unenforced[i]));
	if (policy->notes.size)
		text_printf(text, "\nnotes\n%s", policy->notes.bytes);
	if (golden->scene.profiles->warnings.size || policy->warnings.size)
		text_printf(text, "\nwarnings\n%s%s",
			    golden->scene.profiles->warnings.size ? golden->scene.profiles->warnings.bytes : "",
			    policy->warnings.size ? policy->warnings.bytes : "");
}

/* --- what would be done ------------------------------------------------------------------------------------------- */

/* The number of instructions changes with every row of the table of calls, and with the processor. */
static void add_without_seccomp(struct text *text, const char *lines)
{
	for (size_t size; *lines; lines += size) {
		size = strcspn(lines, "\n") + 1;
		if (strncmp(lines, "seccomp ", 8) != 0)
			text_add_bytes(text, lines, size);
	}
}

static void print_box(const struct golden *golden, struct text *text)
{
	const struct box *box = golden->scene.box;
	struct text lines = { 0 };

	linux_box_print(box, &lines);
	if (lines.bytes)
		add_without_seccomp(text, lines.bytes);
	text_done(&lines);
	for (size_t i = 0; i < box->scaffold_count; i++)
		text_printf(text, "way %s / %s%s\n", box->ops[box->scaffolds[i].op].path, box->scaffolds[i].below,
			    box->scaffolds[i].directory ? "/" : "");
	for (size_t i = 0; i < box->missing_count; i++)
		text_printf(text, "missing %s%s\n", box->missing[i].path, box->missing[i].nocase ? " any case" : "");
	for (size_t i = 0; i < box->limit_count; i++)
		text_printf(text, "limit %d %llu\n", box->limits[i].resource,
			    (unsigned long long)box->limits[i].limit.rlim_cur);
}

static void print_seatbelt(const struct seatbelt *seatbelt, struct text *text)
{
	const char *own = strstr(seatbelt->text, "\n; --- services");

	text_add(text, "parameters\n");
	for (size_t i = 0; i < seatbelt->param_count; i++)
		text_printf(text, "  %s %s\n", seatbelt->params[i].name, seatbelt->params[i].value);
	text_add(text, own ? own : seatbelt->text);
}

static void check_seatbelt(struct golden *golden)
{
	struct scene *scene = &golden->scene;
	struct text text = { 0 }, problem = { 0 };
	struct seatbelt_input input = { .extra = read_file(golden, "extra.sb"), .extra_origin = "extra.sb" };

	input.extra_size = input.extra ? strlen(input.extra) : 0;
	if (scene->policy->unconfined || scene->policy->platform != PLATFORM_MACOS)
		return;
	if (seatbelt_lower(scene->plan, &input, &scene->seatbelt, &scene->err) < 0) {
		fprintf(stderr, "%s: %s\n", golden->name, scene->err.message);
		exit(2);
	}
	print_seatbelt(scene->seatbelt, &text);
	compare(golden, "seatbelt.txt", &text);
	if (!scene_policy_is_sound(scene, &problem) || !scene_seatbelt_is_sound(scene, &problem)) {
		fprintf(stderr, "%s: %s", golden->name, problem.bytes);
		golden->passed = false;
	}
	text_done(&text);
	text_done(&problem);
}

static void check_plan(struct golden *golden)
{
	struct scene *scene = &golden->scene;
	const char *const *argv = golden->argv_count ? golden->argv : NULL;
	struct text text = { 0 }, json = { 0 };

	plan_print(scene->plan, argv, BAWN_TEXT, &text);
	if (plan_refuse(scene->plan, false, &scene->err) < 0)
		text_printf(&text, "\nrefused:\n%s\n", scene->err.message);
	compare(golden, "plan.txt", &text);
	plan_print(scene->plan, argv, BAWN_JSON, &json);
	compare(golden, "plan.json", &json);
	text_done(&text);
	text_done(&json);
}

static void check_box(struct golden *golden)
{
	struct scene *scene = &golden->scene;
	struct text text = { 0 }, problem = { 0 };

	if (scene->policy->unconfined || scene->policy->platform != PLATFORM_LINUX)
		return;
	if (scene_lower(scene) < 0) {
		fprintf(stderr, "%s: %s\n", golden->name, scene->err.message);
		exit(2);
	}
	print_box(golden, &text);
	compare(golden, "box.txt", &text);
	if (!scene_policy_is_sound(scene, &problem) || !scene_box_is_sound(scene, &problem)) {
		fprintf(stderr, "%s: %s", golden->name, problem.bytes);
		golden->passed = false;
	}
	text_done(&text);
	text_done(&problem);
}

static int resolve(struct golden *golden)
{
	struct scene *scene = &golden->scene;
	const char *host = read_file(golden, "host.txt"), *toml = read_file(golden, "profile.toml");
	int e = scene_read(scene, host ? host : "", toml && *toml ? toml : NULL, golden->profile);

	for (size_t i = 0; e >= 0 && i < golden->setting_count; i++) {
		char *key = arena_strdup(&golden->arena, golden->settings[i]), *value = strchr(key, '=');

		*value++ = '\0';
		e = profile_set(scene->profiles, scene->profile, key, value, (struct origin){ .file = "command line" },
				&scene->err);
	}
	return e < 0 ? e : scene_resolve(scene, golden->add_dir_count ? golden->add_dirs : NULL);
}

static void check_case(struct golden *golden)
{
	struct text text = { 0 };

	golden->passed = true;
	read_options(golden);
	if (resolve(golden) < 0) {
		text_printf(&text, "error: %s\n", golden->scene.err.message);
		compare(golden, "policy.txt", &text);
	} else {
		print_policy(golden, &text);
		compare(golden, "policy.txt", &text);
		if (scene_plan(&golden->scene, &golden->features) < 0)
			exit(2);
		check_plan(golden);
		check_box(golden);
		check_seatbelt(golden);
	}
	text_done(&text);
	scene_done(&golden->scene);
	arena_done(&golden->arena);
}

static int is_case(const struct dirent *entry)
{
	return !strchr(entry->d_name, '.') && strcmp(entry->d_name, "run") != 0 && strcmp(entry->d_name, "errors") != 0;
}

int main(int argc, char **argv)
{
	bool update = argc == 3 && strcmp(argv[2], "--update") == 0;
	unsigned passed = 0, failed = 0;
	struct dirent **names;
	int count;

	if (argc != 2 && !update) {
		fprintf(stderr, "usage: golden_test DIRECTORY [--update]\n");
		return 2;
	}
	count = scandir(argv[1], &names, is_case, alphasort);
	if (count < 0) {
		perror(argv[1]);
		return 2;
	}
	for (int i = 0; i < count; i++) {
		struct golden golden = { .directory = argv[1], .name = names[i]->d_name, .update = update };

		check_case(&golden);
		golden.passed ? passed++ : failed++;
		free(names[i]);
	}
	free(names);
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0 || passed == 0;
}
