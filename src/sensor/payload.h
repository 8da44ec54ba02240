/* SPDX-License-Identifier: ISC */
/*
 * What the first octets of a contact are: recognised, never run, never answered because of it.
 *
 *	struct payload_facts facts;
 *	payload_recognise(octets, size, &facts);
 *	for (size_t i = 0; i < facts.count; i++)
 *		… facts.facts[i].key, facts.facts[i].value …
 *
 * Values are slices of the octets, or lie in the structure.
 */
#ifndef YAGURA_SENSOR_PAYLOAD_H
#define YAGURA_SENSOR_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"

#define PAYLOAD_FACTS      6
#define PAYLOAD_VALUE_MAX  200 /* octets of a value; longer ones are cut */
#define PAYLOAD_MADE       512 /* octets of values that are made here */
#define PAYLOAD_DIGEST_HEX 33  /* of MD5, and its terminator */

enum payload_kind {
	PAYLOAD_NONE, /* nothing came */
	PAYLOAD_UNKNOWN,
	PAYLOAD_HTTP,
	PAYLOAD_TLS, /* a ClientHello */
	PAYLOAD_SSH,
	PAYLOAD_SMB1, /* a negotiation */
	PAYLOAD_SMB2,
	PAYLOAD_KINDS,
};

struct payload_fact {
	const char *key;
	const uint8_t *value; /* borrowed: of the payload, or of `made` */
	size_t size;
};

struct payload_facts {
	enum payload_kind kind;
	bool whole; /* the request or hello is complete */
	size_t count;
	struct payload_fact facts[PAYLOAD_FACTS];
	size_t made_used;
	char made[PAYLOAD_MADE];
};

void payload_recognise(const uint8_t *data, size_t size, struct payload_facts *ret_facts);

/* "http", "tls", … */
const char *payload_kind_name(enum payload_kind kind);

/* Adds a fact; a second one of the same key, and those without room, are left out. */
void payload_add(struct payload_facts *facts, const char *key, const uint8_t *value, size_t size);

/* The same with text that is copied. */
void payload_add_made(struct payload_facts *facts, const char *key, const char *text);

/* Loads what digests need from files: before a sandbox is entered. */
void payload_prepare(void);

/* A TLS ClientHello (tls_hello.c); false when it is none. */
bool payload_tls(struct cursor c, struct payload_facts *facts);

#endif
