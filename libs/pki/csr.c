/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/csr.h"

#include <string.h>

#include "base/text.h"
#include "pki/der.h"
#include "pki/evp.h"
#include "pki/name.h"
#include "pki/pem.h"
#include "pki/verify.h"

#define MAILBOXES 10
#define ATTRIBUTES 16
#define EXTENSIONS 32

#define OID_EXTENSION_REQUEST "1.2.840.113549.1.9.14"
#define OID_EXTENSION_REQUEST_MS "1.3.6.1.4.1.311.2.1.14"
#define OID_SAN "2.5.29.17"

static bool
refuse(struct cs_refusal *ret_why, const char *code, const char *text, const char *mend)
{
	return cs_refuse(ret_why,
	    (struct cs_refusal){
		.code = code, .field = "csr", .clause = "RFC 2986 4", .text = text, .mend = mend });
}

static bool
refuse_der(struct cs_refusal *ret_why, const char *text)
{
	return refuse(ret_why, "DER", text, "make the request with other software");
}

static bool
refuse_name(struct cs_refusal *ret_why, const char *text)
{
	return refuse(ret_why, "NAME", text,
	    "leave names out of the request: they come from what was proved");
}

static bool
holds(struct cs_span text, const char *what)
{
	return text.len > 0 && memmem(text.data, text.len, what, strlen(what)) != NULL;
}

/* PKCS#8 begins 30 xx 02 01 00 30; PKCS#1 and SEC 1 begin 30 xx 02 01 00 02 and 30 xx 02 01 01 04. */
static bool
is_private_key_der(struct cs_span text)
{
	struct cs_span body, version;

	if (!pki_der_take(&text, PKI_SEQUENCE, &body) ||
	    !pki_der_take(&body, PKI_INTEGER, &version))
		return false;
	return version.len == 1 && version.data[0] <= 1 &&
	       (pki_der_is(body, PKI_SEQUENCE) || pki_der_is(body, PKI_INTEGER) ||
		   pki_der_is(body, PKI_OCTET_STRING));
}

static bool
refuse_private_key(struct cs_refusal *ret_why)
{
	return cs_refuse(ret_why,
	    (struct cs_refusal){ .code = "PRIVATEKEY",
		.field = "csr",
		.clause = "SBR 4.9.1.1, 6.1.1.3",
		.text =
		    "this is a private key; it has been seen by others now and must not be used",
		.mend = "make a new key, keep it, and send only its CERTIFICATE REQUEST" });
}

static bool
is_white(struct cs_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr(" \t\r\n", text.data[i]) == NULL || text.data[i] == '\0')
			return false;
	return true;
}

static bool
read_pem(struct cs_arena *arena, struct cs_span text, struct cs_span *ret_der,
    struct cs_refusal *ret_why)
{
	static const char mend[] =
	    "send one block that begins with -----BEGIN CERTIFICATE REQUEST-----";
	const char *label, *why;
	struct cs_span der;

	if (memchr(text.data, '\0', text.len) != NULL)
		return refuse(ret_why, "PEM", "the text holds a NUL", mend);
	if (!pki_pem_next(arena, &text, &label, &der, &why))
		return refuse(ret_why, "PEM", why != NULL ? why : "there is no PEM block", mend);
	if (strcmp(label, "CERTIFICATE REQUEST") != 0 &&
	    strcmp(label, "NEW CERTIFICATE REQUEST") != 0)
		return refuse(ret_why, "PEM",
		    cs_arena_printf(arena, "this is a %s, not a request",
			cs_escape(arena, cs_span_str(label), 64)),
		    mend);
	if (!is_white(text))
		return refuse(ret_why, "PEM", "something follows the END line", mend);
	*ret_der = der;
	return true;
}

