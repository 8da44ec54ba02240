/* SPDX-License-Identifier: ISC */
/* What holds for every input: chunks, leftovers, pipes, fingerprints, errors of the system. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "source_build.h"

/* Sizes that change between tiny and larger than a chunk, in runs, so that every estimate is wrong.
 */
static uint32_t
size_of(size_t i)
{
	if (i % 20000 == 7777)
		return 3 * CHUNK_SIZE / 2;
	if (i % 20000 == 0)
		return CHUNK_SIZE - 16;
	return (uint32_t)(i / 3000 % 2 == 0 ? i % 40 : 1000 + i % 500);
}

#define PACKET_COUNT 21000

static void
make_capture(struct bytes *b)
{
	pcap_header(b, 0xa1b2c3d4, 4, 1);
	for (size_t i = 0; i < PACKET_COUNT; i++) {
		uint32_t size = size_of(i);

		bytes_uint(b, i, 4);
		bytes_uint(b, 0, 4);
		bytes_uint(b, size, 4);
		bytes_uint(b, size, 4);
		for (size_t left = size; left > 0;) {
			uint8_t fill[500];
			size_t part = left < sizeof fill ? left : sizeof fill;

			memset(fill, (int)(i % 251), part);
			bytes_raw(b, fill, part);
			left -= part;
		}
	}
}

static void
assert_packets(const struct chunk *chunk, size_t first)
{
	for (size_t i = 0; i < chunk->count; i++) {
		const struct packet *packet = &chunk->packets[i];

		assert_int_equal(packet->time, (int64_t)(first + i) * NSEC_PER_SEC);
		assert_int_equal(packet->captured_size, size_of(first + i));
		for (size_t j = 0; j < packet->captured_size; j++) {
			if (packet->data[j] != (first + i) % 251)
				fail_msg("packet %zu, octet %zu", first + i, j);
		}
	}
}

/* Reads with three chunks in turn; each must still hold its packets when it is used again. */
static void
read_in_turns(int fd, const struct bytes *b)
{
	struct source *source;
	struct chunk chunks[3];
	size_t firsts[3] = { 0 }, total = 0;
	struct err_info why = { 0 };

	assert_int_equal(source_open_fd(fd, "turns", &source, &why), ERR_OK);
	for (size_t i = 0; i < 3; i++)
		chunk_init(&chunks[i]);
	for (size_t turn = 0;; turn = (turn + 1) % 3) {
		assert_packets(&chunks[turn], firsts[turn]);
		if (source_read(source, &chunks[turn], &why) != ERR_OK)
			break;
		firsts[turn] = total;
		total += chunks[turn].count;
		assert_true(chunks[turn].buffer_size <= 16 + 3 * CHUNK_SIZE / 2);
	}
	assert_int_equal(total, PACKET_COUNT);
	assert_int_equal(source_info(source)->octets, b->size);
	for (size_t i = 0; i < 3; i++)
		chunk_release(&chunks[i]);
	source_close(source);
}

static void
test_leftovers(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	make_capture(&b);
	read_in_turns(memory_file(b.data, b.size), &b);
	bytes_clear(&b);
}

struct writer {
	int fd;
	const struct bytes *bytes;
};

/* Writes pieces of odd sizes. */
static void *
write_pieces(void *argument)
{
	const struct writer *w = argument;
	size_t step = 1;

	for (size_t at = 0; at < w->bytes->size;) {
		size_t left = w->bytes->size - at;
		ssize_t done = write(w->fd, w->bytes->data + at, left < step ? left : step);

		if (done <= 0)
			break;
		at += (size_t)done;
		step = step * 5 % 70001 + 1;
	}
	(void)close(w->fd);
	return NULL;
}

static void
test_pipe(void **state)
{
	struct bytes b = { 0 };
	struct writer writer;
	pthread_t thread;
	int ends[2];

	(void)state;
	make_capture(&b);
	assert_int_equal(pipe(ends), 0);
	writer = (struct writer){ .fd = ends[1], .bytes = &b };
	assert_int_equal(pthread_create(&thread, NULL, write_pieces, &writer), 0);
	read_in_turns(ends[0], &b);
	assert_int_equal(pthread_join(thread, NULL), 0);
	bytes_clear(&b);
}

/* A pipe's packets come as soon as they are whole: the writer still lives. */
static void
test_pipe_does_not_wait(void **state)
{
	struct bytes b = { 0 };
	struct source *source;
	struct chunk chunk;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pcap_header(&b, 0xa1b2c3d4, 4, 1);
	pcap_record(&b, 1, 0, 1, 60);
	pcap_record(&b, 2, 0, 2, 60);
	assert_int_equal(write(ends[1], b.data, b.size), b.size);
	assert_int_equal(source_open_fd(ends[0], "pipe", &source, NULL), ERR_OK);
	chunk_init(&chunk);
	assert_int_equal(source_read(source, &chunk, NULL), ERR_OK);
	assert_int_equal(chunk.count, 2);
	assert_int_equal(write(ends[1], b.data + 24, 76), 76);
	assert_int_equal(source_read(source, &chunk, NULL), ERR_OK);
	assert_int_equal(chunk.count, 1);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(source_read(source, &chunk, NULL), ERR_END);
	chunk_release(&chunk);
	source_close(source);
	bytes_clear(&b);
}

static void
write_file(const char *path, const struct bytes *b)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b->data, b->size), b->size);
	assert_int_equal(close(fd), 0);
}

