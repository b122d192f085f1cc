/* SPDX-License-Identifier: Apache-2.0 */
/* test_toml.c — the TOML reader: values, the place of each, and what is refused where, in which
 * words. */
#include "toml/toml.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct toml *parse_bytes(const char *text, size_t size)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct toml *toml = NULL;

	if (toml_parse(text, size, "t.toml", &toml, &err) < 0)
		fail_msg("%s", err.message);
	return toml;
}

static struct toml *parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void refused_bytes(const char *text, size_t size, const char *message)
{
	struct toml *untouched = (struct toml *)&errno, *toml = untouched;
	struct bawn_error err = BAWN_ERROR_INIT;

	assert_int_equal(toml_parse(text, size, "t.toml", &toml, &err), -EINVAL);
	assert_ptr_equal(toml, untouched);
	assert_string_equal(err.message, message);
	assert_string_equal(err.file, "t.toml");
	assert_int_equal(err.status, BAWN_STATUS_SELF);
}

static void refused(const char *text, const char *message)
{
	refused_bytes(text, strlen(text), message);
}

struct refusal { const char *text, *message; };

static void each_refused(const struct refusal *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		refused(rows[i].text, rows[i].message);
}

/* The value at a path of keys and numbers: "a/0/b". */
static const struct toml_value *at(const struct toml *toml, const char *path)
{
	const struct toml_value *value = &toml->root;
	char step[64];

	while (*path) {
		size_t size = strcspn(path, "/");

		snprintf(step, sizeof(step), "%.*s", (int)size, path);
		path += size + (path[size] == '/');
		if (value->type == TOML_ARRAY) {
			size_t number = strtoul(step, NULL, 10);

			assert_true(number < value->u.array.count);
			value = &value->u.array.items[number];
		} else {
			value = toml_find(value, step);
		}
		assert_non_null(value);
	}
	return value;
}

static void place_is(const struct toml *toml, const char *path, unsigned line, unsigned column)
{
	assert_int_equal(at(toml, path)->position.line, line);
	assert_int_equal(at(toml, path)->position.column, column);
}

static void string_is(const struct toml *toml, const char *path, const char *string)
{
	assert_int_equal(at(toml, path)->type, TOML_STRING);
	assert_string_equal(at(toml, path)->u.string.bytes, string);
	assert_int_equal(at(toml, path)->u.string.size, strlen(string));
}

static void integer_is(const struct toml *toml, const char *path, int64_t integer)
{
	assert_int_equal(at(toml, path)->type, TOML_INTEGER);
	assert_true(at(toml, path)->u.integer == integer);
}

/* --- values --- */

static void empty_text_is_an_empty_table(void **state)
{
	static const char *const texts[] = { "", "\n\n", "# only", " \t\r\n#\r\n", "\xef\xbb\xbf" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct toml *toml = parse(texts[i]);

		assert_int_equal(toml->root.type, TOML_TABLE);
		assert_int_equal(toml->root.u.table.count, 0);
		place_is(toml, "", 1, 1);
		toml_free(toml);
	}
	toml_free(parse_bytes(NULL, 0));
	toml_free(NULL);
}

static void strings_of_all_four_kinds_are_read(void **state)
{
	struct toml *toml = parse("a = \"\\b\\t\\n\\f\\r\\\"\\\\ \\u00e9 \\U0001F600\"\n"
				  "b = 'C:\\x \"q\"'\n"
				  "c = \"\"\"\none \"two\" \\\n   \n\t three\"\"\"\"\"\n"
				  "d = '''\n'a'\n\\''''\n"
				  "e = [\"\", '', \"\"\"\"\"\", '''''']\n");

	(void)state;
	string_is(toml, "a", "\b\t\n\f\r\"\\ \xc3\xa9 \xf0\x9f\x98\x80");
	string_is(toml, "b", "C:\\x \"q\"");
	string_is(toml, "c", "one \"two\" three\"\"");
	string_is(toml, "d", "'a'\n\\'");
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(at(toml, "e")->u.array.items[i].u.string.size, 0);
	toml_free(toml);
}

