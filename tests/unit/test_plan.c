/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan.c — which layer holds what, what nothing holds on which machine, and what may be renamed. */
#include "scene.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOST	"cwd /ws\nd /ws/src\nd /ws/.git/hooks\nd /tmp\nd /usr\nd /etc\nf /etc/key\n"
#define PROFILE	"[permissions.t.filesystem]\n':root' = 'read'\n"
#define WORK	PROFILE "':workspace_roots' = 'write'\n"
#define NONE	LAYER_NONE

static struct scene scene;

static int leave(void **state)
{
	scene_done(&scene);
	return 0;
}

static void plan_on(const struct features *features, const char *host, const char *toml)
{
	int e;

	scene_done(&scene);
	e = scene_read(&scene, host, toml, NULL);
	if (e < 0 || scene_resolve(&scene, NULL) < 0 || scene_plan(&scene, features) < 0)
		fail_msg("%s", scene.err.message);
}

static void plan(const char *host, const char *toml)
{
	plan_on(&scene_features, host, toml);
}

/* --- what is asked of a plan -------------------------------------------------------------------------------------- */

static const struct plan_item *item_of(const char *path)
{
	for (size_t i = 0; i < scene.plan->count; i++)
		if (scene.plan->items[i].rule && !strcmp(scene.plan->items[i].rule->path, path))
			return &scene.plan->items[i];
	fail_msg("%s: not in the plan", path);
	return NULL;
}

static const struct plan_item *promise_of(const char *text)
{
	for (size_t i = 0; i < scene.plan->count; i++)
		if (!scene.plan->items[i].rule && !strcmp(scene.plan->items[i].text, text))
			return &scene.plan->items[i];
	fail_msg("%s: not promised", text);
	return NULL;
}

static void held_by(const struct plan_item *item, enum layer layer, enum layer second)
{
	if (item->layer != layer || item->second != second)
		fail_msg("%s: held by %s, %s", item->text, layer_name(item->layer), layer_name(item->second));
}

static void holds(const char *path, enum layer layer, enum layer second)
{
	held_by(item_of(path), layer, second);
}

/* All pins, in order, ended by NULL. */
static void pinned(const char *const *paths)
{
	size_t count = 0;

	for (; paths[count]; count++)
		if (count >= scene.plan->pin_count || strcmp(paths[count], scene.plan->pins[count]) != 0)
			fail_msg("pin %zu: %s instead of %s", count,
				 count < scene.plan->pin_count ? scene.plan->pins[count] : "none", paths[count]);
	if (scene.plan->pin_count != count)
		fail_msg("one more pin: %s", scene.plan->pins[count]);
}

#define PINNED(...)	pinned((const char *const []){ __VA_ARGS__, NULL })

/* --- layers of rules ---------------------------------------------------------------------------------------------- */

static void rule_that_differs_from_what_is_around_it_is_a_mount(void **state)
{
	plan(HOST "d /ws/ro/rw\nf /ws/file\n", WORK "'/ws/ro' = 'read'\n'/ws/ro/rw' = 'write'\n'/ws/src' = 'deny'\n"
	     "'/ws/file' = 'read'\n"
	     "'/etc/key' = 'deny'\n'/usr' = 'read'\n'/tmp' = 'write'\n");
	holds("/", LAYER_ROOT, LAYER_LANDLOCK);
	holds("/ws", LAYER_MOUNT_WRITE, NONE);
	holds("/tmp", LAYER_MOUNT_WRITE, NONE);
	holds("/ws/ro", LAYER_MOUNT_READ, NONE);
	holds("/ws/ro/rw", LAYER_MOUNT_WRITE, NONE);
	holds("/ws/file", LAYER_MOUNT_READ, NONE);
	holds("/ws/src", LAYER_MASK, NONE);
	holds("/etc/key", LAYER_MASK, LAYER_LANDLOCK);
	holds("/usr", LAYER_INHERITED, LAYER_LANDLOCK);
}

