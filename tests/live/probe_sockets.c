/* SPDX-License-Identifier: Apache-2.0 */
/* probe_sockets.c — ways to name a local socket, and what comes of many who do so at once.
 *
 * Servers answer whoever reaches them with their own name, so a trial knows whom it got. */
#include "probe.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <linux/io_uring.h>

static int type_of(const char *kind)
{
	return !strcmp(kind, "seqpacket") ? SOCK_SEQPACKET : !strcmp(kind, "dgram") ? SOCK_DGRAM : SOCK_STREAM;
}

static socklen_t address_of(struct sockaddr_un *address, const char *path)
{
	size_t size = strlen(path);

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (size >= sizeof(address->sun_path))
		size = sizeof(address->sun_path) - 1;
	memcpy(address->sun_path, path, size);
	return sizeof(*address);
}

static int bound(const char *kind, const char *path, int backlog)
{
	int fd = socket(AF_UNIX, type_of(kind) | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	socklen_t size = address_of(&address, path);

	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
	    (type_of(kind) != SOCK_DGRAM && listen(fd, backlog) < 0))
		return -errno;
	return fd;
}

/* KIND PATH: serves until it is killed. Whoever comes is told the path; each arrival is a line in PATH.log. */
static int trial_serve(char **argv)
{
	int fd = bound(argv[0], argv[1], 4096), log;
	char name[256], byte[64];

	snprintf(name, sizeof(name), "%s.log", argv[1]);
	log = open(name, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || log < 0)
		return -UNUSABLE;
	chmod(argv[1], 0777);
	for (;;) {
		int peer = type_of(argv[0]) == SOCK_DGRAM ? (recv(fd, byte, sizeof(byte), 0) >= 0 ? 0 : -1) : accept(fd, NULL, NULL);

		if (peer < 0)
			return -errno;
		if (write(log, "arrival\n", 8) != 8)
			return -errno;
		if (peer > 0) {
			send(peer, argv[1], strlen(argv[1]), MSG_NOSIGNAL);
			close(peer);
		}
	}
}

/* --- calls that name a socket ------------------------------------------------------------- */

static long by_sendmsg(int fd, struct sockaddr_un *address, socklen_t size, bool pass)
{
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = { 0 };
	static char byte[] = "x";
	struct iovec data = { .iov_base = byte, .iov_len = 1 };
	struct msghdr message = { .msg_name = address, .msg_namelen = size, .msg_iov = &data, .msg_iovlen = 1 };

	if (pass) {
		struct cmsghdr *header = (struct cmsghdr *)(void *)control;
		int zero = 0;

		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		header->cmsg_len = CMSG_LEN(sizeof(int));
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(header), &zero, sizeof(zero));
	}
	return sendmsg(fd, &message, 0);
}

static long by_sendmmsg(int fd, struct sockaddr_un *address, socklen_t size)
{
	static char byte[] = "x";
	struct iovec data = { .iov_base = byte, .iov_len = 1 };
	struct mmsghdr messages[2];

	memset(messages, 0, sizeof(messages));
	for (size_t i = 0; i < 2; i++)
		messages[i].msg_hdr = (struct msghdr){ .msg_name = address, .msg_namelen = size, .msg_iov = &data, .msg_iovlen = 1 };
	return sendmmsg(fd, messages, 2, 0);
}

