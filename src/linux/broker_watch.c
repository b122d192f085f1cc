/* SPDX-License-Identifier: Apache-2.0 */
/* broker_watch.c — calls that are only looked at, for --log-denials: what the kernel is about to say is foreseen,
 * what it will refuse is recorded, and the call is left to it.
 *
 * What cannot be made for another process (exec, signals, changes of user) and what is too frequent to be made for it
 * (reading). We have the caller's user, root and mounts, so the same question, asked a moment earlier, has the same
 * answer. Nothing is let through or held back by it: whoever swaps a path meanwhile only spoils the report.
 *
 * The filter's own refusals are here as well: with the log on they are our answer, by the same table. */
#include "linux/broker.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* --- what the filter refuses -------------------------------------------------------------- */

/* Root's alone outside the box, too. */
static bool is_roots(const struct seccomp_row *row, const __u64 *args)
{
	static const char *const names[] = {
		"acct", "bpf", "chroot", "clock_settime", "delete_module", "finit_module", "fsconfig", "fsmount",
		"fsopen", "fspick", "init_module", "ioperm", "iopl", "kexec_file_load", "kexec_load", "mount",
		"mount_setattr", "move_mount", "open_by_handle_at", "open_tree", "open_tree_attr", "pivot_root",
		"quotactl", "quotactl_fd", "reboot", "settimeofday", "swapoff", "swapon", "syslog", "umount2",
		"vhangup",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(row->name, names[i]))
			return true;
	/* a new namespace without a new user namespace */
	return (!strcmp(row->name, "clone") || !strcmp(row->name, "unshare")) && !(args[0] & 0x10000000);
}

int broker_refused(struct call *call, const struct seccomp_row *row, int number)
{
	bool opens = row->opened_by < KERNEL__COUNT;

	broker_about(call, OPERATION_KERNEL, is_roots(row, call->notif->data.args) ? ASPECT_ROOT : ASPECT_CONTENT,
		     opens ? kernel_name_text(row->opened_by) : row->name);
	broker_detail(call, row->name, row->reason);
	return broker_because(call, CAUSE_KERNEL, -number);
}

bool broker_only_watches(const struct call *call)
{
	struct seccomp_options options = call->broker->seccomp;

	if (call->target.narrow)
		return false;
	options.watch = 0;
	return seccomp_decide(&options, call->notif->data.nr, (const uint64_t *)call->notif->data.args) ==
	       SECCOMP_ALLOW;
}

/* --- what a path leads to ----------------------------------------------------------------- */

static int base_of(const struct call *call, int at, const char *path)
{
	if (path[0] == '/')
		return AT_FDCWD;
	return at == AT_FDCWD ? target_open(&call->target, "cwd", O_PATH | O_DIRECTORY) :
				target_descriptor(&call->target, at);
}

static bool is_on_proc(const char *path)
{
	return path_below(path, "/proc", false) || path_below(path, "/dev", false);
}

/* What the kernel is about to say of a path: 0 or an errno value. */
static int foresee(const struct call *call, int at, const char *path, int mode, bool follow)
{
	int base = base_of(call, at, path), number = 0;
	struct stat st;

	if (base < 0 && base != AT_FDCWD)
		return 0;
	if ((follow ? faccessat(base, path, mode, 0) : fstatat(base, path, &st, AT_SYMLINK_NOFOLLOW)) < 0)
		number = errno;
	if (base >= 0)
		close(base);
	return number;
}

