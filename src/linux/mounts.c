/* SPDX-License-Identifier: Apache-2.0 */
/* mounts.c — the file rules as mounts, in the child's own mount namespace.
 *
 * Theory of operation. What stays writable, and what a mask will cover, is cloned first (open_tree). Then the
 * whole tree becomes read-only in one call (mount_setattr), or, when reading is restricted, an empty root takes
 * its place (mounts_root.c). Then the clones are put back and the stricter rules laid over them, parents first. So
 * no mountinfo is read and nothing depends on how many mounts the host has.
 *
 * One private tmpfs, the scratch, holds whatever must be made: /dev, /dev/shm, an empty directory and an empty
 * file as masks (mode 0, and no capability to override it), and for a mask with something reopened below it the
 * directories that lead there. It is attached on /dev and ends up beneath the box's own /dev, out of reach. So
 * do the pins: a second clone of each writable root, with a mount on every directory that must keep its name.
 * The kernel refuses to rename or remove a directory on which any mount of this namespace stands
 * (is_local_mountpoint(), fs/namei.c), whichever clone it stands in, while paths through the visible clone do
 * not cross it: no EXDEV between a pinned directory and its neighbours.
 *
 * Should: open every path once, without following links (canonical paths have none: one that appears meanwhile
 * is an attack), and act on the descriptor. Mustn't: remember paths, fail for what may vanish between plan and
 * start (op->optional). */
#include "linux/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define QUIET_READS 16			/* for more read-only places than these in a writable root a quiet clone pays */

/* --- small steps -------------------------------------------------------------------------- */

/* One component after the other, for want of openat2(): before Linux 5.6, and inside another bawn. */
static int open_by_steps(int at, const char *path)
{
	int fd = path[0] == '/' ? sys_open("/", O_PATH | O_CLOEXEC) : openat(at, ".", O_PATH | O_CLOEXEC);
	struct stat st = { .st_mode = S_IFDIR };
	char name[256];

	for (path += strspn(path, "/"); fd >= 0 && *path; path += strspn(path, "/")) {
		size_t size = strcspn(path, "/");
		int next;

		if (S_ISLNK(st.st_mode) || size >= sizeof(name)) {
			close(fd);
			errno = S_ISLNK(st.st_mode) ? ELOOP : ENAMETOOLONG;
			return -1;
		}
		memcpy(name, path, size);
		name[size] = '\0';
		next = openat(fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		close(fd);
		fd = next;
		if (fd >= 0 && fstat(fd, &st) < 0)
			st.st_mode = S_IFLNK;
		path += size;
	}
	return fd;
}

static int open_below(int at, const char *path)
{
	int fd = sys_openat2(at, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, SYS_RESOLVE_NO_SYMLINKS);

	return fd < 0 && errno == ENOSYS ? open_by_steps(at, path) : fd;
}

int mounts_open(const char *path)
{
	return open_below(AT_FDCWD, path);
}

int mounts_clone_fd(int fd, bool recursive)
{
	return sys_open_tree(fd, "",
			     SYS_OPEN_TREE_CLONE | SYS_AT_EMPTY_PATH | O_CLOEXEC |
				     (recursive ? SYS_AT_RECURSIVE : 0));
}

int mounts_set_attributes(int fd, uint64_t set, uint64_t clear, bool recursive)
{
	const struct sys_mount_attr attr = { .attr_set = set, .attr_clr = clear };

	return sys_mount_setattr(fd, "", SYS_AT_EMPTY_PATH | (recursive ? SYS_AT_RECURSIVE : 0), &attr);
}

/* EACCES: another user's closed directory, where pid 1 cannot go with all the capabilities that it still has, and so
 * neither can the command. */
bool mounts_is_gone(int number)
{
	return number == ENOENT || number == ENOTDIR || number == EACCES;
}

bool mounts_is_device(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode));
}

int mounts_attach(int from, const char *path)
{
	autoclose int to = mounts_open(path);

	if (to < 0 || sys_move_mount(from, to) < 0)
		return -errno;
	return 0;
}

/* --- before anything changes -------------------------------------------------------------- */

