/* SPDX-License-Identifier: Apache-2.0 */
#include "own.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "handler.h"
#include "pki/ed25519.h"
#include "pki/file.h"
#include "pki/hash.h"
#include "pki/lint.h"
#include "record.h"
#include "wire.h"

#define PROGRAM_MAX ((size_t)32 * 1024 * 1024)

/* ---- in words: key=value, separated by spaces ---- */

static const char *
hex(struct cs_arena *arena, const uint8_t digest[static 32])
{
	return cs_hex(arena, cs_span_of(digest, 32));
}

const char *
own_word(struct cs_arena *arena, const char *text)
{
	char *copy = cs_arena_strdup(arena, text);

	for (char *c = copy; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == '=')
			*c = '_';
	return copy;
}

static enum cs_code
program_sha256(uint8_t ret_digest[static 32], struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	uint8_t *program = cs_arena_alloc(arena, PROGRAM_MAX);
	size_t len;
	const enum cs_code code =
	    pki_file_read("/proc/self/exe", false, program, PROGRAM_MAX, &len, err);

	if (code == CS_OK)
		pki_sha256(cs_span_of(program, len), ret_digest);
	cs_arena_free(arena);
	return code;
}

static const char *
issuers_told(const struct signer_service *signer)
{
	size_t n;
	const struct issuers_row *rows = issuers_all(signer->issuers, &n);
	struct cs_buf buf = cs_buf_new(signer->arena);

	for (size_t i = 0; i < n; i++) {
		uint8_t digest[PKI_SHA256];

		pki_sha256(rows[i].chain[0], digest);
		cs_buf_printf(&buf, "%s%s:%s", i > 0 ? "," : "",
		    own_word(signer->arena, rows[i].ca.label), hex(signer->arena, digest));
	}
	return (const char *)cs_buf_span(&buf).data;
}

const char *
own_trust(const struct signer_service *signer, struct cs_arena *arena)
{
	uint8_t table[CLAIM_DIGEST], approvers[CLAIM_DIGEST];
	const uint32_t version = claim_trust_identity(signer->trust, table, approvers);

	return cs_arena_printf(
	    arena, "trust=%u:%s:%s", version, hex(arena, table), hex(arena, approvers));
}

enum cs_code
own_describe(struct signer_service *signer, const struct svc *svc, struct cs_err *err)
{
	uint8_t program[PKI_SHA256], settings[PKI_SHA256];

	if (program_sha256(program, err))
		return err->code;
	svc_settings_sha256(svc, settings);
	signer->started = cs_arena_printf(signer->arena,
	    "version=%s program=%s settings=%s issuers=%s lint=%s rules=%s",
	    own_word(signer->arena, svc_version()), hex(signer->arena, program),
	    hex(signer->arena, settings), issuers_told(signer),
	    own_word(signer->arena, pki_lint_version()),
	    own_word(signer->arena, CLAIM_RULES_VERSION));
	return CS_OK;
}

/* ---- what is due ---- */

static bool
is_told(const struct own *own, const char *trust)
{
	return strstr(own->told, trust) != NULL;
}

/* Only a tree that has grown gets another head, and not more often than the setting says. */
static bool
head_is_due(const struct signer_service *signer, const struct own *own, int64_t now_ms)
{
	return own->tree.size > own->newest.size &&
	       now_ms - own->newest.at_ms >= signer->audit_head_s * CS_SECOND_MS;
}

bool
own_is_due(const struct signer_service *signer, struct cs_arena *arena, const struct own *own,
    int64_t now_ms)
{
	return own->told == NULL || !is_told(own, own_trust(signer, arena)) ||
	       head_is_due(signer, own, now_ms);
}

static void
sign_head(const struct signer_service *signer, struct svc_event *ev, struct own *own)
{
	own->head = (struct audit_head){ .size = own->tree.size, .at_ms = ev->now_ms };
	audit_tree_root(&own->tree, own->head.root);
	audit_head_sign(signer->audit_key, &own->head);
	own->head_is_new = true;
	svc_emit(ev, "certificate.audit-head", wire_audit_head(ev->arena, &own->head));
	svc_ended(ev); /* the next head says all that this one said */
	log_info(ev->log, "audit head signed size=%llu", (unsigned long long)own->head.size);
}

void
own_on_clock(const void *self, struct svc_event *ev)
{
	const struct signer_service *signer = self;
	struct signer_record *record = ev->state;
	struct own *own = record->own;
	const char *trust = own_trust(signer, ev->arena);

	if (own->told == NULL)
		record_add_audit(record, ev->arena, "start",
		    cs_arena_printf(ev->arena, "%s %s", signer->started, trust));
	else if (!is_told(own, trust))
		record_add_audit(record, ev->arena, "trust", trust);
	if (head_is_due(signer, own, ev->now_ms))
		sign_head(signer, ev, own);
}
