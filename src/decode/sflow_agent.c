/* SPDX-License-Identifier: ISC */
/*
 * What is remembered of sFlow agents: the number of the next datagram, and for each data source and
 * interface what is needed for differences.
 *
 * The effective sampling rate.  A flow sample says how often its data source samples (`rate`), how
 * many packets could have been sampled so far (`pool`) and, by its number, how many were.  Where
 * hardware is asked for more than it does, pool over samples is the truth and the rate is a wish.
 * One interval between two samples is far too noisy to be used (its deviation is as large as the
 * rate), so the quotient is taken over 16, 32, 64, … samples, and used in place of the rate only
 * where it contradicts it: by more than 3 standard deviations, 3/√n, of a mean of n geometrically
 * distributed intervals.  A quotient more than 16 times off is the pool's error (some agents put
 * anything there), and counted.
 */
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/xmalloc.h"
#include "decode/sflow_internal.h"

/* Agents of one domain: more than one only where datagrams of several come through a proxy. */
#define AGENTS_MAX 64

/* Data sources, or interfaces, of one agent. */
#define ENTRIES_MAX 8192

#define RATE_FIRST 16        /* samples before the rate is measured */
#define RATE_LAST  (1 << 16) /* and after which measuring begins anew */
#define RATE_TRUST 16        /* a measured rate is no more than so many times off */

/* A step of a data source's sample numbers beyond this is a new beginning. */
#define SAMPLE_STEP_MAX (1 << 20)

struct source_entry {
	uint32_t sequence, pool, drops, rate; /* of the last sample */
	uint32_t measured;                    /* 0: the header's rate holds */
	uint32_t samples;                     /* since measuring began */
	uint64_t packets;                     /* of the pool, since then */
	uint32_t next;                        /* at how many samples to measure next */
};

struct interface_entry {
	nsec_t time;
	struct sflow_counters counters;
};

/* A hash table of entries that are only added; a quota bounds it. */
struct entry_table {
	uint64_t *keys; /* owned; 0 free, else key + 1 */
	union {
		struct source_entry *sources;       /* owned */
		struct interface_entry *interfaces; /* owned */
	};
	size_t count, room; /* a power of two, or 0 */
	size_t size;        /* of an entry */
};

struct sflow_agent {
	struct sflow_agent *next; /* owned: another agent of the domain */
	struct address address;
	struct export_sequence sequence;
	uint32_t uptime;
	struct entry_table sources, interfaces;
};

/* --- tables ----------------------------------------------------------------------------------- */

static size_t
table_octets(const struct entry_table *t)
{
	return t->room * (t->size + sizeof *t->keys);
}

static size_t
table_place(const struct exports *x, const struct entry_table *t, uint64_t key)
{
	uint64_t word = key + 1;
	size_t at = hash_words(&x->options.secret, &word, 1) & (t->room - 1);

	while (t->keys[at] != 0 && t->keys[at] != word)
		at = (at + 1) & (t->room - 1);
	return at;
}

static void
table_grow(struct exports *x, struct entry_table *t)
{
	struct entry_table old = *t;

	x->memory -= table_octets(t);
	t->room = old.room != 0 ? 2 * old.room : 16;
	t->keys = xcalloc(t->room, sizeof *t->keys);
	t->sources = xcalloc(t->room, t->size);
	x->memory += table_octets(t);
	for (size_t i = 0; i < old.room; i++) {
		size_t at;

		if (old.keys[i] == 0)
			continue;
		at = table_place(x, t, old.keys[i] - 1);
		t->keys[at] = old.keys[i];
		memcpy(
		    (char *)t->sources + at * t->size, (char *)old.sources + i * t->size, t->size);
	}
	free(old.keys);
	free(old.sources);
}

/* Where the entry of `key` is; NULL when it is new and there are too many.  A new one is zero. */
static void *
table_find(struct exports *x, struct entry_table *t, uint64_t key, bool *ret_new)
{
	size_t at;

	if (2 * t->count >= t->room && t->count < ENTRIES_MAX)
		table_grow(x, t);
	at = table_place(x, t, key);
	*ret_new = t->keys[at] == 0;
	if (*ret_new) {
		if (t->count >= ENTRIES_MAX) {
			drop(x->drops, DROP_SFLOW_SOURCES);
			return NULL;
		}
		t->keys[at] = key + 1;
		t->count++;
	}
	return (char *)t->sources + at * t->size;
}

