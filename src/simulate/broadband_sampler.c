/* SPDX-License-Identifier: ISC */
/* Packet sampling; see broadband_sampler.h. */
#include "simulate/broadband_sampler.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "simulate/law.h"

void
broadband_sampler_init(struct broadband_sampler *s, uint32_t rate, bool random, struct random *r)
{
	*s = (struct broadband_sampler){ .rate = rate, .random = random };
	if (rate == 1)
		return;
	s->log_fail = law_log(1 - 1.0 / rate);
	if (random)
		s->gap = law_gap(r, s->log_fail);
	else
		s->phase = random_below(r, rate);
}

void
broadband_sampler_release(struct broadband_sampler *s)
{
	free(s->chosen);
	s->chosen = NULL;
}

void
broadband_sampler_hour(struct broadband_sampler *s, uint64_t packets, struct random *r)
{
	s->passed = 0;
	s->next = 0;
	if (s->random || s->rate == 1)
		return;
	s->count = (size_t)((s->phase + packets) / s->rate);
	s->phase = (s->phase + packets) % s->rate;
	/* One packet less than N may have to yield one: more than half of them. */
	if (s->count > s->size) {
		s->size = s->count * 2;
		s->chosen = xrealloc_array(s->chosen, s->size, sizeof *s->chosen);
	}
	if (s->count > 0)
		law_subset(r, packets, s->chosen, s->count);
}

static uint64_t
take_random(struct broadband_sampler *s, uint64_t packets, struct random *r)
{
	uint64_t taken = 0;

	while (s->gap < packets) {
		packets -= s->gap + 1;
		s->gap = law_gap(r, s->log_fail);
		taken++;
	}
	s->gap -= packets;
	return taken;
}

static uint64_t
take_counted(struct broadband_sampler *s, uint64_t packets)
{
	uint64_t taken = 0;

	s->passed += packets;
	while (s->next < s->count && s->chosen[s->next] < s->passed) {
		s->next++;
		taken++;
	}
	return taken;
}

uint64_t
broadband_sampler_take(struct broadband_sampler *s, uint64_t packets, struct random *r)
{
	uint64_t taken = s->rate == 1 ? packets
			 : s->random  ? take_random(s, packets, r)
				      : take_counted(s, packets);

	s->seen += packets;
	s->taken += taken;
	return taken;
}
