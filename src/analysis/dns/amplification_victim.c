/* SPDX-License-Identifier: ISC */
/*
 * Attacks on own addresses, from rows of answers that nobody asked for; see
 * amplification_attacks.h.
 *
 * A slot is an attack by volume when many reflectors send much more than the address usually gets,
 * or by its shape when many reflectors answer one and the same question with a high factor: no
 * resolver asks ten servers the same thing at once without our seeing a query.  An address whose
 * usual rate is not known yet is an attack by volume only where few questions make up most of it; a
 * capture of one direction of a busy resolver's traffic has many.
 *
 * The usual rate is an average over the earlier windows of the store, weighted exponentially (0.9 a
 * minute), without the windows of attacks.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/amplification_attacks.h"
#include "analysis/sketch.h"
#include "base/xmalloc.h"

#define MINUTE_WEIGHT 0.9  /* of what was usual a minute ago */
#define KNOWN_SECONDS 60   /* of earlier windows */
#define LEAST_BPS     1000 /* what is usual, at least */
#define FEW_QUESTIONS 0.5  /* share of octets of the questions that have rows of their own */
#define LARGE         512  /* octets of a packet: RFC 1035's limit of UDP messages */
#define ASKED_SHARE   0.1  /* packets to port 53 for each from there */

struct cell {
	uint64_t question;
	nsec_t window, begin, end;
	uint64_t responses, fragmented, packets, octets, wire, query_octets, asked;
	uint8_t reflectors[HLL_SIZE(AMPLIFICATION_PRECISION)];
	char *qname; /* owned */
	char qtype[16];
	bool fires, included;
};

/* What is usual for a victim: of each window its octets. */
struct usual {
	nsec_t window;
	uint64_t octets;
};

struct victim {
	struct address address;
	struct cell *cells; /* owned; by question and time */
	size_t count, capacity;
	struct usual *usual; /* owned; by time */
	size_t usual_count;
};

struct covered {
	nsec_t window;
	double seconds;
};

struct reading {
	const struct section_context *c;
	struct amplification_limits limits;
	struct victim *victims; /* owned; by address */
	size_t count;
	struct covered *windows; /* owned: all windows up to the period's end, by time */
	size_t window_count;
};

static nsec_t
slot_begin(const struct cell *cell)
{
	nsec_t width = cell->question == VICTIM_FLOW ? AMPLIFICATION_MINUTE : AMPLIFICATION_SLOT;

	return cell->begin - cell->begin % width;
}

static double
bps_of(const struct cell *cell)
{
	return 8 * (double)cell->wire / (cell->question == VICTIM_FLOW ? 60 : 10);
}

static double
senders(const struct cell *cell)
{
	return hll_estimate(cell->reflectors, AMPLIFICATION_PRECISION);
}

/* The usual rate before `window`, and whether enough was seen to know it. */
static double
usual_before(const struct reading *reading, const struct victim *v, nsec_t window, bool *ret_known)
{
	double average = 0, seconds = 0;
	size_t next = 0;

	for (size_t i = 0; i < reading->window_count && reading->windows[i].window < window; i++) {
		const struct covered *w = &reading->windows[i];
		double octets = 0, weight = pow(MINUTE_WEIGHT, w->seconds / 60);
		bool attacked = false;
		while (next < v->usual_count && v->usual[next].window < w->window)
			next++;
		for (; next < v->usual_count && v->usual[next].window == w->window; next++)
			octets += (double)v->usual[next].octets;
		for (size_t k = 0; k < v->count; k++)
			attacked |= v->cells[k].fires && v->cells[k].window == w->window;
		if (attacked)
			continue;
		average = seconds == 0 ? 8 * octets / w->seconds
				       : weight * average + (1 - weight) * 8 * octets / w->seconds;
		seconds += w->seconds;
	}
	*ret_known = seconds >= KNOWN_SECONDS;
	return average > LEAST_BPS ? average : LEAST_BPS;
}

