/* SPDX-License-Identifier: ISC */
/* Attacks that own servers were used for, from rows of ten seconds; see amplification_attacks.h. */
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/amplification_attacks.h"
#include "base/xmalloc.h"

enum {
	QUERIES,
	RESPONSES,
	QUERY_OCTETS,
	OCTETS,
	QUERY_WIRE,
	WIRE,
	PACKETS_IN,
	PACKETS_OUT,
	TRUNCATED,
	ANY,
	TCP,
	COOKIES,
	QUESTION,
	QUESTION_QUERIES,
	NUMBERS,
};

struct slot {
	nsec_t begin, end;
	uint64_t numbers[NUMBERS];
	char *qname; /* owned */
	char qtype[16];
	bool fires, included;
};

/* The slots of one server and one victim's network, in order of time. */
struct pair {
	struct address server, victim;
	unsigned length;
	struct slot *slots; /* owned */
	size_t count, capacity;
};

static bool
has_shape(const struct slot *s, const struct amplification_limits *limits, double factor)
{
	return (double)s->numbers[OCTETS] >= factor * (double)s->numbers[QUERY_OCTETS] &&
	       (double)s->numbers[QUESTION_QUERIES] >=
		   limits->question_share * (double)s->numbers[QUERIES];
}

/* Real clients come back over TCP, or with the cookie they were given. */
static bool
is_spoofed(const struct slot *s, const struct amplification_limits *limits)
{
	const uint64_t *n = s->numbers;

	return 2 * n[COOKIES] <= n[QUERIES] &&
	       (n[TRUNCATED] == 0 || (double)n[TCP] < limits->tcp_share * (double)n[TRUNCATED]);
}

static bool
fires(const struct slot *s, const struct amplification_limits *limits)
{
	return s->numbers[QUERIES] >= limits->queries && s->numbers[OCTETS] >= limits->octets &&
	       has_shape(s, limits, limits->factor) && is_spoofed(s, limits);
}

/* A slot below the thresholds belongs to an attack when it is of the same kind and near one of its
 * slots in time: the attack's first and last seconds. */
static void
include_like(struct pair *p, size_t at, const struct amplification_limits *limits)
{
	for (int step = -1; step <= 1; step += 2) {
		nsec_t edge = step < 0 ? p->slots[at].begin : p->slots[at].end;
		for (size_t i = at + (size_t)step; i < p->count; i += (size_t)step) {
			struct slot *s = &p->slots[i];
			nsec_t gap = step < 0 ? edge - s->end : s->begin - edge;
			if (gap > FINDING_GAP || s->fires)
				break;
			if (s->numbers[QUESTION] != p->slots[at].numbers[QUESTION] ||
			    !has_shape(s, limits, limits->factor / 2))
				continue;
			s->included = true;
			edge = step < 0 ? s->begin : s->end;
		}
	}
}

static struct attack *
attack_for(struct attacks *attacks, const struct pair *p, const struct slot *s)
{
	struct attack *last = attacks->count > 0 ? &attacks->list[attacks->count - 1] : NULL;

	if (last != NULL && last->side == ATTACK_REFLECTOR &&
	    address_equal(&last->subject, &p->server) && s->begin >= last->begin &&
	    s->begin <= last->end + FINDING_GAP)
		return last;
	last = attacks_add(attacks);
	last->subject = p->server;
	return last;
}

static void
add_slot(struct attack *a, const struct pair *p, const struct slot *s)
{
	const uint64_t *n = s->numbers;
	struct attack_part *part = attack_part_at(a, &p->victim, p->length, s->qname, s->qtype);

	a->begin = a->begin == 0 || s->begin < a->begin ? s->begin : a->begin;
	a->end = s->end > a->end ? s->end : a->end;
	a->slots += s->fires;
	a->queries += n[QUERIES];
	a->responses += n[RESPONSES];
	a->octets += n[OCTETS];
	a->query_octets += n[QUERY_OCTETS];
	a->wire_octets += n[WIRE];
	a->query_wire_octets += n[QUERY_WIRE];
	a->packets_in += n[PACKETS_IN];
	a->packets_out += n[PACKETS_OUT];
	a->truncated += n[TRUNCATED];
	a->any += n[ANY];
	a->tcp += n[TCP];
	a->cookies += n[COOKIES];
	a->peak_octets = n[OCTETS] > a->peak_octets ? n[OCTETS] : a->peak_octets;
	part->queries += n[QUERIES];
	part->question_queries += n[QUESTION_QUERIES];
	part->responses += n[RESPONSES];
	part->octets += n[OCTETS];
	part->query_octets += n[QUERY_OCTETS];
}

static void
end_pair(struct pair *p, const struct amplification_limits *limits, struct attacks *attacks)
{
	for (size_t i = 0; i < p->count; i++)
		p->slots[i].fires = p->slots[i].included = fires(&p->slots[i], limits);
	for (size_t i = 0; i < p->count; i++)
		if (p->slots[i].fires)
			include_like(p, i, limits);
	for (size_t i = 0; i < p->count; i++) {
		struct slot *s = &p->slots[i];
		if (s->included)
			add_slot(attack_for(attacks, p, s), p, s);
		free(s->qname);
	}
	p->count = 0;
}

static void
read_slot(struct pair *p, const struct result *r)
{
	struct slot *s;

	if (p->count == p->capacity) {
		p->capacity = p->capacity > 0 ? 2 * p->capacity : 64;
		p->slots = xrealloc_array(p->slots, p->capacity, sizeof *p->slots);
	}
	s = &p->slots[p->count++];
	*s = (struct slot){ .begin = (nsec_t)result_u64(r, 3) * NSEC_PER_MS,
		.end = (nsec_t)result_u64(r, 4) * NSEC_PER_MS };
	for (size_t i = 0; i < NUMBERS; i++)
		s->numbers[i] = result_u64(r, 5 + i);
	s->qname = xstrdup(result_text(r, 5 + NUMBERS));
	(void)snprintf(s->qtype, sizeof s->qtype, "%s", result_text(r, 6 + NUMBERS));
}

enum err
attacks_read_reflectors(
    const struct section_context *c, struct attacks *attacks, struct err_info *info)
{
	struct amplification_limits limits = amplification_limits(c->settings);
	struct pair pair = { 0 };
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT server, victim, victim_length, begin_time, end_time, queries, responses, "
	    "query_octets, response_octets, query_wire, response_wire, packets_in, packets_out, "
	    "truncated, any_queries, tcp_queries, cookies, question, question_queries, qname, "
	    "qtype FROM "
	    "dns_amplification_slots WHERE" PERIOD_SQL "ORDER BY server, victim, begin_time, input",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address server = result_address(r, 0), victim = result_address(r, 1);
		if (pair.count > 0 && (!address_equal(&server, &pair.server) ||
					  !address_equal(&victim, &pair.victim)))
			end_pair(&pair, &limits, attacks);
		pair.server = server;
		pair.victim = victim;
		pair.length = (unsigned)result_u64(r, 2);
		read_slot(&pair, r);
	}
	result_free(r);
	end_pair(&pair, &limits, attacks);
	free(pair.slots);
	attacks_unite(attacks);
	return ERR_OK;
}
