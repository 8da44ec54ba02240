/* SPDX-License-Identifier: ISC */
/* DNS transactions for the store; see transactions.h. */
#include "pipeline/transactions.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xmalloc.h"
#include "net/suffix.h"

#define RING_SIZE  ((size_t)1 << 20) /* octets of names */
#define SLOT_COUNT ((size_t)1 << 15)
#define UNIT       8 /* entries begin at multiples of it */

/* What is kept of a query, before the octets of its name. */
struct known {
	uint64_t hash;
	uint16_t class;
	uint8_t name_size, labels, site_offset, tld_offset;
};

struct transactions {
	transactions_fn take;
	void *context; /* borrowed */
	uint8_t *ring; /* owned */
	uint64_t head; /* octets ever written */
	/* Where in the ring, in units since the beginning and cut to 32 bits, the last name of a
	 * hash is.  Zero: nowhere. */
	uint32_t slots[SLOT_COUNT];
};

struct transactions *
transactions_new(transactions_fn take, void *context)
{
	struct transactions *t = xcalloc(1, sizeof *t);

	t->take = take;
	t->context = context;
	t->ring = xcalloc(1, RING_SIZE);
	t->head = UNIT;
	return t;
}

void
transactions_free(struct transactions *t)
{
	if (t == NULL)
		return;
	free(t->ring);
	free(t);
}

static size_t
slot_of(uint64_t hash)
{
	return (hash ^ hash >> 32) & (SLOT_COUNT - 1);
}

/* The entry in the ring that a slot points to, when it is there still and is this name's. */
static const uint8_t *
find(const struct transactions *t, uint64_t hash, struct known *ret_known)
{
	uint32_t at = t->slots[slot_of(hash)];
	uint64_t behind = (uint32_t)(t->head / UNIT) - at;
	const uint8_t *entry;

	/* `behind` wraps with the 32 bits: what is 32 GB old may look new, and has another hash. */
	behind = (uint32_t)behind * (uint64_t)UNIT;
	if (at == 0 || behind == 0 || behind > RING_SIZE)
		return NULL;
	entry = t->ring + (t->head - behind) % RING_SIZE;
	memcpy(ret_known, entry, sizeof *ret_known);
	return ret_known->hash == hash ? entry + sizeof *ret_known : NULL;
}

/* Keeps the name of a query. */
static void
remember(struct transactions *t, const struct dns_message *m)
{
	struct known known = { .hash = m->name_hash,
		.class = m->class,
		.name_size = m->name_size,
		.labels = m->labels,
		.site_offset = m->site_offset,
		.tld_offset = m->tld_offset };
	size_t size = (sizeof known + m->name_size + UNIT - 1) / UNIT * UNIT;
	size_t place = t->head % RING_SIZE;
	struct known old;

	if (m->name_size == 0 || find(t, m->name_hash, &old) != NULL)
		return;
	/* No entry goes around the end. */
	if (place + size > RING_SIZE) {
		t->head += RING_SIZE - place;
		place = 0;
	}
	memcpy(t->ring + place, &known, sizeof known);
	memcpy(t->ring + place + sizeof known, m->name, m->name_size);
	t->slots[slot_of(m->name_hash)] = (uint32_t)(t->head / UNIT);
	t->head += size;
}

/* A query as far as it is known when it is given up. */
static void
describe(const struct transactions *t, const struct dns_pending *p, struct dns_message *m)
{
	struct known known = { .name_size = 0 };
	const uint8_t *name = find(t, p->name_hash, &known);

	*m = (struct dns_message){
		.time = p->time,
		.client = p->client,
		.server = p->server,
		.client_port = p->client_port,
		.server_port = p->server_port,
		.flags = p->flags,
		.transport = p->transport,
		.view = p->view,
		.id = p->id,
		.bits = (p->flags & DNS_RECURSED) != 0 ? DNS_RD : 0,
		.counts = { 1 },
		.type = p->type,
		.message_size = p->query_size,
		.latency = -1,
		.retransmissions = p->retransmissions,
		.site_offset = SUFFIX_NONE,
	};
	if (name == NULL)
		return;
	m->name = name;
	m->name_size = known.name_size;
	m->labels = known.labels;
	m->site_offset = known.site_offset;
	m->tld_offset = known.tld_offset;
	m->class = known.class;
}

static enum err
take_pending(struct transactions *t, const struct batch *batch)
{
	struct dns_message messages[BATCH_MAX];
	struct dns_transaction list[BATCH_MAX];

	for (size_t i = 0; i < batch->count; i++) {
		describe(t, &batch->pending[i], &messages[i]);
		list[i] = (struct dns_transaction){ &messages[i], false, true };
	}
	return t->take(t->context, list, batch->count);
}

static enum err
take_messages(struct transactions *t, const struct batch *batch)
{
	struct dns_transaction list[BATCH_MAX];
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		const struct dns_message *m = batch->dns[i];
		/* A line of a log is a query whose answer nobody will see. */
		if ((m->flags & DNS_RESPONSE) != 0)
			list[count++] =
			    (struct dns_transaction){ m, true, m->match == DNS_MATCHED };
		else if (m->view == DNS_VIEW_LOG)
			list[count++] = (struct dns_transaction){ m, false, true };
		else
			remember(t, m);
	}
	return count != 0 ? t->take(t->context, list, count) : ERR_OK;
}

enum err
transactions_batch(struct transactions *t, const struct batch *batch)
{
	if (batch->type == OBS_DNS)
		return take_messages(t, batch);
	return batch->type == OBS_DNS_PENDING ? take_pending(t, batch) : ERR_OK;
}
