/* SPDX-License-Identifier: Apache-2.0 */
/* mounts_root.c — the root of the box: the host's tree made read-only in one call or, where reading is restricted, a
 * new tree with places for what is granted, and nothing else. */
#include "linux/mounts.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

int mounts_make_way(int fd, const char *relative, bool directory)
{
	char path[4096];

	if (strlen(relative) >= sizeof(path))
		return -ENAMETOOLONG;
	for (size_t i = 0; relative[i]; i++) {
		if (relative[i] == '/' && i) {
			path[i] = '\0';
			if (mkdirat(fd, path, 0755) < 0 && errno != EEXIST)
				return -errno;
		}
		path[i] = relative[i];
		path[i + 1] = '\0';
	}
	if (directory)
		return mkdirat(fd, path, 0755) < 0 && errno != EEXIST ? -errno : 0;
	/* Not opened: inside another bawn its broker would hold the file for writing a moment longer than we. */
	return mknodat(fd, path, S_IFREG, 0) < 0 && errno != EEXIST ? -errno : 0;
}

int mounts_close_way(int fd, const char *relative)
{
	char path[4096];

	for (size_t i = 0; relative[i]; i++) {
		if (relative[i] == '/' && i) {
			path[i] = '\0';
			if (fchmodat(fd, path, 0111, 0) < 0)
				return -errno;
		}
		path[i] = relative[i];
	}
	return 0;
}

/* A link that a granted path passes through exists in the assembled root too, where its place is not granted itself. */
static int make_links(struct inside *in, int root)
{
	const struct policy *policy = in->box->plan->policy;
	char target[4096];

	for (size_t i = 0; i < policy->link_count; i++) {
		const char *slash = strrchr(policy->links[i], '/');
		ssize_t size = readlink(policy->links[i], target, sizeof(target) - 1);
		char parent[4096];

		if (size < 0 || slash - policy->links[i] >= (ptrdiff_t)sizeof(parent))
			continue;
		target[size] = '\0';
		memcpy(parent, policy->links[i] + 1, (size_t)(slash - policy->links[i]));
		parent[slash > policy->links[i] ? slash - policy->links[i] - 1 : 0] = '\0';
		if (parent[0] && mounts_make_way(root, parent, true) < 0)
			continue;
		if (symlinkat(target, root, policy->links[i] + 1) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int close_places(struct inside *in, int root)
{
	const struct box *box = in->box;
	int r = 0;

	for (in->item = 0; r == 0 && in->item < box->op_count; in->item++)
		if (box->ops[in->item].top && in->clones[in->item] >= 0)
			r = mounts_close_way(root, box->ops[in->item].path + 1);
	if (r == 0)
		in->item = SIZE_MAX;
	return r;
}

static int make_places(struct inside *in, int root)
{
	static const char *const own[] = { "dev", "proc" };
	const struct box *box = in->box;
	int r;

	for (in->item = 0; in->item < box->op_count; in->item++) {
		if (!box->ops[in->item].top || in->clones[in->item] < 0)
			continue;
		r = mounts_make_way(root, box->ops[in->item].path + 1, box->ops[in->item].directory);
		if (r < 0)
			return r;
	}
	in->item = SIZE_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (mkdirat(root, own[i], 0755) < 0 && errno != EEXIST)
			return -errno;
	r = make_links(in, root);
	return r < 0 ? r : close_places(in, root);
}

/* The new root stands on /dev for the moment between its attachment and pivot_root(".", "."), which puts the
 * old root on top of it: pivot_root(2), "the following trick". */
static int assemble_root(struct inside *in)
{
	autoclose int root = mounts_new_tmpfs(SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV);
	int r;

	if (root < 0 || mounts_attach(root, "/dev") < 0)
		return -errno;
	r = make_places(in, root);
	if (r < 0)
		return r;
	if (fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

int mounts_root(struct inside *in)
{
	const struct plan *plan = in->box->plan;
	const struct sys_mount_attr in_place = {
		.attr_set = SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV |
			    (plan->root_writable ? 0 : SYS_MOUNT_ATTR_RDONLY),
		.propagation = SYS_MS_PRIVATE,
	};
	const struct sys_mount_attr private = { .propagation = SYS_MS_PRIVATE };

	if (sys_mount_setattr(AT_FDCWD, "/", SYS_AT_RECURSIVE, plan->restricted_read ? &private : &in_place) < 0)
		return -errno;
	return plan->restricted_read ? assemble_root(in) : 0;
}
