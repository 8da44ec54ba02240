/* SPDX-License-Identifier: ISC */
/*
 * Threads, chunks and windows; see runner.h.
 *
 * All scheduling state is behind one mutex, which is taken about ten times per chunk of up to 1024
 * packets; the work itself is done without it.
 */
#include "pipeline/runner.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "decode/decode.h"
#include "flow/key.h"
#include "obs/dns_record.h"
#include "obs/observed.h"
#include "pipeline/dns_stage.h"
#include "pipeline/dns_state.h"
#include "pipeline/export_stage.h"
#include "pipeline/timeline.h"

#define MAX_THREADS      ANALYSIS_SHARDS
#define SLOTS_PER_THREAD 4

enum slot_state {
	SLOT_FREE,
	SLOT_FILLING, /* being read or decoded */
	SLOT_READY,   /* its segment may be worked on */
	SLOT_CLOSING, /* its segment is done, the window is being ended */
};

/* A chunk in flight, and the segment of it that is being worked on: packets from…to-1, all of one
 * window. */
struct slot {
	struct chunk chunk;
	enum slot_state state;
	size_t cut_count, cut_next;
	struct timeline_cut *cuts; /* owned; CHUNK_PACKETS of them */
	size_t from, to;
	unsigned done;  /* shards that have finished the segment */
	bool end;       /* nothing follows: the input ends with this segment */
	bool lapse;     /* live: the clock has passed the window, which ends with this chunk */
	size_t segment; /* number of the one that is being worked on */
	struct export_batch exports; /* owned; when the input is one of exports */
	bool entered;                /* the window its first packet belongs to is open */
	struct drop_counters drops;
	uint16_t counts[ANALYSIS_SHARDS];
	uint16_t (*members)[CHUNK_PACKETS]; /* owned; numbers of each shard's packets */
};

struct runner {
	const struct config *config;
	struct runner_hooks hooks;
	struct shard shards[ANALYSIS_SHARDS];
	unsigned thread_count;
	size_t slot_count;
	struct slot *slots; /* owned */

	/* Of the running input, all under `mutex` except what belongs to whoever holds `reading` or
	 * a busy shard. */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct source *source;
	struct timeline timeline;
	struct window window; /* the open one */
	uint64_t window_number;
	bool window_open;
	uint64_t read_next;  /* slots filled so far */
	uint64_t work_first; /* oldest slot not finished */
	bool reading;
	bool read_all;
	bool begun;                 /* the first chunk has been read: `exporting` is known */
	bool exporting;             /* the input's packets are export messages */
	struct export_stage *stage; /* owned; used by whoever is reading */
	uint64_t records;           /* of exporters, so far in this input */
	char progress[FINGERPRINT_TEXT_SIZE];
	uint64_t progress_octets;
	bool stop; /* a hook failed */
	enum err failed;
	enum err read_failed;
	struct err_info read_info;
	struct {
		uint64_t next; /* slot to work on */
		bool busy;
	} turns[ANALYSIS_SHARDS];
};

static struct slot *
slot_at(struct runner *runner, uint64_t number)
{
	return &runner->slots[number % runner->slot_count];
}

struct window
runner_window(const struct runner *runner)
{
	return runner->window;
}

void
runner_progress(struct runner *runner, char *ret_fingerprint, uint64_t *ret_octets)
{
	(void)pthread_mutex_lock(&runner->mutex);
	memcpy(ret_fingerprint, runner->progress, sizeof runner->progress);
	*ret_octets = runner->progress_octets;
	(void)pthread_mutex_unlock(&runner->mutex);
}

static void
slots_init(struct runner *runner)
{
	/* One thread reuses one chunk, which then stays in the cache. */
	runner->slot_count =
	    runner->thread_count == 1 ? 1 : (size_t)runner->thread_count * SLOTS_PER_THREAD;
	runner->slots = xcalloc(runner->slot_count, sizeof *runner->slots);
	for (size_t i = 0; i < runner->slot_count; i++) {
		chunk_init(&runner->slots[i].chunk);
		runner->slots[i].cuts = xcalloc(CHUNK_PACKETS, sizeof *runner->slots[i].cuts);
		runner->slots[i].members =
		    xcalloc(ANALYSIS_SHARDS, sizeof *runner->slots[i].members);
	}
}

/* Cores that this process may use, which can be fewer than the machine has. */
static uint64_t
count_cores(void)
{
	cpu_set_t set;
	long online;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		return (uint64_t)CPU_COUNT(&set);
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online < 1 ? 1 : (uint64_t)online;
}

