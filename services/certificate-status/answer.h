/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h: from the octets of an OCSP request to those of the response.  Loop thread. */
#ifndef STATUS_ANSWER_H
#define STATUS_ANSWER_H

#include "handler.h"

struct answer {
	struct cs_span der; /* borrowed from the arena or from memory: until the next answer */
	bool cacheable;     /* then also: */
	struct status_times times;
	const char *tag;
};

/* Cannot fail: what cannot be answered is refused in the form of RFC 6960. */
void answer_make(struct status_service *status, size_t authority, struct cs_span question,
    struct cs_arena *arena, struct answer *ret);
/*
 * Signs and keeps the answer to the usual question (RFC 5019: SHA-1, no nonce) about a certificate of which
 * something new is known, before anybody asks; as long as that takes no more than a hundredth of the time.
 */
void answer_ahead(struct status_service *status, size_t authority, struct cs_span serial);

#endif
