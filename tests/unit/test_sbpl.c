/* SPDX-License-Identifier: Apache-2.0 */
/* test_sbpl.c — reading Seatbelt's language and deciding as macOS does: the table of precedence, the filters, what is
 * refused and where, what the lint finds. */
#include "macos/scheme.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- asking ------------------------------------------------------------------------------- */

static struct sbpl *read_text(const char *text)
{
	static const struct sbpl_param params[] = { { "HOME", "/Users/a.b" }, { "PORT", "80" } };
	struct bawn_error err = BAWN_ERROR_INIT;
	struct sbpl *sbpl = NULL;

	if (sbpl_read(text, strlen(text), "t.sb", params, ARRAY_SIZE(params), &sbpl, &err) < 0)
		fail_msg("%s\n%s", text, err.message);
	return sbpl;
}

/* "operation fact=value fact=value" */
static void ask(const char *text, const char *words, struct sbpl_answer *ret_answer)
{
	struct sbpl_question question = { .count = 0 };
	struct sbpl *sbpl = read_text(text);
	char copy[256], *rest = copy;

	snprintf(copy, sizeof(copy), "%s", words);
	question.operation = strsep(&rest, " ");
	for (char *word; (word = strsep(&rest, " "));) {
		char *equals = strchr(word, '=');

		*equals = '\0';
		sbpl_question_add(&question, word, equals + 1);
	}
	sbpl_evaluate(sbpl, &question, ret_answer);
	sbpl_free(sbpl);
}

static const char *verdict(const char *text, const char *words)
{
	static const char *const names[] = { [SBPL_DENY] = "deny", [SBPL_ALLOW] = "allow", [SBPL_UNKNOWN] = "unknown" };
	struct sbpl_answer answer;

	ask(text, words, &answer);
	return names[answer.verdict];
}

struct row { const char *text, *question, *verdict; };

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(verdict(rows[i].text, rows[i].question), rows[i].verdict) != 0)
			fail_msg("row %zu: %s\n%s\nis %s, not %s", i, rows[i].text, rows[i].question,
				 verdict(rows[i].text, rows[i].question), rows[i].verdict);
}

/* --- precedence --------------------------------------------------------------------------- */

#define A	"(subpath \"/a\")"
#define AB	"(subpath \"/a/b\")"
#define READ_A	"file-read-data path=/a/x"
#define READ_AB	"file-read-data path=/a/b/x"

