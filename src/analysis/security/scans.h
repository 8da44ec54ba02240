/* SPDX-License-Identifier: ISC */
/* What the parts of security/scans share: the state, the columns of its tables, what is stored of a
 * contact. */
#ifndef YAGURA_ANALYSIS_SECURITY_SCANS_H
#define YAGURA_ANALYSIS_SECURITY_SCANS_H

#include "analysis/analysis.h"
#include "analysis/security/scan_contacts.h"
#include "analysis/security/scan_outcome.h"

#define SCAN_ROWS_MOST   2048 /* sources of a window whose rows are stored */
#define SCAN_STORED_MOST 8192 /* contacts of one of them */

/* One direction only is seen of this share of TCP connections, and of this many: then silence
 * proves nothing of datagrams. */
#define SCAN_ONE_WAY       0.1
#define SCAN_ONE_WAY_LEAST 5

/* Of security_scans: a source and window. */
enum {
	SS_SOURCE,
	SS_BEGIN,
	SS_END,
	SS_CONTACTS,
	SS_EVIDENCE,
	SS_WEIGHT,
	SS_LIST,
	SS_COLUMNS,
};

/* Of security_scans_totals: a window. */
enum {
	ST_FLOWS,
	ST_PASSED,
	ST_BOTH,
	ST_ONE,
	ST_SAMPLED,
	ST_INCONCLUSIVE,
	ST_SOURCES,
	ST_FLOOD,
	ST_CLEAN,
	ST_LIGHT,
	ST_UNSTORED,
	ST_COLUMNS,
};

/*
 * A contact as it is stored in security_scans.list: little-endian, SCAN_STORED_SIZE octets: target
 * (16), port (2), protocol (1), 0 (1), marks (2), 0 (2), first and last in ms since the row's begin
 * (4 each), flows (4), what the source reached at the same port, and at the same host, in this
 * window (4 each, with the first contact of that port or host in the list; 0 with the others).
 */
#define SCAN_STORED_SIZE 44

struct scan_stored {
	struct address target;
	nsec_t first, last;
	uint32_t flows, port_successes, host_successes;
	uint32_t weight; /* distinct contacts that it stands for */
	uint16_t port, marks;
	uint8_t protocol;
	bool claimed; /* the section: belongs to a scan that was found */
};

/* Writes the rows of a window. */
void scan_rows(struct scan_contacts *t, const struct scan_seen *seen, const struct site *site,
    const struct row_sink *sink);

enum err scans_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
