/* SPDX-License-Identifier: Apache-2.0 */
/* test_lower.c — from a plan to what the child does on Linux; and the tables that policies are made of. */
#include "scene.h"
#include "policy/reader.h"

#include <sched.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOST	"cwd /ws\nd /ws/src\nd /ws/.git/hooks\nd /tmp\nd /usr/bin\nd /etc\nf /etc/key\n"
#define PROFILE	"[permissions.t.filesystem]\n':root' = 'read'\n"
#define WORK	PROFILE "':workspace_roots' = 'write'\n"
#define LISTED	"[permissions.t.filesystem]\n"

static struct scene scene;

static int leave(void **state)
{
	scene_done(&scene);
	return 0;
}

static void lower_on(const struct features *features, const char *host, const char *toml)
{
	struct text problem = { 0 };
	int e;

	scene_done(&scene);
	e = scene_read(&scene, host, toml, NULL);
	if (e < 0 || scene_resolve(&scene, NULL) < 0 || scene_plan(&scene, features) < 0 || scene_lower(&scene) < 0)
		fail_msg("%s", scene.err.message);
	if (!scene_box_is_sound(&scene, &problem))
		fail_msg("%s", problem.bytes);
}

static void lower(const char *host, const char *toml)
{
	lower_on(&scene_features, host, toml);
}

static void lower_at_abi(int abi, const char *host, const char *toml)
{
	struct features features = scene_features;

	features.landlock_abi = abi;
	lower_on(&features, host, toml);
}

/* --- mounts ------------------------------------------------------------------------------------------------------- */

static void print_op(struct text *text, const struct mount_op *op)
{
	static const char *const kinds[] = { "write", "read", "mask", "scaffold" };

	text_printf(text, "%s %s%s%s%s%s\n", kinds[op->kind], op->path, op->directory ? " directory" : "",
		    op->top ? " top" : "",
		    op->early ? " early" : "", op->optional ? " optional" : "");
}

static void mounts_are(const char *expected)
{
	struct text text = { 0 };

	for (size_t i = 0; i < scene.box->op_count; i++)
		print_op(&text, &scene.box->ops[i]);
	assert_string_equal(text.bytes ? text.bytes : "", expected);
	text_done(&text);
}

static void scaffolds_are(const char *expected)
{
	struct text text = { 0 };

	for (size_t i = 0; i < scene.box->scaffold_count; i++)
		text_printf(&text, "%s: %s%s\n", scene.box->ops[scene.box->scaffolds[i].op].path,
			    scene.box->scaffolds[i].below,
			    scene.box->scaffolds[i].directory ? "/" : "");
	assert_string_equal(text.bytes ? text.bytes : "", expected);
	text_done(&text);
}

static void workspace_is_cloned_early_and_closed_inside(void **state)
{
	lower(HOST, WORK "'/etc/key' = 'deny'\n'/ws/src' = 'deny'\n");
	mounts_are("mask /etc/key top optional\n"
		   "write /ws directory top early\n"
		   "read /ws/.git directory optional\n"
		   "mask /ws/src directory optional\n");
	scaffolds_are("");
	for (size_t i = 0; i < scene.box->op_count; i++)
		assert_string_equal(scene.box->ops[i].item->rule->path, scene.box->ops[i].path);
}

static void file_root_is_a_mount_of_a_file(void **state)
{
	lower(HOST, PROFILE "'/etc/key' = 'write'\n");
	mounts_are("write /etc/key top early\n");
}

static void directory_comes_before_what_lies_below(void **state)
{
	lower(HOST "d /ws-a\nf /ws/a/b/c/d\n", WORK "'/ws-a' = 'write'\n'/ws/a' = 'read'\n'/ws/a/b' = 'write'\n"
	      "'/ws/a/b/c' = 'deny'\n"
	      "'/ws/a/b/c/d' = 'read'\n");
	mounts_are("write /ws directory top early\n"
		   "write /ws-a directory top early\n"
		   "read /ws/.git directory optional\n"
		   "read /ws/a directory optional\n"
		   "write /ws/a/b directory early\n"
		   "scaffold /ws/a/b/c directory optional\n"
		   "read /ws/a/b/c/d early optional\n");
	scaffolds_are("/ws/a/b/c: d\n");
}

