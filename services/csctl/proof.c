/* SPDX-License-Identifier: Apache-2.0 */
#include "proof.h"

#include <string.h>

#include "base/text.h"

bool
proof_has_members(const json_t *value, const char *const *members)
{
	size_t n = 0;

	for (; members[n] != NULL; n++)
		if (json_object_get(value, members[n]) == NULL)
			return false;
	return json_object_size(value) == n;
}

const char *
proof_text(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static bool
read_number(const json_t *object, const char *member, int64_t *ret)
{
	const json_t *value = json_object_get(object, member);

	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > PROOF_NUMBER_MAX)
		return false;
	*ret = json_integer_value(value);
	return true;
}

static json_t *
hex_json(const uint8_t *octets, size_t len)
{
	char text[2 * AUDIT_SIGNATURE + 1];

	cs_assert(len <= AUDIT_SIGNATURE);
	cs_hex_encode(cs_span_of(octets, len), text);
	return json_string(text);
}

/* Lower case, so that there is one way to write it. */
static bool
read_hex(const char *text, uint8_t *ret, size_t len)
{
	return text != NULL && strspn(text, "0123456789abcdef") == 2 * len &&
	       cs_hex_decode(text, ret, len);
}

/* ---- records ---- */

json_t *
proof_record_json(const struct audit_record *record)
{
	char request[CS_ID_TEXT];

	cs_id_format(record->request, request);
	return json_pack("{s:I, s:I, s:s, s:s, s:s}", "seq", (json_int_t)record->seq, "at_ms",
	    (json_int_t)record->at_ms, "request", request, "action", record->action, "detail",
	    record->detail);
}

bool
proof_read_record(struct cs_arena *arena, const json_t *value, struct audit_record *ret)
{
	static const char *const members[] = { "seq", "at_ms", "request", "action", "detail",
		NULL };
	const char *request = proof_text(value, "request"), *action = proof_text(value, "action");
	const char *detail = proof_text(value, "detail");

	if (!proof_has_members(value, members) || request == NULL || action == NULL ||
	    detail == NULL || !read_number(value, "seq", &ret->seq) || ret->seq == 0 ||
	    !read_number(value, "at_ms", &ret->at_ms) ||
	    cs_id_parse(request, &ret->request, NULL) != CS_OK)
		return false;
	ret->action = cs_arena_strdup(arena, action);
	ret->detail = cs_arena_strdup(arena, detail);
	return true;
}

const char *
proof_field(struct cs_arena *arena, const char *detail, const char *key)
{
	const size_t len = strlen(key);

	for (const char *at = detail; at != NULL;) {
		if (strncmp(at, key, len) == 0 && at[len] == '=')
			return cs_arena_strndup(arena, at + len + 1, strcspn(at + len + 1, " "));
		at = strchr(at, ' ');
		if (at != NULL)
			at++;
	}
	return NULL;
}

/* ---- heads ---- */

json_t *
proof_head_json(const struct audit_head *head)
{
	return json_pack("{s:I, s:o, s:I, s:o, s:s}", "size", (json_int_t)head->size, "root",
	    hex_json(head->root, AUDIT_HASH), "at_ms", (json_int_t)head->at_ms, "signature",
	    hex_json(head->signature, AUDIT_SIGNATURE), "keyid", head->keyid);
}

bool
proof_read_head(const json_t *value, struct audit_head *ret)
{
	static const char *const members[] = { "size", "root", "at_ms", "signature", "keyid",
		NULL };
	uint8_t root[AUDIT_HASH], signature[AUDIT_SIGNATURE];
	const char *keyid = proof_text(value, "keyid");
	int64_t size;

	*ret = (struct audit_head){ 0 };
	if (!proof_has_members(value, members) || keyid == NULL ||
	    !read_number(value, "size", &size) || size == 0 ||
	    !read_number(value, "at_ms", &ret->at_ms) ||
	    !read_hex(proof_text(value, "root"), root, sizeof(root)) ||
	    !read_hex(proof_text(value, "signature"), signature, sizeof(signature)))
		return false;
	ret->size = (uint64_t)size;
	return audit_head_fill(
	    ret, cs_span_of(root, sizeof(root)), keyid, cs_span_of(signature, sizeof(signature)));
}

const char *
proof_head_problem(
    struct cs_arena *arena, const struct claim_trust *trust, const struct audit_head *head)
{
	uint8_t public_key[32];
	struct cs_err err;

	if (claim_trust_key(
		trust, head->keyid, "audit-head", head->at_ms, head->at_ms, public_key, &err))
		return cs_arena_strdup(arena, err.text);
	if (!audit_head_verify(head, public_key))
		return cs_arena_printf(
		    arena, "it is forged: the signature of key %s is wrong", head->keyid);
	return NULL;
}

static bool
is_distrusted(const struct claim_trust *trust, const char *keyid)
{
	const struct claim_trust_row *rows;
	const size_t n = claim_trust_rows(trust, &rows);

	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].keyid, keyid) == 0)
			return rows[i].distrusted_at_ms != 0;
	return false;
}

const char *
proof_lone_head_problem(
    struct cs_arena *arena, const struct claim_trust *trust, const struct audit_head *head)
{
	if (is_distrusted(trust, head->keyid))
		return cs_arena_printf(arena,
		    "key %s is distrusted, and may have signed this head at any time: export it again, with"
		    " a head by a newer key",
		    head->keyid);
	return proof_head_problem(arena, trust, head);
}

/* ---- paths ---- */

json_t *
proof_path_json(const struct audit_proof *proof)
{
	json_t *list = json_array();

	for (size_t i = 0; i < proof->n; i++)
		(void)json_array_append_new(list, hex_json(proof->hashes[i], AUDIT_HASH));
	return list;
}

bool
proof_read_path(const json_t *value, struct audit_proof *ret)
{
	*ret = (struct audit_proof){ .n = json_array_size(value) };
	if (!json_is_array(value) || ret->n > AUDIT_PATH_MAX)
		return false;
	for (size_t i = 0; i < ret->n; i++) {
		if (!read_hex(
			json_string_value(json_array_get(value, i)), ret->hashes[i], AUDIT_HASH))
			return false;
	}
	return true;
}
