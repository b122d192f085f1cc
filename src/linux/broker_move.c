/* SPDX-License-Identifier: Apache-2.0 */
/* broker_move.c — rename() and link() on behalf: names that come with an object.
 *
 * Both ends are judged: a rule holds for what a name leads to, so neither end may take an object out of, or bring it
 * under, a rule that says otherwise. */
#include "linux/broker.h"

#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>

static bool is_dot(const struct place *place)
{
	return !strcmp(place->name, ".");
}

/* A rename takes away what it moves and what it replaces. Mounts hold that for what stood there at start; a
 * rule also holds for what others have put in its place since, on which no mount stands. */
static int judge_object(const struct call *call, const struct place *place)
{
	struct statfs fs;

	const struct commit *commit;

	broker_about(call, OPERATION_WRITE, ASPECT_NAME, place->path);
	if (broker_git_name(call, place, &commit) > GIT_NAME_NONE)
		return broker_because(call, CAUSE_GIT, -EACCES);
	if (broker_allows(call, place))
		return 0;
	if (fstatfs(place->parent_fd, &fs) == 0 && (fs.f_flags & 1 /* ST_RDONLY */))
		return 0;		/* in the kernel's own words, then */
	return -EROFS;
}

static int judge_socket(const struct call *call, const struct place *place)
{
	struct stat st;

	return fstatat(place->parent_fd, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ?
		       0 : broker_judge_socket_name(call, &st, place->path);
}

/* The source of a link: a name that is not followed, or an object that is held open: what AT_EMPTY_PATH or
 * AT_SYMLINK_FOLLOW name. */
static int link_object(struct call *call, int at, const char *path, int flags, const struct place *to)
{
	char object[32], path_of_object[TARGET_PATH_MAX];
	autoclose int fd = -1;
	struct stat st;
	ssize_t size;

	if ((flags & AT_EMPTY_PATH) && !path[0])
		fd = target_descriptor(&call->target, at);
	else {
		autorelease struct place from = { .parent_fd = NO_FD };
		int r = place_find(&call->target, at, path, &from);

		if (r < 0)
			return r;
		if (from.on_proc && !place_is_own_proc(&call->target, &from))
			return -EACCES;
		fd = openat(from.parent_fd, from.name, O_PATH | O_CLOEXEC);
		if (fd < 0)
			return -errno;
	}
	if (fd < 0)
		return fd;
	snprintf(object, sizeof(object), "/proc/self/fd/%d", fd);
	size = readlink(object, path_of_object, sizeof(path_of_object) - 1);
	if (size < 0)
		return -errno;
	path_of_object[size] = '\0';
	broker_about(call, OPERATION_WRITE, ASPECT_CONTENT, path_of_object);
	if (!broker_allows_object(call, fd, path_of_object))
		return -EXDEV;
	if (fstat(fd, &st) < 0 || broker_judge_socket_name(call, &st, path_of_object) < 0)
		return -EACCES;
	return linkat(AT_FDCWD, object, to->parent_fd, to->name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

int broker_link(struct call *call, int from_at, uint64_t from_path, int to_at, uint64_t to_path, int flags)
{
	autorelease struct place from = { .parent_fd = NO_FD }, to = { .parent_fd = NO_FD };
	char path[TARGET_PATH_MAX];
	int r = target_read_path(&call->target, from_path, path);

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (r < 0 || (r = broker_new_place(call, to_at, to_path, true, &to)) < 0 || (r = to.slash ? -ENOENT : 0) < 0)
		return r;
	if ((flags & AT_SYMLINK_FOLLOW) || ((flags & AT_EMPTY_PATH) && !path[0]))
		return link_object(call, from_at, path, flags, &to);
	r = place_find(&call->target, from_at, path, &from);
	if (r < 0)
		return r;
	broker_settle(call, &from);
	if (from.slash)
		return -ENOTDIR;
	/* another name would be a way round its rule */
	if ((r = judge_object(call, &from)) < 0 || (r = judge_socket(call, &from)) < 0)
		return r;
	if (linkat(from.parent_fd, from.name, to.parent_fd, to.name, 0) == 0)
		return 0;
	r = broker_blame(call, &from, &to, -errno);
	if (r == -EXDEV && policy_allows_write(call->broker->policy, to.path)) {
		broker_about(call, OPERATION_WRITE, ASPECT_NAME, to.path);
		broker_because(call, CAUSE_BORDER, r);
	}
	return r;
}

/* What a rename may not do beyond making a name: take a tree from under its rules, put something other than a
 * directory where ruled names are missing, or, where we stand in another mount namespace than the caller, move
 * what an inner box has mounted on. */
static int judge_move(const struct call *call, const struct place *from, const struct place *to)
{
	const struct nested *nested = call->broker->nested;
	struct stat st, replaced;

	if (fstatat(from->parent_fd, from->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	broker_about(call, OPERATION_WRITE, ASPECT_NAME, from->path);
	if (nested && mount_of(from->parent_fd) == mount_of(to->parent_fd) &&	/* else the kernel says EXDEV */
	    (broker_is_mounted_on(call, from) || broker_is_mounted_on(call, to)))
		return broker_because(call, CAUSE_BELOW, -EBUSY);
	if (nested && !nested_allows_move(nested, call->target.tid, st.st_dev, st.st_ino))
		return broker_because(call, CAUSE_BELOW, -EBUSY);
	if (nested && fstatat(to->parent_fd, to->name, &replaced, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !nested_allows_move(nested, call->target.tid, replaced.st_dev, replaced.st_ino))
		return broker_because(call, CAUSE_BELOW, -EBUSY);
	if (!S_ISDIR(st.st_mode)) {
		int r = broker_judge_socket_name(call, &st, from->path);

		return r < 0 ? r : broker_judge_link(call, to);
	}
	if (!broker_git_may_move(call, from, to))
		return broker_because(call, CAUSE_GIT, -EACCES);
	if (nested && !nested_allows_rename(nested, &call->target, from, to))
		return broker_because(call, CAUSE_BELOW, -EACCES);
	if (to->tree == TREE_FOREIGN)	/* and from, or the kernel says EXDEV */
		return 0;
	if (!policy_rename_allowed(call->broker->policy, from->path, to->path))
		return broker_because(call, CAUSE_BELOW, -EACCES);
	return broker_judge_socket_tree(call, from->path, to->path);
}

int broker_move(struct call *call, int from_at, uint64_t from_path, int to_at, uint64_t to_path, unsigned flags)
{
	autorelease struct place from = { .parent_fd = NO_FD }, to = { .parent_fd = NO_FD };
	char old_name[TARGET_NAME_MAX + 1], new_name[TARGET_NAME_MAX + 1];
	int r = broker_read_place(call, from_at, from_path, &from);

	if (r < 0)
		return r;
	if ((r = broker_new_place(call, to_at, to_path, false, &to)) < 0) {
		broker_is_gone(call, &from);
		return r;
	}
	if (is_dot(&from) || is_dot(&to))	/* do_renameat2(), fs/namei.c */
		return !is_dot(&from) && (flags & 1 /* RENAME_NOREPLACE */) ? -EEXIST : -EBUSY;
	if ((r = judge_object(call, &from)) < 0 || (r = judge_object(call, &to)) < 0 ||
	    (r = judge_move(call, &from, &to)) < 0)
		return r;
	if ((flags & 2 /* RENAME_EXCHANGE */) &&
	    ((r = broker_judge(call, &from)) < 0 || (r = judge_move(call, &to, &from)) < 0))
		return r;
	/* A trailing slash says "only a directory" to the kernel; it must not get lost. */
	snprintf(old_name, sizeof(old_name), "%s%s", from.name, from.slash ? "/" : "");
	snprintf(new_name, sizeof(new_name), "%s%s", to.name, to.slash ? "/" : "");
	return syscall(SYS_renameat2, from.parent_fd, old_name, to.parent_fd, new_name, flags) < 0 ?
		       broker_blame(call, &from, &to, -errno) : 0;
}
