/* SPDX-License-Identifier: Apache-2.0 */
/* groundwork.c — what no rule changes is made while the policy is still being resolved.
 *
 * Namespaces take as long to make as a policy takes to resolve, and a second processor is usually idle. So a
 * helper process makes them meanwhile, maps the user, drops what capabilities it can for good and makes the tree
 * of /dev; a second one, the dearest of all, the network namespace. When the plan stands, the helper is given its
 * turn: it clones pid 1, whose parent is the caller all the same (CLONE_PARENT), and ends.
 *
 * The helpers share the caller's memory, so that pid 1 has the plan. They share errno too, which the caller reads while
 * it goes on: so until their turn comes they leave it alone (raw.h), and do not read it. Their descriptors are their
 * own, or another thread of the caller's that forks would hold files open on the box's mounts; what has to cross
 * later is sent. All signals are blocked: no handler of the caller's runs in them. Nothing of the command's exists
 * yet, and neither helper is in the box's pid namespace: what runs inside never sees them. pid 1 shares nothing.
 *
 * Should: do only what holds for every policy. Mustn't: allocate, touch what the caller uses meanwhile (errno), outlive
 * the caller. */
#include "linux/box.h"
#include "linux/raw.h"

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <linux/capability.h>
#include <linux/futex.h>

#define STACK_BYTES	((size_t)1 << 20)	/* pid 1 and the broker go on where the helper was */
#define NETWORK_STACK_BYTES ((size_t)16 * 1024)
#define GUARD_BYTES	((size_t)64 * 1024)	/* a page at least, whatever its size */
#define STACKS_BYTES	(GUARD_BYTES + STACK_BYTES + NETWORK_STACK_BYTES)

enum turn { TURN_GROUNDWORK, TURN_PID_1, TURN_NONE };
enum network { NETWORK_UNSAID, NETWORK_WANTED, NETWORK_UNWANTED };

struct groundwork {
	pid_t caller;
	uint32_t network;		/* enum network: whether one of its own is wanted; a futex */
	char uid_map[32], gid_map[32];
	pid_t helper, network_helper;
	int report_fd;			/* socket: how the start went; the other way, descriptors to the helper */
	/* as the helper has them: */
	int helper_fd, supervisor_fd;	/* its end of report_fd; the caller's pidfd */
	int network_ends[2];		/* socket: pid 1's, the network helper's */
	int network_fd;			/* the former, or -1 */
	int scratch_fd, pts_fd;
	uint32_t turn;			/* enum turn; a futex */
	struct inside *in;		/* set before the turn of pid 1 */
	pid_t pid;			/* of pid 1; 0: there is none */
	int number;			/* why there is no helper: errno */
	char *stacks;			/* a guard, the helper's stack, the network helper's; all grow downwards */
};

static int write_file(const char *path, const char *text)
{
	autoclose int fd = raw_open(path, O_WRONLY | O_CLOEXEC);
	size_t size = strlen(text);
	ssize_t r = fd < 0 ? fd : raw_write(fd, text, size);

	return r < 0 ? (int)r : r == (ssize_t)size ? 0 : -EIO;
}

/* --- descriptors on their way --------------------------------------------------------------- */

union descriptor_message { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr aligned; };

static void fill_message(struct msghdr *message, struct iovec *payload, union descriptor_message *control)
{
	*message = (struct msghdr){ .msg_iov = payload, .msg_iovlen = 1, .msg_control = control,
				    .msg_controllen = sizeof(*control) };
}

/* number < 0: an error instead of a descriptor. */
static void send_descriptor(int socket_fd, int number, int fd)
{
	struct iovec payload = { .iov_base = &number, .iov_len = sizeof(number) };
	union descriptor_message control = { 0 };
	struct msghdr message;
	struct cmsghdr *header;

	fill_message(&message, &payload, &control);
	if (number < 0) {
		message.msg_control = NULL;
		message.msg_controllen = 0;
	} else {
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(int));
	}
	raw_call(SYS_sendmsg, socket_fd, (long)&message, MSG_NOSIGNAL, 0, 0);
}

