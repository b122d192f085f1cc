/* SPDX-License-Identifier: Apache-2.0 */
/* decision.c — why something is allowed or denied, and what would change that; for people and as JSON.
 *
 * JSON, one object on a line; keys that a reader does not know are to be passed over:
 *
 *	{"type":"decision"}	operation, target (as asked), path (canonical; of what is no path: as asked), allowed,
 *				rule, origin, kind (these three null: no rule), allow_line, allow_option (null: it is
 *				allowed, or nothing of that sort would allow it); of explain also reason (null: there
 *				is a rule), layer, second (null: the layer above holds it), next (the rules that
 *				would decide if those before them were not there: rule, origin, access) */
#include "policy/show.h"

#include <string.h>

#define GIT_COMMIT	"--git commit"

static bool is_deny_glob(const struct rule *rule)
{
	return rule && (rule->kind == RULE_GLOB || rule->kind == RULE_MATCH);
}

static bool is_derived(const struct rule *rule)
{
	return rule && (rule->kind == RULE_PROTECTED || rule->kind == RULE_GIT);
}

/* Another entry on the same path would not help: of equally long ones deny counts. This one has to change. */
static bool is_own_denial(const struct rule *rule, const char *path)
{
	return rule && (rule->kind == RULE_PATH || rule->kind == RULE_DEVICE || rule->kind == RULE_PERMISSION) &&
	       rule->access == ACCESS_DENY && strcmp(rule->path, path) == 0;
}

/* --- what would allow it ------------------------------------------------------------------ */

static const char *take(struct arena *arena, struct text *text)
{
	const char *copy = text->failed ? NULL : arena_strndup(arena, text->bytes, text->size);

	text_done(text);
	return copy;
}

static const char *profile_line(struct arena *arena, const char *path, const char *access)
{
	struct text text = { 0 };
	bool said = show_toml_string(&text, strcmp(path, "/") == 0 ? ":root" : path);
	const char *line;

	text_printf(&text, " = \"%s\"", access);
	line = take(arena, &text);
	return said ? line : NULL;
}

static const char *option(struct arena *arena, const char *path, const char *access, bool git)
{
	struct text text = { 0 };

	text_printf(&text, "--%s ", access);
	show_shell_word(&text, path);
	if (git)
		text_add(&text, "  or  " GIT_COMMIT);
	return take(arena, &text);
}

/* What grants a permission: a line of the profile's own table, so that it names its section, and an option. */
static const struct grant {
	const char *key, *before, *after;	/* the line is: key, the subject between the two */
	const char *option;			/* NULL: none but -c */
} grants[OPERATION__COUNT] = {
	[OPERATION_UNIX_CONNECT] = { "network.unix_sockets.", "", " = \"allow\"", "--allow-unix-socket" },
	[OPERATION_CONNECT] = { "network.connect", " = [", "]", "--connect" },
	[OPERATION_LISTEN] = { "network.listen", " = [", "]", "--listen" },
	[OPERATION_DOMAIN] = { "network.domains.", "", " = \"allow\"", "--allow-domain" },
	[OPERATION_DEVICE] = { "devices.", "", " = \"write\"", "--device" },
	[OPERATION_KERNEL] = { "kernel.allow", " = [", "]", "--allow-kernel" },
	[OPERATION_IOKIT] = { "macos.iokit_user_clients", " = [", "]", NULL },
	[OPERATION_MACH_LOOKUP] = { "macos.mach_lookup", " = [", "]", NULL },
};

static void grant_permission(struct arena *arena, enum operation operation, const char *subject, bool own_denial,
			const char **ret_line, const char **ret_option)
{
	const struct grant *grant = &grants[operation];
	bool port = operation == OPERATION_CONNECT || operation == OPERATION_LISTEN, said = true;
	const char *colon = port ? strrchr(subject, ':') : NULL;
	struct text line = { 0 }, words = { 0 };

	if (!grant->key || (operation == OPERATION_KERNEL && !kernel_name_is(subject)))
		return;
	if (colon)
		subject = colon + 1;
	text_printf(&line, "%s%s", grant->key, grant->before);
	if (port)
		text_add(&line, subject);
	else
		said = show_toml_string(&line, subject);
	text_add(&line, grant->after);
	*ret_line = take(arena, &line);
	if (!said)
		*ret_line = NULL;
	if (!grant->option || own_denial)
		return;
	text_printf(&words, "%s ", grant->option);
	show_shell_word(&words, subject);
	*ret_option = take(arena, &words);
}

