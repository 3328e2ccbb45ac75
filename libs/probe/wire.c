/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/wire.h"

#include <string.h>

#include "pack/pack.h"
#include "pki/hash.h"
#include "proto/probe.pb-c.h"
#include "sandbox/sandbox.h"

#define FINDING_MAX (256 * 1024)
#define NAME_MAX_OCTETS 128
#define RCODE_MAX 4095
#define TIME_SLACK_MS 2000       /* a clock that is set meanwhile */
#define CACHE_MS INT64_C(120000) /* no answer is older: DNS_CACHE_MAX_TTL_S and what it took */

/*
 * Every field of a finding goes both ways, below.  When this fails, carry the new one too, in probe.proto and
 * here, with its limits, and put the new size.
 */
_Static_assert(sizeof(struct probe_finding) == 112, "wire.c carries every field of a finding");
/* So it is with a question, but for what is of the plan alone: standing evidence, and what it tells people. */
_Static_assert(sizeof(struct claim_check) == 216, "wire.c carries every field of a check");

/* ---- settings ---- */

struct cs_span
probe_wire_settings(struct cs_arena *arena, const struct probe_settings *settings)
{
	Countersign__V1__ProbeSettings m = COUNTERSIGN__V1__PROBE_SETTINGS__INIT;

	m.root_hints_file = pack_text(settings->root_hints_file);
	m.anchor_file = pack_text(settings->anchor_file);
	m.forward = pack_text(settings->forward);
	m.public_nets = pack_text(settings->public_nets);
	m.test_mode = settings->test_mode;
	m.remembers = settings->remembers;
	return pack_write(arena, &m.base);
}

enum cs_code
probe_wire_read_settings(struct cs_arena *arena, struct cs_span octets,
    struct probe_settings *ret_settings, struct cs_err *err)
{
	const Countersign__V1__ProbeSettings *m = pack_read(
	    arena, &countersign__v1__probe_settings__descriptor, octets, FINDING_MAX, err);

	if (m == NULL)
		return err->code;
	*ret_settings = (struct probe_settings){ .root_hints_file = m->root_hints_file,
		.anchor_file = m->anchor_file,
		.forward = m->forward,
		.public_nets = m->public_nets,
		.test_mode = m->test_mode,
		.remembers = m->remembers };
	return CS_OK;
}

/* ---- questions ---- */

struct cs_span
probe_wire_ask(struct cs_arena *arena, const struct claim_check *check, enum probe_tag tag)
{
	Countersign__V1__ProbeAsk m = COUNTERSIGN__V1__PROBE_ASK__INIT;
	Countersign__V1__Check c = COUNTERSIGN__V1__CHECK__INIT;

	c.id = pack_text(check->id);
	c.kind = (Countersign__V1__CheckKind)check->kind;
	c.target = pack_text(check->target);
	c.method = pack_text(check->method);
	c.enterprise = pack_text(check->enterprise);
	c.account = pack_text(check->account);
	c.expected = pack_octets(check->expected);
	c.n_issuer_domains = check->issuer_domains.n;
	c.issuer_domains = (char **)check->issuer_domains.items;
	c.n_allowed_methods = check->allowed_methods.n;
	c.allowed_methods = (char **)check->allowed_methods.items;
	c.freshness_ms = check->freshness_ms;
	c.attempt = check->attempt;
	c.deadline_ms = check->deadline_ms;
	c.min_remotes = check->min_remotes;
	c.fresh = check->fresh;
	m.check = &c;
	m.tag = tag;
	return pack_write(arena, &m.base);
}

static struct claim_texts
texts_of(char **items, size_t n)
{
	return (struct claim_texts){ (const char **)items, n };
}

enum cs_code
probe_wire_read_ask(struct cs_arena *arena, struct cs_span octets, struct claim_check *ret_check,
    enum probe_tag *ret_tag, struct cs_err *err)
{
	const Countersign__V1__ProbeAsk *m = pack_read(
	    arena, &countersign__v1__probe_ask__descriptor, octets, SANDBOX_FRAME_MAX, err);
	const Countersign__V1__Check *c;

	if (m == NULL)
		return err->code;
	c = m->check;
	if (c == NULL || m->tag > PROBE_ISSUEWILD)
		return cs_fail(err, CS_MALFORMED, "no question");
	*ret_tag = (enum probe_tag)m->tag;
	*ret_check = (struct claim_check){ .id = c->id,
		.kind = (enum claim_kind)c->kind,
		.target = c->target,
		.method = c->method,
		.enterprise = c->enterprise,
		.account = c->account,
		.expected = cs_span_of(c->expected.data, c->expected.len),
		.issuer_domains = texts_of(c->issuer_domains, c->n_issuer_domains),
		.allowed_methods = texts_of(c->allowed_methods, c->n_allowed_methods),
		.freshness_ms = c->freshness_ms,
		.attempt = c->attempt,
		.deadline_ms = c->deadline_ms,
		.min_remotes = c->min_remotes,
		.fresh = c->fresh };
	claim_check_digest(ret_check, ret_check->digest);
	return CS_OK;
}

