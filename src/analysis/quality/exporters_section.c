/* SPDX-License-Identifier: ISC */
/*
 * The section of quality/exporters: who exported, how they sample, what was lost, and whether the
 * records add up to what the interfaces counted.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/exports.h"
#include "analysis/quality/exporters.h"
#include "base/xmalloc.h"
#include "base/zone.h"

/* Series of the figure of losses. */
#define SERIES_MOST 8

/* What a frame has and an IP packet has not: Ethernet's header and checksum. */
#define FRAME_OVERHEAD 18

/* Of the ratio, beside loss and sampling: framing that is not Ethernet's, flows that are open at
 * midnight, counters that are read at other times. */
#define RATIO_SLACK 0.01

struct totals {
	uint64_t exporters, messages, records;
	uint64_t unknown; /* records whose rate nobody said */
	uint64_t restarts, no_template_lost, malformed;
};

static double
share(uint64_t part, uint64_t whole)
{
	return whole != 0 ? (double)part / (double)whole : 0;
}

static json_t *
address_cell(const struct result *r, size_t column)
{
	struct address a = result_address(r, column);
	char text[ADDRESS_TEXT_SIZE];

	return json_string(address_format(&a, text));
}

/* ------------------------------------------------------------------ exporters and their rates */

static enum err
exporters_table(const struct section_context *c, struct section *section, struct totals *t,
    struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "exporter", "Exporter", "address", "" },
		{ "domain", "Domain", "number", "" },
		{ "protocol", "Protocol", "text", "" },
		{ "messages", "Messages", "count", "messages" },
		{ "records", "Records", "count", "records" },
		{ "lost", "Lost", "count", "" },
		{ "expected", "Expected", "count", "" },
		{ "unit", "of", "text", "" },
		{ "loss", "Share lost", "share", "" },
		{ "restarts", "Restarts", "count", "" },
		{ "reordered", "Late or twice", "count", "messages" },
		{ "no_template", "Sets before their template", "count", "sets" },
		{ "no_template_lost", "of them never read", "count", "sets" },
		{ "malformed", "Malformed", "count", "" },
		{ "source_drops", "Dropped by the agent", "count", "packets" },
	};
	struct address last = { .words = { 0, 0 } };
	struct section_table *table;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT exporter AS x, domain AS d, protocol AS p, unit AS u, sum(messages) AS m, "
	    "sum(records) AS n, sum(lost) AS l, sum(expected) AS e, sum(restarts) AS a, "
	    "sum(reordered) AS o, sum(no_template) AS t, sum(no_template_lost) AS tl, "
	    "sum(malformed) AS f, sum(source_drops) AS s FROM exporters WHERE" PERIOD_SQL
	    "GROUP BY x, d, p, u ORDER BY x, d, p, u",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	table = section_table(section, "exporters", "Exporters", COLUMNS, ARRAY_COUNT(COLUMNS));
	while (result_next(r)) {
		struct address exporter = result_address(r, 0);
		if (t->exporters == 0 || !address_equal(&exporter, &last))
			t->exporters++;
		last = exporter;
		t->messages += result_u64(r, 4);
		t->records += result_u64(r, 5);
		t->restarts += result_u64(r, 8);
		t->no_template_lost += result_u64(r, 11);
		t->malformed += result_u64(r, 12);
		section_row(table, address_cell(r, 0), json_count(result_u64(r, 1)),
		    json_string(result_text(r, 2)), json_count(result_u64(r, 4)),
		    json_count(result_u64(r, 5)), json_count(result_u64(r, 6)),
		    json_count(result_u64(r, 7)), json_string(result_text(r, 3)),
		    json_real(share(result_u64(r, 6), result_u64(r, 7))),
		    json_count(result_u64(r, 8)), json_count(result_u64(r, 9)),
		    json_count(result_u64(r, 10)), json_count(result_u64(r, 11)),
		    json_count(result_u64(r, 12)), json_count(result_u64(r, 13)), NULL);
	}
	result_free(r);
	section_table_note(table,
	    "Loss is in the unit that the protocol's sequence number counts: NetFlow v5 and IPFIX "
	    "count records, NetFlow v9 messages, sFlow datagrams. Expected includes what came.");
	return ERR_OK;
}

