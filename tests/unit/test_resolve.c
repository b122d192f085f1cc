/* SPDX-License-Identifier: Apache-2.0 */
/* test_resolve.c — from a profile and a host to absolute rules. */
#include "scene.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define DENY	ACCESS_DENY
#define READ	ACCESS_READ
#define WRITE	ACCESS_WRITE

#define HOST	"cwd /ws\nhome /home/u\ntmpdir /var/tmp/u\nd /ws/src\nd /tmp\nd /var/tmp/u\nd /home/u\nd /usr\nd /etc\n"
#define PROFILE	"[permissions.t.filesystem]\n':root' = 'read'\n"
#define WORK	PROFILE "':workspace_roots' = 'write'\n"

static struct scene scene;
static unsigned long lookups;			/* that the last resolve() took */

static int leave(void **state)
{
	scene_done(&scene);
	return 0;
}

static void try_to_resolve_with(const char *host, const char *toml, const char *const *add_dirs, int expected)
{
	int e;

	scene_done(&scene);
	e = scene_read(&scene, host, toml, NULL);
	if (e >= 0)
		e = scene_resolve(&scene, add_dirs);
	lookups = scene.fake.lookups;
	if (e != expected)
		fail_msg("%d: %s", e, scene.err.message);
}

static void resolve_with(const char *host, const char *toml, const char *const *add_dirs)
{
	struct text problem = { 0 };

	try_to_resolve_with(host, toml, add_dirs, 0);
	if (!scene_policy_is_sound(&scene, &problem))
		fail_msg("%s", problem.bytes);
	assert_int_equal(scene_plan(&scene, &scene_features), 0);
	assert_int_equal(scene_lower(&scene), 0);
	if (!scene_box_is_sound(&scene, &problem))
		fail_msg("%s", problem.bytes);
}

static void resolve(const char *host, const char *toml)
{
	resolve_with(host, toml, NULL);
}

static void is_refused(const char *host, const char *toml, int number, const char *message)
{
	try_to_resolve_with(host, toml, NULL, -number);
	if (strcmp(scene.err.message, message) != 0)
		fail_msg("refused with: %s", scene.err.message);
	assert_null(scene.policy);
}

/* --- what is asked of a policy ------------------------------------------------------------------------------------ */

static const struct rule *rule_at(const char *path)
{
	ptrdiff_t at = policy_rule_at(scene.policy, path);

	return at < 0 ? NULL : &scene.policy->rules[at];
}

static void has(const char *path, enum access access, enum rule_kind kind, enum host_type type)
{
	const struct rule *rule = rule_at(path);

	if (!rule)
		fail_msg("%s: no rule", path);
	else if (rule->access != access || rule->kind != kind || rule->type != type)
		fail_msg("%s: access %d, kind %d, type %d", path, (int)rule->access, (int)rule->kind, (int)rule->type);
}

static void has_none(const char *path)
{
	if (rule_at(path))
		fail_msg("%s: there is a rule, %s", path, rule_at(path)->label);
}

static void gives(const char *path, enum access access)
{
	struct decision read, write;
	enum access given;

	policy_decide(scene.policy, OPERATION_READ, path, &read);
	policy_decide(scene.policy, OPERATION_WRITE, path, &write);
	given = write.allowed ? WRITE : read.allowed ? READ : DENY;
	if (given != access)
		fail_msg("%s: %s, by %s", path, access_name(given), read.rule ? read.rule->path : "no rule");
}

static bool is_among(const char *const *strings, size_t count, const char *string)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(strings[i], string))
			return true;
	return false;
}

static void notes(const char *line)
{
	if (!scene.policy->notes.bytes || !strstr(scene.policy->notes.bytes, line))
		fail_msg("notes: %s", scene.policy->notes.bytes ? scene.policy->notes.bytes : "none");
}

static void warns(const char *line)
{
	if (!scene.policy->warnings.bytes || !strstr(scene.policy->warnings.bytes, line))
		fail_msg("warnings: %s", scene.policy->warnings.bytes ? scene.policy->warnings.bytes : "none");
}

static void no_notes(void)
{
	if (scene.policy->notes.size)
		fail_msg("notes: %s", scene.policy->notes.bytes);
}

static size_t count_kind(enum rule_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < scene.policy->count; i++)
		count += scene.policy->rules[i].kind == kind;
	return count;
}

/* --- entries ------------------------------------------------------------------------------------------------------ */

static void tokens_become_places(void **state)
{
	resolve(HOST, "[permissions.t.filesystem]\n':root' = 'read'\n':workspace_roots' = 'write'\n"
		"':slash_tmp' = 'write'\n"
		      "':tmpdir' = 'write'\n");
	has("/", READ, RULE_PATH, HOST_DIRECTORY);
	has("/ws", WRITE, RULE_PATH, HOST_DIRECTORY);
	has("/tmp", WRITE, RULE_PATH, HOST_DIRECTORY);
	has("/var/tmp/u", WRITE, RULE_PATH, HOST_DIRECTORY);
	assert_string_equal(rule_at("/var/tmp/u")->label, "\":tmpdir\" = \"write\"");
	assert_string_equal(rule_at("/ws")->origin.file, "p.toml");
	assert_int_equal(rule_at("/ws")->origin.line, 3);
	gives("/etc", READ);
	gives("/ws/src/a", WRITE);
	no_notes();
}

static void workspace_is_the_built_in_of_its_name(void **state)
{
	resolve(HOST, NULL);
	assert_string_equal(scene.policy->profile_id, ":workspace");
	assert_string_equal(rule_at("/ws")->origin.file, "built-in :workspace");
	gives("/ws/a", WRITE);
	gives("/tmp/a", WRITE);
	gives("/home/u/a", READ);
	gives("/ws/.git", READ);
}

static void home_token_is_the_home_directory(void **state)
{
	resolve(HOST, PROFILE "'~' = 'deny'\n'~/x/y' = 'read'\n");
	has("/home/u", DENY, RULE_PATH, HOST_DIRECTORY);
	has("/home/u/x/y", READ, RULE_PATH, HOST_MISSING);
	is_refused("cwd /\n", PROFILE "'~/x' = 'deny'\n", EINVAL,
		   "p.toml:3:1: \"~/x\": there is no home directory (HOME is not set)");
}

static void tmpdir_counts_only_when_absolute(void **state)
{
	resolve("cwd /ws\nd /ws\ntmpdir tmp\n", PROFILE "':tmpdir' = 'write'\n");
	assert_int_equal(count_kind(RULE_PATH), 1);
	resolve("cwd /ws\nd /ws\n", PROFILE "':tmpdir' = 'write'\n");
	assert_int_equal(count_kind(RULE_PATH), 1);
}

