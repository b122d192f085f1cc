/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c — bawn doctor: what of this machine a box can use, and what to change. */
#include "cli/cli.h"

#define STATUS_TO_CHANGE	1

int command_doctor(const struct invocation *invocation)
{
	const char *topic = invocation->operands[0];
	struct bawn_error err = BAWN_ERROR_INIT;
	enum bawn_format format;
	struct bawn *box;
	char *text;
	int status, healthy;

	if ((status = format_wanted(invocation, &format)) || (status = box_make(invocation, &box)))
		return status;
	if (bawn_doctor(box, topic, format, &healthy, &text, &err) < 0) {
		status = fail(&err);
	} else {
		status = print_text(text);
		if (!status && !healthy)
			status = STATUS_TO_CHANGE;
	}
	bawn_free(box);
	return status;
}
