/* SPDX-License-Identifier: ISC */
/* The pcapng reader: the input is what follows the block type. */
#include "source_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t input[FUZZ_SIZE_MAX];

	if (size > FUZZ_SIZE_MAX - 4)
		return 0;
	memcpy(input, "\x0a\x0d\x0d\x0a", 4);
	if (size > 0)
		memcpy(input + 4, data, size);
	fuzz_source(input, size + 4);
	return 0;
}
