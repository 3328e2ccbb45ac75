/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_factor.h"

#include <string.h>

#include "connector/factor.h"

#define AHEAD_MS (5 * CS_SECOND_MS) /* clocks differ */

static const char *
approver(const struct claim_approval *approval)
{
	return approval->approved_by != NULL && approval->approved_by[0] != '\0'
		   ? approval->approved_by
		   : approval->account;
}

static bool
is_for(const struct claim_factor *claim, const struct claim_request *request,
    const struct claim_approval *approval, const char *demanded)
{
	return cs_id_equal(claim->request, request->id) &&
	       memcmp(claim->request_digest, request->digest, CLAIM_DIGEST) == 0 &&
	       strcmp(claim->enterprise, request->enterprise) == 0 &&
	       strcmp(claim->account, approver(approval)) == 0 &&
	       strcmp(claim->method, demanded) == 0;
}

/* At the approval, and at the latest while that may be made good: whoever holds it back gains nothing. */
static bool
is_fresh(const struct claim_factor *claim, const struct claim_approval *approval, int64_t now_ms)
{
	const int64_t age_ms = approval->approved_at_ms - claim->proved_at_ms;

	return age_ms >= -AHEAD_MS && age_ms <= POLICY_FACTOR_MS &&
	       now_ms - claim->proved_at_ms <= POLICY_APPROVAL_MS + POLICY_FACTOR_MS;
}

static bool
refuse(struct cs_refusal *ret_why, const char *code, const char *text)
{
	return cs_refuse(
	    ret_why, (struct cs_refusal){ code, "second_factor", "", text,
			 "Make the request again, and prove the second factor when you "
			 "approve it." });
}

bool
policy_factor_is_wanted(const char *demanded)
{
	return demanded != NULL && demanded[0] != '\0';
}

bool
policy_factor_holds(const char *demanded, const struct claim_request *request,
    const struct claim_approval *approval, const struct policy_factor *factor, int64_t now_ms,
    struct cs_refusal *ret_why)
{
	if (!policy_factor_is_wanted(demanded))
		return true;
	if (approval->second_factor.len == 0)
		return refuse(ret_why, "second-factor-missing",
		    "It was approved without the second factor that the settings ask for.");
	if (!factor->genuine)
		return refuse(ret_why, "second-factor-not-genuine",
		    "That a second factor was proved is not stated by a key that may state it.");
	if (!is_for(&factor->claim, request, approval, demanded))
		return refuse(ret_why, "second-factor-of-another",
		    "The second factor was proved for another request, by somebody else or by "
		    "another method.");
	if (!is_fresh(&factor->claim, approval, now_ms))
		return refuse(ret_why, "second-factor-stale",
		    "The second factor was proved too long before the approval.");
	return true;
}

/* ---- where codes go ---- */

const char *
policy_factor_result_name(enum policy_factor_result result)
{
	static const char *const names[] = {
		[POLICY_FACTOR_UNKNOWN] = "unknown",
		[POLICY_FACTOR_NONE] = "none",
		[POLICY_FACTOR_NO_ADDRESS] = "no-address",
		[POLICY_FACTOR_ORDER] = "order",
	};

	return names[result];
}

/* Of who may approve it; NULL: this account may not. */
static const struct policy_contact *
contact_of(const struct policy_case *c, const struct policy_factor_ask *ask)
{
	const struct claim_request *request = &c->plan.request;

	if (c->plan.state != POLICY_MADE || request->kind == CLAIM_DOMAIN_ONLY ||
	    strcmp(ask->enterprise, request->enterprise) != 0)
		return NULL;
	if (strcmp(ask->account, request->account) == 0)
		return &c->config.account_contact;
	if (policy_on_behalf(request) && strcmp(ask->account, request->submitted_by) == 0)
		return &c->config.submitter_contact;
	return NULL;
}

/* A method that this build does not know asks for an address that nobody has: nobody approves by it. */
static const char *
lacking(const struct factor_method *method, const struct policy_contact *contact)
{
	const char *const addresses[FACTOR_CHANNELS] = {
		[FACTOR_EMAIL] = contact->email,
		[FACTOR_SMS] = contact->phone,
		[FACTOR_LOGIN] = contact->identity,
	};

	if (method == NULL)
		return "second_factor";
	for (enum factor_channel channel = 0; channel < FACTOR_CHANNELS; channel++)
		if (method->sends[channel] &&
		    (addresses[channel] == NULL || addresses[channel][0] == '\0'))
			return factor_channel_row(channel)->field;
	return method->binds && (contact->login == NULL || contact->login[0] == '\0') ? "login"
										      : NULL;
}

struct policy_factor_answer
policy_factor_ask(const struct policy_case *c, const struct policy_factor_ask *ask, int64_t now_ms)
{
	const struct policy_contact *contact = contact_of(c, ask);
	const char *name = c->config.second_factor;
	struct policy_factor_answer answer = { .result = POLICY_FACTOR_UNKNOWN };

	if (contact == NULL)
		return answer;
	answer.result = POLICY_FACTOR_NONE;
	if (!policy_factor_is_wanted(name))
		return answer;
	const struct factor_method *method = factor_method_find(name);

	answer.method = name;
	answer.field = lacking(method, contact);
	answer.result = POLICY_FACTOR_NO_ADDRESS;
	if (answer.field != NULL)
		return answer;
	answer.result = POLICY_FACTOR_ORDER;
	answer.order = (struct claim_factor_order){
		.request = c->plan.request.id,
		.enterprise = c->plan.request.enterprise,
		.account = ask->account,
		.method = name,
		.email = method->sends[FACTOR_EMAIL] ? contact->email : "",
		.phone = method->sends[FACTOR_SMS] ? contact->phone : "",
		.login = method->binds ? contact->login : "",
		.identity = method->sends[FACTOR_LOGIN] ? contact->identity : "",
		.ordered_at_ms = now_ms,
	};
	memcpy(answer.order.request_digest, c->plan.request.digest, CLAIM_DIGEST);
	return answer;
}
