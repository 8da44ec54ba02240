/* SPDX-License-Identifier: ISC */
/*
 * The attacks of a review: reads slots, requests, levels, downloads and senders out of the store,
 * has the slots judged, and takes out what downloads or too few senders explain.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/ddos_judge.h"
#include "analysis/sketch.h"
#include "base/xmalloc.h"

#define LEARN_WEEKS   4
#define LEARN_LEAST   12 /* values of the hour of the week: an hour of windows of five minutes */
#define HOURS_A_WEEK  168
#define NSEC_PER_HOUR (3600 * NSEC_PER_SEC)
#define NSEC_PER_WEEK (HOURS_A_WEEK * NSEC_PER_HOUR)
#define MAD_SCALE     1.4826 /* of the median absolute deviation to a standard deviation */
#define MAD_TIMES     8
#define TALK_SHARE    0.8
#define LARGEST       4   /* sources of a download; addresses that a prefix's attack is on */
#define DOMINATED     0.5 /* share of a prefix from which it is not attacked as a whole */

/* Everything of one target, as it is read. */
struct pile {
	struct ddos_target *targets; /* owned */
	size_t target_count, target_room;
	struct ddos_seen *slots; /* owned; of all targets, one after another */
	size_t slot_count, slot_room;
	size_t *firsts; /* owned; of each target in `slots` */
	char **hosts;   /* owned; of targets that are hosts of web logs */
	size_t host_count;
};

static void
release_pile(struct pile *p)
{
	for (size_t i = 0; i < p->host_count; i++)
		free(p->hosts[i]);
	free(p->hosts);
	free(p->targets);
	free(p->slots);
	free(p->firsts);
}

static struct ddos_seen *
add_seen(struct pile *p)
{
	if (p->slot_count == p->slot_room) {
		p->slot_room = p->slot_room == 0 ? 64 : p->slot_room * 2;
		p->slots = xrealloc_array(p->slots, p->slot_room, sizeof *p->slots);
	}
	p->slots[p->slot_count] = (struct ddos_seen){ .slot = 0 };
	p->targets[p->target_count - 1].count++;
	return &p->slots[p->slot_count++];
}

static struct ddos_target *
add_target(struct pile *p, const struct address *target, uint8_t length, const char *host)
{
	if (p->target_count == p->target_room) {
		p->target_room = p->target_room == 0 ? 64 : p->target_room * 2;
		p->targets = xrealloc_array(p->targets, p->target_room, sizeof *p->targets);
		p->firsts = xrealloc_array(p->firsts, p->target_room, sizeof *p->firsts);
	}
	p->firsts[p->target_count] = p->slot_count;
	p->targets[p->target_count] =
	    (struct ddos_target){ .target = *target, .length = length, .host = host };
	return &p->targets[p->target_count++];
}

/* ------------------------------------------------------------------ slots */

static nsec_t
time_of(const struct result *r, size_t column)
{
	return (nsec_t)result_u64(r, column) * NSEC_PER_MS;
}

static void
read_times(const struct result *r, struct ddos_seen *s)
{
	for (unsigned side = 0; side < DDOS_SIDES; side++) {
		nsec_t first = time_of(r, DDOS_SLOT_TIMES + (size_t)2 * side);
		nsec_t last = time_of(r, DDOS_SLOT_TIMES + (size_t)2 * side + 1);
		if (first != 0 && (s->first[side] == 0 || first < s->first[side]))
			s->first[side] = first;
		if (last > s->last[side])
			s->last[side] = last;
	}
}

static unsigned
service_column(struct ddos_seen *s, unsigned service)
{
	for (unsigned i = 0; i < DDOS_SERVICES; i++)
		if (s->services[i] == service || s->services[i] == DDOS_SERVICE_NONE) {
			s->services[i] = (uint8_t)service;
			return DDOS_REFLECTED + i;
		}
	return DDOS_UDP;
}

static void
read_counts(const struct result *r, struct ddos_seen *s)
{
	for (unsigned c = 0; c < DDOS_CLASSES; c++) {
		uint64_t packets = result_u64(r, DDOS_SLOT_COUNTS + (size_t)2 * c);
		unsigned at = c;
		if (packets == 0)
			continue;
		if (c >= DDOS_REFLECTED)
			at = service_column(
			    s, (unsigned)result_u64(r, DDOS_SLOT_SERVICES + c - DDOS_REFLECTED));
		s->packets[at] += packets;
		s->octets[at] += result_u64(r, DDOS_SLOT_COUNTS + (size_t)2 * c + 1);
	}
}