static void minimal_grants_what_is_there(void **state)
{
	resolve("cwd /\nd /usr/bin\nd /usr/lib\nl /bin -> usr/bin\nl /lib -> usr/lib\nd /etc\nd /opt/x\nd /sys\n",
		"[permissions.t.filesystem]\n':minimal' = 'read'\n");
	has("/usr", READ, RULE_PATH, HOST_DIRECTORY);
	has("/usr/bin", READ, RULE_PATH, HOST_DIRECTORY);
	has("/etc", READ, RULE_PATH, HOST_DIRECTORY);
	has("/opt", READ, RULE_PATH, HOST_DIRECTORY);
	has("/sys", READ, RULE_PATH, HOST_DIRECTORY);
	has_none("/bin");
	has_none("/nix/store");
	assert_true(is_among(scene.policy->links, scene.policy->link_count, "/bin"));
	gives("/usr/bin/cc", READ);
	gives("/home", DENY);
}

static void resolver_file_is_granted_through_its_link(void **state)
{
	resolve("cwd /\nd /usr\nl /etc/resolv.conf -> ../run/systemd/resolve/stub-resolv.conf\n"
		"f /run/systemd/resolve/stub-resolv.conf\n",
		"[permissions.t.filesystem]\n':minimal' = 'read'\n");
	gives("/run/systemd/resolve/stub-resolv.conf", READ);
	gives("/run/systemd/resolve", DENY);
}

static void roots_are_cwd_and_add_dir_and_those_of_the_profile(void **state)
{
	static const char *const add_dirs[] = { "/more", "/ws", NULL };

	resolve_with(HOST "d /more\nd /listed\nd /off\nd /home/u/x\n",
		     WORK "[permissions.t.workspace_roots]\n'/listed' = true\n'/off' = false\n"
			     "'~/x' = true\n", add_dirs);
	gives("/ws/a", WRITE);
	gives("/more/a", WRITE);
	gives("/listed/a", WRITE);
	gives("/off/a", READ);
	gives("/home/u/x/a", WRITE);
	gives("/more/.codex", READ);
	gives("/home/u/x/.git", READ);
}

static void sub_paths_hold_in_every_root(void **state)
{
	static const char *const add_dirs[] = { "/more", NULL };

	resolve_with(HOST "d /more/docs\n", PROFILE "[permissions.t.filesystem.':workspace_roots']\n'.' = 'write'\n"
		     "docs = 'read'\n'**/.env' = 'deny'\n", add_dirs);
	has("/ws/docs", READ, RULE_PATH, HOST_MISSING);
	has("/more/docs", READ, RULE_PATH, HOST_DIRECTORY);
	assert_int_equal(scene.policy->glob_count, 2);
	gives("/ws/x/.env", DENY);
	gives("/more/.env/y", DENY);
	gives("/more/x", WRITE);
}

static void of_equal_paths_the_strictest_word_stays(void **state)
{
	resolve(HOST "l /a -> /ws/src\nl /b -> /ws/src\n",
		PROFILE "'/ws/src' = 'read'\n'/a' = 'write'\n");
	has("/ws/src", WRITE, RULE_PATH, HOST_DIRECTORY);
	resolve(HOST "l /a -> /ws/src\nl /b -> /ws/src\n",
		PROFILE "'/ws/src' = 'read'\n'/a' = 'write'\n'/b' = 'deny'\n");
	has("/ws/src", DENY, RULE_PATH, HOST_DIRECTORY);
	assert_string_equal(rule_at("/ws/src")->written, "/b");
}

static void workspace_at_the_temporary_directory_is_one_rule(void **state)
{
	resolve("cwd /tmp\ntmpdir /tmp\nd /tmp\n", NULL);
	has("/tmp", WRITE, RULE_PATH, HOST_DIRECTORY);
	assert_int_equal(count_kind(RULE_PATH), 2);
}

static void what_is_missing_keeps_its_path(void **state)
{
	resolve(HOST, WORK "'/ws/none' = 'deny'\n'/ws/far/away' = 'read'\n'/nowhere' = 'write'\n");
	has("/ws/none", DENY, RULE_PATH, HOST_MISSING);
	has("/ws/far/away", READ, RULE_PATH, HOST_MISSING);
	has("/nowhere", WRITE, RULE_PATH, HOST_MISSING);	/* the broker makes it */
	no_notes();
	resolve(HOST, "[permissions.t.filesystem]\n'/usr' = 'read'\n'/nowhere' = 'write'\n");
	has("/nowhere", DENY, RULE_PATH, HOST_MISSING);		/* what is so around it */
	warns("p.toml:3:1: \"/nowhere\" = \"write\": /nowhere is not there: nothing to grant\n");
}

static void file_socket_and_device_are_paths_too(void **state)
{
	resolve(HOST "f /ws/src/a\ns /run/x.sock\nc /opt/dev\no /opt/fifo\nx /closed\nd /closed/in\n",
		PROFILE "'/ws/src/a' = 'write'\n'/run/x.sock' = 'deny'\n'/opt/dev' = 'write'\n'/opt/fifo' = 'deny'\n"
			"'/closed/in/x' = 'deny'\n");
	has("/ws/src/a", WRITE, RULE_PATH, HOST_FILE);
	has("/run/x.sock", DENY, RULE_PATH, HOST_SOCKET);
	has("/opt/dev", WRITE, RULE_PATH, HOST_DEVICE);
	has("/opt/fifo", DENY, RULE_PATH, HOST_OTHER);
	has("/closed/in/x", DENY, RULE_PATH, HOST_MISSING);
	has_none("/ws/src/a/.git");
	no_notes();
}

static void deleted_working_directory_is_one_line(void **state)
{
	is_refused("cwd -\n", WORK, ENOENT, "the working directory no longer exists; choose another with -C");
	resolve("cwd -\nd /usr\n", PROFILE);
	assert_null(scene.policy->cwd);
}

static void add_dir_stands_in_for_a_deleted_working_directory(void **state)
{
	static const char *const add_dirs[] = { "/more", NULL };

	resolve_with("cwd -\nd /more\n", WORK, add_dirs);
	gives("/more/a", WRITE);
}

static void full_access_has_no_rules(void **state)
{
	try_to_resolve_with(HOST, "default_permissions = ':danger-full-access'\n", NULL, 0);
	assert_true(scene.policy->unconfined);
	assert_int_equal(scene.policy->count, 0);
	gives("/etc/passwd", WRITE);
}

/* --- links -------------------------------------------------------------------------------------------------------- */

static void workspace_behind_a_link_is_its_target(void **state)
{
	resolve("cwd /ws\nd /data/ws/src\nl /ws -> data/ws\n", WORK);
	has("/data/ws", WRITE, RULE_PATH, HOST_DIRECTORY);
	has_none("/ws");
	assert_true(is_among(scene.policy->links, scene.policy->link_count, "/ws"));
	gives("/data/ws/src", WRITE);
	gives("/data/ws/.git", READ);
}

