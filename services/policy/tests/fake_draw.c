/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_draw.h"

#include <stdlib.h>
#include <string.h>

#include "smime/profile.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* ---- chance: splitmix64 ---- */

static uint64_t
next(struct draw *draw)
{
	uint64_t z = draw->dice += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint32_t
draw_below(struct draw *draw, uint32_t n)
{
	return (uint32_t)(next(draw) % n);
}

bool
draw_chance(struct draw *draw, uint32_t percent)
{
	return draw_below(draw, 100) < percent;
}

#define PICK(draw, array) ((array)[draw_below((draw), LEN(array))])

/* Some of these, in their order; at least `least`, if there are so many. */
static struct claim_texts
some(struct draw *draw, const char *const *items, size_t n, uint32_t percent, size_t least)
{
	struct claim_texts texts = { CS_NEW_ARRAY(draw->arena, n, const char *), 0 };

	for (size_t i = 0; i < n; i++)
		if (draw_chance(draw, percent) ||
		    n - i <= least - (texts.n < least ? texts.n : least))
			texts.items[texts.n++] = items[i];
	return texts;
}

/* ---- names ---- */

static const struct draw_place places[] = {
	{ "alpha.example", "alpha.example" },
	{ "mail.alpha.example", "alpha.example" },
	{ "a.mail.alpha.example", "alpha.example" },
	{ "omega.example", "omega.example" },
	{ "notalpha.example", "notalpha.example" },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
	{ "alpha.co.uk", "alpha.co.uk" },
	{ "www.alpha.co.uk", "alpha.co.uk" },
	{ "co.uk", NULL },
};
static const char *const people[] = { "alice", "bob", "carol", "dan", "eve" };

const struct draw_place *
draw_place_of(const char *name)
{
	const char *at = strrchr(name, '@');
	const char *domain = at != NULL ? at + 1 : name;

	for (size_t i = 0; i < LEN(places); i++)
		if (strcmp(places[i].domain, domain) == 0)
			return &places[i];
	cs_assert(!"a name that nobody drew");
	return NULL;
}

/* Mostly under alpha.example, so that most requests have names that belong together. */
static const char *
some_domain(struct draw *draw)
{
	return draw_chance(draw, 90) ? places[draw_below(draw, 3)].domain
				     : PICK(draw, places).domain;
}

static const char *
some_mailbox(struct draw *draw)
{
	return cs_arena_printf(draw->arena, "%s@%s", PICK(draw, people), some_domain(draw));
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* As requests have them: sorted and distinct. */
static void
settle(struct claim_texts *texts)
{
	size_t kept = 0;

	qsort(texts->items, texts->n, sizeof(texts->items[0]), compare);
	for (size_t i = 0; i < texts->n; i++)
		if (kept == 0 || strcmp(texts->items[kept - 1], texts->items[i]) != 0)
			texts->items[kept++] = texts->items[i];
	texts->n = kept;
}

/* ---- settings ---- */

static const char *const domain_methods[] = { "dns-txt", "dns-cname", "dns-persist", "http-file",
	"acme-http", "acme-tls-alpn", "mx-dns-txt", "mx-http-file" };
static const char *const mailbox_methods[] = { "email-token", "email-reply" };
static const char *const issuers[] = { "ca.countersign.example", "ca2.example", "gone.example" };

static const char *
some_certificate_profile(struct draw *draw)
{
	size_t n;
	const struct smime_profile *profiles = smime_profiles(&n);

	if (draw_chance(draw, 2))
		return "mailbox-legacy";
	return profiles[draw_below(draw, (uint32_t)n)].name;
}

static void
draw_validities(struct draw *draw, struct policy_profile *profile)
{
	uint32_t *days = CS_NEW_ARRAY(draw->arena, 4, uint32_t);
	uint32_t day = 0;

	profile->validities = days;
	for (uint32_t n = draw_below(draw, 5); profile->n_validities < n;) {
		day += draw_chance(draw, 98) ? 1 + draw_below(draw, 60) : 0;
		days[profile->n_validities++] = day;
	}
}

/* Often where it may be, and now and then where it may not. */
static void
draw_waivers(struct draw *draw, struct policy_profile *profile)
{
	const struct smime_profile *certificate = smime_profile_find(profile->certificate_profile);
	const uint32_t percent =
	    certificate != NULL && certificate->trust == SMIME_TRUST_PRIVATE ? 40 : 3;

	profile->without_caa = draw_chance(draw, percent);
	profile->without_mpic = draw_chance(draw, percent);
	if (certificate != NULL && certificate->type != SMIME_MAILBOX && draw_chance(draw, 80))
		profile->validation = draw_chance(draw, 50) ? POLICY_DOMAIN : POLICY_BOTH;
}

static struct claim_texts
some_names(struct draw *draw, const char *(*one)(struct draw *))
{
	struct claim_texts names = { CS_NEW_ARRAY(draw->arena, 2, const char *), 0 };

	while (names.n < 2 && (names.n == 0 || draw_chance(draw, 30)))
		names.items[names.n++] = one(draw);
	settle(&names);
	return names;
}

/* Also what no profile may say: such a one asks for what nobody can give. */
static void
draw_sans(struct draw *draw, struct policy_profile *profile)
{
	struct policy_san_rule *mailbox = &profile->sans[POLICY_SAN_MAILBOX];
	struct policy_san_rule *domain = &profile->sans[POLICY_SAN_DOMAIN];

	mailbox->hidden = draw_chance(draw, 10);
	mailbox->required = draw_chance(draw, 95);
	mailbox->from_person = draw_chance(draw, mailbox->hidden ? 70 : 10);
	if (draw_chance(draw, mailbox->hidden ? 40 : 5))
		mailbox->values = some_names(draw, some_mailbox);
	domain->hidden = draw_chance(draw, 10);
	domain->required = draw_chance(draw, 10);
	if (draw_chance(draw, 10))
		domain->values = some_names(draw, some_domain);
}

static void
draw_profile(struct draw *draw, struct policy_profile *profile)
{
	static const uint32_t mailbox_days[] = { 1, 7, 30, 31, 400 };
	static const uint32_t domain_days[] = { 1, 10, 30, 398, 399, 2000 };
	static const uint32_t max_days[] = { 90, 365, 825, 825, 826, 3650 };

	*profile = (struct policy_profile){
		.version = 1 + draw_below(draw, 9),
		.validation = (enum policy_validation)draw_below(draw, 3),
		.certificate_profile = some_certificate_profile(draw),
		.mailbox_period_days = PICK(draw, mailbox_days),
		.domain_period_days = PICK(draw, domain_days),
		.max_days = PICK(draw, max_days),
		.may_dual = draw_chance(draw, 95),
		.may_signing = draw_chance(draw, 95),
		.may_encryption = draw_chance(draw, 95),
		.domain_methods = some(draw, domain_methods, LEN(domain_methods), 60, 0),
		.mailbox_methods = some(draw, mailbox_methods, LEN(mailbox_methods), 70, 1),
		.without_dnssec = draw_chance(draw, 1),
	};
	draw_waivers(draw, profile);
	draw_sans(draw, profile);
	if (draw_chance(draw, 30))
		draw_validities(draw, profile);
}

#define ACME "organizationName=Acme AG\norganizationIdentifier=NTRCH-CHE123456789\n"
#define ANN "givenName=Ann\nsurname=Ng\n"

static struct policy_identity
record(struct draw *draw, enum claim_kind kind, const char *attributes, const char *method)
{
	struct policy_identity made = {
		.kind = kind,
		.enterprise = "demo",
		.account = kind == CLAIM_INDIVIDUAL ? "alice" : "",
		.attributes = cs_span_str(attributes),
		.method = method,
		.source = "file 17",
		.verified_by = "vera",
		.approved_by = "otto",
		.verified_at_ms = draw->now_ms - (int64_t)draw_below(draw, 700) * CS_DAY_MS,
	};

	memset(made.id.octets, 0x60 + (int)kind, sizeof(made.id.octets));
	return made;
}

/* One thing that makes it count for nothing. */
static void
spoil(struct draw *draw, struct policy_identity *identity)
{
	switch (draw_below(draw, 5)) {
	case 0:
		identity->approved_by = draw_chance(draw, 50) ? "" : "vera";
		break;
	case 1:
		identity->enterprise = "other";
		break;
	case 2:
		identity->verified_at_ms = draw->now_ms - 825 * CS_DAY_MS;
		break;
	case 3:
		identity->withdrawn_at_ms = identity->verified_at_ms + 1;
		break;
	default:
		identity->method = "hearsay";
	}
}

static void
draw_identities(struct draw *draw, struct policy_config *config)
{
	struct policy_identity *records = CS_NEW_ARRAY(draw->arena, 3, struct policy_identity);

	records[0] = record(draw, CLAIM_ORGANIZATION, ACME, "register");
	records[1] = record(draw, CLAIM_AUTHORITY, ACME, "reliable-contact");
	records[2] = record(draw, CLAIM_INDIVIDUAL, ANN, "id-document");
	draw->has_organization = draw_chance(draw, 92);
	draw->has_person = draw_chance(draw, 92);
	if (!draw->has_organization)
		spoil(draw, &records[draw_below(draw, 2)]);
	if (!draw->has_person)
		spoil(draw, &records[2]);
	config->identities = (struct policy_identities){ records, 3 };
}

/* A domain that names no issuer has no entry. */
static void
draw_caa(struct draw *draw, struct policy_config *config)
{
	config->caa = CS_NEW_ARRAY(draw->arena, 2, struct policy_caa);
	while (config->n_caa < 2 && draw_chance(draw, 25)) {
		const char *domain = config->n_caa == 0 ? "alpha.example" : some_domain(draw);

		config->caa[config->n_caa++] =
		    (struct policy_caa){ domain, some(draw, issuers, LEN(issuers), 60, 1) };
	}
}

static void
draw_assigned(struct draw *draw, struct policy_config *config)
{
	struct claim_texts *assigned = &config->assigned;

	*assigned = (struct claim_texts){ CS_NEW_ARRAY(draw->arena, 8, const char *), 0 };
	for (size_t i = 0; i < 3; i++)
		if (draw_chance(draw, 80))
			assigned->items[assigned->n++] =
			    cs_arena_printf(draw->arena, "*@%s", places[i].domain);
	while (assigned->n < 8 && draw_chance(draw, 50))
		assigned->items[assigned->n++] = some_mailbox(draw);
}

static enum policy_domain_mode
some_mode(struct draw *draw)
{
	return draw_chance(draw, 50) ? POLICY_DOMAINS_ANY
				     : (enum policy_domain_mode)draw_below(draw, 4);
}

static void
draw_domains(struct draw *draw, struct policy_config *config)
{
	struct policy_domain *domains =
	    CS_NEW_ARRAY(draw->arena, LEN(places), struct policy_domain);
	struct policy_ownership *owned = CS_NEW_ARRAY(draw->arena, 2, struct policy_ownership);

	for (size_t i = 0; i < LEN(places); i++)
		if (draw_chance(draw, i == 0 ? 90 : 15))
			domains[config->n_domains++] =
			    (struct policy_domain){ places[i].domain, draw_chance(draw, 90) };
	/* One of each name, as the store has it. */
	if (draw_chance(draw, 30))
		owned[config->n_ownerships++] = (struct policy_ownership){ places[0].domain,
			draw_chance(draw, 70) ? "alice" : "bob", false };
	if (draw_chance(draw, 20))
		owned[config->n_ownerships++] =
		    (struct policy_ownership){ places[1 + draw_below(draw, 3)].domain,
			    draw_chance(draw, 50) ? "alice" : "bob", false };
	config->domain_mode = some_mode(draw);
	config->domains = domains;
	config->ownerships = owned;
}

void
draw_config(struct draw *draw)
{
	draw->config = (struct policy_config){
		.enterprise_known = draw_chance(draw, 99),
		.account_known = draw_chance(draw, 99),
		.profile_known = draw_chance(draw, 99),
		.profile_allowed = draw_chance(draw, 99),
		.enterprise_version = 1 + draw_below(draw, 9),
		.is_operator = draw_chance(draw, 10),
		.mailbox = draw_chance(draw, 70) ? some_mailbox(draw) : NULL,
	};
	if (draw_chance(draw, 20))
		draw->config.issuers = some(draw, issuers, LEN(issuers), 60, 0);
	if (draw->config.profile_known)
		draw_profile(draw, &draw->config.profile);
	draw_identities(draw, &draw->config);
	draw_caa(draw, &draw->config);
	draw_assigned(draw, &draw->config);
	draw_domains(draw, &draw->config);
}

/* ---- requests ---- */

static uint32_t
some_days(struct draw *draw)
{
	static const uint32_t edges[] = { 0, 1, 90, 91, 365, 366, 825, 826, 3650 };
	const struct policy_profile *profile = &draw->config.profile;

	if (profile->n_validities > 0 && draw_chance(draw, 80))
		return profile->validities[draw_below(draw, (uint32_t)profile->n_validities)];
	return draw_chance(draw, 80) ? 1 + draw_below(draw, 90) : PICK(draw, edges);
}

static struct claim_texts
some_mailboxes(struct draw *draw)
{
	static const uint32_t numbers[] = { 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 5, 12, 14, 0 };
	const uint32_t n = PICK(draw, numbers);
	struct claim_texts mailboxes = { CS_NEW_ARRAY(draw->arena, n, const char *), 0 };

	while (mailboxes.n < n)
		mailboxes.items[mailboxes.n++] = some_mailbox(draw);
	settle(&mailboxes);
	return mailboxes;
}

/* Mostly what is fixed, where anything is. */
static struct claim_texts
wanted_mailboxes(struct draw *draw)
{
	const struct policy_san_rule *rule = &draw->config.profile.sans[POLICY_SAN_MAILBOX];
	struct claim_texts own = { CS_NEW_ARRAY(draw->arena, 1, const char *), 0 };

	if (draw_chance(draw, 10))
		return some_mailboxes(draw);
	if (rule->values.n > 0)
		return rule->values;
	if (!rule->from_person || draw->config.mailbox == NULL)
		return some_mailboxes(draw);
	own.items[own.n++] = draw->config.mailbox;
	return own;
}

/* None, or those of the mailboxes and perhaps others, and perhaps not all. */
static struct claim_texts
some_domains(struct draw *draw, const struct claim_texts *mailboxes)
{
	struct claim_texts domains = { CS_NEW_ARRAY(draw->arena, mailboxes->n + 2, const char *),
		0 };

	if (draw_chance(draw, 45))
		return domains;
	for (size_t i = 0; i < mailboxes->n; i++)
		if (draw_chance(draw, 97))
			domains.items[domains.n++] = draw_place_of(mailboxes->items[i])->domain;
	while (domains.n < mailboxes->n + 2 && draw_chance(draw, 15))
		domains.items[domains.n++] = some_domain(draw);
	settle(&domains);
	return domains;
}

static struct claim_texts
wanted_domains(struct draw *draw, const struct claim_texts *mailboxes)
{
	const struct policy_san_rule *rule = &draw->config.profile.sans[POLICY_SAN_DOMAIN];

	if (rule->values.n > 0 && draw_chance(draw, 85))
		return rule->values;
	return some_domains(draw, mailboxes);
}

static const char *
some_name(struct draw *draw, const struct claim_texts *mailboxes)
{
	static const char *const names[] = { "Ann Ng", "Acme AG", "carol@alpha.example", "Ann" };

	if (draw_chance(draw, 70))
		return "";
	if (mailboxes->n > 0 && draw_chance(draw, 60))
		return mailboxes->items[draw_below(draw, (uint32_t)mailboxes->n)];
	return PICK(draw, names);
}

void
draw_request(struct draw *draw)
{
	const struct claim_texts mailboxes = wanted_mailboxes(draw);

	draw->request = (struct claim_request){
		.enterprise = "demo",
		.account = "alice",
		.profile = "some",
		.csr = cs_span_str("not looked into here"),
		.mailboxes = mailboxes,
		.domains = wanted_domains(draw, &mailboxes),
		.validity_days = some_days(draw),
		.key_use = (enum claim_key_use)(CLAIM_DUAL + draw_below(draw, 3)),
		.agreement = "2026-01",
		.submitted_at_ms = draw->now_ms,
		.contact = "alice@alpha.example",
		.common_name = some_name(draw, &mailboxes),
	};
	memset(draw->request.id.octets, 0x41, sizeof(draw->request.id.octets));
	/* More names have no digest: they cannot be stated. */
	if (draw->request.mailboxes.n <= CLAIM_MAX_NAMES &&
	    draw->request.domains.n <= CLAIM_MAX_NAMES)
		claim_request_digest(&draw->request, cs_span_str("spki"), draw->request.digest);
}

/* ---- evidence ---- */

/* Octets of its own stand for the envelope: policy takes their digest and nothing else. */
static void
put_in_envelope(struct draw *draw, struct policy_evidence *evidence)
{
	claim_evidence_check_digest(&evidence->evidence, evidence->evidence.check_digest);
	evidence->envelope =
	    cs_span_str(cs_arena_printf(draw->arena, "envelope %u", draw->n_envelopes++));
}

/* Around every period that rules and profiles have, to the millisecond. */
static int64_t
some_age(struct draw *draw)
{
	static const int64_t days[] = { 1, 7, 10, 30, 31, 398, 399 };
	const int64_t lasts = POLICY_FINAL_MS + POLICY_MARGIN_MS;

	if (draw_chance(draw, 60))
		return (int64_t)draw_below(draw, 20) * CS_HOUR_MS;
	return PICK(draw, days) * CS_DAY_MS - lasts + (int64_t)draw_below(draw, 3) - 1;
}

static enum claim_dnssec
some_security(struct draw *draw)
{
	return draw_chance(draw, 90) ? CLAIM_DNSSEC_SECURE : (enum claim_dnssec)draw_below(draw, 5);
}

static struct policy_evidence
some_evidence(struct draw *draw, struct cs_id request, const struct claim_check *check)
{
	const struct claim_asked asked = { .request = request, .check = *check };
	struct policy_evidence made;

	claim_evidence_for(&asked, &made.evidence);
	made.evidence.attempt = 1;
	made.evidence.outcome = CLAIM_PROVED;
	made.evidence.security = some_security(draw);
	made.evidence.checked_at_ms = draw->now_ms - some_age(draw);
	if (draw_chance(draw, 10))
		made.evidence.valid_until_ms =
		    draw->now_ms + (int64_t)draw_below(draw, 40) * CS_MINUTE_MS;
	return made;
}

static struct cs_id
some_earlier(struct draw *draw)
{
	struct cs_id id;

	memset(id.octets, 0x20 + (int)draw_below(draw, 4), sizeof(id.octets));
	return id;
}

static struct policy_evidence
past_mailbox(struct draw *draw)
{
	const struct claim_check check = {
		.id = "mailbox-1",
		.kind = CLAIM_MAILBOX,
		.target = draw->request.mailboxes.n > 0 && draw_chance(draw, 70)
			      ? draw->request.mailboxes
				    .items[draw_below(draw, (uint32_t)draw->request.mailboxes.n)]
			      : some_mailbox(draw),
		.method = PICK(draw, mailbox_methods),
		.enterprise = draw_chance(draw, 85) ? "demo" : "other",
		.account = draw_chance(draw, 85) ? "alice" : "bob",
	};
	struct policy_evidence made = some_evidence(draw, some_earlier(draw), &check);

	put_in_envelope(draw, &made);
	return made;
}

static struct policy_evidence
past_domain(struct draw *draw)
{
	const struct claim_check check = {
		.id = draw_chance(draw, 50) ? "domain-1" : "domain-2",
		.kind = CLAIM_DOMAIN,
		.target = some_domain(draw),
		.method = draw_chance(draw, 95) ? PICK(draw, domain_methods) : "phone",
		.enterprise = draw_chance(draw, 85) ? "demo" : "other",
		.account = "",
		.expected = cs_span_str(draw_chance(draw, 50) ? "value" : "another"),
	};
	struct policy_evidence made = some_evidence(draw, some_earlier(draw), &check);

	made.evidence.covers_subdomains = draw_chance(draw, 80);
	put_in_envelope(draw, &made);
	return made;
}

struct policy_evidence
draw_corroboration(struct draw *draw, const struct policy_evidence *domain)
{
	struct policy_evidence made = *domain;
	uint8_t *primary = cs_arena_alloc(draw->arena, CLAIM_DIGEST);
	struct claim_evidence *e = &made.evidence;

	claim_envelope_sha256(domain->envelope, primary);
	if (draw_chance(draw, 4))
		primary[0] ^= 1;
	e->kind = CLAIM_MPIC_DOMAIN;
	e->check_id = cs_arena_printf(draw->arena, "mpic-%s", domain->evidence.check_id);
	e->primary_sha256 = cs_span_of(primary, CLAIM_DIGEST);
	e->covers_subdomains = false;
	e->security = some_security(draw);
	e->n_perspectives = draw_chance(draw, 85) ? 5 : draw_below(draw, 7);
	if (draw_chance(draw, 4))
		e->expected = cs_span_str("something else");
	if (draw_chance(draw, 4))
		e->method = "http-file";
	if (draw_chance(draw, 10))
		e->checked_at_ms = draw->now_ms - some_age(draw);
	put_in_envelope(draw, &made);
	return made;
}

/* Somebody looked again, and it was not there: in the same request or another, then, before or after. */
static struct policy_evidence
denial(struct draw *draw, const struct policy_evidence *yes)
{
	struct policy_evidence no = *yes;

	no.evidence.outcome = CLAIM_REFUSED;
	if (draw_chance(draw, 50))
		no.evidence.attempt += 1;
	else
		no.evidence.request = some_earlier(draw);
	no.evidence.checked_at_ms += (int64_t)draw_below(draw, 3) - 1;
	if (no.evidence.checked_at_ms > draw->now_ms)
		no.evidence.checked_at_ms = draw->now_ms;
	if (draw_chance(draw, 20) && no.evidence.kind == CLAIM_DOMAIN)
		no.evidence.method = PICK(draw, domain_methods);
	put_in_envelope(draw, &no);
	return no;
}

void
draw_past(struct draw *draw)
{
	for (uint32_t n = draw_below(draw, 12); n > 0; n--) {
		struct policy_evidence made =
		    draw_chance(draw, 40) ? past_mailbox(draw) : past_domain(draw);

		draw_remember(draw, &made);
		if (made.evidence.kind == CLAIM_DOMAIN && draw_chance(draw, 80)) {
			const struct policy_evidence mpic = draw_corroboration(draw, &made);

			draw_remember(draw, &mpic);
			if (draw_chance(draw, 10))
				made = mpic;
		}
		if (draw_chance(draw, 15)) {
			const struct policy_evidence no = denial(draw, &made);

			draw_remember(draw, &no);
		}
	}
}

struct policy_evidence
draw_answer(struct draw *draw, const struct claim_check *check, uint32_t attempt)
{
	struct policy_evidence made = some_evidence(draw, draw->request.id, check);
	struct claim_evidence *e = &made.evidence;

	memcpy(e->request_digest, draw->request.digest, CLAIM_DIGEST);
	e->attempt = attempt;
	e->checked_at_ms = draw->now_ms - (int64_t)draw_below(draw, 3000);
	e->n_perspectives =
	    draw_chance(draw, 90) ? check->min_remotes : draw_below(draw, check->min_remotes + 1);
	if (draw_chance(draw, 8)) {
		e->outcome = draw_chance(draw, 50) ? CLAIM_REFUSED : CLAIM_COULD_NOT_TELL;
		e->reason = "looked-in-vain";
		e->text = "It is not there.";
	}
	if (check->kind == CLAIM_MAILBOX && check->method[0] == '\0')
		e->method = PICK(draw, mailbox_methods);
	if (check->kind == CLAIM_DOMAIN && check->expected.len == 0) {
		e->method = PICK(draw, domain_methods);
		e->expected = cs_span_str("value");
		e->covers_subdomains = draw_chance(draw, 50);
		if (draw_chance(draw, 20)) /* found above it */
			e->target = draw_place_of(e->target)->registrable;
	}
	put_in_envelope(draw, &made);
	return made;
}

/* ---- what is remembered ---- */

static bool
counts(const struct claim_evidence *e)
{
	if (e->outcome == CLAIM_PROVED)
		return e->security != CLAIM_DNSSEC_BOGUS &&
		       (e->security != CLAIM_DNSSEC_INDETERMINATE || e->kind == CLAIM_MAILBOX);
	return e->outcome == CLAIM_REFUSED;
}

void
draw_remember(struct draw *draw, const struct policy_evidence *evidence)
{
	const struct claim_evidence *e = &evidence->evidence;

	if (!counts(e))
		return;
	for (size_t i = 0; i < draw->n_evidence; i++) {
		const struct claim_evidence *other = &draw->evidence[i].evidence;

		if (other->attempt == e->attempt && cs_id_equal(other->request, e->request) &&
		    memcmp(other->check_digest, e->check_digest, CLAIM_DIGEST) == 0)
			return;
	}
	cs_assert(draw->n_evidence < DRAW_EVIDENCE);
	draw->evidence[draw->n_evidence++] = *evidence;
}

struct policy_proof *
draw_proofs(struct draw *draw)
{
	struct policy_proof *list = NULL;

	for (size_t i = 0; i < draw->n_evidence; i++) {
		struct policy_proof *proof = CS_NEW(draw->arena, struct policy_proof);
		const bool kept = policy_proof_of(
		    &draw->evidence[i].evidence, draw->evidence[i].envelope, draw->now_ms, proof);

		cs_assert(kept);
		proof->next = list;
		list = proof;
	}
	return list;
}
