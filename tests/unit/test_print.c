/* SPDX-License-Identifier: Apache-2.0 */
/* test_print.c — what people and programs read of a plan and of a decision. */
#include "policy/policy.h"
#include "policy/show.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LINE_3		{ "p.toml", 3, 1 }
#define LINE_12		{ "p.toml", 12, 5 }
#define BUILT_IN	{ "built-in :workspace", 0, 0 }
#define ALWAYS		{ "always", 0, 0 }

#define RULE(path_, access_, kind_, origin_, label_, type_) { \
	.path = path_, .access = ACCESS_##access_, .kind = RULE_##kind_, .origin = origin_, .label = label_, \
	.type = HOST_##type_ }

static struct rule rules[] = {
	RULE("/",	    READ,  PATH,      BUILT_IN, "\":root\" = \"read\"",	      DIRECTORY),
	RULE("/dark",	    DENY,  PATH,      LINE_12,	"\"/dark\" = \"deny\"",	      DIRECTORY),
	RULE("/proc/kcore", DENY,  SYSTEM,    ALWAYS,	"the kernel's memory",		      MISSING),
	RULE("/ws",	    WRITE, PATH,      LINE_3,	"\":workspace_roots\" = \"write\"", DIRECTORY),
	RULE("/ws/.codex",  READ,  PROTECTED, ALWAYS,	"protected name \".codex\"",	      MISSING),
	RULE("/ws/.git",    READ,  PROTECTED, ALWAYS,	"protected name \".git\"",	      DIRECTORY),
	{ .path = "/ws/hinted", .access = ACCESS_READ, .kind = RULE_GIT, .origin = ALWAYS, .label = "part",
	  .hint = "\":workspace_roots\" = { \"hinted\" = \"write\" }" },
};

static struct rule globs[] = {
	RULE("/ws/**/.env", DENY,  GLOB,      LINE_12,	"\"**/.env\" = \"deny\"",	      MISSING),
};

static struct policy policy = {
	.profile_id = "dev", .cwd = "/ws", .rules = rules, .count = ARRAY_SIZE(rules), .globs = globs, .glob_count = 1,
};

static char *explained(enum operation operation, const char *target, const char *canonical, enum bawn_format format)
{
	struct text text = { 0 };
	struct decision decision;
	char *string;

	policy_decide(&policy, operation, canonical, &decision);
	assert_int_equal(decision_print(&policy, NULL, operation, target, canonical, &decision, format, &text), 0);
	assert_int_equal(text_take(&text, &string, NULL), 0);
	return string;
}

/* Expected JSON is written with ' for ", so that it can be read. */
static void assert_json(const char *json, const char *expected)
{
	struct text text = { 0 };

	for (; *expected; expected++)
		text_add_bytes(&text, *expected == '\'' ? "\"" : expected, 1);
	assert_string_equal(json, text.bytes);
	text_done(&text);
}

static void assert_explains(enum operation operation, const char *path, const char *expected)
{
	autofree char *text = explained(operation, path, path, BAWN_TEXT);

	assert_string_equal(text, expected);
}

/* --- decisions -------------------------------------------------------------------------------------------------- */

static void denial_says_rule_and_remedy(void **state)
{
	assert_explains(OPERATION_WRITE, "/home/u/.gitconfig",
			"denied: write /home/u/.gitconfig\n"
			"  rule:  \":root\" = \"read\"            (built-in :workspace)\n"
			"  allow: \"/home/u/.gitconfig\" = \"write\"  or  --write /home/u/.gitconfig\n");
	assert_explains(OPERATION_WRITE, "/",
			"denied: write /\n"
			"  rule:  \":root\" = \"read\"            (built-in :workspace)\n"
			"  allow: \":root\" = \"write\"  or  --write /\n");
}

static void permission_says_its_rule(void **state)
{
	assert_explains(OPERATION_READ, "/etc/passwd",
			"allowed: read /etc/passwd\n"
			"  rule:  \":root\" = \"read\"            (built-in :workspace)\n");
}

static void target_as_typed_is_followed_by_its_path(void **state)
{
	autofree char *text = explained(OPERATION_WRITE, "../ws/a", "/ws/a", BAWN_TEXT);

	assert_string_equal(text, "allowed: write ../ws/a\n"
				  "  path:  /ws/a\n"
				  "  rule:  \":workspace_roots\" = \"write\"  (p.toml:3:1)\n");
}