static const struct row precedence[] = {
	/* nothing says anything */
	{ "", READ_A, "deny" },
	{ "(version 1)(deny default)", READ_A, "deny" },
	{ "(allow default)", READ_A, "allow" },
	{ "(allow default)(deny default)", READ_A, "deny" },
	{ "(deny default)(allow default)", READ_A, "allow" },
	/* the level above answers what the level does not */
	{ "(allow file*)", READ_A, "allow" },
	{ "(allow file-read*)", READ_A, "allow" },
	{ "(allow file-read*)", "file-write-data path=/a", "deny" },
	{ "(allow file*)(deny file-read*)", READ_A, "deny" },
	{ "(deny file-read*)(allow file*)", READ_A, "deny" },
	{ "(allow default)(deny file-read-data)", READ_A, "deny" },
	{ "(deny file-read-data)(allow default)", READ_A, "deny" },
	{ "(deny default)(allow file-read-data)(deny file-read*)", READ_A, "allow" },
	/* specific before wildcard, wherever they stand, filtered or not */
	{ "(allow file-read-data " A ")(deny file-read* " A ")", READ_A, "allow" },
	{ "(deny file-read* " A ")(allow file-read-data " A ")", READ_A, "allow" },
	{ "(allow file-read-data)(deny file-read* " A ")", READ_A, "allow" },
	{ "(deny file-read-data)(allow file-read* " A ")", READ_A, "deny" },
	{ "(deny file-write-unlink (literal \"/a\"))(allow file-write* " A ")", "file-write-unlink path=/a", "deny" },
	{ "(deny file-write-unlink (literal \"/a\"))(allow file-write* " A ")", "file-write-unlink path=/a/x", "allow" },
	/* filtered before unfiltered, wherever they stand */
	{ "(allow file-read*)(deny file-read* " A ")", READ_A, "deny" },
	{ "(deny file-read* " A ")(allow file-read*)", READ_A, "deny" },
	{ "(deny file-read* " A ")(allow file-read*)", "file-read-data path=/b", "allow" },
	{ "(deny file-read*)(allow file-read* " A ")", READ_A, "allow" },
	{ "(allow file-read* " A ")(deny file-read*)", READ_A, "allow" },
	{ "(allow file-read* " A ")(deny file-read*)", "file-read-data path=/b", "deny" },
	/* among filtered ones the last */
	{ "(allow file-read* " A ")(deny file-read* " AB ")", READ_AB, "deny" },
	{ "(deny file-read* " AB ")(allow file-read* " A ")", READ_AB, "allow" },
	{ "(allow file-read* " A ")(deny file-read* " AB ")(allow file-read* (subpath \"/a/b/x\"))", READ_AB, "allow" },
	{ "(allow file-read* " A ")(deny file-read* " AB ")", READ_A, "allow" },
	{ "(deny file-read* " A ")(allow file-read* (literal \"/a/x\"))", READ_A, "allow" },
	/* a filtered rule that does not match leaves the question to the next level, not to the unfiltered rule alone */
	{ "(allow file-read-data " AB ")(allow file*)", READ_A, "allow" },
	{ "(allow file-read-data " AB ")(deny file*)", READ_A, "deny" },
	{ "(deny file-read-data " AB ")(allow file-read* " A ")", READ_A, "allow" },
	/* several filters: any; several operations: each */
	{ "(allow file-read* " AB " (literal \"/a/x\"))", READ_A, "allow" },
	{ "(allow file-read* file-write* " A ")", "file-write-create path=/a/x", "allow" },
	{ "(allow file-read* file-write* " A ")", "file-link path=/a/x", "deny" },
	{ "(allow file* " A ")", "file-link path=/a/x", "allow" },
	/* process-exec is below process-exec*, iokit-open is the old name of two */
	{ "(allow process-exec*)", "process-exec path=/bin/sh", "allow" },
	{ "(allow process-exec*)(deny process-exec " A ")", "process-exec path=/a/x", "deny" },
	{ "(allow process*)", "process-fork", "allow" },
	{ "(allow process-fork)", "process-exec path=/bin/sh", "deny" },
	{ "(allow iokit-open (iokit-user-client-class \"AGX\"))", "iokit-open-user-client iokit-user-client-class=AGX", "allow" },
	{ "(allow iokit-open (iokit-user-client-class \"AGX\"))", "iokit-open-user-client iokit-user-client-class=AGY", "deny" },
	{ "(allow network-outbound)(deny network* (remote unix-socket))", "network-outbound socket=unix path=/x", "allow" },
	{ "(allow ipc-posix*)", "ipc-posix-shm-write-create ipc-posix-name=/x", "allow" },
	{ "(allow ipc-posix-sem)", "ipc-posix-shm-read-data ipc-posix-name=/x", "deny" },
};

static void precedence_is_as_measured(void **state)
{
	assert_true(ARRAY_SIZE(precedence) >= 30);
	check_rows(precedence, ARRAY_SIZE(precedence));
}

/* --- filters ------------------------------------------------------------------------------ */

