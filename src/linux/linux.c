/* SPDX-License-Identifier: Apache-2.0 */
/* linux.c — from a lowered plan to a running command.
 *
 * The namespaces, the user's mapping, the tree of /dev and the network namespace hold for every plan: a helper has
 * begun them while the plan was made (groundwork.c), and has cloned pid 1 of the box, which walks this list.
 * Why each step stands where it does:
 *
 *	clone mounts	before the root changes: they keep what the root loses; devices with them
 *	root		everything read-only at once, or an empty root in its place
 *	scratch		after the root, or it would be read-only with it
 *	rules, sockets	parents before what lies below them
 *	pins		after the rules: their clones cover whatever mounts a root has by then; before /dev, which hides
 *			them
 *	dev, proc,	last of the mounts: they need no protection, and /dev hides the scratch
 *	system
 *	seal		nothing is made in an assembled root any more
 *	directory	again: the old one names the mount that was there before
 *	keyring,	after the last step that needs a capability, but for joining the network namespace, which has
 *	Landlock,	had all this time to be made; Landlock forbids mounts
 *	ports,		relay.c: around the join, with a foot in either namespace
 *	network,
 *	capabilities
 *
 * and in the command's own process, which is made by vfork() so that pid 1 finds the listener's number in its own
 * memory: descriptors, the second Landlock domain, seccomp (it refuses what the steps before it do), limits, exec.
 *
 * pid 1 keeps CAP_SYS_PTRACE over its own user namespace: the broker reads paths from processes that are not
 * dumpable. For root's inner boxes it also keeps CAP_SETFCAP (maps_root() in lower.c). */
#include "linux/box.h"

#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <linux/capability.h>
#include <linux/securebits.h>

/* --- steps that are too small for a file -------------------------------------------------- */

static int change_directory(struct inside *in)
{
	const char *cwd = in->box->plan->policy->cwd;

	return chdir(cwd ? cwd : "/") < 0 ? -errno : 0;
}

/* A directory that the caller hands over leads through the caller's mounts to everything below it, past the
 * rules: it is exchanged for the same directory as the box has it. */
static int exchange_directory(int fd)
{
	char link[32], path[4096];
	struct stat theirs, ours;
	autoclose int own = -1;
	ssize_t size;

	if (fd < 0 || fstat(fd, &theirs) < 0 || !S_ISDIR(theirs.st_mode))
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof(path) - 1);
	if (size < 0)
		return -errno;
	path[size] = '\0';
	own = sys_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own < 0)
		return -errno;
	if (fstat(own, &ours) < 0 || ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino)
		return -EACCES;
	return dup3(own, fd, fd < 3 ? 0 : O_CLOEXEC) < 0 ? -errno : 0;
}

static int exchange_directories(struct inside *in)
{
	int r = 0;

	for (in->item = 0; r == 0 && in->item < 3 + in->command->keep_count; in->item++)
		r = exchange_directory(in->item >= 3 ? in->command->keep_fds[in->item - 3] :
				       in->command->stdio[in->item] < 0 ? -1 : (int)in->item);
	if (r == 0)
		in->item = SIZE_MAX;
	return r;
}

/* keyctl(2): a new anonymous session keyring. A kernel without keyrings has none to leak; where a filter around
 * us refuses the whole family (EPERM, which this operation never says itself), none can be reached. */
static int join_keyring(struct inside *in)
{
	long r = syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL);

	(void)in;
	return r < 0 && errno != ENOSYS && errno != EPERM ? -errno : 0;
}

int capabilities_keep(uint32_t mask)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { .permitted = mask, .effective = mask } };

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

uint32_t capabilities_of_broker(const struct box *box)
{
	return 1u << CAP_SYS_PTRACE | (box->maps_root ? 1u << CAP_SETFCAP : 0);
}

