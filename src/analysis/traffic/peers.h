/* SPDX-License-Identifier: ISC */
/*
 * Distinct peers of many keys, most of which have few.
 *
 * Each key carries a small sketch of 8 codes (register number and rank of a HyperLogLog with 1024
 * registers) inside its table entry.  The ninth register in use moves the key to a full sketch from
 * a pool of fixed size; when the pool is empty the key stays with what it has and is marked: its
 * count is then a lower bound.  Small and full form hold the same information, so counts and unions
 * do not depend on when a key moved.
 */
#ifndef YAGURA_ANALYSIS_TRAFFIC_PEERS_H
#define YAGURA_ANALYSIS_TRAFFIC_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "stat/hll.h"

#define PEERS_PRECISION 10
#define PEERS_SIZE      HLL_SIZE(PEERS_PRECISION)
#define PEERS_CODES     8
#define PEERS_RANK_BITS 6 /* of a code; the register number is above */

/* The full sketches.  The memory of one that was never used is never touched. */
struct peers_pool {
	uint8_t *registers; /* owned; `capacity` sketches of PEERS_SIZE */
	uint32_t *unused;   /* owned; stack of sketches that were given back */
	uint32_t capacity;
	uint32_t fresh; /* sketches from this one on were never used */
	uint32_t unused_count;
};

/* One key's peers: two places inside its table entry. */
struct peers {
	uint64_t *codes;  /* two words: PEERS_CODES codes of 16 bits; 0 where free */
	uint32_t *handle; /* 0, or a full sketch + 1; PEERS_PARTIAL is set when peers were lost */
};

#define PEERS_PARTIAL (1U << 31)

void peers_pool_init(struct peers_pool *pool, uint32_t capacity);
void peers_pool_release(struct peers_pool *pool);
/* Takes all sketches back. */
void peers_pool_clear(struct peers_pool *pool);
/* Takes back the sketch of a key that leaves its table. */
void peers_pool_return(struct peers_pool *pool, uint32_t handle);

/* The full sketch that a handle stands for, or NULL. */
static inline uint8_t *
peers_registers(const struct peers_pool *pool, uint32_t handle)
{
	uint32_t number = handle & ~PEERS_PARTIAL;

	return number != 0 ? pool->registers + (size_t)(number - 1) * PEERS_SIZE : NULL;
}

/* Raises one register in the small sketch, or moves to a full one. */
void peers_raise(struct peers_pool *pool, struct peers p, uint32_t index, uint8_t rank);

/* Adds a peer by its fixed hash. */
static inline void
peers_add(struct peers_pool *pool, struct peers p, uint64_t hash)
{
	uint32_t index = hll_index(hash, PEERS_PRECISION);
	uint8_t rank = hll_rank(hash, PEERS_PRECISION);
	uint8_t *registers = peers_registers(pool, *p.handle);

	if (registers != NULL) {
		/* No branch: whether a register rises cannot be foretold. */
		registers[index] = registers[index] > rank ? registers[index] : rank;
	} else if (p.codes[0] == 0) {
		uint16_t code = (uint16_t)(index << PEERS_RANK_BITS | rank);
		memcpy(p.codes, &code, sizeof code);
	} else {
		peers_raise(pool, p, index, rank);
	}
}

/* Adds the peers of a key of another pool. */
void peers_union(struct peers_pool *pool, struct peers into, const struct peers_pool *from_pool,
    struct peers from);

/* The key's registers, whichever form they have, written to `ret_registers`. */
void peers_expand(const struct peers_pool *pool, struct peers p, uint8_t ret_registers[PEERS_SIZE]);

/* An estimate of the number of peers. */
double peers_estimate(const struct peers_pool *pool, struct peers p);

#endif
