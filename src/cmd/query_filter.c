/* SPDX-License-Identifier: ISC */
/* Pieces of conditions; see query_filter.h. */
#include "cmd/query_filter.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/xmalloc.h"

#define ROWS_SHOWN 100 /* that people get without --limit */

bool
query_number(const char *text, uint64_t most, uint64_t *ret_number)
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

char *
query_and(char *sql, char *condition)
{
	char *longer = xasprintf("%s AND %s", sql, condition);

	free(sql);
	free(condition);
	return longer;
}

enum err
query_time(const struct opt_values *values, const char *name, const char *compare, char **sql,
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
	*sql = query_and(*sql, xasprintf("%s %" PRId64, compare,
				   time > 0 ? (time + NSEC_PER_MS - 1) / NSEC_PER_MS : 0));
	return ERR_OK;
}

char *
query_prefix(const char *address, const struct prefix *prefix)
{
	unsigned length = prefix->length + (address_is_ipv4(&prefix->address) ? 96U : 0U);
	uint64_t high = be64(prefix->address.octets);
	uint64_t low = be64(prefix->address.octets + 8);
	unsigned free_high = length < 64 ? 64 - length : 0;
	unsigned free_low = length < 64 ? 64 : 128 - length;
	uint64_t last_high = high | (free_high == 64 ? UINT64_MAX : (UINT64_C(1) << free_high) - 1);
	uint64_t last_low = low | (free_low == 64 ? UINT64_MAX : (UINT64_C(1) << free_low) - 1);

	return xasprintf("(%s_high BETWEEN %" PRIu64 " AND %" PRIu64 " AND %s_low BETWEEN %" PRIu64
			 " AND %" PRIu64 ")",
	    address, high, last_high, address, low, last_low);
}

enum err
query_limit(const struct opt_values *values, uint64_t *ret_limit, struct err_info *info)
{
	const char *text = opt_value(values, "limit");
	bool for_people = !opt_given(values, "csv") && !opt_given(values, "json") &&
			  !opt_given(values, "parquet");

	*ret_limit = for_people ? ROWS_SHOWN : 0;
	if (text != NULL && !query_number(text, INT64_MAX, ret_limit))
		return err_set(info, ERR_USAGE, "--limit %.60s is not a number", text);
	return ERR_OK;
}
