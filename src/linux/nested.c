/* SPDX-License-Identifier: Apache-2.0 */
/* nested.c — a bawn inside a bawn.
 *
 * A chain of seccomp filters has room for one listener (EBUSY), and the outer bawn has it. So the inner one
 * asks the outer broker to judge by its rules as well: it sends them (policy_pack()), and the outer broker remembers
 * them for the user namespace the request came from. Whoever is in that namespace or one below
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

int nested_lower(struct box *box)
{
	struct text image = { 0 };
	int r;

	policy_pack(box->plan->policy, &image);
	box->nested_names = arena_alloc(&box->arena, (box->missing_count + 1) * sizeof(*box->nested_names));
	box->nested_objects =
		arena_alloc(&box->arena, (box->op_count + box->pin_count + 1) * sizeof(*box->nested_objects));
	box->nested_image = arena_alloc(&box->arena, image.size + 1);
	box->nested_image_bytes = image.size;
	r = image.failed || !box->nested_image || !box->nested_names || !box->nested_objects ? -ENOMEM : 0;
	if (r == 0 && image.size)
		memcpy(box->nested_image, image.bytes, image.size);
	text_done(&image);
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
		.image_bytes = (uint32_t)box->nested_image_bytes, .names = (uintptr_t)box->nested_names,
		.objects = (uintptr_t)box->nested_objects, .image = (uintptr_t)box->nested_image,
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
	uint64_t tree;			/* inode of its mount namespace: there its paths are what its rules say */
	int pidfd;			/* the inner command: the box ends with it */
	struct policy policy;		/* points into the copy */
	struct nested_request request;	/* with addresses of our own copy */
	size_t size;			/* of the copy, which begins with the names */
	void *arrays;			/* of the policy */
	size_t arrays_size;
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

