/* SPDX-License-Identifier: Apache-2.0 */
/* replica.c — a process of ours that stands where a caller stands.
 *
 * Some calls ask who makes them: a mount belongs to the maker's namespaces, a file of /proc knows its opener. The
 * caller itself may not be let go on, because it could put something else in the place of what was judged; so a
 * process of ours joins its namespaces and makes the call with our copy of the arguments.
 *
 * It has the caller's user and no more capabilities than the caller. Nobody inside can trace it: its memory belongs
 * to the user namespace that bawn was executed in (ptrace_has_cap(), kernel/ptrace.c), it is not dumpable, and
 * joining a namespace that our own user owns leaves it so (cred_cap_issubset(), kernel/cred.c).
 *
 * Should: open whatever it needs before it joins anything. Mustn't: look a path up that it has not copied. */
#include "linux/replica.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <linux/capability.h>

#define DEPTH_MAX	33		/* user namespaces nest no deeper: user_namespaces(7) */
#define NS_GET_PARENT	0xb702		/* ioctl_ns(2) */

/* The last is that of children only. */
static const struct space { const char *file; int type; } spaces[] = {
	{ "ns/mnt", CLONE_NEWNS }, { "ns/net", CLONE_NEWNET }, { "ns/ipc", CLONE_NEWIPC },
	{ "ns/uts", CLONE_NEWUTS }, { "ns/pid", CLONE_NEWPID },
};
#define PID_SPACE	(ARRAY_SIZE(spaces) - 1)

struct stand {				/* where the caller stands, held open */
	int users[DEPTH_MAX];		/* its user namespace, the one above, ... up to, but without, our own */
	size_t depth;
	int spaces[ARRAY_SIZE(spaces)];	/* -1: in the same one as we are */
	bool other_pids;
	int root, cwd;
	uint64_t capabilities;
};

static bool is_own_space(int fd, const char *file)
{
	char path[32] = "/proc/self/";
	struct stat theirs, ours;

	strcpy(path + 11, file);
	return fstat(fd, &theirs) == 0 && stat(path, &ours) == 0 && theirs.st_ino == ours.st_ino &&
	       theirs.st_dev == ours.st_dev;
}

static int read_capabilities(const struct target *target, uint64_t *ret_capabilities)
{
	char text[2048];
	autoclose int fd = target_open(target, "status", O_RDONLY);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *line;

	if (size <= 0)
		return -ESRCH;
	text[size] = '\0';
	line = strstr(text, "\nCapEff:");
	*ret_capabilities = line ? strtoull(line + 8, NULL, 16) : 0;
	return 0;
}

/* Fails for a namespace that is not below our own. */
static int find_users(const struct target *target, struct stand *stand)
{
	int fd = target_open(target, "ns/user", O_RDONLY);

	while (fd >= 0 && !is_own_space(fd, "ns/user")) {
		if (stand->depth == DEPTH_MAX)
			return -EPERM;
		stand->users[stand->depth++] = fd;
		fd = ioctl(fd, NS_GET_PARENT);
	}
	return fd == -1 ? -errno : fd < 0 ? fd : 0;
}

static int find_stand(const struct target *target, struct stand *ret_stand)
{
	int r = find_users(target, ret_stand);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(spaces); i++) {
		int fd = target_open(target, spaces[i].file, O_RDONLY);

		if (fd < 0)
			return fd;
		ret_stand->spaces[i] = is_own_space(fd, spaces[i].file) ? -1 : fd;
	}
	if (r < 0)
		return r;
	ret_stand->other_pids = ret_stand->spaces[PID_SPACE] >= 0;
	ret_stand->root = target_open(target, "root", O_PATH | O_DIRECTORY);
	ret_stand->cwd = target_open(target, "cwd", O_PATH | O_DIRECTORY);
	if (ret_stand->root < 0 || ret_stand->cwd < 0)
		return -ESRCH;
	return read_capabilities(target, &ret_stand->capabilities);
}

static int set_capabilities(uint64_t bits)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)bits, .permitted = (uint32_t)bits },
		{ .effective = (uint32_t)(bits >> 32), .permitted = (uint32_t)(bits >> 32) },
	};

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* To join a namespace takes rights over its owner, and in the user namespace that one is in: so on the way down each
 * is joined as soon as that can be done. */
static void join_some(struct stand *stand)
{
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++)
		if (stand->spaces[i] >= 0 && setns(stand->spaces[i], spaces[i].type) == 0)
			stand->spaces[i] = -1;
}

static int join_all(struct stand *stand)
{
	for (size_t i = stand->depth; i-- > 0; join_some(stand))
		if (setns(stand->users[i], CLONE_NEWUSER) < 0)
			return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++)
		if (stand->spaces[i] >= 0)
			return -EPERM;
	return fchdir(stand->root) < 0 || syscall(SYS_chroot, ".") < 0 ? -errno : 0;
}

/* Who shares our user namespace has no capability, and so none of the other namespaces either. */
static int take_stand(struct stand *stand)
{
	int r = stand->depth ? join_all(stand) : 0;

	if (r == 0 && fchdir(stand->cwd) < 0)
		r = -errno;
	return r < 0 ? r : set_capabilities(stand->depth ? stand->capabilities : 0);
}

struct order { int (*act)(struct call *, const void *); const void *argument; };

static _Noreturn void perform(struct call *call, const struct order *order, int r)
{
	call->helped = true;
	broker_reply(call, r < 0 ? r : order->act(call, order->argument));
	_exit(0);
}

/* A process is in the process id namespace that its parent had chosen when it was made. */
static _Noreturn void perform_in_child(struct call *call, const struct order *order)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid < 0)
		perform(call, order, -errno);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		perform(call, order, 0);
	}
	waitpid(pid, NULL, 0);
	_exit(0);
}

static _Noreturn void replica_main(struct call *call, const struct order *order)
{
	struct stand stand = { .root = -1 };
	int r = find_stand(&call->target, &stand);

	if (r == 0 && !broker_is_waiting(call))		/* else we looked at somebody else */
		_exit(0);
	if (r == 0)
		r = take_stand(&stand);
	if (r == 0 && stand.other_pids)
		perform_in_child(call, order);
	perform(call, order, r);
}

static int start_helper(struct call *call, const struct order *order, bool stands_there)
{
	struct helper *helper = broker_free_helper(call->broker);
	pid_t pid;

	if (!helper)
		return -EAGAIN;
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid < 0)
		return -errno;
	if (pid == 0 && stands_there)
		replica_main(call, order);
	if (pid == 0)
		perform(call, order, 0);
	*helper = (struct helper){ .pid = pid, .id = call->notif->id };
	call->later = true;
	return 0;
}

int broker_replicate(struct call *call, int (*act)(struct call *call, const void *argument), const void *argument)
{
	const struct order order = { .act = act, .argument = argument };

	return start_helper(call, &order, true);
}

int broker_help(struct call *call, int (*act)(struct call *call, const void *argument), const void *argument)
{
	const struct order order = { .act = act, .argument = argument };

	return start_helper(call, &order, false);
}

int broker_replicate_now(struct call *call, int (*act)(struct call *call, const void *argument), const void *argument)
{
	struct stand stand = { .root = -1 };
	int r, status;
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		r = find_stand(&call->target, &stand);
		if (r == 0)
			r = broker_is_waiting(call) ? take_stand(&stand) : -ESRCH;
		_exit(r < 0 ? -r : -act(call, argument));
	}
	while ((r = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
		;
	return r == pid && WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}