static int drop_capabilities(struct inside *in)
{
	/* The other two to make a loopback of the box's own when that is needed first: broker_private.c. */
	uint32_t keep = capabilities_of_broker(in->box) |
			(in->box->plan->loopback ? 1u << CAP_SYS_ADMIN | 1u << CAP_NET_ADMIN : 0);

	for (unsigned long last = GROUNDWORK_CAPABILITIES; prctl(PR_CAPBSET_DROP, last, 0, 0, 0) == 0; last++)
		;				/* EINVAL: the kernel has no more */
	if (errno != EINVAL)
		return -errno;
	if (prctl(PR_SET_SECUREBITS,
		  SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
			  SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
			  SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
		  0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return capabilities_keep(keep);
}

/* --- the list ----------------------------------------------------------------------------- */

static const struct step {
	enum step_id id;
	const char *what;		/* "cannot ...": for the message */
	int (*enter)(struct inside *in);	/* NULL: in init.c, groundwork.c */
} steps[] = {
	{ STEP_CLONE_MOUNTS,	"take hold of",				mounts_clone },
	{ STEP_CLONE_DEVICES,	"take hold of the device",		devices_clone },
	{ STEP_ROOT,		"close the root",			mounts_root },
	{ STEP_SCRATCH,		"make a private tmpfs",			mounts_scratch },
	{ STEP_RULES,		"put in force the rule for",		mounts_rules },
	{ STEP_SOCKETS,		"close the socket",			mounts_sockets },
	{ STEP_PINS,		"hold in its place",			mounts_pins },
	{ STEP_DEV,		"make /dev",				devices_mount },
	{ STEP_PROC,		"make /proc",				mounts_proc },
	{ STEP_SYSTEM,		"put in force the rule for",		mounts_system },
	{ STEP_SEAL,		"close the assembled root",		mounts_seal },
	{ STEP_DIRECTORY,	"enter the working directory",		change_directory },
	{ STEP_DESCRIPTORS,	"hand over a directory that the rules close", exchange_directories },
	{ STEP_KEYRING,		"make a session keyring",		join_keyring },
	{ STEP_LANDLOCK,	"enter the Landlock domain for",	landlock_enter },
	{ STEP_PORTS,		"listen on a loopback port for",	relay_begin },
	{ STEP_NETWORK,		"make a network namespace",		groundwork_join_network },
	{ STEP_PORTS,		"listen on a loopback port for",	relay_finish },
	{ STEP_CAPABILITIES,	"drop capabilities",			drop_capabilities },
	{ STEP_MAP,		"map the user into the box",		NULL },
	{ STEP_SPAWN,		"start the command's process",		NULL },
	{ STEP_DESCRIPTORS,	"close descriptors",			NULL },
	{ STEP_LIMITS,		"set limits",				NULL },
	{ STEP_NESTED,		"ask the bawn around this one to keep the rules for missing names", NULL },
	{ STEP_CREATION,	"enter the second Landlock domain",	NULL },
	{ STEP_SECCOMP,		"load the seccomp filter",		NULL },
	{ STEP_EXEC,		"execute",				NULL },
};

static const char *step_subject(const struct box *box, const struct failure *failure, const struct command *command)
{
	const struct policy *policy = box->plan->policy;

	switch (failure->step) {
	case STEP_CLONE_MOUNTS: case STEP_RULES: case STEP_ROOT: case STEP_SCRATCH:
		return failure->item < box->op_count ? box->ops[failure->item].path : NULL;
	case STEP_CLONE_DEVICES: case STEP_DEV:
		return failure->item < box->device_count ? box->devices[failure->item].path : NULL;
	case STEP_SYSTEM:
		return failure->item < box->system_count ? box->system[failure->item].path : NULL;
	case STEP_SOCKETS:
		return failure->item < policy->socket_count ? policy->sockets[failure->item] : NULL;
	case STEP_PORTS:
		return failure->item < box->listen_count ? box->listen[failure->item].rule->path : NULL;
	case STEP_PINS:
		return failure->item < box->pin_count ? box->pins[failure->item].below : NULL;
	case STEP_LANDLOCK:
		return failure->item < box->landlock_count ? box->landlock[failure->item].path : NULL;
	case STEP_DIRECTORY:
		return policy->cwd;
	case STEP_EXEC:
		return command->argv[0];
	default:
		return NULL;
	}
}

static const char *failure_advice(const struct failure *failure)
{
	if (failure->step == STEP_MAP && failure->number == EPERM)
		return ": root inside another sandbox has not CAP_SETFCAP, and without it the kernel maps no uid 0 "
		       "(user_namespaces(7)). A bawn around this one maps it where something is writable and "
		       "io-uring is closed; or start the outer one as an ordinary user";
	if (failure->number == ELOOP)
		return ": a symbolic link appeared on the way since the rules were resolved; start again";
	if (failure->step == STEP_SECCOMP && failure->number == EBUSY)
		return ": another sandbox around this one holds the only seccomp listener that a process may have; "
		       "reopen the missing names, or --allow-degraded to go without";
	if (failure->step == STEP_CLONE_MOUNTS && failure->item == SIZE_MAX && failure->number == EPERM)
		return ": the container around us hides parts of its own /proc";
	return "";
}

/* The rule that an operation comes from, for the message. */
static const struct rule *failed_rule(const struct box *box, const struct failure *failure)
{
	bool ops = failure->step == STEP_CLONE_MOUNTS || failure->step == STEP_RULES || failure->step == STEP_ROOT;

	if (failure->step == STEP_PORTS && failure->item < box->listen_count)
		return box->listen[failure->item].rule;
	return ops && failure->item < box->op_count && box->ops[failure->item].item ?
		       box->ops[failure->item].item->rule :
		       NULL;
}

static int explain_namespaces(int number, struct bawn_error *err)
{
	if (number == EAGAIN || number == ENOMEM)
		return error_system(err, number, "cannot make the box's namespaces");
	return error_set(err, number, "cannot make the box's namespaces: %s", namespaces_blocker(number));
}

static int explain_failure(const struct box *box, const struct failure *failure, const struct command *command,
			   struct bawn_error *err)
{
	const char *subject = step_subject(box, failure, command);
	const char *what = "start", *why = strerror(failure->number);
	const struct rule *rule = failed_rule(box, failure);

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if ((int)steps[i].id == failure->step)
			what = steps[i].what;
	if (failure->step == STEP_NAMESPACES)
		return explain_namespaces(failure->number, err);
	if (failure->step == STEP_EXEC) {
		error_system(err, failure->number, "%s", subject);
		if (err)
			err->status = failure->number == ENOENT ? BAWN_STATUS_NOT_FOUND : BAWN_STATUS_NOT_EXEC;
	} else if (rule)
		error_set(err, failure->number, "cannot %s %s: %s%s\n  rule: %s (%s:%u:%u)", what, subject, why,
			  failure_advice(failure), rule->label, rule->origin.file, rule->origin.line,
			  rule->origin.column);
	else
		error_set(err, failure->number, "cannot %s%s%s: %s%s", what, subject ? " " : "",
			  subject ? subject : "", why, failure_advice(failure));
	return -failure->number;
}

/* --- the child
 * -------------------------------------------------------------------------------------------------------------------
 */

_Noreturn void inside_fail(const struct inside *in, int step, int number)
{
	const struct failure failure = { .step = step, .number = number, .item = in->item };

	while (write(in->report_fd, &failure, sizeof(failure)) < 0 && errno == EINTR)
		;
	_exit(BAWN_STATUS_SELF);
}

/* 0 to 2 become what the command gets. A source may itself be one of 0 to 2, so all are lifted out of the way first. */
static int place_stdio(const struct command *command)
{
	int lifted[3];

	for (int i = 0; i < 3; i++) {
		lifted[i] = command->stdio[i] < 0 ? -1 : fcntl(command->stdio[i], F_DUPFD_CLOEXEC, 3);
		if (command->stdio[i] >= 0 && lifted[i] < 0)
			return -errno;
	}
	for (int i = 0; i < 3; i++) {
		if (lifted[i] < 0) {
			close(i);
			continue;
		}
		if (dup2(lifted[i], i) < 0)
			return -errno;
		close(lifted[i]);
	}
	return 0;
}

static bool is_plain_stdio(const struct command *command)
{
	return command->stdio[0] == 0 && command->stdio[1] == 1 && command->stdio[2] == 2;
}

_Noreturn void inside_run(struct inside *in)
{
	int r = is_plain_stdio(in->command) ? 0 : place_stdio(in->command);

	/* The supervisor's end shows on its pidfd, but pid 1 may be stuck in a call that only a signal ends (a
	 * hanging file system). This signal speaks of the thread that cloned us, so it is asked for only where
	 * that is as good as the process. */
	if (in->main_thread)
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	in->item = SIZE_MAX;
	if (r < 0)
		inside_fail(in, STEP_DESCRIPTORS, -r);
	for (size_t i = 0; !in->box->plan->policy->unconfined && steps[i].enter; i++) {
		r = steps[i].enter(in);
		if (r < 0)
			inside_fail(in, steps[i].id, -r);
	}
	if (in->box->plan->policy->unconfined)
		init_run_unconfined(in);
	init_run(in);
}

/* --- the parent --------------------------------------------------------------------------- */

static int prepare(struct inside *in, const struct command *command, struct bawn_error *err)
{
	size_t argc = 0, longest = 4096, name = strlen(command->argv[0]);

	while (command->argv[argc])
		argc++;
	in->clones = reserve_take((in->box->op_count + 1) * sizeof(*in->clones));
	in->device_fds = reserve_take((in->box->device_count + 1) * sizeof(*in->device_fds));
	in->quiet = reserve_take((in->box->op_count + 1) * sizeof(*in->quiet));
	in->path_buffer = reserve_take(longest + name + 2);
	in->script_argv = reserve_take((argc + 3) * sizeof(*in->script_argv));
	if (!in->device_fds || !in->clones || !in->quiet || !in->path_buffer || !in->script_argv)
		return error_oom(err);
	in->script_argv[0] = "/bin/sh";
	memcpy(in->script_argv + 1, command->argv, (argc + 1) * sizeof(*in->script_argv));
	return 0;
}

static void forget(struct inside *in)
{
	reserve_give(in->clones);
	reserve_give(in->device_fds);
	reserve_give(in->quiet);
	reserve_give(in->path_buffer);
	reserve_give(in->script_argv);
}

/* Reads the report: end of file says that the command was executed. */
static int await_start(const struct inside *in, int report_fd, const struct process *process, struct bawn_error *err)
{
	struct failure failure;
	ssize_t size;

	while ((size = read(report_fd, &failure, sizeof(failure))) < 0 && errno == EINTR)
		;
	if (size == 0 && process->pid > 0)
		return 0;
	while (process->pid > 0 && waitpid(process->pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	if (size != sizeof(failure))
		return error_set(err, EIO, "the box's first process ended before it could report");
	return explain_failure(in->box, &failure, in->command, err);
}

/* As in groundwork.c: no exit signal, no handler of the caller's in the child. */
static int clone_unconfined(struct inside *in, struct process *ret_process, int *ret_report_fd)
{
	int pipe_fds[2];
	sigset_t all, old;
	int number;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	in->report_fd = pipe_fds[1];
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	ret_process->pid = (pid_t)syscall(SYS_clone, CLONE_PIDFD, NULL, &ret_process->pidfd, NULL, NULL);
	number = errno;
	if (ret_process->pid == 0)
		inside_run(in);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(pipe_fds[1]);
	*ret_report_fd = pipe_fds[0];
	return ret_process->pid < 0 ? -number : 0;
}

static bool is_local_datagram(int fd)
{
	int domain = 0, type = 0;
	socklen_t size = sizeof(int);

	return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM;
}

/* The command can make no local datagram sockets (broker_unix.c), and is given none either. */
static int check_descriptors(const struct box *box, const struct command *command, struct bawn_error *err)
{
	if (box->plan->sockets != SOCKETS_BROKER)
		return 0;
	for (size_t i = 0; i < 3 + command->keep_count; i++) {
		int fd = i < 3 ? command->stdio[i] : command->keep_fds[i - 3];

		if (is_local_datagram(fd))
			return error_set(err, EACCES,
					 "descriptor %d is a local datagram socket, by which any other one could be "
					 "named: hand over something else, or open all local sockets "
					 "(network.dangerously_allow_all_unix_sockets)", i < 3 ? (int)i : fd);
	}
	return 0;
}

static int start(struct inside *in, struct groundwork *groundwork, struct process *process, struct bawn_error *err)
{
	autoclose int report = -1;
	int r;

	in->main_thread = syscall(SYS_gettid) == getpid();
	if (in->box->plan->policy->unconfined)
		r = clone_unconfined(in, process, &report);
	else
		r = groundwork ? groundwork_finish(groundwork, in, process, &report) : -ENOMEM;
	return r < 0 ? explain_namespaces(-r, err) : await_start(in, report, process, err);
}

static int start_with_mask(struct inside *in, struct groundwork *groundwork, struct process *ret_process,
			   struct bawn_error *err)
{
	struct process process = { .pid = -1, .pidfd = -1 };
	int r;

	sigprocmask(SIG_SETMASK, in->command->hold, &in->old_mask);
	r = start(in, groundwork, &process, err);
	if (r < 0) {
		sigprocmask(SIG_SETMASK, &in->old_mask, NULL);
		cleanup_fd(&process.pidfd);
		return r;
	}
	process.old_mask = in->old_mask;
	*ret_process = process;
	return 0;
}

int linux_start(const struct box *box, const struct command *command, struct groundwork *groundwork,
		struct process *ret_process, struct bawn_error *err)
{
	struct inside in = { .box = box, .command = command, .listener_fd = -1, .scratch_fd = -1, .network_fd = -1,
			     .wake_fd = -1 };
	struct groundwork *begun_late = NULL;
	int r = box->plan->policy->unconfined ? 0 : check_descriptors(box, command, err);

	if (r < 0)
		return r;
	r = prepare(&in, command, err);
	if (r == 0 && !groundwork && !box->plan->policy->unconfined)
		groundwork = begun_late = linux_begin();
	linux_begin_network(groundwork, box->plan->policy->network == NETWORK_OFF);
	if (r == 0)
		r = start_with_mask(&in, groundwork, ret_process, err);
	forget(&in);
	linux_abandon(begun_late);
	return r;
}

int linux_start_unconfined(const struct plan *plan, const struct command *command, struct process *ret_process,
			   struct bawn_error *err)
{
	struct box box = { .plan = plan };

	linux_lower_limits(&box);
	return linux_start(&box, command, NULL, ret_process, err);
}

int linux_status(int wait_status)
{
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}
