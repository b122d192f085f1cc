/* SPDX-License-Identifier: Apache-2.0 */
/* main.c — the command line: prepares the process, reads argv, calls the command's function. */
#include "cli/cli.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

static int (*const functions[COMMAND__COUNT])(const struct invocation *invocation) = {
	[COMMAND_RUN] = command_run, [COMMAND_SANDBOX] = command_run, [COMMAND_PLAN] = command_plan,
	[COMMAND_EXPLAIN] = command_explain,
	[COMMAND_DOCTOR] = command_doctor, [COMMAND_LEARN] = command_learn,
	[COMMAND_PROFILE_CHECK] = command_profile_check,
	[COMMAND_PROFILE_LIST] = command_profile_list, [COMMAND_PROFILE_SHOW] = command_profile_show,
	[COMMAND_COMPLETION] = command_completion,
};

/* Where the caller left 0, 1 or 2 closed, the next file we open would become a standard stream, and
 * a message of ours would be written into it. A /dev/null stands there instead. It closes on exec:
 * for the command, the library leaves such a descriptor as the caller did, closed. One system call
 * where nothing is closed. */
static void hold_standard_descriptors(void)
{
	struct pollfd standard[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(standard, 3, 0) == 0)
		return;
	for (int i = 0; i < 3; i++)
		if ((standard[i].revents & POLLNVAL) && open("/dev/null", O_RDWR | O_CLOEXEC) > 2)
			return;		/* cannot be: the lowest free descriptor is taken first */
}

static int perform(const struct invocation *invocation)
{
	if (invocation_last(invocation, "help"))
		return print_help(invocation->command);
	if (invocation_last(invocation, "version"))
		return print_version();
	return functions[invocation->command - cli_commands](invocation);
}

int main(int argc, char **argv)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct invocation invocation;
	int status;

	(void)argc;
	hold_standard_descriptors();
	if (cli_parse(argv, &invocation, &err) < 0)
		status = fail_usage(invocation.command, &err);
	else
		status = perform(&invocation);
	invocation_done(&invocation);
	return status;
}
