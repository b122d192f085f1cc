/* SPDX-License-Identifier: Apache-2.0 */
/* locate.c — what a descriptor holds, by the path that the box's own tree has for it.
 *
 * A process with a mount namespace of its own may see a part of the tree anywhere, under any name, or hold a tree
 * that is mounted nowhere. Rules speak of paths in the box's tree, so the object is traced back: the mount that it
 * was reached by (statx(2)) says in the mountinfo of its owner which part of which file system it shows; the box's
 * own mountinfo says where that part lies in the box. What comes out is believed only when the object at that path
 * is the same one, so nothing depends on the tables holding still meanwhile.
 *
 * Should: say "unknown" in doubt, which refuses. Mustn't: allocate. */
#include "linux/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

/* File systems that a user namespace makes for itself and keeps names in. Those of the box are not meant: what is
 * mounted there has its place in the box's mountinfo. */
static const unsigned own_kinds[] = { 0x01021994 /* tmpfs */, 0x858458f6 /* ramfs */, 0x19800202 /* mqueue */,
				      0x1cd1 /* devpts */ };

/* --- mountinfo ---------------------------------------------------------------------------- */

struct mount_line {			/* proc_pid_mountinfo(5) */
	unsigned id, major, minor;
	char *root, *point;		/* in the reader's room, unescaped */
	bool read_only;
};

#define READER_ROOM ((size_t)64 * 1024)	/* a line: two paths, each byte as four at worst, and options */

struct mount_reader {
	int fd;
	size_t begin, end;
	char room[READER_ROOM + 1];
};

static int reader_open(struct mount_reader *reader, const char *path)
{
	reader->fd = sys_open(path, O_RDONLY | O_CLOEXEC);
	reader->begin = reader->end = 0;
	return reader->fd < 0 ? -errno : 0;
}

static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++)
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] && text[3]) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 3;
		} else
			*to++ = *text;
	*to = '\0';
}

/* The next line, without its end; NULL at the end, or when one does not fit. */
static char *next_line(struct mount_reader *reader)
{
	for (;;) {
		char *line = reader->room + reader->begin;
		char *end = memchr(line, '\n', reader->end - reader->begin);
		ssize_t size;

		if (end) {
			*end = '\0';
			reader->begin = (size_t)(end + 1 - reader->room);
			return line;
		}
		memmove(reader->room, line, reader->end - reader->begin);
		reader->end -= reader->begin;
		reader->begin = 0;
		size = read(reader->fd, reader->room + reader->end, READER_ROOM - reader->end);
		if (size <= 0)
			return NULL;
		reader->end += (size_t)size;
	}
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw" */
static bool next_mount(struct mount_reader *reader, struct mount_line *ret_mount)
{
	char *line = next_line(reader), *save = NULL, *fields[6];

	if (!line)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		fields[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!fields[i])
			return false;
	}
	ret_mount->id = (unsigned)strtoul(fields[0], NULL, 10);
	ret_mount->major = (unsigned)strtoul(fields[2], &save, 10);
	ret_mount->minor = *save ? (unsigned)strtoul(save + 1, NULL, 10) : 0;
	ret_mount->root = fields[3];
	ret_mount->point = fields[4];
	ret_mount->read_only = !strncmp(fields[5], "ro", 2) && (!fields[5][2] || fields[5][2] == ',');
	unescape(ret_mount->root);
	unescape(ret_mount->point);
	return true;
}

/* --- the mount that something was reached by ---------------------------------------------- */

struct part { unsigned major, minor; char path[TARGET_PATH_MAX]; };	/* of a file system */

static struct mount_reader reader;		/* the broker's only thread is its only user */

static bool join(char path[TARGET_PATH_MAX], const char *directory, const char *rest)
{
	if (!strcmp(directory, "/") && *rest)
		directory = "";
	return snprintf(path, TARGET_PATH_MAX, "%s%s", directory, rest) < TARGET_PATH_MAX;
}

/* What follows a directory in a path that lies in it; NULL when it does not. */
static const char *rest_below(const char *path, const char *directory)
{
	if (!path_below(path, directory, false))
		return NULL;
	return !strcmp(directory, "/") ? (path[1] ? path : "") : path + strlen(directory);
}

static bool read_root(const struct target *target, char root[TARGET_PATH_MAX])
{
	char link[32];
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/%d/root", (int)target->tid);
	size = readlink(link, root, TARGET_PATH_MAX - 1);
	root[size < 0 ? 0 : size] = '\0';
	return size > 0;
}

/* Which part of which file system path is, as the target sees it by that mount. */
static bool find_part(const struct target *target, uint64_t mount_id, const char *path, struct part *ret_part)
{
	char file[48], root[TARGET_PATH_MAX], point[TARGET_PATH_MAX];
	struct mount_line mount;
	bool found = false;

	snprintf(file, sizeof(file), "/proc/%d/mountinfo", (int)target->tid);
	if (!read_root(target, root) || reader_open(&reader, file) < 0)
		return false;
	while (!found && next_mount(&reader, &mount)) {
		const char *rest;

		if (mount.id != mount_id)
			continue;
		/* mountinfo counts from the root of its owner, a descriptor's path from that of the namespace */
		if (!join(point, root, strcmp(mount.point, "/") ? mount.point : "") ||
		    !(rest = rest_below(path, point)) || !join(ret_part->path, mount.root, rest))
			break;
		ret_part->major = mount.major;
		ret_part->minor = mount.minor;
		found = true;
	}
	close(reader.fd);
	return found;
}

