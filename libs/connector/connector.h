/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connector.h: how something outside is reached, as an operator set it: a document of kind "connector".  Pure.
 *
 * Each type is used by one service.  A secret (password, key of an API) is sealed to that service's key when it is
 * set, and bound to the connector it was set for: enterprise, name, type, endpoint and user name.  So nobody
 * between, policy included, can read it later or lead it to another place.
 */
#ifndef CONNECTOR_CONNECTOR_H
#define CONNECTOR_CONNECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "connector/bind.h"

struct pki_seal_key;

#define CONNECTOR_SPEC_MAX 8192 /* octets of JSON */
#define CONNECTOR_TITLE_MAX 128 /* octets, as all that follow */
#define CONNECTOR_ENDPOINT_MAX 512
#define CONNECTOR_USERNAME_MAX 254
#define CONNECTOR_FROM_MAX 254
#define CONNECTOR_CLAIM_MAX 128
#define CONNECTOR_SECRET_MAX 1024
#define CONNECTOR_SEALED_MAX 1536 /* of its text */

enum connector_type {
	CONNECTOR_OPEN_MPIC = 1, /* how many perspectives must agree */
	CONNECTOR_SMTP,          /* the relay of an enterprise */
	CONNECTOR_SMS,
	CONNECTOR_OIDC,
	CONNECTOR_SAML,
	CONNECTOR_LDAP
};
const char *connector_type_name(enum connector_type type); /* "open-mpic" */
bool connector_type_parse(const char *name, enum connector_type *ret_type);
/* Who uses it, and whose key its secret is sealed to: "notifier". */
const char *connector_service(enum connector_type type);
/* Does a name of a person mean something there alone: who is alice at one may be somebody else at another? */
bool connector_names_people(enum connector_type type);

struct connector {
	const char *enterprise, *name; /* "platform": of all enterprises */
	enum connector_type type;
	bool active;
	const char *title, *endpoint, *username, *from, *bind_dn; /* "" for none */
	const char *
	    claim; /* what names a person; of oidc, a claim of an ID token, "": sub; of saml, an attribute, "": NameID */
	uint32_t quorum;    /* of open-mpic; else 0 */
	const char *sealed; /* "KEYID.BASE64"; "": it has no secret */
};

/*
 * A spec as connector_write makes it.  Only the form is judged, and that strictly; what may be set is policy's
 * business.  `enterprise` and `name` are borrowed.  CS_MALFORMED names the member.
 */
CS_MUST_USE enum cs_code connector_read(struct cs_arena *arena, const char *enterprise,
    const char *name, struct cs_span spec, struct connector *ret, struct cs_err *err);
/* JSON in one form: the same connector gives the same octets.  A text may also be NULL for none. */
struct cs_span connector_write(struct cs_arena *arena, const struct connector *connector);

/* ---- where it is ---- */

struct connector_url {
	const char *scheme; /* "https", "smtp", ...: what stands before "://" */
	const char *host;   /* a name, an IPv4 address, or "[::1]" */
	uint16_t port;      /* 0: not said */
	const char *path;   /* from the first "/" on; "" for none */
};
/* No user, query or fragment; printable ASCII.  False: not such a URL. */
CS_MUST_USE bool
connector_url_parse(struct cs_arena *arena, const char *text, struct connector_url *ret);
/* "127.0.0.1" and others of 127/8, "[::1]", "localhost". */
bool connector_url_is_loopback(const struct connector_url *url);

/* ---- its secret ---- */

#define CONNECTOR_KEYID_TEXT 17
/* Lower-case hexadecimal of the first 8 octets of SHA-256(public key). */
void connector_keyid(const uint8_t public_key[static 32], char ret[static CONNECTOR_KEYID_TEXT]);

/* A service and the public key that its secrets are sealed to. */
struct connector_recipient {
	const char *service;
	uint8_t public_key[32];
};
/*
 * Lines "service base64-public-key", as `csctl key new-sealing` prints the key; empty ones and those that begin
 * with "#" are passed over.  CS_MALFORMED: line, or a service that is there twice.
 */
CS_MUST_USE enum cs_code connector_read_recipients(struct cs_arena *arena, struct cs_span text,
    struct connector_recipient **ret, size_t *ret_n, struct cs_err *err);
/* NULL: none for this service. */
const struct connector_recipient *
connector_recipient_of(const struct connector_recipient *recipients, size_t n, const char *service);

/*
 * The text of `sealed` for this connector, whose other fields are set already.  `random`: 32 fresh octets of
 * the decision; sealing several secrets with the same is safe.  NULL: not a key that can be sealed to.
 */
const char *connector_seal(struct cs_arena *arena, const struct connector *connector,
    const uint8_t public_key[static 32], const uint8_t random[static 32], struct cs_span secret);
/*
 * `key`: NULL if the process was given none.  `ret_secret` has room for CONNECTOR_SECRET_MAX + 1 octets; it ends in NUL
 * and is to be wiped by the caller.
 * CS_NOT_FOUND: there is no secret.  CS_MALFORMED: no key, sealed for another key, or moved to another connector.
 */
CS_MUST_USE enum cs_code connector_unseal(const struct connector *connector,
    const struct pki_seal_key *key, char *ret_secret, struct cs_err *err);
/* Does it have the secret for the same place as `other`: type, endpoint and user name? */
bool connector_same_place(const struct connector *connector, const struct connector *other);

#endif
