/* SPDX-License-Identifier: Apache-2.0 */
/* handler.h: notifier's routes, and what they need beside the event. */
#ifndef NOTIFY_HANDLER_H
#define NOTIFY_HANDLER_H

#include "certificate.h"
#include "relays.h"
#include "svc/svc.h"
#include "turns.h"

struct directories;
struct logins;
struct sending;
struct sms;

struct notify_service {
	const char *chain_file, *smtp_url, *smtp_ca_file, *smtp_user_file, *smtp_password_file;
	const char *mail_from;
	const char *redirect_base; /* "": nobody can log in at a provider */
	const char *entity_id;     /* by which providers of SAML know us; "": of redirect_base */
	const char *trust_file, *approvers_file, *sealing_key_file, *connector_ca_file, *key_file;
	struct cs_span code_key; /* what codes are made and compared with */
	bool smtp_starttls;
	uint32_t keep_days;               /* settings, up to here */
	struct cs_arena *arena;           /* owned; what `cas` borrows from */
	struct certificate_cas cas;       /* read only */
	struct claim_trust *trust;        /* whose word on connectors counts; owned */
	struct connector_book *book;      /* owned; loop thread only, as what follows */
	struct pki_seal_key *sealing_key; /* owned; NULL: secrets of connectors cannot be read */
	struct relays *relays;            /* owned */
	struct sms *sms;                  /* owned */
	struct directories *directories;  /* owned */
	struct logins *logins;            /* owned */
	struct turns turns;               /* of those who are asked for there */
	struct claim_key *key;            /* signs that a second factor was proved; owned */
	struct sending *early; /* what came before it was known which connectors there are */
	struct svc *svc;
};

extern const struct svc_route notify_routes[];
extern const char *const notify_patient[]; /* of them, those for which nobody waits */
/* Questions that are answered on the loop thread, by their subject. */
svc_act notify_start;

#endif
