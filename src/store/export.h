/* SPDX-License-Identifier: ISC */
/* Answers as files for other programs: Parquet, CSV, JSON; addresses are text there. */
#ifndef YAGURA_STORE_EXPORT_H
#define YAGURA_STORE_EXPORT_H

#include "store/engine.h"

/* The file appears at `path` complete or not at all. */
MUST_CHECK enum err export_query(struct engine *engine, const char *sql, const char *format,
    const char *path, struct err_info *info);

#endif
