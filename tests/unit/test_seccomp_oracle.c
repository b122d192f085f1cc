/* SPDX-License-Identifier: Apache-2.0 */
/* test_seccomp_oracle.c — the same rows given to libseccomp, its programs and ours run side by side.
 *
 * libseccomp knows no order among the rules of a call, we do: the first row that fits decides. So each rank
 * (every call's first row, every call's second row, ...) becomes a filter of its own, whose default action
 * says "no row of mine fits", and the first of them that says something else decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "linux/seccomp.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SILENT		SCMP_ACT_LOG		/* no row of this rank fits; no row's outcome is this */
#define RANKS		16
/* Among the bits of kernel.allow: what the broker takes. */
#define BROKER		(1u << 31)
#define SOCKETS		(1u << 30)
#define LOOPBACK	(1u << 29)
#define NESTED		(1u << 28)
#define BROKERS		(BROKER | SOCKETS | LOOPBACK | NESTED)

static const struct { uint32_t scmp, audit; } archs[SECCOMP_ARCH__COUNT] = {
	[SECCOMP_X86_64] = { SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64 },
	[SECCOMP_AARCH64] = { SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64 },
	[SECCOMP_I386] = { SCMP_ARCH_X86, AUDIT_ARCH_I386 },
};

/* --- rows → libseccomp rules --- */

/* The number that libseccomp has for a call. To the i386 socket calls it gives pseudo-numbers, for it filters
 * socketcall with them, too; their own are behind those. */
static int number_of(const char *name, enum seccomp_arch arch)
{
	int number = seccomp_syscall_resolve_name_arch(archs[arch].scmp, name);

	if (arch != SECCOMP_I386 || number > -100 || number < -120)
		return number;
	for (int direct = 337; direct <= 373; direct++) {
		char *found = seccomp_syscall_resolve_num_arch(archs[arch].scmp, direct);
		bool same = found && !strcmp(found, name);

		free(found);
		if (same)
			return direct;
	}
	return number;
}

/* What becomes of socketcall in libseccomp's hands has nothing to do with its row. */
static bool known_to_libseccomp(const struct seccomp_row *row, enum seccomp_arch arch)
{
	return row->numbers[arch] >= 0 && strcmp(row->name, "socketcall") != 0 && number_of(row->name, arch) >= 0;
}

/* What the outcomes that depend on the broker need, and mean. */
static const struct { int outcome; uint32_t needs, action; } conditional[] = {
	{ SECCOMP_BROKER,	BROKER,		SCMP_ACT_NOTIFY },
	{ SECCOMP_NESTED,	NESTED,		SCMP_ACT_NOTIFY },
	{ SECCOMP_SOCKETS,	SOCKETS,	SCMP_ACT_NOTIFY },
	{ SECCOMP_LOOPBACK,	LOOPBACK,	SCMP_ACT_NOTIFY },
	{ SECCOMP_NO_DATAGRAM,	SOCKETS,	SCMP_ACT_ERRNO(ESOCKTNOSUPPORT) },
	{ SECCOMP_NO_FASTOPEN,	LOOPBACK,	SCMP_ACT_ERRNO(EOPNOTSUPP) },
	{ SECCOMP_NO_PROTOCOL,	LOOPBACK,	SCMP_ACT_ERRNO(EPROTONOSUPPORT) },
};

static bool stands(const struct seccomp_row *row, uint32_t options)
{
	for (size_t i = 0; i < ARRAY_SIZE(conditional); i++)
		if (conditional[i].outcome == row->outcome)
			return options & conditional[i].needs;
	return true;
}

static unsigned broker_parts(uint32_t options)
{
	return (options & BROKER ? BROKER_NAMES : 0) | (options & SOCKETS ? BROKER_SOCKETS : 0) |
	       (options & LOOPBACK ? BROKER_LOOPBACK : 0) | (options & NESTED ? BROKER_NESTED : 0);
}

