/* SPDX-License-Identifier: Apache-2.0 */
/* service.h: what one process of request-intake holds.  Read only after init. */
#ifndef INTAKE_SERVICE_H
#define INTAKE_SERVICE_H

#include "draft.h"
#include "http/address.h"
#include "svc/svc.h"

struct api;
struct api_reports;
struct stretch;
struct trials;

struct intake_service {
	/* Settings. */
	const char *key_file, *weak_keys_file, *agreement;
	uint32_t default_days; /* of validity, when none is asked for */
	uint32_t life_days;    /* of a request that nobody approves */
	/* For each API token, at each replica. */
	uint32_t creations_per_hour, presses_per_hour, streams_per_token;
	/* For each network that calls come from, at each replica. */
	uint32_t creations_per_network, presses_per_network;
	uint32_t strangers_per_network; /* tokens that nobody has */
	uint32_t logins_per_network;    /* and new passwords */
	uint32_t returns_per_network;   /* of browsers from providers */
	uint32_t stretchers, passwords_waiting;
	const char *trusted_proxies, *connector_ca_file;
	const char *redirect_base, *entity_id; /* as notifier's; "": none */

	struct claim_key *key;
	struct smime_psl *psl;
	struct pki_weak_list *weak;        /* NULL: none configured */
	struct cs_arena *arena;            /* of what follows */
	struct http_address_rules proxies; /* of trusted_proxies */
	struct draft_rules rules;
	uint8_t challenge_secret[32]; /* see challenge.h */
	uint32_t reports_per_network;
	struct stretch *stretch; /* of passwords */
	struct trials *trials;   /* of connectors */
	struct api *api;
	struct api_reports *reports;
};

#endif
