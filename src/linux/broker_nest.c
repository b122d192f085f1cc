/* SPDX-License-Identifier: Apache-2.0 */
/* broker_nest.c — calls that are made on behalf only where the command may have namespaces of its own.
 *
 * There mounts alone do not hold what they hold otherwise:
 *	unlink, rmdir	the kernel refuses them for a name on which a mount stands, but looks at the caller's mount
 *			namespace only, and a process may leave the mounts of its own behind (pivot_root(2), umount2(2))
 *			and keep descriptors into them. Made here they are judged by the box's mounts, pins included,
 *			and by those that the caller sees besides, which may be an inner box's.
 *	mount, fsopen	of another file system. An overlay makes and removes names in a directory of the box by itself,
 *			unseen by the filter; so only kinds come to be that keep to themselves.
 *	setxattr	a process that is root in its namespace may give capabilities to a file, and these count
 *			wherever that user is root again.
 *	/proc		files there know their opener, who may be somebody that no process of ours is.
 * What takes a mount or another identity is done by a replica of the caller (replica.c).
 *
 * Should: act on copies. Mustn't: let the kernel go on with a path or a name that the caller can change. */
#include "linux/replica.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#define PROC_MAGIC 0x9fa0		/* PROC_SUPER_MAGIC */
#define NS_GET_PARENT 0xb702		/* ioctl_ns(2) */

/* --- names taken away --------------------------------------------------------------------- */

bool broker_is_mounted_on(const struct call *call, const struct place *place)
{
	struct sys_statx st = { 0 };

	return call->broker->nested &&
	       sys_statx(place->parent_fd, place->name, AT_SYMLINK_NOFOLLOW, SYS_STATX_MNT_ID, &st) == 0 &&
	       (st.attributes & SYS_STATX_ATTR_MOUNT_ROOT);
}

static int remove_name(struct call *call, int at, uint64_t path, int flags)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	char name[TARGET_NAME_MAX + 1];
	struct stat st;
	int r = broker_read_place(call, at, path, &place);

	if (r < 0 || (r = broker_is_waiting(call) ? 0 : -ESRCH) < 0)
		return r;
	broker_about(call, OPERATION_WRITE, ASPECT_NAME, place.path);
	if (broker_is_mounted_on(call, &place))
		return broker_because(call, CAUSE_BELOW, -EBUSY);
	if (fstatat(place.parent_fd, place.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !nested_allows_move(call->broker->nested, call->target.tid, st.st_dev, st.st_ino))
		return broker_because(call, CAUSE_BELOW, -EBUSY);
	strcpy(name, place.name);
	strcat(name, place.slash ? "/" : "");	/* "only a directory" */
	return unlinkat(place.parent_fd, name, flags) < 0 ? -errno : 0;
}

/* --- file systems ------------------------------------------------------------------------- */

/* Kinds that a user namespace may mount, and that touch nothing which was there before. */
static const char *const kinds[] = { "devpts", "mqueue", "proc", "ramfs", "tmpfs" };

static bool is_kind(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kind, kinds[i]))
			return true;
	return false;
}

struct mounting {
	char source[TARGET_PATH_MAX], target[TARGET_PATH_MAX], kind[TARGET_PATH_MAX], data[TARGET_PATH_MAX];
	bool has_source, has_data;
	unsigned long flags;
};

static int open_kind(struct call *call, const void *argument)
{
	const struct mounting *m = argument;

	call->fd = (int)syscall(SYS_fsopen, m->kind, m->flags | SYS_FSOPEN_CLOEXEC);
	call->fd_flags = m->flags & SYS_FSOPEN_CLOEXEC ? O_CLOEXEC : 0;
	return call->fd < 0 ? -errno : 0;
}

static int mount_kind(struct call *call, const void *argument)
{
	const struct mounting *m = argument;

	(void)call;
	return mount(m->has_source ? m->source : NULL, m->target, m->kind, m->flags, m->has_data ? m->data : NULL) < 0 ?
		       -errno : 0;
}

