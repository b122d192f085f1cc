/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c — what an effective profile says besides its path rules: network, limits, kernel names,
 * environment.
 *
 * A setting that this version has no means to hold is never dropped: it goes to policy->unenforced, and the
 * plan refuses it. */
#include "policy/internal.h"
#include "policy/reader.h"

#include <string.h>

static const struct origin by_default = { .file = "default" };

static bool is_limited(const struct profile *profile)
{
	const struct setting *mode = profile_find(profile, PROFILE_NET_MODE, NULL);

	return mode && !strcmp(mode->value.string, "limited");
}

static int set_network(const struct profile *profile, struct policy *policy, struct bawn_error *err)
{
	const struct setting *enabled = profile_find(profile, PROFILE_NET_ENABLED, NULL);

	if (profile_check_effects(NULL, profile, err) < 0)
		return -EINVAL;
	policy->network_origin = enabled ? enabled->origin : by_default;
	if (!enabled || !enabled->value.boolean)
		policy->network = NETWORK_OFF;
	else if (is_limited(profile) || profile_find(profile, PROFILE_NET_DOMAIN, NULL))
		policy->network = NETWORK_PROXY;
	else
		policy->network = NETWORK_FULL;
	return 0;
}

static void set_limits(const struct profile *profile, struct policy *policy)
{
	policy->limits[LIMIT_CORE_SIZE] = (struct limit){ .set = true, .origin = by_default };
	for (int i = 0; i < LIMIT__COUNT; i++) {
		const struct setting *setting = profile_find(profile, limit_key((enum limit_name)i), NULL);

		if (setting)
			policy->limits[i] = (struct limit){
				.set = true, .value = (uint64_t)setting->value.integer, .origin = setting->origin,
			};
	}
}

static void set_kernel(const struct profile *profile, struct policy *policy)
{
	const struct setting *setting = profile_find(profile, PROFILE_KERNEL_ALLOW, NULL);

	for (size_t i = 0; setting && i < setting->value.strings.count; i++) {
		int name = kernel_find(setting->value.strings.items[i]);

		policy->kernel_allow |= 1u << name;
		policy->kernel_origins[name] = setting->origin;
	}
}

/* --- what cannot be held yet -------------------------------------------------------------- */

/* Keys of the gateway, which is not there while the network is off. */
static bool is_for_gateway(enum profile_key key)
{
	static const enum profile_key keys[] = {
		PROFILE_NET_DOMAIN, PROFILE_NET_MITM, PROFILE_NET_MODE, PROFILE_NET_NON_LOOPBACK, PROFILE_NET_PROXY_URL,
		PROFILE_NET_SOCKS5, PROFILE_NET_SOCKS5_UDP, PROFILE_NET_SOCKS_URL, PROFILE_NET_UPSTREAM_PROXY,
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i] == key)
			return true;
	return false;
}

/* Whether this version has nothing that enforces a setting: Seatbelt text says more than the Linux side does yet. */
static bool is_later(const struct policy *policy, enum profile_key key)
{
	static const enum profile_key on_macos[] = {
		PROFILE_DEVICE, PROFILE_GPU, PROFILE_NET_ALL_SOCKETS, PROFILE_NET_CONNECT, PROFILE_NET_LISTEN,
		PROFILE_NET_LOCAL_BINDING, PROFILE_NET_SOCKET,
	};

	for (size_t i = 0; policy->platform == PLATFORM_MACOS && i < ARRAY_SIZE(on_macos); i++)
		if (on_macos[i] == key)
			return false;
	return key_row(key)->status == STATUS_LATER;
}

/* Whether a setting asks for anything: what says "no" to what is closed anyway does not. */
static bool asks(const struct setting *setting)
{
	switch (key_row(setting->key)->type) {
	case KEY_BOOL:
		return setting->value.boolean;
	case KEY_GPU:
		return setting->is_string || setting->value.boolean;
	case KEY_PORTS:
		return setting->value.ports.count > 0;
	case KEY_STRINGS:
		return setting->value.strings.count > 0;
	case KEY_MODE:
		return strcmp(setting->value.string, "limited") == 0;
	case KEY_DEVICE_MAP:
		return setting->value.access != ACCESS_DENY;
	case KEY_DECISION_MAP:	/* a domain that is denied restricts a network that is on */
		return setting->key == PROFILE_NET_DOMAIN || setting->value.access != ACCESS_DENY;
	default:
		return true;
	}
}

static int set_unenforced(const struct profile *profile, struct policy *policy, struct bawn_error *err)
{
	for (size_t i = 0; i < profile->count; i++) {
		const struct setting *setting = &profile->settings[i];
		struct setting *slot;

		if (!is_later(policy, setting->key) || !asks(setting) ||
		    (policy->network == NETWORK_OFF && is_for_gateway(setting->key)))
			continue;
		slot = array_add(&policy->arena, (void **)&policy->unenforced, &policy->unenforced_count,
				 &policy->unenforced_capacity, sizeof(*slot));
		if (!slot)
			return error_oom(err);
		*slot = *setting;
	}
	return 0;
}

int policy_settings(const struct profile *profile, const struct host *host, struct policy *policy,
		    struct bawn_error *err)
{
	int e = set_network(profile, policy, err);

	if (e < 0)
		return e;
	set_limits(profile, policy);
	set_kernel(profile, policy);
	e = set_unenforced(profile, policy, err);
	return e < 0 ? e : policy_environ(profile, host, policy, err);
}