static int record_path(struct call *call, enum operation operation, int at, const char *path, int number)
{
	enum event_aspect aspect = operation == OPERATION_EXEC ? ASPECT_EXEC : ASPECT_CONTENT;
	autorelease struct place place = { .parent_fd = NO_FD };
	struct stat st;

	/* Looking for what is not there is no failure: PATH, include directories. */
	if (number != EACCES && !call->broker->plan->restricted_read)
		return 0;
	for (int r = place_find(&call->target, at, path, &place), links = 0;; links++) {
		if (r < 0) {
			broker_about_unfound(call, operation, aspect, at, path);
			break;
		}
		broker_about(call, operation, aspect, place.path);
		if (links > 40 || fstatat(place.parent_fd, place.name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISLNK(st.st_mode))
			break;
		r = broker_follow(call, &place, &st);
	}
	broker_record(call, number);
	broker_begin(call);		/* the record is made: the call itself is not refused by us */
	return 0;
}

static int watch_path(struct call *call, enum operation operation, int at, uint64_t address, int mode, bool follow)
{
	char path[TARGET_PATH_MAX];
	int number;

	call->go_on = true;
	if (call->target.own_root || target_read_path(&call->target, address, path) < 0 || !path[0] || is_on_proc(path))
		return 0;
	number = foresee(call, at, path, mode, follow);
	return number ? record_path(call, operation, at, path, number) : 0;
}

/* What a script begins with runs it. */
static int watch_interpreter(struct call *call, int at, const char *path)
{
	char line[256] = "";
	int base = base_of(call, at, path), number;
	autoclose int fd = base < 0 && base != AT_FDCWD ? -1 : openat(base, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	char *name = line + 2 + strspn(line + 2, " \t");

	if (base >= 0)
		close(base);
	if (size < 3 || line[0] != '#' || line[1] != '!')
		return 0;
	name[strcspn(name, " \t\n")] = '\0';
	number = name[0] ? foresee(call, AT_FDCWD, name, X_OK, true) : 0;
	return number ? record_path(call, OPERATION_EXEC, AT_FDCWD, name, number) : 0;
}

static int watch_exec(struct call *call, int at, uint64_t address)
{
	char path[TARGET_PATH_MAX];
	int number;

	call->go_on = true;
	if (call->target.own_root || target_read_path(&call->target, address, path) < 0 || !path[0] || is_on_proc(path))
		return 0;
	number = foresee(call, at, path, X_OK, true);
	return number ? record_path(call, OPERATION_EXEC, at, path, number) : watch_interpreter(call, at, path);
}

/* --- processes and users ------------------------------------------------------------------ */

/* A process that is not in the box: whether there is one outside, the supervisor can say. */
static int watch_process(struct call *call, int pid, const char *name)
{
	char subject[32];

	call->go_on = true;
	if (pid <= 0 || kill(pid, 0) == 0 || errno != ESRCH)
		return 0;
	snprintf(subject, sizeof(subject), "process %d", pid);
	broker_about(call, OPERATION_KERNEL, ASPECT_CONTENT, subject);
	broker_detail(call, name, "processes outside the box are out of its reach");
	broker_because(call, CAUSE_NONE_THERE, 0);
	broker_record(call, ESRCH);
	broker_begin(call);
	return 0;
}

/* For root only: others are told the same outside. */
static int watch_users(struct call *call, const char *name, unsigned count, uint32_t own, int number)
{
	const __u64 *a = call->notif->data.args;
	bool other = !count;

	call->go_on = true;
	for (unsigned i = 0; i < count; i++)
		other |= (uint32_t)a[i] != own && (uint32_t)a[i] != UINT32_MAX;
	if (!other || call->broker->policy->uid != 0 || call->broker->nested)
		return 0;
	broker_about(call, OPERATION_KERNEL, ASPECT_ROOT, name);
	broker_detail(call, name, "the box knows one user and one group");
	broker_because(call, CAUSE_KERNEL, 0);
	broker_record(call, number);
	broker_begin(call);
	return 0;
}

/* --- the calls ---------------------------------------------------------------------------- */

static int watch_open(struct call *call, int at, uint64_t path, int flags)
{
	return flags & O_PATH ? watch_path(call, OPERATION_READ, at, path, F_OK, !(flags & O_NOFOLLOW)) :
				watch_path(call, OPERATION_READ, at, path, R_OK, true);
}

static int watch_stat(struct call *call, int at, uint64_t path, uint64_t flags)
{
	return watch_path(call, OPERATION_READ, at, path, F_OK, !(flags & AT_SYMLINK_NOFOLLOW));
}

/* access(2): what is asked about writing would be no read. */
static int watch_access(struct call *call, int at, uint64_t path, uint64_t mode)
{
	return watch_path(call, OPERATION_READ, at, path, mode & R_OK ? R_OK : F_OK, true);
}

int broker_watch(struct call *call)
{
	const __u64 *a = call->notif->data.args;
	uint32_t uid = call->broker->policy->uid, gid = call->broker->policy->gid;

	switch (call->notif->data.nr) {
#ifdef SYS_stat
	case SYS_stat: return watch_stat(call, AT_FDCWD, a[0], 0);
	case SYS_lstat: return watch_stat(call, AT_FDCWD, a[0], AT_SYMLINK_NOFOLLOW);
	case SYS_access: return watch_access(call, AT_FDCWD, a[0], a[1]);
	case SYS_readlink: return watch_stat(call, AT_FDCWD, a[0], AT_SYMLINK_NOFOLLOW);
#endif
	case SYS_newfstatat: return watch_stat(call, (int)a[0], a[1], a[3]);
	case SYS_statx: return watch_stat(call, (int)a[0], a[1], a[2]);
	case SYS_faccessat: case SYS_FACCESSAT2: return watch_access(call, (int)a[0], a[1], a[2]);
	case SYS_readlinkat: return watch_stat(call, (int)a[0], a[1], AT_SYMLINK_NOFOLLOW);
	case SYS_chdir: return watch_path(call, OPERATION_READ, AT_FDCWD, a[0], X_OK, true);
	case SYS_execve: return watch_exec(call, AT_FDCWD, a[0]);
	case SYS_execveat: return watch_exec(call, (int)a[0], a[1]);
	case SYS_kill: return watch_process(call, (int)a[0], "kill");
	case SYS_ptrace: return watch_process(call, (int)a[1], "ptrace");
	case SYS_setuid: return watch_users(call, "setuid", 1, uid, EINVAL);
	case SYS_setreuid: return watch_users(call, "setreuid", 2, uid, EINVAL);
	case SYS_setresuid: return watch_users(call, "setresuid", 3, uid, EINVAL);
	case SYS_setgid: return watch_users(call, "setgid", 1, gid, EINVAL);
	case SYS_setregid: return watch_users(call, "setregid", 2, gid, EINVAL);
	case SYS_setresgid: return watch_users(call, "setresgid", 3, gid, EINVAL);
	case SYS_setgroups: return watch_users(call, "setgroups", 0, 0, EPERM);
	default: return -ENOSYS;
	}
}

/* The filter's own test: only such opens are watched, all others are made. */
bool broker_reads(const struct call *call, int flags)
{
	return (call->broker->seccomp.watch & WATCH_READS) && !call->target.narrow &&
	       !(flags & (O_CREAT | O_WRONLY | O_RDWR | O_TRUNC));
}

int broker_watch_open(struct call *call, int at, uint64_t path, int flags)
{
	return watch_open(call, at, path, flags);
}

void broker_foresee(struct call *call, const struct place *place, int mode)
{
	if (!(call->broker->seccomp.watch & WATCH_DENIALS) || place_is_own_proc(&call->target, place))
		return;
	broker_about(call, OPERATION_WRITE, ASPECT_CONTENT, place->path);
	if (faccessat(place->parent_fd, place->name, mode, 0) < 0)
		broker_record(call, errno);
	broker_begin(call);
}
