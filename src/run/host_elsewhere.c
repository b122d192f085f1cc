/* SPDX-License-Identifier: Apache-2.0 */
/* host_elsewhere.c — this machine, told as if it were one of the other system: for plans and questions.
 *
 * What macOS has at its root and Linux has not is there: the links into /private, and the directories that programs
 * come from. All else is as it stands here, at the same path; names do not count their case, as on most Macs. */
#include "run/internal.h"

#include <string.h>

struct elsewhere {			/* struct host's context */
	struct host here;
	struct arena *arena;
};

static const char *const directories[] = {
	"/Applications", "/Library", "/Library/Developer", "/Library/Developer/CommandLineTools", "/System",
	"/System/Library", "/Users", "/bin", "/opt/homebrew", "/private", "/sbin", "/usr/bin", "/usr/lib",
	"/usr/libexec", "/usr/local", "/usr/sbin", "/usr/share",
};

/* The path of the object on this machine. */
static const char *here(const char *path)
{
	const char *inside = path_below(path, "/private", false) ? path + strlen("/private") : path;

	return macos_root_link(inside) ? inside : path;
}

static const char *there(struct arena *arena, const char *path)
{
	return path && macos_root_link(path) ? arena_printf(arena, "/private%s", path) : path;
}

static bool is_directory_of_macos(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		if (!strcmp(path, directories[i]))
			return true;
	return false;
}

static int lookup(void *context, const char *path, struct host_entry *ret_entry)
{
	struct elsewhere *elsewhere = context;
	const char *link = macos_root_link(path);
	int e;

	if (link && !strcmp(link, path)) {
		*ret_entry = (struct host_entry){ .type = HOST_SYMLINK, .links = 1, .direct = true };
		strcpy(ret_entry->target, "private");
		strcat(ret_entry->target, link);
		return 0;
	}
	e = elsewhere->here.lookup(elsewhere->here.context, here(path), ret_entry);
	if (e < 0)
		return e;
	if (path_below(path, "/proc", false) || path_below(path, "/sys", false))
		*ret_entry = (struct host_entry){ .type = HOST_MISSING, .direct = true };
	if (ret_entry->type == HOST_SYMLINK && path_below(path, "/dev", false))
		*ret_entry = (struct host_entry){ .type = HOST_DEVICE, .direct = true };
	if (ret_entry->type == HOST_SYMLINK && path_below(path, "/private/var", false) && path_depth(path) == 3)
		*ret_entry = (struct host_entry){ .type = HOST_DIRECTORY, .direct = true };	/* /var/run */
	if (ret_entry->type == HOST_MISSING && is_directory_of_macos(path))
		ret_entry->type = HOST_DIRECTORY;
	ret_entry->direct = ret_entry->direct && !link;
	return 0;
}

static void rest(void *context)
{
	struct elsewhere *elsewhere = context;

	if (elsewhere->here.rest)
		elsewhere->here.rest(elsewhere->here.context);
}

static int list(void *context, const char *path,
		int (*visit)(void *argument, const char *name, enum host_type type, uint64_t inode), void *argument)
{
	struct elsewhere *elsewhere = context;

	return elsewhere->here.list(elsewhere->here.context, here(path), visit, argument);
}

static bool folds_case(void *context, const char *path)
{
	(void)context;
	(void)path;
	return true;
}

static ssize_t read_file(void *context, const char *path, char *bytes, size_t size)
{
	struct elsewhere *elsewhere = context;

	return elsewhere->here.read(elsewhere->here.context, here(path), bytes, size);
}

int host_elsewhere(struct arena *arena, enum platform platform, struct host *host, struct bawn_error *err)
{
	struct elsewhere *elsewhere;

	if (host->platform == platform)
		return 0;
	host->platform = platform;
	host->sockets = NULL;
	host->sockets_missing = NULL;
	if (platform != PLATFORM_MACOS)
		return 0;
	elsewhere = arena_alloc(arena, sizeof(*elsewhere));
	if (!elsewhere)
		return error_oom(err);
	*elsewhere = (struct elsewhere){ .here = *host, .arena = arena };
	host->context = elsewhere;
	host->lookup = lookup;
	host->rest = rest;
	host->list = list;
	host->folds_case = folds_case;
	host->read = read_file;
	host->cwd = there(arena, host->cwd);
	return 0;
}

const char *host_real_path(const struct host *host, const char *path)
{
	return host->lookup == lookup ? here(path) : path;
}
