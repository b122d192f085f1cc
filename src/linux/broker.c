/* SPDX-License-Identifier: Apache-2.0 */
/* broker.c — makes names on behalf of the command, or refuses to.
 *
 * A mask covers what exists. A protected or denied name that is missing has nothing to cover, and a placeholder
 * would be seen by the whole host and survive a SIGKILL. So every call that makes a name, moves one, or opens a
 * file for writing is trapped (seccomp_unotify(2)) and made here, by a process that pid 1 starts for it: it
 * copies the path, opens the directory that the path leads to, asks policy_decide() about that directory's own
 * path and the name, and makes the call itself through the descriptor it holds. Nothing is checked and then
 * left to the caller, so there is nothing to race: what the caller rewrites meanwhile is not looked at again.
 * The broker has the caller's uid, groups, mounts and first Landlock domain, and takes its umask, so the kernel
 * judges everything else as it would have.
 *
 * Opens for writing are here because a mount stands on a file, not on its name: when somebody outside replaces
 * a protected file by rename(2), as git and editors do, the kernel takes the mount away with it.
 *
 * Should: answer every notification. Mustn't: allocate, wait for another process, act on a path twice.
 * broker_open.c has the opens, broker_foreign.c what 32-bit calls need before. */
#include "linux/replica.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/un.h>
#include <linux/netlink.h>

_Static_assert(sizeof(struct notif) == 0x50 && sizeof(struct notif_resp) == 0x18 && sizeof(struct notif_addfd) == 0x18,
	       "as in <linux/seccomp.h>: the ioctl numbers hold the sizes");

/* --- judging ------------------------------------------------------------------------------ */

size_t broker_policies(const struct call *call, const struct policy *ret_policies[BROKER_POLICIES])
{
	const struct broker *broker = call->broker;
	size_t count = 0;

	ret_policies[0] = broker->policy;
	if (broker->nested)
		count = nested_policies(broker->nested, call->target.tid, ret_policies + 1, BROKER_POLICIES - 1);
	return count < BROKER_POLICIES ? count + 1 : 0;
}

static bool is_same_object(const struct missing *missing, const struct stat *parent, const char *name)
{
	return missing->device == parent->st_dev && missing->inode == parent->st_ino &&
	       !(missing->nocase ? strcasecmp : strcmp)(missing->name, name);
}

/* Under rules of inner boxes too. Their globs speak of paths as the process sees them. */
static bool is_allowed_nested(const struct call *call, const struct place *place)
{
	const struct broker *broker = call->broker;
	struct stat parent;

	if ((place->tree == TREE_UNKNOWN && !place->on_proc) || fstat(place->parent_fd, &parent) < 0)
		return false;
	for (size_t i = 0; i < broker->missing_count; i++)
		if (is_same_object(&broker->missing[i], &parent, place->name))
			return false;
	return nested_allows_name(broker->nested, &call->target, place, parent.st_dev, parent.st_ino);
}

bool broker_allows(const struct call *call, const struct place *place)
{
	struct decision decision;

	broker_about(call, OPERATION_WRITE, ASPECT_NAME, place->path);
	if (call->broker->nested && !is_allowed_nested(call, place))
		return false;
	if (place->tree == TREE_FOREIGN || (place->tree == TREE_UNKNOWN && place->on_proc))
		return true;		/* no rule speaks of it; in procfs nothing can be made */
	policy_decide(call->broker->policy, OPERATION_WRITE, place->path, &decision);
	return decision.allowed;
}

/* Made with O_TMPFILE: what it is reached by never was a name, whatever names it has got since. */
static bool is_tmpfile(const struct stat *st, const char *path)
{
	char name[48];

	snprintf(name, sizeof(name), "#%llu (deleted)", (unsigned long long)st->st_ino);
	return !strcmp(path_base(path), name);
}

/* What has lost its names has lost its rules. */
bool broker_allows_object(const struct call *call, int fd, char path[TARGET_PATH_MAX])
{
	struct stat st;

	if (call->broker->nested && fstat(fd, &st) == 0 && st.st_nlink && !is_tmpfile(&st, path)) {
		enum tree tree = locate(&call->target, fd, path);

		if (tree != TREE_OURS)
			return tree == TREE_FOREIGN;
		if (!nested_allows_write(call->broker->nested, &call->target, path))
			return false;
	}
	return policy_allows_write(call->broker->policy, path);
}

