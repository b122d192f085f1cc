/* SPDX-License-Identifier: Apache-2.0 */
/* image.c — a policy as bytes: what a bawn inside another sends to it, whose broker then judges by both.
 *
 * One record after the other, each a letter, as many digits as it has fields, and strings with their NULs:
 *
 *	r access kind type nocase "path"	a file rule; sorted by path, as in the policy
 *	g nocase "pattern"			a deny glob
 *	c "tree" "common"			a work tree under `.git = "commit"`; no repository yet: ""
 *	u access "path"				a rule about local sockets
 *
 * Who sends it may be hostile: nothing is believed that could lead a question astray. What it says it says only about
 * the sender's own box. */
#include "policy/internal.h"

#include <string.h>

enum { RECORD_RULE, RECORD_GLOB, RECORD_COMMIT, RECORD_PERMISSION, RECORD__COUNT };

static const struct { char letter; unsigned digits, strings; size_t size; } records[RECORD__COUNT] = {
	[RECORD_RULE]		= { 'r', 4, 1, sizeof(struct rule) },
	[RECORD_GLOB]		= { 'g', 1, 1, sizeof(struct rule) },
	[RECORD_COMMIT]		= { 'c', 0, 2, sizeof(struct commit) },
	[RECORD_PERMISSION]	= { 'u', 1, 1, sizeof(struct permission) },
};

/* --- to bytes ----------------------------------------------------------------------------- */

static void add_string(struct text *image, const char *string)
{
	text_add_bytes(image, string, strlen(string) + 1);
}

static void add_digits(struct text *image, char letter, const unsigned *digits, size_t count)
{
	text_add_bytes(image, &letter, 1);
	for (size_t i = 0; i < count; i++) {
		char digit = (char)('0' + digits[i]);

		text_add_bytes(image, &digit, 1);
	}
}

void policy_pack(const struct policy *policy, struct text *image)
{
	for (size_t i = 0; i < policy->count; i++) {
		const struct rule *rule = &policy->rules[i];

		add_digits(image, 'r', (unsigned[]){ rule->access, rule->kind, rule->type, rule->nocase }, 4);
		add_string(image, rule->path);
	}
	for (size_t i = 0; i < policy->glob_count; i++) {
		add_digits(image, 'g', (unsigned[]){ policy->globs[i].nocase }, 1);
		add_string(image, policy->globs[i].path);
	}
	for (size_t i = 0; i < policy->commit_count; i++) {
		add_digits(image, 'c', NULL, 0);
		add_string(image, policy->commits[i].tree);
		add_string(image, policy->commits[i].common ? policy->commits[i].common : "");
	}
	for (size_t i = 0; i < policy->permission_count; i++) {
		const struct permission *permission = &policy->permissions[i];

		if (permission->operation != OPERATION_UNIX_CONNECT)
			continue;
		add_digits(image, 'u', (unsigned[]){ permission->rule.access }, 1);
		add_string(image, permission->rule.path);
	}
}

/* --- back --------------------------------------------------------------------------------- */

struct record { int kind; unsigned digits[4]; const char *strings[2]; };

/* Reads one record and moves on; false: it is none. */
static bool next_record(const char **at, const char *end, struct record *ret)
{
	const char *p = *at;

	for (ret->kind = 0; ret->kind < RECORD__COUNT && records[ret->kind].letter != *p; ret->kind++)
		;
	if (ret->kind == RECORD__COUNT)
		return false;
	p++;
	for (unsigned i = 0; i < records[ret->kind].digits; i++, p++) {
		if (p == end || *p < '0' || *p > '9')
			return false;
		ret->digits[i] = (unsigned)(*p - '0');
	}
	for (unsigned i = 0; i < records[ret->kind].strings; i++) {
		const char *nul = p == end ? NULL : memchr(p, '\0', (size_t)(end - p));

		if (!nul)
			return false;
		ret->strings[i] = p;
		p = nul + 1;
	}
	*at = p;
	return true;
}

