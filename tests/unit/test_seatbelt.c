/* SPDX-License-Identifier: Apache-2.0 */
/* test_seatbelt.c — Seatbelt text from policies with paths that nobody means well with: it is read back as it was meant,
 * and no byte of a path stands in it. tests/cases/macos_* show whole texts. */
#include "macos/seatbelt.h"
#include "scene.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS		400
#define RULES_MAX	12
#define MARK		"QxZ"		/* in every name, so that it can be looked for */

/* --- random policies ---------------------------------------------------------------------- */

static uint32_t state;

static uint32_t random_below(uint32_t below)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % below;
}

static const char *hostile_name(struct arena *arena)
{
	static const char *const parts[] = {
		"\"", "'", "(", ")", "))(allow default)", "\n", "\r", ";", "#|", "|#", "\\", "\\\"", "*", "?", "[", "]", "[^", "{",
		"}", "{a,b}", ".", "+", "^", "$", "|", "\xff", "\xc3", "\xc3\xa9", "\xe2\x80\xa8", "\x1b[31m", "\x7f", "\t", " ", "-",
		"(param \"RULE_0\")", "%s", "%n", "~", "a", "A", ".git", "=", "..x", "&", "`id`", "$(id)",
	};
	const char *name = MARK;

	for (uint32_t i = random_below(5); i > 0; i--)
		name = arena_printf(arena, "%s%s", name, parts[random_below(ARRAY_SIZE(parts))]);
	return name;
}

static int compare(const void *left, const void *right)
{
	return strcmp(((const struct rule *)left)->path, ((const struct rule *)right)->path);
}

static struct rule make_rule(struct arena *arena, const char *path)
{
	static const enum access accesses[] = { ACCESS_DENY, ACCESS_READ, ACCESS_WRITE, ACCESS_WRITE };
	struct rule rule = {
		.path = path, .written = path, .access = accesses[random_below(4)], .kind = RULE_PATH,
		.type = random_below(3) ? HOST_DIRECTORY : HOST_MISSING, .origin = { .file = hostile_name(arena), .line = 1, .column = 1 },
		.label = hostile_name(arena),
	};

	rule.nocase = rule.access != ACCESS_WRITE && random_below(4) == 0;
	return rule;
}

/* Paths that meet: each is a name below the root, or below one of the others. */
static void make_policy(struct policy *policy)
{
	struct arena *arena = &policy->arena;
	size_t count = 1 + random_below(RULES_MAX - 1), kept = 0;
	struct rule *rules = arena_alloc(arena, (RULES_MAX + 1) * sizeof(*rules));

	policy->platform = PLATFORM_MACOS;
	policy->profile_id = "t";
	policy->cwd = "/";
	policy->network_origin = (struct origin){ .file = "default" };
	policy->network = NETWORK_OFF;
	rules[0] = make_rule(arena, "/");
	rules[0].type = HOST_DIRECTORY;
	rules[0].nocase = false;
	for (size_t i = 1; i <= count; i++) {
		const char *above = rules[random_below((uint32_t)i)].path;

		rules[i] = make_rule(arena, path_join(arena, above, hostile_name(arena)));
	}
	qsort(rules, count + 1, sizeof(*rules), compare);
	for (size_t i = 1; i <= count; i++)
		if (strcmp(rules[i].path, rules[kept].path))
			rules[++kept] = rules[i];
	policy->rules = rules;
	policy->count = kept + 1;
	for (size_t i = 0; i < policy->count; i++) {
		bool leaf = i;

		for (size_t k = 0; k < policy->count; k++)
			leaf = leaf && (k == i || !path_below(rules[k].path, rules[i].path, false));
		if (leaf && random_below(3) == 0)
			rules[i].type = HOST_FILE;
		policy->any_nocase |= rules[i].nocase;
	}
	if (random_below(2)) {
		struct rule *glob = arena_alloc(arena, sizeof(*glob));
		const char *base = rules[random_below((uint32_t)policy->count)].path;

		*glob = make_rule(arena, arena_printf(arena, "%s/%s*", glob_quote(arena, strcmp(base, "/") ? base : ""),
						      glob_quote(arena, hostile_name(arena))));
		glob->access = ACCESS_DENY;
		glob->kind = RULE_GLOB;
		policy->globs = glob;
		policy->glob_count = 1;
	}
}

