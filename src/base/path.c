/* SPDX-License-Identifier: Apache-2.0 */
/* path.c — paths as text: no system calls, so symbolic links stay what they are. */
#include "base/base.h"

#include <string.h>

/* Appends the components of path to the clean path in out (size bytes long; "" stands for "/").
 * Returns the new size. */
static size_t append_components(char *out, size_t size, const char *path)
{
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.') {
			while (size > 0 && out[--size] != '/')
				;
		} else if (length > 0 && !(length == 1 && path[0] == '.')) {
			out[size++] = '/';
			memcpy(out + size, path, length);
			size += length;
		}
		path += length;
		path += strspn(path, "/");
	}
	return size;
}

char *path_absolute(struct arena *arena, const char *base, const char *path)
{
	char *out = arena_alloc(arena, strlen(base) + strlen(path) + 3);
	size_t size = 0;

	if (!out)
		return NULL;
	if (path[0] != '/')
		size = append_components(out, size, base);
	size = append_components(out, size, path);
	if (size == 0)
		out[size++] = '/';
	out[size] = '\0';
	return out;
}

char *path_join(struct arena *arena, const char *directory, const char *name)
{
	size_t size = strlen(directory);
	char *joined;

	while (size > 0 && directory[size - 1] == '/')
		size--;
	name += strspn(name, "/");
	if (!*name)
		return arena_strndup(arena, size ? directory : "/", size ? size : 1);
	joined = arena_alloc(arena, size + strlen(name) + 2);
	if (!joined)
		return NULL;
	memcpy(joined, directory, size);
	joined[size] = '/';
	memcpy(joined + size + 1, name, strlen(name));
	return joined;
}

/* ASCII only, whatever the locale: which other letters a file system folds is not ours to guess. */
static int fold(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

bool path_below(const char *path, const char *directory, bool nocase)
{
	size_t i = 0;

	if (strcmp(directory, "/") == 0)
		return path[0] == '/';
	for (; directory[i]; i++)
		if (path[i] != directory[i] && !(nocase && fold(path[i]) == fold(directory[i])))
			return false;
	return path[i] == '\0' || path[i] == '/';
}

size_t path_depth(const char *path)
{
	size_t depth = 0;

	for (; *path; path++)
		depth += *path == '/' && path[1] != '\0';
	return depth;
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
