/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c — bawn plan. */
#include "cli/cli.h"

int command_plan(const struct invocation *invocation)
{
	const char *const *argv = invocation->operands[0] ? invocation->operands : NULL;
	struct bawn_error err = BAWN_ERROR_INIT;
	enum bawn_format format;
	struct bawn *box;
	char *text;
	int status, r;

	if ((status = format_wanted(invocation, &format)) || (status = box_make(invocation, &box)))
		return status;
	r = bawn_plan(box, argv, format, &text, &err);
	print_warnings(box);
	bawn_free(box);
	return r < 0 ? fail(&err) : print_text(text);
}
