/* SPDX-License-Identifier: Apache-2.0 */
/* devices.c — which of the host's devices a profile grants: entries of `devices`, entries of `filesystem` that name a
 * device, and what `devices.gpu` finds become rules like those for files.
 *
 * The box has a /dev of its own. What is in it stands in rules: the system's own (system.def), and one for each device
 * or directory of devices that is granted. Anything else below /dev is not there, whoever could open it outside; so is
 * what an entry or a deny glob denies. Outside /dev a device is opened only where an entry names it itself: mounts let
 * no other be opened. */
#include "policy/gpu.h"
#include "policy/internal.h"
#include "policy/reader.h"

#include <string.h>

static const struct { const char *path; enum access access; } own_places[] = {
#define SYSTEM(path, access, who, why) { path, ACCESS_##access },
#include "policy/system.def"
#undef SYSTEM
};

/* Of the box's own making, and no rules: links, and trees that are none of the host's. */
static const char *const own_links[] = { "/dev/fd", "/dev/stderr", "/dev/stdin", "/dev/stdout" };
static const char *const own_trees[] = { "/dev/mqueue", "/dev/pts", "/dev/shm", "/proc" };

static bool is_in(const char *path, const char *const *places, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (path_below(path, places[i], false))
			return true;
	return false;
}

bool devices_is_own(const char *path, enum access access, bool *ret_given)
{
	*ret_given = is_in(path, own_links, ARRAY_SIZE(own_links)) && access != ACCESS_DENY;
	if (*ret_given)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(own_places); i++)
		if (!strcmp(path, own_places[i].path)) {
			*ret_given = access != ACCESS_DENY && access <= own_places[i].access;
			return path_below(path, "/dev", false) || path_below(path, "/proc", false);
		}
	return is_in(path, own_trees, ARRAY_SIZE(own_trees));
}

bool rule_is_device(const struct rule *rule)
{
	return (rule->kind == RULE_DEVICE && rule->type != HOST_SOCKET) ||
	       (rule->kind == RULE_GPU && path_below(rule->path, "/dev", false)) ||
	       (rule->kind == RULE_PATH && rule->type == HOST_DEVICE);
}

/* --- entries ------------------------------------------------------------------------------ */

static int add_link(struct resolver *r, const char *path, const char *target)
{
	struct policy *policy = r->policy;
	struct device_link *slot;

	if (!strcmp(path, target) || !path_below(path, "/dev", false))
		return 0;
	slot = array_add(&policy->arena, (void **)&policy->device_links, &policy->device_link_count,
			 &policy->device_link_capacity, sizeof(*slot));
	if (!slot)
		return error_oom(r->err);
	*slot = (struct device_link){ path, target };
	return 0;
}

/* What cannot be granted is denied, and said on every command. */
static int add_nothing(struct resolver *r, const char *path, enum host_type type, const struct origin *origin,
		       const char *label, const char *why)
{
	struct policy *policy = r->policy;
	const char *place = origin_text(&policy->arena, origin);

	text_printf(&policy->warnings, "%s: %s: %s %s: nothing to grant\n", place ? place : "", label, path, why);
	label = arena_printf(&policy->arena, "%s, which %s", label, why);
	if (!label)
		return error_oom(r->err);
	return resolver_add_at(r, path, path, type, ACCESS_DENY, RULE_DEVICE, origin, label);
}

int devices_add(struct resolver *r, const char *path, const char *written, enum host_type type, enum access access,
		const struct origin *origin, const char *label)
{
	static const char own[] = "is the host's, in a place where the box has its own";
	bool given;
	int e;

	if (devices_is_own(path, access, &given) || !strcmp(path, "/dev"))
		return r->entry ? resolver_unenforced(r, r->entry) : add_nothing(r, path, type, origin, label, own);
	if (access != ACCESS_DENY && type == HOST_MISSING)
		return add_nothing(r, path, type, origin, label, "is not there");
	if (access != ACCESS_DENY && type != HOST_DEVICE && type != HOST_DIRECTORY && type != HOST_SOCKET)
		return add_nothing(r, path, type, origin, label, "is neither a device nor a directory of devices");
	e = resolver_add_at(r, path, written, type, access, RULE_DEVICE, origin, label);
	return e < 0 || access == ACCESS_DENY ? e : add_link(r, written, path);
}

