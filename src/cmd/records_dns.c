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
#include "net/dns.h"
#include "pipeline/dns_reader.h"

struct line {
	bool csv;
	bool header; /* names instead of values */
	bool begun;
};

static void
begin_value(struct line *line, const char *name)
{
	const char *comma = line->begun ? "," : "";

	if (line->csv)
		(void)printf("%s", comma);
	else
		(void)printf("%s\"%s\":", line->begun ? "," : "{", name);
	line->begun = true;
}

/* The text of a value; what is NULL is not said. */
static void
put_text(struct line *line, const char *name, const char *value)
{
	if (line->header)
		value = name;
	if (value == NULL && !line->csv)
		return;
	begin_value(line, name);
	if (value == NULL || (line->csv && strpbrk(value, ",\"") == NULL)) {
		(void)printf("%s", value != NULL ? value : "");
		return;
	}
	(void)putchar('"');
	for (const char *at = value; *at != '\0'; at++) {
		if (*at == '"' || (*at == '\\' && !line->csv))
			(void)putchar(line->csv ? '"' : '\\');
		(void)putchar(*at);
	}
	(void)putchar('"');
}

/* What is below 0 is not said. */
static void
put_number(struct line *line, const char *name, int64_t value)
{
	if (line->header) {
		put_text(line, name, name);
		return;
	}
	if (value < 0 && !line->csv)
		return;
	begin_value(line, name);
	if (value >= 0)
		(void)printf("%" PRId64, value);
}

static void
put_address(struct line *line, const char *name, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	put_text(line, name, address_format(address, text));
}

static void
put_ends(struct line *line, const struct dns_message *m)
{
	put_address(line, "client_address", &m->client);
	put_number(line, "client_port", m->client_port);
	put_address(line, "server_address", &m->server);
	put_number(line, "server_port", m->server_port);
}

/* The header's numbers; those that say nothing in a message without a header are not said. */
static void
put_header(struct line *line, const struct dns_message *m)
{
	char opcode[DNS_NUMBER_TEXT_SIZE], rcode[DNS_NUMBER_TEXT_SIZE];
	bool response = (m->flags & DNS_RESPONSE) != 0;

	put_number(line, "id", m->id);
	put_text(line, "opcode", dns_opcode_name(m->opcode, opcode));
	put_text(line, "rcode", response ? dns_rcode_name(m->rcode, rcode) : NULL);
}

static void
put_question(struct line *line, const struct dns_message *m)
{
	char type[DNS_NUMBER_TEXT_SIZE], class[DNS_NUMBER_TEXT_SIZE], name[DNS_NAME_TEXT_SIZE];
	bool asked = (m->flags & DNS_QUESTION) != 0;

	put_text(
	    line, "name", m->name_size != 0 ? dns_name_text(m->name, m->name_size, name) : NULL);
	put_text(line, "type", asked ? dns_type_name(m->type, type) : NULL);
	put_text(line, "class", asked ? dns_class_name(m->class, class) : NULL);
}

static void
put_counts(struct line *line, const struct dns_message *m)
{
	static const char *const NAMES[] = { "questions", "answers", "authorities", "additional" };

	/* Of a query that stayed without an answer they are not kept. */
	for (unsigned i = 0; i < 4; i++)
		put_number(line, NAMES[i], m->data != NULL ? m->counts[i] : -1);
	put_number(line, "size", m->message_size);
}

static void
print_line(struct line *line, const char *kind, const struct dns_message *m)
{
	char time[40];
	bool response = (m->flags & DNS_RESPONSE) != 0;

	line->begun = false;
	put_text(line, "time", clock_format(m->time, 9, time, sizeof time));
	put_text(line, "kind", kind);
	put_text(line, "verdict", dns_verdict_name(m->verdict));
	put_text(line, "transport", dns_transport_name(m->transport));
	put_text(line, "view", dns_view_name(m->view));
	put_ends(line, m);
	put_text(line, "message", response ? "response" : "query");
	put_header(line, m);
	put_question(line, m);
	put_counts(line, m);
	put_text(line, "match", m->match != DNS_MATCH_NONE ? dns_match_name(m->match) : NULL);
	put_number(line, "latency_ns", m->match != DNS_MATCH_NONE ? m->latency : -1);
	put_number(line, "retransmissions", m->retransmissions != 0 ? m->retransmissions : -1);
	put_number(line, "input_offset", (int64_t)m->input_offset);
	(void)puts(line->csv ? "" : "}");
}

static void
print_pending(struct line *line, const struct dns_pending *p)
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
	struct line *line = context;
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

static void
print_drops(const struct drop_counters *drops)
{
	for (int i = 0; i < DROP_COUNT; i++)
		if (drops->count[i] > 0)
			(void)fprintf(
			    stderr, "%s %" PRIu64 "\n", drop_name((enum drop)i), drops->count[i]);
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
	struct line line = { .csv = opt_given(values, "csv") };
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
		print_drops(dns_reader_drops(reader));
	dns_reader_free(reader);
	if (fflush(stdout) != 0 && errno != EPIPE)
		return common_fail("records", EXIT_FAILED, "the output does not take more");
	return done ? EXIT_DONE : EXIT_FAILED;
}
