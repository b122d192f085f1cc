/* SPDX-License-Identifier: Apache-2.0 */
/* test_explain.c — explain, for every operation on both platforms: the answer, the rule with its origin, the layer, the
 * rules that would decide next, and what would change it. */
#include "policy/policy.h"

#include <bawn.h>

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char toml[] =
	"[permissions.t]\nextends = \":workspace\"\n"
	"filesystem.\"/bawn-test\" = \"write\"\n"				/* line 3 */
	"filesystem.\"/bawn-test/shut\" = \"deny\"\n"
	"filesystem.\"/bawn-test/shut/open\" = \"read\"\n"
	"filesystem.\"/bawn-test/**/*.key\" = \"deny\"\n"			/* line 6 */
	"filesystem.\"/bawn-test/**/s.*\" = \"deny\"\n"
	"network.connect = [5432]\nnetwork.listen = [3000]\n"			/* lines 8, 9 */
	"network.unix_sockets.\"/bawn-run\" = \"allow\"\n"
	"network.unix_sockets.\"/bawn-run/x/y\" = \"allow\"\n"
	"network.unix_sockets.\"/bawn-run/x\" = \"deny\"\n"			/* line 12 */
	"kernel.allow = [\"bpf\"]\n"
	"macos.mach_lookup = [\"com.example.a\"]\nmacos.iokit_user_clients = [\"IOThing\"]\n";

enum on { LINUX = 1, MACOS = 2, BOTH = 3 };

/* What the text has to contain, in this order; NULL ends a row. Every row's next rules are all there are. */
struct row {
	enum on on;
	enum operation operation;
	const char *target;
	bool allowed;
	const char *rule, *linux_layer;		/* layer NULL: none is told; on macOS: seatbelt, where one is */
	const char *next[4];
	const char *allow;
};

#define ROOT	"\":root\" = \"read\"            (built-in :workspace)"
#define TREE	"\"/bawn-test\" = \"write\"      (test.toml:3:12)"
#define SHUT	"\"/bawn-test/shut\" = \"deny\"  (test.toml:4:12)"
#define OPEN	"\"/bawn-test/shut/open\" = \"read\"  (test.toml:5:12)"
#define KEYS	"\"/bawn-test/**/*.key\" = \"deny\"  (test.toml:6:12)"
#define S_ANY	"\"/bawn-test/**/s.*\" = \"deny\"  (test.toml:7:12)"
#define RUN	"network.unix_sockets.\"/bawn-run\" = \"allow\"  (test.toml:10:22)"
#define RUN_XY	"network.unix_sockets.\"/bawn-run/x/y\" = \"allow\"  (test.toml:11:22)"
#define RUN_X	"network.unix_sockets.\"/bawn-run/x\" = \"deny\"  (test.toml:12:22)"

