/* SPDX-License-Identifier: ISC */
/*
 * Reads an input twice, as a file and as a pipe, and holds both to the contract of source.h.
 */
#ifndef YAGURA_TESTS_FUZZ_SOURCE_FUZZ_H
#define YAGURA_TESTS_FUZZ_SOURCE_FUZZ_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "obs/observed.h"
#include "source/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a pipe holds without a reader. */
#define FUZZ_SIZE_MAX 65536

/* What must not depend on how the octets arrive. */
struct fuzz_result {
	enum err end;
	uint64_t records, damaged_offset, damaged_octets, octets, drops, sum;
	nsec_t begin, end_time;
};

#define FUZZ_CHECK(condition)     \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* Octets that an observation made whole points to: they must be its chunk's, or constant, and are
 * all read. */
static inline uint64_t
fuzz_octets(uint64_t sum, struct octets text)
{
	for (size_t i = 0; i < text.size; i++)
		sum = sum * 31 + text.data[i];
	return sum * 31 + text.size;
}

static inline uint64_t
fuzz_observed(const struct observed *o)
{
	const struct contact *c = &o->contact;
	const struct login *l = &o->login;
	uint64_t sum = o->kind;

	FUZZ_CHECK(o->kind < OBSERVED_KINDS);
	if (o->kind == OBSERVED_CONTACT) {
		FUZZ_CHECK(c->count != 0 && c->end >= c->begin);
		FUZZ_CHECK(c->payload.size <= CONTACT_PAYLOAD_KEPT);
		sum = fuzz_octets(sum, c->sensor);
		sum = fuzz_octets(sum, c->payload);
		sum = fuzz_octets(sum, c->note);
		sum = sum * 31 + (uint64_t)c->begin + (uint64_t)c->end + c->count + c->octets;
	} else if (o->kind == OBSERVED_LOGIN) {
		FUZZ_CHECK(l->count != 0 && l->service != NULL);
		sum = fuzz_octets(sum, l->host);
		sum = fuzz_octets(sum, l->user);
		sum = fuzz_octets(sum, l->password);
		sum = fuzz_octets(sum, l->client);
		sum = sum * 31 + (uint64_t)l->time + l->count + l->source_port;
	} else if (o->kind == OBSERVED_WATCH) {
		sum = fuzz_octets(sum, o->watch.sensor);
		sum = sum * 31 + (uint64_t)o->watch.begin + (uint64_t)o->watch.end;
	}
	return sum;
}

static inline void
fuzz_chunk(struct fuzz_result *result, const struct chunk *chunk)
{
	FUZZ_CHECK(chunk->count >= 1 && chunk->count <= CHUNK_PACKETS);
	for (size_t i = 0; i < chunk->count; i++) {
		const struct packet *p = &chunk->packets[i];

		FUZZ_CHECK(p->captured_size <= SOURCE_RECORD_MAX);
		FUZZ_CHECK(p->frame_size >= p->captured_size);
		FUZZ_CHECK(p->data >= chunk->buffer);
		FUZZ_CHECK(p->data + p->captured_size <= chunk->buffer + chunk->buffer_size);
		result->sum = result->sum * 31 + (uint64_t)p->time + p->captured_size +
			      p->input_offset + p->link_type;
		if (p->link_type == LINK_OBSERVED) {
			result->sum = result->sum * 31 + fuzz_observed((const void *)p->data);
			continue;
		}
		for (uint32_t j = 0; j < p->captured_size; j++)
			result->sum = result->sum * 31 + p->data[j];
	}
}

static inline void
fuzz_compare(const struct fuzz_result *a, const struct fuzz_result *b)
{
	FUZZ_CHECK(a->end == b->end && a->records == b->records && a->sum == b->sum);
	FUZZ_CHECK(a->octets == b->octets && a->drops == b->drops);
	FUZZ_CHECK(a->damaged_offset == b->damaged_offset);
	FUZZ_CHECK(a->damaged_octets == b->damaged_octets);
	FUZZ_CHECK(a->begin == b->begin && a->end_time == b->end_time);
}

static inline void
fuzz_read(int fd, struct chunk *chunk, struct fuzz_result *result)
{
	/* A pipe has no modification time that a year could be told by. */
	static const struct source_reading READING = { .log_year = 2020 };
	struct source *source = NULL;
	struct err_info why = { 0 };
	const struct source_info *info;

	*result = (struct fuzz_result){ 0 };
	result->end = source_open_fd_reading(fd, "fuzz", &READING, &source, &why);
	if (result->end != ERR_OK) {
		FUZZ_CHECK(why.text[0] != '\0');
		return;
	}
	while ((result->end = source_read(source, chunk, &why)) == ERR_OK)
		fuzz_chunk(result, chunk);
	info = source_info(source);
	FUZZ_CHECK((result->end == ERR_END) == (info->damaged_octets == 0));
	FUZZ_CHECK(result->end == ERR_END || why.text[0] != '\0');
	FUZZ_CHECK(info->fingerprint[0] != '\0');
	FUZZ_CHECK(source_read(source, chunk, &why) == ERR_END);
	result->records = info->records;
	result->damaged_offset = info->damaged_offset;
	result->damaged_octets = info->damaged_octets;
	result->octets = info->octets;
	result->drops = info->interface_drops;
	result->begin = info->begin;
	result->end_time = info->end;
	source_close(source);
}

static inline void
fuzz_source(const uint8_t *data, size_t size)
{
	static struct chunk chunk;
	struct fuzz_result file, pipe_result;
	int fd = memfd_create("fuzz", MFD_CLOEXEC), ends[2];

	if (chunk.buffer == NULL)
		chunk_init(&chunk);
	FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	FUZZ_CHECK(lseek(fd, 0, SEEK_SET) == 0);
	fuzz_read(fd, &chunk, &file);

	FUZZ_CHECK(pipe(ends) == 0);
	FUZZ_CHECK(write(ends[1], data, size) == (ssize_t)size);
	FUZZ_CHECK(close(ends[1]) == 0);
	fuzz_read(ends[0], &chunk, &pipe_result);
	fuzz_compare(&file, &pipe_result);
}

#endif
