/* SPDX-License-Identifier: ISC */
/*
 * Response policy zones: what a resolver shall answer otherwise than the world does.
 *
 * A policy is gathered from rules, one at a time: from findings that an operator approved, lists
 * of names and addresses, policy files.  Each rule is checked before it counts, and what is
 * refused is kept with the reason: a policy zone is control over what people reach, so a list that
 * has gone wrong must not take a public suffix, a zone of one's own or half of the customers'
 * traffic with it.  What is left becomes entries, one for each owner name of the zone, in the form
 * of draft-vixie-dnsop-dns-rpz-00 that BIND and Unbound load:
 *
 *	bad.example            CNAME .              NXDOMAIN for the name
 *	*.bad.example          CNAME *.             NODATA for all below it
 *	32.7.2.0.192.rpz-ip    CNAME rpz-passthru.  answers with 192.0.2.7 are left alone
 *
 *	rpz = rpz_new(&options);
 *	e = rpz_read_list(rpz, "indicators.csv", &why);
 *	rpz_sort(rpz);
 *	rpz_write(rpz, serial, file);
 */
#ifndef YAGURA_REPORT_RPZ_H
#define YAGURA_REPORT_RPZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "net/address.h"
#include "net/site.h"
#include "net/suffix.h"

enum rpz_trigger {
	RPZ_QNAME = 0,
	RPZ_CLIENT_IP,
	RPZ_RESPONSE_IP,
	RPZ_NSDNAME,
	RPZ_NSIP,
	RPZ_TRIGGERS,
};

enum rpz_action {
	RPZ_NXDOMAIN = 0,
	RPZ_NODATA,
	RPZ_PASSTHRU,
	RPZ_DROP,
	RPZ_TCP_ONLY,
	RPZ_LOCAL, /* records of its own */
	RPZ_ACTIONS,
};

/* A record of local data: "A", "192.0.2.1". */
struct rpz_record {
	const char *type; /* a constant */
	char *data;       /* owned, in presentation format */
};

struct rpz_records {
	struct rpz_record *all; /* owned */
	size_t count;
};

/* What somebody wants.  The policy copies what it keeps. */
struct rpz_rule {
	enum rpz_trigger trigger;
	enum rpz_action action;
	uint8_t name[255]; /* QNAME and NSDNAME: wire format, lower case */
	uint8_t name_size;
	bool itself, below;                /* the name, and every name below it */
	struct prefix prefix;              /* the other triggers */
	const struct rpz_records *records; /* RPZ_LOCAL; NULL or none: the garden's */
	uint32_t ttl;
	nsec_t expires;      /* 0: never */
	const char *case_id; /* "" without one */
	const char *source;  /* where it comes from: a file and line, a finding's id */
};

/* One owner name of the zone. */
struct rpz_entry {
	enum rpz_trigger trigger;
	enum rpz_action action;
	bool wildcard; /* *.name */
	uint8_t name_size;
	uint8_t *name; /* owned */
	struct prefix prefix;
	struct rpz_records records;
	uint32_t ttl;
	nsec_t expires;
	char *case_id, *source; /* owned */
	/* What it would have hit: see rpz_hit. */
	uint64_t queries, clients;
	bool at_most; /* stored clients are wider than the prefix: the counts are upper bounds */
	struct address last_client;
};

/* What did not become policy. */
struct rpz_reject {
	char *what, *source, *reason; /* owned */
};

struct rpz_options {
	const struct site *site;            /* borrowed: zones, own prefixes */
	const struct suffix_list *suffixes; /* borrowed; may be NULL */
	const char *origin;                 /* of the zone, as text */
	uint32_t ttl;                       /* of entries that do not say */
	enum rpz_action action;             /* of rules that do not say */
	bool below;                         /* whether names mean all below them too */
	nsec_t now;
	nsec_t keep; /* how long a rule without an expiry holds; 0: for ever */
};

struct rpz {
	struct rpz_options options;
	uint8_t origin[255];
	size_t origin_size;
	struct rpz_records garden; /* local data of rules that bring none */
	struct rpz_entry *entries; /* owned */
	size_t entry_count, entry_room;
	uint32_t *index; /* owned: by owner */
	size_t index_size;
	struct rpz_reject *rejects; /* owned */
	size_t reject_count;
	size_t expired;           /* of them, for being past their time */
	struct rpz_rule *allowed; /* owned: names and prefixes that are never touched */
	size_t allowed_count;
	/* What rpz_hit has seen. */
	uint64_t queries, clients;
	struct address last_client;
	bool seen_client;
	struct prefix_set *sets[RPZ_TRIGGERS]; /* owned */
	size_t *set_entries[RPZ_TRIGGERS];     /* owned: which entry each prefix is */
};

