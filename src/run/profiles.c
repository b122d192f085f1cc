/* SPDX-License-Identifier: Apache-2.0 */
/* profiles.c — the profiles that a chain knows, as a list, and what was found while they were read. */
#include "run/chain.h"

#include <string.h>

static void list_as_json(const struct chain *chain, const struct profile *profile, struct json *json)
{
	json_open(json, NULL, '{');
	json_string(json, "type", "profile");
	json_string(json, "id", profile->id);
	json_bool(json, "builtin", profile->id[0] == ':');
	json_bool(json, "default", !strcmp(profile->id, chain_default_id(chain)));
	json_string(json, "extends", profile->extends);
	json_string(json, "description", profile->description);
	json_string(json, "file", profile->id[0] == ':' ? NULL : profile->origin.file);
	json_integer(json, "line", profile->origin.line);
	json_close(json, '}');
	json_newline(json);
}

static void list_as_text(const struct chain *chain, const struct profile *profile, struct text *text)
{
	bool is_default = !strcmp(profile->id, chain_default_id(chain));
	struct text name = { 0 };

	text_printf(&name, "%s%s", profile->id, is_default ? " (default)" : "");
	if (name.failed)
		text->failed = true;
	else
		text_printf(text, "%-24s  %s", name.bytes, profile->description ? profile->description : "");
	if (profile->extends)
		text_printf(text, "%sextends %s", profile->description ? "; " : "", profile->extends);
	text_add(text, "\n");
	text_done(&name);
}

void chain_list_profiles(const struct chain *chain, enum bawn_format format, struct text *text)
{
	struct json json = { .text = *text };

	for (size_t i = 0; i < chain->profiles->count; i++) {
		if (format == BAWN_JSON)
			list_as_json(chain, &chain->profiles->items[i], &json);
		else
			list_as_text(chain, &chain->profiles->items[i], &json.text);
	}
	*text = json.text;
}

/* One finding a line, whatever the format. */
static void add_findings(const char *level, const struct text *findings, enum bawn_format format, struct json *json)
{
	const char *line = findings->size ? findings->bytes : "";

	while (*line) {
		size_t size = strcspn(line, "\n");
		struct text copy = { 0 };

		text_add_bytes(&copy, line, size);
		if (copy.failed) {
			json->text.failed = true;
		} else if (format == BAWN_JSON) {
			json_open(json, NULL, '{');
			json_string(json, "type", level);
			json_string(json, "message", copy.bytes);
			json_close(json, '}');
			json_newline(json);
		} else {
			text_printf(&json->text, "%s: %s\n", level, copy.bytes);
		}
		text_done(&copy);
		line += size + (line[size] == '\n');
	}
}

static void add_verdict(const struct chain *chain, enum bawn_format format, struct json *json)
{
	const char *file = chain->config_path ? chain->config_path : chain->request->config_origin;
	size_t builtins = 0;

	if (format != BAWN_JSON && !file) {
		text_add(&json->text, "no configuration file: the built-in profiles only\n");
		return;
	}
	while (builtins < chain->profiles->count && chain->profiles->items[builtins].id[0] == ':')
		builtins++;
	if (format != BAWN_JSON) {
		text_printf(&json->text, "%s: no errors, profiles: %zu\n", file, chain->profiles->count - builtins);
		return;
	}
	json_open(json, NULL, '{');
	json_string(json, "type", "checked");
	json_string(json, "file", file);
	json_integer(json, "profiles", (long long)(chain->profiles->count - builtins));
	json_close(json, '}');
	json_newline(json);
}

void chain_print_check(const struct chain *chain, enum bawn_format format, struct text *text)
{
	struct json json = { .text = *text };

	add_findings("warning", &chain->profiles->warnings, format, &json);
	add_findings("remark", &chain->profiles->remarks, format, &json);
	add_verdict(chain, format, &json);
	*text = json.text;
}
