/* SPDX-License-Identifier: Apache-2.0 */
/* probe_files.c — one operation on a path; and "questions": many of them, an answer a line, for the decision table. */
#include "probe.h"

#include <dirent.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static int try_open(const char *path, int flags, mode_t mode)
{
	int fd = open(path, flags | O_CLOEXEC, mode);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* --- single operations --- */

static int trial_read(char **argv)
{
	char byte;
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, &byte, 1);
	int r = size < 0 && errno != EISDIR ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

static int trial_list(char **argv)
{
	DIR *directory = opendir(argv[0]);

	if (!directory)
		return -errno;
	closedir(directory);
	return 0;
}

static int trial_open_write(char **argv) { return try_open(argv[0], O_WRONLY, 0); }
static int trial_create(char **argv) { return try_open(argv[0], O_WRONLY | O_CREAT | O_EXCL, 0644); }
static int trial_truncate(char **argv) { return outcome(truncate(argv[0], 0)); }
static int trial_truncate_open(char **argv) { return try_open(argv[0], O_RDONLY | O_TRUNC, 0); }
static int trial_mkdir(char **argv) { return outcome(mkdir(argv[0], 0755)); }
static int trial_rmdir(char **argv) { return outcome(rmdir(argv[0])); }
static int trial_unlink(char **argv) { return outcome(unlink(argv[0])); }
static int trial_rename(char **argv) { return outcome(rename(argv[0], argv[1])); }
static int trial_rename2(char **argv)
{
	return outcome(syscall(SYS_renameat2, AT_FDCWD, argv[0], AT_FDCWD, argv[1], atoi(argv[2])));
}

static int trial_exchange(char **argv)
{
	return outcome(syscall(SYS_renameat2, AT_FDCWD, argv[0], AT_FDCWD, argv[1], 2));
}
static int trial_link(char **argv) { return outcome(link(argv[0], argv[1])); }
static int trial_symlink(char **argv) { return outcome(symlink(argv[0], argv[1])); }
static int trial_mkfifo(char **argv) { return outcome(mknod(argv[0], S_IFIFO | 0644, 0)); }
static int trial_mknod_device(char **argv) { return outcome(mknod(argv[0], S_IFCHR | 0666, 0x103)); }
static int trial_chmod(char **argv) { return outcome(chmod(argv[1], (mode_t)strtol(argv[0], NULL, 8))); }
static int trial_chown(char **argv) { return outcome(chown(argv[0], getuid(), getgid())); }
static int trial_touch(char **argv) { return outcome(utimensat(AT_FDCWD, argv[0], NULL, 0)); }
static int trial_setxattr(char **argv) { return outcome(setxattr(argv[0], "user.bawn", "x", 1, 0)); }

static int trial_append(char **argv)
{
	int fd = open(argv[0], O_WRONLY | O_APPEND | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : write(fd, argv[1], strlen(argv[1]));
	int r = size < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

static int trial_bind(char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(argv[0]) >= sizeof(address.sun_path))
		return -UNUSABLE;
	strcpy(address.sun_path, argv[0]);
	return outcome(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}

/* A file that comes with mode 04755, in each way there is: 0 when one of them left the bit set. */
static int trial_setid(char **argv)
{
	const char *path = argv[0];
	struct stat st;
	int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0755);

	if (fd < 0)
		return -errno;
	chmod(path, 04755);
	fchmod(fd, 04755);
	fchmodat(AT_FDCWD, path, 02755, 0);
	syscall(452 /* fchmodat2 */, AT_FDCWD, path, 06755, 0);
	close(fd);
	if (stat(path, &st) == 0 && (st.st_mode & 06000))
		return 0;
	unlink(path);
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 04755);
	if (fd >= 0)
		close(fd);
	mknod(path, S_IFREG | 04755, 0);
	syscall(SYS_creat, path, 04755);
	return stat(path, &st) == 0 && (st.st_mode & 06000) ? 0 : -EPERM;
}

/* cap_net_bind_service=ep, as a vfs_cap_data of revision 2. */
static int trial_file_capability(char **argv)
{
	static const uint32_t capability[5] = { 0x02000001, 0x400, 0, 0, 0 };

	return outcome(setxattr(argv[0], "security.capability", capability, sizeof(capability), 0));
}

/* Writes what the descriptor that we were given names, by opening it again. */
static int trial_reopen(char **argv)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%s", argv[0]);
	return try_open(path, O_RDWR, 0);
}

/* Goes from a directory that we were given. */
static int trial_open_from(char **argv)
{
	int flags = !strcmp(argv[2], "write") ? O_WRONLY : O_RDONLY;
	int fd = openat(atoi(argv[0]), argv[1], flags | O_CLOEXEC);

	return outcome(fd);
}

