/* SPDX-License-Identifier: Apache-2.0 */
/* regex.c — the expressions of (regex ...): . * + ? | ( ) [...] [^...] ^ $ and \ before any of them.
 *
 * Not the C library's: what it does with bytes that are not UTF-8 depends on the locale, it takes {1,2}, classes by
 * name and back references, which Seatbelt does not, and it may take exponential time. This one is a list of
 * instructions, run over the text with a set of states, so time is length of text times length of expression. What it
 * does not take it refuses; whoever calls says at which place. Bytes are compared, not characters. */
#include "macos/scheme.h"

#include <string.h>

#define INSTRUCTIONS_MAX	4096
#define GROUPS_MAX		64	/* nested */

enum instruction_kind { IS_BYTE, IS_ANY, IS_CLASS, IS_START, IS_END, IS_SPLIT, IS_JUMP, IS_MATCH };

struct instruction {
	enum instruction_kind kind;
	unsigned char byte;
	const uint64_t *class;		/* four words: one bit a byte */
	unsigned next, other;		/* SPLIT, JUMP */
};

struct regex { struct instruction *code; unsigned count; };

struct parser {
	struct arena *arena;
	const char *at, *problem;
	struct instruction *code;
	unsigned count, room, depth;
};

/* --- parsing ------------------------------------------------------------------------------ */

static unsigned emit(struct parser *parser, struct instruction instruction)
{
	if (parser->count == parser->room && !parser->problem)
		parser->problem = "the expression is too long";
	if (parser->problem)
		return 0;
	parser->code[parser->count] = instruction;
	return parser->count++;
}

/* Room for one instruction before those from start on. */
static void insert(struct parser *parser, unsigned start, struct instruction instruction)
{
	if (emit(parser, instruction) == 0 && parser->problem)
		return;
	memmove(&parser->code[start + 1], &parser->code[start], (parser->count - 1 - start) * sizeof(*parser->code));
	parser->code[start] = instruction;
	for (unsigned i = start + 1; i < parser->count; i++) {
		struct instruction *moved = &parser->code[i];

		if (moved->kind != IS_SPLIT && moved->kind != IS_JUMP)
			continue;
		moved->next += moved->next >= start;
		moved->other += moved->kind == IS_SPLIT && moved->other >= start;
	}
}

static void class_add(uint64_t *class, unsigned first, unsigned last)
{
	for (unsigned byte = first; byte <= last; byte++)
		class[byte / 64] |= UINT64_C(1) << byte % 64;
}

static void parse_class(struct parser *parser)
{
	uint64_t *class = arena_alloc(parser->arena, 4 * sizeof(*class));
	bool negated = *parser->at == '^', first = true;

	if (!class) {
		parser->problem = "out of memory";
		return;
	}
	parser->at += negated;
	for (; *parser->at && (*parser->at != ']' || first); first = false) {
		unsigned low = (unsigned char)*parser->at++, high = low;

		if (low == '[' && strchr(":.=", *parser->at) && *parser->at) {
			parser->problem = "[: :] is not known";
			return;
		}
		if (low == '\\' && *parser->at)
			low = high = (unsigned char)*parser->at++;
		if (*parser->at == '-' && parser->at[1] && parser->at[1] != ']') {
			high = (unsigned char)parser->at[1];
			parser->at += 2;
			if (high == '\\' && *parser->at)
				high = (unsigned char)*parser->at++;
		}
		class_add(class, low, high);
	}
	if (!*parser->at) {
		parser->problem = "a [ is not closed";
		return;
	}
	parser->at++;
	for (unsigned i = 0; negated && i < 4; i++)
		class[i] = ~class[i];
	emit(parser, (struct instruction){ .kind = IS_CLASS, .class = class });
}

static void parse_either(struct parser *parser);

static void parse_group(struct parser *parser)
{
	if (*parser->at == '?') {
		parser->problem = "(? is not known";
		return;
	}
	if (++parser->depth > GROUPS_MAX) {
		parser->problem = "groups are nested too deep";
		return;
	}
	parse_either(parser);
	parser->depth--;
	if (parser->problem)
		return;
	if (*parser->at != ')')
		parser->problem = "a ( is not closed";
	else
		parser->at++;
}

static void parse_one(struct parser *parser)
{
	char c = *parser->at++;

	switch (c) {
	case '.': emit(parser, (struct instruction){ .kind = IS_ANY }); break;
	case '^': emit(parser, (struct instruction){ .kind = IS_START }); break;
	case '$': emit(parser, (struct instruction){ .kind = IS_END }); break;
	case '[': parse_class(parser); break;
	case '(': parse_group(parser); break;
	case '*':
	case '+':
	case '?': parser->problem = "nothing stands before * + or ?"; break;
	case '{': parser->problem = "{ } is not known"; break;
	case '\\':
		if (!*parser->at || strchr("bBdDsSwW<>123456789", *parser->at)) {
			parser->problem = "this \\ is not known";
			break;
		}
		c = *parser->at++;
		__attribute__((fallthrough));
	default: emit(parser, (struct instruction){ .kind = IS_BYTE, .byte = (unsigned char)c });
	}
}

