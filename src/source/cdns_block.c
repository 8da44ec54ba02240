/* SPDX-License-Identifier: ISC */
/*
 * The frame of C-DNS: preamble, parameters, blocks and their arrays; see cdns.h.  Numbers are the
 * keys of RFC 8618, section 7.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "source/cbor.h"
#include "source/cdns.h"

#define TICKS_DEFAULT 1000000
#define SECONDS_MOST  (UINT64_C(9223372036) - 1)

/* Reads a map: `take` is given each key, and says whether it took the value; others are passed
 * over. */
typedef bool (*take_pair)(void *context, struct cursor *c, uint64_t key, bool *ret_taken);

static bool
read_map(struct cursor *c, take_pair take, void *context)
{
	struct cbor_list map;
	uint64_t key;

	if (!cbor_enter(c, CBOR_MAP, &map))
		return false;
	while (cbor_next(c, &map)) {
		bool taken = false;

		if (!cbor_key(c, &key) || !take(context, c, key, &taken))
			return false;
		if (!taken && !cbor_skip(c))
			return false;
	}
	return !c->failed;
}

/* StorageParameters (7.3.1.1.1): the ticks alone. */
static bool
take_storage(void *context, struct cursor *c, uint64_t key, bool *ret_taken)
{
	struct cdns_parameters *p = context;

	if (key != 0)
		return true;
	*ret_taken = true;
	return cbor_u64(c, &p->ticks_per_second) && p->ticks_per_second != 0 &&
	       p->ticks_per_second <= (uint64_t)NSEC_PER_SEC * 1000;
}

/* CollectionParameters (7.3.1.1.3): generator-id is 8, host-id 9. */
static bool
take_collection(void *context, struct cursor *c, uint64_t key, bool *ret_taken)
{
	struct cdns_parameters *p = context;
	struct cursor text;

	if (key != 9 && (key != 8 || p->identity_size != 0))
		return true;
	*ret_taken = true;
	if (!cbor_string(c, CBOR_TEXT, &text))
		return false;
	p->identity_size = (uint8_t)(cursor_left(&text) < DNS_IDENTITY_MAX ? cursor_left(&text)
									   : DNS_IDENTITY_MAX);
	memcpy(p->identity, text.at, p->identity_size);
	return true;
}

static bool
take_parameters(void *context, struct cursor *c, uint64_t key, bool *ret_taken)
{
	if (key > 1)
		return true;
	*ret_taken = true;
	return read_map(c, key == 0 ? take_storage : take_collection, context);
}

static bool
take_preamble(void *context, struct cursor *c, uint64_t key, bool *ret_taken)
{
	struct cdns_preamble *p = context;
	struct cbor_list list;

	*ret_taken = key == 0 || key == 1 || key == 3;
	if (key == 0)
		return cbor_u64(c, &p->major);
	if (key == 1)
		return cbor_u64(c, &p->minor);
	if (key != 3)
		return true;
	if (!cbor_enter(c, CBOR_ARRAY, &list))
		return false;
	while (cbor_next(c, &list)) {
		struct cdns_parameters *one;

		if (p->count == CDNS_PARAMETERS)
			return false;
		one = &p->parameters[p->count++];
		*one = (struct cdns_parameters){ .ticks_per_second = TICKS_DEFAULT };
		if (!read_map(c, take_parameters, one))
			return false;
	}
	return !c->failed;
}

bool
cdns_preamble_read(struct cursor *c, struct cdns_preamble *ret_preamble)
{
	*ret_preamble = (struct cdns_preamble){ 0 };
	return read_map(c, take_preamble, ret_preamble);
}

/* What reading a block needs at hand. */
struct block_reading {
	struct cdns_block *block;
	const struct cdns_preamble *preamble;
	uint64_t seconds, ticks, parameters;
	bool has_time;
};

static void
array_add(struct cdns_array *array, size_t at)
{
	if (array->count == array->room) {
		array->room = array->room != 0 ? 2 * array->room : 1024;
		array->at = xrealloc_array(array->at, array->room, sizeof *array->at);
	}
	array->at[array->count++] = (uint32_t)at;
}

/* Remembers where the entries of an array begin. */
static bool
read_array(struct block_reading *r, struct cursor *c, enum cdns_table table)
{
	struct cdns_array *array = &r->block->arrays[table];
	struct cbor_list list;

	if (!cbor_enter(c, CBOR_ARRAY, &list))
		return false;
	array->count = 0;
	while (cbor_next(c, &list)) {
		array_add(array, (size_t)(c->at - r->block->octets));
		if (!cbor_skip(c))
			return false;
	}
	return !c->failed;
}