void decision_grant(struct arena *arena, const struct policy *policy, enum operation operation, const char *path,
		    const struct decision *decision, const char **ret_line, const char **ret_option)
{
	const struct rule *rule = decision->rule;
	const char *access = operation == OPERATION_WRITE || operation == OPERATION_UNIX_BIND ? "write" : "read";
	bool is_git = rule && rule->kind == RULE_PROTECTED && strcmp(path_base(rule->path), ".git") == 0;

	*ret_line = *ret_option = NULL;
	if (decision->allowed || is_deny_glob(rule))
		return;
	if (policy->platform == PLATFORM_LINUX && path_below(path, "/dev", false) && operation != OPERATION_UNIX_BIND &&
	    (!rule || rule->kind != RULE_SYSTEM || !strcmp(rule->path, "/dev")))
		operation = OPERATION_DEVICE;
	if (decision->gpu) {
		*ret_line = "devices.gpu = true";
		*ret_option = "--gpu";
		return;
	}
	if (operation > OPERATION_UNIX_BIND) {
		grant_permission(arena, operation, path, is_own_denial(rule, path), ret_line, ret_option);
		return;
	}
	if (rule && rule->hint)
		*ret_line = rule->hint;
	if (rule && rule->kind == RULE_SYSTEM)
		return;
	if (is_derived(rule))
		path = rule->path;	/* an explicit entry at the name opens it */
	if (glob_is(path))
		return;			/* an entry with these characters would be a pattern, and patterns only deny */
	if (!*ret_line)
		*ret_line = profile_line(arena, path, access);
	if (!is_own_denial(rule, path))
		*ret_option = option(arena, path, access, is_git);
}

/* --- for people --------------------------------------------------------------------------- */

#define RULE_COLUMNS	26

static void print_rule(struct text *text, const struct decision *decision)
{
	const struct rule *rule = decision->rule;

	text_add(text, "  rule:  ");
	if (rule) {
		show_cell(text, rule->label ? rule->label : rule->path, RULE_COLUMNS);
		text_add(text, "  (");
		show_origin(text, &rule->origin);
		text_add(text, ")\n");
	} else {
		text_printf(text, "none: %s\n",
			    decision->reason ? decision->reason : "what no entry names is denied");
	}
}

static void print_impossible(struct text *text, enum operation operation, const struct rule *rule)
{
	if (is_deny_glob(rule)) {
		text_add(text, "nothing: a deny glob decides whatever else matches; change it at ");
		show_origin(text, &rule->origin);
	} else if (rule && rule->kind == RULE_SYSTEM) {
		text_add(text, "nothing: this holds whatever a profile says");
	} else if (operation > OPERATION_UNIX_BIND) {
		text_add(text, "nothing that a profile can say");
	} else {
		text_add(text, "an entry for a directory above it: in an entry's path * ? [ and { make a pattern");
	}
}

static void print_grant(struct text *text, enum operation operation, const char *path, const struct rule *rule,
			const char *line, const char *command_option)
{
	text_add(text, "  allow: ");
	if (line)
		show_visible(text, line);
	if (line && is_own_denial(rule, path))
		text_add(text, "  in place of that rule");
	if (line && command_option)
		text_add(text, "  or  ");
	if (command_option)
		show_visible(text, command_option);
	if (!line && !command_option)
		print_impossible(text, operation, rule);
	text_add(text, "\n");
}

void decision_print_why(struct text *text, enum operation operation, const char *subject,
			const struct decision *decision, const char *line, const char *command_option)
{
	print_rule(text, decision);
	if (!decision->allowed)
		print_grant(text, operation, subject, decision->rule, line, command_option);
}

/* --- the layer, and who would decide next ------------------------------------------------- */

static const struct plan_item *find_item(const struct plan *plan, const struct rule *rule)
{
	for (size_t i = 0; rule && i < plan->count; i++)
		if (plan->items[i].rule == rule)
			return &plan->items[i];
	return NULL;
}

/* Where no item of the plan speaks of it. */
static enum layer default_layer(const struct plan *plan, enum operation operation)
{
	static const enum layer layers[OPERATION__COUNT] = {
		[OPERATION_UNIX_CONNECT] = LAYER_BROKER, [OPERATION_CONNECT] = LAYER_NAMESPACE,
		[OPERATION_LISTEN] = LAYER_NAMESPACE, [OPERATION_DOMAIN] = LAYER_NAMESPACE,
		[OPERATION_DEVICE] = LAYER_NAMESPACE, [OPERATION_KERNEL] = LAYER_SECCOMP,
	};

	if (plan->policy->unconfined)
		return LAYER_NONE;
	return plan->policy->platform == PLATFORM_MACOS ? LAYER_SEATBELT : layers[operation];
}

