/* SPDX-License-Identifier: Apache-2.0 */
/* broker_private.c — a loopback of the box's own, where the network is on.
 *
 * With the network on the command lives in the host's network namespace, whose loopback is the machine's. What
 * processes of the box say to each other over 127.0.0.1 must not pass there: the host could connect to it, and a name
 * that the host's programs trust (localhost:5432) would be the command's to take. So there is a second network
 * namespace with nothing but a loopback, made when it is needed first. A socket that would bind or reach a loopback
 * port which the profile does not open is exchanged for one of the same kind in there (SECCOMP_ADDFD_FLAG_SETFD), with
 * the options that it had; from then on it is as with the network off.
 *
 * A process cannot leave a namespace and come back without rights over both; so a helper lives in there, makes the
 * sockets and hands them over. It is forked before the first call is looked at, and takes CAP_SYS_ADMIN and
 * CAP_NET_ADMIN over the box's own user namespace with it: from then on neither pid 1 nor the broker has them. It waits
 * for the first order, makes the namespace, and gives up all it has. */
#include "linux/broker.h"

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/capability.h>

#define COOKIE_OPTION	71		/* SO_NETNS_COOKIE, Linux 5.14 */
#define SETFD		1u		/* SECCOMP_ADDFD_FLAG_SETFD */

struct order { int family, type, protocol; };

union control { struct cmsghdr header; char bytes[CMSG_SPACE(sizeof(int))]; };

/* --- the helper --------------------------------------------------------------------------- */