int devices_entry(struct resolver *r, const struct setting *setting)
{
	struct arena *arena = &r->policy->arena;
	const char *label = setting_text(arena, setting), *written = path_absolute(arena, "/", setting->name), *path;
	const struct origin *origin = &setting->origin;
	struct host_entry entry;
	bool given;
	int e;

	r->entry = setting;
	if (!label || !written)
		return error_oom(r->err);
	if (devices_is_own(written, setting->value.access, &given))
		return given ? 0 : resolver_unenforced(r, setting);
	if (glob_is(written))
		return error_at(r->err, origin->file, origin->line, origin->column,
				"%s: no patterns here: name the device, or the directory that it is in", label);
	e = resolver_canonical(r, written, &path, &entry);
	if (e < 0)
		return error_wrap(r->err, "%s", label);
	if (path_below(path, "/dev", false))
		return devices_add(r, path, written, entry.type, setting->value.access, origin, label);
	if (entry.type != HOST_DEVICE)
		return error_at(r->err, origin->file, origin->line, origin->column,
				"%s: leads to %s, which is no device", label, path);
	e = resolver_add_at(r, path, written, entry.type, setting->value.access, RULE_PATH, origin, label);
	return e < 0 ? e : add_link(r, written, path);
}

/* --- devices.gpu -------------------------------------------------------------------------- */

static int add_node(struct resolver *r, const struct gpu_node *node, const struct setting *setting, const char *label)
{
	enum host_type type = node->kind == GPU_TREE ? HOST_DIRECTORY : HOST_DEVICE;

	if (node->kind == GPU_LINK)
		return add_link(r, node->path, node->target);
	return resolver_add_at(r, node->path, node->path, type, ACCESS_WRITE, RULE_GPU, &setting->origin, label);
}

/* What the stack reads beside its nodes. An entry that says no stands; that of the root is only a default. */
static int add_readable(struct resolver *r, const char *path, const struct setting *setting, const char *label)
{
	struct policy *policy = r->policy;
	struct decision decision;
	struct host_entry entry;
	int e = resolver_canonical(r, path, &path, &entry);

	if (e < 0 || entry.type == HOST_MISSING)
		return e;
	policy_decide(policy, OPERATION_READ, path, &decision);
	if (decision.allowed)
		return 0;
	if (decision.rule && strcmp(decision.rule->path, "/")) {
		text_printf(&policy->notes, "%s: programs may look for the GPU in %s, which %s closes\n", label, path,
			    decision.rule->label);
		return 0;
	}
	return resolver_add_at(r, path, path, entry.type, ACCESS_READ, RULE_GPU, &setting->origin, label);
}

static int add_socket(struct resolver *r, const char *path, const struct setting *setting, const char *label)
{
	struct policy *policy = r->policy;
	struct permission *slot;
	struct host_entry entry;
	int e = resolver_canonical(r, path, &path, &entry);

	if (e < 0 || entry.type != HOST_SOCKET)
		return e;
	slot = array_add(&policy->arena, (void **)&policy->permissions, &policy->permission_count,
			 &policy->permission_capacity, sizeof(*slot));
	if (!slot)
		return error_oom(r->err);
	*slot = (struct permission){
		.operation = OPERATION_UNIX_CONNECT,
		.rule = { .path = path, .written = path, .access = ACCESS_READ, .kind = RULE_PERMISSION,
			  .type = HOST_SOCKET, .origin = setting->origin, .label = label },
	};
	return 0;
}

static int add_others(struct resolver *r, unsigned families, const struct setting *setting, const char *label)
{
	int e = 0;

	for (size_t i = 0; e >= 0 && i < gpu_also_count; i++) {
		if (!(families & (1u << gpu_alsos[i].family)))
			continue;
		e = gpu_alsos[i].kind == GPU_ALSO_READ ? add_readable(r, gpu_alsos[i].path, setting, label) :
							 add_socket(r, gpu_alsos[i].path, setting, label);
	}
	return e;
}

