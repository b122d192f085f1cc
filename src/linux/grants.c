/* SPDX-License-Identifier: Apache-2.0 */
/* grants.c — names that a rule grants and that are not there: the broker makes them where the command may not.
 *
 * `"~/.cache/tool" = "write"` with no such directory grants nothing by mounts: what is missing can be mounted on
 * nothing, and its parent must stay as it is. So pid 1 clones, before everything becomes read-only, the nearest
 * directory above that is there, and attaches the clone nowhere. What the command makes and changes at the granted
 * name or below it, the broker makes through that clone: by policy_decide() first, as ever, and nowhere else, for it
 * looks into the clone only for such places. The calls that otherwise need no broker (unlink, chmod, ...) come to it
 * too in such a box.
 *
 * The command sees what was made through its own mounts, which stay read-only. At the next start the name is there, and
 * is mounted. */
#include "linux/broker.h"
#include "linux/mounts.h"

#include <stdio.h>
#include <string.h>

/* --- before anything changes -------------------------------------------------------------- */

static int clone_above(const char *path, struct grant *grant)
{
	char above[4096];
	size_t size = strlen(path);

	if (size >= sizeof(above))
		return -ENAMETOOLONG;
	memcpy(above, path, size + 1);
	for (;;) {
		autoclose int fd = -1;

		while (size > 1 && above[size - 1] != '/')
			size--;
		above[size > 1 ? --size : size] = '\0';
		fd = mounts_open(above);
		if (fd < 0 && mounts_is_gone(errno) && size > 1)
			continue;
		if (fd < 0)
			return -errno;
		grant->fd = mounts_clone_fd(fd, false);
		if (grant->fd < 0)
			return -errno;
		grant->base = size > 1 ? size : 0;
		return mounts_set_attributes(grant->fd, SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV, 0, false) < 0 ?
			       -errno : 0;
	}
}

int grants_clone(struct inside *in)
{
	for (in->item = 0; in->item < in->box->grant_count; in->item++) {
		struct grant *grant = &in->box->grants[in->item];
		int r;

		grant->fd = -1;
		r = clone_above(grant->path, grant);
		/* Another user's closed directory: as for everything else behind one, there is nothing to give. */
		if (r < 0 && !mounts_is_gone(-r))
			return r;
	}
	in->item = SIZE_MAX;
	return 0;
}

/* --- in the broker ------------------------------------------------------------------------ */

/* The directory of a place, in the clone; it must be the very same. */
static int open_in_clone(const struct grant *grant, const struct place *place)
{
	char directory[TARGET_PATH_MAX];
	size_t size = strlen(place->path);
	struct stat here, there;
	autoclose int fd = -1;

	if (strcmp(place->name, ".") != 0)
		size -= strlen(place->name) + 1;
	if (size < grant->base)
		return -1;
	snprintf(directory, sizeof(directory), ".%.*s", (int)(size - grant->base), place->path + grant->base);
	fd = sys_openat2(grant->fd, directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
			 SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_BENEATH);
	if (fd < 0 || fstat(fd, &there) < 0 || fstat(place->parent_fd, &here) < 0 || here.st_dev != there.st_dev ||
	    here.st_ino != there.st_ino)
		return -1;
	return take_fd(&fd);
}

static bool exchange(const struct grant *grant, struct place *place)
{
	int fd = open_in_clone(grant, place);

	if (fd < 0)
		return false;
	close(place->parent_fd);
	place->parent_fd = fd;
	return true;
}

void grants_apply(const struct call *call, struct place *place)
{
	const struct broker *broker = call->broker;

	for (size_t i = 0; i < broker->grant_count; i++) {
		const struct grant *grant = &broker->grants[i];

		if (grant->fd >= 0 && path_below(place->path, grant->path, false) &&
		    policy_allows_write(broker->policy, place->path) && exchange(grant, place))
			return;
	}
}

/* `"~/.cache/tool" = "write"` says that there may be a ~/.cache. */
bool grants_lead_through(const struct call *call, struct place *place)
{
	const struct broker *broker = call->broker;

	for (size_t i = 0; i < broker->grant_count; i++) {
		const struct grant *grant = &broker->grants[i];

		if (grant->fd >= 0 && path_below(grant->path, place->path, false) &&
		    strlen(place->path) > grant->base && exchange(grant, place))
			return true;
	}
	return false;
}
