/* SPDX-License-Identifier: ISC */
/* dsc's filters and indexers: which messages a dataset counts, and under which value. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "net/dns.h"
#include "report/dsc_internal.h"

/* ------------------------------------------------------------------ filters */

static bool
is_query(const struct dsc_seen *s)
{
	return !s->response;
}

static bool
is_reply(const struct dsc_seen *s)
{
	return s->response;
}

static bool
is_nxdomain(const struct dsc_seen *s)
{
	return s->message != NULL && (s->message->bits & 15) == DNS_RCODE_NXDOMAIN;
}

static bool
is_servfail(const struct dsc_seen *s)
{
	return s->message != NULL && (s->message->bits & 15) == DNS_RCODE_SERVFAIL;
}

static bool
is_popular(const struct dsc_seen *s)
{
	static const uint16_t TYPES[] = { DNS_TYPE_A, DNS_TYPE_NS, DNS_TYPE_CNAME, DNS_TYPE_SOA,
		DNS_TYPE_PTR, DNS_TYPE_MX, DNS_TYPE_AAAA, DNS_TYPE_SRV, 38 /* A6 */, DNS_TYPE_ANY };

	for (size_t i = 0; s->message != NULL && i < sizeof TYPES / sizeof *TYPES; i++)
		if (s->message->type == TYPES[i])
			return true;
	return false;
}

static bool
is_idn(const struct dsc_seen *s)
{
	return strncmp(s->name, "xn--", 4) == 0;
}

static bool
is_aaaa_or_a6(const struct dsc_seen *s)
{
	return s->message != NULL && (s->message->type == DNS_TYPE_AAAA || s->message->type == 38);
}

static bool
is_root_server(const struct dsc_seen *s)
{
	return s->name[0] != '\0' && strcmp(s->name + 1, ".root-servers.net") == 0;
}

static bool
is_chaos(const struct dsc_seen *s)
{
	return s->message != NULL && s->message->class == DNS_CLASS_CH;
}

static bool
is_priming(const struct dsc_seen *s)
{
	return s->message != NULL && s->message->type == DNS_TYPE_NS && strcmp(s->name, ".") == 0;
}

static bool
is_edns0(const struct dsc_seen *s)
{
	return s->message != NULL && (s->message->flags & DNS_EDNS) != 0 &&
	       s->message->edns_version == 0;
}

static bool
is_authentic(const struct dsc_seen *s)
{
	return s->message != NULL && (s->message->bits & DNS_AD) != 0;
}

static const struct {
	const char *name;
	bool (*passes)(const struct dsc_seen *seen);
} FILTERS[] = {
	{ "queries-only", is_query },
	{ "replies-only", is_reply },
	{ "nxdomains-only", is_nxdomain },
	{ "popular-qtypes", is_popular },
	{ "idn-only", is_idn },
	{ "aaaa-or-a6-only", is_aaaa_or_a6 },
	{ "root-servers-net-only", is_root_server },
	{ "chaos-class", is_chaos },
	{ "priming-query", is_priming },
	{ "servfail-only", is_servfail },
	{ "edns0-only", is_edns0 },
	{ "authentic-data-only", is_authentic },
};

#define FILTER_COUNT (sizeof FILTERS / sizeof *FILTERS)

int
dsc_filter_find(const char *name)
{
	for (size_t i = 0; i < FILTER_COUNT; i++)
		if (strcmp(FILTERS[i].name, name) == 0)
			return (int)i;
	return -1;
}

bool
dsc_filter(const struct dsc_seen *seen, uint32_t filters)
{
	for (size_t i = 0; i < FILTER_COUNT; i++)
		if ((filters >> i & 1) != 0 && !FILTERS[i].passes(seen))
			return false;
	return true;
}

/* ------------------------------------------------------------------ values met before */

static inline uint32_t
rotated(uint32_t x, int bits)
{
	return x << bits | x >> (32 - bits);
}

