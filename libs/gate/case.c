/* SPDX-License-Identifier: Apache-2.0 */
/* case.c: one digest of all that a judgement rests on.  Every input of gate_judge() belongs into it. */
#include <stdlib.h>
#include <string.h>

#include "gate/gate.h"
#include "pki/hash.h"

#define LABEL "countersign/case/v1"

static void
add_number(struct cs_buf *buf, uint64_t value)
{
	uint8_t octets[8];

	for (int i = 0; i < 8; i++)
		octets[i] = (uint8_t)(value >> (56 - 8 * i));
	cs_buf_add(buf, octets, sizeof(octets));
}

static void
add_received(struct cs_buf *buf, const struct gate_received *received)
{
	uint8_t digest[CLAIM_DIGEST];

	claim_envelope_sha256(received->envelope, digest);
	cs_buf_add(buf, digest, sizeof(digest));
	add_number(buf, (uint64_t)received->received_ms);
}

static void
add_rules(struct cs_buf *buf, const struct gate_rules *rules)
{
	add_number(buf, rules->issuer_domains.n);
	for (size_t i = 0; i < rules->issuer_domains.n; i++)
		cs_buf_add(buf, rules->issuer_domains.items[i],
		    strlen(rules->issuer_domains.items[i]) + 1);
}

/* ---- evidence ---- */

static bool
counts(const struct gate_evidence *e, struct cs_id request, const struct claim_plan *plan)
{
	if (cs_id_equal(e->e.request, request))
		return true;
	for (size_t i = 0; i < plan->n_checks; i++) {
		if (plan->checks[i].has_standing &&
		    memcmp(plan->checks[i].standing_sha256, e->sha256, CLAIM_DIGEST) == 0)
			return true;
	}
	return false;
}

static int
compare_evidence(const void *a, const void *b)
{
	const struct gate_evidence *const *left = a, *const *right = b;

	return memcmp((*left)->sha256, (*right)->sha256, CLAIM_DIGEST);
}

static void
add_evidence(struct cs_buf *buf, const struct gate_case *c, const struct claim_plan *plan)
{
	const struct gate_evidence **all =
	    CS_NEW_ARRAY(buf->arena, c->n_evidence, const struct gate_evidence *);
	size_t n = 0;

	for (size_t i = 0; i < c->n_evidence; i++) {
		if (counts(&c->evidence[i], c->id, plan))
			all[n++] = &c->evidence[i];
	}
	qsort(all, n, sizeof(*all), compare_evidence);
	add_number(buf, n);
	for (size_t i = 0; i < n; i++)
		add_received(buf, &all[i]->received);
}

/* ---- denials: of each request and check the last, which is all that the gate asks for ---- */

static bool
is_asked(const struct gate_denial *no, const struct claim_plan *plan)
{
	for (size_t i = 0; i < plan->n_checks; i++) {
		if (memcmp(plan->checks[i].digest, no->check_digest, CLAIM_DIGEST) == 0)
			return true;
	}
	return false;
}

static int
compare_denials(const void *a, const void *b)
{
	const struct gate_denial *left = a, *right = b;
	const int order = memcmp(left->check_digest, right->check_digest, CLAIM_DIGEST);

	return order != 0 ? order : cs_id_compare(left->request, right->request);
}

static void
merge(struct gate_denial *into, const struct gate_denial *no)
{
	if (no->attempt > into->attempt)
		into->attempt = no->attempt;
	if (no->checked_at_ms > into->checked_at_ms)
		into->checked_at_ms = no->checked_at_ms;
}

static void
add_denials(struct cs_buf *buf, const struct gate_case *c, const struct claim_plan *plan)
{
	struct gate_denial *all = CS_NEW_ARRAY(buf->arena, c->n_denials, struct gate_denial);
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < c->n_denials; i++) {
		if (is_asked(&c->denials[i], plan))
			all[n++] = c->denials[i];
	}
	qsort(all, n, sizeof(*all), compare_denials);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && compare_denials(&all[kept - 1], &all[i]) == 0)
			merge(&all[kept - 1], &all[i]);
		else
			all[kept++] = all[i];
	}
	add_number(buf, kept);
	for (size_t i = 0; i < kept; i++) {
		cs_buf_add(buf, all[i].check_digest, CLAIM_DIGEST);
		cs_buf_add(buf, all[i].request.octets, sizeof(all[i].request.octets));
		add_number(buf, all[i].attempt);
		add_number(buf, (uint64_t)all[i].checked_at_ms);
	}
}

/* ---- the key, and what went before ---- */

static void
add_text(struct cs_buf *buf, const char *text)
{
	add_number(buf, text != NULL);
	if (text != NULL)
		cs_buf_add(buf, text, strlen(text) + 1);
}

static void
add_key(struct cs_buf *buf, const struct gate_case *c)
{
	uint8_t digest[PKI_SHA256];

	add_number(buf, c->key.known);
	cs_buf_add(buf, c->key.spki_sha256, sizeof(c->key.spki_sha256));
	add_text(buf, c->key.blocked);
	add_text(buf, c->key.enterprise);
	add_text(buf, c->key.account);
	cs_buf_add(buf, c->previous.request.octets, sizeof(c->previous.request.octets));
	pki_sha256(c->previous.certificate, digest);
	cs_buf_add(buf, digest, sizeof(digest));
	add_text(buf, c->previous.enterprise);
	add_text(buf, c->previous.account);
	add_text(buf, c->previous.profile);
	add_number(buf, c->previous.revoked);
}

void
gate_case_sha256(struct cs_arena *arena, const struct gate_rules *rules, const struct gate_case *c,
    const struct claim_plan *plan, uint8_t ret_digest[static CLAIM_DIGEST])
{
	struct cs_buf buf = cs_buf_new(arena);

	cs_buf_add(&buf, LABEL, sizeof(LABEL));
	cs_buf_add(&buf, c->id.octets, sizeof(c->id.octets));
	add_rules(&buf, rules);
	add_received(&buf, &c->request);
	add_received(&buf, &c->approval);
	add_received(&buf, &c->plan);
	add_evidence(&buf, c, plan);
	add_denials(&buf, c, plan);
	add_key(&buf, c);
	pki_sha256(cs_buf_span(&buf), ret_digest);
}