static void a_string_may_hold_an_escaped_nul(void **state)
{
	struct toml *toml = parse("a = \"x\\u0000y\"\n\"k\\u0000\" = 1\n");

	(void)state;
	assert_int_equal(at(toml, "a")->u.string.size, 3);
	assert_memory_equal(at(toml, "a")->u.string.bytes, "x\0y", 4);
	assert_int_equal(toml->root.u.table.entries[1].key_size, 2);
	assert_null(toml_find(&toml->root, "k"));
	toml_free(toml);
}

static void integers_of_every_radix_are_read(void **state)
{
	struct toml *toml =
		parse("a = [0, +0, -0, 1_000, +99, -17, 0xdead_BEEF, 0o755, 0b1010, 0x0_1,\n"
		      "9223372036854775807, -9223372036854775808, 0x7fffffffffffffff]");
	static const int64_t numbers[] = {
		0, 0, 0, 1000, 99, -17, 0xdeadbeef, 0755, 10, 1, INT64_MAX, INT64_MIN, INT64_MAX,
	};

	(void)state;
	assert_int_equal(at(toml, "a")->u.array.count, ARRAY_SIZE(numbers));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		char path[16];

		snprintf(path, sizeof(path), "a/%zu", i);
		integer_is(toml, path, numbers[i]);
	}
	toml_free(toml);
}

static void floats_are_read_whatever_the_locale(void **state)
{
	static const double numbers[] = {
		1.5, -0.01, 5e22, 1e6, -2e-2, 6.626e-34, 9224617.445991228313, 0.0
	};
	struct toml *toml;

	(void)state;
	/* Where the machine has none of these, the test still reads the floats. */
	if (!setlocale(LC_ALL, "de_DE.UTF-8"))
		setlocale(LC_ALL, "fr_FR.UTF-8");
	toml = parse(
		"a = [1.5, -0.01, 5e+22, 1E06, -2E-2, 6.626e-34, 9_224_617.445_991_228_313, 0e0,"
		" inf, +inf, -inf, nan, -nan]");
	setlocale(LC_ALL, "C");
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		assert_int_equal(at(toml, "a")->u.array.items[i].type, TOML_FLOAT);
		assert_true(at(toml, "a")->u.array.items[i].u.number == numbers[i]);
	}
	assert_true(isinf(at(toml, "a/8")->u.number) && at(toml, "a/9")->u.number > 0);
	assert_true(isinf(at(toml, "a/10")->u.number) && at(toml, "a/10")->u.number < 0);
	assert_true(isnan(at(toml, "a/11")->u.number) && isnan(at(toml, "a/12")->u.number));
	toml_free(toml);
}

static void booleans_are_read(void **state)
{
	struct toml *toml = parse("a = true\nb = false");

	(void)state;
	assert_int_equal(at(toml, "a")->type, TOML_BOOLEAN);
	assert_true(at(toml, "a")->u.boolean);
	assert_false(at(toml, "b")->u.boolean);
	toml_free(toml);
}

static void datetime_is(const struct toml *toml, const char *key, enum toml_type type,
			    const struct toml_datetime *expected)
{
	const struct toml_datetime *date = &at(toml, key)->u.datetime;

	assert_int_equal(at(toml, key)->type, type);
	assert_memory_equal(date, expected, sizeof(*date));
}

static void dates_and_times_are_read(void **state)
{
	struct toml *toml = parse("a = 1979-05-27T07:32:00Z\n"
				  "b = 1979-05-27 00:32:01.9999991234567-07:30 # blank\n"
				  "c = 1979-05-27t23:59:60\n"
				  "d = 2000-02-29 # no time\n"
				  "e = 00:32:00.5\n"
				  "f = [2024-02-29,0000-01-01]\n");

	(void)state;
	datetime_is(toml, "a", TOML_OFFSET_DATETIME,
			&(struct toml_datetime){ 1979, 5, 27, 7, 32, 0, 0, 0 });
	datetime_is(toml, "b", TOML_OFFSET_DATETIME,
			&(struct toml_datetime){ 1979, 5, 27, 0, 32, 1, 999999123, -450 });
	datetime_is(toml, "c", TOML_LOCAL_DATETIME,
			&(struct toml_datetime){ 1979, 5, 27, 23, 59, 60, 0, 0 });
	datetime_is(toml, "d", TOML_LOCAL_DATE,
		    &(struct toml_datetime){ 2000, 2, 29, 0, 0, 0, 0, 0 });
	datetime_is(toml, "e", TOML_LOCAL_TIME,
			&(struct toml_datetime){ 0, 0, 0, 0, 32, 0, 500000000, 0 });
	datetime_is(toml, "f/1", TOML_LOCAL_DATE,
		    &(struct toml_datetime){ 0, 1, 1, 0, 0, 0, 0, 0 });
	toml_free(toml);
}