static void raise_descriptor_limit(size_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted + 64)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Makes a clone read-only, or closes it. */
static int read_only_clone(int fd)
{
	if (fd >= 0 && mounts_set_attributes(fd, SYS_MOUNT_ATTR_RDONLY, 0, true) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int mounts_new_tmpfs(unsigned attributes)
{
	autoclose int context = sys_fsopen("tmpfs");

	if (context < 0 || sys_fsconfig(context, SYS_FSCONFIG_SET_STRING, "mode", "0755") < 0 ||
	    sys_fsconfig(context, SYS_FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return -1;
	return sys_fsmount(context, attributes);
}

/* An overlay (overlayfs, with its layer on a tmpfs that is attached nowhere) in the place of the directory: changes are
 * seen inside, and gone with the box. What is mounted below the directory is not in it. By descriptors since Linux
 * 6.13. */
static int new_overlay(int lower)
{
	autoclose int layer = mounts_new_tmpfs(SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV);
	autoclose int upper = -1;
	autoclose int work = -1;
	autoclose int context = sys_fsopen("overlay");

	if (layer < 0 || context < 0 || mkdirat(layer, "upper", 0755) < 0 || mkdirat(layer, "work", 0755) < 0)
		return -1;
	upper = openat(layer, "upper", O_PATH | O_CLOEXEC);
	work = openat(layer, "work", O_PATH | O_CLOEXEC);
	if (upper < 0 || work < 0 || sys_fsconfig_fd(context, "lowerdir+", lower) < 0 ||
	    sys_fsconfig_fd(context, "upperdir", upper) < 0 || sys_fsconfig_fd(context, "workdir", work) < 0 ||
	    sys_fsconfig(context, SYS_FSCONFIG_SET_FLAG, "userxattr", NULL) < 0 ||
	    sys_fsconfig(context, SYS_FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return -1;
	return sys_fsmount(context, SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV);
}

static int clone_op(const struct mount_op *op, int *ret_fd)
{
	autoclose int fd = mounts_open(op->path);

	if (fd < 0)
		return op->optional && mounts_is_gone(errno) ? 0 : -errno;
	if (op->device && !mounts_is_device(fd))
		return -ENODEV;
	*ret_fd = op->scratch ? new_overlay(fd) : mounts_clone_fd(fd, true);
	if (*ret_fd < 0)
		return -errno;
	if (mounts_set_attributes(*ret_fd, SYS_MOUNT_ATTR_NOSUID | (op->device ? 0 : SYS_MOUNT_ATTR_NODEV) |
				  (op->kind == MOUNT_READ || op->device ? SYS_MOUNT_ATTR_RDONLY : 0), 0, true) < 0)
		return -errno;
	return 0;
}

static int new_proc(unsigned attributes)
{
	autoclose int context = sys_fsopen("proc");

	if (context < 0 || sys_fsconfig(context, SYS_FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return -1;
	return sys_fsmount(context, SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV | SYS_MOUNT_ATTR_NOEXEC | attributes);
}

/* Made while the old tree is there: the kernel lets a user namespace mount a new procfs only where it sees one in full
 * (mount_too_revealing()). Inside a bawn of root's that one is read-only, and so must ours be. */
static int make_procs(struct inside *in)
{
	bool root = in->box->plan->features.root;

	in->hidden_proc_fd = -1;
	in->proc_fd = new_proc(0);
	if (in->proc_fd < 0 && errno == EPERM)
		in->proc_fd = new_proc(SYS_MOUNT_ATTR_RDONLY);
	if (in->proc_fd < 0)
		return -errno;
	if (!(in->box->plan->policy->kernel_allow & (1u << KERNEL_USER_NAMESPACES)))
		return 0;
	in->hidden_proc_fd = new_proc(root ? SYS_MOUNT_ATTR_RDONLY : 0);
	return in->hidden_proc_fd < 0 ? -errno : 0;
}

int mounts_clone(struct inside *in)
{
	const struct box *box = in->box;
	int r;

	raise_descriptor_limit(2 * box->op_count + 64);
	for (in->item = 0; in->item < box->op_count; in->item++) {
		in->clones[in->item] = in->quiet[in->item] = -1;
		if (!box->ops[in->item].early)
			continue;
		r = clone_op(&box->ops[in->item], &in->clones[in->item]);
		if (r < 0)
			return r;
		if (box->ops[in->item].reads > QUIET_READS && in->clones[in->item] >= 0)
			/* older kernels: -1, slower */
			in->quiet[in->item] = read_only_clone(mounts_clone_fd(in->clones[in->item], true));
	}
	r = grants_clone(in);
	return r < 0 ? r : make_procs(in);
}

/* --- the scratch -------------------------------------------------------------------------- */

static int make_scaffolds(struct inside *in)
{
	const struct box *box = in->box;
	char way[8192];
	int r;

	for (size_t i = 0; i < box->scaffold_count; i++) {
		const struct scaffold *scaffold = &box->scaffolds[i];
		in->item = scaffold->op;
		/* a directory of its own for each mask, named by its number */
		if (snprintf(way, sizeof(way), "way%zu/%s", scaffold->op, scaffold->below) >= (int)sizeof(way))
			return -ENAMETOOLONG;
		r = mounts_make_way(in->scratch_fd, way, scaffold->directory);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < box->scaffold_count; i++) {
		snprintf(way, sizeof(way), "way%zu/%s", box->scaffolds[i].op, box->scaffolds[i].below);
		r = mounts_close_way(in->scratch_fd, way);
		if (r < 0)
			return r;
	}
	in->item = SIZE_MAX;
	return 0;
}

/* Everything is made first, then the scratch becomes read-only, and whatever is cloned from it after that is so
 * from birth. */
int mounts_scratch(struct inside *in)
{
	int fd = in->scratch_fd;
	int r;

	if (mounts_attach(fd, "/dev") < 0)
		return -errno;
	if ((r = devices_make_places(in)) < 0 || (r = make_scaffolds(in)) < 0)
		return r;
	in->shm_fd = sys_open_tree(fd, SCRATCH_SHM, SYS_OPEN_TREE_CLONE | O_CLOEXEC);
	if (in->shm_fd < 0 || mounts_set_attributes(fd, SYS_MOUNT_ATTR_RDONLY | SYS_MOUNT_ATTR_NOEXEC, 0, false) < 0)
		return -errno;
	return 0;
}

int mounts_clone_scratch(const struct inside *in, const char *name)
{
	return sys_open_tree(in->scratch_fd, name, SYS_OPEN_TREE_CLONE | O_CLOEXEC);
}

/* --- pins
 * ---------------------------------------------------------------------------------------------------------------------
 */

static int clone_hidden(const char *root)
{
	autoclose int fd = mounts_open(root);
	int clone = fd < 0 ? -1 : mounts_clone_fd(fd, true);

	if (clone >= 0 && mounts_attach(clone, "/dev") < 0) {
		close(clone);
		return -1;
	}
	return clone;
}

static int pin(const struct inside *in, int root, const char *below)
{
	autoclose int to = open_below(root, below);
	autoclose int from = -1;
	struct stat st;

	if (to < 0)
		return mounts_is_gone(errno) ? 0 : -errno;
	if (fstat(to, &st) < 0)
		return -errno;
	from = sys_open_tree(in->scratch_fd, S_ISDIR(st.st_mode) ? SCRATCH_DIRECTORY : SCRATCH_FILE,
			     SYS_OPEN_TREE_CLONE | O_CLOEXEC);
	return from < 0 || sys_move_mount(from, to) < 0 ? -errno : 0;
}

/* After the rules: a clone taken before them would not be recursive enough to hold pins inside a root's own
 * mounts, one taken after them shows the masks too, which changes nothing for a name. */
int mounts_pins(struct inside *in)
{
	const struct box *box = in->box;
	const char *root = NULL;
	int clone = -1, r = 0;

	for (in->item = 0; r == 0 && in->item < box->pin_count; in->item++) {
		const struct pin *p = &box->pins[in->item];

		if (!root || strcmp(root, p->root)) {
			if (clone >= 0)
				close(clone);
			root = p->root;
			clone = clone_hidden(root);
		}
		r = clone < 0 ? -errno : pin(in, clone, p->below);
	}
	if (clone >= 0)
		close(clone);
	if (r == 0)
		in->item = SIZE_MAX;
	return r;
}

/* --- the rules ---------------------------------------------------------------------------- */

/* Where a mount comes from or goes to: a name in a directory that is held, or "" for what is held itself. */
struct spot { int at; const char *name; };

/* The way to the last spot, for the thousand files of one directory that have a rule: the second one opens that
 * directory, and is then one step away. Nothing is mounted on it later: operations are sorted, so what stands above
 * comes first. */
struct way {
	int base;			/* what paths are relative to, if they are */
	const char *path;		/* the last one: lives as long as the operations */
	size_t size;			/* of its directory's part; 0: none to keep */
	int directory, object;		/* held, or -1 */
};

static void way_done(struct way *way)
{
	cleanup_fd(&way->directory);
	cleanup_fd(&way->object);
}

static bool is_next_to_last(const struct way *way, const char *path)
{
	return way->size && !strncmp(path, way->path, way->size) && path[way->size] == '/' &&
	       !strchr(path + way->size + 1, '/');
}

/* Without following links; the spot counts until the next one is asked for. -1 and errno. */
static int find_spot(struct way *way, const char *path, struct spot *ret)
{
	char directory[4096];
	const char *slash;

	if (is_next_to_last(way, path)) {
		memcpy(directory, path, way->size);
		directory[way->size] = '\0';
		if (way->directory < 0)
			way->directory = open_below(way->base, directory);
		*ret = (struct spot){ .at = way->directory, .name = path + way->size + 1 };
		return way->directory < 0 ? -1 : 0;
	}
	way_done(way);
	slash = strrchr(path, '/');
	way->path = path;
	way->size = slash && (size_t)(slash - path) < sizeof(directory) ? (size_t)(slash - path) : 0;
	way->object = open_below(way->base, path);
	*ret = (struct spot){ .at = way->object, .name = "" };
	return way->object < 0 ? -1 : 0;
}

static int clone_spot(const struct spot *spot)
{
	return sys_open_tree(spot->at, spot->name,
			     SYS_OPEN_TREE_CLONE | SYS_AT_EMPTY_PATH | SYS_AT_RECURSIVE | AT_SYMLINK_NOFOLLOW |
				     AT_NO_AUTOMOUNT | O_CLOEXEC);
}

static int mask_source(const struct inside *in, const struct mount_op *op)
{
	char name[32];

	if (op->kind == MOUNT_SCAFFOLD) {
		snprintf(name, sizeof(name), "way%zu", in->item);
		return mounts_clone_scratch(in, name);
	}
	return mounts_clone_scratch(in, op->directory ? SCRATCH_DIRECTORY : SCRATCH_FILE);
}

/* A clone costs as much as its source has mounts in it (__do_loopback(), fs/namespace.c), so what becomes read-only is
 * not taken from where the rules before it were laid, but from a clone of its root that was put aside. That one is
 * read-only itself, and so are all that are taken from it. */
static int quiet_source(const struct inside *in, const struct mount_op *op, struct way *way)
{
	const struct mount_op *root = op->source < 0 ? NULL : &in->box->ops[op->source];
	struct spot spot;

	if (!root || in->quiet[op->source] < 0)
		return -1;
	if (way->base != in->quiet[op->source]) {
		way_done(way);
		*way = (struct way){ .base = in->quiet[op->source], .directory = -1, .object = -1 };
	}
	return find_spot(way, op->path + strlen(root->path) + 1, &spot) < 0 ? -1 : clone_spot(&spot);
}

/* A mask of the wrong kind does not fit: then what the policy saw has been replaced, and so is what holds it. */
static int mask_other(const struct inside *in, const struct mount_op *op, const struct spot *to)
{
	struct mount_op other = *op;
	autoclose int from = -1;
	struct stat st;

	if (fstatat(to->at, to->name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
		return -errno;
	if (op->kind == MOUNT_SCAFFOLD || S_ISDIR(st.st_mode) == op->directory)
		return -EINVAL;
	other.directory = !op->directory;
	from = mask_source(in, &other);
	return from < 0 || sys_move_mount_to(from, to->at, to->name) < 0 ? -errno : 0;
}

/* What cannot be looked up is gone; what was found, and could not be mounted on, is another matter. */
static bool is_gone(const struct spot *spot)
{
	struct stat st;

	return fstatat(spot->at, spot->name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0 && mounts_is_gone(errno);
}

struct ways { struct way to, quiet; };

static int perform(const struct inside *in, const struct mount_op *op, int early, struct ways *ways)
{
	autoclose int from = early;
	struct spot to;
	int r;

	if (find_spot(&ways->to, op->path, &to) < 0)
		return op->optional && mounts_is_gone(errno) ? 0 : -errno;
	if (from < 0 && op->kind == MOUNT_READ)
		from = quiet_source(in, op, &ways->quiet);
	if (from < 0 && op->kind != MOUNT_WRITE)
		from = op->kind == MOUNT_READ ? read_only_clone(clone_spot(&to)) : mask_source(in, op);
	r = from < 0 || sys_move_mount_to(from, to.at, to.name) < 0 ? -errno : 0;
	if (r == -EINVAL && (op->kind == MOUNT_MASK || op->kind == MOUNT_SCAFFOLD))
		r = mask_other(in, op, &to);
	return r < 0 && op->optional && is_gone(&to) ? 0 : r;
}

static int perform_all(struct inside *in, struct ways *ways)
{
	const struct box *box = in->box;

	for (in->item = 0; in->item < box->op_count; in->item++) {
		const struct mount_op *op = &box->ops[in->item];
		int r;

		if (op->early && in->clones[in->item] < 0)
			continue;		/* optional, and gone */
		r = perform(in, op, in->clones[in->item], ways);
		if (r < 0)
			return r;
	}
	in->item = SIZE_MAX;
	return 0;
}

int mounts_rules(struct inside *in)
{
	struct ways ways = { .to = { .base = AT_FDCWD, .directory = -1, .object = -1 },
			     .quiet = { .base = -1, .directory = -1, .object = -1 } };
	int r = perform_all(in, &ways);

	way_done(&ways.to);
	way_done(&ways.quiet);
	return r;
}

/* Sockets are named as their owner bound them, perhaps through links; a mask only takes away, so links may be
 * followed. */
int mounts_sockets(struct inside *in)
{
	const struct policy *policy = in->box->plan->policy;

	for (in->item = 0; in->item < policy->socket_count; in->item++) {
		autoclose int to = sys_open(policy->sockets[in->item], O_PATH | O_CLOEXEC);
		autoclose int from = -1;
		struct stat st;

		if (to < 0 || fstat(to, &st) < 0 || !S_ISSOCK(st.st_mode))
			continue;
		from = mounts_clone_scratch(in, SCRATCH_FILE);
		if (from < 0 || sys_move_mount(from, to) < 0)
			return -errno;
	}
	in->item = SIZE_MAX;
	return 0;
}

/* --- /proc and /sys ----------------------------------------------------------------------- */

/* Descriptors are left to pid 1's close_range(). */
int mounts_put(int from, const char *path)
{
	return from < 0 || syscall(SYS_move_mount, from, "", AT_FDCWD, path, SYS_MOVE_MOUNT_F_EMPTY_PATH) < 0 ?
		       -errno :
		       0;
}

/* A namespace that is allowed to nest must have a procfs that the kernel finds fully visible, with nothing mounted in
 * it, or no inner one may be mounted. It lies beneath /dev. For root it is read-only, and so are all that are made from
 * it: /proc/sys must stay out of reach. */
int mounts_proc(struct inside *in)
{
	autoclose int to = openat(in->scratch_fd, SCRATCH_PROC, O_PATH | O_CLOEXEC);

	if (to < 0 || (in->hidden_proc_fd >= 0 && sys_move_mount(in->hidden_proc_fd, to) < 0))
		return -errno;
	return mounts_put(in->proc_fd, "/proc");
}

/* Two dozen of them at a start by root: hence by path, with the one call that clones and attaches, and the scratch as
 * working directory. It leaves nothing behind where a path is not there: a clone that is closed without having been
 * attached costs an RCU grace period (dissolve_on_fput(), fs/namespace.c). */
static int put_system(const struct mount_op *op)
{
	const struct sys_mount_attr attr = { .attr_set = SYS_MOUNT_ATTR_RDONLY };
	const char *mask = op->directory ? SCRATCH_DIRECTORY : SCRATCH_FILE;
	bool read = op->kind == MOUNT_READ;

	if (mount(read ? op->path : mask, op->path, NULL, MS_BIND | (read ? MS_REC : 0), NULL) < 0)
		return -errno;
	return read && sys_mount_setattr(AT_FDCWD, op->path, SYS_AT_RECURSIVE, &attr) < 0 ? -errno : 0;
}

int mounts_system(struct inside *in)
{
	const struct box *box = in->box;

	if (fchdir(in->scratch_fd) < 0)
		return -errno;
	for (in->item = 0; in->item < box->system_count; in->item++) {
		int r = put_system(&box->system[in->item]);

		if (r < 0 && !mounts_is_gone(-r))
			return r;
	}
	in->item = SIZE_MAX;
	return 0;
}

int mounts_seal(struct inside *in)
{
	const struct sys_mount_attr attr = { .attr_set = SYS_MOUNT_ATTR_RDONLY };

	if (in->box->plan->restricted_read && sys_mount_setattr(AT_FDCWD, "/", 0, &attr) < 0)
		return -errno;
	return 0;
}