/* --- what must hold ----------------------------------------------------------------------- */

/* Names stand in comments only, and those are lines of one line each. */
static void no_path_is_in_the_text(const char *text)
{
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
		size_t size = strcspn(line, "\n");

		if (line[0] == ';')
			continue;
		for (size_t i = 0; i < size; i++)
			if ((line[i] < ' ' && line[i] != '\t') || line[i] > '~' || !strncmp(line + i, MARK, strlen(MARK)))
				fail_msg("a path stands in the text: %.*s", (int)size, line);
	}
}

static void hostile_paths_neither_break_the_text_nor_widen_a_rule(void **unused)
{
	struct scene scene = { .err = BAWN_ERROR_INIT };

	for (state = 1; state <= ROUNDS; state++) {
		uint32_t seed = state;
		struct text problem = { 0 };

		scene.policy = calloc(1, sizeof(*scene.policy));
		make_policy(scene.policy);
		assert_int_equal(plan_make(scene.policy, &scene_features, &scene.plan, &scene.err), 0);
		if (seatbelt_lower(scene.plan, NULL, &scene.seatbelt, &scene.err) < 0)
			fail_msg("seed %u: %s", seed, scene.err.message);
		no_path_is_in_the_text(scene.seatbelt->text);
		if (!scene_seatbelt_is_sound(&scene, &problem))
			fail_msg("seed %u: %s\n%s", seed, problem.bytes, strstr(scene.seatbelt->text, "--- files"));
		seatbelt_free(scene.seatbelt);
		plan_free(scene.plan);
		policy_free(scene.policy);
		state = seed;
	}
}

/* --- globs -------------------------------------------------------------------------------- */

/* The expressions of a pattern match a path just when the pattern does; paths beyond ASCII may be matched besides. */
static void expressions_say_what_globs_say(void **unused)
{
	static const char *const patterns[] = {
		"/a/b", "/a/*", "/a/*.x", "/a/**/x", "/a/**", "/**/x", "/**", "/a/{b,c}/d", "/a/{b,{c,dd}e}", "/a/b{,x}", "/a/?",
		"/a/[b-d]", "/a/[!b-d]", "/a/[^b]x", "/a/[]x]", "/a/[\\]\\\\^-]", "/a/\\*", "/a/*/c/**/d", "/a/**/{x,y/*}", "/a/[B-D]",
		"/a/x[.+$|(){}]y", "/*/b", "/{a,b}/**/c",
	};
	static const char *const names[] = {
		"/", "/a", "/a/b", "/a/c", "/a/d", "/a/b/x", "/a/x", "/a/q.x", "/a/.x", "/a/b/c/x", "/b/c", "/a/b/d", "/a/c/d", "/a/ce",
		"/a/dde", "/a/bx", "/a/]", "/a/^", "/a/-", "/a/\\", "/a/*", "/a/B", "/x", "/ab", "/a/b/c/d", "/a/z/c/d", "/a/y/z", "/a/y",
		"/a/x.y", "/a/x(y", "/a/x}y", "/b/b", "/b/x/y/c", "/a/b/", "/A/B",
	};

	for (size_t p = 0; p < ARRAY_SIZE(patterns); p++)
		for (size_t n = 0; n < 2 * ARRAY_SIZE(names); n++) {
			const char *path = names[n / 2], *reason;
			bool nocase = n % 2, wanted = glob_match_above(patterns[p], path, nocase), found;
			struct policy policy = { .platform = PLATFORM_MACOS, .profile_id = "t", .cwd = "/", .glob_count = 1,
						 .network_origin = { .file = "default" } };
			struct rule glob = { .path = patterns[p], .written = patterns[p], .access = ACCESS_DENY,
					     .kind = RULE_GLOB, .nocase = nocase, .label = "g", .origin = { .file = "f" } };
			struct rule root = { .path = "/", .written = "/", .access = ACCESS_READ, .label = "r",
					     .type = HOST_DIRECTORY, .origin = { .file = "f" } };
			struct bawn_error err = BAWN_ERROR_INIT;
			struct sbpl_questions questions;
			struct sbpl_answer answer;
			struct seatbelt *seatbelt;
			struct sbpl *sbpl;
			struct plan *plan;

			if (!glob_valid(patterns[p], &reason) || (path[1] && path[strlen(path) - 1] == '/'))
				continue;
			policy.globs = &glob;
			policy.rules = &root;
			policy.count = 1;
			assert_int_equal(plan_make(&policy, &scene_features, &plan, &err), 0);
			assert_int_equal(seatbelt_lower(plan, NULL, &seatbelt, &err), 0);
			assert_int_equal(seatbelt_read(seatbelt, &sbpl, &err), 0);
			sbpl_questions_make(OPERATION_READ, path, &questions);
			sbpl_ask(sbpl, &questions, &answer);
			found = answer.verdict == SBPL_DENY;
			if (strcmp(path, "/") && found != wanted)
				fail_msg("%s on %s%s: the glob says %d, the text %d\n%s", patterns[p], path,
					 nocase ? " in any case" : "", wanted, found, seatbelt->params[0].value);
			sbpl_free(sbpl);
			seatbelt_free(seatbelt);
			plan_free(plan);
		}
}