/* --- agents ----------------------------------------------------------------------------------- */

struct sflow_agent *
sflow_agent_find(struct exports *x, struct export_domain *d, const struct address *address)
{
	struct sflow_agent *agent = d->sflow, **at = &d->sflow;
	unsigned count = 0;

	for (; agent != NULL; at = &agent->next, agent = agent->next, count++)
		if (address_equal(&agent->address, address))
			return agent;
	if (count == AGENTS_MAX) {
		drop(x->drops, DROP_SFLOW_SOURCES);
		return d->sflow;
	}
	agent = xcalloc(1, sizeof *agent);
	agent->address = *address;
	agent->sources.size = sizeof(struct source_entry);
	agent->interfaces.size = sizeof(struct interface_entry);
	x->memory += sizeof *agent;
	*at = agent;
	return agent;
}

size_t
sflow_agent_free(struct sflow_agent *agent)
{
	size_t freed = 0;

	while (agent != NULL) {
		struct sflow_agent *next = agent->next;

		freed += sizeof *agent + table_octets(&agent->sources) +
			 table_octets(&agent->interfaces);
		free(agent->sources.keys);
		free(agent->sources.sources);
		free(agent->interfaces.keys);
		free(agent->interfaces.interfaces);
		free(agent);
		agent = next;
	}
	return freed;
}

void
sflow_agent_finish(struct sflow_agent *agent, struct exporter_report *report)
{
	for (; agent != NULL; agent = agent->next) {
		struct sequence_counts counts = sequence_take(&agent->sequence);

		report->lost += counts.lost;
		report->expected += counts.expected;
		report->restarts += counts.restarts;
		report->reordered += counts.reordered;
	}
}

/* Everything that was remembered for differences is from before the agent began anew. */
static void
forget(struct entry_table *t)
{
	if (t->room == 0)
		return;
	memset(t->keys, 0, t->room * sizeof *t->keys);
	memset((char *)t->sources, 0, t->room * t->size);
	t->count = 0;
}

/* The uptime wraps after 49.7 days; a datagram that is late is only a little older. */
#define UPTIME_LATE 60000U

void
sflow_agent_see(struct sflow_agent *agent, uint32_t sequence, uint32_t uptime)
{
	uint32_t ahead = sequence - agent->sequence.next;
	bool wrapped = agent->uptime > UINT32_MAX - 60 * UPTIME_LATE;
	bool restarted = agent->sequence.started && uptime < agent->uptime &&
			 agent->uptime - uptime > UPTIME_LATE && !(wrapped && ahead < SEQUENCE_FAR);

	if (sequence_see(&agent->sequence, sequence, 1, restarted)) {
		forget(&agent->sources);
		forget(&agent->interfaces);
	}
	agent->uptime = uptime;
}

/* --- sampling rates --------------------------------------------------------------------------- */

static void
measure_anew(struct source_entry *e, const struct sflow_sample *sample)
{
	e->sequence = sample->sequence;
	e->pool = sample->pool;
	e->samples = 0;
	e->packets = 0;
	e->next = RATE_FIRST;
}

/* Compares the quotient with the rate that the sample claims. */
static void
measure(const struct sflow_reading *s, struct source_entry *e)
{
	double quotient = (double)e->packets / e->samples;
	double off = e->rate != 0 ? fabs(log(quotient / e->rate)) : INFINITY;

	e->next *= 2;
	if (e->packets == 0)
		return; /* the agent counts no pool */
	if (quotient < 1 || quotient > UINT32_MAX || (e->rate != 0 && off > log(RATE_TRUST))) {
		drop(s->x->drops, DROP_SFLOW_POOL);
		e->measured = 0;
	} else if (off > 3 / sqrt(e->samples)) {
		e->measured = (uint32_t)lround(quotient);
	} else {
		e->measured = 0;
	}
}