static bool make_namespace(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	autoclose int fd = -1;

	if (unshare(CLONE_NEWNET) < 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

static void answer_order(int channel, const struct order *order)
{
	autoclose int fd = socket(order->family, order->type | SOCK_CLOEXEC, order->protocol);
	int number = fd < 0 ? errno : 0;
	union control control = { .bytes = { 0 } };
	struct iovec data = { .iov_base = &number, .iov_len = sizeof(number) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	if (fd >= 0) {
		control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(fd)), .cmsg_level = SOL_SOCKET,
						   .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	sendmsg(channel, &message, MSG_NOSIGNAL);
}

static _Noreturn void live_inside(int channel)
{
	struct order order;

	sys_close_range((unsigned)channel + 1, ~0u, 0);
	for (int fd = 0; fd < channel; fd++)
		close(fd);
	/* The namespace costs too much to make it unasked. */
	if (recv(channel, &order, sizeof(order), MSG_PEEK) <= 0)
		_exit(0);
	if (!make_namespace() || capabilities_keep(0) < 0)
		_exit(BAWN_STATUS_SELF);
	while (recv(channel, &order, sizeof(order), 0) == (ssize_t)sizeof(order))
		answer_order(channel, &order);
	_exit(0);
}

int broker_private_start(struct broker *broker)
{
	int channel[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		return -errno;
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		live_inside(channel[1]);
	close(channel[1]);
	if (pid < 0) {
		close(channel[0]);
		return -EAGAIN;
	}
	capabilities_keep(broker->capabilities);
	broker->private_fd = channel[0];
	return 0;
}

/* A socket in the box's own namespace; -errno. */
static int make_socket(struct broker *broker, const struct order *order)
{
	int number = EIO, fd = -1;
	union control control = { .bytes = { 0 } };
	struct iovec data = { .iov_base = &number, .iov_len = sizeof(number) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int r = broker->private_fd < 0 ? broker_private_start(broker) : 0;

	if (r < 0)
		return r;
	if (send(broker->private_fd, order, sizeof(*order), MSG_NOSIGNAL) < 0 ||
	    recvmsg(broker->private_fd, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(number))
		return -EIO;
	if (number)
		return -number;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* --- exchanging --------------------------------------------------------------------------- */

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, COOKIE_OPTION, &cookie, &size) < 0 ? 0 : cookie;
}

bool broker_is_hosts(struct broker *broker, int own)
{
	if (!broker->cookie) {
		autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		broker->cookie = cookie_of(fd);
	}
	return cookie_of(own) == broker->cookie;
}

/* What a program sets before it binds or connects. */
static void copy_options(int from, int to)
{
	static const struct { int level, name; } options[] = {
		{ SOL_SOCKET, SO_REUSEADDR },	 { SOL_SOCKET, SO_REUSEPORT },	  { SOL_SOCKET, SO_KEEPALIVE },
		{ SOL_SOCKET, SO_BROADCAST },	 { SOL_SOCKET, SO_OOBINLINE },	  { SOL_SOCKET, SO_LINGER },
		{ SOL_SOCKET, SO_RCVTIMEO },	 { SOL_SOCKET, SO_SNDTIMEO },	  { SOL_SOCKET, SO_RCVLOWAT },
		{ SOL_SOCKET, SO_PRIORITY },	 { SOL_SOCKET, SO_TIMESTAMP },	  { SOL_SOCKET, SO_PASSCRED },
		{ IPPROTO_IP, IP_TOS },		 { IPPROTO_IP, IP_TTL },	  { IPPROTO_IP, IP_PKTINFO },
		{ IPPROTO_IP, IP_RECVERR },	 { IPPROTO_IP, IP_FREEBIND },	  { IPPROTO_IPV6, IPV6_V6ONLY },
		{ IPPROTO_IPV6, IPV6_RECVPKTINFO }, { IPPROTO_IPV6, IPV6_TCLASS }, { IPPROTO_IPV6, IPV6_UNICAST_HOPS },
		{ IPPROTO_TCP, TCP_NODELAY },	 { IPPROTO_TCP, TCP_KEEPIDLE },	  { IPPROTO_TCP, TCP_KEEPINTVL },
		{ IPPROTO_TCP, TCP_KEEPCNT },	 { IPPROTO_TCP, TCP_USER_TIMEOUT }, { IPPROTO_TCP, TCP_DEFER_ACCEPT },
		{ IPPROTO_TCP, TCP_FASTOPEN },	 { IPPROTO_TCP, TCP_QUICKACK },
	};
	char value[64];

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		socklen_t size = sizeof(value);

		if (getsockopt(from, options[i].level, options[i].name, value, &size) == 0)
			setsockopt(to, options[i].level, options[i].name, value, size);
	}
	for (int i = 0; i < 2; i++) {			/* what is read is twice what was set: socket(7) */
		int name = i ? SO_RCVBUF : SO_SNDBUF, bytes = 0;
		socklen_t size = sizeof(bytes);

		if (getsockopt(from, SOL_SOCKET, name, &bytes, &size) == 0) {
			bytes /= 2;
			setsockopt(to, SOL_SOCKET, name, &bytes, sizeof(bytes));
		}
	}
}

/* FD_CLOEXEC of the caller's descriptor, as /proc tells it. */
static uint32_t descriptor_flags(const struct call *call, int fd)
{
	char name[32], text[128];
	autoclose int info = -1;
	const char *flags;
	ssize_t size;

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	info = target_open(&call->target, name, O_RDONLY);
	size = info < 0 ? 0 : read(info, text, sizeof(text) - 1);
	text[size > 0 ? size : 0] = '\0';
	flags = strstr(text, "flags:");
	return flags && (strtoul(flags + 6, NULL, 8) & O_CLOEXEC) ? O_CLOEXEC : 0;
}

static int option_of(int fd, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0 ? 0 : value;
}

int broker_exchange(struct call *call, int fd, int *own)
{
	const struct order order = { option_of(*own, SO_DOMAIN), option_of(*own, SO_TYPE),
				     option_of(*own, SO_PROTOCOL) };
	autoclose int private = make_socket(call->broker, &order);
	struct notif_addfd addfd = { .id = call->notif->id, .flags = SETFD, .srcfd = (uint32_t)private,
				     .newfd = (uint32_t)fd, .newfd_flags = descriptor_flags(call, fd) };
	int flags = fcntl(*own, F_GETFL);

	if (private < 0)
		return private;
	copy_options(*own, private);
	if (flags >= 0)
		fcntl(private, F_SETFL, flags);
	if (broker_ask(call->broker, NOTIF_IOCTL_ADDFD, &addfd) < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	close(*own);
	*own = take_fd(&private);
	return 0;
}
