/* SPDX-License-Identifier: ISC */
/*
 * Messages kept as evidence; see samples.h.
 *
 * Stored: for each, little-endian: time (8), client (16), server (16), input offset (8), input
 * length (4), size of the whole message (2), octets that follow (2), octets.
 */
#include "analysis/dns/samples.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cursor.h"
#include "net/dns.h"

#define HEADER_SIZE 56
#define TEXT_SIZE   4096

static bool
is_before(const struct dns_sample *a, const struct dns_sample *b)
{
	if (a->time != b->time)
		return a->time < b->time;
	if (a->input_offset != b->input_offset)
		return a->input_offset < b->input_offset;
	/* Several messages may share a packet (TCP): the order must not depend on who is first. */
	if (a->size != b->size)
		return a->size < b->size;
	return memcmp(a->octets, b->octets, a->size) < 0;
}

static bool
is_same(const struct dns_sample *a, const struct dns_sample *b)
{
	return a->input == b->input && !is_before(a, b) && !is_before(b, a);
}

/* The same message is kept once: rows of overlapping subjects hold it twice. */
static void
enter(struct dns_samples *s, const struct dns_sample *sample)
{
	unsigned at = s->count;

	for (unsigned i = 0; i < s->count; i++)
		if (is_same(&s->list[i], sample))
			return;
	while (at > 0 && is_before(sample, &s->list[at - 1]))
		at--;
	if (at == DNS_SAMPLES)
		return;
	if (s->count < DNS_SAMPLES)
		s->count++;
	memmove(&s->list[at + 1], &s->list[at], (s->count - at - 1) * sizeof *sample);
	s->list[at] = *sample;
}

void
dns_samples_enter(struct dns_samples *samples, const struct dns_message *m)
{
	struct dns_sample sample = {
		.time = m->time,
		.client = m->client,
		.server = m->server,
		.input_offset = m->input_offset,
		.input_length = m->input_length,
		.message_size = m->message_size,
		.size = m->size < DNS_SAMPLE_OCTETS ? m->size : DNS_SAMPLE_OCTETS,
	};

	memcpy(sample.octets, m->data, sample.size);
	enter(samples, &sample);
}

void
dns_samples_merge(struct dns_samples *into, const struct dns_samples *from)
{
	for (unsigned i = 0; i < from->count; i++)
		enter(into, &from->list[i]);
}

static uint8_t *
put_header(uint8_t *p, const struct dns_sample *s)
{
	put_le64(p, (uint64_t)s->time);
	memcpy(p + 8, s->client.octets, 16);
	memcpy(p + 24, s->server.octets, 16);
	put_le64(p + 40, s->input_offset);
	put_le32(p + 48, s->input_length);
	put_le16(p + 52, s->message_size);
	put_le16(p + 54, s->size);
	return p + HEADER_SIZE;
}

void
dns_samples_put(const struct dns_samples *samples, struct rows *rows, size_t column)
{
	uint8_t octets[DNS_SAMPLES * (HEADER_SIZE + DNS_SAMPLE_OCTETS)], *p = octets;

	for (unsigned i = 0; i < samples->count; i++) {
		const struct dns_sample *s = &samples->list[i];
		p = put_header(p, s);
		memcpy(p, s->octets, s->size);
		p += s->size;
	}
	rows_blob(rows, column, octets, (size_t)(p - octets));
}

void
dns_samples_read(struct dns_samples *samples, const struct result *r, size_t column, uint64_t input)
{
	size_t size;
	const char *octets = result_blob(r, column, &size);
	struct cursor c = cursor_over((const uint8_t *)octets, size);

	while (cursor_left(&c) >= HEADER_SIZE) {
		const uint8_t *p = cursor_take(&c, HEADER_SIZE), *message;
		struct dns_sample s = {
			.time = (nsec_t)le64(p),
			.input = input,
			.input_offset = le64(p + 40),
			.input_length = le32(p + 48),
			.message_size = le16(p + 52),
			.size = le16(p + 54),
		};

		memcpy(s.client.octets, p + 8, 16);
		memcpy(s.server.octets, p + 24, 16);
		message = cursor_take(&c, s.size);
		if (message == NULL || s.size > DNS_SAMPLE_OCTETS)
			return;
		memcpy(s.octets, message, s.size);
		enter(samples, &s);
	}
}

static json_t *
hex_of(const struct dns_sample *s)
{
	static const char DIGITS[] = "0123456789abcdef";
	char text[2 * DNS_SAMPLE_OCTETS];

	for (size_t i = 0; i < s->size; i++) {
		text[2 * i] = DIGITS[s->octets[i] >> 4];
		text[2 * i + 1] = DIGITS[s->octets[i] & 0xf];
	}
	return json_text(text, 2 * (size_t)s->size);
}

/* What is there of the message, as far as it parses. */
static json_t *
text_of(const struct dns_sample *s)
{
	char text[TEXT_SIZE];
	size_t size = dns_message_text(s->octets, s->size, text, sizeof text);

	return json_text(text, size < sizeof text ? size : sizeof text - 1);
}

static json_t *
decoded(const struct dns_sample *s)
{
	char client[ADDRESS_TEXT_SIZE], server[ADDRESS_TEXT_SIZE];
	json_t *object = json_object();

	json_object_set_new(object, "time", json_integer(s->time / NSEC_PER_MS));
	json_object_set_new(object, "client", json_string(address_format(&s->client, client)));
	json_object_set_new(object, "server", json_string(address_format(&s->server, server)));
	json_object_set_new(object, "octets", json_integer(s->message_size));
	json_object_set_new(object, "text", text_of(s));
	json_object_set_new(object, "hex", hex_of(s));
	return object;
}

void
dns_samples_evidence(const struct dns_samples *samples, struct finding *f)
{
	for (unsigned i = 0; i < samples->count; i++) {
		const struct dns_sample *s = &samples->list[i];
		finding_evidence(f, s->input, s->input_offset, s->input_length, decoded(s));
	}
}
