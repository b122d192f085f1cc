/* SPDX-License-Identifier: Apache-2.0 */
/* box.h — the lowered plan and the child's state, shared by the files of linux/.
 *
 * struct box is made by lower.c before the clone and only read afterwards. struct inside is the child's: it
 * lives on its stack, and every step of linux.c takes it. After the clone nobody allocates, formats or parses:
 * a step makes system calls and reports where it failed as {step, item, errno}; the parent, who still has the
 * plan, writes the sentence. */
#ifndef BAWN_LINUX_BOX_H
#define BAWN_LINUX_BOX_H

#include "linux/linux.h"
#include "policy/event.h"
#include "linux/seccomp.h"
#include "linux/sys.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* --- lower.c ------------------------------------------------------------------------------ */

enum mount_kind {
	MOUNT_WRITE,			/* the path itself, writable */
	MOUNT_READ,			/* the path itself, read-only */
	MOUNT_MASK,			/* an empty directory or file that cannot be opened */
	MOUNT_SCAFFOLD,			/* a mask with the way to what is reopened below it */
};

struct mount_op {
	enum mount_kind kind;
	const char *path;
	bool directory;
	ptrdiff_t source;		/* MOUNT_READ: the writable root that it lies in, or -1 */
	size_t reads;			/* MOUNT_WRITE: how many have it as their source */
	bool top;			/* lies in no other operation's path: an assembled root needs a place for it */
	bool early; /* cloned before anything is mounted: its path will be covered, or the old root gone */
	bool optional;			/* nothing is lost when it is not there any more */
	bool device;			/* a device outside /dev that may be opened */
	bool scratch;			/* MOUNT_WRITE: what is written is thrown away */
	const struct plan_item *item;	/* NULL: not from a rule */
};

struct scaffold {			/* a way through masks to something reopened, made on the private tmpfs */
	size_t op;			/* the MOUNT_SCAFFOLD operation it belongs to */
	const char *below;		/* relative to it */
	bool directory;
};

struct pin { const char *root, *below; };	/* below: relative to the writable root that it lies in */

struct missing { /* a ruled name that does not exist; device and inode of its directory, when that does */
	const char *path, *name;
	uint64_t device, inode;
	bool nocase;
};

#define GRANTS_MAX 32

/* fd: a clone of the directory above that is there, or -1; base: the length of its path, 0 for "/". The child fills
 * them in, in its own copy. */
struct grant { const char *path; int fd; size_t base; };

struct port { uint16_t number; const struct rule *rule; };

struct landlock_rule {
	const char *path;
	uint64_t access;
	bool optional;
	bool creation;			/* in the second domain too: devices and procfs */
};

enum device_kind { DEVICE_NODE, DEVICE_TREE, DEVICE_MASK, DEVICE_LINK };

struct device_op {			/* what the box's /dev has beside its own: parents before what lies below */
	enum device_kind kind;
	const char *path;
	const char *target;		/* DEVICE_LINK */
};

struct box {
	struct arena arena;
	const struct plan *plan;
	struct mount_op *ops;		/* parents before what lies below */
	size_t op_count, op_capacity;
	struct mount_op *system;	/* in /proc and /sys, after the new /proc */
	size_t system_count, system_capacity;
	struct device_op *devices;
	size_t device_count, device_capacity;
	struct scaffold *scaffolds;
	size_t scaffold_count, scaffold_capacity;
	struct pin *pins;		/* grouped by root */
	size_t pin_count, pin_capacity;
	struct missing *missing;
	size_t missing_count, missing_capacity;
	struct nested_name *nested_names;	/* room for what an outer bawn is asked to keep: nested.c */
	struct nested_object *nested_objects;
	char *nested_image;
	size_t nested_image_bytes;
	bool maps_root;			/* the broker lets root's inner boxes map uid 0: lower.c says when */
	uint64_t landlock_handled, landlock_scoped;
	uint64_t landlock_creation; /* rights that the command has only on devices and procfs: the broker uses
				       them for it */
	uint64_t landlock_sockets;	/* the same of local sockets, which only rules about them give back */
	struct landlock_rule *landlock;
	size_t landlock_count, landlock_capacity;
	struct grant *grants;		/* granted names that are not there: grants.c */
	size_t grant_count, grant_capacity;
	struct seccomp_options seccomp;
	struct bpf_program bpf;
	struct port listen[PORTS_RELAYED], reach[PORTS_RELAYED];	/* relayed, with the network off */
	size_t listen_count, reach_count;
	struct { int resource; struct rlimit limit; } limits[LIMIT__COUNT];
	size_t limit_count;
};

/* linux.c: gives up every capability but these (a mask of CAP_..., below 32); 0 or -errno. */
int capabilities_keep(uint32_t mask);
/* Those that the broker needs as long as it lives. */
uint32_t capabilities_of_broker(const struct box *box);