/* R. Jenkins, lookup3 ("hashlittle"), http://burtleburtle.net/bob/c/lookup3.c: dsc's order of names
 * is that of this hash, so it has to be this one. */
static uint32_t
lookup3(const uint8_t *octets, size_t size)
{
	uint32_t a = 0xdeadbeef + (uint32_t)size, b = a, c = a;
	uint8_t last[12] = { 0 };

	for (; size > 12; octets += 12, size -= 12) {
		a += le32(octets);
		b += le32(octets + 4);
		c += le32(octets + 8);
		a = (a - c) ^ rotated(c, 4), c += b;
		b = (b - a) ^ rotated(a, 6), a += c;
		c = (c - b) ^ rotated(b, 8), b += a;
		a = (a - c) ^ rotated(c, 16), c += b;
		b = (b - a) ^ rotated(a, 19), a += c;
		c = (c - b) ^ rotated(b, 4), b += a;
	}
	if (size == 0)
		return c;
	memcpy(last, octets, size);
	a += le32(last);
	b += le32(last + 4);
	c += le32(last + 8);
	c = (c ^ b) - rotated(b, 14);
	a = (a ^ c) - rotated(c, 11);
	b = (b ^ a) - rotated(a, 25);
	c = (c ^ b) - rotated(b, 16);
	a = (a ^ c) - rotated(c, 4);
	b = (b ^ a) - rotated(a, 14);
	return (c ^ b) - rotated(b, 24);
}

/* A new value with its label (owned from now on) behind a head; -1 when there is no room. */
static int64_t
add_value(struct dsc *dsc, struct dsc_values *v, uint32_t *head, struct dsc_value value)
{
	if (v->count == DSC_VALUES) {
		dsc->refused++;
		free(value.label);
		return -1;
	}
	if ((v->count & (v->count - 1)) == 0)
		v->list =
		    xrealloc_array(v->list, v->count != 0 ? 2 * v->count : 1, sizeof *v->list);
	value.next = *head;
	v->list[v->count] = value;
	*head = ++v->count;
	return v->count - 1;
}

static uint32_t *
head_of(struct dsc_values *v, uint64_t hash)
{
	if (v->heads == NULL)
		v->heads = xcalloc(DSC_HEADS, sizeof *v->heads);
	return &v->heads[hash % DSC_HEADS];
}

/* A name's number.  It is found by a keyed hash of its own: dsc's, by which names are listed, is
 * known to whoever chooses them. */
static int64_t
enter_name(struct dsc *dsc, enum dsc_indexer indexer, const char *name)
{
	struct dsc_values *v = &dsc->values[indexer];
	uint64_t words[DSC_NAME_SIZE / 8] = { 0 }, hash;
	size_t size = strlen(name);
	uint32_t *head;

	memcpy(words, name, size);
	hash = hash_words(&dsc->secret, words, size / 8 + 1);
	head = head_of(v, hash);
	for (uint32_t i = *head; i != 0; i = v->list[i - 1].next)
		if (v->list[i - 1].hash == hash && strcmp(v->list[i - 1].label, name) == 0)
			return i - 1;
	return add_value(dsc, v, head,
	    (struct dsc_value){ .label = xstrdup(name),
		.hash = hash,
		.chain = lookup3((const uint8_t *)name, size) % DSC_CHAINS });
}

/* A number has a head to itself. */
static int64_t
enter_number(struct dsc *dsc, enum dsc_indexer indexer, uint16_t number)
{
	struct dsc_values *v = &dsc->values[indexer];
	uint32_t *head = head_of(v, number);

	if (*head != 0)
		return *head - 1;
	return add_value(dsc, v, head, (struct dsc_value){ .label = xasprintf("%u", number) });
}

/* An address as inet_ntop writes it, which differs from the shortest form of RFC 5952 where a v6
 * address embeds a v4 one. */
static char *
address_label(const struct address *a)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (address_is_ipv4(a))
		(void)inet_ntop(AF_INET, a->octets + 12, text, sizeof text);
	else
		(void)inet_ntop(AF_INET6, a->octets, text, sizeof text);
	return xstrdup(text);
}

