/* SPDX-License-Identifier: Apache-2.0 */
/* broker.h — one trapped call, shared by broker.c (names) and broker_open.c (opens). Internal to linux/. */
#ifndef BAWN_LINUX_BROKER_H
#define BAWN_LINUX_BROKER_H

#include "linux/nested.h"
#include "linux/target.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>

#define NO_FD (-1)

/* Linux 5.14, 6.6: not in the headers of Debian 12's libc */
#define NOTIF_IOCTL_RECV	0xc0502100u
#define NOTIF_IOCTL_SEND	0xc0182101u
#define NOTIF_IOCTL_ID_VALID	0x40082102u
#define NOTIF_IOCTL_ADDFD	0x40182103u
#define NOTIF_IOCTL_SET_FLAGS	0x40082104u
#define NOTIF_SYNC_WAKE_UP	1u
#define ADDFD_SEND		2u

struct notif { uint64_t id; uint32_t pid, flags; struct seccomp_data data; };
struct notif_resp { uint64_t id; int64_t value; int32_t error; uint32_t flags; };
struct notif_addfd { uint64_t id; uint32_t flags, srcfd, newfd, newfd_flags; };

struct call {
	struct broker *broker;
	const struct notif *notif;
	struct target target;
	bool in_memory;			/* so were its arguments, which may not be what they were: never let it go on */
	bool go_on;			/* let the kernel make the call itself */
	int fd, fd_flags;		/* a descriptor to hand over instead of a number, or NO_FD */
	bool truncate;			/* empty the file once the caller has its descriptor */
	int created_fd;			/* of the directory of a name that is taken back when the caller has no room */
	char created[TARGET_NAME_MAX];	/* for the descriptor; NO_FD: nothing is */
	bool later;			/* a helper process answers */
	bool helped;			/* we are that process */
	bool answered;			/* the descriptor was the answer */
};

/* --- broker.c ----------------------------------------------------------------------------- */

/* An ioctl(2) on the listener, again when a signal came: 0 or more, or -1 and errno. */
int broker_ask(const struct broker *broker, unsigned long request, void *argument);
bool broker_is_waiting(const struct call *call);
/* Back to where the broker's process stands between calls: on its own descriptors, so that the path of one is its
 * number. Ends the broker where that fails, for then such a path would mean something else. */
void broker_go_home(struct broker *broker);
/* A path for a descriptor of ours, in a call that does not take descriptors. */
#define BROKER_FD_PATH	32
void broker_fd_path(const struct broker *broker, int fd, char path[BROKER_FD_PATH]);
#define BROKER_POLICIES	35		/* our own, and one for each namespace: user_namespaces(7) */
/* Our own policy and those of the inner boxes around the caller; the count, 0: more than anybody has, refuse. */
size_t broker_policies(const struct call *call, const struct policy *ret_policies[BROKER_POLICIES]);
/* Whether the rules let a name be made or a file be written at a place. */
bool broker_allows(const struct call *call, const struct place *place);
/* The same for an object that is held, and the path that it was reached by. */
bool broker_allows_object(const struct call *call, int fd, char path[TARGET_PATH_MAX]);
/* 0, or the errno to refuse a new name with. */
int broker_judge(const struct call *call, const struct place *place);
/* The same for what may be a symbolic link: it must not stand where a directory of ruled names is missing. */
int broker_judge_link(const struct call *call, const struct place *place);
/* broker_git.c: names that git obeys wherever they are, under `.git = "commit"`. */
enum git_name { GIT_NAME_NONE, GIT_NAME_REPOSITORY, GIT_NAME_COMMONDIR, GIT_NAME_CLOSED };
enum git_name broker_git_name(const struct call *call, const struct place *place, const struct commit **ret_commit);
/* Whether a directory may move there without bringing along what git obeys. */
bool broker_git_may_move(const struct call *call, const struct place *from, const struct place *to);
/* Makes the file that `git worktree add` is about to write, with the content that it must have. */
int broker_git_make(struct call *call, struct place *place, enum git_name name, const struct commit *commit,
		    mode_t mode);
