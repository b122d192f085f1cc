/* SPDX-License-Identifier: Apache-2.0 */
/* relay.c — single ports of the host's loopback, with the network off.
 *
 * The command's network namespace has a loopback of its own. A relay accepts in one of the two namespaces and connects
 * in the other: for a port that may be reached (connect) it accepts in the box's and connects in the host's, for one
 * that may be listened on it accepts in the host's and connects in the box's. A process has one namespace to make
 * sockets in, but serves a listener of any: so there are up to two relays, one left behind in the host's namespace
 * before pid 1 joins the box's, one forked after. The command never holds a socket of the host's.
 *
 * The relays are processes of the box, and end with it. They see bytes, and do nothing with them.
 *
 * Should: serve both ends without blocking. Mustn't: allocate, hold a right or a descriptor they do not need. */
#include "linux/box.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define CONNECTIONS	((size_t)256)	/* at a time; further ones wait in the listeners' backlogs */
#define BUFFER		16384
#define BACKLOG		128

struct flow { size_t begin, end; bool ended, told; char bytes[BUFFER]; };	/* from one end to the other */

struct link {				/* two ends; fd -1: free */
	int fds[2];
	bool connecting;		/* fds[1], to 127.0.0.1 or, second, to ::1 */
	bool second;
	uint16_t port;
	struct flow flows[2];		/* flows[i]: read from fds[i] */
};

static struct link links[CONNECTIONS];

/* --- listeners ---------------------------------------------------------------------------- */

static socklen_t loopback(struct sockaddr_storage *address, bool six, uint16_t port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };

	memset(address, 0, sizeof(*address));
	if (six)
		memcpy(address, &v6, sizeof(v6));
	else
		memcpy(address, &v4, sizeof(v4));
	return six ? sizeof(v6) : sizeof(v4);
}

static int offer(bool six, uint16_t port)
{
	static const int one = 1;
	struct sockaddr_storage address;
	socklen_t size = loopback(&address, six, port);
	int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, BACKLOG) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

