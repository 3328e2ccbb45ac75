/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "pki/ca.h"
#include "pki/issuer_raw.h"

#define DAY_S 86400

static const char *
write_file(struct cs_arena *arena, const char *dir, const char *name, const char *text)
{
	const char *path = cs_arena_printf(arena, "%s/%s", dir, name);
	FILE *file = fopen(path, "wbe");

	cs_assert(file != NULL && fchmod(fileno(file), 0600) == 0);
	(void)fputs(text, file);
	(void)fclose(file);
	return path;
}

static struct pki_issuer *
make_ca(struct fake_world *world, const char *name, const char **ret_pem)
{
	const struct pki_ca_spec spec = { .common_name = name,
		.organization = "Tests",
		.country = "DE",
		.kind = PKI_KEY_EC,
		.bits = 256,
		.not_before_s = FAKE_NOW / 1000 - DAY_S,
		.not_after_s = FAKE_NOW / 1000 + 3650 * DAY_S };
	char dir[] = "/tmp/test-notify-XXXXXX";
	struct pki_issuer *issuer;
	struct pki_ca_made made;
	struct cs_err err;

	cs_assert(mkdtemp(dir) != NULL);
	if (pki_ca_make_root(&spec, NULL, &made, &err))
		fail_msg("%s", err.text);
	const struct pki_issuer_files files = { .key = write_file(
						    world->arena, dir, "key", made.key_pem),
		.chain = write_file(world->arena, dir, "chain", made.cert_pem) };

	if (pki_issuer_load(&files, &issuer, &err))
		fail_msg("%s", err.text);
	*ret_pem = cs_arena_strdup(world->arena, made.cert_pem);
	(void)unlink(files.key);
	(void)unlink(files.chain);
	(void)rmdir(dir);
	pki_ca_made_fini(&made);
	return issuer;
}

int
fake_world_setup(void **state)
{
	struct fake_world *world = calloc(1, sizeof(*world));
	const char *ours, *strange;
	struct cs_err err;

	cs_assert(world != NULL);
	world->arena = cs_arena_new();
	world->ours = make_ca(world, "Ours", &ours);
	world->stranger = make_ca(world, "Ours", &strange); /* the name is easily the same */
	if (certificate_read_cas(world->arena, cs_span_str(ours), &world->notify.cas, &err))
		fail_msg("%s", err.text);
	*state = world;
	return 0;
}

int
fake_world_teardown(void **state)
{
	struct fake_world *world = *state;

	certificate_free_cas(&world->notify.cas);
	pki_issuer_free(world->ours);
	pki_issuer_free(world->stranger);
	cs_arena_free(world->arena);
	free(world);
	return 0;
}

struct cs_id
fake_request(unsigned n)
{
	uint8_t octets[16] = { 0x44, (uint8_t)(n >> 8), (uint8_t)n };

	return cs_id_from_digest(octets);
}

/* ---- certificates ---- */

static struct cs_span
issue(struct fake_world *world, struct pki_issuer *issuer, const struct pki_mailbox *mailboxes,
    size_t n)
{
	static const uint8_t serial[16] = { 0x41, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		16 };
	static const char *const eku[] = { PKI_EKU_EMAIL_PROTECTION, NULL };
	const struct pki_cert_template template = {
		.serial = cs_span_of(serial, sizeof(serial)),
		.issuer = pki_issuer_name(issuer),
		.not_before_s = FAKE_NOW / 1000,
		.not_after_s = FAKE_NOW / 1000 + 365 * DAY_S - 1,
		.spki = pki_issuer_certificate(world->stranger)->spki, /* any good key */
		.mailboxes = mailboxes,
		.n_mailboxes = n,
		.key_usage = PKI_KU_DIGITAL_SIGNATURE,
		.eku = eku,
		.authority_key_id = pki_issuer_key_id(issuer),
		.sigalg = pki_issuer_sigalg(issuer),
		.path_len = -1,
	};
	struct cs_span tbs, signature = { NULL, 0 };
	struct cs_err err;

	if (pki_cert_tbs(world->arena, &template, &tbs, &err) ||
	    pki_issuer_sign_raw(issuer, world->arena, tbs, &signature, &err))
		fail_msg("%s", err.text);
	return pki_cert_assemble(world->arena, tbs, template.sigalg, signature);
}

