/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c — policy + features → plan: which layer holds each rule on this machine. What none can hold: plan_gaps.c.
 *
 * A rule that stands needs a mount only where it differs from the rule around it. A rule on something that is
 * missing is held by the creation broker where the command could create it, and by the read-only mount around
 * it where it could not. Directories on the way to a rule are pinned, so that a rename cannot carry what is
 * ruled away from its name. */
#include "policy/internal.h"

#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 4096			/* PATH_MAX: no system call takes a longer one */

static bool copy_path(char buffer[PATH_SIZE], const char *path)
{
	size_t size = strlen(path) + 1;

	if (size > PATH_SIZE)
		return false;
	memcpy(buffer, path, size);
	return true;
}

const struct rule *policy_enclosing(const struct policy *policy, const char *path)
{
	char buffer[PATH_SIZE];
	ptrdiff_t at;

	if (!copy_path(buffer, path))
		return NULL;
	for (char *slash = strrchr(buffer, '/'); strcmp(buffer, "/"); slash = strrchr(buffer, '/')) {
		slash[slash == buffer] = '\0';
		at = policy_rule_at(policy, buffer);
		if (at >= 0)
			return &policy->rules[at];
	}
	return NULL;
}

static enum access access_around(const struct policy *policy, const char *path)
{
	const struct rule *rule = policy_enclosing(policy, path);

	return rule ? rule->access : ACCESS_DENY;
}

static bool is_scratch_around(const struct policy *policy, const char *path)
{
	const struct rule *rule = policy_enclosing(policy, path);

	return rule && rule->scratch;
}

/* --- layers ------------------------------------------------------------------------------- */

static enum layer layer_of_missing(const struct plan *plan, const struct rule *rule, enum access around)
{
	/* Made through a mount of the broker's own: one of a bawn around us has none. */
	bool made = around == ACCESS_READ && plan->features.seccomp_notify && !plan->features.outer_listener;

	if (rule->access == ACCESS_WRITE)
		return around == ACCESS_WRITE ? LAYER_INHERITED : made ? LAYER_BROKER : LAYER_NOTHING;
	return around == ACCESS_WRITE ? LAYER_BROKER : LAYER_INHERITED;
}

/* The granted directory of devices that a path below /dev lies in, or NULL. */
const struct rule *plan_device_tree(const struct policy *policy, const char *path)
{
	const struct rule *around = policy_enclosing(policy, path);

	return around && rule_is_device(around) && around->access != ACCESS_DENY ? around : NULL;
}

static enum layer layer_of_device(const struct plan *plan, const struct rule *rule)
{
	const struct rule *tree = plan_device_tree(plan->policy, rule->path);

	if (rule->access == ACCESS_DENY)
		return tree && rule->type != HOST_MISSING ? LAYER_MASK : LAYER_NOTHING;
	return tree && rule->access == tree->access ? LAYER_INHERITED : LAYER_DEVICE;
}

static enum layer layer_of(const struct plan *plan, const struct rule *rule)
{
	enum access around = access_around(plan->policy, rule->path);

	if (!strcmp(rule->path, "/"))
		return LAYER_ROOT;
	if (rule->kind != RULE_SYSTEM && path_below(rule->path, "/dev", false) &&
	    plan->policy->platform == PLATFORM_LINUX)
		return layer_of_device(plan, rule);
	if (rule->kind == RULE_PATH && rule->type == HOST_DEVICE && rule->access != ACCESS_DENY)
		return LAYER_DEVICE;
	if (rule->kind == RULE_SYSTEM && rule->type == HOST_OWNED)
		return LAYER_OWNER;
	if (rule->kind == RULE_SYSTEM)
		return rule->access == ACCESS_DENY ? LAYER_MASK :
		       rule->access == ACCESS_READ ? LAYER_MOUNT_READ : LAYER_NAMESPACE;
	if (rule->type == HOST_MISSING)
		return layer_of_missing(plan, rule, around);
	if (rule->access == around && rule->scratch == is_scratch_around(plan->policy, rule->path))
		return LAYER_INHERITED;
	return rule->access == ACCESS_DENY ? LAYER_MASK :
	       rule->access == ACCESS_READ ? LAYER_MOUNT_READ : LAYER_MOUNT_WRITE;
}

static struct plan_item *add_item(struct plan *plan)
{
	return array_add(&plan->arena, (void **)&plan->items, &plan->count, &plan->capacity, sizeof(struct plan_item));
}

