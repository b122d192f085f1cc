/* SPDX-License-Identifier: Apache-2.0 */
/* canonical.c — a path as written → the path of the object it names.
 *
 * Follows symbolic links as the kernel would, asking the host one lookup a component. What is missing keeps its
 * name: a rule may speak of a path that does not exist yet. The common case, a path without links, costs one
 * lookup. */
#include "policy/internal.h"

#include <stdlib.h>
#include <string.h>

#define MAX_LINKS 40			/* as the kernel: path_resolution(7) */

struct walk {
	struct arena *arena;
	const struct host *host;
	const char *todo;		/* what is still to be walked, below path */
	const char *path;		/* canonical so far */
	unsigned links;
	bool missing;
	struct host_entry entry;	/* of path */
	struct policy *record;		/* where the links passed through are remembered, or NULL */
	struct bawn_error *err;
};

static int remember_link(struct walk *w, const char *path)
{
	struct policy *policy = w->record;
	const char **slot;

	if (!policy)
		return 0;
	for (size_t i = 0; i < policy->link_count; i++)
		if (!strcmp(policy->links[i], path))
			return 0;
	slot = array_add(&policy->arena, (void **)&policy->links, &policy->link_count, &policy->link_capacity,
			 sizeof(*slot));
	if (!slot || !(*slot = arena_strdup(&policy->arena, path)))
		return error_oom(w->err);
	return 0;
}

static int follow_link(struct walk *w, const char *link)
{
	if (++w->links > MAX_LINKS)
		return error_set(w->err, ELOOP, "%s: too many symbolic links", link);
	if (remember_link(w, link) < 0)
		return -ENOMEM;
	w->todo = arena_printf(w->arena, "%s/%s", w->entry.target, w->todo);
	if (!w->todo)
		return error_oom(w->err);
	if (w->entry.target[0] == '/')
		w->path = "/";
	return 0;
}

static int step_into(struct walk *w, const char *name)
{
	const char *next = path_join(w->arena, w->path, name);
	int r;

	if (!next)
		return error_oom(w->err);
	if (w->missing) {
		w->path = next;
		return 0;
	}
	r = w->host->lookup(w->host->context, next, &w->entry);
	if (r == -EACCES || r == -ENOTDIR || r == -ENAMETOOLONG)
		w->entry.type = HOST_MISSING;		/* nothing that the command could reach either */
	else if (r < 0)
		return error_system(w->err, -r, "look at %s", next);
	if (w->entry.type == HOST_SYMLINK)
		return follow_link(w, next);
	w->missing = w->entry.type == HOST_MISSING;
	w->path = next;
	return 0;
}

static int step_up(struct walk *w)
{
	const char *slash = strrchr(w->path, '/');

	w->path = slash == w->path ? "/" : arena_strndup(w->arena, w->path, (size_t)(slash - w->path));
	if (!w->path)
		return error_oom(w->err);
	if (w->host->lookup(w->host->context, w->path, &w->entry) < 0)
		w->entry.type = HOST_MISSING;
	w->missing = w->entry.type == HOST_MISSING;	/* up from what is missing things may stand again */
	return 0;
}

static int step(struct walk *w)
{
	const char *start = w->todo + strspn(w->todo, "/");
	size_t size = strcspn(start, "/");
	const char *name = arena_strndup(w->arena, start, size);

	if (!name)
		return error_oom(w->err);
	w->todo = start + size;
	if (!size || !strcmp(name, "."))
		return 0;
	if (!strcmp(name, ".."))
		return step_up(w);
	return step_into(w, name);
}

/* Whether a path is what it would be after path_absolute(): then only links could make it another. */
static bool is_clean(const char *path)
{
	if (path[0] != '/')
		return false;
	for (const char *slash = path; slash; slash = strchr(slash + 1, '/')) {
		size_t size = strcspn(slash + 1, "/");

		if ((!size && path[1]) || (size == 1 && slash[1] == '.') ||
		    (size == 2 && slash[1] == '.' && slash[2] == '.'))
			return false;
	}
	return true;
}

static int walk(struct walk *w, const char **ret_path, struct host_entry *ret_entry)
{
	int r = w->host->lookup(w->host->context, "/", &w->entry);

	do {
		while (r >= 0 && w->todo[strspn(w->todo, "/")])
			r = step(w);
		/* What stands there in the end: the last step may have been a link to "." or up from what is missing.
		 * */
		if (r >= 0 && w->host->lookup(w->host->context, w->path, &w->entry) == 0)
			w->missing = w->entry.type == HOST_MISSING;
		if (r >= 0 && !w->missing && w->entry.type == HOST_SYMLINK) {
			w->todo = w->path;
			w->path = "/";
		}
	} while (r >= 0 && w->todo[strspn(w->todo, "/")] && ++w->links <= MAX_LINKS);
	if (r < 0)
		return r;
	if (w->missing)
		w->entry = (struct host_entry){ .type = HOST_MISSING };
	*ret_path = w->path;
	*ret_entry = w->entry;
	return 0;
}

static int canonical(struct arena *arena, const struct host *host, const char *path, struct policy *record,
		     const char **ret_path, struct host_entry *ret_entry, struct bawn_error *err)
{
	int r = host->lookup(host->context, path, ret_entry);

	if (r == 0 && ret_entry->direct && ret_entry->type != HOST_SYMLINK && is_clean(path)) {
		*ret_path = path;
		return 0;
	}
	return walk(&(struct walk){ .arena = arena, .host = host, .todo = path, .path = "/", .record = record,
				    .err = err }, ret_path, ret_entry);
}

int path_canonical(struct arena *arena, const struct host *host, const char *path, const char **ret_path,
		   struct host_entry *ret_entry, struct bawn_error *err)
{
	return canonical(arena, host, path, NULL, ret_path, ret_entry, err);
}

int path_canonical_through(struct policy *passed, const struct host *host, const char *path, const char **ret_path,
			   struct host_entry *ret_entry, struct bawn_error *err)
{
	return canonical(&passed->arena, host, path, passed, ret_path, ret_entry, err);
}

int resolver_canonical(struct resolver *r, const char *path, const char **ret_path, struct host_entry *ret_entry)
{
	return canonical(&r->policy->arena, r->host, path, r->policy, ret_path, ret_entry, r->err);
}
