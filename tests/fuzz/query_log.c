/* SPDX-License-Identifier: ISC */
/* Query logs of BIND and Unbound, behind a first line that is one. */
#include "source_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char HEAD[] = "22-Nov-2026 09:10:26.123 general: info: running\n";
	uint8_t input[FUZZ_SIZE_MAX];

	if (size > FUZZ_SIZE_MAX - sizeof HEAD)
		return 0;
	memcpy(input, HEAD, sizeof HEAD - 1);
	memcpy(input + sizeof HEAD - 1, data, size);
	fuzz_source(input, sizeof HEAD - 1 + size);
	return 0;
}
