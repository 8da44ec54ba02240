/* SPDX-License-Identifier: ISC */
/*
 * Attempts to poison caches: forged answers sent at a resolver in the hope that one has the id and
 * the port of a query that waits.
 *
 * The matcher (flow/dns_match.c, flow/dns_watch.c) says of each response what it resembles.  Here
 * these are added up by resolver, registrable domain and 10 s; beside them stands what prepares a
 * forged answer and is seen in packets only (poisoning_probe.c).  Thresholds are applied in the
 * section, where stretches that follow each other are put together.
 *
 * Messages seen in packets only: a resolver's own log (dnstap) has no answers that it refused.
 */
#include "analysis/dns/poisoning.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/dns/poisoning_probe.h"
#include "analysis/dns/poisoning_race.h"
#include "net/dns.h"

#define MOST_RACES 256 /* in one of 8 shards and window */
#define MOST_ROWS  256 /* of a window */

struct facts {
	uint64_t responses;
	uint64_t match[DNS_MATCH_COUNT];
	uint64_t elsewhere; /* responses that were not seen in packets */
	uint64_t lost, records, evicted;
};

struct state {
	struct heavy races;
	struct probes probes;
	struct facts facts;
};

static const struct setting SETTINGS[] = {
	{ "query_forged", SETTING_U64, "10", "2", "1000000",
	    "forged answers at one query that make an attempt" },
	{ "zone_forged", SETTING_U64, "100", "2", "1000000000",
	    "forged answers for one zone within 10 s that make an attempt" },
	{ "siblings", SETTING_U64, "5", "2", "1000",
	    "names of one zone within 10 s that make it Kaminsky's attack" },
	{ "closed_ports", SETTING_U64, "256", "2", "65536",
	    "closed ports of a resolver probed within 10 s" },
	{ "probe_rate", SETTING_U64, "100", "1", "1000000", "probes a second" },
	{ "orphan_fragments", SETTING_U64, "16", "1", "1000000",
	    "later fragments without a first one, from one DNS server within 10 s" },
	{ "loss", SETTING_F64, "0.001", "0", "1",
	    "share of packets lost by the capture above which an attempt is inconclusive" },
};

static enum err
poisoning_init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	struct state *s = opaque;

	(void)info;
	heavy_init(&s->races, sizeof(struct race), RACE_KEY_WORDS, MOST_RACES, race_weight,
	    &context->secret);
	probes_init(&s->probes, &context->secret);
	return ERR_OK;
}

static void
poisoning_release(void *opaque)
{
	struct state *s = opaque;

	heavy_release(&s->races);
	probes_release(&s->probes);
}

static void
poisoning_clear(void *opaque)
{
	struct state *s = opaque;

	heavy_clear(&s->races);
	probes_clear(&s->probes);
	s->facts = (struct facts){ 0 };
}

static void
observe_message(struct state *s, const struct dns_message *m)
{
	if (m->view != DNS_VIEW_WIRE) {
		s->facts.elsewhere += (m->flags & DNS_RESPONSE) != 0;
		return;
	}
	probes_message(&s->probes, m);
	if ((m->flags & DNS_RESPONSE) == 0)
		return;
	s->facts.responses++;
	s->facts.match[m->match < DNS_MATCH_COUNT ? m->match : DNS_MATCH_NONE]++;
	if (race_wants(m))
		race_add(&s->races, m);
}

static void
observe_counters(struct state *s, const struct obs_counters *c)
{
	s->facts.records += c->records;
	s->facts.lost += c->drops.count[DROP_CAPTURE_LOST];
	s->facts.evicted += c->drops.count[DROP_DNS_WATCH_EVICTED];
}

static void
poisoning_observe(void *opaque, const struct batch *batch)
{
	struct state *s = opaque;

	switch (batch->type) {
	case OBS_PACKET:
		for (size_t i = 0; i < batch->count; i++)
			probes_packet(&s->probes, batch->packets[i]);
		break;
	case OBS_DNS:
		for (size_t i = 0; i < batch->count; i++)
			observe_message(s, batch->dns[i]);
		break;
	case OBS_COUNTERS: observe_counters(s, batch->counters); break;
	default: break;
	}
}

