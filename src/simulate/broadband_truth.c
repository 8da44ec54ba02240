/* SPDX-License-Identifier: ISC */
/*
 * The truth of a broadband week: the parameters, and what became of them; see broadband.h.
 *
 * "realised" is what users sent and got, packet for packet; "received" what the collector was told
 * of it, unscaled: sampled, and not lost.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "simulate/broadband.h"
#include "simulate/law.h"

static const char *const DIRECTIONS[BROADBAND_DIRECTIONS] = { "in", "out" };
static const char *const CLASSES[2] = { "client", "peer" };

static json_t *
number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *
amount_json(const struct broadband_amount *amount)
{
	return json_pack("[o, o]", number(amount->packets), number(amount->octets));
}

static json_t *
parameters_json(const struct broadband *b)
{
	const struct broadband_options *o = &b->options;
	double ratio_sigma = o->ratio_sigma;

	return json_pack("{s:i, s:f, s:{s:f, s:f, s:f, s:f}, s:{s:f, s:f, s:f}, s:f, s:f}", "users",
	    (int)o->users, "peer_share", o->peers, "client", "out_median",
	    o->out_median * o->out_growth, "out_sigma", o->out_sigma, "in_median",
	    o->out_median * o->ratio * o->in_growth, "in_sigma",
	    sqrt(o->out_sigma * o->out_sigma + ratio_sigma * ratio_sigma), "peer", "out_median",
	    o->peer_median * o->out_growth, "out_sigma", o->peer_sigma, "ratio_sigma",
	    o->peer_ratio_sigma, "growth_out", o->out_growth, "growth_in", o->in_growth);
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The quantile of sorted values, between neighbours (R's type 7). */
static double
quantile(const double *sorted, size_t count, double q)
{
	double at = q * (double)(count - 1);
	size_t low = (size_t)at;

	if (low + 1 >= count)
		return sorted[count - 1];
	return sorted[low] + (at - (double)low) * (sorted[low + 1] - sorted[low]);
}

static json_t *
quantiles_json(const double *sorted, size_t count)
{
	static const struct {
		const char *name;
		double q;
	} wanted[] = {
		{ "p1", 0.01 },
		{ "p10", 0.1 },
		{ "p50", 0.5 },
		{ "p90", 0.9 },
		{ "p95", 0.95 },
		{ "p99", 0.99 },
		{ "p99.9", 0.999 },
	};
	json_t *json = json_object();

	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		json_object_set_new(
		    json, wanted[i].name, json_real(quantile(sorted, count, wanted[i].q)));
	return json;
}

/* The part of the sum that the largest users make. */
static json_t *
shares_json(const double *sorted, size_t count, double sum)
{
	static const struct {
		const char *name;
		double part;
	} wanted[] = { { "1", 0.01 }, { "4", 0.04 }, { "10", 0.1 }, { "20", 0.2 } };
	json_t *json = json_object();

	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		size_t top = (size_t)((double)count * wanted[i].part + 0.5);
		double part = 0;
		for (size_t k = 0; k < top; k++)
			part += sorted[count - 1 - k];
		json_object_set_new(json, wanted[i].name, json_real(sum > 0 ? part / sum : 0));
	}
	return json;
}

/* Daily volumes of the users of a class (2: all). */
static json_t *
distribution_json(const struct broadband *b, unsigned class, enum broadband_direction d)
{
	const struct broadband_options *o = &b->options;
	double *volumes = xcalloc(o->users, sizeof *volumes), sum = 0, logs = 0, squares = 0;
	size_t count = 0, unseen = 0;
	json_t *json;

	for (size_t i = 0; i < o->users; i++) {
		const struct broadband_user *user = &b->users[i];
		double volume = (double)broadband_octets(user, d) / (double)o->days, log;
		if ((class < 2 && user->peer != class) || volume <= 0)
			continue;
		log = law_log(volume);
		volumes[count++] = volume;
		sum += volume;
		logs += log;
		squares += log * log;
		unseen += user->received[d].packets == 0;
	}
	if (count == 0) {
		free(volumes);
		return json_null();
	}
	qsort(volumes, count, sizeof *volumes, compare_doubles);
	logs /= (double)count;
	json = json_pack("{s:o, s:o, s:f, s:f, s:f, s:o, s:o}", "users", number(count), "unseen",
	    number(unseen), "mean", sum / (double)count, "log_mean", logs, "log_sigma",
	    sqrt(fmax(0, squares / (double)count - logs * logs)), "quantiles",
	    quantiles_json(volumes, count), "top_shares", shares_json(volumes, count, sum));
	free(volumes);
	return json;
}

static json_t *
distributions_json(const struct broadband *b)
{
	static const char *const names[3] = { "client", "peer", "all" };
	json_t *json = json_object();

	for (unsigned class = 0; class < 3; class ++)
		json_object_set_new(json, names[class],
		    json_pack("{s:o, s:o}", "in", distribution_json(b, class, BROADBAND_IN), "out",
			distribution_json(b, class, BROADBAND_OUT)));
	return json;
}

