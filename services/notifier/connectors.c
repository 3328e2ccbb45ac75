/* SPDX-License-Identifier: Apache-2.0 */
#include "connectors.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "relay.h"
#include "wire.h"

void
notify_told(void *self, struct cs_span body)
{
	struct notify_service *notify = self;
	struct cs_arena *arena = cs_arena_new();
	const char *name = "";
	enum connector_news news;
	struct cs_err err;

	if (body.len == 0)
		relay_send_early(notify);
	else if (connector_book_tell(notify->book, arena, body, cs_now_ms(), &news, &name, &err))
		log_warn(svc_log(notify->svc), "connector refused reason=\"%s\"", err.text);
	else if (news == CONNECTOR_CHANGED)
		log_info(svc_log(notify->svc), "connector taken name=%s", name);
	cs_arena_free(arena);
}

/* ---- does it answer? ---- */

enum cs_code
notify_read_test(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct wire_test *test = CS_NEW(ev->arena, struct wire_test);

	(void)self;
	ev->what = test;
	return wire_read_test(ev->arena, ev->body, test, err);
}

/* One test; in the arena of its work. */
struct trial {
	struct svc_work *work;
	struct connector connector; /* texts of its own: the book may change meanwhile */
};

static void
answer(struct svc_work *work, const char *result, const char *const *seen, size_t n)
{
	svc_count(work->svc, "connector_tests", "result", result);
	svc_finish(work, NULL, wire_write_tested(work->arena, result, seen, n), cs_span_str(NULL));
}

static void
say(struct svc_work *work, const char *result, const char *line)
{
	answer(work, result, &line, 1);
}

static void
on_probed(void *arg, const struct smtp_result *result)
{
	const struct trial *trial = arg;
	struct cs_arena *arena = trial->work->arena;
	const struct connector *connector = &trial->connector;
	const bool secure = strncmp(connector->endpoint, "smtps:", 6) == 0;
	const bool good = result->outcome == SMTP_ACCEPTED;
	const char *const seen[] = {
		cs_arena_printf(
		    arena, "%s %s", good ? "spoken to" : "could not speak to", connector->endpoint),
		!good    ? "nothing more is known"
		: secure ? "under TLS, whose certificate was checked"
			 : "under TLS begun by STARTTLS, or in clear to loopback in a test",
		connector->username[0] == '\0'
		    ? "without a login"
		    : cs_arena_printf(arena, "%s as %s", good ? "logged in" : "to log in",
			  cs_escape(arena, cs_span_str(connector->username), 80)),
		cs_arena_printf(arena, "the last word: %s",
		    cs_escape(arena, cs_span_str(result->text), SMTP_TEXT)),
	};

	answer(trial->work, good ? "good" : "bad", seen, sizeof(seen) / sizeof(seen[0]));
}

static void
try_relay(struct notify_service *notify, struct svc_work *work, const struct connector_entry *entry)
{
	struct trial *trial = CS_NEW(work->arena, struct trial);
	struct relay relay;
	struct cs_err err;

	*trial = (struct trial){ work,
		{ .endpoint = cs_arena_strdup(work->arena, entry->connector.endpoint),
		    .username = cs_arena_strdup(work->arena, entry->connector.username) } };
	if (relays_of(notify->relays, entry, &relay, &err) ||
	    smtp_probe(relay.smtp, on_probed, trial, &err))
		say(work, "bad", cs_escape(work->arena, cs_span_str(err.text), sizeof(err.text)));
}

void
notify_test(void *self, struct svc_work *work)
{
	struct notify_service *notify = self;
	const struct wire_test *test = work->what;
	const struct connector_entry *entry =
	    connector_book_get(notify->book, test->enterprise, test->name);

	if (entry == NULL || entry->version < test->version)
		say(work, "not-yet", "notifier has not heard of this version yet: ask again");
	else if (entry->connector.type == CONNECTOR_SMTP)
		try_relay(notify, work, entry);
	else
		say(work, "untested", "notifier uses no connectors of this type");
}
