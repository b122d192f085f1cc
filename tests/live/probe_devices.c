/* SPDX-License-Identifier: Apache-2.0 */
/* probe_devices.c — what is done with a device: queries, and ways to write one that was opened for reading. */
#include "probe.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <linux/random.h>

/* A query that only the random devices answer, for everybody; and through a read-only mount and Landlock only where
 * ioctls are granted. */
static int trial_device_ioctl(char **argv)
{
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC), bits;
	int r = fd < 0 ? -errno : outcome(ioctl(fd, RNDGETENTCNT, &bits));

	if (fd >= 0)
		close(fd);
	return r;
}

static int trial_device_use(char **argv)
{
	char byte = 'x';
	int fd = open(argv[0], O_RDWR | O_CLOEXEC);
	int r = fd < 0 || read(fd, &byte, 1) < 0 || write(fd, &byte, 1) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

static int trial_device_reopen(char **argv)
{
	int held = open(argv[0], O_RDONLY | O_CLOEXEC), fd;
	char link[32];

	if (held < 0)
		return -UNUSABLE;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", held);
	fd = open(link, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : 0;
}

/* Whoever lets the call go on after a look at the path is raced: the link alternates between what may be written and
 * what may not. */
static int trial_device_race(char **argv)
{
	char other[4096];
	int opened = 0;
	pid_t child;

	snprintf(other, sizeof(other), "%s.new", argv[1]);
	child = fork();
	if (child < 0)
		return -UNUSABLE;
	if (child == 0)
		for (;;) {
			unlink(other);
			if (symlink("/dev/null", other) == 0)
				rename(other, argv[1]);
			if (symlink(argv[0], other) == 0)
				rename(other, argv[1]);
		}
	for (int i = 0; i < 3000; i++) {
		int fd = open(argv[1], O_WRONLY | O_CLOEXEC);
		struct stat st, wanted;

		if (fd >= 0 && fstat(fd, &st) == 0 && stat(argv[0], &wanted) == 0 && st.st_ino == wanted.st_ino)
			opened++;
		if (fd >= 0)
			close(fd);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return opened ? 0 : -EACCES;
}

const struct trial device_trials[] = {
	{ "device-ioctl",	1, trial_device_ioctl,	"queries PATH" },
	{ "device-race",	2, trial_device_race,	"opens DEVICE for writing, through LINK that turns" },
	{ "device-reopen",	1, trial_device_reopen, "reads PATH, then opens the descriptor for writing" },
	{ "device-use",		1, trial_device_use,	"reads and writes a byte" },
	{ 0 },
};