/* ---- answers, in the child ---- */

static Countersign__V1__Lookup **
put_lookups(struct cs_arena *arena, const struct probe_finding *finding)
{
	const size_t n = finding->n_lookups;
	Countersign__V1__Lookup *all = CS_NEW_ARRAY(arena, n, Countersign__V1__Lookup);
	Countersign__V1__Lookup **list = CS_NEW_ARRAY(arena, n, Countersign__V1__Lookup *);

	for (size_t i = 0; i < n; i++) {
		const struct claim_lookup *from = &finding->lookups[i];

		countersign__v1__lookup__init(&all[i]);
		all[i].name = pack_text(from->name);
		all[i].type = pack_text(from->type);
		all[i].rcode = from->rcode;
		all[i].security = (Countersign__V1__Dnssec)from->security;
		all[i].why = pack_text(from->why);
		all[i].ttl_s = from->ttl_s;
		all[i].n_records = from->records.n;
		all[i].records = (char **)from->records.items;
		all[i].wire_sha256 = pack_octets(from->wire_sha256);
		all[i].answered_at_ms = from->answered_at_ms;
		list[i] = &all[i];
	}
	return list;
}

static struct cs_span
put_finding(struct cs_arena *arena, const struct probe_finding *finding)
{
	Countersign__V1__ProbeFinding m = COUNTERSIGN__V1__PROBE_FINDING__INIT;

	m.outcome = (Countersign__V1__Outcome)finding->outcome;
	m.reason = pack_text(finding->reason);
	m.clause = pack_text(finding->clause);
	m.text = pack_text(finding->text);
	m.security = (Countersign__V1__Dnssec)finding->security;
	m.found_at = pack_text(finding->found_at);
	m.ttl_s = finding->ttl_s;
	m.n_lookups = finding->n_lookups;
	m.lookups = put_lookups(arena, finding);
	m.n_seen = finding->seen.n;
	m.seen = (char **)finding->seen.items;
	m.detail = pack_text(finding->detail);
	m.checked_at_ms = finding->checked_at_ms;
	return pack_write(arena, &m.base);
}

struct cs_span
probe_wire_answer(struct cs_arena *arena, const struct probe_finding *finding)
{
	Countersign__V1__ProbeAnswer m = COUNTERSIGN__V1__PROBE_ANSWER__INIT;
	ProtobufCBinaryData *wires = CS_NEW_ARRAY(arena, finding->n_lookups, ProtobufCBinaryData);
	size_t room = WIRES_MAX;

	for (size_t i = 0; i < finding->n_lookups; i++) {
		if (finding->wires[i].len > room)
			break;
		room -= finding->wires[i].len;
		wires[i] = pack_octets(finding->wires[i]);
	}
	m.finding = pack_octets(put_finding(arena, finding));
	m.n_wires = finding->n_lookups;
	m.wires = wires;
	return pack_write(arena, &m.base);
}

/* ---- answers, in the parent ---- */

/* The first rule that was broken; later ones are not looked at. */
struct reading {
	struct cs_arena *arena;
	struct cs_err *err;
	int64_t from_ms, until_ms;
	enum cs_code code;
};

static void
want(struct reading *r, bool holds, const char *field)
{
	if (!holds && r->code == CS_OK)
		r->code = cs_fail(r->err, CS_MALFORMED, "answer of a child: %s", field);
}

/* What cs_escape() leaves. */
static const char *
text(struct reading *r, const char *value, size_t max, const char *field)
{
	size_t len = strlen(value);
	bool good = len <= max;

	for (size_t i = 0; good && i < len; i++)
		good = value[i] >= 0x20 && value[i] <= 0x7e;
	want(r, good, field);
	return value;
}

static struct claim_texts
texts(struct reading *r, char **items, size_t n, const char *field)
{
	want(r, n <= SEEN_MAX, field);
	for (size_t i = 0; i < n && r->code == CS_OK; i++)
		(void)text(r, items[i], CLAIM_MAX_TEXT, field);
	return texts_of(items, n);
}

static enum claim_dnssec
security(struct reading *r, int value)
{
	want(r, value >= CLAIM_DNSSEC_NOT_USED && value <= CLAIM_DNSSEC_INDETERMINATE, "security");
	return (enum claim_dnssec)value;
}

static int64_t
when(struct reading *r, int64_t ms, int64_t earliest_ms, const char *field)
{
	want(r, ms >= earliest_ms - TIME_SLACK_MS && ms <= r->until_ms + TIME_SLACK_MS, field);
	return ms;
}