enum err
runner_new(const struct config *config, const struct runner_hooks *hooks,
    struct runner **ret_runner, struct err_info *info)
{
	struct runner *runner = xcalloc(1, sizeof *runner);
	struct hash_secret secret = hash_secret_new();
	uint64_t threads = settings_u64(config->run, "threads");
	enum err e = ERR_OK;

	runner->config = config;
	runner->hooks = *hooks;
	if (threads == 0)
		threads = count_cores();
	runner->thread_count = (unsigned)(threads < 1             ? 1
					  : threads > MAX_THREADS ? MAX_THREADS
								  : threads);
	(void)pthread_mutex_init(&runner->mutex, NULL);
	(void)pthread_cond_init(&runner->changed, NULL);
	slots_init(runner);
	e = export_stage_new(config, secret, &runner->stage, info);
	for (size_t i = 0; i < ANALYSIS_SHARDS && e == ERR_OK; i++)
		e = shard_init(&runner->shards[i], config, secret, &hooks->flows, info);
	if (e != ERR_OK) {
		runner_free(runner);
		return e;
	}
	*ret_runner = runner;
	return ERR_OK;
}

void
runner_free(struct runner *runner)
{
	if (runner == NULL)
		return;
	for (size_t i = 0; i < ANALYSIS_SHARDS; i++)
		shard_release(&runner->shards[i]);
	for (size_t i = 0; i < runner->slot_count; i++) {
		chunk_release(&runner->slots[i].chunk);
		free(runner->slots[i].cuts);
		free(runner->slots[i].members);
		export_batch_release(&runner->slots[i].exports);
	}
	free(runner->slots);
	export_stage_free(runner->stage);
	(void)pthread_cond_destroy(&runner->changed);
	(void)pthread_mutex_destroy(&runner->mutex);
	free(runner);
}

/* Decodes the slot's segment and deals its packets out to the shards.  What has no addresses goes
 * to shard 0.  Messages of exporters were decoded when they were read; DNS messages without packets
 * come alone or, from a live source, among those. */
static void
prepare_segment(struct runner *runner, struct slot *slot)
{
	struct packet *packets = slot->chunk.packets;

	memset(slot->counts, 0, sizeof slot->counts);
	if (slot->exports.segment_count != 0)
		export_stage_deal(runner->stage, &slot->exports, slot->segment);
	else if (packets[slot->from].link_type != LINK_DNS_MESSAGE &&
		 packets[slot->from].link_type != LINK_OBSERVED)
		decode_packets(packets + slot->from, slot->to - slot->from, &slot->drops);
	for (size_t i = slot->from; i < slot->to; i++) {
		struct packet *p = &packets[i];
		unsigned shard = 0;
		if (p->link_type == LINK_DNS_MESSAGE)
			p->kind = PACKET_DNS;
		else if (p->link_type == LINK_OBSERVED)
			p->kind = PACKET_OBSERVED;
		else if (slot->exports.segment_count != 0)
			continue;
		if (p->kind >= PACKET_DNS)
			shard = flow_shard(&p->source, &p->destination, ANALYSIS_SHARDS);
		p->shard = (uint8_t)shard;
		slot->members[shard][slot->counts[shard]++] = (uint16_t)i;
	}
}

/* Sets the bounds of the segment that begins at `from`: up to the next cut after it. */
static void
bound_segment(struct slot *slot, size_t from)
{
	slot->from = from;
	slot->to = slot->chunk.count;
	while (slot->cut_next < slot->cut_count && slot->cuts[slot->cut_next].at <= from)
		slot->cut_next++;
	if (slot->cut_next < slot->cut_count)
		slot->to = slot->cuts[slot->cut_next].at;
	slot->done = 0;
}

/* Decodes a chunk of exports, a segment for every stretch between two cuts. */
static void
decode_exports(struct runner *runner, struct slot *slot)
{
	size_t from = 0;

	for (size_t i = 0; i <= slot->cut_count; i++) {
		size_t to = i < slot->cut_count ? slot->cuts[i].at : slot->chunk.count;
		if (i < slot->cut_count && to == 0)
			continue;
		export_stage_decode(runner->stage, slot->chunk.packets + from, to - from,
		    &slot->drops, &slot->exports);
		from = to;
	}
	runner->records += slot->exports.sink.record_count;
}

