/* SPDX-License-Identifier: ISC */
/*
 * Which slots are attacks, where these begin and end, and of which vectors; see ddos_judge.h.
 */
#include "analysis/security/ddos_judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define BURST         4.0  /* times a threshold, in one second */
#define ONSET_WINDOW  4    /* slots, of which … */
#define ONSET_SLOTS   3    /* … must be over a threshold */
#define END_SLOTS     6    /* below half of it end an attack: 60 s */
#define ACTIVE_SHARE  0.15 /* of packets or octets of a slot that is over a threshold */
#define SAMPLED_LEAST 100  /* sampled packets without which nothing is said: ±19.6 % */
#define FRAGMENTS     44   /* after the first, of the largest datagram at 1500 octets each */
#define AMPLIFIED     512  /* octets, mean: what an answer without EDNS may have at most */
#define AMPLIFIED_ANY 256  /* the same of other services, whose requests have 60 or so */

/* ------------------------------------------------------------------ vectors */

const char *
ddos_vector_name(unsigned vector)
{
	static const char *const NAMES[VECTOR_SERVICE] = { "udp", "icmp", "fragment", "syn",
		"connection", "http", "tcp-other", "tcp-other", "ip-other" };

	return vector < VECTOR_SERVICE ? NAMES[vector] : ddos_service_name(vector - VECTOR_SERVICE);
}

bool
ddos_vector_is_bandwidth(unsigned vector)
{
	return vector != VECTOR_SYN && vector != VECTOR_CONNECTION && vector != VECTOR_HTTP &&
	       vector != VECTOR_TCP;
}

static double
share(uint64_t part, uint64_t whole)
{
	return whole != 0 ? (double)part / (double)whole : 0;
}

/* Fragments belong to the service whose first fragments came with them, as far as those can have
 * so many. */
static void
share_fragments(struct ddos_seen *s, unsigned service_vector)
{
	uint64_t all = s->vector_packets[VECTOR_FRAGMENT], take;
	double taken;

	if (all == 0 || s->first_fragments == 0)
		return;
	take = all < s->first_fragments * FRAGMENTS ? all : s->first_fragments * FRAGMENTS;
	taken = share(take, all);
	s->vector_packets[service_vector] += take;
	s->vector_packets[VECTOR_FRAGMENT] -= take;
	take = (uint64_t)((double)s->vector_octets[VECTOR_FRAGMENT] * taken);
	s->vector_octets[service_vector] += take;
	s->vector_octets[VECTOR_FRAGMENT] -= take;
}

void
ddos_vectors_of(struct ddos_seen *s)
{
	static const uint8_t VECTORS[DDOS_REFLECTED] = {
		[DDOS_TCP] = VECTOR_TCP,
		[DDOS_SYN] = VECTOR_SYN,
		[DDOS_SYN_ACK] = VECTOR_SYN_ACK,
		[DDOS_UDP] = VECTOR_UDP,
		[DDOS_ICMP] = VECTOR_ICMP,
		[DDOS_FRAGMENT] = VECTOR_FRAGMENT,
		[DDOS_OTHER] = VECTOR_OTHER,
	};
	unsigned most = 0;

	memset(s->vector_packets, 0, sizeof s->vector_packets);
	memset(s->vector_octets, 0, sizeof s->vector_octets);
	for (unsigned c = 0; c < DDOS_REFLECTED; c++) {
		s->vector_packets[VECTORS[c]] = s->packets[c];
		s->vector_octets[VECTORS[c]] = s->octets[c];
	}
	for (unsigned i = 0; i < DDOS_SERVICES; i++) {
		unsigned v = VECTOR_SERVICE + s->services[i];
		if (s->services[i] == DDOS_SERVICE_NONE || v >= VECTOR_COUNT)
			continue;
		s->vector_packets[v] += s->packets[DDOS_REFLECTED + i];
		s->vector_octets[v] += s->octets[DDOS_REFLECTED + i];
		if (most == 0 || s->vector_octets[v] > s->vector_octets[most])
			most = v;
	}
	if (most != 0)
		share_fragments(s, most);
}

/* ------------------------------------------------------------------ one slot */

