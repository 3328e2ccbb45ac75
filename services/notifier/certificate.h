/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certificate.h: is this the certificate that the event speaks of, from a CA of ours?  Nobody is mailed a
 * certificate that is not theirs, whoever can publish events.  Pure.
 */
#ifndef NOTIFY_CERTIFICATE_H
#define NOTIFY_CERTIFICATE_H

#include "base/arena.h"
#include "base/err.h"
#include "pki/cert.h"
#include "wire.h"

/* CAs whose certificates count, and their keys. */
struct certificate_cas {
	const struct pki_cert_info *items;
	size_t n;
	struct pki_verifier *
	    *keys; /* one for each; NULL: not a kind of key that certificates are signed with */
};

/*
 * From PEM, one or more; they are the operator's, so their keys are trusted.  Borrows from `arena`; ends with
 * certificate_free_cas().
 */
CS_MUST_USE enum cs_code certificate_read_cas(struct cs_arena *arena, struct cs_span pem,
    struct certificate_cas *ret_cas, struct cs_err *err);
void certificate_free_cas(struct certificate_cas *cas);
/*
 * CS_MALFORMED says what does not hold: it can be read; one of the CAs signed it, and is the first of the
 * chain; serial, digest, validity and mailboxes are as the event says; the contact is one of these.
 */
CS_MUST_USE enum cs_code certificate_check(struct cs_arena *arena,
    const struct certificate_cas *cas, const struct wire_issued *issued, struct cs_err *err);

#endif
