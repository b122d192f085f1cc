/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h — from what a caller asked for to a plan: the links of the chain of policy.h, in their order.
 *
 *	request_add    one option by its name                  → struct request   what was asked for, nothing read yet
 *	chain_load     request                                 → struct chain     this machine, the profiles of the file
 *	chain_profile  the profile, and the options as its child
 *	chain_policy   profile + host                          → absolute rules
 *	chain_plan     policy + features                       → who enforces what
 */
#ifndef BAWN_RUN_CHAIN_H
#define BAWN_RUN_CHAIN_H

#include "run/run.h"

/* --- options.c ---------------------------------------------------------------------------- */

struct option_row;				/* one option that bawn_option() knows */

struct given { const struct option_row *row; const char *value; };	/* value NULL: none */

struct request {
	struct arena arena;
	const char *config_path;		/* a file that must exist, or NULL */
	const char *config_text;		/* instead of any file, or NULL */
	size_t config_size;
	const char *config_origin;
	const char *const *environ;		/* NULL: the process's */
	bool platform_given;			/* else this machine's */
	enum platform platform;
	struct given *options;			/* in the order given */
	size_t count, capacity;
};

/* Checks what can be checked without looking at the file system, and remembers. Copies value. */
int request_add(struct request *request, const char *name, const char *value, struct bawn_error *err);
/* Value of the last option of this name, or NULL. */
const char *request_last(const struct request *request, const char *name);
/* Value of the option at an index, if that one has this name; else NULL. */
const char *request_nth(const struct request *request, const char *name, size_t index);
/* The system to plan for; and the one that this is. */
enum platform request_platform(const struct request *request);
enum platform host_platform(void);

/* --- chain.c ------------------------------------------------------------------------------ */

struct seatbelt;

struct chain {					/* {0} before chain_load() */
	struct arena arena;
	const struct request *request;
	struct host host;
	const char *config_path;		/* the file that was read, or NULL: built-ins only */
	struct profiles *profiles;
	struct profile *profile;
	const char **add_dirs;			/* absolute, NULL at the end, or NULL */
	size_t add_dir_count, add_dir_capacity;
	int *keep_fds;
	size_t keep_count, keep_capacity;
	bool allow_degraded;
	enum log_level log;
	bool log_report;			/* a report at the end was asked for, too */
	const char *log_path;			/* where JSON lines go: this file, */
	int log_fd;				/* or this descriptor of the caller's, or -1 */
	struct policy *policy;
	struct plan *plan;
	struct seatbelt *seatbelt;		/* of the plan, on macOS */
	const struct policy *judge;		/* of what is refused, when that is not policy; or NULL */
};

/* For a start: what no rule changes is made while the links are; linux_abandon() frees it. NULL: nothing was begun. */
struct groundwork *chain_begin(const struct request *request);
/* Once the profile is known. */
void chain_begin_network(const struct chain *chain, struct groundwork *groundwork);
int chain_load(const struct request *request, struct chain *ret_chain, struct bawn_error *err);
/* id NULL: the one asked for, else the file's default, else ":workspace". */
int chain_profile(struct chain *chain, const char *id, struct bawn_error *err);
int chain_policy(struct chain *chain, struct bawn_error *err);
/* thorough: as linux_probe(). Does not refuse. */
int chain_plan(struct chain *chain, bool thorough, struct bawn_error *err);
/* The id that chain_profile(NULL) takes. */
const char *chain_default_id(const struct chain *chain);
/* What the links so far have to say: lines, each with a newline. */
void chain_warnings(const struct chain *chain, struct text *text);
/* A path that a caller typed: relative to the working directory, "~/" is the home directory, ".."
 * as the kernel takes it. */
int chain_path(struct chain *chain, const char *typed, const char **ret_path, struct bawn_error *err);
/* Frees everything; the request stays. */
void chain_done(struct chain *chain);

/* --- profiles.c --------------------------------------------------------------------------- */

/* Every profile that the chain knows, a line each. */
void chain_list_profiles(const struct chain *chain, enum bawn_format format, struct text *text);
/* What was found while the file was read, a line each; then that it is without errors. */
void chain_print_check(const struct chain *chain, enum bawn_format format, struct text *text);

/* --- seatbelt.c: macOS -------------------------------------------------------------------- */

/* The text of the chain's plan, which is made when there is none. */
int chain_seatbelt(struct chain *chain, struct seatbelt **ret_seatbelt, struct bawn_error *err);
/* Makes the text for a start; nothing on Linux, and where nothing is confined. */
int chain_start_seatbelt(struct chain *chain, struct bawn_error *err);
void chain_free_seatbelt(struct chain *chain);
/* Adds it to a plan that is shown; nothing on Linux, and where nothing is confined. */
int chain_print_seatbelt(struct chain *chain, const char *const *argv, enum bawn_format format, struct text *text,
			 struct bawn_error *err);

/* --- explain.c ---------------------------------------------------------------------------- */

/* *ret_operation OPERATION__COUNT: one of Seatbelt's own names. */
int explain_operation(const char *name, enum platform platform, enum operation *ret_operation, struct bawn_error *err);
int chain_explain(struct chain *chain, enum operation operation, const char *name, const char *target,
		  enum bawn_format format, int *ret_allowed, struct text *text, struct bawn_error *err);
/* The same of the Seatbelt profile that option "sbpl" names. warnings: what the lint finds in it. */
int explain_sbpl(const struct request *request, const char *operation, const char *target, enum bawn_format format,
		 int *ret_allowed, struct text *text, struct text *warnings, struct bawn_error *err);

/* Tells the chain's profile what the options say (options.c; called by chain_profile()). */
int request_apply(const struct request *request, struct chain *chain, struct bawn_error *err);

#endif
