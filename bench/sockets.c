/* SPDX-License-Identifier: Apache-2.0 */
/* sockets.c — times calls on sockets, and prints their microseconds in all.
 *
 *	sockets connect COUNT	a local server of its own, in the working directory
 *	sockets tcp COUNT	the same over 127.0.0.1
 *	sockets pair COUNT	a byte written and read, over a socketpair
 *	sockets message COUNT	the same by sendmsg() */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int time_connects(long count, int family)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX, .sun_path = "bench.sock" };
	struct sockaddr_in inet = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *address = family == AF_UNIX ? (struct sockaddr *)&local : (struct sockaddr *)&inet;
	socklen_t size = family == AF_UNIX ? sizeof(local) : sizeof(inet);
	int server = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	double spent = 0;

	unlink(local.sun_path);
	if (bind(server, address, size) < 0 || listen(server, 4096) < 0 || getsockname(server, address, &size) < 0)
		return -1;
	strcpy(local.sun_path, "bench.sock");
	for (long i = 0; i < count; i++) {
		int client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		double begun = now_us();

		if (connect(client, address, size) < 0)
			return -1;
		spent += now_us() - begun;
		close(accept(server, NULL, NULL));
		close(client);
	}
	unlink(local.sun_path);
	printf("%.0f\n", spent);
	return 0;
}

static int time_messages(long count, int by_message)
{
	char byte = 'x';
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	double begun = now_us();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	for (long i = 0; i < count; i++)
		if ((by_message ? sendmsg(pair[0], &message, 0) : write(pair[0], &byte, 1)) != 1 ||
		    read(pair[1], &byte, 1) != 1)
			return -1;
	printf("%.0f\n", now_us() - begun);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc == 3 ? argv[1] : "";
	long count = argc == 3 ? atol(argv[2]) : 0;

	if (!strcmp(what, "connect"))
		return time_connects(count, AF_UNIX) < 0;
	if (!strcmp(what, "tcp"))
		return time_connects(count, AF_INET) < 0;
	return time_messages(count, !strcmp(what, "message")) < 0;
}
