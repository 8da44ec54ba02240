/* SPDX-License-Identifier: ISC */
/*
 * Backscatter: what victims of attacks elsewhere send to our unused addresses, because the attack
 * pretended to come from there.
 *
 * D. Moore, G. Voelker, S. Savage, "Inferring Internet denial-of-service activity", USENIX Security
 * 2001.  Packets are counted by victim, protocol of the attack and 300 seconds, with counts of ten
 * seconds, the addresses hit and the ports attacked.  The section (backscatter_section.c) puts the
 * rows of a victim together, over windows, and applies the thresholds.
 *
 * Without dark prefixes and sensors a batch costs one comparison; with them a packet to other
 * addresses costs two.
 */
#include "analysis/security/backscatter.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/cells.h"
#include "analysis/dns/pool.h"
#include "base/xmalloc.h"

#define VECTORS_MOST 4096  /* of a shard */
#define ROWS_MOST    4096  /* of a window */
#define CELLS_MOST   16384 /* services, countries, of a window */
#define FOLDED       255   /* the protocol of services that found no place */

#define CHUNK ((nsec_t)BACKSCATTER_CHUNK_SECONDS * NSEC_PER_SEC)
#define SLOT  ((nsec_t)BACKSCATTER_SLOT_SECONDS * NSEC_PER_SEC)

enum { KEY_ADDRESS, KEY_CHUNK = 2, KEY_WORDS };

struct vector {
	uint64_t key[KEY_WORDS]; /* victim; number of the chunk and protocol */
	struct backscatter_sums sums;
	uint32_t slots[BACKSCATTER_SLOTS];
};
static_assert(sizeof(struct vector) % 8 == 0, "entries of a pool are made of words");

struct backscatter {
	struct dark_space space;
	struct dns_pool vectors;
	struct cells services;
	const struct geo *countries;
	struct hash_secret secret;
	uint64_t fold; /* where services go that found no place */
	bool weak;
	uint64_t totals[BT_COLUMNS];
};

static uint64_t
weight(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct vector *)entry)->sums.packets;
}

static const struct dns_pool_shape SHAPE = { KEY_WORDS, sizeof(struct vector), VECTORS_MOST,
	weight };

static enum err
init(void *state, const struct analysis_context *context, struct err_info *info)
{
	struct backscatter *s = state;

	(void)info;
	dark_space_init(&s->space, context->site);
	dns_pool_init(&s->vectors, &SHAPE, &context->secret);
	cells_init(&s->services, CELLS_MOST, &context->secret);
	s->countries = context->countries;
	s->secret = context->secret;
	s->weak = settings_bool(context->settings, "acknowledgements");
	return ERR_OK;
}

static void
release(void *state)
{
	struct backscatter *s = state;

	dark_space_release(&s->space);
	dns_pool_release(&s->vectors);
	cells_release(&s->services);
}

static void
clear(void *state)
{
	struct backscatter *s = state;

	if (s->totals[BT_PACKETS] == 0)
		return;
	dns_pool_clear(&s->vectors);
	cells_clear(&s->services);
	s->fold = 0;
	memset(s->totals, 0, sizeof s->totals);
}

/* ------------------------------------------------------------------ observing */

static uint64_t
service_key(nsec_t time, uint8_t protocol, uint16_t port)
{
	return (uint64_t)floor_div(time, BACKSCATTER_QUARTER) << 24 | (uint64_t)protocol << 16 |
	       port;
}

static void
count_service(struct backscatter *s, const struct packet *p, const struct dark_victim *v)
{
	struct cell *cell = cells_at(&s->services, service_key(p->time, v->protocol, v->port));

	if (s->fold == 0)
		s->fold = service_key(p->time, FOLDED, 0);
	if (cell == NULL)
		cell = cells_at(&s->services, s->fold);
	if (cell == NULL)
		return;
	cell->sums[0]++;
	cell->sums[1] += p->octets;
}

