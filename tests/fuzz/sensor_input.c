/* SPDX-License-Identifier: ISC */
/*
 * What is sent to a sensor: recognised, taken as a dialogue in pieces of any size, and written as a
 * line, which must read back as JSON with the same octets.
 *
 * The first octet chooses the service, the second the size of the pieces.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/payload.h"
#include "sensor/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)     \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void
check_facts(const uint8_t *data, size_t size)
{
	struct payload_facts facts;

	payload_recognise(data, size, &facts);
	FUZZ_CHECK(facts.kind < PAYLOAD_KINDS && facts.count <= PAYLOAD_FACTS);
	FUZZ_CHECK(facts.made_used <= sizeof facts.made);
	for (size_t i = 0; i < facts.count; i++) {
		const uint8_t *value = facts.facts[i].value;
		const uint8_t *made = (const uint8_t *)facts.made;
		size_t length = facts.facts[i].size;

		FUZZ_CHECK(length != 0 && length <= PAYLOAD_VALUE_MAX);
		FUZZ_CHECK((value >= data && value + length <= data + size) ||
			   (value >= made && value + length <= made + sizeof facts.made));
	}
}

static void
check_line(const struct visitor *v)
{
	static struct line line;
	json_t *root;

	record_contact(&line, "pot", v, RECORD_PEER);
	FUZZ_CHECK(!line.full && line.size > 2 && line.text[line.size - 1] == '\n');
	FUZZ_CHECK(memchr(line.text, '\n', line.size - 1) == NULL);
	root = json_loadb(line.text, line.size, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
	FUZZ_CHECK(json_is_object(root));
	FUZZ_CHECK(json_array_size(json_object_get(root, "logins")) == v->dialogue.login_count);
	json_decref(root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct visitor v;
	struct dialogue_banners banners;
	struct dialogue_reply reply;
	size_t piece;

	if (size < 2)
		return 0;
	dialogue_banners_init(&banners);
	v = (struct visitor){ .fd = 3 };
	dialogue_begin(&v.dialogue, data[0] % SERVICES, &banners, &reply);
	piece = data[1] + (size_t)1;
	data += 2;
	size -= 2;
	check_facts(data, size);
	for (size_t at = 0; at < size; at += piece) {
		dialogue_take(
		    &v.dialogue, data + at, size - at < piece ? size - at : piece, &reply);
		FUZZ_CHECK(reply.size <= sizeof reply.text);
		FUZZ_CHECK(v.dialogue.login_count <= DIALOGUE_LOGINS);
	}
	v.payload_size = (uint16_t)(size < VISITOR_PAYLOAD ? size : VISITOR_PAYLOAD);
	memcpy(v.payload, data, v.payload_size);
	check_line(&v);
	return 0;
}
