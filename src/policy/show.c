/* SPDX-License-Identifier: Apache-2.0 */
/* show.c — words in which plans and decisions are shown.
 *
 * Paths and labels hold what the confined command chose to call its files, and the reader is often a terminal: control
 * characters are shown, never sent. */
#include "policy/show.h"

#include <string.h>

/* Control characters, and those that turn the direction of what follows. */
static bool is_unprintable(const char *bytes, size_t size)
{
	const unsigned char *b = (const unsigned char *)bytes;

	if (size == 1)
		return b[0] < 0x20 || b[0] == 0x7f;
	if (size == 2)
		return b[0] == 0xc2 && b[1] < 0xa0;
	if (size == 3 && b[0] == 0xe2 && b[1] == 0x80)
		return b[2] == 0x8e || b[2] == 0x8f || (b[2] >= 0xa8 && b[2] <= 0xae);
	return size == 3 && b[0] == 0xe2 && b[1] == 0x81 && b[2] >= 0xa6 && b[2] <= 0xa9;
}

static void add_escaped(struct text *text, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		text_printf(text, "\\x%02x", (unsigned char)bytes[i]);
}

size_t show_visible(struct text *text, const char *string)
{
	size_t columns = 0, left = strlen(string), size;

	for (; left > 0; string += size, left -= size) {
		bool escape;

		size = utf8_size(string, left);
		escape = size == 0 || is_unprintable(string, size);
		size += size == 0;
		columns += escape ? 4 * size : 1;
		if (text && escape)
			add_escaped(text, string, size);
		else if (text)
			text_add_bytes(text, string, size);
	}
	return columns;
}

void show_cell(struct text *text, const char *string, size_t width)
{
	for (size_t columns = show_visible(text, string); columns < width; columns++)
		text_add(text, " ");
}

static bool is_shell_word(const char *string)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

	return *string && string[strspn(string, plain)] == '\0';
}

static bool is_all_printable(const char *string)
{
	size_t size;

	for (size_t left = strlen(string); left > 0; string += size, left -= size) {
		size = utf8_size(string, left);
		if (size == 0 || is_unprintable(string, size))
			return false;
	}
	return true;
}

void show_shell_word(struct text *text, const char *string)
{
	if (is_shell_word(string)) {
		text_add(text, string);
	} else if (is_all_printable(string)) {
		text_add(text, "'");
		for (; *string; string++)
			text_add_bytes(text, *string == '\'' ? "'\\''" : string, *string == '\'' ? 4 : 1);
		text_add(text, "'");
	} else {			/* POSIX.1-2024; bash, ksh and zsh have had it for long */
		text_add(text, "$'");
		for (; *string; string++)
			if (*string == '\'' || *string == '\\')
				text_printf(text, "\\%c", *string);
			else if (*string < 0x20 || *string == 0x7f || (unsigned char)*string >= 0x80)
				add_escaped(text, string, 1);
			else
				text_add_bytes(text, string, 1);
		text_add(text, "'");
	}
}

/* UTF-8, of two bytes or three, as is_unprintable() knows them. */
static unsigned code_point(const char *bytes, size_t size)
{
	const unsigned char *b = (const unsigned char *)bytes;

	return size == 1 ? b[0] : size == 2 ? (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu) :
		(b[0] & 0xfu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
}

bool show_toml_string(struct text *text, const char *string)
{
	size_t left = strlen(string), size;

	text_add(text, "\"");
	for (; left > 0; string += size, left -= size) {
		size = utf8_size(string, left);
		if (size == 0)
			return false;
		if (*string == '"' || *string == '\\')
			text_printf(text, "\\%c", *string);
		else if (is_unprintable(string, size))
			text_printf(text, "\\u%04x", code_point(string, size));
		else
			text_add_bytes(text, string, size);
	}
	text_add(text, "\"");
	return true;
}

void show_origin(struct text *text, const struct origin *origin)
{
	struct arena arena = { 0 };
	const char *string = origin_text(&arena, origin);

	if (string)
		show_visible(text, string);
	else
		text->failed = true;
	arena_done(&arena);
}

void show_json_origin(struct json *json, const struct origin *origin)
{
	struct arena arena = { 0 };
	const char *string = origin_text(&arena, origin);

	json_string(json, "origin", string);
	json->text.failed = json->text.failed || !string;
	arena_done(&arena);
}

static const char *const kinds[] = {
	[RULE_PATH] = "path", [RULE_GLOB] = "glob", [RULE_MATCH] = "match", [RULE_PROTECTED] = "protected",
	[RULE_GIT] = "git", [RULE_SYSTEM] = "system", [RULE_DEVICE] = "device", [RULE_GPU] = "gpu",
	[RULE_PERMISSION] = "permission",
};

const char *show_kind(enum rule_kind kind)
{
	return kinds[kind];
}

void show_json_begin(struct json *json, const char *type)
{
	json_open(json, NULL, '{');
	json_string(json, "type", type);
}

void show_json_end(struct json *json)
{
	json_close(json, '}');
	json_newline(json);
}

void show_json_done(struct json *json, struct text *text)
{
	if (json->text.bytes)
		text_add_bytes(text, json->text.bytes, json->text.size);
	text->failed = text->failed || json->text.failed;
	text_done(&json->text);
}
