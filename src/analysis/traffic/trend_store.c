/* SPDX-License-Identifier: ISC */
/*
 * Months from what the store holds: volumes of users, traffic by direction, interface counters.
 *
 * How much of a month is known is the number of hours in which there was any traffic.  All rows up
 * to the end of the review's period count, whenever it begins: a trend needs its past.  The tables
 * are other analyses': a store without them has nothing to tell.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/exports.h"
#include "analysis/traffic/trend.h"

#define HOUR 3600

static unsigned long long
until_ms(const struct section_context *c)
{
	return analysis_ms(c->end);
}

/* Sums of one sampling rate into a month, as an estimate. */
static void
/* NOLINTNEXTLINE(readability-function-size): its arguments are one row */
add_sums(struct trend *trend, const char *service, enum trend_direction direction,
    const char *source, int month, uint64_t sampling, uint64_t octets, uint64_t squares)
{
	struct trend_month m = { .month = month };
	double n = sampling != 0 ? (double)sampling : 1;

	m.octets = n * (double)octets;
	m.variance = n * (n - 1) * (double)squares;
	trend_add(trend, service, direction, source, &m);
}

/* The hours of each month in which there was traffic go to every series of a source. */
static void
add_coverage(struct trend *trend, const struct section_context *c, const char *source)
{
	struct err_info ignored;
	struct result *r;
	enum err e = query_run(c->store, &r, &ignored,
	    "SELECT intDiv(bin, 3600000) AS hour FROM traffic_volume WHERE window_begin < %llu "
	    "GROUP BY hour ORDER BY hour",
	    until_ms(c));

	if (e != ERR_OK)
		return;
	while (result_next(r)) {
		int64_t seconds = (int64_t)result_u64(r, 0) * HOUR;
		int month = trend_month_of(trend->zone, seconds);
		for (size_t i = 0; i < trend->count; i++) {
			struct trend_series *s = &trend->series[i];
			for (size_t k = s->count; k-- > 0 && strcmp(s->source, source) == 0;)
				if (s->months[k].month == month)
					s->months[k].seconds += HOUR;
		}
	}
	result_free(r);
}

/* Volumes of users by service; false when there are none. */
static bool
read_users(struct trend *trend, const struct section_context *c)
{
	bool any = false;
	struct err_info ignored;
	struct result *r;

	if (query_run(c->store, &r, &ignored,
		"SELECT day, service, direction, sampling, sum(octets) AS octets, sum(squares) AS "
		"squares FROM traffic_users WHERE window_begin < %llu "
		"GROUP BY day, service, direction, sampling "
		"ORDER BY day, service, direction, sampling",
		until_ms(c)) != ERR_OK)
		return false;
	while (result_next(r)) {
		bool in = strcmp(result_text(r, 2), "in") == 0;
		int month = trend_month_of(trend->zone, (int64_t)(result_u64(r, 0) / 1000));
		add_sums(trend, result_text(r, 1), in ? TREND_IN : TREND_OUT, "users", month,
		    result_u64(r, 3), result_u64(r, 4), result_u64(r, 5));
		any = true;
	}
	result_free(r);
	return any;
}

/* Traffic by direction of the site: what leaves it is from users (IN). */
static void
read_volume(struct trend *trend, const struct section_context *c)
{
	struct err_info ignored;
	struct result *r;
	enum err e = query_run(c->store, &r, &ignored,
	    "SELECT intDiv(bin, 3600000) AS hour, direction, sampling, sum(octets) AS octets, "
	    "sum(squares) AS squares FROM traffic_volume WHERE window_begin < %llu AND "
	    "(direction = 'in' OR direction = 'out') GROUP BY hour, direction, sampling "
	    "ORDER BY hour, direction, sampling",
	    until_ms(c));

	if (e != ERR_OK)
		return;
	while (result_next(r)) {
		bool out = strcmp(result_text(r, 1), "out") == 0;
		int month = trend_month_of(trend->zone, (int64_t)result_u64(r, 0) * HOUR);
		add_sums(trend, "all", out ? TREND_IN : TREND_OUT, "traffic", month,
		    result_u64(r, 2), result_u64(r, 3), result_u64(r, 4));
	}
	result_free(r);
}

void
trend_read_store(struct trend *trend, const struct section_context *context)
{
	bool users = read_users(trend, context);

	if (!users)
		read_volume(trend, context);
	add_coverage(trend, context, users ? "users" : "traffic");
}

/* Whether "address/number" is among the comma-separated interfaces. */
static bool
is_listed(const char *interfaces, const struct address *exporter, uint64_t number)
{
	char text[ADDRESS_TEXT_SIZE], name[ADDRESS_TEXT_SIZE + 24];
	size_t size;

	(void)snprintf(name, sizeof name, "%s/%llu", address_format(exporter, text),
	    (unsigned long long)number);
	size = strlen(name);
	for (const char *at = interfaces; *at != '\0';) {
		size_t length = strcspn(at, ",");
		const char *begin = at + strspn(at, " ");
		size_t blanks = (size_t)(begin - at);
		if (length - blanks == size && strncmp(begin, name, size) == 0)
			return true;
		at += length + (at[length] == ',');
	}
	return false;
}

void
trend_read_interfaces(
    struct trend *trend, const struct section_context *context, const char *interfaces)
{
	struct err_info ignored;
	char text[ADDRESS_TEXT_SIZE], name[TREND_NAME_SIZE];
	struct result *r;

	if (interfaces[0] == '\0' ||
	    query_run(context->store, &r, &ignored,
		"SELECT exporter, interface, counted_from, counted_until, in_octets, out_octets "
		"FROM interface_counters WHERE window_begin < %llu "
		"ORDER BY exporter, interface, counted_from",
		until_ms(context)) != ERR_OK)
		return;
	while (result_next(r)) {
		struct address exporter = result_address(r, 0);
		uint64_t begin = result_u64(r, 2), end = result_u64(r, 3);
		struct trend_month m = { .month =
					     trend_month_of(trend->zone, (int64_t)(end / 1000)) };
		if (end <= begin || !is_listed(interfaces, &exporter, result_u64(r, 1)))
			continue;
		(void)snprintf(name, sizeof name, "%s/%llu", address_format(&exporter, text),
		    (unsigned long long)result_u64(r, 1));
		m.seconds = (double)(end - begin) / 1e3;
		m.octets = (double)result_u64(r, 4);
		trend_add(trend, name, TREND_IN, "counters", &m);
		m.octets = (double)result_u64(r, 5);
		trend_add(trend, name, TREND_OUT, "counters", &m);
	}
	result_free(r);
}
