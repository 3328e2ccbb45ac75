/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reasons.h: why a certificate is revoked and how soon (SBR 4.9.1.1), and which reason a CRL then gives
 * (RFC 5280 5.3.1, SBR 7.2.2).  Tables; pure.
 *
 * certificateHold is not among them: nothing here takes a suspension back, strict profiles forbid it (SBR
 * 7.2.2), and a mail that was signed while a certificate was on hold could be judged neither way later.
 */
#ifndef INTAKE_REASONS_H
#define INTAKE_REASONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/* A reason as RFC 5280 names it. */
struct reason {
	uint32_t code;
	const char *name;
	bool for_owner; /* whom the certificate was issued to may give it */
	uint32_t hours; /* an operator gives it: until it must be published */
};

/* 0 is "" and always known: no reason is given.  NULL: it may not be given. */
const struct reason *reason_of_code(uint32_t code);
const struct reason *reason_of_name(const char *name);

/* The owner asks: SBR 4.9.1.1 (1). */
#define REASON_OWNER_MS CS_DAY_MS

/* What SBR 4.9.1.1 counts up, by names of ours. */
struct ground {
	const char *name;
	const char *clause;
	uint32_t hours;  /* from when we learned of it until it must be published */
	uint32_t reason; /* that the CRL gives */
};

const struct ground *ground_of_name(const char *name); /* NULL: there is none */

/* What an outsider may report, until somebody has looked at it. */
struct category {
	const char *name;
	const char *ground; /* that it would be, if it is true */
	uint32_t hours;     /* until when it must be revoked then */
};

const struct category *category_of_name(const char *name); /* NULL: there is none */

/* A first answer to whoever reported and to the subscriber (SBR 4.9.5). */
#define REASON_PRELIMINARY_MS CS_DAY_MS

#endif
