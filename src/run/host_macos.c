/* SPDX-License-Identifier: Apache-2.0 */
/* host_macos.c — the file system and the local sockets as macOS tells of them. */
#include "run/internal.h"
#include "macos/sandbox_exec.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <unistd.h>

#define SOCKETS_LIMIT	32768			/* paths; each is a rule of the text */
#define SOCKET_PATH	104			/* bytes of sun_path */

enum platform host_platform(void)
{
	return PLATFORM_MACOS;
}

void host_probe(struct features *ret_features, bool thorough)
{
	(void)thorough;
	macos_probe(ret_features);
}

int host_wake_fd(void)
{
	return -ENOTSUP;			/* what records is the supervisor itself */
}

ssize_t host_write_quietly(int fd, const void *bytes, size_t size)
{
	ssize_t count;
	int number, was = fcntl(fd, F_GETNOSIGPIPE);

	if (was == 0)
		fcntl(fd, F_SETNOSIGPIPE, 1);
	count = write(fd, bytes, size);
	number = errno;
	if (was == 0)
		fcntl(fd, F_SETNOSIGPIPE, 0);
	errno = number;
	return count;
}

/* --- the file system ---------------------------------------------------------------------- */

int host_open_direct(const char *path, int flags, mode_t mode)
{
	int fd = open(path, flags | O_NOFOLLOW_ANY, mode);

	return fd < 0 ? -errno : fd;
}

void host_rest(void *context)
{
	(void)context;
}

int host_lookup(void *context, const char *path, struct host_entry *ret_entry)
{
	(void)context;
	return host_lookup_by_steps(path, host_is_direct(path), ret_entry);
}

bool host_folds_case(void *context, const char *path)
{
	(void)context;
	return pathconf(path, _PC_CASE_SENSITIVE) == 0;
}

static enum host_type type_of_entry(int directory, const struct dirent *entry)
{
	struct stat status;

	if (entry->d_type != DT_UNKNOWN)
		return host_type_of_mode(DTTOIF(entry->d_type));
	if (fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return HOST_OTHER;
	return host_type_of_mode(status.st_mode);
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

int host_list(void *context, const char *path,
	      int (*visit)(void *argument, const char *name, enum host_type type, uint64_t inode), void *argument)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	int r = 0;

	(void)context;
	if (!directory)
		return -errno;
	while (r == 0 && (errno = 0, entry = readdir(directory)))
		if (!is_dot(entry->d_name))
			r = visit(argument, entry->d_name, type_of_entry(dirfd(directory), entry), entry->d_ino);
	if (r == 0 && errno)
		r = -errno;
	closedir(directory);
	return r;
}

/* --- local sockets ------------------------------------------------------------------------ */

/* The kernel's list is of structures whose shape it does not promise. What is looked for in it is a struct sockaddr_un
 * (a length, the family, a path) that holds an absolute path; that a socket is there is seen afterwards. */
static int find_paths(struct arena *arena, const unsigned char *bytes, size_t size, const char ***paths, size_t *count,
		      size_t *capacity)
{
	for (size_t i = 0; i + 3 < size; i++) {
		size_t room = size - i - 2 < SOCKET_PATH ? size - i - 2 : SOCKET_PATH;
		const char *path = (const char *)bytes + i + 2, **slot;

		if (bytes[i] < 4 || bytes[i] > SOCKET_PATH + 2 || bytes[i + 1] != AF_UNIX || path[0] != '/')
			continue;
		slot = array_add(arena, (void **)paths, count, capacity, sizeof(*slot));
		if (!slot || !(*slot = arena_strndup(arena, path, strnlen(path, room))))
			return -ENOMEM;
	}
	return 0;
}

static int read_list(const char *name, void **ret_bytes, size_t *ret_size)
{
	size_t size = 0;
	void *bytes;

	if (sysctlbyname(name, NULL, &size, NULL, 0) < 0)
		return -errno;
	size += size / 4;			/* more may be bound meanwhile */
	bytes = malloc(size ? size : 1);
	if (!bytes)
		return -ENOMEM;
	if (sysctlbyname(name, bytes, &size, NULL, 0) < 0) {
		int e = -errno;

		free(bytes);
		return e;
	}
	*ret_bytes = bytes;
	*ret_size = size;
	return 0;
}

int host_sockets(struct arena *arena, const char *const **ret_paths, const char **ret_missing, struct bawn_error *err)
{
	static const char *const lists[] = { "net.local.stream.pcblist", "net.local.dgram.pcblist" };
	const char **paths = NULL;
	size_t count = 0, capacity = 0;

	*ret_paths = NULL;
	*ret_missing = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		autofree void *bytes = NULL;
		size_t size = 0;
		int e = read_list(lists[i], &bytes, &size);

		if (e == -ENOMEM || (e == 0 && find_paths(arena, bytes, size, &paths, &count, &capacity) < 0))
			return error_oom(err);
		if (e < 0)
			*ret_missing = "the kernel's list of bound sockets cannot be read";
	}
	count = host_drop_dead(paths, host_sort_unique(paths, count));
	if (count > SOCKETS_LIMIT) {
		*ret_missing = "more local sockets are bound on this machine than can be named in a text";
		count = SOCKETS_LIMIT;
	}
	return host_keep_paths(arena, paths, count, ret_paths) < 0 ? error_oom(err) : 0;
}
