/* SPDX-License-Identifier: Apache-2.0 */
/* probe.h — what the probe's files share. Each trial does one thing and gives back 0, or -errno when it was
 * refused; probe.c prints one line and turns that into the exit status. argv[0] is the first word behind the
 * trial's name. */
#ifndef PROBE_H
#define PROBE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define UNUSABLE 1000		/* -UNUSABLE: the trial itself went wrong */

struct trial {
	const char *name;
	int arguments;		/* at least */
	int (*run)(char **argv);
	const char *what;
};

/* probe_kernel.c: what namespaces do not close */
extern const struct trial kernel_trials[];
/* probe_foreign.c: 32-bit calls */
extern const struct trial foreign_trials[];
/* probe_devices.c: queries, and ways to write a device */
extern const struct trial device_trials[];
/* probe_files.c: one file operation, and many questions */
extern const struct trial file_trials[];
/* probe_semantics.c: a transcript of file operations, to be compared */
extern const struct trial semantic_trials[];
/* probe_race.c: a thread rewrites what a call names; signals; killed callers */
extern const struct trial race_trials[];
/* probe_ipc.c: sockets, semaphores, descriptors, limits */
extern const struct trial ipc_trials[];
/* probe_nest.c: from namespaces of its own */
extern const struct trial nest_trials[];
/* probe_ports.c: ways to reach a port of loopback */
extern const struct trial port_trials[];
/* probe_sockets.c: ways to name a local socket, many at once */
extern const struct trial socket_trials[];
/* probe_terminal.c: drives a command on a terminal of its own */
extern const struct trial terminal_trials[];

/* Result of a system call: 0 or more as it is, else -errno. */
static inline int outcome(long r)
{
	return r < 0 ? -errno : (int)(r & 0x7fffffff);
}

#endif