static bool landlock_repeats(const struct plan *plan, const struct rule *rule, enum layer layer)
{
	/* Landlock grants below a directory and cannot take away: it repeats "read only here" for all that lies
	 * outside writable roots, and the broker's refusals, which it makes the only way to a new name. */
	if (plan->features.landlock_abi < 2 || rule->kind == RULE_SYSTEM ||
	    (plan->policy->kernel_allow & (1u << KERNEL_USER_NAMESPACES)))	/* see lower_landlock() */
		return false;
	if (rule_is_device(rule))
		return layer == LAYER_DEVICE && rule->access == ACCESS_READ;
	return (layer == LAYER_BROKER && rule->access != ACCESS_WRITE) || layer == LAYER_ROOT ||
	       (rule->access != ACCESS_WRITE && access_around(plan->policy, rule->path) != ACCESS_WRITE);
}

static int add_rule_item(struct plan *plan, const struct rule *rule)
{
	struct plan_item *item = add_item(plan);

	if (!item)
		return -ENOMEM;
	item->rule = rule;
	item->text = rule->label;
	item->origin = rule->origin;
	item->layer = layer_of(plan, rule);
	item->second = landlock_repeats(plan, rule, item->layer) ? LAYER_LANDLOCK : LAYER_NONE;
	if (rule->kind == RULE_PATH && rule->access == ACCESS_WRITE && strstr(rule->path, "/.git") &&
	    strstr(rule->label, "commit"))
		item->note = "whoever may write the index may add a submodule of its own making, and git "
			     "outside enters it";
	if (item->layer == LAYER_BROKER && rule->access == ACCESS_DENY)
		item->note = "the command cannot make it; one that others make later can be read";
	if (item->layer == LAYER_BROKER && rule->access == ACCESS_WRITE)
		item->note = "the broker makes it, and what lies in it, when the command does";
	if (item->layer == LAYER_DEVICE && rule->type == HOST_DIRECTORY)
		item->note = "devices that appear in it later are there too";
	if (item->layer == LAYER_NOTHING && rule->access == ACCESS_DENY && plan_device_tree(plan->policy, rule->path))
		item->note = "a device that appears later under this name can be opened";
	if (item->layer == LAYER_MASK && rule->kind != RULE_SYSTEM && rule->type == HOST_FILE)
		item->note = "holds for this file; one that others put in its place later can be read, not written";
	return 0;
}

static int add_glob_item(struct plan *plan, const struct rule *glob)
{
	struct plan_item *item = add_item(plan);

	if (!item)
		return -ENOMEM;
	*item = (struct plan_item){
		.rule = glob, .text = glob->label, .origin = glob->origin, .layer = LAYER_MASK,
		.second = plan->broker ? LAYER_BROKER : LAYER_NONE,
		.note = "what matched at start is masked; the command cannot make a new match; "
			"a match that others make later can be read, not written",
	};
	return 0;
}

/* --- pins --------------------------------------------------------------------------------- */

int plan_pin(struct plan *plan, const char *path)
{
	const char **slot = array_add(&plan->arena, (void **)&plan->pins, &plan->pin_count, &plan->pin_capacity,
				      sizeof(*slot));

	if (!slot || !(*slot = arena_strdup(&plan->arena, path)))
		return -ENOMEM;
	return 0;
}

/* Whether the mount of a rule stands at path: then the kernel refuses its rename already (EBUSY). */
static bool has_mount(const struct plan *plan, const char *path)
{
	ptrdiff_t at = policy_rule_at(plan->policy, path);
	enum layer layer;

	if (at < 0)
		return false;
	layer = layer_of(plan, &plan->policy->rules[at]);
	return layer == LAYER_ROOT || layer == LAYER_MASK || layer == LAYER_MOUNT_READ || layer == LAYER_MOUNT_WRITE ||
	       layer == LAYER_DEVICE;
}

static int pin_ancestors(struct plan *plan, const char *path)
{
	char buffer[PATH_SIZE];
	int e = 0;

	if (!copy_path(buffer, path))
		return 0;
	for (char *slash = strrchr(buffer, '/'); e >= 0 && slash != buffer; slash = strrchr(buffer, '/')) {
		struct decision decision;

		*slash = '\0';
		if (has_mount(plan, buffer))
			break;
		policy_decide(plan->policy, OPERATION_WRITE, buffer, &decision);
		if (!decision.allowed)
			break;
		e = plan_pin(plan, buffer);
	}
	return e;
}

