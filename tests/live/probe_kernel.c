/* SPDX-License-Identifier: Apache-2.0 */
/* probe_kernel.c — kernel facilities that no namespace closes. What a trial gets hold of it lets go of at once. */
#include "probe.h"

#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define X32_BIT 0x40000000L
#define AF_VSOCK_ 40		/* not in every libc's headers */
#define AF_ALG_ 38
#define NEW_TIME 0x80

static int close_after(long r)
{
	int result = outcome(r);

	if (r >= 0)
		close((int)r);
	return result;
}

/* --- namespaces --- */

static int trial_unshare(char **argv)
{
	return outcome(syscall(SYS_unshare, strtol(argv[0], NULL, 0)));
}

static int wait_for(long pid)
{
	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(0);
	return outcome(waitpid((pid_t)pid, NULL, __WALL));
}

static int trial_clone(char **argv)
{
	return wait_for(syscall(SYS_clone, strtol(argv[0], NULL, 0) | SIGCHLD, NULL, NULL, NULL, NULL));
}

static int trial_clone3(char **argv)
{
	uint64_t arguments[8] = { [0] = (uint64_t)strtol(argv[0], NULL, 0), [4] = SIGCHLD };

	return wait_for(syscall(SYS_clone3, arguments, sizeof(arguments)));
}

static int trial_setns(char **argv)
{
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : outcome(syscall(SYS_setns, fd, 0));
}

/* --- objects --- */

static int trial_io_uring(char **argv)
{
	char parameters[256] = { 0 };

	(void)argv;
	return close_after(syscall(SYS_io_uring_setup, 4, parameters));
}

static int trial_userfaultfd(char **argv)
{
	(void)argv;
	return close_after(syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */));
}

static int trial_perf(char **argv)
{
	struct { uint32_t type, size; uint64_t config, rest[14]; } attributes = { .type = 1, .size = 64 };

	(void)argv;
	attributes.rest[3] = 1u << 5 | 1u << 6;		/* neither the kernel nor the hypervisor */
	return close_after(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

static int trial_bpf(char **argv)
{
	uint32_t map[20] = { 2 /* array */, 4, 4, 1 };

	(void)argv;
	return close_after(syscall(SYS_bpf, 0 /* BPF_MAP_CREATE */, map, sizeof(map)));
}

static int trial_keyctl(char **argv)
{
	(void)argv;
	return outcome(syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -3 /* session */, 0));
}

static int trial_add_key(char **argv)
{
	long key = syscall(SYS_add_key, "user", "bawn-probe", "x", 1, -2 /* process keyring */);

	(void)argv;
	return outcome(key);
}

static int trial_request_key(char **argv)
{
	long r = syscall(SYS_request_key, "user", "bawn-probe-missing", NULL, 0);

	(void)argv;
	return r < 0 && errno == ENOKEY ? 0 : outcome(r);	/* it searched */
}

/* Copies a descriptor out of another process: of a child where "child" is named. */
static int trial_pidfd_getfd(char **argv)
{
	bool child = !strcmp(argv[0], "child");
	pid_t pid = child ? fork() : (pid_t)atoi(argv[0]);
	int pidfd, r = 0;

	if (child && pid == 0) {
		pause();
		_exit(0);
	}
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return -errno;
	for (int fd = 0; fd < 8; fd++) {
		r = close_after(syscall(SYS_pidfd_getfd, pidfd, fd, 0));
		if (r >= 0)
			break;
	}
	if (child)
		kill(pid, SIGKILL);
	return r;
}

static int trial_attach(char **argv)
{
	bool child = !strcmp(argv[0], "child");
	pid_t pid = child ? fork() : (pid_t)atoi(argv[0]);
	int r;

	if (child && pid == 0) {
		pause();
		_exit(0);
	}
	r = outcome(ptrace(PTRACE_ATTACH, pid, NULL, NULL));
	if (child)
		kill(pid, SIGKILL);
	return r;
}

/* --- other ways into the kernel --- */

static int trial_x32(char **argv)
{
	(void)argv;
	return outcome(syscall(X32_BIT | SYS_getpid));
}

/* --- sockets --- */

static const struct { const char *name; int family, type, protocol; } sockets[] = {
	{ "alg",		AF_ALG_,	SOCK_SEQPACKET, 0 },
	{ "inet",		AF_INET,	SOCK_STREAM, 0 },
	{ "inet6",		AF_INET6,	SOCK_STREAM, 0 },
	{ "old-packet",		AF_INET,	10 /* SOCK_PACKET */, 0x0300 },
	{ "netlink-audit",	AF_NETLINK,	SOCK_RAW, NETLINK_AUDIT },
	{ "netlink-diag",	AF_NETLINK,	SOCK_RAW, NETLINK_SOCK_DIAG },
	{ "netlink-generic",	AF_NETLINK,	SOCK_RAW, NETLINK_GENERIC },
	{ "netlink-netfilter",	AF_NETLINK,	SOCK_RAW, NETLINK_NETFILTER },
	{ "netlink-route",	AF_NETLINK,	SOCK_RAW, NETLINK_ROUTE },
	{ "netlink-uevent",	AF_NETLINK,	SOCK_RAW, NETLINK_KOBJECT_UEVENT },
	{ "netlink-xfrm",	AF_NETLINK,	SOCK_RAW, NETLINK_XFRM },
	{ "packet",		AF_PACKET,	SOCK_RAW, 0x0300 },
	{ "unix",		AF_UNIX,	SOCK_STREAM, 0 },
	{ "vsock",		AF_VSOCK_,	SOCK_STREAM, 0 },
};

static int trial_socket(char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++)
		if (!strcmp(sockets[i].name, argv[0]))
			return close_after(socket(sockets[i].family, sockets[i].type, sockets[i].protocol));
	return -UNUSABLE;
}

