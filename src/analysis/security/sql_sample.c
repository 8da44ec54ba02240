/* SPDX-License-Identifier: ISC */
/*
 * Requests kept as evidence; see sql_sample.h.
 *
 * Stored: for each its numbers, little-endian, in the order of put_sample, then the octets of
 * parameter, method, target and payload.
 */
#include "analysis/security/sql_sample.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cursor.h"

#define HEADER_SIZE 110

static int
rank_of(const struct sql_sample *s)
{
	return s->score + (s->success != 0 ? 16 : 0);
}

static bool
is_before(const struct sql_sample *a, const struct sql_sample *b)
{
	if (rank_of(a) != rank_of(b))
		return rank_of(a) > rank_of(b);
	if (a->time != b->time)
		return a->time < b->time;
	if (a->input != b->input)
		return a->input < b->input;
	if (a->input_offset != b->input_offset)
		return a->input_offset < b->input_offset;
	/* Two requests of one packet. */
	if (a->payload_size != b->payload_size)
		return a->payload_size < b->payload_size;
	return memcmp(a->payload, b->payload, a->payload_size) < 0;
}

static void
enter(struct sql_samples *s, const struct sql_sample *sample)
{
	uint64_t at = s->count;

	for (uint64_t i = 0; i < s->count; i++)
		if (!is_before(&s->list[i], sample) && !is_before(sample, &s->list[i]))
			return;
	while (at > 0 && is_before(sample, &s->list[at - 1]))
		at--;
	if (at == SQL_SAMPLES)
		return;
	if (s->count < SQL_SAMPLES)
		s->count++;
	memmove(&s->list[at + 1], &s->list[at], (s->count - at - 1) * sizeof *sample);
	s->list[at] = *sample;
}

/* Copies what has room; gives the size. */
static size_t
keep(uint8_t *to, size_t room, const struct octets *text)
{
	size_t size = text->size < room ? text->size : room;

	if (size > 0)
		memcpy(to, text->data, size);
	return size;
}

void
sql_samples_add(struct sql_samples *samples, const struct http_request *request,
    const struct sql_hit *hit, unsigned success)
{
	const struct sql_verdict *v = &hit->verdict;
	struct sql_sample s = {
		.time = request->time,
		.client = request->client,
		.server = request->server,
		.input_offset = request->input_offset,
		.response_octets = request->response_octets,
		.duration_us =
		    request->duration == HTTP_UNKNOWN ? HTTP_UNKNOWN : request->duration / 1000,
		.input_length = request->input_length,
		.payload_whole = hit->payload_whole,
		.delay_ms = v->delay_ms,
		.client_port = request->client_port,
		.server_port = request->server_port,
		.status = request->status,
		.payload_size = hit->payload_size,
		.score = v->score,
		.rule = v->rule,
		.technique = v->technique,
		.purpose = v->purpose,
		.quote = v->quote,
		.codings = hit->codings,
		.place = hit->place,
		.success = (uint8_t)success,
		.name_size = hit->name_size,
	};

	memcpy(s.name, hit->name, s.name_size);
	memcpy(s.payload, hit->payload, s.payload_size);
	s.method_size = (uint8_t)keep(s.method, SQL_METHOD_KEPT, &request->method);
	s.target_size = (uint16_t)keep(s.target, SQL_TARGET_KEPT, &request->target);
	enter(samples, &s);
}

void
sql_samples_merge(struct sql_samples *into, const struct sql_samples *from)
{
	for (uint64_t i = 0; i < from->count; i++)
		enter(into, &from->list[i]);
}

/* ------------------------------------------------------------------ stored */

static uint8_t *
put_octets(uint8_t *p, const uint8_t *octets, size_t size)
{
	memcpy(p, octets, size);
	return p + size;
}

static uint8_t *
put_sample(uint8_t *p, const struct sql_sample *s)
{
	const uint8_t small[] = { s->score, s->rule, s->technique, s->purpose, s->quote, s->codings,
		s->place, s->success, s->name_size, s->method_size };

	put_le64(p, (uint64_t)s->time);
	memcpy(p + 8, s->client.octets, 16);
	memcpy(p + 24, s->server.octets, 16);
	put_le64(p + 40, s->input_offset);
	put_le64(p + 48, s->response_octets);
	put_le64(p + 56, s->duration_us);
	put_le32(p + 64, s->input_length);
	put_le32(p + 68, s->payload_whole);
	put_le32(p + 72, s->delay_ms);
	put_le16(p + 76, s->client_port);
	put_le16(p + 78, s->server_port);
	put_le16(p + 80, s->status);
	put_le16(p + 82, s->payload_size);
	put_le16(p + 84, s->target_size);
	memcpy(p + 86, small, sizeof small);
	memset(p + 96, 0, HEADER_SIZE - 96);
	p = put_octets(p + HEADER_SIZE, s->name, s->name_size);
	p = put_octets(p, s->method, s->method_size);
	p = put_octets(p, s->target, s->target_size);
	return put_octets(p, s->payload, s->payload_size);
}

void
sql_samples_put(const struct sql_samples *samples, struct rows *rows, size_t column)
{
	uint8_t octets[SQL_SAMPLES * (HEADER_SIZE + sizeof(struct sql_sample))], *p = octets;

	for (uint64_t i = 0; i < samples->count; i++)
		p = put_sample(p, &samples->list[i]);
	rows_blob(rows, column, octets, (size_t)(p - octets));
}

