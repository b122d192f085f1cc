/* SPDX-License-Identifier: Apache-2.0 */
/* table.c — growing tables and arrays, and who may add to which table.
 *
 * A table's entries stand behind a head that only this file knows: how the table came to be, its
 * room, and, once it is large, an index of its keys. Both move together when the table grows. The
 * rules are those of TOML 1.0 "Table": a table is defined at most once; a header may pass through
 * any table that is not inline; dotted keys add only to tables that dotted keys of the same table
 * made. */
#include "toml/parser.h"

#include <string.h>

#define FIRST_ROOM	4u
#define UNINDEXED	16u	/* up to so many keys, looking at each is as quick */

struct body {
	enum table_kind kind;
	uint32_t room;		/* a power of two */
	uint32_t *index;	/* NULL, or 2 * room places: the number of an entry from 1, or 0 */
	struct toml_entry entries[];
};

static struct body *body_of(const struct toml_value *table)
{
	return (struct body *)((char *)table->u.table.entries - offsetof(struct body, entries));
}

/* Eight bytes at a time, as keys are often long paths that differ at the end; mixed twice each
 * (as MurmurHash3's finalizer does), as one step leaves runs of counted names in a heap. */
static uint32_t hash_of(const char *bytes, size_t size)
{
	uint64_t hash = size, piece;

	for (size_t i = 0; i < size; i += sizeof(piece)) {
		piece = 0;
		memcpy(&piece, bytes + i, size - i < sizeof(piece) ? size - i : sizeof(piece));
		hash = (hash ^ piece) * 0xff51afd7ed558ccd;
		hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53;
		hash ^= hash >> 33;
	}
	return (uint32_t)hash;
}

static bool has_key(const struct toml_entry *entry, const char *key, size_t size)
{
	return entry->key_size == size && memcmp(entry->key, key, size) == 0;
}

/* The place of a key in the index, or the free one where it belongs. */
static uint32_t *place_of(const struct toml_value *table, const char *key, size_t size)
{
	struct body *body = body_of(table);
	uint32_t mask = 2 * body->room - 1, at = hash_of(key, size) & mask;

	while (body->index[at] && !has_key(&body->entries[body->index[at] - 1], key, size))
		at = (at + 1) & mask;
	return &body->index[at];
}

static struct toml_entry *lookup(const struct toml_value *table, const char *key, size_t size)
{
	struct body *body = body_of(table);
	uint32_t number = 0;

	if (body->index) {
		number = *place_of(table, key, size);
		return number ? &body->entries[number - 1] : NULL;
	}
	for (; number < table->u.table.count; number++)
		if (has_key(&body->entries[number], key, size))
			return &body->entries[number];
	return NULL;
}

const struct toml_value *toml_find(const struct toml_value *table, const char *key)
{
	const struct toml_entry *entry =
		table->type == TOML_TABLE ? lookup(table, key, strlen(key)) : NULL;

	return entry ? &entry->value : NULL;
}

static struct body *body_new(struct parser *p, enum table_kind kind, uint32_t room)
{
	struct body *body = arena_alloc(p->arena, sizeof(*body) + room * sizeof(body->entries[0]));

	if (!body)
		return NULL;
	body->kind = kind;
	body->room = room;
	if (room > UNINDEXED) {
		body->index = arena_alloc(p->arena, (size_t)2 * room * sizeof(body->index[0]));
		if (!body->index)
			return NULL;
	}
	return body;
}

int toml_table_init(struct parser *p, struct toml_value *value, enum table_kind kind)
{
	struct body *body = body_new(p, kind, FIRST_ROOM);

	if (!body)
		return error_oom(p->err);
	value->type = TOML_TABLE;
	value->u.table.entries = body->entries;
	value->u.table.count = 0;
	return 0;
}

void toml_table_finish_inline(struct toml_value *value)
{
	body_of(value)->kind = KIND_INLINE;
}

static int table_grow(struct parser *p, struct toml_value *table)
{
	struct body *old = body_of(table), *body = body_new(p, old->kind, 2 * old->room);

	if (!body)
		return error_oom(p->err);
	memcpy(body->entries, old->entries, table->u.table.count * sizeof(body->entries[0]));
	table->u.table.entries = body->entries;
	for (uint32_t i = 0; body->index && i < table->u.table.count; i++)
		*place_of(table, body->entries[i].key, body->entries[i].key_size) = i + 1;
	return 0;
}

/* Adds a key that is known to be absent. */
static int entry_new(struct parser *p, struct toml_value *table, const struct key *key,
		     struct toml_entry **ret_entry)
{
	struct body *body = body_of(table);
	struct toml_entry *entry;

	if (table->u.table.count == body->room) {
		int r = table_grow(p, table);

		if (r < 0)
			return r;
		body = body_of(table);
	}
	if (body->index)
		*place_of(table, key->bytes, key->size) = (uint32_t)table->u.table.count + 1;
	entry = &body->entries[table->u.table.count++];
	entry->key = key->bytes;
	entry->key_size = key->size;
	entry->position = key->position;
	entry->value.position = key->position;
	*ret_entry = entry;
	return 0;
}

