/* SPDX-License-Identifier: ISC */
/* What all kinds of sources share; file.c reads files, live.c listens. */
#include "source/source.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "source/kind.h"

void
chunk_init(struct chunk *chunk)
{
	*chunk = (struct chunk){
		.buffer = xmalloc(CHUNK_SIZE),
		.buffer_size = CHUNK_SIZE,
		.packets = xcalloc(CHUNK_PACKETS, sizeof(struct packet)),
	};
}

void
chunk_release(struct chunk *chunk)
{
	if (chunk == NULL)
		return;
	free(chunk->buffer);
	free(chunk->packets);
	*chunk = (struct chunk){ 0 };
}

enum err
source_read(struct source *source, struct chunk *chunk, struct err_info *info)
{
<<<<<<< HEAD
	chunk->now = 0;
	chunk->losses = (struct source_losses){ 0 };
	return source->kind->read(source, chunk, info);
=======
	chunk->count = 0;
	chunk->now = 0;
	if (source->done)
		return ERR_END;
	while (chunk->count == 0 && read_round(source, chunk))
		;
	if (chunk->count > 0)
		return ERR_OK;
	source->done = true;
	return finish(source, chunk, info);
>>>>>>> 983b349 (pipeline: flow exports: messages decoded in order, records dealt to shards, windows closed by the clock)
}

const struct source_info *
source_info(const struct source *source)
{
	return &source->info;
}

void
source_progress(const struct source *source, char *ret_text, uint64_t *ret_octets)
{
	source->kind->progress(source, ret_text, ret_octets);
}

void
source_close(struct source *source)
{
<<<<<<< HEAD
	if (source != NULL)
		source->kind->close(source);
=======
	size_t left = carry->end - carry->begin;

	if (size <= carry->room - carry->end)
		return;
	if (left > 0)
		memmove(carry->data, carry->data + carry->begin, left);
	carry->begin = 0;
	carry->end = left;
	if (size <= carry->room - left)
		return;
	carry->room = left + size > 2 * carry->room ? left + size : 2 * carry->room;
	carry->data = xrealloc_array(carry->data, carry->room, 1);
}

static void
carry_append(struct carry *carry, const uint8_t *data, size_t size)
{
	if (size == 0)
		return;
	carry_reserve(carry, size);
	memcpy(carry->data + carry->end, data, size);
	carry->end += size;
}

/* Reads what recognising the format takes, or all there is. */
static enum err
read_head(struct source *source, struct err_info *info)
{
	struct carry *carry = &source->carry;

	carry_reserve(carry, TARGET_MIN);
	while (carry->end < CAPTURE_HEAD_SIZE) {
		size_t got = 0;
		enum err e = stream_read(
		    source->stream, carry->data + carry->end, carry->room - carry->end, &got, info);

		if (e != ERR_OK)
			return e;
		if (got == 0)
			break;
		carry->end += got;
	}
	return ERR_OK;
}

static enum err
open_format(struct source *source, struct err_info *info)
{
	static const struct capture_format *const formats[] = { &capture_pcap, &capture_pcapng };
	const uint8_t *head = source->carry.data;
	size_t size = source->carry.end, used = 0;
	const char *refused = capture_refused(head, size);
	enum err e;

	if (size == 0)
		return err_set(info, ERR_FORMAT, "empty, no capture");
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		if (!formats[i]->recognise(head, size))
			continue;
		source->format = formats[i];
		e = formats[i]->open(head, size, &source->state, &used, info);
		source->carry.begin = used;
		source->offset = used;
		return e;
	}
	if (refused != NULL)
		return err_set(info, ERR_UNSUPPORTED, "%s is not read", refused);
	return err_set(info, ERR_FORMAT, "not a capture that yagura knows");
}

/* Up to `size` octets from the stream; 0 when it gives no more, for whatever reason. */
static size_t
pull(struct source *source, uint8_t *data, size_t size)
{
	size_t got = 0;

	if (source->stream_end)
		return 0;
	source->stream_failure = stream_read(source->stream, data, size, &got, &source->stream_why);
	source->stream_end = got == 0;
	return got;
}

/*
 * Reads up to `room` octets behind the `have` in the chunk; returns how many.  A file is read in
 * one go.  From a pipe, one record is enough: waiting for more would keep it back.
 */
static size_t
fill(struct source *source, uint8_t *to, size_t room, size_t have)
{
	size_t done = 0, got;

	if (room == 0 || (have >= source->need && stream_waits(source->stream)))
		return 0;
	do {
		got = pull(source, to + done, room - done);
		done += got;
	} while (got > 0 && have + done < source->need);
	return done;
}

/* Keeps the octets of a chunk from `used` to `have`; the first `taken` of them are still carried.
 */
