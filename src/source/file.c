/* SPDX-License-Identifier: ISC */
/*
 * One file as packets: a stream's octets, cut into records by a capture format, in chunks.
 *
 * A chunk rarely ends where a record does, and its packets rarely fill it exactly.  What is left
 * over is kept in the source (`carry`) and copied to the front of the next chunk, because a chunk's
 * buffer belongs to whoever works on the packets.  To keep leftovers small, each read asks for
 * about as many octets as CHUNK_PACKETS packets took last time.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "source/capture.h"
#include "source/kind.h"
#include "source/stream.h"

/* The first read, and the least later ones ask for: files of a few packets stay cheap. */
#define TARGET_MIN (64U << 10)
/* Formats of text are told by their first line, of up to so many octets. */
#define FIRST_LINE_MAX 4096

/* Octets read from the stream and not used yet. */
struct carry {
	uint8_t *data; /* owned */
	size_t room;
	size_t begin, end;
};

struct source_file {
	struct source base;
	char *path;            /* owned */
	char *kind;            /* owned */
	struct stream *stream; /* owned */
	const struct capture_format *format;
	struct source_reading reading;
	void *state; /* owned: the format's */
	struct carry carry;
	uint64_t offset; /* of the first octet not used, in the uncompressed input */
	size_t target;   /* octets that about CHUNK_PACKETS packets take */
	size_t need;     /* octets that the next record takes */
	bool stream_end;
	bool done;
	enum err stream_failure; /* why the stream ended, when not at its end */
	struct err_info stream_why;
	const char *format_failure;
};

static enum err read_file(struct source *base, struct chunk *chunk, struct err_info *info);
static void progress_of_file(const struct source *base, char *ret_text, uint64_t *ret_octets);
static void close_file(struct source *base);
static enum err read_head(struct source_file *source, struct err_info *info);
static enum err open_format(struct source_file *source, struct err_info *info);
static bool read_round(struct source_file *source, struct chunk *chunk);
static enum err finish(struct source_file *source, struct chunk *chunk, struct err_info *info);

static const struct source_kind FILE_KIND = {
	.read = read_file,
	.progress = progress_of_file,
	.close = close_file,
};

enum err
source_open(const char *path, struct source **ret_source, struct err_info *info)
{
	return source_open_reading(path, &(struct source_reading){ 0 }, ret_source, info);
}

enum err
source_open_reading(const char *path, const struct source_reading *reading,
    struct source **ret_source, struct err_info *info)
{
	int fd;

	if (strcmp(path, "-") == 0)
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_set(info, ERR_IO, "%s: cannot be opened: %s", path, strerror(errno));
	return source_open_fd_reading(fd, path, reading, ret_source, info);
}

enum err
source_open_fd(int fd, const char *path, struct source **ret_source, struct err_info *info)
{
	return source_open_fd_reading(fd, path, &(struct source_reading){ 0 }, ret_source, info);
}

/* When a regular file was modified; 0 for what has no such time. */
static int64_t
modification_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? status.st_mtim.tv_sec : 0;
}

enum err
source_open_fd_reading(int fd, const char *path, const struct source_reading *reading,
    struct source **ret_source, struct err_info *info)
{
	struct source_file *source = xcalloc(1, sizeof *source);
	struct err_info why = { 0 };
	enum err e;

	source->base.kind = &FILE_KIND;
	source->path = xstrdup(path);
	source->target = TARGET_MIN;
	source->need = 1;
	source->reading = *reading;
	source->reading.modified = modification_of(fd);
	e = stream_new(fd, &source->stream, &why);
	if (e == ERR_OK)
		e = read_head(source, &why);
	if (e == ERR_OK)
		e = open_format(source, &why);
	if (e != ERR_OK) {
		source_close(&source->base);
		return err_set(info, e, "%s: %s", path, why.text);
	}
	source->kind = xasprintf("%s%s", source->format->name, stream_suffix(source->stream));
	source->base.info.exports = source->format->exports;
	source->base.info.path = source->path;
	source->base.info.kind = source->kind;
	*ret_source = &source->base;
	return ERR_OK;
}

static void
close_file(struct source *base)
{
	struct source_file *source = (struct source_file *)base;

	if (source->state != NULL && source->format->close != NULL)
		source->format->close(source->state);
	else
		free(source->state);
	stream_free(source->stream);
	free(source->carry.data);
	free(source->path);
	free(source->kind);
	free(source);
}

static enum err
read_file(struct source *base, struct chunk *chunk, struct err_info *info)
{
	struct source_file *source = (struct source_file *)base;

	chunk->count = 0;
	if (source->done)
		return ERR_END;
	while (chunk->count == 0 && read_round(source, chunk))
		;
	if (chunk->count > 0)
		return ERR_OK;
	source->done = true;
	return finish(source, chunk, info);
}

static void
progress_of_file(const struct source *base, char *ret_text, uint64_t *ret_octets)
{
	const struct source_file *source = (const struct source_file *)base;

	stream_fingerprint(source->stream, ret_text);
	*ret_octets = stream_octets(source->stream);
}

