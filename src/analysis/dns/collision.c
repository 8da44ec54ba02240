/* SPDX-License-Identifier: ISC */
/*
 * Name collision: names of the inside that are asked in the public DNS.
 *
 * A leak is an NXDOMAIN whose authority section has the SOA of the root (RFC 2308, section 3): its
 * top-level name is not delegated.  Where only queries are seen, the top-level names that the
 * public suffix list does not know count apart.  What Chromium asks at random (one label of 7 to 15
 * letters) is set aside: it leaks nothing.
 *
 * State is bounded.  Known names have cells of their own.  Any other name is admitted to the cells
 * when it keeps its place in a sieve, where each place belongs to the name that is asked for most
 * (R. S. Boyer, J. S. Moore, "MJRTY", 1981); a flood of names that are asked once passes by. Places
 * follow from hashes that are the same in every process, sets are short, so the same input gives
 * the same rows and nobody can make searches long.
 */
#include "analysis/dns/collision.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/dns/samples.h"
#include "analysis/sketch.h"
#include "base/hash.h"
#include "base/xmalloc.h"
#include "net/dns.h"
#include "stat/hll.h"
#include "stat/misra_gries.h"

#define WAYS        8
#define SETS        64   /* for top-level names; as many for search lists */
#define SIEVE       2048 /* places */
#define SUFFIX_MOST 64   /* octets of a suffix that is kept: longer ones are cut at a label */
#define CLIENTS     256  /* counters of the clients' summary */
#define NEW_NAMES   128  /* counters of new top-level names */
#define ANSWERS     128  /* clients and names that were given 127.0.53.53 */
#define SAMPLES     64   /* names that keep messages */
#define ADMITTED    2    /* sightings in the sieve that make a name known */

#define HLL_REGISTERS HLL_SIZE(COLLISION_PRECISION)

/* A top-level name, or a search list. */
struct cell {
	uint64_t hash;
	uint64_t denials, queries, own;
	/* Of queries and of denials: the latter count where there are any. */
	uint64_t services[2][SERVICE_COUNT];
	uint64_t appended[2]; /* a whole name stood before the suffix */
	uint64_t types;       /* a bit for each of the types 0…62, the last for others */
	nsec_t first, last;
	uint16_t sample;   /* number of its samples + 1 */
	uint8_t name_size; /* 0: free */
	uint8_t name[SUFFIX_MOST];
	uint8_t clients[HLL_REGISTERS];
	uint8_t networks[HLL_REGISTERS];
	uint8_t labels[HLL_REGISTERS]; /* of the label left of the suffix */
};

struct set {
	struct cell cells[WAYS];
};

struct place {
	uint32_t print;
	uint32_t count;
};

/* Somebody was told 127.0.53.53. */
struct answer {
	struct address client;
	uint64_t name_hash;
	uint64_t count;
	nsec_t first, last;
	uint16_t type;
	uint8_t name_size; /* 0: free */
	uint8_t name[DNS_NAME_MAX];
	struct dns_samples samples;
};

struct totals {
	uint64_t responses, queries, nxdomain, denials, random_single, asked_only, evicted,
	    answers_dropped;
};

struct state {
	const struct suffix_list *suffixes; /* borrowed */
	struct hash_secret secret;
	struct totals totals;
	struct set *suffix_sets;     /* owned; SETS, then one for each known name's own cell */
	struct set *search_sets;     /* owned */
	struct place *sieve;         /* owned */
	struct dns_samples *samples; /* owned */
	size_t sample_count;
	struct mg clients;
	struct mg new_names;    /* of top-level names delegated since 2013: by their hash */
	struct answer *answers; /* owned */
	size_t answer_count;
	bool touched;
};

