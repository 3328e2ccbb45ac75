/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish.h: what each method of proof expects to see, and what a person publishes so that it does.  Pure.
 *
 *   TBR 3.2.2.4.7, .18   the random value itself
 *   TBR 3.2.2.4.19, .20  a key authorization, TOKEN.THUMBPRINT (RFC 8555 8.1).  Both parts are digests of the
 *                        value: the URL holds the token and gives away neither the value nor the thumbprint.
 *                        Whoever brings a key of its own puts its thumbprint there.
 *   TBR 3.2.2.4.22       the enterprise's account with us: no value at all
 */
#ifndef PUBLISH_H
#define PUBLISH_H

#include "claim/claim.h"
#include "smime/method.h"

/* One way to prove the domain; texts in the arena that was given. */
struct publication {
	const char *method;
	const char *type; /* "TXT", "CNAME", "file", "certificate" */
	const char *name; /* owner name, URL, "HOST:443" */
	const char *value;
	const char *note; /* for people */
};

#define PUBLICATIONS_MAX 16

/* In the order of the table: as many as the order allows and the outside can be asked for. */
size_t publish_list(struct cs_arena *arena, const struct claim_asked *asked, const char *value,
    struct publication ret[static PUBLICATIONS_MAX]);

/* What a look by `method` must see; empty: the order lacks what it takes (issuer domain names). */
struct cs_span publish_expected(struct cs_arena *arena, const struct smime_method *method,
    const struct claim_check *check, const char *value);
/* Does it change with the value?  A persistent record does not. */
bool publish_uses_value(const struct smime_method *method);
/* Is it looked for by DNS alone?  Otherwise somebody's host is visited. */
bool publish_is_record(const struct smime_method *method);

#endif
