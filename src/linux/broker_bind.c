/* SPDX-License-Identifier: Apache-2.0 */
/* broker_bind.c — bind() on behalf: a name is made, judged like any other, and remembered as the box's own.
 *
 * getsockname(2) gives back what was given to bind(), so the caller's own spelling is used where nothing of the
 * command's can turn its way meanwhile; else the name alone, in the directory that is held. */
#include "linux/replica.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Whether the kernel would get from base to the place by the caller's spelling without meeting a link: then
 * nothing of the command's turns the way, for every rename of its own waits behind this call. */
static bool is_plain_way(int base, const char *path, const struct place *place)
{
	char directory[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 2] = ".";
	const char *slash = strrchr(path, '/');
	autoclose int fd = -1;
	struct stat there, held;

	if (place->on_proc || place->slash)
		return false;
	if (slash) {
		memcpy(directory, path, (size_t)(slash - path));
		directory[slash - path] = '\0';
		if (slash == path)
			strcpy(directory, "/");
	}
	fd = sys_openat2(base, directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, SYS_RESOLVE_NO_SYMLINKS);
	return fd >= 0 && fstat(fd, &there) == 0 && fstat(place->parent_fd, &held) == 0 &&
	       there.st_dev == held.st_dev && there.st_ino == held.st_ino;
}

struct binding {
	int own;
	const struct sockaddr_un *address;
	socklen_t size;
	const char *path;
	const struct place *place;
};

/* By the caller's own spelling, for getsockname(2) to give back. -EXDEV: that would not be safe. */
static int bind_as_spelt(struct call *call, const void *argument)
{
	const struct binding *b = argument;

	(void)call;
	if (!is_plain_way(AT_FDCWD, b->path, b->place))
		return -EXDEV;
	return bind(b->own, (const struct sockaddr *)b->address, b->size) < 0 ? -errno : 0;
}

static int bind_from_cwd(struct call *call, const struct binding *binding)
{
	autoclose int cwd = target_open(&call->target, "cwd", O_PATH | O_DIRECTORY);

	return cwd < 0 || fchdir(cwd) < 0 ? -EXDEV : bind_as_spelt(call, binding);
}

/* By the name alone, in the directory we hold. */
static int bind_by_name(const struct binding *binding)
{
	const struct place *place = binding->place;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(place->name) + 1);

	if (strlen(place->name) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, place->name);
	if (fchdir(place->parent_fd) < 0)
		return -errno;
	return bind(binding->own, (const struct sockaddr *)&address, size) < 0 ? -errno : 0;
}

/* Where the caller has another root, a process of ours that has it, too, binds. */
static int bind_name(struct call *call, const struct binding *binding)
{
	int r = call->target.own_root ? broker_replicate_now(call, bind_as_spelt, binding) :
					bind_from_cwd(call, binding);

	if (r == -EXDEV)
		r = bind_by_name(binding);
	broker_go_home(call->broker);
	return r;
}

/* A socket's name is made by bind(2). Sockets without a name in the file system are bound as they are: the
 * address is our copy. */
int broker_bind(struct call *call, int fd, uint64_t address, uint64_t size)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_un *local = (struct sockaddr_un *)&storage;
	size_t name = size - offsetof(struct sockaddr_un, sun_path);
	char path[sizeof(local->sun_path) + 1] = "";
	autoclose int own = -1;
	int r;

	if (size > sizeof(storage))
		return -EINVAL;
	r = target_read(&call->target, address, &storage, size);
	if (r < 0)
		return r;
	own = target_descriptor(&call->target, fd);
	if (own < 0)
		return own;
	if (storage.ss_family != AF_UNIX || size <= offsetof(struct sockaddr_un, sun_path) || !local->sun_path[0] ||
	    name > sizeof(local->sun_path)) {
		if (!broker_is_waiting(call))
			return -ESRCH;
		r = broker_judge_bind(call, fd, &own, &storage, size);
		return r < 0 ? r : bind(own, (struct sockaddr *)&storage, (socklen_t)size) < 0 ? -errno : 0;
	}
	memcpy(path, local->sun_path, name);
	r = place_find(&call->target, AT_FDCWD, path, &place);
	if (r < 0)
		return r;
	broker_settle(call, &place);
	if (broker_exists(&place))
		return -EADDRINUSE;
	if (place.slash)
		return -ENOENT;
	r = broker_is_waiting(call) ? broker_judge(call, &place) : -ESRCH;
	call->broker->event.operation = OPERATION_UNIX_BIND;
	if (r < 0 || (r = broker_take_umask(call)) < 0)
		return r;
	if ((r = broker_sockets_room(call->broker)) < 0 ||
	    (r = bind_name(call, &(struct binding){ own, local, (socklen_t)size, path, &place })) < 0)
		return r;
	broker_sockets_remember(call, own, &place);
	return 0;
}