/* COLLISION_TABLES[COLLISION_SUFFIXES], and SEARCH */
static const struct column SUFFIX_COLUMNS[] = {
	{ "suffix", COLUMN_TEXT, "" },
	{ "class", COLUMN_U8, "" },
	{ "first_time", COLUMN_TIME, "" },
	{ "last_time", COLUMN_TIME, "" },
	{ "denials", COLUMN_U64, "messages" },
	{ "queries", COLUMN_U64, "messages" },
	{ "own_denials", COLUMN_U64, "messages" },
	{ "appended", COLUMN_U64, "messages" },
	{ "wpad", COLUMN_U64, "messages" },
	{ "isatap", COLUMN_U64, "messages" },
	{ "active_directory", COLUMN_U64, "messages" },
	{ "kerberos", COLUMN_U64, "messages" },
	{ "service_discovery", COLUMN_U64, "messages" },
	{ "mail_configuration", COLUMN_U64, "messages" },
	{ "sip", COLUMN_U64, "messages" },
	{ "types", COLUMN_U64, "" },
	{ "clients", COLUMN_BLOB, "" },
	{ "networks", COLUMN_BLOB, "" },
	{ "labels", COLUMN_BLOB, "" },
	{ "samples", COLUMN_BLOB, "" },
};

static const struct column CLIENT_COLUMNS[] = {
	{ "client", COLUMN_ADDRESS, "" },
	{ "denials", COLUMN_U64, "messages" },
	{ "own", COLUMN_U8, "" },
	{ "error", COLUMN_U64, "messages" },
};

static const struct column ANSWER_COLUMNS[] = {
	{ "client", COLUMN_ADDRESS, "" },
	{ "name", COLUMN_TEXT, "" },
	{ "type", COLUMN_U16, "" },
	{ "first_time", COLUMN_TIME, "" },
	{ "last_time", COLUMN_TIME, "" },
	{ "answers", COLUMN_U64, "messages" },
	{ "samples", COLUMN_BLOB, "" },
};

static const struct column NEW_COLUMNS[] = {
	{ "label", COLUMN_TEXT, "" },
	{ "since", COLUMN_U32, "" },
	{ "nxdomain", COLUMN_U64, "messages" },
	{ "error", COLUMN_U64, "messages" },
};

static const struct column TOTAL_COLUMNS[] = {
	{ "responses", COLUMN_U64, "messages" },
	{ "queries", COLUMN_U64, "messages" },
	{ "nxdomain", COLUMN_U64, "messages" },
	{ "denials", COLUMN_U64, "messages" },
	{ "random_single", COLUMN_U64, "messages" },
	{ "asked_only", COLUMN_U64, "messages" },
	{ "evicted", COLUMN_U64, "messages" },
	{ "answers_dropped", COLUMN_U64, "messages" },
};

const struct table COLLISION_TABLES[] = {
	[COLLISION_SUFFIXES] = { "dns_collision_suffixes", "Undelegated top-level names asked for",
	    SUFFIX_COLUMNS, ARRAY_COUNT(SUFFIX_COLUMNS) },
	[COLLISION_SEARCH] = { "dns_collision_search", "Suffixes put behind whole names",
	    SUFFIX_COLUMNS, ARRAY_COUNT(SUFFIX_COLUMNS) },
	[COLLISION_CLIENTS] = { "dns_collision_clients", "Clients that leak most", CLIENT_COLUMNS,
	    ARRAY_COUNT(CLIENT_COLUMNS) },
	[COLLISION_ANSWERS] = { "dns_collision_answers",
	    "Answers of a controlled interruption (127.0.53.53)", ANSWER_COLUMNS,
	    ARRAY_COUNT(ANSWER_COLUMNS) },
	[COLLISION_NEW] = { "dns_collision_new", "Top-level names of the new programme asked for",
	    NEW_COLUMNS, ARRAY_COUNT(NEW_COLUMNS) },
	[COLLISION_TOTALS] = { "dns_collision_totals", "Messages that were looked at",
	    TOTAL_COLUMNS, ARRAY_COUNT(TOTAL_COLUMNS) },
};

static size_t suffix_set_count(void);

static enum err
collision_init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	struct state *s = opaque;

	(void)info;
	s->suffixes = context->suffixes;
	/* Known names have sets of one cell each at the end. */
	s->suffix_sets = xcalloc(suffix_set_count(), sizeof *s->suffix_sets);
	s->search_sets = xcalloc(SETS, sizeof *s->search_sets);
	s->sieve = xcalloc(SIEVE, sizeof *s->sieve);
	s->samples = xcalloc(SAMPLES, sizeof *s->samples);
	s->answers = xcalloc(ANSWERS, sizeof *s->answers);
	s->secret = context->secret;
	mg_init(&s->clients, CLIENTS, 2);
	mg_init(&s->new_names, NEW_NAMES, 2);
	return ERR_OK;
}