static void
poisoning_merge(void *into_opaque, const void *from_opaque)
{
	struct state *into = into_opaque;
	const struct state *from = from_opaque;

	heavy_widen(&into->races, &from->races);
	for (size_t i = 0; i < from->races.count; i++)
		race_merge(&into->races, heavy_record(&from->races, i));
	probes_merge(&into->probes, &from->probes);
	into->facts.responses += from->facts.responses;
	for (size_t i = 0; i < DNS_MATCH_COUNT; i++)
		into->facts.match[i] += from->facts.match[i];
	into->facts.elsewhere += from->facts.elsewhere;
	into->facts.lost += from->facts.lost;
	into->facts.records += from->facts.records;
	into->facts.evicted += from->facts.evicted;
}

/* ------------------------------------------------------------------ rows */

static int
compare_weight(const void *a, const void *b)
{
	uint64_t x = race_weight(*(const struct race *const *)a);
	uint64_t y = race_weight(*(const struct race *const *)b);

	if (x != y)
		return x > y ? -1 : 1;
	return race_compare(a, b);
}

static void
put_race(const struct race *r, struct rows *rows)
{
	char text[DNS_NAME_TEXT_SIZE];
	size_t at = r->site_offset < r->name_size ? r->site_offset : 0;
	size_t c = 0;

	rows_time(rows, c++, (nsec_t)r->slot * POISONING_SLOT);
	rows_time(rows, c++, r->forged_first != 0 ? r->forged_first : r->first);
	rows_time(rows, c++, r->forged_first != 0 ? r->forged_last : r->last);
	rows_address(rows, c++, &r->resolver);
	rows_address(rows, c++, &r->server);
	rows_text(rows, c++, dns_name_text(r->name + at, r->name_size - at, text));
	rows_text(rows, c++, dns_name_text(r->name, r->name_size, text));
	rows_u64(rows, c++, (uint64_t)llround(race_distinct(r->names, RACE_NAME_WORDS)));
	rows_u64(rows, c++, r->wrong_id);
	rows_u64(rows, c++, r->wrong_port);
	rows_u64(rows, c++, r->wrong_case);
	rows_u64(rows, c++, r->wrong_question);
	rows_u64(rows, c++, r->windows);
	rows_u64(rows, c++, r->windows_full);
	rows_u64(rows, c++, r->most);
	rows_blob(rows, c++, r->ports, r->windows != 0 ? sizeof r->ports : 0);
	rows_u64(rows, c++, r->seconds);
	rows_u64(rows, c++, r->seconds_ttl);
	rows_u64(rows, c++, r->raced);
	rows_u64(rows, c++, (uint64_t)r->gap_least);
	dns_samples_put(&r->forged, rows, c++);
	dns_samples_put(&r->second, rows, c);
	rows_next(rows);
}

static void
put_races(const struct heavy *races, struct rows *rows)
{
	const void **list = heavy_sorted(races, compare_weight);

	for (size_t i = 0; i < races->count && i < MOST_ROWS; i++)
		put_race(list[i], rows);
	free(list);
}

static void
put_facts(const struct state *s, struct rows *rows)
{
	static const enum dns_match SHOWN[] = { DNS_MATCHED, DNS_DUPLICATE, DNS_SECOND_ANSWER,
		DNS_LATE, DNS_WRONG_ID, DNS_WRONG_PORT, DNS_WRONG_CASE, DNS_WRONG_QUESTION,
		DNS_UNSOLICITED };
	size_t c = 0;

	rows_u64(rows, c++, s->facts.responses);
	for (size_t i = 0; i < ARRAY_COUNT(SHOWN); i++)
		rows_u64(rows, c++, s->facts.match[SHOWN[i]]);
	rows_u64(rows, c++, s->facts.elsewhere);
	rows_u64(rows, c++, s->facts.records);
	rows_u64(rows, c++, s->facts.lost);
	rows_u64(rows, c++, s->facts.evicted + s->races.evicted);
	rows_u64(rows, c,
	    s->probes.pairs.evicted + s->probes.fragments.evicted + s->probes.datagrams.evicted);
	rows_next(rows);
}

static void
poisoning_finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	struct state *s = opaque;

	(void)window;
	probes_settle(&s->probes);
	put_races(&s->races, sink->tables[POISONING_RACES]);
	probes_rows(&s->probes, sink->tables[POISONING_PROBES], sink->tables[POISONING_FRAGMENTS]);
	if (s->facts.responses + s->facts.elsewhere + s->facts.lost != 0)
		put_facts(s, sink->tables[POISONING_FACTS]);
}

