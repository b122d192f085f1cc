/* SPDX-License-Identifier: Apache-2.0 */
/* test_profile.c — profiles as written: what is read, how a child goes over its parents, what is printed, and what a
 * profile says besides its path rules. Messages of refused files: tests/cases/errors. */
#include "policy/internal.h"
#include "policy/reader.h"
#include "../profile_equal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct origin command_line = { .file = "command line" };

/* --- helpers ---------------------------------------------------------------------------------------------------------- */

static struct profiles *parse(const char *text)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct profiles *profiles = NULL;

	if (profiles_parse(text, strlen(text), "p.toml", &profiles, &err) < 0)
		fail_msg("%s", err.message);
	return profiles;
}

static struct profile *effective(struct profiles *profiles, const char *id)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct profile *profile = NULL;

	if (profile_effective(profiles, id, &profile, &err) < 0)
		fail_msg("%s", err.message);
	return profile;
}

static const struct setting *entry(const struct profile *profile, const char *name, const char *sub)
{
	for (size_t i = 0; i < profile->count; i++) {
		const struct setting *setting = &profile->settings[i];

		if (setting->key == PROFILE_FILESYSTEM && !strcmp(setting->name, name) && !strcmp(setting->sub, sub))
			return setting;
	}
	return NULL;
}

static enum access access_of(const struct profile *profile, const char *name, const char *sub)
{
	const struct setting *setting = entry(profile, name, sub);

	return setting ? setting->value.access : ACCESS_UNSET;
}

static size_t entry_count(const struct profile *profile)
{
	size_t count = 0;

	for (size_t i = 0; i < profile->count; i++)
		count += profile->settings[i].key == PROFILE_FILESYSTEM;
	return count;
}

static char *print(const struct profile *profile)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct text text = { 0 };
	char *string = NULL;

	if (profile_print(profile, &text, &err) < 0 || text_take(&text, &string, &err) < 0)
		fail_msg("%s", err.message);
	return string;
}

/* Prints the effective profile, reads that back, and compares. */
static void expect_round_trip(struct profiles *profiles, const char *id)
{
	struct profile *profile = effective(profiles, id);
	char *text = print(profile), *again;
	struct profiles *back = parse(text);
	struct profile *same = effective(back, id[0] == ':' ? id + 1 : id);

	if (!profile_equal(profile, same))
		fail_msg("read back differently:\n%s", text);
	again = print(same);
	assert_string_equal(again, text);
	assert_int_equal(back->warnings.size, 0);
	free(again);
	free(text);
	profiles_free(back);
}

static void expect_refusal(const char *text, const char *part)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct profiles *profiles = NULL;

	assert_int_equal(profiles_parse(text, strlen(text), "p.toml", &profiles, &err), -EINVAL);
	assert_null(profiles);
	if (!strstr(err.message, part))
		fail_msg("expected ...%s..., got %s", part, err.message);
}

/* --- built-ins ---------------------------------------------------------------------------------------------------------- */

static void built_in_profiles_are_there_without_a_file(void **state)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct profiles *profiles;
	struct profile *workspace;

	assert_int_equal(profiles_parse(NULL, 0, NULL, &profiles, &err), 0);
	assert_null(profiles->default_id);
	assert_string_equal(profiles->items[0].id, ":read-only");
	workspace = effective(profiles, ":workspace");
	assert_int_equal(workspace->count, 4);
	assert_int_equal(access_of(workspace, ":root", "."), ACCESS_READ);
	assert_int_equal(access_of(workspace, ":workspace_roots", "."), ACCESS_WRITE);
	assert_int_equal(access_of(workspace, ":slash_tmp", "."), ACCESS_WRITE);
	assert_int_equal(access_of(workspace, ":tmpdir", "."), ACCESS_WRITE);
	assert_string_equal(origin_text(&profiles->arena, &workspace->settings[0].origin), "built-in :workspace");
	assert_int_equal(effective(profiles, ":read-only")->count, 1);
	assert_non_null(profiles_find(profiles, ":danger-full-access"));
	profiles_free(profiles);
}

static void built_in_profiles_print_and_read_back(void **state)
{
	struct profiles *profiles = parse("");
	char *text = print(effective(profiles, ":workspace"));

	assert_string_equal(text,
		"[permissions.workspace]\n"
		"description = \"everything may be read; the workspace and temporary files written; no network\"\n"
		"\n"
		"[permissions.workspace.filesystem]\n"
		"\":root\" = \"read\"\n"
		"\":workspace_roots\" = \"write\"\n"
		"\":tmpdir\" = \"write\"\n"
		"\":slash_tmp\" = \"write\"\n");
	free(text);
	for (size_t i = 0; i < profiles->count; i++)
		expect_round_trip(profiles, profiles->items[i].id);
	profiles_free(profiles);
}

static void an_unknown_profile_names_the_nearest(void **state)
{
	struct profiles *profiles = parse("[permissions.build]\n");
	struct bawn_error err = BAWN_ERROR_INIT;
	struct profile *profile = NULL;

	assert_int_equal(profile_effective(profiles, "biuld", &profile, &err), -ENOENT);
	assert_string_equal(err.message, "no profile \"biuld\" (did you mean \"build\"?)");
	assert_int_equal(profile_effective(profiles, "elsewhere", &profile, &err), -ENOENT);
	assert_null(profile);
	profiles_free(profiles);
}

/* --- the file ------------------------------------------------------------------------------------------------------------- */

static void keys_of_other_programs_are_remarks(void **state)
{
	struct profiles *profiles = parse("model = \"o\"\nsandbox_permissions = []\napproval_policy = \"never\"\n"
					  "default_permissions = \"dev\"\n[mcp_servers.x]\ncommand = \"y\"\n"
					  "[permissions.dev]\n");

	assert_string_equal(profiles->default_id, "dev");
	assert_int_equal(profiles->default_origin.line, 4);
	assert_int_equal(profiles->default_origin.column, 23);
	assert_string_equal(profiles->remarks.bytes,
		"p.toml:1:1: \"model\" belongs to another program\n"
		"p.toml:2:1: \"sandbox_permissions\" belongs to another program\n"
		"p.toml:3:1: \"approval_policy\" belongs to another program\n"
		"p.toml:5:2: \"mcp_servers\" belongs to another program\n");
	assert_int_equal(profiles->warnings.size, 0);
	profiles_free(profiles);
}

