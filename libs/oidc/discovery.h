/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery.h: what a provider of OpenID Connect says of itself (OpenID Connect Discovery 1.0, 3 and 4).  Pure.
 *
 * The issuer is the connector's endpoint, to the letter (4.3): who may say something else could speak for any
 * provider.  So a connector names one tenant of a provider that has many: Microsoft's ".../common/v2.0" is refused,
 * ".../TENANT/v2.0" is not.
 */
#ifndef OIDC_DISCOVERY_H
#define OIDC_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/refusal.h"
#include "base/span.h"
#include "connector/connector.h"

#define OIDC_DOCUMENT_MAX 262144 /* octets */

/* How ID tokens are signed (RFC 7518 3.1), never "none", never by a secret (HS256, ...). */
enum oidc_algorithm { OIDC_RS256, OIDC_PS256, OIDC_ES256, OIDC_ES384, OIDC_ES512, OIDC_ALGORITHMS };
#define OIDC_SET(algorithm) (1u << (algorithm))
const char *oidc_algorithm_name(enum oidc_algorithm algorithm); /* "RS256" */
CS_MUST_USE bool oidc_algorithm_parse(const char *name, enum oidc_algorithm *ret_algorithm);

/* Where a document is asked for; of an issuer's path, whose "/" at the end goes (section 4). */
const char *oidc_discovery_path(struct cs_arena *arena, const char *path);

/* Where somebody is asked: an endpoint, which may have a query (RFC 6749 3.1, 3.2). */
struct oidc_place {
	struct connector_url url; /* scheme "https" or "http" */
	const char *target;       /* path and query, "/" at least */
};
CS_MUST_USE bool
oidc_place_parse(struct cs_arena *arena, const char *text, struct oidc_place *ret_place);

enum oidc_part { OIDC_ISSUER, OIDC_AUTHORIZATION, OIDC_TOKEN, OIDC_JWKS, OIDC_PARTS };
const char *oidc_part_name(enum oidc_part part); /* "issuer", "authorization_endpoint", ... */

enum oidc_verdict {
	OIDC_GOOD,
	OIDC_MISSING, /* or no text */
	OIDC_ANOTHER, /* issuer */
	OIDC_CLEAR,   /* not under TLS, though the issuer is */
	OIDC_NO_PLACE /* nowhere that could be asked */
};
struct oidc_said {
	enum oidc_verdict verdict;
	const char *text; /* as it was said, hostile; "" where missing */
};

struct oidc_provider {
	const char *issuer; /* the endpoint */
	struct oidc_said said[OIDC_PARTS];
	unsigned algorithms; /* OIDC_SET: those that it says and we take */
	bool code;           /* it answers with a code */
	bool basic, post;    /* how clients may show their secret: client_secret_basic, _post */
	bool s256;           /* it takes code challenges by S256, or does not say which */
	bool says_issuer;    /* also in redirects (RFC 9207 3) */
};

/*
 * What is in the document, good or bad, in `arena`.  An issuer without TLS ("http://", in tests) may have endpoints
 * without.  False: it is not a JSON object in which no member is twice, or it is longer than OIDC_DOCUMENT_MAX.
 */
CS_MUST_USE bool oidc_discovery_read(struct cs_arena *arena, const char *issuer,
    struct cs_span document, struct oidc_provider *ret_provider);

/* Is everything good that a login needs?  False: *ret_why says the first thing that is not. */
CS_MUST_USE bool
oidc_provider_judge(const struct oidc_provider *provider, struct cs_refusal *ret_why);
/* Both. */
CS_MUST_USE bool oidc_discovery_judge(struct cs_arena *arena, const char *issuer,
    struct cs_span document, struct oidc_provider *ret_provider, struct cs_refusal *ret_why);

#endif