static void rule_through_links_stands_at_the_object(void **state)
{
	resolve(HOST "l /ws/a -> src/b\nl /ws/src/b -> /etc\nf /etc/key\n", WORK "'/ws/a/key' = 'deny'\n"
		"'/ws/a/none' = 'deny'\n");
	has("/etc/key", DENY, RULE_PATH, HOST_FILE);
	has("/etc/none", DENY, RULE_PATH, HOST_MISSING);
	assert_string_equal(rule_at("/etc/key")->written, "/ws/a/key");
	assert_int_equal(scene.policy->link_count, 2);
	assert_true(is_among(scene.policy->links, scene.policy->link_count, "/ws/a"));
	assert_true(is_among(scene.policy->links, scene.policy->link_count, "/ws/src/b"));
}

static void dangling_link_is_a_rule_about_its_target(void **state)
{
	resolve(HOST "l /ws/a -> gone/b\n", WORK "'/ws/a' = 'deny'\n");
	has("/ws/gone/b", DENY, RULE_PATH, HOST_MISSING);
}

static void link_to_its_own_directory_is_that_directory(void **state)
{
	resolve(HOST "d /data/x\nl /data/cur -> .\n", PROFILE "'/data/cur' = 'write'\n");
	has("/data", WRITE, RULE_PATH, HOST_DIRECTORY);
	gives("/data/.codex", READ);
	gives("/data/x", WRITE);
}

static void link_through_what_is_missing_is_a_rule_about_where_it_would_lead(void **state)
{
	resolve(HOST "l /ws/a -> gone/../key\nf /ws/key\n", WORK "'/ws/a' = 'deny'\n");
	has("/ws/key", DENY, RULE_PATH, HOST_FILE);
}

static void link_in_a_circle_names_rule_and_link(void **state)
{
	is_refused(HOST "l /ws/a -> b\nl /ws/b -> a\n", WORK "'/ws/a' = 'deny'\n", ELOOP,
		   "\"/ws/a\" = \"deny\": /ws/a: too many symbolic links");
}

struct canonical_row { const char *path, *canonical; enum host_type type; };

static void paths_are_followed_as_the_kernel_does(void **state)
{
	static const struct canonical_row rows[] = {
		{ "/",				"/",			HOST_DIRECTORY },
		{ "//a///b/",			"/a/b",			HOST_DIRECTORY },
		{ "/a/./b/.",			"/a/b",			HOST_DIRECTORY },
		{ "/a/b/..",			"/a",			HOST_DIRECTORY },
		{ "/..",			"/",			HOST_DIRECTORY },
		{ "/../../a",			"/a",			HOST_DIRECTORY },
		{ "/relative",			"/a/b",			HOST_DIRECTORY },
		{ "/relative/..",		"/a",			HOST_DIRECTORY },
		{ "/relative/file",		"/a/b/file",		HOST_FILE },
		{ "/a/absolute/file",		"/a/b/file",		HOST_FILE },
		{ "/a/up/file",			"/a/b/file",		HOST_FILE },
		{ "/a/twice/file",		"/a/b/file",		HOST_FILE },
		{ "/a/to-root/etc/x",		"/etc/x",		HOST_FILE },
		{ "/a/here",			"/a",			HOST_DIRECTORY },
		{ "/a/here/b/file",		"/a/b/file",		HOST_FILE },
		{ "/a/b/back",			"/a",			HOST_DIRECTORY },
		{ "/a/top",			"/",			HOST_DIRECTORY },
		{ "/a/none",			"/a/none",		HOST_MISSING },
		{ "/a/none/b/c",		"/a/none/b/c",		HOST_MISSING },
		{ "/relative/none/c",		"/a/b/none/c",		HOST_MISSING },
		{ "/a/b/file/below",		"/a/b/file/below",	HOST_MISSING },
		{ "/dangling",			"/a/gone",		HOST_MISSING },
		{ "/dangling/c",		"/a/gone/c",		HOST_MISSING },
		{ "/closed/in",			"/closed/in",		HOST_MISSING },
	};
	struct arena arena = { 0 };

	assert_int_equal(scene_read(&scene, "d /a/b\nf /a/b/file\nf /etc/x\nl /relative -> a/b\nl /a/absolute -> /a/b\n"
				    "l /a/up -> ../a/./b/\nl /a/twice -> absolute\nl /a/to-root -> ../..\n"
				    "l /dangling -> a/gone\n"
				    "x /closed\nd /closed/in\nl /a/here -> .\nl /a/b/back -> ..\n"
				    "l /a/top -> /\n", NULL, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct host_entry entry;
		const char *path;

		assert_int_equal(path_canonical(&arena, &scene.fake.host, rows[i].path, &path, &entry, NULL), 0);
		if (strcmp(path, rows[i].canonical) != 0 || entry.type != rows[i].type)
			fail_msg("%s: %s, type %d", rows[i].path, path, (int)entry.type);
	}
	arena_done(&arena);
}

static void too_many_links_are_an_error(void **state)
{
	struct text host = { 0 };
	struct arena arena = { 0 };
	struct host_entry entry;
	const char *path;

	text_add(&host, "l /loop -> loop\nl /into -> into/x\nd /l0\nl /gone1 -> none/../gone1\nl /gone2 -> gone1\n");
	for (int i = 1; i <= 41; i++)
		text_printf(&host, "l /l%d -> l%d\n", i, i - 1);
	assert_int_equal(scene_read(&scene, host.bytes, NULL, NULL), 0);
	assert_int_equal(path_canonical(&arena, &scene.fake.host, "/loop", &path, &entry, &scene.err), -ELOOP);
	assert_string_equal(scene.err.message, "/loop: too many symbolic links");
	assert_int_equal(path_canonical(&arena, &scene.fake.host, "/into", &path, &entry, NULL), -ELOOP);
	assert_int_equal(path_canonical(&arena, &scene.fake.host, "/gone1", &path, &entry, NULL), -ELOOP);
	assert_int_equal(path_canonical(&arena, &scene.fake.host, "/gone2", &path, &entry, NULL), -ELOOP);
	assert_int_equal(path_canonical(&arena, &scene.fake.host, "/l41", &path, &entry, NULL), -ELOOP);
	assert_int_equal(path_canonical(&arena, &scene.fake.host, "/l40", &path, &entry, NULL), 0);
	assert_string_equal(path, "/l0");
	arena_done(&arena);
	text_done(&host);
}

static void path_without_links_costs_one_lookup(void **state)
{
	struct arena arena = { 0 };
	struct host_entry entry;
	const char *path;

	assert_int_equal(scene_read(&scene, "d /a/b/c/d\n", NULL, NULL), 0);
	assert_int_equal(path_canonical(&arena, &scene.fake.host, "/a/b/c/d", &path, &entry, NULL), 0);
	assert_int_equal(path_canonical(&arena, &scene.fake.host, "/a/b/none", &path, &entry, NULL), 0);
	assert_int_equal(scene.fake.lookups, 2);
	arena_done(&arena);
}

/* --- protected names ---------------------------------------------------------------------------------------------- */

static const char *const tops[] = { ".agents", ".aws", ".bawn", ".claude", ".codex", ".git" };

static void protected_names_are_closed_whether_they_exist_or_not(void **state)
{
	char path[64];

	resolve(HOST "d /ws/.codex\nf /ws/.bawn\nd /ws/.git/hooks\n", WORK);
	for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
		snprintf(path, sizeof(path), "/ws/%s", tops[i]);
		gives(path, READ);
		snprintf(path, sizeof(path), "/ws/%s/x", tops[i]);
		gives(path, READ);
	}
	has("/ws/.codex", READ, RULE_PROTECTED, HOST_DIRECTORY);
	has("/ws/.bawn", READ, RULE_PROTECTED, HOST_FILE);
	has("/ws/.git", READ, RULE_PROTECTED, HOST_DIRECTORY);
	has("/ws/.aws", READ, RULE_PROTECTED, HOST_MISSING);
	gives("/ws/.gitignore", WRITE);
	gives("/ws/src/.codex", WRITE);		/* only at the top */
	assert_int_equal(rule_at("/ws/.aws")->origin.line, 3);
	assert_non_null(strstr(rule_at("/ws/.codex")->label, "protected name \".codex\""));
}

