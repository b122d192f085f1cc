/* SPDX-License-Identifier: Apache-2.0 */
/* profile_values.c — one value of a profile, by its type. Types whose keys are paths: profile_paths.c. */
#include "policy/gpu.h"
#include "policy/reader.h"

#include <string.h>

/* --- single values ------------------------------------------------------------------------ */

static int read_bool(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	struct setting *setting;
	int e;

	if (entry->value.type != TOML_BOOLEAN)
		return reader_expected(reader, key_label(&reader->profiles->arena, key, NULL), "true or false",
				       &entry->value);
	e = reader_add(reader, key, NULL, entry->position, &setting);
	if (e >= 0)
		setting->value.boolean = entry->value.u.boolean;
	return e;
}

/* No core file at all is a sensible limit; no process, no memory, no second is not. */
static int add_integer(struct reader *reader, enum profile_key key, const struct toml_entry *entry, int64_t value)
{
	int64_t least = key == PROFILE_LIMIT_CORE_SIZE ? 0 : 1;
	struct setting *setting;
	int e;

	if (value < least)
		return reader_fail(reader, entry->value.position, "%s: must be at least %d",
				   key_label(&reader->profiles->arena, key, NULL), (int)least);
	e = reader_add(reader, key, NULL, entry->position, &setting);
	if (e >= 0)
		setting->value.integer = value;
	return e;
}

static int read_integer(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	if (entry->value.type != TOML_INTEGER)
		return reader_expected(reader, key_label(&reader->profiles->arena, key, NULL), "an integer",
				       &entry->value);
	return add_integer(reader, key, entry, entry->value.u.integer);
}

/* Digits, and perhaps one of K, M, G, T (powers of 1024). */
static bool size_parse(const char *text, int64_t *ret_size)
{
	static const char units[] = "KMGT";
	const char *unit;
	int64_t size = 0;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(size, 10, &size) || __builtin_add_overflow(size, *text - '0', &size))
			return false;
	if (*text) {
		unit = strchr(units, *text);
		if (!unit || text[1])
			return false;
		if (__builtin_mul_overflow(size, (int64_t)1 << 10 * (unit - units + 1), &size))
			return false;
	}
	*ret_size = size;
	return true;
}

static int read_size(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	static const char expected[] = "an integer, or a string such as \"512M\" (K, M, G, T)";
	const char *label = key_label(&reader->profiles->arena, key, NULL), *text;
	int64_t size;
	int e;

	if (entry->value.type == TOML_INTEGER)
		return add_integer(reader, key, entry, entry->value.u.integer);
	if (entry->value.type != TOML_STRING)
		return reader_expected(reader, label, expected, &entry->value);
	e = reader_string(reader, label, expected, &entry->value, &text);
	if (e < 0)
		return e;
	if (!size_parse(text, &size))
		return reader_fail(reader, entry->value.position, "%s: %s is no size: expected %s", label,
				   quoted(&reader->profiles->arena, text), expected);
	return add_integer(reader, key, entry, size);
}

static int read_string(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	struct setting *setting;
	const char *string;
	int e = reader_string(reader, key_label(&reader->profiles->arena, key, NULL), "a string", &entry->value,
			      &string);

	if (e >= 0)
		e = reader_add(reader, key, NULL, entry->position, &setting);
	if (e >= 0)
		setting->value.string = string;
	return e;
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(*words, word))
			return true;
	return false;
}

static int read_word(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	const char *const *words = key_words(key_row(key)->type);
	const char *label = key_label(&reader->profiles->arena, key, NULL), *word;
	struct setting *setting;
	int e = reader_string(reader, label, "a string", &entry->value, &word);

	if (e < 0)
		return e;
	if (!is_one_of(word, words))
		return reader_unknown(reader, entry->value.position, label, "value", word, words);
	e = reader_add(reader, key, NULL, entry->position, &setting);
	if (e >= 0)
		setting->value.string = word;
	return e;
}

static int read_gpu(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	const char *label = key_label(&reader->profiles->arena, key, NULL), *word;
	struct setting *setting;
	struct gpu_wish wish;
	int e;

	if (entry->value.type == TOML_BOOLEAN)
		return read_bool(reader, key, entry);
	if (entry->value.type != TOML_STRING)
		return reader_expected(reader, label, "true, false, \"auto\" or a family such as \"nvidia\"",
				       &entry->value);
	e = reader_string(reader, label, "a string", &entry->value, &word);
	if (e < 0)
		return e;
	if (!gpu_wish_parse(word, &wish))
		return reader_unknown(reader, entry->value.position, label, "value", word, key_words(KEY_GPU));
	e = reader_add(reader, key, NULL, entry->position, &setting);
	if (e >= 0) {
		setting->value.string = word;
		setting->is_string = true;
	}
	return e;
}

/* --- arrays ------------------------------------------------------------------------------- */

/* A name glob of the environment section, or any text elsewhere: what would never match is an error. */
static int check_item(struct reader *reader, enum profile_key key, const struct toml_value *value, const char *label,
		      const char *item)
{
	struct arena *arena = &reader->profiles->arena;

	if (key == PROFILE_KERNEL_ALLOW)
		return kernel_find(item) >= 0
			? 0 : reader_unknown(reader, value->position, label, "name", item, key_words(KEY_KERNEL));
	if (!*item)
		return reader_fail(reader, value->position, "%s: an empty name matches nothing", label);
	if ((key == PROFILE_ENV_EXCLUDE || key == PROFILE_ENV_INCLUDE_ONLY) && strpbrk(item, "=[{"))
		return reader_fail(reader, value->position,
				   "%s: %s can never match: expected a variable's name, * and ? allowed", label,
				   quoted(arena, item));
	return 0;
}

