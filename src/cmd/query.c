/* SPDX-License-Identifier: ISC */
/*
 * yagura query: answers from a store on the terminal, as CSV, JSON or Parquet.
 *
 * The operand is one SELECT, or the word `flows` with filters, from which a SELECT is made here.
 * The store is opened for reading, and what the SELECT may reach is the store's concern
 * (doc/design/store.md).
 */
#include <inttypes.h>
#include <signal.h>

#include "base/xmalloc.h"
#include "cmd/common.h"
#include "cmd/rows.h"

#define FLOWS_SHOWN 100 /* flows that people get without --limit */

static const struct opt OPTIONS[] = {
	OPT_STORE,
	{ "csv", 0, NULL, "print comma-separated values" },
	{ "json", 0, NULL, "print a JSON array of objects" },
	{ "parquet", 0, "FILE", "write a Parquet file" },
	{ "from", 0, "TIME", "flows: those that begin at or after this time" },
	{ "to", 0, "TIME", "flows: those that begin before this time" },
	{ "address", 0, "PREFIX", "flows: source or destination is in this prefix" },
	{ "port", 0, "N", "flows: source or destination port" },
	{ "protocol", 0, "P", "flows: a protocol by number or name (tcp, udp, icmp, ...)" },
	{ "limit", 0, "N", "flows: at most so many, the earliest first (a table: 100; 0: all)" },
	{ "skip-damaged", 0, NULL, "leave out days of flows whose file does not read" },
	OPT_CONFIG,
	OPT_END,
};

/* Options that only mean something for `flows`. */
static const char *const FILTERS[] = { "from", "to", "address", "port", "protocol", "limit" };

static const struct {
	const char *name;
	unsigned number;
} PROTOCOLS[] = {
	{ "icmp", 1 },
	{ "tcp", 6 },
	{ "udp", 17 },
	{ "gre", 47 },
	{ "esp", 50 },
	{ "ah", 51 },
	{ "icmpv6", 58 },
	{ "ipv6-icmp", 58 },
	{ "sctp", 132 },
	{ "udplite", 136 },
};

/* --- the SELECT of `flows` -------------------------------------------------------------------- */

/* A whole number of at most `most`. */
static bool
read_number(const char *text, uint64_t most, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (*text == '\0')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (number > (UINT64_MAX - 9) / 10)
			return false;
		number = number * 10 + (uint64_t)(*text - '0');
	}
	*ret_number = number;
	return *text == '\0' && number <= most;
}

static bool
read_protocol(const char *text, uint64_t *ret_number)
{
	for (size_t i = 0; i < sizeof PROTOCOLS / sizeof PROTOCOLS[0]; i++) {
		if (strcasecmp(PROTOCOLS[i].name, text) == 0) {
			*ret_number = PROTOCOLS[i].number;
			return true;
		}
	}
	return read_number(text, 255, ret_number);
}

/* `sql AND condition`; sql is freed. */
static char *
and_also(char *sql, char *condition)
{
	char *longer = xasprintf("%s AND %s", sql, condition);

	free(sql);
	free(condition);
	return longer;
}

static enum err
filter_time(const struct opt_values *values, const char *name, const char *compare, char **sql,
    struct err_info *info)
{
	const char *text = opt_value(values, name);
	nsec_t time;

	if (text == NULL)
		return ERR_OK;
	if (clock_parse(text, &time) != ERR_OK)
		return err_set(info, ERR_USAGE,
		    "--%s %.60s is not a time such as 2026-01-31 or 2026-01-31T12:00:00Z", name,
		    text);
	*sql = and_also(*sql, xasprintf("flow_start_milliseconds %s %" PRId64, compare,
				  time > 0 ? (time + NSEC_PER_MS - 1) / NSEC_PER_MS : 0));
	return ERR_OK;
}

/* The octets as an SQL literal: '\x20\x01…'::BLOB. */
static void
address_literal(const struct address *a, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "'");

	for (size_t i = 0; i < sizeof a->octets; i++)
		used += (size_t)snprintf(text + used, size - used, "\\x%02X", a->octets[i]);
	(void)snprintf(text + used, size - used, "'::BLOB");
}

