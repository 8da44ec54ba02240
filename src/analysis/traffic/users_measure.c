/* SPDX-License-Identifier: ISC */
/* What is said of the users of a period: naive figures, and those corrected for sampling. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/traffic/users.h"
#include "base/xmalloc.h"

#define POSTERIORS 256 /* counts whose posterior is kept; above, the fit changes nothing */

const double USERS_TOP_SHARES[USERS_TOPS] = { 0.01, 0.04, 0.10, 0.20 };
const double USERS_QUANTILE_SHARES[USERS_QUANTILES] = { 0.5, 0.9, 0.95, 0.99, 0.999 };

const struct volume_fit *
users_fit(const struct users_measure *m)
{
	return !m->has_fit ? NULL : m->has_two && m->two_chosen ? &m->two : &m->one;
}

/* ------------------------------------------------------------------ as observed */

static void
observe(const struct users_period *p, unsigned d, struct users_measure *m)
{
	double days = (double)p->day_count, sampling = 0, square = 0, sum = 0, log_square = 0, n;

	m->sorted = xcalloc(p->count + 1, sizeof *m->sorted);
	for (size_t i = 0; i < p->count; i++) {
		const struct user_volume *u = &p->users[i];
		double v = u->volume[d] / days;
		if (u->packets[d] == 0 || !(v > 0))
			continue;
		m->sorted[m->seen++] = v;
		m->measurable += u->packets[d] >= USERS_MEASURABLE;
		m->precise += u->packets[d] >= USERS_PRECISE;
		m->counts[log_mode_bin(v)]++;
		m->total += v;
		square += v * v;
		sampling += (double)u->variance[d] * v * v;
		sum += log(v);
		log_square += log(v) * log(v);
	}
	order_sort(m->sorted, m->seen);
	if (m->seen == 0)
		return;
	n = fmax((double)m->seen, p->listed);
	m->mean = m->total / n;
	m->mean_sampling_error = sqrt(sampling) / n;
	if (n > 1)
		m->mean_error = sqrt(fmax(square / n - m->mean * m->mean, 0) / (n - 1));
	n = (double)m->seen;
	m->naive_sigma = sqrt(fmax(log_square / n - sum / n * (sum / n), 0));
	for (int density = 0; density < 2; density++)
		m->has_mode[density] =
		    log_mode_find(m->counts, (enum log_mode_density)density, &m->mode[density]);
}

static void
concentrate(const struct users_period *p, struct users_measure *m)
{
	size_t absent = p->listed > (double)m->seen ? (size_t)p->listed - m->seen : 0;

	for (unsigned i = 0; i < USERS_TOPS; i++)
		m->top[i] = order_top_share(m->sorted, m->seen, absent, USERS_TOP_SHARES[i]);
	m->gini = order_gini(m->sorted, m->seen, absent);
	m->tail = order_tail(m->sorted, m->seen, 0.01, &m->tail_begin);
}

/* ------------------------------------------------------------------ corrected */

/*
 * Fits the packets.  With a list of subscribers those of whom nothing was seen belong to the
 * likelihood, unless they are more than the others let expect: then some of them have no traffic at
 * all, which no lognormal has, and the fit is of those who do.
 */
