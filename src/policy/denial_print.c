/* SPDX-License-Identifier: Apache-2.0 */
/* denial_print.c — refusals for people, and as JSON lines for programs.
 *
 * JSON, one object a line; keys that a reader does not know are to be passed over:
 *
 *	{"type":"denial"}	time (ms since 1970), count (of them since the last such line), operation, target, call,
 *				errno, program, pid, cause, rule, origin, kind, reason, allow_line, allow_option
 *	{"type":"failure"}	the same for an ordinary failure, which would have failed outside, too; without rule and
 *				what follows it
 *
 *	{"type":"summary"}	the last line: denied (all of them), different (of those with lines), untold (of denied:
 *				how many found no room, and have no line), failed (ordinary failures)
 *
 * docs/library.md describes them for readers. */
#include "policy/event.h"
#include "policy/show.h"

#include <string.h>

#define HINT_ITEMS	3
#define REPORT_ITEMS	100

static const struct { int number; const char *name; } errnos[] = {
	{ EACCES, "EACCES" }, { EPERM, "EPERM" }, { EROFS, "EROFS" }, { ENOENT, "ENOENT" }, { EXDEV, "EXDEV" },
	{ EBUSY, "EBUSY" }, { ENOSYS, "ENOSYS" }, { EINVAL, "EINVAL" }, { EAFNOSUPPORT, "EAFNOSUPPORT" },
	{ ECONNREFUSED, "ECONNREFUSED" }, { ENETUNREACH, "ENETUNREACH" }, { EHOSTUNREACH, "EHOSTUNREACH" },
	{ ETIMEDOUT, "ETIMEDOUT" }, { EADDRNOTAVAIL, "EADDRNOTAVAIL" }, { EADDRINUSE, "EADDRINUSE" },
	{ ENODEV, "ENODEV" }, { ENXIO, "ENXIO" }, { ESRCH, "ESRCH" }, { EOPNOTSUPP, "EOPNOTSUPP" },
	{ ENOTDIR, "ENOTDIR" }, { EEXIST, "EEXIST" }, { ELOOP, "ELOOP" }, { ENAMETOOLONG, "ENAMETOOLONG" },
};

static void add_errno(struct text *text, int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(errnos); i++)
		if (errnos[i].number == number) {
			text_add(text, errnos[i].name);
			return;
		}
	text_printf(text, "errno %d", number);
}

/* The line as it stands below [permissions.ID]. */
static void add_line(struct text *text, const struct denial *denial)
{
	text_printf(text, "%s%s", denial->operation <= OPERATION_UNIX_BIND ? "filesystem." : "", denial->line);
}

/* --- as JSON ------------------------------------------------------------------------------ */

static const char *const causes[CAUSE__COUNT] = {
	[CAUSE_RULE] = "rule", [CAUSE_BELOW] = "below", [CAUSE_BORDER] = "border", [CAUSE_GIT] = "git",
	[CAUSE_KERNEL] = "kernel", [CAUSE_NONE_THERE] = "none-there",
};

static void json_text(struct json *json, const char *key, const struct text *value)
{
	json_string(json, key, value->size ? value->bytes : NULL);
	json->text.failed |= value->failed;
}

static void json_verdict(struct json *json, const struct denial *denial)
{
	const struct rule *rule = denial->why ? NULL : denial->decision.rule;
	struct text line = { 0 };

	json_string(json, "cause", causes[denial->cause]);
	json_string(json, "rule", rule && !rule->label ? rule->path : rule ? rule->label : NULL);
	if (rule)
		show_json_origin(json, &rule->origin);
	else
		json_string(json, "origin", NULL);
	json_string(json, "kind", rule ? show_kind(rule->kind) : NULL);
	json_string(json, "reason", denial->why ? denial->why : denial->decision.reason);
	if (denial->line)
		add_line(&line, denial);
	json_text(json, "allow_line", &line);
	json_string(json, "allow_option", denial->option);
	text_done(&line);
}

void denial_print_json(const struct denials *denials, const struct denial *denial, uint64_t count, int64_t time_ms,
		       struct text *text)
{
	struct json json = { 0 };
	struct text name = { 0 };

