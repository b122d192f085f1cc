/* SPDX-License-Identifier: Apache-2.0 */
/* show.h — what print.c and decision.c share; nobody else includes it. */
#ifndef BAWN_POLICY_SHOW_H
#define BAWN_POLICY_SHOW_H

#include "policy/policy.h"

/* Control characters as \xNN. Returns how many columns it takes; text NULL: only counts. */
size_t show_visible(struct text *text, const char *string);
/* The same, and spaces up to width. */
void show_cell(struct text *text, const char *string, size_t width);
/* As one word for a shell. */
void show_shell_word(struct text *text, const char *string);
/* In quotes; false when TOML cannot say it: its text is UTF-8. */
bool show_toml_string(struct text *text, const char *string);
void show_origin(struct text *text, const struct origin *origin);
const char *show_kind(enum rule_kind kind);

/* {"type":type …} and a newline */
void show_json_begin(struct json *json, const char *type);
void show_json_end(struct json *json);
void show_json_origin(struct json *json, const struct origin *origin);
/* Moves what was made to the end of text. */
void show_json_done(struct json *json, struct text *text);

#endif