static int receive_descriptor(int socket_fd)
{
	int number = -EIO, fd = -1;
	struct iovec payload = { .iov_base = &number, .iov_len = sizeof(number) };
	union descriptor_message control = { 0 };
	struct msghdr message;
	struct cmsghdr *header;
	ssize_t size;

	fill_message(&message, &payload, &control);
	while ((size = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC)) < 0)
		if (errno != EINTR)
			return -errno;
	header = CMSG_FIRSTHDR(&message);
	if (size != sizeof(number) || number < 0)
		return size == sizeof(number) ? number : -ECANCELED;	/* nothing: the sender was killed */
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -EIO;
	memcpy(&fd, CMSG_DATA(header), sizeof(int));
	return fd;
}

/* --- the network namespace ---------------------------------------------------------------- */

static int loopback_up(int fd)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	return fd < 0 ? fd : raw_ioctl(fd, SIOCSIFFLAGS, &request);
}

static int make_network(int *ret_fd)
{
	autoclose int fd = -1;
	int r = raw_unshare(CLONE_NEWNET);

	if (r < 0)
		return r;
	fd = raw_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC);
	r = loopback_up(fd);
	if (r < 0 || !ret_fd)
		return r;
	*ret_fd = raw_ioctl(fd, SYS_SIOCGSKNS, NULL);
	return *ret_fd < 0 ? *ret_fd : 0;
}

ON_OTHER_STACK static int network_main(void *argument)
{
	struct groundwork *groundwork = argument;
	int fd = -1, r = make_network(&fd);

	send_descriptor(groundwork->network_ends[1], r, fd);
	_exit(0);
}

/* Where it ends before it has sent anything, pid 1 learns of it: nobody else has its end of the socket. */
static int network_begin(struct groundwork *groundwork)
{
	int r;

	if (__atomic_load_n(&groundwork->network, __ATOMIC_ACQUIRE) != NETWORK_WANTED || groundwork->network_helper)
		return 0;
	r = (int)raw_call(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, (long)groundwork->network_ends, 0);
	if (r < 0)
		return r;
	groundwork->network_helper = clone(network_main, groundwork->stacks + STACKS_BYTES,
					   CLONE_VM | CLONE_PARENT, groundwork);
	groundwork->network_fd = groundwork->network_ends[0];
	close(groundwork->network_ends[1]);
	return groundwork->network_helper < 0 ? -EAGAIN : 0;	/* errno might be the caller's by now */
}

/* By now there is nothing else to do meanwhile. */
static int network_decided(struct groundwork *groundwork)
{
	while (__atomic_load_n(&groundwork->network, __ATOMIC_ACQUIRE) == NETWORK_UNSAID)
		raw_call(SYS_futex, (long)&groundwork->network, FUTEX_WAIT_PRIVATE, NETWORK_UNSAID, 0, 0);
	return network_begin(groundwork);
}

int groundwork_join_network(struct inside *in)
{
	autoclose int namespace = -1;

	if (in->box->plan->policy->network != NETWORK_OFF)
		return 0;
	if (in->network_fd < 0)			/* nobody thought that it would be needed */
		return make_network(NULL);
	namespace = receive_descriptor(in->network_fd);
	if (namespace < 0)
		return namespace;
	return setns(namespace, CLONE_NEWNET) < 0 ? -errno : 0;
}

/* --- the helper --------------------------------------------------------------------------- */

static int enter_namespaces(struct groundwork *groundwork)
{
	(void)groundwork;
	return raw_unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP);
}

static int enter_pid_namespace(struct groundwork *groundwork)
{
	(void)groundwork;
	return raw_unshare(CLONE_NEWPID);
}

/* user_namespaces(7): an unprivileged process may map its own uid, and its own gid once setgroups(2) is given up. */
static int map_ids(struct groundwork *groundwork)
{
	int r = write_file("/proc/self/setgroups", "deny");

	if (r == 0)
		r = write_file("/proc/self/uid_map", groundwork->uid_map);
	return r == 0 ? write_file("/proc/self/gid_map", groundwork->gid_map) : r;
}

static int bound_capabilities(struct groundwork *groundwork)
{
	int r = 0;

	(void)groundwork;
	for (unsigned long capability = 0; r == 0 && capability < GROUNDWORK_CAPABILITIES; capability++)
		r = raw_prctl(PR_CAPBSET_DROP, capability);
	return r;
}

