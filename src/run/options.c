/* SPDX-License-Identifier: Apache-2.0 */
/* options.c — each option by its name: what may be its value, and what it says to the profile.
 *
 * An option is checked twice. request_add() sees only the text, so that a caller hears of a typing
 * error where it was made; request_apply() runs when the host and the profile are there, in the
 * order in which the options were given, each as a child profile would speak. Paths that do not
 * exist are no error: a rule may speak of what is not there yet. */
#include "run/chain.h"
#include "run/internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX	64		/* rows of the table, limits, kernel names: for the nearest spelling */

enum value_rule { NO_VALUE, NEEDS_VALUE, MAY_HAVE_VALUE };

struct option_row {
	const char *name;
	enum value_rule rule;
	bool restricts;			/* takes something away: has no meaning without a sandbox */
	int (*check)(const char *value, struct bawn_error *err);		/* NULL: any text */
	int (*apply)(struct chain *chain, const char *value, struct bawn_error *err);	/* NULL: chain.c asks for it */
};

static const struct origin command_line = { .file = "command line" };

/* --- checks of the text alone ------------------------------------------------------------- */

static int check_filled(const char *value, struct bawn_error *err)
{
	return *value ? 0 : error_set(err, EINVAL, "the value is empty");
}

/* 0 and the number, or -EINVAL: not a decimal number, or above maximum. */
static int parse_number(const char *text, long maximum, long *ret_number)
{
	long number = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || number > maximum / 10)
			return -EINVAL;
		number = number * 10 + (*text - '0');
	}
	if (number > maximum)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

static int check_port(const char *value, struct bawn_error *err)
{
	long port;

	if (parse_number(value, 65535, &port) < 0 || port == 0)
		return error_set(err, EINVAL, "\"%s\" is no port: expected a number from 1 to 65535", value);
	return 0;
}

static int check_descriptor(const char *value, struct bawn_error *err)
{
	long fd;

	if (parse_number(value, 1 << 20, &fd) < 0 || fd < 3)
		return error_set(err, EINVAL, "\"%s\" is no descriptor to keep: expected a number from 3 on "
				 "(0 to 2 always cross)", value);
	if (fcntl((int)fd, F_GETFD) < 0)
		return error_set(err, EBADF, "descriptor %ld is not open", fd);
	return 0;
}

static int check_git(const char *value, struct bawn_error *err)
{
	if (!strcmp(value, "commit"))
		return 0;
	return error_set(err, EINVAL, "\"%s\": the only value is \"commit\"", value);
}

static int check_network(const char *value, struct bawn_error *err)
{
	if (!strcmp(value, "off") || !strcmp(value, "full"))
		return 0;
	return error_set(err, EINVAL, "\"%s\": expected \"off\" or \"full\"; for single domains there is "
			 "--allow-domain", value);
}

static int check_variable(const char *value, struct bawn_error *err)
{
	if (!*value || *value == '=')
		return error_set(err, EINVAL, "\"%s\": expected NAME or NAME=VALUE", value);
	return 0;
}

static int check_param(const char *value, struct bawn_error *err)
{
	if (*value && *value != '=' && strchr(value, '='))
		return 0;
	return error_set(err, EINVAL, "\"%s\": expected NAME=VALUE", value);
}

static int unknown_name(const char *what, const char *given, const char *const *names, struct bawn_error *err)
{
	const char *nearest = words_nearest(given, names);

	return error_set(err, EINVAL, "there is no %s \"%s\"%s%s%s", what, given, nearest ? "; did you mean \"" : "",
			 nearest ? nearest : "", nearest ? "\"?" : "");
}

static int check_log(const char *value, struct bawn_error *err)
{
	if (!strcmp(value, "all"))
		return 0;
	return error_set(err, EINVAL, "\"%s\": the only value is \"all\"", value);
}

static int check_log_descriptor(const char *value, struct bawn_error *err)
{
	long fd;

	if (parse_number(value, 1 << 20, &fd) < 0 || fd < 1)
		return error_set(err, EINVAL, "\"%s\" is no descriptor to write to", value);
	if (fcntl((int)fd, F_GETFD) < 0)
		return error_set(err, EBADF, "descriptor %ld is not open", fd);
	return 0;
}

