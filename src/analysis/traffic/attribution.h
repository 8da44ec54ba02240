/* SPDX-License-Identifier: ISC */
/*
 * Whose traffic a record is.
 *
 * A record is a user's when exactly one of its ends is a subscriber (net/subscribers.h), looked up
 * at the time it began.  When both ends are, it is upload of the one and download of the other.
 * Without any list or pool the site's own prefixes decide, and nobody has a name: `user` is 0.
 *
 * Directions are those of the broadband report: in is from the user (upload), out is to the user
 * (download).
 */
#ifndef YAGURA_ANALYSIS_TRAFFIC_ATTRIBUTION_H
#define YAGURA_ANALYSIS_TRAFFIC_ATTRIBUTION_H

#include "net/site.h"
#include "net/subscribers.h"
#include "obs/record.h"

enum user_direction {
	USER_IN,        /* from the user: upload */
	USER_OUT,       /* to the user: download */
	USER_UNMATCHED, /* neither end is a subscriber's, or the site's own */
	USER_UNKNOWN,   /* nothing says whose addresses are whose */
	USER_DIRECTIONS,
};

/* As tables have them. */
static inline const char *
user_direction_name(enum user_direction direction)
{
	static const char *const names[USER_DIRECTIONS] = { "in", "out", "unmatched", "unknown" };

	return names[direction];
}

/* The ends of a record: 0 its source, 1 its destination. */
struct attribution {
	bool known; /* somebody said whose addresses are whose */
	bool is_user[2];
	struct subscriber users[2];
};

/* Looks at both ends. */
static inline struct attribution
attribution_of(const struct site *site, const struct flow_record *r)
{
	const struct address *ends[2] = { &r->flow.source, &r->flow.destination };
	const char *name = r->extra != NULL ? r->extra->user_name : NULL;
	nsec_t time = flow_begin(&r->flow);
	struct attribution a = { .known = site->subscribers != NULL || site->own_prefix_count > 0 };

	for (unsigned end = 0; end < 2 && a.known; end++) {
		if (site->subscribers != NULL)
			a.is_user[end] = subscribers_find(
			    site->subscribers, ends[end], name, time, &a.users[end]);
		else
			a.is_user[end] = site_is_own(site, ends[end]);
	}
	return a;
}

/* The direction of traffic for the user at `end`: `reverse` is what came from the destination. */
static inline enum user_direction
attribution_direction(unsigned end, unsigned reverse)
{
	return end == reverse ? USER_IN : USER_OUT;
}

#endif
