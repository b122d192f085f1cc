/* SPDX-License-Identifier: Apache-2.0 */
/* test_match.c — the decision: nested rules, globs over all, a naive decision to compare with, and its speed. */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define DENY	ACCESS_DENY
#define READ	ACCESS_READ
#define WRITE	ACCESS_WRITE

static uint32_t seed = 54321;

static unsigned pick(unsigned below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static int compare_rules(const void *left, const void *right)
{
	const struct rule *a = left, *b = right;

	return strcmp(a->path, b->path);
}

static void sort_rules(struct policy *policy)
{
	qsort(policy->rules, policy->count, sizeof(*policy->rules), compare_rules);
}

/* In no order that counts. */
static struct rule tree[] = {
	{ .path = "/", .access = READ },
	{ .path = "/home/u", .access = DENY },
	{ .path = "/home/u/ws", .access = WRITE },
	{ .path = "/home/u/ws/.git", .access = READ },
	{ .path = "/home/u/ws/.git/objects", .access = WRITE },
	{ .path = "/home/u/ws/.git/objects/info", .access = DENY },
	{ .path = "/home/u/ws/secret", .access = DENY },
	{ .path = "/home/u/ws/secret/open", .access = READ },
	{ .path = "/home/u/ws/secret/open/pad", .access = WRITE },
	{ .path = "/home/u/ws-b", .access = READ },
	{ .path = "/tmp", .access = WRITE },
	{ .path = "/tmp/\xff", .access = READ },
};

static struct rule globs[] = {
	{ .path = "/home/u/ws/**/.env", .access = DENY, .kind = RULE_GLOB },
	{ .path = "/tmp/*.KEY", .access = DENY, .kind = RULE_GLOB, .nocase = true },
};

static struct policy tree_policy(void)
{
	struct policy policy = {
		.rules = tree, .count = ARRAY_SIZE(tree), .globs = globs, .glob_count = ARRAY_SIZE(globs),
	};

	sort_rules(&policy);
	return policy;
}

/* --- one policy, many paths ------------------------------------------------------------------------------------- */

static void longest_rule_decides(void **state)
{
	static const struct { const char *path, *rule; bool reads, writes; } rows[] = {
		{ "/",					"/",				1, 0 },
		{ "/etc/passwd",			"/",				1, 0 },
		{ "/home",				"/",				1, 0 },
		{ "/home/u",				"/home/u",			0, 0 },
		{ "/home/u2",				"/",				1, 0 },
		{ "/home/u/x",				"/home/u",			0, 0 },
		{ "/home/u/ws",				"/home/u/ws",			1, 1 },
		{ "/home/u/wsx",			"/home/u",			0, 0 },
		{ "/home/u/ws-b/c",			"/home/u/ws-b",			1, 0 },
		{ "/home/u/ws/src/a.c",			"/home/u/ws",			1, 1 },
		{ "/home/u/ws/.git",			"/home/u/ws/.git",		1, 0 },
		{ "/home/u/ws/.gitignore",		"/home/u/ws",			1, 1 },
		{ "/home/u/ws/.git/config",		"/home/u/ws/.git",		1, 0 },
		{ "/home/u/ws/.git/objects/ab",		"/home/u/ws/.git/objects",	1, 1 },
		{ "/home/u/ws/.git/objects/info/x",	"/home/u/ws/.git/objects/info",	0, 0 },
		{ "/home/u/ws/.git/objects/infox",	"/home/u/ws/.git/objects",	1, 1 },
		{ "/home/u/ws/secret",			"/home/u/ws/secret",		0, 0 },
		{ "/home/u/ws/secret/a/b",		"/home/u/ws/secret",		0, 0 },
		{ "/home/u/ws/secret/open/a",		"/home/u/ws/secret/open",	1, 0 },
		{ "/home/u/ws/secret/open/pad/a/b",	"/home/u/ws/secret/open/pad",	1, 1 },
		{ "/home/u/ws/.env",			"/home/u/ws/**/.env",		0, 0 },
		{ "/home/u/ws/a/.env",			"/home/u/ws/**/.env",		0, 0 },
		{ "/home/u/ws/a/.env/b",		"/home/u/ws/**/.env",		0, 0 },
		{ "/home/u/ws/secret/open/pad/.env",	"/home/u/ws/**/.env",		0, 0 },
		{ "/home/u/ws/a.env",			"/home/u/ws",			1, 1 },
		{ "/tmp",				"/tmp",				1, 1 },
		{ "/tmp/a.key",				"/tmp/*.KEY",			0, 0 },
		{ "/tmp/a.key/b",			"/tmp/*.KEY",			0, 0 },
		{ "/tmp/a/b.key",			"/tmp",				1, 1 },
		{ "/tmp/\xff/a",			"/tmp/\xff",			1, 0 },
		{ "/tmp\xff",				"/",				1, 0 },
	};
	struct policy policy = tree_policy();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct decision read, write, exec;

		policy_decide(&policy, OPERATION_READ, rows[i].path, &read);
		policy_decide(&policy, OPERATION_WRITE, rows[i].path, &write);
		policy_decide(&policy, OPERATION_EXEC, rows[i].path, &exec);
		if (strcmp(read.rule->path, rows[i].rule) != 0)
			fail_msg("%s: decided by %s", rows[i].path, read.rule->path);
		if (read.allowed != rows[i].reads || write.allowed != rows[i].writes || exec.allowed != rows[i].reads)
			fail_msg("%s: read %d, write %d, exec %d", rows[i].path, read.allowed, write.allowed,
				 exec.allowed);
	}
}

