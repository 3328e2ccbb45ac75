/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linter_clerk.c: the process that runs the operator's linter, one certificate after the other.  It ends when
 * the signer does: the other end of its channel is closed then.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/time.h"
#include "linter.h"
#include "linter_wire.h"

struct run {
	uint8_t *question;
	size_t question_len, written;
	uint8_t *output;
	size_t output_len;
	int in, out; /* our ends of the program's stdin and stdout; -1: closed */
	pid_t pid;
	int64_t until_ms;
};

static bool
read_whole(void *ret, size_t len)
{
	for (size_t n = 0; n < len;) {
		const ssize_t got = read(LINTER_CHANNEL, (uint8_t *)ret + n, len - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		n += (size_t)got;
	}
	return true;
}

static bool
write_whole(const void *data, size_t len)
{
	for (size_t n = 0; n < len;) {
		const ssize_t put =
		    send(LINTER_CHANNEL, (const uint8_t *)data + n, len - n, MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		n += (size_t)put;
	}
	return true;
}

/* A group of its own, so that whatever it starts is killed with it. */
static void
become(char *const argv[], int in, int out)
{
	char path[] = "PATH=/usr/local/bin:/usr/bin:/bin", lang[] = "LANG=C.UTF-8";
	char *const env[] = { path, lang, NULL };
	const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)signal(SIGPIPE, SIG_DFL);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
		_exit(126);
	(void)execve(argv[0], argv, env);
	_exit(127);
}

static bool
start(struct run *run, char *const argv[])
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) != 0)
		return false;
	if (pipe2(out, O_CLOEXEC) != 0) {
		(void)close(in[0]);
		(void)close(in[1]);
		return false;
	}
	run->pid = fork();
	if (run->pid == 0)
		become(argv, in[0], out[1]);
	(void)close(in[0]);
	(void)close(out[1]);
	run->in = in[1];
	run->out = out[0];
	(void)fcntl(run->in, F_SETFL, O_NONBLOCK);
	(void)fcntl(run->out, F_SETFL, O_NONBLOCK);
	return run->pid > 0;
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void
feed(struct run *run)
{
	const ssize_t n =
	    write(run->in, run->question + run->written, run->question_len - run->written);

	if (n > 0)
		run->written += (size_t)n;
	if ((n < 0 && errno != EAGAIN) || run->written == run->question_len)
		shut(&run->in);
}

/* False: it wrote too much. */
static bool
drain(struct run *run)
{
	const ssize_t n =
	    read(run->out, run->output + run->output_len, LINTER_OUTPUT_MAX + 1 - run->output_len);

	if (n > 0)
		run->output_len += (size_t)n;
	if (n == 0 || (n < 0 && errno != EAGAIN))
		shut(&run->out);
	return run->output_len <= LINTER_OUTPUT_MAX;
}

/* Until it closed its stdout, wrote too much, or its time is over. */
static enum linter_happened
converse(struct run *run)
{
	while (run->out >= 0) {
		const int64_t left_ms = run->until_ms - cs_mono_ms();
		struct pollfd fds[] = { { .fd = run->out, .events = POLLIN },
			{ .fd = run->in, .events = POLLOUT },
			{ .fd = LINTER_CHANNEL, .events = POLLRDHUP } };

		if (left_ms <= 0)
			return LINTER_TIMED_OUT;
		if (poll(fds, 3, (int)left_ms) < 0)
			continue;
		if ((fds[2].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
			return LINTER_TIMED_OUT; /* nobody waits for it any more */
		if (fds[1].revents != 0)
			feed(run);
		if (fds[0].revents != 0 && !drain(run))
			return LINTER_TOO_MUCH;
	}
	return LINTER_EXITED;
}

/* It closed its stdout and may still run. */
static bool
has_ended(struct run *run, int *ret_status)
{
	const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };

	while (waitpid(run->pid, ret_status, WNOHANG) == 0) {
		if (cs_mono_ms() >= run->until_ms)
			return false;
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

static enum linter_happened
end(struct run *run, enum linter_happened happened, int *ret_exit)
{
	int status = 0;

	if (happened == LINTER_EXITED && !has_ended(run, &status))
		happened = LINTER_TIMED_OUT;
	(void)kill(-run->pid, SIGKILL); /* also what it left behind */
	if (happened != LINTER_EXITED) {
		(void)kill(run->pid, SIGKILL);
		while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
			;
		return happened;
	}
	if (!WIFEXITED(status))
		return LINTER_KILLED;
	*ret_exit = WEXITSTATUS(status);
	return *ret_exit == 126 || *ret_exit == 127 ? LINTER_NOT_STARTED : LINTER_EXITED;
}

static bool
answer(struct run *run, enum linter_happened happened, int exit_status)
{
	const size_t len = happened == LINTER_EXITED ? run->output_len : 0;
	uint8_t head[12];

	linter_put_u32(head, (uint32_t)happened);
	linter_put_u32(head + 4, (uint32_t)exit_status);
	linter_put_u32(head + 8, (uint32_t)len);
	return write_whole(head, sizeof(head)) && write_whole(run->output, len);
}

static bool
serve(struct run *run, char *const argv[], uint32_t timeout_ms)
{
	enum linter_happened happened = LINTER_NOT_STARTED;
	int exit_status = 0;

	run->written = run->output_len = 0;
	run->in = run->out = -1;
	run->until_ms = cs_mono_ms() + timeout_ms;
	if (start(run, argv))
		happened = end(run, converse(run), &exit_status);
	shut(&run->in);
	shut(&run->out);
	return answer(run, happened, exit_status);
}

/* argv: the executable, the word, milliseconds, the program, its arguments. */
void
linter_clerk_main(int argc, char *argv[])
{
	struct run run = { 0 };
	uint8_t head[4];

	if (argc < 4 || strcmp(argv[1], LINTER_CLERK_WORD) != 0)
		return;
	struct cs_arena *arena = cs_arena_new();
	run.question = cs_arena_alloc(arena, LINTER_QUESTION_MAX);
	run.output = cs_arena_alloc(arena, LINTER_OUTPUT_MAX + 1);
	const uint32_t timeout_ms = (uint32_t)strtoul(argv[2], NULL, 10);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)fcntl(LINTER_CHANNEL, F_SETFD, FD_CLOEXEC);
	while (read_whole(head, sizeof(head))) {
		run.question_len = linter_get_u32(head);
		if (run.question_len > LINTER_QUESTION_MAX ||
		    !read_whole(run.question, run.question_len) ||
		    !serve(&run, argv + 3, timeout_ms))
			break;
	}
	cs_arena_free(arena);
	exit(0);
}
