/* SPDX-License-Identifier: ISC */
/* The section of dns/overview: what was asked and answered, in words; figures and tables are in
 * their own files. */
#include <stdio.h>
#include <stdlib.h>

#include "analysis/dns/overview_counts.h"
#include "analysis/dns/overview_facts.h"
#include "base/xmalloc.h"

static const char *
percent(uint64_t part, uint64_t whole, char *text, size_t size)
{
	(void)snprintf(text, size, "%.3g %%", 100 * overview_share(part, whole));
	return text;
}

static void
say_view(struct section *section, const struct overview_facts *f, unsigned v)
{
	static const char *const WHERE[DNS_VIEW_COUNT] = { "On the wire", "At resolvers' clients",
		"From resolvers to authorities", "At forwarders", "At authoritative servers",
		"At stubs and tools", "As updates", "In query logs" };
	const struct view_facts *w = &f->views[v];
	uint64_t queries = w->kinds[OVERVIEW_QUERY], responses = w->kinds[OVERVIEW_RESPONSE];
	uint64_t unanswered = w->kinds[OVERVIEW_UNANSWERED];
	char a[32], b[32], d[32], p[32];

	if (queries + responses == 0)
		return;
	if (v == DNS_VIEW_LOG) {
		section_say(section, "%s: %s queries.", WHERE[v], text_count(queries, a, sizeof a));
		return;
	}
	section_say(section,
	    "%s: %s queries and %s responses; %s were answered in time, %s (%s of the queries) "
	    "never.",
	    WHERE[v], text_count(queries, a, sizeof a), text_count(responses, b, sizeof b),
	    text_count(w->matches[DNS_MATCHED], d, sizeof d),
	    text_count(unanswered, (char[32]){ 0 }, 32), percent(unanswered, queries, p, sizeof p));
}

static enum err
say_latency(const struct section_context *c, struct section *section,
    const struct overview_facts *f, struct err_info *info)
{
	uint64_t *bins = xcalloc(DELAY_BINS, sizeof *bins);
	enum err e = ERR_OK;

	for (unsigned v = 0; e == ERR_OK && v < DNS_VIEW_COUNT; v++) {
		const char *view = dns_view_name((enum dns_view)v);
		char median[32], most[32], clock[32];
		double p50, p99;
		if (f->views[v].matches[DNS_MATCHED] == 0)
			continue;
		for (unsigned i = 0; i < DELAY_BINS; i++)
			bins[i] = 0;
		e = overview_latency_read(c, view, "udp", bins, info);
		p50 = delay_quantile(bins, 0.5) / 1e6;
		p99 = delay_quantile(bins, 0.99) / 1e6;
		if (e != ERR_OK || p99 == 0)
			continue;
		if (p50 * 1e9 < (double)f->views[v].granularity)
			section_say(section,
			    "The clock of the %s view ticks every %s: half of the answers over UDP "
			    "came within one tick.",
			    view, text_si((double)f->views[v].granularity / 1e9, "s", clock, 32));
		else
			section_say(section,
			    "Half of the answers over UDP (%s view) took at most %s, 99 %% at most "
			    "%s.",
			    view, text_si(p50, "s", median, sizeof median),
			    text_si(p99, "s", most, sizeof most));
	}
	free(bins);
	return e;
}

static void
say_all(struct section *section, const struct overview_facts *f)
{
	const struct view_facts *w = &f->all;
	uint64_t queries = w->query_flags;
	char a[32], b[32], d[32], g[32];

	if (queries != 0)
		section_say(section,
		    "%s of the queries have EDNS, %s ask for DNSSEC (DO), %s come over IPv6, and "
		    "%s "
		    "have upper-case letters in the name.",
		    percent(w->query_flag[QUERY_EDNS], queries, a, sizeof a),
		    percent(w->query_flag[QUERY_DO], queries, b, sizeof b),
		    percent(w->query_flag[QUERY_IPV6], queries, d, sizeof d),
		    percent(w->query_flag[QUERY_CASE_MIXED], queries, g, sizeof g));
	if (w->kinds[OVERVIEW_MALFORMED] != 0)
		section_say(section, "Messages of DNS ports that do not read as DNS: %s.",
		    text_count(w->kinds[OVERVIEW_MALFORMED], a, sizeof a));
	if (w->kinds[OVERVIEW_MDNS] + w->kinds[OVERVIEW_LLMNR] != 0)
		section_say(section,
		    "Counted apart: messages of multicast DNS (%s) and of LLMNR (%s).",
		    text_count(w->kinds[OVERVIEW_MDNS], a, sizeof a),
		    text_count(w->kinds[OVERVIEW_LLMNR], b, sizeof b));
}

