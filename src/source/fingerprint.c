/* SPDX-License-Identifier: ISC */
/* Fingerprints: of a running hash, and of a file that is not read as a capture. */
#include "source/fingerprint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "source/source.h"

#define BLOCK_SIZE (256U << 10)

static enum err
hash_file(int fd, uint64_t octets, XXH3_state_t *hash, uint64_t *ret_octets)
{
	uint8_t *block = xmalloc(BLOCK_SIZE);
	uint64_t done = 0;
	ssize_t got = 1;

	while (done < octets && got != 0) {
		size_t want = octets - done < BLOCK_SIZE ? (size_t)(octets - done) : BLOCK_SIZE;

		got = read(fd, block, want);
		if (got < 0 && errno != EINTR)
			break;
		if (got > 0) {
			(void)XXH3_128bits_update(hash, block, (size_t)got);
			done += (size_t)got;
		}
	}
	free(block);
	*ret_octets = done;
	return got < 0 && done < octets ? ERR_IO : ERR_OK;
}

enum err
source_fingerprint(
    const char *path, uint64_t octets, char *ret_text, uint64_t *ret_octets, struct err_info *info)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	XXH3_state_t *hash;
	uint64_t done = 0;
	enum err e;

	if (fd < 0)
		return err_set(info, ERR_IO, "%s: cannot be opened: %s", path, strerror(errno));
	hash = XXH3_createState();
	if (hash == NULL) {
		(void)close(fd);
		return err_set(info, ERR_IO, "%s: out of memory", path);
	}
	(void)XXH3_128bits_reset(hash);
	e = hash_file(fd, octets, hash, &done);
	if (e == ERR_OK) {
		fingerprint_text(hash, ret_text);
		*ret_octets = done;
	} else {
		e = err_set(info, e, "%s: cannot be read: %s", path, strerror(errno));
	}
	(void)XXH3_freeState(hash);
	(void)close(fd);
	return e;
}

void
fingerprint_text(const XXH3_state_t *state, char *ret_text)
{
	static const char digits[] = "0123456789abcdef";
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
	for (size_t i = 0; i < sizeof canonical.digest; i++) {
		ret_text[2 * i] = digits[canonical.digest[i] >> 4];
		ret_text[2 * i + 1] = digits[canonical.digest[i] & 15];
	}
	ret_text[2 * sizeof canonical.digest] = '\0';
}