static uint32_t action_of(const struct seccomp_row *row, uint32_t options)
{
	if (row->opened_by < KERNEL__COUNT && (options >> row->opened_by & 1))
		return SCMP_ACT_ALLOW;
	for (size_t i = 0; i < ARRAY_SIZE(conditional); i++)
		if (conditional[i].outcome == row->outcome)
			return conditional[i].action;
	return row->outcome ? SCMP_ACT_ERRNO((uint32_t)row->outcome) : SCMP_ACT_ALLOW;
}

/* libseccomp cannot ask "any of these bits", only "this bit": a rule for each, and for two such tests, one
 * for each pair. */
static void add_rules(scmp_filter_ctx filter, const struct seccomp_row *row, uint32_t action, size_t fixed,
		      struct scmp_arg_cmp *comparisons)
{
	const struct seccomp_test *test = &row->tests[fixed];

	if (fixed == SECCOMP_TESTS || test->kind == TEST_END) {
		/* The number of the machine that this is built for; libseccomp translates it. */
		int number = seccomp_syscall_resolve_name(row->name);

		assert_int_equal(seccomp_rule_add_array(filter, action, number, (unsigned)fixed, comparisons), 0);
		return;
	}
	if (test->kind == TEST_IS) {
		comparisons[fixed] = SCMP_CMP(test->argument, SCMP_CMP_MASKED_EQ, test->mask, test->value);
		add_rules(filter, row, action, fixed + 1, comparisons);
		return;
	}
	for (uint32_t bit = 1; bit; bit <<= 1) {
		if (!(test->mask & bit))
			continue;
		comparisons[fixed] = SCMP_CMP(test->argument, SCMP_CMP_MASKED_EQ, bit, bit);
		add_rules(filter, row, action, fixed + 1, comparisons);
	}
}

static scmp_filter_ctx filter_new(enum seccomp_arch arch)
{
	scmp_filter_ctx filter = seccomp_init(SILENT);

	assert_non_null(filter);
	if (archs[arch].scmp != seccomp_arch_native()) {
		assert_int_equal(seccomp_arch_add(filter, archs[arch].scmp), 0);
		assert_int_equal(seccomp_arch_remove(filter, seccomp_arch_native()), 0);
	}
	assert_int_equal(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)), 0);
	return filter;
}

static void export(scmp_filter_ctx filter, struct arena *arena, struct bpf_program *ret)
{
	autoclose int fd = memfd_create("filter", MFD_CLOEXEC);
	off_t size;

	assert_true(fd >= 0);
	assert_int_equal(seccomp_export_bpf(filter, fd), 0);
	size = lseek(fd, 0, SEEK_CUR);
	ret->code = arena_alloc(arena, (size_t)size);
	ret->count = (unsigned short)((size_t)size / sizeof(*ret->code));
	assert_int_equal(pread(fd, ret->code, (size_t)size, 0), size);
}

struct oracle { struct bpf_program ranks[RANKS]; size_t count; };

/* The row's place among those of its call that stand. */
static size_t rank_of(size_t row, uint32_t options)
{
	size_t rank = 0;

	for (size_t i = row; i-- > 0 && !strcmp(seccomp_rows[i].name, seccomp_rows[row].name);)
		rank += stands(&seccomp_rows[i], options);
	return rank;
}

static void oracle_make(enum seccomp_arch arch, uint32_t options, struct arena *arena, struct oracle *ret)
{
	scmp_filter_ctx filters[RANKS] = { NULL };

	ret->count = 0;
	for (size_t i = 0; i < seccomp_row_count; i++) {
		const struct seccomp_row *row = &seccomp_rows[i];
		struct scmp_arg_cmp comparisons[SECCOMP_TESTS];
		size_t rank = rank_of(i, options);

		if (!known_to_libseccomp(row, arch) || !stands(row, options))
			continue;
		assert_in_range(rank, 0, RANKS - 1);
		while (ret->count <= rank)
			filters[ret->count++] = filter_new(arch);
		add_rules(filters[rank], row, action_of(row, options), 0, comparisons);
	}
	for (size_t i = 0; i < ret->count; i++) {
		export(filters[i], arena, &ret->ranks[i]);
		seccomp_release(filters[i]);
	}
}