static void explicit_write_reopens_a_protected_name(void **state)
{
	resolve(HOST "d /ws/.codex\nd /ws/.git/hooks\nd /ws/.git/objects\n",
		WORK "'/ws/.codex' = 'write'\n'/ws/.aws' = 'write'\n'/ws/.git/objects' = 'write'\n");
	gives("/ws/.codex/x", WRITE);
	gives("/ws/.aws", WRITE);
	gives("/ws/.git/objects/ab", WRITE);
	gives("/ws/.git/hooks", READ);
	gives("/ws/.claude", READ);
	has_none("/ws/.codex/.git");		/* reopened: no writable root of its own */
	has_none("/ws/.git/objects/.git");
}

static void reopened_git_opens_its_pointers_directory_not_by_itself(void **state)
{
	resolve(HOST "d /ws/.git/hooks\n", WORK "'/ws/.git' = 'write'\n");
	gives("/ws/.git/hooks/x", WRITE);
	gives("/ws/.codex", READ);
}

static void nested_writable_roots_each_have_protected_names(void **state)
{
	resolve(HOST "d /ws/src/in\n", WORK "'/ws/src' = 'read'\n'/ws/src/in' = 'write'\n'/ws/b' = 'write'\n");
	has("/ws/src/in/.codex", READ, RULE_PROTECTED, HOST_MISSING);
	has("/ws/src/in/.git", READ, RULE_PROTECTED, HOST_MISSING);
	has_none("/ws/src/.codex");		/* read-only anyway */
	has_none("/ws/b/.codex");		/* not there */
}

static void protected_name_that_is_a_link_is_closed_at_both_ends(void **state)
{
	resolve(HOST "d /ws/dot\nl /ws/.codex -> dot\n", WORK);
	has("/ws/dot", READ, RULE_PROTECTED, HOST_DIRECTORY);
	assert_string_equal(rule_at("/ws/dot")->written, "/ws/.codex");
	assert_true(is_among(scene.policy->links, scene.policy->link_count, "/ws/.codex"));
	assert_true(is_among(scene.plan->pins, scene.plan->pin_count, "/ws/.codex"));
	gives("/ws/dot/config.toml", READ);
}

static void protected_name_that_is_a_dangling_link_is_closed(void **state)
{
	resolve(HOST "l /ws/.codex -> src/none\n", WORK);
	has("/ws/src/none", READ, RULE_PROTECTED, HOST_MISSING);
	assert_true(is_among(scene.policy->links, scene.policy->link_count, "/ws/.codex"));
}

static void protected_names_follow_the_case_of_their_directory(void **state)
{
	resolve("cwd /ws\nnocase /ws\nd /tmp\n", NULL);
	assert_true(scene.policy->any_nocase);
	gives("/ws/.GIT/hooks", READ);
	gives("/ws/.Codex", READ);
	gives("/tmp/.GIT", WRITE);
	gives("/tmp/.git", READ);
	resolve("cwd /ws\nnocase /ws\nd /ws/.GIT/hooks\n", NULL);
	has("/ws/.git", READ, RULE_PROTECTED, HOST_DIRECTORY);
	gives("/ws/.GIT/hooks", READ);
	resolve("cwd /ws\nd /ws\nd /tmp\n", NULL);
	assert_false(scene.policy->any_nocase);
	gives("/ws/.GIT", WRITE);
}

static void pointer_of_a_linked_worktree_closes_both_directories(void **state)
{
	resolve(HOST "f /ws/.git = gitdir: /home/u/main/.git/worktrees/ws\n"
		"f /home/u/main/.git/worktrees/ws/commondir = ../..\n"
		"d /home/u/main/.git/hooks\n", WORK "'/home/u/main' = 'write'\n");
	has("/ws/.git", READ, RULE_PROTECTED, HOST_FILE);
	gives("/home/u/main/.git/worktrees/ws/config.worktree", READ);
	gives("/home/u/main/.git/hooks", READ);
	gives("/home/u/main/src", WRITE);
}

static void pointer_into_a_writable_place_is_closed(void **state)
{
	resolve(HOST "f /ws/.git = gitdir: src/real.git\nd /ws/src/real.git/hooks\n"
		"f /ws/src/real.git/commondir = ../common\n"
		"d /ws/src/common/hooks\n", WORK);
	has("/ws/.git", READ, RULE_PROTECTED, HOST_FILE);
	has("/ws/src/real.git", READ, RULE_PROTECTED, HOST_DIRECTORY);
	has("/ws/src/common", READ, RULE_PROTECTED, HOST_DIRECTORY);
	gives("/ws/src/a", WRITE);
}

static void pointer_of_a_submodule_closes_its_directory(void **state)
{
	resolve(HOST "d /ws/.git/modules/sub\nf /ws/.git/modules/sub/HEAD\n"
		"f /ws/sub/.git = gitdir: ../.git/modules/sub\n", WORK);
	gives("/ws/sub/.git", READ);
	gives("/ws/.git/modules/sub/config", READ);
	gives("/ws/sub/file", WRITE);
}

