/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_connector.h"

#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "pki/hash.h"
#include "smime/address.h"
#include "smime/rules.h"

/* ---- what each type has ---- */

enum part {
	QUORUM = 1,
	ENDPOINT = 2,
	FROM = 4,
	USERNAME = 8,
	SECRET = 16,
	BOTH_OR_NONE = 32,
	UPGRADES = 64,
	BIND_DN = 128,
	CLAIM = 256
};

/*
 * BOTH_OR_NONE: there is no secret without a user name and none the other way round.  UPGRADES: what begins in
 * clear goes on under TLS or not at all (RFC 3207).
 */
static const struct {
	unsigned must, may;
	const char *schemes[2]; /* under TLS; in clear, for tests on loopback */
	bool has_path;
} types[] = {
	[CONNECTOR_OPEN_MPIC] = { QUORUM, ENDPOINT | SECRET, { "https", "http" }, true },
	[CONNECTOR_SMTP] = { ENDPOINT | FROM, USERNAME | SECRET | BOTH_OR_NONE | UPGRADES,
	    { "smtps", "smtp" }, false },
	[CONNECTOR_SMS] = { ENDPOINT, USERNAME | SECRET, { "https", "http" }, true },
	[CONNECTOR_OIDC] = { ENDPOINT, USERNAME | SECRET | CLAIM, { "https", "http" }, true },
	[CONNECTOR_SAML] = { ENDPOINT, CLAIM, { "https", "http" }, true },
	[CONNECTOR_LDAP] = { ENDPOINT | BIND_DN, 0, { "ldaps", "ldap" }, false },
};

static const struct {
	unsigned part;
	const char *name;
} parts[] = {
	{ QUORUM, "quorum" },
	{ ENDPOINT, "endpoint" },
	{ FROM, "from" },
	{ USERNAME, "username" },
	{ SECRET, "secret" },
	{ BIND_DN, "bind_dn" },
	{ CLAIM, "claim" },
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static bool
refuse(struct cs_refusal *ret_why, const char *code, const char *field, const char *text,
    const char *mend)
{
	return cs_refuse(ret_why, (struct cs_refusal){ code, field, "", text, mend });
}

/* ---- what the client sent ---- */

/* Its `secret` apart: NULL, not given; "", taken away. */
struct wished {
	struct connector connector;
	const char *secret;
	unsigned has; /* parts that are there and not empty */
};

struct reading {
	struct cs_arena *arena;
	struct wished *wished;
	struct cs_refusal *why;
};

static const char *
quote(const struct reading *r, const char *name)
{
	return cs_escape(r->arena, cs_span_str(name), 40);
}

static bool
read_text(
    const struct reading *r, const char *name, const json_t *value, size_t max, const char **ret)
{
	const char *text = json_string_value(value);
	const size_t len = json_string_length(value);

	if (text == NULL)
		return refuse(
		    r->why, "field-not-text", name, "This is not a text.", "Give a JSON string.");
	if (len > max)
		return refuse(r->why, "field-too-long", name,
		    cs_arena_printf(r->arena, "This is longer than %zu octets.", max),
		    "Make it shorter.");
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return refuse(r->why, "field-control", name,
			    "There is a control character in it.", "Leave it out.");
	*ret = cs_arena_strndup(r->arena, text, len);
	return true;
}

static bool
read_type(const struct reading *r, const json_t *value)
{
	const char *name;

	if (!read_text(r, "type", value, 16, &name))
		return false;
	return connector_type_parse(name, &r->wished->connector.type) ||
	       refuse(r->why, "connector-type", "type", "There are no connectors of this type.",
		   "Types are open-mpic, smtp, sms, oidc, saml and ldap.");
}

static bool
read_active(const struct reading *r, const json_t *value)
{
	r->wished->connector.active = json_is_true(value);
	return json_is_boolean(value) ||
	       refuse(r->why, "field-not-bool", "active", "This is neither true nor false.",
		   "Give true or false.");
}

static bool
read_quorum(const struct reading *r, const json_t *value)
{
	const json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 1 || number > POLICY_MAX_QUORUM)
		return refuse(r->why, "connector-quorum", "quorum",
		    "This is not a number of perspectives that can be asked.",
		    cs_arena_printf(
			r->arena, "Give a whole number from 1 to %d.", POLICY_MAX_QUORUM));
	r->wished->connector.quorum = (uint32_t)number;
	r->wished->has |= QUORUM;
	return true;
}