static void
take_sample(struct backscatter_sample *sample, const struct packet *p)
{
	size_t size = p->captured_size - p->l3_offset;

	size = size < p->octets ? size : p->octets;
	*sample = (struct backscatter_sample){
		.time = p->time,
		.input_offset = p->input_offset,
		.input_length = p->captured_size,
		.l3_octets = (uint16_t)(p->octets < UINT16_MAX ? p->octets : UINT16_MAX),
		.size =
		    (uint16_t)(size < BACKSCATTER_SAMPLE_OCTETS ? size : BACKSCATTER_SAMPLE_OCTETS),
	};
	memcpy(sample->octets, p->data + p->l3_offset, sample->size);
}

static bool
is_earlier(const struct packet *p, const struct backscatter_sample *sample)
{
	return sample->size == 0 || p->time < sample->time ||
	       (p->time == sample->time && p->input_offset < sample->input_offset);
}

static void
count_packet(struct backscatter *s, size_t which, enum dark_kind kind, const struct packet *p,
    const struct dark_victim *v)
{
	uint64_t chunk = (uint64_t)floor_div(p->time, CHUNK), hash;
	uint64_t key[KEY_WORDS] = { v->address.words[0], v->address.words[1],
		chunk << 8 | v->protocol };
	struct vector *vector = dns_pool_at(&s->vectors, key);
	struct backscatter_sums *sums = &vector->sums;

	if (sums->packets == 0 || p->time < sums->first)
		sums->first = p->time;
	if (sums->packets == 0 || p->time > sums->last)
		sums->last = p->time;
	sums->packets++;
	sums->octets += p->octets;
	sums->kinds[kind - DARK_SYNACK]++;
	vector->slots[(p->time - (nsec_t)chunk * CHUNK) / SLOT]++;
	backscatter_sums_port(sums, v->port, 1);
	hash = hash_mix_words(p->destination.words, 2);
	hll_add(sums->addresses, BACKSCATTER_PRECISION, hash);
	backscatter_sums_place(sums, (hash & ~(uint64_t)UINT32_MAX) |
					 dark_space_position(&s->space, which, &p->destination));
	if (is_earlier(p, &sums->sample))
		take_sample(&sums->sample, p);
}

static void
take_packet(struct backscatter *s, const struct packet *p)
{
	struct dark_victim victim;
	long which = dark_space_find(&s->space, &p->destination);
	uint64_t ms = analysis_ms(p->time);
	enum dark_kind kind;

	if (which < 0)
		return;
	kind = dark_classify(p, s->space.prefixes[which].answers, &victim);
	if (s->totals[BT_PACKETS]++ == 0 || ms < s->totals[BT_FIRST])
		s->totals[BT_FIRST] = ms;
	if (ms > s->totals[BT_LAST])
		s->totals[BT_LAST] = ms;
	s->totals[BT_KIND + kind]++;
	if (kind < DARK_SYNACK || kind > DARK_UDP || (kind == DARK_ACK && !s->weak))
		return;
	count_service(s, p, &victim);
	count_packet(s, (size_t)which, kind, p, &victim);
}

static void
observe(void *state, const struct batch *batch)
{
	struct backscatter *s = state;

	if (s->space.count == 0)
		return;
	for (size_t i = 0; i < batch->count; i++) {
		const struct packet *p = batch->packets[i];
		if (p->kind == PACKET_IP && p->time >= 0 &&
		    dark_space_may_hold(&s->space, &p->destination))
			take_packet(s, p);
	}
}

static void
add_vector(void *into, const void *from)
{
	struct vector *v = into;
	const struct vector *f = from;

	backscatter_sums_add(&v->sums, &f->sums);
	for (unsigned i = 0; i < BACKSCATTER_SLOTS; i++)
		v->slots[i] += f->slots[i];
}

static void
merge(void *into, const void *from)
{
	struct backscatter *s = into;
	const struct backscatter *f = from;
	bool first;

	if (f->totals[BT_PACKETS] == 0)
		return;
	first = s->totals[BT_PACKETS] == 0;
	dns_pool_merge(&s->vectors, &f->vectors, add_vector);
	if (s->fold == 0 || (f->fold != 0 && f->fold < s->fold))
		s->fold = f->fold;
	cells_merge(&s->services, &f->services, s->fold);
	if (first || f->totals[BT_FIRST] < s->totals[BT_FIRST])
		s->totals[BT_FIRST] = f->totals[BT_FIRST];
	if (f->totals[BT_LAST] > s->totals[BT_LAST])
		s->totals[BT_LAST] = f->totals[BT_LAST];
	s->totals[BT_PACKETS] += f->totals[BT_PACKETS];
	for (unsigned i = BT_KIND; i < BT_COLUMNS; i++)
		s->totals[i] += f->totals[i];
}

