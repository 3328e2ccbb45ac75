/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: made, typed, bound, and noticed where they must not be. */
#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "fake_world.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static const uint8_t counting[MAILBOX_TOKEN] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19 };
/* By an independent encoder: base64.b32encode(bytes(range(20))). */
#define COUNTING "AAAQ-EAYE-AUDA-OCAJ-BIFQ-YDIO-B4IB-CEQT"

static void
writes_groups_of_four(void **state)
{
	char text[MAILBOX_TOKEN_TEXT];

	(void)state;
	mailbox_token_format(counting, text);
	assert_string_equal(text, COUNTING);
}

static const struct {
	const char *name, *typed;
	bool good;
} typings[] = {
	{ "as mailed", COUNTING, true },
	{ "without hyphens", "AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT", true },
	{ "in lower case", "aaaq-eaye-auda-ocaj-bifq-ydio-b4ib-ceqt", true },
	{ "with spaces and a line end", " AAAQ EAYE AUDA OCAJ\tBIFQ YDIO B4IB CEQT\r\n", true },
	{ "grouped in another way", "AAAQEAYEA-UDAOCAJBIFQ--YDIOB4IBCEQT", true },
	{ "one character short", "AAAQ-EAYE-AUDA-OCAJ-BIFQ-YDIO-B4IB-CEQ", false },
	{ "one character more", COUNTING "A", false },
	{ "with padding", COUNTING "=", false },
	{ "a digit that base32 has not", "1AAQ-EAYE-AUDA-OCAJ-BIFQ-YDIO-B4IB-CEQT", false },
	{ "a zero", "0AAQ-EAYE-AUDA-OCAJ-BIFQ-YDIO-B4IB-CEQT", false },
	{ "an en dash",
	    "AAAQ\xe2\x80\x93"
	    "EAYE-AUDA-OCAJ-BIFQ-YDIO-B4IB-CEQT",
	    false },
	{ "nothing", "", false },
	{ "hyphens alone", "--------", false },
};

static void
reads_what_people_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(typings); i++) {
		uint8_t token[MAILBOX_TOKEN] = { 0xee };
		bool good = mailbox_token_read(cs_span_str(typings[i].typed), token);

		if (good != typings[i].good)
			fail_msg("%s: got %d, want %d", typings[i].name, good, typings[i].good);
		if (good && memcmp(token, counting, sizeof(token)) != 0)
			fail_msg("%s: read as another token", typings[i].name);
		if (!good && token[0] != 0xee)
			fail_msg("%s: touched the result", typings[i].name);
	}
}

static void
reads_back_every_octet(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 256; value++) {
		uint8_t token[MAILBOX_TOKEN], again[MAILBOX_TOKEN];
		char text[MAILBOX_TOKEN_TEXT];

		for (size_t i = 0; i < sizeof(token); i++)
			token[i] = (uint8_t)(value + i * 37);
		mailbox_token_format(token, text);
		assert_true(mailbox_token_read(cs_span_str(text), again));
		assert_memory_equal(token, again, sizeof(token));
	}
}

/* Each row changes one thing that goes into a token. */
static void
another_mail_nonce_or_key_is_another_token(void **state)
{
	const struct fake_world *world = *state;
	const struct cs_span key = world->mailbox.token_key;
	uint8_t nonce[MAILBOX_NONCE] = { 1 }, other[MAILBOX_NONCE] = { 2 };
	uint8_t token[4][MAILBOX_TOKEN];

	mailbox_token_make(key, fake_request(1), nonce, token[0]);
	mailbox_token_make(key, fake_request(2), nonce, token[1]);
	mailbox_token_make(key, fake_request(1), other, token[2]);
	mailbox_token_make(cs_span_of(key.data, key.len - 1), fake_request(1), nonce, token[3]);
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(token[i], token[k], MAILBOX_TOKEN);
	mailbox_token_make(key, fake_request(1), nonce, token[1]);
	assert_memory_equal(token[0], token[1], MAILBOX_TOKEN); /* act makes it again */
}

static void
another_decision_is_another_mail(void **state)
{
	const struct fake_world *world = *state;
	uint8_t random[32] = { 1 }, other[32] = { 2 }, nonce[2][MAILBOX_NONCE];
	struct cs_id id[2];

	mailbox_mail_seed(world->mailbox.token_key, FAKE_NOW, random, &id[0], nonce[0]);
	mailbox_mail_seed(world->mailbox.token_key, FAKE_NOW, other, &id[1], nonce[1]);
	assert_false(cs_id_equal(id[0], id[1]));
	assert_memory_not_equal(nonce[0], nonce[1], MAILBOX_NONCE);
	assert_memory_not_equal(nonce[0], random, MAILBOX_NONCE);
}

static const uint8_t digest[32] = { 7 }, other_digest[32] = { 8 };

static const struct mailbox_binding binding = { { { 1 } }, { { 2 } }, digest, "a@b.example", "demo",
	"alice", 1000 };

static const struct {
	const char *name;
	struct mailbox_binding to;
} bindings[] = {
	{ "request", { { { 9 } }, { { 2 } }, digest, "a@b.example", "demo", "alice", 1000 } },
	{ "mail", { { { 1 } }, { { 9 } }, digest, "a@b.example", "demo", "alice", 1000 } },
	{ "digest", { { { 1 } }, { { 2 } }, other_digest, "a@b.example", "demo", "alice", 1000 } },
	{ "mailbox", { { { 1 } }, { { 2 } }, digest, "A@b.example", "demo", "alice", 1000 } },
	{ "enterprise", { { { 1 } }, { { 2 } }, digest, "a@b.example", "demo2", "alice", 1000 } },
	{ "account", { { { 1 } }, { { 2 } }, digest, "a@b.example", "demo", "bob", 1000 } },
	{ "expiry", { { { 1 } }, { { 2 } }, digest, "a@b.example", "demo", "alice", 1001 } },
	{ "a border between fields",
	    { { { 1 } }, { { 2 } }, digest, "a@b.exampled", "emo", "alice", 1000 } },
};

