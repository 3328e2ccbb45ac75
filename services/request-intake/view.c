/* SPDX-License-Identifier: Apache-2.0 */
/* view.c: representations.  Every text comes from checked structs; out.c escapes. */
#include "view.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "connector/factor.h"
#include "mend.h"
#include "out.h"
#include "reasons.h"
#include "smime/identity.h"
#include "smime/method.h"
#include "wire.h"

/* ---- small parts ---- */

static void
write_id(struct out *out, const char *name, struct cs_id id)
{
	char text[CS_ID_TEXT];

	cs_id_format(id, text);
	out_text(out, name, text);
}

static void
write_path(struct out *out, const char *name, struct cs_id id, const char *rest)
{
	char text[CS_ID_TEXT];
	const char *const parts[] = { "/v1/requests/", text, rest };

	cs_id_format(id, text);
	out_text_of(out, name, parts, sizeof(parts) / sizeof(parts[0]));
}

static void
write_refusal(struct out *out, const struct intake_request *req)
{
	if (!req->refusal.code)
		return;
	out_object(out, "refusal");
	out_text(out, "code", req->refusal.code);
	out_text_if(out, "field", req->refusal.field);
	out_text_if(out, "clause", req->refusal.clause);
	out_text_if(out, "text", req->refusal.text);
	out_text_if(out, "mend", req->refusal.mend);
	out_text_if(out, "check", req->refused_check);
	out_end_object(out);
}

static const char *
revocation_state(const struct intake_revocation *revocation)
{
	if (revocation->revoked_at_ms != 0)
		return "revoked";
	return intake_revocation_refused(revocation) ? "refused" : "asked";
}

static void
write_revocation(struct out *out, const struct intake_revocation *revocation)
{
	if (revocation->by == 0)
		return;
	out_object(out, "revocation");
	out_text(out, "state", revocation_state(revocation));
	out_text_if(out, "reason", reason_of_code(revocation->reason)->name);
	out_text(out, "by", claim_revoked_by_name(revocation->by));
	out_text_if(out, "account", revocation->account);
	out_text_if(out, "text", revocation->text);
	out_text_if(out, "report", revocation->report);
	out_text_if(out, "note_version", revocation->note_version);
	out_time_if(out, "asked_at", revocation->asked_at_ms);
	out_time_if(out, "due_at", revocation->due_at_ms);
	out_time_if(out, "revoked_at", revocation->revoked_at_ms);
	out_text_if(out, "refusal", revocation->refusal_text);
	out_end_object(out);
}

/* ---- what the person can do ---- */

/* The newest mail is one that must be answered (RFC 8823). */
static bool
wants_answer(const struct intake_told *told)
{
	return told != NULL && told->kind == CLAIM_MAILBOX &&
	       strcmp(told->mail.method, "email-reply") == 0;
}

static const char *
say_mailbox(struct cs_arena *arena, const struct intake_check *check, enum intake_todo todo,
    const struct intake_told *told)
{
	if (todo == INTAKE_DO_ENTER_TOKEN && wants_answer(told))
		return cs_arena_printf(arena,
		    "Answer the mail that was sent to %s: \"csctl request reply\" makes the answer.",
		    check->target);
	if (todo == INTAKE_DO_ENTER_TOKEN)
		return cs_arena_printf(
		    arena, "Enter the token that was mailed to %s.", check->target);
	if (todo == INTAKE_DO_WAIT)
		return cs_arena_printf(
		    arena, "A mail with a token is on its way to %s.", check->target);
	return cs_arena_printf(arena, "Press Verify: a token is mailed to %s.", check->target);
}

/* Why Verify makes no look now, and what to do instead. */
static const char *
say_held(struct cs_arena *arena, const struct intake_told *told)
{
	char until[CS_TIME_TEXT];

	cs_time_format(told->hold_until_ms, until);
	if (strcmp(told->hold, "failed-too-often") == 0)
		return cs_arena_printf(arena,
		    "You pressed Verify several times within an hour and nothing was found. Check "
		    "what you published; Verify works again at %s.",
		    until);
	if (told->hold_until_ms == 0)
		return "This was looked at as often as one request may. Make a new request.";
	return cs_arena_printf(arena,
	    "This domain was looked at very often within an hour. Verify works again at %s.",
	    until);
}

