/* SPDX-License-Identifier: ISC */
/*
 * yagura records: every flow record that exporters sent, or every DNS message or HTTP request, as
 * JSON lines or CSV.
 *
 * What one debugs an exporter with: no store, no windows, no scaling, records in the order in which
 * they were decoded.  Inputs are captures of export datagrams, files of IPFIX messages, tables of
 * flows.  Datagrams of one run share one collecting process, so that templates may come in a file
 * of their own, named first.
 *
 * Names are those of view `flows` in a store, else IPFIX element names in snake case.  JSON leaves
 * out what a record does not say; CSV has every column.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>

#include "cmd/common.h"
#include "cmd/record_fields.h"
#include "cmd/record_line.h"
#include "cmd/records_dns.h"
#include "cmd/records_http.h"
#include "decode/export.h"
#include "pipeline/export_stage.h"
#include "source/source.h"

static const struct opt OPTIONS[] = {
	{ "csv", 0, NULL, "print comma-separated values instead of JSON lines" },
	{ "exporters", 0, NULL, "print what is known of the exporters instead of their records" },
	{ "interfaces", 0, NULL, "print differences of interface counters instead of records" },
	{ "dns", 0, NULL, "print the DNS messages of captures, dnstap and logs instead" },
	{ "http", 0, NULL, "print the HTTP requests of captures and web logs instead" },
	{ "bodies", 0, NULL, "with --http: print what is kept of bodies too" },
	{ "drops", 0, NULL, "say at the end, on standard error, what was dropped or odd" },
	OPT_CONFIG,
	OPT_END,
};

struct reading {
	struct export_stage *stage; /* owned */
	struct export_sink sink;
	struct chunk chunk;
	bool csv, records, interfaces, exporters;
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

static enum err
read_input(struct reading *r, const char *path, struct err_info *info)
{
	struct source *source;
	enum err e = source_open(path, &source, info);

	if (e != ERR_OK)
		return e;
	export_stage_begin(r->stage);
	while ((e = source_read(source, &r->chunk, info)) == ERR_OK) {
		export_stage_take(r->stage, r->chunk.packets, r->chunk.count, &r->sink);
		flush_sink(r);
		if (ferror(stdout))
			break;
	}
	source_close(source);
	return e == ERR_END ? ERR_OK : e;
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
	exports_report(export_stage_exports(r->stage), &r->sink);
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
read_all(struct reading *r, const struct opt_values *values)
{
	struct drop_counters drops = { .count = { 0 } };
	size_t failed;

	chunk_init(&r->chunk);
	print_header(r);
	failed = read_inputs(r, values);
	export_stage_count(r->stage, &drops);
	if (opt_given(values, "drops"))
		record_line_drops(&drops);
	chunk_release(&r->chunk);
	export_sink_release(&r->sink);
	/* An output that takes no more has a reader who has seen enough, or is full. */
	if (fflush(stdout) != 0 && errno != EPIPE)
		return common_fail("records", EXIT_FAILED, "the output does not take more");
	return failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

static int
run(const struct opt_values *values)
{
	struct reading r = { .csv = opt_given(values, "csv"),
		.interfaces = opt_given(values, "interfaces"),
		.exporters = opt_given(values, "exporters") };
	struct err_info why = { .text = "" };
	struct config config;
	enum err e;
	int status;

	if (values->operand_count == 0)
		return common_fail("records", EXIT_USAGE, "it takes at least one INPUT");
	if (r.interfaces + r.exporters + opt_given(values, "dns") + opt_given(values, "http") > 1)
		return common_fail("records", EXIT_USAGE,
		    "--dns, --exporters, --http and --interfaces exclude each other");
	r.records = !r.interfaces && !r.exporters;
	(void)signal(SIGPIPE, SIG_IGN);
	e = common_config(values, &config, &why);
	if (e != ERR_OK)
		return common_fail("records", e == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED, why.text);
	if (opt_given(values, "dns") || opt_given(values, "http")) {
		status = opt_given(values, "dns") ? records_dns(values, &config)
						  : records_http(values, &config);
		config_release(&config);
		return status;
	}
	e = export_stage_new(&config, hash_secret_new(), &r.stage, &why);
	if (e == ERR_OK)
		status = read_all(&r, values);
	else
		status = common_fail("records", EXIT_FAILED, why.text);
	export_stage_free(r.stage);
	config_release(&config);
	return status;
}

const struct command command_records = {
	.name = "records",
	.summary = "print flow records that exporters sent, DNS messages, HTTP requests",
	.operands = "INPUT...",
	.options = OPTIONS,
	.run = run,
};
