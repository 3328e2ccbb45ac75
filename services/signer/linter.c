/* SPDX-License-Identifier: Apache-2.0 */
/* linter.c: the signer's side: starts the clerk, asks it one question after the other. */
#include "linter.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "linter_wire.h"
#include "pki/cert.h"

#define GRACE_MS 5000    /* for the clerk itself, beyond the time of the program */
#define WAITING_MS 30000 /* for a question that waits behind others */
#define WORDS_MAX 32
#define HEAD 12

struct ask {
	struct ask *next;
	struct cs_arena *arena; /* owned; holds this */
	struct cs_span question;
	size_t written;
	int64_t asked_ms;
	linter_done *done;
	void *arg;
};

struct linter {
	struct cs_arena *arena; /* owned; holds this */
	struct event_base *base;
	enum linter_format format;
	uint32_t timeout_ms;
	pid_t pid;
	int fd; /* -1: the clerk is gone */
	struct event *readable, *writable, *late;
	struct ask *first, **last; /* the first is in hand when `busy` */
	bool busy;
	uint8_t *answer;
	size_t answer_len;
};

/* ---- the clerk ---- */

/* A path and words, no shell: *ret_argv ends with NULL. */
static enum cs_code
split(struct cs_arena *arena, const struct linter_settings *settings, char *ret_argv[WORDS_MAX + 4],
    struct cs_err *err)
{
	char *rest = cs_arena_strdup(arena, settings->command), *word;
	size_t n = 0;

	ret_argv[n++] = cs_arena_strdup(arena, "countersign");
	ret_argv[n++] = cs_arena_strdup(arena, LINTER_CLERK_WORD);
	ret_argv[n++] = cs_arena_printf(arena, "%u", settings->timeout_ms);
	while ((word = strsep(&rest, " ")) != NULL) {
		if (word[0] == '\0')
			continue;
		if (n == WORDS_MAX + 3)
			return cs_fail(err, CS_MALFORMED, "CS_LINT_COMMAND: too many words");
		ret_argv[n++] = word;
	}
	ret_argv[n] = NULL;
	if (n < 4 || ret_argv[3][0] != '/' || access(ret_argv[3], X_OK) != 0)
		return cs_fail(err, CS_MALFORMED,
		    "CS_LINT_COMMAND: its first word is not the whole path of a program");
	return CS_OK;
}

static int
spawn_clerk(char *argv[], int channel, pid_t *ret_pid)
{
	char path[4096], *env[] = { NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t all, none;
	/* By its name: under valgrind only reading the link tells the truth. */
	const ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return errno;
	path[n] = '\0';
	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	cs_assert(posix_spawn_file_actions_init(&files) == 0 && posix_spawnattr_init(&how) == 0);
	cs_assert(
	    posix_spawn_file_actions_adddup2(&files, channel, LINTER_CHANNEL) == 0 &&
	    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0) == 0 &&
	    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0) == 0 &&
	    posix_spawn_file_actions_addclosefrom_np(&files, LINTER_CHANNEL + 1) == 0 &&
	    posix_spawnattr_setsigdefault(&how, &all) == 0 &&
	    posix_spawnattr_setsigmask(&how, &none) == 0 &&
	    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) == 0);
	const int rc = posix_spawn(ret_pid, path, &files, &how, argv, env);
	(void)posix_spawn_file_actions_destroy(&files);
	(void)posix_spawnattr_destroy(&how);
	return rc;
}

static enum cs_code
hire(struct linter *linter, char *argv[], struct cs_err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return cs_fail(err, CS_INTERNAL, "socket pair: %s", strerror(errno));
	const int rc = spawn_clerk(argv, pair[1], &linter->pid);
	(void)close(pair[1]);
	if (rc != 0 || fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0) {
		(void)close(pair[0]);
		return cs_fail(err, CS_INTERNAL, "the linter's clerk could not be started");
	}
	linter->fd = pair[0];
	return CS_OK;
}

/* ---- questions ---- */

