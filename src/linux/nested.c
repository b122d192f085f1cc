/* SPDX-License-Identifier: Apache-2.0 */
/* nested.c — a bawn inside a bawn.
 *
 * A chain of seccomp filters has room for one listener (EBUSY), and the outer bawn has it. So the inner one
 * asks the outer broker to keep its names as well: it sends what its own broker would have kept, and the outer
 * pid 1 remembers that for the user namespace the request came from. Whoever is in that namespace or one below
 * it is held to it, besides the outer rules. A request can only take rights away, and only from those who share
 * the asker's namespace, so anybody may make one. What it would cost the outer box is bounded: so many boxes at
 * a time, so many bytes each.
 *
 * The kernel's own check for mount points looks at the caller's mount namespace, which for a call on behalf is
 * the outer one; so the objects that the inner box has mounted something on are part of the request, and
 * renames of them are refused here. */
#include "linux/nested.h"
#include "linux/target.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define BOXES_MAX	256
#define BYTES_MAX	(8u << 20)	/* of one request */
#define DEPTH_MAX	33		/* user namespaces nest no deeper: user_namespaces(7) */
#define NS_GET_USERNS_PARENT 0xb702	/* NS_GET_PARENT of ioctl_ns(2) */

/* --- the inner side ----------------------------------------------------------------------- */

bool nested_is_inside(void)
{
	return syscall(SYS_mkdirat, NESTED_DESCRIPTOR, NULL, 0) == 0;
}

static void add_pattern(struct text *text, char kind, const char *pattern)
{
	text_add_bytes(text, &kind, 1);
	text_add_bytes(text, pattern, strlen(pattern) + 1);
}

/* A missing name whose directory is missing too has no object to be told by: its path is sent, and the
 * directories on the way as names that only directories may have. */
static int add_missing_patterns(struct box *box, struct text *text, const char *path)
{
	char *pattern = glob_quote(&box->arena, path);

	if (!pattern)
		return -ENOMEM;
	add_pattern(text, 'n', pattern);
	for (char *slash = strrchr(pattern, '/'); slash && slash != pattern; slash = strrchr(pattern, '/')) {
		*slash = '\0';
		if (policy_allows_write(box->plan->policy, pattern))
			add_pattern(text, 'd', pattern);
	}
	return 0;
}

static int add_socket_patterns(struct box *box, struct text *text)
{
	const struct policy *policy = box->plan->policy;

	for (size_t i = 0; i < policy->permission_count; i++) {
		const struct rule *rule = &policy->permissions[i].rule;
		char *pattern;

		if (policy->permissions[i].operation != OPERATION_UNIX_CONNECT)
			continue;
		pattern = strcmp(rule->path, "*") ? glob_quote(&box->arena, rule->path) :
						    arena_strdup(&box->arena, "/");
		if (!pattern)
			return -ENOMEM;
		add_pattern(text, rule->access == ACCESS_DENY ? 'c' : 'a', pattern);
	}
	return 0;
}

int nested_lower(struct box *box)
{
	const struct policy *policy = box->plan->policy;
	struct text text = { 0 };
	int r = 0;

	for (size_t i = 0; i < policy->glob_count; i++)
		add_pattern(&text, 'n', policy->globs[i].path);
	for (size_t i = 0; r == 0 && i < box->missing_count; i++)
		r = add_missing_patterns(box, &text, box->missing[i].path);
	if (r == 0)
		r = add_socket_patterns(box, &text);
	box->nested_names = arena_alloc(&box->arena, (box->missing_count + 1) * sizeof(*box->nested_names));
	box->nested_objects =
		arena_alloc(&box->arena, (box->op_count + box->pin_count + 1) * sizeof(*box->nested_objects));
	box->nested_globs = arena_alloc(&box->arena, text.size + 1);
	box->nested_glob_bytes = text.size;
	if (r == 0 && (text.failed || !box->nested_globs || !box->nested_names || !box->nested_objects))
		r = -ENOMEM;
	if (r == 0 && text.size)
		memcpy(box->nested_globs, text.bytes, text.size);
	text_done(&text);
	return r;
}

