/* SPDX-License-Identifier: ISC */
/*
 * What is known of the exporters: how much they sent, how much was lost on the way, how they
 * sample, what their interfaces counted, and whether their records agree with that.
 *
 * Consumes the reports about exporters, differences of interface counters, and records, of which it
 * keeps the volume by exporter, interface and sampling rate.  A record was metered where it entered
 * (its ingress interface) or, with direction egress, where it left.
 */
#include "analysis/quality/exporters.h"

#include <stdlib.h>

#include "analysis/exports.h"
#include "analysis/ledger.h"
#include "base/zone.h"

/* Entries of each table; what is beyond them counts under exporter ::, as one. */
#define MOST_ENTRIES 65536

/* Values of an entry of reports; all are summed but the last two. */
enum {
	REPORT_MESSAGES,
	REPORT_OCTETS,
	REPORT_RECORDS,
	REPORT_OPTIONS,
	REPORT_TEMPLATES,
	REPORT_LOST,
	REPORT_EXPECTED,
	REPORT_RESTARTS,
	REPORT_REORDERED,
	REPORT_NO_TEMPLATE,
	REPORT_NO_TEMPLATE_LOST,
	REPORT_MALFORMED,
	REPORT_SOURCE_DROPS,
	REPORT_FIRST, /* the least; as nanoseconds since 1970 */
	REPORT_LAST,  /* the greatest */
	REPORT_VALUES,
};

/* Of an interface's counters. */
enum {
	INTERFACE_IN_OCTETS,
	INTERFACE_OUT_OCTETS,
	INTERFACE_IN_PACKETS,
	INTERFACE_OUT_PACKETS,
	INTERFACE_READINGS,
	INTERFACE_SPEED, /* the greatest */
	INTERFACE_BEGIN, /* the least */
	INTERFACE_END,   /* the greatest */
	INTERFACE_VALUES,
};

/* Of records: raw. */
enum {
	VOLUME_PACKETS,
	VOLUME_OCTETS,
	VOLUME_SQUARES,
	VOLUME_RECORDS,
	VOLUME_VALUES,
};

struct state {
	struct ledger reports;    /* by exporter, domain, protocol and unit */
	struct ledger rates;      /* by exporter, domain, rate and its source: one value, records */
	struct ledger interfaces; /* by exporter and interface */
	struct ledger volumes;    /* by exporter, interface, direction and sampling rate */
	struct zone *zone;        /* owned */
};

static enum err
exporters_init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	struct state *s = opaque;
	const char *zone = context->site->time_zone;

	ledger_init(&s->reports, REPORT_VALUES, MOST_ENTRIES, &context->secret);
	ledger_init(&s->rates, 1, MOST_ENTRIES, &context->secret);
	ledger_init(&s->interfaces, INTERFACE_VALUES, MOST_ENTRIES, &context->secret);
	ledger_init(&s->volumes, VOLUME_VALUES, MOST_ENTRIES, &context->secret);
	return zone != NULL ? zone_open(zone, &s->zone, info) : ERR_OK;
}

static void
exporters_release(void *opaque)
{
	struct state *s = opaque;

	ledger_release(&s->reports);
	ledger_release(&s->rates);
	ledger_release(&s->interfaces);
	ledger_release(&s->volumes);
	zone_close(s->zone);
}

static void
exporters_clear(void *opaque)
{
	struct state *s = opaque;

	ledger_clear(&s->reports);
	ledger_clear(&s->rates);
	ledger_clear(&s->interfaces);
	ledger_clear(&s->volumes);
}

/* ------------------------------------------------------------------ observing */

static struct ledger_key
key_of(const struct address *exporter, uint64_t high, uint64_t low, uint64_t last)
{
	return (struct ledger_key){ { exporter->words[0], exporter->words[1], high << 32 | low,
	    last } };
}

/* Adds values of which from `least` on one is the least, and from `greatest` on all are the
 * greatest; 0 of the least means none. */
