/* SPDX-License-Identifier: Apache-2.0 */
/* host_linux.c — the file system and the local sockets as Linux tells of them.
 *
 * Most paths have no symbolic link on the way. openat2(2) with RESOLVE_NO_SYMLINKS (Linux 5.6)
 * proves that in one system call, for an existing path and for a missing one alike; only where it
 * says ELOOP, or is not there, are the components looked at one by one. */
#include "run/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SOCKET_LINES_LIMIT	((size_t)32 << 20)	/* bytes of /proc/net/unix */
#define SOCKETS_LIMIT		32768			/* paths; each costs a mask of 8 µs */
#define SOCKET_FIELDS		7			/* before the path: Num RefCount Protocol Flags Type St Inode */
#define LIST_BYTES		32768			/* of directory entries in one system call */

enum platform host_platform(void)
{
	return PLATFORM_LINUX;
}

void host_probe(struct features *ret_features, bool thorough)
{
	linux_probe(ret_features, thorough);
}

/* -ELOOP: there is a symbolic link on the way; -ENOSYS: no openat2 here (a filter of an outer
 * sandbox may also say EPERM). */
static int lookup_direct(const char *path, struct host_entry *entry)
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	autoclose int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	struct stat status;

	if (fd < 0 && host_is_missing(errno)) {
		host_fill_missing(true, entry);
		return 0;
	}
	if (fd < 0)
		return errno == EPERM ? -ENOSYS : -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	host_fill_entry(&status, true, entry);
	if (entry->type != HOST_SYMLINK)
		return 0;
	return host_end_target(readlinkat(fd, "", entry->target, sizeof(entry->target)), entry);
}

/* Where path's name begins, if there is one in a directory that is not the root; else 0. */
static size_t name_at(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path || !slash[1] || !strcmp(slash, "/.") || !strcmp(slash, "/.."))
		return 0;
	return (size_t)(slash - path) + 1;
}

static int open_direct(const char *path, size_t size)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	char directory[sizeof(((struct host_files *)NULL)->parent) + 1];

	memcpy(directory, path, size);
	directory[size] = '\0';
	return (int)syscall(SYS_openat2, AT_FDCWD, directory, &how, sizeof(how));
}

static void forget_parent(struct host_files *files)
{
	if (files->parent_tried && files->parent_fd >= 0)
		close(files->parent_fd);
	files->parent_tried = false;
	files->parent_size = 0;
}

/* Rules come by the thousand for the files of one directory. The second one opens it, and from then on a path costs one
 * system call instead of three, and a walk of one step. Whether that directory is at hand. */
static bool is_in_parent(struct host_files *files, const char *path, size_t at)
{
	bool again = at && at == files->parent_size && !memcmp(path, files->parent, at);

	if (again && !files->parent_tried) {
		files->parent_fd = open_direct(path, at);
		files->parent_tried = true;
	} else if (!again && at && at <= sizeof(files->parent) && !files->resting) {
		forget_parent(files);
		files->parent_size = at;
		memcpy(files->parent, path, at);
	}
	return again && files->parent_fd >= 0;
}

static int lookup_in(int directory, const char *name, struct host_entry *entry)
{
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
		if (!host_is_missing(errno))
			return -errno;
		host_fill_missing(true, entry);
		return 0;
	}
	host_fill_entry(&status, true, entry);
	if (entry->type != HOST_SYMLINK)
		return 0;
	return host_end_target(readlinkat(directory, name, entry->target, sizeof(entry->target)), entry);
}

void host_rest(void *context)
{
	struct host_files *files = context;

	forget_parent(files);
	files->resting = true;
}

int host_lookup(void *context, const char *path, struct host_entry *ret_entry)
{
	struct host_files *files = context;
	size_t at = files->no_openat2 ? 0 : name_at(path);
	int r;

	if (is_in_parent(files, path, at))
		return lookup_in(files->parent_fd, path + at, ret_entry);
	r = files->no_openat2 ? -ENOSYS : lookup_direct(path, ret_entry);

	if (r != -ELOOP && r != -ENOSYS)
		return r;
	files->no_openat2 |= r == -ENOSYS;
	return host_lookup_by_steps(path, r == -ENOSYS && host_is_direct(path), ret_entry);
}

int host_open_direct(const char *path, int flags, mode_t mode)
{
	struct open_how how = { .flags = (uint64_t)flags, .mode = mode, .resolve = RESOLVE_NO_SYMLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))	/* as above */
		fd = open(path, flags | O_NOFOLLOW, mode);
	return fd < 0 ? -errno : fd;
}

