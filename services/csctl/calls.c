/* SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

#include <stdlib.h>
#include <string.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
/* Of a body without documents; each brings a comma, and the last has none. */
#define FRAME_OCTETS (sizeof("{\"documents\":[]}") - 2)

/* ---- in which order ---- */

enum stage { PLATFORM, BASIS, MEMBERS, REST };

/* By the order in which documents of a kind can be made. */
static const struct {
	const char *kind;
	enum stage stage;
} kinds[] = {
	{ "enterprise", BASIS },
	{ "connector", BASIS },
	{ "profile", BASIS },
	{ "person", MEMBERS },
	{ "domain", MEMBERS },
	{ "assignment", REST },
	{ "ownership", REST },
	{ "note", REST },
};

struct placed {
	struct setting setting;
	size_t octets;
	bool deletes;
	enum stage stage;
	size_t enterprise; /* of what an enterprise stands on: where it is first named */
	size_t kind, at;
};

static size_t
kind_of(const char *kind)
{
	size_t i = 0;

	while (i < LEN(kinds) && strcmp(kinds[i].kind, kind) != 0)
		i++;
	return i;
}

static size_t
first_of(const struct settings *settings, const char *enterprise)
{
	size_t i = 0;

	while (strcmp(settings_text(settings->items[i].doc, "enterprise"), enterprise) != 0)
		i++;
	return i;
}

static struct placed
place(const struct settings *settings, size_t at)
{
	json_t *doc = settings->items[at].doc;
	const char *enterprise = settings_text(doc, "enterprise");
	const size_t kind = kind_of(settings_text(doc, "kind"));
	const enum stage stage = kind < LEN(kinds) ? kinds[kind].stage : REST;
	const bool is_platform = strcmp(enterprise, "platform") == 0;

	return (struct placed){
		.setting = settings->items[at],
		.octets = json_dumpb(doc, NULL, 0, JSON_COMPACT) + 1,
		.deletes = json_is_true(json_object_get(doc, "delete")),
		.stage = stage == BASIS && is_platform ? PLATFORM : stage,
		.enterprise = stage == BASIS ? first_of(settings, enterprise) : 0,
		.kind = kind,
		.at = at,
	};
}

