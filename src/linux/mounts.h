/* SPDX-License-Identifier: Apache-2.0 */
/* mounts.h — what mounts.c, mounts_root.c and devices.c share: small steps on descriptors, in the child. -errno or -1
 * with errno, as each says. */
#ifndef BAWN_LINUX_MOUNTS_H
#define BAWN_LINUX_MOUNTS_H

#include "linux/box.h"

#define SCRATCH_DIRECTORY	"mask.d"
#define SCRATCH_FILE		"mask"
#define SCRATCH_DEV		"dev"
#define SCRATCH_PROC		"proc"
#define SCRATCH_SHM		"shm"

/* An O_PATH descriptor of a path without links on its way; -1 and errno. */
int mounts_open(const char *path);
/* A detached clone; -1 and errno. */
int mounts_clone_fd(int fd, bool recursive);
/* One of the scratch's. */
int mounts_clone_scratch(const struct inside *in, const char *name);
int mounts_new_tmpfs(unsigned attributes);		/* detached; -1 and errno */
int mounts_set_attributes(int fd, uint64_t set, uint64_t clear, bool recursive);	/* -1 and errno */
/* What an optional operation may meet: the path is gone, or lies where nobody may go. */
bool mounts_is_gone(int number);
bool mounts_is_device(int fd);
int mounts_attach(int from, const char *path);		/* no links on the way; -errno */
/* By path, where nobody else can have put a link: the box's own /dev and /proc. -errno, also for from < 0. */
int mounts_put(int from, const char *path);
/* Makes the directories of a relative path below fd, and at its end a directory or an empty file; -errno. */
int mounts_make_way(int fd, const char *relative, bool directory);
/* What is not granted itself can be walked through but not listed. Only when all is made: inside another bawn its
 * broker makes these directories, and has no capability to go on in a closed one. -errno. */
int mounts_close_way(int fd, const char *relative);

/* devices.c: the nodes that every box has, and what the rules add to its /dev, in the scratch, before that becomes
 * read-only. */
#define DEVICES_OWN		6
extern const char *const devices_own[DEVICES_OWN];
int devices_make_places(struct inside *in);

#endif