static long by_ring(int fd, struct sockaddr_un *address, socklen_t size)
{
	struct io_uring_params params;
	struct io_uring_sqe *entry;
	int ring;
	char *submit;

	memset(&params, 0, sizeof(params));
	ring = (int)syscall(SYS_io_uring_setup, 4, &params);
	if (ring < 0)
		return -1;
	submit = mmap(NULL, params.sq_off.array + params.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	entry = mmap(NULL, params.sq_entries * sizeof(*entry), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (submit == MAP_FAILED || entry == MAP_FAILED)
		return -1;
	memset(entry, 0, sizeof(*entry));
	entry->opcode = IORING_OP_CONNECT;
	entry->fd = fd;
	entry->addr = (uintptr_t)address;
	entry->off = size;
	*(uint32_t *)(void *)(submit + params.sq_off.array) = 0;
	__atomic_add_fetch((uint32_t *)(void *)(submit + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

/* HOW KIND PATH: connect, sendto, sendmsg, sendmsg-fd (with a descriptor), sendmmsg, io-uring; behind "pair-": out of a
 * socketpair; behind "raw-": by a socket of the old type SOCK_RAW. */
static int trial_name_socket(char **argv)
{
	bool pair = !strncmp(argv[0], "pair-", 5), raw = !strncmp(argv[0], "raw-", 4);
	const char *how = argv[0] + (pair ? 5 : raw ? 4 : 0);
	struct sockaddr_un address;
	socklen_t size = address_of(&address, argv[2]);
	int type = raw ? SOCK_RAW : type_of(argv[1]), fds[2];
	long r = -1;

	if (pair ? socketpair(AF_UNIX, type, 0, fds) < 0 : (fds[0] = socket(AF_UNIX, type, 0)) < 0)
		return -errno;
	if (!strcmp(how, "connect"))
		r = connect(fds[0], (struct sockaddr *)&address, size);
	else if (!strcmp(how, "sendto"))
		r = sendto(fds[0], "x", 1, 0, (struct sockaddr *)&address, size);
	else if (!strncmp(how, "sendmsg", 7))
		r = by_sendmsg(fds[0], &address, size, !strcmp(how, "sendmsg-fd"));
	else if (!strcmp(how, "sendmmsg"))
		r = by_sendmmsg(fds[0], &address, size);
	else if (!strcmp(how, "io-uring"))
		r = by_ring(fds[0], &address, size);
	return outcome(r);
}

/* WAY PATH: stream connections by other names of PATH. */
static int trial_reach_socket(char **argv)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), held;
	char directory[256], name[256], path[600];
	struct sockaddr_un address;
	socklen_t size;

	snprintf(directory, sizeof(directory), "%s", argv[1]);
	*strrchr(directory, '/') = '\0';
	snprintf(name, sizeof(name), "%s", strrchr(argv[1], '/') + 1);
	snprintf(path, sizeof(path), "%s", argv[1]);
	if (!strcmp(argv[0], "symlink")) {
		snprintf(path, sizeof(path), "reach.link");
		unlink(path);
		if (symlink(argv[1], path) < 0)
			return -errno;
	} else if (!strcmp(argv[0], "directory-link")) {
		unlink("reach.dir");
		if (symlink(directory, "reach.dir") < 0)
			return -errno;
		snprintf(path, sizeof(path), "reach.dir/%s", name);
	} else if (!strcmp(argv[0], "hard-link")) {
		snprintf(path, sizeof(path), "reach.hard");
		unlink(path);
		if (link(argv[1], path) < 0)
			return -errno;
	} else if (!strcmp(argv[0], "renamed")) {
		snprintf(path, sizeof(path), "reach.renamed");
		if (rename(argv[1], path) < 0)
			return -errno;
	} else if (!strcmp(argv[0], "proc-root")) {
		snprintf(path, sizeof(path), "/proc/self/root%s", argv[1]);
	} else if (!strcmp(argv[0], "proc-cwd") || !strcmp(argv[0], "relative")) {
		if (chdir(directory) < 0)
			return -errno;
		snprintf(path, sizeof(path), argv[0][0] == 'r' ? "./../%s/%s" : "/proc/self/cwd/../%s/%s",
			 strrchr(directory, '/') + 1, name);
	} else if (!strcmp(argv[0], "name")) {
		if (chdir(directory) < 0)
			return -errno;
		snprintf(path, sizeof(path), "%s", name);
	} else if (!strcmp(argv[0], "other-cwd")) {
		pid_t pid = fork();

		if (pid == 0) {
			if (chdir(directory) == 0)
				pause();
			_exit(1);
		}
		usleep(100000);
		snprintf(path, sizeof(path), "/proc/%d/cwd/%s", (int)pid, name);
		size = address_of(&address, path);
		held = outcome(connect(fd, (struct sockaddr *)&address, size));
		kill(pid, SIGKILL);
		return held;
	} else if (!strcmp(argv[0], "descriptor")) {
		held = open(directory, O_PATH | O_DIRECTORY);
		snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", held, name);
	} else if (!strcmp(argv[0], "descriptor-itself")) {
		held = open(argv[1], O_PATH);
		if (held < 0)
			return -errno;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", held);
	}
	size = address_of(&address, path);
	return outcome(connect(fd, (struct sockaddr *)&address, size));
}

/* --- races -------------------------------------------------------------------------------- */

static struct { struct sockaddr_un address; char good[108], bad[108]; volatile int fd; volatile bool stop; } race;

static void *flip_address(void *argument)
{
	volatile char *path = race.address.sun_path;
	size_t size = strlen(race.good);

	(void)argument;
	while (!race.stop) {
		for (size_t i = 0; i < size; i++)
			path[i] = race.bad[i];
		for (size_t i = 0; i < size; i++)
			path[i] = race.good[i];
	}
	return NULL;
}

/* Puts other sockets behind the number that is being connected. */
static void *flip_descriptor(void *argument)
{
	int stream = socket(AF_UNIX, SOCK_STREAM, 0), packet = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	(void)argument;
	while (!race.stop) {
		dup2(stream, race.fd);
		dup2(packet, race.fd);
		close(stream);
		stream = socket(AF_UNIX, SOCK_STREAM, 0);
	}
	return NULL;
}

static bool reached(int fd, const char *path)
{
	char answer[108] = "";
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, 5000) > 0 && recv(fd, answer, sizeof(answer) - 1, 0) > 0 &&
	       !strcmp(answer, strrchr(path, '/') + 1);
}

/* TRIES GOOD BAD: connects to GOOD again and again, while threads write BAD over it and exchange the socket: 0 when BAD
 * answered. */
static int trial_race_connect(char **argv)
{
	long tries = atol(argv[0]), good = 0;
	pthread_t threads[2];
	bool bad = false;

	if (strlen(argv[1]) != strlen(argv[2]) || strlen(argv[1]) >= sizeof(race.good))
		return -UNUSABLE;
	strcpy(race.good, argv[1]);
	strcpy(race.bad, argv[2]);
	address_of(&race.address, race.good);
	race.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (pthread_create(&threads[0], NULL, flip_address, NULL) ||
	    (tries % 2 && pthread_create(&threads[1], NULL, flip_descriptor, NULL)))
		return -UNUSABLE;
	while (tries-- > 0 && !bad) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		dup2(fd, race.fd);
		close(fd);
		if (connect(race.fd, (struct sockaddr *)&race.address, sizeof(race.address)) < 0)
			continue;
		bad = reached(race.fd, race.bad);
		good++;
	}
	race.stop = true;
	pthread_join(threads[0], NULL);
	printf("race-connect: %ld reached somebody\n", good);
	return bad ? 0 : good ? -EACCES : -UNUSABLE;
}

/* --- many at once ------------------------------------------------------------------------- */

static const char *crowd_path;
static int crowd_failed, crowd_number;

static void *crowd_member(void *argument)
{
	struct sockaddr_un address;
	socklen_t size = address_of(&address, crowd_path);

	for (long i = 0; i < (long)(intptr_t)argument; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || connect(fd, (struct sockaddr *)&address, size) < 0) {
			crowd_number = errno;
			__atomic_add_fetch(&crowd_failed, 1, __ATOMIC_RELAXED);
		}
		close(fd);
	}
	return NULL;
}

