/* SPDX-License-Identifier: ISC */
/* The section of dns/control: which resolvers change answers and how, and how answers are steered.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/control.h"
#include "analysis/dns/samples.h"
#include "analysis/sketch.h"
#include "base/xmalloc.h"
#include "net/dns.h"
#include "stat/hll.h"

#define ROWS_SHOWN 30
#define MOST_SHOWN 100 /* findings of a review */

/* What was counted of a resolver and method, in a stretch without a long silence. */
struct change {
	struct address resolver;
	enum control_method method;
	nsec_t first, last;
	uint64_t answers, own;
	uint64_t domains; /* of a search page */
	uint8_t names[HLL_SIZE(CONTROL_PRECISION)];
	uint8_t clients[HLL_SIZE(CONTROL_PRECISION)];
	struct dns_samples samples;
};

struct changes {
	struct change **list; /* owned, and what it points at */
	size_t count;
};

/* An address that answers for many domains. */
#define SAMPLED_PAGES 1024

struct page {
	struct address resolver, address;
	nsec_t first, last;
	uint64_t answers, other_ttls, ttl;
	uint8_t domains[HLL_SIZE(CONTROL_ADDRESS_PRECISION)];
	struct dns_samples *samples; /* owned, or NULL */
};

struct server {
	struct address address;
	uint64_t responses, nxdomain, refused, servfail, second, own;
};

struct facts {
	struct changes changes;
	struct page *pages; /* owned */
	size_t page_count, sampled_pages;
	struct server *servers; /* owned */
	size_t server_count;
	uint64_t responses, answers, addresses, short_ttl, with_ecs, scoped, service_binding,
	    own_addresses, aliased, evicted;
};

static void
facts_release(struct facts *f)
{
	for (size_t i = 0; i < f->changes.count; i++)
		free(f->changes.list[i]);
	for (size_t i = 0; i < f->page_count; i++)
		free(f->pages[i].samples);
	free(f->changes.list);
	free(f->pages);
	free(f->servers);
}

static struct change *
add_change(struct changes *changes, const struct address *resolver, enum control_method method)
{
	struct change *c = xcalloc(1, sizeof *c);

	if ((changes->count & (changes->count - 1)) == 0)
		changes->list = xrealloc_array(changes->list,
		    changes->count != 0 ? 2 * changes->count : 1, sizeof *changes->list);
	changes->list[changes->count++] = c;
	c->resolver = *resolver;
	c->method = method;
	return c;
}

static nsec_t
time_of(const struct result *r, size_t column)
{
	return (nsec_t)result_u64(r, column) * NSEC_PER_MS;
}

static enum err
read_changes(const struct section_context *c, struct changes *changes, struct err_info *info)
{
	struct change *l = NULL;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT resolver AS x, method AS m, first_time AS f, last_time AS l, answers, own, "
	    "names, clients, samples, input FROM dns_control_changed WHERE" PERIOD_SQL
	    "ORDER BY x, m, f, l, input",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address resolver = result_address(r, 0);
		enum control_method method = (enum control_method)result_u64(r, 1);
		nsec_t first = time_of(r, 2), last = time_of(r, 3);
		if (l == NULL || !address_equal(&l->resolver, &resolver) || l->method != method ||
		    first - l->last > FINDING_GAP) {
			l = add_change(changes, &resolver, method);
			l->first = first;
		}
		l->last = last > l->last ? last : l->last;
		l->answers += result_u64(r, 4);
		l->own += result_u64(r, 5);
		(void)!sketch_add(l->names, CONTROL_PRECISION, r, 6);
		(void)!sketch_add(l->clients, CONTROL_PRECISION, r, 7);
		dns_samples_read(&l->samples, r, 8, result_u64(r, 9));
	}
	result_free(r);
	return ERR_OK;
}

/* Evidence for so many addresses is enough, and takes little memory. */
static void
read_page_samples(struct facts *f, struct page *p, const struct result *r)
{
	struct dns_samples samples = { 0 };

	if (p->samples == NULL) {
		if (f->sampled_pages == SAMPLED_PAGES)
			return;
		f->sampled_pages++;
		p->samples = xcalloc(1, sizeof *p->samples);
	}
	dns_samples_read(&samples, r, 8, result_u64(r, 9));
	dns_samples_merge(p->samples, &samples);
}

