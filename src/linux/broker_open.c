/* SPDX-License-Identifier: Apache-2.0 */
/* broker_open.c — opens on behalf: O_CREAT, and everything for writing.
 *
 * A regular file, there or new, is opened here and the descriptor handed over. A FIFO is opened by a helper
 * process, since that may wait for the other end. What knows its opener (procfs) or might become ours (a
 * terminal) is left to the caller, where its second Landlock domain lets it write nothing but devices and
 * procfs; where there is no such domain (a nested sandbox must be able to mount) it is opened here without
 * blocking.
 *
 * Descriptors under /proc/PID/fd are a way round the mounts: they reopen through the mount that they came by.
 * Reopened for writing is only what the rules let be written, or what is open for writing already. */
#include "linux/broker.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#define ACCESS_MODE (O_WRONLY | O_RDWR)	/* musl's O_ACCMODE has O_PATH in it */
#define I386_O_LARGEFILE 0100000
#define MAX_LINKS 40			/* as the kernel: path_resolution(7) */

static bool is_writing(int flags)
{
	return (flags & ACCESS_MODE) != O_RDONLY || (flags & O_TRUNC);
}

static bool is_tmpfile(int flags)
{
	return (flags & O_TMPFILE) == O_TMPFILE;
}

/* Whether the caller's own calls can make no name and write no file, so that it may be let go on. */
static bool may_go_on(const struct call *call)
{
	return call->broker->creation_domain;
}

static int go_on(struct call *call)
{
	call->go_on = true;
	return 0;
}

/* --- opening here ------------------------------------------------------------------------- */

/* Whether a 32-bit program that did not ask for it is about to get a file whose size its off_t cannot hold
 * (generic_file_open(), fs/open.c). openat2() always asks for it, truncate() opens nothing. */
static bool is_too_large(const struct call *call, int flags, int fd)
{
	int number = call->notif->data.nr;
	struct stat st;

	return call->target.narrow && !(flags & I386_O_LARGEFILE) && number != SYS_openat2 && number != SYS_truncate &&
	       fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > INT32_MAX;
}

/* Without blocking, and without taking a terminal; the caller gets back the file status flags it asked for. */
static int open_here(struct call *call, const struct place *place, int flags, mode_t mode)
{
	/* Emptied only when the caller has room for the descriptor; O_RDONLY|O_TRUNC cannot wait that long. */
	bool later = (flags & O_TRUNC) && (flags & ACCESS_MODE) != O_RDONLY;
	autoclose int fd = openat(place->parent_fd, place->name,
				  (flags & ~(later ? O_TRUNC : 0)) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (is_too_large(call, flags, fd))
		return -EOVERFLOW;
	if (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags & (O_APPEND | O_DIRECT | O_NOATIME)) < 0)
		return -errno;
	call->truncate = later && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	call->fd = take_fd(&fd);
	call->fd_flags = flags & O_CLOEXEC;
	return 0;
}

/* --- what waits --------------------------------------------------------------------------- */

/* For what may have to wait: a FIFO, a file under a lease. The object is held first, so that the helper opens
 * what was looked at. It ends when the open does, or when broker_sweep() finds that nobody waits for it any
 * more. */
static int open_by_helper(struct call *call, const struct place *place, int flags)
{
	autoclose int held = openat(place->parent_fd, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct helper *helper = broker_free_helper(call->broker);
	char path[32];
	pid_t pid;

	if (held < 0 || !helper)
		return held < 0 ? -errno : -EAGAIN;
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		call->helped = true;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", held);
		call->fd = sys_open(path, (flags & ~O_NOFOLLOW) | O_NOCTTY | O_CLOEXEC);
		call->fd_flags = flags & O_CLOEXEC;
		broker_reply(call, call->fd < 0 ? -errno : 0);
		_exit(0);
	}
	*helper = (struct helper){ .pid = pid, .id = call->notif->id };
	call->later = true;
	return 0;
}

/* --- procfs ------------------------------------------------------------------------------- */

int broker_descriptor_number(const struct target *target, const struct place *place)
{
	size_t size = strlen(place->path), name = strlen(place->name) + 1;
	char *end;
	long number;

	if (!place->name[0] || size < name + 3 || strncmp(place->path + size - name - 3, "/fd", 3) ||
	    !place_is_own_proc(target, place))
		return -1;
	number = strtol(place->name, &end, 10);
	return *end || number < 0 || number > INT32_MAX ? -1 : (int)number;
}

