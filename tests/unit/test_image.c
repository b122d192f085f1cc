/* SPDX-License-Identifier: Apache-2.0 */
/* test_image.c — a policy as bytes and back: the copy answers as the policy does, and unsound bytes are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "scene.h"

#include <stdlib.h>
#include <string.h>

static const char HOST[] = "d /ws\nd /ws/.git\nf /ws/.git/config\nd /ws/a\nf /ws/a/x\ncwd /ws\n";
static const char PROFILE[] = "[permissions.t]\nextends = ':workspace'\n[permissions.t.filesystem]\n"
			      "':workspace_roots' = { '.' = 'write', '.git' = 'commit', '**/.env' = 'deny', "
			      "'a/x' = 'read', 'no/deep' = 'deny' }\n"
			      "[permissions.t.network.unix_sockets]\n'/run/open' = 'allow'\n'/run/open/not' = 'deny'\n";

static struct scene scene;
static struct text image;
static void *room;
static struct policy copy;

static int make(void **state)
{
	size_t size = 0;

	(void)state;
	memset(&scene, 0, sizeof(scene));
	assert_int_equal(scene_read(&scene, HOST, PROFILE, NULL), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	policy_pack(scene.policy, &image);
	assert_true(policy_image_check(image.bytes, image.size, &size));
	room = malloc(size);
	policy_unpack(image.bytes, image.size, room, &copy);
	return 0;
}

static int done(void **state)
{
	(void)state;
	free(room);
	text_done(&image);
	scene_done(&scene);
	return 0;
}

static void copy_decides_as_the_policy_does(void **state)
{
	static const char *const paths[] = {
		"/", "/ws", "/ws/new", "/ws/.env", "/ws/b/.env", "/ws/a/x", "/ws/no", "/ws/no/deep", "/ws/.git/config",
		"/ws/.git/hooks", "/ws/.git/index", "/ws/.codex", "/tmp/x", "/etc/passwd", "/run/open", "/run/open/s",
		"/run/open/not", "/run/other",
	};
	static const enum operation operations[] = { OPERATION_READ, OPERATION_WRITE, OPERATION_UNIX_CONNECT };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		for (size_t j = 0; j < ARRAY_SIZE(operations); j++) {
			struct decision theirs, ours;

			policy_decide(scene.policy, operations[j], paths[i], &theirs);
			policy_decide(&copy, operations[j], paths[i], &ours);
			assert_int_equal(ours.allowed, theirs.allowed);
			assert_int_equal(!ours.rule, !theirs.rule);
			if (ours.rule)
				assert_string_equal(ours.rule->path, theirs.rule->path);
		}
}

static void copy_judges_renames_as_the_policy_does(void **state)
{
	static const char *const pairs[][2] = {
		{ "/ws/b", "/ws/c" }, { "/ws/a", "/ws/c" }, { "/ws/b", "/ws/no" }, { "/ws/b", "/ws/a" },
		{ "/ws/b", "/tmp/b" }, { "/ws/no", "/ws/no" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		assert_int_equal(policy_rename_allowed(&copy, pairs[i][0], pairs[i][1]),
				 policy_rename_allowed(scene.policy, pairs[i][0], pairs[i][1]));
}

static void copy_knows_the_work_trees(void **state)
{
	(void)state;
	assert_int_equal(copy.commit_count, 1);
	assert_string_equal(copy.commits[0].tree, "/ws");
	assert_string_equal(copy.commits[0].common, scene.policy->commits[0].common);
}

static void unsound_bytes_are_refused(void **state)
{
#define BYTES(text) { text, sizeof(text) }
	static const struct { const char *bytes; size_t size; } rows[] = {
		BYTES("x/a"),				/* no such record */
		BYTES("r2000relative"),
		BYTES("r0000/a"),			/* no access */
		BYTES("r4000/a"),
		BYTES("r2100/a"),			/* a glob among the rules */
		BYTES("r2090/a"), BYTES("r2002/a"), BYTES("r2 00/a"),
		{ "r2000/a", 7 },			/* no end */
		{ "r20", 3 }, { "r", 1 },
		BYTES("r2000/b\0r2000/a"),		/* not sorted */
		BYTES("r2000/a\0r3000/a"),
		BYTES("g0relative"), BYTES("g2/a"), BYTES("g0/a[b"),
		{ "c/a", 4 }, BYTES("c/a\0b"),
		BYTES("u0/a"), BYTES("u2x"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t size;

		if (policy_image_check(rows[i].bytes, rows[i].size, &size))
			fail_msg("row %zu is taken", i);
	}
}

/* Whatever a byte becomes, it is refused, or answers without a crash (the sanitizers look on). */
static void a_changed_byte_does_no_harm(void **state)
{
	static const char values[] = { '\0', '/', '9', 'g', 'c', '*', '[', (char)0xff };

	(void)state;
	for (size_t i = 0; i < image.size; i++)
		for (size_t j = 0; j < ARRAY_SIZE(values); j++) {
			char *bytes = malloc(image.size);
			struct decision decision;
			struct policy other;
			size_t size;

			memcpy(bytes, image.bytes, image.size);
			bytes[i] = values[j];
			if (policy_image_check(bytes, image.size, &size)) {
				void *arrays = malloc(size + 1);

				policy_unpack(bytes, image.size, arrays, &other);
				policy_decide(&other, OPERATION_WRITE, "/ws/a/x", &decision);
				policy_rename_allowed(&other, "/ws/a", "/ws/b");
				free(arrays);
			}
			free(bytes);
		}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make, done)
	const struct CMUnitTest tests[] = {
		T(copy_decides_as_the_policy_does),
		T(copy_judges_renames_as_the_policy_does),
		T(copy_knows_the_work_trees),
		T(unsound_bytes_are_refused),
		T(a_changed_byte_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