static bool exists(const struct place *place)
{
	struct stat st;

	return fstatat(place->parent_fd, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What exists is left to the kernel, whose mounts hold the rules (mkdir -p relies on EEXIST). */
int broker_judge(const struct call *call, const struct place *place)
{
	const struct commit *commit;
	struct statfs fs;

	broker_about(call, OPERATION_WRITE, ASPECT_NAME, place->path);
	if (broker_git_name(call, place, &commit) != GIT_NAME_NONE && !exists(place))
		return broker_because(call, CAUSE_GIT, -EACCES);
	if (broker_allows(call, place) || exists(place))
		return 0;
	if (fstatfs(place->parent_fd, &fs) == 0 && (fs.f_flags & 1 /* ST_RDONLY */))
		return -EROFS;
	return -EACCES;
}

/* A symbolic link in the place of a missing directory would turn every rule below that to somewhere else. */
int broker_judge_link(const struct call *call, const struct place *place)
{
	const struct nested *nested = call->broker->nested;

	broker_about(call, OPERATION_WRITE, ASPECT_NAME, place->path);
	if (place->tree == TREE_OURS && !policy_rename_allowed(call->broker->policy, place->path, place->path))
		return broker_because(call, CAUSE_BELOW, -EACCES);
	if (nested && !nested_allows_rename(nested, &call->target, place, place))
		return broker_because(call, CAUSE_BELOW, -EACCES);
	return broker_judge(call, place);
}

/* --- places of a call --------------------------------------------------------------------- */

void broker_settle(const struct call *call, struct place *place)
{
	if (call->broker->nested)
		place_locate(&call->target, place);
	/* An inner box has rules and mounts of its own, which the clone of a grant would go past. */
	if (!call->target.own_root && place->tree == TREE_OURS)
		grants_apply(call, place);
}

int broker_read_place(const struct call *call, int at, uint64_t address, struct place *ret_place)
{
	char path[TARGET_PATH_MAX];
	int r = target_read_path(&call->target, address, path);

	r = r < 0 ? r : place_find(&call->target, at, path, ret_place);
	if (r == -ENOENT || (r == -EACCES && path[0]))
		broker_about_unfound(call, OPERATION_WRITE, ASPECT_NAME, at, path);
	if (r == 0) {
		broker_settle(call, ret_place);
		broker_about(call, OPERATION_WRITE, ASPECT_NAME, ret_place->path);
	}
	return r;
}

void broker_release(struct place *place)
{
	cleanup_fd(&place->parent_fd);
}

bool broker_is_waiting(const struct call *call)
{
	return ioctl(call->broker->listener_fd, NOTIF_IOCTL_ID_VALID, &call->notif->id) == 0;
}

/* Finds the place of a new name and judges it. link: it is, or could be, a symbolic link. */
static int new_place(const struct call *call, int at, uint64_t address, bool link, struct place *ret_place)
{
	int r = broker_read_place(call, at, address, ret_place);

	if (r == 0 && !broker_is_waiting(call))	/* else its pid may be another's by now */
		r = -ESRCH;
	if (r == 0 && link && exists(ret_place))
		r = -EEXIST;
	if (r == 0)
		r = link ? broker_judge_link(call, ret_place) : broker_judge(call, ret_place);
	if (r < 0)
		broker_release(ret_place);
	return r;
}

int broker_take_umask(const struct call *call)
{
	int mask = target_umask(&call->target);

	if (mask >= 0)
		umask((mode_t)mask);
	return mask < 0 ? mask : 0;
}

static bool is_dot(const struct place *place)
{
	return !strcmp(place->name, ".");
}

/* --- the calls: 0 or -errno --------------------------------------------------------------- */

static int make_directory(struct call *call, int at, uint64_t path, mode_t mode)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	int r = broker_read_place(call, at, path, &place);

	if (r == 0 && !broker_is_waiting(call))
		r = -ESRCH;
	if (r == 0 && !grants_lead_through(call, &place))
		r = broker_judge(call, &place);
	if (r < 0)
		return r;
	if (exists(&place))		/* whatever stands there: nothing is made */
		return -EEXIST;
	if ((r = broker_take_umask(call)) < 0)
		return r;
	return mkdirat(place.parent_fd, place.name, mode) < 0 ? -errno : 0;
}

static int make_node(struct call *call, int at, uint64_t path, mode_t mode, dev_t device)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	int r = new_place(call, at, path, false, &place);

	if (r < 0 || (r = place.slash && !exists(&place) ? -ENOENT : 0) < 0 || (r = broker_take_umask(call)) < 0)
		return r;
	return mknodat(place.parent_fd, place.name, mode, device) < 0 ? -errno : 0;
}

