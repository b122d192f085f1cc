/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c — looks through directories: nested repositories (bounded), and what deny globs match (one pass for
 * all of them).
 *
 * A nested repository is found breadth first, because those near the top are the ones people work in, and the
 * bounds keep a start quick in a large workspace; the plan says where the search ended. Globs are another
 * matter: what they match must be known, so that walk has no bound but glob_scan_max_depth. It never follows a
 * symbolic link, never enters /proc, /sys or /dev, and looks into no directory below which nothing can match. */
#include "policy/internal.h"

#include <string.h>

#define NESTED_DEPTH		3	/* levels below a writable root */
#define NESTED_DIRECTORIES	128	/* looked into for a .git: 1.5 µs each */
#define NESTED_LISTS		8	/* listed for more directories: 8 µs each and more */
#define NESTED_ENTRIES		2000
#define TEMPORARY_DIRECTORIES	32	/* for writable roots that are no workspace: /tmp holds much that is no work */

/* --- nested repositories ------------------------------------------------------------------ */

struct nested {
	struct resolver *r;
	const char **queue;		/* directories found, breadth first */
	size_t count, capacity;
	const char *directory;		/* being listed */
	size_t entries, lists, max_lists, max_directories;
	bool full;			/* a bound was met */
	int error;
};

static int queue_directory(void *argument, const char *name, enum host_type type, uint64_t inode)
{
	struct nested *nested = argument;
	struct arena *arena = &nested->r->policy->arena;
	const char **slot;

	(void)inode;
	if (++nested->entries > NESTED_ENTRIES) {
		nested->full = true;
		return 1;
	}
	if (type != HOST_DIRECTORY || !strcmp(name, ".git"))
		return 0;
	if (nested->count >= nested->max_directories) {
		nested->full = true;
		return 1;
	}
	slot = array_add(arena, (void **)&nested->queue, &nested->count, &nested->capacity, sizeof(*slot));
	if (!slot || !(*slot = path_join(arena, nested->directory, name)))
		return nested->error = error_oom(nested->r->err);
	return 0;
}

static int protect_nested(struct nested *nested, const char *directory)
{
	static const struct origin always = { .file = "always" };
	struct resolver *r = nested->r;
	const char *dot_git = path_join(&r->policy->arena, directory, ".git");
	struct host_entry entry;

	if (!dot_git)
		return error_oom(r->err);
	if (r->host->lookup(r->host->context, dot_git, &entry) < 0 || entry.type == HOST_MISSING)
		return 0;
	return git_protect(r, directory, &always, "protected name \".git\" of a nested repository");
}

bool resolver_is_workspace(const struct resolver *r, const char *root)
{
	for (size_t i = 0; i < r->root_count; i++)
		if (!strcmp(root, r->roots[i]))
			return true;
	return false;
}

static bool holds_workspace(const struct resolver *r, const char *root)
{
	for (size_t i = 0; i < r->root_count; i++)
		if (path_below(r->roots[i], root, false) || path_below(root, r->roots[i], false))
			return true;
	return false;
}

int scan_nested_repositories(struct resolver *r, const char *root)
{
	bool work = holds_workspace(r, root);
	struct nested nested = { .r = r, .directory = root, .max_lists = work ? NESTED_LISTS : 0,
				 .max_directories = work ? NESTED_DIRECTORIES : TEMPORARY_DIRECTORIES };
	size_t base = path_depth(root);

	r->host->list(r->host->context, root, queue_directory, &nested);
	for (size_t i = 0; nested.error >= 0 && i < nested.count; i++) {
		nested.directory = nested.queue[i];
		nested.error = protect_nested(&nested, nested.directory);
		if (nested.error < 0)
			break;
		if (path_depth(nested.directory) - base >= NESTED_DEPTH || nested.lists >= nested.max_lists ||
		    nested.count >= nested.max_directories)
			nested.full = true;
		else if (nested.lists++, nested.entries <= NESTED_ENTRIES)
			r->host->list(r->host->context, nested.directory, queue_directory, &nested);
	}
	if (nested.full)
		text_printf(
			&r->policy->notes,
			"%s: nested repositories were looked for in %zu directories, at most %d levels deep\n",
			root, nested.count + 1, NESTED_DEPTH);
	return nested.error;
}

/* --- deny globs --------------------------------------------------------------------------- */

struct found { uint64_t inode; const struct rule *glob; };	/* denied files that have other names too */

struct glob_walk {
	struct resolver *r;
	const char *directory;
	unsigned depth, max_depth;
	struct found *linked;
	size_t linked_count, linked_capacity;
	bool second_pass;		/* looking for the other names of linked */
	bool devices;			/* in a granted directory of devices */
	bool cut;
	int error;
};

static int walk_directory(struct glob_walk *walk, const char *directory);

static const struct rule *matching_glob(const struct policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->glob_count; i++)
		if (glob_match(policy->globs[i].path, path, policy->globs[i].nocase))
			return &policy->globs[i];
	return NULL;
}

static bool may_match_below(const struct policy *policy, const char *directory)
{
	for (size_t i = 0; i < policy->glob_count; i++)
		if (glob_prefix(policy->globs[i].path, directory, policy->globs[i].nocase))
			return true;
	return false;
}