static void
correct(const struct users_period *p, unsigned d, struct users_measure *m)
{
	struct pln_counts *counts = pln_counts_new();
	struct packet_size_sums sums = { 0 };
	struct packet_size size;
	struct pln_fit truncated, fit;
	double unseen = fmax(p->listed - (double)m->seen, 0);
	bool with_unseen = p->listed > 0;

	for (size_t i = 0; i < p->count; i++) {
		const struct user_volume *u = &p->users[i];
		if (u->packets[d] == 0)
			continue;
		pln_counts_add(counts, u->packets[d], (double)u->rate[d]);
		packet_size_add(&sums, u->packets[d], (uint64_t)u->octets[d],
		    (uint64_t)u->squares[d], (double)u->rate[d]);
	}
	pln_counts_add_unseen(counts, (uint64_t)unseen);
	size = packet_size_solve(&sums);
	m->has_fit = pln_fit(counts, false, 1, &truncated);
	if (m->has_fit && pln_fit(counts, false, 2, &fit) && fit.bic < truncated.bic)
		truncated = fit;
	if (m->has_fit) {
		m->active = (double)m->seen + truncated.unseen;
		m->active_error = truncated.unseen_error;
		m->inactive =
		    with_unseen && unseen > truncated.unseen + 4 * truncated.unseen_error + 3;
	}
	with_unseen = with_unseen && !m->inactive;
	m->has_fit = pln_fit(counts, with_unseen, 1, &fit);
	if (m->has_fit)
		m->one = volume_fit_make(&fit, &size, (double)p->day_count);
	m->has_two = m->has_fit && pln_fit(counts, with_unseen, 2, &fit);
	if (m->has_two) {
		m->two = volume_fit_make(&fit, &size, (double)p->day_count);
		m->two_chosen = m->two.packets.bic < m->one.packets.bic;
	}
	pln_counts_free(counts);
}

/* ------------------------------------------------------------------ kinds of users */

/* What the fit says of users with few packets at the commonest rate, computed once. */
struct posteriors {
	const struct volume_fit *fit;
	float rate;
	double mean[POSTERIORS], variance[POSTERIORS];
};

static void
posteriors_init(struct posteriors *q, const struct volume_fit *fit, float rate)
{
	q->fit = fit;
	q->rate = rate;
	for (unsigned k = 0; fit != NULL && k < POSTERIORS; k++)
		q->mean[k] = pln_posterior(&fit->packets, k, (double)rate, &q->variance[k]);
}

/* ln of a user's octets a day, and its standard deviation. */
static double
user_log_volume(const struct posteriors *q, const struct user_volume *u, unsigned d, double days,
    double *ret_sigma)
{
	uint32_t k = u->packets[d];
	double x, variance;

	if (q->fit == NULL || k >= POSTERIORS || u->rate[d] <= 1) {
		*ret_sigma = sqrt((double)u->variance[d]);
		return u->volume[d] > 0 ? log(u->volume[d] / days) : -INFINITY;
	}
	if (u->rate[d] == q->rate || k == 0) {
		x = q->mean[k];
		variance = q->variance[k];
	} else {
		x = pln_posterior(&q->fit->packets, k, (double)u->rate[d], &variance);
	}
	return volume_fit_user(q->fit, k, (double)u->octets[d], x, variance, ret_sigma);
}

static float
commonest_rate(const struct users_period *p)
{
	const struct users_rate *best = NULL;

	for (size_t i = 0; i < p->rate_count; i++)
		if (best == NULL || p->rates[i].packets > best->packets)
			best = &p->rates[i];
	return best != NULL && best->sampling > 1 ? (float)best->sampling : 1;
}

/* Users of whom nothing is seen in this direction are as the fit thinks of k = 0. */
static void
tell_kinds(struct users_period *p, double client_line, double heavy_line)
{
	struct users_measure *m = &p->measures[USERS_IN];
	struct posteriors *q = xcalloc(1, sizeof *q);
	double days = (double)p->day_count, heavy = 0, all = 0;
	double others = p->listed > (double)p->count ? p->listed - (double)p->count : 0;
	struct user_volume nobody = { .rate = { commonest_rate(p), commonest_rate(p) } };

	posteriors_init(q, users_fit(m), commonest_rate(p));
	for (size_t i = 0; i <= p->count; i++) {
		const struct user_volume *u = i < p->count ? &p->users[i] : &nobody;
		struct user_volume unseen = nobody;
		uint64_t times = i < p->count ? 1 : (uint64_t)others;
		double sigma, x;
		if (u->packets[USERS_IN] == 0)
			u = &unseen;
		x = user_log_volume(q, u, USERS_IN, days, &sigma);
		p->client += x < log(client_line) ? times : 0;
		p->near_client += fabs(x - log(client_line)) < 2 * sigma ? times : 0;
		p->heavy += x > log(heavy_line) ? times : 0;
		heavy += x > log(heavy_line) ? u->volume[USERS_IN] : 0;
		all += u->volume[USERS_IN];
	}
	p->heavy_share = all > 0 ? heavy / all : 0;
	free(q);
}

