/* SPDX-License-Identifier: Apache-2.0 */
#include "refused.h"

#include <string.h>

#include "bus/bus.h"
#include "catalogue/catalogue.h"
#include "store.h"

#define LANE "DEADLETTER"

/* A schema is named as its service, with underscores. */
static bool
keeps_state(const char *service)
{
	for (size_t i = 0; i < STORE_SCHEMAS; i++) {
		const char *schema = store_schemas[i];
		size_t at = 0;

		while (schema[at] != '\0' &&
		       (schema[at] == service[at] || (schema[at] == '_' && service[at] == '-')))
			at++;
		if (schema[at] == '\0' && service[at] == '\0')
			return true;
	}
	return false;
}

/* A lane that has nothing is not asked for it: see bus_stream_ask. */
static enum cs_code
has_any(struct bus *bus, struct cs_err *err)
{
	struct bus_stream stream = { .last_seq = 0 };
	const enum cs_code code = bus_stream_info(bus, LANE, &stream, err);

	if (code == CS_OK && stream.last_seq == 0)
		return cs_fail(err, CS_NOT_FOUND, "no dead letters");
	return code;
}

/* The first letter of this service from *sequence on, which becomes the place behind it. */
static enum cs_code
next_letter(struct bus *bus, const char *service, uint64_t *sequence, struct cs_arena *arena,
    struct refused *ret, struct cs_err *err)
{
	const char *filter = cs_arena_printf(arena, "cs.deadletter.%s", service);
	struct bus_stored stored;

	if ((*sequence == 1 && has_any(bus, err)) ||
	    bus_stream_next(bus, LANE, *sequence, filter, arena, &stored, err))
		return err->code;
	const char *texts[] = { "ce-id", "ce-time", "cs-refused-subject", "cs-refused-place",
		"cs-refused-reason" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *text = bus_stored_header(&stored, texts[i], arena);

		texts[i] = text == NULL ? "" : text;
	}
	*ret = (struct refused){ .service = service,
		.id = texts[0],
		.time = texts[1],
		.subject = texts[2],
		.place = texts[3],
		.reason = texts[4],
		.body = stored.body };
	*sequence = stored.sequence + 1;
	return CS_OK;
}

/* The newest letters of one service: the oldest is forgotten for each that comes when all are there. */
struct newest {
	struct cs_arena **arenas; /* NULL: free */
	struct refused *letters;
	size_t max, n; /* n: how many came in all */
};

static enum cs_code
gather(struct bus *bus, const char *service, struct newest *newest, struct cs_err *err)
{
	uint64_t sequence = 1;

	for (;;) {
		struct cs_arena *arena = cs_arena_new();
		size_t at = newest->n % newest->max;
		struct refused letter;
		enum cs_code code = next_letter(bus, service, &sequence, arena, &letter, err);

		if (code != CS_OK) {
			cs_arena_free(arena);
			return code == CS_NOT_FOUND ? CS_OK : code;
		}
		if (newest->arenas[at] != NULL)
			cs_arena_free(newest->arenas[at]);
		newest->arenas[at] = arena;
		newest->letters[at] = letter;
		newest->n++;
	}
}

static enum cs_code
list_service(struct bus *bus, const char *service, size_t max, refused_show *show, void *arg,
    size_t *n, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct newest newest = { .arenas = CS_NEW_ARRAY(arena, max, struct cs_arena *),
		.letters = CS_NEW_ARRAY(arena, max, struct refused),
		.max = max };
	enum cs_code code = gather(bus, service, &newest, err);

	for (size_t i = 0; code == CS_OK && i < max && i < newest.n; i++)
		show(arg, &newest.letters[(newest.n - 1 - i) % max]);
	for (size_t i = 0; i < max; i++)
		if (newest.arenas[i] != NULL)
			cs_arena_free(newest.arenas[i]);
	cs_arena_free(arena);
	*n += newest.n;
	return code;
}

enum cs_code
refused_list(
    struct bus *bus, size_t max, refused_show *show, void *arg, size_t *ret_n, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	const char **services;
	const size_t n = catalogue_services(arena, &services);
	enum cs_code code = CS_OK;

	*ret_n = 0;
	for (size_t i = 0; i < n && code == CS_OK; i++)
		if (!keeps_state(services[i]))
			code = list_service(bus, services[i], max, show, arg, ret_n, err);
	cs_arena_free(arena);
	return code;
}

static enum cs_code
find_of_service(struct bus *bus, const char *service, const char *id, struct cs_arena *arena,
    struct refused *ret, struct cs_err *err)
{
	uint64_t sequence = 1;

	for (;;) {
		struct cs_arena *passing = cs_arena_new();
		uint64_t at = sequence;
		enum cs_code code = next_letter(bus, service, &sequence, passing, ret, err);
		bool found = code == CS_OK && strcmp(ret->id, id) == 0;

		cs_arena_free(passing);
		if (code != CS_OK)
			return code;
		if (found) /* once more, into the caller's memory */
			return next_letter(bus, service, &at, arena, ret, err);
	}
}

enum cs_code
refused_find(struct bus *bus, struct cs_id id, struct cs_arena *arena, struct refused *ret,
    struct cs_err *err)
{
	const char **services;
	const size_t n = catalogue_services(arena, &services);
	char text[CS_ID_TEXT];

	cs_id_format(id, text);
	for (size_t i = 0; i < n; i++) {
		enum cs_code code = keeps_state(services[i])
					? CS_NOT_FOUND
					: find_of_service(bus, services[i], text, arena, ret, err);

		if (code != CS_NOT_FOUND)
			return code;
	}
	return cs_fail(err, CS_NOT_FOUND, "no dead letter has this id; see csctl deadletter list");
}
