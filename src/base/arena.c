/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c — memory that is freed all at once.
 *
 * What is handed out is cleared piece by piece: calloc() would touch whole blocks, and most of what a short run costs
 * is pages touched for the first time. Block sizes grow fast, so that a big profile costs few of them and a small
 * one little memory. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT	16
#define FIRST_BLOCK	((size_t)960)		/* many arenas never need more */
#define GROWTH		4
#define LARGEST_BLOCK	((size_t)1 << 20)

struct arena_block {
	struct arena_block *next;
	size_t used, capacity;
	_Alignas(ALIGNMENT) char bytes[];
};

static struct arena_block *block_add(struct arena *arena, size_t size)
{
	struct arena_block *head = arena->head, *block;
	size_t capacity = head ? head->capacity * GROWTH : FIRST_BLOCK;

	if (capacity > LARGEST_BLOCK)
		capacity = LARGEST_BLOCK;
	if (size > capacity)
		capacity = size;
	block = reserve_take(sizeof(*block) + capacity);
	if (!block)
		return NULL;
	*block = (struct arena_block){ .capacity = capacity };

	/* A block made for one large piece is full at once: a roomier head stays the head. */
	if (head && capacity - size < head->capacity - head->used) {
		block->next = head->next;
		head->next = block;
	} else {
		block->next = head;
		arena->head = block;
	}
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->head;
	char *bytes;

	if (size > SIZE_MAX / 2)
		return NULL;
	/* Also for size 0, so that every piece has an address of its own. */
	size = size ? (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
	if (!block || block->capacity - block->used < size) {
		block = block_add(arena, size);
		if (!block)
			return NULL;
	}
	bytes = block->bytes + block->used;
	block->used += size;
	return memset(bytes, 0, size);
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_strndup(struct arena *arena, const char *text, size_t size)
{
	char *copy = size < SIZE_MAX ? arena_alloc(arena, size + 1) : NULL;

	if (copy && size)
		memcpy(copy, text, size);
	return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments, again;
	char *string = NULL;
	int size;

	va_start(arguments, format);
	va_copy(again, arguments);
	size = vsnprintf(NULL, 0, format, arguments);
	if (size >= 0)
		string = arena_alloc(arena, (size_t)size + 1);
	if (string)
		vsnprintf(string, (size_t)size + 1, format, again);
	va_end(again);
	va_end(arguments);
	return string;
}

void arena_done(struct arena *arena)
{
	struct arena_block *next;

	for (struct arena_block *block = arena->head; block; block = next) {
		next = block->next;
		reserve_give(block);
	}
	arena->head = NULL;
}