static void
collision_release(void *opaque)
{
	struct state *s = opaque;

	free(s->suffix_sets);
	free(s->search_sets);
	free(s->sieve);
	free(s->samples);
	free(s->answers);
	mg_release(&s->clients);
	mg_release(&s->new_names);
}

static size_t
suffix_set_count(void)
{
	return SETS + (collision_name_count() + WAYS - 1) / WAYS;
}

static void
collision_clear(void *opaque)
{
	struct state *s = opaque;

	if (!s->touched)
		return;
	if (s->totals.denials + s->totals.asked_only != 0) {
		memset(s->suffix_sets, 0, suffix_set_count() * sizeof *s->suffix_sets);
		memset(s->search_sets, 0, SETS * sizeof *s->search_sets);
		memset(s->sieve, 0, SIEVE * sizeof *s->sieve);
	}
	memset(s->samples, 0, s->sample_count * sizeof *s->samples);
	memset(s->answers, 0, s->answer_count * sizeof *s->answers);
	s->sample_count = s->answer_count = 0;
	mg_clear(&s->clients);
	mg_clear(&s->new_names);
	memset(s->clients.error, 0, sizeof s->clients.error);
	memset(s->new_names.error, 0, sizeof s->new_names.error);
	s->totals = (struct totals){ 0 };
	s->touched = false;
}

/* The known name's own cell, or NULL. */
static struct cell *
known_cell(struct state *s, const uint8_t *suffix, size_t size)
{
	const struct collision_name *known;
	size_t number;

	if (size != (size_t)suffix[0] + 2)
		return NULL;
	known = collision_name_find(suffix + 1, suffix[0]);
	if (known == NULL)
		return NULL;
	number = collision_name_number(known);
	return &s->suffix_sets[SETS + number / WAYS].cells[number % WAYS];
}

/* Whether a name that is not held has been seen often enough. */
static bool
passes_sieve(struct state *s, uint64_t hash)
{
	struct place *place = &s->sieve[hash >> 32 & (SIEVE - 1)];
	uint32_t print = (uint32_t)hash;

	if (place->count != 0 && place->print != print) {
		place->count--;
		return false;
	}
	place->print = print;
	return ++place->count >= ADMITTED;
}

/* The cell in its set that is this suffix's, or the one to take for it. */
static struct cell *
choose_cell(struct set *set, uint64_t hash, const uint8_t *suffix, size_t size)
{
	struct cell *least = &set->cells[0];

	for (size_t i = 0; i < WAYS; i++) {
		struct cell *cell = &set->cells[i];
		if (cell->name_size == 0)
			return cell;
		if (cell->hash == hash && cell->name_size == size &&
		    memcmp(cell->name, suffix, size) == 0)
			return cell;
		if (cell->denials + cell->queries < least->denials + least->queries)
			least = cell;
	}
	return least;
}

/* The cell of a suffix; NULL while it is only in the sieve. */
static struct cell *
cell_of(struct state *s, struct set *sets, const uint8_t *suffix, size_t size, bool sieved)
{
	uint64_t hash = dns_hash(suffix, size);
	struct cell *cell = NULL;

	if (size > SUFFIX_MOST)
		return NULL;
	if (sets == s->suffix_sets)
		cell = known_cell(s, suffix, size);
	if (cell == NULL)
		cell = choose_cell(&sets[hash & (SETS - 1)], hash, suffix, size);
	if (cell->name_size == size && cell->hash == hash)
		return cell;
	if (sieved && cell->name_size != 0 && !passes_sieve(s, hash))
		return NULL;
	if (cell->name_size != 0)
		s->totals.evicted += cell->denials + cell->queries;
	*cell = (struct cell){ .hash = hash, .name_size = (uint8_t)size };
	memcpy(cell->name, suffix, size);
	return cell;
}

static uint64_t
address_hash(const struct address *a)
{
	return hash_mix_words(a->words, 2);
}

