/* SPDX-License-Identifier: ISC */
/* What the formats share; see export.h. */
#include "simulate/export.h"

#include <string.h>

#include "base/bytes.h"

static const struct export_format *const FORMATS[] = { &export_netflow5, &export_netflow9,
	&export_ipfix, &export_sflow };

const struct export_format *
export_format_find(const char *name)
{
	for (size_t i = 0; i < sizeof FORMATS / sizeof FORMATS[0]; i++)
		if (strcmp(FORMATS[i]->name, name) == 0)
			return FORMATS[i];
	return NULL;
}

uint32_t
export_uptime(const struct export_stream *s, nsec_t time)
{
	return (uint32_t)floor_div(time - s->boot, NSEC_PER_MS);
}

void
export_put8(struct export_stream *s, uint8_t value)
{
	s->message[s->size++] = value;
}

void
export_put16(struct export_stream *s, uint16_t value)
{
	put_be16(s->message + s->size, value);
	s->size += 2;
}

void
export_put32(struct export_stream *s, uint32_t value)
{
	put_be32(s->message + s->size, value);
	s->size += 4;
}

void
export_put64(struct export_stream *s, uint64_t value)
{
	export_put32(s, (uint32_t)(value >> 32));
	export_put32(s, (uint32_t)value);
}

void
export_put_address(struct export_stream *s, const struct address *address)
{
	size_t size = address_is_ipv4(address) ? 4 : 16;

	memcpy(s->message + s->size, address->octets + 16 - size, size);
	s->size += size;
}

void
export_open_set(struct export_stream *s, uint16_t id)
{
	if (s->set != 0 && s->set_id == id)
		return;
	export_close_set(s);
	s->set = s->size;
	s->set_id = id;
	export_put16(s, id);
	export_put16(s, 0);
}

void
export_close_set(struct export_stream *s)
{
	if (s->set == 0)
		return;
	while ((s->size - s->set) % 4 != 0)
		export_put8(s, 0);
	put_be16(s->message + s->set + 2, (uint16_t)(s->size - s->set));
	s->set = 0;
}

bool
export_has_room(const struct export_stream *s, uint16_t set_id, size_t size)
{
	/* Padding of the open set, head of the new one, padding of that. */
	size_t more = s->set != 0 && s->set_id == set_id ? 3 : 3 + 4 + 3;

	return s->size + size + more <= EXPORT_MESSAGE_SIZE;
}
