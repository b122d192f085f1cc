/* SPDX-License-Identifier: Apache-2.0 */
/* git.c — what of a repository stays closed, and what `.git = "commit"` opens.
 *
 * A `.git` is a directory, or a file that points to one: "gitdir: PATH" (gitrepository-layout(5)) in linked
 * worktrees and submodules. Such a git directory may in turn name a common one in its file commondir.
 * Protecting a repository protects all of them, as far as they could be written at all. "commit" opens the git
 * directory and closes again, one by one, what git executes or obeys: a new name that git invents for its data
 * is then open, a new one that it executes must be added to protected.def. */
#include "policy/internal.h"

#include <string.h>

#define POINTER_MAX 4096
#define MODULE_DEPTH 4			/* submodules of submodules */

enum where { GIT_MAIN, GIT_EACH };

struct git {
	struct resolver *r;
	const struct origin *origin;
	const char *label;		/* the entry, or the protected name */
	enum access access;		/* of the git directories: READ protects, WRITE commits */
};

static const struct { const char *name; enum where where; const char *why; } closed[] = {
#define GIT_CLOSED(name, where, why) { name, where, why },
#include "policy/protected.def"
#undef GIT_CLOSED
};

/* --- pointers ----------------------------------------------------------------------------- */

/* The path in a one-line file, absolute; NULL when there is none, or it is no such file. */
static const char *read_pointer(struct resolver *r, const char *file, const char *prefix, const char *base)
{
	char bytes[POINTER_MAX];
	ssize_t size = r->host->read(r->host->context, file, bytes, sizeof(bytes));
	size_t skip = strlen(prefix);

	if (size <= 0 || strncmp(bytes, prefix, skip))
		return NULL;
	bytes[strcspn(bytes, "\r\n")] = '\0';
	skip += strspn(bytes + skip, " ");
	return bytes[skip] ? path_absolute(&r->policy->arena, base, bytes + skip) : NULL;
}

static const char *common_directory(struct resolver *r, const char *git_directory)
{
	const char *file = path_join(&r->policy->arena, git_directory, "commondir");
	const char *common = file ? read_pointer(r, file, "", git_directory) : NULL;

	return common ? common : git_directory;
}

static enum host_type type_of(struct resolver *r, const char *path, const char **ret_path)
{
	struct host_entry entry;

	if (resolver_canonical(r, path, ret_path, &entry) < 0)
		return HOST_MISSING;
	return entry.type;
}

/* The git directory that dot_git is or points to, canonical; NULL: none (missing, or not a repository). */
static const char *git_directory(struct resolver *r, const char *dot_git)
{
	const char *path, *target;
	enum host_type type = type_of(r, dot_git, &path);

	if (type == HOST_DIRECTORY)
		return path;
	if (type != HOST_FILE)
		return NULL;
	target = read_pointer(r, path, "gitdir:", arena_strndup(&r->policy->arena, dot_git,
								 strlen(dot_git) - strlen(path_base(dot_git))));
	if (!target || type_of(r, target, &path) != HOST_DIRECTORY)
		return NULL;
	return path;
}

/* --- closing what git obeys --------------------------------------------------------------- */

static int close_names(const struct git *git, const char *directory, bool is_main)
{
	struct arena *arena = &git->r->policy->arena;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < ARRAY_SIZE(closed); i++) {
		const char *path = path_absolute(arena, directory, closed[i].name);
		const char *label = arena_printf(arena, "%s: %s %s", git->label, closed[i].name, closed[i].why);

		if (closed[i].where == GIT_MAIN && !is_main)
			continue;
		if (!path || !label)
			return error_oom(git->r->err);
		e = resolver_add(git->r, path, ACCESS_READ, RULE_GIT, git->origin, label);
	}
	return e;
}

struct members {			/* worktrees/NAME or modules/NAME */
	const struct git *git;
	const char *directory;
	unsigned depth;
	int error;
};

static int close_modules(const struct git *git, const char *directory, unsigned depth);

static int close_worktree(void *argument, const char *name, enum host_type type, uint64_t inode)
{
	struct members *members = argument;
	const char *path = path_join(&members->git->r->policy->arena, members->directory, name);

	(void)inode;
	if (type == HOST_DIRECTORY)
		members->error = path ? close_names(members->git, path, false) : -ENOMEM;
	return members->error;
}

/* A module's name may hold slashes, so a directory below modules/ is a git directory or leads to some. */
static int close_module(void *argument, const char *name, enum host_type type, uint64_t inode)
{
	struct members *members = argument;
	struct resolver *r = members->git->r;
	const char *path = path_join(&r->policy->arena, members->directory, name);
	const char *head = path ? path_join(&r->policy->arena, path, "HEAD") : NULL;
	struct host_entry entry;

	(void)inode;
	if (type != HOST_DIRECTORY)
		return 0;
	if (!head)
		return members->error = error_oom(r->err);
	if (r->host->lookup(r->host->context, head, &entry) < 0 || entry.type == HOST_MISSING)
		members->error = close_modules(members->git, path, members->depth + 1);
	else if ((members->error = close_names(members->git, path, true)) >= 0)
		members->error = close_modules(members->git, path_join(&r->policy->arena, path, "modules"),
					       members->depth + 1);
	return members->error;
}

