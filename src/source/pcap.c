/* SPDX-License-Identifier: ISC */
/*
 * The pcap format (draft-ietf-opsawg-pcap).
 *
 *	file header, 24 octets                      record header, 16 octets
 *	 0  magic: byte order and time unit          0  seconds, unsigned (until 2106)
 *	 4  major version   6  minor version         4  microseconds or nanoseconds
 *	 8  two reserved fields, ignored             8  captured length
 *	16  snaplen                                 12  original length
 *	20  link type and FCS bits                  16  captured octets
 *
 * Files lie about their snaplen, so it is not used: a captured length is believed up to
 * SOURCE_RECORD_MAX.  A fraction of a second that is out of range is simply added.
 */
#include <stdlib.h>

#include "base/xmalloc.h"
#include "source/capture.h"

#define PCAP_HEADER_SIZE 24
#define PCAP_RECORD_SIZE 16

#define PCAP_MAGIC_USEC 0xa1b2c3d4
#define PCAP_MAGIC_NSEC 0xa1b23c4d

struct pcap {
	bool swapped;   /* big endian */
	bool old;       /* before version 2.4: either length may come first */
	uint32_t scale; /* nanoseconds in a unit of the fraction */
	uint16_t link_type;
};

/* Variants with the same file header but other records: reading them as pcap would give garbage. */
static const struct {
	uint32_t magic;
	const char *name;
} variants[] = {
	{ 0xa1b2cd34, "the modified (Kuznetzov) variant of pcap" },
	{ 0xa1b234cd, "the variant of pcap by F. Mesquita" },
	{ 0xa12b3c4d, "the Navtel variant of pcap" },
	{ 0x1c0001ac, "the IXIA hardware variant of pcap" },
	{ 0x1c0001ab, "the IXIA software variant of pcap" },
};

/* The variant's name, or NULL. */
static const char *
variant_name(uint32_t magic)
{
	for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
		if (magic == variants[i].magic || __builtin_bswap32(magic) == variants[i].magic)
			return variants[i].name;
	}
	return NULL;
}

static bool
pcap_recognise(const uint8_t *head, size_t size)
{
	uint32_t magic;

	if (size < 4)
		return false;
	magic = le32(head);
	return magic == PCAP_MAGIC_USEC || magic == PCAP_MAGIC_NSEC ||
	       magic == __builtin_bswap32(PCAP_MAGIC_USEC) ||
	       magic == __builtin_bswap32(PCAP_MAGIC_NSEC) || variant_name(magic) != NULL;
}

/* Versions 2.0 to 2.3 differ in the order of the lengths; none above 2.4 was ever defined, and
 * files that claim one are read as 2.4. */
static enum err
check_version(const uint8_t *head, bool swapped, struct err_info *info)
{
	unsigned major = capture_u16(head + 4, swapped), minor = capture_u16(head + 6, swapped);
	uint32_t network = capture_u32(head + 20, swapped);

	if (major != 2)
		return err_set(
		    info, ERR_UNSUPPORTED, "pcap version %u.%u is not read", major, minor);
	/* AIX writes version 2.2 with interface types of RFC 1573 for link types, and nanoseconds.
	 */
	if (minor == 2 && (network == 6 || network == 9 || network == 15 || network == 24))
		return err_set(info, ERR_UNSUPPORTED, "the AIX variant of pcap is not read");
	return ERR_OK;
}

/*
 * The link type field:
 *
 *	 31     28 27 26 25              16 15                            0
 *	| FCS len | R | P |    reserved    |           link type           |
 *
 * What the FCS bits say needs no action: the octets of a frame's check sequence come after those
 * that its own headers account for.  "A reader SHOULD treat a non-zero value [of the reserved bits]
 * as an error".
 */
static enum err
check_link_type(uint32_t field, struct err_info *info)
{
	if ((field & 0x0bff0000) != 0)
		return err_set(info, ERR_FORMAT,
		    "the link type 0x%08x in the file header has reserved bits set", field);
	return ERR_OK;
}

