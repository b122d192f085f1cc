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
 * broker_open.c has the opens, broker_move.c renames and links, broker_bind.c bind(), broker_foreign.c what 32-bit
 * calls need before. */
#include "linux/replica.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/statfs.h>
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

bool broker_exists(const struct place *place)
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
	if (broker_git_name(call, place, &commit) != GIT_NAME_NONE && !broker_exists(place))
		return broker_because(call, CAUSE_GIT, -EACCES);
	if (broker_allows(call, place) || broker_exists(place))
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

int broker_ask(const struct broker *broker, unsigned long request, void *argument)
{
	int r;

	do
		r = ioctl(broker->listener_fd, request, argument);
	while (r < 0 && errno == EINTR);
	return r;
}

bool broker_is_waiting(const struct call *call)
{
	uint64_t id = call->notif->id;

	return broker_ask(call->broker, NOTIF_IOCTL_ID_VALID, &id) == 0;
}

int broker_new_place(const struct call *call, int at, uint64_t address, bool link, struct place *ret_place)
{
	int r = broker_read_place(call, at, address, ret_place);

	if (r == 0 && !broker_is_waiting(call))	/* else its pid may be another's by now */
		r = -ESRCH;
	if (r == 0 && link && broker_exists(ret_place))
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
	if (broker_exists(&place))		/* whatever stands there: nothing is made */
		return -EEXIST;
	if ((r = broker_take_umask(call)) < 0)
		return r;
	return mkdirat(place.parent_fd, place.name, mode) < 0 ? -errno : 0;
}

static int make_node(struct call *call, int at, uint64_t path, mode_t mode, dev_t device)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	int r = broker_new_place(call, at, path, false, &place);

	if (r < 0 || (r = place.slash && !broker_exists(&place) ? -ENOENT : 0) < 0 || (r = broker_take_umask(call)) < 0)
		return r;
	return mknodat(place.parent_fd, place.name, mode, device) < 0 ? -errno : 0;
}

static int make_symlink(struct call *call, uint64_t target, int at, uint64_t path)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	char text[TARGET_PATH_MAX];
	int r = target_read_path(&call->target, target, text);

	if (r < 0 || (r = broker_new_place(call, at, path, true, &place)) < 0)
		return r;
	if (place.slash)
		return -ENOENT;
	return symlinkat(text, place.parent_fd, place.name) < 0 ? -errno : 0;
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
	case SYS_rename: return broker_move(call, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
	case SYS_link: return broker_link(call, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
	case SYS_symlink: return make_symlink(call, a[0], AT_FDCWD, a[1]);
#endif
#ifdef SYS_renameat
	case SYS_renameat: return broker_move(call, (int)a[0], a[1], (int)a[2], a[3], 0);
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
	case SYS_renameat2: return broker_move(call, (int)a[0], a[1], (int)a[2], a[3], (unsigned)a[4]);
	case SYS_linkat: return broker_link(call, (int)a[0], a[1], (int)a[2], a[3], (int)a[4]);
	case SYS_symlinkat: return make_symlink(call, a[0], (int)a[1], a[2]);
	case SYS_socket: return broker_make_socket(call, (int)a[0], (int)a[1], (int)a[2]);
	case SYS_connect: return broker_connect(call, (int)a[0], a[1], a[2] & 0xffffffffu);
	case SYS_socketpair:
		return broker_make_pair(call, (int)a[0], broker_pair_type(call, (int)a[0], (int)a[1]), (int)a[2], a[3]);
	case SYS_listen: return broker_listen(call, (int)a[0], (int)a[1]);
	case SYS_sendto: return broker_sendto(call, (int)a[0], a[1], a[2], (int)a[3], a[4], (uint32_t)a[5]);
	case SYS_sendmsg: return broker_sendmsg(call, (int)a[0], a[1], (int)a[2]);
	case SYS_sendmmsg: return broker_sendmmsg(call, (int)a[0], a[1], (uint32_t)a[2], (int)a[3]);
	case SYS_bind: return broker_bind(call, (int)a[0], a[1], a[2] & 0xffffffffu);
	default: return call->broker->parts & BROKER_NESTED ? broker_nest(call) : broker_change(call);
	}
}

/* What the filter would have refused itself, were it not for the record. */
static const struct seccomp_row *find_refusal(const struct call *call, int *ret_number)
{
	struct seccomp_options options;

	if (!(call->broker->seccomp.watch & WATCH_DENIALS))
		return NULL;
	options = call->broker->seccomp;
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
	int number = broker_ask(call->broker, NOTIF_IOCTL_ADDFD, &addfd);

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
		if (call->created_fd >= 0)
			unlinkat(call->created_fd, call->created, 0);
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
	cleanup_fd(&call->created_fd);
	response.error = result < 0 ? result : 0;
	if (result > 0)
		response.value = result;
	if (call->go_on && result == 0)
		response.flags = 1 /* SECCOMP_USER_NOTIF_FLAG_CONTINUE */;
	if (!call->answered)
		broker_ask(call->broker, NOTIF_IOCTL_SEND, &response);
}

bool broker_answer(struct broker *broker)
{
	struct notif notif = { 0 };
	struct call call = { .broker = broker, .notif = &notif, .fd = NO_FD, .created_fd = NO_FD };
	const struct seccomp_row *refusal;
	int result, number = 0;

	if (ioctl(broker->listener_fd, NOTIF_IOCTL_RECV, &notif) < 0)
		return false;
	if (notif.data.nr != SYS_connect)
		broker_let_guard_down();
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
	return true;
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
		if (broker_ask(broker, NOTIF_IOCTL_ID_VALID, &helper->id) < 0)
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

void broker_go_home(struct broker *broker)
{
	bool home = chdir("/proc/self/fd") == 0;

	if (!home && broker->home)
		_exit(BAWN_STATUS_SELF);
	broker->home = home;
}

void broker_fd_path(const struct broker *broker, int fd, char path[BROKER_FD_PATH])
{
	static const char long_way[] = "/proc/self/fd/";
	size_t prefix = broker->home ? 0 : strlen(long_way);

	memcpy(path, long_way, prefix);
	text_number(path + prefix, (unsigned)fd);
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
	broker_go_home(broker);
	if (may_nest)
		nested_init(&nested);
	for (size_t i = 0; may_nest && i < broker->missing_count; i++)
		broker_look_up(&broker->missing[i]);
}
