/* SPDX-License-Identifier: Apache-2.0 */
/* learn.c — bawn learn -o FILE: runs a command to see what it needs, and writes that down as a profile. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_LIMIT	(1 << 20)

static int system_error(const char *path)
{
	struct bawn_error err;

	usage_error(&err, "%s: %s", path, strerror(errno));
	return fail(&err);
}

/* *ret_text NULL: there is no such file. */
static int read_previous(const char *path, char **ret_text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : malloc(FILE_LIMIT);
	ssize_t size = 0, count = 0;

	*ret_text = NULL;
	if (fd < 0)
		return errno == ENOENT ? 0 : system_error(path);
	while (text && size < FILE_LIMIT - 1 && (count = read(fd, text + size, (size_t)(FILE_LIMIT - 1 - size))) > 0)
		size += count;
	close(fd);
	if (!text || count < 0) {
		free(text);
		return system_error(path);
	}
	text[size] = '\0';
	*ret_text = text;
	return 0;
}

/* By a new file that takes the old one's place: half a profile is none. */
static int write_profile(const char *path, const char *text)
{
	struct output output = { 0 };
	char fresh[4096];
	bool whole;

	if (snprintf(fresh, sizeof(fresh), "%s.new.%d", path, (int)getpid()) >= (int)sizeof(fresh)) {
		errno = ENAMETOOLONG;
		return system_error(path);
	}
	output.fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (output.fd < 0)
		return system_error(fresh);
	output_text(&output, text);
	whole = output_end(&output) == 0 && fsync(output.fd) == 0 && rename(fresh, path) == 0;
	close(output.fd);
	if (whole)
		return 0;
	unlink(fresh);
	return system_error(path);
}

static void print_lesson(const char *path, const char *command)
{
	struct output output = { .fd = STDERR_FILENO };

	output_printf(&output, "bawn: learnt: %s; what the command wrote outside its workspace was thrown away\n"
		      "      now:    bawn run --config %s -- %s ...\n", path, path, command);
	output_end(&output);
}

static int learn(const struct invocation *invocation, struct bawn *box, const char *path, const char *previous)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	char *profile;
	int status, written;

	if (previous && !invocation_last(invocation, "config") && bawn_config_file(box, path, &err) < 0)
		return fail(&err);
	if (bawn_learn(box, invocation->operands, previous, BAWN_FORWARD_SIGNALS, &status, &profile, &err) < 0) {
		print_warnings(box);
		return fail(&err);
	}
	print_warnings(box);
	written = write_profile(path, profile);
	bawn_text_free(profile);
	if (written)
		return written;
	print_lesson(path, invocation->operands[0]);
	return status;
}

int command_learn(const struct invocation *invocation)
{
	const struct typed *file = invocation_last(invocation, "output");
	struct bawn_error err;
	struct bawn *box;
	char *previous;
	int status;

	if (!file || !invocation->operands[0] || !invocation->operands[0][0]) {
		usage_error(&err, file ? "which command is to be run?" : "where is the profile to go? -o FILE");
		return fail_usage(invocation->command, &err);
	}
	if ((status = read_previous(file->value, &previous)))
		return status;
	status = box_make(invocation, &box);
	if (!status) {
		status = learn(invocation, box, file->value, previous);
		bawn_free(box);
	}
	free(previous);
	return status;
}