static void keys_of_one_system_are_remarks(void **state)
{
	struct profiles *profiles = parse("[permissions.dev]\nmacos.mach_lookup = [\"com.apple.x\"]\nkernel.allow = [\"perf\"]\n");

	assert_string_equal(profiles->remarks.bytes,
		"p.toml:2:7: macos.mach_lookup has no effect on Linux\n"
		"p.toml:3:8: kernel.allow has no effect on macOS\n");
	profiles_free(profiles);
}

static void unknown_tokens_are_dropped_with_a_warning(void **state)
{
	struct profiles *profiles = parse("[permissions.dev.filesystem]\n\":tmpdri\" = \"write\"\n"
					  "\":project\" = { x = 1 }\n\":root\" = \"read\"\n");

	assert_string_equal(profiles->warnings.bytes,
		"p.toml:2:1: unknown token \":tmpdri\" (did you mean \":tmpdir\"?): ignored\n"
		"p.toml:3:1: unknown token \":project\": ignored\n");
	assert_int_equal(effective(profiles, "dev")->count, 1);
	profiles_free(profiles);
}

static void every_value_keeps_its_place(void **state)
{
	struct profiles *profiles = parse("[permissions.dev]\nextends = \":workspace\"\n[permissions.dev.filesystem]\n"
					  "  \"/srv\" = { a = \"read\",\tb = \"write\" }\n");
	const struct profile *dev = profiles_find(profiles, "dev");
	const struct setting *setting = entry(dev, "/srv", "b");

	assert_string_equal(origin_text(&profiles->arena, &setting->origin), "p.toml:4:26");
	assert_string_equal(origin_text(&profiles->arena, &dev->extends_origin), "p.toml:2:11");
	assert_string_equal(origin_text(&profiles->arena, &dev->origin), "p.toml:1:14");
	profiles_free(profiles);
}

static void settings_are_shown_as_the_user_wrote_them(void **state)
{
	static const struct { const char *line, *text; } rows[] = {
		{ "filesystem.\":tmpdir\" = \"write\"",		"\":tmpdir\" = \"write\"" },
		{ "filesystem.\"/x\" = \"none\"",		"\"/x\" = \"deny\"" },
		{ "filesystem.\"/x/**\" = \"read\"",		"\"/x/**\" = \"read\"" },
		{ "filesystem.\"/**\" = \"read\"",		"\"/**\" = \"read\"" },
		{ "filesystem.\"/x\" = { \".git\" = \"commit\" }",	"\"/x\" = { \".git\" = \"commit\" }" },
		{ "filesystem.\"/x\" = { \"**\" = \"write\" }",	"\"/x\" = { \"**\" = \"write\" }" },
		{ "filesystem.glob_scan_max_depth = 3",		NULL },
		{ "network.enabled = true",			"network.enabled = true" },
		{ "network.unix_sockets.\"/s\" = \"allow\"",	"network.unix_sockets.\"/s\" = \"allow\"" },
		{ "network.listen = [ 1, 65535 ]",		"network.listen = [1, 65535]" },
		{ "limits.memory = \"2G\"",			"limits.memory = 2147483648" },
		{ "devices.gpu = \"nvidia:0,2\"",		"devices.gpu = \"nvidia:0,2\"" },
		{ "environment.set.A = \"\\t\\\"\\u007F\"",	"environment.set.\"A\" = \"\\t\\\"\\u007F\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[256];
		struct profiles *profiles;

		snprintf(text, sizeof(text), "[permissions.dev]\n%s\n", rows[i].line);
		profiles = parse(text);
		assert_int_equal(effective(profiles, "dev")->count, 1);
		if (rows[i].text)
			assert_string_equal(setting_text(&profiles->arena, effective(profiles, "dev")->settings),
					    rows[i].text);
		expect_round_trip(profiles, "dev");
		profiles_free(profiles);
	}
}

/* --- values --------------------------------------------------------------------------------------------------------------- */

static const struct { const char *id, *section, *key; enum key_type type; } all_keys[] = {
#define KEY(id, section, key, type, layer, help) { #id, section, key, type },
#include "policy/profile.def"
#undef KEY
};

static void sample(char *line, size_t size, const char *key, const char *section, enum key_type type)
{
	static const char *const values[] = {
		[KEY_BOOL] = "true", [KEY_INTEGER] = "7", [KEY_SIZE] = "\"3K\"", [KEY_STRING] = "\"text\"",
		[KEY_STRINGS] = "[\"A\", \"B*\"]", [KEY_PORTS] = "[80, 443]", [KEY_MODE] = "\"limited\"",
		[KEY_INHERIT] = "\"core\"", [KEY_KERNEL] = "[\"perf\", \"foreign-arch\"]", [KEY_GPU] = "\"auto\"",
		[KEY_ACCESS_MAP] = "{ \".\" = \"read\", \"*.key\" = \"deny\" }", [KEY_DEVICE_MAP] = "\"write\"",
		[KEY_DECISION_MAP] = "\"deny\"", [KEY_BOOL_MAP] = "false", [KEY_STRING_MAP] = "\"value\"",
	};
	const char *name = key;

	if (key[0] == '*')
		name = type == KEY_DEVICE_MAP ? "/dev/kvm" : type == KEY_STRING_MAP ? "NAME"
		     : strcmp(section, "network.domains") == 0 ? "*.example.com" : "/srv";
	snprintf(line, size, "%s.\"%s\" = %s\n", section, name, values[type]);
}

static void every_key_is_read_and_printed(void **state)
{
	char text[8192] = "[permissions.all]\n", line[256];
	struct profiles *profiles;
	struct profile *all;
	char *printed;

	for (size_t i = 0; i < ARRAY_SIZE(all_keys); i++) {
		sample(line, sizeof(line), all_keys[i].key, all_keys[i].section, all_keys[i].type);
		strcat(text, line);
	}
	profiles = parse(text);
	all = effective(profiles, "all");
	printed = print(all);
	for (size_t i = 0; i < ARRAY_SIZE(all_keys); i++) {
		assert_non_null(profile_find(all, (enum profile_key)i, NULL));
		snprintf(line, sizeof(line), "[permissions.all.%s]\n", all_keys[i].section);
		assert_non_null(strstr(printed, line));
		if (all_keys[i].key[0] != '*')
			assert_non_null(strstr(printed, all_keys[i].key));
	}
	free(printed);
	expect_round_trip(profiles, "all");
	profiles_free(profiles);
}

static void every_key_may_be_said_on_the_command_line(void **state)
{
	struct profiles *profiles = parse("[permissions.dev.network]\nenabled = true\n");
	struct profile *profile = effective(profiles, "dev");

	for (size_t i = 0; i < ARRAY_SIZE(all_keys); i++) {
		struct bawn_error err = BAWN_ERROR_INIT;
		char line[256], *equals;

		sample(line, sizeof(line), all_keys[i].key, all_keys[i].section, all_keys[i].type);
		line[strlen(line) - 1] = '\0';
		equals = strstr(line, " = ");
		*equals = '\0';
		if (profile_set(profiles, profile, line, equals + 3, command_line, &err) < 0)
			fail_msg("%s", err.message);
		assert_non_null(profile_find(profile, (enum profile_key)i, NULL));
	}
	profiles_free(profiles);
}

static void keys_are_sorted_and_unique(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(all_keys); i++) {
		const struct key_row *row = key_row((enum profile_key)i);

		assert_non_null(row->help);
		assert_true(*row->section);
		assert_int_equal(key_find(row->section, row->key), i);
		assert_true(i == 0 || strcmp(all_keys[i - 1].section, all_keys[i].section) != 0 ||
			    strcmp(all_keys[i - 1].key, all_keys[i].key) < 0 ||
			    strcmp(all_keys[i - 1].section, "network") == 0);
	}
	for (int i = 0; i < KERNEL__COUNT; i++)
		assert_int_equal(kernel_find(kernel_name_text((enum kernel_name)i)), i);
	for (int i = 0; i < LIMIT__COUNT; i++)
		assert_int_equal(key_find("limits", limit_name_text((enum limit_name)i)), limit_key((enum limit_name)i));
}