/* THREADS EACH PATH: all connect, each so many times. */
static int trial_crowd(char **argv)
{
	long count = atol(argv[0]);
	pthread_t *threads = calloc((size_t)count, sizeof(*threads));
	pthread_attr_t small;

	crowd_path = argv[2];
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (long i = 0; threads && i < count; i++)
		if (pthread_create(&threads[i], &small, crowd_member, (void *)(intptr_t)atol(argv[1])))
			return -UNUSABLE;
	for (long i = 0; threads && i < count; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	printf("crowd: %d failed\n", crowd_failed);
	return crowd_failed ? -crowd_number : 0;
}

/* A server of our own that accepts nobody, its backlog full. */
static int full_server(const char *path)
{
	int fd = bound("stream", path, 0);
	struct sockaddr_un address;
	socklen_t size = address_of(&address, path);

	for (int i = 0; fd >= 0 && i < 8; i++)
		connect(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), (struct sockaddr *)&address, size);
	return fd;
}

/* COUNT: so many wait for a server whose backlog is full; others are served meanwhile, and when room is made, so are
 * they. */
static int trial_full_backlog(char **argv)
{
	long count = atol(argv[0]);
	int fd = full_server("full.sock"), other = bound("stream", "other.sock", 100), status, served = 0;

	if (fd < 0 || other < 0)
		return -UNUSABLE;
	for (long i = 0; i < count; i++)
		if (fork() == 0) {
			struct sockaddr_un address;
			socklen_t size = address_of(&address, "full.sock");

			alarm(60);
			_exit(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, size) < 0 ? errno : 0);
		}
	usleep(200000);
	for (int i = 0; i < 100; i++) {
		struct sockaddr_un address;
		socklen_t size = address_of(&address, "other.sock");
		int client = socket(AF_UNIX, SOCK_STREAM, 0);

		if (connect(client, (struct sockaddr *)&address, size) < 0)
			return -errno;
		close(client);
		close(accept(other, NULL, NULL));
	}
	for (long i = 0; i < count + 1; i++)
		close(accept(fd, NULL, NULL));
	for (long i = 0; i < count; i++)
		served += wait(&status) > 0 && status == 0;
	printf("full-backlog: %d of %ld came through\n", served, count);
	return served == count ? 0 : -EIO;
}

