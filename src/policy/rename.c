/* SPDX-License-Identifier: Apache-2.0 */
/* rename.c — may a directory go elsewhere? What is ruled is ruled by its path: a tree that moves must not take
 * a rule's object from under the rule, nor bring something unruled to a path that is. */
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

/* A match of a deny glob may move along when the glob matches it at its new path as well: so says a pattern
 * that begins with "**". */
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

/* Whether one of the components before the last of a pattern's end matches the name that a directory would get. */
static bool leads_into(const char *rest, const char *name)
{
	char pattern[1024], path[512];

	if (strlen(name) + 2 > sizeof(path))
		return true;
	path[0] = '/';
	strcpy(path + 1, name);
	for (const char *slash = strchr(rest, '/'); slash; rest = slash + 1, slash = strchr(rest, '/')) {
		size_t size = (size_t)(slash - rest);

		if (size + 2 > sizeof(pattern))
			return true;
		pattern[0] = '/';
		memcpy(pattern + 1, rest, size);
		pattern[size + 1] = '\0';
		if (strcmp(pattern, "/**") && glob_match(pattern, path, true))
			return true;
	}
	return false;
}

/* A tree that moves may bring along what a deny glob matches at its new place and did not at the old one. A
 * pattern that floats within a directory sees no difference as long as the tree stays below BASE and its new
 * name leads into no pattern. */
static bool globs_allow(const struct policy *policy, const char *from, const char *to)
{
	for (size_t i = 0; i < policy->glob_count; i++) {
		const char *pattern = policy->globs[i].path, *floating = strstr(pattern, "/**/");
		char base[4096];

		if (!glob_prefix(pattern, to, policy->globs[i].nocase))
			continue;
		if (!floating || (size_t)(floating - pattern) >= sizeof(base))
			return false;
		memcpy(base, pattern, (size_t)(floating - pattern));
		base[floating - pattern] = '\0';
		if (glob_is(base) || !path_below(from, base[0] ? base : "/", false) ||
		    leads_into(floating + 4, path_base(to)))
			return false;
	}
	return true;
}

bool policy_rename_allowed(const struct policy *policy, const char *from, const char *to)
{
	return rules_allow(policy, from, to) && rules_allow(policy, to, NULL) &&
	       (!strcmp(from, to) || globs_allow(policy, from, to));
}

bool policy_allows_write(const struct policy *policy, const char *path)
{
	struct decision decision;

	policy_decide(policy, OPERATION_WRITE, path, &decision);
	return decision.allowed;
}
