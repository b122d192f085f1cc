/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h — what a profile says, what that means on a host, and which layer enforces it.
 *
 *	profile_parse    *.toml          → struct profile   a list of settings, each with its place in a file
 *	policy_resolve   profile + host  → struct policy    one flat list of absolute rules, each with its origin
 *	policy_decide    policy, path    → allow or deny    the one place where that question is answered
 *	plan_make        policy + features → struct plan    which layer holds which rule; refuses what none can
 *
 * Nothing in this folder makes a system call: what it must know of the machine comes through struct host and struct
 * features, which tests write by hand. */
#ifndef BAWN_POLICY_H
#define BAWN_POLICY_H

#include "toml/toml.h"

/* --- values ------------------------------------------------------------------------------- */

struct origin {				/* where a value was said */
	const char *file;		/* a path, "command line", "built-in :workspace", "always" */
	unsigned line, column;		/* 0: a place without lines */
};

enum access { ACCESS_UNSET, ACCESS_DENY, ACCESS_READ, ACCESS_WRITE, ACCESS_COMMIT };	/* COMMIT: only for .git */

enum kernel_name {			/* kernel.allow, in the order of the names' table */
	KERNEL_USER_NAMESPACES, KERNEL_IO_URING, KERNEL_PERF, KERNEL_BPF, KERNEL_USERFAULTFD, KERNEL_KEYRING,
	KERNEL_VSOCK, KERNEL_NETLINK, KERNEL_FOREIGN_ARCH, KERNEL__COUNT
};

enum limit_name {
	LIMIT_PROCESSES, LIMIT_MEMORY, LIMIT_CPU_SECONDS, LIMIT_WALL_SECONDS, LIMIT_FILE_SIZE, LIMIT_OPEN_FILES,
	LIMIT_CORE_SIZE, LIMIT__COUNT
};

const char *access_name(enum access access);		/* "deny", "read", "write", "commit" */
const char *kernel_name_text(enum kernel_name name);
bool kernel_name_is(const char *text);
const char *limit_name_text(enum limit_name name);

/* --- profile.c: profiles as written ------------------------------------------------------- */

enum profile_key {			/* one for each row of profile.def */
#define KEY(id, section, key, type, layer, help) PROFILE_##id,
#include "policy/profile.def"
#undef KEY
	PROFILE__COUNT
};

enum key_type {
	KEY_BOOL, KEY_INTEGER, KEY_SIZE,	/* SIZE: integer, or string with K, M, G, T */
	KEY_STRING, KEY_STRINGS, KEY_PORTS,	/* PORTS: array of integers 1..65535 */
	KEY_MODE, KEY_INHERIT,			/* closed sets of strings, see key_words() */
	KEY_KERNEL,				/* array of kernel names */
	KEY_GPU,				/* bool or string */
	KEY_ACCESS_MAP,				/* path → access, or path → table of sub-path → access */
	KEY_DEVICE_MAP, KEY_DECISION_MAP,	/* path or domain → access; → "allow" | "deny" */
	KEY_BOOL_MAP, KEY_STRING_MAP,
};

struct setting {			/* one thing that a profile says */
	enum profile_key key;
	const char *name;		/* in a map: the user's key as written; else NULL */
	const char *sub;		/* filesystem: sub-path, "." for the entry itself; else NULL */
	struct origin origin;
	union {
		bool boolean;
		int64_t integer;
		enum access access;	/* also for decisions: ACCESS_DENY, ACCESS_READ meaning "allow" */
		const char *string;
		struct { const char **items; size_t count; } strings;	/* also KEY_KERNEL */
		struct { uint16_t *items; size_t count; } ports;
	} value;
	bool is_string;			/* KEY_GPU: value.string, not value.boolean */
	bool scalar;			/* filesystem, for merging only: written as a word, not in a table */
	bool subtree;			/* filesystem, for merging only: written with a trailing slash-star-star */
};

struct profile {
	const char *id;			/* "dev", ":workspace" */
	const char *description;	/* NULL: none */
	const char *extends;		/* NULL: none */
	struct origin origin;
	struct origin extends_origin;
	struct setting *settings;	/* after profile_effective(): parents first, merged, one per (key, name, sub) */
	size_t count, capacity;
};

