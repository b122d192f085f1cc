/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp.c — the rows of syscalls.def that stand → one BPF program.
 *
 *	load the architecture; one that is not judged meets its row's outcome
 *	load the number; balanced binary search among runs of numbers that meet the same fate
 *	the argument tests, the returns
 *	where foreign-arch is open: the last two once more, for calls of the other architecture
 *
 * A call's rows are emitted from the last to the first, each a test that goes on to the row below. Equal
 * tests that lead to equal places are emitted once, so calls with like rows (chmod and fchmod) share them.
 * The numbers are searched as runs: neighbours with one fate (fsopen to fspick) cost one comparison, and x32
 * is a run like another.
 *
 * Since 5.11 the kernel tries a program on every number when it is loaded, and never runs it again for those
 * that it allows whatever the arguments (seccomp_cache_prepare). That trial is a good part of what loading
 * costs; hence the balance.
 *
 * The other architecture's part stands last and shares nothing, so that native calls run through the very
 * instructions that they would without it. */
#include "linux/seccomp.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>

#define NUMBERS		512		/* more than any system call's */
#define X32_FIRST	0x40000000u	/* __X32_SYSCALL_BIT */
#define CAPACITY	512		/* instructions for an architecture; the kernel takes 4,096 in all */

/* --- the table ---------------------------------------------------------------------------- */

#define SET_ID		06000			/* S_ISUID | S_ISGID */
#define TMPFILE		020000000		/* O_TMPFILE less O_DIRECTORY, which differs by architecture */
#define OLD_PACKET	10			/* SOCK_PACKET: the kernel makes AF_PACKET of it */
#define OLD_UNIX_RAW	SOCK_RAW		/* unix_create(), net/unix/af_unix.c: a datagram socket */
#define FASTOPEN	0x20000000		/* MSG_FASTOPEN */
#define PERSONAS	(0x8 | 0x20000 | 0x40000) /* PER_LINUX32, UNAME26, ADDR_NO_RANDOMIZE */
#define MGC_MASK	0xffff0000u		/* MS_MGC_MSK, MS_MGC_VAL: the kernel takes them out of the flags */
#define MGC_VALUE	0xc0ed0000u
#define PROPAGATION	(MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)
/* Without CLONE_NEWTIME: to clone, its bit is part of the exit signal. */
#define NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
	 CLONE_NEWNET)
#define PRIVATE_STATE \
	(CLONE_FILES | CLONE_FS | CLONE_SYSVSEM | CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)

#define AT_CWD		((uint32_t)AT_FDCWD)

#define ALWAYS				{ TEST_END, 0, 0, 0 }
#define MASKED(argument, mask, value)	{ TEST_IS, argument, mask, value }
#define IS(argument, value)		MASKED(argument, UINT32_MAX, value)
#define ANY(argument, mask)		{ TEST_ANY, argument, (uint32_t)(mask), 0 }
#define BOTH(first, second)		first, second

#define NONE		SECCOMP_ABSENT
#define FOREIGN		SECCOMP_FOREIGN
#define X32		SECCOMP_X32
#define ALLOW		SECCOMP_ALLOW
#define BROKER		SECCOMP_BROKER
#define SOCKETS		SECCOMP_SOCKETS
#define LOOPBACK	SECCOMP_LOOPBACK
#define NO_DATAGRAM	SECCOMP_NO_DATAGRAM
#define NO_FASTOPEN	SECCOMP_NO_FASTOPEN
#define NO_PROTOCOL	SECCOMP_NO_PROTOCOL
#define NESTED		SECCOMP_NESTED
#define KERNEL_NONE	KERNEL__COUNT

