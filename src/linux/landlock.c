/* SPDX-License-Identifier: Apache-2.0 */
/* landlock.c — the file rules once more, from below the mounts, so that one mistaken mount is not a hole.
 *
 * Landlock grants below a directory and cannot take away again, so it repeats "no writing outside the writable
 * roots", not the exceptions inside them. Only rights to change things are handled: a right that is handled
 * costs every open that asks for it, and reading is held by mounts alone. A second domain, for the command and
 * not for pid 1, handles the making of names and the opening of files for writing, and grants them on devices
 * and procfs only: the broker is then the only way to either, also for calls that no filter sees (io_uring).
 * Rights that this kernel does not know were already judged by plan.c; nothing in this file chooses policy.
 *
 * landlock(7); rights by ABI: Documentation/userspace-api/landlock.rst */
#include "linux/nested.h"

#include <string.h>
#include <sys/prctl.h>

#define LL_EXECUTE	(1ull << 0)
#define LL_WRITE_FILE	(1ull << 1)
#define LL_READ_FILE	(1ull << 2)
#define LL_READ_DIR	(1ull << 3)
#define LL_REMOVE_DIR	(1ull << 4)
#define LL_REMOVE_FILE	(1ull << 5)
#define LL_MAKE_CHAR	(1ull << 6)
#define LL_MAKE_DIR	(1ull << 7)
#define LL_MAKE_REG	(1ull << 8)
#define LL_MAKE_SOCK	(1ull << 9)
#define LL_MAKE_FIFO	(1ull << 10)
#define LL_MAKE_BLOCK	(1ull << 11)
#define LL_MAKE_SYM	(1ull << 12)
#define LL_REFER	(1ull << 13)
#define LL_TRUNCATE	(1ull << 14)
#define LL_IOCTL_DEV	(1ull << 15)
#define LL_RESOLVE_UNIX	(1ull << 16)

#define LL_SCOPE_ABSTRACT_UNIX	(1ull << 0)
#define LL_SCOPE_SIGNAL		(1ull << 1)

#define LL_RULE_PATH_BENEATH	1

static const struct right {
	uint64_t bit;
	int abi;			/* since */
	bool handled, file, brokered;	/* file: a file can have it; brokered: makes a name or writes a file */
	const char *name;
} rights[] = {
	{ LL_EXECUTE,	  1, false, true,  false, "execute" },
	{ LL_WRITE_FILE,  1, true,  true,  true,  "write-file" },
	{ LL_READ_FILE,	  1, false, true,  false, "read-file" },
	{ LL_READ_DIR,	  1, false, false, false, "read-dir" },
	{ LL_REMOVE_DIR,  1, true,  false, false, "remove-dir" },
	{ LL_REMOVE_FILE, 1, true,  false, false, "remove-file" },
	{ LL_MAKE_CHAR,	  1, true,  false, true,  "make-char" },
	{ LL_MAKE_DIR,	  1, true,  false, true,  "make-dir" },
	{ LL_MAKE_REG,	  1, true,  false, true,  "make-reg" },
	{ LL_MAKE_SOCK,	  1, true,  false, true,  "make-sock" },
	{ LL_MAKE_FIFO,	  1, true,  false, true,  "make-fifo" },
	{ LL_MAKE_BLOCK,  1, true,  false, true,  "make-block" },
	{ LL_MAKE_SYM,	  1, true,  false, true,  "make-sym" },
	/* before: every rename between directories fails (EXDEV) */
	{ LL_REFER,	  2, true,  false, true,  "refer" },
	/* before: O_RDONLY|O_TRUNC empties a file; the mounts refuse it */
	{ LL_TRUNCATE,	  3, true,  true,  true,  "truncate" },
	{ LL_IOCTL_DEV,	  5, true,  true,  false, "ioctl-dev" },	/* before: every device that is open answers */
	/* Linux 7.1; before: the broker alone. In the second domain only, see landlock_socket_rights() */
	{ LL_RESOLVE_UNIX, 9, false, true, false, "resolve-unix" },
};

static uint64_t collect(int abi, bool file, bool brokered)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		if (rights[i].handled && rights[i].abi <= abi && (!file || rights[i].file) &&
		    (!brokered || rights[i].brokered))
			bits |= rights[i].bit;
	return bits;
}

/* The kernel asks for "truncate" at every open, also of a file that is only read (hook_file_open(),
 * security/landlock/fs.c): a walk to the root each time, a third more for a grep. Truncation goes to the broker and is
 * refused by read-only mounts; only where calls pass the filter is it worth that price. */
uint64_t landlock_costly_rights(void)
{
	return LL_TRUNCATE;
}

