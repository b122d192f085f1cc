/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h — what this machine has of what a box needs, and what to change. */
#ifndef BAWN_RUN_DOCTOR_H
#define BAWN_RUN_DOCTOR_H

#include "run/chain.h"

/* What bawn can enforce on this machine, what not, and which secrets the profile that bawn run would take leaves in
 * reach. The chain is loaded. *ret_healthy: nothing is missing for ":workspace" and that profile. */
int doctor_machine(struct chain *chain, enum bawn_format format, struct text *text, bool *ret_healthy,
		   struct bawn_error *err);
/* GPUs: which are there, whether they open outside and inside a box. The chain is loaded (for its host).
 * *ret_healthy: there is one, and nothing to change. */
int doctor_gpu(struct chain *chain, enum bawn_format format, struct text *text, bool *ret_healthy,
	       struct bawn_error *err);

/* One line of JSON begins and ends. */
void doctor_begin(struct json *json, const char *type);
void doctor_end(struct json *json);

#endif
