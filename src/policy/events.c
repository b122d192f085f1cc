/* SPDX-License-Identifier: Apache-2.0 */
/* events.c — a table of refusals in shared memory: folded where they happen, never lost from the count.
 *
 * A pipe would fill, and then either hold the command up or lose what does not fit. Here a refusal that is known
 * already is one addition; a new one takes a slot; one that finds no slot is counted by its operation. So a hundred
 * thousand a second take no more memory than one each of the slots, and the supervisor reads the table when it likes,
 * also after everybody else has died.
 *
 * Who records writes a slot before he says that it is ready. Two who record the same new thing at the same time may
 * take two slots: the reader's fold is the same. The reader copies, ends every string, and believes no number but the
 * counts: those who record read the command's memory, and one day one of them will have a bug. */
#include "policy/event.h"

#include <string.h>

struct slot { uint32_t ready, hash; uint64_t count; };

/* Slots are given out in order, so that they are read in the order in which things happened. An index finds them by
 * hash: twice as many entries, each a slot's number and one, 0 for none. The slots' events come last: a look at all
 * slots touches no page of theirs. */
struct events {
	uint32_t slots, used;
	uint32_t news;			/* something was recorded since the reader last looked */
	uint64_t more[OPERATION__COUNT];
	uint64_t failed[OPERATION__COUNT];
	struct slot slot[];
};

size_t events_size(unsigned slots)
{
	return sizeof(struct events) +
	       slots * (sizeof(struct slot) + 2 * sizeof(uint32_t) + sizeof(struct event));
}

static uint32_t *index_of(struct events *events, unsigned slots)
{
	return (uint32_t *)&events->slot[slots];
}

static struct event *event_of(struct events *events, unsigned slots, unsigned slot)
{
	return (struct event *)(index_of(events, slots) + (size_t)2 * slots) + slot;
}

/* Zeros say EVENTS_FEW: a table that nobody writes into is never there, not even its first page. */
void events_init(struct events *events, unsigned slots)
{
	if (slots != EVENTS_FEW)
		events->slots = slots;
}

static uint32_t slots_of(const struct events *events)
{
	return events->slots ? events->slots : EVENTS_FEW;
}

/* --- writing ------------------------------------------------------------------------------ */

/* FNV-1a */
static uint32_t hash_bytes(uint32_t hash, const void *bytes, size_t size)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ b[i]) * 16777619u;
	return hash;
}

static uint32_t hash_event(const struct event *event)
{
	uint32_t hash = hash_bytes(2166136261u, event->subject, strlen(event->subject));

	hash = hash_bytes(hash, event->program, strlen(event->program));
	hash = hash_bytes(hash, &event->operation, sizeof(event->operation));
	return hash_bytes(hash, &event->number, sizeof(event->number));
}

static bool is_same(const struct event *a, const struct event *b)
{
	return a->operation == b->operation && a->cause == b->cause && a->number == b->number && a->done == b->done &&
	       !strcmp(a->subject, b->subject) && !strcmp(a->program, b->program);
}

static void copy_text(char *to, const char *from, size_t size)
{
	size_t length = strlen(from);

	if (length >= size)
		length = size - 1;
	memcpy(to, from, length);
	to[length] = '\0';
}

/* Not the whole struct: the rest of a page that nobody has touched is not there yet. */
static void fill(struct event *copy, const struct event *event)
{
	copy->operation = event->operation;
	copy->cause = event->cause;
	copy->aspect = event->aspect;
	copy->done = event->done;
	copy->number = event->number;
	copy->pid = event->pid;
	copy_text(copy->program, event->program, sizeof(copy->program));
	copy_text(copy->call, event->call, sizeof(copy->call));
	copy_text(copy->detail, event->detail, sizeof(copy->detail));
	copy_text(copy->subject, event->subject, sizeof(copy->subject));
}

static struct slot *new_slot(struct events *events, const struct event *event, uint32_t hash, uint32_t *entry)
{
	uint32_t number, none = 0, slots = slots_of(events);
	struct slot *slot;

	if (__atomic_load_n(&events->used, __ATOMIC_RELAXED) >= slots)
		return NULL;
	number = __atomic_fetch_add(&events->used, 1, __ATOMIC_RELAXED);
	if (number >= slots)
		return NULL;
	slot = &events->slot[number];
	fill(event_of(events, slots, number), event);
	slot->hash = hash;
	__atomic_store_n(&slot->ready, 1, __ATOMIC_RELEASE);
	/* An entry that somebody else took meanwhile: then this slot is found by nobody, and the next one like it gets
	 * another. */
	__atomic_compare_exchange_n(entry, &none, number + 1, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	return slot;
}

/* The slot of the like, or a new one. NULL: there is none left. */
static struct slot *find_slot(struct events *events, const struct event *event, uint32_t hash)
{
	uint32_t slots = slots_of(events), entries = 2 * slots;
	uint32_t *index = index_of(events, slots);

