/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust.c: the trust table: who may state what.  The file is read once, at the start, strictly: an
 * unknown member, a member given twice or a signature that is not right refuses all of it.
 */
#include "claim/trust.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "claim/dsse.h"
#include "claim/seen.h"

#define TRUST_TYPE "application/vnd.countersign.trust.v1+json"
#define MAX_FILE (1024 * 1024)
#define MAX_ROWS 1024
#define MAX_APPROVERS 32
#define MAX_WORDS 64
#define APPROVALS 2 /* distinct persons */

struct claim_trust {
	struct cs_arena *arena; /* holds this struct */
	uint32_t version;
	struct claim_trust_row *rows; /* sorted by keyid */
	size_t n_rows;
	struct claim_seen *seen;
};

struct approver {
	const char *name;
	uint8_t public_key[32];
	char keyid[CLAIM_KEYID_TEXT];
};

struct approvers {
	struct approver items[MAX_APPROVERS];
	size_t n;
};

/* ---- the question ---- */

static int
compare_rows(const void *a, const void *b)
{
	const struct claim_trust_row *left = a, *right = b;

	return strcmp(left->keyid, right->keyid);
}

const struct claim_trust_row *
claim_trust_find(const struct claim_trust *trust, const char *keyid)
{
	const struct claim_trust_row wanted = { .keyid = keyid };

	if (trust->n_rows == 0)
		return NULL;
	return bsearch(&wanted, trust->rows, trust->n_rows, sizeof(wanted), compare_rows);
}

bool
claim_trust_verify(const struct claim_trust *trust, const struct claim_trust_row *row,
    struct cs_span data, struct cs_span signature)
{
	return signature.len == CLAIM_SIGNATURE &&
	       claim_seen_verify(trust->seen, row->public_key, data, signature.data);
}

static bool
names(const struct claim_texts *texts, const char *word)
{
	for (size_t i = 0; i < texts->n; i++) {
		if (strcmp(texts->items[i], word) == 0)
			return true;
	}
	return false;
}

enum cs_code
claim_trust_permits(
    const struct claim_trust_row *row, const struct claim_stated *stated, struct cs_err *err)
{
	const char *why = NULL;
	const bool serves = names(&row->enterprises, "*") ||
			    (stated->enterprise != NULL && strcmp(stated->enterprise, "*") != 0 &&
				names(&row->enterprises, stated->enterprise));

	if (!names(&row->states, stated->state))
		why = "may not state this";
	else if (!serves)
		why = "may not state this for this enterprise";
	else if (stated->at_ms > stated->now_ms + CLAIM_AHEAD_MS)
		why = "states something of the future";
	else if (stated->at_ms < row->not_before_ms)
		why = "was not yet in use";
	else if (stated->at_ms > row->not_after_ms || stated->now_ms > row->not_after_ms)
		why = "was no longer in use";
	else if (row->distrusted_at_ms != 0 && (stated->at_ms >= row->distrusted_at_ms ||
						   stated->now_ms >= row->distrusted_at_ms))
		why = "is distrusted";
	if (why == NULL)
		return CS_OK;
	return cs_fail(err, CS_MALFORMED, "key %s %s (%s)", row->keyid, why, stated->state);
}

bool
claim_trust_state_known(const char *state)
{
	static const char *const known[] = { "request", "approval", "plan", "perspective",
		"evidence.mailbox", "evidence.domain", "evidence.caa", "evidence.mpic-domain",
		"evidence.mpic-caa", "evidence.organization", "evidence.authority",
		"evidence.individual", "revocation" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i], state) == 0)
			return true;
	}
	return false;
}

uint32_t
claim_trust_version(const struct claim_trust *trust)
{
	return trust->version;
}

size_t
claim_trust_rows(const struct claim_trust *trust, const struct claim_trust_row **ret_rows)
{
	*ret_rows = trust->rows;
	return trust->n_rows;
}

void
claim_trust_free(struct claim_trust *trust)
{
	if (trust == NULL)
		return;
	claim_seen_free(trust->seen);
	cs_arena_free(trust->arena);
}

/* ---- files ---- */

