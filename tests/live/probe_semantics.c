/* SPDX-License-Identifier: Apache-2.0 */
/* probe_semantics.c — does file operations in the working directory and writes down what came of each. Outside
 * and inside the box the transcripts must be equal: an errno, the kind and mode of what was made, the flags of a
 * descriptor. No inode numbers, no times. */
#include "probe.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* What F_GETFL tells and programs look at. */
#define STATUS_FLAGS (O_ACCMODE | O_APPEND | O_NONBLOCK | O_DIRECT | O_SYNC | O_NOATIME | O_PATH | O_DIRECTORY)

static unsigned said;

static void say(const char *what, long r)
{
	if (r < 0)
		printf("%s: %s\n", what, strerror(errno));
	else
		printf("%s: done\n", what);
	said++;
}

static void say_file(const char *path)
{
	char target[256] = "";
	struct stat st;
	ssize_t size;

	if (lstat(path, &st) < 0) {
		say(path, -1);
		return;
	}
	size = readlink(path, target, sizeof(target) - 1);
	printf("  %s: mode %o links %lu size %ld%s%s\n", path, (unsigned)st.st_mode, (unsigned long)st.st_nlink,
	       S_ISDIR(st.st_mode) ? 0L : (long)st.st_size, size < 0 ? "" : " -> ", target);
}

static void say_open(const char *what, int fd)
{
	if (fd < 0) {
		say(what, -1);
		return;
	}
	printf("%s: flags %o, close-on-exec %d\n", what, (unsigned)fcntl(fd, F_GETFL) & (unsigned)STATUS_FLAGS,
	       fcntl(fd, F_GETFD));
	said++;
	close(fd);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("%s: %s\n", path, strerror(errno));
	close(fd);
}

/* --- open --- */

static const struct { const char *name; int flags; } flag_rows[] = {
	{ "creat",			O_CREAT | O_WRONLY },
	{ "creat|rdonly",		O_CREAT | O_RDONLY },
	{ "creat|rdwr",			O_CREAT | O_RDWR },
	{ "creat|accmode3",		O_CREAT | 3 },
	{ "creat|excl",			O_CREAT | O_WRONLY | O_EXCL },
	{ "creat|append",		O_CREAT | O_WRONLY | O_APPEND },
	{ "creat|trunc",		O_CREAT | O_WRONLY | O_TRUNC },
	{ "creat|trunc|rdonly",		O_CREAT | O_RDONLY | O_TRUNC },
	{ "creat|nofollow",		O_CREAT | O_WRONLY | O_NOFOLLOW },
	{ "creat|cloexec",		O_CREAT | O_WRONLY | O_CLOEXEC },
	{ "creat|nonblock",		O_CREAT | O_WRONLY | O_NONBLOCK },
	{ "creat|sync",			O_CREAT | O_WRONLY | O_SYNC },
	{ "creat|dsync",		O_CREAT | O_WRONLY | O_DSYNC },
	{ "creat|noatime",		O_CREAT | O_RDONLY | O_NOATIME },
	{ "creat|direct",		O_CREAT | O_RDWR | O_DIRECT },
	{ "creat|noctty",		O_CREAT | O_WRONLY | O_NOCTTY },
	{ "creat|directory",		O_CREAT | O_RDONLY | O_DIRECTORY },
	{ "creat|path",			O_CREAT | O_PATH },
	{ "creat|excl|nofollow",	O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY },
	{ "rdonly",			O_RDONLY },
	{ "wronly",			O_WRONLY },
	{ "path",			O_PATH },
	{ "directory",			O_DIRECTORY },
};

static void each_flag(const char *kind, const char *path, bool clean)
{
	for (size_t i = 0; i < ARRAY_SIZE(flag_rows); i++) {
		char what[128];

		snprintf(what, sizeof(what), "open %s %s", kind, flag_rows[i].name);
		say_open(what, open(path, flag_rows[i].flags, 0666));
		if (clean)
			unlink(path);
	}
}

