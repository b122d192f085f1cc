/* SPDX-License-Identifier: Apache-2.0 */
/* help.c — help for people, made from the rows of cli.def. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#define WIDTH		80
#define HELP_COLUMN	32		/* where the explanations of options begin */
#define COMMAND_COLUMN	18

static const char *const group_titles[GROUP__COUNT] = {
	[PROFILE] = "Profile", [FILES] = "Files", [NETWORK] = "Network", [PROCESS] = "Process, kernel and devices",
	[RECORD] = "Record of what is denied", [OUTPUT] = "Output",
};

static const char path_note[] =
	"Paths are relative to the working directory (-C). What an option says comes on top of the profile, in the "
	"order given; of two that speak of the same thing the later counts.";

static const char status_note[] =
	"Exit status of run: the command's own; 128 + N when signal N ended it; 124 wall_seconds ran out; 125 bawn "
	"itself failed, and nothing was run; 126 the command is not executable; 127 it was not found.";

/* Words of text from column on, broken before WIDTH and continued at indent. */
static void wrap(struct output *output, const char *text, size_t column, size_t indent)
{
	bool first = true;

	while (*text) {
		size_t size = strcspn(text, " ");

		if (!first && column + 1 + size > WIDTH) {
			output_printf(output, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			output_text(output, " ");
			column++;
		}
		output_printf(output, "%.*s", (int)size, text);
		column += size;
		text += size + strspn(text + size, " ");
		first = false;
	}
	output_text(output, "\n");
}

/* name in its column, then help in the one that begins at column. */
static void print_row(struct output *output, const char *name, const char *help, size_t column)
{
	size_t size = strlen(name);

	output_text(output, name);
	if (size + 2 > column) {
		output_text(output, "\n");
		size = 0;
	}
	output_printf(output, "%*s", (int)(column - size), "");
	wrap(output, help, column, column);
}

static void print_option(struct output *output, const struct cli_option *option)
{
	const char *equals = option_needs_argument(option) ? "=" : "";
	char name[64];

	if (option->letter)
		snprintf(name, sizeof(name), "  -%c, --%s%s%s", option->letter, option->name, equals, option->argument);
	else
		snprintf(name, sizeof(name), "      --%s%s%s", option->name, equals, option->argument);
	print_row(output, name, option->help, HELP_COLUMN);
}

static void print_group(struct output *output, enum group group, unsigned command)
{
	bool any = false;

	for (size_t i = 0; i < cli_option_count; i++) {
		const struct cli_option *option = &cli_options[i];

		if (option->group != group || !(option->commands & command))
			continue;
		if (!any) {
			output_text(output, "\n");
			output_colour(output, BOLD, group_titles[group]);
			output_text(output, "\n");
		}
		any = true;
		print_option(output, option);
	}
}

static void print_options(struct output *output, unsigned command)
{
	for (int group = 0; group < GROUP__COUNT; group++)
		print_group(output, (enum group)group, command);
}

static void help_of_command(struct output *output, const struct cli_command *command)
{
	unsigned bit = 1u << (command - cli_commands);

	output_printf(output, "Usage: bawn %s [OPTION]... %s\n\n", command->name, command->operands);
	wrap(output, command->help, 0, 0);
	print_options(output, bit);
	output_text(output, "\n");
	if (bit & BOX)
		wrap(output, path_note, 0, 0);
	if (bit & (FOR_RUN | FOR_SANDBOX))
		wrap(output, status_note, 0, 0);
	output_text(output, "More: man bawn, man 5 bawn-profile\n");
}

static void help_of_bawn(struct output *output)
{
	output_text(output, "Usage: bawn COMMAND [OPTION]... [OPERAND]...\n\n");
	wrap(output, "Runs commands inside a box that a permission profile draws: which files they may read and "
	     "write, whether they reach a network, what else of the machine they see.", 0, 0);
	output_text(output, "\n");
	output_colour(output, BOLD, "Commands");
	output_text(output, "\n");
	for (size_t i = 0; i < COMMAND__COUNT; i++) {
		char name[32];

		snprintf(name, sizeof(name), "  %s", cli_commands[i].name);
		print_row(output, name, cli_commands[i].help, COMMAND_COLUMN);
	}
	print_options(output, FOR_NONE);
	output_text(output, "\nMore: bawn COMMAND --help, man bawn, man 5 bawn-profile\n");
}

int print_help(const struct cli_command *command)
{
	struct output output = { .fd = 1 };

	if (command)
		help_of_command(&output, command);
	else
		help_of_bawn(&output);
	return output_end(&output);
}

int print_version(void)
{
	struct output output = { .fd = 1 };

	output_printf(&output, "bawn %s\n", bawn_version());
	return output_end(&output);
}