/* ABI 1 refuses every rename between directories as soon as anything is handled: worse than no second layer. */
uint64_t landlock_rights(int abi)
{
	return abi < 2 ? 0 : collect(abi, false, false);
}

uint64_t landlock_creation_rights(int abi)
{
	return abi < 2 ? 0 : collect(abi, false, true);
}

uint64_t landlock_file_rights(void)
{
	return collect(INT32_MAX, true, false);
}

uint64_t landlock_right_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		if (!strcmp(rights[i].name, name))
			return rights[i].bit;
	return 0;
}

/* Looking up a local socket that was not made in the same domain, by connect() or a message. The broker connects for
 * the command, and judges what a rule about an existing path cannot say: names that come later, exceptions in a
 * directory. So the right is the command's own to lose: calls that no filter sees (io_uring) then find no socket. */
uint64_t landlock_socket_rights(int abi)
{
	return landlock_right_find("resolve-unix") & (abi < 9 ? 0 : ~(uint64_t)0);
}

uint64_t landlock_scopes(int abi)
{
	return abi < 6 ? 0 : LL_SCOPE_ABSTRACT_UNIX | LL_SCOPE_SIGNAL;
}

/* --- the child ---------------------------------------------------------------------------- */

struct ruleset_attr { uint64_t handled_access_fs, handled_access_net, scoped; };

struct path_beneath_attr { uint64_t allowed_access; int32_t parent_fd; } __attribute__((packed));

static int create_ruleset(uint64_t handled, uint64_t scoped, int abi)
{
	const struct ruleset_attr attr = { .handled_access_fs = handled, .scoped = scoped };
	/* A kernel takes a shorter structure from older programs, and refuses a longer one with anything set in it. */
	size_t size = abi >= 6 ? sizeof(attr) : abi >= 4 ? offsetof(struct ruleset_attr, scoped) : sizeof(uint64_t);

	return (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
}

static int add_rule(int ruleset, const struct landlock_rule *rule)
{
	autoclose int fd = sys_open(rule->path, O_PATH | O_CLOEXEC);
	const struct path_beneath_attr attr = { .allowed_access = rule->access, .parent_fd = fd };

	if (fd < 0)
		return rule->optional && errno == ENOENT ? 0 : -errno;
	return syscall(SYS_landlock_add_rule, ruleset, LL_RULE_PATH_BENEATH, &attr, 0) < 0 ? -errno : 0;
}

static int restrict_self(int ruleset)
{
	return syscall(SYS_landlock_restrict_self, ruleset, 0, NESTED_DOMAIN) < 0 ? -errno : 0;
}

int landlock_enter(struct inside *in)
{
	const struct box *box = in->box;
	autoclose int ruleset = -1;

	if (!box->landlock_handled && !box->landlock_scoped)
		return 0;
	ruleset = create_ruleset(box->landlock_handled, box->landlock_scoped, box->plan->features.landlock_abi);
	if (ruleset < 0)
		return -errno;
	for (in->item = 0; in->item < box->landlock_count; in->item++) {
		struct landlock_rule rule = box->landlock[in->item];
		int r;

		rule.access &= box->landlock_handled;
		r = rule.access ? add_rule(ruleset, &rule) : 0;
		if (r < 0)
			return r;
	}
	in->item = SIZE_MAX;
	/* The broker's way to what is granted and missing: the command itself is held by the mounts, and by its second
	 * domain. */
	for (size_t i = 0; i < box->grant_count; i++) {
		const struct path_beneath_attr attr = { .allowed_access = box->landlock_handled,
							.parent_fd = box->grants[i].fd };

		if (attr.parent_fd >= 0 &&
		    syscall(SYS_landlock_add_rule, ruleset, LL_RULE_PATH_BENEATH, &attr, 0) < 0)
			return -errno;
	}
	return restrict_self(ruleset);
}

int landlock_enter_creation(struct inside *in)
{
	uint64_t handled = in->box->landlock_creation | in->box->landlock_sockets;
	autoclose int ruleset = -1;

	if (!handled)
		return 0;
	/* Its signals do not reach the broker either, which has only the first domain. */
	ruleset = create_ruleset(handled, in->box->landlock_scoped & LL_SCOPE_SIGNAL,
				 in->box->plan->features.landlock_abi);
	if (ruleset < 0)
		return -errno;
	for (size_t i = 0; i < in->box->landlock_count; i++) {
		struct landlock_rule rule = in->box->landlock[i];
		int r;

		rule.access &= in->box->landlock_sockets | (handled & landlock_file_rights());
		r = rule.creation && rule.access ? add_rule(ruleset, &rule) : 0;
		if (r < 0)
			return r;
	}
	return restrict_self(ruleset);
}
