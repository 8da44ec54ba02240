/* SPDX-License-Identifier: ISC */
/*
 * What a finding rests on, read again from the inputs it was made of.
 *
 * Each piece of evidence names an input and the offset of a record in it (uncompressed); the record
 * is found again by reading the input from its start.  On the way every packet between the
 *finding's begin and end whose addresses and ports are those of its subject is offered to the
 *caller too.
 *
 *	struct evidence evidence = { .take = take, .context = x };
 *	evidence_init(&evidence, review, finding);
 *	evidence_read(&evidence, all);              // all: also inputs without evidence, for
 *packets … evidence.records[i].text, .hex, evidence.inputs[k].state … evidence_release(&evidence);
 */
#ifndef YAGURA_PIPELINE_EVIDENCE_H
#define YAGURA_PIPELINE_EVIDENCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"
#include "obs/packet.h"

#define EVIDENCE_ADDRESSES 4
#define EVIDENCE_OCTETS    1024 /* of a record that are kept for showing */

enum evidence_state {
	EVIDENCE_UNREAD,  /* it was not needed */
	EVIDENCE_SAME,    /* the octets are those that were analysed */
	EVIDENCE_CHANGED, /* they are not: places may have moved */
	EVIDENCE_MISSING, /* it cannot be read; `why` says why */
};

/* An input of the review. */
struct evidence_input {
	const char *path; /* borrowed: as the review has it */
	char *file;       /* owned: where it was looked for */
	enum evidence_state state;
	char *why; /* owned, or NULL */
	bool wanted;
	bool overlaps; /* some of its records lie between begin and end */
};

/* One piece of evidence. */
struct evidence_record {
	size_t input; /* its place in `inputs`; SIZE_MAX: the review does not know it */
	uint64_t offset, length;
	const json_t *decoded; /* borrowed: what the finding itself says is there; may be NULL */
	bool found;
	nsec_t time;
	char *text;      /* owned: one line; NULL when not found */
	uint8_t *octets; /* owned: what is there, at most EVIDENCE_OCTETS */
	size_t size;     /* of `octets` */
	size_t whole;    /* octets that are there */
};

/* What packets must have: every one of the prefixes in some header, the port, the name. */
struct evidence_subject {
	struct prefix prefixes[EVIDENCE_ADDRESSES];
	size_t prefix_count; /* 0, and no name: no packet can be chosen */
	bool too_many;       /* the subject names more addresses than that */
	uint16_t port;       /* 0: any */
	uint8_t protocol;    /* of the port, when `port` is not 0; 0: TCP or UDP */
	char *name;          /* owned: DNS messages that ask for it or below it; NULL: any */
	nsec_t begin, end;   /* packets with begin <= time < end */
};

/* A packet of the finding: piece `record` of the evidence, or SIZE_MAX for one of the subject's. */
typedef void (*evidence_take_fn)(
    void *context, const char *input, const struct packet *packet, size_t record);

struct evidence {
	evidence_take_fn take; /* may be NULL */
	void *context;
	const char
	    *directory; /* inputs are looked for here too, by the last part of their path; NULL */

	const json_t *review_inputs;   /* borrowed */
	struct evidence_input *inputs; /* owned */
	size_t input_count;
	struct evidence_record *records; /* owned */
	size_t record_count;
	struct evidence_subject subject;
};

/* From a review and one of its findings, which outlive it. */
void evidence_init(struct evidence *evidence, const json_t *review, const json_t *finding);
void evidence_release(struct evidence *evidence);

/* Reads the inputs that hold evidence; with `all`, also the others of the finding's time. */
void evidence_read(struct evidence *evidence, bool all);

/* A display filter of tshark's that chooses the subject's packets; the caller frees it. NULL
 * without addresses and names. */
char *evidence_filter(const struct evidence_subject *subject);

#endif
