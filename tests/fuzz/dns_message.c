/* SPDX-License-Identifier: ISC */
/*
 * Any octets as a DNS message.  The input is how many octets more were sent (2), then the message.
 *
 * What the parser says agrees with itself, with the walk over records and with the expansion of
 * names; a message of which the capture kept less is never malformed for it; texts have the length
 * they say, whatever room there is.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "decode/dns.h"
#include "net/dns.h"

#define CHECK(condition) ((condition) ? (void)0 : __builtin_trap())

enum {
	PREFIX_SIZE = 2,
	MOST = 4096, /* octets; longer messages say nothing more */
	TEXT_ROOM = 1 << 20,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
starts_label(const struct dns_message *m, size_t at)
{
	size_t label = 0;

	while (label < at)
		label += 1U + m->name[label];
	return label == at;
}

static void
check_name(const struct dns_message *m)
{
	uint8_t name[DNS_NAME_MAX], again[DNS_NAME_MAX];
	char text[DNS_NAME_TEXT_SIZE];
	size_t size, at = 0;

	CHECK(((m->flags & DNS_QUESTION) != 0) == (m->name_size != 0));
	if (m->name_size == 0)
		return;
	for (unsigned labels = 0; labels < m->labels; labels++) {
		CHECK(m->name[at] != 0 && m->name[at] <= 63);
		for (size_t i = 1; i <= m->name[at]; i++)
			CHECK(m->name[at + i] < 'A' || m->name[at + i] > 'Z');
		at += 1U + m->name[at];
	}
	CHECK(at + 1 == m->name_size && m->name[at] == 0);
	CHECK(m->tld_offset < m->name_size && starts_label(m, m->tld_offset));
	CHECK(m->site_offset == SUFFIX_NONE || starts_label(m, m->site_offset));
	CHECK(m->name_hash == dns_hash(m->name, m->name_size));
	CHECK(dns_name_expand(m->data, m->size, 12, name, NULL) == m->name_size);
	CHECK(memcmp(name, m->name, m->name_size) == 0);
	(void)dns_name_text(m->name, m->name_size, text);
	CHECK(dns_name_parse(text, again, &size, NULL) == ERR_OK);
	CHECK(size == m->name_size && memcmp(again, name, size) == 0);
}

static void
check_places(const struct dns_message *m)
{
	uint8_t name[DNS_NAME_MAX];

	CHECK(m->answers_at <= m->size && m->authority_at <= m->size);
	CHECK(m->address_count <= DNS_ADDRESSES && m->ede_count <= DNS_EDE_COUNT);
	for (unsigned i = 0; i < m->address_count; i++)
		CHECK(m->addresses_at[i] + (size_t)m->addresses_size[i] <= m->size);
	if (m->flags & DNS_ECS)
		CHECK(m->ecs_at + (m->ecs_source + 7U) / 8 <= m->size);
	if (m->soa_at != 0)
		CHECK(dns_name_expand(m->data, m->size, m->soa_at, name, NULL) != 0);
}

/* The text is the same in any room, as far as it goes. */
static void
check_text(const struct dns_message *m, const struct dns_rr *rr, char *text)
{
	static char shorter[61];
	size_t length = rr != NULL ? dns_rdata_text(m->data, m->size, rr, text, TEXT_ROOM)
				   : dns_message_text(m->data, m->size, text, TEXT_ROOM);
	size_t again = rr != NULL ? dns_rdata_text(m->data, m->size, rr, shorter, sizeof shorter)
				  : dns_message_text(m->data, m->size, shorter, sizeof shorter);

	CHECK(length == again);
	CHECK(length < TEXT_ROOM && strlen(text) == length);
	CHECK(strlen(shorter) < sizeof shorter);
	CHECK(strncmp(text, shorter, strlen(shorter)) == 0);
}

static void
check_records(const struct dns_message *m, char *text)
{
	uint8_t name[DNS_NAME_MAX];
	unsigned left[4] = { 0, m->counts[1], m->counts[2], m->counts[3] };
	bool good = m->verdict <= DNS_OK_TRAILING || m->verdict == DNS_BAD_RDATA;
	struct dns_walk walk;
	struct dns_rr rr;

	dns_walk_init(&walk, m->data, m->size);
	while (dns_walk_next(&walk, &rr)) {
		size_t end;
		left[rr.section]--;
		CHECK(rr.data_at + rr.data_size <= m->size);
		if (dns_name_expand(m->data, m->size, rr.owner_at, name, &end) == 0)
			CHECK(!good);
		else
			CHECK(end + 10 == rr.data_at);
		check_text(m, &rr, text);
		rr.type = 0;
		check_text(m, &rr, text);
	}
	if (m->verdict <= DNS_OK_TRAILING && m->opcode != 6) {
		CHECK(left[1] == 0 && left[2] == 0 && left[3] == 0);
		CHECK((walk.at == m->message_size) == (m->verdict == DNS_OK));
	}
}

/* The same message with its end cut off by the capture. */
static void
check_cut(const struct dns_message *whole, size_t size)
{
	struct dns_message m = { .flags = 0 };
	uint8_t name[DNS_NAME_MAX];
	uint8_t *copy = malloc(size + 1);

	CHECK(copy != NULL);
	memcpy(copy, whole->data, size);
	dns_parse(copy, size, whole->size, NULL, name, &m);
	if (whole->verdict <= DNS_OK_TRAILING)
		CHECK(m.verdict == DNS_SNAPPED || m.verdict == DNS_OK_TRAILING ||
		      (m.verdict == DNS_OK && size == whole->size));
	CHECK(m.verdict != DNS_BAD_COUNT && m.verdict != DNS_BAD_RDLENGTH &&
	      (m.verdict != DNS_BAD_HEADER || whole->size < 12));
	free(copy);
}

static void
check(const uint8_t *data, size_t size, size_t more, char *text)
{
	struct dns_message m = { .flags = 0 };
	uint8_t name[DNS_NAME_MAX];

	dns_parse(data, size, size + more, NULL, name, &m);
	CHECK(m.verdict < DNS_VERDICT_COUNT && m.size == size);
	if (more != 0)
		CHECK(m.verdict != DNS_OK && m.verdict != DNS_BAD_COUNT &&
		      m.verdict != DNS_BAD_RDLENGTH);
	else
		CHECK(m.verdict != DNS_SNAPPED);
	check_name(&m);
	check_places(&m);
	check_records(&m, text);
	check_text(&m, NULL, text);
	if (more == 0 && size != 0)
		check_cut(&m, size * 2 / 3);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[TEXT_ROOM];
	uint8_t *copy;

	if (size < PREFIX_SIZE || size > MOST)
		return 0;
	copy = malloc(size - PREFIX_SIZE + 1);
	CHECK(copy != NULL);
	/* The message ends where memory does. */
	memcpy(copy + 1, data + PREFIX_SIZE, size - PREFIX_SIZE);
	check(copy + 1, size - PREFIX_SIZE, be16(data), text);
	free(copy);
	return 0;
}
