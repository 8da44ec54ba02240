/* SPDX-License-Identifier: ISC */
/*
 * The policy: rules checked, entries kept; see rpz.h.
 */
#include "report/rpz.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "net/dns.h"
#include "obs/dns.h"

/* Prefixes that are wider than these take in other people's networks whatever a list says. */
#define LEAST_LENGTH_IPV4 8
#define LEAST_LENGTH_IPV6 19 /* the largest allocation to one organisation so far */

#define TTL_MOST 604800

static const char *const ACTION_NAMES[RPZ_ACTIONS] = {
	[RPZ_NXDOMAIN] = "nxdomain",
	[RPZ_NODATA] = "nodata",
	[RPZ_PASSTHRU] = "passthru",
	[RPZ_DROP] = "drop",
	[RPZ_TCP_ONLY] = "tcp-only",
	[RPZ_LOCAL] = "local",
};

static const char *const TRIGGER_NAMES[RPZ_TRIGGERS] = {
	[RPZ_QNAME] = "qname",
	[RPZ_CLIENT_IP] = "client-ip",
	[RPZ_RESPONSE_IP] = "response-ip",
	[RPZ_NSDNAME] = "nsdname",
	[RPZ_NSIP] = "nsip",
};

const char *
rpz_action_name(enum rpz_action action)
{
	return ACTION_NAMES[action];
}

const char *
rpz_trigger_name(enum rpz_trigger trigger)
{
	return TRIGGER_NAMES[trigger];
}

bool
rpz_action_find(const char *name, enum rpz_action *ret_action)
{
	for (enum rpz_action i = 0; i < RPZ_ACTIONS; i++) {
		if (strcasecmp(ACTION_NAMES[i], name) == 0) {
			*ret_action = i;
			return true;
		}
	}
	return false;
}

static bool
has_name(enum rpz_trigger trigger)
{
	return trigger == RPZ_QNAME || trigger == RPZ_NSDNAME;
}

/* --- life ------------------------------------------------------------------------------------- */

enum err
rpz_new(const struct rpz_options *options, struct rpz **ret_rpz, struct err_info *info)
{
	struct rpz *rpz = xcalloc(1, sizeof *rpz);
	enum err e = dns_name_parse(options->origin, rpz->origin, &rpz->origin_size, info);

	rpz->options = *options;
	if (e == ERR_OK && rpz->origin_size == 1)
		e = err_set(info, ERR_FORMAT, "the root is no place for a policy zone");
	if (e != ERR_OK) {
		free(rpz);
		return e;
	}
	*ret_rpz = rpz;
	return ERR_OK;
}

void
rpz_records_release(struct rpz_records *records)
{
	for (size_t i = 0; i < records->count; i++)
		free(records->all[i].data);
	free(records->all);
	*records = (struct rpz_records){ 0 };
}

static void
release_entry(struct rpz_entry *entry)
{
	rpz_records_release(&entry->records);
	free(entry->name);
	free(entry->case_id);
	free(entry->source);
}

void
rpz_free(struct rpz *rpz)
{
	if (rpz == NULL)
		return;
	for (size_t i = 0; i < rpz->entry_count; i++)
		release_entry(&rpz->entries[i]);
	for (size_t i = 0; i < rpz->reject_count; i++) {
		free(rpz->rejects[i].what);
		free(rpz->rejects[i].source);
		free(rpz->rejects[i].reason);
	}
	for (size_t i = 0; i < RPZ_TRIGGERS; i++) {
		prefix_set_free(rpz->sets[i]);
		free(rpz->set_entries[i]);
	}
	rpz_records_release(&rpz->garden);
	free(rpz->entries);
	free(rpz->index);
	free(rpz->rejects);
	free(rpz->allowed);
	free(rpz);
}

struct rpz_rule
rpz_rule_default(const struct rpz *rpz, const char *source)
{
	const struct rpz_options *o = &rpz->options;

	return (struct rpz_rule){
		.action = o->action,
		.itself = true,
		.below = o->below,
		.ttl = o->ttl,
		.expires = o->keep != 0 ? o->now + o->keep : 0,
		.case_id = "",
		.source = source,
	};
}

/* --- text ------------------------------------------------------------------------------------- */

