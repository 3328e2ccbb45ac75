/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rules of the trade say about the parts of a request that intake can judge alone: names
 * are taken literally or refused, never repaired.  What needs the profile or the enterprise is
 * policy's.
 */
#include "draft.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "intake.h"
#include "json.h"
#include "pki/cert.h"
#include "pki/csr.h"
#include "pki/hash.h"
#include "pki/keycheck.h"
#include "smime/address.h"
#include "smime/domain.h"
#include "smime/identity.h"

#define CN_MAX 64 /* characters, RFC 5280 ub-common-name */

struct reading {
	struct cs_arena *arena;
	const struct draft_rules *rules;
	const struct json_create *body;
	struct draft *draft;
	unsigned domain_flags;
};

static bool
refuse(const struct reading *r, const char *code, const char *field, const char *clause,
    const char *text, const char *mend)
{
	return cs_refuse(&r->draft->why,
	    (struct cs_refusal){
		.code = code, .field = field, .clause = clause, .text = text, .mend = mend });
}

static const char *
item(const struct reading *r, const char *list, size_t i)
{
	return cs_arena_printf(r->arena, "%s[%zu]", list, i);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
holds(struct claim_texts texts, const char *text)
{
	for (size_t i = 0; i < texts.n; i++)
		if (strcmp(texts.items[i], text) == 0)
			return true;
	return false;
}

static bool
is_token(const char *text)
{
	return text[0] && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

/* ---- names ---- */

static bool
read_mailbox(const struct reading *r, size_t i, struct claim_texts *list)
{
	struct smime_address address = { 0 };
	struct cs_span text = cs_span_str(r->body->mailboxes.items[i]);

	if (!smime_address_parse(r->arena, text, &address, &r->draft->why) ||
	    !smime_domain_judge(
		r->arena, address.domain, r->rules->psl, r->domain_flags, &r->draft->why)) {
		r->draft->why.field = item(r, "mailboxes", i);
		return false;
	}
	if (holds(*list, address.canonical))
		return refuse(r, "mailbox-twice", item(r, "mailboxes", i), "",
		    "This mailbox is named twice.", "Name it once.");
	list->items[list->n++] = address.canonical;
	return true;
}

static bool
read_mailboxes(const struct reading *r)
{
	struct claim_texts list = { CS_NEW_ARRAY(r->arena, CLAIM_MAX_NAMES, const char *), 0 };

	if (r->body->mailboxes.n == 0)
		return refuse(r, "mailbox-missing", "mailboxes", "SBR 7.1.4.2.1",
		    "An S/MIME certificate names at least one mailbox, whatever the profile proves.",
		    "Name the mailbox it is for.");
	for (size_t i = 0; i < r->body->mailboxes.n; i++)
		if (!read_mailbox(r, i, &list))
			return false;
	/* Told of the outcome: one of its own mailboxes, so that nobody else can be pestered. */
	r->draft->request.contact = list.items[0];
	qsort(list.items, list.n, sizeof(list.items[0]), by_text);
	r->draft->request.mailboxes = list;
	return true;
}

static bool
read_domain(const struct reading *r, size_t i, struct claim_texts *list)
{
	const char *name = NULL;
	struct cs_span text = cs_span_str(r->body->domains.items[i]);

	if (!smime_domain_parse(r->arena, text, r->rules->psl,
		r->domain_flags | SMIME_REFUSE_PRIVATE_SUFFIX, &name, &r->draft->why)) {
		r->draft->why.field = item(r, "domains", i);
		return false;
	}
	if (holds(*list, name))
		return refuse(r, "domain-twice", item(r, "domains", i), "",
		    "This domain is named twice.", "Name it once.");
	list->items[list->n++] = name;
	return true;
}

/*
 * One domain and what lies below it.  What lies above the first name is a single chain, so all
 * names have one of them above them exactly when each lies above or below the first.
 */
static bool
is_one_family(const struct reading *r, struct claim_texts list)
{
	for (size_t i = 1; i < list.n; i++)
		if (!smime_domain_is_under(list.items[i], list.items[0]) &&
		    !smime_domain_is_under(list.items[0], list.items[i]))
			return refuse(r, "domain-other", item(r, "domains", i), "",
			    "A request is for one domain and names below it.",
			    "Make a request of its own for the other domain.");
	return true;
}

static bool
covers_mailboxes(const struct reading *r, struct claim_texts domains)
{
	for (size_t i = 0; i < r->body->mailboxes.n; i++) {
		struct smime_address address = { 0 };
		bool covered = false;

		if (!smime_address_parse(r->arena, cs_span_str(r->body->mailboxes.items[i]),
			&address, &r->draft->why))
			return false;
		for (size_t k = 0; k < domains.n; k++)
			covered |= smime_domain_is_under(address.domain, domains.items[k]);
		if (!covered)
			return refuse(r, "domain-mismatch", item(r, "mailboxes", i), "SBR 3.2.2.1",
			    "The mailbox does not lie in the domains that are named.",
			    "Name its domain, or leave the domains out.");
	}
	return true;
}

static bool
read_domains(const struct reading *r)
{
	struct claim_texts list = { CS_NEW_ARRAY(r->arena, CLAIM_MAX_NAMES, const char *), 0 };

	for (size_t i = 0; i < r->body->domains.n; i++)
		if (!read_domain(r, i, &list))
			return false;
	if (list.n > 0 && (!is_one_family(r, list) || !covers_mailboxes(r, list)))
		return false;
	qsort(list.items, list.n, sizeof(list.items[0]), by_text);
	r->draft->request.domains = list;
	return true;
}

static bool
read_contact(const struct reading *r)
{
	struct smime_address address = { 0 };

	if (!r->body->contact)
		return true;
	if (!smime_address_parse(
		r->arena, cs_span_str(r->body->contact), &address, &r->draft->why)) {
		r->draft->why.field = "contact";
		return false;
	}
	if (!holds(r->draft->request.mailboxes, address.canonical))
		return refuse(r, "contact-other", "contact", "",
		    "The contact must be one of the mailboxes of the request.",
		    "Name one of them.");
	r->draft->request.contact = address.canonical;
	return true;
}

/* Of valid UTF-8. */
static size_t
characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/*
 * A mailbox may be the common name of every type (SBR 7.1.4.2.2 a), and mail programs show and find
 * certificates by it: GnuPG 2.2 reads none without a subject.  "" asks for none.
 */
static const char *
usual_common_name(const struct claim_request *request)
{
	const char *first = request->mailboxes.n > 0 ? request->mailboxes.items[0] : "";

	return characters(first) <= CN_MAX ? first : "";
}

static bool
read_common_name(const struct reading *r)
{
	const char *name =
	    r->body->common_name ? r->body->common_name : usual_common_name(&r->draft->request);

	/* As the certificate would refuse them later. */
	if (pki_text_fault(cs_span_str(name)))
		return refuse(r, "common-name", "common_name", "SBR 7.1.4.2.2",
		    "The common name holds characters that cannot be seen.", "Remove them.");
	if (characters(name) > CN_MAX)
		return refuse(r, "common-name", "common_name", "RFC 5280 A.1",
		    "A common name has at most 64 characters.", "Leave it out or shorten it.");
	r->draft->request.common_name = name;
	return true;
}

/* ---- the rest of the subject ---- */

static int
by_value_name(const void *a, const void *b)
{
	const struct claim_value *left = a, *right = b;

	return strcmp(left->name, right->name);
}

/* As the mailboxes are read; that it is one of them policy says. */
static bool
read_subject_mailbox(const struct reading *r, struct claim_value *value)
{
	struct smime_address address = { 0 };

	if (!smime_address_parse(r->arena, cs_span_str(value->value), &address, &r->draft->why)) {
		r->draft->why.field = "subject.emailAddress";
		return false;
	}
	value->value = address.canonical;
	return true;
}

/* What the value alone says: whether the profile takes it is policy's. */
static bool
read_value(const struct reading *r, struct claim_value *value)
{
	const enum smime_attribute attribute = smime_attribute_find(value->name);
	struct cs_refusal *why = &r->draft->why;
	const char *field = cs_arena_printf(
	    r->arena, "subject.%s", cs_escape(r->arena, cs_span_str(value->name), 64));

	if (attribute == SMIME_CN)
		return refuse(r, "subject-common-name", field, "SBR 7.1.4.2.2 a",
		    "The common name has a member of its own.", "Give it as common_name.");
	if (attribute == SMIME_ATTRIBUTES)
		return refuse(r, "subject-unknown", field, "SBR 7.1.4.2.2",
		    "A subject names no attribute of this name.",
		    "Give one that the profile shows.");
	if (value->value[0] == '\0')
		return refuse(r, "subject-empty", field, "SBR 7.1.4.2", "There is no value.",
		    "Give one, or leave the attribute out.");
	if (attribute == SMIME_EMAIL)
		return read_subject_mailbox(r, value);
	if (smime_value_holds(attribute, value->value, why))
		return true;
	why->field = field;
	why->text = cs_arena_printf(r->arena, "This value cannot be named: %s.", why->text);
	why->mend = "Correct the value, or leave it out.";
	return false;
}

static bool
read_subject(const struct reading *r)
{
	const struct claim_values *sent = r->body->subject;
	struct claim_values values = { NULL, sent ? sent->n : 0 };

	values.items = CS_NEW_ARRAY(r->arena, values.n, struct claim_value);
	for (size_t i = 0; i < values.n; i++) {
		values.items[i] = sent->items[i];
		if (!read_value(r, &values.items[i]))
			return false;
	}
	qsort(values.items, values.n, sizeof(values.items[0]), by_value_name);
	r->draft->request.subject = values;
	return true;
}

/* ---- the rest ---- */

static const char *const key_use_names[] = {
	[CLAIM_DUAL] = "dual", [CLAIM_SIGNING] = "signing", [CLAIM_ENCRYPTION] = "encryption"
};

static bool
read_key_use(const struct reading *r)
{
	const char *wanted = r->body->key_use ? r->body->key_use : "dual";

	for (enum claim_key_use use = CLAIM_DUAL; use <= CLAIM_ENCRYPTION; use++) {
		if (strcmp(key_use_names[use], wanted) == 0) {
			r->draft->request.key_use = use;
			return true;
		}
	}
	return refuse(r, "key-use", "key_use", "SBR 7.1.2.3", "There is no such use of a key.",
	    "Say dual, signing or encryption.");
}

static bool
read_terms(const struct reading *r)
{
	struct claim_request *request = &r->draft->request;

	if (!is_token(r->body->profile))
		return refuse(r, "profile", "profile", "", "This cannot be the name of a profile.",
		    "Use lower-case letters, digits and hyphens.");
	if (r->body->agreement && strcmp(r->body->agreement, r->rules->agreement) != 0)
		return refuse(r, "agreement", "agreement", "SBR 9.6.3",
		    cs_arena_printf(r->arena, "The subscriber agreement in force is version %s.",
			r->rules->agreement),
		    "Read and accept that version.");
	request->profile = r->body->profile;
	request->agreement = r->body->agreement ? r->body->agreement : "";
	/*
	 * The signed request names the days that the person is shown, also when it was our default.
	 */
	request->validity_days =
	    r->body->validity_days == 0 ? r->rules->default_days : r->body->validity_days;
	return read_key_use(r);
}

/* PEM as it is, or base64 of DER without white space. */
static bool
csr_octets(const struct reading *r, struct cs_span *ret_octets)
{
	struct cs_span text = cs_span_str(r->body->csr);

	if (strstr(r->body->csr, "-----BEGIN")) {
		*ret_octets = text;
		return true;
	}
	if (text.len > 0 && cs_base64_decode(r->arena, text, ret_octets))
		return true;
	return refuse(r, "csr-form", "csr", "RFC 7468", "This is neither PEM nor base64 of DER.",
	    "Paste the file that was made with the key, from BEGIN to END.");
}

static bool
read_csr(const struct reading *r)
{
	struct cs_span octets = { NULL, 0 };
	struct pki_csr csr = { 0 };
	struct draft *draft = r->draft;

	if (!csr_octets(r, &octets))
		return false;
	/*
	 * As the signer reads it: nobody shall prove everything first, and then be refused.  Which kinds of key a
	 * profile takes policy says.
	 */
	if (!pki_csr_read(r->arena, octets, PKI_ALLOW_EDDSA, &csr, &draft->why)) {
		draft->why.field = "csr";
		if (strcmp(draft->why.code, "PRIVATEKEY") == 0)
			draft->leaked_key = pki_csr_leaked_key(octets, draft->leaked_spki_sha256);
		return false;
	}
	if (r->rules->weak && pki_weak_list_has(r->rules->weak, &csr.key))
		return refuse(r, "WEAKKEY", "csr", "SBR 6.1.1.3", "This key is known to be weak.",
		    "Make a new key with current software.");
	draft->request.csr = csr.der;
	draft->spki = csr.key.spki;
	memcpy(draft->spki_sha256, csr.key.spki_sha256, CLAIM_DIGEST);
	return true;
}

/* Whether there is such an account policy says. */
static bool
read_on_behalf(const struct reading *r)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+-";
	const char *account = r->body->on_behalf;

	if (!account)
		return true;
	if (account[0] == '\0' || account[strspn(account, allowed)] != '\0')
		return refuse(r, "account-name", "for", "", "This is not the name of an account.",
		    "Give the account name of a person of the enterprise.");
	r->draft->on_behalf = account;
	return true;
}

static const char *
note_version_of(const struct json_create *body)
{
	return body->note_version ? body->note_version : "";
}

void
draft_read(struct cs_arena *arena, const struct draft_rules *rules, struct cs_span body,
    struct draft *ret_draft)
{
	struct json_create create = { 0 };
	struct draft draft = { .on_behalf = "" };
	const struct reading r = { arena, rules, &create, &draft,
		rules->allow_example_names ? 0 : SMIME_REFUSE_DOCUMENTATION };

	pki_sha256(body, draft.body_sha256);
	if (!json_read_create(arena, body, &create, &draft.why))
		draft.status = strcmp(draft.why.code, "validity") == 0 ? 422 : 400;
	/* The key comes last: it costs most. */
	else if (!read_terms(&r) || !read_mailboxes(&r) || !read_domains(&r) || !read_contact(&r) ||
		 !read_common_name(&r) || !read_subject(&r) || !read_on_behalf(&r) || !read_csr(&r))
		draft.status = 422;
	draft.note_version = note_version_of(&create);
	draft.approves = create.approve;
	*ret_draft = draft;
}

const char *
draft_account(const struct draft *draft, const struct intake_caller *caller)
{
	return draft->on_behalf && draft->on_behalf[0] ? draft->on_behalf : caller->account;
}

/* ---- what follows an earlier request ---- */

void
draft_read_follow(struct cs_arena *arena, const struct draft_rules *rules,
    enum claim_request_kind kind, struct cs_id previous, struct cs_span body,
    struct draft *ret_draft)
{
	struct json_create *wants = CS_NEW(arena, struct json_create);
	struct draft draft = { .request = { .kind = kind, .previous = previous } };
	const struct reading r = { arena, rules, wants, &draft, 0 };
	const uint8_t which = (uint8_t)kind;
	const struct cs_span parts[] = { cs_span_of(&which, 1),
		cs_span_of(previous.octets, sizeof(previous.octets)), body };

	pki_sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), draft.body_sha256);
	if (!json_read_follow(arena, body, kind, wants, &draft.why))
		draft.status = strcmp(draft.why.code, "validity") == 0 ? 422 : 400;
	else if (wants->csr && !read_csr(&r))
		draft.status = 422;
	draft.follows = wants;
	draft.note_version = note_version_of(wants);
	draft.approves = wants->approve;
	*ret_draft = draft;
}

