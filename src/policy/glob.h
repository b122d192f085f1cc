/* SPDX-License-Identifier: Apache-2.0 */
/* glob.h — what pattern.c makes of a pattern and glob.c runs; nobody else includes it. */
#ifndef BAWN_POLICY_GLOB_H
#define BAWN_POLICY_GLOB_H

#include "policy/policy.h"

#define NODES_MAX	1024

enum node_kind {
	NODE_END, NODE_BYTE, NODE_ANY, NODE_CLASS, NODE_STAR, NODE_TREE, NODE_SLASH,
	NODE_FORK,			/* goes on at the next node, and at target */
	NODE_JUMP,			/* goes on at target */
};

struct node {
	uint8_t kind;
	char byte;			/* NODE_BYTE */
	uint16_t target;		/* a later node */
	const char *class;		/* NODE_CLASS: behind its '[' */
};

struct pattern {
	struct node nodes[NODES_MAX];
	size_t count;
	const char *problem;		/* NULL: none */
};

/* Stops at the first problem. The text must outlive the pattern. */
void pattern_parse(const char *text, struct pattern *ret_pattern);
/* Whether the character with this code is in a class whose pattern has no problem. */
bool class_match(const char *class, uint32_t code, bool nocase);
/* Code of the character at text, which is not at its end; a byte that is no character has one of its own. */
uint32_t character_decode(const char *text, size_t *ret_size);

#endif
