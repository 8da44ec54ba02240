/* SPDX-License-Identifier: ISC */
/*
 * Passive DNS: which names had which records, first and last seen, how often.
 *
 * Taken are the answer sections of answers that a waiting query got from authoritative servers:
 * what resolvers receive (dnstap RESOLVER), what authoritative servers send (dnstap AUTH, C-DNS),
 * and answers on the wire that say they are authoritative and do not offer recursion (Unbound sets
 * AA on what its response policy made up, but RA as well).
 *
 * A server has a say over its zone only: records are kept that lie in the bailiwick, which is the
 * zone whose NS records stand in the authority section when it lies between the registrable domain
 * and the name, else the registrable domain.  Records of domains for which forged answers were seen
 * in the window are left out: nobody knows which of two answers was true.
 *
 * Most answers repeat earlier ones.  A memo of recent messages knows which records an answer has by
 * its question, its answers' digest and its zone, so that only new ones are taken apart.
 */
#include "analysis/dns/passive.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/dns/passive_table.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/xmalloc.h"
#include "net/dns.h"

#define MEMO_SIZE    2048 /* messages */
#define MEMO_RECORDS 12   /* of a message; those with more are taken apart each time */
#define SUSPECTS     512  /* domains */
#define DATA_MOST    2048 /* characters of a record's data */

#define TYPE_TSIG 250
#define TYPE_TKEY 249

struct memo {
	uint64_t print; /* 0: free */
	nsec_t first, last;
	uint32_t messages;
	uint32_t count;
	uint32_t numbers[MEMO_RECORDS];
};

struct passive {
	const struct site *site;
	struct passive_table table;
	struct memo *memos; /* owned; made with the first message */
	uint64_t *suspects; /* owned; hashes of domains, 0: free */
	uint32_t suspect_count;
	uint64_t totals[PT_COLUMNS];
};

static enum err
init(void *state, const struct analysis_context *context, struct err_info *info)
{
	struct passive *s = state;

	(void)info;
	s->site = context->site;
	passive_table_init(
	    &s->table, (uint32_t)(settings_u64(context->settings, "records") / ANALYSIS_SHARDS));
	return ERR_OK;
}

static void
release(void *state)
{
	struct passive *s = state;

	passive_table_release(&s->table);
	free(s->memos);
	free(s->suspects);
}

static void
clear(void *state)
{
	struct passive *s = state;

	passive_table_clear(&s->table);
	if (s->memos != NULL)
		memset(s->memos, 0, MEMO_SIZE * sizeof *s->memos);
	if (s->suspect_count != 0)
		memset(s->suspects, 0, SUSPECTS * sizeof *s->suspects);
	s->suspect_count = 0;
	memset(s->totals, 0, sizeof s->totals);
}

/* --- suspects --------------------------------------------------------------------------------- */

/* Whether an answer looks like one of several that race for a query. */
static bool
is_forged(const struct dns_message *m)
{
	return m->match == DNS_WRONG_ID || m->match == DNS_WRONG_PORT ||
	       m->match == DNS_WRONG_CASE || m->match == DNS_SECOND_ANSWER;
}

/* The slot of a domain, its own or a free one; NULL when there is neither. */
static uint64_t *
find_suspect(const struct passive *s, uint64_t site)
{
	uint64_t hash = site != 0 ? site : 1;

	for (size_t i = 0; i < SUSPECTS; i++) {
		uint64_t *slot = &s->suspects[(hash + i) & (SUSPECTS - 1)];
		if (*slot == hash || *slot == 0)
			return slot;
	}
	return NULL;
}

static bool
is_suspect(const struct passive *s, uint64_t site)
{
	const uint64_t *slot = s->suspect_count != 0 ? find_suspect(s, site) : NULL;

	/* A full set knows nothing of others: nobody is believed. */
	return s->suspect_count == SUSPECTS || (slot != NULL && *slot != 0);
}

static void
suspect(struct passive *s, uint64_t site)
{
	uint64_t *slot;

	if (s->suspects == NULL)
		s->suspects = xcalloc(SUSPECTS, sizeof *s->suspects);
	slot = find_suspect(s, site);
	if (slot == NULL || *slot != 0)
		return;
	*slot = site != 0 ? site : 1;
	s->suspect_count++;
}

