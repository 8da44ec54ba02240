/* SPDX-License-Identifier: ISC */
/*
 * A contact: somebody came to an address where nobody was asked to come, as a sensor or honeypot
 * noted it.  (What arrives in a capture of dark space comes as packets.)
 *
 * Aggregates are sums that somebody published, and the same events may come as two of them: by
 * source (`source` is set, begin and end are the first and the last of its events) and by time
 * (`source` is zeros, begin and end are those of an hour).  Who adds up one kind leaves the other
 * out: days are best taken from those by time, countries from those by source.
 */
#ifndef YAGURA_OBS_CONTACT_H
#define YAGURA_OBS_CONTACT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"
#include "obs/octets.h"

#define CONTACT_PAYLOAD_KEPT 4096
#define CONTACT_DIGEST       32

struct contact {
	nsec_t begin, end;
	struct address source, destination;     /* destination: the sensor's; zeros: not known */
	uint16_t source_port, destination_port; /* ICMP: type << 8 | code in destination_port */
	uint8_t protocol;                       /* enum ip_protocol; 0: not known */
	struct octets sensor;                   /* its name */
	uint64_t count;        /* connections or datagrams that this stands for, at least 1; an
				  aggregate of many says so */
	bool aggregate;        /* of many, published as a sum: no ports, no payload; see above */
	uint64_t octets;       /* received in all */
	struct octets payload; /* the first octets received, at most CONTACT_PAYLOAD_KEPT */
	uint8_t sha256[CONTACT_DIGEST]; /* of what is in `payload`; zeros when that is empty */
	struct octets note;             /* what the honeypot says it was, or nothing */
	uint64_t input_offset;
	uint32_t input_length;
};

/* A sensor said that it was listening from begin to end: what days are divided by. */
struct sensor_watch {
	nsec_t begin, end;
	struct octets sensor;
	struct address address; /* zeros: not known */
};

#endif
