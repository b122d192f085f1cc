/* SPDX-License-Identifier: Apache-2.0 */
/* run.h — from a plan to an exit status: reads the host, starts the command, watches over it.
 *
 * What talks to the operating system and is the same on every one lives here; what confines lives in linux/ or
 * macos/. */
#ifndef BAWN_RUN_H
#define BAWN_RUN_H

#include "run/platform.h"
#include "run/report.h"

/* --- host.c ------------------------------------------------------------------------------- */

/* Fills *ret_host from this process: uid, home ($HOME when absolute, else the password file's), working
 * directory (directory, when not NULL, made canonical; it must be a directory), TMPDIR, bound local sockets
 * (/proc/net/unix), callbacks on the real file system. environ_ is used, not copied. Everything allocated lies
 * in the arena. A deleted working directory: cwd NULL, no error. */
int host_read(struct arena *arena, const char *directory, const char *const *environ_, struct host *ret_host,
	      struct bawn_error *err);

/* Reads a configuration file after the checks of POLICY 1: a regular file, owned by root or the caller,
 * writable by nobody else. -ENOENT when it is missing. */
int config_read(const char *path, char **ret_text, size_t *ret_size, struct bawn_error *err);

/* --- supervise.c -------------------------------------------------------------------------- */

struct child {					/* a running command and what must be watched */
	struct process process;
	struct report report;
	int wait_fd;				/* epoll: pidfd, clock, signals */
	int clock_fd;				/* timerfd of wall_seconds, or -1 */
	bool forward; /* signals that reach this process are passed on, and blocked until child_done() */
	bool timed_out;
	struct denial_log *denial_log;		/* macOS: NULL: not asked for */
};

/* What can be begun before there is a plan; NULL: nothing, or it failed, and a start does without. */
struct groundwork;
struct groundwork *child_begin(void);
void child_begin_network(struct groundwork *groundwork, bool wanted);	/* a network of its own will be */
void child_abandon(struct groundwork *groundwork);		/* NULL allowed; also one that a start has taken */

/* The chain's plan, refused or not, has been judged by the caller; the chain must outlive the child.
 * :danger-full-access runs unconfined. forward: from before the command exists, no signal that is to be passed on can
 * end this process instead. groundwork may be NULL. */
int child_start(const struct chain *chain, const struct command *command, struct groundwork *groundwork,
		bool forward, struct child *ret_child, struct bawn_error *err);
/* Blocks. Signals that a terminal sent to the whole group are not sent twice. */
int child_wait(struct child *child, int *ret_status, struct bawn_error *err);
int child_kill(struct child *child, int signal_number, struct bawn_error *err);
void child_done(struct child *child);

#endif