static const char *
say_domain(struct cs_arena *arena, const struct intake_check *check, enum intake_todo todo,
    const struct intake_told *told)
{
	if (check->challenge != INTAKE_PUBLISH && check->challenge != INTAKE_HELD)
		return "What to publish is being made.";
	if (todo == INTAKE_DO_WAIT)
		return "Your domain is being looked at.";
	if (told && told->hold && told->hold[0])
		return say_held(arena, told);
	if (told && told->n_publications == 1)
		return cs_arena_printf(arena, "Publish the %s, then press Verify.",
		    strcmp(told->publications[0].type, "file") == 0 ? "file" : "record");
	return "Publish one of these, whichever is easiest for you, then press Verify.";
}

static const char *
say_caa(enum intake_todo todo)
{
	if (todo == INTAKE_DO_WAIT)
		return "The CAA records are being looked up.";
	if (todo == INTAKE_DO_VERIFY)
		return "Mend the CAA records, then press Verify to look again.";
	return "Nothing to do: CAA is looked up after you approve. Press Verify to look before.";
}

/* Policy refuses a request without a record at once, so this is seen for moments or after a withdrawal. */
static const char *
say_identity(enum claim_kind kind)
{
	if (kind == CLAIM_INDIVIDUAL)
		return "An operator must verify who you are, and record it.";
	if (kind == CLAIM_AUTHORITY)
		return "An operator must ask your organization whether it wants this, and record it.";
	return "An operator must verify who your organization is, and record it.";
}

static const char *
say_todo(struct cs_arena *arena, const struct intake_check *check, enum intake_shown shown,
    enum intake_todo todo, const struct intake_told *told)
{
	if (shown == INTAKE_PROVED || shown == INTAKE_STANDING)
		return "Nothing to do.";
	switch (check->kind) {
	case CLAIM_MAILBOX:
		return say_mailbox(arena, check, todo, told);
	case CLAIM_DOMAIN:
		return say_domain(arena, check, todo, told);
	case CLAIM_MPIC_DOMAIN:
		return "Nothing to do: other perspectives look by themselves once the domain is proved.";
	case CLAIM_CAA:
	case CLAIM_MPIC_CAA:
		return say_caa(todo);
	case CLAIM_ORGANIZATION:
	case CLAIM_AUTHORITY:
	case CLAIM_INDIVIDUAL:
		return say_identity(check->kind);
	}
	return "";
}

/* One of a list that is joined by commas; an empty list allows everything. */
static bool
allows(const struct intake_check *check, const char *method)
{
	const size_t len = strlen(method);
	const char *at = check->allowed_methods;

	if (at[0] == '\0')
		return true;
	while (strncmp(at, method, len) != 0 || (at[len] != ',' && at[len] != '\0')) {
		at = strchr(at, ',');
		if (at == NULL)
			return false;
		at++;
	}
	return true;
}

/* Every way that is open, as texts to copy. */
static void
write_publications(struct out *out, const struct intake_told *told)
{
	out_array(out, "publish");
	for (size_t i = 0; i < told->n_publications; i++) {
		const struct intake_publication *p = &told->publications[i];
		const struct smime_method *method = smime_method_find(p->method);

		out_object(out, NULL);
		out_text(out, "method", p->method);
		out_text_if(out, "clause", method ? method->clause : "");
		out_text_if(out, "what", method ? method->what : "");
		out_text(out, "type", p->type);
		out_text(out, "name", p->name);
		out_text(out, "value", p->value);
		out_text_if(out, "note", p->note);
		out_end_object(out);
	}
	out_end_array(out);
}

