/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h — the command line: argv → struct invocation → a command's function → exit status.
 *
 * The command line is a program like any other that uses <bawn.h>: it includes nothing else of
 * ours. */
#ifndef BAWN_CLI_H
#define BAWN_CLI_H

#include <bawn.h>
#include <stdbool.h>
#include <stddef.h>

/* --- table.c: cli.def as data ------------------------------------------------------------- */

enum command_id {
#define COMMAND(id, name, operands, help) COMMAND_##id,
#include "cli/cli.def"
#undef COMMAND
	COMMAND__COUNT
};

/* Bits of cli_option.commands. */
enum {
#define COMMAND(id, name, operands, help) FOR_##id = 1u << COMMAND_##id,
#include "cli/cli.def"
#undef COMMAND
	FOR_NONE = 1u << COMMAND__COUNT,		/* before any command */
	BOX = FOR_RUN | FOR_SANDBOX | FOR_PLAN | FOR_EXPLAIN | FOR_LEARN,
	ANY_PROFILE = FOR_PROFILE_CHECK | FOR_PROFILE_LIST | FOR_PROFILE_SHOW,
	REPORT = FOR_PLAN | FOR_EXPLAIN | FOR_DOCTOR | FOR_PROFILE_CHECK | FOR_PROFILE_LIST,
	EVERY = FOR_NONE - 1,
};

enum group { PROFILE, FILES, NETWORK, PROCESS, RECORD, OUTPUT, GROUP__COUNT };

struct cli_command { const char *name, *operands, *help; };

struct cli_option {
	const char *name;
	char letter;				/* 0: none */
	const char *argument, *completion;
	unsigned commands;
	enum group group;
	const char *help;
};

extern const struct cli_command cli_commands[COMMAND__COUNT];
extern const struct cli_option cli_options[];
extern const size_t cli_option_count;

bool option_has_argument(const struct cli_option *option);	/* also one that may be left out */
bool option_needs_argument(const struct cli_option *option);
bool option_is_for_box(const struct cli_option *option);	/* bawn_option() knows it */
const struct cli_option *option_find(const char *name, size_t size);	/* NULL: there is none */

/* --- parse.c: pure ------------------------------------------------------------------------ */

struct typed { const struct cli_option *option; const char *value; };	/* value NULL: none */

struct invocation {				/* what was typed */
	const struct cli_command *command;	/* NULL: none, as in `bawn --help` */
	struct typed *options;			/* in the order typed */
	size_t count, capacity;
	const char *const *operands;		/* NULL at the end; part of argv, or topic */
	const char *topic[2];
};

/* argv as main() gets it. Options end at the first operand or "--"; reading stops at --help and
 * --version. On failure *ret_invocation holds the command, where it was known, for the hint. */
int cli_parse(char *const *argv, struct invocation *ret_invocation, struct bawn_error *err);
void invocation_done(struct invocation *invocation);
const struct typed *invocation_last(const struct invocation *invocation, const char *name);	/* or NULL */

/* The nearest of count words by edit distance, or NULL: none is near. */
const char *nearest_word(const char *text, const char *const *words, size_t count);

/* --- output.c ----------------------------------------------------------------------------- */

enum colour { PLAIN, BOLD, RED, GREEN, YELLOW };

struct output {					/* {.fd = 1} to begin */
	int fd;
	bool failed;
	bool probed, colours;			/* whether the reader wants colours; asked once */
	size_t used;
	char bytes[2048];
};

void output_text(struct output *output, const char *text);
void output_printf(struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));
void output_colour(struct output *output, enum colour colour, const char *text);
/* Writes what is left; 0, or the exit status for a stream that could not be written. */
int output_end(struct output *output);

/* "bawn: MESSAGE" on standard error; return the exit status. */
int fail(const struct bawn_error *err);
/* The same, and where to read on. command NULL: bawn itself. */
int fail_usage(const struct cli_command *command, const struct bawn_error *err);
int usage_error(struct bawn_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void print_warnings(struct bawn *box);
/* Text of the library's on standard error, each of its answers as a message; frees it. */
void print_report(char *text);
/* Text of the library's on standard output; frees it. */
int print_text(char *text);

/* --- box.c: what the commands share ------------------------------------------------------- */

/* A box with the options that were typed. Complains itself; an exit status, 0 for success. */
int box_make(const struct invocation *invocation, struct bawn **ret_box);
/* --format and --json. */
int format_wanted(const struct invocation *invocation, enum bawn_format *ret_format);
/* Complains of operands beyond so many. */
int operands_at_most(const struct invocation *invocation, size_t count);

/* --- one file a command: each returns the exit status ------------------------------------- */

int command_run(const struct invocation *invocation);
int command_plan(const struct invocation *invocation);
int command_learn(const struct invocation *invocation);
int command_explain(const struct invocation *invocation);
int command_doctor(const struct invocation *invocation);
int command_profile_check(const struct invocation *invocation);
int command_profile_list(const struct invocation *invocation);
int command_profile_show(const struct invocation *invocation);
int command_completion(const struct invocation *invocation);

/* help.c */
int print_help(const struct cli_command *command);	/* NULL: bawn itself */
int print_version(void);

#endif