static int compare_strings(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

void plan_unique_pins(struct plan *plan)
{
	size_t kept = 0;

	if (!plan->pin_count)
		return;
	qsort(plan->pins, plan->pin_count, sizeof(*plan->pins), compare_strings);
	for (size_t i = 1; i < plan->pin_count; i++)
		if (strcmp(plan->pins[i], plan->pins[kept]))
			plan->pins[++kept] = plan->pins[i];
	plan->pin_count = kept + 1;
}

/* A match of a deny glob is not pinned: a pattern that floats ("**" first) matches wherever a rename takes it,
 * and the broker refuses the renames after which it would not. */
static int make_pins(struct plan *plan)
{
	const struct policy *policy = plan->policy;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];

		if (item->rule && item->rule->kind != RULE_SYSTEM && item->rule->kind != RULE_MATCH &&
		    item->rule->kind != RULE_GLOB && item->layer != LAYER_INHERITED && item->layer != LAYER_NOTHING &&
		    !path_below(item->rule->path, "/dev", false))
			e = pin_ancestors(plan, item->rule->path);
	}
	for (size_t i = 0; e >= 0 && i < policy->link_count; i++) {
		struct decision decision;

		policy_decide(policy, OPERATION_WRITE, policy->links[i], &decision);
		if (decision.allowed && (e = plan_pin(plan, policy->links[i])) >= 0)
			e = pin_ancestors(plan, policy->links[i]);
	}
	plan_unique_pins(plan);
	return e;
}

/* --- promises that are not about files ---------------------------------------------------- */

int plan_promise(struct plan *plan, const char *text, struct origin origin, enum layer layer, enum layer second,
		       const char *note)
{
	struct plan_item *item = add_item(plan);

	if (!item || !text)
		return -ENOMEM;
	*item = (struct plan_item){ .text = text, .origin = origin, .layer = layer, .second = second, .note = note };
	return 0;
}

static const struct origin always = { .file = "always" };

