/* SPDX-License-Identifier: Apache-2.0 */
/* test_api.c — bawn.h as a program uses it: arguments, codes, texts, threads. */
#include <bawn.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const variables[] = { "HOME=/nonexistent/home", "PATH=/usr/bin:/bin", "KEPT=1", NULL };
static char directory[64];

static struct bawn *new_box(void)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn *box;

	assert_int_equal(bawn_new(&box, &err), 0);
	assert_int_equal(bawn_environment(box, variables, &err), 0);
	return box;
}

static void option(struct bawn *box, const char *name, const char *value)
{
	struct bawn_error err = BAWN_ERROR_INIT;

	if (bawn_option(box, name, value, &err) < 0)
		fail_msg("%s", err.message);
}

static void config(struct bawn *box, const char *text)
{
	assert_int_equal(bawn_config_text(box, text, strlen(text), "test.toml", NULL), 0);
}

static bool allowed(struct bawn *box, const char *operation, const char *target)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	char *text = NULL;
	int answer = -1;

	if (bawn_explain(box, operation, target, BAWN_TEXT, &answer, &text, &err) < 0)
		fail_msg("%s %s: %s", operation, target, err.message);
	assert_true(answer == 0 || answer == 1);
	assert_int_equal(strncmp(text, answer ? "allowed" : "denied", answer ? 7 : 6), 0);
	bawn_text_free(text);
	return answer;
}

static int enter(void **state)
{
	char template[] = "/tmp/bawn-test-api.XXXXXX";

	if (!mkdtemp(template) || chdir(template) < 0 || !getcwd(directory, sizeof(directory)))
		return -1;
	return 0;
}

static int leave(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return chdir("/") < 0 || system(command) != 0 ? -1 : 0;
}

/* --- arguments -------------------------------------------------------------------------------- */

static void missing_arguments_are_refused_by_every_call(void **state)
{
	static const char *const argv[] = { "true", NULL }, *const nothing[] = { NULL }, *const empty[] = { "", NULL };
	struct bawn *box = new_box();
	struct bawn_child *child = NULL;
	char *text = NULL;
	int number = 0;

	assert_int_equal(bawn_new(NULL, NULL), -EINVAL);
	assert_int_equal(bawn_config_file(NULL, "x", NULL), -EINVAL);
	assert_int_equal(bawn_config_file(box, NULL, NULL), -EINVAL);
	assert_int_equal(bawn_config_text(box, NULL, 1, "x", NULL), -EINVAL);
	assert_int_equal(bawn_config_text(box, "", 0, NULL, NULL), -EINVAL);
	assert_int_equal(bawn_environment(box, NULL, NULL), -EINVAL);
	assert_int_equal(bawn_platform(NULL, BAWN_PLATFORM_HERE, NULL), -EINVAL);
	assert_int_equal(bawn_platform(box, (enum bawn_platform)77, NULL), -EINVAL);
	assert_int_equal(bawn_option(NULL, "read", "/", NULL), -EINVAL);
	assert_int_equal(bawn_option(box, NULL, "/", NULL), -EINVAL);
	assert_int_equal(bawn_plan(box, NULL, BAWN_TEXT, NULL, NULL), -EINVAL);
	assert_int_equal(bawn_plan(box, NULL, (enum bawn_format)9, &text, NULL), -EINVAL);
	assert_int_equal(bawn_explain(box, NULL, "/", BAWN_TEXT, &number, &text, NULL), -EINVAL);
	assert_int_equal(bawn_explain(box, "read", NULL, BAWN_TEXT, &number, &text, NULL), -EINVAL);
	assert_int_equal(bawn_explain(box, "read", "", BAWN_TEXT, &number, &text, NULL), -EINVAL);
	assert_int_equal(bawn_explain(box, "read", "/", BAWN_TEXT, NULL, &text, NULL), -EINVAL);
	assert_int_equal(bawn_profile_list(box, BAWN_TEXT, NULL, NULL), -EINVAL);
	assert_int_equal(bawn_profile_show(NULL, NULL, &text, NULL), -EINVAL);
	assert_int_equal(bawn_profile_check(NULL, BAWN_TEXT, &text, NULL), -EINVAL);
	assert_int_equal(bawn_run(box, NULL, 0, &number, NULL), -EINVAL);
	assert_int_equal(bawn_run(box, nothing, 0, &number, NULL), -EINVAL);
	assert_int_equal(bawn_run(box, empty, 0, &number, NULL), -EINVAL);
	assert_int_equal(bawn_run(box, argv, 2, &number, NULL), -EINVAL);
	assert_int_equal(bawn_run(box, argv, 0, NULL, NULL), -EINVAL);
	assert_int_equal(bawn_spawn(box, argv, NULL, 0, NULL, NULL), -EINVAL);
	assert_int_equal(bawn_spawn(NULL, argv, NULL, 0, &child, NULL), -EINVAL);
	assert_int_equal(bawn_wait(NULL, &number, NULL), -EINVAL);
	assert_int_equal(bawn_kill(NULL, SIGTERM, NULL), -EINVAL);
	assert_int_equal(bawn_child_fd(NULL), -EINVAL);
	assert_string_equal(bawn_warnings(NULL), "");
	bawn_free(NULL);
	bawn_child_free(NULL);
	bawn_text_free(NULL);
	assert_null(text);
	assert_null(child);
	bawn_free(box);
}

