/* SPDX-License-Identifier: Apache-2.0 */
/* learn.h — bawn learn: the chain of the box that is learnt from, and the profile that comes of it; see learn.c. */
#ifndef BAWN_RUN_LEARN_H
#define BAWN_RUN_LEARN_H

#include "policy/event.h"

struct chain;
struct request;

/* asked: the request's own chain as far as its policy, which judges what is recorded. Goes as far as a policy, too. */
int chain_learn(const struct request *request, const struct chain *asked, struct chain *ret_wide,
		struct bawn_error *err);
/* The profile. previous: the text of the file that asked's profile is in, or NULL. Proves that it can be read back. */
int chain_learned(const struct chain *asked, const struct denials *denials, const char *const *argv,
		  const char *previous, struct text *text, struct bawn_error *err);

#endif