struct profiles {			/* a file, and the built-ins */
	struct arena arena;
	struct profile *items;		/* built-ins first */
	size_t count, capacity;
	const char *default_id;		/* default_permissions, or NULL */
	struct origin default_origin;
	struct text warnings;		/* lines */
	struct text remarks; /* lines that only `profile check` shows: other programs' keys, keys without effect
				here */
};

/* The built-ins and, unless text is NULL, a configuration file of size bytes. Every error of POLICY 1 and 2 carries its
 * place; the file's profiles are all validated, also those not used (extends chains too). */
int profiles_parse(const char *text, size_t size, const char *origin, struct profiles **ret_profiles,
		   struct bawn_error *err);
void profiles_free(struct profiles *profiles);
const struct profile *profiles_find(const struct profiles *profiles, const char *id);
/* id with its parents merged in, in the arena of profiles. Unknown id: -ENOENT with the nearest one. */
int profile_effective(struct profiles *profiles, const char *id, struct profile **ret_profile, struct bawn_error *err);
/* Says one more thing, as a child profile would: key is dotted ("network.enabled", "filesystem.\"/x\"" as in
 * TOML), value a TOML value ("true", "\"write\""). For -c key=value and for the grants, with a positionless
 * origin. */
int profile_set(struct profiles *profiles, struct profile *profile, const char *key, const char *value,
		struct origin origin, struct bawn_error *err);
/* The same for one entry of a map whose parts need no quoting: section map, user's key, sub-path (NULL: "."),
 * access word. */
int profile_set_entry(struct profiles *profiles, struct profile *profile, enum profile_key key, const char *name,
		      const char *sub, const char *value, struct origin origin, struct bawn_error *err);
bool profile_is_unconfined(const struct profile *profile);		/* :danger-full-access */
const struct setting *profile_find(const struct profile *profile, enum profile_key key, const char *name);
/* TOML that profiles_parse() reads back to the same settings: [permissions.<id>] with all its tables, without
 * extends. A built-in's id loses its colon. */
int profile_print(const struct profile *profile, struct text *text, struct bawn_error *err);
const char *setting_text(struct arena *arena, const struct setting *setting);	/* `":tmpdir" = "write"` */
const char *origin_text(struct arena *arena, const struct origin *origin);	/* "p.toml:3:1", "command line" */

/* --- the host, as far as a policy depends on it ------------------------------------------- */

enum host_type { HOST_MISSING, HOST_FILE, HOST_DIRECTORY, HOST_SYMLINK, HOST_SOCKET, HOST_DEVICE, HOST_OTHER,
		 HOST_OWNED /* the host's root's alone, by owner and mode */ };
enum platform { PLATFORM_LINUX, PLATFORM_MACOS };

struct host_entry {
	enum host_type type;		/* of the path itself: a symbolic link is not followed */
	uint64_t device, inode;
	unsigned links;			/* hard links */
	bool direct;			/* no component of the path is a symbolic link: it is canonical as it stands */
	char target[4096];		/* HOST_SYMLINK: what it says */
};

struct host {
	enum platform platform;
	unsigned uid, gid;
	const char *home;		/* absolute, or NULL */
	const char *cwd;		/* absolute and canonical; NULL: it was deleted */
	const char *tmpdir;		/* $TMPDIR, or NULL */
	const char *const *environ;	/* "NAME=value", NULL at the end */
	const char *const *sockets;	/* absolute paths of bound local sockets, NULL at the end; may be NULL */
	const char *sockets_missing;	/* why some are not among them, or NULL */
	void *context;			/* for the callbacks */
	/* What stands at an absolute path. 0, also for what is missing (HOST_MISSING), or -errno (EACCES:
	 * cannot know). */
	int (*lookup)(void *context, const char *path, struct host_entry *ret_entry);
	/* Gives back what lookups have kept open for those that follow: they are over. NULL: nothing. */
	void (*rest)(void *context);
	/* Calls visit for every name of a directory except "." and ".."; stops when it returns non-zero, and
	 * returns that. */
	int (*list)(void *context, const char *path,
		    int (*visit)(void *argument, const char *name, enum host_type type, uint64_t inode),
		    void *argument);
	/* Whether a directory takes names that differ in case alone for one. NULL: none does. */
	bool (*folds_case)(void *context, const char *path);
	/* At most size-1 bytes of a small file, NUL-terminated; the count, or -errno. */
	ssize_t (*read)(void *context, const char *path, char *bytes, size_t size);
	/* What the caller would be told outside the box: 0 where it may, else -errno. aspect: enum event_aspect.
	 * NULL: it may everything. */
	int (*permits)(void *context, const char *path, enum access wanted, int aspect);
	/* Whether there is a process of that number outside the box. NULL: there is. */
	bool (*process_exists)(void *context, int pid);
	/* Whether somebody outside the box listens on this TCP port. NULL: somebody does. */
	bool (*listens)(void *context, unsigned port);
};

