/* SPDX-License-Identifier: ISC */
/* A policy against the stored DNS transactions; see rpz_traffic.h. */
#include "cmd/rpz_traffic.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "obs/section.h"
#include "obs/table.h"

/* --- reading ---------------------------------------------------------------------------------- */

static bool
has_trigger(const struct rpz *rpz, enum rpz_trigger trigger)
{
	for (size_t i = 0; i < rpz->entry_count; i++)
		if (rpz->entries[i].trigger == trigger)
			return true;
	return false;
}

static struct address
client_of(const struct result *r)
{
	struct address a;

	for (size_t i = 0; i < 2; i++) {
		put_be32(a.octets + i * 8, (uint32_t)(result_u64(r, i) >> 32));
		put_be32(a.octets + i * 8 + 4, (uint32_t)result_u64(r, i));
	}
	return a;
}

enum err
rpz_traffic_read(struct rpz *rpz, struct store *store, nsec_t since, struct err_info *info)
{
	struct query_source query = store_stream(store);
	bool answers = has_trigger(rpz, RPZ_RESPONSE_IP);
	struct result *r;
	/* What resolvers ask further is what their clients have asked already. */
	enum err e = query_run(&query, &r, info,
	    "SELECT ip_src_high AS high, ip_src_low AS low, ip_src_length AS kept, dns_qname AS "
	    "name, %s AS addresses, count(*) AS queries FROM dns_numbers WHERE view NOT IN "
	    "('resolver', 'forwarder', 'stub') AND time >= (SELECT coalesce(max(time), 0) FROM "
	    "dns_numbers) - least(%" PRIu64 ", (SELECT coalesce(max(time), 0) FROM dns_numbers)) "
	    "GROUP BY high, low, kept, name, addresses ORDER BY high, low, kept, name, addresses",
	    answers ? "answer_addresses" : "''::BLOB", (uint64_t)(since / NSEC_PER_MS));

	if (e != ERR_OK)
		return e;
	rpz_hit_begin(rpz);
	while (result_next(r)) {
		size_t size;
		struct rpz_traffic row = {
			.client = client_of(r),
			.client_length = (uint8_t)result_u64(r, 2),
			.name = result_text(r, 3),
			.queries = result_u64(r, 5),
		};
		row.answers = (const uint8_t *)result_blob(r, 4, &size);
		row.answer_count = size / 16;
		rpz_hit(rpz, &row);
	}
	if (store_result_error(r) != NULL)
		e = err_set(info, ERR_DAMAGED, "the stored traffic: %.400s", store_result_error(r));
	result_free(r);
	return e;
}

/* --- printing --------------------------------------------------------------------------------- */

/* Traffic does not say which name servers an answer came by. */
static bool
is_counted(const struct rpz_entry *entry)
{
	return entry->trigger != RPZ_NSDNAME && entry->trigger != RPZ_NSIP;
}

/* Rows in order of what they would hit, then as in the zone. */
static int
compare_hits(const void *a, const void *b)
{
	const struct rpz_entry *x = *(const struct rpz_entry *const *)a;
	const struct rpz_entry *y = *(const struct rpz_entry *const *)b;

	if (x->queries != y->queries)
		return x->queries > y->queries ? -1 : 1;
	return x < y ? -1 : x > y;
}

static const char *
expiry(const struct rpz_entry *entry, char text[40])
{
	return entry->expires != 0 ? clock_format(entry->expires, 0, text, 40) : "never";
}

static void
print_row(const struct rpz_entry *entry, bool counted)
{
	char owner[RPZ_OWNER_SIZE], when[40];

	if (counted && is_counted(entry))
		(void)printf("%12" PRIu64 "%s %9" PRIu64 "%s", entry->queries,
		    entry->at_most ? "≤" : " ", entry->clients, entry->at_most ? "≤" : " ");
	else
		(void)printf("%12s  %9s ", "-", "-");
	(void)printf("  %-8s  %-20s  %s\n", rpz_action_name(entry->action), expiry(entry, when),
	    rpz_owner(entry, owner));
}

static void
print_table(const struct rpz *rpz, const struct rpz_entry **entries, bool counted)
{
	(void)printf(
	    "%12s  %9s   %-8s  %-20s  %s\n", "queries", "clients", "action", "expires", "owner");
	for (size_t i = 0; i < rpz->entry_count; i++)
		print_row(entries[i], counted);
	if (counted)
		(void)printf("of %" PRIu64 " queries of %" PRIu64
			     " clients (networks where the store keeps no more)\n",
		    rpz->queries, rpz->clients);
}