/* A rule's measure in a slot: what came in ten seconds, and in the best of them. */
struct measure {
	double slot, second, threshold;
	uint64_t vectors; /* that are active when the rule says so */
};

/* Packets of a class in the best second, taken to be spread as all of its side are. */
static double
best_second(const struct ddos_seen *s, unsigned class)
{
	enum ddos_side side = ddos_side(class);
	uint64_t whole = 0;

	for (unsigned c = 0; c < DDOS_CLASSES; c++)
		whole += ddos_side(c) == side ? s->packets[c] : 0;
	return (double)s->peak_packets[side] * share(s->packets[class], whole);
}

static void
add_measure(struct ddos_seen *s, enum ddos_rule rule, const struct measure *m)
{
	if (m->threshold <= 0)
		return;
	if (m->slot >= m->threshold * DDOS_SECONDS)
		s->rules |= RULE_BIT(rule);
	if (m->slot * 2 >= m->threshold * DDOS_SECONDS)
		s->halves |= RULE_BIT(rule);
	if (m->slot * 10 >= m->threshold * DDOS_SECONDS)
		s->tenths |= RULE_BIT(rule);
	if (m->second >= BURST * m->threshold)
		s->bursts |= RULE_BIT(rule);
	if (m->slot >= m->threshold * DDOS_SECONDS || m->second >= BURST * m->threshold)
		s->active |= m->vectors;
}

static void
measure_syn(const struct ddos_limits *l, const struct ddos_target *t, struct ddos_seen *s)
{
	uint64_t tcp = s->packets[DDOS_TCP] + s->packets[DDOS_SYN] + s->packets[DDOS_SYN_ACK];
	bool host = t->length == 32 || t->length == 128;
	struct measure m = { (double)s->packets[DDOS_SYN], best_second(s, DDOS_SYN), l->syn,
		VECTOR_BIT(VECTOR_SYN) };

	/* Connections that are completed bring a second packet each: no more than half are SYN. */
	if (share(s->packets[DDOS_SYN], tcp) > 0.5)
		add_measure(s, RULE_SYN, &m);
	m.threshold = l->syn_pattern;
	if (host && share(s->packets[DDOS_SYN], tcp) >= l->syn_share)
		add_measure(s, RULE_SYN_PATTERN, &m);
	m = (struct measure){ (double)s->packets[DDOS_SYN_ACK], best_second(s, DDOS_SYN_ACK),
		l->syn_ack_pattern, VECTOR_BIT(VECTOR_SYN_ACK) };
	if (host && share(s->packets[DDOS_SYN_ACK], tcp) >= 0.5 &&
	    s->syn_sent * 10 <= s->packets[DDOS_SYN_ACK])
		add_measure(s, RULE_SYN_ACK_PATTERN, &m);
}

static void
measure_reflection(const struct ddos_limits *l, const struct ddos_target *t, struct ddos_seen *s)
{
	for (unsigned i = 0; i < DDOS_SERVICES; i++) {
		unsigned v = VECTOR_SERVICE + s->services[i];
		uint64_t packets = s->packets[DDOS_REFLECTED + i], udp;
		double mean;
		struct measure m;
		if (s->services[i] == DDOS_SERVICE_NONE || v >= VECTOR_COUNT || packets == 0)
			continue;
		udp = s->vector_octets[VECTOR_UDP] + s->vector_octets[VECTOR_FRAGMENT];
		for (unsigned w = VECTOR_SERVICE; w < VECTOR_COUNT; w++)
			udp += s->vector_octets[w];
		mean = share(s->vector_octets[v], packets);
		if ((t->length != 32 && t->length != 128) || s->asked * 10 > packets ||
		    share(s->vector_octets[v], udp) < 0.5 ||
		    mean < (ddos_service_port(s->services[i]) == 53 ? AMPLIFIED : AMPLIFIED_ANY))
			continue;
		m = (struct measure){ (double)s->vector_octets[v],
			(double)s->peak_octets[DDOS_SIDE_REST] *
			    share(s->vector_octets[v], ddos_total(s->octets) - s->octets[DDOS_TCP]),
			l->reflected_octets, VECTOR_BIT(v) };
		add_measure(s, RULE_REFLECTION, &m);
	}
}