static enum err
read_pages(const struct section_context *c, struct facts *f, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT resolver AS x, address AS a, first_time AS f, last_time AS l, answers, ttl, "
	    "other_ttls, domains, samples, input FROM dns_control_addresses WHERE" PERIOD_SQL
	    "ORDER BY x, a, f, l",
	    PERIOD_ARGS(c));
	struct page *p = NULL;

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address resolver = result_address(r, 0), address = result_address(r, 1);
		if (p == NULL || !address_equal(&p->resolver, &resolver) ||
		    !address_equal(&p->address, &address)) {
			f->pages = xrealloc_array(f->pages, f->page_count + 1, sizeof *f->pages);
			p = &f->pages[f->page_count++];
			*p = (struct page){ .resolver = resolver,
				.address = address,
				.first = time_of(r, 2),
				.ttl = result_u64(r, 5) };
		}
		p->last = time_of(r, 3) > p->last ? time_of(r, 3) : p->last;
		p->other_ttls += result_u64(r, 5) == p->ttl ? result_u64(r, 6) : result_u64(r, 4);
		p->answers += result_u64(r, 4);
		(void)!sketch_add(p->domains, CONTROL_ADDRESS_PRECISION, r, 7);
		read_page_samples(f, p, r);
	}
	result_free(r);
	return ERR_OK;
}

static enum err
read_servers(const struct section_context *c, struct facts *f, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT resolver AS x, sum(responses) AS a, sum(nxdomain) AS b, sum(refused) AS c, "
	    "sum(servfail) AS d, sum(second_answers) AS e, max(own) AS o FROM "
	    "dns_control_resolvers WHERE" PERIOD_SQL "GROUP BY x ORDER BY a DESC, x",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		f->servers = xrealloc_array(f->servers, f->server_count + 1, sizeof *f->servers);
		f->servers[f->server_count++] = (struct server){ result_address(r, 0),
			result_u64(r, 1), result_u64(r, 2), result_u64(r, 3), result_u64(r, 4),
			result_u64(r, 5), result_u64(r, 6) };
	}
	result_free(r);
	return ERR_OK;
}

static enum err
read_totals(const struct section_context *c, struct facts *f, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT sum(responses) AS a, sum(answers) AS b, sum(addresses) AS c, sum(short_ttl) AS "
	    "d, sum(with_ecs) AS e, sum(scoped) AS f, sum(service_binding) AS g, "
	    "sum(own_addresses) AS h, sum(aliased) AS i, sum(evicted) AS j FROM dns_control_totals "
	    "WHERE" PERIOD_SQL,
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	if (result_next(r)) {
		f->responses = result_u64(r, 0);
		f->answers = result_u64(r, 1);
		f->addresses = result_u64(r, 2);
		f->short_ttl = result_u64(r, 3);
		f->with_ecs = result_u64(r, 4);
		f->scoped = result_u64(r, 5);
		f->service_binding = result_u64(r, 6);
		f->own_addresses = result_u64(r, 7);
		f->aliased = result_u64(r, 8);
		f->evicted = result_u64(r, 9);
	}
	result_free(r);
	return ERR_OK;
}

static const struct server *
server_of(const struct facts *f, const struct address *address)
{
	for (size_t i = 0; i < f->server_count; i++)
		if (address_equal(&f->servers[i].address, address))
			return &f->servers[i];
	return NULL;
}

/* Whether a resolver that changes nothing gives this address as well: then it is what the domains
 * have.  One that has a policy is no witness: its page may be the same. */
static bool
is_given_elsewhere(const struct facts *f, const struct page *p, size_t changes)
{
	for (size_t i = 0; i < f->page_count; i++) {
		const struct page *other = &f->pages[i];
		bool witness = other != p && address_equal(&other->address, &p->address);
		for (size_t k = 0; witness && k < changes; k++)
			witness = !address_equal(&f->changes.list[k]->resolver, &other->resolver);
		if (witness)
			return true;
	}
	return false;
}

/* Adds, as changes, the addresses of search pages: one for so many domains, always with one TTL,
 * from a resolver that has never said NXDOMAIN, and given by no honest one. */
