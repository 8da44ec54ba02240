/* SPDX-License-Identifier: ISC */
/*
 * The eve.json of Suricata on a honeypot (T-Pot), as contacts.
 *
 * Suricata tells of one connection in many lines: its flow, its alerts, what its protocol said.
 * Only the flow is taken, so that everything counts once; it has both ends, its octets and its
 * times.  What Suricata took the protocol for is the note.
 */
#include <jansson.h>

#include "net/protocol.h"
#include "obs/packet.h"
#include "source/json_line.h"
#include "source/log_lines.h"

#define SENSOR "suricata" /* where the line does not name its sensor */

/* The members of "flow" as if they were the line's own. */
static struct json_line
inner(const struct json_line *json, const char *key)
{
	return (struct json_line){ json->line, json_object_get(json->root, key) };
}

static const char *
read_flow(struct json_line *json, struct log_line *line)
{
	struct json_line flow = inner(json, "flow");
	struct contact c = {
		.count = 1, .input_offset = line->offset, .input_length = (uint32_t)line->size
	};
	struct octets protocol = json_line_text(json, "proto");
	char name[16] = "";

	if (!json_line_time(json, "timestamp", &line->time))
		return "no time";
	if (!json_line_address(json, "src_ip", &c.source) ||
	    !json_line_address(json, "dest_ip", &c.destination))
		return "no addresses";
	if (protocol.size != 0 && protocol.size < sizeof name) {
		memcpy(name, protocol.data, protocol.size);
		(void)protocol_parse(name, &c.protocol);
	}
	c.begin = c.end = line->time;
	(void)json_line_time(&flow, "start", &c.begin);
	(void)json_line_time(&flow, "end", &c.end);
	c.source_port = (uint16_t)json_line_number(json, "src_port", UINT16_MAX, 0);
	c.destination_port = (uint16_t)json_line_number(json, "dest_port", UINT16_MAX, 0);
	if (c.protocol == IP_PROTOCOL_ICMP || c.protocol == IP_PROTOCOL_ICMPV6)
		c.destination_port =
		    (uint16_t)(json_line_number(json, "icmp_type", UINT8_MAX, 0) << 8 |
			       json_line_number(json, "icmp_code", UINT8_MAX, 0));
	c.octets = json_line_number(&flow, "bytes_toserver", INT64_MAX, 0);
	c.note = json_line_text(json, "app_proto");
	c.sensor = json_line_text(json, "host");
	if (c.sensor.size == 0)
		c.sensor = (struct octets){ (const uint8_t *)SENSOR, sizeof SENSOR - 1 };
	log_observe(line, OBSERVED_CONTACT)->contact = c;
	return NULL;
}

static enum log_verdict
read_eve(void *state, struct log_line *line)
{
	struct json_line json;
	enum log_verdict verdict = LOG_OTHER;

	(void)state;
	if (line->size == 0)
		return LOG_OTHER;
	if (!json_line_open(&json, line)) {
		line->why = "no JSON object";
		verdict = LOG_BAD;
	} else if (json_line_is(&json, "event_type", "flow")) {
		line->why = read_flow(&json, line);
		verdict = line->why != NULL ? LOG_BAD : LOG_READ;
	}
	json_line_close(&json);
	return verdict;
}

static const struct log_format EVE = { .read = read_eve };

static void
run_eve(void *state, struct capture_run *run)
{
	log_lines_run(state, &EVE, run);
}

static bool
recognise_eve(const uint8_t *head, size_t size)
{
	struct log_text text = log_text_over(head, size), line = text;

	(void)log_text_until(&text, '\n', &line);
	return log_text_begins(&line, "{\"timestamp\"") &&
	       log_text_find(&line, "\"event_type\"") != NULL;
}

const struct capture_format capture_suricata_eve = {
	.name = "suricata-eve",
	.recognise = recognise_eve,
	.state_size = sizeof(struct log_lines),
	.run = run_eve,
	.passed_one = "line is",
	.passed_many = "such lines are",
	.makes = true,
};
