/* SPDX-License-Identifier: Apache-2.0 */
/* fake_host.h — a host of a few lines of text, for tests of what is resolved on it.
 *
 *	d /ws				a directory; directories above what is named need no line
 *	f /ws/a				a file
 *	f /ws/a #5			the same with its inode: files of one inode are hard links of each other
 *	f /ws/.git = gitdir: ../x	a file with one line in it; \n begins another
 *	l /ws/link -> ../x		a symbolic link
 *	s /run/x.sock			a socket; c: a device; o: something else
 *	x /root/closed			a directory that may not be entered (EACCES)
 *	nocase /ws			a directory whose names ignore case
 *	home /home/u			HOME; likewise cwd, tmpdir, uid, gid, platform (linux, macos)
 *	env NAME=value			a variable of the caller's
 *	bound /run/x.sock		a bound local socket of the host
 *
 * "cwd -" says that it was deleted, "home -" that there is none. Lines that begin with # are comments. */
#ifndef BAWN_TESTS_FAKE_HOST_H
#define BAWN_TESTS_FAKE_HOST_H

#include "policy/policy.h"

struct fake_node {
	const char *path;
	enum host_type type;
	uint64_t inode;
	unsigned links;
	const char *text;		/* a link's target, a file's line; or NULL */
	bool closed, nocase;
	size_t line;			/* the first of several lines about one path counts */
};

struct fake_host {
	struct host host;		/* its callbacks point to this struct, so it may not be copied */
	struct arena arena;
	struct fake_node *nodes;	/* sorted by path */
	size_t count, capacity;
	const char **environ, **sockets;
	size_t environ_count, environ_capacity, socket_count, socket_capacity;
	unsigned long lookups;		/* how often it was asked */
};

/* Without a line that says otherwise: Linux, uid and gid 1000, no home, cwd "/", no TMPDIR, an empty environment.
 * False: *ret_line is a line that it does not understand, in fake's memory. */
bool fake_host_init(struct fake_host *fake, const char *text, const char **ret_line);
void fake_host_done(struct fake_host *fake);

#endif
