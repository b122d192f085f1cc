/* SPDX-License-Identifier: Apache-2.0 */
/* permissions.c — what a profile says of anything but files: sockets, ports, domains, devices, macOS's services.
 *
 * Each is a struct permission, a rule with another kind of subject, so that a decision always points to the rule that
 * made it, and the rule to its line. Among those on paths the longest decides, among equals and all others a denial. */
#include "policy/internal.h"
#include "policy/reader.h"

#include <stdio.h>
#include <string.h>

/* --- settings → permissions --------------------------------------------------------------- */

static int add(struct policy *policy, enum operation operation, const char *subject, const struct setting *setting,
	       enum access access, struct bawn_error *err)
{
	struct permission *permission = array_add(&policy->arena, (void **)&policy->permissions,
						  &policy->permission_count, &policy->permission_capacity,
						  sizeof(*permission));

	if (!permission || !subject)
		return error_oom(err);
	*permission = (struct permission){
		.operation = operation,
		.rule = {
			.path = subject, .written = subject, .access = access, .kind = RULE_PERMISSION,
			.origin = setting->origin, .label = setting_text(&policy->arena, setting),
		},
	};
	return permission->rule.label ? 0 : error_oom(err);
}

/* A path that begins with "~" is below the home directory. */
static int named_path(struct policy *policy, const struct host *host, const struct setting *setting,
		      const char **ret_path, struct bawn_error *err)
{
	const char *name = setting->name;

	if (name[0] == '~' && !host->home)
		return origin_fail(err, &setting->origin, "\"%s\": there is no home directory (HOME is not set)", name);
	*ret_path = name[0] == '~' ? path_absolute(&policy->arena, host->home, name + 1 + strspn(name + 1, "/")) :
				     path_absolute(&policy->arena, "/", name);
	return *ret_path ? 0 : error_oom(err);
}

static int add_path(struct policy *policy, const struct host *host, enum operation operation,
		    const struct setting *setting, struct bawn_error *err)
{
	const char *written = NULL, *path = NULL;
	struct host_entry entry = { .type = HOST_MISSING };
	int e = named_path(policy, host, setting, &written, err);

	if (e >= 0)
		e = path_canonical(&policy->arena, host, written, &path, &entry, err);
	if (e >= 0)
		e = add(policy, operation, path, setting, setting->value.access, err);
	if (e < 0)
		return e;
	policy->permissions[policy->permission_count - 1].rule.written = written;
	policy->permissions[policy->permission_count - 1].rule.type = entry.type;
	return 0;
}

static int add_ports(struct policy *policy, enum operation operation, const struct setting *setting,
		     struct bawn_error *err)
{
	int e = 0;

	for (size_t i = 0; e >= 0 && i < setting->value.ports.count; i++)
		e = add(policy, operation, arena_printf(&policy->arena, "%u", setting->value.ports.items[i]), setting,
			ACCESS_READ, err);
	return e;
}

static int add_names(struct policy *policy, enum operation operation, const struct setting *setting,
		     struct bawn_error *err)
{
	int e = 0;

	for (size_t i = 0; e >= 0 && i < setting->value.strings.count; i++)
		e = add(policy, operation, setting->value.strings.items[i], setting, ACCESS_READ, err);
	return e;
}

static int add_setting(struct policy *policy, const struct host *host, const struct setting *setting,
		       struct bawn_error *err)
{
	int e;

