/* SPDX-License-Identifier: Apache-2.0 */
/* text.c — a growing string, and what a UTF-8 character is.
 *
 * Failure to grow is remembered, not reported by each call: whoever builds a long text checks once,
 * in text_take(). */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for size more bytes and a NUL. */
static bool make_room(struct text *text, size_t size)
{
	size_t capacity = text->capacity ? text->capacity : 64;
	char *bytes;

	if (text->failed || size >= SIZE_MAX / 4 - text->size) {
		text->failed = true;
		return false;
	}
	if (text->size + size < text->capacity)
		return true;
	while (capacity <= text->size + size)
		capacity *= 2;
	bytes = reserve_take(capacity);
	if (!bytes) {
		text->failed = true;
		return false;
	}
	memcpy(bytes, text->bytes ? text->bytes : "", text->size + 1);
	reserve_give(text->bytes);
	text->bytes = bytes;
	text->capacity = capacity;
	return true;
}

void text_add(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string));
}

void text_add_bytes(struct text *text, const char *bytes, size_t size)
{
	if (!make_room(text, size) || !text->bytes)
		return;
	if (size)
		memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
	text->bytes[text->size] = '\0';
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list arguments, again;
	int size;

	va_start(arguments, format);
	va_copy(again, arguments);
	size = vsnprintf(NULL, 0, format, arguments);
	if (size < 0) {
		text->failed = true;
	} else if (make_room(text, (size_t)size)) {
		vsnprintf(text->bytes + text->size, (size_t)size + 1, format, again);
		text->size += (size_t)size;
	}
	va_end(again);
	va_end(arguments);
}

int text_take(struct text *text, char **ret_string, struct bawn_error *err)
{
	char *string;

	if (!text->bytes)
		text_add_bytes(text, "", 0);
	string = text->failed || !text->bytes ? NULL : malloc(text->size + 1);
	if (string)
		memcpy(string, text->bytes, text->size + 1);
	text_done(text);
	if (!string)
		return error_oom(err);
	*ret_string = string;
	return 0;
}

void text_done(struct text *text)
{
	reserve_give(text->bytes);
	memset(text, 0, sizeof(*text));
}

size_t utf8_size(const char *bytes, size_t size)
{
	/* The second byte's range is narrower after some first ones: no overlong forms, no
	 * surrogates, nothing above U+10FFFF (Unicode 15, table 3-7). */
	static const struct { unsigned char first, last, size, low, high; } forms[] = {
		{ 0x00, 0x7f, 1, 0x00, 0x00 },
		{ 0xc2, 0xdf, 2, 0x80, 0xbf },
		{ 0xe0, 0xe0, 3, 0xa0, 0xbf },
		{ 0xe1, 0xec, 3, 0x80, 0xbf },
		{ 0xed, 0xed, 3, 0x80, 0x9f },
		{ 0xee, 0xef, 3, 0x80, 0xbf },
		{ 0xf0, 0xf0, 4, 0x90, 0xbf },
		{ 0xf1, 0xf3, 4, 0x80, 0xbf },
		{ 0xf4, 0xf4, 4, 0x80, 0x8f },
	};
	unsigned char first = size ? (unsigned char)bytes[0] : 0xff;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (first < forms[i].first || first > forms[i].last)
			continue;
		if (forms[i].size > size)
			return 0;
		for (size_t k = 1; k < forms[i].size; k++) {
			unsigned char low = k == 1 ? forms[i].low : 0x80;
			unsigned char high = k == 1 ? forms[i].high : 0xbf;

			if ((unsigned char)bytes[k] < low || (unsigned char)bytes[k] > high)
				return 0;
		}
		return forms[i].size;
	}
	return 0;
}

size_t text_number(char *at, unsigned number)
{
	char digits[TEXT_NUMBER], *first = digits + sizeof(digits);
	size_t size;

	do
		*--first = (char)('0' + number % 10);
	while (number /= 10);
	size = (size_t)(digits + sizeof(digits) - first);
	memcpy(at, first, size);
	at[size] = '\0';
	return size;
}
