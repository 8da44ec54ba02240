/* SPDX-License-Identifier: ISC */
/*
 * The pcapng format (draft-ietf-opsawg-pcapng).
 *
 * Everything is a block:
 *
 *	0  type   4  total length   8  body …   total length again
 *
 * A section header block (SHB) sets the byte order and forgets the interfaces; an interface
 * description block (IDB) adds one, with its own link type and time unit; packets refer to them by
 * number.  Blocks of other types are passed over.  Section lengths are not used: they only help
 * readers that seek.
 *
 * Simple packets (SPB) carry no time: they get that of the packet before them, 0 for the first.
 */
#include <stdlib.h>

#include "base/cursor.h"
#include "base/xmalloc.h"
#include "source/capture.h"

enum block_type {
	BLOCK_IDB = 1,
	BLOCK_PB = 2, /* obsolete */
	BLOCK_SPB = 3,
	BLOCK_ISB = 5,
	BLOCK_EPB = 6,
	BLOCK_SHB = 0x0a0d0d0a, /* reads the same in both byte orders */
};

enum option_code {
	OPTION_END = 0,
	OPTION_ISB_IFDROP = 5,
	OPTION_ISB_OSDROP = 7,
	OPTION_IF_TSRESOL = 9,
	OPTION_IF_TSOFFSET = 14,
};

/* Nanoseconds before they are known to fit. */
__extension__ typedef __int128 nsec_wide;

#define BYTE_ORDER_MAGIC 0x1a2b3c4d

/* Sizes of the fixed parts: type, length and trailing length included. */
#define BLOCK_MIN 12
#define SHB_MIN   28
#define IDB_MIN   20
#define SPB_MIN   16
#define EPB_MIN   32
#define ISB_MIN   24

/* A section with more interfaces is taken as damage. */
#define INTERFACE_MAX 65536

struct interface {
	uint16_t link_type;
	uint8_t resolution; /* if_tsresol; 6 when the option is absent */
	uint32_t snaplen;
	int64_t ts_offset; /* seconds */
	/* The quick way to nanoseconds, for times below `quick_end`: units × scale + shift. */
	uint64_t quick_end;
	uint32_t scale;
	nsec_t shift;
	uint64_t drops; /* ISB counters run from the beginning of the capture: the last one */
};

struct pcapng {
	bool swapped;
	struct interface *interfaces; /* owned */
	size_t interface_count, interface_room;
	nsec_t last_time;
	uint64_t drops; /* of sections that ended */
};

/* One block: its whole octets, and where they come from. */
struct block {
	const uint8_t *data;
	uint32_t size; /* total length */
	uint32_t type;
	uint64_t offset;
};

static void pcapng_run(void *state, struct capture_run *run);

static bool
pcapng_recognise(const uint8_t *head, size_t size)
{
	return size >= 4 && le32(head) == BLOCK_SHB;
}

/* Reads the byte order of a section; false when it is neither. */
static bool
section_order(const uint8_t *block, bool *ret_swapped)
{
	uint32_t magic = le32(block + 8);

	if (magic != BYTE_ORDER_MAGIC && magic != __builtin_bswap32(BYTE_ORDER_MAGIC))
		return false;
	*ret_swapped = magic != BYTE_ORDER_MAGIC;
	return true;
}

static enum err
pcapng_open(
    const uint8_t *head, size_t size, void **ret_state, size_t *ret_used, struct err_info *info)
{
	struct pcapng *ng;
	unsigned major, minor;
	bool swapped;

	if (size < SHB_MIN)
		return err_set(
		    info, ERR_TRUNC, "the file ends inside its pcapng header (%zu octets)", size);
	if (!section_order(head, &swapped))
		return err_set(info, ERR_FORMAT, "pcapng without its byte-order magic");
	major = capture_u16(head + 12, swapped);
	minor = capture_u16(head + 14, swapped);
	if (major != 1 || (minor != 0 && minor != 2))
		return err_set(
		    info, ERR_UNSUPPORTED, "pcapng version %u.%u is not read", major, minor);
	ng = xcalloc(1, sizeof *ng);
	ng->swapped = swapped;
	*ret_state = ng;
	*ret_used = 0;
	return ERR_OK;
}