static void
find_pages(const struct section_context *c, struct facts *f)
{
	double domains = (double)settings_u64(c->settings, "page_domains");
	uint64_t responses = settings_u64(c->settings, "page_responses");
	size_t judged = f->changes.count; /* without those added here */

	for (size_t i = 0; i < f->page_count; i++) {
		const struct page *p = &f->pages[i];
		const struct server *s = server_of(f, &p->resolver);
		struct change *l;
		if (s == NULL || s->responses < responses || s->nxdomain != 0 ||
		    p->other_ttls != 0 ||
		    hll_estimate(p->domains, CONTROL_ADDRESS_PRECISION) < domains)
			continue;
		if (is_given_elsewhere(f, p, judged))
			continue;
		l = add_change(&f->changes, &p->resolver, CONTROL_SEARCH_PAGE);
		l->first = p->first;
		l->last = p->last;
		l->answers = p->answers;
		l->own = s->own;
		if (p->samples != NULL)
			dns_samples_merge(&l->samples, p->samples);
		l->domains = (uint64_t)(hll_estimate(p->domains, CONTROL_ADDRESS_PRECISION) + 0.5);
	}
}

static uint64_t
distinct(const uint8_t *registers)
{
	return (uint64_t)(hll_estimate(registers, CONTROL_PRECISION) + 0.5);
}

static const char *
place_of(const struct change *l)
{
	return l->own != 0 ? "own resolver" : "outside resolver";
}

/* Whether a change counts: data with AA and RA do where the same resolver denies in that manner. */
static bool
counts(const struct facts *f, const struct change *l)
{
	if (l->method != CONTROL_UNBOUND_LOCAL)
		return true;
	for (size_t i = 0; i < f->changes.count; i++)
		if (f->changes.list[i]->method == CONTROL_UNBOUND_RPZ &&
		    address_equal(&f->changes.list[i]->resolver, &l->resolver))
			return true;
	return false;
}

/* A resolver's changes of one kind, put together over methods: what a finding is made of. */
struct group {
	struct change sum;
	bool rewriting;
	uint64_t by_method[CONTROL_METHOD_COUNT];
};

static void
add_to_group(struct group *g, const struct change *l)
{
	if (g->sum.answers == 0) {
		g->sum.resolver = l->resolver;
		g->sum.first = l->first;
	}
	g->sum.first = l->first < g->sum.first ? l->first : g->sum.first;
	g->sum.last = l->last > g->sum.last ? l->last : g->sum.last;
	g->sum.answers += l->answers;
	g->sum.own += l->own;
	g->sum.domains += l->domains;
	g->by_method[l->method] += l->answers;
	hll_union(g->sum.names, l->names, CONTROL_PRECISION);
	hll_union(g->sum.clients, l->clients, CONTROL_PRECISION);
	dns_samples_merge(&g->sum.samples, &l->samples);
}

static bool
belongs(const struct group *g, const struct change *l)
{
	return g->sum.answers != 0 && g->rewriting == control_is_rewriting(l->method) &&
	       address_equal(&g->sum.resolver, &l->resolver) &&
	       l->first - g->sum.last <= FINDING_GAP && g->sum.first - l->last <= FINDING_GAP;
}

static enum control_method
main_method(const struct group *g)
{
	enum control_method most = CONTROL_NONE;

	for (size_t i = 0; i < CONTROL_METHOD_COUNT; i++)
		if (g->by_method[i] > g->by_method[most])
			most = (enum control_method)i;
	return most;
}

/* A single answer may be chance; a resolver's own mark is not. */
static double
confidence_of(const struct group *g)
{
	switch (main_method(g)) {
	case CONTROL_BIND_RPZ:
	case CONTROL_EDE: return 0.95;
	case CONTROL_UNBOUND_RPZ:
	case CONTROL_UNBOUND_LOCAL:
	case CONTROL_KNOWN_PAGE:
	case CONTROL_UNDELEGATED: return 0.9;
	case CONTROL_SEARCH_PAGE: return 0.8;
	default: return 0.7;
	}
}