/* What a live source lost is counted, and whoever wants to know hears of the chunk. */
static void
note_live(struct runner *runner, struct slot *slot)
{
	const struct source_losses *losses = &slot->chunk.losses;

	slot->drops.count[DROP_COLLECT_KERNEL] += losses->kernel;
	slot->drops.count[DROP_COLLECT_QUEUE] += losses->queue;
	slot->drops.count[DROP_COLLECT_REFUSED] += losses->refused;
	slot->drops.count[DROP_COLLECT_MALFORMED] += losses->malformed;
	if (runner->hooks.read != NULL)
		runner->hooks.read(runner->hooks.context, slot->exports.sink.reports,
		    slot->exports.sink.report_count, &slot->drops);
}

/* Reads the next chunk into a slot; an empty slot with `end` set when there is no more. */
static void
fill_slot(struct runner *runner, struct slot *slot)
{
	enum err e;

	/* Records of exports are many times as large as the messages they came in. */
	slot->chunk.most = runner->exporting || source_info(runner->source)->exports ||
				   source_info(runner->source)->live
			       ? EXPORT_CHUNK
			       : CHUNK_PACKETS;
	e = source_read(runner->source, &slot->chunk, &runner->read_info);
	slot->end = e != ERR_OK;
	slot->drops = slot->chunk.drops;
	if (e != ERR_OK) {
		slot->chunk.count = 0;
		if (e != ERR_END)
			runner->read_failed = e;
		slot->drops.count[DROP_CAPTURE_LOST] = source_info(runner->source)->interface_drops;
	}
	slot->cut_next = 0;
	slot->cut_count = timeline_scan(
	    &runner->timeline, slot->chunk.packets, slot->chunk.count, slot->cuts, &slot->drops);
	bound_segment(slot, 0);
	slot->entered = slot->cut_count == 0 || slot->cuts[0].at != 0;
	slot->lapse = slot->chunk.now != 0 && timeline_lapse(&runner->timeline, slot->chunk.now);
	slot->segment = 0;
	export_batch_clear(&slot->exports);
	if (!runner->begun && slot->chunk.count != 0) {
		runner->begun = true;
		runner->exporting =
		    export_stage_wants(runner->stage, source_info(runner->source), &slot->chunk);
	}
	if (runner->hooks.ready != NULL)
		runner->hooks.ready(runner->hooks.context, runner_exports(runner));
	if (runner->exporting)
		decode_exports(runner, slot);
	if (source_info(runner->source)->live)
		note_live(runner, slot);
}

/* One shard's part of a segment of exports. */
static void
work_exports(struct shard *shard, unsigned number, const struct slot *slot)
{
	const struct export_batch *batch = &slot->exports;
	const struct export_mark *to = &batch->marks[slot->segment];
	struct export_mark from = { 0 };

	shard_records(shard, batch->members + batch->first[number],
	    batch->first[number + 1] - batch->first[number]);
	if (number != 0)
		return;
	if (slot->segment > 0)
		from = batch->marks[slot->segment - 1];
	shard_exporters(shard, batch->sink.reports + from.reports, to->reports - from.reports);
	shard_interfaces(
	    shard, batch->sink.interfaces + from.interfaces, to->interfaces - from.interfaces);
}

/* One shard's part of a segment of packets. */
static void
work_packets(struct shard *shard, unsigned number, struct slot *slot)
{
	struct packet *batch[BATCH_MAX];
	size_t count = 0;

	for (size_t i = 0; i < slot->counts[number]; i++) {
		batch[count++] = &slot->chunk.packets[slot->members[number][i]];
		if (count == BATCH_MAX) {
			shard_packets(shard, batch, count);
			count = 0;
		}
	}
	if (count != 0)
		shard_packets(shard, batch, count);
}

/* One shard's part of a segment. */
static void
work_shard(struct runner *runner, unsigned number, struct slot *slot)
{
	struct shard *shard = &runner->shards[number];

	if (slot->exports.segment_count != 0)
		work_exports(shard, number, slot);
	work_packets(shard, number, slot);
	if (number == 0)
		for (size_t i = 0; i < DROP_COUNT; i++)
			shard->counters.drops.count[i] += slot->drops.count[i];
	if (slot->end)
		shard_end_input(shard, source_info(runner->source)->end);
}

/* Ends the open window: shards report, states merge in shard order into those of shard 0, the hook
 * gets them. */