static void
add_values(uint64_t *into, const uint64_t *from, unsigned count, unsigned least, unsigned greatest)
{
	for (unsigned i = 0; i < count; i++) {
		if (i == least)
			into[i] =
			    into[i] == 0 || (from[i] != 0 && from[i] < into[i]) ? from[i] : into[i];
		else if (i == greatest)
			into[i] = from[i] > into[i] ? from[i] : into[i];
		else
			into[i] = export_sum(into[i], from[i]);
	}
}

static void
add_report(uint64_t *into, const uint64_t *from)
{
	add_values(into, from, REPORT_VALUES, REPORT_FIRST, REPORT_LAST);
}

static void
add_interface(uint64_t *into, const uint64_t *from)
{
	uint64_t speed = into[INTERFACE_SPEED] > from[INTERFACE_SPEED] ? into[INTERFACE_SPEED]
								       : from[INTERFACE_SPEED];

	add_values(into, from, INTERFACE_VALUES, INTERFACE_BEGIN, INTERFACE_END);
	into[INTERFACE_SPEED] = speed;
}

static void
add_volume(uint64_t *into, const uint64_t *from)
{
	for (unsigned i = 0; i < VOLUME_VALUES; i++)
		into[i] = export_sum(into[i], from[i]);
}

static void
add_rate(uint64_t *into, const uint64_t *from)
{
	into[0] = export_sum(into[0], from[0]);
}

/* A time as a value: there was nothing before 1970. */
static uint64_t
time_value(nsec_t time)
{
	return time > 0 ? (uint64_t)time : 0;
}

static void
observe_report(struct state *s, const struct exporter_report *r)
{
	const uint64_t values[REPORT_VALUES] = {
		[REPORT_MESSAGES] = r->messages,
		[REPORT_OCTETS] = r->octets,
		[REPORT_RECORDS] = r->records,
		[REPORT_OPTIONS] = r->options_records,
		[REPORT_TEMPLATES] = r->templates,
		[REPORT_LOST] = r->lost,
		[REPORT_EXPECTED] = r->expected,
		[REPORT_RESTARTS] = r->restarts,
		[REPORT_REORDERED] = r->reordered,
		[REPORT_NO_TEMPLATE] = r->no_template,
		[REPORT_NO_TEMPLATE_LOST] = r->no_template_lost,
		[REPORT_MALFORMED] = r->malformed,
		[REPORT_SOURCE_DROPS] = r->source_drops,
		[REPORT_FIRST] = time_value(r->first),
		[REPORT_LAST] = time_value(r->last),
	};
	struct ledger_key key =
	    key_of(&r->exporter, r->domain, (uint64_t)r->protocol << 8 | r->unit, 0);

	add_report(ledger_at(&s->reports, &key), values);
	for (unsigned i = 0; i < EXPORTER_RATES; i++) {
		const struct exporter_rate *rate = &r->rates[i];
		if (rate->records == 0)
			continue;
		key = key_of(&r->exporter, r->domain, rate->source, rate->rate);
		add_rate(ledger_at(&s->rates, &key), &rate->records);
	}
}

static void
observe_interface(struct state *s, const struct interface_sample *i)
{
	const uint64_t values[INTERFACE_VALUES] = {
		[INTERFACE_IN_OCTETS] = i->in_octets,
		[INTERFACE_OUT_OCTETS] = i->out_octets,
		[INTERFACE_IN_PACKETS] = i->in_packets,
		[INTERFACE_OUT_PACKETS] = i->out_packets,
		[INTERFACE_READINGS] = 1,
		[INTERFACE_SPEED] = i->speed,
		[INTERFACE_BEGIN] = time_value(i->begin),
		[INTERFACE_END] = time_value(i->end),
	};
	struct ledger_key key = key_of(&i->exporter, i->interface, 0, 0);

	add_interface(ledger_at(&s->interfaces, &key), values);
}