	switch (setting->key) {
	case PROFILE_NET_SOCKET:
		return add_path(policy, host, OPERATION_UNIX_CONNECT, setting, err);
	case PROFILE_NET_ALL_SOCKETS:
		return setting->value.boolean ?
			       add(policy, OPERATION_UNIX_CONNECT, "*", setting, ACCESS_READ, err) : 0;
	case PROFILE_NET_LISTEN:
		return add_ports(policy, OPERATION_LISTEN, setting, err);
	case PROFILE_NET_CONNECT:
		return add_ports(policy, OPERATION_CONNECT, setting, err);
	case PROFILE_NET_LOCAL_BINDING:
		if (!setting->value.boolean)
			return 0;
		e = add(policy, OPERATION_LISTEN, "*", setting, ACCESS_READ, err);
		return e < 0 ? e : add(policy, OPERATION_CONNECT, "*", setting, ACCESS_READ, err);
	case PROFILE_NET_DOMAIN:
		return add(policy, OPERATION_DOMAIN, setting->name, setting, setting->value.access, err);
	case PROFILE_DEVICE:		/* on Linux they are rules: devices.c */
		return host->platform == PLATFORM_LINUX ? 0 : add_path(policy, host, OPERATION_DEVICE, setting, err);
	case PROFILE_KERNEL_ALLOW:
		return add_names(policy, OPERATION_KERNEL, setting, err);
	case PROFILE_MACOS_MACH:
		return add_names(policy, OPERATION_MACH_LOOKUP, setting, err);
	case PROFILE_MACOS_IOKIT:
		return add_names(policy, OPERATION_IOKIT, setting, err);
	case PROFILE_GPU:
		policy->gpu = setting->is_string || setting->value.boolean ? setting : NULL;
		policy->gpu_rule = (struct rule){
			.path = "gpu", .written = "gpu", .access = ACCESS_READ, .kind = RULE_PERMISSION,
			.origin = setting->origin, .label = setting_text(&policy->arena, setting),
		};
		return 0;
	case PROFILE_MACOS_APPLEEVENTS:
		policy->appleevents = setting->value.boolean ? setting : NULL;
		return 0;
	case PROFILE_MACOS_EXTRA_SBPL:
		policy->extra_sbpl = setting;
		return 0;
	default:
		return 0;
	}
}

/* --- name servers ------------------------------------------------------------------------- */

#define RESOLV_CONF	"/etc/resolv.conf"

static int add_resolver(struct policy *policy, const char *address, unsigned line, struct bawn_error *err)
{
	struct permission *permission = array_add(&policy->arena, (void **)&policy->permissions,
						  &policy->permission_count, &policy->permission_capacity,
						  sizeof(*permission));
	const char *subject = arena_printf(&policy->arena, strchr(address, ':') ? "[%s]:53" : "%s:53", address);
	const char *label = arena_printf(&policy->arena, "nameserver %s", address);

	if (!permission || !subject || !label)
		return error_oom(err);
	*permission = (struct permission){
		.operation = OPERATION_CONNECT,
		.rule = { .path = subject, .written = subject, .access = ACCESS_READ, .kind = RULE_PERMISSION,
			  .label = label, .origin = { .file = RESOLV_CONF, .line = line, .column = 1 } },
	};
	return 0;
}

/* resolv.conf(5). Where the network is on, a name server on the host's loopback is part of it: without one no name is
 * found. */
