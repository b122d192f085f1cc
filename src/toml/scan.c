/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c — the cursor: what stands there, what can be skipped, where it is, and how to complain
 * about it. */
#include "toml/parser.h"

#include <stdio.h>
#include <string.h>

static int fail_character(struct parser *p, const char *at)
{
	unsigned char c = (unsigned char)*at;

	if (c >= 0x80)
		return toml_fail(p, toml_position_of(p, at),
				 "byte 0x%02x does not continue UTF-8 text", c);
	if (c == '\r')
		return toml_fail(p, toml_position_of(p, at),
				 "expected a newline after the carriage return");
	return toml_fail(p, toml_position_of(p, at), "control character U+%04X is not allowed; "
		    "in a \"...\" string it can be written \\u%04X", c, c);
}

int toml_check_text(struct parser *p)
{
	for (const char *at = p->text; at < p->end; ) {
		unsigned char c = (unsigned char)*at;
		size_t size = c < 0x80 ? 1 : utf8_size(at, (size_t)(p->end - at));
		bool control = c < 0x20 || c == 0x7f;

		if (c == '\r' && at + 1 < p->end && at[1] == '\n')
			control = false;
		if (size == 0 || (control && c != '\n' && c != '\t'))
			return fail_character(p, at);
		at += size;
	}
	return 0;
}

char toml_peek(const struct parser *p)
{
	return p->at < p->end ? *p->at : '\0';
}

bool toml_looking_at(const struct parser *p, const char *string)
{
	size_t size = strlen(string);

	return (size_t)(p->end - p->at) >= size && memcmp(p->at, string, size) == 0;
}

bool toml_at_line_end(const struct parser *p)
{
	char c = toml_peek(p);

	return c == '\0' || c == '\n' || c == '\r';
}

void toml_skip_blanks(struct parser *p)
{
	while (toml_peek(p) == ' ' || toml_peek(p) == '\t')
		p->at++;
}

void toml_skip_comment(struct parser *p)
{
	if (toml_peek(p) == '#')
		while (!toml_at_line_end(p))
			p->at++;
}

bool toml_skip_newline(struct parser *p)
{
	if (toml_peek(p) == '\r')
		p->at++;
	if (toml_peek(p) != '\n')
		return false;
	p->at++;
	return true;
}

void toml_skip_lines(struct parser *p)
{
	do {
		toml_skip_blanks(p);
		toml_skip_comment(p);
	} while (toml_skip_newline(p));
}

struct toml_position toml_position_of(struct parser *p, const char *at)
{
	if (at < p->mark) {
		p->mark = p->text;
		p->mark_position = (struct toml_position){ 1, 1 };
	}
	for (; p->mark < at; p->mark++) {
		if (*p->mark == '\n') {
			p->mark_position.line++;
			p->mark_position.column = 1;
		} else if (((unsigned char)*p->mark & 0xc0) != 0x80) {
			p->mark_position.column++;
		}
	}
	return p->mark_position;
}

int toml_fail(struct parser *p, struct toml_position position, const char *format, ...)
{
	char message[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	return error_at(p->err, p->origin, position.line, position.column, "%s", message);
}

int toml_fail_here(struct parser *p, const char *expected)
{
	char shown[SHOWN_SIZE];

	return toml_fail(p, toml_position_of(p, p->at), "expected %s, found %s", expected,
			 toml_found(p, shown));
}

const char *toml_found(const struct parser *p, char shown[SHOWN_SIZE])
{
	size_t size = 0;

	if (p->at == p->end)
		return "the end of the file";
	if (toml_at_line_end(p))
		return "the end of the line";
	while (size < 40 && p->at + size < p->end && toml_is_bare(p->at[size]))
		size++;
	if (size == 0)
		size = utf8_size(p->at, (size_t)(p->end - p->at));
	/* U+0080 to U+009F: a terminal may take them for the start of an escape sequence. */
	if (size == 2 && p->at[0] == '\xc2' && (unsigned char)p->at[1] < 0xa0)
		snprintf(shown, SHOWN_SIZE, "U+%04X", (unsigned char)p->at[1]);
	else
		snprintf(shown, SHOWN_SIZE, "'%.*s'", (int)size, p->at);
	return shown;
}

int toml_enter(struct parser *p, struct toml_position position)
{
	if (p->depth == TOML_DEPTH)
		return toml_fail(p, position, "nested deeper than %d levels", TOML_DEPTH);
	p->depth++;
	return 0;
}

bool toml_is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}
