/* SPDX-License-Identifier: Apache-2.0 */
/* macos.c — what is decided on macOS only: Mach services, kernel state, IOKit user clients; and local sockets, which
 * Seatbelt knows by path alone. The rows of macos.def are the database; src/macos/seatbelt.c makes text from them. */
#include "policy/internal.h"

#include <string.h>

static const struct macos_row rows[] = {
#define MACH(when, name, why) { MACOS_MACH, MACOS_##when, false, name, why },
#define SYSCTL(match, name, why) { MACOS_SYSCTL, MACOS_ALWAYS, MACOS_##match, name, why },
#define IOKIT(when, class, why) { MACOS_IOKIT, MACOS_##when, false, class, why },
#include "policy/macos.def"
#undef MACH
#undef SYSCTL
#undef IOKIT
#define SEGMENT_READ MACOS_SEGMENT_READ, MACOS_ALWAYS
#define SEGMENT_WRITE MACOS_SEGMENT_WRITE, MACOS_ALWAYS
#define SEGMENT_READ_ALL MACOS_SEGMENT_READ, MACOS_READ_ALL
#define SEGMENT(match, access, name, why) { SEGMENT_##access, MACOS_##match, name, why },
#include "policy/macos.def"
#undef SEGMENT
};

const struct macos_row *macos_rows(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(rows);
	return rows;
}

static bool reads_all(const struct policy *policy)
{
	ptrdiff_t root = policy_rule_at(policy, "/");

	return root >= 0 && policy->rules[root].access >= ACCESS_READ;
}

bool macos_row_holds(const struct policy *policy, const struct macos_row *row)
{
	switch (row->when) {
	case MACOS_READ_ALL:	return reads_all(policy);
	case MACOS_NETWORK:	return policy->network != NETWORK_OFF;
	case MACOS_FULL:	return policy->network == NETWORK_FULL;
	case MACOS_GPU:		return policy->gpu;
	case MACOS_APPLEEVENTS:	return policy->appleevents;
	default:		return true;
	}
}

const char *macos_root_link(const char *path)
{
	static const char *const links[] = { "/etc", "/tmp", "/var" };

	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (path_below(path, links[i], false))
			return links[i];
	return NULL;
}

/* Directories that all programs of a user put their sockets into: nobody can tell there whose a socket is. */
bool macos_is_shared(const char *path)
{
	static const char *const places[] = {
		"/", "/Users", "/private", "/private/tmp", "/private/var", "/private/var/folders", "/private/var/tmp",
		"/tmp",
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (!strcmp(path, places[i]))
			return true;
	/* /private/var/folders/xx/yyyyyyyy/T, whichever user's */
	return path_below(path, "/private/var/folders", false) && path_depth(path) <= 6;
}

const char *macos_own_socket_pattern(struct arena *arena, const char *directory)
{
	const char *quoted = glob_quote(arena, directory);

	return quoted ? arena_printf(arena, "%s/pymp-*/listener-*", quoted) : NULL;
}

/* Python's multiprocessing puts its sockets into a temporary directory, under names of its own, and asks whoever comes
 * for a key. */
static bool is_known_socket(const char *directory, const char *path)
{
	struct arena arena = { 0 };
	const char *pattern = macos_own_socket_pattern(&arena, directory);
	bool known = pattern && glob_match(pattern, path, false);

	arena_done(&arena);
	return known;
}

bool macos_socket_is_own(const struct policy *policy, const char *path, const struct rule **ret_rule)
{
	struct decision decision;

	policy_decide(policy, OPERATION_WRITE, path, &decision);
	if (!decision.allowed || !decision.rule ||
	    (macos_is_shared(decision.rule->path) && !is_known_socket(decision.rule->path, path)))
		return false;
	for (size_t i = 0; i < policy->socket_count; i++)
		if (!strcmp(policy->sockets[i], path))
			return false;
	*ret_rule = decision.rule;
	return true;
}

static const struct macos_row *find_row(const struct policy *policy, enum macos_kind kind, const char *name,
					bool *ret_gpu)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t size = rows[i].prefix ? strlen(rows[i].name) : strlen(rows[i].name) + 1;

		if (rows[i].kind != kind || strncmp(rows[i].name, name, size) != 0)
			continue;
		*ret_gpu = rows[i].when == MACOS_GPU;
		if (macos_row_holds(policy, &rows[i]))
			return &rows[i];
	}
	return NULL;
}

void macos_decide(const struct policy *policy, enum operation operation, const char *subject, struct decision *decision)
{
	static const enum macos_kind kinds[OPERATION__COUNT] = {
		[OPERATION_IOKIT] = MACOS_IOKIT, [OPERATION_MACH_LOOKUP] = MACOS_MACH,
		[OPERATION_SYSCTL] = MACOS_SYSCTL,
	};
	const struct macos_row *row;
	bool gpu = false;

	if (operation == OPERATION_UNIX_CONNECT) {
		bool resolver = policy->network == NETWORK_FULL && !strcmp(subject, MACOS_RESOLVER);

		decision->allowed = resolver || macos_socket_is_own(policy, subject, &decision->rule);
		if (decision->allowed)
			decision->reason = resolver ? "names of hosts, with the network on" : NULL;
		return;
	}
	if (operation == OPERATION_KERNEL)
		decision->reason = "no key of a profile opens it on macOS";
	if (operation < OPERATION_IOKIT)
		return;
	row = find_row(policy, kinds[operation], subject, &gpu);
	if (row) {
		decision->allowed = true;
		decision->reason = row->why;
		decision->rule = row->when == MACOS_GPU ? &policy->gpu_rule : NULL;
	} else if (gpu) {
		decision->reason = "devices.gpu opens the GPU's, and is not set";
		decision->gpu = true;
	} else if (operation == OPERATION_SYSCTL) {
		decision->reason = "this kernel state is not among what toolchains and runtimes need";
	}
}
