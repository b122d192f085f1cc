/* SPDX-License-Identifier: Apache-2.0 */
/* event.h — what was refused to the command: how those who see it tell those who report it.
 *
 *	events_record   a refusal, by whoever sees it        → struct events    folded, counted, in shared memory
 *	events_take     what is new in there                 → struct event …   for the supervisor
 *	denials_add     event + policy                       → struct denials   ours or not; by which rule
 *	denials_print   a report for people, JSON lines      denial_print.c
 *
 * The same on every system: the broker, the gateway and macOS's log all speak in these words. */
#ifndef BAWN_EVENT_H
#define BAWN_EVENT_H

#include "policy/policy.h"

/* --- events.c: from whoever sees it to the supervisor ------------------------------------- */

enum event_cause {		/* why, as far as whoever saw it knows */
	CAUSE_RULE,		/* whatever policy_decide() says of the operation and the subject; if it allows that, an
				 * ordinary failure */
	CAUSE_BELOW,		/* a directory that would be moved or removed has rules for what lies below it */
	CAUSE_BORDER,		/* two writable directories are two mounts: nothing is moved or linked across */
	CAUSE_GIT,		/* a name that git obeys, under `.git = "commit"` */
	CAUSE_KERNEL,		/* the system call filter; subject: what kernel.allow calls it, or the system call */
	CAUSE_NONE_THERE,	/* the box has no such device or socket; policy_decide() does not know why */
	CAUSE__COUNT
};

enum event_aspect {		/* what of the subject: who may do it outside depends on that */
	ASPECT_CONTENT,		/* of a file, or of the subject as such */
	ASPECT_NAME,		/* a name is made or taken away: the directory's matter */
	ASPECT_OWNER,		/* mode, times, attributes: the owner's */
	ASPECT_EXEC,		/* of a file: to run it */
	ASPECT_ROOT,		/* root's alone */
	ASPECT__COUNT
};

struct event {
	uint8_t operation, cause, aspect;	/* enum operation, event_cause, event_aspect */
	uint8_t done;			/* it was done, in a layer that is thrown away (learn.h); else refused */
	int32_t number;			/* the errno that the program got, positive */
	int32_t pid;			/* the thread's, in the box; 0: not known */
	char program[16];		/* its name, as ps(1) shows it; "": not known */
	char call[24];			/* "openat"; "": not known */
	char detail[96];		/* why, in words, where the cause needs some; or "" */
	char subject[4096];		/* as policy_decide() wants it */
};

struct events;				/* a table in memory that processes share; see events.c */

#define EVENTS_FEW	256		/* distinct refusals: for the hint after a failure */
#define EVENTS_MANY	4096		/* for --log-denials */

/* Bytes of memory, zeroed and shared by all that record, for so many distinct events. What is not touched costs
 * nothing. */
size_t events_size(unsigned slots);
void events_init(struct events *events, unsigned slots);
/* Records a refusal; any number of processes may at once. Takes no lock, calls nothing: fit for after fork. NULL table:
 * nothing. Whether the reader is to be woken: it had taken everything before this one. */
bool events_record(struct events *events, const struct event *event);

/* An ordinary failure that needs no slot: the rules allow it. */
void events_failed(struct events *events, enum operation operation);

struct events_reader {			/* the supervisor's; trusts nothing in the shared memory but the counts */
	struct events *events;
	unsigned slots;
	uint64_t *seen;			/* by slot: how many have been taken */
	uint64_t seen_more[OPERATION__COUNT];
	uint64_t failed;		/* ordinary failures: since the beginning, as of the last time */
};

/* seen: room for as many as there are slots, zeroed. */
void events_reader_init(struct events_reader *reader, struct events *events, unsigned slots, uint64_t *seen);
/* Calls visit for each distinct refusal that has happened since the last time, with how often it has, in the
 * order in which they first happened. Those that found no room in the table come last, one for each operation, with an
 * empty subject. Stops when visit returns non-zero, and returns that. */
int events_take(struct events_reader *reader, int (*visit)(void *argument, const struct event *event, uint64_t count),
		void *argument);

/* --- denials.c: ours or not, and by which rule -------------------------------------------- */

struct denial {				/* one line of a report */
	enum operation operation;
	enum event_cause cause;
	int number, pid;
	const char *program, *call, *subject;	/* subject "": of further ones only the number is known */
	uint64_t count;
	bool done;
	bool ours;			/* else an ordinary failure: it would have failed outside, too */
	struct decision decision;
	const char *why;		/* it was not the decision, but this; or NULL */
	const char *line, *option;	/* what would allow it; NULL: nothing of that sort */
	uint32_t hash;
};

struct denials {			/* {.policy = …, .host = …} to begin; both must outlive it */
	struct arena arena;
	const struct policy *policy;
	const struct host *host;
	struct denial *items;
	size_t count, capacity;
	uint64_t ours, ordinary;	/* all that happened */
	uint64_t failed;		/* ordinary ones, too, that were only counted; set by whoever knows */
	uint64_t more;			/* of ours: without an item, for want of memory or of room */
};

/* Judges an event that happened count times and folds it with its like. *ret_denial (NULL allowed): what it became; its
 * count is that of all; NULL when there was no room. */
int denials_add(struct denials *denials, const struct event *event, uint64_t count, const struct denial **ret_denial);
void denials_done(struct denials *denials);

/* --- denial_print.c ----------------------------------------------------------------------- */

/* One JSON line: count of them have just happened, at time_ms since 1970. */
void denial_print_json(const struct denials *denials, const struct denial *denial, uint64_t count, int64_t time_ms,
		       struct text *text);
/* The last line: all that happened. */
void denials_print_summary(const struct denials *denials, struct text *text);
/* The whole report. brief: a hint of a few lines, and nothing at all where nothing is ours. */
void denials_print(const struct denials *denials, bool brief, struct text *text);

#endif
