/* SPDX-License-Identifier: Apache-2.0 */
/* test_macos_denials.c — lines of macOS's log, as `log stream --style ndjson` writes them → refusals → a report. The
 * lines have the shape that macOS 13 to 15 give them; names and paths are made up. */
#include "macos/denials.h"
#include "scene.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD	"{\"traceID\":4971973988356,\"eventMessage\":\""
#define TAIL	"\",\"eventType\":\"logEvent\",\"source\":null,\"formatString\":\"%{public}s\",\"userID\":0," \
		"\"activityIdentifier\":0,\"subsystem\":\"\",\"category\":\"\",\"threadID\":4021,\"senderImageUUID\":\"C7\"," \
		"\"backtrace\":{\"frames\":[{\"imageOffset\":66912,\"imageUUID\":\"C7\"}]},\"bootUUID\":\"\"," \
		"\"processImagePath\":\"\\/kernel\",\"senderImagePath\":\"\\/System\\/Library\\/Extensions\\/Sandbox.kext\"," \
		"\"timestamp\":\"2025-03-01 10:11:12.131415+0100\",\"machTimestamp\":1,\"messageType\":\"Error\"," \
		"\"processImageUUID\":\"3D\",\"processID\":0,\"senderProgramCounter\":66912,\"parentActivityIdentifier\":0," \
		"\"timezoneName\":\"\"}"

static bool parse(const char *message, struct denial_line *line)
{
	struct text text = { 0 };
	bool parsed;

	text_printf(&text, "%s%s%s", HEAD, message, TAIL);
	parsed = denial_line_parse(text.bytes, text.size, line);
	text_done(&text);
	return parsed;
}

static const struct {
	const char *message, *program;
	int pid;
	unsigned count;
	const char *operation, *detail;
} lines[] = {
	{ "Sandbox: cat(4711) deny(1) file-read-data \\/Users\\/u\\/.ssh\\/id", "cat", 4711, 1, "file-read-data", "/Users/u/.ssh/id" },
	{ "Sandbox: 1 duplicate report for cat(4711) deny(1) file-read-data \\/a", "cat", 4711, 1, "file-read-data", "/a" },
	{ "Sandbox: 12 duplicate reports for node(7) deny(1) mach-lookup com.apple.x", "node", 7, 12, "mach-lookup", "com.apple.x" },
	{ "Sandbox: Google Chrome He(99) deny(1) iokit-open-user-client AGXDeviceUserClient", "Google Chrome He", 99, 1,
	  "iokit-open-user-client", "AGXDeviceUserClient" },
	{ "Sandbox: a(b)(3) deny(1) signal others", "a(b)", 3, 1, "signal", "others" },
	{ "Sandbox: sh(3) deny(1) process-fork", "sh", 3, 1, "process-fork", "" },
	{ "Sandbox: sh(3) deny(1) file-write-create \\/w\\/a b \\\"c\\\"", "sh", 3, 1, "file-write-create", "/w/a b \"c\"" },
	{ "Sandbox: sh(3) deny(1) file-read-data \\/w\\/x(4) deny(1) y", "sh", 3, 1, "file-read-data", "/w/x(4) deny(1) y" },
	{ "Sandbox: sh(3) deny(1) file-read-data \\/w\\/\\u00e9\\nViolation: more", "sh", 3, 1, "file-read-data", "/w/\xc3\xa9" },
	{ "Sandbox: curl(8) deny(1) network-outbound 93.184.216.34:443", "curl", 8, 1, "network-outbound", "93.184.216.34:443" },
	{ "Sandbox: 7z(8) deny(1) sysctl-read kern.proc.all", "7z", 8, 1, "sysctl-read", "kern.proc.all" },
};

static void lines_are_read(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct denial_line line;

		if (!parse(lines[i].message, &line))
			fail_msg("not read: %s", lines[i].message);
		assert_string_equal(line.program, lines[i].program);
		assert_int_equal(line.pid, lines[i].pid);
		assert_int_equal(line.count, lines[i].count);
		assert_string_equal(line.operation, lines[i].operation);
		assert_string_equal(line.detail, lines[i].detail);
	}
}

