/* SPDX-License-Identifier: Apache-2.0 */
/* completion.c — completions for shells, made from the rows of cli.def.
 *
 * What is typed behind `bawn run` is a command line of its own and is completed as such. Profiles
 * are asked of `bawn profile list`. */
#include "cli/cli.h"

#include <string.h>

#define PROFILES	"bawn profile list --format=json 2>/dev/null | sed 's/.*\"id\":\"\\([^\"]*\\)\".*/\\1/'"

static const char operations[] = "read write exec";

static bool runs_command(size_t command)
{
	return (1u << command) & (FOR_RUN | FOR_SANDBOX | FOR_PLAN);
}

/* The words of two-word names that stand behind the first one, or NULL. */
static const char *second_word(size_t command)
{
	const char *space = strchr(cli_commands[command].name, ' ');

	return space ? space + 1 : NULL;
}

/* Whether no command before this one has the same first word. */
static bool is_first_of_family(size_t command)
{
	size_t size = strcspn(cli_commands[command].name, " ");

	return command == 0 || strncmp(cli_commands[command].name, cli_commands[command - 1].name, size + 1) != 0;
}

static void add_first_words(struct output *output)
{
	for (size_t i = 0; i < COMMAND__COUNT; i++)
		if (!second_word(i) || is_first_of_family(i))
			output_printf(output, "%.*s ", (int)strcspn(cli_commands[i].name, " "), cli_commands[i].name);
}

static void add_second_words(struct output *output)
{
	for (size_t i = 0; i < COMMAND__COUNT; i++)
		if (second_word(i))
			output_printf(output, "%s ", second_word(i));
}

/* --- bash --------------------------------------------------------------------------------- */

static const char bash_begin[] =
	"# bash completion for bawn; made by: bawn completion bash\n"
	"_bawn_offer()\n"
	"{\n"
	"\tlocal word\n"
	"\twhile IFS= read -r word; do\n"
	"\t\tCOMPREPLY+=(\"$word\")\n"
	"\tdone < <(compgen \"$@\")\n"
	"}\n"
	"_bawn()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal command=${COMP_WORDS[1]} start=2 i options operands files\n"
	"\tCOMPREPLY=()\n"
	"\t# bash takes --option=value for three words\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\tcur=\n"
	"\telif [[ $prev == = ]]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\tfi\n"
	"\tif ((COMP_CWORD == 1)); then\n"
	"\t\t_bawn_offer -W '";

static const char bash_options[] =
	"\tesac\n"
	"\t# the first word that is neither an option nor the value of one\n"
	"\tfor ((i = start; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t--) ((i++)); break ;;\n"
	"\t\t=) ((i++)) ;;\n";

static const char bash_end[] =
	"\tif [[ $cur == -* ]]; then\n"
	"\t\t_bawn_offer -W \"$options\" -- \"$cur\"\n"
	"\t\t[[ ${COMPREPLY-} == *= ]] && compopt -o nospace\n"
	"\telse\n"
	"\t\t_bawn_offer -W \"$operands\" -- \"$cur\"\n"
	"\t\tif [[ $files ]]; then\n"
	"\t\t\tcompopt -o filenames\n"
	"\t\t\t_bawn_offer -f -- \"$cur\"\n"
	"\t\tfi\n"
	"\tfi\n"
	"}\n"
	"complete -F _bawn bawn\n";

static void bash_pattern(struct output *output, const struct cli_option *option)
{
	output_printf(output, "--%s", option->name);
	if (option->letter)
		output_printf(output, "|-%c", option->letter);
}

static void bash_value(struct output *output, const struct cli_option *option)
{
	const char *kind = option->completion;

	output_text(output, "\t");
	bash_pattern(output, option);
	output_text(output, ")");
	if (!strcmp(kind, "file"))
		output_text(output, " compopt -o filenames; _bawn_offer -f -- \"$cur\"; return ;;\n");
	else if (!strcmp(kind, "dir"))
		output_text(output, " compopt -o filenames; _bawn_offer -d -- \"$cur\"; return ;;\n");
	else if (!strcmp(kind, "variable"))
		output_text(output, " _bawn_offer -e -- \"$cur\"; return ;;\n");
	else if (!strcmp(kind, "profile"))
		output_text(output, " _bawn_offer -W \"$(" PROFILES ")\" -- \"$cur\"\n"
			    "\t\tdeclare -F __ltrim_colon_completions >/dev/null && "
			    "__ltrim_colon_completions \"$cur\"; return ;;\n");
	else if (kind[0] == '=')
		output_printf(output, " _bawn_offer -W '%s' -- \"$cur\"; return ;;\n", kind + 1);
	else
		output_text(output, " return ;;\n");
}

