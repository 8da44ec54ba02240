/* SPDX-License-Identifier: ISC */
/* The tables of security/ddos. */
#include "analysis/security/ddos.h"

#define COUNT(index, name)                                                               \
	[DDOS_SLOT_COUNTS + 2 * (index)] = { name "_packets", COLUMN_U64, "packets" },   \
				[DDOS_SLOT_COUNTS + 2 * (index) + 1] = { name "_octets", \
					COLUMN_U64, "octets" }

static const struct column WINDOW_COLUMNS[] = {
	{ "packets", COLUMN_U64, "packets" },
	{ "octets", COLUMN_U64, "octets" },
	{ "records", COLUMN_U64, "" },
	{ "sampled_records", COLUMN_U64, "" },
	{ "unknown_rates", COLUMN_U64, "" },
	{ "requests", COLUMN_U64, "" },
	{ "dropped_below", COLUMN_U64, "packets" },
	{ "given_up", COLUMN_U64, "packets" },
	{ "left_out", COLUMN_U64, "" },
	{ "unwatched", COLUMN_U64, "" },
	{ "requests_refused", COLUMN_U64, "" },
};

static const struct column SLOT_COLUMNS[DDOS_SLOT_COLUMNS] = {
	[DDOS_SLOT_TARGET] = { "target", COLUMN_ADDRESS, "" },
	[DDOS_SLOT_LENGTH] = { "prefix_length", COLUMN_U8, "" },
	[DDOS_SLOT_BEGIN] = { "slot_begin", COLUMN_TIME, "ms" },
	[DDOS_SLOT_TIMES] = { "first_tcp", COLUMN_TIME, "ms" },
	[DDOS_SLOT_TIMES + 1] = { "last_tcp", COLUMN_TIME, "ms" },
	[DDOS_SLOT_TIMES + 2] = { "first_rest", COLUMN_TIME, "ms" },
	[DDOS_SLOT_TIMES + 3] = { "last_rest", COLUMN_TIME, "ms" },
	COUNT(DDOS_TCP, "tcp"),
	COUNT(DDOS_SYN, "syn"),
	COUNT(DDOS_SYN_ACK, "syn_ack"),
	COUNT(DDOS_UDP, "udp"),
	COUNT(DDOS_ICMP, "icmp"),
	COUNT(DDOS_FRAGMENT, "fragment"),
	COUNT(DDOS_OTHER, "other"),
	COUNT(DDOS_REFLECTED, "reflected1"),
	COUNT(DDOS_REFLECTED + 1, "reflected2"),
	COUNT(DDOS_REFLECTED + 2, "reflected3"),
	[DDOS_SLOT_SERVICES] = { "service1", COLUMN_U8, "" },
	[DDOS_SLOT_SERVICES + 1] = { "service2", COLUMN_U8, "" },
	[DDOS_SLOT_SERVICES + 2] = { "service3", COLUMN_U8, "" },
	[DDOS_SLOT_PEAKS] = { "tcp_peak_packets", COLUMN_U64, "packets" },
	[DDOS_SLOT_PEAKS + 1] = { "tcp_peak_octets", COLUMN_U64, "octets" },
	[DDOS_SLOT_PEAKS + 2] = { "rest_peak_packets", COLUMN_U64, "packets" },
	[DDOS_SLOT_PEAKS + 3] = { "rest_peak_octets", COLUMN_U64, "octets" },
	[DDOS_SLOT_PEAKS + 4] = { "peak_packets", COLUMN_U64, "packets" },
	[DDOS_SLOT_PEAKS + 5] = { "peak_octets", COLUMN_U64, "octets" },
	[DDOS_SLOT_FIRST_FRAGMENTS] = { "first_fragments", COLUMN_U64, "packets" },
	[DDOS_SLOT_ASKED] = { "asked", COLUMN_U64, "packets" },
	[DDOS_SLOT_SYN_SENT] = { "syn_sent", COLUMN_U64, "packets" },
	[DDOS_SLOT_CONNECTIONS] = { "connections", COLUMN_U64, "" },
	[DDOS_SLOT_VARIANCE] = { "variance", COLUMN_F64, "" },
	[DDOS_SLOT_OCTETS_VARIANCE] = { "octets_variance", COLUMN_F64, "" },
	[DDOS_SLOT_TOP_PACKETS] = { "top_packets", COLUMN_U64, "packets" },
	[DDOS_SLOT_TOP_OCTETS] = { "top_octets", COLUMN_U64, "octets" },
	[DDOS_SLOT_ADDRESSES] = { "addresses", COLUMN_U64, "" },
};

