/* SPDX-License-Identifier: Apache-2.0 */
/* test_glob.c — patterns: a table of what matches, a naive matcher to compare with, and bounds. */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static uint32_t seed = 12345;

static unsigned pick(unsigned below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* --- the table -------------------------------------------------------------------------------------------------- */

static const struct { const char *pattern, *path; bool nocase, matches; } rows[] = {
	/* literal */
	{ "/",			"/",			0, 1 },
	{ "/",			"/a",			0, 0 },
	{ "/a",			"/a",			0, 1 },
	{ "/a",			"/",			0, 0 },
	{ "/a",			"/ab",			0, 0 },
	{ "/a",			"/a/b",			0, 0 },
	{ "/ab",		"/a",			0, 0 },
	{ "/a/b",		"/a/b",			0, 1 },
	{ "/a/b",		"/a/c",			0, 0 },
	{ "/a/b",		"/a",			0, 0 },
	{ "/a,b",		"/a,b",			0, 1 },
	{ "/a]b",		"/a]b",			0, 1 },
	{ "/a-b!^",		"/a-b!^",		0, 1 },
	{ "/é",			"/é",			0, 1 },
	{ "/\xff",		"/\xff",		0, 1 },
	/* slashes that count for nothing */
	{ "//a//b",		"/a/b",			0, 1 },
	{ "/a/b/",		"/a/b",			0, 1 },
	{ "/a/",		"/ab",			0, 0 },
	{ "/*/",		"/a",			0, 1 },
	{ "/*/",		"/a/b",			0, 0 },
	{ "/*//b",		"/a/b",			0, 1 },
	/* * */
	{ "/*",			"/a",			0, 1 },
	{ "/*",			"/",			0, 0 },
	{ "/*",			"/a/b",			0, 0 },
	{ "/*",			"/.a",			0, 1 },
	{ "/*",			"/\xff\xfe",		0, 1 },
	{ "/a/*",		"/a",			0, 0 },
	{ "/a/*",		"/a/b",			0, 1 },
	{ "/a/*/c",		"/a/b/c",		0, 1 },
	{ "/a/*/c",		"/a/c",			0, 0 },
	{ "/a/*/c",		"/a/b/b/c",		0, 0 },
	{ "/a*",		"/a",			0, 1 },
	{ "/a*",		"/abc",			0, 1 },
	{ "/a*",		"/a/b",			0, 0 },
	{ "/*a",		"/a",			0, 1 },
	{ "/*a",		"/ba",			0, 1 },
	{ "/*a",		"/b/a",			0, 0 },
	{ "/*.pem",		"/x.pem",		0, 1 },
	{ "/*.pem",		"/.pem",		0, 1 },
	{ "/*.pem",		"/x.pem.bak",		0, 0 },
	{ "/a*b*c",		"/abc",			0, 1 },
	{ "/a*b*c",		"/a1b2c",		0, 1 },
	{ "/a*b*c",		"/acb",			0, 0 },
	{ "/a*b*c",		"/abbcbc",		0, 1 },
	{ "/*\xa9",		"/\xc3\xa9",		0, 1 },
	/* ? */
	{ "/?",			"/a",			0, 1 },
	{ "/?",			"/ab",			0, 0 },
	{ "/?",			"/",			0, 0 },
	{ "/?",			"/é",			0, 1 },
	{ "/?",			"/日",			0, 1 },
	{ "/?",			"/😀",			0, 1 },
	{ "/??",		"/é",			0, 0 },
	{ "/??",		"/éa",			0, 1 },
	{ "/?",			"/\xff",		0, 1 },
	{ "/??",		"/\xc3(",		0, 1 },
	{ "/a?c",		"/a/c",			0, 0 },
	{ "/a?c",		"/abc",			0, 1 },
	{ "/*?",		"/a",			0, 1 },
	{ "/*??",		"/é",			0, 0 },
	/* [...] */
	{ "/[abc]",		"/b",			0, 1 },
	{ "/[abc]",		"/d",			0, 0 },
	{ "/[a-c]",		"/b",			0, 1 },
	{ "/[a-c]",		"/d",			0, 0 },
	{ "/[a-c]",		"/B",			0, 0 },
	{ "/[!a]",		"/b",			0, 1 },
	{ "/[!a]",		"/a",			0, 0 },
	{ "/[^a]",		"/b",			0, 1 },
	{ "/[^a]",		"/a",			0, 0 },
	{ "/[a^]",		"/^",			0, 1 },
	{ "/[]a]",		"/]",			0, 1 },
	{ "/[!]a]",		"/]",			0, 0 },
	{ "/[!]a]",		"/b",			0, 1 },
	{ "/[a-]",		"/-",			0, 1 },
	{ "/[-a]",		"/-",			0, 1 },
	{ "/[\\]]",		"/]",			0, 1 },
	{ "/[\\a-\\c]",		"/b",			0, 1 },
	{ "/[*]",		"/*",			0, 1 },
	{ "/[*]",		"/a",			0, 0 },
	{ "/[{,}]",		"/,",			0, 1 },
	{ "/a[/]b",		"/a/b",			0, 0 },
	{ "/a[!x]b",		"/a/b",			0, 0 },
	{ "/[^/]",		"/b",			0, 1 },
	{ "/[é]",		"/é",			0, 1 },
	{ "/[é]",		"/\xc3",		0, 0 },
	{ "/[à-ü]",		"/é",			0, 1 },
	{ "/*[!é]",		"/xé",			0, 0 },
	{ "/[!a]",		"/é",			0, 1 },
	{ "/[\xff]",		"/\xff",		0, 1 },
	{ "/[ÿ]",		"/\xff",		0, 0 },
	{ "/[0-9][0-9]",	"/42",			0, 1 },
	{ "/[0-9][0-9]",	"/4x",			0, 0 },
	/* ** */
	{ "/**",		"/",			0, 1 },
	{ "/**",		"/a/b/c",		0, 1 },
	{ "/a/**",		"/a",			0, 1 },
	{ "/a/**",		"/a/b",			0, 1 },
	{ "/a/**",		"/a/b/c",		0, 1 },
	{ "/a/**",		"/ab",			0, 0 },
	{ "/a/**",		"/b",			0, 0 },
	{ "/ws/**/.env",	"/ws/.env",		0, 1 },
	{ "/ws/**/.env",	"/ws/a/.env",		0, 1 },
	{ "/ws/**/.env",	"/ws/a/b/.env",		0, 1 },
	{ "/ws/**/.env",	"/ws/x.env",		0, 0 },
	{ "/ws/**/.env",	"/ws/a/x.env",		0, 0 },
	{ "/ws/**/.env",	"/ws/.env/a",		0, 0 },
	{ "/ws/**/.env",	"/ws.env",		0, 0 },
	{ "/**/a/**/b",		"/a/b",			0, 1 },
	{ "/**/a/**/b",		"/x/a/y/z/b",		0, 1 },
	{ "/**/a/**/b",		"/x/y/z/b",		0, 0 },
	{ "/**/**/a",		"/a",			0, 1 },
	{ "/**/**/a",		"/x/y/a",		0, 1 },
	{ "/**/*.key",		"/a/.b/c.key",		0, 1 },
	{ "/**/*",		"/",			0, 0 },
	{ "/**/*",		"/a",			0, 1 },
	{ "/***/a",		"/x/y/a",		0, 1 },
	{ "/a/**/",		"/a/b/c",		0, 1 },
	{ "/**/a/*/c",		"/a/a/b/c",		0, 1 },
	{ "/**/.git/config",	"/x/.git/.git/config",	0, 1 },
	/* {...} */
	{ "/{a,b}",		"/a",			0, 1 },
	{ "/{a,b}",		"/b",			0, 1 },
	{ "/{a,b}",		"/c",			0, 0 },
	{ "/{a,b}",		"/a,b",			0, 0 },
	{ "/{a,}b",		"/b",			0, 1 },
	{ "/{a,}b",		"/ab",			0, 1 },
	{ "/{,a}",		"/",			0, 1 },
	{ "/x/{a,}/y",		"/x/y",			0, 1 },
	{ "/x/{a,}/y",		"/x/a/y",		0, 1 },
	{ "/*.{pem,key}",	"/x.key",		0, 1 },
	{ "/*.{pem,key}",	"/x.pub",		0, 0 },
	{ "/{a,b/c}/d",		"/b/c/d",		0, 1 },
	{ "/{a,b/c}/d",		"/b/d",			0, 0 },
	{ "/{a,{b,c}d}",	"/cd",			0, 1 },
	{ "/{a,{b,c}d}",	"/ad",			0, 0 },
	{ "/{a,{b,c}d}",	"/a",			0, 1 },
	{ "/{a,b}{c,d}",	"/bc",			0, 1 },
	{ "/{a,b}{c,d}",	"/b",			0, 0 },
	{ "/{*.o,?}",		"/main.o",		0, 1 },
	{ "/{**,x}/a",		"/y/z/a",		0, 1 },
	{ "/{**/,}a",		"/y/a",			0, 1 },
	{ "/x{/**,}/a",		"/x/y/z/a",		0, 1 },
	{ "/x{/**,}/a",		"/x/a",			0, 1 },
	{ "/x/**{/b,}",		"/x/y/b",		0, 1 },
	{ "/x/**{/b,/c}",	"/x/y/d",		0, 0 },
	{ "/{[,],b}",		"/,",			0, 1 },
	{ "/{a\\,b,c}",		"/a,b",			0, 1 },
	{ "/{\\},c}",		"/}",			0, 1 },
	/* escapes */
	{ "/\\*",		"/*",			0, 1 },
	{ "/\\*",		"/a",			0, 0 },
	{ "/\\[a]",		"/[a]",			0, 1 },
	{ "/\\{a,b\\}",		"/{a,b}",		0, 1 },
	{ "/\\\\",		"/\\",			0, 1 },
	{ "/\\a*",		"/ab",			0, 1 },
	{ "/\\**",		"/*x",			0, 1 },
	/* without case */
	{ "/ws/.ENV",		"/ws/.env",		1, 1 },
	{ "/ws/.ENV",		"/ws/.env",		0, 0 },
	{ "/**/.Env",		"/a/.eNV",		1, 1 },
	{ "/[A-C]x",		"/bX",			1, 1 },
	{ "/[!b]",		"/B",			1, 0 },
	{ "/É",			"/é",			1, 0 },
	/* names: no slash in front */
	{ "AWS_*",		"AWS_SECRET",		0, 1 },
	{ "AWS_*",		"XAWS_SECRET",		0, 0 },
	{ "*_TOKEN",		"GH_TOKEN",		0, 1 },
	{ "{A,B}?",		"B1",			0, 1 },
	{ "**",			"ANY",			0, 1 },
};

static void pattern_matches_as_the_table_says(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *reason = NULL;

		if (!glob_valid(rows[i].pattern, &reason))
			fail_msg("%s is refused: %s", rows[i].pattern, reason);
		if (glob_match(rows[i].pattern, rows[i].path, rows[i].nocase) != rows[i].matches)
			fail_msg("%s %s %s", rows[i].pattern, rows[i].matches ? "must match" : "must not match",
				 rows[i].path);
	}
	assert_true(ARRAY_SIZE(rows) >= 120);
}

