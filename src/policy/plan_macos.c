/* SPDX-License-Identifier: Apache-2.0 */
/* plan_macos.c — policy → plan, on macOS: Seatbelt holds nearly all of it, and by path.
 *
 * Since paths are all that Seatbelt knows, what is ruled must keep its path: a pin forbids to rename or remove a ruled
 * path, the directories above it that could be renamed, a writable root itself, and the links that rules passed
 * through. Of a deny glob what matched at start is pinned so; other directories may be renamed, unless they are ones
 * that the pattern names (src/macos/globs.c). */
#include "policy/internal.h"

#include <string.h>

static const struct origin always = { .file = "always" };

/* --- pins --------------------------------------------------------------------------------- */

static bool may_be_renamed(const struct plan *plan, const char *path)
{
	return strcmp(path, "/") != 0 && policy_allows_write(plan->policy, path);
}

static int pin_way(struct plan *plan, const char *path)
{
	int e = 0;

	while (e >= 0 && strcmp(path, "/") != 0) {
		if (may_be_renamed(plan, path))
			e = plan_pin(plan, path);
		path = path_absolute(&plan->arena, path, "..");
		if (!path)
			return -ENOMEM;
	}
	return e;
}

static bool wants_pin(const struct rule *rule)
{
	return rule->kind != RULE_SYSTEM;
}

static int make_pins(struct plan *plan)
{
	const struct policy *policy = plan->policy;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < policy->count; i++)
		if (wants_pin(&policy->rules[i]))
			e = pin_way(plan, policy->rules[i].path);
	for (size_t i = 0; e >= 0 && i < policy->glob_count; i++) {
		const char *base = glob_base(&plan->arena, policy->globs[i].path);

		e = base ? pin_way(plan, base) : -ENOMEM;
	}
	for (size_t i = 0; e >= 0 && i < policy->link_count; i++)
		e = pin_way(plan, policy->links[i]);
	plan_unique_pins(plan);
	return e;
}

/* --- rules -------------------------------------------------------------------------------- */

static int add_item(struct plan *plan, const struct rule *rule)
{
	const struct rule *around = rule->kind == RULE_GLOB ? NULL : policy_enclosing(plan->policy, rule->path);
	enum access outside = around ? around->access : ACCESS_DENY;
	struct plan_item *item = array_add(&plan->arena, (void **)&plan->items, &plan->count, &plan->capacity,
					   sizeof(*item));

	if (!item)
		return -ENOMEM;
	*item = (struct plan_item){
		.rule = rule, .text = rule->label, .origin = rule->origin,
		.layer = rule->kind != RULE_GLOB && rule->access == outside ? LAYER_INHERITED : LAYER_SEATBELT,
	};
	return 0;
}

static int add_items(struct plan *plan)
{
	const struct policy *policy = plan->policy;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < policy->count; i++)
		e = add_item(plan, &policy->rules[i]);
	for (size_t i = 0; e >= 0 && i < policy->glob_count; i++)
		e = add_item(plan, &policy->globs[i]);
	return e;
}

/* --- promises ----------------------------------------------------------------------------- */

static int promise_always(struct plan *plan)
{
	static const struct { const char *text; enum layer layer; const char *note; } rows[] = {
		{ "signals and process information reach no process outside", LAYER_SEATBELT, NULL },
		{ "no setuid or setgid bits are set", LAYER_SEATBELT, NULL },
		{ "only descriptors 0 to 2 and those of --keep-fd", LAYER_NONE, "closed by the launcher" },
		{ "services, kernel state and devices: only those that are listed", LAYER_SEATBELT, NULL },
	};
	int e = 0;

	for (size_t i = 0; e >= 0 && i < ARRAY_SIZE(rows); i++)
		e = plan_promise(plan, rows[i].text, always, rows[i].layer, LAYER_NONE, rows[i].note);
	return e;
}

