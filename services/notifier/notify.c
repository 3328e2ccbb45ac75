/* SPDX-License-Identifier: Apache-2.0 */
#include "notify.h"

#include <string.h>

const char *
notify_kind_name(enum notify_kind kind)
{
	static const char *const names[NOTIFY_KINDS] = {
		[NOTIFY_ISSUED] = "issued",
		[NOTIFY_REFUSED] = "refused",
		[NOTIFY_REVOKED] = "revoked",
		[NOTIFY_EXPIRING_30] = "expiring-30",
		[NOTIFY_EXPIRING_14] = "expiring-14",
		[NOTIFY_EXPIRING_7] = "expiring-7",
		[NOTIFY_EXPIRING_1] = "expiring-1",
	};

	return names[kind];
}

bool
notify_kind_parse(const char *name, enum notify_kind *ret_kind)
{
	for (enum notify_kind kind = 0; kind < NOTIFY_KINDS; kind++) {
		if (strcmp(notify_kind_name(kind), name) == 0) {
			*ret_kind = kind;
			return true;
		}
	}
	return false;
}

bool
notify_kind_of_days(uint32_t days_left, enum notify_kind *ret_kind)
{
	static const struct {
		uint32_t days;
		enum notify_kind kind;
	} steps[] = { { 30, NOTIFY_EXPIRING_30 }, { 14, NOTIFY_EXPIRING_14 },
		{ 7, NOTIFY_EXPIRING_7 }, { 1, NOTIFY_EXPIRING_1 } };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i].days == days_left) {
			*ret_kind = steps[i].kind;
			return true;
		}
	}
	return false;
}

const char *
notify_state_name(enum notify_state state)
{
	static const char *const names[] = {
		[NOTIFY_NONE] = "none",
		[NOTIFY_WAITING] = "waiting",
		[NOTIFY_SENT] = "sent",
		[NOTIFY_GIVEN_UP] = "given-up",
		[NOTIFY_NOBODY] = "nobody",
	};

	return names[state];
}

static struct notify_step
stay(const struct notify_delivery *old, const char *says)
{
	return (struct notify_step){ .next = *old, .says = says };
}

static struct notify_step
move(const struct notify_delivery *old, enum notify_state state, const char *says)
{
	struct notify_step step = stay(old, says);

	step.next.state = state;
	step.next.changed = true;
	return step;
}

/* NTF-2: whatever comes again, in whichever form, one mail tells it. */
struct notify_step
notify_decide_outcome(
    const struct notify_delivery *old, const struct notify_outcome *outcome, int64_t now_ms)
{
	if (old->state != NOTIFY_NONE)
		return stay(old, "told before");
	struct notify_step step = outcome->contact[0] == '\0'
				      ? move(old, NOTIFY_NOBODY, "nobody to tell")
				      : move(old, NOTIFY_WAITING, "mail made");

	step.next.made_ms = now_ms;
	step.mails = step.next.state == NOTIFY_WAITING;
	return step;
}

/* 1, 5, 15, 60 minutes, then hourly. */
static int64_t
wait_ms(uint32_t attempt)
{
	static const int64_t minutes[] = { 1, 5, 15, 60 };
	const uint32_t n = sizeof(minutes) / sizeof(minutes[0]);

	return minutes[attempt >= 1 && attempt < n ? attempt - 1 : n - 1] * CS_MINUTE_MS;
}

static enum notify_state
state_after(const struct notify_delivery *old, const struct notify_mailed *mailed, int64_t again_ms)
{
	if (mailed->result == NOTIFY_ACCEPTED)
		return NOTIFY_SENT;
	if (mailed->result == NOTIFY_NEVER || again_ms >= old->made_ms + NOTIFY_TRIED_MS)
		return NOTIFY_GIVEN_UP;
	return NOTIFY_WAITING;
}

struct notify_step
notify_decide_mailed(
    const struct notify_delivery *old, const struct notify_mailed *mailed, int64_t now_ms)
{
	int64_t again_ms = now_ms + wait_ms(mailed->attempt);

	if (old->state != NOTIFY_WAITING)
		return stay(old, "over before"); /* carried out twice: a lease ran out */
	struct notify_step step = move(old, state_after(old, mailed, again_ms), "mail deferred");

	step.next.attempts = mailed->attempt;
	step.next.reply = mailed->reply;
	if (step.next.state == NOTIFY_WAITING) {
		step.again_ms = again_ms;
		return step;
	}
	step.told = true;
	step.says = step.next.state == NOTIFY_SENT ? "mail sent" : "mail given up";
	return step;
}