static int check_kernel(const char *value, struct bawn_error *err)
{
	const char *names[KERNEL__COUNT + 1] = { NULL };

	for (int i = 0; i < KERNEL__COUNT; i++) {
		names[i] = kernel_name_text((enum kernel_name)i);
		if (!strcmp(value, names[i]))
			return 0;
	}
	return unknown_name("kernel facility", value, names, err);
}

static int check_limit(const char *value, struct bawn_error *err)
{
	const char *names[LIMIT__COUNT + 1] = { NULL };
	size_t size = strcspn(value, "=");
	char given[NAMES_MAX];

	if (value[size] != '=' || !value[size + 1] || size == 0 || size >= sizeof(given))
		return error_set(err, EINVAL, "\"%s\": expected NAME=VALUE", value);
	memcpy(given, value, size);
	given[size] = '\0';
	for (int i = 0; i < LIMIT__COUNT; i++) {
		names[i] = limit_name_text((enum limit_name)i);
		if (!strcmp(given, names[i]))
			return 0;
	}
	return unknown_name("limit", given, names, err);
}

/* Length of the dotted key before the "=", which may hold quoted parts with any character in them;
 * 0: there is none. */
static size_t key_size(const char *text)
{
	char quote = 0;

	for (size_t i = 0; text[i]; i++) {
		if (quote == '"' && text[i] == '\\' && text[i + 1])
			i++;
		else if (text[i] == quote)
			quote = 0;
		else if (!quote && (text[i] == '"' || text[i] == '\''))
			quote = text[i];
		else if (!quote && text[i] == '=')
			return i;
	}
	return 0;
}

static int check_set(const char *value, struct bawn_error *err)
{
	if (key_size(value))
		return 0;
	return error_set(err, EINVAL, "\"%s\": expected KEY=VALUE, as in network.enabled=true", value);
}

/* --- what an option says ------------------------------------------------------------------ */

static int set(struct chain *chain, const char *key, const char *value, struct bawn_error *err)
{
	if (!key || !value)
		return error_oom(err);
	return profile_set(chain->profiles, chain->profile, key, value, command_line, err);
}

static int set_entry(struct chain *chain, enum profile_key key, const char *name, const char *sub, const char *value,
		     struct bawn_error *err)
{
	if (!name || !value)
		return error_oom(err);
	return profile_set_entry(chain->profiles, chain->profile, key, name, sub, value, command_line, err);
}

static int apply_path(struct chain *chain, enum profile_key key, const char *typed, const char *value,
		      struct bawn_error *err)
{
	const char *path;
	int r = chain_path(chain, typed, &path, err);

	return r < 0 ? r : set_entry(chain, key, path, NULL, value, err);
}

static int apply_read(struct chain *chain, const char *value, struct bawn_error *err)
{
	return apply_path(chain, PROFILE_FILESYSTEM, value, "read", err);
}

static int apply_write(struct chain *chain, const char *value, struct bawn_error *err)
{
	return apply_path(chain, PROFILE_FILESYSTEM, value, "write", err);
}

static char *escape_glob(struct arena *arena, const char *path)
{
	char *escaped = arena_alloc(arena, strlen(path) * 2 + 1), *at = escaped;

	for (; escaped && *path; path++) {
		if (strchr("*?[]{},\\", *path))
			*at++ = '\\';
		*at++ = *path;
	}
	return escaped;
}

static int apply_deny(struct chain *chain, const char *value, struct bawn_error *err)
{
	struct host_entry entry;
	const char *path;
	int r = chain_path(chain, value, &path, err);

	if (r < 0)
		return r;
	/* A shell that expands a pattern hands over names such as "[id].ts" (Next.js has them): the
	 * file that is there is meant, not a pattern that would miss it. */
	if (glob_is(path) && chain->host.lookup(chain->host.context, path, &entry) == 0 && entry.type != HOST_MISSING)
		path = escape_glob(&chain->arena, path);
	return set_entry(chain, PROFILE_FILESYSTEM, path, NULL, "deny", err);
}

