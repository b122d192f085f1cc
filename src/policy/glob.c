/* SPDX-License-Identifier: Apache-2.0 */
/* glob.c — patterns that deny.
 *
 *	*  ?  [a-z]  [!a]  [^a]	within a component: none of them matches '/'
 *	**			as a whole component: zero or more components
 *	{a,b}			either; may be nested, may hold '/'
 *	\			takes the next character as it stands
 *
 * A leading dot is a character like any other. Empty components of a pattern count for nothing ("/a//b/" is "/a/b").
 * Text is compared byte by byte, but ? and [...] take a whole UTF-8 character where there is one. Without case means
 * the 26 letters of ASCII.
 *
 * Theory. A pattern becomes a list of nodes, a nondeterministic automaton, which is run over the path with a set of
 * states: time is length of path times length of pattern whatever either holds. The paths come from the confined
 * command, so a matcher that backtracks would be its lever. A state is a node and a mode, which says where in the
 * pattern's component we are, because a slash of the pattern may match nothing:
 *
 *	WITHIN	a component, or a text without slashes
 *	START	the pattern passed a slash; the path's slash is still to come
 *	TREE	at `**`, somewhere in the components that it takes
 *	AFTER	behind `**`: only a slash or the end may follow
 *
 * Steps that consume nothing lead only to later nodes, and states are numbered by node: one pass over the set in
 * ascending order takes them all. */
#include "policy/glob.h"

#include <string.h>

#define MODES		4
#define WORDS_MAX	(NODES_MAX * MODES / 64)
#define AHEAD		5		/* a character has up to four bytes: this position's set and four more */

enum mode { WITHIN, START, TREE, AFTER };

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same(char a, char b, bool nocase)
{
	return a == b || (nocase && fold(a) == fold(b));
}

/* --- running ------------------------------------------------------------------------------ */

struct run {
	const struct pattern *pattern;
	uint64_t sets[AHEAD][WORDS_MAX];	/* states at a position of the path, round and round */
	size_t words;				/* of each set, in use */
	size_t position, furthest;		/* furthest: no later set holds a state */
	bool in_tree;				/* a state at `**`, which takes whatever comes */
	bool nocase;
	char byte;				/* of the path at position; NUL: its end */
	size_t character_size;			/* of the character that begins here; 0: none does */
	uint32_t character;
};

static void reach(struct run *run, size_t ahead, size_t node, enum mode mode)
{
	size_t state = node * MODES + mode;

	run->sets[(run->position + ahead) % AHEAD][state / 64] |= UINT64_C(1) << state % 64;
	run->in_tree = run->in_tree || mode == TREE;
	if (run->position + ahead > run->furthest)
		run->furthest = run->position + ahead;
}

static void step_start(struct run *run, size_t i, const struct node *node)
{
	if (node->kind == NODE_TREE)
		reach(run, 0, i + 1, AFTER);
	if (run->byte == '/')
		reach(run, 1, i, node->kind == NODE_TREE ? TREE : WITHIN);
}

static void step_tree(struct run *run, size_t i)
{
	if (!run->byte || run->byte == '/')
		reach(run, 0, i + 1, AFTER);
	if (run->byte)
		reach(run, 1, i, TREE);
}

static void step_within(struct run *run, size_t i, const struct node *node)
{
	bool is_name = run->byte && run->byte != '/', is_character = is_name && run->character_size;

	switch (node->kind) {
	case NODE_BYTE:
		if (run->byte && same(run->byte, node->byte, run->nocase))
			reach(run, 1, i + 1, WITHIN);
		break;
	case NODE_ANY:
		if (is_character)
			reach(run, run->character_size, i + 1, WITHIN);
		break;
	case NODE_CLASS:
		if (is_character && class_match(node->class, run->character, run->nocase))
			reach(run, run->character_size, i + 1, WITHIN);
		break;
	default:			/* stars */
		reach(run, 0, i + 1, WITHIN);
		if (is_name)
			reach(run, 1, i, WITHIN);
	}
}

/* Takes one state on; true when it is the end of the pattern. */
static bool step(struct run *run, size_t i, enum mode mode)
{
	const struct node *node = &run->pattern->nodes[i];

	if (node->kind == NODE_END)
		return true;
	if (node->kind == NODE_FORK)
		reach(run, 0, i + 1, mode);
	if (node->kind == NODE_FORK || node->kind == NODE_JUMP)
		reach(run, 0, node->target, mode);
	else if (node->kind == NODE_SLASH)
		reach(run, 0, i + 1, START);
	else if (mode == START)
		step_start(run, i, node);
	else if (mode == TREE)
		step_tree(run, i);
	else if (mode == WITHIN)
		step_within(run, i, node);
	return false;
}

