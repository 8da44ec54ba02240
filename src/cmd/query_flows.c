/* SPDX-License-Identifier: ISC */
/* The SELECT of `yagura query flows`; see query_flows.h. */
#include "cmd/query_flows.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/xmalloc.h"
#include "cmd/query_filter.h"
#include "net/address.h"

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

/* --- filters -------------------------------------------------------------------- */

static bool
read_protocol(const char *text, uint64_t *ret_number)
{
	for (size_t i = 0; i < sizeof PROTOCOLS / sizeof PROTOCOLS[0]; i++) {
		if (strcasecmp(PROTOCOLS[i].name, text) == 0) {
			*ret_number = PROTOCOLS[i].number;
			return true;
		}
	}
	return query_number(text, 255, ret_number);
}

static enum err
filter_address(const struct opt_values *values, char **sql, struct err_info *info)
{
	const char *address = opt_value(values, "address");
	const char *exporter = opt_value(values, "exporter");
	struct prefix prefix;

	if (address != NULL) {
		if (prefix_parse(address, &prefix, info) != ERR_OK)
			return ERR_USAGE;
		char *source = query_prefix("source_address", &prefix);
		char *destination = query_prefix("destination_address", &prefix);
		*sql = query_and(*sql, xasprintf("(%s OR %s)", source, destination));
		free(source);
		free(destination);
	}
	if (exporter != NULL) {
		if (prefix_parse(exporter, &prefix, info) != ERR_OK)
			return ERR_USAGE;
		*sql = query_and(*sql, query_prefix("exporter_address", &prefix));
	}
	return ERR_OK;
}

/* A number that either end of a flow may have. */
static enum err
filter_either(const struct opt_values *values, const char *name, const char *const columns[2],
    uint64_t most, char **sql, struct err_info *info)
{
	const char *text = opt_value(values, name);
	uint64_t number;

	if (text == NULL)
		return ERR_OK;
	if (!query_number(text, most, &number))
		return err_set(
		    info, ERR_USAGE, "--%s %.60s is not a number up to %" PRIu64, name, text, most);
	*sql = query_and(*sql, xasprintf("(%s = %" PRIu64 " OR %s = %" PRIu64 ")", columns[0],
				   number, columns[1], number));
	return ERR_OK;
}

static enum err
filter_numbers(const struct opt_values *values, char **sql, struct err_info *info)
{
	static const struct {
		const char *name;
		const char *columns[2];
		uint64_t most;
	} EITHER[] = {
		{ "port", { "source_port", "destination_port" }, UINT16_MAX },
		{ "interface", { "ingress_interface", "egress_interface" }, UINT32_MAX },
		{ "as", { "bgp_source_as_number", "bgp_destination_as_number" }, UINT32_MAX },
	};
	const char *protocol = opt_value(values, "protocol");
	uint64_t number;
	enum err e = ERR_OK;

	for (size_t i = 0; i < sizeof EITHER / sizeof EITHER[0] && e == ERR_OK; i++)
		e = filter_either(
		    values, EITHER[i].name, EITHER[i].columns, EITHER[i].most, sql, info);
	if (e != ERR_OK || protocol == NULL)
		return e;
	if (!read_protocol(protocol, &number))
		return err_set(info, ERR_USAGE, "--protocol %.60s is not a protocol", protocol);
	*sql = query_and(*sql, xasprintf("protocol_identifier = %" PRIu64, number));
	return ERR_OK;
}

/* The conditions of every filter; owned by the caller. */
static enum err
make_condition(const struct opt_values *values, char **ret_sql, struct err_info *info)
{
	char *sql = xstrdup("true");
	enum err e = query_time(values, "from", "flow_start_milliseconds >=", &sql, info);

	if (e == ERR_OK)
		e = query_time(values, "to", "flow_start_milliseconds <", &sql, info);
	if (e == ERR_OK)
		e = filter_address(values, &sql, info);
	if (e == ERR_OK)
		e = filter_numbers(values, &sql, info);
	if (e != ERR_OK) {
		free(sql);
		return e;
	}
	*ret_sql = sql;
	return ERR_OK;
}

/* --- flows one by one ------------------------------------------------------------------------- */

#define ADDRESS(which) \
	"yagura_address(" #which "_address_high, " #which "_address_low) AS " #which "_address"

static enum err
make_list(const struct opt_values *values, const char *condition, struct query_flows *q,
    struct err_info *info)
{
	enum err e = query_limit(values, &q->limit, info);
	char *limit;