static void directory_above_matches_too(void **state)
{
	assert_true(glob_match_above("/ws/**/.ssh", "/ws/a/.ssh/keys/id", false));
	assert_true(glob_match_above("/ws/**/.ssh", "/ws/a/.ssh", false));
	assert_false(glob_match_above("/ws/**/.ssh", "/ws/a/.sshd/id", false));
	assert_true(glob_match_above("/a/**", "/a/b", false));
	assert_true(glob_match_above("/", "/a", false));
	assert_false(glob_match_above("/a?", "/abc/d", false));
	assert_true(glob_match_above("/a?", "/ab/d", false));
}

static void walk_is_pruned_where_nothing_can_match(void **state)
{
	assert_true(glob_prefix("/ws/a/*.x", "/", false));
	assert_true(glob_prefix("/ws/a/*.x", "/ws", false));
	assert_true(glob_prefix("/ws/a/*.x", "/ws/a", false));
	assert_false(glob_prefix("/ws/a/*.x", "/ws/b", false));
	assert_false(glob_prefix("/ws/a/*.x", "/ws/a/b", false));
	assert_true(glob_prefix("/ws/a/*.x", "/ws/a/b.x", false));
	assert_true(glob_prefix("/ws/**/.env", "/ws/b/c", false));
	assert_false(glob_prefix("/ws/**/.env", "/w", false));
	assert_true(glob_prefix("/{a,b/c}/d", "/b", false));
	assert_false(glob_prefix("/{a,b/c}/d", "/c", false));
	assert_true(glob_prefix("/WS/*", "/ws", true));
}

