/* SPDX-License-Identifier: Apache-2.0 */
/* supervise_macos.c — starts the command and watches over it: one kqueue over its programs and its end, the clock, the
 * signals to pass on, and what the log tells of refusals.
 *
 * A signal that a terminal sends goes to the whole process group, the command with it; macOS does not tell it from one
 * that somebody sent to us alone. Those that terminals send (SIGINT, SIGQUIT, SIGWINCH) are passed on only where we are
 * not in the terminal's foreground group. */
#include "run/chain.h"
#include "macos/denial_log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <sys/wait.h>
#include <unistd.h>

static const int forwarded[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH };

#define CLOCK	1			/* ident of the timer */

/* --- start -------------------------------------------------------------------------------- */

static int add_event(int fd, uintptr_t ident, short filter, unsigned what, int64_t data)
{
	struct kevent change;

	EV_SET(&change, ident, filter, EV_ADD | EV_CLEAR, what, data, NULL);
	return kevent(fd, &change, 1, NULL, 0, NULL) < 0 ? -errno : 0;
}

/* The supervisor's own queue gets the clock and the signals; the one that callers poll gets the clock. */
static int add_watches(struct child *child, const struct limit *wall)
{
	int watch_fd = child->process.watch_fd, e = 0;

	if (wall->set && (e = add_event(watch_fd, CLOCK, EVFILT_TIMER, NOTE_SECONDS, (int64_t)wall->value)) >= 0)
		e = add_event(child->process.pidfd, CLOCK, EVFILT_TIMER, NOTE_SECONDS, (int64_t)wall->value);
	for (size_t i = 0; e >= 0 && child->forward && i < ARRAY_SIZE(forwarded); i++)
		e = add_event(watch_fd, (uintptr_t)forwarded[i], EVFILT_SIGNAL, 0, 0);
	return e;
}

static void forwarded_set(sigset_t *ret_set)
{
	pthread_sigmask(SIG_SETMASK, NULL, ret_set);
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
		sigaddset(ret_set, forwarded[i]);
}

static int add_log(struct child *child, struct bawn_error *err)
{
	int fds[2], e = 0;

	denial_log_fds(child->denial_log, fds);
	for (size_t i = 0; e >= 0 && i < ARRAY_SIZE(fds); i++)
		e = add_event(child->process.watch_fd, (uintptr_t)fds[i], EVFILT_READ, 0, 0);
	return e < 0 ? error_system(err, -e, "watch for what is refused") : 0;
}

static int start_command(const struct chain *chain, const struct command *command, bool forward, struct child *child,
			 struct bawn_error *err)
{
	const struct limit *wall = &chain->plan->policy->limits[LIMIT_WALL_SECONDS];
	int e = macos_start(chain->plan, chain->seatbelt, command, &child->process, err);

	if (e < 0)
		return e;
	child->forward = forward;
	if (chain->log != LOG_NONE && chain->seatbelt)
		e = denial_log_start(child->process.pid, child->report.events, &child->denial_log, err);
	if (e >= 0 && child->denial_log)
		e = add_log(child, err);
	if (e >= 0 && (e = add_watches(child, wall)) < 0)
		error_system(err, -e, "watch over the command");
	return e < 0 ? e : macos_go(&child->process, err);
}

/* There is nothing to prepare: sandbox-exec does it all. */
struct groundwork *child_begin(void)
{
	return NULL;
}

void child_begin_network(struct groundwork *groundwork, bool wanted)
{
	(void)groundwork;
	(void)wanted;
}

void child_abandon(struct groundwork *groundwork)
{
	(void)groundwork;
}

int child_start(const struct chain *chain, const struct command *asked, struct groundwork *groundwork, bool forward,
		struct child *ret_child, struct bawn_error *err)
{
	struct child child = { .process = { .pid = -1, .pidfd = -1, .watch_fd = -1, .go_fd = -1 }, .wait_fd = -1,
			       .clock_fd = -1, .report = REPORT_NONE };
	struct command command = *asked;
	sigset_t hold;
	int e = 0;