static void opens(void)
{
	put("file", "text");
	mkdir("dir", 0755);
	say("symlink", symlink("file", "to-file"));
	say("symlink dangling", symlink("nothing", "dangling"));
	say("symlink loop", symlink("loop", "loop"));
	say("symlink dir", symlink("dir", "to-dir"));
	each_flag("missing", "new", true);
	each_flag("file", "file", false);
	each_flag("dir", "dir", false);
	each_flag("link", "to-file", false);
	each_flag("link to dir", "to-dir", false);
	each_flag("loop", "loop", false);
	each_flag("file with slash", "file/", false);
	each_flag("dir with slash", "dir/", false);
	each_flag("missing with slash", "new/", true);
	each_flag("dangling", "dangling", false);
	say_file("nothing");
	each_flag("below a file", "file/below", false);
	each_flag("below nothing", "absent/below", false);
	each_flag("empty", "", false);
	each_flag("dot", ".", false);
	each_flag("dotdot", "dir/..", false);
	each_flag("below dir/..", "dir/../new2", true);
	say("openat of a bad descriptor", openat(77, "x", O_CREAT | O_WRONLY, 0644));
	say("openat of a file", openat(open("file", O_RDONLY), "x", O_CREAT | O_WRONLY, 0644));
	say("open of a bad address", syscall(SYS_open, (void *)16, O_CREAT | O_WRONLY, 0644));
	say("mkdir of a bad address", syscall(SYS_mkdir, (void *)16, 0755));
	for (int i = 3; i < 30; i++)
		close(i);
}

static void modes(void)
{
	static const mode_t masks[] = { 0, 022, 027, 077, 0777, 0111 };
	char name[32];

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		umask(masks[i]);
		snprintf(name, sizeof(name), "m%o", (unsigned)masks[i]);
		close(open(name, O_CREAT | O_WRONLY, 0777));
		say_file(name);
		snprintf(name, sizeof(name), "d%o", (unsigned)masks[i]);
		say(name, mkdir(name, 01777));
		say_file(name);
		snprintf(name, sizeof(name), "p%o", (unsigned)masks[i]);
		say(name, mkfifo(name, 0666));
		say_file(name);
		snprintf(name, sizeof(name), "r%o", (unsigned)masks[i]);
		say(name, mknod(name, S_IFREG | 0640, 0));
		say_file(name);
	}
	umask(022);
	say("a file without rights for us", open("none", O_CREAT | O_RDWR | O_EXCL, 0));
	say_file("none");
	say_open("opening it again", open("none", O_CREAT | O_RDWR, 0644));
	say_open("creat of what is read-only", open("ro", O_CREAT | O_RDWR | O_EXCL, 0444));
	say_open("creat again", open("ro", O_CREAT | O_WRONLY, 0644));
}

/* --- directories and links --- */

static void directories(void)
{
	static const char *const names[] = {
		"new/", "new//", "./new", "dir/.", "dir/..", ".", "..", "/", "", "dir", "dir/",
		"file", "file/", "file/x", "to-dir", "to-dir/", "to-dir/x", "dangling", "dangling/",
		"loop", "loop/x", "absent/x", "dir/../x", "//tmp",
	};
	char what[64];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(what, sizeof(what), "mkdir \"%s\"", names[i]);
		say(what, mkdir(names[i], 0755));
		if (strstr(names[i], "new") || strstr(names[i], "x"))
			rmdir(names[i]);
	}
	rmdir("nothing");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(what, sizeof(what), "symlink at \"%s\"", names[i]);
		say(what, symlink("target", names[i]));
		if (strstr(names[i], "new") || strstr(names[i], "x"))
			unlink(names[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(what, sizeof(what), "mknod at \"%s\"", names[i]);
		say(what, mknod(names[i], S_IFREG | 0644, 0));
		if (strstr(names[i], "new") || strstr(names[i], "x"))
			unlink(names[i]);
	}
	say("mknod of a character device", mknod("device", S_IFCHR | 0644, 0x103));
	say("mknod of a directory", mknod("node-dir", S_IFDIR | 0755, 0));
	say("mknod of a socket", mknod("node-sock", S_IFSOCK | 0755, 0));
	say("mknod without a type", mknod("node-none", 0644, 0));
	say("symlink to nothing", symlink("", "empty-target"));
	say_file("node-sock");
	say_file("node-none");
}

