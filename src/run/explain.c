/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c — one question, answered: by the policy; on macOS also by the Seatbelt text that would be enforced; or by
 * a Seatbelt profile of somebody else's.
 *
 * JSON of the last two, one object on a line:
 *
 *	{"type":"seatbelt"}	operation (Seatbelt's, of those that were asked the one that decided), target, verdict
 *				(allow, deny, unknown), file, line, column (null: no rule decided), rule (that line of
 *				the text), policy (what the policy itself says: allow, deny; null: it knows no such
 *				operation) */
#include "run/chain.h"
#include "macos/macos.h"
#include "policy/show.h"

#include <fcntl.h>
#include <string.h>

#define SBPL_FILE_LIMIT	((size_t)4 << 20)	/* bytes */

/* --- operations --------------------------------------------------------------------------- */

static bool is_answered_on(enum operation operation, enum platform platform)
{
	return platform == PLATFORM_MACOS ? operation != OPERATION_KERNEL : operation < OPERATION_IOKIT;
}

static int unknown_operation(const char *name, enum platform platform, struct bawn_error *err)
{
	const char *names[OPERATION__COUNT + 1] = { NULL }, *nearest;
	struct text known = { 0 };
	size_t count = 0;

	for (enum operation i = 0; i < OPERATION__COUNT; i++)
		if (is_answered_on(i, platform)) {
			text_printf(&known, "%s%s", count ? ", " : "", operation_name(i));
			names[count++] = operation_name(i);
		}
	nearest = words_nearest(name, names);
	error_set(err, EINVAL, "there is no operation \"%s\"%s%s%s; known are %s%s", name,
		  nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "",
		  known.bytes ? known.bytes : "", platform == PLATFORM_MACOS ? ", and Seatbelt's own" : "");
	text_done(&known);
	return -EINVAL;
}

int explain_operation(const char *name, enum platform platform, enum operation *ret_operation, struct bawn_error *err)
{
	int operation = operation_find(name);

	*ret_operation = OPERATION__COUNT;
	if (operation >= 0 && is_answered_on((enum operation)operation, platform)) {
		*ret_operation = (enum operation)operation;
		return 0;
	}
	if (platform == PLATFORM_MACOS && sbpl_operation_known(name))
		return 0;
	if (operation >= 0)
		return error_set(err, ENOTSUP, "operation \"%s\": there is none on %s", name,
				 platform == PLATFORM_MACOS ? "macOS" : "Linux");
	return unknown_operation(name, platform, err);
}

/* --- the policy's answer ------------------------------------------------------------------ */

/* A rule may name its object by way of a link: then the link's own place is no obstacle, it was
 * granted with it. */
static bool is_named_by_rule(const struct policy *policy, const char *written)
{
	for (size_t i = 0; i < policy->count; i++)
		if (policy->rules[i].written != policy->rules[i].path &&
		    path_below(written, policy->rules[i].written, false))
			return true;
	return false;
}

/* The object decides about the operation. The way to it, where links make it another path, is only
 * read: whoever may not read the link does not get to the object; whoever writes through it does
 * not write to it. Returns the path that decided. */
static const char *decide(struct chain *chain, enum operation operation, const char *written, const char *canonical,
			  struct decision *ret_decision)
{
	const struct policy *policy = chain->policy;
	struct decision way;

	policy_decide(policy, operation, canonical, ret_decision);
	if (!ret_decision->allowed || !strcmp(written, canonical) || operation > OPERATION_UNIX_BIND)
		return canonical;
	if (policy->platform == PLATFORM_MACOS && macos_root_link(written))	/* open to every command */
		written = arena_printf(&chain->arena, "/private%s", written);
	if (!written || !strcmp(written, canonical))
		return canonical;
	policy_decide(policy, OPERATION_READ, written, &way);
	if (way.allowed || ((!way.rule || way.rule->kind != RULE_GLOB) && is_named_by_rule(policy, written)))
		return canonical;
	*ret_decision = way;
	return written;
}

/* --- the answer of a text ----------------------------------------------------------------- */

static const char *const verdicts[] = { [SBPL_DENY] = "deny", [SBPL_ALLOW] = "allow", [SBPL_UNKNOWN] = "unknown" };

static const char *line_of(struct arena *arena, const char *text, unsigned line)
{
	if (!text)
		return NULL;
	for (; line > 1 && *text; text++)
		line -= *text == '\n';
	text += strspn(text, " \t");
	return arena_strndup(arena, text, strcspn(text, "\n"));
}

struct said {				/* what a text says of one question */
	const struct sbpl_answer *answer;
	const char *target, *file, *line;	/* line: of the text, or "" */
	const bool *policy;		/* what the policy itself says; NULL: nothing */
};

static void say_text(struct text *text, const struct said *said)
{
	const struct sbpl_answer *answer = said->answer;

	if (!answer->operation) {
		text_printf(text, "  text:  %s: no rule of %s speaks of it\n", answer->asked, said->file);
		return;
	}
	text_printf(text, "  text:  %s: ", answer->asked);
	show_visible(text, said->file);
	text_printf(text, ":%u: ", answer->line);
	show_visible(text, said->line);
	text_add(text, "\n");
}

static void say_json(struct text *text, const struct said *said)
{
	const struct sbpl_answer *answer = said->answer;
	struct json json = { 0 };

	show_json_begin(&json, "seatbelt");
	json_string(&json, "operation", answer->asked);
	json_string(&json, "target", said->target);
	json_string(&json, "verdict", verdicts[answer->verdict]);
	json_string(&json, "file", said->file);
	if (answer->operation) {
		json_integer(&json, "line", answer->line);
		json_integer(&json, "column", answer->column);
	} else {
		json_string(&json, "line", NULL);
		json_string(&json, "column", NULL);
	}
	json_string(&json, "rule", answer->operation ? said->line : NULL);
	json_string(&json, "policy", said->policy ? verdicts[*said->policy ? SBPL_ALLOW : SBPL_DENY] : NULL);
	show_json_end(&json);
	show_json_done(&json, text);
}

/* The head of an answer that no policy gives. */
static void say_verdict(struct text *text, const char *operation, const struct said *said)
{
	static const char *const words[] = {
		[SBPL_DENY] = "denied", [SBPL_ALLOW] = "allowed", [SBPL_UNKNOWN] = "unknown",
	};

	text_printf(text, "%s: %s ", words[said->answer->verdict], operation);
	show_visible(text, said->target);
	text_add(text, "\n");
	if (said->answer->verdict == SBPL_UNKNOWN)
		text_add(text, "  it depends on what cannot be known here: this rule may hold or not\n");
}

static void say(struct text *text, enum bawn_format format, const struct said *said)
{
	if (format == BAWN_JSON)
		say_json(text, said);
	else
		say_text(text, said);
}

/* --- macOS -------------------------------------------------------------------------------- */

/* The gateway decides about names: the text opens the way to it and no other. */
static bool text_decides(const struct policy *policy, enum operation operation)
{
	return operation != OPERATION_DOMAIN || policy->network != NETWORK_PROXY;
}

/* Whether both say the same. The text is what is enforced; where they differ (docs/threats.md has those rows) its
 * answer counts. */
static void let_text_decide(enum operation operation, const struct sbpl_answer *answer, struct decision *decision)
{
	bool allowed = answer->verdict == SBPL_ALLOW;

	if (decision->allowed == allowed)
		return;
	*decision = (struct decision){
		.allowed = allowed,
		.reason = operation == OPERATION_READ ? "every command may, whatever its profile says" :
							"on macOS this is decided by the line below",
	};
}

static int ask_text(struct chain *chain, enum operation operation, const char *name, const char *subject,
		    struct sbpl_answer *ret_answer, const char **ret_line, struct bawn_error *err)
{
	struct sbpl_questions questions;
	struct seatbelt *seatbelt;
	struct sbpl *sbpl;
	int e = chain_seatbelt(chain, &seatbelt, err);

	if (e < 0)
		return e;
	e = seatbelt_read(seatbelt, &sbpl, err);
	if (e >= 0) {
		if (operation == OPERATION__COUNT)
			sbpl_questions_raw(name, subject, &questions);
		else
			sbpl_questions_make(operation, subject, &questions);
		sbpl_ask(sbpl, &questions, ret_answer);
		*ret_line = line_of(&chain->arena, seatbelt->text, ret_answer->line);
		sbpl_free(sbpl);
		if (!*ret_line)
			e = error_oom(err);
	}
	seatbelt_free(seatbelt);
	return e;
}

/* Whether an operation of Seatbelt's is about a path. */
static bool takes_path(const char *name, const char *target)
{
	return !strncmp(name, "file-", 5) || !strncmp(name, "process-exec", 12) ||
	       (!strncmp(name, "network-", 8) && target[0] == '/');
}

static int explain_raw(struct chain *chain, const char *name, const char *target, enum bawn_format format,
		       int *ret_allowed, struct text *text, struct bawn_error *err)
{
	struct sbpl_answer answer = { 0 };
	struct said said = { .answer = &answer, .target = target, .file = "seatbelt" };
	struct host_entry entry;
	int e;

	if (chain->policy->unconfined)
		return error_set(err, EINVAL, "profile %s: no Seatbelt profile is in force", chain->policy->profile_id);
	if (takes_path(name, target) &&
	    ((e = chain_path(chain, target, &target, err)) < 0 ||
	     (e = path_canonical(&chain->arena, &chain->host, target, &target, &entry, err)) < 0))
		return e;
	e = ask_text(chain, OPERATION__COUNT, name, target, &answer, &said.line, err);
	if (e < 0)
		return e;
	answer.asked = name;
	if (format == BAWN_TEXT)
		say_verdict(text, name, &said);
	say(text, format, &said);
	*ret_allowed = answer.verdict == SBPL_ALLOW;
	return 0;
}

int chain_explain(struct chain *chain, enum operation operation, const char *name, const char *target,
		  enum bawn_format format, int *ret_allowed, struct text *text, struct bawn_error *err)
{
	const char *written = target, *canonical = target;
	bool on_macos = chain->policy->platform == PLATFORM_MACOS && !chain->policy->unconfined;
	struct sbpl_answer answer = { 0 };
	struct said said = { .answer = &answer, .target = target, .file = "seatbelt" };
	struct host_entry entry;
	struct decision decision;
	bool own;
	int e;

	if (operation == OPERATION__COUNT)
		return explain_raw(chain, name, target, format, ret_allowed, text, err);
	if (operation_is_path(operation) &&
	    ((e = chain_path(chain, target, &written, err)) < 0 ||
	     (e = path_canonical(&chain->arena, &chain->host, written, &canonical, &entry, err)) < 0))
		return e;
	canonical = decide(chain, operation, written, canonical, &decision);
	if (on_macos && text_decides(chain->policy, operation)) {
		e = ask_text(chain, operation, name, canonical, &answer, &said.line, err);
		if (e < 0)
			return e;
		own = decision.allowed;
		said.policy = &own;
		let_text_decide(operation, &answer, &decision);
	}
	if (!chain->plan && (e = chain_plan(chain, false, err)) < 0)
		return e;
	if (decision_print(chain->policy, chain->plan, operation, written, canonical, &decision, format, text) < 0)
		return error_oom(err);
	if (on_macos && text_decides(chain->policy, operation))
		say(text, format, &said);
	*ret_allowed = decision.allowed;
	return 0;
}

/* --- a profile of somebody else's --------------------------------------------------------- */

static int read_sbpl(const struct request *request, const char *path, char **ret_text, struct sbpl **ret_sbpl,
		     struct bawn_error *err)
{
	autoclose int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct arena arena = { 0 };
	struct sbpl_param *params;
	size_t size = 0, count = 0;
	int e = fd < 0 ? -errno : io_read_all(fd, SBPL_FILE_LIMIT, ret_text, &size);

	if (e < 0)
		return error_system(err, -e, "Seatbelt profile %s", path);
	params = arena_alloc(&arena, (request->count + 1) * sizeof(*params));
	for (size_t i = 0; params && i < request->count; i++) {
		const char *value = request_nth(request, "param", i);
		size_t name = value ? strcspn(value, "=") : 0;

		if (value)
			params[count++] = (struct sbpl_param){ arena_strndup(&arena, value, name), value + name + 1 };
	}
	e = params ? sbpl_read(*ret_text, size, path, params, count, ret_sbpl, err) : error_oom(err);
	arena_done(&arena);
	return e;
}

static int make_questions(const char *operation, const char *target, struct sbpl_questions *questions,
			  struct bawn_error *err)
{
	enum operation ours;
	int e = explain_operation(operation, PLATFORM_MACOS, &ours, err);

	if (e >= 0 && ours != OPERATION__COUNT)
		sbpl_questions_make(ours, target, questions);
	else if (e >= 0)
		e = sbpl_questions_raw(operation, target, questions);
	return e;
}

int explain_sbpl(const struct request *request, const char *operation, const char *target, enum bawn_format format,
		 int *ret_allowed, struct text *text, struct text *warnings, struct bawn_error *err)
{
	const char *path = request_last(request, "sbpl");
	struct sbpl_answer answer = { 0 };
	struct said said = { .answer = &answer, .target = target, .file = path };
	struct sbpl_questions questions;
	struct arena arena = { 0 };
	struct sbpl *sbpl = NULL;
	autofree char *source = NULL;
	int e = read_sbpl(request, path, &source, &sbpl, err);

	if (e < 0 || (e = make_questions(operation, target, &questions, err)) < 0) {
		sbpl_free(sbpl);
		return e;
	}
	sbpl_lint(sbpl, warnings);
	sbpl_ask(sbpl, &questions, &answer);
	said.line = line_of(&arena, source, answer.line);
	if (!said.line)
		text->failed = true;
	else if (format == BAWN_TEXT)
		say_verdict(text, operation, &said);
	if (said.line)
		say(text, format, &said);
	*ret_allowed = answer.verdict == SBPL_ALLOW;
	arena_done(&arena);
	sbpl_free(sbpl);
	return 0;
}