static enum err
close_window(struct runner *runner)
{
	struct shard *first = &runner->shards[0];
	enum err e;

	for (size_t i = 0; i < ANALYSIS_SHARDS; i++)
		shard_end_window(&runner->shards[i]);
	for (size_t i = 0; i < ANALYSIS_SHARDS; i++)
		if (runner->shards[i].failed != ERR_OK)
			return runner->shards[i].failed;
	for (size_t a = 0; ANALYSES[a] != NULL; a++) {
		if (first->states[a] == NULL)
			continue;
		for (size_t i = 1; i < ANALYSIS_SHARDS; i++)
			ANALYSES[a]->merge(first->states[a], runner->shards[i].states[a]);
	}
	e = runner->hooks.window(
	    runner->hooks.context, &runner->window, runner->window_number++, first->states);
	for (size_t a = 0; ANALYSES[a] != NULL; a++)
		for (size_t i = 0; first->states[a] != NULL && i < ANALYSIS_SHARDS; i++)
			ANALYSES[a]->clear(runner->shards[i].states[a]);
	return e;
}

/* The window that the slot's segment belongs to is opened before its first packet is worked on. */
static void
open_window(struct runner *runner, const struct slot *slot)
{
	for (size_t i = 0; i < slot->cut_count; i++) {
		if (slot->cuts[i].at != slot->from)
			continue;
		runner->window.begin = slot->cuts[i].begin;
		runner->window.end = runner->window.begin + runner->timeline.length;
		runner->window_open = true;
		return;
	}
}

/* Whether a window ends after the slot's present segment: another begins in this chunk, or the
 * input is over. */
static bool
segment_closes(const struct slot *slot)
{
	return slot->end || slot->lapse || slot->to < slot->chunk.count;
}

/* Closes the open window with the mutex released. */
static void
close_open_window(struct runner *runner)
{
	enum err e;

	if (!runner->window_open)
		return;
	(void)pthread_mutex_unlock(&runner->mutex);
	e = close_window(runner);
	(void)pthread_mutex_lock(&runner->mutex);
	runner->window_open = false;
	if (e != ERR_OK) {
		runner->failed = e;
		runner->stop = true;
	}
}

/* The oldest chunk begins with a window of its own: the one before ends first. */
static void
enter_slot(struct runner *runner, struct slot *slot)
{
	slot->state = SLOT_CLOSING;
	close_open_window(runner);
	open_window(runner, slot);
	slot->entered = true;
	slot->state = SLOT_READY;
	(void)pthread_cond_broadcast(&runner->changed);
}

/* All shards have finished the oldest chunk's segment: ends its window where that is due, and moves
 * on. */
static void
finish_segment(struct runner *runner, struct slot *slot)
{
	slot->state = SLOT_CLOSING;
	if (segment_closes(slot))
		close_open_window(runner);
	if (slot->to < slot->chunk.count) {
		slot->drops = (struct drop_counters){ 0 };
		bound_segment(slot, slot->to);
		slot->segment++;
		open_window(runner, slot);
		/* All shards come back to this chunk, and none goes past it, before the mutex is
		 * released. */
		for (size_t i = 0; i < ANALYSIS_SHARDS; i++)
			runner->turns[i].next = runner->work_first;
		(void)pthread_mutex_unlock(&runner->mutex);
		prepare_segment(runner, slot);
		(void)pthread_mutex_lock(&runner->mutex);
		slot->state = SLOT_READY;
	} else {
		slot->state = SLOT_FREE;
		runner->work_first++;
	}
	(void)pthread_cond_broadcast(&runner->changed);
}

/* Whether the chunk may be worked on: entered, and no older chunk has segments to come. */
static bool
is_workable(struct runner *runner, uint64_t number)
{
	struct slot *slot = slot_at(runner, number);

	if (number >= runner->read_next || slot->state != SLOT_READY || !slot->entered)
		return false;
	for (uint64_t older = runner->work_first; older < number; older++)
		if (slot_at(runner, older)->to < slot_at(runner, older)->chunk.count)
			return false;
	return true;
}

/* Does one shard's part of some chunk; false when there is none to do now. */
static bool
try_work(struct runner *runner)
{
	for (unsigned i = 0; i < ANALYSIS_SHARDS; i++) {
		uint64_t number = runner->turns[i].next;
		struct slot *slot = slot_at(runner, number);
		if (runner->turns[i].busy || !is_workable(runner, number))
			continue;
		runner->turns[i].busy = true;
		(void)pthread_mutex_unlock(&runner->mutex);
		work_shard(runner, i, slot);
		(void)pthread_mutex_lock(&runner->mutex);
		runner->turns[i].busy = false;
		runner->turns[i].next++;
		if (++slot->done == ANALYSIS_SHARDS)
			finish_segment(runner, slot);
		else
			(void)pthread_cond_signal(&runner->changed);
		return true;
	}
	return false;
}

