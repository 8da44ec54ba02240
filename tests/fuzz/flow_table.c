/* SPDX-License-Identifier: ISC */
/* Files of export messages and tables of flows: the first octet chooses how the file begins. */
#include "source_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		const char *octets;
		size_t size;
	} BEGINNINGS[] = {
		{ "ts,te,sa,da\n", 12 },
		{ "firstSeen,srcAddr,dstAddr\n2025-02-11 09:51:56,1,2\n", 50 },
		{ "\0\12\0\24\0\0\0\1\0\0\0\0\0\0\0\0\0\2\0\4", 20 },
		{ "\0\5\0\1\0\0\0\0\x60\0\0\0\0\0\0\0", 16 },
		{ "", 0 },
	};
	uint8_t input[FUZZ_SIZE_MAX];
	size_t head;

	if (size < 1 || size > FUZZ_SIZE_MAX - 64)
		return 0;
	head = BEGINNINGS[data[0] % 5].size;
	memcpy(input, BEGINNINGS[data[0] % 5].octets, head);
	memcpy(input + head, data + 1, size - 1);
	fuzz_source(input, head + size - 1);
	return 0;
}
