/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_exec.c — starts /usr/bin/sandbox-exec, and tells its failures from the command's.
 *
 * Theory. sandbox-exec compiles the text, puts itself under it and executes the command: one process, two programs. It
 * ends with 65 when the text does not compile, with 71 when it cannot be confined (a sandbox is around it already) or
 * the command cannot be executed; a command may end with the same numbers. So the kernel is asked: a kqueue tells of
 * each program that the process executes, and at the second one, whose path is not sandbox-exec's, the command runs.
 * Until the supervisor listens, the child waits at a pipe.
 *
 * What can be known before is: the command is looked up here, in the command's PATH, so that 127 and 126 are ours to
 * say, and the text has been read by our own evaluator. sandbox-exec itself is named by its path.
 *
 * After fork the child makes system calls only. It executes by posix_spawn with SETEXEC: that closes all descriptors
 * but those that it is told of, whoever opened them. */
#include "macos/sandbox_exec.h"

#include <fcntl.h>
#include <libproc.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* libsystem_sandbox's, without a header: whether a process is in a sandbox, with no operation asked. */
int sandbox_check(pid_t pid, const char *operation, int type, ...);

#define EXIT_PROFILE	65		/* EX_DATAERR of sandbox-exec */
#define EXIT_APPLY	71		/* EX_OSERR */
#define STEP_FAILED	126		/* of our own child, before sandbox-exec */

void macos_probe(struct features *ret_features)
{
	*ret_features = (struct features){
		.sandbox_exec = access(SANDBOX_EXEC, X_OK) == 0,
		.inside_seatbelt = sandbox_check(getpid(), NULL, 0) != 0,
		.root = geteuid() == 0,
	};
}

/* --- the command's path ------------------------------------------------------------------- */

static const char *path_of(const char *const *environ_)
{
	for (; environ_ && *environ_; environ_++)
		if (!strncmp(*environ_, "PATH=", 5))
			return *environ_ + 5;
	return "/usr/bin:/bin";
}

/* 0; -EACCES: there, and no program; -ENOENT. */
static int try_program(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno == EACCES ? -EACCES : -ENOENT;
	return S_ISREG(status.st_mode) && access(path, X_OK) == 0 ? 0 : -EACCES;
}

static int search(struct arena *arena, const char *name, const char *path, const char *cwd, const char **ret_path)
{
	int found = -ENOENT;

	for (;;) {
		size_t size = strcspn(path, ":");
		const char *directory = size ? arena_strndup(arena, path, size) : ".";
		const char *program;
		int e;

		directory = directory ? path_absolute(arena, cwd, directory) : NULL;
		program = directory ? path_join(arena, directory, name) : NULL;
		if (!program)
			return -ENOMEM;
		e = try_program(program);
		if (e == 0) {
			*ret_path = program;
			return 0;
		}
		found = e == -EACCES ? e : found;
		if (!path[size])
			return found;
		path += size + 1;
	}
}

static int find_program(struct arena *arena, const struct policy *policy, const char *name, const char **ret_path,
			struct bawn_error *err)
{
	const char *cwd = policy->cwd ? policy->cwd : "/";
	int e;

	if (strchr(name, '/')) {
		*ret_path = path_absolute(arena, cwd, name);
		e = *ret_path ? try_program(*ret_path) : -ENOMEM;
	} else {
		e = search(arena, name, path_of(policy->environ), cwd, ret_path);
	}
	if (e == 0)
		return 0;
	error_system(err, -e, "execute %s", name);
	if (err)
		err->status = e == -ENOENT ? BAWN_STATUS_NOT_FOUND : BAWN_STATUS_NOT_EXEC;
	return e;
}

/* --- the child ---------------------------------------------------------------------------- */

struct birth {				/* made before fork; the child walks it */
	const struct plan *plan;
	const struct command *command;
	const char *program;
	const char *const *argv;
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	int go_fd;			/* read end */
};