/* ENODEV: "not configured in the kernel", and programs go on without. */
static int read_kind(const struct call *call, uint64_t address, struct mounting *mounting)
{
	int r = target_read_path(&call->target, address, mounting->kind);

	return r < 0 ? r : is_kind(mounting->kind) ? 0 : -ENODEV;
}

static int open_kind_for(struct call *call, uint64_t kind, unsigned flags)
{
	static struct mounting mounting;
	int r = read_kind(call, kind, &mounting);

	mounting.flags = flags;
	return r < 0 ? r : broker_replicate(call, open_kind, &mounting);
}

static int read_optional(const struct call *call, uint64_t address, char text[TARGET_PATH_MAX], bool *ret_there)
{
	*ret_there = address != 0;
	return address ? target_read_path(&call->target, address, text) : 0;
}

static int mount_kind_for(struct call *call, const __u64 *arguments)
{
	static struct mounting mounting;	/* of the broker's only thread; a replica has a copy */
	int r = read_kind(call, arguments[2], &mounting);

	mounting.flags = arguments[3];
	if (r < 0 || (r = read_optional(call, arguments[0], mounting.source, &mounting.has_source)) < 0 ||
	    (r = target_read_path(&call->target, arguments[1], mounting.target)) < 0 ||
	    (r = read_optional(call, arguments[4], mounting.data, &mounting.has_data)) < 0)
		return r;
	return broker_replicate(call, mount_kind, &mounting);
}

/* --- files of /proc ----------------------------------------------------------------------- */

struct opening { const struct place *place; int flags; };

/* Opened, and then looked at: nothing else of the caller's is handed out. */
static int take_proc_file(struct call *call, int fd, int flags)
{
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return errno == ELOOP ? -EACCES : -errno;
	call->fd = fd;
	call->fd_flags = flags & O_CLOEXEC;
	if (!(flags & O_NONBLOCK))	/* of no consequence here, but the caller can see it */
		fcntl(fd, F_SETFL, flags & O_APPEND);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && fstatfs(fd, &fs) == 0 && fs.f_type == PROC_MAGIC)
		return 0;
	cleanup_fd(&call->fd);
	return -EACCES;
}

static int proc_flags(int flags)
{
	return (flags & ~(O_CREAT | O_EXCL | O_TRUNC)) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
}

/* What /proc/sys holds depends on who looks it up. */
static int open_proc(struct call *call, const void *argument)
{
	const struct opening *opening = argument;
	const struct place *place = opening->place;
	bool looked_up = strstr(place->path, "/sys/") != NULL;
	int flags = proc_flags(opening->flags);

	return take_proc_file(call,
			      looked_up ? sys_open(place->seen[0] ? place->seen : place->path, flags) :
					  openat(place->parent_fd, place->name, flags),
			      opening->flags);
}

/* The kernel maps root for who has CAP_SETFCAP over the namespace above (verify_root_map()). We have it over our own,
 * and by joining them over all below. */
static int open_map(struct call *call, const void *argument)
{
	const struct opening *opening = argument;
	autoclose int space = openat(opening->place->parent_fd, "ns/user", O_RDONLY | O_CLOEXEC);
	autoclose int above = space < 0 ? -1 : ioctl(space, NS_GET_PARENT);

	if (above < 0)
		return -EACCES;
	if (!nested_is_own(call->broker->nested, above) && setns(above, CLONE_NEWUSER) < 0)
		return -errno;
	return open_proc(call, opening);
}

/* Not memory: that would take the caller's Landlock domain, too, to ask. */
int broker_open_proc(struct call *call, const struct place *place, int flags)
{
	const struct opening opening = { .place = place, .flags = flags };

	if (!strcmp(place->name, "mem"))
		return -EACCES;
	if (call->broker->maps_root && !strcmp(place->name, "uid_map"))
		return broker_help(call, open_map, &opening);
	return broker_replicate(call, open_proc, &opening);
}

/* --- extended attributes ------------------------------------------------------------------ */