/* /24 of IPv4, /48 of IPv6: who runs a network, more or less. */
static uint64_t
network_hash(const struct address *a)
{
	struct address network = address_mask(a, address_is_ipv4(a) ? 24 : 48);

	return hash_mix_words(network.words, 2);
}

/* The label that stands left of the suffix, as part of the name. */
static uint64_t
left_label_hash(const struct dns_message *m, size_t suffix_size)
{
	size_t end = m->name_size - suffix_size, at = 0;

	while (at < end && at + 1 + m->name[at] < end)
		at += 1 + (size_t)m->name[at];
	return at < end ? dns_hash(m->name + at, end - at) : 0;
}

static void
add_sample(struct state *s, struct cell *cell, const struct dns_message *m)
{
	if (cell->sample == 0) {
		if (s->sample_count == SAMPLES)
			return;
		cell->sample = (uint16_t)++s->sample_count;
	}
	dns_samples_add(&s->samples[cell->sample - 1], m);
}

static void
add_to_cell(struct state *s, struct cell *cell, const struct dns_message *m)
{
	enum collision_service service = collision_service_of(m->name, m->name_size);

	if (cell->denials + cell->queries == 0 || m->time < cell->first)
		cell->first = m->time;
	if (m->time > cell->last)
		cell->last = m->time;
	if (m->flags & DNS_RESPONSE)
		cell->denials++;
	else
		cell->queries++;
	cell->own +=
	    (m->flags & (DNS_CLIENT_OWN | DNS_RESPONSE)) == (DNS_CLIENT_OWN | DNS_RESPONSE);
	if (service != SERVICE_COUNT)
		cell->services[m->flags & DNS_RESPONSE][service]++;
	cell->types |= UINT64_C(1) << (m->type < 63 ? m->type : 63);
	hll_add(cell->clients, COLLISION_PRECISION, address_hash(&m->client));
	hll_add(cell->networks, COLLISION_PRECISION, network_hash(&m->client));
	hll_add(cell->labels, COLLISION_PRECISION, left_label_hash(m, cell->name_size));
	add_sample(s, cell, m);
}

static void
add_client(struct state *s, const struct dns_message *m)
{
	uint64_t weights[MG_METRICS] = { 1, (m->flags & DNS_CLIENT_OWN) != 0, 0 };
	uint32_t hash = (uint32_t)(hash_words(&s->secret, m->client.words, 2) >> 32);

	(void)mg_add(&s->clients, m->client.words, 2, hash, weights);
}

/* A name whose top-level name does not exist. */
static void
take_leak(struct state *s, const struct dns_message *m)
{
	const uint8_t *tld = m->name + m->tld_offset;
	size_t tld_size = (size_t)m->name_size - m->tld_offset, at;
	struct cell *cell;

	cell = cell_of(s, s->suffix_sets, tld, tld_size, true);
	if (cell != NULL)
		add_to_cell(s, cell, m);
	at = collision_search_list(s->suffixes, m->name, m->name_size, m->tld_offset);
	if (at == 0)
		return;
	if (cell != NULL)
		cell->appended[m->flags & DNS_RESPONSE]++;
	cell = cell_of(s, s->search_sets, m->name + at, m->name_size - at, true);
	if (cell != NULL)
		add_to_cell(s, cell, m);
}

/* A name that does not exist under a top-level name that is younger than the names of the inside it
 * may collide with. */
static void
take_new(struct state *s, const struct dns_message *m)
{
	const uint8_t *tld = m->name + m->tld_offset;
	uint64_t key[2] = { dns_hash(tld, (size_t)tld[0] + 2), 0 };
	uint64_t weights[MG_METRICS] = { 1, 0, 0 };
	uint32_t hash = (uint32_t)(hash_words(&s->secret, key, 2) >> 32);
	struct mg_entry *e;

	if (tld[0] == 0 || tld[0] > 15 || suffix_since(s->suffixes, tld, (size_t)tld[0] + 2) == 0)
		return;
	e = mg_add(&s->new_names, key, 2, hash, weights);
	memcpy(&e->key[2], tld, (size_t)tld[0] + 1);
}

