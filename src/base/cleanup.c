/* SPDX-License-Identifier: Apache-2.0 */
/* cleanup.c — what the autoclose and autofree attributes call. They keep errno: they run between a
 * failing call and the caller who looks at why. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cleanup_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

void cleanup_free(void *pointer)
{
	int saved = errno;
	void *memory;

	memcpy(&memory, pointer, sizeof(memory));
	free(memory);
	errno = saved;
}

int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
