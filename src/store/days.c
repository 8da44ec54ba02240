/* SPDX-License-Identifier: ISC */
/* Raw rows by day; see days.h. */
#include "store/days.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"

#define NSEC_PER_DAY (NSEC_PER_SEC * 86400)
#define SUFFIX       ".duckdb"
#define KEPT_OPEN    4 /* days whose files stay open between commits */
#define NO_DAY       SIZE_MAX

void
days_init(struct days *days, struct engine *engine, const struct raw_set *set)
{
	days->engine = engine;
	days->set = set;
	days->last = NO_DAY;
}

static void
end_writing(struct days *days, struct day *day)
{
	days->writing -= day->writing;
	day->writing = false;
}

static void
close_writers(struct day *day)
{
	for (size_t i = 0; i < RAW_TABLES; i++)
		raw_close(&day->writers[i]);
}

static void
close_day(struct days *days, struct day *day)
{
	close_writers(day);
	if (day->connection != NULL)
		days->engine->api.disconnect(&day->connection);
	day->connection = NULL;
	end_writing(days, day);
	day->noted_input = 0;
}

void
days_release(struct days *days)
{
	for (size_t i = 0; i < days->count; i++) {
		close_day(days, &days->all[i]);
		free(days->all[i].path);
	}
	free(days->all);
	*days = (struct days){ 0 };
}

/* --- which days there are --------------------------------------------------------------------- */

/* The civil date of a day number; years 1970 to 2262. */
static void
name_day(uint32_t number, char *name)
{
	char text[40] = "other";

	if (number != DAY_OTHER)
		(void)clock_format((nsec_t)number * NSEC_PER_DAY, 0, text, sizeof text);
	(void)snprintf(name, DAY_TEXT_SIZE, "%.*s", DAY_TEXT_SIZE - 1, text);
}

/* Where a day is, or NO_DAY. */
static size_t
seek_day(const struct days *days, uint32_t number)
{
	for (size_t i = 0; i < days->count; i++)
		if (days->all[i].number == number)
			return i;
	return NO_DAY;
}

/* The entry of a day, made when missing. */
static size_t
find_day(struct days *days, uint32_t number)
{
	struct day day = { .number = number };
	size_t index = seek_day(days, number);

	if (index != NO_DAY)
		return index;
	name_day(number, day.name);
	(void)snprintf(day.catalog, sizeof day.catalog, "%s_%s", days->set->directory, day.name);
	for (char *p = day.catalog; *p != '\0'; p++)
		if (*p == '-')
			*p = '_';
	day.path =
	    xasprintf("%s/%s/%s" SUFFIX, days->engine->directory, days->set->directory, day.name);
	days->all = xrealloc_array(days->all, days->count + 1, sizeof *days->all);
	days->all[days->count] = day;
	return days->count++;
}

/* The number of the day that `name` stands for, with or without a file's suffix; or false. */
static bool
parse_day(const char *name, uint32_t *ret_number)
{
	char canonical[DAY_TEXT_SIZE];
	struct tm tm = { 0 };
	time_t seconds;
	const char *end;

	if (strncmp(name, "other", 5) == 0) {
		*ret_number = DAY_OTHER;
		end = name + 5;
	} else {
		end = strptime(name, "%Y-%m-%d", &tm);
		seconds = end != NULL ? timegm(&tm) : -1;
		if (seconds < 0)
			return false;
		*ret_number = (uint32_t)(seconds / 86400);
	}
	name_day(*ret_number, canonical);
	return strncmp(canonical, name, strlen(canonical)) == 0 &&
	       (*end == '\0' || strcmp(end, SUFFIX) == 0);
}

/* Finds every file. */
static enum err
list_days(struct days *days, struct err_info *info)
{
	char *path = xasprintf("%s/%s", days->engine->directory, days->set->directory);
	DIR *directory = opendir(path);
	const struct dirent *entry;
	enum err e = ERR_OK;

	if (directory == NULL && errno != ENOENT)
		e = err_set(info, ERR_IO, "%.400s: %s", path, strerror(errno));
	free(path);
	if (directory == NULL)
		return e;
	while ((entry = readdir(directory)) != NULL) {
		uint32_t number;
		if (strstr(entry->d_name, SUFFIX) != NULL && parse_day(entry->d_name, &number))
			(void)find_day(days, number);
	}
	(void)closedir(directory);
	return ERR_OK;
}