static bool has_ipv6(void)
{
	int fd = offer(true, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* *ret_item tells which could not be had. */
static int offer_all(const struct port *ports, size_t count, bool ipv6, int *ret_fds, size_t *ret_item)
{
	for (size_t i = 0; i < 2 * count; i++) {
		*ret_item = i / 2;
		ret_fds[i] = -1;
		if (i % 2 && !ipv6)
			continue;
		ret_fds[i] = offer(i % 2, ports[i / 2].number);
		if (ret_fds[i] < 0)
			return ret_fds[i];
	}
	*ret_item = SIZE_MAX;
	return 0;
}

/* --- one link ----------------------------------------------------------------------------- */

static void end_link(struct link *link)
{
	cleanup_fd(&link->fds[0]);
	cleanup_fd(&link->fds[1]);
}

/* What one end broke off, or never took up, is broken off at the other: an end of file would say that all was said. */
static void break_link(struct link *link)
{
	static const struct linger reset = { .l_onoff = 1 };

	for (size_t i = 0; i < 2; i++)
		if (link->fds[i] >= 0)
			setsockopt(link->fds[i], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	end_link(link);
}

/* Begins to connect to the other end; what refuses on 127.0.0.1 may listen on ::1. */
static void reach(struct link *link)
{
	static const int one = 1;
	struct sockaddr_storage address;
	socklen_t size = loopback(&address, link->second, link->port);

	link->fds[1] = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	link->connecting = true;
	if (link->fds[1] < 0 ||
	    (connect(link->fds[1], (struct sockaddr *)&address, size) < 0 && errno != EINPROGRESS))
		break_link(link);
	else
		setsockopt(link->fds[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void reached(struct link *link)
{
	int number = 0;
	socklen_t size = sizeof(number);

	getsockopt(link->fds[1], SOL_SOCKET, SO_ERROR, &number, &size);
	link->connecting = false;
	if (!number)
		return;
	cleanup_fd(&link->fds[1]);
	if (link->second || number != ECONNREFUSED) {
		break_link(link);
		return;
	}
	link->second = true;
	reach(link);
}

/* Reads what there is room for, writes what is there; whether the link lives on. */
static bool pass(struct flow *flow, int from, int to)
{
	ssize_t size;

	if (!flow->ended && flow->begin == flow->end) {
		flow->begin = flow->end = 0;
		size = recv(from, flow->bytes, sizeof(flow->bytes), 0);
		if (size < 0 && errno != EAGAIN)
			return false;
		flow->ended = size == 0;
		flow->end = size > 0 ? (size_t)size : 0;
	}
	while (flow->begin < flow->end) {
		size = send(to, flow->bytes + flow->begin, flow->end - flow->begin, MSG_NOSIGNAL);
		if (size < 0)
			return errno == EAGAIN;
		flow->begin += (size_t)size;
	}
	if (flow->ended && !flow->told) {
		flow->told = true;
		shutdown(to, SHUT_WR);
	}
	return true;
}

static void serve(struct link *link)
{
	if (link->connecting)
		reached(link);
	if (link->fds[0] < 0 || link->connecting)
		return;
	for (size_t i = 0; i < 2; i++)
		if (!pass(&link->flows[i], link->fds[i], link->fds[!i])) {
			break_link(link);
			return;
		}
	if (link->flows[0].told && link->flows[1].told)
		end_link(link);
}

static struct link *free_link(void)
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (links[i].fds[0] < 0)
			return &links[i];
	return NULL;
}

static void welcome(int listener, uint16_t port)
{
	static const int one = 1;
	struct link *link = free_link();
	int fd = link ? accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	link->fds[0] = fd;
	link->port = port;
	link->second = false;
	for (size_t i = 0; i < 2; i++) {
		link->flows[i].begin = link->flows[i].end = 0;
		link->flows[i].ended = link->flows[i].told = false;
	}
	reach(link);
}

/* --- the loop ----------------------------------------------------------------------------- */

/* What of an end there is to wait for: room in its direction, or something to read. */
static short wanted(const struct link *link, size_t end)
{
	const struct flow *out = &link->flows[!end], *in = &link->flows[end];

	if (link->connecting)
		return end ? POLLOUT : 0;
	return (short)((out->begin < out->end ? POLLOUT : 0) | (!in->ended && in->begin == in->end ? POLLIN : 0));
}

static _Noreturn void loop(const struct port *ports, size_t count, const int *listeners)
{
	static struct pollfd polls[2 * CONNECTIONS + (size_t)2 * PORTS_RELAYED];

	for (;;) {
		bool room = free_link();

		for (size_t i = 0; i < 2 * CONNECTIONS; i++) {
			const struct link *link = &links[i / 2];
			short events = link->fds[0] < 0 ? 0 : wanted(link, i % 2);

			polls[i] = (struct pollfd){ .fd = events ? link->fds[i % 2] : -1, .events = events };
		}
		for (size_t i = 0; i < 2 * count; i++)
			polls[2 * CONNECTIONS + i] = (struct pollfd){ .fd = room ? listeners[i] : -1,
								      .events = POLLIN };
		if (poll(polls, 2 * CONNECTIONS + 2 * count, -1) < 0)
			_exit(BAWN_STATUS_SELF);
		for (size_t i = 0; i < CONNECTIONS; i++)
			if (polls[2 * i].revents || polls[2 * i + 1].revents)
				serve(&links[i]);
		for (size_t i = 0; i < 2 * count; i++)
			if (polls[2 * CONNECTIONS + i].revents)
				welcome(listeners[i], ports[i / 2].number);
	}
}

/* --- the processes ------------------------------------------------------------------------ */

union control { struct cmsghdr header; char bytes[CMSG_SPACE(sizeof(int) * 2 * PORTS_RELAYED)]; };

/* Listeners on their way to the relay that was left behind; -1 stays where it is. */
static int send_listeners(int channel, const int *fds, size_t count)
{
	int places[2 * PORTS_RELAYED];
	union control control = { .bytes = { 0 } };
	struct iovec data = { .iov_base = places, .iov_len = count * sizeof(int) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control };
	size_t sent = 0;

	for (size_t i = 0; i < count; i++) {
		places[i] = fds[i] < 0 ? -1 : (int)sent;
		if (fds[i] >= 0)
			memcpy(CMSG_DATA(&control.header) + sent++ * sizeof(int), &fds[i], sizeof(int));
	}
	control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sent * sizeof(int)), .cmsg_level = SOL_SOCKET,
					   .cmsg_type = SCM_RIGHTS };
	message.msg_controllen = CMSG_SPACE(sent * sizeof(int));
	return sendmsg(channel, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static bool receive_listeners(int channel, int *ret_fds, size_t count)
{
	union control control = { .bytes = { 0 } };
	struct iovec data = { .iov_base = ret_fds, .iov_len = count * sizeof(int) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) != (ssize_t)(count * sizeof(int)))
		return false;
	for (size_t i = 0; i < count; i++)
		if (ret_fds[i] >= 0)
			memcpy(&ret_fds[i], CMSG_DATA(&control.header) + (size_t)ret_fds[i] * sizeof(int), sizeof(int));
	return true;
}

/* In the child: keeps nothing but what it serves. */
static void become_relay(const int *keep, size_t count)
{
	for (int fd = 0; fd < 1024; fd++) {
		bool kept = false;

		for (size_t i = 0; i < count; i++)
			kept |= keep[i] == fd;
		if (!kept)
			close(fd);
	}
	sys_close_range(1024, ~0u, 0);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    capabilities_keep(0) < 0)
		_exit(BAWN_STATUS_SELF);
	for (size_t i = 0; i < CONNECTIONS; i++)
		links[i].fds[0] = links[i].fds[1] = -1;
}

static pid_t fork_relay(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

/* In the host's namespace still: its listeners, and who connects there. */
int relay_begin(struct inside *in)
{
	const struct box *box = in->box;
	size_t count = 2 * box->reach_count;
	int channel[2], listeners[2 * PORTS_RELAYED], r;
	pid_t pid;

	if (!box->listen_count && !count)
		return 0;
	in->has_ipv6 = has_ipv6();
	r = offer_all(box->listen, box->listen_count, in->has_ipv6, in->listen_fds, &in->item);
	if (r < 0 || !count)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		return -errno;
	pid = fork_relay();
	if (pid == 0) {
		become_relay(&channel[1], 1);
		if (!receive_listeners(channel[1], listeners, count))
			_exit(BAWN_STATUS_SELF);
		close(channel[1]);
		loop(box->reach, box->reach_count, listeners);
	}
	close(channel[1]);
	in->relay_fd = channel[0];
	return pid < 0 ? -EAGAIN : 0;
}

/* In the box's: what the one left behind serves, and the other one. */
int relay_finish(struct inside *in)
{
	const struct box *box = in->box;
	int listeners[2 * PORTS_RELAYED], r;
	size_t item;
	pid_t pid;

	if (box->reach_count) {
		r = offer_all(box->reach, box->reach_count, in->has_ipv6, listeners, &item);
		if (r == 0)
			r = send_listeners(in->relay_fd, listeners, 2 * box->reach_count);
		if (r < 0)
			return r;
		cleanup_fd(&in->relay_fd);
	}
	pid = box->listen_count ? fork_relay() : 1;
	if (pid == 0) {
		become_relay(in->listen_fds, 2 * box->listen_count);
		loop(box->listen, box->listen_count, in->listen_fds);
	}
	return pid < 0 ? -EAGAIN : 0;
}