static int promise_always(struct plan *plan)
{
	static const struct { const char *text; enum layer layer, second;
	} rows[] = {
		{ "no process, IPC object, host name or control group of the host is seen", LAYER_NAMESPACE,
		  LAYER_NONE },
		{ "no capabilities, no new privileges", LAYER_NAMESPACE, LAYER_SECCOMP },
		{ "no setuid, setgid bits or file capabilities are set", LAYER_SECCOMP, LAYER_NONE },
		{ "a session keyring of its own; keyrings of the host out of reach", LAYER_SECCOMP,
		  LAYER_NONE },
		{ "only descriptors 0 to 2 and those of --keep-fd", LAYER_NAMESPACE, LAYER_NONE },
		{ "signals reach no process outside", LAYER_NAMESPACE, LAYER_LANDLOCK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool scoped = rows[i].second != LAYER_LANDLOCK || plan->features.landlock_abi >= 6;

		if (plan_promise(plan, rows[i].text, always, rows[i].layer, scoped ? rows[i].second : LAYER_NONE,
				NULL) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* What each opened name costs besides itself: a user who opens it must be able to read that somewhere. */
static const char *const weaker[KERNEL__COUNT] = {
	[KERNEL_USER_NAMESPACES] = "weaker: Landlock repeats no file rule, mounts and the broker hold them alone; "
				   "much kernel code becomes reachable",
	[KERNEL_IO_URING] = ("weaker: its operations pass no filter: set-id bits, connections to local sockets "
			     "that appear later, to the host's loopback where the network is on, and with "
			     "user-namespaces missing and protected names too"),
	[KERNEL_PERF] = "weaker: opened by kernel.allow",
	[KERNEL_BPF] = "weaker: opened by kernel.allow",
	[KERNEL_USERFAULTFD] = "weaker: opened by kernel.allow",
	[KERNEL_KEYRING] = "weaker: opened by kernel.allow",
	[KERNEL_VSOCK] = "weaker: opened by kernel.allow",
	[KERNEL_NETLINK] = "weaker: opened by kernel.allow",
	[KERNEL_FOREIGN_ARCH] = "weaker: the kernel's 32-bit entries are open; each call is judged as the 64-bit one "
				"is, and x32 calls stay closed",
};

static int promise_kernel(struct plan *plan)
{
	int e = 0;

	for (int i = 0; e >= 0 && i < KERNEL__COUNT; i++) {
		bool had = i != KERNEL_FOREIGN_ARCH || plan->features.foreign_calls;
		bool open = had && plan->policy->kernel_allow & (1u << i);
		const char *text = arena_printf(&plan->arena, "kernel: %s %s", kernel_name_text(i),
						open ? "open" : "closed");

		e = plan_promise(plan, text, open ? plan->policy->kernel_origins[i] : always,
				open ? LAYER_NONE : LAYER_SECCOMP, LAYER_NONE, open ? weaker[i] : NULL);
	}
	return e;
}

static int promise_limits(struct plan *plan)
{
	int e = 0;

	for (int i = 0; e >= 0 && i < LIMIT__COUNT; i++) {
		const struct limit *limit = &plan->policy->limits[i];
		const char *text = arena_printf(&plan->arena, "limit: %s = %llu", limit_name_text(i),
						(unsigned long long)limit->value);

		if (limit->set)
			e = plan_promise(plan, text, limit->origin,
					 i == LIMIT_WALL_SECONDS ? LAYER_CLOCK : LAYER_RLIMIT, LAYER_NONE, NULL);
	}
	return e;
}

/* --- the whole ---------------------------------------------------------------------------- */

bool plan_anything_writable(const struct policy *policy)
{
	for (size_t i = 0; i < policy->count; i++) {
		const struct rule *rule = &policy->rules[i];

		if (rule->kind != RULE_SYSTEM && !rule_is_device(rule) && rule->access == ACCESS_WRITE &&
		    (rule->type == HOST_DIRECTORY || rule->type == HOST_MISSING))
			return true;
	}
	return false;
}

static int fill(struct plan *plan)
{
	const struct policy *policy = plan->policy;
	ptrdiff_t root = policy_rule_at(policy, "/");
	int e = 0;

	plan->restricted_read = root < 0 || policy->rules[root].access == ACCESS_DENY;
	plan->root_writable = root >= 0 && policy->rules[root].access == ACCESS_WRITE;
	if (policy->platform == PLATFORM_MACOS)
		return (e = plan_macos(plan)) < 0 || (e = promise_limits(plan)) < 0 ? e : plan_settings_gaps(plan);
	/* 32-bit programs have their sockets from the broker, too. */
	plan->broker = plan_anything_writable(policy) || (policy->kernel_allow & (1u << KERNEL_FOREIGN_ARCH));
	plan_network_layers(plan);
	for (size_t i = 0; e >= 0 && i < policy->count; i++)
		e = add_rule_item(plan, &policy->rules[i]);
	for (size_t i = 0; e >= 0 && i < policy->glob_count; i++)
		e = add_glob_item(plan, &policy->globs[i]);
	if (e < 0 || (e = make_pins(plan)) < 0 || (e = promise_always(plan)) < 0 ||
	    (e = plan_network_promises(plan)) < 0 || (e = promise_kernel(plan)) < 0 || (e = promise_limits(plan)) < 0)
		return e;
	return plan_gaps(plan);
}

int plan_make(const struct policy *policy, const struct features *features, struct plan **ret_plan,
	      struct bawn_error *err)
{
	struct plan *plan = reserve_zeroed(sizeof(*plan));

	if (!plan)
		return error_oom(err);
	plan->policy = policy;
	plan->features = *features;
	if (!policy->unconfined && fill(plan) < 0) {
		plan_free(plan);
		return error_oom(err);
	}
	*ret_plan = plan;
	return 0;
}

bool plan_has_broker(const struct plan *plan)
{
	return (plan->broker || plan->sockets == SOCKETS_BROKER || plan->loopback) && plan->features.seccomp &&
	       plan->features.seccomp_notify && !plan->features.outer_broker;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	arena_done(&plan->arena);
	reserve_give(plan);
}

int plan_refuse(const struct plan *plan, bool allow_degraded, struct bawn_error *err)
{
	const struct plan_gap *first = NULL;
	struct arena arena = { 0 };
	struct text text = { 0 };
	size_t refused = 0;

	for (size_t i = 0; i < plan->gap_count; i++) {
		const struct plan_gap *gap = &plan->gaps[i];
		const char *origin = origin_text(&arena, &gap->origin);

		if (allow_degraded && gap->acceptable)
			continue;
		first = first ? first : gap;
		text_printf(&text, "%s%s: cannot be %s here: %s\n  missing: %s\n  remedy:  %s%s",
			    refused++ ? "\n" : "", origin ? origin : "", gap->absent ? "had" : "enforced", gap->what,
			    gap->missing, gap->remedy,
			    gap->acceptable ? ", or --allow-degraded to go without" : "");
	}
	if (refused)
		error_set(err, ENOTSUP, "%s", text.bytes ? text.bytes : "out of memory");
	if (refused && err) {
		err->line = first->origin.line;
		err->column = first->origin.column;
	}
	text_done(&text);
	arena_done(&arena);
	return refused ? -ENOTSUP : 0;
}

void plan_record(struct plan *plan, enum log_level level)
{
	const struct features *f = &plan->features;

	plan->log = level;
	if (level != LOG_NONE && f->seccomp && f->seccomp_notify && !f->outer_listener)
		plan->broker = true;
}

bool plan_records(const struct plan *plan)
{
	return plan->policy->platform == PLATFORM_MACOS ||	/* the system's own log */
	       (plan->broker && plan->features.seccomp_notify && !plan->features.outer_broker);
}