static void pointer_that_is_none_is_just_a_file(void **state)
{
	resolve(HOST "f /ws/.git = nonsense\n", WORK);
	has("/ws/.git", READ, RULE_PROTECTED, HOST_FILE);
	resolve(HOST "f /ws/.git = gitdir: /nowhere\n", WORK);
	has("/ws/.git", READ, RULE_PROTECTED, HOST_FILE);
	resolve(HOST "f /ws/.git\n", WORK);
	has("/ws/.git", READ, RULE_PROTECTED, HOST_FILE);
	resolve(HOST "f /ws/.git = gitdir:\n", WORK);
	has("/ws/.git", READ, RULE_PROTECTED, HOST_FILE);
	assert_int_equal(count_kind(RULE_PROTECTED), ARRAY_SIZE(tops));
}

/* --- the home directory ------------------------------------------------------------------------------------------- */

static const char *const at_home[] = {
	".bashrc", ".profile", ".ssh", ".config/systemd", ".config/autostart", ".local/bin", ".zshenv", ".gitconfig",
};

static void home_gives(const char *home, enum access access)
{
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(at_home); i++) {
		snprintf(path, sizeof(path), "%s/%s", home, at_home[i]);
		gives(path, access);
	}
}

static void writable_home_keeps_what_a_login_executes(void **state)
{
	resolve("cwd /home/u\nhome /home/u\nd /home/u/.ssh\nf /home/u/.bashrc\n", WORK);
	home_gives("/home/u", READ);
	has("/home/u/.ssh", READ, RULE_PROTECTED, HOST_DIRECTORY);
	has("/home/u/.bashrc", READ, RULE_PROTECTED, HOST_FILE);
	has("/home/u/.profile", READ, RULE_PROTECTED, HOST_MISSING);
	gives("/home/u/notes", WRITE);
	gives("/home/u/.config/other", WRITE);
	assert_string_equal(rule_at("/home/u/.ssh")->origin.file, "always");
}

static void root_around_home_keeps_what_a_login_executes(void **state)
{
	resolve("cwd /home\nhome /home/u\nd /home/u\nd /home/v\n", WORK);
	home_gives("/home/u", READ);
	home_gives("/home/v", WRITE);		/* another's: its files are not the caller's to write */
	resolve("cwd /\nhome /home/u\nd /home/u\n", "[permissions.t.filesystem]\n':root' = 'write'\n");
	home_gives("/home/u", READ);
	gives("/home/u/x", WRITE);
}

static void home_behind_a_link_is_kept_at_its_target(void **state)
{
	resolve("cwd /data\nhome /home/u\nl /home/u -> /data/u\nd /data/u\n", WORK);
	home_gives("/data/u", READ);
}

static void home_spelt_oddly_is_still_the_home_directory(void **state)
{
	static const char *const spellings[] = { "/home/u/", "/home//u", "//home/u", "/home/./u", "/home/x/../u",
						 "/home/u/x/.." };
	char host[128];

	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		snprintf(host, sizeof(host), "cwd /home/u\nhome %s\nd /home/x\nd /home/u/x\n", spellings[i]);
		resolve(host, WORK);
		home_gives("/home/u", READ);
	}
}

static void home_outside_every_root_needs_no_rules(void **state)
{
	resolve(HOST, WORK);
	home_gives("/home/u", READ);
	has_none("/home/u/.bashrc");
	resolve("cwd /ws\nd /ws\n", WORK);	/* none */
}

static void home_entries_are_reopened_by_name(void **state)
{
	resolve("cwd /home/u\nhome /home/u\nd /home/u/.ssh\nd /home/u/.local/bin\n",
		WORK "'~/.local/bin' = 'write'\n'~/.ssh/known_hosts' = 'write'\n");
	gives("/home/u/.local/bin/x", WRITE);
	gives("/home/u/.ssh/known_hosts", WRITE);
	gives("/home/u/.ssh/config", READ);
}

/* --- nested repositories ------------------------------------------------------------------------------------------ */

static void nested_repositories_are_closed(void **state)
{
	resolve(HOST "d /ws/a/.git/hooks\nd /ws/a/b/c/.git\nf /ws/w/.git = gitdir: ../real\nd /ws/real\n", WORK);
	has("/ws/a/.git", READ, RULE_PROTECTED, HOST_DIRECTORY);
	has("/ws/a/b/c/.git", READ, RULE_PROTECTED, HOST_DIRECTORY);
	has("/ws/w/.git", READ, RULE_PROTECTED, HOST_FILE);
	has("/ws/real", READ, RULE_PROTECTED, HOST_DIRECTORY);
	has_none("/ws/src/.git");		/* no repository there */
	assert_string_equal(rule_at("/ws/a/.git")->origin.file, "always");
}

/* The search of /tmp ends long before it comes to a workspace among many other directories. */
static void a_workspace_in_another_writable_directory_is_searched_for_itself(void **state)
{
	struct text host = { 0 };

	text_add(&host, "cwd /tmp/work/ws\nd /tmp/work/ws/nest/.git\nd /tmp/work/ws/a/b/nest/.git\n");
	for (int i = 0; i < 200; i++)
		text_printf(&host, "d /tmp/other%03d/x\n", i);
	resolve(host.bytes, "[permissions.t]\nextends = ':workspace'\n");
	has("/tmp/work/ws/nest/.git", READ, RULE_PROTECTED, HOST_DIRECTORY);
	has("/tmp/work/ws/a/b/nest/.git", READ, RULE_PROTECTED, HOST_DIRECTORY);
	text_done(&host);
}

/* The command may have left one behind: that must not stop the next start. */
static void nested_git_that_is_a_link_in_a_circle_is_passed_over(void **state)
{
	resolve(HOST "d /ws/nest\nl /ws/nest/.git -> .git\n", WORK);
	gives("/ws/nest/a", WRITE);
}

static void repositories_below_the_bound_are_left_out_and_noted(void **state)
{
	resolve(HOST "d /ws/1/2/3/4/.git\n", WORK);
	has_none("/ws/1/2/3/4/.git");
	notes("/ws: nested repositories were looked for in 5 directories, at most 3 levels deep\n");
}

static void search_for_repositories_ends_after_many_entries(void **state)
{
	struct text host = { 0 };

	text_add(&host, HOST);
	for (int i = 0; i < 3000; i++)
		text_printf(&host, "f /ws/f%04d\n", i);
	text_add(&host, "d /ws/z/.git\n");
	resolve(host.bytes, WORK);
	notes("/ws: nested repositories were looked for in ");
	text_done(&host);
}

