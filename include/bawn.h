/* SPDX-License-Identifier: Apache-2.0 */
/* bawn.h — the public interface of libbawn: run a command inside the box that a permission profile draws.
 *
 * Order of use:
 *
 *	struct bawn_error err = BAWN_ERROR_INIT;
 *	struct bawn *box;
 *	int status;
 *
 *	if (bawn_new(&box, &err) < 0 ||
 *	    bawn_option(box, "write", "/srv/build", &err) < 0 ||
 *	    bawn_run(box, argv, 0, &status, &err) < 0)
 *		fprintf(stderr, "%s\n", err.message);
 *	bawn_free(box);
 *
 * A policy crosses this interface as text only: profiles and options in, plans and explanations out.
 *
 * Errors: every call that can fail returns 0 (or what its comment says) on success and a negative errno value on
 * failure; then *err, where given, holds one sentence, the exit status that the command line uses, and the place in
 * the file where there is one. Outputs are untouched on failure. err may be NULL.
 * Ownership: a text that a call returns belongs to the caller, who gives it back with bawn_text_free().
 * Threads: a struct bawn belongs to one thread at a time; different ones are independent. The library keeps no global
 * state, installs no signal handler, never prints, and never exits.
 */
#ifndef BAWN_H
#define BAWN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BAWN_PUBLIC __attribute__((visibility("default")))
#else
#define BAWN_PUBLIC
#endif

#define BAWN_STATUS_TIMEOUT	124	/* wall_seconds ran out */
#define BAWN_STATUS_SELF	125	/* bawn itself: bad usage, bad profile, a rule that cannot be enforced */
#define BAWN_STATUS_NOT_EXEC	126	/* the command is not executable */
#define BAWN_STATUS_NOT_FOUND	127	/* the command was not found */

struct bawn;			/* one box: a profile, its options, the command's surroundings */
struct bawn_child;		/* one running command */

struct bawn_error {
	int number;		/* errno value, positive; 0: no error */
	int status;		/* exit status for a command line, 124 to 127 */
	unsigned line, column;	/* 1-based place in file; 0: none */
	char file[256];		/* where the cause stands: a path, "command line", ""; cut when longer */
	char message[1024]; /* one or more lines without a newline at the end; says what, on what, why, how to
			       go on */
};

#define BAWN_ERROR_INIT		{ 0, 0, 0, 0, { 0 }, { 0 } }

enum bawn_format { BAWN_TEXT, BAWN_JSON };
enum bawn_platform { BAWN_PLATFORM_HERE, BAWN_PLATFORM_LINUX, BAWN_PLATFORM_MACOS };

/* Flags of bawn_run() and bawn_spawn(). */
#define BAWN_FORWARD_SIGNALS	1u	/* pass SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 and SIGWINCH on to
					 * the command while it is waited for; from the start until
					 * bawn_child_free() they are blocked in the calling thread */

/* "0.1.0"; static storage. */
BAWN_PUBLIC const char *bawn_version(void);

/* A box with the default profile (the file's default_permissions, else ":workspace"), the caller's working directory
 * and environment, and the configuration file of POLICY "files": $BAWN_CONFIG, else $XDG_CONFIG_HOME/bawn/config.toml,
 * else ~/.config/bawn/config.toml. Nothing is read before it is needed. */
BAWN_PUBLIC int bawn_new(struct bawn **ret_box, struct bawn_error *err);

/* Frees; NULL is allowed. A child spawned from the box lives on. */
BAWN_PUBLIC void bawn_free(struct bawn *box);

/* Reads profiles from this file instead; it must exist. The text is copied. */
BAWN_PUBLIC int bawn_config_file(struct bawn *box, const char *path, struct bawn_error *err);

/* Reads profiles from this text of size bytes instead; origin names it in messages. Both are copied. */
BAWN_PUBLIC int bawn_config_text(struct bawn *box, const char *text, size_t size, const char *origin,
				 struct bawn_error *err);

/* Environment the command's is made from: NULL-terminated "NAME=value" strings, copied. Default: environ. */
BAWN_PUBLIC int bawn_environment(struct bawn *box, const char *const *envp, struct bawn_error *err);

/* Platform to plan and explain for; bawn_run() works on the machine's own only. */
BAWN_PUBLIC int bawn_platform(struct bawn *box, enum bawn_platform platform, struct bawn_error *err);

/* Adds one option, by the long name that the command line has for it ("permission-profile", "directory", "add-dir",
 * "read", "write", "deny", "network", "git", "env", "limit", "keep-fd", "allow-kernel", "set" with key=value, ...).
 * value is NULL for an option without one. Unknown names: -EINVAL. Repeatable options add, others replace. */
