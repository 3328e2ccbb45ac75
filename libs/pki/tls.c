/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pki/file.h"

#define CHUNK 4096
#define TEXT_MAX 400
#define NAMES_SHOWN 8
#define CHAIN_MAX 10
#define ROOTS_MAX (4U << 20) /* octets: Debian's list has a quarter of a million */

struct pki_tls {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out; /* owned by ssl */
	bool no_protocol;
	char why[200];
};

/* ALPN's wire form of one protocol (RFC 7301 3.1). */
static bool
offer(SSL *ssl, const char *protocol)
{
	unsigned char wire[256];
	size_t len = strlen(protocol);

	if (len == 0 || len > 255)
		return false;
	wire[0] = (unsigned char)len;
	memcpy(wire + 1, protocol, len);
	return SSL_set_alpn_protos(ssl, wire, (unsigned)len + 1) == 0;
}

static bool
prepare(struct pki_tls *tls, const char *host, const char *protocol)
{
	tls->ctx = SSL_CTX_new(TLS_client_method());
	if (tls->ctx == NULL || SSL_CTX_set_min_proto_version(tls->ctx, TLS1_2_VERSION) != 1)
		return false;
	SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(tls->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(tls->ctx, 32 * 1024);
	tls->ssl = SSL_new(tls->ctx);
	tls->in = BIO_new(BIO_s_mem());
	tls->out = BIO_new(BIO_s_mem());
	if (tls->ssl == NULL || tls->in == NULL || tls->out == NULL) {
		BIO_free(tls->in);
		BIO_free(tls->out);
		return false;
	}
	SSL_set_bio(tls->ssl, tls->in, tls->out);
	SSL_set_connect_state(tls->ssl);
	return SSL_set_tlsext_host_name(tls->ssl, host) == 1 &&
	       (protocol == NULL || offer(tls->ssl, protocol));
}

enum cs_code
pki_tls_new(const char *host, const char *protocol, struct pki_tls **ret_tls, struct cs_err *err)
{
	struct pki_tls *tls = calloc(1, sizeof(*tls));

	cs_assert(tls != NULL);
	if (!prepare(tls, host, protocol)) {
		pki_tls_free(tls);
		ERR_clear_error();
		return cs_fail(err, CS_INTERNAL, "TLS: OpenSSL refuses to begin");
	}
	*ret_tls = tls;
	return CS_OK;
}

void
pki_tls_free(struct pki_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	SSL_CTX_free(tls->ctx);
	free(tls);
}

static struct cs_span
drain(struct pki_tls *tls, struct cs_arena *arena)
{
	struct cs_buf out = cs_buf_new(arena);
	char chunk[CHUNK];
	int len;

	while ((len = BIO_read(tls->out, chunk, sizeof(chunk))) > 0)
		cs_buf_add(&out, chunk, (size_t)len);
	return cs_buf_span(&out);
}

static void
note_failure(struct pki_tls *tls)
{
	unsigned long code = ERR_peek_error();
	const char *reason = ERR_reason_error_string(code);

	tls->no_protocol = ERR_GET_LIB(code) == ERR_LIB_SSL &&
			   ERR_GET_REASON(code) == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL;
	snprintf(tls->why, sizeof(tls->why), "%s", reason != NULL ? reason : "no reason given");
	ERR_clear_error();
}

enum pki_tls_state
pki_tls_turn(
    struct pki_tls *tls, struct cs_span came, struct cs_arena *arena, struct cs_span *ret_send)
{
	enum pki_tls_state state = PKI_TLS_GOING;
	int done, error;

	if (came.len > 0)
		cs_assert(BIO_write(tls->in, came.data, (int)came.len) == (int)came.len);
	ERR_clear_error();
	done = SSL_do_handshake(tls->ssl);
	error = SSL_get_error(tls->ssl, done);
	if (done == 1) {
		state = PKI_TLS_UP;
	} else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
		state = PKI_TLS_FAILED;
		note_failure(tls);
	}
	*ret_send = drain(tls, arena);
	return state;
}

static struct cs_span
der_of(struct cs_arena *arena, const X509 *certificate)
{
	int len = certificate == NULL ? 0 : i2d_X509(certificate, NULL);
	unsigned char *der, *at;

	if (len <= 0)
		return cs_span_of(NULL, 0);
	der = at = cs_arena_alloc(arena, (size_t)len);
	cs_assert(i2d_X509(certificate, &at) == len);
	return cs_span_of(der, (size_t)len);
}

void
pki_tls_peer(struct pki_tls *tls, struct cs_arena *arena, struct pki_tls_peer *ret_peer)
{
	const unsigned char *protocol = NULL;
	unsigned len = 0;

	SSL_get0_alpn_selected(tls->ssl, &protocol, &len);
	*ret_peer = (struct pki_tls_peer){ .version = SSL_get_version(tls->ssl),
		.protocol = len == 0 ? NULL : cs_arena_strndup(arena, (const char *)protocol, len),
		.certificate = der_of(arena, SSL_get0_peer_certificate(tls->ssl)) };
}

bool
pki_tls_no_protocol(const struct pki_tls *tls)
{
	return tls->no_protocol;
}

const char *
pki_tls_why(const struct pki_tls *tls)
{
	return tls->why;
}

/* ---- what a certificate says of itself ---- */

