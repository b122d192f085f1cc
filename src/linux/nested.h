/* SPDX-License-Identifier: Apache-2.0 */
/* nested.h — a bawn inside a bawn: the outer one's pid 1 keeps the inner one's names too. Internal to linux/. */
#ifndef BAWN_LINUX_NESTED_H
#define BAWN_LINUX_NESTED_H

#include "linux/box.h"

struct place;
struct target;

/* What an inner box asks the outer broker to keep, as it crosses: plain data, no pointers. Objects are told by
 * device and inode. */
struct nested_name {
	uint64_t device, inode;
	uint32_t nocase;
	char name[256];
}; /* may not be made in that directory */
struct nested_object {
	uint64_t device, inode;
}; /* may not be moved or replaced */

struct nested_request {
	uint32_t version, flags;
	uint32_t name_count, object_count, image_bytes, reserved;	/* image: the policy, see policy_pack() */
	uint64_t names, objects, image;			/* addresses in the asking process */
};

#define NESTED_VERSION		3u
#define NESTED_DOMAIN		0x6261776eu	/* third argument of landlock_restrict_self(): the domain of a bawn */

#define NESTED_SOCKETS		1u	/* local sockets are closed but for 'a' */

/* The question is a call that no kernel takes for anything: mkdirat() on a descriptor that cannot be, which the
 * outer broker sees because it is trapped. size 0 asks "are you there?". */
#define NESTED_DESCRIPTOR	(-0x6261776e)	/* "bawn" */

/* --- the inner side ----------------------------------------------------------------------- */

bool nested_is_inside(void);				/* a bawn's broker answers around us */
int nested_lower(struct box *box);			/* makes room for the request, before the clone */
int nested_ask(struct inside *in);			/* the command's process, before its filter: 0 or -errno */

/* --- the outer side, in pid 1 ------------------------------------------------------------- */

struct nested_box;
struct nested { struct nested_box *boxes; uint64_t own_namespace, own_tree; unsigned used; };

void nested_init(struct nested *nested);
/* Whether a process lives in our own mount namespace and has its root: its paths are ours. Sets target->tree. */
bool nested_is_same_root(const struct nested *nested, struct target *target);
/* Whether a descriptor is of our own user namespace. */
bool nested_is_own(const struct nested *nested, int namespace_fd);
/* Answers nested_ask(): 0 or -errno. */
int nested_register(struct nested *nested, const struct target *target, uint64_t address, uint64_t size);
/* Whether the boxes around a process, if any, let it make or write what is at a place whose directory has that device
 * and inode. */
bool nested_allows_name(const struct nested *nested, const struct target *target, const struct place *place,
			uint64_t device, uint64_t inode);
/* Whether they let it write the object at path. */
bool nested_allows_write(const struct nested *nested, const struct target *target, const char *path);
/* Whether those within the box that has bound it (nested_box_of(); 0: none has) let it connect to the local socket
 * there. */
bool nested_allows_socket(const struct nested *nested, const struct target *target, const char *path, uint64_t box);
/* Whether what is at one place may go to the other; to the same one: whether a symbolic link may stand there. */
bool nested_allows_rename(const struct nested *nested, const struct target *target, const struct place *from,
			  const struct place *to);
/* Whether none of them has mounted anything on the object. */
bool nested_allows_move(const struct nested *nested, pid_t tid, uint64_t device, uint64_t inode);
/* Their policies, as many as there is room for; more than that: the caller must refuse. */
size_t nested_policies(const struct nested *nested, pid_t tid, const struct policy **ret_policies, size_t room);
/* The innermost inner box around tid, as a number; 0: none. */
uint64_t nested_box_of(const struct nested *nested, pid_t tid);
/* Whether a socket that this box (see above) has bound is one of tid's own. */
bool nested_is_within(const struct nested *nested, pid_t tid, uint64_t box);

#endif
