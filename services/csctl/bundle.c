/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pki/ed25519.h"
#include "pki/hash.h"
#include "proof.h"

#define TYPE "application/vnd.countersign.evidence-pack.v1+json"
#define VERSION 1

static const char *const statement_names[3] = { "request", "approval", "plan" };

/* ---- writing ---- */

static json_t *
octets_json(struct cs_arena *arena, struct cs_span octets)
{
	return json_string(cs_base64(arena, octets));
}

static json_t *
received_json(struct cs_arena *arena, const struct gate_received *received)
{
	return json_pack("{s:o, s:I}", "envelope", octets_json(arena, received->envelope),
	    "received_ms", (json_int_t)received->received_ms);
}

static json_t *
statements_json(struct cs_arena *arena, const struct bundle *pack)
{
	json_t *object = json_object();

	for (size_t i = 0; i < 3; i++)
		(void)json_object_set_new(
		    object, statement_names[i], received_json(arena, &pack->statements[i]));
	return object;
}

static json_t *
evidence_json(struct cs_arena *arena, const struct bundle *pack)
{
	json_t *list = json_array();

	for (size_t i = 0; i < pack->n_evidence; i++)
		(void)json_array_append_new(list, received_json(arena, &pack->evidence[i]));
	return list;
}

static json_t *
answers_json(struct cs_arena *arena, const struct bundle *pack)
{
	json_t *list = json_array();

	for (size_t i = 0; i < pack->n_answers; i++)
		(void)json_array_append_new(
		    list, json_pack("{s:s, s:s, s:o}", "name", pack->answers[i].name, "type",
			      pack->answers[i].type, "octets",
			      octets_json(arena, pack->answers[i].octets)));
	return list;
}

static json_t *
chain_json(struct cs_arena *arena, const struct bundle *pack)
{
	json_t *list = json_array();

	for (size_t i = 0; i < pack->n_chain; i++)
		(void)json_array_append_new(list, octets_json(arena, pack->chain[i]));
	return list;
}

static json_t *
log_json(const struct bundle *pack)
{
	json_t *list = json_array();

	for (size_t i = 0; i < pack->n_records; i++)
		(void)json_array_append_new(
		    list, json_pack("{s:o, s:o}", "record", proof_record_json(&pack->records[i]),
			      "path", proof_path_json(&pack->paths[i])));
	return list;
}

static json_t *
texts_json(const struct claim_texts *texts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < texts->n; i++)
		(void)json_array_append_new(list, json_string(texts->items[i]));
	return list;
}

/* null: the request follows no other. */
static json_t *
previous_json(struct cs_arena *arena, const struct gate_previous *previous)
{
	char request[CS_ID_TEXT];

	if (cs_id_is_zero(previous->request))
		return json_null();
	cs_id_format(previous->request, request);
	return json_pack("{s:s, s:o, s:s, s:s, s:s, s:b}", "request_id", request, "certificate",
	    octets_json(arena, previous->certificate), "enterprise", previous->enterprise,
	    "account", previous->account, "profile", previous->profile, "revoked",
	    previous->revoked);
}

static struct cs_span
dump(struct cs_arena *arena, json_t *value, size_t flags)
{
	char *text = json_dumps(value, flags);

	cs_assert(text != NULL);
	const struct cs_span copy = cs_arena_copy(arena, text, strlen(text));

	free(text);
	json_decref(value);
	return copy;
}

static struct cs_span
payload_of(struct cs_arena *arena, const struct bundle *pack)
{
	char request[CS_ID_TEXT];

	cs_id_format(pack->request, request);
	json_t *value = json_pack("{s:i, s:s, s:s, s:s, s:o}", "version", VERSION, "request_id",
	    request, "rules", pack->rules, "lint", pack->lint, "issuer_domains",
	    texts_json(&pack->issuer_domains));

	(void)json_object_set_new(value, "statements", statements_json(arena, pack));
	(void)json_object_set_new(value, "evidence", evidence_json(arena, pack));
	(void)json_object_set_new(value, "answers", answers_json(arena, pack));
	(void)json_object_set_new(value, "key_was_theirs", json_boolean(pack->key_was_theirs));
	(void)json_object_set_new(value, "previous", previous_json(arena, &pack->previous));
	(void)json_object_set_new(value, "certificate", octets_json(arena, pack->certificate));
	(void)json_object_set_new(value, "chain", chain_json(arena, pack));
	(void)json_object_set_new(value, "log", log_json(pack));
	(void)json_object_set_new(value, "head", proof_head_json(&pack->head));
	(void)json_object_set_new(value, "trust", octets_json(arena, pack->trust));
	(void)json_object_set_new(value, "approvers", octets_json(arena, pack->approvers));
	return dump(arena, value, JSON_COMPACT | JSON_ENSURE_ASCII);
}

