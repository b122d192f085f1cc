/* SPDX-License-Identifier: Apache-2.0 */
/* scheme.c — the part of Scheme that profiles are written in. What is not here is refused where it stands: a guess
 * about a form that we do not know would be a guess about what it allows. */
#include "macos/scheme.h"

#include <stdio.h>
#include <string.h>

struct value scheme_nil = { .type = VALUE_NIL }, scheme_nothing = { .type = VALUE_NOTHING };
static struct value false_value = { .type = VALUE_FALSE }, true_value = { .type = VALUE_TRUE };

/* --- making ------------------------------------------------------------------------------- */

struct value *scheme_fail(struct machine *machine, struct place place, const char *format, ...)
{
	char message[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	error_at(machine->err, machine->sbpl->origin, place.line, place.column, "%s", message);
	return NULL;
}

void *scheme_alloc(struct machine *machine, size_t size)
{
	void *memory = NULL;

	machine->bytes += size;
	if (machine->bytes <= SBPL_BYTES)
		memory = arena_alloc(&machine->sbpl->arena, size);
	if (!memory)
		error_set(machine->err, ENOMEM, "%s: %s", machine->sbpl->origin, machine->bytes > SBPL_BYTES ?
			  "it takes more memory than any profile should" : "out of memory");
	return memory;
}

struct value *scheme_value(struct machine *machine, enum value_type type, struct place place)
{
	struct value *value = scheme_alloc(machine, sizeof(*value));

	if (value) {
		value->type = type;
		value->place = place;
	}
	return value;
}

struct value *scheme_pair(struct machine *machine, struct value *first, struct value *rest, struct place place)
{
	struct value *pair = scheme_value(machine, VALUE_PAIR, place);

	if (pair) {
		pair->pair.first = first;
		pair->pair.rest = rest;
	}
	return pair;
}

struct value *scheme_string(struct machine *machine, const char *bytes, size_t size, struct place place)
{
	struct value *value = scheme_value(machine, VALUE_STRING, place);
	char *copy = value ? scheme_alloc(machine, size + 1) : NULL;

	if (!copy)
		return NULL;
	memcpy(copy, bytes, size);
	value->text = copy;
	return value;
}

struct value *scheme_boolean(bool truth)
{
	return truth ? &true_value : &false_value;
}

static bool is_true(const struct value *value)
{
	return value->type != VALUE_FALSE;
}

/* --- names -------------------------------------------------------------------------------- */

struct value **scheme_find(struct scope *scope, const char *name)
{
	for (; scope; scope = scope->outer)
		for (struct binding *binding = scope->bindings; binding; binding = binding->next)
			if (!strcmp(binding->name, name))
				return &binding->value;
	return NULL;
}

int scheme_define(struct machine *machine, struct scope *scope, const char *name, struct value *value)
{
	struct binding *binding;

	for (binding = scope->bindings; binding; binding = binding->next)
		if (!strcmp(binding->name, name)) {
			binding->value = value;
			return 0;
		}
	binding = scheme_alloc(machine, sizeof(*binding));
	if (!binding)
		return -ENOMEM;
	*binding = (struct binding){ name, value, scope->bindings };
	scope->bindings = binding;
	return 0;
}

/* --- parts of a form ---------------------------------------------------------------------- */

static struct value *nth(struct value *form, size_t n)
{
	for (; n > 0 && form->type == VALUE_PAIR; n--)
		form = form->pair.rest;
	return form->type == VALUE_PAIR ? form->pair.first : NULL;
}

static struct value *tail(struct value *form, size_t n)
{
	for (; n > 0 && form->type == VALUE_PAIR; n--)
		form = form->pair.rest;
	return form;
}

static struct value *malformed(struct machine *machine, const struct value *form)
{
	return scheme_fail(machine, form->place, "(%s ...) is not well formed", form->pair.first->text);
}

static struct value *evaluate_body(struct machine *machine, struct value *forms, struct scope *scope)
{
	struct value *value = &scheme_nothing;

	for (; value && forms->type == VALUE_PAIR; forms = forms->pair.rest)
		value = scheme_evaluate(machine, forms->pair.first, scope);
	return value;
}

static struct scope *new_scope(struct machine *machine, struct scope *outer)
{
	struct scope *scope = scheme_alloc(machine, sizeof(*scope));

	if (scope)
		scope->outer = outer;
	return scope;
}

static struct value *make_lambda(struct machine *machine, struct value *parameters, struct value *body,
				 struct scope *scope, struct place place)
{
	struct value *lambda = scheme_value(machine, VALUE_LAMBDA, place);

