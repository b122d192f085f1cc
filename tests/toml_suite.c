/* SPDX-License-Identifier: Apache-2.0 */
/* toml_suite.c — the reader against every case that the toml-test suite lists for TOML 1.0.0.
 *
 * A valid file must give the values of the tagged JSON next to it (integer 42 is
 * {"type": "integer", "value": "42"}); an invalid one must be refused with a place. The JSON is
 * read by a few lines of this file's own, so that the reader under test is not its own judge. */
#include "toml/toml.h"

#include <ctype.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST	"tests/files-toml-1.0.0"
#define LARGEST	((size_t)16 << 20)

/* --- JSON, as much as the suite uses: objects, arrays, strings --- */

struct json_value {
	char kind;			/* '{', '[', '"' */
	char *bytes;			/* of a string */
	size_t size;
	struct json_value *items;
	char **keys;			/* of an object, one per item */
	size_t *key_sizes;
	size_t count;
};

struct json_reader { const char *at, *end; struct arena arena; };

static bool json_value_read(struct json_reader *json, struct json_value *value);

static void json_skip(struct json_reader *json)
{
	while (json->at < json->end && strchr(" \t\r\n", *json->at))
		json->at++;
}

static bool json_take(struct json_reader *json, char c)
{
	json_skip(json);
	if (json->at == json->end || *json->at != c)
		return false;
	json->at++;
	return true;
}

static bool json_hex(struct json_reader *json, uint32_t *ret_code)
{
	char digits[5] = "";

	if (json->end - json->at < 4)
		return false;
	memcpy(digits, json->at, 4);
	json->at += 4;
	*ret_code = (uint32_t)strtoul(digits, NULL, 16);
	return true;
}

static char *put_code_point(char *out, uint32_t code)
{
	if (code < 0x80) {
		*out++ = (char)code;
	} else if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
		*out++ = (char)(0x80 | (code & 0x3f));
	} else {
		if (code < 0x10000) {
			*out++ = (char)(0xe0 | code >> 12);
		} else {
			*out++ = (char)(0xf0 | code >> 18);
			*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		}
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	}
	return out;
}

static bool json_escape_read(struct json_reader *json, char **out)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	char c = json->at < json->end ? *json->at++ : '\0';
	const char *letter = c ? strchr(letters, c) : NULL;
	uint32_t code, low;

	if (letter) {
		*(*out)++ = meanings[letter - letters];
		return true;
	}
	if (c != 'u' || !json_hex(json, &code))
		return false;
	if (code >= 0xd800 && code < 0xdc00) {
		json->at += 2;
		if (json->at > json->end || !json_hex(json, &low))
			return false;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	*out = put_code_point(*out, code);
	return true;
}

static bool json_string_read(struct json_reader *json, char **ret_bytes, size_t *ret_size)
{
	char *bytes = arena_alloc(&json->arena, (size_t)(json->end - json->at) + 1), *out = bytes;

	if (!bytes || !json_take(json, '"'))
		return false;
	while (json->at < json->end && *json->at != '"') {
		if (*json->at != '\\') {
			*out++ = *json->at++;
			continue;
		}
		json->at++;
		if (!json_escape_read(json, &out))
			return false;
	}
	*ret_bytes = bytes;
	*ret_size = (size_t)(out - bytes);
	return json_take(json, '"');
}

static bool json_items_read(struct json_reader *json, struct json_value *value)
{
	char close = value->kind == '{' ? '}' : ']';
	size_t rooms[3] = { 0 }, counts[2] = { 0 };

	json->at++;
	if (json_take(json, close))
		return true;
	do {
		struct json_value *item;

		if (value->kind == '{') {
			char **key = array_add(&json->arena, (void **)&value->keys, &counts[0],
					       &rooms[0], sizeof(*key));
			size_t *size = array_add(&json->arena, (void **)&value->key_sizes,
						 &counts[1], &rooms[1], sizeof(*size));

			if (!key || !size || !json_string_read(json, key, size) ||
			    !json_take(json, ':'))
				return false;
		}
		item = array_add(&json->arena, (void **)&value->items, &value->count, &rooms[2],
				 sizeof(*item));
		if (!item || !json_value_read(json, item))
			return false;
	} while (json_take(json, ','));
	return json_take(json, close);
}

