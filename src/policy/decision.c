/* SPDX-License-Identifier: Apache-2.0 */
/* decision.c — why something is allowed or denied, and what would change that; for people and as JSON.
 *
 * JSON, one object on a line; keys that a reader does not know are to be passed over:
 *
 *	{"type":"decision"}	operation, target (as asked), path (canonical), allowed, rule, origin, kind (these three
 *				null: no rule), allow_line, allow_option (null: it is allowed, or nothing of that
 *				sort would allow it) */
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
	return rule && rule->kind == RULE_PATH && rule->access == ACCESS_DENY && strcmp(rule->path, path) == 0;
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

void decision_grant(struct arena *arena, const struct policy *policy, enum operation operation, const char *path,
		    const struct decision *decision, const char **ret_line, const char **ret_option)
{
	const struct rule *rule = decision->rule;
	const char *access = operation == OPERATION_WRITE ? "write" : "read";
	bool is_git = rule && rule->kind == RULE_PROTECTED && strcmp(path_base(rule->path), ".git") == 0;

	(void)policy;
	*ret_line = *ret_option = NULL;
	if (decision->allowed || is_deny_glob(rule))
		return;
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

static void print_rule(struct text *text, const struct policy *policy, const struct rule *rule)
{
	text_add(text, "  rule:  ");
	if (rule) {
		show_cell(text, rule->label ? rule->label : rule->path, RULE_COLUMNS);
		text_add(text, "  (");
		show_origin(text, &rule->origin);
		text_add(text, ")\n");
	} else if (policy->unconfined) {
		text_printf(text, "none: %s confines nothing\n", policy->profile_id);
	} else {
		text_add(text, "none: what no entry names is denied\n");
	}
}

static void print_impossible(struct text *text, const struct rule *rule)
{
	if (is_deny_glob(rule)) {
		text_add(text, "nothing: a deny glob decides whatever else matches; change it at ");
		show_origin(text, &rule->origin);
	} else if (rule && rule->kind == RULE_SYSTEM) {
		text_add(text, "nothing: this holds whatever a profile says");
	} else {
		text_add(text, "an entry for a directory above it: in an entry's path * ? [ and { make a pattern");
	}
}

static void print_grant(struct text *text, const char *path, const struct rule *rule, const char *line,
			const char *command_option)
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
		print_impossible(text, rule);
	text_add(text, "\n");
}

/* --- as JSON ------------------------------------------------------------------------------ */

static void print_json(struct text *text, enum operation operation, const char *target, const char *canonical,
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
	show_json_end(&json);
	show_json_done(&json, text);
}

int decision_print(const struct policy *policy, enum operation operation, const char *target, const char *canonical,
		   const struct decision *decision, enum bawn_format format, struct text *text)
{
	struct arena arena = { 0 };
	const char *line, *command_option;

	decision_grant(&arena, policy, operation, canonical, decision, &line, &command_option);
	if (format == BAWN_JSON) {
		print_json(text, operation, target, canonical, decision, line, command_option);
	} else {
		text_printf(text, "%s: %s ", decision->allowed ? "allowed" : "denied", operation_name(operation));
		show_visible(text, target);
		text_add(text, "\n");
		if (strcmp(target, canonical) != 0) {
			text_add(text, "  path:  ");
			show_visible(text, canonical);
			text_add(text, "\n");
		}
		print_rule(text, policy, decision->rule);
		if (!decision->allowed)
			print_grant(text, canonical, decision->rule, line, command_option);
	}
	arena_done(&arena);
	return text->failed ? -ENOMEM : 0;
}
