/* SPDX-License-Identifier: ISC */
/*
 * yagura records: every flow record that exporters sent, as JSON lines or CSV.
 *
 * What one debugs an exporter with: no store, no windows, no scaling, records in the order in which
 * they were decoded.  Inputs are captures of export datagrams, files of IPFIX messages, tables of
 * flows.  Datagrams of one run share one collecting process, so that templates may come in a file
 * of their own, named first.
 *
 * Names are those of view `flows` in a store, else IPFIX element names in snake case.  JSON leaves
 * out what a record does not say; CSV has every column.
 */
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/common.h"
#include "cmd/record_fields.h"
#include "decode/decode.h"
#include "decode/export.h"
#include "source/source.h"

static const struct opt OPTIONS[] = {
	{ "csv", 0, NULL, "print comma-separated values instead of JSON lines" },
	{ "exporters", 0, NULL, "print what is known of the exporters instead of their records" },
	{ "interfaces", 0, NULL, "print differences of interface counters instead of records" },
	{ "drops", 0, NULL, "say at the end, on standard error, what was dropped or odd" },
	{ "trust-agent", 0, NULL, "take exporters from what messages say, not who sent them" },
	OPT_END,
};

struct reading {
	struct exports *exports;
	struct export_sink sink;
	struct drop_counters drops;
	struct chunk chunk;
	bool csv, records, interfaces, exporters;
	uint64_t input; /* number of the input: streams of two files are two */
};

/* Prints what has gathered, and forgets it. */
static void
flush_sink(struct reading *r)
{
	for (size_t i = 0; r->records && i < r->sink.record_count; i++)
		record_fields_print(&r->sink.records[i], r->csv, stdout);
	for (size_t i = 0; r->interfaces && i < r->sink.interface_count; i++)
		record_fields_print_interface(&r->sink.interfaces[i], r->csv, stdout);
	for (size_t i = 0; r->exporters && i < r->sink.report_count; i++)
		record_fields_print_exporter(&r->sink.reports[i], r->csv, stdout);
	export_sink_clear(&r->sink);
}

/* A datagram in a capture, if it is one of an exporter. */
static void
read_frame(struct reading *r, struct packet *p)
{
	const uint8_t *payload;

	decode_packet(p, &r->drops);
	if (p->kind != PACKET_IP || p->protocol != IP_PROTOCOL_UDP ||
	    (p->flags & PACKET_HAS_PORTS) == 0 || p->payload_size == 0)
		return;
	payload = p->data + p->payload_offset;
	if (!exports_recognise(payload, p->payload_size))
		return;
	exports_message(r->exports,
	    &(struct export_message){
		.exporter = p->source,
		.time = p->time,
		.data = payload,
		.size = p->payload_size,
		.input_offset = p->input_offset,
	    },
	    &r->sink);
}

/* A message or lines, as a source of exports delivers them. */
static void
read_export(struct reading *r, const struct packet *p)
{
	struct export_message m = {
		.exporter = p->source,
		.listener = p->destination_port,
		.stream = p->fragment_id != 0 ? r->input << 32 | p->fragment_id : 0,
		.time = p->time,
		.data = p->data,
		.size = p->captured_size,
		.input_offset = p->input_offset,
	};

	if (p->link_type == LINK_EXPORT_TEXT)
		exports_text(r->exports, &m, &r->sink);
	else
		exports_message(r->exports, &m, &r->sink);
}

static enum err
read_input(struct reading *r, const char *path, struct err_info *info)
{
	struct source *source;
	enum err e = source_open(path, &source, info);

	if (e != ERR_OK)
		return e;
	r->input++;
	while ((e = source_read(source, &r->chunk, info)) == ERR_OK) {
		for (size_t i = 0; i < r->chunk.count; i++) {
			struct packet *p = &r->chunk.packets[i];

			if (p->link_type >= LINK_EXPORT_MESSAGE)
				read_export(r, p);
			else
				read_frame(r, p);
		}
		flush_sink(r);
		if (ferror(stdout))
			break;
	}
	source_close(source);
	return e == ERR_END ? ERR_OK : e;
}

/* Counters that were raised, by name. */
static void
print_drops(const struct drop_counters *drops)
{
	for (int i = 0; i < DROP_COUNT; i++)
		if (drops->count[i] > 0)
			(void)fprintf(
			    stderr, "%s %" PRIu64 "\n", drop_name((enum drop)i), drops->count[i]);
}

/* Reads every input; returns how many failed. */
static size_t
read_inputs(struct reading *r, const struct opt_values *values)
{
	size_t failed = 0;

	for (size_t i = 0; i < values->operand_count && !ferror(stdout); i++) {
		struct err_info why = { .text = "" };

		if (read_input(r, values->operands[i], &why) == ERR_OK)
			continue;
		failed++;
		(void)fprintf(stderr, "yagura records: %s\n", why.text);
	}
	exports_report(r->exports, &r->sink);
	flush_sink(r);
	return failed;
}

static void
print_header(const struct reading *r)
{
	if (!r->csv)
		return;
	if (r->records)
		record_fields_print_header(stdout);
	else if (r->interfaces)
		record_fields_print_interface_header(stdout);
	else
		record_fields_print_exporter_header(stdout);
}

static int
run(const struct opt_values *values)
{
	struct reading r = { .csv = opt_given(values, "csv"),
		.interfaces = opt_given(values, "interfaces"),
		.exporters = opt_given(values, "exporters") };
	struct export_options options;
	size_t failed;

	if (values->operand_count == 0)
		return common_fail("records", EXIT_USAGE, "it takes at least one INPUT");
	if (r.interfaces && r.exporters)
		return common_fail(
		    "records", EXIT_USAGE, "--exporters and --interfaces exclude each other");
	r.records = !r.interfaces && !r.exporters;
	(void)signal(SIGPIPE, SIG_IGN);
	export_options_init(&options);
	options.trust_agent = opt_given(values, "trust-agent");
	options.secret = hash_secret_new();
	options.drops = &r.drops;
	r.exports = exports_new(&options);
	chunk_init(&r.chunk);
	print_header(&r);
	failed = read_inputs(&r, values);
	if (opt_given(values, "drops"))
		print_drops(&r.drops);
	chunk_release(&r.chunk);
	exports_free(r.exports);
	export_sink_release(&r.sink);
	if (fflush(stdout) != 0)
		failed = failed > 0 ? failed : 0; /* whoever reads has seen enough */
	return failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

const struct command command_records = {
	.name = "records",
	.summary = "print the flow records that exporters sent",
	.operands = "INPUT...",
	.options = OPTIONS,
	.run = run,
};
