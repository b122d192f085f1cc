/* SPDX-License-Identifier: Apache-2.0 */
/* seatbelt.c — the chain's last pure link on macOS: the Seatbelt text of a plan, with what macos.extra_sbpl adds; and
 * how a plan shows it.
 *
 * JSON, one object on a line:
 *
 *	{"type":"seatbelt-profile"}	text, parameters (an object), argv (what would be executed) */
#include "run/chain.h"
#include "run/internal.h"
#include "macos/macos.h"
#include "policy/show.h"

#include <stdlib.h>
#include <string.h>

/* Relative to the directory of the file that says so; from the command line, to the working directory. */
static int extra_path(struct chain *chain, const struct setting *setting, const char **ret_path, struct bawn_error *err)
{
	const char *typed = setting->value.string, *directory;
	bool from_file = chain->config_path && setting->origin.file &&
			 !strcmp(setting->origin.file, chain->config_path);

	if (typed[0] == '/' || typed[0] == '~' || !from_file)
		return chain_path(chain, typed, ret_path, err);
	directory = path_absolute(&chain->arena, chain->config_path, "..");
	*ret_path = directory ? path_absolute(&chain->arena, directory, typed) : NULL;
	return *ret_path ? 0 : error_oom(err);
}

static int lint_extra(struct chain *chain, const struct seatbelt_input *input, struct bawn_error *err)
{
	struct sbpl *sbpl;
	int e = sbpl_read(input->extra, input->extra_size, input->extra_origin, NULL, 0, &sbpl, err);

	if (e < 0)
		return error_wrap(err, "macos.extra_sbpl");
	sbpl_lint(sbpl, &chain->policy->warnings);
	sbpl_free(sbpl);
	return 0;
}

static int read_extra(struct chain *chain, char **ret_text, struct seatbelt_input *input, struct bawn_error *err)
{
	const struct setting *setting = chain->policy->extra_sbpl;
	const char *path = NULL;
	int e;

	if (!setting || !setting->value.string[0])
		return 0;
	e = extra_path(chain, setting, &path, err);
	if (e >= 0)
		e = config_read(host_real_path(&chain->host, path), ret_text, &input->extra_size, err);
	if (e < 0)
		return error_wrap(err, "macos.extra_sbpl");
	input->extra = *ret_text;
	input->extra_origin = path;
	return lint_extra(chain, input, err);
}

int chain_seatbelt(struct chain *chain, struct seatbelt **ret_seatbelt, struct bawn_error *err)
{
	struct seatbelt_input input = { 0 };
	autofree char *extra = NULL;
	int e = chain->plan ? 0 : chain_plan(chain, true, err);

	if (e >= 0)
		e = read_extra(chain, &extra, &input, err);
	return e < 0 ? e : seatbelt_lower(chain->plan, &input, ret_seatbelt, err);
}

static bool has_text(const struct chain *chain)
{
	return chain->policy->platform == PLATFORM_MACOS && !chain->policy->unconfined;
}

/* Read back before it is used: what our evaluator refuses, macOS would too, with less of a message. */
int chain_start_seatbelt(struct chain *chain, struct bawn_error *err)
{
	struct sbpl *sbpl;
	int e;

	if (!has_text(chain))
		return 0;
	e = chain_seatbelt(chain, &chain->seatbelt, err);
	if (e >= 0)
		e = seatbelt_read(chain->seatbelt, &sbpl, err);
	if (e < 0)
		return e;
	sbpl_free(sbpl);
	return 0;
}

void chain_free_seatbelt(struct chain *chain)
{
	seatbelt_free(chain->seatbelt);
	chain->seatbelt = NULL;
}

/* --- shown -------------------------------------------------------------------------------- */

/* The text's own tabs stay; what an extra file holds of control characters is shown. */
static void print_lines(struct text *text, const char *lines)
{
	struct arena arena = { 0 };

	while (*lines) {
		size_t tabs = strspn(lines, "\t"), size = strcspn(lines, "\n");
		const char *line = size > tabs ? arena_strndup(&arena, lines + tabs, size - tabs) : "";

		text_add_bytes(text, lines, tabs < size ? tabs : size);
		show_visible(text, line ? line : "out of memory");
		text_add(text, "\n");
		lines += size + (lines[size] == '\n');
	}
	arena_done(&arena);
}

static void print_text(struct text *text, const struct seatbelt *seatbelt, const char *const *argv)
{
	text_add(text, "\nparameters\n");
	for (size_t i = 0; i < seatbelt->param_count; i++) {
		text_add(text, "  ");
		show_cell(text, seatbelt->params[i].name, 12);
		show_visible(text, seatbelt->params[i].value);
		text_add(text, "\n");
	}
	text_add(text, "\nexecuted\n ");
	for (size_t i = 0; argv[i]; i++) {
		text_add(text, " ");
		if (argv[i] == seatbelt->text)
			text_add(text, "'(the text below)'");
		else
			show_shell_word(text, argv[i]);
	}
	text_add(text, "\n\nseatbelt\n");
	print_lines(text, seatbelt->text);
}

static void print_json(struct text *text, const struct seatbelt *seatbelt, const char *const *argv)
{
	struct json json = { 0 };

	show_json_begin(&json, "seatbelt-profile");
	json_string(&json, "text", seatbelt->text);
	json_open(&json, "parameters", '{');
	for (size_t i = 0; i < seatbelt->param_count; i++)
		json_string(&json, seatbelt->params[i].name, seatbelt->params[i].value);
	json_close(&json, '}');
	json_open(&json, "argv", '[');
	for (; *argv; argv++)
		json_string(&json, NULL, *argv);
	json_close(&json, ']');
	show_json_end(&json);
	show_json_done(&json, text);
}

int chain_print_seatbelt(struct chain *chain, const char *const *argv, enum bawn_format format, struct text *text,
			 struct bawn_error *err)
{
	struct seatbelt *seatbelt;
	const char *const *all;
	int e;

	if (!has_text(chain))
		return 0;
	e = chain_seatbelt(chain, &seatbelt, err);
	if (e < 0)
		return e;
	e = seatbelt_argv(seatbelt, &chain->arena, argv, &all);
	if (e >= 0 && format == BAWN_JSON)
		print_json(text, seatbelt, all);
	else if (e >= 0)
		print_text(text, seatbelt, all);
	seatbelt_free(seatbelt);
	return e < 0 ? error_oom(err) : 0;
}
