/* SPDX-License-Identifier: ISC */
/*
 * Writes the page, and the JSON again, of any review document: what the browser tests feed with
 * fixtures.
 *
 *	render IN.json OUT.html [OUT.json]
 */
#include <jansson.h>
#include <stdio.h>

#include "report/review.h"

int
main(int argc, char **argv)
{
	struct err_info why = { 0 };
	json_error_t error;
	json_t *review;
	enum err e;

	if (argc < 3 || argc > 4) {
		(void)fprintf(stderr, "usage: render IN.json OUT.html [OUT.json]\n");
		return 2;
	}
	review = json_load_file(argv[1], JSON_ALLOW_NUL, &error);
	if (review == NULL) {
		(void)fprintf(stderr, "%s:%d: %s\n", argv[1], error.line, error.text);
		return 1;
	}
	e = review_write_html(review, argv[2], &why);
	if (e == ERR_OK && argc == 4)
		e = review_write_json(review, argv[3], &why);
	json_decref(review);
	if (e != ERR_OK) {
		(void)fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	return 0;
}
