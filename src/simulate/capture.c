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
put(struct capture *w, const void *data, size_t size)
{
	if (w->failure == 0 && fwrite(data, 1, size, w->file) != size)
		w->failure = errno != 0 ? errno : EIO;
}

static void
put_pcap_head(struct capture *w)
{
	uint8_t head[24] = { 0 };

	put_le32(head, w->format == CAPTURE_PCAP ? PCAP_USEC : PCAP_NSEC);
	put_le16(head + 4, 2);
	put_le16(head + 6, 4);
	put_le32(head + 16, SNAP_SIZE);
	put_le32(head + 20, LINKTYPE_ETHERNET);
	put(w, head, sizeof head);
}

static size_t
padded(size_t size)
{
	return (size + 3) / 4 * 4;
}

/* Section header with its comment, interface description with nanoseconds. */
static void
put_pcapng_head(struct capture *w, const char *comment)
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
	memcpy(section + 28, comment, text);
	put_le32(section + size - 4, (uint32_t)size); /* after the end-of-options option, zeros */
	put(w, section, size);
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
	put(w, interface, sizeof interface);
}

enum err
capture_open(const char *path, enum capture_format format, const char *comment,
    struct capture **ret_capture, struct err_info *info)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdout : fopen(path, "wbe");
	struct capture *w;
	struct stat status;

	if (file == NULL)
		return err_set(info, ERR_IO, "%.200s: %s", path, strerror(errno));
	w = xcalloc(1, sizeof *w);
	w->file = file;
	w->path = xstrdup(path);
	w->format = format;
	w->regular = !standard && fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode);
	if (!standard) {
		w->buffer = xmalloc(BUFFER_SIZE);
		(void)setvbuf(file, w->buffer, _IOFBF, BUFFER_SIZE);
	}
	if (format == CAPTURE_PCAPNG)
		put_pcapng_head(w, comment);
	else
		put_pcap_head(w);
	*ret_capture = w;
	return ERR_OK;
}

void
capture_frame(struct capture *w, nsec_t time, const uint8_t *frame, size_t size)
{
	static const uint8_t zeros[4] = { 0 };
	uint8_t head[28];
	size_t block = sizeof head + padded(size) + 4;

	if (w->format != CAPTURE_PCAPNG) {
		nsec_t fraction = time % NSEC_PER_SEC;
		put_le32(head, (uint32_t)(time / NSEC_PER_SEC));
		put_le32(head + 4,
		    (uint32_t)(w->format == CAPTURE_PCAP ? fraction / NSEC_PER_US : fraction));
		put_le32(head + 8, (uint32_t)size);
		put_le32(head + 12, (uint32_t)size);
		put(w, head, 16);
		put(w, frame, size);
		return;
	}
	put_le32(head, BLOCK_PACKET);
	put_le32(head + 4, (uint32_t)block);
	put_le32(head + 8, 0);
	put_le32(head + 12, (uint32_t)((uint64_t)time >> 32));
	put_le32(head + 16, (uint32_t)time);
	put_le32(head + 20, (uint32_t)size);
	put_le32(head + 24, (uint32_t)size);
	put(w, head, sizeof head);
	put(w, frame, size);
	put(w, zeros, padded(size) - size);
	put(w, head + 4, 4);
}

enum err
capture_close(struct capture *w, struct err_info *info)
{
	enum err e = ERR_OK;

	if (fflush(w->file) != 0 && w->failure == 0)
		w->failure = errno;
	if (w->file != stdout && fclose(w->file) != 0 && w->failure == 0)
		w->failure = errno;
	if (w->failure != 0) {
		e = w->failure == ENOSPC || w->failure == EDQUOT ? ERR_NO_SPACE : ERR_IO;
		(void)err_set(info, e, "%.200s: %s", w->path, strerror(w->failure));
		if (w->regular)
			(void)unlink(w->path);
	}
	free(w->buffer);
	free(w->path);
	free(w);
	return e;
}
