/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_exec.h — a plan → a confined process on macOS, by /usr/bin/sandbox-exec; see sandbox_exec.c. */
#ifndef BAWN_SANDBOX_EXEC_H
#define BAWN_SANDBOX_EXEC_H

#include "macos/macos.h"
#include "policy/event.h"

#include <signal.h>

struct command {
	const char *const *argv;		/* argv[0] is looked up on PATH of environ */
	int stdio[3];				/* become 0, 1, 2; usually 0, 1, 2 themselves; -1: leave closed */
	const int *keep_fds;			/* further descriptors that cross under their own numbers */
	size_t keep_count;
	struct events *events;			/* where refusals are recorded, or NULL */
	int wake_fd;				/* unused: what reads the log is the supervisor's own */
	const sigset_t *hold;			/* mask of the calling thread after the start; NULL: as it was */
};

struct process {
	pid_t pid;
	int pidfd;				/* a kqueue: polls readable at its end */
	int watch_fd;				/* a kqueue of the supervisor's own: its programs, its end */
	int go_fd;				/* written to: the child goes on to execute; -1: it has */
	bool executed;				/* the command itself, not only sandbox-exec */
	sigset_t old_mask;
};

/* What this machine has: sandbox-exec; whether a sandbox is around us. */
void macos_probe(struct features *ret_features);

/* Forks a child that waits; seatbelt NULL: it will not be confined. Where the command is not found, or may not be
 * executed, err says so (status 127, 126) and nothing was started. */
int macos_start(const struct plan *plan, const struct seatbelt *seatbelt, const struct command *command,
		struct process *ret_process, struct bawn_error *err);
/* Lets it execute. */
int macos_go(struct process *process, struct bawn_error *err);
/* An event of watch_fd about the process, what it says in fflags; whether it has ended. */
bool macos_note(struct process *process, unsigned fflags);

/* The exit status of POLICY 10. sandbox-exec's own 65 and 71, while the command was not executed, are errors. */
int macos_status(const struct process *process, int wait_status, int *ret_status, struct bawn_error *err);

#endif
