/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c — tries one thing and says how it went. The live tests run it without the box, where the thing
 * must work, and inside.
 *
 * probe TRIAL [ARG...]: exit status 0 it worked, 1 it was refused (the line names the errno), 2 the trial
 * itself went wrong. */
#include "probe.h"

static const struct trial *const families[] = {
	device_trials, file_trials, foreign_trials, ipc_trials, kernel_trials, nest_trials, port_trials, race_trials,
	semantic_trials, socket_trials,
	terminal_trials,
};

static const struct trial *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		for (const struct trial *trial = families[i]; trial->name; trial++)
			if (!strcmp(trial->name, name))
				return trial;
	return NULL;
}

static int list(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		for (const struct trial *trial = families[i]; trial->name; trial++)
			printf("%-20s %s\n", trial->name, trial->what);
	return 2;
}

int main(int argc, char **argv)
{
	const struct trial *trial = argc > 1 ? find(argv[1]) : NULL;
	int r;

	if (!trial || argc - 2 < trial->arguments)
		return list();
	setvbuf(stdout, NULL, _IOLBF, 0);
	r = trial->run(argv + 2);
	if (r >= 0)
		printf("%s: worked\n", argv[1]);
	else if (r == -UNUSABLE)
		printf("%s: the trial went wrong: %s\n", argv[1], strerror(errno));
	else
		printf("%s: refused: %s\n", argv[1], strerror(-r));
	return r >= 0 ? 0 : r == -UNUSABLE ? 2 : 1;
}
