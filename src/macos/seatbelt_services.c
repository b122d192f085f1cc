/* SPDX-License-Identifier: Apache-2.0 */
/* seatbelt_services.c — the sections of what is no file: services, kernel state, user clients, shared memory,
 * preferences, devices, the network and local sockets. */
#include "macos/seatbelt.h"

#include <stdlib.h>
#include <string.h>

/* --- rows of macos.def -------------------------------------------------------------------- */

static const struct {
	enum macos_kind kind;
	const char *operations, *filter;
} kinds[] = {
	{ MACOS_MACH, "mach-lookup", "global-name" },
	{ MACOS_SYSCTL, "sysctl-read", "sysctl-name" },
	{ MACOS_SEGMENT_READ, "ipc-posix-shm-read*", "ipc-posix-name" },
	{ MACOS_SEGMENT_WRITE, "ipc-posix-shm-read* ipc-posix-shm-write*", "ipc-posix-name" },
	{ MACOS_IOKIT, "iokit-open", "iokit-user-client-class" },
};

static const char *const conditions[] = {
	[MACOS_ALWAYS] = "for every profile", [MACOS_APPLEEVENTS] = "macos.appleevents",
	[MACOS_READ_ALL] = "since \":root\" may be read", [MACOS_NETWORK] = "since there is a network",
	[MACOS_FULL] = "since the network is on", [MACOS_GPU] = "devices.gpu",
};

/* Older systems know a user client by the class of its registry entry: both are named. */
static void add_name(struct writer *writer, enum macos_kind kind, const char *filter, bool prefix, const char *argument)
{
	text_printf(&writer->text, "\n\t(%s%s %s)", filter, prefix ? "-prefix" : "", argument);
	if (kind == MACOS_IOKIT)
		text_printf(&writer->text, " (iokit-registry-entry-class %s)", argument);
}

/* The rows of one kind under one condition, as one rule. */
static void write_rows(struct writer *writer, size_t k, enum macos_when when)
{
	size_t count, found = 0;
	const struct macos_row *rows = macos_rows(&count);

	for (size_t i = 0; i < count; i++) {
		struct arena arena = { 0 };
		const char *quoted;

		if (rows[i].kind != kinds[k].kind || rows[i].when != when || !macos_row_holds(writer->policy, &rows[i]))
			continue;
		if (!found++)
			text_printf(&writer->text, "\n; %s\n(allow %s", conditions[when], kinds[k].operations);
		quoted = arena_printf(&arena, "\"%s\"", rows[i].name);
		add_name(writer, rows[i].kind, kinds[k].filter, rows[i].prefix, quoted ? quoted : "");
		writer->failed = writer->failed || !quoted;
		arena_done(&arena);
	}
	text_add(&writer->text, found ? ")\n" : "");
}

/* --- what a profile lists ----------------------------------------------------------------- */

static void write_listed(struct writer *writer, enum operation operation, size_t k, const char *param_kind)
{
	for (size_t i = 0; i < writer->policy->permission_count; i++) {
		const struct permission *permission = &writer->policy->permissions[i];
		struct arena arena = { 0 };
		const char *argument;

		if (permission->operation != operation)
			continue;
		writer_head(writer, "open", &permission->rule);
		argument = arena_printf(&arena, "(param \"%s\")", writer_param(writer, param_kind, &writer->services,
									      permission->rule.path));
		text_printf(&writer->text, "(allow %s", kinds[k].operations);
		add_name(writer, kinds[k].kind, kinds[k].filter, false, argument ? argument : "");
		text_add(&writer->text, ")\n");
		writer->failed = writer->failed || !argument;
		arena_done(&arena);
	}
}

static void write_devices(struct writer *writer)
{
	for (size_t i = 0; i < writer->policy->permission_count; i++) {
		const struct permission *permission = &writer->policy->permissions[i];
		enum access access = permission->rule.access;
		const char *param;

		if (permission->operation != OPERATION_DEVICE)
			continue;
		writer_head(writer, access_name(access), &permission->rule);
		param = writer_param(writer, "DEVICE", &writer->devices, permission->rule.path);
		text_printf(&writer->text, "(%s file-read*%s file-ioctl\n\t(literal (param \"%s\"))\n\t(subpath (param "
			    "\"%s\")))\n", access == ACCESS_DENY ? "deny" : "allow",
			    access == ACCESS_READ ? "" : " file-write*", param, param);
	}
}

static void write_setting(struct writer *writer, const struct setting *setting, const char *rule)
{
	struct arena arena = { 0 };
	const char *label = setting_text(&arena, setting), *origin = origin_text(&arena, &setting->origin);

	if (!label || !origin)
		writer->failed = true;
	else
		writer_comment(writer, "%s (%s)", label, origin);
	text_add(&writer->text, rule);
	arena_done(&arena);
}

