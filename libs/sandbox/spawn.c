/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c: the executable that runs, once more, with nothing of ours. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

#define PATH_OCTETS 4096
/* Both directions: some hundred questions go without a wake-up of either side. */
#define PAIR_OCTETS (1024 * 1024)

/*
 * The link is the file that runs, whatever has been put in its place since.  Under valgrind, which says so
 * by this variable, the file is valgrind itself, and only reading the link is made to tell the truth.
 */
static const char *
program(char path[static PATH_OCTETS])
{
	const char *preload = getenv("LD_PRELOAD");
	ssize_t n;

	if (preload == NULL || strstr(preload, "vgpreload") == NULL)
		return "/proc/self/exe";
	n = readlink("/proc/self/exe", path, PATH_OCTETS - 1);
	if (n <= 0)
		return "/proc/self/exe";
	path[n] = '\0';
	return path;
}

/* Nothing; a sanitizer's own options where there is one. */
static void
environment(struct cs_arena *arena, char *ret_env[static 5])
{
	static const char *const names[] = { "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
		"LSAN_OPTIONS" };
	size_t n = 0;

	for (size_t i = 0; SANDBOX_SANITIZED && i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL)
			ret_env[n++] = cs_arena_printf(arena, "%s=%s", names[i], value);
	}
	ret_env[n] = NULL;
}

/* posix_spawn() shares memory until the exec: safe beside other threads, and no page is copied. */
static int
run(const struct sandbox_role *role, int channel, pid_t *ret_pid)
{
	struct cs_arena *arena = cs_arena_new();
	char *env[5], path[PATH_OCTETS];
	char *argv[] = { cs_arena_strdup(arena, "countersign"), cs_arena_strdup(arena, CHILD_WORD),
		cs_arena_strdup(arena, role->name), NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t all, none;
	int rc;

	environment(arena, env);
	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	cs_assert(posix_spawn_file_actions_init(&files) == 0 && posix_spawnattr_init(&how) == 0);
	cs_assert(
	    posix_spawn_file_actions_adddup2(&files, channel, CHILD_CHANNEL) == 0 &&
	    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0) == 0 &&
	    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0) == 0 &&
	    posix_spawn_file_actions_addclosefrom_np(&files, CHILD_CHANNEL + 1) == 0 &&
	    posix_spawnattr_setsigdefault(&how, &all) == 0 &&
	    posix_spawnattr_setsigmask(&how, &none) == 0 &&
	    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) == 0);
	rc = posix_spawn(ret_pid, program(path), &files, &how, argv, env);
	(void)posix_spawn_file_actions_destroy(&files);
	(void)posix_spawnattr_destroy(&how);
	cs_arena_free(arena);
	return rc;
}

static enum cs_code
make_pair(int ret_pair[static 2], struct cs_err *err)
{
	const int octets = PAIR_OCTETS;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_pair) != 0)
		return cs_fail(err, CS_INTERNAL, "socket pair: %s", strerror(errno));
	for (int i = 0; i < 2; i++) {
		(void)setsockopt(ret_pair[i], SOL_SOCKET, SO_SNDBUF, &octets, sizeof(octets));
		(void)setsockopt(ret_pair[i], SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	}
	return CS_OK;
}

enum cs_code
spawn(const struct sandbox_role *role, struct cs_span settings, uint32_t life_ms, pid_t *ret_pid,
    int *ret_fd, struct cs_err *err)
{
	const struct frame first = { FRAME_SETTINGS, life_ms, settings };
	int pair[2], rc;
	pid_t pid = -1;

	if (make_pair(pair, err))
		return err->code;
	rc = run(role, pair[1], &pid);
	(void)close(pair[1]);
	if (rc == 0 && frame_write_now(pair[0], &first) &&
	    fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0) {
		*ret_pid = pid;
		*ret_fd = pair[0];
		return CS_OK;
	}
	(void)close(pair[0]);
	if (rc == 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	return cs_fail(err, CS_INTERNAL, "a child could not be started: %s",
	    rc == 0 ? "it takes no settings" : strerror(rc));
}