/* --- what is refused -------------------------------------------------------------------------------------------- */

static void malformed_pattern_is_refused(void **state)
{
	static const struct { const char *pattern, *reason; } refused[] = {
		{ "/[",			"without ']'" },	{ "/[a",		"without ']'" },
		{ "/[]",		"without ']'" },	{ "/[!",		"without ']'" },
		{ "/[!]",		"without ']'" },	{ "/[a-",		"without ']'" },
		{ "/[\\]",		"without ']'" },	{ "/[z-a]",		"ends before" },
		{ "/[[:alpha:]]",	"named classes" },	{ "/{a,b",		"without '}'" },
		{ "/{{a,b}",		"without '}'" },	{ "/a}",		"without '{'" },
		{ "/{a,b}}",		"without '{'" },	{ "/{a}",		"one alternative" },
		{ "/{}",		"one alternative" },	{ "/a\\",		"backslash" },
		{ "/**.env",		"whole components" },	{ "/a**",		"whole components" },
		{ "/a**/b",		"whole components" },	{ "/{a,**}b",		"whole components" },
		{ "/{a,b/}**",		"whole components" },	{ "/**{a,b}",		"whole components" },
		{ "/***x",		"whole components" },
		{ "/{{{{{{{{{{{{{{{{{a,b},c},d},e},f},g},h},i},j},k},l},m},n},o},p},q},r}", "too deep" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		const char *reason = NULL;

		if (glob_valid(refused[i].pattern, &reason))
			fail_msg("%s is accepted", refused[i].pattern);
		if (!strstr(reason, refused[i].reason))
			fail_msg("%s: %s", refused[i].pattern, reason);
	}
}

/* "/" and count times part. */
static char *repeat(const char *part, size_t count, const char *end)
{
	struct text text = { 0 };
	char *string;

	text_add(&text, "/");
	for (; count; count--)
		text_add(&text, part);
	text_add(&text, end);
	assert_int_equal(text_take(&text, &string, NULL), 0);
	return string;
}

static void too_long_a_pattern_is_refused(void **state)
{
	autofree char *long_one = repeat("*a", 512, "");
	autofree char *branchy = repeat("{a,b}", 250, "");
	autofree char *deep = repeat("long-name/", 500, "*.x");
	const char *reason = NULL;

	assert_false(glob_valid(long_one, &reason));
	assert_non_null(strstr(reason, "too long"));
	assert_false(glob_valid(branchy, &reason));
	assert_true(glob_valid(deep, &reason));		/* where it stands is not its own length */
	assert_true(glob_match(deep, deep, false));
}

static void adversarial_pattern_takes_no_time(void **state)
{
	static const struct { const char *part, *end; size_t count; } patterns[] = {
		{ "*a", "b", 200 }, { "**/*a/", "b", 80 }, { "{a,aa}", "b", 150 }, { "{*,**/}", "b", 1 },
		{ "{a,b}", "c", 150 }, { "?*", "b", 200 }, { "[!b]*", "c", 200 }, { "{*a,*aa}", "b", 60 },
	};
	autofree char *flat = repeat("a", 4000, ""), *deep = repeat("a/", 2000, "a");
	clock_t start = clock();

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		autofree char *pattern = repeat(patterns[i].part, patterns[i].count, patterns[i].end);

		assert_false(glob_match(pattern, flat, true));
		assert_false(glob_match_above(pattern, deep, true));
		glob_prefix(pattern, deep, false);
	}
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 5.0);		/* measured: 0.1 s */
}