static bool
unwrap(struct cs_arena *arena, struct cs_span text, struct cs_span *ret_der,
    struct cs_refusal *ret_why)
{
	if (text.len == 0 || text.len > PKI_CSR_MAX)
		return refuse(ret_why, "SIZE", "the request is empty or longer than 16 KiB",
		    "send one PKCS#10 request");
	if (holds(text, "PRIVATE KEY-----") || is_private_key_der(text))
		return refuse_private_key(ret_why);
	if (text.data[0] == PKI_SEQUENCE && !holds(text, "-----BEGIN ")) {
		*ret_der = cs_arena_copy_span(arena, text);
		return true;
	}
	return read_pem(arena, text, ret_der, ret_why);
}

/* The parts of a CertificationRequest; spans of the request. */
struct parts {
	struct cs_span info; /* whole: what is signed */
	struct cs_span subject, spki, attributes;
	struct cs_span sigalg, signature;
};

static bool
split_info(struct cs_span info, struct parts *parts, struct cs_refusal *ret_why)
{
	struct cs_span body, version;
	uint32_t number;

	if (!pki_der_take(&info, PKI_SEQUENCE, &body) ||
	    !pki_der_take(&body, PKI_INTEGER, &version))
		return refuse_der(ret_why, "this is not a PKCS#10 request");
	if (!pki_der_uint32(version, &number) || number != 0)
		return refuse_der(ret_why, "the version of the request is not 0");
	if (!pki_der_take(&body, PKI_SEQUENCE, &parts->subject) ||
	    !pki_der_take_whole(&body, PKI_SEQUENCE, &parts->spki) ||
	    !pki_der_take(&body, PKI_CONTEXT_CONSTRUCTED(0), &parts->attributes) || body.len > 0)
		return refuse_der(ret_why, "the request is not a subject, a key and attributes");
	return true;
}

static bool
split(struct cs_arena *arena, struct cs_span der, struct parts *parts, struct cs_refusal *ret_why)
{
	struct cs_span in = der, body, bits;
	const char *why;
	size_t at;

	if (!pki_der_check(der, &why, &at))
		return refuse_der(
		    ret_why, cs_arena_printf(arena, "not DER at octet %zu: %s", at, why));
	if (!pki_der_take(&in, PKI_SEQUENCE, &body) ||
	    !pki_der_take_whole(&body, PKI_SEQUENCE, &parts->info) ||
	    !pki_der_take_whole(&body, PKI_SEQUENCE, &parts->sigalg) ||
	    !pki_der_take(&body, PKI_BIT_STRING, &bits) || body.len > 0)
		return refuse_der(ret_why, "this is not a PKCS#10 request");
	if (!pki_der_octet_bits(bits, &parts->signature) || parts->signature.len == 0)
		return refuse(ret_why, "POP",
		    "the signature is empty or does not end with an octet",
		    "make the request with other software");
	return split_info(parts->info, parts, ret_why);
}

bool
pki_csr_spki(struct cs_span der, struct cs_span *ret_spki)
{
	struct cs_span body, info, version, subject;

	return der.len <= PKI_CSR_MAX && pki_der_check(der, NULL, NULL) &&
	       pki_der_take(&der, PKI_SEQUENCE, &body) &&
	       pki_der_take(&body, PKI_SEQUENCE, &info) &&
	       pki_der_take(&info, PKI_INTEGER, &version) &&
	       pki_der_take(&info, PKI_SEQUENCE, &subject) &&
	       pki_der_take_whole(&info, PKI_SEQUENCE, ret_spki);
}

/* Types seen so far, to refuse a second of one kind; a reader after us might take the other. */
struct seen {
	struct cs_span oids[EXTENSIONS];
	size_t n, cap;
};

static bool
see(struct seen *seen, struct cs_span oid, struct cs_refusal *ret_why)
{
	for (size_t i = 0; i < seen->n; i++)
		if (cs_span_equal(seen->oids[i], oid))
			return refuse(ret_why, "DUPLICATE",
			    "an attribute or extension is there twice",
			    "make the request with other software");
	if (seen->n == seen->cap)
		return refuse(ret_why, "SIZE", "the request has too many attributes or extensions",
		    "send only the key");
	seen->oids[seen->n++] = oid;
	return true;
}