/* BlockPreamble (7.3.2.1): earliest-time and block-parameters-index. */
static bool
take_block_preamble(void *context, struct cursor *c, uint64_t key, bool *ret_taken)
{
	struct block_reading *r = context;
	struct cbor_list list;

	*ret_taken = key <= 1;
	if (key == 1)
		return cbor_u64(c, &r->parameters);
	if (key != 0)
		return true;
	if (!cbor_enter(c, CBOR_ARRAY, &list) || !cbor_next(c, &list) ||
	    !cbor_u64(c, &r->seconds) || !cbor_next(c, &list) || !cbor_u64(c, &r->ticks))
		return false;
	r->has_time = true;
	return !cbor_next(c, &list) && !c->failed;
}

static bool
take_table(void *context, struct cursor *c, uint64_t key, bool *ret_taken)
{
	*ret_taken = key < CDNS_TABLES;
	return key >= CDNS_TABLES || read_array(context, c, (enum cdns_table)key);
}

/* AddressEventCount (7.3.2.6): ae-count, which is 4, or 3 in drafts. */
static bool
take_event(void *context, struct cursor *c, uint64_t key, bool *ret_taken)
{
	uint64_t *events = context;
	uint64_t count = 0;

	if (key != 4)
		return true;
	*ret_taken = true;
	if (!cbor_u64(c, &count))
		return false;
	*events += count < UINT32_MAX ? count : UINT32_MAX;
	return true;
}

static bool
read_events(struct block_reading *r, struct cursor *c)
{
	struct cbor_list list;

	if (!cbor_enter(c, CBOR_ARRAY, &list))
		return false;
	while (cbor_next(c, &list))
		if (!read_map(c, take_event, &r->block->events))
			return false;
	return !c->failed;
}

static bool
take_block(void *context, struct cursor *c, uint64_t key, bool *ret_taken)
{
	struct block_reading *r = context;

	*ret_taken = true;
	switch (key) {
	case 0: return read_map(c, take_block_preamble, r);
	case 2: return read_map(c, take_table, r);
	case 3: return read_array(r, c, CDNS_ITEMS);
	case 4: return read_events(r, c);
	case 5: return read_array(r, c, CDNS_MALFORMED);
	default: /* statistics among them: what we count ourselves */
		*ret_taken = false;
		return true;
	}
}

const char *
cdns_block_read(struct cdns_block *block, const uint8_t *octets, size_t size,
    const struct cdns_preamble *preamble)
{
	struct block_reading r = { .block = block, .preamble = preamble };
	struct cursor c;

	for (size_t i = 0; i < CDNS_ARRAYS; i++)
		block->arrays[i].count = 0;
	block->octets = xrealloc_array(block->octets, size + 1, 1);
	memcpy(block->octets, octets, size);
	block->size = size;
	block->item = block->malformed = 0;
	block->events = 0;
	block->bad_count = block->bad_octets = 0;
	if (block->message == NULL)
		block->message = xmalloc(DNS_MESSAGE_MAX);
	c = cursor_over(block->octets, size);
	if (!read_map(&c, take_block, &r))
		return "a block that is not made as RFC 8618 says";
	if (r.parameters >= preamble->count)
		return "a block of parameters that the file does not have";
	block->parameters = &preamble->parameters[r.parameters];
	if (!r.has_time || r.seconds >= SECONDS_MOST ||
	    r.ticks >= block->parameters->ticks_per_second)
		return "a block without a usable time";
	block->earliest =
	    (nsec_t)r.seconds * NSEC_PER_SEC +
	    (nsec_t)((__uint128_t)r.ticks * NSEC_PER_SEC / block->parameters->ticks_per_second);
	return NULL;
}

bool
cdns_entry(
    const struct cdns_block *block, enum cdns_table table, uint64_t index, struct cursor *ret_entry)
{
	const struct cdns_array *array = &block->arrays[table];

	if (index >= array->count)
		return false;
	*ret_entry = cursor_over(block->octets + array->at[index], block->size - array->at[index]);
	return true;
}

void
cdns_block_release(struct cdns_block *block)
{
	for (size_t i = 0; i < CDNS_ARRAYS; i++)
		free(block->arrays[i].at);
	free(block->octets);
	free(block->message);
	*block = (struct cdns_block){ 0 };
}
