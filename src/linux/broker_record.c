/* SPDX-License-Identifier: Apache-2.0 */
/* broker_record.c — what a call is about, and a record of it when it was refused.
 *
 * While a call is judged and made, whoever looks at a place says so (broker_about()); when it ends in a refusal, the
 * last that was said is what it was about, and goes into the table that the supervisor reads (policy/event.h).
 * Whether a refusal is the box's or would have met the command outside, too, is judged there: nothing here depends on
 * it. */
#include "linux/broker.h"

#include <string.h>

void broker_begin(const struct call *call)
{
	call->broker->event.subject[0] = '\0';
}

void broker_about(const struct call *call, enum operation operation, enum event_aspect aspect, const char *subject)
{
	struct event *event = &call->broker->event;
	size_t size = strlen(subject);

	event->operation = (uint8_t)operation;
	event->aspect = (uint8_t)aspect;
	event->cause = CAUSE_RULE;
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

int broker_blame(const struct call *call, const struct place *from, const struct place *to, int result)
{
	const struct policy *policy = call->broker->policy;

	broker_about(call, OPERATION_WRITE, ASPECT_NAME, to->path);
	if (result == -EXDEV && is_same_device(from, to))
		return broker_because(call, CAUSE_BORDER, result);
	if (policy_allows_write(policy, to->path))
		broker_about(call, OPERATION_WRITE, ASPECT_NAME, from->path);
	/* The kernel keeps what a mount or a pin stands on; outside neither does. */
	if (result == -EBUSY)
		return broker_because(call, CAUSE_BELOW, result);
	return result;
}

/* Failures that a rule can be behind. What is not there is one where the box holds only what rules name. */
static bool is_refusal(const struct broker *broker, int number)
{
	switch (number) {
	case EACCES: case EPERM: case EROFS:
		return true;
	case EBUSY: case EXDEV:
		return broker->event.cause != CAUSE_RULE || !policy_allows_write(broker->policy, broker->event.subject);
	case ENOENT:
		return broker->plan->restricted_read;
	default:
		return broker->event.cause != CAUSE_RULE;
	}
}

static void read_program(const struct target *target, char program[16])
{
	autoclose int fd = target_open(target, "comm", O_RDONLY);
	ssize_t size = fd < 0 ? 0 : read(fd, program, 15);

	program[size > 0 ? size : 0] = '\0';
	program[strcspn(program, "\n")] = '\0';
}

void broker_record(const struct call *call, int number)
{
	static const uint64_t one = 1;
	struct broker *broker = call->broker;
	struct event *event = &broker->event;
	const char *name = seccomp_call_name(call->notif->data.nr);

	if (!broker->events || !event->subject[0] || !is_refusal(broker, number))
		return;
	event->number = number;
	event->pid = call->target.tid;
	read_program(&call->target, event->program);
	strncpy(event->call, name ? name : "", sizeof(event->call) - 1);
	if (events_record(broker->events, event) && broker->wake_fd >= 0 &&
	    write(broker->wake_fd, &one, sizeof(one)) < 0)
		return;			/* full of wakes: it is awake */
}