/* The hash is as long as it is safe to trust: two addresses that share all 64 bits count as one. */
static int64_t
enter_address(struct dsc *dsc, enum dsc_indexer indexer, const struct address *a)
{
	struct dsc_values *v = &dsc->values[indexer];
	uint64_t hash = hash_words(&dsc->secret, a->words, 2);
	uint32_t *head = head_of(v, hash), chain = 0;

	for (uint32_t i = *head; i != 0; i = v->list[i - 1].next)
		if (v->list[i - 1].hash == hash)
			return i - 1;
	for (int word = 3; word >= 0 && chain == 0; word--)
		chain = be32(a->octets + 4 * (size_t)word);
	return add_value(dsc, v, head,
	    (struct dsc_value){
		.label = address_label(a), .hash = hash, .chain = chain % DSC_CHAINS });
}

static int64_t
enter_subnet(struct dsc *dsc, const struct address *client)
{
	struct address masked = *client;
	bool ipv4 = address_is_ipv4(client);

	for (size_t i = ipv4 ? 12 : 0; i < 16; i++)
		masked.octets[i] &= dsc->masks[!ipv4].octets[i];
	return enter_address(dsc, DSC_CLIENT_SUBNET, &masked);
}

/* ------------------------------------------------------------------ values by themselves */

const char *
dsc_level(const struct dsc *dsc, const char *name, unsigned level)
{
	const char *end = name + strlen(name), *t = end, *found = NULL;
	bool whole = true;
	unsigned dots = 0;

	if (end == name)
		return name;
	/* The longest TLD of the list that the name ends in; the first label is none.  As in dsc,
	 * none counts when the list knows of longer ones than the name has labels for. */
	for (const char *at = end; dsc->tlds.count != 0 && at > name; at--) {
		if (at[-1] != '.')
			continue;
		if (dsc_names_have(&dsc->tlds, at))
			found = at;
		if (!dsc_names_have(&dsc->parents, at)) {
			whole = false;
			break;
		}
	}
	if (found != NULL && !whole) {
		dots = 1;
		t = found - 1;
	}
	while (t > name && dots < level)
		if (*--t == '.')
			dots++;
	return *t == '.' && t + 1 < end ? t + 1 : t;
}

static const char *
tld_of(struct dsc *dsc, struct dsc_seen *seen)
{
	if (seen->tld == NULL)
		seen->tld = dsc_level(dsc, seen->name, 1);
	return seen->tld;
}

static bool
ends_in(const char *name, const char *end)
{
	size_t a = strlen(name), b = strlen(end);

	return a >= b && strcmp(name + a - b, end) == 0;
}

/* Whether a TLD is one of those known: of the file, else delegated by the public suffix list. */
static bool
is_known(struct dsc *dsc, struct dsc_seen *seen)
{
	const struct dns_message *m = seen->message;
	const char *tld = tld_of(dsc, seen);

	if (dsc->known.count != 0)
		return dsc_names_have(&dsc->known, tld);
	if (strcmp(tld, ".") == 0)
		return true;
	if (strchr(tld, '.') != NULL || m->tld_offset >= m->name_size)
		return false;
	/* arpa is not for registration and so not in the list. */
	return strcmp(tld, "arpa") == 0 ||
	       suffix_is_delegated(
		   dsc->suffixes, m->name + m->tld_offset, (size_t)(m->name_size - m->tld_offset));
}

/* The first of a reversed address's labels are its last octets. */
static bool
is_private_ptr(const struct dsc_seen *seen)
{
	const char *end = strstr(seen->name, ".in-addr.arpa"), *at = seen->name;
	uint32_t address = 0;

	if (seen->message->type != DNS_TYPE_PTR || end == NULL)
		return false;
	while (at < end) {
		address = address >> 8 | ((uint32_t)strtoul(at, NULL, 10) & 0xff) << 24;
		while (at < end && *at != '.')
			at++;
		at += at < end;
	}
	return address >> 24 == 10 || address >> 20 == 0xac1 || address >> 16 == 0xc0a8;
}

