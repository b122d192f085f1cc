/* SPDX-License-Identifier: Apache-2.0 */
/* test_seccomp.c — the table, the program made of it (simulated, for every architecture), and the kernel's
 * own word on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "linux/seccomp.h"

#include <linux/audit.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALLOWED		SECCOMP_RET_ALLOW
#define NOTIFIED	SECCOMP_RET_USER_NOTIF
#define REFUSED(error)	(SECCOMP_RET_ERRNO | (error))

/* Among the bits of kernel.allow: what the broker takes. */
#define BROKER		(1u << 31)
#define SOCKETS		(1u << 30)
#define LOOPBACK	(1u << 29)
#define NESTED		(1u << 28)
#define BROKERS		(BROKER | SOCKETS | LOOPBACK | NESTED)
#define OPEN(name)	(1u << KERNEL_##name)
#define EVERYTHING	((1u << KERNEL__COUNT) - 1)

#define HIGH		0xffffffff00000000u	/* the kernel does not look at it */
#define CREATE		0100
#define TMPFILE		020000000

static const uint32_t archs[] = {
	[SECCOMP_X86_64] = AUDIT_ARCH_X86_64, [SECCOMP_AARCH64] = AUDIT_ARCH_AARCH64, [SECCOMP_I386] = AUDIT_ARCH_I386,
};

static unsigned broker_parts(uint32_t options)
{
	return (options & BROKER ? BROKER_NAMES : 0) | (options & SOCKETS ? BROKER_SOCKETS : 0) |
	       (options & LOOPBACK ? BROKER_LOOPBACK : 0) | (options & NESTED ? BROKER_NESTED : 0);
}

static struct bpf_program program_make(struct arena *arena, enum seccomp_arch arch, uint32_t options)
{
	struct seccomp_options seccomp = { arch, options & ~BROKERS, broker_parts(options) };
	struct bpf_program program = { 0 };

	assert_int_equal(seccomp_lower(&seccomp, arena, &program, NULL), 0);
	return program;
}

/* --- the table --- */

static bool rows_equal(const struct seccomp_row *a, const struct seccomp_row *b)
{
	return !strcmp(a->name, b->name) && !memcmp(a->tests, b->tests, sizeof(a->tests)) &&
	       (a->outcome < 0 || b->outcome < 0 ? a->outcome == b->outcome : true);
}

static void rows_are_sorted_and_no_two_alike(void **state)
{
	(void)state;
	for (size_t i = 1; i < seccomp_row_count; i++) {
		const struct seccomp_row *row = &seccomp_rows[i];

		if (strcmp(row[-1].name, row->name) > 0)
			fail_msg("%s stands after %s", row->name, row[-1].name);
		if (!strcmp(row[-1].name, row->name) && memcmp(row[-1].numbers, row->numbers, sizeof(row->numbers)))
			fail_msg("%s has two numbers", row->name);
		for (size_t j = 0; j < i; j++)
			if (rows_equal(&seccomp_rows[j], row))
				fail_msg("%s: the same row twice", row->name);
	}
}

static void no_two_calls_have_one_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < seccomp_row_count; i++)
		for (size_t j = 0; j < i; j++)
			for (int arch = 0; arch < SECCOMP_ARCH__COUNT; arch++)
				if (strcmp(seccomp_rows[i].name, seccomp_rows[j].name) &&
				    seccomp_rows[i].numbers[arch] != SECCOMP_ABSENT)
					assert_int_not_equal(seccomp_rows[i].numbers[arch],
							     seccomp_rows[j].numbers[arch]);
}

static void every_row_has_a_reason_and_a_known_outcome(void **state)
{
	static const LargestIntegralType known[] = { EPERM, ENOSYS, EAFNOSUPPORT };

	(void)state;
	for (size_t i = 0; i < seccomp_row_count; i++) {
		bool only = seccomp_rows[i].numbers[SECCOMP_X86_64] == SECCOMP_ABSENT;
		struct seccomp_options options = { only ? SECCOMP_I386 : SECCOMP_X86_64, 0, broker_parts(BROKERS) };

		if (seccomp_rows[i].outcome > 0)
			assert_in_set(seccomp_rows[i].outcome, known, ARRAY_SIZE(known));
		assert_true(strlen(seccomp_rows[i].reason) > 5);
		assert_in_range(seccomp_rows[i].opened_by, 0, KERNEL__COUNT);
		assert_non_null(seccomp_row_outcome(&seccomp_rows[i], &options));
		if (seccomp_rows[i].opened_by != KERNEL__COUNT)
			assert_true(seccomp_rows[i].outcome > 0);
	}
}

static void no_row_stands_behind_one_that_always_decides(void **state)
{
	(void)state;
	for (size_t i = 1; i < seccomp_row_count; i++) {
		const struct seccomp_row *above = &seccomp_rows[i - 1];

		if (!strcmp(above->name, seccomp_rows[i].name) && above->outcome >= SECCOMP_ALLOW)
			assert_int_not_equal(above->tests[0].kind, TEST_END);
	}
}

static void every_kernel_name_opens_a_row(void **state)
{
	unsigned rows[KERNEL__COUNT + 1] = { 0 };

	(void)state;
	for (size_t i = 0; i < seccomp_row_count; i++)
		rows[seccomp_rows[i].opened_by]++;
	rows[KERNEL_FOREIGN_ARCH]++;		/* a whole column */
	for (int name = 0; name < KERNEL__COUNT; name++)
		assert_int_not_equal(rows[name], 0);
}

static const struct seccomp_row *row_find(const char *name)
{
	for (size_t i = 0; i < seccomp_row_count; i++)
		if (!strcmp(seccomp_rows[i].name, name))
			return &seccomp_rows[i];
	return NULL;
}

static void a_listing_tells_what_becomes_of_a_row(void **state)
{
	struct seccomp_options plain = { SECCOMP_X86_64, 0, 0 };
	struct seccomp_options open = { SECCOMP_X86_64, OPEN(BPF), BROKER_NAMES };
	struct seccomp_options arm = { SECCOMP_AARCH64, 0, BROKER_NAMES };

	(void)state;
	assert_string_equal(seccomp_row_outcome(row_find("bpf"), &plain), "EPERM");
	assert_string_equal(seccomp_row_outcome(row_find("bpf"), &open), "allowed");
	assert_string_equal(seccomp_row_outcome(row_find("clone3"), &plain), "ENOSYS");
	assert_string_equal(seccomp_row_outcome(row_find("socket"), &plain), "EAFNOSUPPORT");
	assert_string_equal(seccomp_row_outcome(row_find("rename"), &open), "broker");
	assert_null(seccomp_row_outcome(row_find("rename"), &plain));
	assert_null(seccomp_row_outcome(row_find("rename"), &arm));
}

/* Only on this machine's own architecture, and only where its headers know the call; the oracle test does the rest. */
static void numbers_are_those_of_the_headers(void **state)
{
	static const struct { const char *name; int number; } known[] = {
#define KNOWN(name) { #name, SYS_##name },
		KNOWN(acct) KNOWN(add_key) KNOWN(bind) KNOWN(bpf) KNOWN(chroot) KNOWN(clock_settime) KNOWN(clone)
		KNOWN(clone3) KNOWN(connect) KNOWN(listen) KNOWN(sendmmsg) KNOWN(sendmsg) KNOWN(sendto)
		KNOWN(delete_module) KNOWN(fchmod) KNOWN(fchmodat) KNOWN(finit_module) KNOWN(fsconfig)
		KNOWN(fsetxattr) KNOWN(fsmount)
		KNOWN(fsopen) KNOWN(fspick) KNOWN(init_module) KNOWN(io_uring_enter) KNOWN(io_uring_register)
		KNOWN(io_uring_setup) KNOWN(ioctl) KNOWN(kexec_file_load) KNOWN(kexec_load) KNOWN(keyctl) KNOWN(linkat)
		KNOWN(lookup_dcookie) KNOWN(lsetxattr) KNOWN(mkdirat) KNOWN(mknodat) KNOWN(mount) KNOWN(mount_setattr) KNOWN(move_mount)
		KNOWN(open_by_handle_at) KNOWN(open_tree) KNOWN(openat) KNOWN(openat2) KNOWN(perf_event_open) KNOWN(prlimit64)
		KNOWN(personality)
		KNOWN(pivot_root) KNOWN(quotactl) KNOWN(reboot) KNOWN(renameat) KNOWN(renameat2) KNOWN(request_key)
		KNOWN(setns) KNOWN(setxattr)
		KNOWN(settimeofday) KNOWN(socket) KNOWN(socketpair) KNOWN(swapoff) KNOWN(swapon) KNOWN(symlinkat)
		KNOWN(syslog)
		KNOWN(truncate) KNOWN(umount2) KNOWN(unlinkat) KNOWN(unshare) KNOWN(userfaultfd) KNOWN(vhangup)
#ifdef SYS_fchmodat2
		KNOWN(fchmodat2)
#endif
#ifdef SYS_open_tree_attr
		KNOWN(open_tree_attr)
#endif
#ifdef SYS_quotactl_fd
		KNOWN(quotactl_fd)
#endif
#ifdef __x86_64__
		KNOWN(chmod) KNOWN(creat) KNOWN(ioperm) KNOWN(iopl) KNOWN(landlock_restrict_self) KNOWN(link) KNOWN(mkdir) KNOWN(mknod) KNOWN(open)
		KNOWN(rename) KNOWN(symlink)
#endif
#undef KNOWN
	};
#if defined(__x86_64__)
	const enum seccomp_arch host = SECCOMP_X86_64;
#elif defined(__aarch64__)
	const enum seccomp_arch host = SECCOMP_AARCH64;
#else
	print_message("# skipped: the table has no numbers of this architecture\n");
	skip();
#endif

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		assert_non_null(row_find(known[i].name));
		assert_int_equal(row_find(known[i].name)->numbers[host], known[i].number);
	}
}