static const struct row filter_rows[] = {
	{ "(allow file-read* (literal \"/a\"))", "file-read-data path=/a/x", "deny" },
	{ "(allow file-read* " A ")", "file-read-data path=/ab", "deny" },
	{ "(allow file-read* " A ")", "file-read-data path=/a", "allow" },
	{ "(allow file-read* (subpath \"/\"))", "file-read-data path=/a", "allow" },
	{ "(allow file-read* (prefix \"/a\"))", "file-read-data path=/ab", "allow" },
	{ "(allow file-read* (literal \"/a\" \"/b\"))", "file-read-data path=/b", "allow" },
	{ "(allow file-read* (regex #\"/\\.env$\"))", "file-read-data path=/a/.env", "allow" },
	{ "(allow file-read* (regex #\"/\\.env$\"))", "file-read-data path=/a/xenv", "deny" },
	{ "(allow file-read* (regex \"^/[ab]+/(x|yy)?$\"))", "file-read-data path=/abba/yy", "allow" },
	{ "(allow file-read* (regex \"^/[ab]+/(x|yy)?$\"))", "file-read-data path=/abba/y", "deny" },
	{ "(allow file-read* (regex \"^/[^/]*$\"))", "file-read-data path=/a/b", "deny" },
	{ "(allow file-read* (path-ancestors \"/a/b\"))", "file-read-metadata path=/a", "allow" },
	{ "(allow file-read* (path-ancestors \"/a/b\"))", "file-read-metadata path=/a/b", "deny" },
	{ "(allow file-read* (require-all " A " (require-not " AB ")))", READ_A, "allow" },
	{ "(allow file-read* (require-all " A " (require-not " AB ")))", READ_AB, "deny" },
	{ "(allow file-read* (require-any (literal \"/q\") " AB "))", READ_AB, "allow" },
	{ "(allow file-read* (require-all " A " (vnode-type REGULAR-FILE)))", READ_A " vnode-type=DIRECTORY", "deny" },
	{ "(allow mach-lookup (global-name \"com.a\"))", "mach-lookup global-name=com.a", "allow" },
	{ "(allow mach-lookup (global-name \"com.a\"))", "mach-lookup global-name=com.ab", "deny" },
	{ "(allow mach-lookup (global-name-prefix \"com.a\"))", "mach-lookup global-name=com.ab", "allow" },
	{ "(allow mach-lookup (global-name-regex #\"^com\\.[ab]$\"))", "mach-lookup global-name=com.b", "allow" },
	{ "(allow sysctl-read (sysctl-name-prefix \"hw.\"))", "sysctl-read sysctl-name=hw.ncpu", "allow" },
	{ "(allow signal (target same-sandbox))", "signal target=self", "allow" },
	{ "(allow signal (target same-sandbox))", "signal target=others", "deny" },
	{ "(allow signal (target self))", "signal target=same-sandbox", "deny" },
	{ "(allow system-socket (socket-domain AF_UNIX))", "system-socket socket-domain=AF_UNIX", "allow" },
	{ "(allow system-socket (socket-domain AF_UNIX))", "system-socket socket-domain=AF_SYSTEM", "deny" },
	/* sockets */
	{ "(allow network-outbound (remote ip \"localhost:80\"))", "network-outbound socket=tcp host=localhost port=80", "allow" },
	{ "(allow network-outbound (remote ip \"localhost:80\"))", "network-outbound socket=tcp host=localhost port=81", "deny" },
	{ "(allow network-outbound (remote ip \"localhost:*\"))", "network-outbound socket=tcp host=1.2.3.4 port=80", "deny" },
	{ "(allow network-outbound (remote ip \"*:443\"))", "network-outbound socket=udp host=1.2.3.4 port=443", "allow" },
	{ "(allow network-outbound (remote tcp \"*:443\"))", "network-outbound socket=udp host=1.2.3.4 port=443", "deny" },
	{ "(allow network-outbound (remote ip \"example.com:443\"))", "network-outbound socket=tcp host=example.com port=443", "deny" },
	{ "(allow network-outbound (remote ip \"*:*\"))", "network-outbound socket=unix path=/x", "deny" },
	{ "(allow network-outbound (remote unix-socket))", "network-outbound socket=unix path=/x", "allow" },
	{ "(allow network-outbound (remote unix-socket " A "))", "network-outbound socket=unix path=/a/s", "allow" },
	{ "(allow network-outbound (remote unix-socket " A "))", "network-outbound socket=unix path=/b/s", "deny" },
	{ "(allow network-outbound " A ")", "network-outbound socket=unix path=/a/s", "allow" },
	{ "(allow network-outbound " A ")", "network-outbound socket=tcp host=h port=1", "deny" },
	{ "(allow network-bind (local ip \"localhost:*\"))", "network-bind socket=tcp host=localhost port=8080", "allow" },
	/* what the question does not tell */
	{ "(allow file-read* (file-mode #o004))", READ_A, "unknown" },
	{ "(allow file-read* (file-mode #o004))(allow file*)", READ_A, "allow" },
	{ "(allow file-read* (require-all " AB " (file-mode #o004)))", READ_A, "deny" },
	{ "(allow file-read* (extension \"com.apple.app-sandbox.read\"))", READ_A, "deny" },
	{ "(allow mach-lookup (local-name \"x\"))", "mach-lookup global-name=x", "unknown" },
	/* what nobody has read */
	{ "(deny default)(import \"system.sb\")", READ_A, "unknown" },
	{ "(import \"system.sb\")(deny file-read* " A ")", READ_A, "unknown" },
	{ "(import \"system.sb\")(deny file-read-data " A ")", READ_A, "deny" },
	{ "(import \"system.sb\")(allow file-read*)", READ_A, "allow" },
};

