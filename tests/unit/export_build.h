/* SPDX-License-Identifier: ISC */
/* Export messages put together octet by octet, and a collecting process to send them to. */
#ifndef YAGURA_TESTS_UNIT_EXPORT_BUILD_H
#define YAGURA_TESTS_UNIT_EXPORT_BUILD_H

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "decode/export.h"
#include "test.h"

#define BUILD_TIME   INT64_C(1401580800) /* seconds */
#define BUILD_UPTIME 3600000u            /* milliseconds */
#define BUILD_VARIES 65535

struct build {
	uint8_t octets[70000];
	size_t size;
	size_t set; /* where the open set begins */
};

static inline void
build_octets(struct build *b, const void *octets, size_t size)
{
	assert_true(b->size + size <= sizeof b->octets);
	memcpy(b->octets + b->size, octets, size);
	b->size += size;
}

/* `size` octets of a number, the most significant first. */
static inline void
build_number(struct build *b, uint64_t v, unsigned size)
{
	while (size-- > 0) {
		uint8_t octet = size < 8 ? (uint8_t)(v >> (8 * size)) : 0;
		build_octets(b, &octet, 1);
	}
}

static inline void
build_v9(struct build *b, uint32_t uptime, int64_t seconds, uint32_t sequence, uint32_t source)
{
	b->size = 0;
	build_number(b, 9, 2);
	build_number(b, 1, 2);
	build_number(b, uptime, 4);
	build_number(b, (uint64_t)seconds, 4);
	build_number(b, sequence, 4);
	build_number(b, source, 4);
}

static inline void
build_ipfix(struct build *b, int64_t seconds, uint32_t sequence, uint32_t domain)
{
	b->size = 0;
	build_number(b, 10, 2);
	build_number(b, 0, 2);
	build_number(b, (uint64_t)seconds, 4);
	build_number(b, sequence, 4);
	build_number(b, domain, 4);
}

static inline void
build_set(struct build *b, unsigned id)
{
	b->set = b->size;
	build_number(b, id, 2);
	build_number(b, 0, 2);
}

/* Ends the set; an IPFIX message is now as long as it is. */
static inline void
build_set_end(struct build *b)
{
	put_be16(b->octets + b->set + 2, (uint16_t)(b->size - b->set));
	if (be16(b->octets) == 10)
		put_be16(b->octets + 2, (uint16_t)b->size);
}

/* A template record: identifier, then pairs of element and length. */
static inline void
build_template(struct build *b, unsigned id, const uint16_t *pairs, size_t count)
{
	build_number(b, id, 2);
	build_number(b, count / 2, 2);
	for (size_t i = 0; i < count; i++)
		build_number(b, pairs[i], 2);
}

/* A set of one template. */
static inline void
build_template_set(struct build *b, unsigned id, const uint16_t *pairs, size_t count)
{
	build_set(b, be16(b->octets) == 10 ? 2 : 0);
	build_template(b, id, pairs, count);
	build_set_end(b);
}

#define BUILD_TEMPLATE(b, id, pairs) \
	build_template_set((b), (id), (pairs), sizeof(pairs) / sizeof *(pairs))

/* A set of one options template whose first `scopes` pairs are scopes. */
static inline void
build_options_set(struct build *b, unsigned id, const uint16_t *pairs, size_t count, size_t scopes)
{
	bool ipfix = be16(b->octets) == 10;

	build_set(b, ipfix ? 3 : 1);
	build_number(b, id, 2);
	build_number(b, ipfix ? count / 2 : 4 * scopes, 2);
	build_number(b, ipfix ? scopes : 4 * (count / 2 - scopes), 2);
	for (size_t i = 0; i < count; i++)
		build_number(b, pairs[i], 2);
	build_set_end(b);
}

#define BUILD_OPTIONS(b, id, scopes, pairs) \
	build_options_set((b), (id), (pairs), sizeof(pairs) / sizeof *(pairs), (scopes))

/* The template that most tests use, and a record of it. */
static const uint16_t BUILD_FLOW[] = { 8, 4, 12, 4, 7, 2, 11, 2, 4, 1, 2, 4, 1, 4 };
#define BUILD_FLOW_SIZE 21

static inline void
build_flow(struct build *b, uint32_t host, uint32_t packets, uint32_t octets)
{
	build_number(b, 0xc0000200 + host, 4); /* 192.0.2.host */
	build_number(b, 0xc6336401, 4);        /* 198.51.100.1 */
	build_number(b, 40000, 2);
	build_number(b, 443, 2);
	build_number(b, 6, 1);
	build_number(b, packets, 4);
	build_number(b, octets, 4);
}

/* A data set of `count` such records. */
static inline void
build_flows(struct build *b, unsigned id, uint32_t count)
{
	build_set(b, id);
	for (uint32_t i = 0; i < count; i++)
		build_flow(b, i + 1, 2, 100);
	build_set_end(b);
}

struct collector {
	struct export_options options;
	struct drop_counters drops;
	struct exports *x;
	struct export_sink sink;
	struct export_message message; /* for the next one */
};

static inline void
collector_restart(struct collector *c)
{
	exports_free(c->x);
	c->options.drops = &c->drops;
	c->x = exports_new(&c->options);
}

static inline void
collector_init(struct collector *c)
{
	*c = (struct collector){ .message.time = BUILD_TIME * NSEC_PER_SEC };
	export_options_init(&c->options);
	c->message.exporter = address_from_ipv4((const uint8_t[]){ 10, 0, 0, 1 });
	collector_restart(c);
}

static inline void
collector_release(struct collector *c)
{
	export_sink_release(&c->sink);
	exports_free(c->x);
}

/* Sends so many octets in memory of exactly that size, so that the address sanitizer sees a read
 * past them.  What earlier messages gave is gone. */
static inline void
collector_send_octets(struct collector *c, const uint8_t *octets, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	assert_non_null(copy);
	memcpy(copy, octets, size);
	c->message.data = copy;
	c->message.size = size;
	export_sink_clear(&c->sink);
	exports_message(c->x, &c->message, &c->sink);
	free(copy);
}

static inline void
collector_send(struct collector *c, const struct build *b)
{
	collector_send_octets(c, b->octets, b->size);
}

/* The report of everything since the last call; there is exactly one exporter and domain. */
static inline struct exporter_report
collector_report(struct collector *c)
{
	export_sink_clear(&c->sink);
	exports_report(c->x, &c->sink);
	assert_int_equal(c->sink.report_count, 1);
	return c->sink.reports[0];
}

static inline uint64_t
collector_drops(const struct collector *c, enum drop which)
{
	return c->drops.count[which];
}

#endif
