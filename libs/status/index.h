/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.h: what is known of each certificate, in memory, and the signed answers that were given about it.
 * Certificates are named by the number of their issuer and their serial.  One thread.
 */
#ifndef STATUS_INDEX_H
#define STATUS_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define STATUS_SERIAL_MAX 20 /* octets, big-endian, no sign octet */
#define STATUS_TAG 33        /* 32 hexadecimal digits and NUL */

struct status_index;

struct status_facts {
	bool revoked;
	uint32_t reason;       /* RFC 5280 5.3.1; 0: none */
	int64_t revoked_at_ms; /* 0 unless revoked */
	int64_t not_after_ms;  /* 0: not known */
};

/* `answers_max`: octets of signed answers that are kept; the one not asked for longest goes first. */
struct status_index *status_index_new(size_t answers_max);
void status_index_free(struct status_index *index); /* takes NULL */

/* A serial of 1 to STATUS_SERIAL_MAX octets (asserted).  When facts change, answers about them are forgotten. */
void status_index_put(struct status_index *index, uint32_t issuer, struct cs_span serial,
    const struct status_facts *facts);
/* NULL: nothing is known.  Borrowed until the next put or forget. */
const struct status_facts *
status_index_find(const struct status_index *index, uint32_t issuer, struct cs_span serial);
size_t status_index_count(const struct status_index *index);
size_t status_index_revoked(const struct status_index *index);
/* Forgets certificates whose end is known and not after `before_ms`; looks at `max` slots a call, going round. */
void status_index_forget(struct status_index *index, int64_t before_ms, size_t max);

struct status_answer {
	int64_t this_update_s, next_update_s;
	struct cs_span der;
	char tag[STATUS_TAG]; /* of the octets, for ETag */
};

/* `form`: one of up to 8 spellings of the question.  NULL: there is none.  Borrowed until the next keep. */
const struct status_answer *status_answer_find(
    struct status_index *index, uint32_t issuer, struct cs_span serial, unsigned form);
/* Copies, in place of an older one; nothing is kept of a certificate that is not known. */
void status_answer_keep(struct status_index *index, uint32_t issuer, struct cs_span serial,
    unsigned form, const struct status_answer *answer);
/* All answers about this issuer's certificates: another key answers from now on. */
void status_answers_forget(struct status_index *index, uint32_t issuer);
size_t status_answers_count(const struct status_index *index);

#endif
