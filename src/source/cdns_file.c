/* SPDX-License-Identifier: ISC */
/*
 * Files of C-DNS (RFC 8618, section 7.3):
 *
 *	[ "C-DNS", preamble, [ block, … ] ]
 *
 * Both arrays may be of indefinite length.  A block is read whole, up to SOURCE_RECORD_MAX, and
 * gives its messages over as many runs as they take.  Blocks and items that cannot be used are
 * passed over and counted; what is no CBOR ends the reading.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "source/cbor.h"
#include "source/cdns.h"

#define PREAMBLE_MAX (1U << 20)

static const char FILE_TYPE[] = "C-DNS";
#define FILE_TYPE_SIZE (sizeof FILE_TYPE - 1)

enum cdns_state {
	CDNS_HEAD = 0, /* the file's beginning is to come */
	CDNS_BLOCKS,
	CDNS_END, /* the end of the outer array, when it is indefinite */
	CDNS_DONE,
};

struct cdns_file {
	struct capture_damage damage; /* blocks and items that are not read */
	enum cdns_state state;
	struct cbor_list outer, blocks;
	struct cdns_preamble preamble;
	struct cdns_block block;
	bool giving; /* the block has messages left */
};

/* The array of three, the file type, the preamble, the beginning of the array of blocks. */
static const char *
read_head(struct cdns_file *file, struct cursor *c)
{
	struct cursor type;

	if (!cbor_enter(c, CBOR_ARRAY, &file->outer) || !cbor_next(c, &file->outer) ||
	    !cbor_string(c, CBOR_TEXT, &type) || !cbor_next(c, &file->outer) ||
	    cursor_left(&type) != FILE_TYPE_SIZE || memcmp(type.at, FILE_TYPE, FILE_TYPE_SIZE) != 0)
		return "no C-DNS file begins so";
	if (!cdns_preamble_read(c, &file->preamble))
		return "the preamble is not made as RFC 8618 says";
	if (file->preamble.major != 1)
		return "a format version that is not read: only version 1 (RFC 8618) is";
	if (!cbor_next(c, &file->outer) || !cbor_enter(c, CBOR_ARRAY, &file->blocks))
		return "no blocks follow the preamble";
	return NULL;
}

/* Tells an input that is cut short from one that is wrong: sets what the run needs, or fails. */
static void
stop(struct capture_run *run, const struct cursor *c, size_t left, size_t most, const char *why)
{
	if (!c->failed || left > most)
		run->failure = c->failed ? "a preamble or block that is too large" : why;
	else
		run->need = run->last ? left + 1 : 2 * left + 4096;
}

static void
take_block(struct cdns_file *file, struct capture_run *run, size_t at, size_t size)
{
	const char *why = cdns_block_read(&file->block, run->data + at, size, &file->preamble);

	file->block.offset = run->offset + at;
	file->giving = why == NULL;
	if (why != NULL) {
		drop(run->drops, DROP_CDNS_BLOCK);
		capture_pass_over(
		    &file->damage, &(struct capture_damage){ 1, size, file->block.offset, 0, why });
	}
	run->drops->count[DROP_CDNS_EVENT] += file->block.events;
}

/* The next part of the file that is whole; returns its size, 0 when there is none. */
static size_t
take_part(struct cdns_file *file, struct capture_run *run, size_t at)
{
	struct cursor c = cursor_over(run->data + at, run->size - at);
	struct cbor_list before = file->blocks;
	size_t left = run->size - at;
	const char *why = "what follows is no block";

	if (file->state == CDNS_HEAD) {
		why = read_head(file, &c);
		if (why == NULL && !c.failed) {
			file->state = CDNS_BLOCKS;
			return (size_t)(c.at - (run->data + at));
		}
		stop(run, &c, left, PREAMBLE_MAX, why);
		return 0;
	}
	if (file->state == CDNS_BLOCKS && cbor_next(&c, &file->blocks)) {
		if (cbor_skip(&c)) {
			take_block(file, run, at, (size_t)(c.at - (run->data + at)));
			return (size_t)(c.at - (run->data + at));
		}
		file->blocks = before;
		stop(run, &c, left, SOURCE_RECORD_MAX, why);
		return 0;
	}
	if (c.failed) {
		stop(run, &c, left, SOURCE_RECORD_MAX, why);
		return 0;
	}
	file->state = file->outer.indefinite && file->state == CDNS_BLOCKS ? CDNS_END : CDNS_DONE;
	return (size_t)(c.at - (run->data + at));
}

/* The end of the file, and nothing behind it. */
static size_t
take_end(struct cdns_file *file, struct capture_run *run, size_t at)
{
	if (file->state == CDNS_END && run->data[at] == 0xff) {
		file->state = CDNS_DONE;
		return 1;
	}
	run->failure = "octets after the end of the file";
	return 0;
}

/* Gives what the block has left; false when the run is full. */
static bool
give(struct cdns_file *file, struct capture_run *run)
{
	if (!cdns_block_give(&file->block, run))
		return false;
	file->giving = false;
	if (file->block.bad_count != 0)
		capture_pass_over(
		    &file->damage, &(struct capture_damage){ file->block.bad_count,
				       file->block.bad_octets, file->block.bad_offset, 0,
				       "an item that its block's tables do not explain" });
	return true;
}

/* Whether more is to come, by what was read so far. */
static bool
is_unfinished(const struct cdns_file *file)
{
	if (file->state == CDNS_BLOCKS)
		return file->blocks.indefinite || file->blocks.left != 0 || file->outer.indefinite;
	return file->state != CDNS_DONE;
}

static void
cdns_run(void *state, struct capture_run *run)
{
	struct cdns_file *file = state;
	size_t at = 0, size = 1;

	run->need = 1;
	while (run->failure == NULL && size != 0) {
		enum cdns_state before = file->state;

		if (file->giving && !give(file, run))
			break;
		if (at == run->size)
			break;
		if (file->state >= CDNS_END)
			size = take_end(file, run, at);
		else
			size = take_part(file, run, at);
		at += size;
		if (size == 0 && file->state != before)
			size = 1; /* an end that takes no octet */
	}
	run->used = at;
	if (run->last && at == run->size && run->failure == NULL && !file->giving &&
	    is_unfinished(file))
		run->failure = "the input ends before the file does";
}

static bool
cdns_recognise(const uint8_t *head, size_t size)
{
	return size >= 2 + FILE_TYPE_SIZE && (head[0] == 0x83 || head[0] == 0x9f) &&
	       head[1] == (CBOR_TEXT << 5 | FILE_TYPE_SIZE) &&
	       memcmp(head + 2, FILE_TYPE, FILE_TYPE_SIZE) == 0;
}

static void
cdns_close(void *state)
{
	struct cdns_file *file = state;

	cdns_block_release(&file->block);
	free(file);
}

const struct capture_format capture_cdns = {
	.name = "cdns",
	.recognise = cdns_recognise,
	.state_size = sizeof(struct cdns_file),
	.run = cdns_run,
	.close = cdns_close,
	.passed_one = "block or item is",
	.passed_many = "blocks and items are",
	.makes = true,
};