static void
observe_record(struct state *s, const struct flow_record *r)
{
	const struct flow *f = &r->flow;
	bool egress = r->direction == RECORD_EGRESS;
	struct ledger_key key = key_of(&r->exporter,
	    egress ? r->egress_interface : r->ingress_interface, r->direction, r->sampling);
	uint64_t *values = ledger_at(&s->volumes, &key);

	for (unsigned d = 0; d < 2; d++) {
		values[VOLUME_PACKETS] = export_sum(values[VOLUME_PACKETS], f->packets[d]);
		values[VOLUME_OCTETS] = export_sum(values[VOLUME_OCTETS], f->octets[d]);
		values[VOLUME_SQUARES] =
		    export_sum(values[VOLUME_SQUARES], record_squares(f->octets[d], f->packets[d]));
	}
	values[VOLUME_RECORDS]++;
}

static void
exporters_observe(void *opaque, const struct batch *batch)
{
	struct state *s = opaque;

	for (size_t i = 0; i < batch->count; i++) {
		if (batch->type == OBS_RECORD)
			observe_record(s, batch->records[i]);
		else if (batch->type == OBS_EXPORTER)
			observe_report(s, &batch->exporters[i]);
		else
			observe_interface(s, &batch->interfaces[i]);
	}
}

static void
merge_ledger(struct ledger *into, const struct ledger *from,
    void (*add)(uint64_t *into, const uint64_t *from))
{
	for (size_t i = 0; i < from->count; i++) {
		uint64_t *entry = ledger_entry(from, i);
		add(ledger_at(into, ledger_key_of(entry)), ledger_values_of(entry));
	}
}

static void
exporters_merge(void *into_opaque, const void *from_opaque)
{
	struct state *into = into_opaque;
	const struct state *from = from_opaque;

	merge_ledger(&into->reports, &from->reports, add_report);
	merge_ledger(&into->rates, &from->rates, add_rate);
	merge_ledger(&into->interfaces, &from->interfaces, add_interface);
	merge_ledger(&into->volumes, &from->volumes, add_volume);
}

/* ------------------------------------------------------------------ rows */

static const char *
protocol_text(uint64_t protocol)
{
	switch (protocol) {
	case EXPORT_NETFLOW5: return "netflow5";
	case EXPORT_NETFLOW9: return "netflow9";
	case EXPORT_IPFIX: return "ipfix";
	case EXPORT_SFLOW5: return "sflow5";
	case EXPORT_TEXT: return "text";
	default: return "other";
	}
}

static const char *
unit_text(uint64_t unit)
{
	static const char *const names[] = { [SEQUENCE_RECORDS] = "records",
		[SEQUENCE_MESSAGES] = "messages",
		[SEQUENCE_DATAGRAMS] = "datagrams" };

	return unit < ARRAY_COUNT(names) ? names[unit] : "other";
}

static const char *
source_text(uint64_t source)
{
	static const char *const names[] = { [SAMPLING_UNKNOWN] = "unknown",
		[SAMPLING_FORCED] = "forced",
		[SAMPLING_RECORD] = "record",
		[SAMPLING_SELECTOR] = "selector",
		[SAMPLING_INTERFACE] = "interface",
		[SAMPLING_OPTIONS] = "options",
		[SAMPLING_HEADER] = "header",
		[SAMPLING_MEASURED] = "measured",
		[SAMPLING_CONFIGURED] = "configured" };

	return source < ARRAY_COUNT(names) ? names[source] : "other";
}

/* An entry's exporter into the first column; returns the values. */
static const uint64_t *
put_exporter(struct rows *rows, uint64_t *entry)
{
	struct address exporter = { .words = { entry[0], entry[1] } };

	rows_address(rows, 0, &exporter);
	return ledger_values_of(entry);
}