/* "32.7.2.0.192" */
static void
ipv4_labels(const struct prefix *p, char *text, size_t size)
{
	const uint8_t *o = p->address.octets + 12;

	(void)snprintf(text, size, "%u.%u.%u.%u.%u", p->length, o[3], o[2], o[1], o[0]);
}

/*
 * "48.zz.1.db8.2001": groups of 16 bits from the last to the first, "zz" for the longest run of at
 * least two that are zero, the one nearest to the host bits when there are several.  BIND takes any
 * other spelling for a mistake.
 */
static void
ipv6_labels(const struct prefix *p, char *text, size_t size)
{
	unsigned words[8];
	int best = -1, best_count = 1, count = 0, at;

	for (int i = 0; i < 8; i++) {
		const uint8_t *o = p->address.octets + 14 - (size_t)i * 2;
		words[i] = (unsigned)o[0] << 8 | o[1];
		count = words[i] == 0 ? count + 1 : 0;
		if (count > best_count) {
			best_count = count;
			best = i + 1 - count;
		}
	}
	at = snprintf(text, size, "%u", p->length);
	for (int i = 0; i < 8 && at > 0 && (size_t)at < size; i++) {
		if (i == best) {
			at += snprintf(text + at, size - (size_t)at, ".zz");
			i += best_count - 1;
		} else {
			at += snprintf(text + at, size - (size_t)at, ".%x", words[i]);
		}
	}
}

char *
rpz_owner(const struct rpz_entry *entry, char text[RPZ_OWNER_SIZE])
{
	static const char *const SUFFIXES[RPZ_TRIGGERS] = {
		[RPZ_QNAME] = "",
		[RPZ_CLIENT_IP] = ".rpz-client-ip",
		[RPZ_RESPONSE_IP] = ".rpz-ip",
		[RPZ_NSDNAME] = ".rpz-nsdname",
		[RPZ_NSIP] = ".rpz-nsip",
	};
	char base[DNS_NAME_TEXT_SIZE];

	if (has_name(entry->trigger))
		dns_name_text(entry->name, entry->name_size, base);
	else if (address_is_ipv4(&entry->prefix.address))
		ipv4_labels(&entry->prefix, base, sizeof base);
	else
		ipv6_labels(&entry->prefix, base, sizeof base);
	(void)snprintf(text, RPZ_OWNER_SIZE, "%s%s%s", entry->wildcard ? "*." : "", base,
	    SUFFIXES[entry->trigger]);
	return text;
}

/* --- rejects ---------------------------------------------------------------------------------- */

static void
keep_reject(struct rpz *rpz, const char *what, const char *source, const char *reason)
{
	rpz->rejects = xrealloc_array(rpz->rejects, rpz->reject_count + 1, sizeof *rpz->rejects);
	rpz->rejects[rpz->reject_count++] =
	    (struct rpz_reject){ xstrdup(what), xstrdup(source), xstrdup(reason) };
}

void
rpz_reject(struct rpz *rpz, const char *what, const char *source, const char *format, ...)
{
	char reason[400];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(reason, sizeof reason, format, arguments);
	va_end(arguments);
	keep_reject(rpz, what, source, reason);
}

/* --- checks ----------------------------------------------------------------------------------- */

/* Names that no registry will ever delegate (RFC 6761, 6762, 7686, 8375, 9476; "internal", "corp",
 * "home" and "mail" by ICANN): what of these leaves a site is a mistake, and may be stopped. */
static const char *const NEVER_DELEGATED[] = { "alt", "corp", "example", "home", "internal",
	"invalid", "lan", "local", "localdomain", "localhost", "mail", "onion", "test" };

static bool
is_never_delegated(const uint8_t *name)
{
	for (size_t i = 0; i < sizeof NEVER_DELEGATED / sizeof NEVER_DELEGATED[0]; i++)
		if (strlen(NEVER_DELEGATED[i]) == name[0] &&
		    memcmp(NEVER_DELEGATED[i], name + 1, name[0]) == 0)
			return true;
	return false;
}

/* Whether anybody may register below the name.  Every TLD is its own suffix by the list's default
 * rule, also one that does not exist: a search list's "corp" can be stopped all the same. */
static bool
is_public(const struct rpz *rpz, const struct rpz_rule *rule)
{
	const struct suffix_list *list = rpz->options.suffixes;

	if (dns_name_labels(rule->name, rule->name_size) == 1)
		return !is_never_delegated(rule->name) &&
		       (list == NULL || suffix_is_delegated(list, rule->name, rule->name_size));
	return suffix_is_public(list, rule->name, rule->name_size);
}