static enum err
filter_address(const struct opt_values *values, char **sql, struct err_info *info)
{
	const char *text = opt_value(values, "address");
	struct prefix prefix;
	struct address last;
	unsigned length;
	char low[96];
	char high[96];

	if (text == NULL)
		return ERR_OK;
	if (prefix_parse(text, &prefix, info) != ERR_OK)
		return ERR_USAGE;
	last = prefix.address;
	length = prefix.length + (address_is_ipv4(&prefix.address) ? 96U : 0U);
	for (unsigned i = 0; i < sizeof last.octets; i++) {
		unsigned kept = length > i * 8 ? length - i * 8 : 0;
		if (kept < 8)
			last.octets[i] |= (uint8_t)(0xffU >> kept);
	}
	address_literal(&prefix.address, low, sizeof low);
	address_literal(&last, high, sizeof high);
	*sql = and_also(*sql,
	    xasprintf("(source_address BETWEEN %s AND %s OR destination_address BETWEEN %s AND %s)",
		low, high, low, high));
	return ERR_OK;
}

static enum err
filter_numbers(const struct opt_values *values, char **sql, struct err_info *info)
{
	const char *port = opt_value(values, "port");
	const char *protocol = opt_value(values, "protocol");
	uint64_t number;

	if (port != NULL) {
		if (!read_number(port, 65535, &number))
			return err_set(info, ERR_USAGE, "--port %.60s is not a port", port);
		*sql = and_also(
		    *sql, xasprintf("(source_port = %" PRIu64 " OR destination_port = %" PRIu64 ")",
			      number, number));
	}
	if (protocol != NULL) {
		if (!read_protocol(protocol, &number))
			return err_set(
			    info, ERR_USAGE, "--protocol %.60s is not a protocol", protocol);
		*sql = and_also(*sql, xasprintf("protocol_identifier = %" PRIu64, number));
	}
	return ERR_OK;
}

static enum err
read_limit(const struct opt_values *values, uint64_t *ret_limit, struct err_info *info)
{
	const char *text = opt_value(values, "limit");
	bool for_people = !opt_given(values, "csv") && !opt_given(values, "json") &&
			  !opt_given(values, "parquet");

	*ret_limit = for_people ? FLOWS_SHOWN : 0;
	if (text != NULL && !read_number(text, INT64_MAX, ret_limit))
		return err_set(info, ERR_USAGE, "--limit %.60s is not a number", text);
	return ERR_OK;
}

/* The SELECT that `flows` and its filters stand for; owned by the caller. */
static enum err
flows_sql(
    const struct opt_values *values, uint64_t *ret_limit, char **ret_sql, struct err_info *info)
{
	char *sql = xstrdup(
	    "SELECT flow_start_milliseconds, flow_end_milliseconds, source_address, source_port, "
	    "destination_address, destination_port, protocol_identifier, packet_delta_count, "
	    "octet_delta_count, reverse_packet_delta_count, reverse_octet_delta_count, "
	    "tcp_control_bits, reverse_tcp_control_bits, flow_end_reason FROM flows WHERE true");
	enum err e = filter_time(values, "from", ">=", &sql, info);

	if (e == ERR_OK)
		e = filter_time(values, "to", "<", &sql, info);
	if (e == ERR_OK)
		e = filter_address(values, &sql, info);
	if (e == ERR_OK)
		e = filter_numbers(values, &sql, info);
	if (e == ERR_OK)
		e = read_limit(values, ret_limit, info);
	if (e != ERR_OK) {
		free(sql);
		return e;
	}
	*ret_sql = *ret_limit != 0 ? xasprintf("%s ORDER BY ALL LIMIT %" PRIu64, sql, *ret_limit)
				   : xasprintf("%s ORDER BY ALL", sql);
	free(sql);
	return ERR_OK;
}

/* --- answering -------------------------------------------------------------------------------- */

static enum err
print_answer(struct store *store, const char *sql, const struct opt_values *values, uint64_t limit,
    struct err_info *info)
{
	struct query_source source = store_stream(store);
	struct result *r;
	uint64_t count = 0;
	enum err e = query_run(&source, &r, info, "%s", sql);

