/* SPDX-License-Identifier: ISC */
/*
 * DNS messages as lines; see records_dns.h.
 *
 * What one looks for a single transaction with, and what tests compare with other programs.  Each
 * line is one message, or one query that stayed without an answer.
 */
#include "cmd/records_dns.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cmd/common.h"
#include "cmd/record_line.h"
#include "net/dns.h"
#include "pipeline/dns_reader.h"

static void
put_ends(struct record_line *line, const struct dns_message *m)
{
	record_line_address(line, "client_address", &m->client);
	record_line_number(line, "client_port", m->client_port);
	record_line_address(line, "server_address", &m->server);
	record_line_number(line, "server_port", m->server_port);
}

/* The header's numbers; those that say nothing in a message without a header are not said. */
static void
put_header(struct record_line *line, const struct dns_message *m)
{
	char opcode[DNS_NUMBER_TEXT_SIZE], rcode[DNS_NUMBER_TEXT_SIZE];
	bool response = (m->flags & DNS_RESPONSE) != 0;

	record_line_number(line, "id", m->id);
	record_line_text(line, "opcode", dns_opcode_name(m->opcode, opcode));
	record_line_text(line, "rcode", response ? dns_rcode_name(m->rcode, rcode) : NULL);
}

static void
put_question(struct record_line *line, const struct dns_message *m)
{
	char type[DNS_NUMBER_TEXT_SIZE], class[DNS_NUMBER_TEXT_SIZE], name[DNS_NAME_TEXT_SIZE];
	bool asked = (m->flags & DNS_QUESTION) != 0;

	record_line_text(
	    line, "name", m->name_size != 0 ? dns_name_text(m->name, m->name_size, name) : NULL);
	record_line_text(line, "type", asked ? dns_type_name(m->type, type) : NULL);
	record_line_text(line, "class", asked ? dns_class_name(m->class, class) : NULL);
}

static void
put_counts(struct record_line *line, const struct dns_message *m)
{
	static const char *const NAMES[] = { "questions", "answers", "authorities", "additional" };

	/* Of a query that stayed without an answer they are not kept. */
	for (unsigned i = 0; i < 4; i++)
		record_line_number(line, NAMES[i], m->data != NULL ? m->counts[i] : -1);
	record_line_number(line, "size", m->message_size);
}

static void
print_line(struct record_line *line, const char *kind, const struct dns_message *m)
{
	char time[40];
	bool response = (m->flags & DNS_RESPONSE) != 0;

	record_line_text(line, "time", clock_format(m->time, 9, time, sizeof time));
	record_line_text(line, "kind", kind);
	record_line_text(line, "verdict", dns_verdict_name(m->verdict));
	record_line_text(line, "transport", dns_transport_name(m->transport));
	record_line_text(line, "view", dns_view_name(m->view));
	put_ends(line, m);
	record_line_text(line, "message", response ? "response" : "query");
	put_header(line, m);
	put_question(line, m);
	put_counts(line, m);
	record_line_text(
	    line, "match", m->match != DNS_MATCH_NONE ? dns_match_name(m->match) : NULL);
	record_line_number(line, "latency_ns", m->match != DNS_MATCH_NONE ? m->latency : -1);
	record_line_number(
	    line, "retransmissions", m->retransmissions != 0 ? m->retransmissions : -1);
	record_line_number(line, "input_offset", (int64_t)m->input_offset);
	record_line_end(line);
}

static void
print_pending(struct record_line *line, const struct dns_pending *p)
{
	struct dns_message m = {
		.time = p->time,
		.client = p->client,
		.server = p->server,
		.client_port = p->client_port,
		.server_port = p->server_port,
		.id = p->id,
		.flags = p->flags,
		.transport = p->transport,
		.view = p->view,
		.retransmissions = p->retransmissions,
		.message_size = p->query_size,
		.type = p->type,
		.class = DNS_CLASS_IN,
		.latency = -1,
	};

	print_line(line, "pending", &m);
}

static void
print_batch(void *context, const struct batch *batch)
{
	struct record_line *line = context;
	const char *kind = batch->type == OBS_DNS         ? "message"
			   : batch->type == OBS_DNS_LOCAL ? "local"
			   : batch->type == OBS_DNS_BAD   ? "bad"
							  : "quoted";

	for (size_t i = 0; i < batch->count; i++) {
		if (batch->type == OBS_DNS_PENDING)
			print_pending(line, &batch->pending[i]);
		else
			print_line(line, kind, batch->dns[i]);
	}
}

static bool
read_inputs(struct dns_reader *reader, const struct opt_values *values)
{
	bool failed = false;

	for (size_t i = 0; i < values->operand_count && !ferror(stdout); i++) {
		struct err_info why = { .text = "" };
		if (dns_reader_read(reader, values->operands[i], &why) == ERR_OK)
			continue;
		failed = true;
		(void)fprintf(stderr, "yagura records: %s\n", why.text);
	}
	dns_reader_finish(reader);
	return !failed;
}

int
records_dns(const struct opt_values *values, const struct config *config)
{
	struct record_line line = { .csv = opt_given(values, "csv") };
	struct dns_reader_options options = {
		.config = config,
		.secret = hash_secret_new(),
		.deliver = print_batch,
		.context = &line,
	};
	struct dns_reader *reader;
	struct err_info why = { .text = "" };
	bool done;

	if (dns_reader_new(&options, &reader, &why) != ERR_OK)
		return common_fail("records", EXIT_FAILED, why.text);
	if (line.csv) {
		line.header = true;
		print_line(&line, "", &(struct dns_message){ .latency = -1 });
		line.header = false;
	}
	done = read_inputs(reader, values);
	if (opt_given(values, "drops"))
		record_line_drops(dns_reader_drops(reader));
	dns_reader_free(reader);
	if (fflush(stdout) != 0 && errno != EPIPE)
		return common_fail("records", EXIT_FAILED, "the output does not take more");
	return done ? EXIT_DONE : EXIT_FAILED;
}