/* --- answers ---------------------------------------------------------------------------------- */

static bool
is_resolver(const struct passive *s, const struct address *address)
{
	const char *role = site_role(s->site, address);

	return role != NULL && strcmp(role, "authoritative") != 0;
}

/* Whether a message tells what an authoritative server says, whole. */
static bool
is_authoritative(const struct dns_message *m)
{
	if ((m->flags & (DNS_RESPONSE | DNS_QUESTION)) != (DNS_RESPONSE | DNS_QUESTION) ||
	    m->counts[1] == 0 || (m->bits & (DNS_AA | DNS_TC)) != DNS_AA ||
	    m->rcode != DNS_RCODE_NOERROR || m->opcode != DNS_OPCODE_QUERY ||
	    m->class != DNS_CLASS_IN || m->verdict > DNS_OK_TRAILING)
		return false;
	return m->view == DNS_VIEW_RESOLVER || m->view == DNS_VIEW_AUTHORITATIVE ||
	       (m->view == DNS_VIEW_WIRE && (m->bits & DNS_RA) == 0);
}

/* A name and its size. */
struct zone {
	uint8_t name[DNS_NAME_MAX];
	size_t size;
};

/* The owner of the NS records in the authority section, when they come first there. */
static bool
read_authority(const struct dns_message *m, struct zone *zone)
{
	size_t end;

	if (m->counts[2] == 0 || m->authority_at == 0)
		return false;
	zone->size = dns_name_expand(m->data, m->size, m->authority_at, zone->name, &end);
	return zone->size != 0 && end <= m->size && m->size - end >= 2 &&
	       be16(m->data + end) == DNS_TYPE_NS;
}

/* The zone that the answering server may speak for. */
static void
find_bailiwick(const struct dns_message *m, struct zone *zone)
{
	size_t least;
	const uint8_t *site = dns_site(m, &least);

	if (read_authority(m, zone) && zone->size >= least &&
	    dns_name_below(m->name, m->name_size, zone->name, zone->size))
		return;
	memcpy(zone->name, site, least);
	zone->size = least;
}

/* Types that are about the message or its signing, and not about the name. */
static bool
is_kept(uint16_t type)
{
	return type != DNS_TYPE_OPT && type != DNS_TYPE_RRSIG && type != DNS_TYPE_NSEC &&
	       type != DNS_TYPE_NSEC3 && type != TYPE_TSIG && type != TYPE_TKEY;
}

/* One record of an answer section; its number, or PASSIVE_NONE. */
static uint32_t
take_record(struct passive *s, const struct dns_message *m, const struct zone *zone,
    const char *zone_text, const struct dns_rr *rr)
{
	char name_text[DNS_NAME_TEXT_SIZE], data[DATA_MOST + 1];
	struct passive_key key = { name_text, data, zone_text, rr->type };
	uint8_t owner[DNS_NAME_MAX];
	size_t size = dns_name_expand(m->data, m->size, rr->owner_at, owner, NULL);
	uint32_t number;

	if (size == 0 || !dns_name_below(owner, size, zone->name, zone->size)) {
		s->totals[PT_OUTSIDE]++;
		return PASSIVE_NONE;
	}
	if (dns_rdata_text(m->data, m->size, rr, data, sizeof data) >= sizeof data) {
		s->totals[PT_UNFIT]++;
		return PASSIVE_NONE;
	}
	dns_name_text(owner, size, name_text);
	number = passive_table_at(&s->table, &key, m->site_hash);
	s->totals[PT_REFUSED] += number == PASSIVE_NONE;
	return number;
}

/* What the memo knows becomes part of the table. */
static void
settle(struct passive *s, struct memo *memo)
{
	for (uint32_t i = 0; i < memo->count && memo->messages != 0; i++)
		passive_table_see(
		    &s->table, memo->numbers[i], memo->first, memo->last, memo->messages);
	memo->messages = 0;
}

/* Takes a message apart; afterwards the memo knows it, when it can. */
static void
take_apart(struct passive *s, const struct dns_message *m, const struct zone *zone,
    struct memo *memo, uint64_t print)
{
	char zone_text[DNS_NAME_TEXT_SIZE];
	struct dns_walk walk;
	struct dns_rr rr;
	bool whole = true;