static void links(void)
{
	static const struct { const char *from, *to; int flags; } rows[] = {
		{ "file", "hard", 0 }, { "file", "hard", 0 }, { "file", "h2/", 0 },
		{ "file/", "h3", 0 }, { "dir", "h4", 0 }, { "to-file", "h5", 0 },
		{ "to-file", "h6", AT_SYMLINK_FOLLOW }, { "dangling-link", "h7", 0 },
		{ "dangling-link", "h8", AT_SYMLINK_FOLLOW }, { "loop", "h9", 0 },
		{ "loop", "h10", AT_SYMLINK_FOLLOW }, { "absent", "h11", 0 },
		{ "file", "absent/h12", 0 }, { "file", "file/h13", 0 }, { "", "h14", 0 },
		{ "file", "", 0 }, { "file", "to-dir/h15", 0 }, { "file", ".", 0 },
		{ "file", "..", 0 }, { "file", "h16", 0x8000 },
		{ "to-dir", "h17", AT_SYMLINK_FOLLOW },
		{ "/proc/self/exe", "h18", AT_SYMLINK_FOLLOW }, { "to-file/", "h19", 0 },
		{ "fifo", "h20", 0 }, { ".", "h21", 0 }, { "file", "dangling-link", 0 },
		{ "/proc/self/status", "h22", 0 },
	};
	char what[96];
	int fd;

	say("symlink dangling", symlink("nowhere", "dangling-link"));
	say("fifo", mkfifo("fifo", 0644));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(what, sizeof(what), "link %s %s %d", rows[i].from, rows[i].to, rows[i].flags);
		say(what, linkat(AT_FDCWD, rows[i].from, AT_FDCWD, rows[i].to, rows[i].flags));
	}
	fd = open("file", O_RDONLY);
	say("link of a descriptor", linkat(fd, "", AT_FDCWD, "by-fd", AT_EMPTY_PATH));
	say("link of an empty path without the flag", linkat(fd, "", AT_FDCWD, "by-fd2", 0));
	say("link of a bad descriptor", linkat(88, "", AT_FDCWD, "by-fd3", AT_EMPTY_PATH));
	snprintf(what, sizeof(what), "/proc/self/fd/%d", fd);
	say("link of /proc/self/fd", linkat(AT_FDCWD, what, AT_FDCWD, "by-proc", AT_SYMLINK_FOLLOW));
	close(fd);
	say_file("file");
}

