/* SPDX-License-Identifier: ISC */
/* Anything at all, compressed or not: recognition, codecs, and readers behind them. */
#include "source_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size <= FUZZ_SIZE_MAX)
		fuzz_source(data, size);
	return 0;
}
