/* SPDX-License-Identifier: ISC */
/*
 * pcapng as section header, interface descriptions and enhanced packets (draft-ietf-opsawg-pcapng
 * sections 4.1 to 4.3), little-endian; see cut.h.
 */
#include "report/cut.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_NAME = 2,       /* if_name */
	OPTION_RESOLUTION = 9, /* if_tsresol */
	OPTION_PROGRAM = 4,    /* shb_userappl */
	TEXT_MAX = 2000,
};

/* A block under construction. */
struct block {
	uint8_t *data; /* owned */
	size_t size, capacity;
};

static void
put(struct block *b, const void *data, size_t size)
{
	if (b->size + size > b->capacity) {
		b->capacity = 2 * (b->size + size);
		b->data = xrealloc_array(b->data, b->capacity, 1);
	}
	if (size != 0)
		memcpy(b->data + b->size, data, size);
	b->size += size;
}

static void
put_u32(struct block *b, uint32_t value)
{
	uint8_t octets[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
		(uint8_t)(value >> 24) };

	put(b, octets, sizeof octets);
}

static void
put_u16(struct block *b, uint16_t value)
{
	uint8_t octets[2] = { (uint8_t)value, (uint8_t)(value >> 8) };

	put(b, octets, sizeof octets);
}

/* Data with zeros up to the next multiple of four. */
static void
put_padded(struct block *b, const void *data, size_t size)
{
	static const uint8_t ZEROS[4];

	put(b, data, size);
	put(b, ZEROS, (4 - size % 4) % 4);
}

static void
put_option(struct block *b, uint16_t code, const void *data, size_t size)
{
	put_u16(b, code);
	put_u16(b, (uint16_t)size);
	put_padded(b, data, size);
}

/* Cut at TEXT_MAX octets, at the beginning of a character. */
static void
put_text(struct block *b, uint16_t code, const char *text)
{
	size_t size = strlen(text);

	if (size > TEXT_MAX)
		for (size = TEXT_MAX; size > 0 && ((uint8_t)text[size] & 0xc0) == 0x80;)
			size--;
	put_option(b, code, text, size);
}

static void
begin(struct block *b, uint32_t type)
{
	put_u32(b, type);
	put_u32(b, 0); /* the length, known at the end */
}

static void
finish(struct block *b, FILE *file)
{
	uint32_t size;

	put_option(b, OPTION_END, NULL, 0);
	size = (uint32_t)b->size + 4;
	for (unsigned i = 0; i < 4; i++)
		b->data[4 + i] = (uint8_t)(size >> (8 * i));
	put_u32(b, size);
	(void)fwrite(b->data, 1, b->size, file);
	free(b->data);
}

void
cut_init(struct cut *cut, FILE *file, const char *comment)
{
	struct block b = { NULL, 0, 0 };

	*cut = (struct cut){ .file = file };
	begin(&b, BLOCK_SECTION);
	put_u32(&b, 0x1a2b3c4d);
	put_u16(&b, 1);
	put_u16(&b, 0);
	put_u32(&b, UINT32_MAX); /* the section's length is not given */
	put_u32(&b, UINT32_MAX);
	put_text(&b, OPTION_COMMENT, comment);
	put_text(&b, OPTION_PROGRAM, "yagura " YAGURA_VERSION);
	finish(&b, file);
}

/* The number of an interface, which is described when it is new. */
static uint32_t
interface_of(struct cut *cut, const char *input, uint16_t link_type)
{
	static const uint8_t NANOSECONDS = 9;
	struct block b = { NULL, 0, 0 };
	uint32_t i;

	for (i = 0; i < cut->interface_count; i++)
		if (cut->interfaces[i].link_type == link_type &&
		    strcmp(cut->interfaces[i].input, input) == 0)
			return i;
	cut->interfaces = xrealloc_array(cut->interfaces, (size_t)i + 1, sizeof *cut->interfaces);
	cut->interfaces[i] = (struct cut_interface){ xstrdup(input), link_type };
	cut->interface_count++;
	begin(&b, BLOCK_INTERFACE);
	put_u16(&b, link_type);
	put_u16(&b, 0);
	put_u32(&b, 0); /* nothing was cut off here */
	put_text(&b, OPTION_NAME, input);
	put_option(&b, OPTION_RESOLUTION, &NANOSECONDS, 1);
	finish(&b, cut->file);
	return i;
}

void
cut_packet(struct cut *cut, const char *input, const struct packet *packet, const char *comment)
{
	uint32_t interface = interface_of(cut, input, packet->link_type);
	uint64_t time = packet->time > 0 ? (uint64_t)packet->time : 0;
	struct block b = { NULL, 0, 0 };

	begin(&b, BLOCK_PACKET);
	put_u32(&b, interface);
	put_u32(&b, (uint32_t)(time >> 32));
	put_u32(&b, (uint32_t)time);
	put_u32(&b, packet->captured_size);
	put_u32(&b, packet->frame_size);
	put_padded(&b, packet->data, packet->captured_size);
	if (comment != NULL)
		put_text(&b, OPTION_COMMENT, comment);
	finish(&b, cut->file);
	cut->packets++;
}

void
cut_release(struct cut *cut)
{
	for (uint32_t i = 0; i < cut->interface_count; i++)
		free(cut->interfaces[i].input);
	free(cut->interfaces);
	*cut = (struct cut){ 0 };
}
