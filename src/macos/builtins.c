/* SPDX-License-Identifier: Apache-2.0 */
/* builtins.c — the functions that profiles call: on strings, lists and small numbers, and (param "NAME"). */
#include "macos/scheme.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- arguments ---------------------------------------------------------------------------- */

static struct value *argument(struct value *arguments, size_t n)
{
	for (; n > 0 && arguments->type == VALUE_PAIR; n--)
		arguments = arguments->pair.rest;
	return arguments->type == VALUE_PAIR ? arguments->pair.first : NULL;
}

/* Whether the arguments are of these types: a letter each for s(tring), n(umber), l(ist), f(unction), y for a symbol,
 * v for anything; with * at the end, any number more of the last one. */
static bool fits(struct value *arguments, const char *types)
{
	for (; arguments->type == VALUE_PAIR; arguments = arguments->pair.rest) {
		enum value_type type = arguments->pair.first->type;
		char wanted = *types == '*' ? types[-1] : *types;
		bool right = wanted == 'v' || (wanted == 's' && type == VALUE_STRING) ||
			     (wanted == 'n' && type == VALUE_NUMBER) || (wanted == 'y' && type == VALUE_SYMBOL) ||
			     (wanted == 'l' && (type == VALUE_PAIR || type == VALUE_NIL)) ||
			     (wanted == 'f' && (type == VALUE_LAMBDA || type == VALUE_BUILTIN));

		if (!right)
			return false;
		types += *types && *types != '*';
	}
	return !*types || *types == '*';
}

static struct value *misused(struct machine *machine, struct place place, const char *expected)
{
	return scheme_fail(machine, place, "expected %s", expected);
}

static struct value *number(struct machine *machine, long value, struct place place)
{
	struct value *made = scheme_value(machine, VALUE_NUMBER, place);

	if (made)
		made->number = value;
	return made;
}

/* --- parameters and strings --------------------------------------------------------------- */

static struct value *builtin_param(struct machine *machine, struct value *arguments, struct place place)
{
	const char *name;

	if (!fits(arguments, "s"))
		return misused(machine, place, "(param \"NAME\")");
	name = argument(arguments, 0)->text;
	for (size_t i = 0; i < machine->sbpl->param_count; i++)
		if (!strcmp(machine->sbpl->params[i].name, name))
			machine->sbpl->params[i].used = true;
	for (size_t i = 0; i < machine->param_count; i++)
		if (!strcmp(machine->params[i].name, name))
			return scheme_string(machine, machine->params[i].value, strlen(machine->params[i].value),
					     place);
	return scheme_boolean(false);
}

static struct value *builtin_string_append(struct machine *machine, struct value *arguments, struct place place)
{
	struct text text = { 0 };
	struct value *joined;

	if (!fits(arguments, "s*") && arguments->type != VALUE_NIL)
		return scheme_fail(machine, place, "string-append: an argument is no string (a parameter that was not "
				   "given?)");
	for (; arguments->type == VALUE_PAIR && text.size < SBPL_STRING; arguments = arguments->pair.rest)
		text_add(&text, arguments->pair.first->text);
	if (text.failed || text.size >= SBPL_STRING)
		joined = scheme_fail(machine, place, "a string of more than %d bytes", SBPL_STRING);
	else
		joined = scheme_string(machine, text.bytes ? text.bytes : "", text.size, place);
	text_done(&text);
	return joined;
}

static struct value *builtin_string_equal(struct machine *machine, struct value *arguments, struct place place)
{
	if (!fits(arguments, "ss"))
		return misused(machine, place, "two strings");
	return scheme_boolean(!strcmp(argument(arguments, 0)->text, argument(arguments, 1)->text));
}

static struct value *builtin_string_length(struct machine *machine, struct value *arguments, struct place place)
{
	if (!fits(arguments, "s"))
		return misused(machine, place, "a string");
	return number(machine, (long)strlen(argument(arguments, 0)->text), place);
}

static struct value *builtin_substring(struct machine *machine, struct value *arguments, struct place place)
{
	long size, start, end;