static void other_lines_are_passed_over(void **state)
{
	static const char *const others[] = {
		"", "Sandbox: ", "Sandbox: cat(4711) allow(1) file-read-data \\/a", "Sandbox: cat deny(1) file-read-data \\/a",
		"Sandbox: cat(x) deny(1) file-read-data \\/a", "Sandbox: (4711) deny(1) file-read-data", "Sandbox: cat(4711) deny(1)",
		"Sandbox: cat(4711) deny(1) ", "cat(4711) deny(1) file-read-data \\/a", "Sandbox: cat(99999999999) deny(1) file-read-data",
	};
	static const char *const broken[] = {
		"", "{", "{}", "[]", "{\"eventMessage\":", "{\"eventMessage\":1}", "{\"eventMessage\":\"Sandbox: a(1) deny(1) x",
		"Filtering the log data using \"processID == 0\"", "{\"a\":[{\"eventMessage\":\"Sandbox: a(1) deny(1) x y\"}]}",
		"{\"eventMessage\":\"\\q\"}", "{\"eventMessage\":\"\\u00\"}", "{\"a\" \"eventMessage\":\"Sandbox: a(1) deny(1) x\"}",
	};
	struct denial_line line;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (parse(others[i], &line))
			fail_msg("read: %s", others[i]);
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
		if (denial_line_parse(broken[i], strlen(broken[i]), &line))
			fail_msg("read: %s", broken[i]);
}

/* --- what they mean ----------------------------------------------------------------------- */

static const struct {
	const char *operation, *detail;
	enum operation asked;
	const char *subject;
	enum event_cause cause;
	enum event_aspect aspect;
} events[] = {
	{ "file-read-data", "/a", OPERATION_READ, "/a", CAUSE_RULE, ASPECT_CONTENT },
	{ "file-read-metadata", "/a", OPERATION_READ, "/a", CAUSE_RULE, ASPECT_CONTENT },
	{ "file-write-data", "/a", OPERATION_WRITE, "/a", CAUSE_RULE, ASPECT_CONTENT },
	{ "file-write-create", "/a", OPERATION_WRITE, "/a", CAUSE_RULE, ASPECT_NAME },
	{ "file-write-unlink", "/a", OPERATION_WRITE, "/a", CAUSE_BELOW, ASPECT_NAME },
	{ "file-write-mode", "/a", OPERATION_WRITE, "/a", CAUSE_RULE, ASPECT_OWNER },
	{ "file-link", "/a", OPERATION_WRITE, "/a", CAUSE_RULE, ASPECT_NAME },
	{ "process-exec*", "/a", OPERATION_EXEC, "/a", CAUSE_RULE, ASPECT_CONTENT },
	{ "mach-lookup", "com.apple.x", OPERATION_MACH_LOOKUP, "com.apple.x", CAUSE_RULE, ASPECT_CONTENT },
	{ "iokit-open", "AGXDeviceUserClient", OPERATION_IOKIT, "AGXDeviceUserClient", CAUSE_RULE, ASPECT_CONTENT },
	{ "sysctl-read", "kern.proc.all", OPERATION_SYSCTL, "kern.proc.all", CAUSE_RULE, ASPECT_CONTENT },
	{ "network-outbound", "/private/var/run/docker.sock", OPERATION_UNIX_CONNECT, "/private/var/run/docker.sock", CAUSE_RULE,
	  ASPECT_CONTENT },
	{ "network-bind", "/private/tmp/s", OPERATION_UNIX_BIND, "/private/tmp/s", CAUSE_RULE, ASPECT_CONTENT },
	{ "network-outbound", "127.0.0.1:5432", OPERATION_CONNECT, "5432", CAUSE_RULE, ASPECT_CONTENT },
	{ "network-outbound", "93.184.216.34:443", OPERATION_DOMAIN, "93.184.216.34:443", CAUSE_RULE, ASPECT_CONTENT },
	{ "network-bind", "local:*:8080", OPERATION_LISTEN, "8080", CAUSE_RULE, ASPECT_CONTENT },
	{ "network-inbound", "localhost:8080", OPERATION_LISTEN, "8080", CAUSE_RULE, ASPECT_CONTENT },
	{ "ipc-posix-shm-read-data", "/other", OPERATION_KERNEL, "ipc-posix-shm-read-data /other", CAUSE_KERNEL, ASPECT_CONTENT },
	{ "signal", "others", OPERATION_KERNEL, "signal others", CAUSE_KERNEL, ASPECT_CONTENT },
	{ "process-fork", "", OPERATION_KERNEL, "process-fork", CAUSE_KERNEL, ASPECT_CONTENT },
};

static void lines_become_events_in_the_words_of_all_systems(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		struct denial_line line = { .program = "a program with a long name", .pid = 5, .count = 1 };
		struct event event;

		strcpy(line.operation, events[i].operation);
		strcpy(line.detail, events[i].detail);
		denial_line_event(&line, &event);
		if (event.operation != events[i].asked || strcmp(event.subject, events[i].subject) ||
		    event.cause != events[i].cause || event.aspect != events[i].aspect)
			fail_msg("%s %s: is %s %s, cause %d, aspect %d", events[i].operation, events[i].detail,
				 operation_name(event.operation), event.subject, event.cause, event.aspect);
		assert_string_equal(event.program, "a program with ");
		assert_int_equal(event.number, EPERM);
		assert_int_equal(event.pid, 5);
	}
}