/* "record" and "file" are for programs from before "publish". */
static void
write_challenge(struct out *out, const struct intake_check *check, const struct intake_told *told)
{
	write_publications(out, told);
	out_time_if(out, "next_look_at", told->next_look_ms);
	out_text_if(out, "held", told->hold);
	out_time_if(out, "held_until", told->hold[0] ? told->hold_until_ms : 0);
	if (allows(check, "dns-txt") && told->dns_name[0]) {
		out_object(out, "record");
		out_text(out, "name", told->dns_name);
		out_text(out, "type", "TXT");
		out_text(out, "value", told->dns_value);
		out_end_object(out);
	}
	if (allows(check, "http-file") && told->file_url[0]) {
		out_object(out, "file");
		out_text(out, "url", told->file_url);
		out_text(out, "content", told->file_value);
		out_end_object(out);
	}
}

/* Also where there is nothing to do: CAA may be looked at before the approval, as a courtesy. */
static bool
can_press(const struct intake_request *req, const struct intake_check *check,
    enum intake_shown shown, enum intake_todo todo)
{
	if (req->state >= INTAKE_APPROVED || check->kind == CLAIM_MPIC_DOMAIN ||
	    todo == INTAKE_DO_WAIT)
		return false;
	return todo != INTAKE_DO_NOTHING || shown == INTAKE_NEEDED;
}

static void
write_you(struct out *out, struct cs_arena *arena, const struct intake_request *req,
    const struct intake_check *check, const struct intake_told *told, int64_t now_ms)
{
	enum intake_shown shown = intake_show_check(req, check, now_ms);
	enum intake_todo todo = intake_todo_for(req, check, now_ms);

	const bool answers = todo == INTAKE_DO_ENTER_TOKEN && wants_answer(told);

	out_object(out, "you");
	out_text(out, "do", answers ? "answer-mail" : intake_todo_name(todo));
	out_text(out, "text",
	    intake_ended(req->state) ? "Nothing to do."
				     : say_todo(arena, check, shown, todo, told));
	if (told && check->kind == CLAIM_DOMAIN && todo != INTAKE_DO_NOTHING)
		write_challenge(out, check, told);
	if (todo == INTAKE_DO_PUBLISH || todo == INTAKE_DO_ENTER_TOKEN)
		out_time_if(out, "until", check->challenge_until_ms);
	if (can_press(req, check, shown, todo))
		write_path(
		    out, "verify", req->id, cs_arena_printf(arena, "/checks/%s/verify", check->id));
	if (todo == INTAKE_DO_ENTER_TOKEN)
		write_path(
		    out, "token", req->id, cs_arena_printf(arena, "/checks/%s/token", check->id));
	if (answers)
		write_path(
		    out, "reply", req->id, cs_arena_printf(arena, "/checks/%s/reply", check->id));
	out_end_object(out);
}

/* ---- evidence ---- */

static void
write_lookups(struct cs_arena *arena, struct out *out, const struct claim_evidence *evidence)
{
	out_array(out, "lookups");
	for (size_t i = 0; i < evidence->n_lookups; i++) {
		const struct claim_lookup *lookup = &evidence->lookups[i];

		out_object(out, NULL);
		out_text(out, "name", lookup->name);
		out_text(out, "type", lookup->type);
		out_number(out, "rcode", lookup->rcode);
		out_text(out, "dnssec", claim_dnssec_name(lookup->security));
		out_text_if(out, "why", lookup->why);
		out_number(out, "ttl_s", lookup->ttl_s);
		out_texts(out, "records", lookup->records);
		if (lookup->wire_sha256.len > 0)
			out_text(out, "answer_sha256", cs_hex(arena, lookup->wire_sha256));
		out_time_if(out, "answered_at", lookup->answered_at_ms);
		out_end_object(out);
	}
	out_end_array(out);
}

static void
write_perspectives(struct out *out, const struct claim_evidence *evidence)
{
	out_array(out, "perspectives");
	for (size_t i = 0; i < evidence->n_perspectives; i++) {
		const struct claim_perspective_result *result = &evidence->perspectives[i];

		out_object(out, NULL);
		out_text(out, "name", result->name);
		out_text_if(out, "region", result->region);
		out_text(out, "outcome", claim_outcome_name(result->outcome));
		out_text_if(out, "reason", result->reason);
		out_bool(out, "corroborates", result->corroborates);
		out_texts(out, "seen", result->seen);
		out_text(out, "dnssec", claim_dnssec_name(result->security));
		out_time_if(out, "checked_at", result->checked_at_ms);
		out_number(out, "took_ms", result->took_ms);
		out_end_object(out);
	}
	out_end_array(out);
}

