/* SPDX-License-Identifier: Apache-2.0 */
#include "publish.h"

#include "base/text.h"
#include "domain.h"
#include "pki/hash.h"
#include "probe/probe.h"

#define TOKEN_OCTETS 20 /* 160 bits, as the value has; RFC 8555 11.3 asks for 128 */

enum { CHANGE = 7, ACME_HTTP = 19, ACME_TLS = 20, PERSIST = 22 };

bool
publish_uses_value(const struct smime_method *method)
{
	return method->tbr != PERSIST;
}

bool
publish_is_record(const struct smime_method *method)
{
	return method->tbr == CHANGE || method->tbr == PERSIST;
}

static const char *
digest_of(struct cs_arena *arena, const char *label, const char *value, size_t octets)
{
	const struct cs_span parts[] = { cs_span_str(label), cs_span_str(value) };
	uint8_t digest[PKI_SHA256];

	pki_sha256_parts(parts, 2, digest);
	return cs_base64url(arena, cs_span_of(digest, octets));
}

static const char *
key_authorization(struct cs_arena *arena, const char *value)
{
	return cs_arena_printf(arena, "%s.%s",
	    digest_of(arena, "countersign/acme-token/v1", value, TOKEN_OCTETS),
	    digest_of(arena, "countersign/acme-thumbprint/v1", value, PKI_SHA256));
}

struct cs_span
publish_expected(struct cs_arena *arena, const struct smime_method *method,
    const struct claim_check *check, const char *value)
{
	switch (method->tbr) {
	case ACME_HTTP:
	case ACME_TLS:
		return cs_span_str(key_authorization(arena, value));
	case PERSIST:
		return check->issuer_domains.n == 0
			   ? cs_span_str("")
			   : cs_span_str(smime_account_uri(
				 arena, check->enterprise, check->issuer_domains.items[0]));
	default:
		return cs_span_str(value);
	}
}

/* ---- for people ---- */

static const char *
note_of(struct cs_arena *arena, const struct smime_method *method, const char *domain)
{
	if (method->of_mail_server)
		return cs_arena_printf(arena,
		    "MAIL-SERVER stands for the host that the MX records of %s prefer (without any: the "
		    "domain itself); of several that are equal, publish it at each. Proves "
		    "mailboxes of this very domain.",
		    domain);
	switch (method->tbr) {
	case CHANGE:
		return "Proves the domain and the names below it. The same label of a domain above "
		       "does too.";
	case PERSIST:
		return "May stay for good: later requests need no other. Proves the domain and the "
		       "names below it.";
	case ACME_TLS:
		return "A self-signed certificate for this name with this acmeIdentifier, for the "
		       "protocol acme-tls/1 (RFC 8737). Proves this very name.";
	default:
		return "Let the web server answer this URL with the value, and nothing else. Proves "
		       "this very name.";
	}
}

static bool
describe(struct cs_arena *arena, const struct smime_method *method, const struct claim_asked *asked,
    const char *value, struct publication *ret)
{
	struct claim_check check;
	struct probe_place place;

	domain_check(
	    asked, publish_expected(arena, method, &asked->check, value), 0, method->name, &check);
	if (!probe_place(arena, &check, "MAIL-SERVER", &place))
		return false;
	*ret = (struct publication){ method->name, place.record, place.where, place.value,
		note_of(arena, method, check.target) };
	return true;
}

size_t
publish_list(struct cs_arena *arena, const struct claim_asked *asked, const char *value,
    struct publication ret[static PUBLICATIONS_MAX])
{
	size_t n_methods, n = 0;
	const struct smime_method *methods = smime_methods(&n_methods);

	for (size_t i = 0; i < n_methods && n < PUBLICATIONS_MAX; i++)
		if (methods[i].target == SMIME_TARGET_DOMAIN &&
		    domain_allows(&asked->check, methods[i].name))
			n += describe(arena, &methods[i], asked, value, &ret[n]);
	return n;
}
