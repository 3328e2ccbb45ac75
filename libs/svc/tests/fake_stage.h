/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_stage.h: a service that does nothing but what the skeleton does for every service: what comes is noted in its
 * one table and passed on as it came.  A body begins with the 16 octets of its key.
 *
 *   STAGE_NAME      its name, its user's on the bus, and its schema
 *   STAGE_ROUTES    "ask.bench.pass>lane0.passed,~lane1.passed": what it takes, and what it says to that; ~: patiently
 *   STAGE_KEY_FILE  the Ed25519 key that it signs the rest of each body with; not set: it signs nothing
 */
#ifndef SVC_TESTS_FAKE_STAGE_H
#define SVC_TESTS_FAKE_STAGE_H

#define STAGE_BODY 1000 /* octets of a body; the signature is the last of them */

/* Its table is `passage (key uuid primary key, seen integer not null)`. */
int stage_main(const char *name);

#endif
