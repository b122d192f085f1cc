/* SPDX-License-Identifier: Apache-2.0 */
/* broker_send.c — sends that carry an address, where the host's loopback is within reach.
 *
 * sendto() shows the filter whether it has an address, sendmsg() and sendmmsg() do not, and a descriptor can be
 * exchanged between a look and the call. So with the network on and the host's loopback closed all three are made
 * here: address, descriptors and data are copied once, the socket is held, the address is judged (broker_net.c). A
 * message may wait for room: then it is made again from the caller's memory, but for the address, which stays the one
 * that was judged.
 *
 * A descriptor that a message passes on is fetched and passed on by us. The credentials that go with a message are
 * ours: the same user, another process. */
#include "linux/broker.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define DATA_MAX	((size_t)256 * 1024)	/* of one call to the kernel; a stream goes on from there */
#define CONTROL_MAX	4096u
#define RIGHTS_MAX	253		/* SCM_MAX_FD */
#define VECTORS_MAX	1024u		/* UIO_MAXIOV */
#define MESSAGES_MAX	64u		/* of one sendmmsg(): it may do less than it is asked for */

/* The caller's struct msghdr, whatever its architecture; or the buffer of a sendto(). */
struct message {
	uint64_t name, vectors, control;
	uint32_t name_size;
	uint64_t vector_count, control_size;
	uint64_t buffer, size;
};

struct prepared {			/* what is given to the kernel */
	struct msghdr header;
	struct iovec data;
	int rights[RIGHTS_MAX];
	size_t rights_count;
	bool whole;			/* all the data is there */
};

static char data[DATA_MAX];
static char control[CONTROL_MAX + 64] __attribute__((aligned(8)));

/* --- the caller's memory ------------------------------------------------------------------ */

static int read_message(const struct target *target, uint64_t address, struct message *ret_message)
{
	struct { uint32_t name, name_size, vectors, vector_count, control, control_size, flags; } narrow;
	struct msghdr wide;
	int r = target->narrow ? target_read(target, address, &narrow, sizeof(narrow)) :
				 target_read(target, address, &wide, sizeof(wide));

	if (r < 0)
		return r;
	*ret_message = target->narrow ?
		(struct message){ .name = narrow.name, .name_size = narrow.name_size, .vectors = narrow.vectors,
				  .vector_count = narrow.vector_count, .control = narrow.control,
				  .control_size = narrow.control_size } :
		(struct message){ .name = (uintptr_t)wide.msg_name, .name_size = wide.msg_namelen,
				  .vectors = (uintptr_t)wide.msg_iov, .vector_count = (size_t)wide.msg_iovlen,
				  .control = (uintptr_t)wide.msg_control,
				  .control_size = (size_t)wide.msg_controllen };
	return ret_message->vector_count > VECTORS_MAX ? -EMSGSIZE : 0;
}

static int read_vector(const struct target *target, const struct message *message, uint64_t index,
		       uint64_t ret_words[2])
{
	uint32_t narrow[2] = { 0 };
	int r;

	ret_words[0] = message->buffer;
	ret_words[1] = message->size;
	if (!message->vectors)
		return 0;
	if (!target->narrow)
		return target_read(target, message->vectors + index * 16, ret_words, 16);
	r = target_read(target, message->vectors + index * 8, narrow, sizeof(narrow));
	ret_words[0] = narrow[0];
	ret_words[1] = narrow[1];
	return r;
}

/* Up to DATA_MAX bytes, without the first skip; the rest shows in prepared->whole. */
static int read_data(const struct target *target, const struct message *message, uint64_t skip,
		     struct prepared *prepared)
{
	size_t used = 0;

	prepared->whole = true;
	for (uint64_t i = 0; i < message->vector_count; i++) {
		uint64_t words[2], take;
		int r = read_vector(target, message, i, words);

		if (r < 0)
			return r;
		if (skip >= words[1]) {
			skip -= words[1];
			continue;
		}
		take = words[1] - skip;
		if (take > DATA_MAX - used) {
			take = DATA_MAX - used;
			prepared->whole = false;
		}
		r = take ? target_read(target, words[0] + skip, data + used, (size_t)take) : 0;
		if (r < 0)
			return r;
		used += (size_t)take;
		skip = 0;
	}
	prepared->data = (struct iovec){ .iov_base = data, .iov_len = used };
	prepared->header.msg_iov = &prepared->data;
	prepared->header.msg_iovlen = 1;
	return 0;
}

/* --- control messages --------------------------------------------------------------------- */

static int add_rights(const struct target *target, struct prepared *prepared, struct cmsghdr *to, const char *from,
		      size_t size)
{
	for (size_t at = 0; at + sizeof(int) <= size; at += sizeof(int)) {
		int number, own;

		memcpy(&number, from + at, sizeof(number));
		if (prepared->rights_count == RIGHTS_MAX)
			return -EINVAL;
		own = target_descriptor(target, number);
		if (own < 0)
			return own;
		prepared->rights[prepared->rights_count++] = own;
		memcpy(CMSG_DATA(to) + at, &own, sizeof(own));
	}
	return 0;
}

