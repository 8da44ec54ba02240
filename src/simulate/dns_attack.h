/* SPDX-License-Identifier: ISC */
/*
 * What the attacks of the scenarios dns-… have in common: when they happen, what is counted of
 * them.
 */
#ifndef YAGURA_SIMULATE_DNS_ATTACK_H
#define YAGURA_SIMULATE_DNS_ATTACK_H

#include "simulate/dns_run.h"

/* The settings of when: from `attack_begin` after the start, for `attack_duration`. */
#define DNS_ATTACK_SETTINGS(begin, duration, rate)                                               \
	{ "attack_begin", SETTING_DURATION, begin, "0s", "31d",                                  \
		"when the attack begins, after the start" },                                     \
	    { "attack_duration", SETTING_DURATION, duration, "1s", "31d", "how long it lasts" }, \
	{                                                                                        \
		"attack_rate", SETTING_F64, rate, "0.01", "1000000",                             \
		    "events of the attack, a second"                                             \
	}

/* What was seen of one attack. */
struct dns_attack {
	struct dns_span span;
	uint64_t count;
	nsec_t second; /* the one being counted, aligned */
	uint64_t in_second, peak;
};

/* One more, at a time not before the last one's. */
void dns_attack_note(struct dns_attack *a, nsec_t at);

/* Events of the attack at the times and the rate of the settings, until the run's end at most. */
void dns_attack_source(struct dns_run *run, dns_event_fn make, void *state);

/* ERR_CONFIG unless the setting's text is one of `words` (ended by NULL); else which. */
MUST_CHECK enum err dns_attack_word(const struct dns_run *run, const char *setting,
    const char *const *words, size_t *ret_which, struct err_info *info);

/* The setting `zone`: a domain name of at most 90 octets; else ERR_CONFIG. */
MUST_CHECK enum err
dns_attack_zone(const struct dns_run *run, const char **ret_zone, struct err_info *info);

json_t *dns_attack_address(const struct address *a);

#endif
