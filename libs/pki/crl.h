/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crl.h: certificate revocation lists, version 2 (RFC 5280 5): built from sorted entries, judged, signed,
 * and read strictly.  Full lists and lists of one partition; no deltas, no lists for other issuers.
 */
#ifndef PKI_CRL_H
#define PKI_CRL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/refusal.h"
#include "pki/cert.h"
#include "pki/issuer.h"

#define PKI_CRL_MAX (64u * 1024 * 1024)              /* octets of a list that is read or signed */
#define PKI_CRL_LIFE_MAX_S (INT64_C(10) * 86400)     /* thisUpdate to nextUpdate (SBR 4.9.7) */
#define PKI_CRL_CA_LIFE_MAX_S (INT64_C(366) * 86400) /* of a list of CAs: twelve months */

/* CRLReason (RFC 5280 5.3.1).  Unspecified is never written: no reason stands for it (SBR 7.2.2). */
enum pki_crl_reason {
	PKI_CRL_NO_REASON = 0,
	PKI_CRL_KEY_COMPROMISE = 1,
	PKI_CRL_CA_COMPROMISE = 2,
	PKI_CRL_AFFILIATION_CHANGED = 3,
	PKI_CRL_SUPERSEDED = 4,
	PKI_CRL_CESSATION = 5,
	PKI_CRL_HOLD = 6,
	PKI_CRL_PRIVILEGE_WITHDRAWN = 9
};

struct pki_crl_entry {
	struct cs_span serial; /* big-endian, without leading zeros, 1 to 20 octets */
	int64_t revoked_at_s;
	uint32_t reason; /* enum pki_crl_reason */
};

/* The order of entries: by the number that the serial is. */
int pki_crl_compare(struct cs_span serial, struct cs_span other);

struct pki_crl_template {
	struct cs_span issuer;           /* Name, DER */
	struct cs_span authority_key_id; /* required */
	struct cs_span sigalg;           /* AlgorithmIdentifier, DER */
	int64_t this_update_s, next_update_s;
	uint64_t number; /* 1 to INT64_MAX */
	/* fullName of a critical issuingDistributionPoint, octet for octet as certificates name it; ends with
	 * NULL; NULL: the full list */
	const char *const *urls;
	const struct pki_crl_entry *entries; /* strictly ascending */
	size_t n;
};

/* TBSCertList.  CS_MALFORMED: the template breaks what its comments say.  Same template, same octets. */
CS_MUST_USE enum cs_code pki_crl_tbs(struct cs_arena *arena,
    const struct pki_crl_template *template, struct cs_span *ret_tbs, struct cs_err *err);

/* What a list must be. */
struct pki_crl_rules {
	struct cs_span issuer, authority_key_id, sigalg;
	const char *const *urls;    /* as in the template */
	int64_t now_s;              /* thisUpdate is not after it, nor an hour before */
	uint64_t last_number;       /* of the list before; 0: none */
	int64_t last_this_update_s; /* thisUpdate does not go back behind it; 0: none */
	bool may_hold; /* certificateHold: never in lists of strict profiles (SBR 7.2.2) */
	bool
	    of_cas; /* a root's list: longer life, a reason in each entry, cACompromise may be one */
};

/* Judges the very octets with the reader, not with the builder.  False: *ret_why. */
CS_MUST_USE bool pki_crl_lint(struct cs_arena *arena, struct cs_span tbs,
    const struct pki_crl_rules *rules, struct cs_refusal *ret_why);

/*
 * Lints, signs, assembles; nothing else can be signed by this.  CS_MALFORMED: a lint failed;
 * CS_INTERNAL: the key did.
 */
CS_MUST_USE enum cs_code
pki_crl_sign(struct pki_issuer *issuer, struct cs_arena *arena, struct cs_span tbs,
    const struct pki_crl_rules *rules, struct cs_span *ret_der, struct cs_err *err);

struct pki_crl {
	struct cs_span der, tbs, sigalg, signature;
	struct cs_span issuer;           /* Name, DER */
	struct cs_span authority_key_id; /* never empty */
	int64_t this_update_s, next_update_s;
	uint64_t number;
	const char *const *urls; /* NULL: no issuingDistributionPoint, a full list */
	const struct pki_crl_entry
	    *entries; /* strictly ascending, whatever their order in the list */
	size_t n;
	uint8_t sha256[32]; /* of der */
};

/*
 * Strict: version 2, an algorithm of ours, nextUpdate, key identifier and number; no extension that is critical and
 * not known here; no reason 0; no serial twice.  Borrows from `der`.  CS_MALFORMED.
 */
CS_MUST_USE enum cs_code pki_crl_read(
    struct cs_arena *arena, struct cs_span der, struct pki_crl *ret_crl, struct cs_err *err);
/* NULL: this serial is not listed.  Leading zeros of `serial` do not count. */
const struct pki_crl_entry *pki_crl_find(const struct pki_crl *crl, struct cs_span serial);
/* Signed by the key of this CA, which may sign CRLs and is the one that the list names?  No dates. */
bool pki_crl_signed_by(const struct pki_crl *crl, const struct pki_cert_info *ca);

#endif
