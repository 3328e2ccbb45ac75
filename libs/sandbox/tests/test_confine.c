/* SPDX-License-Identifier: Apache-2.0 */
/* test_confine.c: processes that gave up what they do not need, and then try. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/confine.h"
#include "sandbox/internal.h"

#define ABI_NETWORK 4

/* Two listeners: the first port may be connected to. */
struct ports {
	int fds[2];
	uint16_t numbers[2];
};

static struct ports ports;

typedef int attempt(void); /* 0: it was done; else errno */

static int
setup(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in address = { .sin_family = AF_INET,
			.sin_addr = { htonl(INADDR_LOOPBACK) } };
		socklen_t len = sizeof(address);

		ports.fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (ports.fds[i] < 0 ||
		    bind(ports.fds[i], (struct sockaddr *)&address, sizeof(address)) != 0 ||
		    listen(ports.fds[i], 8) != 0 ||
		    getsockname(ports.fds[i], (struct sockaddr *)&address, &len) != 0)
			return -1;
		ports.numbers[i] = ntohs(address.sin_port);
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return close(ports.fds[0]) | close(ports.fds[1]);
}

/* What a child ends with that is confined and then tries: its status for wait(2). */
static int
status_of(attempt *fn, const struct sandbox_bounds *bounds)
{
	const pid_t child = fork();
	int status = -1;

	assert_true(child >= 0);
	if (child == 0) {
		const char *missing;
		struct cs_err err;

		if (sandbox_confine(bounds, &missing, &err) != CS_OK)
			_exit(200);
		_exit(fn());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static struct sandbox_bounds
narrow(void)
{
	return (struct sandbox_bounds){ .ports = ports.numbers, .n_ports = 1 };
}

static void
ends_by_sigsys(attempt *fn)
{
	const struct sandbox_bounds bounds = narrow();
	const int status = status_of(fn, &bounds);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void
gives(attempt *fn, const struct sandbox_bounds *bounds, int want)
{
	const int status = status_of(fn, bounds);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), want);
}

/* ---- what may be tried ---- */

static int
run_program(void)
{
	char *argv[] = { (char *)(uintptr_t) "true", NULL };

	return execve("/bin/true", argv, NULL) == 0 ? 0 : errno;
}

static int
start_process(void)
{
	const long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	return pid >= 0 ? 0 : errno;
}

static int
trace_parent(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0 ? 0 : errno;
}

static int
write_file(void)
{
	return open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0 ? 0 : errno;
}

static int
make_ring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL) >= 0 ? 0 : errno;
}

static int
read_file(void)
{
	char octets[4];
	const int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, octets, sizeof(octets)) == 4 ? 0 : errno;
}

static int
make_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0) != MAP_FAILED
		   ? 0
		   : errno;
}

static int
connect_to(int i)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(ports.numbers[i]),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0
		   ? 0
		   : errno;
}

static int
connect_where_it_may(void)
{
	return connect_to(0);
}

static int
connect_elsewhere(void)
{
	return connect_to(1);
}

static int
open_datagrams(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0 ? 0 : errno;
}

static int
open_raw(void)
{
	return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0 ? 0 : errno;
}

static int
open_multipath(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP) >= 0 ? 0 : errno;
}

/* 0 also when the octets left: Landlock does not see this connection begin. */
static int
connect_elsewhere_with_data(void)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(ports.numbers[1]),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	return fd >= 0 && sendto(fd, "x", 1, MSG_FASTOPEN, (const struct sockaddr *)&address,
			      sizeof(address)) >= 0
		   ? 0
		   : errno;
}

/* The same, as a message. */
static int
connect_elsewhere_with_a_message(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(ports.numbers[1]),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	char octet = 'x';
	struct iovec octets = { &octet, 1 };
	const struct msghdr message = { .msg_name = &address,
		.msg_namelen = sizeof(address),
		.msg_iov = &octets,
		.msg_iovlen = 1 };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && sendmsg(fd, &message, MSG_FASTOPEN) >= 0 ? 0 : errno;
}

static void *
in_thread(void *arg)
{
	*(int *)arg = connect_to(1);
	return NULL;
}

/* Threads may be started, and are as confined. */
static int
connect_elsewhere_in_a_thread(void)
{
	pthread_t thread;
	int code = -1;

	if (pthread_create(&thread, NULL, in_thread, &code) != 0)
		return 250;
	(void)pthread_join(thread, NULL);
	return code;
}

/* ---- tests ---- */

static void
what_takes_over_is_ended(void **state)
{
	(void)state;
	ends_by_sigsys(run_program);
	if (!SANDBOX_SANITIZED) {
		ends_by_sigsys(start_process);
		ends_by_sigsys(trace_parent);
	}
	ends_by_sigsys(write_file);
	ends_by_sigsys(make_ring);
}

static void
what_a_service_needs_is_there(void **state)
{
	const struct sandbox_bounds bounds = narrow();

	(void)state;
	gives(read_file, &bounds, 0);
	gives(connect_where_it_may, &bounds, 0);
}

static void
other_ports_are_out_of_reach(void **state)
{
	const struct sandbox_bounds bounds = narrow();
	const long abi =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	(void)state;
	if (abi < ABI_NETWORK)
		skip(); /* the kernel cannot: sandbox_confine() says so */
	gives(connect_elsewhere, &bounds, EACCES);
	gives(connect_elsewhere_in_a_thread, &bounds, EACCES);
}

static void
what_else_is_refused(void **state)
{
	struct sandbox_bounds bounds = narrow();

	(void)state;
	if (SANDBOX_SANITIZED)
		skip();
	gives(open_datagrams, &bounds, EPERM);
	gives(open_raw, &bounds, EPERM);
	gives(make_code, &bounds, EPERM);
	gives(open_multipath, &bounds, EPERM);
	gives(connect_elsewhere_with_data, &bounds, EPERM);
	gives(connect_elsewhere_with_a_message, &bounds, EPERM);
	bounds.datagrams = true;
	gives(open_datagrams, &bounds, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_takes_over_is_ended),
		cmocka_unit_test(what_a_service_needs_is_there),
		cmocka_unit_test(other_ports_are_out_of_reach),
		cmocka_unit_test(what_else_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
