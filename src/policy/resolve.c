/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c — profile + host → policy: every name becomes an absolute path, every promise one rule with its
 * origin.
 *
 * Two rounds. First the entries of the profile (entries.c): tokens are expanded, links followed, and of several entries
 * for one object one stays (deny over write over read). Then what follows from them: the system's own places,
 * protected names of every writable root, what the home directory executes, nested repositories, the parts of
 * `.git = "commit"`, and what deny globs match now. A derived rule never replaces an entry, so an explicit
 * `write` at a protected name reopens it. */
#include "policy/internal.h"

#include <stdlib.h>
#include <string.h>

/* struct host_entry is large (a link's target); rules keep only the type. */

static bool is_entry(const struct rule *rule)
{
	return rule->kind == RULE_PATH || rule->kind == RULE_DEVICE;
}

/* macOS compares what is denied without case where the volume does: the kernel tells Seatbelt the name on the disk, and
 * a profile may have another. On Linux what stands there is denied as the object that it is. */
bool resolver_denies_any_case(struct resolver *r, const char *path, enum access access)
{
	struct host_entry entry;
	const char *directory = path;

	if (r->host->platform != PLATFORM_MACOS || access != ACCESS_DENY || !r->host->folds_case)
		return false;
	while (strcmp(directory, "/") != 0 && (r->host->lookup(r->host->context, directory, &entry) < 0 ||
					       entry.type != HOST_DIRECTORY)) {
		directory = path_absolute(&r->policy->arena, directory, "..");
		if (!directory)
			return false;
	}
	return r->host->folds_case(r->host->context, directory);
}

int resolver_add_at(struct resolver *r, const char *path, const char *written, enum host_type type, enum access access,
		  enum rule_kind kind, const struct origin *origin, const char *label)
{
	struct rule *rule = array_add(&r->policy->arena, (void **)&r->pending, &r->pending_count,
				      &r->pending_capacity, sizeof(*rule));

	if (!rule)
		return error_oom(r->err);
	*rule = (struct rule){
		.nocase = (kind == RULE_PROTECTED && r->nocase) || resolver_denies_any_case(r, path, access),
		.path = path, .written = strcmp(path, written) ? written : path, .access = access, .kind = kind,
		.type = type, .origin = *origin, .label = label,
	};
	r->policy->any_nocase |= rule->nocase;
	return 0;
}

int resolver_add(struct resolver *r, const char *written, enum access access, enum rule_kind kind,
		 const struct origin *origin, const char *label)
{
	struct host_entry entry;
	const char *path;
	int e = resolver_canonical(r, written, &path, &entry);

	if (e == -ELOOP &&
	    kind != RULE_PATH) {		/* leads nowhere: the command of an earlier box may have left it so */
		text_printf(&r->policy->notes, "%s: %s leads in a circle: left out\n", label, written);
		return 0;
	}
	if (e < 0)
		return error_wrap(r->err, "%s", label);
	if (kind == RULE_PATH && r->host->platform == PLATFORM_LINUX && path_below(path, "/dev", false))
		return devices_add(r, path, written, entry.type, access, origin, label);
	return resolver_add_at(r, path, written, entry.type, access, kind, origin, label);
}

/* --- order and precedence ----------------------------------------------------------------- */

static int precedence(const struct rule *rule)
{
	/* A derived rule never replaces an entry, but what a deny glob matches is denied whatever else matches;
	 * a system rule gives way to none. */
	static const int of_kind[] = {
		[RULE_SYSTEM] = 5, [RULE_MATCH] = 4, [RULE_PATH] = 3, [RULE_DEVICE] = 3, [RULE_GIT] = 2,
		[RULE_PROTECTED] = 1, [RULE_GPU] = 1,
	};

	return of_kind[rule->kind];
}

static int compare_rules(const void *left, const void *right)
{
	static const int strictness[] = { [ACCESS_DENY] = 0, [ACCESS_WRITE] = 1, [ACCESS_READ] = 2 };
	const struct rule *a = left, *b = right;
	int r = strcmp(a->path, b->path);

	if (!r)
		r = precedence(b) - precedence(a);
	if (!r)		/* equal length: deny > write > read, but of derived rules the stricter counts */
		r = is_entry(a) ? strictness[a->access] - strictness[b->access] : (int)a->access - (int)b->access;
	return r;
}