void
rpz_traffic_line(FILE *file, const char *a, const char *b, const char *c)
{
	const char *texts[] = { a, b, c };

	for (size_t i = 0; i < 3; i++) {
		for (const char *p = texts[i]; *p != '\0'; p++)
			(void)fputc((unsigned char)*p < ' ' ? ' ' : *p, file);
		(void)fputc(i < 2 ? '\t' : '\n', file);
	}
}

static void
print_field(const char *text, char end)
{
	(void)putchar('"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			(void)putchar('"');
		(void)putchar(*text);
	}
	(void)putchar('"');
	(void)putchar(end);
}

static void
print_csv(const struct rpz *rpz, const struct rpz_entry **entries, bool counted)
{
	(void)fputs(
	    "owner,trigger,action,queries,clients,at_most,ttl,expires,case,source\r\n", stdout);
	for (size_t i = 0; i < rpz->entry_count; i++) {
		const struct rpz_entry *e = entries[i];
		char owner[RPZ_OWNER_SIZE], when[40];
		print_field(rpz_owner(e, owner), ',');
		(void)printf("%s,%s,", rpz_trigger_name(e->trigger), rpz_action_name(e->action));
		if (counted && is_counted(e))
			(void)printf(
			    "%" PRIu64 ",%" PRIu64 ",%d", e->queries, e->clients, e->at_most);
		else
			(void)fputs(",,", stdout);
		(void)printf(",%" PRIu32 ",%s,", e->ttl, e->expires != 0 ? expiry(e, when) : "");
		print_field(e->case_id, ',');
		print_field(e->source, '\r');
		(void)putchar('\n');
	}
}

static json_t *
entry_json(const struct rpz_entry *e, bool counted)
{
	char owner[RPZ_OWNER_SIZE], when[40];
	json_t *object = json_object();

	rpz_owner(e, owner);
	(void)json_object_set_new(object, "owner", json_text(owner, strlen(owner)));
	(void)json_object_set_new(object, "trigger", json_string(rpz_trigger_name(e->trigger)));
	(void)json_object_set_new(object, "action", json_string(rpz_action_name(e->action)));
	if (counted && is_counted(e)) {
		(void)json_object_set_new(object, "queries", json_integer((json_int_t)e->queries));
		(void)json_object_set_new(object, "clients", json_integer((json_int_t)e->clients));
		(void)json_object_set_new(object, "at_most", json_boolean(e->at_most));
	}
	(void)json_object_set_new(object, "ttl", json_integer((json_int_t)e->ttl));
	(void)json_object_set_new(
	    object, "expires", e->expires != 0 ? json_string(expiry(e, when)) : json_null());
	(void)json_object_set_new(object, "case", json_text(e->case_id, strlen(e->case_id)));
	(void)json_object_set_new(object, "source", json_text(e->source, strlen(e->source)));
	return object;
}

static void
print_json(const struct rpz *rpz, const struct rpz_entry **entries, bool counted)
{
	json_t *root = json_object();
	json_t *rows = json_array();

	for (size_t i = 0; i < rpz->entry_count; i++)
		(void)json_array_append_new(rows, entry_json(entries[i], counted));
	if (counted) {
		(void)json_object_set_new(root, "queries", json_integer((json_int_t)rpz->queries));
		(void)json_object_set_new(root, "clients", json_integer((json_int_t)rpz->clients));
	}
	(void)json_object_set_new(root, "rejects", json_integer((json_int_t)rpz->reject_count));
	(void)json_object_set_new(root, "entries", rows);
	(void)json_dumpf(root, stdout, JSON_INDENT(1));
	(void)putchar('\n');
	json_decref(root);
}

enum err
rpz_traffic_print(
    const struct rpz *rpz, bool counted, enum rpz_traffic_format format, struct err_info *info)
{
	static void (*const PRINT[])(
	    const struct rpz *rpz, const struct rpz_entry **entries, bool counted) = {
		[RPZ_TRAFFIC_TABLE] = print_table,
		[RPZ_TRAFFIC_CSV] = print_csv,
		[RPZ_TRAFFIC_JSON] = print_json,
	};
	const struct rpz_entry **entries = xcalloc(rpz->entry_count + 1, sizeof(void *));

	for (size_t i = 0; i < rpz->entry_count; i++)
		entries[i] = &rpz->entries[i];
	qsort(entries, rpz->entry_count, sizeof *entries, compare_hits);
	PRINT[format](rpz, entries, counted);
	free(entries);
	if (fflush(stdout) != 0 && errno != EPIPE)
		return err_set(info, ERR_IO, "cannot write: %s", strerror(errno));
	return ERR_OK;
}
