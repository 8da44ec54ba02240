/* SPDX-License-Identifier: ISC */
/*
 * The population of the broadband scenario and its flows; see broadband.h.
 *
 * A client's daily OUT is lognormal and its IN a lognormal part of that; a peer's OUT is lognormal
 * around 2 GB and its IN about as much.  The week is seven times the day, turned into whole packets
 * of two sizes, which are then dealt to the flows in proportion to their sizes: the sum over the
 * flows is the user's week, exactly.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "base/xmalloc.h"
#include "simulate/broadband.h"
#include "simulate/law.h"

#define FLOW_RANGE   10000.0 /* the largest flow over the smallest */
#define FLOWS_LEAST  10.0    /* a day */
#define FLOWS_MOST   15000.0 /* a day */
#define KIND_WEIGHTS 1024

/* The weights of each class sum up to KIND_WEIGHTS. */
const struct broadband_kind broadband_kinds[BROADBAND_KINDS] = {
	{ "tcp/443", 6, 443, false, { 420, 100 }, 1 },
	{ "tcp/80", 6, 80, false, { 210, 80 }, 0.7 },
	{ "udp/443", 17, 443, false, { 100, 20 }, 0.8 },
	{ "tcp/1024+", 6, 0, true, { 90, 600 }, 3 },
	{ "udp/1024+", 17, 0, true, { 60, 180 }, 3 },
	{ "tcp/1935", 6, 1935, false, { 28, 8 }, 0.4 },
	{ "tcp/8080", 6, 8080, false, { 24, 8 }, 1 },
	{ "tcp/993", 6, 993, false, { 20, 5 }, 1 },
	{ "tcp/110", 6, 110, false, { 8, 1 }, 0.5 },
	{ "tcp/22", 6, 22, false, { 8, 4 }, 4 },
	{ "tcp/25", 6, 25, false, { 6, 1 }, 5 },
	{ "tcp/554", 6, 554, false, { 4, 1 }, 0.4 },
	{ "tcp/53", 6, 53, false, { 1, 1 }, 1 },
	{ "udp/53", 17, 53, false, { 10, 5 }, 2 },
	{ "esp", 50, 0, false, { 25, 5 }, 2 },
	{ "gre", 47, 0, false, { 6, 3 }, 2 },
	{ "icmp", 1, 0, false, { 4, 2 }, 5 },
};

/* Load by local hour, percent of the busiest: evenings, as residential traffic has it. */
static const uint8_t LOAD[24] = { 60, 40, 28, 22, 20, 20, 26, 34, 40, 46, 50, 52, 58, 54, 52, 54,
	58, 62, 68, 78, 90, 100, 98, 84 };

/* The share of large packets that gives the byte-weighted mean sizes 1,406 (OUT) and 761 (IN) of
 * clients; peers send as they receive. */
static const struct {
	double share;
	unsigned large;
} MIX[2][BROADBAND_DIRECTIONS] = {
	{ { 0.15, BROADBAND_LARGE_IN }, { 0.8, BROADBAND_LARGE_OUT } },
	{ { 0.7, BROADBAND_LARGE_IN }, { 0.7, BROADBAND_LARGE_OUT } },
};

static void
draw_volumes(const struct broadband_options *o, struct random *r, struct broadband_user *user)
{
	double out, in;

	user->peer = law_uniform(r) < o->peers;
	if (user->peer) {
		out = law_log(o->peer_median) + o->peer_sigma * law_normal(r);
		in = out + o->peer_ratio_sigma * law_normal(r);
	} else {
		out = law_log(o->out_median) + o->out_sigma * law_normal(r);
		in = out + law_log(o->ratio) + o->ratio_sigma * law_normal(r);
	}
	user->drawn[BROADBAND_OUT] = law_exp(out) * o->out_growth * (double)o->days;
	user->drawn[BROADBAND_IN] = law_exp(in) * o->in_growth * (double)o->days;
}

static void
make_packets(struct broadband_user *user, enum broadband_direction d)
{
	double share = MIX[user->peer][d].share, large = MIX[user->peer][d].large, rest;
	double packets = user->drawn[d] / (share * large + (1 - share) * BROADBAND_SMALL);

	user->large[d] = (uint64_t)(share * packets + 0.5);
	rest = user->drawn[d] - (double)user->large[d] * large;
	user->small[d] = rest > 0 ? (uint64_t)(rest / BROADBAND_SMALL + 0.5) : 0;
	if (user->large[d] + user->small[d] == 0)
		user->small[d] = 1;
}

uint64_t
broadband_octets(const struct broadband_user *user, enum broadband_direction d)
{
	return user->large[d] * MIX[0][d].large + user->small[d] * BROADBAND_SMALL;
}

/* Nine of ten by fibre, as the published report has it, the others by DSL and IPoE. */
static uint8_t
draw_service(struct random *r)
{
	uint64_t percent = random_below(r, 100);

	return percent < 90 ? 0 : percent < 96 ? 1 : 2;
}

static void
draw_user(struct broadband *b, struct random *r, size_t index)
{
	const struct broadband_options *o = &b->options;
	struct broadband_user *user = &b->users[index];
	size_t exporters = o->format_count * o->exporters;
	double day;

	draw_volumes(o, r, user);
	user->service = draw_service(r);
	user->exporter = (uint8_t)(index % exporters);
	user->sampler = (uint8_t)(index / exporters % o->samplers);
	user->ipv6 = o->ipv6 > 0 && o->formats[user->exporter % o->format_count]->ipv6;
	make_packets(user, BROADBAND_IN);
	make_packets(user, BROADBAND_OUT);
	day = (user->drawn[BROADBAND_IN] + user->drawn[BROADBAND_OUT]) / o->flow_octets /
	      (double)o->days;
	day = day < FLOWS_LEAST ? FLOWS_LEAST : day > FLOWS_MOST ? FLOWS_MOST : day;
	user->flows = day * (double)o->days;
}

