/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include "pack/pack.h"
#include "proto/evidence.pb-c.h"
#include "proto/request.pb-c.h"

#define BODY_MAX 4096

enum cs_code
wire_read_wish(
    struct cs_arena *arena, struct cs_span body, struct domain_wish *ret_wish, struct cs_err *err)
{
	const Countersign__V1__VerificationAsked *asked =
	    pack_read(arena, &countersign__v1__verification_asked__descriptor, body, BODY_MAX, err);

	if (asked == NULL)
		return CS_MALFORMED;
	if (!pack_is_name(asked->check_id) || !pack_is_name(asked->enterprise) ||
	    !pack_is_name(asked->account))
		return cs_fail(
		    err, CS_MALFORMED, "VerificationAsked: a field is missing or too long");
	struct domain_wish wish = { .check_id = asked->check_id,
		.enterprise = asked->enterprise,
		.account = asked->account };

	if (pack_read_id(&asked->request_id, &wish.request, err))
		return CS_MALFORMED;
	if (cs_id_is_zero(wish.request))
		return cs_fail(err, CS_MALFORMED, "VerificationAsked: no request");
	*ret_wish = wish;
	return CS_OK;
}

struct cs_span
wire_write_challenge(struct cs_arena *arena, struct cs_id request,
    const struct domain_challenge *challenge, const char *dns_name, const char *file_url)
{
	Countersign__V1__DomainChallenge message = COUNTERSIGN__V1__DOMAIN_CHALLENGE__INIT;

	message.request_id = pack_id(&request);
	message.check_id = pack_text(challenge->check_id);
	message.domain = pack_text(challenge->domain);
	message.dns_name = pack_text(dns_name);
	message.dns_value = pack_text(challenge->value);
	message.file_url = pack_text(file_url);
	message.file_value = pack_text(challenge->value);
	message.made_at_ms = challenge->made_ms;
	message.expires_at_ms = challenge->expires_ms;

	return pack_write(arena, &message.base);
}