static int
compare_days(const void *a, const void *b)
{
	const struct day *x = a;
	const struct day *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* --- opening ---------------------------------------------------------------------------------- */

/* The engine does not always say which file it failed on. */
static enum err
name_file(struct day *day, enum err e, struct err_info *info)
{
	char reason[sizeof info->text];

	day->damaged |= e == ERR_DAMAGED;
	(void)snprintf(reason, sizeof reason, "%s", info->text);
	return strstr(reason, day->path) != NULL
		   ? e
		   : err_set(info, e, "%.200s: %.300s", day->path, reason);
}

static enum err
attach(struct days *days, struct day *day, struct err_info *info)
{
	char *path;
	enum err e;

	if (day->attached)
		return ERR_OK;
	path = engine_quote(day->path, '\'');
	e = engine_run(days->engine, days->engine->attacher, info, "ATTACH %s AS %s%s", path,
	    day->catalog, days->engine->read_only ? " (READ_ONLY)" : "");
	free(path);
	day->attached = e == ERR_OK;
	return e != ERR_OK ? name_file(day, e, info) : ERR_OK;
}

static enum err
open_day(struct days *days, struct day *day, struct err_info *info)
{
	struct engine *engine = days->engine;
	enum err e = attach(days, day, info);

	if (e != ERR_OK || day->connection != NULL)
		return e;
	if (engine->api.connect(engine->database, &day->connection) != DuckDBSuccess)
		return err_set(info, ERR_IO, "the engine refuses a connection");
	return ERR_OK;
}

/* The tables of an attached day: a set of 1 << number.  A crash may have left it without any. */
static enum err
day_tables(struct days *days, const struct day *day, unsigned *ret_tables, struct err_info *info)
{
	unsigned tables = 0;
	enum err e = ERR_OK;

	for (size_t i = 0; i < days->set->table_count && e == ERR_OK; i++) {
		uint64_t found = 0;
		e = engine_number(days->engine, days->engine->attacher, &found, info,
		    "SELECT count(*) FROM duckdb_tables() WHERE database_name = '%s' AND "
		    "table_name = '%s'",
		    day->catalog, days->set->tables[i].name);
		tables |= found != 0 ? 1U << i : 0;
	}
	*ret_tables = tables;
	return e;
}

/* Deletes rows of every table from an opened day. */
static enum err
delete_rows(struct days *days, const struct day *day, const char *condition, struct err_info *info)
{
	unsigned tables;
	enum err e = day_tables(days, day, &tables, info);

	for (size_t i = 0; i < days->set->table_count && e == ERR_OK; i++)
		if ((tables & 1U << i) != 0)
			e = engine_run(days->engine, day->connection, info,
			    "DELETE FROM %s.%s WHERE %s", day->catalog, days->set->tables[i].name,
			    condition);
	return e;
}

/* Closes the files that were not used for longest, so that a long input does not keep all its days
 * open. */
static void
detach_old(struct days *days, uint64_t number)
{
	struct err_info ignored;

	if (days->viewed)
		return;
	for (size_t i = 0; i < days->count; i++) {
		struct day *day = &days->all[i];
		if (!day->attached || day->used + KEPT_OPEN > number)
			continue;
		close_day(days, day);
		if (engine_run(days->engine, days->engine->attacher, &ignored, "DETACH %s",
			day->catalog) == ERR_OK)
			day->attached = false;
	}
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Says in summary.duckdb, before anything else, that this input may have rows in this day. */
static enum err
note_input(struct days *days, struct day *day, uint64_t input, struct err_info *info)
{
	enum err e;

	if (day->noted_input == input)
		return ERR_OK;
	e = engine_run(days->engine, days->engine->attacher, info,
	    "INSERT INTO %s SELECT '%s', %llu WHERE NOT EXISTS (SELECT 1 FROM %s "
	    "WHERE day = '%s' AND input_id = %llu)",
	    days->set->registry, day->name, (unsigned long long)input, days->set->registry,
	    day->name, (unsigned long long)input);
	if (e == ERR_OK)
		day->noted_input = input;
	return e;
}

/* The writer of one table, and the table it writes to. */
static enum err
open_writer(struct days *days, struct day *day, size_t table, struct err_info *info)
{
	struct writer_place place = { day->connection, day->catalog, NULL, day->path, NULL };
	char *sql;
	enum err e;

	if (raw_is_open(&day->writers[table]))
		return ERR_OK;
	sql = raw_create_sql(days->set, table, day->catalog);
	e = engine_run(days->engine, day->connection, info, "%s", sql);
	free(sql);
	return e != ERR_OK ? e
			   : raw_open(&day->writers[table], days->engine, &days->set->tables[table],
				 &place, info);
}

/* Opens the day's transaction, when it is not open, for rows of one table and input. */
static enum err
begin_day(struct days *days, struct day *day, size_t table, uint64_t input, struct err_info *info)
{
	enum err e = open_day(days, day, info);

	if (e == ERR_OK)
		e = note_input(days, day, input, info);
	if (e == ERR_OK && !day->writing) {
		e = engine_run(days->engine, day->connection, info, "BEGIN TRANSACTION");
		day->writing = e == ERR_OK;
		days->writing += day->writing;
	}
	return e != ERR_OK ? e : open_writer(days, day, table, info);
}

/* The day that a row belongs to. */
static uint32_t
day_of(const struct raw_rows *rows, size_t at)
{
	nsec_t time = rows->set->time_of[rows->table](rows->items, at);

	return time > 0 ? (uint32_t)(time / NSEC_PER_DAY) : 0;
}

/* The day whose file a row of day `number` goes to. */
static size_t
choose_day(struct days *days, uint32_t number)
{
	size_t index = find_day(days, number);
	bool is_new = !days->all[index].attached && access(days->all[index].path, F_OK) != 0;

	if (days->all[index].writing)
		return index;
	if (days->writing >= DAYS_AT_ONCE || (is_new && days->made >= DAYS_NEW))
		return find_day(days, DAY_OTHER);
	if (is_new) {
		days->made++;
		days->viewed = false;
	}
	return index;
}

enum err
days_append(struct days *days, const struct raw_rows *rows, uint64_t number, struct err_info *info)
{
	for (size_t at = 0; at < rows->count;) {
		uint32_t number_of_day = day_of(rows, at);
		struct raw_rows part = *rows;
		size_t end = at + 1;
		struct day *day;
		enum err e;

		while (end < rows->count && day_of(rows, end) == number_of_day)
			end++;
		if (days->last == NO_DAY || days->all[days->last].number != number_of_day)
			days->last = choose_day(days, number_of_day);
		day = &days->all[days->last];
		part.items = (const char *)rows->items + at * rows->set->stride[rows->table];
		part.count = end - at;
		e = begin_day(days, day, rows->table, rows->input, info);
		if (e == ERR_OK)
			e = raw_append(&day->writers[rows->table], &part, number, info);
		if (e != ERR_OK)
			return e;
		day->used = number;
		at = end;
	}
	return ERR_OK;
}

enum err
days_commit(struct days *days, struct err_info *info)
{
	uint64_t latest = 0;
	enum err e = ERR_OK;

	for (size_t i = 0; i < days->count && e == ERR_OK; i++) {
		struct day *day = &days->all[i];
		if (!day->writing)
			continue;
		for (size_t k = 0; k < RAW_TABLES && e == ERR_OK; k++)
			if (raw_is_open(&day->writers[k]))
				e = raw_flush(&day->writers[k], info);
		if (e == ERR_OK)
			e = engine_run(days->engine, day->connection, info, "COMMIT");
		if (e == ERR_OK)
			end_writing(days, day);
		if (day->used > latest)
			latest = day->used;
	}
	if (e == ERR_OK && latest != 0)
		detach_old(days, latest);
	return e;
}

void
days_rollback(struct days *days)
{
	struct err_info ignored;

	for (size_t i = 0; i < days->count; i++) {
		struct day *day = &days->all[i];
		if (!day->writing)
			continue;
		close_writers(day);
		if (engine_run(days->engine, day->connection, &ignored, "ROLLBACK") != ERR_OK)
			close_day(days, day);
		end_writing(days, day);
	}
}

/* --- after a crash ---------------------------------------------------------------------------- */

/* Whether the file of a day was only begun, or is not there. */
static bool
is_embryo(const struct day *day)
{
	struct stat st;

	return !day->attached && (stat(day->path, &st) != 0 || st.st_size < ENGINE_LEAST_FILE);
}

/* One row of the days' registry whose input is gone or not complete. */
static enum err
clean_day(struct days *days, const struct result *r, uint64_t last, struct err_info *info)
{
	struct engine *engine = days->engine;
	unsigned long long input = result_u64(r, 1);
	bool gone = result_u64(r, 2) != 0;
	char condition[128];
	enum err e = ERR_OK;
	uint32_t number;

	if (!parse_day(result_text(r, 0), &number))
		return ERR_OK;
	size_t index = find_day(days, number);
	struct day *day = &days->all[index];
	if (is_embryo(day)) {
		(void)unlink(day->path);
	} else {
		/* Of an input that is gone every row goes, of one that is not complete those of
		 * commits that summary.duckdb never saw. */
		int size = snprintf(
		    condition, sizeof condition, "%s.input = %llu", days->set->field, input);
		if (!gone)
			(void)snprintf(condition + size, sizeof condition - (size_t)size,
			    " AND %s.commit_number > %llu", days->set->field,
			    (unsigned long long)last);
		e = open_day(days, day, info);
		if (e == ERR_OK)
			e = delete_rows(days, day, condition, info);
	}
	if (e == ERR_OK && gone)
		e = engine_run(engine, engine->attacher, info,
		    "DELETE FROM %s WHERE day = '%s' AND input_id = %llu", days->set->registry,
		    day->name, input);
	return e;
}

#define UNSETTLED                                                              \
	"FROM %s AS days LEFT JOIN inputs ON inputs.id = days.input_id WHERE " \
	"(inputs.id IS NULL OR inputs.complete = 0)"

enum err
days_clean(struct days *days, uint64_t last, struct err_info *info)
{
	struct result *r;
	enum err e = engine_select(days->engine, days->engine->attacher, &r, info,
	    "SELECT day, input_id, inputs.id IS NULL " UNSETTLED " ORDER BY day, input_id",
	    days->set->registry);

	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && result_next(r))
		e = clean_day(days, r, last, info);
	result_free(r);
	return e;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Whether a crash may have left rows in this day that nobody cleaned yet. */
static enum err
is_unsettled(struct days *days, const struct day *day, bool *ret_unsettled, struct err_info *info)
{
	uint64_t count = 0;
	enum err e = ERR_OK;

	if (days->engine->read_only)
		e = engine_number(days->engine, days->engine->attacher, &count, info,
		    "SELECT count(*) " UNSETTLED " AND day = '%s'", days->set->registry, day->name);
	*ret_unsettled = count > 0;
	return e;
}

/* Reads every octet of a day. */
static enum err
check_day(struct days *days, struct day *day, struct err_info *info)
{
	unsigned tables = 0;
	uint64_t ignored;
	enum err e = attach(days, day, info);

	if (e != ERR_OK)
		return e;
	e = day_tables(days, day, &tables, info);
	for (size_t i = 0; i < days->set->table_count && e == ERR_OK; i++)
		if ((tables & 1U << i) != 0)
			e = engine_number(days->engine, days->engine->attacher, &ignored, info,
			    "SELECT bit_xor(hash(rows)) FROM %s.%s AS rows", day->catalog,
			    days->set->tables[i].name);
	return e != ERR_OK ? name_file(day, e, info) : ERR_OK;
}

enum err
days_check(struct days *days, struct err_info *info)
{
	enum err e = list_days(days, info);

	for (size_t i = 0; i < days->count && e == ERR_OK; i++)
		if (!is_embryo(&days->all[i]))
			e = check_day(days, &days->all[i], info);
	return e;
}

/* Attaches a day, and reads it as a test when damaged ones are to be left out. */
static enum err
attach_to_read(struct days *days, struct day *day, unsigned *ret_tables, struct err_info *info)
{
	enum err e = attach(days, day, info);

	*ret_tables = 0;
	if (e == ERR_OK)
		e = day_tables(days, day, ret_tables, info);
	if (e == ERR_OK && days->skip_damaged)
		e = check_day(days, day, info);
	return e;
}

/* " UNION ALL SELECT …" of one table, after the text of each view. */
static void
add_selects(const struct days *days, char *sql[RAW_VIEWS], const struct day *day, size_t table,
    const char *condition)
{
	char *from = xasprintf("%s.%s%s", day->catalog, days->set->tables[table].name, condition);

	for (size_t view = 0; view < RAW_VIEWS; view++) {
		char *select = raw_view_sql(days->set, table, view, from);
		char *longer = xasprintf("%s UNION ALL %s", sql[view], select);
		free(select);
		free(sql[view]);
		sql[view] = longer;
	}
	free(from);
}

/* Adds the SELECTs of one day to each view; none when the day has nothing or is left out. */
static enum err
add_day(
    struct days *days, struct day *day, uint64_t last, char *sql[RAW_VIEWS], struct err_info *info)
{
	char condition[160] = "";
	bool unsettled = false;
	unsigned tables = 0;
	enum err e = is_unsettled(days, day, &unsettled, info);

	/* A file that is not there was thought of, but its rows went elsewhere. */
	if (e != ERR_OK || (is_embryo(day) && (unsettled || access(day->path, F_OK) != 0)))
		return e;
	e = attach_to_read(days, day, &tables, info);
	if (e == ERR_DAMAGED && days->skip_damaged)
		return ERR_OK;
	if (unsettled)
		(void)snprintf(condition, sizeof condition,
		    " WHERE %s.commit_number <= %llu AND %s.input IN (SELECT id FROM "
		    "summary.inputs)",
		    days->set->field, (unsigned long long)last, days->set->field);
	for (size_t i = 0; i < days->set->table_count && e == ERR_OK; i++)
		if ((tables & 1U << i) != 0)
			add_selects(days, sql, day, i, condition);
	return e;
}

/* Makes one view of what all days gave for it. */
static enum err
create_view(struct days *days, size_t view, const char *sql, struct err_info *info)
{
	return engine_run(days->engine, days->engine->reader, info,
	    "CREATE OR REPLACE TEMP VIEW %s AS %s", days->set->views[view], sql);
}

enum err
days_view(struct days *days, uint64_t last, struct err_info *info)
{
	char *sql[RAW_VIEWS];
	enum err e = days->viewed ? ERR_OK : list_days(days, info);

	if (e != ERR_OK || days->viewed)
		return e;
	if (days->count > 1)
		qsort(days->all, days->count, sizeof *days->all, compare_days);
	days->last = NO_DAY;
	for (size_t view = 0; view < RAW_VIEWS; view++)
		sql[view] = raw_nothing_sql(days->set, view);
	for (size_t i = 0; i < days->count && e == ERR_OK; i++)
		e = add_day(days, &days->all[i], last, sql, info);
	for (size_t view = 0; view < RAW_VIEWS; view++) {
		if (e == ERR_OK)
			e = create_view(days, view, sql[view], info);
		free(sql[view]);
	}
	days->viewed = e == ERR_OK;
	return e;
}

/* --- retention -------------------------------------------------------------------------------- */

static enum err
drop_day(struct days *days, struct day *day, struct err_info *info)
{
	char *wal = xasprintf("%s.wal", day->path);
	enum err e = ERR_OK;

	close_day(days, day);
	if (day->attached)
		e = engine_run(
		    days->engine, days->engine->attacher, info, "DETACH %s", day->catalog);
	if (e == ERR_OK) {
		day->attached = false;
		if (unlink(day->path) != 0 && errno != ENOENT)
			e = err_set(
			    info, ERR_IO, "cannot remove %.400s: %s", day->path, strerror(errno));
		(void)unlink(wal);
	}
	free(wal);
	if (e == ERR_OK)
		e = engine_run(days->engine, days->engine->attacher, info,
		    "DELETE FROM %s WHERE day = '%s'", days->set->registry, day->name);
	return e;
}

/* A file that stays loses rows. */
static enum err
thin_day(struct days *days, struct day *day, nsec_t time, struct err_info *info)
{
	char condition[96];
	enum err e = access(day->path, F_OK) == 0 ? open_day(days, day, info) : ERR_END;

	if (e != ERR_OK)
		return e == ERR_END ? ERR_OK : e;
	(void)snprintf(condition, sizeof condition, "%s.%s < %lld", days->set->field,
	    days->set->time, time > 0 ? (long long)(time / NSEC_PER_MS) : 0);
	return delete_rows(days, day, condition, info);
}

enum err
days_drop_before(struct days *days, nsec_t time, bool exactly, struct err_info *info)
{
	enum err e = list_days(days, info);
	size_t kept = 0;

	/* The views name the days: they go first. */
	for (size_t view = 0; view < RAW_VIEWS && e == ERR_OK; view++)
		e = engine_run(days->engine, days->engine->reader, info,
		    "DROP VIEW IF EXISTS temp.%s", days->set->views[view]);
	days->viewed = false;
	days->last = NO_DAY;
	for (size_t i = 0; i < days->count; i++) {
		struct day day = days->all[i];
		bool before =
		    day.number != DAY_OTHER && (nsec_t)(day.number + 1) * NSEC_PER_DAY <= time;
		bool thin = day.number == DAY_OTHER ||
			    (exactly && !before && (nsec_t)day.number * NSEC_PER_DAY < time);
		if (thin && e == ERR_OK)
			e = thin_day(days, &day, time, info);
		if (before && e == ERR_OK)
			e = drop_day(days, &day, info);
		if (before && e == ERR_OK)
			free(day.path);
		else
			days->all[kept++] = day;
	}
	days->count = kept;
	return e;
}

uint64_t
days_octets(const struct days *days)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < days->count; i++) {
		struct stat st;
		char *wal = xasprintf("%s.wal", days->all[i].path);
		if (stat(days->all[i].path, &st) == 0)
			sum += (uint64_t)st.st_size;
		if (stat(wal, &st) == 0)
			sum += (uint64_t)st.st_size;
		free(wal);
	}
	return sum;
}
