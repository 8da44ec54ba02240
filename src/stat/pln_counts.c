/* SPDX-License-Identifier: ISC */
/* Users by the number of their sampled packets, in classes; see pln_counts.h. */
#include "stat/pln_counts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xmalloc.h"

#define EXACT_BITS   6 /* counts below 2^6 have a class each */
#define CLASS_BITS   5 /* 2^5 classes a doubling above */
#define FIRST_PLACES 1024

/* Users with about the same count at the same rate. */
struct class
{
	float rate;
	uint32_t bin;   /* of the count, 0 for none */
	double users;   /* 0: the place is free */
	double log_sum; /* Σ ln k */
};

struct pln_counts {
	struct class *places; /* owned; open addressing */
	size_t mask, count;
	double unseen; /* at any rate */
};

struct pln_counts *
pln_counts_new(void)
{
	struct pln_counts *c = xcalloc(1, sizeof *c);

	c->places = xcalloc(FIRST_PLACES, sizeof *c->places);
	c->mask = FIRST_PLACES - 1;
	return c;
}

void
pln_counts_free(struct pln_counts *c)
{
	if (c != NULL)
		free(c->places);
	free(c);
}

static struct class *
place_of(const struct pln_counts *c, float rate, uint32_t bin)
{
	uint32_t bits;
	size_t i;

	memcpy(&bits, &rate, sizeof bits);
	i = hash_mix64((uint64_t)bits << 32 | bin) & c->mask;
	while (c->places[i].users > 0 && (c->places[i].rate != rate || c->places[i].bin != bin))
		i = (i + 1) & c->mask;
	return &c->places[i];
}

static void
grow(struct pln_counts *c)
{
	struct class *old = c->places;
	size_t places = c->mask + 1;

	c->places = xcalloc(places * 2, sizeof *c->places);
	c->mask = places * 2 - 1;
	for (size_t i = 0; i < places; i++)
		if (old[i].users > 0)
			*place_of(c, old[i].rate, old[i].bin) = old[i];
	free(old);
}

static uint32_t
bin_of(uint64_t packets)
{
	unsigned bits;

	if (packets < 1U << EXACT_BITS)
		return (uint32_t)packets;
	bits = 63 - (unsigned)__builtin_clzll(packets);
	return ((bits - EXACT_BITS + 1) << CLASS_BITS) +
	       ((uint32_t)(packets >> (bits - CLASS_BITS)) & ((1U << CLASS_BITS) - 1)) +
	       (1U << EXACT_BITS);
}

void
pln_counts_add(struct pln_counts *c, uint64_t packets, double rate)
{
	struct class *p;
	float key;

	/* Effective rates are any number: 64 a doubling keep the classes few. */
	if (rate < 1 || !isfinite(rate))
		rate = 1;
	else if (rate != floor(rate))
		rate = exp2(round(log2(rate) * 64) / 64);
	key = (float)rate;
	p = place_of(c, key, bin_of(packets));
	if (!(p->users > 0)) {
		if (c->count * 2 > c->mask) {
			grow(c);
			p = place_of(c, key, bin_of(packets));
		}
		*p = (struct class){ .rate = key, .bin = bin_of(packets) };
		c->count++;
	}
	p->users += 1;
	p->log_sum += packets != 0 ? log((double)packets) : 0;
}

void
pln_counts_add_unseen(struct pln_counts *c, uint64_t users)
{
	c->unseen += (double)users;
}

static int
compare_classes(const void *a, const void *b)
{
	const struct class *x = a, *y = b;

	if (x->rate != y->rate)
		return x->rate < y->rate ? -1 : 1;
	return x->bin < y->bin ? -1 : x->bin > y->bin;
}

void
pln_data_release(struct pln_data *data)
{
	free(data->points);
	free(data->log_rates);
	free(data->rate_seen);
	free(data->rate_zero);
	free(data->rate_zero_known);
}

void
pln_data_init(struct pln_data *data, const struct pln_counts *c, bool with_unseen)
{
	struct class *sorted = xcalloc(c->count + 1, sizeof *sorted);
	size_t n = 0;

	for (size_t i = 0; i <= c->mask; i++)
		if (c->places[i].users > 0)
			sorted[n++] = c->places[i];
	qsort(sorted, n, sizeof *sorted, compare_classes);
	*data = (struct pln_data){ .with_unseen = with_unseen, .unseen = c->unseen };
	data->points = xcalloc(n + 1, sizeof *data->points);
	data->log_rates = xcalloc(n + 1, sizeof *data->log_rates);
	data->rate_seen = xcalloc(n + 1, sizeof *data->rate_seen);
	data->rate_zero = xcalloc(n + 1, sizeof *data->rate_zero);
	data->rate_zero_known = xcalloc(n + 1, sizeof *data->rate_zero_known);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || sorted[i].rate != sorted[i - 1].rate)
			data->log_rates[data->rates++] = log((double)sorted[i].rate);
		if (sorted[i].bin == 0) {
			data->rate_zero_known[data->rates - 1] += sorted[i].users;
			continue;
		}
		data->rate_seen[data->rates - 1] += sorted[i].users;
		data->seen += sorted[i].users;
		data->points[data->count++] =
		    (struct pln_point){ .k = exp(sorted[i].log_sum / sorted[i].users),
			    .log_rate = data->log_rates[data->rates - 1],
			    .users = sorted[i].users };
		/* A power of ten of a logarithm is not quite an integer. */
		if (sorted[i].bin < 1U << EXACT_BITS)
			data->points[data->count - 1].k = sorted[i].bin;
	}
	free(sorted);
}