	if (e != ERR_OK)
		return e;
	if (opt_given(values, "csv"))
		e = rows_print_csv(r, stdout, &count, info);
	else if (opt_given(values, "json"))
		e = rows_print_json(r, stdout, &count, info);
	else
		e = rows_print_table(r, stdout, &count, info);
	if (e == ERR_END) {
		e = ERR_OK; /* whoever reads has seen enough */
		limit = 0;
	} else if (e == ERR_OK && store_result_error(r) != NULL) {
		struct err_info damage = { .text = "" };
		bool damaged = store_check(store, &damage) == ERR_DAMAGED;
		e = err_set(info, damaged ? ERR_DAMAGED : ERR_IO, "the answer ends early: %.400s",
		    damaged ? damage.text : store_result_error(r));
	}
	result_free(r);
	if (e == ERR_OK && limit != 0 && count == limit && !opt_given(values, "limit"))
		(void)fprintf(stderr,
		    "yagura query: the first %" PRIu64 " flows; --limit 0 gives all\n", limit);
	return e;
}

/* The question: a SELECT, and how many flows of a shortcut are shown (0: all). */
struct question {
	char *sql; /* owned */
	uint64_t limit;
};

static enum err
answer(const struct opt_values *values, const struct config *config, const struct question *q,
    struct err_info *info)
{
	const char *url = opt_value(values, "store");
	struct store_options options = {
		.mode = STORE_READ,
		.memory_limit = settings_size(config->store, "memory_limit"),
		.skip_damaged = opt_given(values, "skip-damaged"),
	};
	struct store *store;
	enum err e;

	if (url == NULL)
		url = settings_text(config->store, "url");
	if (strcmp(url, "mem:") == 0)
		return err_set(
		    info, ERR_USAGE, "a store that lasts is needed: --store duckdb:DIRECTORY");
	e = store_open(url, &options, &store, info);
	if (e != ERR_OK)
		return e;
	if (opt_given(values, "parquet"))
		e = store_export(store, q->sql, "parquet", opt_value(values, "parquet"), info);
	else
		e = print_answer(store, q->sql, values, q->limit, info);
	store_close(store);
	return e;
}

/* What cannot be meant. */
static enum err
check_usage(const struct opt_values *values, bool flows, struct err_info *info)
{
	if (values->operand_count != 1)
		return err_set(info, ERR_USAGE, "it takes one SELECT in quotes, or the word flows");
	if (opt_given(values, "csv") + opt_given(values, "json") + opt_given(values, "parquet") > 1)
		return err_set(info, ERR_USAGE, "--csv, --json and --parquet exclude each other");
	for (size_t i = 0; i < sizeof FILTERS / sizeof FILTERS[0] && !flows; i++)
		if (opt_given(values, FILTERS[i]))
			return err_set(
			    info, ERR_USAGE, "--%s belongs to `yagura query flows`", FILTERS[i]);
	return ERR_OK;
}

static int
run(const struct opt_values *values)
{
	bool flows = values->operand_count > 0 && strcmp(values->operands[0], "flows") == 0;
	struct err_info why = { .text = "" };
	struct config config;
	struct question q = { NULL, 0 };
	enum err e = check_usage(values, flows, &why);

	/* `yagura query … | head` must still leave the store in good order. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (e == ERR_OK && flows)
		e = flows_sql(values, &q.limit, &q.sql, &why);
	else if (e == ERR_OK)
		q.sql = xstrdup(values->operands[0]);
	if (e == ERR_OK)
		e = common_config(values, &config, &why);
	if (e == ERR_OK) {
		e = answer(values, &config, &q, &why);
		config_release(&config);
	}
	free(q.sql);
	if (e != ERR_OK)
		return common_fail("query", e == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED, why.text);
	return EXIT_DONE;
}

const struct command command_query = {
	.name = "query",
	.summary = "answer questions about what a store holds",
	.operands = "SQL | flows",
	.options = OPTIONS,
	.run = run,
};