static void
report(const struct section_context *c, struct section *s, const struct group *g)
{
	enum control_method method = main_method(g);
	struct finding *f = section_finding(s, g->rewriting ? "rewriting" : "blocking",
	    g->rewriting && g->sum.own == 0 ? "medium" : "info", confidence_of(g), g->sum.first,
	    g->sum.last);
	json_t *methods = json_object();

	finding_subject(f, "resolver", json_address(&g->sum.resolver));
	finding_measure(f, "answers", json_count(g->sum.answers));
	/* Of a search page it is domains that are known. */
	finding_measure(f, "names", json_count(distinct(g->sum.names) + g->sum.domains));
	finding_measure(f, "fingerprint", json_string(control_method_name(method)));
	finding_measure(f, "clients", json_count(distinct(g->sum.clients)));
	finding_measure(f, "place", json_string(place_of(&g->sum)));
	for (size_t i = 1; i < CONTROL_METHOD_COUNT; i++) {
		const char *name = control_method_name((enum control_method)i);
		json_int_t before = json_integer_value(json_object_get(methods, name));
		if (g->by_method[i] != 0)
			json_object_set_new(
			    methods, name, json_count((uint64_t)before + g->by_method[i]));
	}
	finding_measure(f, "methods", methods);
	finding_threshold(f, "changed answers",
	    json_count(settings_u64(c->settings, "least_answers")), "setting least_answers");
	if (method == CONTROL_SEARCH_PAGE) {
		finding_threshold(f, "domains of one address",
		    json_count(settings_u64(c->settings, "page_domains")),
		    "setting page_domains; 20 unrelated domains of a sinkhole");
		finding_threshold(f, "NXDOMAIN among the responses", json_integer(0),
		    "ordinary resolvers answer NXDOMAIN to some per cent of queries");
	}
	dns_samples_evidence(&g->sum.samples, f);
	if (g->rewriting)
		finding_advise(f,
		    "Names that do not exist get an address from this resolver: mail, VPN and "
		    "search-list logic of clients break.  Use a resolver that tells the truth, or "
		    "validate (DNSSEC).");
	else
		finding_advise(f,
		    "Answers are withheld or replaced by policy (%s).  If it is the own policy, "
		    "this "
		    "shows its effect; else ask the operator of the resolver.",
		    control_method_name(method));
}

static size_t
make_findings(const struct section_context *c, struct section *s, const struct facts *f)
{
	struct group *groups = xcalloc(f->changes.count + 1, sizeof *groups);
	size_t count = 0, shown = 0;

	for (size_t i = 0; i < f->changes.count; i++) {
		const struct change *l = f->changes.list[i];
		size_t k = 0;
		if (!counts(f, l))
			continue;
		while (k < count && !belongs(&groups[k], l))
			k++;
		if (k == count)
			groups[count++].rewriting = control_is_rewriting(l->method);
		add_to_group(&groups[k], l);
	}
	for (size_t i = 0; i < count && shown < MOST_SHOWN; i++) {
		if (groups[i].sum.answers < settings_u64(c->settings, "least_answers"))
			continue;
		report(c, s, &groups[i]);
		shown++;
	}
	free(groups);
	return shown;
}

static void
tabulate_changes(struct section *s, const struct facts *f)
{
	static const struct section_column columns[] = {
		{ "resolver", "Resolver", "address", "" },
		{ "place", "Where", "text", "" },
		{ "fingerprint", "Known by", "text", "" },
		{ "answers", "Answers", "count", "" },
		{ "names", "Names", "count", "" },
		{ "clients", "Clients", "count", "" },
		{ "first", "First", "time", "" },
		{ "last", "Last", "time", "" },
	};
	struct section_table *t = NULL;
	size_t shown = 0;

	for (size_t i = 0; i < f->changes.count && shown < ROWS_SHOWN; i++) {
		const struct change *l = f->changes.list[i];
		if (!counts(f, l))
			continue;
		if (t == NULL)
			t = section_table(s, "changed", "Changed answers, by resolver and mark",
			    columns, ARRAY_COUNT(columns));
		section_row(t, json_address(&l->resolver), json_string(place_of(l)),
		    json_string(control_method_name(l->method)), json_count(l->answers),
		    json_count(distinct(l->names) + l->domains),
		    l->method == CONTROL_SEARCH_PAGE ? NULL : json_count(distinct(l->clients)),
		    json_integer(l->first / NSEC_PER_MS), json_integer(l->last / NSEC_PER_MS),
		    NULL);
		shown++;
	}
	if (t != NULL)
		section_table_note(t,
		    "Names and clients are estimates with a standard error of %.1f %%.",
		    100 * hll_standard_error(CONTROL_PRECISION));
}

