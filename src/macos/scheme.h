/* SPDX-License-Identifier: Apache-2.0 */
/* scheme.h — what the files that read Seatbelt's profile language share, and nobody else includes.
 *
 *	reader.c     text                → values      every one with its place
 *	scheme.c     values              → values      the forms of the language
 *	builtins.c   its functions
 *	rules.c      (allow ...), filters → struct sbpl
 *	matching.c   filter + question   → yes, no, cannot know
 *	regex.c      expressions of (regex ...) */
#ifndef BAWN_MACOS_SCHEME_H
#define BAWN_MACOS_SCHEME_H

#include "macos/macos.h"

/* Bounds, so that a profile written to hurt ends with a message. Real ones come to a hundredth of them. */
#define SBPL_NESTING	100		/* of parentheses */
#define SBPL_CALLS	600		/* of forms that are evaluated within each other */
#define SBPL_STEPS	1000000		/* evaluated forms */
#define SBPL_STRING	65536		/* bytes of one string */
#define SBPL_BYTES	(32u << 20)	/* memory of one reading */

struct place { unsigned line, column; };

/* --- values ------------------------------------------------------------------------------- */

enum value_type {
	VALUE_NIL, VALUE_FALSE, VALUE_TRUE, VALUE_NOTHING,	/* NOTHING: what (define ...) and the like give */
	VALUE_NUMBER, VALUE_STRING, VALUE_SYMBOL, VALUE_PAIR, VALUE_LAMBDA, VALUE_BUILTIN, VALUE_FILTER,
};

struct machine;
struct value;

struct value {
	enum value_type type;
	struct place place;		/* of what was read; of the call for what was made */
	union {
		long number;
		const char *text;	/* STRING, SYMBOL */
		struct { struct value *first, *rest; } pair;
		struct { struct value *parameters, *body; struct scope *scope; } lambda;
		struct value *(*builtin)(struct machine *machine, struct value *arguments, struct place place);
		struct filter *filter;
	};
};

struct binding { const char *name; struct value *value; struct binding *next; };

struct scope { struct binding *bindings; struct scope *outer; };

/* --- rules and filters -------------------------------------------------------------------- */

enum match_kind {
	MATCH_EQUAL, MATCH_PREFIX, MATCH_REGEX,
	MATCH_LITERAL, MATCH_SUBPATH, MATCH_PATH_PREFIX, MATCH_PATH_REGEX,	/* of the path */
	MATCH_ANCESTORS,		/* the directories above a path */
	MATCH_TARGET,			/* a process: self, same-sandbox, others ... */
	MATCH_PEER,			/* (remote ...), (local ...) */
	MATCH_NEVER,			/* what a process that sandbox-exec started does not have */
	MATCH_OPAQUE,			/* known to macOS; nothing is known of it here */
	MATCH_ALL, MATCH_ANY, MATCH_NOT,/* require-all, require-any, require-not */
};

struct filter {
	enum match_kind kind;
	const char *name, *fact;	/* as written; the fact of a question that it looks at */
	const char *text;		/* what it is compared with; NULL: none */
	const struct regex *regex;
	const char *port;		/* PEER: of text, "*" or a number */
	struct filter **parts;
	size_t count, capacity;
	struct place place;
};

struct sbpl_rule {
	bool allow;
	bool import;			/* (import ...): of its rules nothing is known */
	bool escapes;			/* (with no-sandbox): the program that it lets start is free */
	const char *operation;
	struct filter *filter;		/* NULL: none */
	struct place place;
	size_t earlier;			/* one more than the index of the rule before it with this operation */
};

#define SBPL_OPERATIONS_MAX	256	/* rows of operations.def, and some */

struct used_param { const char *name; bool used; };

struct sbpl {
	struct arena arena;
	const char *origin;
	struct sbpl_rule *rules;
	size_t count, capacity;
	size_t last[SBPL_OPERATIONS_MAX];	/* of each operation: one more than the index of its last rule */
	bool imports;
	struct used_param *params;
	size_t param_count;
};

enum answer { NO, YES, PERHAPS };

/* --- the machine -------------------------------------------------------------------------- */

struct machine {			/* one reading of one profile */
	struct sbpl *sbpl;
	const struct sbpl_param *params;
	size_t param_count;
	struct scope globals;
	struct filter *around;		/* of (with-filter ...) */
	size_t steps, bytes;
	unsigned depth;
	bool imported;
	struct bawn_error *err;
};

/* Complains at a place; always NULL. */
struct value *scheme_fail(struct machine *machine, struct place place, const char *format, ...) PRINTF(3, 4);
/* Zeroed memory of the profile; NULL, with the error set: too much, or none left. */
void *scheme_alloc(struct machine *machine, size_t size);
struct value *scheme_value(struct machine *machine, enum value_type type, struct place place);
struct value *scheme_pair(struct machine *machine, struct value *first, struct value *rest, struct place place);
struct value *scheme_string(struct machine *machine, const char *bytes, size_t size, struct place place);
struct value *scheme_boolean(bool truth);
extern struct value scheme_nil, scheme_nothing;

/* reader.c: the next value of the text; NULL at its end, or with *ret_failed. */
struct reader { struct machine *machine; const char *at, *end; struct place place; unsigned depth; };
struct value *reader_next(struct reader *reader, bool *ret_failed);

/* scheme.c: NULL: it failed. */
struct value *scheme_evaluate(struct machine *machine, struct value *form, struct scope *scope);
struct value *scheme_list(struct machine *machine, struct value *forms, struct scope *scope, bool symbols);
struct value *scheme_apply(struct machine *machine, struct value *function, struct value *arguments,
			   struct place place);
struct value **scheme_find(struct scope *scope, const char *name);
int scheme_define(struct machine *machine, struct scope *scope, const char *name, struct value *value);

/* builtins.c */
int builtins_define(struct machine *machine);

/* rules.c */
enum form_kind { FORM_NONE, FORM_RULE, FORM_FILTER };
enum form_kind rules_form(const char *name);
bool rules_is_operation(const char *name);
ptrdiff_t rules_operation(const char *name);		/* its row of operations.def, or -1 */
struct value *rules_evaluate(struct machine *machine, struct value *form, struct scope *scope);
struct value *rules_with_filter(struct machine *machine, struct value *form, struct scope *scope);
struct value *rules_import(struct machine *machine, struct place place);

/* matching.c */
enum answer filter_answer(const struct filter *filter, const struct sbpl_question *question);

/* regex.c: NULL: *ret_reason says what it does not take. */
struct regex;
const struct regex *regex_parse(struct arena *arena, const char *text, const char **ret_reason);
bool regex_search(const struct regex *regex, const char *text);

#endif
