/* SPDX-License-Identifier: ISC */
/*
 * Flow export messages in, flow records out: NetFlow v5, v9, IPFIX and sFlow v5.
 *
 * A `struct exports` is one collecting process: it holds the templates, the sampling options, the
 * sequence numbers and the buffered data of every exporter.  Messages are given to it in the order
 * in which they came; it is not shared between threads.
 *
 *	struct exports *x = exports_new(&options);
 *	struct export_sink sink = { 0 };
 *	exports_message(x, &message, &sink);      // appends to sink.records, sink.interfaces
 *	… use …
 *	export_sink_clear(&sink);
 *	exports_report(x, &sink);                 // appends to sink.reports what happened since
 *
 * Malformed messages are counted by name in `drops` and per exporter; nothing they say is believed
 * beyond the octets that are there.  Memory is bounded by the quotas of the options.
 */
#ifndef YAGURA_DECODE_EXPORT_H
#define YAGURA_DECODE_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/hash.h"
#include "obs/drop.h"
#include "obs/exporter.h"
#include "obs/record.h"

struct export_options {
	uint32_t default_sampling; /* for records whose rate nobody says; 0: leave it unknown */
	uint32_t force_sampling;   /* overrules what exporters say; 0: believe them */
	bool trust_agent;          /* exporter = IE 130/131 of options, or the sFlow agent address:
				      behind a proxy or tee */
	size_t exporters;          /* held at once; the one unseen longest goes */
	size_t templates;          /* per exporter */
	size_t domains;            /* per exporter */
	size_t buffer;             /* octets of data held for want of a template, per exporter */
	nsec_t buffer_time;        /* and how long */
	nsec_t template_time;      /* least life of a template over UDP */
	struct hash_secret secret;
	struct drop_counters *drops; /* borrowed */
};

/* Every default: 4096 exporters, 4096 templates, 256 domains, 1 MiB, 60 s, 30 min. */
void export_options_init(struct export_options *options);

/* One UDP payload, or one IPFIX message out of a stream or file. */
struct export_message {
	struct address exporter; /* source address of the datagram; zeros: not known (a file) */
	uint16_t listener;       /* which listener it came to: part of the template's key */
	uint64_t stream;     /* 0: datagrams.  Else a connection or file: it has templates of its
				own, and withdrawals count */
	nsec_t time;         /* when it came */
	const uint8_t *data; /* borrowed during the call */
	size_t size;
	uint64_t input_offset;
};

#define EXPORT_EXTRAS 256 /* in a block */

/* Where results gather; zeroed at first.  Pointers to extras hold until export_sink_clear. */
struct export_sink {
	struct flow_record *records; /* owned */
	size_t record_count, record_room;
	struct interface_sample *interfaces; /* owned */
	size_t interface_count, interface_room;
	struct exporter_report *reports; /* owned */
	size_t report_count, report_room;
	struct record_extra **extras; /* owned; blocks of EXPORT_EXTRAS */
	size_t extra_count, extra_blocks;
};

/* Empty again; memory is kept. */
void export_sink_clear(struct export_sink *sink);
void export_sink_release(struct export_sink *sink);

struct exports;

struct exports *exports_new(const struct export_options *options);
void exports_free(struct exports *x);

/* Whether octets look like the beginning of a message that exports_message reads: version and
 * header fields agree with the size. */
bool exports_recognise(const uint8_t *data, size_t size);

/* Reads one message. */
void
exports_message(struct exports *x, const struct export_message *message, struct export_sink *sink);

/* Reads lines of a table of flows (source/flow_table.c has cut them). */
void exports_text(
    struct exports *exports, const struct export_message *message, struct export_sink *sink);

/* Another file begins: sequence numbers start anew, templates and sampling stay. */
void exports_new_input(struct exports *x);

/* A connection was closed: its templates go. */
void exports_close_stream(struct exports *x, uint64_t stream);

/* Appends a report for each exporter and domain of which something was seen since the last call, in
 * order of address, domain and protocol. */
void exports_report(struct exports *x, struct export_sink *sink);

/* Writes templates, sampling options and sequence positions (not stream ones), or reads them back:
 * what a collector keeps across a restart.  Damage in the file is ERR_FORMAT with offset; what was
 * read before it is kept. */
MUST_CHECK enum err exports_save(const struct exports *exports, FILE *file, struct err_info *info);
MUST_CHECK enum err exports_load(struct exports *exports, FILE *file, struct err_info *info);

#endif