static void what_is_missing_is_held_where_it_could_be_made(void **state)
{
	plan(HOST, WORK "'/ws/none' = 'deny'\n'/ws/far/away' = 'read'\n'/etc/none' = 'deny'\n'/ws/later' = 'write'\n"
	     "'/ws/src' = 'deny'\n"
	     "'/ws/src/none' = 'deny'\n");
	holds("/ws/none", LAYER_BROKER, LAYER_LANDLOCK);
	holds("/ws/far/away", LAYER_BROKER, LAYER_LANDLOCK);
	holds("/etc/none", LAYER_INHERITED, LAYER_LANDLOCK);
	holds("/ws/later", LAYER_INHERITED, NONE);
	holds("/ws/src/none", LAYER_INHERITED, LAYER_LANDLOCK);
	holds("/ws/.codex", LAYER_BROKER, LAYER_LANDLOCK);
	holds("/ws/.git", LAYER_MOUNT_READ, NONE);
}

static void match_is_masked_and_its_pattern_brokered(void **state)
{
	plan(HOST "f /ws/.env\nf /etc/.env\n", WORK "'/**/.env' = 'deny'\n");
	holds("/ws/.env", LAYER_MASK, NONE);
	holds("/etc/.env", LAYER_MASK, LAYER_LANDLOCK);
	holds("/**/.env", LAYER_MASK, LAYER_BROKER);
	assert_non_null(strstr(item_of("/**/.env")->note, "cannot make a new match"));
	plan(HOST "f /etc/.env\n", PROFILE "'/**/.env' = 'deny'\n");
	holds("/**/.env", LAYER_MASK, NONE);		/* nothing can be made anyway */
}

static void systems_places_have_the_layer_that_suits_the_caller(void **state)
{
	plan(HOST, WORK);
	holds("/dev/null", LAYER_NAMESPACE, NONE);
	holds("/proc/sys", LAYER_MOUNT_READ, NONE);
	holds("/proc/keys", LAYER_MASK, NONE);
	holds("/proc/kcore", LAYER_OWNER, NONE);
	holds("/sys/firmware", LAYER_MASK, NONE);
	plan(HOST "uid 0\n", WORK);
	holds("/proc/kcore", LAYER_MASK, NONE);
	holds("/proc/irq", LAYER_MOUNT_READ, NONE);
}

static void root_is_restricted_writable_or_neither(void **state)
{
	plan(HOST, WORK);
	assert_false(scene.plan->restricted_read);
	assert_false(scene.plan->root_writable);
	plan(HOST, "[permissions.t.filesystem]\n':minimal' = 'read'\n");
	assert_true(scene.plan->restricted_read);
	holds("/usr", LAYER_MOUNT_READ, LAYER_LANDLOCK);
	plan(HOST, "[permissions.t.filesystem]\n':root' = 'deny'\n'/usr' = 'read'\n");
	assert_true(scene.plan->restricted_read);
	plan(HOST, "[permissions.t.filesystem]\n':root' = 'write'\n");
	assert_true(scene.plan->root_writable);
	assert_false(scene.plan->restricted_read);
	holds("/", LAYER_ROOT, LAYER_LANDLOCK);
}

static void broker_runs_where_something_can_be_written(void **state)
{
	plan(HOST, WORK);
	assert_true(scene.plan->broker);
	plan(HOST, PROFILE);
	assert_false(scene.plan->broker);
	plan(HOST, PROFILE "'/etc/key' = 'write'\n");	/* a file alone: no name can be made below it */
	assert_false(scene.plan->broker);
	plan(HOST, PROFILE "[permissions.t.kernel]\nallow = ['foreign-arch']\n");	/* for socketcall */
	assert_true(scene.plan->broker);
}

static void full_access_promises_nothing(void **state)
{
	struct features bare = { 0 };

	plan_on(&bare, HOST, "default_permissions = ':danger-full-access'\n");
	assert_int_equal(scene.plan->count, 0);
	assert_int_equal(plan_refuse(scene.plan, false, &scene.err), 0);
}

static void landlock_repeats_nothing_where_it_is_not(void **state)
{
	struct features features = scene_features;

	features.landlock_abi = 0;
	plan_on(&features, HOST "f /ws/a\n", WORK "'/ws/none' = 'deny'\n'/etc/key' = 'deny'\n");
	for (size_t i = 0; i < scene.plan->count; i++)
		if (scene.plan->items[i].rule)
			assert_int_not_equal(scene.plan->items[i].second, LAYER_LANDLOCK);
}

/* --- pins --------------------------------------------------------------------------------------------------------- */

