/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include "pack/pack.h"
#include "proto/evidence.pb-c.h"
#include "proto/plan.pb-c.h"
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

enum cs_code
wire_read_settled(
    struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err)
{
	const Countersign__V1__DomainSettled *settled =
	    pack_read(arena, &countersign__v1__domain_settled__descriptor, body, BODY_MAX, err);
	struct cs_id request;

	if (settled == NULL || pack_read_id(&settled->request_id, &request, err))
		return CS_MALFORMED;
	if (cs_id_is_zero(request))
		return cs_fail(err, CS_MALFORMED, "DomainSettled: no request");
	*ret_request = request;
	return CS_OK;
}

static Countersign__V1__Publication **
publications(struct cs_arena *arena, const struct publication *from, size_t n)
{
	Countersign__V1__Publication **list =
	    CS_NEW_ARRAY(arena, n, Countersign__V1__Publication *);
	Countersign__V1__Publication *items = CS_NEW_ARRAY(arena, n, Countersign__V1__Publication);

	for (size_t i = 0; i < n; i++) {
		countersign__v1__publication__init(&items[i]);
		items[i].method = pack_text(from[i].method);
		items[i].type = pack_text(from[i].type);
		items[i].name = pack_text(from[i].name);
		items[i].value = pack_text(from[i].value);
		items[i].note = pack_text(from[i].note);
		list[i] = &items[i];
	}
	return list;
}

struct cs_span
wire_write_challenge(struct cs_arena *arena, const struct wire_challenge *told)
{
	const struct domain_challenge *challenge = told->step->challenge;
	Countersign__V1__DomainChallenge message = COUNTERSIGN__V1__DOMAIN_CHALLENGE__INIT;

	message.request_id = pack_id(&told->request);
	message.check_id = pack_text(challenge->check_id);
	message.domain = pack_text(challenge->domain);
	message.dns_name = pack_text(told->dns_name);
	message.dns_value = pack_text(challenge->value);
	message.file_url = pack_text(told->file_url);
	message.file_value = pack_text(challenge->value);
	message.made_at_ms = challenge->made_ms;
	message.expires_at_ms = challenge->expires_ms;
	message.publish = publications(arena, told->publications, told->n);
	message.n_publish = told->n;
	message.next_look_at_ms = challenge->next_ms;
	message.said_at_ms = told->said_ms;
	message.hold = pack_text(domain_hold_name(told->step->hold));
	message.hold_until_ms = told->step->hold_until_ms;

	return pack_write(arena, &message.base);
}
