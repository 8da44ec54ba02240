/* SPDX-License-Identifier: ISC */
/* HyperLogLog: union, estimate and stored form; see hll.h. */
#include "stat/hll.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

enum {
	FORM_SPARSE = 0,
	FORM_DENSE = 1,
};

#define HEAD_SIZE 2
#define RANK_BITS 6
#define RANK_MASK ((1U << RANK_BITS) - 1)

void
hll_union(uint8_t *into, const uint8_t *from, unsigned precision)
{
	for (size_t i = 0; i < HLL_SIZE(precision); i++)
		into[i] = into[i] > from[i] ? into[i] : from[i];
}

/* Ertl 2017, equation (9): x + sum over k >= 1 of x^(2^k) 2^(k-1). */
static double
sigma(double x)
{
	double y = 1, z = x, before;

	if (x >= 1)
		return INFINITY;
	do {
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (z > before);
	return z;
}

/* Ertl 2017, equation (14): (1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 2^-k) / 3. */
static double
tau(double x)
{
	double y = 1, z = 1 - x, before;

	if (x <= 0 || x >= 1)
		return 0;
	do {
		x = sqrt(x);
		before = z;
		y /= 2;
		z -= (1 - x) * (1 - x) * y;
	} while (z < before);
	return z / 3;
}

double
hll_estimate(const uint8_t *registers, unsigned precision)
{
	unsigned most = 64 - precision; /* ranks above this one are saturated */
	double m = (double)HLL_SIZE(precision);
	uint32_t by_rank[66] = { 0 };
	double z;

	for (size_t i = 0; i < HLL_SIZE(precision); i++)
		by_rank[registers[i]]++;
	z = m * tau(1 - by_rank[most + 1] / m);
	for (unsigned k = most; k >= 1; k--)
		z = (z + by_rank[k]) / 2;
	z += m * sigma(by_rank[0] / m);
	return m * m / (2 * M_LN2 * z);
}

double
hll_standard_error(unsigned precision)
{
	return 1.04 / sqrt((double)HLL_SIZE(precision));
}

static size_t
code_size(unsigned precision)
{
	return precision + RANK_BITS <= 16 ? 2 : 3;
}

static size_t
encode_sparse(const uint8_t *registers, unsigned precision, uint8_t *octets)
{
	uint8_t *o = octets;

	for (size_t i = 0; i < HLL_SIZE(precision); i++) {
		uint32_t code = (uint32_t)i << RANK_BITS | registers[i];
		if (registers[i] == 0)
			continue;
		for (size_t k = 0; k < code_size(precision); k++)
			*o++ = (uint8_t)(code >> 8 * k);
	}
	return (size_t)(o - octets);
}

static size_t
encode_dense(const uint8_t *registers, unsigned precision, uint8_t *octets)
{
	uint8_t *o = octets;

	for (size_t i = 0; i < HLL_SIZE(precision); i += 4) {
		uint32_t four = 0;
		for (unsigned k = 0; k < 4; k++)
			four |= (uint32_t)registers[i + k] << RANK_BITS * k;
		*o++ = (uint8_t)four;
		*o++ = (uint8_t)(four >> 8);
		*o++ = (uint8_t)(four >> 16);
	}
	return (size_t)(o - octets);
}

size_t
hll_encode(const uint8_t *registers, unsigned precision, uint8_t *ret_octets)
{
	size_t used = 0;
	bool sparse;

	assert(precision >= HLL_PRECISION_LEAST && precision <= HLL_PRECISION_MOST);
	for (size_t i = 0; i < HLL_SIZE(precision); i++)
		used += registers[i] != 0;
	sparse = used * code_size(precision) < HLL_SIZE(precision) / 4 * 3;
	ret_octets[0] = (uint8_t)precision;
	ret_octets[1] = sparse ? FORM_SPARSE : FORM_DENSE;
	return HEAD_SIZE + (sparse ? encode_sparse(registers, precision, ret_octets + HEAD_SIZE)
				   : encode_dense(registers, precision, ret_octets + HEAD_SIZE));
}

static void
raise_register(uint8_t *into, size_t index, uint8_t rank)
{
	if (into[index] < rank)
		into[index] = rank;
}

static uint32_t
load_code(const uint8_t *octets, size_t size)
{
	return octets[0] | (uint32_t)octets[1] << 8 | (size == 3 ? (uint32_t)octets[2] << 16 : 0);
}

/* Whether every code is in range and above the one before. */
static bool
sparse_is_valid(const uint8_t *octets, size_t size, unsigned precision)
{
	size_t step = code_size(precision);
	int64_t before = -1;

	if (size % step != 0)
		return false;
	for (size_t i = 0; i < size; i += step) {
		uint32_t code = load_code(octets + i, step);
		int64_t index = code >> RANK_BITS;
		uint32_t rank = code & RANK_MASK;
		if (index <= before || index >= (int64_t)HLL_SIZE(precision) || rank == 0 ||
		    rank > 65 - precision)
			return false;
		before = index;
	}
	return true;
}

static uint32_t
dense_register(const uint8_t *octets, size_t index)
{
	const uint8_t *three = octets + index / 4 * 3;
	uint32_t four = three[0] | (uint32_t)three[1] << 8 | (uint32_t)three[2] << 16;

	return four >> RANK_BITS * (index % 4) & RANK_MASK;
}

static bool
dense_is_valid(const uint8_t *octets, size_t size, unsigned precision)
{
	if (size != HLL_SIZE(precision) / 4 * 3)
		return false;
	for (size_t i = 0; i < HLL_SIZE(precision); i++)
		if (dense_register(octets, i) > 65 - precision)
			return false;
	return true;
}

enum err
hll_decode_into(uint8_t *into, unsigned precision, const void *octets, size_t size)
{
	const uint8_t *o = octets;

	if (size < HEAD_SIZE || o[0] != precision)
		return ERR_DAMAGED;
	size -= HEAD_SIZE;
	if (o[1] == FORM_SPARSE && sparse_is_valid(o + HEAD_SIZE, size, precision)) {
		size_t step = code_size(precision);
		for (size_t i = 0; i < size; i += step) {
			uint32_t code = load_code(o + HEAD_SIZE + i, step);
			raise_register(into, code >> RANK_BITS, code & RANK_MASK);
		}
		return ERR_OK;
	}
	if (o[1] == FORM_DENSE && dense_is_valid(o + HEAD_SIZE, size, precision)) {
		for (size_t i = 0; i < HLL_SIZE(precision); i++)
			raise_register(into, i, (uint8_t)dense_register(o + HEAD_SIZE, i));
		return ERR_OK;
	}
	return ERR_DAMAGED;
}