enum classification {
	CLASS_OK,
	CLASS_NONAUTH_TLD,
	CLASS_ROOT_SERVERS_NET,
	CLASS_LOCALHOST,
	CLASS_A_FOR_A,
	CLASS_A_FOR_ROOT,
	CLASS_RFC1918_PTR,
	CLASS_FUNNY_QCLASS,
	CLASS_FUNNY_QTYPE,
	CLASS_SRC_PORT_ZERO,
	CLASS_MALFORMED,
};

static bool
is_funny_class(uint16_t class)
{
	return class != DNS_CLASS_IN && class != DNS_CLASS_CH && class != 4 /* HS */ &&
	       class != DNS_CLASS_NONE && class != DNS_CLASS_ANY;
}

/* What dsc does not think of: types younger than it. */
static bool
is_funny_type(uint16_t type)
{
	return !((type >= 1 && type <= DNS_TYPE_NAPTR) || type == 38 || type == DNS_TYPE_OPT ||
		 (type >= 251 && type <= DNS_TYPE_ANY));
}

static enum classification
classify(struct dsc *dsc, struct dsc_seen *seen)
{
	const struct dns_message *m = seen->message;
	struct in_addr address;

	if (seen->source_port == 0)
		return CLASS_SRC_PORT_ZERO;
	if (is_funny_class(m->class))
		return CLASS_FUNNY_QCLASS;
	if (is_funny_type(m->type))
		return CLASS_FUNNY_QTYPE;
	if (m->type == DNS_TYPE_A && inet_aton(seen->name, &address) != 0)
		return CLASS_A_FOR_A;
	if (m->type == DNS_TYPE_A && strcmp(seen->name, ".") == 0)
		return CLASS_A_FOR_ROOT;
	if (ends_in(seen->name, "localhost"))
		return CLASS_LOCALHOST;
	if (ends_in(seen->name, "root-servers.net"))
		return CLASS_ROOT_SERVERS_NET;
	if (!is_known(dsc, seen))
		return CLASS_NONAUTH_TLD;
	return is_private_ptr(seen) ? CLASS_RFC1918_PTR : CLASS_OK;
}

static bool
is_local(const struct dsc *dsc, const struct address *a)
{
	bool ipv4 = address_is_ipv4(a);

	for (size_t i = 0; i < dsc->local_count; i++) {
		const struct dsc_local *l = &dsc->locals[i];
		bool same = address_is_ipv4(&l->address) == ipv4;
		for (size_t k = ipv4 ? 12 : 0; same && k < 16; k++)
			same = (a->octets[k] & l->mask.octets[k]) == l->address.octets[k];
		if (same)
			return true;
	}
	return false;
}

static unsigned
labels_of(const char *name)
{
	unsigned labels = 1;

	if (name[0] == '\0' || strcmp(name, ".") == 0)
		return 0;
	for (; *name != '\0'; name++)
		labels += *name == '.';
	return labels < 64 ? labels : 63;
}

/* ------------------------------------------------------------------ indexers */

enum order {
	BY_VALUE,  /* labels are made of the number */
	BY_NUMBER, /* in the order of their coming */
	BY_CHAIN,
};

