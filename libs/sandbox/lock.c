/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.c: what a child gives up.  Two lists: what it may do (everything else ends it), and, where a
 * sanitizer's run-time library needs more than can be listed, what it may not.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

#define MEMORY_MIB 512
#define FILES_MAX 64

/* Where memory runs out in spite of all limits, a child goes before its parent. */
static void
go_first(void)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "we");

	if (file == NULL)
		return;
	(void)fputs("1000", file);
	(void)fclose(file);
}

enum cs_code
lock_early(const struct sandbox_role *role, struct cs_err *err)
{
	struct rlimit files, none = { 0, 0 };
	rlim_t want = role->files_max == 0 ? FILES_MAX : role->files_max;

	go_first();

	/* A parent that died before this line has closed its end of the pair, which ends us too. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0 ||
	    getrlimit(RLIMIT_NOFILE, &files) != 0)
		return cs_fail(err, CS_INTERNAL, "cannot be locked in: %s", strerror(errno));
	files.rlim_cur = files.rlim_max = want < files.rlim_max ? want : files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		return cs_fail(err, CS_INTERNAL, "descriptors: %s", strerror(errno));
	return CS_OK;
}

static enum cs_code
limit(const struct sandbox_role *role, uint32_t life_s, struct cs_err *err)
{
	const rlim_t octets = (rlim_t)(role->memory_mib == 0 ? MEMORY_MIB : role->memory_mib) << 20;
	const struct rlimit memory = { octets, octets }, processor = { life_s, life_s },
			    none = { 0, 0 };

	if (setrlimit(RLIMIT_CPU, &processor) != 0 || setrlimit(RLIMIT_MEMLOCK, &none) != 0)
		return cs_fail(err, CS_INTERNAL, "limits: %s", strerror(errno));
	/* A sanitizer reserves terabytes of address space. */
	if (!SANDBOX_SANITIZED && setrlimit(RLIMIT_AS, &memory) != 0)
		return cs_fail(err, CS_INTERNAL, "memory limit: %s", strerror(errno));
	return CS_OK;
}

/* ---- what may be done ---- */

/* Whatever its arguments: memory, time, what is known of oneself, descriptors that are there. */
static const int always[] = {
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	/* time */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(nanosleep),
	SCMP_SYS(time),
	SCMP_SYS(timerfd_settime),
	/* oneself */
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(futex),
	SCMP_SYS(getegid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getpid),
	SCMP_SYS(getppid),
	SCMP_SYS(getrandom),
	SCMP_SYS(getrusage),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	/* descriptors */
	SCMP_SYS(close),
	SCMP_SYS(dup),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(eventfd2),
	SCMP_SYS(fstat),
	SCMP_SYS(getsockopt),
	SCMP_SYS(lseek),
	SCMP_SYS(pipe2),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(pselect6),
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(select),
	SCMP_SYS(sendmsg),
	SCMP_SYS(shutdown),
	SCMP_SYS(write),
	SCMP_SYS(writev),
};

/* Sockets of SANDBOX_NETWORK, beside socket() itself.  No listen, no accept. */
static const int network[] = {
	SCMP_SYS(bind), /* to the random port that a DNS query leaves from */
	SCMP_SYS(connect),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockname),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(setsockopt),
};

/* Libraries look for files that they can do without. */
static const int not_there[] = {
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(stat),
	SCMP_SYS(statfs),
	SCMP_SYS(statx),
};

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define TYPE_BITS 0xf /* of a socket: the rest are flags */
#define WRITES (O_ACCMODE | O_CREAT | O_TRUNC)

/* Conditions on an argument of a call; each with all its fields, which seccomp.h's own do not have. */
static struct scmp_arg_cmp
compare(unsigned argument, enum scmp_compare how, scmp_datum_t with)
{
	return (struct scmp_arg_cmp){ argument, how, with, 0 };
}

static struct scmp_arg_cmp
is(unsigned argument, scmp_datum_t value)
{
	return compare(argument, SCMP_CMP_EQ, value);
}

static struct scmp_arg_cmp
has_bits(unsigned argument, scmp_datum_t mask, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_MASKED_EQ, mask, value };
}

/* The first failure of a row of rules is the one that counts. */
static int
add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = seccomp_rule_add(filter, action, calls[i], 0);
	return rc;
}

/* A rule with one condition; a row of them stops at the first failure. */
static void
allow_if(scmp_filter_ctx filter, int *rc, int call, struct scmp_arg_cmp condition)
{
	if (*rc == 0)
		*rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, condition);
}

static int
allow_some(scmp_filter_ctx filter)
{
	const scmp_datum_t self = (scmp_datum_t)getpid();
	int rc = 0;

	/* No memory that can be run. */
	allow_if(filter, &rc, SCMP_SYS(mmap), has_bits(2, PROT_EXEC, 0));
	allow_if(filter, &rc, SCMP_SYS(mprotect), has_bits(2, PROT_EXEC, 0));
	allow_if(filter, &rc, SCMP_SYS(ioctl), is(1, FIONREAD));
	allow_if(filter, &rc, SCMP_SYS(ioctl), is(1, FIONBIO));
	allow_if(filter, &rc, SCMP_SYS(fcntl), is(1, F_GETFL));
	allow_if(filter, &rc, SCMP_SYS(fcntl), is(1, F_SETFL));
	allow_if(filter, &rc, SCMP_SYS(fcntl), is(1, F_GETFD));
	allow_if(filter, &rc, SCMP_SYS(fcntl), is(1, F_SETFD));
	/*
	 * libcurl wakes itself by a pair.  One of streams reaches nobody; one of datagrams could send to any
	 * local socket, whether it has a peer or not.
	 */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 2,
		    is(0, AF_UNIX), has_bits(1, TYPE_BITS, SOCK_STREAM));
	/* abort() */
	allow_if(filter, &rc, SCMP_SYS(tgkill), is(0, self));
	if (rc == 0) /* reads a limit of its own */
		rc = seccomp_rule_add(
		    filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, is(0, 0), is(2, 0));
	return rc;
}