static struct cs_span
digest(struct reading *r, const ProtobufCBinaryData *value)
{
	want(r, value->len == 0 || value->len == PKI_SHA256, "digest");
	return cs_span_of(value->data, value->len);
}

static struct claim_lookup
lookup_of(struct reading *r, const Countersign__V1__Lookup *m)
{
	want(r, m->rcode <= RCODE_MAX, "rcode");
	want(r, m->type[0] != '\0', "lookup type");
	return (struct claim_lookup){
		.name = text(r, m->name, CLAIM_MAX_TEXT, "lookup name"),
		.type = text(r, m->type, NAME_MAX_OCTETS, "lookup type"),
		.rcode = m->rcode,
		.security = security(r, (int)m->security),
		.why = text(r, m->why, CLAIM_MAX_TEXT, "lookup why"),
		.ttl_s = m->ttl_s,
		.records = texts(r, m->records, m->n_records, "records"),
		.wire_sha256 = digest(r, &m->wire_sha256),
		.answered_at_ms = when(r, m->answered_at_ms, r->from_ms - CACHE_MS, "answered at"),
	};
}

static void
read_lookups(struct reading *r, const Countersign__V1__ProbeFinding *m, struct probe_finding *ret)
{
	want(r, m->n_lookups <= LOOKUPS_MAX, "lookups");
	if (r->code != CS_OK)
		return;
	ret->n_lookups = m->n_lookups;
	ret->lookups = CS_NEW_ARRAY(r->arena, m->n_lookups, struct claim_lookup);
	for (size_t i = 0; i < m->n_lookups && r->code == CS_OK; i++)
		ret->lookups[i] = lookup_of(r, m->lookups[i]);
}

static void
read_finding(struct reading *r, struct cs_span octets, struct probe_finding *ret)
{
	const Countersign__V1__ProbeFinding *m = pack_read(
	    r->arena, &countersign__v1__probe_finding__descriptor, octets, FINDING_MAX, r->err);

	if (m == NULL) {
		r->code = CS_MALFORMED;
		return;
	}
	want(r, m->outcome >= (int)CLAIM_PROVED && m->outcome <= (int)CLAIM_COULD_NOT_TELL,
	    "outcome");
	want(r, m->reason[0] != '\0', "reason");
	*ret = (struct probe_finding){ .outcome = (enum claim_outcome)m->outcome,
		.reason = text(r, m->reason, NAME_MAX_OCTETS, "reason"),
		.clause = text(r, m->clause, NAME_MAX_OCTETS, "clause"),
		.text = text(r, m->text, CLAIM_MAX_TEXT, "text"),
		.security = security(r, (int)m->security),
		.found_at = text(r, m->found_at, CLAIM_MAX_TEXT, "found at"),
		.ttl_s = m->ttl_s,
		.seen = texts(r, m->seen, m->n_seen, "seen"),
		.detail = text(r, m->detail, CLAIM_MAX_TEXT, "detail"),
		.checked_at_ms = when(r, m->checked_at_ms, r->from_ms, "checked at") };
	read_lookups(r, m, ret);
}

static void
read_wires(struct reading *r, const Countersign__V1__ProbeAnswer *m, struct probe_finding *ret)
{
	uint8_t computed[PKI_SHA256];

	want(r, m->n_wires == ret->n_lookups, "packets");
	ret->wires = CS_NEW_ARRAY(r->arena, ret->n_lookups, struct cs_span);
	for (size_t i = 0; i < ret->n_lookups && r->code == CS_OK; i++) {
		ret->wires[i] = cs_span_of(m->wires[i].data, m->wires[i].len);
		if (ret->wires[i].len == 0)
			continue;
		pki_sha256(ret->wires[i], computed);
		want(r,
		    cs_span_equal(
			ret->lookups[i].wire_sha256, cs_span_of(computed, sizeof(computed))),
		    "a packet's digest");
	}
}

enum cs_code
probe_wire_read_answer(struct cs_arena *arena, struct cs_span octets, int64_t from_ms,
    int64_t until_ms, struct probe_finding *ret_finding, struct cs_err *err)
{
	struct reading r = { arena, err, from_ms, until_ms, CS_OK };
	const Countersign__V1__ProbeAnswer *m = pack_read(
	    arena, &countersign__v1__probe_answer__descriptor, octets, SANDBOX_FRAME_MAX, err);
	struct probe_finding finding = { .outcome = CLAIM_COULD_NOT_TELL };

	if (m == NULL)
		return err->code;
	read_finding(&r, cs_span_of(m->finding.data, m->finding.len), &finding);
	if (r.code == CS_OK)
		read_wires(&r, m, &finding);
	if (r.code == CS_OK)
		*ret_finding = finding;
	return r.code;
}
