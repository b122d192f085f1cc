/* SPDX-License-Identifier: Apache-2.0 */
/* broker.c — makes names on behalf of the command, or refuses to.
 *
 * A mask covers what exists. A protected or denied name that is missing has nothing to cover, and a placeholder would be seen by the
 * whole host and survive a SIGKILL. So every call that makes a name or moves one is trapped (seccomp_unotify(2)) and made here, by
 * pid 1: it copies the path, opens the directory that the path leads to, asks policy_decide() about that directory's own path and the
 * name, and makes the call itself through the descriptor it holds. Nothing is checked and then left to the caller, so there is nothing
 * to race: what the caller rewrites meanwhile is not looked at again. pid 1 has the caller's uid, groups, mounts and first Landlock
 * domain, and takes its umask, so the kernel judges everything else as it would have.
 *
 * Two calls are let go on instead: an open that finds something other than a regular file (a FIFO would block us, a terminal might
 * become ours), or a path on procfs, which knows its reader. The second Landlock domain refuses them the making of names, so the
 * race that is left opens what exists. Where there is no such domain (a nested sandbox must be able to mount), they are made here
 * without blocking.
 *
 * Should: answer every notification. Mustn't: block, allocate, act on a path twice. */
#include "linux/nested.h"
#include "linux/target.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/un.h>

#define MAX_LINKS 40			/* as the kernel: path_resolution(7) */
#define NO_FD (-1)

/* Linux 5.14, 6.6: not in the headers of Debian 12's libc */
#define NOTIF_IOCTL_RECV	0xc0502100u
#define NOTIF_IOCTL_SEND	0xc0182101u
#define NOTIF_IOCTL_ID_VALID	0x40082102u
#define NOTIF_IOCTL_ADDFD	0x40182103u
#define NOTIF_IOCTL_SET_FLAGS	0x40082104u
#define NOTIF_SYNC_WAKE_UP	1u
#define ADDFD_SEND		2u

struct notif { uint64_t id; uint32_t pid, flags; struct seccomp_data data; };
struct notif_resp { uint64_t id; int64_t value; int32_t error; uint32_t flags; };
struct notif_addfd { uint64_t id; uint32_t flags, srcfd, newfd, newfd_flags; };

_Static_assert(sizeof(struct notif) == 0x50 && sizeof(struct notif_resp) == 0x18 && sizeof(struct notif_addfd) == 0x18,
	       "as in <linux/seccomp.h>: the ioctl numbers hold the sizes");

struct call {
	struct broker *broker;
	const struct notif *notif;
	struct target target;
	bool go_on;			/* let the kernel make the call itself */
	int fd, fd_flags;		/* a descriptor to hand over instead of a number, or NO_FD */
	bool answered;			/* or nobody is there any more */
};

static uint64_t argument(const struct call *call, int index)
{
	return call->notif->data.args[index];
}

/* --- judging ------------------------------------------------------------------------------------------------------------------ */

static bool is_same_object(const struct missing *missing, const struct stat *parent, const char *name)
{
	return missing->device == parent->st_dev && missing->inode == parent->st_ino &&
	       !(missing->nocase ? strcasecmp : strcmp)(missing->name, name);
}

/* A nested sandbox sees the tree at other paths than we do: there the object decides, and the path where it is the same for both. */
static bool is_allowed_nested(const struct call *call, const struct place *place)
{
	const struct broker *broker = call->broker;
	char parent[TARGET_PATH_MAX];
	struct decision decision;
	struct stat st, here;

	if (fstat(place->parent_fd, &st) < 0)
		return false;
	for (size_t i = 0; i < broker->missing_count; i++)
		if (is_same_object(&broker->missing[i], &st, place->name))
			return false;
	if (!nested_allows_name(broker->nested, call->target.tid, st.st_dev, st.st_ino, place->name, place->path))
		return false;
	memcpy(parent, place->path, sizeof(parent));
	parent[strlen(parent) - strlen(path_base(parent))] = '\0';
	if (stat(parent[0] ? parent : "/", &here) < 0 || here.st_dev != st.st_dev || here.st_ino != st.st_ino)
		return true;		/* not a place that our rules speak of; its mounts are what they are */
	policy_decide(broker->policy, OPERATION_WRITE, place->path, &decision);
	return decision.allowed;
}

