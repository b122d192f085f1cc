/* SPDX-License-Identifier: Apache-2.0 */
/* denial_log.c — reads macOS's log while a command runs, and keeps what concerns it.
 *
 * The log tells of every sandbox on the machine, by process id. Which ids are the command's a kqueue knows: it tells of
 * each fork of a process that is watched, and its children are asked for and watched as well; who is met in the log and
 * not known is asked for its parents. Ids of the dead stay known: their lines come late.
 *
 * `log stream` takes a while to listen; its first line says that it does, and the command starts after it. */
#include "macos/denial_log.h"

#include <fcntl.h>
#include <libproc.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_PROGRAM	"/usr/bin/log"
#define PREDICATE	"processID == 0 AND senderImagePath CONTAINS \"/Sandbox\" AND eventMessage CONTAINS \") deny(\""
#define READY_MS	10000			/* until it must be listening */
#define FINISH_MS	1000			/* for what is still on its way */
#define LINE_SIZE	65536
#define PIDS_MAX	65536
#define PARENTS_MAX	64

struct denial_log {
	struct arena arena;
	struct events *events;
	pid_t log_pid;
	int fd, forks_fd;			/* its output; a kqueue */
	char line[LINE_SIZE];
	size_t size;
	pid_t *pids;
	size_t count, capacity;
};

/* --- whose ids ---------------------------------------------------------------------------- */

static bool is_known(const struct denial_log *log, pid_t pid)
{
	for (size_t i = 0; i < log->count; i++)
		if (log->pids[i] == pid)
			return true;
	return false;
}

static void add_pid(struct denial_log *log, pid_t pid)
{
	struct kevent change;
	pid_t *slot;

	if (log->count >= PIDS_MAX || is_known(log, pid))
		return;
	slot = array_add(&log->arena, (void **)&log->pids, &log->count, &log->capacity, sizeof(*slot));
	if (!slot)
		return;
	*slot = pid;
	EV_SET(&change, (uintptr_t)pid, EVFILT_PROC, EV_ADD | EV_CLEAR, NOTE_FORK, 0, NULL);
	kevent(log->forks_fd, &change, 1, NULL, 0, NULL);	/* it may have ended meanwhile */
}

/* The children of those that are known, and theirs: the list grows while it is walked. */
static void add_children(struct denial_log *log, size_t from)
{
	for (size_t i = from; i < log->count; i++) {
		pid_t children[256];
		int size = proc_listchildpids(log->pids[i], children, sizeof(children));

		for (int k = 0; k < size && k < (int)ARRAY_SIZE(children); k++)
			if (children[k] > 0)
				add_pid(log, children[k]);
	}
}

static void take_forks(struct denial_log *log)
{
	static const struct timespec no_time;
	struct kevent event;
	bool forked = false;

	while (kevent(log->forks_fd, NULL, 0, &event, 1, &no_time) > 0)
		forked = true;
	if (forked)
		add_children(log, 0);
}

/* A process whose fork was not seen in time: perhaps it still has its parents. */
static bool is_descendant(struct denial_log *log, pid_t pid)
{
	pid_t parent = pid;

	for (int i = 0; i < PARENTS_MAX && parent > 1; i++) {
		struct proc_bsdinfo info;

		if (is_known(log, parent)) {
			add_pid(log, pid);
			return true;
		}
		if (proc_pidinfo(parent, PROC_PIDTBSDINFO, 0, &info, sizeof(info)) != (int)sizeof(info))
			return false;
		parent = (pid_t)info.pbi_ppid;
	}
	return false;
}

/* --- lines -------------------------------------------------------------------------------- */

static void take_line(struct denial_log *log, const char *bytes, size_t size)
{
	struct denial_line line;
	struct event event;

	if (!denial_line_parse(bytes, size, &line))
		return;
	take_forks(log);
	if (!is_known(log, line.pid) && !is_descendant(log, line.pid))
		return;
	denial_line_event(&line, &event);
	for (unsigned i = 0; i < line.count && i < 1000; i++)
		events_record(log->events, &event);
}

