/* SPDX-License-Identifier: Apache-2.0 */
/* output.c — what the command line says: results to standard output, everything else to standard
 * error.
 *
 * Each message is one write(2), so that the lines of several launches do not mix; no stdio, whose
 * first use costs system calls. */
#include "cli/cli.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const colour_codes[] = {
	[PLAIN] = "", [BOLD] = "\033[1m", [RED] = "\033[1;31m", [GREEN] = "\033[1;32m", [YELLOW] = "\033[1;33m",
};

static void write_all(struct output *output, const char *bytes, size_t size)
{
	while (size > 0 && !output->failed) {
		ssize_t count = write(output->fd, bytes, size);

		if (count >= 0) {
			bytes += count;
			size -= (size_t)count;
		} else if (errno == EAGAIN) {
			/* An event loop that shares our terminal or pipe made it non-blocking. */
			poll(&(struct pollfd){ .fd = output->fd, .events = POLLOUT }, 1, -1);
		} else if (errno != EINTR) {
			output->failed = true;
		}
	}
}

static void output_bytes(struct output *output, const char *bytes, size_t size)
{
	if (size > sizeof(output->bytes) - output->used) {
		write_all(output, output->bytes, output->used);
		output->used = 0;
	}
	if (size > sizeof(output->bytes)) {
		write_all(output, bytes, size);
		return;
	}
	memcpy(output->bytes + output->used, bytes, size);
	output->used += size;
}

void output_text(struct output *output, const char *text)
{
	output_bytes(output, text, strlen(text));
}

void output_printf(struct output *output, const char *format, ...)
{
	char bytes[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(bytes, sizeof(bytes), format, arguments);
	va_end(arguments);
	output_text(output, bytes);
}

/* https://no-color.org: "when present and not an empty string (regardless of its value)" */
static bool wants_colours(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no_color && *no_color) && term && strcmp(term, "dumb") != 0 && isatty(fd);
}

void output_colour(struct output *output, enum colour colour, const char *text)
{
	if (!output->probed) {
		output->colours = wants_colours(output->fd);
		output->probed = true;
	}
	if (output->colours)
		output_text(output, colour_codes[colour]);
	output_text(output, text);
	if (output->colours)
		output_text(output, "\033[0m");
}

int output_end(struct output *output)
{
	write_all(output, output->bytes, output->used);
	output->used = 0;
	return output->failed ? BAWN_STATUS_SELF : 0;
}

/* --- messages ----------------------------------------------------------------------------- */

/* Names of files and words of a configuration come from elsewhere: their control characters must
 * not reach a terminal. */
static void output_visible(struct output *output, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			output_printf(output, "\\x%02x", c);
		else
			output_bytes(output, text + i, 1);
	}
}

/* Further lines stand below the first word, not below "bawn:". */
static void message(struct output *output, enum colour colour, const char *kind, const char *text)
{
	output_colour(output, colour, "bawn:");
	output_text(output, " ");
	if (*kind)
		output_colour(output, colour, kind);
	for (;;) {
		size_t size = strcspn(text, "\n");

		output_visible(output, text, size);
		output_text(output, "\n");
		if (!text[size])
			return;
		text += size + 1;
		output_text(output, "      ");
	}
}

int fail(const struct bawn_error *err)
{
	struct output output = { .fd = STDERR_FILENO };

	message(&output, RED, "", err->message);
	output_end(&output);
	return err->status ? err->status : BAWN_STATUS_SELF;
}

int fail_usage(const struct cli_command *command, const struct bawn_error *err)
{
	struct output output = { .fd = STDERR_FILENO };

	message(&output, RED, "", err->message);
	output_printf(&output, "try 'bawn %s%s--help'\n", command ? command->name : "", command ? " " : "");
	output_end(&output);
	return BAWN_STATUS_SELF;
}

int usage_error(struct bawn_error *err, const char *format, ...)
{
	va_list arguments;

	*err = (struct bawn_error)BAWN_ERROR_INIT;
	err->number = EINVAL;
	err->status = BAWN_STATUS_SELF;
	va_start(arguments, format);
	vsnprintf(err->message, sizeof(err->message), format, arguments);
	va_end(arguments);
	return -EINVAL;
}

void print_warnings(struct bawn *box)
{
	struct output output = { .fd = STDERR_FILENO };
	const char *line = bawn_warnings(box);

	while (*line) {
		size_t size = strcspn(line, "\n");

		output_colour(&output, YELLOW, "bawn: warning:");
		output_text(&output, " ");
		output_visible(&output, line, size);
		output_text(&output, "\n");
		line += size + (line[size] == '\n');
	}
	output_end(&output);
}

/* Lines that begin with blanks belong to the one before. */
void print_report(char *text)
{
	struct output output = { .fd = STDERR_FILENO };

	for (const char *line = text; *line;) {
		size_t size = strcspn(line, "\n");

		if (*line == ' ')
			output_text(&output, "    ");
		else
			output_colour(&output, RED, "bawn:");
		if (*line != ' ')
			output_text(&output, " ");
		output_bytes(&output, line, size);
		output_text(&output, "\n");
		line += size + (line[size] == '\n');
	}
	output_end(&output);
	bawn_text_free(text);
}

int print_text(char *text)
{
	struct output output = { .fd = STDOUT_FILENO };
	struct bawn_error err;

	output_text(&output, text);
	bawn_text_free(text);
	if (output_end(&output) == 0)
		return 0;
	usage_error(&err, "standard output: %s", strerror(errno));
	return fail(&err);
}
