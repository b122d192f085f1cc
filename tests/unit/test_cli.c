/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli.c — argv → invocation; and what every row of cli.def must keep. */
#include "cli/cli.h"
#include "policy/policy.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS_MAX	12

/* One line of a table: words, then what must come of them, written as text:
 * "COMMAND|--option=value|...|-- operands". */
struct line {
	const char *words[WORDS_MAX];
	const char *expected;			/* or the beginning of a message, after "!" */
};

static void describe(const struct invocation *invocation, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "%s", invocation->command ? invocation->command->name : "-");

	for (size_t i = 0; i < invocation->count; i++) {
		const struct typed *typed = &invocation->options[i];

		used += (size_t)snprintf(text + used, size - used, "|--%s%s%s", typed->option->name,
					 typed->value ? "=" : "", typed->value ? typed->value : "");
	}
	used += (size_t)snprintf(text + used, size - used, "|");
	for (const char *const *operand = invocation->operands; *operand; operand++)
		used += (size_t)snprintf(text + used, size - used, " %s", *operand);
}

static void check_line(const struct line *line)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct invocation invocation;
	char *argv[WORDS_MAX + 2] = { NULL };
	char found[1200];
	int r;

	argv[0] = strdup("bawn");
	for (size_t i = 0; i < WORDS_MAX && line->words[i]; i++)
		argv[i + 1] = strdup(line->words[i]);
	r = cli_parse(argv, &invocation, &err);
	if (r < 0) {
		assert_int_equal(err.status, BAWN_STATUS_SELF);
		snprintf(found, sizeof(found), "!%s", err.message);
	} else {
		describe(&invocation, found, sizeof(found));
	}
	if (strncmp(found, line->expected, line->expected[0] == '!' ? strlen(line->expected) : sizeof(found)))
		fail_msg("expected %s, found %s", line->expected, found);
	invocation_done(&invocation);
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
}