static bool
try_enter(struct runner *runner)
{
	struct slot *slot = slot_at(runner, runner->work_first);

	if (runner->work_first >= runner->read_next || slot->state != SLOT_READY || slot->entered)
		return false;
	enter_slot(runner, slot);
	return true;
}

static bool
try_read(struct runner *runner)
{
	struct slot *slot = slot_at(runner, runner->read_next);

	if (runner->reading || runner->read_all || slot->state != SLOT_FREE)
		return false;
	runner->reading = true;
	slot->state = SLOT_FILLING;
	(void)pthread_mutex_unlock(&runner->mutex);
	fill_slot(runner, slot);
	(void)pthread_mutex_lock(&runner->mutex);
	runner->reading = false;
	source_progress(runner->source, runner->progress, &runner->progress_octets);
	runner->read_all = slot->end;
	runner->read_next++;
	(void)pthread_cond_broadcast(&runner->changed);
	(void)pthread_mutex_unlock(&runner->mutex);
	prepare_segment(runner, slot);
	(void)pthread_mutex_lock(&runner->mutex);
	slot->state = SLOT_READY;
	(void)pthread_cond_broadcast(&runner->changed);
	return true;
}

static void *
work(void *argument)
{
	struct runner *runner = argument;

	(void)pthread_mutex_lock(&runner->mutex);
	while (!runner->stop && !(runner->read_all && runner->work_first == runner->read_next))
		if (!try_enter(runner) && !try_work(runner) && !try_read(runner))
			(void)pthread_cond_wait(&runner->changed, &runner->mutex);
	(void)pthread_cond_broadcast(&runner->changed);
	(void)pthread_mutex_unlock(&runner->mutex);
	return NULL;
}

static void
reset(struct runner *runner, struct source *source)
{
	runner->source = source;
	runner->timeline =
	    (struct timeline){ .length = settings_duration(runner->config->run, "window") };
	runner->window_number = 0;
	runner->window_open = false;
	runner->read_next = 0;
	runner->work_first = 0;
	runner->reading = false;
	runner->read_all = false;
	runner->begun = false;
	runner->exporting = false;
	runner->records = 0;
	/* A live input goes on where the one before it ended, or where a saved one did. */
	if (!source_info(source)->live)
		export_stage_begin(runner->stage);
	runner->stop = false;
	runner->failed = ERR_OK;
	runner->read_failed = ERR_OK;
	for (size_t i = 0; i < runner->slot_count; i++)
		runner->slots[i].state = SLOT_FREE;
	for (size_t i = 0; i < ANALYSIS_SHARDS; i++)
		runner->turns[i].next = 0;
}

enum err
runner_read_dns(struct runner *runner, const char *path, struct err_info *info)
{
	struct dns_state state;
	enum err e = dns_state_read(path, &state, info);

	for (size_t i = 0; e == ERR_OK && i < state.count; i++) {
		const struct dns_waiting *w = &state.list[i];
		unsigned number = flow_shard(&w->client, &w->server, ANALYSIS_SHARDS);
		if (runner->shards[number].dns != NULL)
			dns_matcher_restore(dns_stage_matcher(runner->shards[number].dns), w);
	}
	dns_state_release(&state);
	return e;
}

enum err
runner_write_dns(const struct runner *runner, const char *path, struct err_info *info)
{
	struct dns_state state = { 0 };
	enum err e;

	for (size_t i = 0; i < ANALYSIS_SHARDS; i++)
		if (runner->shards[i].dns != NULL)
			dns_matcher_each(
			    dns_stage_matcher(runner->shards[i].dns), dns_state_add, &state);
	e = dns_state_write(path, &state, info);
	dns_state_release(&state);
	return e;
}

struct exports *
runner_exports(struct runner *runner)
{
	return export_stage_exports(runner->stage);
}

bool
runner_exporting(const struct runner *runner, uint64_t *ret_records)
{
	*ret_records = runner->records;
	return runner->exporting;
}

enum err
runner_run(struct runner *runner, struct source *source, struct err_info *info)
{
	pthread_t threads[MAX_THREADS];
	unsigned started = 0;

	reset(runner, source);
	while (started + 1 < runner->thread_count &&
	       pthread_create(&threads[started], NULL, work, runner) == 0)
		started++;
	(void)work(runner);
	for (unsigned i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	if (runner->failed != ERR_OK)
		return runner->failed;
	if (runner->read_failed != ERR_OK)
		*info = runner->read_info;
	return runner->read_failed;
}
