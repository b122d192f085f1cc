/* SPDX-License-Identifier: Apache-2.0 */
/* profile_set.c — one more thing said on top of an effective profile, as a child profile would say it. */
#include "policy/reader.h"

#include <string.h>

/* `--network off` switches off what a file allows, domains and all, as they would otherwise be entries without
 * effect. What the command line itself said stays, and policy_settings() refuses the contradiction. */
static void drop_idle(struct profile *profile)
{
	const struct setting *enabled = profile_find(profile, PROFILE_NET_ENABLED, NULL);
	size_t kept = 0;

	if (!enabled || enabled->value.boolean || enabled->origin.line)
		return;
	for (size_t i = 0; i < profile->count; i++) {
		const struct setting *setting = &profile->settings[i];

		if (!setting->origin.line || (setting->key != PROFILE_NET_DOMAIN && setting->key != PROFILE_NET_MODE))
			profile->settings[kept++] = *setting;
	}
	profile->count = kept;
}

/* What was read goes into profile when all of it is good. */
static int take(struct reader *reader, struct profile *profile)
{
	struct profile *child = reader->profile;
	int e = profile_check_repeats(child, reader->err);

	if (e >= 0)
		e = profile_merge(&reader->profiles->arena, profile, child, reader->err);
	if (e >= 0 && child->description)
		profile->description = child->description;
	if (e >= 0)
		drop_idle(profile);
	return e;
}

/* --- key=value ---------------------------------------------------------------------------- */

static int parse_line(const char *key, const char *value, struct toml **ret_toml, struct bawn_error *err)
{
	struct text line = { 0 };
	int e;

	text_printf(&line, "%s = %s", key, value);
	e = line.failed ? error_oom(err) : toml_parse(line.bytes, line.size, "", ret_toml, err);
	text_done(&line);
	return e;
}

/* `limits.memory=2G`: a word that is no TOML value is taken as a string. What begins like a TOML value is not. */
static int parse_word(const char *key, const char *value, struct toml **ret_toml, struct bawn_error *err)
{
	struct text string = { 0 };
	size_t size;
	int e;

	value += strspn(value, " \t");
	for (size = strlen(value); size > 0 && strchr(" \t", value[size - 1]); size--)
		;
	if (size > 0 && strchr("\"'[{", value[0]))
		return -EINVAL;
	text_add_quoted(&string, value, size);
	e = string.failed ? error_oom(err) : parse_line(key, string.bytes, ret_toml, err);
	text_done(&string);
	return e;
}

static int parse_assignment(struct arena *arena, const char *key, const char *value, const struct origin *origin,
			    struct toml **ret_toml, struct bawn_error *err)
{
	struct toml *toml = NULL;
	int e;

	/* A second line would be a second assignment. */
	if (strpbrk(key, "\n\r") || strpbrk(value, "\n\r"))
		return origin_fail(err, origin, "%s: expected one line", quoted(arena, key));
	e = parse_line(key, value, &toml, NULL);
	if (e == -EINVAL)
		e = parse_word(key, value, &toml, NULL);
	if (e == -ENOMEM)
		return error_oom(err);
	if (e >= 0) {
		*ret_toml = toml;
		return 0;
	}
	if (parse_line(key, "true", &toml, NULL) < 0)
		return origin_fail(err, origin,
				   "%s is no key: expected one such as network.enabled or filesystem.\"/srv\"",
				   quoted(arena, key));
	toml_free(toml);
	return origin_fail(err, origin, "%s: %s is no TOML value", key, quoted(arena, value));
}

int profile_set(struct profiles *profiles, struct profile *profile, const char *key, const char *value,
		struct origin origin, struct bawn_error *err)
{
	struct profile child = { .id = profile->id, .origin = origin };
	struct reader reader = { .profiles = profiles, .profile = &child, .file = origin.file, .err = err };
	struct toml *toml = NULL;
	int e = parse_assignment(&profiles->arena, key, value, &origin, &toml, err);

	if (e < 0)
		return e;
	e = reader_section(&reader, "", &toml->root);
	toml_free(toml);
	return e < 0 ? e : take(&reader, profile);
}

/* --- one entry of a map ------------------------------------------------------------------- */

static struct toml_value string_value(char *bytes)
{
	return (struct toml_value){ .type = TOML_STRING, .u.string = { .bytes = bytes, .size = strlen(bytes) } };
}

int profile_set_entry(struct profiles *profiles, struct profile *profile, enum profile_key key, const char *name,
		      const char *sub, const char *value, struct origin origin, struct bawn_error *err)
{
	struct arena *arena = &profiles->arena;
	struct profile child = { .id = profile->id, .origin = origin };
	struct reader reader = { .profiles = profiles, .profile = &child, .file = origin.file, .err = err };
	char *name_copy = arena_strdup(arena, name), *sub_copy = sub ? arena_strdup(arena, sub) : NULL;
	char *value_copy = arena_strdup(arena, value);
	struct toml_entry entry, inner;
	int e;

	if (!name_copy || !value_copy || (sub && !sub_copy))
		return error_oom(err);
	if (!key_is_map(key))
		return error_set(err, EINVAL, "%s is not a map", key_label(arena, key, name));
	entry = (struct toml_entry){ .key = name_copy, .key_size = strlen(name), .value = string_value(value_copy) };
	if (key_row(key)->type == KEY_BOOL_MAP && (!strcmp(value, "true") || !strcmp(value, "false")))
		entry.value = (struct toml_value){ .type = TOML_BOOLEAN, .u.boolean = value[0] == 't' };
	if (sub) {
		inner = (struct toml_entry){ .key = sub_copy, .key_size = strlen(sub), .value = entry.value };
		entry.value = (struct toml_value){ .type = TOML_TABLE, .u.table = { .entries = &inner, .count = 1 } };
	}
	e = read_value(&reader, key, &entry);
	return e < 0 ? e : take(&reader, profile);
}
