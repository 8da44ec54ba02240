/* SPDX-License-Identifier: ISC */
/*
 * Capture files; see capture.h.  Formats: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.
 * Little-endian throughout.
 */
#include "simulate/capture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/xmalloc.h"

#define BUFFER_SIZE ((size_t)256 << 10)
#define PCAP_USEC   0xa1b2c3d4U
#define PCAP_NSEC   0xa1b23c4dU

enum {
	LINKTYPE_ETHERNET = 1,
	SNAP_SIZE = 262144,
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_TSRESOL = 9,
};

struct capture {
	FILE *file;   /* owned, but for standard output */
	char *path;   /* owned */
	char *buffer; /* owned: of the file; NULL for standard output */
	enum capture_format format;
	bool regular; /* a file that can be removed */
	int failure;  /* errno of the first write that failed */
};

static void
put(struct capture *capture, const void *data, size_t size)
{
	if (capture->failure == 0 && fwrite(data, 1, size, capture->file) != size)
		capture->failure = errno != 0 ? errno : EIO;
}

static void
put_pcap_head(struct capture *capture)
{
	uint8_t head[24] = { 0 };

	put_le32(head, capture->format == CAPTURE_PCAP ? PCAP_USEC : PCAP_NSEC);
	put_le16(head + 4, 2);
	put_le16(head + 6, 4);
	put_le32(head + 16, SNAP_SIZE);
	put_le32(head + 20, LINKTYPE_ETHERNET);
	put(capture, head, sizeof head);
}

static size_t
padded(size_t size)
{
	return (size + 3) / 4 * 4;
}

/* Section header with its comment, interface description with nanoseconds. */
static void
put_pcapng_head(struct capture *capture, const char *comment)
{
	size_t text = strlen(comment), size = 28 + 4 + padded(text) + 4;
	uint8_t *section = xcalloc(1, size);
	uint8_t interface[32] = { 0 };

	put_le32(section, BLOCK_SECTION);
	put_le32(section + 4, (uint32_t)size);
	put_le32(section + 8, 0x1a2b3c4d);
	put_le16(section + 12, 1);
	put_le64(section + 16, UINT64_MAX); /* length of the section: not said */
	put_le16(section + 24, OPTION_COMMENT);
	put_le16(section + 26, (uint16_t)text);
	/* The terminator falls into padding or into the end-of-options option: zeros like it. */
	memcpy(section + 28, comment, text + 1);
	put_le32(section + size - 4, (uint32_t)size);
	put(capture, section, size);
	free(section);
	put_le32(interface, BLOCK_INTERFACE);
	put_le32(interface + 4, sizeof interface);
	put_le16(interface + 8, LINKTYPE_ETHERNET);
	put_le32(interface + 12, SNAP_SIZE);
	put_le16(interface + 16, OPTION_TSRESOL);
	put_le16(interface + 18, 1);
	interface[20] = 9;
	put_le16(interface + 24, OPTION_END);
	put_le32(interface + 28, sizeof interface);
	put(capture, interface, sizeof interface);
}

enum err
capture_open(const char *path, enum capture_format format, const char *comment,
    struct capture **ret_capture, struct err_info *info)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdout : fopen(path, "wbe");
	struct capture *capture;
	struct stat status;

	if (file == NULL)
		return err_set(info, ERR_IO, "%.200s: %s", path, strerror(errno));
	capture = xcalloc(1, sizeof *capture);
	capture->file = file;
	capture->path = xstrdup(path);
	capture->format = format;
	capture->regular =
	    !standard && fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode);
	if (!standard) {
		capture->buffer = xmalloc(BUFFER_SIZE);
		(void)setvbuf(file, capture->buffer, _IOFBF, BUFFER_SIZE);
	}
	if (format == CAPTURE_PCAPNG)
		put_pcapng_head(capture, comment);
	else
		put_pcap_head(capture);
	*ret_capture = capture;
	return ERR_OK;
}

void
capture_frame(struct capture *capture, nsec_t time, const uint8_t *frame, size_t size)
{
	static const uint8_t zeros[4] = { 0 };
	uint8_t head[28];
	size_t block = sizeof head + padded(size) + 4;

	if (capture->format != CAPTURE_PCAPNG) {
		nsec_t fraction = time % NSEC_PER_SEC;
		put_le32(head, (uint32_t)(time / NSEC_PER_SEC));
		put_le32(
		    head + 4, (uint32_t)(capture->format == CAPTURE_PCAP ? fraction / NSEC_PER_US
									 : fraction));
		put_le32(head + 8, (uint32_t)size);
		put_le32(head + 12, (uint32_t)size);
		put(capture, head, 16);
		put(capture, frame, size);
		return;
	}
	put_le32(head, BLOCK_PACKET);
	put_le32(head + 4, (uint32_t)block);
	put_le32(head + 8, 0);
	put_le32(head + 12, (uint32_t)((uint64_t)time >> 32));
	put_le32(head + 16, (uint32_t)time);
	put_le32(head + 20, (uint32_t)size);
	put_le32(head + 24, (uint32_t)size);
	put(capture, head, sizeof head);
	put(capture, frame, size);
	put(capture, zeros, padded(size) - size);
	put(capture, head + 4, 4);
}

void
capture_abandon(struct capture *capture)
{
	if (capture->failure == 0)
		capture->failure = ECANCELED;
}

enum err
capture_close(struct capture *capture, struct err_info *info)
{
	enum err e = ERR_OK;

	if (fflush(capture->file) != 0 && capture->failure == 0)
		capture->failure = errno;
	if (capture->file != stdout && fclose(capture->file) != 0 && capture->failure == 0)
		capture->failure = errno;
	if (capture->failure != 0) {
		e = capture->failure == ENOSPC || capture->failure == EDQUOT ? ERR_NO_SPACE
									     : ERR_IO;
		(void)err_set(info, e, "%.200s: %s", capture->path, strerror(capture->failure));
		if (capture->regular)
			(void)unlink(capture->path);
	}
	free(capture->buffer);
	free(capture->path);
	free(capture);
	return e;
}
