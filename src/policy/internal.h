/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h — what the files of policy/ share with each other, and nobody else includes. */
#ifndef BAWN_POLICY_INTERNAL_H
#define BAWN_POLICY_INTERNAL_H

#include "policy/policy.h"

/* settings.c: network, limits, kernel names, environment of the profile → policy. */
int policy_settings(const struct profile *profile, const struct host *host, struct policy *policy,
		    struct bawn_error *err);

/* permissions.c: what the profile says of sockets, ports, domains, devices, macOS's services → policy. */
int policy_permissions(const struct profile *profile, const struct host *host, struct policy *policy,
		       struct bawn_error *err);
/* policy_decide() for these. */
void permissions_decide(const struct policy *policy, enum operation operation, const char *subject,
			struct decision *ret);

/* The rule that decides when those of passed were not there, or NULL. */
const struct rule *permissions_next(const struct policy *policy, enum operation operation, const char *subject,
				    const struct rule *const passed[], size_t passed_count);
bool rule_is_among(const struct rule *rule, const struct rule *const rules[], size_t count);	/* match.c */

/* What the making of a policy carries from step to step (resolve.c, git.c, scan.c). */
struct resolver {
	struct policy *policy;
	const struct profile *profile;
	const struct host *host;
	struct rule *pending;		/* new rules, until resolver_sort() takes them in */
	size_t pending_count, pending_capacity;
	const char **roots;		/* workspace roots, canonical */
	size_t root_count, root_capacity;
	const struct setting *entry;	/* of filesystem or devices, being resolved */
	bool nocase;			/* protected names being added lie where case does not count */
	struct bawn_error *err;
};

/* Adds a rule for a path as written: makes it canonical, remembers the links it passed through. It counts after
 * resolver_sort(). */
int resolver_add(struct resolver *r, const char *written, enum access access, enum rule_kind kind,
		 const struct origin *origin, const char *label);
/* path_canonical() that remembers the links passed through: the command must not be able to turn them. */
int resolver_canonical(struct resolver *r, const char *path, const char **ret_path, struct host_entry *ret_entry);
/* Sorts; of several rules on one path one stays: an entry before what is derived; among entries deny, write, read. */
int resolver_sort(struct resolver *r);
/* What the rules so far, sorted, say of writing to path. */
bool resolver_writable(const struct resolver *r, const char *path);

/* plan.c, for its siblings: text may be NULL for want of memory. 0 or -ENOMEM. */
int plan_promise(struct plan *plan, const char *text, struct origin origin, enum layer layer, enum layer second,
		 const char *note);
/* The entry for a directory that a device's node lies in, or NULL. */
const struct rule *plan_device_tree(const struct policy *policy, const char *path);
bool plan_anything_writable(const struct policy *policy);	/* devices and the system's own aside */

/* plan_gaps.c: what a gap says may be NULL for want of memory. 0 or -ENOMEM. */
int plan_add_gap(struct plan *plan, struct plan_gap gap);
int plan_settings_gaps(struct plan *plan);		/* settings that nothing enforces: on any platform */
int plan_gaps(struct plan *plan);			/* all, on Linux */

/* plan_network.c: the network and local sockets of a plan. */
void plan_network_layers(struct plan *plan);
int plan_network_promises(struct plan *plan);
int plan_network_gaps(struct plan *plan);

/* macos.c: what permissions_decide() left undecided on macOS. */
void macos_decide(const struct policy *policy, enum operation operation, const char *subject,
		  struct decision *decision);

int plan_pin(struct plan *plan, const char *path);
void plan_unique_pins(struct plan *plan);		/* sorted, each once */

/* plan_macos.c: the whole of a plan for macOS, but limits and settings that nothing enforces. */
int plan_macos(struct plan *plan);

/* git.c: `.git` of one writable directory: protected, with its pointers; or opened as far as "commit" says. */
int git_protect(struct resolver *r, const char *directory, const struct origin *origin, const char *label);
int git_commit(struct resolver *r, const char *dot_git, const struct setting *setting);

/* devices.c: entries below /dev, and what devices.gpu finds. */
/* The box's own /dev, where entries ask for what is so anyway (*ret_given) or cannot be had. */
bool devices_is_own(const char *path, enum access access, bool *ret_given);
/* An entry at path, canonical, below /dev. */
int devices_add(struct resolver *r, const char *path, const char *written, enum host_type type, enum access access,
		const struct origin *origin, const char *label);
/* An entry of the table devices. */
int devices_entry(struct resolver *r, const struct setting *setting);
int devices_gpu(struct resolver *r);		/* after the entries are sorted */
/* Whether the box's /dev has this path: a granted device, the box's own, a link, or a directory on the way to one. */
bool devices_has(const struct policy *policy, const char *path);

/* resolve.c: a new rule for a canonical path; it counts after resolver_sort(). */
int resolver_add_at(struct resolver *r, const char *path, const char *written, enum host_type type, enum access access,
		    enum rule_kind kind, const struct origin *origin, const char *label);
/* Whether a name that is written otherwise may lead there, and is denied all the same. */
bool resolver_denies_any_case(struct resolver *r, const char *path, enum access access);

/* entries.c: the profile's entries for files, after the roots that they may be relative to (the working directory,
 * add_dirs, workspace_roots). */
int entries_add(struct resolver *r, const char *const *add_dirs);
int resolver_unenforced(struct resolver *r, const struct setting *setting);	/* an entry that nothing here holds */

/* scan.c */
int scan_nested_repositories(struct resolver *r,
			     const char *root); /* bounded; adds rules, notes where it stopped */
bool resolver_is_workspace(const struct resolver *r, const char *root);	/* one of its workspace roots itself */
int scan_globs(struct resolver *r,
	       unsigned max_depth); /* RULE_MATCH for everything that deny globs match now */

#endif
