/* SPDX-License-Identifier: ISC */
/*
 * Query logs of BIND and Unbound as files (query_log.h): every line about a query or an answer is a
 * message.
 *
 * Lines about other things are passed over; one about a query that cannot be read is counted, and
 * the first of them is named in the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "obs/dns.h"
#include "source/capture.h"
#include "source/dns_made.h"
#include "source/query_log.h"

#define LINE_MAX_SIZE (64U << 10)

struct log_file {
	struct capture_damage damage; /* lines that are not read */
	uint64_t lines;               /* read so far */
};

/* A message goes from the client to the server, an answer back. */
static void
give(struct capture_run *run, const struct query_log_line *line, uint64_t offset, size_t size)
{
	bool response = (line->message[2] & 0x80) != 0;
	struct dns_made made = {
		.record = { .query_time = line->query_time,
		    .producer = dns_producer_number(NULL, 0),
		    .input_length = (uint32_t)size,
		    .sent_size = line->sent_size,
		    .view = DNS_VIEW_LOG,
		    .transport = line->transport },
		.time = line->time,
		.input_offset = offset,
		.source = response ? line->server : line->client,
		.destination = response ? line->client : line->server,
		.source_port = response ? 0 : line->client_port,
		.destination_port = response ? line->client_port : 0,
		.message = line->message,
		.size = line->size,
	};

	dns_made_add(run, &made);
}

static void
take_line(struct log_file *log, struct capture_run *run, size_t at, size_t whole)
{
	const uint8_t *octets = run->data + at;
	size_t size = whole;
	struct query_log_line line;

	while (size > 0 && (octets[size - 1] == '\n' || octets[size - 1] == '\r'))
		size--;
	switch (query_log_read(octets, size, &line)) {
	case QUERY_LOG_MESSAGE: give(run, &line, run->offset + at, whole); break;
	case QUERY_LOG_BAD:
		drop(run->drops, DROP_QUERY_LOG_LINE);
		capture_pass_over(&log->damage, &(struct capture_damage){ 1, whole,
						    run->offset + at, log->lines + 1, line.why });
		break;
	case QUERY_LOG_OTHER:
		if (size != 0)
			drop(run->drops, DROP_QUERY_LOG_OTHER);
		break;
	}
	log->lines++;
}

static void
query_log_run(void *state, struct capture_run *run)
{
	struct log_file *log = state;
	size_t at = 0;
	bool full = false;

	while (at < run->size) {
		const uint8_t *line = run->data + at;
		const uint8_t *end = memchr(line, '\n', run->size - at);
		size_t whole = end != NULL ? (size_t)(end - line) + 1 : run->size - at;

		if (whole > LINE_MAX_SIZE)
			run->failure = "a line of more than 64 KiB";
		full = !dns_made_fits(run, 1);
		if (run->failure != NULL || full || (end == NULL && !run->last))
			break;
		take_line(log, run, at, whole);
		at += whole;
	}
	run->used = at;
	run->need = full ? 1 : run->size - at + 1;
}

/* How lines of both programs begin: "22-Nov-2026 ", "[1700000000] unbound[". */
static bool
is_beginning(const uint8_t *line, size_t size)
{
	static const char SHAPE[] = "99-Aaa-9999 99:99:99";
	size_t i = 0;

	if (size > 2 && line[0] == '[') {
		for (i = 1; i < size && line[i] >= '0' && line[i] <= '9'; i++)
			;
		return i > 1 && size - i >= 9 && memcmp(line + i, "] unbound", 9) == 0;
	}
	for (i = 0; i < sizeof SHAPE - 1 && i < size; i++) {
		bool digit = line[i] >= '0' && line[i] <= '9';
		bool letter = (line[i] | 0x20) >= 'a' && (line[i] | 0x20) <= 'z';

		if (SHAPE[i] == '9'                      ? !digit
		    : SHAPE[i] == 'A' || SHAPE[i] == 'a' ? !letter
							 : line[i] != (uint8_t)SHAPE[i])
			return false;
	}
	return i == sizeof SHAPE - 1;
}

/* A file that begins so, or one of whose first lines is about a query. */
static bool
query_log_recognise(const uint8_t *head, size_t size)
{
	struct query_log_line line;
	size_t at = 0;

	if (is_beginning(head, size))
		return true;
	while (at < size) {
		const uint8_t *end = memchr(head + at, '\n', size - at);
		size_t whole = end != NULL ? (size_t)(end - (head + at)) + 1 : size - at;

		if (whole > LINE_MAX_SIZE || memchr(head + at, '\0', whole) != NULL)
			return false;
		if (query_log_read(head + at, whole - (end != NULL), &line) == QUERY_LOG_MESSAGE)
			return true;
		at += whole;
	}
	return false;
}

const struct capture_format capture_query_log = {
	.name = "query-log",
	.recognise = query_log_recognise,
	.state_size = sizeof(struct log_file),
	.run = query_log_run,
	.passed_one = "line is",
	.passed_many = "such lines are",
	.makes = true,
};
