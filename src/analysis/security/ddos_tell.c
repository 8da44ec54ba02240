/* SPDX-License-Identifier: ISC */
/* One attack as a finding; see ddos_tell.h. */
#include "analysis/security/ddos_tell.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define SENDERS_TOLD 10

#define FNM     "default of FastNetMon 1.2 (threshold_pps, threshold_mbps)"
#define PROJECT "the project's choice; argued in doc/analyses/security-ddos.md"

const char *
ddos_target_text(const struct ddos_attack *a, char text[DDOS_TARGET_SIZE])
{
	struct prefix prefix = { a->target, a->length };

	if (a->host != NULL && (a->target.words[0] | a->target.words[1]) == 0)
		(void)snprintf(
		    text, DDOS_TARGET_SIZE, "%s", a->host[0] != '\0' ? a->host : "(no host)");
	else if (a->length == (address_is_ipv4(&a->target) ? 32 : 128))
		(void)address_format(&a->target, text);
	else
		(void)prefix_format(&prefix, text);
	return text;
}

double
ddos_duration(const struct ddos_attack *a)
{
	return (double)(a->end - a->begin) / (double)NSEC_PER_SEC;
}

/* The active vectors, those with most octets first. */
static unsigned
list_vectors(const struct ddos_attack *a, unsigned list[VECTOR_COUNT])
{
	unsigned count = 0;

	for (unsigned v = 0; v < VECTOR_COUNT; v++) {
		unsigned at = count;
		if ((a->active & VECTOR_BIT(v)) == 0)
			continue;
		for (; at > 0 && a->vectors[list[at - 1]].octets < a->vectors[v].octets; at--)
			list[at] = list[at - 1];
		list[at] = v;
		count++;
	}
	return count;
}

char *
ddos_vectors_text(const struct ddos_attack *a, char *text, size_t size)
{
	unsigned list[VECTOR_COUNT], count = list_vectors(a, list);
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i != 0 ? " + " : "",
		    list[i] == VECTOR_SYN_ACK ? "SYN-ACK" : ddos_vector_name(list[i]));
	return text;
}

static double
ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

/* ------------------------------------------------------------------ measures */

static json_t *
vectors_json(const struct ddos_attack *a)
{
	unsigned list[VECTOR_COUNT], count = list_vectors(a, list);
	json_t *vectors = json_array();

	for (unsigned i = 0; i < count; i++) {
		const struct ddos_vector_sum *s = &a->vectors[list[i]];
		json_t *v = json_pack("{s:s, s:f, s:f, s:o, s:o, s:f}", "name",
		    ddos_vector_name(list[i]), "share_packets",
		    ratio((double)s->packets, (double)a->packets), "share_octets",
		    ratio((double)s->octets, (double)a->octets), "packets", json_count(s->packets),
		    "octets", json_count(s->octets), "peak_pps_10s", s->peak_packets);
		if (list[i] == VECTOR_SYN_ACK)
			json_object_set_new(v, "reflected", json_string("syn-ack"));
		if (list[i] >= VECTOR_SERVICE)
			json_object_set_new(v, "reflected",
			    json_sprintf("udp/%u", ddos_service_port(list[i] - VECTOR_SERVICE)));
		json_array_append_new(vectors, v);
	}
	return vectors;
}

static json_t *
gaps_json(const struct ddos_attack *a)
{
	json_t *gaps = json_array();

	for (unsigned i = 0; i < a->gap_count; i++)
		json_array_append_new(gaps,
		    json_pack("{s:I, s:I}", "begin", (json_int_t)(a->gaps[i].begin / NSEC_PER_MS),
			"end", (json_int_t)(a->gaps[i].end / NSEC_PER_MS)));
	return gaps;
}

static void
measure_rate(struct finding *f, const struct ddos_attack *a, const char *name, double value,
    double low, double high)
{
	if (a->sampled)
		finding_interval(f, name, value, low, high);
	else
		finding_measure(f, name, json_real(value));
}

static void
measure_count(struct finding *f, const char *name, uint64_t value, double variance)
{
	double error = 1.96 * sqrt(variance);

	if (variance > 0)
		finding_interval(
		    f, name, (double)value, fmax(0, (double)value - error), (double)value + error);
	else
		finding_measure(f, name, json_count(value));
}

