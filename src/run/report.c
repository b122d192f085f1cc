/* SPDX-License-Identifier: Apache-2.0 */
/* report.c — what was refused: from the table that the box's own processes write, to lines and texts.
 *
 * The table is there for every box: to write into it costs those who refuse next to nothing, and nothing when nothing
 * is refused. Without --log-denials it holds what the broker, and whoever else answers calls for the command, knows
 * for free, and is looked at when the command has failed.
 *
 * Should: lose nothing from the count. Mustn't: believe what is in the table (events.c), hold the command up. */
#include "run/report.h"
#include "run/chain.h"
#include "run/internal.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define LAST_WAIT_MS	2000			/* at the end, for a reader of the log who reads nothing */
#define LINES_MAX	((size_t)1 << 20)	/* bytes that wait for whoever reads the log */

/* The lines hold what a command chose to call its files, and a command of an earlier run may have left a link where
 * they are to go: to a file that is ours alone. A link that the command can make leads to what it can write, or is
 * refused. *ret_file: where the lines go, without links. */
static int check_way(const struct chain *chain, struct policy *passed, const char **ret_file, struct bawn_error *err)
{
	struct host_entry entry;
	int r = path_canonical_through(passed, &chain->host, chain->log_path, ret_file, &entry, err);

	if (r < 0 || policy_allows_write(chain->policy, *ret_file))
		return r < 0 ? r : 0;
	for (size_t i = 0; i < passed->link_count; i++)
		if (policy_allows_write(chain->policy, passed->links[i]))
			return error_set(err, EPERM, "log file %s: leads to %s by a link that the command can make",
					 chain->log_path, *ret_file);
	return 0;
}

/* A link that has come in the way since the check is not followed; nor is a reader of a FIFO waited for. */
static int open_log_file(const struct chain *chain, struct bawn_error *err)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC;
	struct policy passed = { 0 };
	const char *file, *path = chain->log_path;
	int fd = check_way(chain, &passed, &file, err);

	if (fd >= 0) {
		/* /dev/stderr is one of the kernel's own links, to what has no path */
		bool own = path_below(path, "/dev", false) || path_below(path, "/proc", false);

		fd = own ? open(path, flags, 0600) : host_open_direct(file, flags, 0600);
		fd = fd == -1 ? -errno : fd;
		if (fd == -ENXIO)
			error_set(err, ENXIO, "log file %s: a FIFO that nobody reads, or a socket", path);
		else if (fd < 0)
			error_system(err, -fd, "log file %s", path);
		else
			fcntl(fd, F_SETFL, O_APPEND);
	}
	arena_done(&passed.arena);
	return fd;
}

static int open_log(const struct chain *chain, struct report *report, struct bawn_error *err)
{
	report->log_fd = chain->log_fd;
	if (chain->log_path) {
		int fd = open_log_file(chain, err);

		if (fd < 0)
			return fd;
		report->log_fd = report->own_fd = fd;
	}
	if (report->log_fd < 0)
		return 0;
	report->wake_fd = host_wake_fd();
	return report->wake_fd < 0 && report->wake_fd != -ENOTSUP ?
		       error_system(err, -report->wake_fd, "watch for what is refused") : 0;
}

int report_open(const struct chain *chain, struct report *ret_report, struct bawn_error *err)
{
	struct report report = {
		.denials = { .policy = chain->judge ? chain->judge : chain->policy, .host = &chain->host },
		.whole = chain->log_report && plan_records(chain->plan), .finished = !plan_records(chain->plan),
		.wake_fd = -1,
		.log_fd = -1, .own_fd = -1,
	};
	void *memory;
	int r;

	report.slots = chain->log == LOG_NONE ? EVENTS_FEW : EVENTS_MANY;
	report.size = events_size(report.slots);
	memory = mmap(NULL, report.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return error_system(err, errno, "make room for what is refused");
	report.events = memory;
	events_init(report.events, report.slots);
	r = open_log(chain, &report, err);
	if (r < 0)
		report_close(&report);
	else
		*ret_report = report;
	return r;
}

/* --- one event ---------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int take_event(void *argument, const struct event *event, uint64_t count)
{
	struct report *report = argument;
	const struct denial *denial;

	denials_add(&report->denials, event, count, &denial);
	if (report->log_fd >= 0 && denial)
		denial_print_json(&report->denials, denial, count, now_ms(), &report->lines);
	return 0;
}

/* --- the log ------------------------------------------------------------------------------ */

/* A pipe that polls writable takes PIPE_BUF bytes without blocking: whoever does not read his log holds up neither the
 * clock nor the signals. */
int report_write(struct report *report, bool all, struct bawn_error *err)
{
	while (report->log_fd >= 0 && report->written < report->lines.size) {
		struct pollfd log = { .fd = report->log_fd, .events = POLLOUT };
		size_t size = report->lines.size - report->written;
		ssize_t count;

		if (poll(&log, 1, all ? LAST_WAIT_MS : 0) == 0)
			return all ? error_set(err, ETIMEDOUT, "nobody reads the log of what was refused") : 0;
		count = host_write_quietly(report->log_fd, report->lines.bytes + report->written,
				      size < PIPE_BUF ? size : PIPE_BUF);
		if (count < 0 && errno != EINTR && errno != EAGAIN) {
			report->log_fd = -1;
			return error_system(err, errno, "write the log of what was refused");
		}
		report->written += count > 0 ? (size_t)count : 0;
	}
	text_done(&report->lines);
	report->written = 0;
	return 0;
}

bool report_has_lines(const struct report *report)
{
	return report->log_fd >= 0 && report->lines.size > 0;
}

/* --- all that is new ---------------------------------------------------------------------- */

static int make_reader(struct report *report)
{
	if (report->seen)
		return 0;
	report->seen = calloc(report->slots, sizeof(*report->seen));
	if (!report->seen)
		return -ENOMEM;
	events_reader_init(&report->reader, report->events, report->slots, report->seen);
	return 0;
}

int report_take(struct report *report, struct bawn_error *err)
{
	uint64_t wakes;
	int r = make_reader(report);

	if (r < 0)
		return error_oom(err);
	if (report->wake_fd >= 0 && read(report->wake_fd, &wakes, sizeof(wakes)) < 0 && errno != EAGAIN)
		return error_system(err, errno, "read what was refused");
	if (report->lines.size - report->written < LINES_MAX)	/* else their reader is slow: the table counts on */
		events_take(&report->reader, take_event, report);
	report->denials.failed = report->reader.failed;
	return report->lines.failed ? error_oom(err) : report_write(report, false, err);
}

int report_finish(struct report *report, struct bawn_error *err)
{
	int r = report_take(report, err);

	if (r == 0)
		r = report_write(report, true, err);
	if (r == 0)			/* what had no room in the lines before */
		r = report_take(report, err);
	if (r == 0 && report->log_fd >= 0 && !report->finished) {
		denials_print_summary(&report->denials, &report->lines);
		report->finished = true;
	}
	return r < 0 ? r : report_write(report, true, err);
}

int report_print(struct report *report, struct text *text, struct bawn_error *err)
{
	int r = report_finish(report, err);

	if (r < 0)
		return r;
	denials_print(&report->denials, !report->whole, text);
	return 0;
}

void report_close(struct report *report)
{
	if (report->events)
		munmap(report->events, report->size);
	free(report->seen);
	text_done(&report->lines);
	denials_done(&report->denials);
	cleanup_fd(&report->wake_fd);
	cleanup_fd(&report->own_fd);
	*report = REPORT_NONE;
}