/* For whom and for which methods CAA was read, and for how long its records are good. */
static void
write_caa(struct cs_arena *arena, struct out *out, const struct claim_evidence *evidence)
{
	if (evidence->kind != CLAIM_CAA && evidence->kind != CLAIM_MPIC_CAA)
		return;
	out_text(out, "read_for", cs_escape(arena, evidence->expected, CLAIM_MAX_TEXT));
	if (evidence->kind == CLAIM_CAA)
		out_number(out, "ttl_s", evidence->ttl_s);
}

/* What the certificate may say of them, an attribute a line. */
static void
write_identity(struct cs_arena *arena, struct out *out, const struct claim_evidence *evidence)
{
	struct claim_texts lines = { CS_NEW_ARRAY(arena, SMIME_ATTRIBUTES, const char *), 0 };

	if (!intake_by_operators(evidence->kind))
		return;
	for (char *rest = cs_arena_strndup(
		      arena, (const char *)evidence->expected.data, evidence->expected.len),
		  *line = strsep(&rest, "\n");
	     line != NULL && lines.n < SMIME_ATTRIBUTES; line = strsep(&rest, "\n"))
		if (line[0] != '\0')
			lines.items[lines.n++] =
			    cs_escape(arena, cs_span_str(line), SMIME_IDENTITY_MAX);
	out_texts(out, "verified", lines);
}

static void
write_evidence(struct cs_arena *arena, struct out *out, const struct claim_evidence *evidence)
{
	out_text(out, "outcome", claim_outcome_name(evidence->outcome));
	out_number(out, "attempt", evidence->attempt);
	out_text_if(out, "reason", evidence->reason);
	out_text_if(out, "clause", evidence->clause);
	out_text_if(out, "text", evidence->text);
	out_text(out, "dnssec", claim_dnssec_name(evidence->security));
	out_text_if(out, "found_at", evidence->found_at);
	write_caa(arena, out, evidence);
	write_identity(arena, out, evidence);
	if (evidence->kind == CLAIM_DOMAIN && evidence->outcome == CLAIM_PROVED) {
		out_text(out, "proved_for", evidence->target);
		out_bool(out, "covers_subdomains", evidence->covers_subdomains);
	}
	if (evidence->kind == CLAIM_DOMAIN)
		out_text_if(out, "mend", mend_domain(evidence));
	out_text_if(out, "detail", evidence->detail);
	out_texts(out, "seen", evidence->seen);
	if (evidence->n_perspectives > 0 && evidence->min_remotes > 0)
		out_number(out, "min_remotes", evidence->min_remotes);
	write_lookups(arena, out, evidence);
	write_perspectives(out, evidence);
	out_time_if(out, "checked_at", evidence->checked_at_ms);
	out_time_if(out, "valid_until", evidence->valid_until_ms);
}

static void
write_why(struct out *out, const struct intake_mail *mail, const char *reason, const char *text)
{
	out_text(out, "reason", mail->reason[0] ? mail->reason : reason);
	out_text_if(out, "clause", mail->clause);
	out_text(out, "text", mail->reply[0] ? mail->reply : text);
}

/* What stands instead of evidence: an earlier proof, or what became of the mail. */
static void
write_no_evidence(struct out *out, const struct intake_check *check, enum intake_shown shown,
    const struct intake_told *told)
{
	if (shown == INTAKE_STANDING) {
		out_text(out, "reason", "standing");
		out_text(out, "text", "An earlier proof still serves.");
		out_time_if(out, "valid_until", check->standing_until_ms);
	} else if (told && told->challenge == INTAKE_MAIL_REFUSED) {
		write_why(out, &told->mail, "mail-refused", "The mail was refused.");
	} else if (told && told->challenge == INTAKE_MAIL_DEFERRED) {
		write_why(
		    out, &told->mail, "mail-deferred", "The mail could not be handed over yet.");
	}
}

