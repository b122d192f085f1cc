/* SPDX-License-Identifier: Apache-2.0 */
/* environ.c — the command's environment: what crosses from the caller's, what the profile sets, what bawn sets. */
#include "policy/internal.h"
#include "policy/reader.h"

#include <string.h>

static const char *const core_names[] = {
	"COLORTERM", "EDITOR", "HOME", "HOSTNAME", "LANG", "LANGUAGE", "LC_*", "LOGNAME", "NO_COLOR", "PATH", "PWD",
	"SHELL", "TERM", "TMPDIR", "TZ", "USER",
};

static const char *const network_words[] = {
	[NETWORK_OFF] = "off", [NETWORK_PROXY] = "proxy", [NETWORK_FULL] = "full",
};

bool environ_is_loader(const char *name)
{
	return !strncmp(name, "LD_", 3) || !strncmp(name, "DYLD_", 5);
}

bool environ_is_ours(const char *name)
{
	return !strcmp(name, "BAWN") || !strcmp(name, "BAWN_PROFILE") || !strcmp(name, "BAWN_NETWORK");
}

/* * and ? only; every other character stands for itself. */
static bool name_matches(const char *glob, const char *name)
{
	const char *star = NULL, *resume = NULL;

	while (*name) {
		if (*glob == '*') {
			star = glob++;
			resume = name;
		} else if (*glob == '?' || *glob == *name) {
			glob++;
			name++;
		} else if (star) {
			glob = star + 1;
			name = ++resume;
		} else {
			return false;
		}
	}
	return !glob[strspn(glob, "*")];
}

static bool matches_any(const char *const *globs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (name_matches(globs[i], name))
			return true;
	return false;
}

static bool listed(const struct setting *setting, const char *name)
{
	return matches_any(setting->value.strings.items, setting->value.strings.count, name);
}

/* What the profile says about variables, looked up once. */
struct selection {
	const struct profile *profile;
	bool none, core;
	const struct setting *exclude, *include_only;
};

static struct selection select_from(const struct profile *profile)
{
	const struct setting *inherit = profile_find(profile, PROFILE_ENV_INHERIT, NULL);

	return (struct selection){
		.profile = profile,
		.none = inherit && !strcmp(inherit->value.string, "none"),
		.core = inherit && !strcmp(inherit->value.string, "core"),
		.exclude = profile_find(profile, PROFILE_ENV_EXCLUDE, NULL),
		.include_only = profile_find(profile, PROFILE_ENV_INCLUDE_ONLY, NULL),
	};
}

static bool crosses(const struct selection *selection, const char *name)
{
	if (environ_is_loader(name) || environ_is_ours(name) || selection->none)
		return false;
	if (selection->core && !matches_any(core_names, ARRAY_SIZE(core_names), name))
		return false;
	if (selection->exclude && listed(selection->exclude, name))
		return false;
	if (selection->include_only && !listed(selection->include_only, name))
		return false;
	return !profile_find(selection->profile, PROFILE_ENV_SET, name);
}

/* --- names that were seen: a program may get a huge environment, and must not be slow for it --- */

struct names {
	const char **slots;
	size_t mask;
};

static size_t hash(const char *name)
{
	uint64_t value = 0xcbf29ce484222325;	/* FNV-1a */

	for (; *name; name++)
		value = (value ^ (unsigned char)*name) * 0x100000001b3;
	return (size_t)(value ^ value >> 32);
}

static int names_init(struct names *names, struct arena *arena, size_t count)
{
	names->mask = 63;
	while (names->mask < count * 2)
		names->mask = names->mask * 2 + 1;
	names->slots = arena_alloc(arena, (names->mask + 1) * sizeof(*names->slots));
	return names->slots ? 0 : -ENOMEM;
}

/* Whether the name is new; then it is kept. */
static bool names_add(struct names *names, const char *name)
{
	size_t at = hash(name) & names->mask;

	for (; names->slots[at]; at = (at + 1) & names->mask)
		if (!strcmp(names->slots[at], name))
			return false;
	names->slots[at] = name;
	return true;
}

/* --- the list ----------------------------------------------------------------------------- */

static int add_variable(struct policy *policy, const char *name, const char *value, struct bawn_error *err)
{
	const char *string = arena_printf(&policy->arena, "%s=%s", name, value), **slot;

	slot = string ? array_add(&policy->arena, (void **)&policy->environ, &policy->environ_count,
				  &policy->environ_capacity, sizeof(*slot)) : NULL;
	if (!slot)
		return error_oom(err);
	*slot = string;
	return 0;
}

/* One string of the caller's: it crosses unless it is malformed, was there already, or is not wanted. */
static int inherit(const struct selection *selection, const char *string, struct names *names, struct policy *policy,
		   struct bawn_error *err)
{
	const char *equals = strchr(string, '='), *name;

	if (!equals || equals == string)
		return 0;
	name = arena_strndup(&policy->arena, string, (size_t)(equals - string));
	if (!name)
		return error_oom(err);
	if (!crosses(selection, name) || !names_add(names, name))
		return 0;
	if (strcmp(name, "PWD"))
		return add_variable(policy, name, equals + 1, err);
	/* The command may start elsewhere than the caller stands. */
	return policy->cwd ? add_variable(policy, name, policy->cwd, err) : 0;
}

static int add_own(const struct profile *profile, struct policy *policy, struct bawn_error *err)
{
	int e = 0;

	for (size_t i = 0; e >= 0 && i < profile->count; i++)
		if (profile->settings[i].key == PROFILE_ENV_SET)
			e = add_variable(policy, profile->settings[i].name, profile->settings[i].value.string, err);
	if (e >= 0)
		e = add_variable(policy, "BAWN", "1", err);
	if (e >= 0)
		e = add_variable(policy, "BAWN_PROFILE", profile->id, err);
	if (e >= 0)
		e = add_variable(policy, "BAWN_NETWORK", network_words[policy->network], err);
	return e;
}

int policy_environ(const struct profile *profile, const struct host *host, struct policy *policy,
		   struct bawn_error *err)
{
	struct selection selection = select_from(profile);
	struct names names;
	size_t count = 0;
	const char **end;
	int e = 0;

	while (host->environ && host->environ[count])
		count++;
	if (names_init(&names, &policy->arena, count) < 0)
		return error_oom(err);
	for (size_t i = 0; e >= 0 && i < count; i++)
		e = inherit(&selection, host->environ[i], &names, policy, err);
	if (e >= 0)
		e = add_own(profile, policy, err);
	if (e < 0)
		return e;
	end = array_add(&policy->arena, (void **)&policy->environ, &policy->environ_count, &policy->environ_capacity,
			sizeof(*end));
	if (!end)
		return error_oom(err);
	policy->environ_count--;	/* the NULL at the end does not count */
	return 0;
}
