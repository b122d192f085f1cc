/* SPDX-License-Identifier: Apache-2.0 */
/* probe_nest.c — what a process tries that has a user and a mount namespace of its own: it may mount, show the tree
 * at other paths, take it apart, and hold descriptors into what is left.
 *
 * Each trial goes to a namespace of its own first. uid and gid are mapped where that can be had. */
#include "probe.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#ifndef SYS_open_tree
#define SYS_open_tree		428
#define SYS_fsopen		430
#define SYS_fsconfig		431
#define SYS_fsmount		432
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444
#define SYS_landlock_restrict_self	446
#endif
#define TREE_CLONE		1u
#define FSCONFIG_STRING		1u
#define FSCONFIG_CREATE		6u

static const char place[] = "/tmp";		/* where a tmpfs of the trial's own is mounted */

static void write_map(const char *file, unsigned inside, unsigned outside)
{
	char line[64];
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	int size = snprintf(line, sizeof(line), "%u %u 1", inside, outside);

	if (fd >= 0 && write(fd, line, (size_t)size) < 0)
		errno = 0;		/* then without a mapping */
	if (fd >= 0)
		close(fd);
}

static int enter_mapped(unsigned uid, unsigned gid)
{
	unsigned own_uid = getuid(), own_gid = getgid();
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return -errno;
	fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "deny", 4) < 0)
		errno = 0;
	if (fd >= 0)
		close(fd);
	write_map("/proc/self/uid_map", uid, own_uid);
	write_map("/proc/self/gid_map", gid, own_gid);
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

static int enter(void)
{
	return enter_mapped(getuid(), getgid());
}

static int own_tmpfs(const char *path)
{
	return mount("own", path, "tmpfs", 0, NULL) < 0 ? -errno : 0;
}

static int make_in(int directory, const char *name)
{
	return mkdirat(directory, name, 0755) < 0 ? -errno : 0;
}