static void search_for_repositories_ends_after_many_directories(void **state)
{
	struct text host = { 0 };

	text_add(&host, HOST);
	for (int i = 0; i < 400; i++)
		text_printf(&host, "d /ws/d%03d\n", i);
	resolve(host.bytes, WORK);
	notes("directories, at most 3 levels deep\n");
	if (lookups > 300)
		fail_msg("%lu lookups", lookups);
	text_done(&host);
}

static void no_search_where_nothing_is_writable(void **state)
{
	resolve(HOST "d /ws/1/2/3/4/.git\n", PROFILE);
	no_notes();
	assert_int_equal(count_kind(RULE_PROTECTED), 0);
}

/* --- .git = "commit" ---------------------------------------------------------------------------------------------- */

#define COMMIT	PROFILE "[permissions.t.filesystem.':workspace_roots']\n'.' = 'write'\n'.git' = 'commit'\n"

static const char *const git_open[] = { "index", "HEAD", "objects/ab/cd", "refs/heads/main", "logs/HEAD", "FETCH_HEAD",
					"info/exclude" };
static const char *const git_closed[] = {
	"hooks", "hooks/pre-commit", "config", "config.worktree", "info/attributes", "commondir", "gitdir",
	"objects/info/alternates", "objects/info/http-alternates", "rebase-merge/git-rebase-todo", "rebase-apply",
	"sequencer/todo",
};

static void git_gives(const char *directory, const char *const *names, size_t count, enum access access)
{
	char path[256];

	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		gives(path, access);
	}
}

static void commit_opens_data_and_keeps_what_git_obeys(void **state)
{
	resolve(HOST "d /ws/.git/hooks\nf /ws/.git/config\nd /ws/.git/objects\n", COMMIT);
	git_gives("/ws/.git", git_open, ARRAY_SIZE(git_open), WRITE);
	git_gives("/ws/.git", git_closed, ARRAY_SIZE(git_closed), READ);
	has("/ws/.git/hooks", READ, RULE_GIT, HOST_DIRECTORY);
	has("/ws/.git/config.worktree", READ, RULE_GIT, HOST_MISSING);
	has_none("/ws/.git/.codex");
	assert_non_null(strstr(rule_at("/ws/.git/hooks")->label, "executed by git"));
}

static void commit_in_a_linked_worktree_opens_the_common_directory(void **state)
{
	static const char *const pointers[] = { "commondir", "gitdir", "config.worktree" };

	resolve("cwd /tree\nf /tree/.git = gitdir: /main/.git/worktrees/tree\n"
		"f /main/.git/worktrees/tree/commondir = ../..\n"
		"f /main/.git/worktrees/tree/gitdir = /tree/.git\nd /main/.git/worktrees/other\nd /main/.git/hooks\n"
		"d /main/.git/objects\n", COMMIT);
	gives("/tree/.git", READ);
	gives("/tree/.git/x", READ);
	git_gives("/main/.git", git_open, ARRAY_SIZE(git_open), WRITE);
	git_gives("/main/.git", git_closed, ARRAY_SIZE(git_closed), READ);
	git_gives("/main/.git/worktrees/tree", git_open, ARRAY_SIZE(git_open), WRITE);
	git_gives("/main/.git/worktrees/tree", pointers, ARRAY_SIZE(pointers), READ);
	git_gives("/main/.git/worktrees/other", pointers, ARRAY_SIZE(pointers), READ);
	gives("/main/file", READ);
}

static void commit_keeps_the_settings_of_modules(void **state)
{
	resolve(HOST "d /ws/.git/hooks\nf /ws/.git/modules/sub/HEAD\nf /ws/.git/modules/deep/er/HEAD\n"
		"f /ws/.git/modules/sub/modules/inner/HEAD\n", COMMIT);
	git_gives("/ws/.git/modules/sub", git_closed, ARRAY_SIZE(git_closed), READ);
	git_gives("/ws/.git/modules/deep/er", git_closed, ARRAY_SIZE(git_closed), READ);
	git_gives("/ws/.git/modules/sub/modules/inner", git_closed, ARRAY_SIZE(git_closed), READ);
	git_gives("/ws/.git/modules/sub", git_open, ARRAY_SIZE(git_open), WRITE);
}

static void commit_in_a_submodule_opens_its_own_directory(void **state)
{
	resolve("cwd /ws/sub\nf /ws/sub/.git = gitdir: ../.git/modules/sub\nf /ws/.git/modules/sub/HEAD\n"
		"d /ws/.git/hooks\n", COMMIT);
	git_gives("/ws/.git/modules/sub", git_open, ARRAY_SIZE(git_open), WRITE);
	git_gives("/ws/.git/modules/sub", git_closed, ARRAY_SIZE(git_closed), READ);
	gives("/ws/.git/hooks", READ);
	gives("/ws/.git/objects", READ);
}

static void commit_without_a_repository_opens_nothing(void **state)
{
	resolve(HOST, COMMIT);
	has("/ws/.git", READ, RULE_PROTECTED, HOST_MISSING);
	gives("/ws/.git/objects", READ);
}

static void modules_too_deep_are_noted(void **state)
{
	resolve(HOST "d /ws/.git/modules/1/2/3/4/5/6\n", COMMIT);
	notes("submodules were looked for 4 levels deep\n");
}

/* --- deny globs --------------------------------------------------------------------------------------------------- */

static void matches_are_rules_of_their_own(void **state)
{
	resolve(HOST "f /ws/.env\nf /ws/src/.env\nd /ws/secrets/deep\nf /ws/secrets/deep/a\n",
		PROFILE "[permissions.t.filesystem.':workspace_roots']\n'.' = 'write'\n'**/.env' = 'deny'\n"
			"'**/secrets' = 'deny'\n");
	has("/ws/.env", DENY, RULE_MATCH, HOST_FILE);
	has("/ws/src/.env", DENY, RULE_MATCH, HOST_FILE);
	has("/ws/secrets", DENY, RULE_MATCH, HOST_DIRECTORY);
	has_none("/ws/secrets/deep");
	gives("/ws/secrets/deep/a", DENY);
	gives("/ws/later/.env", DENY);
	assert_int_equal(count_kind(RULE_MATCH), 3);
	assert_int_equal(rule_at("/ws/src/.env")->origin.line, 5);
}

static void hard_links_of_a_match_are_denied_by_their_object(void **state)
{
	resolve(HOST "f /ws/a/.env #5\nf /ws/src/other #5\nf /ws/src/alone #6\nf /etc/elsewhere #5\n",
		PROFILE "[permissions.t.filesystem.':workspace_roots']\n'.' = 'write'\n'**/.env' = 'deny'\n");
	has("/ws/src/other", DENY, RULE_MATCH, HOST_FILE);
	gives("/ws/src/alone", WRITE);
}