static void
measure_volume(struct finding *f, const struct ddos_attack *a)
{
	double part = ratio((double)a->packets, (double)a->target_packets);
	double octets_part = ratio((double)a->octets, (double)a->target_octets);

	finding_measure(f, "duration_s", json_real(ddos_duration(a)));
	if (a->target_packets == 0) {
		/* A log of requests: nobody saw packets. */
		static const char *const unseen[] = { "packets", "octets", "peak_pps", "peak_bps" };
		for (size_t i = 0; i < ARRAY_COUNT(unseen); i++)
			finding_measure(f, unseen[i], json_null());
		return;
	}
	measure_count(f, "packets", a->packets, a->variance * part);
	measure_count(f, "octets", a->octets, a->octets_variance * octets_part);
	measure_rate(f, a, "peak_pps", a->peak_pps, a->peak_pps_low, a->peak_pps_high);
	measure_rate(f, a, "peak_bps", a->peak_bps, a->peak_bps_low, a->peak_bps_high);
	finding_measure(f, "peak_over_s", json_integer(a->sampled ? DDOS_SECONDS : 1));
	finding_measure(f, "joint_peak_bps", json_real(a->joint_bps));
}

/* ------------------------------------------------------------------ who */

static double
entropy(const uint32_t *counts, size_t count)
{
	double sum = 0, bits = 0;

	for (size_t i = 0; i < count; i++)
		sum += counts[i];
	for (size_t i = 0; i < count; i++)
		if (counts[i] != 0)
			bits -= counts[i] / sum * log2(counts[i] / sum);
	return bits;
}

static bool
is_reflection(const struct ddos_attack *a)
{
	uint64_t reflected = VECTOR_BIT(VECTOR_SYN_ACK);

	for (unsigned v = VECTOR_SERVICE; v < VECTOR_COUNT; v++)
		reflected |= VECTOR_BIT(v);
	return (a->active & reflected) != 0;
}

#define BOGON_SHARE  0.01 /* forged addresses are drawn from all: 14 % of them are nobody's */
#define NET_BITS     5.0  /* of 6: sources all over the address space */
#define SINGLE_SHARE 0.5  /* most sources send one packet, or two */
#define LOOKED_LEAST 50

static const char *
spoofing(const struct ddos_attack *a, double sources)
{
	const struct ddos_watch *w = &a->watch;
	double bogons = ratio((double)w->bogons, (double)w->looked);

	if (is_reflection(a))
		return "reflected";
	if ((a->active & (VECTOR_BIT(VECTOR_CONNECTION) | VECTOR_BIT(VECTOR_HTTP))) != 0)
		return "no";
	if (w->looked < LOOKED_LEAST)
		return "unknown";
	if (entropy(w->nets, DDOS_NETS) >= NET_BITS &&
	    (sources >= SINGLE_SHARE * (double)a->packets || bogons >= BOGON_SHARE))
		return "likely";
	return "unlikely";
}

static void
measure_spoofing(struct finding *f, const struct ddos_attack *a, double sources)
{
	const struct ddos_watch *w = &a->watch;
	unsigned ttls = 0;
	uint64_t syn = a->vectors[VECTOR_SYN].packets;

	finding_measure(f, "spoofed", json_string(spoofing(a, sources)));
	if (w->looked == 0)
		return;
	for (unsigned i = 0; i < DDOS_TTL_BINS; i++)
		ttls += w->ttls[i] * UINT64_C(100) >= w->looked;
	finding_measure(f, "bogon_share", json_real(ratio((double)w->bogons, (double)w->looked)));
	finding_measure(f, "network_entropy_bits", json_real(entropy(w->nets, DDOS_NETS)));
	finding_measure(f, "ttl_ranges", json_integer(ttls));
	if (syn > 0)
		finding_measure(f, "completion",
		    json_real(fmin(1, ratio((double)a->connections, (double)syn))));
	if (w->syn > 0)
		finding_measure(f, "syn_without_options_share",
		    json_real(ratio((double)w->plain_syn, (double)w->syn)));
}