static int
refuse_reading(scmp_filter_ctx filter)
{
	const uint32_t no = SCMP_ACT_ERRNO(EACCES);
	int rc = add_all(filter, no, not_there, LEN(not_there));

	if (rc == 0)
		rc = seccomp_rule_add(filter, no, SCMP_SYS(open), 1, has_bits(1, WRITES, 0));
	if (rc == 0)
		rc = seccomp_rule_add(filter, no, SCMP_SYS(openat), 1, has_bits(2, WRITES, 0));
	return rc;
}

static int
allow_network(scmp_filter_ctx filter)
{
	static const int families[] = { AF_INET, AF_INET6 }, types[] = { SOCK_STREAM, SOCK_DGRAM };
	int rc = add_all(filter, SCMP_ACT_ALLOW, network, LEN(network));

	for (size_t i = 0; i < LEN(families) * LEN(types) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
		    is(0, (scmp_datum_t)families[i / LEN(types)]),
		    has_bits(1, TYPE_BITS, (scmp_datum_t)types[i % LEN(types)]));
	return rc;
}

/* send() on a socket that is connected has no address: what the channel itself needs. */
static int
allow_channel(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1, is(4, 0));
}

static int
fill_allowed(scmp_filter_ctx filter, const struct sandbox_role *role)
{
	int rc = add_all(filter, SCMP_ACT_ALLOW, always, LEN(always));

	if (rc == 0)
		rc = allow_some(filter);
	if (rc == 0)
		rc = refuse_reading(filter);
	if (rc != 0)
		return rc;
	return (role->flags & SANDBOX_NETWORK) != 0 ? allow_network(filter) : allow_channel(filter);
}

/* ---- what may not, beside a sanitizer ---- */

static const int forbidden[] = {
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(bpf),
	SCMP_SYS(chdir),
	SCMP_SYS(chmod),
	SCMP_SYS(chown),
	SCMP_SYS(chroot),
	SCMP_SYS(creat),
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fchmodat),
	SCMP_SYS(fchownat),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(kill),
	SCMP_SYS(link),
	SCMP_SYS(linkat),
	SCMP_SYS(listen),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(mknod),
	SCMP_SYS(mknodat),
	SCMP_SYS(mount),
	SCMP_SYS(openat2),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(ptrace),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(rmdir),
	SCMP_SYS(setns),
	SCMP_SYS(symlink),
	SCMP_SYS(symlinkat),
	SCMP_SYS(truncate),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(unshare),
};

static void
kill_if(scmp_filter_ctx filter, int *rc, int call, struct scmp_arg_cmp condition)
{
	if (*rc == 0)
		*rc = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, call, 1, condition);
}

static int
fill_forbidden(scmp_filter_ctx filter, const struct sandbox_role *role)
{
	static const int ways[] = { O_WRONLY, O_RDWR };
	int rc = add_all(filter, SCMP_ACT_KILL_PROCESS, forbidden, LEN(forbidden));

	for (size_t i = 0; i < LEN(ways); i++) {
		const scmp_datum_t way = (scmp_datum_t)ways[i];

		kill_if(filter, &rc, SCMP_SYS(open), has_bits(1, O_ACCMODE, way));
		kill_if(filter, &rc, SCMP_SYS(openat), has_bits(2, O_ACCMODE, way));
	}
	kill_if(filter, &rc, SCMP_SYS(socketpair), has_bits(1, TYPE_BITS, SOCK_DGRAM));
	if ((role->flags & SANDBOX_NETWORK) == 0) {
		if (rc == 0)
			rc = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), 0);
		return rc;
	}
	kill_if(filter, &rc, SCMP_SYS(socket), compare(0, SCMP_CMP_LT, AF_INET));
	for (scmp_datum_t family = AF_INET + 1; family < AF_INET6; family++)
		kill_if(filter, &rc, SCMP_SYS(socket), is(0, family));
	kill_if(filter, &rc, SCMP_SYS(socket), compare(0, SCMP_CMP_GT, AF_INET6));
	kill_if(filter, &rc, SCMP_SYS(socket), has_bits(1, TYPE_BITS, SOCK_RAW));
	return rc;
}

/* ---- both ---- */

/* Rules for threads, too, that a library may have started; and for no other machine's call numbers. */
static int
load(scmp_filter_ctx filter)
{
	int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	return rc == 0 ? seccomp_load(filter) : rc;
}

static enum cs_code
filter_calls(const struct sandbox_role *role, struct cs_err *err)
{
	scmp_filter_ctx filter =
	    seccomp_init(SANDBOX_SANITIZED ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS);
	int rc;

	if (filter == NULL)
		return cs_fail(err, CS_INTERNAL, "no filter of system calls");
	rc = SANDBOX_SANITIZED ? fill_forbidden(filter, role) : fill_allowed(filter, role);
	if (rc == 0)
		rc = load(filter);
	seccomp_release(filter);
	if (rc != 0)
		return cs_fail(err, CS_INTERNAL, "filter of system calls: %s", strerror(-rc));
	return CS_OK;
}

enum cs_code
lock_in(const struct sandbox_role *role, uint32_t life_s, struct cs_err *err)
{
	if (limit(role, life_s, err))
		return err->code;
	return filter_calls(role, err);
}