/* What is read while walking; the fields of the result. */
struct wishes {
	struct cs_arena *arena;
	const char **mailboxes;
	size_t n;
};

static bool
add_mailbox(struct wishes *wishes, uint8_t tag, struct cs_span text, struct cs_refusal *ret_why)
{
	const char *mailbox = pki_string_text(wishes->arena, tag, text);

	if (mailbox == NULL)
		return refuse_name(
		    ret_why, "a mailbox of the request holds characters that no mailbox has");
	if (wishes->n == MAILBOXES)
		return refuse_name(ret_why, "the request names more than 10 mailboxes");
	wishes->mailboxes[wishes->n++] = mailbox;
	return true;
}

/* otherName: OID and [0] EXPLICIT value; only SmtpUTF8Mailbox is of interest. */
static bool
read_other_name(struct wishes *wishes, struct cs_span body, struct cs_refusal *ret_why)
{
	struct cs_span oid, wrapped, text;

	if (!pki_der_take(&body, PKI_OID, &oid) ||
	    !pki_der_take(&body, PKI_CONTEXT_CONSTRUCTED(0), &wrapped) || body.len > 0)
		return refuse_der(ret_why, "an otherName that is not a type and a value");
	if (!pki_der_oid_is(oid, PKI_OID_SMTP_UTF8))
		return true;
	if (!pki_der_take(&wrapped, PKI_UTF8_STRING, &text) || wrapped.len > 0)
		return refuse_der(ret_why, "an SmtpUTF8Mailbox that is not a UTF8String");
	return add_mailbox(wishes, PKI_UTF8_STRING, text, ret_why);
}

static bool
read_san(struct wishes *wishes, struct cs_span value, struct cs_refusal *ret_why)
{
	struct cs_span names;
	struct pki_element name;

	if (!pki_der_check(value, NULL, NULL) || !pki_der_take(&value, PKI_SEQUENCE, &names) ||
	    names.len == 0)
		return refuse_der(ret_why, "the subjectAltName is not DER");
	while (pki_der_next(&names, &name)) {
		if (name.tag == PKI_CONTEXT(1) &&
		    !add_mailbox(wishes, PKI_IA5_STRING, name.body, ret_why))
			return false;
		if (name.tag == PKI_CONTEXT_CONSTRUCTED(0) &&
		    !read_other_name(wishes, name.body, ret_why))
			return false;
	}
	return true;
}

static bool
read_extension(
    struct wishes *wishes, struct cs_span body, struct seen *seen, struct cs_refusal *ret_why)
{
	struct cs_span oid, flag, value;
	bool critical = false;

	if (!pki_der_take(&body, PKI_OID, &oid))
		return refuse_der(ret_why, "an extension without a type");
	/* X.690 11.5: a default value is left out. */
	if (pki_der_take(&body, PKI_BOOLEAN, &flag) &&
	    (!pki_der_bool(flag, &critical) || !critical))
		return refuse_der(ret_why, "an extension that spells out its default");
	if (!pki_der_take(&body, PKI_OCTET_STRING, &value) || body.len > 0)
		return refuse_der(ret_why, "an extension that is not a type and a value");
	if (!see(seen, oid, ret_why))
		return false;
	return !pki_der_oid_is(oid, OID_SAN) || read_san(wishes, value, ret_why);
}

static bool
read_extensions(struct wishes *wishes, struct cs_span values, struct cs_refusal *ret_why)
{
	struct seen seen = { .cap = EXTENSIONS };
	struct cs_span extensions, extension;

	if (!pki_der_take(&values, PKI_SEQUENCE, &extensions))
		return refuse_der(ret_why, "the extension request is not a list of extensions");
	if (values.len > 0)
		return refuse(ret_why, "DUPLICATE", "an extension request with two lists",
		    "make the request with other software");
	while (extensions.len > 0)
		if (!pki_der_take(&extensions, PKI_SEQUENCE, &extension))
			return refuse_der(
			    ret_why, "the extension request is not a list of extensions");
		else if (!read_extension(wishes, extension, &seen, ret_why))
			return false;
	return true;
}

