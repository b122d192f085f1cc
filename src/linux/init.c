/* SPDX-License-Identifier: Apache-2.0 */
/* init.c — pid 1 of the box.
 *
 * Starts the command, and the broker at the first call that needs it; reaps whatever ends, forwards the signals
 * that the supervisor sends, and ends, taking everything in the box with it (pid_namespaces(7)), when the command
 * ends or the supervisor does. It learns of the supervisor's end from a pidfd; PR_SET_PDEATHSIG alone would not
 * do, it speaks of the thread that cloned it.
 *
 * Should: hold no descriptor of the command's, block never. Mustn't: allocate (the caller may have had
 * threads), trust what the command can write. It is not dumpable: no process of the box can trace it or look
 * into its descriptors. */
#include "linux/nested.h"

#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define OWN_MAX (8 + GRANTS_MAX)	/* descriptors that pid 1 or the broker keeps */
#define HELPER_SWEEP_MS 500		/* how long a helper may outlive the caller that it opens a FIFO for */
#define FORK_AGAIN_MS 100		/* until the next attempt to start the broker */

static const int forwarded[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT };

/* --- the command's process ---------------------------------------------------------------- */

static int keep_descriptors(const struct command *command)
{
	if (sys_close_range(3, ~0u, SYS_CLOSE_RANGE_CLOEXEC) < 0)
		return -errno;
	for (size_t i = 0; i < command->keep_count; i++)
		if (fcntl(command->keep_fds[i], F_SETFD, 0) < 0)
			return -errno;
	return 0;
}

static int set_limits(const struct box *box)
{
	for (size_t i = 0; i < box->limit_count; i++) {
		struct rlimit now, wanted = box->limits[i].limit;

		if (getrlimit(box->limits[i].resource, &now) < 0)
			return -errno;
		if (wanted.rlim_max > now.rlim_max)	/* what is stricter already stays */
			wanted.rlim_cur = wanted.rlim_max = now.rlim_max;
		if (setrlimit(box->limits[i].resource, &wanted) < 0)
			return -errno;
	}
	return 0;
}

/* WAIT_KILLABLE_RECV: once pid 1 has a call in hand, only death interrupts it, so no call is made twice. */
static int load_filter(struct inside *in)
{
	const struct sock_fprog program = { .len = in->box->bpf.count, .filter = in->box->bpf.code };
	bool notify = plan_has_broker(in->box->plan);
	unsigned flags = notify ? SECCOMP_FILTER_FLAG_NEW_LISTENER | (1u << 5) /* WAIT_KILLABLE_RECV */ : 0;
	long r;

	if (!program.len)
		return 0;
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	if (r < 0)
		return -errno;
	if (notify)
		in->listener_fd = (int)r;	/* pid 1 shares this memory and these descriptors until the exec */
	return 0;
}

static void default_signals(const sigset_t *mask)
{
	const struct sigaction standard = { .sa_handler = SIG_DFL };

	for (int i = 1; i < 32; i++) {
		struct sigaction now;

		/* An ignored SIGINT or SIGHUP is the caller's wish (nohup); SIGPIPE and SIGCHLD have their
		 * default action. A handler of the caller's must not run in the memory of pid 1, which this
		 * process still shares. */
		if (sigaction(i, NULL, &now) == 0 && now.sa_handler != SIG_DFL &&
		    (now.sa_handler != SIG_IGN || i == SIGPIPE || i == SIGCHLD))
			sigaction(i, &standard, NULL);
	}
	sigprocmask(SIG_SETMASK, mask, NULL);
}

static const char *find_path(const char *const *environ_)
{
	for (; *environ_; environ_++)
		if (!strncmp(*environ_, "PATH=", 5))
			return *environ_ + 5;
	return "/usr/local/bin:/usr/bin:/bin";
}

static int try_exec(struct inside *in, const char *path)
{
	char *const *environ_ = (char *const *)(uintptr_t)in->box->plan->policy->environ;

	syscall(SYS_execve, path, in->command->argv, environ_, WATCH_OWN_EXEC);
	if (errno == ENOEXEC) {		/* a script without "#!": execvp(3) gives it to the shell, and so do we */
		in->script_argv[1] = path;
		syscall(SYS_execve, "/bin/sh", in->script_argv, environ_, WATCH_OWN_EXEC);
	}
	return errno;
}