static void directories_on_the_way_to_a_rule_are_pinned(void **state)
{
	plan(HOST "f /ws/src/a/b/key\nf /ws/src/a/c/key\n", WORK "'/ws/src/a/b/key' = 'deny'\n"
	     "'/ws/src/a/c/key' = 'read'\n");
	PINNED("/ws/src", "/ws/src/a", "/ws/src/a/b", "/ws/src/a/c");
}

static void mount_on_the_way_needs_no_pin(void **state)
{
	plan(HOST "f /ws/src/a/b/key\n", WORK "'/ws/src/a' = 'read'\n'/ws/src/a/b/key' = 'deny'\n");
	PINNED("/ws/src");
	plan(HOST "d /ws/src/ro/x/rw\n", WORK "'/ws/src/ro' = 'read'\n'/ws/src/ro/x/rw' = 'write'\n");
	PINNED("/ws/src");		/* /ws/src/ro/x cannot be renamed: it is read-only there */
}

static void missing_name_pins_its_directories(void **state)
{
	plan(HOST "d /ws/src/a\n", WORK "'/ws/src/a/none' = 'deny'\n");
	PINNED("/ws/src", "/ws/src/a");
}

static void link_that_a_rule_passed_is_pinned(void **state)
{
	plan(HOST "l /ws/src/link -> ../real\nf /ws/real/key\n", WORK "'/ws/src/link/key' = 'deny'\n");
	PINNED("/ws/real", "/ws/src", "/ws/src/link");
	plan(HOST "l /etc/link -> ../ws/real\nf /ws/real/key\n", WORK "'/etc/link/key' = 'deny'\n");
	PINNED("/ws/real");		/* nobody can turn a link in /etc */
}

static void match_of_a_glob_is_not_pinned(void **state)
{
	plan(HOST "f /ws/src/a/.env\n", WORK "'/ws/**/.env' = 'deny'\n");
	assert_int_equal(scene.plan->pin_count, 0);
}

static void what_is_inherited_is_not_pinned(void **state)
{
	plan(HOST "d /ws/src/a\n", WORK "'/ws/src/a' = 'write'\n");
	PINNED("/ws/src", "/ws/src/a");		/* for the sake of the protected names of /ws/src/a */
	plan(HOST "f /ws/src/a\n", WORK "'/ws/src/a' = 'write'\n");
	assert_int_equal(scene.plan->pin_count, 0);
}

static void nested_repository_pins_its_directories(void **state)
{
	plan(HOST "d /ws/src/lib/.git\n", WORK);
	PINNED("/ws/src", "/ws/src/lib");
}

/* --- promises ----------------------------------------------------------------------------------------------------- */

static void network_and_its_sockets_are_promised(void **state)
{
	plan(HOST "bound /run/a\nbound /run/b\n", WORK);
	held_by(promise_of("the network is off"), LAYER_NAMESPACE, NONE);
	held_by(promise_of("local sockets of the host are closed unless a rule opens them"), LAYER_BROKER, LAYER_MASK);
	held_by(promise_of("abstract sockets of the host are out of reach"), LAYER_NAMESPACE, NONE);
	plan(HOST, WORK "[permissions.t.network]\nenabled = true\n");
	held_by(promise_of("the network is on"), NONE, NONE);
	held_by(promise_of("abstract sockets of the host are out of reach"), LAYER_LANDLOCK, NONE);
	assert_int_equal(promise_of("the network is on")->origin.line, 5);
}

static bool is_masked(const char *path)
{
	for (size_t i = 0; i < scene.policy->socket_count; i++)
		if (!strcmp(scene.policy->sockets[i], path))
			return true;
	return false;
}

static void sockets_are_opened_by_path(void **state)
{
	plan(HOST "s /run/a\nbound /run/a\nbound /run/b\n",
	     WORK "[permissions.t.network]\nunix_sockets = { '/run/a' = 'allow', '/run/later' = 'allow' }\n");
	held_by(promise_of("local socket /run/a: open"), LAYER_BROKER, NONE);
	assert_int_equal(promise_of("local socket /run/a: open")->origin.line, 5);
	assert_string_equal(promise_of("local socket /run/later: open")->note, "not there yet");
	assert_false(is_masked("/run/a"));
	assert_true(is_masked("/run/b"));
	plan(HOST "bound /run/a\n", WORK "[permissions.t.network]\ndangerously_allow_all_unix_sockets = true\n");
	held_by(promise_of("local sockets of the host are open"), NONE, NONE);
	assert_false(is_masked("/run/a"));
	plan(HOST, WORK "[permissions.t.network]\ndangerously_allow_all_unix_sockets = true\n"
			"unix_sockets = { '/run/a' = 'deny' }\n");
	held_by(promise_of("local sockets of the host are closed unless a rule opens them"), LAYER_BROKER, LAYER_MASK);
}

