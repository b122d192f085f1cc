/* SPDX-License-Identifier: Apache-2.0 */
/* error.c — one sentence about what went wrong, filled where the cause is known.
 *
 * error_set()'s message is exactly what the caller wrote, because the reason that helps ("user
 * namespaces are switched off") is seldom strerror()'s; error_system() adds that one where it does. */
#include "base/base.h"

#include <stdio.h>
#include <string.h>

/* Cut text must not end inside a UTF-8 character: a terminal or a JSON reader would choke on it. */
static void trim_partial_character(char *text)
{
	size_t size = strlen(text), lead = size;

	while (lead > 0 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
		lead--;
	if (lead > 0 && (unsigned char)text[lead - 1] >= 0xc0 &&
	    utf8_size(text + lead - 1, size - lead + 1) == 0)
		text[lead - 1] = '\0';
}

static void fill(struct bawn_error *err, int number, const char *message)
{
	memset(err, 0, sizeof(*err));
	err->number = number;
	err->status = BAWN_STATUS_SELF;
	snprintf(err->message, sizeof(err->message), "%s", message);
	trim_partial_character(err->message);
}

int error_set(struct bawn_error *err, int number, const char *format, ...)
{
	/* Formatted aside, as an argument may be the old message itself. */
	char message[sizeof(err->message)];
	va_list arguments;

	if (!err)
		return -number;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	fill(err, number, message);
	return -number;
}

int error_system(struct bawn_error *err, int number, const char *format, ...)
{
	char message[sizeof(err->message)];
	va_list arguments;
	int size;

	if (!err)
		return -number;
	va_start(arguments, format);
	size = vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (size >= 0 && (size_t)size < sizeof(message))
		snprintf(message + size, sizeof(message) - (size_t)size, ": %s", strerror(number));
	fill(err, number, message);
	return -number;
}

int error_at(struct bawn_error *err, const char *file, unsigned line, unsigned column,
	     const char *format, ...)
{
	char message[sizeof(err->message)], name[sizeof(err->file)];
	va_list arguments;
	int size;

	if (!err)
		return -EINVAL;
	snprintf(name, sizeof(name), "%s", file ? file : "");
	trim_partial_character(name);
	size = snprintf(message, sizeof(message), "%s:%u:%u: ", name, line, column);
	va_start(arguments, format);
	vsnprintf(message + size, sizeof(message) - (size_t)size, format, arguments);
	va_end(arguments);
	fill(err, EINVAL, message);
	err->line = line;
	err->column = column;
	memcpy(err->file, name, sizeof(name));
	return -EINVAL;
}

int error_wrap(struct bawn_error *err, const char *format, ...)
{
	char context[sizeof(err->message)], message[2 * sizeof(err->message) + 2];
	va_list arguments;

	if (!err)
		return -EIO;
	va_start(arguments, format);
	vsnprintf(context, sizeof(context), format, arguments);
	va_end(arguments);
	snprintf(message, sizeof(message), "%s: %s", context, err->message);
	snprintf(err->message, sizeof(err->message), "%.*s", (int)sizeof(context) - 1, message);
	trim_partial_character(err->message);
	return err->number > 0 ? -err->number : -EIO;
}

int error_oom(struct bawn_error *err)
{
	return error_set(err, ENOMEM, "out of memory");
}
