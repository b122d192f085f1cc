/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c — (allow OPERATION ... FILTER ...), (deny ...), the filters, and the reading of a whole profile.
 *
 * A rule of several operations becomes one for each; filters side by side mean "any of them". */
#include "macos/scheme.h"

#include <stdlib.h>
#include <string.h>

static const char *const operations[] = {
#define OPERATION(name) name,
#include "macos/operations.def"
#undef OPERATION
};

_Static_assert(ARRAY_SIZE(operations) <= SBPL_OPERATIONS_MAX, "SBPL_OPERATIONS_MAX");

struct filter_row { const char *name; enum match_kind kind; const char *fact; };

static const struct filter_row filters[] = {
#define FILTER(name, how, fact) { name, MATCH_##how, fact },
#include "macos/filters.def"
#undef FILTER
};

/* What (with ...) may say; only no-sandbox changes what is allowed. */
static const char *const modifiers[] = {
	"EINVAL", "EPERM", "ENOENT", "enable-full-symbolication", "grant", "message", "no-callout", "no-log",
	"no-report", "no-sandbox", "no-times", "report", "send-signal", "telemetry", "telemetry-backtrace",
	"user-approval",
};

static bool is_among(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

ptrdiff_t rules_operation(const char *name)
{
	size_t low = 0, high = ARRAY_SIZE(operations);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, operations[middle]);

		if (order == 0)
			return (ptrdiff_t)middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

bool rules_is_operation(const char *name)
{
	return rules_operation(name) >= 0;
}

bool sbpl_operation_known(const char *operation)
{
	return rules_is_operation(operation);
}

/* The row of a filter, and how it compares: "global-name-regex" is "global-name" with another comparison. */
static const struct filter_row *find_filter(const char *name, enum match_kind *ret_kind)
{
	static const struct { const char *end; enum match_kind kind; } ends[] = {
		{ "", MATCH_EQUAL }, { "-regex", MATCH_REGEX }, { "-prefix", MATCH_PREFIX },
	};
	size_t size = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		for (size_t e = 0; e < ARRAY_SIZE(ends); e++) {
			size_t stem = strlen(filters[i].name), end = strlen(ends[e].end);

			if (stem + end != size || strncmp(name, filters[i].name, stem) != 0 ||
			    strcmp(name + stem, ends[e].end) != 0 || (e && filters[i].kind != MATCH_EQUAL))
				continue;
			*ret_kind = e ? ends[e].kind : filters[i].kind;
			return &filters[i];
		}
	return NULL;
}

enum form_kind rules_form(const char *name)
{
	enum match_kind kind;

	if (!strcmp(name, "allow") || !strcmp(name, "deny"))
		return FORM_RULE;
	return find_filter(name, &kind) ? FORM_FILTER : FORM_NONE;
}

/* --- filters ------------------------------------------------------------------------------ */

static struct filter *new_filter(struct machine *machine, enum match_kind kind, const char *name, struct place place)
{
	struct filter *filter = scheme_alloc(machine, sizeof(*filter));

	if (filter)
		*filter = (struct filter){ .kind = kind, .name = name, .place = place };
	return filter;
}

static int add_part(struct machine *machine, struct filter *filter, struct filter *part)
{
	struct filter **slot;

	machine->bytes += sizeof(struct filter *);
	slot = array_add(&machine->sbpl->arena, (void **)&filter->parts, &filter->count, &filter->capacity,
			 sizeof(struct filter *));
	if (!slot)
		return error_oom(machine->err);
	*slot = part;
	return 0;
}

static struct filter *combine(struct machine *machine, enum match_kind kind, struct filter *left, struct filter *right)
{
	struct filter *both = new_filter(machine, kind, kind == MATCH_ALL ? "require-all" : "require-any", left->place);

	if (!both || add_part(machine, both, left) < 0 || add_part(machine, both, right) < 0)
		return NULL;
	return both;
}

/* Parts that a (when ...) left out count for nothing; lists, as (map ...) gives them, for their elements. */
static int add_parts(struct machine *machine, struct filter *filter, struct value *values)
{
	for (; values->type == VALUE_PAIR; values = values->pair.rest) {
		struct value *value = values->pair.first;
		int e = 0;

		if (value->type == VALUE_FILTER)
			e = add_part(machine, filter, value->filter);
		else if (value->type == VALUE_PAIR)
			e = add_parts(machine, filter, value);
		else if (value->type != VALUE_NOTHING && value->type != VALUE_NIL && value->type != VALUE_FALSE)
			e = scheme_fail(machine, filter->place, "%s takes filters", filter->name) ? 0 : -EINVAL;
		if (e < 0)
			return e;
	}
	return 0;
}

static int set_regex(struct machine *machine, struct filter *filter, struct place place)
{
	const char *reason = NULL;

	filter->regex = regex_parse(&machine->sbpl->arena, filter->text, &reason);
	if (filter->regex)
		return 0;
	scheme_fail(machine, place, "expression \"%s\": %s", filter->text, reason);
	return -EINVAL;
}

/* One filter for one value. */
static struct filter *make_leaf(struct machine *machine, const struct filter_row *row, enum match_kind kind,
				const struct value *name, const struct value *argument)
{
	struct filter *filter = new_filter(machine, kind, name->text, name->place);

	if (!filter)
		return NULL;
	filter->fact = row->fact;
	if (!argument)
		return filter;
	if (argument->type == VALUE_STRING || argument->type == VALUE_SYMBOL)
		filter->text = argument->text;
	if ((kind == MATCH_REGEX || kind == MATCH_PATH_REGEX) && set_regex(machine, filter, argument->place) < 0)
		return NULL;
	return filter;
}

static bool wants_value(enum match_kind kind)
{
	return kind != MATCH_OPAQUE && kind != MATCH_NEVER && kind != MATCH_TARGET;
}

/* Names that Seatbelt defines (REGULAR-FILE, AF_UNIX) stand without quotes. */
static bool may_be(enum match_kind kind, const struct value *argument)
{
	return argument->type == VALUE_STRING || !wants_value(kind) ||
	       (kind == MATCH_EQUAL && (argument->type == VALUE_SYMBOL || argument->type == VALUE_NUMBER));
}

static struct filter *make_leaves(struct machine *machine, const struct filter_row *row, enum match_kind kind,
				  const struct value *name, struct value *arguments)
{
	struct filter *all = NULL;

	if (kind == MATCH_NEVER || (!wants_value(kind) && arguments->type != VALUE_PAIR))
		return make_leaf(machine, row, kind, name, NULL);
	if (arguments->type != VALUE_PAIR)
		scheme_fail(machine, name->place, "(%s) needs a value", name->text);
	for (; arguments->type == VALUE_PAIR; arguments = arguments->pair.rest) {
		struct value *argument = arguments->pair.first;
		struct filter *leaf;

		if (!may_be(kind, argument)) {
			scheme_fail(machine, name->place, "(%s ...) takes strings%s", name->text,
				    argument->type == VALUE_FALSE ? "; was this parameter given?" : "");
			return NULL;
		}
		leaf = make_leaf(machine, row, kind, name, argument);
		all = !leaf ? NULL : !all ? leaf : combine(machine, MATCH_ANY, all, leaf);
		if (!all)
			return NULL;
	}
	return all;
}

/* (remote ip "localhost:80"), (local unix-socket (subpath "/x")), (remote tcp). */
static struct filter *make_peer(struct machine *machine, const struct value *name, struct value *arguments)
{
	static const char *const kinds[] = { "ip", "ip4", "ip6", "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6",
					     "unix", "unix-socket" };
	struct filter *filter = new_filter(machine, MATCH_PEER, name->text, name->place);
	struct value *what, *kind = arguments->type == VALUE_PAIR ? arguments->pair.first : NULL;
	const char *colon;

	if (!filter)
		return NULL;
	if (!kind || kind->type != VALUE_SYMBOL || !is_among(kind->text, kinds, ARRAY_SIZE(kinds))) {
		scheme_fail(machine, name->place, "(%s ...) takes ip, tcp, udp or unix-socket", name->text);
		return NULL;
	}
	filter->fact = kind->text;
	what = arguments->pair.rest->type == VALUE_PAIR ? arguments->pair.rest->pair.first : NULL;
	if (!what)
		return filter;
	if (what->type == VALUE_FILTER)
		return add_part(machine, filter, what->filter) < 0 ? NULL : filter;
	colon = what->type == VALUE_STRING ? strrchr(what->text, ':') : NULL;
	if (!colon) {
		scheme_fail(machine, name->place, "(%s %s ...) takes \"HOST:PORT\" or a filter", name->text,
			    kind->text);
		return NULL;
	}
	filter->port = colon + 1;
	what = scheme_string(machine, what->text, (size_t)(colon - what->text), what->place);
	if (!what)
		return NULL;
	filter->text = what->text;
	return filter;
}

static struct value *evaluate_filter(struct machine *machine, struct value *form, struct scope *scope)
{
	struct value *name = form->pair.first, *value = scheme_value(machine, VALUE_FILTER, form->place);
	struct value *arguments = scheme_list(machine, form->pair.rest, scope, true);
	enum match_kind kind = MATCH_OPAQUE;
	const struct filter_row *row = find_filter(name->text, &kind);

	if (!value || !arguments || !row)
		return NULL;
	if (kind == MATCH_ALL || kind == MATCH_ANY || kind == MATCH_NOT) {
		value->filter = new_filter(machine, kind, name->text, name->place);
		if (!value->filter || add_parts(machine, value->filter, arguments) < 0)
			return NULL;
	} else {
		value->filter = kind == MATCH_PEER ? make_peer(machine, name, arguments) :
						     make_leaves(machine, row, kind, name, arguments);
	}
	return value->filter ? value : NULL;
}

/* --- rules -------------------------------------------------------------------------------- */

struct rule_parts { const char *operations[64]; size_t count; struct filter *filter; bool escapes; };

/* Older names, of when what is a wildcard now was one operation, stand for the wildcard. */
static const char *level_of(const char *operation)
{
	static const char *const wildcards[] = { "iokit-open*", "ipc-posix-sem*", "ipc-posix-shm*" };

	for (size_t i = 0; i < ARRAY_SIZE(wildcards); i++)
		if (strlen(operation) + 1 == strlen(wildcards[i]) &&
		    !strncmp(operation, wildcards[i], strlen(operation)))
			return wildcards[i];
	return operation;
}

static int add_rule(struct machine *machine, struct sbpl_rule rule)
{
	ptrdiff_t level = rules_operation(level_of(rule.operation));
	struct sbpl *sbpl = machine->sbpl;
	struct sbpl_rule *slot = array_add(&sbpl->arena, (void **)&sbpl->rules, &sbpl->count, &sbpl->capacity,
					   sizeof(*slot));

	machine->bytes += sizeof(*slot);
	if (!slot)
		return error_oom(machine->err);
	*slot = rule;
	slot->operation = operations[rules_operation(rule.operation)];	/* outlives the profile, for answers */
	slot->earlier = sbpl->last[level];
	sbpl->last[level] = sbpl->count;
	sbpl->imports = sbpl->imports || rule.import;
	return 0;
}

static int add_operation(struct machine *machine, struct rule_parts *parts, const struct value *symbol)
{
	if (!rules_is_operation(symbol->text))
		scheme_fail(machine, symbol->place, "there is no operation %s", symbol->text);
	else if (parts->count == ARRAY_SIZE(parts->operations))
		scheme_fail(machine, symbol->place, "too many operations in one rule");
	else
		parts->operations[parts->count++] = symbol->text;
	return parts->count && parts->operations[parts->count - 1] == symbol->text ? 0 : -EINVAL;
}

/* (with no-log), (with message "..."), (with send-signal SIGKILL). */
static int add_modifier(struct machine *machine, struct rule_parts *parts, const struct value *form)
{
	const struct value *name = form->pair.rest->type == VALUE_PAIR ? form->pair.rest->pair.first : NULL;

	if (name && name->type == VALUE_SYMBOL && is_among(name->text, modifiers, ARRAY_SIZE(modifiers))) {
		parts->escapes = parts->escapes || !strcmp(name->text, "no-sandbox");
		return 0;
	}
	scheme_fail(machine, form->place, "this (with ...) is not known");
	return -EINVAL;
}

static int add_value(struct machine *machine, struct rule_parts *parts, const struct value *value, struct place place)
{
	int e = 0;

	switch (value->type) {
	case VALUE_FILTER:
		parts->filter = parts->filter ? combine(machine, MATCH_ANY, parts->filter, value->filter)
					      : value->filter;
		return parts->filter ? 0 : -ENOMEM;
	case VALUE_SYMBOL:
		return add_operation(machine, parts, value);
	case VALUE_PAIR:
		for (; e >= 0 && value->type == VALUE_PAIR; value = value->pair.rest)
			e = add_value(machine, parts, value->pair.first, place);
		return e;
	case VALUE_NOTHING:
	case VALUE_NIL:
	case VALUE_FALSE:
		return 0;
	default:
		scheme_fail(machine, place, "a rule takes operations and filters");
		return -EINVAL;
	}
}

static bool is_form(const struct value *value, const char *name)
{
	return value->type == VALUE_PAIR && value->pair.first->type == VALUE_SYMBOL &&
	       !strcmp(value->pair.first->text, name);
}

static int read_parts(struct machine *machine, struct value *form, struct scope *scope, struct rule_parts *parts)
{
	int e = 0;

	for (struct value *rest = form->pair.rest; e >= 0 && rest->type == VALUE_PAIR; rest = rest->pair.rest) {
		struct value *item = rest->pair.first;

		if (is_form(item, "with")) {
			e = add_modifier(machine, parts, item);
		} else if (is_form(item, "apply-message-filter")) {
			continue;	/* of messages to what the rule has opened */
		} else if (item->type == VALUE_SYMBOL && !scheme_find(scope, item->text)) {
			e = add_operation(machine, parts, item);
		} else {
			const struct value *value = scheme_evaluate(machine, item, scope);

			e = value ? add_value(machine, parts, value, item->place) : -EINVAL;
		}
	}
	return e;
}

static struct value *evaluate_rule(struct machine *machine, struct value *form, struct scope *scope)
{
	struct rule_parts parts = { .count = 0 };
	size_t given;

	if (read_parts(machine, form, scope, &parts) < 0)
		return NULL;
	if (!parts.count)
		return scheme_fail(machine, form->place, "a rule without an operation");
	if (machine->around)
		parts.filter = parts.filter ? combine(machine, MATCH_ALL, machine->around, parts.filter)
					    : machine->around;
	given = parts.count;
	for (size_t i = 0; i < given; i++) {
		struct sbpl_rule rule = {
			.allow = !strcmp(form->pair.first->text, "allow"), .operation = parts.operations[i],
			.filter = parts.filter, .place = form->place, .escapes = parts.escapes,
		};

		if (add_rule(machine, rule) < 0)
			return NULL;
	}
	return &scheme_nothing;
}

struct value *rules_evaluate(struct machine *machine, struct value *form, struct scope *scope)
{
	if (rules_form(form->pair.first->text) == FORM_RULE)
		return evaluate_rule(machine, form, scope);
	return evaluate_filter(machine, form, scope);
}

/* (with-filter FILTER rule ...): each rule inside holds only where the filter does too. */
struct value *rules_with_filter(struct machine *machine, struct value *form, struct scope *scope)
{
	struct filter *outer = machine->around;
	struct value *rest = form->pair.rest, *filter, *value = &scheme_nothing;

	if (rest->type != VALUE_PAIR)
		return scheme_fail(machine, form->place, "(with-filter ...) takes a filter and rules");
	filter = scheme_evaluate(machine, rest->pair.first, scope);
	if (!filter)
		return NULL;
	if (filter->type != VALUE_FILTER)
		return scheme_fail(machine, form->place, "(with-filter ...) takes a filter and rules");
	machine->around = outer ? combine(machine, MATCH_ALL, outer, filter->filter) : filter->filter;
	if (!machine->around)
		return NULL;
	for (rest = rest->pair.rest; value && rest->type == VALUE_PAIR; rest = rest->pair.rest)
		value = scheme_evaluate(machine, rest->pair.first, scope);
	machine->around = outer;
	return value ? &scheme_nothing : NULL;
}

struct value *rules_import(struct machine *machine, struct place place)
{
	struct filter *unknown = new_filter(machine, MATCH_OPAQUE, "import", place);

	machine->imported = true;
	if (!unknown || add_rule(machine, (struct sbpl_rule){ .allow = true, .import = true, .operation = "default",
							       .filter = unknown, .place = place }) < 0)
		return NULL;
	return &scheme_nothing;
}

/* --- the whole ---------------------------------------------------------------------------- */

static int copy_params(struct machine *machine)
{
	struct sbpl *sbpl = machine->sbpl;

	sbpl->params = scheme_alloc(machine, (machine->param_count + 1) * sizeof(*sbpl->params));
	for (size_t i = 0; sbpl->params && i < machine->param_count; i++) {
		sbpl->params[i].name = arena_strdup(&sbpl->arena, machine->params[i].name);
		if (!sbpl->params[i].name)
			return error_oom(machine->err);
	}
	sbpl->param_count = machine->param_count;
	return sbpl->params ? 0 : -ENOMEM;
}

static int read_all(struct machine *machine, const char *text, size_t size)
{
	struct reader reader = { .machine = machine, .at = text, .end = text + size, .place = { 1, 1 } };
	struct value *form;
	bool failed;

	if (copy_params(machine) < 0 || builtins_define(machine) < 0)
		return -ENOMEM;
	while ((form = reader_next(&reader, &failed)))
		if (!scheme_evaluate(machine, form, &machine->globals))
			return -EINVAL;
	return failed ? -EINVAL : 0;
}

int sbpl_read(const char *text, size_t size, const char *origin, const struct sbpl_param *params, size_t param_count,
	      struct sbpl **ret_sbpl, struct bawn_error *err)
{
	struct sbpl *sbpl = calloc(1, sizeof(*sbpl));
	struct machine machine = { .sbpl = sbpl, .params = params, .param_count = param_count, .err = err };

	if (!sbpl)
		return error_oom(err);
	sbpl->origin = arena_strdup(&sbpl->arena, origin);
	if (!sbpl->origin || read_all(&machine, text, size) < 0) {
		int e = sbpl->origin ? -EINVAL : error_oom(err);

		sbpl_free(sbpl);
		return e;
	}
	*ret_sbpl = sbpl;
	return 0;
}

void sbpl_free(struct sbpl *sbpl)
{
	if (!sbpl)
		return;
	arena_done(&sbpl->arena);
	free(sbpl);
}
