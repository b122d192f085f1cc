/* SPDX-License-Identifier: Apache-2.0 */
/* seatbelt_files.c — the sections of files: rules in their order, deny globs, links, names that must stay. */
#include "macos/seatbelt.h"

#include <stdlib.h>
#include <string.h>

/* What reading and writing are. Whoever may write a file may link and clone it: both ask by the path of what is linked,
 * so a ruled file gets no second name. The second of each pair names everything below the wildcards,
 * for where extra_sbpl may have named it too. */
static const char *const read_operations[] = {
	"file-read* file-map-executable process-exec*",
	"file-read* file-read-data file-read-metadata file-read-xattr file-map-executable process-exec* process-exec "
	"process-exec-interpreter",
};
static const char *const write_operations[] = {
	"file-write* file-link file-clone",
	"file-write* file-write-acl file-write-create file-write-data file-write-flags file-write-mode "
	"file-write-owner file-write-times file-write-unlink file-write-xattr file-link file-clone",
};

static const char *reading(const struct writer *writer)
{
	return read_operations[writer->input->extra != NULL];
}

static const char *writing(const struct writer *writer)
{
	return write_operations[writer->input->extra != NULL];
}

/* --- filters ------------------------------------------------------------------------------ */

static void add_filter(struct writer *writer, const char *filter, const char *param)
{
	text_printf(&writer->text, "\n\t(%s (param \"%s\"))", filter, param);
}

/* An expression for the path, whatever the case of its letters, and all below it. */
static const char *any_case(struct writer *writer, const char *path)
{
	struct text text = { 0 };
	const char *param;

	text_add(&text, "^");
	seatbelt_quote(&text, path, true);
	text_add(&text, "(/.*)?$");
	param = writer_param(writer, "NAME", &writer->names, text.bytes);
	text_done(&text);
	return param;
}

/* Where something is taken away both filters stand: a name that is missing is not a directory yet. The path as written
 * too, should links on its way become directories; but the root's own links cannot. */
static void add_path(struct writer *writer, struct placed *placed, bool takes)
{
	const struct rule *rule = placed->rule;
	bool single = rule->type == HOST_FILE || rule->type == HOST_SOCKET || rule->type == HOST_DEVICE;

	if (single || takes)
		add_filter(writer, "literal", placed->param);
	if (!single || takes)
		add_filter(writer, "subpath", placed->param);
	if (takes && rule->nocase) {
		placed->any_case = any_case(writer, rule->path);
		add_filter(writer, "regex", placed->any_case);
	}
	if (takes && rule->written != rule->path && !macos_root_link(rule->written)) {
		const char *written = writer_path(writer, rule->written);

		add_filter(writer, "literal", written);
		add_filter(writer, "subpath", written);
	}
}

/* The directories above what is reopened may be looked at, or nothing could find its way. */
static void write_way(struct writer *writer, const char *param)
{
	text_add(&writer->text, "(allow file-read-metadata");
	add_filter(writer, "path-ancestors", param);
	text_add(&writer->text, ")\n");
}

/* So may the links that rules passed through, where all else is closed. */
static void write_link_ways(struct writer *writer)
{
	const struct policy *policy = writer->policy;

	for (size_t i = 0; i < policy->link_count; i++) {
		struct decision decision;
		const char *param;

		policy_decide(policy, OPERATION_READ, policy->links[i], &decision);
		if (decision.allowed || (decision.rule && decision.rule->kind == RULE_GLOB))
			continue;
		text_add(&writer->text, "\n; a link that a rule passed through\n(allow file-read*");
		param = writer_param(writer, "LINK", &writer->links, policy->links[i]);
		add_filter(writer, "literal", param);
		text_add(&writer->text, ")\n");
		write_way(writer, param);
	}
}

/* --- one rule ----------------------------------------------------------------------------- */

static void write_rule_of(struct writer *writer, const char *verb, const char *operations, struct placed *placed,
			  bool takes)
{
	text_printf(&writer->text, "(%s %s", verb, operations);
	add_path(writer, placed, takes);
	text_add(&writer->text, ")\n");
}