static void options_are_judged_when_they_are_given(void **state)
{
	static const struct { const char *name, *value, *message; } rows[] = {
		{ "wriet", "/", "there is no option \"wriet\"; did you mean \"write\"?" },
		{ "help", NULL, "there is no option \"help\"" },
		{ "write", NULL, "--write needs a value" },
		{ "write", "", "--write: the value is empty" },
		{ "allow-degraded", "yes", "--allow-degraded takes no value" },
		{ "network", "on", "--network: \"on\": expected \"off\" or \"full\"" },
		{ "git", "push", "--git: \"push\"" },
		{ "listen", "0", "--listen: \"0\" is no port" },
		{ "listen", "65536", "--listen: \"65536\" is no port" },
		{ "connect", "80x", "--connect: \"80x\" is no port" },
		{ "connect", "99999999999999999999", "--connect: " },
		{ "keep-fd", "2", "--keep-fd: \"2\" is no descriptor to keep" },
		{ "keep-fd", "-1", "--keep-fd: \"-1\" is no descriptor to keep" },
		{ "keep-fd", "777", "--keep-fd: descriptor 777 is not open" },
		{ "limit", "memory", "--limit: \"memory\": expected NAME=VALUE" },
		{ "limit", "=1", "--limit: \"=1\": expected NAME=VALUE" },
		{ "limit", "memroy=1G", "--limit: there is no limit \"memroy\"; did you mean \"memory\"?" },
		{ "allow-kernel", "io_uring", "--allow-kernel: there is no kernel facility \"io_uring\"" },
		{ "env", "=x", "--env: \"=x\": expected NAME or NAME=VALUE" },
		{ "set", "network.enabled", "--set: \"network.enabled\": expected KEY=VALUE" },
		{ "set", "filesystem.\"a=b\"", "--set: " },
	};
	struct bawn *box = new_box();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bawn_error err = BAWN_ERROR_INIT;
		int r = bawn_option(box, rows[i].name, rows[i].value, &err);

		if (r >= 0 || strncmp(err.message, rows[i].message, strlen(rows[i].message)))
			fail_msg("%s: expected %s, found %s", rows[i].name, rows[i].message, err.message);
		assert_int_equal(err.status, BAWN_STATUS_SELF);
		assert_int_equal(err.number, -r);
	}
	bawn_free(box);
}

static void macos_is_planned_for_and_not_run_here(void **state)
{
	const char *const argv[] = { "/bin/true", NULL };
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn *box = new_box();
	int status, allowed;
	char *text;

	assert_int_equal(bawn_platform(box, BAWN_PLATFORM_MACOS, NULL), 0);
	option(box, "log-denials", NULL);
	assert_int_equal(bawn_plan(box, argv, BAWN_TEXT, &text, &err), 0);
	assert_null(strstr(bawn_warnings(box), "nothing is recorded"));
	assert_non_null(strstr(text, "(deny default)"));
	assert_non_null(strstr(text, "/usr/bin/sandbox-exec -p '(the text below)' -D"));
	assert_non_null(strstr(text, "-- /bin/true"));
	bawn_text_free(text);
	assert_int_equal(bawn_explain(box, "iokit", "AGXDeviceUserClient", BAWN_TEXT, &allowed, &text, &err), 0);
	assert_int_equal(allowed, 0);
	assert_non_null(strstr(text, "devices.gpu"));
	bawn_text_free(text);
	assert_int_equal(bawn_explain(box, "ipc-posix-sem", "/x", BAWN_JSON, &allowed, &text, &err), 0);
	assert_int_equal(allowed, 1);
	bawn_text_free(text);
	assert_int_equal(bawn_run(box, argv, 0, &status, &err), -ENOTSUP);
	assert_int_equal(bawn_platform(box, BAWN_PLATFORM_LINUX, NULL), 0);
	assert_int_equal(bawn_explain(box, "iokit", "x", BAWN_TEXT, &allowed, &text, &err), -ENOTSUP);
	bawn_free(box);
}

