/* SPDX-License-Identifier: ISC */
/* The truth as a document; see truth.h and doc/simulate.md.  Arrays are sorted by their keys, so
 * the same simulation gives the same octets. */
#include <stdio.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "simulate/truth_counts.h"

/* An address or prefix as one end of its pairs. */
enum {
	END_SENT_PACKETS,
	END_SENT_OCTETS,
	END_RECEIVED_PACKETS,
	END_RECEIVED_OCTETS,
	END_FLOWS,
	END_PEERS,
};

static json_t *
number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *
time_json(nsec_t time)
{
	char text[64];

	return json_string(clock_format(time, 9, text, sizeof text));
}

static json_t *
count_json(const struct truth_count *count)
{
	return json_pack(
	    "{s:o, s:o}", "packets", number(count->packets), "octets", number(count->octets));
}

static json_t *
totals_json(const struct truth *t)
{
	struct truth_count all = { t->versions[0].packets + t->versions[1].packets,
		t->versions[0].octets + t->versions[1].octets };

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "frames", number(t->frames),
	    "frame_octets", number(t->frame_octets), "not_ip", number(t->frames - all.packets),
	    "packets", number(all.packets), "octets", number(all.octets), "first",
	    t->frames > 0 ? time_json(t->first) : json_null(), "last",
	    t->frames > 0 ? time_json(t->last) : json_null());
}

static json_t *
protocols_json(const struct truth *t)
{
	json_t *protocols = json_object();
	char name[8];

	for (unsigned i = 0; i < 256; i++) {
		json_t *one;
		if (t->protocols[i].packets == 0)
			continue;
		(void)snprintf(name, sizeof name, "%u", i);
		one = count_json(&t->protocols[i]);
		if (!t->totals_only)
			json_object_set_new(one, "flows", number(t->protocol_records[i]));
		json_object_set_new(protocols, name, one);
	}
	return protocols;
}

static json_t *
vlans_json(const struct truth *t)
{
	json_t *vlans = json_object();
	char name[8];

	for (unsigned i = 0; i <= TRUTH_VLANS; i++) {
		if (t->vlans[i] == 0)
			continue;
		(void)snprintf(name, sizeof name, i == TRUTH_VLANS ? "none" : "%u", i);
		json_object_set_new(vlans, name, number(t->vlans[i]));
	}
	return vlans;
}

static json_t *
sizes_json(const struct truth *t)
{
	json_t *sizes = json_object();
	char name[8];

	for (unsigned i = 0; i < 65536; i++) {
		if (t->sizes[i] == 0)
			continue;
		(void)snprintf(name, sizeof name, "%u", i);
		json_object_set_new(sizes, name, number(t->sizes[i]));
	}
	return sizes;
}

static json_t *
ports_json(const struct truth *t)
{
	struct tally_entry *sorted = tally_sorted(&t->ports);
	json_t *ports = json_object();

	for (size_t i = 0; i < t->ports.count; i++) {
		const uint64_t *v = sorted[i].values;
		const char *protocol = sorted[i].key[0] >> 16 == 6 ? "tcp" : "udp";
		unsigned port = sorted[i].key[0] & 0xffff;
		char name[24];
		if (port == TRUTH_DYNAMIC)
			(void)snprintf(name, sizeof name, "%s/dynamic", protocol);
		else
			(void)snprintf(name, sizeof name, "%s/%u", protocol, port);
		json_object_set_new(ports, name,
		    json_pack("{s:o, s:o, s:o}", "packets", number(v[0]), "octets", number(v[1]),
			"flows", number(v[2])));
	}
	free(sorted);
	return ports;
}

static json_t *
bins_json(const struct truth *t)
{
	json_t *packets = json_array(), *octets = json_array();

	for (size_t i = 0; i < t->bin_count; i++) {
		json_array_append_new(packets, number(t->bins[i].packets));
		json_array_append_new(octets, number(t->bins[i].octets));
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "begin", time_json(t->begin), "seconds",
	    number((uint64_t)(t->bin / NSEC_PER_SEC)), "packets", packets, "octets", octets);
}

static struct address
key_address(const uint64_t *key)
{
	struct address a;

	memcpy(a.octets, key, 16);
	return a;
}

/* Adds one pair to what `end` has sent and received.  A pair inside one prefix is counted there
 * once as sent and once as received. */
static void
add_end(struct tally *ends, const struct address *end, const struct tally_entry *pair, bool low)
{
	uint64_t key[TALLY_KEY_WORDS] = { 0 };
	const uint64_t *sent = pair->values + (low ? PAIR_FORWARD : PAIR_BACKWARD);
	const uint64_t *received = pair->values + (low ? PAIR_BACKWARD : PAIR_FORWARD);
	uint64_t *v;

	memcpy(key, end->octets, 16);
	v = tally_at(ends, key)->values;
	v[END_SENT_PACKETS] += sent[0];
	v[END_SENT_OCTETS] += sent[1];
	v[END_RECEIVED_PACKETS] += received[0];
	v[END_RECEIVED_OCTETS] += received[1];
	v[END_FLOWS] += pair->values[PAIR_FLOWS];
	v[END_PEERS]++;
}