static bool
read_member(const struct reading *r, const char *name, const json_t *value)
{
	struct connector *connector = &r->wished->connector;
	const struct {
		const char *name;
		const char **place;
		size_t max;
		unsigned part;
	} texts[] = {
		{ "title", &connector->title, CONNECTOR_TITLE_MAX, 0 },
		{ "endpoint", &connector->endpoint, CONNECTOR_ENDPOINT_MAX, ENDPOINT },
		{ "username", &connector->username, CONNECTOR_USERNAME_MAX, USERNAME },
		{ "from", &connector->from, CONNECTOR_FROM_MAX, FROM },
		{ "bind_dn", &connector->bind_dn, CONNECTOR_BIND_DN_MAX, BIND_DN },
		{ "claim", &connector->claim, CONNECTOR_CLAIM_MAX, CLAIM },
		{ "secret", &r->wished->secret, CONNECTOR_SECRET_MAX, SECRET },
	};

	if (strcmp(name, "type") == 0)
		return read_type(r, value);
	if (strcmp(name, "active") == 0)
		return read_active(r, value);
	if (strcmp(name, "quorum") == 0)
		return read_quorum(r, value);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(name, texts[i].name) == 0) {
			if (!read_text(r, texts[i].name, value, texts[i].max, texts[i].place))
				return false;
			r->wished->has |= (*texts[i].place)[0] != '\0' ? texts[i].part : 0;
			return true;
		}
	return refuse(r->why, "field-unknown", quote(r, name), "A connector has no such field.",
	    "Leave it out.");
}

static void
json_release(json_t **value)
{
	json_decref(*value);
}

static bool
read_wished(const struct reading *r, struct cs_span spec)
{
	json_error_t error;
	const char *member;
	json_t *value;
	CS_AUTO(json_release)
	json_t *root = spec.len > CONNECTOR_SPEC_MAX ? NULL
						     : json_loadb((const char *)spec.data, spec.len,
							   JSON_REJECT_DUPLICATES, &error);

	if (!json_is_object(root))
		return refuse(r->why, "spec-not-object", "", "This is not a JSON object.",
		    "Give an object of at most 8 KiB, each member once.");
	json_object_foreach(root, member, value)
	{
		if (!read_member(r, member, value))
			return false;
	}
	return r->wished->connector.type != 0 ||
	       refuse(r->why, "field-missing", "type", "It is not said what it connects to.",
		   "Types are open-mpic, smtp, sms, oidc, saml and ldap.");
}

/* ---- what may be set ---- */

static bool
judge_parts(const struct wished *wished, struct cs_arena *arena, struct cs_refusal *ret_why)
{
	const enum connector_type type = wished->connector.type;
	const char *name = connector_type_name(type);

	for (size_t i = 0; i < PARTS; i++) {
		if ((types[type].must & parts[i].part & ~wished->has) != 0)
			return refuse(ret_why, "field-missing", parts[i].name,
			    cs_arena_printf(arena, "A connector of type %s needs this.", name),
			    "Give it.");
		if ((wished->has & parts[i].part & ~(types[type].must | types[type].may)) != 0)
			return refuse(ret_why, "field-not-of-type", parts[i].name,
			    cs_arena_printf(
				arena, "A connector of type %s has no such field.", name),
			    "Leave it out.");
	}
	return true;
}

/* SBR 4.2.2.2 takes over the table of TBR 3.2.2.9: what may differ is bounded, so the rest must agree. */
static bool
judge_quorum(const struct policy_connector_rules *rules, const struct connector *connector,
    struct cs_arena *arena, struct cs_refusal *ret_why)
{
	const uint32_t asked = smime_rule_mpic_min_remotes(rules->now_ms);
	const uint32_t least = asked - smime_rule_mpic_max_noncorroborating(asked);

	if (connector->type != CONNECTOR_OPEN_MPIC || connector->quorum >= least)
		return true;
	return cs_refuse(ret_why,
	    (struct cs_refusal){ "connector-quorum-low", "quorum", "TBR 3.2.2.9; SBR 4.2.2.2",
		cs_arena_printf(arena,
		    "Of %u perspectives, the fewest that may be asked today, %u must agree.", asked,
		    least),
		cs_arena_printf(arena, "Give at least %u.", least) });
}

static bool
judge_endpoint(const struct policy_connector_rules *rules, const struct wished *wished,
    struct cs_arena *arena, struct cs_refusal *ret_why)
{
	const struct connector *connector = &wished->connector;
	const char *secure = types[connector->type].schemes[0];
	const char *clear = types[connector->type].schemes[1];
	struct connector_url url;

	if (connector->endpoint[0] == '\0')
		return (wished->has & SECRET) == 0 ||
		       refuse(ret_why, "connector-login", "endpoint",
			   "There is a secret and nobody to tell it to.", "Give both or none.");
	if (!connector_url_parse(arena, connector->endpoint, &url))
		return refuse(ret_why, "connector-endpoint", "endpoint",
		    "This is not a URL that we visit.",
		    cs_arena_printf(arena,
			"Give %s://HOST[:PORT] in lower case, without user, query or fragment.",
			secure));
	if (!types[connector->type].has_path && url.path[0] != '\0')
		return refuse(ret_why, "connector-endpoint", "endpoint",
		    "There is a path where none belongs.", "End it with the host or the port.");
	const bool may_be_clear = (types[connector->type].may & UPGRADES) != 0 ||
				  (rules->test_mode && connector_url_is_loopback(&url));