/* Whether a rule for a name meets `name` or what is below it. */
static bool
meets(const struct rpz_rule *rule, const uint8_t *name, size_t size)
{
	return dns_name_below(rule->name, rule->name_size, name, size) ||
	       (rule->below && dns_name_below(name, size, rule->name, rule->name_size));
}

static const char *
check_zones(const struct rpz *rpz, const struct rpz_rule *rule)
{
	const struct site *site = rpz->options.site;

	for (size_t i = 0; i < site->zone_count; i++)
		if (meets(rule, site->zones[i].name, site->zones[i].size))
			return "it meets a zone of one's own (site.authoritative_zones)";
	return NULL;
}

/* "rpz-ip" as the last label would make an address of a name. */
static bool
is_reserved(const struct rpz_rule *rule)
{
	static const char *const LABELS[] = { "rpz-ip", "rpz-client-ip", "rpz-nsdname",
		"rpz-nsip" };
	size_t at = 0, last = 0;

	for (; at < rule->name_size && rule->name[at] != 0; at += 1 + (size_t)rule->name[at])
		last = at;
	for (size_t i = 0; i < sizeof LABELS / sizeof LABELS[0]; i++)
		if (strlen(LABELS[i]) == rule->name[last] &&
		    memcmp(LABELS[i], rule->name + last + 1, rule->name[last]) == 0)
			return true;
	return false;
}

static bool
has_asterisk(const struct rpz_rule *rule)
{
	for (size_t at = 0; at < rule->name_size && rule->name[at] != 0;
	     at += 1 + (size_t)rule->name[at])
		if (rule->name[at] == 1 && rule->name[at + 1] == '*')
			return true;
	return false;
}

static const char *
check_name(const struct rpz *rpz, const struct rpz_rule *rule)
{
	size_t size = rule->name_size + rpz->origin_size - 1 + (rule->below ? 2U : 0U) +
		      (rule->trigger == RPZ_NSDNAME ? 1U + strlen("rpz-nsdname") : 0U);

	if (rule->name_size <= 1)
		return "it is the root";
	if (size > 255)
		return "with the zone's name it is above 255 octets";
	if (is_reserved(rule))
		return "its last label means something else in a policy zone";
	if (has_asterisk(rule))
		return "* is a wildcard only as the first label";
	/* What leaves an answer alone may be about anything. */
	if (rule->action == RPZ_PASSTHRU)
		return NULL;
	if (is_public(rpz, rule))
		return "it is a public suffix";
	return check_zones(rpz, rule);
}

static bool
overlap(const struct prefix *a, const struct prefix *b)
{
	return prefix_contains(a, &b->address) || prefix_contains(b, &a->address);
}

static const char *
check_prefix(const struct rpz *rpz, const struct rpz_rule *rule)
{
	const struct site *site = rpz->options.site;
	unsigned least =
	    address_is_ipv4(&rule->prefix.address) ? LEAST_LENGTH_IPV4 : LEAST_LENGTH_IPV6;

	if (rule->prefix.length < least)
		return "the prefix is too wide";
	if (rule->action == RPZ_PASSTHRU || rule->trigger == RPZ_CLIENT_IP)
		return NULL;
	for (size_t i = 0; i < site->own_prefix_count; i++)
		if (overlap(&rule->prefix, &site->own_prefixes[i]))
			return "it meets a prefix of one's own (site.own_prefixes)";
	return NULL;
}

static const char *
check_allowed(const struct rpz *rpz, const struct rpz_rule *rule)
{
	if (rule->action == RPZ_PASSTHRU)
		return NULL;
	for (size_t i = 0; i < rpz->allowed_count; i++) {
		const struct rpz_rule *a = &rpz->allowed[i];
		if (has_name(rule->trigger) != has_name(a->trigger))
			continue;
		if (has_name(rule->trigger) ? meets(rule, a->name, a->name_size)
					    : overlap(&rule->prefix, &a->prefix))
			return "it meets the allow list";
	}
	return NULL;
}

