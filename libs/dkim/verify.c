/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c: does the key open the signature, and is it of this very mail?  (RFC 6376 6.1.) */
#include "base/time.h"
#include "dkim/dkim.h"
#include "dkim/key.h"
#include "pki/ed25519.h"
#include "pki/hash.h"
#include "pki/rsa.h"

#define RSA_BITS 2048 /* RFC 8301 3.2: signers should use them */

static bool
refuse(struct cs_refusal *ret_why, const char *code, const char *clause, const char *text)
{
	return cs_refuse(
	    ret_why, (struct cs_refusal){ .code = code,
			 .field = "DKIM-Signature",
			 .clause = clause,
			 .text = text,
			 .mend = "answer again, and directly: lists and forwarders change mails" });
}

static bool
in_time(const struct dkim_signature *sig, int64_t now_ms, struct cs_refusal *ret_why)
{
	if (sig->expires_ms != 0 && now_ms >= sig->expires_ms)
		return refuse(
		    ret_why, "dkim-expired", "RFC 6376 3.5", "the signature has expired (x=)");
	if (sig->signed_ms > now_ms + DKIM_SKEW_MS)
		return refuse(ret_why, "dkim-future", "RFC 6376 3.5",
		    "the signature says that it will be made later (t=)");
	return true;
}

static bool
body_is_right(
    struct cs_arena *arena, const struct dkim_mail *mail, const struct dkim_signature *sig)
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(dkim_canon_body(arena, mail->body, sig->body_canon), digest);
	return cs_span_equal(sig->body_hash, cs_span_of(digest, sizeof(digest)));
}

/* 5.4.2: a name listed once more means the next field of that name, from the bottom up. */
static const struct dkim_field *
pick(const struct dkim_mail *mail, struct cs_span name, bool *taken)
{
	for (size_t i = mail->fields_len; i-- > 0;) {
		if (taken[i] || !dkim_name_equal(mail->fields[i].name, name))
			continue;
		taken[i] = true;
		return &mail->fields[i];
	}
	return NULL;
}

/* 3.7: the fields that h= lists, then the signature itself without its value. */
static struct cs_span
signed_header(
    struct cs_arena *arena, const struct dkim_mail *mail, const struct dkim_signature *sig)
{
	bool *taken = CS_NEW_ARRAY(arena, DKIM_FIELDS_MAX, bool);
	struct cs_buf out = cs_buf_new(arena);

	taken[sig->field - mail->fields] = true; /* it comes last, whatever h= lists */
	for (size_t i = 0; i < sig->names_len; i++) {
		const struct dkim_field *field = pick(mail, sig->names[i], taken);

		if (field != NULL)
			dkim_canon_field(&out, field, sig->header_canon);
	}
	dkim_canon_own_field(&out, sig->field, sig->hole, sig->header_canon);
	return cs_buf_span(&out);
}

/* RFC 8463 3: Ed25519 of the digest, not of the text. */
static bool
ed25519_opens(struct cs_span key, struct cs_span header, struct cs_span signature)
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(header, digest);
	return signature.len == PKI_ED25519_SIGNATURE &&
	       pki_ed25519_verify(key.data, cs_span_of(digest, sizeof(digest)), signature.data);
}

static bool
key_opens(const struct dkim_key *key, struct cs_span header, struct cs_span signature,
    unsigned flags, struct cs_refusal *ret_why)
{
	struct pki_rsa rsa;
	bool good;

	if (key->is_ed25519) {
		if (key->public_key.len != PKI_ED25519_PUBLIC)
			return refuse(ret_why, "dkim-key", "RFC 8463 4",
			    "the key is not an Ed25519 key of 32 octets");
		good = ed25519_opens(key->public_key, header, signature);
	} else {
		if (!pki_rsa_read(key->public_key, &rsa))
			return refuse(ret_why, "dkim-key", "RFC 6376 3.6.1, RFC 8301 3.2",
			    "the key is not an RSA key of 1024 to 4096 bits");
		if (rsa.bits < RSA_BITS && (flags & DKIM_ALLOW_RSA_1024) == 0)
			return refuse(ret_why, "dkim-key-size", "RFC 8301 3.2",
			    "the RSA key has less than 2048 bits");
		good = pki_rsa_verify_sha256(&rsa, header, signature);
	}
	return good || refuse(ret_why, "dkim-signature", "RFC 6376 6.1.3",
			   "the signature is not by this key over this header");
}

bool
dkim_verify(struct cs_arena *arena, const struct dkim_mail *mail,
    const struct dkim_signature *signature, const struct cs_span *texts, size_t texts_len,
    int64_t now_ms, unsigned flags, struct cs_refusal *ret_why)
{
	struct dkim_key key;

	if (signature->why.code != NULL) {
		*ret_why = signature->why;
		return false;
	}
	if (!in_time(signature, now_ms, ret_why) ||
	    !dkim_key_find(arena, texts, texts_len, signature->algorithm, &key, ret_why))
		return false;
	if (key.exact_identity && signature->identity_below)
		return refuse(ret_why, "dkim-key-identity", "RFC 6376 3.6.1",
		    "the key is for addresses of the domain itself, not below it (t=s)");
	if (!body_is_right(arena, mail, signature))
		return refuse(ret_why, "dkim-body-hash", "RFC 6376 6.1.3",
		    "the text of the mail is not what was signed");
	return key_opens(
	    &key, signed_header(arena, mail, signature), signature->signature, flags, ret_why);
}
