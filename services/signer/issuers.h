/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuers.h: the issuing CAs of this signer, which of them certifies what and when.  A list, so that a CA
 * can follow another without a gap: the old one issues no more and still signs its CRLs.
 */
#ifndef SIGNER_ISSUERS_H
#define SIGNER_ISSUERS_H

#include "gate/tbs.h"
#include "pki/issuer.h"
#include "smime/profile.h"

struct issuers; /* immutable once loaded; keys are used by the thread of hand.h alone */

struct issuers_row {
	struct gate_ca ca;         /* ca.label names it: in events, intents, certificates, CRLs */
	struct pki_issuer *issuer; /* borrowed */
	const struct cs_span *chain;
	size_t n_chain;
	enum smime_trust trust;      /* of every profile that it signs */
	const char *const *profiles; /* certificate profiles that it signs; ends with NULL */
	int64_t from_ms, until_ms;   /* when it certifies; until is exclusive, 0: to its end */
	uint32_t crl_partitions;     /* 0: full CRL alone; else certificates name one of as many */
};

/*
 * Who certifies this profile at this instant: the first of the list whose own certificate outlives
 * not_after_s; when all of them end before, the first, so that the refusal says so.  NULL: none.
 */
const struct issuers_row *issuers_choose(const struct issuers *issuers,
    const struct smime_profile *profile, int64_t now_ms, int64_t not_after_s);
/* NULL: none of this name. */
const struct issuers_row *issuers_find(const struct issuers *issuers, const char *label);
const struct issuers_row *issuers_all(const struct issuers *issuers, size_t *ret_n);

struct issuers_settings { /* as the environment has them; texts that are not given are "" */
	const char *file; /* of all CAs (issuers_file.h); or "", and these are the one CA: */
	const char *key_file, *password_file, *chain_file;
	const char *label, *crl_urls, *ocsp_urls, *issuer_urls;
};
/*
 * Opens every key.  CS_MALFORMED, CS_NOT_FOUND, CS_UNAVAILABLE (a token does not answer): *err names the
 * CA, its line and the field.
 */
CS_MUST_USE enum cs_code
issuers_load(const struct issuers_settings *settings, struct issuers **ret, struct cs_err *err);
void issuers_free(struct issuers *issuers); /* takes NULL */

#endif
