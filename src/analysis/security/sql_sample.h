/* SPDX-License-Identifier: ISC */
/*
 * The requests of an attack that say most, kept as evidence: those with signs of success first,
 * then the highest scores, then the earliest.  Whatever order they come in, the same are kept, so
 * samples of shards merge to those of the whole.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_SQL_SAMPLE_H
#define YAGURA_ANALYSIS_SECURITY_SQL_SAMPLE_H

#include "analysis/security/sql_request.h"
#include "obs/section.h"
#include "obs/table.h"

#define SQL_SAMPLES     5
#define SQL_TARGET_KEPT 256
#define SQL_METHOD_KEPT 16

/* Signs that an attack worked. */
enum sql_success {
	SQL_SAYS_ERROR = 1 << 0, /* the answer holds an error message of a database */
	SQL_WAITED = 1 << 1,     /* the answer took the time that was asked for */
	SQL_LARGE = 1 << 2,      /* the answer is far larger than ordinary ones (sections only) */
};

struct sql_sample {
	nsec_t time;
	struct address client, server;
	uint64_t input; /* the store's id; known only of samples that were read */
	uint64_t input_offset;
	uint64_t response_octets; /* or HTTP_UNKNOWN */
	uint64_t duration_us;     /* or HTTP_UNKNOWN */
	uint32_t input_length, payload_whole, delay_ms;
	uint16_t client_port, server_port, status, payload_size, target_size;
	uint8_t score, rule, technique, purpose, quote, codings, place, success;
	uint8_t name_size, method_size;
	uint8_t name[SQL_NAME_KEPT], method[SQL_METHOD_KEPT], target[SQL_TARGET_KEPT];
	uint8_t payload[SQL_PAYLOAD_KEPT];
};

struct sql_samples {
	uint64_t count;
	struct sql_sample list[SQL_SAMPLES]; /* best first */
};

/* Enters a request with what was found in it, if it is among the best. */
void sql_samples_add(struct sql_samples *samples, const struct http_request *request,
    const struct sql_hit *hit, unsigned success);

/* Enters all of `from`. */
void sql_samples_merge(struct sql_samples *into, const struct sql_samples *from);

/* Writes them into a cell of type COLUMN_BLOB; enters what such a cell holds. */
void sql_samples_put(const struct sql_samples *samples, struct rows *rows, size_t column);
void sql_samples_read(
    struct sql_samples *samples, const struct result *r, size_t column, uint64_t input);

/* Makes them the evidence of a finding. */
void sql_samples_evidence(const struct sql_samples *samples, struct finding *f);

#endif
