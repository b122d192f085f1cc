/* SPDX-License-Identifier: Apache-2.0 */
/* broker_unix.c — which local (AF_UNIX) sockets the command may connect to.
 *
 * A read-only mount does not keep anybody from connecting, and a mask covers only what was there at start. So
 * connect() is trapped, and made here on behalf of the caller: the path is copied once, followed link by link as
 * the kernel would for its owner, and the object that it leads to is held open; that object is judged, and the
 * caller's own socket is connected to it through /proc/self/fd. Whatever the caller rewrites, renames or exchanges
 * by dup2() meanwhile, nobody looks at it again.
 *
 * Allowed is a socket that a rule of unix_sockets opens, by the object's own path; and one that the box has bound
 * itself. bind() goes through the broker too, which keeps a descriptor (O_PATH) of every name that it has made: as
 * long as that is held the inode cannot become another's, so "is this ours?" is a comparison of device and inode.
 * A rename or a link may not bring a foreign socket to where a rule opens it; that is asked below.
 *
 * A datagram socket names its receiver anew with every message, behind a pointer that a filter cannot follow, and
 * trapping every sendmsg() would slow down what has nothing to do with it. So the command has none: socket() says
 * ESOCKTNOSUPPORT, and socketpair() makes SOCK_SEQPACKET of it, which keeps messages apart and sends to its peer,
 * whatever address it is given (unix_seqpacket_sendmsg()).
 *
 * Should: judge the object. Mustn't: wait; what has to wait is in broker_wait.c. */
#include "linux/broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

#define LINKS_MAX 40			/* as the kernel: path_resolution(7) */
#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

/* --- the box's own sockets ---------------------------------------------------------------- */

static bool same_object(const struct own_socket *own, const struct stat *st)
{
	return own->fd >= 0 && own->device == st->st_dev && own->inode == st->st_ino;
}

static const struct own_socket *find_own(const struct broker *broker, const struct stat *st)
{
	for (size_t i = 0; i < broker->own_count; i++)
		if (same_object(&broker->own[i], st))
			return &broker->own[i];
	return NULL;
}

/* Nobody can reach it any more: its last name is gone, or no socket is bound to it (then the kernel says so to
 * whoever tries, and to one of another type it says nothing else). */
static bool is_gone(const struct own_socket *own)
{
	int type = own->type == SOCK_STREAM ? SOCK_SEQPACKET : SOCK_STREAM;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autoclose int probe = -1;
	struct stat st;

	if (fstat(own->fd, &st) < 0 || st.st_nlink == 0)
		return true;
	probe = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", own->fd);
	return probe >= 0 && connect(probe, (struct sockaddr *)&address, sizeof(address)) < 0 && errno == ECONNREFUSED;
}

static void sweep_own(struct broker *broker)
{
	size_t kept = 0;

	for (size_t i = 0; i < broker->own_count; i++) {
		if (is_gone(&broker->own[i]))
			close(broker->own[i].fd);
		else
			broker->own[kept++] = broker->own[i];
	}
	broker->own_count = kept;
}

struct diag_request { struct nlmsghdr header; struct unix_diag_req asked; };

/* The inode number of what a socket is bound to, as the kernel keeps it; false: it does not tell. */
static bool bound_inode(int diag_fd, ino_t socket_inode, uint32_t *ret_inode)
{
	struct diag_request request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST },
		.asked = { .sdiag_family = AF_UNIX, .udiag_states = ~0u, .udiag_ino = (uint32_t)socket_inode,
			  .udiag_show = UDIAG_SHOW_VFS, .udiag_cookie = { ~0u, ~0u } },
	};
	char reply[1024] __attribute__((aligned(8)));
	ssize_t size = diag_fd < 0 ? -1 : send(diag_fd, &request, sizeof(request), MSG_DONTWAIT);
	const struct nlmsghdr *header = (const struct nlmsghdr *)reply;
	const char *at = reply + NLMSG_LENGTH(sizeof(struct unix_diag_msg));

	size = size < 0 ? -1 : recv(diag_fd, reply, sizeof(reply), MSG_DONTWAIT);
	if (size < (ssize_t)sizeof(*header) || header->nlmsg_len > (size_t)size ||
	    header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return false;
	while (at + NLA_HDRLEN <= reply + header->nlmsg_len) {
		const struct nlattr *attribute = (const struct nlattr *)at;

		if (attribute->nla_len < NLA_HDRLEN)
			return false;
		if (attribute->nla_type == UNIX_DIAG_VFS) {
			*ret_inode = ((const struct unix_diag_vfs *)(at + NLA_HDRLEN))->udiag_vfs_ino;
			return true;
		}
		at += NLA_ALIGN(attribute->nla_len);
	}
	return false;
}