static uint32_t fill_names(const struct box *box)
{
	uint32_t count = 0;

	for (size_t i = 0; i < box->missing_count; i++) {
		struct nested_name *name = &box->nested_names[count];
		struct missing missing = box->missing[i];

		broker_look_up(&missing);
		if (!missing.inode || strlen(missing.name) >= sizeof(name->name))
			continue;
		name->device = missing.device;
		name->inode = missing.inode;
		name->nocase = missing.nocase;
		strcpy(name->name, missing.name);
		count++;
	}
	return count;
}

static void add_object(const struct box *box, const char *path, uint32_t *count)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return;
	box->nested_objects[*count] = (struct nested_object){ .device = st.st_dev, .inode = st.st_ino };
	(*count)++;
}

static uint32_t fill_objects(const struct box *box)
{
	char path[TARGET_PATH_MAX];
	uint32_t count = 0;

	for (size_t i = 0; i < box->op_count; i++)
		add_object(box, box->ops[i].path, &count);	/* of a mask: what is seen in the object's place */
	for (size_t i = 0; i < box->pin_count; i++) {
		size_t root = strlen(box->pins[i].root), below = strlen(box->pins[i].below);

		if (root + below + 2 > sizeof(path))
			continue;
		memcpy(path, box->pins[i].root, root);
		path[root] = '/';
		memcpy(path + root + 1, box->pins[i].below, below + 1);
		add_object(box, path, &count);
	}
	return count;
}

int nested_ask(struct inside *in)
{
	const struct box *box = in->box;
	struct nested_request request = {
		.version = NESTED_VERSION,
		.flags = box->plan->sockets == SOCKETS_BROKER ? NESTED_SOCKETS : 0,
		.glob_bytes = (uint32_t)box->nested_glob_bytes, .names = (uintptr_t)box->nested_names,
		.objects = (uintptr_t)box->nested_objects, .globs = (uintptr_t)box->nested_globs,
	};

	if (!box->plan->features.outer_broker || (!box->plan->broker && box->plan->sockets != SOCKETS_BROKER))
		return 0;
	request.name_count = fill_names(box);
	request.object_count = fill_objects(box);
	return syscall(SYS_mkdirat, NESTED_DESCRIPTOR, &request, sizeof(request)) < 0 ? -errno : 0;
}

/* --- the outer side ----------------------------------------------------------------------- */

struct nested_box {
	uint64_t namespace;		/* inode of the user namespace; 0: free */
	int pidfd;			/* the inner command: the box ends with it */
	struct nested_request request;	/* with addresses of our own copy */
	size_t size;			/* of the copy */
};

static uint64_t namespace_inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

static int open_namespace(pid_t tid, const char *which)
{
	const struct target target = { .tid = tid };

	return target_open(&target, which, O_RDONLY);
}

void nested_init(struct nested *nested)
{
	autoclose int fd = sys_open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	autoclose int tree = sys_open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

	nested->own_namespace = fd < 0 ? 0 : namespace_inode(fd);
	nested->own_tree = tree < 0 ? 0 : namespace_inode(tree);
	nested->boxes = NULL;
	nested->used = 0;
}

