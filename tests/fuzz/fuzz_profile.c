/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_profile.c — any bytes as a configuration file: it is refused with a place, or every profile of it can be merged,
 * printed and read back to the same. What stands behind the first NUL byte is a key=value of the command line. */
#include "policy/internal.h"
#include "../profile_equal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool promise, const char *what, const char *text)
{
	if (promise)
		return;
	fprintf(stderr, "%s\n%s\n", what, text ? text : "");
	abort();
}

static void check_reading_back(const struct profile *profile, const char *id)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct profiles *profiles;
	struct profile *same;
	struct text text = { 0 };

	expect(profile_print(profile, &text, &err) == 0, "cannot be printed", err.message);
	expect(profiles_parse(text.bytes, text.size, "printed", &profiles, &err) == 0, err.message, text.bytes);
	expect(profile_effective(profiles, id, &same, &err) == 0, err.message, text.bytes);
	expect(profile_equal(profile, same), "reads back differently", text.bytes);
	text_done(&text);
	profiles_free(profiles);
}

static void check_settings(const struct profile *profile)
{
	static const char *const variables[] = { "PATH=/bin", "A=1", "A=2", "LD_X=1", "PWD=/", NULL };
	struct bawn_error err = BAWN_ERROR_INIT;
	struct host host = { .environ = variables };
	struct policy policy = { .cwd = "/work" };

	if (policy_settings(profile, &host, &policy, &err) < 0)
		expect(err.message[0], "refused without a message", NULL);
	arena_done(&policy.arena);
}

static void check_assignment(struct profiles *profiles, struct profile *profile, const uint8_t *data, size_t size)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct arena arena = { 0 };
	char *key = arena_alloc(&arena, size + 1), *equals;

	memcpy(key, data, size);
	equals = strchr(key, '=');
	if (equals) {
		*equals = '\0';
		if (profile_set(profiles, profile, key, equals + 1, (struct origin){ .file = "command line" }, &err) < 0)
			expect(err.message[0], "refused without a message", NULL);
		check_settings(profile);
	}
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t length = nul ? (size_t)(nul - data) : size;
	struct bawn_error err = BAWN_ERROR_INIT;
	struct profiles *profiles;

	if (profiles_parse((const char *)data, length, "fuzz", &profiles, &err) < 0) {
		expect(err.message[0], "refused without a message", NULL);
		expect(err.number != EINVAL || err.line, "refused without a place", err.message);
		return 0;
	}
	for (size_t i = 0; i < profiles->count; i++) {
		const char *id = profiles->items[i].id;
		struct profile *profile;

		expect(profile_effective(profiles, id, &profile, &err) == 0, "cannot be merged", err.message);
		check_reading_back(profile, id + (id[0] == ':'));
		check_settings(profile);
		if (nul)
			check_assignment(profiles, profile, nul + 1, size - length - 1);
	}
	profiles_free(profiles);
	return 0;
}