static bool
same_texts(struct claim_texts a, struct claim_texts b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (strcmp(a.items[i], b.items[i]) != 0)
			return false;
	return true;
}

/* What a person may be told of comes from the new names, or stays where it was. */
static const char *
contact_of(const struct json_create *wants, const struct claim_request *earlier)
{
	if (wants->contact || earlier->contact[0] == '\0')
		return wants->contact;
	if (wants->mailboxes.n > 0 && !holds(wants->mailboxes, earlier->contact))
		return NULL;
	return earlier->contact;
}

/* A common name that is a mailbox of the earlier certificate alone does not outlive it. */
static const char *
common_name_of(const struct json_create *wants, const struct claim_request *earlier)
{
	if (wants->common_name || wants->mailboxes.n == 0)
		return wants->common_name ? wants->common_name : earlier->common_name;
	if (holds(earlier->mailboxes, earlier->common_name) &&
	    !holds(wants->mailboxes, earlier->common_name))
		return NULL; /* the usual one, of the new mailboxes */
	return earlier->common_name;
}

/* As if the client had sent all of it. */
static struct json_create
whole_body(
    struct cs_arena *arena, const struct json_create *wants, const struct claim_request *earlier)
{
	const bool renames = wants->mailboxes.n > 0;

	return (struct json_create){
		.profile = earlier->profile,
		.csr = wants->csr ? wants->csr : cs_base64(arena, earlier->csr),
		.key_use = key_use_names[earlier->key_use],
		.common_name = common_name_of(wants, earlier),
		.agreement = wants->agreement,
		.contact = contact_of(wants, earlier),
		.mailboxes = renames ? wants->mailboxes : earlier->mailboxes,
		.domains = renames ? wants->domains : earlier->domains,
		.subject = wants->subject ? wants->subject : &earlier->subject,
		.validity_days =
		    wants->validity_days ? wants->validity_days : earlier->validity_days,
	};
}