static struct answer *
answer_of(struct state *s, const struct address *client, const uint8_t *name, size_t size,
    uint64_t name_hash, uint16_t type)
{
	struct answer *a;

	for (size_t i = 0; i < s->answer_count; i++) {
		a = &s->answers[i];
		if (a->name_hash == name_hash && a->type == type &&
		    address_equal(&a->client, client))
			return a;
	}
	if (s->answer_count == ANSWERS)
		return NULL;
	a = &s->answers[s->answer_count++];
	a->client = *client;
	a->name_hash = name_hash;
	a->type = type;
	a->name_size = (uint8_t)size;
	memcpy(a->name, name, size);
	return a;
}

/* ICANN's controlled interruption: 127.0.53.53, or a name that says so (ICANN, "Name Collision
 * Occurrence Management Framework", 2014-07-30). */
static bool
is_interruption(const struct dns_message *m)
{
	static const uint8_t address[4] = { 127, 0, 53, 53 };
	static const char text[] = "your-dns-needs-immediate-attention";

	for (unsigned i = 0; i < m->address_count; i++)
		if (m->addresses_size[i] == 4 &&
		    memcmp(m->data + m->addresses_at[i], address, 4) == 0)
			return true;
	return (m->type == DNS_TYPE_MX || m->type == DNS_TYPE_SRV || m->type == DNS_TYPE_TXT) &&
	       m->counts[1] != 0 && m->answers_at < m->size &&
	       memmem(m->data + m->answers_at, m->size - m->answers_at, text, sizeof text - 1) !=
		   NULL;
}

static void
take_interruption(struct state *s, const struct dns_message *m)
{
	struct answer *a = answer_of(s, &m->client, m->name, m->name_size, m->name_hash, m->type);

	if (a == NULL) {
		s->totals.answers_dropped++;
		return;
	}
	if (a->count++ == 0 || m->time < a->first)
		a->first = m->time;
	if (m->time > a->last)
		a->last = m->time;
	dns_samples_add(&a->samples, m);
}

static void
take_response(struct state *s, const struct dns_message *m)
{
	s->totals.responses++;
	if (m->rcode == DNS_RCODE_NOERROR && m->counts[1] != 0 && is_interruption(m))
		take_interruption(s, m);
	if (m->rcode != DNS_RCODE_NXDOMAIN || m->labels == 0)
		return;
	s->totals.nxdomain++;
	if (m->soa_at == 0)
		return;
	if (m->data[m->soa_at] != 0) {
		take_new(s, m);
		return;
	}
	s->totals.denials++;
	if (collision_is_random_single(m)) {
		s->totals.random_single++;
		return;
	}
	take_leak(s, m);
	add_client(s, m);
}

/* A query for what no registry has: its answer may not be in the capture. */
static void
take_query(struct state *s, const struct dns_message *m)
{
	s->totals.queries++;
	if (s->suffixes == NULL || m->labels == 0 ||
	    suffix_is_delegated(s->suffixes, m->name, m->name_size) ||
	    collision_is_random_single(m))
		return;
	s->totals.asked_only++;
	take_leak(s, m);
}

static void
collision_observe(void *opaque, const struct batch *batch)
{
	struct state *s = opaque;

	s->touched = s->touched || batch->count != 0;
	for (size_t i = 0; i < batch->count; i++) {
		const struct dns_message *m = batch->dns[i];
		if ((m->flags & DNS_QUESTION) == 0 || m->opcode != DNS_OPCODE_QUERY ||
		    m->match == DNS_DUPLICATE || m->class != DNS_CLASS_IN)
			continue;
		if (m->flags & DNS_RESPONSE)
			take_response(s, m);
		else
			take_query(s, m);
	}
}