	(void)groundwork;
	if (forward) {
		forwarded_set(&hold);
		command.hold = &hold;
	}
	if (!chain->plan->policy->unconfined)
		e = report_open(chain, &child.report, err);
	if (e < 0)
		return e;
	command.events = child.report.events;
	e = start_command(chain, &command, forward, &child, err);
	if (e < 0)
		child_done(&child);
	else
		*ret_child = child;
	return e;
}

int child_kill(struct child *child, int signal_number, struct bawn_error *err)
{
	if (kill(child->process.pid, signal_number) < 0)
		return error_system(err, errno, "send signal %d", signal_number);
	return 0;
}

/* --- wait --------------------------------------------------------------------------------- */

static bool is_terminals(int signal_number)
{
	int fd;
	bool foreground;

	if (signal_number != SIGINT && signal_number != SIGQUIT && signal_number != SIGWINCH)
		return false;
	fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	foreground = fd >= 0 && tcgetpgrp(fd) == getpgrp();
	cleanup_fd(&fd);
	return foreground;
}

/* It is blocked, and has been told: taken from what waits. */
static void pass_signal(struct child *child, int signal_number)
{
	sigset_t set, pending;
	int taken;

	sigemptyset(&set);
	sigaddset(&set, signal_number);
	sigpending(&pending);
	if (sigismember(&pending, signal_number))
		sigwait(&set, &taken);
	if (!is_terminals(signal_number))
		child_kill(child, signal_number, NULL);
}

/* What the log still holds of the command comes within moments. */
static void finish_log(struct child *child)
{
	if (child->denial_log)
		denial_log_finish(child->denial_log);
	report_take(&child->report, NULL);
}

static int reap(struct child *child, int *ret_status, struct bawn_error *err)
{
	int status;

	while (waitpid(child->process.pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_system(err, errno, "wait for the command");
	child->process.pid = -1;
	finish_log(child);
	if (child->timed_out) {
		*ret_status = BAWN_STATUS_TIMEOUT;
		return 0;
	}
	return macos_status(&child->process, status, ret_status, err);
}

/* One event of the supervisor's queue; whether it was the command's end. */
static bool take_event(struct child *child, const struct kevent *event)
{
	switch (event->filter) {
	case EVFILT_TIMER:
		child->timed_out = true;
		child_kill(child, SIGKILL, NULL);
		return false;
	case EVFILT_SIGNAL:
		pass_signal(child, (int)event->ident);
		return false;
	case EVFILT_READ:
		denial_log_read(child->denial_log);
		report_take(&child->report, NULL);
		return false;
	default:
		return macos_note(&child->process, event->fflags);
	}
}

int child_wait(struct child *child, int *ret_status, struct bawn_error *err)
{
	struct kevent event;

	if (child->process.pid < 0)
		return error_set(err, ECHILD, "the command has been waited for");
	for (;;) {
		int count = kevent(child->process.watch_fd, NULL, 0, &event, 1, NULL);

		if (count < 0 && errno != EINTR)
			return error_system(err, errno, "wait for the command");
		if (count > 0 && take_event(child, &event))
			return reap(child, ret_status, err);
	}
}

void child_done(struct child *child)
{
	int status;

	if (child->process.pid > 0) {
		kill(child->process.pid, SIGKILL);
		while (waitpid(child->process.pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	if (child->forward)
		pthread_sigmask(SIG_SETMASK, &child->process.old_mask, NULL);
	child->forward = false;
	denial_log_free(child->denial_log);
	child->denial_log = NULL;
	cleanup_fd(&child->process.go_fd);
	cleanup_fd(&child->process.watch_fd);
	cleanup_fd(&child->process.pidfd);
	report_close(&child->report);
	child->process.pid = -1;
}
