/* SPDX-License-Identifier: Apache-2.0 */
/* plan_gaps.c — what none of this machine's layers can hold, and what would change that. */
#include "policy/internal.h"

static const struct origin always = { .file = "always" };

int plan_add_gap(struct plan *plan, struct plan_gap gap)
{
	struct plan_gap *slot = array_add(&plan->arena, (void **)&plan->gaps, &plan->gap_count,
					  &plan->gap_capacity, sizeof(*slot));

	if (!slot || !gap.what)
		return -ENOMEM;
	*slot = gap;
	return 0;
}

int plan_settings_gaps(struct plan *plan)
{
	const struct policy *policy = plan->policy;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < policy->unenforced_count; i++) {
		const struct setting *setting = &policy->unenforced[i];
		bool own = setting->key == PROFILE_FILESYSTEM || setting->key == PROFILE_DEVICE;

		e = plan_add_gap(plan, (struct plan_gap){
					  .what = setting_text(&plan->arena, setting),
					  .origin = setting->origin,
					  .missing = own ? "the box has this place for its own, and an entry does not "
							   "change that" :
							   "this version of bawn has nothing yet that enforces it",
					  .remedy = own ? "remove the line" :
							  "remove the line, or wait for the version that does",
				  });
	}
	return e;
}

/* What the broker holds. A process with mounts of its own could take away what mounts hold otherwise. */
static const char *broker_promise(const struct plan *plan)
{
	return plan->policy->kernel_allow & (1u << KERNEL_USER_NAMESPACES) ?
		       "protected and denied names can be neither created nor removed, and no file gets a capability" :
		       "protected and denied names that do not exist yet cannot be created";
}

static int gaps_of_broker(struct plan *plan)
{
	const struct features *f = &plan->features;
	const char *missing = NULL,
		   *remedy =
			   "a kernel of 5.19 or later with CONFIG_SECCOMP_FILTER and CONFIG_SECURITY_LANDLOCK";

	if (!plan_anything_writable(plan->policy))
		return 0;
	if (!f->seccomp_notify)
		missing = "seccomp user notification is missing";
	else if (f->outer_listener && !f->outer_broker) {
		missing = "another sandbox around this one holds the only seccomp listener that a process may have";
		remedy = "start bawn outside that sandbox, or let it be a bawn";
	} else if (f->landlock_abi < 2)
		missing = "Landlock (ABI 2 or later) is missing, so a race could get round the check of new names";
	if (!missing)
		return 0;
	return plan_add_gap(plan, (struct plan_gap){
		.what = broker_promise(plan), .origin = always,
		.missing = missing, .remedy = remedy, .acceptable = true,
	});
}

static int gap_of_gpu(struct plan *plan)
{
	const struct policy *policy = plan->policy;

	if (!policy->gpu_missing)
		return 0;
	return plan_add_gap(plan, (struct plan_gap){
				     .what = setting_text(&plan->arena, policy->gpu),
				     .origin = policy->gpu->origin,
				     .missing = policy->gpu_missing,
				     .remedy = policy->gpu_remedy,
				     .absent = true,
			     });
}

/* Mounts do not keep a device from being written. */
static int gap_of_reading(struct plan *plan, const struct rule *rule)
{
	const struct rule *tree = plan_device_tree(plan->policy, rule->path);
	struct plan_gap gap = { .origin = rule->origin, .acceptable = true };

	if (tree && tree->access == ACCESS_WRITE) {
		gap.missing = "its directory is granted for writing";
		gap.remedy = "name the devices one by one";
	} else if (plan->policy->kernel_allow & (1u << KERNEL_USER_NAMESPACES)) {
		gap.missing = "this takes Landlock, which user-namespaces leaves no room for";
		gap.remedy = "close user-namespaces, or let it be written";
	} else if (plan->features.landlock_abi < 2) {
		gap.missing = "this takes Landlock (ABI 2 or later)";
		gap.remedy = "a kernel of 5.19 or later with CONFIG_SECURITY_LANDLOCK";
	} else {
		return 0;
	}
	gap.what = arena_printf(&plan->arena, "%s, for reading only", rule->label);
	return plan_add_gap(plan, gap);
}

