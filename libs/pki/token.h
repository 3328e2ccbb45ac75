/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h: CA keys in a PKCS#11 token (a hardware security module).
 *
 * A vendor's library runs in a child process of its own: it may hang, print, leak or crash, and after a
 * restart of the hardware many of them work again only in a new process.  The child is this very executable
 * started anew; a supervisor in it forks a worker, which alone loads the library, and forks another when
 * that one has failed or stood still.  What the child answers is believed by nobody: whoever asks for a
 * signature verifies it with the certificate's key.
 */
#ifndef PKI_TOKEN_H
#define PKI_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "pki/keycheck.h"

/* Where a key is.  Tokens are known by their label: a slot's number changes. */
struct pki_token {
	const char *module;   /* path of the vendor's library */
	const char *token;    /* label of the token */
	const char *object;   /* CKA_LABEL of the key; NULL or "": by its id alone */
	const char *id;       /* CKA_ID in hexadecimal; NULL or "": by its label alone */
	const char *pin_file; /* one line, a secret's permissions; read again by each new worker */
	uint32_t sign_ms;     /* in which a signature must have come; 0: 5,000 */
};

/* The first thing in main() of every executable that uses tokens: never returns in a child. */
void pki_token_child_main(int argc, char *argv[]);

/*
 * Makes a key pair in the token that can never leave it, with a new id.  Minutes for a large RSA key.
 * CS_CONFLICT: it has a key of this label.  Otherwise as when a key is opened: CS_NOT_FOUND (library,
 * token, key, PIN file), CS_MALFORMED (PIN refused, unusable), CS_UNAVAILABLE (anything else).
 */
CS_MUST_USE enum cs_code pki_token_generate(
    const struct pki_token *token, enum pki_key_kind kind, uint32_t bits, struct cs_err *err);

#endif