static void
merge_cell(struct state *into, struct set *sets, const struct state *from, const struct cell *f)
{
	struct cell *to;

	if (f->name_size == 0)
		return;
	to = cell_of(into, sets, f->name, f->name_size, false);
	if (to == NULL)
		return;
	if (to->denials + to->queries == 0 || f->first < to->first)
		to->first = f->first;
	if (f->last > to->last)
		to->last = f->last;
	to->denials += f->denials;
	to->queries += f->queries;
	to->own += f->own;
	to->types |= f->types;
	for (size_t k = 0; k < 2; k++) {
		to->appended[k] += f->appended[k];
		for (size_t i = 0; i < SERVICE_COUNT; i++)
			to->services[k][i] += f->services[k][i];
	}
	hll_union(to->clients, f->clients, COLLISION_PRECISION);
	hll_union(to->networks, f->networks, COLLISION_PRECISION);
	hll_union(to->labels, f->labels, COLLISION_PRECISION);
	if (f->sample == 0 || (to->sample == 0 && into->sample_count == SAMPLES))
		return;
	if (to->sample == 0)
		to->sample = (uint16_t)++into->sample_count;
	dns_samples_merge(&into->samples[to->sample - 1], &from->samples[f->sample - 1]);
}

static void
merge_mg(struct state *into, struct mg *to, const struct mg *from)
{
	for (uint32_t i = 0; i < from->count; i++) {
		const struct mg_entry *f = &from->entries[i];
		uint32_t hash = (uint32_t)(hash_words(&into->secret, f->key, 2) >> 32);
		struct mg_entry *e = mg_add(to, f->key, 2, hash, f->counters);
		e->key[2] = f->key[2];
		e->key[3] = f->key[3];
	}
	for (size_t i = 0; i < MG_METRICS; i++)
		to->error[i] += from->error[i];
}

static void
merge_answers(struct state *into, const struct state *from)
{
	for (size_t i = 0; i < from->answer_count; i++) {
		const struct answer *f = &from->answers[i];
		struct answer *a =
		    answer_of(into, &f->client, f->name, f->name_size, f->name_hash, f->type);
		if (a == NULL) {
			into->totals.answers_dropped += f->count;
			continue;
		}
		if (a->count == 0 || f->first < a->first)
			a->first = f->first;
		if (f->last > a->last)
			a->last = f->last;
		a->count += f->count;
		dns_samples_merge(&a->samples, &f->samples);
	}
}

static void
collision_merge(void *opaque, const void *opaque_from)
{
	struct state *into = opaque;
	const struct state *from = opaque_from;

	if (!from->touched)
		return;
	into->touched = true;
	for (size_t i = 0; i < suffix_set_count() * WAYS; i++)
		merge_cell(
		    into, into->suffix_sets, from, &from->suffix_sets[i / WAYS].cells[i % WAYS]);
	for (size_t i = 0; i < (size_t)SETS * WAYS; i++)
		merge_cell(
		    into, into->search_sets, from, &from->search_sets[i / WAYS].cells[i % WAYS]);
	merge_mg(into, &into->clients, &from->clients);
	merge_mg(into, &into->new_names, &from->new_names);
	merge_answers(into, from);
	into->totals.responses += from->totals.responses;
	into->totals.queries += from->totals.queries;
	into->totals.nxdomain += from->totals.nxdomain;
	into->totals.denials += from->totals.denials;
	into->totals.random_single += from->totals.random_single;
	into->totals.asked_only += from->totals.asked_only;
	into->totals.evicted += from->totals.evicted;
	into->totals.answers_dropped += from->totals.answers_dropped;
}

static void
put_cell(const struct state *s, const struct cell *cell, struct rows *rows)
{
	static const struct dns_samples none;
	char text[DNS_NAME_TEXT_SIZE];
	size_t column = 0;

	if (cell->name_size == 0 || cell->denials + cell->queries == 0)
		return;
	rows_text(rows, column++, dns_name_text(cell->name, cell->name_size, text));
	rows_u64(rows, column++, collision_classify(cell->name + 1, cell->name[0]));
	rows_time(rows, column++, cell->first);
	rows_time(rows, column++, cell->last);
	rows_u64(rows, column++, cell->denials);
	rows_u64(rows, column++, cell->queries);
	rows_u64(rows, column++, cell->own);
	rows_u64(rows, column++, cell->appended[cell->denials != 0]);
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		rows_u64(rows, column++, cell->services[cell->denials != 0][i]);
	rows_u64(rows, column++, cell->types);
	sketch_put(rows, column++, cell->clients, COLLISION_PRECISION);
	sketch_put(rows, column++, cell->networks, COLLISION_PRECISION);
	sketch_put(rows, column++, cell->labels, COLLISION_PRECISION);
	dns_samples_put(cell->sample != 0 ? &s->samples[cell->sample - 1] : &none, rows, column++);
	rows_next(rows);
}