static void
follow_source(
    const struct sflow_reading *s, struct source_entry *e, const struct sflow_sample *sample)
{
	uint32_t step = sample->sequence - e->sequence;
	uint32_t drops = sample->drops - e->drops;

	if (sample->rate != e->rate) {
		e->measured = 0;
		e->rate = sample->rate;
		measure_anew(e, sample);
	} else if (step > SAMPLE_STEP_MAX) {
		/* Late, or begun anew; late ones change nothing. */
		if (0U - step <= SEQUENCE_WINDOW)
			return;
		measure_anew(e, sample);
		drops = 0;
	} else {
		e->samples += step;
		e->packets += sample->pool - e->pool;
		e->sequence = sample->sequence;
		e->pool = sample->pool;
		if (e->samples >= e->next)
			measure(s, e);
		if (e->samples >= RATE_LAST)
			measure_anew(e, sample);
	}
	e->drops = sample->drops;
	if (drops < SAMPLE_STEP_MAX)
		s->domain->report.source_drops += drops;
}

struct sflow_rate
sflow_agent_rate(const struct sflow_reading *s, const struct sflow_sample *sample)
{
	const struct export_options *options = &s->x->options;
	bool is_new;
	struct source_entry *e = table_find(s->x, &s->agent->sources, sample->source, &is_new);

	if (e != NULL && is_new) {
		e->rate = sample->rate;
		e->drops = sample->drops;
		measure_anew(e, sample);
	} else if (e != NULL) {
		follow_source(s, e, sample);
	}
	if (options->force_sampling != 0)
		return (struct sflow_rate){ options->force_sampling, SAMPLING_FORCED };
	if (e != NULL && e->measured != 0)
		return (struct sflow_rate){ e->measured, SAMPLING_MEASURED };
	if (sample->rate != 0)
		return (struct sflow_rate){ sample->rate, SAMPLING_RECORD };
	if (options->default_sampling != 0)
		return (struct sflow_rate){ options->default_sampling, SAMPLING_CONFIGURED };
	drop(s->x->drops, DROP_EXPORT_SAMPLING_UNKNOWN);
	return (struct sflow_rate){ 0, SAMPLING_UNKNOWN };
}

/* --- interface counters ----------------------------------------------------------------------- */

/* Packets of all kinds; the counters have 32 bits and go round. */
static uint64_t
packets_since(const uint32_t *now, const uint32_t *before)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < 3; i++)
		if (now[i] != UINT32_MAX && before[i] != UINT32_MAX)
			sum += now[i] - before[i];
	return sum;
}

/* Octets; all ones say that the agent does not count them. */
static uint64_t
octets_since(uint64_t now, uint64_t before)
{
	return now != UINT64_MAX && before != UINT64_MAX ? now - before : 0;
}

static bool
went_back(const struct sflow_counters *now, const struct sflow_counters *before)
{
	return now->octets[0] < before->octets[0] || now->octets[1] < before->octets[1];
}

void
sflow_agent_counters(
    const struct sflow_reading *s, uint32_t interface, const struct sflow_counters *counters)
{
	bool is_new;
	struct interface_entry *e = table_find(s->x, &s->agent->interfaces, interface, &is_new);
	struct interface_entry before;
	struct interface_sample *to;

	if (e == NULL)
		return;
	before = *e;
	if (!is_new && s->message->time <= before.time)
		return; /* late, or twice */
	e->time = s->message->time;
	e->counters = *counters;
	if (is_new)
		return;
	if (went_back(counters, &before.counters)) {
		drop(s->x->drops, DROP_SFLOW_COUNTERS_RESET);
		return;
	}
	to = export_sink_interface(s->sink);
	to->exporter = s->domain->exporter->address;
	to->interface = interface;
	to->begin = before.time;
	to->end = s->message->time;
	to->in_octets = octets_since(counters->octets[0], before.counters.octets[0]);
	to->out_octets = octets_since(counters->octets[1], before.counters.octets[1]);
	to->in_packets = packets_since(counters->packets[0], before.counters.packets[0]);
	to->out_packets = packets_since(counters->packets[1], before.counters.packets[1]);
	to->speed = counters->speed;
}
