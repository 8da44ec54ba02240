/* SPDX-License-Identifier: ISC */
/* The SELECTs of `yagura query dns`; see query_dns.h. */
#include "cmd/query_dns.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "cmd/query_filter.h"
#include "net/dns.h"

bool
query_dns_option(const char *name)
{
	static const struct opt DNS[] = { QUERY_DNS_OPTIONS };

	for (size_t i = 0; i < sizeof DNS / sizeof DNS[0]; i++)
		if (strcmp(DNS[i].name, name) == 0)
			return true;
	return false;
}

bool
query_dns_shares(const char *name)
{
	static const char *const SHARED[] = { "from", "to", "limit", "top", "by" };

	for (size_t i = 0; i < sizeof SHARED / sizeof SHARED[0]; i++)
		if (strcmp(SHARED[i], name) == 0)
			return true;
	return false;
}

/* --- filters ---------------------------------------------------------------------------------- */

/* A text as SQL has it. */
static char *
quote(const char *text)
{
	char *quoted = xmalloc(2 * strlen(text) + 3);
	size_t size = 0;

	quoted[size++] = '\'';
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			quoted[size++] = '\'';
		quoted[size++] = *text;
	}
	quoted[size++] = '\'';
	quoted[size] = '\0';
	return quoted;
}

/* A name as it is stored, quoted; "*." or "." before it says how much is meant. */
static enum err
read_name(const char *text, char **ret_quoted, unsigned *ret_labels, struct err_info *info)
{
	char canonical[DNS_NAME_TEXT_SIZE];
	uint8_t name[255];
	size_t size;

	if (dns_name_parse(text, name, &size, info) != ERR_OK)
		return ERR_USAGE;
	*ret_quoted = quote(dns_name_text(name, size, canonical));
	*ret_labels = dns_name_labels(name, size);
	return ERR_OK;
}

static enum err
filter_name(const struct opt_values *values, const char *column, char **sql, struct err_info *info)
{
	const char *text = opt_value(values, "name");
	bool below = text != NULL && strncmp(text, "*.", 2) == 0;
	bool both = text != NULL && text[0] == '.' && text[1] != '\0';
	unsigned labels;
	char *name;
	enum err e;

	if (text == NULL)
		return ERR_OK;
	e = read_name(text + (below ? 2 : 0) + (both ? 1 : 0), &name, &labels, info);
	if (e != ERR_OK)
		return e;
	if (below || both)
		*sql = query_and(*sql,
		    xasprintf("suffix(%s, %s) AND yagura_last_labels(%s, %u::UBIGINT) = %s%s%s%s%s",
			column, name, column, labels, name, below ? " AND " : "",
			below ? column : "", below ? " <> " : "", below ? name : ""));
	else
		*sql = query_and(*sql, xasprintf("%s = %s", column, name));
	free(name);
	return ERR_OK;
}

static enum err
filter_prefix(const struct opt_values *values, const char *option, const char *column, char **sql,
    struct err_info *info)
{
	const char *text = opt_value(values, option);
	struct prefix prefix;

	if (text == NULL)
		return ERR_OK;
	if (prefix_parse(text, &prefix, info) != ERR_OK)
		return ERR_USAGE;
	*sql = query_and(*sql, query_prefix(column, &prefix));
	return ERR_OK;
}

static bool
find_rcode(const char *text, uint64_t *ret_number)
{
	char name[DNS_NUMBER_TEXT_SIZE];

	if (query_number(text, 4095, ret_number))
		return true;
	for (uint16_t i = 0; i < 4096; i++) {
		if (strcasecmp(dns_rcode_name(i, name), text) == 0) {
			*ret_number = i;
			return true;
		}
	}
	return false;
}

static bool
find_type(const char *text, uint64_t *ret_number)
{
	uint16_t type;

	if (query_number(text, UINT16_MAX, ret_number))
		return true;
	if (!dns_type_number(text, &type))
		return false;
	*ret_number = type;
	return true;
}