static int miss(struct resolver *r, const struct gpu_wish *wish, int card, const char *label)
{
	struct policy *policy = r->policy;
	bool one = wish->families && !(wish->families & (wish->families - 1));
	const struct gpu_family_row *row = &gpu_families[one ? __builtin_ctz(wish->families) : 0];
	const char *places = gpu_looked_for(&policy->arena, wish);

	if (!places)
		return error_oom(r->err);
	if (!wish->must) {
		text_printf(&policy->notes, "%s: no GPU is here; looked for %s\n", label, places);
		return 0;
	}
	if (!wish->families)
		policy->gpu_missing = "Metal is macOS's";
	else if (card >= 0)
		policy->gpu_missing = arena_printf(&policy->arena, "no %s number %d is here; looked for it among %s",
						   row->title, card, places);
	else
		policy->gpu_missing = arena_printf(&policy->arena, "no %s is here; looked for %s",
						   one ? row->title : "GPU", places);
	policy->gpu_remedy = arena_printf(&policy->arena, "%s%sdevices.gpu = \"auto\" goes on without",
					  one ? row->hint : "", one ? "; " : "");
	return policy->gpu_missing && policy->gpu_remedy ? 0 : error_oom(r->err);
}

int devices_gpu(struct resolver *r)
{
	const struct setting *setting = r->policy->gpu;
	struct gpu_wish wish = gpu_wish_any();
	const char *label;
	struct gpus gpus;
	int e, card;

	if (!setting || r->host->platform != PLATFORM_LINUX)
		return 0;
	wish.must = true;
	label = setting_text(&r->policy->arena, setting);
	if (!label)
		return error_oom(r->err);
	if (setting->is_string && !gpu_wish_parse(setting->value.string, &wish))
		return error_set(r->err, EINVAL, "%s: there is no such GPU", label);
	e = gpus_find(&r->policy->arena, r->host, &wish, &gpus, r->err);
	if (e < 0)
		return e;
	card = gpu_missing_card(&wish, &gpus);
	if (!gpus.families || card >= 0)
		return miss(r, &wish, card, label);
	r->policy->gpu_found = true;
	for (size_t i = 0; e >= 0 && i < gpus.count; i++)
		e = add_node(r, &gpus.nodes[i], setting, label);
	return e < 0 ? e : add_others(r, gpus.families, setting, label);
}

/* --- a hint ------------------------------------------------------------------------------- */

/* Those that programs compute with. Nearly every desktop has one of the others, and programs do without. */
#define HINTED	(GPU_ALL & ~(1u << GPU_INTEL | 1u << GPU_DRM))

static bool grants_a_device(const struct policy *policy)
{
	for (size_t i = 0; i < policy->count; i++)
		if (rule_is_device(&policy->rules[i]) && policy->rules[i].access != ACCESS_DENY)
			return true;
	return false;
}

int gpu_hint(struct arena *arena, const struct policy *policy, const struct host *host, struct text *text)
{
	const struct gpu_wish wish = { .families = HINTED };
	struct gpus gpus;
	int e;

	if (policy->platform != PLATFORM_LINUX || policy->unconfined || policy->gpu || grants_a_device(policy) ||
	    !gpus_may_be(host, HINTED))
		return 0;
	e = gpus_find(arena, host, &wish, &gpus, NULL);
	if (e < 0 || !gpus.count)
		return e;
	text_printf(text, "hint: this machine has a GPU (%s: %s), and the box has none\n  allow: --gpu\n",
		    gpu_families[gpus.nodes[0].family].title, gpus.nodes[0].path);
	return 0;
}

/* --- what is in the box's /dev ------------------------------------------------------------ */

bool devices_has(const struct policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->device_link_count; i++)
		if (path_below(policy->device_links[i].path, path, false))
			return true;
	for (size_t i = 0; i < policy->count; i++) {
		const struct rule *rule = &policy->rules[i];

		if ((rule->kind == RULE_DEVICE || rule_is_device(rule)) && rule->access != ACCESS_DENY &&
		    path_below(rule->path, path, false))
			return true;
	}
	return is_in(path, own_links, ARRAY_SIZE(own_links));
}
