/* SPDX-License-Identifier: Apache-2.0 */
/* probe_ipc.c — what processes of one box do with each other, descriptors that cross, limits. */
#include "probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

/* --- sockets --- */

/* A child connects and says "hello"; the parent listens and answers. */
static int talk(int listener, const struct sockaddr *address, socklen_t size)
{
	char text[8] = "";
	int status = 1, peer;
	pid_t pid;

	if (listen(listener, 4) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		int fd = socket(address->sa_family, SOCK_STREAM, 0);

		if (connect(fd, address, size) < 0 || write(fd, "hello", 5) != 5)
			_exit(errno);
		shutdown(fd, SHUT_WR);
		_exit(read(fd, text, sizeof(text)) == 3 ? 0 : EIO);
	}
	peer = accept(listener, NULL, NULL);
	if (peer < 0 || recv(peer, text, 5, MSG_WAITALL) != 5 || send(peer, "yes", 3, 0) != 3)
		return -errno;
	close(peer);
	waitpid(pid, &status, 0);
	return -WEXITSTATUS(status);
}

static int bind_and_talk(const char *name, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);

	memcpy(address.sun_path, name, size);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0)
		return -errno;
	return talk(fd, (struct sockaddr *)&address, length);
}

static int trial_unix_stream(char **argv)
{
	int r = bind_and_talk(argv[0], strlen(argv[0]) + 1);

	unlink(argv[0]);
	return r;
}

static int trial_unix_abstract(char **argv)
{
	(void)argv;
	return bind_and_talk("\0bawn-probe", 11);
}

static int trial_tcp(char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)argv;
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	return talk(fd, (struct sockaddr *)&address, size);
}

static int trial_tcp6(char **argv)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	(void)argv;
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	return talk(fd, (struct sockaddr *)&address, size);
}

static int trial_udp(char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int one = socket(AF_INET, SOCK_DGRAM, 0), two = socket(AF_INET, SOCK_DGRAM, 0);
	char text[8];

	(void)argv;
	if (bind(one, (struct sockaddr *)&address, size) < 0 ||
	    getsockname(one, (struct sockaddr *)&address, &size) < 0 ||
	    sendto(two, "udp", 3, 0, (struct sockaddr *)&address, size) < 0 ||
	    recv(one, text, sizeof(text), 0) != 3)
		return -errno;
	return 0;
}

static int trial_socketpair(char **argv)
{
	int pair[2];
	char byte;

	(void)argv;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || write(pair[0], "x", 1) < 0 || read(pair[1], &byte, 1) != 1)
		return -errno;
	return 0;
}