/* Takes all states of this position on, and leaves its set empty. */
static bool step_all(struct run *run)
{
	uint64_t *set = run->sets[run->position % AHEAD];
	bool ended = false;

	for (size_t word = 0; word < run->words; word++)
		while (set[word]) {
			size_t state = word * 64 + (size_t)__builtin_ctzll(set[word]);

			set[word] &= set[word] - 1;
			ended = step(run, state / MODES, (enum mode)(state % MODES)) || ended;
		}
	return ended;
}

enum question { MATCH, MATCH_ABOVE, MATCH_BELOW };

static bool run_pattern(const struct pattern *pattern, const char *path, bool nocase, enum question question)
{
	struct run run = { .pattern = pattern, .nocase = nocase };
	size_t next_character = 0, size;

	run.words = (pattern->count * MODES + 63) / 64;
	for (reach(&run, 0, 0, WITHIN); run.position <= run.furthest; run.position++) {
		const char *here = path + run.position;
		bool ended;

		run.byte = *here;
		run.character_size = 0;
		if (*here && run.position == next_character) {
			run.character = character_decode(here, &size);
			run.character_size = size;
			next_character += size;
		}
		if (!*here && question == MATCH_BELOW)
			run.byte = '/';		/* as if something stood below */
		ended = step_all(&run);
		if (question == MATCH_BELOW && run.in_tree)
			return true;
		if (!*here)
			return ended || (question == MATCH_BELOW && run.furthest > run.position);
		if (ended && question == MATCH_ABOVE && *here == '/')
			return true;
	}
	return false;
}

/* --- what needs no automaton -------------------------------------------------------------- */

/* The literal end of a pattern must occur in whatever it matches: most files of a tree are dismissed here. */
static bool tail_occurs(const char *pattern, const char *path)
{
	size_t size = strlen(pattern), start = size;

	while (start > 0 && !strchr("*?[]{}\\", pattern[start - 1]))
		start--;
	pattern += start;
	size -= start;
	if (size == 0 || pattern[size - 1] == '/' || strstr(pattern, "//"))
		return true;		/* slashes that count for nothing */
	return strstr(path, pattern) != NULL;
}

/* Passes the components that are literal and equal in both; false when a byte differs, so that nothing can match. */
static bool skip_common(const char **pattern, const char **path, bool nocase)
{
	const char *p = *pattern, *t = *path;

	for (; *p && *t && !strchr("*?[{}\\", *p); p++, t++) {
		if (!same(*p, *t, nocase))
			return false;
		if (*p == '/') {
			p += strspn(p, "/") - 1;
			*pattern = p;
			*path = t;
		}
	}
	return true;
}

static bool ask(const char *pattern, const char *path, bool nocase, enum question question)
{
	struct pattern nodes;

	path += strcmp(path, "/") == 0;		/* the root has no components */
	if (question != MATCH_BELOW && !nocase && !tail_occurs(pattern, path))
		return false;
	if (!skip_common(&pattern, &path, nocase))
		return false;
	pattern_parse(pattern, &nodes);
	return nodes.problem || run_pattern(&nodes, path, nocase, question);
}

bool glob_match(const char *pattern, const char *path, bool nocase)
{
	return ask(pattern, path, nocase, MATCH);
}

bool glob_match_above(const char *pattern, const char *path, bool nocase)
{
	return ask(pattern, path, nocase, MATCH_ABOVE);
}

bool glob_prefix(const char *pattern, const char *directory, bool nocase)
{
	return ask(pattern, directory, nocase, MATCH_BELOW);
}

bool glob_is(const char *text)
{
	return strpbrk(text, "*?[{") != NULL;
}

bool glob_valid(const char *pattern, const char **ret_reason)
{
	struct pattern nodes;
	const char *rest = pattern;

	/* The directories that a pattern will stand below must not count against its length. */
	for (const char *p = pattern; *p && !strchr("*?[{}\\", *p); p++)
		if (*p == '/')
			rest = p;
	pattern_parse(rest, &nodes);
	if (nodes.problem)
		*ret_reason = nodes.problem;
	return !nodes.problem;
}

char *glob_quote(struct arena *arena, const char *text)
{
	char *quoted = arena_alloc(arena, 2 * strlen(text) + 1), *out = quoted;

	for (; quoted && *text; *out++ = *text++)
		if (strchr("*?[{}\\", *text))
			*out++ = '\\';
	return quoted;
}

char *glob_base(struct arena *arena, const char *pattern)
{
	char *base = arena_alloc(arena, strlen(pattern) + 2), *out = base, *slash = base;

	for (; base && *pattern && !strchr("*?[{}", *pattern); pattern++) {
		pattern += *pattern == '\\' && pattern[1];
		if (*pattern == '/' && out > base && out[-1] == '/')
			continue;		/* several are one, also when one is spelt \/ */
		if (*pattern == '/')
			slash = out;
		*out++ = *pattern;
	}
	if (base)
		slash[slash == base] = '\0';
	return base;
}