static void arrays_span_lines_and_mix_types(void **state)
{
	struct toml *toml = parse("a = [ 1, # one\n\n\t'two' , [ ], [[3.0]], {x = 4},\n]\n");

	(void)state;
	assert_int_equal(at(toml, "a")->u.array.count, 5);
	string_is(toml, "a/1", "two");
	assert_int_equal(at(toml, "a/2")->u.array.count, 0);
	assert_true(at(toml, "a/3/0/0")->u.number == 3.0);
	integer_is(toml, "a/4/x", 4);
	toml_free(toml);
}

static void entries_keep_the_order_of_the_file(void **state)
{
	struct toml *toml = parse("z = 1\na = 2\nm.y = 3\nb = 4\nm.x = 5\n");
	static const char *const keys[] = { "z", "a", "m", "b" };

	(void)state;
	assert_int_equal(toml->root.u.table.count, ARRAY_SIZE(keys));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_string_equal(toml->root.u.table.entries[i].key, keys[i]);
	toml_free(toml);
}

static void headers_and_dotted_keys_build_one_tree(void **state)
{
	struct toml *toml = parse("[a.b.c]\nx = 1\n"
				  "[a]\ny = 2\nd.e = 3\nd.f = 4\n"
				  "[a.d.g]\nz = 5\n"
				  "[ \"q.r\" . 's t' ]\nu = 6\n"
				  "[1.2]\n3.4 = 7\n");

	(void)state;
	integer_is(toml, "a/b/c/x", 1);
	integer_is(toml, "a/y", 2);
	integer_is(toml, "a/d/e", 3);
	integer_is(toml, "a/d/f", 4);
	integer_is(toml, "a/d/g/z", 5);
	integer_is(toml, "q.r/s t/u", 6);
	integer_is(toml, "1/2/3/4", 7);
	toml_free(toml);
}

static void arrays_of_tables_nest(void **state)
{
	struct toml *toml = parse("[[f]]\nn = 1\n[f.p]\nc = 2\n[[f.v]]\nn = 3\n[[f.v]]\nn = 4\n"
				  "[[f]]\n[[f.v]]\nn = 5\n[f.v.w]\nx = 6\n");

	(void)state;
	assert_int_equal(at(toml, "f")->u.array.count, 2);
	integer_is(toml, "f/0/p/c", 2);
	integer_is(toml, "f/0/v/1/n", 4);
	integer_is(toml, "f/1/v/0/n", 5);
	integer_is(toml, "f/1/v/0/w/x", 6);
	toml_free(toml);
}

static void crlf_text_reads_like_lf_text(void **state)
{
	struct toml *toml = parse("a = 1\r\n[b]\r\nc = [\r\n2,\r\n]\r\nd = 'x' # end\r\n");

	(void)state;
	integer_is(toml, "b/c/0", 2);
	place_is(toml, "b/d", 6, 5);
	toml_free(toml);
}

/* --- positions --- */

static void every_value_knows_its_place(void **state)
{
	struct toml *toml =
		parse("\n  a = [ 1,\n\t'two', { b = true } ]\n[ c.d ]\ne.f = 2.5\n[[g]]\n[[g]]\n");

	(void)state;
	place_is(toml, "a", 2, 7);
	place_is(toml, "a/0", 2, 9);
	place_is(toml, "a/1", 3, 2);
	place_is(toml, "a/2", 3, 9);
	place_is(toml, "a/2/b", 3, 15);
	place_is(toml, "c", 4, 1);
	place_is(toml, "c/d", 4, 1);
	place_is(toml, "c/d/e", 5, 1);
	place_is(toml, "c/d/e/f", 5, 7);
	place_is(toml, "g", 6, 1);
	place_is(toml, "g/0", 6, 1);
	place_is(toml, "g/1", 7, 1);
	toml_free(toml);
}

