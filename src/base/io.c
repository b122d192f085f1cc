/* SPDX-License-Identifier: Apache-2.0 */
/* io.c — whole descriptors in, whole buffers out. */
#include "base/base.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_READ	((size_t)8192)

/* Waits until a descriptor that its owner made non-blocking can go on; others return at once. */
static void wait_for(int fd, short events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	poll(&poll_fd, 1, -1);
}

/* Reads until the end, growing *bytes; the size or -errno. The caller frees *bytes. */
static ssize_t read_to_end(int fd, size_t limit, char **bytes)
{
	size_t size = 0, capacity = 0;

	for (;;) {
		ssize_t count;

		if (capacity - size < 2) {
			char *larger = realloc(*bytes, capacity ? capacity * 2 : FIRST_READ);

			if (!larger)
				return -ENOMEM;
			*bytes = larger;
			capacity = capacity ? capacity * 2 : FIRST_READ;
		}
		count = read(fd, *bytes + size, capacity - size - 1);
		if (count < 0 && errno == EAGAIN)
			wait_for(fd, POLLIN);
		else if (count < 0 && errno != EINTR)
			return -errno;
		if (count == 0)
			break;
		if (count > 0)
			size += (size_t)count;
		if (size > limit)
			return -EFBIG;
	}
	(*bytes)[size] = '\0';
	return (ssize_t)size;
}

int io_read_all(int fd, size_t limit, char **ret_text, size_t *ret_size)
{
	char *bytes = NULL;
	ssize_t size = read_to_end(fd, limit, &bytes);

	if (size < 0) {
		free(bytes);
		return (int)size;
	}
	*ret_text = bytes;
	*ret_size = (size_t)size;
	return 0;
}

int io_write_all(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t count = write(fd, at, size);

		if (count < 0 && errno == EAGAIN) {
			/* Standard error is often a pipe that an event loop (Node's) shares and
			 * made non-blocking. */
			wait_for(fd, POLLOUT);
		} else if (count < 0 && errno != EINTR) {
			return -errno;
		} else if (count > 0) {
			at += count;
			size -= (size_t)count;
		}
	}
	return 0;
}

int io_pipe(int ret_fds[2])
{
	int fds[2];

	if (pipe(fds) < 0)
		return -errno;
	if (fcntl(fds[0], F_SETFD, FD_CLOEXEC) < 0 || fcntl(fds[1], F_SETFD, FD_CLOEXEC) < 0) {
		int e = -errno;

		close(fds[0]);
		close(fds[1]);
		return e;
	}
	memcpy(ret_fds, fds, sizeof(fds));
	return 0;
}
