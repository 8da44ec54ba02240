/* SPDX-License-Identifier: ISC */
/*
 * Our parser of DNS messages beside three others: libknot, ldns and the C library's ns_parserr.
 *
 * usage: oracle-dns [-m COUNT] CAPTURE...
 *
 * Every message of the captures, and COUNT changed copies of each, goes to all four.  They must
 * agree on whether it is well-formed, on the question and on the number of records of each section;
 * ours must name every owner as the C library does, and the data of records as ldns does.  Where
 * they do not agree one of EXPLANATIONS must hold; each is counted and printed.
 */
#include "decode/dns.h"

#include <arpa/nameser.h>
#include <ctype.h>
#include <errno.h>
#include <ldns/ldns.h>
#include <libknot/libknot.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/bytes.h"
#include "net/dns.h"
#include "pipeline/dns_reader.h"

#define REPORTS 20

struct bench {
	const char *path;
	unsigned long mutations; /* of each message */
	uint64_t seed;
	unsigned long messages, agreed, failed, names, texts;
	unsigned long explained[16];
};

/* What the four say of one message. */
struct opinions {
	const uint8_t *data;
	size_t size;
	struct dns_message ours;
	uint8_t name[DNS_NAME_MAX];
	int knot; /* KNOT_EOK or why not */
	ldns_status ldns;
	bool ns;
	int ns_errno;
	ns_msg ns_message;
	ldns_pkt *packet; /* owned; NULL when ldns refuses */
};

static bool
ours_accepts(const struct opinions *o)
{
	return o->ours.verdict <= DNS_OK_TRAILING;
}

static bool
all_accept(const struct opinions *o)
{
	return ours_accepts(o) && o->knot == KNOT_EOK && o->ldns == LDNS_STATUS_OK && o->ns;
}

static bool
all_refuse(const struct opinions *o)
{
	return !ours_accepts(o) && o->knot != KNOT_EOK && o->ldns != LDNS_STATUS_OK && !o->ns;
}

static uint8_t *
copy_of(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	return copy;
}

/* libknot writes into what it parses: it takes TSIG records out. */
static void
ask_knot(struct opinions *o)
{
	uint8_t *copy = copy_of(o->data, o->size);
	knot_pkt_t *packet = knot_pkt_new(copy, (uint16_t)o->size, NULL);

	if (packet == NULL)
		abort();
	o->knot = knot_pkt_parse(packet, 0);
	knot_pkt_free(packet);
	free(copy);
}

static void
ask_ldns(struct opinions *o)
{
	o->ldns = ldns_wire2pkt(&o->packet, o->data, o->size);
}

static void
ask_ns(struct opinions *o)
{
	o->ns = ns_initparse(o->data, (int)o->size, &o->ns_message) == 0;
	for (int section = 0; o->ns && section < ns_s_max; section++)
		for (int i = 0; o->ns && i < ns_msg_count(o->ns_message, (ns_sect)section); i++) {
			ns_rr rr;
			o->ns = ns_parserr(&o->ns_message, (ns_sect)section, i, &rr) == 0;
		}
	o->ns_errno = o->ns ? 0 : errno;
}

static bool
frames(const struct opinions *o)
{
	return ours_accepts(o) || o->ours.verdict == DNS_BAD_RDATA;
}

static bool
explain_trailing(const struct opinions *o)
{
	return o->ours.verdict == DNS_OK_TRAILING && !o->ns && o->ns_errno == EMSGSIZE &&
	       o->knot != KNOT_EOK;
}

static bool
explain_options(const struct opinions *o)
{
	return o->ours.verdict == DNS_BAD_RDATA && o->knot != KNOT_EOK &&
	       (o->ns || o->ns_errno == EMSGSIZE);
}

static bool
explain_data(const struct opinions *o)
{
	return o->ours.verdict == DNS_OK && o->ns && o->knot != KNOT_EOK &&
	       o->ldns != LDNS_STATUS_OK;
}

static bool
explain_knot(const struct opinions *o)
{
	return o->ours.verdict == DNS_OK && o->ns && o->knot != KNOT_EOK &&
	       o->ldns == LDNS_STATUS_OK;
}