static void wake(int number)
{
	(void)number;
}

/* A signal with a handler ends a connect() that waits: EINTR. And so does its own timeout: EAGAIN. */
static int trial_interrupted_connect(char **argv)
{
	const struct sigaction action = { .sa_handler = wake };
	const struct itimerval soon = { .it_value = { 0, 300000 } };
	struct timeval timeout = { 0, 200000 };
	int fd = full_server("full.sock"), client = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address;
	socklen_t size = address_of(&address, "full.sock");

	(void)argv;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	if (fd < 0 || connect(client, (struct sockaddr *)&address, size) == 0 || errno != EINTR)
		return errno ? -errno : -EIO;
	setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(client, (struct sockaddr *)&address, size) == 0 || errno != EAGAIN)
		return errno ? -errno : -EIO;
	return fcntl(client, F_GETFL) & O_NONBLOCK ? -EIO : 0;
}

/* ROUNDS: callers are killed in the middle of a connect() that waits, and stopped; then all is as before. */
static int trial_killed_connect(char **argv)
{
	long rounds = atol(argv[0]);
	int fd = full_server("full.sock"), other = bound("stream", "other.sock", 100);
	struct sockaddr_un address;
	socklen_t size = address_of(&address, "full.sock");

	if (fd < 0 || other < 0)
		return -UNUSABLE;
	while (rounds-- > 0) {
		pid_t pid = fork();

		if (pid == 0) {
			for (;;)
				connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, size);
		}
		usleep((useconds_t)(rand() % 3000));
		kill(pid, rounds % 2 ? SIGSTOP : SIGCONT);
		kill(pid, SIGKILL);
		if (waitpid(pid, NULL, 0) != pid)
			return -UNUSABLE;
	}
	size = address_of(&address, "other.sock");
	return outcome(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, size));
}