	(void)denials;
	show_json_begin(&json, denial->ours ? "denial" : "failure");
	json_integer(&json, "time", time_ms);
	json_integer(&json, "count", (long long)count);
	json_string(&json, "operation", operation_name(denial->operation));
	json_string(&json, "target", denial->subject);
	json_string(&json, "call", denial->call[0] ? denial->call : NULL);
	add_errno(&name, denial->number);
	json_text(&json, "errno", &name);
	json_string(&json, "program", denial->program[0] ? denial->program : NULL);
	json_integer(&json, "pid", denial->pid);
	if (denial->ours)
		json_verdict(&json, denial);
	show_json_end(&json);
	show_json_done(&json, text);
	text_done(&name);
}

void denials_print_summary(const struct denials *denials, struct text *text)
{
	const uint64_t failed = denials->ordinary + denials->failed;
	struct json json = { 0 };
	size_t different = 0;

	for (size_t i = 0; i < denials->count; i++)
		different += denials->items[i].ours;
	show_json_begin(&json, "summary");
	json_integer(&json, "denied", (long long)denials->ours);
	json_integer(&json, "different", (long long)different);
	json_integer(&json, "untold", (long long)denials->more);
	json_integer(&json, "failed", (long long)failed);
	show_json_end(&json);
	show_json_done(&json, text);
}

/* --- for people --------------------------------------------------------------------------- */

static void print_what(const struct denial *denial, struct text *text)
{
	text_printf(text, "denied: %s ", operation_name(denial->operation));
	show_visible(text, denial->subject);
	text_add(text, "  (");
	if (denial->program[0]) {
		show_visible(text, denial->program);
		text_add(text, ", ");
	}
	if (denial->cause == CAUSE_KERNEL && denial->call[0] && strcmp(denial->call, denial->subject) != 0 &&
	    strcmp(denial->call, denial->program) != 0)
		text_printf(text, "%s, ", denial->call);
	add_errno(text, denial->number);
	if (denial->count > 1)
		text_printf(text, ", %llu times", (unsigned long long)denial->count);
	text_add(text, ")\n");
}

static void print_whole(const struct denial *denial, struct text *text)
{
	struct text line = { 0 };

	print_what(denial, text);
	if (denial->why) {
		text_printf(text, "  why:   %s\n", denial->why);
		return;
	}
	if (denial->line)
		add_line(&line, denial);
	decision_print_why(text, denial->operation, denial->subject, &denial->decision,
			   line.size ? line.bytes : NULL, denial->option);
	text->failed |= line.failed;
	text_done(&line);
}

static void print_short(const struct denial *denial, struct text *text)
{
	print_what(denial, text);
	if (!denial->line && !denial->option)
		return;
	text_add(text, "  allow: ");
	if (denial->option)
		show_visible(text, denial->option);
	else
		add_line(text, denial);
	text_add(text, "\n");
}

static void print_totals(const struct denials *denials, size_t distinct, struct text *text)
{
	const uint64_t failed = denials->ordinary + denials->failed;

	if (!denials->ours)
		text_add(text, "nothing was denied");
	else
		text_printf(text, "%llu denied, %zu different", (unsigned long long)denials->ours, distinct);
	if (denials->more)
		text_printf(text, ", and %llu more than could be told apart", (unsigned long long)denials->more);
	if (failed)
		text_printf(text, "; %llu failed that would have failed outside, too", (unsigned long long)failed);
	text_add(text, "\n");
}

void denials_print(const struct denials *denials, bool brief, struct text *text)
{
	size_t distinct = 0, most = brief ? HINT_ITEMS : REPORT_ITEMS;

	for (size_t i = 0; i < denials->count; i++) {
		if (!denials->items[i].ours || ++distinct > most)
			continue;
		if (brief)
			print_short(&denials->items[i], text);
		else
			print_whole(&denials->items[i], text);
	}
	if (!brief)
		print_totals(denials, distinct, text);
	else if (distinct > most)
		text_printf(text, "%zu more; --log-denials tells them all, each with its rule\n", distinct - most);
}
