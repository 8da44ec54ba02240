/* SPDX-License-Identifier: ISC */
/*
 * What is seen of a victim, as it adds up and as rows keep it; see backscatter.h.
 *
 * Blobs are little-endian: kinds, 4 octets each; ports, packets of the rest (8), then port (2) and
 * packets (4) of each; places, 8 each; the sample: time (8), offset (8), length (4), octets of the
 * packet (2), octets kept (2), octets.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/backscatter.h"
#include "analysis/sketch.h"
#include "base/bytes.h"
#include "base/cursor.h"

#define SAMPLE_HEADER 24

void
backscatter_sums_port(struct backscatter_sums *sums, uint16_t port, uint32_t packets)
{
	uint64_t bit = hash_mix64(port) % BACKSCATTER_PORT_BITS;

	sums->port_bits[bit / 64] |= (uint64_t)1 << bit % 64;
	for (unsigned i = 0; i < BACKSCATTER_PORTS; i++) {
		struct backscatter_port *place = &sums->ports[i];
		if (place->port == 0)
			place->port = (uint32_t)port + 1;
		if (place->port != (uint32_t)port + 1)
			continue;
		place->packets += packets;
		return;
	}
	sums->other_ports += packets;
}

void
backscatter_sums_place(struct backscatter_sums *sums, uint64_t place)
{
	uint64_t count = sums->place_count, at = count;

	if (count == BACKSCATTER_PLACES && place >= sums->places[count - 1])
		return;
	while (at > 0 && sums->places[at - 1] > place)
		at--;
	if (at > 0 && sums->places[at - 1] == place)
		return;
	if (count < BACKSCATTER_PLACES)
		count = ++sums->place_count;
	memmove(
	    &sums->places[at + 1], &sums->places[at], (count - at - 1) * sizeof sums->places[0]);
	sums->places[at] = place;
}

static void
keep_earlier(struct backscatter_sample *into, const struct backscatter_sample *from)
{
	if (from->size == 0)
		return;
	if (into->size == 0 || from->time < into->time ||
	    (from->time == into->time && from->input_offset < into->input_offset))
		*into = *from;
}

void
backscatter_sums_add(struct backscatter_sums *into, const struct backscatter_sums *from)
{
	if (from->packets == 0)
		return;
	if (into->packets == 0 || from->first < into->first)
		into->first = from->first;
	if (into->packets == 0 || from->last > into->last)
		into->last = from->last;
	into->packets += from->packets;
	into->octets += from->octets;
	into->other_ports += from->other_ports;
	for (unsigned i = 0; i < BACKSCATTER_KINDS; i++)
		into->kinds[i] += from->kinds[i];
	for (unsigned i = 0; i < BACKSCATTER_PORTS && from->ports[i].port != 0; i++)
		backscatter_sums_port(
		    into, (uint16_t)(from->ports[i].port - 1), from->ports[i].packets);
	for (unsigned i = 0; i < BACKSCATTER_PORT_BITS / 64; i++)
		into->port_bits[i] |= from->port_bits[i];
	for (uint64_t i = 0; i < from->place_count; i++)
		backscatter_sums_place(into, from->places[i]);
	hll_union(into->addresses, from->addresses, BACKSCATTER_PRECISION);
	keep_earlier(&into->sample, &from->sample);
}

double
backscatter_sums_addresses(const struct backscatter_sums *sums)
{
	if (sums->place_count < BACKSCATTER_PLACES)
		return (double)sums->place_count;
	return fmax(BACKSCATTER_PLACES, hll_estimate(sums->addresses, BACKSCATTER_PRECISION));
}

/* Linear counting; all bits set stand for twice as many ports as there are bits, or more. */
double
backscatter_sums_ports(const struct backscatter_sums *sums)
{
	unsigned set = 0, known = 0;

	for (unsigned i = 0; i < BACKSCATTER_PORT_BITS / 64; i++)
		set += (unsigned)__builtin_popcountll(sums->port_bits[i]);
	while (known < BACKSCATTER_PORTS && sums->ports[known].port != 0)
		known++;
	if (sums->other_ports == 0)
		return known;
	if (set >= BACKSCATTER_PORT_BITS)
		return 8 * BACKSCATTER_PORT_BITS;
	return fmax(
	    known, -(double)BACKSCATTER_PORT_BITS * log1p(-(double)set / BACKSCATTER_PORT_BITS));
}

/* ------------------------------------------------------------------ rows */

static int
compare_ports(const void *a, const void *b)
{
	const struct backscatter_port *x = a, *y = b;

	return (x->port > y->port) - (x->port < y->port);
}

