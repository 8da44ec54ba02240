/* SPDX-License-Identifier: ISC */
/* The pcap reader: the first octet chooses the magic, the rest follows it. */
#include "source_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char magics[][5] = { "\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1",
		"\xa1\xb2\x3c\x4d", "\x4d\x3c\xb2\xa1", "\xa1\xb2\xcd\x34", "\x1c\x00\x01\xac" };
	uint8_t input[FUZZ_SIZE_MAX];

	if (size < 1 || size > FUZZ_SIZE_MAX - 3)
		return 0;
	memcpy(input, magics[data[0] % (sizeof magics / sizeof magics[0])], 4);
	memcpy(input + 4, data + 1, size - 1);
	fuzz_source(input, size + 3);
	return 0;
}
