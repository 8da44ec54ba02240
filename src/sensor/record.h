/* SPDX-License-Identifier: ISC */
/*
 * A visitor as a line of the log (doc/sensor.md describes it).
 */
#ifndef YAGURA_SENSOR_RECORD_H
#define YAGURA_SENSOR_RECORD_H

#include "sensor/line.h"
#include "sensor/visitors.h"

/* How a contact ended. */
enum record_end {
	RECORD_PEER,  /* the other side closed it */
	RECORD_RESET, /* … or broke it off */
	RECORD_IDLE,  /* nothing came for too long */
	RECORD_TIME,  /* it took too long in all */
	RECORD_SIZE,  /* it sent more than the sensor reads */
	RECORD_DONE,  /* all was said */
	RECORD_ROOM,  /* UDP: it made room for another */
	RECORD_STOP,  /* the sensor was stopped */
	RECORD_ENDS,
};

void record_contact(
    struct line *line, const char *sensor, const struct visitor *visitor, enum record_end end);

#endif