/* ------------------------------------------------------------------ rows */

static const char *
country_of(const struct backscatter *s, const struct address *a, char text[GEO_TEXT_SIZE])
{
	if (s->countries == NULL || !geo_text(s->countries, a, text) || strlen(text) != 2)
		text[0] = '\0';
	return text;
}

static void
count_country(struct backscatter *s, struct cells *countries, const struct vector *v)
{
	struct address victim = { .words = { v->key[0], v->key[1] } };
	uint64_t quarter = (v->key[KEY_CHUNK] >> 8) * BACKSCATTER_CHUNK_SECONDS /
			   (uint64_t)(BACKSCATTER_QUARTER / NSEC_PER_SEC);
	char text[GEO_TEXT_SIZE];
	const char *code = country_of(s, &victim, text);
	struct cell *cell = cells_at(countries, quarter << 16 | (uint64_t)(uint8_t)code[0] << 8 |
						    (code[0] != 0 ? (uint8_t)code[1] : 0));

	if (cell == NULL)
		return;
	cell->sums[0] += v->sums.packets;
	cell->sums[1]++;
}

static void
yield_countries(struct backscatter *s, struct rows *rows)
{
	struct cells countries;
	const struct cell **sorted;

	cells_init(&countries, CELLS_MOST, &s->secret);
	for (uint32_t i = 0; i < s->vectors.count; i++)
		count_country(s, &countries, dns_pool_entry(&s->vectors, i));
	sorted = cells_sorted(&countries);
	for (size_t i = 0; i < countries.count; i++) {
		char code[3] = { (char)(sorted[i]->key >> 8 & 0xff), (char)(sorted[i]->key & 0xff),
			0 };
		rows_time(rows, BC_QUARTER, (nsec_t)(sorted[i]->key >> 16) * BACKSCATTER_QUARTER);
		rows_text(rows, BC_COUNTRY, code);
		rows_u64(rows, BC_PACKETS, sorted[i]->sums[0]);
		rows_u64(rows, BC_VECTORS, sorted[i]->sums[1]);
		rows_next(rows);
	}
	free(sorted);
	cells_release(&countries);
}

static void
yield_services(const struct backscatter *s, struct rows *rows)
{
	const struct cell **sorted = cells_sorted(&s->services);

	for (size_t i = 0; i < s->services.count; i++) {
		uint64_t key = sorted[i]->key;
		rows_time(rows, BS_QUARTER, (nsec_t)(key >> 24) * BACKSCATTER_QUARTER);
		rows_u64(rows, BS_PROTOCOL, key >> 16 & 0xff);
		rows_u64(rows, BS_PORT, key & 0xffff);
		rows_u64(rows, BS_PACKETS, sorted[i]->sums[0]);
		rows_u64(rows, BS_OCTETS, sorted[i]->sums[1]);
		rows_next(rows);
	}
	free(sorted);
}

/* Pairs of a slot's number and its count, little-endian. */
static void
put_slots(const struct vector *v, struct rows *rows)
{
	uint8_t octets[BACKSCATTER_SLOTS * 5], *p = octets;

	for (unsigned i = 0; i < BACKSCATTER_SLOTS; i++)
		if (v->slots[i] != 0) {
			*p = (uint8_t)i;
			put_le32(p + 1, v->slots[i]);
			p += 5;
		}
	rows_blob(rows, BV_SLOTS, octets, (size_t)(p - octets));
}

static void
yield_vector(const struct backscatter *s, const struct vector *v, struct rows *rows)
{
	struct address victim = { .words = { v->key[0], v->key[1] } };
	char country[GEO_TEXT_SIZE];

	rows_address(rows, BV_VICTIM, &victim);
	rows_u64(rows, BV_PROTOCOL, v->key[KEY_CHUNK] & 0xff);
	rows_time(rows, BV_CHUNK, (nsec_t)(v->key[KEY_CHUNK] >> 8) * CHUNK);
	rows_time(rows, BV_FIRST, v->sums.first);
	rows_time(rows, BV_LAST, v->sums.last);
	rows_u64(rows, BV_PACKETS, v->sums.packets);
	rows_u64(rows, BV_OCTETS, v->sums.octets);
	rows_u64(rows, BV_MONITORED, address_is_ipv4(&victim) ? s->space.ipv4_addresses : 0);
	rows_text(rows, BV_COUNTRY, country_of(s, &victim, country));
	put_slots(v, rows);
	backscatter_sums_put(&v->sums, rows);
	rows_next(rows);
}

