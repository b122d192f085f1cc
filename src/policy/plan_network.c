/* SPDX-License-Identifier: Apache-2.0 */
/* plan_network.c — the network's and the local sockets' part of a plan.
 *
 * The broker decides about every connect() to a local socket, and about bind(), to know which sockets are the box's
 * own. Masks over what was bound at start repeat it. Landlock's RESOLVE_UNIX (ABI 9) repeats it for the command's own
 * calls: it can say neither a name that comes later nor an exception in a directory, so the broker stays in charge.
 * Written after the kernel's documentation; no kernel that has it was at hand to try it. */
#include "policy/internal.h"

#include <string.h>

static const struct origin always = { .file = "always" };

/* --- layers ------------------------------------------------------------------------------- */

void plan_network_layers(struct plan *plan)
{
	const struct policy *policy = plan->policy;

	plan->sockets = policy_opens_all(policy, OPERATION_UNIX_CONNECT) ? SOCKETS_OPEN : SOCKETS_BROKER;
	plan->loopback = policy->network == NETWORK_FULL && !(policy_opens_all(policy, OPERATION_CONNECT) &&
							      policy_opens_all(policy, OPERATION_LISTEN));
}

/* --- promises ----------------------------------------------------------------------------- */

static int promise_sockets(struct plan *plan)
{
	static const struct { enum layer layer, second; const char *text, *note; } rows[] = {
		[SOCKETS_OPEN] = { LAYER_NONE, LAYER_NONE, "local sockets of the host are open", NULL },
		[SOCKETS_BROKER] = { LAYER_BROKER, LAYER_MASK,
				     "local sockets of the host are closed unless a rule opens them",
				     "local datagram sockets cannot be made" },
	};
	const struct policy *policy = plan->policy;
	bool landlock = plan->sockets == SOCKETS_BROKER && plan->features.landlock_abi >= 9 && plan_has_broker(plan) &&
			!(policy->kernel_allow & 1u << KERNEL_USER_NAMESPACES);
	int e = plan_promise(plan, rows[plan->sockets].text, always, rows[plan->sockets].layer,
			     landlock ? LAYER_LANDLOCK : rows[plan->sockets].second, rows[plan->sockets].note);

	for (size_t i = 0; e >= 0 && i < policy->permission_count; i++) {
		const struct rule *rule = &policy->permissions[i].rule;
		const char *text = arena_printf(&plan->arena, "local socket %s: %s", rule->path,
						rule->access == ACCESS_DENY ? "closed" : "open");

		if (policy->permissions[i].operation == OPERATION_UNIX_CONNECT && strcmp(rule->path, "*"))
			e = plan_promise(plan, text, rule->origin, rows[plan->sockets].layer, LAYER_NONE,
					 rule->type == HOST_MISSING ? "not there yet" : NULL);
	}
	return e;
}

static int promise_ports(struct plan *plan)
{
	const struct policy *policy = plan->policy;
	bool off = policy->network == NETWORK_OFF;
	int e = 0;

	if (plan->loopback)
		e = plan_promise(plan, "the host's loopback is closed but for what a rule opens", always, LAYER_BROKER,
				 LAYER_NONE, "the box has a loopback of its own; every sendmsg() is slower");
	for (size_t i = 0; e >= 0 && i < policy->permission_count; i++) {
		const struct permission *permission = &policy->permissions[i];
		const char *way = permission->operation == OPERATION_LISTEN ? "listened on" : "reached";
		const char *text = arena_printf(&plan->arena, "loopback port %s can be %s", permission->rule.path, way);

		if (permission->operation == OPERATION_LISTEN || permission->operation == OPERATION_CONNECT)
			e = plan_promise(plan, text, permission->rule.origin,
					 off ? LAYER_RELAY : plan->loopback ? LAYER_BROKER : LAYER_NONE, LAYER_NONE,
					 NULL);
	}
	return e;
}

int plan_network_promises(struct plan *plan)
{
	const struct policy *policy = plan->policy;
	bool off = policy->network == NETWORK_OFF;
	int e = plan_promise(plan, off ? "the network is off" : "the network is on", policy->network_origin,
			     off ? LAYER_NAMESPACE : LAYER_NONE, LAYER_NONE, NULL);

	if (e >= 0)
		e = promise_sockets(plan);
	if (e >= 0)
		e = plan_promise(plan, "abstract sockets of the host are out of reach", always,
				 off ? LAYER_NAMESPACE : LAYER_LANDLOCK, LAYER_NONE, NULL);
	if (e >= 0)
		e = promise_ports(plan);
	return e;
}

