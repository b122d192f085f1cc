/* SPDX-License-Identifier: Apache-2.0 */
/* entries.c — the first round of resolve.c: what the profile itself says of files, and the workspace roots that its
 * tokens stand for. */
#include "policy/internal.h"

#include <string.h>

static int add_root(struct resolver *r, const char *written)
{
	struct host_entry entry;
	const char *path, **slot;
	int e = resolver_canonical(r, written, &path, &entry);

	if (e < 0)
		return e;
	for (size_t i = 0; i < r->root_count; i++)
		if (!strcmp(r->roots[i], path))
			return 0;
	slot = array_add(&r->policy->arena, (void **)&r->roots, &r->root_count, &r->root_capacity, sizeof(*slot));
	if (!slot)
		return error_oom(r->err);
	*slot = path;
	return 0;
}

static const char *expand_home(struct resolver *r, const char *name, const struct origin *origin)
{
	if (name[0] != '~')
		return path_absolute(&r->policy->arena, "/", name);
	if (!r->host->home) {
		error_at(r->err, origin->file, origin->line, origin->column,
			 "\"%s\": there is no home directory (HOME is not set)", name);
		return NULL;
	}
	return path_absolute(&r->policy->arena, r->host->home, name[1] ? name + 2 : ".");
}

static int collect_roots(struct resolver *r, const char *const *add_dirs)
{
	int e = r->host->cwd ? add_root(r, r->host->cwd) : 0;

	for (; e >= 0 && add_dirs && *add_dirs; add_dirs++)
		e = add_root(r, *add_dirs);
	for (size_t i = 0; e >= 0 && i < r->profile->count; i++) {
		const struct setting *setting = &r->profile->settings[i];
		const char *path;

		if (setting->key != PROFILE_WORKSPACE_ROOT || !setting->value.boolean)
			continue;
		path = expand_home(r, setting->name, &setting->origin);
		e = path ? add_root(r, path) : -EINVAL;
	}
	return e;
}

static int add_glob(struct resolver *r, const char *base, const char *pattern, const struct setting *setting)
{
	struct policy *policy = r->policy;
	struct rule *rule = array_add(&policy->arena, (void **)&policy->globs, &policy->glob_count,
				      &policy->glob_capacity, sizeof(*rule));
	const char *reason;

	base = glob_quote(&policy->arena, base);	/* a directory may be called "[x]" */
	if (!rule || !base)
		return error_oom(r->err);
	*rule = (struct rule){
		.path = !strcmp(base, "/") ? arena_printf(&policy->arena, "/%s", pattern)
					   : arena_printf(&policy->arena, "%s/%s", base, pattern),
		.access = ACCESS_DENY, .kind = RULE_GLOB, .origin = setting->origin,
		.label = setting_text(&policy->arena, setting),
	};
	if (!rule->path || !rule->label)
		return error_oom(r->err);
	rule->written = rule->path;
	rule->nocase = resolver_denies_any_case(r, glob_base(&policy->arena, rule->path), ACCESS_DENY);
	if (!glob_valid(rule->path, &reason))
		return error_at(r->err, setting->origin.file, setting->origin.line, setting->origin.column,
				"%s: %s", rule->label, reason);
	return 0;
}

/* An absolute pattern: its literal beginning is a directory that may be reached by links, the rest stays a pattern. */
static int add_absolute_glob(struct resolver *r, const char *path, const struct setting *setting)
{
	struct arena *arena = &r->policy->arena;
	struct host_entry entry;
	const char *base, *end = path;
	int e;

	for (const char *slash = path; slash; slash = strchr(slash + 1, '/')) {
		const char *component = arena_strndup(arena, path, (size_t)(slash - path));

		if (!component)
			return error_oom(r->err);
		if (glob_is(component))
			break;
		end = slash;
	}
	base = end == path ? "/" : arena_strndup(arena, path, (size_t)(end - path));
	if (!base)
		return error_oom(r->err);
	e = resolver_canonical(r, base, &base, &entry);
	return e < 0 ? e : add_glob(r, base, end + 1, setting);
}