static int exec_by_path(struct inside *in, const char *name)
{
	int result = ENOENT;

	for (const char *element = find_path(in->box->plan->policy->environ); element; ) {
		size_t size = strcspn(element, ":");
		struct stat st;
		int number;

		if (size < 4096) {
			memcpy(in->path_buffer, element, size);
			if (!size)
				in->path_buffer[size++] = '.';
			in->path_buffer[size] = '/';
			strcpy(in->path_buffer + size + 1, name);
			number = try_exec(in, in->path_buffer);
			/* execvp(3): a directory of that name, or a file without permission, is only told when
			 * nothing else is found */
			if (number == EACCES && (stat(in->path_buffer, &st) < 0 || S_ISDIR(st.st_mode)))
				number = ENOENT;
			if (number != ENOENT && number != ENOTDIR && number != EACCES)
				return number;
			if (number == EACCES)
				result = EACCES;
		}
		element = strchr(element, ':');
		element = element ? element + 1 : NULL;
	}
	return result;
}

struct spawn { struct inside *in; int step, number; };

ON_OTHER_STACK static int command_main(void *argument)
{
	struct spawn *spawn = argument;
	struct inside *in = spawn->in;
	const char *name = in->command->argv[0];
	int r;

#define ENTER(id, call)                                                                                        \
	do {                                                                                                   \
		spawn->step = (id);                                                                            \
		if ((r = (call)) < 0) {                                                                        \
			spawn->number = -r;                                                                    \
			_exit(BAWN_STATUS_SELF);                                                               \
		}                                                                                              \
	} while (0)
	ENTER(STEP_DESCRIPTORS, keep_descriptors(in->command));
	ENTER(STEP_CAPABILITIES, capabilities_keep(0));
	ENTER(STEP_NESTED, nested_ask(in));
	ENTER(STEP_CREATION, landlock_enter_creation(in));
	default_signals(&in->old_mask);
	ENTER(STEP_SECCOMP, load_filter(in));
	ENTER(STEP_LIMITS, set_limits(in->box));	/* last: open_files would be in the way of the steps before */
#undef ENTER
	spawn->step = STEP_EXEC;
	spawn->number = strchr(name, '/') ? try_exec(in, name) : exec_by_path(in, name);
	_exit(BAWN_STATUS_SELF);
}

_Noreturn void init_run_unconfined(struct inside *in)
{
	const char *name = in->command->argv[0];
	int r = set_limits(in->box);

	if (r < 0)
		inside_fail(in, STEP_LIMITS, -r);
	default_signals(&in->old_mask);
	inside_fail(in, STEP_EXEC, strchr(name, '/') ? try_exec(in, name) : exec_by_path(in, name));
}

/* vfork() with a stack of its own: pid 1 sleeps until the exec, and meanwhile sees what the child writes into
 * its memory. */
static pid_t spawn_command(struct inside *in, struct spawn *spawn)
{
	static char stack[64 * 1024] __attribute__((aligned(64)));

	*spawn = (struct spawn){ .in = in, .step = STEP_SPAWN };
	return clone(command_main, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, spawn);
}

/* What is still needed (-1: not there), and the clones of grants.c, move to the lowest numbers; everything else, the
 * command's 0 to 2 among it, is closed. */
static void keep_only(struct inside *in, int *const *own, unsigned count)
{
	int *kept[OWN_MAX], lifted[OWN_MAX];
	unsigned used = 0;

	memcpy(kept, own, count * sizeof(*own));
	for (size_t i = 0; i < in->box->grant_count; i++)
		kept[count++] = &in->box->grants[i].fd;
	for (unsigned i = 0; i < count; i++) {
		lifted[i] = *kept[i] < 0 || *kept[i] >= (int)count ? *kept[i] :
								    fcntl(*kept[i], F_DUPFD_CLOEXEC, (int)count);
		if (*kept[i] >= 0 && lifted[i] < 0)
			_exit(BAWN_STATUS_SELF);	/* out of descriptors */
	}
	for (unsigned i = 0; i < count; i++)
		if (lifted[i] >= 0)
			*kept[i] = dup3(lifted[i], (int)used++, O_CLOEXEC);
	sys_close_range(used, ~0u, 0);
}

/* --- the broker's process ----------------------------------------------------------------- */

/* A file system that hangs holds whoever calls it; so the broker's calls are not made by pid 1, which must be
 * able to end the box. */
ON_OTHER_STACK static _Noreturn void broker_loop(struct broker *broker)
{
	for (;;) {
		bool helpers = broker_sweep(broker);
		short happened;
		pid_t pid;

		if (!helpers && !broker->waiting_count && broker_answer(broker))
			continue;		/* with nothing else to look at, the question itself is waited for */
		if (broker_poll(broker, helpers ? HELPER_SWEEP_MS : -1, &happened) < 0)
			_exit(BAWN_STATUS_SELF);	/* its limits were taken away: it could only spin */
		while (helpers && (pid = waitpid(-1, NULL, WNOHANG)) > 0)
			broker_forget_helper(broker, pid);
		if (happened & POLLIN)
			broker_answer(broker);
		else if (happened)
			_exit(0);		/* no process under the filter is left */
	}
}