static void exact_denial_has_to_change_itself(void **state)
{
	assert_explains(OPERATION_EXEC, "/dark",
			"denied: exec /dark\n"
			"  rule:  \"/dark\" = \"deny\"            (p.toml:12:5)\n"
			"  allow: \"/dark\" = \"read\"  in place of that rule\n");
	assert_explains(OPERATION_READ, "/dark/a b",
			"denied: read /dark/a b\n"
			"  rule:  \"/dark\" = \"deny\"            (p.toml:12:5)\n"
			"  allow: \"/dark/a b\" = \"read\"  or  --read '/dark/a b'\n");
}

static void protected_name_is_opened_by_name(void **state)
{
	assert_explains(OPERATION_WRITE, "/ws/.codex/config.toml",
			"denied: write /ws/.codex/config.toml\n"
			"  rule:  protected name \".codex\"     (always)\n"
			"  allow: \"/ws/.codex\" = \"write\"  or  --write /ws/.codex\n");
	assert_explains(OPERATION_WRITE, "/ws/.git/config",
			"denied: write /ws/.git/config\n"
			"  rule:  protected name \".git\"       (always)\n"
			"  allow: \"/ws/.git\" = \"write\"  or  --write /ws/.git  or  --git commit\n");
	assert_explains(OPERATION_WRITE, "/ws/hinted",
			"denied: write /ws/hinted\n"
			"  rule:  part                        (always)\n"
			"  allow: \":workspace_roots\" = { \"hinted\" = \"write\" }  or  --write /ws/hinted\n");
}

static void deny_glob_and_system_rule_yield_to_nothing(void **state)
{
	assert_explains(OPERATION_READ, "/ws/a/.env",
			"denied: read /ws/a/.env\n"
			"  rule:  \"**/.env\" = \"deny\"          (p.toml:12:5)\n"
			"  allow: nothing: a deny glob decides whatever else matches; change it at p.toml:12:5\n");
	assert_explains(OPERATION_READ, "/proc/kcore",
			"denied: read /proc/kcore\n"
			"  rule:  the kernel's memory         (always)\n"
			"  allow: nothing: this holds whatever a profile says\n");
}

static void without_a_rule_it_says_so(void **state)
{
	struct policy empty = { .profile_id = "none" };
	struct policy open = { .profile_id = ":danger-full-access", .unconfined = true };
	struct decision decision;
	struct text text = { 0 };

	policy_decide(&empty, OPERATION_READ, "/x", &decision);
	decision_print(&empty, NULL, OPERATION_READ, "/x", "/x", &decision, BAWN_TEXT, &text);
	policy_decide(&open, OPERATION_WRITE, "/x", &decision);
	decision_print(&open, NULL, OPERATION_WRITE, "/x", "/x", &decision, BAWN_TEXT, &text);
	assert_string_equal(text.bytes,
			    "denied: read /x\n"
			    "  rule:  none: what no entry names is denied\n"
			    "  allow: \"/x\" = \"read\"  or  --read /x\n"
			    "allowed: write /x\n"
			    "  rule:  none: :danger-full-access confines nothing\n");
	text_done(&text);
}

static void names_chosen_by_the_command_stay_text(void **state)
{
	assert_explains(OPERATION_WRITE, "/e/\x1b[2J",	/* also a pattern, which no entry can name */
			"denied: write /e/\\x1b[2J\n"
			"  rule:  \":root\" = \"read\"            (built-in :workspace)\n"
			"  allow: an entry for a directory above it: in an entry's path * ? [ and { make a pattern\n");
	assert_explains(OPERATION_WRITE, "/e/a\nb\"c\\d'",
			"denied: write /e/a\\x0ab\"c\\d'\n"
			"  rule:  \":root\" = \"read\"            (built-in :workspace)\n"
			"  allow: \"/e/a\\u000ab\\\"c\\\\d'\" = \"write\"  or  --write $'/e/a\\x0ab\"c\\\\d\\''\n");
	assert_explains(OPERATION_WRITE, "/e/it's é",
			"denied: write /e/it's é\n"
			"  rule:  \":root\" = \"read\"            (built-in :workspace)\n"
			"  allow: \"/e/it's é\" = \"write\"  or  --write '/e/it'\\''s é'\n");
	assert_explains(OPERATION_WRITE, "/e/\xff",	/* TOML has no such text */
			"denied: write /e/\\xff\n"
			"  rule:  \":root\" = \"read\"            (built-in :workspace)\n"
			"  allow: --write $'/e/\\xff'\n");
	assert_explains(OPERATION_READ, "/e/\u202egnp.exe\xc2\x85",
			"allowed: read /e/\\xe2\\x80\\xaegnp.exe\\xc2\\x85\n"
			"  rule:  \":root\" = \"read\"            (built-in :workspace)\n");
}

