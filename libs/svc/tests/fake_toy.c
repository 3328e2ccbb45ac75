/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_toy.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "db/db.h"
#include "http/server.h"
#include "svc/svc.h"

const char toy_tables[] =
    "create table tally (key uuid primary key, value bigint not null);"
    "create table fact (event uuid not null, key uuid not null, subject text not null,"
    " what text not null constraint no_poison check (what <> 'poison'));"
    "create table alarm (key uuid primary key, due_ms bigint not null);"
    "create table stale (at_ms bigint not null);";

struct toy {
	struct svc *svc;
	const char *acts;
};

/* Its setting is read when the service is made, and settings come later. */
static uint32_t
patience_ms(void)
{
	const char *text = getenv("TOY_PATIENCE_MS");

	return text == NULL ? 0 : (uint32_t)strtoul(text, NULL, 10);
}

struct fact {
	struct cs_id event;
	const char *subject, *what;
	struct fact *next;
};

struct tally {
	int64_t value;
	struct fact *facts;
};

/* ---- reading ---- */

static enum cs_code
read_line(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const char *text = cs_arena_strndup(ev->arena, (const char *)ev->body.data, ev->body.len);
	char id[CS_ID_TEXT] = "";

	(void)self;
	if (strlen(text) < CS_ID_TEXT || text[CS_ID_TEXT - 1] != ' ')
		return cs_fail(err, CS_MALFORMED, "no key in \"%.60s\"", text);
	memcpy(id, text, CS_ID_TEXT - 1);
	ev->what = text + CS_ID_TEXT;
	return cs_id_parse(id, &ev->key, err);
}

static enum cs_code
read_word(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)self;
	(void)err;
	ev->what = cs_arena_strndup(ev->arena, (const char *)ev->body.data, ev->body.len);
	return CS_OK;
}

/* ---- deciding ---- */

static void
on_event(const void *self, struct svc_event *ev)
{
	struct tally *tally = ev->state;
	struct fact *fact = CS_NEW(ev->arena, struct fact);
	const char *what = ev->what;
	char key[CS_ID_TEXT];

	(void)self;
	*fact = (struct fact){ ev->id, ev->subject, what, tally->facts };
	tally->facts = fact;
	tally->value++;
	cs_id_format(ev->key, key);
	if (strncmp(ev->subject, "work.", 5) == 0 || strncmp(ev->subject, "clock.", 6) == 0)
		return;
	if (strcmp(what, "work") == 0 || strcmp(what, "hang") == 0 || strcmp(what, "spoil") == 0)
		svc_work(ev, "shout", cs_span_str(what), ev->now_ms);
	if (strcmp(what, "end") == 0)
		svc_ended(ev);
	svc_emit(ev, "plan.made", cs_span_str(cs_arena_printf(ev->arena, "%s told %s", key, what)));
	svc_reply(
	    ev, 200, cs_span_str(cs_arena_printf(ev->arena, "%lld", (long long)tally->value)));
}

/* ---- storing ---- */

static const char load_sql[] = "select key, value from tally where key = any($1) for update";

static enum cs_code
load(struct svc_batch *batch, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(batch->arena, svc_keys(batch), batch->n) };
	struct db_rows *rows;

	if (db_query(batch->db, batch->arena, load_sql, params, 1, &rows, err))
		return err->code;
	for (size_t i = 0; i < batch->n; i++)
		batch->aggregates[i].state = CS_NEW(batch->arena, struct tally);
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct tally *tally = svc_aggregate_find(batch, db_get_id(rows, i, 0))->state;

		tally->value = db_get_i64(rows, i, 1);
	}
	return CS_OK;
}

static const char tally_sql[] = "insert into tally (key, value) values ($1, $2)"
				" on conflict (key) do update set value = excluded.value"
				" where tally.value < excluded.value";
static const char fact_sql[] =
    "insert into fact (event, key, subject, what) values ($1, $2, $3, $4)";
static const char alarm_sql[] = "delete from alarm where key = $1";

static enum cs_code
save(struct svc_batch *batch, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++) {
		struct cs_id key = batch->aggregates[i].key;
		const struct tally *tally = batch->aggregates[i].state;
		const struct db_param params[] = { db_id(key), db_i64(tally->value) };

		if (db_send(batch->db, tally_sql, params, 2, 1, err) ||
		    db_send(batch->db, alarm_sql, params, 1, -1, err))
			return err->code;
		for (const struct fact *fact = tally->facts; fact != NULL; fact = fact->next) {
			const struct db_param row[] = { db_id(fact->event), db_id(key),
				db_text(fact->subject), db_text(fact->what) };

			if (db_send(batch->db, fact_sql, row, 4, 1, err))
				return err->code;
		}
	}
	return db_settle(batch->db, err);
}

static const char due_sql[] = "select key from alarm where due_ms <= $1 order by due_ms limit $2";

