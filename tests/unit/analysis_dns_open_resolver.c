/* SPDX-License-Identifier: ISC */
/* Open resolvers: what one packet does not decide, each kind, packets passed on, the bounded table
 * and samples below. */
#include "analysis/dns/pool.h"
#include "analysis/dns/samples.h"
#include "analysis_run.h"
#include "net/dns.h"

extern const struct analysis analysis_dns_open_resolver;

#define OWN "192.0.2.53"

struct fixture {
	struct analysis_run run;
	uint8_t octets[512];
	size_t shard;
};

static void
begin(struct fixture *f)
{
	*f = (struct fixture){ .shard = 0 };
	analysis_run_begin(&f->run, &analysis_dns_open_resolver, 3, 5);
	f->run.site.own_prefixes = xcalloc(1, sizeof *f->run.site.own_prefixes);
	f->run.site.own_prefix_count = 1;
	assert_int_equal(prefix_parse("192.0.2.0/24", f->run.site.own_prefixes, NULL), ERR_OK);
	site_index(&f->run.site);
}

struct told {
	const char *client, *server, *name;
	uint16_t bits; /* of the header; without the response bit it is a query */
	bool response;
	uint16_t rcode, answers, id;
	bool root; /* NS of the root in the authority section */
};

static void
tell(struct fixture *f, const struct told *t, nsec_t time)
{
	uint8_t wire[255];
	size_t size;
	struct dns_message m = { .time = time,
		.client = run_address(t->client),
		.server = run_address(t->server),
		.client_port = 4000,
		.server_port = 53,
		.id = t->id,
		.bits = t->bits,
		.rcode = t->rcode,
		.counts = { 1, t->answers, 0, 0 },
		.type = DNS_TYPE_A,
		.class = DNS_CLASS_IN,
		.message_size = t->response ? 120 : 40,
		.query_size = t->response ? 40 : 0,
		.latency = -1,
		.data = f->octets,
		.size = 40,
		.input_offset = (uint64_t)time };
	const struct dns_message *list = &m;
	struct batch batch = { .type = OBS_DNS, .count = 1, .dns = &list };

	assert_int_equal(dns_name_parse(t->name, wire, &size, NULL), ERR_OK);
	m.name = wire;
	m.name_size = (uint8_t)size;
	m.name_hash = m.site_hash = dns_hash(wire, size);
	m.flags = (uint16_t)((t->response ? DNS_RESPONSE : 0) | DNS_QUESTION |
			     (t->root ? DNS_NS_ROOT : 0));
	if (site_is_own(&f->run.site, &m.client))
		m.flags |= DNS_CLIENT_OWN;
	if (site_is_own(&f->run.site, &m.server))
		m.flags |= DNS_SERVER_OWN;
	analysis_run_start(&f->run);
	f->run.analysis->observe(f->run.states[f->shard], &batch);
}

static const struct told RESOLVED = { "203.0.113.1", OWN, "example.org", DNS_RD | DNS_RA, true, 0,
	1, 1, false };

/* `clients` strangers of networks of their own ask for `names` names each. */
static void
use(struct fixture *f, const struct told *like, unsigned clients, unsigned names)
{
	for (unsigned i = 0; i < clients * names; i++) {
		struct address a = run_ipv4(0xcb000000U + i % clients * 256 + 7);
		char client[ADDRESS_TEXT_SIZE], name[32];
		struct told t = *like;

		(void)snprintf(name, sizeof name, "n%u.org", i / clients);
		t.client = address_format(&a, client);
		t.name = name;
		f->shard = i % clients % 3;
		tell(f, &t, (nsec_t)(100 + i) * NSEC_PER_SEC);
	}
	f->shard = 0;
}

static json_t *
findings_of(struct fixture *f)
{
	struct query_source q = store_query(f->run.store);
	struct section_context context = { .store = &q,
		.settings = f->run.settings,
		.site = &f->run.site,
		.end = 1000 * RUN_WINDOW,
		.last = RUN_WINDOW };
	struct section *section = section_new("dns/open-resolver", "");
	struct err_info why = { 0 };
	json_t *findings;

	if (f->run.analysis->section(&context, section, &why) != ERR_OK)
		fail_msg("no section: %s", why.text);
	findings = section_findings(section);
	json_decref(section_finish(section));
	return findings;
}

/* The kind of the only finding; "" when there is none.  Ends the fixture. */
static const char *
kind_after(struct fixture *f, unsigned *ret_queries)
{
	static char kind[32];
	json_t *findings, *one;

	analysis_run_window(&f->run, 0);
	findings = findings_of(f);
	assert_true(json_array_size(findings) <= 1);
	one = json_array_get(findings, 0);
	(void)snprintf(kind, sizeof kind, "%s",
	    one != NULL ? json_string_value(json_object_get(one, "kind")) : "");
	if (ret_queries != NULL)
		*ret_queries = (unsigned)json_integer_value(
		    json_object_get(json_object_get(one, "measures"), "queries"));
	json_decref(findings);
	analysis_run_end(&f->run);
	return kind;
}

