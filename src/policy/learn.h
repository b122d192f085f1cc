/* SPDX-License-Identifier: Apache-2.0 */
/* learn.h — what a command did beyond its profile → the smallest readable profile that lets it. Pure. */
#ifndef BAWN_POLICY_LEARN_H
#define BAWN_POLICY_LEARN_H

#include "policy/event.h"

#define LEARN_ORIGIN	"learn"		/* struct origin.file of what only the learning box grants */

/* Where a learning box lets the command write, into a layer that is thrown away: absolute directories that are there
 * and that the policy does not let be written, NULL at the end; in the arena. */
int learn_places(struct arena *arena, const struct policy *policy, const struct host *host, const char ***ret_places,
		 struct bawn_error *err);

struct learned {
	const struct denials *denials;	/* judged by the profile that was asked for */
	const struct profile *profile;	/* that profile, with what the options said */
	const char *extends;		/* the built-in that it is */
	const char *const *argv;
	const char *previous;		/* text of an earlier lesson, or NULL */
	unsigned previous_line;		/* of its profile's header */
};

/* A whole file. */
int learn_print(const struct learned *learned, struct text *text);

#endif
