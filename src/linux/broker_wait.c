/* SPDX-License-Identifier: Apache-2.0 */
/* broker_wait.c — calls that wait: connect() to a server that is far away or busy, a send into a full socket.
 *
 * The caller's socket blocks, the broker must not. So each call is made without blocking: O_NONBLOCK is set on the
 * caller's open file for the length of one call, and taken off again. What would have to wait goes into a table, the
 * broker polls it beside its listener, and makes the call again when something has changed: until it is done, the
 * caller is gone, a signal has come, or the socket's own timeout (SO_SNDTIMEO) has passed. A local socket with a
 * full backlog tells nobody when there is room; those are tried again every few milliseconds.
 *
 * A caller that takes O_NONBLOCK off itself just then would make us wait: a timer interrupts that.
 *
 * The caller cannot be interrupted as long as we have its call in hand (WAIT_KILLABLE_RECV). So for the calls in the
 * table we look for its pending signals and give the call back to the kernel's restart logic, as the kernel itself
 * does: with SA_RESTART it comes again, without it is EINTR. */
#include "linux/broker.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#define RETRY_MS	4		/* a full backlog */
#define LOOK_MS		50		/* at callers: gone, interrupted, out of time */
#define GUARD_US	2000		/* how long a call may block that should not */
#define RESTART_CALL	512		/* ERESTARTSYS: the kernel makes EINTR of it, or the same call again */

int64_t broker_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- one call without blocking ------------------------------------------------------------ */

static void interrupt(int number)
{
	(void)number;
}

/* The kernel's own call, and its own sets of 64 signals: this is done twice for every connect(). */
static void let_interrupt(int how)
{
	static const uint64_t alarm_only = 1u << (SIGALRM - 1);

	syscall(SYS_rt_sigprocmask, how, &alarm_only, NULL, sizeof(alarm_only));
}

/* Set once: to program a timer costs more than all else here. The kernel goes on with it only when its signal is taken
 * (dequeue_signal(), kernel/signal.c), so while nothing is guarded it has fired at most once, and sleeps. */
void broker_wait_init(void)
{
	const struct sigaction action = { .sa_handler = interrupt };	/* no SA_RESTART */
	const struct itimerval timer = { { 0, GUARD_US }, { 0, GUARD_US } };

	let_interrupt(SIG_BLOCK);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* A signal that has waited comes before the call that it is for; then the next one comes during it. The first of calls
 * that follow each other closely puts up the guard, and it stays until something else is done than to connect. */
static void guard(bool on)
{
	static bool up;

	if (on != up)
		let_interrupt(on ? SIG_UNBLOCK : SIG_BLOCK);
	up = on;
}

void broker_let_guard_down(void)
{
	guard(false);
}

/* Leaves the guard up. */
static int without_blocking(int fd, int (*call)(void *argument), void *argument, bool *ret_blocking)
{
	int flags = fcntl(fd, F_GETFL), r;

	if (flags < 0)
		return -errno;
	*ret_blocking = !(flags & O_NONBLOCK);
	if (flags & O_NONBLOCK)
		return call(argument);
	guard(true);
	r = fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : call(argument);
	fcntl(fd, F_SETFL, flags);
	return r == -EINTR ? -EAGAIN : r;
}

int broker_without_blocking(int fd, int (*call)(void *argument), void *argument, bool *ret_blocking)
{
	int r = without_blocking(fd, call, argument, ret_blocking);

	guard(false);
	return r;
}

/* --- connect ------------------------------------------------------------------------------ */

static int connect_once(void *argument)
{
	const struct connection *connection = argument;

	return connect(connection->fd, (const struct sockaddr *)&connection->address, connection->size) < 0 ? -errno :
													     0;
}

static bool is_local(const struct connection *connection)
{
	return connection->address.ss_family == AF_UNIX;
}

static bool must_wait(const struct connection *connection, int r)
{
	return is_local(connection) ? r == -EAGAIN : r == -EINPROGRESS || r == -EALREADY || r == -EAGAIN;
}

/* One try; a handshake over loopback is done as soon as the socket's lock is given up. */
static int try_connect(struct connection *connection, bool *ret_blocking)
{
	struct pollfd ready = { .fd = connection->fd, .events = POLLOUT };
	int r = without_blocking(connection->fd, connect_once, connection, ret_blocking);

	if (is_local(connection))
		return r;
	guard(false);
	if (*ret_blocking && must_wait(connection, r) && poll(&ready, 1, 0) > 0)
		r = broker_without_blocking(connection->fd, connect_once, connection, ret_blocking);
	return r;
}

int64_t broker_deadline(int fd)
{
	struct timeval timeout = { 0 };
	socklen_t size = sizeof(timeout);

	if (getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, &size) < 0 || (!timeout.tv_sec && !timeout.tv_usec))
		return INT64_MAX;
	return broker_now_ms() + timeout.tv_sec * 1000 + timeout.tv_usec / 1000 + 1;
}

int broker_connect_begin(struct call *call, struct connection *connection)
{
	bool blocking = false;
	int r = try_connect(connection, &blocking);
	struct waiting waiting;

	if (!blocking || !must_wait(connection, r))
		return r;
	r = broker_keep_object(call->broker, connection);
	if (r < 0)
		return r;
	guard(false);
	waiting = (struct waiting){
		.id = call->notif->id, .tid = call->target.tid, .connection = *connection,
		.deadline_ms = broker_deadline(connection->fd),
		.timed_out = is_local(connection) ? -EAGAIN : -EINPROGRESS,
	};
	return broker_wait_for(call, &waiting);
}

