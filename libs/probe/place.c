/* SPDX-License-Identifier: Apache-2.0 */
/* place.c: where a person publishes what, for each method.  Pure. */
#include <string.h>

#include "base/text.h"
#include "internal.h"
#include "pki/hash.h"
#include "smime/method.h"

const char *
probe_txt_name(struct cs_arena *arena, const char *domain)
{
	return cs_arena_printf(arena, "%s.%s", PROBE_CHALLENGE_LABEL, domain);
}

static const char *
text_of(struct cs_arena *arena, struct cs_span value)
{
	return cs_arena_strndup(arena, (const char *)value.data, value.len);
}

static bool
place_txt(struct cs_arena *arena, const struct claim_check *check, const char *name,
    struct probe_place *place)
{
	*place = (struct probe_place){ "TXT", probe_txt_name(arena, name),
		text_of(arena, check->expected) };
	return true;
}

static bool
place_cname(struct cs_arena *arena, const struct claim_check *check, const char *name,
    struct probe_place *place)
{
	*place = (struct probe_place){ "CNAME", probe_txt_name(arena, name),
		probe_cname_target(arena, name, check->expected) };
	return true;
}

static bool
place_persist(struct cs_arena *arena, const struct claim_check *check, const char *name,
    struct probe_place *place)
{
	const char *account = probe_persist_account(arena, check);

	if (account == NULL)
		return false;
	*place = (struct probe_place){
		"TXT", cs_arena_printf(arena, "%s.%s", PROBE_PERSIST_LABEL, name),
		cs_arena_printf(arena, "%s; accounturi=%s", check->issuer_domains.items[0], account)
	};
	return true;
}

static bool
place_file(struct cs_arena *arena, const struct claim_check *check, const char *name,
    struct probe_place *place)
{
	*place = (struct probe_place){ "file", probe_file_url(arena, name, check->expected),
		text_of(arena, check->expected) };
	return true;
}

static bool
place_acme_http(struct cs_arena *arena, const struct claim_check *check, const char *name,
    struct probe_place *place)
{
	const char *url = probe_acme_url(arena, name, check->expected);

	*place = (struct probe_place){ "file", url, text_of(arena, check->expected) };
	return url != NULL;
}

static bool
place_tls_alpn(struct cs_arena *arena, const struct claim_check *check, const char *name,
    struct probe_place *place)
{
	uint8_t digest[PKI_SHA256];

	if (probe_acme_token(arena, check->expected) == NULL)
		return false;
	pki_sha256(check->expected, digest);
	*place = (struct probe_place){ "certificate", cs_arena_printf(arena, "%s:443", name),
		cs_hex(arena, cs_span_of(digest, PKI_SHA256)) };
	return true;
}

static const struct {
	const char *method;
	bool needs_value;
	bool (*place)(struct cs_arena *arena, const struct claim_check *check, const char *name,
	    struct probe_place *place);
} places[] = {
	{ "dns-txt", true, place_txt },
	{ "dns-cname", true, place_cname },
	{ "dns-persist", false, place_persist },
	{ "http-file", true, place_file },
	{ "acme-http", true, place_acme_http },
	{ "acme-tls-alpn", true, place_tls_alpn },
	{ "mx-dns-txt", true, place_txt },
	{ "mx-http-file", true, place_file },
};

bool
probe_place(struct cs_arena *arena, const struct claim_check *check, const char *mail_server,
    struct probe_place *ret_place)
{
	const struct smime_method *method = smime_method_find(check->method);
	const char *name = check->target;

	if (method != NULL && method->of_mail_server)
		name = mail_server;
	for (size_t i = 0; name != NULL && i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(places[i].method, check->method) == 0)
			return (check->expected.len > 0 || !places[i].needs_value) &&
			       places[i].place(arena, check, name, ret_place);
	return false;
}