static void
yield_reports(const struct ledger *ledger, struct rows *rows)
{
	uint64_t **list = ledger_sorted(ledger);

	for (size_t i = 0; i < ledger->count; i++) {
		const uint64_t *values = put_exporter(rows, list[i]);
		uint64_t word = ledger_key_of(list[i])->words[2];
		rows_u64(rows, 1, word >> 32);
		rows_text(rows, 2, protocol_text(word >> 8 & 0xff));
		rows_text(rows, 3, unit_text(word & 0xff));
		for (unsigned k = 0; k < REPORT_FIRST; k++)
			rows_u64(rows, 4 + k, values[k]);
		rows_time(rows, 4 + REPORT_FIRST, (nsec_t)values[REPORT_FIRST]);
		rows_time(rows, 4 + REPORT_LAST, (nsec_t)values[REPORT_LAST]);
		rows_next(rows);
	}
	free(list);
}

static void
yield_rates(const struct ledger *ledger, struct rows *rows)
{
	uint64_t **list = ledger_sorted(ledger);

	for (size_t i = 0; i < ledger->count; i++) {
		const uint64_t *values = put_exporter(rows, list[i]);
		const struct ledger_key *key = ledger_key_of(list[i]);
		rows_u64(rows, 1, key->words[2] >> 32);
		rows_u64(rows, 2, key->words[3]);
		rows_text(rows, 3, source_text(key->words[2] & 0xff));
		rows_u64(rows, 4, values[0]);
		rows_next(rows);
	}
	free(list);
}

static void
yield_interfaces(const struct ledger *ledger, struct rows *rows)
{
	uint64_t **list = ledger_sorted(ledger);

	for (size_t i = 0; i < ledger->count; i++) {
		const uint64_t *values = put_exporter(rows, list[i]);
		rows_u64(rows, 1, ledger_key_of(list[i])->words[2] >> 32);
		rows_time(rows, 2, (nsec_t)values[INTERFACE_BEGIN]);
		rows_time(rows, 3, (nsec_t)values[INTERFACE_END]);
		for (unsigned k = 0; k <= INTERFACE_SPEED; k++)
			rows_u64(rows, 4 + k, values[k]);
		rows_next(rows);
	}
	free(list);
}

/* Local midnight before a time. */
static nsec_t
day_of(const struct zone *zone, nsec_t time)
{
	int64_t seconds = floor_div(time, NSEC_PER_SEC);
	int64_t east = zone_at(zone, seconds).east;
	int64_t midnight = floor_div(seconds + east, 86400) * 86400 - east;

	/* The offset may have been another one at midnight. */
	midnight += east - zone_at(zone, midnight).east;
	return midnight * NSEC_PER_SEC;
}

static void
yield_volumes(const struct state *s, const struct window *window, struct rows *rows)
{
	uint64_t **list = ledger_sorted(&s->volumes);
	nsec_t day = day_of(s->zone, window->begin);

	for (size_t i = 0; i < s->volumes.count; i++) {
		const uint64_t *values = put_exporter(rows, list[i]);
		const struct ledger_key *key = ledger_key_of(list[i]);
		rows_time(rows, 1, day);
		rows_u64(rows, 2, key->words[2] >> 32);
		rows_text(rows, 3, (key->words[2] & 0xff) == RECORD_EGRESS ? "egress" : "ingress");
		rows_u64(rows, 4, key->words[3]);
		for (unsigned k = 0; k < VOLUME_VALUES; k++)
			rows_u64(rows, 5 + k, values[k]);
		rows_next(rows);
	}
	free(list);
}

static void
exporters_finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	const struct state *s = opaque;

	yield_reports(&s->reports, sink->tables[0]);
	yield_rates(&s->rates, sink->tables[1]);
	yield_interfaces(&s->interfaces, sink->tables[2]);
	yield_volumes(s, window, sink->tables[3]);
}