	for (struct value *p = parameters; p->type == VALUE_PAIR; p = p->pair.rest)
		if (p->pair.first->type != VALUE_SYMBOL)
			return scheme_fail(machine, p->pair.first->place, "a parameter's name is expected");
	if (lambda) {
		lambda->lambda.parameters = parameters;
		lambda->lambda.body = body;
		lambda->lambda.scope = scope;
	}
	return lambda;
}

struct form;
static const struct form *find_form(const char *name);

/* What bawn says after a text of somebody's must mean what it says: `deny` stays deny. */
static bool is_reserved(struct machine *machine, const char *name)
{
	struct value **slot = scheme_find(&machine->globals, name);

	return find_form(name) || rules_is_operation(name) || (slot && (*slot)->type == VALUE_BUILTIN);
}

static struct value *refuse_reserved(struct machine *machine, const struct value *name)
{
	return scheme_fail(machine, name->place, "%s is Seatbelt's own and keeps its meaning", name->text);
}

/* --- special forms ------------------------------------------------------------------------ */

static struct value *form_quote(struct machine *machine, struct value *form, struct scope *scope)
{
	(void)scope;
	return nth(form, 1) ? nth(form, 1) : malformed(machine, form);
}

/* (define name value), (define (name parameter ... [. rest]) body ...) */
static struct value *form_define(struct machine *machine, struct value *form, struct scope *scope)
{
	struct value *head = nth(form, 1), *name = head ? nth(head, 0) : NULL, *value;

	if (head && head->type == VALUE_SYMBOL && is_reserved(machine, head->text))
		return refuse_reserved(machine, head);
	if (name && name->type == VALUE_SYMBOL && is_reserved(machine, name->text))
		return refuse_reserved(machine, name);
	if (name && name->type == VALUE_SYMBOL) {
		value = make_lambda(machine, tail(head, 1), tail(form, 2), scope, form->place);
		head = name;
	} else if (head && head->type == VALUE_SYMBOL && nth(form, 2)) {
		value = scheme_evaluate(machine, nth(form, 2), scope);
	} else {
		return malformed(machine, form);
	}
	if (!value || scheme_define(machine, scope, head->text, value) < 0)
		return NULL;
	return &scheme_nothing;
}

static struct value *form_define_once(struct machine *machine, struct value *form, struct scope *scope)
{
	struct value *head = nth(form, 1);

	if (head && head->type == VALUE_PAIR)
		head = head->pair.first;
	if (head && head->type == VALUE_SYMBOL && scheme_find(scope, head->text))
		return &scheme_nothing;
	return form_define(machine, form, scope);
}

static struct value *form_set(struct machine *machine, struct value *form, struct scope *scope)
{
	struct value *name = nth(form, 1), *value, **slot;

	if (!name || name->type != VALUE_SYMBOL || !nth(form, 2))
		return malformed(machine, form);
	if (is_reserved(machine, name->text))
		return refuse_reserved(machine, name);
	slot = scheme_find(scope, name->text);
	if (!slot)
		return scheme_fail(machine, name->place, "%s is not defined", name->text);
	value = scheme_evaluate(machine, nth(form, 2), scope);
	if (!value)
		return NULL;
	*slot = value;
	return &scheme_nothing;
}

static struct value *form_lambda(struct machine *machine, struct value *form, struct scope *scope)
{
	if (!nth(form, 1))
		return malformed(machine, form);
	return make_lambda(machine, nth(form, 1), tail(form, 2), scope, form->place);
}

static struct value *form_if(struct machine *machine, struct value *form, struct scope *scope)
{
	struct value *condition;

	if (!nth(form, 2))
		return malformed(machine, form);
	condition = scheme_evaluate(machine, nth(form, 1), scope);
	if (!condition)
		return NULL;
	if (is_true(condition))
		return scheme_evaluate(machine, nth(form, 2), scope);
	return nth(form, 3) ? scheme_evaluate(machine, nth(form, 3), scope) : &scheme_nothing;
}

static struct value *when_truth_is(struct machine *machine, struct value *form, struct scope *scope, bool truth)
{
	struct value *condition;

	if (!nth(form, 1))
		return malformed(machine, form);
	condition = scheme_evaluate(machine, nth(form, 1), scope);
	if (!condition)
		return NULL;
	return is_true(condition) == truth ? evaluate_body(machine, tail(form, 2), scope) : &scheme_nothing;
}

static struct value *form_when(struct machine *machine, struct value *form, struct scope *scope)
{
	return when_truth_is(machine, form, scope, true);
}

static struct value *form_unless(struct machine *machine, struct value *form, struct scope *scope)
{
	return when_truth_is(machine, form, scope, false);
}

static struct value *form_begin(struct machine *machine, struct value *form, struct scope *scope)
{
	return evaluate_body(machine, tail(form, 1), scope);
}

static struct value *until_truth_is(struct machine *machine, struct value *form, struct scope *scope, bool truth)
{
	struct value *value = scheme_boolean(!truth);

