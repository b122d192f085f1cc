/* SPDX-License-Identifier: Apache-2.0 */
/* pattern.c — a pattern's text → the nodes that glob.c runs.
 *
 * Alternatives are forks and jumps, not copies, so that {a,b}{a,b}{a,b}… stays as long as it was written. What is
 * badly formed, or would mean less than it seems to, is a problem with a sentence for its author. */
#include "policy/glob.h"

#include <string.h>

#define GROUPS_MAX	16		/* braces within braces */
#define NOT_UTF8	0x110000u	/* plus the byte: code of a byte that is no character */

uint32_t character_decode(const char *text, size_t *ret_size)
{
	static const unsigned char lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t size = utf8_size(text, strnlen(text, 4));
	uint32_t code;

	*ret_size = size ? size : 1;
	if (!size)
		return NOT_UTF8 + (unsigned char)*text;
	code = (unsigned char)*text & lead_bits[size];
	for (size_t i = 1; i < size; i++)
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	return code;
}

/* --- [...] -------------------------------------------------------------------------------- */

/* One character of a class, escaped or not; false at the end of the pattern. */
static bool class_character(const char **text, uint32_t *ret_code)
{
	size_t size;

	*text += **text == '\\';
	if (!**text)
		return false;
	*ret_code = character_decode(*text, &size);
	*text += size;
	return true;
}

/* The next item of a class, a range of characters; false at the end of the pattern. */
static bool class_item(const char **text, uint32_t *ret_low, uint32_t *ret_high)
{
	if (!class_character(text, ret_low))
		return false;
	*ret_high = *ret_low;
	if ((*text)[0] != '-' || (*text)[1] == ']')
		return true;
	++*text;
	return class_character(text, ret_high);
}

/* Address behind the class whose first character is at text, or NULL with the reason. */
static const char *class_end(const char *text, const char **ret_problem)
{
	uint32_t low, high;

	text += *text == '!' || *text == '^';
	do {				/* a ']' in front is a character */
		if (text[0] == '[' && (text[1] == ':' || text[1] == '.' || text[1] == '=')) {
			*ret_problem = "named classes such as [:alpha:] are not known: write [a-zA-Z]";
			return NULL;
		}
		if (!class_item(&text, &low, &high)) {
			*ret_problem = "'[' without ']': write \\[ for the character itself";
			return NULL;
		}
		if (low > high) {
			*ret_problem = "a range in [...] ends before it begins";
			return NULL;
		}
	} while (*text != ']');
	return text + 1;
}

static bool in_range(uint32_t code, uint32_t low, uint32_t high)
{
	return code >= low && code <= high;
}