/* ext4 and f2fs say it of a directory (FS_CASEFOLD_FL), FAT and its like of a whole file system. */
bool host_folds_case(void *context, const char *path)
{
	static const unsigned folding[] = { 0x4d44 /* msdos */, 0x2011bab0 /* exfat */, 0x5346544e /* ntfs */,
					    0x7366746e /* ntfs3 */, 0xff534d42 /* cifs */, 0xfe534d42 /* smb2 */ };
	autoclose int fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	int flags = 0;

	(void)context;
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(folding); i++)
		if ((unsigned)fs.f_type == folding[i])
			return true;
	return ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_CASEFOLD_FL);
}

/* --- directories -------------------------------------------------------------------------- */

struct kernel_entry {			/* struct linux_dirent64 of getdents64(2); C libraries disagree on its name */
	uint64_t d_ino;
	int64_t d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
};

static enum host_type type_of_entry(int directory, const struct kernel_entry *entry)
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

/* The search for deny globs reads whole trees. Hence not readdir(): musl's asks for 2 KiB at a
 * time; and not open(), which sets FD_CLOEXEC a second time there, for kernels before 2.6.23. */
int host_list(void *context, const char *path,
	      int (*visit)(void *argument, const char *name, enum host_type type, uint64_t inode),
	      void *argument)
{
	autoclose int fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	union { char bytes[LIST_BYTES]; uint64_t aligned; } buffer;
	ssize_t size;

	(void)context;
	if (fd < 0)
		return -errno;
	while ((size = syscall(SYS_getdents64, fd, buffer.bytes, sizeof(buffer.bytes))) > 0) {
		const struct kernel_entry *entry;

		for (ssize_t at = 0; at < size; at += entry->d_reclen) {
			int r;

			entry = (const void *)(buffer.bytes + at);
			if (is_dot(entry->d_name))
				continue;
			r = visit(argument, entry->d_name, type_of_entry(fd, entry), entry->d_ino);
			if (r)
				return r;
		}
	}
	return size < 0 ? -errno : 0;
}

/* --- local sockets ------------------------------------------------------------------------ */

/* The path of one line of /proc/net/unix, or NULL: unnamed, abstract ("@..."), relative to a
 * directory that nobody knows. */
static char *socket_path(char *line)
{
	for (int field = 0; field < SOCKET_FIELDS; field++) {
		line += strspn(line, " ");
		line += strcspn(line, " ");
	}
	if (*line == ' ')
		line++;
	return *line == '/' ? line : NULL;
}

static int parse_sockets(struct arena *arena, char *text, const char ***ret_paths, size_t *ret_count)
{
	const char **paths = NULL;
	size_t count = 0, capacity = 0;
	char *rest = text;

	for (char *line; (line = strsep(&rest, "\n"));) {
		const char *path = socket_path(line);
		const char **slot;

		if (!path || (count && !strcmp(path, paths[count - 1])))
			continue;
		slot = array_add(arena, (void **)&paths, &count, &capacity, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = path;
	}
	*ret_paths = paths;
	*ret_count = host_sort_unique(paths, count);
	return 0;
}

int host_sockets(struct arena *arena, const char *const **ret_paths, const char **ret_missing, struct bawn_error *err)
{
	autoclose int fd = openat(AT_FDCWD, "/proc/net/unix", O_RDONLY | O_CLOEXEC);
	autofree char *text = NULL;
	const char **paths;
	size_t size, count;

	*ret_paths = NULL;
	*ret_missing = NULL;
	if (fd < 0 || io_read_all(fd, SOCKET_LINES_LIMIT, &text, &size) < 0) {
		*ret_missing = "/proc/net/unix, the list of bound sockets, cannot be read";
		return 0;
	}
	if (parse_sockets(arena, text, &paths, &count) < 0)
		return error_oom(err);
	count = host_drop_dead(paths, count);
	if (count > SOCKETS_LIMIT) {
		*ret_missing = "more local sockets are bound on this machine than can be masked at a start";
		count = SOCKETS_LIMIT;
	}
	return host_keep_paths(arena, paths, count, ret_paths) < 0 ? error_oom(err) : 0;
}

/* --- what is refused ---------------------------------------------------------------------- */

int host_wake_fd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

ssize_t host_write_quietly(int fd, const void *bytes, size_t size)
{
	static const struct timespec no_time;
	sigset_t pipe_signal, old, pending;
	ssize_t count;
	int number;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &old);
	count = write(fd, bytes, size);
	number = errno;
	if (count < 0 && number == EPIPE && !sigismember(&pending, SIGPIPE))
		sigtimedwait(&pipe_signal, NULL, &no_time);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = number;
	return count;
}
