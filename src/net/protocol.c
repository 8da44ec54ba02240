/* SPDX-License-Identifier: ISC */
/* Names of protocols and services; see protocol.h.  Source of both: the IANA registries. */
#include "net/protocol.h"

#include <stdio.h>
#include <string.h>

static const struct {
	uint8_t number;
	const char *name;
} PROTOCOLS[] = {
	{ 0, "HOPOPT" },
	{ 1, "ICMP" },
	{ 2, "IGMP" },
	{ 4, "IPv4" },
	{ 6, "TCP" },
	{ 8, "EGP" },
	{ 9, "IGP" },
	{ 17, "UDP" },
	{ 27, "RDP" },
	{ 33, "DCCP" },
	{ 41, "IPv6" },
	{ 43, "IPv6-Route" },
	{ 44, "IPv6-Frag" },
	{ 46, "RSVP" },
	{ 47, "GRE" },
	{ 50, "ESP" },
	{ 51, "AH" },
	{ 58, "ICMPv6" },
	{ 59, "IPv6-NoNxt" },
	{ 60, "IPv6-Opts" },
	{ 88, "EIGRP" },
	{ 89, "OSPF" },
	{ 94, "IPIP" },
	{ 97, "ETHERIP" },
	{ 103, "PIM" },
	{ 108, "IPComp" },
	{ 112, "VRRP" },
	{ 115, "L2TP" },
	{ 124, "IS-IS" },
	{ 132, "SCTP" },
	{ 133, "FC" },
	{ 135, "Mobility" },
	{ 136, "UDPLite" },
	{ 137, "MPLS-in-IP" },
	{ 139, "HIP" },
	{ 140, "Shim6" },
};

static const struct {
	uint8_t protocol; /* 0: both TCP and UDP */
	uint16_t port;
	const char *name;
} SERVICES[] = {
	{ 0, 7, "echo" },
	{ 0, 9, "discard" },
	{ 0, 13, "daytime" },
	{ 0, 19, "chargen" },
	{ 6, 20, "ftp-data" },
	{ 6, 21, "ftp" },
	{ 6, 22, "ssh" },
	{ 6, 23, "telnet" },
	{ 6, 25, "smtp" },
	{ 0, 37, "time" },
	{ 6, 43, "whois" },
	{ 0, 53, "domain" },
	{ 17, 67, "bootps" },
	{ 17, 68, "bootpc" },
	{ 17, 69, "tftp" },
	{ 6, 70, "gopher" },
	{ 6, 79, "finger" },
	{ 6, 80, "http" },
	{ 17, 80, "http" },
	{ 0, 88, "kerberos" },
	{ 6, 110, "pop3" },
	{ 0, 111, "sunrpc" },
	{ 6, 113, "ident" },
	{ 6, 119, "nntp" },
	{ 17, 123, "ntp" },
	{ 0, 135, "epmap" },
	{ 17, 137, "netbios-ns" },
	{ 17, 138, "netbios-dgm" },
	{ 6, 139, "netbios-ssn" },
	{ 6, 143, "imap" },
	{ 17, 161, "snmp" },
	{ 17, 162, "snmptrap" },
	{ 6, 179, "bgp" },
	{ 6, 194, "irc" },
	{ 0, 389, "ldap" },
	{ 6, 443, "https" },
	{ 17, 443, "QUIC" },
	{ 6, 445, "microsoft-ds" },
	{ 6, 465, "submissions" },
	{ 17, 500, "isakmp" },
	{ 6, 514, "shell" },
	{ 17, 514, "syslog" },
	{ 6, 515, "printer" },
	{ 17, 520, "rip" },
	{ 17, 547, "dhcpv6-server" },
	{ 17, 546, "dhcpv6-client" },
	{ 6, 548, "afp" },
	{ 6, 554, "rtsp" },
	{ 6, 587, "submission" },
	{ 6, 631, "ipp" },
	{ 6, 636, "ldaps" },
	{ 6, 853, "domain-s" },
	{ 17, 853, "domain-s" },
	{ 6, 873, "rsync" },
	{ 6, 989, "ftps-data" },
	{ 6, 990, "ftps" },
	{ 6, 993, "imaps" },
	{ 6, 995, "pop3s" },
	{ 6, 1080, "socks" },
	{ 6, 1433, "ms-sql" },
	{ 17, 1434, "ms-sql-m" },
	{ 6, 1723, "pptp" },
	{ 17, 1812, "radius" },
	{ 17, 1900, "ssdp" },
	{ 6, 1935, "rtmp" },
	{ 0, 2049, "nfs" },
	{ 17, 2152, "gtp-user" },
	{ 6, 3306, "mysql" },
	{ 6, 3389, "ms-wbt-server" },
	{ 17, 3702, "ws-discovery" },
	{ 17, 4500, "ipsec-nat-t" },
	{ 17, 4789, "vxlan" },
	{ 0, 5060, "sip" },
	{ 6, 5061, "sips" },
	{ 17, 5353, "mdns" },
	{ 17, 5355, "llmnr" },
	{ 6, 5432, "postgresql" },
	{ 6, 5900, "rfb" },
	{ 6, 6379, "redis" },
	{ 17, 6081, "geneve" },
	{ 6, 6667, "irc" },
	{ 6, 8080, "http-alt" },
	{ 6, 8443, "https-alt" },
	{ 0, 11211, "memcached" },
};

