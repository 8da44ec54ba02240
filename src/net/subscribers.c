/* SPDX-License-Identifier: ISC */
/*
 * The subscriber map: made from lists, asked per record; see subscribers.h.
 *
 * A pseudonym costs about a microsecond, a lookup some tens of nanoseconds.  Users on the lists
 * have theirs computed once.  For addresses of pools and names that are on no list, a table of two
 * words a slot remembers what was computed: a thread that finds nothing there computes the same
 * value again, so it does not matter who writes when, and a slot of which the halves come from two
 * writers looks like an empty one.
 */
#include "net/subscribers.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "net/subscribers_internal.h"

#define MEMO_WAYS       4 /* slots of a set: one cache line */
#define MEMO_BITS_LEAST 8 /* of the number of sets */
#define MEMO_BITS_MOST  19
#define MEMO_BITS_NAMES 14
#define IPV4_MEMO_KEY   UINT64_C(0xffff000000000000) /* where no IPv6 unicast is */

struct subscribers *
subscribers_new(const struct site *site, struct pseudonymizer *pseudonymizer)
{
	struct subscribers *s = xcalloc(1, sizeof *s);

	s->own = site->own_prefix_count > 0 ? site->own : NULL;
	s->pseudonymizer = pseudonymizer;
	s->secret = hash_secret_new();
	s->delegated_length = site->lists.delegated_length;
	s->services = xcalloc(1, sizeof *s->services);
	s->services[s->service_count++] = xstrdup("unknown");
	s->report.protected = pseudonymizer_is_protected(pseudonymizer);
	return s;
}

void
subscribers_free(struct subscribers *s)
{
	if (s == NULL)
		return;
	pseudonymizer_free(s->pseudonymizer);
	for (size_t i = 0; i < s->service_count; i++)
		free(s->services[i]);
	for (size_t i = 0; i < s->report.message_count; i++)
		free(s->report.messages[i]);
	prefix_set_free(s->pools);
	free(s->pool_services);
	free(s->pool_lengths);
	free(s->services);
	free(s->places);
	free(s->ranges);
	free(s->sessions);
	free(s->users);
	free(s->user_slots);
	free(s->memos);
	free(s);
}

void
subscribers_remark(struct subscribers *s, uint64_t *counter, const char *format, ...)
{
	char text[600];
	va_list arguments;

	(*counter)++;
	if (s->report.message_count == SUBSCRIBERS_MESSAGES)
		return;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	s->report.messages[s->report.message_count++] = xstrdup(text);
}

/* Room for every user that the pools can hold, within reason. */
static unsigned
memo_bits(const struct subscribers *s, const struct site *site)
{
	unsigned bits = site->pool_count > 0 ? MEMO_BITS_LEAST : MEMO_BITS_NAMES;

	for (size_t i = 0; i < site->pool_count; i++) {
		const struct prefix *p = &site->pools[i].prefix;
		unsigned whole = address_is_ipv4(&p->address) ? 32 : s->delegated_length;
		unsigned free_bits = p->length < whole ? whole - p->length : 0;
		/* Twice as many slots as users. */
		if (free_bits > bits + 1)
			bits = free_bits - 1;
	}
	return bits < MEMO_BITS_MOST ? bits : MEMO_BITS_MOST;
}

static void
add_pools(struct subscribers *s, const struct site *site)
{
	struct prefix *prefixes = xcalloc(site->pool_count + 1, sizeof *prefixes);
	unsigned bits = memo_bits(s, site);

	s->pool_services = xcalloc(site->pool_count + 1, sizeof *s->pool_services);
	s->pool_lengths = xcalloc(site->pool_count + 1, sizeof *s->pool_lengths);
	for (size_t i = 0; i < site->pool_count; i++) {
		prefixes[i] = site->pools[i].prefix;
		s->pool_lengths[i] = site->pools[i].prefix.length;
		s->pool_services[i] = services_put(s, site->pools[i].service);
	}
	if (site->pool_count > 0)
		s->pools = prefix_set_new(prefixes, site->pool_count);
	s->memos = xcalloc((size_t)MEMO_WAYS << bits, sizeof *s->memos);
	places_advise(s->memos, ((size_t)MEMO_WAYS << bits) * sizeof *s->memos);
	s->memo_shift = 64 - bits;
	free(prefixes);
}

