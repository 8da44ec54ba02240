/* SPDX-License-Identifier: ISC */
/*
 * The review as JSON.  Keys stay in the order they were put in and reals have 15 digits, so that
 * 0.1 reads 0.1 and the same document gives the same octets everywhere.
 */
#include "report/output.h"
#include "report/review.h"

#define JSON_FORMAT (JSON_INDENT(1) | JSON_REAL_PRECISION(15))

enum err
review_write_json(const json_t *review, const char *path, struct err_info *info)
{
	struct output o;
	enum err e = output_open(path, &o, info);

	if (e != ERR_OK)
		return e;
	/* A failure to write shows in the stream's error flag, which output_close() reads. */
	(void)json_dumpf(review, o.file, JSON_FORMAT);
	(void)fputc('\n', o.file);
	return output_close(&o, info);
}