static enum err
rates_table(const struct section_context *c, struct section *section, struct totals *t,
    struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "exporter", "Exporter", "address", "" },
		{ "domain", "Domain", "number", "" },
		{ "sampling", "One packet in", "count", "" },
		{ "source", "Learnt from", "text", "" },
		{ "records", "Records", "count", "records" },
	};
	struct section_table *table = NULL;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT exporter AS x, domain AS d, sampling AS rate, source AS s, sum(records) AS n "
	    "FROM exporter_rates WHERE" PERIOD_SQL "GROUP BY x, d, rate, s ORDER BY x, d, rate, s",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		uint64_t rate = result_u64(r, 2), records = result_u64(r, 4);
		if (table == NULL)
			table = section_table(
			    section, "sampling", "Sampling rates", COLUMNS, ARRAY_COUNT(COLUMNS));
		if (rate == 0)
			t->unknown += records;
		section_row(table, address_cell(r, 0), json_count(result_u64(r, 1)),
		    rate != 0 ? json_count(rate) : json_null(), json_string(result_text(r, 3)),
		    json_count(records), NULL);
	}
	result_free(r);
	if (table != NULL)
		section_table_note(table,
		    "Learnt from: record, the record itself; selector, its sampler's options; "
		    "interface and options, options of the interface or of all; header, NetFlow "
		    "v5's; measured, sFlow's pool over its samples; configured and forced, the "
		    "operator. A dash: nobody said.");
	return ERR_OK;
}

/* ------------------------------------------------------------------ loss over time */

/* "192.0.2.1", or "192.0.2.1 domain 3" where it is not 0. */
static void
series_name(const struct result *r, char *text, size_t size)
{
	struct address a = result_address(r, 0);
	char address[ADDRESS_TEXT_SIZE];

	(void)address_format(&a, address);
	if (result_u64(r, 1) == 0)
		(void)snprintf(text, size, "%s", address);
	else
		(void)snprintf(
		    text, size, "%s domain %llu", address, (unsigned long long)result_u64(r, 1));
}

static enum err
loss_figure(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct section_figure *figure = NULL;
	char name[80], current[80] = "";
	json_t *points = NULL;
	unsigned series = 0;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT exporter AS x, domain AS d, window_begin AS t, sum(lost) AS l, "
	    "sum(expected) AS n FROM exporters WHERE" PERIOD_SQL
	    "GROUP BY x, d, t HAVING sum(expected) > 0 ORDER BY x, d, t",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		if (figure == NULL) {
			figure =
			    section_figure(section, FIGURE_TIME_SERIES, "loss", "Lost on the way");
			section_axis(figure, 'x', "time", "time", "ms");
			section_axis(figure, 'y', "share lost", "linear", "share");
			section_caption(figure,
			    "Share of what was expected by sequence numbers and did not come, for "
			    "each window (5 minutes unless set otherwise).");
		}
		series_name(r, name, sizeof name);
		if (points == NULL || strcmp(name, current) != 0) {
			if (series++ == SERIES_MOST)
				break;
			(void)snprintf(current, sizeof current, "%s", name);
			points = section_series(figure, name);
		}
		json_array_append_new(points, json_pack("[I,f]", (json_int_t)result_u64(r, 2),
						  share(result_u64(r, 3), result_u64(r, 4))));
	}
	result_free(r);
	if (series > SERIES_MOST)
		section_caption(figure,
		    "Share of what was expected by sequence numbers and did not come, for each "
		    "window; the first %d exporters and domains, the table has all.",
		    SERIES_MOST);
	return ERR_OK;
}

/* ------------------------------------------------------------------ records against interfaces */

/* One exporter, day, interface and direction. */
struct point {
	struct address exporter;
	uint64_t day, interface;
	bool egress;
	struct export_estimate estimate;
	uint64_t counted; /* octets of the interface's counter */
	bool has_counter;
};