static void somebody_elses_seatbelt_profile_is_asked(void **state)
{
	static const char profile[] = "(version 1)\n(deny default)\n(allow file-read* (subpath (param \"TOP\")))\n"
				      "(allow file-read* (subpath \"/tmp/x\"))\n(allow network* (remote ip \"example.com:1\"))\n";
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn *box = new_box();
	char path[] = "/tmp/bawn-sbpl-XXXXXX", *text;
	int fd = mkstemp(path), allowed = -1;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, profile, sizeof(profile) - 1), sizeof(profile) - 1);
	close(fd);
	assert_int_equal(bawn_option(box, "sbpl", path, &err), 0);
	assert_int_equal(bawn_option(box, "param", "TOP=/Users/u", &err), 0);
	assert_int_equal(bawn_explain(box, "read", "/Users/u/x", BAWN_TEXT, &allowed, &text, &err), 0);
	assert_int_equal(allowed, 1);
	assert_non_null(strstr(text, ":3: (allow file-read* (subpath (param \"TOP\")))"));
	bawn_text_free(text);
	assert_non_null(strstr(bawn_warnings(box), "write /private/tmp/x"));
	assert_non_null(strstr(bawn_warnings(box), "a host is * or localhost"));
	assert_int_equal(bawn_explain(box, "write", "/Users/u/x", BAWN_TEXT, &allowed, &text, &err), 0);
	assert_int_equal(allowed, 0);
	bawn_text_free(text);
	assert_int_equal(bawn_explain(box, "file-read-metadata", "/Users/u", BAWN_JSON, &allowed, &text, &err), 0);
	assert_int_equal(allowed, 1);
	bawn_text_free(text);
	unlink(path);
	bawn_free(box);
}

/* --- the configuration ------------------------------------------------------------------------ */

static void an_error_in_a_profile_carries_its_place(void **state)
{
	struct bawn *box = new_box();
	struct bawn_error err = BAWN_ERROR_INIT;
	char *text = NULL;

	config(box, "[permissions.dev.filesystem]\n\":root\" = \"raed\"\n");
	assert_int_equal(bawn_profile_check(box, BAWN_TEXT, &text, &err), -EINVAL);
	assert_string_equal(err.file, "test.toml");
	assert_int_equal(err.line, 2);
	assert_int_equal(err.column, 11);
	assert_null(text);
	bawn_free(box);
}

