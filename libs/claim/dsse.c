/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dsse.c: statements into envelopes and back.  A signature covers the received octets of the payload;
 * they are verified before they are parsed and never written again to be verified.
 */
#include "claim/dsse.h"

#include <string.h>

#include "base/text.h"
#include "claim/batch.h"
#include "claim/trust.h"
#include "claim/wire.h"
#include "pki/ed25519.h"

#define TYPE_PREFIX "application/vnd.countersign."
#define TYPE_SUFFIX ".v1+protobuf"

const char *
claim_dsse_type(enum claim_statement statement)
{
	static const char *const types[] = {
		[CLAIM_REQUEST] = TYPE_PREFIX "request" TYPE_SUFFIX,
		[CLAIM_APPROVAL] = TYPE_PREFIX "approval" TYPE_SUFFIX,
		[CLAIM_PLAN] = TYPE_PREFIX "plan" TYPE_SUFFIX,
		[CLAIM_EVIDENCE] = TYPE_PREFIX "evidence" TYPE_SUFFIX,
		[CLAIM_PERSPECTIVE] = TYPE_PREFIX "perspective" TYPE_SUFFIX,
		[CLAIM_REVOCATION] = TYPE_PREFIX "revocation" TYPE_SUFFIX,
		[CLAIM_SETTING] = TYPE_PREFIX "setting" TYPE_SUFFIX,
		[CLAIM_FACTOR_ORDER] = TYPE_PREFIX "factor-order" TYPE_SUFFIX,
		[CLAIM_FACTOR] = TYPE_PREFIX "factor" TYPE_SUFFIX,
	};

	return types[statement];
}

struct cs_span
claim_dsse_pae(struct cs_arena *arena, const char *type, struct cs_span payload)
{
	struct cs_buf buf = cs_buf_new(arena);

	cs_buf_printf(&buf, "DSSEv1 %zu %s %zu ", strlen(type), type, payload.len);
	cs_buf_add_span(&buf, payload);
	return cs_buf_span(&buf);
}

bool
claim_dsse_verify(struct cs_arena *arena, const uint8_t public_key[static 32], const char *type,
    struct cs_span payload, struct cs_span signature)
{
	return signature.len == CLAIM_SIGNATURE &&
	       pki_ed25519_verify(public_key, claim_dsse_pae(arena, type, payload), signature.data);
}

/* ---- sealing ---- */

static struct cs_span
seal(struct cs_arena *arena, const struct claim_key *key, enum claim_statement statement,
    struct cs_span payload)
{
	uint8_t signature[CLAIM_SIGNATURE];
	const struct claim_envelope envelope = {
		.payload = payload,
		.type = claim_dsse_type(statement),
		.keyid = claim_key_id(key),
		.signature = cs_span_of(signature, sizeof(signature)),
	};

	claim_dsse_sign(arena, key, envelope.type, payload, signature);
	return claim_wire_envelope(arena, &envelope);
}

struct cs_span
claim_seal_request(
    struct cs_arena *arena, const struct claim_key *key, const struct claim_request *request)
{
	return seal(arena, key, CLAIM_REQUEST, claim_wire_request(arena, request));
}

struct cs_span
claim_seal_approval(
    struct cs_arena *arena, const struct claim_key *key, const struct claim_approval *approval)
{
	return seal(arena, key, CLAIM_APPROVAL, claim_wire_approval(arena, approval));
}

struct cs_span
claim_seal_revocation(
    struct cs_arena *arena, const struct claim_key *key, const struct claim_revocation *revocation)
{
	return seal(arena, key, CLAIM_REVOCATION, claim_wire_revocation(arena, revocation));
}

struct cs_span
claim_seal_setting(
    struct cs_arena *arena, const struct claim_key *key, const struct claim_setting *setting)
{
	return seal(arena, key, CLAIM_SETTING, claim_wire_setting(arena, setting));
}

struct cs_span
claim_seal_factor_order(
    struct cs_arena *arena, const struct claim_key *key, const struct claim_factor_order *order)
{
	return seal(arena, key, CLAIM_FACTOR_ORDER, claim_wire_factor_order(arena, order));
}

struct cs_span
claim_seal_factor(
    struct cs_arena *arena, const struct claim_key *key, const struct claim_factor *factor)
{
	return seal(arena, key, CLAIM_FACTOR, claim_wire_factor(arena, factor));
}

struct cs_span
claim_seal_plan(struct cs_arena *arena, const struct claim_key *key, const struct claim_plan *plan)
{
	return seal(arena, key, CLAIM_PLAN, claim_wire_plan(arena, plan));
}

