/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acme_tls_alpn.c: a certificate that shows the key authorization's digest on TCP port 443, to whoever asks
 * for "acme-tls/1" (TBR 3.2.2.4.20, RFC 8737 3).  The check's value is the whole key authorization.
 *
 *   addresses ─▶ connection ─▶ handshake, octets to and fro ─▶ protocol chosen? ─▶ certificate judged
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/text.h"
#include "http/dial.h"
#include "internal.h"
#include "pki/alpn.h"
#include "pki/tls.h"

#define CONNECT_MS 5000
#define TOTAL_MS 15000
#define OCTETS_MAX (64 * 1024)

struct tls_look {
	struct look *look;
	struct http_dial *dial;
	struct pki_tls *tls;
	bool ended;
};

static const struct {
	enum claim_outcome outcome;
	const char *text;
} says[] = {
	[PKI_ALPN_UNREADABLE] = { CLAIM_REFUSED,
	    "the certificate cannot be read as RFC 8737 describes it" },
	[PKI_ALPN_NO_NAME] = { CLAIM_REFUSED, "the certificate has no subjectAltName" },
	[PKI_ALPN_NAMES] = { CLAIM_REFUSED,
	    "the certificate does not name exactly one DNS name and nothing else" },
	[PKI_ALPN_OTHER_NAME] = { CLAIM_REFUSED, "the certificate names another domain" },
	[PKI_ALPN_NO_IDENTIFIER] = { CLAIM_REFUSED, "the certificate has no acmeIdentifier" },
	[PKI_ALPN_NOT_CRITICAL] = { CLAIM_REFUSED,
	    "the certificate's acmeIdentifier is not critical" },
	[PKI_ALPN_BAD_IDENTIFIER] = { CLAIM_REFUSED,
	    "the certificate's acmeIdentifier is not an OCTET STRING of 32 octets" },
	[PKI_ALPN_DIFFERS] = { CLAIM_REFUSED,
	    "the certificate's acmeIdentifier is of another key authorization" },
	[PKI_ALPN_NOT_SELF_SIGNED] = { CLAIM_REFUSED, "the certificate is not self-signed" },
	[PKI_ALPN_MATCHES] = { CLAIM_PROVED,
	    "the certificate shows the digest of the key authorization" },
};

static void
end(struct tls_look *at, enum claim_outcome outcome, const char *reason, const char *text)
{
	at->ended = true;
	look_end(at->look, outcome, reason, look_clause(at->look), text);
}

static const char *
address_text(struct cs_arena *arena, const struct sockaddr_storage *address)
{
	char text[INET6_ADDRSTRLEN] = "-";

	if (address->ss_family == AF_INET)
		(void)inet_ntop(
		    AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text, sizeof(text));
	else if (address->ss_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, text,
		    sizeof(text));
	return cs_arena_strdup(arena, text);
}

/* ---- the handshake ---- */

static void
judge(struct tls_look *at)
{
	struct look *look = at->look;
	struct pki_tls_peer peer;
	uint8_t digest[PKI_SHA256];

	pki_tls_peer(at->tls, look->arena, &peer);
	look_add_seen(look, cs_span_str(peer.protocol == NULL ? "no protocol" : peer.protocol));
	look->finding.detail =
	    cs_arena_printf(look->arena, "%s; %s; certificate: %s", look->finding.detail,
		peer.version, pki_certificate_text(look->arena, peer.certificate));
	if (peer.protocol == NULL || !cs_span_is(cs_span_str(peer.protocol), PKI_ALPN_PROTOCOL)) {
		end(at, CLAIM_REFUSED, "alpn-not-negotiated",
		    "the server did not choose the protocol acme-tls/1");
		return;
	}
	pki_sha256(look->check->expected, digest);
	const enum pki_alpn_finding finding =
	    pki_alpn_judge(peer.certificate, look->check->target, digest);

	end(at, says[finding].outcome,
	    cs_arena_printf(look->arena, "alpn-%s", pki_alpn_finding_name(finding)),
	    says[finding].text);
}

