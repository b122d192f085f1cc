/* SPDX-License-Identifier: Apache-2.0 */
/* test_permissions.c — sockets, ports, domains, devices, macOS's services: from profile text to decision. */
#include "scene.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static const char host[] = "uid 1000\ngid 1000\nhome /home/u\ncwd /ws\nd /ws\nd /home\nd /home/u\nd /run\n"
			   "s /run/a.sock\nl /run/link -> /run/a.sock\nc /dev/kvm\n";

static const char toml[] =
	"[permissions.t]\nextends = \":workspace\"\n"
	"[permissions.t.network]\nlisten = [3000]\nconnect = [5432, 6379]\n"
	"[permissions.t.network.unix_sockets]\n\"/run\" = \"allow\"\n\"/run/b.sock\" = \"deny\"\n\"~/agent\" = \"allow\"\n"
	"[permissions.t.devices]\n\"/dev/kvm\" = \"write\"\n\"/dev/null0\" = \"deny\"\n"
	"[permissions.t.macos]\nmach_lookup = [\"com.example.a\"]\niokit_user_clients = [\"IOThing\"]\n";

struct row { enum operation operation; const char *subject; bool allowed; const char *label; };

static void check(const struct policy *policy, const struct row *row)
{
	struct decision decision;

	policy_decide(policy, row->operation, row->subject, &decision);
	if (decision.allowed != row->allowed || (row->label && (!decision.rule || strcmp(decision.rule->label, row->label))))
		fail_msg("%s %s: %s by %s", operation_name(row->operation), row->subject,
			 decision.allowed ? "allowed" : "denied", decision.rule ? decision.rule->label : decision.reason);
	if (!row->label) {
		assert_null(decision.rule);
		assert_non_null(decision.reason);
	}
}