struct cs_span
claim_seal_evidence(
    struct cs_arena *arena, const struct claim_key *key, const struct claim_evidence *evidence)
{
	return seal(arena, key, CLAIM_EVIDENCE, claim_wire_evidence(arena, evidence));
}

struct cs_span
claim_seal_perspective(struct cs_arena *arena, const struct claim_key *key,
    const struct claim_perspective_answer *answer)
{
	return seal(arena, key, CLAIM_PERSPECTIVE, claim_wire_perspective(arena, answer));
}

/* ---- opening ---- */

/* An envelope whose signature is right, if `row` is not NULL. */
struct opened {
	struct cs_span payload;
	const struct claim_trust_row *row; /* NULL: nobody asked for verification */
};

static enum cs_code
open_envelope(struct cs_arena *arena, const struct claim_trust *trust,
    enum claim_statement statement, struct cs_span octets, struct opened *ret, struct cs_err *err)
{
	struct claim_envelope envelope;

	enum cs_code code = claim_wire_read_envelope(arena, octets, &envelope, err);
	if (code != CS_OK)
		return code;
	if (strcmp(envelope.type, claim_dsse_type(statement)) != 0)
		return cs_fail(err, CS_MALFORMED, "the envelope is not of type %s",
		    claim_statement_name(statement));
	if (envelope.n_enclosed > 0 && statement != CLAIM_PLAN)
		return cs_fail(err, CS_MALFORMED, "the envelope encloses others");
	*ret = (struct opened){ .payload = envelope.payload };
	if (trust == NULL)
		return CS_OK;
	ret->row = claim_trust_find(trust, envelope.keyid);
	if (ret->row == NULL)
		return cs_fail(
		    err, CS_MALFORMED, "key %s is not in the trust table", envelope.keyid);
	struct cs_span said = claim_dsse_pae(arena, envelope.type, envelope.payload);
	if (envelope.path.len > 0 && !claim_batch_signed(arena, said, envelope.path, &said))
		return cs_fail(err, CS_MALFORMED, "the envelope's path is none");
	if (!claim_trust_verify(trust, ret->row, said, envelope.signature))
		return cs_fail(
		    err, CS_MALFORMED, "the signature of key %s is wrong", envelope.keyid);
	return CS_OK;
}

static enum cs_code
permit(const struct opened *opened, const struct claim_stated *stated, struct cs_err *err)
{
	return opened->row == NULL ? CS_OK : claim_trust_permits(opened->row, stated, err);
}

static enum cs_code
open_request(struct cs_arena *arena, const struct claim_trust *trust, struct cs_span envelope,
    int64_t now_ms, struct claim_request *ret, struct opened *ret_opened, struct cs_err *err)
{
	if (open_envelope(arena, trust, CLAIM_REQUEST, envelope, ret_opened, err) != CS_OK ||
	    claim_wire_read_request(arena, ret_opened->payload, ret, err) != CS_OK)
		return CS_MALFORMED;
	const struct claim_stated stated = { "request", ret->enterprise, ret->submitted_at_ms,
		now_ms };

	return permit(ret_opened, &stated, err);
}

enum cs_code
claim_open_request(struct cs_arena *arena, const struct claim_trust *trust, struct cs_span envelope,
    int64_t now_ms, struct claim_request *ret, struct cs_err *err)
{
	struct opened opened;
	struct claim_request request;

	if (open_request(arena, trust, envelope, now_ms, &request, &opened, err) != CS_OK)
		return CS_MALFORMED;
	*ret = request;
	return CS_OK;
}

/* Whoever approves with the request says so in it. */
static enum cs_code
approval_of_request(const struct claim_request *request, const struct opened *opened,
    int64_t now_ms, struct claim_approval *ret, struct cs_err *err)
{
	const struct claim_stated stated = { "approval", request->enterprise,
		request->submitted_at_ms, now_ms };

	if (request->approved_factor[0] == '\0')
		return cs_fail(err, CS_MALFORMED, "the request is not approved in itself");
	if (permit(opened, &stated, err) != CS_OK)
		return CS_MALFORMED;
	*ret = (struct claim_approval){ .request = request->id,
		.enterprise = request->enterprise,
		.account = request->account,
		.factor = request->approved_factor,
		.approved_at_ms = request->submitted_at_ms,
		.approved_by = request->submitted_by };
	memcpy(ret->request_digest, request->digest, CLAIM_DIGEST);
	return CS_OK;
}

