/* SPDX-License-Identifier: Apache-2.0 */
/* publish.c: what goes out: events, questions, answers, and requests of the JetStream API. */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/time.h"
#include "bus/internal.h"

const char *
message_status(natsMsg *msg)
{
	const char *status = NULL;

	if (natsMsg_GetDataLength(msg) > 0 || natsMsgHeader_Get(msg, "Status", &status) != NATS_OK)
		return NULL;
	return status;
}

static enum cs_code
away(struct cs_err *err)
{
	return cs_fail(err, CS_UNAVAILABLE, "bus: not connected");
}

static enum cs_code
check_out(const struct bus_out *out, struct cs_err *err)
{
	if (!protocol_subject_ok(out->subject, false))
		return cs_fail(err, CS_MALFORMED, "bus: not a subject to publish");
	if (out->body.len > BUS_BODY_MAX)
		return cs_fail(
		    err, CS_MALFORMED, "bus: %s: body of %zu octets", out->subject, out->body.len);
	if (out->headers_len > BUS_HEADERS_MAX)
		return cs_fail(err, CS_MALFORMED, "bus: %s: too many headers", out->subject);
	for (size_t i = 0; i < out->headers_len; i++)
		if (!protocol_header_ok(&out->headers[i]))
			return cs_fail(err, CS_MALFORMED, "bus: %s: header %zu", out->subject, i);
	const struct bus_header id = { "Nats-Msg-Id", out->msg_id ? out->msg_id : "" };
	if (!protocol_header_ok(&id))
		return cs_fail(err, CS_MALFORMED, "bus: %s: message id", out->subject);
	return CS_OK;
}

/* NULL: out of memory, nothing else is left after check_out. */
static natsMsg *
make_message(const struct bus_out *out, const char *reply)
{
	natsMsg *msg = NULL;
	natsStatus status = natsMsg_Create(
	    &msg, out->subject, reply, (const char *)out->body.data, (int)out->body.len);

	for (size_t i = 0; status == NATS_OK && i < out->headers_len; i++)
		status = natsMsgHeader_Add(msg, out->headers[i].name, out->headers[i].value);
	if (status == NATS_OK && out->msg_id)
		status = natsMsgHeader_Set(msg, "Nats-Msg-Id", out->msg_id);
	if (status == NATS_OK)
		return msg;
	natsMsg_Destroy(msg);
	return NULL;
}

static enum cs_code
send_with_reply(struct bus *bus, const struct bus_out *out, struct slot_ref ref, uint64_t secret,
    struct cs_err *err)
{
	char reply[REPLY_MAX];

	if (secret == 0)
		slot_reply(bus, ref, reply);
	else if (!slot_answer(bus, ref, secret, out->subject, reply))
		return cs_fail(err, CS_MALFORMED, "bus: %s: no question", out->subject);
	natsMsg *msg = make_message(out, reply);
	const natsStatus status = msg ? natsConnection_PublishMsg(bus->nc, msg) : NATS_NO_MEMORY;
	message_free(bus, msg);
	if (status == NATS_OK)
		return CS_OK;
	return cs_fail(err, status == NATS_MAX_PAYLOAD ? CS_MALFORMED : CS_UNAVAILABLE,
	    "bus: %s: %s", out->subject, natsStatus_GetText(status));
}

/* 0 for what is answered by the server, to the inbox. */
static uint64_t
secret_of(const struct bus_out *out)
{
	uint64_t secret = 0;

	while (protocol_is_question(out->subject) && secret == 0)
		cs_random((uint8_t *)&secret, sizeof(secret));
	return secret;
}

/* On failure nobody else will end what waits in the slot. */
static enum cs_code
start(struct bus *bus, const struct bus_out *out, const struct slot *kind, struct slot_ref *ret_ref,
    struct cs_err *err)
{
	struct slot_ref ref;
	struct slot what = *kind, taken;

	enum cs_code code = check_out(out, err);
	if (code)
		return code;
	if (!bus->connected)
		return away(err);
	what.secret = secret_of(out);
	pthread_mutex_lock(&bus->mu);
	const bool added = slot_add(bus, &what, &ref);
	pthread_mutex_unlock(&bus->mu);
	if (!added)
		return cs_fail(err, CS_UNAVAILABLE, "bus: too many messages in flight");
	code = send_with_reply(bus, out, ref, what.secret, err);
	if (code) {
		pthread_mutex_lock(&bus->mu);
		const bool mine = slot_take(bus, ref, &taken);
		pthread_mutex_unlock(&bus->mu);
		if (mine)
			return code;
	}
	*ret_ref = ref;
	return CS_OK; /* or the connection broke meanwhile, and its end was told in the slot's way */
}