bool broker_exists(const struct place *place);
/* Finds the place of a new name and judges it: 0 or -errno. link: it is, or could be, a symbolic link. */
int broker_new_place(const struct call *call, int at, uint64_t address, bool link, struct place *ret_place);
int broker_take_umask(const struct call *call);
int broker_read_place(const struct call *call, int at, uint64_t address, struct place *ret_place);
/* After place_find(): puts the path right that a process with mounts of its own sees. */
void broker_settle(const struct call *call, struct place *place);
void broker_release(struct place *place);
/* Gives the caller a duplicate of a descriptor; its number there, or -errno. */
int broker_give(const struct call *call, int fd, int fd_flags);
/* Hands call->fd over and answers; result is used where there is none. */
void broker_reply(struct call *call, int result);

/* Whether a mount stands on the name, as the caller sees it. */
bool broker_is_mounted_on(const struct call *call, const struct place *place);
/* A place for a process that answers later, or NULL. */
struct helper *broker_free_helper(struct broker *broker);

#define autorelease __attribute__((cleanup(broker_release)))

/* --- broker_move.c, broker_bind.c --------------------------------------------------------- */

int broker_link(struct call *call, int from_at, uint64_t from_path, int to_at, uint64_t to_path, int flags);
int broker_move(struct call *call, int from_at, uint64_t from_path, int to_at, uint64_t to_path, unsigned flags);
int broker_bind(struct call *call, int fd, uint64_t address, uint64_t size);

/* --- broker_foreign.c --------------------------------------------------------------------- */

/* Makes a call of another architecture ours, number and arguments; 0 or the errno to refuse it with. */
int broker_translate(struct call *call, struct seccomp_data *data);
int broker_make_socket(struct call *call, int family, int type, int protocol);
int broker_make_pair(struct call *call, int family, int type, int protocol, uint64_t address);

/* --- broker_record.c: what a call is about, should it be refused -------------------------- */

void broker_begin(const struct call *call);		/* about nothing yet */
/* Each says it anew; ends with CAUSE_RULE. */
void broker_about(const struct call *call, enum operation operation, enum event_aspect aspect, const char *subject);
/* Says why and returns result. */
int broker_because(const struct call *call, enum event_cause cause, int result);
/* Whether the source of a refused call is not there; then it is about that. */
bool broker_is_gone(const struct call *call, const struct place *from);
/* Of two places the one that the kernel's result is about; returns result. */
int broker_blame(const struct call *call, const struct place *from, const struct place *to, int result);
void broker_record(const struct call *call, int number);
/* What was done in a scratch. */
void broker_record_done(const struct call *call);
/* A path on which no place was found: as far as it leads, and the rest as it is written. */
void broker_about_unfound(const struct call *call, enum operation operation, enum event_aspect aspect, int at,
			  const char *path);
/* What the kernel keeps because of a mount or a pin is kept for a rule; returns result. */
int broker_busy(const struct call *call, const char *path, int result);
/* The call by another name than its number's, and what a report may say of it. */
void broker_detail(const struct call *call, const char *name, const char *why);

/* --- broker_change.c, broker_watch.c: calls that are here only to be recorded ------------- */

int broker_change(struct call *call);
int broker_watch(struct call *call);
bool broker_reads(const struct call *call, int flags);
int broker_watch_open(struct call *call, int at, uint64_t path, int flags);
/* The filter refuses the call, and we say so for it. */
int broker_refused(struct call *call, const struct seccomp_row *row, int number);
/* Whether the call is here for the record alone: without it the filter would let it through. */
bool broker_only_watches(const struct call *call);
/* broker_net.c: records what a connect will come to that a rule would have to open. */
void broker_foresee_connect(struct call *call, const struct sockaddr_storage *address, size_t size);
/* Records what the kernel will say of a place that the caller opens itself. */
void broker_foresee(struct call *call, const struct place *place, int mode);

/* --- grants.c ----------------------------------------------------------------------------- */

/* A place at or below a granted name that was missing at start: its directory becomes one that may be written. */
void grants_apply(const struct call *call, struct place *place);
/* The same for a directory that would be made on the way to such a name; whether it is one. */
bool grants_lead_through(const struct call *call, struct place *place);

/* --- broker_open.c ------------------------------------------------------------------------ */

/* Goes on to where the symbolic link at place leads. */
int broker_follow(const struct call *call, struct place *place, const struct stat *link);
/* The number of the descriptor that a place below the target's /proc/PID/fd names, or -1. */
int broker_descriptor_number(const struct target *target, const struct place *place);