static void
close_file(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

static enum cs_code
read_file(struct cs_arena *arena, const char *path, struct cs_span *ret, struct cs_err *err)
{
	CS_AUTO(close_file) FILE *file = fopen(path, "rbe");

	if (file == NULL)
		return cs_fail(err, CS_NOT_FOUND, "%s: %m", path);
	uint8_t *data = cs_arena_alloc(arena, MAX_FILE + 1);
	size_t len = fread(data, 1, MAX_FILE + 1, file);
	if (ferror(file))
		return cs_fail(err, CS_INTERNAL, "%s: cannot be read", path);
	if (len > MAX_FILE)
		return cs_fail(err, CS_MALFORMED, "%s: larger than 1 MiB", path);
	*ret = cs_span_of(data, len);
	return CS_OK;
}

/* One "name base64" without its line end. */
static bool
read_approver(struct cs_arena *arena, struct cs_span line, struct approver *ret)
{
	const uint8_t *space = memchr(line.data, ' ', line.len);
	struct cs_span key;

	if (space == NULL || space == line.data)
		return false;
	const size_t at = (size_t)(space - line.data);
	if (!cs_base64_decode(arena, cs_span_of(space + 1, line.len - at - 1), &key) ||
	    key.len != sizeof(ret->public_key) || !cs_utf8_valid(cs_span_of(line.data, at)) ||
	    memchr(line.data, '\0', at) != NULL)
		return false;
	ret->name = cs_arena_strndup(arena, (const char *)line.data, at);
	memcpy(ret->public_key, key.data, key.len);
	claim_keyid(ret->public_key, ret->keyid);
	return true;
}

/* Two names with one key, or one name with two keys, would let one person sign twice. */
static bool
approver_is_new(const struct approvers *all, const struct approver *one)
{
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->items[i].name, one->name) == 0 ||
		    strcmp(all->items[i].keyid, one->keyid) == 0)
			return false;
	}
	return true;
}

static enum cs_code
read_approvers(struct cs_arena *arena, const char *path, struct approvers *ret, struct cs_err *err)
{
	struct cs_span rest;

	enum cs_code code = read_file(arena, path, &rest, err);
	if (code != CS_OK)
		return code;
	for (size_t number = 1; rest.len > 0; number++) {
		const uint8_t *end = memchr(rest.data, '\n', rest.len);
		const size_t len = end != NULL ? (size_t)(end - rest.data) : rest.len;
		const size_t gone = end != NULL ? len + 1 : len;

		if (len > 0 && rest.data[0] != '#') {
			if (ret->n == MAX_APPROVERS ||
			    !read_approver(
				arena, cs_span_of(rest.data, len), &ret->items[ret->n]) ||
			    !approver_is_new(ret, &ret->items[ret->n]))
				return cs_fail(err, CS_MALFORMED,
				    "%s: line %zu is not a new approver", path, number);
			ret->n++;
		}
		rest = cs_span_of(rest.data + gone, rest.len - gone);
	}
	return CS_OK;
}

/* ---- JSON, strictly ---- */

static void
json_release(json_t **value)
{
	json_decref(*value);
}

static enum cs_code
json_read(struct cs_span octets, const char *what, json_t **ret, struct cs_err *err)
{
	json_error_t error;
	json_t *root =
	    json_loadb((const char *)octets.data, octets.len, JSON_REJECT_DUPLICATES, &error);

	if (root == NULL)
		return cs_fail(
		    err, CS_MALFORMED, "%s: %s at octet %d", what, error.text, error.position);
	*ret = root;
	return CS_OK;
}

/* An object with these members and no other; the last of `members` is NULL. */
static bool
json_is(const json_t *value, const char *const *members, size_t optional)
{
	size_t n = 0;

	if (!json_is_object(value))
		return false;
	for (size_t i = 0; members[i] != NULL; i++)
		n += json_object_get(value, members[i]) != NULL;
	size_t all = 0;
	while (members[all] != NULL)
		all++;
	return json_object_size(value) == n && n + optional >= all;
}

/* NULL: it is not there, not a string, empty, or too long. */
static const char *
json_text(const json_t *object, const char *member, size_t max)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text != NULL && text[0] != '\0' && strlen(text) <= max ? text : NULL;
}