static void
write_mail(struct out *out, const struct intake_told *told)
{
	const struct intake_mail *mail = &told->mail;

	out_object(out, "mail");
	out_text(out, "state", mail->state);
	out_text_if(out, "method", mail->method);
	out_time_if(out, "at", told->at_ms);
	out_text_if(out, "reason", mail->reason);
	out_text_if(out, "clause", mail->clause);
	out_text_if(out, "reply", mail->reply);
	out_text_if(out, "status", mail->status);
	out_text_if(out, "mend", mail->mend);
	out_time_if(out, "next_try_at", mail->next_try_ms);
	out_number(out, "sent", mail->sent);
	out_number(out, "tries_left", mail->tries_left);
	out_texts(out, "hosts", mail->routes);
	if (mail->routes.n > 0)
		out_text(out, "dnssec", claim_dnssec_name(mail->security));
	out_end_object(out);
}

static enum cs_code
read_told(struct cs_arena *arena, const struct intake_check *check, struct intake_told *ret_told,
    struct cs_err *err)
{
	struct cs_id request = { { 0 } };

	if (check->kind == CLAIM_DOMAIN)
		return wire_read_domain_challenge(arena, check->told, &request, ret_told, err);
	return wire_read_mailbox_challenge(arena, check->told, &request, ret_told, err);
}

static enum cs_code
write_check(struct out *out, struct cs_arena *arena, const struct intake_request *req,
    const struct intake_check *check, int64_t now_ms, struct cs_err *err)
{
	enum intake_shown shown = intake_show_check(req, check, now_ms);
	struct intake_told told = { 0 };
	struct claim_evidence evidence = { 0 };
	/* Evidence that an earlier proof outlives says nothing about that proof. */
	bool has_evidence = check->evidence.len > 0 && shown != INTAKE_STANDING;

	if (check->told.len > 0 && read_told(arena, check, &told, err))
		return err->code;
	if (told.hold_until_ms != 0 && told.hold_until_ms <= now_ms)
		told.hold = "";
	if (has_evidence &&
	    claim_open_evidence(arena, NULL, check->evidence, now_ms, &evidence, err))
		return err->code;
	out_object(out, NULL);
	out_text(out, "id", check->id);
	out_text(out, "kind", claim_kind_name(check->kind));
	out_text(out, "target", check->target);
	out_text_if(out, "method", check->method);
	out_text(out, "state", intake_shown_name(shown));
	out_text_if(out, "new_because", check->new_because);
	write_you(out, arena, req, check, check->told.len > 0 ? &told : NULL, now_ms);
	if (has_evidence)
		write_evidence(arena, out, &evidence);
	else
		write_no_evidence(out, check, shown, check->told.len > 0 ? &told : NULL);
	if (told.kind == CLAIM_MAILBOX)
		write_mail(out, &told);
	out_end_object(out);
	return CS_OK;
}

static enum cs_code
write_checks(struct out *out, struct cs_arena *arena, const struct intake_request *req,
    int64_t now_ms, struct cs_err *err)
{
	out_array(out, "checks");
	for (size_t i = 0; i < req->n_checks; i++)
		if (req->checks[i].planned &&
		    write_check(out, arena, req, &req->checks[i], now_ms, err))
			return err->code;
	out_end_array(out);
	return CS_OK;
}

/* ---- the request ---- */

static void
write_note(struct out *out, const char *clause, const char *text)
{
	out_object(out, NULL);
	out_text(out, "clause", clause);
	out_text(out, "text", text);
	out_end_object(out);
}

/* Before there is a plan, what the person asked for. */
static struct claim_values
subject_of(const struct intake_request *req, const struct claim_request *claim)
{
	return req->revision > 0 ? req->subject : claim->subject;
}

/* A request says no source: it is the person's. */
static bool
is_persons(const struct claim_value *value)
{
	return value->source[0] == '\0' ||
	       strcmp(value->source, smime_source_name(SMIME_BY_PERSON)) == 0;
}