struct wire_issued
fake_issued(struct fake_world *world, struct pki_issuer *issuer, struct cs_id request,
    const char *const *mailboxes)
{
	struct wire_issued issued = { .request = request,
		.issuer = "issuing-1",
		.enterprise = "demo",
		.account = "alice",
		.contact = mailboxes[0],
		.n_chain = 1 };
	struct pki_mailbox certified[10];
	struct pki_cert_info cert;
	struct cs_err err;

	for (; mailboxes[issued.n_mailboxes] != NULL; issued.n_mailboxes++) {
		issued.mailboxes[issued.n_mailboxes] = mailboxes[issued.n_mailboxes];
		certified[issued.n_mailboxes] =
		    (struct pki_mailbox){ mailboxes[issued.n_mailboxes], false };
	}
	issued.certificate = issue(world, issuer, certified, issued.n_mailboxes);
	issued.chain[0] = pki_issuer_certificate(issuer)->der;
	if (pki_cert_read(world->arena, issued.certificate, &cert, &err))
		fail_msg("%s", err.text);
	issued.serial = cs_hex(world->arena, cert.serial);
	issued.fingerprint = cs_hex(world->arena, cs_span_of(cert.sha256, sizeof(cert.sha256)));
	issued.not_before_ms = cert.not_before_s * 1000;
	issued.not_after_ms = cert.not_after_s * 1000;
	return issued;
}

/* ---- fields ---- */

static void
put_varint(struct cs_buf *buf, uint64_t value)
{
	do {
		uint8_t octet = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));

		cs_buf_add(buf, &octet, 1);
		value >>= 7;
	} while (value > 0);
}

static void
put_item(struct cs_buf *buf, unsigned field, struct cs_span octets)
{
	put_varint(buf, field << 3 | 2);
	put_varint(buf, octets.len);
	cs_buf_add_span(buf, octets);
}

/* What is empty is not written, as everybody does who writes proto3. */
static void
put(struct cs_buf *buf, unsigned field, struct cs_span octets)
{
	if (octets.len > 0)
		put_item(buf, field, octets);
}

static void
put_number(struct cs_buf *buf, unsigned field, int64_t value)
{
	if (value == 0)
		return;
	put_varint(buf, field << 3);
	put_varint(buf, (uint64_t)value);
}

struct cs_span
fake_issued_event(struct cs_arena *arena, const struct wire_issued *issued)
{
	struct cs_buf buf = cs_buf_new(arena);

	put(&buf, 1, cs_span_of(issued->request.octets, 16));
	put(&buf, 2, issued->certificate);
	for (size_t i = 0; i < issued->n_chain; i++)
		put_item(&buf, 3, issued->chain[i]);
	put(&buf, 4, cs_span_str(issued->serial));
	put(&buf, 5, cs_span_str(issued->issuer));
	put_number(&buf, 6, FAKE_NOW);
	put_number(&buf, 7, issued->not_before_ms);
	put_number(&buf, 8, issued->not_after_ms);
	put(&buf, 9, cs_span_str(issued->enterprise));
	put(&buf, 10, cs_span_str(issued->account));
	put(&buf, 11, cs_span_str(issued->contact));
	for (size_t i = 0; i < issued->n_mailboxes; i++)
		put_item(&buf, 12, cs_span_str(issued->mailboxes[i]));
	put(&buf, 13, cs_span_str(issued->fingerprint));
	return cs_buf_span(&buf);
}

