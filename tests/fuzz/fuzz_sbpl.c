/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_sbpl.c — any text as a Seatbelt profile: no crash, no long wait; a refusal has a message and a place; what is
 * taken gives the same answer twice, and the rule it names is one of the profile's. */
#include "macos/macos.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void ask(const struct sbpl *sbpl, const char *operation, const char *fact, const char *value)
{
	struct sbpl_question question = { .operation = operation };
	struct sbpl_answer answer, again;

	sbpl_question_add(&question, fact, value);
	if (strncmp(operation, "network", 7) == 0) {
		sbpl_question_add(&question, "host", "localhost");
		sbpl_question_add(&question, "port", "80");
	}
	sbpl_evaluate(sbpl, &question, &answer);
	sbpl_evaluate(sbpl, &question, &again);
	require(answer.verdict == again.verdict && answer.line == again.line);
	require((answer.operation != NULL) == (answer.line != 0));
	require(answer.operation || answer.verdict == SBPL_DENY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sbpl_param params[] = { { "A", "/a" }, { "B", "/a/b" } };
	struct bawn_error err = BAWN_ERROR_INIT;
	struct sbpl *sbpl = NULL;
	struct text findings = { 0 };
	clock_t start = clock();

	if (sbpl_read((const char *)data, size, "f.sb", params, ARRAY_SIZE(params), &sbpl, &err) < 0) {
		require(err.message[0] && !strncmp(err.message, "f.sb:", 5));
	} else {
		ask(sbpl, "file-read-data", "path", "/a/b/c");
		ask(sbpl, "file-write-unlink", "path", "/a");
		ask(sbpl, "network-outbound", "socket", "tcp");
		ask(sbpl, "mach-lookup", "global-name", "com.apple.x");
		sbpl_lint(sbpl, &findings);
	}
	text_done(&findings);
	sbpl_free(sbpl);
	require(clock() - start < 5 * CLOCKS_PER_SEC);
	return 0;
}