	if (e != ERR_OK)
		return e;
	limit = q->limit != 0 ? xasprintf(" LIMIT %" PRIu64, q->limit) : xstrdup("");
	/* Numbers sort like the octets they stand for. */
	q->sql = xasprintf(
	    "SELECT flow_start_milliseconds, flow_end_milliseconds, " ADDRESS(
		source) ", source_port, " ADDRESS(destination) ", destination_port, "
							       "protocol_identifier, "
							       "packet_delta_count, "
							       "octet_delta_count, "
							       "reverse_packet_delta_count, "
							       "reverse_octet_delta_count, "
							       "tcp_control_bits, "
							       "reverse_tcp_control_bits, "
							       "flow_end_reason, "
							       "sampling_interval, " ADDRESS(
								   exporter) ", ingress_interface, "
									     "egress_interface, "
									     "bgp_source_as_number,"
									     " "
									     "bgp_destination_as_"
									     "number FROM (SELECT "
									     "flow_start_"
									     "milliseconds, "
									     "flow_end_"
									     "milliseconds, "
									     "source_address_high, "
									     "source_address_low, "
									     "source_port, "
									     "destination_address_"
									     "high, "
									     "destination_address_"
									     "low, "
									     "destination_port, "
									     "protocol_identifier, "
									     "packet_delta_count, "
									     "octet_delta_count, "
									     "reverse_packet_delta_"
									     "count, "
									     "reverse_octet_delta_"
									     "count, "
									     "tcp_control_bits, "
									     "reverse_tcp_control_"
									     "bits, "
									     "flow_end_reason, "
									     "sampling_interval, "
									     "exporter_address_"
									     "high, "
									     "exporter_address_low,"
									     " ingress_interface, "
									     "egress_interface, "
									     "bgp_source_as_number,"
									     " bgp_destination_as_"
									     "number FROM "
									     "flow_numbers WHERE "
									     "%s ORDER BY "
									     "ALL%s)",
	    condition, limit);
	free(limit);
	return ERR_OK;
}

/* --- sums ------------------------------------------------------------------------------------- */

/* What flows can be grouped by. */
static const struct {
	const char *name;
	bool is_address;
} KEYS[] = {
	{ "source_address", true },
	{ "destination_address", true },
	{ "source_port", false },
	{ "destination_port", false },
	{ "protocol_identifier", false },
	{ "ip_version", false },
	{ "vlan_id", false },
	{ "tcp_control_bits", false },
	{ "ip_class_of_service", false },
	{ "exporter_address", true },
	{ "observation_domain_id", false },
	{ "export_protocol", false },
	{ "sampling_interval", false },
	{ "flow_direction", false },
	{ "ingress_interface", false },
	{ "egress_interface", false },
	{ "bgp_source_as_number", false },
	{ "bgp_destination_as_number", false },
	{ "next_hop_address", true },
	{ "source_prefix_length", false },
	{ "destination_prefix_length", false },
};

#define KEY_COUNT (sizeof KEYS / sizeof KEYS[0])

/* The keys of a --by, as they are grouped and as they are shown. */
struct keys {
	char *grouped, *shown; /* owned */
};

static char *
add_item(char *list, char *item)
{
	char *longer = list == NULL ? xstrdup(item) : xasprintf("%s, %s", list, item);

	free(list);
	free(item);
	return longer;
}

static enum err
add_key(struct keys *keys, const char *name, size_t size, struct err_info *info)
{
	size_t i = 0;

	while (i < KEY_COUNT &&
	       (strlen(KEYS[i].name) != size || memcmp(KEYS[i].name, name, size) != 0))
		i++;
	if (i == KEY_COUNT)
		return err_set(info, ERR_USAGE,
		    "--by %.*s: flows are not grouped by that; source_address, destination_port, "
		    "exporter_address, ingress_interface, bgp_source_as_number and more are, see "
		    "yagura(1)",
		    size < 60 ? (int)size : 60, name);
	name = KEYS[i].name;
	if (KEYS[i].is_address) {
		keys->grouped = add_item(keys->grouped, xasprintf("%s_high, %s_low", name, name));
		keys->shown = add_item(keys->shown,
		    xasprintf("yagura_address(%s_high, %s_low) AS %s", name, name, name));
	} else {
		keys->grouped = add_item(keys->grouped, xstrdup(name));
		keys->shown = add_item(keys->shown, xstrdup(name));
	}
	return ERR_OK;
}

static enum err
read_keys(const char *by, struct keys *keys, struct err_info *info)
{
	enum err e = ERR_OK;

	while (e == ERR_OK) {
		size_t size = strcspn(by, ",");
		e = add_key(keys, by, size, info);
		if (by[size] == '\0')
			break;
		by += size + 1;
	}
	return e;
}

/* Both directions of each key.  Counts of flows are below 2^62, so they fit signed numbers even
 * together; the engine adds those twice as fast as unsigned ones. */