static const struct { enum limit_name limit; int resource; } resources[] = {
	{ LIMIT_PROCESSES, RLIMIT_NPROC }, { LIMIT_MEMORY, RLIMIT_AS }, { LIMIT_CPU_SECONDS, RLIMIT_CPU },
	{ LIMIT_FILE_SIZE, RLIMIT_FSIZE }, { LIMIT_OPEN_FILES, RLIMIT_NOFILE }, { LIMIT_CORE_SIZE, RLIMIT_CORE },
};

static void set_limits(const struct policy *policy)
{
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++) {
		const struct limit *limit = &policy->limits[resources[i].limit];
		struct rlimit value;

		if (!limit->set || getrlimit(resources[i].resource, &value) < 0)
			continue;
		if (limit->value < value.rlim_max)
			value.rlim_max = limit->value;
		value.rlim_cur = value.rlim_max;
		if (setrlimit(resources[i].resource, &value) < 0)
			_exit(STEP_FAILED);
	}
}

static _Noreturn void be_child(const struct birth *birth)
{
	const struct policy *policy = birth->plan->policy;
	pid_t pid;
	char byte;

	while (read(birth->go_fd, &byte, 1) < 0)
		if (errno != EINTR)
			_exit(STEP_FAILED);
	if (policy->cwd && chdir(policy->cwd) < 0)
		_exit(STEP_FAILED);
	set_limits(policy);
	posix_spawn(&pid, birth->program, &birth->actions, &birth->attributes, (char *const *)(uintptr_t)birth->argv,
		    (char *const *)(uintptr_t)policy->environ);
	_exit(STEP_FAILED);
}

/* --- the start ---------------------------------------------------------------------------- */

/* The descriptors that cross, each under its number; all others are closed by the kernel. */
static int add_descriptors(struct birth *birth)
{
	const struct command *command = birth->command;
	int e = 0;

	for (int i = 0; !e && i < 3; i++)
		if (command->stdio[i] >= 0)
			e = posix_spawn_file_actions_adddup2(&birth->actions, command->stdio[i], i);
	for (size_t i = 0; !e && i < command->keep_count; i++)
		e = posix_spawn_file_actions_addinherit_np(&birth->actions, command->keep_fds[i]);
	return -e;
}

static int make_birth(struct birth *birth, const sigset_t *mask)
{
	sigset_t defaults;
	int e;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	if ((e = posix_spawnattr_init(&birth->attributes)) != 0)
		return -e;
	if ((e = posix_spawn_file_actions_init(&birth->actions)) != 0) {
		posix_spawnattr_destroy(&birth->attributes);
		return -e;
	}
	e = -posix_spawnattr_setflags(&birth->attributes, POSIX_SPAWN_SETEXEC | POSIX_SPAWN_CLOEXEC_DEFAULT |
				      POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!e)
		e = -posix_spawnattr_setsigmask(&birth->attributes, mask);
	if (!e)
		e = -posix_spawnattr_setsigdefault(&birth->attributes, &defaults);
	return e ? e : add_descriptors(birth);
}

static void end_birth(struct birth *birth)
{
	posix_spawn_file_actions_destroy(&birth->actions);
	posix_spawnattr_destroy(&birth->attributes);
}

static int watch_pid(pid_t pid, unsigned what)
{
	struct kevent change;
	int fd = kqueue();

	if (fd < 0)
		return -errno;
	EV_SET(&change, (uintptr_t)pid, EVFILT_PROC, EV_ADD | EV_CLEAR, what, 0, NULL);
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || kevent(fd, &change, 1, NULL, 0, NULL) < 0) {
		int e = -errno;

		close(fd);
		return e;
	}
	return fd;
}

static int listen_to(struct process *process)
{
	process->watch_fd = watch_pid(process->pid, NOTE_EXEC | NOTE_EXIT);
	if (process->watch_fd < 0)
		return process->watch_fd;
	process->pidfd = watch_pid(process->pid, NOTE_EXIT);
	return process->pidfd < 0 ? process->pidfd : 0;
}

