/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h — what this machine has of what a box needs, and what to change. */
#ifndef BAWN_RUN_DOCTOR_H
#define BAWN_RUN_DOCTOR_H

#include "run/chain.h"

/* GPUs: which are there, whether they open outside and inside a box. The chain is loaded (for its host).
 * *ret_healthy: there is one, and nothing to change. */
int doctor_gpu(struct chain *chain, enum bawn_format format, struct text *text, bool *ret_healthy,
	       struct bawn_error *err);

#endif