/* One that repeats a mailbox is proved with it. */
static bool
is_mailbox(const struct claim_value *value)
{
	return smime_attribute_find(value->name) == SMIME_EMAIL;
}

static void
write_subject(struct out *out, const struct claim_values *values)
{
	if (values->n == 0)
		return;
	out_array(out, "subject");
	for (size_t i = 0; i < values->n; i++) {
		const struct claim_value *value = &values->items[i];

		out_object(out, NULL);
		out_text(out, "name", value->name);
		out_text(out, "value", value->value);
		out_text(out, "set_by",
		    is_persons(value) ? smime_source_name(SMIME_BY_PERSON) : value->source);
		out_bool(out, "verified", is_mailbox(value));
		out_end_object(out);
	}
	out_end_array(out);
}

static void
write_subject_note(struct out *out, const struct claim_values *values)
{
	for (size_t i = 0; i < values->n; i++) {
		if (!is_persons(&values->items[i]) || is_mailbox(&values->items[i]))
			continue;
		write_note(out, "SBR 3.2.5",
		    "The subject holds values that the person typed in and that nobody verifies. Only "
		    "certificates of a private root may name them.");
		return;
	}
}

/* The profile is of private trust: whoever relies on its certificates shall know what nobody looked at. */
static void
write_waiver_notes(struct out *out, const struct claim_texts *waived)
{
	if (claim_texts_hold(waived, CLAIM_WAIVED_CAA))
		write_note(out, "SBR 4.2.2.1",
		    "The profile is of private trust and does without CAA: nobody asks whether the domains "
		    "permit us to issue.");
	if (claim_texts_hold(waived, CLAIM_WAIVED_MPIC))
		write_note(out, "SBR 4.2.2.2",
		    "The profile is of private trust and does without other network perspectives: what one "
		    "place sees is enough.");
}

/* Where what people asked for and what the rules allow differ, they are told. */
static void
write_notes(struct out *out, const struct intake_request *req, const struct claim_request *claim,
    const struct claim_values *subject)
{
	out_array(out, "notes");
	if (claim->domains.n > 0)
		write_note(out, "SBR 7.1.4.2.1",
		    "Domains say what is validated. They are never put into the certificate: its "
		    "subjectAltName may hold mailboxes, but no dNSName.");
	if (!claim->agreement[0])
		write_note(out, "SBR 4.1.2",
		    "No version of the subscriber agreement was accepted with this request: the "
		    "agreement of the enterprise applies.");
	write_subject_note(out, subject);
	write_waiver_notes(out, &req->waived);
	out_end_array(out);
}

static enum cs_code
write_certificate(
    struct out *out, struct cs_arena *arena, const struct intake_request *req, struct cs_err *err)
{
	static const char *const formats[] = { "pem", "chain", "der", "p7b" };
	struct intake_certificate certificate = { 0 };
	struct cs_id request = { { 0 } };

	if (req->certificate.len == 0)
		return CS_OK;
	if (wire_read_issued(arena, req->certificate, &request, &certificate, err))
		return err->code;
	out_object(out, "certificate");
	out_text(out, "serial", certificate.serial);
	out_time_if(out, "issued_at", certificate.issued_at_ms);
	out_time_if(out, "not_before", certificate.not_before_ms);
	out_time_if(out, "not_after", certificate.not_after_ms);
	out_text(out, "fingerprint", certificate.fingerprint);
	out_object(out, "links");
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		write_path(out, formats[i], req->id,
		    cs_arena_printf(arena, "/certificate?format=%s", formats[i]));
	out_end_object(out);
	out_end_object(out);
	return CS_OK;
}

static void
write_links(struct out *out, const struct intake_request *req, enum intake_state state)
{
	out_object(out, "links");
	write_path(out, "self", req->id, "");
	write_path(out, "events", req->id, "/events");
	if (state == INTAKE_READY && req->kind != CLAIM_DOMAIN_ONLY)
		write_path(out, "approve", req->id, "/approve");
	if (!intake_ended(state))
		write_path(out, "cancel", req->id, "/cancel");
	if (state == INTAKE_ISSUED || state == INTAKE_REVOKED)
		write_path(out, "certificate", req->id, "/certificate");
	if (state == INTAKE_ISSUED) {
		write_path(out, "renew", req->id, "/renew");
		write_path(out, "revoke", req->id, "/revoke");
	}
	if (state == INTAKE_ISSUED || state == INTAKE_REVOKED) {
		write_path(out, "rekey", req->id, "/rekey");
		write_path(out, "reissue", req->id, "/reissue");
	}
	out_end_object(out);
}