static void
raise(uint64_t *most, uint64_t value)
{
	if (value > *most)
		*most = value;
}

/* Adds a row into a slot: one slot has several where flows ended in a later window, or where
 * several inputs tell of it. */
static void
read_slot(const struct result *r, struct ddos_seen *s)
{
	s->slot = (uint32_t)(time_of(r, DDOS_SLOT_BEGIN) / DDOS_SLOT);
	read_times(r, s);
	read_counts(r, s);
	for (unsigned i = 0; i <= DDOS_SIDES; i++) {
		raise(&s->peak_packets[i], result_u64(r, DDOS_SLOT_PEAKS + (size_t)2 * i));
		raise(&s->peak_octets[i], result_u64(r, DDOS_SLOT_PEAKS + (size_t)2 * i + 1));
	}
	s->first_fragments += result_u64(r, DDOS_SLOT_FIRST_FRAGMENTS);
	s->asked += result_u64(r, DDOS_SLOT_ASKED);
	s->syn_sent += result_u64(r, DDOS_SLOT_SYN_SENT);
	s->connections += result_u64(r, DDOS_SLOT_CONNECTIONS);
	s->variance += result_f64(r, DDOS_SLOT_VARIANCE);
	s->octets_variance += result_f64(r, DDOS_SLOT_OCTETS_VARIANCE);
	raise(&s->top_packets, result_u64(r, DDOS_SLOT_TOP_PACKETS));
	raise(&s->top_octets, result_u64(r, DDOS_SLOT_TOP_OCTETS));
	raise(&s->addresses, result_u64(r, DDOS_SLOT_ADDRESSES));
}

/* "a, b, c": the columns of a table. */
static char *
column_list(const struct table *table)
{
	char *list = xstrdup("");

	for (size_t i = 0; i < table->column_count; i++) {
		char *longer =
		    xasprintf("%s%s%s", list, i != 0 ? ", " : "", table->columns[i].name);
		free(list);
		list = longer;
	}
	return list;
}

static enum err
read_slots(const struct section_context *c, struct pile *p, struct err_info *info)
{
	char *columns = column_list(&DDOS_TABLE_LIST[DDOS_SLOTS]);
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT %s FROM security_ddos_slots WHERE" PERIOD_SQL
	    "ORDER BY prefix_length, target, slot_begin, input, window_begin",
	    columns, PERIOD_ARGS(c));

	free(columns);
	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address target = result_address(r, DDOS_SLOT_TARGET);
		uint8_t length = (uint8_t)result_u64(r, DDOS_SLOT_LENGTH);
		uint32_t slot = (uint32_t)(time_of(r, DDOS_SLOT_BEGIN) / DDOS_SLOT);
		struct ddos_target *t =
		    p->target_count > 0 ? &p->targets[p->target_count - 1] : NULL;
		if (t == NULL || t->length != length || !address_equal(&t->target, &target))
			t = add_target(p, &target, length, NULL);
		if (t->count == 0 || p->slots[p->slot_count - 1].slot != slot)
			(void)add_seen(p);
		read_slot(r, &p->slots[p->slot_count - 1]);
	}
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ requests */

/* A target for each host near the threshold, whose slots have requests alone. */
static enum err
read_requests(const struct section_context *c, struct pile *p, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT server, host, slot_begin, min(first_request) AS a, max(last_request) AS b, "
	    "sum(requests) AS d, sum(octets) AS e, max(peak_requests) AS f FROM "
	    "security_ddos_requests WHERE" PERIOD_SQL
	    "GROUP BY server, host, slot_begin ORDER BY server, host, slot_begin",
	    PERIOD_ARGS(c));
	struct ddos_target *t = NULL;

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address server = result_address(r, 0);
		const char *host = result_text(r, 1);
		struct ddos_seen *s;
		if (t == NULL || !address_equal(&t->target, &server) ||
		    strcmp(t->host, host) != 0) {
			p->hosts = xrealloc_array(p->hosts, p->host_count + 1, sizeof *p->hosts);
			p->hosts[p->host_count++] = xstrdup(host);
			t = add_target(p, &server, address_is_ipv4(&server) ? 32 : 128,
			    p->hosts[p->host_count - 1]);
		}
		s = add_seen(p);
		s->slot = (uint32_t)(time_of(r, 2) / DDOS_SLOT);
		s->first_request = time_of(r, 3);
		s->last_request = time_of(r, 4);
		s->requests = (uint64_t)result_f64(r, 5);
		s->request_octets = (uint64_t)result_f64(r, 6);
		s->request_peak = result_u64(r, 7);
	}
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ what is usual */