static enum err
tabulate_names(const struct section_context *c, struct section *s, struct err_info *info)
{
	static const struct section_column columns[] = {
		{ "name", "Name", "text", "" },
		{ "resolver", "Resolver", "address", "" },
		{ "fingerprint", "Known by", "text", "" },
		{ "answers", "Answers", "count", "" },
	};
	struct section_table *t = NULL;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT name AS n, resolver AS x, method AS m, sum(answers) AS a FROM "
	    "dns_control_names WHERE" PERIOD_SQL
	    "AND method <> %d GROUP BY n, x, m ORDER BY a DESC, n, x, m LIMIT %d",
	    PERIOD_ARGS(c), (int)CONTROL_UNBOUND_LOCAL, ROWS_SHOWN);

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address resolver = result_address(r, 1);
		const char *name = result_text(r, 0);
		if (t == NULL)
			t = section_table(s, "names", "Names whose answers were changed most",
			    columns, ARRAY_COUNT(columns));
		section_row(t, json_text(name, strlen(name)), json_address(&resolver),
		    json_string(control_method_name((enum control_method)result_u64(r, 2))),
		    json_count(result_u64(r, 3)), NULL);
	}
	result_free(r);
	return ERR_OK;
}

static int
by_domains(const void *a, const void *b)
{
	const struct page *x = a, *y = b;
	double dx = hll_estimate(x->domains, CONTROL_ADDRESS_PRECISION);
	double dy = hll_estimate(y->domains, CONTROL_ADDRESS_PRECISION);

	if (dx < dy || dx > dy)
		return dx > dy ? -1 : 1;
	if (x->answers != y->answers)
		return x->answers > y->answers ? -1 : 1;
	return address_compare(&x->address, &y->address);
}

static void
tabulate_pages(struct section *s, struct facts *f)
{
	static const struct section_column columns[] = {
		{ "address", "Address", "address", "" },
		{ "resolver", "Resolver", "address", "" },
		{ "domains", "Domains", "count", "" },
		{ "answers", "Answers", "count", "" },
		{ "one_ttl", "One TTL", "text", "" },
	};
	struct section_table *t;

	if (f->page_count == 0)
		return;
	qsort(f->pages, f->page_count, sizeof *f->pages, by_domains);
	t = section_table(s, "addresses", "Addresses that answer for many domains", columns,
	    ARRAY_COUNT(columns));
	for (size_t i = 0; i < f->page_count && i < ROWS_SHOWN / 2; i++) {
		const struct page *p = &f->pages[i];
		section_row(t, json_address(&p->address), json_address(&p->resolver),
		    json_count(
			(uint64_t)(hll_estimate(p->domains, CONTROL_ADDRESS_PRECISION) + 0.5)),
		    json_count(p->answers), json_string(p->other_ttls == 0 ? "yes" : "no"), NULL);
	}
	section_table_note(t,
	    "Shared hosting, parking and content networks look like this as well: the table alone "
	    "accuses nobody.  Domains are estimates (13 %%).");
}

static void
tabulate_servers(struct section *s, const struct facts *f)
{
	static const struct section_column columns[] = {
		{ "resolver", "Resolver", "address", "" },
		{ "responses", "Responses", "count", "" },
		{ "nxdomain", "NXDOMAIN", "share", "" },
		{ "servfail", "SERVFAIL", "share", "" },
		{ "refused", "REFUSED", "share", "" },
		{ "second", "Second answers", "count", "" },
	};
	struct section_table *t;

	if (f->server_count == 0)
		return;
	t = section_table(
	    s, "resolvers", "Resolvers and what they answer", columns, ARRAY_COUNT(columns));
	for (size_t i = 0; i < f->server_count && i < ROWS_SHOWN / 2; i++) {
		const struct server *v = &f->servers[i];
		double n = (double)v->responses;
		section_row(t, json_address(&v->address), json_count(v->responses),
		    json_real((double)v->nxdomain / n), json_real((double)v->servfail / n),
		    json_real((double)v->refused / n), json_count(v->second), NULL);
	}
	section_table_note(t,
	    "Second answers, differing from the first to the same query, are the sign of answers "
	    "injected on the path: see cache poisoning.");
}