/* Letters, digits and hyphens, as servers ask of owners of addresses (RFC 1123, 2.1). */
static bool
is_host(const struct rpz_rule *rule)
{
	for (size_t at = 0; at < rule->name_size && rule->name[at] != 0;
	     at += 1 + (size_t)rule->name[at]) {
		for (size_t i = 1; i <= rule->name[at]; i++) {
			uint8_t c = rule->name[at + i];
			bool edge = i == 1 || i == rule->name[at];
			if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
			    (c != '-' || edge))
				return false;
		}
	}
	return true;
}

static const char *
check_records(const struct rpz_rule *rule, const struct rpz_records *records)
{
	bool address = false, other = false;

	if (rule->action != RPZ_LOCAL)
		return NULL;
	if (records->count == 0)
		return "local data are wanted, and there are none (data, or a garden)";
	for (size_t i = 0; i < records->count; i++) {
		bool cname = strcmp(records->all[i].type, "CNAME") == 0;
		address |= records->all[i].type[0] == 'A';
		other |= !cname;
		if (cname && (other || records->count > 1))
			return "a CNAME stands alone";
	}
	if (address && has_name(rule->trigger) && !is_host(rule))
		return "servers refuse an address at what is no host name";
	return NULL;
}

static const struct rpz_records *
records_of(const struct rpz *rpz, const struct rpz_rule *rule)
{
	return rule->records != NULL && rule->records->count != 0 ? rule->records : &rpz->garden;
}

/* Why a rule is refused, or NULL. */
static const char *
check(const struct rpz *rpz, const struct rpz_rule *rule)
{
	const char *reason =
	    has_name(rule->trigger) ? check_name(rpz, rule) : check_prefix(rpz, rule);

	if (reason == NULL)
		reason = check_allowed(rpz, rule);
	if (reason == NULL)
		reason = check_records(rule, records_of(rpz, rule));
	if (reason == NULL && rule->ttl > TTL_MOST)
		reason = "its TTL is above a week";
	return reason;
}

/* --- entries ---------------------------------------------------------------------------------- */

static uint64_t
hash_owner(enum rpz_trigger trigger, bool wildcard, const uint8_t *name, size_t size,
    const struct prefix *prefix)
{
	uint8_t key[2 + 255];

	key[0] = (uint8_t)((unsigned)trigger << 1 | wildcard);
	if (has_name(trigger)) {
		memcpy(key + 1, name, size);
		return dns_hash(key, 1 + size);
	}
	key[1] = prefix->length;
	memcpy(key + 2, prefix->address.octets, 16);
	return dns_hash(key, 18);
}

static uint64_t
hash_entry(const struct rpz_entry *e)
{
	return hash_owner(e->trigger, e->wildcard, e->name, e->name_size, &e->prefix);
}

static bool
same_owner(const struct rpz_entry *a, const struct rpz_entry *b)
{
	if (a->trigger != b->trigger || a->wildcard != b->wildcard)
		return false;
	if (has_name(a->trigger))
		return a->name_size == b->name_size && memcmp(a->name, b->name, a->name_size) == 0;
	return a->prefix.length == b->prefix.length &&
	       address_equal(&a->prefix.address, &b->prefix.address);
}

/* Makes the index anew, for twice the entries there are. */
static void
index_all(struct rpz *rpz)
{
	size_t size = 64;

	while (size < rpz->entry_count * 4)
		size *= 2;
	free(rpz->index);
	rpz->index = xcalloc(size, sizeof *rpz->index);
	rpz->index_size = size;
	for (size_t i = 0; i < rpz->entry_count; i++) {
		size_t at = hash_entry(&rpz->entries[i]) & (size - 1);
		while (rpz->index[at] != 0)
			at = (at + 1) & (size - 1);
		rpz->index[at] = (uint32_t)i + 1;
	}
}

static struct rpz_entry *
find_entry(const struct rpz *rpz, const struct rpz_entry *like)
{
	size_t mask = rpz->index_size - 1;

	if (rpz->index_size == 0)
		return NULL;
	for (size_t at = hash_entry(like) & mask; rpz->index[at] != 0; at = (at + 1) & mask)
		if (same_owner(&rpz->entries[rpz->index[at] - 1], like))
			return &rpz->entries[rpz->index[at] - 1];
	return NULL;
}

static struct rpz_records
copy_records(const struct rpz_records *records)
{
	struct rpz_records copy = { .count = records->count };

	if (records->count == 0)
		return copy;
	copy.all = xcalloc(records->count, sizeof *copy.all);
	for (size_t i = 0; i < records->count; i++)
		copy.all[i] =
		    (struct rpz_record){ records->all[i].type, xstrdup(records->all[i].data) };
	return copy;
}

