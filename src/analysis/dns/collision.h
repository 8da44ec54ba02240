/* SPDX-License-Identifier: ISC */
/*
 * Names of the inside that are asked outside: what kind of leak a name is.
 */
#ifndef YAGURA_ANALYSIS_DNS_COLLISION_H
#define YAGURA_ANALYSIS_DNS_COLLISION_H

#include "analysis/analysis.h"
#include "obs/dns.h"

/* Kinds of undelegated top-level names. */
enum collision_class {
	COLLISION_SPECIAL = 0, /* reserved by an RFC: it should never reach the DNS */
	COLLISION_PRIVATE,     /* reserved by ICANN for private use */
	COLLISION_HIGH_RISK,   /* never to be delegated: too much is asked for */
	COLLISION_OTHER,       /* not delegated */
	COLLISION_GARBAGE,     /* digits alone, or octets that no host name has */
	COLLISION_CLASS_COUNT,
};

/* What a leaked name asks for. */
enum collision_service {
	SERVICE_WPAD = 0,  /* a web proxy (draft-ietf-wrec-wpad-01) */
	SERVICE_ISATAP,    /* a tunnel router (RFC 5214) */
	SERVICE_DIRECTORY, /* Active Directory: _ldap._tcp, _gc._tcp, _msdcs */
	SERVICE_KERBEROS,  /* _kerberos, _kpasswd */
	SERVICE_DISCOVERY, /* DNS-SD browsing: b._dns-sd._udp … (RFC 6763, section 11) */
	SERVICE_MAIL,      /* autodiscover, autoconfig, _autodiscover._tcp */
	SERVICE_SIP,       /* _sip._udp, _sips._tcp, sipinternal */
	SERVICE_COUNT,
};

/* A top-level name that is known to be special. */
struct collision_name {
	const char *label;
	enum collision_class class;
	const char *since;  /* date of the decision, YYYY-MM-DD or YYYY-MM */
	const char *source; /* RFC or decision */
};

/* "special-use", "private-use", … */
const char *collision_class_name(enum collision_class class);
/* "wpad", "isatap", "active directory", … */
const char *collision_service_name(enum collision_service service);
/* What whoever got the delegation could do. */
const char *collision_service_risk(enum collision_service service);

/* The entry of a last label (without its length octet), or NULL. */
const struct collision_name *collision_name_find(const uint8_t *label, size_t size);
/* The number of all of them, and one by its number. */
size_t collision_name_count(void);
const struct collision_name *collision_name_at(size_t number);
/* Its number among them. */
size_t collision_name_number(const struct collision_name *name);

enum collision_class collision_classify(const uint8_t *label, size_t size);

/* One label of 7 to 15 letters: what Chromium asks to find out whether somebody rewrites NXDOMAIN
 * (net/base intranet redirect detector). */
bool collision_is_random_single(const struct dns_message *m);

/* The services that a name asks for; SERVICE_COUNT for none. */
enum collision_service collision_service_of(const uint8_t *name, size_t size);

/*
 * Where in the name a wrong search list begins: "www.example.com.corp" was a whole name before
 * ".corp" was put behind it.  0 when there is none.
 */
size_t collision_search_list(
    const struct suffix_list *suffixes, const uint8_t *name, size_t size, size_t tld_offset);

/* Tables of the analysis, for its section. */
extern const struct table COLLISION_TABLES[];
enum {
	COLLISION_SUFFIXES,
	COLLISION_SEARCH,
	COLLISION_CLIENTS,
	COLLISION_ANSWERS,
	COLLISION_NEW,
	COLLISION_TOTALS,
	COLLISION_TABLE_COUNT,
};

#define COLLISION_PRECISION 8 /* of its sketches: 6.5 % */

enum err
collision_section(const struct section_context *c, struct section *s, struct err_info *info);

#endif
