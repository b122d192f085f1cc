/* SPDX-License-Identifier: Apache-2.0 */
/* secrets.c — a warning list: what of secrets.def can be read inside.
 *
 * Nothing is closed here: a profile says what is closed, and whoever writes one may forget. */
#include "policy/secrets.h"

#include <string.h>

static const struct { const char *path, *what; } places[] = {
#define SECRET(path, what) { path, what },
#include "policy/secrets.def"
#undef SECRET
};

static const struct { const char *glob, *what; } names[] = {
#define SECRET_NAME(glob, what) { "/" glob, what },
#include "policy/secrets.def"
#undef SECRET_NAME
};

static int add(struct arena *arena, struct secrets *secrets, struct secret secret, struct bawn_error *err)
{
	struct secret *slot = array_add(arena, (void **)&secrets->items, &secrets->count, &secrets->capacity,
					sizeof(*slot));

	if (!slot)
		return error_oom(err);
	*slot = secret;
	return 0;
}

/* *ret_readable: it is there, the caller may read it, and so may the command. */
static int is_readable(struct arena *arena, const struct policy *policy, const struct host *host, const char *place,
		       bool *ret_readable, struct bawn_error *err)
{
	const char *path = place[0] == '~' ? arena_printf(arena, "%s%s", host->home, place + 1) : place;
	struct decision decision;
	struct host_entry entry = { .type = HOST_MISSING };
	int e = path ? path_canonical(arena, host, path, &path, &entry, err) : error_oom(err);

	*ret_readable = false;
	if (e < 0)
		return e == -ENOMEM ? e : 0;
	if (entry.type == HOST_MISSING || (host->permits && host->permits(host->context, path, ACCESS_READ, 0) < 0))
		return 0;
	policy_decide(policy, OPERATION_READ, path, &decision);
	*ret_readable = decision.allowed;
	return 0;
}

static int find_places(struct arena *arena, const struct policy *policy, const struct host *host,
		       struct secrets *secrets, struct bawn_error *err)
{
	int e = 0;

	for (size_t i = 0; e >= 0 && i < ARRAY_SIZE(places); i++) {
		bool readable;

		if (places[i].path[0] == '~' && !host->home)
			continue;
		e = is_readable(arena, policy, host, places[i].path, &readable, err);
		if (e >= 0 && readable)
			e = add(arena, secrets, (struct secret){ places[i].path, places[i].what, false }, err);
	}
	return e;
}

static const char *what_of_variable(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (glob_match(names[i].glob, path, true))
			return names[i].what;
	return NULL;
}

static int find_variables(struct arena *arena, const struct policy *policy, struct secrets *secrets,
			  struct bawn_error *err)
{
	int e = 0;

	for (size_t i = 0; e >= 0 && i < policy->environ_count && policy->environ[i]; i++) {
		size_t size = strcspn(policy->environ[i], "=");
		const char *path = arena_printf(arena, "/%.*s", (int)size, policy->environ[i]), *what;

		if (!path)
			return error_oom(err);
		what = policy->environ[i][size] && policy->environ[i][size + 1] ? what_of_variable(path) : NULL;
		if (what)
			e = add(arena, secrets, (struct secret){ path + 1, what, true }, err);
	}
	return e;
}

int secrets_find(struct arena *arena, const struct policy *policy, const struct host *host, struct secrets *ret_secrets,
		 struct bawn_error *err)
{
	struct secrets secrets = { 0 };
	int e = find_places(arena, policy, host, &secrets, err);

	if (e >= 0)
		e = find_variables(arena, policy, &secrets, err);
	if (e >= 0)
		*ret_secrets = secrets;
	return e;
}
