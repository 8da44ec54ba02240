/* SPDX-License-Identifier: ISC */
/* What the numbers of the DNS are called: IANA "Domain Name System (DNS) Parameters"; see dns.h. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/dns.h"

struct number {
	uint16_t value;
	char name[DNS_NUMBER_TEXT_SIZE];
};

/* By value. */
static const struct number TYPES[] = {
	{ 1, "A" },
	{ 2, "NS" },
	{ 3, "MD" },
	{ 4, "MF" },
	{ 5, "CNAME" },
	{ 6, "SOA" },
	{ 7, "MB" },
	{ 8, "MG" },
	{ 9, "MR" },
	{ 10, "NULL" },
	{ 11, "WKS" },
	{ 12, "PTR" },
	{ 13, "HINFO" },
	{ 14, "MINFO" },
	{ 15, "MX" },
	{ 16, "TXT" },
	{ 17, "RP" },
	{ 18, "AFSDB" },
	{ 19, "X25" },
	{ 20, "ISDN" },
	{ 21, "RT" },
	{ 22, "NSAP" },
	{ 23, "NSAP-PTR" },
	{ 24, "SIG" },
	{ 25, "KEY" },
	{ 26, "PX" },
	{ 27, "GPOS" },
	{ 28, "AAAA" },
	{ 29, "LOC" },
	{ 30, "NXT" },
	{ 31, "EID" },
	{ 32, "NIMLOC" },
	{ 33, "SRV" },
	{ 34, "ATMA" },
	{ 35, "NAPTR" },
	{ 36, "KX" },
	{ 37, "CERT" },
	{ 38, "A6" },
	{ 39, "DNAME" },
	{ 40, "SINK" },
	{ 41, "OPT" },
	{ 42, "APL" },
	{ 43, "DS" },
	{ 44, "SSHFP" },
	{ 45, "IPSECKEY" },
	{ 46, "RRSIG" },
	{ 47, "NSEC" },
	{ 48, "DNSKEY" },
	{ 49, "DHCID" },
	{ 50, "NSEC3" },
	{ 51, "NSEC3PARAM" },
	{ 52, "TLSA" },
	{ 53, "SMIMEA" },
	{ 55, "HIP" },
	{ 56, "NINFO" },
	{ 57, "RKEY" },
	{ 58, "TALINK" },
	{ 59, "CDS" },
	{ 60, "CDNSKEY" },
	{ 61, "OPENPGPKEY" },
	{ 62, "CSYNC" },
	{ 63, "ZONEMD" },
	{ 64, "SVCB" },
	{ 65, "HTTPS" },
	{ 66, "DSYNC" },
	{ 67, "HHIT" },
	{ 68, "BRID" },
	{ 99, "SPF" },
	{ 100, "UINFO" },
	{ 101, "UID" },
	{ 102, "GID" },
	{ 103, "UNSPEC" },
	{ 104, "NID" },
	{ 105, "L32" },
	{ 106, "L64" },
	{ 107, "LP" },
	{ 108, "EUI48" },
	{ 109, "EUI64" },
	{ 128, "NXNAME" },
	{ 249, "TKEY" },
	{ 250, "TSIG" },
	{ 251, "IXFR" },
	{ 252, "AXFR" },
	{ 253, "MAILB" },
	{ 254, "MAILA" },
	{ 255, "ANY" },
	{ 256, "URI" },
	{ 257, "CAA" },
	{ 258, "AVC" },
	{ 259, "DOA" },
	{ 260, "AMTRELAY" },
	{ 261, "RESINFO" },
	{ 262, "WALLET" },
	{ 263, "CLA" },
	{ 264, "IPN" },
	{ 32768, "TA" },
	{ 32769, "DLV" },
};

static const struct number CLASSES[] = {
	{ 1, "IN" },
	{ 3, "CH" },
	{ 4, "HS" },
	{ 254, "NONE" },
	{ 255, "ANY" },
};

static const struct number RCODES[] = {
	{ 0, "NOERROR" },
	{ 1, "FORMERR" },
	{ 2, "SERVFAIL" },
	{ 3, "NXDOMAIN" },
	{ 4, "NOTIMP" },
	{ 5, "REFUSED" },
	{ 6, "YXDOMAIN" },
	{ 7, "YXRRSET" },
	{ 8, "NXRRSET" },
	{ 9, "NOTAUTH" },
	{ 10, "NOTZONE" },
	{ 11, "DSOTYPENI" },
	{ 16, "BADVERS" },
	{ 17, "BADKEY" },
	{ 18, "BADTIME" },
	{ 19, "BADMODE" },
	{ 20, "BADNAME" },
	{ 21, "BADALG" },
	{ 22, "BADTRUNC" },
	{ 23, "BADCOOKIE" },
};

static const struct number OPCODES[] = {
	{ 0, "QUERY" },
	{ 1, "IQUERY" },
	{ 2, "STATUS" },
	{ 4, "NOTIFY" },
	{ 5, "UPDATE" },
	{ 6, "DSO" },
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const char *
find_name(const struct number *table, size_t count, uint16_t value)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (table[middle].value == value)
			return table[middle].name;
		if (table[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static const char *
name_of(const struct number *table, size_t count, const char *prefix, uint16_t value,
    char text[DNS_NUMBER_TEXT_SIZE])
{
	const char *name = find_name(table, count, value);

	if (name != NULL)
		return name;
	(void)snprintf(text, DNS_NUMBER_TEXT_SIZE, "%s%u", prefix, value);
	return text;
}

const char *
dns_type_name(uint16_t type, char text[DNS_NUMBER_TEXT_SIZE])
{
	return name_of(TYPES, COUNT(TYPES), "TYPE", type, text);
}

const char *
dns_class_name(uint16_t class, char text[DNS_NUMBER_TEXT_SIZE])
{
	return name_of(CLASSES, COUNT(CLASSES), "CLASS", class, text);
}

const char *
dns_rcode_name(uint16_t rcode, char text[DNS_NUMBER_TEXT_SIZE])
{
	return name_of(RCODES, COUNT(RCODES), "RCODE", rcode, text);
}

const char *
dns_opcode_name(uint8_t opcode, char text[DNS_NUMBER_TEXT_SIZE])
{
	return name_of(OPCODES, COUNT(OPCODES), "OPCODE", opcode, text);
}

bool
dns_type_number(const char *name, uint16_t *ret_type)
{
	unsigned value = 0;
	const char *at = name + 4;

	for (size_t i = 0; i < COUNT(TYPES); i++)
		if (strcasecmp(name, TYPES[i].name) == 0) {
			*ret_type = TYPES[i].value;
			return true;
		}
	if (strncasecmp(name, "TYPE", 4) != 0 || *at == '\0')
		return false;
	for (; *at != '\0'; at++) {
		if (*at < '0' || *at > '9')
			return false;
		value = value * 10 + (unsigned)(*at - '0');
		if (value > UINT16_MAX)
			return false;
	}
	*ret_type = (uint16_t)value;
	return true;
}
