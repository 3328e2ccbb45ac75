/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the packet makes a table of its records; everything after works on that table.
 * Names become text at once, lower case and escaped, so that comparing them is comparing strings.
 */
#include "dns/answer.h"

#include <string.h>

#define HEADER_OCTETS 12
#define NAME_OCTETS 255 /* RFC 1035 2.3.4 */
#define TYPE_OPT 41
#define CLASS_IN 1

struct rr {
	const char *owner;
	uint16_t type, class;
	uint32_t ttl_s;
	struct cs_span rdata;
};

struct packet {
	const uint8_t *data;
	size_t len;
	size_t at; /* the first octet not yet read */
	struct cs_arena *arena;
	struct rr *rrs;
	size_t rrs_len;
	size_t answers_len; /* the first so many are the answer section */
};

static bool
read_u16(struct packet *packet, uint16_t *ret)
{
	const uint8_t *at;

	if (packet->len - packet->at < 2)
		return false;
	at = packet->data + packet->at;
	*ret = (uint16_t)(at[0] << 8 | at[1]);
	packet->at += 2;
	return true;
}

static bool
read_u32(struct packet *packet, uint32_t *ret)
{
	uint16_t high, low;

	if (!read_u16(packet, &high) || !read_u16(packet, &low))
		return false;
	*ret = (uint32_t)high << 16 | low;
	return true;
}

static char
lower(uint8_t octet)
{
	return (char)(octet >= 'A' && octet <= 'Z' ? octet + ('a' - 'A') : octet);
}

static bool
plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Appends one label; what is not a letter, digit, '-' or '_' becomes \DDD (RFC 1035 5.1). */
static size_t
put_label(char *text, size_t at, const uint8_t *label, size_t len)
{
	if (at > 0)
		text[at++] = '.';
	for (size_t i = 0; i < len; i++) {
		char c = lower(label[i]);

		if (plain(c)) {
			text[at++] = c;
			continue;
		}
		text[at++] = '\\';
		text[at++] = (char)('0' + label[i] / 100);
		text[at++] = (char)('0' + label[i] / 10 % 10);
		text[at++] = (char)('0' + label[i] % 10);
	}
	return at;
}

/*
 * Reads the name at packet->at.  A pointer must go before the place where the run of labels that it
 * ends began, so that every jump goes back and no chain of them can be a loop (RFC 1035 4.1.4).
 */
static bool
read_name(struct packet *packet, char text[static DNS_NAME_TEXT])
{
	size_t at = packet->at, run = packet->at, end = 0, len = 0, octets = 1;

	while (at < packet->len && packet->data[at] != 0) {
		uint8_t first = packet->data[at];

		if (first >= 0xc0) {
			if (packet->len - at < 2)
				return false;
			if (end == 0)
				end = at + 2;
			at = (size_t)(first & 0x3f) << 8 | packet->data[at + 1];
			if (at >= run || at < HEADER_OCTETS)
				return false;
			run = at;
			continue;
		}
		octets += (size_t)first + 1;
		if (first > 63 || octets > NAME_OCTETS || packet->len - at <= first)
			return false;
		len = put_label(text, len, packet->data + at + 1, first);
		at += (size_t)first + 1;
	}
	if (at >= packet->len)
		return false;
	packet->at = end != 0 ? end : at + 1;
	if (len == 0)
		text[len++] = '.';
	text[len] = '\0';
	return true;
}

/* Sets are many records with one owner: its text is kept once. */
static const char *
keep_owner(struct packet *packet, const char *text)
{
	const char *last = packet->rrs_len > 0 ? packet->rrs[packet->rrs_len - 1].owner : "";

	return strcmp(last, text) == 0 ? last : cs_arena_strdup(packet->arena, text);
}