struct level {
	struct address target;
	uint8_t length;
	nsec_t time;
	double packets, bits;
};

struct levels {
	struct level *list; /* owned; by target and time */
	size_t count;
};

static int
compare_levels(const void *a, const void *b)
{
	const struct level *x = a, *y = b;
	int order = address_compare(&x->target, &y->target);

	return order != 0 ? order : (x->length > y->length) - (x->length < y->length);
}

static enum err
read_levels(const struct section_context *c, struct levels *levels, struct err_info *info)
{
	struct section_context longer = *c;
	struct result *r;
	size_t room = 0;
	enum err e;

	longer.begin -= LEARN_WEEKS * NSEC_PER_WEEK;
	e = query_run(c->store, &r, info,
	    "SELECT target, prefix_length, window_begin, max(packet_rate) AS p, max(bit_rate) AS b "
	    "FROM security_ddos_levels WHERE" PERIOD_SQL "GROUP BY target, prefix_length, "
	    "window_begin ORDER BY target, prefix_length, window_begin",
	    PERIOD_ARGS(&longer));
	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		if (levels->count == room) {
			room = room == 0 ? 256 : room * 2;
			levels->list = xrealloc_array(levels->list, room, sizeof *levels->list);
		}
		levels->list[levels->count] =
		    (struct level){ result_address(r, 0), (uint8_t)result_u64(r, 1), time_of(r, 2),
			    (double)result_u64(r, 3), (double)result_u64(r, 4) };
		levels->count++;
	}
	result_free(r);
	if (levels->count > 1)
		qsort(levels->list, levels->count, sizeof *levels->list, compare_levels);
	return ERR_OK;
}

/* Those of one target, which stand together. */
static struct levels
levels_of(const struct levels *levels, const struct ddos_target *t)
{
	struct level key = { .target = t->target, .length = t->length };
	size_t low = 0, high = levels->count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_levels(&levels->list[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < levels->count && compare_levels(&levels->list[end], &key) == 0;)
		end++;
	return (struct levels){ .list = levels->list + low, .count = end - low };
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare_doubles);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* Median + 8 · 1.4826 · MAD. */
static double
usual_most(double *values, size_t count)
{
	double middle = median(values, count);

	for (size_t i = 0; i < count; i++)
		values[i] = fabs(values[i] - middle);
	return middle + MAD_TIMES * MAD_SCALE * median(values, count);
}

/* Raises the thresholds of a target, whose levels these are, to what is usual in the hour of the
 * week of its first slot, where two weeks of it are known. */
static void
learn(const struct levels *levels, struct ddos_target *t)
{
	nsec_t now = (nsec_t)t->slots[0].slot * DDOS_SLOT, oldest = now;
	double *packets = xcalloc(levels->count + 1, sizeof *packets);
	double *bits = xcalloc(levels->count + 1, sizeof *bits);
	size_t count = 0;

	for (size_t i = 0; i < levels->count; i++) {
		const struct level *l = &levels->list[i];
		if (l->time >= now - NSEC_PER_HOUR ||
		    l->time < now - LEARN_WEEKS * NSEC_PER_WEEK - NSEC_PER_HOUR ||
		    floor_div(l->time, NSEC_PER_HOUR) % HOURS_A_WEEK !=
			floor_div(now, NSEC_PER_HOUR) % HOURS_A_WEEK)
			continue;
		packets[count] = l->packets;
		bits[count++] = l->bits;
		oldest = l->time < oldest ? l->time : oldest;
	}
	if (count >= LEARN_LEAST && now - oldest >= 2 * NSEC_PER_WEEK - NSEC_PER_HOUR) {
		t->packets = fmax(t->packets, usual_most(packets, count));
		t->bits = fmax(t->bits, usual_most(bits, count));
		t->learned = true;
	}
	free(packets);
	free(bits);
}

/* ------------------------------------------------------------------ who sent */

static enum err
read_senders(const struct section_context *c, struct ddos_attacks *attacks, struct err_info *info)
{
	struct result *r;
	enum err e;

	if (attacks->count == 0)
		return ERR_OK;
	e = query_run(c->store, &r, info,
	    "SELECT target, prefix_length, last_slot, details, tcp_sources, syn_sources, "
	    "syn_ack_sources, "
	    "reflectors, other_sources, window_begin, input FROM security_ddos_details "
	    "WHERE" PERIOD_SQL "ORDER BY window_begin, input, target, prefix_length",
	    PERIOD_ARGS(c));
	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address target = result_address(r, 0);
		for (size_t i = 0; i < attacks->count; i++) {
			struct ddos_attack *a = &attacks->list[i];
			if (a->length != result_u64(r, 1) || a->host != NULL ||
			    !address_equal(&a->target, &target) || time_of(r, 9) > a->end ||
			    time_of(r, 2) + DDOS_SLOT <= a->begin)
				continue;
			ddos_watch_read(&a->watch, r, 3, result_u64(r, 10));
			a->watched = true;
		}
	}
	result_free(r);
	return ERR_OK;
}