static void
define(struct section *section)
{
	section_define(section,
	    "A message is a DNS message, not a packet: TCP streams and IP fragments are put "
	    "together first. A query is answered when a response with its addresses, ports, id and "
	    "question comes within dns.query_timeout; such a response is matched, and the time "
	    "between both is the latency. A later one is late, one to no query that was seen is "
	    "unsolicited.");
	section_define(section,
	    "Views are counted apart: wire (packets), client, resolver, forwarder and "
	    "authoritative "
	    "(dnstap and C-DNS, by what the producer says it saw) and log. Messages quoted by ICMP "
	    "errors, multicast DNS (port 5353) and LLMNR (5355) are not among queries and "
	    "responses.");
	section_define(section,
	    "Response codes have twelve bits (RFC 6891). A registrable domain is a public suffix "
	    "and one label. Sizes are octets of the DNS message. Shares of properties are of all "
	    "queries, or of all responses, of the view.");
	section_define(section,
	    "A question is minimised (RFC 9156) when it is for A, NS or AAAA of a name no longer "
	    "than the zone cut that its answer shows by one label: the owner of the SOA that "
	    "denies "
	    "it and one label, or the owner of the NS records of a referral. A client minimises "
	    "when that holds for 95 %% of at least 100 such answers.");
	section_define(section,
	    "The pool of source ports is estimated from the last 512 queries over UDP: how far "
	    "they "
	    "lie apart, and from 8 repetitions on how often one comes again. Ports are fixed when "
	    "nine of ten steps are 0, sequential when half of the steps are 1 to 16, narrow when "
	    "the pool is below 4,096 (RFC 5452).");
}

static void
qualify(struct section *section, const struct overview_facts *f)
{
	section_quality(section,
	    "Counts are exact but for distinct ones (sketches, standard error 1.6 %%) and the top "
	    "tables, whose bounds stand below them.");
	for (unsigned v = 0; v < DNS_VIEW_COUNT; v++) {
		char clock[32];
		if (f->views[v].granularity != 0)
			section_quality(section,
			    "Clocks of the %s view tick every %s at worst; latencies below that "
			    "are "
			    "not printed.",
			    dns_view_name((enum dns_view)v),
			    text_si(
				(double)f->views[v].granularity / 1e9, "s", clock, sizeof clock));
	}
}

static enum err
qualify_snapped(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT name AS n, sum(messages) AS m FROM dns_counts WHERE" PERIOD_SQL
	    "AND dimension = 'verdict' AND name <> 'ok' GROUP BY n ORDER BY n",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		char text[32];
		section_quality(section,
		    "Messages of which the verdict is %s: %s; counted with what is there.",
		    result_text(r, 0), text_count(result_u64(r, 1), text, sizeof text));
	}
	result_free(r);
	return ERR_OK;
}

enum err
overview_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct overview_facts *f = xcalloc(1, sizeof *f);
	enum err e = overview_facts_read(c, f, info);

	if (e == ERR_OK) {
		for (unsigned v = 0; v < DNS_VIEW_COUNT; v++)
			say_view(section, f, v);
		e = say_latency(c, section, f, info);
		say_all(section, f);
		define(section);
		qualify(section, f);
	}
	if (e == ERR_OK)
		e = qualify_snapped(c, section, info);
	if (e == ERR_OK)
		e = overview_figures(c, f, section, info);
	if (e == ERR_OK)
		e = overview_tables_of(c, f, section, info);
	if (e == ERR_OK)
		e = overview_hitters(c, f, section, info);
	free(f);
	return e;
}