static void loopback_is_the_brokers_unless_all_of_it_is_open(void **state)
{
	static const char FULL[] = WORK "[permissions.t.network]\nenabled = true\n";
	char text[512];

	plan(HOST, WORK);
	assert_false(scene.plan->loopback);
	plan(HOST, FULL);
	assert_true(scene.plan->loopback);
	held_by(promise_of("the host's loopback is closed but for what a rule opens"), LAYER_BROKER, NONE);
	snprintf(text, sizeof(text), "%slisten = [3000]\nconnect = [5432]\n", FULL);
	plan(HOST, text);
	held_by(promise_of("loopback port 3000 can be listened on"), LAYER_BROKER, NONE);
	held_by(promise_of("loopback port 5432 can be reached"), LAYER_BROKER, NONE);
	assert_int_equal(scene.plan->gap_count, 0);
	snprintf(text, sizeof(text), "%sallow_local_binding = true\n", FULL);
	plan(HOST, text);
	assert_false(scene.plan->loopback);
	assert_int_equal(scene.plan->gap_count, 0);
	plan(HOST, WORK "[permissions.t.network]\nlisten = [3000]\n");
	held_by(promise_of("loopback port 3000 can be listened on"), LAYER_RELAY, NONE);
	assert_int_equal(scene.plan->gap_count, 0);
}

static void so_many_ports_are_relayed_and_no_more(void **state)
{
	struct text text = { 0 };

	text_add(&text, WORK "[permissions.t.network]\nconnect = [1");
	for (int port = 2; port <= PORTS_RELAYED; port++)
		text_printf(&text, ", %d", port);
	text_add(&text, "]\n");
	plan(HOST, text.bytes);
	assert_int_equal(scene.plan->gap_count, 0);
	text.size -= 2;
	text_add(&text, ", 9000]\n");
	plan(HOST, text.bytes);
	assert_int_equal(scene.plan->gap_count, 1);
	assert_non_null(strstr(scene.plan->gaps[0].missing, "64"));
	text_done(&text);
}

