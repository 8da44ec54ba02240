/* SPDX-License-Identifier: ISC */
/*
 * sFlow datagrams, several to one collecting process.  The input is a row of datagrams, each behind
 * 2 octets of length; version and address type are put in front, so that most of them get past the
 * header.  Whatever comes, records are whole and reports add up.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "decode/export.h"
#include "obs/packet.h"

#define CHECK(condition) ((condition) ? (void)0 : __builtin_trap())

#define HEAD_SIZE 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_records(const struct export_sink *sink)
{
	for (size_t i = 0; i < sink->record_count; i++) {
		const struct flow_record *r = &sink->records[i];

		CHECK(r->flow.ip_version == 4 || r->flow.ip_version == 6);
		CHECK(r->flow.packets[0] == 1 && r->flow.packets[1] == 0);
		CHECK(r->protocol_version == EXPORT_SFLOW5);
		CHECK(r->sampling != 0 || r->sampling_source == SAMPLING_UNKNOWN);
		CHECK(r->extra == NULL || r->extra->mpls_count <= RECORD_MPLS_LABELS);
		CHECK(r->extra == NULL ||
		      memchr(r->extra->user_name, '\0', RECORD_USER_SIZE) != NULL);
	}
	for (size_t i = 0; i < sink->interface_count; i++)
		CHECK(sink->interfaces[i].begin < sink->interfaces[i].end);
}

static void
give(struct exports *exports, const uint8_t *data, size_t size, nsec_t time,
    struct export_sink *sink)
{
	static const uint8_t head[HEAD_SIZE] = { 0, 0, 0, 5, 0, 0, 0, 1 };
	uint8_t *copy = malloc(HEAD_SIZE + size);

	CHECK(copy != NULL);
	memcpy(copy, head, HEAD_SIZE);
	memcpy(copy + HEAD_SIZE, data, size);
	exports_message(exports,
	    &(struct export_message){
		.exporter = address_from_ipv4((const uint8_t[]){ 192, 0, 2, 1 }),
		.time = time,
		.data = copy,
		.size = HEAD_SIZE + size,
	    },
	    sink);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct drop_counters drops = { .count = { 0 } };
	struct export_options options;
	struct export_sink sink = { 0 };
	struct exports *exports;
	uint64_t records = 0, reported = 0;
	nsec_t time = 0;

	export_options_init(&options);
	options.drops = &drops;
	exports = exports_new(&options);
	while (size >= 2) {
		size_t length = be16(data) < size - 2 ? be16(data) : size - 2;

		time += NSEC_PER_SEC;
		give(exports, data + 2, length, time, &sink);
		data += 2 + length;
		size -= 2 + length;
	}
	check_records(&sink);
	records = sink.record_count;
	exports_report(exports, &sink);
	for (size_t i = 0; i < sink.report_count; i++)
		reported += sink.reports[i].records;
	CHECK(records == reported);
	export_sink_release(&sink);
	exports_free(exports);
	return 0;
}