/* Reads one list and adds its octets' fingerprint to the map's. */
static enum err
read_list(struct subscribers *s, const char *path,
    enum err (*read)(struct subscribers *, struct csv *, struct err_info *), struct err_info *info)
{
	char fingerprint[CSV_FINGERPRINT_SIZE] = "-";
	size_t used = strlen(s->fingerprint);
	struct csv *csv = NULL;
	enum err e = ERR_OK;

	if (path != NULL) {
		e = csv_open(path, &csv, info);
		if (e == ERR_OK)
			e = read(s, csv, info);
		if (e == ERR_OK)
			csv_fingerprint(csv, fingerprint);
		csv_close(csv);
	}
	(void)snprintf(s->fingerprint + used, sizeof s->fingerprint - used, "%s ", fingerprint);
	return e;
}

enum err
subscribers_open(
    const struct site *site, struct subscribers **ret_subscribers, struct err_info *info)
{
	struct pseudonymizer *pseudonymizer = NULL;
	struct subscribers *s;
	uint64_t nowhere = 0;
	size_t used;
	enum err e = pseudonymizer_open(site->lists.key_file, &pseudonymizer, info);

	if (e != ERR_OK)
		return e;
	s = subscribers_new(site, pseudonymizer);
	if (pseudonymizer_is_exposed(pseudonymizer))
		subscribers_remark(s, &nowhere, "%.200s: others than its owner can read the key",
		    site->lists.key_file);
	e = read_list(s, site->lists.prefixes, subscribers_read_prefixes, info);
	if (e == ERR_OK)
		e = read_list(s, site->lists.sessions, subscribers_read_sessions, info);
	if (e != ERR_OK) {
		subscribers_free(s);
		return e;
	}
	add_pools(s, site);
	s->report.users = s->user_count;
	/* Not the key, but something that changes with it. */
	used = strlen(s->fingerprint);
	(void)snprintf(s->fingerprint + used, sizeof s->fingerprint - used, "%016llx",
	    (unsigned long long)pseudonym_of(pseudonymizer, "\0yagura", 7));
	*ret_subscribers = s;
	return ERR_OK;
}

/* What is remembered under a key; false when nothing is. */
static bool
recall(const struct subscribers *s, uint64_t key, uint64_t *ret_pseudonym)
{
	const struct memo *set = &s->memos[(key >> s->memo_shift) * MEMO_WAYS];

	for (size_t i = 0; i < MEMO_WAYS; i++) {
		uint64_t check = atomic_load_explicit(&set[i].check, memory_order_relaxed);
		uint64_t pseudonym = atomic_load_explicit(&set[i].pseudonym, memory_order_relaxed);
		/* An empty slot looks like key 0. */
		if ((check ^ pseudonym) == key && key != 0) {
			*ret_pseudonym = pseudonym;
			return true;
		}
	}
	return false;
}

/* Into an empty slot of the set, or one that the key chooses. */
static uint64_t
remember(const struct subscribers *s, uint64_t key, const char *identity)
{
	struct memo *set = &s->memos[(key >> s->memo_shift) * MEMO_WAYS];
	uint64_t pseudonym = pseudonym_of(s->pseudonymizer, identity, strlen(identity));
	size_t way = key % MEMO_WAYS;

	for (size_t i = 0; i < MEMO_WAYS; i++)
		if (atomic_load_explicit(&set[i].check, memory_order_relaxed) == 0)
			way = i;
	atomic_store_explicit(&set[way].check, key ^ pseudonym, memory_order_relaxed);
	atomic_store_explicit(&set[way].pseudonym, pseudonym, memory_order_relaxed);
	return pseudonym;
}

static long
find_pool(const struct subscribers *s, const struct address *address)
{
	return s->pools != NULL ? prefix_set_find(s->pools, address) : -1;
}

/* How much of an address in a pool is the user's. */
static unsigned
user_length(const struct subscribers *s, long pool, bool ipv4)
{
	unsigned length = s->pool_lengths[pool];

	if (ipv4)
		return 32;
	if (length < s->delegated_length)
		return s->delegated_length;
	return length < SUBSCRIBER_IPV6_LONG ? length : SUBSCRIBER_IPV6_LONG;
}

/* The user is the address, or what was delegated around it. */
static bool
find_by_address(const struct subscribers *s, const struct address *address, bool ipv4,
    struct subscriber *ret_subscriber)
{
	long pool = find_pool(s, address);
	char text[PREFIX_TEXT_SIZE];
	struct prefix prefix;
	uint64_t key, user;

