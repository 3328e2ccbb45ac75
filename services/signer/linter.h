/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linter.h: a linter of the operator's (zlint, pkilint), asked beside our own lints before each signature.
 * Off by default; it can only refuse.
 *
 * The program is started by a clerk, a process that is this very executable, started anew before the signer
 * is confined, since after that nobody can start anything.  The clerk has no environment and no descriptor of
 * the signer's, but it runs as the signer's user: a program that shall not read the signer's files must be
 * bounded by the operator (another user, a container), as must its use of the network.
 *
 * The program gets a certificate in PEM on stdin: the octets that are about to be signed, with a signature
 * value of one repeated octet (SBR 4.3.1.2), which no key has made.  One question at a time.
 */
#ifndef SIGNER_LINTER_H
#define SIGNER_LINTER_H

#include "base/err.h"
#include "linter_read.h"

struct event_base;
struct linter;

struct linter_settings {
	const char *command; /* a program, by its whole path, and arguments, with spaces between */
	const char *format;  /* "zlint", "pkilint" */
	uint32_t timeout_ms; /* of one run; the program is killed then */
};

/* The first thing in main(): returns at once unless this process is a clerk, and then never. */
void linter_clerk_main(int argc, char *argv[]);

/* CS_MALFORMED: the settings; CS_INTERNAL.  Before the process is confined. */
CS_MUST_USE enum cs_code linter_open(const struct linter_settings *settings,
    struct event_base *base, struct linter **ret_linter, struct cs_err *err);
/* Questions that are open get no answer.  Takes NULL. */
void linter_close(struct linter *linter);

/* `verdict` is borrowed for the call. */
typedef void linter_done(void *arg, const struct linter_verdict *verdict);
/*
 * Exactly one call of `done`, from the loop, never before this returns.  CANNOT_TELL: the program crashed, took
 * too long or said what nobody understands; ask again later.  When the clerk is gone the loop is ended, so that
 * whoever started the process starts it anew.
 */
void linter_ask(
    struct linter *linter, struct cs_span tbs, struct cs_span sigalg, linter_done *done, void *arg);

#endif
