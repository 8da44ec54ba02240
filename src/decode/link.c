/* SPDX-License-Identifier: ISC */
/*
 * Link layers: the first header of a frame, chosen by the interface's LINKTYPE number.
 *
 * Ethernet, PPP and IEEE 802.11 have files of their own; here are the dispatch and the headers that
 * are a few octets and a protocol number.
 */
#include "decode/decode.h"
#include "decode/internal.h"

#define FAMILY_SIZE 4
#define SLL_SIZE    16
#define SLL2_SIZE   20

#define SLL_LLC \
	4 /* protocol field of a frame that has an 802.2 header instead (linux/if_ether.h) */

/* ARPHRD_ numbers (linux/if_arp.h) whose frames do not carry an EtherType. */
enum {
	HARDWARE_IPGRE = 778,
	HARDWARE_IEEE80211_RADIOTAP = 803,
	HARDWARE_NETLINK = 824,
};

static decode_fn decode_family, decode_sll, decode_sll2;

int
decode_link(struct decoding *d, struct layer l)
{
	switch (d->p->link_type) {
	case LINK_ETHERNET: return decode_ethernet(d, l);
	case LINK_NULL:
	case LINK_LOOP: return decode_family(d, l);
	case LINK_RAW:
	case LINK_RAW_OLD:
	case LINK_RAW_OPENBSD: return decode_ip(d, l);
	case LINK_MPLS: return decode_mpls(d, l);
	case LINK_IPV4: return decode_ip4(d, l);
	case LINK_IPV6: return decode_ip6(d, l);
	case LINK_PPP: return decode_ppp(d, l);
	case LINK_PPP_HDLC: return decode_hdlc(d, l);
	case LINK_C_HDLC: return decode_cisco_hdlc(d, l);
	case LINK_PPPOE: return decode_pppoe(d, l);
	case LINK_IEEE802_11: return decode_ieee80211(d, l);
	case LINK_IEEE802_11_RADIOTAP: return decode_radiotap(d, l);
	case LINK_LINUX_SLL: return decode_sll(d, l);
	case LINK_LINUX_SLL2: return decode_sll2(d, l);
	default: return DROP_LINK_UNKNOWN;
	}
}

/*
 * NULL and LOOP: an address family of 32 bits in the byte order of the machine that captured, or in
 * network order.  Families are below 256, so that the order shows; IPv6 is 24 on NetBSD and
 * OpenBSD, 28 on FreeBSD, 30 on Darwin, 10 on Linux.
 */
static int
decode_family(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_take(&l, FAMILY_SIZE);
	uint32_t family;

	if (h == NULL)
		return layer_short(&l, FAMILY_SIZE, DROP_LINK_TRUNCATED);
	family = le32(h);
	if (family > 0xffff)
		family = be32(h);
	switch (family) {
	case 2: return decode_ip4(d, l);
	case 10:
	case 24:
	case 28:
	case 30: return decode_ip6(d, l);
	default: return DROP_ETHER_UNKNOWN;
	}
}

/* The protocol field of Linux's "cooked" captures means different things by kind of hardware. */
static int
decode_cooked(struct decoding *d, struct layer l, uint16_t hardware, uint16_t protocol)
{
	if (hardware == HARDWARE_NETLINK)
		return DROP_ETHER_UNKNOWN;
	if (hardware == HARDWARE_IEEE80211_RADIOTAP)
		return decode_radiotap(d, l);
	if (hardware != HARDWARE_IPGRE && protocol == SLL_LLC)
		return decode_llc(d, l);
	if (protocol < ETHER_TYPE_MIN)
		return DROP_ETHER_UNKNOWN;
	return decode_ether_type(d, l, protocol);
}

/* packet type 2, ARPHRD 2, address length 2, address 8, protocol 2 */
static int
decode_sll(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_take(&l, SLL_SIZE);

	if (h == NULL)
		return layer_short(&l, SLL_SIZE, DROP_LINK_TRUNCATED);
	return decode_cooked(d, l, be16(h + 2), be16(h + 14));
}

/* protocol 2, reserved 2, interface 4, ARPHRD 2, packet type 1, address length 1, address 8 */
static int
decode_sll2(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_take(&l, SLL2_SIZE);

	if (h == NULL)
		return layer_short(&l, SLL2_SIZE, DROP_LINK_TRUNCATED);
	return decode_cooked(d, l, be16(h + 8), be16(h));
}
