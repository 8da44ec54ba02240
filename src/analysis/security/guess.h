/* SPDX-License-Identifier: ISC */
/*
 * Guessing of passwords: attempts to log in, by source, server and service.
 *
 * An entry holds what a window needs: outcomes, failures by the minute, the user names with their
 * tries (exactly up to GUESS_USERS), how many failures came before a success, and the first few
 * attempts as evidence.  Names and honeypots' passwords are counted besides, and so are the sources
 * that have something in common: the client they say they are, the account or the server they try.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_GUESS_H
#define YAGURA_ANALYSIS_SECURITY_GUESS_H

#include "analysis/analysis.h"
#include "analysis/dns/pool.h"

#define GUESS_USERS   64  /* of an entry */
#define GUESS_MINUTES 16  /* of an entry; what comes later counts for the last */
#define GUESS_SAMPLES 4   /* of an entry */
#define GUESS_SOURCES 256 /* of a campaign */
#define GUESS_TEXT    48
#define GUESS_CLIENT  96
#define GUESS_SERVICE 12
#define GUESS_ROWS    2048 /* of a window and table */

struct guess_user {
	uint64_t hash;
	uint64_t tries;
};

struct guess_minute {
	int64_t number; /* minutes since 1970 */
	uint64_t failed;
};

struct guess_sample {
	nsec_t time;
	uint64_t input_offset;
	uint32_t input_length;
	uint8_t outcome, user_size;
	char user[GUESS_TEXT - 6];
};

enum guess_count {
	GUESS_ATTEMPTS,
	GUESS_FAILED,
	GUESS_LIKELY_FAILED,
	GUESS_SUCCEEDED,
	GUESS_LIKELY_SUCCEEDED,
	GUESS_NO_SUCH_USER,
	GUESS_COUNTS,
};

/* A source at a server and service. */
struct guess_entry {
	struct address source, destination;
	uint64_t where; /* hash of the server's name and the service */
	nsec_t first, last;
	uint64_t counts[GUESS_COUNTS];
	uint64_t failed_before; /* the most failures before a success, and when that was */
	nsec_t success;
	uint64_t users_more; /* attempts with names beyond GUESS_USERS */
	uint32_t user_count, minute_count, sample_count, origins; /* set of 1 << login_origin */
	struct guess_user users[GUESS_USERS];
	struct guess_minute minutes[GUESS_MINUTES];
	struct guess_sample samples[GUESS_SAMPLES];
	char service[GUESS_SERVICE];
	char host[GUESS_TEXT + 4];
};

/* A user name or password. */
struct guess_name {
	uint64_t key[2]; /* kind and service; text */
	uint64_t attempts;
	char service[GUESS_SERVICE];
	uint8_t password, size;
	char text[GUESS_TEXT + 2];
};

/* What many sources may have in common. */
enum guess_bond {
	GUESS_BY_CLIENT,
	GUESS_BY_ACCOUNT,
	GUESS_BY_SERVER,
	GUESS_BONDS,
};

struct guess_campaign {
	uint64_t key[2];
	nsec_t first, last;
	uint64_t counts[GUESS_COUNTS];
	struct address destination;
	uint32_t source_count, user_count;
	uint64_t sources[GUESS_SOURCES]; /* hashes, without a secret */
	uint64_t users[GUESS_USERS];
	char service[GUESS_SERVICE];
	uint8_t bond, size;
	char text[GUESS_CLIENT + 2];
};

struct guess {
	struct dns_pool entries, names, campaigns;
	uint64_t attempts, inferred, passed; /* passed: HTTP requests that are no attempts */
};

void guess_init(struct guess *g, const struct hash_secret *secret);
void guess_release(struct guess *g);
void guess_clear(struct guess *g);
void guess_login(struct guess *g, const struct login *l);
/* A request, where it is an attempt to log in (guess_http.c). */
void guess_http(struct guess *g, const struct http_request *r);
void guess_merge(struct guess *into, const struct guess *from);
/* Into the four tables from `tables` on. */
void guess_rows(struct guess *g, struct rows *const *tables);

/* Of security_guesses: a source, server, service and window. */
enum {
	SG_SOURCE,
	SG_DESTINATION,
	SG_HOST,
	SG_SERVICE,
	SG_BEGIN,
	SG_END,
	SG_COUNTS, /* GUESS_COUNTS columns */
	SG_FAILED_BEFORE = SG_COUNTS + GUESS_COUNTS,
	SG_SUCCESS,
	SG_USERS_MORE,
	SG_ORIGINS,
	SG_USERS,   /* guess_user, 16 octets each, little-endian */
	SG_MINUTES, /* guess_minute, the same */
	SG_SAMPLES, /* time 8, offset 8, length 4, outcome 1, size 1, name */
	SG_COLUMNS,
};

/* Of security_guess_names. */
enum { SN_PASSWORD, SN_SERVICE, SN_TEXT, SN_ATTEMPTS, SN_COLUMNS };

/* Of security_guess_campaigns. */
enum {
	SC_BOND,
	SC_SERVICE,
	SC_DESTINATION,
	SC_TEXT,
	SC_BEGIN,
	SC_END,
	SC_COUNTS,
	SC_SOURCES = SC_COUNTS + GUESS_COUNTS, /* 8 octets each */
	SC_USERS,
	SC_COLUMNS,
};

/* Of security_guess_totals. */
enum { SU_ATTEMPTS, SU_INFERRED, SU_PASSED, SU_EVICTED, SU_NAMES_EVICTED, SU_UNSTORED, SU_COLUMNS };

#endif