static int add_match(struct glob_walk *walk, const char *path, enum host_type type, const struct rule *glob)
{
	struct resolver *r = walk->r;
	struct rule *rule = array_add(&r->policy->arena, (void **)&r->pending, &r->pending_count, &r->pending_capacity,
				      sizeof(*rule));

	if (!rule)
		return error_oom(r->err);
	*rule = *glob;
	rule->path = rule->written = path;
	rule->kind = RULE_MATCH;
	rule->type = type;
	return 0;
}

static int remember_linked(struct glob_walk *walk, const char *path, uint64_t inode, const struct rule *glob)
{
	struct host_entry entry;
	struct found *slot;

	if (walk->r->host->lookup(walk->r->host->context, path, &entry) < 0 || entry.links < 2)
		return 0;
	slot = array_add(&walk->r->policy->arena, (void **)&walk->linked, &walk->linked_count, &walk->linked_capacity,
			 sizeof(*slot));
	if (!slot)
		return error_oom(walk->r->err);
	*slot = (struct found){ .inode = inode, .glob = glob };
	return 0;
}

/* A second name of a denied file is denied by its object; the first pass has already dealt with what matches by
 * name. */
static int visit_other_name(struct glob_walk *walk, const char *path, uint64_t inode)
{
	if (matching_glob(walk->r->policy, path))
		return 0;
	for (size_t i = 0; i < walk->linked_count; i++)
		if (walk->linked[i].inode == inode)
			return add_match(walk, path, HOST_FILE, walk->linked[i].glob);
	return 0;
}

static int visit_entry(struct glob_walk *walk, const char *path, enum host_type type, uint64_t inode)
{
	const struct rule *glob = matching_glob(walk->r->policy, path);

	if (glob && walk->second_pass)
		return 0;
	if (glob) {			/* all below a matching directory is denied with it */
		int e = add_match(walk, path, type, glob);

		return e < 0 || type != HOST_FILE ? e : remember_linked(walk, path, inode, glob);
	}
	if (type == HOST_DIRECTORY)
		return walk_directory(walk, path);
	return walk->second_pass && type == HOST_FILE ? visit_other_name(walk, path, inode) : 0;
}

static int visit(void *argument, const char *name, enum host_type type, uint64_t inode)
{
	struct glob_walk *walk = argument;
	const char *path = path_join(&walk->r->policy->arena, walk->directory, name);

	walk->error = path ? visit_entry(walk, path, type, inode) : error_oom(walk->r->err);
	return walk->error;
}

static bool is_kernel_tree(const char *path)
{
	return path_below(path, "/proc", false) || path_below(path, "/sys", false) || path_below(path, "/dev", false);
}

static int walk_directory(struct glob_walk *walk, const char *directory)
{
	const char *outer = walk->directory;

	if ((is_kernel_tree(directory) && !walk->devices) ||
	    !(walk->second_pass || may_match_below(walk->r->policy, directory)))
		return 0;
	if (walk->max_depth && walk->depth >= walk->max_depth) {
		walk->cut = true;
		return 0;
	}
	walk->directory = directory;
	walk->depth++;
	walk->r->host->list(walk->r->host->context, directory, visit, walk);
	walk->depth--;
	walk->directory = outer;
	return walk->error;
}

static int walk_all(struct glob_walk *walk)
{
	struct policy *policy = walk->r->policy;
	const char **bases = arena_alloc(&policy->arena, (policy->glob_count + 1) * sizeof(*bases));
	int e = 0;

	if (!bases)
		return error_oom(walk->r->err);
	for (size_t i = 0; i < policy->glob_count; i++)
		if (!(bases[i] = glob_base(&policy->arena, policy->globs[i].path)))
			return error_oom(walk->r->err);
	for (size_t i = 0; e >= 0 && i < policy->glob_count; i++) {
		bool inside = false;

		for (size_t j = 0; j < policy->glob_count; j++)		/* one pass: not below another's, nor twice */
			inside = inside || (j != i && path_below(bases[i], bases[j], false) &&
					    (j < i || strcmp(bases[i], bases[j])));
		if (!inside)
			e = walk_directory(walk, bases[i]);
	}
	return e;
}

/* Of /dev only what is granted as a directory: single devices are judged by their rules. */
static int walk_devices(struct glob_walk *walk)
{
	const struct policy *policy = walk->r->policy;
	int e = 0;

	walk->devices = true;
	for (size_t i = 0; e >= 0 && i < policy->count; i++)
		if (rule_is_device(&policy->rules[i]) && policy->rules[i].type == HOST_DIRECTORY &&
		    policy->rules[i].access != ACCESS_DENY)
			e = walk_directory(walk, policy->rules[i].path);
	walk->devices = false;
	return e;
}

int scan_globs(struct resolver *r, unsigned max_depth)
{
	struct glob_walk walk = { .r = r, .max_depth = max_depth };
	int e = walk_all(&walk);

	if (e >= 0)
		e = walk_devices(&walk);
	if (e >= 0 && walk.linked_count) {
		walk.second_pass = true;
		e = walk_all(&walk);
	}
	if (walk.cut)
		text_printf(&r->policy->notes, "deny globs: looked %u levels deep (glob_scan_max_depth)\n", max_depth);
	return e;
}
