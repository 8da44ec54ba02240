/* SPDX-License-Identifier: ISC */
/*
 * A policy against the stored DNS transactions: what each entry would have hit.
 */
#ifndef YAGURA_CMD_RPZ_TRAFFIC_H
#define YAGURA_CMD_RPZ_TRAFFIC_H

#include "report/rpz.h"
#include "store/store.h"

enum rpz_traffic_format {
	RPZ_TRAFFIC_TABLE,
	RPZ_TRAFFIC_CSV,
	RPZ_TRAFFIC_JSON,
};

/* Counts the transactions of the last `since` that the store holds. */
MUST_CHECK enum err
rpz_traffic_read(struct rpz *rpz, struct store *store, nsec_t since, struct err_info *info);

/* Prints every entry on standard output, with its counts when `counted`. */
MUST_CHECK enum err rpz_traffic_print(
    const struct rpz *rpz, bool counted, enum rpz_traffic_format format, struct err_info *info);

/* One line of texts between tabs; control characters become blanks. */
void rpz_traffic_line(FILE *file, const char *a, const char *b, const char *c);

#endif
