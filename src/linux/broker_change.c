/* SPDX-License-Identifier: Apache-2.0 */
/* broker_change.c — takes names away and changes modes, owners, times and attributes, on behalf.
 *
 * The mounts hold these calls, so they need no broker; they come here only when somebody wants to know what is refused
 * (watched.def), and are made here, so that what is recorded is the kernel's own answer. Whatever cannot be made for
 * another process as it would itself (files of procfs, another root, memory that is closed to us) is left to the
 * kernel: nothing would be gained or lost by that but a line of the report. */
#include "linux/broker.h"

#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <utime.h>

#define MAX_LINKS	40
#define VALUE_MAX	65536		/* XATTR_SIZE_MAX */
#define NAME_BYTES	256		/* XATTR_NAME_MAX, and the NUL */

static int go_on(struct call *call)
{
	call->go_on = true;
	return 0;
}

/* A process whose memory is closed to us (target.c) says EACCES to the first look. */
static int read_place(struct call *call, int at, uint64_t path, enum event_aspect aspect, struct place *ret_place)
{
	char text[TARGET_PATH_MAX];
	int r = target_read_path(&call->target, path, text);

	if (r == -EACCES || call->target.own_root)
		return go_on(call);
	r = r < 0 ? r : place_find(&call->target, at, text, ret_place);
	if (r == 0)
		broker_settle(call, ret_place);
	if (r == 0 && ret_place->on_proc)
		go_on(call);
	if (r == 0)
		broker_about(call, OPERATION_WRITE, aspect, ret_place->path);
	else
		broker_about_unfound(call, OPERATION_WRITE, aspect, at, text);
	return r == 0 && !broker_is_waiting(call) ? -ESRCH : r;
}

/* --- names -------------------------------------------------------------------------------- */

static int remove_name(struct call *call, int at, uint64_t path, int flags)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	char name[TARGET_NAME_MAX + 1];
	int r = read_place(call, at, path, ASPECT_NAME, &place);

	if (r < 0 || call->go_on)
		return r;
	snprintf(name, sizeof(name), "%s%s", place.name, place.slash ? "/" : "");
	if (unlinkat(place.parent_fd, name, flags) == 0)
		return 0;
	return broker_blame(call, &place, &place, -errno);
}

/* --- objects ------------------------------------------------------------------------------ */

struct change {
	enum { CHANGE_MODE, CHANGE_OWNER, CHANGE_TIMES, CHANGE_ATTRIBUTE, CHANGE_NO_ATTRIBUTE } kind;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	bool now;			/* CHANGE_TIMES: no times */
	struct timespec times[2];
	char name[NAME_BYTES];
	const void *value;
	size_t size;
	int flags;
};

/* By the kernel's own link to what fd holds, which is good for symbolic links and for O_PATH, too. */
static int apply(const struct change *change, int fd)
{
	char path[32];
	int r = -1;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	switch (change->kind) {
	case CHANGE_MODE:
		r = chmod(path, change->mode);
		break;
	case CHANGE_OWNER:
		r = fchownat(fd, "", change->uid, change->gid, AT_EMPTY_PATH);
		break;
	case CHANGE_TIMES:
		r = utimensat(AT_FDCWD, path, change->now ? NULL : change->times, 0);
		break;
	case CHANGE_ATTRIBUTE:
		r = setxattr(path, change->name, change->value, change->size, change->flags);
		break;
	case CHANGE_NO_ATTRIBUTE:
		r = removexattr(path, change->name);
		break;
	}
	return r < 0 ? -errno : 0;
}

/* A user whom the box does not know: root may give files to anybody outside. */
static int refuse_user(struct call *call, const struct change *change, int result)
{
	if (change->kind != CHANGE_OWNER || result != -EINVAL || call->broker->policy->uid != 0)
		return result;
	broker_about(call, OPERATION_KERNEL, ASPECT_ROOT, "chown");
	broker_detail(call, "chown", "the box knows one user and one group");
	return broker_because(call, CAUSE_KERNEL, result);
}

