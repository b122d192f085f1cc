/* SPDX-License-Identifier: Apache-2.0 */
/* reader.h — how profiles are read: what the profile_*.c files share, and nobody else includes. */
#ifndef BAWN_POLICY_READER_H
#define BAWN_POLICY_READER_H

#include "policy/policy.h"

/* --- keys.c: profile.def and the words that values are made of ---------------------------- */

enum key_status { STATUS_ENFORCED, STATUS_MACOS, STATUS_LATER };

struct key_row {			/* one for each row of profile.def */
	const char *section, *key;
	enum key_type type;
	enum key_status status;
	const char *help;
};

const struct key_row *key_row(enum profile_key key);
bool key_is_map(enum profile_key key);
int key_find(const char *section, const char *key);			/* or -1 */
const char *section_find(const char *section, const char *key);	/* the section that key opens in section, or NULL */
/* Every key that may stand in section, with those that open a section; NULL at the end. NULL: out of memory. */
const char **section_keys(struct arena *arena, const char *section);
const char *key_label(struct arena *arena, enum profile_key key,
		      const char *name); /* "network.mode", `filesystem "/x"` */

enum access access_find(const char *word);		/* ACCESS_UNSET: none of read, write, deny, none, commit */
enum access decision_find(const char *word);		/* "allow", "deny" */
int kernel_find(const char *word);			/* or -1 */
const char *const *key_words(
	enum key_type type); /* the words that a type knows, NULL at the end; NULL: any text */
enum profile_key limit_key(enum limit_name name);

extern const char *const filesystem_tokens[];		/* NULL at the end */
extern const char decision_expected[];			/* `"allow" or "deny"` */

/* --- profile_read.c: TOML tables → settings ----------------------------------------------- */

struct reader {
	struct profiles *profiles;	/* whose arena and lines are added to */
	struct profile *profile;	/* what is being filled */
	const char *file;		/* in the arena */
	bool positions;			/* false: a place without lines, such as the command line */
	struct bawn_error *err;
};

/* Everything of a [permissions.<id>] table, or (section not "") of one of its sections. */
int reader_section(struct reader *reader, const char *section, const struct toml_value *table);
struct origin reader_origin(const struct reader *reader, struct toml_position position);
int reader_fail(const struct reader *reader, struct toml_position position, const char *format, ...) PRINTF(3, 4);
/* "expected WHAT, found TYPE" at the value. */
int reader_expected(const struct reader *reader, const char *label, const char *what, const struct toml_value *value);
/* `LABEL: unknown KIND "wirte" (did you mean "write"?)`, or `...: expected one of read, write` when no word is near. */
int reader_unknown(const struct reader *reader, struct toml_position position, const char *label, const char *kind,
		   const char *word, const char *const *words);
/* A string without NUL characters, in the arena. expected: what to say of a value that is none. */
int reader_string(const struct reader *reader, const char *label, const char *expected, const struct toml_value *value,
		  const char **ret_string);
/* A new setting that stands at position, with a copy of name (NULL allowed). */
int reader_add(struct reader *reader, enum profile_key key, const char *name, struct toml_position position,
	       struct setting **ret_setting);
void reader_line(const struct reader *reader, struct text *text, struct toml_position position, const char *format, ...)
	PRINTF(4, 5);
/* The same for settings that are read already. */
int origin_fail(struct bawn_error *err, const struct origin *origin, const char *format, ...) PRINTF(3, 4);

/* --- profile_values.c, profile_paths.c: one type each ------------------------------------- */

typedef int read_function(struct reader *reader, enum profile_key key, const struct toml_entry *entry);

int read_value(struct reader *reader, enum profile_key key, const struct toml_entry *entry);
read_function read_access_map, read_device_map, read_root_map, read_socket;
/* Whether text is absolute or begins with "~", as a path that a profile names must. */
bool path_is_named(const char *text);

/* --- domain.c ----------------------------------------------------------------------------- */

/* What is wrong with a pattern of network.domains (static), or NULL. */
const char *domain_problem(const char *pattern);
/* Order of patterns, the same for spellings that mean the same (case, a dot at the end). */
int domain_compare(const char *a, const char *b);
/* Whether a pattern without problems matches NAME or NAME:PORT; without a port 443 is meant. A pattern without a port
 * matches 80 and 443. "*" matches whatever is not an address. */
bool domain_match(const char *pattern, const char *name);

/* --- profile_merge.c, profile_check.c ----------------------------------------------------- */

/* By key, name and sub-path; 0: they say the same thing, whatever the spelling. */
int setting_compare(const struct setting *a, const struct setting *b);
/* The settings in that order, equal ones as they were said. NULL: out of memory. */
const struct setting **settings_sorted(struct arena *arena, const struct profile *profile);
/* Takes child's settings into profile: they replace those that say the same thing. */
int profile_merge(struct arena *arena, struct profile *profile, const struct profile *child, struct bawn_error *err);

/* One setting per thing said, within one file's profile. */
int profile_check_repeats(const struct profile *profile, struct bawn_error *err);
/* Parents exist, may be extended, and do not go round in a circle. */
int profile_check_chains(const struct profiles *profiles, struct bawn_error *err);
/* No entry of the effective profile is without effect. profiles NULL: profile is an effective one. */
int profile_check_effects(const struct profiles *profiles, const struct profile *profile, struct bawn_error *err);

/* --- builtin.c, environ.c, profile_print.c ------------------------------------------------ */

int builtins_add(struct profiles *profiles, struct bawn_error *err);
bool environ_is_loader(const char *name);		/* LD_*, DYLD_*: these never cross */
bool environ_is_ours(const char *name);			/* BAWN, BAWN_PROFILE, BAWN_NETWORK: set by us */
int policy_environ(const struct profile *profile, const struct host *host, struct policy *policy,
		   struct bawn_error *err);
/* A TOML basic string; bytes that are not UTF-8 become \xNN, which is for people only. */
void text_add_quoted(struct text *text, const char *bytes, size_t size);
const char *quoted(struct arena *arena, const char *string);	/* the same, for messages; never NULL */

#endif