/* In their order, not in that of their coming. */
static void
put_ports(const struct backscatter_sums *sums, struct rows *rows)
{
	struct backscatter_port ports[BACKSCATTER_PORTS];
	size_t count = 0;
	uint8_t octets[8 + 6 * BACKSCATTER_PORTS], bits[BACKSCATTER_PORT_BITS / 8];
	size_t size = 8;

	while (count < BACKSCATTER_PORTS && sums->ports[count].port != 0) {
		ports[count] = sums->ports[count];
		count++;
	}
	if (count > 0)
		qsort(ports, count, sizeof *ports, compare_ports);
	put_le64(octets, sums->other_ports);
	for (size_t i = 0; i < count; i++, size += 6) {
		put_le16(octets + size, (uint16_t)(ports[i].port - 1));
		put_le32(octets + size + 2, ports[i].packets);
	}
	rows_blob(rows, BV_PORTS, octets, size);
	for (size_t i = 0; i < BACKSCATTER_PORT_BITS / 64; i++)
		put_le64(bits + 8 * i, sums->port_bits[i]);
	/* Needed only where the ports are not all known. */
	rows_blob(rows, BV_PORT_BITS, bits, sums->other_ports > 0 ? sizeof bits : 0);
}

static void
put_places(const struct backscatter_sums *sums, struct rows *rows)
{
	uint8_t octets[8 * BACKSCATTER_PLACES];

	for (size_t i = 0; i < sums->place_count; i++)
		put_le64(octets + 8 * i, sums->places[i]);
	rows_blob(rows, BV_PLACES, octets, 8 * (size_t)sums->place_count);
}

static void
put_sample(const struct backscatter_sample *s, struct rows *rows)
{
	uint8_t octets[SAMPLE_HEADER + BACKSCATTER_SAMPLE_OCTETS];

	put_le64(octets, (uint64_t)s->time);
	put_le64(octets + 8, s->input_offset);
	put_le32(octets + 16, s->input_length);
	put_le16(octets + 20, s->l3_octets);
	put_le16(octets + 22, s->size);
	memcpy(octets + SAMPLE_HEADER, s->octets, s->size);
	rows_blob(rows, BV_SAMPLE, octets, SAMPLE_HEADER + (size_t)s->size);
}

void
backscatter_sums_put(const struct backscatter_sums *sums, struct rows *rows)
{
	uint8_t kinds[4 * BACKSCATTER_KINDS];

	for (size_t i = 0; i < BACKSCATTER_KINDS; i++)
		put_le32(kinds + 4 * i, (uint32_t)sums->kinds[i]);
	rows_blob(rows, BV_KINDS, kinds, sizeof kinds);
	put_ports(sums, rows);
	put_places(sums, rows);
	sketch_put(rows, BV_ADDRESSES, sums->addresses, BACKSCATTER_PRECISION);
	put_sample(&sums->sample, rows);
}

static struct cursor
cell_octets(const struct result *r, size_t column)
{
	size_t size;
	const char *octets = result_blob(r, column, &size);

	return cursor_over((const uint8_t *)octets, size);
}

static void
read_ports(struct backscatter_sums *sums, struct cursor c, struct cursor bits)
{
	const uint8_t *p = cursor_take(&c, 8);

	sums->other_ports = p != NULL ? le64(p) : 0;
	while ((p = cursor_take(&c, 6)) != NULL)
		backscatter_sums_port(sums, le16(p), le32(p + 2));
	for (size_t i = 0; i < BACKSCATTER_PORT_BITS / 64; i++)
		if ((p = cursor_take(&bits, 8)) != NULL)
			sums->port_bits[i] |= le64(p);
}

static bool
read_sample(struct backscatter_sample *s, struct cursor c, uint64_t input)
{
	const uint8_t *p = cursor_take(&c, SAMPLE_HEADER), *octets;

	if (p == NULL)
		return false;
	*s = (struct backscatter_sample){
		.time = (nsec_t)le64(p),
		.input = input,
		.input_offset = le64(p + 8),
		.input_length = le32(p + 16),
		.l3_octets = le16(p + 20),
		.size = le16(p + 22),
	};
	octets = cursor_take(&c, s->size);
	if (octets == NULL || s->size > BACKSCATTER_SAMPLE_OCTETS)
		return false;
	memcpy(s->octets, octets, s->size);
	return true;
}

bool
backscatter_sums_read(
    struct backscatter_sums *sums, const struct result *r, size_t at, uint64_t input)
{
	struct cursor kinds = cell_octets(r, at), places;
	const uint8_t *p;

	for (unsigned i = 0; i < BACKSCATTER_KINDS; i++)
		sums->kinds[i] = (p = cursor_take(&kinds, 4)) != NULL ? le32(p) : 0;
	read_ports(sums, cell_octets(r, at + BV_PORTS - BV_KINDS),
	    cell_octets(r, at + BV_PORT_BITS - BV_KINDS));
	places = cell_octets(r, at + BV_PLACES - BV_KINDS);
	while ((p = cursor_take(&places, 8)) != NULL)
		backscatter_sums_place(sums, le64(p));
	return sketch_add(
		   sums->addresses, BACKSCATTER_PRECISION, r, at + BV_ADDRESSES - BV_KINDS) &&
	       read_sample(&sums->sample, cell_octets(r, at + BV_SAMPLE - BV_KINDS), input);
}
