/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature.c: signatures of XML, of the one form that SAML has (Core 5.4).  The only door to libxmlsec1.
 *
 * The form is judged here, before the library sees it: which parts there are, which algorithms, and what is
 * referred to.  The library is told the same again, is given one key at a time, and has one ID to find.
 */
#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>

#include "internal.h"
#include "pki/keycheck.h"

#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define ENCRYPTION "http://www.w3.org/2001/04/xmlenc#"
#define PREFIXES_MAX 16
#define PREFIX_LIST_MAX 256 /* octets */
#define ENVELOPED SAML_DSIG "enveloped-signature"

static const char *const signers[] = { MORE "rsa-sha256", MORE "rsa-sha384", MORE "rsa-sha512",
	MORE "ecdsa-sha256", MORE "ecdsa-sha384", MORE "ecdsa-sha512", NULL };
static const char *const digests[] = { ENCRYPTION "sha256", MORE "sha384", ENCRYPTION "sha512",
	NULL };

/* ---- its form ---- */

/* The elements in `parent` are these, each once and in this order; those from `needed` on may be missing. */
static bool
has_parts(const xmlNode *parent, const char *const *names, size_t needed)
{
	size_t i = 0;

	for (const xmlNode *at = parent->children; at != NULL; at = at->next) {
		if (at->type != XML_ELEMENT_NODE)
			continue;
		if (names[i] == NULL || !saml_xml_is(at, SAML_DSIG, names[i]))
			return false;
		i++;
	}
	return i >= needed;
}

static bool
has_nothing(const xmlNode *parent)
{
	static const char *const none[] = { NULL };

	return parent != NULL && has_parts(parent, none, 0);
}

static bool
is_one_of(struct cs_arena *arena, const xmlNode *method, const char *const *names)
{
	const char *algorithm = saml_xml_attribute(arena, method, "Algorithm");
	size_t i = 0;

	while (names[i] != NULL && (algorithm == NULL || strcmp(algorithm, names[i]) != 0))
		i++;
	return names[i] != NULL && has_nothing(method);
}

/*
 * Canonicalization looks up each prefix for each element, before anybody knows whether the signature is good: so
 * they are few.
 */
static bool
is_prefix_list(struct cs_arena *arena, const xmlNode *node)
{
	const char *list = saml_xml_attribute(arena, node, "PrefixList");
	size_t n = 0;

	if (list == NULL || strlen(list) > PREFIX_LIST_MAX || node->children != NULL)
		return false;
	for (list += strspn(list, SAML_SPACE); *list != '\0'; list += strspn(list, SAML_SPACE)) {
		list += strcspn(list, SAML_SPACE);
		n++;
	}
	return n <= PREFIXES_MAX;
}

static bool
is_space(const xmlNode *node)
{
	const char *text = (const char *)node->content;

	return node->type == XML_TEXT_NODE && text[strspn(text, SAML_SPACE)] == '\0';
}

/* Exclusive and without comments; it may say which prefixes are kept (InclusiveNamespaces), which alters no text. */
static bool
is_exclusive(struct cs_arena *arena, const xmlNode *method)
{
	size_t lists = 0;

	for (const xmlNode *at = method->children; at != NULL; at = at->next) {
		if (is_space(at))
			continue;
		if (!saml_xml_is(at, SAML_EXCLUSIVE, "InclusiveNamespaces") ||
		    !is_prefix_list(arena, at))
			return false;
		lists++;
	}
	return lists <= 1 && saml_xml_says(arena, method, "Algorithm", SAML_EXCLUSIVE);
}

static bool
are_transforms_good(struct cs_arena *arena, const xmlNode *transforms)
{
	static const char *const names[] = { "Transform", "Transform", NULL };
	const xmlNode *first = saml_xml_child(transforms, SAML_DSIG, "Transform");

	return has_parts(transforms, names, 2) &&
	       saml_xml_says(arena, first, "Algorithm", ENVELOPED) && has_nothing(first) &&
	       is_exclusive(arena, saml_xml_next(first));
}

