/* SPDX-License-Identifier: ISC */
/*
 * When a flow was, from the many ways in which exporters say it.
 *
 * NetFlow counts milliseconds since the exporter started, in 32 bits that wrap after 49.7 days.
 * Only the difference to the header's uptime is used, taken modulo 2^32 and as signed, so that
 * neither the wrap nor a flow a little younger than its header does harm.
 *
 * An exporter whose clock is more than an hour from when its message came is not believed: its
 * times are shifted by the difference.  (A capture that is sent again later counts as such, too.)
 */
#include "decode/export_template.h"

#define NTP_EPOCH      INT64_C(2208988800) /* seconds from 1900 to 1970 */
#define REORDER_MS     60000
#define CLOCK_SLACK_MS 3600000

struct export_context
export_time_context(struct exports *x, const struct export_message *m, nsec_t exported)
{
	struct export_context c = {
		.time = m->time != 0 ? m->time : exported,
		.export_time = exported,
		.input_offset = m->input_offset,
	};

	if (c.time < EXPORT_TIME_MIN || c.time > EXPORT_TIME_MAX)
		c.time = c.time < 0 ? EXPORT_TIME_MIN : EXPORT_TIME_MAX;
	if (exported < c.time - EXPORT_HOUR || exported > c.time + EXPORT_HOUR) {
		drop(x->drops, DROP_EXPORT_CLOCK_WRONG);
		c.shift = c.time - exported;
		c.export_time = c.time;
	}
	return c;
}

nsec_t
export_time_seconds(const struct export_context *c, uint32_t seconds)
{
	return (nsec_t)seconds * NSEC_PER_SEC + c->shift;
}

nsec_t
export_time_ntp(const struct export_context *c, uint64_t ntp)
{
	int64_t seconds = (int64_t)(ntp >> 32);
	int64_t fraction = (int64_t)(((ntp & UINT32_MAX) * (uint64_t)NSEC_PER_SEC) >> 32);

	/* Era 1 begins in 2036. */
	seconds += (seconds < NTP_EPOCH ? INT64_C(1) << 32 : 0) - NTP_EPOCH;
	return seconds * NSEC_PER_SEC + fraction + c->shift;
}

nsec_t
export_time_clamp(const struct export_context *c, nsec_t t)
{
	if (t < c->time - EXPORT_HOUR)
		return c->time - EXPORT_HOUR;
	return t > c->time + EXPORT_HOUR ? c->time + EXPORT_HOUR : t;
}

void
export_time_settle(struct exports *x, const struct export_context *c, struct flow_record *r)
{
	nsec_t first = r->flow.first[0], last = r->flow.last[0];

	if (first == 0 && last == 0) {
		drop(x->drops, DROP_EXPORT_TIME_UNKNOWN);
		first = last = c->time;
	} else if (first == 0) {
		first = last;
	} else if (last == 0) {
		last = first;
	}
	if (export_time_clamp(c, first) != first || export_time_clamp(c, last) != last) {
		drop(x->drops, DROP_EXPORT_TIME_CLAMPED);
		first = export_time_clamp(c, first);
		last = export_time_clamp(c, last);
	}
	/* A flow that ends before it begins: the end is what made the exporter send it. */
	r->flow.first[0] = first < last ? first : last;
	r->flow.last[0] = last;
}

bool
export_time_restarted(uint32_t before, nsec_t exported_before, uint32_t now, nsec_t exported_now)
{
	int64_t elapsed = (exported_now - exported_before) / NSEC_PER_MS;
	int64_t wrapped = (int64_t)(uint32_t)(now - before);

	if (now >= before || before - now <= REORDER_MS)
		return false;
	/* It wrapped if that agrees with the clock. */
	return wrapped < elapsed - CLOCK_SLACK_MS || wrapped > elapsed + CLOCK_SLACK_MS;
}
