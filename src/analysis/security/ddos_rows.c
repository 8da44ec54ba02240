/* SPDX-License-Identifier: ISC */
/*
 * What of a window's counts is worth keeping: all slots of destinations and of prefixes that come
 * near a threshold in one of them, who sent to these, and what is usual.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/security/ddos.h"
#include "base/xmalloc.h"

#define NEAR        4   /* a slot is near from so many-th of a threshold */
#define LEVELS_MOST 128 /* targets of a window whose level is stored */
#define PREFIXES    3   /* lengths a packet counts for, beside the host */

struct ddos_limits
ddos_limits(const struct settings *s)
{
	return (struct ddos_limits){
		.packets = (double)settings_u64(s, "packets"),
		.bits = (double)settings_u64(s, "bits"),
		.syn = (double)settings_u64(s, "syn"),
		.connections = (double)settings_u64(s, "connections"),
		.requests = (double)settings_u64(s, "requests"),
		.syn_pattern = (double)settings_u64(s, "syn_pattern"),
		.syn_share = settings_f64(s, "syn_share"),
		.syn_sources = (double)settings_u64(s, "syn_sources"),
		.syn_ack_pattern = (double)settings_u64(s, "syn_ack_pattern"),
		.icmp_pattern = (double)settings_u64(s, "icmp_pattern"),
		.reflected_octets = (double)settings_u64(s, "reflected_octets"),
		.reflectors = (double)settings_u64(s, "reflectors"),
	};
}

/* Whether a count of a slot is near a rate. */
static bool
near(uint64_t count, double rate)
{
	return (double)count * NEAR >= rate * DDOS_SECONDS;
}

static uint64_t
reflected(const uint64_t counts[DDOS_CLASSES])
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < DDOS_SERVICES; i++)
		sum += counts[DDOS_REFLECTED + i];
	return sum;
}

bool
ddos_is_near(const struct ddos_limits *l, const struct ddos_slot *s)
{
	if (near(ddos_total(s->packets), l->packets) || near(8 * ddos_total(s->octets), l->bits) ||
	    near(s->packets[DDOS_SYN], l->syn) || near(s->connections, l->connections))
		return true;
	if (s->length != 32 && s->length != 128)
		return false;
	if (near(s->packets[DDOS_ICMP], l->icmp_pattern))
		return true;
	if (near(s->packets[DDOS_SYN], l->syn_pattern) &&
	    s->packets[DDOS_SYN] > s->packets[DDOS_TCP])
		return true;
	if (near(s->packets[DDOS_SYN_ACK], l->syn_ack_pattern) &&
	    s->packets[DDOS_SYN_ACK] > s->packets[DDOS_TCP])
		return true;
	return near(reflected(s->octets), l->reflected_octets) &&
	       s->asked * 2 <= reflected(s->packets);
}

/* ------------------------------------------------------------------ prefixes */

static void
add_to_prefix(struct ddos_log *sums, const struct ddos_slot *s, unsigned length)
{
	struct address key = address_mask(&s->target, length);
	struct ddos_slot *p = ddos_log_at(sums, &key, (uint8_t)length, s->slot);
	uint64_t packets = ddos_total(s->packets), octets = ddos_total(s->octets);

	ddos_slot_add(p, s);
	if (s->length == 32 || s->length == 128)
		p->addresses++;
	if (packets > p->top_packets)
		p->top_packets = packets;
	if (octets > p->top_octets)
		p->top_octets = octets;
}

/* The length of the longest own prefix around a target when it is none of the usual lengths. */
static unsigned
own_length(const struct site *site, const struct address *target)
{
	long own = site->own != NULL ? prefix_set_find(site->own, target) : -1;

	return own >= 0 ? site->own_prefixes[own].length : 0;
}

static unsigned
lengths_of(const struct site *site, const struct ddos_slot *s, unsigned lengths[PREFIXES])
{
	bool ipv4 = address_is_ipv4(&s->target);
	unsigned count = 0, own = own_length(site, &s->target);

	lengths[count++] = ipv4 ? 24 : 64;
	if (!ipv4)
		lengths[count++] = 48;
	if (own != 0 && own != lengths[0] && own != lengths[count - 1])
		lengths[count++] = own;
	return count;
}

/* Sums over prefixes, of slots and prefixes in which the sum is near a threshold: first cheaply,
 * then in full. */
struct sum {
	struct address prefix;
	uint32_t slot, length;
	uint64_t packets, octets, syn, connections;
};

static int
compare_sums(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;
	int order = address_compare(&x->prefix, &y->prefix);

	if (order != 0)
		return order;
	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	return (x->slot > y->slot) - (x->slot < y->slot);
}