static enum err
filter_numbers(const struct opt_values *values, char **sql, struct err_info *info)
{
	const char *type = opt_value(values, "type");
	const char *rcode = opt_value(values, "rcode");
	uint64_t number;

	if (type != NULL && !find_type(type, &number))
		return err_set(info, ERR_USAGE, "--type %.40s is no type of records", type);
	if (type != NULL)
		*sql = query_and(*sql, xasprintf("dns_qtype = %" PRIu64, number));
	if (rcode != NULL && !find_rcode(rcode, &number))
		return err_set(info, ERR_USAGE, "--rcode %.40s is no result", rcode);
	if (rcode != NULL)
		*sql = query_and(*sql, xasprintf("answered = 1 AND dns_rcode = %" PRIu64, number));
	if (opt_given(values, "unanswered"))
		*sql = query_and(*sql, xstrdup("answered = 0"));
	return ERR_OK;
}

static void
filter_view(const struct opt_values *values, char **sql)
{
	const char *view = opt_value(values, "view");

	if (view != NULL) {
		char *quoted = quote(view);
		*sql = query_and(*sql, xasprintf("view = %s", quoted));
		free(quoted);
	}
}

/* The conditions of every filter; owned by the caller. */
static enum err
make_condition(const struct opt_values *values, char **ret_sql, struct err_info *info)
{
	char *sql = xstrdup("true");
	enum err e = query_time(values, "from", "time >=", &sql, info);

	if (e == ERR_OK)
		e = query_time(values, "to", "time <", &sql, info);
	if (e == ERR_OK)
		e = filter_prefix(values, "client", "ip_src", &sql, info);
	if (e == ERR_OK)
		e = filter_prefix(values, "server", "ip_dst", &sql, info);
	if (e == ERR_OK)
		e = filter_numbers(values, &sql, info);
	if (e == ERR_OK)
		e = filter_name(values, "dns_qname", &sql, info);
	if (e != ERR_OK) {
		free(sql);
		return e;
	}
	filter_view(values, &sql);
	*ret_sql = sql;
	return ERR_OK;
}

/* --- one by one ------------------------------------------------------------------------------- */

#define RCODE "CASE WHEN answered = 1 THEN dns_rcode_text(dns_rcode) ELSE '' END"

static enum err
make_list(const struct opt_values *values, const char *condition, char **ret_sql,
    uint64_t *ret_limit, struct err_info *info)
{
	char *limit;
	enum err e = query_limit(values, ret_limit, info);

	if (e != ERR_OK)
		return e;
	limit = *ret_limit != 0 ? xasprintf(" LIMIT %" PRIu64, *ret_limit) : xstrdup("");
	*ret_sql = xasprintf(
	    "SELECT time, address_text(yagura_address(ip_src_high, ip_src_low)) AS ip_src, "
	    "prot_src_port, "
	    "address_text(yagura_address(ip_dst_high, ip_dst_low)) AS ip_dst, prot_dst_port, "
	    "transport, "
	    "dns_id, dns_qname, dns_type_text(dns_qtype) AS dns_qtype, answered, " RCODE
	    " AS dns_rcode, dns_ancount, dns_req_len, dns_res_len, dns_proc_time_us, view, match "
	    "FROM (SELECT * FROM dns_numbers WHERE %s ORDER BY time, ip_src_high, ip_src_low, "
	    "prot_src_port, dns_id, dns_qname, dns_qtype, ip_dst_high, ip_dst_low, view, match, "
	    "dns_res_len, dns_proc_time_us%s)",
	    condition, limit);
	free(limit);
	return ERR_OK;
}

/* --- sums ------------------------------------------------------------------------------------- */

/* What transactions can be grouped by: a short name and the column's, what is grouped, and how it
 * is shown. */