static bool
json_base64(struct cs_arena *arena, const json_t *object, const char *member, size_t max,
    struct cs_span *ret)
{
	const char *text = json_text(object, member, max);

	return text != NULL && cs_base64_decode(arena, cs_span_str(text), ret);
}

static bool
json_time(const json_t *object, const char *member, int64_t *ret_ms)
{
	const char *text = json_text(object, member, CS_TIME_TEXT);

	return text != NULL && cs_time_parse(text, ret_ms, NULL) == CS_OK && *ret_ms > 0;
}

static bool
json_words(struct cs_arena *arena, const json_t *array, struct claim_texts *ret)
{
	const size_t n = json_array_size(array);

	if (n == 0 || n > MAX_WORDS)
		return false;
	ret->items = CS_NEW_ARRAY(arena, n, const char *);
	for (ret->n = 0; ret->n < n; ret->n++) {
		const char *word = json_string_value(json_array_get(array, ret->n));

		if (word == NULL || word[0] == '\0' || strlen(word) > 128 || names(ret, word))
			return false;
		ret->items[ret->n] = cs_arena_strdup(arena, word);
	}
	return true;
}

/* ---- the table ---- */

static bool
states_known(const struct claim_texts *states)
{
	for (size_t i = 0; i < states->n; i++) {
		if (!claim_trust_state_known(states->items[i]))
			return false;
	}
	return true;
}

static bool
read_row(struct cs_arena *arena, const json_t *value, struct claim_trust_row *ret)
{
	static const char *const members[] = { "keyid", "public", "service", "states",
		"enterprises", "not_before", "not_after", "distrusted_at", NULL };
	char keyid[CLAIM_KEYID_TEXT];
	struct cs_span public_key;

	if (!json_is(value, members, json_object_get(value, "distrusted_at") == NULL) ||
	    !json_base64(arena, value, "public", 64, &public_key) || public_key.len != 32)
		return false;
	memcpy(ret->public_key, public_key.data, public_key.len);
	claim_keyid(ret->public_key, keyid);
	const char *named = json_text(value, "keyid", 64);
	const char *service = json_text(value, "service", 128);
	if (named == NULL || strcmp(named, keyid) != 0 || service == NULL)
		return false;
	ret->keyid = cs_arena_strdup(arena, keyid);
	ret->service = cs_arena_strdup(arena, service);
	return json_words(arena, json_object_get(value, "states"), &ret->states) &&
	       states_known(&ret->states) &&
	       json_words(arena, json_object_get(value, "enterprises"), &ret->enterprises) &&
	       json_time(value, "not_before", &ret->not_before_ms) &&
	       json_time(value, "not_after", &ret->not_after_ms) &&
	       ret->not_before_ms <= ret->not_after_ms &&
	       (json_object_get(value, "distrusted_at") == NULL ||
		   json_time(value, "distrusted_at", &ret->distrusted_at_ms));
}

static enum cs_code
read_rows(struct claim_trust *trust, const json_t *keys, struct cs_err *err)
{
	trust->n_rows = json_array_size(keys);
	if (!json_is_array(keys) || trust->n_rows > MAX_ROWS)
		return cs_fail(err, CS_MALFORMED, "trust table: keys is not a list of up to 1024");
	trust->rows = CS_NEW_ARRAY(trust->arena, trust->n_rows, struct claim_trust_row);
	for (size_t i = 0; i < trust->n_rows; i++) {
		if (!read_row(trust->arena, json_array_get(keys, i), &trust->rows[i]))
			return cs_fail(
			    err, CS_MALFORMED, "trust table: key %zu breaks a rule", i + 1);
	}
	qsort(trust->rows, trust->n_rows, sizeof(trust->rows[0]), compare_rows);
	for (size_t i = 1; i < trust->n_rows; i++) {
		if (compare_rows(&trust->rows[i - 1], &trust->rows[i]) == 0)
			return cs_fail(err, CS_MALFORMED, "trust table: key %s is there twice",
			    trust->rows[i].keyid);
	}
	return CS_OK;
}

