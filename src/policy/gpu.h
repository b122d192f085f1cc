/* SPDX-License-Identifier: Apache-2.0 */
/* gpu.h — GPUs and other accelerators of a host: what devices.gpu asks for, and what of devices.def is there. */
#ifndef BAWN_POLICY_GPU_H
#define BAWN_POLICY_GPU_H

#include "policy/policy.h"

enum gpu_family {
#define FAMILY(id, word, cards, title, hint) GPU_##id,
#include "policy/devices.def"
#undef FAMILY
	GPU__COUNT
};

struct gpu_family_row { const char *word, *title, *hint; bool many; };	/* many: cards may be chosen by number */
extern const struct gpu_family_row gpu_families[GPU__COUNT];

#define GPU_ALL		((1u << GPU__COUNT) - 1)
#define GPU_CARDS_MAX	32

struct gpu_wish {
	unsigned families;		/* bits 1u << GPU_...; none: "metal", which no Linux has */
	bool must;			/* none found is an error */
	unsigned cards[GPU_CARDS_MAX];	/* only these */
	size_t card_count;		/* 0: all */
};

/* The value of devices.gpu as a word ("auto", "nvidia:0,2"); false: it means nothing. */
bool gpu_wish_parse(const char *word, struct gpu_wish *ret_wish);
/* All that are there; none need be. */
struct gpu_wish gpu_wish_any(void);
/* The words that a wish may begin with, NULL at the end. */
extern const char *const gpu_words[];

enum gpu_node_kind { GPU_NODE, GPU_TREE, GPU_LINK };

struct gpu_node {
	const char *path;		/* below /dev */
	const char *target;		/* GPU_LINK: the node it leads to */
	enum gpu_family family;
	enum gpu_node_kind kind;
	int card;			/* its number, or -1: shared, or nobody can tell */
};

struct gpus {
	struct gpu_node *nodes;
	size_t count, capacity;
	unsigned families;		/* those with a card */
};

/* Pure, through the host's callbacks. Families without a card have no nodes in the result. */
int gpus_find(struct arena *arena, const struct host *host, const struct gpu_wish *wish, struct gpus *ret_gpus,
	      struct bawn_error *err);
/* A first look that costs a lookup or two a family: whether there may be a card of one of these. */
bool gpus_may_be(const struct host *host, unsigned families);
/* What gpus_find() looked for: "/dev/nvidia*, /dev/dri/renderD* of PCI vendor 0x10de". NULL: out of memory. */
const char *gpu_looked_for(struct arena *arena, const struct gpu_wish *wish);
/* The first card of a wish that was not found, or -1. */
int gpu_missing_card(const struct gpu_wish *wish, const struct gpus *gpus);

/* A node without which programs find no GPU of a family that is there, and that is not there; or NULL. */
const char *gpu_missing_node(struct arena *arena, const struct gpus *gpus, enum gpu_family family);
/* How many cards of the family's PCI vendor the bus has, with nodes or without. 0 also where there is no vendor. */
unsigned gpu_cards_on_bus(struct arena *arena, const struct host *host, enum gpu_family family);

/* For whoever's command has failed: that a GPU is here, and that the box has none of the host's devices. Adds nothing
 * where that is not so. */
int gpu_hint(struct arena *arena, const struct policy *policy, const struct host *host, struct text *text);

enum gpu_also_kind { GPU_ALSO_READ, GPU_ALSO_SOCKET };
struct gpu_also { enum gpu_family family; enum gpu_also_kind kind; const char *path; };
extern const struct gpu_also gpu_alsos[];
extern const size_t gpu_also_count;

#endif