/* Copies them one by one; i386 aligns them otherwise. */
static int read_control(const struct target *target, const struct message *message, bool local,
			struct prepared *prepared)
{
	size_t header = target->narrow ? 12 : sizeof(struct cmsghdr), align = target->narrow ? 4 : 8, used = 0;
	char theirs[CONTROL_MAX];
	int r = 0;

	if (message->control_size > sizeof(theirs))
		return -ENOBUFS;
	if (!message->control_size)
		return 0;
	r = target_read(target, message->control, theirs, (size_t)message->control_size);
	for (size_t at = 0; r == 0 && at + header <= message->control_size;) {
		struct cmsghdr *to = (struct cmsghdr *)(void *)(control + used);
		size_t size = 0;

		memcpy(&size, theirs + at, target->narrow ? 4 : sizeof(size));
		if (size < header || size > message->control_size - at ||
		    used + CMSG_SPACE(size - header) > sizeof(control))
			return -EINVAL;
		*to = (struct cmsghdr){ .cmsg_len = CMSG_LEN(size - header) };
		memcpy(&to->cmsg_level, theirs + at + header - 8, 4);
		memcpy(&to->cmsg_type, theirs + at + header - 4, 4);
		memcpy(CMSG_DATA(to), theirs + at + header, size - header);
		if (local && to->cmsg_level == SOL_SOCKET && to->cmsg_type == SCM_RIGHTS)
			r = add_rights(target, prepared, to, theirs + at + header, size - header);
		/* Whose they are only the caller could say: the kernel puts ours. */
		if (!(local && to->cmsg_level == SOL_SOCKET && to->cmsg_type == SCM_CREDENTIALS))
			used += CMSG_SPACE(size - header);
		at += (size + align - 1) & ~(align - 1);
	}
	prepared->header.msg_control = used ? control : NULL;
	prepared->header.msg_controllen = used;
	return r;
}

static void forget_rights(struct prepared *prepared)
{
	for (size_t i = 0; i < prepared->rights_count; i++)
		close(prepared->rights[i]);
	prepared->rights_count = 0;
}

/* --- sending ------------------------------------------------------------------------------ */

static int option_of(int fd, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0 ? -1 : value;
}

/* As the kernel does for a caller of its own. */
static int broken_pipe(const struct target *target, int fd, int flags, int r)
{
	int type = option_of(fd, SO_TYPE);

	if (r == -EPIPE && !(flags & MSG_NOSIGNAL) && (type == SOCK_STREAM || type == SOCK_SEQPACKET))
		syscall(SYS_tkill, target->tid, SIGPIPE);
	return r;
}

/* Everything of a message but its address. */
static int prepare(const struct waiting *waiting, const struct target *target, struct prepared *prepared)
{
	bool local = option_of(waiting->connection.fd, SO_DOMAIN) == AF_UNIX;
	const struct sending *sending = &waiting->sending;
	struct message message = { .buffer = sending->buffer, .size = sending->size, .vector_count = 1 };
	int r = sending->message ? read_message(target, sending->message, &message) : 0;

	if (r == 0)
		r = read_data(target, &message, (uint64_t)waiting->done, prepared);
	if (r == 0 && waiting->done == 0)
		r = read_control(target, &message, local, prepared);
	if (waiting->connection.size) {
		prepared->header.msg_name = (void *)(uintptr_t)&waiting->connection.address;
		prepared->header.msg_namelen = waiting->connection.size;
	}
	return r;
}

static bool is_valid(const struct broker *broker, uint64_t id)
{
	return broker_ask(broker, NOTIF_IOCTL_ID_VALID, &id) == 0;
}

/* As much as there is room for; a stream's message goes in parts. 0 or more: all that was sent; -EAGAIN: wait, and
 * waiting->done tells how far it came. */
static int send_on(struct broker *broker, struct waiting *waiting)
{
	const struct target target = { .tid = waiting->tid, .narrow = waiting->sending.narrow };
	int fd = waiting->connection.fd, flags = waiting->sending.flags;
	bool stream = option_of(fd, SO_TYPE) == SOCK_STREAM;

	for (;;) {
		struct prepared prepared = { .rights_count = 0 };
		ssize_t sent = 0;
		int r = prepare(waiting, &target, &prepared);

		if (r == 0 && !prepared.whole && !stream)
			r = -EMSGSIZE;
		if (r == 0 && !is_valid(broker, waiting->id))	/* else it may be another's memory */
			r = -ESRCH;
		if (r == 0 && (sent = sendmsg(fd, &prepared.header, flags | MSG_DONTWAIT | MSG_NOSIGNAL)) < 0)
			r = broken_pipe(&target, fd, flags, -errno);
		forget_rights(&prepared);
		if (r < 0)
			return r != -EAGAIN && waiting->done ? (int)waiting->done : r;
		waiting->done += sent;
		if (!stream || !sent || (prepared.whole && (size_t)sent == prepared.data.iov_len) ||
		    waiting->done > INT32_MAX - (int64_t)DATA_MAX)
			return (int)waiting->done;
	}
}