static void quoted_text_matches_only_itself(void **state)
{
	static const char *const texts[] = { "/plain", "/a*b", "/[x]", "/{a,b}", "/back\\slash", "/q?", "/}", "/é,]" };
	struct arena arena = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *quoted = glob_quote(&arena, texts[i]), *reason;

		assert_true(glob_valid(quoted, &reason));
		for (size_t j = 0; j < ARRAY_SIZE(texts); j++)
			assert_int_equal(glob_match(quoted, texts[j], false), i == j);
	}
	assert_true(glob_match(arena_printf(&arena, "%s/**/.env", glob_quote(&arena, "/w[s]")), "/w[s]/a/.env", false));
	assert_false(glob_is("/plain"));
	for (const char *c = "*?[{"; *c; c++)
		assert_true(glob_is((char[]){ '/', *c, '\0' }));
	arena_done(&arena);
}

static void base_is_where_all_matches_stand(void **state)
{
	static const struct { const char *pattern, *base; } bases[] = {
		{ "/ws/**/.env", "/ws" },	{ "/ws/a/x*", "/ws/a" },	{ "/*", "/" },		{ "/**", "/" },
		{ "/a{b,/c}", "/" },		{ "//a//b?", "/a" },		{ "/\\[a]/\\\\/*", "/[a]/\\" },
	};
	struct arena arena = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bases); i++)
		assert_string_equal(glob_base(&arena, bases[i].pattern), bases[i].base);
	arena_done(&arena);
}