static bool
read_rr(struct packet *packet, bool question)
{
	struct rr *rr = &packet->rrs[packet->rrs_len];
	char text[DNS_NAME_TEXT];
	uint16_t len;

	if (!read_name(packet, text) || !read_u16(packet, &rr->type) ||
	    !read_u16(packet, &rr->class))
		return false;
	rr->owner = keep_owner(packet, text);
	if (!question) {
		if (!read_u32(packet, &rr->ttl_s) || !read_u16(packet, &len) ||
		    packet->len - packet->at < len)
			return false;
		rr->rdata = cs_span_of(packet->data + packet->at, len);
		packet->at += len;
		if (rr->type != TYPE_OPT && rr->ttl_s > INT32_MAX)
			rr->ttl_s = 0; /* RFC 2181 8 */
		packet->rrs_len++;
	}
	return true;
}

static enum cs_code
read_question(struct packet *packet, const char *name, uint16_t type, struct cs_err *err)
{
	struct rr asked = { 0 };
	bool readable;

	packet->rrs = &asked;
	readable = read_rr(packet, true);
	packet->rrs = NULL;
	if (!readable)
		return cs_fail(err, CS_MALFORMED, "DNS answer: unreadable question");
	if (strcmp(asked.owner, name) != 0 || asked.type != type || asked.class != CLASS_IN)
		return cs_fail(err, CS_MALFORMED, "DNS answer: to another question");
	return CS_OK;
}

/*
 * The upper bits of the extended RCODE (RFC 6891 6.1.3): whatever they mean, it is not an answer.
 */
static bool
extended_rcode(const struct packet *packet)
{
	for (size_t i = packet->answers_len; i < packet->rrs_len; i++)
		if (packet->rrs[i].type == TYPE_OPT && packet->rrs[i].ttl_s >> 24 != 0)
			return true;
	return false;
}

static enum cs_code
read_sections(struct packet *packet, const uint16_t counts[static 3], struct cs_err *err)
{
	size_t total = (size_t)counts[0] + counts[1] + counts[2];

	if (total > DNS_MAX_RECORDS)
		return cs_fail(err, CS_MALFORMED, "DNS answer: %zu records, at most %d are read",
		    total, DNS_MAX_RECORDS);
	packet->answers_len = counts[0];
	packet->rrs = CS_NEW_ARRAY(packet->arena, total + 1, struct rr);
	for (size_t i = 0; i < total; i++)
		if (!read_rr(packet, false))
			return cs_fail(
			    err, CS_MALFORMED, "DNS answer: record %zu is unreadable", i + 1);
	if (packet->at != packet->len)
		return cs_fail(err, CS_MALFORMED, "DNS answer: octets after the last record");
	if (extended_rcode(packet))
		return cs_fail(err, CS_MALFORMED, "DNS answer: extended RCODE");
	return CS_OK;
}

/* The name that starts `skip` octets into rdata.  It must end where the rdata ends. */
static const char *
rdata_name(const struct packet *packet, struct cs_span rdata, size_t skip)
{
	struct packet inside = *packet;
	char text[DNS_NAME_TEXT];

	if (rdata.len <= skip)
		return NULL;
	inside.at = (size_t)(rdata.data - packet->data) + skip;
	if (!read_name(&inside, text) || packet->data + inside.at != rdata.data + rdata.len)
		return NULL;
	return cs_arena_strdup(packet->arena, text);
}

/*
 * Every octet belongs to exactly one character-string, and there is at least one (RFC 1035 3.3.14).
 */
static bool
join_strings(struct cs_arena *arena, struct cs_span rdata, struct cs_span *ret_text)
{
	uint8_t *joined = cs_arena_alloc(arena, rdata.len + 1);
	size_t len = 0, at = 0;

	while (at < rdata.len) {
		size_t here = rdata.data[at++];

		if (rdata.len - at < here)
			return false;
		memcpy(joined + len, rdata.data + at, here);
		len += here;
		at += here;
	}
	*ret_text = cs_span_of(joined, len);
	return rdata.len > 0;
}