static bool is_access(unsigned digit)
{
	return digit == ACCESS_READ || digit == ACCESS_WRITE || digit == ACCESS_DENY;
}

static bool is_sound(const struct record *record)
{
	const char *path = record->strings[0], *reason;

	switch (record->kind) {
	case RECORD_RULE:
		return path[0] == '/' && is_access(record->digits[0]) && record->digits[1] <= RULE_PERMISSION &&
		       record->digits[1] != RULE_GLOB && record->digits[2] <= HOST_OWNED && record->digits[3] <= 1;
	case RECORD_GLOB:
		return path[0] == '/' && record->digits[0] <= 1 && glob_valid(path, &reason);
	case RECORD_COMMIT:
		return path[0] == '/' && (!record->strings[1][0] || record->strings[1][0] == '/');
	default:
		return (path[0] == '/' || !strcmp(path, "*")) && is_access(record->digits[0]);
	}
}

bool policy_image_check(const char *image, size_t size, size_t *ret_room)
{
	const char *at = image, *end = image + size, *last = "";
	struct record record;

	*ret_room = 0;
	while (at < end) {
		if (!next_record(&at, end, &record) || !is_sound(&record))
			return false;
		if (record.kind == RECORD_RULE && strcmp(last, record.strings[0]) >= 0)
			return false;
		if (record.kind == RECORD_RULE)
			last = record.strings[0];
		*ret_room += records[record.kind].size;
	}
	return true;
}

static struct rule rule_of(const struct record *record)
{
	return (struct rule){ .path = record->strings[0], .written = record->strings[0], .label = "of an inner box",
			      .origin = { .file = "inner box" } };
}

static size_t count_records(const char *image, size_t size, int kind)
{
	const char *at = image;
	struct record record;
	size_t count = 0;

	while (at < image + size && next_record(&at, image + size, &record))
		count += record.kind == kind;
	return count;
}

static void add_record(struct policy *policy, const struct record *record)
{
	struct rule rule = rule_of(record);

	switch (record->kind) {
	case RECORD_RULE:
		rule.access = record->digits[0];
		rule.kind = record->digits[1];
		rule.type = record->digits[2];
		rule.nocase = record->digits[3];
		policy->any_nocase |= rule.nocase;
		policy->rules[policy->count++] = rule;
		break;
	case RECORD_GLOB:
		rule.access = ACCESS_DENY;
		rule.kind = RULE_GLOB;
		rule.nocase = record->digits[0];
		policy->globs[policy->glob_count++] = rule;
		break;
	case RECORD_COMMIT:
		policy->commits[policy->commit_count++] = (struct commit){
			record->strings[0], record->strings[1][0] ? record->strings[1] : NULL };
		break;
	default:
		rule.access = record->digits[0];
		rule.kind = RULE_PERMISSION;
		policy->permissions[policy->permission_count++] =
			(struct permission){ .operation = OPERATION_UNIX_CONNECT, .rule = rule };
		break;
	}
}

/* The records of each kind may stand in any order, so the arrays are laid out first. */
void policy_unpack(const char *image, size_t size, void *room, struct policy *ret_policy)
{
	void *arrays[RECORD__COUNT];
	const char *at = image;
	struct record record;
	char *free_room = room;

	for (int kind = 0; kind < RECORD__COUNT; kind++) {
		arrays[kind] = free_room;
		free_room += count_records(image, size, kind) * records[kind].size;
	}
	*ret_policy = (struct policy){ .platform = PLATFORM_LINUX,
				       .rules = arrays[RECORD_RULE],
				       .globs = arrays[RECORD_GLOB],
				       .commits = arrays[RECORD_COMMIT],
				       .permissions = arrays[RECORD_PERMISSION] };
	while (at < image + size && next_record(&at, image + size, &record))
		add_record(ret_policy, &record);
}
