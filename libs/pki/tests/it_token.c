/* SPDX-License-Identifier: Apache-2.0 */
/* it_token.c: keys in a real SoftHSM, and a module that hangs, lies and forgets (F16, SGN-7, D16). */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "check.h"
#include "pki/issuer.h"
#include "pki/signer.h"
#include "pki/token.h"
#include "pki/verify.h"

#define RECOVERY_MS 20000

static struct cs_arena *
arena_of(void **state)
{
	return *state;
}

static int
arena_open(void **state)
{
	*state = cs_arena_new();
	return 0;
}

static int
arena_close(void **state)
{
	cs_arena_free(*state);
	return 0;
}

static const char *
in_dir(struct cs_arena *arena, const char *name)
{
	return cs_arena_printf(arena, "%s/%s", getenv("CS_TOKEN_DIR"), name);
}

static struct pki_token
token_of(struct cs_arena *arena, const char *object)
{
	return (struct pki_token){ .module = getenv("CS_TOKEN_MODULE"),
		.token = "countersign",
		.object = object,
		.pin_file = in_dir(arena, "pin") };
}

static void
make(struct cs_arena *arena, const char *object, enum pki_key_kind kind, uint32_t bits)
{
	const struct pki_token token = token_of(arena, object);
	struct cs_err err;

	if (pki_token_generate(&token, kind, bits, &err) != CS_OK)
		fail_msg("%s: %s", object, err.text);
}

/* What opening it says; its public key in *ret_spki when it opens. */
static enum cs_code
open_says(struct cs_arena *arena, const struct pki_token *token, struct cs_span *ret_spki,
    struct cs_err *err)
{
	struct pki_token_key *key;

	if (pki_token_key_open(token, &key, err))
		return err->code;
	*ret_spki = cs_arena_copy_span(arena, pki_token_key_spki(key));
	pki_token_key_free(key);
	return CS_OK;
}

static struct cs_span
spki_of(struct cs_arena *arena, const char *object)
{
	const struct pki_token token = token_of(arena, object);
	struct cs_span spki;
	struct cs_err err;

	if (open_says(arena, &token, &spki, &err) != CS_OK)
		fail_msg("%s: %s", object, err.text);
	return spki;
}

static enum cs_code
signer_says(const struct pki_token *token, struct cs_span spki, bool pss, struct pki_signer *ret,
    struct cs_err *err)
{
	const struct pki_issuer_files files = { .token = token };
	struct pki_private private;

	if (pki_private_load(&files, &private, err))
		return err->code;
	return pki_signer_init(ret, private, spki, pss, err);
}

static void
signs_as(struct cs_arena *arena, const char *object, bool pss, const char *algorithm)
{
	const struct pki_token token = token_of(arena, object);
	const struct cs_span spki = spki_of(arena, object), data = cs_span_str("to be signed");
	struct pki_signer signer;
	struct cs_span signature;
	struct cs_err err;

	if (signer_says(&token, spki, pss, &signer, &err) != CS_OK)
		fail_msg("%s: %s", object, err.text);
	assert_string_equal(pki_sigalg_name(signer.sigalg), algorithm);
	for (int i = 0; i < 20; i++) { /* also numbers that begin with zeros */
		if (pki_signer_sign(&signer, arena, data, &signature, &err) != CS_OK)
			fail_msg("%s: %s", object, err.text);
		assert_true(pki_verify(spki, signer.sigalg, data, signature));
		assert_false(
		    pki_verify(spki, signer.sigalg, cs_span_str("to be Signed"), signature));
	}
	pki_signer_fini(&signer);
}

static void
keys_of_every_kind_sign(void **state)
{
	struct cs_arena *arena = arena_of(state);

	make(arena, "p256", PKI_KEY_EC, 256);
	make(arena, "p384", PKI_KEY_EC, 384);
	make(arena, "p521", PKI_KEY_EC, 521);
	make(arena, "rsa", PKI_KEY_RSA, 3072);
	signs_as(arena, "p256", false, "ECDSA SHA-256");
	signs_as(arena, "p384", false, "ECDSA SHA-384");
	signs_as(arena, "p521", false, "ECDSA SHA-512");
	signs_as(arena, "rsa", false, "RSA SHA-256");
	signs_as(arena, "rsa", true, "RSA-PSS SHA-256");
}

