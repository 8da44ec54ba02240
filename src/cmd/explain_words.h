/* SPDX-License-Identifier: ISC */
/* What measures of findings are: unit and meaning, by their names (DESIGN's, doc/review.md). */
#ifndef YAGURA_CMD_EXPLAIN_WORDS_H
#define YAGURA_CMD_EXPLAIN_WORDS_H

struct explain_words {
	const char *unit;
	const char *meaning;
};

/* By the name of a measure; an empty unit and meaning when it is not known. */
struct explain_words explain_words_of(const char *measure);

#endif
