/* SPDX-License-Identifier: Apache-2.0 */
/* denials.h — a line of macOS's log → what was refused, in the words that all systems share. Pure. */
#ifndef BAWN_MACOS_DENIALS_H
#define BAWN_MACOS_DENIALS_H

#include "policy/event.h"

struct denial_line {			/* what a line of `log stream --style ndjson` tells of a refusal */
	char program[64];
	int pid;
	unsigned count;			/* "3 duplicate reports for" */
	char operation[64];		/* Seatbelt's */
	char detail[4096];		/* a path, a name, HOST:PORT; or "" */
};

/* Whether the line tells of a refusal by Seatbelt. size: without the newline. */
bool denial_line_parse(const char *line, size_t size, struct denial_line *ret);
/* The same as an event: the operation and subject that policy_decide() is asked. What it does not know is an operation
 * "kernel" with Seatbelt's words as its subject. */
void denial_line_event(const struct denial_line *line, struct event *ret_event);

#endif