static enum cs_code
due(const void *self, struct db *db, int64_t now_ms, size_t max, struct cs_arena *arena,
    struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(now_ms), db_i64((int64_t)max) };
	struct db_rows *rows;

	(void)self;
	if (db_query(db, arena, due_sql, params, 2, &rows, err))
		return err->code;
	*ret_n = db_rows_count(rows);
	*ret_keys = CS_NEW_ARRAY(arena, *ret_n, struct cs_id);
	for (size_t i = 0; i < *ret_n; i++)
		(*ret_keys)[i] = db_get_id(rows, i, 0);
	return CS_OK;
}

/* Three at a time, so that one call is not enough. */
static const char sweep_sql[] =
    "with gone as (delete from stale where ctid in (select ctid from stale where at_ms < $1 limit 3)"
    " returning 1) select count(*) from gone";

static enum cs_code
sweep(const void *self, struct db *db, int64_t now_ms, struct cs_arena *arena, bool *ret_more,
    struct cs_err *err)
{
	const struct db_param params[] = { db_i64(now_ms - CS_HOUR_MS) };
	struct db_rows *rows;

	(void)self;
	if (db_query(db, arena, sweep_sql, params, 1, &rows, err))
		return err->code;
	*ret_more = db_get_i64(rows, 0, 0) == 3;
	return CS_OK;
}

/* ---- the outside ---- */

static void
act(void *self, struct svc_work *work)
{
	const struct toy *toy = self;
	char key[CS_ID_TEXT];
	int fd = open(toy->acts, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	cs_assert(fd >= 0);
	cs_id_format(work->key, key);
	cs_assert(dprintf(fd, "%s %u\n", key, work->attempt) > 0);
	(void)close(fd);
	if (cs_span_is(work->body, "hang") && work->attempt == 1)
		return;
	svc_done(work, cs_span_str(cs_span_is(work->body, "spoil") ? "poison" : "done"));
}

static void
on_answered(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	http_reply(
	    arg, ok ? (int)status : 503, "text/plain", ok ? body : cs_span_str("later"), NULL);
}

static void
on_post(void *self, struct http_request *req)
{
	const struct toy *toy = self;
	const char *word = http_request_param(req, "word");
	struct cs_id key = { { 0 } };

	if (cs_id_parse(http_request_param(req, "key"), &key, NULL))
		http_reply(req, 400, NULL, cs_span_str(NULL), NULL);
	else if (!svc_command(toy->svc, "api.add", key, cs_span_str(word), NULL, on_answered, req))
		http_reply(req, 503, "text/plain", cs_span_str("full"), NULL);
}

static const struct http_route http_routes[] = {
	{ "POST", "/v1/{key}/{word}", on_post },
	{ NULL, NULL, NULL },
};

static enum cs_code
init(void *self, struct svc *svc, struct cs_err *err)
{
	struct toy *toy = self;

	toy->svc = svc;
	return http_server_add_routes(svc_http(svc), http_routes, toy, err);
}

/* ---- the service ---- */

static enum cs_code
refuse_word(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)read_word(self, ev, err);
	return strcmp(ev->what, "nonsense") == 0 ? cs_fail(err, CS_MALFORMED, "nonsense") : CS_OK;
}

static const struct svc_route routes[] = {
	{ "request.submitted", read_line, on_event },
	{ "ask.mailbox.submit", read_line, on_event },
	{ "api.add", refuse_word, on_event },
	{ "work.shout", read_word, on_event },
	{ "clock.toy-due", read_word, on_event },
	{ NULL, NULL, NULL },
};
static const char *const patient[] = { "request.submitted", "work.shout", NULL };
static const struct svc_clock clocks[] = {
	{ "clock.toy-due", due },
	{ NULL, NULL },
};
static const struct svc_setting settings[] = {
	SVC_TEXT(struct toy, acts, "TOY_ACTS", NULL, 4096, "the file that act writes into"),
	SVC_END,
};

/* Without state: each event is told as it comes, "hang" never. */
static void
begin_telling(void *self, struct svc_work *work)
{
	const char *what = work->what;

	(void)self;
	if (strcmp(what, "hang") != 0)
		svc_finish(work, "plan.made", work->body, cs_span_str(what));
}

static const struct svc_route loop_routes[] = {
	{ "request.submitted", read_line, NULL },
	{ NULL, NULL, NULL },
};

int
toy_loop_main(void)
{
	const struct svc_service service = { .name = "policy",
		.summary = "tells",
		.mode = SVC_LOOP,
		.routes = loop_routes,
		.start = begin_telling };
	char name[] = "toy", *argv[] = { name, NULL };

	return svc_main(1, argv, &service);
}

int
toy_main(void)
{
	struct toy toy = { 0 };
	const struct svc_service service = { .name = "policy",
		.summary = "counts",
		.mode = SVC_BATCH,
		.self = &toy,
		.settings = settings,
		.routes = routes,
		.load = load,
		.save = save,
		.act = act,
		.clocks = clocks,
		.sweep = sweep,
		.patient = patience_ms() > 0 ? patient : NULL,
		.patience_ms = patience_ms(),
		.init = init,
		.serves_http = true };
	char name[] = "toy", *argv[] = { name, NULL };

	return svc_main(1, argv, &service);
}
