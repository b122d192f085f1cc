/* SPDX-License-Identifier: Apache-2.0 */
/* host_files.c — what host_linux.c and host_macos.c share: entries of the file system by POSIX's calls, lists of
 * sockets. */
#include "run/internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool host_is_missing(int number)
{
	return number == ENOENT || number == ENOTDIR;
}

void host_fill_entry(const struct stat *status, bool direct, struct host_entry *entry)
{
	entry->type = host_type_of_mode(status->st_mode);
	entry->device = status->st_dev;
	entry->inode = status->st_ino;
	entry->links = (unsigned)status->st_nlink;
	entry->direct = direct;
	entry->target[0] = '\0';
}

void host_fill_missing(bool direct, struct host_entry *entry)
{
	struct stat nothing = { 0 };

	host_fill_entry(&nothing, direct, entry);
	entry->type = HOST_MISSING;
}

/* What readlinkat() gave: a target that fills the room may have been cut, and a cut target is
 * another path. */
int host_end_target(ssize_t size, struct host_entry *entry)
{
	if (size < 0)
		return -errno;
	if ((size_t)size == sizeof(entry->target))
		return -ENAMETOOLONG;
	entry->target[size] = '\0';
	return 0;
}

/* Whether no directory on the way to path is a symbolic link, by looking at each. */
bool host_is_direct(const char *path)
{
	char parent[PATH_MAX];
	struct stat status;

	if (strlen(path) >= sizeof(parent))
		return false;
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(parent, path, (size_t)(slash - path));
		parent[slash - path] = '\0';
		if (lstat(parent, &status) < 0)
			return host_is_missing(errno);
		if (S_ISLNK(status.st_mode))
			return false;
	}
	return true;
}

static int compare_paths(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	return strcmp(*a, *b);
}

/* Connected peers repeat the listener's path. */
size_t host_sort_unique(const char **paths, size_t count)
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

/* The text of the kernel goes with this function: what is kept is copied. */
int host_keep_paths(struct arena *arena, const char *const *paths, size_t count, const char *const **ret_paths)
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
size_t host_drop_dead(const char **paths, size_t count)
{
	size_t kept = 0;
	struct stat status;

	for (size_t i = 0; i < count; i++)
		if (stat(paths[i], &status) == 0 && S_ISSOCK(status.st_mode) && access(paths[i], W_OK) == 0)
			paths[kept++] = paths[i];
	return kept;
}

int host_lookup_by_steps(const char *path, bool direct, struct host_entry *ret_entry)
{
	struct stat status;

	if (lstat(path, &status) < 0) {
		if (!host_is_missing(errno))
			return -errno;
		host_fill_missing(direct, ret_entry);
		return 0;
	}
	host_fill_entry(&status, direct, ret_entry);
	if (ret_entry->type != HOST_SYMLINK)
		return 0;
	return host_end_target(readlink(path, ret_entry->target, sizeof(ret_entry->target)), ret_entry);
}