static bool
same_values(const struct claim_values *a, const struct claim_values *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i].name, b->items[i].name) != 0 ||
		    strcmp(a->items[i].value, b->items[i].value) != 0)
			return false;
	return true;
}

static bool
follows_by_its_kind(const struct reading *r, const struct claim_request *earlier)
{
	const struct claim_request *request = &r->draft->request;
	const bool same_names = same_texts(request->mailboxes, earlier->mailboxes) &&
				strcmp(request->common_name, earlier->common_name) == 0 &&
				same_values(&request->subject, &earlier->subject);
	struct pki_csr csr = { 0 };
	struct cs_refusal why = { 0 };

	if (request->kind == CLAIM_REISSUE && same_names)
		return refuse(r, "same-names", "mailboxes", "",
		    "These are the names of the earlier certificate.",
		    "Renew it, or rekey it with another key.");
	if (request->kind == CLAIM_REKEY &&
	    pki_csr_read(r->arena, earlier->csr, PKI_ALLOW_EDDSA, &csr, &why) &&
	    memcmp(csr.key.spki_sha256, r->draft->spki_sha256, CLAIM_DIGEST) == 0)
		return refuse(r, "same-key", "csr", "",
		    "This is the key of the earlier certificate.",
		    "Make a new key, or renew the certificate.");
	return true;
}

