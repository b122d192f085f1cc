/* SPDX-License-Identifier: Apache-2.0 */
/* broker_record.c — what a call is about, and a record of it when it was refused.
 *
 * While a call is judged and made, whoever looks at a place says so (broker_about()); when it ends in a refusal, the
 * last that was said is what it was about, and goes into the table that the supervisor reads (policy/event.h).
 * Whether a refusal is the box's or would have met the command outside, too, is judged there: nothing here depends on
 * it. */
#include "linux/broker.h"

#include <stdio.h>
#include <string.h>

void broker_begin(const struct call *call)
{
	call->broker->event.subject[0] = call->broker->event.call[0] = call->broker->event.detail[0] = '\0';
}

void broker_about(const struct call *call, enum operation operation, enum event_aspect aspect, const char *subject)
{
	struct event *event = &call->broker->event;
	size_t size = strlen(subject);

	event->operation = (uint8_t)operation;
	event->aspect = (uint8_t)aspect;
	event->cause = CAUSE_RULE;
	event->call[0] = event->detail[0] = '\0';
	if (size >= sizeof(event->subject))
		size = sizeof(event->subject) - 1;
	memcpy(event->subject, subject, size);
	event->subject[size] = '\0';
}

int broker_because(const struct call *call, enum event_cause cause, int result)
{
	call->broker->event.cause = (uint8_t)cause;
	return result;
}

static bool is_same_device(const struct place *from, const struct place *to)
{
	struct stat a, b;

	return fstat(from->parent_fd, &a) == 0 && fstat(to->parent_fd, &b) == 0 && a.st_dev == b.st_dev;
}

