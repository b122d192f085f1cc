/* SPDX-License-Identifier: Apache-2.0 */
/* profile_paths.c — maps whose keys are paths: filesystem, workspace_roots, devices, unix_sockets.
 *
 * In filesystem a deny may be a glob. A read or a write names a place and all below it; the spelling with a
 * trailing slash and two stars means the same and is stored without them. */
#include "policy/reader.h"

#include <string.h>

static const char glob_tail[] = "/**";
static const char access_expected[] = "\"read\", \"write\" or \"deny\"";
static const char entry_expected[] = "\"read\", \"write\", \"deny\" or a table of sub-paths";

bool path_is_named(const char *text)
{
	return text[0] == '/' || (text[0] == '~' && (!text[1] || text[1] == '/'));
}

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), tail = strlen(end);

	return size >= tail && !strcmp(text + size - tail, end);
}

/* --- filesystem: what may stand as a key -------------------------------------------------- */

static bool token_known(const char *name)
{
	for (const char *const *token = filesystem_tokens; *token; token++)
		if (!strcmp(*token, name))
			return true;
	return false;
}

/* The one thing that is dropped, so that a file written for a newer bawn or the reference still works: never
 * silently. */
static int drop_token(const struct reader *reader, const struct toml_entry *entry)
{
	const char *nearest = words_nearest(entry->key, filesystem_tokens);
	const char *shown = quoted(&reader->profiles->arena, entry->key);

	if (nearest)
		reader_line(reader, &reader->profiles->warnings, entry->position,
			    "unknown token %s (did you mean \"%s\"?): ignored", shown, nearest);
	else
		reader_line(reader, &reader->profiles->warnings, entry->position, "unknown token %s: ignored", shown);
	return 0;
}

static int refuse_relative(const struct reader *reader, const struct toml_entry *entry, const char *label)
{
	static const char *const words[] = {
		"root", "minimal", "workspace_roots", "tmpdir", "slash_tmp", "glob_scan_max_depth", NULL
	};
	const char *nearest = words_nearest(entry->key, words);
	bool token = nearest && strcmp(nearest, "glob_scan_max_depth") != 0;

	if (nearest)
		return reader_fail(reader, entry->position, "%s: not a path (did you mean \"%s%s\"?)", label,
				   token ? ":" : "", nearest);
	return reader_fail(reader, entry->position,
			   "%s: expected a token such as \":workspace_roots\", an absolute path, "
			   "or one that begins with ~/",
			   label);
}

/* A sub-path is relative to its entry and stays below it. */
static const char *sub_problem(const char *sub)
{
	if (!*sub)
		return "is empty: expected a relative path; \".\" is the entry itself";
	if (*sub == '/')
		return "is absolute: a sub-path is relative; write an absolute path as an entry of its own";
	if (*sub == '~' && (!sub[1] || sub[1] == '/'))
		return "begins with ~: a sub-path is relative; write it as an entry of its own";
	while (*sub) {
		size_t length = strcspn(sub, "/");

		if (length == 2 && !strncmp(sub, "..", 2))
			return "leads upwards: a sub-path may not hold \"..\"";
		sub += length;
		sub += strspn(sub, "/");
	}
	return NULL;
}

/* --- filesystem: one entry ---------------------------------------------------------------- */

/* One thing that a filesystem table says, while it is judged. */
struct entry {
	const char *name, *sub;		/* sub NULL: no table */
	enum access access;
	bool subtree;
	const char *label;
	struct toml_position key, value;
};

static int check_commit(const struct reader *reader, const struct entry *entry)
{
	const char *path = entry->sub && strcmp(entry->sub, ".") ? entry->sub : entry->name;

	if (!strcmp(path_base(path), ".git") && !glob_is(entry->name) && !glob_is(path))
		return 0;
	return reader_fail(reader, entry->value, "%s: \"commit\" is for \".git\" only", entry->label);
}

static int check_deny_glob(const struct reader *reader, const struct entry *entry)
{
	const char *pattern = entry->sub ? entry->sub : entry->name, *reason;

	if (!glob_is(pattern) || glob_valid(pattern, &reason))
		return 0;
	return reader_fail(reader, entry->key, "%s: %s", entry->label, reason);
}

/* The subtree below a path is what the path means anyway. */
static const char *strip_subtree(struct arena *arena, const char *path, bool *ret_stripped)
{
	size_t size = strlen(path);

	*ret_stripped = true;
	if (!strcmp(path, "**"))
		return ".";
	if (!strcmp(path, glob_tail))
		return "/";
	if (ends_with(path, glob_tail))
		return arena_strndup(arena, path, size - strlen(glob_tail));
	*ret_stripped = false;
	return path;
}

static int check_grant(struct reader *reader, struct entry *entry)
{
	struct arena *arena = &reader->profiles->arena;
	const char **path = entry->sub ? &entry->sub : &entry->name;

	*path = strip_subtree(arena, *path, &entry->subtree);
	if (!*path)
		return error_oom(reader->err);
	if (!glob_is(*path))
		return 0;
	return reader_fail(reader, entry->value,
			   "%s: a glob can only be denied; \"%s\" takes a path, or one that ends in %s",
			   entry->label, access_name(entry->access), glob_tail);
}

