/* SPDX-License-Identifier: ISC */
/*
 * What the parts of security/sql-injection share: an attack, which is what one source did to one
 * host in five minutes, the sizes of answers by path, and the columns of the tables.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_SQL_INJECTION_H
#define YAGURA_ANALYSIS_SECURITY_SQL_INJECTION_H

#include "analysis/analysis.h"
#include "analysis/security/sql_sample.h"

#define SQL_SLOT       ((nsec_t)300 * NSEC_PER_SEC)
#define SQL_HOST_KEPT  64 /* with its terminator */
#define SQL_PATH_KEPT  128
#define SQL_SHAPES     8
#define SQL_PARAMETERS 4
#define SQL_BINS       128 /* of answers' sizes: four a doubling, up to 8 GB */

#define SQL_SHAPE_TOKENS 8 /* of a payload from which on its shape tells who made it */

/* Tools that name themselves in User-Agent. */
#define SQL_TOOLS 12
extern const char *const SQL_TOOL_NAMES[SQL_TOOLS];

/* A request by what it wanted; several of the sums of one request may count. */
struct sql_sums {
	uint64_t requests;   /* malicious: score 5 or more */
	uint64_t suspicious; /* score 3 or 4 */
	uint64_t values;     /* attacked values in them */
	uint64_t errors;     /* answers with an error message of a database */
	uint64_t delays;     /* answers that took the time asked for */
	uint64_t proved;     /* with either */
	uint64_t answered;   /* with a status of 2xx */
	uint64_t failed;     /* with 5xx */
	uint64_t purposes[SQL_PURPOSES], techniques[SQL_TECHNIQUES];
};

/* A key, then what adds up. */
struct sql_attack {
	uint64_t key[4]; /* source (2), hash of the host, number of the slot */
	nsec_t first, last;
	struct address server; /* the least of those that were asked */
	struct sql_sums sums;
	uint64_t tools, places; /* sets */
	uint64_t shape_count, parameter_count;
	uint64_t shapes[SQL_SHAPES]; /* the smallest, in order */
	char host[SQL_HOST_KEPT];
	char parameters[SQL_PARAMETERS][SQL_NAME_KEPT]; /* the first in order of their letters */
};

struct sql_evidence {
	uint64_t key[4];
	struct sql_samples samples;
};

/* Sizes of answers to harmless requests for a path. */
struct sql_path {
	uint64_t key[2]; /* hashes of host and path */
	uint32_t bins[SQL_BINS];
};

/* The same of malicious requests, of an attack. */
struct sql_answers {
	uint64_t key[5]; /* that of the attack, hash of the path */
	uint32_t bins[SQL_BINS];
	char path[SQL_PATH_KEPT];
};

/* The bin of a size, and the least size of a bin. */
unsigned sql_size_bin(uint64_t octets);
uint64_t sql_size_edge(unsigned bin);

/* Enters into a list of the smallest, or of the first by letters. */
void sql_attack_shape(struct sql_attack *attack, uint64_t shape);
void sql_attack_parameter(struct sql_attack *attack, const char name[SQL_NAME_KEPT]);
void sql_sums_add(struct sql_sums *into, const struct sql_sums *from);

/* Of security_sqli: an attack. */
enum {
	SA_SOURCE,
	SA_HOST_HASH,
	SA_HOST,
	SA_SERVER,
	SA_SLOT,
	SA_FIRST,
	SA_LAST,
	SA_REQUESTS,
	SA_SUSPICIOUS,
	SA_VALUES,
	SA_ERRORS,
	SA_DELAYS,
	SA_PROVED,
	SA_ANSWERED,
	SA_FAILED,
	SA_OTHER, /* by purpose, as enum sql_purpose has them */
	SA_STEAL,
	SA_OVERLOAD,
	SA_REWRITE,
	SA_BOOLEAN, /* by technique, as enum sql_technique has them */
	SA_UNION,
	SA_STACKED,
	SA_ERROR,
	SA_TIME,
	SA_OUT_OF_BAND,
	SA_COMMENT,
	SA_INLINE,
	SA_TOOLS,
	SA_PLACES,
	SA_PARAMETERS,
	SA_SHAPES,
	SA_SAMPLES,
	SA_COLUMNS,
};

/* Of security_sqli_answers and security_sqli_paths. */
enum { SN_SOURCE, SN_HOST_HASH, SN_SLOT, SN_PATH_HASH, SN_PATH, SN_SIZES, SN_COLUMNS };
enum { SP_HOST_HASH, SP_PATH_HASH, SP_SIZES, SP_COLUMNS };

/* Of security_sqli_totals: a window. */
enum {
	ST_REQUESTS,
	ST_LOGGED, /* of them, lines of logs: no bodies and cookies, often no times */
	ST_MALICIOUS,
	ST_SUSPICIOUS,
	ST_CUT,
	ST_CODED,
	ST_NAMED,
	ST_ATTACKS_EVICTED,
	ST_REQUESTS_EVICTED,
	ST_EVIDENCE_EVICTED,
	ST_PATHS_EVICTED,
	ST_COLUMNS,
};

enum err sql_injection_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
