/* SPDX-License-Identifier: ISC */
/* Where records gather; see export.h. */
#include <stdlib.h>

#include "base/xmalloc.h"
#include "decode/export_internal.h"

#define FIRST_ROOM 1024

/* Room for `need` elements in an array that doubles. */
static void *
grow(void *array, size_t *room, size_t need, size_t size)
{
	size_t more = *room != 0 ? *room : FIRST_ROOM;

	while (more < need)
		more *= 2;
	array = xrealloc_array(array, more, size);
	*room = more;
	return array;
}

struct flow_record *
export_sink_reserve(struct export_sink *sink, size_t count)
{
	size_t need = sink->record_count + count;

	if (need > sink->record_room || sink->records == NULL)
		sink->records =
		    grow(sink->records, &sink->record_room, need, sizeof *sink->records);
	return sink->records + sink->record_count;
}

struct flow_record *
export_sink_record(struct export_sink *sink)
{
	struct flow_record *r = export_sink_reserve(sink, 1);

	*r = (struct flow_record){ .flow.vlan = VLAN_NONE };
	sink->record_count++;
	return r;
}

struct interface_sample *
export_sink_interface(struct export_sink *sink)
{
	struct interface_sample *s;

	if (sink->interface_count == sink->interface_room)
		sink->interfaces = grow(sink->interfaces, &sink->interface_room,
		    sink->interface_count + 1, sizeof *sink->interfaces);
	s = &sink->interfaces[sink->interface_count++];
	*s = (struct interface_sample){ 0 };
	return s;
}

struct exporter_report *
export_sink_report(struct export_sink *sink)
{
	struct exporter_report *r;

	if (sink->report_count == sink->report_room)
		sink->reports = grow(sink->reports, &sink->report_room, sink->report_count + 1,
		    sizeof *sink->reports);
	r = &sink->reports[sink->report_count++];
	*r = (struct exporter_report){ 0 };
	return r;
}

struct record_extra *
export_sink_extra(struct export_sink *sink)
{
	size_t block = sink->extra_count / EXPORT_EXTRAS;
	struct record_extra *extra;

	if (block == sink->extra_blocks) {
		sink->extras = (struct record_extra **)xrealloc_array(
		    sink->extras, block + 1, sizeof *sink->extras);
		sink->extras[block] = xcalloc(EXPORT_EXTRAS, sizeof **sink->extras);
		sink->extra_blocks++;
	}
	extra = &sink->extras[block][sink->extra_count % EXPORT_EXTRAS];
	*extra = (struct record_extra){ 0 };
	sink->extra_count++;
	return extra;
}

void
export_sink_clear(struct export_sink *sink)
{
	sink->record_count = 0;
	sink->interface_count = 0;
	sink->report_count = 0;
	sink->extra_count = 0;
}

void
export_sink_release(struct export_sink *sink)
{
	if (sink == NULL)
		return;
	for (size_t i = 0; i < sink->extra_blocks; i++)
		free(sink->extras[i]);
	free((void *)sink->extras);
	free(sink->records);
	free(sink->interfaces);
	free(sink->reports);
	*sink = (struct export_sink){ 0 };
}
