/* SPDX-License-Identifier: Apache-2.0 */
/* reader.c — Seatbelt's profile language, as far as text goes: lists, symbols, integers, "strings" with escapes,
 * #"strings" without, 'quotes, comments (; to the end of the line, #| ... |#). */
#include "macos/scheme.h"

#include <stdlib.h>
#include <string.h>

#define DELIMITERS	" \t\r\n\f()\";'"

static bool at_end(const struct reader *reader)
{
	return reader->at >= reader->end;
}

static char peek(const struct reader *reader, size_t ahead)
{
	return (size_t)(reader->end - reader->at) > ahead ? reader->at[ahead] : '\0';
}

static char take(struct reader *reader)
{
	char c = *reader->at++;

	reader->place.column++;
	if (c == '\n') {
		reader->place.line++;
		reader->place.column = 1;
	}
	return c;
}

/* #| ... |# */
static bool skip_comment(struct reader *reader)
{
	struct place place = reader->place;

	while (!at_end(reader) && !(peek(reader, 0) == '|' && peek(reader, 1) == '#'))
		take(reader);
	if (at_end(reader)) {
		scheme_fail(reader->machine, place, "this comment does not end");
		return false;
	}
	take(reader);
	take(reader);
	return true;
}

/* False: it failed. */
static bool skip_blank(struct reader *reader)
{
	while (!at_end(reader)) {
		if (peek(reader, 0) == '#' && peek(reader, 1) == '|') {
			if (!skip_comment(reader))
				return false;
		} else if (peek(reader, 0) == ';') {
			while (!at_end(reader) && take(reader) != '\n')
				;
		} else if (peek(reader, 0) && strchr(" \t\r\n\f", peek(reader, 0))) {
			take(reader);
		} else {
			break;
		}
	}
	return true;
}

/* --- atoms -------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What a backslash makes of what follows it. */
static char take_escape(struct reader *reader)
{
	char c = take(reader);
	int high, low;

	switch (c) {
	case 'n': return '\n';
	case 't': return '\t';
	case 'r': return '\r';
	case 'x':
	case 'X':
		high = hex_digit(peek(reader, 0));
		low = hex_digit(peek(reader, 1));
		if (high < 0 || low < 0)
			return c;
		take(reader);
		take(reader);
		return (char)(high * 16 + low);
	default: return c;
	}
}

static struct value *read_string(struct reader *reader, bool raw)
{
	struct place place = reader->place;
	size_t size = 0, room = (size_t)(reader->end - reader->at);
	char *bytes = scheme_alloc(reader->machine, room < SBPL_STRING ? room : SBPL_STRING);

	if (!bytes)
		return NULL;
	for (int i = 0; i < (raw ? 2 : 1); i++)
		take(reader);
	while (!at_end(reader) && peek(reader, 0) != '"') {
		char c = take(reader);

		if (c == '\\' && !at_end(reader)) {
			if (!raw)
				c = take_escape(reader);
			else if (peek(reader, 0) == '"')
				c = take(reader);
		}
		if (!c)
			return scheme_fail(reader->machine, place, "a string holds a NUL byte");
		if (size + 2 >= SBPL_STRING)
			return scheme_fail(reader->machine, place, "a string of more than %d bytes", SBPL_STRING);
		bytes[size++] = c;
	}
	if (at_end(reader))
		return scheme_fail(reader->machine, place, "this string does not end");
	take(reader);
	return scheme_string(reader->machine, bytes, size, place);
}

static bool parse_number(const char *text, long *ret_number)
{
	int base = strncmp(text, "#o", 2) == 0 ? 8 : strncmp(text, "#x", 2) == 0 ? 16 : 10;
	char *end;

	text += base == 10 ? 0 : 2;
	if (!strchr("-0123456789abcdefABCDEF", *text) || !*text)
		return false;
	errno = 0;
	*ret_number = strtol(text, &end, base);
	return *end == '\0' && end != text && errno == 0;
}

