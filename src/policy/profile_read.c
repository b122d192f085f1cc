/* SPDX-License-Identifier: Apache-2.0 */
/* profile_read.c — TOML tables → settings, row by row of profile.def.
 *
 * Nothing is skipped: a key is a row, opens a section, belongs to a map, or is an error that names the nearest one. */
#include "policy/reader.h"

#include <stdio.h>
#include <string.h>

/* --- places and errors -------------------------------------------------------------------- */

struct origin reader_origin(const struct reader *reader, struct toml_position position)
{
	struct origin origin = { .file = reader->file };

	if (reader->positions) {
		origin.line = position.line;
		origin.column = position.column;
	}
	return origin;
}

PRINTF(3, 0)
static int fail_at(struct bawn_error *err, const struct origin *origin, const char *format, va_list arguments)
{
	char message[sizeof(err->message)];

	vsnprintf(message, sizeof(message), format, arguments);
	if (origin->line)
		return error_at(err, origin->file, origin->line, origin->column, "%s", message);
	error_set(err, EINVAL, "%s: %s", origin->file, message);
	if (err)
		snprintf(err->file, sizeof(err->file), "%s", origin->file);
	return -EINVAL;
}

int origin_fail(struct bawn_error *err, const struct origin *origin, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fail_at(err, origin, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int reader_fail(const struct reader *reader, struct toml_position position, const char *format, ...)
{
	struct origin origin = reader_origin(reader, position);
	va_list arguments;

	va_start(arguments, format);
	fail_at(reader->err, &origin, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int reader_expected(const struct reader *reader, const char *label, const char *what, const struct toml_value *value)
{
	return reader_fail(reader, value->position, "%s: expected %s, found %s", label, what,
			   toml_type_name(value->type));
}

int reader_unknown(const struct reader *reader, struct toml_position position, const char *label, const char *kind,
		   const char *word, const char *const *words)
{
	const char *nearest = words_nearest(word, words), *shown = quoted(&reader->profiles->arena, word);
	struct text all = { 0 };

	if (nearest)
		return reader_fail(reader, position, "%s: unknown %s %s (did you mean \"%s\"?)", label, kind, shown,
				   nearest);
	for (; *words; words++)
		text_printf(&all, "%s%s", all.size ? ", " : "", *words);
	reader_fail(reader, position, "%s: unknown %s %s: expected one of %s", label, kind, shown,
		    all.bytes ? all.bytes : "");
	text_done(&all);
	return -EINVAL;
}

void reader_line(const struct reader *reader, struct text *text, struct toml_position position, const char *format, ...)
{
	struct origin origin = reader_origin(reader, position);
	char message[sizeof(reader->err->message)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (origin.line)
		text_printf(text, "%s:%u:%u: %s\n", origin.file, origin.line, origin.column, message);
	else
		text_printf(text, "%s: %s\n", origin.file, message);
}

/* --- what every value needs --------------------------------------------------------------- */

int reader_add(struct reader *reader, enum profile_key key, const char *name, struct toml_position position,
	       struct setting **ret_setting)
{
	struct arena *arena = &reader->profiles->arena;
	struct profile *profile = reader->profile;
	const char *copy = name ? arena_strdup(arena, name) : NULL;
	struct setting *setting;

	if (name && !copy)
		return error_oom(reader->err);
	setting = array_add(arena, (void **)&profile->settings, &profile->count, &profile->capacity, sizeof(*setting));
	if (!setting)
		return error_oom(reader->err);
	setting->key = key;
	setting->name = copy;
	setting->origin = reader_origin(reader, position);
	*ret_setting = setting;
	return 0;
}

int reader_string(const struct reader *reader, const char *label, const char *expected, const struct toml_value *value,
		  const char **ret_string)
{
	char *copy;

	if (value->type != TOML_STRING)
		return reader_expected(reader, label, expected, value);
	if (memchr(value->u.string.bytes, '\0', value->u.string.size))
		return reader_fail(reader, value->position, "%s: a string may not hold a NUL character", label);
	copy = arena_strndup(&reader->profiles->arena, value->u.string.bytes, value->u.string.size);
	if (!copy)
		return error_oom(reader->err);
	*ret_string = copy;
	return 0;
}

/* --- sections ----------------------------------------------------------------------------- */

static int unknown_key(const struct reader *reader, const char *section, const struct toml_entry *entry)
{
	struct arena *arena = &reader->profiles->arena;
	const char **keys = section_keys(arena, section);
	const char *label = *section ? section : arena_printf(arena, "profile %s", quoted(arena, reader->profile->id));

	if (!keys || !label)
		return error_oom(reader->err);
	return reader_unknown(reader, entry->position, label, "key", entry->key, keys);
}

/* What `profile check` says about keys that only one of the systems knows. */
static void remark(const struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	const struct key_row *row = key_row(key);
	const char *where = row->status == STATUS_MACOS ? "Linux" : key == PROFILE_KERNEL_ALLOW ? "macOS" : NULL;

	if (where)
		reader_line(reader, &reader->profiles->remarks, entry->position, "%s.%s has no effect on %s",
			    row->section, row->key, where);
}

static int read_extends(struct reader *reader, const struct toml_entry *entry)
{
	struct profile *profile = reader->profile;
	int e;

	if (!reader->positions)
		return reader_fail(reader, entry->position,
				   "extends: belongs into a file; the parents of a running profile are fixed");
	e = reader_string(reader, "extends", "a string", &entry->value, &profile->extends);
	if (e >= 0)
		profile->extends_origin = reader_origin(reader, entry->value.position);
	return e;
}

static int read_entry(struct reader *reader, const char *section, const struct toml_entry *entry)
{
	const char *below;
	int key;

	if (memchr(entry->key, '\0', entry->key_size))
		return reader_fail(reader, entry->position, "a key may not hold a NUL character");
	if (!*section && !strcmp(entry->key, "description"))
		return reader_string(reader, "description", "a string", &entry->value,
				     &reader->profile->description);
	if (!*section && !strcmp(entry->key, "extends"))
		return read_extends(reader, entry);

	below = section_find(section, entry->key);
	if (below && entry->value.type != TOML_TABLE)
		return reader_expected(reader, below, "a table", &entry->value);
	if (below)
		return reader_section(reader, below, &entry->value);

	key = key_find(section, entry->key);
	if (key < 0)
		key = key_find(section, "*");
	if (key < 0)
		return unknown_key(reader, section, entry);
	remark(reader, (enum profile_key)key, entry);
	return read_value(reader, (enum profile_key)key, entry);
}

int reader_section(struct reader *reader, const char *section, const struct toml_value *table)
{
	int e = 0;

	for (size_t i = 0; e >= 0 && i < table->u.table.count; i++)
		e = read_entry(reader, section, &table->u.table.entries[i]);
	return e;
}
