/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h: the client's side of one TLS handshake with a stranger, octets in and octets out; whoever uses it
 * owns the socket and the time.  TLS 1.2 or later.  The certificate is not judged: what is wanted of it is
 * not for TLS to say.
 */
#ifndef PKI_TLS_H
#define PKI_TLS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

struct pki_tls;

enum pki_tls_state { PKI_TLS_GOING, PKI_TLS_UP, PKI_TLS_FAILED };

/*
 * `host` goes into SNI; `protocol` is all that ALPN offers, NULL: nothing is offered.  Owned by the
 * caller.  CS_INTERNAL: OpenSSL refuses.
 */
CS_MUST_USE enum cs_code
pki_tls_new(const char *host, const char *protocol, struct pki_tls **ret_tls, struct cs_err *err);
void pki_tls_free(struct pki_tls *tls); /* takes NULL */

/*
 * Takes what came (nothing, to begin), gives what must be sent, in `arena`.  What comes after the handshake
 * is not read.
 */
enum pki_tls_state pki_tls_turn(
    struct pki_tls *tls, struct cs_span came, struct cs_arena *arena, struct cs_span *ret_send);

struct pki_tls_peer {
	const char *version;        /* "TLSv1.3" */
	const char *protocol;       /* that was chosen by ALPN; NULL: none */
	struct cs_span certificate; /* DER; empty: none */
};
/* After PKI_TLS_UP; lives in `arena`. */
void pki_tls_peer(struct pki_tls *tls, struct cs_arena *arena, struct pki_tls_peer *ret_peer);
/* After PKI_TLS_FAILED: did the peer say that it speaks none of the protocols (RFC 7301 3.2)? */
bool pki_tls_no_protocol(const struct pki_tls *tls);
/* After PKI_TLS_FAILED, for people: OpenSSL's words.  Borrowed from `tls`. */
const char *pki_tls_why(const struct pki_tls *tls);

/*
 * What a certificate says of itself, for people: "subject CN=x; names a.example, b.example; issuer CN=y",
 * escaped, at most 400 octets.  Lives in `arena`.
 */
const char *pki_certificate_text(struct cs_arena *arena, struct cs_span der);

struct pki_roots; /* certificates that browsers trust */

/*
 * PEM, one after the other, at most 4 MiB.  They are decoded when a chain is first shown with them, 30 ms for 140 of
 * them, which few processes ever do; what is none is left out.  CS_NOT_FOUND, CS_MALFORMED: no file, or too long; CS_INTERNAL.
 */
CS_MUST_USE enum cs_code
pki_roots_load(const char *path, struct pki_roots **ret_roots, struct cs_err *err);
void pki_roots_free(struct pki_roots *roots); /* takes NULL */

/*
 * The same of the first certificate of a PEM chain, and whether the chain and `host` verify today: "...;
 * verified" or "...; not verified: self-signed certificate".  `roots` NULL, or none in them: "...; not verified: no roots".
 * For the evidence: nothing is decided by it.
 */
const char *pki_chain_text(
    struct cs_arena *arena, struct cs_span pem, const char *host, struct pki_roots *roots);

#endif