static void base_with_glob_characters_is_literal(void **state)
{
	resolve("cwd /[ws]*\nd /[ws]*/a\nf /[ws]*/a/.env\nf /w/a/.env\n",
		PROFILE "[permissions.t.filesystem.':workspace_roots']\n'.' = 'write'\n'**/.env' = 'deny'\n");
	has("/[ws]*/a/.env", DENY, RULE_MATCH, HOST_FILE);
	gives("/[ws]*/new/.env", DENY);
	gives("/w/a/.env", READ);
}

static void absolute_glob_behind_a_link_matches_the_target(void **state)
{
	resolve(HOST "l /link -> /ws\nf /ws/src/a.key\n", WORK "'/link/**/*.key' = 'deny'\n");
	has("/ws/src/a.key", DENY, RULE_MATCH, HOST_FILE);
	gives("/ws/b.key", DENY);
}

static void glob_depth_bounds_the_search_and_is_noted(void **state)
{
	resolve(HOST "f /ws/1/.env\nf /ws/1/2/.env\n",
		PROFILE "glob_scan_max_depth = 2\n[permissions.t.filesystem.':workspace_roots']\n'.' = 'write'\n"
			"'**/.env' = 'deny'\n");
	has("/ws/1/.env", DENY, RULE_MATCH, HOST_FILE);
	has_none("/ws/1/2/.env");
	gives("/ws/1/2/.env", DENY);
	notes("deny globs: looked 2 levels deep (glob_scan_max_depth)\n");
}

static void glob_does_not_follow_links_nor_enter_kernel_trees(void **state)
{
	resolve(HOST "l /ws/out -> /etc\nf /etc/.env\nf /proc/1/.env\nf /sys/.env\nf /dev/.env\n", WORK
		"'/**/.env' = 'deny'\n");
	has("/etc/.env", DENY, RULE_MATCH, HOST_FILE);
	has_none("/ws/out/.env");
	has_none("/proc/1/.env");
	has_none("/sys/.env");
}

static void glob_looks_only_where_it_can_match(void **state)
{
	struct text host = { 0 };
	unsigned long without;

	text_add(&host, HOST "f /ws/only/a.key #5\nf /ws/only/b #5\n");
	for (int i = 0; i < 200; i++)
		text_printf(&host, "f /ws/src/d%d/x\n", i);
	resolve(host.bytes, PROFILE);
	without = lookups;
	resolve(host.bytes, PROFILE "'/ws/only/*.key' = 'deny'\n");
	has("/ws/only/a.key", DENY, RULE_MATCH, HOST_FILE);
	has("/ws/only/b", DENY, RULE_MATCH, HOST_FILE);
	assert_true(lookups < without + 10);
	text_done(&host);
}

static void glob_denies_whatever_else_matches(void **state)
{
	resolve(HOST "f /ws/src/a.key\nf /ws/src/b\n", WORK "'/ws/**/*.key' = 'deny'\n'/ws/src' = 'write'\n"
		"'/ws/src/a.key' = 'write'\n");
	gives("/ws/src/a.key", DENY);
	gives("/ws/src/b", WRITE);
}

static void entry_below_a_matching_directory_stays_denied(void **state)
{
	resolve(HOST "d /ws/secrets/open\nf /ws/secrets/open/a\n", WORK "'/ws/**/secrets' = 'deny'\n"
		"'/ws/secrets/open' = 'write'\n");
	gives("/ws/secrets/open/a", DENY);
}

/* --- the system's places ------------------------------------------------------------------------------------------ */

static void devices_and_processes_are_the_boxs_own(void **state)
{
	resolve(HOST, NULL);
	has("/dev", READ, RULE_SYSTEM, HOST_OTHER);
	has("/dev/shm", WRITE, RULE_SYSTEM, HOST_OTHER);
	has("/proc/sys", READ, RULE_SYSTEM, HOST_OTHER);
	has("/proc/sysrq-trigger", DENY, RULE_SYSTEM, HOST_OWNED);
	gives("/dev/null", WRITE);
	gives("/dev", READ);
	gives("/dev/sda", DENY);
	gives("/proc/sys/kernel/core_pattern", READ);
	gives("/proc/self/oom_score_adj", WRITE);
	gives("/sys/firmware/efi", DENY);
}

static void root_gets_masks_where_others_need_none(void **state)
{
	resolve(HOST "uid 0\n", NULL);
	has("/proc/sysrq-trigger", DENY, RULE_SYSTEM, HOST_OTHER);
	has("/proc/kcore", DENY, RULE_SYSTEM, HOST_OTHER);
}

static void macos_has_places_of_its_own(void **state)
{
	try_to_resolve_with(HOST "platform macos\n", NULL, NULL, 0);
	assert_int_equal(policy_rule_at(scene.policy, "/proc"), -1);
	assert_int_equal(policy_rule_at(scene.policy, "/dev"), -1);
	has("/dev/null", WRITE, RULE_SYSTEM, HOST_DEVICE);
	has("/ws", WRITE, RULE_PATH, HOST_DIRECTORY);
}

static void macos_denies_in_any_case_where_a_volume_has_none(void **state)
{
	static const char toml[] = "[permissions.t.filesystem]\n':root' = 'write'\n'/ws/Secret' = 'deny'\n'/ws/**/*.Key' = 'deny'\n"
				   "'/other/Secret' = 'deny'\n";
	struct decision decision;

	try_to_resolve_with("platform macos\nnocase /ws\nd /ws\nd /other\n", toml, NULL, 0);
	policy_decide(scene.policy, OPERATION_READ, "/ws/SECRET/x", &decision);
	assert_false(decision.allowed);
	policy_decide(scene.policy, OPERATION_READ, "/ws/a/B.KEY", &decision);
	assert_false(decision.allowed);
	policy_decide(scene.policy, OPERATION_READ, "/other/SECRET", &decision);
	assert_true(decision.allowed);
}

static void entry_that_says_what_is_so_anyway_is_taken(void **state)
{
	resolve(HOST, WORK "'/dev/null' = 'write'\n'/dev/urandom' = 'read'\n'/proc' = 'read'\n'/dev/shm' = 'write'\n"
		"'/dev' = 'read'\n");
	assert_int_equal(scene.policy->unenforced_count, 0);
	has("/dev/urandom", WRITE, RULE_SYSTEM, HOST_OTHER);
}