static void
write_head(struct out *out, const struct intake_request *req, enum intake_state state)
{
	write_id(out, "id", req->id);
	out_text(out, "state", intake_state_name(state));
	out_text(out, "account", req->account);
	out_text_if(out, "submitted_by", req->submitted_by);
	out_text_if(out, "profile", req->profile);
	out_texts(out, "mailboxes", req->mailboxes);
	out_texts(out, "domains", req->domains);
	out_text(out, "kind", claim_request_kind_name(req->kind));
	if (!cs_id_is_zero(req->previous))
		write_id(out, "previous", req->previous);
	out_time_if(out, "created_at", req->created_at_ms);
}

static const char *
key_use_name(enum claim_key_use use)
{
	switch (use) {
	case CLAIM_DUAL:
		return "dual";
	case CLAIM_SIGNING:
		return "signing";
	case CLAIM_ENCRYPTION:
		return "encryption";
	}
	return "";
}

/* There is no key, and no certificate will say anything. */
static void
write_domain_only(struct out *out)
{
	out_array(out, "notes");
	write_note(out, "SBR 4.2.1",
	    "No certificate comes of this. What is proved serves all requests of the enterprise for "
	    "398 days at most.");
	out_end_array(out);
}

void
view_factor(struct out *out, struct cs_id request, const char *method, int64_t proved_at_ms)
{
	const struct factor_method *found = factor_method_find(method);
	char id[CS_ID_TEXT];

	cs_id_format(request, id);
	out_object(out, "second_factor");
	out_text(out, "method", method);
	out_array(out, "codes");
	for (enum factor_channel channel = 0; found && channel < FACTOR_CHANNELS; channel++)
		if (found->sends[channel])
			out_text(out, NULL, factor_channel_row(channel)->name);
	out_end_array(out);
	if (found && found->binds)
		out_bool(out, "password", true);
	else if (proved_at_ms == 0)
		out_text_of(out, "start",
		    (const char *const[]){ "/v1/requests/", id, "/second-factor" }, 3);
	out_time_if(out, "proved_at", proved_at_ms);
	out_end_object(out);
}

struct cs_span
view_codes_sent(struct cs_arena *arena, const char *method, const struct wire_codes_sent *sent)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	out_text(&out, "method", method);
	out_array(&out, "codes");
	for (size_t i = 0; i < sent->n; i++) {
		out_object(&out, NULL);
		out_text(&out, "channel", sent->codes[i].channel);
		out_text(&out, "to", sent->codes[i].to);
		out_text_if(&out, "url", sent->codes[i].url);
		out_end_object(&out);
	}
	out_end_array(&out);
	out_time_if(&out, "expires_at", sent->expires_at_ms);
	out_end_object(&out);
	return out_done(&out);
}

static void
write_wishes(struct out *out, struct cs_arena *arena, const struct intake_request *req,
    const struct claim_request *claim)
{
	const struct claim_values subject = subject_of(req, claim);

	out_text(out, "key_use", key_use_name(claim->key_use));
	if (claim->validity_days)
		out_number(out, "validity_days", claim->validity_days);
	out_text_if(out, "common_name", claim->common_name);
	write_subject(out, &subject);
	out_text_if(out, "agreement", claim->agreement);
	out_text_if(out, "contact", claim->contact);
	out_text_if(out, "note_version", req->note_version);
	out_text(out, "spki_sha256", cs_hex(arena, cs_span_of(req->spki_sha256, CLAIM_DIGEST)));
	if (req->waived.n > 0)
		out_texts(out, "waived", req->waived);
	if (req->second_factor && req->second_factor[0] != '\0')
		view_factor(out, req->id, req->second_factor, req->factor_proved_at_ms);
	write_notes(out, req, claim, &subject);
}