static void write_root(struct writer *writer, const struct rule *rule)
{
	writer_head(writer, access_name(rule->access), rule);
	if (rule->access == ACCESS_DENY)
		writer_comment(writer, "what no rule below opens is closed by the default");
	else
		text_printf(&writer->text, "(allow %s)\n", reading(writer));
	if (rule->access == ACCESS_WRITE)
		text_printf(&writer->text, "(allow %s)\n", writing(writer));
}

static void write_access(struct writer *writer, struct placed *placed)
{
	enum access access = placed->rule->access;
	struct arena arena = { 0 };
	const char *both = arena_printf(&arena, "%s %s", reading(writer), writing(writer));

	if (!both)
		writer->failed = true;
	else if (access == ACCESS_DENY)
		write_rule_of(writer, "deny", both, placed, true);
	else if (access == ACCESS_WRITE)
		write_rule_of(writer, "allow", placed->outside == ACCESS_READ ? writing(writer) : both, placed, false);
	else if (placed->outside == ACCESS_WRITE)
		write_rule_of(writer, "deny", writing(writer), placed, true);
	else
		write_rule_of(writer, "allow", reading(writer), placed, false);
	arena_done(&arena);
}

static void write_rule(struct writer *writer, struct placed *placed)
{
	const struct rule *rule = placed->rule;

	if (!strcmp(rule->path, "/")) {
		write_root(writer, rule);
		return;
	}
	writer_head(writer, access_name(rule->access), rule);
	if (rule->access == placed->outside) {
		writer_comment(writer, "already so by the rule above it");
		return;
	}
	placed->param = writer_path(writer, rule->path);
	write_access(writer, placed);
	if (placed->outside == ACCESS_DENY)
		write_way(writer, placed->param);
}

/* Paths of system.def: no byte of them is a user's. */
static void write_system(struct writer *writer)
{
	const struct policy *policy = writer->policy;
	size_t count = 0;		/* a rule without filters would be one for everything */

	for (size_t i = 0; i < policy->count; i++) {
		if (policy->rules[i].kind != RULE_SYSTEM)
			continue;
		if (!count++)
			text_add(&writer->text, "\n; always: devices that hold nothing, and the command's own "
						"descriptors\n(allow file-read* file-write* file-ioctl");
		text_printf(&writer->text, "\n\t(literal \"%s\") (subpath \"%s\")", policy->rules[i].path,
			    policy->rules[i].path);
	}
	text_add(&writer->text, count ? ")\n" : "");
}

static bool is_held_by_glob(const struct policy *policy, const struct rule *rule)
{
	for (size_t i = 0; rule->kind == RULE_MATCH && i < policy->glob_count; i++)
		if (glob_match_above(policy->globs[i].path, rule->path, policy->globs[i].nocase))
			return true;
	return false;
}

/* --- the order ---------------------------------------------------------------------------- */