static void print_layer(struct text *text, const struct plan *plan, enum operation operation,
			const struct decision *decision)
{
	const struct plan_item *item = find_item(plan, decision->rule);
	enum layer layer = item ? item->layer : decision->allowed ? LAYER_NONE : default_layer(plan, operation);

	if (layer == LAYER_NONE)
		return;
	text_printf(text, "  layer: %s", layer_name(layer));
	if (item && item->second != LAYER_NONE)
		text_printf(text, ", repeated by %s", layer_name(item->second));
	text_add(text, "\n");
}

static void print_runners_up(struct text *text, const struct policy *policy, enum operation operation,
			     const char *subject, const struct decision *decision)
{
	const struct rule *rules[RUNNERS_UP_MAX];
	size_t count = policy_runners_up(policy, operation, subject, decision->rule, rules);

	for (size_t i = 0; i < count; i++) {
		text_add(text, "  next:  ");
		show_cell(text, rules[i]->label ? rules[i]->label : rules[i]->path, RULE_COLUMNS);
		text_add(text, "  (");
		show_origin(text, &rules[i]->origin);
		text_add(text, ")\n");
	}
}

static void json_more(struct json *json, const struct policy *policy, const struct plan *plan, enum operation operation,
		      const char *subject, const struct decision *decision)
{
	const struct plan_item *item = find_item(plan, decision->rule);
	enum layer layer = item ? item->layer : decision->allowed ? LAYER_NONE : default_layer(plan, operation);
	const struct rule *rules[RUNNERS_UP_MAX];
	size_t count = policy_runners_up(policy, operation, subject, decision->rule, rules);

	json_string(json, "reason", decision->rule ? NULL :
				    decision->reason ? decision->reason : "what no entry names is denied");
	json_string(json, "layer", layer == LAYER_NONE ? NULL : layer_name(layer));
	json_string(json, "second", item && item->second != LAYER_NONE ? layer_name(item->second) : NULL);
	json_open(json, "next", '[');
	for (size_t i = 0; i < count; i++) {
		json_open(json, NULL, '{');
		json_string(json, "rule", rules[i]->label ? rules[i]->label : rules[i]->path);
		show_json_origin(json, &rules[i]->origin);
		json_string(json, "access", access_name(rules[i]->access));
		json_close(json, '}');
	}
	json_close(json, ']');
}

/* --- as JSON ------------------------------------------------------------------------------ */

static void print_json(struct text *text, const struct policy *policy, const struct plan *plan,
		       enum operation operation, const char *target, const char *canonical,
		       const struct decision *decision, const char *line, const char *command_option)
{
	const struct rule *rule = decision->rule;
	struct json json = { 0 };

	show_json_begin(&json, "decision");
	json_string(&json, "operation", operation_name(operation));
	json_string(&json, "target", target);
	json_string(&json, "path", canonical);
	json_bool(&json, "allowed", decision->allowed);
	json_string(&json, "rule", rule && !rule->label ? rule->path : rule ? rule->label : NULL);
	if (rule)
		show_json_origin(&json, &rule->origin);
	else
		json_string(&json, "origin", NULL);
	json_string(&json, "kind", rule ? show_kind(rule->kind) : NULL);
	json_string(&json, "allow_line", line);
	json_string(&json, "allow_option", command_option);
	if (plan)
		json_more(&json, policy, plan, operation, canonical, decision);
	show_json_end(&json);
	show_json_done(&json, text);
}

int decision_print(const struct policy *policy, const struct plan *plan, enum operation operation, const char *target,
		   const char *canonical, const struct decision *decision, enum bawn_format format, struct text *text)
{
	struct arena arena = { 0 };
	const char *line, *command_option;

	decision_grant(&arena, policy, operation, canonical, decision, &line, &command_option);
	if (format == BAWN_JSON) {
		print_json(text, policy, plan, operation, target, canonical, decision, line, command_option);
	} else {
		text_printf(text, "%s: %s ", decision->allowed ? "allowed" : "denied", operation_name(operation));
		show_visible(text, target);
		text_add(text, "\n");
		if (strcmp(target, canonical) != 0) {
			text_add(text, "  path:  ");
			show_visible(text, canonical);
			text_add(text, "\n");
		}
		print_rule(text, decision);
		if (plan)
			print_layer(text, plan, operation, decision);
		if (plan)
			print_runners_up(text, policy, operation, canonical, decision);
		if (!decision->allowed)
			print_grant(text, operation, canonical, decision->rule, line, command_option);
	}
	arena_done(&arena);
	return text->failed ? -ENOMEM : 0;
}
