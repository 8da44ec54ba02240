/* SPDX-License-Identifier: ISC */
/*
 * Contacts, attempts to log in and watches of logs as lines of text, for comparison with what a
 * script finds in the same files.
 *
 *	observations [--year YEAR] FILE…
 *
 * Columns are separated by tabs; octets that are not printable ASCII are %XX.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "obs/observed.h"
#include "source/source.h"

static void
put_octets(struct octets text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] > ' ' && text.data[i] < 0x7f && text.data[i] != '%')
			(void)putchar(text.data[i]);
		else
			(void)printf("%%%02X", text.data[i]);
	}
	(void)putchar('\t');
}

static void
put_address(const struct address *a)
{
	static const struct address NONE = { .words = { 0, 0 } };
	char text[ADDRESS_TEXT_SIZE];

	(void)printf("%s\t", address_equal(a, &NONE) ? "-" : address_format(a, text));
}

static void
put_time(nsec_t time)
{
	char text[48];

	(void)printf("%s\t", clock_format(time, 6, text, sizeof text));
}

static void
put_login(const struct login *l)
{
	(void)printf("login\t");
	put_time(l->time);
	put_address(&l->source);
	put_address(&l->destination);
	(void)printf("%u\t%u\t%u\t%u\t%d\t%" PRIu32 "\t%s\t", l->source_port, l->destination_port,
	    l->outcome, l->origin, l->no_such_user, l->count, l->service);
	put_octets(l->host);
	put_octets(l->user);
	put_octets(l->password);
	put_octets(l->client);
	(void)printf("%" PRIu64 "\t%" PRIu32 "\n", l->input_offset, l->input_length);
}

static void
put_contact(const struct contact *c)
{
	(void)printf("contact\t");
	put_time(c->begin);
	put_time(c->end);
	put_address(&c->source);
	put_address(&c->destination);
	(void)printf("%u\t%u\t%u\t", c->source_port, c->destination_port, c->protocol);
	put_octets(c->sensor);
	(void)printf("%" PRIu64 "\t%d\t%" PRIu64 "\t", c->count, c->aggregate, c->octets);
	put_octets(c->payload);
	put_octets(c->note);
	for (size_t i = 0; c->payload.size != 0 && i < CONTACT_DIGEST; i++)
		(void)printf("%02x", c->sha256[i]);
	(void)printf("\t%" PRIu64 "\t%" PRIu32 "\n", c->input_offset, c->input_length);
}

static void
put_observed(const struct packet *p)
{
	const struct observed *o = (const void *)p->data;

	if (p->link_type != LINK_OBSERVED)
		return;
	if (o->kind == OBSERVED_LOGIN) {
		put_login(&o->login);
	} else if (o->kind == OBSERVED_CONTACT) {
		put_contact(&o->contact);
	} else if (o->kind == OBSERVED_WATCH) {
		(void)printf("watch\t");
		put_time(o->watch.begin);
		put_time(o->watch.end);
		put_octets(o->watch.sensor);
		put_address(&o->watch.address);
		(void)putchar('\n');
	}
}

static int
read_file(const char *path, unsigned year)
{
	struct source_reading reading = { .log_year = year };
	struct err_info why = { .text = "" };
	struct source *source;
	struct chunk chunk;
	enum err e = source_open_reading(path, &reading, &source, &why);

	if (e != ERR_OK) {
		(void)printf("refused\t%s\n", why.text);
		return 1;
	}
	chunk_init(&chunk);
	(void)printf("file\t%s\n", source_info(source)->kind);
	while ((e = source_read(source, &chunk, &why)) == ERR_OK)
		for (size_t i = 0; i < chunk.count; i++)
			put_observed(&chunk.packets[i]);
	if (e != ERR_END)
		(void)printf("damaged\t%s\n", why.text);
	chunk_release(&chunk);
	source_close(source);
	return e != ERR_END;
}

int
main(int argc, char **argv)
{
	unsigned year = 0;
	int failed = 0, first = 1;

	if (argc > 2 && strcmp(argv[1], "--year") == 0) {
		year = (unsigned)strtoul(argv[2], NULL, 10);
		first = 3;
	}
	for (int i = first; i < argc; i++)
		failed |= read_file(argv[i], year);
	return failed;
}
