/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c — what this machine has. A start asks only what costs microseconds; a thorough probe also tries a
 * namespace. */
#include "linux/nested.h"

#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define LANDLOCK_VERSION 1u

static int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

/* Loading nothing fails with EFAULT where the operation and its flags are known, with EINVAL where they are not. */
static bool has_filter_flags(unsigned flags)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

/* openat2() with impossible flags tells ENOSYS from EINVAL and touches nothing. */
static bool has_openat2(void)
{
	return sys_openat2(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0, ~(uint64_t)0) < 0 && errno != ENOSYS;
}

static bool has_mount_setattr(void)
{
	return sys_mount_setattr(-1, "", SYS_AT_EMPTY_PATH, &(struct sys_mount_attr){ 0 }) == 0 || errno != ENOSYS;
}

static long read_number(const char *path)
{
	char text[32] = "";
	autoclose int fd = sys_open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	return size <= 0 ? -1 : strtol(text, NULL, 10);
}

const char *namespaces_blocker(int number)
{
	if (read_number("/proc/sys/user/max_user_namespaces") == 0)
		return "user namespaces are switched off: sysctl user.max_user_namespaces is 0; set it to 15000";
	if (read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
		return "AppArmor keeps user namespaces from unprivileged programs: set sysctl "
		       "kernel.apparmor_restrict_unprivileged_userns to 0, or give bawn an AppArmor profile "
		       "with \"userns\"";
	if (read_number("/proc/sys/kernel/unprivileged_userns_clone") == 0)
		return "user namespaces are switched off: set sysctl kernel.unprivileged_userns_clone to 1";
	if (number == ENOSPC)
		return "the limit on user namespaces is used up: raise sysctl user.max_user_namespaces";
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2)
		return "a seccomp filter around this process (a container's, or another sandbox's) refuses "
		       "user namespaces: let it allow "
		       "clone(CLONE_NEWUSER), or start bawn outside; inside bawn: --allow-kernel "
		       "user-namespaces";
	if (number == EUSERS)
		return "namespaces are nested too deep";
	return number == EINVAL || number == ENOSYS ? "the kernel was built without one of the namespaces"
						    : "the kernel refuses user namespaces to this process";
}

/* Tries what a start does first, in a child that ends at once: 0, or errno. */
static int try_namespaces(int flags)
{
	pid_t pid = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
	int status;

	if (pid < 0)
		return errno;
	if (pid == 0)
		_exit(0);
	while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
		;
	return 0;
}

void linux_probe(struct features *ret_features, bool thorough)
{
	struct features features = {
		.landlock_abi = landlock_abi(), .user_namespaces = true, .proc_mountable = true,
		.seccomp = has_filter_flags(0), .root = geteuid() == 0,
		.seccomp_notify = has_filter_flags(SECCOMP_FILTER_FLAG_NEW_LISTENER | (1u << 5)),
		.new_mount_api = has_mount_setattr(), .openat2 = has_openat2(),
		.foreign_calls = seccomp_foreign(SECCOMP_HOST) != SECCOMP_ARCH__COUNT,
	};
	int number = thorough ? try_namespaces(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) : 0;

	/* Only a process under a filter can have a listener around it; whose it is, it tells itself. One that
	 * is not a bawn's shows in EBUSY when the filter is loaded. */
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2)
		features.outer_listener = features.outer_broker = nested_is_inside();
	if (number) {
		features.user_namespaces = false;
		features.user_namespaces_blocker = namespaces_blocker(number);
	}
	*ret_features = features;
}
