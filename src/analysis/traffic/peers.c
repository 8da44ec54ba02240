/* SPDX-License-Identifier: ISC */
/* Distinct peers in two sizes of sketch; see peers.h. */
#include "analysis/traffic/peers.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define RANK_MASK ((1U << PEERS_RANK_BITS) - 1)

void
peers_pool_init(struct peers_pool *pool, uint32_t capacity)
{
	*pool = (struct peers_pool){ .capacity = capacity };
	/* Whole pages of zeros, which the system maps only where they are touched. */
	pool->registers = xcalloc(capacity != 0 ? capacity : 1, PEERS_SIZE);
	pool->unused = xcalloc(capacity != 0 ? capacity : 1, sizeof *pool->unused);
}

void
peers_pool_release(struct peers_pool *pool)
{
	free(pool->registers);
	free(pool->unused);
	*pool = (struct peers_pool){ 0 };
}

void
peers_pool_clear(struct peers_pool *pool)
{
	pool->fresh = 0;
	pool->unused_count = 0;
}

void
peers_pool_return(struct peers_pool *pool, uint32_t handle)
{
	uint32_t number = handle & ~PEERS_PARTIAL;

	if (number != 0)
		pool->unused[pool->unused_count++] = number - 1;
}

/* A sketch of zeros, as its handle; 0 when there is none left. */
static uint32_t
take(struct peers_pool *pool)
{
	uint32_t number;

	if (pool->capacity == 0 || pool->registers == NULL)
		return 0;
	if (pool->unused_count != 0)
		number = pool->unused[--pool->unused_count];
	else if (pool->fresh < pool->capacity)
		number = pool->fresh++;
	else
		return 0;
	memset(pool->registers + (size_t)number * PEERS_SIZE, 0, PEERS_SIZE);
	return number + 1;
}

static void
raise_full(uint8_t *registers, uint32_t index, uint8_t rank)
{
	if (registers[index] < rank)
		registers[index] = rank;
}

static void
spread(const uint64_t *words, uint8_t *registers)
{
	uint16_t codes[PEERS_CODES];

	memcpy(codes, words, sizeof codes);
	for (size_t i = 0; i < PEERS_CODES && codes[i] != 0; i++)
		raise_full(registers, codes[i] >> PEERS_RANK_BITS, codes[i] & RANK_MASK);
}

/* Moves a key to a full sketch; NULL when the pool has none. */
static uint8_t *
promote(struct peers_pool *pool, struct peers p)
{
	uint32_t handle = take(pool);
	uint8_t *registers = peers_registers(pool, handle);

	if (registers == NULL) {
		*p.handle |= PEERS_PARTIAL;
		return NULL;
	}
	*p.handle |= handle;
	spread(p.codes, registers);
	return registers;
}

void
peers_raise(struct peers_pool *pool, struct peers p, uint32_t index, uint8_t rank)
{
	uint16_t code = (uint16_t)(index << PEERS_RANK_BITS | rank);
	uint16_t codes[PEERS_CODES];
	uint8_t *registers;

	memcpy(codes, p.codes, sizeof codes);
	for (size_t i = 0; i < PEERS_CODES; i++) {
		if (codes[i] != 0 && codes[i] >> PEERS_RANK_BITS != index)
			continue;
		if (codes[i] < code) {
			codes[i] = code;
			memcpy(p.codes, codes, sizeof codes);
		}
		return;
	}
	registers = promote(pool, p);
	if (registers != NULL)
		raise_full(registers, index, rank);
}

void
peers_union(struct peers_pool *pool, struct peers into, const struct peers_pool *from_pool,
    struct peers from)
{
	const uint8_t *source = peers_registers(from_pool, *from.handle);
	uint8_t *target = peers_registers(pool, *into.handle);
	uint16_t codes[PEERS_CODES];

	*into.handle |= *from.handle & PEERS_PARTIAL;
	if (target == NULL && source != NULL)
		target = promote(pool, into);
	if (target != NULL && source != NULL) {
		hll_union(target, source, PEERS_PRECISION);
		return;
	}
	memcpy(codes, from.codes, sizeof codes);
	for (size_t i = 0; i < PEERS_CODES && codes[i] != 0; i++) {
		uint32_t index = codes[i] >> PEERS_RANK_BITS;
		uint8_t rank = codes[i] & RANK_MASK;
		target = peers_registers(pool, *into.handle);
		if (target != NULL)
			raise_full(target, index, rank);
		else
			peers_raise(pool, into, index, rank);
	}
}

void
peers_expand(const struct peers_pool *pool, struct peers p, uint8_t ret_registers[PEERS_SIZE])
{
	const uint8_t *registers = peers_registers(pool, *p.handle);

	if (registers != NULL) {
		memcpy(ret_registers, registers, PEERS_SIZE);
		return;
	}
	memset(ret_registers, 0, PEERS_SIZE);
	spread(p.codes, ret_registers);
}

double
peers_estimate(const struct peers_pool *pool, struct peers p)
{
	const uint8_t *registers = peers_registers(pool, *p.handle);
	uint16_t codes[PEERS_CODES];
	unsigned used = 0;

	if (registers != NULL)
		return hll_estimate(registers, PEERS_PRECISION);
	memcpy(codes, p.codes, sizeof codes);
	while (used < PEERS_CODES && codes[used] != 0)
		used++;
	/* The linear count of 8 registers of 1024 is 8.03. */
	return used;
}