/* What takes a good part of a slot that is over the threshold of volume is part of the attack; what
 * established connections consist of only when it would be over the threshold alone. */
static void
activate_shares(const struct ddos_target *t, struct ddos_seen *s)
{
	uint64_t packets = ddos_total(s->packets), octets = ddos_total(s->octets);

	for (unsigned v = 0; v < VECTOR_COUNT; v++) {
		bool alone = (double)s->vector_packets[v] >= t->packets * DDOS_SECONDS ||
			     8 * (double)s->vector_octets[v] >= t->bits * DDOS_SECONDS;
		bool much = share(s->vector_packets[v], packets) >= ACTIVE_SHARE ||
			    share(s->vector_octets[v], octets) >= ACTIVE_SHARE;
		bool burst = ((s->bursts & ~s->rules) & RULES_VOLUME) != 0 && much &&
			     share(s->vector_packets[v], packets) >= 0.5;
		if (alone || (much && v != VECTOR_TCP) || burst)
			s->active |= VECTOR_BIT(v);
	}
}

static void
judge_slot(const struct ddos_limits *l, const struct ddos_target *t, struct ddos_seen *s)
{
	struct measure m = { (double)ddos_total(s->packets), (double)s->peak_packets[DDOS_SIDES],
		t->packets, 0 };

	ddos_vectors_of(s);
	if (s->variance > 0 && m.slot * m.slot / s->variance < SAMPLED_LEAST)
		return;
	add_measure(s, RULE_PACKETS, &m);
	m = (struct measure){ 8 * (double)ddos_total(s->octets),
		8 * (double)s->peak_octets[DDOS_SIDES], t->bits, 0 };
	add_measure(s, RULE_BITS, &m);
	measure_syn(l, t, s);
	m = (struct measure){ (double)s->connections, 0, l->connections,
		VECTOR_BIT(VECTOR_CONNECTION) };
	add_measure(s, RULE_CONNECTIONS, &m);
	m = (struct measure){ (double)s->requests, (double)s->request_peak, l->requests,
		VECTOR_BIT(VECTOR_HTTP) };
	add_measure(s, RULE_REQUESTS, &m);
	if (t->length == 32 || t->length == 128) {
		m = (struct measure){ (double)s->packets[DDOS_ICMP], best_second(s, DDOS_ICMP),
			l->icmp_pattern, VECTOR_BIT(VECTOR_ICMP) };
		add_measure(s, RULE_ICMP_PATTERN, &m);
	}
	measure_reflection(l, t, s);
	if (((s->rules | s->bursts) & RULES_VOLUME) != 0)
		activate_shares(t, s);
}

/* ------------------------------------------------------------------ onset and end */

/* Whether an attack begins with this slot or the three before it. */
static bool
is_onset(const struct ddos_seen *slots, size_t at)
{
	unsigned over = 0;

	if (slots[at].bursts != 0)
		return true;
	if (slots[at].rules == 0)
		return false;
	for (size_t i = at + 1; i-- > 0 && slots[at].slot - slots[i].slot < ONSET_WINDOW;)
		over += slots[i].rules != 0;
	return over >= ONSET_SLOTS;
}

/* Packets in a slot of the vectors of an attack. */
static uint64_t
of_vectors(const struct ddos_seen *s, uint64_t active)
{
	uint64_t sum =
	    s->requests != 0 && (active & VECTOR_BIT(VECTOR_HTTP)) != 0 ? s->requests : 0;

	for (unsigned v = 0; v < VECTOR_COUNT; v++)
		if ((active & VECTOR_BIT(v)) != 0)
			sum += s->vector_packets[v];
	if ((active & (VECTOR_BIT(VECTOR_CONNECTION) | VECTOR_BIT(VECTOR_HTTP))) != 0)
		sum += s->vector_packets[VECTOR_TCP];
	return sum;
}

