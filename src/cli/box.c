/* SPDX-License-Identifier: Apache-2.0 */
/* box.c — what was typed → a box of the library's. */
#include "cli/cli.h"

#include <string.h>

static int add_options(const struct invocation *invocation, struct bawn *box, struct bawn_error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < invocation->count; i++) {
		const struct typed *typed = &invocation->options[i];

		if (option_is_for_box(typed->option))
			r = bawn_option(box, typed->option->name, typed->value, err);
	}
	return r;
}

static int set_platform(const struct invocation *invocation, struct bawn *box, struct bawn_error *err)
{
	const struct typed *typed = invocation_last(invocation, "platform");

	if (!typed)
		return 0;
	if (!strcmp(typed->value, "linux"))
		return bawn_platform(box, BAWN_PLATFORM_LINUX, err);
	if (!strcmp(typed->value, "macos"))
		return bawn_platform(box, BAWN_PLATFORM_MACOS, err);
	return usage_error(err, "--platform: \"%s\": expected linux or macos", typed->value);
}

int box_make(const struct invocation *invocation, struct bawn **ret_box)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn *box;

	if (bawn_new(&box, &err) < 0)
		return fail(&err);
	if (add_options(invocation, box, &err) < 0 || set_platform(invocation, box, &err) < 0) {
		bawn_free(box);
		return fail_usage(invocation->command, &err);
	}
	*ret_box = box;
	return 0;
}

int format_wanted(const struct invocation *invocation, enum bawn_format *ret_format)
{
	const struct typed *format = invocation_last(invocation, "format");
	const struct typed *json = invocation_last(invocation, "json");
	struct bawn_error err;

	if (format && strcmp(format->value, "text") && strcmp(format->value, "json")) {
		usage_error(&err, "--format: \"%s\": expected text or json", format->value);
		return fail_usage(invocation->command, &err);
	}
	/* The later of the two counts. */
	if (json && (!format || json > format))
		*ret_format = BAWN_JSON;
	else
		*ret_format = format && !strcmp(format->value, "json") ? BAWN_JSON : BAWN_TEXT;
	return 0;
}

int operands_at_most(const struct invocation *invocation, size_t count)
{
	struct bawn_error err;

	for (size_t i = 0; i < count; i++)
		if (!invocation->operands[i])
			return 0;
	if (!invocation->operands[count])
		return 0;
	usage_error(&err, "\"%s\" is one operand too many", invocation->operands[count]);
	return fail_usage(invocation->command, &err);
}