static size_t
list_sums(const struct ddos *d, struct sum *sums)
{
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < d->log.count; i++) {
		const struct ddos_slot *s = &d->log.list[i];
		unsigned lengths[PREFIXES], n = lengths_of(d->site, s, lengths);
		for (unsigned k = 0; k < n; k++)
			if (lengths[k] < s->length)
				sums[count++] = (struct sum){ address_mask(&s->target, lengths[k]),
					s->slot, lengths[k], ddos_total(s->packets),
					ddos_total(s->octets), s->packets[DDOS_SYN],
					s->connections };
	}
	if (count > 1)
		qsort(sums, count, sizeof *sums, compare_sums);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || compare_sums(&sums[kept - 1], &sums[i]) != 0) {
			sums[kept++] = sums[i];
			continue;
		}
		sums[kept - 1].packets += sums[i].packets;
		sums[kept - 1].octets += sums[i].octets;
		sums[kept - 1].syn += sums[i].syn;
		sums[kept - 1].connections += sums[i].connections;
	}
	return kept;
}

/* Keeps of the sums those prefixes that are near in one slot at least, each once. */
static size_t
near_prefixes(const struct ddos_limits *l, struct sum *sums, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct sum *s = &sums[i];
		bool same = kept > 0 && sums[kept - 1].length == s->length &&
			    address_equal(&sums[kept - 1].prefix, &s->prefix);
		if (!same && (near(s->packets, l->packets) || near(8 * s->octets, l->bits) ||
				 near(s->syn, l->syn) || near(s->connections, l->connections)))
			sums[kept++] = *s;
	}
	return kept;
}

/* Adds the records of prefixes that are near a threshold to the log. */
static void
add_prefixes(struct ddos *d)
{
	struct sum *sums = xcalloc(d->log.count * PREFIXES + 1, sizeof *sums);
	size_t count = near_prefixes(&d->limits, sums, list_sums(d, sums));
	struct ddos_log full = { .list = NULL };

	if (count != 0) {
		ddos_log_init(&full, SIZE_MAX / 2, &(struct hash_secret){ 1, 2 });
		for (size_t i = 0; i < d->log.count; i++) {
			const struct ddos_slot *s = &d->log.list[i];
			unsigned lengths[PREFIXES], n = lengths_of(d->site, s, lengths);
			for (unsigned k = 0; k < n; k++) {
				struct address key = address_mask(&s->target, lengths[k]);
				for (size_t j = 0; lengths[k] < s->length && j < count; j++)
					if (sums[j].length == lengths[k] &&
					    address_equal(&sums[j].prefix, &key))
						add_to_prefix(&full, s, lengths[k]);
			}
		}
		for (size_t i = 0; i < full.count; i++) {
			struct ddos_slot s = full.list[i];
			struct ddos_slot *at = ddos_log_at(&d->log, &s.target, s.length, s.slot);
			/* What the prefix has of its own was added in, unless it is this long. */
			if (ddos_total(at->packets) != 0)
				ddos_slot_add(at, &s);
			else
				*at = s;
			at->addresses = s.addresses;
			at->top_packets = s.top_packets;
			at->top_octets = s.top_octets;
		}
		ddos_log_release(&full);
	}
	free(sums);
}

/* ------------------------------------------------------------------ choice */

/* A run of slots of one target. */
struct target {
	size_t first, count;
	uint64_t packets, octets; /* of the best slot each */
	bool near;
	double rank;
};

/* The questions of a target, given to its slots as their answers are. */
static void
share_questions(struct ddos *d, const struct target *t)
{
	struct ddos_slot *slots = &d->log.list[t->first];
	double syn = (double)ddos_sent_by(&d->senders, DDOS_SENT_SYN, &slots->target);
	double questions = (double)ddos_sent_by(&d->senders, DDOS_SENT_QUESTIONS, &slots->target);
	uint64_t answers = 0, syn_acks = 0;

	for (size_t i = 0; i < t->count; i++) {
		answers += reflected(slots[i].packets);
		syn_acks += slots[i].packets[DDOS_SYN_ACK];
	}
	for (size_t i = 0; i < t->count; i++) {
		if (answers != 0)
			slots[i].asked =
			    (uint64_t)(questions * (double)reflected(slots[i].packets) /
				       (double)answers);
		if (syn_acks != 0)
			slots[i].syn_sent =
			    (uint64_t)(syn * (double)slots[i].packets[DDOS_SYN_ACK] /
				       (double)syn_acks);
	}
}

