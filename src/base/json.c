/* SPDX-License-Identifier: Apache-2.0 */
/* json.c — JSON text, one object a line. The caller opens and closes; this file places commas and
 * escapes strings. */
#include "base/base.h"

#include <string.h>

static void add_string(struct text *text, const char *string)
{
	size_t left = strlen(string), size;

	text_add(text, "\"");
	for (; left > 0; string += size, left -= size) {
		unsigned char first = (unsigned char)*string;

		size = utf8_size(string, left);
		if (size == 0) {
			/* A path may be any bytes; a JSON reader refuses the whole line for one
			 * that is not UTF-8. */
			text_add(text, "\xef\xbf\xbd");
			size = 1;
		} else if (first == '"' || first == '\\') {
			text_printf(text, "\\%c", first);
		} else if (first == '\n') {
			text_add(text, "\\n");
		} else if (first == '\t') {
			text_add(text, "\\t");
		} else if (first < 0x20 || first == 0x7f) {
			text_printf(text, "\\u%04x", first);
		} else {
			text_add_bytes(text, string, size);
		}
	}
	text_add(text, "\"");
}

/* The comma that the value before needs, and the key. */
static void begin_value(struct json *json, const char *key)
{
	if (json->comma)
		text_add(&json->text, ",");
	json->comma = true;
	if (key) {
		add_string(&json->text, key);
		text_add(&json->text, ":");
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	begin_value(json, key);
	text_add_bytes(&json->text, &bracket, 1);
	json->depth++;
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	text_add_bytes(&json->text, &bracket, 1);
	json->depth--;
	json->comma = true;
}

void json_string(struct json *json, const char *key, const char *value)
{
	begin_value(json, key);
	if (value)
		add_string(&json->text, value);
	else
		text_add(&json->text, "null");
}

void json_integer(struct json *json, const char *key, long long value)
{
	begin_value(json, key);
	text_printf(&json->text, "%lld", value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	text_add(&json->text, value ? "true" : "false");
}

void json_newline(struct json *json)
{
	text_add(&json->text, "\n");
	json->comma = false;
}
