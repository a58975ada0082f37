/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "filter.h"
#include "text.h"

/* Parentheses and `not` within each other. */
#define DEPTH_MAX 32

static const struct {
	const char *name;
	unsigned bits;
} states[] = {
	/* as the daemon names them, in the order of enum tg_state */
	{"CLOSED", 1u << 0},
	{"LISTEN", 1u << 1},
	{"SYN-RECV", 1u << 2},
	{"ESTAB", 1u << 3},
	{"FIN-WAIT-1", 1u << 4},
	{"FIN-WAIT-2", 1u << 5},
	{"CLOSE-WAIT", 1u << 6},
	{"CLOSING", 1u << 7},
	{"LAST-ACK", 1u << 8},
	{"TIME-WAIT", 1u << 9},
	/* as ss has them besides */
	{"listening", 1u << 1},
	{"established", 1u << 3},
	{"closed", 1u << 0},
	{"all", FILTER_EVERY},
	{"connected", FILTER_EVERY & ~(1u << 0 | 1u << 1)},
	{"synchronized", FILTER_EVERY & ~(1u << 0 | 1u << 1 | 1u << 2)},
	{"bucket", 1u << 2 | 1u << 9},
	{"big", FILTER_EVERY & ~(1u << 2 | 1u << 9)},
};

const char *const filter_states[] = {"all", "bucket", "big", "close-wait", "closing", "connected",
	"established", "fin-wait-1", "fin-wait-2", "last-ack", "listening", "syn-recv",
	"synchronized", "time-wait", NULL};

/* The words still to be read. */
struct reader {
	struct filter *f;
	int words, at;
	char *const *word;
	const char *err;
	unsigned depth;
};

static int parse_or(struct reader *r);

unsigned
filter_state_bit(const char *name)
{
	for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcasecmp(states[i].name, name) == 0)
			return states[i].bits;
	return 0;
}

static const char *
peek(const struct reader *r)
{
	return r->at < r->words ? r->word[r->at] : NULL;
}

static bool
take(struct reader *r, const char *a, const char *b)
{
	const char *w = peek(r);

	if (w == NULL || (strcmp(w, a) != 0 && (b == NULL || strcmp(w, b) != 0)))
		return false;
	r->at++;
	return true;
}

static int
failed(struct reader *r, const char *what)
{
	const char *w = peek(r);

	if (r->err == NULL)
		r->err = w != NULL ? w : what;
	return -1;
}

/* Returns the number of a node or -1. */
static int
add(struct reader *r, struct filter_node n)
{
	if (r->f->nodes == FILTER_NODES) {
		r->err = "the filter is too long";
		return -1;
	}
	r->f->node[r->f->nodes] = n;
	return (int)r->f->nodes++;
}

/* An operator at the start of a word; what follows it, if anything, stays. */
static enum filter_op
parse_op(struct reader *r, const char **rest)
{
	static const struct {
		const char *text;
		enum filter_op op;
		bool letters;
	} ops[] = {{"==", FILTER_EQ, false}, {"!=", FILTER_NE, false}, {"<=", FILTER_LE, false},
		{">=", FILTER_GE, false}, {"=", FILTER_EQ, false}, {"<", FILTER_LT, false},
		{">", FILTER_GT, false}, {"eq", FILTER_EQ, true}, {"ne", FILTER_NE, true},
		{"lt", FILTER_LT, true}, {"gt", FILTER_GT, true}, {"le", FILTER_LE, true},
		{"ge", FILTER_GE, true}};
	const char *w = *rest;

	for (unsigned i = 0; w != NULL && i < sizeof(ops) / sizeof(ops[0]); i++) {
		size_t len = strlen(ops[i].text);

		if (strncmp(w, ops[i].text, len) != 0 || (ops[i].letters && w[len] != '\0'))
			continue;
		*rest = w + len;
		if (w[len] == '\0') {
			r->at++;
			*rest = peek(r);
		}
		return ops[i].op;
	}
	return FILTER_EQ;
}

static int
parse_port(struct reader *r, enum filter_side side)
{
	const char *w = peek(r);
	struct filter_node n = {.kind = FILTER_PORT, .side = (uint8_t)side};
	uint64_t port;

	n.op = (uint8_t)parse_op(r, &w);
	if (w != NULL && *w == ':')
		w++;
	if (w == NULL || !text_number(w, 0, UINT16_MAX, &port))
		return failed(r, "a port is missing");
	r->at++;
	n.port = (uint16_t)port;
	return add(r, n);
}

static int
parse_address(struct reader *r, enum filter_side side)
{
	const char *w = peek(r);
	struct filter_node n = {.kind = FILTER_ADDRESS, .side = (uint8_t)side};
	enum filter_op op = parse_op(r, &w);
	int node;

	if (w == NULL || op > FILTER_NE || !endpoint_parse(w, &n.endpoint))
		return failed(r, "an address is missing");
	r->at++;
	node = add(r, n);
	if (node < 0 || op == FILTER_EQ)
		return node;
	return add(r, (struct filter_node){.kind = FILTER_NOT, .a = (uint8_t)node});
}

