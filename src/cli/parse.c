/* SPDX-License-Identifier: Apache-2.0 */
/* parse.c — argv → struct invocation, by the rows of cli.def.
 *
 * Not getopt_long(): GNU's moves options in front of operands and accepts abbreviations. Here what
 * follows the first operand belongs to the command that is run, and an abbreviation that works
 * today would be ambiguous after the next option. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	char *const *next;			/* the word to be read */
	unsigned command;			/* FOR_... */
	bool stop;				/* --help or --version: the rest does not matter */
	struct invocation *invocation;
	struct bawn_error *err;
};

/* --- the nearest spelling ----------------------------------------------------------------- */

#define WORD_MAX	32

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's: insertions, deletions, replacements. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], size = strlen(b);

	for (size_t k = 0; k <= size; k++)
		row[k] = k;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t k = 1; k <= size; k++) {
			size_t above = row[k];

			row[k] = smallest(above + 1, row[k - 1] + 1, diagonal + (a[i - 1] != b[k - 1]));
			diagonal = above;
		}
	}
	return row[size];
}

const char *nearest_word(const char *text, const char *const *words, size_t count)
{
	size_t best = strlen(text) / 3 + 1;		/* more than a third wrong is another word */
	const char *nearest = NULL;

	if (strlen(text) > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t steps = strlen(words[i]) > WORD_MAX ? best + 1 : distance(text, words[i]);

		if (steps < best || (steps == best && !nearest)) {
			best = steps;
			nearest = words[i];
		}
	}
	return nearest;
}

static const char *nearest_option(const struct parser *parser, const char *name)
{
	const char *names[64];
	size_t count = 0;

	for (size_t i = 0; i < cli_option_count && count < sizeof(names) / sizeof(names[0]); i++)
		if (cli_options[i].commands & parser->command)
			names[count++] = cli_options[i].name;
	return nearest_word(name, names, count);
}

static const char *nearest_command(const char *name)
{
	const char *names[COMMAND__COUNT];

	for (size_t i = 0; i < COMMAND__COUNT; i++)
		names[i] = cli_commands[i].name;
	return nearest_word(name, names, COMMAND__COUNT);
}

/* --- one option --------------------------------------------------------------------------- */

static int unknown_option(const struct parser *parser, const char *name, int size)
{
	const char *nearest;
	char copy[WORD_MAX + 1] = "";

	if ((size_t)size < sizeof(copy))
		memcpy(copy, name, (size_t)size);
	nearest = copy[0] ? nearest_option(parser, copy) : NULL;
	if (nearest)
		return usage_error(parser->err, "there is no option --%.*s; did you mean --%s?", size, name, nearest);
	return usage_error(parser->err, "there is no option --%.*s", size, name);
}

static int take(struct parser *parser, const struct cli_option *option, const char *value)
{
	struct invocation *invocation = parser->invocation;

	if (invocation->count == invocation->capacity) {
		size_t capacity = invocation->capacity ? invocation->capacity * 2 : 16;
		struct typed *larger = realloc(invocation->options, capacity * sizeof(*larger));

		if (!larger)
			return usage_error(parser->err, "out of memory");
		invocation->options = larger;
		invocation->capacity = capacity;
	}
	invocation->options[invocation->count++] = (struct typed){ option, value };
	parser->stop = !strcmp(option->name, "help") || !strcmp(option->name, "version");
	return 0;
}

static int check_command(const struct parser *parser, const struct cli_option *option)
{
	const struct cli_command *command = parser->invocation->command;

	if (option->commands & parser->command)
		return 0;
	if (!command)
		return usage_error(parser->err, "--%s belongs behind a command, as in: bawn run --%s", option->name,
				   option->name);
	return usage_error(parser->err, "bawn %s has no option --%s", command->name, option->name);
}

/* The next word as the value of an option that needs one, whatever it looks like. */
static int take_next(struct parser *parser, const struct cli_option *option)
{
	if (!*parser->next)
		return usage_error(parser->err, "--%s needs %s", option->name, option->argument);
	return take(parser, option, *parser->next++);
}

static int parse_long(struct parser *parser, const char *name)
{
	size_t size = strcspn(name, "=");
	const struct cli_option *option = option_find(name, size);
	int r;

	if (!option)
		return unknown_option(parser, name, (int)size);
	r = check_command(parser, option);
	if (r < 0)
		return r;
	if (name[size] && !option_has_argument(option))
		return usage_error(parser->err, "--%s takes no value", option->name);
	if (!name[size] && option_needs_argument(option))
		return take_next(parser, option);
	return take(parser, option, name[size] ? name + size + 1 : NULL);
}

