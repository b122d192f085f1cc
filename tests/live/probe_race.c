/* SPDX-License-Identifier: Apache-2.0 */
/* probe_race.c — races against whoever reads a call's arguments, signals in the middle of calls, callers that die.
 *
 * A path in our memory changes between two names of one length, one of them protected, while the call is made
 * again and again. The kernel reads a path once; a broker that reads it twice, or checks and then lets go, makes
 * the protected name. */
#include "probe.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

static struct race {
	char path[256];			/* the call's; the flipper writes its last letters */
	char *tail;			/* where the two names differ */
	char good[32], bad[32];
	volatile bool stop;
	struct sockaddr_un address;
} race;

static void *flip(void *argument)
{
	volatile char *tail = argument;
	size_t size = strlen(race.good);

	while (!race.stop) {
		for (size_t i = 0; i < size; i++)
			tail[i] = race.bad[i];
		for (size_t i = 0; i < size; i++)
			tail[i] = race.good[i];
	}
	return NULL;
}

/* --- the calls --- */

static long race_mkdir(void) { return mkdir(race.path, 0755); }
static long race_symlink(void) { return symlink("nowhere", race.path); }
static long race_link(void) { return link("source", race.path); }
static long race_mknod(void) { return mknod(race.path, S_IFIFO | 0644, 0); }
static long race_rename(void)
{
	close(open("source", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	return rename("source", race.path);
}
static long race_open(void)
{
	int fd = open(race.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	if (fd >= 0)
		close(fd);
	return fd;
}
static long race_bind(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long r = bind(fd, (struct sockaddr *)&race.address,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(race.good)));

	close(fd);
	return r;
}

static const struct { const char *name; long (*call)(void); } racers[] = {
	{ "mkdir", race_mkdir }, { "open", race_open }, { "rename", race_rename },
	{ "symlink", race_symlink }, { "link", race_link }, { "bind", race_bind },
	{ "mknod", race_mknod },
};

static void remove_name(const char *name)
{
	if (unlink(name) < 0 && errno == EISDIR)
		rmdir(name);
}

static bool exists(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

/* CALL TRIES GOOD BAD, in the working directory: 0 when BAD came to be. */
static int trial_race(char **argv)
{
	long tries = atol(argv[1]), made = 0, refused = 0;
	long (*call)(void) = NULL;
	bool got = false;
	pthread_t thread;

	for (size_t i = 0; i < ARRAY_SIZE(racers); i++)
		if (!strcmp(racers[i].name, argv[0]))
			call = racers[i].call;
	if (!call || strlen(argv[2]) != strlen(argv[3]) || strlen(argv[2]) >= sizeof(race.good))
		return -UNUSABLE;
	strcpy(race.good, argv[2]);
	strcpy(race.bad, argv[3]);
	strcpy(race.path, argv[2]);
	race.address.sun_family = AF_UNIX;
	strcpy(race.address.sun_path, argv[2]);
	close(open("source", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	if (pthread_create(&thread, NULL, flip, call == race_bind ? race.address.sun_path : race.path))
		return -UNUSABLE;
	while (tries-- > 0 && !got) {
		if (call() >= 0)
			made++;
		else
			refused++;
		got = exists(race.bad);
		remove_name(race.good);
	}
	race.stop = true;
	pthread_join(thread, NULL);
	printf("race: %s: %ld made, %ld refused\n", argv[0], made, refused);
	remove_name("source");
	if (got)
		remove_name(race.bad);
	return got ? 0 : -EACCES;
}

/* --- a name on the way that changes, made so by somebody outside the box --- */

/* ONE TWO SECONDS: exchanges two names all the time. */
static int trial_flip_names(char **argv)
{
	time_t end = time(NULL) + atoi(argv[2]);
	long r = 0;

	for (long i = 0; i % 64 || time(NULL) < end; i++)
		r = syscall(SYS_renameat2, AT_FDCWD, argv[0], AT_FDCWD, argv[1], 2);
	return outcome(r);
}

/* PATH SECRET TRIES: makes PATH again and again; 0 when SECRET came to be. */
static int trial_make_through(char **argv)
{
	long tries = atol(argv[2]), made = 0;

	while (tries-- > 0) {
		made += mkdir(argv[0], 0755) == 0;
		if (exists(argv[1]))
			return 0;
		rmdir(argv[0]);
	}
	printf("make-through: %ld made\n", made);
	return -EACCES;
}

/* --- signals --- */

static volatile sig_atomic_t alarms;
static long interrupted;

static void count_alarm(int number)
{
	(void)number;
	alarms++;
}

static void storm(long microseconds, int flags)
{
	const struct sigaction action = { .sa_handler = count_alarm, .sa_flags = flags };
	const struct itimerval timer = { { 0, microseconds }, { 0, microseconds } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* The call once more, as long as it says that it was interrupted: then it must not have been made. */
#define AGAIN(call) ({ \
	long result_; \
	while ((result_ = (call)) < 0 && errno == EINTR) \
		interrupted++; \
	result_; \
})

static const char *storm_round(void)
{
	long fd;

	if (AGAIN(mkdir("storm", 0755)) < 0)
		return "mkdir";
	if (AGAIN(mkdir("storm", 0755)) == 0 || errno != EEXIST)
		return "mkdir again";
	fd = AGAIN(open("storm/file", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644));
	if (fd < 0)
		return "open";
	close((int)fd);
	if (AGAIN(link("storm/file", "storm/link")) < 0)
		return "link";
	if (AGAIN(rename("storm/link", "storm/other")) < 0)
		return "rename";
	if (AGAIN(symlink("x", "storm/symlink")) < 0)
		return "symlink";
	if (AGAIN(unlink("storm/file")) < 0 || AGAIN(unlink("storm/other")) < 0 ||
	    AGAIN(unlink("storm/symlink")) < 0 || AGAIN(rmdir("storm")) < 0)
		return "unlink";
	return NULL;
}

/* ROUNDS restart|again: under signals that come every 100 microseconds. "restart": the kernel makes an
 * interrupted call again (SA_RESTART), and no call may say EINTR; "again": we do. */
static int trial_storm(char **argv)
{
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	bool restart = !strcmp(argv[1], "restart");
	long rounds = atol(argv[0]);
	const char *wrong = NULL;
	int number = 0;

	storm(100, restart ? SA_RESTART : 0);
	while (rounds-- > 0 && !wrong) {
		wrong = storm_round();
		number = errno;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	printf("storm: %d signals, %ld calls interrupted\n", (int)alarms, interrupted);
	if (wrong)
		printf("storm: %s: %s\n", wrong, strerror(number));
	if (wrong || (restart && interrupted))
		return -EIO;
	return alarms > 100 ? 0 : -UNUSABLE;
}

/* ROUNDS: a child makes names and is killed in the middle; then all must still be right. */
static int trial_killed(char **argv)
{
	long rounds = atol(argv[0]);

	while (rounds-- > 0) {
		pid_t pid = fork();

		if (pid < 0)
			return -errno;
		for (int i = 0; pid == 0; i++) {
			mkdir("killed", 0755);
			rmdir("killed");
			close(open("killed.file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
		}
		usleep((useconds_t)(rand() % 2000));
		kill(pid, SIGKILL);
		if (waitpid(pid, NULL, 0) != pid)
			return -UNUSABLE;
	}
	rmdir("killed");
	unlink("killed.file");
	return storm_round() ? -errno : 0;
}

/* --- many at once --- */

static volatile int thread_errors;

static void *make_files(void *argument)
{
	char name[64];

	for (int i = 0; i < 5; i++) {
		int fd;

		snprintf(name, sizeof(name), "t%ld.%d", (long)(intptr_t)argument, i);
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0640);
		if (fd < 0 || write(fd, name, strlen(name)) < 0)
			__atomic_add_fetch(&thread_errors, 1, __ATOMIC_RELAXED);
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

/* COUNT threads, each making five files. */
static int trial_threads(char **argv)
{
	long count = atol(argv[0]);
	pthread_t *threads = calloc((size_t)count, sizeof(*threads));
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (long i = 0; threads && i < count; i++)
		if (pthread_create(&threads[i], &small, make_files, (void *)(intptr_t)i))
			return -EAGAIN;
	for (long i = 0; threads && i < count; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	printf("threads: %d errors\n", thread_errors);
	return thread_errors ? -EIO : 0;
}

const struct trial race_trials[] = {
	{ "flip-names",		3, trial_flip_names,	"exchanges ONE and TWO for SECONDS" },
	{ "killed",		1, trial_killed,	"callers killed in the middle, ROUNDS times" },
	{ "make-through",	3, trial_make_through,	"makes PATH until SECRET is there, TRIES times" },
	{ "race",		4, trial_race,		"CALL TRIES GOOD BAD: makes BAD by a race" },
	{ "storm",		2, trial_storm,		"ROUNDS restart|again, under a storm of signals" },
	{ "threads",		1, trial_threads,	"COUNT threads make files" },
	{ NULL, 0, NULL, NULL },
};
