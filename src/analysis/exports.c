/* SPDX-License-Identifier: ISC */
/* Estimates from flow records; see exports.h. */
#include "analysis/exports.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

const struct column EXPORT_FACTS_TABLE[EXPORT_FACTS_COLUMNS] = {
	{ "records", COLUMN_U64, "records" },
	{ "unknown_sampling", COLUMN_U64, "records" },
	{ "sampling_least", COLUMN_U32, "" },
	{ "sampling_most", COLUMN_U32, "" },
	{ "packet_most", COLUMN_U32, "octets" },
};

static uint32_t
greater(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* The lesser rate, 0 being none. */
static uint32_t
lesser_rate(uint32_t a, uint32_t b)
{
	return a - 1 < b - 1 ? a : b;
}

void
export_facts_merge(struct export_facts *into, const struct export_facts *from)
{
	into->records += from->records;
	into->unknown += from->unknown;
	into->sampling_least = lesser_rate(into->sampling_least, from->sampling_least);
	into->sampling_most = greater(into->sampling_most, from->sampling_most);
	into->packet_most = greater(into->packet_most, from->packet_most);
}

void
export_facts_put(const struct export_facts *facts, struct rows *rows)
{
	if (facts->records == 0)
		return;
	rows_u64(rows, 0, facts->records);
	rows_u64(rows, 1, facts->unknown);
	rows_u64(rows, 2, facts->sampling_least);
	rows_u64(rows, 3, facts->sampling_most);
	rows_u64(rows, 4, greater(facts->packet_most, EXPORT_PACKET_MOST));
	rows_next(rows);
}

enum err
export_facts_read(const struct section_context *context, const char *table,
    struct export_facts *ret_facts, struct err_info *info)
{
	struct export_facts facts = { 0 };
	struct result *r;
	enum err e = query_run(context->store, &r, info,
	    "SELECT records, unknown_sampling, sampling_least, sampling_most, packet_most FROM %s "
	    "WHERE" PERIOD_SQL "ORDER BY window_begin, input",
	    table, PERIOD_ARGS(context));

	if (e != ERR_OK)
		return e;
	while (result_next(r))
		export_facts_merge(&facts, &(struct export_facts){
					       .records = result_u64(r, 0),
					       .unknown = result_u64(r, 1),
					       .sampling_least = (uint32_t)result_u64(r, 2),
					       .sampling_most = (uint32_t)result_u64(r, 3),
					       .packet_most = (uint32_t)result_u64(r, 4),
					   });
	result_free(r);
	*ret_facts = facts;
	return ERR_OK;
}

uint64_t
export_count(const struct section_context *context)
{
	struct err_info ignored;
	uint64_t count = 0;
	struct result *r;

	/* The table is another analysis's, which may be off. */
	if (query_run(context->store, &r, &ignored,
		"SELECT count(DISTINCT exporter) AS n FROM exporters WHERE" PERIOD_SQL
		"AND records > 0",
		PERIOD_ARGS(context)) != ERR_OK)
		return 0;
	if (result_next(r))
		count = result_u64(r, 0);
	result_free(r);
	return count;
}

static void
rates_text(const struct export_facts *f, char *text, size_t size)
{
	char least[32], most[32];

	(void)text_count(f->sampling_least, least, sizeof least);
	(void)text_count(f->sampling_most, most, sizeof most);
	if (f->sampling_most == 0)
		(void)snprintf(text, size, "at an unknown sampling rate");
	else if (f->sampling_most == 1)
		(void)snprintf(text, size, "not sampled");
	else if (f->sampling_least == f->sampling_most)
		(void)snprintf(text, size, "sampled 1 in %s", most);
	else
		(void)snprintf(text, size, "sampled 1 in %s to 1 in %s", least, most);
}

char *
export_facts_text(const struct section_context *context, const struct export_facts *facts,
    char *text, size_t size)
{
	uint64_t exporters = export_count(context);
	char records[32], number[32], rates[96];

	rates_text(facts, rates, sizeof rates);
	(void)text_count(facts->records, records, sizeof records);
	if (exporters == 0)
		(void)snprintf(text, size, "%s flow records, %s", records, rates);
	else
		(void)snprintf(text, size, "%s flow records of %s exporter%s, %s", records,
		    text_count(exporters, number, sizeof number), exporters == 1 ? "" : "s", rates);
	return text;
}

void
export_facts_qualify(
    const struct section_context *context, const struct export_facts *facts, struct section *s)
{
	char text[160], unknown[32];

	if (facts->records == 0)
		return;
	section_quality(s, "It rests on %s.", export_facts_text(context, facts, text, sizeof text));
	if (facts->sampling_most > 1)
		section_quality(s,
		    "Volumes of sampled records are estimates: each count times the sampling rate "
		    "of its exporter.  What was never sampled is not there, so numbers of distinct "
		    "things and of flows are of what was seen, and are not scaled.");
	if (facts->unknown != 0)
		section_warn(s,
		    "The sampling rate of %s flow records is not known. They count once, so "
		    "volumes are too low if their exporter samples (settings "
		    "default_sampling, force_sampling).",
		    text_count(facts->unknown, unknown, sizeof unknown));
}

/* N - 1; 0 where nothing is sampled. */
static double
missing(const struct export_facts *facts)
{
	return facts->sampling_most > 1 ? (double)facts->sampling_most - 1 : 0;
}

double
export_octets_error(const struct export_facts *facts, double octets)
{
	double packet = greater(facts->packet_most, EXPORT_PACKET_MOST);

	return sqrt(missing(facts) * packet * octets);
}

double
export_packets_error(const struct export_facts *facts, double packets)
{
	return sqrt(missing(facts) * packets);
}

void
export_estimate_add(struct export_estimate *e, uint32_t sampling, uint64_t octets, uint64_t packets,
    uint64_t squares)
{
	double n = sampling != 0 ? (double)sampling : 1;

	e->octets = export_sum(e->octets, export_scaled(octets, (uint64_t)n));
	e->packets = export_sum(e->packets, export_scaled(packets, (uint64_t)n));
	e->variance += n * (n - 1) * (double)squares;
	e->most += n * (n - 1) * fmax((double)octets * EXPORT_PACKET_MOST, (double)squares);
	e->packet_variance += n * (n - 1) * (double)packets;
}