static bool
read_rdata(const struct packet *packet, const struct rr *rr, struct dns_record *ret)
{
	ret->ttl_s = rr->ttl_s;
	ret->rdata = rr->rdata;
	switch (rr->type) {
	case DNS_TYPE_A:
		return rr->rdata.len == 4;
	case DNS_TYPE_AAAA:
		return rr->rdata.len == 16;
	case DNS_TYPE_TXT:
		return join_strings(packet->arena, rr->rdata, &ret->text);
	case DNS_TYPE_CNAME:
		ret->host = rdata_name(packet, rr->rdata, 0);
		return ret->host != NULL;
	case DNS_TYPE_MX:
		ret->host = rdata_name(packet, rr->rdata, 2);
		if (ret->host != NULL)
			ret->preference = (uint16_t)(rr->rdata.data[0] << 8 | rr->rdata.data[1]);
		return ret->host != NULL;
	default:
		return true; /* CAA has a reader of its own; the others nobody asks for */
	}
}

/* The only CNAME at `owner`; NULL where there is none.  Two are one too many: which to follow? */
static enum cs_code
find_alias(
    const struct packet *packet, const char *owner, const struct rr **ret, struct cs_err *err)
{
	const struct rr *found = NULL;

	for (size_t i = 0; i < packet->answers_len; i++) {
		const struct rr *rr = &packet->rrs[i];

		if (rr->type != DNS_TYPE_CNAME || rr->class != CLASS_IN ||
		    strcmp(rr->owner, owner) != 0)
			continue;
		if (found != NULL)
			return cs_fail(err, CS_MALFORMED, "DNS answer: two aliases at one name");
		found = rr;
	}
	*ret = found;
	return CS_OK;
}

static enum cs_code
follow_aliases(const struct packet *packet, struct dns_answer *answer, struct cs_err *err)
{
	const char **aliases = CS_NEW_ARRAY(packet->arena, DNS_MAX_ALIASES, const char *);

	answer->aliases = aliases;
	for (;;) {
		const struct rr *alias = NULL;
		const char *target;

		if (find_alias(packet, answer->owner, &alias, err) != CS_OK)
			return CS_MALFORMED;
		if (alias == NULL)
			return CS_OK;
		if (answer->aliases_len == DNS_MAX_ALIASES)
			return cs_fail(err, CS_MALFORMED, "DNS answer: alias loop, or more than %d",
			    DNS_MAX_ALIASES);
		target = rdata_name(packet, alias->rdata, 0);
		if (target == NULL)
			return cs_fail(err, CS_MALFORMED, "DNS answer: unreadable alias");
		aliases[answer->aliases_len++] = target;
		answer->owner = target;
		if (alias->ttl_s < answer->ttl_s)
			answer->ttl_s = alias->ttl_s;
	}
}

static enum cs_code
collect(const struct packet *packet, struct dns_answer *answer, struct cs_err *err)
{
	struct dns_record *records =
	    CS_NEW_ARRAY(packet->arena, packet->answers_len + 1, struct dns_record);

	answer->records = records;
	for (size_t i = 0; i < packet->answers_len; i++) {
		const struct rr *rr = &packet->rrs[i];

		if (rr->type != answer->type || rr->class != CLASS_IN ||
		    strcmp(rr->owner, answer->owner) != 0)
			continue;
		if (!read_rdata(packet, rr, &records[answer->records_len]))
			return cs_fail(err, CS_MALFORMED, "DNS answer: unreadable %s record",
			    dns_type_name(rr->type));
		answer->records_len++;
		if (rr->ttl_s < answer->ttl_s)
			answer->ttl_s = rr->ttl_s;
	}
	return CS_OK;
}

/* RFC 2308 5: the lesser of the SOA's own TTL and its last field. */
static uint32_t
negative_ttl(const struct packet *packet)
{
	for (size_t i = packet->answers_len; i < packet->rrs_len; i++) {
		const struct rr *rr = &packet->rrs[i];
		const uint8_t *last;
		uint32_t minimum;

		if (rr->type != DNS_TYPE_SOA || rr->class != CLASS_IN || rr->rdata.len < 22)
			continue;
		last = rr->rdata.data + rr->rdata.len - 4;
		minimum = (uint32_t)last[0] << 24 | (uint32_t)last[1] << 16 |
			  (uint32_t)last[2] << 8 | last[3];
		return minimum < rr->ttl_s ? minimum : rr->ttl_s;
	}
	return 0;
}