static const struct column RACE_COLUMNS[] = {
	{ "slot", COLUMN_TIME, "ms" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	{ "resolver", COLUMN_ADDRESS, "" },
	{ "server", COLUMN_ADDRESS, "" },
	{ "zone", COLUMN_TEXT, "" },
	{ "name", COLUMN_TEXT, "" },
	{ "names", COLUMN_U64, "names" },
	{ "wrong_id", COLUMN_U64, "messages" },
	{ "wrong_port", COLUMN_U64, "messages" },
	{ "wrong_case", COLUMN_U64, "messages" },
	{ "wrong_question", COLUMN_U64, "messages" },
	{ "windows", COLUMN_U64, "queries" },
	{ "windows_full", COLUMN_U64, "queries" },
	{ "most", COLUMN_U64, "messages" },
	{ "ports", COLUMN_BLOB, "" },
	{ "second_answers", COLUMN_U64, "messages" },
	{ "second_other_ttl", COLUMN_U64, "messages" },
	{ "second_raced", COLUMN_U64, "messages" },
	{ "second_gap", COLUMN_U64, "ns" },
	{ "samples", COLUMN_BLOB, "" },
	{ "second_samples", COLUMN_BLOB, "" },
};

static const struct column PROBE_COLUMNS[] = {
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	{ "resolver", COLUMN_ADDRESS, "" },
	{ "server", COLUMN_ADDRESS, "" },
	{ "probes", COLUMN_U64, "packets" },
	{ "best_second", COLUMN_U64, "packets" },
	{ "closed_ports", COLUMN_U64, "ports" },
	{ "errors", COLUMN_U64, "packets" },
	{ "errors_least", COLUMN_U64, "packets" },
	{ "errors_most", COLUMN_U64, "packets" },
	{ "seconds", COLUMN_U64, "s" },
	{ "asked", COLUMN_U64, "queries" },
	{ "input_offset", COLUMN_U64, "octets" },
};

static const struct column FRAGMENT_COLUMNS[] = {
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	{ "server", COLUMN_ADDRESS, "" },
	{ "resolver", COLUMN_ADDRESS, "" },
	{ "datagrams", COLUMN_U64, "datagrams" },
	{ "orphans", COLUMN_U64, "datagrams" },
	{ "conflicts", COLUMN_U64, "packets" },
	{ "from_dns", COLUMN_U64, "datagrams" },
	{ "asked", COLUMN_U64, "queries" },
	{ "input_offset", COLUMN_U64, "octets" },
};

static const struct column FACT_COLUMNS[] = {
	{ "responses", COLUMN_U64, "messages" },
	{ "matched", COLUMN_U64, "messages" },
	{ "duplicates", COLUMN_U64, "messages" },
	{ "second_answers", COLUMN_U64, "messages" },
	{ "late", COLUMN_U64, "messages" },
	{ "wrong_id", COLUMN_U64, "messages" },
	{ "wrong_port", COLUMN_U64, "messages" },
	{ "wrong_case", COLUMN_U64, "messages" },
	{ "wrong_question", COLUMN_U64, "messages" },
	{ "unsolicited", COLUMN_U64, "messages" },
	{ "elsewhere", COLUMN_U64, "messages" },
	{ "records", COLUMN_U64, "packets" },
	{ "lost", COLUMN_U64, "packets" },
	{ "evicted", COLUMN_U64, "" },
	{ "evicted_pairs", COLUMN_U64, "" },
};

static const struct table TABLES[] = {
	{ "dns_races", "Forged and second answers by resolver, zone and 10 s", RACE_COLUMNS,
	    ARRAY_COUNT(RACE_COLUMNS) },
	{ "dns_port_probes", "Port-unreachable errors of a resolver to a server's datagrams",
	    PROBE_COLUMNS, ARRAY_COUNT(PROBE_COLUMNS) },
	{ "dns_fragments", "Fragments from a server that contradict each other or lack the first",
	    FRAGMENT_COLUMNS, ARRAY_COUNT(FRAGMENT_COLUMNS) },
	{ "dns_race_facts", "What the races of a window rest on", FACT_COLUMNS,
	    ARRAY_COUNT(FACT_COLUMNS) },
};

const struct analysis analysis_dns_poisoning = {
	.name = "dns/poisoning",
	.title = "Cache poisoning",
	.consumes = OBS_PACKET | OBS_DNS | OBS_COUNTERS,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct state),
	.init = poisoning_init,
	.release = poisoning_release,
	.clear = poisoning_clear,
	.observe = poisoning_observe,
	.merge = poisoning_merge,
	.finish = poisoning_finish,
	.section = poisoning_section,
};