void
users_measure(struct users_period *p, double client_line, double heavy_line)
{
	for (unsigned d = 0; d < USERS_DIRECTIONS; d++) {
		struct users_measure *m = &p->measures[d];
		observe(p, d, m);
		if (m->seen == 0)
			continue;
		concentrate(p, m);
		correct(p, d, m);
	}
	tell_kinds(p, client_line, heavy_line);
}

void
users_measure_release(struct users_measure *m)
{
	free(m->sorted);
	m->sorted = NULL;
}

/* ------------------------------------------------------------------ comparing */

/* Users with packets in both periods, and how many of them lie below a volume in each, and in both.
 */
struct pairs {
	double count, below_a, below_b, below_both;
};

static struct pairs
count_pairs(const struct users_report *r, unsigned d, double low_a, double low_b)
{
	const struct users_period *a = &r->periods[0], *b = &r->periods[1];
	struct pairs pairs = { 0 };
	size_t k = 0;

	for (size_t i = 0; i < a->count; i++) {
		bool is_a, is_b;
		while (k < b->count && b->users[k].user < a->users[i].user)
			k++;
		if (k == b->count)
			break;
		if (b->users[k].user != a->users[i].user || a->users[i].packets[d] == 0 ||
		    b->users[k].packets[d] == 0)
			continue;
		is_a = a->users[i].volume[d] <= low_a;
		is_b = b->users[k].volume[d] <= low_b;
		pairs.count++;
		pairs.below_a += is_a;
		pairs.below_b += is_b;
		pairs.below_both += is_a && is_b;
	}
	return pairs;
}

size_t
users_paired(const struct users_report *r, unsigned direction)
{
	return r->period_count == 2 ? (size_t)count_pairs(r, direction, 0, 0).count : 0;
}

/*
 * Quantiles of the same users vary together: with m users in both periods, the correlation is
 * m / √(n_A n_B) times that of being below the quantile in the one and in the other.
 */
static double
correlation(const struct users_report *r, unsigned d, double qa, double qb)
{
	const struct users_period *a = &r->periods[0], *b = &r->periods[1];
	struct pairs p = count_pairs(r, d, qa * (double)a->day_count, qb * (double)b->day_count);
	double pa = p.below_a / p.count, pb = p.below_b / p.count, c;

	if (p.count < 10 || !(pa > 0 && pa < 1 && pb > 0 && pb < 1))
		return 0;
	c = (p.below_both / p.count - pa * pb) / sqrt(pa * (1 - pa) * pb * (1 - pb)) * p.count /
	    sqrt((double)a->measures[d].seen * (double)b->measures[d].seen);
	return fmax(-1, fmin(1, c));
}

bool
users_ratio(const struct users_report *r, unsigned d, double p, bool corrected, double *ret_log,
    double *ret_error)
{
	const struct users_measure *a = &r->periods[0].measures[d];
	const struct users_measure *b = &r->periods[1].measures[d];
	struct order_estimate qa, qb;
	double ea, eb;

	if (r->period_count < 2 || a->seen < 10 || b->seen < 10)
		return false;
	qa = order_quantile(a->sorted, a->seen, p);
	qb = order_quantile(b->sorted, b->seen, p);
	*ret_log = log(qa.value / qb.value);
	ea = qa.error;
	eb = qb.error;
	if (corrected) {
		const struct volume_fit *fa = users_fit(a), *fb = users_fit(b);
		if (fa == NULL || fb == NULL)
			return false;
		*ret_log =
		    lognormal_mix_quantile(&fa->volume, p) - lognormal_mix_quantile(&fb->volume, p);
		ea = volume_fit_error(fa, lognormal_mix_quantile, p);
		eb = volume_fit_error(fb, lognormal_mix_quantile, p);
	}
	*ret_error =
	    sqrt(fmax(ea * ea + eb * eb - 2 * correlation(r, d, qa.value, qb.value) * ea * eb, 0));
	return true;
}