static void a_named_file_must_exist_and_the_default_one_need_not(void **state)
{
	static const char *const named[] = { "HOME=/nonexistent", "BAWN_CONFIG=/nonexistent/c.toml", NULL };
	struct bawn *box = new_box();

	assert_true(allowed(box, "read", "/"));
	assert_int_equal(bawn_config_file(box, "missing.toml", NULL), 0);
	assert_int_equal(bawn_explain(box, "read", "/", BAWN_TEXT, &(int){ 0 }, &(char *){ NULL }, NULL), -ENOENT);
	bawn_free(box);

	box = new_box();
	assert_int_equal(bawn_environment(box, named, NULL), 0);
	assert_int_equal(bawn_explain(box, "read", "/", BAWN_TEXT, &(int){ 0 }, &(char *){ NULL }, NULL), -ENOENT);
	bawn_free(box);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static void the_file_is_looked_for_where_the_environment_says(void **state)
{
	static const char text[] = "default_permissions = \"%s\"\n[permissions.%s]\nextends = \":read-only\"\n";
	char line[160], home[96], xdg[128], named[128];
	const char *environment[] = { home, xdg, named, NULL };
	struct bawn *box = new_box();
	static const char *const order[] = { "named", "xdg", "home" };

	assert_int_equal(system("mkdir -p h/.config/bawn x/bawn"), 0);
	snprintf(line, sizeof(line), text, "home", "home");
	write_file("h/.config/bawn/config.toml", line);
	snprintf(line, sizeof(line), text, "xdg", "xdg");
	write_file("x/bawn/config.toml", line);
	snprintf(line, sizeof(line), text, "named", "named");
	write_file("n.toml", line);
	snprintf(home, sizeof(home), "HOME=%s/h", directory);
	snprintf(xdg, sizeof(xdg), "XDG_CONFIG_HOME=%s/x", directory);
	snprintf(named, sizeof(named), "BAWN_CONFIG=n.toml");
	for (int i = 0; i < 3; i++) {
		char *shown = NULL;

		environment[i == 0 ? 3 : 3 - i] = NULL;
		assert_int_equal(bawn_environment(box, environment, NULL), 0);
		assert_int_equal(bawn_profile_show(box, NULL, &shown, NULL), 0);
		assert_non_null(strstr(shown, order[i]));
		bawn_text_free(shown);
	}
	bawn_free(box);
}

static void warnings_are_kept_for_the_caller(void **state)
{
	struct bawn *box = new_box();

	config(box, "default_permissions = \"dev\"\n[permissions.dev]\nextends = \":read-only\"\n"
	       "[permissions.dev.filesystem]\n\":future\" = \"read\"\n");
	assert_true(allowed(box, "read", "/"));
	assert_non_null(strstr(bawn_warnings(box), "test.toml:5:1: unknown token \":future\""));
	assert_null(strchr(bawn_warnings(box), '\n'));
	bawn_free(box);
}

static void profiles_can_be_listed_shown_and_read_back(void **state)
{
	struct bawn *box = new_box();
	char *list = NULL, *shown = NULL, *again = NULL, *checked = NULL;

	config(box, "default_permissions = \"dev\"\n[permissions.dev]\nextends = \":workspace\"\n"
	       "[permissions.dev.limits]\nmemory = \"2G\"\n");
	option(box, "deny", "/srv/secret");
	assert_int_equal(bawn_profile_list(box, BAWN_JSON, &list, NULL), 0);
	assert_non_null(strstr(list, "{\"type\":\"profile\",\"id\":\"dev\",\"builtin\":false,\"default\":true,"
			       "\"extends\":\":workspace\""));
	assert_int_equal(bawn_profile_show(box, NULL, &shown, NULL), 0);
	assert_non_null(strstr(shown, "\"/srv/secret\" = \"deny\""));
	assert_non_null(strstr(shown, "memory"));
	bawn_free(box);

	box = new_box();
	assert_int_equal(bawn_config_text(box, shown, strlen(shown), "shown", NULL), 0);
	assert_int_equal(bawn_profile_show(box, "dev", &again, NULL), 0);
	assert_string_equal(again, shown);
	assert_int_equal(bawn_profile_check(box, BAWN_JSON, &checked, NULL), 0);
	assert_non_null(strstr(checked, "{\"type\":\"checked\",\"file\":\"shown\",\"profiles\":1}"));
	bawn_text_free(list);
	bawn_text_free(shown);
	bawn_text_free(again);
	bawn_text_free(checked);
	bawn_free(box);
}

static void an_unknown_profile_is_not_found(void **state)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn *box = new_box();
	char *text = NULL;

	option(box, "permissions-profile", ":workspaec");
	assert_int_equal(bawn_plan(box, NULL, BAWN_TEXT, &text, &err), -ENOENT);
	assert_non_null(strstr(err.message, ":workspace"));
	option(box, "permission-profile", ":read-only");		/* the later counts, whatever the spelling */
	assert_int_equal(bawn_plan(box, NULL, BAWN_TEXT, &text, &err), 0);
	assert_non_null(strstr(text, ":read-only"));
	bawn_text_free(text);
	bawn_free(box);
}

/* --- grants ----------------------------------------------------------------------------------- */

static void grants_come_on_top_of_the_profile_in_their_order(void **state)
{
	struct bawn *box = new_box();

	assert_int_equal(mkdir("d", 0755), 0);
	option(box, "permission-profile", ":read-only");
	assert_false(allowed(box, "write", "d/x"));
	option(box, "write", "d");
	assert_true(allowed(box, "write", "d/x"));
	option(box, "deny", "d/secret");
	assert_false(allowed(box, "read", "d/secret/x"));
	option(box, "read", "./d/../d//secret");
	assert_true(allowed(box, "read", "d/secret/x"));
	assert_false(allowed(box, "write", "d/secret/x"));
	bawn_free(box);
}