static bool
same_policy(const struct rpz_entry *a, const struct rpz_entry *b)
{
	if (a->action != b->action || a->records.count != b->records.count)
		return false;
	for (size_t i = 0; i < a->records.count; i++)
		if (strcmp(a->records.all[i].type, b->records.all[i].type) != 0 ||
		    strcmp(a->records.all[i].data, b->records.all[i].data) != 0)
			return false;
	return true;
}

/* Two rules for one owner: the first holds; alike, it holds as long as either. */
static void
merge_entry(struct rpz *rpz, struct rpz_entry *old, struct rpz_entry *entry)
{
	char owner[RPZ_OWNER_SIZE];

	if (!same_policy(old, entry))
		rpz_reject(rpz, rpz_owner(entry, owner), entry->source, "%s says %s already",
		    old->source, ACTION_NAMES[old->action]);
	else if (old->expires != 0 && (entry->expires == 0 || entry->expires > old->expires))
		old->expires = entry->expires;
	release_entry(entry);
}

static void
add_entry(struct rpz *rpz, const struct rpz_rule *rule, bool wildcard)
{
	struct rpz_entry entry = {
		.trigger = rule->trigger,
		.action = rule->action,
		.wildcard = wildcard,
		.prefix = rule->prefix,
		.ttl = rule->ttl,
		.expires = rule->expires,
		.case_id = xstrdup(rule->case_id),
		.source = xstrdup(rule->source),
	};
	struct rpz_entry *old;

	if (has_name(rule->trigger)) {
		entry.name_size = rule->name_size;
		entry.name = xmalloc(rule->name_size);
		memcpy(entry.name, rule->name, rule->name_size);
	}
	if (rule->action == RPZ_LOCAL)
		entry.records = copy_records(records_of(rpz, rule));
	old = find_entry(rpz, &entry);
	if (old != NULL) {
		merge_entry(rpz, old, &entry);
		return;
	}
	if (rpz->entry_count == rpz->entry_room) {
		rpz->entry_room = rpz->entry_room * 2 + 64;
		rpz->entries = xrealloc_array(rpz->entries, rpz->entry_room, sizeof *rpz->entries);
	}
	rpz->entries[rpz->entry_count++] = entry;
	if (rpz->entry_count * 2 > rpz->index_size) {
		index_all(rpz);
		return;
	}
	size_t at = hash_entry(&entry) & (rpz->index_size - 1);
	while (rpz->index[at] != 0)
		at = (at + 1) & (rpz->index_size - 1);
	rpz->index[at] = (uint32_t)rpz->entry_count;
}

/* The wildcard over a name, from its parent on. */
static const struct rpz_entry *
find_wildcard(const struct rpz *rpz, const uint8_t *name, size_t size)
{
	struct rpz_entry like = { .trigger = RPZ_QNAME, .wildcard = true };

	for (size_t at = 1 + (size_t)name[0]; at < size; at += 1 + (size_t)name[at]) {
		const struct rpz_entry *found;
		/* Only looked at. */
		like.name = (uint8_t *)name + at;
		like.name_size = (uint8_t)(size - at);
		found = find_entry(rpz, &like);
		if (found != NULL)
			return found;
	}
	return NULL;
}

/* Gives the names from `name` up to its wildcard the same policy, with all below them, where they
 * have none. */
static void
close_hole(struct rpz *rpz, const uint8_t *name, size_t size)
{
	const struct rpz_entry *over = find_wildcard(rpz, name, size);

	while (over != NULL && size > over->name_size) {
		struct rpz_records records = copy_records(&over->records);
		struct rpz_rule rule = {
			.trigger = RPZ_QNAME,
			.action = over->action,
			.name_size = (uint8_t)size,
			.records = &records,
			.ttl = over->ttl,
			.expires = over->expires,
			.case_id = over->case_id, /* owned by the entry: stays when entries move */
			.source = over->source,
		};
		memcpy(rule.name, name, size);
		/* Where servers would refuse the records the hole stays. */
		bool fits = check_records(&rule, &records) == NULL;
		for (int wildcard = 0; wildcard < 2 && fits; wildcard++) {
			struct rpz_entry like = { .trigger = RPZ_QNAME,
				.wildcard = wildcard != 0,
				.name = rule.name,
				.name_size = rule.name_size };
			if (find_entry(rpz, &like) == NULL)
				add_entry(rpz, &rule, wildcard != 0);
		}
		rpz_records_release(&records);
		size -= 1 + (size_t)name[0];
		name += 1 + (size_t)name[0];
		over = find_wildcard(rpz, name, size);
	}
}