bool nested_is_same_root(const struct nested *nested, struct target *target)
{
	autoclose int fd = open_namespace(target->tid, "ns/mnt");
	autoclose int root = target_open(target, "root", O_PATH | O_DIRECTORY);
	struct stat theirs, ours;

	target->tree = fd < 0 ? 0 : namespace_inode(fd);
	return target->tree == nested->own_tree && root >= 0 && fstat(root, &theirs) == 0 &&
	       stat("/", &ours) == 0 && theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

bool nested_is_own(const struct nested *nested, int namespace_fd)
{
	return namespace_inode(namespace_fd) == nested->own_namespace;
}

static void free_box(struct nested *nested, struct nested_box *box)
{
	munmap((void *)(uintptr_t)box->request.names, box->size);
	munmap(box->arrays, box->arrays_size);
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

/* Names and objects first, then the image, then the arrays that the policy is made of: each part keeps the next one
 * aligned. */
struct layout { size_t names, objects, image, room, size; };

static bool lay_out(const struct nested_request *request, struct layout *ret)
{
	uint64_t size = (uint64_t)request->name_count * sizeof(struct nested_name) +
			(uint64_t)request->object_count * sizeof(struct nested_object) + request->image_bytes;

	if (request->version != NESTED_VERSION || size >= BYTES_MAX)
		return false;
	ret->names = request->name_count * sizeof(struct nested_name);
	ret->objects = request->object_count * sizeof(struct nested_object);
	ret->image = request->image_bytes;
	ret->size = ret->names + ret->objects + ret->image;
	return true;
}

static int copy_request(const struct target *target, struct nested_request *request, const struct layout *layout,
			char *room)
{
	char *objects = room + layout->names, *image = objects + layout->objects;

	if ((layout->names && target_read(target, request->names, room, layout->names) < 0) ||
	    (layout->objects && target_read(target, request->objects, objects, layout->objects) < 0) ||
	    (layout->image && target_read(target, request->image, image, layout->image) < 0))
		return -EFAULT;
	request->names = (uintptr_t)room;
	request->objects = (uintptr_t)objects;
	request->image = (uintptr_t)image;
	for (uint32_t i = 0; i < request->name_count; i++)
		((struct nested_name *)(void *)room)[i].name[255] = '\0';
	return 0;
}

static void *map_room(size_t size)
{
	void *room = mmap(NULL, size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return room == MAP_FAILED ? NULL : room;
}

/* Copies a request and makes a policy of it: the copy is made once, and checked as it is. */
static int take_request(const struct target *target, const struct layout *layout, struct nested_box *box)
{
	size_t arrays;
	char *room = map_room(layout->size);
	int r = room ? copy_request(target, &box->request, layout, room) : -ENOMEM;

	if (r == 0 && !policy_image_check((char *)(uintptr_t)box->request.image, layout->image, &arrays))
		r = -EINVAL;
	box->arrays = r == 0 ? map_room(arrays) : NULL;
	if (!box->arrays) {
		if (room)
			munmap(room, layout->size + 1);
		return r < 0 ? r : -ENOMEM;
	}
	box->size = layout->size + 1;
	box->arrays_size = arrays + 1;
	policy_unpack((char *)(uintptr_t)box->request.image, layout->image, box->arrays, &box->policy);
	return 0;
}

int nested_register(struct nested *nested, const struct target *target, uint64_t address, uint64_t size)
{
	struct nested_request request;
	struct nested_box *box;
	struct layout layout;
	autoclose int namespace = -1;
	int r;

	if (size == 0)
		return 0;		/* "are you there?" */
	if (size != sizeof(request) || target_read(target, address, &request, sizeof(request)) < 0 ||
	    !lay_out(&request, &layout))
		return -EINVAL;
	namespace = open_namespace(target->tid, "ns/user");
	box = find_place(nested);
	if (namespace < 0 || !box || namespace_inode(namespace) == nested->own_namespace)
		return -EAGAIN;
	box->request = request;
	box->pidfd = target_pidfd(target);
	r = box->pidfd < 0 ? box->pidfd : take_request(target, &layout, box);
	if (r < 0) {
		cleanup_fd(&box->pidfd);
		return r;
	}
	box->tree = target->tree;
	box->namespace = namespace_inode(namespace);
	nested->used++;
	return 0;
}

/* --- asking the boxes around a process ---------------------------------------------------- */

/* A place as a box knows it: by the path that its process sees where that is the box's own tree, else by ours. */
static const char *path_for(const struct nested_box *box, const struct target *target, const struct place *place)
{
	return place->seen[0] && target->tree == box->tree ? place->seen : place->path;
}

static bool names_allow(const struct nested_box *box, uint64_t device, uint64_t inode, const char *name)
{
	const struct nested_name *names = (const struct nested_name *)(uintptr_t)box->request.names;

	for (uint32_t i = 0; i < box->request.name_count; i++)
		if (names[i].device == device && names[i].inode == inode &&
		    !(names[i].nocase ? strcasecmp : strcmp)(names[i].name, name))
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
 * false, and at the namespace until. Fails closed. */
static bool every_box_below(const struct nested *nested, pid_t tid, uint64_t until,
			    bool (*ask)(const struct nested_box *box, void *argument), void *argument)
{
	autoclose int fd = nested->used ? open_namespace(tid, "ns/user") : -1;

	if (!nested->used)
		return true;
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		uint64_t inode = fd < 0 ? 0 : namespace_inode(fd);
		int parent;

		if (!inode)
			return false;
		if (inode == nested->own_namespace || inode == until)
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

static bool every_box(const struct nested *nested, pid_t tid, bool (*ask)(const struct nested_box *box, void *argument),
		      void *argument)
{
	return every_box_below(nested, tid, 0, ask, argument);
}

struct question {
	const struct target *target;
	const struct place *place, *to;
	uint64_t device, inode;
	const char *path;
	const struct policy **policies;
	size_t count, room;
};

/* A file system of the process's own has no rules, but for the box that made it. */
static bool ask_name(const struct nested_box *box, void *argument)
{
	const struct question *q = argument;

	if (!names_allow(box, q->device, q->inode, q->place->name))
		return false;
	return (q->place->tree == TREE_FOREIGN && q->target->tree != box->tree) || q->place->on_proc ||
	       policy_allows_write(&box->policy, path_for(box, q->target, q->place));
}

static bool ask_write(const struct nested_box *box, void *argument)
{
	const struct question *q = argument;

	return policy_allows_write(&box->policy, q->path);
}

static bool ask_rename(const struct nested_box *box, void *argument)
{
	const struct question *q = argument;

	return (q->to->tree == TREE_FOREIGN && q->target->tree != box->tree) ||
	       policy_rename_allowed(&box->policy, path_for(box, q->target, q->place),
				     path_for(box, q->target, q->to));
}

static bool ask_move(const struct nested_box *box, void *argument)
{
	const struct question *q = argument;

	return box_allows_move(box, q->device, q->inode);
}

static bool ask_policy(const struct nested_box *box, void *argument)
{
	struct question *q = argument;

	if (q->count < q->room)
		q->policies[q->count] = &box->policy;
	q->count++;
	return true;
}

bool nested_allows_name(const struct nested *nested, const struct target *target, const struct place *place,
			uint64_t device, uint64_t inode)
{
	struct question question = { .target = target, .place = place, .device = device, .inode = inode };

	return every_box(nested, target->tid, ask_name, &question);
}

bool nested_allows_write(const struct nested *nested, const struct target *target, const char *path)
{
	struct question question = { .path = path };

	return every_box(nested, target->tid, ask_write, &question);
}

bool nested_allows_rename(const struct nested *nested, const struct target *target, const struct place *from,
			  const struct place *to)
{
	struct question question = { .target = target, .place = from, .to = to };

	return every_box(nested, target->tid, ask_rename, &question);
}

bool nested_allows_move(const struct nested *nested, pid_t tid, uint64_t device, uint64_t inode)
{
	struct question question = { .device = device, .inode = inode };

	return every_box(nested, tid, ask_move, &question);
}

size_t nested_policies(const struct nested *nested, pid_t tid, const struct policy **ret_policies, size_t room)
{
	struct question question = { .policies = ret_policies, .room = room };

	return every_box(nested, tid, ask_policy, &question) ? question.count : room + 1;
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

static bool ask_socket(const struct nested_box *box, void *argument)
{
	const struct question *q = argument;
	struct decision decision;

	policy_decide(&box->policy, OPERATION_UNIX_CONNECT, q->path, &decision);
	return !(box->request.flags & NESTED_SOCKETS) || decision.allowed;
}

bool nested_allows_socket(const struct nested *nested, const struct target *target, const char *path, uint64_t box)
{
	struct question question = { .path = path };

	return every_box_below(nested, target->tid, box, ask_socket, &question);
}