static int apply_device(struct chain *chain, const char *value, struct bawn_error *err)
{
	return apply_path(chain, PROFILE_DEVICE, value, "write", err);
}

static int apply_unix_socket(struct chain *chain, const char *value, struct bawn_error *err)
{
	return apply_path(chain, PROFILE_NET_SOCKET, value, "allow", err);
}

static int apply_add_dir(struct chain *chain, const char *value, struct bawn_error *err)
{
	size_t used = chain->add_dir_count;
	const char **slot, *path;
	int r = chain_path(chain, value, &path, err);

	if (r < 0)
		return r;
	/* One more than needed, for the NULL at the end. */
	slot = array_add(&chain->arena, (void **)&chain->add_dirs, &chain->add_dir_count, &chain->add_dir_capacity,
			 sizeof(*slot));
	if (slot)
		slot = array_add(&chain->arena, (void **)&chain->add_dirs, &chain->add_dir_count,
				 &chain->add_dir_capacity, sizeof(*slot));
	if (!slot)
		return error_oom(err);
	chain->add_dirs[used] = path;
	chain->add_dir_count = used + 1;
	return 0;
}

static int apply_keep_fd(struct chain *chain, const char *value, struct bawn_error *err)
{
	int *slot = array_add(&chain->arena, (void **)&chain->keep_fds, &chain->keep_count, &chain->keep_capacity,
			      sizeof(*slot));

	if (!slot)
		return error_oom(err);
	*slot = (int)strtol(value, NULL, 10);	/* request_add() has looked at it */
	return 0;
}

static int apply_degraded(struct chain *chain, const char *value, struct bawn_error *err)
{
	(void)value;
	(void)err;
	chain->allow_degraded = true;
	return 0;
}

/* --network says the whole of it: what a profile says of domains has no meaning beside either
 * value. */
static void forget_domains(struct profile *profile)
{
	size_t kept = 0;

	for (size_t i = 0; i < profile->count; i++)
		if (profile->settings[i].key != PROFILE_NET_DOMAIN && profile->settings[i].key != PROFILE_NET_MODE)
			profile->settings[kept++] = profile->settings[i];
	profile->count = kept;
}

static int apply_network(struct chain *chain, const char *value, struct bawn_error *err)
{
	forget_domains(chain->profile);
	return set(chain, "network.enabled", strcmp(value, "full") ? "false" : "true", err);
}

static int apply_domain(struct chain *chain, const char *value, struct bawn_error *err)
{
	int r = set(chain, "network.enabled", "true", err);

	return r < 0 ? r : set_entry(chain, PROFILE_NET_DOMAIN, value, NULL, "allow", err);
}

static int apply_git(struct chain *chain, const char *value, struct bawn_error *err)
{
	return set_entry(chain, PROFILE_FILESYSTEM, ":workspace_roots", ".git", value, err);
}

static int append_port(struct chain *chain, enum profile_key key, const char *name, const char *value,
		       struct bawn_error *err)
{
	const struct setting *setting = profile_find(chain->profile, key, NULL);
	char *list = arena_strdup(&chain->arena, "[");

	for (size_t i = 0; list && setting && i < setting->value.ports.count; i++)
		list = arena_printf(&chain->arena, "%s%u, ", list, setting->value.ports.items[i]);
	if (list)
		list = arena_printf(&chain->arena, "%s%ld]", list, strtol(value, NULL, 10));
	return set(chain, name, list, err);
}

static int apply_listen(struct chain *chain, const char *value, struct bawn_error *err)
{
	return append_port(chain, PROFILE_NET_LISTEN, "network.listen", value, err);
}

static int apply_connect(struct chain *chain, const char *value, struct bawn_error *err)
{
	return append_port(chain, PROFILE_NET_CONNECT, "network.connect", value, err);
}