static int read_strings(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	struct arena *arena = &reader->profiles->arena;
	const char *label = key_label(arena, key, NULL), **items;
	const struct toml_value *value = &entry->value;
	struct setting *setting;
	int e;

	if (value->type != TOML_ARRAY)
		return reader_expected(reader, label, "an array of strings", value);
	items = arena_alloc(arena, value->u.array.count * sizeof(*items));
	if (!items)
		return error_oom(reader->err);
	for (size_t i = 0; i < value->u.array.count; i++) {
		const struct toml_value *item = &value->u.array.items[i];

		e = reader_string(reader, label, "a string", item, &items[i]);
		if (e >= 0)
			e = check_item(reader, key, item, label, items[i]);
		if (e < 0)
			return e;
	}
	e = reader_add(reader, key, NULL, entry->position, &setting);
	if (e < 0)
		return e;
	setting->value.strings.items = items;
	setting->value.strings.count = value->u.array.count;
	return 0;
}

static int read_ports(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	struct arena *arena = &reader->profiles->arena;
	const char *label = key_label(arena, key, NULL);
	const struct toml_value *value = &entry->value;
	struct setting *setting;
	uint16_t *ports;
	int e;

	if (value->type != TOML_ARRAY)
		return reader_expected(reader, label, "an array of ports", value);
	ports = arena_alloc(arena, value->u.array.count * sizeof(*ports));
	if (!ports)
		return error_oom(reader->err);
	for (size_t i = 0; i < value->u.array.count; i++) {
		const struct toml_value *item = &value->u.array.items[i];

		if (item->type != TOML_INTEGER)
			return reader_expected(reader, label, "a port from 1 to 65535", item);
		if (item->u.integer < 1 || item->u.integer > 65535)
			return reader_fail(reader, item->position, "%s: %lld is no port: expected 1 to 65535", label,
					   (long long)item->u.integer);
		ports[i] = (uint16_t)item->u.integer;
	}
	e = reader_add(reader, key, NULL, entry->position, &setting);
	if (e < 0)
		return e;
	setting->value.ports.items = ports;
	setting->value.ports.count = value->u.array.count;
	return 0;
}

/* --- maps whose keys are no paths --------------------------------------------------------- */

static int read_domain(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	const char *label = key_label(&reader->profiles->arena, key, entry->key), *word;
	const char *problem = domain_problem(entry->key);
	struct setting *setting;
	enum access access;
	int e;

	if (problem)
		return reader_fail(reader, entry->position, "%s: %s", label, problem);
	e = reader_string(reader, label, decision_expected, &entry->value, &word);
	if (e < 0)
		return e;
	access = decision_find(word);
	if (!access)
		return reader_unknown(reader, entry->value.position, label, "decision", word,
				      key_words(KEY_DECISION_MAP));
	if (access == ACCESS_DENY && entry->key[0] == '*' && (!entry->key[1] || entry->key[1] == ':'))
		return reader_fail(reader, entry->value.position,
				   "%s: * may only be allowed: what no pattern allows is denied", label);
	e = reader_add(reader, key, entry->key, entry->position, &setting);
	if (e >= 0)
		setting->value.access = access;
	return e;
}

static int read_decision_map(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	return key == PROFILE_NET_SOCKET ? read_socket(reader, key, entry) : read_domain(reader, key, entry);
}

static int read_variable(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	const char *label = key_label(&reader->profiles->arena, key, entry->key), *string;
	struct setting *setting;
	int e;

	if (!*entry->key || strchr(entry->key, '='))
		return reader_fail(reader, entry->position,
				   "%s: expected the name of a variable, not empty and without =", label);
	if (environ_is_loader(entry->key))
		return reader_fail(reader, entry->position,
				   "%s: loader variables (LD_*, DYLD_*) never cross into the box", label);
	if (environ_is_ours(entry->key))
		return reader_fail(reader, entry->position, "%s: this variable is set by bawn itself", label);
	e = reader_string(reader, label, "a string", &entry->value, &string);
	if (e >= 0)
		e = reader_add(reader, key, entry->key, entry->position, &setting);
	if (e >= 0)
		setting->value.string = string;
	return e;
}

int read_value(struct reader *reader, enum profile_key key, const struct toml_entry *entry)
{
	static read_function *const functions[] = {
		[KEY_BOOL] = read_bool, [KEY_INTEGER] = read_integer, [KEY_SIZE] = read_size,
		[KEY_STRING] = read_string, [KEY_STRINGS] = read_strings, [KEY_PORTS] = read_ports,
		[KEY_MODE] = read_word, [KEY_INHERIT] = read_word, [KEY_KERNEL] = read_strings, [KEY_GPU] = read_gpu,
		[KEY_ACCESS_MAP] = read_access_map, [KEY_DEVICE_MAP] = read_device_map,
		[KEY_DECISION_MAP] = read_decision_map, [KEY_BOOL_MAP] = read_root_map,
		[KEY_STRING_MAP] = read_variable,
	};

	return functions[key_row(key)->type](reader, key, entry);
}