/* What a place holds, through symbolic links or not. */
static int open_object(struct call *call, struct place *place, bool follow)
{
	for (int links = 0; links <= MAX_LINKS; links++) {
		autoclose int fd = openat(place->parent_fd, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		struct stat st;
		int r;

		if (fd < 0 || fstat(fd, &st) < 0)
			return -errno;
		if (!S_ISLNK(st.st_mode) || (!follow && !place->slash)) {
			broker_about(call, OPERATION_WRITE, ASPECT_OWNER, place->path);
			return place->slash && !S_ISDIR(st.st_mode) ? -ENOTDIR : take_fd(&fd);
		}
		r = broker_follow(call, place, &st);
		if (r < 0)
			return r;
		if (place->on_proc) {
			go_on(call);
			return NO_FD;
		}
	}
	return -ELOOP;
}

static int change_place(struct call *call, int at, uint64_t path, bool follow, const struct change *change)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	autoclose int fd = NO_FD;
	int r = read_place(call, at, path, ASPECT_OWNER, &place);

	if (r < 0 || call->go_on)
		return r;
	fd = open_object(call, &place, follow);
	if (fd < 0)
		return call->go_on ? 0 : fd;
	return refuse_user(call, change, apply(change, fd));
}

static int change_descriptor(struct call *call, int number, const struct change *change)
{
	autoclose int fd = target_descriptor(&call->target, number);
	char link[32], path[TARGET_PATH_MAX];
	ssize_t size;

	if (fd < 0)
		return fd;
	if (fcntl(fd, F_GETFL) & O_PATH)
		return -EBADF;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof(path) - 1);
	if (size <= 0 || path[0] != '/')
		return go_on(call);	/* a pipe, a socket */
	path[size] = '\0';
	broker_about(call, OPERATION_WRITE, ASPECT_OWNER, path);
	return broker_is_waiting(call) ? refuse_user(call, change, apply(change, fd)) : -ESRCH;
}

/* The calls whose path may be "" (AT_EMPTY_PATH), which then mean the descriptor, also one of O_PATH. */
static int change_at(struct call *call, int at, uint64_t path, int flags, const struct change *change)
{
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		return go_on(call);
	return change_place(call, at, path, !(flags & AT_SYMLINK_NOFOLLOW), change);
}

/* --- times -------------------------------------------------------------------------------- */

static int read_times(struct call *call, uint64_t address, struct change *ret_change)
{
	*ret_change = (struct change){ .kind = CHANGE_TIMES, .now = !address };
	return address ? target_read(&call->target, address, ret_change->times, sizeof(ret_change->times)) : 0;
}

static int change_times(struct call *call, int at, uint64_t path, uint64_t times, int flags)
{
	struct change change;
	int r = read_times(call, times, &change);

	if (r < 0)
		return r == -EACCES ? go_on(call) : r;
	return path ? change_at(call, at, path, flags, &change) : change_descriptor(call, at, &change);
}

/* utimes(2): microseconds. */
static int change_times_old(struct call *call, int at, uint64_t path, uint64_t times)
{
	struct change change;
	int r = read_times(call, times, &change);

	if (r < 0)
		return r == -EACCES ? go_on(call) : r;
	for (size_t i = 0; i < 2; i++) {
		if (change.times[i].tv_nsec < 0 || change.times[i].tv_nsec >= 1000000)
			return -EINVAL;
		change.times[i].tv_nsec *= 1000;
	}
	return path ? change_place(call, at, path, true, &change) : change_descriptor(call, at, &change);
}

static int change_times_oldest(struct call *call, uint64_t path, uint64_t times)
{
	struct change change = { .kind = CHANGE_TIMES, .now = !times };
	int64_t seconds[2] = { 0 };
	int r = times ? target_read(&call->target, times, seconds, sizeof(seconds)) : 0;

	if (r < 0)
		return r == -EACCES ? go_on(call) : r;
	change.times[0].tv_sec = seconds[0];
	change.times[1].tv_sec = seconds[1];
	return change_place(call, AT_FDCWD, path, true, &change);
}

/* --- attributes --------------------------------------------------------------------------- */

static int read_attribute(struct call *call, const __u64 *a, bool value, struct change *ret_change)
{
	static char bytes[VALUE_MAX];	/* the broker answers one call at a time */
	char name[TARGET_PATH_MAX];
	int r = target_read_path(&call->target, a[1], name);

	if (r < 0)
		return r == -ENAMETOOLONG ? -ERANGE : r;
	if (strlen(name) >= sizeof(ret_change->name))
		return -ERANGE;
	*ret_change = (struct change){ .kind = value ? CHANGE_ATTRIBUTE : CHANGE_NO_ATTRIBUTE };
	strcpy(ret_change->name, name);
	if (!value)
		return 0;
	if (a[3] > sizeof(bytes))
		return -E2BIG;
	ret_change->value = bytes;
	ret_change->size = a[3];
	ret_change->flags = (int)a[4];
	return a[3] ? target_read(&call->target, a[2], bytes, a[3]) : 0;
}

