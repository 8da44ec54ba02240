/* SPDX-License-Identifier: ISC */
/*
 * Prints the DNS messages of an input that has them without packets (dnstap, C-DNS, query logs),
 * one a line, for tests that know what they must be:
 *
 *	time source source-port destination destination-port view transport query-time sent-size
 *	identity octets
 *
 * Then the drop counters that are not 0, and how the reading ended, each after a '#'.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "net/address.h"
#include "obs/dns_record.h"
#include "source/source.h"

static void
print_hex(const uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		(void)printf("%02x", octets[i]);
	if (size == 0)
		(void)putchar('-');
}

static void
print_message(const struct packet *p)
{
	char source[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE];
	struct dns_record record;
	size_t size = p->captured_size - sizeof record;

	memcpy(&record, p->data, sizeof record);
	size -= record.identity_size;
	(void)printf("%" PRId64 " %s %u %s %u %u %u %" PRId64 " %u ", p->time,
	    address_format(&p->source, source), p->source_port,
	    address_format(&p->destination, destination), p->destination_port, record.view,
	    record.transport, record.query_time, record.sent_size);
	print_hex(p->data + sizeof record + size, record.identity_size);
	(void)putchar(' ');
	print_hex(p->data + sizeof record, size);
	(void)putchar('\n');
}

int
main(int argc, char **argv)
{
	struct drop_counters drops = { 0 };
	struct source *source;
	struct chunk chunk;
	struct err_info why = { .text = "" };
	enum err e;

	if (argc != 2)
		return 2;
	e = source_open(argv[1], &source, &why);
	if (e != ERR_OK) {
		(void)printf("# %s: %s\n", err_name(e), why.text);
		return 1;
	}
	chunk_init(&chunk);
	do {
		e = source_read(source, &chunk, &why);
		for (size_t i = 0; i < chunk.count; i++)
			if (chunk.packets[i].link_type == LINK_DNS_MESSAGE)
				print_message(&chunk.packets[i]);
		for (size_t i = 0; i < DROP_COUNT; i++)
			drops.count[i] += chunk.drops.count[i];
	} while (e == ERR_OK);
	for (size_t i = 0; i < DROP_COUNT; i++)
		if (drops.count[i] != 0)
			(void)printf("# %s %" PRIu64 "\n", drop_name(i), drops.count[i]);
	(void)printf("# %s: %s\n", err_name(e), why.text);
	source_close(source);
	chunk_release(&chunk);
	return e == ERR_END ? 0 : 1;
}
