/* SPDX-License-Identifier: Apache-2.0 */
/* replica.h — a process of ours that stands where a caller stands. Internal to linux/. */
#ifndef BAWN_LINUX_REPLICA_H
#define BAWN_LINUX_REPLICA_H

#include "linux/broker.h"

/* Starts a process in the namespaces, root, working directory and with the capabilities of the caller, which makes
 * act(call, argument) and answers the call with what comes back. 0: it will; else -errno, and nobody has answered. */
int broker_replicate(struct call *call, int (*act)(struct call *call, const void *argument), const void *argument);
/* The same in a process that stands where we stand. */
int broker_help(struct call *call, int (*act)(struct call *call, const void *argument), const void *argument);
/* The same, and waits for it: act may do nothing that waits. Its process id namespace stays ours. */
int broker_replicate_now(struct call *call, int (*act)(struct call *call, const void *argument), const void *argument);

#endif
