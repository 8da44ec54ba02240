/* SPDX-License-Identifier: ISC */
/*
 * The registry of inputs: which files a store has, and how far each was read.
 *
 * An input is recognised by its octets and not by its name: a row of the table `inputs` says that
 * its first `octets` octets have the fingerprint `fingerprint`.  A candidate is a row that could be
 * the file at hand by size; then the fingerprint of as many octets of the file decides.
 *
 *	complete, as many octets as the file            the same file: nothing to do
 *	complete, fewer octets, same path               the file has grown: it is read anew and its
 * old rows are deleted interrupted, no more octets than the file       the same file: goes on after
 * `windows` windows, or anew when the settings are others
 *
 * An input that is read anew gets a new id, so that rows of flows, which lie in files of their own,
 * can be told from what they replace (days.h).  Standard input has no size and is compared only
 * when it has been read to its end.
 */
#include <inttypes.h>

#include "base/xmalloc.h"
#include "store/duck.h"

enum err
registry_create(struct duck *d, struct err_info *info)
{
	return engine_run(&d->engine, d->engine.writer, info,
	    "CREATE TABLE IF NOT EXISTS inputs (id UBIGINT, path VARCHAR, kind VARCHAR, "
	    "fingerprint VARCHAR, octets UBIGINT, records UBIGINT, begin_time UBIGINT, "
	    "end_time UBIGINT, windows UBIGINT, complete UTINYINT, settings VARCHAR, "
	    "damage VARCHAR)");
}

static uint64_t
milliseconds(nsec_t time)
{
	return time > 0 ? (uint64_t)(time / NSEC_PER_MS) : 0;
}

/* A row of the registry that may be the input at hand. */
struct candidate {
	uint64_t id, octets, records, begin, end, windows;
	bool complete;
	bool same_settings;
	char fingerprint[sizeof(((struct store_input *)NULL)->fingerprint)];
};

/* The best candidate whose octets are those of the input: complete ones first, then the one that
 * was read furthest. */
static enum err
find_candidate(struct result *r, const struct store_input *input, store_fingerprint_fn fingerprint,
    struct candidate *ret_candidate, bool *ret_found, struct err_info *info)
{
	while (result_next(r)) {
		struct candidate c = {
			.id = result_u64(r, 0),
			.octets = result_u64(r, 1),
			.records = result_u64(r, 2),
			.begin = result_u64(r, 3),
			.end = result_u64(r, 4),
			.windows = result_u64(r, 5),
			.complete = result_u64(r, 6) != 0,
			.same_settings = result_u64(r, 7) != 0,
		};
		char text[sizeof c.fingerprint] = "";
		uint64_t octets = 0;
		enum err e = fingerprint(input->path, c.octets, text, &octets, info);

		if (e != ERR_OK)
			return e;
		(void)snprintf(c.fingerprint, sizeof c.fingerprint, "%s", result_text(r, 8));
		if (octets != c.octets || strcmp(text, c.fingerprint) != 0)
			continue;
		*ret_candidate = c;
		*ret_found = true;
		return ERR_OK;
	}
	*ret_found = false;
	return ERR_OK;
}

/* Raw rows of an input in memory. */
static enum err
delete_raw(struct duck *d, const struct raw_set *set, uint64_t id, struct err_info *info)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < set->table_count && e == ERR_OK; i++)
		e = engine_run(&d->engine, d->engine.writer, info,
		    "DELETE FROM %s WHERE %s.input = %" PRIu64, set->tables[i].name, set->field,
		    id);
	return e;
}

static enum err
delete_input(struct duck *d, uint64_t id, struct err_info *info)
{
	struct engine *engine = &d->engine;
	struct result *r;
	enum err e = engine_select(engine, engine->writer, &r, info, DUCK_ROW_TABLES);

	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && result_next(r)) {
		char *name = engine_quote(result_text(r, 0), '"');
		e = engine_run(engine, engine->writer, info,
		    "DELETE FROM %s WHERE input = %" PRIu64, name, id);
		free(name);
	}
	result_free(r);
	for (size_t i = 0; i < DUCK_SETS && engine->directory == NULL && e == ERR_OK; i++)
		e = delete_raw(d, d->days[i].set, id, info);
	if (e == ERR_OK)
		e = engine_run(
		    engine, engine->writer, info, "DELETE FROM inputs WHERE id = %" PRIu64, id);
	d->garbage = true;
	return e;
}

