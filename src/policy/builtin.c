/* SPDX-License-Identifier: Apache-2.0 */
/* builtin.c — the profiles that are always there. */
#include "policy/reader.h"

#include <string.h>

static const struct {
	const char *id, *origin, *description;
} builtins[] = {
	{ ":read-only", "built-in :read-only", "everything may be read, nothing written; no network" },
	{ ":workspace", "built-in :workspace",
	  "everything may be read; the workspace and temporary files written; no network" },
	{ ":danger-full-access", "built-in :danger-full-access", "no sandbox at all" },
};

static const struct {
	const char *id, *name;
	enum access access;
} entries[] = {
	{ ":read-only",			":root",		ACCESS_READ },
	{ ":workspace",			":root",		ACCESS_READ },
	{ ":workspace",			":workspace_roots",	ACCESS_WRITE },
	{ ":workspace",			":slash_tmp",		ACCESS_WRITE },
	{ ":workspace",			":tmpdir",		ACCESS_WRITE },
	/* Nothing enforces these two; they say what a question about that profile is answered with. */
	{ ":danger-full-access",	":root",		ACCESS_WRITE },
	{ ":danger-full-access",	NULL,			ACCESS_UNSET },
};

static int add_settings(struct profiles *profiles, struct profile *profile, struct bawn_error *err)
{
	struct reader reader = { .profiles = profiles, .profile = profile, .file = profile->origin.file, .err = err };

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		enum profile_key key = entries[i].name ? PROFILE_FILESYSTEM : PROFILE_NET_ENABLED;
		struct setting *setting;

		if (strcmp(entries[i].id, profile->id))
			continue;
		if (reader_add(&reader, key, entries[i].name, (struct toml_position){ 0 }, &setting) < 0)
			return -ENOMEM;
		if (!entries[i].name) {
			setting->value.boolean = true;
			continue;
		}
		setting->value.access = entries[i].access;
		setting->sub = ".";
		setting->scalar = true;
	}
	return 0;
}

int builtins_add(struct profiles *profiles, struct bawn_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtins); i++) {
		struct profile *profile = array_add(&profiles->arena, (void **)&profiles->items, &profiles->count,
						    &profiles->capacity, sizeof(*profile));

		if (!profile)
			return error_oom(err);
		profile->id = builtins[i].id;
		profile->description = builtins[i].description;
		profile->origin.file = builtins[i].origin;
		if (add_settings(profiles, profile, err) < 0)
			return -ENOMEM;
	}
	return 0;
}
