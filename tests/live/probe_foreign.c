/* SPDX-License-Identifier: Apache-2.0 */
/* probe_foreign.c — any i386 call, made by int 0x80 from 64-bit code.
 *
 * probe i386 CALL [ARGUMENT...]: a number as C writes it, or "@TEXT" a string, "=W,W,..." 32-bit words in a zeroed
 * buffer, "#PATH" the address of a local socket, "socket" a descriptor of a new one. What a pointer leads to lies
 * below 4 GiB. The upper halves of the registers hold rubbish: the kernel does not look at them, and nobody else may. */
#include "probe.h"

#include <linux/net.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#define RUBBISH		0x5eb1f5ull << 32
#define ARGUMENTS	5

static const struct { const char *name; int number; } calls[] = {
	{ "add_key", 286 },	  { "bind", 361 },	    { "bpf", 357 },	     { "chmod", 15 },
	{ "chroot", 61 },	  { "clone", 120 },	    { "clone3", 435 },	     { "creat", 8 },
	{ "fchmodat", 306 },	  { "fchmodat2", 452 },	    { "getpid", 20 },	     { "io_uring_setup", 425 },
	{ "ioctl", 54 },	  { "keyctl", 288 },	    { "link", 9 },	     { "linkat", 303 },
	{ "mkdir", 39 },	  { "mkdirat", 296 },	    { "mknod", 14 },	     { "mknodat", 297 },
	{ "mount", 21 },	  { "open", 5 },	    { "open_tree", 428 },    { "openat", 295 },
	{ "openat2", 437 },	  { "perf_event_open", 336 }, { "personality", 136 }, { "rename", 38 },
	{ "renameat", 302 },	  { "renameat2", 353 },	    { "socket", 359 },	     { "socketcall", 102 },
	{ "socketpair", 360 },	  { "stime", 25 },	    { "symlink", 83 },	     { "symlinkat", 304 },
	{ "truncate", 92 },	  { "truncate64", 193 },    { "umount", 22 },	     { "umount2", 52 },
	{ "unshare", 310 },	  { "userfaultfd", 374 },
};

#if defined(__x86_64__)
static int call_i386(int number, const uint64_t a[ARGUMENTS])
{
	uint64_t result = RUBBISH | (uint32_t)number;

	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 : "b"(RUBBISH | a[0]), "c"(RUBBISH | a[1]), "d"(RUBBISH | a[2]), "S"(RUBBISH | a[3]),
			   "D"(RUBBISH | a[4])
			 : "r8", "r9", "r10", "r11", "memory");
	return (int)result;
}

static void *low_memory(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
}
#else
static int call_i386(int number, const uint64_t a[ARGUMENTS])
{
	(void)number;
	(void)a;
	return -ENOSYS;
}

static void *low_memory(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
#endif

static void put_words(uint32_t *words, char *text)
{
	for (char *word = strtok(text, ","); word; word = strtok(NULL, ","))
		*words++ = (uint32_t)strtoul(word, NULL, 0);
}

/* room: a page of its own. */
static uint64_t argument(char *text, void *room)
{
	struct sockaddr_un *address = room;

	switch (text[0]) {
	case '@':
		strcpy(room, text + 1);
		return (uintptr_t)room;
	case '=':
		put_words(room, text + 1);
		return (uintptr_t)room;
	case '#':
		address->sun_family = AF_UNIX;
		strcpy(address->sun_path, text + 1);
		return (uintptr_t)room;
	case 's':
		return (uint64_t)socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	default:
		return (uint32_t)strtoll(text, NULL, 0);
	}
}

static int find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(calls[i].name, name))
			return calls[i].number;
	return -1;
}

static int trial_i386(char **argv)
{
	uint64_t arguments[ARGUMENTS] = { 0 };
	int number = find(argv[0]);
	char *room = low_memory(ARGUMENTS * 4096);
	pid_t before = getpid();
	int r;

	if (number < 0 || room == MAP_FAILED)
		return -UNUSABLE;
	for (int i = 0; i < ARGUMENTS && argv[i + 1]; i++)
		arguments[i] = argument(argv[i + 1], room + 4096 * i);
	r = call_i386(number, arguments);
	if (getpid() != before || (r == 0 && !strncmp(argv[0], "clone", 5)))
		_exit(0);		/* the child of a clone */
	return r;
}

/* --- a race for the memory that socketcall has its arguments in --- */

static volatile bool stop;

static void *flip_protocol(void *argument)
{
	volatile uint32_t *protocol = argument;

	while (!stop) {
		*protocol = NETLINK_NETFILTER;
		*protocol = NETLINK_ROUTE;
	}
	return NULL;
}

static bool is_netfilter(int fd)
{
	int protocol = -1;
	socklen_t size = sizeof(protocol);

	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 && protocol == NETLINK_NETFILTER;
}

/* TRIES: 0 when a socket of the netfilter family came to be. */
static int trial_race_socketcall(char **argv)
{
	uint32_t *words = low_memory(4096);
	const uint64_t arguments[ARGUMENTS] = { SYS_SOCKET, (uintptr_t)words };
	long made = 0, refused = 0;
	bool got = false;
	pthread_t thread;

	if (words == MAP_FAILED)
		return -UNUSABLE;
	words[0] = AF_NETLINK;
	words[1] = SOCK_RAW;
	if (pthread_create(&thread, NULL, flip_protocol, words + 2))
		return -UNUSABLE;
	for (long tries = atol(argv[0]); tries > 0 && !got; tries--) {
		int fd = call_i386(102, arguments);

		if (fd < 0) {
			refused++;
			continue;
		}
		made++;
		got = is_netfilter(fd);
		close(fd);
	}
	stop = true;
	pthread_join(thread, NULL);
	printf("race: socketcall: %ld made, %ld refused\n", made, refused);
	return got ? 0 : -EACCES;
}

const struct trial foreign_trials[] = {
	{ "i386",		1, trial_i386,		"an i386 CALL with ARGUMENTS" },
	{ "race-socketcall",	1, trial_race_socketcall, "makes a netfilter socket by a race, in TRIES" },
	{ NULL, 0, NULL, NULL },
};