static void paths_are_relative_to_the_directory_option(void **state)
{
	struct bawn *box = new_box();
	char path[96];

	assert_int_equal(mkdir("inner", 0755), 0);
	snprintf(path, sizeof(path), "%s/inner/secret", directory);
	option(box, "deny", "secret");
	option(box, "directory", "inner");
	assert_false(allowed(box, "read", path));
	assert_false(allowed(box, "read", "secret"));
	bawn_free(box);
}

static void a_tilde_is_the_home_of_the_boxs_environment(void **state)
{
	struct bawn *box = new_box();

	option(box, "deny", "~/.ssh");
	option(box, "deny", "~nobody");		/* a file of that name here: only the shell knows other homes */
	assert_false(allowed(box, "read", "/nonexistent/home/.ssh/id"));
	assert_false(allowed(box, "read", "~/.ssh"));
	assert_true(allowed(box, "read", "/nonexistent/home/.profile"));
	assert_false(allowed(box, "read", "./~nobody"));
	bawn_free(box);
}

static void dot_dot_behind_a_link_is_where_the_kernel_says(void **state)
{
	struct bawn *box = new_box();

	assert_int_equal(system("mkdir -p far/away && ln -s far/away link"), 0);
	option(box, "deny", "link/../secret");
	assert_false(allowed(box, "read", "far/secret"));
	assert_true(allowed(box, "read", "secret"));
	assert_false(allowed(box, "read", "link/../secret/x"));
	bawn_free(box);
}

static void deny_globs_are_made_absolute_and_keep_matching(void **state)
{
	struct bawn *box = new_box();

	option(box, "deny", "**/.env");
	assert_false(allowed(box, "read", "a/b/.env"));
	assert_true(allowed(box, "read", "/srv/.env"));
	bawn_free(box);
}

static void a_name_with_glob_characters_that_exists_is_meant_itself(void **state)
{
	struct bawn *box = new_box();

	write_file("[id].ts", "");
	option(box, "deny", "[id].ts");
	assert_false(allowed(box, "read", "[id].ts"));
	assert_true(allowed(box, "read", "i.ts"));
	bawn_free(box);
}

static void names_that_are_not_utf8_pass_untouched(void **state)
{
	struct bawn *box = new_box();

	mkdir("\xff\xfe", 0755);
	option(box, "permission-profile", ":read-only");
	option(box, "write", "\xff\xfe");
	assert_true(allowed(box, "write", "\xff\xfe/x"));
	assert_false(allowed(box, "write", "\xff\xfd"));
	bawn_free(box);
}

static void values_of_set_may_be_words_and_keys_may_be_quoted(void **state)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn *box = new_box();
	char *text = NULL;

	option(box, "set", "filesystem.\"/srv/a=b\"=\"deny\"");
	option(box, "set", "environment.inherit=core");
	option(box, "limit", "memory=512M");
	option(box, "limit", "wall_seconds=60");
	option(box, "allow-kernel", "perf");
	option(box, "allow-kernel", "io-uring");
	option(box, "env", "A=\"quoted\" = \\ text");
	option(box, "env", "KEPT");
	option(box, "env", "NOT_THERE");
	option(box, "gpu", NULL);
	option(box, "listen", "80");
	option(box, "listen", "81");
	if (bawn_profile_show(box, NULL, &text, &err) < 0)
		fail_msg("%s", err.message);
	assert_non_null(strstr(text, "\"/srv/a=b\" = \"deny\""));
	assert_non_null(strstr(text, "inherit = \"core\""));
	assert_non_null(strstr(text, "\"perf\", \"io-uring\""));
	assert_non_null(strstr(text, "\"KEPT\" = \"1\""));
	assert_null(strstr(text, "NOT_THERE"));
	assert_non_null(strstr(text, "gpu = true"));
	assert_non_null(strstr(text, "80, 81"));
	assert_false(allowed(box, "read", "/srv/a=b"));
	bawn_text_free(text);
	bawn_free(box);
}