static const struct {
	const char *name;
	enum order order;
	const char *const *labels; /* of fixed values, ending with NULL */
} INDEXERS[DSC_INDEXERS] = {
	[DSC_NULL] = { "null", BY_VALUE, (const char *const[]){ "ALL", NULL } },
	[DSC_QTYPE] = { "qtype", BY_NUMBER, NULL },
	[DSC_QCLASS] = { "qclass", BY_NUMBER, NULL },
	[DSC_RCODE] = { "rcode", BY_NUMBER, NULL },
	[DSC_OPCODE] = { "opcode", BY_NUMBER, NULL },
	[DSC_MSGLEN] = { "msglen", BY_VALUE, NULL },
	[DSC_QNAMELEN] = { "qnamelen", BY_VALUE, NULL },
	[DSC_LABEL_COUNT] = { "label_count", BY_VALUE, NULL },
	[DSC_QNAME] = { "qname", BY_CHAIN, NULL },
	[DSC_SECOND_LD] = { "second_ld", BY_CHAIN, NULL },
	[DSC_THIRD_LD] = { "third_ld", BY_CHAIN, NULL },
	[DSC_TLD] = { "tld", BY_CHAIN, NULL },
	[DSC_CLIENT] = { "client", BY_CHAIN, NULL },
	[DSC_SERVER] = { "server", BY_CHAIN, NULL },
	[DSC_CLIENT_SUBNET] = { "client_subnet", BY_CHAIN, NULL },
	[DSC_CERTAIN_QNAMES] = { "certain_qnames", BY_VALUE,
	    (const char *const[]){ "localhost", "X.root-servers.net", "else", NULL } },
	[DSC_CLASSIFICATION] = { "query_classification", BY_VALUE,
	    (const char *const[]){ "ok", "non-auth-tld", "root-servers.net", "localhost", "a-for-a",
		"a-for-root", "rfc1918-ptr", "funny-qclass", "funny-qtype", "src-port-zero",
		"malformed", NULL } },
	[DSC_IDN_QNAME] = { "idn_qname", BY_VALUE, (const char *const[]){ "normal", "idn", NULL } },
	[DSC_EDNS_VERSION] = { "edns_version", BY_VALUE, NULL },
	[DSC_EDNS_BUFSIZ] = { "edns_bufsiz", BY_VALUE, NULL },
	[DSC_DO_BIT] = { "do_bit", BY_VALUE, (const char *const[]){ "clr", "set", NULL } },
	[DSC_RD_BIT] = { "rd_bit", BY_VALUE, (const char *const[]){ "clr", "set", NULL } },
	[DSC_TC_BIT] = { "tc_bit", BY_VALUE, (const char *const[]){ "clr", "set", NULL } },
	[DSC_QR_AA_BITS] = { "qr_aa_bits", BY_VALUE,
	    (const char *const[]){ "qr=0,aa=0", "qr=1,aa=0", "qr=0,aa=1", "qr=1,aa=1", NULL } },
	[DSC_TRANSPORT] = { "transport", BY_VALUE,
	    (const char *const[]){ "udp", "tcp", "else", NULL } },
	[DSC_SOURCE_PORT] = { "dns_source_port", BY_NUMBER, NULL },
	[DSC_PORT_RANGE] = { "dns_sport_range", BY_VALUE, NULL },
	[DSC_IP_DIRECTION] = { "ip_direction", BY_VALUE,
	    (const char *const[]){ "sent", "recv", "else", NULL } },
	[DSC_IP_PROTO] = { "ip_proto", BY_VALUE, NULL },
	[DSC_IP_VERSION] = { "ip_version", BY_VALUE, NULL },
	[DSC_DNS_IP_VERSION] = { "dns_ip_version", BY_VALUE, NULL },
};

enum dsc_indexer
dsc_indexer_find(const char *name)
{
	for (int i = 0; i < DSC_INDEXERS; i++)
		if (strcmp(INDEXERS[i].name, name) == 0)
			return (enum dsc_indexer)i;
	return DSC_INDEXERS;
}

static unsigned
edns_size_of(const struct dns_message *m)
{
	return (m->flags & DNS_EDNS) != 0 ? (m->edns_size >> 9) + 1U : 0;
}

static unsigned
edns_version_of(const struct dns_message *m)
{
	return (m->flags & DNS_EDNS) != 0 ? m->edns_version + 1U : 0;
}

static unsigned
certain_of(const struct dsc_seen *seen)
{
	return strcmp(seen->name, "localhost") == 0 ? 0 : is_root_server(seen) ? 1 : 2;
}

