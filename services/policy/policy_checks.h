/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_checks.h: may this be requested, and which checks does it need?  Pure.
 *
 *   validation   checks
 *   mailbox      mailbox-N for each mailbox
 *   domain       domain-N and mpic-domain-N for each domain; each mailbox assigned to the account
 *   both         all of these
 *   always       caa-N and mpic-caa-N for each domain of a mailbox
 *   without CAA  no caa-N and no mpic-caa-N      these two for certificate profiles of private
 *   without MPIC no mpic-domain-N, no mpic-caa-N trust alone, and named in the plan
 *
 *   certificate of type          checks, which people verified before
 *   organization-validated       organization-1, authority-1
 *   sponsor-validated            organization-1, authority-1, individual-1
 *   individual-validated         individual-1
 *
 * Of a request for a domain alone domain-1 and mpic-domain-1, by every method that may be used.
 * For public trust no profile and no setting removes CAA and corroboration (SBR 4.2.2.1, 4.2.2.2);
 * for nobody does one remove the proof of a mailbox or a domain, or lengthen a period beyond SBR 4.2.1.
 */
#ifndef POLICY_CHECKS_H
#define POLICY_CHECKS_H

#include "base/refusal.h"
#include "claim/claim.h"
#include "policy_identity.h"
#include "smime/domain.h"

#define POLICY_MAX_MAILBOXES 10
#define POLICY_MAX_DAYS 825          /* SBR 6.3.2 */
#define POLICY_MAX_ISSUER_OCTETS 512 /* of our issuer domain names, joined by commas */

struct connector_recipient;

enum policy_validation { POLICY_MAILBOX, POLICY_DOMAIN, POLICY_BOTH };

/* "mailbox", "domain", "both". */
const char *policy_validation_name(enum policy_validation validation);

/* An attribute of the subject, as a profile shows it to people: a name of libs/smime/profile.h. */
struct policy_rdn {
	const char *name;
	bool required;
	const char *value; /* the same for everybody; "" for none */
};

/* A value that an operator has set for one person: fixed for the person. */
struct policy_value {
	const char *name, *value;
};

/* The kinds of names that a request gives. */
enum policy_san { POLICY_SAN_MAILBOX, POLICY_SAN_DOMAIN, POLICY_SANS };

/* What a profile says of one kind.  All zero: mailboxes as the rules want them, domains as the person likes. */
struct policy_san_rule {
	bool hidden;      /* requests bring none but what is fixed */
	bool required;    /* of domains: one must be named.  A mailbox always must */
	bool from_person; /* fixed: the mailbox that operators set for the person, once they do */
	struct claim_texts values; /* fixed: the same for everybody; sorted, each once */
};

struct policy_profile {
	uint32_t version;
	enum policy_validation validation;
	const char *certificate_profile; /* of libs/smime: "mailbox-strict" */
	uint32_t mailbox_period_days, domain_period_days, max_days;
	bool may_dual, may_signing, may_encryption;
	struct claim_texts domain_methods;  /* how people may prove a domain: names of libs/smime */
	struct claim_texts mailbox_methods; /* and a mailbox: at least one */
	const struct policy_rdn *rdns;      /* beside the common name; none: nothing is asked for */
	size_t n_rdns;
	struct policy_san_rule sans[POLICY_SANS]; /* policy_san.h */
	const uint32_t *validities; /* days that may be chosen, rising; none: any up to max_days */
	size_t n_validities;
	/*
	 * What need not be proved; true only for private trust, and named in every plan.  without_dnssec is
	 * refused for everybody: unsigned domains pass anyway, and what is bogus or could not be validated
	 * is no answer.
	 */
	bool without_caa, without_mpic, without_dnssec;
};

/* Which domains people of an enterprise may name; owned: each is bound to the first who proved it. */
enum policy_domain_mode {
	POLICY_DOMAINS_APPROVED,       /* those that operators entered and that are verified */
	POLICY_DOMAINS_APPROVED_OWNED, /* these, and each for one person */
	POLICY_DOMAINS_ANY_OWNED,      /* these or new ones, and each for one person */
	POLICY_DOMAINS_ANY             /* whatever is proved */
};

/* A domain that an operator entered.  It is verified while evidence of the enterprise stands for it. */
struct policy_domain {
	const char *name; /* A-labels */
	bool active;
};

struct policy_ownership {
	const char *domain, *account;
	bool is_new; /* bound since it was loaded: for the store alone */
};

/* By which of our issuer domain names CAA of a domain, and of those below it, may permit us. */
struct policy_caa {
	const char *domain;
	struct claim_texts issuers;
};

/* Where codes of a second factor reach a person, whose password of a directory is one, and who has to log in, as
 * operators set it; "" or NULL: nowhere, nobody's. */
struct policy_contact {
	const char *email;    /* canonical */
	const char *phone;    /* "+" and digits */
	const char *login;    /* in the directory */
	const char *identity; /* at the provider */
};

