/* SPDX-License-Identifier: ISC */
/*
 * What the files of the collecting process share.
 *
 * export.c tells the protocol of a message and gives it to netflow5.c, netflow9.c, ipfix.c or
 * sflow.c.  The second and the third are headers before sets, which export_sets.c reads, by
 * templates (export_template.c), which are compiled (export_compile.c) from the table of elements
 * (export_field.c) and run for each record (export_program.c); export_finish.c, export_time.c and
 * export_sampling.c work out what no field says by itself.
 *
 * An exporter (export_exporter.c) is who sends: (address, listener), or one stream.  It has
 * observation domains, each of one protocol; a domain has its templates, its sequence numbers
 * (export_sequence.c) and the report that is being gathered.  Sampling options and the data that
 * waits for templates (export_buffer.c) belong to the exporter.  Everything is counted into
 * `memory`; above the limit the exporter unseen longest goes.
 */
#ifndef YAGURA_DECODE_EXPORT_INTERNAL_H
#define YAGURA_DECODE_EXPORT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "decode/export.h"
#include "decode/export_sequence.h"
#include "obs/packet.h"

/* All exporters together may hold so much, whatever the quotas add up to. */
#define EXPORT_MEMORY_MAX ((size_t)256 << 20)

/* Neighbours in a list in order of use; the list itself is one of them. */
struct export_link {
	struct export_link *older, *newer; /* borrowed */
};

static inline void
export_link_init(struct export_link *list)
{
	list->older = list;
	list->newer = list;
}

static inline void
export_link_remove(struct export_link *l)
{
	l->older->newer = l->newer;
	l->newer->older = l->older;
}

/* Makes `l`, which is in no list, the newest. */
static inline void
export_link_add(struct export_link *list, struct export_link *l)
{
	l->older = list->older;
	l->newer = list;
	list->older->newer = l;
	list->older = l;
}

/* One observation domain of an exporter, in one protocol. */
struct export_domain {
	struct export_link link;   /* among the domains of its exporter; first member */
	struct exporter *exporter; /* borrowed */
	uint32_t id;
	uint8_t protocol; /* enum export_protocol */
	uint8_t unit;     /* enum sequence_unit: what its numbers count */

	struct export_sequence sequence; /* in the unit that fits */
	struct export_sequence shadow;   /* in the other one, records or messages */
	unsigned shadow_run;             /* messages that fit only `shadow` */
	bool clocked;                    /* the next two are known */
	uint32_t uptime;                 /* of the last message, where there is one */
	nsec_t exported;                 /* its export time, by the exporter's clock */
	nsec_t system_init;              /* systemInitTimeMilliseconds in options; 0 not said */
	struct address agent;            /* exporter's address in options (130, 131), if trusted */
	uint64_t unknown_sets;           /* data sets that came before their template, … */
	uint64_t replayed_sets;          /* … that were read when it came, … */
	uint64_t reported_sets;          /* … and that were reported as never read */
	struct export_template **templates; /* owned: in order of their identifiers */
	size_t template_count, template_room;
	struct exporter_report report; /* since the last one; sequence fields are filled in then */
	struct sflow_agent *sflow;     /* owned: what sflow.c keeps of an agent; NULL in others */
};

enum sampling_kind {
	SAMPLING_BY_SELECTOR, /* samplerId or selectorId */
	SAMPLING_BY_INTERFACE,
	SAMPLING_BY_TEMPLATE,
	SAMPLING_BY_CARD,
	SAMPLING_OF_ALL, /* of the domain */
};

struct sampling_rate {
	uint32_t domain;
	uint32_t id;   /* of the selector, interface, … */
	uint8_t kind;  /* enum sampling_kind */
	bool anywhere; /* what all domains say; then `rate` 0 means that they differ */
	uint32_t rate; /* an unused slot has 0 and `used` false */
	bool used;
};

/* What options said of sampling: a hash table with open addressing. */
struct sampling_table {
	struct sampling_rate *rates; /* owned */
	size_t count, room;
	size_t interfaces;   /* how many are scoped to an interface */
	uint64_t generation; /* goes up with every change */
};

struct buffered_set;

/* Data that waits for its template, oldest first. */
struct export_buffer {
	struct buffered_set *first, *last; /* owned */
	size_t size;
};

struct exporter {
	struct export_link link; /* among the exporters; first member */
	struct exporter *chain;  /* next of its bucket */
	struct address address;
	uint64_t stream;
	uint16_t listener;
	uint64_t hash;
	struct export_link domains; /* owned */
	size_t domain_count;
	struct export_link templates; /* of all domains, which own them */
	size_t template_count;
	struct sampling_table sampling;
	struct export_buffer buffer;
};

