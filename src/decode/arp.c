/* SPDX-License-Identifier: ISC */
/*
 * ARP (RFC 826): hardware type 2, protocol type 2, their address sizes 1 and 1, operation 2, then
 * sender and target addresses.  Only its form is checked.
 */
#include "decode/internal.h"

#define ARP_SIZE      8
#define ARP_ETHERNET  1
#define ETHERNET_SIZE 6
#define IP4_SIZE      4

int
decode_arp(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_take(&l, ARP_SIZE);
	size_t addresses;

	if (h == NULL)
		return layer_short(&l, ARP_SIZE, DROP_ARP_TRUNCATED);
	if ((be16(h) == ARP_ETHERNET && h[4] != ETHERNET_SIZE) ||
	    (be16(h + 2) == ETHER_IP4 && h[5] != IP4_SIZE))
		return DROP_ARP_MALFORMED;
	addresses = 2 * ((size_t)h[4] + h[5]);
	if (layer_take(&l, addresses) == NULL) {
		if (!layer_snapped(&l, addresses))
			return DROP_ARP_TRUNCATED;
		d->p->flags |= PACKET_SNAPPED;
	}
	return VERDICT_ARP;
}