static void the_network_option_outdoes_the_domains_of_a_profile(void **state)
{
	struct bawn *box = new_box();
	char *text = NULL;

	config(box, "default_permissions = \"web\"\n[permissions.web]\nextends = \":workspace\"\n"
	       "[permissions.web.network]\nenabled = true\ndomains = { \"example.org\" = \"allow\" }\n");
	option(box, "network", "full");
	assert_int_equal(bawn_plan(box, NULL, BAWN_JSON, &text, NULL), 0);
	assert_non_null(strstr(text, "\"network\":\"full\""));
	bawn_text_free(text);
	option(box, "network", "off");
	assert_int_equal(bawn_plan(box, NULL, BAWN_JSON, &text, NULL), 0);
	assert_non_null(strstr(text, "\"network\":\"off\""));
	bawn_text_free(text);
	bawn_free(box);
}

static void without_a_sandbox_nothing_can_be_taken_away(void **state)
{
	static const struct { const char *name, *value; bool good; } rows[] = {
		{ "deny", "/x", false }, { "network", "off", false }, { "network", "full", true },
		{ "limit", "memory=1G", false }, { "set", "network.enabled=false", false }, { "write", "/x", true },
		{ "env", "A=b", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bawn *box = new_box();
		char *text = NULL;
		int r;

		option(box, "permission-profile", ":danger-full-access");
		option(box, rows[i].name, rows[i].value);
		r = bawn_plan(box, NULL, BAWN_TEXT, &text, NULL);
		assert_int_equal(r, rows[i].good ? 0 : -EINVAL);
		bawn_text_free(text);
		bawn_free(box);
	}
}

/* --- explain ---------------------------------------------------------------------------------- */

static void explain_names_rule_origin_and_remedy(void **state)
{
	struct bawn *box = new_box();
	char *text = NULL;
	int answer = 1;

	assert_int_equal(bawn_explain(box, "write", "/usr/x", BAWN_JSON, &answer, &text, NULL), 0);
	assert_int_equal(answer, 0);
	assert_non_null(strstr(text, "\"type\":\"decision\""));
	assert_non_null(strstr(text, "\"allow_option\":\"--write /usr/x\""));
	assert_non_null(strstr(text, "built-in :workspace"));
	bawn_text_free(text);
	bawn_free(box);
}

static void explain_refuses_what_it_cannot_answer(void **state)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn *box = new_box();
	char *text = NULL;
	int answer = 7;

	assert_int_equal(bawn_explain(box, "mach-lookup", "com.example.x", BAWN_TEXT, &answer, &text, &err), -ENOTSUP);
	assert_non_null(strstr(err.message, "there is none on Linux"));
	assert_int_equal(bawn_explain(box, "wirte", "/x", BAWN_TEXT, &answer, &text, &err), -EINVAL);
	assert_non_null(strstr(err.message, "did you mean \"write\"?"));
	assert_int_equal(answer, 7);
	assert_null(text);
	bawn_free(box);
}

static void a_link_is_answered_for_its_target_and_for_the_way_to_it(void **state)
{
	struct bawn *box = new_box();

	assert_int_equal(system("mkdir -p secret closed open && ln -s ../open closed/link && ln -s secret alias && "
				"ln -s open shut.key"), 0);
	option(box, "deny", "secret");
	option(box, "deny", "closed");
	option(box, "deny", "*.key");
	assert_false(allowed(box, "read", "alias/x"));		/* the target decides */
	assert_false(allowed(box, "read", "closed/link/x"));	/* nobody gets to the link */
	assert_false(allowed(box, "read", "shut.key/x"));	/* a deny glob takes the name as written too */
	assert_true(allowed(box, "write", "open/x"));
	bawn_free(box);
}

static void a_link_outside_into_the_workspace_may_be_written_through(void **state)
{
	struct bawn *box = new_box();
	char way[96];

	assert_int_equal(system("mkdir -p ws outside && ln -s ../ws outside/link"), 0);
	snprintf(way, sizeof(way), "%s/outside/link/file", directory);
	option(box, "permission-profile", ":read-only");
	option(box, "write", "ws");
	assert_true(allowed(box, "write", way));
	assert_false(allowed(box, "write", "outside/file"));
	bawn_free(box);
}

/* --- running ---------------------------------------------------------------------------------- */

