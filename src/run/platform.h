/* SPDX-License-Identifier: Apache-2.0 */
/* platform.h — what confines on this system. Both headers have struct command and struct process, and where one system
 * has a file (host_linux.c, supervise.c) the other has its sibling (host_macos.c, supervise_macos.c). */
#ifndef BAWN_RUN_PLATFORM_H
#define BAWN_RUN_PLATFORM_H

#ifdef __APPLE__
#include "macos/sandbox_exec.h"
#else
#include "linux/linux.h"
#endif

#endif
