/* SPDX-License-Identifier: ISC */
/*
 * The octets of one input, hashed as stored and uncompressed as delivered.
 *
 * The first octets are read into a buffer of our own, to recognise compression; a plain stream
 * hands those out and from then on reads into the caller's buffer, a compressed one goes on using
 * the buffer as its codec's input.
 */
#include "source/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "source/codec.h"
#include "source/fingerprint.h"

#define RAW_SIZE (64U << 10)

/* What codec_find() wants to see. */
#define HEAD_SIZE 6

struct stream {
	int fd;
	XXH3_state_t *hash;        /* owned */
	uint64_t octets;           /* read and hashed */
	bool waits;                /* a pipe, a terminal, … */
	bool at_end;               /* nothing more is stored (or can be read) */
	bool broken;               /* … because a read failed */
	const struct codec *codec; /* NULL: plain */
	void *codec_state;         /* owned */
	enum err failure;          /* to be reported by the next read */
	struct err_info why;
	uint8_t *raw; /* owned; RAW_SIZE octets as stored */
	size_t raw_at, raw_end;
};

static size_t raw_read(struct stream *stream, uint8_t *data, size_t size);
static void raw_refill(struct stream *stream);
static size_t read_plain(struct stream *stream, uint8_t *data, size_t size);
static size_t read_coded(struct stream *stream, uint8_t *data, size_t size);

enum err
stream_new(int fd, struct stream **ret_stream, struct err_info *info)
{
	struct stream *stream = xcalloc(1, sizeof *stream);
	struct stat status;

	stream->fd = fd;
	stream->waits = fstat(fd, &status) != 0 || !S_ISREG(status.st_mode);
	stream->raw = xmalloc(RAW_SIZE);
	stream->hash = XXH3_createState();
	if (stream->hash == NULL) {
		stream_free(stream);
		return err_set(info, ERR_IO, "out of memory");
	}
	(void)XXH3_128bits_reset(stream->hash);
	/* Only a hint: it fails on pipes. */
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);

	while (stream->raw_end < HEAD_SIZE && !stream->at_end)
		raw_refill(stream);
	if (stream->raw_end == 0 && stream->failure != ERR_OK) {
		enum err failure = stream->failure;

		if (info != NULL)
			*info = stream->why;
		stream_free(stream);
		return failure;
	}
	stream->codec = codec_find(stream->raw, stream->raw_end);
	if (stream->codec != NULL) {
		stream->codec_state = stream->codec->begin();
		if (stream->codec_state == NULL) {
			stream_free(stream);
			return err_set(info, ERR_IO, "out of memory");
		}
	}
	*ret_stream = stream;
	return ERR_OK;
}

void
stream_free(struct stream *stream)
{
	if (stream == NULL)
		return;
	if (stream->codec_state != NULL)
		stream->codec->end(stream->codec_state);
	(void)XXH3_freeState(stream->hash);
	(void)close(stream->fd);
	free(stream->raw);
	free(stream);
}

enum err
stream_read(
    struct stream *stream, uint8_t *data, size_t size, size_t *ret_got, struct err_info *info)
{
	size_t got = 0;

	if (stream->codec == NULL)
		got = read_plain(stream, data, size);
	else if (stream->codec_state != NULL)
		got = read_coded(stream, data, size);
	if (got == 0 && stream->failure != ERR_OK) {
		enum err failure = stream->failure;

		stream->failure = ERR_OK;
		if (info != NULL)
			*info = stream->why;
		return failure;
	}
	*ret_got = got;
	return ERR_OK;
}

uint64_t
stream_drain(struct stream *stream)
{
	uint64_t unseen = stream->raw_end - stream->raw_at;

	stream->raw_at = stream->raw_end = 0;
	while (!stream->at_end) {
		stream->raw_end = 0;
		raw_refill(stream);
		unseen += stream->raw_end;
	}
	stream->raw_end = 0;
	return unseen;
}

bool
stream_waits(const struct stream *stream)
{
	return stream->waits;
}

const char *
stream_suffix(const struct stream *stream)
{
	return stream->codec != NULL ? stream->codec->suffix : "";
}

uint64_t
stream_octets(const struct stream *stream)
{
	return stream->octets;
}

bool
stream_whole(const struct stream *stream)
{
	return stream->at_end && !stream->broken;
}

void
stream_fingerprint(const struct stream *stream, char *ret_text)
{
	fingerprint_text(stream->hash, ret_text);
}

/* One read(2), hashed; 0 at the end, and after an error, which is noted. */
static size_t
raw_read(struct stream *stream, uint8_t *data, size_t size)
{
	ssize_t got;

	if (stream->at_end)
		return 0;
	do
		got = read(stream->fd, data, size);
	while (got < 0 && errno == EINTR);
	if (got <= 0) {
		stream->at_end = true;
		stream->broken = got < 0;
		if (stream->broken)
			stream->failure =
			    err_set(&stream->why, ERR_IO, "cannot be read: %s", strerror(errno));
		return 0;
	}
	(void)XXH3_128bits_update(stream->hash, data, (size_t)got);
	stream->octets += (size_t)got;
	return (size_t)got;
}

/* Adds to `raw` what one read gives. */
static void
raw_refill(struct stream *stream)
{
	stream->raw_end +=
	    raw_read(stream, stream->raw + stream->raw_end, RAW_SIZE - stream->raw_end);
}

static size_t
read_plain(struct stream *stream, uint8_t *data, size_t size)
{
	size_t left = stream->raw_end - stream->raw_at;

	if (left == 0)
		return raw_read(stream, data, size);
	if (left > size)
		left = size;
	memcpy(data, stream->raw + stream->raw_at, left);
	stream->raw_at += left;
	return left;
}

/* Ends the use of a codec that cannot go on. */
static void
break_off(struct stream *stream, enum err failure, const char *reason)
{
	const char *name = stream->codec->name;

	/* A read error is the cause of what the codec then misses. */
	if (stream->failure == ERR_OK && failure != ERR_OK) {
		stream->failure = err_set(&stream->why, failure, "the %s stream %s%s", name,
		    failure == ERR_TRUNC ? "ends early" : "is damaged: ",
		    failure == ERR_TRUNC ? "" : reason);
	}
	stream->codec->end(stream->codec_state);
	stream->codec_state = NULL;
}

static size_t
read_coded(struct stream *stream, uint8_t *data, size_t size)
{
	struct codec_step step = { .out_size = size };

	step.out = data;
	while (step.out_size > 0) {
		size_t in_before, out_before = step.out_size;

		if (stream->raw_at == stream->raw_end && !stream->at_end) {
			if (stream->waits && step.out_size < size)
				break;
			stream->raw_at = stream->raw_end = 0;
			raw_refill(stream);
		}
		in_before = stream->raw_end - stream->raw_at;
		step.in = stream->raw + stream->raw_at;
		step.in_size = in_before;
		step.last = stream->at_end;
		if (!stream->codec->run(stream->codec_state, &step)) {
			stream->raw_at = stream->raw_end - step.in_size;
			break_off(stream, ERR_FORMAT, step.reason);
			break;
		}
		stream->raw_at = stream->raw_end - step.in_size;
		if (step.in_size < in_before || step.out_size < out_before)
			continue;
		if (stream->codec->complete(stream->codec_state))
			break_off(stream, ERR_OK, NULL);
		else if (step.in_size == 0)
			break_off(stream, ERR_TRUNC, NULL);
		else
			break_off(stream, ERR_FORMAT, "it makes no progress");
		break;
	}
	return size - step.out_size;
}
