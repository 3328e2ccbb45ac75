/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h: how a function says that it could not do its work.
 *
 * Six codes, named after what the caller does next.  A refusal ("CAA forbids this") is not an
 * error: it is a result.  Library, store and pure code never log a failure; the skeleton does, once.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum cs_code {
	CS_OK = 0,
	CS_MALFORMED,   /* the input can never be understood: refuse it, do not retry */
	CS_NOT_FOUND,   /* it is not there: the caller decides whether that matters */
	CS_CONFLICT,    /* another replica was faster: load and decide again */
	CS_UNAVAILABLE, /* a dependency is away: wait and try again, count nothing */
	CS_INTERNAL     /* this very thing failed for a reason of its own: count, then park it */
};

struct cs_err {
	enum cs_code code;
	char text[200]; /* for people: what failed, of what, why; never a secret */
};

#define CS_MUST_USE __attribute__((warn_unused_result))

/*
 * Fills *err (err may be NULL) and returns its code, so that a failure is one statement.  What is not
 * printable ASCII becomes '?': no text can break a line of the log, or be refused by a database.
 */
enum cs_code cs_fail(struct cs_err *err, enum cs_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), cold));

/* "malformed", "not-found", ...; never NULL. */
const char *cs_code_name(enum cs_code code);

/* Our own assumption is false: says where on stderr and dumps core.  Never for bytes from outside. */
#define cs_assert(expr) ((expr) ? (void)0 : cs_assert_failed(#expr, __FILE__, __LINE__))
_Noreturn void cs_assert_failed(const char *expr, const char *file, int line);

/* Runs `fn##_p` on the variable's address when it leaves its scope: CS_AUTO(pkey_free) EVP_PKEY *k. */
#define CS_AUTO(fn) __attribute__((cleanup(fn)))

#endif
