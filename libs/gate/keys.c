/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c: whose key is it, and does a request follow the one that it names?  Everything is compared with
 * the certificate that was issued, octet for octet what the world has.
 */
#include <string.h>

#include "gate/gate.h"
#include "pki/cert.h"
#include "pki/hash.h"

#define OID_CN "2.5.4.3"

bool
gate_asks(struct cs_arena *arena, struct cs_span request_envelope, struct gate_key *ret_key,
    struct gate_previous *ret_previous)
{
	struct claim_request request;
	struct cs_span spki;

	if (claim_open_request(arena, NULL, request_envelope, 0, &request, NULL) != CS_OK ||
	    !pki_csr_spki(request.csr, &spki))
		return false;
	*ret_key = (struct gate_key){ 0 };
	*ret_previous = (struct gate_previous){ .request = request.previous };
	pki_sha256(spki, ret_key->spki_sha256);
	return true;
}

/* ---- the key ---- */

static bool
refuse_key(struct cs_refusal *ret, const char *code, const char *text)
{
	*ret = (struct cs_refusal){ code, "csr", "SBR 6.1.1.3", text,
		"make a new key and a new request" };
	return false;
}

static const char *
why_blocked(const char *blocked)
{
	if (strcmp(blocked, "weak") == 0)
		return "this key is known to be weak";
	return strcmp(blocked, "reported") == 0 ? "this key was reported as known to others"
						: "the private key of this key is known to others";
}

bool
gate_key_holds(const struct gate_rules *rules, const struct gate_key *key,
    const struct claim_request *request, struct cs_refusal *ret_why)
{
	for (size_t i = 0; i < rules->n_ca_keys; i++) {
		if (memcmp(rules->ca_keys[i], key->spki_sha256, sizeof(key->spki_sha256)) == 0)
			return refuse_key(ret_why, "key-of-ca", "this is a key of ours");
	}
	if (key->blocked != NULL)
		return refuse_key(ret_why, "key-compromised", why_blocked(key->blocked));
	if (key->enterprise != NULL && (strcmp(key->enterprise, request->enterprise) != 0 ||
					   strcmp(key->account, request->account) != 0))
		return refuse_key(
		    ret_why, "key-of-another", "this key is already certified for another account");
	return true;
}

bool
gate_key_strong(
    const struct gate_rules *rules, const struct pki_key *key, struct cs_refusal *ret_why)
{
	return rules->weak == NULL || !pki_weak_list_has(rules->weak, key) ||
	       refuse_key(ret_why, "WEAKKEY", "this key is known to be weak");
}

/* ---- what went before ---- */

enum rule { ANY, SAME, OTHER };

/* What each kind keeps.  RFC 3647 4.6, 4.7, 4.8, as the rules number their own sections. */
static const struct {
	const char *clause;
	enum rule key, mailboxes, profile, name;
	bool may_be_revoked;
} kinds[] = {
	[CLAIM_FIRST] = { "", ANY, ANY, ANY, ANY, true },
	[CLAIM_RENEWAL] = { "SBR 4.6", SAME, SAME, SAME, SAME, false },
	[CLAIM_REKEY] = { "SBR 4.7", OTHER, SAME, ANY, ANY, true },
	[CLAIM_REISSUE] = { "SBR 4.8", ANY, ANY, ANY, ANY, true },
};

static bool
has_mailbox(const struct pki_cert_info *cert, const char *mailbox)
{
	for (size_t i = 0; i < cert->n_mailboxes; i++) {
		if (strcmp(cert->mailboxes[i].address, mailbox) == 0)
			return true;
	}
	return false;
}

/* Those of the request are distinct, so that as many which are all there are the same. */
static bool
same_mailboxes(const struct pki_cert_info *cert, const struct claim_texts *mailboxes)
{
	for (size_t i = 0; i < mailboxes->n; i++) {
		if (!has_mailbox(cert, mailboxes->items[i]))
			return false;
	}
	return cert->n_mailboxes == mailboxes->n;
}

static const char *
common_name(const struct pki_cert_info *cert)
{
	for (size_t i = 0; i < cert->n_subject_attributes; i++) {
		if (strcmp(cert->subject_attributes[i].oid, OID_CN) == 0)
			return cert->subject_attributes[i].value;
	}
	return "";
}

static bool
same_key(const struct pki_cert_info *cert, const struct pki_key *key)
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(cert->spki, digest);
	return memcmp(digest, key->spki_sha256, sizeof(digest)) == 0;
}

static bool
holds(enum rule rule, bool same)
{
	return rule == ANY || (rule == SAME) == same;
}

static bool
is_theirs(const struct gate_previous *previous, const struct claim_request *request)
{
	return strcmp(previous->enterprise, request->enterprise) == 0 &&
	       strcmp(previous->account, request->account) == 0;
}

bool
gate_follows(struct cs_arena *arena, const struct gate_previous *previous,
    const struct claim_request *request, const struct pki_key *key, const char *profile,
    struct cs_refusal *ret_why)
{
	const enum claim_request_kind kind = request->kind;
	const char *clause = kinds[kind].clause;
	struct pki_cert_info cert;

	if (kind == CLAIM_FIRST)
		return true;
	/* Whether others have a certificate of this name is nothing that a refusal tells. */
	if (previous->certificate.len == 0 || !is_theirs(previous, request) ||
	    pki_cert_read(arena, previous->certificate, &cert, NULL) != CS_OK)
		*ret_why = (struct cs_refusal){ "previous-unknown", "previous", clause,
			"no certificate of this account was issued for the request that is named",
			"name a request of yours that was issued, or make a first one" };
	else if (previous->revoked && !kinds[kind].may_be_revoked)
		*ret_why = (struct cs_refusal){ "previous-revoked", "previous", clause,
			"the certificate that is to be renewed was revoked",
			"make a request with a new key" };
	else if (!holds(kinds[kind].key, same_key(&cert, key)))
		*ret_why = kinds[kind].key == SAME
			       ? (struct cs_refusal){ "previous-key", "csr", clause,
					 "a renewal keeps the key, and this is another one",
					 "send the key of the certificate, or ask for a rekey" }
			       : (struct cs_refusal){ "previous-key", "csr", clause,
					 "a rekey changes the key, and this is the same one",
					 "make a new key, or ask for a renewal" };
	else if (!holds(kinds[kind].mailboxes, same_mailboxes(&cert, &request->mailboxes)))
		*ret_why = (struct cs_refusal){ "previous-mailboxes", "mailboxes", clause,
			"the mailboxes are not those of the certificate",
			"keep the mailboxes, or ask for a reissue" };
	else if (!holds(kinds[kind].profile, strcmp(previous->profile, profile) == 0))
		*ret_why = (struct cs_refusal){ "previous-profile", "profile", clause,
			"the profile is not that of the certificate",
			"keep the profile, or ask for a reissue" };
	else if (!holds(kinds[kind].name, strcmp(common_name(&cert), request->common_name) == 0))
		*ret_why = (struct cs_refusal){ "previous-name", "common_name", clause,
			"the common name is not that of the certificate",
			"keep the common name, or ask for a reissue" };
	else
		return true;
	return false;
}