struct cs_span
fake_revoked_event(struct cs_arena *arena, const struct wire_revoked *revoked)
{
	const struct wire_certificate *c = &revoked->certificate;
	struct cs_buf buf = cs_buf_new(arena);

	put(&buf, 1, cs_span_of(c->request.octets, 16));
	put(&buf, 2, cs_span_str(c->serial));
	put(&buf, 3, cs_span_str(c->issuer));
	put_number(&buf, 4, revoked->reason);
	put_number(&buf, 5, revoked->revoked_at_ms);
	put_number(&buf, 6, revoked->by);
	put(&buf, 7, cs_span_str("demo"));
	put(&buf, 8, cs_span_str("alice"));
	put(&buf, 9, cs_span_str(c->contact));
	for (size_t i = 0; i < c->n_mailboxes; i++)
		put_item(&buf, 10, cs_span_str(c->mailboxes[i]));
	put_number(&buf, 11, c->not_after_ms);
	put(&buf, 12, cs_span_str(revoked->text));
	return cs_buf_span(&buf);
}

struct cs_span
fake_expiring_event(
    struct cs_arena *arena, const struct wire_certificate *certificate, uint32_t days)
{
	struct cs_buf buf = cs_buf_new(arena);

	put(&buf, 1, cs_span_of(certificate->request.octets, 16));
	put(&buf, 2, cs_span_str(certificate->serial));
	put(&buf, 3, cs_span_str(certificate->issuer));
	put_number(&buf, 4, certificate->not_after_ms);
	put_number(&buf, 5, days);
	put(&buf, 6, cs_span_str("demo"));
	put(&buf, 7, cs_span_str("alice"));
	put(&buf, 8, cs_span_str(certificate->contact));
	for (size_t i = 0; i < certificate->n_mailboxes; i++)
		put_item(&buf, 9, cs_span_str(certificate->mailboxes[i]));
	return cs_buf_span(&buf);
}

struct cs_span
fake_refused_event(struct cs_arena *arena, bool plan, const struct wire_refused *refused)
{
	struct cs_buf buf = cs_buf_new(arena);

	put(&buf, 1, cs_span_of(refused->request.octets, 16));
	put(&buf, 2, cs_span_str(refused->code));
	put(&buf, 3, cs_span_str(refused->field));
	put(&buf, 4, cs_span_str(refused->clause));
	put(&buf, 5, cs_span_str(refused->text));
	put(&buf, 6, cs_span_str(refused->mend));
	put_number(&buf, 7, FAKE_NOW);
	put(&buf, 8, cs_span_str(refused->contact));
	if (plan)
		put(&buf, 9, cs_span_str(refused->check_id));
	if (plan)
		put(&buf, 10, cs_span_str(refused->enterprise));
	return cs_buf_span(&buf);
}

static uint64_t
take_varint(struct cs_span *rest)
{
	uint64_t value = 0;

	for (unsigned shift = 0; rest->len > 0 && shift < 64; shift += 7) {
		uint8_t octet = *rest->data++;

		rest->len--;
		value |= (uint64_t)(octet & 0x7f) << shift;
		if (octet < 0x80)
			break;
	}
	return value;
}

static bool
find(struct cs_span rest, unsigned field, uint64_t *ret_value, struct cs_span *ret_octets)
{
	while (rest.len > 0) {
		uint64_t tag = take_varint(&rest), value = take_varint(&rest);
		struct cs_span octets = cs_span_of(rest.data, (tag & 7) == 2 ? value : 0);

		assert_true(octets.len <= rest.len);
		rest = cs_span_of(rest.data + octets.len, rest.len - octets.len);
		*ret_value = value;
		*ret_octets = octets;
		if (tag >> 3 == field)
			return true;
	}
	return false;
}

const char *
fake_text(struct cs_arena *arena, struct cs_span message, unsigned field)
{
	struct cs_span octets;
	uint64_t value;

	if (!find(message, field, &value, &octets))
		return "";
	return cs_arena_strndup(arena, (const char *)octets.data, octets.len);
}

int64_t
fake_number(struct cs_span message, unsigned field)
{
	struct cs_span octets;
	uint64_t value;

	return find(message, field, &value, &octets) ? (int64_t)value : 0;
}