/* The most packets first, then by key as octets. */
static int
compare(const void *a, const void *b)
{
	const struct vector *x = *(const struct vector *const *)a;
	const struct vector *y = *(const struct vector *const *)b;
	int order = memcmp(x->key, y->key, 16);

	if (x->sums.packets != y->sums.packets)
		return x->sums.packets > y->sums.packets ? -1 : 1;
	if (order != 0)
		return order;
	return (x->key[KEY_CHUNK] > y->key[KEY_CHUNK]) - (x->key[KEY_CHUNK] < y->key[KEY_CHUNK]);
}

static void
yield_vectors(struct backscatter *s, struct rows *rows)
{
	const struct vector **list = xcalloc((size_t)s->vectors.count + 1, sizeof(void *));

	for (uint32_t i = 0; i < s->vectors.count; i++)
		list[i] = dns_pool_entry(&s->vectors, i);
	if (s->vectors.count > 0)
		qsort(list, s->vectors.count, sizeof(void *), compare);
	for (uint32_t i = 0; i < s->vectors.count; i++) {
		if (i < ROWS_MOST) {
			yield_vector(s, list[i], rows);
			continue;
		}
		s->totals[BT_UNSTORED]++;
		s->totals[BT_UNSTORED_PACKETS] += list[i]->sums.packets;
	}
	free(list);
}

static void
finish(void *state, const struct window *window, const struct row_sink *sink)
{
	struct backscatter *s = state;

	(void)window;
	if (s->totals[BT_PACKETS] == 0)
		return;
	yield_vectors(s, sink->tables[0]);
	yield_services(s, sink->tables[1]);
	yield_countries(s, sink->tables[2]);
	s->totals[BT_IPV4] = s->space.ipv4_addresses;
	s->totals[BT_IPV6] = s->space.ipv6_addresses > 0;
	s->totals[BT_EVICTED] = s->vectors.evicted;
	s->totals[BT_EVICTED_PACKETS] = s->vectors.evicted_weight;
	for (unsigned i = 0; i < BT_COLUMNS; i++)
		if (i == BT_FIRST || i == BT_LAST)
			rows_time(sink->tables[3], i, (nsec_t)s->totals[i] * NSEC_PER_MS);
		else
			rows_u64(sink->tables[3], i, s->totals[i]);
	rows_next(sink->tables[3]);
}

/* ------------------------------------------------------------------ declaration */

static const struct setting SETTINGS[] = {
	{ "mode", SETTING_TEXT, "auto", NULL, NULL,
	    "which rule finds victims: telescope, small, or auto: by the number of addresses" },
	{ "telescope_addresses", SETTING_U64, "4194304", "1", "4294967296",
	    "monitored IPv4 addresses from which on auto means telescope" },
	{ "packets", SETTING_U64, "25", "1", "1000000000", "least packets (telescope)" },
	{ "duration", SETTING_DURATION, "60s", "0s", "1d", "least duration (telescope)" },
	{ "best_minute", SETTING_U64, "30", "1", "1000000000",
	    "least packets of the best 60 s (telescope)" },
	{ "small_packets", SETTING_U64, "5", "2", "1000000000", "least packets (small)" },
	{ "small_addresses", SETTING_U64, "3", "1", "1000000", "least dark addresses (small)" },
	{ "small_buckets", SETTING_U64, "2", "1", "1000000",
	    "least stretches of 10 s with packets (small)" },
	{ "uniformity", SETTING_F64, "0.001", "0", "0.5",
	    "probability at which forged sources that are uniform are taken for not uniform" },
	{ "most_ports", SETTING_U64, "256", "1", "65536",
	    "ports of a sender above which it is a scan and no victim" },
	{ "acknowledgements", SETTING_BOOL, "false", NULL, NULL,
	    "whether bare ACKs count as backscatter, too: weak evidence" },
};

