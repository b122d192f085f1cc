/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c — times short commands side by side: A B C A B C ..., medians.
 *
 *	spawn [-n ROUNDS] [-t SECONDS] [-b NAME]... FILE
 *	spawn once COMMAND [ARG]...	runs it once and prints its microseconds: for the mode "inside"
 *
 * A line of FILE is a command, its words separated by tabs: NAME MODE[/N] COMMAND [ARG]...
 * "/N": only in every Nth round. Modes:
 *	launch		from before the spawn until it has been waited for
 *	inside		what the command printed as its microseconds: a launcher around "spawn once"
 *			does not count
 *	series=COUNT	as many one after the other; the time of all of them, divided by COUNT
 *	batch=COUNT	as many at the same time, likewise
 *	prepare		runs in its turn and is not timed; a failure ends the benchmark
 * The round before the first warms up and does not count. After SECONDS no new round begins.
 *
 * Prints a line for each timed command, separated by tabs: NAME, times, failures, median, first and
 * third quartile (microseconds), and for each -b the median of the ratios to NAME of the same round:
 * what slowed a whole round down does not show there. -1: nothing was measured.
 * Standard output of the commands goes to /dev/null, their standard error is ours.
 *
 * One machine's noise is larger than many a difference, hence the turns; and a process that is
 * spawned from a large one starts later than one from a small one, hence a program of its own. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS 128		/* of a command */
#define COMMANDS 64
#define ROUNDS 10000
#define BASES 4
#define BATCH 1024

extern char **environ;

enum mode { MODE_LAUNCH, MODE_INSIDE, MODE_SERIES, MODE_BATCH, MODE_PREPARE };

struct command {
	const char *name;
	enum mode mode;
	unsigned every, number;
	char *argv[WORDS + 1];
	double *times_us;		/* one a round; negative: none */
	size_t failures;
};

struct bench {
	struct command commands[COMMANDS];
	size_t count;
	const char *bases[BASES];
	size_t base_count;
	unsigned rounds, seconds;
	int null_fd;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "spawn: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* --- running ---------------------------------------------------------------------------------- */

static pid_t spawn_command(char *const argv[], int null_fd, int output_fd)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int number;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, null_fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
	number = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	errno = number;
	return number ? -1 : pid;
}