/* What is made from here on must not take the number of a standard descriptor that the caller has closed. */
static int hold_standard_descriptors(struct groundwork *groundwork)
{
	int r = 0;

	(void)groundwork;
	for (int fd = 0; r >= 0 && fd < 3; fd++)
		if (raw_call(SYS_fcntl, fd, F_GETFD, 0, 0, 0) == -EBADF)
			r = raw_open("/dev/null", O_RDWR | O_CLOEXEC);
	return r < 0 ? r : 0;
}

static int make_scratch(struct groundwork *groundwork)
{
	return scratch_make(&groundwork->scratch_fd);
}

static int make_terminals(struct groundwork *groundwork)
{
	return scratch_make_terminals(&groundwork->pts_fd);
}

static const struct { enum step_id id; int (*make)(struct groundwork *groundwork); } steps[] = {
	{ STEP_DESCRIPTORS,	hold_standard_descriptors },
	{ STEP_NAMESPACES,	enter_namespaces },
	{ STEP_MAP,		map_ids },		/* before the rest: a tmpfs wants a uid that is mapped */
	{ STEP_NETWORK,		network_begin },	/* the longest; as soon as it is known to be wanted */
	{ STEP_SCRATCH,		make_scratch },
	{ STEP_NETWORK,		network_begin },
	{ STEP_DEV,		make_terminals },
	{ STEP_CAPABILITIES,	bound_capabilities },
	{ STEP_NETWORK,		network_decided },
	{ STEP_NAMESPACES,	enter_pid_namespace },	/* last: what is cloned from now on is pid 1 */
};

static enum turn await_turn(struct groundwork *groundwork)
{
	uint32_t turn;

	while ((turn = __atomic_load_n(&groundwork->turn, __ATOMIC_ACQUIRE)) == TURN_GROUNDWORK)
		raw_call(SYS_futex, (long)&groundwork->turn, FUTEX_WAIT_PRIVATE, TURN_GROUNDWORK, 0, 0);
	return turn;
}

ON_OTHER_STACK static _Noreturn void report_failure(const struct groundwork *groundwork, int step, int number)
{
	const struct failure failure = { .step = step, .number = number, .item = SIZE_MAX };

	while (raw_write(groundwork->helper_fd, &failure, sizeof(failure)) == -EINTR)
		;
	_exit(BAWN_STATUS_SELF);
}

static int hand_over(const struct groundwork *groundwork)
{
	struct inside *in = groundwork->in;

	if (in->command->wake_fd >= 0) {
		in->wake_fd = receive_descriptor(groundwork->helper_fd);
		if (in->wake_fd < 0)
			return in->wake_fd;
	}
	in->report_fd = groundwork->helper_fd;
	in->supervisor_fd = groundwork->supervisor_fd;
	in->scratch_fd = groundwork->scratch_fd;
	in->pts_fd = groundwork->pts_fd;
	in->network_fd = groundwork->network_fd;
	return 0;
}

ON_OTHER_STACK static int helper_main(void *argument)
{
	struct groundwork *groundwork = argument;
	pid_t pid;
	int r = 0;

	raw_prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != groundwork->caller)
		_exit(0);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		r = steps[i].make(groundwork);
		if (r < 0)
			report_failure(groundwork, steps[i].id, -r);
	}
	if (await_turn(groundwork) == TURN_NONE)
		_exit(0);
	r = hand_over(groundwork);
	if (r < 0)
		report_failure(groundwork, STEP_DESCRIPTORS, -r);
	pid = (pid_t)syscall(SYS_clone, CLONE_PARENT, NULL, NULL, NULL, NULL);
	if (pid == 0)
		inside_run(groundwork->in);
	if (pid < 0)
		report_failure(groundwork, STEP_NAMESPACES, errno);
	groundwork->pid = pid;
	_exit(0);
}

/* --- the caller --------------------------------------------------------------------------- */

/* The kernel makes no huge page of a MAP_STACK: clearing one would take longer than everything here. */
static char *stacks_new(void)
{
	char *stacks = mmap(NULL, STACKS_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);

	if (stacks == MAP_FAILED)
		return NULL;
	mprotect(stacks, GUARD_BYTES, PROT_NONE);
	return stacks;
}

static struct groundwork *groundwork_new(void)
{
	struct groundwork *groundwork = reserve_take(sizeof(*groundwork));