const char *
protocol_name(uint8_t protocol, char *text, size_t size)
{
	for (size_t i = 0; i < sizeof PROTOCOLS / sizeof PROTOCOLS[0]; i++)
		if (PROTOCOLS[i].number == protocol)
			return PROTOCOLS[i].name;
	(void)snprintf(text, size, "protocol %u", protocol);
	return text;
}

/* Other names that collectors print. */
static const struct {
	uint8_t number;
	const char *name;
} ALIASES[] = {
	{ 4, "IPIP" },
	{ 33, "DCCP" },
	{ 43, "IP6Rt" },
	{ 44, "IP6Fr" },
	{ 58, "ICMP6" },
	{ 58, "IPv6-ICMP" },
	{ 59, "IP6No" },
	{ 60, "IP6Op" },
	{ 88, "EIGRP" },
	{ 89, "OSPF" },
	{ 103, "PIM" },
	{ 108, "PCOMP" },
	{ 112, "VRRP" },
	{ 115, "L2TP" },
	{ 124, "ISIS" },
	{ 132, "SCTP" },
	{ 136, "UDPli" },
	{ 137, "MPLS" },
};

/* One to three digits that make no more than 255. */
static bool
parse_number(const char *text, uint8_t *ret_number)
{
	unsigned value = 0;
	size_t count = 0;

	for (; text[count] >= '0' && text[count] <= '9' && count < 4; count++)
		value = value * 10 + (unsigned)(text[count] - '0');
	if (count == 0 || text[count] != '\0' || value > UINT8_MAX)
		return false;
	*ret_number = (uint8_t)value;
	return true;
}

bool
protocol_parse(const char *name, uint8_t *ret_protocol)
{
	for (size_t i = 0; i < sizeof PROTOCOLS / sizeof PROTOCOLS[0]; i++)
		if (strcasecmp(PROTOCOLS[i].name, name) == 0) {
			*ret_protocol = PROTOCOLS[i].number;
			return true;
		}
	for (size_t i = 0; i < sizeof ALIASES / sizeof ALIASES[0]; i++)
		if (strcasecmp(ALIASES[i].name, name) == 0) {
			*ret_protocol = ALIASES[i].number;
			return true;
		}
	return parse_number(name, ret_protocol);
}

const char *
service_name(uint8_t protocol, uint16_t port)
{
	for (size_t i = 0; i < sizeof SERVICES / sizeof SERVICES[0]; i++)
		if (SERVICES[i].port == port &&
		    (SERVICES[i].protocol == protocol || SERVICES[i].protocol == 0))
			return SERVICES[i].name;
	return NULL;
}
