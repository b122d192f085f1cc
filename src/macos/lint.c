/* SPDX-License-Identifier: Apache-2.0 */
/* lint.c — what in a profile was never verified on a Mac, or can never match. */
#include "macos/scheme.h"

#include <stdio.h>
#include <string.h>

struct lint { const struct sbpl *sbpl; struct text *text; size_t count; };

static void find(struct lint *lint, struct place place, const char *format, ...) PRINTF(3, 4);

static void find(struct lint *lint, struct place place, const char *format, ...)
{
	struct arena arena = { 0 };
	va_list arguments;
	char message[512];

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	text_printf(lint->text, "%s:%u:%u: %s\n", lint->sbpl->origin, place.line, place.column, message);
	arena_done(&arena);
	lint->count++;
}

/* --- paths and hosts ---------------------------------------------------------------------- */

/* The kernel compares resolved paths. */
static void lint_path(struct lint *lint, const struct filter *filter)
{
	const char *text = filter->text, *link;
	size_t size = strlen(text);

	if (filter->kind == MATCH_PATH_REGEX) {
		text += *text == '^';
		if (macos_root_link(text))
			find(lint, filter->place, "%s: a link into /private; never matches", filter->name);
		return;
	}
	if (text[0] != '/')
		find(lint, filter->place, "%s \"%s\": not absolute; never matches", filter->name, text);
	link = macos_root_link(text);
	/* The link itself is an object too, which may be read. */
	if (link && (filter->kind != MATCH_LITERAL || strcmp(link, text) != 0))
		find(lint, filter->place, "%s \"%s\": paths are compared when links are resolved; write /private%s",
		     filter->name, text, text);
	if (size > 1 && text[size - 1] == '/' && filter->kind != MATCH_PATH_PREFIX)
		find(lint, filter->place, "%s \"%s\": no path ends with a slash; never matches", filter->name, text);
}

static void lint_filter(struct lint *lint, const struct filter *filter)
{
	bool is_path = filter->kind == MATCH_LITERAL || filter->kind == MATCH_SUBPATH ||
		       filter->kind == MATCH_PATH_PREFIX || filter->kind == MATCH_PATH_REGEX;

	if (is_path && filter->text)
		lint_path(lint, filter);
	if (filter->kind == MATCH_PEER && filter->text && strcmp(filter->text, "*") != 0 &&
	    strcmp(filter->text, "localhost") != 0)
		find(lint, filter->place, "%s %s \"%s:%s\": a host is * or localhost; macOS refuses names and "
		     "addresses", filter->name, filter->fact, filter->text, filter->port);
	for (size_t i = 0; i < filter->count; i++)
		lint_filter(lint, filter->parts[i]);
}

/* --- rules among each other --------------------------------------------------------------- */

static bool same_operation(const struct sbpl_rule *a, const struct sbpl_rule *b)
{
	return !strcmp(a->operation, b->operation);
}

static void lint_order(struct lint *lint, size_t at)
{
	const struct sbpl_rule *rule = &lint->sbpl->rules[at];

	for (size_t i = 0; i < at; i++) {
		const struct sbpl_rule *earlier = &lint->sbpl->rules[i];

		if (!same_operation(earlier, rule) || earlier->import)
			continue;
		if (!rule->filter && !rule->allow && earlier->filter && earlier->allow) {
			find(lint, rule->place, "deny %s without a filter, after an allow with one (line %u): what "
			     "macOS makes of this was never verified", rule->operation, earlier->place.line);
			return;
		}
		if (!rule->filter && !earlier->filter && rule->allow != earlier->allow) {
			find(lint, rule->place, "%s %s contradicts line %u, neither has a filter: the last one counts",
			     rule->allow ? "allow" : "deny", rule->operation, earlier->place.line);
			return;
		}
	}
}

static void lint_rule(struct lint *lint, size_t at)
{
	const struct sbpl_rule *rules = lint->sbpl->rules, *rule = &rules[at];
	bool again = at && !memcmp(&rules[at - 1].place, &rule->place, sizeof(rule->place)) &&
		     rules[at - 1].filter == rule->filter;

	if (rule->import) {
		find(lint, rule->place, "import: what it brings is not read here, so answers may be \"unknown\"");
		return;
	}
	if (rule->escapes && rule->allow)
		find(lint, rule->place, "with no-sandbox: what is started by this rule is confined by nothing");
	lint_order(lint, at);
	if (rule->filter && !again)		/* one rule of several operations */
		lint_filter(lint, rule->filter);
}

size_t sbpl_lint(const struct sbpl *sbpl, struct text *findings)
{
	struct lint lint = { .sbpl = sbpl, .text = findings };

	for (size_t i = 0; i < sbpl->count; i++)
		lint_rule(&lint, i);
	for (size_t i = 0; i < sbpl->param_count; i++)
		if (!sbpl->params[i].used)
			find(&lint, (struct place){ 1, 1 }, "parameter %s is given and never used",
			     sbpl->params[i].name);
	return lint.count;
}
