/* SPDX-License-Identifier: Apache-2.0 */
/* run.c — bawn run. Standard output belongs to the command; bawn speaks on standard error only. */
#include "cli/cli.h"

/* What the box denied: a hint when the command has failed, or the report that was asked for. */
static void print_denials(const struct invocation *invocation, struct bawn_child *child, int status)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	char *text;

	bool asked = invocation_last(invocation, "log-denials");

	if ((status == 0 && !asked) || invocation_last(invocation, "quiet"))
		return;
	if (bawn_denials(child, &text, &err) < 0)
		fail(&err);
	else
		print_report(text);
}

int command_run(const struct invocation *invocation)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn_child *child = NULL;
	struct bawn *box;
	int status, r;

	if (!invocation->operands[0]) {
		usage_error(&err, "which command is to be run?");
		return fail_usage(invocation->command, &err);
	}
	if (!invocation->operands[0][0]) {
		usage_error(&err, "the name of the command is empty");
		return fail_usage(invocation->command, &err);
	}
	status = box_make(invocation, &box);
	if (status)
		return status;
	r = bawn_spawn(box, invocation->operands, NULL, BAWN_FORWARD_SIGNALS, &child, &err);
	print_warnings(box);		/* while the command runs, not after hours of it */
	if (r >= 0)
		r = bawn_wait(child, &status, &err);
	if (r < 0)
		status = fail(&err);
	else
		print_denials(invocation, child, status);
	bawn_child_free(child);
	bawn_free(box);
	return status;
}