/* Loud: a machine that cannot run a box skips what follows, and says why. */
static int run(struct bawn *box, const char *script)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	struct bawn_error err = BAWN_ERROR_INIT;
	int status = -1, r = bawn_run(box, argv, 0, &status, &err);

	if (r == -ENOTSUP) {
		print_message("no box on this machine: %s\n", err.message);
		skip();
	}
	if (r < 0)
		fail_msg("%s", err.message);
	return status;
}

static void a_command_gives_its_status(void **state)
{
	struct bawn *box = new_box();

	assert_int_equal(run(box, "exit 0"), 0);
	assert_int_equal(run(box, "exit 7"), 7);
	assert_int_equal(run(box, "kill -TERM $$"), 128 + SIGTERM);
	assert_int_equal(run(box, "test \"$KEPT\" = 1 && test \"$BAWN\" = 1"), 0);
	bawn_free(box);
}

static void what_cannot_be_executed_has_the_shells_status(void **state)
{
	static const char *const missing[] = { "/nonexistent/program", NULL };
	static const char *const closed[] = { "/etc/passwd", NULL };
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn *box = new_box();
	int status = 77;

	run(box, "true");
	assert_true(bawn_run(box, missing, 0, &status, &err) < 0);
	assert_int_equal(err.status, BAWN_STATUS_NOT_FOUND);
	assert_true(bawn_run(box, closed, 0, &status, &err) < 0);
	assert_int_equal(err.status, BAWN_STATUS_NOT_EXEC);
	assert_int_equal(status, 77);
	bawn_free(box);
}

static void what_cannot_be_enforced_is_refused(void **state)
{
	static const char *const argv[] = { "true", NULL };
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn *box = new_box();
	int status;

	option(box, "allow-domain", "example.org");
	assert_int_equal(bawn_run(box, argv, 0, &status, &err), -ENOTSUP);
	assert_int_equal(err.status, BAWN_STATUS_SELF);
	assert_non_null(strstr(err.message, "example.org"));
	bawn_free(box);
}

static void descriptors_that_close_on_exec_do_not_cross(void **state)
{
	struct bawn *box = new_box();
	int saved = fcntl(0, F_DUPFD_CLOEXEC, 10), null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_int_equal(run(box, "test -h /proc/self/fd/0"), 0);
	assert_int_equal(dup3(null, 0, O_CLOEXEC), 0);
	assert_int_equal(run(box, "! test -h /proc/self/fd/0"), 0);
	if (saved >= 0)
		dup2(saved, 0);
	else
		close(0);
	close(saved);
	close(null);
	bawn_free(box);
}

static void kept_descriptors_cross_under_their_number(void **state)
{
	struct bawn *box = new_box();
	int pipe_fds[2];
	char byte;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	assert_int_equal(dup2(pipe_fds[1], 9), 9);
	option(box, "keep-fd", "9");
	assert_int_equal(run(box, "printf x >&9"), 0);
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	close(9);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	bawn_free(box);
}

static struct bawn_child *spawn(struct bawn *box, const char *script)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn_child *child = NULL;
	int r = bawn_spawn(box, argv, NULL, 0, &child, &err);

	if (r == -ENOTSUP)
		skip();
	if (r < 0)
		fail_msg("%s", err.message);
	return child;
}

static void a_spawned_command_outlives_its_box_and_can_be_waited_for_twice(void **state)
{
	struct bawn *box = new_box();
	struct bawn_child *child = spawn(box, "sleep 0.1; exit 3");
	struct pollfd end = { .events = POLLIN };
	int status = -1;

	bawn_free(box);
	end.fd = bawn_child_fd(child);
	assert_true(end.fd >= 0);
	assert_int_equal(poll(&end, 1, 10000), 1);
	assert_int_equal(bawn_wait(child, &status, NULL), 0);
	assert_int_equal(status, 3);
	status = -1;
	assert_int_equal(bawn_wait(child, &status, NULL), 0);
	assert_int_equal(status, 3);
	assert_int_equal(bawn_kill(child, SIGTERM, NULL), -ESRCH);
	bawn_child_free(child);
}

static void a_spawned_command_can_be_ended(void **state)
{
	struct bawn *box = new_box();
	struct bawn_child *child = spawn(box, "sleep 100");
	int status = -1;

	assert_int_equal(bawn_kill(child, SIGKILL, NULL), 0);
	assert_int_equal(bawn_wait(child, &status, NULL), 0);
	assert_int_equal(status, 128 + SIGKILL);
	bawn_child_free(child);
	bawn_child_free(spawn(box, "sleep 100"));		/* ends it */
	bawn_free(box);
}