static bool json_value_read(struct json_reader *json, struct json_value *value)
{
	json_skip(json);
	value->kind = json->at < json->end ? *json->at : '\0';
	if (value->kind == '"')
		return json_string_read(json, &value->bytes, &value->size);
	return (value->kind == '{' || value->kind == '[') && json_items_read(json, value);
}

static const struct json_value *json_member(const struct json_value *object, const char *key,
					    size_t size)
{
	for (size_t i = 0; object->kind == '{' && i < object->count; i++)
		if (object->key_sizes[i] == size && memcmp(object->keys[i], key, size) == 0)
			return &object->items[i];
	return NULL;
}

/* --- comparison --- */

static bool same_float(double number, const char *text)
{
	double expected = strtod(text, NULL);		/* knows inf and nan as well */

	return isnan(number) ? isnan(expected) : number == expected;
}

/* Reads what the JSON holds of "YYYY-MM-DD", "THH:MM:SS.fraction" and an offset, by the type's
 * name. */
static struct toml_datetime expected_datetime(const char *text, enum toml_type type)
{
	struct toml_datetime date = { 0 };
	int used = 0, hour = 0, minute = 0, unit = 100000000;

	if (type != TOML_LOCAL_TIME) {
		sscanf(text, "%d-%d-%d%n", &date.year, &date.month, &date.day, &used);
		text += used;
		text += *text != '\0';
	}
	if (type != TOML_LOCAL_DATE) {
		sscanf(text, "%d:%d:%d%n", &date.hour, &date.minute, &date.second, &used);
		text += used;
	}
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text); text++, unit /= 10)
			date.nanosecond += (*text - '0') * unit;
	if (*text == '+' || *text == '-') {
		sscanf(text + 1, "%d:%d", &hour, &minute);
		date.offset_minutes = (*text == '-' ? -1 : 1) * (hour * 60 + minute);
	}
	return date;
}

static bool same_datetime(const struct toml_datetime *a, const char *text, enum toml_type type)
{
	struct toml_datetime b = expected_datetime(text, type);

	return a->year == b.year && a->month == b.month && a->day == b.day && a->hour == b.hour &&
	       a->minute == b.minute && a->second == b.second && a->nanosecond == b.nanosecond &&
	       a->offset_minutes == b.offset_minutes;
}

static bool same_scalar(const struct toml_value *value, const char *tag,
			const struct json_value *expected)
{
	static const char *const tags[] = {
		[TOML_STRING] = "string",
		[TOML_INTEGER] = "integer",
		[TOML_FLOAT] = "float",
		[TOML_BOOLEAN] = "bool",
		[TOML_OFFSET_DATETIME] = "datetime",
		[TOML_LOCAL_DATETIME] = "datetime-local",
		[TOML_LOCAL_DATE] = "date-local",
		[TOML_LOCAL_TIME] = "time-local",
	};

	if (value->type >= ARRAY_SIZE(tags) || strcmp(tags[value->type], tag) != 0)
		return false;
	switch (value->type) {
	case TOML_STRING:
		return value->u.string.size == expected->size &&
		       memcmp(value->u.string.bytes, expected->bytes, expected->size) == 0;
	case TOML_INTEGER:
		return value->u.integer == strtoll(expected->bytes, NULL, 10);
	case TOML_FLOAT:
		return same_float(value->u.number, expected->bytes);
	case TOML_BOOLEAN:
		return strcmp(expected->bytes, value->u.boolean ? "true" : "false") == 0;
	default:
		return same_datetime(&value->u.datetime, expected->bytes, value->type);
	}
}

