/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h — what the files of run/ share with each other, and nobody else includes. */
#ifndef BAWN_RUN_INTERNAL_H
#define BAWN_RUN_INTERNAL_H

#include "run/run.h"

/* --- host.c ------------------------------------------------------------------------------- */

enum host_type host_type_of_mode(mode_t mode);
/* The value of a variable, or NULL. environ_ may be NULL. */
const char *environ_find(const char *const *environ_, const char *name);

/* --- host_linux.c: where operating systems differ, one file each -------------------------- */

struct host_files {			/* struct host's context */
	bool no_openat2;		/* the kernel said so once; not asked again */
};

/* The callbacks of struct host, as policy.h describes them; context is a struct host_files. */
int host_lookup(void *context, const char *path, struct host_entry *ret_entry);
bool host_folds_case(void *context, const char *path);
int host_list(void *context, const char *path,
	      int (*visit)(void *argument, const char *name, enum host_type type, uint64_t inode),
	      void *argument);

/* *ret_missing: why the list is not whole, or NULL.
 * Absolute paths of the local sockets that something on this machine has bound, sorted, NULL at the
 * end. A machine that does not tell has none. */
int host_sockets(struct arena *arena, const char *const **ret_paths, const char **ret_missing, struct bawn_error *err);

enum platform host_platform(void);
/* What this machine has; thorough: as linux_probe(). */
void host_probe(struct features *ret_features, bool thorough);

/* host_elsewhere.c: the same host, told as one of another system. Nothing when it is of that system already. */
int host_elsewhere(struct arena *arena, enum platform platform, struct host *host, struct bawn_error *err);
/* Where this machine has what the host has at a path. */
const char *host_real_path(const struct host *host, const char *path);

#endif
