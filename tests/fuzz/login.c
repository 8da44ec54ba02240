/* SPDX-License-Identifier: ISC */
/*
 * The dialogues of decode/login.c.  The input is a run of pieces: an octet that says the direction
 * (bit 0), whether octets are missing (bit 1) and how far the clock goes, one with the size, and
 * the octets.  Whatever comes, what is delivered is whole: a service, a known outcome, no password.
 */
#include "decode/login.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
deliver(void *context, const struct batch *batch)
{
	unsigned *sum = context;

	for (size_t i = 0; i < batch->count; i++) {
		const struct login *l = batch->logins[i];

		must(l->service != NULL && l->outcome <= LOGIN_LIKELY_SUCCEEDED && l->count == 1);
		must(l->password.size == 0);
		for (size_t k = 0; k < l->user.size; k++)
			*sum += l->user.data[k];
		for (size_t k = 0; k < l->client.size; k++)
			*sum += l->client.data[k];
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned sum = 0;
	struct content_sink sink = { .deliver = deliver, .context = &sum, .consumed = OBS_LOGIN };
	struct stream_event e = { .kind = STREAM_DATA, .time = 1 };
	void *c;

	if (size > 0)
		(void)content_login.sniff(NULL, data, size);
	c = content_login.open(&sink, &e);
	while (size > 2) {
		size_t n = data[1] < size - 2 ? data[1] : size - 2;

		if (n == 0)
			break;
		e.direction = data[0] & 1;
		e.kind = (data[0] & 2) != 0 ? STREAM_GAP : STREAM_DATA;
		e.time += (nsec_t)(data[0] >> 2) * NSEC_PER_SEC;
		e.data = e.kind == STREAM_DATA ? data + 2 : NULL;
		e.size = e.kind == STREAM_DATA ? n : n * 100;
		content_login.event(c, &sink, &e);
		data += 2 + n;
		size -= 2 + n;
	}
	content_login.close(c, &sink, e.time);
	return 0;
}