/* Tries every file below a directory for writing, and names those that open. */
static int writable_below(const char *directory, int depth)
{
	DIR *stream = opendir(directory);
	struct dirent *entry;
	int found = 0;

	while (stream && (entry = readdir(stream))) {
		char path[4096];
		struct stat st;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		/* processes are the box's own; what they may write is another question */
		if (depth == 0 && (strchr("0123456789", entry->d_name[0]) || strstr(entry->d_name, "self")))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) >= (int)sizeof(path) ||
		    lstat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < 12) {
			found += writable_below(path, depth + 1);
		} else if (S_ISREG(st.st_mode) && try_open(path, O_WRONLY | O_NONBLOCK, 0) == 0) {
			printf("writable: %s\n", path);
			found++;
		}
	}
	if (stream)
		closedir(stream);
	return found;
}

static int trial_writable_below(char **argv)
{
	return writable_below(argv[0], 0) ? 0 : -EACCES;
}

static int trial_lock(char **argv)
{
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	if (argv[1])
		sleep((unsigned)atoi(argv[1]));
	return 0;
}

/* --- questions: "OPERATION<tab>PATH" lines in, "0" or an errno out --- */

static int ask_execute(const char *path)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		execl(path, path, "nothing", (char *)NULL);
		_exit(100 + errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) > 100 ? 100 - WEXITSTATUS(status) : 0;
}

/* Directories are asked for a change of their times; a missing file is made and taken away again. */
static int ask_write(const char *path)
{
	struct stat st;
	int r;

	if (lstat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ? outcome(utimensat(AT_FDCWD, path, NULL, 0)) : try_open(path, O_WRONLY, 0);
	r = try_open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (r == 0)
		unlink(path);
	return r;
}

static int ask_read(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return trial_list((char *[]){ (char *)(uintptr_t)path });
	return try_open(path, O_RDONLY, 0);
}

static int trial_questions(char **argv)
{
	char line[8192];
	FILE *file = fopen(argv[0], "re");

	if (!file)
		return -UNUSABLE;
	while (fgets(line, sizeof(line), file)) {
		char *path = strchr(line, '\t');
		int r;

		line[strcspn(line, "\n")] = '\0';
		if (!path)
			return -UNUSABLE;
		*path++ = '\0';
		r = !strcmp(line, "read") ? ask_read(path) :
		    !strcmp(line, "write") ? ask_write(path) : ask_execute(path);
		printf("%d\n", -r);
	}
	fclose(file);
	return 0;
}

const struct trial file_trials[] = {
	{ "append",		2, trial_append,	"appends TEXT to PATH" },
	{ "bind",		1, trial_bind,		"makes a socket's name" },
	{ "chmod",		2, trial_chmod,		"MODE PATH" },
	{ "chown",		1, trial_chown,		"to ourselves" },
	{ "create",		1, trial_create,	"makes a new file" },
	{ "exchange",		2, trial_exchange,	"two names" },
	{ "file-capability",	1, trial_file_capability, "sets cap_net_bind_service" },
	{ "link",		2, trial_link,		"a hard link" },
	{ "list",		1, trial_list,		"opens a directory" },
	{ "lock",		1, trial_lock,		"locks PATH, for some SECONDS" },
	{ "mkdir",		1, trial_mkdir,		"makes a directory" },
	{ "mkfifo",		1, trial_mkfifo,	"makes a FIFO" },
	{ "mknod-device",	1, trial_mknod_device,	"makes a device node" },
	{ "open-from",		3, trial_open_from,	"DESCRIPTOR PATH read|write" },
	{ "open-write",		1, trial_open_write,	"opens for writing" },
	{ "questions",		1, trial_questions,	"answers a FILE of questions" },
	{ "read",		1, trial_read,		"reads a byte" },
	{ "rename",		2, trial_rename,	"OLD NEW" },
	{ "rename2",		3, trial_rename2,	"FROM TO FLAGS" },
	{ "reopen",		1, trial_reopen,	"opens what DESCRIPTOR names for writing" },
	{ "rmdir",		1, trial_rmdir,		"removes a directory" },
	{ "setid",		1, trial_setid,		"leaves a set-id file, in one way or another" },
	{ "setxattr",		1, trial_setxattr,	"sets user.bawn" },
	{ "symlink",		2, trial_symlink,	"TARGET NAME" },
	{ "touch",		1, trial_touch,		"changes times" },
	{ "truncate",		1, trial_truncate,	"empties a file" },
	{ "truncate-open",	1, trial_truncate_open,	"opens for reading, and empties" },
	{ "unlink",		1, trial_unlink,	"removes a name" },
	{ "writable-below",	1, trial_writable_below, "any file below a directory opens for writing" },
	{ NULL, 0, NULL, NULL },
};
