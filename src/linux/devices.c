/* SPDX-License-Identifier: Apache-2.0 */
/* devices.c — the box's own /dev: six nodes, terminals, shared memory, and the devices that are granted.
 *
 * Theory of operation. No box can make a device (mknod(2) takes a capability over the host), so every node is the
 * host's own: cloned before the root changes, while the mounts still let devices be opened, and put on an empty file
 * of the scratch. That works for an ordinary user, and for a box within a box, where the node is such a mount itself.
 * A directory of devices is cloned whole: what appears in it later is there too. Everywhere else mounts are "nodev".
 *
 * Clones of devices are read-only. That says nothing of reading and writing the device (do_dentry_open() in fs/open.c
 * passes special files); it keeps the node, which is the host's, from the chmod(2) of its owner: root's box runs as
 * that. Which device may be written is Landlock's to say. */
#include "linux/mounts.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const char *const devices_own[DEVICES_OWN] = { "full", "null", "random", "tty", "urandom", "zero" };

_Static_assert(DEVICES_OWN == ARRAY_SIZE(((struct inside *)NULL)->node_fds), "one descriptor for each");

/* --- taken hold of, before the root changes ----------------------------------------------- */

static int clone_device(int at, const char *path, int flags)
{
	autoclose int fd = sys_open_tree(at, path, SYS_OPEN_TREE_CLONE | O_CLOEXEC | (unsigned)flags);

	if (fd < 0 ||
	    mounts_set_attributes(fd, SYS_MOUNT_ATTR_RDONLY | SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NOEXEC, 0,
				  flags & SYS_AT_RECURSIVE) < 0)
		return -errno;
	return take_fd(&fd);
}

static int clone_own_nodes(struct inside *in)
{
	char path[32] = "/dev/";

	for (size_t i = 0; i < DEVICES_OWN; i++) {
		strcpy(path + 5, devices_own[i]);
		in->node_fds[i] = clone_device(AT_FDCWD, path, 0);
		if (in->node_fds[i] < 0 && in->node_fds[i] != -ENOENT)
			return in->node_fds[i];
	}
	return 0;
}

/* The terminal that the command talks to belongs to the host's devpts; ttyname(3) looks through /dev for a node
 * of the same device, and finds it as /dev/console. The descriptor itself belongs to another mount namespace,
 * so its node is looked for by path. */
static int clone_terminal(void)
{
	char link[32], path[64];

	for (int fd = 0; fd <= 2; fd++) {
		autoclose int node = -1;
		struct stat open_one, named;
		ssize_t size;

		if (!isatty(fd))
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		size = readlink(link, path, sizeof(path) - 1);
		if (size < 0)
			continue;
		path[size] = '\0';
		node = sys_open(path, O_PATH | O_CLOEXEC);
		if (node >= 0 && fstat(node, &named) == 0 && fstat(fd, &open_one) == 0 &&
		    named.st_rdev == open_one.st_rdev)
			return clone_device(node, "", SYS_AT_EMPTY_PATH);
	}
	return -1;
}

/* A socket is only shown: who may connect to it is another matter. */
static bool is_node(int fd)
{
	struct stat st;

	return mounts_is_device(fd) || (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode));
}

/* A device that is unplugged between plan and start is not there, like any other that is not. */
static int clone_granted(const struct device_op *op, int *ret_fd)
{
	bool tree = op->kind == DEVICE_TREE;
	autoclose int fd = -1;

	if (op->kind != DEVICE_NODE && !tree)
		return 0;
	fd = mounts_open(op->path);
	if (fd < 0)
		return mounts_is_gone(errno) ? 0 : -errno;
	if (!tree && !is_node(fd))
		return -ENODEV;
	*ret_fd = clone_device(fd, "", SYS_AT_EMPTY_PATH | (tree ? SYS_AT_RECURSIVE : 0));
	return *ret_fd < 0 ? *ret_fd : 0;
}

int devices_clone(struct inside *in)
{
	for (in->item = 0; in->item < in->box->device_count; in->item++) {
		int r;

		in->device_fds[in->item] = -1;
		r = clone_granted(&in->box->devices[in->item], &in->device_fds[in->item]);
		if (r < 0)
			return r;
	}
	in->item = SIZE_MAX;
	in->tty_fd = clone_terminal();
	return clone_own_nodes(in);
}

/* --- their places, in the scratch --------------------------------------------------------- */

static int make_link(int scratch, const struct device_op *op)
{
	size_t size = strlen(op->path) - strlen(path_base(op->path)) - 1;
	char parent[4096];
	int r;

	if (size >= sizeof(parent))
		return -ENAMETOOLONG;
	memcpy(parent, op->path, size);
	parent[size] = '\0';
	r = mounts_make_way(scratch, parent + 1, true);
	if (r < 0)
		return r;
	return symlinkat(op->target, scratch, op->path + 1) < 0 && errno != EEXIST ? -errno : 0;
}

/* SCRATCH_DEV is what "/dev" is without its slash, so that a path below the one is a path below the other. */
int devices_make_places(struct inside *in)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < in->box->device_count; i++) {
		const struct device_op *op = &in->box->devices[i];

		if (op->kind == DEVICE_LINK)
			r = make_link(in->scratch_fd, op);
		else if (in->device_fds[i] >= 0)
			r = mounts_make_way(in->scratch_fd, op->path + 1, op->kind == DEVICE_TREE);
	}
	return r;
}

/* --- put in place ------------------------------------------------------------------------- */

static int put_own_nodes(const struct inside *in)
{
	char path[32] = "/dev/";

	for (size_t i = 0; i < DEVICES_OWN; i++) {
		int r;

		strcpy(path + 5, devices_own[i]);
		r = in->node_fds[i] < 0 ? 0 : mounts_put(in->node_fds[i], path);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A device that is denied in a directory that is granted. */
static int put_mask(const struct inside *in, const char *path)
{
	autoclose int to = mounts_open(path);
	autoclose int from = -1;
	struct stat st;

	if (to < 0 || fstat(to, &st) < 0)
		return to < 0 && mounts_is_gone(errno) ? 0 : -errno;
	from = mounts_clone_scratch(in, S_ISDIR(st.st_mode) ? SCRATCH_DIRECTORY : SCRATCH_FILE);
	return from < 0 || sys_move_mount(from, to) < 0 ? -errno : 0;
}

static int put_granted(struct inside *in)
{
	const struct box *box = in->box;
	for (in->item = 0; in->item < box->device_count; in->item++) {
		const struct device_op *op = &box->devices[in->item];
		int r = 0;

		if (op->kind == DEVICE_MASK)
			r = put_mask(in, op->path);
		else if (in->device_fds[in->item] >= 0)
			r = mounts_put(in->device_fds[in->item], op->path);
		if (r < 0)
			return r;
	}
	in->item = SIZE_MAX;
	return 0;
}

/* From here on the scratch and the pins lie beneath this mount. */
int devices_mount(struct inside *in)
{
	int r;

	if ((r = mounts_put(mounts_clone_scratch(in, SCRATCH_DEV), "/dev")) < 0 || (r = put_own_nodes(in)) < 0 ||
	    (r = mounts_put(in->pts_fd, "/dev/pts")) < 0 || (r = mounts_put(in->shm_fd, "/dev/shm")) < 0 ||
	    (r = put_granted(in)) < 0)
		return r;
	return in->tty_fd < 0 ? 0 : mounts_put(in->tty_fd, "/dev/console");
}
