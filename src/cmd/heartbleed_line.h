/* SPDX-License-Identifier: ISC */
/*
 * A TCP connection with a deadline, read by exact counts, and what is said over it before TLS
 * begins (STARTTLS).
 */
#ifndef YAGURA_CMD_HEARTBLEED_LINE_H
#define YAGURA_CMD_HEARTBLEED_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"

enum heartbleed_line_state {
	LINE_OPEN,
	LINE_TIMEOUT,
	LINE_CLOSED,
};

struct heartbleed_line {
	int fd; /* owned; -1: none */
	nsec_t deadline;
	enum heartbleed_line_state state; /* why the last call failed */
	uint64_t taken;                   /* octets read */
};

/* Connects; false when it does not within `wait`. */
bool heartbleed_line_open(
    struct heartbleed_line *line, const struct address *address, uint16_t port, nsec_t wait);
/* Closes at once: what was sent and not read is thrown away. */
void heartbleed_line_close(struct heartbleed_line *line);

/* Calls from now on give up after this time. */
void heartbleed_line_wait(struct heartbleed_line *line, nsec_t wait);

bool heartbleed_line_send(struct heartbleed_line *line, const void *data, size_t size);
/* Reads exactly `size` octets, or as many as come (*ret_taken, which may be NULL): no others. */
bool heartbleed_line_take(struct heartbleed_line *line, void *data, size_t size, size_t *ret_taken);
/* Passes over that many. */
bool heartbleed_line_pass(struct heartbleed_line *line, size_t size);

/* The protocol's usual port; 0: not known. */
uint16_t starttls_port(const char *protocol);
/* Says what is to be said; false with a sentence in `text` when the server does not agree. */
bool starttls_talk(struct heartbleed_line *line, const char *protocol, const char *name, char *text,
    size_t text_size);

#endif
