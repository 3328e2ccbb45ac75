/* SPDX-License-Identifier: Apache-2.0 */
/* token.c: the parent's side: one question at a time, each with an end. */
#include "pki/token.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/time.h"
#include "pki/token_wire.h"

#define SIGN_MS 5000
#define PAUSE_MS INT64_C(250)
#define PAUSE_MAX_MS INT64_C(30000)
#define SPKI_MAX 1024

struct pki_token_key {
	int channel;
	pid_t pid; /* of the supervisor */
	uint32_t number, sign_ms;
	int64_t pause_ms, not_before_ms; /* after a failure; on the monotonic clock */
	bool refused;                    /* the PIN was, or all of its settings */
	char name[64];                   /* of the token, for errors */
	uint8_t spki[SPKI_MAX];
	size_t spki_len;
};

/* ---- the child ---- */

/* Its environment is ours: vendors' libraries are configured by it (SOFTHSM2_CONF). */
static int
run_child(int channel, pid_t *ret_pid)
{
	char program[] = "/proc/self/exe", name[] = "countersign", word[] = TOKEN_CHILD;
	char *argv[] = { name, word, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t all, none;

	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	cs_assert(posix_spawn_file_actions_init(&files) == 0 && posix_spawnattr_init(&how) == 0);
	cs_assert(
	    posix_spawn_file_actions_adddup2(&files, channel, TOKEN_CHANNEL) == 0 &&
	    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0) == 0 &&
	    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0) == 0 &&
	    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0) == 0 &&
	    posix_spawn_file_actions_addclosefrom_np(&files, TOKEN_CHANNEL + 1) == 0 &&
	    posix_spawnattr_setsigdefault(&how, &all) == 0 &&
	    posix_spawnattr_setsigmask(&how, &none) == 0 &&
	    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) == 0);
	const int rc = posix_spawn(ret_pid, program, &files, &how, argv, environ);
	(void)posix_spawn_file_actions_destroy(&files);
	(void)posix_spawnattr_destroy(&how);
	return rc;
}

