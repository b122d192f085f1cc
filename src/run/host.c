/* SPDX-License-Identifier: Apache-2.0 */
/* host.c — this process and this machine → struct host; and the configuration file, if it can be
 * trusted.
 *
 * The only file that a policy's facts come through: everything later can be tested with a host
 * written by hand. */
#include "policy/event.h"
#include "run/internal.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_LIMIT	((size_t)16 << 20)	/* bytes; a profile of ten thousand rules has under one million */
#define PASSWD_LIMIT	4096			/* bytes of one line of the password file */

enum host_type host_type_of_mode(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:	return HOST_FILE;
	case S_IFDIR:	return HOST_DIRECTORY;
	case S_IFLNK:	return HOST_SYMLINK;
	case S_IFSOCK:	return HOST_SOCKET;
	case S_IFBLK:
	case S_IFCHR:	return HOST_DEVICE;
	default:	return HOST_OTHER;
	}
}

const char *environ_find(const char *const *environ_, const char *name)
{
	size_t size = strlen(name);

	for (; environ_ && *environ_; environ_++)
		if (!strncmp(*environ_, name, size) && (*environ_)[size] == '=')
			return *environ_ + size + 1;
	return NULL;
}

/* --- the small-file callback -------------------------------------------------------------- */

/* O_NONBLOCK: a FIFO planted where a file is expected must not stop us. */
static int open_file(const char *path, struct stat *ret_stat)
{
	autoclose int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, ret_stat) < 0)
		return -errno;
	return take_fd(&fd);
}

static ssize_t host_read_file(void *context, const char *path, char *bytes, size_t size)
{
	struct stat status = { 0 };
	autoclose int fd = open_file(path, &status);
	size_t filled = 0;

	(void)context;
	if (fd < 0)
		return fd;
	if (!S_ISREG(status.st_mode) || !size)
		return -EINVAL;
	while (filled < size - 1) {
		ssize_t count = read(fd, bytes + filled, size - 1 - filled);

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count == 0)
			break;
		if (count > 0)
			filled += (size_t)count;
	}
	bytes[filled] = '\0';
	return (ssize_t)filled;
}

/* --- this process ------------------------------------------------------------------------- */

/* NULL when the password file does not know us either: a container started with an arbitrary uid. */
static const char *home_of(struct arena *arena, const char *const *environ_)
{
	const char *home = environ_find(environ_, "HOME");
	struct passwd entry, *found = NULL;
	char line[PASSWD_LIMIT];

	if (home && home[0] == '/')
		return path_absolute(arena, "/", home);
	if (getpwuid_r(geteuid(), &entry, line, sizeof(line), &found) != 0 || !found || found->pw_dir[0] != '/')
		return NULL;
	return path_absolute(arena, "/", found->pw_dir);
}

static int given_directory(struct arena *arena, const char *directory, const char **ret_cwd, struct bawn_error *err)
{
	autofree char *real = realpath(directory, NULL);
	struct stat status;

	if (!real || stat(real, &status) < 0)
		return error_set(err, errno, "directory %s: %s", directory, strerror(errno));
	if (!S_ISDIR(status.st_mode))
		return error_set(err, ENOTDIR, "directory %s: not a directory", directory);
	*ret_cwd = arena_strdup(arena, real);
	return *ret_cwd ? 0 : error_oom(err);
}

static int current_directory(struct arena *arena, const char **ret_cwd, struct bawn_error *err)
{
	char room[PATH_MAX], *cwd = getcwd(room, sizeof(room));

	/* ENOENT: deleted, or not below this process's root. That is no error before something is
	 * asked of it. */
	if (!cwd && errno != ENOENT)
		return error_set(err, errno, "working directory: %s", strerror(errno));
	*ret_cwd = cwd && cwd[0] == '/' ? arena_strdup(arena, cwd) : NULL;
	return cwd && cwd[0] == '/' && !*ret_cwd ? error_oom(err) : 0;
}

/* POSIX wants an absolute TMPDIR; programs that get another take it from their working directory. */
static const char *tmpdir_of(struct arena *arena, const char *cwd, const char *const *environ_)
{
	const char *tmpdir = environ_find(environ_, "TMPDIR");

	if (!tmpdir || !tmpdir[0] || (tmpdir[0] != '/' && !cwd))
		return NULL;
	return path_absolute(arena, cwd ? cwd : "/", tmpdir);	/* absolute, or below cwd: never below this "/" */
}

/* --- what the caller may do itself -------------------------------------------------------- */

