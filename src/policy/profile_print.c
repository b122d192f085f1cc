/* SPDX-License-Identifier: Apache-2.0 */
/* profile_print.c — settings → text: a whole profile as TOML that reads back to the same, one setting for a message. */
#include "policy/reader.h"

#include <stdlib.h>
#include <string.h>

/* --- strings ------------------------------------------------------------------------------ */

static void add_escaped(struct text *text, unsigned char c)
{
	static const char *const named[] = {
		['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r", ['"'] = "\\\"",
		['\\'] = "\\\\",
	};

	if (c < ARRAY_SIZE(named) && named[c])
		text_add(text, named[c]);
	else
		text_printf(text, "\\u%04X", c);
}

/* How many bytes, from the first, stand for themselves in a TOML string. */
static size_t plain_size(const char *bytes, size_t size)
{
	size_t plain = 0;

	while (plain < size && bytes[plain] >= 0x20 && bytes[plain] < 0x7f && bytes[plain] != '"' &&
	       bytes[plain] != '\\')
		plain++;
	return plain;
}

void text_add_quoted(struct text *text, const char *bytes, size_t size)
{
	text_add(text, "\"");
	while (size > 0) {
		unsigned char c = (unsigned char)*bytes;
		size_t plain = plain_size(bytes, size), length = plain ? plain : utf8_size(bytes, size);

		if (!length)
			text_printf(text, "\\x%02X", c);
		else if (c < 0x20 || c == 0x7f || c == '"' || c == '\\')
			add_escaped(text, c);
		else
			text_add_bytes(text, bytes, length);
		bytes += length ? length : 1;
		size -= length ? length : 1;
	}
	text_add(text, "\"");
}

static void add_string(struct text *text, const char *string)
{
	text_add_quoted(text, string, strlen(string));
}

/* The text in the arena, and the growing one freed. NULL: out of memory. */
static const char *keep(struct arena *arena, struct text *text)
{
	const char *copy = !text->failed && text->bytes ? arena_strndup(arena, text->bytes, text->size) : NULL;

	text_done(text);
	return copy;
}

const char *quoted(struct arena *arena, const char *string)
{
	struct text text = { 0 };
	const char *copy;

	add_string(&text, string);
	copy = keep(arena, &text);
	return copy ? copy : "\"...\"";
}

static bool is_utf8(const char *string)
{
	while (*string) {
		size_t length = utf8_size(string, strlen(string));

		if (!length)
			return false;
		string += length;
	}
	return true;
}

/* A key that may stand without quotes. */
static void add_key(struct text *text, const char *key)
{
	static const char bare[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	if (*key && !key[strspn(key, bare)])
		text_add(text, key);
	else
		add_string(text, key);
}

/* --- values ------------------------------------------------------------------------------- */

static void add_strings(struct text *text, const struct setting *setting)
{
	text_add(text, "[");
	for (size_t i = 0; i < setting->value.strings.count; i++) {
		text_add(text, i ? ", " : "");
		add_string(text, setting->value.strings.items[i]);
	}
	text_add(text, "]");
}

static void add_ports(struct text *text, const struct setting *setting)
{
	text_add(text, "[");
	for (size_t i = 0; i < setting->value.ports.count; i++)
		text_printf(text, "%s%u", i ? ", " : "", setting->value.ports.items[i]);
	text_add(text, "]");
}

static void add_value(struct text *text, const struct setting *setting)
{
	enum key_type type = key_row(setting->key)->type;

	switch (type) {
	case KEY_BOOL:
	case KEY_BOOL_MAP:
		text_add(text, setting->value.boolean ? "true" : "false");
		break;
	case KEY_GPU:
		if (setting->is_string)
			add_string(text, setting->value.string);
		else
			text_add(text, setting->value.boolean ? "true" : "false");
		break;
	case KEY_INTEGER:
	case KEY_SIZE:
		text_printf(text, "%lld", (long long)setting->value.integer);
		break;
	case KEY_STRING:
	case KEY_MODE:
	case KEY_INHERIT:
	case KEY_STRING_MAP:
		add_string(text, setting->value.string);
		break;
	case KEY_STRINGS:
	case KEY_KERNEL:
		add_strings(text, setting);
		break;
	case KEY_PORTS:
		add_ports(text, setting);
		break;
	case KEY_ACCESS_MAP:
	case KEY_DEVICE_MAP:
		add_string(text, access_name(setting->value.access));
		break;
	case KEY_DECISION_MAP:
		add_string(text, setting->value.access == ACCESS_READ ? "allow" : "deny");
		break;
	}
}

/* As the user wrote it: with the tail that was taken off. */
static void add_path(struct text *text, const char *path, bool subtree)
{
	struct text whole = { 0 };

	if (subtree && !strcmp(path, "."))
		text_add(&whole, "**");
	else
		text_printf(&whole, "%s%s", path, !subtree ? "" : strcmp(path, "/") ? "/**" : "**");
	text->failed |= whole.failed;
	if (!whole.failed)
		text_add_quoted(text, whole.bytes, whole.size);
	text_done(&whole);
}

const char *setting_text(struct arena *arena, const struct setting *setting)
{
	const struct key_row *row = key_row(setting->key);
	struct text text = { 0 };

	if (setting->key != PROFILE_FILESYSTEM)
		text_printf(&text, "%s.", row->section);
	if (setting->name)
		add_path(&text, setting->name, setting->subtree && setting->scalar);
	else
		text_add(&text, row->key);
	text_add(&text, " = ");
	if (setting->sub && !setting->scalar && (strcmp(setting->sub, ".") || setting->subtree)) {
		text_add(&text, "{ ");
		add_path(&text, setting->sub, setting->subtree);
		text_add(&text, " = ");
		add_value(&text, setting);
		text_add(&text, " }");
	} else {
		add_value(&text, setting);
	}
	return keep(arena, &text);
}

const char *origin_text(struct arena *arena, const struct origin *origin)
{
	const char *file = origin->file ? origin->file : "";

	return origin->line ? arena_printf(arena, "%s:%u:%u", file, origin->line, origin->column)
			    : arena_strdup(arena, file);
}

/* --- a whole profile ---------------------------------------------------------------------- */

static int token_rank(const char *name)
{
	int rank = 0;

	while (filesystem_tokens[rank] && strcmp(filesystem_tokens[rank], name))
		rank++;
	return rank;
}

/* As profile.def orders them; tokens before paths, paths and the rest by their bytes. */
static int compare_for_print(const void *left, const void *right)
{
	const struct setting *a = *(const struct setting *const *)left, *b = *(const struct setting *const *)right;
	int order = (a->key > b->key) - (a->key < b->key);

	if (!order && a->name && b->name) {
		order = a->key == PROFILE_FILESYSTEM ? token_rank(a->name) - token_rank(b->name) : 0;
		if (!order)
			order = strcmp(a->name, b->name);
	}
	return order || !a->sub || !b->sub ? order : strcmp(a->sub, b->sub);
}

static int check_bytes(const struct profile *profile, struct bawn_error *err)
{
	struct arena arena = { 0 };
	int e = 0;

	for (size_t i = 0; e >= 0 && i < profile->count; i++) {
		const struct setting *setting = &profile->settings[i];

		if ((!setting->name || is_utf8(setting->name)) && (!setting->sub || is_utf8(setting->sub)) &&
		    (setting->key != PROFILE_ENV_SET || is_utf8(setting->value.string)))
			continue;
		e = error_set(err, EILSEQ, "%s: %s is not UTF-8, and a profile can hold nothing else",
			      origin_text(&arena, &setting->origin), setting_text(&arena, setting));
	}
	arena_done(&arena);
	return e;
}

/* One line from sorted[0] on; returns how many settings it holds: all of a name that has a table, else one. */
static size_t print_line(struct text *text, const struct setting *const *sorted, size_t count)
{
	const struct setting *first = sorted[0];
	size_t size = 1;

	while (first->name && size < count && sorted[size]->key == first->key &&
	       !strcmp(sorted[size]->name, first->name))
		size++;
	if (first->name)
		add_string(text, first->name);
	else
		text_add(text, key_row(first->key)->key);
	text_add(text, " = ");
	if (size == 1 && (!first->sub || !strcmp(first->sub, "."))) {
		add_value(text, first);
	} else {
		for (size_t i = 0; i < size; i++) {
			text_add(text, i ? ", " : "{ ");
			add_string(text, sorted[i]->sub);
			text_add(text, " = ");
			add_value(text, sorted[i]);
		}
		text_add(text, " }");
	}
	text_add(text, "\n");
	return size;
}

static void print_header(struct text *text, const char *id, const char *section)
{
	text_add(text, "\n[permissions.");
	add_key(text, id);
	text_printf(text, ".%s]\n", section);
}

/* All rows of one section; they need not stand together in profile.def. */
static void print_section(struct text *text, const char *id, const char *section, const struct setting *const *sorted,
			  size_t count)
{
	bool header = false;

	for (size_t i = 0; i < count;) {
		if (strcmp(key_row(sorted[i]->key)->section, section)) {
			i++;
			continue;
		}
		if (!header)
			print_header(text, id, section);
		header = true;
		i += print_line(text, sorted + i, count - i);
	}
}

static bool section_is_first(int key)
{
	for (int i = 0; i < key; i++)
		if (!strcmp(key_row((enum profile_key)i)->section, key_row((enum profile_key)key)->section))
			return false;
	return true;
}

int profile_print(const struct profile *profile, struct text *text, struct bawn_error *err)
{
	const char *id = profile->id + (profile->id[0] == ':');
	struct arena arena = { 0 };
	const struct setting **sorted;
	int e = check_bytes(profile, err);

	if (e < 0)
		return e;
	sorted = arena_alloc(&arena, profile->count * sizeof(struct setting *));
	if (!sorted)
		return error_oom(err);
	for (size_t i = 0; i < profile->count; i++)
		sorted[i] = &profile->settings[i];
	qsort(sorted, profile->count, sizeof(struct setting *), compare_for_print);

	text_add(text, "[permissions.");
	add_key(text, id);
	text_add(text, "]\n");
	if (profile->description) {
		text_add(text, "description = ");
		add_string(text, profile->description);
		text_add(text, "\n");
	}
	for (int i = 0; i < PROFILE__COUNT; i++)
		if (section_is_first(i))
			print_section(text, id, key_row((enum profile_key)i)->section, sorted, profile->count);
	arena_done(&arena);
	return text->failed ? error_oom(err) : 0;
}