static void every_key_knows_its_place(void **state)
{
	struct toml *toml = parse(" a = 1\n[ b . \"c\" ]\nd . e = 2\n");
	const struct toml_entry *b = &toml->root.u.table.entries[1];
	const struct toml_entry *c = &b->value.u.table.entries[0];
	const struct toml_entry *d = &c->value.u.table.entries[0];
	const struct toml_entry *e = &d->value.u.table.entries[0];

	(void)state;
	assert_int_equal(toml->root.u.table.entries[0].position.column, 2);
	assert_int_equal(b->position.line, 2);
	assert_int_equal(b->position.column, 3);
	assert_int_equal(c->position.column, 7);
	assert_int_equal(d->position.line, 3);
	assert_int_equal(d->position.column, 1);
	assert_int_equal(e->position.column, 5);
	toml_free(toml);
}

static void a_table_stands_where_it_is_defined_not_implied(void **state)
{
	struct toml *toml = parse("[a.b]\n\n  [a]\n");

	(void)state;
	place_is(toml, "a", 3, 3);
	place_is(toml, "a/b", 1, 1);
	assert_int_equal(toml->root.u.table.entries[0].position.line, 3);
	toml_free(toml);
}

static void columns_count_characters_not_bytes(void **state)
{
	struct toml *toml =
		parse("\xef\xbb\xbf\"\xc3\xa9\xf0\x9f\x98\x80\"\t= 1\n'\xc3\xa9' = '\xe2\x82\xac'");

	(void)state;
	place_is(toml, "\xc3\xa9\xf0\x9f\x98\x80", 1, 8);
	place_is(toml, "\xc3\xa9", 2, 7);
	toml_free(toml);
	refused("a = ['\xe2\x82\xac\xe2\x82\xac' x]",
		"t.toml:1:11: expected ',' or ']' in the array of line 1, found 'x'");
}

/* --- refusals --- */

static void duplicate_key_is_refused_at_its_second_place(void **state)
{
	static const struct refusal rows[] = {
		{ "a = 1\nb = 2\n  a = 3",
		  "t.toml:3:3: a is already the integer of line 1 and cannot be given again" },
		{ "'a b' = ''\n\"a b\" = 3",
		  "t.toml:2:1: \"a b\" is already the string of line 1 and cannot be given again" },
		{ "a = {b = 1, b = 2}",
		  "t.toml:1:13: b is already the integer of line 1 and cannot be given again" },
		{ "a.b = 1\na = 2",
		  "t.toml:2:1: a is already the table of line 1 and cannot be given again" },
		{ "[a]\nb = 1\n\n[a]",
		  "t.toml:4:2: a is already the table of line 1 and cannot be defined again" },
		{ "[a]\nb = 1\n[a.b]",
		  "t.toml:3:4: b is already the integer of line 2 and cannot be defined again" },
	};

	(void)state;
	each_refused(rows, ARRAY_SIZE(rows));
}

static void a_duplicate_among_many_keys_is_refused(void **state)
{
	struct text text = { 0 };
	char message[128];

	(void)state;
	for (int i = 0; i < 1000; i++)
		text_printf(&text, "key%d = %d\n", i, i);
	for (int i = 0; i < 1000; i += 37) {
		size_t size = text.size;

		text_printf(&text, "key%d = 0", i);
		snprintf(message, sizeof(message),
			 "t.toml:1001:1: key%d is already the integer of line %d "
			 "and cannot be given again",
			 i, i + 1);
		refused_bytes(text.bytes, text.size, message);
		text.size = size;
	}
	text_done(&text);
}