/* --- resolve.c: names → absolute rules ---------------------------------------------------- */

enum rule_kind {
	RULE_PATH,			/* an entry of the profile */
	RULE_GLOB,			/* a deny glob: a pattern, not a path */
	RULE_MATCH,			/* a path that a deny glob matched at start */
	RULE_PROTECTED,			/* a protected name, or part of one */
	RULE_GIT,			/* part of `.git = "commit"` */
	RULE_SYSTEM,			/* /proc, /dev, /sys: always so */
	RULE_DEVICE,			/* an entry about something below /dev */
	RULE_GPU,			/* found for devices.gpu: its nodes, and what else it needs */
	RULE_PERMISSION,			/* of a struct permission: no file rule */
};

struct rule {
	const char *path;		/* absolute and canonical; RULE_GLOB: the absolute pattern */
	const char *written;		/* absolute, symbolic links and all; == path when they are the same */
	enum access access;		/* DENY, READ or WRITE */
	enum rule_kind kind;
	enum host_type type;		/* what stood there at start */
	bool nocase;			/* compare without case */
	bool scratch;			/* writes go to a layer that is thrown away (learn.h) */
	struct origin origin;
	const char *label;		/* as the user may find it: `":tmpdir" = "write"`, `protected name ".git"` */
	const char *hint;		/* profile line that would open it, or NULL */
};

enum operation {			/* what a command may try to do, and what one may ask about */
	OPERATION_READ, OPERATION_WRITE, OPERATION_EXEC,
	OPERATION_UNIX_BIND, OPERATION_UNIX_CONNECT,	/* local sockets, by path; connect: those of the host */
	OPERATION_CONNECT, OPERATION_LISTEN,		/* ports of the host's loopback */
	OPERATION_DOMAIN, OPERATION_DEVICE,
	OPERATION_KERNEL,	/* Linux: a name of kernel.allow, or a system call that nothing opens */
	OPERATION_IOKIT, OPERATION_MACH_LOOKUP, OPERATION_SYSCTL,	/* macOS */
	OPERATION__COUNT
};

/* What a profile says of anything but files. The subject, rule.path, is a canonical path (unix-connect, device: and all
 * below it), a port ("5432"), a pattern (domain) or a name (mach-lookup, iokit); "*" stands for every one. rule.access
 * is DENY, READ (which is all that "allow" needs) or WRITE (devices). */
struct permission { enum operation operation; struct rule rule; };

enum network_mode { NETWORK_OFF, NETWORK_PROXY, NETWORK_FULL };

struct commit { const char *tree, *common; };	/* common: the common git directory; NULL: no repository yet */

struct device_link { const char *path, *target; };	/* a link below /dev, and the canonical path it leads to */

struct limit { bool set; uint64_t value; struct origin origin; };