static void decision_is_one_json_object(void **state)
{
	autofree char *denied = explained(OPERATION_WRITE, "../x", "/x", BAWN_JSON);
	autofree char *masked = explained(OPERATION_READ, "/ws/.env", "/ws/.env", BAWN_JSON);

	assert_json(denied,
		    "{'type':'decision','operation':'write','target':'../x','path':'/x','allowed':false,"
		    "'rule':'\\':root\\' = \\'read\\'','origin':'built-in :workspace','kind':'path',"
		    "'allow_line':'\\'/x\\' = \\'write\\'','allow_option':'--write /x'}\n");
	assert_json(masked,
		    "{'type':'decision','operation':'read','target':'/ws/.env','path':'/ws/.env','allowed':false,"
		    "'rule':'\\'**/.env\\' = \\'deny\\'','origin':'p.toml:12:5','kind':'glob',"
		    "'allow_line':null,'allow_option':null}\n");
}

/* The entry that is offered, added to the rules, gives what was denied. */
static void granted_entry_would_allow_it(void **state)
{
	static const char *const paths[] = { "/x", "/dark/x", "/ws/.git/hooks/x", "/ws/.codex", "/home/u/a b" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct arena arena = { 0 };
		struct decision decision;
		const char *line, *option, *path;

		policy_decide(&policy, OPERATION_WRITE, paths[i], &decision);
		assert_false(decision.allowed);
		decision_grant(&arena, &policy, OPERATION_WRITE, paths[i], &decision, &line, &option);
		path = arena_strndup(&arena, line + 1, strlen(line) - strlen("\"\" = \"write\""));
		assert_true(path_below(paths[i], path, false));
		assert_true(strlen(path) >= strlen(decision.rule->path));
		assert_non_null(strstr(option, path));
		arena_done(&arena);
	}
}

/* --- layers ----------------------------------------------------------------------------------------------------- */

