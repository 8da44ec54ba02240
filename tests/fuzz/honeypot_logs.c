/* SPDX-License-Identifier: ISC */
/*
 * Logs of sshd, Cowrie, Suricata, T-Pot and the sensor, as they are or behind a first line that is
 * one: the first octet chooses.
 */
#include "source_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const HEADS[] = { "",
		"2026-12-10T06:55:46Z h sshd[1]: Server listening on 0.0.0.0 port 22.\n",
		"{\"__REALTIME_TIMESTAMP\":\"1767571200000000\",\"MESSAGE\":\"x\"}\n",
		"{\"eventid\":\"cowrie.log.closed\",\"timestamp\":\"2026-01-01T00:00:00Z\"}\n",
		"{\"timestamp\":\"2026-01-01T00:00:00Z\",\"event_type\":\"stats\"}\n",
		"src_ip,events,first_seen,last_seen,bytes_to_srv,bytes_to_cli\n", "_ts_ct,events\n",
		"{\"schema\":\"yagura.sensor/1\",\"event\":\"start\"}\n" };
	uint8_t input[FUZZ_SIZE_MAX];
	const char *head;

	if (size == 0)
		return 0;
	head = HEADS[data[0] % (sizeof HEADS / sizeof HEADS[0])];
	if (size - 1 > FUZZ_SIZE_MAX - strlen(head))
		return 0;
	memcpy(input, head, strlen(head));
	memcpy(input + strlen(head), data + 1, size - 1);
	fuzz_source(input, strlen(head) + size - 1);
	return 0;
}
