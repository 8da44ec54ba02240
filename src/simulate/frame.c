/* SPDX-License-Identifier: ISC */
/* Frames with right lengths and checksums; see frame.h.  Headers are drawn in RFC 791, 8200, 9293,
 * 768, 792, 4443 and 826. */
#include "simulate/frame.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"

enum {
	ETHER_ARP = 0x0806,
	ETHER_IPV4 = 0x0800,
	ETHER_IPV6 = 0x86dd,
	ETHER_VLAN = 0x8100,
	IPV4_SIZE = 20,
	IPV6_SIZE = 40,
	IPV6_FRAGMENT = 44, /* the header's number, RFC 8200, section 4.5 */
	IPV6_FRAGMENT_SIZE = 8,
	TCP_SIZE = 20,
	UDP_SIZE = 8,
	ICMP_SIZE = 8,
};

/* MSS, SACK permitted, no-operation, window scale 7: RFC 9293, 2018, 7323. */
#define SYN_OPTIONS_SIZE 12

static const uint8_t EVERYONE[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* Adds 16-bit words in network order; an odd last octet is the upper half of a word (RFC 1071). */
static uint32_t
sum_words(const uint8_t *data, size_t size, uint32_t sum)
{
	for (size_t i = 0; i + 1 < size; i += 2)
		sum += be16(data + i);
	if (size % 2 != 0)
		sum += (uint32_t)data[size - 1] << 8;
	return sum;
}

static uint16_t
fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Writes MAC addresses, tag and type; returns what follows them. */
static uint8_t *
put_ether(uint8_t *frame, const struct datagram *d, uint16_t type)
{
	memcpy(frame, d->destination_mac, 6);
	memcpy(frame + 6, d->source_mac, 6);
	frame += 12;
	if (d->vlan != FRAME_VLAN_NONE) {
		put_be16(frame, ETHER_VLAN);
		put_be16(frame + 2, d->vlan);
		frame += 4;
	}
	put_be16(frame, type);
	return frame + 2;
}

/* Pads to the least size. */
static size_t
finish(uint8_t *frame, const uint8_t *end)
{
	size_t size = (size_t)(end - frame);

	if (size < FRAME_LEAST) {
		memset(frame + size, 0, FRAME_LEAST - size);
		size = FRAME_LEAST;
	}
	return size;
}

static uint8_t *
put_ipv4(uint8_t *p, const struct datagram *d, size_t l4_size)
{
	memset(p, 0, IPV4_SIZE);
	p[0] = 0x45;
	put_be16(p + 2, (uint16_t)(IPV4_SIZE + l4_size));
	put_be16(p + 4, d->ip_id);
	if (d->fragment)
		put_be16(
		    p + 6, (uint16_t)((d->more_fragments ? 0x2000 : 0) | d->fragment_offset / 8));
	else
		put_be16(p + 6, 0x4000); /* do not fragment */
	p[8] = d->ttl;
	p[9] = d->protocol;
	memcpy(p + 12, d->source.octets + 12, 4);
	memcpy(p + 16, d->destination.octets + 12, 4);
	put_be16(p + 10, fold(sum_words(p, IPV4_SIZE, 0)));
	return p + IPV4_SIZE;
}

static uint8_t *
put_ipv6(uint8_t *p, const struct datagram *d, size_t l4_size)
{
	put_be32(p, 0x60000000);
	put_be16(p + 4, (uint16_t)(l4_size + (d->fragment ? IPV6_FRAGMENT_SIZE : 0)));
	p[6] = d->fragment ? IPV6_FRAGMENT : d->protocol;
	p[7] = d->ttl;
	memcpy(p + 8, d->source.octets, 16);
	memcpy(p + 24, d->destination.octets, 16);
	if (!d->fragment)
		return p + IPV6_SIZE;
	p += IPV6_SIZE;
	p[0] = d->protocol;
	p[1] = 0;
	put_be16(p + 2, (uint16_t)(d->fragment_offset | d->more_fragments));
	put_be32(p + 4, d->fragment_id);
	return p + IPV6_FRAGMENT_SIZE;
}

static size_t
l4_header_size(const struct datagram *d)
{
	if (d->protocol == FRAME_TCP)
		return TCP_SIZE + (d->tcp_flags & FRAME_TCP_SYN ? SYN_OPTIONS_SIZE : 0);
	return d->protocol == FRAME_UDP ? UDP_SIZE : ICMP_SIZE;
}

static void
put_tcp(uint8_t *p, const struct datagram *d)
{
	size_t size = l4_header_size(d);

	put_be16(p, d->source_port);
	put_be16(p + 2, d->destination_port);
	put_be32(p + 4, d->sequence);
	put_be32(p + 8, d->acknowledgement);
	p[12] = (uint8_t)(size / 4 << 4);
	p[13] = d->tcp_flags;
	put_be16(p + 14, d->window);
	put_be32(p + 16, 0); /* checksum, urgent pointer */
	if (d->tcp_flags & FRAME_TCP_SYN) {
		put_be32(p + 20,
		    0x02040000U | (address_is_ipv4(&d->source) ? FRAME_MSS_IPV4 : FRAME_MSS_IPV6));
		put_be32(p + 24, 0x01010402);
		put_be32(p + 28, 0x01030307);
	}
}

static void
put_icmp(uint8_t *p, const struct datagram *d)
{
	p[0] = d->icmp_type;
	p[1] = d->icmp_code;
	put_be16(p + 2, 0);
	put_be16(p + 4, d->icmp_id);
	put_be16(p + 6, d->icmp_sequence);
}

/* The pseudo header's sum; ICMP for IPv4 has none. */
static uint32_t
sum_pseudo(const struct datagram *d, size_t l4_size)
{
	uint32_t sum = d->protocol + (uint32_t)l4_size;

	if (d->protocol == FRAME_ICMP)
		return 0;
	if (address_is_ipv4(&d->source)) {
		sum = sum_words(d->source.octets + 12, 4, sum);
		return sum_words(d->destination.octets + 12, 4, sum);
	}
	sum = sum_words(d->source.octets, 16, sum);
	return sum_words(d->destination.octets, 16, sum);
}

static void
put_l4(uint8_t *p, const struct datagram *d, size_t l4_size)
{
	size_t header = l4_header_size(d), place = 2;
	uint16_t checksum;

	if (d->protocol == FRAME_TCP) {
		put_tcp(p, d);
		place = 16;
	} else if (d->protocol == FRAME_UDP) {
		put_be16(p, d->source_port);
		put_be16(p + 2, d->destination_port);
		put_be16(p + 4, (uint16_t)l4_size);
		put_be16(p + 6, 0);
		place = 6;
	} else {
		put_icmp(p, d);
	}
	if (d->payload_size > 0)
		memcpy(p + header, d->payload, d->payload_size);
	checksum = fold(sum_words(p, l4_size, sum_pseudo(d, l4_size)));
	/* RFC 768: a zero would say that there is no checksum. */
	if (d->protocol == FRAME_UDP && checksum == 0)
		checksum = 0xffff;
	put_be16(p + place, checksum);
}

size_t
frame_ip(const struct datagram *d, uint8_t frame[FRAME_MAX], uint32_t *ret_octets)
{
	bool ipv4 = address_is_ipv4(&d->source);
	size_t l4_size = (d->fragment ? 0 : l4_header_size(d)) + d->payload_size;
	uint8_t *ip = put_ether(frame, d, ipv4 ? ETHER_IPV4 : ETHER_IPV6);
	uint8_t *p = ipv4 ? put_ipv4(ip, d, l4_size) : put_ipv6(ip, d, l4_size);

	assert((size_t)(p - ip) + l4_size <= 1500);
	if (d->fragment)
		memcpy(p, d->payload, l4_size);
	else
		put_l4(p, d, l4_size);
	*ret_octets = (uint32_t)((size_t)(p - ip) + l4_size);
	return finish(frame, p + l4_size);
}

size_t
frame_l4(const struct datagram *d, uint8_t *l4)
{
	size_t size = l4_header_size(d) + d->payload_size;

	put_l4(l4, d, size);
	return size;
}

size_t
frame_arp(const struct datagram *d, uint16_t operation, uint8_t frame[FRAME_MAX])
{
	static const uint8_t nobody[6] = { 0 };
	struct datagram ether = *d;
	uint8_t *p;

	if (operation == 1)
		ether.destination_mac = EVERYONE;
	p = put_ether(frame, &ether, ETHER_ARP);
	put_be16(p, 1); /* Ethernet */
	put_be16(p + 2, ETHER_IPV4);
	p[4] = 6;
	p[5] = 4;
	put_be16(p + 6, operation);
	memcpy(p + 8, d->source_mac, 6);
	memcpy(p + 14, d->source.octets + 12, 4);
	memcpy(p + 18, operation == 1 ? nobody : d->destination_mac, 6);
	memcpy(p + 24, d->destination.octets + 12, 4);
	return finish(frame, p + 28);
}
