/* SPDX-License-Identifier: ISC */
/*
 * What analyses see: up to BATCH_MAX observations of one type, all of one shard.
 */
#ifndef YAGURA_OBS_BATCH_H
#define YAGURA_OBS_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "obs/contact.h"
#include "obs/dns.h"
#include "obs/drop.h"
#include "obs/exporter.h"
#include "obs/flow.h"
#include "obs/http.h"
#include "obs/login.h"
#include "obs/packet.h"
#include "obs/record.h"
#include "obs/stream.h"
#include "obs/tls.h"

#define BATCH_MAX 256

/* Observation types; an analysis consumes a set of them. */
enum obs_type {
	OBS_PACKET = 1 << 0,   /* every frame, decoded or not, in input order within a shard */
	OBS_FLOW = 1 << 1,     /* flows as they end */
	OBS_DATAGRAM = 1 << 2, /* datagrams put together from IP fragments, as packets flagged
				  PACKET_REASSEMBLED */
	OBS_STREAM = 1 << 3,   /* TCP stream events */
	OBS_COUNTERS = 1 << 4, /* once per shard and window: what was dropped, evicted, odd */
	OBS_RECORD = 1 << 5,   /* flow records of exporters, whose packets nobody saw here: analyses
				  of volume take octets and packets from them, scaled by sampling */
	OBS_EXPORTER = 1 << 6, /* reports about exporters, before a window ends; shard 0 only */
	OBS_INTERFACE = 1 << 7,    /* differences of interface counters; shard 0 only */
	OBS_DNS = 1 << 8,          /* DNS messages; obs/dns.h says what these five hold */
	OBS_DNS_LOCAL = 1 << 9,    /* of multicast DNS and LLMNR */
	OBS_DNS_BAD = 1 << 10,     /* malformed */
	OBS_DNS_QUOTED = 1 << 11,  /* in ICMP errors */
	OBS_DNS_PENDING = 1 << 12, /* queries without answer */
	OBS_HTTP = 1 << 13,        /* HTTP requests, of packets and of web logs */
	OBS_TLS = 1 << 14,         /* hellos and exchanges of heartbeats */
	OBS_LOGIN = 1 << 15,       /* attempts to log in, of packets and of logs */
	OBS_CONTACT = 1 << 16,     /* what sensors and honeypots noted */
	OBS_WATCH = 1 << 17,       /* when sensors were listening */
};

/* What the pipeline counted in one shard and window. */
struct obs_counters {
	struct drop_counters drops;
	uint64_t records; /* packets read, or flow records */
};

struct batch {
	enum obs_type type;
	size_t count;
	union {
		const struct packet *const *packets;       /* OBS_PACKET, OBS_DATAGRAM */
		const struct flow *flows;                  /* OBS_FLOW */
		const struct stream_event *streams;        /* OBS_STREAM; count is 1 */
		const struct obs_counters *counters;       /* OBS_COUNTERS; count is 1 */
		const struct flow_record *const *records;  /* OBS_RECORD */
		const struct exporter_report *exporters;   /* OBS_EXPORTER */
		const struct interface_sample *interfaces; /* OBS_INTERFACE */
		const struct dns_message *const *dns;      /* OBS_DNS, _LOCAL, _BAD, _QUOTED */
		const struct dns_pending *pending;         /* OBS_DNS_PENDING */
		const struct http_request *const *http;    /* OBS_HTTP */
		const struct tls_event *tls;               /* OBS_TLS; count is 1 */
		const struct login *const *logins;         /* OBS_LOGIN */
		const struct contact *const *contacts;     /* OBS_CONTACT */
		const struct sensor_watch *const *watches; /* OBS_WATCH */
		const void *const *observed;               /* the four before, whichever it is */
	};
};

#endif
