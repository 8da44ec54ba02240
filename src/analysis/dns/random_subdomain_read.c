/* SPDX-License-Identifier: ISC */
/* What is known of attacks, and what they are not; see random_subdomain_read.h. */
#include "analysis/dns/random_subdomain_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/sketch.h"
#include "base/xmalloc.h"

#define REVERSED_SHARE 0.5
#define TUNNEL_LENGTH  30 /* octets of the first label */
#define TUNNEL_TYPES   0.5

struct reading {
	const struct section_context *context;
	struct attacks *attacks;
};

/* ------------------------------------------------------------------ what is known of them */

struct attack *
random_attack_new(struct attacks *attacks, const char *zone)
{
	struct attack *a;

	if (attacks->count == attacks->capacity) {
		attacks->capacity = attacks->capacity > 0 ? 2 * attacks->capacity : 16;
		attacks->list =
		    xrealloc_array(attacks->list, attacks->capacity, sizeof *attacks->list);
	}
	a = &attacks->list[attacks->count++];
	memset(a, 0, sizeof *a);
	a->zone = xstrdup(zone);
	a->names = xcalloc(1, HLL_SIZE(NAMES_PRECISION));
	a->client_sketch = xcalloc(ZONE_SIDES, HLL_SIZE(CLIENTS_PRECISION));
	return a;
}

/* The first attack of a zone; they lie together. */
static size_t
first_attack(const struct attacks *attacks, const char *zone)
{
	size_t low = 0, high = attacks->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (strcmp(attacks->list[middle].zone, zone) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
take_window(struct attack *a, const struct result *r, size_t at, uint64_t input)
{
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		size_t column = at + ZONE_COUNTS + (size_t)side * ZONE_OUTCOMES;
		uint64_t other = result_u64(r, column);
		uint64_t all = random_sum(r, column, ZONE_OUTCOMES);
		a->window_failures[side] += all - other;
		a->window_all[side] += all;
		(void)!sketch_add(a->client_sketch + side * HLL_SIZE(CLIENTS_PRECISION),
		    CLIENTS_PRECISION, r, at + ZONE_CLIENTS + side);
	}
	a->retransmissions += result_u64(r, at + ZONE_RETRANSMISSIONS);
	for (unsigned i = 0; i < ZONE_TYPES; i++)
		a->types[i] += result_u64(r, at + ZONE_TYPE_COUNTS + i);
	for (unsigned i = 0; i < CLIENT_CLASSES; i++)
		a->classes[i] += result_u64(r, at + ZONE_CLASS_COUNTS + i);
	if (sketch_add(a->names, NAMES_PRECISION, r, at + ZONE_NAMES))
		a->distinct = hll_estimate(a->names, NAMES_PRECISION);
	dns_samples_read(&a->samples, r, at + ZONE_SAMPLES, input);
	a->own |= result_u64(r, at + ZONE_OWN) != 0;
}

static enum err
read_windows(struct reading *d, struct err_info *info)
{
	struct attacks *all = d->attacks;
	struct result *r;
	enum err e = query_run(d->context->store, &r, info,
	    "SELECT input, window_begin, zone, seconds, " COUNTS_SQL
	    ", retransmissions, type_a, type_aaaa, type_txt, type_null, type_cname, type_mx, "
	    "type_any, type_other, from_customers, from_servers, from_external, asked_clients, "
	    "upstream_clients, failing_names, samples, own FROM dns_random_subdomain_zones "
	    "WHERE" PERIOD_SQL "ORDER BY zone, window_begin, input",
	    PERIOD_ARGS(d->context));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		const char *zone = result_text(r, 2);
		nsec_t window = random_time(r, 1);
		for (size_t i = first_attack(all, zone);
		     i < all->count && strcmp(all->list[i].zone, zone) == 0; i++)
			if (window >= all->list[i].window_first &&
			    window <= all->list[i].window_last)
				take_window(&all->list[i], r, 2, result_u64(r, 0));
	}
	result_free(r);
	for (size_t i = 0; i < all->count; i++) {
		struct attack *a = &all->list[i];
		a->client_count = hll_estimate(
		    a->client_sketch + a->side * HLL_SIZE(CLIENTS_PRECISION), CLIENTS_PRECISION);
		if ((a->fires & (FIRE_NXDOMAIN | FIRE_DROWNED)) == 0)
			a->distinct = (double)a->slot_distinct;
	}
	return ERR_OK;
}

