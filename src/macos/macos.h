/* SPDX-License-Identifier: Apache-2.0 */
/* macos.h — plan → Seatbelt text, and what macOS makes of such text.
 *
 *	seatbelt_lower plan              → struct seatbelt text and parameters for sandbox-exec
 *	sbpl_read      text + parameters → struct sbpl     the rules of a profile, bawn's or anybody's
 *	sbpl_evaluate  sbpl + question   → allow or deny   as macOS was measured to decide
 *	sbpl_lint      sbpl              → findings        what was never verified, or can never match
 *
 * All of this is pure and works on every system: it is how the text that bawn generates is tested without a Mac. */
#ifndef BAWN_MACOS_H
#define BAWN_MACOS_H

#include "policy/policy.h"

/* --- making text: seatbelt.c, seatbelt_files.c, seatbelt_services.c, globs.c, base.sb -------- */

#define SANDBOX_EXEC "/usr/bin/sandbox-exec"
#define SEATBELT_HTTP_PORT	3128	/* what a plan shows; a run puts in the gateway's own */
#define SEATBELT_SOCKS_PORT	8081

struct sbpl_param { const char *name, *value; };	/* what sandbox-exec takes as -DNAME=VALUE */

struct seatbelt_input {			/* what a plan does not know */
	const char *extra, *extra_origin;	/* text of macos.extra_sbpl; NULL: none */
	size_t extra_size;
	unsigned http_port, socks_port;		/* of the gateway; 0: as above */
};

struct seatbelt {
	struct arena arena;
	char *text;
	struct sbpl_param *params;
	size_t param_count, param_capacity;
};

struct sbpl;

/* Pure. input NULL: nothing of it. */
int seatbelt_lower(const struct plan *plan, const struct seatbelt_input *input, struct seatbelt **ret_seatbelt,
		   struct bawn_error *err);
void seatbelt_free(struct seatbelt *seatbelt);
/* The text read back: for questions, and to see before a start that macOS will understand it. */
int seatbelt_read(const struct seatbelt *seatbelt, struct sbpl **ret_sbpl, struct bawn_error *err);
/* The whole command line, NULL at the end; argv NULL: no command. */
int seatbelt_argv(const struct seatbelt *seatbelt, struct arena *arena, const char *const *argv,
		  const char *const **ret_argv);

/* --- reading: reader.c, scheme.c, builtins.c, rules.c, regex.c ----------------------------- */

/* Reads a whole profile. What macOS would refuse, and what is not known here, is an error with its place in origin;
 * (import ...) is no error, see sbpl_evaluate(). Parameters are copied. */
int sbpl_read(const char *text, size_t size, const char *origin, const struct sbpl_param *params, size_t param_count,
	      struct sbpl **ret_sbpl, struct bawn_error *err);
void sbpl_free(struct sbpl *sbpl);

/* --- deciding: evaluate.c, matching.c ----------------------------------------------------- */

#define SBPL_FACTS	8

struct sbpl_fact { const char *name, *value; };

/* The operation in Seatbelt's words, and what is known of its object: "path", "global-name", "sysctl-name",
 * "iokit-user-client-class", "ipc-posix-name", "target" (self, same-sandbox, others), "socket-domain", and for network
 * operations "socket" (tcp, udp, unix) with "host" ("localhost" or another) and "port", or with "path". */
struct sbpl_question {
	const char *operation;
	struct sbpl_fact facts[SBPL_FACTS];
	size_t count;
};

enum sbpl_verdict { SBPL_DENY, SBPL_ALLOW, SBPL_UNKNOWN };	/* UNKNOWN: it depends on what no one can see here */

struct sbpl_answer {
	enum sbpl_verdict verdict;
	const char *asked;		/* sbpl_ask(): of which question this is the answer */
	const char *operation;		/* of the deciding rule (static); NULL: there is none, hence denied */
	unsigned line, column;		/* of that rule; UNKNOWN: of the first that it depends on */
	bool filtered;
};

void sbpl_question_add(struct sbpl_question *question, const char *fact, const char *value);
bool sbpl_operation_known(const char *operation);
/* What is not among the facts may be anything, so a rule that asks for it may match or not. (import ...) brings rules
 * that nobody here has read: whatever they could change is UNKNOWN. */
void sbpl_evaluate(const struct sbpl *sbpl, const struct sbpl_question *question, struct sbpl_answer *ret_answer);

/* --- questions.c -------------------------------------------------------------------------- */

struct sbpl_questions {			/* all of which must be allowed; not to be copied */
	struct sbpl_question items[4];
	size_t count;
	char host[256];
};

/* subject as for policy_decide(). */
void sbpl_questions_make(enum operation operation, const char *subject, struct sbpl_questions *ret_questions);
/* The same of an operation in Seatbelt's words, as "file-read-metadata". -ENOENT: there is none of this name. */
int sbpl_questions_raw(const char *operation, const char *target, struct sbpl_questions *ret_questions);
void sbpl_ask(const struct sbpl *sbpl, const struct sbpl_questions *questions, struct sbpl_answer *ret_answer);

/* --- lint.c ------------------------------------------------------------------------------- */

/* One line a finding, "origin:line:column: ...". The count. */
size_t sbpl_lint(const struct sbpl *sbpl, struct text *findings);

#endif
