/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c — bawn explain: questions in pairs, one answer each. */
#include "cli/cli.h"

#include <string.h>

#define STATUS_DENIED	1

/* The first word of an answer is its verdict. */
static int print_answer(char *text, enum bawn_format format, bool allowed)
{
	const char *verdict = allowed ? "allowed" : "denied";
	struct output output = { .fd = 1 };
	size_t size = strlen(verdict);
	int status;

	if (format == BAWN_JSON || strncmp(text, verdict, size) != 0)
		return print_text(text);
	output_colour(&output, allowed ? GREEN : RED, verdict);
	output_text(&output, text + size);
	status = output_end(&output);
	bawn_text_free(text);
	return status;
}

static int answer(struct bawn *box, const char *const *pair, enum bawn_format format, int *ret_allowed)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	char *text;

	if (bawn_explain(box, pair[0], pair[1], format, ret_allowed, &text, &err) < 0)
		return fail(&err);
	return print_answer(text, format, *ret_allowed);
}

static int check_pairs(const struct invocation *invocation)
{
	struct bawn_error err;
	size_t count = 0;

	while (invocation->operands[count])
		count++;
	if (count == 0)
		usage_error(&err, "what is to be explained? OPERATION TARGET, as in: write /etc/passwd");
	else if (count % 2)
		usage_error(&err, "operations and targets come in pairs: \"%s\" has no target",
			    invocation->operands[count - 1]);
	else
		return 0;
	return fail_usage(invocation->command, &err);
}

int command_explain(const struct invocation *invocation)
{
	enum bawn_format format;
	struct bawn *box;
	int status, denied = 0;

	if ((status = check_pairs(invocation)) || (status = format_wanted(invocation, &format)) ||
	    (status = box_make(invocation, &box)))
		return status;
	for (const char *const *pair = invocation->operands; !status && *pair; pair += 2) {
		int allowed = 0;

		status = answer(box, pair, format, &allowed);
		if (pair == invocation->operands)
			print_warnings(box);
		denied |= !allowed;
	}
	bawn_free(box);
	return status ? status : denied ? STATUS_DENIED : 0;
}
