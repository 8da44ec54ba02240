/* SPDX-License-Identifier: ISC */
/* The values in a request's body, and what sql_request.c lends for it. */
#ifndef YAGURA_ANALYSIS_SECURITY_SQL_BODY_H
#define YAGURA_ANALYSIS_SECURITY_SQL_BODY_H

#include "analysis/security/sql_request.h"

/* Judges one value of the request at hand. */
void sql_reader_value(struct sql_reader *reader, enum sql_place place, const struct octets *name,
    const struct octets *value, bool plus);

/* Judges "name=value" pairs between separators. */
void sql_reader_pairs(
    struct sql_reader *reader, enum sql_place place, const struct octets *text, int separator);

/* Judges the values of the body: by its content type, or by what it looks like. */
void sql_body_read(struct sql_reader *reader, const struct http_request *request);

#endif