/* DSSE v1, "pre-authentication encoding". */
static struct cs_span
signed_octets(struct cs_arena *arena, struct cs_span payload)
{
	struct cs_buf buf = cs_buf_new(arena);

	cs_buf_printf(&buf, "DSSEv1 %zu %s %zu ", strlen(TYPE), TYPE, payload.len);
	cs_buf_add_span(&buf, payload);
	return cs_buf_span(&buf);
}

struct signature {
	char keyid[AUDIT_KEYID_TEXT];
	uint8_t octets[PKI_ED25519_SIGNATURE];
};

/* `signature` NULL: none. */
static struct cs_span
envelope_of(struct cs_arena *arena, struct cs_span payload, const struct signature *signature)
{
	json_t *signatures = json_array();

	if (signature != NULL)
		(void)json_array_append_new(
		    signatures, json_pack("{s:s, s:o}", "keyid", signature->keyid, "sig",
				    octets_json(arena,
					cs_span_of(signature->octets, sizeof(signature->octets)))));
	json_t *value = json_pack("{s:s, s:o, s:o}", "payloadType", TYPE, "payload",
	    octets_json(arena, payload), "signatures", signatures);
	struct cs_buf buf = cs_buf_new(arena);

	cs_buf_add_span(&buf, dump(arena, value, JSON_INDENT(1)));
	cs_buf_add_str(&buf, "\n");
	return cs_buf_span(&buf);
}

struct cs_span
bundle_write(struct cs_arena *arena, const struct bundle *pack, const struct pki_ed25519 *key)
{
	const struct cs_span payload = payload_of(arena, pack);
	uint8_t public_key[PKI_ED25519_PUBLIC], digest[PKI_SHA256];
	struct signature signature;

	if (key == NULL)
		return envelope_of(arena, payload, NULL);
	pki_ed25519_public(key, public_key);
	pki_sha256(cs_span_of(public_key, sizeof(public_key)), digest);
	cs_hex_encode(cs_span_of(digest, 16), signature.keyid);
	pki_ed25519_sign(key, signed_octets(arena, payload), signature.octets);
	return envelope_of(arena, payload, &signature);
}

/* ---- reading ---- */

static void
json_release(json_t **value)
{
	json_decref(*value);
}

static bool
read_octets(struct cs_arena *arena, const json_t *value, struct cs_span *ret)
{
	return json_is_string(value) &&
	       cs_base64_decode(
		   arena, cs_span_of(json_string_value(value), json_string_length(value)), ret);
}

static bool
read_received(struct cs_arena *arena, const json_t *value, struct gate_received *ret)
{
	static const char *const members[] = { "envelope", "received_ms", NULL };
	const json_t *at = json_object_get(value, "received_ms");

	ret->received_ms = json_integer_value(at);
	return proof_has_members(value, members) && json_is_integer(at) && ret->received_ms >= 0 &&
	       ret->received_ms <= PROOF_NUMBER_MAX &&
	       read_octets(arena, json_object_get(value, "envelope"), &ret->envelope) &&
	       ret->envelope.len > 0 && ret->envelope.len <= CLAIM_MAX_ENVELOPE;
}

static bool
read_statements(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	static const char *const members[] = { "request", "approval", "plan", NULL };

	if (!proof_has_members(value, members))
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (!read_received(arena, json_object_get(value, members[i]), &ret->statements[i]))
			return false;
	}
	return true;
}

/* How many there are, if it is a list of not more than max; false: not. */
static bool
read_list(const json_t *value, size_t max, size_t *ret_n)
{
	*ret_n = json_array_size(value);
	return json_is_array(value) && *ret_n <= max;
}

static bool
read_evidence(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	if (!read_list(value, BUNDLE_EVIDENCE_MAX, &ret->n_evidence))
		return false;
	ret->evidence = CS_NEW_ARRAY(arena, ret->n_evidence, struct gate_received);
	for (size_t i = 0; i < ret->n_evidence; i++) {
		if (!read_received(arena, json_array_get(value, i), &ret->evidence[i]))
			return false;
	}
	return true;
}

static const char *
read_text(struct cs_arena *arena, const json_t *value)
{
	const char *text = json_string_value(value);

	return text != NULL && strlen(text) <= CLAIM_MAX_TEXT ? cs_arena_strdup(arena, text) : NULL;
}

