/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c — bawn doctor: what this machine can enforce, what it cannot, what to change; and which secrets a profile
 * leaves in reach.
 *
 * What the machine has is what a plan is made from; what it cannot hold are the plan's gaps, for the built-in profiles
 * and the one that bawn run would take. So doctor says of a profile what run would say.
 *
 * JSON, one object on a line:
 *
 *	{"type":"facility"}	name, state (words), enough, remedy (null: enough)
 *	{"type":"profile"}	id, default, gaps (how many)
 *	{"type":"gap"}		profile, what, missing, remedy, origin, acceptable
 *	{"type":"weaker"}	profile, text, note: what a profile has opened, and what that costs
 *	{"type":"secret"}	profile, subject (a path, or a variable's name), variable, what */
#include "policy/secrets.h"
#include "run/doctor.h"

#include <string.h>

#define PROFILES_MAX	3

struct profile_report {
	const char *id;
	bool is_default;
	struct chain chain;
};

struct machine {
	struct arena *arena;
	struct profile_report profiles[PROFILES_MAX];
	size_t count;
	struct secrets secrets;		/* of the default profile */
};

void doctor_begin(struct json *json, const char *type)
{
	json_open(json, NULL, '{');
	json_string(json, "type", type);
}

void doctor_end(struct json *json)
{
	json_close(json, '}');
	json_newline(json);
}

/* --- what the machine has ----------------------------------------------------------------- */

struct facility { const char *name, *state, *remedy; bool enough; };

static const char *landlock_state(struct arena *arena, int abi)
{
	const char *without = abi < 2 ? ": no second layer, and a race round the check of new names" :
			      abi < 5 ? ": ioctls of devices, and with the network on abstract sockets, are not held" :
			      abi < 6 ? ": abstract sockets are not held with the network on" : "";

	return arena_printf(arena, "ABI %d%s", abi, without);
}

/* What it is there for is said where it is missing. */
static size_t list_facilities(struct arena *arena, const struct features *f, struct facility list[8])
{
	bool around = f->outer_listener && !f->outer_broker;
	const struct facility all[] = {
		{ "user namespaces", f->user_namespaces ? "yes" : "no", f->user_namespaces_blocker,
		  f->user_namespaces },
		{ "mount calls", f->new_mount_api ? "yes" : "no: nothing can be confined", "a kernel of 5.12 or later",
		  f->new_mount_api },
		{ "Landlock", landlock_state(arena, f->landlock_abi),
		  "a kernel of 6.12 or later, with CONFIG_SECURITY_LANDLOCK and \"landlock\" in lsm=",
		  f->landlock_abi >= 6 },
		{ "seccomp filters", f->seccomp ? "yes" : "no: what namespaces leave open stays open",
		  "a kernel with CONFIG_SECCOMP_FILTER", f->seccomp },
		{ "seccomp notification", f->seccomp_notify ? "yes" : "no: names that are missing cannot be kept",
		  "a kernel of 5.19 or later", f->seccomp_notify },
		{ "around us", around ? "another sandbox's filter" : f->outer_broker ? "a bawn" : "nothing in the way",
		  "start bawn outside that sandbox, or let it be a bawn", !around },
		{ "started by", f->root ? "root: other users' files are foreign inside, limits.processes holds nobody" :
					  "an ordinary user", NULL, true },
	};

	memcpy(list, all, sizeof(all));
	return ARRAY_SIZE(all);
}

/* --- what profiles come to ---------------------------------------------------------------- */

static int add_profile(struct machine *machine, const struct request *request, const char *id, bool is_default,
		       struct bawn_error *err)
{
	struct profile_report *report = &machine->profiles[machine->count];
	int r = 0;

	for (size_t i = 0; i < machine->count; i++)
		if (!strcmp(machine->profiles[i].id, id)) {
			machine->profiles[i].is_default |= is_default;
			return 0;
		}
	*report = (struct profile_report){ .id = arena_strdup(machine->arena, id), .is_default = is_default };
	machine->count++;
	if (!report->id)
		return error_oom(err);
	if ((r = chain_load(request, &report->chain, err)) < 0 || (r = chain_profile(&report->chain, id, err)) < 0 ||
	    (r = chain_policy(&report->chain, err)) < 0)
		return r;
	return chain_plan(&report->chain, true, err);
}

static const struct profile_report *default_report(const struct machine *machine)
{
	for (size_t i = 0; i < machine->count; i++)
		if (machine->profiles[i].is_default)
			return &machine->profiles[i];
	return &machine->profiles[0];
}

static int look(struct machine *machine, struct chain *chain, struct bawn_error *err)
{
	const struct profile_report *report;
	int r;

	if ((r = add_profile(machine, chain->request, ":read-only", false, err)) < 0 ||
	    (r = add_profile(machine, chain->request, ":workspace", false, err)) < 0 ||
	    (r = add_profile(machine, chain->request, chain_default_id(chain), true, err)) < 0)
		return r;
	report = default_report(machine);
	return secrets_find(machine->arena, report->chain.policy, &report->chain.host, &machine->secrets, err);
}

/* What a profile has opened says so itself (plan.c). */
static bool is_weaker(const struct plan_item *item)
{
	return item->note && !strncmp(item->note, "weaker", 6);
}

/* --- for people --------------------------------------------------------------------------- */

static void print_profile(const struct profile_report *report, struct text *text)
{
	const struct plan *plan = report->chain.plan;

	text_printf(text, "  %-20s  %s%s\n", report->id, plan->policy->unconfined ? "no sandbox at all" :
		    plan->gap_count ? "not all of it can be enforced here" : "all of it can be enforced here",
		    report->is_default ? " (the default)" : "");
	for (size_t i = 0; i < plan->gap_count; i++)
		text_printf(text, "    %s\n      missing: %s\n      remedy:  %s\n", plan->gaps[i].what,
			    plan->gaps[i].missing, plan->gaps[i].remedy);
	for (size_t i = 0; report->is_default && i < plan->count; i++)
		if (is_weaker(&plan->items[i]))
			text_printf(text, "    %s\n      %s\n", plan->items[i].text, plan->items[i].note);
}

static void print_secrets(const struct machine *machine, struct text *text)
{
	const struct secrets *secrets = &machine->secrets;

	if (secrets->count)
		text_printf(text, "secrets that %s lets be read\n", default_report(machine)->id);
	for (size_t i = 0; i < secrets->count; i++)
		text_printf(text, "  %-28s  %s\n", secrets->items[i].subject, secrets->items[i].what);
	if (secrets->count)
		text_add(text, "  to close them: \"PATH\" = \"deny\", environment.exclude = [\"NAME\"]\n");
}

static void print_text(const struct machine *machine, const struct facility *list, size_t count, struct text *text)
{
	text_add(text, "this machine\n");
	for (size_t i = 0; i < count; i++) {
		text_printf(text, "  %-20s  %s\n", list[i].name, list[i].state);
		if (!list[i].enough && list[i].remedy)
			text_printf(text, "    to change: %s\n", list[i].remedy);
	}
	text_add(text, "profiles\n");
	for (size_t i = 0; i < machine->count; i++)
		print_profile(&machine->profiles[i], text);
	print_secrets(machine, text);
	text_add(text, "GPUs: bawn doctor gpu\n");
}

/* --- as JSON ------------------------------------------------------------------------------ */

static void json_gap(const struct profile_report *report, const struct plan_gap *gap, struct json *json)
{
	const char *origin = origin_text(&report->chain.plan->arena, &gap->origin);

	doctor_begin(json, "gap");
	json_string(json, "profile", report->id);
	json_string(json, "what", gap->what);
	json_string(json, "missing", gap->missing);
	json_string(json, "remedy", gap->remedy);
	json_string(json, "origin", origin);
	json_bool(json, "acceptable", gap->acceptable);
	doctor_end(json);
}

static void json_profile(const struct profile_report *report, struct json *json)
{
	const struct plan *plan = report->chain.plan;

	doctor_begin(json, "profile");
	json_string(json, "id", report->id);
	json_bool(json, "default", report->is_default);
	json_integer(json, "gaps", (long long)plan->gap_count);
	doctor_end(json);
	for (size_t i = 0; i < plan->gap_count; i++)
		json_gap(report, &plan->gaps[i], json);
	for (size_t i = 0; i < plan->count; i++) {
		if (!is_weaker(&plan->items[i]))
			continue;
		doctor_begin(json, "weaker");
		json_string(json, "profile", report->id);
		json_string(json, "text", plan->items[i].text);
		json_string(json, "note", plan->items[i].note);
		doctor_end(json);
	}
}

static void print_json(const struct machine *machine, const struct facility *list, size_t count, struct json *json)
{
	for (size_t i = 0; i < count; i++) {
		doctor_begin(json, "facility");
		json_string(json, "name", list[i].name);
		json_string(json, "state", list[i].state);
		json_bool(json, "enough", list[i].enough);
		json_string(json, "remedy", list[i].enough ? NULL : list[i].remedy);
		doctor_end(json);
	}
	for (size_t i = 0; i < machine->count; i++)
		json_profile(&machine->profiles[i], json);
	for (size_t i = 0; i < machine->secrets.count; i++) {
		doctor_begin(json, "secret");
		json_string(json, "profile", default_report(machine)->id);
		json_string(json, "subject", machine->secrets.items[i].subject);
		json_bool(json, "variable", machine->secrets.items[i].variable);
		json_string(json, "what", machine->secrets.items[i].what);
		doctor_end(json);
	}
}

/* --- the whole ---------------------------------------------------------------------------- */

int doctor_machine(struct chain *chain, enum bawn_format format, struct text *text, bool *ret_healthy,
		   struct bawn_error *err)
{
	struct machine machine = { .arena = &chain->arena };
	struct facility list[8];
	struct json json = { 0 };
	int r = look(&machine, chain, err);

	if (r >= 0) {
		size_t count = list_facilities(&chain->arena, &machine.profiles[0].chain.plan->features, list);

		if (format == BAWN_JSON)
			print_json(&machine, list, count, &json);
		else
			print_text(&machine, list, count, &json.text);
		*text = json.text;
		*ret_healthy = !default_report(&machine)->chain.plan->gap_count &&
			       !machine.profiles[1].chain.plan->gap_count;
	}
	for (size_t i = 0; i < machine.count; i++)
		chain_done(&machine.profiles[i].chain);
	return r;
}