static void reopened_below_a_deny_gets_a_way(void **state)
{
	lower(HOST "d /secret/in/open\nd /secret/pad\nf /secret/file\n", PROFILE "'/secret' = 'deny'\n"
	      "'/secret/in/open' = 'read'\n"
	      "'/secret/pad' = 'write'\n'/secret/file' = 'read'\n'/secret/pad/x' = 'deny'\n");
	mounts_are("scaffold /secret directory top optional\n"
		   "read /secret/file early optional\n"
		   "read /secret/in/open directory early optional\n"
		   "write /secret/pad directory early\n");
	scaffolds_are("/secret: file\n/secret: in/open/\n/secret: pad/\n");
}

static void deny_below_a_deny_is_one_mask(void **state)
{
	lower(HOST "d /secret/in/open\n", PROFILE "'/secret' = 'deny'\n'/secret/in' = 'deny'\n"
	      "'/secret/in/open' = 'read'\n");
	mounts_are("scaffold /secret directory top optional\n"
		   "read /secret/in/open directory early optional\n");
	scaffolds_are("/secret: in/open/\n");
}

static void restricted_root_is_assembled_from_its_tops(void **state)
{
	lower(HOST, LISTED "'/usr' = 'read'\n'/usr/bin' = 'deny'\n'/etc/key' = 'read'\n':workspace_roots' = 'write'\n"
	      "'/tmp/none' = 'read'\n"
	      "'/tmp' = 'deny'\n");
	mounts_are("read /etc/key top early optional\n"
		   "read /usr directory top early optional\n"
		   "mask /usr/bin directory optional\n"
		   "write /ws directory top early\n"
		   "read /ws/.git directory optional\n");
}

static void writable_root_has_no_mount_of_its_own(void **state)
{
	lower("cwd /ws\nd /ws\nd /etc\nd /srv/x\n", LISTED "':root' = 'write'\n'/etc' = 'read'\n'/srv' = 'deny'\n"
	      "'/srv/x' = 'write'\n");
	mounts_are("read /etc directory top optional\n"
		   "scaffold /srv directory top optional\n"
		   "write /srv/x directory early\n");
}

static void read_only_everywhere_is_no_mount_at_all(void **state)
{
	lower(HOST, PROFILE);
	mounts_are("");
	assert_int_equal(scene.box->pin_count, 0);
	assert_int_equal(scene.box->missing_count, 0);
}

static void matches_are_masks(void **state)
{
	lower(HOST "f /ws/.env\nd /ws/src/secrets\nl /ws/link.env -> src\n", WORK "'/ws/**/*.env' = 'deny'\n"
	      "'/ws/**/secrets' = 'deny'\n");
	mounts_are("write /ws directory top early\n"
		   "mask /ws/.env optional\n"
		   "read /ws/.git directory optional\n"
		   "mask /ws/link.env optional\n"
		   "mask /ws/src/secrets directory optional\n");
}

static void systems_places_are_laid_over_proc_and_sys(void **state)
{
	struct text text = { 0 };

	lower(HOST, WORK);
	for (size_t i = 0; i < scene.box->system_count; i++)
		print_op(&text, &scene.box->system[i]);
	assert_string_equal(text.bytes, "mask /proc/key-users optional\nmask /proc/keys optional\n"
			    "read /proc/sys optional\n"
			    "mask /sys/firmware directory optional\nmask /sys/kernel/security directory optional\n");
	text_done(&text);
	lower(HOST "uid 0\n", WORK);
	for (size_t i = 0; i < scene.box->system_count; i++)
		assert_true(scene.box->system[i].optional);
	assert_int_equal(scene.box->system_count, 22);
}

/* --- pins and missing names --------------------------------------------------------------------------------------- */

static void pins_are(const char *expected)
{
	struct text text = { 0 };

	for (size_t i = 0; i < scene.box->pin_count; i++)
		text_printf(&text, "%s: %s\n", scene.box->pins[i].root, scene.box->pins[i].below);
	assert_string_equal(text.bytes ? text.bytes : "", expected);
	text_done(&text);
}