static void
keep(struct source *source, const struct chunk *chunk, size_t taken, size_t have, size_t used)
{
	struct carry *carry = &source->carry;

	if (used <= taken) {
		carry->begin += used;
		carry_append(carry, chunk->buffer + taken, have - taken);
		return;
	}
	carry->begin = carry->end = 0;
	carry_append(carry, chunk->buffer + used, have - used);
}

static void
note_packets(struct source *source, const struct capture_run *run)
{
	struct source_info *info = &source->info;
	size_t target = run->used / run->count * (run->most - run->most / 32);

	if (info->records == 0 || run->begin < info->begin)
		info->begin = run->begin;
	if (info->records == 0 || run->end > info->end)
		info->end = run->end;
	info->records += run->count;
	source->target = target < TARGET_MIN ? TARGET_MIN : target;
	if (source->target > CHUNK_SIZE)
		source->target = CHUNK_SIZE;
}

/*
 * Fills the chunk once, and takes the packets it holds; there may be none.  False when further
 * rounds cannot give any.
 */
static bool
read_round(struct source *source, struct chunk *chunk)
{
	const size_t want = source->need > source->target ? source->need : source->target;
	const size_t carried = source->carry.end - source->carry.begin;
	const size_t taken = carried < want ? carried : want;
	size_t have = taken;
	struct capture_run run = {
		.offset = source->offset,
		.packets = chunk->packets,
		.most = chunk->most != 0 ? chunk->most : CHUNK_PACKETS,
	};

	if (source->format_failure != NULL)
		return false;
	if (want > chunk->buffer_size) {
		free(chunk->buffer);
		chunk->buffer = xmalloc(want);
		chunk->buffer_size = want;
	}
	if (taken > 0)
		memcpy(chunk->buffer, source->carry.data + source->carry.begin, taken);
	have += fill(source, chunk->buffer + have, want - have, have);

	run.data = chunk->buffer;
	run.size = have;
	source->format->run(source->state, &run);
	chunk->count = run.count;
	source->offset += run.used;
	source->need = run.need;
	source->format_failure = run.failure;
	source->info.octets = stream_octets(source->stream);
	keep(source, chunk, taken, have, run.used);
	if (run.count > 0)
		note_packets(source, &run);
	return run.failure == NULL && (!source->stream_end || have - run.used >= run.need);
}

/* Says what was lost behind the last whole record. */
static enum err
report_damage(const struct source *source, size_t left, struct err_info *info)
{
	const struct source_info *known = &source->info;
	const char *where = *stream_suffix(source->stream) != '\0' ? " (uncompressed)" : "";
	enum err e;

	if (source->format_failure != NULL)
		e = err_set(info, ERR_FORMAT,
		    "%s: offset %" PRIu64 "%s: %s; %" PRIu64 " octets are not read", known->path,
		    known->damaged_offset, where, source->format_failure, known->damaged_octets);
	else if (source->stream_failure != ERR_OK)
		e = err_set(info, source->stream_failure,
		    "%s: offset %" PRIu64 "%s: %s; %" PRIu64 " octets are not read", known->path,
		    known->damaged_offset, where, source->stream_why.text, known->damaged_octets);
	else
		e = err_set(info, ERR_TRUNC,
		    "%s: offset %" PRIu64 "%s: the input ends inside a record, of which it has %zu "
		    "octets and lacks at least %zu",
		    known->path, known->damaged_offset, where, left, source->need - left);
	if (info != NULL)
		info->offset = known->damaged_offset;
	return e;
}

/* After the last packet: reads what cannot be used, and says how it ended. */
static enum err
finish(struct source *source, struct chunk *chunk, struct err_info *info)
{
	struct source_info *known = &source->info;
	const size_t left = source->carry.end - source->carry.begin;
	uint64_t lost = left;
	size_t got;

	while ((got = pull(source, chunk->buffer, chunk->buffer_size)) > 0)
		lost += got;
	/* Behind damaged compression, octets can only be counted as they are stored. */
	lost += stream_drain(source->stream);

	known->octets = stream_octets(source->stream);
	known->interface_drops = source->format->drops(source->state);
	if (stream_whole(source->stream))
		stream_fingerprint(source->stream, known->fingerprint);
	if (source->format_failure == NULL && source->stream_failure == ERR_OK && left == 0)
		return ERR_END;
	known->damaged_offset = source->offset;
	/* The input was not whole, even if all that is there was read. */
	known->damaged_octets = lost > 0 ? lost : 1;
	return report_damage(source, left, info);
>>>>>>> 983b349 (pipeline: flow exports: messages decoded in order, records dealt to shards, windows closed by the clock)
}