	if (pool < 0)
		return false;
	prefix.length = (uint8_t)user_length(s, pool, ipv4);
	key = place_key_of(address, ipv4, prefix.length).bits;
	key = hash_mix64(ipv4 ? key >> 32 | IPV4_MEMO_KEY : key);
	if (!recall(s, key, &user)) {
		prefix.address = address_mask(address, prefix.length);
		if (ipv4)
			(void)address_format(address, text);
		else
			(void)prefix_format(&prefix, text);
		user = remember(s, key, text);
	}
	*ret_subscriber =
	    (struct subscriber){ user, s->pool_services[pool], SUBSCRIBER_BY_ADDRESS };
	return true;
}

/* The session of a prefix at a time; NULL when there was none. */
static const struct session *
find_session(const struct subscribers *s, uint32_t range_number, nsec_t time)
{
	const struct place_range *range = &s->ranges[range_number - 1];
	const struct session *first = &s->sessions[range->first];
	size_t low = 0, high = range->count;

	/* The last one that begins at or before the time is first[low - 1]. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (first[middle].start <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && time < first[low - 1].stop ? &first[low - 1] : NULL;
}

/* The longest prefix with a session at that time, else the longest of the static list. */
static bool
find_by_prefix(const struct subscribers *s, const struct address *address, bool ipv4, nsec_t time,
    struct subscriber *ret_subscriber)
{
	const struct place *listed = NULL;
	size_t family = ipv4 ? 0 : 1;

	if (!places_are_near(s, address, ipv4))
		return false;
	for (size_t i = 0; i < s->length_counts[family]; i++) {
		const struct place *place =
		    places_find(s, place_key_of(address, ipv4, s->lengths[family][i]));
		const struct session *session;
		if (place == NULL)
			continue;
		session = place->range != 0 ? find_session(s, place->range, time) : NULL;
		if (session != NULL) {
			const struct known_user *user = &s->users[session->user];
			*ret_subscriber = (struct subscriber){ user->pseudonym, user->service,
				SUBSCRIBER_BY_SESSION };
			return true;
		}
		if (listed == NULL && place->listed)
			listed = place;
		if (listed != NULL && s->sessions == NULL)
			break;
	}
	if (listed != NULL)
		*ret_subscriber =
		    (struct subscriber){ listed->user, listed->service, SUBSCRIBER_BY_PREFIX };
	return listed != NULL;
}

/* Whether an address can be that of a record's user: the other end is anybody's. */
static bool
is_customer(const struct subscribers *s, const struct address *address, bool ipv4, nsec_t time)
{
	struct subscriber any;

	if (s->own != NULL)
		return prefix_set_find(s->own, address) >= 0 || find_pool(s, address) >= 0;
	if (s->place_count == 0 && s->pools == NULL)
		return true;
	return find_pool(s, address) >= 0 || find_by_prefix(s, address, ipv4, time, &any);
}

static void
find_by_name(const struct subscribers *s, const char *name, struct subscriber *ret_subscriber)
{
	uint64_t hash;
	const struct known_user *user = users_find(s, name, &hash);

	*ret_subscriber = (struct subscriber){ .how = SUBSCRIBER_BY_NAME };
	if (user != NULL) {
		ret_subscriber->user = user->pseudonym;
		ret_subscriber->service = user->service;
	} else if (!recall(s, hash, &ret_subscriber->user)) {
		ret_subscriber->user = remember(s, hash, name);
	}
}

bool
subscribers_find(const struct subscribers *s, const struct address *address, const char *name,
    nsec_t time, struct subscriber *ret_subscriber)
{
	bool ipv4 = address_is_ipv4(address);
	long pool;

	if (name != NULL && name[0] != '\0' && is_customer(s, address, ipv4, time))
		find_by_name(s, name, ret_subscriber);
	else if (s->place_count == 0 || !find_by_prefix(s, address, ipv4, time, ret_subscriber))
		return find_by_address(s, address, ipv4, ret_subscriber);
	/* A log has no services: then the pool's. */
	if (ret_subscriber->service == 0 && (pool = find_pool(s, address)) >= 0)
		ret_subscriber->service = s->pool_services[pool];
	return true;
}

const char *
subscribers_service(const struct subscribers *s, unsigned service)
{
	return s->services[service < s->service_count ? service : 0];
}

size_t
subscribers_listed(const struct subscribers *s)
{
	return s->pools == NULL ? s->user_count : 0;
}

const struct subscribers_report *
subscribers_report(const struct subscribers *s)
{
	return &s->report;
}

const char *
subscribers_fingerprint(const struct subscribers *s)
{
	return s->fingerprint;
}