static const struct column LEVEL_COLUMNS[] = {
	{ "target", COLUMN_ADDRESS, "" },
	{ "prefix_length", COLUMN_U8, "" },
	{ "packet_rate", COLUMN_U64, "pps" },
	{ "bit_rate", COLUMN_U64, "bps" },
};

static const struct column DETAIL_COLUMNS[3 + DDOS_WATCH_COLUMNS] = {
	{ "target", COLUMN_ADDRESS, "" },
	{ "prefix_length", COLUMN_U8, "" },
	{ "last_slot", COLUMN_TIME, "ms" },
	{ "details", COLUMN_TEXT, "" },
	{ "tcp_sources", COLUMN_BLOB, "" },
	{ "syn_sources", COLUMN_BLOB, "" },
	{ "syn_ack_sources", COLUMN_BLOB, "" },
	{ "reflectors", COLUMN_BLOB, "" },
	{ "other_sources", COLUMN_BLOB, "" },
};

static const struct column DOWNLOAD_COLUMNS[] = {
	{ "target", COLUMN_ADDRESS, "" },
	{ "source", COLUMN_ADDRESS, "" },
	{ "first_packet", COLUMN_TIME, "ms" },
	{ "last_packet", COLUMN_TIME, "ms" },
	{ "octets", COLUMN_U64, "octets" },
	{ "packets", COLUMN_U64, "packets" },
};

static const struct column REQUEST_COLUMNS[DDOS_HTTP_COLUMNS] = {
	[DDOS_HTTP_SERVER] = { "server", COLUMN_ADDRESS, "" },
	[DDOS_HTTP_HOST] = { "host", COLUMN_TEXT, "" },
	[DDOS_HTTP_BEGIN] = { "slot_begin", COLUMN_TIME, "ms" },
	[DDOS_HTTP_FIRST] = { "first_request", COLUMN_TIME, "ms" },
	[DDOS_HTTP_LAST] = { "last_request", COLUMN_TIME, "ms" },
	[DDOS_HTTP_REQUESTS] = { "requests", COLUMN_U64, "" },
	[DDOS_HTTP_OCTETS] = { "octets", COLUMN_U64, "octets" },
	[DDOS_HTTP_PEAK] = { "peak_requests", COLUMN_U64, "" },
	[DDOS_HTTP_CLIENTS] = { "clients", COLUMN_BLOB, "" },
	[DDOS_HTTP_INPUT_OFFSET] = { "input_offset", COLUMN_U64, "" },
	[DDOS_HTTP_INPUT_LENGTH] = { "input_length", COLUMN_U64, "" },
};

const struct table DDOS_TABLE_LIST[DDOS_TABLES] = {
	[DDOS_WINDOWS] = { "security_ddos", "What a window's attacks rest on", WINDOW_COLUMNS,
	    ARRAY_COUNT(WINDOW_COLUMNS) },
	[DDOS_SLOTS] = { "security_ddos_slots",
	    "Ten seconds of addresses and prefixes that came near a threshold", SLOT_COLUMNS,
	    ARRAY_COUNT(SLOT_COLUMNS) },
	[DDOS_LEVELS] = { "security_ddos_levels", "Best ten seconds of the busiest targets",
	    LEVEL_COLUMNS, ARRAY_COUNT(LEVEL_COLUMNS) },
	[DDOS_DETAILS] = { "security_ddos_details", "Who sent to them, and how", DETAIL_COLUMNS,
	    ARRAY_COUNT(DETAIL_COLUMNS) },
	[DDOS_DOWNLOADS] = { "security_ddos_downloads", "Established connections that carried much",
	    DOWNLOAD_COLUMNS, ARRAY_COUNT(DOWNLOAD_COLUMNS) },
	[DDOS_REQUESTS] = { "security_ddos_requests", "HTTP requests to hosts near the threshold",
	    REQUEST_COLUMNS, ARRAY_COUNT(REQUEST_COLUMNS) },
};