enum cs_code
view_request(struct cs_arena *arena, const struct intake_request *req, int64_t now_ms,
    struct cs_span *ret_json, struct cs_err *err)
{
	struct out out = out_new(arena);
	struct claim_request claim = { 0 };
	enum intake_state state = intake_show_state(req, now_ms);

	if (claim_open_request(arena, NULL, req->envelope, now_ms, &claim, err))
		return err->code;
	out_object(&out, NULL);
	write_head(&out, req, state);
	out_time_if(&out, "changed_at", req->changed_at_ms);
	if (!intake_ended(state) && state != INTAKE_APPROVED)
		out_time_if(&out, "expires_at", req->ends_at_ms);
	if (req->kind == CLAIM_DOMAIN_ONLY)
		write_domain_only(&out);
	else
		write_wishes(&out, arena, req, &claim);
	if (write_checks(&out, arena, req, now_ms, err))
		return err->code;
	write_refusal(&out, req);
	write_revocation(&out, &req->revocation);
	if (write_certificate(&out, arena, req, err))
		return err->code;
	write_links(&out, req, state);
	out_end_object(&out);
	*ret_json = out_done(&out);
	return CS_OK;
}

enum cs_code
view_created(struct cs_arena *arena, const struct intake_request *req, struct cs_span *ret_json,
    struct cs_err *err)
{
	struct intake_request then = { .id = req->id,
		.state = INTAKE_CREATED,
		.enterprise = req->enterprise,
		.account = req->account,
		.submitted_by = req->submitted_by,
		.envelope = req->envelope,
		.profile = req->profile,
		.mailboxes = req->mailboxes,
		.domains = req->domains,
		.kind = req->kind,
		.previous = req->previous,
		.note_version = req->note_version,
		.created_at_ms = req->created_at_ms,
		.changed_at_ms = req->created_at_ms,
		.ends_at_ms = req->ends_at_ms };

	memcpy(then.spki_sha256, req->spki_sha256, CLAIM_DIGEST);
	return view_request(arena, &then, req->created_at_ms, ret_json, err);
}

struct cs_span
view_list(struct cs_arena *arena, const struct intake_request *reqs, size_t n, const char *next)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	out_array(&out, "requests");
	for (size_t i = 0; i < n; i++) {
		out_object(&out, NULL);
		write_head(&out, &reqs[i], reqs[i].state);
		out_time_if(&out, "changed_at", reqs[i].changed_at_ms);
		write_refusal(&out, &reqs[i]);
		write_revocation(&out, &reqs[i].revocation);
		write_links(&out, &reqs[i], reqs[i].state);
		out_end_object(&out);
	}
	out_end_array(&out);
	out_text_if(&out, "next", next);
	out_end_object(&out);
	return out_done(&out);
}

struct cs_span
view_receipt(struct cs_arena *arena, struct cs_id id, enum intake_state state, const char *check)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	write_id(&out, "id", id);
	out_text(&out, "state", intake_state_name(state));
	out_text_if(&out, "check", check);
	out_object(&out, "links");
	write_path(&out, "self", id, "");
	write_path(&out, "events", id, "/events");
	out_end_object(&out);
	out_end_object(&out);
	return out_done(&out);
}

struct cs_span
view_reply(struct cs_arena *arena, const struct wire_reply *reply)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	out_text(&out, "token", reply->token);
	out_text(&out, "thumbprint", reply->thumbprint);
	out_text(&out, "from", reply->from);
	out_end_object(&out);
	return out_done(&out);
}

struct cs_span
view_line(struct cs_arena *arena, const struct store_line *line)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	out_number(&out, "seq", (int64_t)line->seq);
	out_time_if(&out, "at", line->at_ms);
	out_text_if(&out, "check", line->check);
	out_text(&out, "state", line->state);
	out_text_if(&out, "reason", line->reason);
	out_text_if(&out, "text", line->text);
	out_end_object(&out);
	return out_done(&out);
}
