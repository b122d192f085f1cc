/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_denial_line.c — any text as a line of macOS's log: no crash; what is taken for a refusal has a program, an
 * operation and strings that end, and so has the event made of it. */
#include "macos/denials.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct denial_line line;
	struct event event;

	if (!denial_line_parse((const char *)data, size, &line))
		return 0;
	require(line.program[0] && line.operation[0] && line.pid >= 0);
	require(memchr(line.program, 0, sizeof(line.program)) && memchr(line.detail, 0, sizeof(line.detail)));
	denial_line_event(&line, &event);
	require(event.operation < OPERATION__COUNT && event.cause < CAUSE__COUNT && event.aspect < ASPECT__COUNT);
	require(memchr(event.program, 0, sizeof(event.program)) && memchr(event.subject, 0, sizeof(event.subject)) &&
		memchr(event.call, 0, sizeof(event.call)));
	return 0;
}
