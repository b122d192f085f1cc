/* SPDX-License-Identifier: Apache-2.0 */
/* reserve.c — memory for what every run needs and soon gives back.
 *
 * A short run spends more on getting its memory than on what it does with it: each size class of malloc() brings an
 * mmap(), pages touched only for bookkeeping, and a munmap(). Here objects stand side by side in one static piece.
 * Giving one back only counts; when none is left the piece is empty again. What finds no room comes from malloc().
 * Any thread may call. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT	16

#if defined(__SANITIZE_ADDRESS__)		/* it watches the borders of what malloc() gave */
#define RESERVE_BYTES	0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RESERVE_BYTES	0
#endif
#endif
#ifndef RESERVE_BYTES
#define RESERVE_BYTES	((size_t)256 << 10)
#endif

#define ONE_OBJECT	((uint64_t)1 << 32)	/* of state: objects that stand there, and below it the bytes taken */

static _Alignas(ALIGNMENT) char room[RESERVE_BYTES + ALIGNMENT];
static uint64_t state;

void *reserve_take(size_t size)
{
	uint64_t now = __atomic_load_n(&state, __ATOMIC_RELAXED), next;
	size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

	do {
		if (size > RESERVE_BYTES || rounded > RESERVE_BYTES - (uint32_t)now)
			return malloc(size);
		next = now + ONE_OBJECT + rounded;
	} while (!__atomic_compare_exchange_n(&state, &now, next, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	return room + (uint32_t)now;
}

void *reserve_zeroed(size_t size)
{
	void *object = reserve_take(size);

	return object ? memset(object, 0, size) : NULL;
}

void reserve_give(void *object)
{
	uint64_t now = __atomic_load_n(&state, __ATOMIC_RELAXED), next;

	if ((char *)object < room || (char *)object >= room + RESERVE_BYTES) {
		free(object);
		return;
	}
	do {
		next = now - ONE_OBJECT;
		if (next < ONE_OBJECT)
			next = 0;
	} while (!__atomic_compare_exchange_n(&state, &now, next, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}