enum cs_code
claim_open_approval(struct cs_arena *arena, const struct claim_trust *trust,
    struct cs_span envelope, int64_t now_ms, struct claim_approval *ret, struct cs_err *err)
{
	struct opened opened;
	struct claim_approval approval;
	struct claim_request request;

	if (claim_statement_of(arena, envelope) == CLAIM_REQUEST)
		return open_request(arena, trust, envelope, now_ms, &request, &opened, err)
			   ? CS_MALFORMED
			   : approval_of_request(&request, &opened, now_ms, ret, err);
	if (open_envelope(arena, trust, CLAIM_APPROVAL, envelope, &opened, err) != CS_OK ||
	    claim_wire_read_approval(arena, opened.payload, &approval, err) != CS_OK)
		return CS_MALFORMED;
	const struct claim_stated stated = { "approval", approval.enterprise,
		approval.approved_at_ms, now_ms };
	if (permit(&opened, &stated, err) != CS_OK)
		return CS_MALFORMED;
	*ret = approval;
	return CS_OK;
}

enum cs_code
claim_open_revocation(struct cs_arena *arena, const struct claim_trust *trust,
    struct cs_span envelope, int64_t now_ms, struct claim_revocation *ret, struct cs_err *err)
{
	struct opened opened;
	struct claim_revocation revocation;

	if (open_envelope(arena, trust, CLAIM_REVOCATION, envelope, &opened, err) != CS_OK ||
	    claim_wire_read_revocation(arena, opened.payload, &revocation, err) != CS_OK)
		return CS_MALFORMED;
	const struct claim_stated stated = { "revocation", revocation.enterprise,
		revocation.asked_at_ms, now_ms };
	if (permit(&opened, &stated, err) != CS_OK)
		return CS_MALFORMED;
	*ret = revocation;
	return CS_OK;
}

enum cs_code
claim_open_setting(struct cs_arena *arena, const struct claim_trust *trust, struct cs_span envelope,
    int64_t now_ms, struct claim_setting *ret, struct cs_err *err)
{
	struct opened opened;
	struct claim_setting setting;

	if (open_envelope(arena, trust, CLAIM_SETTING, envelope, &opened, err) != CS_OK ||
	    claim_wire_read_setting(arena, opened.payload, &setting, err) != CS_OK)
		return CS_MALFORMED;
	const bool of_all = strcmp(setting.enterprise, CLAIM_PLATFORM) == 0;
	const struct claim_stated stated = { "setting", of_all ? NULL : setting.enterprise,
		setting.told_at_ms, now_ms };
	if (permit(&opened, &stated, err) != CS_OK)
		return CS_MALFORMED;
	*ret = setting;
	return CS_OK;
}

enum cs_code
claim_open_factor_order(struct cs_arena *arena, const struct claim_trust *trust,
    struct cs_span envelope, int64_t now_ms, struct claim_factor_order *ret, struct cs_err *err)
{
	struct opened opened;
	struct claim_factor_order order;

	if (open_envelope(arena, trust, CLAIM_FACTOR_ORDER, envelope, &opened, err) != CS_OK ||
	    claim_wire_read_factor_order(arena, opened.payload, &order, err) != CS_OK)
		return CS_MALFORMED;
	const struct claim_stated stated = { "factor-order", order.enterprise, order.ordered_at_ms,
		now_ms };
	if (permit(&opened, &stated, err) != CS_OK)
		return CS_MALFORMED;
	*ret = order;
	return CS_OK;
}

enum cs_code
claim_open_factor(struct cs_arena *arena, const struct claim_trust *trust, struct cs_span envelope,
    int64_t now_ms, struct claim_factor *ret, struct cs_err *err)
{
	struct opened opened;
	struct claim_factor factor;

	if (open_envelope(arena, trust, CLAIM_FACTOR, envelope, &opened, err) != CS_OK ||
	    claim_wire_read_factor(arena, opened.payload, &factor, err) != CS_OK)
		return CS_MALFORMED;
	const struct claim_stated stated = { "factor", factor.enterprise, factor.proved_at_ms,
		now_ms };
	if (permit(&opened, &stated, err) != CS_OK)
		return CS_MALFORMED;
	*ret = factor;
	return CS_OK;
}

