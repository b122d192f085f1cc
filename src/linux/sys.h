/* SPDX-License-Identifier: Apache-2.0 */
/* sys.h — system calls and constants that a libc of Debian 12 lacks, under the kernel's own names. Internal to linux/.
 *
 * Numbers below 424 differ by architecture and come from <sys/syscall.h>; from 424 on they are the same everywhere. */
#ifndef BAWN_LINUX_SYS_H
#define BAWN_LINUX_SYS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal		424
#endif
#ifndef SYS_open_tree
#define SYS_open_tree			428
#define SYS_move_mount			429
#define SYS_fsopen			430
#define SYS_fsconfig			431
#define SYS_fsmount			432
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open			434
#endif
#ifndef SYS_close_range
#define SYS_close_range			436
#endif
#ifndef SYS_openat2
#define SYS_openat2			437
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd			438
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr		442
#endif
/* Constants of their own: they stand in a switch, whatever the libc has. */
#define SYS_FACCESSAT2			439
#define SYS_FCHMODAT2			452
#define SYS_SETXATTRAT			463
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444
#define SYS_landlock_add_rule		445
#define SYS_landlock_restrict_self	446
#endif

/* mount_setattr(2), open_tree(2), move_mount(2), fsopen(2), fsconfig(2), fsmount(2) */
#define SYS_MOUNT_ATTR_RDONLY		0x1u
#define SYS_MOUNT_ATTR_NOSUID		0x2u
#define SYS_MOUNT_ATTR_NODEV		0x4u
#define SYS_MOUNT_ATTR_NOEXEC		0x8u
#define SYS_OPEN_TREE_CLONE		0x1u
#define SYS_AT_RECURSIVE		0x8000u
#define SYS_AT_EMPTY_PATH		0x1000u
#define SYS_MOVE_MOUNT_F_EMPTY_PATH	0x4u
#define SYS_MOVE_MOUNT_T_EMPTY_PATH	0x40u
#define SYS_FSOPEN_CLOEXEC		0x1u
#define SYS_FSMOUNT_CLOEXEC		0x1u
#define SYS_FSCONFIG_SET_FLAG		0u
#define SYS_FSCONFIG_SET_STRING		1u
#define SYS_FSCONFIG_SET_FD		5u
#define SYS_FSCONFIG_CMD_CREATE		6u
#define SYS_MS_PRIVATE			(1u << 18)

struct sys_mount_attr { uint64_t attr_set, attr_clr, propagation, userns_fd; };

/* openat2(2) */
#define SYS_RESOLVE_NO_MAGICLINKS	0x02u
#define SYS_RESOLVE_NO_SYMLINKS		0x04u
#define SYS_RESOLVE_BENEATH		0x08u
#define SYS_RESOLVE_IN_ROOT		0x10u

struct sys_open_how { uint64_t flags, mode, resolve; };

/* statx(2): musl has no room for the newer fields */
#define SYS_STATX_MNT_ID		0x1000u
#define SYS_STATX_ATTR_MOUNT_ROOT	0x2000u

struct sys_statx {
	uint32_t mask, block_size;
	uint64_t attributes;
	uint32_t unused[32];
	uint64_t mount_id;
	uint64_t later[13];
};

_Static_assert(sizeof(struct sys_statx) == 256, "as in <linux/stat.h>");

/* ioctl on a socket, netdevice(7): a descriptor of its network namespace */
#define SYS_SIOCGSKNS			0x894c

#define SYS_CLOSE_RANGE_CLOEXEC		0x4u

/* musl's open() sets FD_CLOEXEC a second time, for kernels that ignored the flag: one system call more. */
static inline int sys_open(const char *path, int flags)
{
	return openat(AT_FDCWD, path, flags);
}

static inline int sys_open_tree(int at, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, at, path, flags);
}

/* A last component that is a symbolic link is not followed. to "": at itself. */
static inline int sys_move_mount_to(int from, int at, const char *to)
{
	return (int)syscall(SYS_move_mount, from, "", at, to,
			    SYS_MOVE_MOUNT_F_EMPTY_PATH | SYS_MOVE_MOUNT_T_EMPTY_PATH);
}

static inline int sys_move_mount(int from, int to)
{
	return sys_move_mount_to(from, to, "");
}

static inline int sys_mount_setattr(int at, const char *path, unsigned flags, const struct sys_mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, at, path, flags, attr, sizeof(*attr));
}

static inline int sys_fsopen(const char *type)
{
	return (int)syscall(SYS_fsopen, type, SYS_FSOPEN_CLOEXEC);
}

static inline int sys_fsconfig(int fd, unsigned command, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fd, command, key, value, 0);
}

static inline int sys_fsconfig_fd(int fd, const char *key, int value)
{
	return (int)syscall(SYS_fsconfig, fd, SYS_FSCONFIG_SET_FD, key, NULL, value);
}

static inline int sys_fsmount(int fd, unsigned attributes)
{
	return (int)syscall(SYS_fsmount, fd, SYS_FSMOUNT_CLOEXEC, attributes);
}

static inline int sys_openat2(int at, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	const struct sys_open_how how = { .flags = flags, .mode = mode, .resolve = resolve };

	return (int)syscall(SYS_openat2, at, path, &how, sizeof(how));
}

static inline int sys_statx(int at, const char *path, int flags, unsigned mask, struct sys_statx *ret)
{
	return (int)syscall(SYS_statx, at, path, flags, mask, ret);
}

static inline int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static inline int sys_pidfd_getfd(int pidfd, int target)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, target, 0);
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

#endif