static void
test_fingerprint(void **state)
{
	char path[] = "/tmp/yagura-source-XXXXXX", text[FINGERPRINT_TEXT_SIZE];
	char progress[FINGERPRINT_TEXT_SIZE];
	struct source *source;
	struct bytes b = { 0 };
	struct chunk chunk;
	uint64_t octets = 1, done = 0;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	/* The XXH3-128 of nothing. */
	assert_int_equal(source_fingerprint(path, UINT64_MAX, text, &octets, NULL), ERR_OK);
	assert_string_equal(text, "99aa06d3014798d86001c324468d497f");
	assert_int_equal(octets, 0);

	make_capture(&b);
	write_file(path, &b);
	chunk_init(&chunk);
	assert_int_equal(source_open_fd(fd, path, &source, NULL), ERR_OK);
	/* At every point, the beginning of the file can be checked against the progress. */
	while (source_read(source, &chunk, NULL) == ERR_OK) {
		assert_string_equal(source_info(source)->fingerprint, "");
		source_progress(source, progress, &done);
		assert_in_range(done, 1, b.size);
		assert_int_equal(source_fingerprint(path, done, text, &octets, NULL), ERR_OK);
		assert_string_equal(text, progress);
		assert_int_equal(octets, done);
	}
	assert_int_equal(source_fingerprint(path, UINT64_MAX, text, &octets, NULL), ERR_OK);
	assert_string_equal(source_info(source)->fingerprint, text);
	assert_int_equal(octets, b.size);
	/* Fewer octets than asked for are no error: the caller sees how many. */
	assert_int_equal(source_fingerprint(path, b.size + 1, text, &octets, NULL), ERR_OK);
	assert_int_equal(octets, b.size);
	source_close(source);
	chunk_release(&chunk);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(source_fingerprint(path, 1, text, &octets, NULL), ERR_IO);
	bytes_clear(&b);
}

/* The fingerprint of a damaged input is that of all its octets. */
static void
test_fingerprint_of_damage(void **state)
{
	struct bytes b = { 0 };
	struct reading r;
	char path[] = "/tmp/yagura-source-XXXXXX", text[FINGERPRINT_TEXT_SIZE];
	uint64_t octets;
	int fd = mkstemp(path);

	(void)state;
	pcap_header(&b, 0xa1b2c3d4, 4, 1);
	pcap_record(&b, 1, 0, 1, 60);
	bytes_uint(&b, UINT64_MAX, 8);
	bytes_uint(&b, UINT64_MAX, 8);
	bytes_pattern(&b, 1, 1 << 21);
	write_file(path, &b);
	reading_make_fd(&r, fd);
	assert_int_equal(r.end, ERR_FORMAT);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.info.damaged_octets, 16 + (1 << 21));
	assert_int_equal(source_fingerprint(path, UINT64_MAX, text, &octets, NULL), ERR_OK);
	assert_string_equal(r.info.fingerprint, text);
	reading_release(&r);
	assert_int_equal(unlink(path), 0);
	bytes_clear(&b);
}

static void
test_standard_input(void **state)
{
	struct bytes b = { 0 };
	struct source *source;
	struct chunk chunk;
	int saved = dup(STDIN_FILENO), fd;

	(void)state;
	pcap_header(&b, 0xa1b2c3d4, 4, 1);
	pcap_record(&b, 1, 0, 1, 60);
	fd = memory_file(b.data, b.size);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	chunk_init(&chunk);
	assert_int_equal(source_open("-", &source, NULL), ERR_OK);
	assert_string_equal(source_info(source)->path, "-");
	assert_int_equal(source_read(source, &chunk, NULL), ERR_OK);
	assert_int_equal(chunk.count, 1);
	assert_int_equal(source_read(source, &chunk, NULL), ERR_END);
	source_close(source);
	chunk_release(&chunk);
	/* It is still open: not ours to close. */
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	if (saved >= 0) {
		assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
		(void)close(saved);
	}
	(void)close(fd);
	bytes_clear(&b);
}

static void
test_errors_of_the_system(void **state)
{
	struct source *source = NULL;
	struct err_info why = { 0 };

	(void)state;
	assert_int_equal(source_open("/nonexistent/x.pcap", &source, &why), ERR_IO);
	assert_string_equal(
	    why.text, "/nonexistent/x.pcap: cannot be opened: No such file or directory");
	assert_int_equal(source_open("/tmp", &source, &why), ERR_IO);
	assert_string_equal(why.text, "/tmp: cannot be read: Is a directory");
	assert_null(source);
	source_close(NULL);
	chunk_release(NULL);
}

/* Every way to open and read fails without an err_info as well. */
static void
test_without_explanation(void **state)
{
	struct bytes b = { 0 };
	struct source *source;
	struct chunk chunk;

	(void)state;
	assert_int_equal(
	    source_open_fd(memory_file("hello, world", 12), "x", &source, NULL), ERR_FORMAT);
	pcap_header(&b, 0xa1b2c3d4, 4, 1);
	bytes_uint(&b, 0, 3);
	chunk_init(&chunk);
	assert_int_equal(source_open_fd(memory_file(b.data, b.size), "x", &source, NULL), ERR_OK);
	assert_int_equal(source_read(source, &chunk, NULL), ERR_TRUNC);
	assert_int_equal(source_read(source, &chunk, NULL), ERR_END);
	source_close(source);
	chunk_release(&chunk);
	bytes_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leftovers),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_pipe_does_not_wait),
		cmocka_unit_test(test_fingerprint),
		cmocka_unit_test(test_fingerprint_of_damage),
		cmocka_unit_test(test_standard_input),
		cmocka_unit_test(test_errors_of_the_system),
		cmocka_unit_test(test_without_explanation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
