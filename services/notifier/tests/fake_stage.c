/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "fake_store.h"
#include "fake_svc.h"
#include "pki/ed25519.h"

static struct claim_key *
new_key(struct fake_stage *stage, const char *dir, const char *name)
{
	const char *path = cs_arena_printf(stage->arena, "%s/%s", dir, name);
	struct claim_key *key;
	struct cs_err err;

	assert_int_equal(pki_ed25519_generate(path, &err), CS_OK);
	assert_int_equal(claim_key_load(path, &key, &err), CS_OK);
	(void)unlink(path);
	return key;
}

static void
make_trust(struct fake_stage *stage, const char *dir)
{
	static const char *states[] = { "factor-order", "setting" }, *everybody[] = { "*" };
	const char *path = cs_arena_printf(stage->arena, "%s/trust", dir);
	const char *list = cs_arena_printf(stage->arena, "%s/approvers", dir);
	struct claim_trust_row row = { .keyid = claim_key_id(stage->policy),
		.service = "policy",
		.states = { states, 2 },
		.enterprises = { everybody, 1 },
		.not_before_ms = 1,
		.not_after_ms = INT64_C(4102444800000) };
	FILE *file = fopen(list, "we");
	struct cs_err err;

	assert_non_null(file);
	claim_key_public(stage->policy, row.public_key);
	for (int i = 0; i < 2; i++) {
		uint8_t public_key[32];

		claim_key_public(stage->approvers[i], public_key);
		(void)fprintf(file, "a%d %s\n", i,
		    cs_base64(stage->arena, cs_span_of(public_key, sizeof(public_key))));
	}
	(void)fclose(file);
	assert_int_equal(claim_trust_write(path, 1, &row, 1,
			     (const struct claim_key *const *)stage->approvers, 2, &err),
	    CS_OK);
	assert_int_equal(claim_trust_load(path, list, &stage->world->notify.trust, &err), CS_OK);
	(void)unlink(path);
	(void)unlink(list);
}

void
fake_stage_begin(struct fake_stage *stage, struct fake_world *world)
{
	char dir[] = "/tmp/test-codes-XXXXXX";

	*stage = (struct fake_stage){ .world = world, .arena = world->arena, .now_ms = FAKE_NOW };
	assert_non_null(mkdtemp(dir));
	stage->policy = new_key(stage, dir, "policy");
	stage->approvers[0] = new_key(stage, dir, "a");
	stage->approvers[1] = new_key(stage, dir, "b");
	world->notify.key = new_key(stage, dir, "notifier");
	world->notify.code_key = cs_span_str(FAKE_CODE_KEY);
	make_trust(stage, dir);
	(void)rmdir(dir);
	stage->service = (struct svc_service){
		.name = "notifier",
		.mode = SVC_BATCH,
		.self = &world->notify,
		.routes = notify_routes,
		.load = store_load_cases,
		.save = store_save_cases,
	};
	fake_store_reset();
	stage->test = svc_test_new(&stage->service, FAKE_NOW);
}

void
fake_stage_end(struct fake_stage *stage)
{
	svc_test_free(stage->test);
	fake_store_reset();
	claim_key_free(stage->policy);
	claim_key_free(stage->approvers[0]);
	claim_key_free(stage->approvers[1]);
	claim_key_free(stage->world->notify.key);
	claim_trust_free(stage->world->notify.trust);
	stage->world->notify.key = NULL;
	stage->world->notify.trust = NULL;
}

/* A length-delimited field, written by hand: the bus knows numbers, not names. */
void
fake_stage_put(struct cs_buf *buf, unsigned number, struct cs_span octets)
{
	const uint8_t tag = (uint8_t)(number << 3 | 2);

	cs_assert(number < 16);
	cs_buf_add(buf, &tag, 1);
	for (size_t left = octets.len, more = 1; more != 0; left >>= 7) {
		const uint8_t seven = (uint8_t)(left & 0x7f);
		const uint8_t octet = left > 0x7f ? seven | 0x80 : seven;

		more = left >> 7;
		cs_buf_add(buf, &octet, 1);
	}
	cs_buf_add_span(buf, octets);
}

/* What the event was answered; empty: nothing. */
struct cs_span
fake_stage_run(struct fake_stage *stage, const char *subject, struct cs_id key, struct cs_span body)
{
	const char *id = cs_arena_printf(stage->arena, "e%u", stage->n++);
	struct cs_span answer = cs_span_str(NULL);
	uint32_t status;

	svc_test_set_time(stage->test, stage->now_ms);
	svc_test_run(stage->test,
	    &(struct svc_test_event){ .id = id, .subject = subject, .key = key, .body = body }, 1);
	return svc_test_reply(stage->test, id, &status, &answer) ? answer : cs_span_str(NULL);
}

/* The proof of an answer, which nobody but notifier could have signed. */
struct claim_factor
fake_stage_proof(const struct fake_stage *stage, struct cs_span answer)
{
	struct claim_factor factor;
	struct cs_err err = { 0 };
	size_t at = 0;

	while (at + 1 < answer.len && answer.data[at] != (3 << 3 | 2))
		at += 2 + (size_t)answer.data[at + 1];
	const uint8_t *len = answer.data + at + 1;
	const bool is_long = (len[0] & 0x80) != 0;
	const size_t octets = is_long ? (size_t)(len[0] & 0x7f) | (size_t)len[1] << 7 : len[0];
	const struct cs_span envelope = cs_span_of(len + (is_long ? 2 : 1), octets);

	if (claim_open_factor(stage->arena, NULL, envelope, 0, &factor, &err))
		fail_msg("%s", err.text);
	assert_string_equal(
	    claim_keyid_of(stage->arena, envelope), claim_key_id(stage->world->notify.key));
	return factor;
}
