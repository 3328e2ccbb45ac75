/* SPDX-License-Identifier: Apache-2.0 */
/* fake_applicant.h: fixtures, and requests made octet by octet, so that any part can be wrong. */
#ifndef TESTS_FAKE_APPLICANT_H
#define TESTS_FAKE_APPLICANT_H

#include <openssl/evp.h>

#include "base/arena.h"

/* A file of libs/pki/tests/fixtures. */
struct cs_span fixture(struct cs_arena *arena, const char *name);
/* The first block of a PEM fixture. */
struct cs_span fixture_der(struct cs_arena *arena, const char *name);
struct cs_span unhex(struct cs_arena *arena, const char *hex);

EVP_PKEY *applicant_key(const char *curve); /* a new EC key */
struct cs_span applicant_spki(struct cs_arena *arena, EVP_PKEY *key);
/* An RSA SubjectPublicKeyInfo of this modulus and exponent 65537. */
struct cs_span applicant_rsa_spki(struct cs_arena *arena, struct cs_span modulus);

/* The parts of a request, as complete elements; what is empty gets a good default. */
struct applicant_parts {
	struct cs_span version, subject, spki, attributes, sigalg;
	struct cs_span signature; /* contents of the BIT STRING; empty: a real one */
	struct cs_span after;     /* further octets inside the outer SEQUENCE */
};
struct cs_span
applicant_request(struct cs_arena *arena, EVP_PKEY *key, const struct applicant_parts *parts);

#endif
