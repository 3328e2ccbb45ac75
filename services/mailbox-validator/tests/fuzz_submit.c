/* SPDX-License-Identifier: Apache-2.0 */
/* What people type, and the question that carries it: whatever comes, read or refused, never shown. */
#include <string.h>

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[32] = { 1 };
	struct cs_arena *arena = cs_arena_new();
	struct mailbox_submitted submitted;
	struct mailbox_pressed pressed;
	struct mailbox_asked asked;
	struct mailbox_letter letter;
	struct mailbox_mailed mailed;
	struct cs_span input = cs_span_of(data, size);
	uint8_t token[MAILBOX_TOKEN], again[MAILBOX_TOKEN];
	char text[MAILBOX_TOKEN_TEXT];
	struct cs_id request;
	struct cs_err err;

	if (wire_read_submit(
		arena, cs_span_of(key, sizeof(key)), input, &request, &submitted, &err) == CS_OK)
		cs_assert(submitted.check_id[0] != '\0' && submitted.account[0] != '\0' &&
			  strlen(submitted.account) <= 128);
	if (wire_read_pressed(arena, input, &request, &pressed, &err) == CS_OK)
		cs_assert(pressed.check_id[0] != '\0');
	if (wire_read_asked(arena, input, &asked, &err) == CS_OK)
		cs_assert(asked.to.domain[0] != '\0' && asked.asked.check.attempt > 0);
	if (wire_read_letter(arena, input, &letter, &err) == CS_OK) {
		struct cs_span row = wire_write_letter(arena, &letter);

		cs_assert(cs_span_equal(row, input));
	}
	if (wire_read_mailed(arena, input, &mailed, &err) == CS_OK)
		cs_assert(mailed.attempt > 0);
	if (mailbox_token_read(input, token)) {
		mailbox_token_format(token, text);
		cs_assert(mailbox_token_read(cs_span_str(text), again) &&
			  memcmp(token, again, sizeof(token)) == 0);
	}
	cs_arena_free(arena);
	return 0;
}