static enum cs_code
interpret(const struct packet *packet, struct dns_answer *answer, struct cs_err *err)
{
	uint32_t negative = negative_ttl(packet);

	answer->ttl_s = UINT32_MAX;
	if (answer->type != DNS_TYPE_CNAME && follow_aliases(packet, answer, err) != CS_OK)
		return CS_MALFORMED;
	if (collect(packet, answer, err) != CS_OK)
		return CS_MALFORMED;
	/* The code is that of the chain's last name (RFC 6604 3), and the resolver walks the chain for us. */
	if (answer->records_len > 0 && answer->type == DNS_TYPE_CNAME)
		answer->rcode = DNS_RCODE_NOERROR;
	if (answer->records_len > 0 && answer->rcode != DNS_RCODE_NOERROR)
		return cs_fail(err, CS_MALFORMED, "DNS answer: NXDOMAIN, yet there are records");
	if (answer->records_len == 0 && negative < answer->ttl_s)
		answer->ttl_s = negative;
	return CS_OK;
}

static enum cs_code
read_header(
    struct packet *packet, uint8_t *ret_rcode, uint16_t ret_counts[static 3], struct cs_err *err)
{
	uint16_t id, flags, questions;

	if (packet->len > DNS_MAX_OCTETS)
		return cs_fail(err, CS_MALFORMED, "DNS answer: %zu octets", packet->len);
	if (!read_u16(packet, &id) || !read_u16(packet, &flags) || !read_u16(packet, &questions) ||
	    !read_u16(packet, &ret_counts[0]) || !read_u16(packet, &ret_counts[1]) ||
	    !read_u16(packet, &ret_counts[2]))
		return cs_fail(err, CS_MALFORMED, "DNS answer: no whole header");
	if ((flags & 0x8000) == 0 || (flags & 0x7800) != 0 || questions != 1)
		return cs_fail(err, CS_MALFORMED, "DNS answer: not the answer to one query");
	if ((flags & 0x0200) != 0)
		return cs_fail(err, CS_MALFORMED, "DNS answer: truncated");
	*ret_rcode = flags & 0xf;
	return CS_OK;
}

enum cs_code
dns_answer_parse(struct cs_arena *arena, struct cs_span wire, const char *name, uint16_t type,
    struct dns_answer *ret_answer, struct cs_err *err)
{
	struct packet packet = { .data = wire.data, .len = wire.len, .arena = arena };
	struct dns_answer answer = { .type = type };
	uint16_t counts[3] = { 0 };

	if (read_header(&packet, &answer.rcode, counts, err) != CS_OK ||
	    read_question(&packet, name, type, err) != CS_OK ||
	    read_sections(&packet, counts, err) != CS_OK)
		return CS_MALFORMED;
	answer.name = cs_arena_strdup(arena, name);
	answer.owner = answer.name;
	if ((answer.rcode == DNS_RCODE_NOERROR || answer.rcode == DNS_RCODE_NXDOMAIN) &&
	    interpret(&packet, &answer, err) != CS_OK)
		return CS_MALFORMED;
	*ret_answer = answer;
	return CS_OK;
}

bool
dns_name_valid(const char *name)
{
	size_t label = 0, len = 0;

	for (; name[len] != '\0'; len++) {
		if (len >= 253)
			return false;
		if (name[len] == '.' && label == 0)
			return false;
		if (name[len] != '.' && !plain(name[len]))
			return false;
		label = name[len] == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label > 0;
}

const char *
dns_type_name(uint16_t type)
{
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = { { DNS_TYPE_A, "a" }, { DNS_TYPE_CNAME, "cname" }, { DNS_TYPE_SOA, "soa" },
		{ DNS_TYPE_MX, "mx" }, { DNS_TYPE_TXT, "txt" }, { DNS_TYPE_AAAA, "aaaa" },
		{ DNS_TYPE_DS, "ds" }, { DNS_TYPE_CAA, "caa" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == type)
			return names[i].name;
	return "other";
}

const char *
dns_rcode_name(uint8_t rcode)
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
		"REFUSED" };

	return rcode < sizeof(names) / sizeof(names[0]) ? names[rcode] : "RCODE";
}