static void filters_match_what_they_name(void **state)
{
	check_rows(filter_rows, ARRAY_SIZE(filter_rows));
}

/* --- language ----------------------------------------------------------------------------- */

static const struct row language[] = {
	{ "(allow file-read* (subpath (param \"HOME\")))", "file-read-data path=/Users/a.b/x", "allow" },
	{ "(allow file-read* (regex (string-append \"^\" (regex-quote (param \"HOME\")) \"/\\\\.x\")))",
	  "file-read-data path=/Users/a.b/.xy", "allow" },
	{ "(allow file-read* (regex (string-append \"^\" (regex-quote (param \"HOME\")) \"/\\\\.x\")))",
	  "file-read-data path=/Users/aXb/.xy", "deny" },
	{ "(if (param \"NONE\") (allow file-read*) (allow file-write*))", "file-write-data path=/x", "allow" },
	{ "(if (param \"NONE\") (allow file-read*) (allow file-write*))", READ_A, "deny" },
	{ "(when (defined? 'file-link) (allow file-link))", "file-link path=/a", "allow" },
	{ "(when (defined? 'file-teleport) (allow default))", READ_A, "deny" },
	{ "(unless (defined? 'file-teleport) (allow default))", READ_A, "allow" },
	{ "(define (home p) (subpath (string-append (param \"HOME\") p)))(allow file-read* (home \"/x\"))",
	  "file-read-data path=/Users/a.b/x/y", "allow" },
	{ "(define ops file-read-data)(allow ops " A ")", READ_A, "allow" },
	{ "(for-each (lambda (p) (allow file-read* (subpath p))) '(\"/b\" \"/a\"))", READ_A, "allow" },
	{ "(allow file-read* (map (lambda (p) (subpath p)) (list \"/b\" \"/a\")))", READ_A, "allow" },
	{ "(let ((p \"/a\")) (allow file-read* (subpath p)))", READ_A, "allow" },
	{ "(let loop ((n 3)) (if (> n 0) (loop (- n 1)) (allow file-read*)))", READ_A, "allow" },
	{ "(let* ((p \"/a\") (q p)) (allow file-read* (subpath q)))", READ_A, "allow" },
	{ "(cond ((string=? \"a\" \"b\") (deny default)) (else (allow default)))", READ_A, "allow" },
	{ "(if (and #t (not #f) (or #f 1)) (allow default))", READ_A, "allow" },
	{ "(if (= (string->number (param \"PORT\")) 80) (allow default))", READ_A, "allow" },
	{ "(define (f . l) (length l)) (if (= (f 1 2 3) 3) (allow default))", READ_A, "allow" },
	{ "(define x 1)(set! x 2)(if (equal? x 2) (allow default))", READ_A, "allow" },
	{ "(if (equal? (substring \"abc\" 1 2) \"b\") (allow default))", READ_A, "allow" },
	{ "(allow file-read* (when #f " A "))(deny default)", READ_A, "allow" },
	{ "(with-filter " A " (allow file-read*))", READ_A, "allow" },
	{ "(with-filter " A " (allow file-read*))", "file-read-data path=/b", "deny" },
	{ "(with-filter " A " (allow file-read* (literal \"/b\")))", "file-read-data path=/b", "deny" },
	{ "(deny default (with no-log))(allow file-read* (with report) " A ")", READ_A, "allow" },
	{ "; (allow default)\n#| (allow\ndefault) |#(deny default)", READ_A, "deny" },
	{ "(allow file-read* (literal \"/a\\x2f\\\"x\\\\\"))", "file-read-data path=/a/\"x\\", "allow" },
	{ "(allow iokit-open (iokit-user-client-class \"A\") (apply-message-filter (deny iokit*)))",
	  "iokit-open iokit-user-client-class=A", "allow" },
	{ "(import \"system.sb\")(system-network)(deny network*)", "network-bind socket=tcp host=localhost port=1", "unknown" },
};

