/* SPDX-License-Identifier: Apache-2.0 */
/* broker_net.c — the host's loopback, where its network namespace is the command's too.
 *
 * connect(), bind(), listen() and sends to an address are made on behalf, as for local sockets: the address is copied
 * once, the socket is held, and both are judged before they meet. An address is one of three:
 *	loopback	127.0.0.0/8, ::1, the same mapped into IPv6, and 0.0.0.0 and ::, which mean it to connect():
 *			the profile's ports (connect, listen, allow_local_binding) are the host's; all others are the
 *			box's own (broker_private.c)
 *	own		another address of this machine, as its routing table tells (RTN_LOCAL): the profile's ports;
 *			all others are refused
 *	elsewhere	not our business
 * A name server that /etc/resolv.conf puts on loopback is open: without it the network is of no use.
 *
 * Sockets of any other network namespace are left alone: they reach no loopback of the host's. What would name
 * addresses past these calls is closed by the filter: MSG_FASTOPEN, SCTP. */
#include "linux/broker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

enum where { WHERE_ELSEWHERE, WHERE_LOOPBACK, WHERE_OWN };

struct peer {				/* an address as it is judged: IPv4 unmapped */
	int family;			/* AF_INET or AF_INET6; else it is none of ours */
	unsigned char bytes[16];
	uint16_t port;
	uint32_t scope;
};

/* --- addresses ---------------------------------------------------------------------------- */

static bool is_mapped(const unsigned char bytes[16])
{
	static const unsigned char prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(bytes, prefix, sizeof(prefix));
}

static struct peer peer_of(const struct sockaddr_storage *address, size_t size)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
	struct peer peer = { .family = AF_UNSPEC };

	if (address->ss_family == AF_INET && size >= sizeof(*four)) {
		peer.family = AF_INET;
		peer.port = ntohs(four->sin_port);
		memcpy(peer.bytes, &four->sin_addr, 4);
	} else if (address->ss_family == AF_INET6 && size >= 24 /* SIN6_LEN_RFC2133 */) {
		peer.family = is_mapped(six->sin6_addr.s6_addr) ? AF_INET : AF_INET6;
		peer.port = ntohs(six->sin6_port);
		peer.scope = size >= sizeof(*six) ? six->sin6_scope_id : 0;
		memcpy(peer.bytes, six->sin6_addr.s6_addr + (peer.family == AF_INET ? 12 : 0),
		       peer.family == AF_INET ? 4 : 16);
	}
	return peer;
}

static bool is_any(const struct peer *peer)
{
	static const unsigned char zeros[16];

	return !memcmp(peer->bytes, zeros, peer->family == AF_INET ? 4 : 16);
}

static bool is_loopback(const struct peer *peer)
{
	static const unsigned char one[16] = { [15] = 1 };

	if (is_any(peer))
		return true;
	return peer->family == AF_INET ? peer->bytes[0] == 127 : !memcmp(peer->bytes, one, sizeof(one));
}

struct route_request { struct nlmsghdr header; struct rtmsg route; char attributes[64]; };

static void add_attribute(struct route_request *request, unsigned short type, const void *bytes, size_t size)
{
	struct rtattr *attribute = (struct rtattr *)(void *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(size);
	memcpy(RTA_DATA(attribute), bytes, size);
	request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
}

/* Whether the machine takes what is sent to this address itself. Where there is no way to it nothing arrives. */
static bool is_own(const struct broker *broker, const struct peer *peer)
{
	size_t size = peer->family == AF_INET ? 4 : 16;
	struct route_request request = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)), .nlmsg_type = RTM_GETROUTE,
			    .nlmsg_flags = NLM_F_REQUEST },
		.route = { .rtm_family = (unsigned char)peer->family, .rtm_dst_len = (unsigned char)(size * 8) },
	};
	struct { struct nlmsghdr header; struct rtmsg route; char attributes[1024]; } reply;

	add_attribute(&request, RTA_DST, peer->bytes, size);
	if (peer->scope)
		add_attribute(&request, RTA_OIF, &peer->scope, sizeof(peer->scope));
	if (send(broker->route_fd, &request, request.header.nlmsg_len, MSG_DONTWAIT) < 0 ||
	    recv(broker->route_fd, &reply, sizeof(reply), MSG_DONTWAIT) < (ssize_t)NLMSG_LENGTH(sizeof(struct rtmsg)))
		return true;			/* not known: then it is not let through */
	return reply.header.nlmsg_type == RTM_NEWROUTE && reply.route.rtm_type == RTN_LOCAL;
}

static enum where where_is(const struct broker *broker, const struct peer *peer)
{
	if (peer->family == AF_UNSPEC)
		return WHERE_ELSEWHERE;
	return is_loopback(peer) ? WHERE_LOOPBACK : is_own(broker, peer) ? WHERE_OWN : WHERE_ELSEWHERE;
}

/* --- judging ------------------------------------------------------------------------------ */

static void subject_of(const struct peer *peer, char subject[64])
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(peer->family, peer->bytes, text, sizeof(text));
	snprintf(subject, 64, peer->family == AF_INET ? "%s:%u" : "[%s]:%u", text, peer->port);
}

static bool opens(const struct call *call, enum operation operation, const struct peer *peer)
{
	struct decision decision;
	char subject[64];

	subject_of(peer, subject);
	policy_decide(call->broker->policy, operation, subject, &decision);
	return decision.allowed;
}