/* Octets of a slot whose questions have rows of their own. */
static double
question_share(const struct victim *v, const struct cell *all)
{
	uint64_t octets = 0;

	for (size_t i = 0; i < v->count; i++)
		if (v->cells[i].question != VICTIM_ALL && v->cells[i].question != VICTIM_FLOW &&
		    slot_begin(&v->cells[i]) == slot_begin(all))
			octets += v->cells[i].octets;
	return all->octets != 0 ? (double)octets / (double)all->octets : 0;
}

static bool
fires_by_question(const struct cell *cell, const struct amplification_limits *l)
{
	return cell->question != VICTIM_ALL && cell->question != VICTIM_FLOW &&
	       cell->octets >= l->octets &&
	       (double)cell->octets >= l->factor * (double)cell->query_octets &&
	       senders(cell) >= (double)l->question_reflectors - 0.5;
}

static bool
fires_by_volume(const struct reading *reading, const struct victim *v, const struct cell *cell,
    uint64_t *undecided)
{
	const struct amplification_limits *l = &reading->limits;
	bool flow = cell->question == VICTIM_FLOW, known;
	double usual;

	if ((cell->question != VICTIM_ALL && !flow) || bps_of(cell) < l->victim_bps ||
	    senders(cell) < (double)l->reflectors - 0.5)
		return false;
	if (flow && ((double)cell->wire < LARGE * (double)cell->packets ||
			(double)cell->asked > ASKED_SHARE * (double)cell->packets))
		return false;
	usual = usual_before(reading, v, cell->window, &known);
	if (known)
		return bps_of(cell) >= l->baseline_factor * usual;
	if (flow || question_share(v, cell) >= FEW_QUESTIONS)
		return true;
	(*undecided)++;
	return false;
}

/* All that was sent to answer the same question near a slot that fires belongs to the attack, were
 * it ever so little: refusals and truncated answers of reflectors among it. */
static void
include_like(struct victim *v, size_t at)
{
	for (int step = -1; step <= 1; step += 2) {
		nsec_t edge = step < 0 ? v->cells[at].begin : v->cells[at].end;
		for (size_t i = at + (size_t)step; i < v->count; i += (size_t)step) {
			struct cell *cell = &v->cells[i];
			nsec_t gap = step < 0 ? edge - cell->end : cell->begin - edge;
			if (cell->question != v->cells[at].question || cell->fires ||
			    gap > FINDING_GAP)
				break;
			cell->included = cell->question != VICTIM_ALL;
			edge = step < 0 ? cell->begin : cell->end;
		}
	}
}

/* Whether the slot of a question is counted with all others of its slot already. */
static bool
is_within_all(const struct victim *v, const struct cell *cell)
{
	for (size_t i = 0; i < v->count && v->cells[i].question == VICTIM_ALL; i++)
		if (v->cells[i].included && cell->question != VICTIM_ALL &&
		    slot_begin(&v->cells[i]) == slot_begin(cell))
			return true;
	return false;
}

static void
add_sums(struct attack *a, const struct cell *cell)
{
	a->begin = a->begin == 0 || cell->begin < a->begin ? cell->begin : a->begin;
	a->end = cell->end > a->end ? cell->end : a->end;
	a->slots += cell->fires;
	a->responses += cell->responses;
	a->fragmented += cell->fragmented;
	a->packets_out += cell->packets;
	a->octets += cell->octets;
	a->wire_octets += cell->wire;
	a->query_octets += cell->query_octets;
	if (cell->wire > a->peak_octets)
		a->peak_octets = cell->wire;
	hll_union(a->reflectors, cell->reflectors, AMPLIFICATION_PRECISION);
}

static struct attack *
start_attack(struct attacks *attacks, const struct victim *v, const struct cell *cell)
{
	struct attack *a = attacks_add(attacks);

	a->side = cell->question == VICTIM_FLOW ? ATTACK_FLOWS : ATTACK_VICTIM;
	a->subject = v->address;
	return a;
}

