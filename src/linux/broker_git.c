/* SPDX-License-Identifier: Apache-2.0 */
/* broker_git.c — what stays closed under `.git = "commit"` wherever it is made.
 *
  * Should: know these files by name and place. Mustn't: let a directory move in that has them already. */
#include "linux/broker.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

/* Whether path is COMMON/worktrees/ID/NAME; then where NAME begins. */
static const char *worktree_member(const struct commit *commit, const char *path)
{
	size_t size = commit->common ? strlen(commit->common) : 0;
	const char *member;

	if (!size || strncmp(path, commit->common, size) || strncmp(path + size, "/worktrees/", 11))
		return NULL;
	member = strchr(path + size + 11, '/');
	return member ? member + 1 : NULL;
}

static enum git_name name_in(const struct commit *commit, const struct place *place)
{
	const char *member = worktree_member(commit, place->path);

	if (member && !strcmp(member, "commondir"))
		return GIT_NAME_COMMONDIR;
	if (member && (!strncmp(member, "config", 6) || !strcmp(member, "hooks")))
		return GIT_NAME_CLOSED;
	return !strcasecmp(place->name, ".git") && path_below(place->path, commit->tree, false) ? GIT_NAME_REPOSITORY :
												 GIT_NAME_NONE;
}

enum git_name broker_git_name(const struct call *call, const struct place *place, const struct commit **ret_commit)
{
	const struct policy *policies[BROKER_POLICIES];
	size_t count = broker_policies(call, policies);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < policies[i]->commit_count; j++) {
			enum git_name name = name_in(&policies[i]->commits[j], place);

			*ret_commit = &policies[i]->commits[j];
			if (name != GIT_NAME_NONE)
				return name;
		}
	return count ? GIT_NAME_NONE : GIT_NAME_CLOSED;
}

static bool may_move_in(const struct commit *commit, const struct place *from, const struct place *to)
{
	char worktrees[TARGET_PATH_MAX];

	if (path_below(to->path, commit->tree, false) && !path_below(from->path, commit->tree, false))
		return false;
	if (!commit->common || strlen(commit->common) + sizeof("/worktrees") > sizeof(worktrees))
		return true;
	strcpy(worktrees, commit->common);
	strcat(worktrees, "/worktrees");
	return !path_below(to->path, worktrees, false);
}

bool broker_git_may_move(const struct call *call, const struct place *from, const struct place *to)
{
	const struct policy *policies[BROKER_POLICIES];
	size_t count = broker_policies(call, policies);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < policies[i]->commit_count; j++)
			if (!may_move_in(&policies[i]->commits[j], from, to))
				return false;
	return count > 0;
}

/* Whether worktrees/ID/gitdir says that path is its `.git`. */
static bool is_worktree_of(int worktrees, const char *id, const char *path)
{
	char file[TARGET_NAME_MAX + 16], text[TARGET_PATH_MAX];
	autoclose int fd = -1;
	ssize_t size;

	snprintf(file, sizeof(file), "%s/gitdir", id);
	fd = openat(worktrees, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (size <= 0)
		return false;
	text[size] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return !strcmp(text, path);
}

/* getdents64(2) as it is: readdir(3) allocates. */
static bool find_worktree(const struct commit *commit, const char *path, char id[TARGET_NAME_MAX])
{
	struct entry { uint64_t inode; int64_t offset; unsigned short size; unsigned char type; char name[]; };
	union { char bytes[8192]; uint64_t aligned; } buffer;
	char directory[TARGET_PATH_MAX];
	autoclose int fd = -1;
	long size;

	if (snprintf(directory, sizeof(directory), "%s/worktrees", commit->common) >= (int)sizeof(directory))
		return false;
	fd = sys_open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	while (fd >= 0 && (size = syscall(SYS_getdents64, fd, buffer.bytes, sizeof(buffer.bytes))) > 0) {
		for (long at = 0; at < size;) {
			const struct entry *entry = (const void *)(buffer.bytes + at);

			at += entry->size;
			if (entry->name[0] == '.' || strlen(entry->name) >= TARGET_NAME_MAX ||
			    !is_worktree_of(fd, entry->name, path))
				continue;
			strcpy(id, entry->name);
			return true;
		}
	}
	return false;
}

static int write_new(const struct place *place, const char *text, mode_t mode)
{
	autoclose int fd = openat(place->parent_fd, place->name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC,
				  mode);
	size_t size = strlen(text);

	return fd < 0 || write(fd, text, size) != (ssize_t)size ? -errno : 0;
}

int broker_git_make(struct call *call, struct place *place, enum git_name name, const struct commit *commit,
		    mode_t mode)
{
	char text[2 * TARGET_PATH_MAX] = "../..\n", id[TARGET_NAME_MAX];
	int r;

	if (name == GIT_NAME_REPOSITORY) {
		if (!commit->common || !find_worktree(commit, place->path, id))
			return -EACCES;
		snprintf(text, sizeof(text), "gitdir: %s/worktrees/%s\n", commit->common, id);
	} else if (name != GIT_NAME_COMMONDIR)
		return -EACCES;
	r = broker_take_umask(call);
	if (r < 0 || (r = write_new(place, text, mode)) < 0)
		return r;
	call->fd = (int)syscall(SYS_memfd_create, "written by bawn", 1u /* MFD_CLOEXEC */);
	return call->fd < 0 ? -errno : 0;
}