	if (strcmp(url.scheme, secure) == 0 || (strcmp(url.scheme, clear) == 0 && may_be_clear))
		return true;
	return refuse(ret_why, "connector-clear", "endpoint",
	    "What is said there could be read on the way.",
	    cs_arena_printf(arena, "Give a URL that begins with %s://.", secure));
}

static bool
judge_from(const struct connector *connector, struct cs_arena *arena, struct cs_refusal *ret_why)
{
	struct smime_address address;

	if (connector->from[0] == '\0')
		return true;
	if (!smime_address_parse(arena, cs_span_str(connector->from), &address, ret_why)) {
		ret_why->field = "from";
		return false;
	}
	return (strcmp(address.canonical, connector->from) == 0 && !address.utf8_local) ||
	       refuse(ret_why, "connector-from", "from",
		   "Mails cannot come from an address in this spelling.",
		   "Give it in ASCII, its domain in lower case.");
}

static bool
judge_bind_dn(const struct connector *connector, struct cs_refusal *ret_why)
{
	const char *why =
	    connector->bind_dn[0] == '\0' ? NULL : connector_bind_why_not(connector->bind_dn);

	return why == NULL ||
	       refuse(ret_why, "connector-bind-dn", "bind_dn", why,
		   "Give a name with one {login}: uid={login},ou=people,dc=example, or "
		   "{login}@corp.example for Active Directory.");
}

/*
 * What an ID token says of itself and its login (OpenID Connect Core 1.0 2 and 3.3.2.11, Session Management; `tid` is the
 * tenant of Microsoft, `hd` the domain of Google): the same for many, or for nobody.
 */
static bool
is_of_the_login(const char *claim)
{
	static const char *const claims[] = { "iss", "aud", "azp", "nonce", "exp", "iat", "nbf",
		"jti", "auth_time", "acr", "amr", "at_hash", "c_hash", "sid", "tid", "hd" };

	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
		if (strcmp(claim, claims[i]) == 0)
			return true;
	return false;
}

/*
 * The name of a member of JSON, of which OpenID Connect Core 1.0 5.1 has some and each provider more; or of an attribute
 * of SAML, which is often a URI.
 */
static bool
judge_claim(const struct connector *connector, struct cs_refusal *ret_why)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_-.:/";

	if (connector->type == CONNECTOR_OIDC && is_of_the_login(connector->claim))
		return refuse(ret_why, "connector-claim", "claim",
		    "This claim is of the login, and names nobody.",
		    "Give one that is another for each person, such as oid; none for sub.");
	return connector->claim[strspn(connector->claim, letters)] == '\0' ||
	       refuse(ret_why, "connector-claim", "claim",
		   "This is not how a claim or an attribute is called.",
		   "Give its name, such as oid or preferred_username, urn:oid:0.9.2342.19200300.100.1.1 or "
		   "uid; none for sub or NameID.");
}

/* ---- its secret ---- */

/* The one in force stays with its place; what the client gives takes its place. */
static bool
settle_secret(const struct policy_connector_rules *rules, const struct connector *old,
    struct wished *wished, struct cs_arena *arena, struct cs_refusal *ret_why)
{
	struct connector *connector = &wished->connector;
	const char *service = connector_service(connector->type);

	if (wished->secret == NULL && old->sealed[0] != '\0') {
		if (!connector_same_place(old, connector))
			return refuse(ret_why, "connector-secret-bound", "secret",
			    "The secret in force was given for another place.",
			    "Give the secret for this one, or \"\" for none.");
		connector->sealed = old->sealed;
		wished->has |= SECRET;
		return true;
	}
	if ((wished->has & SECRET) == 0)
		return true;
	const struct connector_recipient *to =
	    connector_recipient_of(rules->recipients, rules->n_recipients, service);

	connector->sealed = to == NULL ? NULL
				       : connector_seal(arena, connector, to->public_key,
					     rules->random, cs_span_str(wished->secret));
	if (connector->sealed != NULL)
		return true;
	connector->sealed = "";
	return refuse(ret_why, "connector-no-key", "secret",
	    cs_arena_printf(arena, "There is no key of %s to seal it to.", service),
	    "Whoever runs the system enters it into the file of sealing keys.");
}

static bool
judge_login(const struct wished *wished, struct cs_refusal *ret_why)
{
	if ((types[wished->connector.type].may & BOTH_OR_NONE) == 0 ||
	    !(wished->has & USERNAME) == !(wished->has & SECRET))
		return true;
	return refuse(ret_why, "connector-login", wished->has & USERNAME ? "secret" : "username",
	    "A user name and a secret belong together.", "Give both or none.");
}