static void
send_ask(const struct pki_token_key *key, const struct token_ask *ask)
{
	/* Nobody there, or its buffer is full: then no answer comes, which is found out anyway. */
	(void)send(key->channel, ask, TOKEN_HEAD(*ask) + ask->len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Five texts, each with its NUL; false: too long. */
static bool
put_settings(const struct pki_token *token, struct token_ask *ask)
{
	const char *const texts[] = { token->module, token->token, token->object, token->id,
		token->pin_file };

	*ask = (struct token_ask){ .op = TOKEN_SETTINGS };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *text = texts[i] != NULL ? texts[i] : "";
		const size_t len = strlen(text) + 1;

		if (len > TOKEN_OCTETS - ask->len)
			return false;
		memcpy(ask->octets + ask->len, text, len);
		ask->len += (uint32_t)len;
	}
	return true;
}

static enum cs_code
start(const struct pki_token *token, struct pki_token_key *key, struct cs_err *err)
{
	struct token_ask settings;
	int pair[2], rc;

	*key = (struct pki_token_key){ .channel = -1, .pid = -1 };
	key->sign_ms = token->sign_ms != 0 ? token->sign_ms : SIGN_MS;
	if (token->token != NULL)
		memcpy(key->name, token->token, strnlen(token->token, sizeof(key->name) - 1));
	if (!put_settings(token, &settings))
		return cs_fail(err, CS_MALFORMED, "the settings of a token are too long");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return cs_fail(err, CS_INTERNAL, "socket pair: %s", strerror(errno));
	key->channel = pair[0];
	rc = run_child(pair[1], &key->pid);
	(void)close(pair[1]);
	if (rc != 0) {
		key->pid = -1;
		return cs_fail(
		    err, CS_INTERNAL, "the token's process is not started: %s", strerror(rc));
	}
	send_ask(key, &settings);
	return CS_OK;
}

/* ---- questions ---- */

/* Answers to earlier questions, which came too late, are dropped. */
static bool
receive(struct pki_token_key *key, int64_t until_ms, struct token_answer *ret)
{
	for (;;) {
		struct pollfd ready = { .fd = key->channel, .events = POLLIN };
		const int64_t left = until_ms - cs_mono_ms();
		const int rc = left > 0 ? poll(&ready, 1, (int)left) : 0;

		if (rc < 0 && errno == EINTR)
			continue;
		if (rc <= 0)
			return false;
		const ssize_t n = recv(key->channel, ret, sizeof(*ret), MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < (ssize_t)TOKEN_HEAD(*ret))
			return false; /* the supervisor is gone */
		if (ret->number == key->number && ret->len <= TOKEN_OCTETS &&
		    (size_t)n == TOKEN_HEAD(*ret) + ret->len)
			return true;
	}
}

static enum cs_code
ask(struct pki_token_key *key, struct token_ask *ask, struct token_answer *ret, struct cs_err *err)
{
	ask->number = ++key->number;
	send_ask(key, ask);
	if (!receive(key, cs_mono_ms() + ask->ms + TOKEN_GRACE_MS, ret))
		return cs_fail(err, CS_UNAVAILABLE, "token \"%s\" gave no answer in %u ms",
		    key->name, ask->ms);
	if (ret->code == CS_OK)
		return CS_OK;
	return cs_fail(err, ret->code <= CS_INTERNAL ? (enum cs_code)ret->code : CS_INTERNAL,
	    "%.*s", (int)ret->len, (const char *)ret->octets);
}

void
pki_token_key_free(struct pki_token_key *key)
{
	if (key == NULL)
		return;
	if (key->channel >= 0)
		(void)close(key->channel); /* the worker ends by that, or by its timer */
	if (key->pid > 0)
		(void)waitpid(key->pid, NULL, 0); /* a confined process may not kill */
	free(key);
}

enum cs_code
pki_token_key_open(
    const struct pki_token *token, struct pki_token_key **ret_key, struct cs_err *err)
{
	struct pki_token_key *key = calloc(1, sizeof(*key));
	struct token_ask open = { .op = TOKEN_OPEN, .ms = TOKEN_OPEN_MS };
	struct token_answer answer;

	cs_assert(key != NULL);
	enum cs_code code = start(token, key, err);
	if (code == CS_OK)
		code = ask(key, &open, &answer, err);
	if (code == CS_OK && answer.len > SPKI_MAX)
		code = cs_fail(err, CS_MALFORMED, "the token's public key is too long");
	if (code != CS_OK) {
		pki_token_key_free(key);
		return code;
	}
	memcpy(key->spki, answer.octets, answer.len);
	key->spki_len = answer.len;
	*ret_key = key;
	return CS_OK;
}

struct cs_span
pki_token_key_spki(const struct pki_token_key *key)
{
	return cs_span_of(key->spki, key->spki_len);
}

static void
wait_longer(struct pki_token_key *key)
{
	key->pause_ms = key->pause_ms == 0 ? PAUSE_MS : 2 * key->pause_ms;
	if (key->pause_ms > PAUSE_MAX_MS)
		key->pause_ms = PAUSE_MAX_MS;
	key->not_before_ms = cs_mono_ms() + key->pause_ms;
}

void
pki_token_key_distrust(struct pki_token_key *key)
{
	const struct token_ask again = { .op = TOKEN_AGAIN };

	send_ask(key, &again);
	wait_longer(key);
}

enum cs_code
pki_token_key_sign(struct pki_token_key *key, enum pki_token_scheme scheme, struct cs_span digest,
    uint8_t ret_signature[static PKI_TOKEN_SIGNATURE], size_t *ret_len, struct cs_err *err)
{
	struct token_ask sign = { .op = TOKEN_SIGN, .ms = key->sign_ms, .scheme = scheme };
	struct token_answer answer;

	if (key->refused)
		return cs_fail(err, CS_MALFORMED,
		    "token \"%s\" is not asked again by this process: mend what the error before says",
		    key->name);
	if (cs_mono_ms() < key->not_before_ms)
		return cs_fail(err, CS_UNAVAILABLE,
		    "token \"%s\" failed a moment ago, and is left alone for up to %lld ms",
		    key->name, (long long)key->pause_ms);
	cs_assert(digest.len <= TOKEN_OCTETS);
	memcpy(sign.octets, digest.data, digest.len);
	sign.len = (uint32_t)digest.len;
	enum cs_code code = ask(key, &sign, &answer, err);
	if (code == CS_OK && (answer.len == 0 || answer.len > PKI_TOKEN_SIGNATURE))
		code = cs_fail(err, CS_UNAVAILABLE, "token \"%s\" gave no signature", key->name);
	if (code != CS_OK) {
		key->refused = code == CS_MALFORMED;
		wait_longer(key);
		return code;
	}
	key->pause_ms = 0;
	memcpy(ret_signature, answer.octets, answer.len);
	*ret_len = answer.len;
	return CS_OK;
}

enum cs_code
pki_token_generate(
    const struct pki_token *token, enum pki_key_kind kind, uint32_t bits, struct cs_err *err)
{
	struct pki_token_key *key = calloc(1, sizeof(*key));
	struct token_ask generate = {
		.op = TOKEN_GENERATE, .ms = TOKEN_GENERATE_MS, .kind = kind, .bits = bits
	};
	struct token_answer answer;

	cs_assert(key != NULL);
	enum cs_code code = start(token, key, err);
	if (code == CS_OK)
		code = ask(key, &generate, &answer, err);
	pki_token_key_free(key);
	return code;
}