static void
a_label_is_given_once(void **state)
{
	struct cs_arena *arena = arena_of(state);
	const struct pki_token token = token_of(arena, "p256");
	struct cs_err err;

	assert_int_equal(pki_token_generate(&token, PKI_KEY_EC, 256, &err), CS_CONFLICT);
}

struct refusal {
	const char *name;
	struct pki_token token;
	enum cs_code code;
	const char *says;
};

static void
what_is_missing_is_named(void **state)
{
	struct cs_arena *arena = arena_of(state);
	const char *open_pin = in_dir(arena, "open-pin");
	struct refusal cases[] = {
		{ "no module", token_of(arena, "p256"), CS_NOT_FOUND, "/nowhere.so" },
		{ "no PKCS#11 module", token_of(arena, "p256"), CS_MALFORMED, "PKCS#11" },
		{ "no token", token_of(arena, "p256"), CS_NOT_FOUND, "\"elsewhere\"" },
		{ "half a token's label", token_of(arena, "p256"), CS_NOT_FOUND, "\"counter\"" },
		{ "no key", token_of(arena, "nobody"), CS_NOT_FOUND, "\"nobody\"" },
		{ "an id of another key", token_of(arena, "p256"), CS_NOT_FOUND, "\"77\"" },
		{ "any of several keys", token_of(arena, NULL), CS_NOT_FOUND, "more than one" },
		{ "no PIN file", token_of(arena, "p256"), CS_NOT_FOUND, "gone" },
		{ "a PIN that all may read", token_of(arena, "p256"), CS_MALFORMED, "mode 644" },
		{ "a wrong PIN", token_of(arena, "p256"), CS_MALFORMED, "refuses the PIN" },
	};
	struct cs_span spki;
	struct cs_err err;

	cases[0].token.module = "/nowhere.so";
	cases[1].token.module = "libc.so.6";
	cases[2].token.token = "elsewhere";
	cases[3].token.token = "counter";
	cases[5].token.id = "77";
	cases[7].token.pin_file = "/gone";
	cases[8].token.pin_file = open_pin;
	cases[9].token.pin_file = in_dir(arena, "wrong-pin");
	FILE *file = fopen(open_pin, "w");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const enum cs_code code = open_says(arena, &cases[i].token, &spki, &err);

		if (code != cases[i].code || strstr(err.text, cases[i].says) == NULL)
			fail_msg("%s: %s %s", cases[i].name, cs_code_name(code), err.text);
	}
}

static void
the_key_of_another_certificate_is_refused(void **state)
{
	struct cs_arena *arena = arena_of(state);
	const struct pki_token token = token_of(arena, "p384");
	struct pki_signer signer;
	struct cs_err err;

	assert_int_equal(
	    signer_says(&token, spki_of(arena, "p256"), false, &signer, &err), CS_MALFORMED);
	assert_non_null(strstr(err.text, "do not belong together"));
	const struct pki_token stranger = token_of(arena, "stranger");
	assert_int_equal(
	    signer_says(&stranger, spki_of(arena, "p256"), false, &signer, &err), CS_MALFORMED);
	assert_non_null(strstr(err.text, "neither RSA nor EC"));
}

/* ---- faults ---- */

