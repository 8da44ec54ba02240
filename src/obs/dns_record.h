/* SPDX-License-Identifier: ISC */
/*
 * DNS messages that come without packets: dnstap frames, C-DNS items, lines of query logs.
 *
 * A source yields each as a packet of link type LINK_DNS_MESSAGE.  Its data are this structure
 * (native, copied with memcpy), the octets of the message, and `identity_size` octets that name the
 * producer.  `source`, `destination`, their ports and `time` are set by the source of records:
 * `source` is who sent this message.  What is not known is zero.  A C-DNS item or a line of a log
 * is made into a message again, of what is there.
 */
#ifndef YAGURA_OBS_DNS_RECORD_H
#define YAGURA_OBS_DNS_RECORD_H

#include <stdint.h>

#include "base/clock.h"

#define LINK_DNS_MESSAGE 0xfff2

struct dns_record {
	nsec_t query_time;     /* responses: of the query, when the producer says; else 0 */
	uint32_t producer;     /* number of the producer, from 1: made of its identity, so that it
				  is the same in every run */
	uint32_t input_length; /* octets that hold it in its input: evidence */
	uint16_t sent_size; /* octets of the message as sent, when known: more than follow when some
			       were not kept, fewer when names were written out */
	uint8_t view;       /* enum dns_view */
	uint8_t transport;  /* enum dns_transport */
	uint8_t ttl;        /* of the packet, when known */
	uint8_t identity_size; /* octets after the message that name the producer */
	uint8_t unused[2];
};

#define DNS_IDENTITY_MAX 255

_Static_assert(sizeof(struct dns_record) == 24, "it is copied once a message");

#endif