/* ERR_FORMAT when the origin is no name. */
MUST_CHECK enum err
rpz_new(const struct rpz_options *options, struct rpz **ret_rpz, struct err_info *info);
void rpz_free(struct rpz *rpz);

/* A rule with the policy's defaults. */
struct rpz_rule rpz_rule_default(const struct rpz *rpz, const char *source);

/* Checks a rule and makes entries of it, or a reject. */
void rpz_add(struct rpz *rpz, const struct rpz_rule *rule);
/* Says that something is no policy. */
void rpz_reject(struct rpz *rpz, const char *what, const char *source, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Never touches a name, with what is below it, or a prefix.  ERR_FORMAT. */
MUST_CHECK enum err rpz_allow(struct rpz *rpz, const char *text, struct err_info *info);
/* The same of each line of a file. */
MUST_CHECK enum err rpz_allow_file(struct rpz *rpz, const char *path, struct err_info *info);

/* A record of the garden: "A 192.0.2.1", "CNAME walled.example.net". */
MUST_CHECK enum err rpz_garden(struct rpz *rpz, const char *text, struct err_info *info);

/* Sets name and apex, or prefix, from what lists of indicators hold: a name, "*.name", an address,
 * a prefix, a URL, any of them "defanged" (hxxp://bad[.]example).  ERR_FORMAT. */
MUST_CHECK enum err rpz_indicator(const char *text, struct rpz_rule *rule, struct err_info *info);

/* A list: one indicator a line, or CSV with a heading (doc/rpz.md).  What does not read is a
 * reject; ERR_IO when the file does not. */
MUST_CHECK enum err rpz_read_list(struct rpz *rpz, const char *path, struct err_info *info);

/* A policy file in YAML; ERR_CONFIG with its place. */
MUST_CHECK enum err rpz_read_policy(struct rpz *rpz, const char *path, struct err_info *info);

/* The approved findings of a review in JSON.  An id that the review does not have, and a finding
 * from which no policy follows, is a reject. */
MUST_CHECK enum err rpz_read_review(
    struct rpz *rpz, const char *path, const char *const *ids, size_t count, struct err_info *info);

/* One record from its text; `records` grows. */
MUST_CHECK enum err
rpz_record_parse(const char *text, struct rpz_records *records, struct err_info *info);
void rpz_records_release(struct rpz_records *records);

/*
 * Before the policy is used: a name in the zone hides the wildcard above it from all names below
 * (RFC 4592, section 2.2), also a name that is only part of others; BIND does so, Unbound in part.
 * Such names get the same wildcard, so that *.bad.example means all but what is said otherwise.
 */
void rpz_close_holes(struct rpz *rpz);

/* Entries in their order in the zone. */
void rpz_sort(struct rpz *rpz);

/* The owner of an entry, relative to the zone; returns `text`. */
#define RPZ_OWNER_SIZE 1100
char *rpz_owner(const struct rpz_entry *entry, char text[RPZ_OWNER_SIZE]);

/* "nxdomain", "qname", …; and back, or false. */
const char *rpz_action_name(enum rpz_action action);
const char *rpz_trigger_name(enum rpz_trigger trigger);
bool rpz_action_find(const char *name, enum rpz_action *ret_action);

/* The zone as a master file (RFC 1035, section 5). */
void rpz_write(const struct rpz *rpz, uint32_t serial, FILE *file);

/* The serial of a zone file that rpz_write made, with all of its text (owned by the caller).
 * ERR_END when there is no such file; ERR_FORMAT when it is none of ours. */
MUST_CHECK enum err
rpz_read_zone(const char *path, uint32_t *ret_serial, char **ret_text, struct err_info *info);

/* The serial after `old`, no less than `least` where that comes after it (RFC 1982). */
uint32_t rpz_next_serial(uint32_t old, uint32_t least);

/* Stored traffic: queries of one client for one name, with the addresses that came back.  Rows come
 * in order of clients. */
struct rpz_traffic {
	struct address client;
	uint8_t client_length; /* how many bits of it are known */
	const char *name;
	const uint8_t *answers; /* addresses of 16 octets */
	size_t answer_count;
	uint64_t queries;
};

/* Before the first row: entries stay as they are until the last. */
void rpz_hit_begin(struct rpz *rpz);
/* Counts the row for the entry that would have applied (precedence: section 5 of the draft). */
void rpz_hit(struct rpz *rpz, const struct rpz_traffic *row);
/* Makes rejects of the entries that more than `share` of the clients would have met.  False when
 * there were too few clients to say. */
bool rpz_drop_popular(struct rpz *rpz, double share);

#endif