static enum cs_code
read_table(struct claim_trust *trust, struct cs_span payload, struct cs_err *err)
{
	static const char *const members[] = { "version", "keys", NULL };
	CS_AUTO(json_release) json_t *root = NULL;

	enum cs_code code = json_read(payload, "trust table", &root, err);
	if (code != CS_OK)
		return code;
	const json_int_t version = json_integer_value(json_object_get(root, "version"));
	if (!json_is(root, members, 0) || version < 1 || version > UINT32_MAX)
		return cs_fail(err, CS_MALFORMED, "trust table: not a version and its keys");
	trust->version = (uint32_t)version;
	return read_rows(trust, json_object_get(root, "keys"), err);
}

/* ---- two approvers ---- */

static const struct approver *
approver_find(const struct approvers *approvers, const char *keyid)
{
	for (size_t i = 0; i < approvers->n; i++) {
		if (strcmp(approvers->items[i].keyid, keyid) == 0)
			return &approvers->items[i];
	}
	return NULL;
}

/* The approver who signed; NULL: not one of ours, or not right. */
static const struct approver *
signer_of(struct cs_arena *arena, const json_t *value, struct cs_span payload,
    const struct approvers *approvers)
{
	static const char *const members[] = { "keyid", "sig", NULL };
	struct cs_span signature;

	if (!json_is(value, members, 0) || json_text(value, "keyid", 64) == NULL ||
	    !json_base64(arena, value, "sig", 128, &signature))
		return NULL;
	const struct approver *approver = approver_find(approvers, json_text(value, "keyid", 64));
	if (approver == NULL ||
	    !claim_dsse_verify(arena, approver->public_key, TRUST_TYPE, payload, signature))
		return NULL;
	return approver;
}

static enum cs_code
count_approvals(struct cs_arena *arena, const json_t *signatures, struct cs_span payload,
    const struct approvers *approvers, struct cs_err *err)
{
	const struct approver *seen[MAX_APPROVERS];
	const size_t n = json_array_size(signatures);

	if (n < APPROVALS || n > MAX_APPROVERS)
		return cs_fail(err, CS_MALFORMED, "trust table: two approvers must have signed it");
	for (size_t i = 0; i < n; i++) {
		seen[i] = signer_of(arena, json_array_get(signatures, i), payload, approvers);
		if (seen[i] == NULL)
			return cs_fail(err, CS_MALFORMED,
			    "trust table: signature %zu is not that of an approver", i + 1);
		for (size_t j = 0; j < i; j++) {
			if (seen[j] == seen[i])
				return cs_fail(err, CS_MALFORMED, "trust table: %s signed it twice",
				    seen[i]->name);
		}
	}
	return CS_OK;
}

static enum cs_code
read_trust(struct claim_trust *trust, struct cs_span file, const struct approvers *approvers,
    struct cs_err *err)
{
	static const char *const members[] = { "payloadType", "payload", "signatures", NULL };
	CS_AUTO(json_release) json_t *root = NULL;
	struct cs_span payload;

	enum cs_code code = json_read(file, "trust file", &root, err);
	if (code != CS_OK)
		return code;
	const char *type = json_text(root, "payloadType", 128);
	if (!json_is(root, members, 0) || type == NULL || strcmp(type, TRUST_TYPE) != 0 ||
	    !json_base64(trust->arena, root, "payload", MAX_FILE, &payload))
		return cs_fail(
		    err, CS_MALFORMED, "trust file: not a DSSE envelope of a trust table");
	code = count_approvals(
	    trust->arena, json_object_get(root, "signatures"), payload, approvers, err);
	return code == CS_OK ? read_table(trust, payload, err) : code;
}

enum cs_code
claim_trust_load(
    const char *path, const char *approvers_path, struct claim_trust **ret, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct claim_trust *trust = CS_NEW(arena, struct claim_trust);
	struct approvers *approvers = CS_NEW(arena, struct approvers);
	struct cs_span file;

	trust->arena = arena;
	enum cs_code code = read_approvers(arena, approvers_path, approvers, err);
	if (code == CS_OK)
		code = read_file(arena, path, &file, err);
	if (code == CS_OK)
		code = read_trust(trust, file, approvers, err);
	if (code != CS_OK) {
		cs_arena_free(arena);
		return code;
	}
	trust->seen = claim_seen_new();
	*ret = trust;
	return CS_OK;
}

