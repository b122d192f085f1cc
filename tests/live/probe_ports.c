/* SPDX-License-Identifier: Apache-2.0 */
/* probe_ports.c — ways to reach a port of the host's loopback, and races over one. */
#include "probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

union address { struct sockaddr any; struct sockaddr_in four; struct sockaddr_in6 six; };

static socklen_t parse(union address *address, const char *host, const char *port)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, host, &address->four.sin_addr) == 1) {
		address->four.sin_family = AF_INET;
		address->four.sin_port = htons((uint16_t)atoi(port));
		return sizeof(address->four);
	}
	address->six.sin6_family = AF_INET6;
	address->six.sin6_port = htons((uint16_t)atoi(port));
	return inet_pton(AF_INET6, host, &address->six.sin6_addr) == 1 ? sizeof(address->six) : 0;
}

static char byte[] = "leak";

static long send_by(const char *how, int fd, union address *address, socklen_t size, int flags)
{
	struct iovec data = { .iov_base = byte, .iov_len = 4 };
	struct mmsghdr messages[2];

	memset(messages, 0, sizeof(messages));
	for (int i = 0; i < 2; i++)
		messages[i].msg_hdr = (struct msghdr){ .msg_name = address, .msg_namelen = size, .msg_iov = &data, .msg_iovlen = 1 };
	if (!strcmp(how, "sendto"))
		return sendto(fd, byte, 4, flags, &address->any, size);
	if (!strcmp(how, "sendmsg"))
		return sendmsg(fd, &messages[0].msg_hdr, flags);
	return sendmmsg(fd, messages, 2, flags);
}

/* A server that answers is the host's: who only was let connect may have met nobody. */
static int answered(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char answer[8];

	return poll(&ready, 1, 2000) > 0 && recv(fd, answer, sizeof(answer), 0) > 0 ? 0 : -ETIMEDOUT;
}

/* HOW HOST PORT: tcp, mptcp, udp; udp-sendto, udp-sendmsg, udp-sendmmsg; fastopen-sendto and its like; joined-sendmsg (a
 * UDP socket that is connected elsewhere). The server must answer. */
static int trial_name_port(char **argv)
{
	bool fast = !strncmp(argv[0], "fastopen-", 9), joined = !strncmp(argv[0], "joined-", 7);
	bool udp = !strncmp(argv[0], "udp", 3) || joined;
	union address address, elsewhere;
	socklen_t size = parse(&address, argv[1], argv[2]);
	int fd = socket(address.any.sa_family, udp ? SOCK_DGRAM : SOCK_STREAM, !strcmp(argv[0], "mptcp") ? 262 : 0);
	const char *how = strchr(argv[0], '-');
	long r;

	if (!size)
		return -UNUSABLE;
	if (fd < 0)
		return -errno;
	if (joined && connect(fd, &elsewhere.any, parse(&elsewhere, "192.0.2.1", "9")) < 0)
		return -UNUSABLE;
	r = how ? send_by(how + 1, fd, &address, size, fast ? MSG_FASTOPEN : 0) : connect(fd, &address.any, size);
	if (r < 0)
		return -errno;
	if (!how && udp && send(fd, byte, 4, 0) < 0)
		return -errno;
	if (joined)			/* who is connected hears nobody else: the server's log tells */
		return 0;
	return answered(fd);
}

/* HOST PORT: listens there until it is killed. */
static int trial_listen_port(char **argv)
{
	union address address;
	socklen_t size = parse(&address, argv[0], argv[1]);
	int fd = socket(address.any.sa_family, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &address.any, size) < 0 || listen(fd, 5) < 0)
		return -errno;
	for (;;) {
		int peer = accept(fd, NULL, NULL);

		if (send(peer, "box", 3, MSG_NOSIGNAL) != 3)
			return -errno;
		close(peer);
	}
}

/* --- races -------------------------------------------------------------------------------- */

static struct { union address address; uint32_t good, bad; int fd; volatile bool stop; } race;

static void *flip(void *argument)
{
	volatile uint32_t *where = (volatile uint32_t *)&race.address.four.sin_addr;

	(void)argument;
	while (!race.stop)
		for (int i = 0; i < 100; i++)		/* each stands as long as the other */
			*where = i < 50 ? race.bad : race.good;
	return NULL;
}

static void *exchange(void *argument)
{
	int pair[2];

	(void)argument;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return NULL;
	while (!race.stop) {
		int udp = socket(AF_INET, SOCK_DGRAM, 0);

		dup2(pair[0], race.fd);
		dup2(udp, race.fd);
		close(udp);
	}
	return NULL;
}

/* TRIES HOW PORT: sends to an address elsewhere, while threads write 127.0.0.1 over it and exchange the socket for a local
 * one. Who arrives is in the server's log. */
static int trial_race_port(char **argv)
{
	long tries = atol(argv[0]);
	pthread_t threads[2];

	parse(&race.address, "192.0.2.1", argv[2]);
	race.good = race.address.four.sin_addr.s_addr;
	race.bad = htonl(INADDR_LOOPBACK);
	race.fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (pthread_create(&threads[0], NULL, flip, NULL) || pthread_create(&threads[1], NULL, exchange, NULL))
		return -UNUSABLE;
	while (tries-- > 0)
		send_by(argv[1], race.fd, &race.address, sizeof(race.address.four), MSG_DONTWAIT | MSG_NOSIGNAL);
	race.stop = true;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return 0;
}

const struct trial port_trials[] = {
	{ "listen-port",	2, trial_listen_port,	"HOST PORT: serves until it is killed" },
	{ "name-port",		3, trial_name_port,	"HOW HOST PORT: reaches a server that answers" },
	{ "race-port",		3, trial_race_port,	"TRIES HOW PORT: sends to 127.0.0.1 by a race" },
	{ NULL, 0, NULL, NULL },
};