void
draft_follow(struct cs_arena *arena, const struct draft_rules *rules,
    const struct claim_request *earlier, struct draft *draft)
{
	const struct json_create body = whole_body(arena, draft->follows, earlier);
	const struct reading r = { arena, rules, &body, draft,
		rules->allow_example_names ? 0 : SMIME_REFUSE_DOCUMENTATION };

	if (!read_terms(&r) || !read_mailboxes(&r) || !read_domains(&r) || !read_contact(&r) ||
	    !read_common_name(&r) || !read_subject(&r) || (!draft->follows->csr && !read_csr(&r)) ||
	    !follows_by_its_kind(&r, earlier))
		draft->status = 422;
}

/* ---- a domain alone ---- */

void
draft_read_domain(struct cs_arena *arena, const struct draft_rules *rules, struct cs_span domain,
    struct draft *ret_draft)
{
	const unsigned flags = SMIME_REFUSE_PRIVATE_SUFFIX |
			       (rules->allow_example_names ? 0 : SMIME_REFUSE_DOCUMENTATION);
	const char **names = CS_NEW_ARRAY(arena, 1, const char *);
	struct draft draft = { .note_version = "",
		.on_behalf = "",
		.request = { .kind = CLAIM_DOMAIN_ONLY,
		    .profile = "",
		    .agreement = "",
		    .contact = "",
		    .common_name = "" },
		.spki = cs_span_str("") };

	pki_sha256(domain, draft.body_sha256);
	if (smime_domain_parse(arena, domain, rules->psl, flags, &names[0], &draft.why)) {
		draft.request.domains = (struct claim_texts){ names, 1 };
	} else {
		draft.why.field = "domain";
		draft.status = 422;
	}
	*ret_draft = draft;
}

bool
draft_is_for(const char *subject)
{
	static const char *const subjects[] = { "api.create", "api.renew", "api.rekey",
		"api.reissue", "api.domain" };

	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
		if (strcmp(subjects[i], subject) == 0)
			return true;
	return false;
}