void
rpz_close_holes(struct rpz *rpz)
{
	for (size_t i = 0, all = rpz->entry_count; i < all; i++) {
		uint8_t name[255];
		size_t size = rpz->entries[i].name_size;
		if (rpz->entries[i].trigger != RPZ_QNAME)
			continue;
		memcpy(name, rpz->entries[i].name, size);
		close_hole(rpz, name, size);
	}
}

/* What a rule is about, for people. */
static void
describe(const struct rpz_rule *rule, char text[RPZ_OWNER_SIZE])
{
	if (has_name(rule->trigger)) {
		char name[DNS_NAME_TEXT_SIZE];
		(void)snprintf(text, RPZ_OWNER_SIZE, "%s%s", rule->itself ? "" : "*.",
		    dns_name_text(rule->name, rule->name_size, name));
	} else {
		(void)prefix_format(&rule->prefix, text);
	}
}

void
rpz_add(struct rpz *rpz, const struct rpz_rule *rule)
{
	const char *reason = check(rpz, rule);
	char what[RPZ_OWNER_SIZE], when[40];

	if (reason != NULL) {
		describe(rule, what);
		keep_reject(rpz, what, rule->source, reason);
		return;
	}
	if (rule->expires != 0 && rule->expires <= rpz->options.now) {
		describe(rule, what);
		rpz_reject(rpz, what, rule->source, "it expired at %s",
		    clock_format(rule->expires, 0, when, sizeof when));
		rpz->expired++;
		return;
	}
	if (rule->itself || !has_name(rule->trigger))
		add_entry(rpz, rule, false);
	if (rule->below && has_name(rule->trigger))
		add_entry(rpz, rule, true);
}

enum err
rpz_allow(struct rpz *rpz, const char *text, struct err_info *info)
{
	struct rpz_rule rule = { .itself = true, .below = true };
	enum err e = rpz_indicator(text, &rule, info);

	if (e != ERR_OK)
		return e;
	rpz->allowed = xrealloc_array(rpz->allowed, rpz->allowed_count + 1, sizeof *rpz->allowed);
	rpz->allowed[rpz->allowed_count++] = rule;
	return ERR_OK;
}

enum err
rpz_garden(struct rpz *rpz, const char *text, struct err_info *info)
{
	return rpz_record_parse(text, &rpz->garden, info);
}

/* --- order ------------------------------------------------------------------------------------ */

static int
compare_entries(const void *a, const void *b)
{
	const struct rpz_entry *x = a;
	const struct rpz_entry *y = b;
	char one[RPZ_OWNER_SIZE], other[RPZ_OWNER_SIZE];
	int order;

	if (x->trigger != y->trigger)
		return x->trigger < y->trigger ? -1 : 1;
	if (has_name(x->trigger)) {
		order = strcmp(dns_name_text(x->name, x->name_size, one),
		    dns_name_text(y->name, y->name_size, other));
		return order != 0 ? order : x->wildcard - y->wildcard;
	}
	order = address_compare(&x->prefix.address, &y->prefix.address);
	return order != 0 ? order : x->prefix.length - y->prefix.length;
}

void
rpz_sort(struct rpz *rpz)
{
	if (rpz->entry_count == 0)
		return;
	qsort(rpz->entries, rpz->entry_count, sizeof *rpz->entries, compare_entries);
	index_all(rpz);
}

/* --- what it would have hit ------------------------------------------------------------------- */

static void
make_set(struct rpz *rpz, enum rpz_trigger trigger)
{
	struct prefix *prefixes = xcalloc(rpz->entry_count + 1, sizeof *prefixes);
	size_t *which = xcalloc(rpz->entry_count + 1, sizeof *which);
	size_t count = 0;

	for (size_t i = 0; i < rpz->entry_count; i++) {
		if (rpz->entries[i].trigger != trigger)
			continue;
		which[count] = i;
		prefixes[count++] = rpz->entries[i].prefix;
	}
	prefix_set_free(rpz->sets[trigger]);
	free(rpz->set_entries[trigger]);
	rpz->sets[trigger] = prefix_set_new(prefixes, count);
	rpz->set_entries[trigger] = which;
	free(prefixes);
}