static enum err
tabulate_providers(const struct section_context *c, struct section *s, struct err_info *info)
{
	static const struct section_column columns[] = {
		{ "name", "Name", "text", "" },
		{ "answers", "Answers", "count", "" },
		{ "sets", "Sets of answers in a window", "number", "" },
		{ "short_ttl", "TTL of 60 s or less", "share", "" },
		{ "scoped", "By client subnet", "share", "" },
	};
	struct section_table *t = NULL;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT name AS n, answers AS a, short_ttl, scoped, answer_sets FROM "
	    "dns_control_providers WHERE" PERIOD_SQL
	    "ORDER BY a DESC, n, short_ttl, scoped LIMIT %d",
	    PERIOD_ARGS(c), ROWS_SHOWN / 2);

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		uint8_t sets[HLL_SIZE(CONTROL_ADDRESS_PRECISION)] = { 0 };
		double n = (double)result_u64(r, 1);
		const char *name = result_text(r, 0);
		(void)!sketch_add(sets, CONTROL_ADDRESS_PRECISION, r, 4);
		if (t == NULL)
			t = section_table(s, "providers",
			    "How answers are steered: names of a panel of one in eight", columns,
			    ARRAY_COUNT(columns));
		section_row(t, json_text(name, strlen(name)), json_count(result_u64(r, 1)),
		    json_real(hll_estimate(sets, CONTROL_ADDRESS_PRECISION)),
		    json_real((double)result_u64(r, 2) / n),
		    json_real((double)result_u64(r, 3) / n), NULL);
	}
	result_free(r);
	if (t != NULL)
		section_table_note(t,
		    "A name of few answers and many sets is balanced or steered by its provider; a "
		    "row is one window.");
	return ERR_OK;
}

static void
say(struct section *s, const struct facts *f, size_t findings)
{
	char a[32], b[32];

	section_say(s, "%s responses of %s resolvers were looked at%s.",
	    text_count(f->responses, a, sizeof a), text_count(f->server_count, b, sizeof b),
	    findings == 0 ? "; none bears a mark of having been changed" : "");
	if (findings != 0)
		section_say(
		    s, "%zu resolver%s changed answers.", findings, findings == 1 ? "" : "s");
	if (f->answers == 0)
		return;
	section_say(s,
	    "Of the %s answers with data %.1f %% had a TTL of 60 seconds or less, %.1f %% went "
	    "through an alias, %.1f %% depended on the client's subnet (EDNS client subnet with a "
	    "scope), and %.1f %% were service bindings (HTTPS, SVCB).",
	    text_count(f->answers, a, sizeof a), 100 * (double)f->short_ttl / (double)f->answers,
	    100 * (double)f->aliased / (double)f->answers,
	    100 * (double)f->scoped / (double)f->answers,
	    100 * (double)f->service_binding / (double)f->answers);
	if (f->own_addresses != 0)
		section_say(s,
		    "%.1f %% of the answers with addresses pointed into the own network.",
		    100 * (double)f->own_addresses / (double)f->addresses);
}

static void
define(struct section *s, const struct facts *f)
{
	section_define(s,
	    "Looked at are responses with RA from a resolver to its clients.  bind-rpz: a SOA in "
	    "the "
	    "additional section and an empty authority section.  unbound-rpz: AA together with RA, "
	    "no authority section; data with AA and RA count where the same resolver also denies "
	    "in "
	    "this manner.  ede: Extended DNS Error 4, 15, 16, 17 or 18 (RFC 8914).  null-address: "
	    "0.0.0.0, 127.0.0.0/8 or their IPv6 likes for a name under an existing top-level name, "
	    "lists of RFC 5782 apart.");
	section_define(s,
	    "Rewriting of names that do not exist: a public address for a name whose top-level "
	    "name "
	    "is not delegated; an address publicly known as a search page; or one address for many "
	    "domains, always with the same TTL, from a resolver that never says NXDOMAIN and from "
	    "no "
	    "other.");
	if (f->evicted != 0)
		section_quality(
		    s, "%" PRIu64 " rare entries gave way: the tables were full.", f->evicted);
}

enum err
control_section(const struct section_context *c, struct section *s, struct err_info *info)
{
	struct facts f = { .responses = 0 };
	enum err e = read_totals(c, &f, info);

	if (e == ERR_OK && f.responses == 0)
		return ERR_END;
	if (e == ERR_OK)
		e = read_changes(c, &f.changes, info);
	if (e == ERR_OK)
		e = read_pages(c, &f, info);
	if (e == ERR_OK)
		e = read_servers(c, &f, info);
	if (e == ERR_OK) {
		find_pages(c, &f);
		say(s, &f, make_findings(c, s, &f));
		tabulate_changes(s, &f);
		e = tabulate_names(c, s, info);
	}
	if (e == ERR_OK) {
		tabulate_pages(s, &f);
		tabulate_servers(s, &f);
		e = tabulate_providers(c, s, info);
	}
	define(s, &f);
	facts_release(&f);
	return e;
}