static int
parse_term(struct reader *r)
{
	int node = -1;

	if (++r->depth > DEPTH_MAX) {
		r->err = "the filter is too deep";
	} else if (take(r, "not", "!")) {
		node = parse_term(r);
		if (node >= 0)
			node = add(r, (struct filter_node){.kind = FILTER_NOT, .a = (uint8_t)node});
	} else if (take(r, "(", NULL)) {
		node = parse_or(r);
		if (node >= 0 && !take(r, ")", NULL))
			node = failed(r, "a ) is missing");
	} else if (take(r, "sport", NULL)) {
		node = parse_port(r, FILTER_LOCAL);
	} else if (take(r, "dport", NULL)) {
		node = parse_port(r, FILTER_PEER);
	} else if (take(r, "port", NULL)) {
		node = parse_port(r, FILTER_EITHER);
	} else if (take(r, "src", NULL)) {
		node = parse_address(r, FILTER_LOCAL);
	} else if (take(r, "dst", NULL)) {
		node = parse_address(r, FILTER_PEER);
	} else {
		node = parse_address(r, FILTER_EITHER);
	}
	r->depth--;
	return node;
}

static bool
ends_and(const struct reader *r)
{
	const char *w = peek(r);

	return w == NULL || strcmp(w, ")") == 0 || strcmp(w, "or") == 0 || strcmp(w, "||") == 0 ||
		strcmp(w, "|") == 0;
}

static int
parse_and(struct reader *r)
{
	int a = parse_term(r);

	while (a >= 0 && !ends_and(r)) {
		int b;

		if (!take(r, "and", "&&"))
			take(r, "&", NULL);
		b = parse_term(r);
		if (b < 0)
			return -1;
		a = add(r,
			(struct filter_node){.kind = FILTER_AND, .a = (uint8_t)a, .b = (uint8_t)b});
	}
	return a;
}

static int
parse_or(struct reader *r)
{
	int a = parse_and(r);

	while (a >= 0 && (take(r, "or", "||") || take(r, "|", NULL))) {
		int b = parse_and(r);

		if (b < 0)
			return -1;
		a = add(r,
			(struct filter_node){.kind = FILTER_OR, .a = (uint8_t)a, .b = (uint8_t)b});
	}
	return a;
}

int
filter_parse(struct filter *f, int words, char *const word[], const char **err)
{
	struct reader r = {.f = f, .words = words, .word = word};
	int root;

	*f = (struct filter){0};
	for (;;) {
		bool exclude = take(&r, "exclude", NULL);
		unsigned bits;

		if (!exclude && !take(&r, "state", NULL))
			break;
		bits = peek(&r) != NULL ? filter_state_bit(peek(&r)) : 0;
		if (bits == 0) {
			failed(&r, "a state is missing");
			*err = r.err;
			return -EINVAL;
		}
		r.at++;
		*(exclude ? &f->excluded : &f->states) |= bits;
	}
	root = r.at < words ? parse_or(&r) : add(&r, (struct filter_node){.kind = FILTER_ALL});
	if (root >= 0 && r.at < words)
		root = failed(&r, NULL);
	*err = r.err;
	if (root < 0)
		return -EINVAL;
	f->root = (uint8_t)root;
	return 0;
}

static bool
compare(uint16_t port, uint8_t op, uint16_t with)
{
	switch (op) {
	case FILTER_NE:
		return port != with;
	case FILTER_LT:
		return port < with;
	case FILTER_GT:
		return port > with;
	case FILTER_LE:
		return port <= with;
	case FILTER_GE:
		return port >= with;
	default:
		return port == with;
	}
}

static bool
holds(const struct filter *f, uint8_t at, const struct endpoint *local, const struct endpoint *peer)
{
	const struct filter_node *n = &f->node[at];

	switch (n->kind) {
	case FILTER_AND:
		return holds(f, n->a, local, peer) && holds(f, n->b, local, peer);
	case FILTER_OR:
		return holds(f, n->a, local, peer) || holds(f, n->b, local, peer);
	case FILTER_NOT:
		return !holds(f, n->a, local, peer);
	case FILTER_PORT:
		return ((n->side & FILTER_LOCAL) != 0 && compare(local->port, n->op, n->port)) ||
			((n->side & FILTER_PEER) != 0 && compare(peer->port, n->op, n->port));
	case FILTER_ADDRESS:
		return ((n->side & FILTER_LOCAL) != 0 && endpoint_matches(&n->endpoint, local)) ||
			((n->side & FILTER_PEER) != 0 && endpoint_matches(&n->endpoint, peer));
	default:
		return true;
	}
}

bool
filter_matches(const struct filter *f, const struct endpoint *local, const struct endpoint *peer)
{
	return holds(f, f->root, local, peer);
}