	for (struct value *rest = tail(form, 1); rest->type == VALUE_PAIR; rest = rest->pair.rest) {
		value = scheme_evaluate(machine, rest->pair.first, scope);
		if (!value || is_true(value) == truth)
			return value;
	}
	return value;
}

static struct value *form_and(struct machine *machine, struct value *form, struct scope *scope)
{
	return until_truth_is(machine, form, scope, false);
}

static struct value *form_or(struct machine *machine, struct value *form, struct scope *scope)
{
	return until_truth_is(machine, form, scope, true);
}

static struct value *form_cond(struct machine *machine, struct value *form, struct scope *scope)
{
	for (struct value *rest = tail(form, 1); rest->type == VALUE_PAIR; rest = rest->pair.rest) {
		struct value *clause = rest->pair.first, *condition;

		if (clause->type != VALUE_PAIR)
			return malformed(machine, form);
		condition = clause->pair.first;
		if (condition->type == VALUE_SYMBOL && !strcmp(condition->text, "else"))
			return evaluate_body(machine, clause->pair.rest, scope);
		condition = scheme_evaluate(machine, condition, scope);
		if (!condition)
			return NULL;
		if (is_true(condition))
			return clause->pair.rest->type == VALUE_PAIR ?
				       evaluate_body(machine, clause->pair.rest, scope) : condition;
	}
	return &scheme_nothing;
}

/* Binds ((name value) ...), each value seen from values_scope; names gathers the names as a list, for a loop. */
static int bind_all(struct machine *machine, struct value *form, struct value *bindings, struct scope *values_scope,
		    struct scope *scope, struct value **names)
{
	for (; bindings->type == VALUE_PAIR; bindings = bindings->pair.rest) {
		struct value *binding = bindings->pair.first, *name = nth(binding, 0), *value;

		if (!name || name->type != VALUE_SYMBOL || !nth(binding, 1)) {
			malformed(machine, form);
			return -EINVAL;
		}
		value = scheme_evaluate(machine, nth(binding, 1), values_scope);
		if (!value || scheme_define(machine, scope, name->text, value) < 0 ||
		    !(*names = scheme_pair(machine, name, &scheme_nil, form->place)))
			return -EINVAL;
		names = &(*names)->pair.rest;
	}
	return 0;
}

/* (let ((name value) ...) body ...), (let loop (...) body ...); letrec and let* see the earlier names. */
static struct value *form_let(struct machine *machine, struct value *form, struct scope *scope)
{
	bool sequential = strcmp(form->pair.first->text, "let") != 0;
	struct value *loop = nth(form, 1), *names = &scheme_nil, *bindings;
	struct scope *inner = new_scope(machine, scope);
	size_t skip = 2;

	if (!inner)
		return NULL;
	if (!loop)
		return malformed(machine, form);
	bindings = loop;
	if (loop->type == VALUE_SYMBOL) {
		bindings = nth(form, 2);
		skip = 3;
	}
	if (!bindings || (bindings->type != VALUE_PAIR && bindings->type != VALUE_NIL))
		return malformed(machine, form);
	if (bind_all(machine, form, bindings, sequential ? inner : scope, inner, &names) < 0)
		return NULL;
	if (skip == 3) {
		struct value *lambda = make_lambda(machine, names, tail(form, skip), inner, form->place);

		if (!lambda || scheme_define(machine, inner, loop->text, lambda) < 0)
			return NULL;
	}
	return evaluate_body(machine, tail(form, skip), inner);
}

/* (version 1), (debug deny), (disable-callouts) ...: they say nothing about what is allowed. */
static struct value *form_ignore(struct machine *machine, struct value *form, struct scope *scope)
{
	(void)machine;
	(void)form;
	(void)scope;
	return &scheme_nothing;
}

static struct value *form_version(struct machine *machine, struct value *form, struct scope *scope)
{
	const struct value *number = nth(form, 1);