void write_services(struct writer *writer)
{
	const struct policy *policy = writer->policy;
	ptrdiff_t root = policy_rule_at(policy, "/");

	text_add(&writer->text, "\n; --- services, kernel state, user clients, shared memory\n");
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (enum macos_when when = MACOS_ALWAYS; when <= MACOS_GPU; when++)
			write_rows(writer, k, when);
	if (root >= 0 && policy->rules[root].access >= ACCESS_READ)
		text_add(&writer->text, "\n; preferences are files too, behind a service: only where all files are "
					"open\n(allow user-preference-read)\n");
	text_add(&writer->text, policy->gpu || policy->appleevents ? "\n" : "");
	if (policy->gpu)
		write_setting(writer, policy->gpu, "(allow iokit-get-properties)\n");
	if (policy->appleevents)
		write_setting(writer, policy->appleevents, "(allow appleevent-send)\n");
	write_listed(writer, OPERATION_MACH_LOOKUP, 0, "SERVICE");
	write_listed(writer, OPERATION_IOKIT, ARRAY_SIZE(kinds) - 1, "SERVICE");
}

/* --- the network, by port ----------------------------------------------------------------- */

static void write_port(struct writer *writer, const struct permission *permission)
{
	const char *port = permission->rule.path;	/* digits, or "*" */

	writer_head(writer, permission->operation == OPERATION_LISTEN ? "listen" : "connect", &permission->rule);
	if (permission->operation == OPERATION_LISTEN)
		text_printf(&writer->text, "(allow network-bind network-inbound (local ip \"localhost:%s\"))\n", port);
	else
		text_printf(&writer->text, "(allow network-outbound (remote ip \"localhost:%s\"))\n", port);
}

static const char full_network[] =
	"; out to everywhere but the host's own services; in to servers of the command's\n"
	"(allow network-outbound (remote ip \"*:*\"))\n"
	"(deny network-outbound (remote ip \"localhost:*\"))\n"
	"(allow network-bind network-inbound (local ip \"*:*\"))\n"
	"; names of hosts\n"
	"(allow network-outbound (remote unix-socket (path-literal \"" MACOS_RESOLVER "\")))\n"
	"; interfaces and routes\n"
	"(allow system-socket (socket-domain AF_ROUTE))\n";

static void write_mode(struct writer *writer)
{
	const struct seatbelt_input *input = writer->input;

	switch (writer->policy->network) {
	case NETWORK_OFF:
		break;
	case NETWORK_PROXY:
		text_add(&writer->text, "; nothing but the gateway's ports: HTTP and SOCKS\n(allow network-outbound");
		text_printf(&writer->text, "\n\t(remote ip \"localhost:%u\")\n\t(remote ip \"localhost:%u\"))\n",
			    input->http_port ? input->http_port : SEATBELT_HTTP_PORT,
			    input->socks_port ? input->socks_port : SEATBELT_SOCKS_PORT);
		break;
	case NETWORK_FULL:
		text_add(&writer->text, full_network);
		break;
	}
}

void write_network(struct writer *writer)
{
	static const char *const names[] = {
		[NETWORK_OFF] = "off", [NETWORK_PROXY] = "the gateway alone", [NETWORK_FULL] = "on",
	};
	const struct policy *policy = writer->policy;
	struct arena arena = { 0 };
	const char *origin = origin_text(&arena, &policy->network_origin);

	text_add(&writer->text, "\n");
	writer_comment(writer, "--- the network: %s (%s)", names[policy->network], origin ? origin : "");
	arena_done(&arena);
	write_mode(writer);
	for (size_t i = 0; i < policy->permission_count; i++)
		if (policy->permissions[i].operation == OPERATION_LISTEN ||
		    policy->permissions[i].operation == OPERATION_CONNECT)
			write_port(writer, &policy->permissions[i]);
}

/* --- local sockets ------------------------------------------------------------------------ */

/* kind: literal, subpath or regex. */
static void write_socket(struct writer *writer, const char *verb, bool bind, bool connect, const char *kind,
			 const char *param)
{
	if (bind)
		text_printf(&writer->text, "(%s network-bind (local unix-socket (%s (param \"%s\"))))\n", verb, kind,
			    param);
	if (connect)
		text_printf(&writer->text, "(%s network-outbound (remote unix-socket (%s (param \"%s\"))))\n", verb,
			    kind, param);
}

static const char *socket_param(struct writer *writer, const char *value)
{
	return writer_param(writer, "SOCKET", &writer->sockets, value);
}

