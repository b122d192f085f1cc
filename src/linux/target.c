/* SPDX-License-Identifier: Apache-2.0 */
/* target.c — another process's memory and paths, read once and turned into objects of our own.
 *
 * A path is resolved here as the kernel would have done for its owner: from its working directory or
 * descriptor, with its idea of /proc/self. What comes back is a descriptor of the last directory and a name, so
 * nothing that the owner does to its memory, its descriptors or the tree afterwards changes what is acted on. */
#include "linux/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>

#define PAGE 4096u
#define MAX_LINKS 40			/* as the kernel: path_resolution(7) */
#define PROC_MAGIC 0x9fa0		/* PROC_SUPER_MAGIC */

/* --- memory ------------------------------------------------------------------------------- */

/* A program whose file may be executed but not read belongs to the host's user namespace (would_dump(),
 * fs/exec.c): its memory is closed to us, and so its calls cannot be made for it. */
static int read_error(int number)
{
	return number == EPERM ? -EACCES : -EFAULT;
}

int target_read(const struct target *target, uint64_t address, void *bytes, size_t size)
{
	struct iovec local = { .iov_base = bytes, .iov_len = size };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)address, .iov_len = size };

	ssize_t done = process_vm_readv(target->tid, &local, 1, &remote, 1, 0);

	return done == (ssize_t)size ? 0 : done < 0 ? read_error(errno) : -EFAULT;
}

int target_write(const struct target *target, uint64_t address, const void *bytes, size_t size)
{
	struct iovec local = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)address, .iov_len = size };
	ssize_t done = process_vm_writev(target->tid, &local, 1, &remote, 1, 0);

	return done == (ssize_t)size ? 0 : done < 0 ? read_error(errno) : -EFAULT;
}

/* Up to the page's end first: the string may be the last thing that is mapped. A transfer stops between iovecs. */
int target_read_path(const struct target *target, uint64_t address, char path[TARGET_PATH_MAX])
{
	size_t first = PAGE - (address & (PAGE - 1));
	struct iovec local = { .iov_base = path, .iov_len = TARGET_PATH_MAX };
	struct iovec remote[2] = {
		{ .iov_base = (void *)(uintptr_t)address, .iov_len = first },
		{ .iov_base = (void *)(uintptr_t)(address + first), .iov_len = TARGET_PATH_MAX - first },
	};
	ssize_t size = process_vm_readv(target->tid, &local, 1, remote, first < TARGET_PATH_MAX ? 2 : 1, 0);

	if (size <= 0)
		return size < 0 ? read_error(errno) : -EFAULT;
	if (!memchr(path, '\0', (size_t)size))
		return size == TARGET_PATH_MAX ? -ENAMETOOLONG : -EFAULT;
	return 0;
}

/* --- what /proc tells --------------------------------------------------------------------- */

/* "/proc/TID/"; its length. */
static size_t proc_path(const struct target *target, char *path)
{
	char *at = stpcpy(path, "/proc/");

	at += text_number(at, (unsigned)target->tid);
	*at++ = '/';
	return (size_t)(at - path);
}

int target_open(const struct target *target, const char *what, int flags)
{
	char path[64];
	size_t size = proc_path(target, path);
	int fd;

	if (size + strlen(what) >= sizeof(path))
		return -ENAMETOOLONG;
	strcpy(path + size, what);
	fd = sys_open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int target_stat(const struct target *target, const char *what, const char *name, struct stat *ret_st)
{
	char path[TARGET_PATH_MAX];
	size_t size = proc_path(target, path);

	if (size + strlen(what) + strlen(name) + 2 > sizeof(path))
		return -ENAMETOOLONG;
	stpcpy(stpcpy(stpcpy(path + size, what), "/"), name);
	return lstat(path, ret_st) < 0 ? -errno : 0;
}

int target_umask(const struct target *target)
{
	char text[512];
	autoclose int fd = target_open(target, "status", O_RDONLY);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *line;

	if (size <= 0)
		return -ESRCH;
	text[size] = '\0';
	line = strstr(text, "\nUmask:");
	return line ? (int)strtol(line + 7, NULL, 8) : 022;
}

int target_pidfd(const struct target *target)
{
	int pidfd = sys_pidfd_open(target->tid, O_EXCL);		/* PIDFD_THREAD, Linux 6.9 */

	if (pidfd < 0)
		pidfd = sys_pidfd_open(target->tid, 0);			/* good enough for a thread group's leader */
	return pidfd < 0 ? -errno : pidfd;
}

/* Of who asked last: a pidfd stays its task's, and says ESRCH once that has ended, whoever has its number by then. */
static struct { pid_t tid; int pidfd; bool kept; } last = { .pidfd = -1 };

static int fetch_descriptor(int fd)
{
	int own = sys_pidfd_getfd(last.pidfd, fd);

	return own < 0 ? -errno : own;
}

int target_descriptor(const struct target *target, int fd)
{
	int r = last.tid == target->tid ? fetch_descriptor(fd) : -ESRCH;

	last.kept = r != -ESRCH;
	if (last.kept)
		return r;
	cleanup_fd(&last.pidfd);
	r = target_pidfd(target);
	last.tid = r < 0 ? 0 : target->tid;
	last.pidfd = r < 0 ? -1 : r;
	return r < 0 ? r : fetch_descriptor(fd);
}

bool target_was_alive(void)
{
	return last.kept;
}

static int open_base(const struct target *target, int at, const char *path)
{
	int fd, directory;

	if (path[0] == '/') {
		fd = target->own_root && !target->respelt ? target_open(target, "root", O_PATH | O_DIRECTORY) :
					sys_open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		return fd == -1 ? -errno : fd;
	}
	if (at == AT_FDCWD)
		return target_open(target, "cwd", O_PATH | O_DIRECTORY);
	fd = target_descriptor(target, at);
	if (fd < 0)
		return fd;
	directory = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);	/* ENOTDIR where the owner would get it */
	if (directory < 0)
		directory = -errno;
	close(fd);
	return directory;
}

