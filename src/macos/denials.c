/* SPDX-License-Identifier: Apache-2.0 */
/* denials.c — lines of macOS's log → events.
 *
 *	{"eventMessage":"Sandbox: cat(1234) deny(1) file-read-data \/Users\/u\/.ssh\/id", …}
 *	{"eventMessage":"Sandbox: 2 duplicate reports for cat(1234) deny(1) file-read-data \/Users\/u\/.ssh\/id", …}
 *
 * A program's name may hold anything, spaces and parentheses among it: its end is found from behind, at "(PID) deny(".
 * What the log says goes no further than a report: a line that is made up costs a wrong line there. */
#include "macos/denials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_SIZE	8192

/* --- JSON, as far as one string of an object ---------------------------------------------- */

struct cursor { const char *at, *end; };

static char peek(const struct cursor *cursor)
{
	return cursor->at < cursor->end ? *cursor->at : '\0';
}

static void skip_blank(struct cursor *cursor)
{
	while (cursor->at < cursor->end && strchr(" \t\r\n", *cursor->at) && *cursor->at)
		cursor->at++;
}

static size_t put_utf8(char *out, unsigned code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | code >> 12);
	out[1] = (char)(0x80 | (code >> 6 & 0x3f));
	out[2] = (char)(0x80 | (code & 0x3f));
	return 3;
}

/* What follows a backslash; half of a surrogate pair stays what it is. False: no escape of JSON's. */
static bool take_escape(struct cursor *cursor, char *out, size_t *size)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	char c = peek(cursor), digits[5] = "";
	const char *name = c ? strchr(names, c) : NULL;
	unsigned long code;
	char *end;

	cursor->at++;
	if (name) {
		out[(*size)++] = values[name - names];
		return true;
	}
	if (c != 'u' || cursor->end - cursor->at < 4)
		return false;
	memcpy(digits, cursor->at, 4);
	cursor->at += 4;
	code = strtoul(digits, &end, 16);
	if (*end || !code)
		return false;
	*size += put_utf8(out + *size, (unsigned)code);
	return true;
}

/* A string at the cursor into out, cut where it is full. False: there is none. */
static bool take_string(struct cursor *cursor, char *out, size_t room)
{
	size_t size = 0;

	if (peek(cursor) != '"')
		return false;
	for (cursor->at++; cursor->at < cursor->end && *cursor->at != '"';) {
		char made[4];
		size_t count = 0;
		char c = *cursor->at++;

		if (c == '\\' && !take_escape(cursor, made, &count))
			return false;
		if (c != '\\')
			made[count++] = c;
		if (size + count < room) {
			memcpy(out + size, made, count);
			size += count;
		}
	}
	if (peek(cursor) != '"')
		return false;
	cursor->at++;
	out[size] = '\0';
	return true;
}

/* Passes a value: brackets are counted, strings passed whole. */
static bool skip_value(struct cursor *cursor)
{
	unsigned depth = 0;
	char text[8];

	for (;;) {
		char c = peek(cursor);

		if (!c || (!depth && (c == ',' || c == '}')))
			return c;
		if (c == '"') {
			if (!take_string(cursor, text, sizeof(text)))
				return false;
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		if (c == '}' || c == ']')
			depth--;
		cursor->at++;
	}
}

static bool find_message(struct cursor cursor, char message[MESSAGE_SIZE])
{
	char key[32];

	skip_blank(&cursor);
	if (peek(&cursor) != '{')
		return false;
	do {
		cursor.at++;
		skip_blank(&cursor);
		if (!take_string(&cursor, key, sizeof(key)))
			return false;
		skip_blank(&cursor);
		if (peek(&cursor) != ':')
			return false;
		cursor.at++;
		skip_blank(&cursor);
		if (!strcmp(key, "eventMessage"))
			return take_string(&cursor, message, MESSAGE_SIZE);
	} while (skip_value(&cursor) && peek(&cursor) == ',');
	return false;
}

/* --- the message -------------------------------------------------------------------------- */

static bool take_number(const char *text, const char **ret_end, int *ret_number)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (end == text || number < 0 || number > INT32_MAX)
		return false;
	*ret_end = end;
	*ret_number = (int)number;
	return true;
}

/* "2 duplicate reports for " */
static const char *skip_duplicates(const char *text, unsigned *ret_count)
{
	static const char *const words[] = { " duplicate report for ", " duplicate reports for " };
	const char *end;
	int number;

	*ret_count = 1;
	if (!take_number(text, &end, &number))
		return text;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strncmp(end, words[i], strlen(words[i]))) {
			*ret_count = (unsigned)number;
			return end + strlen(words[i]);
		}
	return text;
}

/* "NAME(PID) deny(N) OPERATION DETAIL" */
static bool parse_refusal(const char *text, struct denial_line *line)
{
	const char *deny = strstr(text, ") deny("), *open, *end;
	int ignored;

	while (deny && strstr(deny + 1, ") deny(") && strstr(deny + 1, ") deny(") < strpbrk(text, "/\n"))
		deny = strstr(deny + 1, ") deny(");
	if (!deny)
		return false;
	for (open = deny; open > text && *open != '('; open--)
		;
	if (open == text || !take_number(open + 1, &end, &line->pid) || end != deny ||
	    !take_number(deny + strlen(") deny("), &end, &ignored) || strncmp(end, ") ", 2) != 0)
		return false;
	snprintf(line->program, sizeof(line->program), "%.*s", (int)(open - text), text);
	end += 2;
	snprintf(line->operation, sizeof(line->operation), "%.*s", (int)strcspn(end, " \n"), end);
	end += strcspn(end, " \n");
	end += *end == ' ';
	snprintf(line->detail, sizeof(line->detail), "%.*s", (int)strcspn(end, "\n"), end);
	return line->operation[0];
}

