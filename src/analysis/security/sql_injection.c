/* SPDX-License-Identifier: ISC */
/*
 * SQL injection: who tries it on whom, by what means and what for, and what speaks for success.
 *
 * Every request's values go through the engine (sql_request.h).  Malicious requests are gathered by
 * source, host and five minutes, which is an attack; with it the five requests that say most, and
 * the sizes of the answers, which the section compares with those of harmless requests for the same
 * path.
 *
 * The source is the address the request came from.  X-Forwarded-For is what anybody may write, so
 * it is believed only of the proxies that the setting names.
 *
 * The section (sql_injection_section.c) makes findings, statistics by day, and campaigns.
 */
#include "analysis/security/sql_injection.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "analysis/dns/heavy.h"
#include "base/bytes.h"
#include "base/xmalloc.h"
#include "stat/log_histogram.h"

#define ATTACKS_MOST  4096 /* of a shard and window; spec: bounded, evictions counted */
#define EVIDENCE_MOST 512
#define PATHS_MOST    1024
#define ANSWERS_MOST  1024
#define PATH_ROWS     256 /* paths that nobody attacked of which rows are kept: the busiest */
#define PROXIES_MOST  32

struct sql_injection {
	struct sql_reader reader;
	struct sql_hit hit;
	struct heavy attacks, evidence, paths, answers;
	struct prefix_set *proxies; /* owned; NULL: none */
	uint64_t totals[ST_COLUMNS];
};

const char *const SQL_TOOL_NAMES[SQL_TOOLS] = { "sqlmap", "havij", "acunetix", "netsparker",
	"nikto", "w3af", "jsql", "sqlninja", "pangolin", "bsqlbf", "nessus", "openvas" };

/* ------------------------------------------------------------------ what adds up */

unsigned
sql_size_bin(uint64_t octets)
{
	unsigned bin = log_histogram_bin(octets) / 2;

	return bin < SQL_BINS ? bin : SQL_BINS - 1;
}

uint64_t
sql_size_edge(unsigned bin)
{
	return log_histogram_edge(2 * bin);
}

void
sql_sums_add(struct sql_sums *into, const struct sql_sums *from)
{
	into->requests += from->requests;
	into->suspicious += from->suspicious;
	into->values += from->values;
	into->errors += from->errors;
	into->delays += from->delays;
	into->proved += from->proved;
	into->answered += from->answered;
	into->failed += from->failed;
	for (unsigned i = 0; i < SQL_PURPOSES; i++)
		into->purposes[i] += from->purposes[i];
	for (unsigned i = 0; i < SQL_TECHNIQUES; i++)
		into->techniques[i] += from->techniques[i];
}

void
sql_attack_shape(struct sql_attack *a, uint64_t shape)
{
	uint64_t at = a->shape_count;

	while (at > 0 && a->shapes[at - 1] >= shape)
		at--;
	if (at == SQL_SHAPES || (at < a->shape_count && a->shapes[at] == shape))
		return;
	if (a->shape_count < SQL_SHAPES)
		a->shape_count++;
	memmove(
	    &a->shapes[at + 1], &a->shapes[at], (a->shape_count - at - 1) * sizeof a->shapes[0]);
	a->shapes[at] = shape;
}

void
sql_attack_parameter(struct sql_attack *a, const char name[SQL_NAME_KEPT])
{
	uint64_t at = a->parameter_count;

	while (at > 0 && memcmp(a->parameters[at - 1], name, SQL_NAME_KEPT) >= 0)
		at--;
	if (at == SQL_PARAMETERS ||
	    (at < a->parameter_count && memcmp(a->parameters[at], name, SQL_NAME_KEPT) == 0))
		return;
	if (a->parameter_count < SQL_PARAMETERS)
		a->parameter_count++;
	memmove(a->parameters[at + 1], a->parameters[at],
	    (a->parameter_count - at - 1) * (size_t)SQL_NAME_KEPT);
	memcpy(a->parameters[at], name, SQL_NAME_KEPT);
}

/* ------------------------------------------------------------------ life */