/* Clients and the first request of attacks by HTTP. */
static enum err
read_clients(const struct section_context *c, struct ddos_attacks *attacks, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT server, host, slot_begin, clients, input_offset, input_length, input FROM "
	    "security_ddos_requests WHERE" PERIOD_SQL "ORDER BY slot_begin, server, host, input",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address server = result_address(r, 0);
		nsec_t slot = time_of(r, 2);
		for (size_t i = 0; i < attacks->count; i++) {
			struct ddos_attack *a = &attacks->list[i];
			if (a->host == NULL || strcmp(a->host, result_text(r, 1)) != 0 ||
			    !address_equal(&a->target, &server) || slot > a->end ||
			    slot + 300 * NSEC_PER_SEC < a->begin)
				continue;
			if (!a->has_clients) {
				a->input = result_u64(r, 6);
				a->request_offset = result_u64(r, 4);
				a->request_length = result_u64(r, 5);
			}
			(void)sketch_add(a->clients, DDOS_HTTP_PRECISION, r, 3);
			a->has_clients = true;
		}
	}
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ downloads */

/* The part of a download that falls into an attack. */
static double
overlap(const struct ddos_attack *a, nsec_t begin, nsec_t end, double octets)
{
	nsec_t from = begin > a->begin - DDOS_SLOT ? begin : a->begin - DDOS_SLOT;
	nsec_t to = end < a->end + DDOS_SLOT ? end : a->end + DDOS_SLOT;

	if (to < from)
		return 0;
	return end > begin ? octets * (double)(to - from) / (double)(end - begin) : octets;
}

/* Enters a value among the largest. */
static void
keep_largest(double largest[LARGEST], double value)
{
	for (unsigned i = 0; i < LARGEST; i++)
		if (value > largest[i]) {
			double smaller = largest[i];
			largest[i] = value;
			value = smaller;
		}
}

static enum err
read_downloads(const struct section_context *c, struct ddos_attacks *attacks, struct err_info *info)
{
	double(*largest)[LARGEST];
	struct result *r;
	enum err e;

	if (attacks->count == 0)
		return ERR_OK;
	/* Connections end after what they carried: rows of later windows tell of it. */
	e = query_run(c->store, &r, info,
	    "SELECT target, source, min(first_packet) AS a, max(last_packet) AS b, sum(octets) AS "
	    "d FROM security_ddos_downloads WHERE" PERIOD_SQL
	    "GROUP BY target, source, window_begin ORDER BY target, source, a",
	    PERIOD_ARGS(c));
	if (e != ERR_OK)
		return e;
	largest = xcalloc(attacks->count, sizeof *largest);
	while (result_next(r)) {
		struct address target = result_address(r, 0);
		for (size_t i = 0; i < attacks->count; i++) {
			struct ddos_attack *a = &attacks->list[i];
			struct prefix prefix = { a->target, a->length };
			if (a->host == NULL && prefix_contains(&prefix, &target))
				keep_largest(largest[i],
				    overlap(a, time_of(r, 2), time_of(r, 3), result_f64(r, 4)));
		}
	}
	result_free(r);
	for (size_t i = 0; i < attacks->count; i++) {
		double sum = 0;
		for (unsigned k = 0; k < LARGEST; k++)
			sum += largest[i][k];
		if (attacks->list[i].target_octets > 0)
			attacks->list[i].download_share =
			    sum / (double)attacks->list[i].target_octets;
	}
	free(largest);
	return ERR_OK;
}

