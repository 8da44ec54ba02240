/* SPDX-License-Identifier: ISC */
/*
 * A low-interaction sensor: it listens where nobody has business, and writes down who comes.
 *
 *	e = sensor_open(&options, &sensor, &why);   // binds, becomes somebody else, locks itself in
 *	e = sensor_run(sensor, &why);               // until SIGTERM or SIGINT
 *	sensor_close(sensor);
 *
 * It never connects to anybody, never runs anything, and answers UDP never (it cannot be made to
 * flood a third party) and TCP with a few words only.  Whatever others do, what it takes is
 * bounded: connections at once, in all and of one source; seconds and octets of each; octets of log
 * a day.  What goes beyond is counted in the log.
 */
#ifndef YAGURA_SENSOR_SENSOR_H
#define YAGURA_SENSOR_SENSOR_H

#include "base/err.h"
#include "base/settings.h"
#include "net/address.h"
#include "sensor/dialogue.h"
#include "sensor/ports.h"

#define SENSOR_ADDRESSES 64

/* Limits and intervals, with defaults and ranges. */
extern const struct setting SENSOR_SETTINGS[];
extern const size_t SENSOR_SETTING_COUNT;

struct sensor_options {
	const char *name;      /* borrowed, as all of it, for the sensor's life */
	const char *directory; /* where the log is written; made when it is not there */
	const char *user;      /* who to become when started as root */
	const struct settings *settings;
	struct ports tcp, udp;
	struct address addresses[SENSOR_ADDRESSES]; /* to listen on; none: all of both families */
	size_t address_count;
	bool all_ports;            /* one port, which the firewall sends all others to */
	uint16_t transparent_port; /* that port */
	enum service services[UINT16_MAX + 1];
	struct dialogue_banners banners;
	void (*say)(void *context, const char *text); /* sentences for the operator */
	void *context;
};

/* Nothing to listen on; usual services and banners. */
void sensor_options_init(struct sensor_options *options);

struct sensor;

/* Binds, makes the directory, drops privileges, enters the sandbox, and begins the log. */
MUST_CHECK enum err sensor_open(
    const struct sensor_options *options, struct sensor **ret_sensor, struct err_info *info);

MUST_CHECK enum err sensor_run(struct sensor *sensor, struct err_info *info);

void sensor_close(struct sensor *sensor);

/* What of the sandbox is active. */
struct sandbox_report;
const struct sandbox_report *sensor_sandbox(const struct sensor *sensor);

/* Tries what the sandbox must refuse and says what came of it; how many things it let through. */
unsigned sensor_check_sandbox(const struct sensor *sensor);

#endif