static int
compare_numbers(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

static int
compare(const void *one, const void *other)
{
	const struct placed *a = one, *b = other;
	const int way = a->deletes ? -1 : 1;
	int order = compare_numbers(a->deletes, b->deletes);

	if (order == 0)
		order = way * compare_numbers(a->stage, b->stage);
	if (order == 0)
		order = compare_numbers(a->enterprise, b->enterprise);
	if (order == 0)
		order = way * compare_numbers(a->kind, b->kind);
	return order != 0 ? order : compare_numbers(a->at, b->at);
}

/* ---- how many in one ---- */

struct filling {
	struct cs_arena *arena;
	struct calls calls;
	size_t octets; /* of the last */
};

static void
begin(struct filling *f)
{
	f->calls.items[f->calls.n++] = (struct settings){ 0 };
	f->octets = FRAME_OCTETS;
}

static bool
has_room(const struct filling *f, size_t n, size_t octets)
{
	const struct settings *last = &f->calls.items[f->calls.n - 1];

	return last->n + n <= CALLS_DOCUMENTS && f->octets + octets <= CALLS_OCTETS;
}

static void
fill(struct filling *f, const struct placed *document)
{
	if (!has_room(f, 1, document->octets) && f->calls.items[f->calls.n - 1].n > 0)
		begin(f);
	settings_add(f->arena, &f->calls.items[f->calls.n - 1], document->setting.doc,
	    document->setting.place);
	f->octets += document->octets;
}

/* How many, from the first on, belong into one call: what an enterprise stands on. */
static size_t
together(const struct placed *documents, size_t n, size_t *ret_octets)
{
	size_t i = 1;

	*ret_octets = documents[0].octets;
	while (i < n && documents[0].stage <= BASIS && documents[i].stage == documents[0].stage &&
	       documents[i].deletes == documents[0].deletes &&
	       documents[i].enterprise == documents[0].enterprise)
		*ret_octets += documents[i++].octets;
	return i;
}

static void
split(struct filling *f, const struct placed *documents, size_t n)
{
	size_t octets, next;

	begin(f);
	for (size_t i = 0; i < n; i = next) {
		next = i + together(&documents[i], n - i, &octets);
		/* What is too large for any call begins one too, or the cut might be at its first. */
		if (!has_room(f, next - i, octets) && f->calls.items[f->calls.n - 1].n > 0)
			begin(f);
		for (size_t k = i; k < next; k++)
			fill(f, &documents[k]);
	}
}

struct calls
calls_of(struct cs_arena *arena, const struct settings *settings)
{
	struct placed *documents = CS_NEW_ARRAY(arena, settings->n + 1, struct placed);
	struct filling f = { .arena = arena };
	size_t octets = FRAME_OCTETS;

	f.calls.items = CS_NEW_ARRAY(arena, settings->n + 1, struct settings);
	for (size_t i = 0; i < settings->n; i++) {
		documents[i] = place(settings, i);
		octets += documents[i].octets;
	}
	if (settings->n <= CALLS_DOCUMENTS_TAKEN && octets <= CALLS_OCTETS_TAKEN) {
		f.calls.items[0] = *settings;
		f.calls.n = 1;
		return f.calls;
	}
	qsort(documents, settings->n, sizeof(*documents), compare);
	split(&f, documents, settings->n);
	return f.calls;
}

/* ---- what is refused ---- */

const struct setting *
calls_document(const struct settings *call, const char *field, const char **ret_rest)
{
	static const char start[] = "documents[";
	char *end;

	if (field == NULL || strncmp(field, start, strlen(start)) != 0)
		return NULL;
	const unsigned long n = strtoul(field + strlen(start), &end, 10);

	if (*end != ']' || n >= call->n)
		return NULL;
	*ret_rest = end[1] == '.' ? end + 2 : "document";
	return &call->items[n];
}

/* Fields that name another document, with what it is. */
static const struct {
	const char *field, *kind;
} references[] = {
	{ "spec.people", "person" },
	{ "spec.person", "person" },
	{ "spec.profiles", "profile" },
	{ "spec.mpic_connector", "connector" },
};

/* "spec.people[2]" of it. */
static const char *
named_in(const json_t *doc, const char *field, size_t len)
{
	const json_t *spec = json_object_get(doc, "spec");
	const json_t *value =
	    json_object_getn(spec, field + strlen("spec."), len - strlen("spec."));

	if (field[len] == '[')
		value = json_array_get(value, strtoul(field + len + 1, NULL, 10));
	return json_string_value(value);
}

static bool
makes(const struct settings *call, const char *kind, const char *enterprise, const char *name)
{
	const struct setting *found = settings_find(call, kind, enterprise, name);

	return found != NULL && !json_is_true(json_object_get(found->doc, "delete"));
}

/* The platform's documents serve all enterprises. */
static bool
is_made_before(
    const struct calls *calls, size_t n, const char *kind, const char *enterprise, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (makes(&calls->items[i], kind, enterprise, name) ||
		    makes(&calls->items[i], kind, "platform", name))
			return true;
	return false;
}

static bool
misses_earlier(const struct calls *calls, size_t n, const json_t *problem)
{
	const char *rest, *field = settings_text(problem, "field");
	const struct setting *about = calls_document(&calls->items[n], field, &rest);

	if (about == NULL)
		return false;
	const char *enterprise = settings_text(about->doc, "enterprise");

	if (strcmp(rest, "enterprise") == 0)
		return is_made_before(calls, n, "enterprise", enterprise, enterprise);
	const size_t len = strcspn(rest, "[");

	for (size_t i = 0; i < LEN(references); i++) {
		if (strlen(references[i].field) != len ||
		    strncmp(references[i].field, rest, len) != 0)
			continue;
		const char *name = named_in(about->doc, rest, len);

		return name != NULL &&
		       is_made_before(calls, n, references[i].kind, enterprise, name);
	}
	return false;
}

static bool
is_before(const struct calls *calls, size_t n, const json_t *document)
{
	for (size_t i = 0; i < n; i++)
		if (settings_find(&calls->items[i], settings_text(document, "kind"),
			settings_text(document, "enterprise"),
			settings_text(document, "name")) != NULL)
			return true;
	return false;
}

/* Whatever uses what shall go away is changed or deleted before. */
static bool
is_freed_earlier(const struct calls *calls, size_t n, const json_t *problem)
{
	const json_t *uses = json_object_get(problem, "uses"), *use;
	size_t i;

	json_array_foreach(uses, i, use)
	{
		if (!is_before(calls, n, use))
			return false;
	}
	return json_array_size(uses) > 0;
}

bool
calls_needs_earlier(const struct calls *calls, size_t n, const json_t *problem)
{
	const char *code = settings_text(problem, "code");

	return strcmp(code, "no-such-document") == 0 ? misses_earlier(calls, n, problem)
	       : strcmp(code, "in-use") == 0         ? is_freed_earlier(calls, n, problem)
						     : false;
}