bool denial_line_parse(const char *line, size_t size, struct denial_line *ret)
{
	static const char begins[] = "Sandbox: ";
	char message[MESSAGE_SIZE];
	struct denial_line parsed = { .pid = 0 };

	if (!find_message((struct cursor){ line, line + size }, message) ||
	    strncmp(message, begins, strlen(begins)) != 0 ||
	    !parse_refusal(skip_duplicates(message + strlen(begins), &parsed.count), &parsed))
		return false;
	*ret = parsed;
	return true;
}

/* --- the same as an event ----------------------------------------------------------------- */

/* By the beginning of the operation's name; the first row counts. */
static const struct row {
	const char *begins;
	uint8_t operation, aspect;
} rows[] = {
	{ "file-clone", OPERATION_WRITE, ASPECT_NAME },
	{ "file-link", OPERATION_WRITE, ASPECT_NAME },
	{ "file-map-executable", OPERATION_EXEC, ASPECT_CONTENT },
	{ "file-read", OPERATION_READ, ASPECT_CONTENT },
	{ "file-write-create", OPERATION_WRITE, ASPECT_NAME },
	{ "file-write-flags", OPERATION_WRITE, ASPECT_OWNER },
	{ "file-write-mode", OPERATION_WRITE, ASPECT_OWNER },
	{ "file-write-owner", OPERATION_WRITE, ASPECT_OWNER },
	{ "file-write-setugid", OPERATION_KERNEL, ASPECT_OWNER },
	{ "file-write-times", OPERATION_WRITE, ASPECT_OWNER },
	{ "file-write-unlink", OPERATION_WRITE, ASPECT_NAME },
	{ "file-write", OPERATION_WRITE, ASPECT_CONTENT },
	{ "iokit-open", OPERATION_IOKIT, ASPECT_CONTENT },
	{ "mach-lookup", OPERATION_MACH_LOOKUP, ASPECT_CONTENT },
	{ "network-bind", OPERATION_LISTEN, ASPECT_CONTENT },
	{ "network-inbound", OPERATION_LISTEN, ASPECT_CONTENT },
	{ "network-outbound", OPERATION_CONNECT, ASPECT_CONTENT },
	{ "process-exec", OPERATION_EXEC, ASPECT_CONTENT },
	{ "sysctl-read", OPERATION_SYSCTL, ASPECT_CONTENT },
	{ "", OPERATION_KERNEL, ASPECT_CONTENT },
};

static const struct row *find_row(const char *operation)
{
	const struct row *row = rows;

	while (strncmp(operation, row->begins, strlen(row->begins)) != 0)
		row++;
	return row;
}

static bool is_loopback(const char *host)
{
	return !strncmp(host, "localhost:", 10) || !strncmp(host, "127.", 4) || !strncmp(host, "::1", 3) ||
	       !strncmp(host, "[::1]", 5) || !strncmp(host, "*:", 2);
}

/* "/path", "HOST:PORT", "local:*:80", "remote:*:443": which of our operations that is. */
static void set_network(const char *detail, struct event *event)
{
	const char *colon;

	for (size_t i = 0; i < 2; i++) {
		static const char *const sides[] = { "local:", "remote:" };

		detail += strncmp(detail, sides[i], strlen(sides[i])) ? 0 : strlen(sides[i]);
	}
	colon = strrchr(detail, ':');
	if (detail[0] == '/') {
		event->operation = event->operation == OPERATION_LISTEN ? OPERATION_UNIX_BIND : OPERATION_UNIX_CONNECT;
	} else if (event->operation == OPERATION_CONNECT && !is_loopback(detail)) {
		event->operation = OPERATION_DOMAIN;
	} else if (colon) {
		detail = colon + 1;
	}
	snprintf(event->subject, sizeof(event->subject), "%s", detail);
}

void denial_line_event(const struct denial_line *line, struct event *ret_event)
{
	const struct row *row = find_row(line->operation);

	*ret_event = (struct event){
		.operation = row->operation, .aspect = row->aspect, .number = EPERM, .pid = line->pid,
		.cause = row->operation == OPERATION_KERNEL ? CAUSE_KERNEL :
			 !strcmp(line->operation, "file-write-unlink") ? CAUSE_BELOW : CAUSE_RULE,
	};
	snprintf(ret_event->program, sizeof(ret_event->program), "%.15s", line->program);
	snprintf(ret_event->call, sizeof(ret_event->call), "%.23s", line->operation);
	if (row->operation == OPERATION_LISTEN || row->operation == OPERATION_CONNECT)
		set_network(line->detail, ret_event);
	else if (row->operation == OPERATION_KERNEL)
		snprintf(ret_event->subject, sizeof(ret_event->subject), "%s%s%.4000s", line->operation,
			 line->detail[0] ? " " : "", line->detail);
	else
		snprintf(ret_event->subject, sizeof(ret_event->subject), "%s", line->detail);
}