enum cs_code
claim_open_plan(struct cs_arena *arena, const struct claim_trust *trust, struct cs_span envelope,
    int64_t now_ms, struct claim_plan *ret, struct cs_err *err)
{
	struct opened opened;
	struct claim_plan plan;

	if (open_envelope(arena, trust, CLAIM_PLAN, envelope, &opened, err) != CS_OK ||
	    claim_wire_read_plan(arena, opened.payload, &plan, err) != CS_OK)
		return CS_MALFORMED;
	const struct claim_stated stated = { "plan", plan.enterprise, plan.made_at_ms, now_ms };
	if (permit(&opened, &stated, err) != CS_OK)
		return CS_MALFORMED;
	*ret = plan;
	return CS_OK;
}

enum cs_code
claim_open_evidence(struct cs_arena *arena, const struct claim_trust *trust,
    struct cs_span envelope, int64_t now_ms, struct claim_evidence *ret, struct cs_err *err)
{
	struct opened opened;
	struct claim_evidence evidence;

	if (open_envelope(arena, trust, CLAIM_EVIDENCE, envelope, &opened, err) != CS_OK ||
	    claim_wire_read_evidence(arena, opened.payload, &evidence, err) != CS_OK)
		return CS_MALFORMED;
	const struct claim_stated stated = {
		.state = cs_arena_printf(arena, "evidence.%s", claim_kind_name(evidence.kind)),
		.enterprise = evidence.enterprise,
		.at_ms =
		    evidence.stated_at_ms != 0 ? evidence.stated_at_ms : evidence.checked_at_ms,
		.now_ms = now_ms,
	};
	if (permit(&opened, &stated, err) != CS_OK)
		return CS_MALFORMED;
	*ret = evidence;
	return CS_OK;
}

enum cs_code
claim_open_perspective(struct cs_arena *arena, const struct claim_trust *trust,
    struct cs_span envelope, int64_t now_ms, struct claim_perspective_answer *ret,
    struct cs_err *err)
{
	struct opened opened;
	struct claim_perspective_answer answer;

	if (open_envelope(arena, trust, CLAIM_PERSPECTIVE, envelope, &opened, err) != CS_OK ||
	    claim_wire_read_perspective(arena, opened.payload, &answer, err) != CS_OK)
		return CS_MALFORMED;
	const struct claim_stated stated = { "perspective", NULL, answer.checked_at_ms, now_ms };
	if (permit(&opened, &stated, err) != CS_OK)
		return CS_MALFORMED;
	*ret = answer;
	return CS_OK;
}

enum claim_statement
claim_statement_of(struct cs_arena *arena, struct cs_span envelope)
{
	struct claim_envelope read;

	if (claim_wire_read_envelope(arena, envelope, &read, NULL) != CS_OK)
		return 0;
	for (enum claim_statement s = CLAIM_REQUEST; s <= CLAIM_FACTOR; s++) {
		if (strcmp(read.type, claim_dsse_type(s)) == 0)
			return s;
	}
	return 0;
}

const char *
claim_keyid_of(struct cs_arena *arena, struct cs_span envelope)
{
	struct claim_envelope read;

	return claim_wire_read_envelope(arena, envelope, &read, NULL) == CS_OK ? read.keyid : NULL;
}

/* Where one that is enclosed lies: behind its tag and its length, which is of seven bits an octet. */
static struct cs_span
in_place(struct cs_span final, size_t at, size_t len)
{
	do
		at++;
	while ((final.data[at] & 0x80) != 0);
	return cs_span_of(final.data + at + 1, len);
}

enum cs_code
claim_take_apart(
    struct cs_arena *arena, struct cs_span final, struct claim_case *ret, struct cs_err *err)
{
	struct claim_envelope read, bare;

	if (claim_wire_read_envelope(arena, final, &read, err) != CS_OK)
		return CS_MALFORMED;
	if (read.n_enclosed == 0)
		return cs_fail(err, CS_MALFORMED, "the plan encloses no request");
	const struct cs_span plan = cs_span_of(final.data, read.bare_len);

	if (claim_wire_read_envelope(arena, plan, &bare, err) != CS_OK)
		return CS_MALFORMED;
	if (bare.n_enclosed > 0)
		return cs_fail(err, CS_MALFORMED, "what is enclosed does not come last");
	if (read.n_enclosed == CLAIM_ENCLOSED && cs_span_equal(read.enclosed[0], read.enclosed[1]))
		return cs_fail(err, CS_MALFORMED, "the same is enclosed twice");
	*ret = (struct claim_case){ .plan = plan };
	ret->request = ret->approval = in_place(final, read.bare_len, read.enclosed[0].len);
	if (read.n_enclosed == CLAIM_ENCLOSED)
		ret->approval =
		    in_place(final, (size_t)(ret->request.data + ret->request.len - final.data),
			read.enclosed[1].len);
	return CS_OK;
}