/* --- a naive matcher: every alternative written out, then recursion --------------------------------------------- */

static bool naive_class(const char **pattern, const char *character, size_t size)
{
	const char *p = *pattern + 1;
	bool negated = *p == '!' || *p == '^', found = false, first = true;

	for (p += negated; first || *p != ']'; first = false) {
		p += *p == '\\';
		size_t low_size = utf8_size(p, strlen(p));
		const char *low = p, *high = p;

		p += low_size;
		if (p[0] == '-' && p[1] != ']') {
			p++;
			p += *p == '\\';
			high = p;
			p += utf8_size(p, strlen(p));
		}
		/* UTF-8 sorts as its code points do. */
		found = found || (strncmp(character, low, size) >= 0 && strncmp(character, high, size) <= 0);
	}
	*pattern = p + 1;
	return found != negated && *character != '/';
}

static bool naive_component(const char *p, const char *t)
{
	size_t size = utf8_size(t, strlen(t));

	if (!*p || *p == '/')
		return !*t || *t == '/';
	if (*p == '*')
		return naive_component(p + 1, t) || (*t && *t != '/' && naive_component(p, t + size));
	if (!*t || *t == '/')
		return false;
	if (*p == '?')
		return naive_component(p + 1, t + size);
	if (*p == '[')
		return naive_class(&p, t, size) && naive_component(p, t + size);
	p += *p == '\\';
	return *p == *t && naive_component(p + 1, t + 1);
}

/* End of the component at text; a class or an escape may hold a slash only in the generator's nightmares. */
static const char *component_end(const char *text)
{
	return text + strcspn(text, "/");
}

static bool naive_components(const char *p, const char *t)
{
	p += strspn(p, "/");
	t += strspn(t, "/");
	if (!*p)
		return !*t;
	if (*p == '\1')
		return naive_components(p + 1, t) || (*t && naive_components(p, component_end(t)));
	return *t && naive_component(p, t) && naive_components(component_end(p), component_end(t));
}

/* Writes the first group out, one alternative after the other. */
static bool naive_match(const char *pattern, const char *path)
{
	const char *open = strchr(pattern, '{'), *start, *p;
	unsigned depth = 1;

	if (!open)
		return naive_components(pattern, path);
	for (p = start = open + 1;; p++) {		/* find the end first */
		depth += *p == '{';
		depth -= *p == '}';
		if (!depth)
			break;
	}
	for (const char *end = p, *q = start;; q++) {
		depth += *q == '{';
		if ((*q == ',' && !depth) || q == end) {
			char one[512];

			snprintf(one, sizeof(one), "%.*s%.*s%s", (int)(open - pattern), pattern,
				 (int)(q - start), start, end + 1);
			if (naive_match(one, path))
				return true;
			start = q + 1;
		}
		if (q == end)
			return false;
		depth -= *q == '}';
	}
}

/* --- random patterns and paths ---------------------------------------------------------------------------------- */