/* Whether a slot beside an attack is its first or last part: much more than what is beyond it. */
static bool
is_part(const struct ddos_target *t, size_t at, int step, uint64_t active)
{
	const struct ddos_seen *s = &t->slots[at], *beyond = NULL;
	size_t next = at + (size_t)step;

	if (next < t->count && t->slots[next].slot == s->slot + (uint32_t)step)
		beyond = &t->slots[next];
	return of_vectors(s, active) > 0 &&
	       (beyond == NULL || of_vectors(beyond, active) <= of_vectors(s, active) / 4);
}

/* A run of slots: from onset to end. */
struct run {
	size_t first, last; /* slots */
	size_t onset;
	uint64_t active;
};

/* Whether what comes in the 60 seconds after an attack is the rest of it: little else comes. */
static bool
is_rest(const struct ddos_seen *s, unsigned rules, uint64_t active)
{
	return (s->tenths & rules) != 0 && of_vectors(s, active) * 10 >= ddos_total(s->packets) * 9;
}

static void
follow(const struct ddos_target *t, struct run *run)
{
	unsigned rules = 0;

	for (size_t i = run->first; i <= run->last; i++)
		rules |= t->slots[i].rules | t->slots[i].bursts;
	for (size_t i = run->last + 1;
	     i < t->count && t->slots[i].slot - t->slots[run->last].slot <= END_SLOTS; i++)
		if (is_rest(&t->slots[i], rules, run->active))
			run->last = i;
}

static void
widen(const struct ddos_target *t, struct run *run)
{
	if (run->first > 0 && t->slots[run->first - 1].slot + 1 == t->slots[run->first].slot &&
	    !t->slots[run->first - 1].member && is_part(t, run->first - 1, -1, run->active))
		run->first--;
	if (run->last + 1 < t->count &&
	    t->slots[run->last + 1].slot == t->slots[run->last].slot + 1 &&
	    is_part(t, run->last + 1, 1, run->active))
		run->last++;
}

/* The run that begins at or after slot `from`; false when there is none. */
static bool
find_run(const struct ddos_target *t, size_t from, struct run *run)
{
	size_t at = from;

	while (at < t->count && !is_onset(t->slots, at))
		at++;
	if (at == t->count)
		return false;
	run->onset = run->first = run->last = at;
	while (run->first > from &&
	       t->slots[at].slot - t->slots[run->first - 1].slot < ONSET_WINDOW &&
	       t->slots[run->first - 1].halves != 0)
		run->first--;
	for (size_t i = at; i < t->count; i++) {
		if (t->slots[i].slot - t->slots[run->last].slot > END_SLOTS)
			break;
		if ((t->slots[i].halves | t->slots[i].bursts) != 0)
			run->last = i;
	}
	run->active = 0;
	for (size_t i = run->first; i <= run->last; i++)
		run->active |= t->slots[i].active;
	follow(t, run);
	widen(t, run);
	return true;
}

/* ------------------------------------------------------------------ attacks */

static struct ddos_attack *
new_attack(struct ddos_attacks *attacks, const struct ddos_target *t)
{
	struct ddos_attack *a;

	attacks->list = xrealloc_array(attacks->list, attacks->count + 1, sizeof *attacks->list);
	a = &attacks->list[attacks->count++];
	*a = (struct ddos_attack){ .target = t->target,
		.length = t->length,
		.host = xstrdup(t->host),
		.kind = "",
		.flag = "",
		.watch = { .target = t->target } };
	return a;
}

/* Whether two times of a slot count for an attack: of TCP only when TCP is a vector. */
static bool
counts_tcp(uint64_t active)
{
	return (active & (VECTOR_BIT(VECTOR_TCP) | VECTOR_BIT(VECTOR_CONNECTION) |
			     VECTOR_BIT(VECTOR_HTTP))) != 0;
}

static bool
counts_rest(uint64_t active)
{
	return (active & ~(VECTOR_BIT(VECTOR_TCP) | VECTOR_BIT(VECTOR_CONNECTION) |
			     VECTOR_BIT(VECTOR_HTTP))) != 0;
}

static void
note_time(nsec_t first, nsec_t last, nsec_t *begin, nsec_t *end)
{
	if (first == 0)
		return;
	if (*begin == 0 || first < *begin)
		*begin = first;
	if (last > *end)
		*end = last;
}