/* Each slot becomes an attack of its own; attacks_unite puts them together. */
static void
add_cell(const struct reading *reading, const struct victim *v, const struct cell *cell,
    struct attacks *attacks)
{
	struct attack *a = start_attack(attacks, v, cell);
	bool question = cell->question != VICTIM_ALL && cell->question != VICTIM_FLOW;

	if (question) {
		struct attack_part *part =
		    attack_part_at(a, &v->address, 0, cell->qname, cell->qtype);
		part->responses += cell->responses;
		part->octets += cell->octets;
		part->query_octets += cell->query_octets;
	}
	if (question && is_within_all(v, cell)) {
		a->begin = cell->begin;
		a->end = cell->end;
	} else {
		add_sums(a, cell);
	}
	a->by_question = question && cell->fires;
	a->by_volume = !question && cell->fires;
	if (a->by_volume)
		a->baseline_bps = usual_before(reading, v, cell->window, &a->baseline_known);
}

/* Slots fire in order of time, since what is usual leaves out those that fired before. */
static void
end_victim(struct reading *reading, struct victim *v, struct attacks *attacks)
{
	for (size_t i = 0; i < v->count; i++)
		v->cells[i].fires = fires_by_question(&v->cells[i], &reading->limits);
	for (size_t i = 0; i < v->count; i++)
		if (v->cells[i].question == VICTIM_ALL || v->cells[i].question == VICTIM_FLOW)
			v->cells[i].fires =
			    fires_by_volume(reading, v, &v->cells[i], &attacks->undecided);
	for (size_t i = 0; i < v->count; i++) {
		v->cells[i].included |= v->cells[i].fires;
		if (v->cells[i].fires && v->cells[i].question != VICTIM_FLOW)
			include_like(v, i);
	}
	for (size_t i = 0; i < v->count; i++)
		if (v->cells[i].included)
			add_cell(reading, v, &v->cells[i], attacks);
}

static struct victim *
victim_of(struct reading *reading, const struct address *address)
{
	struct victim *v = reading->count > 0 ? &reading->victims[reading->count - 1] : NULL;

	if (v != NULL && address_equal(&v->address, address))
		return v;
	reading->victims =
	    xrealloc_array(reading->victims, reading->count + 1, sizeof *reading->victims);
	v = &reading->victims[reading->count++];
	*v = (struct victim){ .address = *address };
	return v;
}

static void
read_cell(struct victim *v, const struct result *r)
{
	struct cell *cell;

	if (v->count == v->capacity) {
		v->capacity = v->capacity > 0 ? 2 * v->capacity : 16;
		v->cells = xrealloc_array(v->cells, v->capacity, sizeof *v->cells);
	}
	cell = &v->cells[v->count++];
	*cell = (struct cell){
		.question = result_u64(r, 1),
		.begin = (nsec_t)result_u64(r, 2) * NSEC_PER_MS,
		.end = (nsec_t)result_u64(r, 3) * NSEC_PER_MS,
		.responses = result_u64(r, 4),
		.fragmented = result_u64(r, 5),
		.packets = result_u64(r, 6),
		.octets = result_u64(r, 7),
		.wire = result_u64(r, 8),
		.query_octets = result_u64(r, 9),
		.asked = result_u64(r, 10),
		.window = (nsec_t)result_u64(r, 14) * NSEC_PER_MS,
	};
	/* A sketch that does not read counts as no senders. */
	(void)!sketch_add(cell->reflectors, AMPLIFICATION_PRECISION, r, 11);
	cell->qname = xstrdup(result_text(r, 12));
	(void)snprintf(cell->qtype, sizeof cell->qtype, "%s", result_text(r, 13));
}

