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
#include <stdlib.h>
#include <string.h>
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

static bool is_missing(int number)
{
	return number == ENOENT || number == ENOTDIR;
}

static void fill_entry(const struct stat *status, bool direct, struct host_entry *entry)
{
	entry->type = host_type_of_mode(status->st_mode);
	entry->device = status->st_dev;
	entry->inode = status->st_ino;
	entry->links = (unsigned)status->st_nlink;
	entry->direct = direct;
	entry->target[0] = '\0';
}

static void fill_missing(bool direct, struct host_entry *entry)
{
	struct stat nothing = { 0 };

	fill_entry(&nothing, direct, entry);
	entry->type = HOST_MISSING;
}

/* What readlinkat() gave: a target that fills the room may have been cut, and a cut target is
 * another path. */
static int end_target(ssize_t size, struct host_entry *entry)
{
	if (size < 0)
		return -errno;
	if ((size_t)size == sizeof(entry->target))
		return -ENAMETOOLONG;
	entry->target[size] = '\0';
	return 0;
}

/* -ELOOP: there is a symbolic link on the way; -ENOSYS: no openat2 here (a filter of an outer
 * sandbox may also say EPERM). */
static int lookup_direct(const char *path, struct host_entry *entry)
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	autoclose int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	struct stat status;

	if (fd < 0 && is_missing(errno)) {
		fill_missing(true, entry);
		return 0;
	}
	if (fd < 0)
		return errno == EPERM ? -ENOSYS : -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	fill_entry(&status, true, entry);
	if (entry->type != HOST_SYMLINK)
		return 0;
	return end_target(readlinkat(fd, "", entry->target, sizeof(entry->target)), entry);
}

/* Whether no directory on the way to path is a symbolic link, by looking at each. */
static bool is_direct(const char *path)
{
	char parent[PATH_MAX];
	struct stat status;

	if (strlen(path) >= sizeof(parent))
		return false;
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(parent, path, (size_t)(slash - path));
		parent[slash - path] = '\0';
		if (lstat(parent, &status) < 0)
			return is_missing(errno);
		if (S_ISLNK(status.st_mode))
			return false;
	}
	return true;
}

int host_lookup(void *context, const char *path, struct host_entry *ret_entry)
{
	struct host_files *files = context;
	struct stat status;
	int r = files->no_openat2 ? -ENOSYS : lookup_direct(path, ret_entry);
	bool direct;

	if (r != -ELOOP && r != -ENOSYS)
		return r;
	files->no_openat2 |= r == -ENOSYS;
	direct = r == -ENOSYS && is_direct(path);
	if (lstat(path, &status) < 0) {
		if (!is_missing(errno))
			return -errno;
		fill_missing(direct, ret_entry);
		return 0;
	}
	fill_entry(&status, direct, ret_entry);
	if (ret_entry->type != HOST_SYMLINK)
		return 0;
	return end_target(readlink(path, ret_entry->target, sizeof(ret_entry->target)), ret_entry);
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

static int compare_paths(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	return strcmp(*a, *b);
}

/* Connected peers repeat the listener's path. */
static size_t sort_unique(const char **paths, size_t count)
{
	size_t kept = 0;

	if (!count)
		return 0;
	qsort(paths, count, sizeof(*paths), compare_paths);
	for (size_t i = 1; i < count; i++)
		if (strcmp(paths[i], paths[kept]))
			paths[++kept] = paths[i];
	return kept + 1;
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
	*ret_count = sort_unique(paths, count);
	return 0;
}

/* The text of the kernel goes with this function: what is kept is copied. */
static int keep_paths(struct arena *arena, const char *const *paths, size_t count, const char *const **ret_paths)
{
	const char **kept = arena_alloc(arena, (count + 1) * sizeof(*kept));

	for (size_t i = 0; kept && i < count; i++)
		if (!(kept[i] = arena_strdup(arena, paths[i])))
			return -ENOMEM;
	if (!kept)
		return -ENOMEM;
	*ret_paths = kept;
	return 0;
}

/* What is gone, is no socket any more, or could not be connected to (unix(7): that takes write permission) needs no
 * mask. */
static size_t drop_dead(const char **paths, size_t count)
{
	size_t kept = 0;
	struct stat status;

	for (size_t i = 0; i < count; i++)
		if (stat(paths[i], &status) == 0 && S_ISSOCK(status.st_mode) && access(paths[i], W_OK) == 0)
			paths[kept++] = paths[i];
	return kept;
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
	count = drop_dead(paths, count);
	if (count > SOCKETS_LIMIT) {
		*ret_missing = "more local sockets are bound on this machine than can be masked at a start";
		count = SOCKETS_LIMIT;
	}
	return keep_paths(arena, paths, count, ret_paths) < 0 ? error_oom(err) : 0;
}