static const struct {
	const char *brief, *name, *grouped, *shown;
} KEYS[] = {
	{ "name", "dns_qname", "dns_qname", "dns_qname" },
	{ "site", "dns_domainname", "dns_domainname", "dns_domainname" },
	{ "tld", "dns_tld", "dns_tld", "dns_tld" },
	{ "client", "ip_src", "ip_src_high, ip_src_low, ip_src_length",
	    "address_text(yagura_address(ip_src_high, ip_src_low)) AS ip_src, ip_src_length" },
	{ "server", "ip_dst", "ip_dst_high, ip_dst_low",
	    "address_text(yagura_address(ip_dst_high, ip_dst_low)) AS ip_dst" },
	{ "type", "dns_qtype", "dns_qtype", "dns_type_text(dns_qtype) AS dns_qtype" },
	{ "rcode", "dns_rcode", "answered, dns_rcode", RCODE " AS dns_rcode" },
	{ "class", "dns_qclass", "dns_qclass", "dns_qclass" },
	{ "opcode", "dns_opcode", "dns_opcode", "dns_opcode" },
	{ "labels", "dns_labels", "dns_labels", "dns_labels" },
	{ "transport", "transport", "transport", "transport" },
	{ "version", "ip_version", "ip_version", "ip_version" },
	{ "view", "view", "view", "view" },
	{ "match", "match", "match", "match" },
	{ "size", "edns_udp", "edns_udp", "edns_udp" },
	{ "error", "edns_ext_error", "edns_ext_error_count, edns_ext_error",
	    "edns_ext_error_count, edns_ext_error" },
};

struct keys {
	char *grouped, *shown; /* owned */
};

static char *
add_item(char *list, const char *item)
{
	char *longer = list == NULL ? xstrdup(item) : xasprintf("%s, %s", list, item);

	free(list);
	return longer;
}

static bool
is_key(size_t key, const char *text, size_t size)
{
	return (strlen(KEYS[key].brief) == size && memcmp(KEYS[key].brief, text, size) == 0) ||
	       (strlen(KEYS[key].name) == size && memcmp(KEYS[key].name, text, size) == 0);
}

static enum err
read_keys(const char *by, struct keys *keys, struct err_info *info)
{
	for (;;) {
		size_t size = strcspn(by, ","), i = 0;
		while (i < sizeof KEYS / sizeof KEYS[0] && !is_key(i, by, size))
			i++;
		if (i == sizeof KEYS / sizeof KEYS[0])
			return err_set(info, ERR_USAGE,
			    "--by %.*s: transactions are grouped by name, site, tld, client, "
			    "server, type, rcode, class, opcode, labels, transport, version, view, "
			    "match, size, error",
			    size < 60 ? (int)size : 60, by);
		keys->grouped = add_item(keys->grouped, KEYS[i].grouped);
		keys->shown = add_item(keys->shown, KEYS[i].shown);
		if (by[size] == '\0')
			return ERR_OK;
		by += size + 1;
	}
}

static char *
top_sql(const struct keys *keys, const char *condition, uint64_t top)
{
	char *limit = top != 0 ? xasprintf(" LIMIT %" PRIu64, top) : xstrdup("");
	char *sql = xasprintf(
	    "SELECT %s, transactions, unanswered, nxdomain, servfail, clients, req_octets, "
	    "res_octets, transactions / total AS share FROM (SELECT *, "
	    "greatest(sum(transactions) OVER (), 1) AS total FROM (SELECT %s, count(*) AS "
	    "transactions, sum(1 - answered) AS unanswered, sum(CASE WHEN answered = 1 AND "
	    "dns_rcode = 3 THEN 1 ELSE 0 END) AS nxdomain, sum(CASE WHEN answered = 1 AND "
	    "dns_rcode = 2 THEN 1 ELSE 0 END) AS servfail, count(DISTINCT (ip_src_high, "
	    "ip_src_low)) AS clients, sum(dns_req_len) AS req_octets, sum(dns_res_len) AS "
	    "res_octets FROM dns_numbers WHERE %s GROUP BY %s) ORDER BY transactions DESC, %s%s)",
	    keys->shown, keys->grouped, condition, keys->grouped, keys->grouped, limit);

	free(limit);
	return sql;
}

static enum err
make_top(
    const struct opt_values *values, const char *condition, char **ret_sql, struct err_info *info)
{
	const char *by = opt_value(values, "by");
	const char *top = opt_value(values, "top");
	struct keys keys = { NULL, NULL };
	uint64_t count = 10;
	enum err e;

	if (top != NULL && !query_number(top, INT64_MAX, &count))
		return err_set(info, ERR_USAGE, "--top %.60s is not a number", top);
	if (opt_given(values, "limit"))
		return err_set(info, ERR_USAGE,
		    "--limit is for transactions one by one; --top N says how many sums");
	e = read_keys(by != NULL ? by : "name", &keys, info);
	if (e == ERR_OK)
		*ret_sql = top_sql(&keys, condition, count);
	free(keys.grouped);
	free(keys.shown);
	return e;
}

