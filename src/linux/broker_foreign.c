/* SPDX-License-Identifier: Apache-2.0 */
/* broker_foreign.c — a trapped 32-bit call becomes the same call of this machine's own.
 *
 * Its row in syscalls.def gives the number. To the kernel its arguments have 32 bits, whatever stands in the upper
 * halves of the registers (64-bit code may say int 0x80, too), and so they have here. What i386 passes in a way of
 * its own is put right below, call by call. Structures behind pointers: open_how and socket addresses are the same for
 * both; where longs or pointers are in them (struct msghdr, struct iovec), target.narrow tells that they have 4 bytes.
 *
 * A call that is left to the kernel (SECCOMP_USER_NOTIF_FLAG_CONTINUE) is made as it was: nothing here changes it.
 *
 * socketcall(2) is how glibc makes every socket call where it was built for a kernel before 4.3, as Debian's is. Which
 * of them is in a register, so the filter traps only those that are ruled; their arguments are in memory, so they are
 * copied once, judged by the rows of the call itself, and made from the copy. They are never left to the kernel, which
 * would read that memory again. */
#include "linux/broker.h"

#include <linux/audit.h>
#include <linux/net.h>
#include <sys/socket.h>

#define I386_TRUNCATE	92
#define I386_TRUNCATE64	193
#define I386_SOCKETCALL	102

static const struct { int number; unsigned count; } socket_calls[] = {	/* on i386, and how many arguments */
	[SYS_SOCKET] = { 359, 3 }, [SYS_BIND] = { 361, 3 },    [SYS_CONNECT] = { 362, 3 },
	[SYS_LISTEN] = { 363, 2 },   [SYS_SOCKETPAIR] = { 360, 4 },
	[SYS_SENDTO] = { 369, 6 }, [SYS_SENDMSG] = { 370, 3 }, [SYS_SENDMMSG] = { 345, 4 },
};

/* The call that a socketcall stands for, in its place. */
static int read_socketcall(struct call *call, struct seccomp_data *data)
{
	uint32_t words[ARRAY_SIZE(data->args)] = { 0 };
	uint64_t which = data->args[0];
	int r;

	if (which >= ARRAY_SIZE(socket_calls) || !socket_calls[which].count)
		return -EINVAL;
	r = target_read(&call->target, data->args[1], words, socket_calls[which].count * sizeof(words[0]));
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		data->args[i] = words[i];
	data->nr = socket_calls[which].number;
	call->in_memory = true;
	return 0;
}

/* Some rows test arguments that the filter did not see. */
static int judge_in_memory(const struct call *call, const struct seccomp_data *data)
{
	const struct seccomp_options options = {
		.arch = SECCOMP_HOST, .kernel_allow = call->broker->policy->kernel_allow, .broker = call->broker->parts,
	};
	int outcome = seccomp_decide(&options, data->nr, (const uint64_t *)data->args);

	return outcome > 0 ? -outcome : 0;
}

int broker_translate(struct call *call, struct seccomp_data *data)
{
	int r = data->arch == AUDIT_ARCH_I386 ? 0 : -ENOSYS;

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
	case I386_SOCKETCALL:
		r = r < 0 ? r : read_socketcall(call, data);
		break;
	default:
		break;
	}
	data->nr = seccomp_translate(SECCOMP_I386, data->nr, SECCOMP_HOST);
	return r == 0 && call->in_memory ? judge_in_memory(call, data) : r;
}

/* --- sockets on behalf -------------------------------------------------------------------- */

/* A socket belongs to the network namespace of whoever makes it. */
static bool is_same_network(const struct call *call)
{
	autoclose int own = sys_open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	autoclose int other = target_open(&call->target, "ns/net", O_RDONLY);
	struct stat here, there;

	return own >= 0 && other >= 0 && fstat(own, &here) == 0 && fstat(other, &there) == 0 &&
	       here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

static int descriptor_flags(int type)
{
	return type & SOCK_CLOEXEC ? O_CLOEXEC : 0;
}

int broker_make_socket(struct call *call, int family, int type, int protocol)
{
	if (!is_same_network(call))
		return -ENOSYS;
	call->fd = socket(family, type | SOCK_CLOEXEC, protocol);
	call->fd_flags = descriptor_flags(type);
	return call->fd < 0 ? -errno : 0;
}

/* A caller that has room for one descriptor only, or none for their numbers, keeps what it was given: nobody can take
 * it back. */
int broker_make_pair(struct call *call, int family, int type, int protocol, uint64_t address)
{
	int own[2], given[2] = { -1, -1 };
	int r;

	if (family != AF_UNIX && !is_same_network(call))	/* which a local pair makes no use of */
		return -ENOSYS;
	r = target_read(&call->target, address, given, sizeof(given));
	if (r < 0)
		return r;
	if (socketpair(family, type | SOCK_CLOEXEC, protocol, own) < 0)
		return -errno;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(own); i++)
		r = given[i] = broker_give(call, own[i], descriptor_flags(type));
	close(own[0]);
	close(own[1]);
	return r < 0 ? r : target_write(&call->target, address, given, sizeof(given));
}
