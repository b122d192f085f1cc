/* SPDX-License-Identifier: Apache-2.0 */
/* linux.h — plan → a confined process on Linux.
 *
 *	linux_probe    what this machine has                           → struct features
 *	linux_lower    plan → mount operations, Landlock, BPF (pure)   → struct box
 *	linux_start    clones, confines, executes                      → struct process
 *
 * linux.c tells the order of the steps and why. */
#ifndef BAWN_LINUX_H
#define BAWN_LINUX_H

#include "policy/policy.h"

#include <signal.h>

struct box;					/* a lowered plan: arrays that the child walks */

struct command {
	const char *const *argv;		/* argv[0] is looked up on PATH of environ, inside the box */
	int stdio[3];				/* become 0, 1, 2; usually 0, 1, 2 themselves; -1: leave closed */
	const int *keep_fds;			/* further descriptors that cross under their own numbers */
	size_t keep_count;
	struct events *events;			/* where refusals are recorded, or NULL */
	int wake_fd;				/* an eventfd that is told of them, or -1 */
	const sigset_t *hold; /* mask of the calling thread after the start; NULL: as it was. The command's
			       * is what it was before in any case */
};

struct process {
	pid_t pid;				/* pid 1 of the box, as seen from outside */
	int pidfd;				/* polls readable at its end */
	sigset_t old_mask;			/* of the calling thread, before the start */
};

/* Fills what can be learnt without starting anything (a few system calls, microseconds). thorough: also tries
 * user namespaces and /proc in a child of its own, for plan and doctor. */
void linux_probe(struct features *ret_features, bool thorough);

/* Pure. The plan must outlive the box. */
int linux_lower(const struct plan *plan, struct box **ret_box, struct bawn_error *err);
void linux_box_free(struct box *box);
/* One line for each mount operation, Landlock rule and seccomp row, for golden tests and `plan --format json`. */
int linux_box_print(const struct box *box, struct text *text);

/* Begins with what no rule changes, in a helper process: meanwhile the policy can be resolved. NULL: no memory. Other
 * failures show in linux_start(), which the same thread calls. */
struct groundwork;
struct groundwork *linux_begin(void);
/* Whether there will probably be a network namespace: that can be made meanwhile too. The helper waits for this, or for
 * the start. The first word counts. NULL: nothing. */
void linux_begin_network(struct groundwork *groundwork, bool wanted);
/* Ends what was begun and frees it, also after linux_start(). NULL: nothing. */
void linux_abandon(struct groundwork *groundwork);

/* Starts the command and returns when it has been executed, or could not be: then nothing is left, and err says
 * which step failed on what (status 126 or 127 when it was the command itself). groundwork NULL: it is begun now. What
 * the command is given was open when it was begun. */
int linux_start(const struct box *box, const struct command *command, struct groundwork *groundwork,
		struct process *ret_process, struct bawn_error *err);

/* :danger-full-access: the command with its environment, descriptors and limits, and no box at all. */
int linux_start_unconfined(const struct plan *plan, const struct command *command, struct process *ret_process,
			   struct bawn_error *err);

/* The exit status of POLICY 10 from wait status of pid 1. */
int linux_status(int wait_status);

#endif