	if (!groundwork)
		return NULL;
	*groundwork = (struct groundwork){
		.caller = getpid(), .report_fd = -1, .helper_fd = -1, .supervisor_fd = -1, .network_fd = -1,
		.scratch_fd = -1, .pts_fd = -1,
	};
	snprintf(groundwork->uid_map, sizeof(groundwork->uid_map), "%u %u 1\n", geteuid(), geteuid());
	snprintf(groundwork->gid_map, sizeof(groundwork->gid_map), "%u %u 1\n", getegid(), getegid());
	return groundwork;
}

/* Away from the numbers of the standard descriptors, which are put in order later. */
static int lift(int *fd)
{
	int higher = *fd > 2 ? *fd : fcntl(*fd, F_DUPFD_CLOEXEC, 3);

	if (higher < 0)
		return -errno;
	if (higher != *fd)
		close(*fd);
	*fd = higher;
	return 0;
}

/* Exit signal 0: a caller that ignores SIGCHLD, or that waits for any child, neither loses the status nor steals it
 * (__WALL). pid 1 inherits it. */
static int clone_helper(struct groundwork *groundwork)
{
	sigset_t all, old;
	int number;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	groundwork->helper = clone(helper_main, groundwork->stacks + GUARD_BYTES + STACK_BYTES, CLONE_VM, groundwork);
	number = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return groundwork->helper < 0 ? -number : 0;
}

/* What crosses goes by its number: the helper reads that after we have closed ours. */
static int start_helper(struct groundwork *groundwork)
{
	autoclose int supervisor = sys_pidfd_open(groundwork->caller, 0);
	autoclose int report = -1;
	int ends[2], r;

	groundwork->stacks = stacks_new();
	if (!groundwork->stacks || supervisor < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	groundwork->report_fd = ends[0];
	report = ends[1];
	if ((r = lift(&supervisor)) < 0 || (r = lift(&report)) < 0)
		return r;
	groundwork->supervisor_fd = supervisor;
	groundwork->helper_fd = report;
	return clone_helper(groundwork);
}

struct groundwork *linux_begin(void)
{
	struct groundwork *groundwork = groundwork_new();

	if (groundwork)
		groundwork->number = -start_helper(groundwork);
	return groundwork;
}

void linux_begin_network(struct groundwork *groundwork, bool wanted)
{
	uint32_t unsaid = NETWORK_UNSAID;

	if (groundwork && __atomic_compare_exchange_n(&groundwork->network, &unsaid,
						      wanted ? NETWORK_WANTED : NETWORK_UNWANTED, false,
						      __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		syscall(SYS_futex, &groundwork->network, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void reap(pid_t *pid)
{
	while (*pid > 0 && waitpid(*pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	*pid = 0;
}

static void give_turn(struct groundwork *groundwork, enum turn turn)
{
	linux_begin_network(groundwork, false);		/* in case that nobody has said */
	__atomic_store_n(&groundwork->turn, turn, __ATOMIC_RELEASE);
	syscall(SYS_futex, &groundwork->turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	reap(&groundwork->helper);
}

int groundwork_finish(struct groundwork *groundwork, struct inside *in, struct process *ret_process,
		      int *ret_report_fd)
{
	if (groundwork->number)
		return -groundwork->number;
	groundwork->in = in;
	if (in->command->wake_fd >= 0)
		send_descriptor(groundwork->report_fd, 0, in->command->wake_fd);
	give_turn(groundwork, TURN_PID_1);
	ret_process->pid = groundwork->pid;
	ret_process->pidfd = groundwork->pid ? sys_pidfd_open(groundwork->pid, 0) : -1;
	*ret_report_fd = take_fd(&groundwork->report_fd);
	return groundwork->pid && ret_process->pidfd < 0 ? -errno : 0;
}

void linux_abandon(struct groundwork *groundwork)
{
	if (!groundwork)
		return;
	if (groundwork->helper > 0)
		give_turn(groundwork, TURN_NONE);
	reap(&groundwork->network_helper);
	cleanup_fd(&groundwork->report_fd);
	if (groundwork->stacks)
		munmap(groundwork->stacks, STACKS_BYTES);
	reserve_give(groundwork);
}