/* --- decisions: each for every architecture that has the call --- */

static const struct ordinary { const char *name; int numbers[SECCOMP_ARCH__COUNT]; } ordinary[] = {
	{ "_llseek",		{ -1, -1, 140 } },
	{ "chown32",		{ -1, -1, 212 } },
	{ "close_range",	{ 436, 436, 436 } },
	{ "execve",		{ 59, 221, 11 } },
	{ "exit_group",		{ 231, 94, 252 } },
	{ "fcntl64",		{ -1, -1, 221 } },
	{ "fork",		{ 57, -1, 2 } },
	{ "futex",		{ 202, 98, 240 } },
	{ "getpid",		{ 39, 172, 20 } },
	{ "ipc",		{ -1, -1, 117 } },
	{ "landlock_create_ruleset", { 444, 444, 444 } },
	{ "listmount",		{ 458, 458, 458 } },
	{ "mmap",		{ 9, 222, 90 } },
	{ "mmap2",		{ -1, -1, 192 } },
	{ "pidfd_getfd",	{ 438, 438, 438 } },
	{ "prctl",		{ 157, 167, 172 } },
	{ "process_vm_writev",	{ 311, 271, 348 } },
	{ "ptrace",		{ 101, 117, 26 } },
	{ "read",		{ 0, 63, 3 } },
	{ "seccomp",		{ 317, 277, 354 } },
	{ "setxattr",		{ 188, 5, 226 } },
	{ "stat64",		{ -1, -1, 195 } },
	{ "statmount",		{ 457, 457, 457 } },
	{ "statx",		{ 332, 291, 383 } },
	{ "unlinkat",		{ 263, 35, 301 } },
	{ "vfork",		{ 58, -1, 190 } },
	{ "waitpid",		{ -1, -1, 7 } },
	{ "write",		{ 1, 64, 4 } },
};

