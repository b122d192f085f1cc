/* SPDX-License-Identifier: Apache-2.0 */
/* plan_network.c — the network's and the local sockets' part of a plan.
 *
 * Local sockets of the host are held by Landlock where it knows how (ABI 9) and its rules can say what the profile
 * says: a rule stands on an object that exists, and opens all below it. Otherwise the broker decides about every
 * connect(), and about bind(), to know which sockets are the box's own. Masks over what was bound at start repeat
 * either. */
#include "policy/internal.h"

#include <string.h>

static const struct origin always = { .file = "always" };

/* --- layers ------------------------------------------------------------------------------- */

/* Landlock holds a directory that is there and all below it; a socket that is made anew is another object. */
static bool landlock_says(const struct policy *policy)
{
	for (size_t i = 0; i < policy->permission_count; i++) {
		const struct rule *rule = &policy->permissions[i].rule;

		if (policy->permissions[i].operation == OPERATION_UNIX_CONNECT &&
		    (rule->access == ACCESS_DENY || rule->type != HOST_DIRECTORY))
			return false;
	}
	return true;
}

void plan_network_layers(struct plan *plan)
{
	const struct policy *policy = plan->policy;
	/* A domain with a file right may not mount, and a nested sandbox must. */
	bool domain = plan->features.landlock_abi >= 9 && !(policy->kernel_allow & (1u << KERNEL_USER_NAMESPACES));

	if (policy_opens_all(policy, OPERATION_UNIX_CONNECT))
		plan->sockets = SOCKETS_OPEN;
	else
		plan->sockets = domain && landlock_says(policy) ? SOCKETS_LANDLOCK : SOCKETS_BROKER;
}

/* --- promises ----------------------------------------------------------------------------- */

static int promise_sockets(struct plan *plan)
{
	static const struct { enum layer layer, second; const char *text, *note; } rows[] = {
		[SOCKETS_OPEN] = { LAYER_NONE, LAYER_NONE, "local sockets of the host are open", NULL },
		[SOCKETS_BROKER] = { LAYER_BROKER, LAYER_MASK,
				     "local sockets of the host are closed unless a rule opens them",
				     "local datagram sockets cannot be made" },
		[SOCKETS_LANDLOCK] = { LAYER_LANDLOCK, LAYER_MASK,
				       "local sockets of the host are closed unless a rule opens them", NULL },
	};
	const struct policy *policy = plan->policy;
	int e = plan_promise(plan, rows[plan->sockets].text, always, rows[plan->sockets].layer,
			     rows[plan->sockets].second, rows[plan->sockets].note);

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

static int gap_of_abstract(struct plan *plan)
{
	if (plan->policy->network == NETWORK_OFF || plan->features.landlock_abi >= 6)
		return 0;
	return plan_add_gap(plan, (struct plan_gap){
		.what = "abstract sockets of the host are out of reach", .origin = plan->policy->network_origin,
		.missing = "with the network on this takes Landlock ABI 6", .remedy = "a kernel of 6.12 or later",
		.acceptable = true,
	});
}

int plan_network_gaps(struct plan *plan)
{
	int e = gap_of_sockets(plan);

	if (e >= 0)
		e = gap_of_masks(plan);
	return e < 0 ? e : gap_of_abstract(plan);
}
