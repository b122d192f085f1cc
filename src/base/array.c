/* SPDX-License-Identifier: Apache-2.0 */
/* array.c — growth of plain arrays in an arena: a full one is copied to twice the room. */
#include "base/base.h"

#include <string.h>

void *array_add(struct arena *arena, void **array, size_t *count, size_t *capacity, size_t size)
{
	char *items, *item;

	/* The caller's variable is a pointer to some struct, not a void pointer: copied as bytes,
	 * as the compiler may take accesses of different pointer types to be independent. */
	memcpy(&items, array, sizeof(items));
	if (*count == *capacity) {
		size_t room = *capacity ? *capacity * 2 : 8;
		char *larger = room <= SIZE_MAX / 4 / size ? arena_alloc(arena, room * size) : NULL;

		if (!larger)
			return NULL;
		if (*count)
			memcpy(larger, items, *count * size);
		items = larger;
		memcpy(array, &items, sizeof(items));
		*capacity = room;
	}
	item = items + *count * size;
	/* A caller may have shortened the array: what stood there must not come back. */
	memset(item, 0, size);
	*count += 1;
	return item;
}