	for (uint32_t i = 0; i < entries; i++) {
		uint32_t *entry = &index[(hash + i) % entries];
		uint32_t number = __atomic_load_n(entry, __ATOMIC_ACQUIRE);

		if (!number)
			return new_slot(events, event, hash, entry);
		if (number <= slots && events->slot[number - 1].hash == hash &&
		    is_same(event_of(events, slots, number - 1), event))
			return &events->slot[number - 1];
	}
	return NULL;
}

bool events_record(struct events *events, const struct event *event)
{
	struct slot *slot;

	if (!events)
		return false;
	slot = find_slot(events, event, hash_event(event));
	if (slot)
		__atomic_fetch_add(&slot->count, 1, __ATOMIC_RELEASE);
	else if (event->operation < OPERATION__COUNT)
		__atomic_fetch_add(&events->more[event->operation], 1, __ATOMIC_RELEASE);
	return __atomic_exchange_n(&events->news, 1, __ATOMIC_ACQ_REL) == 0;
}

void events_failed(struct events *events, enum operation operation)
{
	if (events)
		__atomic_fetch_add(&events->failed[operation], 1, __ATOMIC_RELAXED);
}

/* --- reading ------------------------------------------------------------------------------ */

void events_reader_init(struct events_reader *reader, struct events *events, unsigned slots, uint64_t *seen)
{
	*reader = (struct events_reader){ .events = events, .slots = slots, .seen = seen };
}

/* false: not one that anybody of ours can have recorded. */
static bool read_event(const struct event *shared, struct event *ret_event)
{
	memcpy(ret_event, shared, sizeof(*ret_event));
	ret_event->program[sizeof(ret_event->program) - 1] = '\0';
	ret_event->call[sizeof(ret_event->call) - 1] = '\0';
	ret_event->detail[sizeof(ret_event->detail) - 1] = '\0';
	ret_event->subject[sizeof(ret_event->subject) - 1] = '\0';
	return ret_event->operation < OPERATION__COUNT && ret_event->cause < CAUSE__COUNT &&
	       ret_event->aspect < ASPECT__COUNT && ret_event->number > 0 && ret_event->number < 4096;
}

/* What has been counted beyond *seen, which catches up. */
static uint64_t news(const uint64_t *counter, uint64_t *seen)
{
	uint64_t now = __atomic_load_n(counter, __ATOMIC_ACQUIRE), more = now - *seen;

	if (now <= *seen)
		return 0;
	*seen = now;
	return more;
}

static int take_rest(struct events_reader *reader,
		     int (*visit)(void *argument, const struct event *event, uint64_t count), void *argument)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < OPERATION__COUNT; i++) {
		const struct event event = { .operation = (uint8_t)i, .number = EACCES };
		uint64_t more = news(&reader->events->more[i], &reader->seen_more[i]);

		if (more)
			r = visit(argument, &event, more);
	}
	return r;
}

int events_take(struct events_reader *reader, int (*visit)(void *argument, const struct event *event, uint64_t count),
		void *argument)
{
	uint32_t used;
	int r = 0;

	reader->failed = 0;
	for (unsigned i = 0; reader->events && i < OPERATION__COUNT; i++)
		reader->failed += __atomic_load_n(&reader->events->failed[i], __ATOMIC_RELAXED);
	if (!reader->events || !__atomic_exchange_n(&reader->events->news, 0, __ATOMIC_ACQ_REL))
		return 0;
	used = __atomic_load_n(&reader->events->used, __ATOMIC_ACQUIRE);
	for (unsigned i = 0; r == 0 && i < used && i < reader->slots; i++) {
		const struct slot *slot = &reader->events->slot[i];
		struct event event;
		uint64_t more;

		if (!__atomic_load_n(&slot->ready, __ATOMIC_ACQUIRE))
			continue;
		more = news(&slot->count, &reader->seen[i]);
		if (more && read_event(event_of(reader->events, reader->slots, i), &event))
			r = visit(argument, &event, more);
	}
	return r == 0 ? take_rest(reader, visit, argument) : r;
}
