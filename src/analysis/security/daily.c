/* SPDX-License-Identifier: ISC */
/* Values by local day; see daily.h. */
#include "analysis/security/daily.h"

#include <stdlib.h>

#include "base/xmalloc.h"

void
daily_init(struct daily *d, const struct zone *zone, nsec_t begin, nsec_t end, size_t series)
{
	int64_t at, next, last = floor_div(end, NSEC_PER_SEC);

	*d = (struct daily){ .series = series };
	d->begins = xcalloc(DAILY_DAYS_MOST + 1, sizeof *d->begins);
	if (end - begin > (nsec_t)(DAILY_DAYS_MOST - 1) * 86400 * NSEC_PER_SEC)
		begin = end - (nsec_t)(DAILY_DAYS_MOST - 1) * 86400 * NSEC_PER_SEC;
	zone_day(zone, floor_div(begin, NSEC_PER_SEC), &at, &next);
	for (;;) {
		d->begins[d->days++] = at;
		d->begins[d->days] = next;
		if (next > last || d->days == DAILY_DAYS_MOST)
			break;
		zone_day(zone, next, &at, &next);
	}
	d->values = xcalloc(series * d->days, sizeof *d->values);
	d->divisors = xcalloc(d->days, sizeof *d->divisors);
	for (size_t i = 0; i < d->days; i++)
		d->divisors[i] = 1;
}

void
daily_release(struct daily *d)
{
	free(d->begins);
	free(d->values);
	free(d->divisors);
	*d = (struct daily){ 0 };
}

size_t
daily_day(const struct daily *d, nsec_t time)
{
	int64_t seconds = floor_div(time, NSEC_PER_SEC);
	size_t low = 0, high = d->days;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (d->begins[middle] <= seconds)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void
daily_add(struct daily *d, size_t series, nsec_t time, double value)
{
	d->values[series * d->days + daily_day(d, time)] += value;
}

double
daily_sum(const struct daily *d, size_t series)
{
	double sum = 0;

	for (size_t i = 0; i < d->days; i++)
		sum += d->values[series * d->days + i];
	return sum;
}

static json_t *
cell(const struct daily *d, size_t series, size_t day)
{
	if (d->divisors[day] <= 0)
		return json_null();
	return json_real(d->values[series * d->days + day] / d->divisors[day]);
}

static void
put_bars(const struct daily *d, struct section_figure *f, const char *const *names)
{
	json_t *points;

	section_axis(f, 'x', "", "category", "");
	points = section_series(f, "");
	for (size_t i = 0; i < d->series; i++)
		if (daily_sum(d, i) > 0)
			json_array_append_new(points, json_pack("[s, o]", names[i], cell(d, i, 0)));
}

static void
put_days(const struct daily *d, struct section_figure *f, const char *const *names)
{
	section_axis(f, 'x', "day", "time", "ms");
	for (size_t i = 0; i < d->series; i++) {
		json_t *points;
		if (daily_sum(d, i) <= 0)
			continue;
		points = section_series(f, names[i]);
		for (size_t day = 0; day < d->days; day++)
			json_array_append_new(
			    points, json_pack("[I, o]", (json_int_t)d->begins[day] * 1000,
					cell(d, i, day)));
	}
}

struct section_figure *
daily_put(const struct daily *d, struct section *section, const char *id, const char *title,
    const char *const *names, const char *unit)
{
	struct section_figure *f =
	    section_figure(section, d->days == 1 ? FIGURE_BARS : FIGURE_STACKED_AREA, id, title);

	section_axis(f, 'y', unit, "linear", unit);
	if (d->days == 1)
		put_bars(d, f, names);
	else
		put_days(d, f, names);
	return f;
}
