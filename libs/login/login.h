/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.h: people who log in at a provider of OpenID Connect or of SAML 2.0: where each is sent, and who it was that
 * came back.
 *
 * The provider is asked in sandboxed children (sandbox.h), since all that it says is a stranger's: its document, the
 * answer that brings a token, its keys; its metadata, the form that a browser brings.  What it says of itself is
 * fetched anew for each login, so that keys which the provider has withdrawn are never taken.  What is judged and how
 * is libs/oidc's and libs/saml's.  Each of two children serves all tenants.  For as long as it is
 * asked, it holds the client's secret, the code with its verifier, the nonce, or what a browser posted.  One that was
 * taken over has these of all who log in by it while it lives, ten minutes or so, and could name somebody else to
 * them, which is why a person's second factor is never all that is asked for.  The end of one ends what it was asked,
 * and not the other's.
 *
 * Servers are hostile: certificates are judged, redirects are not followed, and each question has 10 seconds and
 * its bounds (oidc/discovery.h, oidc/token.h, saml/metadata.h, saml/response.h).  Tenants lead to public addresses
 * alone, the platform also to those of RFC 1918 and RFC 4193; in test mode a place that is loopback itself may be
 * visited there, in clear, too.
 */
#ifndef LOGIN_LOGIN_H
#define LOGIN_LOGIN_H

#include "oidc/ask.h"
#include "oidc/refusal.h"
#include "oidc/token.h"
#include "saml/request.h"
#include "saml/response.h"
#include "sandbox/sandbox.h"

struct event_base;

/* Under way in one child; one more is as if the provider did not answer, so whoever asks counts them. */
#define LOGINS_AT_ONCE 32

extern const struct sandbox_role login_role;

struct logins; /* one thread, in the caller's event loop */

struct logins_settings {
	const char *ca_file; /* PEM that servers are judged by; "": the system's */
	bool test_mode;
	sandbox_told *told; /* NULL: nobody is told of children */
	void *told_arg;
};
/* As sandbox_open(). */
CS_MUST_USE enum cs_code logins_open(const struct logins_settings *settings,
    struct event_base *base, struct logins **ret, struct cs_err *err);
/* What is under way ends without `done`.  Not from a callback.  Takes NULL. */
void logins_close(struct logins *logins);

/* Whose connector it is, and where it leads. */
struct login_at {
	bool platform; /* no tenant's */
	const char *endpoint;
};
/* Somebody is to be sent there. */
struct login_start {
	struct login_at at;
	struct oidc_request request;
};
/* Somebody came back, with what began there: state compared, the rest as it came. */
struct login_finish {
	struct login_at at;
	struct oidc_redirect redirect; /* its code is the exchange's */
	struct oidc_exchange exchange;
	const char *nonce, *claim;
	int64_t asked_s;
	uint32_t max_age_s;
};

/* The same at a provider of SAML; `endpoint` is where its metadata is. */
struct login_saml_start {
	struct login_at at;
	const char *entity_id, *answer_at; /* ours: request.h */
	const char *request_id, *state;
};
struct login_saml_finish {
	struct login_at at;
	const char *form; /* SAMLResponse, at most SAML_FORM_MAX octets (asserted) */
	const char *entity_id, *answer_at, *request_id;
	const char *claim; /* the attribute that names the person; "": NameID does */
	int64_t asked_s;
};

/* Borrowed for the call, as all in it. */
struct login_told {
	struct cs_refusal
	    why; /* code NULL: it is good; oidc-unreachable, saml-unreachable: it may be later */
	const char *said; /* why not, for logs: printable ASCII; "": no more than that */
	const char *url;  /* of a start that is good: where the browser goes; else "" */
	struct oidc_person
	    person; /* of a finish that is good; SAML's subject is its assertion's ID */
};
typedef void login_done(void *arg, const struct login_told *told);
/* One call of `done`, from the loop, never before this returns, after 40 seconds at most. */
void
login_start(struct logins *logins, const struct login_start *start, login_done *done, void *arg);
void
login_finish(struct logins *logins, const struct login_finish *finish, login_done *done, void *arg);
void login_start_saml(
    struct logins *logins, const struct login_saml_start *start, login_done *done, void *arg);
void login_finish_saml(
    struct logins *logins, const struct login_saml_finish *finish, login_done *done, void *arg);

#endif
