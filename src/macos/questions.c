/* SPDX-License-Identifier: Apache-2.0 */
/* questions.c — an operation and its target, in bawn's words or in Seatbelt's → what a Seatbelt profile is asked.
 *
 * One operation of ours may be several of Seatbelt's, all of which must be allowed: a server binds its port and takes
 * what comes in. */
#include "macos/macos.h"

#include <stdio.h>
#include <string.h>

static struct sbpl_question *add(struct sbpl_questions *questions, const char *operation)
{
	struct sbpl_question *question = &questions->items[questions->count++];

	*question = (struct sbpl_question){ .operation = operation };
	return question;
}

/* "PORT", "HOST:PORT", "HOST". */
static void add_destination(struct sbpl_questions *questions, const char *operation, const char *target,
			    const char *default_host, const char *default_port)
{
	struct sbpl_question *question = add(questions, operation);
	const char *colon = strrchr(target, ':'), *port = colon ? colon + 1 : default_port;
	size_t size = colon ? (size_t)(colon - target) : strlen(target);

	if (!colon && default_host)
		port = target;
	snprintf(questions->host, sizeof(questions->host), "%.*s", (int)size, target);
	if (!strncmp(questions->host, "127.", 4) || !strcmp(questions->host, "[::1]"))
		strcpy(questions->host, "localhost");
	sbpl_question_add(question, "socket", "tcp");
	sbpl_question_add(question, "host", !colon && default_host ? default_host : questions->host);
	sbpl_question_add(question, "port", port);
}

static void add_path(struct sbpl_questions *questions, const char *operation, const char *path)
{
	sbpl_question_add(add(questions, operation), "path", path);
}

static void add_socket(struct sbpl_questions *questions, const char *operation, const char *path)
{
	struct sbpl_question *question = add(questions, operation);

	sbpl_question_add(question, "socket", "unix");
	sbpl_question_add(question, "path", path);
}

static void add_user_client(struct sbpl_questions *questions, const char *operation, const char *name)
{
	struct sbpl_question *question = add(questions, operation);

	sbpl_question_add(question, "iokit-user-client-class", name);
	sbpl_question_add(question, "iokit-registry-entry-class", name);
}

void sbpl_questions_make(enum operation operation, const char *subject, struct sbpl_questions *ret)
{
	*ret = (struct sbpl_questions){ .count = 0 };
	switch (operation) {
	case OPERATION_READ:
		add_path(ret, "file-read-data", subject);
		break;
	case OPERATION_WRITE:
		add_path(ret, "file-write-data", subject);
		add_path(ret, "file-write-create", subject);
		break;
	case OPERATION_EXEC:
		add_path(ret, "process-exec", subject);
		break;
	case OPERATION_UNIX_BIND:
		add_socket(ret, "network-bind", subject);
		add_path(ret, "file-write-create", subject);
		break;
	case OPERATION_UNIX_CONNECT:
		add_socket(ret, "network-outbound", subject);
		break;
	case OPERATION_CONNECT:
		add_destination(ret, "network-outbound", subject, "localhost", NULL);
		break;
	case OPERATION_LISTEN:
		add_destination(ret, "network-bind", subject, "localhost", NULL);
		ret->items[ret->count] = ret->items[0];
		ret->items[ret->count++].operation = "network-inbound";
		break;
	case OPERATION_DOMAIN:
		add_destination(ret, "network-outbound", subject, NULL, "443");
		break;
	case OPERATION_DEVICE:
		add_path(ret, "file-write-data", subject);
		add_path(ret, "file-ioctl", subject);
		break;
	case OPERATION_IOKIT:
		add_user_client(ret, "iokit-open-user-client", subject);
		break;
	case OPERATION_MACH_LOOKUP:
		sbpl_question_add(add(ret, "mach-lookup"), "global-name", subject);
		break;
	case OPERATION_SYSCTL:
		sbpl_question_add(add(ret, "sysctl-read"), "sysctl-name", subject);
		break;
	default:
		break;
	}
}

/* What the target of an operation of Seatbelt's is, by the beginning of its name; the first row counts. */
static const struct { const char *begins, *fact; } targets[] = {
	{ "appleevent-", "appleevent-destination" }, { "authorization-", "right-name" },
	{ "darwin-", "notification-name" },
	{ "distributed-", "notification-name" }, { "file-", "path" }, { "iokit-get", "iokit-property" },
	{ "iokit-set", "iokit-property" }, { "ipc-posix", "ipc-posix-name" }, { "mach-", "global-name" },
	{ "nvram-", "nvram-variable" }, { "process-exec", "path" }, { "process-info", "target" },
	{ "signal", "target" },
	{ "sysctl-", "sysctl-name" }, { "system-socket", "socket-domain" }, { "user-preference-", "preference-domain" },
};

int sbpl_questions_raw(const char *operation, const char *target, struct sbpl_questions *ret)
{
	*ret = (struct sbpl_questions){ .count = 0 };
	if (!sbpl_operation_known(operation))
		return -ENOENT;
	if (!strncmp(operation, "network-", 8) && target[0] == '/') {
		add_socket(ret, operation, target);
	} else if (!strncmp(operation, "network-", 8)) {
		add_destination(ret, operation, target, "localhost", NULL);
	} else if (!strncmp(operation, "iokit-open", 10)) {
		add_user_client(ret, operation, target);
	} else {
		struct sbpl_question *question = add(ret, operation);

		for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
			if (!strncmp(operation, targets[i].begins, strlen(targets[i].begins))) {
				sbpl_question_add(question, targets[i].fact, target);
				break;
			}
	}
	return 0;
}

void sbpl_ask(const struct sbpl *sbpl, const struct sbpl_questions *questions, struct sbpl_answer *ret_answer)
{
	*ret_answer = (struct sbpl_answer){ .verdict = SBPL_DENY };
	for (size_t i = 0; i < questions->count; i++) {
		struct sbpl_answer answer;

		sbpl_evaluate(sbpl, &questions->items[i], &answer);
		answer.asked = questions->items[i].operation;
		if (i == 0 || answer.verdict == SBPL_DENY ||
		    (answer.verdict == SBPL_UNKNOWN && ret_answer->verdict == SBPL_ALLOW))
			*ret_answer = answer;
		if (answer.verdict == SBPL_DENY)
			return;
	}
}