static void
take_client(struct attack *a, const struct result *r)
{
	struct address address = result_address(r, 3);
	struct attack_client *c = NULL;

	for (size_t i = 0; i < a->client_count_listed && c == NULL; i++)
		if (address_equal(&a->clients[i].address, &address))
			c = &a->clients[i];
	if (c == NULL) {
		if (a->client_count_listed == ATTACK_CLIENTS)
			return;
		c = &a->clients[a->client_count_listed++];
		*c = (struct attack_client){ .address = address };
	}
	(void)snprintf(c->kind, sizeof c->kind, "%s", result_text(r, 4));
	c->resolver |= result_u64(r, 5) != 0;
	c->queries += result_u64(r, 6);
	c->error += result_u64(r, 7);
}

static int
compare_clients(const void *a, const void *b)
{
	const struct attack_client *x = a, *y = b;
	uint64_t left = x->queries - x->error, right = y->queries - y->error;

	if (left != right)
		return left > right ? -1 : 1;
	return address_compare(&x->address, &y->address);
}

static enum err
read_clients(struct reading *d, struct err_info *info)
{
	struct attacks *all = d->attacks;
	struct result *r;
	enum err e = query_run(d->context->store, &r, info,
	    "SELECT window_begin, zone, side, client, kind, resolver, queries, queries_error "
	    "FROM dns_random_subdomain_clients WHERE" PERIOD_SQL
	    "ORDER BY zone, window_begin, input, queries DESC, client, side",
	    PERIOD_ARGS(d->context));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		const char *zone = result_text(r, 1);
		unsigned side =
		    strcmp(result_text(r, 2), "asked") == 0 ? ZONE_ASKED : ZONE_UPSTREAM;
		nsec_t window = random_time(r, 0);
		for (size_t i = first_attack(all, zone);
		     i < all->count && strcmp(all->list[i].zone, zone) == 0; i++)
			if (side == all->list[i].side && window >= all->list[i].window_first &&
			    window <= all->list[i].window_last)
				take_client(&all->list[i], r);
	}
	result_free(r);
	for (size_t i = 0; i < all->count; i++)
		qsort(all->list[i].clients, all->list[i].client_count_listed,
		    sizeof *all->list[i].clients, compare_clients);
	return ERR_OK;
}

static enum err
read_totals(struct reading *d, struct err_info *info)
{
	struct attacks *all = d->attacks;
	struct result *r;
	enum err e = query_run(d->context->store, &r, info,
	    "SELECT window_begin, asked, upstream, excluded, matched_own, scatter, "
	    "zones_displaced, zones_refused, slots_refused, shortfall, zones_unstored, "
	    "zones_nameless FROM dns_random_subdomain_totals WHERE" PERIOD_SQL
	    "ORDER BY window_begin, input",
	    PERIOD_ARGS(d->context));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		nsec_t window = random_time(r, 0);
		all->windows++;
		for (unsigned i = 0; i < TOTAL_COLUMNS; i++) {
			uint64_t value = result_u64(r, 1 + i);
			if (i == TOTAL_SHORTFALL)
				all->totals[i] = value > all->totals[i] ? value : all->totals[i];
			else
				all->totals[i] += value;
		}
		for (size_t i = 0; i < all->count; i++)
			if (window >= all->list[i].window_first &&
			    window <= all->list[i].window_last)
				all->list[i].upstream_all += result_u64(r, 1 + TOTAL_UPSTREAM);
	}
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ what they are not */

static bool
is_listed(const char *zones, const char *zone)
{
	size_t size = strlen(zone);

	while (*zones != '\0') {
		size_t length = strcspn(zones, " ");
		/* The zone itself, or one below it. */
		if (length > 0 && length <= size &&
		    strncmp(zones, zone + size - length, length) == 0 &&
		    (length == size || zone[size - length - 1] == '.'))
			return true;
		zones += length + strspn(zones + length, " ");
	}
	return false;
}

