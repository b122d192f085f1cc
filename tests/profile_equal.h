/* SPDX-License-Identifier: Apache-2.0 */
/* profile_equal.h — whether two profiles say the same, whatever the order and the places. For tests and fuzzing. */
#ifndef BAWN_TESTS_PROFILE_EQUAL_H
#define BAWN_TESTS_PROFILE_EQUAL_H

#include "policy/reader.h"

#include <string.h>

static inline bool same_string(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static inline bool same_strings(const struct setting *a, const struct setting *b)
{
	if (a->value.strings.count != b->value.strings.count)
		return false;
	for (size_t i = 0; i < a->value.strings.count; i++)
		if (strcmp(a->value.strings.items[i], b->value.strings.items[i]) != 0)
			return false;
	return true;
}

static inline bool same_ports(const struct setting *a, const struct setting *b)
{
	return a->value.ports.count == b->value.ports.count &&
	       (!a->value.ports.count || memcmp(a->value.ports.items, b->value.ports.items,
						a->value.ports.count * sizeof(*a->value.ports.items)) == 0);
}

static inline bool same_value(const struct setting *a, const struct setting *b)
{
	switch (key_row(a->key)->type) {
	case KEY_BOOL:
	case KEY_BOOL_MAP:
		return a->value.boolean == b->value.boolean;
	case KEY_GPU:
		if (a->is_string != b->is_string)
			return false;
		return a->is_string ? same_string(a->value.string, b->value.string)
				    : a->value.boolean == b->value.boolean;
	case KEY_INTEGER:
	case KEY_SIZE:
		return a->value.integer == b->value.integer;
	case KEY_STRINGS:
	case KEY_KERNEL:
		return same_strings(a, b);
	case KEY_PORTS:
		return same_ports(a, b);
	case KEY_ACCESS_MAP:
	case KEY_DEVICE_MAP:
	case KEY_DECISION_MAP:
		return a->value.access == b->value.access;
	default:
		return same_string(a->value.string, b->value.string);
	}
}

static inline bool profile_says(const struct profile *profile, const struct setting *setting)
{
	for (size_t i = 0; i < profile->count; i++) {
		const struct setting *other = &profile->settings[i];

		if (other->key == setting->key && same_string(other->name, setting->name) &&
		    same_string(other->sub, setting->sub))
			return same_value(other, setting);
	}
	return false;
}

static inline bool profile_equal(const struct profile *a, const struct profile *b)
{
	if (a->count != b->count || !same_string(a->description, b->description))
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!profile_says(b, &a->settings[i]))
			return false;
	return true;
}

#endif