static void temporary(void)
{
	char path[64];
	int fd = open(".", O_TMPFILE | O_RDWR, 0640);

	say("tmpfile", fd);
	say("write", write(fd, "abc", 3));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	say("tmpfile gets a name", linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	say("tmpfile gets another", linkat(fd, "", AT_FDCWD, "named2", AT_EMPTY_PATH));
	say_file("named");
	close(fd);
	fd = open("dir", O_TMPFILE | O_WRONLY | O_EXCL, 0600);
	say("tmpfile that stays nameless", fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	say("its name", linkat(AT_FDCWD, path, AT_FDCWD, "named3", AT_SYMLINK_FOLLOW));
	close(fd);
	say("tmpfile at a file", open("file", O_TMPFILE | O_RDWR, 0600));
	say("tmpfile for reading", open(".", O_TMPFILE | O_RDONLY, 0600));
}

/* --- renames --- */

static const struct { const char *from, *to; unsigned flags; } rename_rows[] = {
	{ "a", "b", 0 }, { "b", "a", 0 }, { "a", "a", 0 }, { "a", "a2", 1 }, { "a2", "c", 1 },
	{ "a2", "c", 2 }, { "a2", "absent", 2 }, { "a2", "c", 3 }, { "a2", "c", 4 },
	{ "a2", "c", 0x80 }, { "a2", "e1", 0 }, { "e1", "a2", 0 }, { "e1", "e2", 0 },
	{ "e2", "full", 0 }, { "full", "e2", 0 }, { "e2", "e2/sub", 0 }, { "e2", "e2/x/y", 0 },
	{ "e2/x", "e2", 0 }, { "absent", "z", 0 }, { "absent", "file/z", 0 }, { "a2/", "z", 0 },
	{ "a2", "z/", 0 }, { "e2/", "e3", 0 }, { "e3", "e4/", 0 }, { "e4/", "e5/", 0 },
	{ ".", "z", 0 }, { "..", "z", 0 }, { "e5/.", "z", 0 }, { "a2", ".", 0 }, { "a2", "..", 0 },
	{ "", "z", 0 }, { "a2", "", 0 }, { "l1", "l2", 0 }, { "l2", "a2", 0 },
	{ "a2", "dangling-link", 0 }, { "l3", "l4/", 0 }, { "l3/", "l5", 0 }, { "c", "e5", 2 },
	{ "e5", "c", 2 }, { "h1", "h1b", 0 }, { "fifo", "fifo2", 0 }, { "c", "absent/c", 0 },
	{ "c", "/proc/self/x", 0 }, { "c", "/dev/shm", 0 }, { "e5", "c", 1 },
};

static void renames(void)
{
	char what[96];

	put("a", "a");
	put("c", "c");
	mkdir("e1", 0755);
	mkdir("e2", 0755);
	mkdir("full", 0755);
	mkdir("full/x", 0755);
	put("h1", "h");
	say("hard link", link("h1", "h1b"));
	say("link", symlink("a", "l1"));
	say("link", symlink("full", "l3"));
	for (size_t i = 0; i < ARRAY_SIZE(rename_rows); i++) {
		const char *from = rename_rows[i].from, *to = rename_rows[i].to;
		unsigned flags = rename_rows[i].flags;

		snprintf(what, sizeof(what), "rename %s %s %u", from, to, flags);
		say(what, syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags));
	}
	say("rename", rename("l3", "l6"));
	say("renameat", renameat(AT_FDCWD, "l6", AT_FDCWD, "l7"));
}

/* --- places --- */

static void from_descriptors(void)
{
	int dir, path_only, gone;
	char path[64];

	mkdir("at", 0755);
	mkdir("at/gone", 0755);
	dir = open("at", O_RDONLY | O_DIRECTORY);
	path_only = open("at", O_PATH);
	gone = open("at/gone", O_RDONLY | O_DIRECTORY);
	rmdir("at/gone");
	say("mkdirat", mkdirat(dir, "one", 0755));
	say("mkdirat of O_PATH", mkdirat(path_only, "two", 0755));
	say("mkdirat in what is gone", mkdirat(gone, "x", 0755));
	say("openat in what is gone", openat(gone, "x", O_CREAT | O_WRONLY, 0644));
	say("symlinkat", symlinkat("one", dir, "link"));
	say("linkat across", linkat(AT_FDCWD, "file", dir, "linked", 0));
	say("renameat across", renameat(dir, "two", AT_FDCWD, "two"));
	say("openat", openat(dir, "created", O_CREAT | O_EXCL | O_WRONLY, 0600));
	snprintf(path, sizeof(path), "/proc/self/fd/%d/three", dir);
	say("mkdir by /proc/self/fd", mkdir(path, 0755));
	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d/four", dir);
	say("mkdir by /proc/thread-self", mkdir(path, 0755));
	snprintf(path, sizeof(path), "//proc/./self/fd/%d/five", dir);
	say("mkdir by another spelling", mkdir(path, 0755));
	snprintf(path, sizeof(path), "/proc/%d/cwd/six", (int)getpid());
	say("mkdir by /proc/PID/cwd", mkdir(path, 0755));
	say("mkdir by //proc/self/cwd", mkdir("//proc/self/cwd/seven", 0755));
	say("a link to /proc/self/cwd", symlink("/proc/self/cwd", "magic"));
	say("mkdir through it", mkdir("magic/eight", 0755));
	snprintf(path, sizeof(path), "/dev/fd/%d/nine", dir);
	say("mkdir by /dev/fd", mkdir(path, 0755));
	say("fchdir", fchdir(dir));
	say("mkdir by //proc/self/cwd from there", mkdir("//proc/self/cwd/ten", 0755));
	say("mkdir by a link to /proc/self/cwd", mkdir("../magic/eleven", 0755));
	say("chdir", chdir(".."));
}

static void standard_streams(void)
{
	int saved = dup(1), fd = open("stdout", O_CREAT | O_RDWR | O_TRUNC, 0644), r1, r2, r3, e1, e2, e3;

	fflush(stdout);
	dup2(fd, 1);
	r1 = open("/dev/stdout", O_WRONLY | O_CREAT | O_APPEND, 0644);
	e1 = errno;
	r2 = open("/dev/fd/1", O_WRONLY | O_CREAT, 0644);
	e2 = errno;
	r3 = open("/proc/self/fd/1", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	e3 = errno;
	if (write(r1, "one\n", 4) < 0 || write(r3, "two\n", 4) < 0)
		e3 = errno;
	dup2(saved, 1);
	errno = e1;
	say("/dev/stdout", r1);
	errno = e2;
	say("/dev/fd/1", r2);
	errno = e3;
	say("/proc/self/fd/1", r3);
	say_file("stdout");
	say_open("/dev/null with O_CREAT", open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0644));
	say_open("/dev/tty with O_CREAT", open("/dev/tty", O_WRONLY | O_CREAT, 0644));
	say_open("/dev/full with O_CREAT", open("/dev/full", O_WRONLY | O_CREAT, 0644));
	say_open("/proc/self/comm with O_CREAT", open("/proc/self/comm", O_WRONLY | O_CREAT, 0644));
	say_open("a new file in /proc", open("/proc/self/bawn", O_WRONLY | O_CREAT, 0644));
	say("a new directory in /proc", mkdir("/proc/bawn", 0755));
	say_open("a new file in /dev/shm", open("/dev/shm/bawn-probe", O_RDWR | O_CREAT | O_EXCL, 0600));
	say("unlink", unlink("/dev/shm/bawn-probe"));
}

static void *fill(char *buffer, size_t size, const char *piece)
{
	buffer[0] = '\0';
	while (strlen(buffer) + strlen(piece) < size)
		strcat(buffer, piece);
	return buffer;
}

static void long_names(void)
{
	static char path[8192];
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int depth = 0;

	memset(path, 'n', 256);
	path[255] = '\0';
	say("mkdir of 255 letters", mkdir(path, 0755));
	say("rmdir", rmdir(path));
	path[255] = 'n';
	path[256] = '\0';
	say("mkdir of 256 letters", mkdir(path, 0755));
	say("open of 256 letters", open(path, O_CREAT | O_WRONLY, 0644));
	say("mkdir of 4,095 letters", mkdir(fill(path, 4096, "./"), 0755));
	strcpy(path + 4094, "y");
	say("mkdir at the longest path", mkdir(path, 0755));
	say("rmdir", rmdir("y"));
	say("mkdir of 4,096 letters", mkdir(fill(path, 4097, "./"), 0755));
	say("symlink with a long target", symlink(fill(path, 4000, "t/"), "long-link"));
	say("symlink with too long a target", symlink(fill(path, 4098, "t/"), "long-link2"));
	mprotect(page + 4096, 4096, PROT_NONE);
	strcpy(page + 4096 - 5, "edge");
	say("a path at the end of a page", mkdir(page + 4096 - 5, 0755));
	memset(page + 4096 - 5, 'e', 5);
	say("a path that runs over it", mkdir(page + 4096 - 5, 0755));
	memset(path, 'd', 200);
	path[200] = '\0';
	while (depth < 30 && mkdir(path, 0755) == 0 && chdir(path) == 0)
		depth++;
	printf("a tree of %d levels\n", depth);
	say("a file in a deep place", open("deep", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	say("a rename there", rename("deep", "deeper"));
	say("unlink", unlink("deeper"));
	while (depth-- > 0 && chdir("..") == 0)
		rmdir(path);
}

static void sticky(void)
{
	int fd;

	say("sticky", mkdir("sticky", 0755));
	say("chmod", chmod("sticky", 01777));
	fd = open("sticky/f", O_CREAT | O_WRONLY, 0666);
	say("file in it", fd);
	say_open("again, with O_CREAT", open("sticky/f", O_CREAT | O_WRONLY, 0666));
	say("link in it", symlink("f", "sticky/l"));
	say_open("through a link in it", open("sticky/l", O_CREAT | O_WRONLY, 0666));
	say("fifo in it", mkfifo("sticky/p", 0666));
	say_open("fifo in it, opened", open("sticky/p", O_CREAT | O_RDWR | O_NONBLOCK, 0666));
	say("rename in it", rename("sticky/f", "sticky/g"));
	say("set-group-id directory", mkdir("sticky/sub", 0755));
	close(fd);
}

/* user::rwx, group::r-x, mask::rwx, other::---, and a named user: the mode of what is made follows it and not
 * the umask. */
static void default_acl(void)
{
	struct { uint32_t version; struct { uint16_t tag, permission; uint32_t id; } entries[5]; } acl = {
		2, { { 1, 7, ~0u }, { 2, 7, getuid() }, { 4, 5, ~0u }, { 16, 7, ~0u }, { 32, 0, ~0u } },
	};

	say("directory", mkdir("acl", 0755));
	say("default ACL", setxattr("acl", "system.posix_acl_default", &acl, sizeof(acl), 0));
	umask(077);
	say_open("file", open("acl/file", O_CREAT | O_WRONLY, 0666));
	say("mkdir", mkdir("acl/dir", 0777));
	say("mkfifo", mkfifo("acl/fifo", 0666));
	umask(022);
	say_file("acl/file");
	say_file("acl/dir");
	say_file("acl/fifo");
}

/* --- waiting, sockets, processes --- */

static void fifos(void)
{
	char byte = 0;
	pid_t pid;
	int fd;

	say("fifo", mkfifo("pipe", 0644));
	say("nobody reads", open("pipe", O_CREAT | O_WRONLY | O_NONBLOCK, 0644));
	pid = fork();
	if (pid == 0) {
		usleep(50000);
		fd = open("pipe", O_RDONLY);
		_exit(read(fd, &byte, 1) == 1 && byte == 'z' ? 0 : 1);
	}
	fd = open("pipe", O_CREAT | O_WRONLY, 0644);		/* waits for the reader */
	say("open for writing", fd);
	say("write", write(fd, "z", 1));
	close(fd);
	waitpid(pid, &fd, 0);
	printf("the reader: %d\n", WEXITSTATUS(fd));
}

static void say_address(int fd)
{
	struct sockaddr_un address = { 0 };
	socklen_t size = sizeof(address);

	say("getsockname", getsockname(fd, (struct sockaddr *)&address, &size));
	printf("  %u bytes: %s\n", (unsigned)size, address.sun_path[0] ? address.sun_path : address.sun_path + 1);
}

static void bind_to(const char *path, int type, size_t extra)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t size = strnlen(path, sizeof(address.sun_path));
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + extra);
	int fd = socket(AF_UNIX, type, 0);
	char what[160];

	memcpy(address.sun_path, path, size);
	snprintf(what, sizeof(what), "bind %.120s", path);
	say(what, bind(fd, (struct sockaddr *)&address, length));
	say_address(fd);
	say("bind again", bind(fd, (struct sockaddr *)&address, sizeof(address)));
	close(fd);
}

static void sockets(void)
{
	static char path[200];

	bind_to("sock", SOCK_STREAM, 1);
	bind_to("sock", SOCK_STREAM, 1);
	bind_to("./sock2", SOCK_SEQPACKET, 1);
	bind_to("dir/sock3", SOCK_STREAM, 0);
	bind_to("absent/sock", SOCK_STREAM, 1);
	bind_to("file/sock", SOCK_STREAM, 1);
	bind_to("dangling-link", SOCK_STREAM, 1);
	bind_to("file", SOCK_STREAM, 1);
	bind_to("new/", SOCK_STREAM, 1);
	fill(path, 103, "./");
	bind_to(strcat(path, "s5"), SOCK_STREAM, 1);
	fill(path, 106, "./");
	bind_to(strcat(path, "s6"), SOCK_STREAM, 0);
	umask(077);
	bind_to("private", SOCK_STREAM, 1);
	umask(022);
	say_file("sock");
	say_file("private");
	say("bind of a bad address", bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)16, 20));
	say("bind of a bad descriptor", bind(99, (struct sockaddr *)&(struct sockaddr_un){ .sun_family = AF_UNIX }, 2));
	say("bind of no socket", bind(1, (struct sockaddr *)&(struct sockaddr_un){ .sun_family = AF_UNIX }, 10));
	say("bind of too short an address", bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)path, 1));
	for (int i = 3; i < 30; i++)
		close(i);
}