enum cs_code
bus_publish(struct bus_queue *queue, const struct bus_out *out, uint64_t token, int64_t max_wait_ms,
    struct cs_err *err)
{
	const struct slot what = { .kind = SLOT_PUBLISH,
		.deadline_ms = cs_mono_ms() + max_wait_ms,
		.token = token,
		.queue = queue };
	struct slot_ref ref;

	return start(queue->bus, out, &what, &ref, err);
}

enum cs_code
bus_ask(struct bus_queue *queue, const struct bus_out *out, uint64_t token, int64_t timeout_ms,
    struct cs_err *err)
{
	const struct slot what = { .kind = SLOT_ASK,
		.deadline_ms = cs_mono_ms() + timeout_ms,
		.token = token,
		.queue = queue };
	struct slot_ref ref;

	return start(queue->bus, out, &what, &ref, err);
}

/* Until somebody ended it, or the time is over and nobody will. */
static void
await(struct bus *bus, struct slot_ref ref, struct waiter *waiter, int64_t deadline_ms)
{
	struct slot taken;

	pthread_mutex_lock(&bus->mu);
	while (!waiter->done)
		if (!cond_wait_until(&waiter->cond, &bus->mu, deadline_ms) && !waiter->done &&
		    slot_take(bus, ref, &taken))
			break;
	pthread_mutex_unlock(&bus->mu);
}

static enum cs_code
read_answer(const struct bus_out *out, natsMsg *msg, struct cs_arena *arena,
    struct cs_span *ret_body, struct cs_err *err)
{
	if (!msg)
		return cs_fail(err, CS_UNAVAILABLE, "bus: %s: no answer", out->subject);
	if (message_status(msg))
		return cs_fail(err, CS_NOT_FOUND, "bus: nobody serves %s", out->subject);
	*ret_body = cs_arena_copy(arena, natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg));
	return CS_OK;
}

enum cs_code
bus_request(struct bus *bus, const struct bus_out *out, int64_t timeout_ms, struct cs_arena *arena,
    struct cs_span *ret_body, struct cs_err *err)
{
	struct waiter waiter = { 0 };
	/* The waiter minds the time itself. */
	const struct slot what = {
		.kind = SLOT_REQUEST, .deadline_ms = INT64_MAX - 1, .waiter = &waiter
	};
	const int64_t deadline = cs_mono_ms() + timeout_ms;
	struct slot_ref ref;

	cond_init(&waiter.cond);
	enum cs_code code = start(bus, out, &what, &ref, err);
	if (code == CS_OK) {
		await(bus, ref, &waiter, deadline);
		code = read_answer(out, waiter.msg, arena, ret_body, err);
	}
	natsMsg_Destroy(waiter.msg);
	pthread_cond_destroy(&waiter.cond);
	return code;
}

enum cs_code
bus_answer(struct bus_item *question, struct cs_span body, struct cs_err *err)
{
	struct bus *bus = question->hold->bus;

	cs_assert(question->kind == BUS_QUESTION && !question->hold->answered);
	question->hold->answered = true;
	if (!question->reply[0])
		return CS_OK; /* it was no question: nobody waits */
	/* This client may write where its asker may not. */
	if (!protocol_answers(question->subject, question->reply))
		return cs_fail(
		    err, CS_MALFORMED, "bus: %s: not to be answered there", question->subject);
	if (body.len > BUS_BODY_MAX)
		return cs_fail(err, CS_MALFORMED, "bus: answer of %zu octets", body.len);
	if (!bus->connected)
		return away(err);
	const natsStatus status =
	    natsConnection_Publish(bus->nc, question->reply, body.data, (int)body.len);
	if (status != NATS_OK)
		return cs_fail(err, CS_UNAVAILABLE, "bus: answer: %s", natsStatus_GetText(status));
	return CS_OK;
}

enum cs_code
bus_flush(struct bus *bus, int64_t timeout_ms, struct cs_err *err)
{
	if (!bus->connected)
		return away(err);
	const natsStatus status = natsConnection_FlushTimeout(bus->nc, timeout_ms);
	if (status != NATS_OK)
		return cs_fail(err, CS_UNAVAILABLE, "bus: flush: %s", natsStatus_GetText(status));
	return CS_OK;
}
