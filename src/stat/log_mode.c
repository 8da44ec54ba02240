/* SPDX-License-Identifier: ISC */
/* The mode over decades; see log_mode.h. */
#include "stat/log_mode.h"

#include <math.h>

#include "stat/resample.h"

#define WINDOW       0.86 /* of the standard deviation, either side of the peak */
#define LINEAR_LEAST 30   /* users under the kernel */
#define SEED         UINT64_C(0x6d6f646573656564)

static const double KERNEL[] = { 1, 2, 3, 2, 1 };
#define REACH 2

static double
centre_of(unsigned bin)
{
	return LOG_MODE_FIRST + (bin + 0.5) * LOG_MODE_WIDTH;
}

unsigned
log_mode_bin(double value)
{
	double bin = floor((log10(value) - LOG_MODE_FIRST) / LOG_MODE_WIDTH);

	return bin < 0 ? 0 : bin >= LOG_MODE_BINS ? LOG_MODE_BINS - 1 : (unsigned)bin;
}

/* Standard deviation of log10 v. */
static double
spread_of(const double *counts)
{
	double n = 0, sum = 0, square = 0;

	for (unsigned i = 0; i < LOG_MODE_BINS; i++) {
		n += counts[i];
		sum += counts[i] * centre_of(i);
		square += counts[i] * centre_of(i) * centre_of(i);
	}
	return n > 0 ? sqrt(fmax(square / n - sum / n * (sum / n), 0)) : 0;
}

/* What is subtracted from ln(count): the logarithm of the bin's width, up to a constant. */
static double
tilt_of(unsigned bin, enum log_mode_density density)
{
	return density == LOG_MODE_LINEAR ? centre_of(bin) * M_LN10 : 0;
}

static bool
find_peak(const double *counts, enum log_mode_density density, unsigned *ret_bin)
{
	double best = -INFINITY;

	for (unsigned i = 0; i < LOG_MODE_BINS; i++) {
		double smooth = 0, users = 0, height;
		for (int d = -REACH; d <= REACH; d++) {
			if ((int)i + d < 0 || (int)i + d >= LOG_MODE_BINS)
				continue;
			smooth += KERNEL[d + REACH] * counts[(int)i + d];
			users += counts[(int)i + d];
		}
		if (users < (density == LOG_MODE_LINEAR ? LINEAR_LEAST : 1))
			continue;
		height = log(smooth) - tilt_of(i, density);
		if (height > best) {
			best = height;
			*ret_bin = i;
		}
	}
	return isfinite(best);
}

/* The vertex of the weighted parabola around a peak, or the peak's centre where there is none
 * inside the window. */
static double
vertex(const double *counts, enum log_mode_density density, unsigned peak, double half)
{
	double s[5] = { 0 }, t[3] = { 0 }, determinant, b, c;

	for (unsigned i = 0; i < LOG_MODE_BINS; i++) {
		double x = centre_of(i) - centre_of(peak), y, w = counts[i];
		if (w <= 0 || fabs(x) > half)
			continue;
		y = log(w) - tilt_of(i, density) + tilt_of(peak, density);
		for (unsigned n = 0; n < 5; n++) {
			s[n] += w;
			if (n < 3)
				t[n] += w * y;
			w *= x;
		}
	}
	determinant = s[0] * (s[2] * s[4] - s[3] * s[3]) - s[1] * (s[1] * s[4] - s[2] * s[3]) +
		      s[2] * (s[1] * s[3] - s[2] * s[2]);
	if (!(fabs(determinant) > 1e-12 * s[0] * s[0] * s[0]))
		return centre_of(peak);
	b = (s[0] * (t[1] * s[4] - t[2] * s[3]) - t[0] * (s[1] * s[4] - s[2] * s[3]) +
		s[2] * (s[1] * t[2] - s[2] * t[1])) /
	    determinant;
	c = (s[0] * (s[2] * t[2] - s[3] * t[1]) - s[1] * (s[1] * t[2] - s[2] * t[1]) +
		t[0] * (s[1] * s[3] - s[2] * s[2])) /
	    determinant;
	if (!(c < 0) || fabs(b / (2 * c)) > half)
		return centre_of(peak);
	return centre_of(peak) - b / (2 * c);
}

static bool
find(const double *counts, enum log_mode_density density, double *ret_log10)
{
	double half = fmax(WINDOW * spread_of(counts), 2.5 * LOG_MODE_WIDTH);
	unsigned peak = 0;

	if (!find_peak(counts, density, &peak))
		return false;
	*ret_log10 = vertex(counts, density, peak, half);
	return true;
}

bool
log_mode_find(
    const double counts[LOG_MODE_BINS], enum log_mode_density density, struct log_mode *ret_mode)
{
	double drawn[LOG_MODE_BINS], at, again, sum = 0, square = 0;
	struct resample r = { SEED };
	unsigned found = 0;

	if (!find(counts, density, &at))
		return false;
	for (unsigned round = 0; round < LOG_MODE_ROUNDS; round++) {
		resample_counts(&r, counts, LOG_MODE_BINS, drawn);
		if (!find(drawn, density, &again))
			continue;
		sum += again - at;
		square += (again - at) * (again - at);
		found++;
	}
	*ret_mode = (struct log_mode){ .value = pow(10, at) };
	if (found > 1)
		ret_mode->error = M_LN10 * sqrt(fmax(square - sum * sum / found, 0) / (found - 1));
	return true;
}