/* --- with their rules --------------------------------------------------------------------- */

static const char host[] = "platform macos\nd /Users/u/ws\nd /Users/u/ws/cfg\nf /Users/u/ws/cfg/key\nf /Users/u/.ssh/id\n"
			   "home /Users/u\ncwd /Users/u/ws\n";
static const char toml[] = "[permissions.t]\nextends = \":workspace\"\n[permissions.t.filesystem]\n\"~/.ssh\" = \"deny\"\n"
			   "\"/Users/u/ws/cfg/key\" = \"deny\"\n";

static const struct { const char *message, *label, *line, *option; } told[] = {
	{ "Sandbox: cat(1) deny(1) file-read-data \\/Users\\/u\\/.ssh\\/id", "\"~/.ssh\" = \"deny\"",
	  "\"/Users/u/.ssh/id\" = \"read\"", "--read /Users/u/.ssh/id" },
	{ "Sandbox: sh(1) deny(1) file-write-create \\/Users\\/u\\/ws\\/.codex", "protected name \".codex\": settings and hooks that an "
	  "agent executes", "\"/Users/u/ws/.codex\" = \"write\"", "--write /Users/u/ws/.codex" },
	{ "Sandbox: mv(1) deny(1) file-write-unlink \\/Users\\/u\\/ws\\/cfg", "\":workspace_roots\" = \"write\"", NULL, NULL },
	{ "Sandbox: x(1) deny(1) iokit-open-user-client AGXDeviceUserClient", NULL, "devices.gpu = true", "--gpu" },
	{ "Sandbox: x(1) deny(1) network-outbound \\/private\\/var\\/run\\/docker.sock", NULL,
	  "network.unix_sockets.\"/private/var/run/docker.sock\" = \"allow\"", "--allow-unix-socket /private/var/run/docker.sock" },
	{ "Sandbox: x(1) deny(1) mach-lookup com.apple.SecurityServer", NULL, "macos.mach_lookup = [\"com.apple.SecurityServer\"]", NULL },
	{ "Sandbox: x(1) deny(1) network-outbound localhost:5432", NULL, "network.connect = [5432]", "--connect 5432" },
	{ "Sandbox: x(1) deny(1) signal others", NULL, NULL, NULL },
};

static void check_text(const char *is, const char *should, const char *message)
{
	if ((is == NULL) != (should == NULL) || (is && strcmp(is, should)))
		fail_msg("%s: is %s, not %s", message, is ? is : "nothing", should ? should : "nothing");
}

static void each_denial_has_its_rule_and_the_grant_that_would_allow_it(void **state)
{
	struct scene scene;
	struct denials denials = { 0 };

	assert_int_equal(scene_read(&scene, host, toml, NULL), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	denials.policy = scene.policy;
	denials.host = &scene.fake.host;
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		const struct denial *denial;
		struct denial_line line;
		struct event event;

		assert_true(parse(told[i].message, &line));
		denial_line_event(&line, &event);
		assert_int_equal(denials_add(&denials, &event, 1, &denial), 0);
		if (!denial->ours)
			fail_msg("%s: is not ours", told[i].message);
		check_text(denial->decision.rule ? denial->decision.rule->label : NULL, told[i].label, told[i].message);
		check_text(denial->line, told[i].line, told[i].message);
		check_text(denial->option, told[i].option, told[i].message);
	}
	denials_done(&denials);
	scene_done(&scene);
}

static void duplicates_are_one_line(void **state)
{
	static const char message[] = "Sandbox: cat(1) deny(1) file-read-data \\/Users\\/u\\/.ssh\\/id";
	struct scene scene;
	struct denials denials = { 0 };
	const struct denial *denial = NULL;

	assert_int_equal(scene_read(&scene, host, toml, NULL), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	denials.policy = scene.policy;
	for (int i = 0; i < 3; i++) {
		struct denial_line line;
		struct event event;

		assert_true(parse(message, &line));
		denial_line_event(&line, &event);
		denials_add(&denials, &event, 2, &denial);
	}
	assert_int_equal(denials.count, 1);
	assert_int_equal(denial->count, 6);
	denials_done(&denials);
	scene_done(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(other_lines_are_passed_over),
		cmocka_unit_test(lines_become_events_in_the_words_of_all_systems),
		cmocka_unit_test(each_denial_has_its_rule_and_the_grant_that_would_allow_it),
		cmocka_unit_test(duplicates_are_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
