/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h — what the files of run/ share with each other, and nobody else includes. */
#ifndef BAWN_RUN_INTERNAL_H
#define BAWN_RUN_INTERNAL_H

#include "run/run.h"

/* --- host.c ------------------------------------------------------------------------------- */

enum host_type host_type_of_mode(mode_t mode);
/* The value of a variable, or NULL. environ_ may be NULL. */
const char *environ_find(const char *const *environ_, const char *name);

/* --- host_files.c ------------------------------------------------------------------------- */

struct stat;

bool host_is_missing(int number);
void host_fill_entry(const struct stat *status, bool direct, struct host_entry *entry);
void host_fill_missing(bool direct, struct host_entry *entry);
/* What readlink() gave; -ENAMETOOLONG: it may have been cut. */
int host_end_target(ssize_t size, struct host_entry *entry);
/* Whether no directory on the way to path is a symbolic link, by looking at each. */
bool host_is_direct(const char *path);
/* By lstat(); direct as the caller knows. */
int host_lookup_by_steps(const char *path, bool direct, struct host_entry *ret_entry);
size_t host_sort_unique(const char **paths, size_t count);
/* Leaves those that are bound sockets which we may connect to. */
size_t host_drop_dead(const char **paths, size_t count);
int host_keep_paths(struct arena *arena, const char *const *paths, size_t count, const char *const **ret_paths);

/* --- host_linux.c, host_macos.c: where operating systems differ, one file each ------------- */

struct host_files {			/* struct host's context; {0} before the first lookup */
	bool no_openat2;		/* the kernel said so once; not asked again */
	bool resting;			/* nothing is kept open any more */
	bool parent_tried;		/* the directory that was looked into last was looked into before: */
	int parent_fd;			/* then this is it, or -1 */
	size_t parent_size;
	char parent[4096];		/* its path, not terminated */
};

/* The callbacks of struct host, as policy.h describes them; context is a struct host_files. */
int host_lookup(void *context, const char *path, struct host_entry *ret_entry);
void host_rest(void *context);
/* open(2) of a canonical path: a symbolic link that has come in its way since is not followed (-ELOOP). -errno. */
int host_open_direct(const char *path, int flags, mode_t mode);
bool host_folds_case(void *context, const char *path);
int host_list(void *context, const char *path,
	      int (*visit)(void *argument, const char *name, enum host_type type, uint64_t inode),
	      void *argument);

/* *ret_missing: why the list is not whole, or NULL.
 * Absolute paths of the local sockets that something on this machine has bound, sorted, NULL at the
 * end. A machine that does not tell has none. */
int host_sockets(struct arena *arena, const char *const **ret_paths, const char **ret_missing, struct bawn_error *err);

enum platform host_platform(void);
/* A descriptor that polls readable once events_record() has told of news; -ENOTSUP: there is none, and no need. */
int host_wake_fd(void);
/* write(2), but a pipe whose reader has gone ends nobody. */
ssize_t host_write_quietly(int fd, const void *bytes, size_t size);
/* What this machine has; thorough: as linux_probe(). */
void host_probe(struct features *ret_features, bool thorough);

/* host_elsewhere.c: the same host, told as one of another system. Nothing when it is of that system already. */
int host_elsewhere(struct arena *arena, enum platform platform, struct host *host, struct bawn_error *err);
/* Where this machine has what the host has at a path. */
const char *host_real_path(const struct host *host, const char *path);

#endif
