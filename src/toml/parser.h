/* SPDX-License-Identifier: Apache-2.0 */
/* parser.h — what the files of this folder share; nobody else includes it.
 *
 * One pass over the text, recursive only for arrays and inline tables:
 *
 *	toml.c		the document: lines, headers
 *	scan.c		the cursor: blanks, positions, messages
 *	key.c		bare and quoted keys
 *	value.c		values, arrays, inline tables
 *	string.c	the four kinds of string
 *	number.c	integers and floats
 *	date.c		dates and times
 *	table.c		what may be added to which table
 *
 * toml_check_text() runs first, so that everything after it meets only valid UTF-8 without control
 * characters other than tab, newline and a carriage return before a newline. In particular there is
 * no NUL: toml_peek() can use it for the end. */
#ifndef BAWN_TOML_PARSER_H
#define BAWN_TOML_PARSER_H

#include "toml/toml.h"

#define TOML_DEPTH	128	/* containers in each other: readers of a tree may recurse */
#define SHOWN_SIZE	80	/* a piece of the text in a message */

struct parser {
	const char *text, *at, *end;
	const char *origin;
	const char *mark;			/* toml_position_of() has counted up to here */
	struct toml_position mark_position;
	struct arena *arena;
	struct text scratch;			/* the string or number being read */
	unsigned depth;
	struct bawn_error *err;
};

struct key { char *bytes; size_t size; struct toml_position position; };

/* --- scan.c ------------------------------------------------------------------------------- */

int toml_check_text(struct parser *p);			/* refuses what may stand nowhere */
char toml_peek(const struct parser *p);			/* '\0': the end */
bool toml_looking_at(const struct parser *p, const char *string);
bool toml_at_line_end(const struct parser *p);		/* the text's end, too */
bool toml_is_bare(char c);				/* a letter, digit, '_' or '-' */
void toml_skip_blanks(struct parser *p);		/* spaces and tabs */
void toml_skip_comment(struct parser *p);		/* if there is one; up to the line's end */
bool toml_skip_newline(struct parser *p);
void toml_skip_lines(struct parser *p);			/* blanks, comments and newlines */

/* Cheap as long as at moves forward. */
struct toml_position toml_position_of(struct parser *p, const char *at);
/* The message gets the place in front. Returns -EINVAL. */
int toml_fail(struct parser *p, struct toml_position position, const char *format, ...)
	PRINTF(3, 4);
/* "expected X, found Y" at the cursor. */
int toml_fail_here(struct parser *p, const char *expected);
/* What stands at the cursor, for a message. */
const char *toml_found(const struct parser *p, char shown[SHOWN_SIZE]);
/* One level deeper, or refused. */
int toml_enter(struct parser *p, struct toml_position position);

/* --- key.c -------------------------------------------------------------------------------- */

int toml_key_parse(struct parser *p, struct key *ret_key);
const char *toml_key_shown(const struct key *key, char shown[SHOWN_SIZE]);

/* --- string.c: at a quote ----------------------------------------------------------------- */

bool toml_multiline_string_starts(const struct parser *p);
int toml_string_parse(struct parser *p, char **ret_bytes, size_t *ret_size);

/* --- number.c, date.c: word is what value.c cut out --------------------------------------- */

struct word { const char *start, *end; };

int toml_number_parse(struct parser *p, struct word word, struct toml_value *value);
bool toml_looks_like_date(struct word word);
bool toml_looks_like_time(struct word word);
int toml_date_parse(struct parser *p, struct word word, struct toml_value *value);

/* --- value.c: key = value, key.key = value ------------------------------------------------ */

int toml_assignment_parse(struct parser *p, struct toml_value *table);

/* --- table.c ------------------------------------------------------------------------------ */

enum table_kind {
	KIND_IMPLIED,		/* named on the way by [a.b]; may still be defined once */
	KIND_DEFINED,		/* by its own header */
	KIND_DOTTED,		/* by a.b = 1; only its own table's dotted keys may add to it */
	KIND_INLINE,		/* complete */
};

int toml_table_init(struct parser *p, struct toml_value *value, enum table_kind kind);
void toml_table_finish_inline(struct toml_value *value);

/* A new entry whose value the caller fills; refuses a duplicate. It moves when another is added. */
int toml_table_add(struct parser *p, struct toml_value *table, const struct key *key,
		   struct toml_entry **ret_entry);

/* From *table to its subtable of that name, made if absent: a step of a.b = 1, of [a.b], the last
 * step of [a.b], and of [[a.b]]. header is the place of the first bracket. */
int toml_table_enter_dotted(struct parser *p, struct toml_value **table, const struct key *key);
int toml_table_enter_header(struct parser *p, struct toml_value **table, const struct key *key,
			    struct toml_position header);
int toml_table_define(struct parser *p, struct toml_value **table, const struct key *key,
		      struct toml_position header);
int toml_table_append(struct parser *p, struct toml_value **table, const struct key *key,
		      struct toml_position header);

/* NULL: out of memory */
struct toml_value *toml_array_append(struct parser *p, struct toml_value *array);

#endif