static enum saml_no
judge_reference(struct cs_arena *arena, const xmlNode *reference, const char *id)
{
	static const char *const names[] = { "Transforms", "DigestMethod", "DigestValue", NULL };

	if (!saml_xml_says(arena, reference, "URI", cs_arena_printf(arena, "#%s", id)))
		return SAML_NO_REFERENCE;
	if (saml_xml_child(reference, SAML_DSIG, "Transforms") == NULL)
		return SAML_NO_TRANSFORMS;
	if (!has_parts(reference, names, 3))
		return SAML_NO_SIGNATURE_FORM;
	if (!are_transforms_good(arena, saml_xml_child(reference, SAML_DSIG, "Transforms")))
		return SAML_NO_TRANSFORMS;
	return is_one_of(arena, saml_xml_child(reference, SAML_DSIG, "DigestMethod"), digests)
		   ? SAML_FINE
		   : SAML_NO_ALGORITHM;
}

static enum saml_no
judge_form(struct cs_arena *arena, const xmlNode *signature, const char *id)
{
	static const char *const parts[] = { "SignedInfo", "SignatureValue", "KeyInfo", NULL };
	static const char *const names[] = { "CanonicalizationMethod", "SignatureMethod",
		"Reference", NULL };
	const xmlNode *info = saml_xml_child(signature, SAML_DSIG, "SignedInfo");

	if (!has_parts(signature, parts, 2))
		return SAML_NO_SIGNATURE_FORM;
	if (saml_xml_only(info, SAML_DSIG, "Reference") == NULL)
		return SAML_NO_REFERENCE;
	if (!has_parts(info, names, 3) ||
	    !is_exclusive(arena, saml_xml_child(info, SAML_DSIG, "CanonicalizationMethod")))
		return SAML_NO_SIGNATURE_FORM;
	if (!is_one_of(arena, saml_xml_child(info, SAML_DSIG, "SignatureMethod"), signers))
		return SAML_NO_ALGORITHM;
	return judge_reference(arena, saml_xml_child(info, SAML_DSIG, "Reference"), id);
}

bool
saml_id_is_good(const char *id)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	static const char rest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
				   "0123456789-.";

	return id[0] != '\0' && strchr(letters, id[0]) != NULL && id[strspn(id, rest)] == '\0' &&
	       strlen(id) <= SAML_SIGNED_ID_MAX;
}

/* ---- by the library ---- */

static void
release_context(xmlSecDSigCtx **ctx)
{
	if (*ctx != NULL)
		xmlSecDSigCtxDestroy(*ctx);
}

static bool
allow(xmlSecDSigCtx *ctx)
{
	const xmlSecTransformId of_info[] = { xmlSecTransformExclC14NId, xmlSecTransformRsaSha256Id,
		xmlSecTransformRsaSha384Id, xmlSecTransformRsaSha512Id,
		xmlSecTransformEcdsaSha256Id, xmlSecTransformEcdsaSha384Id,
		xmlSecTransformEcdsaSha512Id };
	const xmlSecTransformId of_reference[] = { xmlSecTransformEnvelopedId,
		xmlSecTransformExclC14NId, xmlSecTransformSha256Id, xmlSecTransformSha384Id,
		xmlSecTransformSha512Id };
	bool good = true;

	for (size_t i = 0; i < sizeof(of_info) / sizeof(of_info[0]); i++)
		good = good && xmlSecDSigCtxEnableSignatureTransform(ctx, of_info[i]) == 0;
	for (size_t i = 0; i < sizeof(of_reference) / sizeof(of_reference[0]); i++)
		good = good && xmlSecDSigCtxEnableReferenceTransform(ctx, of_reference[i]) == 0;
	return good;
}

/* Without XPointer: the ID is looked up, and there is one (register_id). */
#define FLAGS                                                                                 \
	(XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS | XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES | \
	    XMLSEC_DSIG_FLAGS_USE_VISA3D_HACK)

/* Which kind of key it is by: the form was judged. */
static enum pki_key_kind
kind_of(struct cs_arena *arena, const xmlNode *signature)
{
	const xmlNode *info = saml_xml_child(signature, SAML_DSIG, "SignedInfo");
	const char *algorithm = saml_xml_attribute(
	    arena, saml_xml_child(info, SAML_DSIG, "SignatureMethod"), "Algorithm");

	return strncmp(algorithm, MORE "ecdsa", sizeof(MORE "ecdsa") - 1) == 0 ? PKI_KEY_EC
									       : PKI_KEY_RSA;
}

