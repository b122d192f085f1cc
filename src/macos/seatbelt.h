/* SPDX-License-Identifier: Apache-2.0 */
/* seatbelt.h — what the files that make Seatbelt text share, and nobody else includes. */
#ifndef BAWN_MACOS_SEATBELT_H
#define BAWN_MACOS_SEATBELT_H

#include "macos/macos.h"

extern const char seatbelt_base[];	/* base.sb, made into C by tools/embed */

struct patterns { const char **items; size_t count, capacity; };

/* globs.c. -E2BIG: more alternatives than anybody means. */
int glob_alternatives(struct arena *arena, const char *pattern, struct patterns *ret_patterns);
/* The expression for whatever a pattern without braces matches, and all below. */
void glob_expression(struct text *text, const char *pattern, bool nocase);
/* Adds the patterns of directories on the way to matches which must not be renamed. */
int glob_ways(struct arena *arena, const char *pattern, struct patterns *ways);
/* The path as an expression that matches just it. */
void seatbelt_quote(struct text *text, const char *path, bool nocase);

/* A rule in its place: parents first, whatever the case of letters; on one path what takes away last: it counts. */
struct placed {
	const struct rule *rule;
	enum access outside;		/* what holds around it */
	const char *param, *any_case;	/* of its path, and of the expression for any case of it; NULL: none */
};

/* What the text is made of, section by section. */
struct writer {
	const struct plan *plan;
	const struct policy *policy;
	struct seatbelt *seatbelt;
	const struct seatbelt_input *input;
	struct placed *rules_placed;	/* policy->count of them */
	struct text text;
	unsigned rules, globs, links, pins, names, sockets, devices, services;	/* parameters of each kind so far */
	bool failed;
};

/* A comment of one line, whatever is in it. */
void writer_comment(struct writer *writer, const char *format, ...) PRINTF(2, 3);
/* A heading for a rule: what it says, its label, its place. */
void writer_head(struct writer *writer, const char *says, const struct rule *rule);
/* Adds a parameter "KIND_N", and returns its name; never NULL. */
const char *writer_param(struct writer *writer, const char *kind, unsigned *count, const char *value);
const char *writer_path(struct writer *writer, const char *value);	/* RULE_N */

/* seatbelt_files.c, seatbelt_services.c */
int place_rules(struct writer *writer);
void write_files(struct writer *writer);
void write_closing(struct writer *writer);
void write_services(struct writer *writer);
void write_network(struct writer *writer);
void write_sockets(struct writer *writer);

#endif