static void language_is_read(void **state)
{
	check_rows(language, ARRAY_SIZE(language));
}

static void answer_names_the_deciding_rule(void **state)
{
	struct sbpl_answer answer;

	ask("(version 1)\n(allow file-read*)\n\n  (deny file-read-data " A ")\n", READ_A, &answer);
	assert_int_equal(answer.line, 4);
	assert_int_equal(answer.column, 3);
	assert_string_equal(answer.operation, "file-read-data");
	assert_true(answer.filtered);
	ask("(version 1)", READ_A, &answer);
	assert_null(answer.operation);
}

/* --- refusals ----------------------------------------------------------------------------- */

static const struct { const char *text, *message; } refused[] = {
	{ "(allow default", "t.sb:1:1: this parenthesis is not closed" },
	{ "\n (allow default))", "t.sb:2:17: nothing is open that this would close" },
	{ "(allow file-raed*)", "t.sb:1:8: there is no operation file-raed*" },
	{ "(allow)", "t.sb:1:1: a rule without an operation" },
	{ "(allow " A ")", "t.sb:1:1: a rule without an operation" },
	{ "(alow default)", "t.sb:1:2: (alow ...) is not known" },
	{ "(allow file-read*\n  (subpth \"/a\"))", "t.sb:2:4: (subpth ...) is not known" },
	{ "(allow file-read* (subpath (param \"NONE\")))", "t.sb:1:20: (subpath ...) takes strings; was this parameter given?" },
	{ "(allow file-read* (subpath))", "t.sb:1:20: (subpath) needs a value" },
	{ "(allow file-read* (subpath a))", "t.sb:1:20: (subpath ...) takes strings" },
	{ "(allow file-read* (regex #\"a{2}\"))", "t.sb:1:26: expression \"a{2}\": { } is not known" },
	{ "(allow file-read* (regex \"[a\"))", "t.sb:1:26: expression \"[a\": a [ is not closed" },
	{ "(allow file-read* (regex \"(a\"))", "t.sb:1:26: expression \"(a\": a ( is not closed" },
	{ "(allow file-read* (regex \"*a\"))", "t.sb:1:26: expression \"*a\": nothing stands before * + or ?" },
	{ "(allow file-read* (regex \"\\\\d\"))", "t.sb:1:26: expression \"\\d\": this \\ is not known" },
	{ "(allow network-outbound (remote tcpip \"*:*\"))", "t.sb:1:26: (remote ...) takes ip, tcp, udp or unix-socket" },
	{ "(allow network-outbound (remote ip \"localhost\"))", "t.sb:1:26: (remote ip ...) takes \"HOST:PORT\" or a filter" },
	{ "(allow file-read* (with no-mercy))", "t.sb:1:19: this (with ...) is not known" },
	{ "(allow file-read* 7)", "t.sb:1:19: a rule takes operations and filters" },
	{ "(version 9)", "t.sb:1:1: (version 1) is expected, or 2, or 3" },
	{ "(define x y)", "t.sb:1:11: y is not known" },
	{ "(set! x 1)", "t.sb:1:7: x is not defined" },
	{ "(define (f a) a)(f)", "t.sb:1:17: too few arguments: a is missing" },
	{ "(define (f a) a)(f 1 2)", "t.sb:1:17: too many arguments" },
	{ "(\"x\")", "t.sb:1:1: what stands first in this list is no function" },
	{ "(string-append \"a\" #f)", "t.sb:1:1: string-append: an argument is no string (a parameter that was not given?)" },
	{ "(system-network)", "t.sb:1:1: (system-network) is known only after (import \"system.sb\")" },
	{ "(define (f) (f))(f)", "t.sb:1:13: calls are nested more than 600 deep" },
	{ "(macro x y)", "t.sb:1:2: (macro ...) is not known" },
	{ "(literal \"a", "t.sb:1:10: this string does not end" },
	{ "#what", "t.sb:1:1: #what is not known" },
	{ "(allow default) #| (deny default)", "t.sb:1:17: this comment does not end" },
	{ "(define (deny . rest) #t)", "t.sb:1:10: deny is Seatbelt's own and keeps its meaning" },
	{ "(define file-read* 1)", "t.sb:1:9: file-read* is Seatbelt's own and keeps its meaning" },
	{ "(define subpath literal)", "t.sb:1:9: subpath is Seatbelt's own and keeps its meaning" },
	{ "(define (param x) x)", "t.sb:1:10: param is Seatbelt's own and keeps its meaning" },
	{ "(set! param 1)", "t.sb:1:7: param is Seatbelt's own and keeps its meaning" },
	{ "(error \"too old\")", "t.sb:1:1: the profile says: too old" },
	{ "'", "t.sb:1:1: nothing follows the quote" },
	{ "(a .)", "t.sb:1:5: one value is expected behind the dot" },
	{ "(a . b c)", "t.sb:1:8: one value is expected behind the dot" },
};