/* The library digests first, and goes on to the signature if the digest is the one that was signed. */
static enum saml_no
verify_by(struct cs_arena *arena, xmlNode *signature, struct cs_span key, struct cs_span *ret)
{
	CS_AUTO(release_context) xmlSecDSigCtx *ctx = xmlSecDSigCtxCreate(NULL);

	cs_assert(ctx != NULL && allow(ctx));
	ctx->flags = FLAGS;
	ctx->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
	ctx->signKey = xmlSecCryptoAppKeyLoadMemory(
	    key.data, (xmlSecSize)key.len, xmlSecKeyDataFormatDer, NULL, NULL, NULL);
	if (ctx->signKey == NULL)
		return SAML_NO_SIGNATURE;
	const bool ended = xmlSecDSigCtxVerify(ctx, signature) == 0;

	if (xmlSecPtrListGetSize(&ctx->signedInfoReferences) != 1)
		return SAML_NO_DIGEST;
	xmlSecDSigReferenceCtx *reference =
	    (xmlSecDSigReferenceCtx *)xmlSecPtrListGetItem(&ctx->signedInfoReferences, 0);
	xmlSecBuffer *digested = xmlSecDSigReferenceCtxGetPreDigestBuffer(reference);

	if (digested == NULL || reference->status != xmlSecDSigStatusSucceeded)
		return SAML_NO_DIGEST;
	if (!ended || ctx->status != xmlSecDSigStatusSucceeded)
		return SAML_NO_SIGNATURE;
	*ret = cs_arena_copy(arena, xmlSecBufferGetData(digested), xmlSecBufferGetSize(digested));
	return ret->len > 0 ? SAML_FINE : SAML_NO_DIGEST;
}

/* The digest is the same for each key: a wrong one is wrong for all. */
static enum saml_no
verify(struct cs_arena *arena, xmlNode *signature, const struct saml_provider *provider,
    struct cs_span *ret)
{
	const enum pki_key_kind wanted = kind_of(arena, signature);
	enum saml_no no = SAML_NO_SIGNATURE;
	enum pki_key_kind kind;

	for (size_t i = 0; i < provider->n_keys && no == SAML_NO_SIGNATURE; i++)
		if (pki_key_kind_of(provider->keys[i], &kind) && kind == wanted)
			no = verify_by(arena, signature, provider->keys[i], ret);
	return no;
}

/*
 * The only attribute ID that the library can find.  The parser makes IDs of xml:id by itself: that none of them is
 * the same was seen to before (are_ids_distinct).
 */
static bool
register_id(xmlNode *element, const char *id)
{
	xmlAttr *attribute = xmlHasNsProp(element, (const xmlChar *)"ID", NULL);

	return attribute != NULL &&
	       xmlAddID(NULL, element->doc, (const xmlChar *)id, attribute) != NULL;
}

/* It is not signed, and names keys and where to fetch them: nothing that anybody should look at. */
static void
drop_key_info(xmlNode *signature)
{
	xmlNode *info = saml_xml_child(signature, SAML_DSIG, "KeyInfo");

	if (info == NULL)
		return;
	xmlUnlinkNode(info);
	xmlFreeNode(info);
}

enum saml_no
saml_signature_verify(struct cs_arena *arena, xmlNode *element, const char *id, xmlNode *signature,
    const struct saml_provider *provider, struct cs_span *ret_octets)
{
	const enum saml_no no = judge_form(arena, signature, id);

	if (no != SAML_FINE)
		return no;
	if (!register_id(element, id))
		return SAML_NO_IDS;
	drop_key_info(signature);
	return verify(arena, signature, provider, ret_octets);
}

/* ---- once ---- */

static void
say_nothing(const char *file, int line, const char *func, const char *object, const char *subject,
    int reason, const char *message)
{
	(void)file;
	(void)line;
	(void)func;
	(void)object;
	(void)subject;
	(void)reason;
	(void)message;
}

/* xmlsec's own I/O would open whatever a reference names; there is none that does, and so there is no way. */
void
saml_load(void)
{
	cs_assert(xmlSecInit() == 0 && xmlSecCryptoAppInit(NULL) == 0 && xmlSecCryptoInit() == 0);
	xmlSecErrorsSetCallback(say_nothing);
	xmlSecIOCleanupCallbacks();
	saml_load_verifiers();
}
