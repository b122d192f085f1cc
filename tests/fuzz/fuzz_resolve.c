/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_resolve.c — a profile, a NUL byte, a host (unit/fake_host.h), a NUL byte, a letter for each thing that the
 * machine lacks; or a NUL byte and choices for scene_make_up(), which are far more often a profile that says something.
 * It is refused with a message, or the policy is sorted, canonical and decided by its own rules, and the mounts made of
 * it give each object of the host just what the policy says. */
#include "../unit/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *made_up_host, *made_up_toml;		/* shown when a promise is broken */

static void expect(bool promise, const char *what, const char *text)
{
	if (promise)
		return;
	fprintf(stderr, "%s\n%s\n", what, text ? text : "");
	if (made_up_host)
		fprintf(stderr, "%s%s", made_up_host, made_up_toml);
	abort();
}

static const char *next_part(struct arena *arena, const uint8_t **data, size_t *size)
{
	const uint8_t *nul = *size ? memchr(*data, 0, *size) : NULL;
	size_t length = nul ? (size_t)(nul - *data) : *size;
	const char *part = arena_strndup(arena, (const char *)*data, length);

	*data += length + (nul != NULL);
	*size -= length + (nul != NULL);
	return part;
}

static struct features features_without(const char *letters)
{
	struct features features = scene_features;

	features.seccomp = !strchr(letters, 's');
	features.seccomp_notify = !strchr(letters, 'n');
	features.outer_listener = strchr(letters, 'o') || strchr(letters, 'b');
	features.outer_broker = strchr(letters, 'b');
	features.landlock_abi = strchr(letters, 'l') ? (int)strlen(letters) - 1 : 7;
	features.root = strchr(letters, 'r');
	return features;
}

/* What host_read() promises of a host. */
static void keep_contract(struct scene *scene)
{
	struct host *host = &scene->fake.host;

	if (host->cwd)
		host->cwd = path_absolute(&scene->fake.arena, "/", host->cwd);
	if (host->home && host->home[0] != '/')
		host->home = NULL;
}

static void check_renames(const struct policy *policy)
{
	for (size_t i = 1; i < policy->count; i++)
		policy_rename_allowed(policy, policy->rules[i - 1].path, policy->rules[i].path);
}

static void check_plan(struct scene *scene, const struct features *features)
{
	struct text text = { 0 }, problem = { 0 };

	expect(scene_plan(scene, features) == 0, "no plan", scene->err.message);
	for (size_t i = 1; i < scene->plan->pin_count; i++)
		expect(strcmp(scene->plan->pins[i - 1], scene->plan->pins[i]) < 0, "pins out of order",
		       scene->plan->pins[i]);
	expect(plan_print(scene->plan, NULL, BAWN_TEXT, &text) == 0, "not printed", NULL);
	expect(plan_print(scene->plan, NULL, BAWN_JSON, &text) == 0, "not printed", NULL);
	if (plan_refuse(scene->plan, true, &scene->err) < 0)
		expect(scene->err.message[0], "refused without a message", NULL);
	if (!scene->policy->unconfined && scene->policy->platform == PLATFORM_MACOS) {
		expect(scene_lower(scene) == 0, "no text", scene->err.message);
		if (!scene_seatbelt_is_sound(scene, &problem))
			expect(false, "the Seatbelt text does not keep its promise", problem.bytes);
	}
	if (!scene->policy->unconfined && scene->policy->platform == PLATFORM_LINUX) {
		expect(scene_lower(scene) == 0, "no box", scene->err.message);
		expect(linux_box_print(scene->box, &text) == 0, "not printed", NULL);
		if (!scene_box_is_sound(scene, &problem))
			expect(false, "the box does not keep its promise", problem.bytes);
	}
	text_done(&text);
}

static void check(const char *toml, const char *host, const char *id, const struct features *features)
{
	struct text problem = { 0 };
	struct scene scene;

	if (scene_read(&scene, host, toml, id) == 0) {
		keep_contract(&scene);
		if (scene_resolve(&scene, NULL) < 0) {
			expect(scene.err.message[0], "refused without a message", NULL);
		} else {
			if (!scene_policy_is_sound(&scene, &problem))
				expect(false, "no sound policy", problem.bytes);
			check_renames(scene.policy);
			check_plan(&scene, features);
		}
	}
	scene_done(&scene);
}

static void check_made_up(const uint8_t *bytes, size_t size)
{
	struct text host = { 0 }, toml = { 0 };

	scene_make_up(bytes, size, &host, &toml);
	made_up_host = host.bytes;
	made_up_toml = toml.bytes;
	check(toml.bytes, host.bytes, NULL, &scene_features);
	made_up_host = NULL;
	text_done(&host);
	text_done(&toml);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	const char *toml, *host;
	struct features features;

	if (size && !data[0]) {
		check_made_up(data + 1, size - 1);
		return 0;
	}
	toml = next_part(&arena, &data, &size);
	host = next_part(&arena, &data, &size);
	features = features_without(next_part(&arena, &data, &size));
	check(toml, host, NULL, &features);
	check(NULL, host, ":workspace", &features);
	arena_done(&arena);
	return 0;
}