static int take_pending(struct resolver *r)
{
	struct policy *policy = r->policy;

	for (size_t i = 0; i < r->pending_count; i++) {
		struct rule *rule = array_add(&policy->arena, (void **)&policy->rules, &policy->count,
					      &policy->capacity, sizeof(*rule));

		if (!rule)
			return error_oom(r->err);
		*rule = r->pending[i];
	}
	r->pending_count = 0;
	return 0;
}

int resolver_sort(struct resolver *r)
{
	struct policy *policy = r->policy;
	size_t kept = 0;

	if (take_pending(r) < 0)
		return -ENOMEM;
	if (!policy->count)
		return 0;
	qsort(policy->rules, policy->count, sizeof(*policy->rules), compare_rules);
	for (size_t i = 1; i < policy->count; i++)
		if (strcmp(policy->rules[i].path, policy->rules[kept].path))
			policy->rules[++kept] = policy->rules[i];
	policy->count = kept + 1;
	return 0;
}

bool resolver_writable(const struct resolver *r, const char *path)
{
	struct decision decision;

	policy_decide(r->policy, OPERATION_WRITE, path, &decision);
	return decision.allowed;
}

/* --- what follows from the entries --------------------------------------------------------- */

enum who { ALL, ROOT };

static const struct { const char *path; enum access access; enum who who; const char *why; } system_places[] = {
#define SYSTEM(path, access, who, why) { path, ACCESS_##access, who, why },
#include "policy/system.def"
#undef SYSTEM
};

