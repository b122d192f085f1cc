/* SPDX-License-Identifier: Apache-2.0 */
/* match.c — the decision: may this operation be done at this path, and which rule says so. Questions about anything but
 * files go on to permissions.c.
 *
 * Rules are sorted by path, one a path, so the longest one that applies is found by a binary search for the path and
 * then for each directory above it: microseconds among ten thousand. Rules that ignore case are few and rare; where
 * there are any, a scan is the simple thing that is right. */
#include "policy/internal.h"

#include <string.h>

static const char *const operation_names[] = {
	[OPERATION_READ] = "read", [OPERATION_WRITE] = "write", [OPERATION_EXEC] = "exec",
	[OPERATION_UNIX_BIND] = "unix-bind", [OPERATION_UNIX_CONNECT] = "unix-connect",
	[OPERATION_CONNECT] = "connect", [OPERATION_LISTEN] = "listen", [OPERATION_DOMAIN] = "domain",
	[OPERATION_DEVICE] = "device", [OPERATION_KERNEL] = "kernel",
	[OPERATION_IOKIT] = "iokit", [OPERATION_MACH_LOOKUP] = "mach-lookup",
	[OPERATION_SYSCTL] = "sysctl",
};

const char *operation_name(enum operation operation)
{
	return operation_names[operation];
}

int operation_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(operation_names); i++)
		if (strcmp(name, operation_names[i]) == 0)
			return (int)i;
	return -1;
}

bool operation_is_path(enum operation operation)
{
	return operation <= OPERATION_UNIX_CONNECT || operation == OPERATION_DEVICE;
}

/* --- the longest rule --------------------------------------------------------------------- */

/* How a rule's path sorts against the first size bytes of path followed by end: a slash, or NUL for nothing more.
 * *common: how many bytes are known to be the same, and in the end how many are. */
static int compare(const struct rule *rule, const char *path, size_t size, char end, size_t *common)
{
	size_t i = *common;

	while (i < size && rule->path[i] == path[i])
		i++;
	*common = i;
	return (unsigned char)rule->path[i] - (unsigned char)(i < size ? path[i] : end);
}

struct bound {
	size_t index;			/* of the first rule that does not sort before what was asked for */
	bool same;			/* that rule's path is it */
	size_t common;			/* how much of it the rule before has, too */
};

/* Among the first count rules. What sorts between two paths begins as both do, so bytes are compared once. */
static struct bound find_bound(const struct policy *policy, size_t count, const char *path, size_t size, char end)
{
	struct bound bound = { .index = 0 };
	size_t above = 0;

	while (bound.index < count) {
		size_t middle = bound.index + (count - bound.index) / 2;
		size_t common = bound.common < above ? bound.common : above;
		int order = compare(&policy->rules[middle], path, size, end, &common);

		if (order < 0) {
			bound.index = middle + 1;
			bound.common = common;
		} else {
			count = middle;
			above = common;
			bound.same = order == 0;
		}
	}
	return bound;
}

/* Length of the directory above the first size bytes of path; 0 above the root. */
static size_t parent_size(const char *path, size_t size)
{
	if (size <= 1)
		return 0;
	while (size > 1 && path[size - 1] != '/')
		size--;
	return size > 1 ? size - 1 : 1;
}

/* A rule on a directory above sorts before, and whatever sorts between begins with that directory's path: so a
 * directory that is no part of what the rule before has in common with path has no rule. */
static const struct rule *find_exact_case(const struct policy *policy, const char *path)
{
	size_t count = policy->count, size = strlen(path);

	while (size > 0) {
		struct bound bound = find_bound(policy, count, path, size, '\0');

		if (bound.same)
			return &policy->rules[bound.index];
		count = bound.index;
		size = parent_size(path, bound.common + 1 < size ? bound.common + 1 : size);
	}
	return NULL;
}

/* Of equally long rules deny goes before write before read. */
static bool outranks(const struct rule *rule, const struct rule *other)
{
	static const int ranks[] = { [ACCESS_READ] = 1, [ACCESS_WRITE] = 2, [ACCESS_DENY] = 3 };
	size_t size = strlen(rule->path), other_size = strlen(other->path);

	return size != other_size ? size > other_size : ranks[rule->access] > ranks[other->access];
}

static const struct rule *find_rule(const struct policy *policy, const char *path)
{
	const struct rule *best = find_exact_case(policy, path);

	for (size_t i = 0; policy->any_nocase && i < policy->count; i++) {
		const struct rule *rule = &policy->rules[i];

		if (rule->nocase && path_below(path, rule->path, true) && (!best || outranks(rule, best)))
			best = rule;
	}
	return best;
}

static const struct rule *find_glob(const struct policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->glob_count; i++)
		if (glob_match_above(policy->globs[i].path, path, policy->globs[i].nocase))
			return &policy->globs[i];
	return NULL;
}

/* --- questions ---------------------------------------------------------------------------- */