static void what_no_entry_names_is_denied(void **state)
{
	struct rule rules[] = { { .path = "/a", .access = WRITE } };
	struct policy policy = { .rules = rules, .count = 1 }, empty = { .count = 0 };
	struct decision decision;

	policy_decide(&policy, OPERATION_READ, "/ab", &decision);
	assert_false(decision.allowed);
	assert_null(decision.rule);
	policy_decide(&policy, OPERATION_READ, "/", &decision);
	assert_false(decision.allowed);
	policy_decide(&policy, OPERATION_WRITE, "/a/b", &decision);
	assert_true(decision.allowed);
	policy_decide(&empty, OPERATION_EXEC, "/a", &decision);
	assert_false(decision.allowed);
	assert_null(decision.rule);
}

static void denied_root_is_a_default_and_no_mask(void **state)
{
	struct rule rules[] = { { .path = "/", .access = DENY }, { .path = "/usr", .access = READ } };
	struct policy policy = { .rules = rules, .count = 2 };
	struct decision decision;

	policy_decide(&policy, OPERATION_EXEC, "/usr/bin/true", &decision);
	assert_true(decision.allowed);
	policy_decide(&policy, OPERATION_READ, "/etc", &decision);
	assert_false(decision.allowed);
	assert_ptr_equal(decision.rule, &rules[0]);
}

static void no_sandbox_allows_all(void **state)
{
	struct policy policy = { .unconfined = true };
	struct decision decision;

	policy_decide(&policy, OPERATION_WRITE, "/etc/passwd", &decision);
	assert_true(decision.allowed);
	assert_null(decision.rule);
	assert_false(policy_rules_below(&policy, "/"));
}

static void rule_without_case_holds_for_every_spelling(void **state)
{
	struct rule rules[] = {
		{ .path = "/ws", .access = WRITE },
		{ .path = "/ws/.git", .access = READ, .nocase = true },
		{ .path = "/ws/.git/objects", .access = WRITE },
		{ .path = "/ws/Data", .access = WRITE },
		{ .path = "/ws/data", .access = DENY, .nocase = true },
	};
	static const struct { const char *path; bool writes; } rows[] = {
		{ "/ws/.git/x", 0 }, { "/ws/.GIT/x", 0 }, { "/ws/.gIt", 0 }, { "/ws/.gitx", 1 }, { "/ws/.GITx", 1 },
		{ "/WS/x", 0 }, { "/ws/.git/objects/a", 1 }, { "/ws/.git/OBJECTS/a", 0 },
		{ "/ws/data/a", 0 }, { "/ws/DATA/a", 0 }, { "/ws/Data/a", 0 },		/* equal length: deny */
	};
	struct policy policy = { .rules = rules, .count = ARRAY_SIZE(rules), .any_nocase = true };

	sort_rules(&policy);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct decision decision;

		policy_decide(&policy, OPERATION_WRITE, rows[i].path, &decision);
		if (decision.allowed != rows[i].writes)
			fail_msg("%s: write %d", rows[i].path, decision.allowed);
	}
	assert_string_equal(rules[policy_rule_at(&policy, "/ws/.GIT")].path, "/ws/.git");
	assert_int_equal(policy_rule_at(&policy, "/WS"), -1);
	assert_true(policy_rules_below(&policy, "/ws"));
	assert_false(policy_rules_below(&policy, "/ws/.git"));
}