/* In the middle of the week those who are re-addressed each get the address of the next one of the
 * same service at the same exporter: an address list without times is then wrong about all of them.
 */
static void
draw_addresses(struct broadband *b, struct random *r)
{
	size_t groups = (size_t)BROADBAND_SERVICES * BROADBAND_EXPORTERS;
	struct broadband_user **previous = xcalloc(groups, sizeof *previous);
	uint32_t *first = xcalloc(groups, sizeof *first), next[BROADBAND_SERVICES] = { 0 };

	for (size_t i = 0; i < b->options.users; i++) {
		struct broadband_user *user = &b->users[i];
		size_t group = user->service * (size_t)BROADBAND_EXPORTERS + user->exporter;
		user->address = user->late_address = next[user->service]++;
		if (law_uniform(r) >= b->options.readdress)
			continue;
		if (previous[group] != NULL)
			previous[group]->late_address = user->address;
		else
			first[group] = user->address;
		previous[group] = user;
	}
	for (size_t i = 0; i < groups; i++)
		if (previous[i] != NULL)
			previous[i]->late_address = first[i];
	free(previous);
	free(first);
}

/* Weekend days carry `weekend` times a working day's load. */
static void
shape_week(struct broadband *b)
{
	const struct broadband_options *o = &b->options;
	double sum = 0;

	for (size_t i = 0; i < o->hours; i++) {
		int64_t utc = o->start / NSEC_PER_SEC + (int64_t)i * 3600;
		int64_t local = utc + zone_at(o->zone, utc).east;
		int64_t day = floor_div(local, 86400), weekday = (day + 4) % 7; /* 0: Sunday */
		size_t hour = (size_t)(local - day * 86400) / 3600;
		b->hour_share[i] = LOAD[hour] * (weekday == 0 || weekday == 6 ? o->weekend : 1);
		sum += b->hour_share[i];
	}
	for (size_t i = 0; i < o->hours; i++)
		b->hour_share[i] /= sum;
}

/* Adds a flow to the user's week. */
static void
weigh(void *context, struct broadband_user *user, const struct broadband_flow *flow)
{
	(void)context;
	for (int d = 0; d < BROADBAND_DIRECTIONS; d++)
		user->weight[d] += flow->weight[d];
}

/* A user without a single flow (of a short simulation) has no traffic either. */
static void
leave_out(struct broadband_user *user)
{
	for (int d = 0; d < BROADBAND_DIRECTIONS; d++)
		user->large[d] = user->small[d] = 0;
}

void
broadband_users_draw(struct broadband *b, uint64_t seed)
{
	const struct broadband_options *o = &b->options;
	struct random r;

	/* The same people in both years, or others; the flows always differ. */
	random_seed(&r, hash_mix64(seed + (o->same_users ? 1 : o->year)));
	b->flow_seed = hash_mix64(seed + 0x10000 + o->year);
	b->users = xcalloc(o->users, sizeof *b->users);
	for (size_t i = 0; i < o->users; i++)
		draw_user(b, &r, i);
	b->flow_size = law_pareto_make(FLOW_RANGE);
	draw_addresses(b, &r);
	shape_week(b);
	for (size_t hour = 0; hour < o->hours; hour++)
		for (size_t i = 0; i < o->users; i++)
			broadband_flows(b, i, hour, weigh, NULL);
	for (size_t i = 0; i < o->users; i++)
		if (b->users[i].weight[BROADBAND_OUT] <= 0)
			leave_out(&b->users[i]);
}

static uint8_t
draw_kind(unsigned peer, unsigned at)
{
	uint8_t kind = 0;

	while (at >= broadband_kinds[kind].weight[peer])
		at -= broadband_kinds[kind++].weight[peer];
	return kind;
}

/* Arrivals are a Poisson process: the gaps are exponential. */
void
broadband_flows(
    struct broadband *b, size_t number, size_t hour, broadband_flow_fn each, void *context)
{
	struct broadband_user *user = &b->users[number];
	double mean = user->flows * b->hour_share[hour];
	struct broadband_flow flow = { 0 };
	struct random r;

	random_seed(&r, hash_mix64(b->flow_seed ^ (number << 10 | hour)));
	for (;;) {
		double size;
		flow.at += law_exponential(&r) / mean;
		if (flow.at >= 1)
			return;
		size = law_pareto(&r, &b->flow_size);
		flow.salt = random_u64(&r);
		flow.kind = draw_kind(user->peer, flow.salt % KIND_WEIGHTS);
		flow.ipv6 =
		    user->ipv6 != 0 && (double)(flow.salt >> 10 & 0xffff) < b->options.ipv6 * 65536;
		flow.weight[BROADBAND_OUT] = size;
		flow.weight[BROADBAND_IN] = size * broadband_kinds[flow.kind].in_weight;
		each(context, user, &flow);
	}
}

/* The last flow of the week brings progress to exactly its weight, and so packets to their sum:
 * both passes add the same numbers in the same order. */
void
broadband_packets(struct broadband_user *user, const struct broadband_flow *flow,
    enum broadband_direction d, uint64_t *ret_large, uint64_t *ret_small)
{
	double part;
	uint64_t large, small;

	user->progress[d] += flow->weight[d];
	part = user->progress[d] / user->weight[d];
	large = (uint64_t)(part * (double)user->large[d]);
	small = (uint64_t)(part * (double)user->small[d]);
	*ret_large = large - user->large_done[d];
	*ret_small = small - user->small_done[d];
	user->large_done[d] = large;
	user->small_done[d] = small;
}