/* What policy's own tables say about the one who asks; all false: nobody knows them. */
struct policy_config {
	bool enterprise_known, account_known, profile_known, profile_allowed;
	uint32_t enterprise_version;
	struct policy_profile profile;
	struct claim_texts
	    assigned; /* to the account: mailboxes, or "*@domain" for all of a domain */
	struct claim_texts
	    issuers;            /* that the enterprise relies on everywhere; none: all of ours */
	struct policy_caa *caa; /* the enterprise's, for the mailboxes' domains and those above */
	size_t n_caa;
	struct policy_identities identities;
	bool is_operator;           /* the account may act for the enterprise */
	bool submitter_is_operator; /* who asks on behalf of the account may do so */
	enum policy_domain_mode domain_mode;
	/* The enterprise's, of the request's domains, those of its mailboxes and all above these. */
	const struct policy_domain *domains;
	size_t n_domains;
	const struct policy_ownership *ownerships;
	size_t n_ownerships;
	const struct policy_value *details; /* of the account */
	size_t n_details;
	const char *mailbox;       /* that operators set for the account, canonical; NULL: none */
	const char *second_factor; /* what whoever approves must prove; "" or NULL: nothing */
	struct policy_contact account_contact, submitter_contact;
};

/* What holds for everybody, from the settings. */
struct policy_rules {
	const struct smime_psl *psl;
	/*
	 * What CAA must name: at least one.  The first is in the name of every account (RFC 8657 3), so
	 * that it stays the first.
	 */
	struct claim_texts issuer_domains;
	const struct connector_recipient *recipients; /* to whom secrets of connectors are sealed */
	size_t n_recipients;
	bool test_mode; /* connectors may speak in clear on loopback */
};

/* ---- policy_profile.c ---- */

/* How long a certificate may be valid at most: the profile's, the certificate profile's, SBR 6.3.2. */
uint32_t policy_longest_days(const struct policy_profile *profile);

/*
 * May a profile say this at all (SBR 4.2.2, 6.3.2)?  What it does without, and its validities.  False:
 * *ret_why, with the field of the profile, "caa", "validities[1]".  Asked when it is set, and again for
 * each request.
 */
CS_MUST_USE bool policy_profile_holds(
    const struct policy_profile *profile, struct cs_arena *arena, struct cs_refusal *ret_why);

/*
 * Does the profile do without CLAIM_WAIVED_CAA, CLAIM_WAIVED_MPIC?  Never for public trust, whatever is
 * set: policy_may_request refuses such a profile.
 */
bool policy_waives(const struct policy_profile *profile, const char *what);
/* All of it, as a plan names it. */
struct claim_texts policy_waived(const struct policy_profile *profile, struct cs_arena *arena);

/* ---- policy_request.c, policy_checks.c ---- */

/*
 * False and *ret_why: no, with field, clause, text and what would mend it.  `until_ms`: as of
 * policy_checks_make.
 */
CS_MUST_USE bool policy_may_request(const struct policy_rules *rules,
    const struct policy_config *config, const struct claim_request *request, int64_t now_ms,
    int64_t until_ms, struct cs_arena *arena, struct cs_refusal *ret_why);

/* Does another than the account ask? */
bool policy_on_behalf(const struct claim_request *request);

/*
 * Of what the request's certificate profile rests on, see policy_identify, and what its subject says beside
 * that, see policy_subject_plan.  The profile is known.
 */
CS_MUST_USE bool policy_identify_for(const struct policy_config *config,
    const struct claim_request *request, int64_t now_ms, int64_t until_ms, struct cs_arena *arena,
    struct policy_identified *ret, struct cs_refusal *ret_why);

/* The profile's methods for domains that are not retired at `at_ms`, in the order of libs/smime. */
struct claim_texts
policy_domain_methods(const struct policy_profile *profile, int64_t at_ms, struct cs_arena *arena);

/* All that there are, retired or not. */
struct claim_texts policy_every_domain_method(struct cs_arena *arena);

/*
 * The checks of a request that may be made, without standing or attempt, for a plan that ends at
 * until_ms (which decides how many perspectives count, TBR 3.2.2.9, and which methods, 3.2.2.4).  `identified`:
 * as policy_identify says of it.  At most CLAIM_MAX_CHECKS.
 */
void policy_checks_make(const struct policy_rules *rules, const struct policy_config *config,
    const struct claim_request *request, const struct policy_identified *identified,
    int64_t until_ms, struct cs_arena *arena, struct claim_check **ret_checks, size_t *ret_n);

/*
 * What CAA and its perspectives shall be read for: our names that the enterprise relies on, its
 * account, and the methods by which the other checks prove the mailboxes of each domain, once they are
 * chosen (RFC 8657).  To be called again when those checks have changed.
 */
void policy_checks_terms(const struct policy_rules *rules, const struct policy_config *config,
    struct claim_check *checks, size_t n, struct cs_arena *arena);

/* Those of our issuer domain names that the enterprise relies on for this domain: perhaps none. */
struct claim_texts policy_caa_issuers(const struct policy_rules *rules,
    const struct policy_config *config, const char *domain, struct cs_arena *arena);

/* Does a person have to do something for it, before they can press Generate? */
bool policy_needs_person(const struct claim_check *check);

#endif