static void rule_is_found_at_its_path_only(void **state)
{
	struct policy policy = tree_policy();

	for (size_t i = 0; i < policy.count; i++)
		assert_int_equal(policy_rule_at(&policy, policy.rules[i].path), i);
	assert_int_equal(policy_rule_at(&policy, "/home"), -1);
	assert_int_equal(policy_rule_at(&policy, "/home/u/"), -1);
	assert_int_equal(policy_rule_at(&policy, "/zzz"), -1);
}

static void stricter_rules_below_are_seen(void **state)
{
	static const struct { const char *path; bool below; } rows[] = {
		{ "/", 1 }, { "/home", 1 }, { "/home/u", 0 }, { "/home/u/ws", 1 }, { "/home/u/ws/.git", 1 },
		{ "/home/u/ws/.git/objects", 1 }, { "/home/u/ws/.git/objects/info", 0 }, { "/home/u/ws/.gi", 0 },
		{ "/home/u/ws/src", 0 }, { "/home/u/ws/secret", 0 }, { "/home/u/ws/secret/open", 0 },
		{ "/home/u/ws-b", 0 }, { "/tmp", 1 }, { "/etc", 0 }, { "/tm", 0 },
	};
	struct policy policy = tree_policy();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (policy_rules_below(&policy, rows[i].path) != rows[i].below)
			fail_msg("%s: %s below", rows[i].path, rows[i].below ? "nothing" : "something");
}

static void operations_have_names(void **state)
{
	for (int i = 0; i < OPERATION__COUNT; i++)
		assert_int_equal(operation_find(operation_name((enum operation)i)), i);
	assert_int_equal(operation_find("unlink"), -1);
	assert_int_equal(operation_find(""), -1);
}

/* --- a naive decision: look at every rule ----------------------------------------------------------------------- */

static const struct rule *naive_rule(const struct policy *policy, const char *path)
{
	const struct rule *best = NULL;
	char above[256];

	for (size_t i = 0; i < policy->glob_count; i++) {
		snprintf(above, sizeof(above), "%s", path);
		for (char *slash = above;; *slash = '\0') {
			if (glob_match(policy->globs[i].path, *above ? above : "/", policy->globs[i].nocase))
				return &policy->globs[i];
			if (!*above)
				break;
			slash = strrchr(above, '/');
		}
	}
	for (size_t i = 0; i < policy->count; i++)
		if (path_below(path, policy->rules[i].path, policy->rules[i].nocase) &&
		    (!best || strlen(policy->rules[i].path) > strlen(best->path)))
			best = &policy->rules[i];
	return best;
}

static bool naive_below(const struct policy *policy, const char *path, const struct rule *own)
{
	for (size_t i = 0; own && i < policy->count; i++)
		if (policy->rules[i].access < own->access &&
		    path_below(policy->rules[i].path, path, policy->any_nocase))
			return true;
	return false;
}

static void random_path(char *ret_path, unsigned components)
{
	static const char *const names[] = { "a", "b", "ab", "a-", "a.b", "A", "\xc3\xa9", "a!" };

	strcpy(ret_path, components ? "" : "/");
	for (; components > 0; components--) {
		strcat(ret_path, "/");
		strcat(ret_path, names[pick(ARRAY_SIZE(names))]);
	}
}

#define RANDOM_RULES	12

struct random_policy {
	struct policy policy;
	struct rule rules[RANDOM_RULES], globs[2];
	char paths[RANDOM_RULES][64];
};