static void
turn(struct tls_look *at, struct cs_span came)
{
	struct look *look = at->look;
	struct cs_span send;
	const enum pki_tls_state state = pki_tls_turn(at->tls, came, look->arena, &send);

	if (send.len > 0)
		http_dial_send(at->dial, send);
	if (state == PKI_TLS_UP)
		judge(at);
	else if (state == PKI_TLS_FAILED && pki_tls_no_protocol(at->tls))
		end(at, CLAIM_REFUSED, "alpn-not-negotiated",
		    "the server does not speak the protocol acme-tls/1");
	else if (state == PKI_TLS_FAILED)
		end(at, CLAIM_REFUSED, "tls-handshake",
		    cs_arena_printf(look->arena, "the TLS handshake failed: %s",
			cs_escape(look->arena, cs_span_str(pki_tls_why(at->tls)), 200)));
}

/* ---- the connection ---- */

static void
fail(struct tls_look *at, enum http_dial_event event)
{
	switch (event) {
	case HTTP_DIAL_NOT_CONNECTED:
		end(at, CLAIM_COULD_NOT_TELL, "tls-not-connected",
		    "no connection to port 443 came about");
		return;
	case HTTP_DIAL_TIMED_OUT:
		end(at, CLAIM_COULD_NOT_TELL, "tls-timed-out",
		    "the server did not end the TLS handshake in time");
		return;
	case HTTP_DIAL_ADDRESS_REFUSED:
		end(at, CLAIM_REFUSED, "tls-address-refused", http_dial_why_not(at->dial));
		return;
	case HTTP_DIAL_TOO_MUCH:
		end(at, CLAIM_REFUSED, "tls-too-large", "the server sent more than 64 KiB");
		return;
	default:
		end(at, CLAIM_COULD_NOT_TELL, "tls-cut-short",
		    "the connection ended during the TLS handshake");
	}
}

static void
on_dial(void *arg, enum http_dial_event event, struct cs_span octets)
{
	struct tls_look *at = arg;
	struct look *look = at->look;

	if (at->ended)
		return;
	if (event != HTTP_DIAL_HEARD)
		look->finding.detail = cs_arena_printf(look->arena, "%.253s:443 at %s",
		    look->check->target, address_text(look->arena, http_dial_address(at->dial)));
	if (event == HTTP_DIAL_CONNECTED || event == HTTP_DIAL_HEARD)
		turn(at, octets);
	else
		fail(at, event);
}

static void
on_addresses(void *arg, const struct look_addresses *found)
{
	struct tls_look *at = arg;
	struct look *look = at->look;
	const struct http_dial_settings settings = { .addresses = found->items,
		.count = found->n,
		.port = 443,
		.rules = look->probe->rules,
		.connect_ms = CONNECT_MS,
		.total_ms = TOTAL_MS,
		.octets_max = OCTETS_MAX };

	if (look->probe->closing)
		return;
	if (found->n > 0)
		at->dial = http_dial_new(look->probe->base, &settings, on_dial, at);
	else if (look->finding.security == CLAIM_DNSSEC_BOGUS)
		end(at, CLAIM_REFUSED, "dnssec-bogus", found->why);
	else
		end(at, CLAIM_COULD_NOT_TELL, "tls-not-resolved", found->why);
}

static void
drop(struct look *look)
{
	struct tls_look *at = look->open;

	http_dial_free(at->dial);
	pki_tls_free(at->tls);
}

void
probe_acme_tls_alpn(struct look *look)
{
	struct tls_look *at = CS_NEW(look->arena, struct tls_look);
	const char *host = look->check->target;
	struct cs_err err;

	*at = (struct tls_look){ .look = look };
	if (probe_acme_token(look->arena, look->check->expected) == NULL) {
		end(at, CLAIM_REFUSED, "acme-value-unfit",
		    "the value is not TOKEN.THUMBPRINT with a token of 128 bits or more");
		return;
	}
	if (pki_tls_new(host, PKI_ALPN_PROTOCOL, &at->tls, &err)) {
		end(at, CLAIM_COULD_NOT_TELL, "tls-not-started", "TLS could not be started");
		return;
	}
	look->finding.found_at = cs_arena_printf(look->arena, "%s:443", host);
	look->open = at;
	look_hold(look, drop);
	look_for_addresses(look, host, on_addresses, at);
}
