/* SPDX-License-Identifier: Apache-2.0 */
/* report.h — what was refused to a running command; see report.c. */
#ifndef BAWN_RUN_REPORT_H
#define BAWN_RUN_REPORT_H

#include "policy/event.h"

struct report {
	struct events *events;		/* shared with the box's processes */
	size_t size;
	unsigned slots;
	uint64_t *seen;
	struct events_reader reader;
	struct denials denials;
	bool finished;			/* the last line is written; or nothing is recorded, and there is none */
	bool whole;			/* a report, not a hint */
	int wake_fd;			/* eventfd: something was recorded; -1: nobody wants to know at once */
	int log_fd;			/* where JSON lines go; or -1 */
	int own_fd;			/* the same, if we opened it; or -1 */
	struct text lines;		/* on their way there, */
	size_t written;			/* so far as this */
};

#define REPORT_NONE	((struct report){ .wake_fd = -1, .log_fd = -1, .own_fd = -1 })

struct chain;

/* The chain must outlive the report. */
int report_open(const struct chain *chain, struct report *ret_report, struct bawn_error *err);
/* Takes in what is new, and writes its lines. */
int report_take(struct report *report, struct bawn_error *err);
/* Takes in all that is new and writes all lines, waiting for a reader who reads. */
int report_finish(struct report *report, struct bawn_error *err);
/* Writes lines that wait; all: until none is left, or the reader has long read nothing. */
int report_write(struct report *report, bool all, struct bawn_error *err);
bool report_has_lines(const struct report *report);
/* What was refused so far: with --log-denials the report, else a hint, which may be empty. */
int report_print(struct report *report, struct text *text, struct bawn_error *err);
void report_close(struct report *report);		/* also REPORT_NONE */

#endif
