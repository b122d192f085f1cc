/* SPDX-License-Identifier: Apache-2.0 */
/* profile.c — bawn profile check, list and show. */
#include "cli/cli.h"

/* Prints what a call of the library's gave, after its warnings; ends the box. */
static int report(struct bawn *box, int result, char *text, const struct bawn_error *err)
{
	print_warnings(box);
	bawn_free(box);
	return result < 0 ? fail(err) : print_text(text);
}

int command_profile_check(const struct invocation *invocation)
{
	const char *file = invocation->operands[0];
	struct bawn_error err = BAWN_ERROR_INIT;
	enum bawn_format format;
	struct bawn *box;
	char *text = NULL;
	int status, r;

	if ((status = operands_at_most(invocation, 1)) || (status = format_wanted(invocation, &format)) ||
	    (status = box_make(invocation, &box)))
		return status;
	r = file ? bawn_config_file(box, file, &err) : 0;
	if (r >= 0)
		r = bawn_profile_check(box, format, &text, &err);
	return report(box, r, text, &err);
}

int command_profile_list(const struct invocation *invocation)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	enum bawn_format format;
	struct bawn *box;
	char *text = NULL;
	int status, r;

	if ((status = operands_at_most(invocation, 0)) || (status = format_wanted(invocation, &format)) ||
	    (status = box_make(invocation, &box)))
		return status;
	r = bawn_profile_list(box, format, &text, &err);
	return report(box, r, text, &err);
}

int command_profile_show(const struct invocation *invocation)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn *box;
	char *text = NULL;
	int status, r;

	if ((status = operands_at_most(invocation, 1)) || (status = box_make(invocation, &box)))
		return status;
	r = bawn_profile_show(box, invocation->operands[0], &text, &err);
	return report(box, r, text, &err);
}