BAWN_PUBLIC int bawn_option(struct bawn *box, const char *name, const char *value, struct bawn_error *err);

/* Warnings gathered so far (unknown tokens, missing roots, gaps accepted): lines without a trailing newline,
 * "" when none. Valid until the next call with this box. */
BAWN_PUBLIC const char *bawn_warnings(struct bawn *box);

/* What would be enforced, by which layer; argv may be NULL. Nothing is run. */
BAWN_PUBLIC int bawn_plan(struct bawn *box, const char *const *argv, enum bawn_format format, char **ret_text,
			  struct bawn_error *err);

/* Allow or deny, the deciding rule, its origin, what would change it. operation: "read", "write", "exec",
 * "unix-bind", "unix-connect", "device" (target: a path), "connect", "listen" (a loopback port or HOST:PORT), "domain",
 * "kernel" (a name of kernel.allow, or of a system call).
 * *ret_allowed is 1 or 0. */
BAWN_PUBLIC int bawn_explain(struct bawn *box, const char *operation, const char *target, enum bawn_format format,
			     int *ret_allowed, char **ret_text, struct bawn_error *err);

/* What this machine can enforce, what it cannot and what to change, for the built-in profiles and the box's own; and
 * which places of secrets the latter lets be read. topic "gpu" (NULL: none) instead: which GPUs are here, and whether
 * they open outside and inside a box; devices are opened and a box is run for that, of a minute at most. *ret_healthy
 * is 1 when there is nothing to change, else 0. */
BAWN_PUBLIC int bawn_doctor(struct bawn *box, const char *topic, enum bawn_format format, int *ret_healthy,
			    char **ret_text, struct bawn_error *err);

/* Built-in profiles and the file's. */
BAWN_PUBLIC int bawn_profile_list(struct bawn *box, enum bawn_format format, char **ret_text, struct bawn_error *err);

/* The effective profile as TOML that, read back, gives the same policy. id NULL: the default one. */
BAWN_PUBLIC int bawn_profile_show(struct bawn *box, const char *id, char **ret_text, struct bawn_error *err);

/* Checks the configuration file: *ret_text holds its warnings and remarks; an error in it is this call's error. */
BAWN_PUBLIC int bawn_profile_check(struct bawn *box, enum bawn_format format, char **ret_text, struct bawn_error *err);

/* Runs argv (NULL-terminated, argv[0] looked up on the command's PATH inside the box) and waits. Descriptors 0 to 2
 * are shared with it, and those named by the option keep-fd. *ret_status is the exit status of POLICY "exit status". */
BAWN_PUBLIC int bawn_run(struct bawn *box, const char *const *argv, unsigned flags, int *ret_status,
			 struct bawn_error *err);

/* The same without waiting; stdio, when given, holds the three descriptors that become 0, 1 and 2 (they stay the
 * caller's). */
BAWN_PUBLIC int bawn_spawn(struct bawn *box, const char *const *argv, const int stdio[3], unsigned flags,
			   struct bawn_child **ret_child, struct bawn_error *err);

/* A descriptor that polls readable when bawn_wait() will not block; it belongs to the child. */
BAWN_PUBLIC int bawn_child_fd(const struct bawn_child *child);

/* Sends a signal to the command. */
BAWN_PUBLIC int bawn_kill(struct bawn_child *child, int signal_number, struct bawn_error *err);

/* Waits for the end; *ret_status as bawn_run(). A limit of wall_seconds is kept by this call. */
BAWN_PUBLIC int bawn_wait(struct bawn_child *child, int *ret_status, struct bawn_error *err);

/* What was refused to the command so far, one denial after the other, each with its rule and what would allow it.
 * With the option log-denials a whole report; without, a hint of a few lines about what is known for free, "" when
 * that is nothing. That a GPU is here and not in the box is among it. */
BAWN_PUBLIC int bawn_denials(struct bawn_child *child, char **ret_text, struct bawn_error *err);

/* Runs argv as bawn_run() does, in a box that lets all be read and that lets writes outside the workspace happen in a
 * layer that is thrown away; *ret_profile is a configuration file with the profile that would have let it work: the
 * smallest readable one, each line with its reason, and as comments what it asked for and should be thought about.
 * previous: the text of the configuration file whose profile the box has, to which the lesson is added; or NULL, with
 * a built-in profile. */
BAWN_PUBLIC int bawn_learn(struct bawn *box, const char *const *argv, const char *previous, unsigned flags,
			   int *ret_status, char **ret_profile, struct bawn_error *err);

/* Ends the command if it still runs, and frees; NULL is allowed. */
BAWN_PUBLIC void bawn_child_free(struct bawn_child *child);

/* Gives back a text; NULL is allowed. */
BAWN_PUBLIC void bawn_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