static struct value *read_atom(struct reader *reader)
{
	struct place place = reader->place;
	const char *start = reader->at;
	struct value *value;
	long number;

	while (!at_end(reader) && *reader->at && !strchr(DELIMITERS, *reader->at))
		take(reader);
	if (reader->at == start)
		return scheme_fail(reader->machine, place, "a NUL byte");
	value = scheme_string(reader->machine, start, (size_t)(reader->at - start), place);
	if (!value)
		return NULL;
	value->type = VALUE_SYMBOL;
	if (!strcmp(value->text, "#t") || !strcmp(value->text, "#f"))
		return scheme_boolean(value->text[1] == 't');
	if (parse_number(value->text, &number)) {
		value->type = VALUE_NUMBER;
		value->number = number;
	} else if (value->text[0] == '#') {
		return scheme_fail(reader->machine, place, "%s is not known", value->text);
	}
	return value;
}

/* --- lists -------------------------------------------------------------------------------- */

static struct value *read_value(struct reader *reader);

/* What stands behind a dot: (name . rest). */
static struct value *read_tail(struct reader *reader, struct value *list, struct value **end)
{
	if (!skip_blank(reader))
		return NULL;
	if (at_end(reader) || peek(reader, 0) == ')')
		return scheme_fail(reader->machine, reader->place, "one value is expected behind the dot");
	*end = read_value(reader);
	if (!*end || !skip_blank(reader))
		return NULL;
	if (peek(reader, 0) != ')')
		return scheme_fail(reader->machine, reader->place, "one value is expected behind the dot");
	take(reader);
	return list;
}

static struct value *read_list(struct reader *reader)
{
	struct place place = reader->place;
	struct value *list = &scheme_nil, **end = &list;

	take(reader);
	for (;;) {
		struct value *value;

		if (!skip_blank(reader))
			return NULL;
		if (peek(reader, 0) == ')')
			break;
		if (at_end(reader))
			return scheme_fail(reader->machine, place, "this parenthesis is not closed");
		value = read_value(reader);
		if (!value)
			return NULL;
		if (value->type == VALUE_SYMBOL && !strcmp(value->text, ".") && list != &scheme_nil)
			return read_tail(reader, list, end);
		if (!(*end = scheme_pair(reader->machine, value, &scheme_nil, place)))
			return NULL;
		end = &(*end)->pair.rest;
	}
	take(reader);
	return list;
}

static struct value *read_quoted(struct reader *reader)
{
	struct place place = reader->place;
	struct value *quote, *value;

	take(reader);
	if (!skip_blank(reader))
		return NULL;
	value = at_end(reader) ? scheme_fail(reader->machine, place, "nothing follows the quote") : read_value(reader);
	if (!value || !(quote = scheme_string(reader->machine, "quote", 5, place)) ||
	    !(value = scheme_pair(reader->machine, value, &scheme_nil, place)))
		return NULL;
	quote->type = VALUE_SYMBOL;
	return scheme_pair(reader->machine, quote, value, place);
}

static struct value *read_value(struct reader *reader)
{
	struct value *value;

	if (reader->depth >= SBPL_NESTING)
		return scheme_fail(reader->machine, reader->place, "nested more than %d deep", SBPL_NESTING);
	reader->depth++;
	switch (peek(reader, 0)) {
	case '(': value = read_list(reader); break;
	case ')': value = scheme_fail(reader->machine, reader->place, "nothing is open that this would close"); break;
	case '\'': value = read_quoted(reader); break;
	case '"': value = read_string(reader, false); break;
	case '#':
		value = peek(reader, 1) == '"' ? read_string(reader, true) : read_atom(reader);
		break;
	default: value = read_atom(reader);
	}
	reader->depth--;
	return value;
}

struct value *reader_next(struct reader *reader, bool *ret_failed)
{
	struct value *value;

	*ret_failed = !skip_blank(reader);
	if (*ret_failed || at_end(reader))
		return NULL;
	value = read_value(reader);
	*ret_failed = !value;
	return value;
}
