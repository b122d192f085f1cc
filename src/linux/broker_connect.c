/* SPDX-License-Identifier: Apache-2.0 */
/* broker_connect.c — connect() on behalf: the address read once, and given to its family's judge. */
#include "linux/broker.h"

#include <string.h>
#include <sys/socket.h>

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

bool broker_is_path(const struct sockaddr_storage *address, size_t size)
{
	const struct sockaddr_un *local = (const struct sockaddr_un *)address;

	return address->ss_family == AF_UNIX && size > PATH_OFFSET && size <= sizeof(*local) && local->sun_path[0];
}

int broker_connect(struct call *call, int fd, uint64_t address, uint64_t size)
{
	struct connection connection = { .object_fd = -1, .size = (socklen_t)size };
	autoclose int own = -1;
	bool path;
	int r;

	if (call->broker->nested || call->broker->seccomp.watch & WATCH_DENIALS)
		broker_let_guard_down();
	if (size > sizeof(connection.address))
		return -EINVAL;
	if (size && (r = target_read(&call->target, address, &connection.address, size)) < 0)
		return r;
	if (call->broker->seccomp.watch & WATCH_DENIALS) {
		broker_foresee_connect(call, &connection.address, size);
		if (broker_only_watches(call)) {
			call->go_on = true;
			return 0;
		}
	}
	own = target_descriptor(&call->target, fd);
	if (own < 0)
		return own;
	path = broker_is_path(&connection.address, size);
	if (!path)
		broker_let_guard_down();
	if (!path && !broker_is_waiting(call))	/* else its pid may be another's by now; of a path, later */
		return -ESRCH;
	connection.fd = own;
	r = path ? broker_hold_path(call, &connection) :
		   broker_judge_peer(call, fd, &connection.fd, &connection.address, size);
	take_fd(&own);				/* closed when it was exchanged, and the connection's in any case */
	if (r == 0)
		r = broker_connect_begin(call, &connection);
	if (call->later)
		return r;
	/* Landlock's word for an abstract socket of the host. With the network off it is not there, and that is what
	 * programs know to go on from (libxcb tries the path next). */
	if (r == -EPERM && connection.address.ss_family == AF_UNIX && connection.object_fd < 0)
		r = -ECONNREFUSED;
	else if (r == -ECONNREFUSED)
		broker_note_absent(call, &connection.address, connection.size);
	cleanup_fd(&connection.fd);
	if (!connection.borrowed)
		cleanup_fd(&connection.object_fd);
	return r;
}
