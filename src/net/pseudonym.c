/* SPDX-License-Identifier: ISC */
/*
 * HMAC-SHA-256 by libcrypto, and the file of its key; see pseudonym.h.
 *
 * The keyed context is made once; a pseudonym works on a copy of it, which saves hashing the key's
 * two blocks again.
 */
#include "net/pseudonym.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/xmalloc.h"

#define KEY_TEXT_SIZE ((size_t)2 * PSEUDONYM_KEY_SIZE)

struct pseudonymizer {
	EVP_MAC *mac;       /* owned */
	EVP_MAC_CTX *keyed; /* owned: the key is in, nothing else */
	bool protected;
	bool exposed;
};

/* What everybody who reads this knows. */
static const uint8_t FIXED_KEY[PSEUDONYM_KEY_SIZE] = "yagura: the key without a key";

static enum err
refuse(struct err_info *info, const char *path, const char *what)
{
	return err_set(info, ERR_IO, "%.200s: %s: %s", path, what, strerror(errno));
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads 64 digits, which only a line end may follow. */
static enum err
parse_key(const char *path, const char *text, size_t size, uint8_t *key, struct err_info *info)
{
	while (size > KEY_TEXT_SIZE && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		size--;
	for (size_t i = 0; i < PSEUDONYM_KEY_SIZE; i++) {
		int high = size == KEY_TEXT_SIZE ? digit(text[2 * i]) : -1;
		int low = high >= 0 ? digit(text[2 * i + 1]) : -1;
		if (low < 0)
			return err_set(info, ERR_CONFIG,
			    "%.200s: a key of %zu hexadecimal digits is expected here", path,
			    KEY_TEXT_SIZE);
		key[i] = (uint8_t)(high << 4 | low);
	}
	return ERR_OK;
}

static enum err
read_key(const char *path, int fd, uint8_t *key, bool *ret_exposed, struct err_info *info)
{
	char text[KEY_TEXT_SIZE + 3];
	size_t size = 0;
	ssize_t got = 1;
	struct stat status;
	enum err e;

	if (fstat(fd, &status) != 0)
		return refuse(info, path, "cannot be read");
	while (got > 0 && size < sizeof text) {
		got = read(fd, text + size, sizeof text - size);
		if (got < 0 && errno != EINTR)
			return refuse(info, path, "cannot be read");
		size += got > 0 ? (size_t)got : 0;
		got = got < 0 ? 1 : got;
	}
	e = parse_key(path, text, size, key, info);
	OPENSSL_cleanse(text, sizeof text);
	*ret_exposed = (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
	return e;
}

/* Fills a file that has just been made. */
static enum err
write_key(const char *path, int fd, uint8_t *key, struct err_info *info)
{
	static const char digits[] = "0123456789abcdef";
	char text[KEY_TEXT_SIZE + 1];
	enum err e = ERR_OK;

	if (RAND_bytes(key, PSEUDONYM_KEY_SIZE) != 1)
		return err_set(info, ERR_IO, "%.200s: no random key to be had", path);
	for (size_t i = 0; i < PSEUDONYM_KEY_SIZE; i++) {
		text[2 * i] = digits[key[i] >> 4];
		text[2 * i + 1] = digits[key[i] & 15];
	}
	text[KEY_TEXT_SIZE] = '\n';
	if (write(fd, text, sizeof text) != (ssize_t)sizeof text || fsync(fd) != 0)
		e = refuse(info, path, "the new key cannot be written");
	OPENSSL_cleanse(text, sizeof text);
	if (e != ERR_OK)
		(void)unlink(path);
	return e;
}

/* Makes the file; when another process was faster, its key is the one. */
static enum err
load_key(const char *path, uint8_t *key, bool *ret_exposed, struct err_info *info)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool made = false;
	enum err e;

	if (fd < 0 && errno == ENOENT) {
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		made = fd >= 0;
		if (fd < 0 && errno == EEXIST)
			fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return refuse(info, path, "cannot be opened");
	e = made ? write_key(path, fd, key, info) : read_key(path, fd, key, ret_exposed, info);
	(void)close(fd);
	return e;
}

static enum err
make_keyed(struct pseudonymizer *p, const uint8_t *key, struct err_info *info)
{
	char digest[] = "SHA256";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	p->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	p->keyed = p->mac != NULL ? EVP_MAC_CTX_new(p->mac) : NULL;
	if (p->keyed == NULL || EVP_MAC_init(p->keyed, key, PSEUDONYM_KEY_SIZE, parameters) != 1)
		return err_set(info, ERR_IO, "libcrypto has no HMAC-SHA-256");
	return ERR_OK;
}

enum err
pseudonymizer_open(
    const char *key_file, struct pseudonymizer **ret_pseudonymizer, struct err_info *info)
{
	struct pseudonymizer *p = xcalloc(1, sizeof *p);
	uint8_t key[PSEUDONYM_KEY_SIZE];
	enum err e = ERR_OK;

	memcpy(key, FIXED_KEY, sizeof key);
	p->protected = key_file != NULL;
	if (key_file != NULL)
		e = load_key(key_file, key, &p->exposed, info);
	if (e == ERR_OK)
		e = make_keyed(p, key, info);
	OPENSSL_cleanse(key, sizeof key);
	if (e == ERR_OK)
		*ret_pseudonymizer = p;
	else
		pseudonymizer_free(p);
	return e;
}

void
pseudonymizer_free(struct pseudonymizer *p)
{
	if (p == NULL)
		return;
	EVP_MAC_CTX_free(p->keyed);
	EVP_MAC_free(p->mac);
	free(p);
}

bool
pseudonymizer_is_protected(const struct pseudonymizer *p)
{
	return p->protected;
}

bool
pseudonymizer_is_exposed(const struct pseudonymizer *p)
{
	return p->exposed;
}

uint64_t
pseudonym_of(const struct pseudonymizer *p, const void *identity, size_t size)
{
	EVP_MAC_CTX *context = EVP_MAC_CTX_dup(p->keyed);
	uint8_t code[EVP_MAX_MD_SIZE];
	size_t code_size = 0;

	/* Only memory can be missing here; small allocations abort. */
	if (context == NULL || EVP_MAC_update(context, identity, size) != 1 ||
	    EVP_MAC_final(context, code, &code_size, sizeof code) != 1 || code_size < 8)
		abort();
	EVP_MAC_CTX_free(context);
	return be64(code);
}
