/* SPDX-License-Identifier: Apache-2.0 */
/* learn.c — what a command did beyond its profile → a profile of a dozen lines.
 *
 * The learning box lets writes outside the workspace happen in a layer that is thrown away, and records them
 * (event.done). Here they are folded to what a person would have written: a tool's own directory rather than its four
 * hundred files. What was refused even there (other users of the host, kernel facilities, names that others execute),
 * and what commonly holds secrets, is not granted: it becomes a comment, which is a question to whoever reads the file.
 *
 * A second lesson is given under the first one's profile; what it adds goes below that profile's header. */
#include "policy/learn.h"
#include "policy/show.h"

#include <stdlib.h>
#include <string.h>

#define GRANTS_MAX	7	/* lines, before directories above are granted instead */
#define QUESTIONS_MAX	4

/* --- where it may write ------------------------------------------------------------------- */

static int add_place(struct arena *arena, const struct policy *policy, const struct host *host, const char *path,
		     const char **places, size_t *count, struct bawn_error *err)
{
	struct host_entry entry = { .type = HOST_MISSING };
	int e = path_canonical(arena, host, path, &path, &entry, err);

	if (e < 0)
		return e == -ENOMEM ? e : 0;
	if (entry.type != HOST_DIRECTORY || policy_allows_write(policy, path) ||
	    (host->permits && host->permits(host->context, path, ACCESS_WRITE, ASPECT_CONTENT) < 0))
		return 0;
	for (size_t i = 0; i < *count; i++)
		if (path_below(path, places[i], false))
			return 0;
	places[(*count)++] = path;
	return 0;
}

int learn_places(struct arena *arena, const struct policy *policy, const struct host *host, const char ***ret_places,
		 struct bawn_error *err)
{
	static const char *const fixed[] = { "/var/tmp", "/etc", "/opt", "/root", "/srv", "/usr/local", "/var" };
	const char **places = arena_alloc(arena, (ARRAY_SIZE(fixed) + 2) * sizeof(*places));
	size_t count = 0;
	int e = 0;

	if (!places)
		return error_oom(err);
	if (host->home && strcmp(host->home, "/") != 0)
		e = add_place(arena, policy, host, host->home, places, &count, err);
	for (size_t i = ARRAY_SIZE(fixed); e >= 0 && i-- > 0;)
		e = add_place(arena, policy, host, fixed[i], places, &count, err);
	if (e >= 0)
		*ret_places = places;
	return e < 0 ? e : 0;
}

/* --- folding ------------------------------------------------------------------------------ */

struct grant {
	const char *path, *program, *first;
	uint64_t count;
	bool secret;
};

struct grants { struct arena *arena; const char *home; struct grant *items; size_t count, capacity; };

static size_t end_of_components(const char *path, size_t from, unsigned components)
{
	size_t end = from;

	while (components-- && path[end] == '/') {
		end++;
		end += strcspn(path + end, "/");
	}
	return end;
}