static void pins_are_named_from_their_writable_root(void **state)
{
	lower(HOST "f /ws/src/a/key\nf /tmp/b/key\n", WORK "'/tmp' = 'write'\n'/ws/src/a/key' = 'deny'\n"
	      "'/tmp/b/key' = 'read'\n");
	pins_are("/tmp: b\n/ws: src\n/ws: src/a\n");
}

static void pin_belongs_to_the_innermost_root(void **state)
{
	lower(HOST "f /ws/ro/rw/p/key\nf /ws/a/key\n", WORK "'/ws/ro' = 'read'\n'/ws/ro/rw' = 'write'\n"
	      "'/ws/ro/rw/p/key' = 'deny'\n"
	      "'/ws/a/key' = 'deny'\n");
	pins_are("/ws: a\n/ws/ro/rw: p\n");
}

static void pin_below_a_writable_root_directory(void **state)
{
	lower("cwd /ws\nd /ws\nf /srv/x/key\n", LISTED "':root' = 'write'\n'/srv/x/key' = 'deny'\n");
	pins_are("/: srv\n/: srv/x\n");
}

static void missing_names_are_handed_to_the_broker(void **state)
{
	lower("cwd /ws\nd /ws\n", WORK "'/ws/far/none' = 'deny'\n'/etc/none' = 'deny'\n");
	assert_int_equal(scene.box->missing_count, 7);
	assert_string_equal(scene.box->missing[0].path, "/ws/.agents");
	assert_string_equal(scene.box->missing[6].path, "/ws/far/none");
	assert_string_equal(scene.box->missing[6].name, "none");
	assert_false(scene.box->missing[6].nocase);
	lower("cwd /ws\nnocase /ws\n", WORK);
	assert_true(scene.box->missing[0].nocase);
}

/* --- Landlock ----------------------------------------------------------------------------------------------------- */

/* By hand, from Documentation/userspace-api/landlock.rst. */
#define WRITE_FILE	0x2u
#define CHANGES		0x1ff2u		/* write-file, remove-*, make-* */
#define MAKES		0x1fc2u		/* write-file, make-* */
#define REFER		0x2000u
#define TRUNCATE	((uint64_t)0x4000)
#define IOCTL_DEV	0x8000u

static void rights_follow_the_abi(void **state)
{
	static const struct { uint64_t handled, creation, scoped; } rows[] = {
		{ 0,						0,				0 },
		{ 0,						0,				0 },
		{ CHANGES | REFER,				MAKES | REFER,			0 },
		{ CHANGES | REFER | TRUNCATE,			MAKES | REFER | TRUNCATE,	0 },
		{ CHANGES | REFER | TRUNCATE,			MAKES | REFER | TRUNCATE,	0 },
		{ CHANGES | REFER | TRUNCATE | IOCTL_DEV,	MAKES | REFER | TRUNCATE,	0 },
		{ CHANGES | REFER | TRUNCATE | IOCTL_DEV,	MAKES | REFER | TRUNCATE,	3 },
		{ CHANGES | REFER | TRUNCATE | IOCTL_DEV,	MAKES | REFER | TRUNCATE,	3 },
		{ CHANGES | REFER | TRUNCATE | IOCTL_DEV,	MAKES | REFER | TRUNCATE,	3 },
	};

	for (int abi = 0; abi < (int)ARRAY_SIZE(rows); abi++) {
		lower_at_abi(abi, HOST, WORK "[permissions.t.kernel]\nallow = ['io-uring']\n");
		assert_int_equal(scene.box->landlock_handled, rows[abi].handled);
		assert_int_equal(scene.box->landlock_creation, rows[abi].creation);
		lower_at_abi(abi, HOST, WORK);		/* what every open would pay for, only where calls pass the filter */
		assert_int_equal(scene.box->landlock_handled, rows[abi].handled & ~TRUNCATE);
		assert_int_equal(scene.box->landlock_creation, rows[abi].creation & ~TRUNCATE);
		assert_int_equal(scene.box->landlock_scoped, rows[abi].scoped);
		assert_int_equal(landlock_rights(abi), rows[abi].handled);
	}
	assert_int_equal(landlock_file_rights(), WRITE_FILE | TRUNCATE | IOCTL_DEV);
}