static void
add_name(struct cs_buf *out, const char *what, X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len;

	cs_assert(bio != NULL);
	(void)X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
	len = BIO_get_mem_data(bio, &text);
	cs_buf_add_str(out, what);
	if (len > 0)
		cs_buf_add(out, text, (size_t)len < TEXT_MAX ? (size_t)len : TEXT_MAX);
	else
		cs_buf_add_str(out, "(empty)");
	BIO_free(bio);
}

static void
add_names(struct cs_buf *out, const X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int n = names == NULL ? 0 : sk_GENERAL_NAME_num(names);

	cs_buf_add_str(out, n == 0 ? "; no names" : "; names");
	for (int i = 0; i < n && i < NAMES_SHOWN; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		cs_buf_add_str(out, i == 0 ? " " : ", ");
		if (name->type == GEN_DNS)
			cs_buf_add(out, ASN1_STRING_get0_data(name->d.dNSName),
			    (size_t)ASN1_STRING_length(name->d.dNSName));
		else
			cs_buf_add_str(out, "(no dNSName)");
	}
	if (n > NAMES_SHOWN)
		cs_buf_printf(out, " and %d more", n - NAMES_SHOWN);
	GENERAL_NAMES_free(names);
}

static const char *
text_of(struct cs_arena *arena, const X509 *certificate)
{
	struct cs_buf out = cs_buf_new(arena);

	add_name(&out, "subject ", X509_get_subject_name(certificate));
	add_names(&out, certificate);
	add_name(&out, "; issuer ", X509_get_issuer_name(certificate));
	ERR_clear_error();
	return cs_escape(arena, cs_buf_span(&out), TEXT_MAX);
}

const char *
pki_certificate_text(struct cs_arena *arena, struct cs_span der)
{
	const unsigned char *at = der.data;
	X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
	const char *text = "not readable";

	if (certificate != NULL)
		text = text_of(arena, certificate);
	X509_free(certificate);
	ERR_clear_error();
	return text;
}

/* ---- does it verify, for the evidence ---- */

struct pki_roots {
	struct cs_arena *arena;
	struct cs_span pem; /* until it is decoded */
	X509_STORE *store;  /* NULL: nobody has asked yet */
	size_t n;           /* certificates in it */
};

enum cs_code
pki_roots_load(const char *path, struct pki_roots **ret_roots, struct cs_err *err)
{
	struct pki_roots *roots = calloc(1, sizeof(*roots));

	cs_assert(roots != NULL);
	roots->arena = cs_arena_new();
	const enum cs_code code = pki_file_take(roots->arena, path, ROOTS_MAX, &roots->pem, err);
	if (code == CS_OK)
		*ret_roots = roots;
	else
		pki_roots_free(roots);
	return code;
}

void
pki_roots_free(struct pki_roots *roots)
{
	if (roots == NULL)
		return;
	X509_STORE_free(roots->store);
	cs_arena_free(roots->arena);
	free(roots);
}

static bool
at_end(void)
{
	const unsigned long error = ERR_peek_last_error();

	return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

/* What cannot be read is left out, and what follows it counts.  Each turn reads on, so there is an end. */
static size_t
read_roots(BIO *bio, X509_STORE *store)
{
	size_t n = 0;
	X509 *one;

	do {
		ERR_clear_error();
		one = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (one != NULL)
			n += X509_STORE_add_cert(store, one) == 1;
		X509_free(one);
	} while (one != NULL || !at_end());
	ERR_clear_error();
	return n;
}

/* The octets are let go when the certificates are there. */
static void
decode(struct pki_roots *roots)
{
	BIO *bio = BIO_new_mem_buf(roots->pem.data, (int)roots->pem.len);

	roots->store = X509_STORE_new();
	cs_assert(roots->store != NULL && bio != NULL);
	roots->n = read_roots(bio, roots->store);
	BIO_free(bio);
	cs_arena_reset(roots->arena);
}

static STACK_OF(X509) * read_chain(struct cs_span pem)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	X509 *one;

	cs_assert(chain != NULL && bio != NULL);
	while (sk_X509_num(chain) < CHAIN_MAX &&
	       (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		cs_assert(sk_X509_push(chain, one) > 0);
	BIO_free(bio);
	ERR_clear_error();
	return chain;
}

/* NULL: it does. */
static const char *
why_not(STACK_OF(X509) * chain, const char *host, const struct pki_roots *roots)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	const char *why = NULL;

	cs_assert(ctx != NULL);
	if (X509_STORE_CTX_init(ctx, roots->store, sk_X509_value(chain, 0), chain) != 1 ||
	    X509_STORE_CTX_set_default(ctx, "ssl_server") != 1 ||
	    X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(ctx), host, 0) != 1)
		why = "OpenSSL refuses to begin";
	else if (X509_verify_cert(ctx) != 1)
		why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx));
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return why;
}

const char *
pki_chain_text(
    struct cs_arena *arena, struct cs_span pem, const char *host, struct pki_roots *roots)
{
	STACK_OF(X509) *chain = read_chain(pem);
	const char *text = "no certificate", *why;

	if (sk_X509_num(chain) > 0) {
		if (roots != NULL && roots->store == NULL)
			decode(roots);
		why = roots == NULL || roots->n == 0 ? "no roots" : why_not(chain, host, roots);
		text = cs_arena_printf(arena, "%s; %s%s", text_of(arena, sk_X509_value(chain, 0)),
		    why == NULL ? "verified" : "not verified: ", why == NULL ? "" : why);
	}
	sk_X509_pop_free(chain, X509_free);
	return text;
}
