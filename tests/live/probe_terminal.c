/* SPDX-License-Identifier: Apache-2.0 */
/* probe_terminal.c — a terminal of our own with a command on it, driven by a script.
 *
 * probe terminal SCRIPT COMMAND...: the command leads a session on a new terminal. SCRIPT is a list of steps,
 * separated by "|":
 *	expect TEXT	waits (10 s) until TEXT comes out of the terminal
 *	never TEXT	TEXT must not have come out since the last expect
 *	type TEXT	types TEXT; \n \3 (Ctrl-C) \32 (Ctrl-Z) \34 (Ctrl-\) as in C
 *	size R C	changes the window's size
 *	rest MS		waits
 *	end		waits for the command's end and prints its status
 * Everything that came out is printed at the end, for the test to look at. */
#include "probe.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

static struct terminal {
	int fd;
	pid_t pid;
	char text[65536];
	size_t size, mark;		/* mark: up to where it was looked at */
} terminal;

static void take(int timeout_ms)
{
	struct pollfd polled = { .fd = terminal.fd, .events = POLLIN };
	ssize_t size;

	if (poll(&polled, 1, timeout_ms) <= 0)
		return;
	size = read(terminal.fd, terminal.text + terminal.size, sizeof(terminal.text) - 1 - terminal.size);
	if (size <= 0) {
		usleep((useconds_t)timeout_ms * 1000);	/* nobody holds the other end */
		return;
	}
	terminal.size += (size_t)size;
	terminal.text[terminal.size] = '\0';
}

static int expect(const char *text)
{
	for (int i = 0; i < 200; i++) {
		const char *found = strstr(terminal.text + terminal.mark, text);

		if (found) {
			terminal.mark = (size_t)(found - terminal.text) + strlen(text);
			return 0;
		}
		take(50);
	}
	printf("terminal: \"%s\" did not come\n", text);
	return -ETIMEDOUT;
}

static int never(const char *text)
{
	if (!strstr(terminal.text + terminal.mark, text))
		return 0;
	printf("terminal: \"%s\" came\n", text);
	return -EEXIST;
}

static int type(const char *text)
{
	char out[1024];
	size_t size = 0;

	for (; *text && size < sizeof(out); text++) {
		if (*text != '\\')
			out[size++] = *text;
		else if (text[1] == 'n' && text++)
			out[size++] = '\n';
		else {
			char *end;

			out[size++] = (char)strtol(text + 1, &end, 8);
			text = end - 1;
		}
	}
	return outcome(write(terminal.fd, out, size));
}

static int resize(const char *text)
{
	struct winsize size = { 0 };

	if (sscanf(text, "%hu %hu", &size.ws_row, &size.ws_col) != 2)
		return -UNUSABLE;
	return outcome(ioctl(terminal.fd, TIOCSWINSZ, &size));
}

static int rest(const char *text)
{
	for (int i = atoi(text); i > 0; i -= 20)
		take(20);
	return 0;
}

static int end(const char *text)
{
	int status = 0;

	(void)text;
	for (int i = 0; i < 200; i++) {
		if (waitpid(terminal.pid, &status, WNOHANG) == terminal.pid) {
			printf("terminal: status %d\n",
			       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
			terminal.pid = -1;
			return 0;
		}
		take(50);
	}
	printf("terminal: the command does not end\n");
	return -ETIMEDOUT;
}

static int step(char *text)
{
	static const struct { const char *name; int (*run)(const char *); } steps[] = {
		{ "expect ", expect }, { "never ", never }, { "type ", type }, { "size ", resize },
		{ "rest ", rest }, { "end", end },
	};

	text += strspn(text, " \n\t");
	if (!*text)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (!strncmp(text, steps[i].name, strlen(steps[i].name)))
			return steps[i].run(text + strlen(steps[i].name));
	printf("terminal: no such step: %s\n", text);
	return -UNUSABLE;
}

static int start(char **argv)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	char name[64];
	int number, lock = 0;

	terminal.fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal.fd < 0 || ioctl(terminal.fd, TIOCGPTN, &number) < 0 || ioctl(terminal.fd, TIOCSPTLCK, &lock) < 0 ||
	    ioctl(terminal.fd, TIOCSWINSZ, &size) < 0)
		return -UNUSABLE;
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	terminal.pid = fork();
	if (terminal.pid == 0) {
		int fd;

		setsid();
		fd = open(name, O_RDWR);
		ioctl(fd, TIOCSCTTY, 0);
		for (int i = 0; i < 3; i++)
			dup2(fd, i);
		if (fd > 2)
			close(fd);
		execvp(argv[0], argv);
		_exit(127);
	}
	return terminal.pid < 0 ? -UNUSABLE : 0;
}

static int trial_terminal(char **argv)
{
	int r = start(argv + 1);

	for (char *save, *text = strtok_r(argv[0], "|", &save); r >= 0 && text; text = strtok_r(NULL, "|", &save))
		r = step(text);
	if (terminal.pid > 0) {
		kill(terminal.pid, SIGKILL);
		waitpid(terminal.pid, NULL, 0);
	}
	printf("--- the terminal\n%s\n---\n", terminal.text);
	return r;
}

/* --- on the terminal --- */

static volatile sig_atomic_t interrupts, resizes;

static void on_interrupt(int number)
{
	(void)number;
	interrupts++;
}

static void on_resize(int number)
{
	(void)number;
	resizes++;
}

/* Counts the interrupts that one Ctrl-C brings; tells its terminal's name and each change of size. */
static int trial_watch(char **argv)
{
	struct winsize size;

	signal(SIGINT, on_interrupt);
	signal(SIGWINCH, on_resize);
	printf("watching %s\n", ttyname(0) ? ttyname(0) : "no terminal");
	for (int rounds = 0; rounds < atoi(argv[0]); rounds++) {
		usleep(50000);
		if (resizes && ioctl(0, TIOCGWINSZ, &size) == 0) {
			printf("resized %d to %d %d\n", (int)resizes, size.ws_row, size.ws_col);
			resizes = 0;
		}
		if (interrupts) {
			usleep(200000);		/* a second one would follow at once */
			printf("interrupted %d\n", (int)interrupts);
			return 0;
		}
	}
	return -ETIMEDOUT;
}

const struct trial terminal_trials[] = {
	{ "terminal",	2, trial_terminal,	"SCRIPT COMMAND... on a new terminal" },
	{ "watch",	1, trial_watch,		"tells of interrupts and changes of size, for N rounds of 50 ms" },
	{ NULL, 0, NULL, NULL },
};