/* --- the table ---------------------------------------------------------------------------- */

int broker_wait_for(struct call *call, const struct waiting *waiting)
{
	struct broker *broker = call->broker;

	if (broker->waiting_count == BROKER_WAITING)
		return -EAGAIN;
	broker->waiting[broker->waiting_count++] = *waiting;
	call->later = true;
	return 0;
}

/* Of a sendmmsg() that has sent one message. */
static int tell_count(const struct waiting *waiting, uint32_t count)
{
	const struct target target = { .tid = waiting->tid };
	int r = target_write(&target, waiting->sending.count_at, &count, sizeof(count));

	return r < 0 ? r : 1;
}

static void finish(struct broker *broker, size_t at, int result)
{
	struct waiting *waiting = &broker->waiting[at];
	struct notif_resp response = { .id = waiting->id };

	if (result > 0 && waiting->sending.count_at)
		result = tell_count(waiting, (uint32_t)result);
	if (result < 0)
		response.error = result;
	else
		response.value = result;
	cleanup_fd(&waiting->connection.fd);
	cleanup_fd(&waiting->connection.object_fd);
	broker_ask(broker, NOTIF_IOCTL_SEND, &response);
	*waiting = broker->waiting[--broker->waiting_count];
}

static uint64_t number_behind(const char *text, const char *name, int base)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, base) : 0;
}

/* What to answer because of a signal that waits for the caller, or 0. One for the whole process may be taken by
 * another of its threads before the kernel looks: then only EINTR is safe to say. */
static int interrupted(pid_t tid)
{
	const struct target target = { .tid = tid };
	autoclose int fd = target_open(&target, "status", O_RDONLY);
	char text[4096];
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	uint64_t own, shared, open;

	if (size <= 0)
		return 0;
	text[size] = '\0';
	open = ~number_behind(text, "\nSigBlk:", 16) & ~number_behind(text, "\nSigIgn:", 16);
	own = number_behind(text, "\nSigPnd:", 16) & open;
	shared = number_behind(text, "\nShdPnd:", 16) & open;
	if (own || (shared && number_behind(text, "\nThreads:", 10) == 1))
		return -RESTART_CALL;
	return shared & number_behind(text, "\nSigCgt:", 16) ? -EINTR : 0;
}

/* Tries once more; whether it is done. */
static bool try_again(struct broker *broker, size_t at)
{
	struct waiting *waiting = &broker->waiting[at];
	bool blocking = true;
	int r = waiting->again ? waiting->again(broker, waiting) : try_connect(&waiting->connection, &blocking);

	guard(false);
	if (waiting->again ? r == -EAGAIN : must_wait(&waiting->connection, r))
		return false;
	finish(broker, at, r);
	return true;
}

/* Whether nothing more is to be waited for; then it is answered. */
static bool give_up(struct broker *broker, size_t at, int64_t now_ms)
{
	struct waiting *waiting = &broker->waiting[at];
	int r = broker_ask(broker, NOTIF_IOCTL_ID_VALID, &waiting->id) < 0 ? -ESRCH : 0;

	if (r == 0)
		r = interrupted(waiting->tid);
	if (r < 0 && waiting->done)		/* as the kernel: what has been sent counts */
		r = (int)waiting->done;
	if (r == 0 && now_ms >= waiting->deadline_ms)
		r = waiting->done ? (int)waiting->done : waiting->timed_out;
	if (r == 0)
		return false;
	finish(broker, at, r);
	return true;
}

static bool polls_nothing(const struct waiting *waiting)
{
	return !waiting->again && is_local(&waiting->connection);
}

static int timeout_of(const struct broker *broker)
{
	int timeout = broker->waiting_count ? LOOK_MS : -1;

	for (size_t i = 0; i < broker->waiting_count; i++)
		if (polls_nothing(&broker->waiting[i]))
			timeout = RETRY_MS;
	return timeout;
}

static void look_at_all(struct broker *broker, const struct pollfd *polls)
{
	int64_t now_ms = broker_now_ms();
	bool look = now_ms >= broker->look_ms, retry = now_ms >= broker->retry_ms;

	if (look)
		broker->look_ms = now_ms + LOOK_MS;
	if (retry)
		broker->retry_ms = now_ms + RETRY_MS;
	for (size_t i = broker->waiting_count; i-- > 0;) {	/* the last one takes the place of one that is done */
		bool ready = polls_nothing(&broker->waiting[i]) ? retry : polls[i].revents;

		if (!(ready && try_again(broker, i)) && look)
			give_up(broker, i, now_ms);
	}
}

int broker_poll(struct broker *broker, int timeout_ms, short *ret_revents)
{
	static struct pollfd polls[BROKER_WAITING + 1];
	size_t count = broker->waiting_count;
	int own_ms = timeout_of(broker);

	guard(false);
	for (size_t i = 0; i < count; i++) {
		const struct waiting *waiting = &broker->waiting[i];
		int fd = polls_nothing(waiting) ? -1 : waiting->connection.fd;

		polls[i] = (struct pollfd){ .fd = fd, .events = POLLOUT };
	}
	polls[count] = (struct pollfd){ .fd = broker->listener_fd, .events = POLLIN };
	if (own_ms >= 0 && (timeout_ms < 0 || own_ms < timeout_ms))
		timeout_ms = own_ms;
	*ret_revents = 0;
	if (poll(polls, count + 1, timeout_ms) < 0)
		return errno == EINTR ? 0 : -errno;
	*ret_revents = polls[count].revents;
	if (count)
		look_at_all(broker, polls);
	return 0;
}