static const struct expectation { const char *call; uint64_t args[6]; uint32_t options, expected; } decisions[] = {
	/* ordinary calls, whatever they are told */
	{ "_llseek",		{ 3, 0, 06000 },		0,	ALLOWED },
	{ "chown32",		{ 0, 06000, 06000 },		BROKER,	ALLOWED },
	{ "close_range",	{ 3, ~0u, 4 },			0,	ALLOWED },
	{ "connect",		{ 3, 0x1000, 16 },		0,	ALLOWED },
	{ "execve",		{ 0x1000, 0x2000 },		0,	ALLOWED },
	{ "exit_group",		{ 1 },				0,	ALLOWED },
	{ "fcntl64",		{ 3, 0x5412 },			0,	ALLOWED },
	{ "fork",		{ 0 },				0,	ALLOWED },
	{ "futex",		{ 0x1000 },			0,	ALLOWED },
	{ "getpid",		{ 0x10000000, 06000, 06000 },	0,	ALLOWED },
	{ "ipc",		{ 21, 0, 0, 0 },		BROKER,	ALLOWED },
	{ "landlock_create_ruleset", { 0 },			0,	ALLOWED },
	{ "listmount",		{ 0 },				0,	ALLOWED },
	{ "mmap",		{ 0, 4096, 7, 34 },		0,	ALLOWED },
	{ "mmap2",		{ 0, 4096, 7, 34 },		0,	ALLOWED },
	{ "pidfd_getfd",	{ 3, 4 },			0,	ALLOWED },
	{ "prctl",		{ 38, 1 },			0,	ALLOWED },
	{ "process_vm_writev",	{ 2 },				0,	ALLOWED },
	{ "ptrace",		{ 0x4206, 2 },			0,	ALLOWED },
	{ "read",		{ 0 },				0,	ALLOWED },
	{ "seccomp",		{ 1 },				0,	ALLOWED },
	{ "setxattr",		{ 0x1000 },			0,	ALLOWED },
	{ "stat64",		{ 0x1000 },			BROKER,	ALLOWED },
	{ "statmount",		{ 0 },				0,	ALLOWED },
	{ "statx",		{ 0 },				BROKER,	ALLOWED },
	{ "unlinkat",		{ 0 },				BROKER,	ALLOWED },
	{ "vfork",		{ 0 },				0,	ALLOWED },
	{ "waitpid",		{ 0 },				0,	ALLOWED },
	{ "write",		{ 1 },				BROKER,	ALLOWED },

	/* where the command may have namespaces of its own */
	{ "fsetxattr",	{ 3 },				BROKER,			ALLOWED },
	{ "fsetxattr",	{ 3 },				OPEN(USER_NAMESPACES) | NESTED,	NOTIFIED },
	{ "lsetxattr",	{ 0 },				OPEN(USER_NAMESPACES) | NESTED,	NOTIFIED },
	{ "rmdir",	{ 0 },				BROKER,			ALLOWED },
	{ "rmdir",	{ 0 },				OPEN(USER_NAMESPACES) | NESTED,	NOTIFIED },
	{ "setxattr",	{ 0 },				OPEN(USER_NAMESPACES) | NESTED,	NOTIFIED },
	{ "setxattrat",	{ 0 },				OPEN(USER_NAMESPACES) | NESTED,	NOTIFIED },
	{ "unlink",	{ 0 },				OPEN(USER_NAMESPACES) | NESTED,	NOTIFIED },
	{ "unlinkat",	{ 0 },				OPEN(USER_NAMESPACES),	ALLOWED },	/* an outer broker sees it */
	{ "unlinkat",	{ 0 },				OPEN(USER_NAMESPACES) | NESTED,	NOTIFIED },

	/* namespaces */
	{ "clone",	{ 17 },				0,			ALLOWED },
	{ "clone",	{ 0x3d0f00 },			0,			ALLOWED },	/* a thread */
	{ "clone",	{ 0x4111 },			0,			ALLOWED },	/* vfork */
	{ "clone",	{ 0x80 | 17 },			0,			ALLOWED },	/* a signal */
	{ "clone",	{ 0x00020000 | 17 },		0,			REFUSED(EPERM) },
	{ "clone",	{ 0x02000000 | 17 },		0,			REFUSED(EPERM) },
	{ "clone",	{ 0x04000000 | 17 },		0,			REFUSED(EPERM) },
	{ "clone",	{ 0x08000000 | 17 },		0,			REFUSED(EPERM) },
	{ "clone",	{ 0x10000000 | 17 },		0,			REFUSED(EPERM) },
	{ "clone",	{ 0x20000000 | 17 },		0,			REFUSED(EPERM) },
	{ "clone",	{ 0x40000000 | 17 },		0,			REFUSED(EPERM) },
	{ "clone",	{ HIGH | 0x10000000 },		0,			REFUSED(EPERM) },
	{ "clone",	{ HIGH | 17 },			0,			ALLOWED },
	{ "clone",	{ 0x7e020011 },			OPEN(USER_NAMESPACES),	ALLOWED },
	{ "clone",	{ 0x7e020011 },		EVERYTHING & ~OPEN(USER_NAMESPACES), REFUSED(EPERM) },
	{ "clone3",	{ 0x1000, 88 },			0,			REFUSED(ENOSYS) },
	{ "clone3",	{ 0x1000, 88 },			OPEN(USER_NAMESPACES),	ALLOWED },
	{ "setns",	{ 3, 0 },			0,			REFUSED(EPERM) },
	{ "setns",	{ 3, 0x40000000 },		OPEN(USER_NAMESPACES),	ALLOWED },
	{ "unshare",	{ 0 },				0,			ALLOWED },
	{ "unshare",	{ 0x400 },			0,			ALLOWED },
	{ "unshare",	{ 0x200 },			0,			ALLOWED },
	{ "unshare",	{ 0x40000 },			0,			ALLOWED },
	{ "unshare",	{ 0x40600 },			0,			ALLOWED },
	{ "unshare",	{ HIGH | 0x200 },		0,			ALLOWED },
	{ "unshare",	{ 0x10000000 },			0,			REFUSED(EPERM) },
	{ "unshare",	{ 0x00020200 },			0,			REFUSED(EPERM) },
	{ "unshare",	{ 0x80 },			0,			REFUSED(EPERM) },	/* NEWTIME */
	{ "unshare",	{ 0x00100000 },			0,			REFUSED(EPERM) },	/* none yet */
	{ "unshare",	{ 0x7e020080 },			OPEN(USER_NAMESPACES),	ALLOWED },

	/* mounts */
	{ "chroot",	{ 0 },				0,			REFUSED(EPERM) },
	{ "chroot",	{ 0 },				OPEN(USER_NAMESPACES),	ALLOWED },
	{ "fsconfig",	{ 0 },				0,			REFUSED(EPERM) },
	{ "fsmount",	{ 0 },				0,			REFUSED(EPERM) },
	{ "fsopen",	{ 0 },				0,			REFUSED(EPERM) },
	{ "fsopen",	{ 0 },				OPEN(USER_NAMESPACES),	ALLOWED },
	{ "fsopen",	{ 0 },				OPEN(USER_NAMESPACES) | NESTED,	NOTIFIED },
	{ "fspick",	{ 0 },				OPEN(USER_NAMESPACES),	ALLOWED },
	{ "mount",	{ 0 },				0,			REFUSED(EPERM) },
	{ "mount",	{ 0, 0, 0, 4096 },		NESTED | BROKER,	REFUSED(EPERM) },
	{ "mount",	{ 0, 0, 0, 1 << 18 },		NESTED | BROKER,	REFUSED(EPERM) },
	{ "mount",	{ 0 },				OPEN(USER_NAMESPACES),	ALLOWED },
	{ "mount",	{ 0 },				OPEN(USER_NAMESPACES) | NESTED,	NOTIFIED },
	{ "mount",	{ 0, 0, 0, 1 | 2 | 4 | 1 << 15 }, OPEN(USER_NAMESPACES) | NESTED, NOTIFIED },
	{ "mount",	{ 0, 0, 0, 4096 },		OPEN(USER_NAMESPACES) | NESTED,	ALLOWED },	/* a bind */
	{ "mount",	{ 0, 0, 0, 1 << 18 },		OPEN(USER_NAMESPACES) | NESTED,	ALLOWED },	/* private */
	{ "mount",	{ 0, 0, 0, 0xc0ed0000 },	OPEN(USER_NAMESPACES) | NESTED,	NOTIFIED },	/* no flags at all */
	{ "mount",	{ 0, 0, 0, 0xc0ed1000 },	OPEN(USER_NAMESPACES) | NESTED,	ALLOWED },
	{ "mount_setattr", { 0 },			0,			REFUSED(EPERM) },
	{ "mount_setattr", { 0 },			OPEN(USER_NAMESPACES),	ALLOWED },
	{ "move_mount",	{ 0 },				0,			REFUSED(EPERM) },
	{ "open_tree",	{ 0 },				0,			REFUSED(EPERM) },
	{ "open_tree_attr", { 0 },			0,			REFUSED(EPERM) },
	{ "open_tree_attr", { 0 },			OPEN(USER_NAMESPACES),	ALLOWED },
	{ "pivot_root",	{ 0 },				0,			REFUSED(EPERM) },
	{ "quotactl",	{ 0 },				EVERYTHING,		REFUSED(EPERM) },
	{ "quotactl_fd", { 0 },				EVERYTHING,		REFUSED(EPERM) },
	{ "swapoff",	{ 0 },				EVERYTHING,		REFUSED(EPERM) },
	{ "swapon",	{ 0 },				EVERYTHING,		REFUSED(EPERM) },
	{ "umount",	{ 0 },				0,			REFUSED(EPERM) },
	{ "umount",	{ 0 },				OPEN(USER_NAMESPACES),	ALLOWED },
	{ "umount2",	{ 0 },				0,			REFUSED(EPERM) },
	{ "umount2",	{ 0 },				OPEN(USER_NAMESPACES) | BROKER, ALLOWED },

	/* facilities that open by name */
	{ "add_key",	{ 0 },				0,			REFUSED(EPERM) },
	{ "add_key",	{ 0 },				OPEN(KEYRING),		ALLOWED },
	{ "bpf",	{ 0 },				0,			REFUSED(EPERM) },
	{ "bpf",	{ 0 },				OPEN(BPF),		ALLOWED },
	{ "bpf",	{ 0 },				EVERYTHING & ~OPEN(BPF), REFUSED(EPERM) },
	{ "io_uring_enter", { 0 },			0,			REFUSED(ENOSYS) },
	{ "io_uring_register", { 0 },			0,			REFUSED(ENOSYS) },
	{ "io_uring_setup", { 0 },			0,			REFUSED(ENOSYS) },
	{ "io_uring_setup", { 0 },			OPEN(IO_URING),		ALLOWED },
	{ "keyctl",	{ 0 },				0,			REFUSED(EPERM) },
	{ "keyctl",	{ 0 },				OPEN(KEYRING),		ALLOWED },
	{ "perf_event_open", { 0 },			0,			REFUSED(EPERM) },
	{ "perf_event_open", { 0 },			OPEN(PERF),		ALLOWED },
	{ "request_key", { 0 },				0,			REFUSED(EPERM) },
	{ "userfaultfd", { 0 },				0,			REFUSED(EPERM) },
	{ "userfaultfd", { 0 },				OPEN(USERFAULTFD),	ALLOWED },

	/* the machine's own */
	{ "acct",		{ 0 },			EVERYTHING,	REFUSED(EPERM) },
	{ "clock_settime",	{ 0 },			EVERYTHING,	REFUSED(EPERM) },
	{ "clock_settime64",	{ 0 },			EVERYTHING,	REFUSED(EPERM) },
	{ "delete_module",	{ 0 },			EVERYTHING,	REFUSED(EPERM) },
	{ "finit_module",	{ 0 },			EVERYTHING,	REFUSED(EPERM) },
	{ "init_module",	{ 0 },			EVERYTHING,	REFUSED(EPERM) },
	{ "ioperm",		{ 0 },			EVERYTHING,	REFUSED(EPERM) },
	{ "iopl",		{ 3 },			EVERYTHING,	REFUSED(EPERM) },
	{ "kexec_file_load",	{ 0 },			EVERYTHING,	REFUSED(EPERM) },
	{ "kexec_load",		{ 0 },			EVERYTHING,	REFUSED(EPERM) },
	{ "lookup_dcookie",	{ 0 },			EVERYTHING,	REFUSED(ENOSYS) },
	{ "open_by_handle_at",	{ 0 },			EVERYTHING,	REFUSED(EPERM) },
	{ "reboot",		{ 0 },			EVERYTHING,	REFUSED(EPERM) },
	{ "settimeofday",	{ 0 },			EVERYTHING,	REFUSED(EPERM) },
	{ "stime",		{ 0 },			EVERYTHING,	REFUSED(EPERM) },
	{ "syslog",		{ 3 },			EVERYTHING,	REFUSED(EPERM) },
	{ "vhangup",		{ 0 },			EVERYTHING,	REFUSED(EPERM) },

	{ "personality",	{ 0 },			0,		ALLOWED },
	{ "personality",	{ 8 },			0,		ALLOWED },
	{ "personality",	{ 0x20000 },		0,		ALLOWED },
	{ "personality",	{ 0x20008 },		0,		ALLOWED },
	{ "personality",	{ 0x40000 },		0,		ALLOWED },
	{ "personality",	{ 0x40008 },		0,		ALLOWED },
	{ "personality",	{ 0xffffffff },		0,		ALLOWED },
	{ "personality",	{ HIGH | 0xffffffff },	0,		ALLOWED },
	{ "personality",	{ 1 },			0,		REFUSED(EPERM) },
	{ "personality",	{ 0x440000 },		0,		REFUSED(EPERM) },	/* READ_IMPLIES_EXEC */
	{ "personality",	{ 0x100000 },		0,		REFUSED(EPERM) },	/* MMAP_PAGE_ZERO */
	{ "personality",	{ 0xfffffffe },		EVERYTHING,	REFUSED(EPERM) },

	/* sockets: family, type, protocol */
	{ "socket",	{ 1, 1, 0 },			0,		ALLOWED },
	{ "socket",	{ 2, 1, 0 },			0,		ALLOWED },
	{ "socket",	{ 2, 1, 262 },			0,		ALLOWED },		/* MPTCP */
	{ "socket",	{ 10, 2, 0 },			0,		ALLOWED },
	{ "socket",	{ HIGH | 10, 2, 0 },		0,		ALLOWED },
	{ "socket",	{ 2, 10, 0x300 },		0,		REFUSED(EAFNOSUPPORT) }, /* SOCK_PACKET */
	{ "socket",	{ 2, 10 | 02000000, 0x300 },	EVERYTHING,	REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ 2, 3, 1 },			0,		ALLOWED },		/* raw */
	{ "socket",	{ 16, 3, 0 },			0,		ALLOWED },
	{ "socket",	{ 16, 3, HIGH },		0,		ALLOWED },
	{ "socket",	{ 16, 3, 9 },			0,		REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ 16, 3, 12 },			0,		REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ 16, 3, 12 },			OPEN(NETLINK),	ALLOWED },
	{ "socket",	{ 17, 3, 0x300 },		OPEN(NETLINK),	REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ 40, 1, 0 },			0,		REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ HIGH | 40, 1, 0 },		0,		REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ 40, 1, 0 },			OPEN(VSOCK),	ALLOWED },
	{ "socket",	{ 40, 1, 0 },			EVERYTHING & ~OPEN(VSOCK), REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ 0, 1, 0 },			0,		REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ 15, 3, 2 },			EVERYTHING,	REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ 21, 5, 0 },			EVERYTHING,	REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ 29, 3, 1 },			EVERYTHING,	REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ 30, 5, 0 },			EVERYTHING,	REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ 31, 3, 1 },			EVERYTHING,	REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ 38, 5, 0 },			EVERYTHING,	REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ 44, 3, 0 },			EVERYTHING,	REFUSED(EAFNOSUPPORT) },
	{ "socket",	{ 99, 1, 0 },			EVERYTHING,	REFUSED(EAFNOSUPPORT) },
	{ "socketcall",	{ 1 },				0,		REFUSED(ENOSYS) },
	{ "socketcall",	{ 1 },				EVERYTHING,	REFUSED(ENOSYS) },
	{ "socketcall",	{ HIGH | 1 },			BROKER,		NOTIFIED },
	{ "socketcall",	{ 2 },				BROKER,		NOTIFIED },
	{ "socketcall",	{ 2 },				0,		ALLOWED },
	{ "socketcall",	{ 4 },				BROKER,		ALLOWED },
	{ "socketcall",	{ 8 },				0,		REFUSED(ENOSYS) },
	{ "socketcall",	{ 8 },				BROKER,		NOTIFIED },
	{ "socketcall",	{ 10 },				BROKER,		ALLOWED },
	{ "socketpair",	{ 1, 1, 0 },			0,		ALLOWED },
	{ "socketpair",	{ 1, 2, 0 },			0,		ALLOWED },
	{ "socketpair",	{ 30, 5, 0 },			0,		REFUSED(EAFNOSUPPORT) },

	{ "ioctl",	{ 0, 0x5412 },			0,		REFUSED(EPERM) },
	{ "ioctl",	{ 0, HIGH | 0x5412 },		EVERYTHING,	REFUSED(EPERM) },
	{ "ioctl",	{ 0, 0x541c },			0,		REFUSED(EPERM) },
	{ "ioctl",	{ 0, 0x100000000 | 0x541c },	EVERYTHING,	REFUSED(EPERM) },
	{ "ioctl",	{ 0x5412, 0x5413 },		0,		ALLOWED },
	{ "ioctl",	{ 0, 0x5401 },			0,		ALLOWED },
	{ "ioctl",	{ 3, 0xc00c6201 },		0,		ALLOWED },

	/* local sockets and the host's loopback */
	{ "bind",	{ 3 },				SOCKETS,	NOTIFIED },
	{ "bind",	{ 3 },				LOOPBACK,	NOTIFIED },
	{ "connect",	{ 3, 0x1000, 16 },		SOCKETS,	NOTIFIED },
	{ "connect",	{ 3, 0x1000, 16 },		LOOPBACK,	NOTIFIED },
	{ "connect",	{ 3, 0x1000, 16 },		BROKER,		ALLOWED },
	{ "listen",	{ 3, 128 },			SOCKETS,	ALLOWED },
	{ "listen",	{ 3, 128 },			LOOPBACK,	NOTIFIED },
	{ "sendmmsg",	{ 3, 0x1000, 2, 0 },		SOCKETS,	ALLOWED },
	{ "sendmmsg",	{ 3, 0x1000, 2, 0 },		LOOPBACK,	NOTIFIED },
	{ "sendmmsg",	{ 3, 0x1000, 2, 0x20000000 },	LOOPBACK,	REFUSED(EOPNOTSUPP) },
	{ "sendmsg",	{ 3, 0x1000, 0 },		SOCKETS,	ALLOWED },
	{ "sendmsg",	{ 3, 0x1000, 0 },		LOOPBACK,	NOTIFIED },
	{ "sendmsg",	{ 3, 0x1000, HIGH | 0x20004000 }, LOOPBACK,	REFUSED(EOPNOTSUPP) },
	{ "sendto",	{ 3, 0x1000, 8, 0, 0, 0 },	LOOPBACK,	ALLOWED },
	{ "sendto",	{ 3, 0x1000, 8, 0, 0x2000, 16 }, SOCKETS,	ALLOWED },
	{ "sendto",	{ 3, 0x1000, 8, 0, 0x2000, 16 }, LOOPBACK,	NOTIFIED },
	{ "sendto",	{ 3, 0x1000, 8, 0, HIGH, 16 },	LOOPBACK,	NOTIFIED },
	{ "sendto",	{ 3, 0x1000, 8, 0, 0x2000, HIGH }, LOOPBACK,	ALLOWED },	/* its length is an int */
	{ "sendto",	{ 3, 0x1000, 8, 0x20000000, 0, 0 }, LOOPBACK,	REFUSED(EOPNOTSUPP) },
	{ "socket",	{ 1, 2, 0 },			0,		ALLOWED },
	{ "socket",	{ 1, 2, 0 },			SOCKETS,	REFUSED(ESOCKTNOSUPPORT) },
	{ "socket",	{ 1, 3, 0 },			SOCKETS,	REFUSED(ESOCKTNOSUPPORT) },
	{ "socket",	{ HIGH | 1, HIGH | 02004002, 0 }, SOCKETS,	REFUSED(ESOCKTNOSUPPORT) },
	{ "socket",	{ 1, 02000001, 0 },		SOCKETS,	ALLOWED },
	{ "socket",	{ 1, 5, 0 },			SOCKETS,	ALLOWED },
	{ "socket",	{ 2, 2, 0 },			SOCKETS,	ALLOWED },
	{ "socket",	{ 2, 1, 132 },			0,		ALLOWED },
	{ "socket",	{ 2, 1, 132 },			LOOPBACK,	REFUSED(EPROTONOSUPPORT) },
	{ "socket",	{ 2, 5, 0 },			LOOPBACK,	REFUSED(EPROTONOSUPPORT) },
	{ "socket",	{ 10, 1 | 04000, 132 },		LOOPBACK,	REFUSED(EPROTONOSUPPORT) },
	{ "socket",	{ 10, 5 | 02000000, 0 },	LOOPBACK,	REFUSED(EPROTONOSUPPORT) },
	{ "socket",	{ 2, 1, 262 },			LOOPBACK,	ALLOWED },		/* MPTCP */
	{ "socketpair",	{ 1, 2, 0 },			SOCKETS,	NOTIFIED },
	{ "socketpair",	{ 1, 3 | 04000, 0 },		SOCKETS,	NOTIFIED },
	{ "socketpair",	{ 1, 1, 0 },			SOCKETS,	ALLOWED },
	{ "socketpair",	{ 1, 5, 0 },			SOCKETS,	ALLOWED },

	/* set-id bits */
	{ "chmod",	{ 0, 0755 },			0,		ALLOWED },
	{ "chmod",	{ 0, 01777 },			0,		ALLOWED },
	{ "chmod",	{ 0, 04755 },			0,		REFUSED(EPERM) },
	{ "chmod",	{ 0, 02755 },			EVERYTHING | BROKER, REFUSED(EPERM) },
	{ "chmod",	{ 0, HIGH | 06000 },		0,		REFUSED(EPERM) },
	{ "fchmod",	{ 3, 0644 },			0,		ALLOWED },
	{ "fchmod",	{ 3, 04000 },			0,		REFUSED(EPERM) },
	{ "fchmod",	{ 06000, 0644, 06000 },		0,		ALLOWED },
	{ "fchmodat",	{ 3, 06000, 0644 },		0,		ALLOWED },
	{ "fchmodat",	{ 3, 0, 02755 },		0,		REFUSED(EPERM) },
	{ "fchmodat2",	{ 3, 0, 0755, 06000 },		0,		ALLOWED },
	{ "fchmodat2",	{ 3, 0, 04755 },		0,		REFUSED(EPERM) },
	{ "creat",	{ 0, 0644 },			0,		ALLOWED },
	{ "creat",	{ 0, 04644 },			0,		REFUSED(EPERM) },
	{ "mkdir",	{ 0, 06777 },			0,		ALLOWED },
	{ "mkdirat",	{ 3, 0, 06777 },		0,		ALLOWED },
	{ "mknod",	{ 0, 0100644 },			0,		ALLOWED },
	{ "mknod",	{ 0, 0104755 },			0,		REFUSED(EPERM) },
	{ "mknodat",	{ 3, 0, 0010644 },		0,		ALLOWED },
	{ "mknodat",	{ 3, 0, 0102755 },		0,		REFUSED(EPERM) },
	{ "open",	{ 0, 0, 06777 },		0,		ALLOWED },		/* no mode then */
	{ "open",	{ 0, CREATE, 0644 },		0,		ALLOWED },
	{ "open",	{ 0, CREATE | 1, 04755 },	0,		REFUSED(EPERM) },
	{ "open",	{ 0, TMPFILE | 2, 02755 },	0,		REFUSED(EPERM) },
	{ "open",	{ 0, HIGH | CREATE, HIGH | 04000 }, 0,		REFUSED(EPERM) },
	{ "openat",	{ 3, 0, 0, 06777 },		0,		ALLOWED },
	{ "openat",	{ 3, 0, CREATE, 0644 },		0,		ALLOWED },
	{ "openat",	{ 3, 0, CREATE, 04755 },	0,		REFUSED(EPERM) },
	{ "openat",	{ 3, 0, TMPFILE | 2, 04755 },	0,		REFUSED(EPERM) },
	{ "openat",	{ 3, 0, 06000, 06000 },		0,		ALLOWED },
	{ "openat2",	{ 3, 0, 0, 24 },		0,		REFUSED(ENOSYS) },
	{ "openat2",	{ 3, 0, 0, 24 },		EVERYTHING,	REFUSED(ENOSYS) },

	/* the broker */
	{ "bind",	{ 3 },				BROKER,		NOTIFIED },
	{ "bind",	{ 3 },				0,		ALLOWED },
	{ "creat",	{ 0, 0644 },			BROKER,		NOTIFIED },
	{ "creat",	{ 0, 04644 },			BROKER,		REFUSED(EPERM) },
	{ "link",	{ 0 },				BROKER,		NOTIFIED },
	{ "link",	{ 0 },				0,		ALLOWED },
	{ "linkat",	{ 0 },				BROKER,		NOTIFIED },
	{ "mkdir",	{ 0, 0755 },			BROKER,		NOTIFIED },
	{ "mkdirat",	{ 0, 0, 0755 },			BROKER,		NOTIFIED },
	{ "mknod",	{ 0, 0100644 },			BROKER,		NOTIFIED },
	{ "mknod",	{ 0, 0104755 },			BROKER,		REFUSED(EPERM) },
	{ "mknodat",	{ 0, 0, 0100644 },		BROKER,		NOTIFIED },
	{ "mknodat",	{ 0, 0, 0104755 },		BROKER,		REFUSED(EPERM) },
	{ "open",	{ 0, 0, 0 },			BROKER,		ALLOWED },
	{ "open",	{ 0, 01000, 06777 },		BROKER,		NOTIFIED },	/* O_TRUNC writes */
	{ "open",	{ 0, 1, 0 },			BROKER,		NOTIFIED },
	{ "open",	{ 0, 2, 0 },			BROKER,		NOTIFIED },
	{ "open",	{ 0, 02000000, 0 },		BROKER,		ALLOWED },	/* O_CLOEXEC alone */
	{ "open",	{ 0, 010000000, 0 },		BROKER,		ALLOWED },	/* O_PATH: musl counts it to O_ACCMODE */
	{ "open",	{ 0, CREATE | 1, 0644 },	BROKER,		NOTIFIED },
	{ "open",	{ 0, CREATE | 1, 04755 },	BROKER,		REFUSED(EPERM) },
	{ "open",	{ 0, TMPFILE | 2, 0644 },	BROKER,		NOTIFIED },
	{ "openat",	{ 3, 0, 0, 0 },			BROKER,		ALLOWED },
	{ "openat",	{ 3, CREATE, 0, 0 },		BROKER,		ALLOWED },
	{ "openat",	{ 3, 0, CREATE, 0644 },		BROKER,		NOTIFIED },
	{ "openat",	{ 3, 0, HIGH | CREATE, 0644 },	BROKER,		NOTIFIED },
	{ "openat",	{ 3, 0, CREATE, 02644 },	BROKER,		REFUSED(EPERM) },
	{ "openat",	{ 3, 0, TMPFILE | 2, 0600 },	BROKER,		NOTIFIED },
	{ "openat",	{ 3, 0, 1, 0 },			BROKER,		NOTIFIED },
	{ "openat",	{ 3, 0, 1, 0 },			0,		ALLOWED },
	{ "openat2",	{ 3, 0, 0, 24 },		BROKER,		NOTIFIED },
	{ "rename",	{ 0 },				BROKER,		NOTIFIED },
	{ "rename",	{ 0 },				0,		ALLOWED },
	{ "renameat",	{ 0 },				BROKER,		NOTIFIED },
	{ "renameat2",	{ 0 },				BROKER | EVERYTHING, NOTIFIED },
	{ "symlink",	{ 0 },				BROKER,		NOTIFIED },
	{ "symlinkat",	{ 0 },				BROKER,		NOTIFIED },
	{ "symlinkat",	{ 0 },				0,		ALLOWED },
	{ "prlimit64",	{ 0, 7 },			0,		ALLOWED },
	{ "prlimit64",	{ 1, 7 },			0,		REFUSED(EPERM) },
	{ "landlock_restrict_self", { 0 },		BROKER,		NOTIFIED },
	{ "landlock_restrict_self", { 0 },		0,		ALLOWED },
	{ "truncate",	{ 0 },				BROKER,		NOTIFIED },
	{ "truncate",	{ 0 },				0,		ALLOWED },
	{ "truncate64",	{ 0 },				BROKER,		NOTIFIED },
	{ "truncate64",	{ 0 },				0,		ALLOWED },
	{ "clone",	{ 0x10000011 },			BROKER,		REFUSED(EPERM) },
	{ "fchmodat",	{ 3, 0, 04755 },		BROKER,		REFUSED(EPERM) },
};