/* The descriptor itself, once more: what is open for writing grants nothing new by that. */
static int hand_back(struct call *call, int own, int flags)
{
	int mode = fcntl(own, F_GETFL);

	if (mode < 0 || (mode & ACCESS_MODE) == O_RDONLY)
		return -EACCES;
	call->fd = fcntl(own, F_DUPFD_CLOEXEC, 0);
	call->fd_flags = flags & O_CLOEXEC;
	return call->fd < 0 ? -errno : 0;
}

/* Files of the kernel's own look at who opens them, and some hand out that process's memory: they are never
 * opened here for others. */
static bool is_kernel_file(int fd)
{
	static const unsigned kernel[] = { 0x9fa0 /* procfs */,	     0x6e736673 /* nsfs */,
					   0x62656572 /* sysfs */,   0x64626720 /* debugfs */,
					   0x74726163 /* tracefs */, 0x73636673 /* securityfs */ };
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(kernel); i++)
		if ((unsigned)fs.f_type == kernel[i])
			return true;
	return false;
}

/* Opens anew what a descriptor of ours holds: what was judged, whatever the caller does to its own descriptors
 * meanwhile. */
static int open_held(struct call *call, int own, int flags)
{
	struct place held = { .parent_fd = sys_open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC) };
	int r;

	if (held.parent_fd < 0)
		return -errno;
	snprintf(held.name, sizeof(held.name), "%d", own);
	r = open_here(call, &held, flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW), 0);
	broker_release(&held);
	return r;
}

/* A regular file behind a descriptor, for writing. */
static int reopen(struct call *call, int own, int flags)
{
	char path[TARGET_PATH_MAX], link[32];
	ssize_t size;
	int r;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", own);
	size = readlink(link, path, sizeof(path) - 1);
	if (size < 0 || path[0] != '/')
		return hand_back(call, own, flags);
	path[size] = '\0';
	broker_about(call, OPERATION_WRITE, ASPECT_CONTENT, path);
	if (!broker_allows_object(call, own, path))
		return hand_back(call, own, flags);
	r = open_held(call, own, flags);
	return r == -EACCES || r == -EROFS ? hand_back(call, own, flags) : r;
}

static int open_on_proc(struct call *call, const struct place *place, int flags)
{
	int number = broker_descriptor_number(&call->target, place);
	autoclose int own = number < 0 ? -1 : target_descriptor(&call->target, number);
	bool ours = own >= 0 && !is_kernel_file(own);
	struct stat st;

	if (ours && fstat(own, &st) == 0 && S_ISREG(st.st_mode) && is_writing(flags))
		return reopen(call, own, flags);
	if (may_go_on(call)) {
		if (number < 0)
			broker_foresee(call, place, W_OK);
		return go_on(call);
	}
	if (number >= 0)
		return ours ? open_held(call, own, flags) : -EACCES;
	return broker_open_proc(call, place, flags);
}

/* --- what is there, and what is not ------------------------------------------------------- */

#define OVERFLOW_UID                                                                                           \
	65534 /* an owner that the box's user namespace does not know: two of them need not be one */

/* In a sticky directory that all may write, what belongs neither to us nor to the directory's owner is not to
 * be trusted: fs.protected_symlinks, protected_fifos and protected_regular (proc_sys_fs(5)). The kernel's own
 * checks see only links that it follows and files that it opens with O_CREAT itself. */
static bool is_trusted(const struct place *place, const struct stat *object)
{
	struct stat parent;

	if (fstat(place->parent_fd, &parent) < 0)
		return false;
	return (parent.st_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) || object->st_uid == geteuid() ||
	       (object->st_uid == parent.st_uid && object->st_uid != OVERFLOW_UID);
}

int broker_follow(const struct call *call, struct place *place, const struct stat *link)
{
	char text[TARGET_PATH_MAX];
	struct place next;
	ssize_t size = readlinkat(place->parent_fd, place->name, text, sizeof(text) - 1);
	int r;

	if (size < 0)
		return -errno;
	if (!is_trusted(place, link))
		return -EACCES;
	text[size] = '\0';
	r = place_follow(&call->target, place, text, &next);
	if (r < 0)
		return r;
	broker_settle(call, &next);
	next.slash |= place->slash;
	broker_release(place);
	*place = next;
	return 0;
}