/* --- the calls ---------------------------------------------------------------------------- */

/* Copies and judges the address; *own may be exchanged, and is the waiting call's. */
static int take_address(struct call *call, int fd, struct waiting *waiting, uint64_t address, uint32_t size)
{
	struct connection *to = &waiting->connection;
	int r;

	if (!address || !size)
		return 0;
	if (size > sizeof(to->address))
		return -EINVAL;
	r = target_read(&call->target, address, &to->address, size);
	if (r < 0)
		return r;
	to->size = (socklen_t)size;
	if (!broker_is_waiting(call))
		return -ESRCH;
	if (broker_is_path(&to->address, size))
		return option_of(to->fd, SO_TYPE) == SOCK_DGRAM ? broker_hold_path(call, to) : 0;
	return broker_judge_peer(call, fd, &to->fd, &to->address, size);
}

static bool may_wait(int fd, int flags)
{
	int status = fcntl(fd, F_GETFL);

	return !(flags & MSG_DONTWAIT) && status >= 0 && !(status & O_NONBLOCK);
}

static int send_first(struct call *call, struct waiting *waiting)
{
	int r = send_on(call->broker, waiting);

	if (r != -EAGAIN)
		return r;
	if (!may_wait(waiting->connection.fd, waiting->sending.flags))
		return waiting->done ? (int)waiting->done : -EAGAIN;
	waiting->again = send_on;
	waiting->timed_out = -EAGAIN;
	waiting->deadline_ms = broker_deadline(waiting->connection.fd);
	return broker_wait_for(call, waiting);
}

static int begin(struct call *call, int fd, int flags, struct waiting *ret_waiting)
{
	*ret_waiting = (struct waiting){
		.id = call->notif->id, .tid = call->target.tid, .connection = { .object_fd = -1 },
		.sending = { .flags = flags, .narrow = call->target.narrow },
	};
	if (flags & (MSG_FASTOPEN | MSG_ZEROCOPY))	/* the filter sees to the first; pages of ours are no copy */
		return flags & MSG_FASTOPEN ? -EOPNOTSUPP : -ENOBUFS;
	ret_waiting->connection.fd = target_descriptor(&call->target, fd);
	return ret_waiting->connection.fd < 0 ? ret_waiting->connection.fd : 0;
}

static void end(struct call *call, struct waiting *waiting)
{
	if (call->later)			/* the table's now */
		return;
	cleanup_fd(&waiting->connection.fd);
	cleanup_fd(&waiting->connection.object_fd);
}

int broker_sendto(struct call *call, int fd, uint64_t buffer, uint64_t size, int flags, uint64_t address,
		  uint32_t address_size)
{
	struct waiting waiting;
	int r = begin(call, fd, flags, &waiting);

	waiting.sending.buffer = buffer;
	waiting.sending.size = size > INT32_MAX ? INT32_MAX : size;
	if (r == 0)
		r = take_address(call, fd, &waiting, address, address_size);
	if (r == 0)
		r = send_first(call, &waiting);
	end(call, &waiting);
	return call->later ? 0 : r;
}

/* count_at: where the bytes of a message that waits are to be told, or 0. */
static int send_one(struct call *call, int fd, uint64_t address, int flags, uint64_t count_at)
{
	struct waiting waiting;
	struct message message;
	int r = begin(call, fd, flags, &waiting);

	waiting.sending.message = address;
	waiting.sending.count_at = count_at;
	if (r == 0)
		r = read_message(&call->target, address, &message);
	if (r == 0)
		r = take_address(call, fd, &waiting, message.name, message.name_size);
	if (r == 0)
		r = send_first(call, &waiting);
	end(call, &waiting);
	return r;
}

int broker_sendmsg(struct call *call, int fd, uint64_t address, int flags)
{
	int r = send_one(call, fd, address, flags, 0);

	return call->later ? 0 : r;
}

/* The first may wait, as one sendmsg() would; those behind it go as long as nothing has to. */
int broker_sendmmsg(struct call *call, int fd, uint64_t address, uint32_t count, int flags)
{
	uint64_t stride = call->target.narrow ? 32 : sizeof(struct mmsghdr);
	uint64_t size_at = call->target.narrow ? 28 : offsetof(struct mmsghdr, msg_len);
	uint32_t done = 0;
	int r = 0;

	for (uint32_t i = 0; i < count && i < MESSAGES_MAX; i++) {
		uint32_t sent;

		r = send_one(call, fd, address + i * stride, i ? flags | MSG_DONTWAIT : flags, address + size_at);
		if (call->later)
			return 0;
		if (r < 0)
			break;
		sent = (uint32_t)r;
		r = target_write(&call->target, address + i * stride + size_at, &sent, sizeof(sent));
		if (r < 0)
			break;
		done++;
	}
	return done ? (int)done : r;
}
