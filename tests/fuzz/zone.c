/* SPDX-License-Identifier: ISC */
/* Any octets as a zoneinfo file; what reads as one answers for every time. */
#include "base/zone.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t times[] = { INT64_MIN / 1000000000, -1, 0, 1401580805, 4102444800,
		INT64_MAX / 1000000000 };
	struct zone *zone = NULL;
	char text[80];

	if (zone_parse(data, size, &zone, NULL) != ERR_OK)
		return 0;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct zone_offset offset = zone_at(zone, times[i]);
		assert(strlen(offset.abbreviation) < ZONE_ABBREVIATION_SIZE);
		(void)zone_format(zone, times[i] * NSEC_PER_SEC, 9, text, sizeof text);
	}
	zone_close(zone);
	return 0;
}
