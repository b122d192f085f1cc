/* SPDX-License-Identifier: Apache-2.0 */
/* profile_check.c — what only whole profiles can tell: repeated entries, chains of parents, entries without effect. */
#include "policy/reader.h"

#include <string.h>

#define LONGEST_CHAIN	64	/* profiles; bounds the work that a hostile file can ask for */
#define ON_PATH		(~0u)	/* in place of a depth: the walk is here */

static const char full_access[] = ":danger-full-access";

bool profile_is_unconfined(const struct profile *profile)
{
	return !strcmp(profile->id, full_access);
}

int profile_check_repeats(const struct profile *profile, struct bawn_error *err)
{
	struct arena arena = { 0 };
	const struct setting **sorted = settings_sorted(&arena, profile), *first = NULL, *again = NULL;
	int e = sorted ? 0 : error_oom(err);

	for (size_t i = 1; sorted && i < profile->count; i++)
		if (!setting_compare(sorted[i - 1], sorted[i]) && (!again || sorted[i] < again)) {
			first = sorted[i - 1];
			again = sorted[i];
		}
	if (again)
		e = origin_fail(err, &again->origin, "%s repeats %s (%s): say it once",
				setting_text(&arena, again), setting_text(&arena, first),
				origin_text(&arena, &first->origin));
	arena_done(&arena);
	return e;
}

static const struct profile *parent_of(const struct profiles *profiles, const struct profile *profile)
{
	return profile->extends ? profiles_find(profiles, profile->extends) : NULL;
}

static int refuse_circle(struct arena *arena, const struct profiles *profiles, const struct profile *start,
			 struct bawn_error *err)
{
	struct text chain = { 0 };
	const struct profile *profile = start;

	do {
		text_printf(&chain, "%s -> ", profile->id);
		profile = parent_of(profiles, profile);
	} while (profile != start);
	text_add(&chain, start->id);
	origin_fail(err, &start->extends_origin, "extends goes round in a circle: %s",
		    chain.failed ? quoted(arena, start->id) : chain.bytes);
	text_done(&chain);
	return -EINVAL;
}

static int refuse_length(const struct profiles *profiles, const struct profile *profile, struct bawn_error *err)
{
	return origin_fail(err, &profile->extends_origin, "%s -> %s -> ...: more than %d profiles extend one another",
			   profile->id, parent_of(profiles, profile)->id, LONGEST_CHAIN);
}

static int refuse_parent(struct arena *arena, const struct profiles *profiles, const struct profile *profile,
			 struct bawn_error *err)
{
	const char **ids = arena_alloc(arena, (profiles->count + 1) * sizeof(*ids));
	const char *nearest, *shown = quoted(arena, profile->extends);
	size_t count = 0;

	for (size_t i = 0; ids && i < profiles->count; i++)
		if (strcmp(profiles->items[i].id, full_access) && &profiles->items[i] != profile)
			ids[count++] = profiles->items[i].id;
	nearest = ids ? words_nearest(profile->extends, ids) : NULL;
	if (nearest)
		return origin_fail(err, &profile->extends_origin, "%s -> %s: no profile %s (did you mean \"%s\"?)",
				   profile->id, profile->extends, shown, nearest);
	return origin_fail(err, &profile->extends_origin, "%s -> %s: no profile %s", profile->id,
			   profile->extends, shown);
}

/* Walks from each profile to its last parent, each profile once. path, depth: room for every profile. */
static int check_chains(struct arena *arena, const struct profiles *profiles, size_t *path, unsigned *depth,
			struct bawn_error *err)
{
	for (size_t start = 0; start < profiles->count; start++) {
		size_t length = 0, at = start;
		unsigned deep = 0;

		while (!depth[at]) {
			const struct profile *profile = &profiles->items[at], *parent = parent_of(profiles, profile);

			path[length++] = at;
			depth[at] = ON_PATH;
			if (!profile->extends)
				break;
			if (!parent)
				return refuse_parent(arena, profiles, profile, err);
			if (!strcmp(parent->id, full_access))
				return origin_fail(err, &profile->extends_origin,
						   "%s -> %s: %s is no sandbox at all and cannot be extended",
						   profile->id, parent->id, parent->id);
			at = (size_t)(parent - profiles->items);
			if (depth[at] == ON_PATH)
				return refuse_circle(arena, profiles, parent, err);
			deep = depth[at];
		}
		for (; length > 0; length--) {
			depth[path[length - 1]] = ++deep;
			if (deep > LONGEST_CHAIN)
				return refuse_length(profiles, &profiles->items[path[length - 1]], err);
		}
	}
	return 0;
}

int profile_check_chains(const struct profiles *profiles, struct bawn_error *err)
{
	struct arena arena = { 0 };
	size_t *path = arena_alloc(&arena, profiles->count * sizeof(*path));
	unsigned *depth = arena_alloc(&arena, profiles->count * sizeof(*depth));
	int e = path && depth ? check_chains(&arena, profiles, path, depth, err) : error_oom(err);

	arena_done(&arena);
	return e;
}

/* What the network settings of a profile come to, its own before its parents'. */
struct network {
	const struct setting *enabled, *mode, *domain;
};

static void network_note(struct network *network, const struct profile *profile)
{
	if (!network->enabled)
		network->enabled = profile_find(profile, PROFILE_NET_ENABLED, NULL);
	if (!network->mode)
		network->mode = profile_find(profile, PROFILE_NET_MODE, NULL);
	if (!network->domain)
		network->domain = profile_find(profile, PROFILE_NET_DOMAIN, NULL);
}

int profile_check_effects(const struct profiles *profiles, const struct profile *profile, struct bawn_error *err)
{
	const struct setting *idle;
	struct network network = { 0 };
	struct arena arena = { 0 };

	for (const struct profile *p = profile; p; p = profiles ? parent_of(profiles, p) : NULL)
		network_note(&network, p);
	if (network.enabled && network.enabled->value.boolean)
		return 0;
	idle = network.domain;
	if (!idle && network.mode && !strcmp(network.mode->value.string, "limited"))
		idle = network.mode;
	if (!idle)
		return 0;
	if (network.enabled)
		origin_fail(err, &idle->origin, "%s has no effect in profile %s: network.enabled is false (%s)",
			    setting_text(&arena, idle), quoted(&arena, profile->id),
			    origin_text(&arena, &network.enabled->origin));
	else
		origin_fail(err, &idle->origin, "%s has no effect in profile %s: network.enabled is not set; "
			    "add enabled = true", setting_text(&arena, idle), quoted(&arena, profile->id));
	arena_done(&arena);
	return -EINVAL;
}
