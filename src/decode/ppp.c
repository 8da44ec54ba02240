/* SPDX-License-Identifier: ISC */
/*
 * PPP (RFC 1661), in HDLC-like framing (RFC 1662), Cisco's HDLC (RFC 1547, section 4.3.1) and PPP
 * over Ethernet (RFC 2516).
 */
#include "decode/internal.h"

#define PPPOE_SIZE         6
#define PPPOE_VERSION_TYPE 0x11
#define HDLC_SIZE          4
#define HDLC_UNICAST       0x0f
#define HDLC_MULTICAST     0x8f
#define PPP_ADDRESS        0xff
#define PPP_CONTROL        0x03

enum {
	PPP_IP4 = 0x0021,
	PPP_IP6 = 0x0057,
	PPP_MPLS = 0x0281,
	PPP_MPLS_MULTICAST = 0x0283,
};

/*
 * Address and control octets may have been left out, and so may the first octet of the protocol
 * (RFC 1661, section 6.5 and RFC 1662, section 3): a protocol's last octet is odd, the one before
 * it even, and ff is no protocol.
 */
int
decode_ppp(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_peek(&l, 1);
	uint16_t protocol;

	if (h != NULL && h[0] == PPP_ADDRESS) {
		h = layer_take(&l, 2);
		if (h == NULL)
			return layer_short(&l, 2, DROP_PPPOE_TRUNCATED);
		if (h[1] != PPP_CONTROL)
			return DROP_ETHER_UNKNOWN;
	}
	h = layer_take(&l, 1);
	if (h == NULL)
		return layer_short(&l, 1, DROP_PPPOE_TRUNCATED);
	protocol = h[0];
	if ((protocol & 1) == 0) {
		h = layer_take(&l, 1);
		if (h == NULL)
			return layer_short(&l, 1, DROP_PPPOE_TRUNCATED);
		protocol = (uint16_t)(protocol << 8 | h[0]);
	}
	switch (protocol) {
	case PPP_IP4: return decode_ip4(d, l);
	case PPP_IP6: return decode_ip6(d, l);
	case PPP_MPLS:
	case PPP_MPLS_MULTICAST: return decode_mpls(d, l);
	default: return DROP_ETHER_UNKNOWN;
	}
}

/* The first octet tells Cisco's framing from PPP's. */
int
decode_hdlc(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_peek(&l, 1);

	if (h == NULL)
		return layer_short(&l, 1, DROP_LINK_TRUNCATED);
	if (h[0] == HDLC_UNICAST || h[0] == HDLC_MULTICAST)
		return decode_cisco_hdlc(d, l);
	return decode_ppp(d, l);
}

/* address 1, control 1, EtherType 2 */
int
decode_cisco_hdlc(struct decoding *d, struct layer l)
{
	const uint8_t *h = layer_take(&l, HDLC_SIZE);

	if (h == NULL)
		return layer_short(&l, HDLC_SIZE, DROP_LINK_TRUNCATED);
	if (h[0] != HDLC_UNICAST && h[0] != HDLC_MULTICAST)
		return DROP_LINK_MALFORMED;
	if (be16(h + 2) < ETHER_TYPE_MIN)
		return DROP_ETHER_UNKNOWN;
	return decode_ether_type(d, l, be16(h + 2));
}

/* Takes the header: version 4 bits, type 4 bits, code 1, session 2, length 2. */
static int
take_pppoe(struct layer *l, uint8_t *ret_code)
{
	const uint8_t *h = layer_take(l, PPPOE_SIZE);

	if (h == NULL)
		return layer_short(l, PPPOE_SIZE, DROP_PPPOE_TRUNCATED);
	if (h[0] != PPPOE_VERSION_TYPE || !layer_limit(l, be16(h + 4)))
		return DROP_PPPOE_MALFORMED;
	*ret_code = h[1];
	return VERDICT_NOT_IP;
}

/* A code other than 0 is discovery, which a capture of PPPoE alone (LINK_PPPOE) may hold too. */
int
decode_pppoe(struct decoding *d, struct layer l)
{
	uint8_t code = 0;
	int verdict = take_pppoe(&l, &code);

	if (verdict != VERDICT_NOT_IP || (code != 0 && d->p->ether_type == 0))
		return verdict;
	return code == 0 ? decode_ppp(d, l) : DROP_PPPOE_MALFORMED;
}

int
decode_pppoe_discovery(struct decoding *d, struct layer l)
{
	uint8_t code = 0;
	int verdict = take_pppoe(&l, &code);

	(void)d;
	return verdict == VERDICT_NOT_IP && code == 0 ? DROP_PPPOE_MALFORMED : verdict;
}
