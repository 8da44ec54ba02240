/* SPDX-License-Identifier: ISC */
/*
 * Random-subdomain ("water torture") attacks on zones.
 *
 * Somebody has many clients ask for ever-new names of a zone.  No cache knows them, so every one
 * reaches the zone's servers, which drown.  What gives it away is a zone most of whose transactions
 * fail with names that never come again, in ten seconds; so transactions are counted by zone and
 * ten seconds.
 *
 * The zone of an answer with a SOA record in its authority section is that record's owner (RFC
 * 2308, section 3): the exact cut.  Other answers, and questions without answer, belong to the
 * nearest zone that is already watched, else to the registrable domain.  The root, public suffixes
 * (names that nobody registered: dns/name-collision) and the reverse zones are left out.
 *
 * Transactions are counted by their answers, and by the questions that got none.  Questions matter
 * only where answers are missing: they tell the name.
 *
 * Answers to addresses of ours that never asked are the same attack seen from outside: its senders
 * are forged.
 *
 * Observing is in random_subdomain_observe.c, rows in random_subdomain_rows.c; the section
 * (random_subdomain_section.c) applies the thresholds.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/random_subdomain_state.h"
#include "base/xmalloc.h"

const char *const zone_type_names[ZONE_TYPES] = { "A", "AAAA", "TXT", "NULL", "CNAME", "MX", "ANY",
	"other" };
const char *const zone_client_names[CLIENT_CLASSES + 1] = { "own customer", "own server",
	"external", "own forwarder" };

/* ------------------------------------------------------------------ life */

static enum err
init(void *state, const struct analysis_context *context, struct err_info *info)
{
	struct random_subdomain *s = state;

	(void)info;
	zone_watch_init(&s->watch, &context->secret);
	s->site = context->site;
	s->suffixes = context->suffixes;
	s->least_queries = settings_u64(context->settings, "least_queries");
	s->rings = xcalloc(2, sizeof *s->rings);
	s->own_servers = xcalloc(OWN_SERVER_BITS / 64, sizeof *s->own_servers);
	return ERR_OK;
}

static void
release(void *state)
{
	struct random_subdomain *s = state;

	zone_watch_release(&s->watch);
	free(s->rings);
	free(s->own_servers);
}

static void
clear(void *state)
{
	struct random_subdomain *s = state;

	zone_watch_clear(&s->watch);
	memset(s->totals, 0, sizeof s->totals);
	s->silent = 0;
	s->rings[0].count = s->rings[1].count = 0;
	if (s->own_servers_used)
		memset(s->own_servers, 0, OWN_SERVER_BITS / 8);
	s->own_servers_used = false;
}

static void
merge(void *into, const void *from)
{
	struct random_subdomain *s = into;
	const struct random_subdomain *f = from;

	zone_watch_merge(&s->watch, &f->watch);
	for (unsigned i = 0; i < TOTAL_COLUMNS; i++)
		s->totals[i] += f->totals[i];
	s->silent += f->silent;
	for (size_t i = 0; i < OWN_SERVER_BITS / 64 && f->own_servers_used; i++)
		s->own_servers[i] |= f->own_servers[i];
	s->own_servers_used |= f->own_servers_used;
}

/* ------------------------------------------------------------------ declaration */

static const struct setting SETTINGS[] = {
	{ "least_queries", SETTING_U64, "200", "1", "1000000000",
	    "transactions of a zone in 10 s below which nothing is an attack" },
	{ "failing_share", SETTING_F64, "0.5", "0", "1",
	    "share of them that fail, from which on it may be one" },
	{ "distinct_share", SETTING_F64, "0.8", "0", "1",
	    "distinct names for each transaction, from which on it may be one" },
	{ "rise", SETTING_F64, "10", "0", "1000000",
	    "new failing names a second, in multiples of the zone's own in earlier windows" },
	{ "wild_distinct_share", SETTING_F64, "0.95", "0", "1",
	    "distinct_share of a zone in which every name exists" },
	{ "wild_miss_share", SETTING_F64, "0.9", "0", "1",
	    "share of its questions that the resolver had to ask upstream" },
	{ "wild_length_deviation", SETTING_F64, "4", "0", "63",
	    "greatest standard deviation of the length of its first labels" },
	{ "wild_entropy", SETTING_F64, "2.5", "0", "8",
	    "least mean entropy of its first labels, in bits an octet" },
	{ "client_share", SETTING_F64, "0.8", "0", "1",
	    "share of one client from which on it is that client's doing, not an attack" },
	{ "least_clients", SETTING_U64, "3", "1", "1000000",
	    "clients below which it is theirs, not an attack" },
	{ "scatter_names", SETTING_U64, "10", "1", "1000000",
	    "distinct names of a zone in answers that nobody here asked for" },
	{ "scatter_servers", SETTING_U64, "3", "1", "1000000",
	    "servers that such answers come from, at least" },
	{ "disposable_zones", SETTING_TEXT, "avqs.mcafee.com avts.mcafee.com sophosxl.net e5.sk",
	    NULL, NULL,
	    "zones whose names are made to be asked once (reputation, telemetry), separated by "
	    "blanks" },
};

#define OUTCOME_COLUMNS(side)                                                    \
	{ side "_other", COLUMN_U64, "" }, { side "_nxdomain", COLUMN_U64, "" }, \
	    { side "_servfail", COLUMN_U64, "" },                                \
	{                                                                        \
		side "_unanswered", COLUMN_U64, ""                               \
	}