static uint64_t landlock_access(const char *path)
{
	for (size_t i = 0; i < scene.box->landlock_count; i++)
		if (!strcmp(scene.box->landlock[i].path, path))
			return scene.box->landlock[i].access;
	return 0;
}

static void landlock_grants_writable_places_only(void **state)
{
	uint64_t all = landlock_rights(7) & ~TRUNCATE, file = landlock_file_rights() & ~TRUNCATE;

	lower(HOST, WORK "'/etc/key' = 'write'\n");
	assert_int_equal(scene.box->landlock_count, 5);
	assert_int_equal(landlock_access("/ws"), all);
	assert_int_equal(landlock_access("/etc/key"), file);
	assert_int_equal(landlock_access("/dev"), file);
	assert_int_equal(landlock_access("/dev/shm"), all);
	assert_int_equal(landlock_access("/proc"), file);
	lower(HOST, LISTED "':root' = 'write'\n");
	assert_int_equal(landlock_access("/"), all);
	lower_at_abi(2, HOST, WORK "'/etc/key' = 'write'\n");
	assert_int_equal(landlock_access("/etc/key"), WRITE_FILE);
	assert_int_equal(landlock_access("/ws"), CHANGES | REFER);
	lower_at_abi(0, HOST, WORK);
	assert_int_equal(scene.box->landlock_count, 0);
}

static void landlock_has_no_creation_domain_without_a_broker(void **state)
{
	lower(HOST, PROFILE);
	assert_int_equal(scene.box->landlock_creation, 0);
	assert_int_equal(scene.box->landlock_handled, landlock_rights(7) & ~TRUNCATE);
}

static void opened_user_namespaces_take_the_file_rights_away(void **state)
{
	lower(HOST, WORK "[permissions.t.kernel]\nallow = ['user-namespaces']\n");
	assert_int_equal(scene.box->landlock_handled, 0);
	assert_int_equal(scene.box->landlock_creation, 0);
	assert_int_equal(scene.box->landlock_count, 0);
	assert_int_equal(scene.box->landlock_scoped, 3);
}

/* --- made-up profiles --------------------------------------------------------------------------------------------- */

static uint32_t seed = 4711;

static uint8_t next_byte(void)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint8_t)(seed >> 16);
}

