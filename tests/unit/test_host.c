/* SPDX-License-Identifier: Apache-2.0 */
/* test_host.c — what host.c and host_linux.c tell of the real machine, in a directory of the test's
 * own. */
#include "run/internal.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[64];			/* canonical; the working directory of every test */

static void make_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int bind_socket(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* Absolute: the kernel shows the address as it was given. */
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", directory, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static int enter(void **state)
{
	char template[] = "/tmp/bawn-test-host.XXXXXX";

	if (!mkdtemp(template) || chdir(template) < 0 || !getcwd(directory, sizeof(directory)))
		return -1;
	*state = strdup(directory);
	return 0;
}

static int leave(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", (const char *)*state);
	free(*state);
	return chdir("/") < 0 || system(command) != 0 ? -1 : 0;
}

/* --- lookup ----------------------------------------------------------------------------------- */

static bool with_openat2 = true;

static struct host_files *shared;		/* by lookups that follow each other, or NULL */

static int lookup(const char *name, struct host_entry *entry)
{
	struct host_files own = { .no_openat2 = !with_openat2 }, *files = shared ? shared : &own;
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	memset(entry, 0x55, sizeof(*entry));
	return host_lookup(files, path, entry);
}

static void expect(const char *name, enum host_type type, bool direct)
{
	struct host_entry entry;

	assert_int_equal(lookup(name, &entry), 0);
	assert_int_equal(entry.type, type);
	assert_int_equal(entry.direct, direct);
}

static void expect_all_types(void)
{
	expect("file", HOST_FILE, true);
	expect("dir", HOST_DIRECTORY, true);
	expect("dir/inner", HOST_FILE, true);
	expect("socket", HOST_SOCKET, true);
	expect("fifo", HOST_OTHER, true);
	expect("missing", HOST_MISSING, true);
	expect("dir/missing/below", HOST_MISSING, true);
	expect("file/below-a-file", HOST_MISSING, true);
	expect("link", HOST_SYMLINK, true);
	expect("link/inner", HOST_FILE, false);
	expect("link/missing", HOST_MISSING, false);
	expect("dangling", HOST_SYMLINK, true);
	expect("dangling/below", HOST_MISSING, false);
}

static void make_one_of_each(void)
{
	make_file("file", "text");
	assert_int_equal(mkdir("dir", 0755), 0);
	make_file("dir/inner", "");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(symlink("dir", "link"), 0);
	assert_int_equal(symlink("nowhere/at/all", "dangling"), 0);
	close(bind_socket("socket"));
}

static void lookup_tells_the_type_and_whether_a_link_is_on_the_way(void **state)
{
	struct host_entry entry;

	make_one_of_each();
	expect_all_types();
	assert_int_equal(host_lookup(&(struct host_files){ 0 }, "/dev/null", &entry), 0);
	assert_int_equal(entry.type, HOST_DEVICE);
}

static void lookup_says_the_same_without_openat2(void **state)
{
	make_one_of_each();
	with_openat2 = false;
	expect_all_types();
	with_openat2 = true;
}

static unsigned open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* The directory of the path before is kept open; what is asked of it is the same. */
static void lookup_says_the_same_of_neighbours(void **state)
{
	static struct host_files files;
	unsigned before = open_descriptors();
	struct host_entry entry;

	make_one_of_each();
	make_file("dir/other", "");
	shared = &files;
	expect_all_types();
	expect("link/inner", HOST_FILE, false);
	expect("link/inner", HOST_FILE, false);		/* a directory that a link leads to is not kept */
	expect("missing/a", HOST_MISSING, true);
	expect("missing/b", HOST_MISSING, true);
	expect("dir/inner", HOST_FILE, true);
	expect("dir/other", HOST_FILE, true);
	expect("dir/none", HOST_MISSING, true);
	assert_int_equal(open_descriptors(), before + 1);
	expect("dir/.", HOST_DIRECTORY, true);
	expect("dir/..", HOST_DIRECTORY, true);
	expect("dir/", HOST_DIRECTORY, true);
	assert_int_equal(lookup("link", &entry), 0);
	assert_int_equal(lookup("dangling", &entry), 0);
	assert_string_equal(entry.target, "nowhere/at/all");
	host_rest(&files);
	assert_int_equal(open_descriptors(), before);
	expect("file", HOST_FILE, true);
	expect("dir", HOST_DIRECTORY, true);
	assert_int_equal(open_descriptors(), before);	/* it is over */
	shared = NULL;
}

static void lookup_reads_where_a_link_points(void **state)
{
	struct host_entry entry;

	assert_int_equal(symlink("../some where", "link"), 0);
	for (int i = 0; i < 2; i++) {
		with_openat2 = i == 0;
		assert_int_equal(lookup("link", &entry), 0);
		assert_string_equal(entry.target, "../some where");
	}
	with_openat2 = true;
}

static void lookup_counts_hard_links_and_knows_the_inode(void **state)
{
	struct host_entry one, other;

	make_file("one", "");
	assert_int_equal(link("one", "other"), 0);
	assert_int_equal(lookup("one", &one), 0);
	assert_int_equal(lookup("other", &other), 0);
	assert_int_equal(one.links, 2);
	assert_true(one.inode == other.inode && one.device == other.device);
}

static void lookup_does_not_guess_in_a_loop_of_links(void **state)
{
	struct host_entry entry;

	assert_int_equal(symlink("b", "a"), 0);
	assert_int_equal(symlink("a", "b"), 0);
	assert_int_equal(lookup("a/x", &entry), -ELOOP);
}

static void lookup_takes_names_that_are_not_utf8(void **state)
{
	make_file("\xff\xfe", "");
	expect("\xff\xfe", HOST_FILE, true);
}

/* --- list ------------------------------------------------------------------------------------- */

struct listing { size_t count, directories, stop_at; };

static int visit(void *argument, const char *name, enum host_type type, uint64_t inode)
{
	struct listing *listing = argument;

	assert_string_not_equal(name, ".");
	assert_string_not_equal(name, "..");
	assert_true(inode != 0);
	listing->count++;
	listing->directories += type == HOST_DIRECTORY;
	return listing->count == listing->stop_at ? 42 : 0;
}

static void list_visits_every_name_once(void **state)
{
	struct listing listing = { 0 };
	char name[32];

	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "%04d-%s", i, "a-longer-name");
		if (i % 10)
			make_file(name, "");
		else
			assert_int_equal(mkdir(name, 0755), 0);
	}
	assert_int_equal(host_list(NULL, directory, visit, &listing), 0);
	assert_int_equal(listing.count, 3000);
	assert_int_equal(listing.directories, 300);
}