/* Also where Landlock could (ABI 9): nothing that has not been tried is relied on. */
static void the_broker_holds_sockets_on_every_kernel_unless_all_are_open(void **state)
{
	static const struct { const char *profile; enum sockets_layer expected; } rows[] = {
		{ "", SOCKETS_BROKER },
		{ "[permissions.t.network]\nunix_sockets = { '/run' = 'allow' }\n", SOCKETS_BROKER },
		{ "[permissions.t.network]\ndangerously_allow_all_unix_sockets = true\n", SOCKETS_OPEN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int abi = 0; abi <= 10; abi++) {
			struct features features = scene_features;
			char profile[512];

			features.landlock_abi = abi;
			snprintf(profile, sizeof(profile), "%s%s", WORK, rows[i].profile);
			plan_on(&features, HOST, profile);
			assert_int_equal(scene.plan->sockets, rows[i].expected);
		}
}

static void every_kernel_name_is_open_or_closed(void **state)
{
	char text[64];

	plan(HOST, WORK "[permissions.t.kernel]\nallow = ['perf']\n");
	for (int i = 0; i < KERNEL__COUNT; i++) {
		bool open = i == KERNEL_PERF;

		snprintf(text, sizeof(text), "kernel: %s %s", kernel_name_text(i), open ? "open" : "closed");
		held_by(promise_of(text), open ? NONE : LAYER_SECCOMP, NONE);
	}
	assert_int_equal(promise_of("kernel: perf open")->origin.line, 5);
	assert_string_equal(promise_of("kernel: perf open")->note, "weaker: opened by kernel.allow");
}

static void limits_that_are_set_are_promised(void **state)
{
	plan(HOST, WORK "[permissions.t.limits]\nprocesses = 10\nmemory = '1M'\nwall_seconds = 5\n");
	held_by(promise_of("limit: processes = 10"), LAYER_RLIMIT, NONE);
	held_by(promise_of("limit: memory = 1048576"), LAYER_RLIMIT, NONE);
	held_by(promise_of("limit: wall_seconds = 5"), LAYER_CLOCK, NONE);
	held_by(promise_of("limit: core_size = 0"), LAYER_RLIMIT, NONE);
	assert_int_equal(promise_of("limit: processes = 10")->origin.line, 5);
}

static void every_layer_has_a_name_and_help(void **state)
{
	for (int i = 0; i < LAYER__COUNT; i++) {
		assert_non_null(layer_name(i));
		assert_true(layer_help(i) && *layer_help(i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(layer_name(i), layer_name(j));
	}
}

/* --- gaps --------------------------------------------------------------------------------------------------------- */

static const struct plan_gap *gap_of(const char *what)
{
	for (size_t i = 0; i < scene.plan->gap_count; i++)
		if (!strcmp(scene.plan->gaps[i].what, what))
			return &scene.plan->gaps[i];
	return NULL;
}

static const char NEW_NAMES[] = "protected and denied names that do not exist yet cannot be created";
static const char ABSTRACT[] = "abstract sockets of the host are out of reach";

static void machine_that_has_all_has_no_gap(void **state)
{
	plan(HOST, WORK);
	assert_int_equal(scene.plan->gap_count, 0);
	assert_int_equal(plan_refuse(scene.plan, false, &scene.err), 0);
}

/* One thing taken away: the one gap that follows. */
static const struct gap_row {
	const char *taken, *what;	/* what NULL: no gap */
	bool acceptable;
	const char *missing;		/* a part of it */
	size_t others;			/* gaps besides: local sockets need the broker too */
} gap_rows[] = {
	{ "user namespaces",	"every rule about files, processes and the network", false, "user namespaces" },
	{ "mount api",		"every rule about files",		false, "open_tree" },
	{ "seccomp",		"what namespaces do not close",		true,  "seccomp filters are missing" },
	{ "notify",		NEW_NAMES,				true,  "seccomp user notification is missing", 1 },
	{ "listener",		NEW_NAMES,				true,  "another sandbox around this one", 1 },
	{ "listener, bawn's",	NULL,					false, NULL },
	{ "landlock",		NEW_NAMES,				true,  "Landlock (ABI 2 or later) is missing" },
	{ "openat2",		NULL,					false, NULL },
	{ "proc",		NULL,					false, NULL },
};

static struct features features_without(const char *taken)
{
	struct features features = scene_features;

	features.user_namespaces = strcmp(taken, "user namespaces") != 0;
	features.new_mount_api = strcmp(taken, "mount api") != 0;
	features.seccomp = strcmp(taken, "seccomp") != 0;
	features.seccomp_notify = strcmp(taken, "notify") != 0;
	features.outer_listener = strncmp(taken, "listener", 8) == 0;
	features.outer_broker = strcmp(taken, "listener, bawn's") == 0;
	features.landlock_abi = strcmp(taken, "landlock") ? 7 : 0;
	return features;
}

static void what_the_machine_lacks_is_a_gap(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(gap_rows); i++) {
		const struct gap_row *row = &gap_rows[i];
		struct features features = features_without(row->taken);
		const struct plan_gap *gap;

		plan_on(&features, HOST, WORK);
		if (scene.plan->gap_count != (row->what ? 1 : 0) + row->others)
			fail_msg("%s: %zu gaps", row->taken, scene.plan->gap_count);
		gap = row->what ? gap_of(row->what) : NULL;
		if (row->what && (!gap || gap->acceptable != row->acceptable || !strstr(gap->missing, row->missing) ||
				  !gap->remedy))
			fail_msg("%s: %s", row->taken, gap ? gap->missing : "another gap");
	}
}

static void blocker_of_user_namespaces_is_named(void **state)
{
	struct features features = features_without("user namespaces");

	features.user_namespaces_blocker = "kernel.apparmor_restrict_unprivileged_userns is 1";
	plan_on(&features, HOST, WORK);
	assert_string_equal(scene.plan->gaps[0].missing, "kernel.apparmor_restrict_unprivileged_userns is 1");
}

static void landlock_is_missed_as_far_as_the_policy_needs_it(void **state)
{
	for (int abi = 0; abi <= 7; abi++) {
		struct features features = scene_features;

		features.landlock_abi = abi;
		plan_on(&features, HOST, WORK);
		assert_int_equal(gap_of(NEW_NAMES) != NULL, abi < 2);
		assert_null(gap_of(ABSTRACT));
		plan_on(&features, HOST, WORK "[permissions.t.network]\nenabled = true\n");
		assert_int_equal(gap_of(NEW_NAMES) != NULL, abi < 2);
		assert_int_equal(gap_of(ABSTRACT) != NULL, abi < 6);
		plan_on(&features, HOST, PROFILE);		/* nothing is writable */
		assert_int_equal(scene.plan->gap_count, 0);
	}
}

static void limit_of_processes_cannot_hold_root(void **state)
{
	struct features features = scene_features;

	features.root = true;
	plan_on(&features, HOST "uid 0\n", WORK "[permissions.t.limits]\nprocesses = 10\n");
	assert_int_equal(scene.plan->gap_count, 1);
	assert_string_equal(scene.plan->gaps[0].what, "limit: processes");
	assert_int_equal(scene.plan->gaps[0].origin.line, 5);
	assert_true(scene.plan->gaps[0].acceptable);
	plan_on(&features, HOST "uid 0\n", WORK "[permissions.t.limits]\nopen_files = 10\n");
	assert_int_equal(scene.plan->gap_count, 0);
}

static void foreign_calls_open_where_they_can_be_judged(void **state)
{
	struct features features = scene_features;

	plan(HOST, WORK "[permissions.t.kernel]\nallow = ['foreign-arch', 'user-namespaces']\n");
	assert_int_equal(scene.plan->gap_count, 0);
	held_by(promise_of("kernel: foreign-arch open"), NONE, NONE);
	features.foreign_calls = false;
	plan_on(&features, HOST, WORK "[permissions.t.kernel]\nallow = ['foreign-arch', 'user-namespaces']\n");
	assert_int_equal(scene.plan->gap_count, 1);
	assert_string_equal(scene.plan->gaps[0].what, "32-bit calls, opened by kernel.allow");
	assert_int_equal(scene.plan->gaps[0].origin.line, 5);
	held_by(promise_of("kernel: foreign-arch closed"), LAYER_SECCOMP, NONE);
	plan_on(&features, HOST, WORK "[permissions.t.kernel]\nallow = ['user-namespaces']\n");
	assert_int_equal(scene.plan->gap_count, 0);
}

static void names_opened_together_leave_a_gap(void **state)
{
	plan(HOST, WORK "[permissions.t.kernel]\nallow = ['user-namespaces', 'io-uring']\n");
	assert_int_equal(scene.plan->gap_count, 1);
	assert_non_null(gap_of("protected and denied names can be neither created nor removed, and no file gets a "
			       "capability"));
	plan(HOST, WORK "[permissions.t.kernel]\nallow = ['foreign-arch', 'io-uring']\n");
	assert_int_equal(scene.plan->gap_count, 0);
}

static void setting_of_a_later_version_is_a_gap_that_stays(void **state)
{
	plan(HOST, WORK "'/dev/null' = 'deny'\n[permissions.t.network]\nenabled = true\nmode = 'limited'\n");
	assert_int_equal(scene.plan->gap_count, 2);
	assert_non_null(gap_of("\"/dev/null\" = \"deny\""));
	assert_int_equal(gap_of("\"/dev/null\" = \"deny\"")->origin.line, 4);
	assert_false(scene.plan->gaps[0].acceptable);
	assert_false(scene.plan->gaps[1].acceptable);
	assert_int_equal(plan_refuse(scene.plan, true, &scene.err), -ENOTSUP);
}

/* --- refusal ------------------------------------------------------------------------------------------------------ */

static void refusal_names_line_and_rule_and_remedy(void **state)
{
	plan(HOST, WORK "[permissions.t.network]\nallow_local_binding = true\n");
	assert_int_equal(plan_refuse(scene.plan, false, &scene.err), -ENOTSUP);
	assert_string_equal(scene.err.message,
			    "p.toml:5:1: cannot be enforced here: network.allow_local_binding = true\n"
			    "  missing: the network is off, and with it the host's loopback as a whole\n"
			    "  remedy:  name ports in network.listen and network.connect, or switch the network on");
	assert_int_equal(scene.err.number, ENOTSUP);
	assert_int_equal(scene.err.status, BAWN_STATUS_SELF);
	assert_int_equal(scene.err.line, 5);
	assert_int_equal(scene.err.column, 1);
}

static void refusal_names_every_gap(void **state)
{
	struct features features = features_without("notify");

	features.seccomp = false;
	plan_on(&features, HOST, WORK);
	assert_int_equal(plan_refuse(scene.plan, false, &scene.err), -ENOTSUP);
	assert_string_equal(scene.err.message,
			    "always: cannot be enforced here: "
			    "protected and denied names that do not exist yet cannot be created\n"
			    "  missing: seccomp user notification is missing\n"
			    "  remedy:  a kernel of 5.19 or later with CONFIG_SECCOMP_FILTER and "
			    "CONFIG_SECURITY_LANDLOCK, or "
			    "--allow-degraded to go without\n"
			    "always: cannot be enforced here: local sockets of the host are closed\n"
			    "  missing: seccomp user notification is missing: only those that are there at start would be\n"
			    "  remedy:  a kernel of 5.19 or later with CONFIG_SECCOMP_FILTER, or --allow-degraded to go "
			    "without\n"
			    "always: cannot be enforced here: what namespaces do not close\n"
			    "  missing: seccomp filters are missing\n"
			    "  remedy:  a kernel with CONFIG_SECCOMP_FILTER, or --allow-degraded to go without");
}

static void degraded_accepts_what_is_acceptable_and_no_more(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(gap_rows); i++) {
		struct features features = features_without(gap_rows[i].taken);
		bool refused = gap_rows[i].what && !gap_rows[i].acceptable;

		plan_on(&features, HOST, WORK);
		assert_int_equal(plan_refuse(scene.plan, false, &scene.err), gap_rows[i].what ? -ENOTSUP : 0);
		assert_int_equal(plan_refuse(scene.plan, true, NULL), refused ? -ENOTSUP : 0);
	}
}

static void degraded_refusal_tells_only_what_it_does_not_accept(void **state)
{
	struct features features = features_without("notify");

	plan_on(&features, HOST, WORK "[permissions.t.network]\nallow_local_binding = true\n");
	assert_int_equal(scene.plan->gap_count, 3);
	assert_int_equal(plan_refuse(scene.plan, true, &scene.err), -ENOTSUP);
	assert_null(strstr(scene.err.message, "notification"));
	assert_non_null(strstr(scene.err.message, "allow_local_binding = true"));
	assert_int_equal(scene.err.line, 5);
}

static void place_of_a_refusal_is_that_of_the_gap_it_tells(void **state)
{
	struct features features = features_without("user namespaces");

	features.root = true;
	features.landlock_abi = 0;
	plan_on(&features, HOST "uid 0\n", WORK "[permissions.t.limits]\nprocesses = 10\n");
	assert_int_equal(plan_refuse(scene.plan, true, &scene.err), -ENOTSUP);
	assert_int_equal(scene.err.line, 0);	/* "always" */
	assert_true(strncmp(scene.err.message, "always: ", 8) == 0);
}

/* --- renames ------------------------------------------------------------------------------------------------------ */

static void directory_with_rules_below_stays_where_it_is(void **state)
{
	static const struct { const char *from, *to; bool allowed; } rows[] = {
		{ "/ws/free",		"/ws/other",		true },
		{ "/ws/free",		"/ws/src/free",		true },
		{ "/ws/free-er",	"/ws/free-est",		true },
		{ "/ws/src",		"/ws/src2",		false },	/* a rule below it */
		{ "/ws/src/a",		"/ws/b",		false },
		{ "/ws/src/a-b",	"/ws/b",		true },		/* not below /ws/src/a */
		{ "/ws/free",		"/ws/gone",		false },	/* a missing name below it */
		{ "/ws/free",		"/ws/src",		false },
		{ "/ws",		"/ws2",			false },
		/* what a floating glob matched may go where it still matches */
		{ "/ws/env",		"/ws/env2",		true },
		{ "/ws/env",		"/ws/src/env",		true },
		{ "/ws/env",		"/tmp/env",		false },	/* the pattern is about /ws */
		{ "/ws/env",		"/ws/gone",		false },
		{ "/ws/keys",		"/ws/other",		false },	/* the pattern is about it */
		{ "/ws/mixed",		"/ws/mixed2",		false },	/* a match and a rule */
		/* from where no pattern reached to where one does: it might bring a match along */
		{ "/tmp/x",		"/ws/x",		false },
		{ "/tmp/x",		"/tmp/y",		true },
		{ "/ws/x",		"/tmp/y",		true },
		{ "/ws/free",		"/ws/keys/free",	true },		/* nothing below it could match */
		{ "/ws/env",		"/ws/env",		true },
	};

	plan("cwd /ws\nd /tmp\nd /ws/free\nd /ws/free-er\nf /ws/src/a/rule\nd /ws/src/a-b\nf /ws/env/d/.env\n"
	     "f /ws/keys/a.key\n"
	     "f /ws/mixed/.env\nf /ws/mixed/rule\n",
	     WORK "'/tmp' = 'write'\n'/ws/src/a/rule' = 'read'\n'/ws/gone/none' = 'deny'\n'/ws/**/.env' = 'deny'\n"
	     "'/ws/keys/*.key' = 'deny'\n'/ws/mixed/rule' = 'deny'\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (policy_rename_allowed(scene.policy, rows[i].from, rows[i].to) != rows[i].allowed)
			fail_msg("%s to %s: %sallowed", rows[i].from, rows[i].to, rows[i].allowed ? "not " : "");
}

static void rename_answers_for_paths_of_any_length(void **state)
{
	char path[5000];

	plan(HOST "f /ws/env/.env\n", WORK "'/ws/**/.env' = 'deny'\n");
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_false(policy_rename_allowed(scene.policy, "/ws/env", path));
	assert_false(policy_rename_allowed(scene.policy, path, "/ws/y"));
	assert_true(policy_rename_allowed(scene.policy, path, "/y"));
}

#define T(name) cmocka_unit_test_teardown(name, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(rule_that_differs_from_what_is_around_it_is_a_mount),
		T(what_is_missing_is_held_where_it_could_be_made),
		T(match_is_masked_and_its_pattern_brokered),
		T(systems_places_have_the_layer_that_suits_the_caller),
		T(root_is_restricted_writable_or_neither),
		T(broker_runs_where_something_can_be_written),
		T(full_access_promises_nothing),
		T(landlock_repeats_nothing_where_it_is_not),
		T(directories_on_the_way_to_a_rule_are_pinned),
		T(mount_on_the_way_needs_no_pin),
		T(missing_name_pins_its_directories),
		T(link_that_a_rule_passed_is_pinned),
		T(match_of_a_glob_is_not_pinned),
		T(what_is_inherited_is_not_pinned),
		T(nested_repository_pins_its_directories),
		T(network_and_its_sockets_are_promised),
		T(sockets_are_opened_by_path),
		T(the_broker_holds_sockets_on_every_kernel_unless_all_are_open),
		T(loopback_is_the_brokers_unless_all_of_it_is_open),
		T(so_many_ports_are_relayed_and_no_more),
		T(every_kernel_name_is_open_or_closed),
		T(limits_that_are_set_are_promised),
		T(every_layer_has_a_name_and_help),
		T(machine_that_has_all_has_no_gap),
		T(what_the_machine_lacks_is_a_gap),
		T(blocker_of_user_namespaces_is_named),
		T(landlock_is_missed_as_far_as_the_policy_needs_it),
		T(limit_of_processes_cannot_hold_root),
		T(foreign_calls_open_where_they_can_be_judged),
		T(names_opened_together_leave_a_gap),
		T(setting_of_a_later_version_is_a_gap_that_stays),
		T(refusal_names_line_and_rule_and_remedy),
		T(refusal_names_every_gap),
		T(degraded_accepts_what_is_acceptable_and_no_more),
		T(degraded_refusal_tells_only_what_it_does_not_accept),
		T(place_of_a_refusal_is_that_of_the_gap_it_tells),
		T(directory_with_rules_below_stays_where_it_is),
		T(rename_answers_for_paths_of_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
