/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "pki/file.h"
#include "pki/hash.h"

#define PROPOSAL_TYPE "application/vnd.countersign.ca-proposal.v1+json"
#define RECORD_MAX (4u * 1024 * 1024)
#define LINES_MAX 4096

static void
json_release(json_t **value)
{
	json_decref(*value);
}

/* In the arena; the JSON's own memory is not kept. */
static struct cs_span
dump(struct cs_arena *arena, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_PRESERVE_ORDER);

	cs_assert(text != NULL);
	const struct cs_span ret = cs_arena_copy(arena, text, strlen(text));
	free(text);
	return ret;
}

static void
put_octets(struct cs_arena *arena, json_t *object, const char *name, struct cs_span octets)
{
	if (octets.len > 0)
		json_object_set_new(object, name, json_string(cs_base64(arena, octets)));
}

/* Absent: empty.  False: it is there, and not base64. */
static bool
take_octets(struct cs_arena *arena, const json_t *object, const char *name, struct cs_span *ret)
{
	const json_t *value = json_object_get(object, name);
	const char *text = json_string_value(value);

	*ret = cs_span_of(NULL, 0);
	return value == NULL ||
	       (text != NULL && cs_base64_decode(arena, cs_span_str(text), ret) && ret->len > 0);
}

/* ---- proposals ---- */

struct cs_span
ceremony_propose(
    struct cs_arena *arena, struct cs_span root, struct cs_span tbs, struct cs_span csr)
{
	CS_AUTO(json_release) json_t *payload = json_object();

	put_octets(arena, payload, "root", root);
	put_octets(arena, payload, "tbs", tbs);
	put_octets(arena, payload, "csr", csr);
	return claim_agreement_new(arena, PROPOSAL_TYPE, dump(arena, payload));
}

enum cs_code
ceremony_open(struct cs_arena *arena, struct cs_span envelope, const char *approvers_path,
    struct ceremony_proposal *ret, struct cs_err *err)
{
	CS_AUTO(json_release) json_t *payload = NULL;
	struct claim_agreement agreement;

	if (claim_agreement_open(arena, PROPOSAL_TYPE, envelope, approvers_path, &agreement, err))
		return err->code;
	payload = json_loadb((const char *)agreement.payload.data, agreement.payload.len,
	    JSON_REJECT_DUPLICATES, NULL);
	if (json_object_size(payload) != 3 || !take_octets(arena, payload, "root", &ret->root) ||
	    !take_octets(arena, payload, "tbs", &ret->tbs) ||
	    !take_octets(arena, payload, "csr", &ret->csr) || ret->root.len == 0 ||
	    ret->tbs.len == 0 || ret->csr.len == 0)
		return cs_fail(err, CS_MALFORMED, "not a proposal of a CA certificate");
	ret->names = agreement.names;
	return CS_OK;
}

enum cs_code
ceremony_approve(struct cs_arena *arena, struct cs_span envelope, const char *approvers_path,
    const struct claim_key *key, struct cs_span *ret_envelope, struct cs_err *err)
{
	return claim_agreement_add(
	    arena, PROPOSAL_TYPE, envelope, approvers_path, key, ret_envelope, err);
}

/* ---- the record ---- */

static void
hash_of(struct cs_span line, char ret_hex[static CEREMONY_HASH])
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(line, digest);
	cs_hex_encode(cs_span_of(digest, sizeof(digest)), ret_hex);
}

static bool
read_entry(
    struct cs_arena *arena, struct cs_span line, const char *previous, struct ceremony_entry *ret)
{
	CS_AUTO(json_release)
	json_t *root = json_loadb((const char *)line.data, line.len, JSON_REJECT_DUPLICATES, NULL);
	const char *what = json_string_value(json_object_get(root, "what"));
	const char *at = json_string_value(json_object_get(root, "at"));
	const char *before = json_string_value(json_object_get(root, "previous"));