static size_t
list_targets(struct ddos *d, struct target *targets)
{
	size_t count = 0;

	for (size_t i = 0; i < d->log.count; i++) {
		const struct ddos_slot *s = &d->log.list[i];
		uint64_t packets = ddos_total(s->packets), octets = ddos_total(s->octets);
		struct target *t;
		if (i == 0 || s->length != s[-1].length ||
		    !address_equal(&s->target, &s[-1].target))
			targets[count++] = (struct target){ .first = i };
		t = &targets[count - 1];
		t->count++;
		t->packets = packets > t->packets ? packets : t->packets;
		t->octets = octets > t->octets ? octets : t->octets;
	}
	for (size_t i = 0; i < count; i++) {
		share_questions(d, &targets[i]);
		for (size_t k = 0; k < targets[i].count; k++)
			targets[i].near |=
			    ddos_is_near(&d->limits, &d->log.list[targets[i].first + k]);
		targets[i].rank = (double)targets[i].packets / d->limits.packets +
				  8 * (double)targets[i].octets / d->limits.bits;
	}
	return count;
}

static int
compare_rank(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	return (x->first > y->first) - (x->first < y->first);
}

/* ------------------------------------------------------------------ writing */

static uint64_t
best(const uint64_t *a, const uint64_t *b)
{
	uint64_t most = 0;

	for (unsigned s = 0; s < DDOS_SECONDS; s++) {
		uint64_t sum = (a != NULL ? a[s] : 0) + (b != NULL ? b[s] : 0);
		most = sum > most ? sum : most;
	}
	return most;
}

static void
put_peaks(struct rows *rows, const struct ddos_slot *s)
{
	size_t column = DDOS_SLOT_PEAKS;

	for (unsigned side = 0; side < DDOS_SIDES; side++) {
		rows_u64(rows, column++, best(s->second_packets[side], NULL));
		rows_u64(rows, column++, best(s->second_octets[side], NULL));
	}
	rows_u64(rows, column++, best(s->second_packets[0], s->second_packets[1]));
	rows_u64(rows, column, best(s->second_octets[0], s->second_octets[1]));
}

/* Puts the services into the order of their numbers: that of their coming means nothing. */
static void
order_services(struct ddos_slot *s)
{
	for (unsigned i = 1; i < DDOS_SERVICES; i++)
		for (unsigned k = i; k > 0 && s->services[k] != DDOS_SERVICE_NONE &&
				     s->services[k] < s->services[k - 1];
		     k--) {
			unsigned a = DDOS_REFLECTED + k, b = a - 1;
			uint64_t packets = s->packets[a], octets = s->octets[a];
			uint8_t service = s->services[k];
			s->services[k] = s->services[k - 1];
			s->packets[a] = s->packets[b];
			s->octets[a] = s->octets[b];
			s->services[k - 1] = service;
			s->packets[b] = packets;
			s->octets[b] = octets;
		}
}

static void
put_slot(struct rows *rows, struct ddos_slot *s)
{
	order_services(s);
	rows_address(rows, DDOS_SLOT_TARGET, &s->target);
	rows_u64(rows, DDOS_SLOT_LENGTH, s->length);
	rows_time(rows, DDOS_SLOT_BEGIN, (nsec_t)s->slot * DDOS_SLOT);
	for (unsigned side = 0; side < DDOS_SIDES; side++) {
		rows_time(rows, DDOS_SLOT_TIMES + (size_t)2 * side, s->first[side]);
		rows_time(rows, DDOS_SLOT_TIMES + (size_t)2 * side + 1, s->last[side]);
	}
	for (unsigned c = 0; c < DDOS_CLASSES; c++) {
		rows_u64(rows, DDOS_SLOT_COUNTS + (size_t)2 * c, s->packets[c]);
		rows_u64(rows, DDOS_SLOT_COUNTS + (size_t)2 * c + 1, s->octets[c]);
	}
	for (unsigned i = 0; i < DDOS_SERVICES; i++)
		rows_u64(rows, DDOS_SLOT_SERVICES + i, s->services[i]);
	put_peaks(rows, s);
	rows_u64(rows, DDOS_SLOT_FIRST_FRAGMENTS, s->first_fragments);
	rows_u64(rows, DDOS_SLOT_ASKED, s->asked);
	rows_u64(rows, DDOS_SLOT_SYN_SENT, s->syn_sent);
	rows_u64(rows, DDOS_SLOT_CONNECTIONS, s->connections);
	rows_f64(rows, DDOS_SLOT_VARIANCE, s->variance);
	rows_f64(rows, DDOS_SLOT_OCTETS_VARIANCE, s->octets_variance);
	rows_u64(rows, DDOS_SLOT_TOP_PACKETS, s->top_packets);
	rows_u64(rows, DDOS_SLOT_TOP_OCTETS, s->top_octets);
	rows_u64(rows, DDOS_SLOT_ADDRESSES, s->addresses);
	rows_next(rows);
}