static void entry_that_asks_for_more_is_unenforced(void **state)
{
	resolve(HOST "c /dev/kvm\n", WORK "'/dev/kvm' = 'write'\n'/dev/null' = 'deny'\n'/proc/sys' = 'write'\n"
		"'/proc/1' = 'read'\n");
	assert_int_equal(scene.policy->unenforced_count, 3);
	assert_string_equal(scene.policy->unenforced[0].name, "/dev/null");
	has("/dev/kvm", WRITE, RULE_DEVICE, HOST_DEVICE);
	gives("/proc/sys/x", READ);
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

static void bound_sockets_are_closed(void **state)
{
	resolve(HOST "bound /run/docker.sock\nbound /tmp/x11\n", WORK);
	assert_int_equal(scene.policy->socket_count, 2);
	assert_string_equal(scene.policy->sockets[0], "/run/docker.sock");
	assert_string_equal(scene.policy->sockets[1], "/tmp/x11");
}

static void caller_is_remembered(void **state)
{
	resolve(HOST "uid 7\ngid 8\n", WORK);
	assert_int_equal(scene.policy->uid, 7);
	assert_int_equal(scene.policy->gid, 8);
	assert_string_equal(scene.policy->cwd, "/ws");
	assert_int_equal(scene.policy->platform, PLATFORM_LINUX);
}

static void ten_thousand_rules_resolve_quickly(void **state)
{
	struct text host = { 0 }, toml = { 0 };
	clock_t start;

	text_add(&host, HOST);
	text_add(&toml, WORK);
	for (int i = 0; i < 10000; i++) {
		text_printf(&host, "d /ws/src/d%d/e\n", i);
		text_printf(&toml, "'/ws/src/d%d/e' = '%s'\n", i, i % 3 ? "read" : "deny");
	}
	assert_int_equal(scene_read(&scene, host.bytes, toml.bytes, NULL), 0);
	start = clock();
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 0.5);		/* measured: 0.02, sanitizers 0.1 */
	assert_true(scene.policy->count > 10000);
	start = clock();
	assert_int_equal(scene_plan(&scene, &scene_features), 0);
	assert_int_equal(scene_lower(&scene), 0);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 0.5);
	text_done(&host);
	text_done(&toml);
}

static void many_globs_over_many_files_are_one_pass(void **state)
{
	struct text host = { 0 }, toml = { 0 };
	clock_t start;

	text_add(&host, HOST);
	for (int i = 0; i < 5000; i++)
		text_printf(&host, "f /ws/src/d%d/f%d\n", i / 50, i);
	text_add(&toml, PROFILE "[permissions.t.filesystem.':workspace_roots']\n'.' = 'write'\n");
	for (int i = 0; i < 20; i++)
		text_printf(&toml, "'**/f%d' = 'deny'\n", i);
	assert_int_equal(scene_read(&scene, host.bytes, toml.bytes, NULL), 0);
	start = clock();
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 2);
	assert_int_equal(count_kind(RULE_MATCH), 20);
	text_done(&host);
	text_done(&toml);
}

#define T(name) cmocka_unit_test_teardown(name, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(tokens_become_places),
		T(workspace_is_the_built_in_of_its_name),
		T(home_token_is_the_home_directory),
		T(tmpdir_counts_only_when_absolute),
		T(minimal_grants_what_is_there),
		T(resolver_file_is_granted_through_its_link),
		T(roots_are_cwd_and_add_dir_and_those_of_the_profile),
		T(sub_paths_hold_in_every_root),
		T(of_equal_paths_the_strictest_word_stays),
		T(workspace_at_the_temporary_directory_is_one_rule),
		T(what_is_missing_keeps_its_path),
		T(file_socket_and_device_are_paths_too),
		T(deleted_working_directory_is_one_line),
		T(add_dir_stands_in_for_a_deleted_working_directory),
		T(full_access_has_no_rules),
		T(workspace_behind_a_link_is_its_target),
		T(rule_through_links_stands_at_the_object),
		T(dangling_link_is_a_rule_about_its_target),
		T(link_to_its_own_directory_is_that_directory),
		T(link_through_what_is_missing_is_a_rule_about_where_it_would_lead),
		T(link_in_a_circle_names_rule_and_link),
		T(paths_are_followed_as_the_kernel_does),
		T(too_many_links_are_an_error),
		T(path_without_links_costs_one_lookup),
		T(protected_names_are_closed_whether_they_exist_or_not),
		T(explicit_write_reopens_a_protected_name),
		T(reopened_git_opens_its_pointers_directory_not_by_itself),
		T(nested_writable_roots_each_have_protected_names),
		T(protected_name_that_is_a_link_is_closed_at_both_ends),
		T(protected_name_that_is_a_dangling_link_is_closed),
		T(protected_names_follow_the_case_of_their_directory),
		T(pointer_of_a_linked_worktree_closes_both_directories),
		T(pointer_into_a_writable_place_is_closed),
		T(pointer_of_a_submodule_closes_its_directory),
		T(pointer_that_is_none_is_just_a_file),
		T(writable_home_keeps_what_a_login_executes),
		T(root_around_home_keeps_what_a_login_executes),
		T(home_behind_a_link_is_kept_at_its_target),
		T(home_spelt_oddly_is_still_the_home_directory),
		T(home_outside_every_root_needs_no_rules),
		T(home_entries_are_reopened_by_name),
		T(nested_repositories_are_closed),
		T(a_workspace_in_another_writable_directory_is_searched_for_itself),
		T(nested_git_that_is_a_link_in_a_circle_is_passed_over),
		T(repositories_below_the_bound_are_left_out_and_noted),
		T(search_for_repositories_ends_after_many_entries),
		T(search_for_repositories_ends_after_many_directories),
		T(no_search_where_nothing_is_writable),
		T(commit_opens_data_and_keeps_what_git_obeys),
		T(commit_in_a_linked_worktree_opens_the_common_directory),
		T(commit_keeps_the_settings_of_modules),
		T(commit_in_a_submodule_opens_its_own_directory),
		T(commit_without_a_repository_opens_nothing),
		T(modules_too_deep_are_noted),
		T(matches_are_rules_of_their_own),
		T(hard_links_of_a_match_are_denied_by_their_object),
		T(base_with_glob_characters_is_literal),
		T(absolute_glob_behind_a_link_matches_the_target),
		T(glob_depth_bounds_the_search_and_is_noted),
		T(glob_does_not_follow_links_nor_enter_kernel_trees),
		T(glob_looks_only_where_it_can_match),
		T(glob_denies_whatever_else_matches),
		T(entry_below_a_matching_directory_stays_denied),
		T(devices_and_processes_are_the_boxs_own),
		T(root_gets_masks_where_others_need_none),
		T(macos_has_places_of_its_own),
		T(macos_denies_in_any_case_where_a_volume_has_none),
		T(entry_that_says_what_is_so_anyway_is_taken),
		T(entry_that_asks_for_more_is_unenforced),
		T(bound_sockets_are_closed),
		T(caller_is_remembered),
		T(ten_thousand_rules_resolve_quickly),
		T(many_globs_over_many_files_are_one_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