static bool
explain_ldns(const struct opinions *o)
{
	return !frames(o) && !o->ns && o->knot != KNOT_EOK && o->ldns == LDNS_STATUS_OK;
}

static bool
explain_ldns_data(const struct opinions *o)
{
	return o->ours.verdict == DNS_OK && o->ns && o->knot == KNOT_EOK &&
	       o->ldns != LDNS_STATUS_OK;
}

static bool
explain_pointer(const struct opinions *o)
{
	uint8_t name[DNS_NAME_MAX];
	struct dns_walk walk;
	struct dns_rr rr;
	bool found = dns_name_expand(o->data, o->size, 12, name, NULL) == 0;

	dns_walk_init(&walk, o->data, o->size);
	while (!found && dns_walk_next(&walk, &rr))
		found = dns_name_expand(o->data, o->size, rr.owner_at, name, NULL) == 0;
	return o->ours.verdict == DNS_BAD_POINTER && o->ns && found;
}

/* RFC 6891, section 6.1.1; as BIND's dns_message_parse. */
static bool
explain_opt(const struct opinions *o)
{
	struct dns_walk walk;
	struct dns_rr rr;

	if (o->ours.verdict != DNS_BAD_RDATA)
		return false;
	dns_walk_init(&walk, o->data, o->size);
	while (dns_walk_next(&walk, &rr))
		if (rr.type == DNS_TYPE_OPT &&
		    (rr.section != DNS_ADDITIONAL || o->data[rr.owner_at] != 0))
			return true;
	return false;
}

static const struct {
	bool (*holds)(const struct opinions *o);
	const char *why;
} EXPLANATIONS[] = {
	{ explain_trailing, "octets behind the last record: ns_parserr and libknot refuse" },
	{ explain_opt,
	    "OPT outside ADDITIONAL or not owned by the root (RFC 6891, 6.1.1): as BIND" },
	{ explain_options, "two OPT, or wrong options: libknot refuses too, others do not look" },
	{ explain_data,
	    "data of a record: libknot and ldns refuse, ns_parserr does not look either" },
	{ explain_knot, "data or place of a record that libknot alone refuses" },
	{ explain_ldns_data, "data of a record that ldns alone refuses" },
	{ explain_ldns, "framing that ldns alone accepts: it reads data by type, not by length" },
	{ explain_pointer,
	    "a pointer that does not go behind its own name (RFC 1035, 4.1.4): as BIND" },
};

static void
report(struct bench *b, const struct opinions *o, const char *what)
{
	if (b->failed++ >= REPORTS)
		return;
	printf("%s: %s: ours %s, libknot %s, ldns %s, ns_parserr %s: ", b->path, what,
	    dns_verdict_name(o->ours.verdict), knot_strerror(o->knot),
	    ldns_get_errorstr_by_id(o->ldns), o->ns ? "ok" : strerror(o->ns_errno));
	for (size_t i = 0; i < o->size && i < 600; i++)
		printf("%02x", o->data[i]);
	printf("\n");
}

static bool
is_explained(struct bench *b, const struct opinions *o, bool changed)
{
	for (size_t i = 0; i < sizeof EXPLANATIONS / sizeof *EXPLANATIONS; i++)
		if (EXPLANATIONS[i].holds(o)) {
			b->explained[i]++;
			if (!changed)
				printf("%s: %s\n", b->path, EXPLANATIONS[i].why);
			return true;
		}
	return false;
}

/* One line of what ldns prints against ours: letter case and the kind of space aside. */
static bool
same_text(const char *ours, const char *theirs)
{
	for (;;) {
		size_t space = strspn(theirs, " \t\n");
		if (space != 0 && theirs[space] != '\0' && *ours++ != ' ')
			return false;
		theirs += space;
		if (*theirs == '\0')
			return *ours == '\0';
		if (tolower((unsigned char)*ours++) != tolower((unsigned char)*theirs++))
			return false;
	}
}

