/* SPDX-License-Identifier: Apache-2.0 */
/* words.c — "did you mean": the nearest word of a list. */
#include "base/base.h"

#include <string.h>

#define LONGEST		63	/* bytes; nobody mistypes a longer keyword by a letter or two */

static unsigned minimum(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements, and swaps of neighbours ("wirte") count 1 each. Both words
 * are at most LONGEST long. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][LONGEST + 1];
	size_t size = strlen(b);
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t k = 0; k <= size; k++) {
		before[k] = 0;
		above[k] = (unsigned)k;
	}
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned *oldest = before;

		row[0] = (unsigned)i;
		for (size_t k = 1; k <= size; k++) {
			row[k] = minimum(above[k] + 1, row[k - 1] + 1);
			row[k] = minimum(row[k], above[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				row[k] = minimum(row[k], before[k - 2] + 1);
		}
		before = above;
		above = row;
		row = oldest;
	}
	return above[size];
}

const char *words_nearest(const char *text, const char *const *words)
{
	size_t size = strlen(text);
	unsigned best = size >= 6 ? (unsigned)(size / 3) : 1;
	const char *nearest = NULL;

	if (size == 0 || size > LONGEST)
		return NULL;
	for (; *words; words++) {
		unsigned steps;

		if (strlen(*words) > LONGEST)
			continue;
		steps = distance(text, *words);
		if (steps < best || (steps == best && !nearest)) {
			best = steps;
			nearest = *words;
		}
	}
	return nearest;
}