static const int *numbers_find(const char *call)
{
	const struct seccomp_row *row = row_find(call);

	for (size_t i = 0; i < ARRAY_SIZE(ordinary); i++)
		if (!strcmp(ordinary[i].name, call))
			return ordinary[i].numbers;
	if (!row)
		fail_msg("what number has %s?", call);
	return row->numbers;
}

static void decisions_hold_on_every_architecture(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(decisions); i++) {
		const struct expectation *decision = &decisions[i];
		const int *numbers = numbers_find(decision->call);

		for (unsigned arch = 0; arch < SECCOMP_ARCH__COUNT; arch++) {
			struct seccomp_call call = { .nr = numbers[arch], .arch = archs[arch] };
			struct arena arena = { 0 };
			struct bpf_program program = program_make(&arena, arch, decision->options);
			uint32_t got;

			if (call.nr == SECCOMP_ABSENT)
				call.nr = 500;		/* then this number is nobody's */
			memcpy(call.args, decision->args, sizeof(decision->args));
			got = bpf_simulate(&program, &call);
			if (got != (call.nr == 500 ? ALLOWED : decision->expected))
				fail_msg("%s (row %zu, architecture %u): %#x", decision->call, i, arch, got);
			arena_done(&arena);
		}
	}
}

static void every_row_is_decided_about(void **state)
{
	(void)state;
	for (size_t i = 0; i < seccomp_row_count; i++) {
		size_t j = 0;

		if (seccomp_rows[i].numbers[SECCOMP_X86_64] <= SECCOMP_FOREIGN)
			continue;
		while (j < ARRAY_SIZE(decisions) && strcmp(decisions[j].call, seccomp_rows[i].name))
			j++;
		if (j == ARRAY_SIZE(decisions))
			fail_msg("no decision about %s", seccomp_rows[i].name);
	}
}

