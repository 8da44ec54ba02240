/* SPDX-License-Identifier: ISC */
/*
 * A capture format: how records lie in the uncompressed octets.
 *
 * source.c owns the buffers and the reading.  A format only looks at one run of octets at a time:
 * it takes the whole records at its beginning, and says how much it used and how much the next
 * record needs.  Formats keep what outlives a run (byte order, interfaces) in their own state.
 */
#ifndef YAGURA_SOURCE_CAPTURE_H
#define YAGURA_SOURCE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/err.h"
#include "obs/drop.h"
#include "obs/packet.h"
#include "source/source.h"

/* What source.c reads before a format's open() is asked; a shorter input is all there is. */
#define CAPTURE_HEAD_SIZE 28

/* Octets of room for formats that make their packets' data. */
#define CAPTURE_ROOM (640U << 10)

/* One run over octets that lie in memory. */
struct capture_run {
	const uint8_t *data; /* borrowed */
	size_t size;
	uint64_t offset;        /* of data[0] in the uncompressed input */
	struct packet *packets; /* room for `most` */
	size_t most;
	bool last;                            /* no octets come after these */
	struct drop_counters *drops;          /* for what cannot be used: of the chunk */
	const struct source_reading *reading; /* borrowed: how what logs leave out is read */
	uint8_t
	    *room; /* formats that make octets (`makes`): where, at least CAPTURE_ROOM of them */
	size_t room_size;

	/* Results; zero before the run. */
	size_t room_used;
	size_t count;        /* packets filled */
	size_t used;         /* octets of whole records at the beginning */
	size_t need;         /* octets from there that the next record takes, as far as is known */
	nsec_t begin, end;   /* earliest and latest packet time, when count > 0 */
	const char *failure; /* why the octets after `used` are no record; NULL when they may be */
};

/* Octets of a run. */
struct capture_slice {
	size_t begin, size;
};

/* What a format passed over without an end of reading: frames, lines, blocks that it cannot use. */
struct capture_damage {
	uint64_t count, octets;
	uint64_t offset, line; /* of the first; line is 0 where there are none */
	const char *why;       /* the first was */
};

/* Adds `more`; of its place and reason only those of the first are kept. */
static inline void
capture_pass_over(struct capture_damage *damage, const struct capture_damage *more)
{
	if (damage->count == 0) {
		damage->offset = more->offset;
		damage->line = more->line;
		damage->why = more->why;
	}
	damage->count += more->count;
	damage->octets += more->octets;
}

struct capture_format {
	const char *name;
	/* True when `head` begins a capture of this format, also one that open() then refuses. */
	bool (*recognise)(const uint8_t *head, size_t size);
	/*
	 * Reads the file header at the beginning of `head` and says how much of it is used up.
	 * Fails with ERR_TRUNC, ERR_FORMAT or ERR_UNSUPPORTED; the text does not name the file.
	 * NULL: there is no header, and the state is `state_size` octets of zeros.
	 */
	enum err (*open)(const uint8_t *head, size_t size, void **ret_state, size_t *ret_used,
	    struct err_info *info);
	size_t state_size;
	void (*run)(void *state, struct capture_run *run);
	/* Packets that the capturing machine says it lost; NULL: nobody says. */
	uint64_t (*drops)(const void *state);
	/* NULL: the state is freed. */
	void (*close)(void *state);
	/* Formats that pass over what they cannot use: the state begins with a struct
	 * capture_damage, and these end the sentence "… not read" for one and for several. */
	const char *passed_one, *passed_many;
	bool exports; /* packets are export messages or text: LINK_EXPORT_… */
	bool makes;   /* packets' data are made by run(), in the room it is given */
};

extern const struct capture_format capture_pcap;
extern const struct capture_format capture_pcapng;
extern const struct capture_format capture_ipfix;
extern const struct capture_format capture_netflow5;
extern const struct capture_format capture_flow_table;
extern const struct capture_format capture_dnstap;
extern const struct capture_format capture_cdns;
extern const struct capture_format capture_query_log;
extern const struct capture_format capture_web_log;
extern const struct capture_format capture_auth_log;
extern const struct capture_format capture_cowrie;
extern const struct capture_format capture_suricata_eve;
extern const struct capture_format capture_tpot_table;
extern const struct capture_format capture_sensor_log;

/* The name of a known format that yagura does not read, or NULL. */
const char *capture_refused(const uint8_t *head, size_t size);

/* Loads in the byte order of the capture. */
static inline uint32_t
capture_u32(const uint8_t *p, bool swapped)
{
	uint32_t v = le32(p);

	return swapped ? __builtin_bswap32(v) : v;
}

static inline uint16_t
capture_u16(const uint8_t *p, bool swapped)
{
	uint16_t v = le16(p);

	return swapped ? __builtin_bswap16(v) : v;
}

/* Adds a packet to a run that has room. */
static inline void
capture_add(struct capture_run *run, const struct packet *packet)
{
	struct packet *to = &run->packets[run->count];

	to->time = packet->time;
	to->data = packet->data;
	to->input_offset = packet->input_offset;
	to->captured_size = packet->captured_size;
	to->frame_size = packet->frame_size;
	to->link_type = packet->link_type;
	if (run->count == 0)
		run->begin = run->end = packet->time;
	run->begin = packet->time < run->begin ? packet->time : run->begin;
	run->end = packet->time > run->end ? packet->time : run->end;
	run->count++;
}

/* Adds an export message or lines of text, of a file: it has templates of its own. */
static inline void
capture_add_export(
    struct capture_run *run, const struct capture_slice *slice, nsec_t time, uint16_t link_type)
{
	struct packet *to = &run->packets[run->count];

	capture_add(run, &(struct packet){
			     .time = time,
			     .data = run->data + slice->begin,
			     .input_offset = run->offset + slice->begin,
			     .captured_size = (uint32_t)slice->size,
			     .frame_size = (uint32_t)slice->size,
			     .link_type = link_type,
			 });
	to->source = (struct address){ .words = { 0, 0 } };
	to->source_port = 0;
	to->destination_port = 0;
	to->fragment_id = 1;
}

#endif