static void
place(const struct section_context *c, const struct address *address, json_t *object)
{
	char country[GEO_TEXT_SIZE];
	uint32_t system;

	if (c->countries != NULL && geo_text(c->countries, address, country))
		json_object_set_new(object, "country", json_text(country, strlen(country)));
	if (c->systems != NULL && geo_number(c->systems, address, &system))
		json_object_set_new(object, "asn", json_integer(system));
}

static void
measure_senders(const struct section_context *c, struct finding *f, const struct ddos_attack *a)
{
	const struct ddos_watch *w = &a->watch;
	json_t *list = json_array(), *countries = json_object(), *ports = json_array();
	struct ddos_sender senders[DDOS_SENDERS];
	unsigned count = ddos_watch_senders(w, senders);

	for (unsigned i = 0; i < count; i++) {
		const struct ddos_sender *s = &senders[i];
		json_t *sender = json_pack("{s:o, s:f}", "address", json_address(&s->address),
		    "share_packets", ratio((double)s->packets, (double)w->looked));
		const char *country;
		place(c, &s->address, sender);
		country = json_string_value(json_object_get(sender, "country"));
		country = country != NULL ? country : "unknown";
		json_object_set_new(countries, country,
		    json_real(json_real_value(json_object_get(countries, country)) +
			      ratio((double)s->packets, (double)w->looked)));
		if (i < SENDERS_TOLD)
			json_array_append_new(list, sender);
		else
			json_decref(sender);
	}
	for (unsigned i = 0; i < w->port_count && i < SENDERS_TOLD; i++) {
		unsigned protocol = w->ports[i].key >> 16;
		json_array_append_new(
		    ports, json_pack("{s:o, s:f}", "service",
			       protocol == IP_PROTOCOL_TCP
				   ? json_sprintf("tcp/%u", w->ports[i].key & 0xffff)
			       : protocol == IP_PROTOCOL_UDP
				   ? json_sprintf("udp/%u", w->ports[i].key & 0xffff)
				   : json_sprintf("protocol/%u", protocol),
			       "share_packets", ratio(w->ports[i].packets, (double)w->looked)));
	}
	finding_measure(f, "top_sources", list);
	if (c->countries != NULL)
		finding_measure(f, "top_source_countries", countries);
	else
		json_decref(countries);
	finding_measure(f, "top_services", ports);
}

static double
measure_sources(const struct section_context *c, struct finding *f, const struct ddos_attack *a)
{
	double low, high, sources = ddos_attack_sources(a, &low, &high);

	if (!a->watched && !a->has_clients) {
		finding_measure(f, "sources", json_null());
		return 0;
	}
	finding_measure(f, "sources", json_count((uint64_t)(sources + 0.5)));
	finding_measure(f, "sources_low", json_real(fmax(0, low)));
	finding_measure(f, "sources_high", json_real(high));
	if (a->watched) {
		measure_spoofing(f, a, sources);
		measure_senders(c, f, a);
	}
	return sources;
}

/* ------------------------------------------------------------------ evidence */

static const char *
protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IP_PROTOCOL_TCP: return "tcp";
	case IP_PROTOCOL_UDP: return "udp";
	case IP_PROTOCOL_ICMP: return "icmp";
	case IP_PROTOCOL_ICMPV6: return "icmp6";
	case IP_PROTOCOL_GRE: return "gre";
	default: return "ip";
	}
}

/* "192.0.2.1:1234 to 198.51.100.2:80, tcp, 40 octets" out of the octets of a packet. */
static json_t *
packet_text(const struct ddos_sample *s)
{
	char from[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE];
	struct address source, destination;
	size_t header;
	uint8_t protocol;
	bool ports;

	if (s->size >= 20 && s->data[0] >> 4 == 4) {
		source = address_from_ipv4(s->data + 12);
		destination = address_from_ipv4(s->data + 16);
		header = (size_t)(s->data[0] & 15) * 4;
		protocol = s->data[9];
		ports = (be16(s->data + 6) & 0x1fff) == 0;
	} else if (s->size >= 40 && s->data[0] >> 4 == 6) {
		source = address_from_ipv6(s->data + 8);
		destination = address_from_ipv6(s->data + 24);
		header = 40;
		protocol = s->data[6];
		ports = true;
	} else {
		return json_null();
	}
	ports &=
	    (protocol == IP_PROTOCOL_TCP || protocol == IP_PROTOCOL_UDP) && header + 4 <= s->size;
	(void)address_format(&source, from);
	(void)address_format(&destination, to);
	if (!ports)
		return json_sprintf("%s to %s, %s, %u octets", from, to, protocol_name(protocol),
		    (unsigned)s->octets);
	return json_sprintf("%s port %u to %s port %u, %s, %u octets", from, be16(s->data + header),
	    to, be16(s->data + header + 2), protocol_name(protocol), (unsigned)s->octets);
}

