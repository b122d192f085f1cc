/* SPDX-License-Identifier: Apache-2.0 */
/* threaded.c THREADS ROUNDS — each thread launches commands through the library while another allocates, forks
 * and waits. */
#include <bawn.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures, launches;
static volatile int stop;

static int launch_once(int wanted)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	char script[64];
	const char *const argv[] = { "sh", "-c", script, NULL };
	struct bawn *box = NULL;
	int status = -1;

	snprintf(script, sizeof(script), "exit %d", wanted);
	if (bawn_new(&box, &err) < 0 || bawn_option(box, "permission-profile", ":read-only", &err) < 0 ||
	    bawn_run(box, argv, 0, &status, &err) < 0)
		fprintf(stderr, "%s\n", err.message);
	bawn_free(box);
	return status == wanted;
}

static void *launcher(void *argument)
{
	for (int i = 0; i < (int)(intptr_t)argument; i++) {
		int good = launch_once(i % 100);

		__atomic_add_fetch(good ? &launches : &failures, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Holds the allocator's locks much of the time, and has children of its own. */
static void *busy(void *argument)
{
	while (!stop) {
		void *blocks[100];
		pid_t pid;

		for (size_t i = 0; i < 100; i++)
			blocks[i] = malloc(1 + i * 100);
		for (size_t i = 0; i < 100; i++)
			free(blocks[i]);
		pid = fork();
		if (pid == 0)
			_exit(9);
		waitpid(pid, NULL, 0);
	}
	return argument;
}

int main(int argc, char **argv)
{
	pthread_t threads[64], noise;
	int count = argc > 2 ? atoi(argv[1]) : 4;
	intptr_t rounds = argc > 2 ? atoi(argv[2]) : 10;

	pthread_create(&noise, NULL, busy, NULL);
	for (int i = 0; i < count && i < 64; i++)
		pthread_create(&threads[i], NULL, launcher, (void *)rounds);
	for (int i = 0; i < count && i < 64; i++)
		pthread_join(threads[i], NULL);
	stop = 1;
	pthread_join(noise, NULL);
	printf("%d launches, %d failures\n", launches, failures);
	return failures ? 1 : 0;
}
