/* SPDX-License-Identifier: Apache-2.0 */
/* broker_foreign.c — a trapped 32-bit call becomes the same call of this machine's own.
 *
 * Its row in syscalls.def gives the number. To the kernel its arguments have 32 bits, whatever stands in the upper
 * halves of the registers (64-bit code may say int 0x80, too), and so they have here. What i386 passes in a way of
 * its own is put right below, call by call. Structures behind pointers: open_how and socket addresses are the same for
 * both; where longs or pointers are in them (struct msghdr, struct iovec), target.narrow tells that they have 4 bytes.
 *
 * A call that is left to the kernel (SECCOMP_USER_NOTIF_FLAG_CONTINUE) is made as it was: nothing here changes it. */
#include "linux/broker.h"

#include <linux/audit.h>

#define I386_TRUNCATE	92
#define I386_TRUNCATE64	193

void broker_translate(struct seccomp_data *data)
{
	for (size_t i = 0; i < ARRAY_SIZE(data->args); i++)
		data->args[i] = (uint32_t)data->args[i];
	switch (data->nr) {
	case I386_TRUNCATE:		/* a size below nothing is EINVAL, not 4 GiB */
		data->args[1] = (uint64_t)(int32_t)data->args[1];
		break;
	case I386_TRUNCATE64:		/* the size in two */
		data->args[1] |= data->args[2] << 32;
		data->nr = I386_TRUNCATE;
		break;
	default:
		break;
	}
	data->nr = data->arch == AUDIT_ARCH_I386 ? seccomp_translate(SECCOMP_I386, data->nr, SECCOMP_HOST) :
						   SECCOMP_ABSENT;
}