/* A read-only mount, and a rule, say no before they look: outside, too, what goes away would have to be there. */
bool broker_is_gone(const struct call *call, const struct place *from)
{
	struct stat st;

	if (fstatat(from->parent_fd, from->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return false;
	broker_about(call, OPERATION_WRITE, ASPECT_OWNER, from->path);
	return true;
}

int broker_blame(const struct call *call, const struct place *from, const struct place *to, int result)
{
	const struct policy *policy = call->broker->policy;

	if (broker_is_gone(call, from))
		return result;
	broker_about(call, OPERATION_WRITE, ASPECT_NAME, to->path);
	if (policy_allows_write(policy, to->path) && !policy_allows_write(policy, from->path)) {
		broker_about(call, OPERATION_WRITE, ASPECT_NAME, from->path);
		return result;
	}
	if (result == -EXDEV && is_same_device(from, to))
		return broker_because(call, CAUSE_BORDER, result);
	if (policy_allows_write(policy, to->path))
		broker_about(call, OPERATION_WRITE, ASPECT_NAME, from->path);
	return broker_busy(call, call->broker->event.subject, result);
}

/* The kernel keeps what a mount or a pin stands on; outside neither does. */
int broker_busy(const struct call *call, const char *path, int result)
{
	const struct plan *plan = call->broker->plan;
	bool ours = policy_rules_below(plan->policy, path);

	if (result != -EBUSY)
		return result;
	for (size_t i = 0; !ours && i < plan->pin_count; i++)
		ours = path_below(plan->pins[i], path, false);
	for (size_t i = 0; !ours && i < plan->policy->count; i++)
		ours = path_below(plan->policy->rules[i].path, path, false);
	return ours ? broker_because(call, CAUSE_BELOW, result) : result;
}

void broker_detail(const struct call *call, const char *name, const char *why)
{
	struct event *event = &call->broker->event;

	strncpy(event->call, name, sizeof(event->call) - 1);
	strncpy(event->detail, why, sizeof(event->detail) - 1);
}

/* Cuts the last component off. false: there is none, or it cannot be left out (".."). */
static bool cut(char *path)
{
	size_t size = strlen(path);

	while (size > 0 && path[size - 1] == '/')
		size--;
	while (size > 0 && path[size - 1] != '/')
		size--;
	if (size == 0 || !strcmp(path + size, ".."))
		return false;
	path[size] = '\0';
	return true;
}

void broker_about_unfound(const struct call *call, enum operation operation, enum event_aspect aspect, int at,
			  const char *path)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	char start[TARGET_PATH_MAX], whole[2 * TARGET_PATH_MAX];

	strcpy(start, path);
	while (place_find(&call->target, at, start, &place) < 0)
		if (!cut(start))
			return;
	snprintf(whole, sizeof(whole), "%s%s%s", place.path, place.path[1] ? "/" : "", path + strlen(start));
	if (strlen(whole) < TARGET_PATH_MAX)
		broker_about(call, operation, aspect, whole);
}

/* Failures that a rule can be behind. What is not there is one where the box holds only what rules name. */
static bool is_refusal(const struct broker *broker, int number)
{
	switch (number) {
	case EACCES: case EPERM: case EROFS:
		return true;
	case EBUSY: case EXDEV:
		return broker->event.cause != CAUSE_RULE || !policy_allows_write(broker->policy, broker->event.subject);
	case ECONNREFUSED: case ENETUNREACH: case EHOSTUNREACH:
		return broker->event.cause != CAUSE_RULE || broker->event.operation == OPERATION_CONNECT ||
		       broker->event.operation == OPERATION_DOMAIN;
	case ENOENT:
		return broker->plan->restricted_read || (broker->seccomp.watch & WATCH_DENIALS);
	default:
		return broker->event.cause != CAUSE_RULE;
	}
}

/* The rules allow it, and the command is not root, who lacks capabilities here: no need for a slot. */
static bool is_ordinary(const struct broker *broker)
{
	const struct event *event = &broker->event;
	struct decision decision;

	if (event->cause != CAUSE_RULE || broker->policy->uid == 0)
		return false;
	policy_decide(broker->policy, (enum operation)event->operation, event->subject, &decision);
	return decision.allowed;
}

static void read_program(const struct target *target, char program[16])
{
	autoclose int fd = target_open(target, "comm", O_RDONLY);
	ssize_t size = fd < 0 ? 0 : read(fd, program, 15);

	program[size > 0 ? size : 0] = '\0';
	program[strcspn(program, "\n")] = '\0';
}

static void record(const struct call *call, int number)
{
	static const uint64_t one = 1;
	struct broker *broker = call->broker;
	struct event *event = &broker->event;
	const char *name = seccomp_call_name(call->notif->data.nr);

	event->number = number;
	event->pid = call->target.tid;
	read_program(&call->target, event->program);
	if (!event->call[0])
		strncpy(event->call, name ? name : "", sizeof(event->call) - 1);
	if (events_record(broker->events, event) && broker->wake_fd >= 0 &&
	    write(broker->wake_fd, &one, sizeof(one)) < 0)
		return;			/* full of wakes: it is awake */
}

void broker_record(const struct call *call, int number)
{
	struct broker *broker = call->broker;

	if (!broker->events || !broker->event.subject[0] || !is_refusal(broker, number))
		return;
	broker->event.done = 0;
	if (is_ordinary(broker))
		events_failed(broker->events, (enum operation)broker->event.operation);
	else
		record(call, number);
}

/* A tool's thousand files are told apart as far as three directories. */
static void shorten(char *path, size_t from)
{
	for (int components = 0; components < 3 && path[from] == '/'; components++)
		from += 1 + strcspn(path + from + 1, "/");
	path[from] = '\0';
}

void broker_record_done(const struct call *call)
{
	struct broker *broker = call->broker;
	struct event *event = &broker->event;
	struct decision decision;

	if (!broker->events || !event->subject[0] || event->operation > OPERATION_UNIX_BIND)
		return;
	policy_decide(broker->policy, OPERATION_WRITE, event->subject, &decision);
	if (!decision.rule || !decision.rule->scratch)
		return;
	shorten(event->subject, strlen(decision.rule->path));
	event->operation = OPERATION_WRITE;
	event->done = 1;
	record(call, EROFS);
}