static void decide_file(const struct policy *policy, enum access wanted, const char *path, struct decision *ret)
{
	const struct rule *rule = find_glob(policy, path);

	if (!rule)
		rule = find_rule(policy, path);
	*ret = (struct decision){ .rule = rule, .allowed = rule && rule->access >= wanted };
	/* The box's /dev may be listed; what is not granted is not there. */
	if (rule && ret->allowed && rule->kind == RULE_SYSTEM && !strcmp(rule->path, "/dev") && strcmp(path, "/dev"))
		ret->allowed = devices_has(policy, path);
}

/* A device is opened where a rule speaks of it; elsewhere mounts let none be opened. */
static bool speaks_of_devices(const struct rule *rule)
{
	if (rule->kind == RULE_SYSTEM)
		return path_below(rule->path, "/dev", false) && strcmp(rule->path, "/dev");
	return rule->kind == RULE_GLOB || rule_is_device(rule) || rule->access < ACCESS_READ;
}

static void decide_device(const struct policy *policy, const char *path, struct decision *ret)
{
	decide_file(policy, ACCESS_READ, path, ret);
	if (!ret->rule || !speaks_of_devices(ret->rule))
		*ret = (struct decision){ .reason = "devices are closed unless devices lists them" };
}

void policy_decide(const struct policy *policy, enum operation operation, const char *subject, struct decision *ret)
{
	if (policy->unconfined)
		*ret = (struct decision){ .allowed = true, .reason = ":danger-full-access confines nothing" };
	else if (operation == OPERATION_WRITE || operation == OPERATION_UNIX_BIND)
		decide_file(policy, ACCESS_WRITE, subject, ret);
	else if (operation <= OPERATION_EXEC)
		decide_file(policy, ACCESS_READ, subject, ret);
	else if (operation == OPERATION_DEVICE && policy->platform == PLATFORM_LINUX)
		decide_device(policy, subject, ret);
	else
		permissions_decide(policy, operation, subject, ret);
}

bool rule_is_among(const struct rule *rule, const struct rule *const rules[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i] == rule)
			return true;
	return false;
}

/* The one that decides about a file when those of passed were not there. */
static const struct rule *find_next(const struct policy *policy, const char *path, const struct rule *const passed[],
				    size_t passed_count)
{
	const struct rule *best = NULL;

	for (size_t i = 0; i < policy->glob_count; i++)
		if (glob_match_above(policy->globs[i].path, path, policy->globs[i].nocase) &&
		    !rule_is_among(&policy->globs[i], passed, passed_count))
			return &policy->globs[i];
	for (size_t i = 0; i < policy->count; i++) {
		const struct rule *rule = &policy->rules[i];

		if (path_below(path, rule->path, rule->nocase) && !rule_is_among(rule, passed, passed_count) &&
		    (!best || outranks(rule, best)))
			best = rule;
	}
	return best;
}

size_t policy_runners_up(const struct policy *policy, enum operation operation, const char *subject,
			 const struct rule *decided, const struct rule *ret_rules[RUNNERS_UP_MAX])
{
	const struct rule *passed[RUNNERS_UP_MAX + 1] = { decided };
	bool device = operation == OPERATION_DEVICE && policy->platform == PLATFORM_LINUX;
	bool file = operation <= OPERATION_UNIX_BIND || device;
	size_t count = 0;

	while (!policy->unconfined && count < RUNNERS_UP_MAX) {
		const struct rule *next = file ? find_next(policy, subject, passed, count + 1) :
						 permissions_next(policy, operation, subject, passed, count + 1);

		if (!next || (device && !speaks_of_devices(next)))
			break;		/* the default decides */
		ret_rules[count++] = next;
		passed[count] = next;
	}
	return count;
}

static bool gives_less_below(const struct policy *policy, const char *path, enum access access)
{
	size_t size = strcmp(path, "/") == 0 ? 0 : strlen(path);

	/* "/a-b" sorts between "/a" and "/a/b": what stands below begins with "/a/", and is one range. */
	for (size_t i = find_bound(policy, policy->count, path, size, '/').index; i < policy->count; i++) {
		const struct rule *rule = &policy->rules[i];

		if (strncmp(rule->path, path, size) != 0 || rule->path[size] != '/')
			return false;
		if (rule->access < access)
			return true;
	}
	return false;
}

static bool gives_less_below_nocase(const struct policy *policy, const char *path, enum access access)
{
	for (size_t i = 0; i < policy->count; i++)
		if (policy->rules[i].access < access && path_below(policy->rules[i].path, path, true))
			return true;
	return false;
}

bool policy_rules_below(const struct policy *policy, const char *path)
{
	struct decision decision;

	policy_decide(policy, OPERATION_READ, path, &decision);
	if (!decision.allowed || !decision.rule)
		return false;
	return policy->any_nocase ? gives_less_below_nocase(policy, path, decision.rule->access)
				  : gives_less_below(policy, path, decision.rule->access);
}

ptrdiff_t policy_rule_at(const struct policy *policy, const char *path)
{
	size_t size = strlen(path);
	struct bound bound = find_bound(policy, policy->count, path, size, '\0');

	if (bound.same)
		return (ptrdiff_t)bound.index;
	for (size_t i = 0; policy->any_nocase && i < policy->count; i++)
		if (policy->rules[i].nocase && strlen(policy->rules[i].path) == size &&
		    path_below(path, policy->rules[i].path, true))
			return (ptrdiff_t)i;
	return -1;
}
