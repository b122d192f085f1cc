/* SPDX-License-Identifier: Apache-2.0 */
/* globs.c — deny globs → expressions for Seatbelt, anchored at both ends, which cover what lies below a match too.
 *
 *	/a/ **   /b	^/a(/.*)?/b(/.*)?$	(without the blanks)
 *	*		[^/]*
 *	?  [...]	one character: an ASCII one as the class says; others have up to four bytes, and whether
 *			Seatbelt counts bytes or characters is not known, so up to four beyond ASCII count for one
 *	{a,b}		expressions of their own
 *
 * A directory that a pattern names on the way to its matches must keep its name, or a match made later would escape by
 * a rename: for **  /secrets/x those called "secrets". One that only a star names, anywhere in the tree, is left
 * alone: that would be every directory. */
#include "macos/seatbelt.h"

#include <string.h>

#define WIDE		"[^ -~]"	/* a byte or character beyond printable ASCII */
#define WIDE_ONE	WIDE WIDE "?" WIDE "?" WIDE "?"
#define ALTERNATIVES	256		/* patterns that one may become */

/* --- braces ------------------------------------------------------------------------------- */

/* Address behind one character of a pattern, an escape or a class counting as one. */
static const char *skip_one(const char *text)
{
	if (*text == '\\' && text[1])
		return text + 2;
	if (*text != '[')
		return text + 1;
	text++;
	text += *text == '!' || *text == '^';
	do
		text += *text == '\\' && text[1] ? 2 : 1;
	while (*text && *text != ']');
	return text + (*text == ']');
}

/* The brace that closes the one at text, or NULL. */
static const char *closing(const char *text)
{
	unsigned depth = 0;

	for (; *text; text = skip_one(text)) {
		depth += *text == '{';
		if (*text == '}' && --depth == 0)
			return text;
	}
	return NULL;
}

