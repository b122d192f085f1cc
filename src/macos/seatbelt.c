/* SPDX-License-Identifier: Apache-2.0 */
/* seatbelt.c — plan → Seatbelt text and its parameters. Pure.
 *
 * Theory. The text is base.sb, then one section for each thing that a profile says, headed by the rule that made it:
 *
 *	1. services, kernel state, user clients, shared memory, preferences
 *	2. the network, by port
 *	3. what `macos.extra_sbpl` adds
 *	4. files, parents before what lies below, so that the longest path decides, as policy_decide() says
 *	5. local sockets, in the same order; then those that unix_sockets names
 *	6. closing: deny globs, links, names that must stay
 *
 * evaluate.c tells how macOS chooses among rules. For us that means: order within one operation matters, a rule never
 * denies without a filter after a filtered allow, and what takes away names the same operation as what gives. Where
 * extra_sbpl may have named operations below those (file-read-data), everything from 4 on names them as well: extra
 * text comes before it and can widen, never unmask.
 *
 * No byte of a path stands in the text: paths and expressions made of them are parameters. Labels in comments have
 * their control characters shown. */
#include "macos/seatbelt.h"
#include "policy/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- writing ------------------------------------------------------------------------------ */

void writer_comment(struct writer *writer, const char *format, ...)
{
	struct text line = { 0 };
	va_list arguments;
	char *made = NULL;
	int size;

	va_start(arguments, format);
	size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	made = size < 0 ? NULL : malloc((size_t)size + 1);
	if (!made) {
		writer->failed = true;
		return;
	}
	va_start(arguments, format);
	vsnprintf(made, (size_t)size + 1, format, arguments);
	va_end(arguments);
	text_add(&line, "; ");
	show_visible(&line, made);
	text_add(&line, "\n");
	if (line.bytes)
		text_add(&writer->text, line.bytes);
	writer->failed = writer->failed || line.failed;
	text_done(&line);
	free(made);
}

void writer_head(struct writer *writer, const char *says, const struct rule *rule)
{
	struct arena arena = { 0 };
	const char *origin = origin_text(&arena, &rule->origin);

	text_add(&writer->text, "\n");
	writer_comment(writer, "%s %s: %s (%s)", says, rule->path, rule->label ? rule->label : "",
		       origin ? origin : "");
	arena_done(&arena);
}

const char *writer_param(struct writer *writer, const char *kind, unsigned *count, const char *value)
{
	struct seatbelt *seatbelt = writer->seatbelt;
	struct sbpl_param *param = array_add(&seatbelt->arena, (void **)&seatbelt->params, &seatbelt->param_count,
					     &seatbelt->param_capacity, sizeof(*param));

	if (param) {
		param->name = arena_printf(&seatbelt->arena, "%s_%u", kind, (*count)++);
		param->value = value ? arena_strdup(&seatbelt->arena, value) : NULL;
	}
	if (!param || !param->name || !param->value) {
		writer->failed = true;
		return "";
	}
	return param->name;
}

const char *writer_path(struct writer *writer, const char *value)
{
	return writer_param(writer, "RULE", &writer->rules, value);
}

static void write_extra(struct writer *writer)
{
	const struct seatbelt_input *input = writer->input;

	if (!input->extra)
		return;
	text_add(&writer->text, "\n");
	writer_comment(writer, "--- macos.extra_sbpl: %s", input->extra_origin);
	text_add_bytes(&writer->text, input->extra, input->extra_size);
	text_add(&writer->text, "\n");
}

/* Whole by itself, so that it cannot swallow what comes after it; and with nothing in it that nobody here knows. */
static int check_extra(const struct seatbelt_input *input, struct bawn_error *err)
{
	struct sbpl *sbpl = NULL;
	int e = input->extra ? sbpl_read(input->extra, input->extra_size, input->extra_origin, NULL, 0, &sbpl, err) : 0;

	sbpl_free(sbpl);
	return e < 0 ? error_wrap(err, "macos.extra_sbpl") : 0;
}

int seatbelt_lower(const struct plan *plan, const struct seatbelt_input *input, struct seatbelt **ret_seatbelt,
		   struct bawn_error *err)
{
	static const struct seatbelt_input nothing = { 0 };
	struct seatbelt *seatbelt = calloc(1, sizeof(*seatbelt));
	struct writer writer = {
		.plan = plan, .policy = plan->policy, .seatbelt = seatbelt, .input = input ? input : &nothing,
	};

	if (!seatbelt)
		return error_oom(err);
	if (check_extra(writer.input, err) < 0 || (place_rules(&writer) < 0 && error_oom(err) < 0)) {
		seatbelt_free(seatbelt);
		return -EINVAL;
	}
	text_add(&writer.text, seatbelt_base);
	write_services(&writer);
	write_network(&writer);
	write_extra(&writer);
	write_files(&writer);
	write_sockets(&writer);
	write_closing(&writer);
	seatbelt->text = writer.text.bytes;
	if (writer.failed || writer.text.failed) {
		seatbelt_free(seatbelt);
		return error_oom(err);
	}
	*ret_seatbelt = seatbelt;
	return 0;
}

void seatbelt_free(struct seatbelt *seatbelt)
{
	if (!seatbelt)
		return;
	reserve_give(seatbelt->text);
	arena_done(&seatbelt->arena);
	free(seatbelt);
}

int seatbelt_read(const struct seatbelt *seatbelt, struct sbpl **ret_sbpl, struct bawn_error *err)
{
	return sbpl_read(seatbelt->text, strlen(seatbelt->text), "seatbelt", seatbelt->params, seatbelt->param_count,
			 ret_sbpl, err);
}

int seatbelt_argv(const struct seatbelt *seatbelt, struct arena *arena, const char *const *argv,
		  const char *const **ret_argv)
{
	size_t count = 0, n = 0;
	const char **all;

	while (argv && argv[count])
		count++;
	all = arena_alloc(arena, (count + seatbelt->param_count + 6) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	all[n++] = SANDBOX_EXEC;
	all[n++] = "-p";
	all[n++] = seatbelt->text;
	for (size_t i = 0; i < seatbelt->param_count; i++)
		if (!(all[n++] = arena_printf(arena, "-D%s=%s", seatbelt->params[i].name, seatbelt->params[i].value)))
			return -ENOMEM;
	all[n++] = "--";
	for (size_t i = 0; i < count; i++)
		all[n++] = argv[i];
	*ret_argv = all;
	return 0;
}
