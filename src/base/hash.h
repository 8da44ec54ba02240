/* SPDX-License-Identifier: ISC */
/*
 * Hashing.
 *
 * Tables whose keys come from the network use SipHash-1-3 with a secret drawn once per process: a
 * sender cannot choose colliding keys.  Nothing that is printed may depend on it.  Sketches and
 * shard numbers must be the same in every process (they merge, and the same input must give the
 * same review), so they use `hash_mix64`, which has no secret.
 *
 * SipHash: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012.
 * Input here is a whole number of 64-bit words, so the length byte is the last word alone.
 */
#ifndef YAGURA_BASE_HASH_H
#define YAGURA_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_secret {
	uint64_t k0, k1;
};

/* A fresh secret from the kernel. */
struct hash_secret hash_secret_new(void);

static inline uint64_t
hash_rotl(uint64_t x, int b)
{
	return (x << b) | (x >> (64 - b));
}

#define HASH_SIPROUND(v0, v1, v2, v3)              \
	do {                                       \
		(v0) += (v1);                      \
		(v1) = hash_rotl((v1), 13) ^ (v0); \
		(v0) = hash_rotl((v0), 32);        \
		(v2) += (v3);                      \
		(v3) = hash_rotl((v3), 16) ^ (v2); \
		(v0) += (v3);                      \
		(v3) = hash_rotl((v3), 21) ^ (v0); \
		(v2) += (v1);                      \
		(v1) = hash_rotl((v1), 17) ^ (v2); \
		(v2) = hash_rotl((v2), 32);        \
	} while (0)

/* SipHash-1-3 of `count` 64-bit words (native order). */
static inline uint64_t
hash_words(const struct hash_secret *secret, const uint64_t *words, size_t count)
{
	uint64_t v0 = secret->k0 ^ UINT64_C(0x736f6d6570736575);
	uint64_t v1 = secret->k1 ^ UINT64_C(0x646f72616e646f6d);
	uint64_t v2 = secret->k0 ^ UINT64_C(0x6c7967656e657261);
	uint64_t v3 = secret->k1 ^ UINT64_C(0x7465646279746573);
	uint64_t last = (uint64_t)(count * 8) << 56;

	for (size_t i = 0; i < count; i++) {
		v3 ^= words[i];
		HASH_SIPROUND(v0, v1, v2, v3);
		v0 ^= words[i];
	}
	v3 ^= last;
	HASH_SIPROUND(v0, v1, v2, v3);
	v0 ^= last;
	v2 ^= 0xff;
	HASH_SIPROUND(v0, v1, v2, v3);
	HASH_SIPROUND(v0, v1, v2, v3);
	HASH_SIPROUND(v0, v1, v2, v3);
	return v0 ^ v1 ^ v2 ^ v3;
}

/*
 * Multilinear hashing: a sum of products of secret 64-bit numbers with the 32-bit halves of the
 * words, of which the upper 32 bits are the hash.  Strongly universal: whoever does not know the
 * numbers cannot make two keys collide with more than chance, 2^-32 (D. Lemire, O. Kaser, "Strongly
 * universal string hashing is fast", The Computer Journal 57, 2014).  Ten times as fast as SipHash
 * for keys of a few words; only for tables whose order nobody outside sees.
 */
#define HASH_LINEAR_WORDS 8

struct hash_linear {
	uint64_t numbers[2 * HASH_LINEAR_WORDS + 1];
};

/* The numbers of a secret. */
static inline struct hash_linear
hash_linear_new(const struct hash_secret *secret)
{
	struct hash_linear linear;

	for (uint64_t i = 0; i <= (uint64_t)2 * HASH_LINEAR_WORDS; i++)
		linear.numbers[i] = hash_words(secret, &i, 1);
	return linear;
}

/* The hash of `count` words, at most HASH_LINEAR_WORDS and the same for all keys of a table. */
static inline uint32_t
hash_linear(const struct hash_linear *linear, const uint64_t *words, size_t count)
{
	uint64_t sum = linear->numbers[HASH_LINEAR_WORDS + HASH_LINEAR_WORDS];

	for (size_t i = 0; i < count; i++)
		sum += linear->numbers[2 * i] * (uint32_t)words[i] +
		       linear->numbers[2 * i + 1] * (words[i] >> 32);
	return (uint32_t)(sum >> 32);
}

/* A fixed 64-bit mixer without a secret (the finaliser of SplitMix64; G. Steele et al., OOPSLA
 * 2014). */
static inline uint64_t
hash_mix64(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* The fixed mixer over `count` words. */
static inline uint64_t
hash_mix_words(const uint64_t *words, size_t count)
{
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15) * (count + 1);

	for (size_t i = 0; i < count; i++)
		h = hash_mix64(h ^ words[i]) + UINT64_C(0x9e3779b97f4a7c15);
	return h;
}

#endif
