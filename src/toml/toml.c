/* SPDX-License-Identifier: Apache-2.0 */
/* toml.c — the document: a list of lines, each of them empty, a header, or key = value. */
#include "toml/parser.h"

#include <stdlib.h>

static int header_end_parse(struct parser *p, bool element)
{
	if (!toml_looking_at(p, element ? "]]" : "]"))
		return toml_fail_here(p, element ? "']]' after the name" : "']' after the name");
	p->at += element ? 2 : 1;
	return 0;
}

/* [a.b] or [[a.b]]; the table that the following lines belong to. */
static int header_parse(struct parser *p, struct toml_value *root, struct toml_value **ret_table)
{
	struct toml_position header = toml_position_of(p, p->at);
	bool element = toml_looking_at(p, "[[");
	struct toml_value *table = root;
	struct key key;
	int r;

	p->at += element ? 1 : 0;
	p->depth = 0;
	for (;;) {
		p->at++;
		toml_skip_blanks(p);
		r = toml_key_parse(p, &key);
		if (r < 0)
			return r;
		toml_skip_blanks(p);
		if (toml_peek(p) != '.')
			break;
		r = toml_table_enter_header(p, &table, &key, header);
		if (r < 0)
			return r;
	}
	r = header_end_parse(p, element);
	if (r == 0)
		r = (element ? toml_table_append : toml_table_define)(p, &table, &key, header);
	if (r < 0)
		return r;
	*ret_table = table;
	return 0;
}

static int line_parse(struct parser *p, struct toml_value *root, struct toml_value **table)
{
	bool header = toml_peek(p) == '[';
	int r = header ? header_parse(p, root, table) : toml_assignment_parse(p, *table);

	if (r < 0)
		return r;
	toml_skip_blanks(p);
	toml_skip_comment(p);
	if (p->at < p->end && !toml_skip_newline(p))
		return toml_fail_here(p, header ? "the end of the line after ']'" :
						  "the end of the line after the value");
	return 0;
}

static int document_parse(struct parser *p, struct toml_value *root)
{
	struct toml_value *table = root;
	int r = toml_check_text(p);

	if (r == 0)
		r = toml_table_init(p, root, KIND_DEFINED);
	root->position = (struct toml_position){ 1, 1 };
	while (r == 0) {
		toml_skip_lines(p);
		if (p->at == p->end)
			break;
		r = line_parse(p, root, &table);
	}
	return r;
}

int toml_parse(const char *text, size_t size, const char *origin, struct toml **ret_toml,
	       struct bawn_error *err)
{
	struct parser p = { .origin = origin, .err = err, .mark_position = { 1, 1 } };
	struct toml *toml;
	int r;

	if ((uint64_t)size > UINT32_MAX)
		return error_at(err, origin, 1, 1, "larger than 4 GiB");
	toml = calloc(1, sizeof(*toml));
	if (!toml)
		return error_oom(err);
	p.text = p.at = p.mark = text;
	p.end = size ? text + size : text;
	/* Editors on Windows put a byte order mark first; it is no part of the text. */
	if (toml_looking_at(&p, "\xef\xbb\xbf"))
		p.text = p.at = p.mark = text + 3;
	p.arena = &toml->arena;
	r = document_parse(&p, &toml->root);
	text_done(&p.scratch);
	if (r < 0) {
		toml_free(toml);
		return r;
	}
	*ret_toml = toml;
	return 0;
}

void toml_free(struct toml *toml)
{
	if (!toml)
		return;
	arena_done(&toml->arena);
	free(toml);
}

const char *toml_type_name(enum toml_type type)
{
	static const char *const names[] = {
		[TOML_STRING] = "string",
		[TOML_INTEGER] = "integer",
		[TOML_FLOAT] = "float",
		[TOML_BOOLEAN] = "boolean",
		[TOML_OFFSET_DATETIME] = "offset date-time",
		[TOML_LOCAL_DATETIME] = "local date-time",
		[TOML_LOCAL_DATE] = "local date",
		[TOML_LOCAL_TIME] = "local time",
		[TOML_ARRAY] = "array",
		[TOML_TABLE] = "table",
	};

	return names[type];
}