static void
show(struct finding *f, const struct ddos_sample *s)
{
	char hex[2 * DDOS_OCTETS + 1] = "";

	for (unsigned k = 0; k < s->size; k++)
		(void)snprintf(hex + (size_t)2 * k, 3, "%02x", s->data[k]);
	finding_evidence(f, s->input, s->input_offset, 0,
	    json_pack("{s:I, s:o, s:s, s:I}", "time", (json_int_t)(s->time / NSEC_PER_MS), "text",
		packet_text(s), "hex", hex, "octets", (json_int_t)s->octets));
}

static void
evidence(struct finding *f, const struct ddos_attack *a)
{
	for (unsigned i = 0; i < DDOS_SKETCHES; i++)
		for (unsigned k = 0; ddos_attack_uses(a, i) && k < a->watch.sample_counts[i]; k++)
			show(f, &a->watch.samples[i][k]);
	if (a->has_clients && !a->watched)
		finding_evidence(f, a->input, a->request_offset, a->request_length, NULL);
}

/* ------------------------------------------------------------------ thresholds, advice */

static void
threshold(struct finding *f, const struct ddos_attack *a, enum ddos_rule rule, const char *name,
    double value, const char *source)
{
	if ((a->rules & RULE_BIT(rule)) != 0)
		finding_threshold(f, name, json_real(value), source);
}

static void
thresholds(const struct ddos_limits *l, struct finding *f, const struct ddos_attack *a)
{
	threshold(f, a, RULE_PACKETS, "packets", l->packets, FNM);
	threshold(f, a, RULE_BITS, "bits", l->bits, FNM);
	if (a->learned_pps > 0 && (a->rules & RULES_VOLUME) != 0) {
		finding_threshold(f, "learned_packets", json_real(a->learned_pps),
		    "median + 8 * 1.4826 MAD of the hour of the week over four weeks, at least the "
		    "static one");
		finding_threshold(f, "learned_bits", json_real(a->learned_bps), "the same");
	}
	threshold(f, a, RULE_SYN, "syn", l->syn, PROJECT);
	threshold(f, a, RULE_CONNECTIONS, "connections", l->connections, PROJECT);
	threshold(f, a, RULE_REQUESTS, "requests", l->requests, PROJECT);
	threshold(f, a, RULE_SYN_PATTERN, "syn_pattern", l->syn_pattern, PROJECT);
	threshold(f, a, RULE_SYN_PATTERN, "syn_share", l->syn_share, "spec: nine in ten");
	threshold(f, a, RULE_SYN_ACK_PATTERN, "syn_ack_pattern", l->syn_ack_pattern, PROJECT);
	if ((a->rules & (RULE_BIT(RULE_SYN_PATTERN) | RULE_BIT(RULE_SYN_ACK_PATTERN))) != 0)
		finding_threshold(f, "syn_sources", json_real(l->syn_sources), PROJECT);
	threshold(f, a, RULE_ICMP_PATTERN, "icmp_pattern", l->icmp_pattern,
	    "Linux answers as many a second (icmp_msgs_per_sec)");
	threshold(f, a, RULE_REFLECTION, "reflected_octets", l->reflected_octets,
	    "dnsdist guide, setResponseByteRate(10000, 10)");
	threshold(f, a, RULE_REFLECTION, "reflectors", l->reflectors, PROJECT);
}