	if (!fits(arguments, "sn") && !fits(arguments, "snn"))
		return misused(machine, place, "(substring STRING START [END])");
	size = (long)strlen(argument(arguments, 0)->text);
	start = argument(arguments, 1)->number;
	end = argument(arguments, 2) ? argument(arguments, 2)->number : size;
	if (start < 0 || end > size || start > end)
		return scheme_fail(machine, place, "substring: out of range");
	return scheme_string(machine, argument(arguments, 0)->text + start, (size_t)(end - start), place);
}

static struct value *builtin_string_to_number(struct machine *machine, struct value *arguments, struct place place)
{
	char *end;
	long value;

	if (!fits(arguments, "s"))
		return misused(machine, place, "a string");
	value = strtol(argument(arguments, 0)->text, &end, 10);
	if (*end || end == argument(arguments, 0)->text)
		return scheme_boolean(false);
	return number(machine, value, place);
}

static struct value *builtin_number_to_string(struct machine *machine, struct value *arguments, struct place place)
{
	char digits[32];

	if (!fits(arguments, "n"))
		return misused(machine, place, "a number");
	snprintf(digits, sizeof(digits), "%ld", argument(arguments, 0)->number);
	return scheme_string(machine, digits, strlen(digits), place);
}

static struct value *builtin_regex_quote(struct machine *machine, struct value *arguments, struct place place)
{
	struct text text = { 0 };
	struct value *quoted;

	if (!fits(arguments, "s"))
		return misused(machine, place, "a string (a parameter that was not given?)");
	for (const char *c = argument(arguments, 0)->text; *c; c++) {
		if (strchr(".*+?()[]{}|^$\\", *c))
			text_add(&text, "\\");
		text_add_bytes(&text, c, 1);
	}
	quoted = text.failed ? scheme_fail(machine, place, "out of memory") :
			       scheme_string(machine, text.bytes ? text.bytes : "", text.size, place);
	text_done(&text);
	return quoted;
}

/* --- numbers ------------------------------------------------------------------------------ */

static struct value *add_all(struct machine *machine, struct value *arguments, struct place place, int sign)
{
	long sum = 0;

	if (!fits(arguments, "nn*"))
		return misused(machine, place, "numbers");
	for (bool first = true; arguments->type == VALUE_PAIR; arguments = arguments->pair.rest, first = false)
		if (__builtin_add_overflow(sum, first ? arguments->pair.first->number :
						sign * (arguments->pair.first->number % INT_MAX), &sum))
			return scheme_fail(machine, place, "too large a number");
	return number(machine, sum, place);
}

static struct value *builtin_plus(struct machine *machine, struct value *arguments, struct place place)
{
	return add_all(machine, arguments, place, 1);
}

static struct value *builtin_minus(struct machine *machine, struct value *arguments, struct place place)
{
	return add_all(machine, arguments, place, -1);
}

static struct value *compare(struct machine *machine, struct value *arguments, struct place place, const char *how)
{
	long left, right;

	if (!fits(arguments, "nn"))
		return misused(machine, place, "two numbers");
	left = argument(arguments, 0)->number;
	right = argument(arguments, 1)->number;
	if (left == right)
		return scheme_boolean(strchr(how, '=') != NULL);
	return scheme_boolean(strchr(how, left < right ? '<' : '>') != NULL);
}

static struct value *builtin_less(struct machine *machine, struct value *arguments, struct place place)
{
	return compare(machine, arguments, place, "<");
}

static struct value *builtin_less_equal(struct machine *machine, struct value *arguments, struct place place)
{
	return compare(machine, arguments, place, "<=");
}

static struct value *builtin_greater(struct machine *machine, struct value *arguments, struct place place)
{
	return compare(machine, arguments, place, ">");
}

static struct value *builtin_greater_equal(struct machine *machine, struct value *arguments, struct place place)
{
	return compare(machine, arguments, place, ">=");
}

static struct value *builtin_equal_number(struct machine *machine, struct value *arguments, struct place place)
{
	return compare(machine, arguments, place, "=");
}

