/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domain.h: names of domains: one spelling (lower-case A-labels without a trailing dot), which of
 * them anybody may be certified under, and how they nest.
 */
#ifndef SMIME_DOMAIN_H
#define SMIME_DOMAIN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/refusal.h"

struct smime_psl; /* the Public Suffix List; read only, any number of threads */

/* `path` NULL: the newer of libpsl's own list and the system's.  CS_NOT_FOUND, CS_MALFORMED. */
CS_MUST_USE enum cs_code
smime_psl_load(const char *path, struct smime_psl **ret_psl, struct cs_err *err);
void smime_psl_free(struct smime_psl *psl); /* takes NULL */

#define SMIME_REFUSE_DOCUMENTATION 1u  /* example., example.com, .net, .org (RFC 6761 6.5) */
#define SMIME_REFUSE_PRIVATE_SUFFIX 2u /* also suffixes of the list's private section: github.io */

/*
 * The A-label form of a name that may be served: smime_domain_spell and smime_domain_judge.  True
 * and *ret_name (in `arena`), or false and *ret_why.
 */
CS_MUST_USE bool smime_domain_parse(struct cs_arena *arena, struct cs_span text,
    const struct smime_psl *psl, unsigned flags, const char **ret_name, struct cs_refusal *ret_why);

/*
 * Only the spelling: UTF-8 in, lower-case A-labels (IDNA2008, RFC 5891) out.  Refuses wildcards,
 * underscores, trailing dots, single labels, addresses and whatever is not letters, digits, hyphens.
 */
CS_MUST_USE bool smime_domain_spell(
    struct cs_arena *arena, struct cs_span text, const char **ret_name, struct cs_refusal *ret_why);

/*
 * May mailboxes and domains of this (already spelled) name be certified?  Refuses public suffixes,
 * names under none, and special-use names (RFC 6761, RFC 7686, RFC 8375, RFC 9476).
 */
CS_MUST_USE bool smime_domain_judge(struct cs_arena *arena, const char *name,
    const struct smime_psl *psl, unsigned flags, struct cs_refusal *ret_why);

/* The part of `name` that somebody registered (both sections count); NULL: `name` is a suffix. */
const char *smime_domain_registrable(const struct smime_psl *psl, const char *name);

/* Is `child` equal to or below `parent`, label by label?  Both spelled. */
bool smime_domain_is_under(const char *child, const char *parent);

/* The name one label up: "b.example" of "a.b.example"; NULL for a single label. */
const char *smime_domain_parent(const char *name);

/* For display beside the A-labels: the U-label form, or `name` itself where there is none. */
const char *smime_domain_display(struct cs_arena *arena, const char *name);

#endif
