/* SPDX-License-Identifier: Apache-2.0 */
/* toml.h — TOML 1.0 text → values, each with its position. Pure; the whole of the language
 * (https://toml.io/en/v1.0.0). */
#ifndef BAWN_TOML_H
#define BAWN_TOML_H

#include "base/base.h"

enum toml_type {
	TOML_STRING, TOML_INTEGER, TOML_FLOAT, TOML_BOOLEAN,
	TOML_OFFSET_DATETIME, TOML_LOCAL_DATETIME, TOML_LOCAL_DATE, TOML_LOCAL_TIME,
	TOML_ARRAY, TOML_TABLE,
};

struct toml_position {
	unsigned line, column;
}; /* from 1; a column counts characters (code points), a tab is one */

struct toml_datetime {
	int year, month, day, hour, minute, second, nanosecond;
	int offset_minutes;				/* east of UTC; only in TOML_OFFSET_DATETIME */
};

struct toml_value {
	enum toml_type type;
	struct toml_position position; /* of the value's first character; a table's: its header or brace */
	union {
		struct {
			char *bytes;
			size_t size;
		} string; /* UTF-8, ends with a NUL that does not count; may hold NULs */
		int64_t integer;
		double number;
		bool boolean;
		struct toml_datetime datetime;
		struct { struct toml_value *items; size_t count; } array;
		struct { struct toml_entry *entries; size_t count; } table;	/* in the order of the file */
	} u;
};

struct toml_entry {
	char *key;					/* as string.bytes */
	size_t key_size;
	struct toml_position position;			/* of the key */
	struct toml_value value;
};

struct toml { struct arena arena; struct toml_value root; };	/* root is a TOML_TABLE */

/* Parses size bytes. origin names them in messages ("FILE:LINE:COLUMN: ..."). -EINVAL with a position on
 * malformed text (also: text that is not UTF-8, nesting deeper than 128, more than 4 GiB), -ENOMEM. The result
 * holds no pointer into text. */
int toml_parse(const char *text, size_t size, const char *origin, struct toml **ret_toml, struct bawn_error *err);
void toml_free(struct toml *toml);			/* NULL is allowed */

const char *toml_type_name(enum toml_type type);	/* "string", "integer", ... */
const struct toml_value *toml_find(const struct toml_value *table, const char *key);	/* NULL: absent */

#endif