/* --- what is watched --- */

static uint32_t ask(unsigned watch, uint32_t asked, enum seccomp_arch arch, int number, const uint64_t args[4])
{
	struct seccomp_options options = { arch, asked & ~BROKERS, broker_parts(asked), watch };
	struct seccomp_call call = { .nr = number, .arch = archs[arch] };
	struct arena arena = { 0 };
	struct bpf_program program = { 0 };
	uint32_t got;

	memcpy(call.args, args, 4 * sizeof(args[0]));
	assert_int_equal(seccomp_lower(&options, &arena, &program, NULL), 0);
	got = bpf_simulate(&program, &call);
	arena_done(&arena);
	return got;
}

static void watched_calls_go_to_the_broker_by_their_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < seccomp_watched_count; i++) {
		const struct seccomp_watch *watch = &seccomp_watched[i];
		uint64_t args[4] = { 0 };

		for (size_t j = 0; j < SECCOMP_TESTS; j++)
			if (watch->row.tests[j].kind == TEST_IS)
				args[watch->row.tests[j].argument] = watch->row.tests[j].value;
		for (unsigned arch = 0; arch < SECCOMP_I386; arch++) {
			int number = watch->row.numbers[arch];

			if (number == SECCOMP_ABSENT)
				continue;
			assert_int_equal(ask(0, BROKER, arch, number, args), ALLOWED);
			assert_int_equal(ask(watch->class, BROKER, arch, number, args),
					 watch->row.outcome == SECCOMP_BROKER ? NOTIFIED : ALLOWED);
			assert_int_equal(ask(7u & ~watch->class, BROKER, arch, number, args), ALLOWED);
		}
		if (i && strcmp(watch[-1].row.name, watch->row.name) > 0)
			fail_msg("%s stands after %s", watch->row.name, watch[-1].row.name);
	}
}

