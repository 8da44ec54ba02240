/* SPDX-License-Identifier: ISC */
/* Details of what looks like amplification; see suspect.h. */
#include "analysis/dns/suspect.h"

#include <stdlib.h>
#include <string.h>

#include "net/dns.h"

const char *suspect_class_name(enum suspect_class class)
{
	static const char *const NAMES[SUSPECT_CLASSES] = {
		[SUSPECT_ANY] = "any",
		[SUSPECT_DNSKEY] = "dnskey",
		[SUSPECT_RRSIG] = "rrsig",
		[SUSPECT_TXT] = "txt",
		[SUSPECT_ERROR] = "error",
		[SUSPECT_NXDOMAIN] = "nxdomain",
		[SUSPECT_REFERRAL] = "referral",
		[SUSPECT_NODATA] = "nodata",
		[SUSPECT_POSITIVE] = "positive",
	};

	return NAMES[class];
}

enum suspect_class
suspect_class_of(const struct dns_message *m)
{
	if (m->rcode == DNS_RCODE_NXDOMAIN)
		return SUSPECT_NXDOMAIN;
	if (m->rcode != DNS_RCODE_NOERROR)
		return SUSPECT_ERROR;
	switch (m->type) {
	case DNS_TYPE_ANY: return SUSPECT_ANY;
	case DNS_TYPE_DNSKEY:
	case DNS_TYPE_DS: return SUSPECT_DNSKEY;
	case DNS_TYPE_RRSIG:
	case DNS_TYPE_NSEC: return SUSPECT_RRSIG;
	default: break;
	}
	if (m->counts[1] == 0)
		return m->soa_at == 0 && m->counts[2] != 0 ? SUSPECT_REFERRAL : SUSPECT_NODATA;
	return m->type == DNS_TYPE_TXT || m->type == DNS_TYPE_NULL ? SUSPECT_TXT : SUSPECT_POSITIVE;
}

const struct suspect_question *
suspect_find(const struct suspect *s, uint32_t print)
{
	for (unsigned i = 0; i < SUSPECT_QUESTIONS; i++)
		if (s->questions[i].count != 0 && s->questions[i].print == print)
			return &s->questions[i];
	return NULL;
}

/* Makes room among the questions as Misra and Gries do: all counts fall until one is 0. */
static struct suspect_question *
free_place(struct suspect *s, uint64_t *ret_taken)
{
	struct suspect_question *least = &s->questions[0];
	uint64_t taken;

	for (unsigned i = 1; i < SUSPECT_QUESTIONS; i++)
		if (s->questions[i].count < least->count)
			least = &s->questions[i];
	taken = least->count < *ret_taken ? least->count : *ret_taken;
	for (unsigned i = 0; i < SUSPECT_QUESTIONS && taken != 0; i++)
		s->questions[i].count -= taken;
	s->other_questions += taken;
	*ret_taken = taken;
	return least->count == 0 ? least : NULL;
}

static void
enter_question(struct suspect *s, uint32_t print, uint64_t count,
    const struct suspect_question *question, const struct dns_message *m)
{
	struct suspect_question *q = (struct suspect_question *)suspect_find(s, print);
	uint64_t taken = count;

	if (q != NULL) {
		q->count += count;
		return;
	}
	q = free_place(s, &taken);
	if (q == NULL || count == taken)
		return;
	if (question != NULL) {
		*q = *question;
	} else {
		q->print = print;
		q->type = m->type;
		q->name_size = m->name_size;
		if (m->name_size != 0)
			memcpy(q->name, m->name, m->name_size);
	}
	q->count = count - taken;
}

static void
enter_end(struct suspect *s, const struct suspect_end *end)
{
	unsigned least = 0;

	for (unsigned i = 0; i < s->end_count; i++) {
		struct suspect_end *e = &s->ends[i];
		if (address_equal(&e->address, &end->address)) {
			e->responses += end->responses;
			e->octets += end->octets;
			e->query_octets += end->query_octets;
			return;
		}
		if (e->octets < s->ends[least].octets)
			least = i;
	}
	if (s->end_count < SUSPECT_ENDS)
		s->ends[s->end_count++] = *end;
	else if (s->ends[least].octets < end->octets)
		s->ends[least] = *end;
}

void
suspect_add(struct suspect *s, const struct dns_message *m, const struct address *end)
{
	unsigned query_size = m->query_size != 0 ? m->query_size : suspect_query_size(m);

	s->octets += m->message_size;
	s->responses++;
	s->classes[suspect_class_of(m)]++;
	s->limited_octets +=
	    m->message_size <= SUSPECT_LIMIT ? m->message_size : suspect_query_size(m);
	enter_question(s, suspect_print(m), 1, NULL, m);
	enter_end(s, &(struct suspect_end){ *end, 1, m->message_size, query_size });
	dns_samples_add(&s->samples, m);
}

void
suspect_merge(void *into_opaque, const void *from_opaque)
{
	struct suspect *into = into_opaque;
	const struct suspect *from = from_opaque;

	into->octets += from->octets;
	into->responses += from->responses;
	for (unsigned i = 0; i < SUSPECT_CLASSES; i++)
		into->classes[i] += from->classes[i];
	into->limited_octets += from->limited_octets;
	into->other_questions += from->other_questions;
	for (unsigned i = 0; i < SUSPECT_QUESTIONS; i++)
		if (from->questions[i].count != 0)
			enter_question(into, from->questions[i].print, from->questions[i].count,
			    &from->questions[i], NULL);
	for (unsigned i = 0; i < from->end_count; i++)
		enter_end(into, &from->ends[i]);
	dns_samples_merge(&into->samples, &from->samples);
}