/* Messages through a pair of datagram sockets keep their borders, whatever address they carry. */
static int trial_datagram_pair(char **argv)
{
	struct sockaddr_un address;
	socklen_t size = address_of(&address, argv[0]);
	char text[16];
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	if (!(fcntl(pair[0], F_GETFD) & FD_CLOEXEC) || !(fcntl(pair[1], F_GETFD) & FD_CLOEXEC))
		return -EIO;
	if (send(pair[0], "one", 3, 0) != 3 || send(pair[0], "three", 5, 0) != 5 ||
	    sendto(pair[0], "four", 4, 0, (struct sockaddr *)&address, size) != 4)
		return -errno;
	if (recv(pair[1], text, sizeof(text), 0) != 3 || recv(pair[1], text, sizeof(text), 0) != 5 ||
	    recv(pair[1], text, sizeof(text), 0) != 4)
		return -EIO;
	return 0;
}

/* Waits in connect() for ever, while another process takes O_NONBLOCK off its open file again and again. */
static _Noreturn void turn_blocking_and_connect(const char *path)
{
	struct sockaddr_un address;
	socklen_t size = address_of(&address, path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			fcntl(fd, F_SETFL, 0);
	}
	connect(fd, (struct sockaddr *)&address, size);
	_exit(0);
}

static int trial_turned_blocking(char **argv)
{
	long count = atol(argv[0]);
	int full = full_server("full.sock"), other = bound("stream", "other.sock", 100), r = 0;
	struct sockaddr_un address;
	socklen_t size = address_of(&address, "other.sock");
	pid_t waiting[2];

	if (full < 0 || other < 0)
		return -UNUSABLE;
	for (size_t i = 0; i < 2; i++)
		if ((waiting[i] = fork()) == 0)
			turn_blocking_and_connect("full.sock");
	usleep(100000);
	alarm(120);
	for (long i = 0; r == 0 && i < count; i++) {
		int client = socket(AF_UNIX, SOCK_STREAM, 0);

		if (connect(client, (struct sockaddr *)&address, size) < 0 || mkdir("made", 0700) < 0 || rmdir("made") < 0)
			r = -errno;
		close(client);
		close(accept(other, NULL, NULL));
	}
	for (size_t i = 0; i < 2; i++) {
		if (waitpid(waiting[i], NULL, WNOHANG) == waiting[i])
			r = -UNUSABLE;			/* it did not wait */
		kill(waiting[i], SIGKILL);
		waitpid(waiting[i], NULL, 0);
	}
	return r;
}

const struct trial socket_trials[] = {
	{ "crowd",		3, trial_crowd,			"THREADS connect EACH times to PATH" },
	{ "datagram-pair",	1, trial_datagram_pair,		"messages of a pair reach it, not PATH" },
	{ "full-backlog",	1, trial_full_backlog,		"COUNT wait, others do not" },
	{ "interrupted-connect", 0, trial_interrupted_connect,	"a waiting connect and signals, and its timeout" },
	{ "killed-connect",	1, trial_killed_connect,	"callers killed in connect, ROUNDS times" },
	{ "name-socket",	3, trial_name_socket,		"HOW KIND PATH: names a local socket" },
	{ "race-connect",	3, trial_race_connect,		"TRIES GOOD BAD: connects to BAD by a race" },
	{ "reach-socket",	2, trial_reach_socket,		"WAY PATH: connects by another name" },
	{ "serve",		2, trial_serve,			"KIND PATH: a local server" },
	{ "turned-blocking",	1, trial_turned_blocking,	"sockets that wait are made blocking; COUNT others are served" },
	{ NULL, 0, NULL, NULL },
};