static void what_is_not_known_is_refused_where_it_stands(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct bawn_error err = BAWN_ERROR_INIT;
		struct sbpl *sbpl = NULL;

		if (sbpl_read(refused[i].text, strlen(refused[i].text), "t.sb", NULL, 0, &sbpl, &err) >= 0)
			fail_msg("%s: was taken", refused[i].text);
		if (strcmp(err.message, refused[i].message) != 0)
			fail_msg("%s\nsays  %s\nnot   %s", refused[i].text, err.message, refused[i].message);
	}
}

static void endless_profiles_end(void **state)
{
	static const char *const texts[] = {
		"(define s \"aaaaaaaaaaaaaaaa\")(define (f) (set! s (string-append s s)) (f))(f)",
		"(define (g l) (map g (list l l l l)))(g 1)",
		"(define (g n) (if (> n 0) (begin (g (- n 1)) (g (- n 1)) (g (- n 1)))))(g 100)",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct bawn_error err = BAWN_ERROR_INIT;
		struct sbpl *sbpl = NULL;

		assert_true(sbpl_read(texts[i], strlen(texts[i]), "t.sb", NULL, 0, &sbpl, &err) < 0);
		assert_true(err.message[0]);
	}
}

/* --- expressions -------------------------------------------------------------------------- */