	settle(s, memo);
	*memo = (struct memo){ .first = m->time, .last = m->time };
	dns_name_text(zone->name, zone->size, zone_text);
	dns_walk_init(&walk, m->data, m->size);
	while (dns_walk_next(&walk, &rr) && rr.section == DNS_ANSWER) {
		if (rr.class != DNS_CLASS_IN || !is_kept(rr.type))
			continue;
		uint32_t number = take_record(s, m, zone, zone_text, &rr);
		if (number == PASSIVE_NONE) {
			whole = false; /* counted again when it comes again */
		} else if (memo->count < MEMO_RECORDS) {
			memo->numbers[memo->count++] = number;
		} else {
			passive_table_see(&s->table, number, m->time, m->time, 1);
			whole = false;
		}
	}
	memo->messages = 1;
	if (whole)
		memo->print = print;
	else
		settle(s, memo);
}

static uint64_t
print_of(const struct dns_message *m, const struct zone *zone)
{
	uint64_t words[3] = { m->name_hash, dns_hash(zone->name, zone->size),
		(uint64_t)m->answers_digest << 32 | (uint64_t)m->counts[1] << 16 | m->type };

	return hash_mix_words(words, 3) | 1;
}

static void
take_answer(struct passive *s, const struct dns_message *m)
{
	struct zone zone;
	struct memo *memo;
	uint64_t print;

	find_bailiwick(m, &zone);
	print = print_of(m, &zone);
	if (s->memos == NULL)
		s->memos = xcalloc(MEMO_SIZE, sizeof *s->memos);
	memo = &s->memos[(print >> 1) & (MEMO_SIZE - 1)];
	s->totals[PT_MESSAGES]++;
	if (memo->print != print || memo->messages == UINT32_MAX) {
		take_apart(s, m, &zone, memo, print);
		return;
	}
	memo->messages++;
	memo->first = m->time < memo->first ? m->time : memo->first;
	memo->last = m->time > memo->last ? m->time : memo->last;
}

static void
observe(void *state, const struct batch *batch)
{
	struct passive *s = state;

	for (size_t i = 0; i < batch->count; i++) {
		const struct dns_message *m = batch->dns[i];
		if (is_forged(m) && m->name_size != 0)
			suspect(s, m->site_hash);
		if (!is_authoritative(m) ||
		    (m->view == DNS_VIEW_WIRE && is_resolver(s, &m->server)))
			continue;
		if (m->match == DNS_MATCHED)
			take_answer(s, m);
		else
			s->totals[PT_UNMATCHED]++;
	}
}

static void
settle_all(struct passive *s)
{
	for (size_t i = 0; s->memos != NULL && i < MEMO_SIZE; i++)
		settle(s, &s->memos[i]);
}

static void
merge(void *into, const void *from)
{
	struct passive *s = into;
	const struct passive *f = from;
	/* Its memo is not settled, and it is not ours to change: settled here. */
	uint64_t refused;

	settle_all(s);
	refused = passive_table_merge(&s->table, &f->table);
	for (size_t i = 0; f->memos != NULL && i < MEMO_SIZE; i++) {
		const struct memo *memo = &f->memos[i];
		for (uint32_t k = 0; k < memo->count && memo->messages != 0; k++) {
			struct passive_key key = passive_table_key(&f->table, memo->numbers[k]);
			uint32_t number = passive_table_at(
			    &s->table, &key, f->table.records[memo->numbers[k]].site);
			if (number == PASSIVE_NONE)
				refused += memo->messages;
			else
				passive_table_see(
				    &s->table, number, memo->first, memo->last, memo->messages);
		}
	}
	for (size_t i = 0; f->suspect_count != 0 && i < SUSPECTS; i++)
		if (f->suspects[i] != 0)
			suspect(s, f->suspects[i]);
	for (size_t i = 0; i < PT_COLUMNS; i++)
		s->totals[i] += f->totals[i];
	s->totals[PT_REFUSED] += refused;
}

/* --- rows ------------------------------------------------------------------------------------- */

static int
compare(const void *a, const void *b, void *context)
{
	const struct passive_table *t = context;
	struct passive_key x = passive_table_key(t, *(const uint32_t *)a);
	struct passive_key y = passive_table_key(t, *(const uint32_t *)b);
	int order = strcmp(x.name, y.name);

	if (order == 0)
		order = x.type - y.type;
	if (order == 0)
		order = strcmp(x.data, y.data);
	return order != 0 ? order : strcmp(x.zone, y.zone);
}

