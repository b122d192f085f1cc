/* SPDX-License-Identifier: Apache-2.0 */
/* profile.c — a configuration file → its profiles, all of them judged, also those that nobody asked for.
 *
 * The file is shared: only `default_permissions` and `[permissions]` are ours, and of the rest only what looks
 * like one of the two misspelt is an error. Inside [permissions] nothing is skipped (profile_read.c). */
#include "policy/reader.h"

#include <stdlib.h>
#include <string.h>

const struct profile *profiles_find(const struct profiles *profiles, const char *id)
{
	for (size_t i = 0; i < profiles->count; i++)
		if (!strcmp(profiles->items[i].id, id))
			return &profiles->items[i];
	return NULL;
}

const struct setting *profile_find(const struct profile *profile, enum profile_key key, const char *name)
{
	for (size_t i = 0; i < profile->count; i++) {
		const struct setting *setting = &profile->settings[i];

		if (setting->key == key && (!name || (setting->name && !strcmp(setting->name, name))))
			return setting;
	}
	return NULL;
}

void profiles_free(struct profiles *profiles)
{
	if (!profiles)
		return;
	text_done(&profiles->warnings);
	text_done(&profiles->remarks);
	arena_done(&profiles->arena);
	reserve_give(profiles);
}

static void cleanup_profiles(struct profiles **profiles)
{
	profiles_free(*profiles);
}

static void cleanup_toml(struct toml **toml)
{
	toml_free(*toml);
}

/* --- the file's own keys ------------------------------------------------------------------ */

/* Whether a and b differ by at most so many letters. words_nearest() allows a third of the word, and with that
 * `sandbox_permissions`, which is another program's, would be taken for ours. */
static bool is_within(const char *a, const char *b, unsigned letters)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return true;
	if (!letters)
		return false;
	return (*a && is_within(a + 1, b, letters - 1)) || (*b && is_within(a, b + 1, letters - 1)) ||
	       (*a && *b && is_within(a + 1, b + 1, letters - 1)) ||
	       (*a && *b && a[0] == b[1] && a[1] == b[0] && is_within(a + 2, b + 2, letters - 1));
}

static int read_foreign(struct reader *reader, const struct toml_entry *entry)
{
	static const char *const ours[] = { "default_permissions", "permissions" };
	const char *shown = quoted(&reader->profiles->arena, entry->key);

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (is_within(entry->key, ours[i], 2))
			return reader_fail(reader, entry->position, "unknown key %s (did you mean \"%s\"?)",
					   shown, ours[i]);
	reader_line(reader, &reader->profiles->remarks, entry->position, "%s belongs to another program", shown);
	return 0;
}

static int read_default(struct reader *reader, const struct toml_entry *entry)
{
	struct profiles *profiles = reader->profiles;
	int e = reader_string(reader, entry->key, "a string", &entry->value, &profiles->default_id);

	if (e >= 0)
		profiles->default_origin = reader_origin(reader, entry->value.position);
	return e;
}

/* A profile's name goes into messages and into BAWN_PROFILE as it stands. */
static bool has_control(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f)
			return true;
	return false;
}

static int read_profile(struct reader *reader, const struct toml_entry *entry)
{
	struct profiles *profiles = reader->profiles;
	struct arena *arena = &profiles->arena;
	const char *shown = quoted(arena, entry->key);
	struct profile *profile;

	if (has_control(entry->key, entry->key_size))
		return reader_fail(reader, entry->position, "a profile's name may not hold control characters");
	if (!*entry->key)
		return reader_fail(reader, entry->position, "a profile's name may not be empty");
	if (entry->key[0] == ':' && profiles_find(profiles, entry->key))
		return reader_fail(reader, entry->position, "profile %s is built in and cannot be defined anew: "
				   "give yours another name, and extends = %s", shown, shown);
	if (entry->key[0] == ':')
		return reader_fail(
			reader, entry->position,
			"profile %s: names that begin with a colon are reserved for built-in profiles", shown);
	if (entry->value.type != TOML_TABLE)
		return reader_expected(reader, arena_printf(arena, "profile %s", shown), "a table", &entry->value);

	profile = array_add(arena, (void **)&profiles->items, &profiles->count, &profiles->capacity, sizeof(*profile));
	if (!profile)
		return error_oom(reader->err);
	profile->id = arena_strdup(arena, entry->key);
	profile->origin = reader_origin(reader, entry->position);
	if (!profile->id)
		return error_oom(reader->err);
	reader->profile = profile;
	return reader_section(reader, "", &entry->value);
}

static int read_permissions(struct reader *reader, const struct toml_entry *entry)
{
	int e = 0;

	if (entry->value.type != TOML_TABLE)
		return reader_expected(reader, entry->key, "a table of profiles, such as [permissions.dev]",
				       &entry->value);
	for (size_t i = 0; e >= 0 && i < entry->value.u.table.count; i++)
		e = read_profile(reader, &entry->value.u.table.entries[i]);
	return e;
}