static int fold(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

static int compare(const void *left, const void *right)
{
	static const int ranks[] = { [ACCESS_READ] = 1, [ACCESS_WRITE] = 2, [ACCESS_DENY] = 3 };
	const struct rule *a = ((const struct placed *)left)->rule, *b = ((const struct placed *)right)->rule;
	const char *p = a->path, *q = b->path;

	for (; *p && fold(*p) == fold(*q); p++, q++)
		;
	if (fold(*p) != fold(*q))	/* as if a slash came before all else: below stands behind above */
		return (*p == '/' ? 1 : fold(*p)) - (*q == '/' ? 1 : fold(*q));
	return ranks[a->access] != ranks[b->access] ? ranks[a->access] - ranks[b->access] : strcmp(a->path, b->path);
}

/* The rules above one, in any case of letters, are a stack: in this order a tree is walked depth first. */
int place_rules(struct writer *writer)
{
	const struct policy *policy = writer->policy;
	struct arena *arena = &writer->seatbelt->arena;
	struct placed *placed = arena_alloc(arena, (policy->count + 1) * sizeof(*placed));
	size_t *above = arena_alloc(arena, (policy->count + 1) * sizeof(*above)), depth = 0;

	if (!placed || !above)
		return -ENOMEM;
	for (size_t i = 0; i < policy->count; i++)
		placed[i].rule = &policy->rules[i];
	qsort(placed, policy->count, sizeof(*placed), compare);
	for (size_t i = 0; i < policy->count; i++) {
		const char *path = placed[i].rule->path;

		placed[i].outside = ACCESS_DENY;
		while (depth && !path_below(path, placed[above[depth - 1]].rule->path, true))
			depth--;
		for (size_t k = depth; k-- > 0;) {
			const struct rule *rule = placed[above[k]].rule;

			if (!path_below(path, rule->path, rule->nocase))
				continue;
			placed[i].outside = rule->access;
			break;
		}
		above[depth++] = i;
	}
	writer->rules_placed = placed;
	return 0;
}

void write_files(struct writer *writer)
{
	const struct policy *policy = writer->policy;
	ptrdiff_t root = policy_rule_at(policy, "/");

	text_add(&writer->text, "\n; --- files\n");
	if (root < 0 || policy->rules[root].access == ACCESS_DENY)
		text_add(&writer->text, "; older systems do not count this to \"default\"\n"
					"(deny file-map-executable)\n");
	for (size_t i = 0; i < policy->count; i++)
		if (writer->rules_placed[i].rule->kind != RULE_SYSTEM &&
		    !is_held_by_glob(policy, writer->rules_placed[i].rule))
			write_rule(writer, &writer->rules_placed[i]);
	write_link_ways(writer);
	write_system(writer);
}

/* --- closing ------------------------------------------------------------------------------ */

static void write_expressions(struct writer *writer, const struct patterns *patterns, bool below, bool nocase)
{
	for (size_t i = 0; i < patterns->count; i++) {
		struct text text = { 0 };

		glob_expression(&text, patterns->items[i], nocase);
		if (!below && text.size > 7)	/* the directory alone */
			strcpy(text.bytes + text.size - 7, "$");
		add_filter(writer, "regex", writer_param(writer, "GLOB", &writer->globs, text.bytes));
		text_done(&text);
	}
}

static void write_glob(struct writer *writer, const struct rule *glob)
{
	struct arena *arena = &writer->seatbelt->arena;
	struct patterns alternatives, ways = { 0 };

	writer_head(writer, "deny", glob);
	if (glob_alternatives(arena, glob->path, &alternatives) < 0) {
		writer->failed = true;
		return;
	}
	text_printf(&writer->text, "(deny %s %s", reading(writer), writing(writer));
	write_expressions(writer, &alternatives, true, glob->nocase);
	text_add(&writer->text, ")\n");
	for (size_t i = 0; i < alternatives.count; i++)
		if (glob_ways(arena, alternatives.items[i], &ways) < 0)
			writer->failed = true;
	if (!ways.count)
		return;
	text_add(&writer->text, "(deny file-write-unlink");
	write_expressions(writer, &ways, false, glob->nocase);
	text_add(&writer->text, ")\n");
}

static void write_links(struct writer *writer)
{
	const struct policy *policy = writer->policy;
	bool any = false;

	for (size_t i = 0; i < policy->link_count; i++) {
		if (!policy_allows_write(policy, policy->links[i]))
			continue;
		if (!any)
			text_printf(&writer->text, "\n; links that rules passed through stay as they are\n(deny %s",
				    writing(writer));
		any = true;
		add_filter(writer, "literal", writer_param(writer, "LINK", &writer->links, policy->links[i]));
	}
	text_add(&writer->text, any ? ")\n" : "");
}

static void write_pins(struct writer *writer)
{
	const struct plan *plan = writer->plan;

	if (!plan->pin_count)
		return;
	text_add(&writer->text, "\n; what is ruled, and the directories above it, keep their names\n"
				"(deny file-write-unlink");
	for (size_t i = 0; i < plan->pin_count; i++)
		add_filter(writer, "literal", writer_param(writer, "PIN", &writer->pins, plan->pins[i]));
	text_add(&writer->text, ")\n");
}

void write_closing(struct writer *writer)
{
	for (size_t i = 0; i < writer->policy->glob_count; i++)
		write_glob(writer, &writer->policy->globs[i]);
	write_links(writer);
	write_pins(writer);
}