static enum err
pcap_open(
    const uint8_t *head, size_t size, void **ret_state, size_t *ret_used, struct err_info *info)
{
	uint32_t magic = le32(head), order = magic;
	const char *variant = variant_name(magic);
	struct pcap *pcap;
	enum err e;
	bool swapped;

	if (variant != NULL)
		return err_set(info, ERR_UNSUPPORTED, "%s is not read", variant);
	if (size < PCAP_HEADER_SIZE)
		return err_set(
		    info, ERR_TRUNC, "the file ends inside its pcap header (%zu octets)", size);
	swapped = magic != PCAP_MAGIC_USEC && magic != PCAP_MAGIC_NSEC;
	if (swapped)
		order = __builtin_bswap32(magic);
	e = check_version(head, swapped, info);
	if (e == ERR_OK)
		e = check_link_type(capture_u32(head + 20, swapped), info);
	if (e != ERR_OK)
		return e;

	pcap = xmalloc(sizeof *pcap);
	*pcap = (struct pcap){
		.swapped = swapped,
		.old = capture_u16(head + 6, swapped) < 4,
		.scale = order == PCAP_MAGIC_NSEC ? 1 : (uint32_t)NSEC_PER_US,
		.link_type = (uint16_t)capture_u32(head + 20, swapped),
	};
	*ret_state = pcap;
	*ret_used = PCAP_HEADER_SIZE;
	return ERR_OK;
}

/*
 * Takes whole records.  `swapped` is a constant in each caller, so that the loop is compiled once
 * for each byte order.
 */
static inline __attribute__((always_inline)) void
take_records(const struct pcap *pcap, struct capture_run *whole, bool swapped)
{
	/* A copy that nothing points to stays in registers. */
	struct capture_run local = *whole, *run = &local;
	size_t at = 0;

	run->need = PCAP_RECORD_SIZE;
	while (run->count < run->most && run->size - at >= PCAP_RECORD_SIZE) {
		const uint8_t *r = run->data + at;
		uint32_t captured = capture_u32(r + 8, swapped);
		uint32_t original = capture_u32(r + 12, swapped);

		if (__builtin_expect(pcap->old, 0) && captured > original) {
			uint32_t first = captured;

			captured = original;
			original = first;
		}
		if (__builtin_expect(captured > SOURCE_RECORD_MAX, 0)) {
			run->failure = "a captured length above 16 MiB";
			break;
		}
		if (run->size - at - PCAP_RECORD_SIZE < captured) {
			run->need = PCAP_RECORD_SIZE + (size_t)captured;
			break;
		}
		capture_add(run,
		    &(struct packet){
			.time = (nsec_t)capture_u32(r, swapped) * NSEC_PER_SEC +
				(nsec_t)capture_u32(r + 4, swapped) * pcap->scale,
			.data = r + PCAP_RECORD_SIZE,
			.input_offset = run->offset + at,
			.captured_size = captured,
			/* A frame was at least what was kept of it, whatever the writer says. */
			.frame_size = original > captured ? original : captured,
			.link_type = pcap->link_type,
		    });
		at += PCAP_RECORD_SIZE + (size_t)captured;
	}
	run->used = at;
	*whole = local;
}

static void
pcap_run(void *state, struct capture_run *run)
{
	const struct pcap *pcap = state;

	if (pcap->swapped)
		take_records(pcap, run, true);
	else
		take_records(pcap, run, false);
}

static uint64_t
pcap_drops(const void *state)
{
	(void)state;
	return 0;
}

static void
pcap_close(void *state)
{
	free(state);
}

const struct capture_format capture_pcap = {
	.name = "pcap",
	.recognise = pcap_recognise,
	.open = pcap_open,
	.run = pcap_run,
	.drops = pcap_drops,
	.close = pcap_close,
};