static void not_dumpable(void)
{
	say("not dumpable", prctl(PR_SET_DUMPABLE, 0));
	say("mkdir", mkdir("undumpable", 0755));
	say("open", open("undumpable/file", O_CREAT | O_WRONLY, 0640));
	say("rename", rename("undumpable/file", "undumpable/other"));
	say("link", link("undumpable/other", "undumpable/link"));
	say("/dev/stdout", open("/dev/stdout", O_WRONLY | O_CREAT, 0644));
	say("dumpable", prctl(PR_SET_DUMPABLE, 1));
}

static void limits(void)
{
	struct rlimit old, few = { 0 };
	int lowest = dup(0);

	close(lowest);
	put("precious", "precious");
	getrlimit(RLIMIT_NOFILE, &old);
	few.rlim_cur = (rlim_t)lowest;
	few.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	say("open at the limit", open("at-limit", O_CREAT | O_WRONLY, 0644));
	say("truncating open at the limit", open("precious", O_CREAT | O_TRUNC | O_WRONLY, 0644));
	setrlimit(RLIMIT_NOFILE, &old);
	say_file("at-limit");
	say_file("precious");
}

/* A thread may have a working directory of its own. */
static int elsewhere(void *argument)
{
	(void)argument;
	if (unshare(CLONE_FS) < 0 || chdir("at") < 0)
		return 1;
	umask(0);
	return mkdir("from-thread", 0777) < 0 ? 2 : 0;
}

