/* SPDX-License-Identifier: ISC */
/*
 * Clients most of whose questions fail: broken software, scanners, bots that look for their master,
 * and the clients through which zones are attacked.
 *
 * Answers are counted by client and ten seconds.  A great many failures alone say nothing of a
 * forwarder with many users behind it: its share of failures does (PowerDNS issue 8045).  Resolvers
 * as such (dnstap RESOLVER and FORWARDER, and those of site.servers) are not clients.
 *
 * The section (nxdomain_section.c) applies the thresholds and tells what kind of client it is.
 */
#include "analysis/dns/nxdomain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/sketch.h"
#include "base/xmalloc.h"
#include "net/dns.h"

#define LABEL_SAMPLE 4 /* one name of so many, by its hash */

struct nxdomain {
	struct client_watch watch;
	const struct site *site;
	uint64_t least;
	uint64_t totals[NT_COLUMNS];
};

static enum err
init(void *state, const struct analysis_context *context, struct err_info *info)
{
	struct nxdomain *s = state;

	(void)info;
	client_watch_init(&s->watch, &context->secret);
	s->site = context->site;
	s->least = settings_u64(context->settings, "least_failures");
	return ERR_OK;
}

static void
release(void *state)
{
	struct nxdomain *s = state;

	client_watch_release(&s->watch);
}

static void
clear(void *state)
{
	struct nxdomain *s = state;

	client_watch_clear(&s->watch);
	memset(s->totals, 0, sizeof s->totals);
}

/* ------------------------------------------------------------------ observing */

static bool
is_counted(const struct dns_message *m)
{
	return (m->flags & (DNS_RESPONSE | DNS_QUESTION)) == (DNS_RESPONSE | DNS_QUESTION) &&
	       m->opcode == DNS_OPCODE_QUERY &&
	       (m->view == DNS_VIEW_WIRE || m->view == DNS_VIEW_CLIENT ||
		   m->view == DNS_VIEW_AUTHORITATIVE) &&
	       (m->match == DNS_MATCHED || m->match == DNS_MATCH_NONE);
}

static bool
is_failure(const struct dns_message *m)
{
	return m->rcode == DNS_RCODE_NXDOMAIN || m->rcode == DNS_RCODE_SERVFAIL;
}

/* Whether the denial came from above any registrable domain. */
static bool
is_undelegated(const struct dns_message *m)
{
	uint8_t zone[DNS_NAME_MAX];
	size_t size;

	if (m->site_offset >= m->name_size)
		return true;
	if (m->soa_at == 0)
		return false;
	size = dns_name_expand(m->data, m->size, m->soa_at, zone, NULL);
	return size != 0 && size < (size_t)m->name_size - m->site_offset &&
	       dns_name_below(m->name, m->name_size, zone, size);
}

static bool
is_carrier(uint16_t type)
{
	return type == DNS_TYPE_TXT || type == DNS_TYPE_NULL || type == DNS_TYPE_CNAME ||
	       type == DNS_TYPE_MX;
}

static void
count_failure(struct watched_client *c, const struct dns_message *m)
{
	struct client_site site = { .hash = m->site_hash, .count = 1 };
	const uint8_t *name;
	size_t size;

	c->undelegated += is_undelegated(m);
	c->single += m->labels == 1;
	c->reversed += m->type == DNS_TYPE_PTR || label_is_reversed_address(m->name, m->name_size);
	c->carriers += is_carrier(m->type);
	if (m->name_hash % LABEL_SAMPLE == 0)
		label_sums_add(&c->labels, m->name, m->name_size);
	hll_add(c->names, CLIENT_PRECISION, m->name_hash);
	hll_add(c->site_names, CLIENT_PRECISION, m->site_hash);
	name = dns_site(m, &size);
	if (size <= sizeof site.name) {
		memcpy(site.name, name, size);
		site.name_size = (uint8_t)size;
	}
	client_watch_site(c, &site);
	dns_samples_add(&c->samples, m);
}

static void
count_answer(struct nxdomain *s, const struct dns_message *m, uint32_t hash)
{
	nsec_t time = m->latency > 0 ? m->time - m->latency : m->time;
	bool fails = is_failure(m);
	struct watched_client *c = client_watch_count(&s->watch, &m->client, hash, time, fails);

	s->totals[NT_ANSWERS]++;
	s->totals[NT_FAILING] += fails;
	if (c == NULL)
		return;
	c->nxdomain += m->rcode == DNS_RCODE_NXDOMAIN;
	c->servfail += m->rcode == DNS_RCODE_SERVFAIL;
	c->other += !fails;
	if (fails)
		count_failure(c, m);
}