struct policy {
	struct arena arena;
	const char *profile_id;
	bool unconfined;		/* :danger-full-access */
	bool gpu_found;			/* Linux: some of what devices.gpu asks for is granted */
	const char *cwd;
	enum platform platform;
	unsigned uid, gid;
	struct rule *rules;		/* sorted by path (plain byte order), one per path */
	size_t count, capacity;
	bool any_nocase;		/* one of rules has nocase */
	struct rule *globs;		/* RULE_GLOB */
	size_t glob_count, glob_capacity;
	const char **links;		/* symbolic links that rules passed through: must stay as they are */
	size_t link_count, link_capacity;
	struct commit *commits;		/* work trees opened by `.git = "commit"` */
	size_t commit_count, commit_capacity;
	const char **sockets;		/* host sockets to close */
	size_t socket_count, socket_capacity;
	const char *sockets_missing;	/* why some are not among them (static), or NULL */
	enum network_mode network;
	struct origin network_origin;
	struct permission *permissions;		/* in the order of the profile's settings */
	size_t permission_count, permission_capacity;
	const struct setting *gpu;	/* devices.gpu; these three are the profile's, NULL: not asked for */
	struct rule gpu_rule;		/* macOS: what devices.gpu opens is allowed by this */
	const struct setting *appleevents, *extra_sbpl;		/* macOS */
	const char *gpu_missing, *gpu_remedy;	/* Linux: what was looked for in vain, what to do; or NULL */
	struct device_link *device_links;	/* Linux: what the box's /dev needs besides nodes */
	size_t device_link_count, device_link_capacity;
	struct setting *unenforced;	/* settings that this version cannot enforce: plan refuses them */
	size_t unenforced_count, unenforced_capacity;
	const char **environ;		/* the command's, NULL at the end */
	size_t environ_count, environ_capacity;
	struct limit limits[LIMIT__COUNT];
	uint32_t kernel_allow;		/* 1u << KERNEL_... */
	struct origin kernel_origins[KERNEL__COUNT];
	struct text notes;		/* lines for plan: what the scan left out, roots that do not exist */
	struct text warnings;		/* lines for every command */
};

/* profile must outlive the policy. */
int policy_resolve(const struct profile *profile, const char *const *add_dirs, const struct host *host,
		   struct policy **ret_policy, struct bawn_error *err);
void policy_free(struct policy *policy);

/* devices.c: what the rule gives is devices, not files. */
bool rule_is_device(const struct rule *rule);

/* Follows links as the kernel would, in the host's callbacks. ret_path: canonical (the missing tail stays as
 * written). */
int path_canonical(struct arena *arena, const struct host *host, const char *path, const char **ret_path,
		   struct host_entry *ret_entry, struct bawn_error *err);
/* The same, and adds the links that it passes through to passed->links; everything is passed->arena's. */
int path_canonical_through(struct policy *passed, const struct host *host, const char *path, const char **ret_path,
			   struct host_entry *ret_entry, struct bawn_error *err);

/* --- match.c: the decision ---------------------------------------------------------------- */

const char *operation_name(enum operation operation);
int operation_find(const char *name);			/* or -1 */
bool operation_is_path(enum operation operation);	/* its subject is a path */

struct decision {
	bool allowed;
	const struct rule *rule;	/* NULL: no entry */
	const char *reason;		/* static: why, where there is no rule; NULL: what no entry names is denied */
	bool gpu;			/* devices.gpu would allow it */
};

/* subject: an absolute and canonical path; or what struct permission says of the operation (connect: a port, or
 * HOST:PORT).
 * Files: a deny glob that matches path or a directory above it decides; else the longest rule. */
void policy_decide(const struct policy *policy, enum operation operation, const char *subject, struct decision *ret);
#define RUNNERS_UP_MAX 5
/* The rules that apply too, and would decide if those before them were not there, in their order.
 * decided: the one that did, or NULL. */
size_t policy_runners_up(const struct policy *policy, enum operation operation, const char *subject,
			 const struct rule *decided, const struct rule *ret_rules[RUNNERS_UP_MAX]);
/* The same for those who want no reason. */
bool policy_allows_write(const struct policy *policy, const char *path);
/* path is as above; true when a rule stands at or below it that gives less than what it is given itself. */
bool policy_rules_below(const struct policy *policy, const char *path);
/* Whether the directory from may become to: no rule lies below either (those are bound to their paths), and
 * what deny globs matched below from is denied at its new path too. */
bool policy_rename_allowed(const struct policy *policy, const char *from, const char *to);
/* Whether the profile opens every subject of an operation ("*") and closes none. */
bool policy_opens_all(const struct policy *policy, enum operation operation);
/* The nearest rule on a directory above path, or NULL (plan.c). */
const struct rule *policy_enclosing(const struct policy *policy, const char *path);
/* Index of the rule exactly at path, or -1. */
ptrdiff_t policy_rule_at(const struct policy *policy, const char *path);
/* image.c: a policy as bytes, for a bawn around this one; what policy_decide() and policy_rename_allowed() look at, and
 * the work trees. */
