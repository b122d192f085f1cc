/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c — profile.def as a table, and the words that values are made of. */
#include "policy/gpu.h"
#include "policy/reader.h"

#include <string.h>

static const struct key_row rows[PROFILE__COUNT] = {
#define KEY(id, section, key, type, status, help) [PROFILE_##id] = { section, key, type, STATUS_##status, help },
#include "policy/profile.def"
#undef KEY
};

static const char *const access_words[] = { "read", "write", "deny", "none", "commit", NULL };
static const enum access access_values[] = { ACCESS_READ, ACCESS_WRITE, ACCESS_DENY, ACCESS_DENY, ACCESS_COMMIT };
static const char *const device_words[] = { "read", "write", "deny", "none", NULL };
static const char *const decision_words[] = { "allow", "deny", NULL };
static const char *const mode_words[] = { "full", "limited", NULL };
static const char *const inherit_words[] = { "all", "core", "none", NULL };
static const char *const kernel_words[KERNEL__COUNT + 1] = {
	[KERNEL_USER_NAMESPACES] = "user-namespaces", [KERNEL_IO_URING] = "io-uring", [KERNEL_PERF] = "perf",
	[KERNEL_BPF] = "bpf", [KERNEL_USERFAULTFD] = "userfaultfd", [KERNEL_KEYRING] = "keyring",
	[KERNEL_VSOCK] = "vsock", [KERNEL_NETLINK] = "netlink", [KERNEL_FOREIGN_ARCH] = "foreign-arch",
};

static const enum profile_key limit_keys[LIMIT__COUNT] = {
	[LIMIT_PROCESSES] = PROFILE_LIMIT_PROCESSES, [LIMIT_MEMORY] = PROFILE_LIMIT_MEMORY,
	[LIMIT_CPU_SECONDS] = PROFILE_LIMIT_CPU_SECONDS, [LIMIT_WALL_SECONDS] = PROFILE_LIMIT_WALL_SECONDS,
	[LIMIT_FILE_SIZE] = PROFILE_LIMIT_FILE_SIZE, [LIMIT_OPEN_FILES] = PROFILE_LIMIT_OPEN_FILES,
	[LIMIT_CORE_SIZE] = PROFILE_LIMIT_CORE_SIZE,
};

const char *const filesystem_tokens[] = { ":root", ":minimal", ":workspace_roots", ":tmpdir", ":slash_tmp", NULL };

const char decision_expected[] = "\"allow\" or \"deny\"";

const struct key_row *key_row(enum profile_key key)
{
	return &rows[key];
}

bool key_is_map(enum profile_key key)
{
	return rows[key].key[0] == '*';
}

int key_find(const char *section, const char *key)
{
	for (int i = 0; i < PROFILE__COUNT; i++)
		if (!strcmp(rows[i].section, section) && !strcmp(rows[i].key, key))
			return i;
	return -1;
}

/* The one component that a row's section has below another section, or NULL: "domains" of "network.domains" in
 * "network". */
static const char *step_below(const char *section, const char *parent)
{
	size_t size = strlen(parent);
	const char *step = size ? section + size + 1 : section;

	if (size && (strncmp(section, parent, size) || section[size] != '.'))
		return NULL;
	return *step && !strchr(step, '.') ? step : NULL;
}

const char *section_find(const char *section, const char *key)
{
	for (size_t i = 0; i < PROFILE__COUNT; i++) {
		const char *step = step_below(rows[i].section, section);

		if (step && !strcmp(step, key))
			return rows[i].section;
	}
	return NULL;
}

static void add_once(const char **words, size_t *count, const char *word)
{
	for (size_t i = 0; i < *count; i++)
		if (!strcmp(words[i], word))
			return;
	words[(*count)++] = word;
}

const char **section_keys(struct arena *arena, const char *section)
{
	const char **keys = arena_alloc(arena, (PROFILE__COUNT + 3) * sizeof(*keys));
	size_t count = 0;

	if (!keys)
		return NULL;
	if (!*section) {
		add_once(keys, &count, "description");
		add_once(keys, &count, "extends");
	}
	for (int i = 0; i < PROFILE__COUNT; i++) {
		const char *step = step_below(rows[i].section, section);

		if (step)
			add_once(keys, &count, step);
		else if (!strcmp(rows[i].section, section) && !key_is_map(i))
			add_once(keys, &count, rows[i].key);
	}
	return keys;
}

const char *key_label(struct arena *arena, enum profile_key key, const char *name)
{
	const char *label = key_is_map(key) ? arena_printf(arena, "%s %s", rows[key].section, quoted(arena, name))
					    : arena_printf(arena, "%s.%s", rows[key].section, rows[key].key);

	return label ? label : rows[key].key;
}

static int word_find(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

enum access access_find(const char *word)
{
	int i = word_find(access_words, word);

	return i < 0 ? ACCESS_UNSET : access_values[i];
}

enum access decision_find(const char *word)
{
	switch (word_find(decision_words, word)) {
	case 0:
		return ACCESS_READ;
	case 1:
		return ACCESS_DENY;
	default:
		return ACCESS_UNSET;
	}
}

int kernel_find(const char *word)
{
	return word_find(kernel_words, word);
}

const char *const *key_words(enum key_type type)
{
	static const char *const *const words[] = {
		[KEY_MODE] = mode_words, [KEY_INHERIT] = inherit_words, [KEY_KERNEL] = kernel_words,
		[KEY_GPU] = gpu_words, [KEY_ACCESS_MAP] = access_words, [KEY_DEVICE_MAP] = device_words,
		[KEY_DECISION_MAP] = decision_words,
	};

	return (size_t)type < ARRAY_SIZE(words) ? words[type] : NULL;
}

const char *access_name(enum access access)
{
	static const char *const names[] = {
		[ACCESS_UNSET] = "unset", [ACCESS_DENY] = "deny", [ACCESS_READ] = "read", [ACCESS_WRITE] = "write",
		[ACCESS_COMMIT] = "commit",
	};

	return names[access];
}

bool kernel_name_is(const char *text)
{
	for (int i = 0; i < KERNEL__COUNT; i++)
		if (!strcmp(text, kernel_name_text((enum kernel_name)i)))
			return true;
	return false;
}

const char *kernel_name_text(enum kernel_name name)
{
	return kernel_words[name];
}

const char *limit_name_text(enum limit_name name)
{
	return rows[limit_keys[name]].key;
}

enum profile_key limit_key(enum limit_name name)
{
	return limit_keys[name];
}
