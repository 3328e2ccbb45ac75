/* SPDX-License-Identifier: Apache-2.0 */
#include "report_draft.h"

#include <string.h>

#include "base/text.h"
#include "challenge.h"
#include "json.h"
#include "pki/cert.h"
#include "pki/csr.h"
#include "pki/hash.h"
#include "pki/pem.h"
#include "smime/address.h"

#define OID_COMMON_NAME "2.5.4.3"
#define SERIAL_MAX 40 /* digits: 20 octets, RFC 5280 4.1.2.2 */

struct reading {
	struct cs_arena *arena;
	const struct json_report *body;
	struct report_reading *ret;
};

static bool
refuse(const struct reading *r, const char *code, const char *field, const char *text,
    const char *mend)
{
	r->ret->status = 422;
	return cs_refuse(&r->ret->why, (struct cs_refusal){ code, field, "SBR 4.9.3", text, mend });
}

/* ---- which certificate ---- */

/* PEM, or base64 of DER. */
static bool
read_certificate(const struct reading *r)
{
	struct cs_span text = cs_span_str(r->body->certificate), der = { NULL, 0 };
	const char *label = NULL, *why = NULL;
	struct pki_cert_info cert;
	struct cs_err err = { 0 };

	if (strstr(r->body->certificate, "-----BEGIN")) {
		if (!pki_pem_next(r->arena, &text, &label, &der, &why))
			der.len = 0;
	} else if (!cs_base64_decode(r->arena, text, &der)) {
		der.len = 0;
	}
	if (der.len == 0 || pki_cert_read(r->arena, der, &cert, &err))
		return refuse(r, "certificate-form", "certificate",
		    "This is no certificate, neither as PEM nor as base64 of DER.",
		    "Send the whole of it, or its serial number.");
	r->ret->subject.fingerprint =
	    cs_hex(r->arena, cs_span_of(cert.sha256, sizeof(cert.sha256)));
	return true;
}

/* Lower case, without colons and blanks.  NULL: it holds something else. */
static char *
plain_hex(struct cs_arena *arena, const char *text)
{
	char *plain = cs_arena_strdup(arena, text), *to = plain;

	for (const char *c = text; *c; c++) {
		if (*c == ':' || *c == ' ')
			continue;
		*to++ = (char)(*c >= 'A' && *c <= 'F' ? *c + ('a' - 'A') : *c);
	}
	*to = '\0';
	return plain[0] && plain[strspn(plain, "0123456789abcdef")] == '\0' ? plain : NULL;
}

static bool
read_fingerprint(const struct reading *r)
{
	r->ret->subject.fingerprint = plain_hex(r->arena, r->body->fingerprint);
	if (r->ret->subject.fingerprint && strlen(r->ret->subject.fingerprint) == 64)
		return true;
	return refuse(r, "fingerprint-form", "fingerprint", "This is no SHA-256 in hexadecimal.",
	    "Send the SHA-256 of the certificate: 64 digits.");
}

/* Whole octets, without those that only carry a sign. */
static bool
read_serial(const struct reading *r)
{
	const char *serial = plain_hex(r->arena, r->body->serial);

	if (!serial || strlen(serial) > SERIAL_MAX)
		return refuse(r, "serial-form", "serial",
		    "This is no serial number in hexadecimal.", "Send the digits alone.");
	if (strlen(serial) % 2 != 0)
		serial = cs_arena_printf(r->arena, "0%s", serial);
	while (strncmp(serial, "00", 2) == 0 && serial[2] != '\0')
		serial += 2;
	r->ret->subject.serial = serial;
	return true;
}

static bool
read_request(const struct reading *r)
{
	struct cs_err err = { 0 };

	if (cs_id_parse(r->body->request, &r->ret->subject.request, &err) == CS_OK)
		return true;
	return refuse(r, "request-form", "request", "This is no identifier of a request.",
	    "Send the UUID as it was shown.");
}

static bool
read_subject(const struct reading *r)
{
	const struct json_report *body = r->body;
	const int n = !!body->certificate + !!body->serial + !!body->fingerprint + !!body->request;

	if (n != 1)
		return refuse(r, "certificate-missing", "certificate",
		    "The certificate must be named in exactly one way.",
		    "Send certificate, serial, fingerprint or request.");
	if (body->certificate)
		return read_certificate(r);
	if (body->serial)
		return read_serial(r);
	return body->fingerprint ? read_fingerprint(r) : read_request(r);
}

/* ---- the rest ---- */

static bool
read_category(const struct reading *r)
{
	r->ret->draft.category = category_of_name(r->body->category);
	if (r->ret->draft.category)
		return true;
	return refuse(r, "category-unknown", "category", "There is no such category.",
	    "Use key-compromise, mis-issued, misuse, name-no-longer-theirs or other.");
}

