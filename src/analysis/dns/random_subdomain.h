/* SPDX-License-Identifier: ISC */
/*
 * What the two halves of dns/random-subdomain share: the columns of its tables.
 */
#ifndef YAGURA_ANALYSIS_DNS_RANDOM_SUBDOMAIN_H
#define YAGURA_ANALYSIS_DNS_RANDOM_SUBDOMAIN_H

#include "analysis/analysis.h"
#include "analysis/dns/zone_watch.h"

#define ZONE_ROWS_MOST 64 /* zones of a window whose rows are stored */

/* Of dns_random_subdomain: ten seconds of a zone. */
enum {
	SLOT_ZONE,
	SLOT_BEGIN,
	SLOT_FIRST,                               /* of each side, then of all */
	SLOT_LAST = SLOT_FIRST + ZONE_SIDES + 1,  /* likewise */
	SLOT_COUNTS = SLOT_LAST + ZONE_SIDES + 1, /* outcomes of each side */
	SLOT_PEAK =
	    SLOT_COUNTS + ZONE_SIDES * ZONE_OUTCOMES, /* of each side, then of all that was asked */
	SLOT_DISTINCT = SLOT_PEAK + ZONE_SIDES + 1,
	SLOT_LABELS,
	SLOT_LABEL_OCTETS,
	SLOT_LABEL_SQUARES,
	SLOT_LABEL_ENTROPY,
	SLOT_LABEL_CLASSES,
	SLOT_REVERSED = SLOT_LABEL_CLASSES + LABEL_CLASSES,
	SLOT_SAMPLED,
	SLOT_COLUMNS,
};

/* Of dns_random_subdomain_zones: a window of a zone. */
enum {
	ZONE_ZONE,
	ZONE_SECONDS, /* of the window */
	ZONE_COUNTS,
	ZONE_RETRANSMISSIONS = ZONE_COUNTS + ZONE_SIDES * ZONE_OUTCOMES,
	ZONE_TYPE_COUNTS,
	ZONE_CLASS_COUNTS = ZONE_TYPE_COUNTS + ZONE_TYPES,
	ZONE_CLIENTS = ZONE_CLASS_COUNTS + CLIENT_CLASSES, /* sketches, of each side */
	ZONE_NAMES = ZONE_CLIENTS + ZONE_SIDES,
	ZONE_SAMPLES,
	ZONE_OWN,
	ZONE_COLUMNS,
};

/* Of dns_random_subdomain_clients: a client of a zone in a window. */
enum {
	CLIENT_ZONE,
	CLIENT_ADDRESS,
	CLIENT_SIDE,
	CLIENT_KIND,
	CLIENT_RESOLVER,
	CLIENT_QUERIES,
	CLIENT_ERROR,
	CLIENT_COLUMNS
};

/* Of dns_random_subdomain_scatter: answers nobody asked for, by zone and window. */
enum {
	SCATTER_ZONE,
	SCATTER_FIRST,
	SCATTER_LAST,
	SCATTER_NXDOMAIN,
	SCATTER_SERVFAIL,
	SCATTER_QUOTED,
	SCATTER_DARK,
	SCATTER_NAMES,
	SCATTER_SERVERS,
	SCATTER_TARGETS,
	SCATTER_SAMPLES,
	SCATTER_COLUMNS,
};

/* Of dns_random_subdomain_totals: a window. */
enum {
	TOTAL_ASKED,    /* transactions of that side */
	TOTAL_UPSTREAM, /* of the other */
	TOTAL_EXCLUDED, /* failures of the root, public suffixes and reverse zones */
	TOTAL_MATCHED,  /* answers to own addresses that were asked for */
	TOTAL_SCATTER,  /* answers and quotations that were not */
	TOTAL_DISPLACED,
	TOTAL_REFUSED,
	TOTAL_SLOTS_REFUSED,
	TOTAL_SHORTFALL, /* failures of one zone that may have been missed */
	TOTAL_UNSTORED,  /* zones beyond ZONE_ROWS_MOST */
	TOTAL_NAMELESS,  /* zones without answers whose name was not seen */
	TOTAL_COLUMNS,
};

extern const char *const zone_type_names[ZONE_TYPES];
extern const char *const zone_client_names[CLIENT_CLASSES + 1]; /* the last: own forwarders */

enum err random_subdomain_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
