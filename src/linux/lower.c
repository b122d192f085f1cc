/* SPDX-License-Identifier: Apache-2.0 */
/* lower.c — plan → struct box: what the child will do, as arrays. Pure; all choices are made here, none after
 * the clone. */
#include "linux/nested.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- mounts ------------------------------------------------------------------------------- */

static int add_op(struct box *box, struct mount_op op)
{
	struct mount_op *slot =
		array_add(&box->arena, (void **)&box->ops, &box->op_count, &box->op_capacity, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = op;
	return 0;
}

static int compare_op(const void *path, const void *op)
{
	return strcmp(path, ((const struct mount_op *)op)->path);
}

/* The nearest operation on a directory above path, or -1. Plan items are sorted by path, and so are the operations. */
static ptrdiff_t op_above(const struct box *box, const char *path)
{
	char buffer[4096];		/* PATH_MAX: no system call takes a longer path */
	size_t size = strlen(path) + 1;

	if (size > sizeof(buffer) || !box->op_count)
		return -1;
	memcpy(buffer, path, size);
	for (char *slash = strrchr(buffer, '/'); slash != buffer; slash = strrchr(buffer, '/')) {
		const struct mount_op *op;

		*slash = '\0';
		op = bsearch(buffer, box->ops, box->op_count, sizeof(*box->ops), compare_op);
		if (op)
			return op - box->ops;
	}
	return -1;
}

static bool is_mask(const struct mount_op *op)
{
	return op->kind == MOUNT_MASK || op->kind == MOUNT_SCAFFOLD;
}

static int add_scaffold(struct box *box, size_t mask, const char *path, bool directory)
{
	struct scaffold *slot = array_add(&box->arena, (void **)&box->scaffolds, &box->scaffold_count,
					  &box->scaffold_capacity, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	box->ops[mask].kind = MOUNT_SCAFFOLD;
	*slot = (struct scaffold){ .op = mask,
				   .below = path + strlen(box->ops[mask].path) + 1,
				   .directory = directory };
	return 0;
}

static int lower_file_item(struct box *box, const struct plan_item *item)
{
	const struct rule *rule = item->rule;
	struct mount_op op = { .path = rule->path, .directory = rule->type == HOST_DIRECTORY, .item = item };
	ptrdiff_t above = op_above(box, rule->path);
	bool masked = above >= 0 && is_mask(&box->ops[above]);

	op.top = above < 0;
	op.device = item->layer == LAYER_DEVICE;
	op.source = above >= 0 && box->ops[above].kind == MOUNT_WRITE ? above : -1;
	if (item->layer == LAYER_MASK) {
		op.kind = MOUNT_MASK;
		op.optional = true;
		return add_op(box, op);
	}
	if (item->layer != LAYER_MOUNT_WRITE && item->layer != LAYER_MOUNT_READ && !op.device)
		return 0;
	op.kind = rule->access == ACCESS_WRITE ? MOUNT_WRITE : MOUNT_READ;
	op.scratch = rule->scratch;
	if (masked && add_scaffold(box, (size_t)above, rule->path, op.directory) < 0)
		return -ENOMEM;
	op.early = op.kind == MOUNT_WRITE || op.device || masked || (box->plan->restricted_read && op.top);
	op.optional = op.kind == MOUNT_READ;
	if (op.kind == MOUNT_READ && op.source >= 0)
		box->ops[op.source].reads++;
	return add_op(box, op);
}

/* --- devices ------------------------------------------------------------------------------ */

static int add_device(struct box *box, struct device_op op)
{
	struct device_op *slot = array_add(&box->arena, (void **)&box->devices, &box->device_count,
					   &box->device_capacity, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = op;
	return 0;
}

static bool in_device_tree(const struct box *box, const char *path)
{
	for (size_t i = 0; i < box->device_count; i++)
		if (box->devices[i].kind == DEVICE_TREE && path_below(path, box->devices[i].path, false))
			return true;
	return false;
}

static int lower_device_item(struct box *box, const struct plan_item *item)
{
	const struct rule *rule = item->rule;

	if (item->layer == LAYER_MASK)
		return add_device(box, (struct device_op){ .kind = DEVICE_MASK, .path = rule->path });
	if (item->layer != LAYER_DEVICE || in_device_tree(box, rule->path))
		return 0;
	return add_device(box, (struct device_op){
				       .kind = rule->type == HOST_DIRECTORY ? DEVICE_TREE : DEVICE_NODE,
				       .path = rule->path,
			       });
}

/* After the nodes; the directory that a link lies in may be a granted one, which has it already. */
static int lower_device_links(struct box *box)
{
	const struct policy *policy = box->plan->policy;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < policy->device_link_count; i++) {
		const struct device_link *link = &policy->device_links[i];
		struct decision decision;

		policy_decide(policy, OPERATION_READ, link->target, &decision);
		if (decision.allowed && !in_device_tree(box, link->path))
			e = add_device(box, (struct device_op){ .kind = DEVICE_LINK, .path = link->path,
								.target = link->target });
	}
	return e;
}

static int lower_system_item(struct box *box, const struct plan_item *item)
{
	struct mount_op *slot;

	if (item->layer == LAYER_NAMESPACE || item->layer == LAYER_OWNER || path_below(item->rule->path, "/dev", false))
		return 0;
	slot = array_add(&box->arena, (void **)&box->system, &box->system_count, &box->system_capacity, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = (struct mount_op){ .kind = item->layer == LAYER_MASK ? MOUNT_MASK : MOUNT_READ,
				   .path = item->rule->path,
				   .directory = path_below(item->rule->path, "/sys", false),
				   .optional = true,
				   .item = item };
	return 0;
}

/* Plan items are sorted by path, so a directory's operation stands before those of what lies below it. */
static int lower_mounts(struct box *box)
{
	const struct plan *plan = box->plan;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];

		if (!item->rule || item->rule->kind == RULE_GLOB)
			continue;
		if (item->rule->kind == RULE_SYSTEM)
			e = lower_system_item(box, item);
		else
			e = path_below(item->rule->path, "/dev", false) ? lower_device_item(box, item) :
									  lower_file_item(box, item);
	}
	return e < 0 ? e : lower_device_links(box);
}

/* --- pins --------------------------------------------------------------------------------- */

static const char *writable_root_of(const struct box *box, const char *path)
{
	ptrdiff_t at = op_above(box, path);

	if (at >= 0)
		return box->ops[at].kind == MOUNT_WRITE ? box->ops[at].path : NULL;
	return box->plan->root_writable ? "/" : NULL;
}

static int lower_pins(struct box *box)
{
	for (size_t i = 0; i < box->plan->pin_count; i++) {
		const char *path = box->plan->pins[i], *root = writable_root_of(box, path);
		struct pin *slot;

		if (!root)
			continue;
		slot = array_add(&box->arena, (void **)&box->pins, &box->pin_count, &box->pin_capacity, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = (struct pin){ .root = root, .below = path + strlen(root) + (root[1] != '\0') };
	}
	return 0;
}

/* --- missing names: for the broker -------------------------------------------------------- */

static int lower_missing(struct box *box)
{
	for (size_t i = 0; i < box->plan->count; i++) {
		const struct plan_item *item = &box->plan->items[i];
		struct missing *slot;

		if (!item->rule || item->layer != LAYER_BROKER || item->rule->access == ACCESS_WRITE)
			continue;
		slot = array_add(&box->arena, (void **)&box->missing, &box->missing_count,
				 &box->missing_capacity, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = (struct missing){ .path = item->rule->path, .name = path_base(item->rule->path),
					  .nocase = item->rule->nocase };
	}
	return 0;
}

/* Granted ones, as many as the broker keeps descriptors for. */
static int lower_grants(struct box *box)
{
	for (size_t i = 0; i < box->plan->count && box->grant_count < GRANTS_MAX; i++) {
		const struct plan_item *item = &box->plan->items[i];
		struct grant *grant;

		if (!item->rule || item->layer != LAYER_BROKER || item->rule->access != ACCESS_WRITE)
			continue;
		grant = array_add(&box->arena, (void **)&box->grants, &box->grant_count, &box->grant_capacity,
				  sizeof(*grant));
		if (!grant)
			return -ENOMEM;
		*grant = (struct grant){ .path = item->rule->path, .fd = -1 };
	}
	return 0;
}

/* Whether there is somebody to make names on behalf: where --allow-degraded goes without, nothing may wait for it. */
static bool has_broker(const struct plan *plan)
{
	return plan->broker && (plan->features.seccomp_notify || plan->features.outer_broker);
}

/* --- Landlock ----------------------------------------------------------------------------- */

static int add_landlock(struct box *box, struct landlock_rule rule)
{
	struct landlock_rule *slot = array_add(&box->arena, (void **)&box->landlock, &box->landlock_count,
					       &box->landlock_capacity, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = rule;
	slot->access &= box->landlock_handled | box->landlock_sockets;
	box->landlock_count -= !slot->access;		/* a rule that gives nothing is an error (ENOMSG) */
	return 0;
}

static uint64_t device_access(const struct rule *rule)
{
	return rule->access == ACCESS_WRITE ? landlock_file_rights() : landlock_right_find("ioctl-dev");
}

static int lower_landlock_items(struct box *box)
{
	const struct plan *plan = box->plan;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];
		const struct rule *rule = item->rule;
		bool root = rule && item->layer == LAYER_ROOT && plan->root_writable;

		if (!rule || rule->kind == RULE_SYSTEM || path_below(rule->path, "/dev", false))
			continue;
		if (item->layer == LAYER_DEVICE)
			e = add_landlock(box, (struct landlock_rule){ .path = rule->path, .access = device_access(rule),
								      .creation = true, .optional = true });
		else if (item->layer == LAYER_MOUNT_WRITE || root)
			e = add_landlock(box, (struct landlock_rule){
						      .path = rule->path,
						      .access = rule->type == HOST_DIRECTORY ? box->landlock_handled :
											       landlock_file_rights(),
					      });
	}
	return e;
}

/* Where all devices may be written, /dev gives it to what lies in it; where one is for reading only, each its own. */
static bool has_read_only_device(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct rule *rule = plan->items[i].rule;

		if (rule && rule_is_device(rule) && rule->access == ACCESS_READ)
			return true;
	}
	return false;
}

static int lower_landlock_devices(struct box *box)
{
	const struct plan *plan = box->plan;
	int e = 0;

	if (!has_read_only_device(plan))
		return add_landlock(box, (struct landlock_rule){ .path = "/dev", .access = landlock_file_rights(),
								 .creation = true, .optional = true });
	for (size_t i = 0; e >= 0 && i < plan->count; i++) {
		const struct rule *rule = plan->items[i].rule;
		bool own = rule && rule->kind == RULE_SYSTEM && rule->access == ACCESS_WRITE;

		if (rule && path_below(rule->path, "/dev", false) &&
		    (own || (rule_is_device(rule) && plan->items[i].layer == LAYER_DEVICE)))
			e = add_landlock(box, (struct landlock_rule){ .path = rule->path, .access = device_access(rule),
								      .creation = true, .optional = true });
	}
	if (e >= 0)		/* the caller's terminal, where there is one */
		e = add_landlock(box, (struct landlock_rule){ .path = "/dev/console", .access = landlock_file_rights(),
							      .creation = true, .optional = true });
	return e;
}

/* What is there and open; what is not there yet the broker alone can open. */
static int lower_landlock_sockets(struct box *box)
{
	const struct policy *policy = box->plan->policy;
	int e = 0;

	for (size_t i = 0; e >= 0 && box->landlock_sockets && i < policy->permission_count; i++) {
		const struct permission *permission = &policy->permissions[i];

		if (permission->operation == OPERATION_UNIX_CONNECT && permission->rule.access != ACCESS_DENY)
			e = add_landlock(box, (struct landlock_rule){ .path = permission->rule.path,
								      .access = box->landlock_sockets,
								      .creation = true, .optional = true });
	}
	return e;
}

/* What the box has of its own: device nodes take writes and ioctls, /proc takes writes (where it is not
 * read-only), shared memory takes everything. */
static int lower_landlock(struct box *box)
{
	const struct plan *plan = box->plan;
	int abi = plan->features.landlock_abi, e;
	bool passed = plan->policy->kernel_allow & (1u << KERNEL_IO_URING);	/* some calls pass the filter */

	box->landlock_scoped = landlock_scopes(abi);
	/* A domain that handles any file right may not mount (hook_sb_mount), and a nested sandbox must. */
	if (plan->policy->kernel_allow & (1u << KERNEL_USER_NAMESPACES))
		return 0;
	box->landlock_handled = landlock_rights(abi) & ~(passed ? 0 : landlock_costly_rights());
	box->landlock_creation = has_broker(plan) ? landlock_creation_rights(abi) & box->landlock_handled : 0;
	if (!box->landlock_handled)
		return 0;
	if (plan->sockets == SOCKETS_BROKER && plan_has_broker(plan))
		box->landlock_sockets = landlock_socket_rights(abi);
	e = lower_landlock_sockets(box);
	if (e >= 0)
		e = lower_landlock_devices(box);
	if (e >= 0)
		e = add_landlock(box, (struct landlock_rule){ .path = "/dev/shm", .access = box->landlock_handled,
							      .optional = true });
	if (e >= 0)
		e = add_landlock(box, (struct landlock_rule){ .path = "/proc", .access = landlock_file_rights(),
							      .creation = true, .optional = true });
	return e < 0 ? e : lower_landlock_items(box);
}

/* --- limits ------------------------------------------------------------------------------- */

void linux_lower_limits(struct box *box)
{
	static const int resources[LIMIT__COUNT] = {
		[LIMIT_PROCESSES] = RLIMIT_NPROC, [LIMIT_MEMORY] = RLIMIT_DATA, [LIMIT_CPU_SECONDS] = RLIMIT_CPU,
		[LIMIT_WALL_SECONDS] = -1, [LIMIT_FILE_SIZE] = RLIMIT_FSIZE, [LIMIT_OPEN_FILES] = RLIMIT_NOFILE,
		[LIMIT_CORE_SIZE] = RLIMIT_CORE,
	};

	for (int i = 0; i < LIMIT__COUNT; i++) {
		const struct limit *limit = &box->plan->policy->limits[i];
		bool core = i == LIMIT_CORE_SIZE;

		if (resources[i] < 0 || (!limit->set && !core))
			continue;
		box->limits[box->limit_count].resource = resources[i];
		/* 0 keeps core files away but not the host's core handler, which runs outside; 1 keeps both (core(5)).
		 * */
		box->limits[box->limit_count++].limit =
			(struct rlimit){
			.rlim_cur = core && !limit->value ? 1 : limit->value,
			.rlim_max = core && !limit->value ? 1 : limit->value,
		};
	}
}

/* A user namespace in which uid 0 is the host's root may give files capabilities that count on the host, so the kernel
 * maps it only for who has CAP_SETFCAP (verify_root_map(), kernel/user_namespace.c). The broker has it where all ways
 * to set that attribute are closed: setxattr(2) goes to the broker itself, and no call passes the filter. */
static bool maps_root(const struct plan *plan)
{
	return plan->features.seccomp && plan->features.root && (box_broker_parts(plan) & BROKER_NESTED) &&
	       !(plan->policy->kernel_allow & 1u << KERNEL_IO_URING);
}

/* --- ports -------------------------------------------------------------------------------- */

/* What is beyond the table is a gap of the plan. */
static void lower_ports(struct box *box)
{
	const struct policy *policy = box->plan->policy;

	for (size_t i = 0; policy->network == NETWORK_OFF && i < policy->permission_count; i++) {
		const struct permission *permission = &policy->permissions[i];
		bool listen = permission->operation == OPERATION_LISTEN;
		struct port port = { (uint16_t)strtoul(permission->rule.path, NULL, 10), &permission->rule };

		if ((!listen && permission->operation != OPERATION_CONNECT) || !port.number)
			continue;
		if (listen && box->listen_count < PORTS_RELAYED)
			box->listen[box->listen_count++] = port;
		if (!listen && box->reach_count < PORTS_RELAYED)
			box->reach[box->reach_count++] = port;
	}
}

/* --- the whole ---------------------------------------------------------------------------- */

unsigned box_broker_parts(const struct plan *plan)
{
	if (!plan_has_broker(plan))
		return 0;
	return (plan->broker ? BROKER_NAMES : 0) | (plan->sockets == SOCKETS_BROKER ? BROKER_SOCKETS : 0) |
	       (plan->loopback ? BROKER_LOOPBACK : 0) |
	       (plan->broker && plan->policy->kernel_allow & 1u << KERNEL_USER_NAMESPACES ? BROKER_NESTED : 0);
}

static int lower_seccomp(struct box *box, struct bawn_error *err)
{
	static const unsigned watched[] = {
		[LOG_NONE] = 0, [LOG_DENIALS] = WATCH_CHANGES | WATCH_DENIALS,
		[LOG_ALL] = WATCH_CHANGES | WATCH_DENIALS | WATCH_READS,
	};

	box->seccomp = (struct seccomp_options){
		.arch = SECCOMP_HOST,
		.kernel_allow = box->plan->policy->kernel_allow,
		.broker = box_broker_parts(box->plan),
		.watch = plan_records(box->plan) ? watched[box->plan->log] | (box->grant_count ? WATCH_CHANGES : 0) : 0,
	};
	return box->plan->features.seccomp ? seccomp_lower(&box->seccomp, &box->arena, &box->bpf, err) : 0;
}

int linux_lower(const struct plan *plan, struct box **ret_box, struct bawn_error *err)
{
	struct box *box = reserve_zeroed(sizeof(*box));

	if (!box)
		return error_oom(err);
	box->plan = plan;
	box->maps_root = maps_root(plan);
	linux_lower_limits(box);
	lower_ports(box);
	if (lower_mounts(box) < 0 || lower_pins(box) < 0 || lower_missing(box) < 0 || lower_grants(box) < 0 ||
	    lower_landlock(box) < 0 ||
	    (plan->features.outer_broker && nested_lower(box) < 0)) {
		linux_box_free(box);
		return error_oom(err);
	}
	if (lower_seccomp(box, err) < 0) {
		linux_box_free(box);
		return -ENOMEM;
	}
	*ret_box = box;
	return 0;
}

void linux_box_free(struct box *box)
{
	if (!box)
		return;
	arena_done(&box->arena);
	reserve_give(box);
}

int linux_box_print(const struct box *box, struct text *text)
{
	static const char *const kinds[] = { "write", "read", "mask", "scaffold" };
	static const char *const device_kinds[] = { "node", "tree", "mask", "link" };

	for (size_t i = 0; i < box->op_count; i++)
		text_printf(text, "mount %s %s%s%s%s\n", kinds[box->ops[i].kind], box->ops[i].path,
			    box->ops[i].early ? " early" : "", box->ops[i].optional ? " optional" : "",
			    box->ops[i].device ? " device" : "");
	for (size_t i = 0; i < box->device_count; i++)
		text_printf(text, "device %s %s%s%s\n", device_kinds[box->devices[i].kind], box->devices[i].path,
			    box->devices[i].target ? " -> " : "",
			    box->devices[i].target ? box->devices[i].target : "");
	for (size_t i = 0; i < box->pin_count; i++)
		text_printf(text, "pin %s / %s\n", box->pins[i].root, box->pins[i].below);
	for (size_t i = 0; i < box->system_count; i++)
		text_printf(text, "system %s %s\n", kinds[box->system[i].kind], box->system[i].path);
	for (size_t i = 0; i < box->landlock_count; i++)
		text_printf(text, "landlock %#llx %s\n", (unsigned long long)box->landlock[i].access,
			    box->landlock[i].path);
	text_printf(text, "landlock handled %#llx scoped %#llx creation %#llx\n",
		    (unsigned long long)box->landlock_handled, (unsigned long long)box->landlock_scoped,
		    (unsigned long long)box->landlock_creation);
	if (box->landlock_sockets)
		text_printf(text, "landlock sockets %#llx\n", (unsigned long long)box->landlock_sockets);
	text_printf(text, "seccomp %u instructions\n", box->bpf.count);
	return text->failed ? -ENOMEM : 0;
}