static void box_gives_what_the_policy_says_whatever_the_profile(void **state)
{
	for (unsigned i = 0; i < 3000; i++) {
		struct text host = { 0 }, toml = { 0 }, problem = { 0 };
		uint8_t bytes[300];
		int e;

		for (size_t j = 0; j < sizeof(bytes); j++)
			bytes[j] = next_byte();
		scene_make_up(bytes, 20 + i % 280, &host, &toml);
		e = scene_read(&scene, host.bytes, toml.bytes, NULL);
		if (e < 0)
			fail_msg("%s\n%s", scene.err.message, toml.bytes);
		e = scene_resolve(&scene, NULL);
		if (e < 0 && e != -ELOOP)
			fail_msg("%s\n%s%s", scene.err.message, host.bytes, toml.bytes);
		if (e >= 0 && (!scene_policy_is_sound(&scene, &problem) || scene_plan(&scene, &scene_features) < 0 ||
			       scene_lower(&scene) < 0 || !(scene.policy->platform == PLATFORM_MACOS ?
							    scene_seatbelt_is_sound(&scene, &problem) :
							    scene_box_is_sound(&scene, &problem))))
			fail_msg("%s%s%s", problem.bytes, host.bytes, toml.bytes);
		scene_done(&scene);
		text_done(&host);
		text_done(&toml);
	}
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

static void limits_become_resources(void **state)
{
	static const struct { int resource; rlim_t value; } expected[] = {
		{ RLIMIT_NPROC, 64 }, { RLIMIT_DATA, 1048576 }, { RLIMIT_CPU, 9 }, { RLIMIT_FSIZE, 2048 },
		{ RLIMIT_NOFILE, 99 },
		{ RLIMIT_CORE, 1 },		/* no core file and no handler either */
	};

	lower(HOST, WORK "[permissions.t.limits]\nprocesses = 64\nmemory = '1M'\ncpu_seconds = 9\nwall_seconds = 5\n"
	      "file_size = '2K'\n"
	      "open_files = 99\n");
	assert_int_equal(scene.box->limit_count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(scene.box->limits[i].resource, expected[i].resource);
		assert_int_equal(scene.box->limits[i].limit.rlim_cur, expected[i].value);
		assert_int_equal(scene.box->limits[i].limit.rlim_max, expected[i].value);
	}
	lower(HOST, WORK);
	assert_int_equal(scene.box->limit_count, 1);
	assert_int_equal(scene.box->limits[0].resource, RLIMIT_CORE);
}

static void filter_is_made_where_the_kernel_has_filters(void **state)
{
	struct features features = scene_features;
	unsigned with_broker;

	lower(HOST, WORK);
	with_broker = scene.box->bpf.count;
	assert_true(with_broker > 0);
	lower(HOST, PROFILE);
	assert_true(scene.box->bpf.count > 0);
	assert_int_not_equal(scene.box->bpf.count, with_broker);
	features.seccomp = false;
	lower_on(&features, HOST, WORK);
	assert_int_equal(scene.box->bpf.count, 0);
}

/* A call that is sent to a listener who is not there fails with ENOSYS (seccomp(2)): nothing could be created. */
static void nothing_waits_for_a_broker_that_cannot_be(void **state)
{
	struct seccomp_call call = { SYS_openat, seccomp_audit_arch(SECCOMP_HOST), { 0, 0, O_CREAT | O_WRONLY } };
	struct features features = scene_features;

	lower(HOST, WORK);
	assert_int_equal(bpf_simulate(&scene.box->bpf, &call), SECCOMP_RET_USER_NOTIF);
	assert_int_not_equal(scene.box->landlock_creation, 0);
	features.seccomp_notify = false;
	lower_on(&features, HOST, WORK);
	assert_int_equal(bpf_simulate(&scene.box->bpf, &call), SECCOMP_RET_ALLOW);
	assert_int_equal(scene.box->landlock_creation, 0);
}

static void outer_bawn_is_asked_instead_of_a_listener_of_our_own(void **state)
{
	struct features features = scene_features;
	unsigned with_broker;

	lower(HOST, WORK "'/ws/**/.env' = 'deny'\n");
	with_broker = scene.box->bpf.count;
	assert_int_equal(scene.box->nested_image_bytes, 0);
	features.outer_listener = features.outer_broker = true;
	lower_on(&features, HOST, WORK "'/ws/**/.env' = 'deny'\n");
	assert_int_not_equal(scene.box->bpf.count, with_broker);
	assert_non_null(scene.box->nested_names);
	assert_non_null(memmem(scene.box->nested_image, scene.box->nested_image_bytes, "g0/ws/**/.env", 14));
}

static void box_is_printed_a_line_each(void **state)
{
	struct text text = { 0 };

	lower(HOST, WORK "'/ws/src' = 'deny'\n");
	assert_int_equal(linux_box_print(scene.box, &text), 0);
	assert_non_null(strstr(text.bytes, "mount write /ws early\nmount read /ws/.git optional\n"
			       "mount mask /ws/src optional\n"));
	assert_non_null(strstr(text.bytes, "\nlandlock 0xbff2 /ws\n"));
	assert_non_null(strstr(text.bytes, "\nlandlock handled 0xbff2 scoped 0x3 creation 0x3fc2\n"));
	text_done(&text);
}

/* --- the tables --------------------------------------------------------------------------------------------------- */

static void in_order(const char *table, const char *before, const char *after)
{
	if (before && strcmp(before, after) >= 0)
		fail_msg("%s: %s does not come after %s", table, after, before);
}

static void protected_names_are_sorted(void **state)
{
	static const char *const tops[] = {
#define PROTECTED_TOP(name, why) name,
#include "policy/protected.def"
#undef PROTECTED_TOP
	};
	static const char *const homes[] = {
#define PROTECTED_HOME(path, why) path,
#include "policy/protected.def"
#undef PROTECTED_HOME
	};
	static const char *const parts[] = {
#define GIT_CLOSED(name, where, why) name,
#include "policy/protected.def"
#undef GIT_CLOSED
	};

	for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
		in_order("PROTECTED_TOP", i ? tops[i - 1] : NULL, tops[i]);
		assert_true(tops[i][0] == '.' && !strchr(tops[i], '/'));
	}
	for (size_t i = 0; i < ARRAY_SIZE(homes); i++) {
		in_order("PROTECTED_HOME", i ? homes[i - 1] : NULL, homes[i]);
		assert_true(homes[i][0] == '.');
	}
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		in_order("GIT_CLOSED", i ? parts[i - 1] : NULL, parts[i]);
}