static int change_attribute(struct call *call, bool value, bool follow)
{
	const __u64 *a = call->notif->data.args;
	struct change change;
	int r = read_attribute(call, a, value, &change);

	if (r < 0)
		return r == -EACCES ? go_on(call) : r;
	return change_place(call, AT_FDCWD, a[0], follow, &change);
}

static int change_descriptor_attribute(struct call *call, bool value)
{
	const __u64 *a = call->notif->data.args;
	struct change change;
	int r = read_attribute(call, a, value, &change);

	if (r < 0)
		return r == -EACCES ? go_on(call) : r;
	return change_descriptor(call, (int)a[0], &change);
}

/* --- the calls ---------------------------------------------------------------------------- */

static int change_mode(struct call *call, int at, uint64_t path, uint64_t mode, int flags)
{
	struct change change = { .kind = CHANGE_MODE, .mode = (mode_t)mode & 07777 };

	return change_at(call, at, path, flags, &change);
}

/* A process with capabilities in a namespace of its own means other users by its numbers. */
static int change_owner(struct call *call, int at, uint64_t path, uint64_t uid, uint64_t gid, int flags)
{
	struct change change = { .kind = CHANGE_OWNER, .uid = (uid_t)uid, .gid = (gid_t)gid };

	return call->broker->nested ? go_on(call) : change_at(call, at, path, flags, &change);
}

static int change_descriptor_owner(struct call *call, int fd, uint64_t uid, uint64_t gid)
{
	struct change change = { .kind = CHANGE_OWNER, .uid = (uid_t)uid, .gid = (gid_t)gid };

	return call->broker->nested ? go_on(call) : change_descriptor(call, fd, &change);
}

int broker_change(struct call *call)
{
	struct change mode = { .kind = CHANGE_MODE };
	const __u64 *a = call->notif->data.args;

	switch (call->notif->data.nr) {
#ifdef SYS_unlink
	case SYS_unlink: return remove_name(call, AT_FDCWD, a[0], 0);
	case SYS_rmdir: return remove_name(call, AT_FDCWD, a[0], AT_REMOVEDIR);
	case SYS_chmod: return change_mode(call, AT_FDCWD, a[0], a[1], 0);
	case SYS_chown: return change_owner(call, AT_FDCWD, a[0], a[1], a[2], 0);
	case SYS_lchown: return change_owner(call, AT_FDCWD, a[0], a[1], a[2], AT_SYMLINK_NOFOLLOW);
	case SYS_utime: return change_times_oldest(call, a[0], a[1]);
	case SYS_utimes: return change_times_old(call, AT_FDCWD, a[0], a[1]);
	case SYS_futimesat: return change_times_old(call, (int)a[0], a[1], a[2]);
#endif
	case SYS_unlinkat: return remove_name(call, (int)a[0], a[1], (int)a[2]);
	case SYS_fchmod:
		mode.mode = (mode_t)a[1] & 07777;
		return change_descriptor(call, (int)a[0], &mode);
	case SYS_fchmodat: return change_mode(call, (int)a[0], a[1], a[2], 0);
	case SYS_FCHMODAT2: return change_mode(call, (int)a[0], a[1], a[2], (int)a[3]);
	case SYS_fchown: return change_descriptor_owner(call, (int)a[0], a[1], a[2]);
	case SYS_fchownat: return change_owner(call, (int)a[0], a[1], a[2], a[3], (int)a[4]);
	case SYS_utimensat: return change_times(call, (int)a[0], a[1], a[2], (int)a[3]);
	case SYS_setxattr: return change_attribute(call, true, true);
	case SYS_lsetxattr: return change_attribute(call, true, false);
	case SYS_fsetxattr: return change_descriptor_attribute(call, true);
	case SYS_removexattr: return change_attribute(call, false, true);
	case SYS_lremovexattr: return change_attribute(call, false, false);
	case SYS_fremovexattr: return change_descriptor_attribute(call, false);
	default: return broker_watch(call);
	}
}