static struct tally
ends_of_pairs(const struct truth *t, const struct tally_entry *pairs, bool prefixes)
{
	struct tally ends = { 0 };

	for (size_t i = 0; i < t->pairs.count; i++) {
		struct address low = key_address(pairs[i].key),
			       high = key_address(pairs[i].key + 2);
		unsigned length = address_is_ipv4(&low) ? 24 : 48;
		if (prefixes) {
			low = address_mask(&low, length);
			high = address_mask(&high, length);
		}
		add_end(&ends, &low, &pairs[i], true);
		add_end(&ends, &high, &pairs[i], false);
	}
	return ends;
}

static json_t *
ends_json(const struct truth *t, const struct tally_entry *pairs, bool prefixes)
{
	struct tally ends = ends_of_pairs(t, pairs, prefixes);
	struct tally_entry *sorted = tally_sorted(&ends);
	json_t *list = json_array();

	for (size_t i = 0; i < ends.count; i++) {
		struct prefix p = { .address = key_address(sorted[i].key) };
		const uint64_t *v = sorted[i].values;
		char text[PREFIX_TEXT_SIZE];
		json_t *one = json_object();
		p.length = address_is_ipv4(&p.address) ? 24 : 48;
		json_object_set_new(one, prefixes ? "prefix" : "address",
		    json_string(
			prefixes ? prefix_format(&p, text) : address_format(&p.address, text)));
		json_object_set_new(one, "sent_packets", number(v[END_SENT_PACKETS]));
		json_object_set_new(one, "sent_octets", number(v[END_SENT_OCTETS]));
		json_object_set_new(one, "received_packets", number(v[END_RECEIVED_PACKETS]));
		json_object_set_new(one, "received_octets", number(v[END_RECEIVED_OCTETS]));
		if (!prefixes) {
			json_object_set_new(one, "flows", number(v[END_FLOWS]));
			json_object_set_new(one, "peers", number(v[END_PEERS]));
		}
		json_array_append_new(list, one);
	}
	free(sorted);
	tally_release(&ends);
	return list;
}

static json_t *
pairs_json(const struct truth *t, const struct tally_entry *pairs)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->pairs.count; i++) {
		struct address low = key_address(pairs[i].key),
			       high = key_address(pairs[i].key + 2);
		const uint64_t *v = pairs[i].values;
		char a[ADDRESS_TEXT_SIZE], b[ADDRESS_TEXT_SIZE];
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "a", address_format(&low, a),
			"b", address_format(&high, b), "a_to_b_packets", number(v[PAIR_FORWARD]),
			"a_to_b_octets", number(v[PAIR_FORWARD + 1]), "b_to_a_packets",
			number(v[PAIR_BACKWARD]), "b_to_a_octets", number(v[PAIR_BACKWARD + 1]),
			"flows", number(v[PAIR_FLOWS])));
	}
	return list;
}

static json_t *
flows_json(const struct truth *t)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "active_timeout_s",
	    number(TRUTH_ACTIVE / (uint64_t)NSEC_PER_SEC), "idle_timeout_s",
	    number(TRUTH_IDLE / (uint64_t)NSEC_PER_SEC), "records", number(t->records),
	    "one_way_records", number(t->one_way_records), "ambiguous", number(t->ambiguous));
}

static int
compare_rtts(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static json_t *
handshakes_json(const struct truth *t)
{
	uint32_t *sorted = xcalloc(t->rtt_count + 1, sizeof *sorted);
	json_t *list = json_array();

	if (t->rtt_count > 0)
		memcpy(sorted, t->rtts, t->rtt_count * sizeof *sorted);
	qsort(sorted, t->rtt_count, sizeof *sorted, compare_rtts);
	for (size_t i = 0; i < t->rtt_count; i++)
		json_array_append_new(list, number(sorted[i]));
	free(sorted);
	return json_pack("{s:o, s:o}", "count", number(t->rtt_count), "rtt_us", list);
}

json_t *
truth_json(const struct truth *t)
{
	struct tally_entry *pairs = tally_sorted(&t->pairs);
	json_t *truth = json_object(), *own = json_array();
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < t->own_count; i++)
		json_array_append_new(own, json_string(prefix_format(&t->own[i], text)));
	json_object_set_new(truth, "own_prefixes", own);
	json_object_set_new(truth, "totals", totals_json(t));
	json_object_set_new(truth, "ip_versions",
	    json_pack(
		"{s:o, s:o}", "4", count_json(&t->versions[0]), "6", count_json(&t->versions[1])));
	json_object_set_new(truth, "protocols", protocols_json(t));
	json_object_set_new(truth, "directions",
	    json_pack("{s:o, s:o, s:o, s:o}", "in", count_json(&t->directions[0][1]), "out",
		count_json(&t->directions[1][0]), "internal", count_json(&t->directions[1][1]),
		"transit", count_json(&t->directions[0][0])));
	json_object_set_new(truth, "vlans", vlans_json(t));
	json_object_set_new(truth, "sizes", sizes_json(t));
	json_object_set_new(truth, "handshakes", handshakes_json(t));
	if (!t->totals_only) {
		json_object_set_new(truth, "ports", ports_json(t));
		json_object_set_new(truth, "flows", flows_json(t));
		json_object_set_new(truth, "addresses", ends_json(t, pairs, false));
		json_object_set_new(truth, "prefixes", ends_json(t, pairs, true));
		json_object_set_new(truth, "pairs", pairs_json(t, pairs));
	}
	json_object_set_new(truth, "bins", bins_json(t));
	json_object_update(truth, t->told);
	free(pairs);
	return truth;
}