static bool await(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Each of these gives the microseconds, or -1 for a failure. */

static double run_launch(const struct command *command, int null_fd)
{
	double start = now_us();
	pid_t pid = spawn_command(command->argv, null_fd, null_fd);

	return pid > 0 && await(pid) ? now_us() - start : -1;
}

static double run_inside(const struct command *command, int null_fd)
{
	char text[64] = "";
	size_t filled = 0;
	ssize_t size;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		die("pipe");
	pid = spawn_command(command->argv, null_fd, fds[1]);
	close(fds[1]);
	while (filled < sizeof(text) - 1 && (size = read(fds[0], text + filled, sizeof(text) - 1 - filled)) > 0)
		filled += (size_t)size;
	close(fds[0]);
	return pid > 0 && await(pid) && filled ? atof(text) : -1;
}

static double run_series(const struct command *command, int null_fd, size_t *failures)
{
	double start = now_us();

	for (unsigned i = 0; i < command->number; i++)
		*failures += run_launch(command, null_fd) < 0;
	return *failures ? -1 : (now_us() - start) / command->number;
}

static double run_batch(const struct command *command, int null_fd, size_t *failures)
{
	pid_t pids[BATCH];
	size_t failed = 0;
	double start = now_us();

	for (unsigned i = 0; i < command->number; i++)
		pids[i] = spawn_command(command->argv, null_fd, null_fd);
	for (unsigned i = 0; i < command->number; i++)
		failed += pids[i] < 0 || !await(pids[i]);
	*failures += failed;
	return failed ? -1 : (now_us() - start) / command->number;
}

static void run(struct bench *bench, struct command *command, int round)
{
	size_t failures = 0;
	double us = -1;

	if (round >= 0 && (unsigned)round % command->every)
		return;
	switch (command->mode) {
	case MODE_LAUNCH: us = run_launch(command, bench->null_fd); break;
	case MODE_INSIDE: us = run_inside(command, bench->null_fd); break;
	case MODE_SERIES: us = run_series(command, bench->null_fd, &failures); break;
	case MODE_BATCH: us = run_batch(command, bench->null_fd, &failures); break;
	case MODE_PREPARE:
		if (run_launch(command, bench->null_fd) >= 0)
			return;
		fprintf(stderr, "spawn: a preparation failed: %s\n", command->argv[0]);
		exit(1);
	}
	command->failures += us < 0 && !failures ? 1 : failures;
	if (round >= 0)
		command->times_us[round] = us;
}

static unsigned run_all(struct bench *bench)
{
	double end = now_us() + bench->seconds * 1e6;
	int round;

	for (round = -1; round < (int)bench->rounds && (round < 1 || now_us() < end); round++)
		for (size_t i = 0; i < bench->count; i++)
			run(bench, &bench->commands[i], round);
	return (unsigned)round;
}

/* --- counting --------------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* Sorts values; between the two in the middle where there is no middle one. */
static double quantile(double *values, size_t count, double which)
{
	double at = (double)(count ? count - 1 : 0) * which;
	size_t below = (size_t)at;

	qsort(values, count, sizeof(*values), compare);
	if (below + 1 >= count)
		return count ? values[count - 1] : -1;
	return values[below] + (values[below + 1] - values[below]) * (at - (double)below);
}

static const struct command *find(const struct bench *bench, const char *name)
{
	for (size_t i = 0; i < bench->count; i++)
		if (bench->commands[i].mode != MODE_PREPARE && !strcmp(bench->commands[i].name, name))
			return &bench->commands[i];
	return NULL;
}

static double ratio(const struct command *command, const struct command *base, unsigned rounds)
{
	static double ratios[ROUNDS];
	size_t count = 0;

	for (unsigned i = 0; base && i < rounds; i++)
		if (command->times_us[i] >= 0 && base->times_us[i] > 0)
			ratios[count++] = command->times_us[i] / base->times_us[i];
	return quantile(ratios, count, 0.5);
}

static void print(const struct bench *bench, const struct command *command, unsigned rounds)
{
	static double times[ROUNDS];
	size_t count = 0;

	for (unsigned i = 0; i < rounds; i++)
		if (command->times_us[i] >= 0)
			times[count++] = command->times_us[i];
	printf("%s\t%zu\t%zu\t%.1f\t%.1f\t%.1f", command->name, count, command->failures,
	       quantile(times, count, 0.5), quantile(times, count, 0.25), quantile(times, count, 0.75));
	for (size_t i = 0; i < bench->base_count; i++)
		printf("\t%.3f", ratio(command, find(bench, bench->bases[i]), rounds));
	putchar('\n');
}

/* --- reading ---------------------------------------------------------------------------------- */

static void parse_mode(char *text, struct command *command)
{
	char *slash = strchr(text, '/'), *equals = strchr(text, '=');

	command->every = slash ? (unsigned)atoi(slash + 1) : 1;
	command->number = equals ? (unsigned)atoi(equals + 1) : 1;
	text[strcspn(text, "/=")] = '\0';
	if (!strcmp(text, "launch"))
		command->mode = MODE_LAUNCH;
	else if (!strcmp(text, "inside"))
		command->mode = MODE_INSIDE;
	else if (!strcmp(text, "series"))
		command->mode = MODE_SERIES;
	else if (!strcmp(text, "batch"))
		command->mode = MODE_BATCH;
	else if (!strcmp(text, "prepare"))
		command->mode = MODE_PREPARE;
	else
		errno = EINVAL, die(text);
	if (!command->every || !command->number || command->number > BATCH)
		errno = ERANGE, die("number of a mode");
}

static void parse_line(struct bench *bench, char *line)
{
	struct command *command = &bench->commands[bench->count];
	char *mode;
	size_t words = 0;

	if (bench->count == COMMANDS)
		errno = E2BIG, die("lines");
	command->name = strsep(&line, "\t");
	mode = strsep(&line, "\t");
	while (line && words < WORDS)
		command->argv[words++] = strsep(&line, "\t");
	if (!words || line)
		errno = EINVAL, die(command->name);
	parse_mode(mode, command);
	command->times_us = malloc(bench->rounds * sizeof(*command->times_us));
	if (!command->times_us)
		die("malloc");
	for (unsigned i = 0; i < bench->rounds; i++)
		command->times_us[i] = -1;
	bench->count++;
}

/* The lines stay in memory: names and words point into them. */
static void read_file(struct bench *bench, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		die(path);
	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line && *line != '#') {
			parse_line(bench, line);
			line = NULL;
			size = 0;
		}
	}
	free(line);
	fclose(file);
}

static int once(char *argv[], int null_fd)
{
	struct command command = { .argv = { NULL } };
	double us;

	for (size_t i = 0; argv[i] && i < WORDS; i++)
		command.argv[i] = argv[i];
	us = run_launch(&command, null_fd);
	printf("%.1f\n", us);
	return us < 0;
}

int main(int argc, char *argv[])
{
	static struct bench bench = { .rounds = 20, .seconds = 3600 };
	unsigned rounds;
	int option;

	bench.null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (bench.null_fd < 0)
		die("/dev/null");
	if (argc > 2 && !strcmp(argv[1], "once"))
		return once(argv + 2, bench.null_fd);
	while ((option = getopt(argc, argv, "b:n:t:")) != -1) {
		if (option == 'n' && atoi(optarg) > 0 && atoi(optarg) <= ROUNDS)
			bench.rounds = (unsigned)atoi(optarg);
		else if (option == 't' && atoi(optarg) > 0)
			bench.seconds = (unsigned)atoi(optarg);
		else if (option == 'b' && bench.base_count < BASES)
			bench.bases[bench.base_count++] = optarg;
		else
			return 2;
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "usage: spawn [-n ROUNDS] [-t SECONDS] [-b NAME]... FILE\n");
		return 2;
	}
	read_file(&bench, argv[optind]);
	rounds = run_all(&bench);
	for (size_t i = 0; i < bench.count; i++)
		if (bench.commands[i].mode != MODE_PREPARE)
			print(&bench, &bench.commands[i], rounds);
	return 0;
}
