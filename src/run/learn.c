/* SPDX-License-Identifier: Apache-2.0 */
/* learn.c — a box to learn from: the profile that was asked for, with more places to write in, each a layer that is
 * thrown away; and what comes of it. policy/learn.c writes the profile. */
#include "run/learn.h"

#include "policy/learn.h"
#include "run/chain.h"

#include <string.h>

static const struct origin learn_origin = { .file = LEARN_ORIGIN };

static int open_places(struct chain *wide, const char *const *places, struct bawn_error *err)
{
	const struct setting *root = profile_find(wide->profile, PROFILE_FILESYSTEM, ":root");
	int r = 0;

	if (!root || root->value.access < ACCESS_READ)
		r = profile_set_entry(wide->profiles, wide->profile, PROFILE_FILESYSTEM, ":root", NULL, "read",
				      learn_origin, err);
	for (; r >= 0 && *places; places++)
		r = profile_set_entry(wide->profiles, wide->profile, PROFILE_FILESYSTEM, *places, NULL, "write",
				      learn_origin, err);
	return r;
}

static void mark_scratch(struct policy *policy)
{
	for (size_t i = 0; i < policy->count; i++) {
		struct rule *rule = &policy->rules[i];

		rule->scratch = rule->kind == RULE_PATH && rule->access == ACCESS_WRITE &&
				!strcmp(rule->origin.file, LEARN_ORIGIN);
	}
}

int chain_learn(const struct request *request, const struct chain *asked, struct chain *ret_wide,
		struct bawn_error *err)
{
	struct chain wide = { 0 };
	const char **places = NULL;
	int r = chain_load(request, &wide, err);

	if (r >= 0)
		r = chain_profile(&wide, NULL, err);
	if (r >= 0)
		r = learn_places(&wide.arena, asked->policy, &asked->host, &places, err);
	if (r >= 0)
		r = open_places(&wide, places, err);
	if (r >= 0)
		r = chain_policy(&wide, err);
	if (r < 0) {
		chain_done(&wide);
		return r;
	}
	mark_scratch(wide.policy);
	if (wide.log == LOG_NONE)
		wide.log = LOG_DENIALS;
	*ret_wide = wide;
	return 0;
}

int chain_learned(const struct chain *asked, const struct denials *denials, const char *const *argv,
		  const char *previous, struct text *text, struct bawn_error *err)
{
	const char *id = asked->policy->profile_id;
	struct learned learned = {
		.denials = denials, .profile = asked->profile, .extends = id, .argv = argv, .previous = previous,
		.previous_line = asked->profile->extends_origin.line > asked->profile->origin.line ?
					 asked->profile->extends_origin.line : asked->profile->origin.line,
	};
	struct profiles *read_back = NULL;
	int r;

	if (!previous && id[0] != ':')
		return error_set(err, EINVAL, "learn: \"%s\" is no built-in profile: name its file with -o, and the "
				 "lesson is added to it", id);
	r = learn_print(&learned, text);
	if (r < 0)
		return error_oom(err);
	r = profiles_parse(text->bytes, text->size, "what was learnt", &read_back, err);
	profiles_free(read_back);
	return r < 0 ? r : 0;
}
