/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_toy.h: a service that counts.  It calls itself policy, whose rights the test's NATS gives it.
 *
 * Every body is a key and a word: "0b2f2b6e-... add".  Whatever is handled leaves one row in `fact`.
 *   request.submitted      fact and tally, plan.made; "work" stores work, "end" ends the request
 *   ask.mailbox.submit     the same, answered with the tally
 *   POST /v1/{key}/{word}  the same, by command
 *   alarm rows             a fact by clock
 *   stale rows             are swept when they are an hour old
 *   work "shout"           act writes "<key> <attempt>" into TOY_ACTS; "hang" never ends at the first attempt
 *
 * TOY_PATIENCE_MS: its events and its work are patient, and for how long.
 */
#ifndef SVC_TESTS_FAKE_TOY_H
#define SVC_TESTS_FAKE_TOY_H

extern const char toy_tables[];
int toy_main(void);
/* The same without state: publishes plan.made for each event, keeps nothing. */
int toy_loop_main(void);

#endif