static int promise_network(struct plan *plan)
{
	static const char *const texts[] = {
		[NETWORK_OFF] = "the network is off", [NETWORK_PROXY] = "the network is the gateway alone",
		[NETWORK_FULL] = "the network is on",
	};
	const struct policy *policy = plan->policy;
	bool full = policy->network == NETWORK_FULL;
	int e = plan_promise(plan, texts[policy->network], policy->network_origin,
			     full ? LAYER_NONE : LAYER_SEATBELT, LAYER_NONE,
			     full ? NULL : "loopback too, also among the command's own processes: macOS has one for "
					   "all");

	if (e >= 0)
		e = plan_promise(plan, "local sockets of the host are closed", always, LAYER_SEATBELT, LAYER_NONE,
				 "by path; below a workspace root, the command's own and those that the host binds "
				 "there later cannot be told apart");
	return e;
}

static int promise_permissions(struct plan *plan)
{
	const struct policy *policy = plan->policy;
	int e = 0;

	for (size_t i = 0; e >= 0 && i < policy->permission_count; i++) {
		const struct permission *permission = &policy->permissions[i];
		const char *text = arena_printf(&plan->arena, "%s %s %s", operation_name(permission->operation),
						permission->rule.path,
						permission->rule.access == ACCESS_DENY ? "closed" : "open");

		if (permission->operation != OPERATION_DOMAIN)
			e = plan_promise(plan, text, permission->rule.origin, LAYER_SEATBELT, LAYER_NONE, NULL);
	}
	if (e >= 0 && policy->gpu)
		e = plan_promise(plan, "the GPU is open", policy->gpu->origin, LAYER_SEATBELT, LAYER_NONE,
				 "Metal reads its compilers' files too: they are below /System, which :minimal has");
	return e;
}

/* --- gaps --------------------------------------------------------------------------------- */

static int gaps_of_gpu(struct plan *plan)
{
	const struct setting *gpu = plan->policy->gpu;
	const char *kind = gpu && gpu->is_string ? gpu->value.string : "metal";

	if (strncmp(kind, "nvidia", 6) != 0 && strncmp(kind, "wsl", 3) != 0)
		return 0;
	return plan_add_gap(plan, (struct plan_gap){
		.what = setting_text(&plan->arena, gpu), .origin = gpu->origin,
		.missing = "macOS has no such GPU", .remedy = "devices.gpu = \"auto\", which takes what is there",
	});
}

static int gaps_of_limits(struct plan *plan)
{
	const struct limit *memory = &plan->policy->limits[LIMIT_MEMORY];

	if (!memory->set)
		return 0;
	return plan_add_gap(plan, (struct plan_gap){
		.what = "limit: memory", .origin = memory->origin, .acceptable = true,
		.missing = "macOS takes RLIMIT_AS and does not hold anybody to it",
		.remedy = "remove the line for this machine",
	});
}

static int gaps_of_machine(struct plan *plan)
{
	int e = 0;

	if (!plan->features.sandbox_exec)
		e = plan_add_gap(plan, (struct plan_gap){
			.what = "every rule", .origin = always, .missing = "/usr/bin/sandbox-exec is not there",
			.remedy = "a macOS that still has it",
		});
	if (e >= 0 && plan->features.inside_seatbelt)
		e = plan_add_gap(plan, (struct plan_gap){
			.what = "every rule", .origin = always,
			.missing = "another Seatbelt sandbox is around this process, and macOS does not nest them "
				   "(sandbox-exec would fail with status 71)",
			.remedy = "start bawn outside that sandbox, or use --permission-profile :danger-full-access "
				  "inside it: then the outer one holds alone",
		});
	return e;
}

int plan_macos(struct plan *plan)
{
	int e;

	if ((e = add_items(plan)) < 0 || (e = make_pins(plan)) < 0 || (e = promise_always(plan)) < 0 ||
	    (e = promise_network(plan)) < 0 || (e = promise_permissions(plan)) < 0 || (e = gaps_of_gpu(plan)) < 0 ||
	    (e = gaps_of_limits(plan)) < 0)
		return e;
	return gaps_of_machine(plan);
}