/*
 * Time of a packet, in the general case: any resolution, offset, and a result that is out of range
 * is held at the range's end.  128 bits hold every product: a unit count is below 2^64, the factor
 * below 2^30.
 */
static nsec_t
time_general(const struct interface *interface, uint64_t units)
{
	unsigned power = interface->resolution & 0x7f;
	nsec_wide time = (nsec_wide)units * NSEC_PER_SEC;

	if ((interface->resolution & 0x80) != 0) {
		time >>= power;
	} else {
		for (unsigned i = 0; i < power && time != 0; i++)
			time /= 10;
	}
	time += (nsec_wide)interface->ts_offset * NSEC_PER_SEC;
	if (time > INT64_MAX)
		return INT64_MAX;
	if (time < INT64_MIN)
		return INT64_MIN;
	return (nsec_t)time;
}

static inline nsec_t
packet_time(const struct interface *interface, uint64_t units)
{
	if (units < interface->quick_end)
		return (nsec_t)(units * interface->scale) + interface->shift;
	return time_general(interface, units);
}

/* One option of a block, its padding passed over; false at the end or when it does not fit. */
static bool
next_option(struct cursor *c, bool swapped, uint16_t *ret_code, struct cursor *ret_value)
{
	const uint8_t *head;
	uint16_t size;

	/* A list that ends with its block needs no end-of-options mark. */
	if (cursor_left(c) == 0)
		return false;
	head = cursor_take(c, 4);
	if (head == NULL || capture_u16(head, swapped) == OPTION_END)
		return false;
	size = capture_u16(head + 2, swapped);
	*ret_code = capture_u16(head, swapped);
	*ret_value = cursor_sub(c, size);
	if (!c->failed)
		(void)cursor_skip(c, -size & 3U);
	return !c->failed;
}

static uint64_t
value_u64(const struct cursor *value, bool swapped)
{
	uint64_t v = le64(value->at);

	return swapped ? __builtin_bswap64(v) : v;
}

static struct cursor
options_of(const struct block *block, size_t from)
{
	return cursor_over(block->data + from, block->size - 4 - from);
}

/* What makes a block unusable is returned as text by all of the following; NULL when all is well.
 */

static const char *
read_section(struct pcapng *ng, const struct block *block)
{
	unsigned major, minor;

	if (block->size < SHB_MIN)
		return "a section header that is too short";
	major = capture_u16(block->data + 12, ng->swapped);
	minor = capture_u16(block->data + 14, ng->swapped);
	if (major != 1 || (minor != 0 && minor != 2))
		return "a section of a version that is not read";
	for (size_t i = 0; i < ng->interface_count; i++)
		ng->drops += ng->interfaces[i].drops;
	ng->interface_count = 0;
	return NULL;
}

/*
 * Lets one multiplication convert the times that are usual: units of a nanosecond or a power of ten
 * of it, 2^32 seconds at most, and an offset below that, so that the sum fits.
 */
static void
set_quick_way(struct interface *interface)
{
	static const uint32_t powers[] = { 1000000000, 100000000, 10000000, 1000000, 100000, 10000,
		1000, 100, 10, 1 };
	const int64_t limit = (int64_t)1 << 32;

	interface->quick_end = 0;
	if (interface->resolution >= sizeof powers / sizeof powers[0] ||
	    interface->ts_offset > limit || interface->ts_offset < -limit)
		return;
	interface->scale = powers[interface->resolution];
	interface->shift = interface->ts_offset * NSEC_PER_SEC;
	interface->quick_end = (uint64_t)(limit * NSEC_PER_SEC) / interface->scale;
}

static const char *
read_interface_options(struct interface *interface, const struct block *block, bool swapped)
{
	struct cursor c = options_of(block, IDB_MIN - 4), value;
	uint16_t code;

	while (next_option(&c, swapped, &code, &value)) {
		if (code == OPTION_IF_TSRESOL) {
			if (cursor_left(&value) != 1)
				return "an interface with a malformed time resolution";
			interface->resolution = *value.at;
		} else if (code == OPTION_IF_TSOFFSET) {
			if (cursor_left(&value) != 8)
				return "an interface with a malformed time offset";
			interface->ts_offset = (int64_t)value_u64(&value, swapped);
		}
	}
	return c.failed ? "an interface with an option that overruns its block" : NULL;
}