/* Makes room for `size` octets after those that are carried. */
static void
carry_reserve(struct carry *carry, size_t size)
{
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

/* Whether the octets are text whose first line is not whole yet. */
static bool
is_line_begun(const struct carry *carry)
{
	for (size_t i = carry->begin; i < carry->end; i++)
		if (carry->data[i] == '\n' || (carry->data[i] < ' ' && carry->data[i] != '\t') ||
		    carry->data[i] > '~')
			return false;
	return carry->end < FIRST_LINE_MAX;
}

/* Reads what recognising the format takes, or all there is. */
static enum err
read_head(struct source_file *source, struct err_info *info)
{
	struct carry *carry = &source->carry;

	carry_reserve(carry, TARGET_MIN);
	while (carry->end < CAPTURE_HEAD_SIZE || is_line_begun(carry)) {
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
open_state(struct source_file *source, size_t *ret_used, struct err_info *info)
{
	const struct capture_format *format = source->format;

	if (format->open != NULL)
		return format->open(
		    source->carry.data, source->carry.end, &source->state, ret_used, info);
	if (format->state_size != 0)
		source->state = xcalloc(1, format->state_size);
	return ERR_OK;
}

static enum err
open_format(struct source_file *source, struct err_info *info)
{
	static const struct capture_format *const formats[] = { &capture_pcap, &capture_pcapng,
		&capture_ipfix, &capture_netflow5, &capture_flow_table, &capture_dnstap,
		&capture_cdns, &capture_query_log, &capture_sensor_log, &capture_cowrie,
		&capture_suricata_eve, &capture_tpot_table, &capture_web_log, &capture_auth_log };
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
		e = open_state(source, &used, info);
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
pull(struct source_file *source, uint8_t *data, size_t size)
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
fill(struct source_file *source, uint8_t *to, size_t room, size_t have)
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
keep(struct source_file *source, const struct chunk *chunk, size_t taken, size_t have, size_t used)
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
note_packets(struct source_file *source, const struct capture_run *run)
{
	struct source_info *info = &source->base.info;
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
read_round(struct source_file *source, struct chunk *chunk)
{
	const size_t want = source->need > source->target ? source->need : source->target;
	const size_t carried = source->carry.end - source->carry.begin;
	const size_t taken = carried < want ? carried : want;
	size_t have = taken;
	struct capture_run run = {
		.offset = source->offset,
		.packets = chunk->packets,
		.most = chunk->most != 0 ? chunk->most : CHUNK_PACKETS,
		.drops = &chunk->drops,
		.reading = &source->reading,
		.room_size = source->format->makes ? CAPTURE_ROOM : 0,
	};

	if (source->format_failure != NULL)
		return false;
	if (want + run.room_size > chunk->buffer_size) {
		free(chunk->buffer);
		chunk->buffer = xmalloc(want + run.room_size);
		chunk->buffer_size = want + run.room_size;
	}
	run.room = chunk->buffer + want;
	if (taken > 0)
		memcpy(chunk->buffer, source->carry.data + source->carry.begin, taken);
	have += fill(source, chunk->buffer + have, want - have, have);

	run.last = source->stream_end && taken == carried;
	run.data = chunk->buffer;
	run.size = have;
	source->format->run(source->state, &run);
	chunk->count = run.count;
	source->offset += run.used;
	source->need = run.need;
	source->format_failure = run.failure;
	source->base.info.octets = stream_octets(source->stream);
	keep(source, chunk, taken, have, run.used);
	if (run.count > 0)
		note_packets(source, &run);
	return run.failure == NULL &&
	       (!source->stream_end || source->carry.end - source->carry.begin >= run.need);
}

/* Says what was lost behind the last whole record. */
static enum err
report_damage(const struct source_file *source, size_t left, struct err_info *info)
{
	const struct source_info *known = &source->base.info;
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

/* What a format that goes on after damage passed over; ERR_END when nothing. */
static enum err
report_passed_over(struct source_file *source, struct err_info *info)
{
	struct source_info *known = &source->base.info;
	const struct capture_damage *damage = source->state;

	if (source->format->passed_one == NULL || damage->octets == 0)
		return ERR_END;
	known->damaged_offset = damage->offset;
	known->damaged_octets = damage->octets;
	if (info != NULL)
		info->offset = damage->offset;
	return err_set(info, ERR_FORMAT, "%s: %s %" PRIu64 ": %s; %" PRIu64 " %s not read",
	    known->path, damage->line != 0 ? "line" : "offset",
	    damage->line != 0 ? damage->line : damage->offset, damage->why, damage->count,
	    damage->count == 1 ? source->format->passed_one : source->format->passed_many);
}

/* After the last packet: reads what cannot be used, and says how it ended. */
static enum err
finish(struct source_file *source, struct chunk *chunk, struct err_info *info)
{
	struct source_info *known = &source->base.info;
	const size_t left = source->carry.end - source->carry.begin;
	uint64_t lost = left;
	size_t got;

	while ((got = pull(source, chunk->buffer, chunk->buffer_size)) > 0)
		lost += got;
	/* Behind damaged compression, octets can only be counted as they are stored. */
	lost += stream_drain(source->stream);

	known->octets = stream_octets(source->stream);
	if (source->format->drops != NULL)
		known->interface_drops = source->format->drops(source->state);
	if (stream_whole(source->stream))
		stream_fingerprint(source->stream, known->fingerprint);
	if (source->format_failure == NULL && source->stream_failure == ERR_OK && left == 0)
		return report_passed_over(source, info);
	known->damaged_offset = source->offset;
	/* The input was not whole, even if all that is there was read. */
	known->damaged_octets = lost > 0 ? lost : 1;
	return report_damage(source, left, info);
}