/* Where files may be written sockets may be bound; connected to, outside the directories that all programs share. */
static void write_giving(struct writer *writer, const struct placed *placed)
{
	struct arena arena = { 0 };
	struct text expression = { 0 };
	const char *path = placed->rule->path, *param = placed->param, *pattern;

	if (!param)
		param = socket_param(writer, path);
	write_socket(writer, "allow", true, !macos_is_shared(path), "subpath", param);
	if (macos_is_shared(path)) {
		/* a root inside another: what the outer one let through does not count here */
		if (placed->outside == ACCESS_WRITE)
			write_socket(writer, "deny", false, true, "subpath", param);
		pattern = macos_own_socket_pattern(&arena, path);
		glob_expression(&expression, pattern ? pattern : "", false);
		write_socket(writer, "allow", false, true, "regex", socket_param(writer, expression.bytes));
	}
	text_done(&expression);
	arena_done(&arena);
}

/* What stands where nothing may be written was not made by the command: not connected to. Bound there neither, since
 * that makes a file. */
static void write_own(struct writer *writer)
{
	bool open = false;

	for (size_t i = 0; i < writer->policy->count; i++) {
		const struct placed *placed = &writer->rules_placed[i];
		bool gives = placed->rule->access == ACCESS_WRITE;

		if (placed->rule->kind == RULE_SYSTEM ||
		    (!gives && (placed->outside != ACCESS_WRITE || !placed->param)))
			continue;
		if (open && gives)
			text_add(&writer->text, ")\n");
		if (gives)
			write_giving(writer, placed);
		else
			text_printf(&writer->text, "%s\n\t(remote unix-socket (subpath (param \"%s\")))",
				    open ? "" : "(deny network-outbound", placed->param);
		if (!gives && placed->any_case)
			text_printf(&writer->text, "\n\t(remote unix-socket (regex (param \"%s\")))",
				    placed->any_case);
		open = !gives;
	}
	text_add(&writer->text, open ? ")\n" : "");
}

static void write_globs(struct writer *writer)
{
	const struct policy *policy = writer->policy;

	for (size_t i = 0; i < policy->glob_count; i++) {
		struct patterns alternatives;

		if (glob_alternatives(&writer->seatbelt->arena, policy->globs[i].path, &alternatives) < 0) {
			writer->failed = true;
			return;
		}
		for (size_t k = 0; k < alternatives.count; k++) {
			struct text expression = { 0 };

			glob_expression(&expression, alternatives.items[k], policy->globs[i].nocase);
			write_socket(writer, "deny", true, true, "regex", socket_param(writer, expression.bytes));
			text_done(&expression);
		}
	}
}

static void write_bound(struct writer *writer)
{
	const struct policy *policy = writer->policy;
	bool any = false;

	for (size_t i = 0; i < policy->socket_count; i++) {
		if (!policy_allows_write(policy, policy->sockets[i]))
			continue;
		text_add(&writer->text, any ? "" : "\n; the host had bound these at start\n");
		any = true;
		write_socket(writer, "deny", false, true, "literal", socket_param(writer, policy->sockets[i]));
	}
}

/* Shorter paths first, so that the longest decides; "*" before all. */
static int compare_permissions(const void *left, const void *right)
{
	const struct permission *a = *(const struct permission *const *)left;
	const struct permission *b = *(const struct permission *const *)right;
	int order = strcmp(a->rule.path, b->rule.path);

	return order ? order : (b->rule.access == ACCESS_DENY) < (a->rule.access == ACCESS_DENY) ? 1 : -1;
}

static void write_listed_socket(struct writer *writer, const struct permission *permission)
{
	bool allows = permission->rule.access != ACCESS_DENY;

	writer_head(writer, allows ? "allow socket" : "deny socket", &permission->rule);
	if (strcmp(permission->rule.path, "*") != 0)
		write_socket(writer, allows ? "allow" : "deny", allows, true, "subpath",
			     socket_param(writer, permission->rule.path));
	else
		text_add(&writer->text, "(allow network-bind (local unix-socket))\n"
					"(allow network-outbound (remote unix-socket))\n");
}

static void write_listed_sockets(struct writer *writer)
{
	const struct policy *policy = writer->policy;
	const struct permission **sorted = arena_alloc(&writer->seatbelt->arena,
						       (policy->permission_count + 1) * sizeof(struct permission *));
	size_t count = 0;

	if (!sorted) {
		writer->failed = true;
		return;
	}
	for (size_t i = 0; i < policy->permission_count; i++)
		if (policy->permissions[i].operation == OPERATION_UNIX_CONNECT)
			sorted[count++] = &policy->permissions[i];
	qsort(sorted, count, sizeof(struct permission *), compare_permissions);
	for (size_t i = 0; i < count; i++)
		if (!i || strcmp(sorted[i]->rule.path, sorted[i - 1]->rule.path) != 0 ||
		    sorted[i]->rule.access != sorted[i - 1]->rule.access)
			write_listed_socket(writer, sorted[i]);
}

void write_sockets(struct writer *writer)
{
	text_add(&writer->text, "\n; --- local sockets: bound where files may be written; connected to, outside the "
				"directories\n; that all programs share\n");
	write_own(writer);
	write_globs(writer);
	write_bound(writer);
	write_listed_sockets(writer);
	write_devices(writer);
}
