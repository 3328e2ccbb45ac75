/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_stage.h"

#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "pki/ed25519.h"
#include "svc/svc.h"

#define ROUTES_MAX 4

struct stage {
	struct svc_route routes[ROUTES_MAX + 1];
	const char *emits[ROUTES_MAX]; /* of each route; NULL: nothing */
	const char *patient[ROUTES_MAX + 1];
	struct pki_ed25519 *key; /* NULL: it signs nothing */
};

struct passage {
	int32_t seen;
};

/* ---- reading and deciding ---- */

static enum cs_code
read_key(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)self;
	if (ev->body.len != STAGE_BODY)
		return cs_fail(err, CS_MALFORMED, "a body of %zu octets", ev->body.len);
	memcpy(ev->key.octets, ev->body.data, sizeof(ev->key.octets));
	return CS_OK;
}

static struct cs_span
signed_body(const struct stage *stage, struct svc_event *ev)
{
	const size_t len = ev->body.len - PKI_ED25519_SIGNATURE;
	uint8_t *octets = CS_NEW_ARRAY(ev->arena, ev->body.len, uint8_t);

	memcpy(octets, ev->body.data, len);
	pki_ed25519_sign(stage->key, cs_span_of(octets, len), octets + len);
	return cs_span_of(octets, ev->body.len);
}

static void
on_event(const void *self, struct svc_event *ev)
{
	const struct stage *stage = self;
	struct passage *passage = ev->state;

	passage->seen++;
	for (size_t i = 0; stage->routes[i].subject != NULL; i++)
		if (stage->emits[i] != NULL && strcmp(stage->routes[i].subject, ev->subject) == 0)
			svc_emit(ev, stage->emits[i],
			    stage->key == NULL ? ev->body : signed_body(stage, ev));
	svc_reply(ev, 200, cs_span_str(NULL));
}

/* ---- storing ---- */

static const char load_sql[] = "select key, seen from passage where key = any($1) for update";

static enum cs_code
load(struct svc_batch *batch, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(batch->arena, svc_keys(batch), batch->n) };
	struct db_rows *rows;

	if (db_query(batch->db, batch->arena, load_sql, params, 1, &rows, err))
		return err->code;
	for (size_t i = 0; i < batch->n; i++)
		batch->aggregates[i].state = CS_NEW(batch->arena, struct passage);
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct passage *passage = svc_aggregate_find(batch, db_get_id(rows, i, 0))->state;

		passage->seen = db_get_i32(rows, i, 1);
	}
	return CS_OK;
}

static const char save_sql[] = "insert into passage (key, seen) select k, s"
			       " from unnest($1::uuid[], $2::integer[]) t(k, s)"
			       " on conflict (key) do update set seen = excluded.seen";

static enum cs_code
save(struct svc_batch *batch, struct cs_err *err)
{
	int32_t *seen = CS_NEW_ARRAY(batch->arena, batch->n, int32_t);

	for (size_t i = 0; i < batch->n; i++)
		seen[i] = ((const struct passage *)batch->aggregates[i].state)->seen;
	const struct db_param params[] = { db_id_array(batch->arena, svc_keys(batch), batch->n),
		db_i32_array(batch->arena, seen, batch->n) };

	return db_send(batch->db, save_sql, params, 2, (int64_t)batch->n, err);
}

/* ---- the service ---- */

static enum cs_code
init(void *self, struct svc *svc, struct cs_err *err)
{
	struct stage *stage = self;
	const char *path = getenv("STAGE_KEY_FILE");

	(void)svc;
	return path == NULL ? CS_OK : pki_ed25519_load(path, &stage->key, err);
}

static void
fini(void *self)
{
	pki_ed25519_free(((struct stage *)self)->key);
}

/* Routes are given before there are settings. */
static void
read_routes(struct stage *stage, struct cs_arena *arena, const char *text)
{
	const char **words;
	const size_t n = svc_list(arena, text, &words);
	size_t n_patient = 0;

	cs_assert(n <= ROUTES_MAX);
	for (size_t i = 0; i < n; i++) {
		const bool patient = words[i][0] == '~';
		char *subject = cs_arena_strdup(arena, words[i] + patient);
		char *emits = strchr(subject, '>');

		if (emits != NULL)
			*emits++ = '\0';
		stage->routes[i] = (struct svc_route){ subject, read_key, on_event };
		stage->emits[i] = emits;
		if (patient)
			stage->patient[n_patient++] = subject;
	}
}

int
stage_main(const char *name)
{
	struct cs_arena *arena = cs_arena_new();
	struct stage stage = { 0 };
	const char *routes = getenv("STAGE_ROUTES");

	cs_assert(name != NULL && routes != NULL);
	read_routes(&stage, arena, routes);
	const struct svc_service service = { .name = name,
		.summary = "passes on",
		.mode = SVC_BATCH,
		.self = &stage,
		.routes = stage.routes,
		.load = load,
		.save = save,
		.patient = stage.patient[0] != NULL ? stage.patient : NULL,
		.init = init,
		.fini = fini };
	char word[] = "stage", *argv[] = { word, NULL };
	const int code = svc_main(1, argv, &service);

	cs_arena_free(arena);
	return code;
}