static void
check_text(struct bench *b, const struct opinions *o, const struct dns_rr *rr, const ldns_rr *other)
{
	static char ours[400000];
	ldns_buffer *buffer = ldns_buffer_new(1000);
	char *theirs;

	(void)dns_rdata_text(o->data, o->size, rr, ours, sizeof ours);
	for (size_t i = 0; i < ldns_rr_rd_count(other); i++) {
		if (i != 0)
			ldns_buffer_printf(buffer, " ");
		(void)ldns_rdf2buffer_str(buffer, ldns_rr_rdf(other, i));
	}
	theirs = ldns_buffer_export2str(buffer);
	b->texts++;
	/* ldns prints nothing for no data of an unknown type. */
	if (theirs == NULL || (rr->data_size != 0 && !same_text(ours, theirs))) {
		if (b->failed++ < REPORTS)
			printf("%s: data of type %u: ours %.300s, ldns %.300s\n", b->path, rr->type,
			    ours, theirs != NULL ? theirs : "nothing");
	}
	free(theirs);
	ldns_buffer_free(buffer);
}

/* The owner's name, expanded by the C library and by us. */
static void
check_name(struct bench *b, const struct opinions *o, size_t at)
{
	uint8_t ours[255], theirs[256];
	size_t size = dns_name_expand(o->data, o->size, at, ours, NULL), i;

	b->names++;
	if (ns_name_unpack(o->data, o->data + o->size, o->data + at, theirs, sizeof theirs) < 0)
		theirs[0] = 0;
	for (i = 0; i < size && tolower(theirs[i]) == ours[i]; i++)
		;
	if (i != size || size == 0 || (size == 1 && theirs[0] != 0))
		report(b, o, "name");
}

/* Every record, as the C library finds it: its section, type, class, TTL, data. */
static void
check_records(struct bench *b, struct opinions *o)
{
	int next[4] = { 0 };
	struct dns_walk walk;
	struct dns_rr rr;

	dns_walk_init(&walk, o->data, o->size);
	while (dns_walk_next(&walk, &rr)) {
		ns_rr other;
		check_name(b, o, rr.owner_at);
		if (ns_parserr(&o->ns_message, (ns_sect)rr.section, next[rr.section]++, &other) !=
			0 ||
		    ns_rr_type(other) != rr.type || ns_rr_class(other) != rr.class ||
		    ns_rr_ttl(other) != rr.ttl || ns_rr_rdlen(other) != rr.data_size ||
		    ns_rr_rdata(other) != o->data + rr.data_at)
			report(b, o, "record");
	}
	for (int section = ns_s_an; section < ns_s_max; section++)
		if (next[section] != ns_msg_count(o->ns_message, (ns_sect)section))
			report(b, o, "count");
}

static void
check_question(struct bench *b, struct opinions *o)
{
	ns_rr question;

	if (o->ours.counts[0] == 0)
		return;
	check_name(b, o, 12);
	if (ns_parserr(&o->ns_message, ns_s_qd, 0, &question) != 0 ||
	    ns_rr_type(question) != o->ours.type || ns_rr_class(question) != o->ours.class ||
	    o->ours.name_size != dns_name_expand(o->data, o->size, 12, o->name, NULL))
		report(b, o, "question");
}

/* The data of records as ldns prints them.  It keeps OPT and TSIG elsewhere. */
static void
check_texts(struct bench *b, const struct opinions *o)
{
	const ldns_rr_list *lists[] = { NULL, ldns_pkt_answer(o->packet),
		ldns_pkt_authority(o->packet), ldns_pkt_additional(o->packet) };
	size_t next[4] = { 0 };
	struct dns_walk walk;
	struct dns_rr rr;

	dns_walk_init(&walk, o->data, o->size);
	while (dns_walk_next(&walk, &rr)) {
		const ldns_rr *other;
		if (rr.type == DNS_TYPE_OPT || rr.type == 250)
			continue;
		other = ldns_rr_list_rr(lists[rr.section], next[rr.section]++);
		if (other == NULL || ldns_rr_get_type(other) != rr.type)
			report(b, o, "record of ldns");
		else
			check_text(b, o, &rr, other);
	}
}