static int apply_gpu(struct chain *chain, const char *value, struct bawn_error *err)
{
	return set(chain, "devices.gpu", value ? value : "true", err);
}

static int apply_env(struct chain *chain, const char *value, struct bawn_error *err)
{
	const char *equals = strchr(value, '=');
	const char *name, *text;

	if (!equals) {
		text = environ_find(chain->host.environ, value);
		return text ? set_entry(chain, PROFILE_ENV_SET, value, NULL, text, err) : 0;
	}
	name = arena_strndup(&chain->arena, value, (size_t)(equals - value));
	return set_entry(chain, PROFILE_ENV_SET, name, NULL, equals + 1, err);
}

static int apply_limit(struct chain *chain, const char *value, struct bawn_error *err)
{
	const char *equals = strchr(value, '=');
	const char *key = arena_printf(&chain->arena, "limits.%.*s", (int)(equals - value), value);

	return set(chain, key, equals + 1, err);
}

static int apply_kernel(struct chain *chain, const char *value, struct bawn_error *err)
{
	const struct setting *setting = profile_find(chain->profile, PROFILE_KERNEL_ALLOW, NULL);
	char *list = arena_strdup(&chain->arena, "[");

	for (size_t i = 0; list && setting && i < setting->value.strings.count; i++) {
		if (!strcmp(setting->value.strings.items[i], value))
			return 0;
		list = arena_printf(&chain->arena, "%s\"%s\", ", list, setting->value.strings.items[i]);
	}
	if (list)
		list = arena_printf(&chain->arena, "%s\"%s\"]", list, value);
	return set(chain, "kernel.allow", list, err);
}

static int apply_log(struct chain *chain, const char *value, struct bawn_error *err)
{
	(void)err;
	chain->log = value ? LOG_ALL : LOG_DENIALS;
	chain->log_report = true;
	return 0;
}

/* A log is of no use without something to be logged. */
static void need_log(struct chain *chain)
{
	if (chain->log == LOG_NONE)
		chain->log = LOG_DENIALS;
}

static int apply_log_fd(struct chain *chain, const char *value, struct bawn_error *err)
{
	(void)err;
	need_log(chain);
	chain->log_path = NULL;
	chain->log_fd = (int)strtol(value, NULL, 10);
	return 0;
}

static int apply_log_file(struct chain *chain, const char *value, struct bawn_error *err)
{
	need_log(chain);
	chain->log_fd = -1;
	if (*value && value[strlen(value) - 1] == '/')
		return error_set(err, EISDIR, "log file %s: that is how a directory is written", value);
	return chain_path(chain, value, &chain->log_path, err);
}

static int apply_set(struct chain *chain, const char *value, struct bawn_error *err)
{
	size_t size = key_size(value);

	return set(chain, arena_strndup(&chain->arena, value, size), value + size + 1, err);
}

/* --- the table ---------------------------------------------------------------------------- */

