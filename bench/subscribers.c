/* SPDX-License-Identifier: ISC */
/*
 * A week of a provider's sampled NetFlow version 5 in a capture file: every user of a pool has a
 * record a day, and as many more fall to few users.
 *
 *	subscribers USERS DAYS OUT.pcap
 *
 * Users have the addresses from 10.0.0.1 on.  Days are those of Tokyo, from 2014-05-26.  Says on
 * standard output how many records, packets and octets it wrote.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MONDAY   UINT64_C(1401030000) /* s */
#define DAY      UINT64_C(86400)
#define PER_USER 2 /* records a day */
#define SAMPLING 1000
#define RECORDS  30 /* in a datagram */
#define FRONT    (14 + 20 + 8)
#define SIZE     (FRONT + 24 + RECORDS * 48)

struct week {
	uint64_t random, records, packets, octets;
	uint32_t sequence;
	uint8_t frame[SIZE];
};

static uint64_t
random_u64(struct week *week)
{
	week->random ^= week->random << 13;
	week->random ^= week->random >> 7;
	week->random ^= week->random << 17;
	return week->random * UINT64_C(0x2545f4914f6cdd1d);
}

static void
put(uint8_t *to, unsigned size, uint64_t value)
{
	while (size-- > 0) {
		to[size] = (uint8_t)value;
		value >>= 8;
	}
}

/* The n-th user of a day: each once, in an order of no meaning, and then some more often. */
static uint32_t
user_of(struct week *week, uint64_t n, uint64_t users)
{
	double share = (double)(random_u64(week) >> 11) * 0x1p-53;

	if (n % PER_USER == 0)
		return (uint32_t)(n / PER_USER * UINT64_C(7919) % users); /* a prime */
	return (uint32_t)((double)users * share * share * share);
}

static void
put_record(struct week *week, uint8_t *r, uint32_t user)
{
	static const uint16_t PORTS[] = { 443, 80, 443, 51413, 443, 8080, 53, 443 };
	uint64_t random = random_u64(week);
	bool out = random % 10 < 6;
	uint32_t packets = 1 + (uint32_t)((random >> 8) % 3);
	uint32_t octets = packets * (out ? 1500 - (uint32_t)(random >> 16) % 200
					 : 60 + (uint32_t)(random >> 16) % 400);
	uint32_t customer = 0x0a000001 + user;
	uint32_t other = 0xc6120000 + (uint32_t)(random >> 40) % 65536;
	uint16_t port = PORTS[random >> 61], high = (uint16_t)(49152 + (random >> 24) % 16384);

	put(r, 4, out ? other : customer);
	put(r + 4, 4, out ? customer : other);
	put(r + 16, 4, packets);
	put(r + 20, 4, octets);
	put(r + 24, 4, 3599000); /* of 3600000: half a second, half a second before it was sent */
	put(r + 28, 4, 3599500);
	put(r + 32, 2, out ? port : high);
	put(r + 34, 2, out ? high : port);
	r[38] = port == 51413 || port == 53 ? 17 : 6;
	put(r + 40, 2, out ? 64500 + (random >> 50) % 32 : 64496);
	put(r + 42, 2, out ? 64496 : 64500 + (random >> 50) % 32);
	week->records++;
	week->packets += packets;
	week->octets += octets;
}

static void
put_front(struct week *week, unsigned count, uint64_t seconds)
{
	uint8_t *f = week->frame, *ip = f + 14, *udp = ip + 20, *h = f + FRONT;
	unsigned size = 24 + count * 48;

	put(f + 12, 2, 0x0800);
	ip[0] = 0x45;
	put(ip + 2, 2, 28 + size);
	ip[8] = 64;
	ip[9] = 17;
	put(ip + 12, 4, 0xc0000201);
	put(ip + 16, 4, 0xc0000202);
	put(udp, 2, 2055);
	put(udp + 2, 2, 2055);
	put(udp + 4, 2, 8 + size);
	put(h, 2, 5);
	put(h + 2, 2, count);
	put(h + 4, 4, 3600000); /* up for an hour */
	put(h + 8, 4, seconds);
	put(h + 16, 4, week->sequence);
	put(h + 22, 2, 1 << 14 | SAMPLING);
	week->sequence += count;
}

static bool
write_frame(const struct week *week, unsigned count, uint64_t seconds, FILE *file)
{
	uint32_t size = FRONT + 24 + count * 48;
	const uint32_t header[4] = { (uint32_t)seconds, 0, size, size };

	return fwrite(header, sizeof header, 1, file) == 1 &&
	       fwrite(week->frame, size, 1, file) == 1;
}

static bool
write_day(struct week *week, uint64_t users, uint64_t midnight, FILE *file)
{
	uint64_t most = users * PER_USER;

	for (uint64_t n = 0; n < most; n += RECORDS) {
		unsigned count = most - n < RECORDS ? (unsigned)(most - n) : RECORDS;
		/* The first is sent when its second is over. */
		uint64_t seconds = midnight + 2 + n * (DAY - 4) / most;
		for (unsigned i = 0; i < count; i++)
			put_record(week, week->frame + FRONT + 24 + (size_t)i * 48,
			    user_of(week, n + i, users));
		put_front(week, count, seconds);
		if (!write_frame(week, count, seconds, file))
			return false;
	}
	return true;
}

int
main(int argc, char **argv)
{
	const uint32_t header[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1 };
	struct week week = { .random = 20140526 };
	bool good;
	FILE *file;

	if (argc != 4 || (file = fopen(argv[3], "wbe")) == NULL) {
		(void)fprintf(stderr, "usage: subscribers USERS DAYS OUT.pcap\n");
		return 2;
	}
	good = fwrite(header, sizeof header, 1, file) == 1;
	for (uint64_t day = 0; good && day < strtoull(argv[2], NULL, 10); day++)
		good = write_day(&week, strtoull(argv[1], NULL, 10), MONDAY + day * DAY, file);
	if (fclose(file) != 0 || !good) {
		perror(argv[3]);
		return 1;
	}
	(void)printf("%llu %llu %llu\n", (unsigned long long)week.records,
	    (unsigned long long)week.packets, (unsigned long long)week.octets);
	return 0;
}