static void with_the_log_the_broker_says_what_the_filter_refuses(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(decisions); i++) {
		const struct expectation *decision = &decisions[i];
		int number = numbers_find(decision->call)[SECCOMP_X86_64];
		bool told = decision->expected == REFUSED(EPERM) || decision->expected == REFUSED(EAFNOSUPPORT) ||
			    decision->expected == REFUSED(ESOCKTNOSUPPORT);
		uint32_t got;

		(void)state;
		if (!(decision->options & BROKER) || number < 0)
			continue;
		for (size_t j = 0; j < seccomp_watched_count; j++)
			told |= decision->expected == ALLOWED && (seccomp_watched[j].class & WATCH_DENIALS) &&
				seccomp_watched[j].row.numbers[SECCOMP_X86_64] == number;
		got = ask(WATCH_DENIALS, decision->options, SECCOMP_X86_64, number, decision->args);
		if (got != (told ? NOTIFIED : decision->expected))
			fail_msg("%s (row %zu): %#x", decision->call, i, got);
	}
}

static void the_broker_knows_what_the_filter_refuses(void **state)
{
	static const struct { int number; uint64_t first; const char *name; } rows[] = {
		{ 165, 0, "mount" }, { 41, 40, "socket" }, { 41, 1, NULL }, { 83, 0, NULL }, { 425, 0, "io_uring_setup" },
		{ 0, 0, NULL },
	};
	struct seccomp_options options = { .arch = SECCOMP_X86_64, .broker = BROKER_NAMES, .watch = WATCH_DENIALS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const uint64_t args[6] = { rows[i].first };
		int refused;
		const struct seccomp_row *row = seccomp_refusal(&options, rows[i].number, args, &refused);

		assert_true(!row == !rows[i].name);
		if (row)
			assert_string_equal(row->name, rows[i].name);
	}
}

/* --- all programs: each architecture, with and without the broker, each set of opened names --- */

static void each_program(void (*check)(const struct bpf_program *program, enum seccomp_arch arch, uint32_t options))
{
	static const uint32_t brokers[] = { 0, BROKER, SOCKETS, BROKERS };

	for (unsigned arch = 0; arch < SECCOMP_ARCH__COUNT; arch++)
		for (uint32_t options = 0; options < ARRAY_SIZE(brokers) * (EVERYTHING + 1); options++) {
			struct arena arena = { 0 };
			uint32_t broker = brokers[options / (EVERYTHING + 1)];
			struct bpf_program program = program_make(&arena, arch, (options & EVERYTHING) | broker);

			check(&program, arch, (options & EVERYTHING) | broker);
			arena_done(&arena);
		}
}

static bool has_row(int number, enum seccomp_arch arch)
{
	for (size_t i = 0; i < seccomp_row_count; i++)
		if (seccomp_rows[i].numbers[arch] == number)
			return true;
	return false;
}

static void check_other_numbers(const struct bpf_program *program, enum seccomp_arch arch, uint32_t options)
{
	static const uint64_t arguments[] = { 0, UINT64_MAX, 0x5412 };

	(void)options;
	for (int number = 0; number <= 600; number++) {
		if (has_row(number, arch))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(arguments); i++) {
			uint64_t a = arguments[i];
			struct seccomp_call call = { number, archs[arch], { a, a, a, a, a, a } };

			assert_int_equal(bpf_simulate(program, &call), ALLOWED);
		}
	}
}

static void a_number_without_a_row_is_allowed(void **state)
{
	(void)state;
	each_program(check_other_numbers);
}

static void check_foreign(const struct bpf_program *program, enum seccomp_arch arch, uint32_t options)
{
	static const uint32_t foreign[] = {
		AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64, AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_RISCV64, 0, UINT32_MAX,
	};
	static const int numbers[] = { 0, 11, 165, 310, 0x40000000, -1 };

	for (size_t j = 0; j < ARRAY_SIZE(foreign); j++) {
		bool judged = options & OPEN(FOREIGN_ARCH) && seccomp_foreign(arch) != SECCOMP_ARCH__COUNT &&
			      foreign[j] == archs[seccomp_foreign(arch)];

		for (size_t i = 0; !judged && foreign[j] != archs[arch] && i < ARRAY_SIZE(numbers); i++) {
			struct seccomp_call call = { .nr = numbers[i], .arch = foreign[j] };

			assert_int_equal(bpf_simulate(program, &call), REFUSED(ENOSYS));
		}
	}
}

static void another_architecture_is_refused_unless_it_is_judged(void **state)
{
	(void)state;
	assert_int_equal(seccomp_foreign(SECCOMP_X86_64), SECCOMP_I386);
	assert_int_equal(seccomp_foreign(SECCOMP_AARCH64), SECCOMP_ARCH__COUNT);
	each_program(check_foreign);
}

/* Every number with every set of arguments that the table of decisions knows. */
static void assert_alike(const struct bpf_program *a, const struct bpf_program *b, enum seccomp_arch arch)
{
	for (int number = -2; number <= 600; number++)
		for (size_t i = 0; i < ARRAY_SIZE(decisions); i++) {
			struct seccomp_call call = { .nr = number, .arch = archs[arch] };

			memcpy(call.args, decisions[i].args, sizeof(decisions[i].args));
			if (bpf_simulate(a, &call) != bpf_simulate(b, &call))
				fail_msg("number %d, arguments of row %zu", number, i);
		}
}

static void i386_calls_are_judged_alike_on_x86_64(void **state)
{
	static const uint32_t sets[] = { 0, BROKER, EVERYTHING, BROKER | EVERYTHING, OPEN(USER_NAMESPACES), OPEN(VSOCK) };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		struct arena arena = { 0 };
		struct bpf_program host = program_make(&arena, SECCOMP_X86_64, sets[i] | OPEN(FOREIGN_ARCH));
		struct bpf_program own = program_make(&arena, SECCOMP_I386, sets[i]);

		assert_alike(&host, &own, SECCOMP_I386);
		arena_done(&arena);
	}
}

/* What foreign-arch adds stands behind what native calls run through, but for one comparison that they do not meet. */
static void native_calls_run_through_the_same_instructions(void **state)
{
	static const uint32_t sets[] = { 0, BROKER, EVERYTHING & ~OPEN(FOREIGN_ARCH), BROKER | OPEN(USER_NAMESPACES) };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		struct arena arena = { 0 };
		struct bpf_program without = program_make(&arena, SECCOMP_X86_64, sets[i]);
		struct bpf_program with = program_make(&arena, SECCOMP_X86_64, sets[i] | OPEN(FOREIGN_ARCH));
		unsigned skipped = with.code[1].jt;

		assert_int_equal(without.code[1].jt, 0);
		assert_int_equal(with.code[1].k, AUDIT_ARCH_X86_64);
		assert_in_range(skipped, 1, 2);		/* the comparison, and a jump that reaches farther */
		assert_memory_equal(&with.code[2 + skipped], &without.code[2],
				    (without.count - 2u) * sizeof(*with.code));
		arena_done(&arena);
	}
}

/* The filter sees which call it is, and the rest only the broker. */
static void socketcall_lets_nothing_pass_that_a_call_has_a_row_for(void **state)
{
	static const struct { uint64_t which; const char *call; } calls[] = {
		{ 1, "socket" },      { 2, "bind" },	    { 3, "connect" },	  { 4, "listen" },     { 5, "accept" },
		{ 6, "getsockname" }, { 7, "getpeername" }, { 8, "socketpair" },  { 9, "send" },       { 10, "recv" },
		{ 11, "sendto" },     { 12, "recvfrom" },   { 13, "shutdown" },	  { 14, "setsockopt" },
		{ 15, "getsockopt" }, { 16, "sendmsg" },    { 17, "recvmsg" },	  { 18, "accept4" },
		{ 19, "recvmmsg" },   { 20, "sendmmsg" },
	};
	struct arena arena = { 0 };
	struct bpf_program program = program_make(&arena, SECCOMP_I386, BROKERS);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct seccomp_call call = { 102, AUDIT_ARCH_I386, { calls[i].which } };

		if ((bpf_simulate(&program, &call) != ALLOWED) != (row_find(calls[i].call) != NULL))
			fail_msg("socketcall: %s", calls[i].call);
	}
	arena_done(&arena);
}