static json_t *
totals_json(const struct broadband *b, enum broadband_direction d)
{
	struct broadband_amount realised = { 0 }, received = { 0 };

	for (size_t i = 0; i < b->options.users; i++) {
		const struct broadband_user *user = &b->users[i];
		realised.packets += user->large[d] + user->small[d];
		realised.octets += broadband_octets(user, d);
		received.packets += user->received[d].packets;
		received.octets += user->received[d].octets;
	}
	return json_pack(
	    "{s:o, s:o}", "realised", amount_json(&realised), "received", amount_json(&received));
}

static json_t *
ports_json(const struct broadband_amount ports[BROADBAND_KINDS][BROADBAND_DIRECTIONS])
{
	json_t *json = json_object();

	for (size_t i = 0; i < BROADBAND_KINDS; i++) {
		json_t *both = json_object();
		for (size_t d = 0; d < BROADBAND_DIRECTIONS; d++)
			json_object_set_new(both, DIRECTIONS[d], amount_json(&ports[i][d]));
		json_object_set_new(json, broadband_kinds[i].name, both);
	}
	return json;
}

static json_t *
classes_json(const struct broadband_amount ports[2][BROADBAND_KINDS][BROADBAND_DIRECTIONS])
{
	json_t *json = json_object();

	for (size_t class = 0; class < 2; class ++)
		json_object_set_new(json, CLASSES[class], ports_json(ports[class]));
	return json;
}

/* Octets by hour: a row for each, the kinds' IN then their OUT. */
static json_t *
hours_json(const struct broadband *b)
{
	json_t *kinds = json_array(), *rows = json_array();

	for (size_t i = 0; i < BROADBAND_KINDS; i++)
		json_array_append_new(kinds, json_string(broadband_kinds[i].name));
	for (size_t h = 0; h < b->options.hours; h++) {
		json_t *row = json_array();
		for (size_t d = 0; d < BROADBAND_DIRECTIONS; d++)
			for (size_t i = 0; i < BROADBAND_KINDS; i++)
				json_array_append_new(row, number(b->counts.hours[h][i][d].octets));
		json_array_append_new(rows, row);
	}
	return json_pack("{s:o, s:o}", "kinds", kinds, "octets", rows);
}

static json_t *
users_json(const struct broadband *b)
{
	static const char *const columns[] = { "user_id", "service", "class", "exporter", "sampler",
		"in_packets", "in_octets", "out_packets", "out_octets", "in_received_packets",
		"in_received_octets", "out_received_packets", "out_received_octets" };
	json_t *names = json_array(), *rows = json_array();
	char text[16];

	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
		json_array_append_new(names, json_string(columns[i]));
	for (size_t i = 0; i < b->options.users; i++) {
		const struct broadband_user *user = &b->users[i];
		json_t *row = json_array();
		json_array_append_new(
		    row, json_string(broadband_user_name(b, i, text, sizeof text)));
		json_array_append_new(row, json_string(broadband_service(user->service)));
		json_array_append_new(row, json_string(CLASSES[user->peer]));
		json_array_append_new(row, number(user->exporter));
		json_array_append_new(row, number(user->sampler + 1U));
		for (size_t d = 0; d < BROADBAND_DIRECTIONS; d++) {
			json_array_append_new(row, number(user->large[d] + user->small[d]));
			json_array_append_new(
			    row, number(broadband_octets(user, (enum broadband_direction)d)));
		}
		for (size_t d = 0; d < BROADBAND_DIRECTIONS; d++) {
			json_array_append_new(row, number(user->received[d].packets));
			json_array_append_new(row, number(user->received[d].octets));
		}
		json_array_append_new(rows, row);
	}
	return json_pack("{s:o, s:o}", "columns", names, "rows", rows);
}

json_t *
broadband_truth_json(const struct broadband *b)
{
	const struct broadband_options *o = &b->options;
	json_t *json = json_object();
	char text[40];

	json_object_set_new(json, "parameters", parameters_json(b));
	json_object_set_new(
	    json, "begin", json_string(clock_format(o->start, 0, text, sizeof text)));
	json_object_set_new(json, "hours", number(o->hours));
	json_object_set_new(json, "days", number(o->days));
	json_object_set_new(json, "readdress_hour", number(b->readdress_hour));
	json_object_set_new(json, "totals",
	    json_pack("{s:o, s:o}", "in", totals_json(b, BROADBAND_IN), "out",
		totals_json(b, BROADBAND_OUT)));
	json_object_set_new(json, "daily_volume", distributions_json(b));
	json_object_set_new(json, "ports",
	    json_pack("{s:o, s:o}", "realised", classes_json(b->counts.ports), "received",
		classes_json(b->counts.received)));
	json_object_set_new(json, "by_hour", hours_json(b));
	json_object_set_new(json, "exporters", broadband_wire_json(b));
	if (o->list_users)
		json_object_set_new(json, "user_list", users_json(b));
	return json;
}