static enum err
insert_input(struct duck *d, struct store_input *input, struct err_info *info)
{
	struct engine *engine = &d->engine;
	uint64_t last = 0;
	enum err e = engine_number(engine, engine->writer, &last, info,
	    "SELECT greatest((SELECT coalesce(max(id), 0) FROM inputs), "
	    "(SELECT coalesce(max(input_id), 0) FROM flow_days), "
	    "(SELECT coalesce(max(input_id), 0) FROM dns_days), (SELECT last_input FROM "
	    "store_state))");
	char *path;
	char *kind;
	char *settings;

	if (e != ERR_OK)
		return e;
	input->id = last + 1;
	path = engine_quote(input->path, '\'');
	kind = engine_quote(input->kind, '\'');
	settings = engine_quote(input->settings, '\'');
	e = engine_run(engine, engine->writer, info,
	    "INSERT INTO inputs VALUES (%" PRIu64 ", %s, %s, '', 0, 0, 0, 0, 0, 0, %s, ''); "
	    "UPDATE store_state SET last_input = %" PRIu64,
	    input->id, path, kind, settings, input->id);
	free(path);
	free(kind);
	free(settings);
	return e;
}

static enum err
ask_candidates(struct duck *d, const struct store_input *input, struct result **ret_result,
    struct err_info *info)
{
	char *path = engine_quote(input->path, '\'');
	char *settings = engine_quote(input->settings, '\'');
	enum err e = engine_select(&d->engine, d->engine.writer, ret_result, info,
	    "SELECT id, octets, records, begin_time, end_time, windows, complete, settings = %s, "
	    "fingerprint FROM inputs WHERE octets <= %" PRIu64
	    " AND (path = %s OR (octets > 0 AND (complete = 0 OR octets = %" PRIu64
	    "))) ORDER BY octets = %" PRIu64 " AND complete = 1 DESC, octets DESC, id",
	    settings, input->octets, path, input->octets, input->octets);

	free(path);
	free(settings);
	return e;
}

enum err
registry_input_begin(struct store *store, struct store_input *input,
    store_fingerprint_fn fingerprint, enum store_input_state *ret_state,
    uint64_t *ret_resume_windows, struct err_info *info)
{
	struct duck *d = (struct duck *)store;
	bool is_stream = input->octets == UINT64_MAX;
	struct candidate found;
	bool known = false;
	enum err e = duck_begin(d, info);

	if (e == ERR_OK && !is_stream) {
		struct result *r = NULL;
		e = ask_candidates(d, input, &r, info);
		if (e == ERR_OK)
			e = find_candidate(r, input, fingerprint, &found, &known, info);
		result_free(r);
	}
	if (e != ERR_OK)
		return e;
	*ret_resume_windows = 0;
	*ret_state = known ? STORE_INPUT_INTERRUPTED : STORE_INPUT_NEW;
	if (known && ((found.complete && found.octets == input->octets) ||
			 (!found.complete && found.same_settings))) {
		input->id = found.id;
		input->records = found.records;
		input->begin = (nsec_t)found.begin * NSEC_PER_MS;
		input->end = (nsec_t)found.end * NSEC_PER_MS;
		input->windows = found.windows;
		*ret_resume_windows = found.windows;
		if (found.complete)
			*ret_state = STORE_INPUT_COMPLETE;
		return ERR_OK;
	}
	if (known)
		e = delete_input(d, found.id, info);
	return e != ERR_OK ? e : insert_input(d, input, info);
}

/* Whether another complete input has the same octets. */
static enum err
check_twin(
    struct duck *d, const struct store_input *input, const char *fingerprint, struct err_info *info)
{
	uint64_t twin = 0;
	enum err e = engine_number(&d->engine, d->engine.writer, &twin, info,
	    "SELECT id FROM inputs WHERE complete = 1 AND octets = %" PRIu64
	    " AND fingerprint = %s AND id <> %" PRIu64 " ORDER BY id LIMIT 1",
	    input->octets, fingerprint, input->id);

	if (e == ERR_OK && twin != 0)
		e = err_set(info, ERR_BUSY,
		    "%.300s: the same octets were ingested before, as input %" PRIu64, input->path,
		    twin);
	return e;
}

enum err
registry_input_update(struct store *store, const struct store_input *input, struct err_info *info)
{
	struct duck *d = (struct duck *)store;
	char *fingerprint = engine_quote(input->fingerprint, '\'');
	char *damage = engine_quote(input->damage != NULL ? input->damage : "", '\'');
	char *kind = engine_quote(input->kind != NULL ? input->kind : "", '\'');
	enum err e = duck_begin(d, info);

	if (e == ERR_OK && input->complete)
		e = check_twin(d, input, fingerprint, info);
	if (e == ERR_OK)
		e = engine_run(&d->engine, d->engine.writer, info,
		    "UPDATE inputs SET kind = %s, fingerprint = %s, octets = %" PRIu64
		    ", records = %" PRIu64 ", begin_time = %" PRIu64 ", end_time = %" PRIu64
		    ", windows = %" PRIu64 ", complete = %d, damage = %s WHERE id = %" PRIu64,
		    kind, fingerprint, input->octets, input->records, milliseconds(input->begin),
		    milliseconds(input->end), input->windows, input->complete ? 1 : 0, damage,
		    input->id);
	d->completed |= e == ERR_OK && input->complete;
	free(fingerprint);
	free(damage);
	free(kind);
	return e;
}
