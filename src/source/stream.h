/* SPDX-License-Identifier: ISC */
/*
 * A stream: the octets of one file, pipe or compressed file, in order, hashed as they are read.
 *
 * gzip, zstd and xz are recognised by content and undone on the way; the fingerprint is always over
 * the octets as stored.  A plain file costs nothing extra: read(2) puts its octets straight into
 * the caller's buffer.
 *
 * A stream that breaks (read error, damaged or cut compression) first delivers everything before
 * the break, then its error, then the end.
 */
#ifndef YAGURA_SOURCE_STREAM_H
#define YAGURA_SOURCE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct stream;

/* Reads the first octets of `fd`, which the stream then owns (also after a failure). */
MUST_CHECK enum err stream_new(int fd, struct stream **ret_stream, struct err_info *info);
void stream_free(struct stream *stream);

/*
 * Up to `size` (> 0) further octets, uncompressed; `*ret_got` is 0 at the end.  What comes from a
 * pipe is given as it comes.  Errors: ERR_IO, ERR_TRUNC and ERR_FORMAT (the compressed stream);
 * each is reported once, and the text does not name the file.
 */
MUST_CHECK enum err stream_read(
    struct stream *stream, uint8_t *data, size_t size, size_t *ret_got, struct err_info *info);

/* Reads the stored octets that are left without undoing them, for the fingerprint; returns how many
 * there were that no reader has seen. */
uint64_t stream_drain(struct stream *stream);

/* True when a read may have to wait for somebody to write: not a regular file. */
bool stream_waits(const struct stream *stream);

/* ".gz", ".zst", ".xz", or "" for a plain stream. */
const char *stream_suffix(const struct stream *stream);

/* Octets read so far as stored, and whether that is all: the end was reached without an error. */
uint64_t stream_octets(const struct stream *stream);
bool stream_whole(const struct stream *stream);

/* XXH3-128 of the octets read so far, in hex: 32 characters and a NUL. */
void stream_fingerprint(const struct stream *stream, char *ret_text);

#endif
