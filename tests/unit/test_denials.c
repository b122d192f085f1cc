/* SPDX-License-Identifier: Apache-2.0 */
/* test_denials.c — refusals: folded and counted in the shared table; judged by the policy; told. */
#include "scene.h"
#include "policy/event.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SLOTS	64u

struct table { struct events *events; uint64_t seen[SLOTS]; struct events_reader reader; };

static void table_init(struct table *table)
{
	memset(table, 0, sizeof(*table));
	table->events = mmap(NULL, events_size(SLOTS), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(table->events != MAP_FAILED);
	events_init(table->events, SLOTS);
	events_reader_init(&table->reader, table->events, SLOTS, table->seen);
}

static void table_done(struct table *table)
{
	munmap(table->events, events_size(SLOTS));
}

static struct event make_event(enum operation operation, const char *subject, int number)
{
	struct event event = { .operation = (uint8_t)operation, .number = number, .pid = 7 };

	strcpy(event.program, "prog");
	strcpy(event.call, "openat");
	strncpy(event.subject, subject, sizeof(event.subject) - 1);
	return event;
}

struct tally { unsigned visits; uint64_t count, nameless; char order[256]; };

static int count_visit(void *argument, const struct event *event, uint64_t count)
{
	struct tally *tally = argument;

	tally->visits++;
	tally->count += count;
	if (!event->subject[0])
		tally->nameless += count;
	if (strlen(tally->order) + strlen(event->subject) < sizeof(tally->order))
		strcat(tally->order, event->subject);
	return 0;
}

/* --- the table ---------------------------------------------------------------------------- */

static void the_like_is_folded_and_read_in_order(void **state)
{
	struct table table;
	struct tally tally = { 0 }, later = { 0 };
	struct event a = make_event(OPERATION_WRITE, "/a", EROFS), b = make_event(OPERATION_WRITE, "/b", EROFS);

	(void)state;
	table_init(&table);
	assert_true(events_record(table.events, &b));	/* the reader is to be woken */
	assert_false(events_record(table.events, &a));
	for (int i = 0; i < 9; i++)
		events_record(table.events, &b);
	events_take(&table.reader, count_visit, &tally);
	assert_int_equal(tally.visits, 2);
	assert_int_equal(tally.count, 11);
	assert_string_equal(tally.order, "/b/a");
	assert_true(events_record(table.events, &a));
	events_take(&table.reader, count_visit, &later);
	assert_int_equal(later.visits, 1);
	assert_int_equal(later.count, 1);
	table_done(&table);
}

static void what_finds_no_room_is_counted_by_operation(void **state)
{
	struct table table;
	struct tally tally = { 0 };
	char path[32];

	(void)state;
	table_init(&table);
	for (unsigned i = 0; i < 1000; i++) {
		struct event event;

		snprintf(path, sizeof(path), "/%u", i);
		event = make_event(i % 2 ? OPERATION_WRITE : OPERATION_READ, path, EACCES);
		events_record(table.events, &event);
	}
	events_take(&table.reader, count_visit, &tally);
	assert_int_equal(tally.visits, SLOTS + 2);
	assert_int_equal(tally.count, 1000);
	assert_int_equal(tally.nameless, 1000 - SLOTS);
	table_done(&table);
}

static void nothing_is_lost_among_processes_that_record_at_once(void **state)
{
	enum { PROCESSES = 4, EACH = 20000 };
	struct table table;
	struct tally tally = { 0 };

	(void)state;
	table_init(&table);
	for (int process = 0; process < PROCESSES; process++) {
		if (fork() == 0) {
			for (int i = 0; i < EACH; i++) {
				char path[32];
				struct event event;

				snprintf(path, sizeof(path), "/%d", i % 100);
				event = make_event(OPERATION_WRITE, path, EROFS);
				events_record(table.events, &event);
			}
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		events_take(&table.reader, count_visit, &tally);
		wait(NULL);
	}
	events_take(&table.reader, count_visit, &tally);
	assert_int_equal(tally.count, PROCESSES * EACH);
	table_done(&table);
}

static void nonsense_in_the_table_is_not_believed(void **state)
{
	struct table table;
	struct tally tally = { 0 };
	struct event event = make_event(OPERATION_WRITE, "/a", EROFS);

	(void)state;
	table_init(&table);
	events_record(table.events, &event);
	memset((char *)table.events + 4, 0xff, events_size(SLOTS) - 4);	/* whatever a broken broker may do */
	events_take(&table.reader, count_visit, &tally);
	assert_true(tally.visits <= OPERATION__COUNT);
	table_done(&table);
}

static void no_table_records_nothing(void **state)
{
	struct event event = make_event(OPERATION_WRITE, "/a", EROFS);

	(void)state;
	assert_false(events_record(NULL, &event));
}

/* --- judging ------------------------------------------------------------------------------ */

static const char host[] = "uid 1000\ngid 1000\nhome /home/u\ncwd /ws\nd /ws\nd /home/u\nd /etc\nd /run\nd /tmp\n";
static const char toml[] =
	"[permissions.t]\nextends = \":workspace\"\n"
	"[permissions.t.filesystem]\n\"/ws/secret\" = \"deny\"\n\"/ws/**/*.key\" = \"deny\"\n"
	"[permissions.t.kernel]\nallow = [\"perf\"]\n";

/* /etc is root's; all else is ours. */
static int permits(void *context, const char *path, enum access wanted, int aspect)
{
	(void)context;
	(void)aspect;
	return wanted == ACCESS_WRITE && !strncmp(path, "/etc", 4) ? -EACCES : 0;
}

struct row {
	enum operation operation;
	enum event_cause cause;
	enum event_aspect aspect;
	int number;
	const char *subject;
	bool ours;
	const char *line, *option;
};

static void check(struct scene *scene, const struct row *row)
{
	struct denials denials = { .policy = scene->policy, .host = &scene->fake.host };
	struct event event = make_event(row->operation, row->subject, row->number);
	const struct denial *denial;

	event.cause = (uint8_t)row->cause;
	event.aspect = (uint8_t)row->aspect;
	assert_int_equal(denials_add(&denials, &event, 3, &denial), 0);
	if (denial->ours != row->ours)
		fail_msg("%s is %s", row->subject, denial->ours ? "ours" : "not ours");
	assert_int_equal(denials.ours, row->ours ? 3 : 0);
	assert_int_equal(denials.ordinary, row->ours ? 0 : 3);
	if (row->line)
		assert_string_equal(denial->line, row->line);
	else
		assert_null(denial->line);
	if (row->option)
		assert_string_equal(denial->option, row->option);
	else
		assert_null(denial->option);
	denials_done(&denials);
}

static void each_refusal_is_ours_or_not(void **state)
{
	static const struct row rows[] = {
		{ OPERATION_WRITE, CAUSE_RULE, ASPECT_NAME, EROFS, "/home/u/f", true,
		  "\"/home/u/f\" = \"write\"", "--write /home/u/f" },
		{ OPERATION_WRITE, CAUSE_RULE, ASPECT_CONTENT, EACCES, "/etc/passwd", false, NULL, NULL },
		{ OPERATION_WRITE, CAUSE_RULE, ASPECT_CONTENT, EACCES, "/ws/not-mine", false, NULL, NULL },
		{ OPERATION_READ, CAUSE_RULE, ASPECT_CONTENT, EACCES, "/ws/a.key", true, NULL, NULL },
		{ OPERATION_WRITE, CAUSE_BELOW, ASPECT_NAME, EBUSY, "/ws", true, NULL, NULL },
		{ OPERATION_WRITE, CAUSE_BORDER, ASPECT_NAME, EXDEV, "/tmp/x", true, NULL, NULL },
		{ OPERATION_UNIX_CONNECT, CAUSE_RULE, ASPECT_CONTENT, EACCES, "/run/x.sock", true,
		  "network.unix_sockets.\"/run/x.sock\" = \"allow\"", "--allow-unix-socket /run/x.sock" },
		{ OPERATION_KERNEL, CAUSE_KERNEL, ASPECT_CONTENT, EPERM, "user-namespaces", true,
		  "kernel.allow = [\"user-namespaces\"]", "--allow-kernel user-namespaces" },
		{ OPERATION_KERNEL, CAUSE_KERNEL, ASPECT_ROOT, EPERM, "reboot", false, NULL, NULL },
		{ OPERATION_KERNEL, CAUSE_KERNEL, ASPECT_CONTENT, EPERM, "chmod", true, NULL, NULL },
	};
	struct scene scene;

	(void)state;
	assert_int_equal(scene_read(&scene, host, toml, NULL), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	scene.fake.host.permits = permits;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&scene, &rows[i]);
	scene_done(&scene);
}

static void a_report_tells_each_once(void **state)
{
	struct scene scene;
	struct text text = { 0 };
	struct event event = make_event(OPERATION_WRITE, "/home/u/f", EROFS);

	(void)state;
	assert_int_equal(scene_read(&scene, host, toml, NULL), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	scene.fake.host.permits = permits;
	{
		struct denials denials = { .policy = scene.policy, .host = &scene.fake.host };

		denials_add(&denials, &event, 2, NULL);
		denials_add(&denials, &event, 1, NULL);
		event = make_event(OPERATION_WRITE, "/etc/x", EACCES);
		denials_add(&denials, &event, 1, NULL);
		denials_print(&denials, false, &text);
		denials_done(&denials);
	}
	assert_string_equal(text.bytes,
			    "denied: write /home/u/f  (prog, EROFS, 3 times)\n"
			    "  rule:  \":root\" = \"read\"            (built-in :workspace)\n"
			    "  allow: filesystem.\"/home/u/f\" = \"write\"  or  --write /home/u/f\n"
			    "3 denied, 1 different; 1 failed that would have failed outside, too\n");
	text_done(&text);
	scene_done(&scene);
}

static void a_json_line_has_it_all(void **state)
{
	struct scene scene;
	struct text text = { 0 };
	struct event event = make_event(OPERATION_WRITE, "/home/u/f\n", EROFS);

	(void)state;
	assert_int_equal(scene_read(&scene, host, toml, NULL), 0);
	assert_int_equal(scene_resolve(&scene, NULL), 0);
	{
		struct denials denials = { .policy = scene.policy, .host = &scene.fake.host };
		const struct denial *denial;

		denials_add(&denials, &event, 2, &denial);
		denial_print_json(&denials, denial, 2, 1234, &text);
		denials_done(&denials);
	}
	assert_string_equal(text.bytes,
			    "{\"type\":\"denial\",\"time\":1234,\"count\":2,\"operation\":\"write\","
			    "\"target\":\"/home/u/f\\n\",\"call\":\"openat\",\"errno\":\"EROFS\",\"program\":\"prog\","
			    "\"pid\":7,\"cause\":\"rule\",\"rule\":\"\\\":root\\\" = \\\"read\\\"\","
			    "\"origin\":\"built-in :workspace\",\"kind\":\"path\",\"reason\":null,"
			    "\"allow_line\":\"filesystem.\\\"/home/u/f\\\\u000a\\\" = \\\"write\\\"\","
			    "\"allow_option\":\"--write $'/home/u/f\\\\x0a'\"}\n");
	text_done(&text);
	scene_done(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_like_is_folded_and_read_in_order),
		cmocka_unit_test(what_finds_no_room_is_counted_by_operation),
		cmocka_unit_test(nothing_is_lost_among_processes_that_record_at_once),
		cmocka_unit_test(nonsense_in_the_table_is_not_believed),
		cmocka_unit_test(no_table_records_nothing),
		cmocka_unit_test(each_refusal_is_ours_or_not),
		cmocka_unit_test(a_report_tells_each_once),
		cmocka_unit_test(a_json_line_has_it_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
