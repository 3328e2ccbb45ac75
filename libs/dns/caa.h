/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caa.h: what one set of CAA records says about us.  Pure.
 *
 * RFC 8659 4 (records, grammar), RFC 8657 (parameters), RFC 9495 (issuemail), SBR 4.2.2.1.  Which
 * set is the relevant one is the question of climb.h.
 */
#ifndef DNS_CAA_H
#define DNS_CAA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "dns/answer.h"

enum caa_tag {
	CAA_ISSUEMAIL, /* S/MIME: the only one that decides about a mailbox */
	CAA_ISSUE,
	CAA_ISSUEWILD /* falls back to issue where the set has none (RFC 8659 4.3) */
};

#define CAA_MAX_METHODS 32

struct caa_method {
	const char *name; /* ours, for people: "acme-http" */
	const char *const
	    *labels; /* any of them permits it: "http-01", "ca-tbr-19"; ends with NULL */
};

struct caa_question {
	enum caa_tag tag;
	const char *const *issuers; /* our issuer domain names, as the CPS lists them */
	size_t issuers_len;
	const char
	    *account_uri; /* of the requesting account; NULL: every accounturi is a stranger's */
	/*
	 * By which methods the names are proved: `validationmethods` must permit every one.  None: no
	 * method is known yet, and it permits nothing.
	 */
	const struct caa_method *methods;
	size_t methods_len; /* at most CAA_MAX_METHODS */
};

enum caa_finding { CAA_COULD_NOT_TELL, CAA_ALLOW, CAA_DENY };

enum caa_reason {
	CAA_LOOKUP_FAILED,        /* "lookup-failed" */
	CAA_NO_CAA,               /* "no-caa": nothing up to the top-level domain */
	CAA_UNRESTRICTED,         /* "unrestricted": a set without the tag asked for */
	CAA_AUTHORIZED,           /* "authorized": a record names us, and its parameters fit */
	CAA_NOT_AUTHORIZED,       /* "not-authorized": records, none for us */
	CAA_PARAMETER_MISMATCH,   /* "parameter-mismatch": we are named, but not for this */
	CAA_CRITICAL_UNKNOWN_TAG, /* "critical-unknown-tag" */
	CAA_MALFORMED,            /* "malformed": a record that cannot be read (RFC 8659 4.1) */
	CAA_DNSSEC_BOGUS,         /* "dnssec-bogus" */
	/* "dnssec-unsupported-algorithm": signed, in a way that we cannot check (RFC 4035 5.2) */
	CAA_DNSSEC_UNSUPPORTED,
	CAA_DNSSEC_UNCHECKED, /* "dnssec-unchecked": signed, and not vouched for (RFC 9276 3.2) */
	CAA_REASONS
};

/* What one record contributes. */
enum caa_effect {
	CAA_NO_EFFECT,         /* another tag, understood or not critical */
	CAA_FITS,              /* authorises this request */
	CAA_OTHER_ISSUER,      /* names somebody else */
	CAA_NOBODY,            /* the empty issuer */
	CAA_BAD_VALUE,         /* outside the grammar: as the empty issuer */
	CAA_OTHER_ACCOUNT,     /* us, but not this account */
	CAA_OTHER_METHOD,      /* us, but not this validation method */
	CAA_UNKNOWN_PARAMETER, /* us, with a condition that we do not understand */
	CAA_DOUBLE_PARAMETER,  /* us, with the same condition twice */
	CAA_BLOCKS,            /* critical and unknown */
	CAA_BAD_RECORD         /* no readable tag */
};

struct caa_property {
	uint8_t flags;        /* all but 0x80 are ignored; `odd_flags` says that there are such */
	bool odd_flags;       /* worth a warning: some software reads 1 as critical */
	struct cs_span tag;   /* borrowed from the record */
	struct cs_span value; /* borrowed; any octets */
	const char *text;     /* the presentation form, escaped and cut, safe to print anywhere */
	enum caa_effect effect;
	const char *parameter; /* escaped: the one that does not fit; "" where none is at fault */
};

struct caa_decision {
	enum caa_finding finding;
	enum caa_reason reason;
	const char *clause; /* the one that decided: "RFC 9495 4" */
	const char
	    *detail; /* for people: which record, what is wrong with it; escaped; never NULL */
	const char *found_at; /* the name that was asked where the set was found; NULL: no set */
	uint32_t ttl_s;       /* of that set */
	const struct caa_property *properties; /* of that set, in its order */
	size_t properties_len;
	size_t steps; /* octets of values that the grammar read: never more than the set holds */
};

/*
 * Decides over the records of one set; none at all is "no-caa".  Evaluation order: RFC 8659 4.1
 * (critical), then the tag asked for.  The result lives in `arena`, borrows from `records`, leaves
 * found_at and ttl_s to the climb, and is never CAA_COULD_NOT_TELL.
 */
void caa_decide(struct cs_arena *arena, const struct caa_question *question,
    const struct dns_record *records, size_t records_len, struct caa_decision *ret_decision);

#define CAA_MAX_PARAMETERS 16 /* more than these make a value unreadable */

struct caa_value {
	struct cs_span issuer; /* empty: nobody */
	struct {
		struct cs_span tag, value;
	} parameters[CAA_MAX_PARAMETERS];
	size_t parameters_len;
	size_t steps; /* octets read: one state transition each */
};

/*
 * The issue-value grammar of RFC 8659 4.2, left to right, one step an octet.  False: outside the
 * grammar. The spans borrow from `value`.  Also for the persistent TXT record of TBR 3.2.2.4.22.
 */
bool caa_value_parse(struct cs_span value, struct caa_value *ret_value);

const char *caa_finding_name(enum caa_finding finding); /* "allow", "deny", "could-not-tell" */
const char *caa_reason_name(enum caa_reason reason);
const char *caa_effect_name(enum caa_effect effect);
const char *caa_tag_name(enum caa_tag tag);

#endif
