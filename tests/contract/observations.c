/* SPDX-License-Identifier: ISC */
/* Made-up traffic for the laws; see observations.h. */
#include "contract/observations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/xmalloc.h"
#include "decode/dns.h"
#include "net/dns.h"
#include "net/subscribers.h"

#define HOSTS 24

enum {
	ETHER_SIZE = 14,
	IP4_SIZE = 20,
	IP6_SIZE = 40,
	L4_SIZE = 20, /* room for the largest of the headers made here */
	LINKTYPE_ETHERNET = 1,
};

static const uint8_t PROTOCOLS[] = { IP_PROTOCOL_TCP, IP_PROTOCOL_UDP, IP_PROTOCOL_ICMP,
	IP_PROTOCOL_ESP };
static const uint16_t PORTS[] = { 25, 53, 80, 123, 443, 1024, 8080, 49152 };

/* Number `index` of the stream of random numbers called `what`. */
static uint64_t
number(uint64_t what, uint64_t index)
{
	return hash_mix64(what * 0x9e3779b97f4a7c15u + index);
}

static struct address
host(uint64_t which, int ip_version)
{
	uint8_t octets[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	if (ip_version == 4) {
		const uint8_t ipv4[4] = { 192, 0, (uint8_t)(2 + which % 3), (uint8_t)which };

		return address_from_ipv4(ipv4);
	}
	octets[5] = (uint8_t)(which % 3);
	octets[15] = (uint8_t)which;
	return address_from_ipv6(octets);
}

static void
put16(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

/* The octets that the packet's fields describe; checksums are left 0. */
static void
write_frame(uint8_t *frame, const struct packet *p)
{
	uint8_t *ip = frame + p->l3_offset;
	uint8_t *l4 = frame + p->l4_offset;

	put16(frame + 12, p->ether_type);
	if (p->ip_version == 4) {
		ip[0] = 0x45;
		put16(ip + 2, p->octets);
		ip[8] = p->ttl;
		ip[9] = p->protocol;
		memcpy(ip + 12, p->source.octets + 12, 4);
		memcpy(ip + 16, p->destination.octets + 12, 4);
	} else {
		ip[0] = 0x60;
		put16(ip + 4, p->octets - IP6_SIZE);
		ip[6] = p->protocol;
		ip[7] = p->ttl;
		memcpy(ip + 8, p->source.octets, 16);
		memcpy(ip + 24, p->destination.octets, 16);
	}
	if ((p->flags & PACKET_HAS_PORTS) != 0) {
		put16(l4, p->source_port);
		put16(l4 + 2, p->destination_port);
	}
	if (p->protocol == IP_PROTOCOL_TCP) {
		l4[12] = 0x50;
		l4[13] = p->tcp_flags;
	} else if (p->protocol == IP_PROTOCOL_UDP) {
		put16(l4 + 4, p->octets - (p->l4_offset - p->l3_offset));
	}
}

static void
make_ip(struct packet *p, uint64_t i)
{
	uint32_t header = i % 3 == 0 ? IP6_SIZE : IP4_SIZE;

	p->kind = PACKET_IP;
	p->ip_version = header == IP6_SIZE ? 6 : 4;
	p->ether_type = header == IP6_SIZE ? 0x86dd : 0x0800;
	p->protocol = PROTOCOLS[number(1, i) % sizeof PROTOCOLS];
	p->source = host(number(2, i) % HOSTS, p->ip_version);
	p->destination = host(number(3, i) % HOSTS, p->ip_version);
	p->ttl = (uint8_t)(32 + number(4, i) % 32);
	p->octets = header + L4_SIZE + (uint32_t)(number(5, i) % 1400);
	p->frame_size = p->octets + ETHER_SIZE;
	p->l3_offset = ETHER_SIZE;
	p->l4_offset = ETHER_SIZE + header;
	p->payload_offset = p->l4_offset + (p->protocol == IP_PROTOCOL_TCP ? 20 : 8);
	if (p->protocol == IP_PROTOCOL_TCP || p->protocol == IP_PROTOCOL_UDP) {
		p->flags |= PACKET_HAS_PORTS;
		p->source_port = PORTS[number(6, i) % (sizeof PORTS / sizeof *PORTS)];
		p->destination_port = PORTS[number(7, i) % (sizeof PORTS / sizeof *PORTS)];
	}
	if (p->protocol == IP_PROTOCOL_TCP)
		p->tcp_flags = (uint8_t)(number(8, i) & 0x3f);
	if (p->protocol == IP_PROTOCOL_ICMP) {
		p->icmp_type = (uint8_t)(number(9, i) % 12);
		p->destination_port = (uint16_t)(p->icmp_type << 8);
	}
}

static void
make_packet(struct observations *o, uint64_t i)
{
	struct packet *p = &o->packets[i];

	p->time = OBSERVED_BEGIN + (nsec_t)(i * (300 * (uint64_t)NSEC_PER_SEC) / OBSERVED_PACKETS);
	p->data = o->frames[i];
	p->input_offset = 24 + i * (OBSERVED_FRAME + 16);
	p->link_type = LINKTYPE_ETHERNET;
	p->vlan = i % 5 == 0 ? 7 : VLAN_NONE;
	p->frame_size = 60;
	switch (i % 50) {
	case 17: p->kind = PACKET_UNDECODED; break;
	case 29:
		p->kind = PACKET_ARP;
		p->ether_type = 0x0806;
		break;
	case 41: p->kind = PACKET_NOT_IP; break;
	default: make_ip(p, i); break;
	}
	p->captured_size = p->frame_size < OBSERVED_FRAME ? p->frame_size : OBSERVED_FRAME;
	if (p->payload_offset != 0)
		p->payload_size = p->captured_size - p->payload_offset;
	if (p->captured_size < p->frame_size)
		p->flags |= PACKET_SNAPPED;
	if (p->kind == PACKET_IP)
		write_frame(o->frames[i], p);
	p->shard = (uint8_t)(hash_mix64((p->source.words[0] ^ p->destination.words[0]) +
					(p->source.words[1] ^ p->destination.words[1])) %
			     8);
}

static void
make_flow(struct flow *f, uint64_t i)
{
	f->ip_version = i % 3 == 0 ? 6 : 4;
	f->source = host(number(11, i) % HOSTS, f->ip_version);
	f->destination = host(number(12, i) % HOSTS, f->ip_version);
	f->protocol = PROTOCOLS[number(13, i) % 2];
	f->source_port = (uint16_t)(32768 + number(14, i) % 1000);
	f->destination_port = PORTS[number(15, i) % (sizeof PORTS / sizeof *PORTS)];
	f->vlan = VLAN_NONE;
	f->end_reason = (uint8_t)(1 + number(16, i) % 5);
	for (int d = 0; d < 2; d++) {
		if (d == 1 && i % 4 == 0)
			break;
		f->first[d] = OBSERVED_BEGIN + (nsec_t)(number(17, i) % 200) * NSEC_PER_SEC + d;
		f->last[d] = f->first[d] + (nsec_t)(number(18, i) % 90) * NSEC_PER_SEC;
		f->packets[d] = 1 + number(19, i + (uint64_t)d) % 100;
		f->octets[d] = f->packets[d] * (40 + number(20, i) % 1400);
		f->tcp_flags[d] = f->protocol == IP_PROTOCOL_TCP ? TCP_SYN | TCP_ACK : 0;
		f->ttl_min[d] = 60;
		f->ttl_max[d] = 64;
	}
}

static void
make_stream(struct observations *o, uint64_t i)
{
	static const char TEXT[] = "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n";
	struct stream_event *s = &o->streams[i];

	s->id = i / 4;
	s->kind = (uint8_t)(i % 4);
	s->time = OBSERVED_BEGIN + (nsec_t)i * NSEC_PER_SEC;
	s->source = host(s->id % HOSTS, 4);
	s->destination = host((s->id + 1) % HOSTS, 4);
	s->source_port = 40000;
	s->destination_port = 80;
	if (s->kind == STREAM_DATA) {
		s->data = (const uint8_t *)TEXT;
		s->size = sizeof TEXT - 1;
	} else if (s->kind == STREAM_GAP) {
		s->size = 100;
	}
}

/* Records of two exporters, one of which samples and one of whose rates is not known. */
static void
make_record(struct observations *o, uint64_t i)
{
	static const uint32_t RATES[] = { 1, 1000, 0, 512 };
	struct flow_record *r = &o->records[i];

	make_flow(&r->flow, i + OBSERVED_FLOWS);
	if (i % 10 != 0)
		r->flow.packets[1] = r->flow.octets[1] = 0;
	r->exporter = host(200 + i % 2, 4);
	r->domain = (uint32_t)(i % 4 / 2);
	r->sampling = RATES[i % 4];
	r->sampling_source = r->sampling != 0 ? SAMPLING_OPTIONS : SAMPLING_UNKNOWN;
	r->ingress_interface = 1 + (uint32_t)(number(21, i) % 4);
	r->egress_interface = 1 + (uint32_t)(number(22, i) % 4);
	r->source_as = 64500 + (uint32_t)(number(23, i) % 5);
	r->destination_as = 64500 + (uint32_t)(number(24, i) % 5);
	r->protocol_version = i % 2 == 0 ? EXPORT_NETFLOW9 : EXPORT_IPFIX;
	r->time = OBSERVED_BEGIN + (nsec_t)(i * 299 / OBSERVED_RECORDS) * NSEC_PER_SEC;
	r->input_offset = 24 + i / 20 * 1400;
}

static void
make_report(struct exporter_report *r, uint64_t i)
{
	r->exporter = host(200 + i % 2, 4);
	r->domain = (uint32_t)(i % 4 / 2);
	r->protocol = i % 2 == 0 ? EXPORT_NETFLOW9 : EXPORT_IPFIX;
	r->unit = i % 2 == 0 ? SEQUENCE_MESSAGES : SEQUENCE_RECORDS;
	r->messages = 10 + i;
	r->octets = 14000 + i;
	r->records = 200 + i;
	r->options_records = i % 3;
	r->templates = 2;
	r->lost = i % 5;
	r->expected = (i % 2 == 0 ? r->messages : r->records) + r->lost;
	r->restarts = i == 7;
	r->no_template = i % 4;
	r->malformed = i == 9;
	r->rates[0] = (struct exporter_rate){ 1000, SAMPLING_OPTIONS, r->records - i };
	r->rates[1] = (struct exporter_rate){ 0, SAMPLING_UNKNOWN, i };
	r->first = OBSERVED_BEGIN + (nsec_t)i * NSEC_PER_SEC;
	r->last = r->first + 10 * NSEC_PER_SEC;
}

/* Hellos and heartbeats by turns, of every verdict. */
static void
make_tls(struct tls_event *e, uint64_t i)
{
	struct tls_heartbeat *h = &e->heartbeat;

	e->time = OBSERVED_BEGIN + (nsec_t)(number(70, i) % 299) * NSEC_PER_SEC;
	e->kind = (uint8_t)(i % 3);
	e->datagram = i % 7 == 0;
	e->client = host(number(71, i) % HOSTS, i % 2 == 0 ? 4 : 6);
	e->server = host(number(72, i) % HOSTS, i % 2 == 0 ? 4 : 6);
	e->client_port = (uint16_t)(40000 + i);
	e->server_port = 443;
	e->version = (uint16_t)(0x0301 + i % 4);
	e->cipher = 0x002f;
	e->client_mode = (uint8_t)(i % 2);
	e->server_mode = (uint8_t)(number(73, i) % 2);
	e->input_offset = 24 + i * 100;
	h->begin = e->time;
	h->end = e->time + NSEC_PER_SEC;
	h->encrypted = i % 4 == 0;
	h->odd = i % 5 != 0;
	h->before_data = i % 6 == 0;
	h->alert = i % 11 == 0;
	h->closed = i % 2 == 0;
	h->request_octets = h->encrypted ? 32 : 22;
	h->least_octets = h->encrypted ? 64 : 0;
	h->claimed = h->encrypted ? 0 : 16384;
	h->carried = 19;
	if (i % 3 == 0 && !h->alert) {
		h->answer_records = 2;
		h->answer_octets = 16000 + i;
		h->leaked = i % 9 == 0 ? h->answer_octets - 22 : 0;
		h->leaked_least = h->encrypted ? h->leaked / 2 : h->leaked;
	}
}

static struct octets
octets_of(const char *text)
{
	return (struct octets){ (const uint8_t *)text, strlen(text) };
}

/* Browsing, logins, and attacks, of packets and of logs. */
static void
make_http(struct http_request *q, uint64_t i)
{
	static const char *const TARGETS[] = { "/", "/item?id=1", "/search?q=tea+or+coffee",
		"/item?id=1%27+or+%271%27%3D%271", "/item?id=-1+union+select+1,version()",
		"/item?id=1+and+sleep(5)", "/style.css", "/item?id=1;drop+table+users--",
		"/login" };
	static const char *const HOSTS_NAMED[] = { "www.example", "shop.example:8080", "" };
	static const char *const AGENTS[] = { "Mozilla/5.0 (X11; Linux x86_64)", "sqlmap/1.7", "" };

	q->time = OBSERVED_BEGIN + (nsec_t)(number(80, i) % 299) * NSEC_PER_SEC;
	q->client = host(number(81, i) % HOSTS, i % 2 == 0 ? 4 : 6);
	q->server = host(number(82, i) % 3, i % 2 == 0 ? 4 : 6);
	q->client_port = (uint16_t)(40000 + i);
	q->server_port = 80;
	q->origin = i % 5 == 0 ? HTTP_FROM_LOG : HTTP_FROM_PACKETS;
	q->status = (uint16_t)(number(83, i) % 4 == 0 ? 500 : 200);
	q->duration = number(84, i) % 7 == 0 ? HTTP_UNKNOWN : number(84, i) % 7 * NSEC_PER_SEC;
	q->request_octets = 0;
	q->response_octets = number(85, i) % 40000;
	q->method = octets_of(i % 9 == 8 ? "POST" : "GET");
	q->target = octets_of(TARGETS[i % 9]);
	q->protocol = octets_of("HTTP/1.1");
	q->host = octets_of(HOSTS_NAMED[number(86, i) % 3]);
	q->user_agent = octets_of(AGENTS[number(87, i) % 3]);
	if (i % 9 == 8) {
		q->content_type = octets_of("application/x-www-form-urlencoded");
		q->body = octets_of(i % 2 == 0 ? "user=ann&pass=x" : "user=admin%27--+&pass=x");
		q->location = octets_of("/login?failed");
	}
	if (number(88, i) % 6 == 0)
		q->answer = octets_of("You have an error in your SQL syntax near");
	q->input_offset = 24 + i * 100;
}

/* Who tries, by number: all that one source tells one server is in order, and in one shard. */
static uint64_t
guesser(uint64_t i)
{
	return number(111, i) % 3 != 0 ? number(112, i) % 2 : number(112, i) % HOSTS;
}

size_t
observations_guesser(size_t login)
{
	return (size_t)guesser(login);
}

/* Guesses: most by two sources, one of which gets in; some that a log repeats; of many users. */
static void
make_login(struct login *l, uint64_t i)
{
	static const char *const USERS[] = { "root", "admin", "ann", "\xff\xfe", "" };
	static const char *const SERVICES[] = { "ssh", "ftp", "smtp" };

	l->time = OBSERVED_BEGIN + (nsec_t)(number(110, i) % 299) * NSEC_PER_SEC;
	l->source = host(guesser(i), 4);
	l->destination = host(number(113, i) % 4, 4);
	l->source_port = (uint16_t)(30000 + i);
	l->destination_port = 22;
	l->origin = (uint8_t)(i % 3);
	l->outcome = i % 97 == 96 ? LOGIN_SUCCEEDED : (uint8_t)(number(114, i) % 5);
	l->no_such_user = number(115, i) % 4 == 0;
	l->count = i % 20 == 0 ? 5 : 1;
	l->service = SERVICES[number(116, i) % 8 < 6 ? 0 : 1 + number(116, i) % 2];
	l->host = octets_of(i % 2 == 0 ? "gate" : "");
	l->user = octets_of(USERS[number(117, i) % 5]);
	l->password = octets_of(l->origin == LOGIN_FROM_HONEYPOT ? "123456" : "");
	l->client = octets_of(number(118, i) % 2 == 0 ? "SSH-2.0-Go" : "");
	l->input_offset = i * 90;
	l->input_length = 89;
}

/* What two honeypots noted, some of it the same, some of it as sums. */
static void
make_contact(struct contact *c, uint64_t i)
{
	static const char *const NAMES[] = { "pot", "t-pot" };
	static const char *const PAYLOADS[] = { "", "GET / HTTP/1.0\r\n\r\n", "root\n" };

	c->begin = OBSERVED_BEGIN + (nsec_t)(number(90, i) % 280) * NSEC_PER_SEC;
	c->end = c->begin + (nsec_t)(number(91, i) % 15) * NSEC_PER_SEC;
	c->source = host(number(92, i) % HOSTS, i % 2 == 0 ? 4 : 6);
	c->source_port = (uint16_t)(30000 + i);
	c->destination_port = PORTS[number(93, i) % (sizeof PORTS / sizeof *PORTS)];
	c->protocol = IP_PROTOCOL_TCP;
	c->sensor = octets_of(NAMES[i % 2]);
	c->count = 1 + number(94, i) % 3;
	c->aggregate = i % 20 == 7;
	if (i % 40 == 7)
		c->source = (struct address){ .words = { 0, 0 } };
	c->octets = 10 * (i % 7);
	c->payload = octets_of(c->aggregate ? "" : PAYLOADS[number(95, i) % 3]);
	/* Any digest does, as long as the same payload has the same. */
	memset(c->sha256, (int)c->payload.size, sizeof c->sha256);
	c->input_offset = 24 + i * 100;
	c->input_length = 100;
}

static void
make_watch(struct sensor_watch *w, uint64_t i)
{
	w->begin = OBSERVED_BEGIN + (nsec_t)(i / 2) * 60 * NSEC_PER_SEC;
	w->end = w->begin + (nsec_t)(30 + 10 * (i % 2)) * NSEC_PER_SEC;
	w->sensor = octets_of(i % 2 == 0 ? "pot" : "t-pot");
}

static void
make_sample(struct interface_sample *s, uint64_t i)
{
	s->exporter = host(200 + i % 2, 4);
	s->interface = 1 + (uint32_t)(i / 2 % 4);
	s->begin = OBSERVED_BEGIN + (nsec_t)(i / 8) * 30 * NSEC_PER_SEC;
	s->end = s->begin + 30 * NSEC_PER_SEC;
	s->in_octets = 1000000 + i;
	s->out_octets = 2000000 + i;
	s->in_packets = 1000 + i;
	s->out_packets = 2000 + i;
	s->speed = UINT64_C(1000000000);
}

/* ------------------------------------------------------------------ DNS */

size_t
observations_client(size_t message)
{
	return message / 2 % OBSERVED_CLIENTS;
}

static size_t
put_name(uint8_t *to, const char *text)
{
	size_t size;

	if (dns_name_parse(text, to, &size, NULL) != ERR_OK)
		abort();
	return size;
}

/* A record of which the owner is the question's name, or `owner`. */
static size_t
put_record(uint8_t *to, const char *owner, uint16_t type, const uint8_t *data, size_t size)
{
	size_t at = 2;

	if (owner != NULL)
		at = put_name(to, owner);
	else
		put16(to, 0xc00c);
	put16(to + at, type);
	put16(to + at + 2, DNS_CLASS_IN);
	memset(to + at + 4, 0, 4);
	to[at + 7] = 60;
	put16(to + at + 8, (uint32_t)size);
	memcpy(to + at + 10, data, size);
	return at + 10 + size;
}

/* The octets of message `i`: an answer with an address, or a denial with the zone's SOA. */
static size_t
write_dns(uint8_t *octets, uint64_t i)
{
	static const uint16_t TYPES[] = { DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_NS, DNS_TYPE_TXT,
		DNS_TYPE_ANY };
	static const uint8_t EDNS[] = { 0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, 0 };
	static const uint8_t ADDRESS[] = { 203, 0, 113, 7 };
	static const uint8_t SOA[24] = { 0, 0 };
	uint64_t exchange = i / 2;
	bool response = i % 2 != 0, denied = exchange % 4 == 0;
	char name[48], zone[32];
	size_t size = 12;

	(void)snprintf(zone, sizeof zone, "zone%u.example", (unsigned)(exchange % 7));
	(void)snprintf(name, sizeof name, "n%u.%s", (unsigned)(number(31, exchange) % 12), zone);
	put16(octets, (uint32_t)exchange);
	put16(octets + 2, (response ? 0x8180U : 0x0100U) | (response && denied ? 3U : 0));
	put16(octets + 4, 1);
	size += put_name(octets + size, name);
	put16(octets + size, TYPES[exchange % 5]);
	put16(octets + size + 2, DNS_CLASS_IN);
	size += 4;
	if (response && !denied) {
		put16(octets + 6, 1);
		size += put_record(octets + size, NULL, DNS_TYPE_A, ADDRESS, sizeof ADDRESS);
	} else if (response) {
		put16(octets + 8, 1);
		size += put_record(octets + size, zone, DNS_TYPE_SOA, SOA, sizeof SOA);
	}
	if (exchange % 3 == 0) {
		put16(octets + 10, 1);
		memcpy(octets + size, EDNS, sizeof EDNS);
		size += sizeof EDNS;
	}
	return size;
}

/* A twentieth of the exchanges is of each of the types beside OBS_DNS. */
static enum obs_type
dns_type(uint64_t exchange)
{
	static const enum obs_type OTHERS[] = { OBS_DNS_LOCAL, OBS_DNS_BAD, OBS_DNS_QUOTED };

	return exchange % 20 < 3 ? OTHERS[exchange % 20] : OBS_DNS;
}

static void
make_dns(struct observations *o, uint64_t i)
{
	struct dns_message *m = &o->dns[i];
	uint64_t exchange = i / 2, client = observations_client(i);
	int ip_version = client % 3 == 0 ? 6 : 4;
	size_t size = write_dns(o->dns_octets[i], i);

	m->time = OBSERVED_BEGIN + (nsec_t)(i * (300 * (uint64_t)NSEC_PER_SEC) / OBSERVED_DNS);
	m->client = host(client, ip_version);
	m->server = host(100 + exchange % 3, ip_version);
	m->client_port = (uint16_t)(1024 + number(32, exchange) % 60000);
	m->server_port = 53;
	m->view = client % 5 == 0 ? DNS_VIEW_CLIENT : DNS_VIEW_WIRE;
	m->producer = client % 5 == 0;
	m->transport = exchange % 11 == 0 ? DNS_TCP : DNS_UDP;
	m->latency = -1;
	m->input_offset = i * OBSERVED_FRAME;
	m->input_length = (uint32_t)size;
	dns_parse(o->dns_octets[i], size, size, NULL, o->dns_names[i], m);
	o->dns_types[i] = dns_type(exchange);
	if (o->dns_types[i] == OBS_DNS_BAD)
		m->verdict = DNS_BAD_COUNT;
	if (o->dns_types[i] == OBS_DNS_LOCAL)
		m->service = exchange % 40 < 20 ? DNS_MULTICAST : DNS_LLMNR;
	m->wire_size = (uint32_t)size + 28;
	if (i % 2 == 0)
		return;
	m->match =
	    (uint8_t)(exchange % 23 == 0 ? 1 + exchange % (DNS_MATCH_COUNT - 1) : DNS_MATCHED);
	if (m->match == DNS_MATCHED) {
		m->latency = (nsec_t)(20 + number(33, exchange) % 5000) * NSEC_PER_US;
		m->query_size = o->dns[i - 1].message_size;
	}
}

static void
make_pending(struct observations *o, uint64_t i)
{
	const struct dns_message *m = &o->dns[2 * (i * 9 % (OBSERVED_DNS / 2))];

	o->pending[i] = (struct dns_pending){ .time = m->time,
		.client = m->client,
		.server = m->server,
		.client_port = m->client_port,
		.server_port = m->server_port,
		.id = m->id,
		.flags = m->flags,
		.transport = m->transport,
		.view = m->view,
		.query_size = m->message_size,
		.type = m->type,
		.name_hash = m->name_hash,
		.site_hash = m->site_hash };
}

/* Some of the others are at addresses that nobody should use; one of these is a sensor. */
static void
make_dark(struct site *site)
{
	static const char *const DARK[] = { "192.0.4.16/28", "2001:db8:2::10/124" };

	site->dark_prefixes = xcalloc(2, sizeof *site->dark_prefixes);
	site->dark_prefix_count = 2;
	site->sensors = xcalloc(1, sizeof *site->sensors);
	site->sensor_count = 1;
	site->sensors[0].name = xstrdup("pot");
	if (prefix_parse(DARK[0], &site->dark_prefixes[0], NULL) != ERR_OK ||
	    prefix_parse(DARK[1], &site->dark_prefixes[1], NULL) != ERR_OK ||
	    prefix_parse("192.0.4.14/32", &site->sensors[0].prefix, NULL) != ERR_OK)
		abort();
	site_index(site);
}

void
observations_site(struct site *site)
{
	static const char *const POOLS[] = { "192.0.2.0/24", "2001:db8:1::/48" };

	site_init(site);
	site->pools = xcalloc(2, sizeof *site->pools);
	site->pool_count = 2;
	for (size_t i = 0; i < 2; i++) {
		if (prefix_parse(POOLS[i], &site->pools[i].prefix, NULL) != ERR_OK)
			abort();
		site->pools[i].service = xstrdup(i == 0 ? "fiber" : "dsl");
	}
	if (subscribers_open(site, &site->subscribers, NULL) != ERR_OK)
		abort();
	make_dark(site);
}

struct observations *
observations_new(void)
{
	struct observations *o = xcalloc(1, sizeof *o);

	for (size_t i = 0; i < OBSERVED_PACKETS; i++)
		make_packet(o, i);
	for (size_t i = 0; i < OBSERVED_FLOWS; i++)
		make_flow(&o->flows[i], i);
	for (size_t i = 0; i < OBSERVED_STREAMS; i++)
		make_stream(o, i);
	for (size_t i = 0; i < OBSERVED_COUNTERS; i++) {
		struct obs_counters *c = &o->counters[i];

		c->records = OBSERVED_PACKETS / OBSERVED_COUNTERS;
		for (size_t k = 0; k < DROP_COUNT; k += 3)
			c->drops.count[k] = i + k;
	}
	for (size_t i = 0; i < OBSERVED_RECORDS; i++)
		make_record(o, i);
	for (size_t i = 0; i < OBSERVED_REPORTS; i++)
		make_report(&o->reports[i], i);
	for (size_t i = 0; i < OBSERVED_SAMPLES; i++)
		make_sample(&o->samples[i], i);
	for (uint64_t i = 0; i < OBSERVED_TLS; i++)
		make_tls(&o->tls[i], i);
	for (uint64_t i = 0; i < OBSERVED_HTTP; i++)
		make_http(&o->http[i], i);
	for (uint64_t i = 0; i < OBSERVED_LOGINS; i++)
		make_login(&o->logins[i], i);
	for (uint64_t i = 0; i < OBSERVED_CONTACTS; i++)
		make_contact(&o->contacts[i], i);
	for (uint64_t i = 0; i < OBSERVED_WATCHES; i++)
		make_watch(&o->watches[i], i);
	for (size_t i = 0; i < OBSERVED_DNS; i++)
		make_dns(o, i);
	for (size_t i = 0; i < OBSERVED_PENDING; i++)
		make_pending(o, i);
	return o;
}