#define ATTRIBUTE_MAX ((size_t)64 * 1024)	/* XATTR_SIZE_MAX */

struct attribute {
	char name[TARGET_NAME_MAX];
	char value[ATTRIBUTE_MAX];
	size_t size;
	int flags;
};

static int read_attribute(const struct call *call, uint64_t name, uint64_t value, uint64_t size, int flags,
			  struct attribute *ret)
{
	char text[TARGET_PATH_MAX];
	int r = target_read_path(&call->target, name, text);

	if (r < 0)
		return r;
	if (!text[0] || strlen(text) >= sizeof(ret->name))
		return -ERANGE;
	if (size > sizeof(ret->value))
		return -E2BIG;
	if (!strcmp(text, "security.capability"))
		return -EPERM;
	strcpy(ret->name, text);
	ret->size = size;
	ret->flags = flags;
	return size ? target_read(&call->target, value, ret->value, size) : 0;
}

static int set_on_held(int fd, const struct attribute *attribute)
{
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return setxattr(link, attribute->name, attribute->value, attribute->size, attribute->flags) < 0 ? -errno : 0;
}

/* The link itself: by its name in the directory that is held. */
static int set_on_link(struct broker *broker, const struct place *place, const struct attribute *attribute)
{
	int r;

	if (fchdir(place->parent_fd) < 0)
		return -errno;
	r = lsetxattr(place->name, attribute->name, attribute->value, attribute->size, attribute->flags);
	r = r < 0 ? -errno : 0;
	broker_go_home(broker);
	return r;
}

static int set_attribute(struct call *call, int at, uint64_t path, bool follow, const struct attribute *attribute)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	autoclose int held = -1;
	struct stat st;
	int r = broker_read_place(call, at, path, &place);

	if (r == 0 && follow)
		r = broker_follow_all(call, &place);
	if (r < 0 || (r = broker_is_waiting(call) ? 0 : -ESRCH) < 0)
		return r;
	if (fstatat(place.parent_fd, place.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return set_on_link(call->broker, &place, attribute);
	held = openat(place.parent_fd, place.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return held < 0 ? -errno : set_on_held(held, attribute);
}

static int set_attribute_of_path(struct call *call, bool follow)
{
	static struct attribute attribute;
	const __u64 *a = call->notif->data.args;
	int r = read_attribute(call, a[1], a[2], a[3], (int)a[4], &attribute);

	return r < 0 ? r : set_attribute(call, AT_FDCWD, a[0], follow, &attribute);
}

static int set_attribute_of_descriptor(struct call *call)
{
	static struct attribute attribute;
	const __u64 *a = call->notif->data.args;
	autoclose int own = -1;
	int r = read_attribute(call, a[1], a[2], a[3], (int)a[4], &attribute);

	if (r < 0)
		return r;
	own = target_descriptor(&call->target, (int)a[0]);
	if (own < 0)
		return own;
	return fsetxattr(own, attribute.name, attribute.value, attribute.size, attribute.flags) < 0 ? -errno : 0;
}

/* --- the calls ---------------------------------------------------------------------------- */

int broker_nest(struct call *call)
{
	const __u64 *a = call->notif->data.args;

	switch (call->notif->data.nr) {
#ifdef SYS_unlink	/* as in make_call() */
	case SYS_unlink: return remove_name(call, AT_FDCWD, a[0], 0);
	case SYS_rmdir: return remove_name(call, AT_FDCWD, a[0], AT_REMOVEDIR);
#endif
	case SYS_unlinkat: return remove_name(call, (int)a[0], a[1], (int)a[2]);
	case SYS_fsopen: return open_kind_for(call, a[0], (unsigned)a[1]);
	case SYS_mount: return mount_kind_for(call, a);
	case SYS_setxattr: return set_attribute_of_path(call, true);
	case SYS_lsetxattr: return set_attribute_of_path(call, false);
	case SYS_fsetxattr: return set_attribute_of_descriptor(call);
	case SYS_SETXATTRAT: return -ENOSYS;
	default: return broker_change(call);
	}
}