ON_OTHER_STACK static _Noreturn void broker_main(struct inside *in)
{
	static struct broker broker;
	struct rlimit files;

	keep_only(in, (int *[]){ &in->listener_fd, &in->wake_fd }, 2);
	broker_init(&broker, in);
	/* Names of sockets and calls that wait are descriptors here. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	broker_loop(&broker);
}

ON_OTHER_STACK static pid_t start_broker(struct inside *in)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		broker_main(in);
	return pid;
}

/* --- pid 1 -------------------------------------------------------------------------------- */

struct init {
	struct inside *in;
	pid_t command, broker;
	int signal_fd;
};

ON_OTHER_STACK static void reap(struct init *init)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		if (pid == init->command)
			_exit(linux_status(status));
		if (pid == init->broker && (WIFSIGNALED(status) || WEXITSTATUS(status)))
			_exit(BAWN_STATUS_SELF);	/* without it nothing more can be made: end, rather than hang */
	}
}

static void take_signals(struct init *init)
{
	struct signalfd_siginfo infos[16];
	ssize_t size = read(init->signal_fd, infos, sizeof(infos));

	for (ssize_t i = 0; i < size / (ssize_t)sizeof(infos[0]); i++)
		for (size_t j = 0; j < ARRAY_SIZE(forwarded); j++)
			/* Only the supervisor's: those of a terminal reach the command's process group by
			 * themselves. From an outer pid namespace a sender has no pid here. */
			if ((int)infos[i].ssi_signo == forwarded[j] && infos[i].ssi_code <= 0 && infos[i].ssi_pid == 0)
				kill(init->command, forwarded[j]);
	reap(init);
}

/* The first question starts the broker: many a command has none, and ends sooner than a broker is forked. Where no
 * process can be had (the user's limit), the question waits. Returns how long to wait for anything else. */
static int take_question(struct init *init, const struct pollfd *listener)
{
	pid_t pid = listener->revents & POLLIN ? start_broker(init->in) : 0;

	if (pid < 0)
		return FORK_AGAIN_MS;
	init->broker = pid;
	capabilities_keep(0);			/* they were for it */
	cleanup_fd(&init->in->listener_fd);	/* the broker's from now on; or no process under the filter is left */
	return -1;
}

ON_OTHER_STACK static _Noreturn void loop(struct init *init)
{
	struct pollfd polls[] = {
		{ .fd = init->in->supervisor_fd, .events = POLLIN },
		{ .fd = init->signal_fd, .events = POLLIN },
		{ .fd = init->in->listener_fd, .events = POLLIN },
	};
	int wait_ms = -1;

	for (;;) {
		polls[2].fd = wait_ms < 0 ? init->in->listener_fd : -1;
		if (poll(polls, ARRAY_SIZE(polls), wait_ms) < 0) {
			if (errno != EINTR)
				_exit(BAWN_STATUS_SELF);	/* as in broker_loop() */
			continue;
		}
		if (polls[0].revents)
			_exit(128 + SIGKILL);		/* the supervisor is gone; the kernel ends all that is left */
		if (polls[1].revents & POLLIN)
			take_signals(init);
		wait_ms = polls[2].revents ? take_question(init, &polls[2]) : -1;
	}
}

_Noreturn void init_run(struct inside *in)
{
	struct init init = { .in = in, .signal_fd = -1 };
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	struct pollfd supervisor = { .fd = in->supervisor_fd, .events = POLLIN };
	struct spawn spawn;
	sigset_t all;

	sigfillset(&all);
	/* a parent that ignores it passes that on, and waitpid() would see nothing */
	sigaction(SIGCHLD, &standard, NULL);
	init.signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (init.signal_fd < 0)
		inside_fail(in, STEP_SPAWN, errno);
	if (poll(&supervisor, 1, 0) > 0)
		_exit(128 + SIGKILL);
	init.command = spawn_command(in, &spawn);
	if (init.command < 0)
		inside_fail(in, STEP_SPAWN, errno);
	if (spawn.number)
		inside_fail(in, spawn.step, spawn.number);
	keep_only(in, (int *[]){ &init.signal_fd, &in->supervisor_fd, &in->listener_fd, &in->wake_fd }, 4);
	loop(&init);
}
