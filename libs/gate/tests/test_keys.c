/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_keys.c: keys that nobody may have certified, or somebody else has; and what a renewal, a rekey and a
 * reissue keep of the certificate that they follow.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate/tests/csrs.h"
#include "gate/tests/fake_world.h"
#include "pki/cert.h"
#include "pki/hash.h"

/* What the registry says, and the certificate that went before. */
struct facts {
	const char *name, *want; /* NULL: complete; "about why": missing; "code": refused */
	const char *field;       /* of the refusal */
	enum claim_request_kind kind;
	const char *blocked, *enterprise, *account; /* of the key */
	bool unknown, other_looked_up, of_ca, listed;
	/* The certificate: as the request wants it, but for: */
	bool absent, unreadable, other_key, fewer_mailboxes, more_mailboxes, other_mailbox, revoked;
	const char *by_enterprise, *by_account, *profile, *common_name;
	const char *wants_name; /* the request's common name */
};

static const struct facts *now_tested;
static struct pki_weak_list *weak; /* has the key of csr_one */

static const struct pki_mailbox mailboxes[] = { { "bob@dev.example", false },
	{ "ann@sales.example", false }, { "eve@dev.example", false } };

/* The serial's first octet is from 0x01 to 0x7f; signed by nobody, which the gate does not ask. */
static struct cs_span
certificate(struct cs_arena *arena, const struct facts *f)
{
	static const uint8_t serial[] = "0123456789abcdef", id[20] = { 1 };
	static const uint8_t sigalg[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
		0x04, 0x03, 0x02 };
	static const char *const eku[] = { PKI_EKU_EMAIL_PROTECTION, NULL };
	static const char *const policies[] = { "2.23.140.1.5.1.3", NULL };
	const struct pki_attribute name = { "2.5.4.3", f->common_name };
	const struct pki_attribute issuer = { "2.5.4.3", "an issuer" };
	struct cs_span spki, tbs;

	assert_true(pki_csr_spki(f->other_key ? cs_span_of(csr_two, sizeof(csr_two))
					      : cs_span_of(csr_one, sizeof(csr_one)),
	    &spki));
	const struct pki_cert_template template = {
		.serial = cs_span_of(serial, 16),
		.issuer = pki_name(arena, &issuer, 1),
		.not_before_s = NOW / 1000,
		.not_after_s = NOW / 1000 + 86400,
		.subject = &name,
		.n_subject = f->common_name != NULL,
		.spki = spki,
		.mailboxes = mailboxes + (f->other_mailbox ? 1 : 0),
		.n_mailboxes = f->fewer_mailboxes  ? 1
			       : f->more_mailboxes ? 3
						   : 2,
		.key_usage = PKI_KU_DIGITAL_SIGNATURE,
		.eku = eku,
		.policies = policies,
		.authority_key_id = cs_span_of(id, sizeof(id)),
		.subject_key_id = cs_span_of(id, sizeof(id)),
		.sigalg = cs_span_of(sigalg, sizeof(sigalg)),
		.path_len = -1,
	};
	assert_int_equal(pki_cert_tbs(arena, &template, &tbs, NULL), CS_OK);
	return pki_cert_assemble(arena, tbs, template.sigalg, cs_span_str("signature"));
}

static void
look_up_previous(struct world *w, const struct facts *f)
{
	struct gate_previous *previous = &w->c.previous;

	previous->enterprise = f->by_enterprise != NULL ? f->by_enterprise : "acme";
	previous->account = f->by_account != NULL ? f->by_account : "u-1";
	previous->profile = f->profile != NULL ? f->profile : "mailbox-strict";
	previous->revoked = f->revoked;
	if (f->absent)
		return;
	previous->certificate = certificate(w->arena, f);
	previous->certificate.len -= f->unreadable;
}