static void list_stops_when_it_is_told_to(void **state)
{
	struct listing listing = { .stop_at = 2 };

	make_file("a", "");
	make_file("b", "");
	make_file("c", "");
	assert_int_equal(host_list(NULL, directory, visit, &listing), 42);
	assert_int_equal(listing.count, 2);
}

static void list_of_what_is_no_directory_fails(void **state)
{
	struct listing listing = { 0 };

	make_file("file", "");
	assert_int_equal(host_list(NULL, "file", visit, &listing), -ENOTDIR);
	assert_int_equal(host_list(NULL, "missing", visit, &listing), -ENOENT);
}

/* --- host_read -------------------------------------------------------------------------------- */

static int read_host(struct arena *arena, const char *where, const char *const *variables, struct host *host)
{
	return host_read(arena, where, variables, host, NULL);
}

static void reads_small_files_only_as_far_as_there_is_room(void **state)
{
	struct arena arena = { 0 };
	struct host host;
	char bytes[5];

	make_file("file", "gitdir: x");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(read_host(&arena, NULL, NULL, &host), 0);
	assert_int_equal(host.read(host.context, "file", bytes, sizeof(bytes)), 4);
	assert_string_equal(bytes, "gitd");
	assert_int_equal(host.read(host.context, "missing", bytes, sizeof(bytes)), -ENOENT);
	assert_int_equal(host.read(host.context, "fifo", bytes, sizeof(bytes)), -EINVAL);	/* does not hang */
	arena_done(&arena);
}