static int add_pattern(struct arena *arena, const char *pattern, struct patterns *patterns)
{
	const char **slot = array_add(arena, (void **)&patterns->items, &patterns->count, &patterns->capacity,
				      sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = pattern;
	return patterns->count > ALTERNATIVES ? -E2BIG : 0;
}

/* One pattern for each way through the first braces, and each of those again. */
static int expand(struct arena *arena, const char *pattern, struct patterns *patterns)
{
	const char *open = pattern, *close, *start;
	unsigned depth = 0;
	int e = 0;

	while (*open && *open != '{')
		open = skip_one(open);
	close = *open ? closing(open) : NULL;
	if (!close)
		return add_pattern(arena, pattern, patterns);
	start = open + 1;
	for (const char *at = start; e >= 0 && at <= close; at = skip_one(at)) {
		const char *one;

		depth += *at == '{';
		if (*at == '}' && at != close)
			depth--;
		if (depth || (*at != ',' && at != close))
			continue;
		one = arena_printf(arena, "%.*s%.*s%s", (int)(open - pattern), pattern, (int)(at - start), start,
				   close + 1);
		e = one ? expand(arena, one, patterns) : -ENOMEM;
		start = at + 1;
	}
	return e;
}

int glob_alternatives(struct arena *arena, const char *pattern, struct patterns *ret_patterns)
{
	*ret_patterns = (struct patterns){ 0 };
	return expand(arena, pattern, ret_patterns);
}

/* --- one pattern without braces → an expression ------------------------------------------- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void add_byte(struct text *text, char byte, bool nocase)
{
	if (nocase && is_letter(byte))
		text_printf(text, "[%c%c]", byte | 0x20, byte & ~0x20);
	else if (strchr(".*+?()[]{}|^$\\", byte))
		text_printf(text, "\\%c", byte);
	else
		text_add_bytes(text, &byte, 1);
}

void seatbelt_quote(struct text *text, const char *path, bool nocase)
{
	for (; *path; path++)
		add_byte(text, *path, nocase);
}

/* The printable characters of ASCII that a class of ours matches: what [...] means is asked of the matcher. */
static size_t class_members(const char *pattern, bool nocase, char members[128])
{
	char path[] = "/?";
	size_t count = 0;

	for (int c = ' '; c <= '~'; c++) {
		path[1] = (char)c;
		if (c != '/' && glob_match(pattern, path, nocase))
			members[count++] = (char)c;
	}
	return count;
}

/* [...] of these, so that ranges, negation and backslashes of macOS's play no part: what is special in a class comes
 * last, each where it is not; a few are alternatives. */
static void add_members(struct text *text, const char *members, size_t count)
{
	static const char special[] = "\\[^-";
	bool few = count < 6;			/* no more than the special ones together */

	text_add(text, few ? "" : "[");
	if (!few && memchr(members, ']', count))
		text_add(text, "]");
	for (size_t i = 0; i < count; i++) {
		if (few) {
			text_add(text, i ? "|" : "");
			add_byte(text, members[i], false);
		} else if (!strchr("]\\[^-", members[i])) {
			text_add_bytes(text, &members[i], 1);
		}
	}
	for (const char *c = special; !few && *c; c++)
		if (memchr(members, *c, count))
			text_add_bytes(text, *c == '\\' ? "\\\\" : c, *c == '\\' ? 2 : 1);
	text_add(text, few ? "" : "]");
}

static void add_class(struct text *text, const char *class, size_t size, bool nocase)
{
	bool wide = class[1] == '!' || class[1] == '^';
	char pattern[256] = "/", members[128];
	size_t count;

	if (size + 2 > sizeof(pattern)) {
		text_add(text, "([ -.0-~]|" WIDE_ONE ")");	/* more than it says: it denies */
		return;
	}
	memcpy(pattern + 1, class, size);
	pattern[size + 1] = '\0';
	for (size_t i = 0; i < size; i++)
		wide = wide || (class[i] & 0x80);
	count = class_members(pattern, nocase, members);
	text_add(text, "(");
	add_members(text, members, count);
	if (wide || !count)		/* none: control characters */
		text_add(text, count ? "|" WIDE_ONE : WIDE_ONE);
	text_add(text, ")");
}

/* Length of a run of two or more stars at text, which stands for whole components; 0: none. */
static size_t tree_size(const char *text)
{
	size_t stars = strspn(text, "*");

	return stars > 1 ? stars : 0;
}

static void add_pattern_text(struct text *text, const char *pattern, bool nocase)
{
	bool begins = false;		/* a component begins here */

	while (*pattern) {
		const char *next = skip_one(pattern);

		if (*pattern == '/') {
			size_t slashes = strspn(pattern, "/"), tree = tree_size(pattern + slashes);

			pattern += slashes + tree;
			if (tree)
				text_add(text, "(/.*)?");
			else if (*pattern)
				text_add(text, "/");
			begins = true;
			continue;
		}
		if (*pattern == '*')	/* a whole component is not empty: "/" has none */
			text_add(text, begins && (!*next || *next == '/') ? "[^/]+" : "[^/]*");
		else if (*pattern == '?')
			text_add(text, "([ -.0-~]|" WIDE_ONE ")");
		else if (*pattern == '[')
			add_class(text, pattern, (size_t)(next - pattern), nocase);
		else
			add_byte(text, pattern[next - pattern - 1], nocase);
		pattern = next;
		begins = false;
	}
}

void glob_expression(struct text *text, const char *pattern, bool nocase)
{
	text_add(text, "^");
	add_pattern_text(text, pattern, nocase);
	if (text->size < 6 || strcmp(text->bytes + text->size - 6, "(/.*)?") != 0)
		text_add(text, "(/.*)?");
	text_add(text, "$");
}

/* --- directories that must keep their names ----------------------------------------------- */

static bool holds_glob(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\\')
			i++;
		else if (strchr("*?[", text[i]))
			return true;
	}
	return false;
}

/* Whether anything may stand for a component: only stars and question marks. */
static bool is_anything(const char *component, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!strchr("*?", component[i]))
			return false;
	return true;
}

int glob_ways(struct arena *arena, const char *pattern, struct patterns *ways)
{
	bool in_glob = false, floating = false;

	for (const char *component = pattern; *component == '/';) {
		size_t size;
		const char *way;

		component += strspn(component, "/");
		size = strcspn(component, "/");
		if (!component[size] || !component[size + strspn(component + size, "/")])
			return 0;		/* the last one: a match, which cannot be renamed anyway */
		in_glob = in_glob || holds_glob(component, size);
		floating = floating || tree_size(component) == size;
		if (in_glob && tree_size(component) != size && !(floating && is_anything(component, size))) {
			way = arena_strndup(arena, pattern, (size_t)(component + size - pattern));
			if (!way || add_pattern(arena, way, ways) == -ENOMEM)
				return -ENOMEM;
		}
		component += size;
	}
	return 0;
}
