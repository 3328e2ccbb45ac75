/* SPDX-License-Identifier: Apache-2.0 */
/* fake_hierarchy.h: a root and an issuing CA in a directory of their own, as csctl makes them. */
#ifndef TESTS_FAKE_HIERARCHY_H
#define TESTS_FAKE_HIERARCHY_H

#include "pki/ca.h"
#include "pki/issuer.h"

#define NOW_S INT64_C(1795392000) /* 2026-11-23T00:00:00Z */
#define YEAR_S (INT64_C(365) * 86400)

struct hierarchy {
	struct cs_arena *arena;
	char dir[64];
	struct pki_issuer *root, *issuing;
	struct pki_ca_made root_made, issuing_made;
};

struct pki_ca_spec root_spec(void);
struct pki_ca_spec issuing_spec(void);
/* Writes a file into the directory and returns its path. */
const char *hierarchy_file(struct hierarchy *h, const char *name, const char *text, unsigned mode);

int hierarchy_open(void **state); /* P-384 root, P-256 issuing CA */
int hierarchy_close(void **state);

/* A mailbox-validated certificate's template, good in every lint. */
struct pki_cert_template subscriber_template(struct hierarchy *h, struct cs_span spki);
/* Built, signed, assembled. */
struct cs_span subscriber_issue(struct hierarchy *h, const struct pki_cert_template *template);

#endif