/* "/a/b" → a descriptor of /a, and "b" */
static int open_directory_of(const char *path, const char **ret_name)
{
	char parent[4096];
	const char *slash = strrchr(path, '/');

	snprintf(parent, sizeof(parent), "%.*s/", (int)(slash - path), path);
	*ret_name = slash + 1;
	return open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Leaves the whole tree for a tmpfs; what was opened before leads into what nobody has mounted any more. */
static int leave_tree(void)
{
	int r = own_tmpfs(place);

	if (r < 0)
		return r;
	if (chdir(place) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

/* --- names taken away --- */

static int trial_remove(char **argv)
{
	const char *name;
	int r = enter(), fd = r < 0 ? -1 : open_directory_of(argv[0], &name);

	if (fd < 0)
		return r < 0 ? r : -errno;
	if ((r = leave_tree()) < 0)
		return r;
	if (unlinkat(fd, name, 0) == 0)
		return 0;
	r = -errno;
	return r == -EISDIR && unlinkat(fd, name, AT_REMOVEDIR) == 0 ? 0 : r == -EISDIR ? -errno : r;
}

static int trial_replace(char **argv)
{
	const char *name, *new_name;
	int r = enter(), fd = r < 0 ? -1 : open_directory_of(argv[1], &name), new_fd;

	if (fd < 0)
		return r < 0 ? r : -errno;
	new_fd = open_directory_of(argv[0], &new_name);
	if ((r = leave_tree()) < 0)
		return r;
	return renameat(new_fd, new_name, fd, name) < 0 ? -errno : 0;
}

/* --- names made at another path --- */

/* A part of a root alone, mounted where no rule speaks of. */
static int trial_part(char **argv)
{
	char target[64];
	int r = enter(), fd;

	if (r < 0)
		return r;
	snprintf(target, sizeof(target), "%s/part", place);
	fd = open(argv[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (r = own_tmpfs(place)) < 0)
		return r < 0 ? r : -errno;
	if (mkdir(target, 0755) < 0 || fchdir(fd) < 0 || mount(".", target, NULL, MS_BIND | MS_REC, NULL) < 0)
		return -UNUSABLE;
	if (chdir(target) < 0)
		return -errno;
	return make_in(AT_FDCWD, argv[1]);
}

/* The same at a path that the rules let be written. */
static int trial_cover(char **argv)
{
	int r = enter();

	if (r < 0)
		return r;
	if (mount(argv[0], argv[1], NULL, MS_BIND | MS_REC, NULL) < 0)
		return -UNUSABLE;
	if (chdir(argv[1]) < 0)
		return -errno;
	return make_in(AT_FDCWD, argv[2]);
}

/* A tree that is mounted nowhere. */
static int trial_clone(char **argv)
{
	int r = enter(), fd;

	if (r < 0)
		return r;
	fd = (int)syscall(SYS_open_tree, AT_FDCWD, argv[0], TREE_CLONE | 0x8000u | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return make_in(fd, argv[1]);
}

static int trial_left(char **argv)
{
	int r = enter(), fd;

	if (r < 0)
		return r;
	fd = open(argv[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (r = leave_tree()) < 0)
		return r < 0 ? r : -errno;
	return make_in(fd, argv[1]);
}

struct share { char **argv; int fd; };

static int share_main(void *argument)
{
	struct share *share = argument;

	if (enter() < 0 || mount(share->argv[0], share->argv[1], NULL, MS_BIND | MS_REC, NULL) < 0)
		_exit(1);
	share->fd = open(share->argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_exit(0);
}

/* Another process has the namespace, and hands over a descriptor: we have the box's own mounts. */
static int trial_descriptor(char **argv)
{
	static char stack[65536] __attribute__((aligned(64)));
	struct share share = { .argv = argv, .fd = -1 };
	pid_t pid = clone(share_main, stack + sizeof(stack), CLONE_VM | CLONE_FILES | SIGCHLD, &share);

	if (pid < 0 || waitpid(pid, NULL, 0) < 0 || share.fd < 0)
		return -UNUSABLE;
	if (fchdir(share.fd) < 0)
		return -errno;
	return make_in(AT_FDCWD, argv[2]);
}

/* The root moved without a mount: the kernel's "/" is not the broker's. */
static int trial_chroot(char **argv)
{
	if (unshare(CLONE_NEWUSER) < 0)
		return -errno;
	if (chroot(argv[0]) < 0)
		return -errno;
	return make_in(AT_FDCWD, argv[1]);
}

/* --- overlays: the kernel itself makes the names, in a directory that was handed to it --- */

static int mount_overlay(const char *options, const char *target)
{
	return mount("own", target, "overlay", 0, options) < 0 ? -errno : 0;
}

static int mount_overlay_new_way(const char *lower, const char *upper, const char *work, const char *target)
{
	const char *const pairs[][2] = { { "lowerdir", lower }, { "upperdir", upper }, { "workdir", work } };
	int context = (int)syscall(SYS_fsopen, "overlay", 0), fd;

	for (size_t i = 0; context >= 0 && i < ARRAY_SIZE(pairs); i++)
		if (syscall(SYS_fsconfig, context, FSCONFIG_STRING, pairs[i][0], pairs[i][1], 0) < 0)
			return -errno;
	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = (int)syscall(SYS_fsmount, context, 0, 0);
	return fd < 0 || syscall(429 /* move_mount */, fd, "", AT_FDCWD, target, 4) < 0 ? -errno : 0;
}

/* overlay UPPER WORK NAME: chmod of a lower file copies it up, and no call of ours names what is made. */
static int try_overlay(char **argv, bool new_way)
{
	char lower[64], merged[64], file[512], options[8192];
	int r = enter(), fd;

	if (r < 0 || (r = own_tmpfs(place)) < 0)
		return r;
	snprintf(lower, sizeof(lower), "%s/lower", place);
	snprintf(merged, sizeof(merged), "%s/merged", place);
	snprintf(file, sizeof(file), "%s/lower/%s", place, argv[2]);
	if (mkdir(lower, 0755) < 0 || mkdir(merged, 0755) < 0)
		return -UNUSABLE;
	fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		return -UNUSABLE;
	close(fd);
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s,userxattr", lower, argv[0], argv[1]);
	r = new_way ? mount_overlay_new_way(lower, argv[0], argv[1], merged) : mount_overlay(options, merged);
	if (r < 0)
		return r;
	snprintf(file, sizeof(file), "%s/merged/%s", place, argv[2]);
	return chmod(file, 0600) < 0 ? -errno : 0;
}

static int trial_overlay(char **argv) { return try_overlay(argv, false); }
static int trial_overlay_new_way(char **argv) { return try_overlay(argv, true); }

static volatile char flipped[256];		/* what a call is given; another thread rewrites it */
static volatile bool stop;

static void rewrite(const char *text)
{
	for (size_t i = 0; i <= strlen(text); i++)
		flipped[i] = text[i];
}

struct flip { const char *good, *bad; };

static void *flip(void *argument)
{
	const struct flip *texts = argument;

	while (!stop) {
		rewrite(texts->bad);
		rewrite(texts->good);
	}
	return NULL;
}

/* The name of the file system changes while it is looked at. */
static int trial_overlay_race(char **argv)
{
	struct flip texts = { "tmpfs", "overlay" };
	pthread_t flipper;
	int r = enter();

	if (r < 0)
		return r;
	if (pthread_create(&flipper, NULL, flip, &texts))
		return -UNUSABLE;
	r = -EACCES;
	for (int round = atoi(argv[0]); r < 0 && round > 0; round--) {
		int fd = (int)syscall(SYS_fsopen, flipped, 0);

		/* only an overlay knows the option */
		if (fd >= 0 && syscall(SYS_fsconfig, fd, FSCONFIG_STRING, "upperdir", "/nowhere/at/all", 0) < 0 &&
		    errno == ENOENT)
			r = 0;
		if (fd >= 0)
			close(fd);
	}
	stop = true;
	pthread_join(flipper, NULL);
	return r;
}

/* --- file capabilities --- */

static const unsigned char capability[20] = { 1, 0, 0, 2, 0, 4 };	/* VFS_CAP_REVISION_2, CAP_NET_BIND_SERVICE */

static int trial_capability(char **argv)
{
	static const char name[] = "security.capability";
	int r = enter_mapped(0, 0), fd = r < 0 ? -1 : open(argv[0], O_RDWR | O_CLOEXEC), saved;

	if (fd < 0)
		return r < 0 ? r : -errno;
	if (setxattr(argv[0], name, capability, sizeof(capability), 0) == 0 ||
	    lsetxattr(argv[0], name, capability, sizeof(capability), 0) == 0 ||
	    fsetxattr(fd, name, capability, sizeof(capability), 0) == 0)
		return 0;
	saved = errno;
	{
		const struct { uint64_t value; uint32_t size, flags; } arguments = {
			(uintptr_t)capability, sizeof(capability), 0,
		};

		if (syscall(463 /* setxattrat */, AT_FDCWD, argv[0], 0, name, &arguments, sizeof(arguments)) == 0)
			return 0;
	}
	return -saved;
}

/* --- what is let go on --- */

/* Opens a file of /proc for writing, or is it this one? */
static int trial_proc_race(char **argv)
{
	struct flip texts = { "/proc/self/comm", argv[0] };
	struct stat wanted, got;
	pthread_t flipper;
	int r = enter();

	if (r < 0)
		return r;
	if (stat(argv[0], &wanted) < 0 || pthread_create(&flipper, NULL, flip, &texts))
		return -UNUSABLE;
	r = -EACCES;
	for (int round = 0; r < 0 && round < 20000; round++) {
		int fd = (int)syscall(SYS_openat, AT_FDCWD, flipped, O_WRONLY | O_CLOEXEC);

		if (fd >= 0 && fstat(fd, &got) == 0 && got.st_ino == wanted.st_ino && got.st_dev == wanted.st_dev)
			r = 0;
		if (fd >= 0)
			close(fd);
	}
	stop = true;
	pthread_join(flipper, NULL);
	return r;
}

/* --- a domain of one's own: whoever has one relies on it --- */

/* 0: confined, and the name was made all the same. */
static int trial_own_domain(char **argv)
{
	const struct { uint64_t files, network, scoped; } ruleset = { 1u << 7 | 1u << 1, 0, 0 };
	int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, 8, 0);

	if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return -errno;
	return mkdir(argv[0], 0755) < 0 ? -errno : 0;
}

const struct trial nest_trials[] = {
	{ "nest-remove",	1, trial_remove,	"removes PATH through a tree that was left" },
	{ "nest-replace",	2, trial_replace,	"renames NEW over PATH through a tree that was left" },
	{ "nest-part",		2, trial_part,		"binds DIRECTORY alone elsewhere and makes NAME there" },
	{ "nest-cover",		3, trial_cover,		"binds DIRECTORY over OTHER and makes NAME there" },
	{ "nest-clone",		2, trial_clone,		"clones DIRECTORY as a tree that is mounted nowhere, makes NAME" },
	{ "nest-left",		2, trial_left,		"makes NAME in DIRECTORY through a tree that was left" },
	{ "nest-descriptor",	3, trial_descriptor,	"gets DIRECTORY, bound over OTHER, handed over; makes NAME" },
	{ "nest-chroot",	2, trial_chroot,	"changes the root to DIRECTORY and makes PATH" },
	{ "nest-overlay",	3, trial_overlay,	"makes NAME in UPPER by an overlay, with WORK" },
	{ "nest-overlay-new",	3, trial_overlay_new_way, "the same by fsopen" },
	{ "nest-overlay-race",	1, trial_overlay_race,	"gets an overlay in ROUNDS tries, while another file system is asked for" },
	{ "nest-capability",	1, trial_capability,	"sets a file capability on FILE, as root of a namespace" },
	{ "nest-proc-race",	1, trial_proc_race,	"opens FILE for writing while a file of /proc is asked for" },
	{ "own-domain",		1, trial_own_domain,	"makes DIRECTORY from a Landlock domain that forbids it" },
	{ NULL, 0, NULL, NULL },
};