/* Without two spellings of one path in a policy that ignores case: who wins then is a row of another test. */
static bool is_taken(const struct random_policy *made, const char *path, bool nocase)
{
	for (size_t i = 0; i < made->policy.count; i++)
		if (path_below(path, made->paths[i], nocase) && strlen(path) == strlen(made->paths[i]))
			return true;
	return false;
}

static void random_policy(struct random_policy *made)
{
	static const char *const patterns[] = { "/a/*", "/**/ab", "/a/**/b", "/{a,b}/a?", "/**/A" };

	memset(made, 0, sizeof(*made));
	made->policy = (struct policy){ .rules = made->rules, .globs = made->globs, .any_nocase = pick(3) == 0 };
	for (unsigned i = 0; i < RANDOM_RULES; i++) {
		size_t n = made->policy.count;
		char path[64];

		random_path(path, pick(4));
		if (is_taken(made, path, made->policy.any_nocase))
			continue;
		strcpy(made->paths[n], path);
		made->rules[n] = (struct rule){
			.path = made->paths[n], .access = (enum access)(ACCESS_DENY + pick(3)),
			.nocase = made->policy.any_nocase && pick(2),
		};
		made->policy.count++;
	}
	sort_rules(&made->policy);
	made->policy.glob_count = pick(3);
	for (size_t i = 0; i < made->policy.glob_count; i++)
		made->globs[i] = (struct rule){
			.path = patterns[pick(ARRAY_SIZE(patterns))], .access = DENY, .kind = RULE_GLOB,
			.nocase = pick(2),
		};
}

static void decision_agrees_with_a_naive_one(void **state)
{
	for (unsigned round = 0; round < 20000; round++) {
		struct random_policy made;

		random_policy(&made);
		for (unsigned i = 0; i < 8; i++) {
			const struct rule *rule;
			struct decision read, write;
			char path[64];

			random_path(path, pick(6));
			rule = naive_rule(&made.policy, path);
			policy_decide(&made.policy, OPERATION_READ, path, &read);
			policy_decide(&made.policy, OPERATION_WRITE, path, &write);
			assert_ptr_equal(read.rule, rule);
			assert_ptr_equal(write.rule, rule);
			assert_int_equal(read.allowed, rule && rule->access >= READ);
			assert_int_equal(write.allowed, rule && rule->access == WRITE);
			assert_int_equal(policy_rules_below(&made.policy, path), naive_below(&made.policy, path, rule));
		}
	}
}

/* --- speed ------------------------------------------------------------------------------------------------------ */

static void ten_thousand_rules_decide_in_microseconds(void **state)
{
	static struct rule rules[10000];
	static char paths[10000][64];
	struct policy policy = { .rules = rules, .count = ARRAY_SIZE(rules) };
	clock_t start;
	double microseconds;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		snprintf(paths[i], sizeof(paths[i]), "/home/user/project/d%zu/d%zu/d%zu", i / 500, i / 20 % 25, i % 20);
		rules[i] = (struct rule){ .path = paths[i], .access = DENY };
	}
	sort_rules(&policy);
	start = clock();
	for (size_t i = 0; i < 100000; i++) {
		struct decision decision;
		char path[96];

		snprintf(path, sizeof(path), "/home/user/project/d%zu/d%zu/d%zu/src/file.c", i % 20, i % 25, i % 40);
		policy_decide(&policy, OPERATION_READ, path, &decision);
		assert_int_equal(decision.rule != NULL, i % 40 < 20);
	}
	microseconds = (double)(clock() - start) / CLOCKS_PER_SEC * 1e6 / 100000;
	assert_true(microseconds < 50);			/* measured: 0.3 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_rule_decides),
		cmocka_unit_test(what_no_entry_names_is_denied),
		cmocka_unit_test(denied_root_is_a_default_and_no_mask),
		cmocka_unit_test(no_sandbox_allows_all),
		cmocka_unit_test(rule_without_case_holds_for_every_spelling),
		cmocka_unit_test(rule_is_found_at_its_path_only),
		cmocka_unit_test(stricter_rules_below_are_seen),
		cmocka_unit_test(operations_have_names),
		cmocka_unit_test(decision_agrees_with_a_naive_one),
		cmocka_unit_test(ten_thousand_rules_decide_in_microseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
