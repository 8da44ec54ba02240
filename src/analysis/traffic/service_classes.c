/* SPDX-License-Identifier: ISC */
/* Service classes by number, and the way from a port to its class; see service_classes.h. */
#include "analysis/traffic/service_classes.h"

#include <string.h>

#include "obs/packet.h"

#define WELL_KNOWN     1024
#define TCP_KNOWN_REST 31
#define TCP_REST       57
#define UDP_KNOWN_REST 69
#define UDP_REST       85
#define CLASS_ICMP     88
#define CLASS_OTHER    95

const struct service_class SERVICE_CLASSES[SERVICE_CLASS_COUNT] = {
	[0] = { "tcp/80 (http)", 6, 80, BLOCK_TCP_KNOWN, GROUP_HTTP },
	[1] = { "tcp/443 (https)", 6, 443, BLOCK_TCP_KNOWN, GROUP_HTTPS },
	[2] = { "tcp/20 (ftp-data)", 6, 20, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[3] = { "tcp/21 (ftp)", 6, 21, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[4] = { "tcp/22 (ssh)", 6, 22, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[5] = { "tcp/23 (telnet)", 6, 23, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[6] = { "tcp/25 (smtp)", 6, 25, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[7] = { "tcp/53 (dns)", 6, 53, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[8] = { "tcp/110 (pop3)", 6, 110, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[9] = { "tcp/119 (nntp)", 6, 119, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[10] = { "tcp/139 (netbios)", 6, 139, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[11] = { "tcp/143 (imap)", 6, 143, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[12] = { "tcp/179 (bgp)", 6, 179, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[13] = { "tcp/445 (smb)", 6, 445, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[14] = { "tcp/465 (smtps)", 6, 465, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[15] = { "tcp/554 (rtsp)", 6, 554, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[16] = { "tcp/563 (nntps)", 6, 563, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[17] = { "tcp/587 (submission)", 6, 587, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[18] = { "tcp/853 (dns over tls)", 6, 853, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[19] = { "tcp/873 (rsync)", 6, 873, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[20] = { "tcp/990 (ftps)", 6, 990, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[21] = { "tcp/993 (imaps)", 6, 993, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[22] = { "tcp/995 (pop3s)", 6, 995, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[23] = { "tcp/389 (ldap)", 6, 389, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[24] = { "tcp/636 (ldaps)", 6, 636, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[25] = { "tcp/548 (afp)", 6, 548, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[26] = { "tcp/631 (ipp)", 6, 631, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[27] = { "tcp/843 (flash policy)", 6, 843, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[31] = { "tcp below 1024, others", 6, 0, BLOCK_TCP_KNOWN, GROUP_WELL_KNOWN },
	[32] = { "tcp/1935 (rtmp)", 6, 1935, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[33] = { "tcp/8080 (http)", 6, 8080, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[34] = { "tcp/8443 (https)", 6, 8443, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[35] = { "tcp/1119 (battle.net)", 6, 1119, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[36] = { "tcp/1723 (pptp)", 6, 1723, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[37] = { "tcp/1863 (msnp)", 6, 1863, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[38] = { "tcp/3074 (xbox)", 6, 3074, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[39] = { "tcp/3389 (rdp)", 6, 3389, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[40] = { "tcp/4662 (edonkey)", 6, 4662, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[41] = { "tcp/5060 (sip)", 6, 5060, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[42] = { "tcp/5222 (xmpp)", 6, 5222, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[43] = { "tcp/5223 (apple push)", 6, 5223, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[44] = { "tcp/5228 (google push)", 6, 5228, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[45] = { "tcp/5938 (teamviewer)", 6, 5938, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[46] = { "tcp/6346 (gnutella)", 6, 6346, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[47] = { "tcp/6699 (winmx)", 6, 6699, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[48] = { "tcp/6881 (bittorrent)", 6, 6881, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[49] = { "tcp/7743 (winny)", 6, 7743, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[50] = { "tcp/8000 (http)", 6, 8000, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[51] = { "tcp/8333 (bitcoin)", 6, 8333, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[52] = { "tcp/9001 (tor)", 6, 9001, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[53] = { "tcp/25565 (minecraft)", 6, 25565, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[57] = { "tcp 1024 and above, others", 6, 0, BLOCK_TCP_DYNAMIC, GROUP_DYNAMIC },
	[58] = { "udp/53 (dns)", 17, 53, BLOCK_UDP_KNOWN, GROUP_WELL_KNOWN },
	[59] = { "udp/443 (quic)", 17, 443, BLOCK_UDP_KNOWN, GROUP_QUIC },
	[60] = { "udp/123 (ntp)", 17, 123, BLOCK_UDP_KNOWN, GROUP_WELL_KNOWN },
	[61] = { "udp/161 (snmp)", 17, 161, BLOCK_UDP_KNOWN, GROUP_WELL_KNOWN },
	[62] = { "udp/500 (ike)", 17, 500, BLOCK_UDP_KNOWN, GROUP_WELL_KNOWN },
	[63] = { "udp/514 (syslog)", 17, 514, BLOCK_UDP_KNOWN, GROUP_WELL_KNOWN },
	[69] = { "udp below 1024, others", 17, 0, BLOCK_UDP_KNOWN, GROUP_WELL_KNOWN },
	[70] = { "udp/1194 (openvpn)", 17, 1194, BLOCK_UDP_DYNAMIC, GROUP_OTHER },
	[71] = { "udp/1701 (l2tp)", 17, 1701, BLOCK_UDP_DYNAMIC, GROUP_OTHER },
	[72] = { "udp/3074 (xbox)", 17, 3074, BLOCK_UDP_DYNAMIC, GROUP_OTHER },
	[73] = { "udp/3478 (stun)", 17, 3478, BLOCK_UDP_DYNAMIC, GROUP_OTHER },
	[74] = { "udp/3544 (teredo)", 17, 3544, BLOCK_UDP_DYNAMIC, GROUP_OTHER },
	[75] = { "udp/4500 (ipsec nat)", 17, 4500, BLOCK_UDP_DYNAMIC, GROUP_OTHER },
	[76] = { "udp/4672 (edonkey)", 17, 4672, BLOCK_UDP_DYNAMIC, GROUP_OTHER },
	[77] = { "udp/5060 (sip)", 17, 5060, BLOCK_UDP_DYNAMIC, GROUP_OTHER },
	[78] = { "udp/6881 (bittorrent)", 17, 6881, BLOCK_UDP_DYNAMIC, GROUP_OTHER },
	[79] = { "udp/27015 (steam)", 17, 27015, BLOCK_UDP_DYNAMIC, GROUP_OTHER },
	[80] = { "udp/51820 (wireguard)", 17, 51820, BLOCK_UDP_DYNAMIC, GROUP_OTHER },
	[85] = { "udp 1024 and above, others", 17, 0, BLOCK_UDP_DYNAMIC, GROUP_OTHER },
	[86] = { "ESP", 50, 0, BLOCK_PROTOCOL, GROUP_OTHER },
	[87] = { "GRE", 47, 0, BLOCK_PROTOCOL, GROUP_OTHER },
	[88] = { "ICMP", 1, 0, BLOCK_PROTOCOL, GROUP_OTHER },
	[89] = { "IPv6 in IPv4", 41, 0, BLOCK_PROTOCOL, GROUP_OTHER },
	[90] = { "IPv4 in IP", 4, 0, BLOCK_PROTOCOL, GROUP_OTHER },
	[91] = { "AH", 51, 0, BLOCK_PROTOCOL, GROUP_OTHER },
	[95] = { "other protocols", 0, 0, BLOCK_PROTOCOL, GROUP_OTHER },
};

const char *
service_group_name(enum service_group group)
{
	static const char *const names[GROUP_COUNT] = {
		[GROUP_HTTP] = "80/tcp",
		[GROUP_HTTPS] = "443/tcp",
		[GROUP_QUIC] = "443/udp",
		[GROUP_WELL_KNOWN] = "other below 1024",
		[GROUP_DYNAMIC] = "tcp 1024 and above",
		[GROUP_OTHER] = "other",
	};

	return names[group];
}

void
service_map_init(struct service_map *map)
{
	memset(map->ports[0], TCP_REST, sizeof map->ports[0]);
	memset(map->ports[1], UDP_REST, sizeof map->ports[1]);
	memset(map->ports[0], TCP_KNOWN_REST, WELL_KNOWN);
	memset(map->ports[1], UDP_KNOWN_REST, WELL_KNOWN);
	memset(map->protocols, CLASS_OTHER, sizeof map->protocols);
	for (unsigned i = 0; i < SERVICE_CLASS_COUNT; i++) {
		const struct service_class *class = &SERVICE_CLASSES[i];
		if (class->name == NULL || class->protocol == 0)
			continue;
		if (class->block == BLOCK_PROTOCOL)
			map->protocols[class->protocol] = (uint8_t)i;
		else if (class->port != 0)
			map->ports[class->protocol == IP_PROTOCOL_UDP][class->port] = (uint8_t)i;
	}
	map->protocols[IP_PROTOCOL_ICMPV6] = CLASS_ICMP;
}