static const struct cli_option *letter_find(const struct parser *parser, char letter)
{
	for (size_t i = 0; i < cli_option_count; i++)
		if (cli_options[i].letter == letter && (cli_options[i].commands & parser->command))
			return &cli_options[i];
	return NULL;
}

/* A cluster: letters without a value, and at last perhaps one with; the rest of the word, or the
 * next word, is that value. */
static int parse_short(struct parser *parser, const char *letters)
{
	for (; *letters && !parser->stop; letters++) {
		const struct cli_option *option = letter_find(parser, *letters);
		int r;

		if (!option)
			return usage_error(parser->err, "there is no option -%c", *letters);
		if (option_has_argument(option))
			return letters[1] ? take(parser, option, letters + 1) : take_next(parser, option);
		r = take(parser, option, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_options(struct parser *parser)
{
	int r = 0;

	while (r >= 0 && !parser->stop && *parser->next && (*parser->next)[0] == '-' && (*parser->next)[1]) {
		const char *word = *parser->next++;

		if (!strcmp(word, "--"))
			break;
		r = word[1] == '-' ? parse_long(parser, word + 2) : parse_short(parser, word + 1);
	}
	return r;
}

/* --- the whole ---------------------------------------------------------------------------- */

/* How many words of argv make this command's name: 0, it is another; -1, the first does and the
 * second does not. */
static int words_matched(const char *name, char *const *words)
{
	size_t size = strcspn(name, " ");

	if (!words[0] || strlen(words[0]) != size || memcmp(words[0], name, size) != 0)
		return 0;
	if (!name[size])
		return 1;
	return words[1] && !strcmp(words[1], name + size + 1) ? 2 : -1;
}

/* The first word is a family of commands, and the second is none of them. */
static int parse_family(struct parser *parser)
{
	const char *first = parser->next[0], *second = parser->next[1];
	char names[256] = "";

	if (second && (!strcmp(second, "--help") || !strcmp(second, "--version"))) {
		parser->next++;
		return parse_options(parser);
	}
	for (size_t i = 0; i < COMMAND__COUNT; i++)
		if (words_matched(cli_commands[i].name, parser->next) < 0)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", *names ? ", " : "",
				 cli_commands[i].name);
	if (!second)
		return usage_error(parser->err, "which command: %s?", names);
	return usage_error(parser->err, "there is no command \"%s %s\"; there are %s", first, second, names);
}

static int parse_command(struct parser *parser)
{
	const char *name = *parser->next;
	const char *nearest;
	bool family = false;

	if (!name)
		return usage_error(parser->err, "which command?");
	for (size_t i = 0; i < COMMAND__COUNT; i++) {
		int words = words_matched(cli_commands[i].name, parser->next);

		if (words > 0) {
			parser->invocation->command = &cli_commands[i];
			parser->command = 1u << i;
			parser->next += words;
			return 0;
		}
		family |= words < 0;
	}
	if (family)
		return parse_family(parser);
	nearest = nearest_command(name);
	if (nearest)
		return usage_error(parser->err, "there is no command \"%s\"; did you mean \"%s\"?", name, nearest);
	return usage_error(parser->err, "there is no command \"%s\"; to run a program: bawn run %s", name, name);
}

/* One operand, with options on either side of it: nothing that is run stands behind it. */
static int parse_topic(struct parser *parser)
{
	struct invocation *invocation = parser->invocation;
	int r;

	if (*parser->next)
		invocation->topic[0] = *parser->next++;
	r = parse_options(parser);
	if (r >= 0 && !parser->stop && *parser->next)
		return usage_error(parser->err, "\"%s\" is one operand too many", *parser->next);
	invocation->operands = invocation->topic;
	return r;
}

int cli_parse(char *const *argv, struct invocation *ret_invocation, struct bawn_error *err)
{
	struct parser parser = {
		.next = argv[0] ? argv + 1 : argv, .command = FOR_NONE, .invocation = ret_invocation, .err = err,
	};
	int r;

	*ret_invocation = (struct invocation){ 0 };
	r = parse_options(&parser);
	if (r >= 0 && !parser.stop)
		r = parse_command(&parser);
	if (r >= 0 && !parser.stop)
		r = parse_options(&parser);
	ret_invocation->operands = (const char *const *)parser.next;
	if (r >= 0 && !parser.stop && (parser.command & FOR_DOCTOR))
		r = parse_topic(&parser);
	return r;
}

void invocation_done(struct invocation *invocation)
{
	free(invocation->options);
	*invocation = (struct invocation){ 0 };
}

const struct typed *invocation_last(const struct invocation *invocation, const char *name)
{
	for (size_t i = invocation->count; i-- > 0;)
		if (!strcmp(invocation->options[i].option->name, name))
			return &invocation->options[i];
	return NULL;
}