static void working_directory_is_canonical(void **state)
{
	struct arena arena = { 0 };
	char expected[96];
	struct host host;

	assert_int_equal(mkdir("dir", 0755), 0);
	assert_int_equal(symlink("dir", "link"), 0);
	snprintf(expected, sizeof(expected), "%s/dir", directory);
	assert_int_equal(read_host(&arena, NULL, NULL, &host), 0);
	assert_string_equal(host.cwd, directory);
	assert_int_equal(read_host(&arena, "link/../link/.", NULL, &host), 0);
	assert_string_equal(host.cwd, expected);
	assert_int_equal(read_host(&arena, "missing", NULL, &host), -ENOENT);
	make_file("file", "");
	assert_int_equal(read_host(&arena, "file", NULL, &host), -ENOTDIR);
	arena_done(&arena);
}

static void a_deleted_working_directory_is_no_error(void **state)
{
	struct arena arena = { 0 };
	struct host host;
	int fd = open(".", O_PATH | O_CLOEXEC);

	assert_int_equal(mkdir("gone", 0755), 0);
	assert_int_equal(chdir("gone"), 0);
	assert_int_equal(rmdir("../gone"), 0);
	assert_int_equal(read_host(&arena, NULL, NULL, &host), 0);
	assert_null(host.cwd);
	assert_int_equal(fchdir(fd), 0);
	close(fd);
	arena_done(&arena);
}

static void home_is_the_variable_or_the_password_files(void **state)
{
	static const char *const given[] = { "HOME=/srv//home/", NULL };
	static const char *const root[] = { "HOME=/", NULL };
	static const char *const relative[] = { "HOME=here", NULL };
	struct arena arena = { 0 };
	struct host host;

	assert_int_equal(read_host(&arena, NULL, given, &host), 0);
	assert_string_equal(host.home, "/srv/home");
	assert_int_equal(read_host(&arena, NULL, root, &host), 0);
	assert_string_equal(host.home, "/");
	assert_int_equal(read_host(&arena, NULL, relative, &host), 0);
	assert_true(!host.home || host.home[0] == '/');
	assert_int_equal(read_host(&arena, NULL, NULL, &host), 0);
	assert_true(!host.home || host.home[0] == '/');
	arena_done(&arena);
}

static void tmpdir_is_absolute_or_absent(void **state)
{
	static const char *const given[] = { "TMPDIR=/var/tmp/", NULL };
	static const char *const relative[] = { "TMPDIR=t", NULL };
	static const char *const empty[] = { "TMPDIR=", NULL };
	struct arena arena = { 0 };
	struct host host;
	char expected[96];

	snprintf(expected, sizeof(expected), "%s/t", directory);
	assert_int_equal(read_host(&arena, NULL, given, &host), 0);
	assert_string_equal(host.tmpdir, "/var/tmp");
	assert_int_equal(read_host(&arena, NULL, relative, &host), 0);
	assert_string_equal(host.tmpdir, expected);
	assert_int_equal(read_host(&arena, NULL, empty, &host), 0);
	assert_null(host.tmpdir);
	arena_done(&arena);
}