static const char *
read_interface(struct pcapng *ng, const struct block *block)
{
	struct interface interface = { .resolution = 6 };
	const char *failure;

	if (block->size < IDB_MIN)
		return "an interface description that is too short";
	if (ng->interface_count == INTERFACE_MAX)
		return "more than 65536 interfaces in a section";
	interface.link_type = capture_u16(block->data + 8, ng->swapped);
	interface.snaplen = capture_u32(block->data + 12, ng->swapped);
	failure = read_interface_options(&interface, block, ng->swapped);
	if (failure != NULL)
		return failure;
	set_quick_way(&interface);
	if (ng->interface_count == ng->interface_room) {
		ng->interface_room = ng->interface_room == 0 ? 4 : 2 * ng->interface_room;
		ng->interfaces =
		    xrealloc_array(ng->interfaces, ng->interface_room, sizeof ng->interfaces[0]);
	}
	ng->interfaces[ng->interface_count++] = interface;
	return NULL;
}

static const char *
read_statistics(struct pcapng *ng, const struct block *block)
{
	struct cursor c, value;
	uint64_t drops = 0;
	uint32_t id;
	uint16_t code;
	bool found = false;

	if (block->size < ISB_MIN)
		return "interface statistics that are too short";
	id = capture_u32(block->data + 8, ng->swapped);
	if (id >= ng->interface_count)
		return "statistics of an interface that was not described";
	c = options_of(block, ISB_MIN - 4);
	while (next_option(&c, ng->swapped, &code, &value)) {
		if (code != OPTION_ISB_IFDROP && code != OPTION_ISB_OSDROP)
			continue;
		if (cursor_left(&value) != 8)
			return "interface statistics with a malformed counter";
		/* All ones is how some writers say "unknown". */
		if (value_u64(&value, ng->swapped) == UINT64_MAX)
			continue;
		drops += value_u64(&value, ng->swapped);
		found = true;
	}
	if (c.failed)
		return "interface statistics with an option that overruns its block";
	if (found)
		ng->interfaces[id].drops = drops;
	return NULL;
}

static void
add_packet(struct pcapng *ng, const struct interface *interface, struct capture_run *run,
    struct packet *packet)
{
	packet->link_type = interface->link_type;
	/* A frame was at least what was kept of it, whatever the writer says. */
	if (packet->frame_size < packet->captured_size)
		packet->frame_size = packet->captured_size;
	ng->last_time = packet->time;
	capture_add(run, packet);
}

/*
 * Enhanced packets, and the obsolete packet block, which differs in its first word alone:
 *
 *	 8  interface id, 32 bits; obsolete: 16 bits, and a drop count of 16 bits
 *	12  time, upper 32 bits   16  lower 32 bits
 *	20  captured length   24  original length   28  captured octets, padding, options
 */
static inline const char *
read_packet(struct pcapng *ng, const struct block *block, struct capture_run *run)
{
	const uint8_t *b = block->data;
	const bool swapped = ng->swapped;
	const struct interface *interface;
	uint32_t id, captured;
	uint64_t units;

	if (block->size < EPB_MIN)
		return "a packet block that is too short";
	id = block->type == BLOCK_EPB ? capture_u32(b + 8, swapped) : capture_u16(b + 8, swapped);
	if (id >= ng->interface_count)
		return "a packet of an interface that was not described";
	captured = capture_u32(b + 20, swapped);
	if (captured > block->size - EPB_MIN)
		return "a captured length that overruns its block";
	interface = &ng->interfaces[id];
	units = (uint64_t)capture_u32(b + 12, swapped) << 32 | capture_u32(b + 16, swapped);
	add_packet(ng, interface, run,
	    &(struct packet){
		.time = packet_time(interface, units),
		.data = b + 28,
		.input_offset = block->offset,
		.captured_size = captured,
		.frame_size = capture_u32(b + 24, swapped),
	    });
	return NULL;
}