/* A character beyond ASCII is one for ? and [...], whether bytes or characters are counted. */
static void characters_beyond_ascii_are_covered(void **unused)
{
	static const struct { const char *pattern, *path; } rows[] = {
		{ "/a/?", "/a/\xc3\xa9" }, { "/a/?x", "/a/\xe2\x82\xacx" }, { "/a/[!a]", "/a/\xf0\x9f\x98\x80" },
		{ "/a/[\xc3\xa9\xc3\xa8]", "/a/\xc3\xa8" }, { "/a/*", "/a/\xff" }, { "/a/?", "/a/\xff" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct text text = { 0 };
		struct arena arena = { 0 };
		const struct sbpl_param param = { "G", NULL };
		struct sbpl_param params[] = { param };
		static const char source[] = "(deny default)(allow file-read* (regex (param \"G\")))";
		struct bawn_error err = BAWN_ERROR_INIT;
		struct sbpl_questions questions;
		struct sbpl_answer answer;
		struct sbpl *sbpl;

		glob_expression(&text, rows[i].pattern, false);
		params[0].value = text.bytes;
		assert_int_equal(sbpl_read(source, strlen(source), "t", params, 1, &sbpl, &err), 0);
		sbpl_questions_make(OPERATION_READ, rows[i].path, &questions);
		sbpl_ask(sbpl, &questions, &answer);
		if (answer.verdict != SBPL_ALLOW)
			fail_msg("%s does not match %s: %s", rows[i].pattern, rows[i].path, text.bytes);
		sbpl_free(sbpl);
		text_done(&text);
		arena_done(&arena);
	}
}

/* --- extra_sbpl --------------------------------------------------------------------------- */

static int lower_with(const char *extra, struct scene *scene)
{
	static const char host[] = "platform macos\nd /ws\nd /ws/secret\ncwd /ws\n";
	static const char toml[] = "[permissions.t]\nextends = \":workspace\"\n[permissions.t.filesystem]\n\"/ws/secret\" = \"deny\"\n"
				   "\"/ws/**/.env\" = \"deny\"\n";
	const struct seatbelt_input input = { .extra = extra, .extra_size = strlen(extra), .extra_origin = "extra.sb" };

	assert_int_equal(scene_read(scene, host, toml, NULL), 0);
	assert_int_equal(scene_resolve(scene, NULL), 0);
	assert_int_equal(scene_plan(scene, &scene_features), 0);
	return seatbelt_lower(scene->plan, &input, &scene->seatbelt, &scene->err);
}

static void extra_text_cannot_unmask(void **unused)
{
	static const char *const extras[] = {
		"(allow default)", "(allow file*)", "(allow file-read-data (subpath \"/ws\"))", "(allow file-read* (subpath \"/\"))",
		"(allow file-write-data file-write-create file-write-unlink (subpath \"/ws\"))", "(allow file-write* (subpath \"/\"))",
		"(allow process-exec (subpath \"/\"))", "(define x \"/ws\")(allow file-read-data (literal x))", "; (",
		"(allow file-read-xattr file-read-metadata (subpath \"/ws\"))",
	};
	static const char *const questions[] = {
		"file-read-data /ws/secret/x", "file-read-data /ws/secret", "file-read-metadata /ws/secret/x", "file-write-data /ws/secret/x",
		"file-write-create /ws/.git", "file-write-create /ws/.codex/x", "process-exec /ws/secret/x", "file-read-data /ws/a/.env",
		"file-write-create /ws/a/.env", "file-write-unlink /ws", "file-link /ws/secret/x", "file-read-xattr /ws/secret/x",
	};

	for (size_t i = 0; i < ARRAY_SIZE(extras); i++) {
		struct scene scene;
		struct sbpl *sbpl;

		assert_int_equal(lower_with(extras[i], &scene), 0);
		assert_int_equal(seatbelt_read(scene.seatbelt, &sbpl, &scene.err), 0);
		for (size_t q = 0; q < ARRAY_SIZE(questions); q++) {
			char operation[64];
			struct sbpl_questions asked;
			struct sbpl_answer answer;

			snprintf(operation, sizeof(operation), "%.*s", (int)strcspn(questions[q], " "), questions[q]);
			sbpl_questions_raw(operation, strchr(questions[q], ' ') + 1, &asked);
			sbpl_ask(sbpl, &asked, &answer);
			if (answer.verdict != SBPL_DENY)
				fail_msg("%s opens %s", extras[i], questions[q]);
		}
		sbpl_free(sbpl);
		scene_done(&scene);
	}
}

static void extra_text_that_would_swallow_the_rest_is_refused(void **unused)
{
	static const char *const extras[] = {
		"(allow default", "#| ", "\"", "'", "(define (deny . x) #t)", "(define subpath literal)", "(set! param 1)",
		"(allow file-read* (subpath (param \"RULE_0\")))", "(unknown)", ")",
	};

	for (size_t i = 0; i < ARRAY_SIZE(extras); i++) {
		struct scene scene;

		if (lower_with(extras[i], &scene) >= 0)
			fail_msg("%s: was taken", extras[i]);
		if (strncmp(scene.err.message, "macos.extra_sbpl: extra.sb:1:", 29) != 0)
			fail_msg("%s: %s", extras[i], scene.err.message);
		scene.seatbelt = NULL;
		scene_done(&scene);
	}
}

static void command_line_names_sandbox_exec_by_its_path(void **unused)
{
	static const char *const command[] = { "/bin/echo", "-D", "--", NULL };
	struct scene scene;
	struct arena arena = { 0 };
	const char *const *argv;
	size_t n = 0, params;

	assert_int_equal(lower_with("", &scene), 0);
	assert_int_equal(seatbelt_argv(scene.seatbelt, &arena, command, &argv), 0);
	params = scene.seatbelt->param_count;
	assert_string_equal(argv[n++], "/usr/bin/sandbox-exec");
	assert_string_equal(argv[n++], "-p");
	assert_ptr_equal(argv[n++], scene.seatbelt->text);
	for (size_t i = 0; i < params; i++)
		assert_int_equal(strncmp(argv[n++], "-D", 2), 0);
	assert_string_equal(argv[n++], "--");
	assert_string_equal(argv[n++], "/bin/echo");
	assert_string_equal(argv[n++], "-D");
	assert_string_equal(argv[n++], "--");
	assert_null(argv[n]);
	arena_done(&arena);
	scene_done(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_paths_neither_break_the_text_nor_widen_a_rule),
		cmocka_unit_test(expressions_say_what_globs_say),
		cmocka_unit_test(characters_beyond_ascii_are_covered),
		cmocka_unit_test(extra_text_cannot_unmask),
		cmocka_unit_test(extra_text_that_would_swallow_the_rest_is_refused),
		cmocka_unit_test(command_line_names_sandbox_exec_by_its_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