/* Whether what now stands at the name is what bind() has made: the command may have removed that, and somebody
 * outside may have bound the same name. A kernel that does not tell (CONFIG_UNIX_DIAG) is believed. */
static bool is_bound_to(const struct broker *broker, int own, const struct stat *name)
{
	struct stat st;
	uint32_t inode;

	if (!S_ISSOCK(name->st_mode) || fstat(own, &st) < 0)
		return false;
	return !bound_inode(broker->diag_fd, st.st_ino, &inode) || inode == (uint32_t)name->st_ino;
}

int broker_sockets_room(struct broker *broker)
{
	if (broker->own_count == BROKER_OWN_SOCKETS)
		sweep_own(broker);
	return broker->own_count == BROKER_OWN_SOCKETS ? -ENFILE : 0;
}

void broker_sockets_remember(struct call *call, int own, const struct place *place)
{
	struct broker *broker = call->broker;
	autoclose int fd = openat(place->parent_fd, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	socklen_t size = sizeof(int);
	struct stat st;
	int type = 0;

	if (!(broker->parts & BROKER_SOCKETS) || fd < 0 || broker->own_count == BROKER_OWN_SOCKETS ||
	    fstat(fd, &st) < 0 || !is_bound_to(broker, own, &st) ||
	    getsockopt(own, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return;			/* then nobody connects to it through us */
	broker->own[broker->own_count++] = (struct own_socket){
		.fd = take_fd(&fd), .type = type, .device = st.st_dev, .inode = st.st_ino,
		.box = broker->nested ? nested_box_of(broker->nested, call->target.tid) : 0,
	};
}

/* --- the object that a path leads to ------------------------------------------------------ */

/* O_PATH; what a link of the caller's own /proc/PID/fd names is that descriptor's object. */
static int open_object(const struct call *call, const struct place *place)
{
	int number, fd;

	if (place->on_proc) {
		number = broker_descriptor_number(&call->target, place);
		return number < 0 ? -ECONNREFUSED : target_descriptor(&call->target, number);
	}
	fd = openat(place->parent_fd, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int find_object(const struct call *call, const char *path, struct place *place, struct stat *ret_st)
{
	int r = place_find(&call->target, AT_FDCWD, path, place);

	if (r < 0)
		return r;
	broker_settle(call, place);
	for (int links = 0; links <= LINKS_MAX; links++) {
		autoclose int fd = open_object(call, place);

		if (fd < 0)
			return fd;
		if (fstat(fd, ret_st) < 0)
			return -errno;
		if (!S_ISLNK(ret_st->st_mode))
			return place->slash && !S_ISDIR(ret_st->st_mode) ? -ENOTDIR : take_fd(&fd);
		r = broker_follow(call, place, ret_st);
		if (r < 0)
			return r;
	}
	return -ELOOP;
}

/* --- judging ------------------------------------------------------------------------------ */

static bool is_masked(const struct policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->socket_count; i++)
		if (!strcmp(policy->sockets[i], path))
			return true;
	return false;
}

/* Whether the path that we know an object by is the object's for us too: a process with mounts of its own may
 * have put it elsewhere. */
static bool is_at(const char *path, const struct stat *object)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_dev == object->st_dev && st.st_ino == object->st_ino;
}

static bool opens(const struct policy *policy, const char *path)
{
	struct decision decision;

	policy_decide(policy, OPERATION_UNIX_CONNECT, path, &decision);
	return decision.allowed;
}

/* Whether the inner boxes around the caller open it, or have bound it. */
static bool boxes_open(const struct call *call, const struct own_socket *own, const char *path)
{
	const struct nested *nested = call->broker->nested;

	return !nested || (own && nested_is_within(nested, call->target.tid, own->box)) ||
	       nested_allows_socket(nested, &call->target, path, own ? own->box : 0);
}

static bool allows_object(const struct call *call, const struct stat *st, const char *path)
{
	const struct own_socket *own = find_own(call->broker, st);

	return (own || (opens(call->broker->policy, path) && (!call->broker->nested || is_at(path, st)))) &&
	       boxes_open(call, own, path);
}

/* What cannot be connected to in any case is left to the kernel, for it to say why; but for a mask it is known what
 * lies below. */
static int judge_object(struct call *call, int object, const struct stat *st, const struct place *place)
{
	char path[TARGET_PATH_MAX];

	if (!(call->broker->parts & BROKER_SOCKETS))
		return 0;
	if (!S_ISSOCK(st->st_mode)) {
		if (!is_masked(call->broker->policy, place->path))
			return 0;
		memcpy(path, place->path, sizeof(path));
	} else if (target_path_of(object, path) < 0)
		memcpy(path, place->path, sizeof(path));
	if (S_ISSOCK(st->st_mode) && allows_object(call, st, path))
		return 0;
	broker_about(call, OPERATION_UNIX_CONNECT, ASPECT_CONTENT, path);
	return -EACCES;
}

static int open_plain(const struct call *call, const char *path)
{
	autoclose int cwd = -1;

	if (path[0] != '/' && (cwd = target_open(&call->target, "cwd", O_PATH | O_DIRECTORY)) < 0)
		return -1;
	return sys_openat2(cwd, path, O_PATH | O_CLOEXEC, 0, SYS_RESOLVE_NO_MAGICLINKS);
}

/* The short way, for what is open: where the path leads through none of the kernel's own links (/proc/self/cwd), the
 * kernel finds for us what it would for the caller. What is judged is the object, however it was found. -1: go the long
 * way, which knows why it is closed. */
static int open_allowed(const struct call *call, const char *path)
{
	const struct broker *broker = call->broker;
	char name[TARGET_PATH_MAX];
	autoclose int object = -1;
	struct stat st;

	if (broker->nested)			/* the caller may have mounts of its own */
		return -1;
	object = open_plain(call, path);
	if (object < 0 || fstat(object, &st) < 0 || !S_ISSOCK(st.st_mode))
		return -1;
	if (!(broker->parts & BROKER_SOCKETS) || find_own(broker, &st))
		return take_fd(&object);
	return target_path_of(object, name) == 0 && opens(broker->policy, name) ? take_fd(&object) : -1;
}

/* --- addresses ---------------------------------------------------------------------------- */

static int open_judged(struct call *call, const char *path)
{
	autorelease struct place place = { .parent_fd = NO_FD };
	autoclose int object = -1;
	struct stat st;
	int r;

	broker_let_guard_down();
	object = find_object(call, path, &place, &st);
	if (object < 0)
		return object;
	r = broker_is_waiting(call) ? judge_object(call, object, &st, &place) : -ESRCH;
	return r < 0 ? r : take_fd(&object);
}

static void name_object(const struct broker *broker, struct connection *connection)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&connection->address;

	broker_fd_path(broker, connection->object_fd, address->sun_path);
	connection->size = (socklen_t)(PATH_OFFSET + strlen(address->sun_path) + 1);
}

int broker_keep_object(const struct broker *broker, struct connection *connection)
{
	int fd;

	if (!connection->borrowed)
		return 0;
	fd = fcntl(connection->object_fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	connection->object_fd = fd;
	connection->borrowed = false;
	name_object(broker, connection);
	return 0;
}

/* The caller's own working directory and a name: the one lookup that this takes is enough for what the box has bound
 * there, which is held open already. */
static bool borrow_own(const struct call *call, const char *path, struct connection *connection)
{
	const struct own_socket *own;
	struct stat st;

	if (call->broker->nested || !call->broker->own_count || strchr(path, '/') ||
	    target_stat(&call->target, "cwd", path, &st) < 0)
		return false;
	own = find_own(call->broker, &st);
	if (!own)
		return false;
	connection->object_fd = own->fd;
	connection->borrowed = true;
	return true;
}

int broker_hold_path(struct call *call, struct connection *connection)
{
	const struct sockaddr_un *address = (const struct sockaddr_un *)&connection->address;
	char path[sizeof(address->sun_path) + 1];
	size_t size = connection->size - PATH_OFFSET;

	memcpy(path, address->sun_path, size);
	path[size] = '\0';
	if (!borrow_own(call, path, connection) && (connection->object_fd = open_allowed(call, path)) < 0) {
		connection->object_fd = open_judged(call, path);
		if (connection->object_fd < 0)
			return connection->object_fd;
	} else if (!target_was_alive() && !broker_is_waiting(call)) {
		return -ESRCH;
	}
	name_object(call->broker, connection);
	return 0;
}

/* --- socketpair --------------------------------------------------------------------------- */

int broker_pair_type(const struct call *call, int family, int type)
{
	bool datagram = (type & 0xf) == SOCK_DGRAM || (type & 0xf) == SOCK_RAW;

	return family == AF_UNIX && datagram && call->broker->parts & BROKER_SOCKETS ? (type & ~0xf) | SOCK_SEQPACKET :
										      type;
}

/* --- names that move ---------------------------------------------------------------------- */

static bool any_allowed(const struct policy *policy)
{
	for (size_t i = 0; i < policy->permission_count; i++)
		if (policy->permissions[i].operation == OPERATION_UNIX_CONNECT &&
		    policy->permissions[i].rule.access != ACCESS_DENY)
			return true;
	return false;
}

/* A foreign socket that no rule opens keeps its name; there is none to gain where no rule opens anything. To an inner
 * box those of the box around it are foreign. */
int broker_judge_socket_name(const struct call *call, const struct stat *st, const char *path)
{
	const struct broker *broker = call->broker;
	const struct policy *policies[BROKER_POLICIES];
	const struct own_socket *own;
	size_t count;

	if (!S_ISSOCK(st->st_mode) || !(broker->parts & BROKER_SOCKETS))
		return 0;
	own = find_own(broker, st);
	count = broker_policies(call, policies);
	for (size_t i = 0; i < count; i++) {
		bool ours = own && (i == 0 || nested_is_within(broker->nested, call->target.tid, own->box));

		if (any_allowed(policies[i]) && !ours && !opens(policies[i], path))
			return -EACCES;
	}
	return count ? 0 : -EACCES;
}

static bool tree_may_move(const struct policy *policy, const char *from, const char *to)
{
	for (size_t i = 0; i < policy->permission_count; i++) {
		const struct rule *rule = &policy->permissions[i].rule;
		bool same = path_below(to, rule->path, false) && path_below(from, rule->path, false);

		if (policy->permissions[i].operation != OPERATION_UNIX_CONNECT || !strcmp(rule->path, "*"))
			continue;
		if (!same && (path_below(to, rule->path, false) || path_below(rule->path, to, false) ||
			      (rule->access == ACCESS_DENY &&
			       (path_below(from, rule->path, false) || path_below(rule->path, from, false)))))
			return false;
	}
	return true;
}

/* A directory may hold foreign sockets: it does not move to where a rule would open them. Within one opened
 * directory it may; EXDEV has programs copy instead, and a socket cannot be copied. */
int broker_judge_socket_tree(const struct call *call, const char *from, const char *to)
{
	const struct policy *policies[BROKER_POLICIES];
	size_t count = call->broker->parts & BROKER_SOCKETS ? broker_policies(call, policies) : 0;

	for (size_t i = 0; i < count; i++)
		if (!tree_may_move(policies[i], from, to))
			return -EXDEV;
	return 0;
}
