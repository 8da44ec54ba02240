/* SPDX-License-Identifier: ISC */
/* First labels of names; see labels.h. */
#include "analysis/dns/labels.h"

#include <math.h>

#include "obs/section.h"

#define LABEL_SHORT 4 /* octets: words of that length are as mixed */

/* n log2 n in units of 1/256 bit, rounded, for the counts that a label can have. */
static const uint32_t N_LOG_N[64] = {
	0,
	0,
	512,
	1217,
	2048,
	2972,
	3971,
	5031,
	6144,
	7304,
	8504,
	9742,
	11013,
	12315,
	13646,
	15002,
	16384,
	17789,
	19215,
	20662,
	22128,
	23613,
	25116,
	26635,
	28170,
	29721,
	31286,
	32866,
	34459,
	36066,
	37685,
	39317,
	40960,
	42615,
	44281,
	45958,
	47646,
	49344,
	51052,
	52769,
	54497,
	56233,
	57978,
	59732,
	61495,
	63266,
	65045,
	66833,
	68628,
	70431,
	72241,
	74059,
	75884,
	77716,
	79556,
	81402,
	83254,
	85114,
	86979,
	88851,
	90730,
	92614,
	94505,
	96402,
};

static enum label_class
class_of(uint8_t octet)
{
	if (octet >= 'a' && octet <= 'z')
		return LABEL_LETTERS;
	if (octet >= '0' && octet <= '9')
		return LABEL_DIGITS;
	return octet == '-' || octet == '_' ? LABEL_HYPHENS : LABEL_OTHERS;
}

void
label_sums_add(struct label_sums *sums, const uint8_t *name, size_t size)
{
	uint8_t counts[256] = { 0 };
	unsigned length = size > 0 ? name[0] : 0;
	uint32_t repeated = 0, whole;

	if (length == 0 || length >= size || length >= ARRAY_COUNT(N_LOG_N))
		return;
	for (unsigned i = 1; i <= length; i++) {
		counts[name[i]]++;
		sums->classes[class_of(name[i])]++;
	}
	/* H = log2 L - (1/L) sum n log2 n; each octet value is met once. */
	for (unsigned i = 1; i <= length; i++) {
		repeated += N_LOG_N[counts[name[i]]];
		counts[name[i]] = 0;
	}
	sums->count++;
	sums->octets += length;
	sums->squares += (uint64_t)length * length;
	whole = N_LOG_N[length];
	sums->entropy += (whole > repeated ? whole - repeated : 0) / length;
}

void
label_sums_merge(struct label_sums *into, const struct label_sums *from)
{
	into->count += from->count;
	into->octets += from->octets;
	into->squares += from->squares;
	into->entropy += from->entropy;
	for (unsigned i = 0; i < LABEL_CLASSES; i++)
		into->classes[i] += from->classes[i];
}

double
label_mean(const struct label_sums *sums)
{
	return sums->count > 0 ? (double)sums->octets / sums->count : 0;
}

double
label_deviation(const struct label_sums *sums)
{
	double mean = label_mean(sums);

	return sums->count > 0 ? sqrt(fmax(0, (double)sums->squares / sums->count - mean * mean))
			       : 0;
}

double
label_entropy(const struct label_sums *sums)
{
	return sums->count > 0 ? (double)sums->entropy / LABEL_ENTROPY_UNIT / sums->count : 0;
}

bool
label_is_random(const uint8_t *name, size_t size)
{
	struct label_sums sums = { 0 };

	label_sums_add(&sums, name, size);
	return label_mean(&sums) > LABEL_SHORT && sums.entropy >= (uint64_t)2 * LABEL_ENTROPY_UNIT;
}

/* The size of a label that is a decimal number up to 255; 0 when it is none. */
static size_t
decimal_octet(const uint8_t *label, size_t size)
{
	unsigned length = label[0], value = 0;

	if (length == 0 || length > 3 || length >= size)
		return 0;
	for (unsigned i = 1; i <= length; i++) {
		if (class_of(label[i]) != LABEL_DIGITS)
			return 0;
		value = value * 10 + label[i] - '0';
	}
	return value < 256 ? length + 1 : 0;
}

/* The size of a label of one hexadecimal digit; 0 when it is none. */
static size_t
half_octet(const uint8_t *label, size_t size)
{
	bool fits = size > 2 && label[0] == 1 &&
		    (class_of(label[1]) == LABEL_DIGITS || (label[1] >= 'a' && label[1] <= 'f'));

	return fits ? 2 : 0;
}

bool
label_is_reversed_address(const uint8_t *name, size_t size)
{
	size_t at = 0, step = 1;
	unsigned count = 0;

	if (size < 8)
		return false;
	for (count = 0; count < 4 && step != 0; count += step != 0)
		at += step = decimal_octet(name + at, size - at);
	if (count == 4)
		return true;
	for (at = 0, count = 0, step = 1; count < 16 && step != 0; count += step != 0)
		at += step = half_octet(name + at, size - at);
	return count == 16;
}
