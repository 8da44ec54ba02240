/* SPDX-License-Identifier: ISC */
/*
 * DNS statistics in the format of dsc (DNS-OARC's DNS Statistics Collector): two-dimensional counts
 * that existing presenters and archives read.
 *
 * A dataset counts messages that pass its filters by two indexers:
 *
 *	dataset qtype_vs_tld dns Qtype:qtype TLD:tld queries-only,popular-qtypes max-cells=200;
 *
 * The output is dsc's octet for octet, the order of equal counts with it: values are numbered in
 *the order of their first message; names and addresses are listed in the order of dsc's hash table
 * (65,536 chains; for names R. Jenkins' lookup3 hash, for addresses their last 32 bits), the others
 * by number; and then sorted by count, stably.  Rows of the first dimension are printed, empty ones
 * too, as far as dsc's array has grown: to a power of two.
 *
 * So are dsc's labels of source ports and their ranges, which belong to the value before: its gold
 * files have them so.  dsc_right_ports has the right ones written instead.
 *
 *	struct dsc *d = dsc_new(suffixes);
 *	e = dsc_configure(d, "dsc.conf", &why);       or dsc_configure_sample(d)
 *	dsc_packet(d, packet); dsc_message(d, message);
 *	dsc_print(d, DSC_JSON, stdout);
 */
#ifndef YAGURA_REPORT_DSC_H
#define YAGURA_REPORT_DSC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "net/suffix.h"
#include "obs/dns.h"
#include "obs/packet.h"

struct dsc;

enum dsc_format {
	DSC_JSON,
	DSC_XML,
};

/* Without datasets; `suffixes`, which may be NULL, tells the TLDs that are delegated (borrowed). */
struct dsc *dsc_new(const struct suffix_list *suffixes);
void dsc_free(struct dsc *dsc);

/* The 21 datasets of dsc's sample configuration, and its local addresses. */
void dsc_configure_sample(struct dsc *dsc);

/* Reads dataset, local_address, tld_list, knowntlds_file and client masks from a configuration of
 * dsc's; other statements are passed over.  A file named there is looked for beside it when its
 * name is relative.  ERR_IO; ERR_CONFIG with the line. */
MUST_CHECK enum err dsc_configure(struct dsc *dsc, const char *path, struct err_info *info);

/* Labels source ports and their ranges rightly, unlike dsc. */
void dsc_right_ports(struct dsc *dsc);

/* Counts a packet, for datasets of the layer ip. */
void dsc_packet(struct dsc *dsc, const struct packet *packet);
/* Counts a message, for datasets of the layer dns. */
void dsc_message(struct dsc *dsc, const struct dns_message *message);

/* What dsc says of an input before its datasets. */
void dsc_input(struct dsc *dsc, const char *name, uint64_t packets);

/* Messages that found no room: a name or address beyond 1,048,576 of an indexer. */
uint64_t dsc_refused(const struct dsc *dsc);

void dsc_print(const struct dsc *dsc, enum dsc_format format, FILE *out);

#endif
