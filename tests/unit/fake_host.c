/* SPDX-License-Identifier: Apache-2.0 */
/* fake_host.c — a tree of lines instead of a file system. It follows links in a way of its own, so that what it says of
 * a path can be compared with what the product makes of it. */
#include "fake_host.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PATH_SIZE	4096
#define LINKS_MAX	40
#define DEVICE		7

/* --- the tree ----------------------------------------------------------------------------------------------------- */

static int compare_nodes(const void *left, const void *right)
{
	const struct fake_node *a = left, *b = right;
	int order = strcmp(a->path, b->path);

	return order ? order : (a->line > b->line) - (a->line < b->line);
}

static size_t lower_bound(const struct fake_host *fake, const char *path)
{
	size_t low = 0, high = fake->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(fake->nodes[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct fake_node *find(const struct fake_host *fake, const char *path)
{
	size_t at = lower_bound(fake, path);

	return at < fake->count && !strcmp(fake->nodes[at].path, path) ? &fake->nodes[at] : NULL;
}

static struct fake_node *add_node(struct fake_host *fake, const char *path, enum host_type type)
{
	struct fake_node *node = array_add(&fake->arena, (void **)&fake->nodes, &fake->count, &fake->capacity,
					   sizeof(*node));

	if (!node)
		abort();
	*node = (struct fake_node){ .path = path_absolute(&fake->arena, "/", path), .type = type, .line = fake->count };
	return node;
}

static void add_string(struct fake_host *fake, const char ***strings, size_t *count, size_t *capacity,
		       const char *string)
{
	const char **slot = array_add(&fake->arena, (void **)strings, count, capacity, sizeof(*slot));

	if (!slot)
		abort();
	*slot = string;
}

/* --- a path as the kernel takes it -------------------------------------------------------------------------------- */

struct walk {
	const struct fake_host *fake;
	char path[PATH_SIZE];		/* canonical so far, "" for the root */
	size_t size;
	char todo[PATH_SIZE];
	unsigned links;
	const struct fake_node *node;	/* of path */
};

/* What is still to do becomes the link's text and the rest. */
static int enter_link(struct walk *w, const char *rest, const char *target)
{
	size_t target_size = strlen(target), rest_size = strlen(rest);

	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if (target_size + rest_size + 2 > PATH_SIZE)
		return -ENAMETOOLONG;
	memmove(w->todo + target_size + 1, rest, rest_size + 1);
	memcpy(w->todo, target, target_size);
	w->todo[target_size] = '/';
	if (target[0] == '/')
		w->size = 0;
	w->path[w->size] = '\0';
	return 1;
}

static void step_up(struct walk *w)
{
	while (w->size && w->path[--w->size] != '/')
		;
	w->path[w->size] = '\0';
	w->node = find(w->fake, w->size ? w->path : "/");
}

/* A directory that ignores case finds a name in whatever case; the path becomes that of the name that is there. */
static const struct fake_node *find_folded(struct walk *w, size_t directory_size)
{
	for (size_t i = 0; i < w->fake->count; i++)
		if (!strncmp(w->fake->nodes[i].path, w->path, directory_size + 1) &&
		    !strcasecmp(w->fake->nodes[i].path, w->path)) {
			strcpy(w->path, w->fake->nodes[i].path);
			return &w->fake->nodes[i];
		}
	return NULL;
}

/* 0: taken; 1: started anew behind a link; or -errno. */
static int step(struct walk *w, const char *name, size_t size, const char *rest)
{
	size_t before = w->size;
	bool nocase = w->node->nocase;

	if (w->node->closed)
		return -EACCES;
	if (w->node->type != HOST_DIRECTORY)
		return -ENOTDIR;
	if (size == 1 && name[0] == '.')
		return 0;
	if (size == 2 && !strncmp(name, "..", 2)) {
		step_up(w);
		return 0;
	}
	if (w->size + size + 2 > PATH_SIZE)
		return -ENAMETOOLONG;
	w->path[w->size++] = '/';
	memcpy(w->path + w->size, name, size);
	w->size += size;
	w->path[w->size] = '\0';
	w->node = find(w->fake, w->path);
	if (!w->node && nocase)
		w->node = find_folded(w, before);
	if (!w->node)
		return -ENOENT;
	if (w->node->type != HOST_SYMLINK || !rest[0])
		return 0;
	w->size = before;
	return enter_link(w, rest, w->node->text);
}

static int walk(struct walk *w)
{
	const char *rest = w->todo;

	w->node = find(w->fake, "/");
	for (rest += strspn(rest, "/"); *rest; rest += strspn(rest, "/")) {
		size_t size = strcspn(rest, "/");
		const char *name = rest;
		int r;

		rest += size;
		r = step(w, name, size, rest + strspn(rest, "/"));
		if (r < 0)
			return r;
		if (r) {
			rest = w->todo;
			w->node = find(w->fake, w->size ? w->path : "/");
		}
	}
	return 0;
}

static int start_walk(struct walk *w, const struct fake_host *fake, const char *path)
{
	*w = (struct walk){ .fake = fake };
	if (strlen(path) >= sizeof(w->todo))
		return -ENAMETOOLONG;
	strcpy(w->todo, path);
	return walk(w);
}

/* --- the callbacks ------------------------------------------------------------------------------------------------ */

static int fake_lookup(void *context, const char *path, struct host_entry *ret_entry)
{
	struct fake_host *fake = context;
	struct walk w;
	int r = start_walk(&w, fake, path);

	fake->lookups++;
	if (r < 0 && r != -ENOENT && r != -ENOTDIR && r != -ENAMETOOLONG)
		return r;
	ret_entry->type = HOST_MISSING;
	ret_entry->device = ret_entry->inode = 0;
	ret_entry->links = 0;
	ret_entry->direct = w.links == 0;
	if (r < 0)
		return 0;
	ret_entry->type = w.node->type;
	ret_entry->device = DEVICE;
	ret_entry->inode = w.node->inode;
	ret_entry->links = w.node->links;
	if (w.node->type == HOST_SYMLINK) {
		strncpy(ret_entry->target, w.node->text, sizeof(ret_entry->target) - 1);
		ret_entry->target[sizeof(ret_entry->target) - 1] = '\0';
	}
	return 0;
}

static int fake_list(void *context, const char *path,
		     int (*visit)(void *argument, const char *name, enum host_type type, uint64_t inode),
		     void *argument)
{
	const struct fake_host *fake = context;
	char prefix[PATH_SIZE + 1];
	struct walk w;
	int r = start_walk(&w, fake, path);
	size_t size;

	if (r < 0 || w.node->type != HOST_DIRECTORY || w.node->closed)
		return r < 0 ? r : w.node->closed ? -EACCES : -ENOTDIR;
	size = w.size + 1;
	memcpy(prefix, w.path, w.size);
	memcpy(prefix + w.size, "/", 2);
	for (size_t i = lower_bound(fake, prefix); i < fake->count; i++) {
		const struct fake_node *node = &fake->nodes[i];

		if (strncmp(node->path, prefix, size) != 0)
			break;
		if (!node->path[size] || strchr(node->path + size, '/'))
			continue;
		r = visit(argument, node->path + size, node->type, node->inode);
		if (r)
			return r;
	}
	return 0;
}

static bool fake_folds_case(void *context, const char *path)
{
	struct walk w;

	return start_walk(&w, context, path) == 0 && w.node->nocase;
}

static ssize_t fake_read(void *context, const char *path, char *bytes, size_t size)
{
	struct walk w;
	int r = start_walk(&w, context, path);
	size_t length;

	if (r < 0)
		return r;
	if (w.node->type != HOST_FILE)
		return -EISDIR;
	length = w.node->text ? strlen(w.node->text) : 0;
	if (length + 1 >= size)
		length = size - 2;
	memcpy(bytes, w.node->text ? w.node->text : "", length);
	strcpy(bytes + length, w.node->text ? "\n" : "");
	return (ssize_t)strlen(bytes);
}

/* --- the text ----------------------------------------------------------------------------------------------------- */

static const char *or_none(const char *value)
{
	return strcmp(value, "-") ? value : NULL;
}

/* A line about the caller. */
static bool parse_fact(struct fake_host *fake, const char *name, const char *value)
{
	struct host *host = &fake->host;

	if (!strcmp(name, "home"))
		host->home = or_none(value);
	else if (!strcmp(name, "cwd"))
		host->cwd = or_none(value);
	else if (!strcmp(name, "tmpdir"))
		host->tmpdir = or_none(value);
	else if (!strcmp(name, "uid"))
		host->uid = (unsigned)strtoul(value, NULL, 10);
	else if (!strcmp(name, "gid"))
		host->gid = (unsigned)strtoul(value, NULL, 10);
	else if (!strcmp(name, "platform"))
		host->platform = !strcmp(value, "macos") ? PLATFORM_MACOS : PLATFORM_LINUX;
	else if (!strcmp(name, "env"))
		add_string(fake, &fake->environ, &fake->environ_count, &fake->environ_capacity, value);
	else if (!strcmp(name, "bound"))
		add_string(fake, &fake->sockets, &fake->socket_count, &fake->socket_capacity, value);
	else
		return false;
	return true;
}

/* Cuts value at separator; what stands behind it, or NULL. */
static char *cut(char *value, const char *separator)
{
	char *found = strstr(value, separator);

	if (!found)
		return NULL;
	*found = '\0';
	return found + strlen(separator);
}

static bool parse_node(struct fake_host *fake, const char *name, char *value)
{
	static const struct { const char *name; enum host_type type; } rows[] = {
		{ "c", HOST_DEVICE }, { "d", HOST_DIRECTORY }, { "f", HOST_FILE }, { "l", HOST_SYMLINK },
		{ "nocase", HOST_DIRECTORY }, { "o", HOST_OTHER }, { "s", HOST_SOCKET }, { "x", HOST_DIRECTORY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool file = rows[i].type == HOST_FILE, link = rows[i].type == HOST_SYMLINK;
		const char *inode;
		char *text;
		struct fake_node *node;

		if (strcmp(rows[i].name, name))
			continue;
		text = link ? cut(value, " -> ") : file ? cut(value, " = ") : NULL;
		for (char *end = file && text ? strstr(text, "\\n") : NULL; end; end = strstr(end, "\\n")) {
			*end++ = '\n';
			memmove(end, end + 1, strlen(end));
		}
		inode = file ? cut(value, " #") : NULL;
		if (value[0] != '/' || strlen(value) >= PATH_SIZE ||
		    (link && (!text || !*text || strlen(text) >= PATH_SIZE)))
			return false;
		node = add_node(fake, value, rows[i].type);
		node->text = text;
		node->inode = inode ? strtoul(inode, NULL, 10) : 0;
		node->closed = name[0] == 'x';
		node->nocase = name[0] == 'n';
		return true;
	}
	return false;
}

static bool parse_line(struct fake_host *fake, const char *line, size_t size)
{
	char *name = arena_strndup(&fake->arena, line, size), *value;

	if (!name)
		abort();
	if (!*name || *name == '#')
		return true;
	value = cut(name, " ");
	return value && (parse_node(fake, name, value) || parse_fact(fake, name, value));
}

/* Directories that no line names. */
static void add_parents(struct fake_host *fake)
{
	size_t named = fake->count;

	add_node(fake, "/", HOST_DIRECTORY);
	for (size_t i = 0; i < named; i++) {
		char *path = arena_strdup(&fake->arena, fake->nodes[i].path);

		if (!path)
			abort();
		for (char *slash = strrchr(path, '/'); slash && slash != path; slash = strrchr(path, '/')) {
			*slash = '\0';
			add_node(fake, path, HOST_DIRECTORY);
		}
	}
}

static void sort_nodes(struct fake_host *fake)
{
	size_t kept = 0;

	qsort(fake->nodes, fake->count, sizeof(*fake->nodes), compare_nodes);
	for (size_t i = 1; i < fake->count; i++)
		if (strcmp(fake->nodes[i].path, fake->nodes[kept].path))
			fake->nodes[++kept] = fake->nodes[i];
	fake->count = kept + 1;
}

static int compare_inodes(const void *left, const void *right)
{
	const struct fake_node *const *a = left, *const *b = right;

	return ((*a)->inode > (*b)->inode) - ((*a)->inode < (*b)->inode);
}

/* Every object without a number gets one of its own; then each counts its names. */
static void number_nodes(struct fake_host *fake)
{
	struct fake_node **by_inode = arena_alloc(&fake->arena, fake->count * sizeof(*by_inode));

	if (!by_inode)
		abort();
	for (size_t i = 0; i < fake->count; i++) {
		if (!fake->nodes[i].inode)
			fake->nodes[i].inode = 1000000 + i;
		by_inode[i] = &fake->nodes[i];
	}
	qsort(by_inode, fake->count, sizeof(struct fake_node *), compare_inodes);
	for (size_t i = 0, end; i < fake->count; i = end) {
		for (end = i; end < fake->count && by_inode[end]->inode == by_inode[i]->inode; end++)
			;
		for (size_t j = i; j < end; j++)
			by_inode[j]->links = (unsigned)(end - i);
	}
}

bool fake_host_init(struct fake_host *fake, const char *text, const char **ret_line)
{
	*fake = (struct fake_host){ .host = {
		.platform = PLATFORM_LINUX, .uid = 1000, .gid = 1000, .cwd = "/", .context = fake,
		.lookup = fake_lookup, .list = fake_list, .folds_case = fake_folds_case, .read = fake_read,
	} };
	for (size_t size; *text; text += size + (text[size] == '\n')) {
		size = strcspn(text, "\n");
		if (!parse_line(fake, text, size)) {
			*ret_line = arena_strndup(&fake->arena, text, size);
			return false;
		}
	}
	add_parents(fake);
	sort_nodes(fake);
	number_nodes(fake);
	add_string(fake, &fake->environ, &fake->environ_count, &fake->environ_capacity, NULL);
	add_string(fake, &fake->sockets, &fake->socket_count, &fake->socket_capacity, NULL);
	fake->host.environ = fake->environ;
	fake->host.sockets = fake->sockets;
	return true;
}

void fake_host_done(struct fake_host *fake)
{
	arena_done(&fake->arena);
	*fake = (struct fake_host){ 0 };
}