struct points {
	struct point *list; /* owned */
	size_t count;
};

static int
compare_points(const void *a, const void *b)
{
	const struct point *x = a, *y = b;
	int order = address_compare(&x->exporter, &y->exporter);

	if (order != 0)
		return order;
	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->egress != y->egress)
		return x->egress ? 1 : -1;
	return x->interface < y->interface ? -1 : x->interface > y->interface;
}

static enum err
read_points(const struct section_context *c, struct points *p, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT exporter AS x, day AS t, direction AS way, interface AS i, sampling AS rate, "
	    "sum(octets) AS o, sum(packets) AS p, sum(squares) AS q FROM exporter_volume "
	    "WHERE" PERIOD_SQL "GROUP BY x, t, way, i, rate ORDER BY x, t, way, i, rate",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct point key = { .exporter = result_address(r, 0),
			.day = result_u64(r, 1),
			.egress = strcmp(result_text(r, 2), "egress") == 0,
			.interface = result_u64(r, 3) };
		if (p->count == 0 || compare_points(&p->list[p->count - 1], &key) != 0) {
			if ((p->count & (p->count - 1)) == 0)
				p->list = xrealloc_array(
				    p->list, p->count != 0 ? 2 * p->count : 1, sizeof *p->list);
			p->list[p->count++] = key;
		}
		export_estimate_add(&p->list[p->count - 1].estimate, (uint32_t)result_u64(r, 4),
		    result_u64(r, 5), result_u64(r, 6), result_u64(r, 7));
	}
	result_free(r);
	if (p->count != 0)
		qsort(p->list, p->count, sizeof *p->list, compare_points);
	return ERR_OK;
}

/* A window's counters belong to the day that exporter_volume gives the same window; days are local
 * and whole days of UTC need not be, so they are found by time. */
static uint64_t
day_of(const struct zone *zone, uint64_t ms)
{
	int64_t seconds = (int64_t)(ms / 1000);
	int64_t east = zone_at(zone, seconds).east;
	int64_t midnight = floor_div(seconds + east, 86400) * 86400 - east;

	midnight += east - zone_at(zone, midnight).east;
	return midnight > 0 ? (uint64_t)midnight * 1000 : 0;
}

static void
add_counter(struct points *p, const struct point *key, uint64_t octets)
{
	struct point *found =
	    p->count != 0 ? bsearch(key, p->list, p->count, sizeof *p->list, compare_points) : NULL;

	if (found == NULL)
		return;
	found->counted = export_sum(found->counted, octets);
	found->has_counter = true;
}

static enum err
read_counters(const struct section_context *c, struct points *p, uint64_t *ret_interfaces,
    struct err_info *info)
{
	struct zone *zone = NULL;
	struct result *r;
	enum err e = zone_open(c->site->time_zone, &zone, info);

	if (e != ERR_OK)
		return e;
	*ret_interfaces = 0;
	e = query_run(c->store, &r, info,
	    "SELECT exporter AS x, interface AS i, window_begin AS t, sum(in_octets) AS a, "
	    "sum(out_octets) AS b FROM interface_counters WHERE" PERIOD_SQL
	    "GROUP BY x, i, t ORDER BY x, i, t",
	    PERIOD_ARGS(c));
	while (e == ERR_OK && result_next(r)) {
		struct point key = { .exporter = result_address(r, 0),
			.interface = result_u64(r, 1),
			.day = day_of(zone, result_u64(r, 2)) };
		(*ret_interfaces)++;
		add_counter(p, &key, result_u64(r, 3));
		key.egress = true;
		add_counter(p, &key, result_u64(r, 4));
	}
	if (e == ERR_OK)
		result_free(r);
	zone_close(zone);
	return e;
}

/* An exporter's day: records against counters, over the interfaces that have both. */
struct day {
	struct export_estimate all;     /* records of all interfaces */
	struct export_estimate checked; /* of those with counters */
	uint64_t counted;
	unsigned interfaces, checked_interfaces;
};