static int read_file(struct reader *reader, const struct toml_value *root)
{
	int e = 0;

	for (size_t i = 0; e >= 0 && i < root->u.table.count; i++) {
		const struct toml_entry *entry = &root->u.table.entries[i];

		if (!strcmp(entry->key, "default_permissions"))
			e = read_default(reader, entry);
		else if (!strcmp(entry->key, "permissions"))
			e = read_permissions(reader, entry);
		else
			e = read_foreign(reader, entry);
	}
	return e;
}

/* --- what only the whole file can tell ---------------------------------------------------- */

static const char *nearest_id(const struct profiles *profiles, const char *id)
{
	const char **ids = calloc(profiles->count + 1, sizeof(*ids)), *nearest;

	if (!ids)
		return NULL;
	for (size_t i = 0; i < profiles->count; i++)
		ids[i] = profiles->items[i].id;
	nearest = words_nearest(id, ids);
	free(ids);
	return nearest;
}

static int check_default(struct profiles *profiles, struct bawn_error *err)
{
	const char *id = profiles->default_id, *nearest;

	if (!id || profiles_find(profiles, id))
		return 0;
	nearest = nearest_id(profiles, id);
	if (nearest)
		return origin_fail(err, &profiles->default_origin,
				   "default_permissions: no profile %s (did you mean \"%s\"?)",
				   quoted(&profiles->arena, id), nearest);
	return origin_fail(err, &profiles->default_origin,
			   "default_permissions: no profile %s: define [permissions.<name>], "
			   "or take \":workspace\"",
			   quoted(&profiles->arena, id));
}

static int check_all(struct profiles *profiles, struct bawn_error *err)
{
	int e = check_default(profiles, err);

	for (size_t i = 0; e >= 0 && i < profiles->count; i++)
		e = profile_check_repeats(&profiles->items[i], err);
	if (e >= 0)
		e = profile_check_chains(profiles, err);
	for (size_t i = 0; e >= 0 && i < profiles->count; i++)
		e = profile_check_effects(profiles, &profiles->items[i], err);
	return e;
}

static int parse_file(struct profiles *profiles, const char *text, size_t size, const char *origin,
		      struct bawn_error *err)
{
	__attribute__((cleanup(cleanup_toml))) struct toml *toml = NULL;
	struct reader reader = { .profiles = profiles, .positions = true, .err = err };
	int e;

	reader.file = arena_strdup(&profiles->arena, origin);
	if (!reader.file)
		return error_oom(err);
	e = toml_parse(text, size, origin, &toml, err);
	return e < 0 ? e : read_file(&reader, &toml->root);
}

int profiles_parse(const char *text, size_t size, const char *origin, struct profiles **ret_profiles,
		   struct bawn_error *err)
{
	__attribute__((cleanup(cleanup_profiles))) struct profiles *profiles = reserve_zeroed(sizeof(*profiles));
	int e;

	if (!profiles)
		return error_oom(err);
	e = builtins_add(profiles, err);
	if (e >= 0 && text)
		e = parse_file(profiles, text, size, origin, err);
	if (e >= 0)
		e = check_all(profiles, err);
	if (e < 0)
		return e;
	if (profiles->warnings.failed || profiles->remarks.failed)
		return error_oom(err);
	*ret_profiles = profiles;
	profiles = NULL;
	return 0;
}

/* --- the effective profile ---------------------------------------------------------------- */

static int merge_chain(struct profiles *profiles, const struct profile *source, struct profile *profile,
		       struct bawn_error *err)
{
	/* The chain was judged: it ends, and is short. */
	if (source->extends) {
		int e = merge_chain(profiles, profiles_find(profiles, source->extends), profile, err);

		if (e < 0)
			return e;
	}
	return profile_merge(&profiles->arena, profile, source, err);
}

int profile_effective(struct profiles *profiles, const char *id, struct profile **ret_profile, struct bawn_error *err)
{
	const struct profile *source = profiles_find(profiles, id);
	struct profile *profile;
	int e;

	if (!source) {
		const char *nearest = nearest_id(profiles, id), *shown = quoted(&profiles->arena, id);

		return nearest ?
			       error_set(err, ENOENT, "no profile %s (did you mean \"%s\"?)", shown, nearest) :
			       error_set(err, ENOENT,
					 "no profile %s; `bawn profile list` shows those there are", shown);
	}
	profile = arena_alloc(&profiles->arena, sizeof(*profile));
	if (!profile)
		return error_oom(err);
	*profile = (struct profile){ .id = source->id, .description = source->description, .origin = source->origin };
	e = merge_chain(profiles, source, profile, err);
	if (e < 0)
		return e;
	*ret_profile = profile;
	return 0;
}
