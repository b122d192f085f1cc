/* SPDX-License-Identifier: Apache-2.0 */
/* key.c — one key, bare or quoted; whoever calls knows what a dot after it means. */
#include "toml/parser.h"

#include <stdio.h>
#include <string.h>

static int bare_parse(struct parser *p, struct key *key)
{
	const char *start = p->at;

	while (toml_is_bare(toml_peek(p)))
		p->at++;
	if (p->at == start)
		return toml_fail_here(p, "a key");
	key->size = (size_t)(p->at - start);
	key->bytes = arena_strndup(p->arena, start, key->size);
	return key->bytes ? 0 : error_oom(p->err);
}

int toml_key_parse(struct parser *p, struct key *ret_key)
{
	struct key key = { .position = toml_position_of(p, p->at) };
	int r;

	if (toml_peek(p) != '"' && toml_peek(p) != '\'')
		r = bare_parse(p, &key);
	else if (toml_multiline_string_starts(p))
		r = toml_fail(p, key.position, "a key cannot be a multi-line string");
	else
		r = toml_string_parse(p, &key.bytes, &key.size);
	if (r < 0)
		return r;
	*ret_key = key;
	return 0;
}

/* The characters that must not reach a terminal as they are. */
static bool is_control(const char *at, size_t size)
{
	unsigned char c = (unsigned char)*at;

	return size == 1 ? c < 0x20 || c == 0x7f : c == 0xc2 && (unsigned char)at[1] < 0xa0;
}

const char *toml_key_shown(const struct key *key, char shown[SHOWN_SIZE])
{
	size_t bare = 0, out = 0, size;

	while (bare < key->size && toml_is_bare(key->bytes[bare]))
		bare++;
	if (bare > 0 && bare == key->size && bare < SHOWN_SIZE) {
		snprintf(shown, SHOWN_SIZE, "%s", key->bytes);
		return shown;
	}
	shown[out++] = '"';
	for (size_t i = 0; i < key->size; i += size) {
		const char *at = key->bytes + i;

		size = utf8_size(at, key->size - i);
		if (out + sizeof("\\uXXXX...\"") > SHOWN_SIZE) {
			out += (size_t)snprintf(shown + out, SHOWN_SIZE - out, "...");
			break;
		}
		if (is_control(at, size))
			out += (size_t)snprintf(shown + out, SHOWN_SIZE - out, "\\u%04X",
						(unsigned char)at[size - 1]);
		else if (*at == '"' || *at == '\\')
			out += (size_t)snprintf(shown + out, SHOWN_SIZE - out, "\\%c", *at);
		else
			out += (size_t)snprintf(shown + out, SHOWN_SIZE - out, "%.*s", (int)size,
						at);
	}
	snprintf(shown + out, SHOWN_SIZE - out, "\"");
	return shown;
}