/* One branch of a case: the command's name, with its options and what may stand behind them. */
static void bash_command(struct output *output, size_t command)
{
	const char *name = cli_commands[command].name;

	output_printf(output, "\t'%s') options='", name);
	for (size_t i = 0; i < cli_option_count; i++)
		if (cli_options[i].commands & 1u << command)
			output_printf(output, "--%s%s ", cli_options[i].name,
				      option_needs_argument(&cli_options[i]) ? "=" : "");
	output_text(output, "'");
	if (command == COMMAND_EXPLAIN)
		output_printf(output, " operands='%s' files=1", operations);
	else if (command == COMMAND_PROFILE_CHECK)
		output_text(output, " files=1");
	else if (command == COMMAND_COMPLETION)
		output_text(output, " operands='bash zsh fish'");
	else if (command == COMMAND_DOCTOR)
		output_text(output, " operands='gpu'");
	else if (command == COMMAND_PROFILE_SHOW)
		output_text(output, " operands=$(" PROFILES ")");
	output_text(output, " ;;\n");
}

static void bash_families(struct output *output)
{
	for (size_t i = 0; i < COMMAND__COUNT; i++) {
		if (!second_word(i) || !is_first_of_family(i))
			continue;
		output_printf(output, "\tif [[ $command == %.*s ]]; then\n",
			      (int)strcspn(cli_commands[i].name, " "), cli_commands[i].name);
		output_text(output, "\t\tif ((COMP_CWORD == 2)); then\n\t\t\t_bawn_offer -W '");
		add_second_words(output);
		output_text(output, "--help' -- \"$cur\"\n\t\t\treturn\n\t\tfi\n"
			    "\t\tcommand+=\" ${COMP_WORDS[2]}\" start=3\n\tfi\n");
	}
}

/* Steps over options, to the first operand. */
static void bash_steps(struct output *output)
{
	bool first = true;

	output_text(output, bash_options);
	for (size_t i = 0; i < cli_option_count; i++) {
		if (!option_needs_argument(&cli_options[i]))
			continue;
		output_text(output, first ? "\t\t" : "|\\\n\t\t");
		bash_pattern(output, &cli_options[i]);
		first = false;
	}
	output_text(output, ")\n\t\t\t[[ ${COMP_WORDS[i+1]-} == = ]] || ((i++)) ;;\n"
		    "\t\t-*) ;;\n\t\t*) break ;;\n\t\tesac\n\tdone\n");
}

/* At or behind the first operand of run, another command's completion takes over. */
static void bash_command_line(struct output *output)
{
	bool first = true;

	output_text(output, "\tif ((i < COMP_CWORD)) || { ((i == COMP_CWORD)) && "
		    "[[ $cur != -* && ${COMP_WORDS[i]} != = ]]; }; then\n\t\tcase $command in\n\t\t");
	for (size_t i = 0; i < COMMAND__COUNT; i++) {
		if (!runs_command(i))
			continue;
		output_printf(output, "%s%s", first ? "" : "|", cli_commands[i].name);
		first = false;
	}
	/* _command_offset comes with the package bash-completion, which may be absent. */
	output_text(output, ")\n\t\t\tif declare -F _command_offset >/dev/null; then\n"
		    "\t\t\t\t_command_offset \"$i\"\n\t\t\telif ((i == COMP_CWORD)); then\n"
		    "\t\t\t\t_bawn_offer -c -- \"$cur\"\n\t\t\telse\n\t\t\t\tcompopt -o filenames\n"
		    "\t\t\t\t_bawn_offer -f -- \"$cur\"\n\t\t\tfi\n\t\t\treturn ;;\n\t\tesac\n\tfi\n");
}