/* Connects to HOST PORT; the connection itself is all. */
static int trial_connect(char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (inet_pton(AF_INET, argv[0], &address.sin_addr) != 1)
		return -UNUSABLE;
	return outcome(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

/* --- semaphores and memory --- */

static int trial_posix_semaphore(char **argv)
{
	sem_t *semaphore = sem_open("/bawn-probe", O_CREAT | O_EXCL, 0600, 0);
	int status;

	(void)argv;
	if (semaphore == SEM_FAILED)
		return -errno;
	if (fork() == 0)
		_exit(sem_post(semaphore));
	if (sem_wait(semaphore) < 0 || wait(&status) < 0)
		return -errno;
	return outcome(sem_unlink("/bawn-probe"));
}

static int trial_system_v(char **argv)
{
	int semaphore = semget(IPC_PRIVATE, 1, 0600), memory = shmget(IPC_PRIVATE, 4096, 0600);
	void *where = memory < 0 ? (void *)-1 : shmat(memory, NULL, 0);

	(void)argv;
	if (semaphore < 0 || where == (void *)-1)
		return -errno;
	shmctl(memory, IPC_RMID, NULL);
	return outcome(semctl(semaphore, 0, IPC_RMID));
}

static int trial_shared_memory(char **argv)
{
	int fd = shm_open("/bawn-probe", O_CREAT | O_EXCL | O_RDWR, 0600);

	(void)argv;
	if (fd < 0 || ftruncate(fd, 65536) < 0 || mmap(NULL, 65536, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED)
		return -errno;
	return outcome(shm_unlink("/bawn-probe"));
}

/* --- descriptors --- */

static int trial_descriptors(char **argv)
{
	(void)argv;
	for (int fd = 0; fd < 1024; fd++) {
		char path[32], target[256] = "";

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, target, sizeof(target) - 1) < 0)
			strcpy(target, "?");
		dprintf(fd == 1 ? 1 : 2, "%d %s\n", fd, target);
	}
	return 0;
}

/* Gives the exit status as a set of bits: which of 0 to 2 are open. Says nothing: there may be nowhere to say it. */
static int trial_standard(char **argv)
{
	int bits = 0;

	(void)argv;
	for (int fd = 0; fd < 10; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			bits |= fd < 3 ? 1 << fd : 64;
	_exit(10 + bits);
}

/* COMMAND ARG..., with the descriptors of the first word ("0", "12", ...) closed. */
static int trial_with_closed(char **argv)
{
	for (const char *digit = argv[0]; *digit; digit++)
		close(*digit - '0');
	execvp(argv[1], argv + 1);
	_exit(99);
}

/* FROM PATH COMMAND...: opens PATH as descriptor FROM and runs COMMAND. */
static int trial_with_open(char **argv)
{
	int fd = open(argv[1], O_RDONLY), number = atoi(argv[0]);

	if (fd < 0 || dup2(fd, number) < 0)
		return -UNUSABLE;
	if (fd != number)
		close(fd);
	execvp(argv[2], argv + 2);
	_exit(99);
}

/* --- limits --- */

static int trial_fork_chain(char **argv)
{
	long count = atol(argv[0]), made = 0;
	int number = 0;

	setpgid(0, 0);			/* all of them end by one signal to the group */
	while (made < count) {
		pid_t pid = fork();

		if (pid == 0) {
			pause();
			_exit(0);
		}
		if (pid < 0) {
			number = errno;
			break;
		}
		made++;
	}
	printf("fork-chain: %ld processes\n", made);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	return number ? -number : 0;
}

static int trial_take_memory(char **argv)
{
	size_t size = (size_t)strtoull(argv[0], NULL, 0);
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < size; i += 4096)
		memory[i] = 1;
	return 0;
}

static int trial_write_bytes(char **argv)
{
	int fd = open(argv[0], O_CREAT | O_WRONLY | O_TRUNC, 0600);
	long size = atol(argv[1]);

	signal(SIGXFSZ, SIG_IGN);
	for (char block[4096] = "x"; fd >= 0 && size > 0; size -= (long)sizeof(block))
		if (write(fd, block, sizeof(block)) < (ssize_t)sizeof(block))
			return errno ? -errno : -EFBIG;
	return fd < 0 ? -errno : 0;
}

static int trial_open_many(char **argv)
{
	for (long i = 0; i < atol(argv[0]); i++)
		if (dup(0) < 0)
			return -errno;
	return 0;
}

static int trial_spin(char **argv)
{
	struct rusage usage = { 0 };

	while (usage.ru_utime.tv_sec < atol(argv[0]))
		getrusage(RUSAGE_SELF, &usage);
	return 0;
}

static int trial_limit(char **argv)
{
	static const struct { const char *name; int resource; } rows[] = {
		{ "core", RLIMIT_CORE }, { "nofile", RLIMIT_NOFILE }, { "fsize", RLIMIT_FSIZE },
		{ "nproc", RLIMIT_NPROC }, { "data", RLIMIT_DATA }, { "cpu", RLIMIT_CPU },
	};
	struct rlimit limit;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].name, argv[0]) && getrlimit(rows[i].resource, &limit) == 0) {
			printf("%ld %ld\n", (long)limit.rlim_cur, (long)limit.rlim_max);
			return 0;
		}
	return -UNUSABLE;
}

/* --- signals --- */

/* Says READY, and then the number of each signal that comes; ends at the COUNTth. */
static int trial_signals(char **argv)
{
	long count = atol(argv[0]);
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	puts("READY");
	while (count-- > 0) {
		siginfo_t info;

		if (sigwaitinfo(&all, &info) < 0)
			return -errno;
		printf("signal %d\n", info.si_signo);
	}
	return 0;
}

static int trial_kill(char **argv)
{
	return outcome(kill((pid_t)atoi(argv[1]), atoi(argv[0])));
}

const struct trial ipc_trials[] = {
	{ "connect",		2, trial_connect,	"ADDRESS PORT" },
	{ "descriptors",	0, trial_descriptors,	"names the open descriptors" },
	{ "fork-chain",		1, trial_fork_chain,	"COUNT processes at one time" },
	{ "kill",		2, trial_kill,		"SIGNAL PID" },
	{ "limit",		1, trial_limit,		"tells a resource limit" },
	{ "open-many",		1, trial_open_many,	"COUNT descriptors" },
	{ "posix-semaphore",	0, trial_posix_semaphore, "between two processes" },
	{ "shared-memory",	0, trial_shared_memory,	"POSIX shared memory" },
	{ "signals",		1, trial_signals,	"names COUNT signals" },
	{ "socketpair",		0, trial_socketpair,	"a stream pair" },
	{ "spin",		1, trial_spin,		"SECONDS of CPU time" },
	{ "standard",		0, trial_standard,	"status 10 + bits: which of 0 to 2 are open, 64 for more" },
	{ "system-v",		0, trial_system_v,	"semaphore and shared memory" },
	{ "take-memory",	1, trial_take_memory,	"BYTES" },
	{ "tcp",		0, trial_tcp,		"a talk over 127.0.0.1" },
	{ "tcp6",		0, trial_tcp6,		"a talk over ::1" },
	{ "udp",		0, trial_udp,		"a datagram over 127.0.0.1" },
	{ "unix-abstract",	0, trial_unix_abstract,	"a talk over an abstract socket" },
	{ "unix-stream",	1, trial_unix_stream,	"a talk over a socket at PATH" },
	{ "with-closed",	2, trial_with_closed,	"DIGITS COMMAND..." },
	{ "with-open",		3, trial_with_open,	"DESCRIPTOR PATH COMMAND..." },
	{ "write-bytes",	2, trial_write_bytes,	"PATH BYTES" }, { NULL, 0, NULL, NULL },
};
