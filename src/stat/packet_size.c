/* SPDX-License-Identifier: ISC */
/* The size of users' packets; see packet_size.h. */
#include "stat/packet_size.h"

#include <math.h>

#define USERS_LEAST 20
#define SLOPE_LEAST (-0.5) /* beyond these a line says nothing about small users */
#define SLOPE_MOST  0.5

void
packet_size_add(
    struct packet_size_sums *s, uint64_t packets, uint64_t octets, uint64_t squares, double rate)
{
	double k = (double)packets, x, y, mean, variance;

	if (packets == 0 || octets == 0)
		return;
	s->packets += k;
	s->octets += (double)octets;
	if (packets < PACKET_SIZE_LEAST)
		return;
	mean = (double)octets / k;
	x = log(k * rate);
	y = log(mean);
	variance = ((double)squares / k - mean * mean) * k / (k - 1);
	s->users += 1;
	s->x += x;
	s->y += y;
	s->xx += x * x;
	s->xy += x * y;
	s->yy += y * y;
	if (rate > 1)
		s->noise += fmax(variance, 0) / (k * mean * mean);
}

struct packet_size
packet_size_solve(const struct packet_size_sums *s)
{
	double n = s->users, xx, xy, yy, residual;
	struct packet_size size = { .mean = s->packets > 0 ? log(s->octets / s->packets) : 0 };

	if (n < USERS_LEAST)
		return size;
	size.centre = s->x / n;
	size.mean = s->y / n;
	xx = s->xx - n * size.centre * size.centre;
	xy = s->xy - n * size.centre * size.mean;
	yy = s->yy - n * size.mean * size.mean;
	if (xx > 1e-9 * n)
		size.slope = fmax(SLOPE_LEAST, fmin(SLOPE_MOST, xy / xx));
	residual = fmax(yy - size.slope * (2 * xy - size.slope * xx), 0) / (n - 2);
	size.sigma = sqrt(fmax(residual - s->noise / n, 0));
	size.mean_error = sqrt(residual / n);
	size.slope_error = xx > 1e-9 * n ? sqrt(residual / xx) : 0;
	size.sigma_error = size.sigma > 0 ? residual / size.sigma / sqrt(2 * n) : 0;
	size.users = (uint64_t)n;
	return size;
}