void policy_pack(const struct policy *policy, struct text *image);
/* Whether others' bytes are sound, and how much room policy_unpack() needs for arrays besides. */
bool policy_image_check(const char *image, size_t size, size_t *ret_room);
/* After policy_image_check(); the policy points into the image and the room, which is aligned as by malloc(). */
void policy_unpack(const char *image, size_t size, void *room, struct policy *ret_policy);

/* One pattern against one absolute path: * ? [...] {a,b} within a component, ** across. glob_prefix: whether
 * something below this directory could still match. */
bool glob_match(const char *pattern, const char *path, bool nocase);
bool glob_prefix(const char *pattern, const char *directory, bool nocase);
bool glob_match_above(const char *pattern, const char *path, bool nocase);	/* path, or a directory above it */
bool glob_is(const char *text);				/* holds one of * ? [ { */
/* Whether a pattern is well formed and within bounds; *ret_reason (static) says what is wrong. Only such ones
 * may be matched with. */
bool glob_valid(const char *pattern, const char **ret_reason);
/* The pattern that matches exactly this text: for a directory that stands before a pattern. NULL: out of memory. */
char *glob_quote(struct arena *arena, const char *text);
/* The directory, unquoted, that all matches of an absolute pattern stand below (or are). NULL: out of memory. */
char *glob_base(struct arena *arena, const char *pattern);

/* --- macos.c: what is open on macOS besides files ------------------------------------------ */

enum macos_kind { MACOS_MACH, MACOS_SYSCTL, MACOS_IOKIT, MACOS_SEGMENT_READ, MACOS_SEGMENT_WRITE };
enum macos_when { MACOS_ALWAYS, MACOS_APPLEEVENTS, MACOS_READ_ALL, MACOS_NETWORK, MACOS_FULL, MACOS_GPU };
enum { MACOS_EXACT, MACOS_PREFIX };

struct macos_row {			/* of macos.def */
	enum macos_kind kind;
	enum macos_when when;
	bool prefix;			/* whatever begins with name */
	const char *name, *why;
};

const struct macos_row *macos_rows(size_t *ret_count);
bool macos_row_holds(const struct policy *policy, const struct macos_row *row);
/* The link of the root's into /private that a path leads through, or NULL. */
const char *macos_root_link(const char *path);
/* A directory that programs of all kinds put their sockets into. */
bool macos_is_shared(const char *path);
/* The socket that names of hosts are asked at. */
#define MACOS_RESOLVER "/private/var/run/mDNSResponder"
/* Pattern of the sockets that the command makes in such a directory for itself. NULL: out of memory. */
const char *macos_own_socket_pattern(struct arena *arena, const char *directory);
/* Whether a local socket may be connected to because it lies where the command may write, outside such
 * directories, and the host had not bound it at start. */
bool macos_socket_is_own(const struct policy *policy, const char *path, const struct rule **ret_rule);

/* --- plan.c: who enforces what ------------------------------------------------------------ */

struct features {			/* what this machine has; probe() fills it, tests write it */
	int landlock_abi;		/* 0: none */
	bool user_namespaces;
	const char *user_namespaces_blocker;	/* why not, and what would change it; NULL when they work */
	bool seccomp;
	bool seccomp_notify;		/* notification with WAIT_KILLABLE and ADDFD_SEND (Linux 5.19) */
	bool outer_listener;		/* another sandbox around us holds the one listener there may be */
	bool outer_broker;		/* and it is a bawn that takes our names along */
	bool new_mount_api;		/* open_tree, move_mount, mount_setattr (Linux 5.12) */
	bool openat2;			/* Linux 5.6 */
	bool proc_mountable;		/* a new procfs may be mounted */
	bool foreign_calls;		/* this architecture's 32-bit calls have rows to be judged by */
	bool root;			/* the caller's uid is 0 */
	bool sandbox_exec;		/* macOS: /usr/bin/sandbox-exec is there */
	bool inside_seatbelt;		/* macOS: a Seatbelt profile holds us already */
};