static const struct column VECTORS[] = {
	{ "victim", COLUMN_ADDRESS, "" },
	{ "protocol", COLUMN_U64, "" },
	{ "chunk", COLUMN_TIME, "ms" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	{ "packets", COLUMN_U64, "packets" },
	{ "octets", COLUMN_U64, "octets" },
	{ "monitored", COLUMN_U64, "" },
	{ "country", COLUMN_TEXT, "" },
	{ "kinds", COLUMN_BLOB, "" },
	{ "slots", COLUMN_BLOB, "" },
	{ "ports", COLUMN_BLOB, "" },
	{ "port_bits", COLUMN_BLOB, "" },
	{ "places", COLUMN_BLOB, "" },
	{ "addresses", COLUMN_BLOB, "" },
	{ "sample", COLUMN_BLOB, "" },
};
static_assert(ARRAY_COUNT(VECTORS) == BV_COLUMNS, "as backscatter.h numbers them");

static const struct column SERVICES[] = {
	{ "quarter", COLUMN_TIME, "ms" },
	{ "protocol", COLUMN_U64, "" },
	{ "port", COLUMN_U64, "" },
	{ "packets", COLUMN_U64, "packets" },
	{ "octets", COLUMN_U64, "octets" },
};
static_assert(ARRAY_COUNT(SERVICES) == BS_COLUMNS, "as backscatter.h numbers them");

static const struct column COUNTRIES[] = {
	{ "quarter", COLUMN_TIME, "ms" },
	{ "country", COLUMN_TEXT, "" },
	{ "packets", COLUMN_U64, "packets" },
	{ "vectors", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(COUNTRIES) == BC_COLUMNS, "as backscatter.h numbers them");

static const struct column TOTALS[] = {
	{ "packets", COLUMN_U64, "packets" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	{ "ipv4_addresses", COLUMN_U64, "" },
	{ "ipv6", COLUMN_U64, "" },
	{ "random", COLUMN_U64, "packets" },
	{ "synacks", COLUMN_U64, "packets" },
	{ "resets", COLUMN_U64, "packets" },
	{ "acknowledgements", COLUMN_U64, "packets" },
	{ "errors", COLUMN_U64, "packets" },
	{ "replies", COLUMN_U64, "packets" },
	{ "udp_responses", COLUMN_U64, "packets" },
	{ "mismatched_quotes", COLUMN_U64, "packets" },
	{ "short_quotes", COLUMN_U64, "packets" },
	{ "vectors_evicted", COLUMN_U64, "" },
	{ "packets_evicted", COLUMN_U64, "packets" },
	{ "vectors_unstored", COLUMN_U64, "" },
	{ "packets_unstored", COLUMN_U64, "packets" },
};
static_assert(ARRAY_COUNT(TOTALS) == BT_COLUMNS, "as backscatter.h numbers them");

static const struct table TABLES[] = {
	{ "security_backscatter", "Five minutes of a victim of attacks elsewhere", VECTORS,
	    BV_COLUMNS },
	{ "security_backscatter_services", "Backscatter by attacked service", SERVICES,
	    BS_COLUMNS },
	{ "security_backscatter_countries", "Backscatter by the country of its senders", COUNTRIES,
	    BC_COLUMNS },
	{ "security_backscatter_totals", "What the search for backscatter rests on", TOTALS,
	    BT_COLUMNS },
};

static const struct table_sums SUMS[] = {
	{ .table = &TABLES[1], .columns = 1 << BS_PACKETS | 1 << BS_OCTETS, .seconds = 900 },
	{ .table = &TABLES[2], .columns = 1 << BC_PACKETS | 1 << BC_VECTORS, .seconds = 900 },
};

const struct analysis analysis_security_backscatter = {
	.name = "security/backscatter",
	.title = "Backscatter of attacks elsewhere",
	.consumes = OBS_PACKET,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.sums = SUMS,
	.sum_count = ARRAY_COUNT(SUMS),
	.state_size = sizeof(struct backscatter),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = observe,
	.merge = merge,
	.finish = finish,
	.section = backscatter_section,
};