int resolver_unenforced(struct resolver *r, const struct setting *setting)
{
	struct policy *policy = r->policy;
	struct setting *slot = array_add(&policy->arena, (void **)&policy->unenforced, &policy->unenforced_count,
					 &policy->unenforced_capacity, sizeof(*slot));

	if (!slot)
		return error_oom(r->err);
	*slot = *setting;
	return 0;
}

static int add_entry_at(struct resolver *r, const char *base, const struct setting *setting)
{
	struct arena *arena = &r->policy->arena;
	const char *label = setting_text(arena, setting);
	const char *path;
	bool given;

	r->entry = setting;
	if (!label)
		return error_oom(r->err);
	if (glob_is(setting->sub)) {
		struct host_entry entry;
		int e = resolver_canonical(r, base, &base, &entry);

		return e < 0 ? e : add_glob(r, base, setting->sub, setting);
	}
	path = path_absolute(arena, base, setting->sub);
	if (!path)
		return error_oom(r->err);
	if (setting->value.access == ACCESS_COMMIT)
		return git_commit(r, path, setting);
	if (r->host->platform == PLATFORM_LINUX && devices_is_own(path, setting->value.access, &given))
		return given ? 0 : resolver_unenforced(r, setting);
	return resolver_add(r, path, setting->value.access, RULE_PATH, &setting->origin, label);
}

static int add_minimal(struct resolver *r, const struct setting *setting)
{
	static const struct { enum platform platform; const char *path; } places[] = {
#define MINIMAL(platform, path, why) { PLATFORM_##platform, path },
#include "policy/minimal.def"
#undef MINIMAL
	};
	int e = 0;

	for (size_t i = 0; e >= 0 && i < ARRAY_SIZE(places); i++) {
		struct host_entry entry;

		if (places[i].platform != r->host->platform ||
		    r->host->lookup(r->host->context, places[i].path, &entry) < 0 || entry.type == HOST_MISSING)
			continue;
		e = add_entry_at(r, places[i].path, setting);
	}
	return e;
}

static int add_token(struct resolver *r, const struct setting *setting)
{
	const char *name = setting->name;
	int e = 0;

	if (!strcmp(name, ":root"))
		return add_entry_at(r, "/", setting);
	if (!strcmp(name, ":minimal"))
		return add_minimal(r, setting);
	if (!strcmp(name, ":slash_tmp"))
		return add_entry_at(r, "/tmp", setting);
	if (!strcmp(name, ":tmpdir"))
		return r->host->tmpdir && r->host->tmpdir[0] == '/' ? add_entry_at(r, r->host->tmpdir, setting) : 0;
	if (!strcmp(name, ":workspace_roots") && !r->root_count)
		return error_set(r->err, ENOENT, "the working directory no longer exists; choose another with -C");
	for (size_t i = 0; e >= 0 && i < r->root_count; i++)
		e = add_entry_at(r, r->roots[i], setting);
	return e;
}

int entries_add(struct resolver *r, const char *const *add_dirs)
{
	int e = collect_roots(r, add_dirs);

	for (size_t i = 0; e >= 0 && i < r->profile->count; i++) {
		const struct setting *setting = &r->profile->settings[i];
		const char *base;

		if (setting->key == PROFILE_DEVICE && r->host->platform == PLATFORM_LINUX)
			e = devices_entry(r, setting);
		if (setting->key != PROFILE_FILESYSTEM)
			continue;
		if (setting->name[0] == ':') {
			e = add_token(r, setting);
			continue;
		}
		base = expand_home(r, setting->name, &setting->origin);
		if (!base)
			return -EINVAL;
		e = glob_is(base) ? add_absolute_glob(r, base, setting) : add_entry_at(r, base, setting);
	}
	r->entry = NULL;
	return e;
}
