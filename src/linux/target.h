/* SPDX-License-Identifier: Apache-2.0 */
/* target.h — the broker's view of a process that waits for it: its memory, and the places that its paths name.
 * Internal to linux/. */
#ifndef BAWN_LINUX_TARGET_H
#define BAWN_LINUX_TARGET_H

#include "linux/box.h"

#include <sys/stat.h>

#define TARGET_PATH_MAX 4096
#define TARGET_NAME_MAX 256

struct target {				/* a thread stopped in a call */
	pid_t tid;
	bool narrow;			/* in a 32-bit call: longs and pointers in its structures have 4 bytes */
	uint64_t tree;			/* inode of its mount namespace, where it may have one of its own */
	bool own_root;			/* it may have another root than pid 1: a nested sandbox */
	bool respelt;			/* the path began with its /proc: counts from our root, up to the link there */
};

/* Whose a directory is, for a process that may have mounts of its own. */
enum tree {
	TREE_OURS,			/* the box's: its path is the box's path */
	TREE_FOREIGN,			/* a file system that the process made: no rule speaks of it */
	TREE_UNKNOWN,			/* the box's, and not to be found there: a tree mounted nowhere, say */
};

struct place {				/* where a path leads: a directory that is held, and a name in it */
	int parent_fd;			/* O_PATH, the broker's own; -1: none */
	char name[TARGET_NAME_MAX];	/* the last component; "." when the path is a directory by its form */
	bool slash;			/* a slash followed it: only a directory will do */
	bool on_proc;			/* the directory lies on a procfs */
	bool deep;			/* too deep for a path: a directory above stands for it */
	enum tree tree;
	char path[TARGET_PATH_MAX];	/* canonical: the directory's path and the name */
	char seen[TARGET_PATH_MAX];	/* as the process sees it, where that is another path; else empty */
};

/* Copies size bytes; 0 or -EFAULT. */
int target_read(const struct target *target, uint64_t address, void *bytes, size_t size);
/* The other way. */
int target_write(const struct target *target, uint64_t address, const void *bytes, size_t size);
/* Copies a string; -ENAMETOOLONG, -EFAULT. */
int target_read_path(const struct target *target, uint64_t address, char path[TARGET_PATH_MAX]);
/* The place of path seen from the descriptor at (AT_FDCWD: its working directory). The last component is not
 * followed. -errno as the kernel would say. The caller closes parent_fd. */
int place_find(const struct target *target, int at, const char *path, struct place *ret_place);
/* The same, going on from where a symbolic link stands that says path. */
int place_follow(const struct target *target, const struct place *link, const char *path, struct place *ret_place);
/* locate.c: puts the path right of what fd holds, which path says from wherever its mount is. */
enum tree locate(const struct target *target, int fd, char path[TARGET_PATH_MAX]);
/* The number of the mount that fd was reached by, as in mountinfo; 0: not known. */
uint64_t mount_of(int fd);
/* The same as locate() for a place: sets its tree, path and seen. */
void place_locate(const struct target *target, struct place *place);
/* Whether a place lies below the target's own /proc/PID. */
bool place_is_own_proc(const struct target *target, const struct place *place);
/* The path of what a descriptor of ours holds, as we see the tree; -errno, also for what has none. */
int target_path_of(int fd, char path[TARGET_PATH_MAX]);
/* Its umask, or -errno. */
int target_umask(const struct target *target);
/* Opens /proc/TID/what; -errno. */
int target_open(const struct target *target, const char *what, int flags);
/* What name is in the directory /proc/TID/what, itself if it is a link; 0 or -errno. */
int target_stat(const struct target *target, const char *what, const char *name, struct stat *ret_st);
/* A pidfd of the thread, or of its group where the kernel knows no other; -errno. */
int target_pidfd(const struct target *target);
/* A duplicate of one of its descriptors, or -errno. */
int target_descriptor(const struct target *target, int fd);
/* Whether that call has shown that the target was still alive: it used a pidfd of it from an earlier call. So what was
 * read by its number before was the target's, not of another process that got the number. */
bool target_was_alive(void);

#endif
