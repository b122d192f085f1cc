/* SPDX-License-Identifier: Apache-2.0 */
/* floor.c — the least that a box of bawn's kind can cost here: the kernel's part of a start, and nothing else.
 *
 *	floor [-n] COMMAND [ARG]...	-n: leave the network as it is
 *
 * One process makes the namespaces, closes the host's files to writing but for the working directory, mounts /proc,
 * enters a Landlock domain, loads a seccomp filter of one instruction and lets the command start; a pid 1 waits for
 * it. No profile is read, nothing is looked up, no name is protected, no device chosen, nothing masked, no socket
 * decided: it holds next to none of bawn's promises. What bawn costs beyond it is bawn's; what it costs beyond plain
 * exec no sandbox of namespaces can save.
 *
 * Both children share the memory of their parent, which stands still meanwhile (CLONE_VFORK). */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* <linux/mount.h> and <sys/mount.h> do not go together in every libc */
#define OPEN_TREE 428
#define MOVE_MOUNT 429
#define MOUNT_SETATTR 442
#define CLONE_TREE 1
#define RECURSIVE 0x8000
#define BY_DESCRIPTOR 4			/* MOVE_MOUNT_F_EMPTY_PATH */
#define READ_ONLY_NOSUID 3
#define FILE_WRITES (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR)

extern char **environ;

struct box { char **argv; bool network; char uid_map[32], gid_map[32]; };

struct attributes { uint64_t set, clear, propagation, user_namespace; };

static char init_stack[1 << 16] __attribute__((aligned(16)));
static char command_stack[1 << 16] __attribute__((aligned(16)));

static void must(bool done, const char *what)
{
	if (done)
		return;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
	close(fd);
}

static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0, "raise the loopback");
	close(fd);
}

static void close_files(void)
{
	struct attributes closed = { .set = READ_ONLY_NOSUID, .propagation = MS_PRIVATE };
	char directory[4096];
	int fd;

	must(getcwd(directory, sizeof(directory)), "getcwd");
	fd = (int)syscall(OPEN_TREE, AT_FDCWD, directory, CLONE_TREE | RECURSIVE | O_CLOEXEC);
	must(fd >= 0, directory);
	must(syscall(MOUNT_SETATTR, AT_FDCWD, "/", RECURSIVE, &closed, sizeof(closed)) == 0, "mount_setattr");
	must(syscall(MOVE_MOUNT, fd, "", AT_FDCWD, directory, BY_DESCRIPTOR) == 0, "move_mount");
	must(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0, "mount /proc");
	must(chdir(directory) == 0, directory);
	close(fd);
}

static void allow_writes(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access };

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	must(syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0, path);
	close(rule.parent_fd);
}

static void enter_landlock(void)
{
	struct landlock_ruleset_attr attributes = { .handled_access_fs = FILE_WRITES };
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);

	must(fd >= 0, "landlock_create_ruleset");
	allow_writes(fd, ".", FILE_WRITES);
	allow_writes(fd, "/dev", LANDLOCK_ACCESS_FS_WRITE_FILE);
	must(syscall(SYS_landlock_restrict_self, fd, 0) == 0, "landlock_restrict_self");
	close(fd);
}

static int command(void *argument)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog filter = { .len = 1, .filter = &allow };
	struct box *box = argument;

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
	enter_landlock();
	must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0, "seccomp");
	execve(box->argv[0], box->argv, environ);
	_exit(127);
}

static int init(void *argument)
{
	struct box *box = argument;
	int status = 0;
	pid_t pid;

	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", box->uid_map);
	write_file("/proc/self/gid_map", box->gid_map);
	if (!box->network)
		raise_loopback();
	close_files();
	pid = clone(command, command_stack + sizeof(command_stack), CLONE_VM | CLONE_VFORK | SIGCHLD, box);
	must(pid > 0, "clone");
	waitpid(pid, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char **argv)
{
	struct box box = { .network = argc > 1 && !strcmp(argv[1], "-n") };
	int flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
	int status = 0;
	pid_t pid;

	box.argv = argv + 1 + box.network;
	if (!box.argv[0])
		return 125;
	snprintf(box.uid_map, sizeof(box.uid_map), "%u %u 1", getuid(), getuid());
	snprintf(box.gid_map, sizeof(box.gid_map), "%u %u 1", getgid(), getgid());
	pid = clone(init, init_stack + sizeof(init_stack),
		    CLONE_VM | CLONE_VFORK | SIGCHLD | flags | (box.network ? 0 : CLONE_NEWNET), &box);
	must(pid > 0, "clone");
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
