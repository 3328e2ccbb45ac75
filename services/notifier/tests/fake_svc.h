/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_svc.h: the loop thread of the tests: commands are real batches, answered at once; a directory answers when
 * it is told to, and so does a provider of identities.
 */
#ifndef NOTIFY_FAKE_SVC_H
#define NOTIFY_FAKE_SVC_H

#include "directory/directory.h"
#include "fake_stage.h"
#include "login/login.h"

/* From a test's begin on; NULL: none. */
void fake_svc_use(struct fake_stage *stage);
void fake_svc_follows(bool follows); /* does it know the connectors?  At first yes */
void fake_svc_stuck(bool stuck);     /* no command is taken */
/* Between what the next command decides and its answer; once. */
void fake_svc_meanwhile(void (*happens)(void *arg), void *arg);

/* What a question was finished with, one for one, in their order. */
size_t fake_svc_finished(void);
struct cs_span fake_svc_answer(size_t i);

/* A bind that waits; texts live as long as the stage. */
struct fake_bind {
	bool platform;
	const char *endpoint, *name, *password;
	directory_done *done;
	void *arg;
};
size_t fake_svc_binds(void); /* since the begin */
const struct fake_bind *fake_svc_bind(size_t i);
void fake_svc_bound(size_t i, enum directory_outcome outcome);

/* A question to a provider that waits; texts live as long as the stage; NULL where none was given. */
struct fake_login {
	bool finishes, platform;
	const char *endpoint, *client, *secret, *callback, *state, *nonce, *verifier, *claim;
	const char *code, *error, *issuer;
	const char *request_id, *form; /* of SAML, whose entity id is the client */
	int64_t asked_s;
	login_done *done;
	void *arg;
};
size_t fake_svc_logins(void);  /* since the begin */
size_t fake_svc_waiting(void); /* of them, those that nothing was said of */
const struct fake_login *fake_svc_login(size_t i);
/* One of the three is said: why not, a URL, a name. */
void fake_svc_told(size_t i, const char *why_not, const char *url, const char *name);

#endif