static void minimal_places_are_sorted(void **state)
{
	static const struct { enum platform platform; const char *path; } rows[] = {
#define MINIMAL(platform, path, why) { PLATFORM_##platform, path },
#include "policy/minimal.def"
#undef MINIMAL
	};
	const char *last[2] = { NULL, NULL };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		in_order("minimal.def", last[rows[i].platform], rows[i].path);
		last[rows[i].platform] = rows[i].path;
		assert_int_equal(rows[i].path[0], '/');
	}
}

static void system_places_are_sorted_and_the_boxs_own(void **state)
{
	static const struct { const char *path, *access, *who; } rows[] = {
#define SYSTEM(path, access, who, why) { path, #access, #who },
#include "policy/system.def"
#undef SYSTEM
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		in_order("system.def", i ? rows[i - 1].path : NULL, rows[i].path);
		assert_true(path_below(rows[i].path, "/dev", false) || path_below(rows[i].path, "/proc", false) ||
			    path_below(rows[i].path, "/sys", false));
		/* What nobody but root could do anyway needs no layer; what may be written is nobody's to close. */
		assert_true(strcmp(rows[i].who, "ROOT") != 0 || strcmp(rows[i].access, "WRITE") != 0);
	}
}

static void profile_keys_are_sorted(void **state)
{
	static const struct { const char *section, *key, *help; } rows[] = {
#define KEY(id, section, key, type, layer, help) { section, key, help },
#include "policy/profile.def"
#undef KEY
	};
	char path[2][128] = { "", "" };

	assert_int_equal(ARRAY_SIZE(rows), PROFILE__COUNT);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(path[i % 2], sizeof(path[0]), "%s.%s", rows[i].section, rows[i].key);
		in_order("profile.def", path[(i + 1) % 2], path[i % 2]);
		assert_true(rows[i].help[0] && rows[i].help[strlen(rows[i].help) - 1] != '.');
	}
}

#define T(name) cmocka_unit_test_teardown(name, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(workspace_is_cloned_early_and_closed_inside),
		T(file_root_is_a_mount_of_a_file),
		T(directory_comes_before_what_lies_below),
		T(reopened_below_a_deny_gets_a_way),
		T(deny_below_a_deny_is_one_mask),
		T(restricted_root_is_assembled_from_its_tops),
		T(writable_root_has_no_mount_of_its_own),
		T(read_only_everywhere_is_no_mount_at_all),
		T(matches_are_masks),
		T(systems_places_are_laid_over_proc_and_sys),
		T(pins_are_named_from_their_writable_root),
		T(pin_belongs_to_the_innermost_root),
		T(pin_below_a_writable_root_directory),
		T(missing_names_are_handed_to_the_broker),
		T(rights_follow_the_abi),
		T(landlock_grants_writable_places_only),
		T(landlock_has_no_creation_domain_without_a_broker),
		T(opened_user_namespaces_take_the_file_rights_away),
		T(box_gives_what_the_policy_says_whatever_the_profile),
		T(limits_become_resources),
		T(filter_is_made_where_the_kernel_has_filters),
		T(nothing_waits_for_a_broker_that_cannot_be),
		T(outer_bawn_is_asked_instead_of_a_listener_of_our_own),
		T(box_is_printed_a_line_each),
		T(protected_names_are_sorted),
		T(minimal_places_are_sorted),
		T(system_places_are_sorted_and_the_boxs_own),
		T(profile_keys_are_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
