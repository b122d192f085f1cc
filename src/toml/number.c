/* SPDX-License-Identifier: Apache-2.0 */
/* number.c — integers and floats. What does not fit into 64 bits is refused, not rounded or
 * wrapped. */
#include "toml/parser.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The value of a digit, or a number that is too large for every radix. */
static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 99;
}

/* Moves the word's start over digits; each '_' must stand between two of them. */
static int digits_skip(struct parser *p, struct word *word, unsigned radix)
{
	const char *at = word->start;
	bool digit = false;

	for (; at < word->end && (*at == '_' || digit_value(*at) < radix); at++) {
		if (*at == '_' && !digit)
			break;
		digit = *at != '_';
	}
	p->at = at;
	if (!digit)
		return toml_fail_here(p, at > word->start ? "a digit after '_'" : "a digit");
	word->start = at;
	return 0;
}

static int integer_make(struct parser *p, struct word digits, unsigned radix, bool negative,
			struct toml_value *value)
{
	uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX, sum = 0;

	for (const char *at = digits.start; at < digits.end; at++) {
		unsigned digit = digit_value(*at);

		if (*at == '_')
			continue;
		if (sum > (limit - digit) / radix)
			return toml_fail(p, value->position,
					 "the integer does not fit into 64 bits with a sign");
		sum = sum * radix + digit;
	}
	value->type = TOML_INTEGER;
	value->u.integer = negative && sum ? -(int64_t)(sum - 1) - 1 : (int64_t)sum;
	return 0;
}

static int float_make(struct parser *p, struct word word, struct toml_value *value)
{
	/* strtod() reads the program's locale, which is not ours to change. */
	const char *point = localeconv()->decimal_point;
	double number;

	p->scratch.size = 0;
	for (const char *at = word.start; at < word.end; at++) {
		if (*at == '.')
			text_add(&p->scratch, point);
		else if (*at != '_')
			text_add_bytes(&p->scratch, at, 1);
	}
	if (p->scratch.failed)
		return error_oom(p->err);
	number = strtod(p->scratch.bytes, NULL);
	if (isinf(number))
		return toml_fail(p, value->position, "the number does not fit into a 64-bit float");
	value->type = TOML_FLOAT;
	value->u.number = number;
	return 0;
}

/* 0x, 0o and 0b; the word begins with the zero. */
static int prefixed_parse(struct parser *p, struct word word, struct toml_value *value)
{
	unsigned radix = word.start[1] == 'x' ? 16 : word.start[1] == 'o' ? 8 : 2;
	struct word rest = { word.start + 2, word.end }, digits = rest;
	int r = digits_skip(p, &rest, radix);

	if (r < 0)
		return r;
	p->at = rest.start;
	if (rest.start != word.end)
		return toml_fail_here(p, radix == 16 ? "a hexadecimal digit" :
					 radix == 8  ? "an octal digit" :
						       "0 or 1");
	return integer_make(p, digits, radix, false, value);
}

/* The part from the point or the 'e' on; moves the word's start to its end. */
static int fraction_skip(struct parser *p, struct word *word)
{
	int r = 0;

	if (word->start < word->end && *word->start == '.') {
		word->start++;
		r = digits_skip(p, word, 10);
	}
	if (r == 0 && word->start < word->end && (*word->start == 'e' || *word->start == 'E')) {
		word->start++;
		if (word->start < word->end && (*word->start == '+' || *word->start == '-'))
			word->start++;
		r = digits_skip(p, word, 10);
	}
	return r;
}

static bool word_is(struct word word, const char *string)
{
	size_t size = strlen(string);

	return (size_t)(word.end - word.start) == size && memcmp(word.start, string, size) == 0;
}

int toml_number_parse(struct parser *p, struct word word, struct toml_value *value)
{
	bool sign = *word.start == '+' || *word.start == '-', negative = *word.start == '-';
	struct word whole = { word.start + sign, word.end }, rest = whole;
	int r;

	if (word_is(whole, "inf") || word_is(whole, "nan")) {
		value->type = TOML_FLOAT;
		value->u.number = *whole.start == 'i' ? INFINITY : NAN;
		if (negative)
			value->u.number = -value->u.number;
		return 0;
	}
	if (!sign && word.end - word.start > 1 && *word.start == '0' &&
	    strchr("xob", word.start[1]))
		return prefixed_parse(p, word, value);
	r = digits_skip(p, &rest, 10);
	if (r < 0)
		return r;
	if (*whole.start == '0' && rest.start - whole.start > 1)
		return toml_fail(p, value->position,
				 "a number cannot begin with 0 and another digit; octal is 0o...");
	if (rest.start == word.end)
		return integer_make(p, whole, 10, negative, value);
	r = fraction_skip(p, &rest);
	if (r < 0)
		return r;
	p->at = rest.start;
	if (rest.start != word.end)
		return toml_fail_here(p, "the end of the number");
	return float_make(p, word, value);
}