static uint32_t oracle_decide(const struct oracle *oracle, const struct seccomp_call *call)
{
	for (size_t i = 0; i < oracle->count; i++) {
		uint32_t action = bpf_simulate(&oracle->ranks[i], call);

		if (action != SILENT)
			return action;
	}
	return SECCOMP_RET_ALLOW;
}

/* --- comparison --- */

static const uint64_t interesting[] = {
	0, 1, 2, 3, 8, 9, 10, 11, 12, 16, 17, 29, 38, 40, 44, 99,
	0x20008, 0x40000, 0x40008, 0x60008, 0x400000, 0x5412, 0x5413, 0x541c,
	0100, 0101, 01000, 04755, 02755, 0755, 06777, 020000000, 020200002,
	0x80, 0x400, 0x40600, 0x00020000, 0x10000011, 0x40000011, 0x3d0f00,
	0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	0x100000000, 0x10000000a, 0x100005412, 0x100000040, 0x7e02001100000000,
	0xffffffff00000010, 0xffffffff10000000, 0xffffffff0008000a, 0xffffffffffffffff,
};

/* Every argument from the list, now and then any number at all; the same in every run. */
static void arguments_vary(struct seccomp_call *call, uint64_t *seed)
{
	for (size_t i = 0; i < ARRAY_SIZE(call->args); i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		call->args[i] = *seed >> 60 ? interesting[(*seed >> 32) % ARRAY_SIZE(interesting)] : *seed >> 7;
	}
}

/* All pairs of the list in two arguments: enough, for no row tests more than two. */
static void compare_pairs(const struct bpf_program *ours, const struct oracle *oracle, struct seccomp_call call,
			  unsigned a, unsigned b)
{
	for (size_t i = 0; i < ARRAY_SIZE(interesting); i++)
		for (size_t j = 0; j < ARRAY_SIZE(interesting); j++) {
			uint32_t said, expected;

			call.args[a] = interesting[i];
			call.args[b] = interesting[j];
			said = bpf_simulate(ours, &call);
			expected = oracle_decide(oracle, &call);
			if (said != expected)
				fail_msg("call %d, arguments %u %#jx and %u %#jx: %#x, libseccomp %#x", call.nr,
					 a, (uintmax_t)interesting[i], b, (uintmax_t)interesting[j], said, expected);
		}
}

static bool beyond_libseccomp(int number, enum seccomp_arch arch)
{
	for (size_t i = 0; i < seccomp_row_count; i++)
		if (seccomp_rows[i].numbers[arch] == number)
			return !known_to_libseccomp(&seccomp_rows[i], arch);
	return false;
}

static bool has_row(int number, enum seccomp_arch arch)
{
	for (size_t i = 0; i < seccomp_row_count; i++)
		if (seccomp_rows[i].numbers[arch] == number)
			return true;
	return false;
}

static bool tests_arguments(int number, enum seccomp_arch arch)
{
	for (size_t i = 0; i < seccomp_row_count; i++)
		if (seccomp_rows[i].numbers[arch] == number && seccomp_rows[i].tests[0].kind != TEST_END)
			return true;
	return false;
}

static void compare(enum seccomp_arch arch, uint32_t options)
{
	struct seccomp_options seccomp = { arch, options & ~BROKERS, broker_parts(options) };
	struct seccomp_call call = { .arch = archs[arch].audit };
	struct arena arena = { 0 };
	struct bpf_program ours;
	struct oracle oracle;
	uint64_t seed = options + 1;

	assert_int_equal(seccomp_lower(&seccomp, &arena, &ours, NULL), 0);
	oracle_make(arch, options, &arena, &oracle);
	for (call.nr = 0; call.nr < 600; call.nr++) {
		if (beyond_libseccomp(call.nr, arch))
			continue;
		for (unsigned a = 0; a < 3 && tests_arguments(call.nr, arch); a++)
			for (unsigned b = a + 1; b < 4; b++)
				compare_pairs(&ours, &oracle, call, a, b);
		for (int i = 0; i < 200; i++) {
			arguments_vary(&call, &seed);
			assert_int_equal(bpf_simulate(&ours, &call), oracle_decide(&oracle, &call));
		}
	}
	arena_done(&arena);
}