static void
times_of(const struct ddos_seen *s, uint64_t active, nsec_t *begin, nsec_t *end)
{
	if (counts_rest(active))
		note_time(s->first[DDOS_SIDE_REST], s->last[DDOS_SIDE_REST], begin, end);
	if (counts_tcp(active))
		note_time(s->first[DDOS_SIDE_TCP], s->last[DDOS_SIDE_TCP], begin, end);
	if ((active & VECTOR_BIT(VECTOR_HTTP)) != 0)
		note_time(s->first_request, s->last_request, begin, end);
}

/* Where each vector's packets are: connections and requests are made of TCP's. */
static uint64_t
packets_of(const struct ddos_seen *s, unsigned v, uint64_t active, bool octets)
{
	const uint64_t *counts = octets ? s->vector_octets : s->vector_packets;
	bool connection = (active & VECTOR_BIT(VECTOR_CONNECTION)) != 0;
	uint64_t sum;

	if (v != VECTOR_HTTP && v != VECTOR_CONNECTION)
		return counts[v];
	if (v == VECTOR_HTTP && connection)
		return 0;
	sum = (active & VECTOR_BIT(VECTOR_TCP)) == 0 ? counts[VECTOR_TCP] : 0;
	sum += (active & VECTOR_BIT(VECTOR_SYN)) == 0 ? counts[VECTOR_SYN] : 0;
	if (sum == 0 && v == VECTOR_HTTP)
		return octets ? s->request_octets : s->requests;
	return sum;
}

static void
add_slot(struct ddos_attack *a, const struct ddos_seen *s, uint64_t active)
{
	for (unsigned v = 0; v < VECTOR_COUNT; v++) {
		struct ddos_vector_sum *sum = &a->vectors[v];
		uint64_t packets;
		if ((active & VECTOR_BIT(v)) == 0)
			continue;
		packets = packets_of(s, v, active, false);
		sum->packets += packets;
		sum->octets += packets_of(s, v, active, true);
		sum->slots += (s->active & VECTOR_BIT(v)) != 0;
		sum->peak_packets = fmax(sum->peak_packets, (double)packets / DDOS_SECONDS);
	}
	a->target_packets += ddos_total(s->packets);
	a->target_octets += ddos_total(s->octets);
	a->connections += s->connections;
	a->requests += s->requests;
	if (s->request_peak > a->request_peak)
		a->request_peak = s->request_peak;
	a->variance += s->variance;
	a->octets_variance += s->octets_variance;
	a->sampled |= s->variance > 0;
	a->rules |= s->rules | s->bursts;
	a->slots++;
	if (s->addresses > a->addresses)
		a->addresses = s->addresses;
}

/* The part of a slot's variance that falls on a share of its packets. */
static double
slot_peak(const struct ddos_seen *s, uint64_t active, bool octets, double *ret_variance)
{
	const uint64_t *seconds = octets ? s->peak_octets : s->peak_packets;
	const uint64_t *counts = octets ? s->octets : s->packets;
	unsigned which = !counts_tcp(active)    ? DDOS_SIDE_REST
			 : !counts_rest(active) ? DDOS_SIDE_TCP
						: DDOS_SIDES;
	double all = (double)ddos_total(counts), own = all;

	if (which == DDOS_SIDE_REST)
		own -= (double)counts[DDOS_TCP];
	else if (which == DDOS_SIDE_TCP)
		own = (double)counts[DDOS_TCP];
	*ret_variance = 0;
	if (s->variance <= 0)
		return fmax((double)seconds[which],
		    !octets && (active & VECTOR_BIT(VECTOR_HTTP)) != 0 ? (double)s->request_peak
								       : 0);
	/* Sampled: the mean of ten seconds, which has ten times the packets of one. */
	*ret_variance = (octets ? s->octets_variance : s->variance) * (all > 0 ? own / all : 0) /
			(DDOS_SECONDS * DDOS_SECONDS);
	return own / DDOS_SECONDS;
}

/* The greatest of several estimates has an error of its own: the interval is that of all of them at
 * once (Bonferroni), so that it covers the greatest true one. */
