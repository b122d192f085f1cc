/* SPDX-License-Identifier: Apache-2.0 */
/* chain.c — the links in their order; nothing here decides.
 *
 * The order of the first ones: the working directory is known before a relative path of an option
 * can be read, the configuration file before a profile can be named, the profile before the options
 * speak as its child. */
#include "run/chain.h"
#include "run/internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PROFILE	":workspace"
#define CONFIG_NAME	"bawn/config.toml"

extern char **environ;			/* which only some systems declare */

/* --- paths as typed ----------------------------------------------------------------------- */

static bool goes_up(const char *path)
{
	for (; *path; path += strspn(path, "/")) {
		size_t size = strcspn(path, "/");

		if (size == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += size;
	}
	return false;
}

static int base_of(const struct chain *chain, const char *typed, const char **ret_base, struct bawn_error *err)
{
	bool home = typed[0] == '~' && (typed[1] == '/' || !typed[1]);

	if (typed[0] == '/')
		*ret_base = "/";
	else if (home && !chain->host.home)
		return error_set(err, ENOENT, "%s: there is no home directory (HOME is not set)", typed);
	else if (home)
		*ret_base = chain->host.home;
	else if (!chain->host.cwd)
		return error_set(err, ENOENT, "%s: the working directory no longer exists; give an absolute path, or a "
				 "directory with -C", typed);
	else
		*ret_base = chain->host.cwd;
	return home;
}

int chain_path(struct chain *chain, const char *typed, const char **ret_path, struct bawn_error *err)
{
	struct host_entry entry;
	const char *base = "/", *path = typed;
	int r = base_of(chain, typed, &base, err);

	if (r < 0)
		return r;
	if (r > 0)
		path = typed + 1 + strspn(typed + 1, "/");
	/* "link/.." is the directory above the link's target, not the one that holds the link: only
	 * the file system knows. */
	if (goes_up(path)) {
		path = arena_printf(&chain->arena, "%s/%s", base, path);
		if (!path)
			return error_oom(err);
		r = path_canonical(&chain->arena, &chain->host, path, &path, &entry, err);
		if (r < 0)
			return r;
	}
	path = path_absolute(&chain->arena, base, path);
	if (!path)
		return error_oom(err);
	*ret_path = path;
	return 0;
}

/* --- the configuration file --------------------------------------------------------------- */

/* The file that must exist: the one asked for before $BAWN_CONFIG. NULL: neither was given. */
static const char *named_config(const struct chain *chain)
{
	const char *path = chain->request->config_path;

	if (!path)
		path = environ_find(chain->host.environ, "BAWN_CONFIG");
	return path && *path ? path : NULL;
}

/* The file that need not exist. NULL: there is no place to look at. */
static const char *default_config(struct chain *chain)
{
	const char *directory = environ_find(chain->host.environ, "XDG_CONFIG_HOME");

	/* The XDG base directory specification: "If an implementation encounters a relative path
	 * [...] it should consider the path invalid and ignore it." */
	if (directory && directory[0] == '/')
		return path_join(&chain->arena, directory, CONFIG_NAME);
	if (!chain->host.home)
		return NULL;
	return path_join(&chain->arena, chain->host.home, ".config/" CONFIG_NAME);
}

/* *ret_text NULL: there is no file. */
static int read_config(struct chain *chain, char **ret_text, size_t *ret_size, struct bawn_error *err)
{
	const char *named = named_config(chain);
	const char *path = NULL;
	int r = 0;

	if (named)
		r = chain_path(chain, named, &path, err);
	else
		path = default_config(chain);
	if (r < 0 || !path)
		return r;
	r = config_read(path, ret_text, ret_size, err);
	if (r == -ENOENT && !named)
		return 0;
	if (r < 0)
		return r;
	chain->config_path = path;
	return 0;
}

static int load_profiles(struct chain *chain, struct bawn_error *err)
{
	const struct request *request = chain->request;
	autofree char *text = NULL;
	size_t size = 0;
	int r;

	if (request->config_text)
		return profiles_parse(request->config_text, request->config_size, request->config_origin,
				      &chain->profiles, err);
	r = read_config(chain, &text, &size, err);
	if (r < 0)
		return r;
	return profiles_parse(text, size, chain->config_path, &chain->profiles, err);
}

/* --- the links ---------------------------------------------------------------------------- */

int chain_load(const struct request *request, struct chain *ret_chain, struct bawn_error *err)
{
	struct chain chain = { .request = request, .log_fd = -1 };
	int r = host_read(&chain.arena, request_last(request, "directory"),
			  request->environ ? request->environ : (const char *const *)environ, &chain.host, err);

	if (r >= 0)
		r = load_profiles(&chain, err);
	if (r >= 0)
		r = host_elsewhere(&chain.arena, request_platform(request), &chain.host, err);
	if (r < 0) {
		chain_done(&chain);
		return r;
	}
	*ret_chain = chain;
	return 0;
}

const char *chain_default_id(const struct chain *chain)
{
	const char *id = request_last(chain->request, "permission-profile");

	if (id)
		return id;
	return chain->profiles->default_id ? chain->profiles->default_id : DEFAULT_PROFILE;
}

int chain_profile(struct chain *chain, const char *id, struct bawn_error *err)
{
	int r = profile_effective(chain->profiles, id ? id : chain_default_id(chain), &chain->profile, err);

	return r < 0 ? r : request_apply(chain->request, chain, err);
}

struct groundwork *chain_begin(const struct request *request)
{
	const char *id = request_last(request, "permission-profile");

	return id && !strcmp(id, ":danger-full-access") ? NULL : child_begin();
}

void chain_begin_network(const struct chain *chain, struct groundwork *groundwork)
{
	const struct setting *enabled = profile_find(chain->profile, PROFILE_NET_ENABLED, NULL);

	child_begin_network(groundwork, !enabled || !enabled->value.boolean);
}

static void rest(const struct chain *chain)
{
	if (chain->host.rest)
		chain->host.rest(chain->host.context);
}

int chain_policy(struct chain *chain, struct bawn_error *err)
{
	int r = policy_resolve(chain->profile, chain->add_dirs, &chain->host, &chain->policy, err);

	rest(chain);
	return r;
}

int chain_plan(struct chain *chain, bool thorough, struct bawn_error *err)
{
	struct features features = {	/* of another system's machine all is taken to be there */
		.landlock_abi = 7, .user_namespaces = true, .seccomp = true, .seccomp_notify = true,
		.new_mount_api = true, .openat2 = true, .proc_mountable = true, .sandbox_exec = true,
	};
	int r;

	if (chain->host.platform == host_platform())
		host_probe(&features, thorough);
	r = plan_make(chain->policy, &features, &chain->plan, err);
	if (r >= 0)
		plan_record(chain->plan, chain->log);
	return r;
}

/* What the command can change without anybody having asked for that. */
static void warn_of_change(const struct chain *chain, const char *path, const char *why, struct text *text)
{
	struct arena arena = { 0 };
	struct host_entry entry;
	struct decision decision = { 0 };
	const char *canonical;

	if (!path || !chain->policy || chain->policy->unconfined)
		return;
	if (path_canonical(&arena, &chain->host, path, &canonical, &entry, NULL) >= 0)
		policy_decide(chain->policy, OPERATION_WRITE, canonical, &decision);
	if (decision.allowed && decision.rule && decision.rule->kind != RULE_SYSTEM && !decision.rule->scratch)
		text_printf(text, "the command can change %s: %s\n", path, why);
	arena_done(&arena);
}

void chain_warnings(const struct chain *chain, struct text *text)
{
	warn_of_change(chain, chain->config_path,
		       "and with it what its next run may do; keep it elsewhere, or below .bawn", text);
	warn_of_change(chain, chain->log_path, "what that says is then the command's", text);
	if (chain->profiles && chain->profiles->warnings.size)
		text_add(text, chain->profiles->warnings.bytes);
	if (chain->policy && chain->policy->warnings.size)
		text_add(text, chain->policy->warnings.bytes);
	if (chain->log != LOG_NONE && chain->plan && !plan_records(chain->plan))
		text_add(text, "--log-denials: nothing is recorded here, for there is no broker of this box's own: the "
			 "system has no seccomp notification, or another sandbox around us takes the notifications\n");
	for (size_t i = 0; chain->plan && i < chain->plan->count; i++) {
		const struct plan_item *item = &chain->plan->items[i];

		if (item->layer == LAYER_NOTHING && item->rule && item->rule->access == ACCESS_WRITE)
			text_printf(text, "%s is not there, and nothing here can make it: nothing to grant\n",
				    item->rule->path);
	}
	for (size_t i = 0; chain->allow_degraded && chain->plan && i < chain->plan->gap_count; i++)
		if (chain->plan->gaps[i].acceptable)
			text_printf(text, "not enforced, as --allow-degraded accepts: %s (%s)\n",
				    chain->plan->gaps[i].what, chain->plan->gaps[i].missing);
}

void chain_done(struct chain *chain)
{
	rest(chain);
	chain_free_seatbelt(chain);
	plan_free(chain->plan);
	policy_free(chain->policy);
	profiles_free(chain->profiles);
	arena_done(&chain->arena);
	memset(chain, 0, sizeof(*chain));
}