static void
finish(struct linter *linter, const struct linter_verdict *verdict)
{
	struct ask *ask = linter->first;

	linter->first = ask->next;
	if (linter->first == NULL)
		linter->last = &linter->first;
	linter->busy = false;
	ask->done(ask->arg, verdict);
	cs_arena_free(ask->arena);
}

static void
cannot_tell(struct linter *linter, const char *text)
{
	finish(linter, &(struct linter_verdict){ LINTER_CANNOT_TELL, "", text });
}

/* Nobody answers any more, and no other can be started. */
static void
lose_clerk(struct linter *linter)
{
	(void)event_del(linter->readable);
	(void)event_del(linter->late);
	(void)close(linter->fd);
	linter->fd = -1;
	(void)event_base_loopbreak(linter->base);
}

/* From the loop: takes the first question in hand, or says of all that they get no answer. */
static void
go_on(evutil_socket_t fd, short what, void *arg)
{
	struct linter *linter = arg;

	(void)fd;
	(void)what;
	while (linter->first != NULL && !linter->busy) {
		struct ask *ask = linter->first;
		const int64_t ms = linter->timeout_ms + GRACE_MS;
		const struct timeval late = { ms / 1000, ms % 1000 * 1000 };

		if (linter->fd < 0) {
			cannot_tell(linter, "the process that starts the linter has ended");
		} else if (cs_mono_ms() > ask->asked_ms + WAITING_MS) {
			cannot_tell(
			    linter, "the linter is too slow: too many certificates wait for it");
		} else {
			linter->busy = true;
			linter->answer_len = 0;
			cs_assert(event_add(linter->late, &late) == 0);
		}
	}
	struct ask *ask = linter->first;
	if (ask == NULL || !linter->busy)
		return;
	const ssize_t n = send(linter->fd, ask->question.data + ask->written,
	    ask->question.len - ask->written, MSG_NOSIGNAL);

	if (n > 0)
		ask->written += (size_t)n;
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		lose_clerk(linter);
		cannot_tell(linter, "the process that starts the linter has ended");
		event_active(linter->writable, EV_TIMEOUT, 0);
	} else if (ask->written < ask->question.len) {
		cs_assert(event_add(linter->writable, NULL) == 0);
	}
}

static struct linter_verdict
read_answer(struct linter *linter, struct cs_arena *arena)
{
	static const char *const texts[] = { [LINTER_KILLED] = "the linter was killed by a signal",
		[LINTER_TIMED_OUT] = "the linter took too long",
		[LINTER_TOO_MUCH] = "the linter wrote too much",
		[LINTER_NOT_STARTED] = "the linter could not be started" };
	const uint32_t happened = linter_get_u32(linter->answer);
	const int status = (int)linter_get_u32(linter->answer + 4);

	if (happened == LINTER_EXITED)
		return linter_read(arena, linter->format, status,
		    cs_span_of(linter->answer + HEAD, linter->answer_len - HEAD));
	return (struct linter_verdict){ LINTER_CANNOT_TELL, "",
		happened <= LINTER_NOT_STARTED && happened > 0 ? texts[happened]
							       : "the clerk said nonsense" };
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct linter *linter = arg;
	const ssize_t n = recv(fd, linter->answer + linter->answer_len,
	    HEAD + LINTER_OUTPUT_MAX - linter->answer_len, 0);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || !linter->busy) {
		lose_clerk(linter);
		linter->busy = false;
		event_active(linter->writable, EV_TIMEOUT, 0);
		return;
	}
	linter->answer_len += (size_t)n;
	if (linter->answer_len < HEAD ||
	    linter->answer_len < HEAD + (size_t)linter_get_u32(linter->answer + 8))
		return;
	(void)event_del(linter->late);
	struct cs_arena *arena = cs_arena_new();
	const struct linter_verdict verdict = read_answer(linter, arena);
	finish(linter, &verdict);
	cs_arena_free(arena);
	event_active(linter->writable, EV_TIMEOUT, 0);
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	struct linter *linter = arg;

	(void)fd;
	(void)what;
	lose_clerk(linter);
	linter->busy = false;
	event_active(linter->writable, EV_TIMEOUT, 0);
}

