/* SPDX-License-Identifier: Apache-2.0 */
/* scratch.c — what of the scratch (the private tmpfs) and of /dev no rule changes, made before the plan stands.
 *
 * Must: leave errno alone (raw.h), since it runs beside the caller in the caller's memory. */
#include "linux/mounts.h"
#include "linux/raw.h"

#include <string.h>
#include <sys/stat.h>

struct option { unsigned command; const char *key, *value; };

/* A file system that is mounted nowhere yet: its descriptor, or -errno. options end with one that has no key. */
static int new_mount(const char *type, const struct option *options, unsigned attributes)
{
	autoclose int context = raw_fsopen(type);
	int r = context;

	for (; r >= 0 && options->key; options++)
		r = raw_fsconfig(context, options->command, options->key, options->value);
	if (r >= 0)
		r = raw_fsconfig(context, SYS_FSCONFIG_CMD_CREATE, NULL, NULL);
	return r < 0 ? r : raw_fsmount(context, attributes);
}

static int make_links(int scratch)
{
	static const struct { const char *name, *target; } links[] = {
		{ "dev/fd", "/proc/self/fd" }, { "dev/ptmx", "pts/ptmx" }, { "dev/stderr", "/proc/self/fd/2" },
		{ "dev/stdin", "/proc/self/fd/0" }, { "dev/stdout", "/proc/self/fd/1" },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(links); i++)
		r = raw_symlinkat(links[i].target, scratch, links[i].name);
	return r;
}

static int make_node_places(int scratch)
{
	char name[32] = "dev/";
	int r = raw_mknodat(scratch, "dev/console", S_IFREG);

	for (size_t i = 0; r == 0 && i < DEVICES_OWN; i++) {
		strcpy(name + 4, devices_own[i]);
		r = raw_mknodat(scratch, name, S_IFREG);
	}
	return r;
}

static int make_places(int scratch)
{
	static const struct { const char *name; unsigned mode; } directories[] = {
		{ SCRATCH_DIRECTORY, 0 }, { SCRATCH_DEV, 0755 }, { SCRATCH_PROC, 0755 }, { SCRATCH_SHM, 01777 },
		{ "dev/pts", 0755 }, { "dev/shm", 0755 },
	};
	int r = raw_mknodat(scratch, SCRATCH_FILE, S_IFREG);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(directories); i++)
		r = raw_mkdirat(scratch, directories[i].name, directories[i].mode);
	if (r == 0)
		r = raw_fchmodat(scratch, SCRATCH_SHM, 01777);	/* whatever the caller's umask is */
	if (r == 0)
		r = make_links(scratch);
	return r == 0 ? make_node_places(scratch) : r;
}

int scratch_make(int *ret_fd)
{
	static const struct option options[] = { { SYS_FSCONFIG_SET_STRING, "mode", "0755" }, { 0 } };

	*ret_fd = new_mount("tmpfs", options, SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV);
	return *ret_fd < 0 ? *ret_fd : make_places(*ret_fd);
}

int scratch_make_terminals(int *ret_fd)
{
	static const struct option options[] = {
		{ SYS_FSCONFIG_SET_FLAG, "newinstance", NULL },
		{ SYS_FSCONFIG_SET_STRING, "ptmxmode", "0666" },
		{ SYS_FSCONFIG_SET_STRING, "mode", "620" },
		{ 0 },
	};

	*ret_fd = new_mount("devpts", options, SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NOEXEC);
	return *ret_fd < 0 ? *ret_fd : 0;
}