/* --- terminals --- */

static int trial_tiocsti(char **argv)
{
	char letter = '\n';

	(void)argv;
	return outcome(ioctl(0, TIOCSTI, &letter));
}

/* The high half of the request is nothing to the kernel, and must be nothing to the filter. */
static int trial_tiocsti_high(char **argv)
{
	char letter = '\n';

	(void)argv;
	return outcome(syscall(SYS_ioctl, 0, 0x100000000L | TIOCSTI, &letter));
}

static int trial_tioclinux(char **argv)
{
	char subcode = 6;	/* asks for the shift state */

	(void)argv;
	return outcome(ioctl(0, TIOCLINUX, &subcode));
}

/* --- mounts --- */

/* Each as far as the kernel's own checks of its arguments, which are wrong: EPERM (or ENOSYS) says that it did
 * not get there. */
static int reached(long r)
{
	return r >= 0 || (errno != EPERM && errno != ENOSYS) ? 0 : -errno;
}

static const struct { const char *name; long number, a, b, c; } calls[] = {
	{ "fsopen",		SYS_fsopen,	0, 0, 0 },
	{ "mount",		SYS_mount,	0, 0, 0 },
	{ "umount2",		SYS_umount2,	0, 0, 0 },
	{ "pivot_root",		SYS_pivot_root,	0, 0, 0 },
	{ "move_mount",		SYS_move_mount,	-1, 0, -1 },
	{ "mount_setattr",	SYS_mount_setattr, -1, 0, 0 },
	{ "open_tree",		SYS_open_tree,	-100, 0, 1 },
	{ "chroot",		SYS_chroot,	0, 0, 0 },
	{ "acct",		SYS_acct,	1, 0, 0 },
	{ "swapon",		SYS_swapon,	0, 0, 0 },
	{ "kexec_load",		SYS_kexec_load,	0, 99, 0 },
	{ "init_module",	SYS_init_module, 0, 0, 0 },
	{ "delete_module",	SYS_delete_module, 0, 0, 0 },
	{ "settimeofday",	SYS_settimeofday, 1, 0, 0 },
	{ "syslog",		SYS_syslog,	10, 0, 0 },
	{ "open_by_handle_at",	SYS_open_by_handle_at, -1, 0, 0 },
	{ "quotactl",		SYS_quotactl,	0x7fffffff, 1, 0 },
};

static int trial_call(char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(calls[i].name, argv[0]))
			return reached(syscall(calls[i].number, calls[i].a, calls[i].b, calls[i].c, 0, 0));
	return -UNUSABLE;
}

static int trial_bind_mount(char **argv)
{
	return outcome(mount(argv[0], argv[1], NULL, MS_BIND, NULL));
}

static int trial_remount(char **argv)
{
	return outcome(mount(NULL, argv[0], NULL, MS_REMOUNT | MS_BIND, NULL));
}

static int trial_umount(char **argv)
{
	return outcome(umount2(argv[0], MNT_DETACH));
}

const struct trial kernel_trials[] = {
	{ "add-key",		0, trial_add_key,	"adds a key to the process keyring" },
	{ "attach",		1, trial_attach,	"traces PID, or a child" },
	{ "bind-mount",		2, trial_bind_mount,	"mounts FROM on TO" },
	{ "bpf",		0, trial_bpf,		"makes a map" },
	{ "call",		1, trial_call,		"gets as far as the checks of a call's arguments" },
	{ "clone",		1, trial_clone,		"a child with these FLAGS" },
	{ "clone3",		1, trial_clone3,	"a child with these FLAGS" },
	{ "io-uring",		0, trial_io_uring,	"makes a ring" },
	{ "keyctl",		0, trial_keyctl,	"asks for the session keyring" },
	{ "perf",		0, trial_perf,		"counts an event of its own" },
	{ "pidfd-getfd",	1, trial_pidfd_getfd,	"takes a descriptor of PID, or of a child" },
	{ "remount",		1, trial_remount,	"makes a mount writable" },
	{ "request-key",	0, trial_request_key,	"searches for a key" },
	{ "setns",		1, trial_setns,		"enters a namespace" },
	{ "socket",		1, trial_socket,	"makes a socket" },
	{ "tioclinux",		0, trial_tioclinux,	"asks the console of descriptor 0" },
	{ "tiocsti",		0, trial_tiocsti,	"types into descriptor 0" },
	{ "tiocsti-high",	0, trial_tiocsti_high,	"the same, with a high half in the request" },
	{ "umount",		1, trial_umount,	"takes a mount away" },
	{ "unshare",		1, trial_unshare,	"enters new namespaces (FLAGS)" },
	{ "userfaultfd",	0, trial_userfaultfd,	"makes a userfaultfd" },
	{ "x32",		0, trial_x32,		"getpid by its x32 number" },
	{ NULL, 0, NULL, NULL },
};