static void
test_what_decides(void **state)
{
	struct told t = RESOLVED;
	struct fixture f;
	unsigned queries;

	(void)state;
	begin(&f);
	use(&f, &t, 3, 2);
	assert_string_equal(kind_after(&f, &queries), "recursive");
	assert_int_equal(queries, 6);
	begin(&f); /* one forged source */
	use(&f, &t, 1, 50);
	assert_string_equal(kind_after(&f, NULL), "");
	begin(&f); /* two networks */
	use(&f, &t, 2, 5);
	assert_string_equal(kind_after(&f, NULL), "");
	begin(&f); /* one domain */
	use(&f, &t, 9, 1);
	assert_string_equal(kind_after(&f, NULL), "");
	begin(&f); /* its own zone's server */
	t.bits = DNS_RD | DNS_RA | DNS_AA;
	use(&f, &t, 5, 5);
	assert_string_equal(kind_after(&f, NULL), "");
	begin(&f); /* refused */
	t.bits = DNS_RD;
	t.rcode = DNS_RCODE_REFUSED;
	t.answers = 0;
	use(&f, &t, 5, 5);
	assert_string_equal(kind_after(&f, NULL), "");
	begin(&f); /* referred to the root */
	t.rcode = 0;
	t.root = true;
	use(&f, &t, 5, 5);
	assert_string_equal(kind_after(&f, NULL), "");
	begin(&f); /* inside asks inside */
	t = RESOLVED;
	t.client = "192.0.2.9";
	tell(&f, &t, NSEC_PER_SEC);
	assert_string_equal(kind_after(&f, NULL), "");
}

/* The two windows that it takes. */
static void
test_windows_add(void **state)
{
	struct fixture f;
	json_t *findings;

	(void)state;
	begin(&f);
	use(&f, &RESOLVED, 2, 2);
	analysis_run_window(&f.run, 0);
	use(&f, &RESOLVED, 4, 1);
	analysis_run_window(&f.run, 1);
	findings = findings_of(&f);
	assert_int_equal(json_array_size(findings), 1);
	json_decref(findings);
	analysis_run_end(&f.run);
}

static void
test_kinds(void **state)
{
	struct told out = { OWN, "198.51.100.1", "x.org", 0, false, 0, 0, 1, false };
	struct fixture f;

	(void)state;
	begin(&f); /* asks authorities */
	use(&f, &RESOLVED, 5, 5);
	for (unsigned i = 1; i < 5; i++) {
		char server[ADDRESS_TEXT_SIZE];
		struct address a = run_ipv4(0xc6336400U + i);
		out.server = address_format(&a, server);
		tell(&f, &out, (nsec_t)i * NSEC_PER_SEC);
	}
	assert_string_equal(kind_after(&f, NULL), "recursive");
	begin(&f); /* asks a resolver */
	use(&f, &RESOLVED, 5, 5);
	out.bits = DNS_RD;
	out.server = "198.51.100.1";
	tell(&f, &out, 200 * NSEC_PER_SEC);
	assert_string_equal(kind_after(&f, NULL), "router");
	begin(&f);
	use(&f, &RESOLVED, 5, 5);
	f.run.site.servers = xcalloc(1, sizeof *f.run.site.servers);
	f.run.site.server_count = 1;
	f.run.site.servers[0] = (struct site_server){ run_address(OWN), xstrdup("authoritative") };
	assert_string_equal(kind_after(&f, NULL), "authoritative");
}

/* A query of a stranger that comes in, in one shard, and leaves, in another. */
static void
pass(struct fixture *f, uint16_t id, const char *to, nsec_t time, nsec_t later)
{
	struct told in = { "203.0.113.77", OWN, "example.org", DNS_RD, false, 0, 0, id, false };
	struct told out = in;

	out.server = to;
	f->shard = 0;
	tell(f, &in, time);
	f->shard = 1;
	tell(f, &out, time + later);
	f->shard = 0;
}

