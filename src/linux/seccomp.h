/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp.h — kernel.allow → BPF program. Pure: for every architecture, on any machine.
 *
 *	syscalls.def   what is closed, by which errno, what opens it, and why
 *	seccomp.c      rows + options → program
 *	bpf.c          emitter and simulator; knows nothing of sandboxes
 *
 * Include it as "linux/seccomp.h". */
#ifndef BAWN_SECCOMP_H
#define BAWN_SECCOMP_H

/* Where src is on the path for <...>, this file hides the kernel's of the same name; so it brings that
 * one along. */
#include_next <linux/seccomp.h>
#include <linux/filter.h>

#include "policy/policy.h"

enum seccomp_arch { SECCOMP_X86_64, SECCOMP_AARCH64, SECCOMP_I386, SECCOMP_ARCH__COUNT };

#if defined(__aarch64__)
#define SECCOMP_HOST	SECCOMP_AARCH64
#else
#define SECCOMP_HOST	SECCOMP_X86_64
#endif

/* --- seccomp.c: the table, and what becomes of it ----------------------------------------- */

/* Arguments are compared by their low word: the kernel takes each that the table looks at for an int, an
 * unsigned int or something shorter. */
struct seccomp_test {
	enum { TEST_END, TEST_IS, TEST_ANY } kind;
	unsigned argument;	/* IS: (argument & mask) == value; ANY: argument & mask */
	uint32_t mask, value;
};

#define SECCOMP_TESTS	2

struct seccomp_row {
	const char *name;
	int numbers[SECCOMP_ARCH__COUNT];	/* or one of these: */
#define SECCOMP_ABSENT	(-1)			/* the architecture has no such call */
#define SECCOMP_FOREIGN	(-2)			/* every call of an architecture that is not judged */
#define SECCOMP_X32	(-3)			/* every x32 call */
	struct seccomp_test tests[SECCOMP_TESTS];	/* all must hold, up to the first END */
	int outcome;				/* an errno value, or: */
#define SECCOMP_ALLOW	0
/* These stand only where the broker has the part in question; those down to NESTED go to it. */
#define SECCOMP_BROKER	(-1)			/* names in the file system */
#define SECCOMP_SOCKETS	(-2)			/* local sockets of the host */
#define SECCOMP_LOOPBACK (-3)			/* the host's loopback, where its network namespace is ours */
#define SECCOMP_NESTED	(-4)			/* what mounts alone hold no more, where user namespaces are open */
#define SECCOMP_NO_DATAGRAM (-5)		/* ESOCKTNOSUPPORT, with SOCKETS */
#define SECCOMP_NO_FASTOPEN (-6)		/* EOPNOTSUPP, with LOOPBACK */
#define SECCOMP_NO_PROTOCOL (-7)		/* EPROTONOSUPPORT, with LOOPBACK */
	enum kernel_name opened_by;		/* KERNEL__COUNT: by nothing */
	const char *reason;
};

/* What is watched besides (watched.def). */
enum { WATCH_CHANGES = 1, WATCH_DENIALS = 2, WATCH_READS = 4 };
#define WATCH_OWN_EXEC	0x6261776eL		/* fourth argument, which execve(2) has none of: bawn's own */

extern const struct seccomp_watch { struct seccomp_row row; unsigned class; } seccomp_watched[];
extern const size_t seccomp_watched_count;

/* Sorted by name; of one name's rows the first that fits decides. */
extern const struct seccomp_row seccomp_rows[];
extern const size_t seccomp_row_count;

struct seccomp_options {
	enum seccomp_arch arch;
	uint32_t kernel_allow;			/* 1u << KERNEL_...: what the profile opens */
	unsigned broker;			/* BROKER_...: which calls go to it (SECCOMP_RET_USER_NOTIF) */
#define BROKER_NAMES	1u
#define BROKER_SOCKETS	2u
#define BROKER_LOOPBACK	4u
#define BROKER_NESTED	8u
	unsigned watch;				/* needs BROKER_NAMES. WATCH_DENIALS: it is also who refuses */
};

/* Which other architecture's calls foreign-arch opens on this one, each judged by its own column;
 * SECCOMP_ARCH__COUNT: none. */
enum seccomp_arch seccomp_foreign(enum seccomp_arch arch);
/* The number, on architecture to, of the call that has a row and this number on from; SECCOMP_ABSENT: there is none. */
int seccomp_translate(enum seccomp_arch from, int number, enum seccomp_arch to);
uint32_t seccomp_audit_arch(enum seccomp_arch arch);	/* AUDIT_ARCH_... */

/* The row that refuses the call, whoever says so; NULL: it is not refused. */
const struct seccomp_row *seccomp_refusal(const struct seccomp_options *options, int number, const uint64_t args[6],
					  int *ret_number);
/* Name of a system call of this machine that the table knows, or NULL. */
const char *seccomp_call_name(int number);

/* "EPERM", "ENOSYS", "EAFNOSUPPORT", "broker", "allowed"; NULL: the row has no part in this program. */
const char *seccomp_row_outcome(const struct seccomp_row *row,
				const struct seccomp_options *options);

/* What the rows say of a call whose arguments the program did not see, as in struct seccomp_row: SECCOMP_ALLOW,
 * SECCOMP_BROKER, or an errno value. */
int seccomp_decide(const struct seccomp_options *options, int number, const uint64_t args[6]);

struct bpf_program { struct sock_filter *code; unsigned short count; };

/* The code belongs to the arena. */
int seccomp_lower(const struct seccomp_options *options, struct arena *arena, struct bpf_program *ret,
		  struct bawn_error *err);

/* --- bpf.c: emitter, from the last instruction to the first ------------------------------- */

struct bpf_builder {
	struct sock_filter *code;		/* filled from its end */
	unsigned short *nearest;		/* by label: its copy next to what comes now */
	unsigned capacity, used;
	bool failed;				/* full, or out of memory; bpf_finish() says so */
};

/* A label is the number of instructions after the one it names. It stays valid, however far away. */
void bpf_init(struct bpf_builder *builder, struct arena *arena, unsigned capacity);
unsigned bpf_return(struct bpf_builder *builder, uint32_t value);
/* operation: BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET. */
unsigned bpf_branch(struct bpf_builder *builder, unsigned operation, uint32_t value, unsigned yes,
		    unsigned no);
/* An instruction that goes on with the one emitted before it. */
unsigned bpf_statement(struct bpf_builder *builder, unsigned code, uint32_t value);
int bpf_finish(const struct bpf_builder *builder, struct bpf_program *ret, struct bawn_error *err);

/* --- bpf.c: simulator --------------------------------------------------------------------- */

struct seccomp_call { int nr; uint32_t arch; uint64_t args[6]; };	/* arch: AUDIT_ARCH_... */

/* What the program returns: a SECCOMP_RET_ action with its data. When it comes to something that the kernel
 * would not load, or that filters have no use for: SECCOMP_RET_KILL_PROCESS. */
uint32_t bpf_simulate(const struct bpf_program *program, const struct seccomp_call *call);

#endif