bool nested_is_same_root(const struct nested *nested, pid_t tid)
{
	const struct target target = { .tid = tid };
	autoclose int fd = open_namespace(tid, "ns/mnt");
	autoclose int root = target_open(&target, "root", O_PATH | O_DIRECTORY);
	struct stat theirs, ours;

	return fd >= 0 && namespace_inode(fd) == nested->own_tree && root >= 0 && fstat(root, &theirs) == 0 &&
	       stat("/", &ours) == 0 && theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

bool nested_is_own(const struct nested *nested, int namespace_fd)
{
	return namespace_inode(namespace_fd) == nested->own_namespace;
}

static void free_box(struct nested *nested, struct nested_box *box)
{
	munmap((void *)(uintptr_t)box->request.names, box->size);
	close(box->pidfd);
	memset(box, 0, sizeof(*box));
	nested->used--;
}

/* Frees what belongs to inner boxes that have ended; returns a free place or NULL. */
static struct nested_box *find_place(struct nested *nested)
{
	struct nested_box *place = NULL;

	if (!nested->boxes) {
		void *room = mmap(NULL, BOXES_MAX * sizeof(*nested->boxes), PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (room == MAP_FAILED)
			return NULL;
		nested->boxes = room;
	}
	for (size_t i = 0; i < BOXES_MAX; i++) {
		struct nested_box *box = &nested->boxes[i];
		struct pollfd ended = { .fd = box->pidfd, .events = POLLIN };

		if (box->namespace && poll(&ended, 1, 0) > 0)
			free_box(nested, box);
		if (!box->namespace)
			place = box;
	}
	return place;
}

static bool is_sound(const struct nested_request *request, size_t *ret_size)
{
	uint64_t size = (uint64_t)request->name_count * sizeof(struct nested_name) +
			(uint64_t)request->object_count * sizeof(struct nested_object) + request->glob_bytes;

	*ret_size = (size_t)size + 1;
	return request->version == NESTED_VERSION && size < BYTES_MAX;
}

static int copy_request(const struct target *target, struct nested_request *request, char *room)
{
	size_t names = request->name_count * sizeof(struct nested_name);
	size_t objects = request->object_count * sizeof(struct nested_object);
	const char *reason;

	if ((names && target_read(target, request->names, room, names) < 0) ||
	    (objects && target_read(target, request->objects, room + names, objects) < 0) ||
	    (request->glob_bytes &&
	     target_read(target, request->globs, room + names + objects, request->glob_bytes) < 0))
		return -EFAULT;
	request->names = (uintptr_t)room;
	request->objects = (uintptr_t)(room + names);
	request->globs = (uintptr_t)(room + names + objects);
	for (uint32_t i = 0; i < request->name_count; i++)
		((struct nested_name *)(void *)room)[i].name[255] = '\0';
	for (size_t at = 0; at < request->glob_bytes; at += strlen(room + names + objects + at) + 1)
		if (!room[names + objects + at] ||
		    !glob_valid(room + names + objects + at + 1,
				&reason)) /* it is matched as it is: others' patterns too must be sound */
			return -EINVAL;
	return 0;
}

int nested_register(struct nested *nested, pid_t tid, uint64_t address, uint64_t size)
{
	const struct target target = { .tid = tid };
	struct nested_request request;
	struct nested_box *box;
	autoclose int namespace = -1;
	size_t bytes;
	void *room;

	if (size == 0)
		return 0;		/* "are you there?" */
	if (size != sizeof(request) || target_read(&target, address, &request, sizeof(request)) < 0 ||
	    !is_sound(&request, &bytes))
		return -EINVAL;
	namespace = open_namespace(tid, "ns/user");
	box = find_place(nested);
	if (namespace < 0 || !box || namespace_inode(namespace) == nested->own_namespace)
		return -EAGAIN;
	room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return -ENOMEM;
	box->pidfd = target_pidfd(&target);
	if (box->pidfd < 0 || copy_request(&target, &request, room) < 0) {
		munmap(room, bytes);
		cleanup_fd(&box->pidfd);
		return -EINVAL;
	}
	box->request = request;
	box->size = bytes;
	box->namespace = namespace_inode(namespace);
	nested->used++;
	return 0;
}

/* --- asking the boxes around a process ---------------------------------------------------- */

static bool box_allows_name(const struct nested_box *box, uint64_t device, uint64_t inode, const char *name,
			    const char *path)
{
	const struct nested_name *names = (const struct nested_name *)(uintptr_t)box->request.names;
	const char *globs = (const char *)(uintptr_t)box->request.globs;

	for (uint32_t i = 0; i < box->request.name_count; i++)
		if (names[i].device == device && names[i].inode == inode &&
		    !(names[i].nocase ? strcasecmp : strcmp)(names[i].name, name))
			return false;
	for (size_t at = 0; at < box->request.glob_bytes; at += strlen(globs + at) + 1)
		if (globs[at] == 'n' && glob_match_above(globs + at + 1, path, false))
			return false;
	return true;
}

static bool box_allows_link(const struct nested_box *box, const char *path)
{
	const char *globs = (const char *)(uintptr_t)box->request.globs;

	for (size_t at = 0; at < box->request.glob_bytes; at += strlen(globs + at) + 1)
		if (globs[at] == 'd' && glob_match(globs + at + 1, path, false))
			return false;
	return true;
}

static bool box_allows_move(const struct nested_box *box, uint64_t device, uint64_t inode)
{
	const struct nested_object *objects = (const struct nested_object *)(uintptr_t)box->request.objects;

	for (uint32_t i = 0; i < box->request.object_count; i++)
		if (objects[i].device == device && objects[i].inode == inode)
			return false;
	return true;
}

/* Calls ask for the boxes of tid's user namespace and of those above it, up to our own; stops at the first
 * false. Fails closed. */
static bool every_box(const struct nested *nested, pid_t tid, bool (*ask)(const struct nested_box *box, void *argument),
		      void *argument)
{
	autoclose int fd = nested->used ? open_namespace(tid, "ns/user") : -1;

	if (!nested->used)
		return true;
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		uint64_t inode = fd < 0 ? 0 : namespace_inode(fd);
		int parent;

		if (!inode)
			return false;
		if (inode == nested->own_namespace)
			return true;
		for (size_t i = 0; i < BOXES_MAX; i++)
			if (nested->boxes[i].namespace == inode && !ask(&nested->boxes[i], argument))
				return false;
		parent = ioctl(fd, NS_GET_USERNS_PARENT);
		close(fd);
		fd = parent;
	}
	return false;
}

struct question { uint64_t device, inode; const char *name, *path; };

static bool ask_name(const struct nested_box *box, void *argument)
{
	const struct question *q = argument;

	return box_allows_name(box, q->device, q->inode, q->name, q->path);
}

static bool ask_link(const struct nested_box *box, void *argument)
{
	const struct question *q = argument;

	return box_allows_link(box, q->path);
}

static bool ask_move(const struct nested_box *box, void *argument)
{
	const struct question *q = argument;

	return box_allows_move(box, q->device, q->inode);
}

bool nested_allows_name(const struct nested *nested, pid_t tid, uint64_t device, uint64_t inode,
			const char *name, const char *path)
{
	struct question question = { .device = device, .inode = inode, .name = name, .path = path };

	return every_box(nested, tid, ask_name, &question);
}

bool nested_allows_link(const struct nested *nested, pid_t tid, const char *path)
{
	struct question question = { .path = path };

	return every_box(nested, tid, ask_link, &question);
}

bool nested_allows_move(const struct nested *nested, pid_t tid, uint64_t device, uint64_t inode)
{
	struct question question = { .device = device, .inode = inode };

	return every_box(nested, tid, ask_move, &question);
}

/* --- local sockets ------------------------------------------------------------------------ */

uint64_t nested_box_of(const struct nested *nested, pid_t tid)
{
	autoclose int fd = nested->used ? open_namespace(tid, "ns/user") : -1;

	for (int depth = 0; nested->used && depth < DEPTH_MAX; depth++) {
		uint64_t inode = fd < 0 ? 0 : namespace_inode(fd);
		int parent;

		if (!inode || inode == nested->own_namespace)
			return 0;
		for (size_t i = 0; i < BOXES_MAX; i++)
			if (nested->boxes[i].namespace == inode)
				return inode;
		parent = ioctl(fd, NS_GET_USERNS_PARENT);
		close(fd);
		fd = parent;
	}
	return 0;
}

bool nested_is_within(const struct nested *nested, pid_t tid, uint64_t box)
{
	uint64_t own = nested_box_of(nested, tid);

	return !own || own == box;
}

/* The longest pattern at or above path decides. */
static bool ask_socket(const struct nested_box *box, void *argument)
{
	const struct question *q = argument;
	const char *globs = (const char *)(uintptr_t)box->request.globs;
	size_t longest = 0;
	bool allowed = !(box->request.flags & NESTED_SOCKETS);

	for (size_t at = 0; at < box->request.glob_bytes; at += strlen(globs + at) + 1) {
		size_t size = strlen(globs + at);
		bool speaks = globs[at] == 'a' || globs[at] == 'c';

		if (!speaks || size < longest || (size == longest && globs[at] == 'a') ||
		    (size > 2 && !glob_match_above(globs + at + 1, q->path, false)))
			continue;
		longest = size;
		allowed = globs[at] == 'a';
	}
	return allowed;
}

bool nested_allows_socket(const struct nested *nested, pid_t tid, const char *path)
{
	struct question question = { .path = path };

	return every_box(nested, tid, ask_socket, &question);
}
