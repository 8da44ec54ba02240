/* SPDX-License-Identifier: ISC */
/* Lines of tables of flows, behind a line of all the names. */
#include <stdlib.h>
#include <string.h>

#include "decode/export.h"

#define CHECK(condition) ((condition) ? (void)0 : __builtin_trap())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char NAMES[] =
    "ts,te,td,sa,da,sp,dp,pr,flg,ipkt,ibyt,opkt,obyt,nh,svln,ismc,mpls1,ra,eng\n";

static void
give(struct exports *exports, const void *data, size_t size, struct export_sink *sink)
{
	uint8_t *copy = malloc(size + 1);

	CHECK(copy != NULL);
	memcpy(copy + 1, data, size);
	exports_text(
	    exports, &(struct export_message){ .stream = 1, .data = copy + 1, .size = size }, sink);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct drop_counters drops = { .count = { 0 } };
	struct export_options options;
	struct export_sink sink = { 0 };
	struct exports *exports;
	size_t lines = 1;

	export_options_init(&options);
	options.drops = &drops;
	exports = exports_new(&options);
	give(exports, NAMES, sizeof NAMES - 1, &sink);
	give(exports, data, size, &sink);
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	CHECK(sink.record_count + drops.count[DROP_EXPORT_TEXT] <= lines);
	for (size_t i = 0; i < sink.record_count; i++) {
		const struct flow_record *r = &sink.records[i];

		CHECK(r->flow.ip_version == 4 || r->flow.ip_version == 6);
		CHECK(r->flow.first[0] <= r->flow.last[0]);
		CHECK(r->input_offset < size);
	}
	export_sink_release(&sink);
	exports_free(exports);
	return 0;
}