static void
change(struct world *w, enum world_step step)
{
	static uint8_t ca_keys[2][32];
	const struct facts *f = now_tested;

	if (step == STEP_FACTS) {
		w->request.kind = f->kind;
		if (f->kind != CLAIM_FIRST)
			memset(w->request.previous.octets, 0x33, sizeof(w->request.previous));
		w->request.common_name = f->wants_name != NULL ? f->wants_name : "";
	}
	if (step != STEP_CASE)
		return;
	w->c.key.known = !f->unknown;
	w->c.key.blocked = f->blocked;
	w->c.key.enterprise = f->enterprise;
	w->c.key.account = f->account;
	if (f->other_looked_up)
		w->c.key.spki_sha256[31] ^= 1;
	memset(ca_keys, 0, sizeof(ca_keys));
	if (f->of_ca)
		memcpy(ca_keys[1], w->c.key.spki_sha256, sizeof(ca_keys[1]));
	w->rules.ca_keys = ca_keys;
	w->rules.n_ca_keys = COUNT(ca_keys);
	w->rules.weak = f->listed ? weak : NULL;
	if (f->kind != CLAIM_FIRST)
		look_up_previous(w, f);
}

#define RENEWAL .kind = CLAIM_RENEWAL
#define REKEY .kind = CLAIM_REKEY, .other_key = true
#define REISSUE .kind = CLAIM_REISSUE

static const struct facts cases[] = {
	{ "nobody's key", NULL, NULL, .kind = CLAIM_FIRST },
	{ "nobody looked it up", "key absent", .unknown = true },
	{ "another key was looked up", "key-unknown", "csr", .other_looked_up = true },
	{ "compromised", "key-compromised", "csr", .blocked = "compromised" },
	{ "reported", "key-compromised", "csr", .blocked = "reported" },
	{ "weak", "key-compromised", "csr", .blocked = "weak" },
	{ "compromised, and their own", "key-compromised", "csr", .blocked = "compromised",
	    .enterprise = "acme", .account = "u-1" },
	{ "their own", NULL, .enterprise = "acme", .account = "u-1" },
	{ "of another account", "key-of-another", "csr", .enterprise = "acme", .account = "u-2" },
	{ "of another enterprise", "key-of-another", "csr", .enterprise = "globex",
	    .account = "u-1" },
	{ "in the list of weak keys", "WEAKKEY", "csr", .listed = true },
	{ "of a CA of ours", "key-of-ca", "csr", .of_ca = true },

	{ "a renewal", NULL, NULL, RENEWAL },
	{ "a renewal of a compromised key", "key-compromised", "csr", RENEWAL,
	    .blocked = "compromised" },
	{ "a renewal of nothing", "previous-unknown", "previous", RENEWAL, .absent = true },
	{ "a renewal of what cannot be read", "previous-unknown", "previous", RENEWAL,
	    .unreadable = true },
	{ "a renewal of another account's", "previous-unknown", "previous", RENEWAL,
	    .by_account = "u-2" },
	{ "a renewal of another enterprise's", "previous-unknown", "previous", RENEWAL,
	    .by_enterprise = "globex" },
	{ "a renewal of what was revoked", "previous-revoked", "previous", RENEWAL,
	    .revoked = true },
	{ "a renewal with another key", "previous-key", "csr", RENEWAL, .other_key = true },
	{ "a renewal with a mailbox more", "previous-mailboxes", "mailboxes", RENEWAL,
	    .fewer_mailboxes = true },
	{ "a renewal with a mailbox less", "previous-mailboxes", "mailboxes", RENEWAL,
	    .more_mailboxes = true },
	{ "a renewal with another mailbox", "previous-mailboxes", "mailboxes", RENEWAL,
	    .other_mailbox = true },
	{ "a renewal under another profile", "previous-profile", "profile", RENEWAL,
	    .profile = "mailbox-multipurpose" },
	{ "a renewal without the name", "previous-name", "common_name", RENEWAL,
	    .common_name = "ann@sales.example" },
	{ "a renewal with a new name", "previous-name", "common_name", RENEWAL,
	    .wants_name = "ann@sales.example" },
	{ "a renewal with the name", NULL, NULL, RENEWAL, .common_name = "ann@sales.example",
	    .wants_name = "ann@sales.example" },

	{ "a rekey", NULL, NULL, REKEY },
	{ "a rekey with the same key", "previous-key", "csr", .kind = CLAIM_REKEY },
	{ "a rekey of what was revoked", NULL, NULL, REKEY, .revoked = true },
	{ "a rekey of nothing", "previous-unknown", "previous", REKEY, .absent = true },
	{ "a rekey of another account's", "previous-unknown", "previous", REKEY,
	    .by_account = "u-2" },
	{ "a rekey with a mailbox more", "previous-mailboxes", "mailboxes", REKEY,
	    .fewer_mailboxes = true },
	{ "a rekey with another mailbox", "previous-mailboxes", "mailboxes", REKEY,
	    .other_mailbox = true },
	{ "a rekey under another profile", NULL, NULL, REKEY, .profile = "mailbox-multipurpose" },

	{ "a reissue", NULL, NULL, REISSUE },
	{ "a reissue of something quite different", NULL, NULL, REISSUE, .other_key = true,
	    .other_mailbox = true, .revoked = true, .profile = "mailbox-multipurpose",
	    .common_name = "bob@dev.example" },
	{ "a reissue of nothing", "previous-unknown", "previous", REISSUE, .absent = true },
	{ "a reissue of another account's", "previous-unknown", "previous", REISSUE,
	    .by_account = "u-2" },
	{ "a reissue of another enterprise's", "previous-unknown", "previous", REISSUE,
	    .by_enterprise = "globex" },
	{ "a reissue of a compromised key", "key-compromised", "csr", REISSUE,
	    .blocked = "compromised" },
};