/* Written where the rules say no: a mount says so first, in the kernel's own words; where none does any more, we do. */
static int refuse(struct call *call, const struct place *place, int flags)
{
	autoclose int fd = openat(place->parent_fd, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	if (fd >= 0 && fstatfs(fd, &fs) == 0 && (fs.f_flags & 1 /* ST_RDONLY */))
		return open_here(call, place, flags | O_NOFOLLOW, 0);
	return -EACCES;
}

#define TTY_DEVICE 0x500u		/* makedev(5, 0): "the terminal of whoever opens it" */

/* The number of the caller's controlling terminal, as in stat(2); 0: it has none. The program's name may hold anything
 * but the last parenthesis. */
static dev_t controlling_terminal(const struct target *target)
{
	char text[1024];
	autoclose int fd = target_open(target, "stat", O_RDONLY);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *rest;
	unsigned long number;

	text[size < 0 ? 0 : size] = '\0';
	rest = strrchr(text, ')');
	for (int field = 0; rest && field < 5; field++)	/* state, parent, group, session, and there */
		rest = strchr(rest + 1, ' ');
	number = rest ? strtoul(rest, NULL, 10) : 0;
	return makedev(number >> 8 & 0xfff, (number & 0xff) | (number >> 12 & 0xfff00));
}

/* /dev/tty is whose it is that opens it, and our session need not be the caller's: what it has open of its terminal is
 * opened anew. -ENXIO as the kernel says; where nothing of it is open, too. */
static int open_terminal(struct call *call, int flags)
{
	dev_t terminal = controlling_terminal(&call->target);

	for (int number = 0; terminal && number < 16; number++) {
		autoclose int fd = target_descriptor(&call->target, number);
		struct stat st;

		if (fd >= 0 && isatty(fd) && fstat(fd, &st) == 0 && st.st_rdev == terminal)
			return open_held(call, fd, flags);
	}
	return -ENXIO;
}

static int open_existing(struct call *call, const struct place *place, int flags, mode_t mode, const struct stat *st)
{
	const struct commit *commit;
	bool allowed;
	int r;

	if (is_tmpfile(flags)) {		/* a file without a name, in this directory */
		r = broker_allows(call, place) ? broker_take_umask(call) : refuse(call, place, O_PATH);

		return r < 0 ? r : open_here(call, place, flags, mode);
	}
	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if ((flags & O_CREAT) && S_ISDIR(st->st_mode))
		return -EISDIR;
	if ((flags & O_CREAT) && (S_ISREG(st->st_mode) || S_ISFIFO(st->st_mode)) && !is_trusted(place, st))
		return -EACCES;
	flags &= ~O_CREAT;		/* gone meanwhile: then it is another name to judge, see open_place() */
	if (place->slash && !S_ISDIR(st->st_mode))
		return -ENOTDIR;
	if (S_ISFIFO(st->st_mode) && !(flags & O_NONBLOCK))
		return open_by_helper(call, place, flags);
	if (!S_ISREG(st->st_mode) && !S_ISFIFO(st->st_mode) && may_go_on(call)) {
		broker_foresee(call, place, W_OK);
		return go_on(call);
	if (S_ISCHR(st->st_mode) && st->st_rdev == TTY_DEVICE)
		return open_terminal(call, flags);
	}
	allowed = broker_allows(call, place);
	broker_about(call, OPERATION_WRITE, ASPECT_CONTENT, place->path);
	if (S_ISREG(st->st_mode) && is_writing(flags) && broker_git_name(call, place, &commit) != GIT_NAME_NONE)
		return broker_because(call, CAUSE_GIT, refuse(call, place, flags));
	if (S_ISREG(st->st_mode) && is_writing(flags) && !allowed)
		return refuse(call, place, flags);
	r = open_here(call, place, flags | O_NOFOLLOW, 0);
	/* Somebody holds a lease on it (fcntl(2), F_SETLEASE): that, too, is waited for elsewhere. */
	return r == -EAGAIN && !(flags & O_NONBLOCK) ? open_by_helper(call, place, flags) : r;
}

static int open_new(struct call *call, struct place *place, int flags, mode_t mode)
{
	const struct commit *commit;
	enum git_name name;
	int r;

	if (!(flags & O_CREAT))
		return -ENOENT;
	name = broker_git_name(call, place, &commit);
	if (name != GIT_NAME_NONE) {
		broker_about(call, OPERATION_WRITE, ASPECT_NAME, place->path);
		return broker_because(call, CAUSE_GIT, broker_git_make(call, place, name, commit, mode));
	}
	r = broker_judge(call, place);
	if (r < 0 || (r = broker_take_umask(call)) < 0)
		return r;
	r = open_here(call, place, flags | O_NOFOLLOW | O_EXCL, mode);
	if (r == 0) {
		call->created_fd = take_fd(&place->parent_fd);
		strcpy(call->created, place->name);
	}
	return r;
}

static int open_place(struct call *call, struct place *place, int flags, mode_t mode)
{
	bool follows = !(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);

	for (int links = 0; links <= MAX_LINKS; links++) {
		struct stat st;
		int r;

		if ((flags & O_CREAT) && (place->slash || !strcmp(place->name, ".")))
			return (flags & O_EXCL) && !place->slash ? -EEXIST : -EISDIR;
		if (place->on_proc)
			return open_on_proc(call, place, flags);
		if (fstatat(place->parent_fd, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			r = errno == ENOENT ? open_new(call, place, flags, mode) : -errno;
			if (r == -EEXIST && !(flags & O_EXCL))
				continue;		/* somebody outside made it meanwhile */
			return r;
		}
		if (!S_ISLNK(st.st_mode) || !follows) {
			r = open_existing(call, place, flags, mode, &st);
			if (r == -ENOENT && (flags & O_CREAT))
				continue;
			return r;
		}
		r = broker_follow(call, place, &st);
		if (r < 0)
			return r;
	}
	return -ELOOP;
}

int broker_follow_all(struct call *call, struct place *place)
{
	struct stat st;
	int r = 0;

	for (int links = 0; r == 0 && links <= MAX_LINKS; links++) {
		if (fstatat(place->parent_fd, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		if (!S_ISLNK(st.st_mode))
			return 0;
		r = broker_follow(call, place, &st);
	}
	return r < 0 ? r : -ELOOP;
}

int broker_open(struct call *call, int at, uint64_t path, int flags, mode_t mode)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	int r;

	/* Opens nothing and makes nothing, whatever else is asked for (open(2)). These flags came in a
	 * register: nobody rewrites them. */
	if ((flags & O_PATH) && call->notif->data.nr != SYS_openat2)
		return go_on(call);
	if ((flags & O_CREAT) && (flags & O_DIRECTORY))
		return -EINVAL;			/* since Linux 6.3; older kernels made a file of it */
	r = broker_read_place(call, at, path, &place);
	if (r < 0)
		return r;
	return broker_is_waiting(call) ? open_place(call, &place, flags, mode) : -ESRCH;
}

/* openat2() keeps its flags in memory. What only reads may go on, whatever it is rewritten to: the second
 * domain sees to that. Without that domain, and for its ways of resolving, callers fall back to openat(). */
int broker_open_how(struct call *call)
{
	const __u64 *a = call->notif->data.args;
	struct sys_open_how how = { 0 };

	if (a[3] < sizeof(how))
		return -EINVAL;
	if (target_read(&call->target, a[2], &how, sizeof(how)) < 0)
		return -EFAULT;
	if (how.mode & (S_ISUID | S_ISGID))
		return -EPERM;
	if (((how.flags & O_PATH) || (!(how.flags & O_CREAT) && !is_writing((int)how.flags))) && may_go_on(call))
		return go_on(call);
	if (a[3] > sizeof(how) || how.resolve || !(how.flags & O_CREAT || is_writing((int)how.flags)))
		return -ENOSYS;
	return broker_open(call, (int)a[0], a[1], (int)how.flags, (mode_t)how.mode);
}

int broker_truncate(struct call *call, uint64_t path, int64_t size)
{
	int r = broker_open(call, AT_FDCWD, path, O_WRONLY, 0);

	if (r < 0 || call->fd == NO_FD)		/* a device or a FIFO: nothing to cut */
		return r < 0 || call->go_on ? r : -EINVAL;
	r = ftruncate(call->fd, size) < 0 ? -errno : 0;
	cleanup_fd(&call->fd);
	return r;
}