static void random_pattern(struct text *text, unsigned depth)
{
	static const char *const pieces[] = {
		"a", "b", "a", "é", ".", "*", "?", "[ab]", "[!a]", "[a-é]", "[]!]", "\\*", "/", "/", "/**/", "/*/",
	};

	for (unsigned i = pick(6) + (depth == 0); i > 0; i--) {
		if (depth < 2 && pick(6) == 0) {
			text_add(text, "{");
			random_pattern(text, depth + 1);
			text_add(text, ",");
			random_pattern(text, depth + 1);
			text_add(text, "}");
		} else {
			text_add(text, pieces[pick(ARRAY_SIZE(pieces))]);
		}
	}
}

static void valid_random_pattern(char *ret_pattern)
{
	const char *reason;

	do {
		struct text text = { 0 };

		text_add(&text, "/");
		random_pattern(&text, 0);
		snprintf(ret_pattern, 256, "%s", text.size < 200 ? text.bytes : "/[");
		text_done(&text);
	} while (!glob_valid(ret_pattern, &reason));
}

/* The naive matcher reads \1 for `**`: two stars that only meet when alternatives are written out are two of `*`. */
static void mark_trees(const char *pattern, char *ret_naive)
{
	for (; *pattern; pattern++) {
		if (*pattern == '\\')
			*ret_naive++ = *pattern++;
		if (pattern[0] == '*' && pattern[1] == '*' && ret_naive[-1] != '\\') {
			pattern += strspn(pattern, "*") - 1;
			*ret_naive++ = '\1';
		} else {
			*ret_naive++ = *pattern;
		}
	}
	*ret_naive = '\0';
}

static void random_path(char *ret_path)
{
	static const char *const pieces[] = { "a", "a", "a", "b", "b", "é", ".", "*" };
	unsigned components = pick(5);

	strcpy(ret_path, components ? "" : "/");
	for (; components > 0; components--) {
		strcat(ret_path, "/");
		for (unsigned i = 1 + pick(2); i > 0; i--)
			strcat(ret_path, pieces[pick(ARRAY_SIZE(pieces))]);
	}
}

static void matcher_agrees_with_a_naive_one(void **state)
{
	unsigned matched = 0;

	for (unsigned round = 0; round < 100000; round++) {
		char pattern[256], naive[256], path[64];
		bool expected;

		valid_random_pattern(pattern);
		mark_trees(pattern, naive);
		random_path(path);
		expected = naive_match(naive, path);
		matched += expected;
		if (glob_match(pattern, path, false) != expected)
			fail_msg("%s %s %s", pattern, expected ? "must match" : "must not match", path);
	}
	assert_in_range(matched, 5000, 95000);
}

/* If a path matches, every directory above it may be walked into; and "or a directory above" means just that. */
static void pruning_never_misses_a_match(void **state)
{
	for (unsigned round = 0; round < 100000; round++) {
		struct arena arena = { 0 };
		char pattern[256], path[64];
		bool matches, above, any;

		valid_random_pattern(pattern);
		random_path(path);
		any = matches = glob_match(pattern, path, false);
		above = glob_match_above(pattern, path, false);
		if (matches && !glob_prefix(pattern, path, false))
			fail_msg("%s matches %s itself", pattern, path);
		if (matches && !path_below(path, glob_base(&arena, pattern), false))
			fail_msg("%s matches %s, not below its base", pattern, path);
		arena_done(&arena);
		for (char *slash = strrchr(path, '/'); slash && path[1]; slash = strrchr(path, '/')) {
			slash[slash == path] = '\0';
			any = any || glob_match(pattern, path, false);
			if (matches && !glob_prefix(pattern, path, false))
				fail_msg("%s matches something below %s", pattern, path);
		}
		if (any != above)
			fail_msg("%s: above %s", pattern, path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pattern_matches_as_the_table_says),
		cmocka_unit_test(directory_above_matches_too),
		cmocka_unit_test(walk_is_pruned_where_nothing_can_match),
		cmocka_unit_test(malformed_pattern_is_refused),
		cmocka_unit_test(too_long_a_pattern_is_refused),
		cmocka_unit_test(adversarial_pattern_takes_no_time),
		cmocka_unit_test(quoted_text_matches_only_itself),
		cmocka_unit_test(base_is_where_all_matches_stand),
		cmocka_unit_test(matcher_agrees_with_a_naive_one),
		cmocka_unit_test(pruning_never_misses_a_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