static int add_entry(struct reader *reader, enum profile_key key, struct entry *entry, const struct toml_value *value)
{
	struct arena *arena = &reader->profiles->arena;
	const char *word, *sub;
	struct setting *setting;
	int e;

	e = reader_string(reader, entry->label, entry->sub ? access_expected : entry_expected, value, &word);
	if (e < 0)
		return e;
	entry->value = value->position;
	entry->access = access_find(word);
	if (!entry->access)
		return reader_unknown(reader, value->position, entry->label, "access", word,
				      key_words(KEY_ACCESS_MAP));
	e = entry->access == ACCESS_DENY ? check_deny_glob(reader, entry)
	  : entry->access == ACCESS_COMMIT ? check_commit(reader, entry) : check_grant(reader, entry);
	if (e < 0)
		return e;
	sub = entry->sub ? arena_strdup(arena, entry->sub) : ".";
	if (!sub)
		return error_oom(reader->err);
	e = reader_add(reader, key, entry->name, entry->key, &setting);
	if (e < 0)
		return e;
	setting->sub = sub;
	setting->value.access = entry->access;
	setting->scalar = !entry->sub;
	setting->subtree = entry->subtree;
	return 0;
}

static int add_sub_entries(struct reader *reader, enum profile_key key, const struct toml_entry *parent,
			   const char *label)
{
	struct arena *arena = &reader->profiles->arena;
	const struct toml_value *table = &parent->value;

	if (!table->u.table.count)
		return reader_fail(reader, table->position, "%s: an empty table has no effect", label);
	if (glob_is(parent->key))
		return reader_fail(reader, table->position,
				   "%s: a glob has no sub-paths: write the whole pattern as one entry", label);
	for (size_t i = 0; i < table->u.table.count; i++) {
		const struct toml_entry *child = &table->u.table.entries[i];
		struct entry entry = { .name = parent->key, .sub = child->key, .key = child->position };
		const char *problem;
		int e;

		if (memchr(child->key, '\0', child->key_size))
			return reader_fail(reader, child->position, "a key may not hold a NUL character");
		entry.label = arena_printf(arena, "%s %s", label, quoted(arena, child->key));
		if (!entry.label)
			return error_oom(reader->err);
		problem = sub_problem(child->key);
		if (problem)
			return reader_fail(reader, child->position, "%s: %s", entry.label, problem);
		e = add_entry(reader, key, &entry, &child->value);
		if (e < 0)
			return e;
	}
	return 0;
}

int read_access_map(struct reader *reader, enum profile_key key, const struct toml_entry *toml_entry)
{
	struct entry entry = {
		.name = toml_entry->key, .key = toml_entry->position,
		.label = key_label(&reader->profiles->arena, key, toml_entry->key),
	};

	if (entry.name[0] == ':' && !token_known(entry.name))
		return drop_token(reader, toml_entry);
	if (entry.name[0] != ':' && !path_is_named(entry.name))
		return refuse_relative(reader, toml_entry, entry.label);
	if (toml_entry->value.type == TOML_TABLE)
		return add_sub_entries(reader, key, toml_entry, entry.label);
	return add_entry(reader, key, &entry, &toml_entry->value);
}

/* --- the other maps ----------------------------------------------------------------------- */

int read_device_map(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	static const char *const words[] = { "gpu", NULL };
	const char *label = key_label(&reader->profiles->arena, key, entry->key), *word;
	struct setting *setting;
	enum access access;
	int e;

	if (words_nearest(entry->key, words))
		return reader_unknown(reader, entry->position, "devices", "key", entry->key, words);
	if (strncmp(entry->key, "/dev/", 5) || !entry->key[5] || strstr(entry->key, "/../") ||
	    ends_with(entry->key, "/.."))
		return reader_fail(reader, entry->position, "%s: expected \"gpu\", or a path below /dev", label);
	e = reader_string(reader, label, access_expected, &entry->value, &word);
	if (e < 0)
		return e;
	access = access_find(word);
	if (!access || access == ACCESS_COMMIT)
		return reader_unknown(reader, entry->value.position, label, "access", word, key_words(KEY_DEVICE_MAP));
	e = reader_add(reader, key, entry->key, entry->position, &setting);
	if (e >= 0)
		setting->value.access = access;
	return e;
}

static int refuse_unnamed(const struct reader *reader, const struct toml_entry *entry, const char *label)
{
	return reader_fail(reader, entry->position, "%s: expected an absolute path, or one that begins with ~/", label);
}

int read_socket(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	const char *label = key_label(&reader->profiles->arena, key, entry->key), *word;
	struct setting *setting;
	enum access access;
	int e;

	if (!path_is_named(entry->key))
		return refuse_unnamed(reader, entry, label);
	e = reader_string(reader, label, decision_expected, &entry->value, &word);
	if (e < 0)
		return e;
	access = decision_find(word);
	if (!access)
		return reader_unknown(reader, entry->value.position, label, "decision", word,
				      key_words(KEY_DECISION_MAP));
	e = reader_add(reader, key, entry->key, entry->position, &setting);
	if (e >= 0)
		setting->value.access = access;
	return e;
}

int read_root_map(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	const char *label = key_label(&reader->profiles->arena, key, entry->key);
	struct setting *setting;
	int e;

	if (!path_is_named(entry->key))
		return refuse_unnamed(reader, entry, label);
	if (entry->value.type != TOML_BOOLEAN)
		return reader_expected(reader, label, "true or false", &entry->value);
	e = reader_add(reader, key, entry->key, entry->position, &setting);
	if (e >= 0)
		setting->value.boolean = entry->value.u.boolean;
	return e;
}