/* --- gaps --------------------------------------------------------------------------------- */

static int gap_of_sockets(struct plan *plan)
{
	const struct features *f = &plan->features;
	struct plan_gap gap = {
		.what = "local sockets of the host are closed", .origin = always, .acceptable = true,
		.remedy = "a kernel of 5.19 or later with CONFIG_SECCOMP_FILTER",
	};

	if (plan->sockets != SOCKETS_BROKER)
		return 0;
	if (!f->seccomp_notify)
		gap.missing = "seccomp user notification is missing: only those that are there at start would be";
	else if (f->outer_listener && !f->outer_broker) {
		gap.missing = "another sandbox around this one holds the only seccomp listener that a process may "
			      "have: only those that are there at start would be";
		gap.remedy = "start bawn outside that sandbox, or let it be a bawn";
	}
	return gap.missing ? plan_add_gap(plan, gap) : 0;
}

static int gap_of_loopback(struct plan *plan)
{
	const struct features *f = &plan->features;
	struct plan_gap gap = {
		.what = "the host's loopback is closed but for what a rule opens", .acceptable = true,
		.origin = plan->policy->network_origin,
		.remedy = "network.allow_local_binding = true, or the network off",
	};

	if (!plan->loopback)
		return 0;
	if (!f->seccomp_notify)
		gap.missing = "seccomp user notification is missing (Linux 5.19)";
	else if (f->outer_broker)
		gap.missing = "the bawn around this one decides, by its own rules";
	else if (f->outer_listener)
		gap.missing = "another sandbox around this one holds the only seccomp listener that a process may have";
	return gap.missing ? plan_add_gap(plan, gap) : 0;
}

/* With the network off single ports are relayed; for all of them there would have to be a relay each. */
static int gap_of_binding(struct plan *plan)
{
	const struct policy *policy = plan->policy;
	size_t counts[OPERATION__COUNT] = { 0 };
	int e = 0;

	for (size_t i = 0; e >= 0 && policy->network == NETWORK_OFF && i < policy->permission_count; i++) {
		const struct permission *permission = &policy->permissions[i];
		struct plan_gap gap = { .what = permission->rule.label, .origin = permission->rule.origin };

		counts[permission->operation]++;
		if (permission->operation == OPERATION_LISTEN && !strcmp(permission->rule.path, "*")) {
			gap.missing = "the network is off, and with it the host's loopback as a whole";
			gap.remedy = "name ports in network.listen and network.connect, or switch the network on";
		} else if ((permission->operation == OPERATION_LISTEN || permission->operation == OPERATION_CONNECT) &&
			   counts[permission->operation] == PORTS_RELAYED + 1) {
			gap.missing = "with the network off no more than 64 ports are listened on, and 64 reached";
			gap.remedy = "name fewer, or switch the network on";
		}
		if (gap.missing)
			e = plan_add_gap(plan, gap);
	}
	return e;
}

static int gap_of_masks(struct plan *plan)
{
	if (!plan->policy->sockets_missing || plan->sockets == SOCKETS_OPEN)
		return 0;
	return plan_add_gap(plan, (struct plan_gap){
		.what = "local sockets of the host are closed a second time, as they stood at start", .origin = always,
		.acceptable = true, .missing = plan->policy->sockets_missing,
		.remedy = "end the programs that hold so many, or mount /proc",
	});
}

/* Landlock keeps them from the command, but not from a broker around us, which connects for it. */
static int gap_of_abstract(struct plan *plan)
{
	struct plan_gap gap = { .what = "abstract sockets of the host are out of reach", .acceptable = true,
				.origin = plan->policy->network_origin };

	if (plan->policy->network == NETWORK_OFF || (plan->features.landlock_abi >= 6 && !plan->features.outer_broker))
		return 0;
	gap.missing = plan->features.outer_broker ? "the bawn around this one connects, by its own rules" :
						    "with the network on this takes Landlock ABI 6";
	gap.remedy = plan->features.outer_broker ? "the network off" : "a kernel of 6.12 or later";
	return plan_add_gap(plan, gap);
}

int plan_network_gaps(struct plan *plan)
{
	int e = gap_of_sockets(plan);

	if (e >= 0)
		e = gap_of_loopback(plan);
	if (e >= 0)
		e = gap_of_binding(plan);
	if (e >= 0)
		e = gap_of_masks(plan);
	return e < 0 ? e : gap_of_abstract(plan);
}