static const struct row rows[] = {
	{ BOTH, OPERATION_READ, "/bawn-test/shut/open/x", true, OPEN, "", { SHUT, TREE, ROOT }, NULL },
	{ BOTH, OPERATION_READ, "/bawn-test/shut/s.key", false, KEYS, "", { S_ANY, SHUT, TREE, ROOT },
	  "nothing: a deny glob decides whatever else matches; change it at test.toml:6:12" },
	{ BOTH, OPERATION_READ, "/bawn-test/shut", false, SHUT, "", { TREE, ROOT },
	  "\"/bawn-test/shut\" = \"read\"  in place of that rule" },
	{ BOTH, OPERATION_WRITE, "/bawn-test/x", true, TREE, "", { ROOT }, NULL },
	{ BOTH, OPERATION_WRITE, "/usr/x", false, ROOT, "", { NULL }, "\"/usr/x\" = \"write\"  or  --write /usr/x" },
	{ BOTH, OPERATION_EXEC, "/usr/x", true, ROOT, "", { NULL }, NULL },
	{ BOTH, OPERATION_EXEC, "/bawn-test/shut/x", false, SHUT, "", { TREE, ROOT },
	  "\"/bawn-test/shut/x\" = \"read\"  or  --read /bawn-test/shut/x" },
	{ BOTH, OPERATION_UNIX_BIND, "/bawn-test/s", true, TREE, "", { ROOT }, NULL },
	{ BOTH, OPERATION_UNIX_BIND, "/usr/s", false, ROOT, "", { NULL }, "\"/usr/s\" = \"write\"  or  --write /usr/s" },
	{ BOTH, OPERATION_UNIX_CONNECT, "/bawn-run/x/y", true, RUN_XY, NULL, { RUN_X, RUN }, NULL },
	{ BOTH, OPERATION_UNIX_CONNECT, "/bawn-run/x/z", false, RUN_X, "broker", { RUN },
	  "network.unix_sockets.\"/bawn-run/x/z\" = \"allow\"  or  --allow-unix-socket /bawn-run/x/z" },
	{ BOTH, OPERATION_UNIX_CONNECT, "/opt/s", false, "none: local sockets of the host are closed", "broker",
	  { NULL }, "network.unix_sockets.\"/opt/s\" = \"allow\"  or  --allow-unix-socket /opt/s" },
	{ BOTH, OPERATION_CONNECT, "5432", true, "network.connect = [5432]    (test.toml:8:9)", NULL, { NULL }, NULL },
	{ BOTH, OPERATION_CONNECT, "80", false, "none: the host's loopback is closed", "namespace", { NULL },
	  "network.connect = [80]  or  --connect 80" },
	{ BOTH, OPERATION_LISTEN, "3000", true, "network.listen = [3000]     (test.toml:9:9)", NULL, { NULL }, NULL },
	{ BOTH, OPERATION_LISTEN, "80", false, "none: the host's loopback is closed", "namespace", { NULL },
	  "network.listen = [80]  or  --listen 80" },
	{ BOTH, OPERATION_DOMAIN, "example.com", false, "none: the network is off", "namespace", { NULL },
	  "network.domains.\"example.com\" = \"allow\"  or  --allow-domain example.com" },
	{ LINUX, OPERATION_DEVICE, "/dev/null", true, "the box's own               (always)", "namespace", { NULL }, NULL },
	{ MACOS, OPERATION_DEVICE, "/dev/null", true, "none: on macOS this is decided by the line below", NULL, { NULL }, NULL },
	{ BOTH, OPERATION_DEVICE, "/dev/bawn-test", false, "none: devices are closed", "namespace", { NULL },
	  "devices.\"/dev/bawn-test\" = \"write\"  or  --device /dev/bawn-test" },
	{ LINUX, OPERATION_KERNEL, "bpf", true, "kernel.allow = [\"bpf\"]      (test.toml:13:8)", NULL, { NULL }, NULL },
	{ LINUX, OPERATION_KERNEL, "perf", false, "none: closed unless kernel.allow lists it", "seccomp", { NULL },
	  "kernel.allow = [\"perf\"]  or  --allow-kernel perf" },
	{ LINUX, OPERATION_KERNEL, "kexec_load", false, "none: closed", "seccomp", { NULL }, "nothing that a profile can say" },
	{ MACOS, OPERATION_IOKIT, "IOThing", true, "macos.iokit_user_clients = [\"IOThing\"]  (test.toml:15:7)", NULL,
	  { NULL }, NULL },
	{ MACOS, OPERATION_IOKIT, "Other", false, "none: IOKit user clients are closed", NULL, { NULL },
	  "macos.iokit_user_clients = [\"Other\"]" },
	{ MACOS, OPERATION_MACH_LOOKUP, "com.example.a", true,
	  "macos.mach_lookup = [\"com.example.a\"]  (test.toml:14:7)", NULL, { NULL }, NULL },
	{ MACOS, OPERATION_MACH_LOOKUP, "com.x", false, "none: services are closed", NULL, { NULL },
	  "macos.mach_lookup = [\"com.x\"]" },
	{ MACOS, OPERATION_SYSCTL, "hw.ncpu", true, "none: processor counts", NULL, { NULL }, NULL },
	{ MACOS, OPERATION_SYSCTL, "kern.bawn", false, "none: this kernel state", NULL, { NULL },
	  "nothing that a profile can say" },
};

static const char *const variables[] = { "HOME=/nonexistent/home", "PATH=/usr/bin:/bin", NULL };

