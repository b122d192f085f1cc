/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_toml.c — any bytes: no crash, and either a tree whose positions lie in the text, or a
 * message with a place. */
#include "toml/toml.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_position(struct toml_position position, unsigned lines)
{
	require(position.line >= 1 && position.line <= lines && position.column >= 1);
}

static void check_value(const struct toml_value *value, unsigned lines, unsigned depth)
{
	check_position(value->position, lines);
	require(depth <= 128);
	if (value->type == TOML_STRING)
		require(value->u.string.bytes[value->u.string.size] == '\0');
	for (size_t i = 0; value->type == TOML_ARRAY && i < value->u.array.count; i++)
		check_value(&value->u.array.items[i], lines, depth + 1);
	for (size_t i = 0; value->type == TOML_TABLE && i < value->u.table.count; i++) {
		const struct toml_entry *entry = &value->u.table.entries[i];

		check_position(entry->position, lines);
		if (strlen(entry->key) == entry->key_size)
			require(toml_find(value, entry->key) == &entry->value);
		check_value(&entry->value, lines, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bawn_error err = BAWN_ERROR_INIT;
	struct toml *toml = NULL;
	char *text = malloc(size ? size : 1);
	unsigned lines = 1;

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	if (toml_parse(text, size, "fuzz", &toml, &err) == 0) {
		/* Freed before the tree is looked at, which must hold no pointer into it. */
		free(text);
		check_value(&toml->root, lines, 0);
		toml_free(toml);
		return 0;
	}
	free(text);
	require(toml == NULL && err.number == EINVAL && err.column >= 1);
	require(err.line >= 1 && err.line <= lines && strncmp(err.message, "fuzz:", 5) == 0);
	require(utf8_size(err.message, strlen(err.message)) > 0);
	return 0;
}