static void a_complete_table_cannot_be_extended(void **state)
{
	static const struct refusal rows[] = {
		{ "a = {}\n[a.b]",
		  "t.toml:2:2: a is already the table of line 1 and cannot hold another table" },
		{ "a = {}\na.b = 1",
		  "t.toml:2:1: a is already the table of line 1 and dotted keys cannot add to it" },
		{ "[a.b.c]\n[a]\nb.d = 1",
		  "t.toml:3:1: b is already the table of line 1 and dotted keys cannot add to it" },
		{ "[a]\nb.c = 1\n[a.b]",
		  "t.toml:3:4: b is already the table of line 2 and cannot be defined again" },
		{ "a = [{}]\n[[a]]",
		  "t.toml:2:3: a is already the array of line 1 and [[...]] cannot add to it" },
		{ "a = []\n[a.b]",
		  "t.toml:2:2: a is already the array of line 1 and cannot hold another table" },
		{ "[a]\n[[a]]",
		  "t.toml:2:3: a is already the table of line 1 and [[...]] cannot add to it" },
		{ "[[a]]\n[a]",
		  "t.toml:2:2: a is already the array of line 1 and cannot be defined again" },
		{ "a = 1\na.b = 2", "t.toml:2:1: a is already the integer of line 1 and dotted "
				    "keys cannot add to it" },
	};

	(void)state;
	each_refused(rows, ARRAY_SIZE(rows));
}

static void malformed_lines_are_refused_where_they_go_wrong(void **state)
{
	static const struct refusal rows[] = {
		{ "a", "t.toml:1:2: expected '=' after the key, found the end of the file" },
		{ "a\n= 1", "t.toml:1:2: expected '=' after the key, found the end of the line" },
		{ "a b = 1", "t.toml:1:3: expected '=' after the key, found 'b'" },
		{ "= 1", "t.toml:1:1: expected a key, found '='" },
		{ "a. = 1", "t.toml:1:4: expected a key, found '='" },
		{ "\xc3\xa9 = 1", "t.toml:1:1: expected a key, found '\xc3\xa9'" },
		{ "a = 1 b = 2",
		  "t.toml:1:7: expected the end of the line after the value, found 'b'" },
		{ "[a] b = 2", "t.toml:1:5: expected the end of the line after ']', found 'b'" },
		{ "[a", "t.toml:1:3: expected ']' after the name, found the end of the file" },
		{ "[[a]", "t.toml:1:4: expected ']]' after the name, found ']'" },
		{ "[]", "t.toml:1:2: expected a key, found ']'" },
		{ "\"\"\"a\"\"\" = 1", "t.toml:1:1: a key cannot be a multi-line string" },
		{ "a = ", "t.toml:1:5: expected a value, found the end of the file" },
		{ "a = hello",
		  "t.toml:1:5: expected a value (strings need quotes), found 'hello'" },
		{ "a = [1 2]",
		  "t.toml:1:8: expected ',' or ']' in the array of line 1, found '2'" },
		{ "a = [1,,2]", "t.toml:1:8: expected a value, found ','" },
		{ "a = {b = 1,}", "t.toml:1:12: expected a key after the last comma of an inline "
				  "table, found '}'" },
		{ "a = {b = 1\n}",
		  "t.toml:1:11: expected ',' or '}' on the same line in the inline "
		  "table, found the end of the line" },
		{ "a = 1\n\xc2\x9b", "t.toml:2:1: expected a key, found U+009B" },
	};

	(void)state;
	each_refused(rows, ARRAY_SIZE(rows));
}

static void malformed_strings_are_refused(void **state)
{
	static const struct refusal rows[] = {
		{ "a = \"x\nb = 1",
		  "t.toml:1:5: expected \" to end the string, found the end of the line" },
		{ "a = 'x", "t.toml:1:5: expected ' to end the string, found the end of the file" },
		{ "a = \"\"\"x\"\"",
		  "t.toml:1:5: expected \"\"\" to end the string, found the end of the file" },
		{ "a = \"\\x41\"",
		  "t.toml:1:6: expected one of b t n f r u U \" \\ after the backslash, "
		  "found 'x41'; a backslash itself is \\\\, or use '...'" },
		{ "a = \"\\u12g4\"",
		  "t.toml:1:10: expected four hexadecimal digits after \\u, found 'g4'" },
		{ "a = \"\\uD800\"", "t.toml:1:6: U+D800 is not a Unicode character" },
		{ "a = \"\\U00110000\"", "t.toml:1:6: U+110000 is not a Unicode character" },
		{ "a = \"\"\"\\ x\"\"\"", "t.toml:1:10: expected the end of the line after the "
					  "backslash and blanks, found 'x'" },
		{ "a = ''''x'''''''",
		  "t.toml:1:15: expected the end of the line after the value, found '''" },
	};

	(void)state;
	each_refused(rows, ARRAY_SIZE(rows));
}