/* ------------------------------------------------------------------ what is left */

static void
remove_attack(struct ddos_attacks *attacks, size_t i)
{
	ddos_attack_release(&attacks->list[i]);
	attacks->count--;
	memmove(
	    &attacks->list[i], &attacks->list[i + 1], (attacks->count - i) * sizeof *attacks->list);
}

/* Whether the sources that were seen are as many as the rules ask that found the attack. */
static bool
has_sources(const struct ddos_limits *l, const struct ddos_attack *a)
{
	bool syn = (a->rules & (RULE_BIT(RULE_SYN_PATTERN) | RULE_BIT(RULE_SYN_ACK_PATTERN))) != 0;
	bool reflection = (a->rules & RULE_BIT(RULE_REFLECTION)) != 0;
	double sources, low, high;

	if ((a->rules & ~RULES_SOURCES) != 0)
		return true;
	sources = ddos_attack_sources(a, &low, &high);
	return (syn && sources >= l->syn_sources) || (reflection && sources >= l->reflectors);
}

static bool
is_host(const struct ddos_attack *a)
{
	return a->length == (address_is_ipv4(&a->target) ? 32 : 128);
}

static bool
within(const struct ddos_attack *outer, const struct ddos_attack *inner)
{
	struct prefix prefix = { outer->target, outer->length };

	return outer->length < inner->length && inner->host == NULL &&
	       prefix_contains(&prefix, &inner->target) && inner->begin <= outer->end + DDOS_SLOT &&
	       inner->end + DDOS_SLOT >= outer->begin;
}

/* A prefix is attacked as a whole when more than a few addresses (or prefixes) in it are, or when
 * these do not get the half of its packets or octets. */
static bool
is_dominated(const struct ddos_attacks *attacks, const struct ddos_attack *a)
{
	double packets[LARGEST] = { 0 }, octets[LARGEST] = { 0 }, packet_sum = 0, octet_sum = 0;
	size_t members = 0;

	for (size_t i = 0; i < attacks->count; i++)
		if (within(a, &attacks->list[i])) {
			members++;
			keep_largest(packets, (double)attacks->list[i].packets);
			keep_largest(octets, (double)attacks->list[i].octets);
		}
	for (unsigned k = 0; k < LARGEST; k++) {
		packet_sum += packets[k];
		octet_sum += octets[k];
	}
	return members <= LARGEST && (packet_sum >= DOMINATED * (double)a->packets ||
					 octet_sum >= DOMINATED * (double)a->octets);
}

/* Tells of a prefix alone, not of what is in it; returns where the prefix is then. */
static size_t
absorb(struct ddos_attacks *attacks, size_t at)
{
	for (size_t k = attacks->count; k-- > 0;) {
		if (!within(&attacks->list[at], &attacks->list[k]))
			continue;
		attacks->list[at].absorbed += 1 + attacks->list[k].absorbed;
		remove_attack(attacks, k);
		at -= k < at;
	}
	return at;
}

/* From the longest prefixes on. */
static void
resolve_prefixes(struct ddos_attacks *attacks)
{
	for (unsigned length = 128; length-- > 0;)
		for (size_t i = attacks->count; i-- > 0;) {
			const struct ddos_attack *a = &attacks->list[i];
			if (is_host(a) || a->length != length)
				continue;
			if (is_dominated(attacks, a))
				remove_attack(attacks, i);
			else
				i = absorb(attacks, i);
		}
}

/* Attacks by requests through packets are the same as those on their server. */
static void
resolve_hosts(struct ddos_attacks *attacks)
{
	for (size_t i = attacks->count; i-- > 0;) {
		struct ddos_attack *h = &attacks->list[i];
		if (h->host == NULL || (h->target.words[0] | h->target.words[1]) == 0)
			continue;
		free(h->hosts);
		h->hosts = xstrdup(h->host);
		for (size_t k = 0; k < attacks->count; k++) {
			struct ddos_attack *a = &attacks->list[k];
			if (a->host != NULL || !is_host(a) ||
			    !address_equal(&a->target, &h->target) ||
			    a->begin > h->end + FINDING_GAP || h->begin > a->end + FINDING_GAP)
				continue;
			a->requests += h->requests;
			a->request_peak = h->request_peak;
			a->active |= h->active;
			a->rules |= h->rules;
			a->vectors[VECTOR_HTTP] = h->vectors[VECTOR_HTTP];
			if ((a->active & VECTOR_BIT(VECTOR_CONNECTION)) != 0)
				a->vectors[VECTOR_HTTP].packets = a->vectors[VECTOR_HTTP].octets =
				    0;
			a->begin = a->begin < h->begin ? a->begin : h->begin;
			a->end = a->end > h->end ? a->end : h->end;
			free(a->hosts);
			a->hosts = xstrdup(h->host);
			remove_attack(attacks, i);
			break;
		}
	}
}