static const struct column SLOTS[] = {
	{ "zone", COLUMN_TEXT, "" },
	{ "slot", COLUMN_TIME, "ms" },
	{ "asked_first", COLUMN_TIME, "ms" },
	{ "upstream_first", COLUMN_TIME, "ms" },
	{ "all_first", COLUMN_TIME, "ms" },
	{ "asked_last", COLUMN_TIME, "ms" },
	{ "upstream_last", COLUMN_TIME, "ms" },
	{ "all_last", COLUMN_TIME, "ms" },
	OUTCOME_COLUMNS("asked"),
	OUTCOME_COLUMNS("upstream"),
	{ "asked_peak", COLUMN_U64, "" },
	{ "upstream_peak", COLUMN_U64, "" },
	{ "all_peak", COLUMN_U64, "" },
	{ "distinct_names", COLUMN_U64, "" },
	{ "labels", COLUMN_U64, "" },
	{ "label_octets", COLUMN_U64, "octets" },
	{ "label_squares", COLUMN_U64, "" },
	{ "label_entropy", COLUMN_U64, "1/256 bit" },
	{ "letters", COLUMN_U64, "octets" },
	{ "digits", COLUMN_U64, "octets" },
	{ "hyphens", COLUMN_U64, "octets" },
	{ "others", COLUMN_U64, "octets" },
	{ "reversed", COLUMN_U64, "" },
	{ "sampled", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(SLOTS) == SLOT_COLUMNS, "as random_subdomain.h numbers them");

static const struct column ZONES[] = {
	{ "zone", COLUMN_TEXT, "" },
	{ "seconds", COLUMN_U64, "s" },
	OUTCOME_COLUMNS("asked"),
	OUTCOME_COLUMNS("upstream"),
	{ "retransmissions", COLUMN_U64, "" },
	{ "type_a", COLUMN_U64, "" },
	{ "type_aaaa", COLUMN_U64, "" },
	{ "type_txt", COLUMN_U64, "" },
	{ "type_null", COLUMN_U64, "" },
	{ "type_cname", COLUMN_U64, "" },
	{ "type_mx", COLUMN_U64, "" },
	{ "type_any", COLUMN_U64, "" },
	{ "type_other", COLUMN_U64, "" },
	{ "from_customers", COLUMN_U64, "" },
	{ "from_servers", COLUMN_U64, "" },
	{ "from_external", COLUMN_U64, "" },
	{ "asked_clients", COLUMN_BLOB, "" },
	{ "upstream_clients", COLUMN_BLOB, "" },
	{ "failing_names", COLUMN_BLOB, "" },
	{ "samples", COLUMN_BLOB, "" },
	{ "own", COLUMN_U8, "" },
};
static_assert(ARRAY_COUNT(ZONES) == ZONE_COLUMNS, "as random_subdomain.h numbers them");

static const struct column CLIENTS[] = {
	{ "zone", COLUMN_TEXT, "" },
	{ "client", COLUMN_ADDRESS, "" },
	{ "side", COLUMN_TEXT, "" },
	{ "kind", COLUMN_TEXT, "" },
	{ "resolver", COLUMN_U8, "" },
	{ "queries", COLUMN_U64, "" },
	{ "queries_error", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(CLIENTS) == CLIENT_COLUMNS, "as random_subdomain.h numbers them");

static const struct column SCATTER[] = {
	{ "zone", COLUMN_TEXT, "" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	{ "nxdomain", COLUMN_U64, "" },
	{ "servfail", COLUMN_U64, "" },
	{ "quoted", COLUMN_U64, "" },
	{ "dark", COLUMN_U64, "" },
	{ "names", COLUMN_BLOB, "" },
	{ "servers", COLUMN_BLOB, "" },
	{ "targets", COLUMN_BLOB, "" },
	{ "samples", COLUMN_BLOB, "" },
};
static_assert(ARRAY_COUNT(SCATTER) == SCATTER_COLUMNS, "as random_subdomain.h numbers them");

static const struct column TOTALS[] = {
	{ "asked", COLUMN_U64, "" },
	{ "upstream", COLUMN_U64, "" },
	{ "excluded", COLUMN_U64, "" },
	{ "matched_own", COLUMN_U64, "" },
	{ "scatter", COLUMN_U64, "" },
	{ "zones_displaced", COLUMN_U64, "" },
	{ "zones_refused", COLUMN_U64, "" },
	{ "slots_refused", COLUMN_U64, "" },
	{ "shortfall", COLUMN_U64, "" },
	{ "zones_unstored", COLUMN_U64, "" },
	{ "zones_nameless", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(TOTALS) == TOTAL_COLUMNS, "as random_subdomain.h numbers them");

static const struct table TABLES[] = {
	{ "dns_random_subdomain", "Ten seconds of a zone whose names fail", SLOTS, SLOT_COLUMNS },
	{ "dns_random_subdomain_zones", "Zones whose names fail", ZONES, ZONE_COLUMNS },
	{ "dns_random_subdomain_clients", "Clients that ask for names that fail", CLIENTS,
	    CLIENT_COLUMNS },
	{ "dns_random_subdomain_scatter", "Answers that nobody here asked for", SCATTER,
	    SCATTER_COLUMNS },
	{ "dns_random_subdomain_totals", "What the search for failing zones rests on", TOTALS,
	    TOTAL_COLUMNS },
};

const struct analysis analysis_dns_random_subdomain = {
	.name = "dns/random-subdomain",
	.title = "Random-subdomain attacks",
	.consumes = OBS_DNS | OBS_DNS_QUOTED | OBS_DNS_PENDING,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct random_subdomain),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = random_subdomain_observe,
	.merge = merge,
	.finish = random_subdomain_finish,
	.section = random_subdomain_section,
};
