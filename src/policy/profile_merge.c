/* SPDX-License-Identifier: Apache-2.0 */
/* profile_merge.c — a child's settings over its parents'.
 *
 * Two settings say the same thing when key, name and sub-path are equal, whatever the spelling: "/x/" is "/x",
 * "docs/." is "docs". Otherwise a child could not take back what its parent gave under another spelling. In
 * filesystem a word replaces all that the parent says of that name; a table goes in line by line. A parent's
 * settings are sorted once per merge and looked up, so that ten thousand rules cost what sorting them costs. */
#include "policy/reader.h"

#include <stdlib.h>
#include <string.h>

/* --- order -------------------------------------------------------------------------------- */

/* The next component of a path; "." and empty ones are none. Size 0: the end. */
static const char *next_component(const char **path, size_t *ret_size)
{
	const char *component;

	for (;;) {
		component = *path + strspn(*path, "/");
		*ret_size = strcspn(component, "/");
		*path = component + *ret_size;
		if (*ret_size != 1 || component[0] != '.')
			return component;
	}
}

/* Goes on to the last slash before which both are the same: what thousands of rules begin with alike is compared byte
 * by byte. */
static void skip_common(const char **a, const char **b)
{
	size_t slash = 0;

	for (size_t i = 0; (*a)[i] && (*a)[i] == (*b)[i]; i++)
		if ((*a)[i] == '/')
			slash = i;
	*a += slash;
	*b += slash;
}

static int path_compare(const char *a, const char *b)
{
	bool absolute_a = *a == '/', absolute_b = *b == '/';

	if (absolute_a != absolute_b)
		return absolute_a ? -1 : 1;
	skip_common(&a, &b);
	for (;;) {
		size_t size_a, size_b;
		const char *component_a = next_component(&a, &size_a), *component_b = next_component(&b, &size_b);
		int order = memcmp(component_a, component_b, size_a < size_b ? size_a : size_b);

		if (order || size_a != size_b)
			return order ? order : size_a < size_b ? -1 : 1;
		if (!size_a)
			return 0;
	}
}

static int name_compare(const struct setting *a, const struct setting *b)
{
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	if (!a->name || !b->name)
		return (a->name != NULL) - (b->name != NULL);
	switch (a->key) {
	case PROFILE_ENV_SET:
		return strcmp(a->name, b->name);
	case PROFILE_NET_DOMAIN:
		return domain_compare(a->name, b->name);
	default:
		return path_compare(a->name, b->name);
	}
}

int setting_compare(const struct setting *a, const struct setting *b)
{
	int order = name_compare(a, b);

	return order || !a->sub || !b->sub ? order : path_compare(a->sub, b->sub);
}

static int compare_pointers(const void *left, const void *right)
{
	const struct setting *const *a = left, *const *b = right;
	int order = setting_compare(*a, *b);

	/* Equal ones in the order in which they were said. */
	return order ? order : (*a > *b) - (*a < *b);
}

const struct setting **settings_sorted(struct arena *arena, const struct profile *profile)
{
	const struct setting **sorted = arena_alloc(arena, profile->count * sizeof(struct setting *));

	for (size_t i = 0; sorted && i < profile->count; i++)
		sorted[i] = &profile->settings[i];
	if (sorted && profile->count)
		qsort(sorted, profile->count, sizeof(struct setting *), compare_pointers);
	return sorted;
}

/* --- merging ------------------------------------------------------------------------------ */

struct merge {
	struct profile *parent;
	const struct setting **sorted;	/* the parent's settings */
	bool *dropped;			/* by index in parent->settings */
};

typedef int compare_function(const struct setting *a, const struct setting *b);

/* Drops the parent's settings that compare equal to setting, or only those spelt as a subtree. */
static void drop_equal(struct merge *merge, const struct setting *setting, compare_function *compare, bool only_subtree)
{
	size_t low = 0, high = merge->parent->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(merge->sorted[middle], setting) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < merge->parent->count && !compare(merge->sorted[low], setting); low++)
		if (!only_subtree || merge->sorted[low]->subtree)
			merge->dropped[merge->sorted[low] - merge->parent->settings] = true;
}

/* A key that ends in a slash and two stars is stored without them when it grants and with them when it denies,
 * but to the user it is one key: a child that grants takes back the parent's denial, and the other way round. */
static int drop_other_form(struct arena *arena, struct merge *merge, const struct setting *setting)
{
	struct setting other = *setting;
	const char **path = setting->scalar ? &other.name : &other.sub;
	size_t size;

	if (setting->key != PROFILE_FILESYSTEM)
		return 0;
	size = strlen(*path);
	if (setting->subtree)
		*path = !setting->scalar && !strcmp(*path, ".") ? "**" : arena_printf(arena, "%s/**", *path);
	else if (!setting->scalar && !strcmp(*path, "**"))
		*path = ".";
	else if (size > 3 && !strcmp(*path + size - 3, "/**"))
		*path = arena_strndup(arena, *path, size - 3);
	else if (!strcmp(*path, "/**"))
		*path = "/";
	else
		return 0;
	if (!*path)
		return -ENOMEM;
	drop_equal(merge, &other, setting_compare, !setting->subtree);
	return 0;
}

static int merge_settings(struct arena *arena, struct merge *merge, const struct profile *child)
{
	struct profile *parent = merge->parent;
	size_t kept = 0;

	for (size_t i = 0; i < child->count; i++) {
		const struct setting *setting = &child->settings[i];

		drop_equal(merge, setting, setting->scalar ? name_compare : setting_compare, false);
		if (drop_other_form(arena, merge, setting) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < parent->count; i++)
		if (!merge->dropped[i])
			parent->settings[kept++] = parent->settings[i];
	parent->count = kept;
	for (size_t i = 0; i < child->count; i++) {
		struct setting *setting = array_add(arena, (void **)&parent->settings, &parent->count,
						    &parent->capacity, sizeof(*setting));

		if (!setting)
			return -ENOMEM;
		*setting = child->settings[i];
	}
	return 0;
}

int profile_merge(struct arena *arena, struct profile *profile, const struct profile *child, struct bawn_error *err)
{
	struct arena scratch = { 0 };
	struct merge merge = {
		.parent = profile,
		.sorted = settings_sorted(&scratch, profile),
		.dropped = arena_alloc(&scratch, profile->count * sizeof(*merge.dropped)),
	};
	int e = merge.sorted && merge.dropped ? merge_settings(arena, &merge, child) : -ENOMEM;

	arena_done(&scratch);
	return e < 0 ? error_oom(err) : 0;
}
