/* SPDX-License-Identifier: ISC */
/* Any octets as the static list and as the session log; whoever is found has a service, and the
 * counts of rows add up. */
#include "net/subscribers.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>

#include "net/subscribers_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask(const struct subscribers *s)
{
	static const char *const addresses[] = { "192.0.2.1", "198.51.100.200", "2001:db8::1",
		"2001:db8:0:1ff::", "0.0.0.0", "255.255.255.255" };
	static const nsec_t times[] = { INT64_MIN, 0, 1401062400 * NSEC_PER_SEC, INT64_MAX };

	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		for (size_t k = 0; k < sizeof times / sizeof times[0]; k++) {
			struct subscriber found;
			struct address a;
			if (address_parse(addresses[i], &a) != ERR_OK)
				continue;
			if (subscribers_find(s, &a, NULL, times[k], &found))
				assert(subscribers_service(s, found.service)[0] != '\0');
		}
}

/* Reads a copy of the octets; an error must say why. */
static void
read_as(const struct site *site, const uint8_t *data, size_t size,
    enum err (*read)(struct subscribers *, struct csv *, struct err_info *))
{
	struct pseudonymizer *pseudonymizer = NULL;
	FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");
	struct err_info why = { 0 };
	const struct subscribers_report *report;
	struct subscribers *s;
	struct csv *csv;

	if (file == NULL || pseudonymizer_open(NULL, &pseudonymizer, NULL) != ERR_OK)
		return;
	s = subscribers_new(site, pseudonymizer);
	csv = csv_from(file, "fuzz");
	if (read(s, csv, &why) != ERR_OK)
		assert(why.text[0] != '\0');
	else
		ask(s);
	report = subscribers_report(s);
	assert(report->message_count <= report->bad_rows + report->overlaps);
	csv_close(csv);
	subscribers_free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct site site;

	if (size == 0)
		return 0;
	site_init(&site);
	read_as(&site, data, size, subscribers_read_prefixes);
	read_as(&site, data, size, subscribers_read_sessions);
	site_release(&site);
	return 0;
}
