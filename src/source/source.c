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
	chunk->now = 0;
	chunk->losses = (struct source_losses){ 0 };
	chunk->drops = (struct drop_counters){ 0 };
	return source->kind->read(source, chunk, info);
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
	if (source != NULL)
		source->kind->close(source);
}