static double
quantile_for(unsigned count)
{
	/* z of 1 - 0.025 / n, after Abramowitz and Stegun 26.2.23. */
	double p = 0.025 / (count > 1 ? count : 1), t = sqrt(-2 * log(p));

	return t - (2.515517 + 0.802853 * t + 0.010328 * t * t) /
		       (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t);
}

struct peak {
	double value, low, high;
};

static void
raise_peak(struct peak *p, double value, double variance, double z)
{
	double error = z * sqrt(variance);

	p->value = fmax(p->value, value);
	p->low = fmax(p->low, value - error);
	p->high = fmax(p->high, value + error);
}

static void
add_peaks(struct ddos_attack *a, const struct ddos_target *t, const struct run *run)
{
	struct peak pps = { a->peak_pps, a->peak_pps_low, a->peak_pps_high };
	struct peak bps = { a->peak_bps, a->peak_bps_low, a->peak_bps_high };
	double z = quantile_for((unsigned)(run->last - run->first + 1));

	for (size_t i = run->first; i <= run->last; i++) {
		const struct ddos_seen *s = &t->slots[i];
		double variance, octets_variance;
		double packets = slot_peak(s, run->active, false, &variance);
		double bits = 8 * slot_peak(s, run->active, true, &octets_variance);
		if (packets > pps.value) {
			a->joint_bps = bits;
			a->peak_time = (nsec_t)s->slot * DDOS_SLOT;
		}
		raise_peak(&pps, packets, variance, z);
		raise_peak(&bps, bits, 64 * octets_variance, z);
	}
	a->peak_pps = pps.value;
	a->peak_pps_low = pps.low;
	a->peak_pps_high = pps.high;
	a->peak_bps = bps.value;
	a->peak_bps_low = bps.low;
	a->peak_bps_high = bps.high;
}

static void
add_run(struct ddos_attack *a, const struct ddos_target *t, const struct run *run)
{
	nsec_t begin = 0, end = 0;

	for (size_t i = run->first; i <= run->last; i++) {
		t->slots[i].member = true;
		times_of(&t->slots[i], run->active, &begin, &end);
		add_slot(a, &t->slots[i], run->active);
	}
	if (begin == 0) {
		begin = (nsec_t)t->slots[run->first].slot * DDOS_SLOT;
		end = (nsec_t)(t->slots[run->last].slot + 1) * DDOS_SLOT;
	}
	add_peaks(a, t, run);
	if (a->begin == 0) {
		a->begin = begin;
		a->onset = (nsec_t)t->slots[run->onset].slot * DDOS_SLOT;
		if (a->onset < begin)
			a->onset = begin;
	} else if (begin > a->end && a->gap_count < DDOS_GAPS) {
		a->gaps[a->gap_count++] = (struct ddos_gap){ a->end, begin };
	}
	if (end > a->end)
		a->end = end;
	a->active |= run->active;
}

/* ------------------------------------------------------------------ classes */

/* Slots in which both sets have an active vector, and those with two of one set. */
static void
count_joint(const struct ddos_target *t, const struct ddos_attack *a, unsigned *ret_mixed,
    unsigned *ret_same, unsigned *ret_active)
{
	*ret_mixed = *ret_same = *ret_active = 0;
	for (size_t i = 0; i < t->count; i++) {
		const struct ddos_seen *s = &t->slots[i];
		nsec_t begin = (nsec_t)s->slot * DDOS_SLOT;
		unsigned counts[2] = { 0, 0 };
		if (!s->member || begin + DDOS_SLOT <= a->begin || begin > a->end)
			continue;
		for (unsigned v = 0; v < VECTOR_COUNT; v++)
			if ((s->active & VECTOR_BIT(v)) != 0)
				counts[ddos_vector_is_bandwidth(v)]++;
		*ret_active += counts[0] + counts[1] > 0;
		*ret_mixed += counts[0] > 0 && counts[1] > 0;
		*ret_same += counts[0] > 1 || counts[1] > 1;
	}
}

/* Ten seconds together are a whole slot: two, since a change of vectors falls into one; or all. */
static bool
is_overlap(unsigned joint, unsigned all)
{
	return joint >= 2 || (joint > 0 && joint == all);
}

