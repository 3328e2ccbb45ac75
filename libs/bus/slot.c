/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slot.c: what waits for a message on our inbox.
 *
 * Each has a number and a generation, which are the last token of its reply subject, so an answer
 * that comes after its time finds nothing.  Whoever takes a slot ends what waited, exactly once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "bus/internal.h"

#define SLOTS (BUS_IN_FLIGHT_MAX + CONSUMERS_MAX)
#define NO_SLOT UINT32_MAX

void
slots_init(struct bus *bus)
{
	bus->slots = calloc(SLOTS, sizeof(bus->slots[0]));
	cs_assert(bus->slots != NULL);
	for (uint32_t i = 0; i < SLOTS; i++)
		bus->slots[i].next_free = i + 1 < SLOTS ? i + 1 : NO_SLOT;
}

bool
slot_add(struct bus *bus, const struct slot *what, struct slot_ref *ret_ref)
{
	const uint32_t number = bus->first_free;

	if (number == NO_SLOT)
		return false;
	struct slot *slot = &bus->slots[number];
	const uint32_t generation = slot->generation + 1;
	bus->first_free = slot->next_free;
	bus->slots_timed += what->kind != SLOT_PULL;
	*slot = *what;
	slot->generation = generation;
	*ret_ref = (struct slot_ref){ number, generation };
	return true;
}

static struct slot *
find(struct bus *bus, struct slot_ref ref)
{
	if (ref.number >= SLOTS || bus->slots[ref.number].kind == SLOT_FREE ||
	    bus->slots[ref.number].generation != ref.generation)
		return NULL;
	return &bus->slots[ref.number];
}

bool
slot_take(struct bus *bus, struct slot_ref ref, struct slot *ret_slot)
{
	struct slot *slot = find(bus, ref);

	if (!slot)
		return false;
	*ret_slot = *slot;
	bus->slots_timed -= slot->kind != SLOT_PULL;
	*slot = (struct slot){ .generation = ref.generation, .next_free = bus->first_free };
	bus->first_free = ref.number;
	return true;
}

void
slot_reply(const struct bus *bus, struct slot_ref ref, char ret_subject[static REPLY_MAX])
{
	char token[PROTOCOL_TOKEN_MAX];

	protocol_write_token(ref.number, ref.generation, token);
	snprintf(ret_subject, REPLY_MAX, "%s%s", bus->inbox, token);
}

bool
slot_answer(const struct bus *bus, struct slot_ref ref, uint64_t secret, const char *question,
    char ret_subject[static REPLY_MAX])
{
	char token[PROTOCOL_SECRET_TOKEN_MAX];

	protocol_write_secret_token(ref.number, ref.generation, secret, token);
	return protocol_answer_subject(question, bus->inbox, token, ret_subject);
}

static void
finish_publish(struct bus *bus, const struct slot *slot, natsMsg *msg, const char *why)
{
	struct protocol_stored stored = { 0 };

	if (msg && message_status(msg))
		snprintf(stored.error, sizeof(stored.error), "no stream takes this subject");
	else if (msg)
		stored = protocol_read_stored(
		    cs_span_of(natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg)));
	else
		snprintf(stored.error, sizeof(stored.error), "%s", why);
	struct bus_hold *hold = hold_new(bus, stored.stored ? BUS_STORED : BUS_NOT_STORED, NULL);
	message_free(bus, msg);
	hold->item.token = slot->token;
	hold->item.sequence = stored.sequence;
	hold->item.duplicate = stored.duplicate;
	memcpy(hold->item.error, stored.error, sizeof(stored.error));
	queue_push(slot->queue, hold);
}

static void
finish_ask(struct bus *bus, const struct slot *slot, natsMsg *msg, const char *why)
{
	const bool refused = msg && message_status(msg);

	if (refused) {
		natsMsg_Destroy(msg);
		msg = NULL;
		why = "nobody serves this subject";
	}
	struct bus_hold *hold = hold_new(bus, msg ? BUS_ANSWER : BUS_NO_ANSWER, msg);
	hold->item.token = slot->token;
	if (!msg)
		snprintf(hold->item.error, sizeof(hold->item.error), "%s", why);
	queue_push(slot->queue, hold);
}