static void
each_key_and_each_predecessor_has_its_one_answer(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *want = cases[i].want != NULL ? cases[i].want : "complete";
		struct gate_verdict v;

		now_tested = &cases[i];
		world_make(w, change);
		gate_judge(w->arena, &w->rules, &w->c, w->now_ms, &v);
		if (strcmp(world_answer(w, &v), want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].name, world_answer(w, &v), want);
		if (v.says != GATE_REFUSE)
			continue;
		if (strcmp(v.refusal.field, cases[i].field) != 0)
			fail_msg("%s: field %s, want %s", cases[i].name, v.refusal.field,
			    cases[i].field);
		if (strncmp(v.refusal.clause, "SBR ", 4) != 0 || v.refusal.text[0] == '\0' ||
		    v.refusal.mend[0] == '\0')
			fail_msg("%s: an incomplete refusal", cases[i].name);
	}
}

/* The request alone says what is looked up. */
static void
a_request_names_what_to_look_up(void **state)
{
	static const struct facts rekey = { .kind = CLAIM_REKEY };
	struct world *w = *state;
	struct gate_key key;
	struct gate_previous previous;
	struct cs_span spki;
	uint8_t digest[32];

	now_tested = &rekey;
	world_make(w, change);
	assert_true(gate_asks(w->arena, w->c.request.envelope, &key, &previous));
	assert_true(pki_csr_spki(cs_span_of(csr_one, sizeof(csr_one)), &spki));
	pki_sha256(spki, digest);
	assert_memory_equal(key.spki_sha256, digest, sizeof(digest));
	assert_false(key.known);
	assert_true(cs_id_equal(previous.request, w->request.previous));
	assert_false(gate_asks(w->arena, cs_span_str("{}"), &key, &previous));
	assert_false(gate_asks(w->arena, w->c.plan.envelope, &key, &previous));
	assert_false(pki_csr_spki(cs_span_of(csr_one, sizeof(csr_one) - 1), &spki));
	assert_false(pki_csr_spki(cs_span_str(""), &spki));
}

static struct pki_weak_list *
list_csr_one(void)
{
	char path[] = "/tmp/test-gate-XXXXXX";
	struct pki_weak_key key = { 0 };
	struct pki_weak_list *list;
	struct cs_span spki;
	uint8_t digest[32];
	size_t n;

	cs_assert(pki_csr_spki(cs_span_of(csr_one, sizeof(csr_one)), &spki));
	pki_sha256(spki, digest);
	memcpy(key.digest, digest, sizeof(key.digest));
	cs_assert(close(mkstemp(path)) == 0 && unlink(path) == 0);
	cs_assert(pki_weak_list_write(path, "one", &key, 1, &n, NULL) == CS_OK);
	cs_assert(pki_weak_list_load(path, &list, NULL) == CS_OK);
	(void)unlink(path);
	return list;
}

static int
make_world(void **state)
{
	weak = list_csr_one();
	return world_setup(state);
}

static int
end_world(void **state)
{
	pki_weak_list_free(weak);
	return world_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_and_each_predecessor_has_its_one_answer),
		cmocka_unit_test(a_request_names_what_to_look_up),
	};

	return cmocka_run_group_tests_name("keys", tests, make_world, end_world);
}