enum err
query_dns_make(
    const struct opt_values *values, char **ret_sql, uint64_t *ret_limit, struct err_info *info)
{
	char *condition;
	enum err e = make_condition(values, &condition, info);

	if (e != ERR_OK)
		return e;
	*ret_limit = 0;
	e = opt_given(values, "top") || opt_given(values, "by")
		? make_top(values, condition, ret_sql, info)
		: make_list(values, condition, ret_sql, ret_limit, info);
	free(condition);
	return e;
}

/* --- what is known of names ------------------------------------------------------------------- */

/* Types are text in records of dns/passive, as COF has them. */
static enum err
filter_passive_type(const struct opt_values *values, char **sql, struct err_info *info)
{
	const char *text = opt_value(values, "type");
	char name[DNS_NUMBER_TEXT_SIZE];
	uint64_t number;

	if (text == NULL)
		return ERR_OK;
	if (!find_type(text, &number))
		return err_set(info, ERR_USAGE, "--type %.40s is no type of records", text);
	*sql = query_and(*sql, xasprintf("rrtype = '%s'", dns_type_name((uint16_t)number, name)));
	return ERR_OK;
}

/* What passive DNS does not know. */
static enum err
check_passive(const struct opt_values *values, struct err_info *info)
{
	static const char *const NOT[] = { "client", "server", "rcode", "unanswered", "view", "top",
		"by" };

	for (size_t i = 0; i < sizeof NOT / sizeof NOT[0]; i++)
		if (opt_given(values, NOT[i]))
			return err_set(info, ERR_USAGE,
			    "--%s is for transactions: `yagura query dns`", NOT[i]);
	return ERR_OK;
}

static enum err
passive_condition(const struct opt_values *values, char **ret_sql, struct err_info *info)
{
	const char *rdata = opt_value(values, "rdata");
	char *sql = xstrdup("true");
	enum err e = filter_name(values, "rrname", &sql, info);

	if (e == ERR_OK)
		e = filter_passive_type(values, &sql, info);
	if (e == ERR_OK && rdata != NULL) {
		char *quoted = quote(rdata);
		sql = query_and(sql, xasprintf("rdata = %s", quoted));
		free(quoted);
	}
	if (e != ERR_OK) {
		free(sql);
		return e;
	}
	*ret_sql = sql;
	return ERR_OK;
}

enum err
query_passive_make(
    const struct opt_values *values, char **ret_sql, uint64_t *ret_limit, struct err_info *info)
{
	char *having = xstrdup("true"), *condition = NULL, *limit;
	enum err e = check_passive(values, info);

	/* Times are of the record: seen at or after, and first seen before. */
	if (e == ERR_OK)
		e = query_time(values, "from", "last >=", &having, info);
	if (e == ERR_OK)
		e = query_time(values, "to", "first <", &having, info);
	if (e == ERR_OK)
		e = query_limit(values, ret_limit, info);
	if (e == ERR_OK)
		e = passive_condition(values, &condition, info);
	if (e != ERR_OK) {
		free(having);
		return e;
	}
	if (opt_given(values, "cof") && !opt_given(values, "limit"))
		*ret_limit = 0;
	limit = *ret_limit != 0 ? xasprintf(" LIMIT %" PRIu64, *ret_limit) : xstrdup("");
	*ret_sql = xasprintf(
	    "SELECT rrname, rrtype, rdata, first AS time_first, last AS time_last, "
	    "seen AS \"count\", bailiwick FROM (SELECT rrname, rrtype, rdata, bailiwick, "
	    "min(time_first) AS first, max(time_last) AS last, CAST(sum(answers) AS UBIGINT) AS "
	    "seen FROM dns_passive WHERE %s GROUP BY rrname, rrtype, rdata, bailiwick) WHERE %s "
	    "ORDER BY rrname, rrtype, rdata, bailiwick%s",
	    condition, having, limit);
	free(limit);
	free(condition);
	free(having);
	return ERR_OK;
}