static void repeat(struct parser *parser, unsigned start, char how)
{
	unsigned after;

	if (how != '+')
		insert(parser, start, (struct instruction){ .kind = IS_SPLIT, .next = start + 1 });
	if (how == '*')
		emit(parser, (struct instruction){ .kind = IS_JUMP, .next = start });
	after = parser->count;
	if (how == '+')
		emit(parser, (struct instruction){ .kind = IS_SPLIT, .next = start, .other = after + 1 });
	else if (!parser->problem)
		parser->code[start].other = after;
}

static void parse_sequence(struct parser *parser)
{
	while (!parser->problem && *parser->at && *parser->at != '|' && *parser->at != ')') {
		unsigned start = parser->count;

		parse_one(parser);
		while (!parser->problem && *parser->at && strchr("*+?", *parser->at))
			repeat(parser, start, *parser->at++);
	}
}

static void parse_either(struct parser *parser)
{
	unsigned start = parser->count, jump;

	parse_sequence(parser);
	if (parser->problem || *parser->at != '|')
		return;
	parser->at++;
	insert(parser, start, (struct instruction){ .kind = IS_SPLIT, .next = start + 1 });
	jump = emit(parser, (struct instruction){ .kind = IS_JUMP });
	if (parser->problem)
		return;
	parser->code[start].other = parser->count;
	if (++parser->depth > GROUPS_MAX) {
		parser->problem = "too many alternatives";
		return;
	}
	parse_either(parser);
	parser->depth--;
	if (!parser->problem)
		parser->code[jump].next = parser->count;
}

const struct regex *regex_parse(struct arena *arena, const char *text, const char **ret_reason)
{
	struct parser parser = { .arena = arena, .at = text };
	struct regex *regex = arena_alloc(arena, sizeof(*regex));
	size_t room = 2 * strlen(text) + 2;	/* no character makes more than two */

	parser.room = room < INSTRUCTIONS_MAX ? (unsigned)room : INSTRUCTIONS_MAX;
	parser.code = arena_alloc(arena, parser.room * sizeof(*parser.code));
	if (!regex || !parser.code) {
		*ret_reason = "out of memory";
		return NULL;
	}
	parse_either(&parser);
	if (!parser.problem && *parser.at)
		parser.problem = "nothing is open that this ) would close";
	emit(&parser, (struct instruction){ .kind = IS_MATCH });
	*ret_reason = parser.problem;
	regex->code = parser.code;
	regex->count = parser.count;
	return parser.problem ? NULL : regex;
}

/* --- running ------------------------------------------------------------------------------ */

struct set { unsigned states[INSTRUCTIONS_MAX], count; uint64_t seen[INSTRUCTIONS_MAX / 64]; };

struct run { const struct regex *regex; const char *text; size_t position; bool matched; };

static void clear(const struct regex *regex, struct set *set)
{
	set->count = 0;
	memset(set->seen, 0, (regex->count + 63) / 64 * sizeof(set->seen[0]));
}

static void add(struct set *set, unsigned state)
{
	uint64_t bit = UINT64_C(1) << state % 64;

	if (set->seen[state / 64] & bit)
		return;
	set->seen[state / 64] |= bit;
	set->states[set->count++] = state;
}

/* What a state leads to: others at this position, which join set, or at the next one. */
static void step(struct run *run, unsigned state, struct set *set, struct set *next)
{
	const struct instruction *code = &run->regex->code[state];
	unsigned char byte = (unsigned char)run->text[run->position];

	switch (code->kind) {
	case IS_MATCH: run->matched = true; break;
	case IS_SPLIT:
		add(set, code->other);
		__attribute__((fallthrough));
	case IS_JUMP: add(set, code->next); break;
	case IS_START:
		if (run->position == 0)
			add(set, state + 1);
		break;
	case IS_END:
		if (!byte)
			add(set, state + 1);
		break;
	case IS_BYTE:
		if (byte && byte == code->byte)
			add(next, state + 1);
		break;
	case IS_ANY:
		if (byte)
			add(next, state + 1);
		break;
	case IS_CLASS:
		if (byte && (code->class[byte / 64] >> byte % 64 & 1))
			add(next, state + 1);
		break;
	}
}

bool regex_search(const struct regex *regex, const char *text)
{
	struct set sets[2];
	struct run run = { .regex = regex, .text = text };

	clear(regex, &sets[0]);
	for (;; run.position++) {
		struct set *here = &sets[run.position % 2], *next = &sets[(run.position + 1) % 2];

		clear(regex, next);
		add(here, 0);			/* a match may begin anywhere */
		for (unsigned i = 0; i < here->count && !run.matched; i++)
			step(&run, here->states[i], here, next);
		if (run.matched || !text[run.position])
			return run.matched;
	}
}