/* The number of what is numbered by its value. */
static unsigned
value_of(struct dsc *dsc, enum dsc_indexer indexer, struct dsc_seen *s)
{
	const struct dns_message *m = s->message;

	switch (indexer) {
	case DSC_MSGLEN: return m->message_size;
	case DSC_QNAMELEN: return (unsigned)s->name_size;
	case DSC_LABEL_COUNT: return labels_of(s->name);
	case DSC_CERTAIN_QNAMES: return certain_of(s);
	case DSC_CLASSIFICATION: return classify(dsc, s);
	case DSC_IDN_QNAME: return is_idn(s);
	case DSC_EDNS_VERSION: return edns_version_of(m);
	case DSC_EDNS_BUFSIZ: return edns_size_of(m);
	case DSC_DO_BIT: return (m->flags & DNS_DO) != 0;
	case DSC_RD_BIT: return (m->bits & DNS_RD) != 0;
	case DSC_TC_BIT: return (m->bits & DNS_TC) != 0;
	case DSC_QR_AA_BITS: return (unsigned)s->response | ((m->bits & DNS_AA) != 0 ? 2U : 0);
	default: return 0;
	}
}

/* The same of what packets have as well. */
static unsigned
packet_value_of(const struct dsc *dsc, enum dsc_indexer indexer, const struct dsc_seen *s)
{
	switch (indexer) {
	case DSC_TRANSPORT: return s->protocol == 17 ? 0 : s->protocol == 6 ? 1 : 2;
	case DSC_PORT_RANGE: return s->source_port >> 10;
	case DSC_IP_DIRECTION:
		return is_local(dsc, s->source) ? 0 : is_local(dsc, s->destination) ? 1 : 2;
	case DSC_IP_PROTO: return s->protocol;
	case DSC_IP_VERSION:
	case DSC_DNS_IP_VERSION: return s->ip_version;
	default: return 0;
	}
}

/* The number of what is numbered by its coming. */
static int64_t
number_of(struct dsc *dsc, enum dsc_indexer indexer, struct dsc_seen *s)
{
	switch (indexer) {
	case DSC_QTYPE: return enter_number(dsc, indexer, s->message->type);
	case DSC_QCLASS: return enter_number(dsc, indexer, s->message->class);
	case DSC_RCODE: return enter_number(dsc, indexer, s->message->bits & 15);
	case DSC_OPCODE: return enter_number(dsc, indexer, s->message->opcode);
	case DSC_SOURCE_PORT: return enter_number(dsc, indexer, s->source_port);
	case DSC_QNAME: return enter_name(dsc, indexer, s->name);
	case DSC_SECOND_LD: return enter_name(dsc, indexer, dsc_level(dsc, s->name, 2));
	case DSC_THIRD_LD: return enter_name(dsc, indexer, dsc_level(dsc, s->name, 3));
	case DSC_TLD: return enter_name(dsc, indexer, tld_of(dsc, s));
	case DSC_CLIENT: return enter_address(dsc, indexer, s->client);
	case DSC_SERVER: return enter_address(dsc, indexer, s->server);
	case DSC_CLIENT_SUBNET: return enter_subnet(dsc, s->client);
	default: return -1;
	}
}

int64_t
dsc_index(struct dsc *dsc, enum dsc_indexer indexer, struct dsc_seen *s)
{
	unsigned value = packet_value_of(dsc, indexer, s);

	if (INDEXERS[indexer].order != BY_VALUE)
		return s->message != NULL ? number_of(dsc, indexer, s) : -1;
	if (indexer < DSC_TRANSPORT && indexer != DSC_NULL) {
		if (s->message == NULL)
			return -1;
		value = value_of(dsc, indexer, s);
	}
	if (value > dsc->values[indexer].largest)
		dsc->values[indexer].largest = value;
	return value;
}

/* ------------------------------------------------------------------ lists and labels */