static void stdio_of_a_spawned_command_is_the_callers_choice(void **state)
{
	static const char *const argv[] = { "sh", "-c", "cat; echo err >&2", NULL };
	struct bawn *box = new_box();
	struct bawn_child *child;
	int in[2], out[2], status;
	char bytes[32] = "";

	assert_int_equal(run(box, "true"), 0);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(bawn_spawn(box, argv, (int[3]){ in[0], out[1], out[1] }, 0, &child, NULL), 0);
	assert_int_equal(write(in[1], "hello ", 6), 6);
	close(in[1]);
	assert_int_equal(bawn_wait(child, &status, NULL), 0);
	assert_int_equal(status, 0);
	assert_int_equal(read(out[0], bytes, sizeof(bytes) - 1), 10);
	assert_string_equal(bytes, "hello err\n");
	close(in[0]);
	close(out[0]);
	close(out[1]);
	bawn_child_free(child);
	bawn_free(box);
}

/* --- threads ---------------------------------------------------------------------------------- */

#define THREADS		4
#define ROUNDS		50

static void *ask(void *argument)
{
	const char *path = argument;
	struct bawn *box = NULL;
	long wrong = bawn_new(&box, NULL) < 0 || bawn_environment(box, variables, NULL) < 0 ||
		     bawn_option(box, "deny", path, NULL) < 0;

	for (int i = 0; !wrong && i < ROUNDS; i++) {
		int of_own = 1, of_other = 0;
		char *text = NULL;

		wrong += bawn_explain(box, "read", path, BAWN_TEXT, &of_own, &text, NULL) < 0;
		bawn_text_free(text);
		text = NULL;
		wrong += bawn_explain(box, "read", "/thread", BAWN_JSON, &of_other, &text, NULL) < 0;
		bawn_text_free(text);
		wrong += of_own || !of_other;
	}
	bawn_free(box);
	return (void *)wrong;
}

static void boxes_of_different_threads_are_independent(void **state)
{
	static char paths[THREADS][16];
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/thread/%d", i);
		assert_int_equal(pthread_create(&threads[i], NULL, ask, paths[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		void *wrong;

		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(missing_arguments_are_refused_by_every_call),
		TEST(options_are_judged_when_they_are_given),
		TEST(macos_is_planned_for_and_not_run_here),
		TEST(somebody_elses_seatbelt_profile_is_asked),
		TEST(an_error_in_a_profile_carries_its_place),
		TEST(a_named_file_must_exist_and_the_default_one_need_not),
		TEST(the_file_is_looked_for_where_the_environment_says),
		TEST(warnings_are_kept_for_the_caller),
		TEST(profiles_can_be_listed_shown_and_read_back),
		TEST(an_unknown_profile_is_not_found),
		TEST(grants_come_on_top_of_the_profile_in_their_order),
		TEST(paths_are_relative_to_the_directory_option),
		TEST(a_tilde_is_the_home_of_the_boxs_environment),
		TEST(dot_dot_behind_a_link_is_where_the_kernel_says),
		TEST(deny_globs_are_made_absolute_and_keep_matching),
		TEST(a_name_with_glob_characters_that_exists_is_meant_itself),
		TEST(names_that_are_not_utf8_pass_untouched),
		TEST(values_of_set_may_be_words_and_keys_may_be_quoted),
		TEST(the_network_option_outdoes_the_domains_of_a_profile),
		TEST(without_a_sandbox_nothing_can_be_taken_away),
		TEST(explain_names_rule_origin_and_remedy),
		TEST(explain_refuses_what_it_cannot_answer),
		TEST(a_link_is_answered_for_its_target_and_for_the_way_to_it),
		TEST(a_link_outside_into_the_workspace_may_be_written_through),
		TEST(a_command_gives_its_status),
		TEST(what_cannot_be_executed_has_the_shells_status),
		TEST(what_cannot_be_enforced_is_refused),
		TEST(descriptors_that_close_on_exec_do_not_cross),
		TEST(kept_descriptors_cross_under_their_number),
		TEST(a_spawned_command_outlives_its_box_and_can_be_waited_for_twice),
		TEST(a_spawned_command_can_be_ended),
		TEST(stdio_of_a_spawned_command_is_the_callers_choice),
		TEST(boxes_of_different_threads_are_independent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
