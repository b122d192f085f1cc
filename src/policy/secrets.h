/* SPDX-License-Identifier: Apache-2.0 */
/* secrets.h — which of the places where secrets commonly lie a policy lets be read. */
#ifndef BAWN_POLICY_SECRETS_H
#define BAWN_POLICY_SECRETS_H

#include "policy/policy.h"

struct secret {
	const char *subject;		/* a path as in secrets.def, or the name of a variable */
	const char *what;
	bool variable;
};

struct secrets { struct secret *items; size_t count, capacity; };

/* Pure, through the host's callbacks: what is there, what the caller may read, and the policy lets be read. */
int secrets_find(struct arena *arena, const struct policy *policy, const struct host *host, struct secrets *ret_secrets,
		 struct bawn_error *err);

#endif