/* --- paths -------------------------------------------------------------------------------- */

/* "//proc/./self" is "/proc/self". Only the beginning matters: no link leads on from /proc/self but the
 * kernel's own. */
static void squeeze(const char *path, char squeezed[TARGET_PATH_MAX])
{
	size_t size = 0;

	for (; *path; path++) {
		bool again = *path == '/' && size && squeezed[size - 1] == '/';
		bool dot = *path == '.' && size && squeezed[size - 1] == '/' && path[1] == '/';

		if (again)
			continue;
		if (dot)
			path++;
		else
			squeezed[size++] = *path;
	}
	squeezed[size] = '\0';
}

/* Spellings of "this process" mean the owner, not us. What is respelt counts from our own root, whose /proc
 * knows its number. */
static int respell(struct target *target, const char *path, char respelt[TARGET_PATH_MAX])
{
	static const struct { const char *prefix, *format; } rows[] = {
		{ "/proc/self",		"/proc/%d%s" },
		{ "/proc/thread-self",	"/proc/%d%s" },
		{ "/dev/fd",		"/proc/%d/fd%s" },
		{ "/dev/stdin",		"/proc/%d/fd/0%s" },
		{ "/dev/stdout",	"/proc/%d/fd/1%s" },
		{ "/dev/stderr",	"/proc/%d/fd/2%s" },
	};

	memset(respelt, 0, TARGET_PATH_MAX);
	if (path[0] == '/')
		squeeze(path, respelt);
	else
		memcpy(respelt, path, strlen(path) + 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows) && path[0] == '/'; i++) {
		size_t size = strlen(rows[i].prefix);
		char rest[TARGET_PATH_MAX];

		if (strncmp(respelt, rows[i].prefix, size) || (respelt[size] && respelt[size] != '/'))
			continue;
		memcpy(rest, respelt + size, strlen(respelt + size) + 1);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		if (snprintf(respelt, TARGET_PATH_MAX, rows[i].format, (int)target->tid, rest) >= TARGET_PATH_MAX)
			return -ENAMETOOLONG;
#pragma GCC diagnostic pop
		target->respelt = true;
		return 0;
	}
	return 0;
}

/* Cuts the last component off: what is left names the directory. "a/b/" keeps that a slash followed. */
static int split(char *path, struct place *place)
{
	size_t size = strlen(path);
	char *name;

	while (size > 1 && path[size - 1] == '/') {
		path[--size] = '\0';
		place->slash = true;
	}
	name = strrchr(path, '/');
	name = name ? name + 1 : path;
	if (!*name || !strcmp(name, ".") || !strcmp(name, "..")) {	/* a directory, by its form */
		strcpy(place->name, ".");
		return 0;
	}
	if (strlen(name) >= sizeof(place->name))
		return -ENAMETOOLONG;
	strcpy(place->name, name);
	if (name == path)
		strcpy(path, ".");
	else
		name[name - 1 == path ? 0 : -1] = '\0';
	return 0;
}

int target_path_of(int fd, char path[TARGET_PATH_MAX])
{
	char link[32];
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, path, TARGET_PATH_MAX - 1);
	if (size < 0)
		return -errno;
	path[size] = '\0';
	return path[0] == '/' ? 0 : -ENOENT;
}

