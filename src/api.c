/* SPDX-License-Identifier: Apache-2.0 */
/* api.c — bawn.h: arguments are checked here, the work is one call inward (run/chain.h, run/run.h).
 *
 * Every call that looks at the machine does so anew: a box may be kept for days, and what was true
 * of a directory then is not what its owner means now. */
#include "policy/gpu.h"
#include "run/doctor.h"
#include "run/learn.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct bawn {
	struct request request;
	struct text warnings;
	unsigned users;			/* the caller, and children whose chain points into the request */
};

struct bawn_child {
	struct child child;
	struct bawn *box;
	struct chain chain;		/* the child's policy, for its report */
	struct chain wide;		/* bawn_learn(): of the box; then chain is what was asked for */
	bool ended;
	int status;			/* once ended */
};

#define autochain	__attribute__((cleanup(chain_done)))
#define autogroundwork	__attribute__((cleanup(cleanup_groundwork)))

static void cleanup_groundwork(struct groundwork **groundwork)
{
	child_abandon(*groundwork);
}

static int bad_argument(struct bawn_error *err, const char *call, const char *what)
{
	return error_set(err, EINVAL, "%s: %s", call, what);
}

const char *bawn_version(void)
{
	return BAWN_VERSION;
}

/* --- the box and what is asked of it ------------------------------------------------------ */

int bawn_new(struct bawn **ret_box, struct bawn_error *err)
{
	struct bawn *box;

	if (!ret_box)
		return bad_argument(err, __func__, "no place for the box");
	box = reserve_zeroed(sizeof(*box));
	if (!box)
		return error_oom(err);
	box->users = 1;
	*ret_box = box;
	return 0;
}

