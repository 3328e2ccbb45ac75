/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <string.h>

#include "base/text.h"
#include "proto/evidence.pb-c.h"
#include "proto/request.pb-c.h"

#define BODY_MAX 4096
#define NAME_MAX_OCTETS 128

static void *
take(void *arena, size_t size)
{
	return cs_arena_alloc(arena, size);
}

static void
leave(void *arena, void *data)
{
	(void)arena;
	(void)data;
}

static bool
is_name(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= NAME_MAX_OCTETS && cs_utf8_valid(cs_span_str(text));
}

enum cs_code
wire_read_wish(
    struct cs_arena *arena, struct cs_span body, struct domain_wish *ret_wish, struct cs_err *err)
{
	ProtobufCAllocator allocator = { take, leave, arena };
	Countersign__V1__VerificationAsked *asked;

	if (body.len > BODY_MAX)
		return cs_fail(
		    err, CS_MALFORMED, "VerificationAsked: larger than %d octets", BODY_MAX);
	asked = countersign__v1__verification_asked__unpack(&allocator, body.len, body.data);
	if (asked == NULL ||
	    countersign__v1__verification_asked__get_packed_size(asked) != body.len)
		return cs_fail(err, CS_MALFORMED, "VerificationAsked: cannot be read");
	if (asked->request_id.len != sizeof(struct cs_id) || !is_name(asked->check_id) ||
	    !is_name(asked->enterprise) || !is_name(asked->account))
		return cs_fail(
		    err, CS_MALFORMED, "VerificationAsked: a field is missing or too long");
	struct domain_wish wish = { .check_id = asked->check_id,
		.enterprise = asked->enterprise,
		.account = asked->account };

	memcpy(wish.request.octets, asked->request_id.data, sizeof(wish.request.octets));
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

	message.request_id = (ProtobufCBinaryData){ sizeof(request.octets), request.octets };
	message.check_id = (char *)(uintptr_t)challenge->check_id;
	message.domain = (char *)(uintptr_t)challenge->domain;
	message.dns_name = (char *)(uintptr_t)dns_name;
	message.dns_value = (char *)(uintptr_t)challenge->value;
	message.file_url = (char *)(uintptr_t)file_url;
	message.file_value = (char *)(uintptr_t)challenge->value;
	message.made_at_ms = challenge->made_ms;
	message.expires_at_ms = challenge->expires_ms;

	size_t size = countersign__v1__domain_challenge__get_packed_size(&message);
	uint8_t *data = cs_arena_alloc(arena, size);

	(void)countersign__v1__domain_challenge__pack(&message, data);
	return cs_span_of(data, size);
}