/* A line that does not fit is passed over. */
static void take_lines(struct denial_log *log)
{
	char *start = log->line, *newline;

	while ((newline = memchr(start, '\n', log->size - (size_t)(start - log->line)))) {
		take_line(log, start, (size_t)(newline - start));
		start = newline + 1;
	}
	log->size -= (size_t)(start - log->line);
	memmove(log->line, start, log->size);
	if (log->size == sizeof(log->line))
		log->size = 0;
}

/* Whether something was read. */
static bool read_more(struct denial_log *log)
{
	ssize_t count = read(log->fd, log->line + log->size, sizeof(log->line) - log->size);

	if (count <= 0)
		return false;
	log->size += (size_t)count;
	take_lines(log);
	return true;
}

void denial_log_read(struct denial_log *log)
{
	take_forks(log);
	while (read_more(log))
		;
}

void denial_log_finish(struct denial_log *log)
{
	struct pollfd poll_fd = { .fd = log->fd, .events = POLLIN };

	while (poll(&poll_fd, 1, FINISH_MS) > 0)
		if (!read_more(log))
			return;
}

/* --- start and end ------------------------------------------------------------------------ */

static int spawn_log(struct denial_log *log, int output)
{
	static const char *const argv[] = {
		LOG_PROGRAM, "stream", "--style", "ndjson", "--level", "default", "--predicate", PREDICATE, NULL,
	};
	static const char *const no_environ[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int e;

	if ((e = posix_spawn_file_actions_init(&actions)) != 0)
		return -e;
	if ((e = posix_spawnattr_init(&attributes)) == 0) {
		/* a group of its own: the terminal's signals are not for it */
		posix_spawnattr_setflags(&attributes, POSIX_SPAWN_CLOEXEC_DEFAULT | POSIX_SPAWN_SETPGROUP);
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_adddup2(&actions, output, 1);
		posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
		e = posix_spawn(&log->log_pid, LOG_PROGRAM, &actions, &attributes, (char *const *)(uintptr_t)argv,
				(char *const *)(uintptr_t)no_environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return -e;
}

static int open_all(struct denial_log *log)
{
	int pipes[2], e;

	log->forks_fd = kqueue();
	if (log->forks_fd < 0)
		return -errno;
	fcntl(log->forks_fd, F_SETFD, FD_CLOEXEC);
	if ((e = io_pipe(pipes)) < 0)
		return e;
	log->fd = pipes[0];
	e = spawn_log(log, pipes[1]);
	close(pipes[1]);
	return e;
}

static int wait_until_ready(const struct denial_log *log)
{
	struct pollfd poll_fd = { .fd = log->fd, .events = POLLIN };
	int count;

	while ((count = poll(&poll_fd, 1, READY_MS)) < 0)
		if (errno != EINTR)
			return -errno;
	return count ? 0 : -ETIMEDOUT;
}

int denial_log_start(pid_t pid, struct events *events, struct denial_log **ret_log, struct bawn_error *err)
{
	struct denial_log *log = calloc(1, sizeof(*log));
	int e;

	if (!log)
		return error_oom(err);
	log->events = events;
	log->log_pid = -1;
	log->fd = log->forks_fd = -1;
	e = open_all(log);
	if (e >= 0)
		e = wait_until_ready(log);
	if (e < 0 || fcntl(log->fd, F_SETFL, O_NONBLOCK) < 0) {
		denial_log_free(log);
		return error_system(err, e < 0 ? -e : errno, "listen to the log (%s stream)", LOG_PROGRAM);
	}
	add_pid(log, pid);
	*ret_log = log;
	return 0;
}

void denial_log_fds(const struct denial_log *log, int ret_fds[2])
{
	ret_fds[0] = log->fd;
	ret_fds[1] = log->forks_fd;
}

void denial_log_free(struct denial_log *log)
{
	int status;

	if (!log)
		return;
	if (log->log_pid > 0) {
		kill(log->log_pid, SIGKILL);
		while (waitpid(log->log_pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	cleanup_fd(&log->fd);
	cleanup_fd(&log->forks_fd);
	arena_done(&log->arena);
	free(log);
}
