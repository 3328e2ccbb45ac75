/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wire.c: every reader of unsigned events, on any octets. */
#include <string.h>

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span body = cs_span_of(data, size);
	struct policy_asked asked;
	struct cs_id id;

	if (wire_read_asked(arena, body, &id, &asked, NULL) == CS_OK)
		cs_assert(asked.check_id[0] != '\0' && asked.account[0] != '\0');
	(void)!wire_read_cancelled(arena, body, &id, NULL);
	(void)!wire_read_issued(arena, body, &id, NULL);
	(void)!wire_read_refused(arena, body, &id, NULL);
	(void)!wire_read_stopped(arena, body, &id, NULL);
	struct people_ask ask;
	struct people_login_ask login;
	struct people_password_ask password;

	if (wire_read_who(arena, body, &ask, NULL) == CS_OK)
		cs_assert(ask.has_token && strlen(ask.source) <= 64);
	if (wire_read_salt(arena, body, &ask, NULL) == CS_OK)
		cs_assert(ask.has_token || ask.account[0] != '\0');
	if (wire_read_login(arena, body, &login, NULL) == CS_OK)
		cs_assert(login.who.enterprise[0] != '\0' && login.who.account[0] != '\0');
	if (wire_read_password(arena, body, &password, NULL) == CS_OK)
		cs_assert(password.who.has_token && password.wanted.passes >= PEOPLE_PASSES);
	(void)!wire_read_logout(arena, body, &ask, NULL);
	cs_arena_free(arena);
	return 0;
}
