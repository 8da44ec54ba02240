/* SPDX-License-Identifier: ISC */
/*
 * Transactions that fail or not, as real messages, handed to an analysis of DNS.
 *
 *	struct transaction t = { .name = "x1.victim.test", .zone = "victim.test", .rcode = 3,
 *		.client = 7, .ms = 100 };
 *	tell_answer(&run, shard, &t);
 */
#ifndef YAGURA_TESTS_UNIT_DNS_FAILING_H
#define YAGURA_TESTS_UNIT_DNS_FAILING_H

#include <stdio.h>

#include "analysis_run.h"
#include "decode/dns.h"
#include "dns_build.h"

struct transaction {
	const char *name, *zone; /* of the SOA; NULL: none */
	uint16_t type;           /* 0: A */
	unsigned rcode;
	unsigned client, server; /* numbers within 192.0.2.0/24 and 203.0.113.0/24 */
	int64_t ms;
	bool upstream;       /* RD is clear */
	uint8_t view, match; /* 0: wire, matched */
	uint16_t flags;
};

/* One message with what it borrows. */
struct told {
	struct dns_build build;
	uint8_t name[DNS_NAME_MAX];
	struct dns_message message;
};

static inline void
tell_parse(struct told *d, const struct transaction *t, bool response)
{
	struct dns_message *m = &d->message;

	*m = (struct dns_message){ .time = t->ms * NSEC_PER_MS,
		.client = run_ipv4(0xc0000200 + t->client),
		.server = run_ipv4(0xcb007100 + t->server),
		.client_port = 40000,
		.server_port = 53,
		.flags = t->flags,
		.view = t->view,
		.match = (uint8_t)(!response       ? DNS_MATCH_NONE
				   : t->match != 0 ? t->match
						   : DNS_MATCHED),
		.latency = -1,
		.input_offset = (uint64_t)t->ms * 100 };
	dns_parse(d->build.octets, d->build.size, d->build.size, NULL, d->name, m);
}

static inline void
tell_make(struct told *d, const struct transaction *t, bool response)
{
	uint16_t bits = (uint16_t)((t->upstream ? 0 : 0x0100) | (response ? 0x8000 | t->rcode : 0));

	build_header(&d->build, bits, (const uint16_t[4]){ 1, 0, response && t->zone != NULL, 0 });
	build_question(&d->build, t->name, t->type != 0 ? t->type : DNS_TYPE_A);
	if (response && t->zone != NULL) {
		static const uint8_t DATA[22] = { 0 };
		build_name(&d->build, t->zone);
		build_u16(&d->build, DNS_TYPE_SOA);
		build_u16(&d->build, DNS_CLASS_IN);
		build_u32(&d->build, 300);
		build_u16(&d->build, sizeof DATA);
		build_octets(&d->build, DATA, sizeof DATA);
	}
	tell_parse(d, t, response);
}

static inline void
tell(struct analysis_run *run, size_t shard, enum obs_type type, const struct dns_message *m)
{
	struct batch batch = { .type = type, .count = 1, .dns = &m };

	analysis_run_start(run);
	run->analysis->observe(run->states[shard], &batch);
}

static inline void
tell_answer(struct analysis_run *run, size_t shard, const struct transaction *t)
{
	struct told d;

	tell_make(&d, t, true);
	tell(run, shard, OBS_DNS, &d.message);
}

static inline void
tell_question(
    struct analysis_run *run, size_t shard, enum obs_type type, const struct transaction *t)
{
	struct told d;

	tell_make(&d, t, false);
	tell(run, shard, type, &d.message);
}

/* The question is given up. */
static inline void
tell_silence(struct analysis_run *run, size_t shard, const struct transaction *t)
{
	struct told d;
	struct dns_pending p;
	struct batch batch = { .type = OBS_DNS_PENDING, .count = 1, .pending = &p };

	tell_make(&d, t, false);
	p = (struct dns_pending){ .time = d.message.time,
		.client = d.message.client,
		.server = d.message.server,
		.flags = (uint16_t)(t->flags | (t->upstream ? 0 : DNS_RECURSED)),
		.view = t->view,
		.type = d.message.type,
		.name_hash = d.message.name_hash,
		.site_hash = d.message.site_hash };
	analysis_run_start(run);
	run->analysis->observe(run->states[shard], &batch);
}

/* The findings of all windows, a new reference. */
static inline json_t *
run_findings(struct analysis_run *run)
{
	struct query_source q = store_query(run->store);
	struct section_context context = { .store = &q,
		.settings = run->settings,
		.site = &run->site,
		.end = 1000 * RUN_WINDOW,
		.last = RUN_WINDOW };
	struct section *section = section_new(run->analysis->name, run->analysis->title);
	struct err_info why = { 0 };
	enum err e = run->analysis->section(&context, section, &why);
	json_t *findings = section_findings(section);

	if (e != ERR_OK && e != ERR_END)
		fail_msg("%s", why.text);
	json_decref(section_finish(section));
	return findings;
}

static inline size_t
count_findings(struct analysis_run *run)
{
	json_t *findings = run_findings(run);
	size_t count = json_array_size(findings);

	json_decref(findings);
	return count;
}

/* A measure of the only finding. */
static inline double
only_measure(struct analysis_run *run, const char *name)
{
	json_t *findings = run_findings(run);
	double value;

	assert_int_equal(json_array_size(findings), 1);
	value = json_number_value(
	    json_object_get(json_object_get(json_array_get(findings, 0), "measures"), name));
	json_decref(findings);
	return value;
}

/* Whether the only finding has this text at the path a.b. */
static inline void
assert_text(struct analysis_run *run, const char *a, const char *b, const char *text)
{
	json_t *findings = run_findings(run);

	assert_int_equal(json_array_size(findings), 1);
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(json_array_get(findings, 0), a), b)),
	    text);
	json_decref(findings);
}

/* A label that looks random, the same in every run. */
static inline const char *
random_label(uint64_t number, unsigned length, char text[64])
{
	for (unsigned i = 0; i < length; i++)
		text[i] = (char)('a' + hash_mix64(number * 64 + i + 1) % 26);
	text[length] = '\0';
	return text;
}

#endif
