/* SPDX-License-Identifier: Apache-2.0 */
/* raw.h — system calls that leave errno alone: they return what the kernel does, -errno where it refuses.
 *
 * For processes that share their memory with one that goes on working (groundwork.c): errno, like all that is a
 * thread's own, is found by a register that clone(2) without CLONE_SETTLS leaves as it was, so it is the other's
 * too. */
#ifndef BAWN_LINUX_RAW_H
#define BAWN_LINUX_RAW_H

#include "linux/sys.h"

#include <errno.h>

#if defined(__x86_64__)
static inline long raw_call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long raw_call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
}
#else
#error "raw_call() is not written for this architecture"
#endif

static inline int raw_unshare(int flags)
{
	return (int)raw_call(SYS_unshare, flags, 0, 0, 0, 0);
}

static inline int raw_open(const char *path, int flags)
{
	return (int)raw_call(SYS_openat, AT_FDCWD, (long)path, flags, 0, 0);
}

static inline ssize_t raw_write(int fd, const void *bytes, size_t size)
{
	return raw_call(SYS_write, fd, (long)bytes, (long)size, 0, 0);
}

static inline int raw_ioctl(int fd, unsigned long request, void *argument)
{
	return (int)raw_call(SYS_ioctl, fd, (long)request, (long)argument, 0, 0);
}

static inline int raw_socket(int family, int type)
{
	return (int)raw_call(SYS_socket, family, type, 0, 0, 0);
}

static inline int raw_prctl(int option, unsigned long argument)
{
	return (int)raw_call(SYS_prctl, option, (long)argument, 0, 0, 0);
}

static inline int raw_mkdirat(int at, const char *path, unsigned mode)
{
	return (int)raw_call(SYS_mkdirat, at, (long)path, mode, 0, 0);
}

static inline int raw_mknodat(int at, const char *path, unsigned mode)
{
	return (int)raw_call(SYS_mknodat, at, (long)path, mode, 0, 0);
}

static inline int raw_fchmodat(int at, const char *path, unsigned mode)
{
	return (int)raw_call(SYS_fchmodat, at, (long)path, mode, 0, 0);
}

static inline int raw_symlinkat(const char *target, int at, const char *path)
{
	return (int)raw_call(SYS_symlinkat, (long)target, at, (long)path, 0, 0);
}

static inline int raw_fsopen(const char *type)
{
	return (int)raw_call(SYS_fsopen, (long)type, SYS_FSOPEN_CLOEXEC, 0, 0, 0);
}

static inline int raw_fsconfig(int fd, unsigned command, const char *key, const char *value)
{
	return (int)raw_call(SYS_fsconfig, fd, command, (long)key, (long)value, 0);
}

static inline int raw_fsmount(int fd, unsigned attributes)
{
	return (int)raw_call(SYS_fsmount, fd, SYS_FSMOUNT_CLOEXEC, attributes, 0, 0);
}

#endif
