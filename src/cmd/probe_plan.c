/* SPDX-License-Identifier: ISC */
/* The addresses of a probe in random order; see probe_plan.h. */
#include "cmd/probe_plan.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/xmalloc.h"

#define ROUNDS 4

static unsigned
host_bits(const struct prefix *p)
{
	return (address_is_ipv4(&p->address) ? 32U : 128U) - p->length;
}

/* Whether all of `p` lies in one of the site's own prefixes. */
static bool
is_own(const struct site *site, const struct prefix *p)
{
	for (size_t i = 0; i < site->own_prefix_count; i++)
		if (site->own_prefixes[i].length <= p->length &&
		    prefix_contains(&site->own_prefixes[i], &p->address))
			return true;
	return false;
}

static enum err
check_prefix(
    const struct site *site, const struct probe_plan *plan, const char *text, struct err_info *info)
{
	const struct prefix *p = &plan->prefixes[plan->prefix_count];

	if (!is_own(site, p))
		return err_set(info, ERR_USAGE,
		    "%s is not inside site.own_prefixes: only own addresses are asked", text);
	for (size_t i = 0; i < plan->prefix_count; i++)
		if (prefix_contains(p, &plan->prefixes[i].address) ||
		    prefix_contains(&plan->prefixes[i], &p->address))
			return err_set(info, ERR_USAGE, "%s overlaps another prefix", text);
	if (host_bits(p) > 24 || plan->count + (UINT64_C(1) << host_bits(p)) > PROBE_ADDRESSES_MOST)
		return err_set(info, ERR_USAGE,
		    "%s: these are more than %llu addresses, too many to ask one by one", text,
		    (unsigned long long)PROBE_ADDRESSES_MOST);
	return ERR_OK;
}

enum err
probe_plan_make(const struct site *site, const char *const *texts, size_t count,
    const struct hash_secret *secret, struct probe_plan *ret_plan, struct err_info *info)
{
	struct probe_plan plan = { .secret = *secret };
	enum err e = ERR_OK;

	plan.prefixes = xcalloc(count + 1, sizeof *plan.prefixes);
	plan.starts = xcalloc(count + 1, sizeof *plan.starts);
	for (size_t i = 0; e == ERR_OK && i < count; i++) {
		e = prefix_parse(texts[i], &plan.prefixes[i], info) == ERR_OK
			? check_prefix(site, &plan, texts[i], info)
			: ERR_USAGE;
		plan.starts[i] = plan.count;
		if (e == ERR_OK)
			plan.count += UINT64_C(1) << host_bits(&plan.prefixes[i]);
		plan.prefix_count += e == ERR_OK;
	}
	if (e != ERR_OK) {
		probe_plan_release(&plan);
		return e;
	}
	while (UINT64_C(1) << 2 * plan.half_bits < plan.count)
		plan.half_bits++;
	*ret_plan = plan;
	return ERR_OK;
}

void
probe_plan_release(struct probe_plan *plan)
{
	free(plan->prefixes);
	free(plan->starts);
	*plan = (struct probe_plan){ 0 };
}

static uint64_t
encipher(const struct probe_plan *plan, uint64_t value)
{
	uint64_t mask = (UINT64_C(1) << plan->half_bits) - 1;
	uint64_t left = value >> plan->half_bits, right = value & mask;

	for (uint64_t round = 0; round < ROUNDS; round++) {
		uint64_t words[2] = { round, right };
		uint64_t next = left ^ (hash_words(&plan->secret, words, 2) & mask);

		left = right;
		right = next;
	}
	return left << plan->half_bits | right;
}

/* `a` and `offset` addresses further, inside a prefix of at most 24 host bits. */
static struct address
address_plus(const struct address *a, uint64_t offset)
{
	struct address sum = *a;

	put_be32(sum.octets + 12, be32(a->octets + 12) + (uint32_t)offset);
	return sum;
}

struct address
probe_plan_address(const struct probe_plan *plan, uint64_t index)
{
	uint64_t place = index;
	size_t i = plan->prefix_count - 1;

	if (plan->half_bits > 0)
		do
			place = encipher(plan, place);
		while (place >= plan->count);
	while (plan->starts[i] > place)
		i--;
	return address_plus(&plan->prefixes[i].address, place - plan->starts[i]);
}