void bawn_free(struct bawn *box)
{
	if (!box || __atomic_sub_fetch(&box->users, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	arena_done(&box->request.arena);
	text_done(&box->warnings);
	reserve_give(box);
}

int bawn_config_file(struct bawn *box, const char *path, struct bawn_error *err)
{
	if (!box || !path)
		return bad_argument(err, __func__, "a box and a path are needed");
	return request_add(&box->request, "config", path, err);
}

int bawn_config_text(struct bawn *box, const char *text, size_t size, const char *origin, struct bawn_error *err)
{
	struct arena *arena;
	char *copy, *name;

	if (!box || (!text && size) || !origin)
		return bad_argument(err, __func__, "a box, a text and its origin are needed");
	arena = &box->request.arena;
	copy = arena_alloc(arena, size + 1);
	name = arena_strdup(arena, origin);
	if (!copy || !name)
		return error_oom(err);
	if (size)
		memcpy(copy, text, size);
	box->request.config_text = copy;
	box->request.config_size = size;
	box->request.config_origin = name;
	box->request.config_path = NULL;
	return 0;
}

int bawn_environment(struct bawn *box, const char *const *envp, struct bawn_error *err)
{
	const char **copy;
	size_t count = 0;

	if (!box || !envp)
		return bad_argument(err, __func__, "a box and an environment are needed");
	while (envp[count])
		count++;
	copy = arena_alloc(&box->request.arena, (count + 1) * sizeof(*copy));
	for (size_t i = 0; copy && i < count; i++) {
		copy[i] = arena_strdup(&box->request.arena, envp[i]);
		if (!copy[i])
			return error_oom(err);
	}
	if (!copy)
		return error_oom(err);
	box->request.environ = copy;
	return 0;
}

int bawn_platform(struct bawn *box, enum bawn_platform platform, struct bawn_error *err)
{
	if (!box)
		return bad_argument(err, __func__, "a box is needed");
	if (platform != BAWN_PLATFORM_HERE && platform != BAWN_PLATFORM_LINUX && platform != BAWN_PLATFORM_MACOS)
		return bad_argument(err, __func__, "there is no such platform");
	box->request.platform_given = platform != BAWN_PLATFORM_HERE;
	box->request.platform = platform == BAWN_PLATFORM_MACOS ? PLATFORM_MACOS : PLATFORM_LINUX;
	return 0;
}

int bawn_option(struct bawn *box, const char *name, const char *value, struct bawn_error *err)
{
	if (!box || !name)
		return bad_argument(err, __func__, "a box and a name are needed");
	return request_add(&box->request, name, value, err);
}

const char *bawn_warnings(struct bawn *box)
{
	return box && box->warnings.size ? box->warnings.bytes : "";
}

static void trim(struct text *text)
{
	while (text->size && text->bytes[text->size - 1] == '\n')
		text->bytes[--text->size] = '\0';
}

/* Replaces the warnings of the call before. */
static void keep_warnings(struct bawn *box, const struct chain *chain)
{
	text_done(&box->warnings);
	chain_warnings(chain, &box->warnings);
	trim(&box->warnings);
}

/* --- questions ---------------------------------------------------------------------------- */

static bool is_format(enum bawn_format format)
{
	return format == BAWN_TEXT || format == BAWN_JSON;
}

/* The chain as far as the policy. The caller ends it, also after a failure: what was warned of
 * until then is kept. */
static int make_profile(struct bawn *box, struct chain *chain, struct bawn_error *err)
{
	int r = chain_load(&box->request, chain, err);

	return r < 0 ? r : chain_profile(chain, NULL, err);
}

static int make_policy(struct bawn *box, struct chain *chain, struct bawn_error *err)
{
	int r = make_profile(box, chain, err);

	if (r >= 0)
		r = chain_policy(chain, err);
	keep_warnings(box, chain);
	return r;
}

int bawn_plan(struct bawn *box, const char *const *argv, enum bawn_format format, char **ret_text,
	      struct bawn_error *err)
{
	autochain struct chain chain = { 0 };
	struct text text = { 0 };
	int r;

	if (!box || !ret_text || !is_format(format))
		return bad_argument(err, __func__, "a box, a format and a place for the text are needed");
	r = make_policy(box, &chain, err);
	if (r >= 0)
		r = chain_plan(&chain, true, err);
	if (r < 0)
		return r;
	if (plan_print(chain.plan, argv, format, &text) < 0)
		text.failed = true;
	r = chain_print_seatbelt(&chain, argv, format, &text, err);
	keep_warnings(box, &chain);
	if (r < 0) {
		text_done(&text);
		return r;
	}
	return text_take(&text, ret_text, err);
}

int bawn_explain(struct bawn *box, const char *operation, const char *target, enum bawn_format format, int *ret_allowed,
		 char **ret_text, struct bawn_error *err)
{
	autochain struct chain chain = { 0 };
	struct text text = { 0 };
	enum operation asked;
	int r;

	if (!box || !operation || !target || !*target || !ret_allowed || !ret_text || !is_format(format))
		return bad_argument(err, __func__, "a box, an operation, a target, a format and places for the answer "
				    "are needed");
	if (request_last(&box->request, "sbpl")) {
		text_done(&box->warnings);
		r = explain_sbpl(&box->request, operation, target, format, ret_allowed, &text, &box->warnings, err);
		trim(&box->warnings);
	} else {
		r = explain_operation(operation, request_platform(&box->request), &asked, err);
		if (r >= 0)
			r = make_policy(box, &chain, err);
		if (r >= 0)
			r = chain_explain(&chain, asked, operation, target, format, ret_allowed, &text, err);
	}
	if (r < 0) {
		text_done(&text);
		return r;
	}
	return text_take(&text, ret_text, err);
}

/* --- the machine -------------------------------------------------------------------------- */

int bawn_doctor(struct bawn *box, const char *topic, enum bawn_format format, int *ret_healthy, char **ret_text,
		struct bawn_error *err)
{
	autochain struct chain chain = { 0 };
	struct text text = { 0 };
	bool healthy = false;
	int r;

	if (!box || !ret_healthy || !ret_text || !is_format(format))
		return bad_argument(err, __func__, "a box, a format and places for the answer are needed");
	if (topic && strcmp(topic, "gpu"))
		return error_set(err, EINVAL, "there is no topic \"%s\"; known is gpu", topic);
	r = chain_load(&box->request, &chain, err);
	if (r >= 0)
		r = topic ? doctor_gpu(&chain, format, &text, &healthy, err) :
			    doctor_machine(&chain, format, &text, &healthy, err);
	if (r < 0) {
		text_done(&text);
		return r;
	}
	r = text_take(&text, ret_text, err);
	if (r >= 0)
		*ret_healthy = healthy;
	return r;
}

/* --- profiles ----------------------------------------------------------------------------- */

int bawn_profile_list(struct bawn *box, enum bawn_format format, char **ret_text, struct bawn_error *err)
{
	autochain struct chain chain = { 0 };
	struct text text = { 0 };
	int r;

	if (!box || !ret_text || !is_format(format))
		return bad_argument(err, __func__, "a box, a format and a place for the text are needed");
	r = chain_load(&box->request, &chain, err);
	keep_warnings(box, &chain);
	if (r < 0)
		return r;
	chain_list_profiles(&chain, format, &text);
	return text_take(&text, ret_text, err);
}

int bawn_profile_show(struct bawn *box, const char *id, char **ret_text, struct bawn_error *err)
{
	autochain struct chain chain = { 0 };
	struct text text = { 0 };
	int r;

	if (!box || !ret_text)
		return bad_argument(err, __func__, "a box and a place for the text are needed");
	r = chain_load(&box->request, &chain, err);
	if (r >= 0)
		r = chain_profile(&chain, id, err);
	keep_warnings(box, &chain);
	if (r >= 0)
		r = profile_print(chain.profile, &text, err);
	if (r < 0) {
		text_done(&text);
		return r;
	}
	return text_take(&text, ret_text, err);
}

int bawn_profile_check(struct bawn *box, enum bawn_format format, char **ret_text, struct bawn_error *err)
{
	autochain struct chain chain = { 0 };
	struct text text = { 0 };
	int r;

	if (!box || !ret_text || !is_format(format))
		return bad_argument(err, __func__, "a box, a format and a place for the text are needed");
	r = chain_load(&box->request, &chain, err);
	text_done(&box->warnings);		/* they are part of the text */
	if (r < 0)
		return r;
	chain_print_check(&chain, format, &text);
	return text_take(&text, ret_text, err);
}

/* --- running ------------------------------------------------------------------------------ */

/* What plain exec would do with our descriptor: one that is closed, or closes on exec, does not
 * reach the command. The command line puts such a /dev/null of its own where its caller left
 * nothing, so that no file it opens becomes a standard stream. */
static int crossing(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags < 0 || (flags & FD_CLOEXEC) ? -1 : fd;
}

/* The chain of a box to learn from, judged by what was asked for. */
static int widen(struct bawn *box, struct bawn_child *child, struct bawn_error *err)
{
	int r = chain_learn(&box->request, &child->chain, &child->wide, err);

	if (r >= 0)
		r = chain_plan(&child->wide, false, err);
	if (r < 0)
		return r;
	child->wide.judge = child->chain.policy;
	child->wide.plan->learn = true;
	if (!plan_records(child->wide.plan))
		return error_set(err, ENOTSUP, "learn: nothing is recorded here: there is no seccomp notification, or "
				 "another sandbox around us takes it");
	return 0;
}

/* Older kernels call overlayfs's options by descriptor invalid; or have no overlayfs. */
static int layers_missing(int r, struct bawn_error *err)
{
	struct bawn_error cause = BAWN_ERROR_INIT;

	if (!err || (r != -EINVAL && r != -ENODEV))
		return r;
	cause = *err;
	return error_set(err, -r, "learn: a layer that is thrown away needs overlayfs, of Linux 6.13 or newer: %s",
			 cause.message);
}

static int start(struct bawn *box, const char *const *argv, const int *stdio, unsigned flags, bool learn,
		 struct bawn_child *child, struct bawn_error *err)
{
	struct chain *chain = &child->chain;
	struct command command = {
		.argv = argv,
		.stdio = { stdio ? stdio[0] : crossing(0), stdio ? stdio[1] : crossing(1),
			   stdio ? stdio[2] : crossing(2) },
	};
	autogroundwork struct groundwork *groundwork = NULL;
	int r;

	if (box->request.platform_given && box->request.platform != host_platform())
		return error_set(err, ENOTSUP, "a command can be run for the machine's own platform only");
	if (request_last(&box->request, "sbpl"))
		return error_set(err, ENOTSUP, "option sbpl: for questions only");
	groundwork = chain_begin(&box->request);
	r = make_profile(box, chain, err);
	if (r >= 0) {
		chain_begin_network(chain, groundwork);
		r = chain_policy(chain, err);
	}
	if (r >= 0 && learn) {
		r = widen(box, child, err);
		chain = &child->wide;
	} else if (r >= 0) {
		r = chain_plan(chain, false, err);
	}
	keep_warnings(box, chain);
	if (r < 0)
		return r;
	r = plan_refuse(chain->plan, chain->allow_degraded, err);
	if (r < 0)
		return r;
	r = chain_start_seatbelt(chain, err);
	if (r < 0)
		return r;
	command.keep_fds = chain->keep_fds;
	command.keep_count = chain->keep_count;
	r = child_start(chain, &command, groundwork, flags & BAWN_FORWARD_SIGNALS, &child->child, err);
	if (r >= 0) {
		child->box = box;
		__atomic_add_fetch(&box->users, 1, __ATOMIC_RELAXED);
	}
	return r < 0 && learn ? layers_missing(r, err) : r;
}

static void forget(struct bawn_child *child)
{
	chain_done(&child->wide);
	chain_done(&child->chain);
	bawn_free(child->box);
}

static bool is_command(const char *const *argv)
{
	return argv && argv[0] && argv[0][0];
}

int bawn_run(struct bawn *box, const char *const *argv, unsigned flags, int *ret_status, struct bawn_error *err)
{
	struct bawn_child child = { 0 };
	int r;

	if (!box || !is_command(argv) || !ret_status || (flags & ~BAWN_FORWARD_SIGNALS))
		return bad_argument(err, __func__, "a box, a command, known flags and a place for the "
				    "status are needed");
	r = start(box, argv, NULL, flags, false, &child, err);
	if (r >= 0) {
		r = child_wait(&child.child, ret_status, err);
		child_done(&child.child);
	}
	forget(&child);
	return r;
}

static int learnt(struct bawn_child *child, const char *const *argv, const char *previous, char **ret_profile,
		  struct bawn_error *err)
{
	struct report *report = &child->child.report;
	struct text text = { 0 };
	int r = report_finish(report, err);

	if (r >= 0)
		r = chain_learned(&child->chain, &report->denials, argv, previous, &text, err);
	if (r < 0) {
		text_done(&text);
		return r;
	}
	return text_take(&text, ret_profile, err);
}

int bawn_learn(struct bawn *box, const char *const *argv, const char *previous, unsigned flags, int *ret_status,
	       char **ret_profile, struct bawn_error *err)
{
	struct bawn_child child = { 0 };
	int r;

	if (!box || !is_command(argv) || !ret_status || !ret_profile || (flags & ~BAWN_FORWARD_SIGNALS))
		return bad_argument(err, __func__, "a box, a command, known flags and places for the status and the "
				    "profile are needed");
	r = start(box, argv, NULL, flags, true, &child, err);
	if (r >= 0) {
		r = child_wait(&child.child, ret_status, err);
		if (r >= 0)
			r = learnt(&child, argv, previous, ret_profile, err);
		child_done(&child.child);
	}
	forget(&child);
	return r;
}

int bawn_spawn(struct bawn *box, const char *const *argv, const int stdio[3], unsigned flags,
	       struct bawn_child **ret_child, struct bawn_error *err)
{
	struct bawn_child *child;
	int r;

	if (!box || !is_command(argv) || !ret_child || (flags & ~BAWN_FORWARD_SIGNALS))
		return bad_argument(err, __func__,
				    "a box, a command, known flags and a place for the child are needed");
	child = reserve_zeroed(sizeof(*child));
	if (!child)
		return error_oom(err);
	r = start(box, argv, stdio, flags, false, child, err);
	if (r < 0) {
		forget(child);
		reserve_give(child);
		return r;
	}
	*ret_child = child;
	return 0;
}

int bawn_child_fd(const struct bawn_child *child)
{
	if (!child)
		return -EINVAL;
	/* Without a clock there is nothing to wait for but the end. */
	return child->child.wait_fd >= 0 ? child->child.wait_fd : child->child.process.pidfd;
}

int bawn_kill(struct bawn_child *child, int signal_number, struct bawn_error *err)
{
	if (!child || signal_number < 0 || signal_number >= NSIG)
		return bad_argument(err, __func__, "a child and a signal are needed");
	if (child->ended)
		return error_set(err, ESRCH, "the command has ended");
	return child_kill(&child->child, signal_number, err);
}

int bawn_wait(struct bawn_child *child, int *ret_status, struct bawn_error *err)
{
	int r = 0;

	if (!child || !ret_status)
		return bad_argument(err, __func__, "a child and a place for the status are needed");
	if (!child->ended)
		r = child_wait(&child->child, &child->status, err);
	if (r < 0)
		return r;
	child->ended = true;
	*ret_status = child->status;
	return 0;
}

void bawn_child_free(struct bawn_child *child)
{
	if (!child)
		return;
	child_done(&child->child);		/* ends and reaps what still runs */
	forget(child);
	reserve_give(child);
}

int bawn_denials(struct bawn_child *child, char **ret_text, struct bawn_error *err)
{
	struct text text = { 0 };
	int r = 0;

	if (!child || !ret_text)
		return bad_argument(err, __func__, "a child and a place for the text are needed");
	if (child->child.report.events)
		r = report_print(&child->child.report, &text, err);
	if (r >= 0 && gpu_hint(&child->chain.arena, child->chain.policy, &child->chain.host, &text) < 0)
		r = error_oom(err);
	if (r < 0) {
		text_done(&text);
		return r;
	}
	return text_take(&text, ret_text, err);
}

void bawn_text_free(char *text)
{
	free(text);
}
