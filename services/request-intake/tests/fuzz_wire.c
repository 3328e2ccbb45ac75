/* SPDX-License-Identifier: Apache-2.0 */
/* Events and answers that intake reads: whatever comes, read or refused. */
#include <string.h>

#include "base/text.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* People see these. */
static void
require_text(const char *text)
{
	cs_assert(text != NULL && strlen(text) <= CLAIM_MAX_TEXT);
	cs_assert(cs_utf8_valid(cs_span_str(text)));
}

static void
challenges(struct cs_arena *arena, struct cs_span in)
{
	struct intake_told told;
	struct cs_id id;

	if (wire_read_mailbox_challenge(arena, in, &id, &told, NULL) == CS_OK) {
		cs_assert(told.check[0] != '\0' && told.challenge != INTAKE_NO_CHALLENGE);
		require_text(told.target);
		require_text(told.mail.reply);
	}
	if (wire_read_domain_challenge(arena, in, &id, &told, NULL) == CS_OK) {
		cs_assert(told.check[0] != '\0');
		cs_assert(told.challenge == (told.hold[0] ? INTAKE_HELD : INTAKE_PUBLISH));
		require_text(told.target);
		require_text(told.dns_value);
		require_text(told.file_url);
		require_text(told.hold);
		for (size_t i = 0; i < told.n_publications; i++) {
			require_text(told.publications[i].name);
			require_text(told.publications[i].value);
			require_text(told.publications[i].note);
		}
	}
}

static void
ends(struct cs_arena *arena, struct cs_span in)
{
	struct intake_certificate certificate;
	struct intake_refused no;
	struct intake_revoked revoked;
	struct intake_unrevoked unrevoked;
	struct note note;
	struct cs_id id;
	bool expired;

	if (wire_read_plan_refused(arena, in, &id, &no, NULL) == CS_OK) {
		cs_assert(no.why.code[0] != '\0');
		require_text(no.check);
		require_text(no.why.text);
	}
	if (wire_read_certificate_refused(arena, in, &id, &no, NULL) == CS_OK) {
		cs_assert(no.why.code[0] != '\0');
		require_text(no.why.mend);
	}
	if (wire_read_issued(arena, in, &id, &certificate, NULL) == CS_OK) {
		cs_assert(certificate.der.len > 0 && certificate.serial[0] != '\0');
		for (size_t i = 0; i < certificate.n_chain; i++)
			cs_assert(certificate.chain[i].len > 0);
	}
	if (wire_read_revoked(arena, in, &id, &revoked, NULL) == CS_OK)
		require_text(revoked.text);
	if (wire_read_note(arena, in, &id, &note, NULL) == CS_OK) {
		cs_assert(note.kind < NOTE_KINDS && note.screen < NOTE_SCREENS && note.version > 0);
		cs_assert(strlen(note.text) <= NOTE_TEXT_MAX);
	}
	if (wire_read_revocation_refused(arena, in, &id, &unrevoked, NULL) == CS_OK) {
		cs_assert(unrevoked.code[0] != '\0');
		require_text(unrevoked.text);
	}
	(void)!wire_read_stopped(arena, in, &id, &expired, NULL);
}

static void
people(struct cs_arena *arena, struct cs_span in)
{
	struct wire_salt salt;
	struct wire_welcome welcome;
	enum wire_password_result password;
	bool ended;

	if (wire_read_salt(arena, in, &salt, NULL) == CS_OK)
		cs_assert(salt.salt.len == 0 ||
			  (stretch_cost_good(&salt.cost) && stretch_cost_good(&salt.new_cost)));
	if (wire_read_login_answer(arena, in, &welcome, NULL) == CS_OK &&
	    welcome.result == WIRE_LOGIN_WELCOME)
		require_text(welcome.token);
	if (wire_read_password_answer(arena, in, &password, NULL) == CS_OK)
		cs_assert(password < WIRE_PASSWORD_RESULTS);
	(void)!wire_read_logout_answer(arena, in, &ended, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_login_returned returned;
	struct wire_codes_sent sent;
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span in = cs_span_of(data, size);
	enum wire_token_result token;
	enum wire_stop_result stop;
	unsigned tries_left;

	challenges(arena, in);
	ends(arena, in);
	people(arena, in);
	if (wire_read_token_answer(arena, in, &token, &tries_left, NULL) == CS_OK)
		cs_assert(token < WIRE_TOKEN_RESULTS);
	if (wire_read_login_returned(arena, in, &returned, NULL) == CS_OK)
		cs_assert(returned.refusal ? strpbrk(returned.refusal, "<\"& ") == NULL
					   : strlen(returned.code) == 8);
	if (wire_read_codes_sent(arena, in, &sent, NULL) == CS_OK)
		cs_assert(sent.n == 0 || sent.codes[0].url[0] == '\0' ||
			  strncmp(sent.codes[0].url, "http", 4) == 0);
	if (wire_read_stop_answer(arena, in, &stop, NULL) == CS_OK)
		cs_assert(stop < WIRE_STOP_RESULTS);
	cs_arena_free(arena);
	return 0;
}