/* --- lists -------------------------------------------------------------------------------- */

static struct value *builtin_list(struct machine *machine, struct value *arguments, struct place place)
{
	(void)machine;
	(void)place;
	return arguments;
}

static struct value *builtin_cons(struct machine *machine, struct value *arguments, struct place place)
{
	if (!fits(arguments, "vv"))
		return misused(machine, place, "two values");
	return scheme_pair(machine, argument(arguments, 0), argument(arguments, 1), place);
}

static struct value *builtin_car(struct machine *machine, struct value *arguments, struct place place)
{
	if (!fits(arguments, "l") || argument(arguments, 0)->type != VALUE_PAIR)
		return misused(machine, place, "a list that is not empty");
	return argument(arguments, 0)->pair.first;
}

static struct value *builtin_cdr(struct machine *machine, struct value *arguments, struct place place)
{
	if (!fits(arguments, "l") || argument(arguments, 0)->type != VALUE_PAIR)
		return misused(machine, place, "a list that is not empty");
	return argument(arguments, 0)->pair.rest;
}

static struct value *builtin_length(struct machine *machine, struct value *arguments, struct place place)
{
	long count = 0;

	if (!fits(arguments, "l"))
		return misused(machine, place, "a list");
	for (const struct value *list = argument(arguments, 0); list->type == VALUE_PAIR; list = list->pair.rest)
		count++;
	return number(machine, count, place);
}

static struct value *builtin_append(struct machine *machine, struct value *arguments, struct place place)
{
	struct value *joined = &scheme_nil, **end = &joined;

	if (!fits(arguments, "l*") && arguments->type != VALUE_NIL)
		return misused(machine, place, "lists");
	for (; arguments->type == VALUE_PAIR; arguments = arguments->pair.rest)
		for (struct value *list = arguments->pair.first; list->type == VALUE_PAIR; list = list->pair.rest) {
			if (!(*end = scheme_pair(machine, list->pair.first, &scheme_nil, place)))
				return NULL;
			end = &(*end)->pair.rest;
		}
	return joined;
}

static struct value *map(struct machine *machine, struct value *arguments, struct place place, bool keep)
{
	struct value *values = &scheme_nil, **end = &values;

	if (!fits(arguments, "fl"))
		return misused(machine, place, "a function and a list");
	for (struct value *list = argument(arguments, 1); list->type == VALUE_PAIR; list = list->pair.rest) {
		struct value *one = scheme_pair(machine, list->pair.first, &scheme_nil, place);
		struct value *value = one ? scheme_apply(machine, argument(arguments, 0), one, place) : NULL;

		if (!value)
			return NULL;
		if (!keep)
			continue;
		if (!(*end = scheme_pair(machine, value, &scheme_nil, place)))
			return NULL;
		end = &(*end)->pair.rest;
	}
	return keep ? values : &scheme_nothing;
}

static struct value *builtin_map(struct machine *machine, struct value *arguments, struct place place)
{
	return map(machine, arguments, place, true);
}

static struct value *builtin_for_each(struct machine *machine, struct value *arguments, struct place place)
{
	return map(machine, arguments, place, false);
}

static struct value *builtin_apply(struct machine *machine, struct value *arguments, struct place place)
{
	if (!fits(arguments, "fl"))
		return misused(machine, place, "a function and a list");
	return scheme_apply(machine, argument(arguments, 0), argument(arguments, 1), place);
}

/* --- questions ---------------------------------------------------------------------------- */

static struct value *builtin_not(struct machine *machine, struct value *arguments, struct place place)
{
	if (!fits(arguments, "v"))
		return misused(machine, place, "one value");
	return scheme_boolean(argument(arguments, 0)->type == VALUE_FALSE);
}

static struct value *builtin_equal(struct machine *machine, struct value *arguments, struct place place)
{
	const struct value *a, *b;