static int close_modules(const struct git *git, const char *directory, unsigned depth)
{
	struct members members = { .git = git, .directory = directory, .depth = depth };

	if (!directory)
		return error_oom(git->r->err);
	if (depth > MODULE_DEPTH) {
		text_printf(&git->r->policy->notes, "%s: submodules were looked for %d levels deep\n",
			    directory, MODULE_DEPTH);
		return 0;
	}
	git->r->host->list(git->r->host->context, directory, close_module, &members);
	return members.error;
}

static int close_members(const struct git *git, const char *common)
{
	struct arena *arena = &git->r->policy->arena;
	struct members members = { .git = git, .directory = path_join(arena, common, "worktrees") };

	if (!members.directory)
		return error_oom(git->r->err);
	git->r->host->list(git->r->host->context, members.directory, close_worktree, &members);
	return members.error < 0 ? members.error : close_modules(git, path_join(arena, common, "modules"), 0);
}

/* --- submodules that are not there yet ---------------------------------------------------- */

/* A `.git` made in the place of a submodule that the index knows is entered by the next `git status` outside,
 * and its config obeyed. Their places stand in .gitmodules (gitmodules(5)), one `path = PLACE` a line. */
static int protect_submodule(const struct git *git, const char *directory, const char *line)
{
	struct arena *arena = &git->r->policy->arena;
	const char *value = line + strspn(line, " \t"), *place;

	if (strncmp(value, "path", 4))
		return 0;
	value += 4 + strspn(value + 4, " \t");
	if (*value != '=')
		return 0;
	value += 1 + strspn(value + 1, " \t\"");
	place = arena_strndup(arena, value, strcspn(value, "\r\n\""));
	place = place && *place && *place != '/' ? path_absolute(arena, directory, place) : NULL;
	place = place && path_below(place, directory, false) ? path_join(arena, place, ".git") : NULL;
	if (!place || !resolver_writable(git->r, place))
		return 0;
	return resolver_add(git->r, place, ACCESS_READ, RULE_PROTECTED, git->origin,
			    "protected name \".git\" of a submodule");
}

static int protect_submodules(const struct git *git, const char *directory)
{
	const char *file = path_join(&git->r->policy->arena, directory, ".gitmodules");
	char bytes[8 * POINTER_MAX];
	ssize_t size = file ? git->r->host->read(git->r->host->context, file, bytes, sizeof(bytes)) : 0;
	int e = 0;

	if (size <= 0)
		return 0;
	if (size == sizeof(bytes) - 1)
		text_printf(&git->r->policy->notes,
			    "%s: only its first %zu bytes were looked at for submodules\n", file,
			    sizeof(bytes) - 1);
	for (const char *line = bytes; e >= 0 && *line; line += strcspn(line, "\n"), line += *line == '\n')
		e = protect_submodule(git, directory, line);
	return e;
}

/* --- the two ways ------------------------------------------------------------------------- */

int git_protect(struct resolver *r, const char *directory, const struct origin *origin, const char *label)
{
	const struct git git = { .r = r, .origin = origin, .label = label, .access = ACCESS_READ };
	const char *dot_git = path_join(&r->policy->arena, directory, ".git");
	const char *target, *common;
	int e;

	if (!dot_git)
		return error_oom(r->err);
	e = protect_submodules(&git, directory);
	if (e < 0)
		return e;
	if (!resolver_writable(r, dot_git))
		return 0;
	e = resolver_add(r, dot_git, ACCESS_READ, RULE_PROTECTED, origin, label);
	target = e < 0 ? NULL : git_directory(r, dot_git);
	if (!target)
		return e;
	common = common_directory(r, target);
	if (resolver_writable(r, target))
		e = resolver_add(r, target, ACCESS_READ, RULE_PROTECTED, origin, label);
	if (e >= 0 && strcmp(common, target) && resolver_writable(r, common))
		e = resolver_add(r, common, ACCESS_READ, RULE_PROTECTED, origin, label);
	return e;
}

int git_commit(struct resolver *r, const char *dot_git, const struct setting *setting)
{
	struct git git = { .r = r, .origin = &setting->origin, .label = setting_text(&r->policy->arena, setting),
			   .access = ACCESS_WRITE };
	const char *directory = git_directory(r, dot_git);
	struct commit *slot;
	const char *common;
	int e;

	if (!git.label)
		return error_oom(r->err);
	slot = array_add(&r->policy->arena, (void **)&r->policy->commits, &r->policy->commit_count,
			 &r->policy->commit_capacity, sizeof(*slot));
	if (!slot || !(slot->tree = arena_strndup(&r->policy->arena, dot_git, strlen(dot_git) - strlen("/.git"))))
		return error_oom(r->err);
	if (!directory)		/* nothing to open: the protected name stays as it is, missing */
		return 0;
	e = resolver_add(r, dot_git, ACCESS_READ, RULE_GIT, git.origin, git.label);
	if (e >= 0)
		e = resolver_add(r, directory, ACCESS_WRITE, RULE_PATH, git.origin, git.label);
	common = common_directory(r, directory);
	slot->common = common;
	if (e >= 0 && strcmp(common, directory))
		e = resolver_add(r, common, ACCESS_WRITE, RULE_PATH, git.origin, git.label);
	if (e >= 0)
		e = close_names(&git, directory, !strcmp(common, directory));
	if (e >= 0 && strcmp(common, directory))
		e = close_names(&git, common, true);
	return e < 0 ? e : close_members(&git, common);
}