static void
put_clients(const struct state *s, struct rows *rows)
{
	for (uint32_t i = 0; i < s->clients.count; i++) {
		const struct mg_entry *e = &s->clients.entries[i];
		struct address client = { .words = { e->key[0], e->key[1] } };
		rows_address(rows, 0, &client);
		rows_u64(rows, 1, e->counters[0]);
		rows_u64(rows, 2, e->counters[1] != 0);
		rows_u64(rows, 3, s->clients.error[0]);
		rows_next(rows);
	}
}

static void
put_new(const struct state *s, struct rows *rows)
{
	for (uint32_t i = 0; i < s->new_names.count; i++) {
		const struct mg_entry *e = &s->new_names.entries[i];
		char text[DNS_NAME_TEXT_SIZE];
		uint8_t label[17] = { 0 };
		memcpy(label, &e->key[2], 16);
		rows_text(rows, 0, dns_name_text(label, (size_t)label[0] + 2, text));
		rows_u64(rows, 1, suffix_since(s->suffixes, label, (size_t)label[0] + 2));
		rows_u64(rows, 2, e->counters[0]);
		rows_u64(rows, 3, s->new_names.error[0]);
		rows_next(rows);
	}
}

static void
put_answers(const struct state *s, struct rows *rows)
{
	char text[DNS_NAME_TEXT_SIZE];

	for (size_t i = 0; i < s->answer_count; i++) {
		const struct answer *a = &s->answers[i];
		rows_address(rows, 0, &a->client);
		rows_text(rows, 1, dns_name_text(a->name, a->name_size, text));
		rows_u64(rows, 2, a->type);
		rows_time(rows, 3, a->first);
		rows_time(rows, 4, a->last);
		rows_u64(rows, 5, a->count);
		dns_samples_put(&a->samples, rows, 6);
		rows_next(rows);
	}
}

static void
collision_finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	const struct state *s = opaque;
	const struct totals *t = &s->totals;
	struct rows *totals = sink->tables[COLLISION_TOTALS];

	(void)window;
	if (t->responses + t->queries == 0)
		return;
	for (size_t i = 0; i < suffix_set_count() * WAYS; i++)
		put_cell(
		    s, &s->suffix_sets[i / WAYS].cells[i % WAYS], sink->tables[COLLISION_SUFFIXES]);
	for (size_t i = 0; i < (size_t)SETS * WAYS; i++)
		put_cell(
		    s, &s->search_sets[i / WAYS].cells[i % WAYS], sink->tables[COLLISION_SEARCH]);
	put_clients(s, sink->tables[COLLISION_CLIENTS]);
	put_new(s, sink->tables[COLLISION_NEW]);
	put_answers(s, sink->tables[COLLISION_ANSWERS]);
	rows_u64(totals, 0, t->responses);
	rows_u64(totals, 1, t->queries);
	rows_u64(totals, 2, t->nxdomain);
	rows_u64(totals, 3, t->denials);
	rows_u64(totals, 4, t->random_single);
	rows_u64(totals, 5, t->asked_only);
	rows_u64(totals, 6, t->evicted);
	rows_u64(totals, 7, t->answers_dropped);
	rows_next(totals);
}

static const struct setting SETTINGS[] = {
	{ "least_queries", SETTING_U64, "10", "1", "1000000000",
	    "leaks of a suffix that make a finding" },
};

const struct analysis analysis_dns_name_collision = {
	.name = "dns/name-collision",
	.title = "Name collision",
	.consumes = OBS_DNS,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = COLLISION_TABLES,
	.table_count = COLLISION_TABLE_COUNT,
	.state_size = sizeof(struct state),
	.init = collision_init,
	.release = collision_release,
	.clear = collision_clear,
	.observe = collision_observe,
	.merge = collision_merge,
	.finish = collision_finish,
	.section = collision_section,
};