#define BOTH(what)                                                                           \
	"sum(CAST(" #what "_delta_count AS BIGINT) + CAST(reverse_" #what "_delta_count AS " \
	"BIGINT))"
#define SUMS "count(*) AS flows, " BOTH(packet) " AS packets, " BOTH(octet) " AS octets"

/* Where rates differ, each key is summed by rate first, so that estimates are exact products (and
 * because `greatest` of every row would cost as much as all the rest). */
static char *
mixed_sql(const struct keys *keys, const char *condition)
{
	return xasprintf(
	    "SELECT %s, CAST(sum(flows) AS BIGINT) AS flows, sum(packets) AS packets, "
	    "sum(octets) AS octets, sum(packets * rate) AS estimated_packets, sum(octets * rate) "
	    "AS estimated_octets FROM (SELECT %s, flows, packets, octets, greatest(one_in, 1) AS "
	    "rate FROM (SELECT %s, sampling_interval AS one_in, " SUMS
	    " FROM flow_numbers WHERE %s GROUP BY %s, one_in)) GROUP BY %s",
	    keys->grouped, keys->grouped, keys->grouped, condition, keys->grouped, keys->grouped);
}

static char *
uniform_sql(const struct keys *keys, const char *condition)
{
	return xasprintf("SELECT %s, flows, packets, octets, packets * rate AS estimated_packets, "
			 "octets * rate AS estimated_octets FROM (SELECT %s, " SUMS
			 " FROM flow_numbers WHERE %s GROUP BY %s), (SELECT "
			 "greatest(max(sampling_interval), 1) AS rate FROM flow_numbers WHERE %s)",
	    keys->grouped, keys->grouped, condition, keys->grouped, condition);
}

/* The largest groups, with their share of the total; `from` is freed. */
static char *
top_sql(const struct keys *keys, char *from, uint64_t top)
{
	char *limit = top != 0 ? xasprintf(" LIMIT %" PRIu64, top) : xstrdup("");
	char *sql =
	    xasprintf("SELECT %s, flows, packets, octets, estimated_packets, estimated_octets, "
		      "estimated_octets / total AS share_octets FROM (SELECT *, "
		      "greatest(sum(estimated_octets) OVER (), 1) AS total FROM (%s) ORDER BY "
		      "estimated_octets DESC, %s%s)",
		keys->shown, from, keys->grouped, limit);

	free(limit);
	free(from);
	return sql;
}

static enum err
make_top(const struct opt_values *values, const char *condition, struct query_flows *q,
    struct err_info *info)
{
	const char *by = opt_value(values, "by");
	const char *top = opt_value(values, "top");
	struct keys keys = { NULL, NULL };
	uint64_t count = 10;
	enum err e = ERR_OK;

	if (top != NULL && !query_number(top, INT64_MAX, &count))
		return err_set(info, ERR_USAGE, "--top %.60s is not a number", top);
	if (opt_given(values, "limit"))
		return err_set(
		    info, ERR_USAGE, "--limit is for flows one by one; --top N says how many sums");
	e = read_keys(by != NULL ? by : "source_address", &keys, info);
	if (e == ERR_OK) {
		q->sql = top_sql(&keys, mixed_sql(&keys, condition), count);
		q->uniform = top_sql(&keys, uniform_sql(&keys, condition), count);
		q->probe = xasprintf("SELECT count(*) = 0 OR min(sampling_interval) = "
				     "max(sampling_interval) FROM flow_numbers WHERE %s",
		    condition);
	}
	free(keys.grouped);
	free(keys.shown);
	return e;
}

/* --- all of it -------------------------------------------------------------------------------- */

bool
query_flows_option(const char *name)
{
	static const struct opt FLOWS[] = { QUERY_FLOWS_OPTIONS };

	for (size_t i = 0; i < sizeof FLOWS / sizeof FLOWS[0]; i++)
		if (strcmp(FLOWS[i].name, name) == 0)
			return true;
	return false;
}

void
query_flows_release(struct query_flows *query)
{
	free(query->sql);
	free(query->probe);
	free(query->uniform);
	*query = (struct query_flows){ NULL, NULL, NULL, 0 };
}

enum err
query_flows_make(
    const struct opt_values *values, struct query_flows *ret_query, struct err_info *info)
{
	struct query_flows q = { NULL, NULL, NULL, 0 };
	char *condition;
	enum err e = make_condition(values, &condition, info);

	if (e != ERR_OK)
		return e;
	e = opt_given(values, "top") || opt_given(values, "by")
		? make_top(values, condition, &q, info)
		: make_list(values, condition, &q, info);
	free(condition);
	*ret_query = q;
	return e;
}