/* BROKER_...: which calls the filter sends to our own broker. */
unsigned box_broker_parts(const struct plan *plan);

/* Limits alone: for a command without a box. */
void linux_lower_limits(struct box *box);

/* --- linux.c: the child ------------------------------------------------------------------- */

enum step_id { /* names in linux.c */
	       STEP_NAMESPACES,
	       STEP_MAP,
	       STEP_NETWORK,
	       STEP_PORTS,
	       STEP_CLONE_MOUNTS,
	       STEP_CLONE_DEVICES,
	       STEP_ROOT,
	       STEP_SCRATCH,
	       STEP_PINS,
	       STEP_RULES,
	       STEP_SOCKETS,
	       STEP_DEV,
	       STEP_PROC,
	       STEP_SYSTEM,
	       STEP_SEAL,
	       STEP_DIRECTORY,
	       STEP_KEYRING,
	       STEP_CAPABILITIES,
	       STEP_LANDLOCK,
	       STEP_SPAWN,
	       STEP_DESCRIPTORS,
	       STEP_LIMITS,
	       STEP_NESTED,
	       STEP_CREATION,
	       STEP_SECCOMP,
	       STEP_EXEC,
	       STEP__COUNT
};

struct failure {			/* what crosses the report pipe */
	int step, number;
	size_t item;			/* index of what the step walked, or SIZE_MAX */
};

struct inside {
	const struct box *box;
	const struct command *command;
	int report_fd;
	int supervisor_fd;		/* pidfd of the process that started us */
	bool main_thread;		/* which did so from its main thread */
	size_t item;			/* what the step is at */
	int *quiet;			/* for each writable root: a second clone, nothing is mounted in it; or -1 */
	int *clones;			/* one for each early operation, -1 for others; room made by the parent */
	int network_fd;			/* where the network namespace comes from, or -1 */
	bool has_ipv6;			/* on loopback; known where ports are relayed */
	int listen_fds[2 * PORTS_RELAYED];	/* of a port on 127.0.0.1 and ::1; or -1 */
	int relay_fd;			/* to the relay in the host's network namespace */
	int scratch_fd;			/* the private tmpfs: masks, /dev, /dev/shm */
	int pts_fd;			/* /dev/pts */
	int shm_fd;			/* /dev/shm, cloned from the scratch while that was writable */
	int proc_fd, hidden_proc_fd;	/* the box's /proc, and one that is kept for inner boxes, or -1 */
	int tty_fd;			/* the caller's terminal, for /dev/console, or -1 */
	int node_fds[6];
	int *device_fds;		/* one for each device operation, or -1; room made by the parent */
	int listener_fd;		/* seccomp notifications, or -1 */
	int wake_fd;			/* the supervisor's eventfd for refusals, or -1 */
	sigset_t old_mask;
	char *path_buffer;		/* room for a PATH element and argv[0], made by the parent */
	const char **script_argv;	/* room for "/bin/sh", argv..., NULL */
};

int grants_clone(struct inside *in);

/* Steps: 0 or -errno, with in->item set to what was at work. */
int groundwork_join_network(struct inside *in);
int mounts_clone(struct inside *in);
int devices_clone(struct inside *in);
int mounts_root(struct inside *in);
int mounts_scratch(struct inside *in);
int mounts_pins(struct inside *in);
int mounts_rules(struct inside *in);
int mounts_sockets(struct inside *in);
int devices_mount(struct inside *in);
int mounts_proc(struct inside *in);
int mounts_system(struct inside *in);
int mounts_seal(struct inside *in);
int landlock_enter(struct inside *in);
int landlock_enter_creation(struct inside *in);

/* Those from here on are dropped by pid 1: until one fails. */
#define GROUNDWORK_CAPABILITIES 38	/* all but CAP_PERFMON, CAP_BPF, CAP_CHECKPOINT_RESTORE (5.8, 5.9) */

/* groundwork.c: lets the helper clone pid 1, which goes on with inside_run(). What failed before that comes through
 * *ret_report_fd too; then there is no process (pid 0). -errno: there is no helper. */
int groundwork_finish(struct groundwork *groundwork, struct inside *in, struct process *ret_process,
		      int *ret_report_fd);
/* Functions that end the process, on a stack that the address sanitizer does not know: it would look for its end. */
#define ON_OTHER_STACK __attribute__((no_sanitize("address")))
ON_OTHER_STACK _Noreturn void inside_run(struct inside *in);
/* scratch.c: parts that need no plan; they leave errno alone. -errno. */
int scratch_make(int *ret_fd);
int scratch_make_terminals(int *ret_fd);
/* relay.c: around the step that joins the box's network namespace. */
int relay_begin(struct inside *in);
int relay_finish(struct inside *in);