static void
yield_record(struct rows *rows, const struct passive_table *table, uint32_t number)
{
	const struct passive_record *r = &table->records[number];
	struct passive_key key = passive_table_key(table, number);
	char type[DNS_NUMBER_TEXT_SIZE];

	rows_text(rows, PR_RRNAME, key.name);
	rows_text(rows, PR_RRTYPE, dns_type_name(key.type, type));
	rows_text(rows, PR_RDATA, key.data);
	rows_text(rows, PR_BAILIWICK, key.zone);
	rows_time(rows, PR_FIRST, r->first);
	rows_time(rows, PR_LAST, r->last);
	rows_u64(rows, PR_ANSWERS, r->count);
	rows_next(rows);
}

static void
finish(void *state, const struct window *window, const struct row_sink *sink)
{
	struct passive *s = state;
	uint32_t *order = xcalloc((size_t)s->table.count + 1, sizeof *order);
	uint32_t count = 0;
	bool anything = false;

	(void)window;
	settle_all(s);
	for (uint32_t i = 0; i < s->table.count; i++) {
		if (is_suspect(s, s->table.records[i].site))
			s->totals[PT_SUSPECT] += s->table.records[i].count;
		else if (s->table.records[i].count != 0)
			order[count++] = i;
	}
	if (count != 0)
		qsort_r(order, count, sizeof *order, compare, &s->table);
	for (uint32_t i = 0; i < count; i++)
		yield_record(sink->tables[PASSIVE_RECORDS], &s->table, order[i]);
	free(order);
	for (size_t i = 0; i < PT_COLUMNS; i++)
		anything |= s->totals[i] != 0;
	if (!anything)
		return;
	for (size_t i = 0; i < PT_COLUMNS; i++)
		rows_u64(sink->tables[PASSIVE_TOTALS], i, s->totals[i]);
	rows_next(sink->tables[PASSIVE_TOTALS]);
}

/* --- declaration ------------------------------------------------------------------------------ */

static const struct setting SETTINGS[] = {
	{ "records", SETTING_U64, "131072", "1024", "16777216",
	    "records that a window may hold; what does not fit is counted" },
};

static const struct column RECORDS[] = {
	{ "rrname", COLUMN_TEXT, "" },
	{ "rrtype", COLUMN_TEXT, "" },
	{ "rdata", COLUMN_TEXT, "" },
	{ "bailiwick", COLUMN_TEXT, "" },
	{ "time_first", COLUMN_TIME, "ms" },
	{ "time_last", COLUMN_TIME, "ms" },
	{ "answers", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(RECORDS) == PR_COLUMNS, "as passive.h numbers them");

static const struct column TOTALS[] = {
	{ "messages", COLUMN_U64, "" },
	{ "unmatched", COLUMN_U64, "" },
	{ "outside", COLUMN_U64, "" },
	{ "suspect", COLUMN_U64, "" },
	{ "unfit", COLUMN_U64, "" },
	{ "refused", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(TOTALS) == PT_COLUMNS, "as passive.h numbers them");

const struct table passive_tables[PASSIVE_TABLES] = {
	{ "dns_passive", "Records that names had", RECORDS, ARRAY_COUNT(RECORDS) },
	{ "dns_passive_totals", "What passive DNS took and left", TOTALS, ARRAY_COUNT(TOTALS) },
};

static const struct table_sums SUMS[] = {
	{ &passive_tables[PASSIVE_RECORDS], 1U << PR_ANSWERS, 3600, 1U << PR_FIRST, 1U << PR_LAST },
	{ &passive_tables[PASSIVE_TOTALS], (1U << PT_COLUMNS) - 1, 3600, 0, 0 },
};

const struct analysis analysis_dns_passive = {
	.name = "dns/passive",
	.title = "Records that names had",
	.consumes = OBS_DNS,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = passive_tables,
	.table_count = PASSIVE_TABLES,
	.sums = SUMS,
	.sum_count = ARRAY_COUNT(SUMS),
	.state_size = sizeof(struct passive),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = observe,
	.merge = merge,
	.finish = finish,
	.section = passive_section,
};