static bool is_allowed(const struct call *call, const struct place *place)
{
	struct decision decision;

	if (call->target.own_root)
		return is_allowed_nested(call, place);
	policy_decide(call->broker->policy, OPERATION_WRITE, place->path, &decision);
	return decision.allowed;
}

/* 0, or the errno to refuse with. What exists is left to the kernel, whose mounts hold the rules (mkdir -p relies on EEXIST); a deny
 * glob holds for what others made since the start, too. */
static int judge(const struct call *call, const struct place *place)
{
	struct statfs fs;
	struct stat st;

	if (is_allowed(call, place))
		return 0;
	if (fstatat(place->parent_fd, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (fstatfs(place->parent_fd, &fs) == 0 && (fs.f_flags & 1 /* ST_RDONLY */))
		return -EROFS;
	return -EACCES;
}

/* --- places of a call --------------------------------------------------------------------------------------------------------- */

static int read_place(const struct call *call, int at, uint64_t address, struct place *ret_place)
{
	char path[TARGET_PATH_MAX];
	int r = target_read_path(&call->target, address, path);

	return r < 0 ? r : place_find(&call->target, at, path, ret_place);
}

static void release(struct place *place)
{
	cleanup_fd(&place->parent_fd);
}

#define autorelease __attribute__((cleanup(release)))

static bool is_waiting(const struct call *call)
{
	return ioctl(call->broker->listener_fd, NOTIF_IOCTL_ID_VALID, &call->notif->id) == 0;
}

/* Finds the place of a new name and judges it. */
static int new_place(const struct call *call, int at, uint64_t address, struct place *ret_place)
{
	int r = read_place(call, at, address, ret_place);

	if (r == 0 && !is_waiting(call))	/* else its pid may be another's by now */
		r = -ESRCH;
	if (r == 0)
		r = judge(call, ret_place);
	if (r < 0)
		release(ret_place);
	return r;
}

static int take_umask(const struct call *call)
{
	int mask = target_umask(&call->target);

	if (mask >= 0)
		umask((mode_t)mask);
	return mask < 0 ? mask : 0;
}

/* --- the calls: 0 or -errno ---------------------------------------------------------------------------------------------------- */

static int make_directory(struct call *call, int at, uint64_t path, mode_t mode)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	int r = new_place(call, at, path, &place);

	if (r < 0 || (r = take_umask(call)) < 0)
		return r;
	return mkdirat(place.parent_fd, place.name, mode) < 0 ? -errno : 0;
}

static int make_node(struct call *call, int at, uint64_t path, mode_t mode, dev_t device)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	int r = new_place(call, at, path, &place);

	if (r < 0 || (r = take_umask(call)) < 0)
		return r;
	if (place.slash)
		return -ENOENT;
	return mknodat(place.parent_fd, place.name, mode, device) < 0 ? -errno : 0;
}

static int make_symlink(struct call *call, uint64_t target, int at, uint64_t path)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	char text[TARGET_PATH_MAX];
	int r = target_read_path(&call->target, target, text);

	if (r < 0 || (r = new_place(call, at, path, &place)) < 0)
		return r;
	if (place.slash)
		return -ENOENT;
	return symlinkat(text, place.parent_fd, place.name) < 0 ? -errno : 0;
}