static bool
take_octets(struct cursor *c, uint8_t *to, size_t room, size_t size)
{
	const uint8_t *octets = cursor_take(c, size);

	if (octets == NULL || size > room)
		return false;
	memcpy(to, octets, size);
	return true;
}

static struct sql_sample
read_header(const uint8_t *p, uint64_t input)
{
	struct sql_sample s = {
		.time = (nsec_t)le64(p),
		.input = input,
		.input_offset = le64(p + 40),
		.response_octets = le64(p + 48),
		.duration_us = le64(p + 56),
		.input_length = le32(p + 64),
		.payload_whole = le32(p + 68),
		.delay_ms = le32(p + 72),
		.client_port = le16(p + 76),
		.server_port = le16(p + 78),
		.status = le16(p + 80),
		.payload_size = le16(p + 82),
		.target_size = le16(p + 84),
		.score = p[86],
		.rule = p[87],
		.technique = p[88],
		.purpose = p[89],
		.quote = p[90],
		.codings = p[91],
		.place = p[92],
		.success = p[93],
		.name_size = p[94],
		.method_size = p[95],
	};

	memcpy(s.client.octets, p + 8, 16);
	memcpy(s.server.octets, p + 24, 16);
	return s;
}

void
sql_samples_read(struct sql_samples *samples, const struct result *r, size_t column, uint64_t input)
{
	size_t size;
	const char *octets = result_blob(r, column, &size);
	struct cursor c = cursor_over((const uint8_t *)octets, size);

	while (cursor_left(&c) >= HEADER_SIZE) {
		struct sql_sample s = read_header(cursor_take(&c, HEADER_SIZE), input);

		if (!take_octets(&c, s.name, sizeof s.name, s.name_size) ||
		    !take_octets(&c, s.method, sizeof s.method, s.method_size) ||
		    !take_octets(&c, s.target, sizeof s.target, s.target_size) ||
		    !take_octets(&c, s.payload, sizeof s.payload, s.payload_size))
			return;
		enter(samples, &s);
	}
}

/* ------------------------------------------------------------------ told */

static json_t *
octets_of(const uint8_t *octets, size_t size)
{
	return json_text((const char *)octets, size);
}

static json_t *
codings_of(unsigned codings)
{
	static const char *const NAMES[] = { "percent", "percent twice", "entities", "base64" };
	json_t *list = json_array();

	for (unsigned i = 0; i < ARRAY_COUNT(NAMES); i++)
		if ((codings >> i & 1) != 0)
			json_array_append_new(list, json_string(NAMES[i]));
	return list;
}

static json_t *
success_of(unsigned success)
{
	static const char *const NAMES[] = { "an error message of a database in the answer",
		"the answer took the time that was asked for", "an answer far larger than others" };
	json_t *list = json_array();

	for (unsigned i = 0; i < ARRAY_COUNT(NAMES); i++)
		if ((success >> i & 1) != 0)
			json_array_append_new(list, json_string(NAMES[i]));
	return list;
}

static const char *
context_of(uint8_t quote)
{
	return quote == '\''  ? "behind a single quote"
	       : quote == '"' ? "behind a double quote"
			      : "as a number";
}

/* What it is and why it was taken for an attack. */
static json_t *
decoded(const struct sql_sample *s)
{
	json_t *object = json_object();

	json_object_set_new(object, "time", json_integer(s->time / NSEC_PER_MS));
	json_object_set_new(object, "client", json_address(&s->client));
	json_object_set_new(object, "server", json_address(&s->server));
	if (s->client_port != 0) {
		json_object_set_new(object, "client_port", json_integer(s->client_port));
		json_object_set_new(object, "server_port", json_integer(s->server_port));
	}
	json_object_set_new(object, "method", octets_of(s->method, s->method_size));
	json_object_set_new(object, "target", octets_of(s->target, s->target_size));
	json_object_set_new(object, "place", json_string(sql_place_name(s->place)));
	json_object_set_new(object, "parameter", octets_of(s->name, s->name_size));
	json_object_set_new(object, "text", octets_of(s->payload, s->payload_size));
	json_object_set_new(object, "octets", json_integer(s->payload_whole));
	json_object_set_new(object, "codings", codings_of(s->codings));
	json_object_set_new(object, "read", json_string(context_of(s->quote)));
	json_object_set_new(object, "score", json_integer(s->score));
	json_object_set_new(object, "rule", json_string(sql_rule_name(s->rule)));
	json_object_set_new(object, "why", json_string(sql_rule_text(s->rule)));
	json_object_set_new(object, "technique", json_string(sql_technique_name(s->technique)));
	json_object_set_new(object, "purpose", json_string(sql_purpose_name(s->purpose)));
	if (s->status != 0)
		json_object_set_new(object, "status", json_integer(s->status));
	if (s->response_octets != HTTP_UNKNOWN)
		json_object_set_new(object, "response_octets", json_count(s->response_octets));
	if (s->delay_ms != 0)
		json_object_set_new(object, "asked_to_wait_ms", json_integer(s->delay_ms));
	if (s->duration_us != HTTP_UNKNOWN)
		json_object_set_new(object, "answered_after_ms", json_count(s->duration_us / 1000));
	json_object_set_new(object, "success", success_of(s->success));
	return object;
}

void
sql_samples_evidence(const struct sql_samples *samples, struct finding *f)
{
	for (uint64_t i = 0; i < samples->count; i++) {
		const struct sql_sample *s = &samples->list[i];

		finding_evidence(f, s->input, s->input_offset, s->input_length, decoded(s));
	}
}