	if (what == NULL || at == NULL || before == NULL || strcmp(before, previous) != 0 ||
	    cs_time_parse(at, &ret->at_ms, NULL) != CS_OK)
		return false;
	ret->what = cs_arena_strdup(arena, what);
	return take_octets(arena, root, "proposal", &ret->proposal) &&
	       take_octets(arena, root, "request", &ret->request) &&
	       take_octets(arena, root, "certificate", &ret->certificate) &&
	       take_octets(arena, root, "crl", &ret->crl);
}

/* *ret_last: the hash of the last line, of nothing when there is none. */
static enum cs_code
read_lines(struct cs_arena *arena, const char *path, struct cs_span text,
    struct ceremony_entry *ret, size_t *ret_n, char ret_last[static CEREMONY_HASH],
    struct cs_err *err)
{
	hash_of(cs_span_of(NULL, 0), ret_last);
	for (*ret_n = 0; text.len > 0; ++*ret_n) {
		const uint8_t *end = memchr(text.data, '\n', text.len);

		if (end == NULL || *ret_n == LINES_MAX)
			return cs_fail(err, CS_MALFORMED, "%s: the last line has no end", path);
		const struct cs_span line = cs_span_of(text.data, (size_t)(end - text.data));
		if (!read_entry(arena, line, ret_last, &ret[*ret_n]))
			return cs_fail(err, CS_MALFORMED,
			    "%s: line %zu is none, or does not follow the line before", path,
			    *ret_n + 1);
		hash_of(line, ret_last);
		text = cs_span_of(end + 1, text.len - line.len - 1);
	}
	return CS_OK;
}

enum cs_code
ceremony_read(struct cs_arena *arena, const char *path, struct ceremony_entry **ret, size_t *ret_n,
    char ret_last[static CEREMONY_HASH], struct cs_err *err)
{
	uint8_t *text = cs_arena_alloc(arena, RECORD_MAX);
	size_t len = 0;

	*ret = CS_NEW_ARRAY(arena, LINES_MAX, struct ceremony_entry);
	if (pki_file_read(path, false, text, RECORD_MAX, &len, err))
		return err->code;
	return read_lines(arena, path, cs_span_of(text, len), *ret, ret_n, ret_last, err);
}

static struct cs_span
line_of(struct cs_arena *arena, const struct ceremony_entry *entry, const char *previous)
{
	CS_AUTO(json_release) json_t *line = json_object();
	char at[CS_TIME_TEXT];

	cs_time_format(entry->at_ms, at);
	json_object_set_new(line, "at", json_string(at));
	json_object_set_new(line, "what", json_string(entry->what));
	json_object_set_new(line, "previous", json_string(previous));
	put_octets(arena, line, "proposal", entry->proposal);
	put_octets(arena, line, "request", entry->request);
	put_octets(arena, line, "certificate", entry->certificate);
	put_octets(arena, line, "crl", entry->crl);
	const struct cs_span text = dump(arena, line);
	return cs_span_str(
	    cs_arena_printf(arena, "%.*s\n", (int)text.len, (const char *)text.data));
}

/* Two commands at once write one after the other. */
static enum cs_code
append(struct cs_arena *arena, int fd, const char *path, const struct ceremony_entry *entry,
    struct cs_err *err)
{
	struct ceremony_entry *before;
	char last[CEREMONY_HASH];
	size_t n;

	if (flock(fd, LOCK_EX) != 0)
		return cs_fail(err, CS_INTERNAL, "%s: %s", path, strerror(errno));
	if (ceremony_read(arena, path, &before, &n, last, err))
		return err->code;
	const struct cs_span line = line_of(arena, entry, last);
	if (write(fd, line.data, line.len) != (ssize_t)line.len || fsync(fd) != 0)
		return cs_fail(err, CS_INTERNAL, "%s: %s", path, strerror(errno));
	return CS_OK;
}

enum cs_code
ceremony_note(struct cs_arena *arena, const char *path, const struct ceremony_entry *entry,
    struct cs_err *err)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		return cs_fail(err, CS_INTERNAL, "%s: %s", path, strerror(errno));
	const enum cs_code code = append(arena, fd, path, entry, err);
	(void)close(fd);
	return code;
}
