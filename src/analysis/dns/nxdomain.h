/* SPDX-License-Identifier: ISC */
/* What the two halves of dns/nxdomain share: the columns of its tables. */
#ifndef YAGURA_ANALYSIS_DNS_NXDOMAIN_H
#define YAGURA_ANALYSIS_DNS_NXDOMAIN_H

#include "analysis/analysis.h"
#include "analysis/dns/client_watch.h"

#define CLIENT_ROWS_MOST 256 /* clients of a window whose rows are stored */

/* Of dns_nxdomain: ten seconds of a client. */
enum { NX_CLIENT, NX_SLOT, NX_FIRST, NX_LAST, NX_FAILING, NX_ALL, NX_COLUMNS };

/* Of dns_nxdomain_clients: a window of a client. */
enum {
	NC_CLIENT,
	NC_NXDOMAIN,
	NC_SERVFAIL,
	NC_OTHER,
	NC_UNDELEGATED,
	NC_SINGLE,
	NC_REVERSED,
	NC_CARRIERS,
	NC_LABELS,
	NC_LABEL_OCTETS,
	NC_NAMES,
	NC_SITES,
	NC_TOP_SITE,
	NC_TOP_SITE_COUNT,
	NC_SAMPLES,
	NC_COLUMNS,
};

/* Of dns_nxdomain_totals: a window. */
enum {
	NT_ANSWERS,
	NT_FAILING,
	NT_DISPLACED,
	NT_REFUSED,
	NT_SLOTS_REFUSED,
	NT_SHORTFALL,
	NT_UNSTORED,
	NT_COLUMNS
};

enum err nxdomain_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
