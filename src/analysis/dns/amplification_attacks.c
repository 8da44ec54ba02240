/* SPDX-License-Identifier: ISC */
/* Lists of attacks, and what is kept of them in full; see amplification_attacks.h. */
#include "analysis/dns/amplification_attacks.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

struct attack *
attacks_add(struct attacks *attacks)
{
	struct attack *a;

	attacks->list = xrealloc_array(attacks->list, attacks->count + 1, sizeof *attacks->list);
	a = &attacks->list[attacks->count++];
	*a = (struct attack){ 0 };
	a->classes = json_object();
	a->questions = json_object();
	a->ends = json_object();
	return a;
}

struct attack_part *
attack_part_at(struct attack *attack, const struct address *address, unsigned length,
    const char *qname, const char *qtype)
{
	struct attack_part *p;

	for (size_t i = 0; i < attack->part_count; i++) {
		p = &attack->parts[i];
		if (address_equal(&p->address, address) && strcmp(p->qname, qname) == 0 &&
		    strcmp(p->qtype, qtype) == 0)
			return p;
	}
	attack->parts =
	    xrealloc_array(attack->parts, attack->part_count + 1, sizeof *attack->parts);
	p = &attack->parts[attack->part_count++];
	*p = (struct attack_part){ .address = *address, .length = length, .qname = xstrdup(qname) };
	(void)snprintf(p->qtype, sizeof p->qtype, "%s", qtype);
	return p;
}

static int
compare_parts(const void *a, const void *b)
{
	const struct attack_part *x = a, *y = b;
	int order;

	if (x->octets != y->octets)
		return x->octets > y->octets ? -1 : 1;
	order = address_compare(&x->address, &y->address);
	if (order == 0)
		order = strcmp(x->qname, y->qname);
	return order != 0 ? order : strcmp(x->qtype, y->qtype);
}

void
attack_sort_parts(struct attack *attack)
{
	if (attack->part_count > 0)
		qsort(attack->parts, attack->part_count, sizeof *attack->parts, compare_parts);
}

static void
release_attack(struct attack *a)
{
	for (size_t i = 0; i < a->part_count; i++)
		free(a->parts[i].qname);
	free(a->parts);
	json_decref(a->classes);
	json_decref(a->questions);
	json_decref(a->ends);
}

/* Adds `from` into `into` and releases it; what suspects tell is read later. */
static void
unite(struct attack *into, struct attack *from)
{
	into->end = from->end > into->end ? from->end : into->end;
	into->slots += from->slots;
	into->queries += from->queries;
	into->responses += from->responses;
	into->octets += from->octets;
	into->query_octets += from->query_octets;
	into->wire_octets += from->wire_octets;
	into->query_wire_octets += from->query_wire_octets;
	into->packets_in += from->packets_in;
	into->packets_out += from->packets_out;
	into->truncated += from->truncated;
	into->any += from->any;
	into->tcp += from->tcp;
	into->cookies += from->cookies;
	into->fragmented += from->fragmented;
	if (from->peak_octets > into->peak_octets)
		into->peak_octets = from->peak_octets;
	for (size_t i = 0; i < from->part_count; i++) {
		const struct attack_part *theirs = &from->parts[i];
		struct attack_part *ours = attack_part_at(
		    into, &theirs->address, theirs->length, theirs->qname, theirs->qtype);
		ours->queries += theirs->queries;
		ours->question_queries += theirs->question_queries;
		ours->responses += theirs->responses;
		ours->octets += theirs->octets;
		ours->query_octets += theirs->query_octets;
	}
	hll_union(into->reflectors, from->reflectors, AMPLIFICATION_PRECISION);
	if (from->by_volume && !into->by_volume) {
		into->baseline_known = from->baseline_known;
		into->baseline_bps = from->baseline_bps;
	}
	into->by_volume |= from->by_volume;
	into->by_question |= from->by_question;
	release_attack(from);
}

static int
compare_attacks(const void *a, const void *b)
{
	const struct attack *x = a, *y = b;
	int order = address_compare(&x->subject, &y->subject);

	if (x->side != y->side)
		return x->side < y->side ? -1 : 1;
	if (order != 0)
		return order;
	return (x->begin > y->begin) - (x->begin < y->begin);
}

void
attacks_unite(struct attacks *attacks)
{
	size_t kept = 0;

	if (attacks->count == 0)
		return;
	qsort(attacks->list, attacks->count, sizeof *attacks->list, compare_attacks);
	for (size_t i = 1; i < attacks->count; i++) {
		struct attack *last = &attacks->list[kept], *a = &attacks->list[i];
		if (a->side == last->side && address_equal(&a->subject, &last->subject) &&
		    a->begin <= last->end + FINDING_GAP)
			unite(last, a);
		else
			attacks->list[++kept] = *a;
	}
	attacks->count = kept + 1;
}