static int fail_taken(struct parser *p, const struct key *key, const struct toml_entry *entry,
		      const char *consequence)
{
	char shown[SHOWN_SIZE];

	return toml_fail(p, key->position, "%s is already the %s of line %u and %s",
			 toml_key_shown(key, shown), toml_type_name(entry->value.type),
			 entry->position.line, consequence);
}

int toml_table_add(struct parser *p, struct toml_value *table, const struct key *key,
		   struct toml_entry **ret_entry)
{
	const struct toml_entry *entry = lookup(table, key->bytes, key->size);

	if (entry)
		return fail_taken(p, key, entry, "cannot be given again");
	return entry_new(p, table, key, ret_entry);
}

/* A new table in the place of key, which is known to be absent. */
static int subtable_new(struct parser *p, struct toml_value **table, const struct key *key,
			enum table_kind kind, struct toml_position position)
{
	struct toml_entry *entry;
	int r = entry_new(p, *table, key, &entry);

	if (r == 0)
		r = toml_table_init(p, &entry->value, kind);
	if (r < 0)
		return r;
	entry->value.position = position;
	*table = &entry->value;
	return 0;
}

static bool is_table(const struct toml_value *value, enum table_kind kind)
{
	return value->type == TOML_TABLE && body_of(value)->kind == kind;
}

/* Made by [[headers]]: arrays that are written out hold only inline tables. */
static bool is_array_of_tables(const struct toml_value *value)
{
	return value->type == TOML_ARRAY && value->u.array.count > 0 &&
	       value->u.array.items[0].type == TOML_TABLE &&
	       !is_table(&value->u.array.items[0], KIND_INLINE);
}

int toml_table_enter_dotted(struct parser *p, struct toml_value **table, const struct key *key)
{
	struct toml_entry *entry = lookup(*table, key->bytes, key->size);
	int r = toml_enter(p, key->position);

	if (r < 0)
		return r;
	if (!entry)
		return subtable_new(p, table, key, KIND_DOTTED, key->position);
	if (!is_table(&entry->value, KIND_DOTTED))
		return fail_taken(p, key, entry, "dotted keys cannot add to it");
	*table = &entry->value;
	return 0;
}

int toml_table_enter_header(struct parser *p, struct toml_value **table, const struct key *key,
			    struct toml_position header)
{
	struct toml_entry *entry = lookup(*table, key->bytes, key->size);
	int r = toml_enter(p, key->position);

	if (r < 0)
		return r;
	if (!entry)
		return subtable_new(p, table, key, KIND_IMPLIED, header);
	if (is_array_of_tables(&entry->value)) {
		*table = &entry->value.u.array.items[entry->value.u.array.count - 1];
		return toml_enter(p, key->position);
	}
	if (entry->value.type != TOML_TABLE || is_table(&entry->value, KIND_INLINE))
		return fail_taken(p, key, entry, "cannot hold another table");
	*table = &entry->value;
	return 0;
}

int toml_table_define(struct parser *p, struct toml_value **table, const struct key *key,
		      struct toml_position header)
{
	struct toml_entry *entry = lookup(*table, key->bytes, key->size);
	int r = toml_enter(p, key->position);

	if (r < 0)
		return r;
	if (!entry)
		return subtable_new(p, table, key, KIND_DEFINED, header);
	if (!is_table(&entry->value, KIND_IMPLIED))
		return fail_taken(p, key, entry, "cannot be defined again");
	/* Messages should point at the definition, not at the first [a.b] that implied it. */
	body_of(&entry->value)->kind = KIND_DEFINED;
	entry->position = key->position;
	entry->value.position = header;
	*table = &entry->value;
	return 0;
}

int toml_table_append(struct parser *p, struct toml_value **table, const struct key *key,
		      struct toml_position header)
{
	struct toml_entry *entry = lookup(*table, key->bytes, key->size);
	struct toml_value *item;
	int r = toml_enter(p, key->position);

	if (r == 0)
		r = toml_enter(p, key->position);
	if (r == 0 && !entry) {
		r = entry_new(p, *table, key, &entry);
		if (r < 0)
			return r;
		entry->value.type = TOML_ARRAY;
		entry->value.position = header;
	} else if (r == 0 && !is_array_of_tables(&entry->value)) {
		r = fail_taken(p, key, entry, "[[...]] cannot add to it");
	}
	if (r < 0)
		return r;
	item = toml_array_append(p, &entry->value);
	if (!item)
		return error_oom(p->err);
	item->position = header;
	*table = item;
	return toml_table_init(p, item, KIND_DEFINED);
}

struct toml_value *toml_array_append(struct parser *p, struct toml_value *array)
{
	size_t count = array->u.array.count;
	struct toml_value *items = array->u.array.items;

	/* Room is always the next power of two, so nobody has to remember it. */
	if ((count & (count - 1)) == 0) {
		items = arena_alloc(p->arena, (count ? 2 * count : 1) * sizeof(*items));
		if (!items)
			return NULL;
		if (count)
			memcpy(items, array->u.array.items, count * sizeof(*items));
		array->u.array.items = items;
	}
	array->u.array.count++;
	return &items[count];
}
