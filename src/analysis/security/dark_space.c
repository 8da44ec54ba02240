/* SPDX-License-Identifier: ISC */
/* Monitored addresses without users; see dark_space.h. */
#include "analysis/security/dark_space.h"

#include <math.h>
#include <stdlib.h>

#include "base/xmalloc.h"

static int
compare(const void *a, const void *b)
{
	const struct dark_prefix *x = a, *y = b;
	int order = address_compare(&x->prefix.address, &y->prefix.address);

	if (order != 0)
		return order;
	if (x->prefix.length != y->prefix.length)
		return x->prefix.length < y->prefix.length ? -1 : 1;
	return (int)x->answers - (int)y->answers;
}

static double
size_of(const struct prefix *p)
{
	return ldexp(1, (address_is_ipv4(&p->address) ? 32 : 128) - p->length);
}

/* Sorted prefixes nest or lie apart, so what holds one is the last that was not inside another. */
static void
measure(struct dark_space *s)
{
	const struct dark_prefix *outer = NULL;
	double *sums[2] = { &(double){ 0 }, &s->ipv6_addresses };

	for (size_t i = 0; i < s->count; i++) {
		struct dark_prefix *d = &s->prefixes[i];
		bool ipv4 = address_is_ipv4(&d->prefix.address);
		d->inside = outer != NULL && prefix_contains(&outer->prefix, &d->prefix.address);
		if (d->inside)
			continue;
		outer = d;
		d->before = *sums[!ipv4];
		d->share = size_of(&d->prefix);
		*sums[!ipv4] += d->share;
	}
	s->ipv4_addresses = (uint64_t)*sums[0];
	for (size_t i = 0; i < s->count; i++) {
		double all = *sums[!address_is_ipv4(&s->prefixes[i].prefix.address)];
		s->prefixes[i].before /= all;
		s->prefixes[i].share /= all;
	}
}

static void
widen_ipv4(struct dark_space *s, const struct prefix *p)
{
	uint32_t low = be32(p->address.octets + 12);
	uint32_t high = p->length >= 32 ? low : low | UINT32_MAX >> p->length;

	s->ipv4_low = low < s->ipv4_low ? low : s->ipv4_low;
	s->ipv4_high = high > s->ipv4_high ? high : s->ipv4_high;
}

static void
widen_ipv6(struct dark_space *s, const struct prefix *p)
{
	uint64_t low = be64(p->address.octets);
	uint64_t high = p->length >= 64 ? low : low | UINT64_MAX >> p->length;

	s->ipv6_low = low < s->ipv6_low ? low : s->ipv6_low;
	s->ipv6_high = high > s->ipv6_high ? high : s->ipv6_high;
}

static void
find_bounds(struct dark_space *s)
{
	s->ipv4_low = UINT32_MAX;
	s->ipv6_low = UINT64_MAX;
	for (size_t i = 0; i < s->count; i++) {
		const struct prefix *p = &s->prefixes[i].prefix;
		if (address_is_ipv4(&p->address))
			widen_ipv4(s, p);
		else
			widen_ipv6(s, p);
	}
}

void
dark_space_init(struct dark_space *space, const struct site *site)
{
	size_t count = site->dark_prefix_count + site->sensor_count;
	struct prefix *list = xcalloc(count + 1, sizeof *list);

	*space = (struct dark_space){ .count = count };
	space->prefixes = xcalloc(count + 1, sizeof *space->prefixes);
	for (size_t i = 0; i < site->dark_prefix_count; i++)
		space->prefixes[i].prefix = site->dark_prefixes[i];
	for (size_t i = 0; i < site->sensor_count; i++) {
		struct dark_prefix *d = &space->prefixes[site->dark_prefix_count + i];
		d->prefix = site->sensors[i].prefix;
		d->name = site->sensors[i].name;
		d->answers = true;
	}
	if (count > 0)
		qsort(space->prefixes, count, sizeof *space->prefixes, compare);
	measure(space);
	find_bounds(space);
	for (size_t i = 0; i < count; i++)
		list[i] = space->prefixes[i].prefix;
	space->set = prefix_set_new(list, count);
	free(list);
}

void
dark_space_release(struct dark_space *space)
{
	free(space->prefixes);
	prefix_set_free(space->set);
	*space = (struct dark_space){ .ipv4_low = UINT32_MAX, .ipv6_low = UINT64_MAX };
}

/* The last of equal prefixes is a sensor's, when one of them is. */
long
dark_space_find(const struct dark_space *s, const struct address *a)
{
	long at = prefix_set_find(s->set, a);

	while (at >= 0 && (size_t)at + 1 < s->count &&
	       s->prefixes[at + 1].prefix.length == s->prefixes[at].prefix.length &&
	       address_equal(&s->prefixes[at + 1].prefix.address, &s->prefixes[at].prefix.address))
		at++;
	return at;
}

uint32_t
dark_space_position(const struct dark_space *space, size_t which, const struct address *a)
{
	const struct dark_prefix *d;
	double offset;

	while (which > 0 && space->prefixes[which].inside)
		which--;
	d = &space->prefixes[which];
	if (address_is_ipv4(a))
		offset = (double)(be32(a->octets + 12) - be32(d->prefix.address.octets + 12));
	else
		offset = ldexp((double)(be64(a->octets) - be64(d->prefix.address.octets)), 64) +
			 (double)(be64(a->octets + 8) - be64(d->prefix.address.octets + 8));
	offset = d->before + d->share * offset / size_of(&d->prefix);
	return (uint32_t)fmin(ldexp(offset, 32), UINT32_MAX);
}