static bool same_value(const struct toml_value *value, const struct json_value *expected)
{
	const struct json_value *tag = json_member(expected, "type", 4);
	const struct json_value *text = json_member(expected, "value", 5);

	if (value->position.line == 0 || value->position.column == 0)
		return false;
	if (value->type == TOML_ARRAY) {
		if (expected->kind != '[' || expected->count != value->u.array.count)
			return false;
		for (size_t i = 0; i < expected->count; i++)
			if (!same_value(&value->u.array.items[i], &expected->items[i]))
				return false;
		return true;
	}
	if (value->type != TOML_TABLE)
		return tag && text && tag->kind == '"' && text->kind == '"' &&
		       same_scalar(value, tag->bytes, text);
	if (expected->kind != '{' || expected->count != value->u.table.count)
		return false;
	for (size_t i = 0; i < value->u.table.count; i++) {
		const struct toml_entry *entry = &value->u.table.entries[i];
		const struct json_value *member =
			json_member(expected, entry->key, entry->key_size);

		if (!member || entry->position.line == 0 || !same_value(&entry->value, member))
			return false;
	}
	return true;
}

/* --- cases --- */

static int read_file(const char *path, char **ret_text, size_t *ret_size)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : io_read_all(fd, LARGEST, ret_text, ret_size);
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t size = strlen(name), suffix_size = strlen(suffix);

	return size > suffix_size && strcmp(name + size - suffix_size, suffix) == 0;
}

/* toml NULL: only that the file is JSON. */
static bool matches_json(const char *path, const struct toml *toml)
{
	struct json_reader json = { 0 };
	struct json_value expected = { 0 };
	autofree char *text = NULL;
	size_t size = 0;
	bool matches;

	if (read_file(path, &text, &size) < 0)
		return false;
	json.at = text;
	json.end = text + size;
	matches = json_value_read(&json, &expected);
	if (matches && toml)
		matches = same_value(&toml->root, &expected);
	arena_done(&json.arena);
	return matches;
}

static bool valid_case(const struct toml *toml, const char *directory, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/%.*sjson", directory,
		 (int)(strlen(name) - strlen("toml")), name);
	return matches_json(path, toml);
}

static bool run_case(const char *directory, const char *name, bool verbose)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct toml *toml = NULL;
	autofree char *text = NULL;
	char path[4096];
	size_t size = 0;
	bool passed;
	int r;

	snprintf(path, sizeof(path), "%s/tests/%s", directory, name);
	if (read_file(path, &text, &size) < 0) {
		printf("not ok: %s cannot be read\n", name);
		return false;
	}
	r = toml_parse(text, size, name, &toml, &err);
	if (verbose && r < 0)
		printf("%s\n", err.message);
	if (strncmp(name, "valid/", 6) == 0)
		passed = r == 0 && valid_case(toml, directory, name);
	else
		passed = r == -EINVAL && err.line > 0 && err.column > 0;
	if (!passed)
		printf("not ok: %s: %s\n", name,
		       r < 0 ? err.message : "accepted, or values differ");
	toml_free(toml);
	return passed;
}

/* The list names the JSON files, too. */
static bool run_listed(const char *directory, const char *name, bool verbose)
{
	char path[4096];

	if (ends_with(name, ".toml"))
		return run_case(directory, name, verbose);
	snprintf(path, sizeof(path), "%s/tests/%s", directory, name);
	if (ends_with(name, ".json") && matches_json(path, NULL))
		return true;
	printf("not ok: %s is not JSON\n", name);
	return false;
}

static int skip(const char *directory)
{
	const char *must = getenv("BAWN_MUST_WORK");
	bool fails = must && strcmp(must, "1") == 0;

	fprintf(stderr, "toml-test: %s: NO SUITE at %s (set TOML_TEST to its directory)\n",
		fails ? "FAILED" : "SKIPPED", directory);
	return fails ? 1 : 77;
}

int main(int argc, char **argv)
{
	const char *directory = argc > 1 ? argv[1] : getenv("TOML_TEST");
	unsigned passed = 0, failed = 0;
	autofree char *list = NULL;
	char path[4096], *rest, *name;
	size_t size = 0;
	bool verbose = getenv("TOML_TEST_VERBOSE") != NULL;

	if (!directory)
		directory = "../shared/toml-test";
	snprintf(path, sizeof(path), "%s/" LIST, directory);
	if (read_file(path, &list, &size) < 0)
		return skip(directory);
	for (name = strtok_r(list, "\r\n", &rest); name; name = strtok_r(NULL, "\r\n", &rest))
		*(run_listed(directory, name, verbose) ? &passed : &failed) += 1;
	printf("toml-test: %u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
