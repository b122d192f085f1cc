/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate.c — a profile + a question → allow or deny, as macOS was measured to decide.
 *
 * Theory. Not "the last match wins". An operation has wildcards above it: file-read-data, file-read*, file*, default.
 * From the operation up, each level is asked in turn; the first level that has an answer decides:
 *
 *	1. of the rules that name exactly this level and carry a filter, the last one that matches;
 *	2. else the last rule that names exactly this level and carries none.
 *
 * So a filtered allow of file-read-data stands against a later deny of file-read*, and an unfiltered deny does not undo
 * a filtered allow of the same operation, wherever it stands. What no level answers is denied.
 *
 * Three values: a filter may depend on what the question leaves out. The rules that perhaps match are remembered on the
 * way to the one that surely does; if all of them say the same, that is the answer. */
#include "macos/scheme.h"

#include <string.h>

#define NAME_SIZE	80

/* The wildcard above a level: "file-read-data" and "file-read*" have "file-read*" and "file*". */
static void climb(char level[NAME_SIZE])
{
	size_t size = strlen(level);
	bool wild = level[size - 1] == '*';
	char *dash;

	if (!wild && size + 2 <= NAME_SIZE) {		/* process-exec is below process-exec* */
		strcpy(level + size, "*");
		return;
	}
	level[size - 1] = '\0';
	dash = strrchr(level, '-');
	strcpy(dash ? dash : level, dash ? "*" : "default");
}

struct search {
	const struct sbpl *sbpl;
	const struct sbpl_question *question;
	const struct sbpl_rule *perhaps[2];	/* the first that perhaps denies, and that perhaps allows */
	const struct sbpl_rule *certain;
};

static void ask_rule(struct search *search, const struct sbpl_rule *rule)
{
	enum answer answer = filter_answer(rule->filter, search->question);

	if (answer == YES)
		search->certain = rule;
	else if (answer == PERHAPS && !search->perhaps[rule->allow])
		search->perhaps[rule->allow] = rule;
}

/* What an import brings may name any level. */
static void ask_with_imports(struct search *search, size_t level)
{
	for (size_t i = search->sbpl->count, next = search->sbpl->last[level]; i-- > 0 && !search->certain;) {
		const struct sbpl_rule *rule = &search->sbpl->rules[i];
		bool named = i + 1 == next;

		if (named)
			next = rule->earlier;
		if ((named || rule->import) && rule->filter)
			ask_rule(search, rule);
	}
}

static void ask_level(struct search *search, size_t level)
{
	const struct sbpl *sbpl = search->sbpl;

	if (sbpl->imports)
		ask_with_imports(search, level);
	for (size_t i = sbpl->last[level]; i && !search->certain; i = sbpl->rules[i - 1].earlier)
		if (sbpl->rules[i - 1].filter)
			ask_rule(search, &sbpl->rules[i - 1]);
	for (size_t i = sbpl->last[level]; i && !search->certain; i = sbpl->rules[i - 1].earlier)
		if (!sbpl->rules[i - 1].filter)
			search->certain = &sbpl->rules[i - 1];
}

static void fill(const struct sbpl_rule *rule, enum sbpl_verdict verdict, struct sbpl_answer *answer)
{
	*answer = (struct sbpl_answer){ .verdict = verdict };
	if (!rule)
		return;
	answer->operation = rule->operation;
	answer->line = rule->place.line;
	answer->column = rule->place.column;
	answer->filtered = rule->filter;
}

void sbpl_evaluate(const struct sbpl *sbpl, const struct sbpl_question *question, struct sbpl_answer *ret_answer)
{
	struct search search = { .sbpl = sbpl, .question = question };
	char level[NAME_SIZE] = "default";
	const struct sbpl_rule *other;
	bool allowed;

	if (strlen(question->operation) < NAME_SIZE - 1 && *question->operation)
		strcpy(level, question->operation);
	for (;; climb(level)) {
		ptrdiff_t row = rules_operation(level);

		if (row >= 0)
			ask_level(&search, (size_t)row);
		if (search.certain || !strcmp(level, "default"))
			break;
	}
	allowed = search.certain && search.certain->allow;
	other = search.perhaps[!allowed];
	fill(other ? other : search.certain, other ? SBPL_UNKNOWN : allowed ? SBPL_ALLOW : SBPL_DENY, ret_answer);
}