/* ---- writing ---- */

static json_t *
words_json(const struct claim_texts *words)
{
	json_t *array = json_array();

	for (size_t i = 0; i < words->n; i++)
		json_array_append_new(array, json_string(words->items[i]));
	return array;
}

static json_t *
time_json(int64_t ms)
{
	char text[CS_TIME_TEXT];

	cs_time_format(ms, text);
	return json_string(text);
}

static json_t *
row_json(struct cs_arena *arena, const struct claim_trust_row *row)
{
	json_t *value = json_object();
	char keyid[CLAIM_KEYID_TEXT];

	claim_keyid(row->public_key, keyid);
	json_object_set_new(value, "keyid", json_string(keyid));
	json_object_set_new(value, "public",
	    json_string(cs_base64(arena, cs_span_of(row->public_key, sizeof(row->public_key)))));
	json_object_set_new(value, "service", json_string(row->service));
	json_object_set_new(value, "states", words_json(&row->states));
	json_object_set_new(value, "enterprises", words_json(&row->enterprises));
	json_object_set_new(value, "not_before", time_json(row->not_before_ms));
	json_object_set_new(value, "not_after", time_json(row->not_after_ms));
	if (row->distrusted_at_ms != 0)
		json_object_set_new(value, "distrusted_at", time_json(row->distrusted_at_ms));
	return value;
}

static json_t *
signature_json(struct cs_arena *arena, const struct claim_key *key, struct cs_span payload)
{
	uint8_t signature[CLAIM_SIGNATURE];
	json_t *value = json_object();

	claim_dsse_sign(arena, key, TRUST_TYPE, payload, signature);
	json_object_set_new(value, "keyid", json_string(claim_key_id(key)));
	json_object_set_new(
	    value, "sig", json_string(cs_base64(arena, cs_span_of(signature, sizeof(signature)))));
	return value;
}

static struct cs_span
dump(struct cs_arena *arena, const json_t *value, size_t flags)
{
	size_t len = json_dumpb(value, NULL, 0, flags);
	char *text = cs_arena_alloc(arena, len + 1);

	cs_assert(len > 0 && json_dumpb(value, text, len, flags) == len);
	return cs_span_of(text, len);
}

/* Beside its place first, so that a reader finds the old table or the new one, never half of one. */
static enum cs_code
write_file(struct cs_arena *arena, const char *path, struct cs_span octets, struct cs_err *err)
{
	const char *beside = cs_arena_printf(arena, "%s.new", path);
	CS_AUTO(close_file) FILE *file = fopen(beside, "wbe");

	if (file == NULL || fwrite(octets.data, 1, octets.len, file) != octets.len ||
	    fflush(file) != 0 || fsync(fileno(file)) != 0 || rename(beside, path) != 0)
		return cs_fail(err, CS_INTERNAL, "%s: %m", beside);
	return CS_OK;
}

enum cs_code
claim_trust_write(const char *path, uint32_t version, const struct claim_trust_row *rows,
    size_t n_rows, const struct claim_key *const *approvers, size_t n_approvers, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	CS_AUTO(json_release) json_t *table = json_object();
	CS_AUTO(json_release) json_t *envelope = json_object();
	json_t *keys = json_array(), *signatures = json_array();

	for (size_t i = 0; i < n_rows; i++)
		json_array_append_new(keys, row_json(arena, &rows[i]));
	json_object_set_new(table, "version", json_integer(version));
	json_object_set_new(table, "keys", keys);
	const struct cs_span payload = dump(arena, table, JSON_COMPACT);
	for (size_t i = 0; i < n_approvers; i++)
		json_array_append_new(signatures, signature_json(arena, approvers[i], payload));
	json_object_set_new(envelope, "payloadType", json_string(TRUST_TYPE));
	json_object_set_new(envelope, "payload", json_string(cs_base64(arena, payload)));
	json_object_set_new(envelope, "signatures", signatures);
	enum cs_code code = write_file(arena, path, dump(arena, envelope, JSON_INDENT(1)), err);
	cs_arena_free(arena);
	return code;
}