static void bash(struct output *output)
{
	output_text(output, bash_begin);
	add_first_words(output);
	output_text(output, "--help --version' -- \"$cur\"\n\t\treturn\n\tfi\n");
	bash_families(output);
	output_text(output, "\tcase $command in\n");
	for (size_t i = 0; i < COMMAND__COUNT; i++)
		bash_command(output, i);
	bash_steps(output);
	bash_command_line(output);
	output_text(output, "\tcase $prev in\n");
	for (size_t i = 0; i < cli_option_count; i++)
		if (option_has_argument(&cli_options[i]))
			bash_value(output, &cli_options[i]);
	output_text(output, "\tesac\n");
	output_text(output, bash_end);
}

/* --- zsh ---------------------------------------------------------------------------------- */

/* Inside single quotes and [...] of _arguments. */
static void zsh_help(struct output *output, const char *help)
{
	for (; *help; help++) {
		if (*help == '\'')
			output_text(output, "'\\''");
		else
			output_printf(output, "%s%c", strchr("[]:\\", *help) ? "\\" : "", *help);
	}
}

static void zsh_value(struct output *output, const struct cli_option *option)
{
	const char *kind = option->completion;

	if (!option_has_argument(option))
		return;
	output_text(output, option_needs_argument(option) ? ":" : "::");
	zsh_help(output, option_needs_argument(option) ? option->argument : "KIND");
	output_text(output, ":");
	if (!strcmp(kind, "file"))
		output_text(output, "_files");
	else if (!strcmp(kind, "dir"))
		output_text(output, "_files -/");
	else if (!strcmp(kind, "variable"))
		output_text(output, "_parameters -g \"*export*\"");
	else if (!strcmp(kind, "profile"))
		output_text(output, "_bawn_profiles");
	else if (kind[0] == '=')
		output_printf(output, "(%s)", kind + 1);
}

static void zsh_option(struct output *output, const struct cli_option *option)
{
	const char *mark = option_needs_argument(option) ? "=" : option_has_argument(option) ? "=-" : "";

	if (option->letter) {
		output_printf(output, "\t\t\t'*-%c+[", option->letter);
		zsh_help(output, option->help);
		output_text(output, "]");
		zsh_value(output, option);
		output_text(output, "'\n");
	}
	output_printf(output, "\t\t\t'*--%s%s[", option->name, mark);
	zsh_help(output, option->help);
	output_text(output, "]");
	zsh_value(output, option);
	output_text(output, "'\n");
}

static const char *zsh_operands(size_t command)
{
	switch (command) {
	case COMMAND_RUN:
	case COMMAND_SANDBOX:
	case COMMAND_LEARN:
	case COMMAND_PLAN:
		return "'(-):command:_command_names -e' '*::argument:_normal'";
	case COMMAND_EXPLAIN:
		return "'*:operation or target:_bawn_questions'";
	case COMMAND_PROFILE_CHECK:
		return "'::file:_files'";
	case COMMAND_PROFILE_SHOW:
		return "'::profile:_bawn_profiles'";
	case COMMAND_COMPLETION:
		return "':shell:(bash zsh fish)'";
	case COMMAND_DOCTOR:
		return "'::topic:(gpu)'";
	default:
		return "";
	}
}

static void zsh_command(struct output *output, size_t command)
{
	output_printf(output, "\t'%s')\n\t\toptions=(\n", cli_commands[command].name);
	for (size_t i = 0; i < cli_option_count; i++)
		if (cli_options[i].commands & 1u << command)
			zsh_option(output, &cli_options[i]);
	output_printf(output, "\t\t)\n\t\t_arguments -S -A '-*' $options %s ;;\n", zsh_operands(command));
}

static void zsh(struct output *output)
{
	output_text(output, "#compdef bawn\n# made by: bawn completion zsh\n"
		    "_bawn_profiles()\n{\n\tlocal -a ids\n\tids=(${(f)\"$(" PROFILES ")\"})\n"
		    "\tcompadd -a ids\n}\n"
		    "_bawn_questions()\n{\n\tif ((CURRENT % 2 == 0)); then\n\t\t_files\n\telse\n"
		    "\t\tcompadd read write exec\n\tfi\n}\n"
		    "_bawn()\n{\n\tlocal command=$words[2]\n\tlocal -a options\n"
		    "\tif ((CURRENT == 2)); then\n\t\tcompadd -- ");
	add_first_words(output);
	output_text(output, "--help --version\n\t\treturn\n\tfi\n\tif [[ $command == profile ]]; then\n"
		    "\t\tif ((CURRENT == 3)); then\n\t\t\tcompadd -- ");
	add_second_words(output);
	output_text(output, "--help\n\t\t\treturn\n\t\tfi\n\t\tcommand+=\" $words[3]\"\n\t\tshift words\n"
		    "\t\t((CURRENT--))\n\tfi\n\tshift words\n\t((CURRENT--))\n\tcase $command in\n");
	for (size_t i = 0; i < COMMAND__COUNT; i++)
		zsh_command(output, i);
	output_text(output, "\tesac\n}\n_bawn \"$@\"\n");
}

