/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers.h: keeps the octets of the DNS answers that evidence rests on, under their SHA-256, in the
 * table `answer` of the service's own schema, so that they can be shown with the evidence years later.
 *
 * One thread of its own with one connection writes what has gathered in one statement; callers live on
 * the loop thread and never wait.  The same packet is kept once, however often it is seen.
 */
#ifndef ANSWERS_ANSWERS_H
#define ANSWERS_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "probe/probe.h"

struct event_base;
struct answers;

#define ANSWERS_OCTETS_MAX 65535 /* of a packet: whatever DNS can carry */
/*
 * What evidence rests on is kept for two years after the last certificate that relies on it has expired (SBR
 * 5.5.2): evidence serves for 398 days (SBR 4.2.1), a certificate for 825 (SBR 6.3.2), and 730 more.
 */
#define ANSWERS_DAYS_MIN 1953

struct answers_settings {
	const char *database_url; /* of the service's role; borrowed until answers_close */
	const char *app_name;     /* for the server's list of connections; borrowed */
	uint32_t days;            /* that a packet is kept after it was last seen */
};

/*
 * Starts the thread; the database may be away.  CS_INTERNAL: no thread, no descriptor.
 */
CS_MUST_USE enum cs_code answers_open(const struct answers_settings *settings,
    struct event_base *base, struct answers **ret, struct cs_err *err);
/* Waits for what is being written; what is still to be told is told no more.  Takes NULL. */
void answers_close(struct answers *answers);

/*
 * kept: every packet is durable.  Otherwise the database is away or refuses, and nobody may rely on
 * any of them; asked again at once, it tries again, no more than once a second.
 */
typedef void answers_done(void *arg, bool kept);

/*
 * Keeps the packets of a finding (copied).  Exactly one call of `done`, on the loop thread, never before
 * this returns.  Lookups to which nothing came are none.
 */
void answers_keep(
    struct answers *answers, const struct probe_finding *finding, answers_done *done, void *arg);

/* Was the last attempt to write in vain?  For readiness. */
bool answers_away(const struct answers *answers);

#endif
