/* SPDX-License-Identifier: Apache-2.0 */
/* Events that notifier reads: whatever comes, read or refused. */
#include <string.h>

#include "certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct certificate_cas none = { NULL, 0, NULL };
	struct cs_arena *arena = cs_arena_new();
	struct cs_span input = cs_span_of(data, size);
	struct certificate_cas cas;
	struct wire_issued issued;
	struct wire_refused refused;
	struct wire_test test;
	struct notify_outcome outcome;
	struct notify_mailed mailed;
	struct wire_revoked revoked;
	struct wire_certificate certificate;
	enum notify_kind kind;
	struct cs_span order, password;
	struct cs_id request;
	struct codes_typed typed;
	struct codes_letter letter;
	struct codes_delivered delivered;
	struct logins_begun begun;
	struct wire_login_return brought;
	struct cs_err err;

	if (wire_read_issued(arena, input, &issued, &err) == CS_OK)
		cs_assert(certificate_check(arena, &none, &issued, &err) == CS_MALFORMED);
	if (wire_read_certificate_refused(arena, input, &refused, &err) == CS_OK)
		cs_assert(refused.code[0] != '\0' && strpbrk(refused.contact, "\r\n") == NULL);
	if (wire_read_plan_refused(arena, input, &refused, &err) == CS_OK)
		cs_assert(refused.text[0] != '\0' && strpbrk(refused.contact, "\r\n") == NULL);
	if (wire_read_revoked(arena, input, &revoked, &err) == CS_OK)
		cs_assert(strpbrk(revoked.certificate.contact, "\r\n") == NULL);
	if (wire_read_expiring(arena, input, &certificate, &kind, &err) == CS_OK)
		cs_assert(certificate.n_mailboxes > 0 && kind >= NOTIFY_EXPIRING_30);
	(void)!wire_read_test(arena, input, &test, &err);
	if (wire_read_mail(arena, input, &outcome, &err) == CS_OK)
		cs_assert(cs_span_equal(wire_write_mail(arena, &outcome), input));
	if (wire_read_mailed(arena, input, &mailed, &err) == CS_OK)
		cs_assert(mailed.attempt > 0);
	(void)!wire_read_send(arena, input, &order, &err);
	if (wire_read_password(arena, input, &order, &password, &err) == CS_OK)
		cs_assert(password.len > 0 && order.len > 0);
	(void)!wire_read_prove(arena, cs_span_str("key"), input, &request, &typed, &err);
	if (wire_read_letter(arena, input, &letter, &err) == CS_OK)
		cs_assert(letter.channel < FACTOR_CHANNELS);
	if (wire_read_delivered(arena, input, &delivered, &err) == CS_OK)
		cs_assert(delivered.channel < FACTOR_CHANNELS);
	if (wire_read_begun(arena, input, &begun, &err) == CS_OK)
		cs_assert(wire_write_begun(arena, &begun).len > 0);
	if (wire_read_login_return(arena, input, &brought, &err) == CS_OK)
		cs_assert(strlen(brought.state) <= 72 &&
			  (brought.code == NULL || brought.code[0] != '\0'));
	if (certificate_read_cas(arena, input, &cas, &err) == CS_OK) {
		cs_assert(cas.n > 0);
		certificate_free_cas(&cas);
	}
	cs_arena_free(arena);
	return 0;
}
