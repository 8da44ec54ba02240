/* SPDX-License-Identifier: ISC */
/*
 * A source: one input file (or standard input) read as packets.
 *
 * The format is recognised by content: pcap, pcapng, flow exports, DNS messages without packets
 * (obs/dns_record.h), and gzip, zstd or xz of them.  Packets come in
 * chunks; a chunk owns its buffer, so several can be in flight at once and be worked on by
 * different threads.  Memory is bounded by the chunk: 1 MiB of data (which fits the second-level
 * cache), growing only for a single
 * larger record (up to SOURCE_RECORD_MAX).
 *
 *	struct source *s;
 *	e = source_open(path, &s, &why);              // "-" is standard input
 *	while ((e = source_read(s, chunk, &why)) == ERR_OK)
 *		work(chunk->packets, chunk->count);
 *	// ERR_END: all read.  ERR_TRUNC: cut in the middle of a record; what came before was
 * delivered. source_close(s);
 */
#ifndef YAGURA_SOURCE_SOURCE_H
#define YAGURA_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/zone.h"
#include "obs/drop.h"
#include "obs/packet.h"

#define CHUNK_PACKETS         8192
#define CHUNK_SIZE            (1U << 20)
#define SOURCE_RECORD_MAX     (16U << 20) /* a capture length above this is taken as damage */
#define FINGERPRINT_TEXT_SIZE 33

/*
 * Pseudo link types, above all registered ones: the packet's data is no frame, but one flow export
 * message (a UDP payload, an IPFIX message out of a stream or file) or whole lines of a table of
 * flows.  `source` and `source_port` are the exporter's (zeros: not known), `destination_port` is
 * the number of the listener, `fragment_id` that of the connection or file (0: datagrams).  Without
 * octets it says that the connection was closed.
 */
#define LINK_EXPORT_MESSAGE 0xfff0
#define LINK_EXPORT_TEXT    0xfff1

/* What a live source lost since the chunk before. */
struct source_losses {
	uint64_t kernel;    /* datagrams: the socket's buffer was full */
	uint64_t queue;     /* datagrams: the source's own queue was full */
	uint64_t refused;   /* datagrams and connections of exporters that are not allowed */
	uint64_t malformed; /* datagrams without octets, connections closed for what they sent */
};

/* One read's worth of packets: only the fields "from the source" of each are set. */
struct chunk {
	uint8_t *buffer; /* owned; packets' data points into it */
	size_t buffer_size;
	struct packet *packets; /* owned; CHUNK_PACKETS of them */
	size_t most;            /* packets to take at once, set by the reader; 0: CHUNK_PACKETS */
	size_t count;
	nsec_t now; /* live sources: the clock has come this far, also with no packets; else 0 */
	struct source_losses losses; /* live sources */
	struct drop_counters drops;  /* what a source could not use since the chunk before */
};

void chunk_init(struct chunk *chunk);
void chunk_release(struct chunk *chunk);

struct source;

/* What is known of an input; final after the last read. */
struct source_info {
	const char *path;        /* as given; "-" for standard input */
	const char *kind;        /* "pcap", "pcapng", "pcap.gz", "pcapng.zst", … */
	uint64_t octets;         /* of the file as stored, compressed if it is */
	uint64_t records;        /* packets delivered */
	nsec_t begin, end;       /* earliest and latest packet time; both 0 without packets */
	uint64_t damaged_offset; /* where reading stopped early, in the uncompressed input */
	/* How many octets after it were not used; 0 when the input was whole.  Behind damaged
	 * compression nobody can know: what is left is then counted as stored, and is at least 1.
	 */
	uint64_t damaged_octets;
	/* Packets the capturing machine says it lost (pcapng: isb_ifdrop and isb_osdrop, the last
	 * of each interface), 0 when unknown. */
	uint64_t interface_drops;
	bool exports; /* a capture format of export messages: all packets have LINK_EXPORT_… */
	bool live;    /* listeners: packets come as they happen, chunks may be empty */
	char fingerprint[FINGERPRINT_TEXT_SIZE]; /* XXH3-128 of the octets as stored, in hex; ""
						    until the end was reached */
};

/* How times of logs are read that leave something out.  Zeros: UTC, and the year that the file's
 * last modification leaves. */
struct source_reading {
	const struct zone *zone; /* borrowed until source_close: of times that do not say theirs */
	unsigned log_year;       /* of a log's first line; 0: see source/syslog.h */
	int64_t modified;        /* set by the source: the file's last modification; 0: unknown */
};

/* Opens an input and reads its header.  ERR_UNSUPPORTED names a known format that is refused;
 * ERR_FORMAT one unknown. */
MUST_CHECK enum err
source_open(const char *path, struct source **ret_source, struct err_info *info);

/* The same, with `reading`. */
MUST_CHECK enum err source_open_reading(const char *path, const struct source_reading *reading,
    struct source **ret_source, struct err_info *info);

/* The same from an open file, which the source then owns (also after a failure); `path` is its name
 * in messages. */
MUST_CHECK enum err
source_open_fd(int fd, const char *path, struct source **ret_source, struct err_info *info);

MUST_CHECK enum err source_open_fd_reading(int fd, const char *path,
    const struct source_reading *reading, struct source **ret_source, struct err_info *info);

/*
 * Fills `chunk` with the next packets (at least one; how many depends on how the octets arrive, so
 * nothing may depend on it).  ERR_END after the last; ERR_TRUNC or
 * ERR_FORMAT when the rest cannot be read: the packets before the damage have been delivered by
 * earlier calls, and info->text says file, offset, reason and octets lost.  After any of these,
 * every later call returns ERR_END.
 */
MUST_CHECK enum err source_read(struct source *source, struct chunk *chunk, struct err_info *info);

const struct source_info *source_info(const struct source *source);
void source_close(struct source *source);

/*
 * Every file that INPUT arguments stand for: directories are walked (files whose names start with a
 * dot are passed over) and their captures put in order of first packet.  Files inside a directory
 * that are no captures are skipped with a note; files named outright are kept whatever they are.
 */
struct input_list {
	char **paths; /* owned */
	size_t count;
	char **skipped; /* owned: sentences for the log */
	size_t skipped_count;
};

MUST_CHECK enum err input_list_make(
    const char *const *arguments, size_t count, struct input_list *ret_list, struct err_info *info);
void input_list_release(struct input_list *list);

/* XXH3-128 in hex of the first `octets` octets of a file (all of it when UINT64_MAX), and how many
 * there were. */
MUST_CHECK enum err source_fingerprint(
    const char *path, uint64_t octets, char *ret_text, uint64_t *ret_octets, struct err_info *info);

/* The fingerprint of what has been read so far, and how many octets that is: progress that a later
 * run can verify. */
void source_progress(const struct source *source, char *ret_text, uint64_t *ret_octets);

#endif
