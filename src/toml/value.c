/* SPDX-License-Identifier: Apache-2.0 */
/* value.c — values, and the only recursion, bounded by toml_enter(): arrays and inline tables hold
 * values. */
#include "toml/parser.h"

#include <string.h>

static int value_parse(struct parser *p, struct toml_value *value);

static const char *word_end(const struct parser *p, const char *at)
{
	while (at < p->end && !strchr(" \t\r\n,]}#=", *at))
		at++;
	return at;
}

/* true, false, numbers and dates: everything up to a blank or a delimiter. A date and its time may
 * be one blank apart. */
static int word_parse(struct parser *p, struct toml_value *value)
{
	struct word word = { p->at, word_end(p, p->at) };
	size_t size = (size_t)(word.end - word.start);
	int r = 0;

	if (size == 10 && toml_looks_like_date(word) && p->end - word.end > 1 &&
	    word.end[0] == ' ' && word.end[1] >= '0' && word.end[1] <= '9')
		word.end = word_end(p, word.end + 1);
	if (toml_looking_at(p, "true") && size == 4) {
		value->type = TOML_BOOLEAN;
		value->u.boolean = true;
	} else if (toml_looking_at(p, "false") && size == 5) {
		value->type = TOML_BOOLEAN;
		value->u.boolean = false;
	} else if (toml_looks_like_date(word) || toml_looks_like_time(word)) {
		r = toml_date_parse(p, word, value);
	} else if (size > 0 && (strchr("+-0123456789", *word.start) || toml_looking_at(p, "inf") ||
				toml_looking_at(p, "nan"))) {
		r = toml_number_parse(p, word, value);
	} else {
		r = toml_fail_here(p, size > 0 && toml_is_bare(*word.start) ?
				   "a value (strings need quotes)" : "a value");
	}
	p->at = word.end;
	return r;
}

static int string_value_parse(struct parser *p, struct toml_value *value)
{
	char *bytes;
	size_t size;
	int r = toml_string_parse(p, &bytes, &size);

	if (r < 0)
		return r;
	value->type = TOML_STRING;
	value->u.string.bytes = bytes;
	value->u.string.size = size;
	return 0;
}

static int array_parse(struct parser *p, struct toml_value *array)
{
	char shown[SHOWN_SIZE];

	array->type = TOML_ARRAY;
	for (p->at++;; p->at++) {
		struct toml_value *item;
		int r;

		toml_skip_lines(p);
		if (toml_peek(p) == ']')
			break;
		item = toml_array_append(p, array);
		if (!item)
			return error_oom(p->err);
		r = value_parse(p, item);
		if (r < 0)
			return r;
		toml_skip_lines(p);
		if (toml_peek(p) == ']')
			break;
		if (toml_peek(p) != ',')
			return toml_fail(p, toml_position_of(p, p->at),
					 "expected ',' or ']' in the array of line %u, found %s",
					 array->position.line, toml_found(p, shown));
	}
	p->at++;
	return 0;
}

static int inline_table_parse(struct parser *p, struct toml_value *table)
{
	int r = toml_table_init(p, table, KIND_DOTTED);

	if (r < 0)
		return r;
	p->at++;
	toml_skip_blanks(p);
	while (toml_peek(p) != '}') {
		r = toml_assignment_parse(p, table);
		if (r < 0)
			return r;
		toml_skip_blanks(p);
		if (toml_peek(p) == '}')
			break;
		if (toml_peek(p) != ',')
			return toml_fail_here(p, "',' or '}' on the same line in the inline table");
		p->at++;
		toml_skip_blanks(p);
		if (toml_peek(p) == '}')
			return toml_fail_here(p, "a key after the last comma of an inline table");
	}
	p->at++;
	toml_table_finish_inline(table);
	return 0;
}

static int value_parse(struct parser *p, struct toml_value *value)
{
	int r;

	value->position = toml_position_of(p, p->at);
	if (toml_peek(p) == '"' || toml_peek(p) == '\'')
		return string_value_parse(p, value);
	if (toml_peek(p) != '[' && toml_peek(p) != '{')
		return word_parse(p, value);
	r = toml_enter(p, value->position);
	if (r < 0)
		return r;
	r = toml_peek(p) == '[' ? array_parse(p, value) : inline_table_parse(p, value);
	p->depth--;
	return r;
}

int toml_assignment_parse(struct parser *p, struct toml_value *table)
{
	unsigned depth = p->depth;
	struct toml_entry *entry;
	struct key key;
	int r;

	for (;; p->at++) {
		toml_skip_blanks(p);
		r = toml_key_parse(p, &key);
		if (r < 0)
			return r;
		toml_skip_blanks(p);
		if (toml_peek(p) != '.')
			break;
		r = toml_table_enter_dotted(p, &table, &key);
		if (r < 0)
			return r;
	}
	if (toml_peek(p) != '=')
		return toml_fail_here(p, "'=' after the key");
	p->at++;
	r = toml_table_add(p, table, &key, &entry);
	if (r < 0)
		return r;
	toml_skip_blanks(p);
	r = value_parse(p, &entry->value);
	p->depth = depth;
	return r;
}
