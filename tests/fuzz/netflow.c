/* SPDX-License-Identifier: ISC */
/*
 * Any sequence of export messages keeps what a record promises, and what the process then knows can
 * be saved and read back.
 *
 * Input, again and again: how 1 (bits below), seconds since the message before 1, size 2, message.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "decode/export.h"

#define CHECK(condition) ((condition) ? (void)0 : __builtin_trap())

enum {
	HOW_STREAM = 1 << 0,
	HOW_OTHER_EXPORTER = 1 << 1,
	HOW_NO_TIME = 1 << 2,
	HOW_CLOSE = 1 << 3,
	HOW_REPORT = 1 << 4,
	HOW_NEW_INPUT = 1 << 5,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_extra(const struct record_extra *extra)
{
	CHECK(extra->mpls_count <= RECORD_MPLS_LABELS);
	CHECK(memchr(extra->user_name, 0, sizeof extra->user_name) != NULL);
	CHECK(memchr(extra->vrf_name, 0, sizeof extra->vrf_name) != NULL);
	CHECK(memchr(extra->application_name, 0, sizeof extra->application_name) != NULL);
}

static void
check_record(const struct flow_record *r)
{
	const nsec_t hour = 3600 * NSEC_PER_SEC;
	const struct flow *f = &r->flow;

	for (unsigned i = 0; i < 2; i++) {
		CHECK(f->first[i] <= f->last[i]);
		CHECK(f->first[i] == 0 || f->first[i] >= r->time - hour);
		CHECK(f->last[i] == 0 || f->last[i] <= r->time + hour);
	}
	CHECK(r->direction <= RECORD_EGRESS);
	CHECK((r->sampling == 0) == (r->sampling_source == SAMPLING_UNKNOWN));
	if (r->extra != NULL)
		check_extra(r->extra);
}

static void
check_reports(const struct export_sink *sink)
{
	for (size_t i = 0; i < sink->report_count; i++) {
		const struct exporter_report *r = &sink->reports[i];

		CHECK(i == 0 || address_compare(&r[-1].exporter, &r->exporter) <= 0);
		CHECK(r->messages == 0 || r->first <= r->last);
	}
}

/* What is saved reads back, and gives the same file again. */
static void
check_state(const struct exports *x, const struct export_options *options)
{
	char *first = NULL, *second = NULL;
	size_t first_size = 0, second_size = 0;
	FILE *file = open_memstream(&first, &first_size);
	struct exports *y = exports_new(options);
	struct err_info info = { 0 };

	CHECK(file != NULL && exports_save(x, file, &info) == ERR_OK);
	(void)fclose(file);
	file = fmemopen(first, first_size, "r");
	CHECK(file != NULL && exports_load(y, file, &info) == ERR_OK);
	(void)fclose(file);
	file = open_memstream(&second, &second_size);
	CHECK(file != NULL && exports_save(y, file, &info) == ERR_OK);
	(void)fclose(file);
	free(first);
	free(second);
	exports_free(y);
}

static void
feed(struct exports *x, struct export_sink *sink, struct export_message *m, const uint8_t *how,
    const uint8_t *octets, size_t size)
{
	uint8_t *copy = malloc(size + 1);

	CHECK(copy != NULL);
	memcpy(copy, octets, size);
	m->time += how[1] * NSEC_PER_SEC;
	m->data = copy;
	m->size = size;
	m->stream = how[0] & HOW_STREAM;
	m->exporter.octets[15] = (how[0] & HOW_OTHER_EXPORTER) != 0 ? 2 : 1;
	if ((how[0] & HOW_NO_TIME) != 0)
		m->time = 0;
	(void)exports_recognise(copy, size);
	export_sink_clear(sink);
	exports_message(x, m, sink);
	for (size_t i = 0; i < sink->record_count; i++)
		check_record(&sink->records[i]);
	free(copy);
	if ((how[0] & HOW_CLOSE) != 0)
		exports_close_stream(x, 1);
	if ((how[0] & HOW_NEW_INPUT) != 0)
		exports_new_input(x);
	if ((how[0] & HOW_REPORT) != 0)
		exports_report(x, sink);
	check_reports(sink);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct drop_counters drops = { .count = { 0 } };
	struct export_options options;
	struct export_sink sink = { 0 };
	struct export_message m = { .time = INT64_C(1401580800) * NSEC_PER_SEC };
	struct exports *x;

	export_options_init(&options);
	options.drops = &drops;
	options.templates = 16;
	options.domains = 4;
	options.exporters = 3;
	options.buffer = 4096;
	if (size > 0) {
		options.trust_agent = (data[0] & 0x40) != 0;
		options.default_sampling = (data[0] & 0x80) != 0 ? 7 : 0;
	}
	x = exports_new(&options);
	while (size >= 4) {
		const uint8_t *how = data;
		size_t length = le16(data + 2);

		data += 4;
		size -= 4;
		if (length > size)
			length = size;
		feed(x, &sink, &m, how, data, length);
		data += length;
		size -= length;
	}
	check_state(x, &options);
	export_sink_release(&sink);
	exports_free(x);
	return 0;
}