/* ~/.cache/pip/http/1/2/3 is pip's: ~/.cache/pip. */
static size_t fold_home(const char *path, size_t home)
{
	static const struct { const char *name; unsigned components; } shared[] = {
		{ "/.cache", 2 }, { "/.config", 2 }, { "/.local", 3 }, { "/Library", 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (path_below(path + home, shared[i].name, false))
			return end_of_components(path, home, shared[i].components);
	return end_of_components(path, home, 1);
}

/* Whether one of the places where secrets lie is path or above it; below: or below it. */
static bool is_secret(const char *home, const char *path, bool below)
{
	static const char *const places[] = {
#define SECRET(path, what) path,
#include "policy/secrets.def"
#undef SECRET
	};
	size_t size = home ? strlen(home) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		bool at_home = places[i][0] == '~';
		const char *place = at_home ? places[i] + 1 : places[i], *seen = at_home ? path + size : path;

		if (at_home && (!home || !path_below(path, home, false)))
			continue;
		if (path_below(seen, place, false) || (below && path_below(place, seen, false)))
			return true;
	}
	return false;
}

/* A tool's directory that holds a secret is not granted whole: ~/.cargo/registry rather than ~/.cargo. */
static size_t past_secrets(const struct grants *grants, const char *path, size_t end)
{
	for (; path[end]; end = end_of_components(path, end, 1)) {
		char *whole = arena_strndup(grants->arena, path, end);

		if (!whole || is_secret(grants->home, whole, false) || !is_secret(grants->home, whole, true))
			break;
	}
	return end;
}

static int add_grant(struct grants *grants, const char *path, const struct denial *denial)
{
	struct grant *grant = NULL;

	for (size_t i = 0; i < grants->count && !grant; i++)
		if (!strcmp(grants->items[i].path, path))
			grant = &grants->items[i];
	if (!grant) {
		grant = array_add(grants->arena, (void **)&grants->items, &grants->count, &grants->capacity,
				  sizeof(*grant));
		if (!grant)
			return -ENOMEM;
		*grant = (struct grant){ path, denial->program, denial->subject, 0,
					 is_secret(grants->home, path, true) };
	}
	grant->count += denial->count;
	return 0;
}

static int fold(struct grants *grants, const struct denial *denial)
{
	size_t home = grants->home ? strlen(grants->home) : 0, end = strlen(denial->subject);
	const char *path = denial->subject;

	if (grants->home && path_below(path, grants->home, false))
		end = fold_home(path, home);
	else if (path_below(path, "/var/tmp", false))
		end = strlen("/var/tmp");	/* names there are made up anew each time */
	end = past_secrets(grants, path, end);
	path = arena_strndup(grants->arena, path, end);
	return path ? add_grant(grants, path, denial) : -ENOMEM;
}

static int compare_grants(const void *a, const void *b)
{
	return strcmp(((const struct grant *)a)->path, ((const struct grant *)b)->path);
}

static size_t parent_end(const char *path)
{
	return (size_t)(path_base(path) - path) - (path[1] && path_base(path) - path > 1);
}

static bool may_be_granted_whole(const struct grants *grants, const char *path, size_t end)
{
	return end > 1 && !(grants->home && strlen(grants->home) >= end && !strncmp(grants->home, path, end));
}

/* The directory that most grants lie in stands for them; false: none can. */
static bool fold_most(struct grants *grants)
{
	size_t best = 0, best_count = 1, kept = 0;

	for (size_t i = 0; i < grants->count; i++) {
		size_t end = parent_end(grants->items[i].path), count = 0;

		if (!may_be_granted_whole(grants, grants->items[i].path, end))
			continue;
		for (size_t j = 0; j < grants->count; j++)
			count += parent_end(grants->items[j].path) == end &&
				 !strncmp(grants->items[i].path, grants->items[j].path, end);
		if (count > best_count) {
			best = i;
			best_count = count;
		}
	}
	if (best_count < 2)
		return false;
	{
		char *path = arena_strndup(grants->arena, grants->items[best].path,
					   parent_end(grants->items[best].path));
		struct grant whole = grants->items[best];

		if (!path)
			return false;
		whole.path = path;
		whole.count = 0;
		whole.secret = is_secret(grants->home, path, true);
		for (size_t i = 0; i < grants->count; i++) {
			if (path_below(grants->items[i].path, path, false))
				whole.count += grants->items[i].count;
			else
				grants->items[kept++] = grants->items[i];
		}
		grants->items[kept++] = whole;
	}
	grants->count = kept;
	return true;
}

/* What lies in another one needs no line; a directory that was only made on the way needs none either. */
static void drop_covered(struct grants *grants)
{
	size_t kept = 0;

	for (size_t i = 0; i < grants->count; i++) {
		bool covered = false;

		for (size_t j = 0; j < grants->count && !covered; j++) {
			bool below = j != i && path_below(grants->items[i].path, grants->items[j].path, false);
			bool way = j != i && path_below(grants->items[j].path, grants->items[i].path, false) &&
				   !strcmp(grants->items[i].path, grants->items[i].first);

			covered = (below && strcmp(grants->items[j].path, grants->items[j].first) != 0) || way;
		}
		if (!covered)
			grants->items[kept++] = grants->items[i];
	}
	grants->count = kept;
}

/* --- printing ----------------------------------------------------------------------------- */

static void add_path(struct text *text, const char *home, const char *path)
{
	struct text written = { 0 };

	if (home && path_below(path, home, false) && strcmp(path, home) != 0)
		text_printf(&written, "~%s", path + strlen(home));
	else
		text_add(&written, path);
	if (written.failed || !show_toml_string(text, written.bytes))
		text->failed = true;
	text_done(&written);
}

/* What stands in a comment must stay in it. */
static void add_comment(struct text *text, const char *home, const char *path)
{
	bool at_home = home && path_below(path, home, false);

	text_add(text, at_home ? "~" : "");
	show_visible(text, at_home ? path + strlen(home) : path);
}

/* Adds the line, unless the earlier lesson has one that begins so. */
static void add_line(const char *previous, const char *line, const char *why, struct text *text)
{
	if (!previous || !strstr(previous, line))
		text_printf(text, "%s\t# %s\n", line, why);
}

static void print_grant(const struct learned *learned, const struct grants *grants, const struct grant *grant,
			struct text *text)
{
	struct text line = { 0 }, why = { 0 };

	text_add(&line, grant->secret ? "# secrets may lie there; grant it? filesystem." : "filesystem.");
	add_path(&line, grants->home, grant->path);
	text_add(&line, " = \"write\"");
	show_visible(&why, grant->program);
	if (grant->count > 1)
		text_printf(&why, ", %llu changes, the first at ", (unsigned long long)grant->count);
	else
		text_add(&why, ", one change at ");
	add_comment(&why, grants->home, grant->first);
	text->failed |= line.failed || why.failed;
	if (!text->failed)
		add_line(learned->previous, line.bytes, why.bytes, text);
	text_done(&line);
	text_done(&why);
}

static void print_question(const struct learned *learned, const struct denial *denial, struct text *text)
{
	const char *home = learned->denials->host->home;
	bool write = denial->operation == OPERATION_WRITE || denial->operation == OPERATION_UNIX_BIND;
	struct text line = { 0 }, why = { 0 };

	text_add(&line, "# asked for, not granted: ");
	if (denial->line && denial->operation <= OPERATION_UNIX_BIND) {
		text_add(&line, "filesystem.");
		add_path(&line, home, denial->subject);
		text_printf(&line, " = \"%s\"", write ? "write" : "read");
	} else if (denial->line)
		text_add(&line, denial->line);
	else
		text_printf(&line, "%s %s", operation_name(denial->operation), denial->why ? denial->why : "");
	show_visible(&why, denial->program);
	text_printf(&why, ": %s ", operation_name(denial->operation));
	add_comment(&why, home, denial->subject);
	text->failed |= line.failed || why.failed;
	if (!text->failed)
		add_line(learned->previous, line.bytes, why.bytes, text);
	text_done(&line);
	text_done(&why);
}

static void print_questions(const struct learned *learned, struct text *text)
{
	const struct denials *denials = learned->denials;
	size_t questions = 0;

	for (size_t i = 0; i < denials->count; i++)
		if (denials->items[i].ours && !denials->items[i].done && denials->items[i].cause != CAUSE_BORDER &&
		    ++questions <= QUESTIONS_MAX)
			print_question(learned, &denials->items[i], text);
	if (questions > QUESTIONS_MAX)
		text_printf(text, "# and %zu more: bawn run --log-denials tells them\n", questions - QUESTIONS_MAX);
}

static void print_options(const struct learned *learned, struct text *text)
{
	const struct profile *profile = learned->profile;
	struct arena arena = { 0 };

	for (size_t i = 0; i < profile->count; i++) {
		const struct setting *setting = &profile->settings[i];
		bool file = setting->key == PROFILE_FILESYSTEM;
		const char *line;

		if (strcmp(setting->origin.file, "command line") != 0)
			continue;
		line = setting_text(&arena, setting);
		line = line && file ? arena_printf(&arena, "filesystem.%s", line) : line;
		text->failed |= !line;
		if (line)
			add_line(learned->previous, line, "given as an option", text);
	}
	arena_done(&arena);
}

static void print_head(const struct learned *learned, struct text *text)
{
	text_add(text, "# bawn learn --");
	for (const char *const *word = learned->argv; *word; word++) {
		text_add(text, " ");
		if (strchr(*word, '\n'))
			text_add(text, "...");
		else
			show_shell_word(text, *word);
	}
	text_printf(text, "\ndefault_permissions = \"learned\"\n[permissions.learned]\nextends = \"%s\"\n",
		    learned->extends);
}

static int collect(const struct learned *learned, struct grants *grants)
{
	const struct denials *denials = learned->denials;
	int e = 0;

	for (size_t i = 0; e == 0 && i < denials->count; i++)
		if (denials->items[i].ours && denials->items[i].done)
			e = fold(grants, &denials->items[i]);
	drop_covered(grants);
	while (grants->count > GRANTS_MAX && fold_most(grants))
		;
	if (grants->count)
		qsort(grants->items, grants->count, sizeof(*grants->items), compare_grants);
	return e;
}

static const char *line_after(const char *text, unsigned line)
{
	while (line-- && *text) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return text;
}

int learn_print(const struct learned *learned, struct text *text)
{
	struct arena arena = { 0 };
	struct grants grants = { .arena = &arena, .home = learned->denials->host->home };
	const char *rest = "";
	int e = collect(learned, &grants);

	if (learned->previous) {
		rest = line_after(learned->previous, learned->previous_line);
		text_add_bytes(text, learned->previous, (size_t)(rest - learned->previous));
	} else {
		print_head(learned, text);
	}
	print_options(learned, text);
	for (size_t i = 0; i < grants.count; i++)
		print_grant(learned, &grants, &grants.items[i], text);
	print_questions(learned, text);
	text_add(text, rest);
	arena_done(&arena);
	return e < 0 || text->failed ? -ENOMEM : 0;
}