static void malformed_numbers_are_refused(void **state)
{
	static const struct refusal rows[] = {
		{ "a = 01",
		  "t.toml:1:5: a number cannot begin with 0 and another digit; octal is 0o..." },
		{ "a = 1__0", "t.toml:1:7: expected a digit after '_', found '_0'" },
		{ "a = 1_", "t.toml:1:7: expected a digit after '_', found the end of the file" },
		{ "a = 0x", "t.toml:1:7: expected a digit, found the end of the file" },
		{ "a = 0b12", "t.toml:1:8: expected 0 or 1, found '2'" },
		{ "a = -0x1", "t.toml:1:7: expected the end of the number, found 'x1'" },
		{ "a = +", "t.toml:1:6: expected a digit, found the end of the file" },
		{ "a = 1.", "t.toml:1:7: expected a digit, found the end of the file" },
		{ "a = .5", "t.toml:1:5: expected a value, found '.'" },
		{ "a = 1e", "t.toml:1:7: expected a digit, found the end of the file" },
		{ "a = 1.5.1", "t.toml:1:8: expected the end of the number, found '.'" },
		{ "a = 12k", "t.toml:1:7: expected the end of the number, found 'k'" },
		{ "a = infinity", "t.toml:1:5: expected a digit, found 'infinity'" },
	};

	(void)state;
	each_refused(rows, ARRAY_SIZE(rows));
}

static void numbers_beyond_64_bits_are_refused(void **state)
{
	static const char *const integers[] = {
		"9223372036854775808", "-9223372036854775809", "0x8000000000000000",
		"0xffffffffffffffff", "99999999999999999999999", "0o1000000000000000000000",
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(integers); i++) {
		snprintf(text, sizeof(text), "a = %s", integers[i]);
		refused(text, "t.toml:1:5: the integer does not fit into 64 bits with a sign");
	}
	refused("a = 1e400", "t.toml:1:5: the number does not fit into a 64-bit float");
	refused("a = -1e400", "t.toml:1:5: the number does not fit into a 64-bit float");
}

static void impossible_dates_are_refused(void **state)
{
	static const struct refusal rows[] = {
		{ "a = 2001-02-29", "t.toml:1:13: day 29 is not between 1 and 28" },
		{ "a = 1900-02-29", "t.toml:1:13: day 29 is not between 1 and 28" },
		{ "a = 2001-13-01", "t.toml:1:10: month 13 is not between 1 and 12" },
		{ "a = 2001-04-31", "t.toml:1:13: day 31 is not between 1 and 30" },
		{ "a = 2001-1-1", "t.toml:1:11: expected 2 digits for the month" },
		{ "a = 2001-01-01x",
		  "t.toml:1:15: expected 'T' and a time, or the end of the date, found 'x'" },
		{ "a = 2001-01-01T", "t.toml:1:16: expected 2 digits for the hour" },
		{ "a = 2001-01-01T24:00:00", "t.toml:1:16: hour 24 is not between 0 and 23" },
		{ "a = 10:60:00", "t.toml:1:8: minute 60 is not between 0 and 59" },
		{ "a = 10:00:61", "t.toml:1:11: second 61 is not between 0 and 60" },
		{ "a = 10:00",
		  "t.toml:1:10: expected ':' after the minute, found the end of the file" },
		{ "a = 10:00:00.", "t.toml:1:14: expected a digit after the decimal point, found "
				   "the end of the file" },
		{ "a = 10:00:00Z", "t.toml:1:13: expected the end of the time, found 'Z'" },
		{ "a = 2001-01-01T10:00:00+25:00",
		  "t.toml:1:25: hour of the offset 25 is not between 0 and 23" },
	};

	(void)state;
	each_refused(rows, ARRAY_SIZE(rows));
}