/* --- and where that lies in the box ------------------------------------------------------- */

static bool is_at(const char *path, const struct stat *object)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_dev == object->st_dev && st.st_ino == object->st_ino;
}

/* Writable mounts first, since what is to be written came by one; then the one that shows least. */
static bool find_in_box(const struct part *part, const struct stat *object, char ret_path[TARGET_PATH_MAX])
{
	char candidate[TARGET_PATH_MAX];
	struct mount_line mount;
	size_t best = 0;

	if (reader_open(&reader, "/proc/self/mountinfo") < 0)
		return false;
	while (next_mount(&reader, &mount)) {
		size_t rank = 1 + strlen(mount.root) + (mount.read_only ? 0 : TARGET_PATH_MAX);
		const char *rest = mount.major == part->major && mount.minor == part->minor ?
					   rest_below(part->path, mount.root) :
					   NULL;

		if (!rest || rank <= best || !join(candidate, mount.point, rest) || !is_at(candidate, object))
			continue;
		best = rank;
		memcpy(ret_path, candidate, sizeof(candidate));
	}
	close(reader.fd);
	return best > 0;
}

/* Whether it lies on a file system that the box does not have: then nothing of the box's is there. */
static bool is_foreign(int fd, const struct stat *object)
{
	struct mount_line mount;
	struct statfs fs;
	bool own_kind = false, in_box = false;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(own_kinds); i++)
		own_kind |= (unsigned)fs.f_type == own_kinds[i];
	if (!own_kind || reader_open(&reader, "/proc/self/mountinfo") < 0)
		return false;
	while (!in_box && next_mount(&reader, &mount))
		in_box = makedev(mount.major, mount.minor) == object->st_dev;
	close(reader.fd);
	return !in_box;
}

uint64_t mount_of(int fd)
{
	struct sys_statx st = { 0 };

	if (sys_statx(fd, "", AT_EMPTY_PATH, SYS_STATX_MNT_ID, &st) < 0 || !(st.mask & SYS_STATX_MNT_ID))
		return 0;
	return st.mount_id;
}

enum tree locate(const struct target *target, int fd, char path[TARGET_PATH_MAX])
{
	struct stat object;
	struct part part;

	if (fstat(fd, &object) < 0)
		return TREE_UNKNOWN;
	if (is_at(path, &object) || !object.st_nlink)	/* in a directory that is gone nothing can be made */
		return TREE_OURS;
	if (is_foreign(fd, &object))
		return TREE_FOREIGN;
	if (!find_part(target, mount_of(fd), path, &part) || !find_in_box(&part, &object, path))
		return TREE_UNKNOWN;
	return TREE_OURS;
}

/* --- places ------------------------------------------------------------------------------- */

/* Goes up to the directory that stands for one too deep for a path. */
static bool is_above(int directory, const char *path)
{
	autoclose int fd = openat(directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat here, above;

	while (fd >= 0 && fstat(fd, &here) == 0 && !is_at(path, &here)) {
		int next = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (next < 0 || fstat(next, &above) < 0 ||
		    (above.st_dev == here.st_dev && above.st_ino == here.st_ino)) {
			cleanup_fd(&next);
			return false;
		}
		close(fd);
		fd = next;
	}
	return fd >= 0;
}

static enum tree locate_deep(const struct place *place)
{
	struct stat object;

	if (is_above(place->parent_fd, place->path))
		return TREE_OURS;
	return fstat(place->parent_fd, &object) == 0 && is_foreign(place->parent_fd, &object) ? TREE_FOREIGN :
												   TREE_UNKNOWN;
}

void place_locate(const struct target *target, struct place *place)
{
	bool named = strcmp(place->name, ".") != 0;
	char directory[TARGET_PATH_MAX], path[TARGET_PATH_MAX];
	size_t size = strlen(place->path) - (named ? strlen(place->name) + 1 : 0);

	if (place->deep) {
		place->tree = locate_deep(place);
		return;
	}
	memcpy(directory, place->path, size);
	strcpy(directory + size, size ? "" : "/");
	place->tree = locate(target, place->parent_fd, directory);
	if (place->tree != TREE_OURS)
		return;
	if (snprintf(path, sizeof(path), "%s%s%s", named && !directory[1] ? "" : directory, named ? "/" : "",
		     named ? place->name : "") >= (int)sizeof(path))
		place->tree = TREE_UNKNOWN;
	else if (strcmp(path, place->path)) {
		memcpy(place->seen, place->path, sizeof(path));
		memcpy(place->path, path, sizeof(path));
	}
}
