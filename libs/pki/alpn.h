/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alpn.h: the certificate that answers an ACME tls-alpn-01 challenge (RFC 8737 3, TBR 3.2.2.4.20).  The
 * octets are a stranger's; a strict DER walk of our own comes before anything of OpenSSL's.
 */
#ifndef PKI_ALPN_H
#define PKI_ALPN_H

#include <stdbool.h>

#include "base/arena.h"
#include "pki/hash.h"

#define PKI_ALPN_PROTOCOL "acme-tls/1"
#define PKI_ALPN_CERT_MAX 16384 /* octets of a certificate that is read */

enum pki_alpn_finding {
	PKI_ALPN_UNREADABLE, /* "unreadable": not a DER certificate of version 3, or an extension twice */
	PKI_ALPN_NO_NAME,         /* "no-name": no subjectAltName */
	PKI_ALPN_NAMES,           /* "names": not exactly one dNSName, or another kind of name */
	PKI_ALPN_OTHER_NAME,      /* "other-name": one dNSName, another one */
	PKI_ALPN_NO_IDENTIFIER,   /* "no-identifier": no acmeIdentifier */
	PKI_ALPN_NOT_CRITICAL,    /* "not-critical": an acmeIdentifier that is not */
	PKI_ALPN_BAD_IDENTIFIER,  /* "bad-identifier": it is not an OCTET STRING of 32 octets */
	PKI_ALPN_DIFFERS,         /* "differs": it is of another key authorization */
	PKI_ALPN_NOT_SELF_SIGNED, /* "not-self-signed": by name and by signature */
	PKI_ALPN_MATCHES          /* "matches" */
};

/* Does `der` show `digest`, the SHA-256 of the key authorization, for `domain` (A-labels, lower case)? */
enum pki_alpn_finding
pki_alpn_judge(struct cs_span der, const char *domain, const uint8_t digest[static PKI_SHA256]);
const char *pki_alpn_finding_name(enum pki_alpn_finding finding);

#endif