static void expressions_match(void **state)
{
	static const struct { const char *regex, *text; bool matches; } rows[] = {
		{ "", "x", true }, { "a", "bab", true }, { "^a", "ba", false }, { "a$", "ab", false },
		{ "^a*$", "aaaa", true }, { "^a*$", "aab", false }, { "^a+$", "", false }, { "^a?b$", "ab", true },
		{ "^(ab)*c$", "ababc", true }, { "^(ab)*c$", "abac", false }, { "^(a|b|cd)+$", "abcdcda", true },
		{ "^(a|b|cd)+$", "abc", false }, { "^((a|b)?c)*$", "acbcc", true }, { "^[a-c]+$", "abcabc", true },
		{ "^[^a-c]+$", "xyz", true }, { "^[^a-c]+$", "xbz", false }, { "^[]a]+$", "]a]", true },
		{ "^[a\\]]+$", "]a", true }, { "^a\\.b$", "a.b", true }, { "^a\\.b$", "axb", false },
		{ "^a.b$", "a\nb", true }, { "^(|a)b$", "b", true }, { "^(a|)b$", "ab", true },
		{ "^/x(/|$)", "/x/y", true }, { "^/x(/|$)", "/x", true }, { "^/x(/|$)", "/xy", false },
		{ "^[ -~]+$", "abc", true }, { "^[^ -~]$", "\xc3", true }, { "^a**$", "aa", true },
		{ "^(a*)*$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", false }, { "(x+x+)+y", "xxxxxxxxxxxxxxxxxxxxxxxxx", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arena arena = { 0 };
		const char *reason = NULL;
		const struct regex *regex = regex_parse(&arena, rows[i].regex, &reason);

		if (!regex)
			fail_msg("%s: %s", rows[i].regex, reason);
		if (regex_search(regex, rows[i].text) != rows[i].matches)
			fail_msg("%s on %s is not %d", rows[i].regex, rows[i].text, rows[i].matches);
		arena_done(&arena);
	}
}

/* --- lint --------------------------------------------------------------------------------- */

static const struct { const char *text, *finding; } lints[] = {
	{ "(allow file-read* (subpath \"/tmp/x\"))", "t.sb:1:20: subpath \"/tmp/x\": paths are compared when links are "
	  "resolved; write /private/tmp/x" },
	{ "(allow file-read* (literal \"/var/run\"))", "write /private/var/run" },
	{ "(allow file-read* (regex #\"^/tmp/x\"))", "a link into /private; never matches" },
	{ "(allow file-read* (subpath \"x\"))", "subpath \"x\": not absolute; never matches" },
	{ "(allow file-read* (subpath \"/x/\"))", "no path ends with a slash; never matches" },
	{ "(allow file-read* (subpath \"/a\"))\n(deny file-read*)", "t.sb:2:1: deny file-read* without a filter, after an "
	  "allow with one (line 1)" },
	{ "(deny default)(allow default)", "contradicts line 1" },
	{ "(allow network-outbound (remote tcp \"example.com:443\"))", "a host is * or localhost" },
	{ "(allow process-exec (with no-sandbox) (literal \"/bin/ps\"))", "confined by nothing" },
	{ "(import \"system.sb\")", "what it brings is not read here" },
	{ "(version 1)", "parameter HOME is given and never used" },
};

static void lint_finds(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(lints); i++) {
		struct sbpl *sbpl = read_text(lints[i].text);
		struct text findings = { 0 };

		assert_true(sbpl_lint(sbpl, &findings) > 0);
		if (!strstr(findings.bytes, lints[i].finding))
			fail_msg("%s\nfinds %s\nnot %s", lints[i].text, findings.bytes, lints[i].finding);
		text_done(&findings);
		sbpl_free(sbpl);
	}
}

static void lint_is_silent_about_what_is_right(void **state)
{
	struct sbpl *sbpl = read_text("(version 1)(deny default)(allow file-read*)(deny file-read* (subpath (param \"HOME\")))"
				      "(allow file-read-metadata (literal \"/tmp\"))"
				      "(allow network-outbound (remote ip (string-append \"localhost:\" (param \"PORT\"))))");
	struct text findings = { 0 };

	if (sbpl_lint(sbpl, &findings))
		fail_msg("%s", findings.bytes);
	sbpl_free(sbpl);
}

static void tables_are_sorted_and_found(void **state)
{
	static const char *const names[] = {
#define OPERATION(name) name,
#include "macos/operations.def"
#undef OPERATION
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (rules_operation(names[i]) != (ptrdiff_t)i)
			fail_msg("%s is out of order", names[i]);
	assert_int_equal(rules_operation("file-teleport"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sorted_and_found),
		cmocka_unit_test(precedence_is_as_measured),
		cmocka_unit_test(filters_match_what_they_name),
		cmocka_unit_test(language_is_read),
		cmocka_unit_test(answer_names_the_deciding_rule),
		cmocka_unit_test(what_is_not_known_is_refused_where_it_stands),
		cmocka_unit_test(endless_profiles_end),
		cmocka_unit_test(expressions_match),
		cmocka_unit_test(lint_finds),
		cmocka_unit_test(lint_is_silent_about_what_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