static bool
is_tunnel(const struct attack *a)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < ZONE_TYPES; i++)
		all += a->types[i];
	return all > 0 && label_mean(&a->labels) >= TUNNEL_LENGTH &&
	       (double)(a->types[ZONE_TXT] + a->types[ZONE_NULL] + a->types[ZONE_CNAME] +
			a->types[ZONE_MX]) >= TUNNEL_TYPES * (double)all;
}

/* One client does it, or so few that it is theirs.  A resolver asks for others: its share says
 * nothing. */
static bool
is_clients_own(const struct section_context *c, const struct attack *a)
{
	const struct attack_client *top = &a->clients[0];
	uint64_t all =
	    (a->fires & FIRE_WILD) != 0 ? a->window_all[a->side] : a->window_failures[a->side];

	for (size_t i = 0; i < a->client_count_listed; i++)
		if (a->clients[i].resolver)
			return false;
	if (a->client_count + 0.5 < (double)settings_u64(c->settings, "least_clients"))
		return true;
	return a->client_count_listed > 0 &&
	       (double)(top->queries - top->error) >=
		   settings_f64(c->settings, "client_share") * (double)all;
}

static enum attack_class
classify(const struct section_context *c, const struct attack *a)
{
	if (is_listed(settings_text(c->settings, "disposable_zones"), a->zone))
		return CLASS_DISPOSABLE;
	if (a->sampled > 0 && (double)a->reversed >= REVERSED_SHARE * (double)a->sampled)
		return CLASS_BLOCK_LIST;
	if (is_tunnel(a))
		return CLASS_TUNNEL;
	return is_clients_own(c, a) ? CLASS_CLIENT : CLASS_ATTACK;
}

const char *random_attack_class_name(enum attack_class class)
{
	static const char *const names[CLASS_COUNT] = { "attack", "client", "block list", "tunnel",
		"disposable" };

	return names[class];
}

uint64_t
random_attack_queries(const struct attack *a)
{
	if ((a->fires & (FIRE_NXDOMAIN | FIRE_DROWNED)) != 0)
		return random_failures(a->counts[a->side]);
	return random_total(a->counts[a->side]);
}

/* ------------------------------------------------------------------ backscatter */

/* Rows of one zone not further apart than FINDING_GAP. */
struct scatter {
	char *zone; /* owned */
	nsec_t begin, end;
	uint64_t counts[3], dark;
	uint8_t names[HLL_SIZE(SCATTER_PRECISION)];
	uint8_t servers[HLL_SIZE(SCATTER_PRECISION)];
	uint8_t targets[HLL_SIZE(SCATTER_PRECISION)];
	struct dns_samples samples;
};

static void
take_scatter(struct scatter *s, const struct result *r, size_t at)
{
	uint8_t *const sketches[] = { s->names, s->servers, s->targets };

	random_span(&s->begin, &s->end, random_time(r, at + SCATTER_FIRST),
	    random_time(r, at + SCATTER_LAST));
	for (unsigned i = 0; i < 3; i++) {
		s->counts[i] += result_u64(r, at + SCATTER_NXDOMAIN + i);
		(void)!sketch_add(sketches[i], SCATTER_PRECISION, r, at + SCATTER_NAMES + i);
	}
	s->dark += result_u64(r, at + SCATTER_DARK);
	dns_samples_read(&s->samples, r, at + SCATTER_SAMPLES, result_u64(r, 0));
}

static struct attack *
attack_at(struct attacks *attacks, const struct scatter *s, size_t known)
{
	for (size_t i = first_attack(attacks, s->zone);
	     i < known && strcmp(attacks->list[i].zone, s->zone) == 0; i++) {
		struct attack *a = &attacks->list[i];
		if (s->begin - a->end <= FINDING_GAP && a->begin - s->end <= FINDING_GAP)
			return a;
	}
	return NULL;
}

/* Whether backscatter is enough to name a victim.  At own addresses that are in use, whose
 * questions may have been lost, the targets must be as many as the answers: forged senders are
 * random. */