static bool
is_extension_request(struct cs_span oid)
{
	return pki_der_oid_is(oid, OID_EXTENSION_REQUEST) ||
	       pki_der_oid_is(oid, OID_EXTENSION_REQUEST_MS);
}

static bool
read_attribute(
    struct wishes *wishes, struct cs_span attribute, struct seen *seen, struct cs_refusal *ret_why)
{
	/* Microsoft's type for extensions is the same thing: both together are two of one kind. */
	static const uint8_t same[] = { 0 };
	struct cs_span oid, values;

	if (!pki_der_take(&attribute, PKI_OID, &oid) ||
	    !pki_der_take(&attribute, PKI_SET, &values) || values.len == 0 || attribute.len > 0)
		return refuse_der(ret_why, "an attribute that is not a type and values");
	if (!see(seen, is_extension_request(oid) ? cs_span_of(same, 1) : oid, ret_why))
		return false;
	return !is_extension_request(oid) || read_extensions(wishes, values, ret_why);
}

/* [0] IMPLICIT SET OF, so in order (X.690 11.6), which the generic check cannot know. */
static bool
read_attributes(struct wishes *wishes, struct cs_span in, struct cs_refusal *ret_why)
{
	struct seen seen = { .cap = ATTRIBUTES };
	struct cs_span before = { NULL, 0 };
	struct pki_element element;

	while (in.len > 0) {
		if (!pki_der_next(&in, &element) || element.tag != PKI_SEQUENCE)
			return refuse_der(ret_why, "an attribute that is not a type and values");
		if (before.len > 0 && cs_span_compare(before, element.whole) > 0)
			return refuse_der(ret_why, "the attributes are not in order");
		if (!read_attribute(wishes, element.body, &seen, ret_why))
			return false;
		before = element.whole;
	}
	return true;
}

/* Both ends of INT-3: an algorithm that we trust, and a signature that only the key can have made. */
static bool
judge_possession(const struct pki_public *key, const struct pki_csr *csr, const struct parts *parts,
    struct cs_refusal *ret_why)
{
	if (csr->signature_algorithm == NULL)
		return refuse(ret_why, "SIGALG",
		    "the request is signed with an algorithm that is weak, unknown or spelled wrongly",
		    "sign the request with SHA-256");
	if (!pki_verify_with(key, parts->sigalg, parts->info, parts->signature))
		return refuse(ret_why, "POP",
		    "the request is not signed by the key in it, so nothing shows that you hold that key",
		    "make the request again with your private key");
	return true;
}

bool
pki_csr_read(struct cs_arena *arena, struct cs_span text, unsigned flags, struct pki_csr *ret_csr,
    struct cs_refusal *ret_why)
{
	struct pki_csr csr = { 0 };
	struct wishes wishes = { arena, CS_NEW_ARRAY(arena, MAILBOXES, const char *), 0 };
	CS_AUTO(pki_public_free) struct pki_public key = { 0 };
	struct parts parts;

	if (!unwrap(arena, text, &csr.der, ret_why) || !split(arena, csr.der, &parts, ret_why))
		return false;
	const char *why = pki_name_read(arena, parts.subject, &csr.subject, &csr.n_subject);
	if (why != NULL)
		return refuse_name(ret_why, cs_arena_printf(arena, "the subject has %s", why));
	if (!read_attributes(&wishes, parts.attributes, ret_why) ||
	    !pki_key_judge_import(parts.spki, flags, &csr.key, &key, ret_why))
		return false;
	csr.mailboxes = wishes.mailboxes;
	csr.n_mailboxes = wishes.n;
	csr.signature_algorithm = pki_sigalg_name(parts.sigalg);
	if (!judge_possession(&key, &csr, &parts, ret_why))
		return false;
	*ret_csr = csr;
	return true;
}
