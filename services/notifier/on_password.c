/* SPDX-License-Identifier: Apache-2.0 */
/* on_password.c: a password goes from the question to the child that binds, and is wiped here: no row, event or log has it. */
#include "on_password.h"

#include <string.h>

#include "base/text.h"
#include "on_codes.h"
#include "pki/hash.h"
#include "wire.h"

_Static_assert(FACTOR_PASSWORD_MAX == DIRECTORY_PASSWORD_MAX, "what is read can be sent");

#define SAYS_GO 202 /* of the first decision: the directory may be asked */

/* ---- reading ---- */

/* Whoever carries the order cannot choose the name: policy signs whose it is. */
static enum cs_code
open_order(const struct notify_service *notify, struct svc_event *ev, struct cs_span envelope,
    struct claim_factor_order *ret, struct cs_err *err)
{
	if (claim_open_factor_order(ev->arena, notify->trust, envelope, ev->now_ms, ret, err))
		return CS_MALFORMED;
	const struct factor_method *method = factor_method_find(ret->method);

	if (method == NULL || !method->binds || !connector_login_valid(ret->login))
		return cs_fail(err, CS_MALFORMED, "FactorOrder: no method that binds, or no login");
	ev->key = ret->request;
	return CS_OK;
}

enum cs_code
notify_read_order(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct claim_factor_order *order = CS_NEW(ev->arena, struct claim_factor_order);
	struct cs_span envelope;

	ev->what = order;
	if (wire_read_send(ev->arena, ev->body, &envelope, err))
		return CS_MALFORMED;
	return open_order(self, ev, envelope, order, err);
}

/* What was parked comes without it: the question has ended long ago. */
enum cs_code
notify_read_bound(const void *self, struct svc_event *ev, struct cs_err *err)
{
	if (ev->context == NULL)
		return cs_fail(err, CS_MALFORMED, "nobody knows any more what the directory said");
	return notify_read_order(self, ev, err);
}

struct asked {
	struct claim_factor_order order;
	struct cs_span envelope;
	struct cs_span password; /* to be wiped */
};

static void
wipe(struct cs_span octets)
{
	pki_wipe((void *)(uintptr_t)octets.data, octets.len);
}

enum cs_code
notify_read_password(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct asked *asked = CS_NEW(ev->arena, struct asked);

	ev->what = asked;
	if (wire_read_password(ev->arena, ev->body, &asked->envelope, &asked->password, err)) {
		wipe(ev->body);
		return CS_MALFORMED;
	}
	if (open_order(self, ev, asked->envelope, &asked->order, err)) {
		wipe(asked->password);
		wipe(ev->body);
		return CS_MALFORMED;
	}
	return CS_OK;
}

/* ---- the loop thread ---- */

/* One password under way; in the arena of its work. */
struct proving {
	struct notify_service *notify;
	struct svc_work *work;
	const struct asked *asked;
	struct cs_span order;        /* the body of both decisions */
	const char *endpoint, *name; /* where, and as whom: the book may change meanwhile */
	bool platform;
	enum directory_outcome outcome;
};

static void
finish(struct proving *proving, struct cs_span answer)
{
	wipe(proving->asked->password);
	svc_finish(proving->work, NULL, answer, cs_span_str(NULL));
}

static void
refuse(struct proving *proving, const char *result)
{
	const struct wire_password_answer answer = { .result = result };

	svc_count(proving->work->svc, "passwords", "result", result);
	finish(proving, wire_write_password_answer(proving->work->arena, &answer));
}

/* Nothing happened, or nobody knows: who asks is told to ask again. */
static void
on_judged(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct proving *proving = arg;

	(void)status;
	finish(proving, ok ? cs_arena_copy_span(proving->work->arena, body) : cs_span_str(NULL));
}

static void
on_bound(void *arg, enum directory_outcome outcome, const char *said)
{
	struct proving *proving = arg;
	struct svc_work *work = proving->work;

	wipe(proving->asked->password);
	proving->outcome = outcome;
	svc_count(work->svc, "passwords", "result", directory_outcome_name(outcome));
	log_info(work->log, "directory asked enterprise=%s outcome=%s said=\"%s\"",
	    proving->asked->order.enterprise, directory_outcome_name(outcome), said);
	if (!svc_command(work->svc, PASSWORD_BOUND, proving->asked->order.request, proving->order,
		&proving->outcome, on_judged, proving))
		finish(proving, cs_span_str(NULL));
}

