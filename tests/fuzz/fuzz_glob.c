/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_glob.c — a pattern, a newline, a path: no crash, no long wait, and what the matcher says of the path, of the
 * directories above it and of where a walk may be cut must agree. */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEPTH_MAX	64		/* of a path whose every prefix is tried */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check(const char *pattern, char *path, bool nocase)
{
	bool above = glob_match_above(pattern, path, nocase);
	bool matches = glob_match(pattern, path, nocase), any = matches;

	require(!matches || glob_prefix(pattern, path, nocase));
	if (path_depth(path) > DEPTH_MAX)
		return;
	for (char *slash = strrchr(path, '/'); slash && path[1]; slash = strrchr(path, '/')) {
		slash[slash == path] = '\0';
		require(!matches || glob_prefix(pattern, path, nocase));
		any = any || glob_match(pattern, path, nocase);
	}
	require(any == above);
}

static void check_base(const char *pattern, const char *path)
{
	struct arena arena = { 0 };

	require(*pattern != '/' || !glob_match(pattern, path, false) ||
		path_below(path, glob_base(&arena, pattern), false));
	arena_done(&arena);
}

static void check_quoted(const char *path)
{
	struct arena arena = { 0 };
	const char *quoted = glob_quote(&arena, path), *reason;

	require(!glob_valid(quoted, &reason) || glob_match(quoted, path, false));
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	char *pattern = arena_strndup(&arena, (const char *)data, size), *newline = strchr(pattern, '\n');
	const char *reason = NULL;
	clock_t start = clock();

	if (newline) {
		char *path = path_absolute(&arena, "/", newline + 1);

		*newline = '\0';
		check_quoted(path);
		if (glob_valid(pattern, &reason)) {
			check(pattern, arena_strdup(&arena, path), false);
			check(pattern, arena_strdup(&arena, path), true);
			check_base(pattern, path);
		} else {
			require(*reason);
			glob_match(pattern, path, false);	/* no crash even so */
		}
	}
	arena_done(&arena);
	require(clock() - start < 5 * CLOCKS_PER_SEC);
	return 0;
}