static uint64_t
weigh_attack(const void *record)
{
	const struct sql_attack *a = record;

	return 16 * a->sums.requests + a->sums.suspicious;
}

static uint64_t
weigh_evidence(const void *record)
{
	const struct sql_evidence *e = record;

	return e->samples.count + (e->samples.list[0].success != 0 ? 16U : 0U);
}

static uint64_t
weigh_bins(const uint32_t *bins)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < SQL_BINS; i++)
		sum += bins[i];
	return sum;
}

static uint64_t
weigh_path(const void *record)
{
	return weigh_bins(((const struct sql_path *)record)->bins);
}

static uint64_t
weigh_answers(const void *record)
{
	return weigh_bins(((const struct sql_answers *)record)->bins);
}

static uint64_t
weigh_alike(const void *record)
{
	(void)record;
	return 0;
}

static void
count_evicted(void *context, const void *record)
{
	struct sql_injection *s = context;
	const struct sql_attack *a = record;

	s->totals[ST_ATTACKS_EVICTED]++;
	s->totals[ST_REQUESTS_EVICTED] += a->sums.requests;
}

static bool
is_separator(char c)
{
	return c == ' ' || c == ',';
}

/* The prefixes of the setting "trusted_proxies". */
static enum err
read_proxies(struct sql_injection *s, const char *text, struct err_info *info)
{
	struct prefix list[PROXIES_MOST];
	size_t count = 0;

	while (*text != '\0') {
		char one[PREFIX_TEXT_SIZE];
		size_t size = 0;
		enum err e;
		while (is_separator(*text))
			text++;
		while (text[size] != '\0' && !is_separator(text[size]))
			size++;
		if (size == 0)
			break;
		if (size >= sizeof one || count == PROXIES_MOST)
			return err_set(
			    info, ERR_CONFIG, "trusted_proxies: at most %d prefixes", PROXIES_MOST);
		memcpy(one, text, size);
		one[size] = '\0';
		e = prefix_parse(one, &list[count++], info);
		if (e != ERR_OK)
			return e;
		text += size;
	}
	if (count > 0)
		s->proxies = prefix_set_new(list, count);
	return ERR_OK;
}

static enum err
init(void *state, const struct analysis_context *context, struct err_info *info)
{
	struct sql_injection *s = state;

	sql_reader_init(&s->reader, &context->secret);
	heavy_init(&s->attacks, sizeof(struct sql_attack), 4, ATTACKS_MOST, weigh_attack,
	    &context->secret);
	heavy_init(&s->evidence, sizeof(struct sql_evidence), 4, EVIDENCE_MOST, weigh_evidence,
	    &context->secret);
	heavy_init(&s->paths, sizeof(struct sql_path), 2, PATHS_MOST, weigh_path, &context->secret);
	heavy_init(&s->answers, sizeof(struct sql_answers), 5, ANSWERS_MOST, weigh_answers,
	    &context->secret);
	s->attacks.evict = count_evicted;
	s->attacks.evict_context = s;
	return read_proxies(s, settings_text(context->settings, "trusted_proxies"), info);
}

static void
release(void *state)
{
	struct sql_injection *s = state;

	sql_reader_release(&s->reader);
	heavy_release(&s->attacks);
	heavy_release(&s->evidence);
	heavy_release(&s->paths);
	heavy_release(&s->answers);
	prefix_set_free(s->proxies);
	s->proxies = NULL;
}

static void
clear(void *state)
{
	struct sql_injection *s = state;

	heavy_clear(&s->attacks);
	heavy_clear(&s->evidence);
	heavy_clear(&s->paths);
	heavy_clear(&s->answers);
	memset(s->totals, 0, sizeof s->totals);
}

/* ------------------------------------------------------------------ whom it is about */

/* A fixed hash, without a secret: it is stored. */
static uint64_t
hash_octets(const uint8_t *data, size_t size)
{
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15) * (size + 1), last = 0;

	for (; size >= 8; data += 8, size -= 8)
		h = hash_mix64(h ^ le64(data)) + UINT64_C(0x9e3779b97f4a7c15);
	if (size > 0)
		memcpy(&last, data, size);
	return hash_mix64(h ^ last);
}

