/* SPDX-License-Identifier: ISC */
/* Punycode of one label, RFC 3492; see punycode.h. */
#include "net/punycode.h"

#include <stdbool.h>
#include <string.h>

/* RFC 3492, section 5. */
enum {
	BASE = 36,
	T_MIN = 1,
	T_MAX = 26,
	SKEW = 38,
	DAMP = 700,
	INITIAL_BIAS = 72,
	INITIAL_N = 128,
};

#define CODE_POINT_MAX 0x10ffffU

static const uint8_t PREFIX[] = { 'x', 'n', '-', '-' };

struct output {
	uint8_t *octets;
	size_t size;
};

/* One code point of UTF-8 (RFC 3629) from `text` on; returns its octets, 0 when it is none. */
static size_t
read_code_point(const char *text, size_t size, uint32_t *ret_value)
{
	static const uint32_t LEAST[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *octets = (const uint8_t *)text;
	size_t length = octets[0] < 0x80 ? 1 : octets[0] < 0xe0 ? 2 : octets[0] < 0xf0 ? 3 : 4;
	uint32_t value = octets[0];

	if (length == 1) {
		*ret_value = value;
		return 1;
	}
	if (octets[0] < 0xc0 || octets[0] > 0xf4 || length > size)
		return 0;
	value &= 0x7fU >> length;
	for (size_t i = 1; i < length; i++) {
		if ((octets[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (octets[i] & 0x3f);
	}
	if (value < LEAST[length] || value > CODE_POINT_MAX || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*ret_value = value;
	return length;
}

static bool
put(struct output *out, uint8_t c)
{
	if (out->size == PUNYCODE_LABEL_MAX)
		return false;
	out->octets[out->size++] = c;
	return true;
}

static uint32_t
threshold(uint32_t k, uint32_t bias)
{
	if (k <= bias)
		return T_MIN;
	return k >= bias + T_MAX ? T_MAX : k - bias;
}

/* A generalised variable-length integer, section 3.3. */
static bool
put_delta(struct output *out, uint32_t delta, uint32_t bias)
{
	static const char DIGITS[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = threshold(k, bias);
		if (delta < t)
			return put(out, (uint8_t)DIGITS[delta]);
		if (!put(out, (uint8_t)DIGITS[t + (delta - t) % (BASE - t)]))
			return false;
		delta = (delta - t) / (BASE - t);
	}
}

/* Section 6.1. */
static uint32_t
adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta /= first ? DAMP : 2;
	delta += delta / points;
	while (delta > (BASE - T_MIN) * T_MAX / 2) {
		delta /= BASE - T_MIN;
		k += BASE;
	}
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* Section 6.3.  At most 63 code points of at most 21 bits: nothing can overflow. */
static bool
encode(const uint32_t *points, uint32_t count, struct output *out)
{
	uint32_t n = INITIAL_N, delta = 0, bias = INITIAL_BIAS, basic = 0, handled;

	for (uint32_t i = 0; i < count; i++)
		if (points[i] < INITIAL_N) {
			if (!put(out, (uint8_t)points[i]))
				return false;
			basic++;
		}
	handled = basic;
	if (basic != 0 && !put(out, '-'))
		return false;
	while (handled < count) {
		uint32_t next = UINT32_MAX;
		for (uint32_t i = 0; i < count; i++)
			if (points[i] >= n && points[i] < next)
				next = points[i];
		delta += (next - n) * (handled + 1);
		n = next;
		for (uint32_t i = 0; i < count; i++) {
			delta += points[i] < n;
			if (points[i] != n)
				continue;
			if (!put_delta(out, delta, bias))
				return false;
			bias = adapt(delta, handled + 1, handled == basic);
			delta = 0;
			handled++;
		}
		delta++;
		n++;
	}
	return true;
}

enum err
punycode_label(
    const char *text, size_t size, uint8_t ret_label[PUNYCODE_LABEL_MAX], size_t *ret_size)
{
	uint32_t points[PUNYCODE_LABEL_MAX];
	struct output out = { .octets = ret_label };
	uint32_t count = 0;
	bool ascii = true;

	for (size_t at = 0; at < size;) {
		uint32_t value;
		size_t step = read_code_point(text + at, size - at, &value);
		if (step == 0 || count == PUNYCODE_LABEL_MAX)
			return ERR_FORMAT;
		if (value >= 'A' && value <= 'Z')
			value |= 0x20;
		ascii = ascii && value < INITIAL_N;
		points[count++] = value;
		at += step;
	}
	if (count == 0)
		return ERR_FORMAT;
	if (ascii) {
		for (uint32_t i = 0; i < count; i++)
			ret_label[i] = (uint8_t)points[i];
		*ret_size = count;
		return ERR_OK;
	}
	memcpy(ret_label, PREFIX, sizeof PREFIX);
	out.size = sizeof PREFIX;
	if (!encode(points, count, &out))
		return ERR_FORMAT;
	*ret_size = out.size;
	return ERR_OK;
}