/* Whether we may make or take away names in the directory of path. */
static int permits_name(const char *path)
{
	char parent[PATH_MAX];
	size_t size = (size_t)(path_base(path) - path);
	struct stat directory, object;

	if (size == 0 || size >= sizeof(parent))
		return -EINVAL;
	memcpy(parent, path, size);
	parent[size] = '\0';
	if (faccessat(AT_FDCWD, parent, W_OK | X_OK, AT_EACCESS) < 0 || stat(parent, &directory) < 0)
		return -errno;
	if ((directory.st_mode & S_ISVTX) && geteuid() != 0 && lstat(path, &object) == 0 &&
	    object.st_uid != geteuid() && directory.st_uid != geteuid())
		return -EPERM;		/* a sticky directory: others' names are theirs */
	return 0;
}

/* Asked by effective ids, as the box asks. What stands there may have changed since the command tried; nothing but the
 * words of a report depends on it. */
static int host_permits(void *context, const char *path, enum access wanted, int aspect)
{
	struct stat status;

	(void)context;
	if (aspect == ASPECT_NAME)
		return permits_name(path);
	if (lstat(path, &status) < 0)
		return -errno;
	if (aspect == ASPECT_OWNER)
		return geteuid() == 0 || status.st_uid == geteuid() ? 0 : -EPERM;
	if (aspect == ASPECT_EXEC)
		return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
	return faccessat(AT_FDCWD, path, wanted == ACCESS_WRITE ? W_OK : R_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static bool host_process_exists(void *context, int pid)
{
	(void)context;
	return kill(pid, 0) == 0 || errno == EPERM;
}

/* Where the system does not tell (macOS), somebody may. */
static bool host_listens(void *context, unsigned port)
{
	static const char *const files[] = { "/proc/net/tcp", "/proc/net/tcp6" };
	char wanted[8];
	bool told = false;

	(void)context;
	snprintf(wanted, sizeof(wanted), ":%04X", port);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		autoclose int fd = openat(AT_FDCWD, files[i], O_RDONLY | O_CLOEXEC);
		autofree char *text = NULL;
		size_t size;

		if (fd < 0 || io_read_all(fd, CONFIG_LIMIT, &text, &size) < 0)
			continue;
		told = true;
		for (const char *at = strstr(text, wanted); at; at = strstr(at + 1, wanted)) {
			const char *state = strchr(at, ' ');		/* then the peer, then the state */

			state = state ? strchr(state + 1, ' ') : NULL;
			if (state && !strncmp(state + 1, "0A", 2))	/* TCP_LISTEN */
				return true;
		}
	}
	return !told;
}

int host_read(struct arena *arena, const char *directory, const char *const *environ_, struct host *ret_host,
	      struct bawn_error *err)
{
	struct host host = {
		.platform = host_platform(), .uid = geteuid(), .gid = getegid(), .environ = environ_,
		.lookup = host_lookup, .rest = host_rest, .list = host_list, .folds_case = host_folds_case,
		.read = host_read_file, .permits = host_permits, .process_exists = host_process_exists,
		.listens = host_listens,
	};
	int r = directory ? given_directory(arena, directory, &host.cwd, err)
			  : current_directory(arena, &host.cwd, err);

	if (r < 0)
		return r;
	host.home = home_of(arena, environ_);
	host.tmpdir = tmpdir_of(arena, host.cwd, environ_);
	host.context = arena_alloc(arena, sizeof(struct host_files));
	if (!host.context)
		return error_oom(err);
	r = host_sockets(arena, &host.sockets, &host.sockets_missing, err);
	if (r < 0)
		return r;
	*ret_host = host;
	return 0;
}

/* --- the configuration file --------------------------------------------------------------- */

static int check_config(const char *path, const struct stat *status, struct bawn_error *err)
{
	if (!S_ISREG(status->st_mode))
		return error_set(err, EINVAL, "configuration %s: not a regular file", path);
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return error_set(err, EPERM, "configuration %s: belongs to user %u; it must belong to you (%u) or "
				 "to root", path, (unsigned)status->st_uid, (unsigned)geteuid());
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err, EPERM, "configuration %s: others may write to it (mode %04o); try: chmod go-w %s",
				 path, (unsigned)(status->st_mode & 07777), path);
	return 0;
}

int config_read(const char *path, char **ret_text, size_t *ret_size, struct bawn_error *err)
{
	struct stat status = { 0 };
	autoclose int fd = open_file(path, &status);
	int r = fd < 0 ? (fd == -ENOTDIR ? -ENOENT : fd) : check_config(path, &status, err);

	if (fd < 0)
		return error_set(err, -r, "configuration %s: %s", path, strerror(-r));
	if (r < 0)
		return r;
	r = io_read_all(fd, CONFIG_LIMIT, ret_text, ret_size);
	return r < 0 ? error_set(err, -r, "configuration %s: %s", path, strerror(-r)) : 0;
}