static void sizes_count_in_powers_of_1024(void **state)
{
	static const struct { const char *text; int64_t size; } rows[] = {
		{ "1", 1 }, { "\"1\"", 1 }, { "\"512M\"", INT64_C(512) << 20 }, { "\"2G\"", INT64_C(2) << 30 },
		{ "\"1K\"", 1024 }, { "\"3T\"", INT64_C(3) << 40 }, { "\"8388607T\"", INT64_C(8388607) << 40 },
		{ "9223372036854775807", INT64_MAX },
		{ "\"8388608T\"", -1 }, { "\"\"", -1 }, { "\"K\"", -1 }, { "\"1k\"", -1 }, { "\"1KB\"", -1 },
		{ "\"-1K\"", -1 }, { "\" 1\"", -1 }, { "\"0\"", -1 }, { "0", -1 }, { "1.0", -1 }, { "true", -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[128];
		struct profiles *profiles;

		snprintf(text, sizeof(text), "[permissions.dev.limits]\nmemory = %s\n", rows[i].text);
		if (rows[i].size < 0) {
			expect_refusal(text, "limits.memory");
			continue;
		}
		profiles = parse(text);
		assert_int_equal(profile_find(profiles_find(profiles, "dev"), PROFILE_LIMIT_MEMORY, NULL)->value.integer,
				 rows[i].size);
		profiles_free(profiles);
	}
}

static void domain_patterns_are_judged(void **state)
{
	static const char *const good[] = {
		"example.com", "EXAMPLE.com.", "*.example.com", "**.example.com", "*", "*:8080", "example.com:1",
		"a_b.example", "xn--bcher-kva.example", "bücher.example", "localhost", "127.0.0.1:5432", "::1", "[::1]",
		"[::1]:443", "2001:db8::1", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1", "[1:2:3:4:5:6:1.2.3.4]:1",
	};
	static const char *const bad[] = {
		"", ".", ".example.com", "a..b", "*.", "**", "**.", "***.a", "*a.b", "a.*", "*.*.a", "http://a", "a/b", "a b",
		"a:0", "a:65536", "a:", "a:x", "a:01", "user@a", "[::1", "::1]", "[1.2.3.4]", ":::", "1:2:3:4:5:6:7:8:9",
		"1::2::3", "12345::", "::1.2.3", "::1.2.3.400", "-a.b", "a-.b", "a\tb", "[]", "a:1:2", "1:2:3:4:5:6:7:",
		"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg.example",
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (domain_problem(good[i]))
			fail_msg("%s: %s", good[i], domain_problem(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!domain_problem(bad[i]))
			fail_msg("accepted: %s", bad[i]);
}

static void commit_is_for_git_only(void **state)
{
	struct profiles *profiles = parse("[permissions.dev.filesystem]\n\":workspace_roots\" = { \".git\" = \"commit\", "
					  "\"sub/.git\" = \"commit\" }\n\"/src/.git\" = \"commit\"\n\"~/a/.git\" = { \".\" = \"commit\" }\n");

	assert_int_equal(access_of(profiles_find(profiles, "dev"), "/src/.git", "."), ACCESS_COMMIT);
	assert_int_equal(access_of(profiles_find(profiles, "dev"), ":workspace_roots", ".git"), ACCESS_COMMIT);
	expect_round_trip(profiles, "dev");
	profiles_free(profiles);
	expect_refusal("[permissions.dev.filesystem]\n\"/**/.git\" = \"commit\"\n", "\".git\" only");
}

static void a_grant_of_a_subtree_is_a_grant_of_its_top(void **state)
{
	struct profiles *profiles = parse("[permissions.dev.filesystem]\n\"/a/**\" = \"read\"\n\"/**\" = \"read\"\n\"~/**\" = \"read\"\n"
					  "\":workspace_roots\" = { \"**\" = \"write\", \"b/**\" = \"read\", \"c/**\" = \"deny\" }\n");
	const struct profile *dev = profiles_find(profiles, "dev");

	assert_int_equal(access_of(dev, "/a", "."), ACCESS_READ);
	assert_int_equal(access_of(dev, "/", "."), ACCESS_READ);
	assert_int_equal(access_of(dev, "~", "."), ACCESS_READ);
	assert_int_equal(access_of(dev, ":workspace_roots", "."), ACCESS_WRITE);
	assert_int_equal(access_of(dev, ":workspace_roots", "b"), ACCESS_READ);
	assert_int_equal(access_of(dev, ":workspace_roots", "c/**"), ACCESS_DENY);
	expect_round_trip(profiles, "dev");
	profiles_free(profiles);
}

/* --- merging ------------------------------------------------------------------------------------------------------------ */

static void a_table_over_a_word_keeps_the_word_for_the_place_itself(void **state)
{
	struct profiles *profiles = parse("[permissions.dev]\nextends = \":workspace\"\n"
					  "filesystem.\":workspace_roots\" = { \"**/.env\" = \"deny\" }\n");
	struct profile *dev = effective(profiles, "dev");

	assert_null(dev->extends);
	assert_int_equal(dev->count, 5);
	assert_int_equal(access_of(dev, ":workspace_roots", "."), ACCESS_WRITE);
	assert_int_equal(access_of(dev, ":workspace_roots", "**/.env"), ACCESS_DENY);
	expect_round_trip(profiles, "dev");
	profiles_free(profiles);
}

static void a_word_over_a_table_replaces_all_of_it(void **state)
{
	struct profiles *profiles = parse("[permissions.a.filesystem]\n\"/x\" = { \".\" = \"write\", b = \"deny\" }\n\"/y\" = \"read\"\n"
					  "[permissions.b]\nextends = \"a\"\nfilesystem.\"/x/\" = \"read\"\n");
	struct profile *b = effective(profiles, "b");

	assert_int_equal(b->count, 2);
	assert_int_equal(access_of(b, "/x/", "."), ACCESS_READ);
	assert_int_equal(access_of(b, "/y", "."), ACCESS_READ);
	profiles_free(profiles);
}

static void tables_merge_sub_path_by_sub_path(void **state)
{
	struct profiles *profiles = parse("[permissions.a.filesystem]\n\"/x\" = { b = \"deny\", c = \"read\" }\n"
					  "[permissions.b]\nextends = \"a\"\nfilesystem.\"/x\" = { \"./c/\" = \"write\", d = \"read\" }\n");
	struct profile *b = effective(profiles, "b");

	assert_int_equal(b->count, 3);
	assert_int_equal(access_of(b, "/x", "b"), ACCESS_DENY);
	assert_int_equal(access_of(b, "/x", "./c/"), ACCESS_WRITE);
	assert_int_equal(access_of(b, "/x", "d"), ACCESS_READ);
	profiles_free(profiles);
}

static void a_child_takes_back_a_denied_subtree(void **state)
{
	struct profiles *profiles = parse(
		"[permissions.a.filesystem]\n\"/x/**\" = \"deny\"\n\"/y/**\" = \"write\"\n\"/z\" = \"write\"\n"
		"\"/t\" = { \"u/**\" = \"deny\", \"**\" = \"deny\" }\n"
		"[permissions.b]\nextends = \"a\"\n[permissions.b.filesystem]\n"
		"\"/x/**\" = \"read\"\n\"/y/**\" = \"deny\"\n\"/z/**\" = \"deny\"\n\"/t\" = { \"u/**\" = \"read\", \"**\" = \"read\" }\n");
	struct profile *b = effective(profiles, "b");

	assert_int_equal(entry_count(b), 6);
	assert_int_equal(access_of(b, "/x", "."), ACCESS_READ);
	assert_int_equal(access_of(b, "/y/**", "."), ACCESS_DENY);
	assert_int_equal(access_of(b, "/z", "."), ACCESS_WRITE);	/* another key: both hold */
	assert_int_equal(access_of(b, "/z/**", "."), ACCESS_DENY);
	assert_int_equal(access_of(b, "/t", "u"), ACCESS_READ);
	assert_int_equal(access_of(b, "/t", "."), ACCESS_READ);
	profiles_free(profiles);
}

static void arrays_and_single_values_are_replaced(void **state)
{
	struct profiles *profiles = parse(
		"[permissions.a]\ndescription = \"of a\"\nkernel.allow = [\"perf\", \"bpf\"]\nlimits.processes = 10\nlimits.open_files = 64\n"
		"environment = { exclude = [\"A\"], set = { X = \"1\", Y = \"2\" } }\nworkspace_roots = { \"/w\" = true }\n"
		"[permissions.b]\nextends = \"a\"\nkernel.allow = [\"vsock\"]\nlimits.processes = 20\n"
		"environment = { exclude = [], set = { X = \"3\" } }\nworkspace_roots = { \"/w/\" = false }\n");
	struct profile *b = effective(profiles, "b");

	assert_null(b->description);
	assert_int_equal(b->count, 7);
	assert_int_equal(profile_find(b, PROFILE_KERNEL_ALLOW, NULL)->value.strings.count, 1);
	assert_string_equal(profile_find(b, PROFILE_KERNEL_ALLOW, NULL)->value.strings.items[0], "vsock");
	assert_int_equal(profile_find(b, PROFILE_LIMIT_PROCESSES, NULL)->value.integer, 20);
	assert_int_equal(profile_find(b, PROFILE_LIMIT_OPEN_FILES, NULL)->value.integer, 64);
	assert_int_equal(profile_find(b, PROFILE_ENV_EXCLUDE, NULL)->value.strings.count, 0);
	assert_string_equal(profile_find(b, PROFILE_ENV_SET, "X")->value.string, "3");
	assert_string_equal(profile_find(b, PROFILE_ENV_SET, "Y")->value.string, "2");
	assert_false(profile_find(b, PROFILE_WORKSPACE_ROOT, "/w/")->value.boolean);
	expect_round_trip(profiles, "a");
	expect_round_trip(profiles, "b");
	profiles_free(profiles);
}

static void grandparents_count_and_parents_come_first(void **state)
{
	struct profiles *profiles = parse("[permissions.c]\nextends = \"b\"\nfilesystem.\"/c\" = \"read\"\n"
					  "[permissions.b]\nextends = \":read-only\"\nfilesystem.\"/b\" = \"read\"\n");
	struct profile *c = effective(profiles, "c");

	assert_int_equal(c->count, 3);
	assert_string_equal(c->settings[0].name, ":root");
	assert_string_equal(c->settings[1].name, "/b");
	assert_string_equal(c->settings[2].name, "/c");
	assert_string_equal(c->settings[0].origin.file, "built-in :read-only");
	assert_int_equal(profiles_find(profiles, "c")->count, 1);	/* the source is untouched */
	profiles_free(profiles);
}

static void network_may_be_enabled_by_a_parent(void **state)
{
	struct profiles *profiles = parse("[permissions.a.network]\nenabled = true\n"
					  "[permissions.b]\nextends = \"a\"\nnetwork.domains = { \"a.b\" = \"allow\" }\n");

	assert_int_equal(effective(profiles, "b")->count, 2);
	profiles_free(profiles);
}

static void ten_thousand_rules_merge(void **state)
{
	struct text text = { 0 };
	struct profiles *profiles;

	text_add(&text, "[permissions.a.filesystem]\n");
	for (int i = 0; i < 10000; i++)
		text_printf(&text, "\"/x/%d\" = \"write\"\n", i);
	text_add(&text, "[permissions.b]\nextends = \"a\"\n[permissions.b.filesystem]\n");
	for (int i = 9999; i >= 0; i--)
		text_printf(&text, "\"/x/%d\" = \"deny\"\n", i);
	profiles = parse(text.bytes);
	text_done(&text);
	assert_int_equal(effective(profiles, "b")->count, 10000);
	assert_int_equal(access_of(effective(profiles, "b"), "/x/77", "."), ACCESS_DENY);
	profiles_free(profiles);
}

/* --- one more thing ------------------------------------------------------------------------------------------------------- */

static int set(struct profiles *profiles, struct profile *profile, const char *key, const char *value,
	       struct bawn_error *err)
{
	return profile_set(profiles, profile, key, value, command_line, err);
}

static void a_setting_from_the_command_line_replaces_the_file_s(void **state)
{
	struct profiles *profiles = parse("[permissions.dev]\nextends = \":workspace\"\nnetwork.enabled = false\n");
	struct profile *dev = effective(profiles, "dev");
	struct bawn_error err = BAWN_ERROR_INIT;

	assert_int_equal(set(profiles, dev, "network.enabled", "true", &err), 0);
	assert_true(profile_find(dev, PROFILE_NET_ENABLED, NULL)->value.boolean);
	assert_string_equal(origin_text(&profiles->arena, &profile_find(dev, PROFILE_NET_ENABLED, NULL)->origin), "command line");
	assert_int_equal(set(profiles, dev, "filesystem.\"/srv\"", "{ \".\" = \"read\", x = \"deny\" }", &err), 0);
	assert_int_equal(access_of(dev, "/srv", "x"), ACCESS_DENY);
	assert_int_equal(set(profiles, dev, "description", "a test", &err), 0);
	assert_string_equal(dev->description, "a test");
	assert_null(profiles_find(profiles, "dev")->description);
	profiles_free(profiles);
}

static void a_bare_word_is_a_string(void **state)
{
	struct profiles *profiles = parse("[permissions.dev]\n");
	struct profile *dev = effective(profiles, "dev");
	struct bawn_error err = BAWN_ERROR_INIT;

	assert_int_equal(set(profiles, dev, "limits.memory", "2G", &err), 0);
	assert_int_equal(profile_find(dev, PROFILE_LIMIT_MEMORY, NULL)->value.integer, INT64_C(2) << 30);
	assert_int_equal(set(profiles, dev, "filesystem.\"/x\"", " write ", &err), 0);
	assert_int_equal(access_of(dev, "/x", "."), ACCESS_WRITE);
	assert_int_equal(set(profiles, dev, "environment.inherit", "core", &err), 0);
	assert_int_equal(set(profiles, dev, "environment.set.X", "a\"b\\c", &err), 0);
	assert_string_equal(profile_find(dev, PROFILE_ENV_SET, "X")->value.string, "a\"b\\c");
	assert_int_equal(set(profiles, dev, "environment.set.X", "", &err), 0);
	assert_string_equal(profile_find(dev, PROFILE_ENV_SET, "X")->value.string, "");
	profiles_free(profiles);
}

static void errors_of_the_command_line_name_it(void **state)
{
	static const struct { const char *key, *value, *message; } rows[] = {
		{ "network.enabeld", "true", "command line: network: unknown key \"enabeld\" (did you mean \"enabled\"?)" },
		{ "network.enabled", "yes", "command line: network.enabled: expected true or false, found string" },
		{ "network..enabled", "true", "command line: \"network..enabled\" is no key: expected one such as network.enabled or filesystem.\"/srv\"" },
		{ "", "true", "command line: \"\" is no key: expected one such as network.enabled or filesystem.\"/srv\"" },
		{ "network.listen", "[1", "command line: network.listen: \"[1\" is no TOML value" },
		{ "extends", ":workspace", "command line: extends: belongs into a file; the parents of a running profile are fixed" },
		{ "limits.memory", "1\nnetwork.enabled = true", "command line: \"limits.memory\": expected one line" },
		{ "filesystem.\"x\"", "read", "command line: filesystem \"x\": expected a token such as \":workspace_roots\", an absolute path, or one that begins with ~/" },
		{ "filesystem", "{ \"/y\" = \"read\", \"/y/\" = \"write\" }", "command line: \"/y/\" = \"write\" repeats \"/y\" = \"read\" (command line): say it once" },
		{ "network", "{ enabled = true, mode = \"none\" }", "command line: network.mode: unknown value \"none\": expected one of full, limited" },
	};
	struct profiles *profiles = parse("[permissions.dev]\n");
	struct profile *dev = effective(profiles, "dev");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bawn_error err = BAWN_ERROR_INIT;

		assert_int_equal(set(profiles, dev, rows[i].key, rows[i].value, &err), -EINVAL);
		assert_string_equal(err.message, rows[i].message);
		assert_string_equal(err.file, "command line");
		assert_int_equal(err.line, 0);
		assert_int_equal(err.status, BAWN_STATUS_SELF);
	}
	assert_int_equal(dev->count, 0);	/* untouched on failure, also by the good half of a table */
	profiles_free(profiles);
}

static void an_unknown_token_on_the_command_line_warns(void **state)
{
	struct profiles *profiles = parse("[permissions.dev]\n");
	struct bawn_error err = BAWN_ERROR_INIT;

	assert_int_equal(set(profiles, effective(profiles, "dev"), "filesystem.\":rot\"", "read", &err), 0);
	assert_string_equal(profiles->warnings.bytes, "command line: unknown token \":rot\" (did you mean \":root\"?): ignored\n");
	profiles_free(profiles);
}

static void entries_are_set_one_by_one(void **state)
{
	struct profiles *profiles = parse("[permissions.dev]\nextends = \":workspace\"\n");
	struct profile *dev = effective(profiles, "dev");
	struct bawn_error err = BAWN_ERROR_INIT;

	assert_int_equal(profile_set_entry(profiles, dev, PROFILE_FILESYSTEM, "/a \"b\"", NULL, "write", command_line, &err), 0);
	assert_int_equal(access_of(dev, "/a \"b\"", "."), ACCESS_WRITE);
	assert_int_equal(profile_set_entry(profiles, dev, PROFILE_FILESYSTEM, ":workspace_roots", ".git", "commit", command_line, &err), 0);
	assert_int_equal(access_of(dev, ":workspace_roots", ".git"), ACCESS_COMMIT);
	assert_int_equal(access_of(dev, ":workspace_roots", "."), ACCESS_WRITE);
	assert_int_equal(profile_set_entry(profiles, dev, PROFILE_NET_DOMAIN, "a.b", NULL, "allow", command_line, &err), 0);
	assert_int_equal(profile_set_entry(profiles, dev, PROFILE_NET_SOCKET, "/s", NULL, "allow", command_line, &err), 0);
	assert_int_equal(profile_set_entry(profiles, dev, PROFILE_DEVICE, "/dev/kvm", NULL, "write", command_line, &err), 0);
	assert_int_equal(profile_set_entry(profiles, dev, PROFILE_WORKSPACE_ROOT, "/w", NULL, "true", command_line, &err), 0);
	assert_int_equal(profile_set_entry(profiles, dev, PROFILE_ENV_SET, "X", NULL, "true", command_line, &err), 0);
	assert_string_equal(profile_find(dev, PROFILE_ENV_SET, "X")->value.string, "true");
	assert_int_equal(profile_set_entry(profiles, dev, PROFILE_FILESYSTEM, "/a", NULL, "wirte", command_line, &err), -EINVAL);
	assert_string_equal(err.message, "command line: filesystem \"/a\": unknown access \"wirte\" (did you mean \"write\"?)");
	assert_int_equal(profile_set_entry(profiles, dev, PROFILE_NET_ENABLED, "x", NULL, "true", command_line, &err), -EINVAL);
	profiles_free(profiles);
}

static void paths_that_are_not_utf8_work_but_cannot_be_printed(void **state)
{
	struct profiles *profiles = parse("[permissions.dev]\n");
	struct profile *dev = effective(profiles, "dev");
	struct bawn_error err = BAWN_ERROR_INIT;
	struct text text = { 0 };

	assert_int_equal(profile_set_entry(profiles, dev, PROFILE_FILESYSTEM, "/a\xff", NULL, "write", command_line, &err), 0);
	assert_string_equal(dev->settings[0].name, "/a\xff");
	text_add(&text, "before");
	assert_int_equal(profile_print(dev, &text, &err), -EILSEQ);
	assert_string_equal(err.message, "command line: \"/a\\xFF\" = \"write\" is not UTF-8, and a profile can hold nothing else");
	assert_string_equal(text.bytes, "before");
	text_done(&text);
	profiles_free(profiles);
}

static void strange_names_survive_printing(void **state)
{
	struct profiles *profiles = parse("[permissions.\"my profile\"]\ndescription = '''a\nb\\'''\n"
					  "filesystem.\"/a\\\"b\\\\c\\u0001\\u007Fé\" = { \"x y\" = \"read\" }\n"
					  "environment.set.\"été\" = \"\\r\\n\\b\\f\"\n");

	expect_round_trip(profiles, "my profile");
	profiles_free(profiles);
}

/* --- settings --------------------------------------------------------------------------------------------------------- */

static struct policy *settle(struct profiles *profiles, struct profile *profile, const char *const *environ_list)
{
	struct host host = { .environ = environ_list };
	struct policy *policy = calloc(1, sizeof(*policy));
	struct bawn_error err = BAWN_ERROR_INIT;

	policy->cwd = "/work";
	if (policy_settings(profile, &host, policy, &err) < 0)
		fail_msg("%s", err.message);
	return policy;
}

static void settle_free(struct policy *policy)
{
	arena_done(&policy->arena);
	free(policy);
}

static struct policy *settle_text(struct profiles **ret_profiles, const char *text, const char *const *environ_list)
{
	char whole[2048];

	snprintf(whole, sizeof(whole), "[permissions.dev]\n%s", text);
	*ret_profiles = parse(whole);
	return settle(*ret_profiles, effective(*ret_profiles, "dev"), environ_list);
}

static void the_network_is_off_unless_enabled(void **state)
{
	static const struct { const char *text; enum network_mode network; const char *origin; } rows[] = {
		{ "", NETWORK_OFF, "default" },
		{ "network.enabled = false\n", NETWORK_OFF, "p.toml:2:9" },
		{ "network.enabled = true\n", NETWORK_FULL, "p.toml:2:9" },
		{ "network = { enabled = true, mode = \"full\" }\n", NETWORK_FULL, "p.toml:2:13" },
		{ "network = { enabled = true, mode = \"limited\" }\n", NETWORK_PROXY, "p.toml:2:13" },
		{ "network = { enabled = true, domains = { \"a.b\" = \"deny\" } }\n", NETWORK_PROXY, "p.toml:2:13" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct profiles *profiles;
		struct policy *policy = settle_text(&profiles, rows[i].text, NULL);

		assert_int_equal(policy->network, rows[i].network);
		assert_string_equal(origin_text(&policy->arena, &policy->network_origin), rows[i].origin);
		settle_free(policy);
		profiles_free(profiles);
	}
}

static void network_off_on_the_command_line_beats_the_domains_of_a_file(void **state)
{
	struct profiles *profiles = parse("[permissions.dev.network]\nenabled = true\nproxy_url = \"http://127.0.0.1:1\"\n"
					  "domains = { \"a.b\" = \"allow\" }\n");
	struct profile *dev = effective(profiles, "dev");
	struct bawn_error err = BAWN_ERROR_INIT;
	struct policy *policy;

	assert_int_equal(set(profiles, dev, "network.enabled", "false", &err), 0);
	policy = settle(profiles, dev, NULL);
	assert_int_equal(policy->network, NETWORK_OFF);
	assert_int_equal(policy->unenforced_count, 0);
	assert_null(profile_find(dev, PROFILE_NET_DOMAIN, NULL));	/* or what is printed could not be read back */
	settle_free(policy);
	profiles_free(profiles);
}

static void a_domain_on_the_command_line_needs_the_network(void **state)
{
	struct profiles *profiles = parse("[permissions.dev]\n");
	struct profile *dev = effective(profiles, "dev");
	struct bawn_error err = BAWN_ERROR_INIT;
	struct policy policy = { .cwd = "/" };
	struct host host = { 0 };

	assert_int_equal(profile_set_entry(profiles, dev, PROFILE_NET_DOMAIN, "a.b", NULL, "allow", command_line, &err), 0);
	assert_int_equal(set(profiles, dev, "limits.memory", "1G", &err), 0);
	assert_int_equal(policy_settings(dev, &host, &policy, &err), -EINVAL);
	assert_string_equal(err.message, "command line: network.domains.\"a.b\" = \"allow\" has no effect in profile \"dev\": "
			    "network.enabled is not set; add enabled = true");
	assert_int_equal(set(profiles, dev, "network.enabled", "false", &err), 0);	/* nor is it dropped in silence */
	assert_int_equal(policy_settings(dev, &host, &policy, &err), -EINVAL);
	assert_string_equal(err.message, "command line: network.domains.\"a.b\" = \"allow\" has no effect in profile \"dev\": "
			    "network.enabled is false (command line)");
	arena_done(&policy.arena);
	profiles_free(profiles);
}

static void what_cannot_be_held_yet_is_listed(void **state)
{
	static const struct { const char *text; size_t count; } rows[] = {
		{ "network = { enabled = true, domains = { \"a.b\" = \"allow\", \"c.d\" = \"deny\" } }\n", 2 },
		{ "network = { enabled = true, mode = \"limited\" }\n", 1 },
		{ "network = { enabled = true, mode = \"full\" }\n", 0 },
		{ "network = { enabled = true, mitm = true, enable_socks5 = false, proxy_url = \"x\" }\n", 2 },
		{ "network = { enabled = false, mitm = true, proxy_url = \"x\" }\n", 0 },
		{ "network.unix_sockets = { \"/a\" = \"allow\", \"/b\" = \"deny\" }\n", 0 },
		{ "network = { listen = [], connect = [5432], allow_local_binding = true }\n", 0 },
		{ "network.dangerously_allow_all_unix_sockets = true\n", 0 },
		{ "devices = { gpu = false, \"/dev/kvm\" = \"deny\" }\n", 0 },
		{ "devices = { gpu = true, \"/dev/kvm\" = \"read\" }\n", 0 },
		{ "macos.mach_lookup = [\"x\"]\nkernel.allow = [\"perf\"]\nlimits.memory = 5\n", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct profiles *profiles;
		struct policy *policy = settle_text(&profiles, rows[i].text, NULL);

		if (policy->unenforced_count != rows[i].count)
			fail_msg("%zu of %zu: %s", policy->unenforced_count, rows[i].count, rows[i].text);
		settle_free(policy);
		profiles_free(profiles);
	}
}

static void limits_and_kernel_names_reach_the_policy(void **state)
{
	struct profiles *profiles;
	struct policy *policy = settle_text(&profiles, "limits = { memory = \"1G\", wall_seconds = 60 }\n"
					    "kernel.allow = [\"perf\", \"user-namespaces\"]\n", NULL);

	assert_true(policy->limits[LIMIT_MEMORY].set);
	assert_int_equal(policy->limits[LIMIT_MEMORY].value, 1 << 30);
	assert_int_equal(policy->limits[LIMIT_MEMORY].origin.line, 2);
	assert_int_equal(policy->limits[LIMIT_WALL_SECONDS].value, 60);
	assert_false(policy->limits[LIMIT_PROCESSES].set);
	assert_true(policy->limits[LIMIT_CORE_SIZE].set);
	assert_int_equal(policy->limits[LIMIT_CORE_SIZE].value, 0);
	assert_int_equal(policy->kernel_allow, 1u << KERNEL_PERF | 1u << KERNEL_USER_NAMESPACES);
	assert_int_equal(policy->kernel_origins[KERNEL_PERF].line, 3);
	settle_free(policy);
	profiles_free(profiles);
}

/* expected: the command's environment, separated by blanks. */
static void expect_environment(const char *text, const char *const *environ_list, const char *expected)
{
	struct profiles *profiles;
	struct policy *policy = settle_text(&profiles, text, environ_list);
	struct text all = { 0 };

	for (size_t i = 0; i < policy->environ_count; i++)
		text_printf(&all, "%s%s", i ? " " : "", policy->environ[i]);
	assert_null(policy->environ[policy->environ_count]);
	assert_string_equal(all.bytes, expected);
	text_done(&all);
	settle_free(policy);
	profiles_free(profiles);
}

static void the_environment_is_selected(void **state)
{
	static const char *const host[] = {
		"PATH=/bin", "LD_PRELOAD=/x.so", "DYLD_X=1", "AWS_KEY=1", "LC_ALL=C", "PWD=/home", "=odd", "odd", "", "EMPTY=",
		"PATH=/second", "BAWN=9", "BAWN_CONFIG=/c", NULL,
	};
	static const struct { const char *text, *expected; } rows[] = {
		{ "", "PATH=/bin AWS_KEY=1 LC_ALL=C PWD=/work EMPTY= BAWN_CONFIG=/c BAWN=1 BAWN_PROFILE=dev BAWN_NETWORK=off" },
		{ "environment.inherit = \"core\"\n", "PATH=/bin LC_ALL=C PWD=/work BAWN=1 BAWN_PROFILE=dev BAWN_NETWORK=off" },
		{ "environment.inherit = \"none\"\n", "BAWN=1 BAWN_PROFILE=dev BAWN_NETWORK=off" },
		{ "environment = { inherit = \"none\", set = { A = \"b=c\", PATH = \"/p\" } }\nnetwork.enabled = true\n",
		  "A=b=c PATH=/p BAWN=1 BAWN_PROFILE=dev BAWN_NETWORK=full" },
		{ "environment = { exclude = [\"A*\", \"*CONF?G\", \"PWD\"] }\n",
		  "PATH=/bin LC_ALL=C EMPTY= BAWN=1 BAWN_PROFILE=dev BAWN_NETWORK=off" },
		{ "environment = { include_only = [\"PATH\", \"LC_*\", \"EMPT\"], exclude = [\"PATH\"], set = { X = \"1\" } }\n",
		  "LC_ALL=C X=1 BAWN=1 BAWN_PROFILE=dev BAWN_NETWORK=off" },
		{ "environment = { include_only = [] }\nnetwork = { enabled = true, mode = \"limited\" }\n",
		  "BAWN=1 BAWN_PROFILE=dev BAWN_NETWORK=proxy" },
		{ "environment = { set = { PATH = \"/set\", PWD = \"/set\" }, include_only = [\"*\"], exclude = [\"*_*\"] }\n",
		  "EMPTY= PATH=/set PWD=/set BAWN=1 BAWN_PROFILE=dev BAWN_NETWORK=off" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_environment(rows[i].text, host, rows[i].expected);
	expect_environment("", NULL, "BAWN=1 BAWN_PROFILE=dev BAWN_NETWORK=off");
}

static void a_huge_environment_is_quick(void **state)
{
	enum { COUNT = 100000 };
	const char **host = calloc(COUNT + 1, sizeof(*host));
	struct profiles *profiles;
	struct arena arena = { 0 };
	struct policy *policy;

	for (size_t i = 0; i < COUNT; i++)
		host[i] = arena_printf(&arena, "N%zu=1", i % (COUNT / 2));
	policy = settle_text(&profiles, "", host);
	assert_int_equal(policy->environ_count, COUNT / 2 + 3);
	settle_free(policy);
	profiles_free(profiles);
	arena_done(&arena);
	free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_in_profiles_are_there_without_a_file),
		cmocka_unit_test(built_in_profiles_print_and_read_back),
		cmocka_unit_test(an_unknown_profile_names_the_nearest),
		cmocka_unit_test(keys_of_other_programs_are_remarks),
		cmocka_unit_test(keys_of_one_system_are_remarks),
		cmocka_unit_test(unknown_tokens_are_dropped_with_a_warning),
		cmocka_unit_test(every_value_keeps_its_place),
		cmocka_unit_test(settings_are_shown_as_the_user_wrote_them),
		cmocka_unit_test(every_key_is_read_and_printed),
		cmocka_unit_test(every_key_may_be_said_on_the_command_line),
		cmocka_unit_test(keys_are_sorted_and_unique),
		cmocka_unit_test(sizes_count_in_powers_of_1024),
		cmocka_unit_test(domain_patterns_are_judged),
		cmocka_unit_test(commit_is_for_git_only),
		cmocka_unit_test(a_grant_of_a_subtree_is_a_grant_of_its_top),
		cmocka_unit_test(a_table_over_a_word_keeps_the_word_for_the_place_itself),
		cmocka_unit_test(a_word_over_a_table_replaces_all_of_it),
		cmocka_unit_test(tables_merge_sub_path_by_sub_path),
		cmocka_unit_test(a_child_takes_back_a_denied_subtree),
		cmocka_unit_test(arrays_and_single_values_are_replaced),
		cmocka_unit_test(grandparents_count_and_parents_come_first),
		cmocka_unit_test(network_may_be_enabled_by_a_parent),
		cmocka_unit_test(ten_thousand_rules_merge),
		cmocka_unit_test(a_setting_from_the_command_line_replaces_the_file_s),
		cmocka_unit_test(a_bare_word_is_a_string),
		cmocka_unit_test(errors_of_the_command_line_name_it),
		cmocka_unit_test(an_unknown_token_on_the_command_line_warns),
		cmocka_unit_test(entries_are_set_one_by_one),
		cmocka_unit_test(paths_that_are_not_utf8_work_but_cannot_be_printed),
		cmocka_unit_test(strange_names_survive_printing),
		cmocka_unit_test(the_network_is_off_unless_enabled),
		cmocka_unit_test(network_off_on_the_command_line_beats_the_domains_of_a_file),
		cmocka_unit_test(a_domain_on_the_command_line_needs_the_network),
		cmocka_unit_test(what_cannot_be_held_yet_is_listed),
		cmocka_unit_test(limits_and_kernel_names_reach_the_policy),
		cmocka_unit_test(the_environment_is_selected),
		cmocka_unit_test(a_huge_environment_is_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