/* A signature value of the right shape that no key has made: one octet, over and over. */
static struct cs_span
no_signature(struct cs_arena *arena, struct cs_span sigalg)
{
	static const uint8_t ecdsa[] = { 0x30, 0x06, 0x02, 0x01, 0x5a, 0x02, 0x01, 0x5a };
	static const uint8_t ec_arc[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04 };
	uint8_t *rsa = cs_arena_alloc(arena, 256);

	if (memmem(sigalg.data, sigalg.len, ec_arc, sizeof(ec_arc)) != NULL)
		return cs_span_of(ecdsa, sizeof(ecdsa));
	memset(rsa, 0x5a, 256);
	return cs_span_of(rsa, 256);
}

void
linter_ask(
    struct linter *linter, struct cs_span tbs, struct cs_span sigalg, linter_done *done, void *arg)
{
	struct cs_arena *arena = cs_arena_new();
	struct ask *ask = CS_NEW(arena, struct ask);
	struct cs_buf question = cs_buf_new(arena);
	uint8_t head[4];

	const char *pem =
	    pki_cert_pem(arena, pki_cert_assemble(arena, tbs, sigalg, no_signature(arena, sigalg)));
	cs_assert(strlen(pem) <= LINTER_QUESTION_MAX);
	linter_put_u32(head, (uint32_t)strlen(pem));
	cs_buf_add(&question, head, sizeof(head));
	cs_buf_add_str(&question, pem);
	*ask = (struct ask){ .arena = arena,
		.question = cs_buf_span(&question),
		.asked_ms = cs_mono_ms(),
		.done = done,
		.arg = arg };
	*linter->last = ask;
	linter->last = &ask->next;
	event_active(linter->writable, EV_TIMEOUT, 0);
}

/* ---- start and end ---- */

enum cs_code
linter_open(const struct linter_settings *settings, struct event_base *base,
    struct linter **ret_linter, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	char *argv[WORDS_MAX + 4];
	struct linter *linter = CS_NEW(arena, struct linter);

	*linter = (struct linter){
		.arena = arena, .base = base, .timeout_ms = settings->timeout_ms, .fd = -1
	};
	linter->last = &linter->first;
	enum cs_code code = split(arena, settings, argv, err);
	if (code == CS_OK && !linter_format_read(settings->format, &linter->format))
		code = cs_fail(err, CS_MALFORMED, "CS_LINT_FORMAT: zlint or pkilint");
	if (code == CS_OK)
		code = hire(linter, argv, err);
	if (code != CS_OK) {
		cs_arena_free(arena);
		return code;
	}
	linter->answer = cs_arena_alloc(arena, HEAD + LINTER_OUTPUT_MAX);
	linter->readable = event_new(base, linter->fd, EV_READ | EV_PERSIST, on_readable, linter);
	linter->writable = event_new(base, linter->fd, EV_WRITE, go_on, linter);
	linter->late = evtimer_new(base, on_late, linter);
	cs_assert(linter->readable != NULL && linter->writable != NULL && linter->late != NULL &&
		  event_add(linter->readable, NULL) == 0);
	*ret_linter = linter;
	return CS_OK;
}

/* The clerk ends by itself when its channel does; only a zombie is left, which ends with us. */
void
linter_close(struct linter *linter)
{
	if (linter == NULL)
		return;
	event_free(linter->readable);
	event_free(linter->writable);
	event_free(linter->late);
	if (linter->fd >= 0)
		(void)close(linter->fd);
	while (linter->first != NULL) {
		struct ask *ask = linter->first;

		linter->first = ask->next;
		cs_arena_free(ask->arena);
	}
	(void)waitpid(linter->pid, NULL, 0);
	cs_arena_free(linter->arena);
}