static void
classify(const struct ddos_target *t, struct ddos_attack *a)
{
	uint64_t packets[2] = { 0, 0 };
	unsigned mixed, same, all;

	for (unsigned v = 0; v < VECTOR_COUNT; v++) {
		if ((a->active & VECTOR_BIT(v)) == 0)
			continue;
		packets[ddos_vector_is_bandwidth(v)] += a->vectors[v].packets + 1;
		a->packets += a->vectors[v].packets;
		a->octets += a->vectors[v].octets;
	}
	count_joint(t, a, &mixed, &same, &all);
	if (is_overlap(mixed, all)) {
		a->kind = "compound";
		a->flag = "compound_mixed";
	} else if (is_overlap(same, all)) {
		a->kind = "compound";
		a->flag = "compound_same";
	} else {
		a->kind = packets[1] >= packets[0] ? "bandwidth" : "server";
	}
}

void
ddos_judge(const struct ddos_limits *limits, const struct ddos_target *target,
    struct ddos_attacks *attacks)
{
	struct ddos_attack *a = NULL;
	struct run run;

	for (size_t i = 0; i < target->count; i++)
		judge_slot(limits, target, &target->slots[i]);
	for (size_t from = 0; find_run(target, from, &run); from = run.last + 1) {
		nsec_t begin = 0, end = 0;
		times_of(&target->slots[run.first], run.active, &begin, &end);
		if (begin == 0)
			begin = (nsec_t)target->slots[run.first].slot * DDOS_SLOT;
		if (run.active == 0)
			continue;
		if (a != NULL && begin > a->end + FINDING_GAP) {
			classify(target, a);
			a = NULL;
		}
		if (a == NULL) {
			a = new_attack(attacks, target);
			a->learned_pps = target->learned ? target->packets : 0;
			a->learned_bps = target->learned ? target->bits : 0;
		}
		add_run(a, target, &run);
	}
	if (a != NULL)
		classify(target, a);
}

/* ------------------------------------------------------------------ sources */

void
ddos_attack_release(struct ddos_attack *a)
{
	free(a->host);
	free(a->hosts);
	ddos_watch_release(&a->watch);
}

bool
ddos_attack_uses(const struct ddos_attack *a, enum ddos_sketch sketch)
{
	static const uint64_t VECTORS[DDOS_SKETCHES] = {
		[DDOS_SKETCH_TCP] = VECTOR_BIT(VECTOR_TCP) | VECTOR_BIT(VECTOR_CONNECTION) |
				    VECTOR_BIT(VECTOR_HTTP),
		[DDOS_SKETCH_SYN] = VECTOR_BIT(VECTOR_SYN) | VECTOR_BIT(VECTOR_CONNECTION),
		[DDOS_SKETCH_SYN_ACK] = VECTOR_BIT(VECTOR_SYN_ACK),
		[DDOS_SKETCH_REFLECTED] = ~(VECTOR_BIT(VECTOR_SERVICE) - 1),
		[DDOS_SKETCH_OTHER] = VECTOR_BIT(VECTOR_UDP) | VECTOR_BIT(VECTOR_ICMP) |
				      VECTOR_BIT(VECTOR_FRAGMENT) | VECTOR_BIT(VECTOR_OTHER),
	};

	return (a->active & VECTORS[sketch]) != 0;
}

double
ddos_attack_sources(const struct ddos_attack *a, double *ret_low, double *ret_high)
{
	bool clients = a->has_clients && !a->watched;
	uint8_t *all = xcalloc(1, HLL_SIZE(DDOS_PRECISION));
	double n, error;

	for (unsigned i = 0; i < DDOS_SKETCHES; i++)
		if (a->watch.sketches[i] != NULL && ddos_attack_uses(a, i))
			hll_union(all, a->watch.sketches[i], DDOS_PRECISION);
	n = clients ? hll_estimate(a->clients, DDOS_HTTP_PRECISION)
		    : hll_estimate(all, DDOS_PRECISION);
	error = 1.96 * n * hll_standard_error(clients ? DDOS_HTTP_PRECISION : DDOS_PRECISION);
	free(all);
	*ret_low = n - error;
	*ret_high = n + error;
	return n;
}