/* The host as the request names it, in lower case and without its port. */
static size_t
read_host(const struct http_request *q, char ret_host[SQL_HOST_KEPT])
{
	size_t size = q->host.size < SQL_HOST_KEPT - 1 ? q->host.size : SQL_HOST_KEPT - 1,
	       end = size;

	memset(ret_host, 0, SQL_HOST_KEPT);
	for (size_t i = 0; i < size; i++) {
		uint8_t c = q->host.data[i];
		ret_host[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	while (end > 0 && ret_host[end - 1] >= '0' && ret_host[end - 1] <= '9')
		end--;
	if (end > 1 && end < size && ret_host[end - 1] == ':' &&
	    (ret_host[end - 2] == ']' || memchr(ret_host, ':', end - 1) == NULL)) {
		memset(ret_host + end - 1, 0, size - end + 1);
		size = end - 1;
	}
	return size;
}

/* The host's hash; that of the server's address where no host is named. */
static uint64_t
host_key(const struct http_request *q, char ret_host[SQL_HOST_KEPT])
{
	size_t size = read_host(q, ret_host);
	struct address none = { .words = { 0, 0 } };

	if (size == 0 && !address_equal(&q->server, &none)) {
		(void)address_format(&q->server, ret_host);
		size = strlen(ret_host);
	}
	return hash_octets((const uint8_t *)ret_host, size);
}

static struct octets
path_of(const struct http_request *q)
{
	const uint8_t *mark =
	    q->target.size > 0 ? memchr(q->target.data, '?', q->target.size) : NULL;

	return (struct octets){ q->target.data,
		mark != NULL ? (size_t)(mark - q->target.data) : q->target.size };
}

/* The last address of X-Forwarded-For that is no proxy of ours. */
static struct address
forwarded(const struct sql_injection *s, const struct http_request *q)
{
	struct address best = q->client;
	size_t end = q->forwarded_for.size;
	const uint8_t *text = q->forwarded_for.data;

	for (unsigned k = 0; end > 0 && k < PROXIES_MOST; k++) {
		size_t begin = end;
		char one[ADDRESS_TEXT_SIZE];
		struct address a;
		while (begin > 0 && !is_separator((char)text[begin - 1]))
			begin--;
		if (end - begin >= sizeof one)
			break;
		memcpy(one, text + begin, end - begin);
		one[end - begin] = '\0';
		if (end > begin) {
			if (address_parse(one, &a) != ERR_OK)
				break;
			best = a;
			if (prefix_set_find(s->proxies, &a) < 0)
				break;
		}
		end = begin > 0 ? begin - 1 : 0;
	}
	return best;
}

static struct address
source_of(const struct sql_injection *s, const struct http_request *q)
{
	if (s->proxies == NULL || q->forwarded_for.size == 0 ||
	    prefix_set_find(s->proxies, &q->client) < 0)
		return q->client;
	return forwarded(s, q);
}

/* ------------------------------------------------------------------ signs of success */

/* How databases and their drivers begin their complaints. */
static const char *const ERRORS[] = {
	"error in your SQL syntax",
	"SQLSTATE[",
	"Unclosed quotation mark",
	"quoted string not properly terminated",
	"ORA-00",
	"ORA-01",
	"ORA-29257",
	"PG::SyntaxError",
	"pg_query()",
	"mysql_fetch_",
	"mysqli_fetch_",
	"mysql_num_rows()",
	"SQLite3::",
	"sqlite3.OperationalError",
	"unterminated quoted string",
	"OLE DB Provider for",
	"SQL Server Driver]",
	"XPATH syntax error",
	"Duplicate entry '",
	"syntax error at or near \"",
	"Incorrect syntax near",
	"Conversion failed when converting",
	"The used SELECT statements have a different number of columns",
	"Unknown column '",
};

static unsigned
success_of(const struct http_request *q, const struct sql_verdict *v)
{
	unsigned success = 0;

	for (size_t i = 0; q->answer.size > 0 && i < ARRAY_COUNT(ERRORS) && success == 0; i++)
		if (memmem(q->answer.data, q->answer.size, ERRORS[i], strlen(ERRORS[i])) != NULL)
			success = SQL_SAYS_ERROR;
	/* At least the time that was asked for, less a tenth. */
	if (v->delay_ms >= 1000 && q->duration != HTTP_UNKNOWN && q->status != 0 &&
	    q->duration / 1000 >= (uint64_t)v->delay_ms * 900)
		success |= SQL_WAITED;
	return success;
}

static uint64_t
tools_of(const struct octets *agent)
{
	char text[256];
	size_t size = agent->size < sizeof text - 1 ? agent->size : sizeof text - 1;
	uint64_t tools = 0;

	if (size == 0)
		return 0;
	for (size_t i = 0; i < size; i++)
		text[i] = (char)(agent->data[i] != 0 ? agent->data[i] : ' ');
	text[size] = '\0';
	for (unsigned i = 0; i < SQL_TOOLS; i++)
		if (strcasestr(text, SQL_TOOL_NAMES[i]) != NULL)
			tools |= UINT64_C(1) << i;
	return tools;
}

/* ------------------------------------------------------------------ observing */

/* The first and the last malicious request; suspicious ones count only where there is no other. */
static void
add_span(struct sql_attack *a, nsec_t first, nsec_t last, bool malicious)
{
	bool before = a->sums.requests > 0;

	if (weigh_attack(a) == 0 || (malicious && !before)) {
		a->first = first;
		a->last = last;
	} else if (malicious == before) {
		a->first = first < a->first ? first : a->first;
		a->last = last > a->last ? last : a->last;
	}
}

static void
count_request(
    struct sql_attack *a, const struct http_request *q, const struct sql_hit *hit, unsigned success)
{
	const struct sql_verdict *v = &hit->verdict;
	char name[SQL_NAME_KEPT] = { 0 };

	a->sums.requests++;
	a->sums.values += hit->values;
	a->sums.purposes[v->purpose]++;
	a->sums.techniques[v->technique]++;
	a->sums.errors += (success & SQL_SAYS_ERROR) != 0;
	a->sums.delays += (success & SQL_WAITED) != 0;
	a->sums.proved += success != 0;
	a->sums.answered += q->status / 100 == 2;
	a->sums.failed += q->status / 100 == 5;
	a->places |= UINT64_C(1) << hit->place;
	if (v->tokens >= SQL_SHAPE_TOKENS)
		sql_attack_shape(a, v->shape);
	memcpy(name, hit->name, hit->name_size);
	if (hit->name_size > 0)
		sql_attack_parameter(a, name);
}

static void
count_answer(struct sql_injection *s, const struct http_request *q, const uint64_t key[4])
{
	struct octets path = path_of(q);
	uint64_t full[5] = { key[0], key[1], key[2], key[3], hash_octets(path.data, path.size) };
	struct sql_answers *n;

	if (q->response_octets == HTTP_UNKNOWN || q->status / 100 != 2)
		return;
	n = heavy_at(&s->answers, full);
	n->bins[sql_size_bin(q->response_octets)]++;
	if (n->path[0] == '\0' && path.size > 0)
		memcpy(n->path, path.data, path.size < SQL_PATH_KEPT ? path.size : SQL_PATH_KEPT);
}

static void
take_hit(struct sql_injection *s, const struct http_request *q, uint64_t hash, const char *host)
{
	struct address source = source_of(s, q);
	uint64_t key[4] = { source.words[0], source.words[1], hash,
		(uint64_t)(q->time > 0 ? q->time / SQL_SLOT : 0) };
	struct sql_attack *a = heavy_at(&s->attacks, key);
	unsigned success = success_of(q, &s->hit.verdict);
	bool malicious;

	/* What was only suspicious hit a statement when a database complains of it. */
	if (s->hit.verdict.score < SQL_ATTACK && (success & SQL_SAYS_ERROR) != 0)
		s->hit.verdict.score = SQL_ATTACK;
	malicious = s->hit.verdict.score >= SQL_ATTACK;

	if (a->host[0] == '\0')
		memcpy(a->host, host, SQL_HOST_KEPT);
	if (weigh_attack(a) == 0)
		a->server = q->server;
	add_span(a, q->time, q->time, malicious);
	if (address_compare(&q->server, &a->server) < 0)
		a->server = q->server;
	s->totals[malicious ? ST_MALICIOUS : ST_SUSPICIOUS]++;
	a->tools |= tools_of(&q->user_agent);
	if (!malicious) {
		a->sums.suspicious++;
		return;
	}
	count_request(a, q, &s->hit, success);
	count_answer(s, q, key);
	sql_samples_add(
	    &((struct sql_evidence *)heavy_at(&s->evidence, key))->samples, q, &s->hit, success);
}

/* What a path answers when nobody attacks it. */
static void
take_harmless(struct sql_injection *s, const struct http_request *q, uint64_t hash)
{
	struct octets path = path_of(q);
	uint64_t key[2] = { hash, hash_octets(path.data, path.size) };
	struct sql_path *p = heavy_at(&s->paths, key);

	p->bins[sql_size_bin(q->response_octets)]++;
}

static void
take_request(struct sql_injection *s, const struct http_request *q)
{
	char host[SQL_HOST_KEPT];
	bool sized = q->response_octets != HTTP_UNKNOWN && q->status / 100 == 2;
	bool hit;

	if ((q->flags & HTTP_NO_REQUEST) != 0)
		return;
	s->totals[ST_REQUESTS]++;
	s->totals[ST_LOGGED] += q->origin == HTTP_FROM_LOG;
	s->totals[ST_CUT] += (q->flags & HTTP_CUT) != 0;
	s->totals[ST_CODED] += (q->flags & HTTP_BODY_CODED) != 0;
	s->totals[ST_NAMED] += (q->flags & HTTP_CLIENT_NAMED) != 0;
	hit = sql_request_judge(&s->reader, q, &s->hit);
	if (hit)
		take_hit(s, q, host_key(q, host), host);
	else if (sized)
		take_harmless(s, q, host_key(q, host));
}

static void
observe(void *state, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		take_request(state, batch->http[i]);
}

/* ------------------------------------------------------------------ merging */

static void
merge_attack(struct sql_attack *a, const struct sql_attack *f)
{
	if (weigh_attack(a) == 0) {
		a->server = f->server;
		memcpy(a->host, f->host, sizeof a->host);
	}
	add_span(a, f->first, f->last, f->sums.requests > 0);
	if (address_compare(&f->server, &a->server) < 0)
		a->server = f->server;
	sql_sums_add(&a->sums, &f->sums);
	a->tools |= f->tools;
	a->places |= f->places;
	for (uint64_t i = 0; i < f->shape_count; i++)
		sql_attack_shape(a, f->shapes[i]);
	for (uint64_t i = 0; i < f->parameter_count; i++)
		sql_attack_parameter(a, f->parameters[i]);
}

static void
merge_bins(uint32_t *into, const uint32_t *from)
{
	for (unsigned i = 0; i < SQL_BINS; i++)
		into[i] += from[i];
}

static void
merge(void *into, const void *from)
{
	struct sql_injection *s = into;
	const struct sql_injection *f = from;

	heavy_widen(&s->attacks, &f->attacks);
	for (size_t i = 0; i < f->attacks.count; i++) {
		const struct sql_attack *a = heavy_record(&f->attacks, i);
		merge_attack(heavy_at(&s->attacks, a->key), a);
	}
	heavy_widen(&s->evidence, &f->evidence);
	for (size_t i = 0; i < f->evidence.count; i++) {
		const struct sql_evidence *e = heavy_record(&f->evidence, i);
		struct sql_evidence *ours = heavy_at(&s->evidence, e->key);
		sql_samples_merge(&ours->samples, &e->samples);
	}
	heavy_widen(&s->paths, &f->paths);
	for (size_t i = 0; i < f->paths.count; i++) {
		const struct sql_path *p = heavy_record(&f->paths, i);
		merge_bins(((struct sql_path *)heavy_at(&s->paths, p->key))->bins, p->bins);
	}
	heavy_widen(&s->answers, &f->answers);
	for (size_t i = 0; i < f->answers.count; i++) {
		const struct sql_answers *n = heavy_record(&f->answers, i);
		struct sql_answers *ours = heavy_at(&s->answers, n->key);
		merge_bins(ours->bins, n->bins);
		memcpy(ours->path, n->path, sizeof n->path);
	}
	for (unsigned i = 0; i < ST_COLUMNS; i++)
		s->totals[i] += f->totals[i];
}

/* ------------------------------------------------------------------ rows */

static void
put_bins(struct rows *rows, size_t column, const uint32_t *bins)
{
	uint8_t octets[SQL_BINS * 5], *p = octets;

	for (unsigned i = 0; i < SQL_BINS; i++) {
		if (bins[i] == 0)
			continue;
		*p = (uint8_t)i;
		put_le32(p + 1, bins[i]);
		p += 5;
	}
	rows_blob(rows, column, octets, (size_t)(p - octets));
}

static int
compare_keys(const uint64_t *a, const uint64_t *b, size_t words)
{
	for (size_t i = 0; i < words; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static int
compare_attacks(const void *a, const void *b)
{
	return compare_keys(*(const uint64_t *const *)a, *(const uint64_t *const *)b, 4);
}

static int
compare_answers(const void *a, const void *b)
{
	return compare_keys(*(const uint64_t *const *)a, *(const uint64_t *const *)b, 5);
}

static int
compare_paths(const void *a, const void *b)
{
	const struct sql_path *x = *(const struct sql_path *const *)a;
	const struct sql_path *y = *(const struct sql_path *const *)b;
	uint64_t left = weigh_path(x), right = weigh_path(y);

	if (left != right)
		return left > right ? -1 : 1;
	return compare_keys(x->key, y->key, 2);
}

/* Texts of the input may hold anything: a row's text is as far as it has no zero. */
static void
put_text(struct rows *rows, size_t column, const char *text, size_t size)
{
	char copy[SQL_PATH_KEPT + 1];

	if (size > SQL_PATH_KEPT)
		size = SQL_PATH_KEPT;
	memcpy(copy, text, size);
	copy[size] = '\0';
	rows_text(rows, column, copy);
}

static void
put_attack(const struct sql_injection *s, struct rows *rows, const struct sql_attack *a)
{
	const struct sql_evidence *e = heavy_find(&s->evidence, a->key);
	static const struct sql_samples NONE = { .count = 0 };
	const uint64_t *sums = (const uint64_t *)&a->sums;
	struct address source = { .words = { a->key[0], a->key[1] } };

	rows_address(rows, SA_SOURCE, &source);
	rows_u64(rows, SA_HOST_HASH, a->key[2]);
	put_text(rows, SA_HOST, a->host, sizeof a->host);
	rows_address(rows, SA_SERVER, &a->server);
	rows_time(rows, SA_SLOT, (nsec_t)a->key[3] * SQL_SLOT);
	rows_time(rows, SA_FIRST, a->first);
	rows_time(rows, SA_LAST, a->last);
	for (unsigned i = 0; i < SA_TOOLS - SA_REQUESTS; i++)
		rows_u64(rows, SA_REQUESTS + i, sums[i]);
	rows_u64(rows, SA_TOOLS, a->tools);
	rows_u64(rows, SA_PLACES, a->places);
	rows_blob(rows, SA_PARAMETERS, a->parameters, a->parameter_count * SQL_NAME_KEPT);
	rows_blob(rows, SA_SHAPES, a->shapes, a->shape_count * sizeof a->shapes[0]);
	sql_samples_put(e != NULL ? &e->samples : &NONE, rows, SA_SAMPLES);
	rows_next(rows);
}

static_assert(sizeof(struct sql_sums) == (SA_TOOLS - SA_REQUESTS) * sizeof(uint64_t),
    "sums are columns, in order");

static void
yield_attacks(struct sql_injection *s, struct rows *rows)
{
	const void **sorted = heavy_sorted(&s->attacks, compare_attacks);

	for (size_t i = 0; i < s->attacks.count; i++)
		put_attack(s, rows, sorted[i]);
	free(sorted);
}

static void
yield_answers(struct sql_injection *s, struct rows *rows)
{
	const void **sorted = heavy_sorted(&s->answers, compare_answers);

	for (size_t i = 0; i < s->answers.count; i++) {
		const struct sql_answers *n = sorted[i];
		struct address source = { .words = { n->key[0], n->key[1] } };
		rows_address(rows, SN_SOURCE, &source);
		rows_u64(rows, SN_HOST_HASH, n->key[2]);
		rows_time(rows, SN_SLOT, (nsec_t)n->key[3] * SQL_SLOT);
		rows_u64(rows, SN_PATH_HASH, n->key[4]);
		put_text(rows, SN_PATH, n->path, sizeof n->path);
		put_bins(rows, SN_SIZES, n->bins);
		rows_next(rows);
	}
	free(sorted);
}

/* Paths that were attacked, and the busiest of the others: who is attacked later has a past. */
static void
yield_paths(struct sql_injection *s, struct rows *rows)
{
	const void **sorted = heavy_sorted(&s->paths, compare_paths);
	struct heavy attacked;
	struct hash_secret secret = { 1, 2 }; /* in no order that is printed */
	size_t others = 0;

	heavy_init(&attacked, 2 * sizeof(uint64_t), 2, (size_t)ANSWERS_MOST * ANALYSIS_SHARDS,
	    weigh_alike, &secret);
	for (size_t i = 0; i < s->answers.count; i++) {
		const struct sql_answers *n = heavy_record(&s->answers, i);
		(void)heavy_at(&attacked, (const uint64_t[]){ n->key[2], n->key[4] });
	}
	for (size_t i = 0; i < s->paths.count; i++) {
		const struct sql_path *p = sorted[i];
		if (heavy_find(&attacked, p->key) == NULL && ++others > PATH_ROWS)
			continue;
		rows_u64(rows, SP_HOST_HASH, p->key[0]);
		rows_u64(rows, SP_PATH_HASH, p->key[1]);
		put_bins(rows, SP_SIZES, p->bins);
		rows_next(rows);
	}
	heavy_release(&attacked);
	free(sorted);
}

static void
finish(void *state, const struct window *window, const struct row_sink *sink)
{
	struct sql_injection *s = state;

	(void)window;
	if (s->totals[ST_REQUESTS] == 0)
		return;
	yield_attacks(s, sink->tables[0]);
	yield_answers(s, sink->tables[1]);
	yield_paths(s, sink->tables[2]);
	s->totals[ST_EVIDENCE_EVICTED] = s->evidence.evicted;
	s->totals[ST_PATHS_EVICTED] = s->paths.evicted + s->answers.evicted;
	for (unsigned i = 0; i < ST_COLUMNS; i++)
		rows_u64(sink->tables[3], i, s->totals[i]);
	rows_next(sink->tables[3]);
}

/* ------------------------------------------------------------------ declaration */

static const struct setting SETTINGS[] = {
	{ "trusted_proxies", SETTING_TEXT, "", NULL, NULL,
	    "prefixes of proxies whose X-Forwarded-For names the source, with spaces between" },
	{ "large_answer", SETTING_F64, "3", "1.1", "1000",
	    "times the median of harmless answers of a path from which on an answer is large" },
	{ "least_answers", SETTING_U64, "3", "1", "1000000",
	    "harmless answers of a path without which none is called large" },
	{ "findings_most", SETTING_U64, "1000", "1", "100000",
	    "sources and hosts with findings of their own; the others are only counted" },
};

static const struct column ATTACKS[] = {
	{ "source", COLUMN_ADDRESS, "" },
	{ "host_hash", COLUMN_U64, "" },
	{ "host", COLUMN_TEXT, "" },
	{ "server", COLUMN_ADDRESS, "" },
	{ "slot", COLUMN_TIME, "ms" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	{ "requests", COLUMN_U64, "" },
	{ "suspicious", COLUMN_U64, "" },
	{ "attacked_values", COLUMN_U64, "" },
	{ "errors", COLUMN_U64, "" },
	{ "delays", COLUMN_U64, "" },
	{ "proved", COLUMN_U64, "" },
	{ "answered", COLUMN_U64, "" },
	{ "failed", COLUMN_U64, "" },
	{ "other", COLUMN_U64, "" },
	{ "steal", COLUMN_U64, "" },
	{ "overload", COLUMN_U64, "" },
	{ "rewrite", COLUMN_U64, "" },
	{ "by_boolean", COLUMN_U64, "" },
	{ "by_union", COLUMN_U64, "" },
	{ "by_stacked", COLUMN_U64, "" },
	{ "by_error", COLUMN_U64, "" },
	{ "by_time", COLUMN_U64, "" },
	{ "by_out_of_band", COLUMN_U64, "" },
	{ "by_comment", COLUMN_U64, "" },
	{ "by_inline", COLUMN_U64, "" },
	{ "tools", COLUMN_U64, "" },
	{ "places", COLUMN_U64, "" },
	{ "parameters", COLUMN_BLOB, "" },
	{ "shapes", COLUMN_BLOB, "" },
	{ "samples", COLUMN_BLOB, "" },
};
static_assert(ARRAY_COUNT(ATTACKS) == SA_COLUMNS, "as sql_injection.h numbers them");

static const struct column ANSWERS[] = {
	{ "source", COLUMN_ADDRESS, "" },
	{ "host_hash", COLUMN_U64, "" },
	{ "slot", COLUMN_TIME, "ms" },
	{ "path_hash", COLUMN_U64, "" },
	{ "path", COLUMN_TEXT, "" },
	{ "sizes", COLUMN_BLOB, "" },
};
static_assert(ARRAY_COUNT(ANSWERS) == SN_COLUMNS, "as sql_injection.h numbers them");

static const struct column PATHS[] = {
	{ "host_hash", COLUMN_U64, "" },
	{ "path_hash", COLUMN_U64, "" },
	{ "sizes", COLUMN_BLOB, "" },
};
static_assert(ARRAY_COUNT(PATHS) == SP_COLUMNS, "as sql_injection.h numbers them");

static const struct column TOTALS[] = {
	{ "requests", COLUMN_U64, "" },
	{ "logged", COLUMN_U64, "" },
	{ "malicious", COLUMN_U64, "" },
	{ "suspicious", COLUMN_U64, "" },
	{ "cut", COLUMN_U64, "" },
	{ "coded_bodies", COLUMN_U64, "" },
	{ "named_clients", COLUMN_U64, "" },
	{ "attacks_evicted", COLUMN_U64, "" },
	{ "requests_evicted", COLUMN_U64, "" },
	{ "evidence_evicted", COLUMN_U64, "" },
	{ "paths_evicted", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(TOTALS) == ST_COLUMNS, "as sql_injection.h numbers them");

static const struct table TABLES[] = {
	{ "security_sqli", "SQL injection: attacks (a source, a host, five minutes)", ATTACKS,
	    SA_COLUMNS },
	{ "security_sqli_answers", "SQL injection: sizes of the answers to attacks by path",
	    ANSWERS, SN_COLUMNS },
	{ "security_sqli_paths", "SQL injection: sizes of harmless answers by path", PATHS,
	    SP_COLUMNS },
	{ "security_sqli_totals", "SQL injection: what the search rests on", TOTALS, ST_COLUMNS },
};

const struct analysis analysis_security_sql_injection = {
	.name = "security/sql-injection",
	.title = "SQL injection",
	.consumes = OBS_HTTP,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct sql_injection),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = observe,
	.merge = merge,
	.finish = finish,
	.section = sql_injection_section,
};