static void
a_token_is_bound_to_everything_it_is_good_for(void **state)
{
	const struct fake_world *world = *state;
	const struct cs_span key = world->mailbox.token_key;
	uint8_t tag[MAILBOX_MAC], other_tag[MAILBOX_MAC], mac[MAILBOX_MAC], got[MAILBOX_MAC];
	uint8_t token[MAILBOX_TOKEN] = { 0 };

	mailbox_token_tag(key, counting, tag);
	mailbox_token_tag(key, token, other_tag);
	mailbox_token_mac(world->arena, key, tag, &binding, mac);
	for (size_t i = 0; i < LEN(bindings); i++) {
		mailbox_token_mac(world->arena, key, tag, &bindings[i].to, got);
		if (memcmp(mac, got, sizeof(mac)) == 0)
			fail_msg("%s: not bound", bindings[i].name);
	}
	mailbox_token_mac(world->arena, key, other_tag, &binding, got);
	assert_memory_not_equal(mac, got, sizeof(mac));
	mailbox_token_mac(world->arena, cs_span_of(key.data, key.len - 1), tag, &binding, got);
	assert_memory_not_equal(mac, got, sizeof(mac));
}

/* By an independent HMAC, over what token.h and answer.h say: what databases hold is compared with these octets. */
static void
the_octets_are_those_that_stored_rows_were_made_with(void **state)
{
	const struct fake_world *world = *state;
	const struct cs_id request = binding.request, mail = binding.mail;
	uint8_t octets[96], token[MAILBOX_TOKEN], mac[MAILBOX_MAC];
	char part[REPLY_PART1_TEXT];
	struct cs_id seeded;

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)i;
	const struct cs_span key = cs_span_of(octets, 32);
	const uint8_t *nonce = octets + 32, *random = octets + 64;

	mailbox_mail_seed(key, FAKE_NOW, random, &seeded, mac);
	assert_string_equal(
	    cs_hex(world->arena, cs_span_of(seeded.octets + 9, 7)), "2bb81ee774eefa");
	assert_string_equal(cs_hex(world->arena, cs_span_of(mac, sizeof(mac))),
	    "115fe6210c21009e876eea3ddf43e15566eb58dbfa49e0ca89a9846d36b86a59");
	mailbox_token_make(key, mail, nonce, token);
	assert_string_equal(cs_hex(world->arena, cs_span_of(token, sizeof(token))),
	    "66561f8cc55b8902211eed99db0726934b7d01ae");
	mailbox_token_tag(key, counting, mac);
	assert_string_equal(cs_hex(world->arena, cs_span_of(mac, sizeof(mac))),
	    "e1b21eddb276332cf90f7fad5c8430579fe42ae451d7b4fdee3c725e8dad3dec");
	mailbox_token_mac(world->arena, key, mac, &binding, mac);
	assert_string_equal(cs_hex(world->arena, cs_span_of(mac, sizeof(mac))),
	    "df4dcee2d376632d62246bed9fd82a4a673595a166a63da012a8e15028c456fb");
	mailbox_answer_part1(key, mail, nonce, part);
	assert_string_equal(part, "shwK1NreMH1LBqzW7q9HtfpkQmig4gsBaxYYcD4O");
	mailbox_answer_part2(key, request, "mailbox-1", part);
	assert_string_equal(part, "FLjHiz7SiNxV6KNZkSFncGrGb3l6o-fDbRqMM63X");
	mailbox_answer_tag(key, nonce, mac);
	assert_string_equal(cs_hex(world->arena, cs_span_of(mac, sizeof(mac))),
	    "f8f18694d3b0364853ccc9722f9ea8985981364bfad665f2ed90e208b857bee9");
}

static const struct {
	const char *name, *text;
	bool shows;
} replies[] = {
	{ "an ordinary reply", "250 2.0.0 Ok: queued as 4XyZ12abcd", false },
	{ "the whole token", "554 rejected: code is " COUNTING, true },
	{ "in lower case without hyphens", "554 aaaqeayeaudaocajbifqydiob4ibceqt", true },
	{ "its last eight characters", "554 ...B4IB CEQT", true },
	{ "its last seven characters", "554 ...4IB CEQT", false },
	{ "eight from the middle", "554 UDAOCAJB", true },
	{ "nothing", "", false },
};

static void
notices_a_token_in_what_a_relay_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(replies); i++)
		if (mailbox_token_shows(counting, replies[i].text) != replies[i].shows)
			fail_msg("%s: want %d", replies[i].name, replies[i].shows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_groups_of_four),
		cmocka_unit_test(reads_what_people_type),
		cmocka_unit_test(reads_back_every_octet),
		cmocka_unit_test(another_mail_nonce_or_key_is_another_token),
		cmocka_unit_test(another_decision_is_another_mail),
		cmocka_unit_test(a_token_is_bound_to_everything_it_is_good_for),
		cmocka_unit_test(the_octets_are_those_that_stored_rows_were_made_with),
		cmocka_unit_test(notices_a_token_in_what_a_relay_says),
	};

	return cmocka_run_group_tests(tests, fake_world_setup, fake_world_teardown);
}