static int add_resolvers(struct policy *policy, const struct host *host, struct bawn_error *err)
{
	char text[4096], address[64];
	int e = 0;
	unsigned line = 1;

	if (policy->network != NETWORK_FULL || host->platform != PLATFORM_LINUX || !host->read ||
	    host->read(host->context, RESOLV_CONF, text, sizeof(text)) <= 0)
		return 0;
	for (const char *at = text; e >= 0 && at; line++) {
		bool local = sscanf(at, "nameserver%*[ \t]%45[0-9a-fA-F.:]", address) == 1 &&
			     (!strncmp(address, "127.", 4) || !strcmp(address, "::1"));

		if (local)
			e = add_resolver(policy, address, line, err);
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return e;
}

int policy_permissions(const struct profile *profile, const struct host *host, struct policy *policy,
		  struct bawn_error *err)
{
	int e = 0;

	for (size_t i = 0; e >= 0 && i < profile->count; i++)
		e = add_setting(policy, host, &profile->settings[i], err);
	return e < 0 ? e : add_resolvers(policy, host, err);
}

/* --- decision ----------------------------------------------------------------------------- */

/* A port may be asked about as HOST:PORT. */
static const char *port_of(const char *subject)
{
	const char *colon = strrchr(subject, ':');

	return colon ? colon + 1 : subject;
}

static bool matches(const struct permission *permission, const char *subject)
{
	const char *own = permission->rule.path;

	if (!strcmp(own, "*") && permission->operation != OPERATION_DOMAIN)
		return true;
	switch (permission->operation) {
	case OPERATION_UNIX_CONNECT: case OPERATION_DEVICE:
		return path_below(subject, own, false);
	case OPERATION_CONNECT: case OPERATION_LISTEN:
		return !strcmp(own, strchr(own, ':') ? subject : port_of(subject));
	case OPERATION_DOMAIN:
		return domain_match(own, subject);
	default:
		return !strcmp(own, subject);
	}
}

static bool outranks(const struct permission *permission, const struct permission *other)
{
	size_t size = strlen(permission->rule.path), other_size = strlen(other->rule.path);

	if (operation_is_path(permission->operation) && size != other_size)
		return size > other_size;
	return permission->rule.access == ACCESS_DENY && other->rule.access != ACCESS_DENY;
}

static const struct rule *find_rule(const struct policy *policy, enum operation operation, const char *subject,
				    const struct rule *const passed[], size_t passed_count)
{
	const struct permission *best = NULL;

	for (size_t i = 0; i < policy->permission_count; i++) {
		const struct permission *permission = &policy->permissions[i];

		if (permission->operation == operation && matches(permission, subject) &&
		    !rule_is_among(&permission->rule, passed, passed_count) &&
		    (!best || outranks(permission, best)))
			best = permission;
	}
	return best ? &best->rule : NULL;
}

const struct rule *permissions_next(const struct policy *policy, enum operation operation, const char *subject,
				    const struct rule *const passed[], size_t passed_count)
{
	if (operation == OPERATION_DOMAIN && policy->network != NETWORK_PROXY)
		return NULL;		/* no pattern decides */
	return find_rule(policy, operation, subject, passed, passed_count);
}

/* Why, where no permission speaks. */
static const char *default_reason(const struct policy *policy, enum operation operation)
{
	static const char *const reasons[OPERATION__COUNT] = {
		[OPERATION_UNIX_CONNECT] = "local sockets of the host are closed unless unix_sockets lists them",
		[OPERATION_CONNECT] = "the host's loopback is closed unless connect lists the port",
		[OPERATION_LISTEN] = "the host's loopback is closed unless listen lists the port",
		[OPERATION_DEVICE] = "devices are closed unless devices lists them",
		[OPERATION_KERNEL] = "closed unless kernel.allow lists it",
		[OPERATION_IOKIT] =
			"IOKit user clients are closed unless devices.gpu or macos.iokit_user_clients opens them",
		[OPERATION_MACH_LOOKUP] = "services are closed unless macos.mach_lookup lists them",
	};

	if (operation != OPERATION_DOMAIN)
		return reasons[operation];
	return policy->network == NETWORK_OFF  ? "the network is off" :
	       policy->network == NETWORK_FULL ? "the network is on" : "no pattern of network.domains matches";
}

void permissions_decide(const struct policy *policy, enum operation operation, const char *subject,
			struct decision *ret)
{
	const struct rule *rule = find_rule(policy, operation, subject, NULL, 0);

	*ret = (struct decision){ .allowed = rule && rule->access != ACCESS_DENY, .rule = rule };
	if (!rule)
		ret->reason = default_reason(policy, operation);
	if (!rule && policy->platform == PLATFORM_MACOS)
		macos_decide(policy, operation, subject, ret);
	if (operation == OPERATION_DOMAIN && policy->network != NETWORK_PROXY) {
		*ret = (struct decision){ .allowed = policy->network == NETWORK_FULL };
		ret->reason = default_reason(policy, operation);
	}
}

bool policy_opens_all(const struct policy *policy, enum operation operation)
{
	bool all = false;

	for (size_t i = 0; i < policy->permission_count; i++) {
		const struct permission *permission = &policy->permissions[i];

		if (permission->operation != operation)
			continue;
		if (permission->rule.access == ACCESS_DENY)
			return false;
		all |= !strcmp(permission->rule.path, "*");
	}
	return all || policy->unconfined;
}
