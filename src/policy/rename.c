/* SPDX-License-Identifier: Apache-2.0 */
/* rename.c — may a directory go elsewhere? What is ruled is ruled by its path: a tree that moves must not take a rule's object from
 * under the rule, nor bring something unruled to a path that is. */
#include "policy/internal.h"

#include <string.h>

/* Index of the first rule below directory; those below it follow each other. */
static size_t first_below(const struct policy *policy, const char *directory, size_t size)
{
	size_t low = 0, high = policy->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *path = policy->rules[middle].path;
		int order = strncmp(path, directory, size);

		if (order < 0 || (order == 0 && (unsigned char)path[size] < '/'))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A match of a deny glob may move along when the glob matches it at its new path as well: so says a pattern that begins with "**". */
static bool match_may_move(const struct policy *policy, const struct rule *match, size_t from_size, const char *to)
{
	struct decision decision;
	char path[4096];
	size_t size = strlen(to), rest = strlen(match->path + from_size);

	if (size + rest >= sizeof(path))
		return false;
	memcpy(path, to, size);
	memcpy(path + size, match->path + from_size, rest + 1);
	policy_decide(policy, OPERATION_READ, path, &decision);
	return !decision.allowed;
}

static bool rules_allow(const struct policy *policy, const char *from, const char *to)
{
	size_t size = strlen(from);

	for (size_t i = first_below(policy, from, size); i < policy->count; i++) {
		const struct rule *rule = &policy->rules[i];

		if (strncmp(rule->path, from, size) || rule->path[size] != '/')
			break;
		if (rule->kind != RULE_MATCH || (to && !match_may_move(policy, rule, size, to)))
			return false;
	}
	return true;
}

bool policy_rename_allowed(const struct policy *policy, const char *from, const char *to)
{
	return rules_allow(policy, from, to) && rules_allow(policy, to, NULL);
}

bool policy_allows_write(const struct policy *policy, const char *path)
{
	struct decision decision;

	policy_decide(policy, OPERATION_WRITE, path, &decision);
	return decision.allowed;
}
