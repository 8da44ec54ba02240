/* SPDX-License-Identifier: ISC */
/*
 * What scenarios with attacks tell: the attacks, in the truth's array "attacks", and the site's
 * configuration, in a file STEM.site.yaml beside the capture.
 *
 *	struct story story = story_begin(simulation);
 *	story_site(&story, "site:\n  own_prefixes: [192.0.2.0/24]\n");
 *	story_attack(&story, "security/ddos", "server", subject, first, last, measures);
 *	e = story_end(&story, e, info);
 */
#ifndef YAGURA_SIMULATE_STORY_H
#define YAGURA_SIMULATE_STORY_H

#include "base/err.h"
#include "simulate/simulation.h"

struct story {
	struct simulation *simulation; /* borrowed */
	json_t *attacks;               /* owned */
	char *site;                    /* owned: the text of the configuration */
};

struct story story_begin(struct simulation *simulation);

/* Adds text to the configuration. */
void story_site(struct story *story, const char *format, ...) PRINTF_LIKE(2, 3);

/* Adds an attack as the review should find it (DESIGN's names); `first` and `last` are the times
 * of its first and last packet.  References are taken over. */
void story_attack(struct story *story, const char *analysis, const char *kind, json_t *subject,
    const nsec_t span[2], json_t *measures);

/* Writes the configuration, unless the scenario failed with `e` or the capture goes to standard
 * output, and tells the truth.  Returns `e`, or ERR_IO. */
MUST_CHECK enum err story_end(struct story *story, enum err e, struct err_info *info);

#endif