static bool
read_answer(struct cs_arena *arena, const json_t *value, struct bundle_answer *ret)
{
	static const char *const members[] = { "name", "type", "octets", NULL };

	if (!proof_has_members(value, members))
		return false;
	ret->name = read_text(arena, json_object_get(value, "name"));
	ret->type = read_text(arena, json_object_get(value, "type"));
	return ret->name != NULL && ret->type != NULL &&
	       read_octets(arena, json_object_get(value, "octets"), &ret->octets);
}

static bool
read_answers(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	if (!read_list(value, BUNDLE_ANSWERS_MAX, &ret->n_answers))
		return false;
	ret->answers = CS_NEW_ARRAY(arena, ret->n_answers, struct bundle_answer);
	for (size_t i = 0; i < ret->n_answers; i++) {
		if (!read_answer(arena, json_array_get(value, i), &ret->answers[i]))
			return false;
	}
	return true;
}

static bool
read_chain(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	if (!read_list(value, BUNDLE_CHAIN_MAX, &ret->n_chain) || ret->n_chain == 0)
		return false;
	ret->chain = CS_NEW_ARRAY(arena, ret->n_chain, struct cs_span);
	for (size_t i = 0; i < ret->n_chain; i++) {
		if (!read_octets(arena, json_array_get(value, i), &ret->chain[i]))
			return false;
	}
	return true;
}

static bool
read_log(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	static const char *const members[] = { "record", "path", NULL };

	if (!read_list(value, BUNDLE_RECORDS_MAX, &ret->n_records))
		return false;
	ret->records = CS_NEW_ARRAY(arena, ret->n_records, struct audit_record);
	ret->paths = CS_NEW_ARRAY(arena, ret->n_records, struct audit_proof);
	for (size_t i = 0; i < ret->n_records; i++) {
		const json_t *item = json_array_get(value, i);

		if (!proof_has_members(item, members) ||
		    !proof_read_record(arena, json_object_get(item, "record"), &ret->records[i]) ||
		    !proof_read_path(json_object_get(item, "path"), &ret->paths[i]))
			return false;
	}
	return true;
}

static bool
read_domains(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	if (!read_list(value, CLAIM_MAX_NAMES, &ret->issuer_domains.n))
		return false;
	ret->issuer_domains.items = CS_NEW_ARRAY(arena, ret->issuer_domains.n, const char *);
	for (size_t i = 0; i < ret->issuer_domains.n; i++) {
		ret->issuer_domains.items[i] = read_text(arena, json_array_get(value, i));
		if (ret->issuer_domains.items[i] == NULL)
			return false;
	}
	return true;
}

static bool
read_key(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	(void)arena;
	ret->key_was_theirs = json_is_true(value);
	return json_is_boolean(value);
}

static bool
read_previous(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	static const char *const members[] = { "request_id", "certificate", "enterprise", "account",
		"profile", "revoked", NULL };
	const char *request = proof_text(value, "request_id");
	struct gate_previous *previous = &ret->previous;

	if (json_is_null(value))
		return true;
	if (!proof_has_members(value, members) || request == NULL ||
	    cs_id_parse(request, &previous->request, NULL) != CS_OK ||
	    cs_id_is_zero(previous->request) ||
	    !read_octets(arena, json_object_get(value, "certificate"), &previous->certificate) ||
	    !json_is_boolean(json_object_get(value, "revoked")))
		return false;
	previous->enterprise = read_text(arena, json_object_get(value, "enterprise"));
	previous->account = read_text(arena, json_object_get(value, "account"));
	previous->profile = read_text(arena, json_object_get(value, "profile"));
	previous->revoked = json_is_true(json_object_get(value, "revoked"));
	return previous->enterprise != NULL && previous->account != NULL &&
	       previous->profile != NULL;
}

static bool
read_certificate(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	return read_octets(arena, value, &ret->certificate);
}

static bool
read_head(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	(void)arena;
	return proof_read_head(value, &ret->head);
}

static bool
read_trust(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	return read_octets(arena, value, &ret->trust);
}

static bool
read_approvers(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	return read_octets(arena, value, &ret->approvers);
}

static bool
read_version(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	(void)arena;
	(void)ret;
	return json_is_integer(value) && json_integer_value(value) == VERSION;
}

static bool
read_request(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	const char *text = read_text(arena, value);

	return text != NULL && cs_id_parse(text, &ret->request, NULL) == CS_OK;
}

static bool
read_rules(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	ret->rules = read_text(arena, value);
	return ret->rules != NULL;
}

static bool
read_lint(struct cs_arena *arena, const json_t *value, struct bundle *ret)
{
	ret->lint = read_text(arena, value);
	return ret->lint != NULL;
}