static int add_system_macos(struct resolver *r)
{
	static const struct { const char *path; enum access access; const char *why; } places[] = {
#define SYSTEM_MACOS(path, access, why) { path, ACCESS_##access, why },
#include "policy/system.def"
#undef SYSTEM_MACOS
	};
	static const struct origin always = { .file = "always" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (resolver_add_at(r, places[i].path, places[i].path, HOST_DEVICE, places[i].access, RULE_SYSTEM,
				    &always, places[i].why) < 0)
			return -ENOMEM;
	return 0;
}

static int add_system(struct resolver *r)
{
	static const struct origin always = { .file = "always" };

	if (r->host->platform == PLATFORM_MACOS)
		return add_system_macos(r);
	for (size_t i = 0; i < ARRAY_SIZE(system_places); i++) {
		/* Of /sys as a whole only ":root" = "write" says too much; elsewhere the rules around it say enough. */
		if (!strcmp(system_places[i].path, "/sys") &&
		    (!resolver_writable(r, "/sys") || policy_rule_at(r->policy, "/sys") >= 0))
			continue;
		if (resolver_add_at(r, system_places[i].path, system_places[i].path,
			   system_places[i].who == ROOT && r->host->uid != 0 ? HOST_OWNED : HOST_OTHER,
			   system_places[i].access, RULE_SYSTEM, &always, system_places[i].why) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_protected(struct resolver *r, const char *directory, const char *name, const char *why,
			 const struct origin *origin)
{
	struct arena *arena = &r->policy->arena;
	const char *path = path_join(arena, directory, name);
	const char *label;

	if (!path)
		return error_oom(r->err);
	if (!resolver_writable(r, path))
		return 0;		/* closed already, or reopened by an entry that resolver_sort() will keep */
	label = arena_printf(arena, "protected name \"%s\": %s", name, why);
	if (!label)
		return error_oom(r->err);
	return resolver_add(r, path, ACCESS_READ, RULE_PROTECTED, origin, label);
}

static int protect_top(struct resolver *r, const struct rule *root)
{
	static const struct { const char *name, *why; } names[] = {
#define PROTECTED_TOP(name, why) { name, why },
#include "policy/protected.def"
#undef PROTECTED_TOP
	};
	int e = 0;

	for (size_t i = 0; e >= 0 && i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].name, ".git"))
			e = add_protected(r, root->path, names[i].name, names[i].why, &root->origin);
	return e < 0 ? e : git_protect(r, root->path, &root->origin, "protected name \".git\"");
}

static int protect_home(struct resolver *r)
{
	static const struct { const char *path, *why; } places[] = {
#define PROTECTED_HOME(path, why) { path, why },
#include "policy/protected.def"
#undef PROTECTED_HOME
	};
	static const struct origin always = { .file = "always" };
	struct host_entry entry;
	const char *home;
	int e;

	if (!r->host->home)
		return 0;
	e = resolver_canonical(r, r->host->home, &home, &entry);
	if (e < 0 || !resolver_writable(r, home))
		return e;
	for (size_t i = 0; e >= 0 && i < ARRAY_SIZE(places); i++)
		e = add_protected(r, home, places[i].path, places[i].why, &always);
	return e;
}

/* Below a protected name an entry may say "write"; that is no new writable root with protected names of its own. */
static bool inside_protected(const char *path)
{
	static const char *const names[] = {
#define PROTECTED_TOP(name, why) "/" name "/",
#include "policy/protected.def"
#undef PROTECTED_TOP
	};
	size_t size = strlen(path);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n = strlen(names[i]) - 1;

		if (strstr(path, names[i]) || (size >= n && !strncmp(path + size - n, names[i], n)))
			return true;
	}
	return false;
}

static int protect_roots(struct resolver *r)
{
	int e = 0;

	for (size_t i = 0; e >= 0 && i < r->policy->count; i++) {
		const struct rule *rule = &r->policy->rules[i];

		if (rule->kind != RULE_PATH || rule->access != ACCESS_WRITE || inside_protected(rule->path))
			continue;
		r->nocase = r->host->folds_case && rule->type == HOST_DIRECTORY &&
			    r->host->folds_case(r->host->context, rule->path);
		r->policy->any_nocase |= r->nocase;
		if (rule->type == HOST_DIRECTORY)
			e = protect_top(r, rule);
	}
	r->nocase = false;
	return e;
}

/* A workspace is searched for itself, also where it lies in another writable directory, whose search may end before it
 * comes there: the working directory is often one below /tmp. */
static int scan_roots(struct resolver *r)
{
	const char *last = NULL;
	int e = 0;

	/* sorted: a root inside another comes after it */
	for (size_t i = 0; e >= 0 && i < r->policy->count; i++) {
		const struct rule *rule = &r->policy->rules[i];

		if (rule->kind != RULE_PATH || rule->access != ACCESS_WRITE || rule->type != HOST_DIRECTORY ||
		    inside_protected(rule->path))
			continue;
		if (last && path_below(rule->path, last, false) && !resolver_is_workspace(r, rule->path))
			continue;
		if (!last || !path_below(rule->path, last, false))
			last = rule->path;
		e = scan_nested_repositories(r, rule->path);
	}
	return e;
}

/* A socket is known by the name that it was bound to, which may be a link's: /var/run/docker.sock is in /run. */
static bool is_opened(const struct resolver *r, const char *path)
{
	struct decision decision;
	struct host_entry entry;

	policy_decide(r->policy, OPERATION_UNIX_CONNECT, path, &decision);
	if (!decision.allowed && r->policy->permission_count &&
	    path_canonical(&r->policy->arena, r->host, path, &path, &entry, NULL) >= 0)
		policy_decide(r->policy, OPERATION_UNIX_CONNECT, path, &decision);
	/* On macOS others are allowed for being the command's own; this one is the host's. */
	return decision.allowed && (r->policy->platform == PLATFORM_LINUX || !decision.rule ||
				    decision.rule->kind == RULE_PERMISSION);
}

static int close_sockets(struct resolver *r)
{
	struct policy *policy = r->policy;

	for (const char *const *path = r->host->sockets; path && *path; path++) {
		const char **slot;

		if (is_opened(r, *path))
			continue;
		slot = array_add(&policy->arena, (void **)&policy->sockets, &policy->socket_count,
				 &policy->socket_capacity, sizeof(*slot));
		if (!slot || !(*slot = arena_strdup(&policy->arena, *path)))
			return error_oom(r->err);
	}
	return 0;
}

/* A socket that is opened must be seen to be reached, also in /dev, which is the box's own; nobody can read it. */
static int admit_sockets(struct resolver *r)
{
	struct policy *policy = r->policy;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < policy->permission_count; i++) {
		const struct permission *permission = &policy->permissions[i];
		struct decision read;

		if (permission->operation != OPERATION_UNIX_CONNECT || permission->rule.access == ACCESS_DENY ||
		    permission->rule.type != HOST_SOCKET)
			continue;
		policy_decide(policy, OPERATION_READ, permission->rule.path, &read);
		if (!read.allowed || path_below(permission->rule.path, "/dev", false))
			e = resolver_add(r, permission->rule.path, ACCESS_READ, RULE_PATH, &permission->rule.origin,
					 permission->rule.label);
	}
	return e < 0 ? e : resolver_sort(r);
}

