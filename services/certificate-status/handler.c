/* SPDX-License-Identifier: Apache-2.0 */
/* handler.c: the table of contents: each event to the facts that it states. */
#include "handler.h"

#include <string.h>

#include "base/text.h"
#include "fetch.h"
#include "pki/hash.h"
#include "store.h"
#include "wire.h"

/* ---- which row ---- */

static struct cs_id
key_of(const char *kind, const char *issuer, struct cs_span name)
{
	const struct cs_span parts[] = { cs_span_str(kind), cs_span_of("", 1), cs_span_str(issuer),
		cs_span_of("", 1), name };
	uint8_t digest[PKI_SHA256];

	pki_sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), digest);
	return cs_id_from_digest(digest);
}

struct cs_id
status_crl_key(const char *issuer, uint32_t partition)
{
	return key_of("crl", issuer, cs_span_of(&partition, sizeof(partition)));
}

/* ---- reading ---- */

/* What no file of ours names may be told of later: the event waits with the dead letters. */
static enum cs_code
find_authority(const struct status_service *status, const char *label, const struct authority **ret,
    struct cs_err *err)
{
	*ret = authority_find(&status->authorities, label, strlen(label));
	if (*ret == NULL)
		return cs_fail(err, CS_MALFORMED,
		    "no certificate of the CA \"%s\" in CS_STATUS_CA_DIR", label);
	return CS_OK;
}

static enum cs_code
keep_fact(struct svc_event *ev, const struct wire_fact *fact)
{
	struct wire_fact *kept = CS_NEW(ev->arena, struct wire_fact);

	*kept = *fact;
	ev->key = key_of("certificate", fact->issuer, fact->serial);
	ev->what = kept;
	return CS_OK;
}

/* "Good" is said only of what the CA has signed: the event alone proves nothing. */
static enum cs_code
read_issued(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct authority *authority;
	struct pki_cert_info cert;
	struct wire_fact fact;

	if (wire_read_issued(ev->arena, ev->body, &fact, err) ||
	    find_authority(self, fact.issuer, &authority, err) ||
	    pki_cert_read(ev->arena, fact.certificate, &cert, err))
		return CS_MALFORMED;
	if (!cs_span_equal(cert.serial, fact.serial) ||
	    cert.not_after_s != fact.facts.not_after_ms / 1000)
		return cs_fail(
		    err, CS_MALFORMED, "CertificateIssued: it is of another certificate");
	if (!pki_cert_signed_with(&cert, &authority->ca, authority->key))
		return cs_fail(
		    err, CS_MALFORMED, "CertificateIssued: %s did not sign it", fact.issuer);
	return keep_fact(ev, &fact);
}

static enum cs_code
read_revoked(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct authority *authority;
	struct wire_fact fact;

	if (wire_read_revoked(ev->arena, ev->body, &fact, err) ||
	    find_authority(self, fact.issuer, &authority, err))
		return CS_MALFORMED;
	return keep_fact(ev, &fact);
}

static enum cs_code
read_voided(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct authority *authority;
	struct wire_fact fact;

	if (wire_read_voided(ev->arena, ev->body, &fact, err) ||
	    find_authority(self, fact.issuer, &authority, err))
		return CS_MALFORMED;
	return keep_fact(ev, &fact);
}

static enum cs_code
read_crl_made(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct wire_crl crl;

	(void)self;
	if (wire_read_crl_made(ev->arena, ev->body, &crl, err))
		return CS_MALFORMED;
	ev->key = status_crl_key(crl.issuer, crl.partition);
	return CS_OK;
}

static enum cs_code
read_looked(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)self;
	(void)ev;
	(void)err;
	return CS_OK;
}

static enum cs_code
read_fetched(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct wire_fetched *fetched = CS_NEW(ev->arena, struct wire_fetched);

	(void)self;
	ev->what = fetched;
	return wire_read_fetched(ev->arena, ev->body, fetched, err);
}

/* ---- deciding ---- */

static void
status_on_fact(const void *self, struct svc_event *ev)
{
	const struct wire_fact *fact = ev->what;
	struct status_row *row = ev->state;

	(void)self;
	row->facts = status_merge(row->known ? &row->facts : NULL, &fact->facts);
	row->issuer = fact->issuer;
	row->serial = fact->serial;
	row->known = row->changed = true;
	log_info(ev->log, "status noted on=%s issuer=%s serial=%s revoked=%d reason=%u",
	    ev->subject, fact->issuer, cs_hex(ev->arena, fact->serial), row->facts.revoked,
	    (unsigned)row->facts.reason);
}

/* Its octets are the signer's to give: the loop asks for them. */
static void
status_on_crl_made(const void *self, struct svc_event *ev)
{
	(void)self;
	svc_work(ev, "crl", cs_span_str(NULL), ev->now_ms);
}

static void
status_on_looked(const void *self, struct svc_event *ev)
{
	(void)self;
	(void)ev;
}

static void
status_on_fetched(const void *self, struct svc_event *ev)
{
	const struct wire_fetched *fetched = ev->what;
	struct status_row *row = ev->state;

	(void)self;
	if (fetched->number > row->number) {
		row->issuer = fetched->issuer;
		row->partition = fetched->partition;
		row->number = fetched->number;
		row->octets = fetched->der;
		row->changed = true;
		log_info(ev->log, "crl kept issuer=%s partition=%u number=%lld octets=%zu",
		    fetched->issuer, (unsigned)fetched->partition, (long long)fetched->number,
		    fetched->der.len);
	}
	svc_reply(ev, 200, cs_span_str(NULL));
}

void
status_act(void *self, struct svc_work *work)
{
	struct status_service *status = self;

	fetch_now(status->fetch);
	svc_done(work, cs_span_str(NULL));
}

/* Each replica looks for what is new in the table four times a second: a tenth more is nothing. */
const char *const status_patient[] = { "certificate.issued", "certificate.revoked",
	"certificate.voided", "work.crl", NULL };

const struct svc_route status_routes[] = {
	{ "certificate.issued", read_issued, status_on_fact },
	{ "certificate.revoked", read_revoked, status_on_fact },
	{ "certificate.voided", read_voided, status_on_fact },
	{ "certificate.crl-made", read_crl_made, status_on_crl_made },
	{ "work.crl", read_looked, status_on_looked },
	{ "status.crl", read_fetched, status_on_fetched },
	{ 0 },
};