static void
add_estimate(struct export_estimate *e, const struct export_estimate *one)
{
	e->octets = export_sum(e->octets, one->octets);
	e->packets = export_sum(e->packets, one->packets);
	e->variance += one->variance;
	e->most += one->most;
	e->packet_variance += one->packet_variance;
}

static void
add_point(struct day *d, const struct point *p)
{
	add_estimate(&d->all, &p->estimate);
	d->interfaces++;
	if (!p->has_counter)
		return;
	add_estimate(&d->checked, &p->estimate);
	d->counted = export_sum(d->counted, p->counted);
	d->checked_interfaces++;
}

/* What was lost of an exporter's records, over the period. */
static enum err
read_loss(const struct section_context *c, const struct address *exporter, double *ret_loss,
    struct err_info *info)
{
	char hex[2 * sizeof exporter->octets + 1];
	struct result *r;
	enum err e;

	for (size_t i = 0; i < sizeof exporter->octets; i++)
		(void)snprintf(hex + 2 * i, 3, "%02X", exporter->octets[i]);
	e = query_run(c->store, &r, info,
	    "SELECT sum(lost) AS l, sum(expected) AS n FROM exporters WHERE" PERIOD_SQL
	    "AND hex(exporter) = '%s'",
	    PERIOD_ARGS(c), hex);
	*ret_loss = 0;
	if (e != ERR_OK)
		return e;
	if (result_next(r))
		*ret_loss = share(result_u64(r, 0), result_u64(r, 1));
	result_free(r);
	return ERR_OK;
}

static const struct section_column DAY_COLUMNS[] = {
	{ "exporter", "Exporter", "address", "" },
	{ "day", "Day", "time", "ms" },
	{ "octets", "Octets by records", "octets", "octets" },
	{ "octets_error", "Standard error", "octets", "octets" },
	{ "loss", "Share lost", "share", "" },
	{ "octets_corrected", "Octets with the lost ones", "octets", "octets" },
	{ "interfaces", "Interfaces", "count", "" },
	{ "interfaces_counted", "with counters", "count", "" },
	{ "interface_octets", "Octets they counted", "octets", "octets" },
	{ "ratio", "Records over counters", "number", "" },
	{ "tolerance", "Expected: 1 ±", "number", "" },
	{ "verdict", "Verdict", "text", "" },
};

static const char *
verdict_of(double ratio, double tolerance)
{
	if (ratio > 1 + tolerance)
		return "too much: the sampling rate is too high, or packets are metered twice";
	if (ratio < 1 - tolerance)
		return "too little: the sampling rate is too low, or not all traffic is metered";
	return "agrees";
}

/* Returns whether the day disagrees. */
static bool
day_row(struct section_table *table, const struct point *p, const struct day *d, double loss)
{
	double frames = (double)d->checked.octets + FRAME_OVERHEAD * (double)d->checked.packets;
	double ratio = d->counted != 0 ? frames / (double)d->counted : 0;
	double tolerance =
	    loss + 4 * sqrt(d->checked.most) / fmax(1, (double)d->checked.octets) + RATIO_SLACK;
	bool checked = d->checked_interfaces != 0 && d->counted != 0;
	const char *verdict = checked ? verdict_of(ratio, tolerance) : "no counters";
	char address[ADDRESS_TEXT_SIZE];

	section_row(table, json_string(address_format(&p->exporter, address)), json_count(p->day),
	    json_count(d->all.octets), json_count((uint64_t)ceil(sqrt(d->all.variance))),
	    json_real(loss),
	    json_count(loss < 1 ? (uint64_t)((double)d->all.octets / (1 - loss)) : d->all.octets),
	    json_count(d->interfaces), json_count(d->checked_interfaces),
	    checked ? json_count(d->counted) : json_null(),
	    checked ? json_real(ratio) : json_null(), checked ? json_real(tolerance) : json_null(),
	    json_string(verdict), NULL);
	return checked && strcmp(verdict, "agrees") != 0;
}

