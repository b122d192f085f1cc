/* SPDX-License-Identifier: Apache-2.0 */
/* matching.c — does a filter hold of what a question tells? Yes, no, or: it depends on what the question leaves out. */
#include "macos/scheme.h"

#include <string.h>

static const char *fact_find(const struct sbpl_question *question, const char *name)
{
	for (size_t i = 0; i < question->count; i++)
		if (!strcmp(question->facts[i].name, name))
			return question->facts[i].value;
	return NULL;
}

void sbpl_question_add(struct sbpl_question *question, const char *fact, const char *value)
{
	if (question->count < SBPL_FACTS && value)
		question->facts[question->count++] = (struct sbpl_fact){ fact, value };
}

static enum answer answer_of(bool yes)
{
	return yes ? YES : NO;
}

static bool is_unix(const char *kind)
{
	return !strncmp(kind, "unix", 4);
}

/* --- single filters ----------------------------------------------------------------------- */

static bool compare(const struct filter *filter, const char *value)
{
	switch (filter->kind) {
	case MATCH_LITERAL:
	case MATCH_EQUAL:	return !strcmp(value, filter->text);
	case MATCH_PREFIX:
	case MATCH_PATH_PREFIX:	return !strncmp(value, filter->text, strlen(filter->text));
	case MATCH_SUBPATH:	return path_below(value, filter->text, false);
	case MATCH_ANCESTORS:	return path_below(filter->text, value, false) && strcmp(filter->text, value) != 0;
	default:		return regex_search(filter->regex, value);
	}
}

static enum answer compare_fact(const struct filter *filter, const struct sbpl_question *question)
{
	const char *value = fact_find(question, filter->fact), *socket = fact_find(question, "socket");

	if (value && filter->text)
		return answer_of(compare(filter, value));
	if (!strcmp(filter->fact, "path") && socket && !is_unix(socket))
		return NO;		/* an internet socket has no path */
	return PERHAPS;
}

/* (target same-sandbox) holds of the process itself too. */
static enum answer compare_target(const struct filter *filter, const struct sbpl_question *question)
{
	const char *target = fact_find(question, "target");

	if (!target || !filter->text)
		return PERHAPS;
	if (!strcmp(filter->text, target))
		return YES;
	if (!strcmp(target, "self"))
		return answer_of(!strcmp(filter->text, "same-sandbox"));
	if (!strcmp(target, "same-sandbox"))
		return !strcmp(filter->text, "children") || !strcmp(filter->text, "pgrp") ? PERHAPS :
		       answer_of(!strcmp(filter->text, "others"));
	return !strcmp(filter->text, "pgrp") ? PERHAPS : NO;
}

static enum answer compare_port(const struct filter *filter, const char *port)
{
	if (!strcmp(filter->port, "*"))
		return YES;
	return port ? answer_of(!strcmp(filter->port, port)) : PERHAPS;
}

/* A host may be "*" or "localhost"; macOS refuses any other, so a filter with one never matches. */
static enum answer compare_peer(const struct filter *filter, const struct sbpl_question *question)
{
	const char *socket = fact_find(question, "socket"), *host;
	bool wants_unix = is_unix(filter->fact);
	enum answer host_matches;

	if (!socket)
		return PERHAPS;
	if (is_unix(socket) != wants_unix)
		return NO;
	if (wants_unix)
		return filter->count ? filter_answer(filter->parts[0], question) : YES;
	if (strncmp(filter->fact, "ip", 2) != 0 && strncmp(filter->fact, socket, 3) != 0)
		return NO;
	if (!filter->text)
		return YES;
	host = fact_find(question, "host");
	if (!strcmp(filter->text, "*"))
		host_matches = YES;
	else if (strcmp(filter->text, "localhost") != 0)
		host_matches = NO;
	else
		host_matches = host ? answer_of(!strcmp(host, "localhost")) : PERHAPS;
	if (host_matches == NO)
		return NO;
	return compare_port(filter, fact_find(question, "port")) == NO ? NO :
	       host_matches == PERHAPS ? PERHAPS : compare_port(filter, fact_find(question, "port"));
}

/* --- several ------------------------------------------------------------------------------ */

/* Of any: one that holds is enough. stop: the answer that decides at once. */
static enum answer gather(const struct filter *filter, const struct sbpl_question *question, enum answer stop)
{
	enum answer all = stop == YES ? NO : YES;

	for (size_t i = 0; i < filter->count; i++) {
		enum answer one = filter_answer(filter->parts[i], question);

		if (one == stop)
			return one;
		if (one == PERHAPS)
			all = PERHAPS;
	}
	return all;
}

enum answer filter_answer(const struct filter *filter, const struct sbpl_question *question)
{
	enum answer any;

	switch (filter->kind) {
	case MATCH_ALL:		return gather(filter, question, NO);
	case MATCH_ANY:		return gather(filter, question, YES);
	case MATCH_NOT:
		any = gather(filter, question, YES);
		return any == PERHAPS ? PERHAPS : any == YES ? NO : YES;
	case MATCH_PEER:	return compare_peer(filter, question);
	case MATCH_TARGET:	return compare_target(filter, question);
	case MATCH_NEVER:	return fact_find(question, filter->fact) ? PERHAPS : NO;
	case MATCH_OPAQUE:	return PERHAPS;
	default:		return compare_fact(filter, question);
	}
}