/* The source of a link: a name that is not followed, or an object that is held open: what AT_EMPTY_PATH or AT_SYMLINK_FOLLOW name. */
static int link_object(struct call *call, int at, const char *path, int flags, const struct place *to)
{
	char object[TARGET_PATH_MAX + 32];
	autoclose int fd = -1;

	if ((flags & AT_EMPTY_PATH) && !path[0])
		fd = target_descriptor(&call->target, at);
	else {
		autorelease struct place from = { .parent_fd = NO_FD };
		int r = place_find(&call->target, at, path, &from);

		if (r < 0)
			return r;
		fd = openat(from.parent_fd, from.name, O_PATH | O_CLOEXEC);
		if (fd < 0)
			return -errno;
	}
	if (fd < 0)
		return fd;
	snprintf(object, sizeof(object), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, object, to->parent_fd, to->name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

static int make_link(struct call *call, int from_at, uint64_t from_path, int to_at, uint64_t to_path, int flags)
{
	autorelease struct place from = { .parent_fd = NO_FD }, to = { .parent_fd = NO_FD };
	char path[TARGET_PATH_MAX];
	int r = target_read_path(&call->target, from_path, path);

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (r < 0 || (r = new_place(call, to_at, to_path, &to)) < 0)
		return r;
	if (to.slash)
		return -ENOENT;
	if ((flags & AT_SYMLINK_FOLLOW) || ((flags & AT_EMPTY_PATH) && !path[0]))
		return link_object(call, from_at, path, flags, &to);
	r = place_find(&call->target, from_at, path, &from);
	if (r < 0)
		return r;
	if (from.slash)
		return -ENOTDIR;
	return linkat(from.parent_fd, from.name, to.parent_fd, to.name, 0) < 0 ? -errno : 0;
}

/* What a rename may not do beyond making a name: take a tree from under its rules, or, where we stand in another mount namespace than
 * the caller, something that an inner box has mounted on. */
static int judge_move(const struct call *call, const struct place *from, const struct place *to)
{
	const struct nested *nested = call->broker->nested;
	struct stat st, replaced;

	if (fstatat(from->parent_fd, from->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (nested && !nested_allows_move(nested, call->target.tid, st.st_dev, st.st_ino))
		return -EBUSY;
	if (nested && fstatat(to->parent_fd, to->name, &replaced, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !nested_allows_move(nested, call->target.tid, replaced.st_dev, replaced.st_ino))
		return -EBUSY;
	if (!S_ISDIR(st.st_mode))
		return 0;
	return policy_rename_allowed(call->broker->policy, from->path, to->path) ? 0 : -EACCES;
}

static int move(struct call *call, int from_at, uint64_t from_path, int to_at, uint64_t to_path, unsigned flags)
{
	autorelease struct place from = { .parent_fd = NO_FD }, to = { .parent_fd = NO_FD };
	char old_name[TARGET_NAME_MAX + 1], new_name[TARGET_NAME_MAX + 1];
	int r = read_place(call, from_at, from_path, &from);

	if (r < 0 || (r = new_place(call, to_at, to_path, &to)) < 0 || (r = judge_move(call, &from, &to)) < 0)
		return r;
	if ((flags & 2 /* RENAME_EXCHANGE */) && ((r = judge(call, &from)) < 0 || (r = judge_move(call, &to, &from)) < 0))
		return r;
	/* A trailing slash says "only a directory" to the kernel; it must not get lost. */
	snprintf(old_name, sizeof(old_name), "%s%s", from.name, from.slash ? "/" : "");
	snprintf(new_name, sizeof(new_name), "%s%s", to.name, to.slash ? "/" : "");
	return syscall(SYS_renameat2, from.parent_fd, old_name, to.parent_fd, new_name, flags) < 0 ? -errno : 0;
}

/* A socket's name is made by bind(2). Sockets without a name in the file system are bound as they are: the address is our copy. */
static int bind_socket(struct call *call, int fd, uint64_t address, uint64_t size)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_un *local = (struct sockaddr_un *)&storage;
	autoclose int own = -1;
	char path[sizeof(local->sun_path) + 1] = "";
	int r;

	if (size > sizeof(storage))
		return -EINVAL;
	r = target_read(&call->target, address, &storage, size);
	if (r < 0)
		return r;
	own = target_descriptor(&call->target, fd);
	if (own < 0)
		return own;
	if (storage.ss_family != AF_UNIX || size <= offsetof(struct sockaddr_un, sun_path) || !local->sun_path[0])
		return bind(own, (struct sockaddr *)&storage, (socklen_t)size) < 0 ? -errno : 0;
	memcpy(path, local->sun_path, size - offsetof(struct sockaddr_un, sun_path) < sizeof(local->sun_path) ?
	       size - offsetof(struct sockaddr_un, sun_path) : sizeof(local->sun_path));
	r = place_find(&call->target, AT_FDCWD, path, &place);
	if (r < 0 || (r = is_waiting(call) ? judge(call, &place) : -ESRCH) < 0 || (r = take_umask(call)) < 0)
		return r;
	if (strlen(place.name) >= sizeof(local->sun_path))
		return -ENAMETOOLONG;
	strcpy(local->sun_path, place.name);
	if (fchdir(place.parent_fd) < 0)	/* a name alone is short enough for any directory */
		return -errno;
	r = bind(own, (struct sockaddr *)local, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(place.name) + 1));
	r = r < 0 ? -errno : 0;
	return chdir("/") < 0 ? -errno : r;
}

/* --- open ------------------------------------------------------------------------------------------------------------------------ */

/* fs.protected_symlinks (proc_sys_fs(5)): the kernel's own check sees only links that it follows itself. */
static bool may_follow(const struct place *place, const struct stat *link)
{
	struct stat parent;

	if (fstat(place->parent_fd, &parent) < 0)
		return false;
	return (parent.st_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) || link->st_uid == parent.st_uid ||
	       link->st_uid == geteuid();
}

static int follow(struct call *call, struct place *place, const struct stat *link)
{
	char text[TARGET_PATH_MAX];
	struct place next;
	ssize_t size = readlinkat(place->parent_fd, place->name, text, sizeof(text) - 1);
	int r;

	if (size < 0)
		return -errno;
	if (!may_follow(place, link))
		return -EACCES;
	text[size] = '\0';
	r = place_follow(&call->target, place, text, &next);
	if (r < 0)
		return r;
	next.slash |= place->slash;
	release(place);
	*place = next;
	return 0;
}

/* Whether the caller's own calls can make no name, so that it may be let go on. */
static bool may_go_on(const struct call *call)
{
	return call->broker->creation_domain || (call->broker->nested && nested_has_domain(call->broker->nested, call->target.tid));
}

/* Ours to open in its place: only what belongs to the caller itself, because the kernel would ask about us, not about it. */
static bool is_own_proc(const struct call *call, const struct place *place)
{
	char prefix[32];

	snprintf(prefix, sizeof(prefix), "/proc/%d/", (int)call->target.tid);
	return !strncmp(place->path, prefix, strlen(prefix));
}

/* Without blocking, and without taking a terminal; the caller gets back the file status flags it asked for. */
static int open_here(struct call *call, const struct place *place, int flags, mode_t mode)
{
	int fd = openat(place->parent_fd, place->name, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);

	if (fd < 0)
		return -errno;
	if (!(flags & (O_NONBLOCK | O_PATH)) && fcntl(fd, F_SETFL, flags & (O_APPEND | O_DIRECT | O_NOATIME)) < 0) {
		close(fd);
		return -errno;
	}
	call->fd = fd;
	call->fd_flags = flags & O_CLOEXEC;
	return 0;
}

static int open_existing(struct call *call, const struct place *place, int flags, const struct stat *st)
{
	bool special = place->on_proc || !S_ISREG(st->st_mode);

	if (special && may_go_on(call)) {
		call->go_on = true;
		return 0;
	}
	if (place->on_proc)
		return is_own_proc(call, place) ? open_here(call, place, flags & ~O_CREAT, 0) : -EACCES;
	return open_here(call, place, flags | O_NOFOLLOW, 0);
}

static int open_new(struct call *call, const struct place *place, int flags, mode_t mode)
{
	int r = judge(call, place);

	if (r < 0 || (r = take_umask(call)) < 0)
		return r;
	if (place->slash)
		return -EISDIR;
	return open_here(call, place, flags | O_NOFOLLOW, mode);
}

static int open_place(struct call *call, struct place *place, int flags, mode_t mode)
{
	for (int links = 0; links <= MAX_LINKS; links++) {
		bool missing, follows = !(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
		struct stat st;
		int r;

		if (place->on_proc && may_go_on(call)) {
			call->go_on = true;
			return 0;
		}
		missing = fstatat(place->parent_fd, place->name, &st, place->on_proc ? 0 : AT_SYMLINK_NOFOLLOW) < 0;
		if (missing && errno != ENOENT)
			return -errno;
		if (missing)
			return open_new(call, place, flags, mode);
		if (!S_ISLNK(st.st_mode) || !follows) {
			/* a glob that denies it holds also for what others made since the start */
			struct decision decision;

			policy_decide(call->broker->policy, OPERATION_READ, place->path, &decision);
			if (!decision.allowed && decision.rule && decision.rule->kind == RULE_GLOB)
				return -EACCES;
			return open_existing(call, place, flags, &st);
		}
		r = follow(call, place, &st);
		if (r < 0)
			return r;
	}
	return -ELOOP;
}

static int open_file(struct call *call, int at, uint64_t path, int flags, mode_t mode)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	int r = read_place(call, at, path, &place);

	if (r < 0)
		return r;
	return is_waiting(call) ? open_place(call, &place, flags, mode) : -ESRCH;
}

/* openat2() keeps its flags in memory. Without O_CREAT it makes no name, whatever it is rewritten to: the second domain sees to that;
 * without that domain, and for its ways of resolving, callers fall back to openat(). */
static int open_how(struct call *call)
{
	struct sys_open_how how = { 0 };
	uint64_t size = argument(call, 3);

	if (size < sizeof(how) || target_read(&call->target, argument(call, 2), &how, sizeof(how)) < 0)
		return size < sizeof(how) ? -EINVAL : -EFAULT;
	if (how.mode & (S_ISUID | S_ISGID))
		return -EPERM;
	if (!(how.flags & O_CREAT) && may_go_on(call)) {
		call->go_on = true;
		return 0;
	}
	if (size > sizeof(how) || how.resolve || !(how.flags & O_CREAT))
		return -ENOSYS;
	return open_file(call, (int)argument(call, 0), argument(call, 1), (int)how.flags, (mode_t)how.mode);
}

/* --- one notification -------------------------------------------------------------------------------------------------------- */

static int make_call(struct call *call)
{
	const __u64 *a = call->notif->data.args;

	switch (call->notif->data.nr) {
#ifdef SYS_open		/* architectures that came late have only the calls with a directory */
	case SYS_open: return open_file(call, AT_FDCWD, a[0], (int)a[1], (mode_t)a[2]);
	case SYS_creat: return open_file(call, AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, (mode_t)a[1]);
	case SYS_mkdir: return make_directory(call, AT_FDCWD, a[0], (mode_t)a[1]);
	case SYS_mknod: return make_node(call, AT_FDCWD, a[0], (mode_t)a[1], (dev_t)a[2]);
	case SYS_rename: return move(call, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
	case SYS_link: return make_link(call, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
	case SYS_symlink: return make_symlink(call, a[0], AT_FDCWD, a[1]);
#endif
#ifdef SYS_renameat
	case SYS_renameat: return move(call, (int)a[0], a[1], (int)a[2], a[3], 0);
#endif
	case SYS_openat: return open_file(call, (int)a[0], a[1], (int)a[2], (mode_t)a[3]);
	case SYS_openat2: return open_how(call);
	case SYS_mkdirat:
		if (call->broker->nested && (int)a[0] == NESTED_DESCRIPTOR)
			return nested_register(call->broker->nested, call->target.tid, a[1], a[2]);
		return make_directory(call, (int)a[0], a[1], (mode_t)a[2]);
	case SYS_mknodat: return make_node(call, (int)a[0], a[1], (mode_t)a[2], (dev_t)a[3]);
	case SYS_renameat2: return move(call, (int)a[0], a[1], (int)a[2], a[3], (unsigned)a[4]);
	case SYS_linkat: return make_link(call, (int)a[0], a[1], (int)a[2], a[3], (int)a[4]);
	case SYS_symlinkat: return make_symlink(call, a[0], (int)a[1], a[2]);
	case SYS_bind: return bind_socket(call, (int)a[0], a[1], a[2] & 0xffffffffu);
	default: return -ENOSYS;
	}
}

static void send_descriptor(struct call *call)
{
	struct notif_addfd addfd = {
		.id = call->notif->id, .flags = ADDFD_SEND, .srcfd = (uint32_t)call->fd, .newfd_flags = (uint32_t)call->fd_flags,
	};

	call->answered = ioctl(call->broker->listener_fd, NOTIF_IOCTL_ADDFD, &addfd) >= 0;
	if (!call->answered && errno == ENOENT)
		call->answered = true;		/* it died; nobody waits */
}

static void answer(struct call *call, int result)
{
	struct notif_resp response = { .id = call->notif->id, .error = result < 0 ? result : 0 };

	if (call->fd != NO_FD) {
		send_descriptor(call);
		if (!call->answered)
			response.error = -EMFILE;
		close(call->fd);
	}
	if (call->answered)
		return;
	if (call->go_on && response.error == 0)
		response.flags = 1 /* SECCOMP_USER_NOTIF_FLAG_CONTINUE */;
	ioctl(call->broker->listener_fd, NOTIF_IOCTL_SEND, &response);
}

void broker_answer(struct broker *broker)
{
	struct notif notif = { 0 };
	struct call call = { .broker = broker, .notif = &notif, .fd = NO_FD };

	if (ioctl(broker->listener_fd, NOTIF_IOCTL_RECV, &notif) < 0)
		return;			/* the caller died before we looked */
	call.target.tid = (pid_t)notif.pid;
	call.target.own_root = broker->nested != NULL;
	answer(&call, make_call(&call));
}

void broker_look_up(struct missing *missing)
{
	char parent[TARGET_PATH_MAX];
	struct stat st;
	size_t size = strlen(missing->path) - strlen(missing->name);

	if (size >= sizeof(parent))
		return;
	memcpy(parent, missing->path, size);
	parent[size] = '\0';
	if (stat(parent, &st) < 0)
		return;
	missing->device = st.st_dev;
	missing->inode = st.st_ino;
}

void broker_init(struct broker *broker, int listener_fd, const struct box *box)
{
	static struct nested nested;
	bool may_nest = box->plan->policy->kernel_allow & (1u << KERNEL_USER_NAMESPACES);

	*broker = (struct broker){
		.listener_fd = listener_fd, .policy = box->plan->policy, .creation_domain = box->landlock_creation != 0,
		.nested = may_nest ? &nested : NULL,
		.missing = box->missing, .missing_count = box->missing_count,
	};
	if (listener_fd < 0)
		return;
	ioctl(listener_fd, NOTIF_IOCTL_SET_FLAGS, NOTIF_SYNC_WAKE_UP);	/* only faster; 6.6 */
	if (may_nest)
		nested_init(&nested);
	for (size_t i = 0; may_nest && i < broker->missing_count; i++)
		broker_look_up(&broker->missing[i]);
}
