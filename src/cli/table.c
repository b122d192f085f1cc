/* SPDX-License-Identifier: Apache-2.0 */
/* table.c — cli.def as arrays. */
#include "cli/cli.h"

#include <string.h>

const struct cli_command cli_commands[COMMAND__COUNT] = {
#define COMMAND(id, name, operands, help) { name, operands, help },
#include "cli/cli.def"
#undef COMMAND
};

const struct cli_option cli_options[] = {
#define OPTION(name, letter, argument, completion, commands, group, help) \
	{ name, letter, argument, completion, commands, group, help },
#include "cli/cli.def"
#undef OPTION
};

const size_t cli_option_count = sizeof(cli_options) / sizeof(cli_options[0]);

bool option_has_argument(const struct cli_option *option)
{
	return option->argument[0];
}

bool option_needs_argument(const struct cli_option *option)
{
	return option->argument[0] && option->argument[0] != '[';
}

bool option_is_for_box(const struct cli_option *option)
{
	return option->group != OUTPUT;
}

const struct cli_option *option_find(const char *name, size_t size)
{
	for (size_t i = 0; i < cli_option_count; i++)
		if (strlen(cli_options[i].name) == size && !memcmp(cli_options[i].name, name, size))
			return &cli_options[i];
	return NULL;
}