static bool
is_victim(const struct reading *d, const struct scatter *s)
{
	const struct settings *set = d->context->settings;
	double all = (double)(s->counts[0] + s->counts[1] + s->counts[2]);
	double names = hll_estimate(s->names, SCATTER_PRECISION) + 0.5;

	if (names < (double)settings_u64(set, "scatter_names") ||
	    names < settings_f64(set, "distinct_share") * all ||
	    hll_estimate(s->servers, SCATTER_PRECISION) + 0.5 <
		(double)settings_u64(set, "scatter_servers"))
		return false;
	if (2 * (double)s->dark >= all)
		return true;
	if (d->attacks->totals[TOTAL_MATCHED] == 0) {
		d->attacks->scatter_one_way++;
		return false;
	}
	return hll_estimate(s->targets, SCATTER_PRECISION) >= 0.5 * all;
}

/* Ends a run of rows: it makes an attack, adds to one that is known, or is nothing. */
static void
end_scatter(struct reading *d, struct scatter *s, size_t known)
{
	struct attack *a;

	if (s->zone == NULL)
		return;
	if (is_listed(settings_text(d->context->settings, "disposable_zones"), s->zone) ||
	    !is_victim(d, s)) {
		d->attacks->scatter_below++;
	} else {
		a = attack_at(d->attacks, s, known);
		if (a == NULL) {
			a = random_attack_new(d->attacks, s->zone);
			a->begin = s->begin;
			a->end = s->end;
			a->distinct = hll_estimate(s->names, SCATTER_PRECISION);
			a->client_count = hll_estimate(s->targets, SCATTER_PRECISION);
			a->samples = s->samples;
		}
		a->fires |= FIRE_SCATTER;
		for (unsigned i = 0; i < 3; i++)
			a->scatter[i] += s->counts[i];
		a->dark += s->dark;
		a->scatter_names = hll_estimate(s->names, SCATTER_PRECISION);
		a->scatter_servers = hll_estimate(s->servers, SCATTER_PRECISION);
		a->scatter_targets = hll_estimate(s->targets, SCATTER_PRECISION);
	}
	free(s->zone);
	s->zone = NULL;
}

static enum err
read_scatter(struct reading *d, struct err_info *info)
{
	struct scatter *s = xcalloc(1, sizeof *s);
	size_t known = d->attacks->count;
	struct result *r;
	enum err e = query_run(d->context->store, &r, info,
	    "SELECT input, zone, first, last, nxdomain, servfail, quoted, dark, names, servers, "
	    "targets, samples FROM dns_random_subdomain_scatter WHERE" PERIOD_SQL
	    "ORDER BY zone, first, input",
	    PERIOD_ARGS(d->context));

	while (e == ERR_OK && result_next(r)) {
		const char *zone = result_text(r, 1);
		if (s->zone == NULL || strcmp(s->zone, zone) != 0 ||
		    random_time(r, 1 + SCATTER_FIRST) - s->end > FINDING_GAP) {
			end_scatter(d, s, known);
			*s = (struct scatter){ .zone = xstrdup(zone) };
		}
		take_scatter(s, r, 1);
	}
	if (e == ERR_OK)
		result_free(r);
	end_scatter(d, s, known);
	free(s);
	return e;
}

/* ------------------------------------------------------------------ all of it */

static int
compare_attacks(const void *a, const void *b)
{
	const struct attack *x = a, *y = b;
	int order = strcmp(x->zone, y->zone);

	if (order != 0)
		return order;
	return (x->begin > y->begin) - (x->begin < y->begin);
}

enum err
random_attacks_read(const struct section_context *c, struct attacks *attacks, struct err_info *info)
{
	struct reading d = { .context = c, .attacks = attacks };
	enum err e = random_slots_read(c, attacks, info);

	if (e == ERR_OK)
		e = read_windows(&d, info);
	if (e == ERR_OK)
		e = read_clients(&d, info);
	if (e == ERR_OK)
		e = read_totals(&d, info);
	for (size_t i = 0; e == ERR_OK && i < attacks->count; i++)
		attacks->list[i].class = classify(c, &attacks->list[i]);
	if (e == ERR_OK)
		e = read_scatter(&d, info);
	if (attacks->count > 0)
		qsort(attacks->list, attacks->count, sizeof *attacks->list, compare_attacks);
	return e;
}

void
random_attacks_release(struct attacks *attacks)
{
	for (size_t i = 0; i < attacks->count; i++) {
		free(attacks->list[i].zone);
		free(attacks->list[i].names);
		free(attacks->list[i].client_sketch);
		free(attacks->list[i].points);
	}
	free(attacks->list);
}