static bool
read_contact(const struct reading *r)
{
	struct smime_address address = { 0 };

	r->ret->draft.contact = "";
	if (!r->body->contact || r->body->contact[0] == '\0')
		return true;
	if (!smime_address_parse(r->arena, cs_span_str(r->body->contact), &address, &r->ret->why)) {
		r->ret->status = 422;
		r->ret->why.field = "contact";
		return false;
	}
	r->ret->draft.contact = address.canonical;
	return true;
}

/* PEM, or base64 of DER. */
static bool
proof_octets(const struct reading *r, struct cs_span *ret)
{
	*ret = cs_span_str(r->body->proof);
	return strstr(r->body->proof, "-----BEGIN") ||
	       (ret->len > 0 && cs_base64_decode(r->arena, *ret, ret));
}

static const char *
only_common_name(const struct pki_csr *csr)
{
	if (csr->n_subject != 1 || strcmp(csr->subject[0].oid, OID_COMMON_NAME) != 0)
		return "";
	return csr->subject[0].value;
}

/* Its own signature is what proves that the key is known; pki_csr_read() verifies it. */
static bool
read_proof(const struct reading *r, const uint8_t secret[static 32], int64_t now_ms)
{
	struct report_draft *draft = &r->ret->draft;
	struct cs_span octets = { NULL, 0 };
	struct pki_csr csr = { 0 };

	draft->challenge = "";
	if (!r->body->proof)
		return true;
	if (!proof_octets(r, &octets) ||
	    !pki_csr_read(r->arena, octets, PKI_ALLOW_EDDSA, &csr, &r->ret->why))
		return refuse(r, "proof-form", "proof",
		    "The proof is no request (PKCS#10) that its own key signed.",
		    "Make one with openssl req -new, and never send the private key.");
	draft->challenge = only_common_name(&csr);
	if (!challenge_holds(secret, draft->challenge, now_ms))
		return refuse(r, "proof-challenge", "proof",
		    "The subject of the proof is not a challenge of ours alone, or it has ended.",
		    "Get a challenge, and make it the common name and nothing else.");
	draft->proof = csr.der;
	memcpy(draft->proved_spki_sha256, csr.key.spki_sha256, CLAIM_DIGEST);
	return true;
}

/*
 * Somebody sends the private key that he found: in the proof, or in his words.  Nothing of such a text is kept, but
 * whose key it is.  False: it cannot be read.
 */
static bool
take_private_key(const struct reading *r, struct json_report *body)
{
	const char **texts[] = { &body->proof, &body->text };
	static const char *const names[] = { "proof", "text" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!*texts[i] || !strstr(*texts[i], "PRIVATE KEY-----"))
			continue;
		if (!pki_csr_leaked_key(cs_span_str(*texts[i]), r->ret->draft.proved_spki_sha256))
			return refuse(r, "PRIVATEKEY", names[i],
			    "A private key came with the report that cannot be read.",
			    "Never send a private key: sign a challenge with it.");
		r->ret->draft.leaked = true;
		r->ret->draft.category = category_of_name("key-compromise");
		body->proof = NULL;
		body->text =
		    "The private key itself came with this report. Its text is kept nowhere.";
		return true;
	}
	return true;
}

void
report_read(struct cs_arena *arena, const uint8_t secret[static 32], struct cs_span body,
    int64_t now_ms, struct report_reading *ret)
{
	struct json_report json = { 0 };
	struct report_reading reading = { 0 };
	const struct reading r = { arena, &json, &reading };

	pki_sha256(body, reading.draft.body_sha256);
	if (!json_read_report(arena, body, &json, &reading.why))
		reading.status = 400;
	else if (read_category(&r) && take_private_key(&r, &json) && read_contact(&r) &&
		 read_subject(&r) && read_proof(&r, secret, now_ms))
		reading.draft.text = json.text;
	*ret = reading;
}

bool
report_read_decision(struct cs_arena *arena, struct cs_span body,
    struct report_decision *ret_decision, struct cs_refusal *ret_why)
{
	struct json_decide json = { 0 };

	if (!json_read_decide(arena, body, &json, ret_why))
		return false;
	*ret_decision = (struct report_decision){ .revoke = strcmp(json.decision, "revoke") == 0,
		.ground = json.ground ? json.ground : "",
		.reason = json.reason,
		.text = json.text };
	if (ret_decision->revoke || strcmp(json.decision, "reject") == 0)
		return true;
	return cs_refuse(ret_why, (struct cs_refusal){ "decision-unknown", "decision", "SBR 4.9.5",
				      "There is no such decision.", "Say revoke or reject." });
}