static uint64_t inode_at(int directory, const char *name)
{
	autoclose int fd = openat(directory, name, O_PATH | O_CLOEXEC);
	struct stat st;

	return fd < 0 || fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

/* The process id in the innermost namespace that the process is in: the last one of "NSpid:\t25\t3". */
static long inner_pid(int directory, const char *name)
{
	char text[2048];
	autoclose int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *line, *end;

	text[size < 0 ? 0 : size] = '\0';
	line = strstr(text, "\nNStgid:");
	if (!line)
		return 0;
	end = strchr(line + 1, '\n');
	if (!end)
		return 0;
	*end = '\0';
	return strtol(strrchr(line, '\t') + 1, NULL, 10);
}

/* Whether a directory of procfs, or the one above, is the target's: in a process id namespace of its own it has other
 * numbers than it has for us. */
static bool is_of_target(const struct target *target, int directory)
{
	autoclose int own = target_open(target, ".", O_PATH | O_DIRECTORY);
	static const struct { const char *space, *status; } rows[] = {
		{ "ns/pid", "status" }, { "../ns/pid", "../status" },
	};

	for (size_t i = 0; own >= 0 && i < ARRAY_SIZE(rows); i++) {
		uint64_t space = inode_at(directory, rows[i].space);
		long pid = space ? inner_pid(directory, rows[i].status) : 0;

		if (pid)
			return pid == inner_pid(own, "status") && space == inode_at(own, "ns/pid");
	}
	return false;
}

bool place_is_own_proc(const struct target *target, const struct place *place)
{
	char prefix[32];

	snprintf(prefix, sizeof(prefix), "/proc/%d/", (int)target->tid);
	return !strncmp(place->path, prefix, strlen(prefix)) ||
	       (target->own_root && is_of_target(target, place->parent_fd));
}

/* Where a link leads: the kernel's own links in the target's /proc/PID are followed as they are, any other by
 * its text. */
static int walk_link(const struct target *target, int *fd, const char *name, char text[TARGET_PATH_MAX])
{
	struct place here = { .parent_fd = *fd };
	ssize_t size = readlinkat(*fd, name, text, TARGET_PATH_MAX - 1);
	struct statfs fs;
	int next;

	if (size < 0)
		return -errno;
	text[size] = '\0';
	if (fstatfs(*fd, &fs) < 0 || fs.f_type != PROC_MAGIC || !strcmp(name, "self") || !strcmp(name, "thread-self"))
		return 1;
	if (target_path_of(*fd, here.path) < 0 || strlen(here.path) + 2 > sizeof(here.path))
		return -ELOOP;
	strcat(here.path, "/");
	if (!place_is_own_proc(target, &here))
		return -ELOOP;
	next = openat(*fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (next < 0)
		return -errno;
	close(*fd);
	*fd = next;
	return 0;
}

/* One component after the other, for paths that lead through /proc/self by way of a link: "self" must be the
 * target there too. */
static int walk(const struct target *target, int base, const char *path, unsigned depth);

static int walk_on(const struct target *target, int fd, const char *text, const char *rest, unsigned depth)
{
	char path[TARGET_PATH_MAX], respelt[TARGET_PATH_MAX];
	struct target seen = *target;
	int root, r;

	seen.respelt = false;
	if (snprintf(path, sizeof(path), "%s/%s", text, rest) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	r = respell(&seen, path, respelt);
	if (r < 0)
		return r;
	if (respelt[0] != '/')
		return walk(target, fd, respelt, depth + 1);
	root = open_base(&seen, AT_FDCWD, respelt);
	r = root < 0 ? root : walk(target, root, respelt, depth + 1);
	if (root >= 0)
		close(root);
	return r;
}

static bool is_root(const struct target *target, int fd)
{
	autoclose int root = target_open(target, "root", O_PATH | O_DIRECTORY);
	struct stat here, there;

	return root < 0 || fstat(root, &there) < 0 || fstat(fd, &here) < 0 ||
	       (here.st_dev == there.st_dev && here.st_ino == there.st_ino);
}

static int walk(const struct target *target, int base, const char *path, unsigned depth)
{
	autoclose int fd = openat(base, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[TARGET_NAME_MAX], text[TARGET_PATH_MAX];

	if (depth > MAX_LINKS)
		return -ELOOP;
	for (path += strspn(path, "/"); fd >= 0 && *path; path += strspn(path, "/")) {
		size_t size = strcspn(path, "/");
		struct stat st;
		int next, r;

		if (size >= sizeof(name))
			return -ENAMETOOLONG;
		memcpy(name, path, size);
		name[size] = '\0';
		path += size;
		if (target->own_root && !target->respelt && !strcmp(name, "..") && is_root(target, fd))
			continue;
		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		if (S_ISLNK(st.st_mode)) {
			struct target back = *target;

			r = walk_link(target, &fd, name, text);
			if (r < 0)
				return r;
			if (r == 1)
				return walk_on(target, fd, text, path, depth);
			back.respelt = false;		/* behind its own link its own root counts again */
			return walk(&back, fd, path[strspn(path, "/")] ? path : ".", depth + 1);
		}
		next = openat(fd, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
		if (next < 0)
			return -errno;
		close(fd);
		fd = next;
	}
	return fd < 0 ? -errno : take_fd(&fd);
}

/* Where the target has a root of its own, that is where its absolute links start and its ".." ends: for an
 * absolute path the kernel does that (RESOLVE_IN_ROOT), for a relative one we walk. */
static int open_parent(const struct target *target, int base, const char *path)
{
	bool absolute = path[0] == '/';
	uint64_t resolve = SYS_RESOLVE_NO_MAGICLINKS | (target->own_root && !target->respelt ? SYS_RESOLVE_IN_ROOT : 0);
	int fd;

	if (target->own_root && (!absolute || target->respelt))
		return walk(target, base, path, 0);
	fd = sys_openat2(base, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, resolve);

	if (fd < 0 && (errno == ELOOP || errno == ENOSYS))	/* through one of the kernel's own links */
		return walk(target, base, path, 0);
	return fd < 0 ? -errno : fd;
}

/* Deeper than any path can say, no rule names a place itself: the nearest directory above that still has a path
 * stands for it. */
static int path_of_deep(int fd, char path[TARGET_PATH_MAX])
{
	int r = target_path_of(fd, path);
	autoclose int above = -1;

	while (r == -ENAMETOOLONG) {
		int next = openat(above < 0 ? fd : above, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (next < 0)
			return -errno;
		cleanup_fd(&above);
		above = next;
		r = target_path_of(above, path);
		if (r == 0 && strlen(path) > TARGET_PATH_MAX - TARGET_NAME_MAX - 2)
			r = -ENAMETOOLONG;
	}
	return r;
}

/* What pid 1 and the broker may do with their own memory and descriptors, nobody else may. */
static bool is_ours(const char *path)
{
	char own[32];

	snprintf(own, sizeof(own), "/proc/%d", (int)getpid());
	return path_below(path, "/proc/1", false) || path_below(path, own, false);
}

static int complete(struct place *place)
{
	struct statfs fs;
	size_t size;
	int r = target_path_of(place->parent_fd, place->path);

	place->deep = r == -ENAMETOOLONG;
	if (place->deep)
		r = path_of_deep(place->parent_fd, place->path);
	if (r < 0)
		return r;
	if (fstatfs(place->parent_fd, &fs) < 0)
		return -errno;
	place->on_proc = fs.f_type == PROC_MAGIC;
	if (place->on_proc && is_ours(place->path))
		return -EACCES;
	if (!strcmp(place->name, "."))
		return 0;
	size = strlen(place->path);
	if (size + strlen(place->name) + 2 > sizeof(place->path))
		place->deep = true;	/* as above: its directory stands for it */
	if (place->deep)
		return 0;
	if (place->path[size - 1] != '/')
		place->path[size++] = '/';
	strcpy(place->path + size, place->name);
	return 0;
}

static int find_from(const struct target *target, int base, char *path, struct place *place)
{
	int r = split(path, place);

	if (r < 0)
		return r;
	place->parent_fd = open_parent(target, base, path);
	if (place->parent_fd < 0)
		return place->parent_fd;
	r = complete(place);
	if (r < 0) {
		close(place->parent_fd);
		place->parent_fd = -1;
	}
	return r;
}

int place_find(const struct target *target, int at, const char *path, struct place *ret_place)
{
	char respelt[TARGET_PATH_MAX];
	struct target seen = *target;
	autoclose int base = -1;
	int r = respell(&seen, path, respelt);

	*ret_place = (struct place){ .parent_fd = -1 };
	if (r < 0)
		return r;
	if (!respelt[0])
		return -ENOENT;
	base = open_base(&seen, at, respelt);
	return base < 0 ? base : find_from(&seen, base, respelt, ret_place);
}

int place_follow(const struct target *target, const struct place *link, const char *path, struct place *ret_place)
{
	char respelt[TARGET_PATH_MAX];
	struct target seen = *target;
	autoclose int base = -1;
	int r = respell(&seen, path, respelt);

	*ret_place = (struct place){ .parent_fd = -1 };
	if (r < 0)
		return r;
	if (!respelt[0])
		return -ENOENT;
	if (respelt[0] != '/')
		return find_from(&seen, link->parent_fd, respelt, ret_place);
	base = open_base(&seen, AT_FDCWD, respelt);
	return base < 0 ? base : find_from(&seen, base, respelt, ret_place);
}