static bool
read_old(struct cs_arena *arena, const char *enterprise, const char *name, struct cs_span spec,
    struct connector *ret)
{
	struct cs_err err;

	*ret = (struct connector){ .sealed = "" };
	return spec.len > 0 && connector_read(arena, enterprise, name, spec, ret, &err) == CS_OK;
}

static struct wished
wished_new(const char *enterprise, const char *name)
{
	return (struct wished){ .connector = { .enterprise = enterprise,
				    .name = name,
				    .active = true,
				    .title = "",
				    .endpoint = "",
				    .username = "",
				    .from = "",
				    .bind_dn = "",
				    .claim = "",
				    .sealed = "" } };
}

bool
policy_connector_form(struct cs_arena *arena, struct cs_span spec, struct cs_refusal *ret_why)
{
	struct wished wished = wished_new("", "");
	const struct reading reading = { arena, &wished, ret_why };

	return read_wished(&reading, spec);
}

bool
policy_connector_judge(const struct policy_connector_rules *rules, const char *enterprise,
    const char *name, struct cs_span old_spec, struct cs_span spec, struct cs_arena *arena,
    struct cs_span *ret_spec, struct cs_refusal *ret_why)
{
	struct wished wished = wished_new(enterprise, name);
	const struct reading reading = { arena, &wished, ret_why };
	struct connector old;

	(void)read_old(arena, enterprise, name, old_spec, &old);
	if (!read_wished(&reading, spec) || !judge_parts(&wished, arena, ret_why) ||
	    !judge_quorum(rules, &wished.connector, arena, ret_why) ||
	    !judge_endpoint(rules, &wished, arena, ret_why) ||
	    !judge_from(&wished.connector, arena, ret_why) ||
	    !judge_bind_dn(&wished.connector, ret_why) ||
	    !judge_claim(&wished.connector, ret_why) ||
	    !settle_secret(rules, &old, &wished, arena, ret_why) || !judge_login(&wished, ret_why))
		return false;
	*ret_spec = connector_write(arena, &wished.connector);
	return true;
}

/* ---- what people see ---- */

/* A spec of our own: whose it is makes no difference to what is shown. */
static struct connector
read_own(struct cs_arena *arena, struct cs_span spec)
{
	struct connector connector;

	cs_assert(read_old(arena, "", "", spec, &connector));
	return connector;
}

struct cs_span
policy_connector_shown(struct cs_arena *arena, struct cs_span spec)
{
	struct connector connector = read_own(arena, spec);

	connector.sealed = "";
	return connector_write(arena, &connector);
}

struct cs_span
policy_connector_traced(struct cs_arena *arena, struct cs_span spec)
{
	struct connector connector = read_own(arena, spec);
	struct cs_span shown = policy_connector_shown(arena, spec);
	uint8_t digest[PKI_SHA256];

	if (connector.sealed[0] == '\0')
		return shown;
	pki_sha256(cs_span_str(connector.sealed), digest);
	return cs_span_str(cs_arena_printf(arena, "%.*s,\"secret\":\"(%s)\"}", (int)shown.len - 1,
	    (const char *)shown.data, cs_hex(arena, cs_span_of(digest, 4))));
}

struct cs_span
policy_connector_status(struct cs_arena *arena, struct cs_span spec)
{
	struct connector connector = read_own(arena, spec);
	const char *service = connector_service(connector.type);
	const size_t keyid = strcspn(connector.sealed, ".");

	if (connector.sealed[0] == '\0')
		return cs_span_str(
		    cs_arena_printf(arena, "{\"secret\":false,\"service\":\"%s\"}", service));
	return cs_span_str(
	    cs_arena_printf(arena, "{\"sealed_to\":\"%.*s\",\"secret\":true,\"service\":\"%s\"}",
		(int)keyid, connector.sealed, service));
}

const char *
policy_connector_question(struct cs_arena *arena, struct cs_span spec)
{
	switch (read_own(arena, spec).type) {
	case CONNECTOR_OPEN_MPIC:
		return "ask.mpic-coordinator.test";
	case CONNECTOR_SMTP:
		return "ask.notifier.test";
	case CONNECTOR_SMS:
	case CONNECTOR_OIDC:
	case CONNECTOR_SAML:
	case CONNECTOR_LDAP:
		break;
	}
	return NULL;
}

void
policy_connector_place(
    struct cs_arena *arena, struct cs_span spec, const char **ret_type, const char **ret_endpoint)
{
	const struct connector connector = read_own(arena, spec);

	*ret_type = connector_type_name(connector.type);
	*ret_endpoint = connector.endpoint;
}