static void
put_details(struct ddos *d, const struct target *t, struct rows *rows)
{
	const struct ddos_slot *s = &d->log.list[t->first];
	struct ddos_watch all = { .target = s->target };
	struct prefix prefix = { s->target, s->length };
	bool known = false;

	for (uint32_t i = 0; i < d->watches.count; i++) {
		if (!prefix_contains(&prefix, &d->watches.list[i].target))
			continue;
		ddos_watch_merge(&all, &d->watches.list[i]);
		known = true;
	}
	if (known) {
		rows_address(rows, 0, &s->target);
		rows_u64(rows, 1, s->length);
		rows_time(rows, 2, (nsec_t)s[t->count - 1].slot * DDOS_SLOT);
		ddos_watch_sort_ports(&all);
		ddos_watch_put(&all, rows, 3);
		rows_next(rows);
	}
	ddos_watch_release(&all);
}

static void
put_levels(const struct ddos *d, const struct target *targets, size_t count, struct rows *rows)
{
	for (size_t i = 0; i < count && rows->count < LEVELS_MOST; i++) {
		const struct ddos_slot *s = &d->log.list[targets[i].first];
		rows_address(rows, 0, &s->target);
		rows_u64(rows, 1, s->length);
		rows_u64(rows, 2, targets[i].packets / DDOS_SECONDS);
		rows_u64(rows, 3, 8 * targets[i].octets / DDOS_SECONDS);
		rows_next(rows);
	}
}

static int
compare_pairs(const void *a, const void *b)
{
	const struct ddos_pair *x = a, *y = b;
	int order = address_compare(&x->target, &y->target);

	return order != 0 ? order : address_compare(&x->source, &y->source);
}

/* Pairs that could make a sixteenth of a threshold by themselves. */
static void
put_pairs(struct ddos *d, struct rows *rows)
{
	qsort(d->pairs.list, d->pairs.count, sizeof d->pairs.list[0], compare_pairs);
	for (uint32_t i = 0; i < d->pairs.count; i++) {
		const struct ddos_pair *p = &d->pairs.list[i];
		double seconds = (double)(p->end - p->begin) / (double)NSEC_PER_SEC + 1;
		if ((double)p->packets / seconds < d->limits.packets / 16 &&
		    8 * (double)p->octets / seconds < d->limits.bits / 16)
			continue;
		rows_address(rows, 0, &p->target);
		rows_address(rows, 1, &p->source);
		rows_time(rows, 2, p->begin);
		rows_time(rows, 3, p->end);
		rows_u64(rows, 4, p->octets);
		rows_u64(rows, 5, p->packets);
		rows_next(rows);
	}
}

static void
put_window(const struct ddos *d, uint64_t left_out, struct rows *rows)
{
	const uint64_t numbers[] = { d->packets, d->octets, d->records, d->sampled_records,
		d->unknown_rates, d->requests, d->log.least - 1, d->log.given_up, left_out,
		d->watches.refused, d->http.refused };

	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		rows_u64(rows, i, numbers[i]);
	rows_next(rows);
}

/* The targets by rank: those that are near become rows, up to a number of them. */
static uint64_t
put_targets(struct ddos *d, const struct target *targets, size_t count, const struct row_sink *sink)
{
	uint64_t left_out = 0;
	uint32_t chosen = 0;

	for (size_t i = 0; i < count; i++) {
		if (!targets[i].near)
			continue;
		if (chosen == d->targets_most) {
			left_out++;
			continue;
		}
		chosen++;
		for (size_t k = 0; k < targets[i].count; k++)
			put_slot(sink->tables[DDOS_SLOTS], &d->log.list[targets[i].first + k]);
		put_details(d, &targets[i], sink->tables[DDOS_DETAILS]);
	}
	return left_out;
}

void
ddos_rows(struct ddos *d, const struct window *window, const struct row_sink *sink)
{
	struct target *targets;
	uint64_t left_out;
	size_t count;

	(void)window;
	if (d->packets == 0 && d->requests == 0 && d->log.count == 0)
		return;
	add_prefixes(d);
	ddos_log_sort(&d->log);
	targets = xcalloc(d->log.count + 1, sizeof *targets);
	count = list_targets(d, targets);
	if (count > 1)
		qsort(targets, count, sizeof *targets, compare_rank);
	left_out = put_targets(d, targets, count, sink);
	put_levels(d, targets, count, sink->tables[DDOS_LEVELS]);
	put_pairs(d, sink->tables[DDOS_DOWNLOADS]);
	ddos_http_put(&d->http, (uint64_t)(d->limits.requests * DDOS_SECONDS / NEAR),
	    sink->tables[DDOS_REQUESTS]);
	put_window(d, left_out, sink->tables[DDOS_WINDOWS]);
	free(targets);
}