void
rpz_hit_begin(struct rpz *rpz)
{
	make_set(rpz, RPZ_CLIENT_IP);
	make_set(rpz, RPZ_RESPONSE_IP);
}

static struct rpz_entry *
find_address(const struct rpz *rpz, enum rpz_trigger trigger, const struct address *address)
{
	long at = prefix_set_find(rpz->sets[trigger], address);

	return at >= 0 ? &rpz->entries[rpz->set_entries[trigger][at]] : NULL;
}

/* The name itself, then the closest wildcard; holes are closed, so no other name is in its way (RFC
 * 4592, section 3.3.1). */
static struct rpz_entry *
find_name(const struct rpz *rpz, const char *text)
{
	uint8_t name[255];
	size_t size;
	struct rpz_entry like = { .trigger = RPZ_QNAME, .name = name };
	struct rpz_entry *found;

	if (dns_name_parse(text, name, &size, NULL) != ERR_OK)
		return NULL;
	like.name_size = (uint8_t)size;
	found = find_entry(rpz, &like);
	return found != NULL ? found : (struct rpz_entry *)find_wildcard(rpz, name, size);
}

static struct rpz_entry *
find_answers(const struct rpz *rpz, const struct rpz_traffic *row)
{
	for (size_t i = 0; i < row->answer_count; i++) {
		struct address a = address_from_ipv6(row->answers + i * 16);
		struct rpz_entry *found = find_address(rpz, RPZ_RESPONSE_IP, &a);
		if (found != NULL)
			return found;
	}
	return NULL;
}

static void
count(struct rpz_entry *entry, const struct rpz_traffic *row)
{
	entry->clients += entry->clients == 0 || !address_equal(&entry->last_client, &row->client);
	entry->last_client = row->client;
	entry->queries += row->queries;
}

/* A client that is kept as a network may have been any of the clients in it that a rule names. */
static void
count_masked(struct rpz *rpz, const struct rpz_traffic *row)
{
	struct prefix known = { row->client, row->client_length };

	for (size_t i = 0; rpz->sets[RPZ_CLIENT_IP] != NULL && i < rpz->entry_count; i++) {
		struct rpz_entry *entry = &rpz->entries[i];
		if (entry->trigger != RPZ_CLIENT_IP || entry->prefix.length <= known.length ||
		    !prefix_contains(&known, &entry->prefix.address))
			continue;
		entry->at_most = true;
		count(entry, row);
	}
}

void
rpz_hit(struct rpz *rpz, const struct rpz_traffic *row)
{
	struct rpz_entry *entry = find_address(rpz, RPZ_CLIENT_IP, &row->client);

	rpz->queries += row->queries;
	rpz->clients += !rpz->seen_client || !address_equal(&rpz->last_client, &row->client);
	rpz->last_client = row->client;
	rpz->seen_client = true;
	if (row->client_length < (address_is_ipv4(&row->client) ? 32 : 128)) {
		count_masked(rpz, row);
		if (entry != NULL && entry->prefix.length > row->client_length)
			entry = NULL;
	}
	if (entry == NULL)
		entry = find_name(rpz, row->name);
	if (entry == NULL)
		entry = find_answers(rpz, row);
	if (entry != NULL)
		count(entry, row);
}

#define CLIENTS_LEAST 20 /* below so many a share of clients says nothing */

bool
rpz_drop_popular(struct rpz *rpz, double share)
{
	size_t kept = 0;

	if (rpz->clients < CLIENTS_LEAST)
		return false;
	for (size_t i = 0; i < rpz->entry_count; i++) {
		struct rpz_entry *entry = &rpz->entries[i];
		double part = (double)entry->clients / (double)rpz->clients;
		char owner[RPZ_OWNER_SIZE];
		if (entry->action == RPZ_PASSTHRU || part <= share) {
			rpz->entries[kept++] = *entry;
			continue;
		}
		rpz_reject(rpz, rpz_owner(entry, owner), entry->source,
		    "%.1f %% of %llu clients asked for it, more than %.1f %%", part * 100,
		    (unsigned long long)rpz->clients, share * 100);
		release_entry(entry);
	}
	rpz->entry_count = kept;
	index_all(rpz);
	return true;
}
