/* SPDX-License-Identifier: Apache-2.0 */
/* bpf.c — classic BPF: an emitter for filters, and a simulator to try them in.
 *
 * A filter only jumps forward. Emitted from its last instruction to its first, every target is known when a
 * jump is made: no fix-ups, no second pass. A conditional jump reaches 255 instructions; one that is to go
 * farther goes to a nearer copy of its target instead, made on the spot: the same return once more, or an
 * unconditional jump, which reaches everywhere. */
#include "linux/seccomp.h"

#define REACH	254u	/* 255, less the copy that the second target of the same branch may need */

/* --- emitter ------------------------------------------------------------------------------ */

void bpf_init(struct bpf_builder *builder, struct arena *arena, unsigned capacity)
{
	*builder = (struct bpf_builder){
		.code = arena_alloc(arena, capacity * sizeof(*builder->code)),
		.nearest = arena_alloc(arena, capacity * sizeof(*builder->nearest)),
		.capacity = capacity,
	};
	builder->failed = !builder->code || !builder->nearest;
}

static struct sock_filter *instruction_at(const struct bpf_builder *builder, unsigned label)
{
	return &builder->code[builder->capacity - 1 - label];
}

static unsigned emit(struct bpf_builder *builder, struct sock_filter instruction)
{
	unsigned label = builder->used;

	if (builder->failed || label == builder->capacity) {
		builder->failed = true;
		return 0;
	}
	*instruction_at(builder, label) = instruction;
	builder->nearest[label] = (unsigned short)label;
	builder->used++;
	return label;
}

/* Instructions to skip from the one that comes next. */
static unsigned distance(const struct bpf_builder *builder, unsigned label)
{
	return builder->used - 1 - builder->nearest[label];
}

static void bring_near(struct bpf_builder *builder, unsigned label)
{
	struct sock_filter copy;

	if (builder->failed || distance(builder, label) <= REACH)
		return;
	copy = *instruction_at(builder, builder->nearest[label]);
	if (BPF_CLASS(copy.code) != BPF_RET)
		copy = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance(builder, label));
	builder->nearest[label] = (unsigned short)emit(builder, copy);
}

unsigned bpf_return(struct bpf_builder *builder, uint32_t value)
{
	return emit(builder, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value));
}

unsigned bpf_branch(struct bpf_builder *builder, unsigned operation, uint32_t value, unsigned yes,
		    unsigned no)
{
	bring_near(builder, yes);
	bring_near(builder, no);
	if (builder->failed)
		return 0;
	return emit(builder, (struct sock_filter){
		.code = (unsigned short)(BPF_JMP | operation | BPF_K),
		.jt = (unsigned char)distance(builder, yes),
		.jf = (unsigned char)distance(builder, no),
		.k = value,
	});
}

unsigned bpf_statement(struct bpf_builder *builder, unsigned code, uint32_t value)
{
	return emit(builder, (struct sock_filter)BPF_STMT((unsigned short)code, value));
}

int bpf_finish(const struct bpf_builder *builder, struct bpf_program *ret, struct bawn_error *err)
{
	if (!builder->code || !builder->nearest)
		return error_oom(err);
	if (builder->failed)
		return error_set(err, E2BIG, "the system call filter needs more than %u instructions",
				 builder->capacity);
	ret->code = builder->code + (builder->capacity - builder->used);
	ret->count = (unsigned short)builder->used;
	return 0;
}

/* --- simulator ---------------------------------------------------------------------------- */

#define DATA_WORDS	16	/* struct seccomp_data: number, architecture, instruction pointer, arguments */

/* Both architectures put the low word first, whatever the machine that this runs on does. */
static void data_fill(uint32_t data[DATA_WORDS], const struct seccomp_call *call)
{
	data[0] = (uint32_t)call->nr;
	data[1] = call->arch;
	data[2] = data[3] = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(call->args); i++) {
		data[4 + 2 * i] = (uint32_t)call->args[i];
		data[5 + 2 * i] = (uint32_t)(call->args[i] >> 32);
	}
}

static bool compare(unsigned short code, uint32_t accumulator, uint32_t value)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return accumulator == value;
	case BPF_JGT:
		return accumulator > value;
	case BPF_JGE:
		return accumulator >= value;
	default:
		return accumulator & value;	/* BPF_JSET */
	}
}

uint32_t bpf_simulate(const struct bpf_program *program, const struct seccomp_call *call)
{
	uint32_t data[DATA_WORDS], accumulator = 0;

	data_fill(data, call);
	for (size_t at = 0; at < program->count; at++) {
		const struct sock_filter *instruction = &program->code[at];
		bool yes;

		switch (instruction->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (instruction->k % 4 || instruction->k / 4 >= DATA_WORDS)
				return SECCOMP_RET_KILL_PROCESS;
			accumulator = data[instruction->k / 4];
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= instruction->k;
			break;
		case BPF_JMP | BPF_JA:
			at += instruction->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = compare(instruction->code, accumulator, instruction->k);
			at += yes ? instruction->jt : instruction->jf;
			break;
		case BPF_RET | BPF_K:
			return instruction->k;
		default:
			return SECCOMP_RET_KILL_PROCESS;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}