static void each_permission_decides_about_its_subject(void **state)
{
	static const struct row rows[] = {
		{ OPERATION_UNIX_CONNECT, "/run/a.sock", true, "network.unix_sockets.\"/run\" = \"allow\"" },
		{ OPERATION_UNIX_CONNECT, "/run/b.sock", false, "network.unix_sockets.\"/run/b.sock\" = \"deny\"" },
		{ OPERATION_UNIX_CONNECT, "/run", true, "network.unix_sockets.\"/run\" = \"allow\"" },
		{ OPERATION_UNIX_CONNECT, "/running", false, NULL },
		{ OPERATION_UNIX_CONNECT, "/home/u/agent", true, "network.unix_sockets.\"~/agent\" = \"allow\"" },
		{ OPERATION_CONNECT, "5432", true, "network.connect = [5432, 6379]" },
		{ OPERATION_CONNECT, "localhost:6379", true, "network.connect = [5432, 6379]" },
		{ OPERATION_CONNECT, "3000", false, NULL },
		{ OPERATION_LISTEN, "3000", true, "network.listen = [3000]" },
		{ OPERATION_LISTEN, "5432", false, NULL },
		{ OPERATION_DOMAIN, "example.com", false, NULL },
		{ OPERATION_DEVICE, "/dev/kvm", true, "devices.\"/dev/kvm\" = \"write\"" },
		{ OPERATION_DEVICE, "/dev/fuse", false, NULL },
		{ OPERATION_MACH_LOOKUP, "com.example.a", true, "macos.mach_lookup = [\"com.example.a\"]" },
		{ OPERATION_MACH_LOOKUP, "com.example.ab", false, NULL },
		{ OPERATION_IOKIT, "IOThing", true, "macos.iokit_user_clients = [\"IOThing\"]" },
		{ OPERATION_UNIX_BIND, "/ws/own.sock", true, "\":workspace_roots\" = \"write\"" },
	};
	struct scene scene;

	(void)state;
	assert_int_equal(scene_read(&scene, host, toml, NULL), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(scene.policy, &rows[i]);
	scene_done(&scene);
}

static void a_name_server_on_loopback_is_reached_where_the_network_is_on(void **state)
{
	static const char resolving[] = "uid 1000\ngid 1000\nhome /home/u\ncwd /ws\nd /ws\nd /home\nd /home/u\nd /etc\n"
					"f /etc/resolv.conf = # none\\nnameserver 127.0.0.53\\nnameserver\t::1\\nnameserver 192.0.2.1\n";
	static const struct row rows[] = {
		{ OPERATION_CONNECT, "127.0.0.53:53", true, "nameserver 127.0.0.53" },
		{ OPERATION_CONNECT, "[::1]:53", true, "nameserver ::1" },
		{ OPERATION_CONNECT, "192.0.2.1:53", false, NULL },
		{ OPERATION_CONNECT, "127.0.0.53:54", false, NULL },
		{ OPERATION_CONNECT, "127.0.0.1:53", false, NULL },
		{ OPERATION_CONNECT, "53", false, NULL },
	};
	struct scene scene;

	(void)state;
	assert_int_equal(scene_read(&scene, resolving, "[permissions.t.network]\nenabled = true\n", NULL), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(scene.policy, &rows[i]);
	assert_int_equal(scene.policy->permissions[0].rule.origin.line, 2);
	scene_done(&scene);
}

static void a_socket_named_by_a_link_is_its_target(void **state)
{
	static const struct row row = { OPERATION_UNIX_CONNECT, "/run/a.sock", true,
					"network.unix_sockets.\"/run/link\" = \"allow\"" };
	struct scene scene;

	(void)state;
	assert_int_equal(scene_read(&scene, host, "[permissions.t.network.unix_sockets]\n\"/run/link\" = \"allow\"\n", NULL), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	check(scene.policy, &row);
	assert_string_equal(scene.policy->permissions[0].rule.written, "/run/link");
	scene_done(&scene);
}

static void a_socket_that_was_bound_by_a_link_is_not_masked_where_it_is_open(void **state)
{
	struct scene scene;

	(void)state;
	assert_int_equal(scene_read(&scene, "d /ws\ncwd /ws\nl /var/run -> /run\ns /run/docker.sock\nbound /var/run/docker.sock\n",
				    "[permissions.t.network.unix_sockets]\n\"/run/docker.sock\" = \"allow\"\n", NULL), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	assert_int_equal(scene.policy->socket_count, 0);
	scene_done(&scene);
}

static void local_binding_opens_every_port_both_ways(void **state)
{
	static const struct row rows[] = {
		{ OPERATION_LISTEN, "1", true, "network.allow_local_binding = true" },
		{ OPERATION_CONNECT, "127.0.0.1:65535", true, "network.allow_local_binding = true" },
	};
	struct scene scene;

	(void)state;
	assert_int_equal(scene_read(&scene, host, "[permissions.t.network]\nallow_local_binding = true\n", NULL), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(scene.policy, &rows[i]);
	scene_done(&scene);
}

static void domains_are_matched_by_pattern_and_port_and_a_denial_wins(void **state)
{
	static const char domains[] = "[permissions.t.network]\nenabled = true\n[permissions.t.network.domains]\n"
				      "'example.com' = 'allow'\n'*.sub.org' = 'allow'\n'**.apex.net' = 'allow'\n"
				      "'bad.apex.net' = 'deny'\n'db.io:5432' = 'allow'\n'10.0.0.1' = 'allow'\n";
	static const struct { const char *name; bool allowed; } rows[] = {
		{ "example.com", true }, { "EXAMPLE.com.", true }, { "example.com:80", true }, { "example.com:8080", false },
		{ "a.example.com", false }, { "sub.org", false }, { "a.sub.org", true }, { "a.b.sub.org", true },
		{ "xsub.org", false }, { "apex.net", true }, { "a.apex.net", true }, { "xapex.net", false },
		{ "bad.apex.net", false }, { "db.io", false }, { "db.io:5432", true }, { "10.0.0.1", true },
		{ "10.0.0.2", false },
	};
	struct scene scene;
	struct decision decision;

	(void)state;
	assert_int_equal(scene_read(&scene, host, domains, NULL), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		policy_decide(scene.policy, OPERATION_DOMAIN, rows[i].name, &decision);
		if (decision.allowed != rows[i].allowed)
			fail_msg("%s: %s", rows[i].name, decision.allowed ? "allowed" : "denied");
	}
	scene_done(&scene);
}

static void nothing_is_refused_where_nothing_is_confined(void **state)
{
	struct scene scene;
	struct decision decision;

	(void)state;
	assert_int_equal(scene_read(&scene, host, NULL, ":danger-full-access"), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	for (int i = 0; i < OPERATION__COUNT; i++) {
		policy_decide(scene.policy, (enum operation)i, "/x", &decision);
		assert_true(decision.allowed);
		assert_non_null(decision.reason);
	}
	scene_done(&scene);
}

static void a_denial_says_which_line_and_option_would_allow_it(void **state)
{
	static const struct { enum operation operation; const char *subject, *line, *option; } rows[] = {
		{ OPERATION_UNIX_CONNECT, "/x y", "network.unix_sockets.\"/x y\" = \"allow\"", "--allow-unix-socket '/x y'" },
		{ OPERATION_CONNECT, "localhost:80", "network.connect = [80]", "--connect 80" },
		{ OPERATION_LISTEN, "80", "network.listen = [80]", "--listen 80" },
		{ OPERATION_DOMAIN, "a.b", "network.domains.\"a.b\" = \"allow\"", "--allow-domain a.b" },
		{ OPERATION_DEVICE, "/dev/kvm", "devices.\"/dev/kvm\" = \"write\"", "--device /dev/kvm" },
		{ OPERATION_MACH_LOOKUP, "a.b", "macos.mach_lookup = [\"a.b\"]", NULL },
	};
	struct scene scene;

	(void)state;
	assert_int_equal(scene_read(&scene, host, NULL, NULL), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *line = NULL, *option = NULL;
		struct decision decision;

		policy_decide(scene.policy, rows[i].operation, rows[i].subject, &decision);
		assert_false(decision.allowed);
		decision_grant(&scene.policy->arena, scene.policy, rows[i].operation, rows[i].subject, &decision, &line,
			       &option);
		assert_string_equal(line, rows[i].line);
		assert_int_equal(!option, !rows[i].option);
		if (option)
			assert_string_equal(option, rows[i].option);
	}
	scene_done(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_permission_decides_about_its_subject),
		cmocka_unit_test(a_name_server_on_loopback_is_reached_where_the_network_is_on),
		cmocka_unit_test(a_socket_named_by_a_link_is_its_target),
		cmocka_unit_test(a_socket_that_was_bound_by_a_link_is_not_masked_where_it_is_open),
		cmocka_unit_test(local_binding_opens_every_port_both_ways),
		cmocka_unit_test(domains_are_matched_by_pattern_and_port_and_a_denial_wins),
		cmocka_unit_test(nothing_is_refused_where_nothing_is_confined),
		cmocka_unit_test(a_denial_says_which_line_and_option_would_allow_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
