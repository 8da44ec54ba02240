/* SPDX-License-Identifier: ISC */
/*
 * The review: one JSON document (yagura.review/1, doc/schema/review.schema.json) and its HTML.
 *
 *	json_t *review = …;                          // made by pipeline/review.c from sections
 *	e = review_write_json(review, "review.json", &why);
 *	e = review_write_html(review, "review.html", &why);
 *
 * The same document gives the same octets.
 */
#ifndef YAGURA_REPORT_REVIEW_H
#define YAGURA_REPORT_REVIEW_H

#include <jansson.h>

#include "base/err.h"

/* Writes the document, indented by one space, keys in insertion order.  "-" is standard output.
 * Files are written beside their target and renamed, so that a failure leaves the old one. */
MUST_CHECK enum err
review_write_json(const json_t *review, const char *path, struct err_info *info);

/* Writes the page: text and tables as HTML, figures from the inlined document by the inlined
 * bundle. */
MUST_CHECK enum err
review_write_html(const json_t *review, const char *path, struct err_info *info);

#endif