static const struct column REPORT_COLUMNS[] = {
	{ "exporter", COLUMN_ADDRESS, "" },
	{ "domain", COLUMN_U32, "" },
	{ "protocol", COLUMN_TEXT, "" },
	{ "unit", COLUMN_TEXT, "" },
	{ "messages", COLUMN_U64, "messages" },
	{ "octets", COLUMN_U64, "octets" },
	{ "records", COLUMN_U64, "records" },
	{ "options_records", COLUMN_U64, "records" },
	{ "templates", COLUMN_U64, "templates" },
	{ "lost", COLUMN_U64, "" },
	{ "expected", COLUMN_U64, "" },
	{ "restarts", COLUMN_U64, "" },
	{ "reordered", COLUMN_U64, "messages" },
	{ "no_template", COLUMN_U64, "sets" },
	{ "no_template_lost", COLUMN_U64, "sets" },
	{ "malformed", COLUMN_U64, "" },
	{ "source_drops", COLUMN_U64, "packets" },
	{ "first_message", COLUMN_TIME, "ms" },
	{ "last_message", COLUMN_TIME, "ms" },
};

static_assert(ARRAY_COUNT(REPORT_COLUMNS) == 4 + REPORT_VALUES, "a column for each value");

static const struct column RATE_COLUMNS[] = {
	{ "exporter", COLUMN_ADDRESS, "" },
	{ "domain", COLUMN_U32, "" },
	{ "sampling", COLUMN_U32, "" },
	{ "source", COLUMN_TEXT, "" },
	{ "records", COLUMN_U64, "records" },
};

static const struct column INTERFACE_COLUMNS[] = {
	{ "exporter", COLUMN_ADDRESS, "" },
	{ "interface", COLUMN_U32, "" },
	{ "counted_from", COLUMN_TIME, "ms" },
	{ "counted_until", COLUMN_TIME, "ms" },
	{ "in_octets", COLUMN_U64, "octets" },
	{ "out_octets", COLUMN_U64, "octets" },
	{ "in_packets", COLUMN_U64, "packets" },
	{ "out_packets", COLUMN_U64, "packets" },
	{ "readings", COLUMN_U64, "" },
	{ "speed", COLUMN_U64, "bps" },
};

static const struct column VOLUME_COLUMNS[] = {
	{ "exporter", COLUMN_ADDRESS, "" },
	{ "day", COLUMN_TIME, "ms" },
	{ "interface", COLUMN_U32, "" },
	{ "direction", COLUMN_TEXT, "" },
	{ "sampling", COLUMN_U32, "" },
	{ "packets", COLUMN_U64, "packets" },
	{ "octets", COLUMN_U64, "octets" },
	{ "squares", COLUMN_U64, "" },
	{ "records", COLUMN_U64, "records" },
};

static const struct table TABLES[] = {
	{ "exporters", "What came from each exporter and observation domain, and what was lost",
	    REPORT_COLUMNS, ARRAY_COUNT(REPORT_COLUMNS) },
	{ "exporter_rates", "Records by sampling rate and where it was learnt", RATE_COLUMNS,
	    ARRAY_COUNT(RATE_COLUMNS) },
	{ "interface_counters", "How much the counters of interfaces went up", INTERFACE_COLUMNS,
	    ARRAY_COUNT(INTERFACE_COLUMNS) },
	{ "exporter_volume", "Raw volumes of records by exporter, day and metering interface",
	    VOLUME_COLUMNS, ARRAY_COUNT(VOLUME_COLUMNS) },
};

const struct analysis analysis_quality_exporters = {
	.name = "quality/exporters",
	.title = "Exporters",
	.consumes = OBS_EXPORTER | OBS_INTERFACE | OBS_RECORD,
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct state),
	.init = exporters_init,
	.release = exporters_release,
	.clear = exporters_clear,
	.observe = exporters_observe,
	.merge = exporters_merge,
	.finish = exporters_finish,
	.section = exporters_section,
};
