/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pkcs11.c: PKCS#11 2.40 without anything between: which key is used, which mechanism and which error came
 * are all seen here, and keys of kinds that we cannot use do no harm beside ours.
 */
#include "pki/pkcs11.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "pki/der.h"
#include "pki/file.h"
#include "pki/hash.h"

#define SLOTS_MAX 64
#define LABEL 32 /* octets of a token's label, filled up with spaces */
#define ID_MAX 64
#define PIN_MAX 256
#define NEW_ID 16

struct pkcs11 {
	CK_FUNCTION_LIST_PTR f;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
};

static const struct {
	CK_RV rv;
	const char *name;
} names[] = {
	{ CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT" },
	{ CKR_PIN_LOCKED, "CKR_PIN_LOCKED" },
	{ CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED" },
	{ CKR_PIN_LEN_RANGE, "CKR_PIN_LEN_RANGE" },
	{ CKR_PIN_INVALID, "CKR_PIN_INVALID" },
	{ CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR" },
	{ CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED" },
	{ CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID" },
	{ CKR_SESSION_CLOSED, "CKR_SESSION_CLOSED" },
	{ CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID" },
	{ CKR_OBJECT_HANDLE_INVALID, "CKR_OBJECT_HANDLE_INVALID" },
	{ CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN" },
	{ CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT" },
	{ CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID" },
	{ CKR_KEY_FUNCTION_NOT_PERMITTED, "CKR_KEY_FUNCTION_NOT_PERMITTED" },
	{ CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR" },
	{ CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED" },
};

static enum cs_code
failed(struct cs_err *err, const char *what, CK_RV rv)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].rv == rv)
			return cs_fail(err, CS_UNAVAILABLE, "%s: %s", what, names[i].name);
	return cs_fail(err, CS_UNAVAILABLE, "%s: CKR 0x%lx", what, (unsigned long)rv);
}

/* ---- library and token ---- */

static enum cs_code
load(struct pkcs11 *p, const char *path, struct cs_err *err)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	if (library == NULL)
		return cs_fail(
		    err, CS_NOT_FOUND, "module %s cannot be loaded: %.90s", path, dlerror());
	/* POSIX: a symbol's address may be a function's; ISO C has no cast for it. */
	union {
		void *symbol;
		CK_RV (*function)(CK_FUNCTION_LIST_PTR_PTR);
	} get = { .symbol = dlsym(library, "C_GetFunctionList") };
	if (get.symbol == NULL || get.function(&p->f) != CKR_OK || p->f == NULL)
		return cs_fail(err, CS_MALFORMED, "module %s is not a PKCS#11 library", path);
	const CK_RV rv = p->f->C_Initialize(&args);
	return rv == CKR_OK
		   ? CS_OK
		   : failed(err,
			 "the module does not start (its own settings, as SOFTHSM2_CONF is, may be wrong): C_Initialize",
			 rv);
}

static bool
is_label(const CK_TOKEN_INFO *info, const char *label)
{
	char padded[LABEL];
	const size_t len = strlen(label);

	if (len > LABEL)
		return false;
	memset(padded, ' ', sizeof(padded));
	memcpy(padded, label, len);
	return memcmp(padded, info->label, LABEL) == 0;
}

/* Two tokens of one label: nobody could say which key is meant. */
static enum cs_code
find_token(struct pkcs11 *p, const char *label, CK_SLOT_ID *ret_slot, struct cs_err *err)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX, found = 0;
	CK_TOKEN_INFO info;
	const CK_RV rv = p->f->C_GetSlotList(CK_TRUE, slots, &n);

	if (rv != CKR_OK)
		return failed(err, "C_GetSlotList", rv);
	for (CK_ULONG i = 0; i < n; i++) {
		if (p->f->C_GetTokenInfo(slots[i], &info) != CKR_OK || !is_label(&info, label))
			continue;
		*ret_slot = slots[i];
		found++;
	}
	if (found == 1)
		return CS_OK;
	return cs_fail(err, CS_NOT_FOUND,
	    "%lu tokens have the label \"%.32s\" (of %lu that the module shows): is it switched on, and the label right?",
	    (unsigned long)found, label, (unsigned long)n);
}

static enum cs_code
log_in(struct pkcs11 *p, const struct pki_token *token, struct cs_err *err)
{
	char pin[PIN_MAX];
	size_t len;

	if (pki_file_read(token->pin_file, true, pin, sizeof(pin), &len, err))
		return err->code;
	while (len > 0 && (pin[len - 1] == '\n' || pin[len - 1] == '\r'))
		len--;
	const CK_RV rv = p->f->C_Login(p->session, CKU_USER, (CK_UTF8CHAR_PTR)pin, len);
	pki_wipe(pin, sizeof(pin));
	switch (rv) {
	case CKR_OK:
	case CKR_USER_ALREADY_LOGGED_IN:
		return CS_OK;
	case CKR_PIN_INCORRECT:
	case CKR_PIN_INVALID:
	case CKR_PIN_LEN_RANGE:
	case CKR_PIN_EXPIRED:
	case CKR_PIN_LOCKED:
		return cs_fail(err, CS_MALFORMED,
		    "token \"%.32s\" refuses the PIN in %.80s%s: correct the file, and start again",
		    token->token, token->pin_file, rv == CKR_PIN_LOCKED ? " (it is locked)" : "");
	default:
		return failed(err, "C_Login", rv);
	}
}

enum cs_code
pkcs11_open(struct cs_arena *arena, const struct pki_token *token, bool writes, struct pkcs11 **ret,
    struct cs_err *err)
{
	struct pkcs11 *p = CS_NEW(arena, struct pkcs11);
	CK_SLOT_ID slot = 0;

	if (load(p, token->module, err) || find_token(p, token->token, &slot, err))
		return err->code;
	const CK_RV rv = p->f->C_OpenSession(
	    slot, CKF_SERIAL_SESSION | (writes ? CKF_RW_SESSION : 0), NULL, NULL, &p->session);
	if (rv != CKR_OK)
		return failed(err, "C_OpenSession", rv);
	*ret = p;
	return log_in(p, token, err);
}

/* ---- objects ---- */

/* Class, and label and id as far as they are given; how many attributes. */
static CK_ULONG
wanted(const struct pki_token *token, CK_OBJECT_CLASS *class, uint8_t id[static ID_MAX],
    CK_ATTRIBUTE ret[static 3])
{
	CK_ULONG n = 0;

	ret[n++] = (CK_ATTRIBUTE){ CKA_CLASS, class, sizeof(*class) };
	if (token->object != NULL && token->object[0] != '\0')
		ret[n++] = (CK_ATTRIBUTE){ CKA_LABEL, (void *)(uintptr_t)token->object,
			strlen(token->object) };
	if (token->id != NULL && token->id[0] != '\0') {
		const size_t len = strlen(token->id) / 2;

		if (len <= ID_MAX && strlen(token->id) % 2 == 0 &&
		    cs_hex_decode(token->id, id, len))
			ret[n++] = (CK_ATTRIBUTE){ CKA_ID, id, len };
	}
	return n;
}

static CK_RV
search(struct pkcs11 *p, CK_ATTRIBUTE *attributes, CK_ULONG n, CK_OBJECT_HANDLE ret[static 2],
    CK_ULONG *ret_n)
{
	CK_RV rv = p->f->C_FindObjectsInit(p->session, attributes, n);

	*ret_n = 0;
	if (rv != CKR_OK)
		return rv;
	rv = p->f->C_FindObjects(p->session, ret, 2, ret_n);
	(void)p->f->C_FindObjectsFinal(p->session);
	return rv;
}

static struct cs_span
attribute(struct pkcs11 *p, struct cs_arena *arena, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_ATTRIBUTE a = { type, NULL, 0 };

	if (p->f->C_GetAttributeValue(p->session, object, &a, 1) != CKR_OK ||
	    a.ulValueLen == (CK_ULONG)-1 || a.ulValueLen > 8192)
		return cs_span_of(NULL, 0);
	a.pValue = cs_arena_alloc(arena, a.ulValueLen + 1);
	if (p->f->C_GetAttributeValue(p->session, object, &a, 1) != CKR_OK)
		return cs_span_of(NULL, 0);
	return cs_span_of(a.pValue, a.ulValueLen);
}

static struct cs_span
spki_of(
    struct cs_arena *arena, const char *algorithm, struct cs_span parameters, struct cs_span key)
{
	struct cs_buf out = cs_buf_new(arena);
	const size_t whole = pki_der_begin(&out, PKI_SEQUENCE);
	const size_t id = pki_der_begin(&out, PKI_SEQUENCE);

	pki_der_put_oid(&out, algorithm);
	if (parameters.len > 0)
		cs_buf_add_span(&out, parameters);
	else
		pki_der_put_null(&out);
	pki_der_end(&out, id);
	pki_der_put_octet_bits(&out, key);
	pki_der_end(&out, whole);
	return cs_buf_span(&out);
}

static struct cs_span
rsa_spki(struct pkcs11 *p, struct cs_arena *arena, CK_OBJECT_HANDLE object)
{
	const struct cs_span n = attribute(p, arena, object, CKA_MODULUS),
			     e = attribute(p, arena, object, CKA_PUBLIC_EXPONENT);
	struct cs_buf out = cs_buf_new(arena);

	if (n.len == 0 || e.len == 0)
		return cs_span_of(NULL, 0);
	const size_t seq = pki_der_begin(&out, PKI_SEQUENCE);
	pki_der_put_unsigned(&out, n);
	pki_der_put_unsigned(&out, e);
	pki_der_end(&out, seq);
	return spki_of(arena, "1.2.840.113549.1.1.1", cs_span_of(NULL, 0), cs_buf_span(&out));
}

/* CKA_EC_POINT is the point inside an OCTET STRING; some libraries leave that away. */
static struct cs_span
ec_spki(struct pkcs11 *p, struct cs_arena *arena, CK_OBJECT_HANDLE object)
{
	const struct cs_span parameters = attribute(p, arena, object, CKA_EC_PARAMS);
	struct cs_span value = attribute(p, arena, object, CKA_EC_POINT), in = value, point;

	if (parameters.len == 0 || value.len == 0)
		return cs_span_of(NULL, 0);
	if (pki_der_take(&in, PKI_OCTET_STRING, &point) && in.len == 0)
		value = point;
	return spki_of(arena, "1.2.840.10045.2.1", parameters, value);
}

static bool
key_type_of(struct pkcs11 *p, struct cs_arena *arena, CK_KEY_TYPE *ret)
{
	const struct cs_span type = attribute(p, arena, p->key, CKA_KEY_TYPE);

	if (type.len != sizeof(*ret))
		return false;
	memcpy(ret, type.data, sizeof(*ret));
	return *ret == CKK_RSA || *ret == CKK_EC;
}

/* The public key beside a private one has the same id. */
static struct cs_span
public_key(struct pkcs11 *p, struct cs_arena *arena, CK_KEY_TYPE type)
{
	const struct cs_span id = attribute(p, arena, p->key, CKA_ID);
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_ATTRIBUTE a[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, (void *)(uintptr_t)id.data, id.len } };
	CK_OBJECT_HANDLE found[2];
	CK_ULONG n;

	if (type == CKK_RSA)
		return rsa_spki(p, arena, p->key);
	if (id.len == 0 || search(p, a, 2, found, &n) != CKR_OK || n != 1)
		return cs_span_of(NULL, 0);
	return ec_spki(p, arena, found[0]);
}

enum cs_code
pkcs11_find(struct pkcs11 *p, struct cs_arena *arena, const struct pki_token *token,
    struct cs_span *ret_spki, struct cs_err *err)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_OBJECT_HANDLE found[2];
	CK_ATTRIBUTE a[3];
	uint8_t id[ID_MAX];
	CK_KEY_TYPE type;
	CK_ULONG n;
	const CK_RV rv = search(p, a, wanted(token, &class, id, a), found, &n);

	if (rv != CKR_OK)
		return failed(err, "C_FindObjects", rv);
	if (n != 1)
		return cs_fail(err, CS_NOT_FOUND,
		    "token \"%.32s\" has %s private key of label \"%.40s\" id \"%.40s\": %s",
		    token->token, n == 0 ? "no" : "more than one",
		    token->object != NULL ? token->object : "", token->id != NULL ? token->id : "",
		    n == 0 ? "look with pkcs11-tool --list-objects" : "name its id too");
	p->key = found[0];
	if (!key_type_of(p, arena, &type))
		return cs_fail(err, CS_MALFORMED,
		    "token \"%.32s\": a key that is neither RSA nor EC", token->token);
	*ret_spki = public_key(p, arena, type);
	return CS_OK;
}

/* ---- signing ---- */

/* RFC 8017 9.2 note 1: what stands before the digest. */
static bool
digest_info(struct cs_arena *arena, struct cs_span digest, struct cs_span *ret)
{
	const char *oid = digest.len == 32   ? "2.16.840.1.101.3.4.2.1"
			  : digest.len == 48 ? "2.16.840.1.101.3.4.2.2"
			  : digest.len == 64 ? "2.16.840.1.101.3.4.2.3"
					     : NULL;
	struct cs_buf out = cs_buf_new(arena);

	if (oid == NULL)
		return false;
	const size_t whole = pki_der_begin(&out, PKI_SEQUENCE);
	const size_t algorithm = pki_der_begin(&out, PKI_SEQUENCE);
	pki_der_put_oid(&out, oid);
	pki_der_put_null(&out);
	pki_der_end(&out, algorithm);
	pki_der_put(&out, PKI_OCTET_STRING, digest);
	pki_der_end(&out, whole);
	*ret = cs_buf_span(&out);
	return true;
}

static struct cs_span
ecdsa_der(struct cs_arena *arena, struct cs_span raw)
{
	struct cs_buf out = cs_buf_new(arena);
	const size_t seq = pki_der_begin(&out, PKI_SEQUENCE);

	pki_der_put_unsigned(&out, cs_span_of(raw.data, raw.len / 2));
	pki_der_put_unsigned(&out, cs_span_of(raw.data + raw.len / 2, raw.len / 2));
	pki_der_end(&out, seq);
	return cs_buf_span(&out);
}

static CK_RSA_PKCS_PSS_PARAMS
pss_of(size_t digest)
{
	if (digest == 48)
		return (CK_RSA_PKCS_PSS_PARAMS){ CKM_SHA384, CKG_MGF1_SHA384, 48 };
	if (digest == 64)
		return (CK_RSA_PKCS_PSS_PARAMS){ CKM_SHA512, CKG_MGF1_SHA512, 64 };
	return (CK_RSA_PKCS_PSS_PARAMS){ CKM_SHA256, CKG_MGF1_SHA256, 32 };
}

enum cs_code
pkcs11_sign(struct pkcs11 *p, struct cs_arena *arena, enum pki_token_scheme scheme,
    struct cs_span digest, struct cs_span *ret_signature, struct cs_err *err)
{
	CK_RSA_PKCS_PSS_PARAMS pss = pss_of(digest.len);
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	struct cs_span data = digest;
	uint8_t *signature = cs_arena_alloc(arena, PKI_TOKEN_SIGNATURE);
	CK_ULONG len = PKI_TOKEN_SIGNATURE;

	if (scheme == PKI_TOKEN_PSS)
		mechanism = (CK_MECHANISM){ CKM_RSA_PKCS_PSS, &pss, sizeof(pss) };
	if (scheme == PKI_TOKEN_PKCS1)
		mechanism.mechanism = CKM_RSA_PKCS;
	if (scheme == PKI_TOKEN_PKCS1 && !digest_info(arena, digest, &data))
		return cs_fail(err, CS_MALFORMED, "not a digest of SHA-2");
	CK_RV rv = p->f->C_SignInit(p->session, &mechanism, p->key);
	if (rv == CKR_OK)
		rv = p->f->C_Sign(
		    p->session, (CK_BYTE_PTR)(uintptr_t)data.data, data.len, signature, &len);
	if (rv != CKR_OK)
		return failed(err, "the token does not sign", rv);
	*ret_signature = cs_span_of(signature, len);
	if (scheme == PKI_TOKEN_ECDSA)
		*ret_signature = ecdsa_der(arena, *ret_signature);
	return CS_OK;
}

/* ---- making keys ---- */

static struct cs_span
curve_of(uint32_t bits)
{
#define OID(der) cs_span_of((const uint8_t *)(der), sizeof(der) - 1)
	return bits == 256   ? OID("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")
	       : bits == 384 ? OID("\x06\x05\x2b\x81\x04\x00\x22")
			     : OID("\x06\x05\x2b\x81\x04\x00\x23");
#undef OID
}

enum cs_code
pkcs11_generate(struct pkcs11 *p, const struct pki_token *token, enum pki_key_kind kind,
    uint32_t bits, struct cs_err *err)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	const bool rsa = kind == PKI_KEY_RSA;
	CK_MECHANISM mechanism = { rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ULONG modulus_bits = bits, n;
	CK_BYTE exponent[] = { 1, 0, 1 };
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_OBJECT_HANDLE public_half, found[2];
	uint8_t id[ID_MAX];
	const struct cs_span curve = curve_of(bits);
	void *label = (void *)(uintptr_t)token->object;
	const CK_ULONG label_len = token->object != NULL ? strlen(token->object) : 0;
	CK_ATTRIBUTE look[3];

	if (label_len == 0)
		return cs_fail(err, CS_MALFORMED, "a new key needs a label");
	CK_RV rv = search(p, look, wanted(token, &class, id, look), found, &n);
	if (rv == CKR_OK && n > 0)
		return cs_fail(err, CS_CONFLICT, "token \"%.32s\" has a key of label \"%.60s\"",
		    token->token, token->object);
	cs_random(id, NEW_ID);
	CK_ATTRIBUTE public_a[] = { { CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_VERIFY, &yes, sizeof(yes) }, { CKA_LABEL, label, label_len },
		{ CKA_ID, id, NEW_ID }, { CKA_MODULUS_BITS, &modulus_bits, sizeof(modulus_bits) },
		{ CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent) } };
	CK_ATTRIBUTE private_a[] = { { CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) }, { CKA_SENSITIVE, &yes, sizeof(yes) },
		{ CKA_EXTRACTABLE, &no, sizeof(no) }, { CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_LABEL, label, label_len }, { CKA_ID, id, NEW_ID } };
	if (!rsa)
		public_a[4] =
		    (CK_ATTRIBUTE){ CKA_EC_PARAMS, (void *)(uintptr_t)curve.data, curve.len };
	if (rv == CKR_OK)
		rv = p->f->C_GenerateKeyPair(p->session, &mechanism, public_a, rsa ? 6 : 5,
		    private_a, 7, &public_half, &p->key);
	return rv == CKR_OK ? CS_OK : failed(err, "the token makes no key", rv);
}
