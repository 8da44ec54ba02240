/* SPDX-License-Identifier: ISC */
/*
 * DDoS attacks: who was attacked, from when to when, how hard, by which vectors.
 *
 * Packets, flow records and HTTP requests are counted by destination in slots of ten seconds
 * (ddos.h tells how).  At a window's end the slots of destinations, and of prefixes, that came near
 * a threshold become rows (ddos_rows.c).  The section reads rows of all windows, applies the
 * thresholds, puts slots together to attacks (ddos_judge.c) and tells of them (ddos_section.c).
 * doc/analyses/security-ddos.md has the definitions and where every threshold comes from.
 */
#include "analysis/security/ddos.h"

#include <string.h>

#define LOG_MOST    8192  /* slots of a shard and window */
#define MERGED_MOST 65536 /* of all shards */
#define WATCHES     256

static enum err
init(void *state, const struct analysis_context *context, struct err_info *info)
{
	struct ddos *d = state;

	(void)info;
	d->limits = ddos_limits(context->settings);
	d->targets_most = (uint32_t)settings_u64(context->settings, "targets");
	d->site = context->site;
	d->now = ddos_now_new();
	ddos_log_init(&d->log, LOG_MOST, &context->secret);
	ddos_watches_init(&d->watches, WATCHES);
	ddos_http_init(&d->http);
	return ERR_OK;
}

static void
release(void *state)
{
	struct ddos *d = state;

	ddos_now_free(d->now);
	ddos_log_release(&d->log);
	ddos_watches_release(&d->watches);
	ddos_http_release(&d->http);
}

static void
clear(void *state)
{
	struct ddos *d = state;

	ddos_now_clear(d->now);
	ddos_log_clear(&d->log);
	ddos_watches_clear(&d->watches);
	ddos_http_clear(&d->http);
	if ((d->senders.totals[0] | d->senders.totals[1]) != 0)
		memset(&d->senders, 0, sizeof d->senders);
	d->pairs.count = 0;
	d->pairs.refused = 0;
	d->packets = d->octets = d->records = 0;
	d->sampled_records = d->unknown_rates = d->requests = 0;
	d->log.most = LOG_MOST;
}

static void
observe_packets(struct ddos *d, const struct batch *batch)
{
	struct ddos_notes notes = { &d->log, &d->watches, &d->senders };

	for (size_t i = 0; i < batch->count; i++) {
		d->packets += batch->packets[i]->kind == PACKET_IP;
		d->octets += batch->packets[i]->octets;
	}
	ddos_now_observe(d->now, &notes, batch->packets, batch->count);
}

static void
observe(void *state, const struct batch *batch)
{
	struct ddos *d = state;

	switch (batch->type) {
	case OBS_PACKET: observe_packets(d, batch); break;
	case OBS_FLOW: ddos_observe_flows(d, batch); break;
	case OBS_RECORD: ddos_observe_records(d, batch); break;
	case OBS_HTTP:
		d->requests += batch->count;
		for (size_t i = 0; i < batch->count; i++)
			ddos_http_observe(&d->http, batch->http[i]);
		break;
	default: break;
	}
}

static void
merge(void *into, const void *from)
{
	struct ddos *d = into;
	const struct ddos *f = from;

	d->log.most = MERGED_MOST;
	ddos_log_merge(&d->log, &f->log);
	ddos_now_add(f->now, &d->log);
	ddos_watches_merge(&d->watches, &f->watches);
	ddos_senders_merge(&d->senders, &f->senders);
	ddos_pairs_merge(&d->pairs, &f->pairs);
	ddos_http_merge(&d->http, &f->http);
	d->packets += f->packets;
	d->octets += f->octets;
	d->records += f->records;
	d->sampled_records += f->sampled_records;
	d->unknown_rates += f->unknown_rates;
	d->requests += f->requests;
}

static void
finish(void *state, const struct window *window, const struct row_sink *sink)
{
	struct ddos *d = state;

	ddos_now_add(d->now, &d->log);
	ddos_now_clear(d->now);
	ddos_rows(d, window, sink);
}

/* ------------------------------------------------------------------ declaration */

static const struct setting SETTINGS[] = {
	{ "packets", SETTING_U64, "20000", "1", NULL,
	    "packets a second to one address or prefix that are an attack" },
	{ "bits", SETTING_U64, "1000000000", "1", NULL, "the same, bits a second" },
	{ "syn", SETTING_U64, "10000", "1", NULL, "the same, SYN a second" },
	{ "connections", SETTING_U64, "2000", "1", NULL,
	    "the same, completed connections a second" },
	{ "requests", SETTING_U64, "1000", "1", NULL,
	    "HTTP requests a second to one host that are an attack" },
	{ "syn_pattern", SETTING_U64, "100", "1", NULL,
	    "SYN a second to one address that are an attack when little else of TCP comes" },
	{ "syn_share", SETTING_F64, "0.9", "0.5", "1",
	    "least share of SYN in the TCP packets for syn_pattern" },
	{ "syn_sources", SETTING_U64, "100", "1", NULL,
	    "least number of distinct sources for syn_pattern and syn_ack_pattern" },
	{ "syn_ack_pattern", SETTING_U64, "100", "1", NULL,
	    "SYN-ACK a second to an address that sent few SYN that are an attack" },
	{ "icmp_pattern", SETTING_U64, "1000", "1", NULL,
	    "ICMP packets a second to one address that are an attack" },
	{ "reflected_octets", SETTING_U64, "10000", "1", NULL,
	    "octets a second from the port of one reflecting service, not asked for, that are an "
	    "attack" },
	{ "reflectors", SETTING_U64, "10", "2", NULL,
	    "least number of distinct sources for reflected_octets" },
	{ "learn", SETTING_BOOL, "true", NULL, NULL,
	    "let packets and bits rise to what is usual for a target in the hour of the week" },
	{ "busy_day", SETTING_U64, "20", "1", NULL,
	    "days with more attacks than this are counted" },
	{ "targets", SETTING_U64, "512", "1", "65536",
	    "addresses and prefixes near a threshold that are kept of a window" },
	{ "top", SETTING_U64, "50", "1", "10000", "rows of a table in the review" },
};

const struct analysis analysis_security_ddos = {
	.name = "security/ddos",
	.title = "DDoS attacks",
	.consumes = OBS_PACKET | OBS_FLOW | OBS_RECORD | OBS_HTTP,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = DDOS_TABLE_LIST,
	.table_count = DDOS_TABLES,
	.state_size = sizeof(struct ddos),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = observe,
	.merge = merge,
	.finish = finish,
	.section = ddos_section,
};