static void
on_begun(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct proving *proving = arg;
	const struct directory_bind bind = { proving->platform, proving->endpoint, proving->name,
		proving->asked->password };

	if (!ok || status != SAYS_GO)
		on_judged(arg, ok, status, body);
	else if (!directory_bind(proving->notify->directories, &bind, on_bound, proving))
		finish(proving, cs_span_str(NULL)); /* it was read as one that can be sent */
}

/* Where the enterprise's directory is, and as whom the person binds there; else what to answer. */
static const char *
find_place(struct proving *proving)
{
	const struct claim_factor_order *order = &proving->asked->order;
	struct cs_arena *arena = proving->work->arena;
	const struct connector_entry *entry =
	    connector_book_find(proving->notify->book, order->enterprise, CONNECTOR_LDAP);

	if (entry == NULL)
		return "no-connector";
	proving->endpoint = cs_arena_strdup(arena, entry->connector.endpoint);
	proving->platform = strcmp(entry->connector.enterprise, CLAIM_PLATFORM) == 0;
	return connector_bind_name(arena, entry->connector.bind_dn, order->login, &proving->name)
		   ? NULL
		   : "no-login";
}

void
notify_start_password(void *self, struct svc_work *work)
{
	struct notify_service *notify = self;
	struct proving *proving = CS_NEW(work->arena, struct proving);

	*proving = (struct proving){ .notify = notify, .work = work, .asked = work->what };
	wipe(work->body); /* it was copied when it was read */
	if (!svc_follows(notify->svc)) {
		finish(proving, cs_span_str(NULL));
		return;
	}
	const char *why_not = find_place(proving);

	if (why_not != NULL) {
		refuse(proving, why_not);
		return;
	}
	proving->order = wire_write_order(work->arena, proving->asked->envelope);
	if (!svc_command(work->svc, PASSWORD_TRY, proving->asked->order.request, proving->order,
		NULL, on_begun, proving))
		finish(proving, cs_span_str(NULL));
}

/* ---- deciding ---- */

static void
answer(struct svc_event *ev, uint32_t status, const struct wire_password_answer *says)
{
	svc_reply(ev, status, wire_write_password_answer(ev->arena, says));
	log_info(ev->log, "password decided on=%s result=%s tries_left=%u", ev->subject,
	    says->result, (unsigned)says->tries_left);
}

void
notify_on_try(const void *self, struct svc_event *ev)
{
	const struct claim_factor_order *order = notify_order_of(ev);
	const struct codes_setting in = notify_setting(self, ev);
	const struct codes_challenge old = notify_old_of(ev, order->enterprise, order->account);
	const struct password_try begun =
	    password_decide_try(&in, &old, order, notify_tally_of(ev, order));
	const struct wire_password_answer says = { .result = password_begun_name(begun.result),
		.retry_at_ms = begun.retry_ms };

	if (begun.next.changed)
		notify_put(ev, &begun.next);
	answer(ev, begun.result == PASSWORD_GO ? SAYS_GO : 200, &says);
}

void
notify_on_bound(const void *self, struct svc_event *ev)
{
	const struct notify_service *notify = self;
	const struct claim_factor_order *order = notify_order_of(ev);
	const enum directory_outcome *outcome = ev->context;
	const struct codes_setting in = notify_setting(self, ev);
	const struct codes_challenge old = notify_old_of(ev, order->enterprise, order->account);
	const struct password_judged judged = password_decide_bound(&in, &old, order, *outcome);
	struct wire_password_answer says = { .result = password_verdict_name(judged.verdict),
		.tries_left = judged.tries_left,
		.retry_at_ms = judged.retry_ms };

	if (judged.verdict == PASSWORD_PROVED) {
		const struct claim_factor factor = password_claim(&in, order);

		says.proof = claim_seal_factor(ev->arena, notify->key, &factor);
	}
	if (judged.next.changed)
		notify_put(ev, &judged.next);
	answer(ev, 200, &says);
}