static unsigned glob_depth(const struct profile *profile)
{
	const struct setting *setting = profile_find(profile, PROFILE_GLOB_DEPTH, NULL);

	return setting ? (unsigned)setting->value.integer : 0;
}

/* What an entry names itself, in a place that may be read, the command may make (linux/grants.c). */
static bool is_made_on_demand(const struct rule *rule, const struct rule *around)
{
	return rule->kind == RULE_PATH && rule->label[1] != ':' && around && around->access == ACCESS_READ;
}

/* Else what is missing in a place that cannot be written cannot be made either: such an entry grants what is so
 * around it. */
static int settle_missing(struct resolver *r)
{
	struct policy *policy = r->policy;

	for (size_t i = 0; i < policy->count; i++) {
		struct rule *rule = &policy->rules[i];
		const struct rule *around = rule->access == ACCESS_WRITE && rule->type == HOST_MISSING ?
					    policy_enclosing(policy, rule->path) : NULL;
		const char *origin;

		if (rule->access != ACCESS_WRITE || rule->type != HOST_MISSING ||
		    (around && around->access == ACCESS_WRITE) || is_made_on_demand(rule, around))
			continue;
		origin = origin_text(&policy->arena, &rule->origin);
		text_printf(rule->label[1] == ':' ? &policy->notes : &policy->warnings,
			    "%s: %s: %s is not there: nothing to grant\n", origin ? origin : "", rule->label,
			    rule->path);
		rule->access = around ? around->access : ACCESS_DENY;
		rule->label = arena_printf(&policy->arena, "%s, which is not there", rule->label);
		if (!rule->label)
			return error_oom(r->err);
	}
	return 0;
}

/* An entry at or below what a deny glob matches says nothing any more. */
static void overrule_by_globs(struct policy *policy)
{
	for (size_t i = 0; policy->glob_count && i < policy->count; i++) {
		struct decision decision;

		if (policy->rules[i].kind == RULE_SYSTEM || policy->rules[i].kind == RULE_MATCH)
			continue;
		policy_decide(policy, OPERATION_READ, policy->rules[i].path, &decision);
		if (decision.rule && decision.rule->kind == RULE_GLOB)
			policy->rules[i].access = ACCESS_DENY;
	}
}

static int derive(struct resolver *r)
{
	int e;

	if ((e = resolver_sort(r)) < 0 || (e = admit_sockets(r)) < 0 || (e = settle_missing(r)) < 0 ||
	    (e = devices_gpu(r)) < 0 ||
	    (e = protect_roots(r)) < 0 || (e = protect_home(r)) < 0 || (e = resolver_sort(r)) < 0 ||
	    (e = scan_roots(r)) < 0 || (e = resolver_sort(r)) < 0 || (e = scan_globs(r, glob_depth(r->profile))) < 0 ||
	    (e = add_system(r)) < 0 || (e = resolver_sort(r)) < 0)
		return e;
	overrule_by_globs(r->policy);
	return close_sockets(r);
}

int policy_resolve(const struct profile *profile, const char *const *add_dirs, const struct host *host,
		   struct policy **ret_policy, struct bawn_error *err)
{
	struct policy *policy = reserve_zeroed(sizeof(*policy));
	struct resolver r = { .policy = policy, .profile = profile, .host = host, .err = err };
	int e;

	if (!policy)
		return error_oom(err);
	policy->profile_id = arena_strdup(&policy->arena, profile->id);
	policy->unconfined = profile_is_unconfined(profile);
	policy->cwd = host->cwd ? arena_strdup(&policy->arena, host->cwd) : NULL;
	policy->platform = host->platform;
	policy->sockets_missing = host->sockets_missing;
	policy->uid = host->uid;
	policy->gid = host->gid;
	e = policy_settings(profile, host, policy, err);
	if (e >= 0)
		e = policy_permissions(profile, host, policy, err);
	if (e >= 0 && !policy->unconfined)
		e = (e = entries_add(&r, add_dirs)) < 0 ? e : derive(&r);
	if (e < 0) {
		policy_free(policy);
		return e;
	}
	*ret_policy = policy;
	return 0;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	text_done(&policy->notes);
	text_done(&policy->warnings);
	arena_done(&policy->arena);
	reserve_give(policy);
}
