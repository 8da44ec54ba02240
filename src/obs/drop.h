/* SPDX-License-Identifier: ISC */
/*
 * Named counters for everything that could not be used, was cut short, or looked odd.
 *
 * One line here is one counter: it appears in review.json as quality.drops["<name>"], in the store
 * and in the quality section.  `frame` counters say the packet (or the rest of it) was not
 * measured; `note` counters say it was, with a remark. A new decoder adds its lines; nothing else
 * changes.
 */
#ifndef YAGURA_OBS_DROP_H
#define YAGURA_OBS_DROP_H

#include <stdint.h>

/* X(symbol, name, is_note, meaning) */
#define DROP_LIST(X)                                                                               \
	X(LINK_UNKNOWN, "link.unknown_type", 0,                                                    \
	    "the interface's link type is not one this program decodes")                           \
	X(FRAME_SNAPPED, "frame.snapped", 0,                                                       \
	    "the capture kept less than the frame's headers down to IP")                           \
	X(LINK_TRUNCATED, "link.truncated", 0, "the frame ends inside its link-layer header")      \
	X(LINK_MALFORMED, "link.malformed", 0, "the link-layer header contradicts itself")         \
	X(LINK_NOT_DATA, "link.not_data", 1,                                                       \
	    "an IEEE 802.11 management or control frame, or an encrypted data frame")              \
	X(LINK_AGGREGATE, "link.aggregate", 1,                                                     \
	    "an IEEE 802.11 A-MSDU: several packets in one frame")                                 \
	X(LINK_FRAGMENT, "link.fragment", 1,                                                       \
	    "an IEEE 802.11 fragment after the first: not put together")                           \
	X(ETHER_UNKNOWN, "ether.unknown_type", 1,                                                  \
	    "an EtherType, LLC or PPP protocol or address family that is not decoded further")     \
	X(ETHER_LENGTH, "ether.bad_length", 1,                                                     \
	    "an IEEE 802.3 length larger than the frame: the frame's is used")                     \
	X(VLAN_TRUNCATED, "vlan.truncated", 0, "the frame ends inside an 802.1Q or 802.1ad tag")   \
	X(VLAN_DEPTH, "vlan.too_deep", 0, "more VLAN tags than are followed")                      \
	X(MPLS_TRUNCATED, "mpls.truncated", 0, "the frame ends inside the label stack")            \
	X(MPLS_DEPTH, "mpls.too_deep", 0, "more labels than are followed")                         \
	X(MPLS_UNKNOWN, "mpls.unknown_payload", 1,                                                 \
	    "what follows the label stack is neither IPv4, IPv6 nor Ethernet")                     \
	X(PPPOE_TRUNCATED, "pppoe.truncated", 0, "the frame ends inside the PPPoE or PPP header")  \
	X(PPPOE_MALFORMED, "pppoe.malformed", 0,                                                   \
	    "wrong PPPoE version or type, or a length that lies")                                  \
	X(ARP_TRUNCATED, "arp.truncated", 0, "the frame ends inside the ARP message")              \
	X(ARP_MALFORMED, "arp.malformed", 0,                                                       \
	    "ARP for hardware or protocol address sizes that make no sense")                       \
	X(IP_VERSION, "ip.wrong_version", 0, "a raw IP packet whose version is neither 4 nor 6")   \
	X(IP4_TRUNCATED, "ip4.truncated", 0,                                                       \
	    "the frame ends inside the IPv4 header and was not snapped")                           \
	X(IP4_VERSION, "ip4.wrong_version", 0, "the version field of an IPv4 packet is not 4")     \
	X(IP4_HEADER_LENGTH, "ip4.bad_header_length", 0,                                           \
	    "the IPv4 header length is below 20 or beyond the total length")                       \
	X(IP4_LENGTH_BEYOND, "ip4.length_beyond_frame", 1,                                         \
	    "the IPv4 total length is larger than the frame")                                      \
	X(IP4_LENGTH_ZERO, "ip4.length_zero", 1,                                                   \
	    "the IPv4 total length is 0 (segmentation offload): the frame's length is used")       \
	X(IP6_TRUNCATED, "ip6.truncated", 0,                                                       \
	    "the frame ends inside the IPv6 header and was not snapped")                           \
	X(IP6_VERSION, "ip6.wrong_version", 0, "the version field of an IPv6 packet is not 6")     \
	X(IP6_LENGTH_BEYOND, "ip6.length_beyond_frame", 1,                                         \
	    "the IPv6 payload length is larger than the frame")                                    \
	X(IP6_LENGTH_ZERO, "ip6.length_zero", 1,                                                   \
	    "the IPv6 payload length is 0 without a jumbo option: the frame's length is used")     \
	X(IP6_JUMBOGRAM, "ip6.jumbogram", 1, "an IPv6 jumbogram (RFC 2675)")                       \
	X(IP6_JUMBO_MALFORMED, "ip6.jumbo_malformed", 1,                                           \
	    "a jumbo payload option that breaks RFC 2675")                                         \
	X(IP6_EXTENSION_TRUNCATED, "ip6.extension_truncated", 1,                                   \
	    "the packet ends inside an extension header")                                          \
	X(IP6_EXTENSION_DEPTH, "ip6.extension_too_deep", 1,                                        \
	    "more extension headers than are followed")                                            \
	X(FRAGMENT_MALFORMED, "fragment.malformed", 1,                                             \
	    "a fragment of no octets, beyond 65535, or not the last and no multiple of 8, or a "   \
	    "second Fragment header")                                                              \
	X(FRAGMENT_TINY, "fragment.tiny_first", 1,                                                 \
	    "a first fragment too short for its transport header")                                 \
	X(TCP_TRUNCATED, "tcp.truncated", 1, "the IP packet ends inside the TCP header")           \
	X(TCP_HEADER_LENGTH, "tcp.bad_header_length", 1,                                           \
	    "the TCP data offset is below 20 octets or beyond the packet")                         \
	X(UDP_TRUNCATED, "udp.truncated", 1, "the IP packet ends inside the UDP header")           \
	X(UDP_LENGTH, "udp.bad_length", 1, "the UDP length is below 8 or beyond the packet")       \
	X(UDPLITE_TRUNCATED, "udplite.truncated", 1,                                               \
	    "the IP packet ends inside the UDP-Lite header")                                       \
	X(UDPLITE_COVERAGE, "udplite.bad_coverage", 1,                                             \
	    "the UDP-Lite checksum coverage is 1 to 7 or beyond the packet")                       \
	X(SCTP_TRUNCATED, "sctp.truncated", 1, "the IP packet ends inside the SCTP common header") \
	X(ICMP_TRUNCATED, "icmp.truncated", 1, "the IP packet ends inside the ICMP header")        \
	X(ICMP_QUOTE_TRUNCATED, "icmp.quote_truncated", 1,                                         \
	    "an ICMP error quotes less than an IP header")                                         \
	X(ICMP_QUOTE_MALFORMED, "icmp.quote_malformed", 1,                                         \
	    "an ICMP error quotes something that is no IP packet")                                 \
	X(ESP_TRUNCATED, "esp.truncated", 1, "the IP packet ends inside the ESP header")           \
	X(AH_TRUNCATED, "ah.truncated", 1, "the IP packet ends inside the AH header")              \
	X(GRE_TRUNCATED, "gre.truncated", 1, "the packet ends inside the GRE header")              \
	X(GRE_UNKNOWN, "gre.unknown_payload", 1,                                                   \
	    "GRE of a version or payload that is not decoded further")                             \
	X(GRE_MALFORMED, "gre.malformed", 1,                                                       \
	    "PPTP's GRE without its key, or a GRE header with source routes")                      \
	X(VXLAN_TRUNCATED, "vxlan.truncated", 1, "the packet ends inside the VXLAN header")        \
	X(VXLAN_MALFORMED, "vxlan.malformed", 1, "UDP port 4789 without the VXLAN flag")           \
	X(GENEVE_TRUNCATED, "geneve.truncated", 1, "the packet ends inside the Geneve header")     \
	X(GENEVE_UNKNOWN, "geneve.unknown_payload", 1,                                             \
	    "Geneve of a version or payload that is not decoded further")                          \
	X(GTP_TRUNCATED, "gtp.truncated", 1, "the packet ends inside the GTP-U header")            \
	X(GTP_MALFORMED, "gtp.malformed", 1,                                                       \
	    "UDP port 2152 without a GTPv1-U header, or an endless extension chain")               \
	X(GTP_LENGTH, "gtp.bad_length", 1, "the GTP-U length is larger than the packet")           \
	X(TUNNEL_DEPTH, "tunnel.too_deep", 1,                                                      \
	    "more than 4 tunnels inside each other: the fourth is measured")                       \
	X(TUNNEL_FRAGMENT, "tunnel.fragmented", 1,                                                 \
	    "a fragmented tunnel packet: the outer packet is measured")                            \
	X(TUNNEL_INNER, "tunnel.inner_malformed", 1,                                               \
	    "the inner packet does not decode: the outer packet is measured")                      \
	X(TUNNEL_NOT_IP, "tunnel.inner_not_ip", 1,                                                 \
	    "what is inside is no IP packet: the outer packet is measured")                        \
	X(COLLECT_KERNEL, "collect.kernel_drop", 0,                                                \
	    "a datagram for a listener that the kernel lost: the socket's buffer was full")        \
	X(COLLECT_QUEUE, "collect.queue_drop", 0,                                                  \
	    "a datagram for a listener that was lost because the collector's queue was full")      \
	X(COLLECT_REFUSED, "collect.refused", 0,                                                   \
	    "a datagram or connection of an exporter that is not allowed, or one too many")        \
	X(COLLECT_MALFORMED, "collect.malformed", 0,                                               \
	    "a datagram without octets, or a connection closed for what it sent or did not send")  \
	X(CAPTURE_LOST, "capture.lost", 1,                                                         \
	    "a packet that the capturing machine says it lost (pcapng interface statistics)")      \
	X(TIME_BACKWARD, "time.backward", 1,                                                       \
	    "a packet more than one window older than the one before it")                          \
	X(TIME_LATE, "time.late", 1, "a packet older than the open window")                        \
	X(TIME_GAP, "time.gap", 1, "a gap of more than an hour between two packets of one input")  \
	X(REASSEMBLY_OVERLAP, "reassembly.overlap", 1,                                             \
	    "a fragment that contradicts an earlier one: the first wins, IPv6 gives up")           \
	X(REASSEMBLY_TIMEOUT, "reassembly.timeout", 1,                                             \
	    "a datagram whose fragments did not all arrive in time")                               \
	X(REASSEMBLY_EVICTED, "reassembly.evicted", 1,                                             \
	    "a datagram given up because the reassembly memory was full")                          \
	X(REASSEMBLY_SNAPPED, "reassembly.snapped", 1,                                             \
	    "a fragmented datagram of which the capture did not keep every octet")                 \
	X(FRAGMENT_ORPHAN, "fragment.orphan", 1,                                                   \
	    "a fragment whose first fragment was never seen: its flow has ports 0")                \
	X(FRAGMENT_EVICTED, "fragment.evicted", 1,                                                 \
	    "a fragment forgotten because the fragment table was full")                            \
	X(STREAM_OVERLAP, "stream.overlap", 1,                                                     \
	    "a TCP segment with octets already delivered or held: the first octets win")           \
	X(STREAM_GAP, "stream.gap", 1, "octets of a TCP stream that were never seen")              \
	X(STREAM_EVICTED, "stream.evicted", 1,                                                     \
	    "a TCP stream given up because the table or its memory was full")                      \
	X(STREAM_IGNORED, "stream.ignored", 1,                                                     \
	    "a TCP segment that no receiver would take: outside the window, or without ACK")       \
	X(DNS_STREAM_GAP, "dns.stream_gap", 1,                                                     \
	    "a DNS message over TCP of which octets are missing: not parsed")                      \
	X(DNS_STREAM_HUNT, "dns.stream_hunt", 1,                                                   \
	    "a TCP stream of DNS joined in the middle or with octets missing: next message "       \
	    "sought")                                                                              \
	X(DNS_STREAM_EMPTY, "dns.stream_empty", 1, "a DNS message over TCP of no octets")          \
	X(DNS_STREAM_UNFINISHED, "dns.stream_unfinished", 1,                                       \
	    "a DNS message over TCP begun when its connection ended")                              \
	X(DNS_STREAM_EVICTED, "dns.stream_evicted", 1,                                             \
	    "a DNS message over TCP given up because too many were begun")                         \
	X(TLS_RECORD, "tls.bad_record", 1,                                                         \
	    "what stands where a TLS record should begin is none: the next one is sought")         \
	X(TLS_GAP, "tls.gap", 1,                                                                   \
	    "octets of a TLS connection are missing across records: the next one is sought")       \
	X(TLS_HELLO, "tls.bad_hello", 1, "a ClientHello or ServerHello that is malformed")         \
	X(TLS_HELLO_SIZE, "tls.hello_given_up", 1,                                                 \
	    "a ClientHello or ServerHello too large to be put together, or no memory for it")      \
	X(TLS_EVICTED, "tls.evicted", 1,                                                           \
	    "a DTLS session forgotten because there are too many at once")                         \
	X(FLOW_EVICTED, "flow.evicted", 1, "a flow ended early because the flow table was full")   \
	X(DNS_TRANSACTION_EVICTED, "dns.transaction_evicted", 1,                                   \
	    "a DNS query forgotten while it waited for its answer: the table was full")            \
	X(DNS_TRANSACTION_OPEN, "dns.transaction_open", 1,                                         \
	    "a DNS query that still waited for its answer when its input ended")                   \
	X(DNS_WATCH_EVICTED, "dns.watch_evicted", 1,                                               \
	    "a DNS query that was watched for forged answers and forgotten: too many at once")     \
	X(EXPORT_VERSION, "export.unknown_version", 0,                                             \
	    "an export message of a version that is not decoded")                                  \
	X(EXPORT_TRUNCATED, "export.truncated", 0,                                                 \
	    "an export message that ends before the records its header promises")                  \
	X(EXPORT_COUNT, "export.bad_count", 0,                                                     \
	    "a NetFlow v1, v5 or v7 message of no records or more than its version allows")        \
	X(EXPORT_LENGTH, "export.bad_length", 0,                                                   \
	    "an IPFIX message whose length field is not its size: read as far as both go")         \
	X(EXPORT_SET_LENGTH, "export.bad_set_length", 0,                                           \
	    "a set shorter than its header or longer than the message: the rest is not read")      \
	X(EXPORT_SET_ID, "export.bad_set_id", 0, "a set with a reserved identifier")               \
	X(EXPORT_ZERO_FILLED, "export.zero_filled", 1, "zeros after the last set of a message")    \
	X(EXPORT_NO_TEMPLATE, "export.no_template", 1,                                             \
	    "a data set whose template was not known when it came: held for a while")              \
	X(EXPORT_BUFFER_FULL, "export.buffer_full", 0,                                             \
	    "a data set given up because too much waited for templates of its exporter")           \
	X(EXPORT_BUFFER_EXPIRED, "export.buffer_expired", 0,                                       \
	    "a data set given up because its template did not come in time")                       \
	X(EXPORT_TEMPLATE_ID, "export.bad_template_id", 0,                                         \
	    "a template with an identifier below 256")                                             \
	X(EXPORT_TEMPLATE_LENGTH, "export.bad_template_length", 0,                                 \
	    "a template of records of no octets, or larger than any message")                      \
	X(EXPORT_TEMPLATE_FIELDS, "export.template_fields", 0,                                     \
	    "a template of no fields, more than 1024 or with more scope fields than fields")       \
	X(EXPORT_TEMPLATE_TRUNCATED, "export.template_truncated", 0,                               \
	    "a template that its set does not hold whole")                                         \
	X(EXPORT_TEMPLATE_CHANGED, "export.template_changed", 1,                                   \
	    "a template took the place of a different one of the same identifier")                 \
	X(EXPORT_TEMPLATE_EVICTED, "export.template_evicted", 1,                                   \
	    "a template forgotten because its exporter has too many")                              \
	X(EXPORT_TEMPLATE_EXPIRED, "export.template_expired", 1,                                   \
	    "a template forgotten because it was not repeated")                                    \
	X(EXPORT_METERED_TWICE, "export.metered_twice", 1,                                         \
	    "a flow record whose packets another record of its exporter has (run.metering)")       \
	X(EXPORT_WITHDRAWAL, "export.withdrawal_ignored", 1,                                       \
	    "a template withdrawal over UDP: ignored (RFC 7011, 8.4)")                             \
	X(EXPORT_FIELD_UNKNOWN, "export.field_unknown", 1,                                         \
	    "a field of a new template that has an unknown element: its octets are skipped")       \
	X(EXPORT_FIELD_ENTERPRISE, "export.field_enterprise", 1,                                   \
	    "a field of a new template that has an enterprise's element: its octets are skipped")  \
	X(EXPORT_FIELD_LENGTH, "export.field_length", 1,                                           \
	    "a field of a new template whose length cannot be its element's: it is skipped")       \
	X(EXPORT_RECORD, "export.record_truncated", 0,                                             \
	    "a record with fields of variable length that its set does not hold whole")            \
	X(EXPORT_NOT_FLOW, "export.not_flow", 1,                                                   \
	    "a data record that has neither addresses nor counts: not delivered")                  \
	X(EXPORT_SAMPLING_ZERO, "export.sampling_zero", 1,                                         \
	    "an option that gives a sampling rate of 0: taken as not given")                       \
	X(EXPORT_SAMPLING_UNKNOWN, "export.sampling_unknown", 1,                                   \
	    "a flow record whose sampling rate nobody says: counted as unsampled")                 \
	X(EXPORT_SAMPLING_FULL, "export.sampling_full", 1,                                         \
	    "a sampling rate not kept because its exporter has too many")                          \
	X(EXPORT_TIME_CLAMPED, "export.time_clamped", 1,                                           \
	    "a flow record whose times are more than an hour from its message's")                  \
	X(EXPORT_TIME_UNKNOWN, "export.time_unknown", 1,                                           \
	    "a flow record without usable times: it has its message's")                            \
	X(EXPORT_CLOCK_WRONG, "export.clock_wrong", 1,                                             \
	    "a message whose export time is more than an hour from when it came: shifted")         \
	X(EXPORT_SEQUENCE_UNIT, "export.sequence_unit", 1,                                         \
	    "an exporter whose sequence numbers count other things than its protocol says")        \
	X(EXPORT_EXPORTER_EVICTED, "export.exporter_evicted", 1,                                   \
	    "an exporter forgotten because there are too many, or they hold too much")             \
	X(EXPORT_DOMAIN_EVICTED, "export.domain_evicted", 1,                                       \
	    "an observation domain forgotten because its exporter has too many")                   \
	X(EXPORT_OTHER_PACKET, "export.other_packet", 0,                                           \
	    "a packet of a capture of exports that carries no export message")                     \
	X(EXPORT_STREAM_BROKEN, "export.stream_broken", 1,                                         \
	    "a TCP connection of an IPFIX exporter with missing octets or no IPFIX: not read on")  \
	X(EXPORT_TEXT, "export.bad_line", 0,                                                       \
	    "a line of a table of flows that is no flow, or has a value that cannot be")           \
	X(DNSTAP_FRAME, "dnstap.bad_frame", 0,                                                     \
	    "a frame of a dnstap stream that is no dnstap, or ends inside a field")                \
	X(DNSTAP_TYPE, "dnstap.unknown_type", 0, "a dnstap frame of an unknown type")              \
	X(DNSTAP_EMPTY, "dnstap.no_message", 0, "a dnstap frame without octets of a DNS message")  \
	X(DNSTAP_CONTROL, "dnstap.bad_control", 1,                                                 \
	    "a control frame of a dnstap stream that is unknown, malformed or out of place")       \
	X(DNSTAP_UNFINISHED, "dnstap.no_stop", 1,                                                  \
	    "a dnstap stream that ends without a STOP frame: its end may be missing")              \
	X(DNSTAP_ADDRESS, "dnstap.no_address", 1,                                                  \
	    "a DNS message without usable addresses of both sides")                                \
	X(DNSTAP_PROTOCOL, "dnstap.unknown_protocol", 1,                                           \
	    "a DNS message of an unknown socket protocol: taken as UDP")                           \
	X(DNSTAP_TIME, "dnstap.no_time", 1,                                                        \
	    "a DNS message without a usable time: it has that of the one before, or of its "       \
	    "arrival")                                                                             \
	X(DNSTAP_CLOCK, "dnstap.clock_wrong", 1,                                                   \
	    "a DNS message whose time is more than an hour from its arrival: it has that of "      \
	    "arrival")                                                                             \
	X(CDNS_BLOCK, "cdns.bad_block", 0,                                                         \
	    "a block of a C-DNS file that is not made as RFC 8618 says, or has no usable time")    \
	X(CDNS_ITEM, "cdns.bad_item", 0,                                                           \
	    "an item of a C-DNS file that names what its block does not hold, or has no time")     \
	X(CDNS_EVENT, "cdns.address_event", 1,                                                     \
	    "an ICMP or TCP reset event that a C-DNS file counts: not analysed")                   \
	X(LOG_LINE, "log.bad_line", 0, "a line of a log that does not read")                       \
	X(LOG_OTHER, "log.other_line", 1, "a line of a log about something else")                  \
	X(LOG_LONG, "log.long_line", 1,                                                            \
	    "a line of a log longer than 64 KiB: its beginning counts")                            \
	X(HTTP_LOST, "http.lost", 1,                                                               \
	    "HTTP in one direction lost its place: octets are missing, or are no HTTP")            \
	X(HTTP_UNFINISHED, "http.unfinished", 1, "a connection that ended inside a first line")    \
	X(HTTP_UPGRADED, "http.upgraded", 1,                                                       \
	    "an HTTP connection that became something else (CONNECT, Upgrade): not followed on")   \
	X(HTTP_TWO, "http.http2", 1, "a connection of HTTP/2: not looked into")                    \
	X(HTTP_WAITING, "http.too_many_waiting", 1,                                                \
	    "a request given without its response: more than 32 of a connection wait")             \
	X(HTTP_LONG, "http.long_line", 1, "a line of an HTTP head that was cut at 65 KiB")         \
	X(HTTP_LENGTH, "http.bad_length", 1,                                                       \
	    "an HTTP message whose length contradicts itself or does not read")                    \
	X(HTTP_CODING, "http.bad_coding", 1, "an HTTP body whose content coding cannot be undone") \
	X(HTTP_MEMORY, "http.memory", 1,                                                           \
	    "a text or body of HTTP not kept: the shard holds as much as it may")                  \
	X(LOG_YEAR, "log.year_assumed", 1,                                                         \
	    "a line of a log whose time has no year: that of run.log_year, or of the file's last " \
	    "modification")                                                                        \
	X(LOG_ZONE, "log.zone_assumed", 1,                                                         \
	    "a line of a log whose time has no zone: that of the site")                            \
	X(QUERY_LOG_LINE, "query_log.bad_line", 0,                                                 \
	    "a line of a query log about a query that cannot be read")                             \
	X(QUERY_LOG_OTHER, "query_log.other_line", 1,                                              \
	    "a line of a query log about something else than a query")                             \
	X(SFLOW_HEADER, "sflow.bad_header", 0,                                                     \
	    "an sFlow datagram that ends inside its header, or has an unknown kind of address")    \
	X(SFLOW_TRUNCATED, "sflow.truncated", 0,                                                   \
	    "an sFlow datagram that ends before the samples its header promises")                  \
	X(SFLOW_TRAILING, "sflow.trailing", 1, "octets after the last sample of a datagram")       \
	X(SFLOW_SAMPLE, "sflow.bad_sample", 0, "an sFlow sample shorter than its fixed part")      \
	X(SFLOW_SAMPLE_UNKNOWN, "sflow.unknown_sample", 1,                                         \
	    "an sFlow sample of an enterprise or format that is not decoded")                      \
	X(SFLOW_DISCARD, "sflow.discard_sample", 1,                                                \
	    "an sFlow sample of a discarded packet: it says nothing of volumes")                   \
	X(SFLOW_RECORD, "sflow.bad_record", 0,                                                     \
	    "an sFlow record that is too short, or longer than its sample")                        \
	X(SFLOW_RECORD_UNKNOWN, "sflow.unknown_record", 1,                                         \
	    "a record of a flow sample, of an enterprise or format that is not decoded")           \
	X(SFLOW_PROTOCOL, "sflow.unknown_protocol", 0,                                             \
	    "a sampled header of a link layer that is not decoded")                                \
	X(SFLOW_NOT_IP, "sflow.not_ip", 0,                                                         \
	    "a flow sample whose packet is not IP or does not decode: no flow record")             \
	X(SFLOW_SOURCES, "sflow.too_many_sources", 1,                                              \
	    "a sample of a data source, interface or agent above the quota: not followed")         \
	X(SFLOW_POOL, "sflow.pool_implausible", 1,                                                 \
	    "a sample pool that contradicts the sampling rate more than 16 times: not used")       \
	X(SFLOW_COUNTERS_RESET, "sflow.counters_reset", 1,                                         \
	    "interface counters that went back: the difference is not known")

enum drop {
#define X(symbol, name, is_note, meaning) DROP_##symbol,
	DROP_LIST(X)
#undef X
	    DROP_COUNT
};

/* One set of counters; each worker or shard has its own and they are added. */
struct drop_counters {
	uint64_t count[DROP_COUNT];
};

static inline void
drop(struct drop_counters *d, enum drop which)
{
	d->count[which]++;
}

/* The printed name ("dns.label_loop") and the meaning of a counter, and whether the packet was
 * measured all the same. */
const char *drop_name(enum drop which);
const char *drop_meaning(enum drop which);
int drop_is_note(enum drop which);

#endif