static int make_symlink(struct call *call, uint64_t target, int at, uint64_t path)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	char text[TARGET_PATH_MAX];
	int r = target_read_path(&call->target, target, text);

	if (r < 0 || (r = new_place(call, at, path, true, &place)) < 0 || (r = place.slash ? -ENOENT : 0) < 0)
		return r;
	return symlinkat(text, place.parent_fd, place.name) < 0 ? -errno : 0;
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

static int make_link(struct call *call, int from_at, uint64_t from_path, int to_at, uint64_t to_path, int flags)
{
	autorelease struct place from = { .parent_fd = NO_FD }, to = { .parent_fd = NO_FD };
	char path[TARGET_PATH_MAX];
	int r = target_read_path(&call->target, from_path, path);

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (r < 0 || (r = new_place(call, to_at, to_path, true, &to)) < 0 || (r = to.slash ? -ENOENT : 0) < 0)
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

static int move(struct call *call, int from_at, uint64_t from_path, int to_at, uint64_t to_path, unsigned flags)
{
	autorelease struct place from = { .parent_fd = NO_FD }, to = { .parent_fd = NO_FD };
	char old_name[TARGET_NAME_MAX + 1], new_name[TARGET_NAME_MAX + 1];
	int r = broker_read_place(call, from_at, from_path, &from);

	if (r < 0)
		return r;
	if ((r = new_place(call, to_at, to_path, false, &to)) < 0) {
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

/* --- bind --------------------------------------------------------------------------------- */

/* Whether the kernel would get from base to the place by the caller's spelling without meeting a link: then
 * nothing of the command's turns the way, for every rename of its own waits behind this call. */
static bool is_plain_way(int base, const char *path, const struct place *place)
{
	char directory[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 2] = ".";
	const char *slash = strrchr(path, '/');
	autoclose int fd = -1;
	struct stat there, held;

	if (place->on_proc || place->slash)
		return false;
	if (slash) {
		memcpy(directory, path, (size_t)(slash - path));
		directory[slash - path] = '\0';
		if (slash == path)
			strcpy(directory, "/");
	}
	fd = sys_openat2(base, directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, SYS_RESOLVE_NO_SYMLINKS);
	return fd >= 0 && fstat(fd, &there) == 0 && fstat(place->parent_fd, &held) == 0 &&
	       there.st_dev == held.st_dev && there.st_ino == held.st_ino;
}

struct binding {
	int own;
	const struct sockaddr_un *address;
	socklen_t size;
	const char *path;
	const struct place *place;
};

/* By the caller's own spelling, for getsockname(2) to give back. -EXDEV: that would not be safe. */
static int bind_as_spelt(struct call *call, const void *argument)
{
	const struct binding *b = argument;

	(void)call;
	if (!is_plain_way(AT_FDCWD, b->path, b->place))
		return -EXDEV;
	return bind(b->own, (const struct sockaddr *)b->address, b->size) < 0 ? -errno : 0;
}

static int bind_from_cwd(struct call *call, const struct binding *binding)
{
	autoclose int cwd = target_open(&call->target, "cwd", O_PATH | O_DIRECTORY);

	return cwd < 0 || fchdir(cwd) < 0 ? -EXDEV : bind_as_spelt(call, binding);
}

/* By the name alone, in the directory we hold. */
static int bind_by_name(const struct binding *binding)
{
	const struct place *place = binding->place;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(place->name) + 1);

	if (strlen(place->name) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, place->name);
	if (fchdir(place->parent_fd) < 0)
		return -errno;
	return bind(binding->own, (const struct sockaddr *)&address, size) < 0 ? -errno : 0;
}

/* Where the caller has another root, a process of ours that has it, too, binds. */
static int bind_name(struct call *call, const struct binding *binding)
{
	int r = call->target.own_root ? broker_replicate_now(call, bind_as_spelt, binding) :
					bind_from_cwd(call, binding);

	if (r == -EXDEV)
		r = bind_by_name(binding);
	return chdir("/") < 0 ? -errno : r;
}

/* A socket's name is made by bind(2). Sockets without a name in the file system are bound as they are: the
 * address is our copy. */
static int bind_socket(struct call *call, int fd, uint64_t address, uint64_t size)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_un *local = (struct sockaddr_un *)&storage;
	size_t name = size - offsetof(struct sockaddr_un, sun_path);
	char path[sizeof(local->sun_path) + 1] = "";
	autoclose int own = -1;
	int r;

	if (size > sizeof(storage))
		return -EINVAL;
	r = target_read(&call->target, address, &storage, size);
	if (r < 0)
		return r;
	own = target_descriptor(&call->target, fd);
	if (own < 0)
		return own;
	if (storage.ss_family != AF_UNIX || size <= offsetof(struct sockaddr_un, sun_path) || !local->sun_path[0] ||
	    name > sizeof(local->sun_path)) {
		if (!broker_is_waiting(call))
			return -ESRCH;
		r = broker_judge_bind(call, fd, &own, &storage, size);
		return r < 0 ? r : bind(own, (struct sockaddr *)&storage, (socklen_t)size) < 0 ? -errno : 0;
	}
	memcpy(path, local->sun_path, name);
	r = place_find(&call->target, AT_FDCWD, path, &place);
	if (r < 0)
		return r;
	broker_settle(call, &place);
	if (exists(&place))
		return -EADDRINUSE;
	if (place.slash)
		return -ENOENT;
	r = broker_is_waiting(call) ? broker_judge(call, &place) : -ESRCH;
	call->broker->event.operation = OPERATION_UNIX_BIND;
	if (r < 0 || (r = broker_take_umask(call)) < 0)
		return r;
	if ((r = broker_sockets_room(call->broker)) < 0 ||
	    (r = bind_name(call, &(struct binding){ own, local, (socklen_t)size, path, &place })) < 0)
		return r;
	broker_sockets_remember(call, own, &place);
	return 0;
}

/* --- one notification --------------------------------------------------------------------- */

static int make_call(struct call *call)
{
	const __u64 *a = call->notif->data.args;

	switch (call->notif->data.nr) {
#ifdef SYS_open		/* architectures that came late have only the calls with a directory */
	case SYS_open:
		return broker_reads(call, (int)a[1]) ? broker_watch_open(call, AT_FDCWD, a[0], (int)a[1]) :
						       broker_open(call, AT_FDCWD, a[0], (int)a[1], (mode_t)a[2]);
	case SYS_creat: return broker_open(call, AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, (mode_t)a[1]);
	case SYS_mkdir: return make_directory(call, AT_FDCWD, a[0], (mode_t)a[1]);
	case SYS_mknod: return make_node(call, AT_FDCWD, a[0], (mode_t)a[1], (dev_t)a[2]);
	case SYS_rename: return move(call, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
	case SYS_link: return make_link(call, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
	case SYS_symlink: return make_symlink(call, a[0], AT_FDCWD, a[1]);
#endif
#ifdef SYS_renameat
	case SYS_renameat: return move(call, (int)a[0], a[1], (int)a[2], a[3], 0);
#endif
	case SYS_openat:
		return broker_reads(call, (int)a[2]) ? broker_watch_open(call, (int)a[0], a[1], (int)a[2]) :
						       broker_open(call, (int)a[0], a[1], (int)a[2], (mode_t)a[3]);
	case SYS_openat2: return broker_open_how(call);
	/* A program that confines itself would rely on it, and what we make for it is made outside its domain:
	 * it is told that there is no Landlock. An inner bawn sends its rules to us besides, and says so in a
	 * register that the kernel does not look at. */
	case SYS_landlock_restrict_self:
		call->go_on = call->broker->nested && a[2] == NESTED_DOMAIN;
		return call->go_on ? 0 : -EOPNOTSUPP;
	case SYS_truncate: return broker_truncate(call, a[0], (int64_t)a[1]);
	case SYS_mkdirat:
		if (call->broker->nested && (int)a[0] == NESTED_DESCRIPTOR)
			return nested_register(call->broker->nested, &call->target, a[1], a[2]);
		return make_directory(call, (int)a[0], a[1], (mode_t)a[2]);
	case SYS_mknodat: return make_node(call, (int)a[0], a[1], (mode_t)a[2], (dev_t)a[3]);
	case SYS_renameat2: return move(call, (int)a[0], a[1], (int)a[2], a[3], (unsigned)a[4]);
	case SYS_linkat: return make_link(call, (int)a[0], a[1], (int)a[2], a[3], (int)a[4]);
	case SYS_symlinkat: return make_symlink(call, a[0], (int)a[1], a[2]);
	case SYS_socket: return broker_make_socket(call, (int)a[0], (int)a[1], (int)a[2]);
	case SYS_connect: return broker_connect(call, (int)a[0], a[1], a[2] & 0xffffffffu);
	case SYS_socketpair:
		return broker_make_pair(call, (int)a[0], broker_pair_type(call, (int)a[0], (int)a[1]), (int)a[2], a[3]);
	case SYS_listen: return broker_listen(call, (int)a[0], (int)a[1]);
	case SYS_sendto: return broker_sendto(call, (int)a[0], a[1], a[2], (int)a[3], a[4], (uint32_t)a[5]);
	case SYS_sendmsg: return broker_sendmsg(call, (int)a[0], a[1], (int)a[2]);
	case SYS_sendmmsg: return broker_sendmmsg(call, (int)a[0], a[1], (uint32_t)a[2], (int)a[3]);
	case SYS_bind: return bind_socket(call, (int)a[0], a[1], a[2] & 0xffffffffu);
	default: return call->broker->parts & BROKER_NESTED ? broker_nest(call) : broker_change(call);
	}
}

/* What the filter would have refused itself, were it not for the record. */
static const struct seccomp_row *find_refusal(const struct call *call, int *ret_number)
{
	struct seccomp_options options = call->broker->seccomp;

	if (!(options.watch & WATCH_DENIALS))
		return NULL;
	if (call->target.narrow)
		options.arch = seccomp_foreign(options.arch);
	return seccomp_refusal(&options, call->notif->data.nr, (const uint64_t *)call->notif->data.args,
			       ret_number);
}

static int add_descriptor(const struct call *call, int fd, int fd_flags, uint32_t flags)
{
	struct notif_addfd addfd = { .id = call->notif->id,
				     .flags = flags,
				     .srcfd = (uint32_t)fd,
				     .newfd_flags = (uint32_t)fd_flags };
	int number = ioctl(call->broker->listener_fd, NOTIF_IOCTL_ADDFD, &addfd);

	return number >= 0 ? number : errno == ENOENT ? -ESRCH : -errno;
}

int broker_give(const struct call *call, int fd, int fd_flags)
{
	return add_descriptor(call, fd, fd_flags, 0);
}

/* Gives the caller the descriptor, and only then empties the file: a caller without room for it loses nothing. */
static int hand_over(struct call *call, struct notif_resp *response)
{
	/* With nothing left to do it is the answer, too. Not from a helper: from then on the call counts as
	 * answered, and if broker_sweep() ends the helper before the caller took the descriptor, that gets 0. */
	unsigned flags = call->truncate || call->helped ? 0 : ADDFD_SEND;
	int number = add_descriptor(call, call->fd, call->fd_flags, flags);

	if (number < 0) {
		if (call->created.parent_fd >= 0)
			unlinkat(call->created.parent_fd, call->created.name, 0);
		return number;
	}
	response->value = number;
	call->answered = flags & ADDFD_SEND;
	return call->truncate && ftruncate(call->fd, 0) < 0 ? -errno : 0;
}

void broker_reply(struct call *call, int result)
{
	struct notif_resp response = { .id = call->notif->id };

	if (result < 0)
		broker_record(call, -result);
	else if (call->broker->plan->learn)
		broker_record_done(call);
	if (result == 0 && call->fd != NO_FD)
		result = hand_over(call, &response);
	cleanup_fd(&call->fd);
	broker_release(&call->created);
	response.error = result < 0 ? result : 0;
	if (result > 0)
		response.value = result;
	if (call->go_on && result == 0)
		response.flags = 1 /* SECCOMP_USER_NOTIF_FLAG_CONTINUE */;
	if (!call->answered)
		ioctl(call->broker->listener_fd, NOTIF_IOCTL_SEND, &response);
}

void broker_answer(struct broker *broker)
{
	struct notif notif = { 0 };
	struct call call = { .broker = broker, .notif = &notif, .fd = NO_FD, .created = { .parent_fd = NO_FD } };
	const struct seccomp_row *refusal;
	int result, number = 0;

	if (ioctl(broker->listener_fd, NOTIF_IOCTL_RECV, &notif) < 0)
		return;			/* the caller died before we looked */
	call.target.tid = (pid_t)notif.pid;
	call.target.narrow = notif.data.arch != seccomp_audit_arch(SECCOMP_HOST);
	broker_begin(&call);
	call.target.own_root = broker->nested && !nested_is_same_root(broker->nested, &call.target);
	refusal = find_refusal(&call, &number);
	result = call.target.narrow && !refusal ? broker_translate(&call, &notif.data) : 0;
	if (refusal)
		result = broker_refused(&call, refusal, number);
	else if (result == 0)
		result = make_call(&call);
	if (call.go_on && call.in_memory)
		result = -ENOSYS;
	if (!call.later)
		broker_reply(&call, result);
}

struct helper *broker_free_helper(struct broker *broker)
{
	for (size_t i = 0; i < BROKER_HELPERS; i++)
		if (!broker->helpers[i].pid)
			return &broker->helpers[i];
	return NULL;
}

void broker_forget_helper(struct broker *broker, pid_t pid)
{
	for (size_t i = 0; i < BROKER_HELPERS; i++)
		if (broker->helpers[i].pid == pid)
			broker->helpers[i].pid = 0;
}

bool broker_sweep(struct broker *broker)
{
	bool some = false;

	for (size_t i = 0; i < BROKER_HELPERS; i++) {
		struct helper *helper = &broker->helpers[i];

		if (!helper->pid)
			continue;
		some = true;
		if (ioctl(broker->listener_fd, NOTIF_IOCTL_ID_VALID, &helper->id) < 0)
			kill(helper->pid, SIGKILL);
	}
	return some;
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

void broker_init(struct broker *broker, const struct inside *in)
{
	static struct nested nested;
	const struct box *box = in->box;
	bool may_nest = box->plan->policy->kernel_allow & (1u << KERNEL_USER_NAMESPACES);

	*broker = (struct broker){
		.listener_fd = in->listener_fd, .wake_fd = in->wake_fd, .events = in->command->events,
		.plan = box->plan, .seccomp = box->seccomp, .parts = box_broker_parts(box->plan),
		.policy = box->plan->policy, .creation_domain = box->landlock_creation != 0,
		.nested = may_nest ? &nested : NULL, .maps_root = box->maps_root,
		.missing = box->missing, .missing_count = box->missing_count,
		.grants = box->grants, .grant_count = box->grant_count,
		.diag_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG),
		.route_fd = box->plan->loopback ? socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) : -1,
		.private_fd = -1, .capabilities = capabilities_of_broker(box),
	};
	ioctl(in->listener_fd, NOTIF_IOCTL_SET_FLAGS, NOTIF_SYNC_WAKE_UP);	/* only faster; 6.6 */
	if (box->plan->loopback)
		broker_private_start(broker);
	broker_wait_init();
	if (may_nest)
		nested_init(&nested);
	for (size_t i = 0; may_nest && i < broker->missing_count; i++)
		broker_look_up(&broker->missing[i]);
}
