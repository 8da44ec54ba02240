/* SPDX-License-Identifier: ISC */
/* What kind of leak a name is; see collision.h. */
#include <string.h>

#include "analysis/dns/collision.h"

/*
 * RFC 6761 and later: IANA "Special-Use Domain Names".  ICANN: "internal" was reserved for private
 * use by its board on 2024-07-29; "corp", "home", "mail" were deferred indefinitely on 2018-02-04
 * after the New gTLD Program Committee had put them aside on 2014-07-30 (Interisle, "Name Collision
 * in the DNS", 2013).  "lan", "localdomain" and the like are what devices and operating systems put
 * into search lists by themselves; nobody has reserved them.
 */
static const struct collision_name NAMES[] = {
	{ "test", COLLISION_SPECIAL, "1999-06", "RFC 6761" },
	{ "localhost", COLLISION_SPECIAL, "1999-06", "RFC 6761" },
	{ "invalid", COLLISION_SPECIAL, "1999-06", "RFC 6761" },
	{ "example", COLLISION_SPECIAL, "1999-06", "RFC 6761" },
	{ "local", COLLISION_SPECIAL, "2013-02", "RFC 6762" },
	{ "onion", COLLISION_SPECIAL, "2015-10", "RFC 7686" },
	{ "alt", COLLISION_SPECIAL, "2023-09", "RFC 9476" },
	{ "internal", COLLISION_PRIVATE, "2024-07-29", "ICANN board" },
	{ "corp", COLLISION_HIGH_RISK, "2018-02-04", "ICANN board; aside since 2014-07-30" },
	{ "home", COLLISION_HIGH_RISK, "2018-02-04", "ICANN board; aside since 2014-07-30" },
	{ "mail", COLLISION_HIGH_RISK, "2018-02-04", "ICANN board; aside since 2014-07-30" },
};

size_t
collision_name_count(void)
{
	return ARRAY_COUNT(NAMES);
}

const struct collision_name *
collision_name_at(size_t number)
{
	return &NAMES[number];
}

size_t
collision_name_number(const struct collision_name *name)
{
	return (size_t)(name - NAMES);
}

const struct collision_name *
collision_name_find(const uint8_t *label, size_t size)
{
	for (size_t i = 0; i < ARRAY_COUNT(NAMES); i++)
		if (strlen(NAMES[i].label) == size && memcmp(NAMES[i].label, label, size) == 0)
			return &NAMES[i];
	return NULL;
}

const char *collision_class_name(enum collision_class class)
{
	static const char *const names[] = {
		[COLLISION_SPECIAL] = "special use",
		[COLLISION_PRIVATE] = "private use",
		[COLLISION_HIGH_RISK] = "high risk",
		[COLLISION_OTHER] = "not delegated",
		[COLLISION_GARBAGE] = "no host name",
	};

	return class < COLLISION_CLASS_COUNT ? names[class] : "";
}

static const struct {
	const char *name, *risk;
} SERVICES[] = {
	[SERVICE_WPAD] = { "wpad",
	    "hand out a web proxy to these clients and read what they send" },
	[SERVICE_ISATAP] = { "isatap", "become the IPv6 router of these hosts" },
	[SERVICE_DIRECTORY] = { "active directory",
	    "pose as their domain controller and receive logins" },
	[SERVICE_KERBEROS] = { "kerberos", "be asked for tickets" },
	[SERVICE_DISCOVERY] = { "service discovery", "advertise printers and shares to them" },
	[SERVICE_MAIL] = { "mail configuration", "receive mail passwords" },
	[SERVICE_SIP] = { "sip", "receive telephone registrations" },
};

const char *
collision_service_name(enum collision_service service)
{
	return SERVICES[service].name;
}

const char *
collision_service_risk(enum collision_service service)
{
	return SERVICES[service].risk;
}