static void
check(struct bench *b, const uint8_t *data, size_t size, bool changed)
{
	uint8_t *copy = copy_of(data, size);
	struct opinions o = { .data = copy, .size = size };

	dns_parse(copy, size, size, NULL, o.name, &o.ours);
	ask_knot(&o);
	ask_ldns(&o);
	ask_ns(&o);
	b->messages++;
	if (all_accept(&o) || all_refuse(&o))
		b->agreed++;
	else if (!is_explained(b, &o, changed))
		report(b, &o, "verdict");
	if (ours_accepts(&o) && o.ns) {
		check_question(b, &o);
		check_records(b, &o);
	}
	if (all_accept(&o) && !changed)
		check_texts(b, &o);
	ldns_pkt_free(o.packet);
	free(copy);
}

static uint32_t
draw(struct bench *b, size_t below)
{
	b->seed = b->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((b->seed >> 33) % below);
}

/* One change of a message, in place; its new size. */
static size_t
change(struct bench *b, uint8_t *data, size_t size, size_t room)
{
	size_t at = draw(b, size), length = 1 + draw(b, 8);

	switch (draw(b, 8)) {
	case 0: data[at] ^= (uint8_t)(1U << draw(b, 8)); break;
	case 1: data[at] = (uint8_t)draw(b, 256); break;
	case 2: return at;
	case 3: /* a count */
		if (size >= 12)
			data[5 + 2 * draw(b, 4)] = (uint8_t)draw(b, 6);
		break;
	case 4: /* a pointer */
		if (at + 1 < size) {
			data[at] = 0xc0;
			data[at + 1] = (uint8_t)draw(b, size < 256 ? size : 256);
		}
		break;
	case 5: /* octets less */
		if (at + length < size) {
			memmove(data + at, data + at + length, size - at - length);
			return size - length;
		}
		break;
	case 6: /* octets more */
		if (size + length <= room) {
			memmove(data + at + length, data + at, size - at);
			return size + length;
		}
		break;
	default: /* a length */ data[at] = (uint8_t)draw(b, 66); break;
	}
	return size;
}

static void
check_changed(struct bench *b, const uint8_t *data, size_t size)
{
	static uint8_t copy[65535];

	for (unsigned long i = 0; i < b->mutations && size != 0; i++) {
		size_t changed = size;
		memcpy(copy, data, size);
		for (uint32_t times = 1 + draw(b, 3); times != 0 && changed != 0; times--)
			changed = change(b, copy, changed, sizeof copy);
		check(b, copy, changed, true);
	}
}

static void
take_batch(void *context, const struct batch *batch)
{
	struct bench *b = context;

	if (batch->type == OBS_DNS_PENDING)
		return;
	for (size_t i = 0; i < batch->count; i++) {
		const struct dns_message *m = batch->dns[i];
		if (m->verdict == DNS_SNAPPED)
			continue;
		check(b, m->data, m->size, false);
		check_changed(b, m->data, m->size);
	}
}

static bool
read_capture(struct bench *b, const struct config *config, const char *path)
{
	struct dns_reader_options options = {
		.config = config,
		.secret = { 1, 2 },
		.deliver = take_batch,
		.context = b,
	};
	struct err_info why = { .text = "" };
	const char *slash = strrchr(path, '/');
	struct dns_reader *reader;
	bool done;

	b->path = slash != NULL ? slash + 1 : path;
	if (dns_reader_new(&options, &reader, &why) != ERR_OK)
		abort();
	done = dns_reader_read(reader, path, &why) == ERR_OK;
	if (!done)
		printf("%s\n", why.text);
	dns_reader_finish(reader);
	dns_reader_free(reader);
	return done;
}

int
main(int argc, char **argv)
{
	static struct bench b = { .seed = 1 };
	struct config config;
	bool done = true;
	int option;

	while ((option = getopt(argc, argv, "m:")) == 'm')
		b.mutations = strtoul(optarg, NULL, 10);
	config_init(&config);
	for (int i = optind; i < argc; i++)
		done = read_capture(&b, &config, argv[i]) && done;
	config_release(&config);
	for (size_t i = 0; i < sizeof EXPLANATIONS / sizeof *EXPLANATIONS; i++)
		printf("%lu: %s\n", b.explained[i], EXPLANATIONS[i].why);
	printf("%lu messages, %lu agreed, %lu not explained; %lu names, %lu data\n", b.messages,
	    b.agreed, b.failed, b.names, b.texts);
	return !done || b.failed != 0 || b.messages == 0;
}