static const struct {
	const char *name;
	bool (*read)(struct cs_arena *arena, const json_t *value, struct bundle *ret);
} members[] = {
	{ "version", read_version },
	{ "request_id", read_request },
	{ "rules", read_rules },
	{ "lint", read_lint },
	{ "issuer_domains", read_domains },
	{ "statements", read_statements },
	{ "evidence", read_evidence },
	{ "answers", read_answers },
	{ "key_was_theirs", read_key },
	{ "previous", read_previous },
	{ "certificate", read_certificate },
	{ "chain", read_chain },
	{ "log", read_log },
	{ "head", read_head },
	{ "trust", read_trust },
	{ "approvers", read_approvers },
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

static enum cs_code
read_payload(struct cs_arena *arena, struct cs_span payload, struct bundle *ret, struct cs_err *err)
{
	CS_AUTO(json_release)
	json_t *value =
	    json_loadb((const char *)payload.data, payload.len, JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(value) || json_object_size(value) != MEMBERS)
		return cs_fail(err, CS_MALFORMED, "payload: not the members of a pack");
	*ret = (struct bundle){ 0 };
	for (size_t i = 0; i < MEMBERS; i++) {
		const json_t *member = json_object_get(value, members[i].name);

		if (member == NULL || !members[i].read(arena, member, ret))
			return cs_fail(
			    err, CS_MALFORMED, "%s: not as it is written", members[i].name);
	}
	if (!cs_span_equal(payload_of(arena, ret), payload))
		return cs_fail(err, CS_MALFORMED, "payload: written in another way");
	return CS_OK;
}

/* `ret_signature` has no key id when there is none. */
static enum cs_code
read_envelope(struct cs_arena *arena, struct cs_span file, struct cs_span *ret_payload,
    struct signature *ret_signature, struct cs_err *err)
{
	static const char *const outer[] = { "payloadType", "payload", "signatures", NULL };
	static const char *const inner[] = { "keyid", "sig", NULL };
	CS_AUTO(json_release)
	json_t *value = json_loadb((const char *)file.data, file.len, JSON_REJECT_DUPLICATES, NULL);
	const char *type = proof_text(value, "payloadType");
	const json_t *signatures = json_object_get(value, "signatures");
	struct cs_span sig = { 0 };

	*ret_signature = (struct signature){ 0 };
	if (!proof_has_members(value, outer) || type == NULL || strcmp(type, TYPE) != 0 ||
	    !read_octets(arena, json_object_get(value, "payload"), ret_payload) ||
	    !json_is_array(signatures) || json_array_size(signatures) > 1)
		return cs_fail(err, CS_MALFORMED, "envelope: not one of an evidence pack");
	if (json_array_size(signatures) == 1) {
		const json_t *one = json_array_get(signatures, 0);
		const char *keyid = proof_text(one, "keyid");

		if (!proof_has_members(one, inner) || keyid == NULL ||
		    strlen(keyid) != AUDIT_KEYID_TEXT - 1 ||
		    !read_octets(arena, json_object_get(one, "sig"), &sig) ||
		    sig.len != sizeof(ret_signature->octets))
			return cs_fail(err, CS_MALFORMED, "signatures: not as it is written");
		memcpy(ret_signature->keyid, keyid, AUDIT_KEYID_TEXT);
		memcpy(ret_signature->octets, sig.data, sig.len);
	}
	if (!cs_span_equal(envelope_of(arena, *ret_payload,
			       ret_signature->keyid[0] != '\0' ? ret_signature : NULL),
		file))
		return cs_fail(err, CS_MALFORMED, "envelope: written in another way");
	return CS_OK;
}

enum cs_code
bundle_read(struct cs_arena *arena, struct cs_span file, struct bundle *ret, const char **ret_keyid,
    struct cs_err *err)
{
	struct signature signature;
	struct cs_span payload;

	if (read_envelope(arena, file, &payload, &signature, err) ||
	    read_payload(arena, payload, ret, err))
		return CS_MALFORMED;
	*ret_keyid = signature.keyid[0] != '\0' ? cs_arena_strdup(arena, signature.keyid) : NULL;
	return CS_OK;
}

bool
bundle_signed_by(struct cs_arena *arena, struct cs_span file, const uint8_t public_key[static 32])
{
	struct signature signature;
	struct cs_err unused;
	struct cs_span payload;

	return read_envelope(arena, file, &payload, &signature, &unused) == CS_OK &&
	       signature.keyid[0] != '\0' &&
	       pki_ed25519_verify(public_key, signed_octets(arena, payload), signature.octets);
}