static enum err
read_cells(struct reading *reading, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(reading->c->store, &r, info,
	    "SELECT victim, question, begin_time, end_time, responses, fragmented, packets, "
	    "octets, wire_octets, query_octets, asked, reflectors, qname, qtype, window_begin "
	    "FROM dns_amplification_victims WHERE" PERIOD_SQL
	    "ORDER BY victim, question, begin_time, input",
	    PERIOD_ARGS(reading->c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address victim = result_address(r, 0);
		read_cell(victim_of(reading, &victim), r);
	}
	result_free(r);
	return ERR_OK;
}

static int
compare_victims(const void *a, const void *b)
{
	return address_compare(
	    &((const struct victim *)a)->address, &((const struct victim *)b)->address);
}

static enum err
read_windows(struct reading *reading, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(reading->c->store, &r, info,
	    "SELECT window_begin AS w, max(seconds) AS s FROM dns_amplification WHERE "
	    "window_begin < %llu GROUP BY w ORDER BY w",
	    analysis_ms(reading->c->end));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		reading->windows = xrealloc_array(
		    reading->windows, reading->window_count + 1, sizeof *reading->windows);
		reading->windows[reading->window_count++] = (struct covered){
			(nsec_t)result_u64(r, 0) * NSEC_PER_MS,
			result_u64(r, 1) > 0 ? (double)result_u64(r, 1) : 1,
		};
	}
	result_free(r);
	return ERR_OK;
}

static enum err
read_usual(struct reading *reading, struct err_info *info)
{
	struct result *r;
	enum err e;

	if (reading->count == 0)
		return ERR_OK;
	qsort(reading->victims, reading->count, sizeof *reading->victims, compare_victims);
	e = query_run(reading->c->store, &r, info,
	    "SELECT victim AS v, window_begin AS w, sum(octets) AS o FROM "
	    "dns_amplification_baseline WHERE window_begin < %llu GROUP BY v, w ORDER BY v, w",
	    analysis_ms(reading->c->end));
	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct victim key = { .address = result_address(r, 0) };
		struct victim *v =
		    bsearch(&key, reading->victims, reading->count, sizeof *v, compare_victims);
		if (v == NULL)
			continue;
		v->usual = xrealloc_array(v->usual, v->usual_count + 1, sizeof *v->usual);
		v->usual[v->usual_count++] = (struct usual){ (nsec_t)result_u64(r, 1) * NSEC_PER_MS,
			(uint64_t)result_f64(r, 2) };
	}
	result_free(r);
	return ERR_OK;
}

/* Where messages and flow records tell of the same attack, the messages tell more. */
static void
drop_told(struct attacks *attacks)
{
	for (size_t i = 0; i < attacks->count; i++)
		for (size_t k = 0; k < attacks->count; k++) {
			struct attack *flows = &attacks->list[i], *a = &attacks->list[k];
			if (flows->side == ATTACK_FLOWS && a->side == ATTACK_VICTIM &&
			    address_equal(&flows->subject, &a->subject) &&
			    flows->begin <= a->end + FINDING_GAP &&
			    a->begin <= flows->end + FINDING_GAP) {
				attacks_remove(attacks, i--);
				break;
			}
		}
}

enum err
attacks_read_victims(
    const struct section_context *c, struct attacks *attacks, struct err_info *info)
{
	struct reading reading = { .c = c, .limits = amplification_limits(c->settings) };
	enum err e = read_cells(&reading, info);

	if (e == ERR_OK)
		e = read_windows(&reading, info);
	if (e == ERR_OK)
		e = read_usual(&reading, info);
	for (size_t i = 0; i < reading.count; i++) {
		struct victim *v = &reading.victims[i];
		if (e == ERR_OK)
			end_victim(&reading, v, attacks);
		for (size_t k = 0; k < v->count; k++)
			free(v->cells[k].qname);
		free(v->cells);
		free(v->usual);
	}
	free(reading.victims);
	free(reading.windows);
	attacks_unite(attacks);
	drop_told(attacks);
	return e;
}
