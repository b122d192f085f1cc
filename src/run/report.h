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
	enum log_level level;
	int wake_fd;			/* eventfd: something was recorded; -1: nobody wants to know at once */
	int log_fd;			/* where JSON lines go, the caller's; or -1 */
	struct text lines;		/* on their way there, */
	size_t written;			/* so far as this */
};

/* policy and host must outlive the report. */
int report_open(struct report *report, const struct policy *policy, const struct host *host, enum log_level level,
		int log_fd, struct bawn_error *err);
/* Takes in what is new, and writes its lines. */
int report_take(struct report *report, struct bawn_error *err);
/* Writes lines that wait; all: until none is left, also if that blocks. */
int report_write(struct report *report, bool all, struct bawn_error *err);
bool report_has_lines(const struct report *report);
/* What was refused so far: with --log-denials the report, else a hint, which may be empty. */
int report_print(struct report *report, struct text *text, struct bawn_error *err);
void report_close(struct report *report);		/* also one that is {0} but for its descriptors, which are -1 */

#endif