static int gaps_of_devices(struct plan *plan)
{
	const struct policy *policy = plan->policy;
	int e = gap_of_gpu(plan);

	for (size_t i = 0; e >= 0 && i < policy->count; i++)
		if (rule_is_device(&policy->rules[i]) && policy->rules[i].access == ACCESS_READ)
			e = gap_of_reading(plan, &policy->rules[i]);
	return e;
}

/* Names opened together may undo what each leaves standing; and one may not be had here. */
static int gaps_of_kernel(struct plan *plan)
{
	const struct origin *origins = plan->policy->kernel_origins;
	uint32_t open = plan->policy->kernel_allow;
	bool both = (open & (1u << KERNEL_USER_NAMESPACES)) && (open & (1u << KERNEL_IO_URING));
	int e = 0;

	if (both && plan_anything_writable(plan->policy))
		e = plan_add_gap(plan, (struct plan_gap){
					  .what = broker_promise(plan),
					  .origin = origins[KERNEL_IO_URING],
					  .missing = "io-uring passes the filter, and user-namespaces leaves "
						     "no Landlock rule behind it",
					  .remedy = "open one of the two only",
					  .acceptable = true,
				  });
	if (e >= 0 && (open & (1u << KERNEL_FOREIGN_ARCH)) && !plan->features.foreign_calls)
		e = plan_add_gap(plan, (struct plan_gap){
					  .what = "32-bit calls, opened by kernel.allow",
					  .origin = origins[KERNEL_FOREIGN_ARCH],
					  .missing = "this version knows no 32-bit calls of this architecture, "
						     "and lets none pass unjudged",
					  .remedy = "remove foreign-arch, or use an x86_64 machine",
					  .acceptable = true,
				  });
	return e;
}

static int gaps_of_machine(struct plan *plan)
{
	const struct features *f = &plan->features;
	const struct limit *processes = &plan->policy->limits[LIMIT_PROCESSES];
	int e = 0;

	if (!f->user_namespaces)
		e = plan_add_gap(plan,
			    (struct plan_gap){
				    .what = "every rule about files, processes and the network",
				    .origin = always,
				    .missing = f->user_namespaces_blocker ? f->user_namespaces_blocker :
									    "user namespaces cannot be had",
				    .remedy = "see above; a way without user namespaces is planned",
			    });
	if (e >= 0 && !f->new_mount_api)
		e = plan_add_gap(plan, (struct plan_gap){
					  .what = "every rule about files",
					  .origin = always,
					  .missing = "open_tree() and mount_setattr() are missing",
					  .remedy = "a kernel of 5.12 or later",
				  });
	if (e >= 0 && !f->seccomp)
		e = plan_add_gap(plan, (struct plan_gap){
					  .what = "what namespaces do not close",
					  .origin = always,
					  .missing = "seccomp filters are missing",
					  .remedy = "a kernel with CONFIG_SECCOMP_FILTER",
					  .acceptable = true,
				  });
	if (e >= 0 && processes->set && f->root)
		e = plan_add_gap(plan, (struct plan_gap){
					  .what = "limit: processes",
					  .origin = processes->origin,
					  .missing = "the kernel does not hold uid 0 to RLIMIT_NPROC",
					  .remedy = "start bawn as an ordinary user",
					  .acceptable = true,
				  });
	return e;
}

int plan_gaps(struct plan *plan)
{
	int e = plan_settings_gaps(plan);

	if (e < 0 || (e = gaps_of_broker(plan)) < 0 || (e = gaps_of_kernel(plan)) < 0 ||
	    (e = plan_network_gaps(plan)) < 0 || (e = gaps_of_devices(plan)) < 0)
		return e;
	return gaps_of_machine(plan);
}
