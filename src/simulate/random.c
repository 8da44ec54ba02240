/* SPDX-License-Identifier: ISC */
/* Random numbers; see random.h. */
#include "simulate/random.h"

#include <string.h>

#include "base/hash.h"

/* 2^32 × ln 2. */
#define LN2_Q32 UINT64_C(2977044472)

__extension__ typedef unsigned __int128 wide;

/* 2^62 × 2^(2^-(i+1)): what one binary digit of a fractional exponent multiplies by. */
static const uint64_t ROOTS_OF_TWO[] = {
	UINT64_C(0x5a827999fcef3242),
	UINT64_C(0x4c1bf828c6dc54b8),
	UINT64_C(0x45cae0f1f545eb73),
	UINT64_C(0x42d561b3e6243d8a),
	UINT64_C(0x4166c34c5615d0ec),
	UINT64_C(0x40b268f9de0183ba),
	UINT64_C(0x4058f6a7ecccd5b6),
	UINT64_C(0x402c6be96af2fb58),
	UINT64_C(0x4016321b687027a8),
	UINT64_C(0x400b18178ba33b14),
	UINT64_C(0x40058bce410147e8),
	UINT64_C(0x4002c5d7bff71daf),
	UINT64_C(0x400162e807ee7e5b),
	UINT64_C(0x4000b1730df6a524),
	UINT64_C(0x400058b9497b8152),
	UINT64_C(0x40002c5c955dd701),
};

void
random_seed(struct random *r, uint64_t seed)
{
	for (size_t i = 0; i < 4; i++) {
		seed += UINT64_C(0x9e3779b97f4a7c15);
		r->state[i] = hash_mix64(seed);
	}
}

uint64_t
random_u64(struct random *r)
{
	uint64_t *s = r->state;
	uint64_t result = hash_rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = hash_rotl(s[3], 45);
	return result;
}

/* D. Lemire, "Fast random integer generation in an interval", ACM TOMACS 29(1), 2019. */
uint64_t
random_below(struct random *r, uint64_t count)
{
	wide product = (wide)random_u64(r) * count;

	if ((uint64_t)product < count) {
		uint64_t least = (0 - count) % count;
		while ((uint64_t)product < least)
			product = (wide)random_u64(r) * count;
	}
	return (uint64_t)(product >> 64);
}

int64_t
random_between(struct random *r, int64_t least, int64_t most)
{
	return least + (int64_t)random_below(r, (uint64_t)(most - least) + 1);
}

bool
random_chance(struct random *r, unsigned per_mille)
{
	return random_below(r, 1000) < per_mille;
}

/* -log2(u) of a uniform u in (0, 1), with 32 fractional bits: the mantissa is squared once for
 * every binary digit. */
static uint64_t
minus_log2(struct random *r)
{
	uint64_t u = random_u64(r) | 1;
	unsigned zeros = (unsigned)__builtin_clzll(u);
	uint64_t mantissa = u << zeros; /* 1 ≤ mantissa / 2^63 < 2 */
	uint64_t fraction = 0;

	for (int i = 0; i < 32; i++) {
		wide square = (wide)mantissa * mantissa >> 63;
		fraction <<= 1;
		if (square >> 64 != 0) {
			fraction |= 1;
			square >>= 1;
		}
		mantissa = (uint64_t)square;
	}
	return ((uint64_t)(zeros + 1) << 32) - fraction;
}

uint64_t
random_exponential(struct random *r, uint64_t mean)
{
	wide scale = (wide)mean * LN2_Q32 >> 32;

	return (uint64_t)(scale * minus_log2(r) >> 32);
}

uint64_t
random_pareto(struct random *r, uint64_t least, uint64_t most, unsigned alpha)
{
	uint64_t exponent = minus_log2(r) * 1000 / alpha;
	wide value = (wide)least << 32;

	for (size_t i = 0; i < sizeof ROOTS_OF_TWO / sizeof ROOTS_OF_TWO[0]; i++)
		if (exponent >> (31 - i) & 1)
			value = (value >> 16) * (ROOTS_OF_TWO[i] >> 14) >> 32;
	if (exponent >> 32 >= 30 || value >> 32 << (exponent >> 32) >= most)
		return most;
	return (uint64_t)(value << (exponent >> 32) >> 32);
}

size_t
random_weighted(struct random *r, const unsigned *weights, size_t count)
{
	uint64_t sum = 0, at;
	size_t i = 0;

	for (size_t k = 0; k < count; k++)
		sum += weights[k];
	at = random_below(r, sum);
	while (at >= weights[i])
		at -= weights[i++];
	return i;
}

void
random_fill(struct random *r, uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i += 8) {
		uint64_t word = random_u64(r);
		memcpy(data + i, &word, size - i < 8 ? size - i : 8);
	}
}