static void layers_have_names_and_help(void **state)
{
	for (int i = 0; i < LAYER__COUNT; i++) {
		assert_true(strlen(layer_help((enum layer)i)) > 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(layer_name((enum layer)i), layer_name((enum layer)j));
	}
}

/* --- plans ------------------------------------------------------------------------------------------------------ */

static struct plan_item items[] = {
	{ .rule = &rules[0], .text = "x", .origin = BUILT_IN, .layer = LAYER_ROOT, .second = LAYER_LANDLOCK },
	{ .rule = &rules[3], .text = "x", .origin = LINE_3, .layer = LAYER_MOUNT_WRITE },
	{ .text = "other processes are out of sight", .origin = ALWAYS, .layer = LAYER_NAMESPACE,
	  .second = LAYER_LANDLOCK },
	{ .rule = &rules[4], .text = "x", .origin = ALWAYS, .layer = LAYER_BROKER, .note = "not there at start" },
	{ .rule = &globs[0], .text = "x", .origin = LINE_12, .layer = LAYER_MASK },
	{ .text = "at most 100 processes", .origin = LINE_3, .layer = LAYER_RLIMIT, .note = "of this user" },
};

static struct plan_gap gaps[] = {
	{ .what = "rule", .missing = "a facility", .remedy = "a newer kernel", .origin = LINE_3, .acceptable = true },
};

static char *printed(const char *const *argv, enum bawn_format format, bool bare)
{
	struct policy noted = policy;
	struct plan plan = {
		.policy = &noted, .items = items, .count = ARRAY_SIZE(items), .gaps = gaps, .gap_count = 1,
	};
	struct text text = { 0 };
	char *string;

	if (bare)
		plan.count = plan.gap_count = 0;
	else
		text_add(&noted.notes, "scan stopped at 3 levels\nand one more\n");
	plan.restricted_read = bare;
	assert_int_equal(plan_print(&plan, argv, format, &text), 0);
	assert_int_equal(text_take(&text, &string, NULL), 0);
	text_done(&noted.notes);
	return string;
}

static void plan_is_a_table_for_people(void **state)
{
	autofree char *text = printed((const char *const []){ "make", "-j2", "a b", NULL }, BAWN_TEXT, false);
	autofree char *bare = printed(NULL, BAWN_TEXT, true);

	assert_string_equal(text,
		"profile:           dev\n"
		"platform:          linux\n"
		"working directory: /ws\n"
		"network:           off\n"
		"files:             all are there; the rules say which may be read\n"
		"command:           make -j2 'a b'\n"
		"\n"
		"rules\n"
		"  read   /            (root, landlock)  built-in :workspace\n"
		"  write  /ws          (mount-write)     p.toml:3:1\n"
		"  read   /ws/.codex   (broker)          always\n"
		"         not there at start\n"
		"  deny   /ws/**/.env  (mask)            p.toml:12:5\n"
		"\n"
		"promises\n"
		"  other processes are out of sight  (namespace, landlock)  always\n"
		"  at most 100 processes             (rlimit)               p.toml:3:1\n"
		"    of this user\n"
		"\n"
		"notes\n"
		"  scan stopped at 3 levels\n"
		"  and one more\n"
		"\n"
		"gaps\n"
		"  rule  (p.toml:3:1)\n"
		"    missing: a facility\n"
		"    remedy:  a newer kernel\n"
		"    --allow-degraded accepts it\n");
	assert_string_equal(bare,
		"profile:           dev\n"
		"platform:          linux\n"
		"working directory: /ws\n"
		"network:           off\n"
		"files:             only what the rules name is there\n");
}

static void plan_is_json_lines_for_programs(void **state)
{
	autofree char *text = printed((const char *const []){ "true", NULL }, BAWN_JSON, false);
	autofree char *bare = printed(NULL, BAWN_JSON, true);

	assert_json(text,
		"{'type':'plan','schema':1,'profile':'dev','platform':'linux','cwd':'/ws','network':'off',"
		"'reads':'all','root_writable':false,'broker':false,'unconfined':false,'argv':['true']}\n"
		"{'type':'rule','path':'/','access':'read','kind':'path','label':'\\':root\\' = \\'read\\'',"
		"'origin':'built-in :workspace','layer':'root','second':'landlock','note':null,'exists':true}\n"
		"{'type':'rule','path':'/ws','access':'write','kind':'path',"
		"'label':'\\':workspace_roots\\' = \\'write\\'','origin':'p.toml:3:1','layer':'mount-write',"
		"'second':null,'note':null,'exists':true}\n"
		"{'type':'promise','text':'other processes are out of sight','origin':'always','layer':'namespace',"
		"'second':'landlock','note':null}\n"
		"{'type':'rule','path':'/ws/.codex','access':'read','kind':'protected',"
		"'label':'protected name \\'.codex\\'','origin':'always','layer':'broker','second':null,"
		"'note':'not there at start','exists':false}\n"
		"{'type':'rule','path':'/ws/**/.env','access':'deny','kind':'glob',"
		"'label':'\\'**/.env\\' = \\'deny\\'','origin':'p.toml:12:5',"
		"'layer':'mask','second':null,'note':null,'exists':null}\n"
		"{'type':'promise','text':'at most 100 processes','origin':'p.toml:3:1','layer':'rlimit',"
		"'second':null,'note':'of this user'}\n"
		"{'type':'note','text':'scan stopped at 3 levels'}\n"
		"{'type':'note','text':'and one more'}\n"
		"{'type':'gap','what':'rule','missing':'a facility','remedy':'a newer kernel','origin':'p.toml:3:1',"
		"'acceptable':true}\n");
	assert_json(bare,
		"{'type':'plan','schema':1,'profile':'dev','platform':'linux','cwd':'/ws','network':'off',"
		"'reads':'listed','root_writable':false,'broker':false,'unconfined':false}\n");
}

static void rule_kinds_have_names(void **state)
{
	for (int i = RULE_PATH; i <= RULE_SYSTEM; i++)
		assert_non_null(show_kind((enum rule_kind)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(denial_says_rule_and_remedy),
		cmocka_unit_test(permission_says_its_rule),
		cmocka_unit_test(target_as_typed_is_followed_by_its_path),
		cmocka_unit_test(exact_denial_has_to_change_itself),
		cmocka_unit_test(protected_name_is_opened_by_name),
		cmocka_unit_test(deny_glob_and_system_rule_yield_to_nothing),
		cmocka_unit_test(without_a_rule_it_says_so),
		cmocka_unit_test(names_chosen_by_the_command_stay_text),
		cmocka_unit_test(decision_is_one_json_object),
		cmocka_unit_test(granted_entry_would_allow_it),
		cmocka_unit_test(layers_have_names_and_help),
		cmocka_unit_test(plan_is_a_table_for_people),
		cmocka_unit_test(plan_is_json_lines_for_programs),
		cmocka_unit_test(rule_kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