/* landlock.c, pure part: rights by ABI. */
uint64_t landlock_rights(int abi);		/* all that bawn handles */
uint64_t landlock_scopes(int abi);
uint64_t landlock_creation_rights(int abi);	/* making names and moving files */
uint64_t landlock_socket_rights(int abi);	/* finding local sockets of others */
uint64_t landlock_costly_rights(void);		/* those that every open pays for */
uint64_t landlock_file_rights(void);		/* those of the handled that a file can have */
uint64_t landlock_right_find(const char *name);	/* 0: there is none */

/* probe.c: what keeps user namespaces from us, and what would change it; number: what clone() said. */
const char *namespaces_blocker(int number);

/* init.c: pid 1. Starts the command, then reaps, forwards signals, answers the broker's questions; never returns. */
ON_OTHER_STACK _Noreturn void init_run(struct inside *in);
/* The same without a box. */
_Noreturn void init_run_unconfined(struct inside *in);
ON_OTHER_STACK _Noreturn void inside_fail(const struct inside *in, int step, int number);

/* broker.c: answers one notification. */
struct nested;			/* nested.h */

#define BROKER_HELPERS 64		/* opens of FIFOs that wait for their other end, at a time */

struct helper { pid_t pid; uint64_t id; };	/* pid 0: free */

#define BROKER_OWN_SOCKETS 1024		/* names of local sockets that the box has bound, at a time */
#define BROKER_WAITING 1024		/* calls that wait, at a time */

struct own_socket {			/* fd: O_PATH, so that the inode cannot become another's */
	int fd, type;
	uint64_t device, inode;
	uint64_t box;			/* the inner box that bound it, see nested_box_of() */
};

struct connection {			/* a connect() to be made; object_fd: what the address leads to, or -1 */
	int fd, object_fd;
	bool borrowed;			/* object_fd is an own_socket's, which may close it before the next call */
	struct sockaddr_storage address;
	socklen_t size;
};

struct broker;

struct sending {			/* what is sent, in the caller's memory: broker_send.c */
	uint64_t message;		/* a struct msghdr; 0: a buffer */
	uint64_t buffer, size;
	uint64_t count_at;		/* where its length is to be written, the answer being 1; or 0 */
	int flags;
	bool narrow;
};

struct waiting {			/* a call in the broker's table: broker_wait.c */
	uint64_t id;
	pid_t tid;
	int64_t deadline_ms;
	int timed_out;			/* what to answer then */
	struct connection connection;
	int (*again)(struct broker *broker, struct waiting *waiting);	/* NULL: connect */
	struct sending sending;
	int64_t done;			/* bytes sent so far */
};

struct broker {
	int listener_fd;		/* -1: no broker */
	int wake_fd;			/* told of refusals; -1: nobody wants to know at once */
	struct events *events;		/* where they are recorded, or NULL */
	struct event event;		/* of the call that is being answered */
	const struct plan *plan;
	struct seccomp_options seccomp;	/* the filter's */
	const struct policy *policy;
	bool creation_domain;		/* the command's own calls can make no name (Landlock) */
	struct nested *nested;		/* the command may make namespaces of its own; NULL: it may not */
	bool maps_root;			/* we have CAP_SETFCAP, and nobody can set a file capability */
	struct missing *missing;
	size_t missing_count;
	const struct grant *grants;
	size_t grant_count;
	struct helper helpers[BROKER_HELPERS];
	unsigned parts;			/* BROKER_...: what it decides about */
	int diag_fd;			/* NETLINK_SOCK_DIAG, in the command's network namespace; or -1 */
	int route_fd;			/* NETLINK_ROUTE in the host's, with BROKER_LOOPBACK */
	int private_fd;			/* to who makes sockets in the box's own namespace; -1: not yet */
	uint64_t cookie;		/* of the host's network namespace, once asked for */
	uint32_t capabilities;		/* a mask: those that are kept */
	struct own_socket own[BROKER_OWN_SOCKETS];
	size_t own_count;
	struct waiting waiting[BROKER_WAITING];
	size_t waiting_count;
	int64_t look_ms, retry_ms;	/* when to look at those next */
	bool home;			/* we stand on our own descriptors: broker_go_home() */
};
void broker_init(struct broker *broker, const struct inside *in);
/* Takes a question, or waits for one, and answers it; false: there was none, for whoever asked has died, or a signal
 * came. */
bool broker_answer(struct broker *broker);
/* Waits for the next question, and serves those that wait; -errno when there is no poll() any more. */
int broker_poll(struct broker *broker, int timeout_ms, short *ret_revents);
/* Ends helpers that nobody waits for any more; whether some are left. */
bool broker_sweep(struct broker *broker);
void broker_forget_helper(struct broker *broker, pid_t pid);
/* Fills in the directory of a missing name, if it exists. */
void broker_look_up(struct missing *missing);

#endif
