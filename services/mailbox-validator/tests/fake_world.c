/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_world.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "pki/ed25519.h"

static const char *const states[] = { "evidence.mailbox" };
static const char *const everybody[] = { "*" };
static const uint8_t token_key[] = "thirty-two octets that nobody has";

static struct claim_key *
new_key(struct cs_arena *arena, const char *dir, const char *name)
{
	const char *path = cs_arena_printf(arena, "%s/%s", dir, name);
	struct claim_key *key;

	cs_assert(pki_ed25519_generate(path, NULL) == CS_OK);
	cs_assert(claim_key_load(path, &key, NULL) == CS_OK);
	return key;
}

static void
write_approver(FILE *file, struct cs_arena *arena, const char *name, const struct claim_key *key)
{
	uint8_t public_key[32];

	claim_key_public(key, public_key);
	(void)fprintf(
	    file, "%s %s\n", name, cs_base64(arena, cs_span_of(public_key, sizeof(public_key))));
}

static void
make_trust(struct fake_world *world, const char *dir)
{
	const char *trust = cs_arena_printf(world->arena, "%s/trust", dir);
	const char *approvers = cs_arena_printf(world->arena, "%s/approvers", dir);
	struct claim_key *keys[] = { new_key(world->arena, dir, "ann"),
		new_key(world->arena, dir, "ben") };
	struct claim_trust_row row = {
		.keyid = claim_key_id(world->mailbox.key),
		.service = "mailbox-validator",
		.states = { (const char **)states, 1 },
		.enterprises = { (const char **)everybody, 1 },
		.not_before_ms = 1,
		.not_after_ms = FAKE_NOW + 800 * CS_DAY_MS,
	};
	FILE *file = fopen(approvers, "wbe");
	struct cs_err err = { 0 };

	cs_assert(file != NULL);
	claim_key_public(world->mailbox.key, row.public_key);
	write_approver(file, world->arena, "ann", keys[0]);
	write_approver(file, world->arena, "ben", keys[1]);
	(void)fclose(file);
	if (claim_trust_write(trust, 1, &row, 1, (const struct claim_key *const *)keys, 2, &err) ||
	    claim_trust_load(trust, approvers, &world->trust, &err))
		fail_msg("%s", err.text);
	claim_key_free(keys[0]);
	claim_key_free(keys[1]);
}

static void
remove_all(const char *dir)
{
	DIR *entries = opendir(dir);

	for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries))
		(void)unlinkat(dirfd(entries), entry->d_name, 0);
	(void)closedir(entries);
	(void)rmdir(dir);
}

int
fake_world_setup(void **state)
{
	struct fake_world *world = calloc(1, sizeof(*world));
	char dir[] = "/tmp/test-mailbox-XXXXXX";

	cs_assert(world != NULL && mkdtemp(dir) != NULL);
	world->arena = cs_arena_new();
	world->mailbox.key = new_key(world->arena, dir, "mailbox");
	world->mailbox.token_key = cs_span_of(token_key, sizeof(token_key) - 1);
	world->mailbox.return_domain = "bounces.example";
	world->mailbox.limits = (struct mailbox_limits){ 5, 20, 200, 100 };
	make_trust(world, dir);
	remove_all(dir);
	*state = world;
	return 0;
}

int
fake_world_teardown(void **state)
{
	struct fake_world *world = *state;

	claim_key_free(world->mailbox.key);
	claim_trust_free(world->trust);
	cs_arena_free(world->arena);
	free(world);
	return 0;
}

struct cs_id
fake_request(unsigned n)
{
	uint8_t octets[16] = { 0x11, 0x22, (uint8_t)(n >> 8), (uint8_t)n };

	return cs_id_from_digest(octets);
}

struct claim_asked
fake_order(struct cs_id request, const char *check_id, const char *mailbox, uint32_t attempt)
{
	struct claim_asked order = {
		.request = request,
		.check = { .id = check_id,
		    .kind = CLAIM_MAILBOX,
		    .target = mailbox,
		    .method = "email-token",
		    .enterprise = "demo",
		    .account = "alice",
		    .freshness_ms = 30 * CS_DAY_MS,
		    .attempt = attempt },
		.asked_at_ms = FAKE_NOW,
	};

	memset(order.request_digest, request.octets[3] + 1, sizeof(order.request_digest));
	return order;
}

struct cs_span
fake_asked(struct cs_arena *arena, struct claim_asked order)
{
	claim_check_digest(&order.check, order.check.digest);
	return claim_write_asked(arena, &order);
}

/* ---- fields ---- */

static void
put_number(struct cs_buf *buf, uint64_t value)
{
	do {
		uint8_t octet = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));

		cs_buf_add(buf, &octet, 1);
		value >>= 7;
	} while (value > 0);
}

static void
put(struct cs_buf *buf, unsigned field, const void *octets, size_t len)
{
	put_number(buf, field << 3 | 2);
	put_number(buf, len);
	cs_buf_add(buf, octets, len);
}

static struct cs_buf
put_names(struct cs_arena *arena, struct cs_id request, const char *check_id, const char *account)
{
	struct cs_buf buf = cs_buf_new(arena);

	put(&buf, 1, request.octets, sizeof(request.octets));
	put(&buf, 2, check_id, strlen(check_id));
	put(&buf, 3, "demo", 4);
	put(&buf, 4, account, strlen(account));
	return buf;
}

struct cs_span
fake_pressed(
    struct cs_arena *arena, struct cs_id request, const char *check_id, const char *account)
{
	struct cs_buf buf = put_names(arena, request, check_id, account);

	return cs_buf_span(&buf);
}

struct cs_span
fake_submit(struct cs_arena *arena, struct cs_id request, const char *check_id, const char *account,
    const char *token)
{
	struct cs_buf buf = put_names(arena, request, check_id, account);

	put(&buf, 5, token, strlen(token));
	return cs_buf_span(&buf);
}

static uint64_t
take_number(struct cs_span *rest)
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
		uint64_t tag = take_number(&rest), value = take_number(&rest);
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
