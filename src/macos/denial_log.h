/* SPDX-License-Identifier: Apache-2.0 */
/* denial_log.h — macOS's log, read for one command; see denial_log.c. */
#ifndef BAWN_MACOS_DENIAL_LOG_H
#define BAWN_MACOS_DENIAL_LOG_H

#include "macos/denials.h"

#include <sys/types.h>

struct denial_log;

/* Starts `log stream` and returns when it is listening. Refusals to the process and its descendants are recorded in
 * events. */
int denial_log_start(pid_t pid, struct events *events, struct denial_log **ret_log, struct bawn_error *err);
/* Two descriptors that poll readable when denial_log_read() has something to do. */
void denial_log_fds(const struct denial_log *log, int ret_fds[2]);
void denial_log_read(struct denial_log *log);
/* The command has ended: what the log still tells within moments. */
void denial_log_finish(struct denial_log *log);
void denial_log_free(struct denial_log *log);		/* NULL allowed */

#endif