static void bytes_that_are_not_text_are_refused(void **state)
{
	(void)state;
	refused("a = 1\nb = '\xff'", "t.toml:2:6: byte 0xff does not continue UTF-8 text");
	refused("# \xed\xa0\x80", "t.toml:1:3: byte 0xed does not continue UTF-8 text");
	refused("a = '\xc3", "t.toml:1:6: byte 0xc3 does not continue UTF-8 text");
	refused("a = 1\rb = 2", "t.toml:1:6: expected a newline after the carriage return");
	refused("a = \"\x1b[31m\"", "t.toml:1:6: control character U+001B is not allowed; "
		"in a \"...\" string it can be written \\u001B");
	refused("# \x7f", "t.toml:1:3: control character U+007F is not allowed; "
		"in a \"...\" string it can be written \\u007F");
	refused_bytes("a = '\0'", 7, "t.toml:1:6: control character U+0000 is not allowed; "
		      "in a \"...\" string it can be written \\u0000");
	refused_bytes("a\0", 2, "t.toml:1:2: control character U+0000 is not allowed; "
		      "in a \"...\" string it can be written \\u0000");
}

static void a_hostile_key_cannot_write_to_the_terminal(void **state)
{
	struct text text = { 0 };
	char message[256];

	(void)state;
	refused("\"\\u001b[31m\\u009b\\n\\\"\" = 1\n\"\\u001b[31m\\u009b\\n\\\"\" = 2",
		"t.toml:2:1: \"\\u001B[31m\\u009B\\u000A\\\"\" is already the integer of line 1 "
		"and cannot be given again");
	for (int i = 0; i < 2; i++) {
		for (int k = 0; k < 300; k++)
			text_add(&text, k == 0 ? "k" : "y");
		text_add(&text, "=1\n");
	}
	snprintf(message, sizeof(message),
		 "t.toml:2:1: \"k%.*s...\" is already the integer of line 1 "
		 "and cannot be given again",
		 68, text.bytes + 1);
	refused_bytes(text.bytes, text.size, message);
	text_done(&text);
}

/* --- limits --- */

static void repeat(struct text *text, const char *piece, int times)
{
	while (times-- > 0)
		text_add(text, piece);
}

static int parse_repeated(const char *before, const char *piece, int times, const char *middle,
			  const char *closing, int closings)
{
	struct text text = { 0 };
	struct toml *toml = NULL;
	int r;

	text_add(&text, before);
	repeat(&text, piece, times);
	text_add(&text, middle);
	repeat(&text, closing, closings);
	r = toml_parse(text.bytes, text.size, "t.toml", &toml, NULL);
	toml_free(toml);
	text_done(&text);
	return r;
}

static void nesting_is_limited_to_128_levels(void **state)
{
	(void)state;
	assert_int_equal(parse_repeated("a = ", "[", 128, "", "]", 128), 0);
	assert_int_equal(parse_repeated("a = ", "[", 129, "", "]", 129), -EINVAL);
	assert_int_equal(parse_repeated("a = ", "[", 5000000, "", "]", 0), -EINVAL);
	assert_int_equal(parse_repeated("a = ", "{a=", 128, "1", "}", 128), 0);
	assert_int_equal(parse_repeated("a = ", "{a=", 129, "1", "}", 129), -EINVAL);
	assert_int_equal(parse_repeated("", "a.", 128, "a=1", "", 0), 0);
	assert_int_equal(parse_repeated("", "a.", 129, "a=1", "", 0), -EINVAL);
	assert_int_equal(parse_repeated("[a", ".a", 127, "]\n", "", 0), 0);
	assert_int_equal(parse_repeated("[a", ".a", 128, "]\n", "", 0), -EINVAL);
	assert_int_equal(parse_repeated("[a", ".a", 127, "]\nb.c=1", "", 0), -EINVAL);
	assert_int_equal(parse_repeated("[[a", ".a", 126, "]]\n", "", 0), 0);
	assert_int_equal(parse_repeated("[[a", ".a", 127, "]]\n", "", 0), -EINVAL);
}

static void many_values_side_by_side_are_not_deep(void **state)
{
	(void)state;
	assert_int_equal(parse_repeated("a = [", "[],{a.b=[]},", 1000, "]", "", 0), 0);
	assert_int_equal(parse_repeated("", "[[a.b]]\nc.d.e=[[]]\n", 1000, "", "", 0), 0);
}