static const uint32_t option_sets[] = {
	0, BROKER, SOCKETS, LOOPBACK, BROKERS, (1u << KERNEL__COUNT) - 1, BROKER | ((1u << KERNEL__COUNT) - 1),
	1u << KERNEL_USER_NAMESPACES, 1u << KERNEL_IO_URING, 1u << KERNEL_PERF, 1u << KERNEL_BPF,
	1u << KERNEL_USERFAULTFD, 1u << KERNEL_KEYRING,
	1u << KERNEL_VSOCK, 1u << KERNEL_NETLINK, 1u << KERNEL_FOREIGN_ARCH,
};

static void libseccomp_decides_alike_on_x86_64(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(option_sets); i++)
		compare(SECCOMP_X86_64, option_sets[i]);
}

static void libseccomp_decides_alike_on_aarch64(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(option_sets); i++)
		compare(SECCOMP_AARCH64, option_sets[i]);
}

static void libseccomp_decides_alike_on_i386(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(option_sets); i++)
		compare(SECCOMP_I386, option_sets[i]);
}

static void libseccomp_refuses_x32_and_foreign_calls_alike(void **state)
{
	static const int numbers[] = { 0, 59, 165, 435, 0x40000000, 0x40000027, 0x7fffffff, -2, -1 };
	static const uint32_t audit[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_AARCH64 };
	struct seccomp_options seccomp = { SECCOMP_X86_64, 0, 0 };
	struct arena arena = { 0 };
	struct bpf_program ours;
	struct oracle oracle;

	(void)state;
	assert_int_equal(seccomp_lower(&seccomp, &arena, &ours, NULL), 0);
	oracle_make(SECCOMP_X86_64, 0, &arena, &oracle);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		for (size_t j = 0; j < ARRAY_SIZE(audit); j++) {
			struct seccomp_call call = { .nr = numbers[i], .arch = audit[j] };

			assert_int_equal(bpf_simulate(&ours, &call), oracle_decide(&oracle, &call));
		}
	arena_done(&arena);
}

/* --- numbers --- */

static void numbers_are_those_of_libseccomp(void **state)
{
	size_t unknown = 0;

	(void)state;
	for (size_t i = 0; i < seccomp_row_count; i++)
		for (unsigned arch = 0; arch < SECCOMP_ARCH__COUNT; arch++) {
			const struct seccomp_row *row = &seccomp_rows[i];
			int number = number_of(row->name, arch);

			if (row->numbers[arch] <= SECCOMP_FOREIGN)
				continue;
			if (number == __NR_SCMP_ERROR)
				unknown++;		/* newer than this libseccomp */
			else if (number < 0)
				assert_int_equal(row->numbers[arch], SECCOMP_ABSENT);
			else
				assert_int_equal(row->numbers[arch], number);
		}
	assert_in_range(unknown, 0, 9);
}

/* i386 has some calls twice, the second for wider sizes, ids or times; a row for one alone would leave the other open. */
static void calls_that_i386_has_twice_have_rows_for_both(void **state)
{
	static const char *const suffixes[] = { "32", "64", "_time64" };
	unsigned twins = 0;

	(void)state;
	for (size_t i = 0; i < seccomp_row_count; i++)
		for (size_t j = 0; j < ARRAY_SIZE(suffixes); j++) {
			char name[64];
			int number;

			snprintf(name, sizeof(name), "%s%s", seccomp_rows[i].name, suffixes[j]);
			number = number_of(name, SECCOMP_I386);
			if (number < 0)
				continue;
			twins++;
			if (!has_row(number, SECCOMP_I386))
				fail_msg("%s has no row", name);
		}
	assert_in_range(twins, 2, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_those_of_libseccomp),
		cmocka_unit_test(calls_that_i386_has_twice_have_rows_for_both),
		cmocka_unit_test(libseccomp_decides_alike_on_x86_64),
		cmocka_unit_test(libseccomp_decides_alike_on_aarch64),
		cmocka_unit_test(libseccomp_decides_alike_on_i386),
		cmocka_unit_test(libseccomp_refuses_x32_and_foreign_calls_alike),
	};

	/* What it may emit, not what this kernel can do: nothing is loaded here. */
	if (seccomp_api_set(6) < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