	(void)scope;
	if (!number || number->type != VALUE_NUMBER || number->number < 1 || number->number > 3)
		return scheme_fail(machine, form->place, "(version 1) is expected, or 2, or 3");
	return &scheme_nothing;
}

static struct value *form_import(struct machine *machine, struct value *form, struct scope *scope)
{
	(void)scope;
	return rules_import(machine, form->place);
}

/* What Apple's system.sb defines. */
static struct value *form_of_import(struct machine *machine, struct value *form, struct scope *scope)
{
	(void)scope;
	if (!machine->imported)
		return scheme_fail(machine, form->place, "(%s) is known only after (import \"system.sb\")",
				   form->pair.first->text);
	return rules_import(machine, form->place);
}

struct form {
	const char *name;
	struct value *(*evaluate)(struct machine *machine, struct value *form, struct scope *scope);
};

static const struct form forms[] = {
	{ "and", form_and }, { "begin", form_begin }, { "cond", form_cond }, { "debug", form_ignore },
	{ "define", form_define }, { "define-once", form_define_once }, { "disable-callouts", form_ignore },
	{ "disable-full-symbolication", form_ignore }, { "if", form_if }, { "import", form_import },
	{ "lambda", form_lambda }, { "let", form_let }, { "let*", form_let }, { "letrec", form_let },
	{ "or", form_or }, { "quote", form_quote }, { "set!", form_set }, { "system-graphics", form_of_import },
	{ "system-network", form_of_import }, { "trace", form_ignore }, { "unless", form_unless },
	{ "version", form_version }, { "when", form_when }, { "with-filter", rules_with_filter },
};

static const struct form *find_form(const char *name)
{
	static const struct form of_rules = { "", rules_evaluate };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (!strcmp(forms[i].name, name))
			return &forms[i];
	return rules_form(name) == FORM_NONE ? NULL : &of_rules;
}

/* --- evaluation --------------------------------------------------------------------------- */

static struct value *evaluate_symbol(struct machine *machine, struct value *symbol, struct scope *scope)
{
	struct value **slot = scheme_find(scope, symbol->text);

	if (slot)
		return *slot;
	if (rules_is_operation(symbol->text))
		return symbol;
	return scheme_fail(machine, symbol->place, "%s is not known", symbol->text);
}

/* symbols: what is not defined stands for itself, as names of socket domains and the like do. */
struct value *scheme_list(struct machine *machine, struct value *list, struct scope *scope, bool symbols)
{
	struct value *values = &scheme_nil, **end = &values;

	for (; list->type == VALUE_PAIR; list = list->pair.rest) {
		struct value *form = list->pair.first;
		bool itself = symbols && form->type == VALUE_SYMBOL && !scheme_find(scope, form->text);
		struct value *value = itself ? form : scheme_evaluate(machine, form, scope);

		if (!value || !(*end = scheme_pair(machine, value, &scheme_nil, form->place)))
			return NULL;
		end = &(*end)->pair.rest;
	}
	return values;
}

static struct value *apply_lambda(struct machine *machine, struct value *function, struct value *arguments,
				  struct place place)
{
	struct scope *scope = new_scope(machine, function->lambda.scope);
	struct value *parameters = function->lambda.parameters;

	if (!scope)
		return NULL;
	for (; parameters->type == VALUE_PAIR; parameters = parameters->pair.rest) {
		if (arguments->type != VALUE_PAIR)
			return scheme_fail(machine, place, "too few arguments: %s is missing",
					   parameters->pair.first->text);
		if (scheme_define(machine, scope, parameters->pair.first->text, arguments->pair.first) < 0)
			return NULL;
		arguments = arguments->pair.rest;
	}
	if (parameters->type == VALUE_SYMBOL && scheme_define(machine, scope, parameters->text, arguments) < 0)
		return NULL;
	if (parameters->type == VALUE_NIL && arguments->type == VALUE_PAIR)
		return scheme_fail(machine, place, "too many arguments");
	return evaluate_body(machine, function->lambda.body, scope);
}

struct value *scheme_apply(struct machine *machine, struct value *function, struct value *arguments,
			   struct place place)
{
	if (function->type == VALUE_BUILTIN)
		return function->builtin(machine, arguments, place);
	if (function->type == VALUE_LAMBDA)
		return apply_lambda(machine, function, arguments, place);
	return scheme_fail(machine, place, "what stands first in this list is no function");
}

static struct value *evaluate_list(struct machine *machine, struct value *form, struct scope *scope)
{
	struct value *head = form->pair.first, *function, *arguments;
	const struct form *special = NULL;

	if (head->type == VALUE_SYMBOL && !scheme_find(scope, head->text)) {
		special = find_form(head->text);
		if (!special)
			return scheme_fail(machine, head->place, "(%s ...) is not known", head->text);
	}
	if (special)
		return special->evaluate(machine, form, scope);
	if (!(function = scheme_evaluate(machine, head, scope)) ||
	    !(arguments = scheme_list(machine, form->pair.rest, scope, false)))
		return NULL;
	return scheme_apply(machine, function, arguments, form->place);
}

struct value *scheme_evaluate(struct machine *machine, struct value *form, struct scope *scope)
{
	struct value *value;

	if (++machine->steps > SBPL_STEPS)
		return scheme_fail(machine, form->place, "the profile does not come to an end");
	if (form->type == VALUE_SYMBOL)
		return evaluate_symbol(machine, form, scope);
	if (form->type != VALUE_PAIR)
		return form;
	if (machine->depth >= SBPL_CALLS)
		return scheme_fail(machine, form->place, "calls are nested more than %d deep", SBPL_CALLS);
	machine->depth++;
	value = evaluate_list(machine, form, scope);
	machine->depth--;
	return value;
}
