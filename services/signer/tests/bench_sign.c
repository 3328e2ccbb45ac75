/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_sign.c: ALGORITHM SECONDS.  Certificates per second of processor time by the signer alone: octets
 * built and linted, the order sealed, opened, linted again and carried out (signed and verified), the result
 * read, assembled and read back.  Without the gate, the database and the bus.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gate/tests/fake_world.h"
#include "handler.h"
#include "pki/ca.h"
#include "pki/cert.h"
#include "sign.h"

static const struct algorithm {
	const char *name;
	enum pki_key_kind kind;
	uint32_t bits;
} algorithms[] = {
	{ "p256", PKI_KEY_EC, 256 },
	{ "rsa2048", PKI_KEY_RSA, 2048 },
	{ "rsa3072", PKI_KEY_RSA, 3072 },
	{ "rsa4096", PKI_KEY_RSA, 4096 },
};

static const uint8_t seal_key[32] = "only signers have this one......";

static const char *
write_text(struct world *w, const char *name, const char *text)
{
	const char *path = cs_arena_printf(w->kept, "%s/%s", w->dir, name);
	FILE *file = fopen(path, "we");

	cs_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
	cs_assert(chmod(path, 0600) == 0);
	return path;
}

/* A CA below a root; both in the world's directory. */
static void
load_ca(struct world *w, const struct algorithm *algorithm, struct issuers **ret)
{
	struct pki_ca_spec spec = { .common_name = "Root",
		.organization = "Countersign",
		.country = "DE",
		.kind = PKI_KEY_EC,
		.bits = 384,
		.for_bench = true,
		.not_before_s = NOW / 1000 - 86400,
		.not_after_s = NOW / 1000 + INT64_C(20) * 365 * 86400,
		.crl_url = "http://crl.example/root.crl" };
	struct pki_ca_made root = { 0 }, issuing = { 0 };
	struct pki_issuer *signs;

	cs_assert(pki_ca_make_root(&spec, NULL, &root, NULL) == CS_OK);
	const struct pki_issuer_files files = { .key = write_text(w, "root.key", root.key_pem),
		.chain = write_text(w, "root.pem", root.cert_pem) };
	cs_assert(pki_issuer_load(&files, &signs, NULL) == CS_OK);
	spec.common_name = "Issuing";
	spec.kind = algorithm->kind;
	spec.bits = algorithm->bits;
	cs_assert(pki_ca_make_issuing(&spec, signs, NULL, &issuing, NULL) == CS_OK);
	const struct issuers_settings settings = { .file = "",
		.key_file = write_text(w, "ca.key", issuing.key_pem),
		.password_file = "",
		.chain_file = write_text(w, "ca.pem", issuing.cert_pem),
		.label = "bench",
		.crl_urls = "http://crl.example/1.crl",
		.ocsp_urls = "http://ocsp.example/",
		.issuer_urls = "http://ca.example/1.cer" };
	cs_assert(issuers_load(&settings, ret, NULL) == CS_OK);
	pki_issuer_free(signs);
	pki_ca_made_fini(&root);
	pki_ca_made_fini(&issuing);
	static const char *const names[] = { "root.key", "root.pem", "ca.key", "ca.pem" };
	for (size_t i = 0; i < COUNT(names); i++)
		(void)unlink(cs_arena_printf(w->kept, "%s/%s", w->dir, names[i]));
}

static void
issue_one(const struct signer_service *signer, const struct gate_verdict *v, struct cs_arena *arena,
    uint64_t number)
{
	static const struct log_context log = { .service = "bench", .level = LOG_ERROR };
	const struct issuers_row *row = issuers_find(signer->issuers, "bench");
	struct cs_id id = { { 0 } };
	uint8_t random[32] = { 0 };
	struct sign_result result;
	struct pki_cert_info info;
	struct cs_refusal why;
	struct cs_span tbs;

	memcpy(random, &number, sizeof(number));
	memcpy(id.octets, &number, sizeof(number));
	const struct gate_choice choice = gate_choose(random, id, NOW);
	cs_assert(gate_prepare(arena, &row->ca, v, &choice, NOW, &tbs, &why));
	const struct sign_order order = { NOW, row->ca.label, v->profile->name, tbs };
	struct svc_work work = { .kind = "sign",
		.key = id,
		.body = sign_write_order(arena, signer->seal_key, id, &order),
		.now_ms = NOW,
		.arena = arena,
		.log = &log };
	const struct sign_result made = sign_carry_out(signer, &work);
	cs_assert(sign_read_result(sign_write_result(arena, &made), &result, NULL) == CS_OK &&
		  result.says == SIGN_DONE);
	const struct cs_span der = pki_cert_assemble(arena, tbs, row->ca.sigalg, result.signature);
	cs_assert(pki_cert_read(arena, der, &info, NULL) == CS_OK);
}

static double
processor_s(void)
{
	struct timespec now;

	cs_assert(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
measure(const struct signer_service *signer, const struct gate_verdict *v, double seconds)
{
	struct cs_arena *arena = cs_arena_new();
	uint64_t n = 0;

	for (; n < 8; n++) /* contexts, caches */
		issue_one(signer, v, arena, n);
	const double begun = processor_s();
	const uint64_t first = n;
	double now = begun;
	while (now - begun < seconds) {
		cs_arena_reset(arena);
		issue_one(signer, v, arena, n++);
		now = processor_s();
	}
	(void)printf("%.1f\n", (double)(n - first) / (now - begun));
	cs_arena_free(arena);
}

int
main(int argc, char *argv[])
{
	const struct algorithm *algorithm = NULL;
	struct signer_service signer = { .seal_key = { seal_key, sizeof(seal_key) } };
	struct gate_verdict v;

	for (size_t i = 0; argc == 3 && i < COUNT(algorithms); i++)
		if (strcmp(algorithms[i].name, argv[1]) == 0)
			algorithm = &algorithms[i];
	if (algorithm == NULL) {
		(void)fprintf(stderr, "bench_sign p256|rsa2048|rsa3072|rsa4096 SECONDS\n");
		return 2;
	}
	struct world *w = world_new();
	world_make(w, NULL);
	gate_judge(w->arena, &w->rules, &w->c, w->now_ms, &v);
	cs_assert(v.says == GATE_COMPLETE);
	load_ca(w, algorithm, &signer.issuers);
	measure(&signer, &v, strtod(argv[2], NULL));
	issuers_free(signer.issuers);
	world_free(w);
	return 0;
}