#define CALL(name, x86_64, aarch64, i386, condition, outcome, opened_by, reason) \
	{ #name, { x86_64, aarch64, i386 }, { condition }, outcome, KERNEL_##opened_by, reason },
const struct seccomp_row seccomp_rows[] = {
#include "linux/syscalls.def"
};
#undef CALL

const size_t seccomp_row_count = ARRAY_SIZE(seccomp_rows);

#define WATCH(name, x86_64, aarch64, condition, class, outcome) \
	{ { #name, { x86_64, aarch64, NONE }, { condition }, outcome, KERNEL_NONE, "" }, WATCH_##class },
const struct seccomp_watch seccomp_watched[] = {
#include "linux/watched.def"
};
#undef WATCH

const size_t seccomp_watched_count = ARRAY_SIZE(seccomp_watched);

#define CALL(name, x86_64, aarch64, i386, condition, outcome, opened_by, reason) \
	_Static_assert((x86_64) < NUMBERS && (aarch64) < NUMBERS && (i386) < NUMBERS, #name " has too high a number");
#include "linux/syscalls.def"
#undef CALL

static const struct { uint32_t audit; enum seccomp_arch foreign; } archs[SECCOMP_ARCH__COUNT] = {
	[SECCOMP_X86_64]  = { AUDIT_ARCH_X86_64,  SECCOMP_I386 },
	[SECCOMP_AARCH64] = { AUDIT_ARCH_AARCH64, SECCOMP_ARCH__COUNT },
	[SECCOMP_I386]	  = { AUDIT_ARCH_I386,	  SECCOMP_ARCH__COUNT },
};

enum seccomp_arch seccomp_foreign(enum seccomp_arch arch)
{
	return archs[arch].foreign;
}

uint32_t seccomp_audit_arch(enum seccomp_arch arch)
{
	return archs[arch].audit;
}

int seccomp_translate(enum seccomp_arch from, int number, enum seccomp_arch to)
{
	for (size_t i = 0; number >= 0 && i < seccomp_row_count; i++)
		if (seccomp_rows[i].numbers[from] == number)
			return seccomp_rows[i].numbers[to];
	return SECCOMP_ABSENT;
}

const char *seccomp_call_name(int number)
{
	for (size_t i = 0; number >= 0 && i < seccomp_row_count; i++)
		if (seccomp_rows[i].numbers[SECCOMP_HOST] == number)
			return seccomp_rows[i].name;
	for (size_t i = 0; number >= 0 && i < seccomp_watched_count; i++)
		if (seccomp_watched[i].row.numbers[SECCOMP_HOST] == number)
			return seccomp_watched[i].row.name;
	return NULL;
}

/* --- what becomes of a row ---------------------------------------------------------------- */

static const struct outcome { int number; uint32_t value; const char *text; unsigned needs; } outcomes[] = {
	{ SECCOMP_BROKER,	SECCOMP_RET_USER_NOTIF,			"broker",		BROKER_NAMES },
	{ SECCOMP_NESTED,	SECCOMP_RET_USER_NOTIF,			"broker",		BROKER_NESTED },
	{ SECCOMP_SOCKETS,	SECCOMP_RET_USER_NOTIF,			"broker",		BROKER_SOCKETS },
	{ SECCOMP_LOOPBACK,	SECCOMP_RET_USER_NOTIF,			"broker",		BROKER_LOOPBACK },
	{ SECCOMP_NO_DATAGRAM,	SECCOMP_RET_ERRNO | ESOCKTNOSUPPORT,	"ESOCKTNOSUPPORT",	BROKER_SOCKETS },
	{ SECCOMP_NO_FASTOPEN,	SECCOMP_RET_ERRNO | EOPNOTSUPP,		"EOPNOTSUPP",		BROKER_LOOPBACK },
	{ SECCOMP_NO_PROTOCOL,	SECCOMP_RET_ERRNO | EPROTONOSUPPORT,	"EPROTONOSUPPORT",	BROKER_LOOPBACK },
	{ SECCOMP_ALLOW,	SECCOMP_RET_ALLOW,			"allowed",		0 },
	{ EPERM,		SECCOMP_RET_ERRNO | EPERM,		"EPERM",		0 },
	{ ENOSYS,		SECCOMP_RET_ERRNO | ENOSYS,		"ENOSYS",		0 },
	{ EAFNOSUPPORT,		SECCOMP_RET_ERRNO | EAFNOSUPPORT,	"EAFNOSUPPORT",		0 },
};

static size_t outcome_index(int number)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(outcomes) - 1 && outcomes[i].number != number)
		i++;
	return i;
}

static bool row_stands(const struct seccomp_row *row, const struct seccomp_options *options)
{
	unsigned needs = outcomes[outcome_index(row->outcome)].needs;

	return row->numbers[options->arch] != SECCOMP_ABSENT && (!needs || (options->broker & needs));
}

static int row_own_outcome(const struct seccomp_row *row, const struct seccomp_options *options)
{
	bool opened = row->opened_by < KERNEL__COUNT && (options->kernel_allow >> row->opened_by & 1);

	return opened ? SECCOMP_ALLOW : row->outcome;
}

/* An errno value, SECCOMP_ALLOW, or SECCOMP_BROKER whichever part of it is meant. */
static int plain_outcome(int outcome)
{
	uint32_t value = outcomes[outcome_index(outcome)].value;

	return value == SECCOMP_RET_USER_NOTIF ? SECCOMP_BROKER : (int)(value & SECCOMP_RET_DATA);
}

/* Where refusals are recorded, the broker refuses. Not what programs try before another way. */
static int row_outcome(const struct seccomp_row *row, const struct seccomp_options *options)
{
	int outcome = row_own_outcome(row, options), number = plain_outcome(outcome);
	bool told = number == EPERM || number == EAFNOSUPPORT || number == ESOCKTNOSUPPORT;

	return told && (options->watch & WATCH_DENIALS) ? SECCOMP_BROKER : outcome;
}

const char *seccomp_row_outcome(const struct seccomp_row *row,
				const struct seccomp_options *options)
{
	if (!row_stands(row, options))
		return NULL;
	return outcomes[outcome_index(row_outcome(row, options))].text;
}

static bool test_holds(const struct seccomp_test *test, const uint64_t args[6])
{
	uint32_t argument = (uint32_t)args[test->argument];

	if (test->kind == TEST_END)
		return true;
	return test->kind == TEST_ANY ? argument & test->mask : (argument & test->mask) == test->value;
}

static bool row_holds(const struct seccomp_row *row, const struct seccomp_options *options, int number,
		      const uint64_t args[6])
{
	bool holds = row->numbers[options->arch] == number && row_stands(row, options);

	for (size_t i = 0; holds && i < SECCOMP_TESTS; i++)
		holds = test_holds(&row->tests[i], args);
	return holds;
}

static const struct seccomp_row *find_row(const struct seccomp_options *options, int number, const uint64_t args[6])
{
	for (size_t i = 0; number >= 0 && i < seccomp_row_count; i++)
		if (row_holds(&seccomp_rows[i], options, number, args))
			return &seccomp_rows[i];
	return NULL;
}

int seccomp_decide(const struct seccomp_options *options, int number, const uint64_t args[6])
{
	const struct seccomp_row *row = find_row(options, number, args);

	return row ? plain_outcome(row_outcome(row, options)) : SECCOMP_ALLOW;
}

const struct seccomp_row *seccomp_refusal(const struct seccomp_options *options, int number, const uint64_t args[6],
					  int *ret_number)
{
	const struct seccomp_row *row = find_row(options, number, args);
	int refused = row ? plain_outcome(row_own_outcome(row, options)) : 0;

	if (refused <= 0)
		return NULL;
	*ret_number = refused;
	return row;
}

/* --- rows → tests and returns ------------------------------------------------------------- */

struct node { struct seccomp_test test; unsigned yes, no, label; };
struct run { uint32_t first; unsigned label; };

struct lowering {				/* of one architecture */
	const struct seccomp_options *options;
	struct bpf_builder *builder;
	struct { bool emitted; unsigned label; } returns[ARRAY_SIZE(outcomes)];
	struct node nodes[64];			/* tests emitted so far; one without room is not shared */
	size_t node_count;
	unsigned fates[NUMBERS], x32, foreign, allow;	/* labels */
	struct run runs[NUMBERS + 3];
	size_t run_count;
};

static unsigned return_emit(struct lowering *lowering, int outcome)
{
	size_t i = outcome_index(outcome);

	if (!lowering->returns[i].emitted) {
		lowering->returns[i].label = bpf_return(lowering->builder, outcomes[i].value);
		lowering->returns[i].emitted = true;
	}
	return lowering->returns[i].label;
}

static bool node_equal(const struct node *a, const struct node *b)
{
	return a->test.kind == b->test.kind && a->test.argument == b->test.argument &&
	       a->test.mask == b->test.mask && a->test.value == b->test.value &&
	       a->yes == b->yes && a->no == b->no;
}

static unsigned load_emit(struct bpf_builder *builder, size_t offset)
{
	return bpf_statement(builder, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static unsigned test_emit(struct lowering *lowering, const struct seccomp_test *test, unsigned yes,
			  unsigned no)
{
	struct bpf_builder *builder = lowering->builder;
	struct node node = { *test, yes, no, 0 };

	if (test->kind == TEST_END || yes == no)
		return yes;
	for (size_t i = 0; i < lowering->node_count; i++)
		if (node_equal(&lowering->nodes[i], &node))
			return lowering->nodes[i].label;

	if (test->kind == TEST_ANY) {
		bpf_branch(builder, BPF_JSET, test->mask, yes, no);
	} else {
		bpf_branch(builder, BPF_JEQ, test->value, yes, no);
		if (test->mask != UINT32_MAX)
			bpf_statement(builder, BPF_ALU | BPF_AND | BPF_K, test->mask);
	}
	node.label = load_emit(builder, offsetof(struct seccomp_data, args) + sizeof(uint64_t) * test->argument);
	if (lowering->node_count < ARRAY_SIZE(lowering->nodes))
		lowering->nodes[lowering->node_count++] = node;
	return node.label;
}

static unsigned *fate_of(struct lowering *lowering, int number)
{
	if (number == SECCOMP_FOREIGN)
		return &lowering->foreign;
	if (number == SECCOMP_X32)
		return &lowering->x32;
	return &lowering->fates[number];
}

static void row_emit(struct lowering *lowering, const struct seccomp_row *row)
{
	const struct seccomp_options *options = lowering->options;
	unsigned *fate, label;

	if (!row_stands(row, options))
		return;
	fate = fate_of(lowering, row->numbers[options->arch]);
	label = return_emit(lowering, row_outcome(row, options));
	for (size_t i = SECCOMP_TESTS; i-- > 0;)
		label = test_emit(lowering, &row->tests[i], label, *fate);
	*fate = label;
}

/* From the last to the first: those that are only watched come behind all others. */
static void rows_emit(struct lowering *lowering)
{
	const struct seccomp_options *options = lowering->options;

	lowering->allow = lowering->x32 = lowering->foreign = return_emit(lowering, SECCOMP_ALLOW);
	for (size_t i = 0; i < NUMBERS; i++)
		lowering->fates[i] = lowering->allow;
	for (size_t i = seccomp_watched_count; i-- > 0;)
		if (seccomp_watched[i].class & options->watch)
			row_emit(lowering, &seccomp_watched[i].row);
	for (size_t i = seccomp_row_count; i-- > 0;)
		row_emit(lowering, &seccomp_rows[i]);
}

/* --- numbers → search --------------------------------------------------------------------- */

static void run_add(struct lowering *lowering, uint32_t first, unsigned label)
{
	if (lowering->run_count && lowering->runs[lowering->run_count - 1].label == label)
		return;
	lowering->runs[lowering->run_count++] = (struct run){ first, label };
}

static void runs_make(struct lowering *lowering)
{
	for (uint32_t number = 0; number < NUMBERS; number++)
		run_add(lowering, number, lowering->fates[number]);
	run_add(lowering, NUMBERS, lowering->allow);
	run_add(lowering, X32_FIRST, lowering->x32);
	/* -1 is no call: a tracer sets it to skip one, and chooses the result itself. */
	run_add(lowering, UINT32_MAX, lowering->allow);
}

static unsigned search_emit(struct bpf_builder *builder, const struct run *runs, size_t count)
{
	size_t half = count / 2;
	unsigned yes, no;

	if (count == 1)
		return runs->label;
	yes = search_emit(builder, runs + half, count - half);
	no = search_emit(builder, runs, half);
	return bpf_branch(builder, BPF_JGE, runs[half].first, yes, no);
}

/* Everything about the calls of one architecture; gives the place to start at, and what meets those of none. */
static unsigned arch_emit(struct bpf_builder *builder, const struct seccomp_options *options, unsigned *ret_foreign)
{
	struct lowering lowering = { .options = options, .builder = builder };

	rows_emit(&lowering);
	runs_make(&lowering);
	search_emit(builder, lowering.runs, lowering.run_count);
	*ret_foreign = lowering.foreign;
	return load_emit(builder, offsetof(struct seccomp_data, nr));
}

int seccomp_lower(const struct seccomp_options *options, struct arena *arena, struct bpf_program *ret,
		  struct bawn_error *err)
{
	struct seccomp_options guest = *options;
	struct bpf_builder builder;
	unsigned own, foreign, other = 0;
	bool opened = options->kernel_allow & (1u << KERNEL_FOREIGN_ARCH);

	guest.arch = opened ? seccomp_foreign(options->arch) : SECCOMP_ARCH__COUNT;
	bpf_init(&builder, arena, guest.arch == SECCOMP_ARCH__COUNT ? CAPACITY : 2 * CAPACITY);
	if (guest.arch != SECCOMP_ARCH__COUNT)
		other = arch_emit(&builder, &guest, &foreign);
	own = arch_emit(&builder, options, &foreign);
	if (guest.arch != SECCOMP_ARCH__COUNT)
		foreign = bpf_branch(&builder, BPF_JEQ, archs[guest.arch].audit, other, foreign);
	bpf_branch(&builder, BPF_JEQ, archs[options->arch].audit, own, foreign);
	load_emit(&builder, offsetof(struct seccomp_data, arch));
	return bpf_finish(&builder, ret, err);
}