static int refuse(struct call *call, enum operation operation, const struct peer *peer)
{
	char subject[64];

	subject_of(peer, subject);
	broker_about(call, operation, ASPECT_CONTENT, subject);
	return -EACCES;
}

static bool is_judged(const struct call *call, const struct peer *peer, int own)
{
	return (call->broker->parts & BROKER_LOOPBACK) && peer->family != AF_UNSPEC &&
	       broker_is_hosts(call->broker, own);
}

int broker_judge_peer(struct call *call, int fd, int *own, const struct sockaddr_storage *address, size_t size)
{
	struct peer peer = peer_of(address, size);
	enum where where;

	if (!is_judged(call, &peer, *own))
		return 0;
	where = where_is(call->broker, &peer);
	if (where == WHERE_ELSEWHERE || opens(call, OPERATION_CONNECT, &peer))
		return 0;
	return where == WHERE_OWN ? refuse(call, OPERATION_CONNECT, &peer) : broker_exchange(call, fd, own);
}

/* Who connects to what the host may have is told what would open it, when nobody of the box listens there. */
void broker_note_absent(struct call *call, const struct sockaddr_storage *address, size_t size)
{
	struct peer peer = peer_of(address, size);

	if ((call->broker->parts & BROKER_LOOPBACK) && peer.family != AF_UNSPEC && is_loopback(&peer) &&
	    !opens(call, OPERATION_CONNECT, &peer)) {
		refuse(call, OPERATION_CONNECT, &peer);
		broker_because(call, CAUSE_NONE_THERE, 0);
	}
}

/* Whether somebody in our network namespace listens on a TCP port: "sl local_address rem_address st", in
 * hexadecimal. */
static bool listens_here(unsigned port)
{
	static const char *const files[] = { "/proc/self/net/tcp", "/proc/self/net/tcp6" };
	char bytes[65536], wanted[8];
	bool found = false;

	snprintf(wanted, sizeof(wanted), ":%04X", port);
	for (size_t i = 0; !found && i < ARRAY_SIZE(files); i++) {
		autoclose int fd = sys_open(files[i], O_RDONLY | O_CLOEXEC);
		ssize_t size = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes) - 1);

		bytes[size > 0 ? size : 0] = '\0';
		for (const char *at = strstr(bytes, wanted); at && !found; at = strstr(at + 1, wanted)) {
			const char *state = strchr(at, ' ');		/* then the peer, then the state */

			state = state ? strchr(state + 1, ' ') : NULL;
			found = state && !strncmp(state + 1, "0A", 2);
		}
	}
	return found;
}

/* Where the box has a network namespace of its own: nothing of the host is there, and nothing leads out. */
void broker_foresee_connect(struct call *call, const struct sockaddr_storage *address, size_t size)
{
	struct peer peer = peer_of(address, size);
	char subject[64];

	if (peer.family == AF_UNSPEC || call->broker->policy->network != NETWORK_OFF ||
	    (call->broker->parts & BROKER_LOOPBACK))
		return;
	if (!is_loopback(&peer)) {
		inet_ntop(peer.family, peer.bytes, subject, sizeof(subject));
		broker_about(call, OPERATION_DOMAIN, ASPECT_CONTENT, subject);
		broker_record(call, ENETUNREACH);
	} else if (!opens(call, OPERATION_CONNECT, &peer) && !listens_here(peer.port)) {
		refuse(call, OPERATION_CONNECT, &peer);
		broker_record(call, ECONNREFUSED);
	}
	broker_begin(call);
}

/* A port of the kernel's choice offers nothing that anybody knows of, and is what a client binds; listen() asks
 * again. */
int broker_judge_bind(struct call *call, int fd, int *own, const struct sockaddr_storage *address, size_t size)
{
	struct peer peer = peer_of(address, size);
	enum where where;

	if (!is_judged(call, &peer, *own))
		return 0;
	where = where_is(call->broker, &peer);
	if (where == WHERE_ELSEWHERE || (!peer.port && (where == WHERE_OWN || is_any(&peer))) ||
	    (peer.port && opens(call, OPERATION_LISTEN, &peer)))
		return 0;
	return where == WHERE_OWN ? refuse(call, OPERATION_LISTEN, &peer) : broker_exchange(call, fd, own);
}

/* --- listen ------------------------------------------------------------------------------- */

/* A socket that has a port already keeps it, in the box's own namespace. */
static int move_bound(struct call *call, int fd, int *own, struct sockaddr_storage *address, socklen_t size)
{
	int r = broker_exchange(call, fd, own);

	if (r == 0 && bind(*own, (const struct sockaddr *)address, size) < 0)
		r = -errno;
	return r;
}

int broker_listen(struct call *call, int fd, int backlog)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	autoclose int own = target_descriptor(&call->target, fd);
	socklen_t size = sizeof(address);
	struct peer peer;
	int r = 0;

	if (own < 0)
		return own;
	if (!broker_is_waiting(call))
		return -ESRCH;
	if (getsockname(own, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	peer = peer_of(&address, size);
	if (peer.family != AF_UNSPEC && broker_is_hosts(call->broker, own) &&
	    !(peer.port && opens(call, OPERATION_LISTEN, &peer)))
		r = !peer.port		? broker_exchange(call, fd, &own) :
		    is_loopback(&peer)	? move_bound(call, fd, &own, &address, size) :
					  refuse(call, OPERATION_LISTEN, &peer);
	return r < 0 ? r : listen(own, backlog) < 0 ? -errno : 0;
}