bool class_match(const char *class, uint32_t code, bool nocase)
{
	bool negated = *class == '!' || *class == '^', found = false;
	uint32_t other = code, low = 0, high = 0;

	if (nocase && ((code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z')))
		other = code ^ 0x20;
	class += negated;
	do {
		class_item(&class, &low, &high);
		found = found || in_range(code, low, high) || in_range(other, low, high);
	} while (*class != ']');
	return found != negated;
}

/* --- text → nodes ------------------------------------------------------------------------- */

/* Where in a component the next character of the pattern may stand: alternatives may differ. */
#define AT_START	1u
#define INSIDE		2u
#define BEHIND_TREE	4u

struct group {
	size_t fork, jump;		/* the open alternative; the last jump, 0: none */
	unsigned places, end_places;	/* before the group; behind its alternatives so far */
};

struct parser {
	const char *next;
	struct pattern *pattern;
	unsigned places;
	struct group groups[GROUPS_MAX];
	size_t depth;
};

static size_t add(struct pattern *pattern, enum node_kind kind)
{
	if (pattern->count == NODES_MAX) {
		pattern->problem = "the pattern is too long, or has too many alternatives";
		pattern->count--;
	}
	pattern->nodes[pattern->count] = (struct node){ .kind = (uint8_t)kind };
	return pattern->count++;
}

static void open_group(struct parser *p)
{
	if (p->depth == GROUPS_MAX) {
		p->pattern->problem = "braces are nested too deep";
		return;
	}
	p->groups[p->depth++] = (struct group){ .fork = add(p->pattern, NODE_FORK), .places = p->places };
}

/* The jumps at the end of each alternative are a chain through their targets, until the group's end is known. */
static void next_alternative(struct parser *p)
{
	struct group *group = &p->groups[p->depth - 1];
	struct pattern *pattern = p->pattern;
	size_t jump = add(pattern, NODE_JUMP);

	pattern->nodes[jump].target = (uint16_t)group->jump;
	group->jump = jump;
	pattern->nodes[group->fork].target = (uint16_t)pattern->count;
	group->fork = add(pattern, NODE_FORK);
	group->end_places |= p->places;
	p->places = group->places;
}

static void close_group(struct parser *p)
{
	struct pattern *pattern = p->pattern;
	const struct group *group;
	size_t previous;

	if (!p->depth) {
		pattern->problem = "'}' without '{': write \\} for the character itself";
		return;
	}
	group = &p->groups[--p->depth];
	if (!group->jump)
		pattern->problem = "braces with one alternative: write \\{ and \\} for the characters themselves";
	p->places |= group->end_places;
	pattern->nodes[group->fork].target = (uint16_t)(group->fork + 1);
	for (size_t jump = group->jump; jump; jump = previous) {
		previous = pattern->nodes[jump].target;
		pattern->nodes[jump].target = (uint16_t)pattern->count;
	}
}

/* `**` next to other characters would be no more than `*`, so it is refused. */
static size_t add_name(struct parser *p, enum node_kind kind)
{
	if (p->places & BEHIND_TREE || (kind == NODE_TREE && p->places & INSIDE))
		p->pattern->problem = "** stands for whole components: write **/*.env, not **.env";
	p->places = kind == NODE_TREE ? BEHIND_TREE : INSIDE;
	return add(p->pattern, kind);
}

static void add_stars(struct parser *p)
{
	size_t more = strspn(p->next, "*");

	p->next += more;
	add_name(p, more ? NODE_TREE : NODE_STAR);
}

static void add_class(struct parser *p)
{
	size_t node = add_name(p, NODE_CLASS);
	const char *end = class_end(p->next, &p->pattern->problem);

	p->pattern->nodes[node].class = p->next;
	if (end)
		p->next = end;
}

static void add_byte(struct parser *p, char byte)
{
	if (byte == '/') {
		add(p->pattern, NODE_SLASH);
		p->places = AT_START;
	} else {
		size_t node = add_name(p, NODE_BYTE);

		p->pattern->nodes[node].byte = byte;
	}
}

static void add_escaped(struct parser *p)
{
	if (*p->next)
		add_byte(p, *p->next++);
	else
		p->pattern->problem = "a backslash at the end";
}

void pattern_parse(const char *text, struct pattern *ret_pattern)
{
	struct parser p = { .next = text, .pattern = ret_pattern, .places = AT_START };

	ret_pattern->count = 0;
	ret_pattern->problem = NULL;
	while (*p.next && !ret_pattern->problem) {
		char byte = *p.next++;

		if (byte == '*')
			add_stars(&p);
		else if (byte == '?')
			add_name(&p, NODE_ANY);
		else if (byte == '[')
			add_class(&p);
		else if (byte == '{')
			open_group(&p);
		else if (byte == ',' && p.depth)
			next_alternative(&p);
		else if (byte == '}')
			close_group(&p);
		else if (byte == '\\')
			add_escaped(&p);
		else
			add_byte(&p, byte);
	}
	add(ret_pattern, NODE_END);
	if (p.depth && !ret_pattern->problem)
		ret_pattern->problem = "'{' without '}': write \\{ for the character itself";
}