static void
advise(struct finding *f, const struct ddos_attack *a)
{
	char target[DDOS_TARGET_SIZE];
	unsigned list[VECTOR_COUNT], count = list_vectors(a, list), v = count > 0 ? list[0] : 0;

	(void)ddos_target_text(a, target);
	if (v >= VECTOR_SERVICE)
		finding_advise(f,
		    "Ask the upstream to drop UDP from port %u to %s (FlowSpec, RFC 8955), and its "
		    "fragments; the reflectors' operators should be told.",
		    ddos_service_port(v - VECTOR_SERVICE), target);
	else if (v == VECTOR_SYN)
		finding_advise(f,
		    "SYN cookies on %s (net.ipv4.tcp_syncookies) or a SYN proxy before it; "
		    "blocking "
		    "sources does not help where they are forged.",
		    target);
	else if (v == VECTOR_SYN_ACK)
		finding_advise(f,
		    "Drop SYN-ACK to %s that answer no SYN (a stateful filter, before the server); "
		    "the senders are reflectors, not attackers.",
		    target);
	else if (v == VECTOR_HTTP || v == VECTOR_CONNECTION)
		finding_advise(f,
		    "Limit connections and requests by client before %s; the sources are real and "
		    "can "
		    "be blocked.",
		    target);
	else
		finding_advise(f,
		    "Rate-limit or drop %s to %s at the border, or ask the upstream to "
		    "(FlowSpec, RFC 8955; or remotely triggered blackholing, RFC 7999).",
		    ddos_vector_name(v), target);
}

static const char *
severity(const struct ddos_attack *a)
{
	if (a->peak_bps >= 1e10 || a->peak_pps >= 1e6)
		return "critical";
	if (a->peak_bps >= 1e9 || a->peak_pps >= 1e5)
		return "high";
	return a->peak_bps >= 1e8 || a->peak_pps >= 1e4 ? "medium" : "low";
}

/* A pattern alone may be a server that is down and whose clients try again; options in their SYN
 * tell clients from most generators. */
static double
confidence(const struct ddos_attack *a, double sources)
{
	double plain = ratio((double)a->watch.plain_syn, (double)a->watch.syn);

	if ((a->rules & (RULE_BIT(RULE_SYN) | RULES_VOLUME)) != 0 ||
	    (a->rules & RULE_BIT(RULE_REFLECTION)) != 0)
		return 0.9;
	if ((a->rules & RULE_BIT(RULE_SYN_PATTERN)) != 0)
		return plain >= 0.5 || strcmp(spoofing(a, sources), "likely") == 0 ? 0.9 : 0.6;
	return 0.8;
}

void
ddos_tell(const struct section_context *c, struct section *section, const struct ddos_attack *a)
{
	struct ddos_limits limits = ddos_limits(c->settings);
	double low, high, sources = ddos_attack_sources(a, &low, &high);
	struct finding *f = section_finding(
	    section, a->kind, severity(a), confidence(a, sources), a->begin, a->end);
	char target[DDOS_TARGET_SIZE];

	(void)ddos_target_text(a, target);
	finding_subject(f, "target", json_text(target, strlen(target)));
	measure_volume(f, a);
	(void)measure_sources(c, f, a);
	finding_measure(f, "vectors", vectors_json(a));
	if (a->flag[0] != '\0')
		finding_measure(f, "class", json_string(a->flag));
	if (a->hosts != NULL)
		finding_measure(f, "host", json_text(a->hosts, strlen(a->hosts)));
	finding_measure(f, "onset", json_integer(a->onset / NSEC_PER_MS));
	finding_measure(f, "gaps", gaps_json(a));
	finding_measure(f, "target_packets", json_count(a->target_packets));
	finding_measure(f, "target_octets", json_count(a->target_octets));
	if (a->connections > 0)
		finding_measure(f, "connections", json_count(a->connections));
	if (a->requests > 0) {
		finding_measure(f, "requests", json_count(a->requests));
		finding_measure(f, "peak_requests", json_count(a->request_peak));
	}
	if (a->addresses > 0)
		finding_measure(f, "addresses", json_count(a->addresses));
	if (a->absorbed > 0)
		finding_measure(f, "attacks_within", json_count(a->absorbed));
	thresholds(&limits, f, a);
	evidence(f, a);
	advise(f, a);
}