/* --- fish --------------------------------------------------------------------------------- */

static void fish_quoted(struct output *output, const char *text)
{
	output_text(output, "'");
	for (; *text; text++)
		output_printf(output, "%s%c", *text == '\'' || *text == '\\' ? "\\" : "", *text);
	output_text(output, "'");
}

/* Command names that have the option, as a condition. */
static void fish_condition(struct output *output, unsigned commands)
{
	output_text(output, " -n '__fish_seen_subcommand_from");
	for (size_t i = 0; i < COMMAND__COUNT; i++)
		if (commands & 1u << i)
			output_printf(output, " %s", second_word(i) ? second_word(i) : cli_commands[i].name);
	output_text(output, "'");
}

static void fish_value(struct output *output, const struct cli_option *option)
{
	const char *kind = option->completion;

	if (option_needs_argument(option))
		output_text(output, !strcmp(kind, "file") ? " -r -F" : " -x");
	if (!strcmp(kind, "dir"))
		output_text(output, " -a '(__fish_complete_directories)'");
	else if (!strcmp(kind, "variable"))
		output_text(output, " -a '(set -nx)'");
	else if (!strcmp(kind, "profile"))
		output_text(output, " -a '(__bawn_profiles)'");
	else if (kind[0] == '=' && option_needs_argument(option))
		output_printf(output, " -a '%s'", kind + 1);
}

static void fish_option(struct output *output, const struct cli_option *option)
{
	output_text(output, "complete -c bawn");
	fish_condition(output, option->commands);
	if (option->letter)
		output_printf(output, " -s %c", option->letter);
	output_printf(output, " -l %s", option->name);
	fish_value(output, option);
	output_text(output, " -d ");
	fish_quoted(output, option->help);
	output_text(output, "\n");
}

static void fish(struct output *output)
{
	output_text(output, "# fish completion for bawn; made by: bawn completion fish\n"
		    "function __bawn_profiles\n\t" PROFILES "\nend\ncomplete -c bawn -f\n"
		    "complete -c bawn -n __fish_use_subcommand -a '");
	add_first_words(output);
	output_text(output, "'\ncomplete -c bawn -n __fish_use_subcommand -l help -d 'print help'\n"
		    "complete -c bawn -n __fish_use_subcommand -l version -d 'print the version'\n"
		    "complete -c bawn -n '__fish_seen_subcommand_from profile; and not __fish_seen_subcommand_from ");
	add_second_words(output);
	output_text(output, "' -a '");
	add_second_words(output);
	output_text(output, "'\n");
	for (size_t i = 0; i < cli_option_count; i++)
		fish_option(output, &cli_options[i]);
	output_text(output, "complete -c bawn -n '__fish_seen_subcommand_from run sandbox learn plan' "
		    "-a '(__fish_complete_subcommand --fcs-skip=2)'\n"
		    "complete -c bawn -n '__fish_seen_subcommand_from explain' -F -a 'read write exec'\n"
		    "complete -c bawn -n '__fish_seen_subcommand_from check' -F\n"
		    "complete -c bawn -n '__fish_seen_subcommand_from show' -a '(__bawn_profiles)'\n"
		    "complete -c bawn -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n"
		    "complete -c bawn -n '__fish_seen_subcommand_from doctor' -a gpu\n");
}

int command_completion(const struct invocation *invocation)
{
	static const struct { const char *name; void (*print)(struct output *output); } shells[] = {
		{ "bash", bash }, { "fish", fish }, { "zsh", zsh },
	};
	const char *name = invocation->operands[0];
	struct output output = { .fd = 1 };
	struct bawn_error err;

	for (size_t i = 0; name && i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(shells[i].name, name) != 0)
			continue;
		shells[i].print(&output);
		return output_end(&output);
	}
	usage_error(&err, "for which shell? bash, zsh or fish");
	return fail_usage(invocation->command, &err);
}
