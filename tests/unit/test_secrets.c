/* SPDX-License-Identifier: Apache-2.0 */
/* test_secrets.c — which places of secrets a profile lets be read. */
#include "scene.h"
#include "policy/secrets.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#define HOST	"home /home/u\ncwd /ws\nd /ws\nd /home/u/.ssh\nf /home/u/.netrc\nl /home/u/.aws -> /srv/aws\nd /srv/aws\n" \
		"env GH_TOKEN=x\nenv aws_secret_access_key=x\nenv EMPTY_TOKEN=\nenv TOKENS=x\nenv PATH=/usr/bin\n"
#define BELOW	"[permissions.t]\nextends = ':workspace'\n"

static const struct row { const char *toml, *found; } rows[] = {
	{ BELOW, "~/.aws ~/.netrc ~/.ssh $GH_TOKEN $aws_secret_access_key" },
	{ BELOW "environment.exclude = ['*_TOKEN', 'aws_*']\n", "~/.aws ~/.netrc ~/.ssh" },
	{ BELOW "environment.inherit = 'none'\n[permissions.t.filesystem]\n'~' = 'deny'\n", "~/.aws" },		/* it is /srv/aws */
	{ BELOW "environment.inherit = 'none'\n[permissions.t.filesystem]\n'/srv' = 'deny'\n", "~/.netrc ~/.ssh" },
	{ BELOW "environment.inherit = 'none'\n[permissions.t.filesystem]\n'/**/.netrc' = 'deny'\n", "~/.aws ~/.ssh" },
	{ "[permissions.t]\nenvironment.inherit = 'none'\nfilesystem = { '/ws' = 'write', '~/.netrc' = 'read' }\n", "~/.netrc" },
};

static void what_is_there_and_can_be_read_is_listed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arena arena = { 0 };
		struct text text = { 0 };
		struct secrets secrets;
		struct scene scene;

		assert_int_equal(scene_read(&scene, HOST, rows[i].toml, NULL), 0);
		assert_int_equal(scene_resolve(&scene, NULL), 0);
		assert_int_equal(secrets_find(&arena, scene.policy, &scene.fake.host, &secrets, &scene.err), 0);
		for (size_t j = 0; j < secrets.count; j++)
			text_printf(&text, "%s%s%s", j ? " " : "", secrets.items[j].variable ? "$" : "", secrets.items[j].subject);
		if (strcmp(text.bytes ? text.bytes : "", rows[i].found))
			fail_msg("row %zu: %s", i, text.bytes ? text.bytes : "nothing");
		text_done(&text);
		arena_done(&arena);
		scene_done(&scene);
	}
}

static int no_home(void *context, const char *path, enum access wanted, int aspect)
{
	(void)context;
	(void)wanted;
	(void)aspect;
	return strncmp(path, "/home", 5) ? 0 : -EACCES;
}

static void what_the_caller_may_not_read_is_not(void **state)
{
	struct arena arena = { 0 };
	struct secrets secrets;
	struct scene scene;

	(void)state;
	assert_int_equal(scene_read(&scene, HOST, BELOW "environment.inherit = 'none'\n", NULL), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	scene.fake.host.permits = no_home;
	assert_int_equal(secrets_find(&arena, scene.policy, &scene.fake.host, &secrets, &scene.err), 0);
	assert_int_equal(secrets.count, 1);
	assert_string_equal(secrets.items[0].subject, "~/.aws");
	arena_done(&arena);
	scene_done(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_and_can_be_read_is_listed),
		cmocka_unit_test(what_the_caller_may_not_read_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