static int
compare_attacks(const void *a, const void *b)
{
	const struct ddos_attack *x = a, *y = b;
	int order;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	order = address_compare(&x->target, &y->target);
	if (order == 0)
		order = (x->length > y->length) - (x->length < y->length);
	return order != 0 ? order
			  : strcmp(x->host != NULL ? x->host : "", y->host != NULL ? y->host : "");
}

/* How many slots from the first on lie no further apart than what makes two findings. */
static size_t
stretch(const struct ddos_seen *slots, size_t count)
{
	size_t n = 1;

	while (n < count && (nsec_t)(slots[n].slot - slots[n - 1].slot) * DDOS_SLOT <= FINDING_GAP)
		n++;
	return n;
}

/* Judges each stretch of a target's slots by itself, with what is usual at its hour. */
static void
judge_all(const struct section_context *c, const struct ddos_limits *limits, struct pile *p,
    const struct levels *levels, struct ddos_attacks *attacks)
{
	bool learning = settings_bool(c->settings, "learn");

	for (size_t i = 0; i < p->target_count; i++) {
		struct ddos_target t = p->targets[i];
		struct levels own = levels_of(levels, &t);
		size_t left = t.count;
		t.slots = &p->slots[p->firsts[i]];
		for (; left != 0; left -= t.count, t.slots += t.count) {
			t.count = stretch(t.slots, left);
			t.packets = limits->packets;
			t.bits = limits->bits;
			t.learned = false;
			if (learning && t.host == NULL)
				learn(&own, &t);
			ddos_judge(limits, &t, attacks);
		}
	}
}

static void
sort_ports(struct ddos_attacks *attacks)
{
	for (size_t i = 0; i < attacks->count; i++)
		ddos_watch_sort_ports(&attacks->list[i].watch);
}

static void
take_out(const struct ddos_limits *limits, struct ddos_attacks *attacks)
{
	for (size_t i = attacks->count; i-- > 0;) {
		struct ddos_attack *a = &attacks->list[i];
		if (a->host == NULL && (a->rules & ~RULES_VOLUME) == 0 &&
		    a->download_share >= TALK_SHARE) {
			attacks->downloads++;
			remove_attack(attacks, i);
		} else if (!has_sources(limits, a)) {
			attacks->few_sources++;
			remove_attack(attacks, i);
		}
	}
}

enum err
ddos_read_attacks(
    const struct section_context *c, struct ddos_attacks *attacks, struct err_info *info)
{
	struct ddos_limits limits = ddos_limits(c->settings);
	struct levels levels = { 0 };
	struct pile pile = { 0 };
	enum err e = read_slots(c, &pile, info);

	if (e == ERR_OK)
		e = read_requests(c, &pile, info);
	if (e == ERR_OK && pile.target_count > 0)
		e = read_levels(c, &levels, info);
	if (e == ERR_OK) {
		judge_all(c, &limits, &pile, &levels, attacks);
		e = read_senders(c, attacks, info);
	}
	if (e == ERR_OK)
		e = read_clients(c, attacks, info);
	if (e == ERR_OK)
		e = read_downloads(c, attacks, info);
	if (e == ERR_OK) {
		take_out(&limits, attacks);
		resolve_prefixes(attacks);
		resolve_hosts(attacks);
		sort_ports(attacks);
		if (attacks->count > 1)
			qsort(
			    attacks->list, attacks->count, sizeof *attacks->list, compare_attacks);
	}
	free(levels.list);
	release_pile(&pile);
	return e;
}

void
ddos_attacks_release(struct ddos_attacks *attacks)
{
	for (size_t i = 0; i < attacks->count; i++)
		ddos_attack_release(&attacks->list[i]);
	free(attacks->list);
}