static void
set_fault(const char *fault)
{
	FILE *file = fopen(getenv("CS_FAULT_FILE"), "w");

	assert_non_null(file);
	assert_true(fputs(fault, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Tries until it signs; at most so long. */
static void
recovers(struct cs_arena *arena, const char *fault, struct pki_signer *signer)
{
	const int64_t until_ms = cs_mono_ms() + RECOVERY_MS;
	const struct cs_span data = cs_span_str("after the fault");
	struct cs_span signature;
	struct cs_err err;

	while (pki_signer_sign(signer, arena, data, &signature, &err) != CS_OK) {
		if (cs_mono_ms() > until_ms)
			fail_msg("%s: does not sign again: %s", fault, err.text);
		(void)poll(NULL, 0, 50);
	}
	assert_true(pki_verify(signer->key.spki, signer->sigalg, data, signature));
}

static void
a_fault_gives_no_signature(struct cs_arena *arena, const char *object, const char *fault,
    enum cs_code code, bool once_worked)
{
	struct pki_token token = token_of(arena, object);
	const struct cs_span spki = spki_of(arena, object), data = cs_span_str("to be signed");
	struct pki_signer signer;
	struct cs_span signature = { NULL, 0 };
	struct cs_err err;

	token.module = getenv("CS_FAULTY_MODULE");
	token.sign_ms = 400;
	set_fault("none");
	if (signer_says(&token, spki, false, &signer, &err) != CS_OK)
		fail_msg("%s: %s", fault, err.text);
	if (once_worked)
		recovers(arena, fault, &signer);
	set_fault(fault);
	const int64_t began_ms = cs_mono_ms();
	const enum cs_code says = pki_signer_sign(&signer, arena, data, &signature, &err);
	if (says != code || signature.len != 0)
		fail_msg("%s: %s %s", fault, cs_code_name(says), err.text);
	assert_true(cs_mono_ms() - began_ms < 5000);
	set_fault("none");
	recovers(arena, fault, &signer);
	pki_signer_fini(&signer);
}

static void
no_fault_gives_a_signature_and_each_is_got_over(void **state)
{
	struct cs_arena *arena = arena_of(state);

	make(arena, "other", PKI_KEY_EC, 256);
	a_fault_gives_no_signature(arena, "p256", "hang", CS_UNAVAILABLE, true);
	a_fault_gives_no_signature(arena, "p256", "crash", CS_UNAVAILABLE, true);
	a_fault_gives_no_signature(arena, "p256", "session", CS_UNAVAILABLE, true);
	a_fault_gives_no_signature(arena, "p256", "garbage", CS_INTERNAL, true);
	a_fault_gives_no_signature(arena, "rsa", "garbage", CS_INTERNAL, true);
	a_fault_gives_no_signature(arena, "p256", "empty", CS_INTERNAL, true);
	a_fault_gives_no_signature(arena, "rsa", "empty", CS_UNAVAILABLE, true);
	a_fault_gives_no_signature(arena, "p256", "renumbered", CS_INTERNAL, false);
}

/* The worker dies, and the token is not there when the next one looks. */
static void
a_token_that_goes_and_comes_back(void **state)
{
	struct cs_arena *arena = arena_of(state);
	struct pki_token token = token_of(arena, "p256");
	const struct cs_span spki = spki_of(arena, "p256"), data = cs_span_str("to be signed");
	struct pki_signer signer;
	struct cs_span signature;
	struct cs_err err;

	token.module = getenv("CS_FAULTY_MODULE");
	set_fault("none");
	assert_int_equal(signer_says(&token, spki, false, &signer, &err), CS_OK);
	recovers(arena, "absent", &signer);
	set_fault("crash");
	assert_int_equal(pki_signer_sign(&signer, arena, data, &signature, &err), CS_UNAVAILABLE);
	set_fault("absent");
	const int64_t until_ms = cs_mono_ms() + RECOVERY_MS;
	enum cs_code code = CS_UNAVAILABLE;
	while (code == CS_UNAVAILABLE && cs_mono_ms() < until_ms) { /* left alone for a moment */
		code = pki_signer_sign(&signer, arena, data, &signature, &err);
		(void)poll(NULL, 0, 50);
	}
	assert_int_equal(code, CS_NOT_FOUND);
	set_fault("none");
	recovers(arena, "absent", &signer);
	pki_signer_fini(&signer);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_every_kind_sign),
		cmocka_unit_test(a_label_is_given_once),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(the_key_of_another_certificate_is_refused),
		cmocka_unit_test(no_fault_gives_a_signature_and_each_is_got_over),
		cmocka_unit_test(a_token_that_goes_and_comes_back),
	};

	pki_token_child_main(argc, argv);
	return cmocka_run_group_tests(tests, arena_open, arena_close);
}
