/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_child.c: the child's side.  The supervisor never loads the library, so that each worker that it forks
 * begins with nothing; a worker that has failed once ends, because its handles may be worth nothing.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pki/pkcs11.h"
#include "pki/token_wire.h"

#define TEXTS 5
#define REST_NS 100000000L /* between two workers */

struct worker {
	struct pki_token token;
	struct cs_arena *arena; /* of the session */
	struct pkcs11 *session; /* NULL: not open yet */
	struct cs_span spki;
};

static void
set_timer(uint32_t ms)
{
	const struct itimerval once = { .it_value = {
					    ms / 1000, (suseconds_t)(ms % 1000) * 1000 } };

	(void)setitimer(ITIMER_REAL, &once, NULL); /* SIGALRM's default ends the worker */
}

static enum cs_code
open_key(struct worker *w, struct cs_err *err)
{
	if (w->session != NULL)
		return CS_OK;
	if (pkcs11_open(w->arena, &w->token, false, &w->session, err) ||
	    pkcs11_find(w->session, w->arena, &w->token, &w->spki, err))
		return err->code;
	return CS_OK;
}

static enum cs_code
generate(struct worker *w, const struct token_ask *ask, struct cs_err *err)
{
	struct pkcs11 *session;

	if (pkcs11_open(w->arena, &w->token, true, &session, err))
		return err->code;
	return pkcs11_generate(session, &w->token, (enum pki_key_kind)ask->kind, ask->bits, err);
}

static enum cs_code
carry_out(struct worker *w, struct cs_arena *arena, const struct token_ask *ask,
    struct cs_span *ret, struct cs_err *err)
{
	if (ask->op == TOKEN_GENERATE)
		return generate(w, ask, err);
	if (open_key(w, err))
		return err->code;
	*ret = w->spki;
	if (ask->op == TOKEN_OPEN)
		return CS_OK;
	return pkcs11_sign(w->session, arena, (enum pki_token_scheme)ask->scheme,
	    cs_span_of(ask->octets, ask->len), ret, err);
}

static void
answer(const struct token_ask *ask, enum cs_code code, struct cs_span octets)
{
	struct token_answer packet = { .number = ask->number, .code = (uint32_t)code };

	cs_assert(octets.len <= TOKEN_OCTETS);
	if (octets.len > 0)
		memcpy(packet.octets, octets.data, octets.len);
	packet.len = (uint32_t)octets.len;
	(void)send(TOKEN_CHANNEL, &packet, TOKEN_HEAD(packet) + packet.len, MSG_NOSIGNAL);
}

/* Ends with 0 when the parent is gone, and with 1 when another worker must follow. */
static int
work(struct worker *w)
{
	struct token_ask ask;
	enum cs_code code = CS_OK;

	while (code == CS_OK) {
		struct cs_span octets = cs_span_str("");
		struct cs_err err = { 0 };
		const ssize_t n = recv(TOKEN_CHANNEL, &ask, sizeof(ask), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		if ((size_t)n < TOKEN_HEAD(ask) || (size_t)n != TOKEN_HEAD(ask) + ask.len ||
		    ask.op == TOKEN_AGAIN)
			return 1;
		struct cs_arena *arena = cs_arena_new();
		set_timer(ask.ms);
		code = carry_out(w, arena, &ask, &octets, &err);
		answer(&ask, code, code == CS_OK ? octets : cs_span_str(err.text));
		set_timer(0);
		cs_arena_free(arena);
	}
	return 1;
}

static void
harden(void)
{
	const struct rlimit none = { 0, 0 };

	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* False: the parent does not speak as we do. */
static bool
take_settings(struct token_ask *settings, struct pki_token *ret)
{
	const char **const texts[TEXTS] = { &ret->module, &ret->token, &ret->object, &ret->id,
		&ret->pin_file };
	const ssize_t n = recv(TOKEN_CHANNEL, settings, sizeof(*settings), 0);
	const char *at = (const char *)settings->octets;

	if (n < (ssize_t)TOKEN_HEAD(*settings) || settings->op != TOKEN_SETTINGS ||
	    (size_t)n != TOKEN_HEAD(*settings) + settings->len)
		return false;
	size_t left = settings->len;
	for (size_t i = 0; i < TEXTS; i++) {
		const size_t len = strnlen(at, left);

		if (len == left)
			return false;
		*texts[i] = at;
		at += len + 1;
		left -= len + 1;
	}
	return left == 0;
}

_Noreturn static void
supervise(void)
{
	const struct timespec rest = { 0, REST_NS };
	struct worker w = { 0 };
	struct token_ask settings;
	int status;

	harden();
	if (!take_settings(&settings, &w.token))
		_exit(1);
	for (;;) {
		const pid_t me = getpid(), pid = fork();

		status = 1 << 8; /* as if it had ended with 1, should there be no worker */
		if (pid == 0) {
			harden();
			if (getppid() != me)
				_exit(0);
			w.arena = cs_arena_new();
			_exit(work(&w));
		}
		while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			_exit(0);
		(void)nanosleep(&rest, NULL);
	}
}

void
pki_token_child_main(int argc, char *argv[])
{
	int type;
	socklen_t len = sizeof(type);

	if (argc != 2 || strcmp(argv[1], TOKEN_CHILD) != 0)
		return;
	if (getsockopt(TOKEN_CHANNEL, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    type == SOCK_SEQPACKET)
		supervise();
	(void)fprintf(stderr, "%s: %s is not for people\n", argv[0], TOKEN_CHILD);
	_exit(2);
}
