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

enum line_state {
	LINE_OPEN,
	LINE_TIMEOUT,
	LINE_CLOSED,
};

struct line {
	int fd; /* owned; -1: none */
	nsec_t deadline;
	enum line_state state; /* why the last call failed */
	uint64_t taken;        /* octets read */
};

/* Connects; false when it does not within `wait`. */
bool line_open(struct line *line, const struct address *address, uint16_t port, nsec_t wait);
/* Closes at once: what was sent and not read is thrown away. */
void line_close(struct line *line);

/* Calls from now on give up after this time. */
void line_wait(struct line *line, nsec_t wait);

bool line_send(struct line *line, const void *data, size_t size);
/* Reads exactly `size` octets, or as many as come (*ret_taken, which may be NULL): no others. */
bool line_take(struct line *line, void *data, size_t size, size_t *ret_taken);
/* Passes over that many. */
bool line_pass(struct line *line, size_t size);

/* The protocol's usual port; 0: not known. */
uint16_t starttls_port(const char *protocol);
/* Says what is to be said; false with a sentence in `text` when the server does not agree. */
bool starttls_talk(
    struct line *line, const char *protocol, const char *name, char *text, size_t text_size);

#endif