/* Simple packets are of the first interface; the shortest of three lengths was captured. */
static const char *
read_simple_packet(struct pcapng *ng, const struct block *block, struct capture_run *run)
{
	const struct interface *interface = ng->interfaces;
	uint32_t original, captured = block->size - SPB_MIN;

	if (block->size < SPB_MIN)
		return "a simple packet block that is too short";
	if (ng->interface_count == 0)
		return "a packet of an interface that was not described";
	original = capture_u32(block->data + 8, ng->swapped);
	if (interface->snaplen != 0 && captured > interface->snaplen)
		captured = interface->snaplen;
	if (captured > original)
		captured = original;
	add_packet(ng, interface, run,
	    &(struct packet){
		.time = ng->last_time,
		.data = block->data + 12,
		.input_offset = block->offset,
		.captured_size = captured,
		.frame_size = original,
	    });
	return NULL;
}

/* Everything that is not the hot enhanced packet. */
static const char *
read_block(struct pcapng *ng, const struct block *block, struct capture_run *run)
{
	switch (block->type) {
	case BLOCK_EPB:
	case BLOCK_PB: return read_packet(ng, block, run);
	case BLOCK_SPB: return read_simple_packet(ng, block, run);
	case BLOCK_IDB: return read_interface(ng, block);
	case BLOCK_ISB: return read_statistics(ng, block);
	case BLOCK_SHB: return read_section(ng, block);
	default: return NULL;
	}
}

/*
 * Finds the block at `at`: false when it is not there whole (run->need) or not a block
 * (run->failure).
 */
static inline bool
find_block(struct pcapng *ng, struct capture_run *run, size_t at, struct block *ret_block)
{
	const uint8_t *b = run->data + at;
	size_t left = run->size - at, whole;
	uint32_t type, size;

	run->need = BLOCK_MIN;
	if (left < BLOCK_MIN)
		return false;
	type = capture_u32(b, ng->swapped);
	if (type == BLOCK_SHB && !section_order(b, &ng->swapped)) {
		run->failure = "a section header without its byte-order magic";
		return false;
	}
	size = capture_u32(b + 4, ng->swapped);
	if (size < BLOCK_MIN || size > SOURCE_RECORD_MAX) {
		run->failure =
		    size < BLOCK_MIN ? "a block length below 12" : "a block length above 16 MiB";
		return false;
	}
	/* Some writers leave the padding out of the length. */
	whole = ((size_t)size + 3) & ~(size_t)3;
	run->need = whole;
	if (left < whole)
		return false;
	if (capture_u32(b + whole - 4, ng->swapped) != size) {
		run->failure = "a block whose two lengths differ";
		return false;
	}
	*ret_block = (struct block){
		.data = b,
		.size = (uint32_t)whole,
		.type = type,
		.offset = run->offset + at,
	};
	return true;
}

static void
pcapng_run(void *state, struct capture_run *run)
{
	struct pcapng *ng = state;
	struct block block;
	size_t at = 0;

	run->need = BLOCK_MIN;
	while (run->count < run->most && find_block(ng, run, at, &block)) {
		run->failure = read_block(ng, &block, run);
		if (run->failure != NULL)
			break;
		at += block.size;
	}
	if (run->count == run->most)
		run->need = BLOCK_MIN;
	run->used = at;
}

static uint64_t
pcapng_drops(const void *state)
{
	const struct pcapng *ng = state;
	uint64_t drops = ng->drops;

	for (size_t i = 0; i < ng->interface_count; i++)
		drops += ng->interfaces[i].drops;
	return drops;
}

static void
pcapng_close(void *state)
{
	struct pcapng *ng = state;

	free(ng->interfaces);
	free(ng);
}

const struct capture_format capture_pcapng = {
	.name = "pcapng",
	.recognise = pcapng_recognise,
	.open = pcapng_open,
	.run = pcapng_run,
	.drops = pcapng_drops,
	.close = pcapng_close,
};