struct exports {
	struct export_options options;
	struct drop_counters *drops; /* borrowed */
	struct export_link exporters;
	size_t exporter_count;
	struct exporter **buckets; /* owned */
	size_t bucket_mask;
	size_t memory;                    /* octets that exporters hold */
	struct exporter_report *departed; /* owned: of domains that are no more */
	size_t departed_count, departed_room;
	struct export_text *text; /* owned: columns of the table being read; export_text.c */
};

/* The exporter of a message, made if it is new, now the newest.  Others may go for it. */
struct exporter *
export_exporter(struct exports *x, const struct export_message *m, const struct address *address);

/* A domain of it, made if it is new.  Another one of the exporter may go for it. */
struct export_domain *
export_domain(struct exports *x, struct exporter *e, uint8_t protocol, uint32_t id);

/* Completes the report of a domain from its sequence; whether there is anything to report. */
void export_domain_finish(struct export_domain *d);
bool export_report_is_empty(const struct exporter_report *report);

/* A message of the domain came: counts it in the report. */
void export_domain_seen(struct export_domain *d, const struct export_message *m);
/* The same where its own clock has to say when. */
void export_domain_seen_at(struct export_domain *d, const struct export_message *m, nsec_t time);

/* Up to so many units of it could not be counted. */
void export_domain_doubt(struct export_domain *d, uint32_t units);

/* The same where the header says the exporter's uptime and clock: whether it began anew. */
bool export_domain_clock(struct export_domain *d, uint32_t uptime, nsec_t exported);

/* Counts records with a sampling rate in the domain's report. */
void export_domain_rate(
    struct export_domain *d, uint32_t rate, enum sampling_source source, uint64_t records);

/* Forgets an exporter; what was not reported yet is kept for the next report. */
void export_exporter_free(struct exports *x, struct exporter *e);

/* Forgets old exporters until the memory limit is kept; `keep` stays. */
void export_memory_check(struct exports *x, const struct exporter *keep);

/* A message with this sequence number came; what of it the numbers count is found out. */
void export_domain_sequence(
    struct exports *x, struct export_domain *d, uint32_t number, uint32_t records, bool restarted);

/* The exporter's address that records and reports have. */
const struct address *export_domain_address(const struct export_domain *d);

/* export_template.c, export_buffer.c, export_sampling.c: what goes with its owner */
void export_template_free(struct exports *x, struct export_template *t);
void export_buffer_release(struct exports *x, struct export_buffer *b);
void export_sampling_store(struct exports *x, struct exporter *e, const struct sampling_rate *said);
void export_sampling_release(struct exports *x, struct sampling_table *t);

/* The operator's word for the sampling rate: forced, by default, or none. */
enum sampling_source export_sampling_default(const struct exports *x, uint32_t *ret_rate);

/* export_sink.c.  Room for `count` more records; a pointer to the first, not initialised.
 * Add what was written to record_count. */
struct flow_record *export_sink_reserve(struct export_sink *sink, size_t count);
/* One more record, zeroed but for vlan (VLAN_NONE), counted. */
struct flow_record *export_sink_record(struct export_sink *sink);
/* One more, zeroed and counted. */
struct interface_sample *export_sink_interface(struct export_sink *sink);
struct exporter_report *export_sink_report(struct export_sink *sink);
/* A zeroed extra that stays where it is until the sink is cleared. */
struct record_extra *export_sink_extra(struct export_sink *sink);

/* export_packet.c: fills what `r` does not say yet (zero) from a decoded packet: addresses, ports,
 * protocol, TOS, flags, TTL, VLAN; octets and packets as one packet. */
void export_fill_from_packet(struct flow_record *r, const struct packet *p);

/* netflow5.c: versions 1, 5 and 7 */
void
netflow5_message(struct exports *x, const struct export_message *message, struct export_sink *sink);

/* netflow9.c */
void
netflow9_message(struct exports *x, const struct export_message *message, struct export_sink *sink);

/* ipfix.c */
void
ipfix_message(struct exports *x, const struct export_message *message, struct export_sink *sink);

/* sflow.c, sflow_agent.c.  The state of its agents hangs at export_domain.sflow. */
void
sflow_message(struct exports *x, const struct export_message *message, struct export_sink *sink);
/* Frees all agents of a domain; returns the octets they held. */
size_t sflow_agent_free(struct sflow_agent *agent);
/* Adds what their sequence numbers say to the report of the domain. */
void sflow_agent_finish(struct sflow_agent *agent, struct exporter_report *report);

#endif