static int fork_child(struct birth *birth, struct process *process, struct bawn_error *err)
{
	int pipes[2], e = 0;

	if ((e = io_pipe(pipes)) < 0)
		return error_system(err, -e, "make a pipe");
	birth->go_fd = pipes[0];
	process->pid = fork();
	if (process->pid == 0) {
		close(pipes[1]);		/* else our death would not end its wait */
		be_child(birth);
	}
	e = process->pid < 0 ? -errno : listen_to(process);
	close(pipes[0]);
	process->go_fd = pipes[1];
	return e < 0 ? error_system(err, -e, "start the command") : 0;
}

static void give_up(struct process *process)
{
	int status;

	if (process->pid > 0) {
		kill(process->pid, SIGKILL);
		waitpid(process->pid, &status, 0);
	}
	cleanup_fd(&process->go_fd);
	cleanup_fd(&process->pidfd);
	cleanup_fd(&process->watch_fd);
	process->pid = -1;
}

static int make_argv(struct arena *arena, const struct policy *policy, const struct seatbelt *seatbelt,
		     const char *const *asked, struct birth *birth, struct bawn_error *err)
{
	const char *program = NULL, **argv;
	size_t count = 0;
	int e = find_program(arena, policy, asked[0], &program, err);

	if (e < 0)
		return e;
	while (asked[count])
		count++;
	argv = arena_alloc(arena, (count + 1) * sizeof(*argv));
	if (!argv)
		return error_oom(err);
	memcpy(argv, asked, count * sizeof(*argv));
	birth->program = program;
	birth->argv = argv;
	if (!seatbelt)
		return 0;
	argv[0] = program;
	birth->program = SANDBOX_EXEC;
	return seatbelt_argv(seatbelt, arena, argv, &birth->argv) < 0 ? error_oom(err) : 0;
}

int macos_start(const struct plan *plan, const struct seatbelt *seatbelt, const struct command *command,
		struct process *ret_process, struct bawn_error *err)
{
	struct process process = { .pid = -1, .pidfd = -1, .watch_fd = -1, .go_fd = -1, .executed = !seatbelt };
	struct birth birth = { .plan = plan, .command = command };
	struct arena arena = { 0 };
	int e;

	pthread_sigmask(SIG_SETMASK, NULL, &process.old_mask);
	e = make_argv(&arena, plan->policy, seatbelt, command->argv, &birth, err);
	if (e >= 0 && (e = make_birth(&birth, &process.old_mask)) < 0)
		e = error_system(err, -e, "prepare the start");
	if (e >= 0) {
		e = fork_child(&birth, &process, err);
		end_birth(&birth);
	}
	if (e >= 0 && command->hold)
		pthread_sigmask(SIG_SETMASK, command->hold, NULL);
	arena_done(&arena);
	if (e < 0)
		give_up(&process);
	else
		*ret_process = process;
	return e;
}

int macos_go(struct process *process, struct bawn_error *err)
{
	ssize_t count = write(process->go_fd, "", 1);

	cleanup_fd(&process->go_fd);
	return count == 1 ? 0 : error_system(err, errno, "start the command");
}

/* --- watching ----------------------------------------------------------------------------- */

/* A program that is not sandbox-exec is the command. */
static void note_program(struct process *process)
{
	char path[PROC_PIDPATHINFO_MAXSIZE];

	if (proc_pidpath(process->pid, path, sizeof(path)) > 0 && strcmp(path, SANDBOX_EXEC) != 0)
		process->executed = true;
}

bool macos_note(struct process *process, unsigned fflags)
{
	if (fflags & NOTE_EXEC)
		note_program(process);
	return fflags & NOTE_EXIT;
}

int macos_status(const struct process *process, int wait_status, int *ret_status, struct bawn_error *err)
{
	int status = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);

	if (!process->executed && status == EXIT_APPLY)
		return error_set(err, EPERM, "sandbox-exec could not confine the command (its status 71): a sandbox is "
				 "around this process already, or the command cannot be executed");
	if (!process->executed && status == EXIT_PROFILE)
		return error_set(err, EINVAL, "sandbox-exec does not take the Seatbelt text (its status 65): see bawn "
				 "plan");
	*ret_status = status;
	return 0;
}