static void bound_sockets_are_listed_once_and_sorted(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = bind_socket("with space"), peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct arena arena = { 0 };
	struct host host;
	int found = 0;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/with space", directory);
	assert_int_equal(connect(peer, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(read_host(&arena, NULL, NULL, &host), 0);
	assert_non_null(host.sockets);
	for (const char *const *path = host.sockets; *path; path++) {
		found += !strcmp(*path, address.sun_path);
		assert_int_equal((*path)[0], '/');
		assert_true(path == host.sockets || strcmp(path[-1], path[0]) < 0);
	}
	assert_int_equal(found, 1);
	close(peer);
	close(listener);
	arena_done(&arena);
}

static void environ_find_wants_the_whole_name(void **state)
{
	static const char *const variables[] = { "HOMER=no", "HOME=yes", "HOME=later", NULL };

	assert_string_equal(environ_find(variables, "HOME"), "yes");
	assert_null(environ_find(variables, "HOM"));
	assert_null(environ_find(NULL, "HOME"));
}

/* --- config_read ------------------------------------------------------------------------------ */

static void config_is_read_when_it_can_be_trusted(void **state)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	char *text = NULL;
	size_t size = 0;

	make_file("c.toml", "a = 1\n");
	assert_int_equal(config_read("c.toml", &text, &size, &err), 0);
	assert_int_equal(size, 6);
	assert_string_equal(text, "a = 1\n");
	free(text);
}

static void config_that_others_may_write_is_refused(void **state)
{
	static const mode_t modes[] = { 0664, 0646, 0666 };
	struct bawn_error err = BAWN_ERROR_INIT;
	char *text = NULL;
	size_t size;

	make_file("c.toml", "");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(chmod("c.toml", modes[i]), 0);
		assert_int_equal(config_read("c.toml", &text, &size, &err), -EPERM);
		assert_non_null(strstr(err.message, "chmod go-w"));
	}
	assert_null(text);
}

/* Root's own files are nobody's (65534) in a user namespace that does not map root, as in the box of an ordinary user.
 * The status: what is left to do with it. */
static int read_of_another_without_root(void)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	char map[64];
	char *text = NULL;
	size_t size;
	struct stat st;
	int fd, r;

	if (stat("/etc/passwd", &st) == 0 && st.st_uid == 0) {
		snprintf(map, sizeof(map), "%u %u 1", geteuid(), geteuid());
		if (unshare(CLONE_NEWUSER) < 0)
			return 2;
		fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, map, strlen(map)) < 0)
			return 3;
	}
	r = config_read("/etc/passwd", &text, &size, &err);
	return r == -EPERM && strstr(err.message, "belongs to user") ? 0 : 1;
}

static void config_of_another_user_is_refused(void **state)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	char *text = NULL;
	size_t size;
	int status = -1;
	pid_t pid;

	make_file("c.toml", "");
	if (chown("c.toml", 54321, (gid_t)-1) == 0) {
		assert_int_equal(config_read("c.toml", &text, &size, &err), -EPERM);
		assert_non_null(strstr(err.message, "54321"));
		return;
	}
	pid = fork();
	if (pid == 0)
		_exit(read_of_another_without_root());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void config_that_is_no_file_is_refused(void **state)
{
	char *text = NULL;
	size_t size;

	assert_int_equal(mkdir("dir", 0755), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	make_file("file", "");
	assert_int_equal(config_read("dir", &text, &size, NULL), -EINVAL);
	assert_int_equal(config_read("fifo", &text, &size, NULL), -EINVAL);
	assert_int_equal(config_read("missing", &text, &size, NULL), -ENOENT);
	assert_int_equal(config_read("file/below", &text, &size, NULL), -ENOENT);
	assert_null(text);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(lookup_tells_the_type_and_whether_a_link_is_on_the_way),
		TEST(lookup_says_the_same_without_openat2),
		TEST(lookup_says_the_same_of_neighbours),
		TEST(lookup_reads_where_a_link_points),
		TEST(lookup_counts_hard_links_and_knows_the_inode),
		TEST(lookup_does_not_guess_in_a_loop_of_links),
		TEST(lookup_takes_names_that_are_not_utf8),
		TEST(list_visits_every_name_once),
		TEST(list_stops_when_it_is_told_to),
		TEST(list_of_what_is_no_directory_fails),
		TEST(reads_small_files_only_as_far_as_there_is_room),
		TEST(working_directory_is_canonical),
		TEST(a_deleted_working_directory_is_no_error),
		TEST(home_is_the_variable_or_the_password_files),
		TEST(tmpdir_is_absolute_or_absent),
		TEST(bound_sockets_are_listed_once_and_sorted),
		TEST(environ_find_wants_the_whole_name),
		TEST(config_is_read_when_it_can_be_trusted),
		TEST(config_that_others_may_write_is_refused),
		TEST(config_of_another_user_is_refused),
		TEST(config_that_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
