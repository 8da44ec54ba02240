/* SPDX-License-Identifier: ISC */
/* C-DNS files, whole, and what follows the head of one. */
#include "source_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t HEAD[] =
	    "\x83\x65"
	    "C-DNS\xa2\x00\x01\x03\x81\xa2\x00\xa1\x00\x19\x03\xe8\x01\xa0\x9f";
	uint8_t input[FUZZ_SIZE_MAX];
	size_t head = sizeof HEAD - 1;

	if (size < 1 || size > FUZZ_SIZE_MAX - sizeof HEAD)
		return 0;
	if (data[0] == 0x83 || data[0] == 0x9f)
		head = 0;
	memcpy(input, HEAD, head);
	memcpy(input + head, data + (head != 0), size - (head != 0));
	fuzz_source(input, head + size - (head != 0));
	return 0;
}