static const struct option_row rows[] = {
	{ "add-dir",		NEEDS_VALUE,	false,	check_filled,		apply_add_dir },
	{ "allow-degraded",	NO_VALUE,	false,	NULL,			apply_degraded },
	{ "allow-domain",	NEEDS_VALUE,	false,	check_filled,		apply_domain },
	{ "allow-kernel",	NEEDS_VALUE,	false,	check_kernel,		apply_kernel },
	{ "allow-unix-socket",	NEEDS_VALUE,	false,	check_filled,		apply_unix_socket },
	{ "config",		NEEDS_VALUE,	false,	check_filled,		NULL },
	{ "connect",		NEEDS_VALUE,	false,	check_port,		apply_connect },
	{ "deny",		NEEDS_VALUE,	true,	check_filled,		apply_deny },
	{ "device",		NEEDS_VALUE,	false,	check_filled,		apply_device },
	{ "directory",		NEEDS_VALUE,	false,	check_filled,		NULL },
	{ "env",		NEEDS_VALUE,	false,	check_variable,		apply_env },
	{ "git",		NEEDS_VALUE,	false,	check_git,		apply_git },
	{ "gpu",		MAY_HAVE_VALUE,	false,	NULL,			apply_gpu },
	{ "keep-fd",		NEEDS_VALUE,	false,	check_descriptor,	apply_keep_fd },
	{ "limit",		NEEDS_VALUE,	true,	check_limit,		apply_limit },
	{ "listen",		NEEDS_VALUE,	false,	check_port,		apply_listen },
	{ "log-denials",	MAY_HAVE_VALUE,	false,	check_log,		apply_log },
	{ "log-fd",		NEEDS_VALUE,	false,	check_log_descriptor,	apply_log_fd },
	{ "log-file",		NEEDS_VALUE,	false,	check_filled,		apply_log_file },
	{ "network",		NEEDS_VALUE,	true,	check_network,		apply_network },
	{ "param",		NEEDS_VALUE,	false,	check_param,		NULL },
	{ "permission-profile",	NEEDS_VALUE,	false,	check_filled,		NULL },
	{ "read",		NEEDS_VALUE,	false,	check_filled,		apply_read },
	{ "sbpl",		NEEDS_VALUE,	false,	check_filled,		NULL },
	{ "set",		NEEDS_VALUE,	true,	check_set,		apply_set },
	{ "write",		NEEDS_VALUE,	false,	check_filled,		apply_write },
};

static const struct option_row *row_find(const char *name)
{
	if (!strcmp(name, "permissions-profile"))	/* the reference's other spelling */
		name = "permission-profile";
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

static int unknown_option(const char *name, struct bawn_error *err)
{
	const char *names[ARRAY_SIZE(rows) + 1] = { NULL };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		names[i] = rows[i].name;
	return unknown_name("option", name, names, err);
}

int request_add(struct request *request, const char *name, const char *value, struct bawn_error *err)
{
	const struct option_row *row = row_find(name);
	struct given *given;
	char *copy = NULL;

	if (!row)
		return unknown_option(name, err);
	if (value && row->rule == NO_VALUE)
		return error_set(err, EINVAL, "--%s takes no value", name);
	if (!value && row->rule == NEEDS_VALUE)
		return error_set(err, EINVAL, "--%s needs a value", name);
	if (value && row->check && row->check(value, err) < 0)
		return error_wrap(err, "--%s", name);
	if (value && !(copy = arena_strdup(&request->arena, value)))
		return error_oom(err);
	given = array_add(&request->arena, (void **)&request->options, &request->count, &request->capacity,
			  sizeof(*given));
	if (!given)
		return error_oom(err);
	*given = (struct given){ row, copy };
	if (!strcmp(row->name, "config")) {
		request->config_path = copy;
		request->config_text = NULL;
	}
	return 0;
}

const char *request_last(const struct request *request, const char *name)
{
	for (size_t i = request->count; i-- > 0;)
		if (!strcmp(request->options[i].row->name, name))
			return request->options[i].value;
	return NULL;
}

const char *request_nth(const struct request *request, const char *name, size_t index)
{
	const struct given *given = &request->options[index];

	return strcmp(given->row->name, name) == 0 ? given->value : NULL;
}

enum platform request_platform(const struct request *request)
{
	return request->platform_given ? request->platform : host_platform();
}

/* `:danger-full-access` promises nothing; a caller who takes something away with it is mistaken
 * about one of the two. */
static bool has_no_meaning(const struct chain *chain, const struct given *given)
{
	return profile_is_unconfined(chain->profile) && given->row->restricts &&
	       strcmp(given->value, "full");
}

int request_apply(const struct request *request, struct chain *chain, struct bawn_error *err)
{
	for (size_t i = 0; i < request->count; i++) {
		const struct given *given = &request->options[i];

		if (has_no_meaning(chain, given))
			return error_set(err, EINVAL, "profile \":danger-full-access\" is no sandbox at all: "
					 "--%s has no meaning with it", given->row->name);
		if (given->row->apply && given->row->apply(chain, given->value, err) < 0)
			return error_wrap(err, "--%s%s%s", given->row->name, given->value ? " " : "",
					  given->value ? given->value : "");
	}
	return 0;
}