static struct bawn *new_box(enum on platform)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct bawn *box;

	assert_int_equal(bawn_new(&box, &err), 0);
	assert_int_equal(bawn_environment(box, variables, &err), 0);
	assert_int_equal(bawn_platform(box, platform == MACOS ? BAWN_PLATFORM_MACOS : BAWN_PLATFORM_LINUX, &err), 0);
	if (bawn_config_text(box, toml, strlen(toml), "test.toml", &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(bawn_option(box, "permission-profile", "t", &err), 0);
	return box;
}

/* Cuts the next line off that begins with name. NULL: the next line is another. */
static const char *take_line(char **text, const char *name)
{
	char *line = *text;

	if (strncmp(line, name, strlen(name)) != 0)
		return NULL;
	*text = line + strcspn(line, "\n");
	if (**text)
		*(*text)++ = '\0';
	return line + strlen(name);
}

static void check_text(const struct row *row, enum on platform, char *text)
{
	const char *head = take_line(&text, row->allowed ? "allowed: " : "denied: ");
	const char *rule = take_line(&text, "  rule:  "), *layer = take_line(&text, "  layer: "), *allow, *next;
	const char *wanted = platform == MACOS ? "seatbelt" : row->linux_layer;
	size_t i = 0;

	if (!head || !rule || strncmp(rule, row->rule, strlen(row->rule)) != 0)
		fail_msg("%s %s: %s", operation_name(row->operation), row->target, rule ? rule : text);
	if (!row->allowed && (!layer || !wanted || strncmp(layer, wanted, strlen(wanted)) != 0))
		fail_msg("%s %s: layer %s", operation_name(row->operation), row->target, layer ? layer : "none");
	for (; (next = take_line(&text, "  next:  ")); i++)
		if (i == ARRAY_SIZE(row->next) || !row->next[i] || strcmp(next, row->next[i]) != 0)
			fail_msg("%s %s: next %s", operation_name(row->operation), row->target, next);
	if (i < ARRAY_SIZE(row->next) && row->next[i])
		fail_msg("%s %s: no next %s", operation_name(row->operation), row->target, row->next[i]);
	allow = take_line(&text, "  allow: ");
	if (!allow != !row->allow || (allow && strcmp(allow, row->allow) != 0))
		fail_msg("%s %s: allow %s", operation_name(row->operation), row->target, allow ? allow : "nothing");
	assert_true(platform == MACOS || !*text);
}

static void check(struct bawn *box, const struct row *row, enum on platform)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	const char *name = operation_name(row->operation);
	char *text, *json, verdict[32];
	int allowed;

	if (bawn_explain(box, name, row->target, BAWN_TEXT, &allowed, &text, &err) < 0)
		fail_msg("%s %s: %s", name, row->target, err.message);
	assert_int_equal(allowed, row->allowed);
	check_text(row, platform, text);
	assert_int_equal(bawn_explain(box, name, row->target, BAWN_JSON, &allowed, &json, &err), 0);
	assert_int_equal(allowed, row->allowed);
	snprintf(verdict, sizeof(verdict), "\"allowed\":%s,", row->allowed ? "true" : "false");
	assert_int_equal(strncmp(json, "{\"type\":\"decision\",", 19), 0);
	assert_non_null(strstr(json, verdict));
	assert_true(!strstr(json, "\"allow_line\":null") == (row->allow && strncmp(row->allow, "nothing", 7) != 0));
	assert_int_equal(!strstr(json, "\"next\":[]"), row->next[0] != NULL);
	bawn_text_free(text);
	bawn_text_free(json);
}

static void each_operation_is_answered_with_its_reason(void **state)
{
	(void)state;
	for (enum on platform = LINUX; platform <= MACOS; platform++) {
		struct bawn *box = new_box(platform);

		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			if (rows[i].on & platform)
				check(box, &rows[i], platform);
		bawn_free(box);
	}
}

static bool has_row(enum operation operation, enum on platform, bool allowed)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].operation == operation && (rows[i].on & platform) && rows[i].allowed == allowed)
			return true;
	return false;
}

/* A row where it is allowed and one where it is denied; and where there is no row, there is no such operation. */
static void no_operation_is_left_out(void **state)
{
	(void)state;
	for (enum on platform = LINUX; platform <= MACOS; platform++) {
		struct bawn *box = new_box(platform);

		for (enum operation i = 0; i < OPERATION__COUNT; i++) {
			char *text = NULL;
			int allowed, r = bawn_explain(box, operation_name(i), "/x", BAWN_TEXT, &allowed, &text, NULL);
			bool denied = has_row(i, platform, false);

			assert_int_equal(r, denied ? 0 : -ENOTSUP);
			assert_true(i == OPERATION_DOMAIN || has_row(i, platform, true) == denied);
			bawn_text_free(text);
		}
		bawn_free(box);
	}
}

static void with_the_network_on_no_pattern_of_domains_is_next(void **state)
{
	struct bawn *box = new_box(LINUX);
	char *text;
	int allowed;

	(void)state;
	assert_int_equal(bawn_option(box, "network", "full", NULL), 0);
	assert_int_equal(bawn_explain(box, "domain", "example.com", BAWN_TEXT, &allowed, &text, NULL), 0);
	assert_int_equal(allowed, 1);
	assert_string_equal(text, "allowed: domain example.com\n  rule:  none: the network is on\n");
	bawn_text_free(text);
	bawn_free(box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_operation_is_answered_with_its_reason),
		cmocka_unit_test(no_operation_is_left_out),
		cmocka_unit_test(with_the_network_on_no_pattern_of_domains_is_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
