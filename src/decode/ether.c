/* SPDX-License-Identifier: ISC */
/*
 * Ethernet II, IEEE 802.3 with LLC and SNAP, VLAN tags, and the dispatch on EtherTypes.
 */
#include "decode/decode.h"
#include "decode/internal.h"

#define ETHERNET_SIZE    14
#define VLAN_TAG_SIZE    4
#define LLC_SIZE         3
#define SNAP_SIZE        5
#define ETHER_LENGTH_MAX 1500 /* IEEE 802.3, 3.2.6: up to here the field is a length */

#define LLC_SAP_IP   0x06
#define LLC_SAP_SNAP 0xaa
#define LLC_UI       0x03 /* unnumbered information, the only frames that carry IP */

/* Organisations whose SNAP protocol numbers are EtherTypes: RFC 1042, and the bridge tunnel of IEEE
 * 802.1H. */
#define SNAP_OUI_RFC1042       0x000000
#define SNAP_OUI_BRIDGE_TUNNEL 0x0000f8

int
decode_ethernet(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_take(&l, ETHERNET_SIZE);
	uint16_t type;

	if (h == NULL)
		return layer_short(&l, ETHERNET_SIZE, DROP_LINK_TRUNCATED);
	type = be16(h + 12);
	return decode_ether_type(d, l, type);
}

/*
 * Takes VLAN tags.  A tagged frame may be an LLC frame, whose SNAP header may name a VLAN tag
 * again; the limit holds for the frame, so that this ends.
 */
static int
decode_vlan(struct decoding *d, struct layer *l, uint16_t *type)
{
	while (*type == ETHER_VLAN || *type == ETHER_QINQ || *type == ETHER_QINQ_OLD) {
		const uint8_t *tag;

		if (d->vlan_tags++ == DECODE_VLAN_MAX)
			return DROP_VLAN_DEPTH;
		tag = layer_take(l, VLAN_TAG_SIZE);
		if (tag == NULL)
			return layer_short(l, VLAN_TAG_SIZE, DROP_VLAN_TRUNCATED);
		if (d->p->vlan == VLAN_NONE)
			d->p->vlan = be16(tag) & 0x0fff;
		*type = be16(tag + 2);
	}
	return VERDICT_IP;
}

int
decode_ether_type(struct decoding *d, struct layer l, uint16_t type)
{
	int verdict = decode_vlan(d, &l, &type);

	if (verdict != VERDICT_IP)
		return verdict;
	if (type <= ETHER_LENGTH_MAX) {
		if (!layer_limit(&l, type))
			drop(d->drops, DROP_ETHER_LENGTH);
		l.absent = 0;
		return decode_llc(d, l);
	}
	if (d->p->ether_type == 0 && type >= ETHER_TYPE_MIN)
		d->p->ether_type = type;
	switch (type) {
	case ETHER_IP4: return decode_ip4(d, l);
	case ETHER_IP6: return decode_ip6(d, l);
	case ETHER_ARP: return decode_arp(d, l);
	case ETHER_MPLS:
	case ETHER_MPLS_UPSTREAM: return decode_mpls(d, l);
	case ETHER_PPPOE_DISCOVERY: return decode_pppoe_discovery(d, l);
	case ETHER_PPPOE_SESSION: return decode_pppoe(d, l);
	default: return DROP_ETHER_UNKNOWN;
	}
}

/* DSAP 1, SSAP 1, control 1; with SNAP also organisation 3, protocol 2 (RFC 1042). */
int
decode_llc(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_take(&l, LLC_SIZE);
	uint32_t organisation;

	if (h == NULL)
		return layer_short(&l, LLC_SIZE, DROP_LINK_TRUNCATED);
	if (h[0] == LLC_SAP_IP && h[1] == LLC_SAP_IP && h[2] == LLC_UI) {
		if (d->p->ether_type == 0)
			d->p->ether_type = ETHER_IP4;
		return decode_ip4(d, l);
	}
	if (h[0] != LLC_SAP_SNAP || h[1] != LLC_SAP_SNAP || h[2] != LLC_UI)
		return DROP_ETHER_UNKNOWN;
	h = layer_take(&l, SNAP_SIZE);
	if (h == NULL)
		return layer_short(&l, SNAP_SIZE, DROP_LINK_TRUNCATED);
	organisation = be32(h) >> 8;
	if (organisation != SNAP_OUI_RFC1042 && organisation != SNAP_OUI_BRIDGE_TUNNEL)
		return DROP_ETHER_UNKNOWN;
	if (be16(h + 3) < ETHER_TYPE_MIN)
		return DROP_ETHER_UNKNOWN;
	return decode_ether_type(d, l, be16(h + 3));
}
