/* SPDX-License-Identifier: Apache-2.0 */
/* supervise.c — starts the command and watches over it: one poll loop over its end, the clock and the signals
 * to pass on. */
#include "run/chain.h"
#include "linux/sys.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

static const int forwarded[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH };

/* --- the clock ---------------------------------------------------------------------------- */

static int start_clock(struct child *child, const struct limit *limit, struct bawn_error *err)
{
	const struct itimerspec when = { .it_value.tv_sec = (time_t)limit->value };

	if (!limit->set)
		return 0;
	child->clock_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (child->clock_fd < 0 || timerfd_settime(child->clock_fd, 0, &when, NULL) < 0)
		return error_system(err, errno, "start the clock of wall_seconds");
	return 0;
}

/* Only who asks for a descriptor to poll pays for it: without a clock the pidfd alone will do. */
static int make_wait_fd(struct child *child, struct bawn_error *err)
{
	struct epoll_event event = { .events = EPOLLIN };

	child->wait_fd = -1;
	if (child->clock_fd < 0)
		return 0;
	child->wait_fd = epoll_create1(EPOLL_CLOEXEC);
	if (child->wait_fd < 0 || epoll_ctl(child->wait_fd, EPOLL_CTL_ADD, child->process.pidfd, &event) < 0 ||
	    epoll_ctl(child->wait_fd, EPOLL_CTL_ADD, child->clock_fd, &event) < 0)
		return error_system(err, errno, "watch over the command");
	return 0;
}

/* The thread's mask with the signals that will be passed on. */
static void forwarded_set(sigset_t *ret_set)
{
	sigprocmask(SIG_SETMASK, NULL, ret_set);
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
		sigaddset(ret_set, forwarded[i]);
}

/* --- start
 * --------------------------------------------------------------------------------------------------------------------
 */

struct groundwork *child_begin(void)
{
	return linux_begin();
}

void child_begin_network(struct groundwork *groundwork, bool wanted)
{
	linux_begin_network(groundwork, wanted);
}

void child_abandon(struct groundwork *groundwork)
{
	linux_abandon(groundwork);
}

int child_start(const struct chain *chain, const struct command *asked, struct groundwork *groundwork,
		bool forward, struct child *ret_child, struct bawn_error *err)
{
	struct child child = { .process = { .pid = -1, .pidfd = -1 }, .wait_fd = -1, .clock_fd = -1,
			       .report = REPORT_NONE };
	const struct plan *plan = chain->plan;
	struct command command = *asked;
	sigset_t hold;
	struct box *box = NULL;
	int r;

	if (forward) {
		forwarded_set(&hold);
		command.hold = &hold;
	}
	r = plan->policy->unconfined ? 0 : report_open(chain, &child.report, err);
	if (r < 0)
		return r;
	command.events = child.report.events;
	command.wake_fd = child.report.wake_fd;
	if (plan->policy->unconfined)
		r = linux_start_unconfined(plan, &command, &child.process, err);
	else {
		r = linux_lower(plan, &box, err);
		if (r == 0)
			r = linux_start(box, &command, groundwork, &child.process, err);
		linux_box_free(box);
	}
	child.forward = r == 0 && forward;
	if (r == 0 && ((r = start_clock(&child, &plan->policy->limits[LIMIT_WALL_SECONDS], err)) < 0 ||
		       (r = make_wait_fd(&child, err)) < 0))
		child_done(&child);
	else if (r < 0)
		report_close(&child.report);
	if (r == 0)
		*ret_child = child;
	return r;
}

int child_kill(struct child *child, int signal_number, struct bawn_error *err)
{
	if (syscall(SYS_pidfd_send_signal, child->process.pidfd, signal_number, NULL, 0) < 0)
		return error_system(err, errno, "send signal %d", signal_number);
	return 0;
}

/* --- wait
 * ---------------------------------------------------------------------------------------------------------------------
 */

/* A signal from the terminal went to the whole process group, the command with it; one that somebody sent
 * reached only us. */
static void pass_signal(struct child *child, int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_code != SI_KERNEL)
			child_kill(child, (int)info.ssi_signo, NULL);
}

static int open_signals(struct bawn_error *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
		sigaddset(&set, forwarded[i]);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_system(err, errno, "watch for signals") : fd;
}

static int reap(struct child *child, int *ret_status)
{
	int status;

	while (waitpid(child->process.pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	child->process.pid = -1;
	*ret_status = child->timed_out ? BAWN_STATUS_TIMEOUT : linux_status(status);
	return 0;
}

static int watch(struct child *child, int signals)
{
	struct pollfd polls[] = {
		{ .fd = child->process.pidfd, .events = POLLIN },
		{ .fd = child->clock_fd, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
		{ .fd = child->report.wake_fd, .events = POLLIN },
		{ .fd = -1, .events = POLLOUT },
	};

	for (;;) {
		polls[4].fd = report_has_lines(&child->report) ? child->report.log_fd : -1;
		if (poll(polls, ARRAY_SIZE(polls), -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (polls[0].revents)
			return 0;
		if (polls[1].revents) {
			child->timed_out = true;
			polls[1].fd = -1;
			child_kill(child, SIGKILL, NULL);
		}
		if (polls[2].revents)
			pass_signal(child, signals);
		/* A log that cannot be written is no reason to end the command. */
		if (polls[3].revents || polls[4].revents)
			report_take(&child->report, NULL);
	}
}

int child_wait(struct child *child, int *ret_status, struct bawn_error *err)
{
	autoclose int signals = child->forward ? open_signals(err) : -1;
	int r;

	if (child->process.pid < 0)
		return error_set(err, ECHILD, "the command has been waited for");
	if (child->forward && signals < 0)
		return signals;
	r = watch(child, signals);
	if (r == 0)
		r = reap(child, ret_status);
	if (r == 0 && child->report.log_fd >= 0)
		return report_finish(&child->report, err);
	return r < 0 ? error_system(err, -r, "wait for the command") : 0;
}

void child_done(struct child *child)
{
	int status;

	if (child->process.pid > 0) {
		child_kill(child, SIGKILL, NULL);
		reap(child, &status);
	}
	if (child->forward)
		sigprocmask(SIG_SETMASK, &child->process.old_mask, NULL);
	child->forward = false;
	cleanup_fd(&child->process.pidfd);
	cleanup_fd(&child->clock_fd);
	cleanup_fd(&child->wait_fd);
	report_close(&child->report);
	child->process.pid = -1;
}