static void
test_transparent(void **state)
{
	struct told answer = RESOLVED;
	struct fixture f;
	unsigned queries;

	(void)state;
	begin(&f);
	for (uint16_t i = 0; i < 4; i++)
		pass(&f, i, "198.51.100.9", (i + 1) * NSEC_PER_SEC, 300 * NSEC_PER_US);
	assert_string_equal(kind_after(&f, &queries), "transparent");
	assert_int_equal(queries, 4);
	begin(&f); /* once is not enough */
	pass(&f, 1, "198.51.100.9", NSEC_PER_SEC, 300 * NSEC_PER_US);
	assert_string_equal(kind_after(&f, NULL), "");
	begin(&f); /* too late to be the same */
	for (uint16_t i = 0; i < 4; i++)
		pass(&f, i, "198.51.100.9", (i + 1) * NSEC_PER_SEC, 6 * NSEC_PER_SEC);
	assert_string_equal(kind_after(&f, NULL), "");
	begin(&f); /* it answered: the stranger asked both */
	answer.client = "203.0.113.77";
	for (uint16_t i = 0; i < 4; i++) {
		pass(&f, i, "198.51.100.9", (i + 1) * NSEC_PER_SEC, 300 * NSEC_PER_US);
		answer.id = i;
		tell(&f, &answer, (i + 1) * NSEC_PER_SEC + 5 * NSEC_PER_MS);
	}
	assert_string_equal(kind_after(&f, NULL), "");
	begin(&f); /* somebody inside forges sources against a list of servers */
	for (uint16_t i = 0; i < 4; i++) {
		pass(&f, i, "198.51.100.9", (i + 1) * NSEC_PER_SEC, 300 * NSEC_PER_US);
		pass(&f, i, "198.51.100.10", (i + 1) * NSEC_PER_SEC, 400 * NSEC_PER_US);
	}
	assert_string_equal(kind_after(&f, NULL), "");
}

struct entry {
	uint64_t key[1], weight;
};

static uint64_t
weigh(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct entry *)entry)->weight;
}

/* The heavy stay, whatever the secret; what went is counted. */
static void
test_pool(void **state)
{
	static const struct dns_pool_shape SHAPE = { 1, sizeof(struct entry), 64, weigh };
	uint32_t counts[2];

	(void)state;
	for (uint64_t secret = 0; secret < 2; secret++) {
		struct dns_pool pool;
		const struct entry **sorted;
		dns_pool_init(&pool, &SHAPE, &(struct hash_secret){ secret, secret });
		for (uint64_t i = 0; i < 1000; i++) {
			struct entry *e = dns_pool_at(&pool, &i);
			assert_int_equal(e->weight, 0);
			e->weight = i % 100 == 0 ? 1000000 + i : i % 7;
		}
		for (uint64_t i = 0; i < 1000; i += 100)
			assert_non_null(dns_pool_find(&pool, &i));
		assert_int_equal(pool.count + pool.evicted, 1000);
		sorted = (const struct entry **)dns_pool_sorted(&pool);
		for (uint32_t i = 1; i < pool.count; i++)
			assert_true(sorted[i - 1]->key[0] < sorted[i]->key[0]);
		free(sorted);
		counts[secret] = pool.count;
		dns_pool_clear(&pool);
		assert_null(dns_pool_find(&pool, &(uint64_t){ 0 }));
		dns_pool_release(&pool);
	}
	assert_int_equal(counts[0], counts[1]);
}

/* The earliest five, in whatever order they came; through a row and back. */
static void
test_samples(void **state)
{
	static const struct column COLUMNS[] = { { "samples", COLUMN_BLOB, "" } };
	static const struct table TABLE = { "t", "t", COLUMNS, 1 };
	uint8_t octets[600];
	struct dns_samples samples = { .count = 0 }, other = { .count = 0 };
	struct rows *rows = rows_new(&TABLE);

	(void)state;
	memset(octets, 7, sizeof octets);
	for (unsigned i = 0; i < 40; i++) {
		struct dns_message m = { .time = (nsec_t)(i * 17 % 40),
			.input_offset = 1000 + i * 17 % 40,
			.input_length = 70,
			.data = octets,
			.size = sizeof octets,
			.message_size = 700 };
		dns_samples_add(i % 2 == 0 ? &samples : &other, &m);
	}
	dns_samples_merge(&samples, &other);
	dns_samples_merge(&samples, &other);
	assert_int_equal(samples.count, DNS_SAMPLES);
	for (unsigned i = 0; i < DNS_SAMPLES; i++) {
		assert_int_equal(samples.list[i].time, i);
		assert_int_equal(samples.list[i].input_offset, 1000 + i);
		assert_int_equal(samples.list[i].size, DNS_SAMPLE_OCTETS);
		assert_int_equal(samples.list[i].message_size, 700);
	}
	dns_samples_put(&samples, rows, 0);
	rows_next(rows);
	assert_int_equal(((const struct slice *)rows->columns[0])->size, DNS_SAMPLES * (56 + 512));
	rows_free(rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_decides),
		cmocka_unit_test(test_windows_add),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_transparent),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
