/* SPDX-License-Identifier: ISC */
/*
 * HTTP requests as lines; see records_http.h.
 *
 * Those of packets come when their responses are complete, those of logs as they are logged.
 */
#include "cmd/records_http.h"

#include <errno.h>

#include "cmd/common.h"
#include "cmd/record_line.h"
#include "pipeline/content_reader.h"

struct listing {
	struct record_line line;
	bool bodies;
};

static int64_t
number_of(uint64_t value)
{
	return value <= INT64_MAX ? (int64_t)value : -1;
}

static void
put_address(struct record_line *line, const char *name, const struct address *address)
{
	if (line->header || address->words[0] != 0 || address->words[1] != 0)
		record_line_address(line, name, address);
	else
		record_line_text(line, name, NULL);
}

static void
put_flags(struct record_line *line, uint16_t flags)
{
	static const char *const NAMES[] = { "cut", "malformed", "gap", "no_request", "body_coded",
		"client_named" };

	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		record_line_number(line, NAMES[i], (flags & 1U << i) != 0 ? 1 : -1);
}

static void
put_ends(struct record_line *line, const struct http_request *r)
{
	put_address(line, "client_address", &r->client);
	record_line_octets(line, "client_name", r->client_name);
	record_line_number(line, "client_port", r->client_port != 0 ? r->client_port : -1);
	put_address(line, "server_address", &r->server);
	record_line_number(line, "server_port", r->server_port != 0 ? r->server_port : -1);
}

static void
put_texts(struct record_line *line, const struct http_request *r)
{
	record_line_octets(line, "method", r->method);
	record_line_octets(line, "target", r->target);
	record_line_octets(line, "protocol", r->protocol);
	record_line_octets(line, "host", r->host);
	record_line_octets(line, "user", r->user);
	record_line_octets(line, "user_agent", r->user_agent);
	record_line_octets(line, "referer", r->referer);
	record_line_octets(line, "cookie", r->cookie);
	record_line_octets(line, "content_type", r->content_type);
	record_line_octets(line, "authorization", r->authorization);
	record_line_octets(line, "forwarded_for", r->forwarded_for);
	record_line_octets(line, "location", r->location);
	record_line_octets(line, "response_type", r->response_type);
}

static void
print_request(const struct listing *listing, const struct http_request *r)
{
	struct record_line line = listing->line;
	char time[40];

	record_line_text(&line, "time", clock_format(r->time, 9, time, sizeof time));
	record_line_text(&line, "origin", r->origin == HTTP_FROM_LOG ? "log" : "packets");
	put_ends(&line, r);
	record_line_number(&line, "status", r->status != 0 ? r->status : -1);
	record_line_number(&line, "duration_ns", number_of(r->duration));
	record_line_number(&line, "request_octets", number_of(r->request_octets));
	record_line_number(&line, "response_octets", number_of(r->response_octets));
	put_texts(&line, r);
	if (listing->bodies) {
		record_line_octets(&line, "body", r->body);
		record_line_octets(&line, "answer", r->answer);
	}
	put_flags(&line, r->flags);
	record_line_number(&line, "input_offset", number_of(r->input_offset));
	record_line_number(
	    &line, "input_length", r->input_length != 0 ? (int64_t)r->input_length : -1);
	record_line_end(&line);
}

static void
print_batch(void *context, const struct batch *batch)
{
	for (size_t i = 0; batch->type == OBS_HTTP && i < batch->count; i++)
		print_request(context, batch->http[i]);
}

static bool
read_inputs(struct content_reader *reader, const struct opt_values *values)
{
	bool failed = false;

	for (size_t i = 0; i < values->operand_count && !ferror(stdout); i++) {
		struct err_info why = { .text = "" };

		if (content_reader_read(reader, values->operands[i], &why) == ERR_OK)
			continue;
		failed = true;
		(void)fprintf(stderr, "yagura records: %s\n", why.text);
	}
	content_reader_finish(reader);
	return !failed;
}

int
records_http(const struct opt_values *values, const struct config *config)
{
	struct listing listing = { .line = { .csv = opt_given(values, "csv") },
		.bodies = opt_given(values, "bodies") };
	struct content_reader_options options = {
		.config = config,
		.secret = hash_secret_new(),
		.consumed = OBS_HTTP,
		.deliver = print_batch,
		.context = &listing,
	};
	struct content_reader *reader = content_reader_new(&options);
	bool done;

	if (listing.line.csv) {
		listing.line.header = true;
		print_request(&listing, &(struct http_request){ 0 });
		listing.line.header = false;
	}
	done = read_inputs(reader, values);
	if (opt_given(values, "drops"))
		record_line_drops(content_reader_drops(reader));
	content_reader_free(reader);
	if (fflush(stdout) != 0 && errno != EPIPE)
		return common_fail("records", EXIT_FAILED, "the output does not take more");
	return done ? EXIT_DONE : EXIT_FAILED;
}