static bool
is_letter(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

enum collision_class
collision_classify(const uint8_t *label, size_t size)
{
	const struct collision_name *known = collision_name_find(label, size);
	size_t digits = 0;

	if (known != NULL)
		return known->class;
	for (size_t i = 0; i < size; i++) {
		bool digit = label[i] >= '0' && label[i] <= '9';
		if (!digit && !is_letter(label[i]) && label[i] != '-' && label[i] != '_')
			return COLLISION_GARBAGE;
		digits += digit;
	}
	return digits == size ? COLLISION_GARBAGE : COLLISION_OTHER;
}

bool
collision_is_random_single(const struct dns_message *m)
{
	if (m->labels != 1 || m->name[0] < 7 || m->name[0] > 15)
		return false;
	for (size_t i = 1; i <= m->name[0]; i++)
		if (!is_letter(m->name[i]))
			return false;
	/* What people and programs name is no random word. */
	return collision_name_find(m->name + 1, m->name[0]) == NULL;
}

static bool
label_is(const uint8_t *label, const char *text)
{
	return label[0] == strlen(text) && memcmp(label + 1, text, label[0]) == 0;
}

/* By any of its labels that names a service. */
static enum collision_service
service_of_label(const uint8_t *label)
{
	static const struct {
		const char *label;
		enum collision_service service;
	} labels[] = {
		{ "_msdcs", SERVICE_DIRECTORY },
		{ "_ldap", SERVICE_DIRECTORY },
		{ "_gc", SERVICE_DIRECTORY },
		{ "_kerberos", SERVICE_KERBEROS },
		{ "_kpasswd", SERVICE_KERBEROS },
		{ "_dns-sd", SERVICE_DISCOVERY },
		{ "_autodiscover", SERVICE_MAIL },
		{ "_sip", SERVICE_SIP },
		{ "_sips", SERVICE_SIP },
	};

	if (label[0] < 3 || label[1] != '_')
		return SERVICE_COUNT;
	for (size_t i = 0; i < ARRAY_COUNT(labels); i++)
		if (label_is(label, labels[i].label))
			return labels[i].service;
	return SERVICE_COUNT;
}

enum collision_service
collision_service_of(const uint8_t *name, size_t size)
{
	enum collision_service found = SERVICE_COUNT;

	if (label_is(name, "wpad"))
		return SERVICE_WPAD;
	if (label_is(name, "isatap"))
		return SERVICE_ISATAP;
	if (label_is(name, "autodiscover") || label_is(name, "autoconfig"))
		return SERVICE_MAIL;
	if (label_is(name, "sipinternal") || label_is(name, "sipexternal"))
		return SERVICE_SIP;
	/* "_kerberos._tcp.dc._msdcs" is Kerberos: the leftmost decides. */
	for (size_t at = 0; at < size && name[at] != 0 && found == SERVICE_COUNT;
	     at += 1 + (size_t)name[at])
		found = service_of_label(name + at);
	return found;
}

/* Top-level names under which names of four and more labels are common as whole names; others
 * ("cloud", "app") are also words of internal names. */
static bool
is_classic(const uint8_t *label)
{
	static const char *const names[] = { "com", "net", "org", "edu", "gov", "mil", "int",
		"info", "biz", "arpa" };

	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		if (label_is(label, names[i]))
			return true;
	return false;
}

size_t
collision_search_list(
    const struct suffix_list *suffixes, const uint8_t *name, size_t size, size_t tld_offset)
{
	unsigned before = 0;

	for (size_t at = 0; at < tld_offset; at += 1 + (size_t)name[at], before++) {
		const uint8_t country[4] = { 2, name[at + 1], name[at + 2], 0 };
		if (before == 0 || at + 3 > size)
			continue;
		if (is_classic(name + at) ||
		    (before >= 3 && name[at] == 2 && suffix_is_delegated(suffixes, country, 4)))
			return at + 1 + name[at];
	}
	return 0;
}
