/* SPDX-License-Identifier: Apache-2.0 */
/* string.c — the four kinds of string: "basic", 'literal', and both with three quotes.
 *
 * Stretches without anything special are copied at once. A newline in the text stays as it is
 * written there, so that CRLF in a multi-line string is CRLF in the value. */
#include "toml/parser.h"

#include <string.h>

bool toml_multiline_string_starts(const struct parser *p)
{
	return toml_looking_at(p, "\"\"\"") || toml_looking_at(p, "'''");
}

static void add_code_point(struct text *text, uint32_t code)
{
	char bytes[4];
	size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };

	for (size_t i = size - 1; i > 0; i--, code >>= 6)
		bytes[i] = (char)(0x80 | (code & 0x3f));
	bytes[0] = (char)(lead[size] | code);
	text_add_bytes(text, bytes, size);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* \uXXXX and \UXXXXXXXX; the cursor is behind the letter. */
static int code_point_parse(struct parser *p, int digits)
{
	const char *start = p->at - 2;
	uint32_t code = 0;

	for (int i = 0; i < digits; i++, p->at++) {
		int digit = hex_digit(toml_peek(p));

		if (digit < 0)
			return toml_fail_here(p, digits == 4 ? "four hexadecimal digits after \\u" :
							  "eight hexadecimal digits after \\U");
		code = code << 4 | (uint32_t)digit;
	}
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return toml_fail(p, toml_position_of(p, start), "U+%04X is not a Unicode character",
				 (unsigned)code);
	add_code_point(&p->scratch, code);
	return 0;
}

/* A backslash before the line's end joins the lines: all blanks up to the next character go. */
static int continuation_parse(struct parser *p)
{
	toml_skip_blanks(p);
	if (!toml_skip_newline(p))
		return toml_fail_here(p, "the end of the line after the backslash and blanks");
	do
		toml_skip_blanks(p);
	while (toml_skip_newline(p));
	return 0;
}

static int escape_parse(struct parser *p, bool multiline)
{
	static const char letters[] = "btnfr\"\\", meanings[] = "\b\t\n\f\r\"\\";
	const char *start = p->at++, *letter;
	char c = toml_peek(p), shown[SHOWN_SIZE];

	if (multiline && c != '\0' && strchr(" \t\r\n", c))
		return continuation_parse(p);
	if (c == 'u' || c == 'U') {
		p->at++;
		return code_point_parse(p, c == 'u' ? 4 : 8);
	}
	letter = c ? strchr(letters, c) : NULL;
	if (!letter)
		return toml_fail(p, toml_position_of(p, start),
			"expected one of b t n f r u U \" \\ after the backslash, found %s; "
			"a backslash itself is \\\\, or use '...'",
			toml_found(p, shown));
	text_add_bytes(&p->scratch, &meanings[letter - letters], 1);
	p->at++;
	return 0;
}

/* At a quote inside a multi-line string: three end it; up to two more before those belong to it. */
static bool multiline_ends(struct parser *p, char quote)
{
	size_t count = 0;

	while (count < 5 && toml_peek(p) == quote) {
		count++;
		p->at++;
	}
	text_add_bytes(&p->scratch, p->at - count, count >= 3 ? count - 3 : count);
	return count >= 3;
}

static int fail_unterminated(struct parser *p, const char *start, char quote, bool multiline)
{
	char quotes[] = { quote, multiline ? quote : '\0', quote, '\0' }, shown[SHOWN_SIZE];
	const char *stop = toml_found(p, shown);

	return toml_fail(p, toml_position_of(p, start), "expected %s to end the string, found %s",
			 quotes, stop);
}

/* Reads into scratch; the cursor is behind the opening quotes at start. */
static int contents_parse(struct parser *p, const char *start, char quote, bool multiline)
{
	for (;;) {
		const char *stretch = p->at;
		int r;

		while (p->at < p->end && *p->at != quote && *p->at != '\n' &&
		       !(*p->at == '\\' && quote == '"'))
			p->at++;
		text_add_bytes(&p->scratch, stretch, (size_t)(p->at - stretch));
		if (p->at == p->end || (*p->at == '\n' && !multiline))
			return fail_unterminated(p, start, quote, multiline);
		if (*p->at == '\n') {
			text_add_bytes(&p->scratch, p->at++, 1);
		} else if (*p->at == '\\') {
			r = escape_parse(p, multiline);
			if (r < 0)
				return r;
		} else if (!multiline) {
			p->at++;
			return 0;
		} else if (multiline_ends(p, quote)) {
			return 0;
		}
	}
}

int toml_string_parse(struct parser *p, char **ret_bytes, size_t *ret_size)
{
	const char *start = p->at;
	bool multiline = toml_multiline_string_starts(p);
	char *bytes;
	int r;

	p->scratch.size = 0;
	p->at += multiline ? 3 : 1;
	/* A newline right after the opening quotes is only there to look nice. */
	if (multiline)
		toml_skip_newline(p);
	r = contents_parse(p, start, *start, multiline);
	if (r < 0)
		return r;
	if (p->scratch.failed)
		return error_oom(p->err);
	bytes = arena_strndup(p->arena, p->scratch.bytes, p->scratch.size);
	if (!bytes)
		return error_oom(p->err);
	*ret_bytes = bytes;
	*ret_size = p->scratch.size;
	return 0;
}