	if (!fits(arguments, "vv"))
		return misused(machine, place, "two values");
	a = argument(arguments, 0);
	b = argument(arguments, 1);
	if (a->type != b->type)
		return scheme_boolean(false);
	switch (a->type) {
	case VALUE_STRING:
	case VALUE_SYMBOL:	return scheme_boolean(!strcmp(a->text, b->text));
	case VALUE_NUMBER:	return scheme_boolean(a->number == b->number);
	case VALUE_NIL:
	case VALUE_NOTHING:	return scheme_boolean(true);
	default:		return scheme_boolean(a == b);
	}
}

static struct value *is_of_type(struct machine *machine, struct value *arguments, struct place place, const char *type)
{
	if (!fits(arguments, "v"))
		return misused(machine, place, "one value");
	return scheme_boolean(fits(arguments, type));
}

static struct value *builtin_is_string(struct machine *machine, struct value *arguments, struct place place)
{
	return is_of_type(machine, arguments, place, "s");
}

static struct value *builtin_is_number(struct machine *machine, struct value *arguments, struct place place)
{
	return is_of_type(machine, arguments, place, "n");
}

static struct value *builtin_is_symbol(struct machine *machine, struct value *arguments, struct place place)
{
	return is_of_type(machine, arguments, place, "y");
}

static struct value *builtin_is_pair(struct machine *machine, struct value *arguments, struct place place)
{
	if (!fits(arguments, "v"))
		return misused(machine, place, "one value");
	return scheme_boolean(argument(arguments, 0)->type == VALUE_PAIR);
}

static struct value *builtin_is_null(struct machine *machine, struct value *arguments, struct place place)
{
	if (!fits(arguments, "v"))
		return misused(machine, place, "one value");
	return scheme_boolean(argument(arguments, 0)->type == VALUE_NIL);
}

static struct value *builtin_is_defined(struct machine *machine, struct value *arguments, struct place place)
{
	const char *name;

	if (!fits(arguments, "y"))
		return misused(machine, place, "a quoted symbol");
	name = argument(arguments, 0)->text;
	return scheme_boolean(scheme_find(&machine->globals, name) || rules_is_operation(name) ||
			      rules_form(name) != FORM_NONE);
}

static struct value *builtin_error(struct machine *machine, struct value *arguments, struct place place)
{
	const struct value *message = argument(arguments, 0);

	return scheme_fail(machine, place, "the profile says: %s",
			   message && message->type == VALUE_STRING ? message->text : "error");
}

static const struct {
	const char *name;
	struct value *(*function)(struct machine *machine, struct value *arguments, struct place place);
} builtins[] = {
	{ "+", builtin_plus }, { "-", builtin_minus }, { "<", builtin_less }, { "<=", builtin_less_equal },
	{ "=", builtin_equal_number }, { ">", builtin_greater }, { ">=", builtin_greater_equal },
	{ "append", builtin_append }, { "apply", builtin_apply }, { "car", builtin_car }, { "cdr", builtin_cdr },
	{ "cons", builtin_cons }, { "defined?", builtin_is_defined }, { "eq?", builtin_equal },
	{ "equal?", builtin_equal }, { "eqv?", builtin_equal }, { "error", builtin_error },
	{ "for-each", builtin_for_each }, { "length", builtin_length }, { "list", builtin_list },
	{ "map", builtin_map }, { "not", builtin_not }, { "null?", builtin_is_null },
	{ "number->string", builtin_number_to_string }, { "number?", builtin_is_number }, { "pair?", builtin_is_pair },
	{ "param", builtin_param }, { "regex-quote", builtin_regex_quote },
	{ "string->number", builtin_string_to_number }, { "string-append", builtin_string_append },
	{ "string-length", builtin_string_length },
	{ "string=?", builtin_string_equal }, { "string?", builtin_is_string }, { "substring", builtin_substring },
	{ "symbol?", builtin_is_symbol },
};

int builtins_define(struct machine *machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtins); i++) {
		struct value *value = scheme_value(machine, VALUE_BUILTIN, (struct place){ 0, 0 });

		if (!value || scheme_define(machine, &machine->globals, builtins[i].name, value) < 0)
			return -ENOMEM;
		value->builtin = builtins[i].function;
	}
	return 0;
}