static void words_are_read_as_the_rows_say(void **state)
{
	static const struct line lines[] = {
		{ { "run", "true" }, "run| true" },
		{ { "run", "--", "true", "-x" }, "run| true -x" },
		{ { "run", "-P", "dev", "-C/srv", "ls", "-P" },
		  "run|--permission-profile=dev|--directory=/srv| ls -P" },
		{ { "run", "--write=/a", "--write", "/b", "x" }, "run|--write=/a|--write=/b| x" },
		{ { "run", "--write=", "x" }, "run|--write=| x" },
		{ { "run", "--write", "--read", "x" }, "run|--write=--read| x" },
		{ { "run", "--set=a=b", "-c", "d=e=f", "x" }, "run|--set=a=b|--set=d=e=f| x" },
		{ { "run", "--gpu", "x" }, "run|--gpu| x" },
		{ { "run", "--gpu=nvidia", "x" }, "run|--gpu=nvidia| x" },
		{ { "run", "x", "--write", "/a" }, "run| x --write /a" },
		{ { "run", "-" }, "run| -" },
		{ { "run", "--", "--" }, "run| --" },
		{ { "sandbox", "x" }, "sandbox| x" },
		{ { "plan", "--json" }, "plan|--json|" },
		{ { "profile", "list", "--json" }, "profile list|--json|" },
		{ { "profile", "show", "dev" }, "profile show| dev" },
		{ { "profile", "--help" }, "-|--help|" },
		{ { "profile", "check", "--help" }, "profile check|--help|" },
		{ { "--help", "run" }, "-|--help| run" },
		{ { "--version", "--bad" }, "-|--version| --bad" },
		{ { "run", "--help", "--bad" }, "run|--help| --bad" },
		{ { "explain", "read", "/x" }, "explain| read /x" },
		{ { "doctor", "gpu", "--json" }, "doctor|--json| gpu" },
		{ { "doctor", "--json", "gpu" }, "doctor|--json| gpu" },
		{ { "doctor", "gpu", "x" }, "!\"x\" is one operand too many" },
		{ { "doctor", "gpu", "--bad" }, "!there is no option --bad" },
		{ { NULL }, "!which command?" },
		{ { "" }, "!there is no command \"\"" },
		{ { "rum" }, "!there is no command \"rum\"; did you mean \"run\"?" },
		{ { "/bin/ls" }, "!there is no command \"/bin/ls\"; to run a program: bawn run /bin/ls" },
		{ { "profile" }, "!which command: profile check, profile list, profile show?" },
		{ { "profile", "shwo" }, "!there is no command \"profile shwo\"" },
		{ { "--write", "/x", "run" }, "!--write belongs behind a command" },
		{ { "run", "--writ", "/x" }, "!there is no option --writ; did you mean --write?" },
		{ { "run", "--zzzzzzzzz" }, "!there is no option --zzzzzzzzz" },
		{ { "run", "--write" }, "!--write needs PATH" },
		{ { "run", "-C" }, "!--directory needs DIR" },
		{ { "run", "-x" }, "!there is no option -x" },
		{ { "run", "--allow-degraded=1" }, "!--allow-degraded takes no value" },
		{ { "run", "--json", "x" }, "!bawn run has no option --json" },
		{ { "profile", "show", "--json" }, "!bawn profile show has no option --json" },
		{ { "run", "--=x" }, "!there is no option --" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		check_line(&lines[i]);
}

static void an_empty_argv_is_a_usage_error(void **state)
{
	char *argv[] = { NULL };
	struct bawn_error err = BAWN_ERROR_INIT;
	struct invocation invocation;

	assert_true(cli_parse(argv, &invocation, &err) < 0);
	invocation_done(&invocation);
}

static void many_options_fit(void **state)
{
	char option[] = "--write=/x", command[] = "x", run[] = "run", bawn[] = "bawn";
	struct invocation invocation;
	char *argv[1003] = { bawn, run };

	for (int i = 2; i < 1001; i++)
		argv[i] = option;
	argv[1001] = command;
	assert_int_equal(cli_parse(argv, &invocation, NULL), 0);
	assert_int_equal(invocation.count, 999);
	invocation_done(&invocation);
}

/* --- rows ------------------------------------------------------------------------------------- */

static void rows_are_sorted_and_unique_and_have_help(void **state)
{
	for (size_t i = 0; i < cli_option_count; i++) {
		const struct cli_option *option = &cli_options[i];

		assert_true(i == 0 || strcmp(cli_options[i - 1].name, option->name) < 0);
		assert_true(option->help[0] >= 'a' && option->help[0] <= 'z');
		assert_true(option->help[strlen(option->help) - 1] != '.');
		assert_true(option->commands != 0);
		assert_true(option->group < GROUP__COUNT);
		assert_ptr_equal(option_find(option->name, strlen(option->name)), option);
		for (size_t k = 0; k < i; k++)
			assert_true(!option->letter || cli_options[k].letter != option->letter);
	}
	for (size_t i = 0; i < COMMAND__COUNT; i++)
		assert_true(strlen(cli_commands[i].help) > 10);
}

/* A value that each option takes; those that are not here take any word. */
static const char *good_value(const struct cli_option *option)
{
	static const struct { const char *name, *value; } values[] = {
		{ "allow-kernel", "io-uring" }, { "connect", "8080" }, { "env", "A=b" }, { "git", "commit" },
		{ "keep-fd", "9" }, { "limit", "memory=2G" }, { "listen", "65535" }, { "network", "off" },
		{ "log-denials", "all" }, { "log-fd", "9" }, { "param", "A=b" }, { "set", "network.enabled=true" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (!strcmp(values[i].name, option->name))
			return values[i].value;
	return option_has_argument(option) ? "word" : NULL;
}

static void every_option_of_the_box_is_one_of_the_librarys(void **state)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn *box;

	assert_int_equal(bawn_new(&box, &err), 0);
	assert_int_equal(dup2(0, 9), 9);
	for (size_t i = 0; i < cli_option_count; i++) {
		const struct cli_option *option = &cli_options[i];
		int r = bawn_option(box, option->name, good_value(option), &err);

		if (option_is_for_box(option) != (r == 0))
			fail_msg("--%s: %s", option->name, r < 0 ? err.message : "accepted");
		if (!option_is_for_box(option))
			continue;
		r = bawn_option(box, option->name, NULL, &err);
		if (option_needs_argument(option) != (r < 0))
			fail_msg("--%s without a value", option->name);
	}
	close(9);
	bawn_free(box);
}

static bool completes(const char *name, const char *word)
{
	const struct cli_option *option = option_find(name, strlen(name));

	assert_non_null(option);
	return strstr(option->completion, word) != NULL;
}

static void completions_offer_every_limit_and_kernel_name(void **state)
{
	for (int i = 0; i < LIMIT__COUNT; i++)
		assert_true(completes("limit", limit_name_text((enum limit_name)i)));
	for (int i = 0; i < KERNEL__COUNT; i++)
		assert_true(completes("allow-kernel", kernel_name_text((enum kernel_name)i)));
}

static void nearest_word_is_near(void **state)
{
	static const char *const words[] = { "run", "plan", "explain" };

	assert_string_equal(nearest_word("explian", words, 3), "explain");
	assert_string_equal(nearest_word("pln", words, 3), "plan");
	assert_null(nearest_word("frobnicate", words, 3));
	assert_null(nearest_word("a-word-that-is-longer-than-any-that-could-be-meant", words, 3));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_read_as_the_rows_say),
		cmocka_unit_test(an_empty_argv_is_a_usage_error),
		cmocka_unit_test(many_options_fit),
		cmocka_unit_test(rows_are_sorted_and_unique_and_have_help),
		cmocka_unit_test(every_option_of_the_box_is_one_of_the_librarys),
		cmocka_unit_test(completions_offer_every_limit_and_kernel_name),
		cmocka_unit_test(nearest_word_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