struct place {
	uint32_t chain, number;
};

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->chain != y->chain)
		return x->chain < y->chain ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

uint32_t *
dsc_order(const struct dsc *dsc, enum dsc_indexer indexer, size_t *ret_count)
{
	const struct dsc_values *v = &dsc->values[indexer];
	enum order order = INDEXERS[indexer].order;
	size_t count = order != BY_VALUE ? v->count : v->largest + 1;
	struct place *places = xcalloc(count + 1, sizeof *places);
	uint32_t *list = xcalloc(count + 1, sizeof *list);

	for (size_t i = 0; INDEXERS[indexer].labels != NULL && INDEXERS[indexer].labels[i] != NULL;
	     i++)
		count = i + 1;
	if (count > v->largest + 1 && order == BY_VALUE) {
		places = xrealloc_array(places, count, sizeof *places);
		list = xrealloc_array(list, count, sizeof *list);
	}
	for (uint32_t i = 0; i < count; i++)
		places[i] = (struct place){ .chain = order == BY_CHAIN ? v->list[i].chain : 0,
			.number = i };
	if (count != 0)
		qsort(places, count, sizeof *places, compare_places);
	for (size_t i = 0; i < count; i++)
		list[i] = places[i].number;
	free(places);
	/* dsc's iterator begins behind the first range. */
	if (indexer == DSC_PORT_RANGE && !dsc->right_ports)
		memmove(list, list + 1, --count * sizeof *list);
	*ret_count = count;
	return list;
}

static const char *
protocol_label(uint32_t number, char text[DSC_LABEL_SIZE])
{
	/* As /etc/protocols has them. */
	static const struct {
		uint8_t number;
		char name[12];
	} NAMES[] = { { 0, "ip" }, { 1, "icmp" }, { 2, "igmp" }, { 4, "ipencap" }, { 6, "tcp" },
		{ 17, "udp" }, { 41, "ipv6" }, { 47, "gre" }, { 50, "esp" }, { 51, "ah" },
		{ 58, "ipv6-icmp" }, { 89, "ospf" }, { 103, "pim" }, { 132, "sctp" } };

	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
		if (NAMES[i].number == number)
			return NAMES[i].name;
	(void)snprintf(text, DSC_LABEL_SIZE, "p%u", number);
	return text;
}

const char *
dsc_label(
    const struct dsc *dsc, enum dsc_indexer indexer, uint32_t number, char text[DSC_LABEL_SIZE])
{
	/* dsc's iterators return the number of the next value with the label of this one. */
	if (indexer == DSC_SOURCE_PORT && !dsc->right_ports && number-- == 0)
		return "0";
	if (indexer == DSC_PORT_RANGE && !dsc->right_ports)
		number--;
	if (INDEXERS[indexer].labels != NULL)
		return INDEXERS[indexer].labels[number];
	if (INDEXERS[indexer].order != BY_VALUE)
		return dsc->values[indexer].list[number].label;
	if (number == 0 && indexer == DSC_EDNS_VERSION)
		return "none";
	if (number == 0 && indexer == DSC_EDNS_BUFSIZ)
		return "None";
	switch (indexer) {
	case DSC_EDNS_VERSION: (void)snprintf(text, DSC_LABEL_SIZE, "%u", number - 1); break;
	case DSC_EDNS_BUFSIZ:
		(void)snprintf(text, DSC_LABEL_SIZE, "%u-%u", (number - 1) << 9, (number << 9) - 1);
		break;
	case DSC_PORT_RANGE:
		(void)snprintf(
		    text, DSC_LABEL_SIZE, "%u-%u", number << 10, ((number + 1) << 10) - 1);
		break;
	case DSC_IP_VERSION:
	case DSC_DNS_IP_VERSION: (void)snprintf(text, DSC_LABEL_SIZE, "IPv%u", number); break;
	case DSC_IP_PROTO: return protocol_label(number, text);
	default: (void)snprintf(text, DSC_LABEL_SIZE, "%u", number); break;
	}
	return text;
}