int broker_open(struct call *call, int at, uint64_t path, int flags, mode_t mode);
int broker_open_how(struct call *call);
/* Follows links to what they lead to. */
int broker_follow_all(struct call *call, struct place *place);
int broker_truncate(struct call *call, uint64_t path, int64_t size);

/* --- broker_unix.c ------------------------------------------------------------------------ */

/* Makes the address of a connection that of the object which it leads to, held in object_fd; 0, or -errno when it is
 * not to be reached. */
int broker_hold_path(struct call *call, struct connection *connection);
/* For a connection that has to wait: makes a borrowed object its own; 0 or -errno. */
int broker_keep_object(const struct broker *broker, struct connection *connection);
/* What socketpair() makes instead of datagram sockets. */
int broker_pair_type(const struct call *call, int family, int type);
/* Whether one more name can be remembered: 0 or -ENFILE. */
int broker_sockets_room(struct broker *broker);
/* The name at place has just been made by bind() on own: it is the box's. */
void broker_sockets_remember(struct call *call, int own, const struct place *place);
/* Whether a name (path) with this object may be moved or linked, a directory moved: 0 or -errno. */
int broker_judge_socket_name(const struct call *call, const struct stat *st, const char *path);
int broker_judge_socket_tree(const struct call *call, const char *from, const char *to);

/* --- broker_connect.c --------------------------------------------------------------------- */

int broker_connect(struct call *call, int fd, uint64_t address, uint64_t size);
/* A name in the file system: neither none nor an abstract one, which belongs to the network namespace (and to a
 * Landlock domain where that is shared). */
bool broker_is_path(const struct sockaddr_storage *address, size_t size);

/* --- broker_net.c ------------------------------------------------------------------------- */

/* Whether *own, the caller's descriptor fd, may reach or bind this address: 0 or -errno. It is exchanged where only the
 * box's own loopback will do. */
int broker_judge_peer(struct call *call, int fd, int *own, const struct sockaddr_storage *address, size_t size);
int broker_judge_bind(struct call *call, int fd, int *own, const struct sockaddr_storage *address, size_t size);
/* Nobody of the box listened where the host's loopback is closed: what would open that. */
void broker_note_absent(struct call *call, const struct sockaddr_storage *address, size_t size);
int broker_listen(struct call *call, int fd, int backlog);

/* --- broker_private.c --------------------------------------------------------------------- */

/* Starts who will make that loopback, and gives up the capabilities for it; 0 or -errno, then it is tried again. */
int broker_private_start(struct broker *broker);
/* Whether a socket belongs to the host's network namespace, which is ours. */
bool broker_is_hosts(struct broker *broker, int own);
/* Puts a socket of the box's own namespace in the place of the caller's descriptor fd, and of *own. */
int broker_exchange(struct call *call, int fd, int *own);

/* --- broker_send.c: bytes, or -errno ------------------------------------------------------ */

int broker_sendto(struct call *call, int fd, uint64_t buffer, uint64_t size, int flags, uint64_t address,
		  uint32_t address_size);
int broker_sendmsg(struct call *call, int fd, uint64_t address, int flags);
int broker_sendmmsg(struct call *call, int fd, uint64_t address, uint32_t count, int flags);

/* --- broker_wait.c ------------------------------------------------------------------------ */

void broker_wait_init(void);
/* After a connect to a local socket our calls may be interrupted by a signal: from here on no more. */
void broker_let_guard_down(void);
int64_t broker_now_ms(void);
/* Makes a call on an open file that may be blocking, without blocking; *ret_blocking: it was. */
int broker_without_blocking(int fd, int (*call)(void *argument), void *argument, bool *ret_blocking);
/* When a send on this socket is to be given up (SO_SNDTIMEO). */
int64_t broker_deadline(int fd);
/* Connects; where that has to wait call->later is set, and both descriptors are the table's. */
int broker_connect_begin(struct call *call, struct connection *connection);
/* Puts a call into the table: 0 or -EAGAIN. */
int broker_wait_for(struct call *call, const struct waiting *waiting);

/* --- broker_nest.c: where the command may have namespaces of its own ---------------------- */

int broker_nest(struct call *call);
/* A file of /proc, for writing. */
int broker_open_proc(struct call *call, const struct place *place, int flags);

#endif