/* seccomp_decide() and the program are two readings of the rows. */
static void rows_say_what_the_program_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(decisions); i++)
		for (unsigned arch = 0; arch < SECCOMP_ARCH__COUNT; arch++) {
			uint32_t allow = decisions[i].options & ~BROKERS;
			struct seccomp_options options = { arch, allow, broker_parts(decisions[i].options) };
			struct arena arena = { 0 };
			struct bpf_program program = program_make(&arena, arch, decisions[i].options);

			for (int number = 0; number < 600; number++) {
				struct seccomp_call call = { .nr = number, .arch = archs[arch] };
				int outcome;

				memcpy(call.args, decisions[i].args, sizeof(decisions[i].args));
				outcome = seccomp_decide(&options, number, call.args);
				assert_int_equal(bpf_simulate(&program, &call),
						 outcome == SECCOMP_BROKER ? NOTIFIED :
						 outcome == SECCOMP_ALLOW  ? ALLOWED :
									     REFUSED((uint32_t)outcome));
			}
			arena_done(&arena);
		}
}

static void calls_are_told_from_one_architecture_to_another(void **state)
{
	(void)state;
	assert_int_equal(seccomp_translate(SECCOMP_I386, 5, SECCOMP_X86_64), 2);		/* open */
	assert_int_equal(seccomp_translate(SECCOMP_I386, 361, SECCOMP_X86_64), 49);		/* bind */
	assert_int_equal(seccomp_translate(SECCOMP_I386, 437, SECCOMP_X86_64), 437);		/* openat2 */
	assert_int_equal(seccomp_translate(SECCOMP_I386, 5, SECCOMP_AARCH64), SECCOMP_ABSENT);
	assert_int_equal(seccomp_translate(SECCOMP_I386, 193, SECCOMP_X86_64), SECCOMP_ABSENT);	/* truncate64 */
	assert_int_equal(seccomp_translate(SECCOMP_I386, 4, SECCOMP_X86_64), SECCOMP_ABSENT);	/* no row */
	assert_int_equal(seccomp_translate(SECCOMP_I386, -1, SECCOMP_X86_64), SECCOMP_ABSENT);
	assert_int_equal(seccomp_translate(SECCOMP_X86_64, 0x40000002, SECCOMP_I386), SECCOMP_ABSENT);
}

static void check_x32(const struct bpf_program *program, enum seccomp_arch arch, uint32_t options)
{
	static const int numbers[] = { 0, 1, 39, 59, 165, 321, 425, 512, 547, 0x3fffffff };
	struct seccomp_call call = { .nr = -1, .arch = archs[arch] };

	(void)options;
	assert_int_equal(bpf_simulate(program, &call), ALLOWED);	/* a call that a tracer skips */
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		call.nr = numbers[i] | 0x40000000;
		assert_int_equal(bpf_simulate(program, &call), arch == SECCOMP_X86_64 ? REFUSED(ENOSYS) : ALLOWED);
	}
	call.nr = -2;
	assert_int_equal(bpf_simulate(program, &call), arch == SECCOMP_X86_64 ? REFUSED(ENOSYS) : ALLOWED);
}

static void x32_is_always_refused(void **state)
{
	(void)state;
	each_program(check_x32);
}

/* What the kernel demands of a program (bpf_check_classic, seccomp_check_filter), and that no instruction is
 * in vain. */
static void assert_sound(const struct bpf_program *program)
{
	bool reached[BPF_MAXINSNS + 1] = { true };

	assert_in_range(program->count, 1, BPF_MAXINSNS);
	for (size_t at = 0; at < program->count; at++) {
		const struct sock_filter *instruction = &program->code[at];
		bool always = instruction->code == (BPF_JMP | BPF_JA);
		bool branch = BPF_CLASS(instruction->code) == BPF_JMP && !always;
		size_t yes = at + 1 + (always ? instruction->k : branch ? instruction->jt : 0);
		size_t no = at + 1 + (always ? instruction->k : branch ? instruction->jf : 0);

		assert_true(reached[at]);
		if (instruction->code == (BPF_RET | BPF_K))
			continue;
		assert_in_range(yes, at + 1, program->count - 1u);
		assert_in_range(no, at + 1, program->count - 1u);
		reached[yes] = reached[no] = true;
		if (instruction->code == (BPF_LD | BPF_W | BPF_ABS)) {
			assert_int_equal(instruction->k % 4, 0);
			assert_in_range(instruction->k, 0, sizeof(struct seccomp_data) - 4);
		}
	}
	assert_int_equal(program->code[program->count - 1].code, BPF_RET | BPF_K);
}

static void check_sound(const struct bpf_program *program, enum seccomp_arch arch, uint32_t options)
{
	bool two = options & OPEN(FOREIGN_ARCH) && seccomp_foreign(arch) != SECCOMP_ARCH__COUNT;

	assert_sound(program);
	assert_in_range(program->count, 1, two ? 600 : 300);
}

static void programs_are_sound_and_small(void **state)
{
	(void)state;
	each_program(check_sound);
}

/* --- the emitter where programs are long --- */

static void a_far_return_is_copied(void **state)
{
	struct arena arena = { 0 };
	struct bpf_builder builder;
	struct bpf_program program;
	unsigned returns[7], next;

	(void)state;
	bpf_init(&builder, &arena, 2000);
	for (uint32_t i = 0; i < ARRAY_SIZE(returns); i++)
		returns[i] = bpf_return(&builder, REFUSED(i));
	next = returns[0];
	for (uint32_t i = 0; i < 1500; i++)
		next = bpf_branch(&builder, BPF_JEQ, i, returns[i % 7], next);
	bpf_statement(&builder, BPF_LD | BPF_W | BPF_ABS, 0);
	assert_int_equal(bpf_finish(&builder, &program, NULL), 0);

	assert_sound(&program);
	for (int i = 0; i < 1500; i++)
		assert_int_equal(bpf_simulate(&program, &(struct seccomp_call){ .nr = i }), REFUSED((uint32_t)i % 7));
	assert_int_equal(bpf_simulate(&program, &(struct seccomp_call){ .nr = 1500 }), REFUSED(0));
	arena_done(&arena);
}

static void a_far_test_is_jumped_to(void **state)
{
	struct arena arena = { 0 };
	struct bpf_builder builder;
	struct bpf_program program;
	unsigned test, next;

	(void)state;
	bpf_init(&builder, &arena, 2000);
	next = bpf_return(&builder, ALLOWED);
	test = bpf_return(&builder, REFUSED(EPERM));
	bpf_branch(&builder, BPF_JGT, 6, test, next);
	test = bpf_statement(&builder, BPF_LD | BPF_W | BPF_ABS, 16);
	for (uint32_t i = 0; i < 1500; i++)
		next = bpf_branch(&builder, BPF_JEQ, i, test, next);
	bpf_statement(&builder, BPF_LD | BPF_W | BPF_ABS, 0);
	assert_int_equal(bpf_finish(&builder, &program, NULL), 0);

	assert_sound(&program);
	for (int i = 0; i < 1500; i++) {
		assert_int_equal(bpf_simulate(&program, &(struct seccomp_call){ i, 0, { 6 } }), ALLOWED);
		assert_int_equal(bpf_simulate(&program, &(struct seccomp_call){ i, 0, { 7 } }), REFUSED(EPERM));
	}
	assert_int_equal(bpf_simulate(&program, &(struct seccomp_call){ 1500, 0, { 7 } }), ALLOWED);
	arena_done(&arena);
}

static void a_full_builder_says_so(void **state)
{
	struct bpf_program program = { NULL, 7 };
	struct bawn_error err = BAWN_ERROR_INIT;
	struct arena arena = { 0 };
	struct bpf_builder builder;

	(void)state;
	bpf_init(&builder, &arena, 3);
	for (int i = 0; i < 4; i++)
		bpf_return(&builder, ALLOWED);
	assert_int_equal(bpf_finish(&builder, &program, &err), -E2BIG);
	assert_int_equal(program.count, 7);
	assert_non_null(strstr(err.message, "3 instructions"));
	arena_done(&arena);
}

static void the_simulator_refuses_what_the_kernel_would(void **state)
{
	static const struct sock_filter programs[][2] = {
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0) },	/* no end */
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), BPF_STMT(BPF_RET | BPF_K, ALLOWED) },
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), BPF_STMT(BPF_RET | BPF_K, ALLOWED) },
		{ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), BPF_STMT(BPF_RET | BPF_K, ALLOWED) },
		{ BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX), BPF_STMT(BPF_RET | BPF_K, ALLOWED) },
		{ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 9, 0), BPF_STMT(BPF_RET | BPF_K, ALLOWED) },
	};
	struct seccomp_call call = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		struct sock_filter code[2];
		struct bpf_program program = { code, 2 };

		memcpy(code, programs[i], sizeof(code));
		assert_int_equal(bpf_simulate(&program, &call), SECCOMP_RET_KILL_PROCESS);
	}
}

/* --- the kernel's own word --- */

#if defined(__x86_64__) || defined(__aarch64__)

#ifdef __x86_64__
#define HOST_ARCH	SECCOMP_X86_64
#else
#define HOST_ARCH	SECCOMP_AARCH64
#endif

/* No pointer and no descriptor here is valid: what passes the filter fails with EFAULT, EBADF or the like,
 * and does nothing. */