enum layer {
	LAYER_NONE,
	LAYER_ROOT,			/* the root itself: read-only, or assembled from what may be read */
	LAYER_MOUNT_WRITE, LAYER_MOUNT_READ, LAYER_MASK,
	LAYER_DEVICE,			/* the host's own device, bound into the box */
	LAYER_INHERITED,		/* already so by the rule above it */
	LAYER_BROKER,			/* a name that is missing: the creation broker refuses it */
	LAYER_PIN,			/* a directory or link that must not be renamed */
	LAYER_OWNER,			/* file ownership: root's alone, and the command is not root */
	LAYER_RELAY,			/* one port of the host's loopback, by a process of the box */
	LAYER_NAMESPACE, LAYER_SECCOMP, LAYER_LANDLOCK, LAYER_RLIMIT, LAYER_CLOCK, LAYER_ENVIRONMENT,
	LAYER_SEATBELT,			/* macOS */
	LAYER_NOTHING,			/* not there, nothing to hold (a missing place that may be written) */
	LAYER__COUNT
};
const char *layer_name(enum layer layer);
const char *layer_help(enum layer layer);

struct plan_item {
	const struct rule *rule;	/* or NULL */
	const char *text;		/* what is promised */
	struct origin origin;
	enum layer layer, second;	/* second: LAYER_NONE, or what repeats it */
	const char *note;		/* or NULL */
};

struct plan_gap {			/* what nothing on this machine holds */
	const char *what, *missing, *remedy;
	struct origin origin;
	bool acceptable;		/* --allow-degraded may accept it */
	bool absent;			/* not that nothing holds it: what was asked for is not here */
};

/* What is recorded of refusals: what is known for free, for a hint; all but reads; all. */
enum log_level { LOG_NONE, LOG_DENIALS, LOG_ALL };
#define PORTS_RELAYED	64		/* of each kind, with the network off */

enum sockets_layer {			/* what keeps the command from local sockets of the host */
	SOCKETS_OPEN,			/* nothing: all are allowed */
	SOCKETS_BROKER,			/* connect() goes to the broker, and there are no datagram sockets */
};

struct plan {
	struct arena arena;
	const struct policy *policy;
	struct features features;
	bool restricted_read;		/* the root is assembled, not made read-only in place */
	bool root_writable;
	enum log_level log;		/* plan_record() */
	bool learn;			/* what is done in a scratch is recorded, too */
	bool broker;			/* the broker makes names */
	enum sockets_layer sockets;
	bool loopback;			/* the broker decides about the host's loopback, for its namespace is shared */
	const char **pins;		/* absolute paths that must not be renamed */
	size_t pin_count, pin_capacity;
	struct plan_item *items;
	size_t count, capacity;
	struct plan_gap *gaps;
	size_t gap_count, gap_capacity;
};

/* policy must outlive the plan. Fails only for want of memory: gaps are part of the plan, plan_refuse() judges them. */
int plan_make(const struct policy *policy, const struct features *features, struct plan **ret_plan,
	      struct bawn_error *err);
void plan_free(struct plan *plan);
/* Whether a broker of its own runs for the plan, not one of a bawn around it. */
bool plan_has_broker(const struct plan *plan);
/* Asks for a record of what is refused: a box that had no need of a broker gets one for it, where there can be one. */
void plan_record(struct plan *plan, enum log_level level);
/* Whether somebody in the box can record what is refused. */
bool plan_records(const struct plan *plan);
/* 0, or -ENOTSUP with all gaps named: what, from which line, what is missing, what would make it possible. */
int plan_refuse(const struct plan *plan, bool allow_degraded, struct bawn_error *err);

/* print.c, decision.c */
int plan_print(const struct plan *plan, const char *const *argv, enum bawn_format format, struct text *text);
/* plan NULL: without the layer and the rules that would decide next. */
int decision_print(const struct policy *policy, const struct plan *plan, enum operation operation, const char *target,
		   const char *canonical, const struct decision *decision, enum bawn_format format, struct text *text);
/* The lines "rule:" and, where denied, "allow:" of an answer. */
void decision_print_why(struct text *text, enum operation operation, const char *subject,
			const struct decision *decision, const char *line, const char *command_option);
/* What a user would add to allow it: profile line and option. */
void decision_grant(struct arena *arena, const struct policy *policy, enum operation operation, const char *path,
		    const struct decision *decision, const char **ret_line, const char **ret_option);

#endif
