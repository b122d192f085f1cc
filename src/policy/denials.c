/* SPDX-License-Identifier: Apache-2.0 */
/* denials.c — refusals as they were seen → refusals as they are told: ours or not, by which rule, what would allow it.
 *
 * A denial is ours when three things hold: the program was told no; the rules say no, or whoever said no knows why
 * (enum event_cause); and outside the caller would have been told yes. An ordinary user who writes to /etc/passwd is
 * refused by a rule, but blaming the rule would send him the wrong way: with the grant it would fail as well. Those are
 * ordinary failures, counted apart.
 *
 * Starting programs as root is the exception: the box has no capability whatever the rules are, so what root is refused
 * by ownership is ours though the rules say yes. */
#include "policy/event.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX	((size_t)2 * EVENTS_MANY)

/* --- ours or not -------------------------------------------------------------------------- */

static bool is_file_operation(enum operation operation)
{
	return operation <= OPERATION_UNIX_BIND;
}

static enum access wanted_access(enum operation operation)
{
	return operation == OPERATION_WRITE || operation == OPERATION_UNIX_BIND || operation == OPERATION_UNIX_CONNECT ?
		       ACCESS_WRITE : ACCESS_READ;		/* unix(7): connecting takes write permission */
}

/* Whether the caller could have done it without the box. */
static bool works_outside(const struct denials *denials, const struct event *event)
{
	const struct host *host = denials->host;
	enum operation operation = (enum operation)event->operation;

	if (operation == OPERATION_KERNEL && event->cause == CAUSE_NONE_THERE)
		return !host || !host->process_exists ||
		       host->process_exists(host->context, (int)strtol(event->subject + strcspn(event->subject, " "),
								       NULL, 10));
	if (operation == OPERATION_CONNECT && event->number == ECONNREFUSED && strrchr(event->subject, ':'))
		return !host || !host->listens ||
		       host->listens(host->context,
				     (unsigned)strtoul(strrchr(event->subject, ':') + 1, NULL, 10));
	if (event->cause == CAUSE_KERNEL)
		return event->aspect != ASPECT_ROOT || denials->policy->uid == 0;
	if (!host || !host->permits || !operation_is_path(operation))
		return true;
	return host->permits(host->context, event->subject, wanted_access(operation), event->aspect) == 0;
}

/* Root's file owner's rights and capabilities: refused for want of them where every rule says yes. */
static bool lacks_capability(const struct denials *denials, const struct event *event)
{
	return denials->policy->uid == 0 && is_file_operation((enum operation)event->operation) &&
	       event->aspect != ASPECT_EXEC &&
	       (event->number == EPERM || event->number == EACCES);
}

static void judge(const struct denials *denials, const struct event *event, const char *detail, struct denial *denial)
{
	static const char *const whys[CAUSE__COUNT] = {
		[CAUSE_BELOW] = "a rule speaks of what lies below it: it must keep its name",
		[CAUSE_BORDER] = "two writable directories are two mounts; copy, or open a directory above both",
		[CAUSE_GIT] = "git obeys this name, and `.git = \"commit\"` does not open it",
		[CAUSE_NONE_THERE] = "it is not in the box",
	};
	enum operation operation = (enum operation)event->operation;

	policy_decide(denials->policy, operation, event->subject, &denial->decision);
	if (denial->decision.allowed && lacks_capability(denials, event))
		denial->why = "root has no capabilities in the box";
	if (denial->decision.allowed && whys[event->cause])
		denial->why = whys[event->cause];
	if (event->detail[0] && !kernel_name_is(event->subject))
		denial->why = detail;
	if (event->done)
		denial->ours = !denial->decision.allowed;
	else
		denial->ours = (!denial->decision.allowed || denial->why) && works_outside(denials, event);
}

/* --- the fold ----------------------------------------------------------------------------- */

static uint32_t hash_text(uint32_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

static struct denial *find(const struct denials *denials, const struct event *event, uint32_t hash)
{
	for (size_t i = 0; i < denials->count; i++) {
		struct denial *denial = &denials->items[i];

		if (denial->hash == hash && denial->operation == event->operation && denial->cause == event->cause &&
		    denial->number == event->number && denial->done == event->done &&
		    !strcmp(denial->subject, event->subject) &&
		    !strcmp(denial->program, event->program))
			return denial;
	}
	return NULL;
}

static struct denial *add_item(struct denials *denials, const struct event *event, uint32_t hash)
{
	struct arena *arena = &denials->arena;
	struct denial *denial;

	if (denials->count >= ITEMS_MAX)
		return NULL;
	denial = array_add(arena, (void **)&denials->items, &denials->count, &denials->capacity, sizeof(*denial));
	if (!denial)
		return NULL;
	*denial = (struct denial){
		.operation = (enum operation)event->operation, .cause = (enum event_cause)event->cause,
		.done = event->done, .number = event->number, .pid = event->pid, .hash = hash,
		.program = arena_strdup(arena, event->program), .call = arena_strdup(arena, event->call),
		.subject = arena_strdup(arena, event->subject),
	};
	if (!denial->program || !denial->call || !denial->subject) {
		denials->count--;
		return NULL;
	}
	return denial;
}

int denials_add(struct denials *denials, const struct event *event, uint64_t count, const struct denial **ret_denial)
{
	uint32_t hash = hash_text(hash_text(2166136261u, event->subject), event->program);
	struct denial *denial = event->subject[0] ? find(denials, event, hash) : NULL;

	if (!denial && event->subject[0] && (denial = add_item(denials, event, hash))) {
		judge(denials, event, arena_strdup(&denials->arena, event->detail), denial);
		if (denial->ours && !denial->why)
			decision_grant(&denials->arena, denials->policy, denial->operation, denial->subject,
				       &denial->decision, &denial->line, &denial->option);
	}
	if (ret_denial)
		*ret_denial = denial;
	if (!denial) {			/* nobody can say whose it was */
		denials->ours += count;
		denials->more += count;
		return event->subject[0] ? -ENOMEM : 0;
	}
	denial->count += count;
	if (denial->ours)
		denials->ours += count;
	else
		denials->ordinary += count;
	return 0;
}

void denials_done(struct denials *denials)
{
	arena_done(&denials->arena);
	*denials = (struct denials){ .policy = denials->policy, .host = denials->host };
}
