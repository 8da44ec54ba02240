/* SPDX-License-Identifier: ISC */
/*
 * What `yagura sensor` wrote (doc/sensor.md): contacts, the attempts to log in that were made in
 * them, and when the sensor was listening.
 *
 *	{"schema":"yagura.sensor/1","event":"contact","sensor":"pot1","begin":…,"end":…,
 *	 "protocol":"tcp","source":…,"source_port":…,"destination":…,"destination_port":…,"count":1,
 *	 "octets":12,"kind":"telnet","payload":"BASE64","sha256":"HEX",
 *	 "logins":[{"service":"telnet","user":…,"password":…}],…}
 *	{"schema":"yagura.sensor/1","event":"watch","sensor":"pot1","begin":…,"end":…,…}
 *
 * The digest is made anew: a payload that does not match its own is a damaged line.
 */
#include <jansson.h>
#include <openssl/sha.h>

#include "obs/packet.h"
#include "source/json_line.h"
#include "source/log_lines.h"

#define SCHEMA     "yagura.sensor/1"
#define LOGINS_MAX (LOG_OBSERVED_MAX - 1)

/* -1: no character of base64 (RFC 4648, section 4). */
static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decodes in place; false when it is no base64. */
static bool
decode_base64(uint8_t *text, size_t size, size_t *ret_size)
{
	uint32_t bits = 0;
	size_t out = 0;
	int held = 0;

	if (size % 4 != 0)
		return false;
	for (unsigned i = 0; i < 2 && size != 0 && text[size - 1] == '='; i++)
		size--;
	for (size_t i = 0; i < size; i++) {
		int value = value_of((char)text[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			text[out++] = (uint8_t)(bits >> held);
		}
	}
	*ret_size = out;
	return true;
}

/* A text of the sensor has one character an octet: what is above U+007F is two octets of UTF-8. */
static struct octets
fold(struct octets text)
{
	uint8_t *at = (uint8_t *)(uintptr_t)text.data; /* the line's room: ours to write */
	size_t out = 0;

	for (size_t i = 0; i < text.size; i++) {
		if ((at[i] & 0xfc) == 0xc0 && i + 1 < text.size) {
			at[out++] = (uint8_t)(at[i] << 6 | (at[i + 1] & 0x3f));
			i++;
		} else {
			at[out++] = at[i];
		}
	}
	return (struct octets){ text.data, out };
}

static const char *
read_payload(struct json_line *json, struct contact *c)
{
	struct octets payload = json_line_text(json, "payload");
	struct octets digest = json_line_text(json, "sha256");
	static const char HEX[] = "0123456789abcdef";

	if (payload.size == 0)
		return NULL;
	if (!decode_base64((uint8_t *)(uintptr_t)payload.data, payload.size, &payload.size) ||
	    payload.size == 0 || payload.size > CONTACT_PAYLOAD_KEPT)
		return "a payload that is no base64, or longer than a sensor keeps";
	c->payload = payload;
	(void)SHA256(payload.data, payload.size, c->sha256);
	if (digest.size != (size_t)2 * CONTACT_DIGEST)
		return "a payload without its digest";
	for (size_t i = 0; i < CONTACT_DIGEST; i++)
		if (digest.data[2 * i] != (uint8_t)HEX[c->sha256[i] >> 4] ||
		    digest.data[2 * i + 1] != (uint8_t)HEX[c->sha256[i] & 15])
			return "a payload that does not match its digest";
	return NULL;
}

static const char *
service_of(const struct json_line *json)
{
	static const char *const SERVICES[] = { "telnet", "ftp", "pop3", "http" };

	for (size_t i = 0; i < sizeof SERVICES / sizeof SERVICES[0]; i++)
		if (json_line_is(json, "service", SERVICES[i]))
			return SERVICES[i];
	return "other";
}

static void
read_logins(struct json_line *json, struct log_line *line, const struct contact *c)
{
	const json_t *logins = json_object_get(json->root, "logins");

	for (size_t i = 0; i < json_array_size(logins) && i < LOGINS_MAX; i++) {
		struct json_line one = { line, json_array_get(logins, i) };
		struct login *login = &log_observe(line, OBSERVED_LOGIN)->login;

		*login = (struct login){
			.time = c->begin,
			.source = c->source,
			.destination = c->destination,
			.source_port = c->source_port,
			.destination_port = c->destination_port,
			.outcome = LOGIN_FAILED,
			.origin = LOGIN_FROM_HONEYPOT,
			.count = 1,
			.service = service_of(&one),
			.host = c->sensor,
			.user = fold(json_line_text(&one, "user")),
			.password = fold(json_line_text(&one, "password")),
			.input_offset = line->offset,
			.input_length = (uint32_t)line->size,
		};
	}
}

static const char *
read_times(struct json_line *json, nsec_t *ret_begin, nsec_t *ret_end)
{
	if (!json_line_time(json, "begin", ret_begin) || !json_line_time(json, "end", ret_end) ||
	    *ret_end < *ret_begin)
		return "no begin and end";
	return NULL;
}

static const char *
read_contact(struct json_line *json, struct log_line *line)
{
	struct contact c = { .input_offset = line->offset, .input_length = (uint32_t)line->size };
	const char *why = read_times(json, &c.begin, &c.end);

	if (why == NULL && (!json_line_address(json, "source", &c.source) ||
			       !json_line_address(json, "destination", &c.destination)))
		why = "no addresses";
	if (why == NULL)
		why = read_payload(json, &c);
	if (why != NULL)
		return why;
	c.protocol = json_line_is(json, "protocol", "udp") ? IP_PROTOCOL_UDP : IP_PROTOCOL_TCP;
	c.source_port = (uint16_t)json_line_number(json, "source_port", UINT16_MAX, 0);
	c.destination_port = (uint16_t)json_line_number(json, "destination_port", UINT16_MAX, 0);
	c.count = json_line_number(json, "count", INT64_MAX, 1);
	c.count += c.count == 0;
	c.octets = json_line_number(json, "octets", INT64_MAX, 0);
	c.sensor = json_line_text(json, "sensor");
	c.note = fold(json_line_text(json, "note"));
	line->time = c.end; /* lines are written in this order */
	line->source = c.source;
	line->destination = c.destination;
	log_observe(line, OBSERVED_CONTACT)->contact = c;
	read_logins(json, line, &c);
	return NULL;
}

static const char *
read_watch(struct json_line *json, struct log_line *line)
{
	struct sensor_watch w = { 0 };
	const char *why = read_times(json, &w.begin, &w.end);

	if (why != NULL)
		return why;
	w.sensor = json_line_text(json, "sensor");
	(void)json_line_address(json, "address", &w.address);
	line->time = w.end;
	line->destination = w.address;
	log_observe(line, OBSERVED_WATCH)->watch = w;
	return NULL;
}

static enum log_verdict
read_sensor(void *state, struct log_line *line)
{
	struct json_line json;
	enum log_verdict verdict = LOG_READ;

	(void)state;
	if (line->size == 0)
		return LOG_OTHER;
	if (!json_line_open(&json, line) || !json_line_is(&json, "schema", SCHEMA))
		line->why = "no JSON object of the schema " SCHEMA;
	else if (json_line_is(&json, "event", "contact"))
		line->why = read_contact(&json, line);
	else if (json_line_is(&json, "event", "watch"))
		line->why = read_watch(&json, line);
	else
		verdict = LOG_OTHER; /* start, stop */
	json_line_close(&json);
	return line->why != NULL ? LOG_BAD : verdict;
}

static const struct log_format SENSOR = { .read = read_sensor };

static void
run_sensor(void *state, struct capture_run *run)
{
	log_lines_run(state, &SENSOR, run);
}

static bool
recognise_sensor(const uint8_t *head, size_t size)
{
	struct log_text text = log_text_over(head, size);

	return log_text_begins(&text, "{\"schema\":\"" SCHEMA "\"");
}

const struct capture_format capture_sensor_log = {
	.name = "sensor-log",
	.recognise = recognise_sensor,
	.state_size = sizeof(struct log_lines),
	.run = run_sensor,
	.passed_one = "line is",
	.passed_many = "such lines are",
	.makes = true,
};