void
attacks_remove(struct attacks *attacks, size_t index)
{
	release_attack(&attacks->list[index]);
	attacks->count--;
	memmove(&attacks->list[index], &attacks->list[index + 1],
	    (attacks->count - index) * sizeof *attacks->list);
}

void
attacks_release(struct attacks *attacks)
{
	for (size_t i = 0; i < attacks->count; i++)
		release_attack(&attacks->list[i]);
	free(attacks->list);
}

static void
add_number(json_t *object, const char *key, json_int_t value)
{
	json_int_t old = json_integer_value(json_object_get(object, key));

	json_object_set_new(object, key, json_integer(old + value));
}

static void
add_classes(struct attack *a, const char *text)
{
	json_t *classes = json_loads(text, 0, NULL), *value;
	const char *key;

	json_object_foreach (classes, key, value)
		add_number(a->classes, key, json_integer_value(value));
	json_decref(classes);
}

/* ["name", "type", count] under "name type". */
static void
add_questions(struct attack *a, const char *text)
{
	json_t *list = json_loads(text, 0, NULL), *q;
	size_t i;

	json_array_foreach (list, i, q) {
		const char *name, *type;
		char *key;
		json_int_t count;
		if (json_unpack(q, "[s,s,I]", &name, &type, &count) != 0)
			continue;
		key = xasprintf("%s %s", name, type);
		add_number(a->questions, key, count);
		free(key);
	}
	json_decref(list);
}

/* ["address", responses, octets, query octets] under the address. */
static void
add_ends(struct attack *a, const char *text)
{
	json_t *list = json_loads(text, 0, NULL), *end;
	size_t i;

	json_array_foreach (list, i, end) {
		json_t *sums = json_object_get(a->ends, json_string_value(json_array_get(end, 0)));
		if (sums == NULL) {
			sums = json_pack("[i,i,i]", 0, 0, 0);
			json_object_set_new(
			    a->ends, json_string_value(json_array_get(end, 0)), sums);
		}
		for (size_t k = 0; sums != NULL && k < 3; k++)
			json_array_set_new(sums, k,
			    json_integer(json_integer_value(json_array_get(sums, k)) +
					 json_integer_value(json_array_get(end, k + 1))));
	}
	json_decref(list);
}

static bool
concerns(const struct attack *a, const struct address *server, const struct address *victim,
    nsec_t begin, nsec_t end)
{
	static const struct address NONE = { .words = { 0, 0 } };

	if (end <= a->begin || begin > a->end)
		return false;
	if (a->side == ATTACK_VICTIM)
		return address_equal(server, &NONE) && address_equal(victim, &a->subject);
	if (a->side != ATTACK_REFLECTOR || !address_equal(server, &a->subject))
		return false;
	for (size_t i = 0; i < a->part_count; i++)
		if (address_equal(&a->parts[i].address, victim))
			return true;
	return false;
}

enum err
attacks_read_suspects(
    const struct section_context *c, struct attacks *attacks, struct err_info *info)
{
	struct result *r;
	enum err e;

	if (attacks->count == 0)
		return ERR_OK;
	e = query_run(c->store, &r, info,
	    "SELECT s.input AS i, s.window_begin AS w, t.seconds AS d, server AS a, victim AS v, "
	    "s.responses AS n, octets AS o, limited_octets AS l, questions AS q, classes AS k, "
	    "ends AS e, samples AS x FROM dns_amplification_suspects AS s JOIN dns_amplification "
	    "AS t ON s.input = t.input AND s.window_begin = t.window_begin WHERE "
	    "s.window_begin >= %llu AND s.window_begin < %llu ORDER BY w, i, a, v",
	    PERIOD_ARGS(c));
	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		nsec_t begin = (nsec_t)result_u64(r, 1) * NSEC_PER_MS;
		nsec_t end = begin + (nsec_t)result_u64(r, 2) * NSEC_PER_SEC;
		struct address server = result_address(r, 3), victim = result_address(r, 4);
		for (size_t i = 0; i < attacks->count; i++) {
			struct attack *a = &attacks->list[i];
			if (!concerns(a, &server, &victim, begin, end))
				continue;
			a->kept_responses += result_u64(r, 5);
			a->kept_octets += result_u64(r, 6);
			a->limited_octets += result_u64(r, 7);
			add_questions(a, result_text(r, 8));
			add_classes(a, result_text(r, 9));
			add_ends(a, result_text(r, 10));
			dns_samples_read(&a->samples, r, 11, result_u64(r, 0));
		}
	}
	result_free(r);
	return ERR_OK;
}