static const struct live { const char *promise; long number; unsigned long args[4]; int error; } live[] = {
	{ "can_ask_its_pid",			SYS_getppid,		{ 0 },				0 },
	{ "can_open_a_file",			SYS_openat,		{ -100ul, 0, 0, 0 },		EFAULT },
	{ "can_create_a_file",			SYS_openat,		{ -100ul, 0, CREATE, 0644 },	EFAULT },
	{ "can_change_a_mode",			SYS_fchmod,		{ -1ul, 0755 },			EBADF },
	{ "can_unshare_its_descriptors",	SYS_unshare,		{ 0x400 },			0 },
	{ "can_ask_for_its_persona",		SYS_personality,	{ 0xffffffff },			0 },
	{ "can_do_other_ioctls",		SYS_ioctl,		{ -1ul, 0x5413 },		EBADF },
	{ "can_bind",				SYS_bind,		{ -1ul, 0, 0 },			EBADF },
	{ "cannot_make_a_user_namespace",	SYS_unshare,		{ 0x10000000 },			EPERM },
	{ "cannot_clone_into_namespaces",	SYS_clone,		{ 0x10000011 },			EPERM },
	{ "cannot_clone3",			SYS_clone3,		{ 0, 0 },			ENOSYS },
	{ "cannot_mount",			SYS_mount,		{ 0, 0, 0, 0 },			EPERM },
	{ "cannot_open_tree",			SYS_open_tree,		{ -1ul, 0, 1 },			EPERM },
	{ "cannot_use_keys",			SYS_keyctl,		{ 0, -3ul, 0 },			EPERM },
	{ "cannot_use_bpf",			SYS_bpf,		{ 0, 0, 0 },			EPERM },
	{ "cannot_use_io_uring",		SYS_io_uring_setup,	{ 1, 0 },			ENOSYS },
	{ "cannot_use_userfaultfd",		SYS_userfaultfd,	{ 1 },				EPERM },
	{ "cannot_open_by_handle",		SYS_open_by_handle_at,	{ -1ul, 0, 0 },			EPERM },
	{ "cannot_wake_an_old_persona",		SYS_personality,	{ 0x400000 },			EPERM },
	{ "cannot_make_a_vsock",		SYS_socket,		{ 40, 1, 0 },			EAFNOSUPPORT },
	{ "cannot_make_a_crypto_socket",	SYS_socket,		{ 38, 5, 0 },			EAFNOSUPPORT },
	{ "cannot_talk_to_netfilter",		SYS_socket,		{ 16, 3, 12 },			EAFNOSUPPORT },
	{ "cannot_push_terminal_input",		SYS_ioctl,		{ -1ul, 0x5412, 0 },		EPERM },
	{ "cannot_push_it_by_the_high_word",	SYS_ioctl,		{ -1ul, 0x100005412, 0 },	EPERM },
	{ "cannot_set_the_setuid_bit",		SYS_fchmod,		{ -1ul, 04755 },		EPERM },
	{ "cannot_create_with_it",		SYS_openat,		{ -100ul, 0, CREATE, 04755 },	EPERM },
	{ "cannot_openat2",			SYS_openat2,		{ -100ul, 0, 0, 24 },		ENOSYS },
#ifdef __x86_64__
	{ "cannot_use_x32",			0x40000000 + SYS_getpid, { 0 },				ENOSYS },
#endif
};

#define LIVE_NO_SECCOMP	255

static void skip_loudly(void)
{
	print_message("# skipped: this machine does not let a process load a seccomp filter\n");
	skip();
}

static bool enter(const struct bpf_program *program)
{
	struct sock_fprog filter = { program->count, program->code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* The status: 0, or 1 + the row that was not as promised. */
static int live_child(const struct bpf_program *program)
{
	if (!enter(program))
		return LIVE_NO_SECCOMP;
	for (size_t i = 0; i < ARRAY_SIZE(live); i++) {
		const unsigned long *args = live[i].args;
		pid_t before = getpid();
		int error = syscall(live[i].number, args[0], args[1], args[2], args[3]) < 0 ? errno : 0;

		if (error != live[i].error || getpid() != before)
			return 1 + (int)i;
	}
	return 0;
}

static int status_of(pid_t pid)
{
	int status;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void the_kernel_keeps_the_promises(void **state)
{
	struct arena arena = { 0 };
	struct bpf_program program = program_make(&arena, HOST_ARCH, 0);
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		_exit(live_child(&program));
	status = status_of(pid);
	arena_done(&arena);
	if (status == LIVE_NO_SECCOMP)
		skip_loudly();
	if (status)
		fail_msg("%s: not so", live[status - 1].promise);
}

static void the_simulator_says_what_the_kernel_does(void **state)
{
	struct arena arena = { 0 };
	struct bpf_program program = program_make(&arena, HOST_ARCH, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(live); i++) {
		struct seccomp_call call = { (int)live[i].number, archs[HOST_ARCH], { 0 } };
		bool refused = !strncmp(live[i].promise, "cannot", 6);

		for (size_t j = 0; j < ARRAY_SIZE(live[i].args); j++)
			call.args[j] = live[i].args[j];
		assert_int_equal(bpf_simulate(&program, &call), refused ? REFUSED((uint32_t)live[i].error) : ALLOWED);
	}
	arena_done(&arena);
}

/* The status of a shell that runs script behind the filter. */
static int shell(const char *script)
{
	struct arena arena = { 0 };
	struct bpf_program program = program_make(&arena, HOST_ARCH, 0);
	pid_t pid = fork();

	if (pid == 0) {
		if (enter(&program))
			execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(LIVE_NO_SECCOMP);
	}
	arena_done(&arena);
	return status_of(pid);
}

static void ordinary_programs_run(void **state)
{
	int status = shell("d=$(mktemp -d) && echo a >$d/b && chmod 600 $d/b && mv $d/b $d/c && ln -s c $d/e && "
			   "test \"$(cat $d/e | tr a x)\" = x && ! chmod u+s $d/c 2>/dev/null && rm -r $d");

	(void)state;
	if (status == LIVE_NO_SECCOMP)
		skip_loudly();
	assert_int_equal(status, 0);
}

#ifdef __x86_64__
static int i386_getpid(void)
{
	int result = 20;

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static void the_kernel_refuses_32_bit_calls(void **state)
{
	struct arena arena = { 0 };
	struct bpf_program program = program_make(&arena, HOST_ARCH, 0);
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		_exit(!enter(&program) ? LIVE_NO_SECCOMP : i386_getpid() == -ENOSYS ? 0 : 1);
	arena_done(&arena);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))		/* a kernel without them */
		return;
	if (WEXITSTATUS(status) == LIVE_NO_SECCOMP)
		skip_loudly();
	assert_int_equal(WEXITSTATUS(status), 0);
}
#endif

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_sorted_and_no_two_alike),
		cmocka_unit_test(no_two_calls_have_one_number),
		cmocka_unit_test(every_row_has_a_reason_and_a_known_outcome),
		cmocka_unit_test(no_row_stands_behind_one_that_always_decides),
		cmocka_unit_test(every_kernel_name_opens_a_row),
		cmocka_unit_test(a_listing_tells_what_becomes_of_a_row),
		cmocka_unit_test(numbers_are_those_of_the_headers),
		cmocka_unit_test(decisions_hold_on_every_architecture),
		cmocka_unit_test(every_row_is_decided_about),
		cmocka_unit_test(watched_calls_go_to_the_broker_by_their_class),
		cmocka_unit_test(with_the_log_the_broker_says_what_the_filter_refuses),
		cmocka_unit_test(the_broker_knows_what_the_filter_refuses),
		cmocka_unit_test(a_number_without_a_row_is_allowed),
		cmocka_unit_test(another_architecture_is_refused_unless_it_is_judged),
		cmocka_unit_test(i386_calls_are_judged_alike_on_x86_64),
		cmocka_unit_test(native_calls_run_through_the_same_instructions),
		cmocka_unit_test(socketcall_lets_nothing_pass_that_a_call_has_a_row_for),
		cmocka_unit_test(rows_say_what_the_program_does),
		cmocka_unit_test(calls_are_told_from_one_architecture_to_another),
		cmocka_unit_test(x32_is_always_refused),
		cmocka_unit_test(programs_are_sound_and_small),
		cmocka_unit_test(a_far_return_is_copied),
		cmocka_unit_test(a_far_test_is_jumped_to),
		cmocka_unit_test(a_full_builder_says_so),
		cmocka_unit_test(the_simulator_refuses_what_the_kernel_would),
#if defined(__x86_64__) || defined(__aarch64__)
		cmocka_unit_test(the_kernel_keeps_the_promises),
		cmocka_unit_test(the_simulator_says_what_the_kernel_does),
		cmocka_unit_test(ordinary_programs_run),
#endif
#ifdef __x86_64__
		cmocka_unit_test(the_kernel_refuses_32_bit_calls),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