static void own_directory(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	int status = -1;
	pid_t pid = clone(elsewhere, stack + sizeof(stack), CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, NULL);

	say("process that shares our memory", pid < 0 ? -1 : 0);
	waitpid(pid, &status, 0);
	printf("its status: %d\n", status);
	say_file("at/from-thread");
	say("our own directory", mkdir("own", 0777));
	say_file("own");
}

/* --- the tree that is left --- */

static int by_name(const struct dirent **left, const struct dirent **right)
{
	return strcmp((*left)->d_name, (*right)->d_name);
}

static void say_tree(const char *directory)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, NULL, by_name);
	char path[4096];

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, name);
		say_file(path);
		if (entries[i]->d_type == DT_DIR)
			say_tree(path);
		free(entries[i]);
	}
}

static int trial_semantics(char **argv)
{
	static void (*const groups[])(void) = {
		opens, modes, directories, links, temporary, renames, from_descriptors,
		standard_streams, long_names, sticky,
		default_acl, fifos, sockets, not_dumpable, limits, own_directory,
	};

	(void)argv;
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		printf("--- group %zu\n", i);
		groups[i]();
	}
	say_tree(".");
	printf("%u operations\n", said);
	return 0;
}

const struct trial semantic_trials[] = {
	{ "semantics", 0, trial_semantics, "a transcript of file operations in the working directory" },
	{ NULL, 0, NULL, NULL },
};
