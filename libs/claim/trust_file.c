/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust_file.c: the trust table as a file.  It is read whole and strictly: an unknown member, a member given
 * twice or a signature that is not right refuses all of it.
 */
#include "claim/trust_file.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "claim/dsse.h"

#define TRUST_TYPE "application/vnd.countersign.trust.v1+json"
#define MAX_FILE (1024 * 1024)
#define MAX_ROWS 1024
#define MAX_APPROVERS TRUST_APPROVERS_MAX
#define MAX_WORDS 64

struct approver {
	const char *name;
	uint8_t public_key[32];
	char keyid[CLAIM_KEYID_TEXT];
};

struct approvers {
	struct approver items[MAX_APPROVERS];
	size_t n;
};

static int
compare_rows(const void *a, const void *b)
{
	const struct claim_trust_row *left = a, *right = b;

	return strcmp(left->keyid, right->keyid);
}

static bool
has_word(const struct claim_texts *texts, const char *word)
{
	for (size_t i = 0; i < texts->n; i++) {
		if (strcmp(texts->items[i], word) == 0)
			return true;
	}
	return false;
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
read_approvers(struct cs_arena *arena, const char *path, struct approvers *ret,
    uint8_t ret_sha256[static PKI_SHA256], struct cs_err *err)
{
	struct cs_span rest;

	enum cs_code code = read_file(arena, path, &rest, err);
	if (code != CS_OK)
		return code;
	pki_sha256(rest, ret_sha256);
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

		if (word == NULL || word[0] == '\0' || strlen(word) > 128 || has_word(ret, word))
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

/* Approvers read a name in a line with others: nothing in it may look like one of them, or like none. */
static bool
is_visible(const char *word)
{
	for (; *word != '\0'; word++)
		if (*word <= ' ' || *word > '~') /* also what is not ASCII */
			return false;
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
	if (named == NULL || strcmp(named, keyid) != 0 || service == NULL || !is_visible(service))
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
read_rows(struct trust_table *trust, const json_t *keys, struct cs_err *err)
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
read_table(struct trust_table *trust, struct cs_span payload, struct cs_err *err)
{
	static const char *const members[] = { "version", "keys", NULL };
	CS_AUTO(json_release) json_t *root = NULL;

	pki_sha256(payload, trust->payload_sha256);

	enum cs_code code = json_read(payload, "trust table", &root, err);
	if (code != CS_OK)
		return code;
	const json_int_t version = json_integer_value(json_object_get(root, "version"));
	if (!json_is(root, members, 0) || version < 1 || version > UINT32_MAX)
		return cs_fail(err, CS_MALFORMED, "trust table: not a version and its keys");
	trust->version = (uint32_t)version;
	return read_rows(trust, json_object_get(root, "keys"), err);
}

/* ---- who approved ---- */

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
signer_of(struct cs_arena *arena, const json_t *value, const char *type, struct cs_span payload,
    const struct approvers *approvers)
{
	static const char *const members[] = { "keyid", "sig", NULL };
	struct cs_span signature;

	if (!json_is(value, members, 0) || json_text(value, "keyid", 64) == NULL ||
	    !json_base64(arena, value, "sig", 128, &signature))
		return NULL;
	const struct approver *approver = approver_find(approvers, json_text(value, "keyid", 64));
	if (approver == NULL ||
	    !claim_dsse_verify(arena, approver->public_key, type, payload, signature))
		return NULL;
	return approver;
}

static enum cs_code
count_approvals(struct cs_arena *arena, const json_t *signatures, const char *type,
    struct cs_span payload, const struct approvers *approvers, size_t wanted,
    struct trust_approvals *ret, struct cs_err *err)
{
	const size_t n = json_array_size(signatures);

	if (n < wanted || n > MAX_APPROVERS)
		return cs_fail(err, CS_MALFORMED, "trust table: two approvers must have signed it");
	for (ret->n = 0; ret->n < n; ret->n++) {
		const struct approver *approver =
		    signer_of(arena, json_array_get(signatures, ret->n), type, payload, approvers);

		if (approver == NULL)
			return cs_fail(err, CS_MALFORMED,
			    "signature %zu is not that of an approver", ret->n + 1);
		for (size_t j = 0; j < ret->n; j++) {
			if (strcmp(ret->names[j], approver->name) == 0)
				return cs_fail(
				    err, CS_MALFORMED, "%s signed it twice", approver->name);
		}
		ret->names[ret->n] = approver->name;
	}
	return CS_OK;
}

static enum cs_code
read_envelope(struct cs_arena *arena, const json_t *root, const char *wanted,
    struct cs_span *ret_payload, struct cs_err *err)
{
	static const char *const members[] = { "payloadType", "payload", "signatures", NULL };
	const char *type = json_text(root, "payloadType", 128);

	if (!json_is(root, members, 0) || type == NULL || strcmp(type, wanted) != 0 ||
	    !json_base64(arena, root, "payload", MAX_FILE, ret_payload))
		return cs_fail(err, CS_MALFORMED, "not a DSSE envelope of type %s", wanted);
	return CS_OK;
}

static enum cs_code
read_trust(struct trust_table *table, struct cs_span file, const struct approvers *approvers,
    size_t wanted, struct trust_approvals *ret_approvals, struct cs_err *err)
{
	CS_AUTO(json_release) json_t *root = NULL;
	struct cs_span payload;

	pki_sha256(file, table->sha256);
	if (json_read(file, "trust file", &root, err) ||
	    read_envelope(table->arena, root, TRUST_TYPE, &payload, err) ||
	    count_approvals(table->arena, json_object_get(root, "signatures"), TRUST_TYPE, payload,
		approvers, wanted, ret_approvals, err))
		return err->code;
	return read_table(table, payload, err);
}

enum cs_code
trust_file_read(const char *path, const char *approvers_path, size_t wanted,
    const struct trust_table **ret, struct trust_approvals *ret_approvals, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct trust_table *table = CS_NEW(arena, struct trust_table);
	struct approvers *approvers = CS_NEW(arena, struct approvers);
	struct trust_approvals approvals = { .n = 0 };
	struct cs_err own = { 0 };
	struct cs_span file;

	table->arena = arena;
	if (err == NULL)
		err = &own;
	if (read_approvers(arena, approvers_path, approvers, table->approvers_sha256, err) ||
	    read_file(arena, path, &file, err) ||
	    read_trust(table, file, approvers, wanted, &approvals, err)) {
		cs_arena_free(arena);
		return err->code;
	}
	if (ret_approvals != NULL)
		*ret_approvals = approvals;
	*ret = table;
	return CS_OK;
}

void
trust_file_free(const struct trust_table *table)
{
	if (table != NULL)
		cs_arena_free(table->arena);
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
signature_json(
    struct cs_arena *arena, const struct claim_key *key, const char *type, struct cs_span payload)
{
	uint8_t signature[CLAIM_SIGNATURE];
	json_t *value = json_object();

	claim_dsse_sign(arena, key, type, payload, signature);
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
claim_trust_copy(const char *from, const char *to, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_span file;
	enum cs_code code = read_file(arena, from, &file, err);

	if (code == CS_OK)
		code = write_file(arena, to, file, err);
	cs_arena_free(arena);
	return code;
}

/* Opaque outside: a table that need not be approved yet. */
struct claim_proposal {
	const struct trust_table *table;
	struct trust_approvals approvals;
};

enum cs_code
claim_proposal_load(
    const char *path, const char *approvers_path, struct claim_proposal **ret, struct cs_err *err)
{
	struct trust_approvals approvals;
	const struct trust_table *table = NULL;

	enum cs_code code = trust_file_read(path, approvers_path, 0, &table, &approvals, err);
	if (code != CS_OK)
		return code;
	cs_assert(table != NULL);
	struct claim_proposal *proposal = CS_NEW(table->arena, struct claim_proposal);
	*proposal = (struct claim_proposal){ table, approvals };
	*ret = proposal;
	return CS_OK;
}

void
claim_proposal_free(struct claim_proposal *proposal)
{
	if (proposal != NULL)
		trust_file_free(proposal->table);
}

uint32_t
claim_proposal_version(const struct claim_proposal *proposal)
{
	return proposal->table->version;
}

size_t
claim_proposal_rows(const struct claim_proposal *proposal, const struct claim_trust_row **ret_rows)
{
	*ret_rows = proposal->table->rows;
	return proposal->table->n_rows;
}

void
claim_proposal_sha256(
    const struct claim_proposal *proposal, uint8_t ret_sha256[static CLAIM_DIGEST])
{
	memcpy(ret_sha256, proposal->table->payload_sha256, CLAIM_DIGEST);
}

size_t
claim_proposal_approvals(const struct claim_proposal *proposal, const char *const **ret_names)
{
	*ret_names = proposal->approvals.names;
	return proposal->approvals.n;
}

enum cs_code
claim_proposal_approve(const char *path, const char *approvers_path, const struct claim_key *key,
    const uint8_t *octets, struct cs_err *err)
{
	uint8_t unused[PKI_SHA256];
	struct cs_arena *arena = cs_arena_new();
	struct approvers *approvers = CS_NEW(arena, struct approvers);
	struct trust_approvals approvals = { .n = 0 };
	struct trust_table table = { .arena = arena };
	CS_AUTO(json_release) json_t *root = NULL;
	struct cs_span file, payload;
	enum cs_code code;

	if ((code = read_approvers(arena, approvers_path, approvers, unused, err)) == CS_OK &&
	    (code = read_file(arena, path, &file, err)) == CS_OK &&
	    (code = json_read(file, "trust file", &root, err)) == CS_OK &&
	    (code = read_envelope(arena, root, TRUST_TYPE, &payload, err)) == CS_OK) {
		json_t *signatures = json_object_get(root, "signatures");

		if (approver_find(approvers, claim_key_id(key)) == NULL)
			code = cs_fail(
			    err, CS_CONFLICT, "key %s is not an approver's", claim_key_id(key));
		if (code == CS_OK) {
			json_array_append_new(
			    signatures, signature_json(arena, key, TRUST_TYPE, payload));
			code = count_approvals(
			    arena, signatures, TRUST_TYPE, payload, approvers, 1, &approvals, err);
		}
		/* Nobody signs what cannot be shown. */
		if (code == CS_OK)
			code = read_table(&table, payload, err);
		if (code == CS_OK && octets != NULL &&
		    memcmp(octets, table.payload_sha256, CLAIM_DIGEST) != 0)
			code = cs_fail(err, CS_CONFLICT,
			    "%s: it has other octets than those that were shown", path);
		if (code == CS_OK)
			code = write_file(arena, path, dump(arena, root, JSON_INDENT(1)), err);
	}
	cs_arena_free(arena);
	return code;
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
		json_array_append_new(
		    signatures, signature_json(arena, approvers[i], TRUST_TYPE, payload));
	json_object_set_new(envelope, "payloadType", json_string(TRUST_TYPE));
	json_object_set_new(envelope, "payload", json_string(cs_base64(arena, payload)));
	json_object_set_new(envelope, "signatures", signatures);
	enum cs_code code = write_file(arena, path, dump(arena, envelope, JSON_INDENT(1)), err);
	cs_arena_free(arena);
	return code;
}

/* ---- other things that two people agree on ---- */

static struct cs_span
envelope_of(struct cs_arena *arena, const char *type, struct cs_span payload)
{
	CS_AUTO(json_release) json_t *root = json_object();

	json_object_set_new(root, "payloadType", json_string(type));
	json_object_set_new(root, "payload", json_string(cs_base64(arena, payload)));
	json_object_set_new(root, "signatures", json_array());
	return dump(arena, root, JSON_INDENT(1));
}

struct cs_span
claim_agreement_new(struct cs_arena *arena, const char *type, struct cs_span payload)
{
	return envelope_of(arena, type, payload);
}

static enum cs_code
read_agreement(struct cs_arena *arena, const char *type, const json_t *root,
    const struct approvers *approvers, struct claim_agreement *ret, struct cs_err *err)
{
	struct trust_approvals *approvals = CS_NEW(arena, struct trust_approvals);

	*ret = (struct claim_agreement){ 0 };
	if (read_envelope(arena, root, type, &ret->payload, err) ||
	    count_approvals(arena, json_object_get(root, "signatures"), type, ret->payload,
		approvers, 0, approvals, err))
		return err->code;
	ret->names = (struct claim_texts){ approvals->names, approvals->n };
	return CS_OK;
}

enum cs_code
claim_agreement_open(struct cs_arena *arena, const char *type, struct cs_span envelope,
    const char *approvers_path, struct claim_agreement *ret, struct cs_err *err)
{
	struct approvers *approvers = CS_NEW(arena, struct approvers);
	uint8_t unused[PKI_SHA256];
	CS_AUTO(json_release) json_t *root = NULL;

	if (read_approvers(arena, approvers_path, approvers, unused, err) ||
	    json_read(envelope, "agreement", &root, err) ||
	    read_agreement(arena, type, root, approvers, ret, err))
		return err->code;
	return CS_OK;
}

enum cs_code
claim_agreement_add(struct cs_arena *arena, const char *type, struct cs_span envelope,
    const char *approvers_path, const struct claim_key *key, struct cs_span *ret_envelope,
    struct cs_err *err)
{
	struct approvers *approvers = CS_NEW(arena, struct approvers);
	uint8_t unused[PKI_SHA256];
	CS_AUTO(json_release) json_t *root = NULL;
	struct claim_agreement agreement;

	if (read_approvers(arena, approvers_path, approvers, unused, err) ||
	    json_read(envelope, "agreement", &root, err) ||
	    read_agreement(arena, type, root, approvers, &agreement, err))
		return err->code;
	if (approver_find(approvers, claim_key_id(key)) == NULL)
		return cs_fail(err, CS_CONFLICT, "key %s is not an approver's", claim_key_id(key));
	json_array_append_new(json_object_get(root, "signatures"),
	    signature_json(arena, key, type, agreement.payload));
	if (read_agreement(arena, type, root, approvers, &agreement, err))
		return err->code; /* the same person twice */
	*ret_envelope = dump(arena, root, JSON_INDENT(1));
	return CS_OK;
}