static enum err
print_days(const struct section_context *c, struct section *section, const struct points *p,
    struct err_info *info)
{
	struct section_table *table = section_table(section, "days",
	    "Records against interface counters", DAY_COLUMNS, ARRAY_COUNT(DAY_COLUMNS));
	unsigned wrong = 0;
	double loss = 0;
	enum err e = ERR_OK;
	size_t end;

	for (size_t i = 0; i < p->count && e == ERR_OK; i = end) {
		const struct point *first = &p->list[i];
		struct day day = { .interfaces = 0 };
		if (i == 0 || !address_equal(&first->exporter, &p->list[i - 1].exporter))
			e = read_loss(c, &first->exporter, &loss, info);
		for (end = i; end < p->count && p->list[end].day == first->day &&
			      address_equal(&p->list[end].exporter, &first->exporter);
		     end++)
			add_point(&day, &p->list[end]);
		wrong += day_row(table, first, &day, loss);
	}
	section_table_note(table,
	    "Over the interfaces that have both records and counters. Records count IP packets, "
	    "counters whole frames, so %d octets are added for each packet. The expected ratio is "
	    "1 "
	    "± (share lost + 4 √(N b / V) + %.2g), with packets of %d octets for b.",
	    FRAME_OVERHEAD, RATIO_SLACK, EXPORT_PACKET_MOST);
	if (wrong != 0)
		section_warn(section,
		    "On %u exporter-days the records do not add up to what the interfaces counted: "
		    "a sampling rate is wrong, or not all interfaces are metered, or some packets "
		    "twice.",
		    wrong);
	return e;
}

static enum err
check_days(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct points points = { .list = NULL };
	uint64_t interfaces = 0;
	enum err e = read_points(c, &points, info);

	if (e == ERR_OK)
		e = read_counters(c, &points, &interfaces, info);
	if (e == ERR_OK && points.count != 0)
		e = print_days(c, section, &points, info);
	if (e == ERR_OK && interfaces == 0)
		section_quality(section,
		    "No exporter sent interface counters, so nothing here tells whether the "
		    "records are complete.");
	free(points.list);
	return e;
}

/* ------------------------------------------------------------------ words */

static void
say(struct section *section, const struct totals *t)
{
	char exporters[32], records[32], messages[32], unknown[32];

	section_say(section, "%s exporter%s sent %s flow records in %s messages.",
	    text_count(t->exporters, exporters, sizeof exporters), t->exporters == 1 ? "" : "s",
	    text_count(t->records, records, sizeof records),
	    text_count(t->messages, messages, sizeof messages));
	if (t->unknown != 0)
		section_warn(section,
		    "The sampling rate of %s of %s flow records is not known. They count once, so "
		    "all volumes are too low if their exporters sample (settings "
		    "default_sampling, force_sampling).",
		    text_count(t->unknown, unknown, sizeof unknown), records);
	if (t->no_template_lost != 0)
		section_say(section,
		    "%s sets of data were never read because their template did not come.",
		    text_count(t->no_template_lost, unknown, sizeof unknown));
	if (t->restarts != 0)
		section_say(section, "Exporters began to count anew %s time%s.",
		    text_count(t->restarts, unknown, sizeof unknown), t->restarts == 1 ? "" : "s");
	if (t->malformed != 0)
		section_say(section, "%s messages or sets could not be read to their end.",
		    text_count(t->malformed, unknown, sizeof unknown));
}

enum err
exporters_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct totals t = { 0 };
	enum err e = exporters_table(c, section, &t, info);

	if (e == ERR_OK && t.exporters == 0)
		return ERR_END;
	if (e == ERR_OK)
		e = rates_table(c, section, &t, info);
	if (e == ERR_OK)
		e = loss_figure(c, section, info);
	if (e == ERR_OK)
		e = check_days(c, section, info);
	if (e != ERR_OK)
		return e;
	say(section, &t);
	section_define(section,
	    "An exporter is what sends flow records: the source address of its datagrams, with the "
	    "observation domain, source ID or sub-agent that it gives. What was lost is what "
	    "sequence numbers say was sent and did not come. A record counts where its packets "
	    "were metered: at the interface where they entered, or where they left if the exporter "
	    "says so.");
	return ERR_OK;
}