static void
observe(void *state, const struct batch *batch)
{
	struct nxdomain *s = state;
	uint32_t hashes[BATCH_MAX];

	for (size_t i = 0; i < batch->count; i++) {
		if (!is_counted(batch->dns[i]))
			continue;
		hashes[i] = client_watch_hash(&s->watch, &batch->dns[i]->client);
		mg_prefetch_slot(&s->watch.mg, hashes[i]);
	}
	for (size_t i = 0; i < batch->count; i++)
		if (is_counted(batch->dns[i]))
			count_answer(s, batch->dns[i], hashes[i]);
}

static void
merge(void *into, const void *from)
{
	struct nxdomain *s = into;
	const struct nxdomain *f = from;

	client_watch_merge(&s->watch, &f->watch);
	for (unsigned i = 0; i < NT_COLUMNS; i++)
		s->totals[i] += f->totals[i];
}

/* ------------------------------------------------------------------ rows */

/* Looser than the thresholds, which sum over inputs. */
static bool
is_suspicious(const struct nxdomain *s, const struct watched_client *c)
{
	const char *role = site_role(s->site, &c->address);

	if (role != NULL && (strcmp(role, "resolver") == 0 || strcmp(role, "forwarder") == 0))
		return false;
	for (uint32_t i = 0; i < c->slot_count; i++)
		if (2 * (uint64_t)c->slots[i].failing >= s->least &&
		    2 * (uint64_t)c->slots[i].failing >= c->slots[i].all)
			return true;
	return false;
}

static int
compare(const void *a, const void *b)
{
	const struct watched_client *x = *(const struct watched_client *const *)a;
	const struct watched_client *y = *(const struct watched_client *const *)b;
	uint64_t left = x->nxdomain + x->servfail, right = y->nxdomain + y->servfail;

	if (left != right)
		return left > right ? -1 : 1;
	return address_compare(&x->address, &y->address);
}

static void
yield_slots(struct rows *rows, const struct watched_client *c)
{
	for (uint32_t i = 0; i < c->slot_count; i++) {
		const struct client_slot *slot = &c->slots[i];
		rows_address(rows, NX_CLIENT, &c->address);
		rows_time(rows, NX_SLOT, slot->number * 10 * NSEC_PER_SEC);
		rows_time(rows, NX_FIRST, slot->first);
		rows_time(rows, NX_LAST, slot->last);
		rows_u64(rows, NX_FAILING, slot->failing);
		rows_u64(rows, NX_ALL, slot->all);
		rows_next(rows);
	}
}

/* The domain that most failures are of, at least so often. */
static void
yield_top_site(struct rows *rows, const struct watched_client *c)
{
	const struct client_site *top = NULL;
	char text[DNS_NAME_TEXT_SIZE] = "";

	for (uint32_t i = 0; i < c->site_count; i++) {
		const struct client_site *s = &c->sites[i];
		if (s->name_size != 0 &&
		    (top == NULL || s->count - s->error > top->count - top->error))
			top = s;
	}
	if (top != NULL)
		(void)dns_name_text(top->name, top->name_size, text);
	rows_text(rows, NC_TOP_SITE, text);
	rows_u64(rows, NC_TOP_SITE_COUNT, top != NULL ? top->count - top->error : 0);
}

static void
yield_client(struct rows *rows, const struct watched_client *c)
{
	rows_address(rows, NC_CLIENT, &c->address);
	rows_u64(rows, NC_NXDOMAIN, c->nxdomain);
	rows_u64(rows, NC_SERVFAIL, c->servfail);
	rows_u64(rows, NC_OTHER, c->other);
	rows_u64(rows, NC_UNDELEGATED, c->undelegated);
	rows_u64(rows, NC_SINGLE, c->single);
	rows_u64(rows, NC_REVERSED, c->reversed);
	rows_u64(rows, NC_CARRIERS, c->carriers);
	rows_u64(rows, NC_LABELS, c->labels.count);
	rows_u64(rows, NC_LABEL_OCTETS, c->labels.octets);
	sketch_put(rows, NC_NAMES, c->names, CLIENT_PRECISION);
	sketch_put(rows, NC_SITES, c->site_names, CLIENT_PRECISION);
	yield_top_site(rows, c);
	dns_samples_put(&c->samples, rows, NC_SAMPLES);
	rows_next(rows);
}

