/* SPDX-License-Identifier: Apache-2.0 */
/* broker_connect.c — connect() on behalf: which family's judge it is, and the address read once. */
#include "linux/broker.h"

#include <string.h>
#include <sys/socket.h>

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

/* A name in the file system: neither none nor an abstract one, which belongs to the network namespace (and to a
 * Landlock domain where that is shared). */
static bool is_path(const struct sockaddr_storage *address, size_t size)
{
	const struct sockaddr_un *local = (const struct sockaddr_un *)address;

	return address->ss_family == AF_UNIX && size > PATH_OFFSET && size <= sizeof(*local) && local->sun_path[0];
}

int broker_connect(struct call *call, int fd, uint64_t address, uint64_t size)
{
	struct connection connection = { .object_fd = -1, .size = (socklen_t)size };
	autoclose int own = -1;
	int r;

	if (size > sizeof(connection.address))
		return -EINVAL;
	if (size && (r = target_read(&call->target, address, &connection.address, size)) < 0)
		return r;
	own = target_descriptor(&call->target, fd);
	if (own < 0)
		return own;
	if (!broker_is_waiting(call))		/* else its pid may be another's by now */
		return -ESRCH;
	connection.fd = own;
	r = is_path(&connection.address, size) ?
		    broker_connect_path(call, own, (const struct sockaddr_un *)&connection.address, size) :
		    broker_connect_begin(call, &connection);
	if (call->later)
		take_fd(&own);
	return r;
}