/* The waiter is on the stack of a thread that cannot go on before `done`. */
static void
finish_request(struct bus *bus, const struct slot *slot, natsMsg *msg)
{
	pthread_mutex_lock(&bus->mu);
	slot->waiter->msg = msg;
	slot->waiter->done = true;
	pthread_cond_signal(&slot->waiter->cond);
	pthread_mutex_unlock(&bus->mu);
}

/* `msg` NULL: none came, and `why`. */
static void
finish(struct bus *bus, const struct slot *slot, natsMsg *msg, const char *why)
{
	switch (slot->kind) {
	case SLOT_PUBLISH:
		finish_publish(bus, slot, msg, why);
		break;
	case SLOT_ASK:
		finish_ask(bus, slot, msg, why);
		break;
	case SLOT_REQUEST:
		finish_request(bus, slot, msg);
		break;
	case SLOT_FREE:
	case SLOT_PULL:
		natsMsg_Destroy(msg);
		break;
	}
}

/* Takes the next slot from *number on that has waited too long; kind SLOT_FREE: there is none. */
static struct slot
take_expired(struct bus *bus, uint32_t *number, int64_t now_ms)
{
	struct slot taken = { 0 };

	pthread_mutex_lock(&bus->mu);
	if (bus->slots_timed == 0)
		*number = SLOTS; /* nobody waits: nothing to look through ten times a second */
	for (; *number < SLOTS && taken.kind == SLOT_FREE; (*number)++) {
		const struct slot *slot = &bus->slots[*number];
		const struct slot_ref ref = { *number, slot->generation };

		if (slot->kind != SLOT_FREE && slot->kind != SLOT_PULL &&
		    slot->deadline_ms < now_ms)
			(void)slot_take(bus, ref, &taken);
	}
	pthread_mutex_unlock(&bus->mu);
	return taken;
}

void
slots_expire(struct bus *bus, int64_t now_ms, const char *why)
{
	uint32_t number = 0;

	while (number < SLOTS) {
		const struct slot taken = take_expired(bus, &number, now_ms);

		if (taken.kind != SLOT_FREE)
			finish(bus, &taken, NULL, why);
	}
}

/*
 * Takes what waits there; a pull stays, more will come to it.  Whoever answers questions may write to all places
 * of answers to its asker, so an answer must know the secret of its question, and nothing else is ended by it.
 */
static struct slot
take_waiting(struct bus *bus, struct slot_ref ref, uint64_t secret)
{
	struct slot slot = { 0 };

	pthread_mutex_lock(&bus->mu);
	const struct slot *found = find(bus, ref);
	if (found && found->secret != secret)
		found = NULL;
	if (found && found->kind == SLOT_PULL)
		slot = *found;
	else if (found)
		(void)slot_take(bus, ref, &slot);
	pthread_mutex_unlock(&bus->mu);
	return slot;
}

/* What comes to "<inbox><token>" is the server's, to "<inbox><a>.<b>.<token>" an answer.  False: neither. */
static bool
read_place(
    const struct bus *bus, const char *subject, struct slot_ref *ret_ref, uint64_t *ret_secret)
{
	const size_t prefix = strlen(bus->inbox);

	if (strncmp(subject, bus->inbox, prefix) != 0)
		return false;
	const char *rest = subject + prefix, *last = strrchr(rest, '.');
	if (last)
		return protocol_read_secret_token(
			   last + 1, &ret_ref->number, &ret_ref->generation, ret_secret) &&
		       *ret_secret != 0;
	*ret_secret = 0;
	return protocol_read_token(rest, &ret_ref->number, &ret_ref->generation);
}

void
slots_on_message(struct bus *bus, natsMsg *msg)
{
	struct slot_ref ref;
	uint64_t secret;

	if (!read_place(bus, natsMsg_GetSubject(msg), &ref, &secret)) {
		natsMsg_Destroy(msg);
		return;
	}
	const struct slot slot = take_waiting(bus, ref, secret);
	if (slot.kind == SLOT_PULL) {
		consume_on_status(slot.consume, ref, msg);
		natsMsg_Destroy(msg);
		return;
	}
	finish(bus, &slot, msg, NULL); /* a free slot: too late */
}