static void
finish(void *state, const struct window *window, const struct row_sink *sink)
{
	struct nxdomain *s = state;
	const struct watched_client **chosen = xcalloc(s->watch.most, sizeof(void *));
	size_t count = 0;

	(void)window;
	for (uint32_t i = 0; i < s->watch.most; i++)
		if (s->watch.weights[i] != 0 && is_suspicious(s, s->watch.clients[i]))
			chosen[count++] = s->watch.clients[i];
	qsort(chosen, count, sizeof *chosen, compare);
	if (count > CLIENT_ROWS_MOST) {
		s->totals[NT_UNSTORED] += count - CLIENT_ROWS_MOST;
		count = CLIENT_ROWS_MOST;
	}
	for (size_t i = 0; i < count; i++) {
		yield_slots(sink->tables[0], chosen[i]);
		yield_client(sink->tables[1], chosen[i]);
	}
	free(chosen);
	s->totals[NT_DISPLACED] = s->watch.displaced;
	s->totals[NT_REFUSED] = s->watch.refused;
	s->totals[NT_SLOTS_REFUSED] = s->watch.slots_refused;
	s->totals[NT_SHORTFALL] = s->watch.mg.error[0];
	if (s->totals[NT_ANSWERS] == 0)
		return;
	for (unsigned i = 0; i < NT_COLUMNS; i++)
		rows_u64(sink->tables[2], i, s->totals[i]);
	rows_next(sink->tables[2]);
}

/* ------------------------------------------------------------------ declaration */

static const struct setting SETTINGS[] = {
	{ "least_failures", SETTING_U64, "200", "1", "1000000000",
	    "NXDOMAIN and SERVFAIL answers to a client in 10 s from which on it is reported" },
	{ "share", SETTING_F64, "0.9", "0", "1", "share of its answers that they must be" },
};

static const struct column SLOTS[] = {
	{ "client", COLUMN_ADDRESS, "" },
	{ "slot", COLUMN_TIME, "ms" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	{ "failing", COLUMN_U64, "" },
	{ "answers", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(SLOTS) == NX_COLUMNS, "as nxdomain.h numbers them");

static const struct column CLIENTS[] = {
	{ "client", COLUMN_ADDRESS, "" },
	{ "nxdomain", COLUMN_U64, "" },
	{ "servfail", COLUMN_U64, "" },
	{ "other", COLUMN_U64, "" },
	{ "undelegated", COLUMN_U64, "" },
	{ "single_label", COLUMN_U64, "" },
	{ "reversed", COLUMN_U64, "" },
	{ "carriers", COLUMN_U64, "" },
	{ "labels", COLUMN_U64, "" },
	{ "label_octets", COLUMN_U64, "octets" },
	{ "names", COLUMN_BLOB, "" },
	{ "domains", COLUMN_BLOB, "" },
	{ "top_domain", COLUMN_TEXT, "" },
	{ "top_domain_failing", COLUMN_U64, "" },
	{ "samples", COLUMN_BLOB, "" },
};
static_assert(ARRAY_COUNT(CLIENTS) == NC_COLUMNS, "as nxdomain.h numbers them");

static const struct column TOTALS[] = {
	{ "answers", COLUMN_U64, "" },
	{ "failing", COLUMN_U64, "" },
	{ "clients_displaced", COLUMN_U64, "" },
	{ "clients_refused", COLUMN_U64, "" },
	{ "slots_refused", COLUMN_U64, "" },
	{ "shortfall", COLUMN_U64, "" },
	{ "clients_unstored", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(TOTALS) == NT_COLUMNS, "as nxdomain.h numbers them");

static const struct table TABLES[] = {
	{ "dns_nxdomain", "Ten seconds of a client whose questions fail", SLOTS, NX_COLUMNS },
	{ "dns_nxdomain_clients", "Clients whose questions fail", CLIENTS, NC_COLUMNS },
	{ "dns_nxdomain_totals", "What the search for such clients rests on", TOTALS, NT_COLUMNS },
};

const struct analysis analysis_dns_nxdomain = {
	.name = "dns/nxdomain",
	.title = "Clients whose questions fail",
	.consumes = OBS_DNS,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct nxdomain),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = observe,
	.merge = merge,
	.finish = finish,
	.section = nxdomain_section,
};