static double seconds_to_parse(const struct text *text)
{
	clock_t start = clock();

	toml_free(parse_bytes(text->bytes, text->size));
	return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* A quadratic reader needs 100 times as long for 10 times as much; the rest is noise. */
static void time_grows_with_size(void **state)
{
	static const char *const lines[] = {
		"\"~/some/path/%d\" = \"write\"\n",
		"[table.%d]\nkey = 1\n",
		"[[list]]\nkey%d = {a = 1, b = [2]}\n",
		"a.b.c%d = 1\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct text small = { 0 }, large = { 0 };
		double seconds;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		for (int k = 0; k < 10000; k++)
			text_printf(&small, lines[i], k);
		for (int k = 0; k < 100000; k++)
			text_printf(&large, lines[i], k);
#pragma GCC diagnostic pop
		seconds = seconds_to_parse(&small);
		assert_true(seconds_to_parse(&large) < 40 * seconds + 0.05);
		text_done(&small);
		text_done(&large);
	}
}

static void one_long_line_is_read_in_one_pass(void **state)
{
	struct text text = { 0 };

	(void)state;
	text_add(&text, "a = [");
	for (int i = 0; i < 200000; i++)
		text_printf(&text, "'%d',", i);
	text_add(&text, "]");
	assert_true(seconds_to_parse(&text) < 5);
	text_done(&text);
}

/* --- the interface --- */

static void the_tree_holds_no_pointer_into_the_text(void **state)
{
	char *text = strdup("key = 'value'");
	struct toml *toml = parse(text);

	(void)state;
	memset(text, 'x', strlen(text));
	free(text);
	string_is(toml, "key", "value");
	toml_free(toml);
}

static void absent_keys_and_other_types_find_nothing(void **state)
{
	struct toml *toml = parse("a = 1\n[b]\n");

	(void)state;
	assert_null(toml_find(&toml->root, "c"));
	assert_null(toml_find(&toml->root, ""));
	assert_null(toml_find(at(toml, "b"), "a"));
	assert_null(toml_find(at(toml, "a"), "a"));
	toml_free(toml);
}

static void every_type_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(toml_type_name(TOML_STRING), "string");
	assert_string_equal(toml_type_name(TOML_TABLE), "table");
	for (int type = TOML_STRING; type <= TOML_TABLE; type++)
		assert_non_null(toml_type_name((enum toml_type)type));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_text_is_an_empty_table),
		cmocka_unit_test(strings_of_all_four_kinds_are_read),
		cmocka_unit_test(a_string_may_hold_an_escaped_nul),
		cmocka_unit_test(integers_of_every_radix_are_read),
		cmocka_unit_test(floats_are_read_whatever_the_locale),
		cmocka_unit_test(booleans_are_read),
		cmocka_unit_test(dates_and_times_are_read),
		cmocka_unit_test(arrays_span_lines_and_mix_types),
		cmocka_unit_test(entries_keep_the_order_of_the_file),
		cmocka_unit_test(headers_and_dotted_keys_build_one_tree),
		cmocka_unit_test(arrays_of_tables_nest),
		cmocka_unit_test(crlf_text_reads_like_lf_text),
		cmocka_unit_test(every_value_knows_its_place),
		cmocka_unit_test(every_key_knows_its_place),
		cmocka_unit_test(a_table_stands_where_it_is_defined_not_implied),
		cmocka_unit_test(columns_count_characters_not_bytes),
		cmocka_unit_test(duplicate_key_is_refused_at_its_second_place),
		cmocka_unit_test(a_duplicate_among_many_keys_is_refused),
		cmocka_unit_test(a_complete_table_cannot_be_extended),
		cmocka_unit_test(malformed_lines_are_refused_where_they_go_wrong),
		cmocka_unit_test(malformed_strings_are_refused),
		cmocka_unit_test(malformed_numbers_are_refused),
		cmocka_unit_test(numbers_beyond_64_bits_are_refused),
		cmocka_unit_test(impossible_dates_are_refused),
		cmocka_unit_test(bytes_that_are_not_text_are_refused),
		cmocka_unit_test(a_hostile_key_cannot_write_to_the_terminal),
		cmocka_unit_test(nesting_is_limited_to_128_levels),
		cmocka_unit_test(many_values_side_by_side_are_not_deep),
		cmocka_unit_test(time_grows_with_size),
		cmocka_unit_test(one_long_line_is_read_in_one_pass),
		cmocka_unit_test(the_tree_holds_no_pointer_into_the_text),
		cmocka_unit_test(absent_keys_and_other_types_find_nothing),
		cmocka_unit_test(every_type_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
