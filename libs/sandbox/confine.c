/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define TYPE_BITS 0xf /* of a socket: the rest are flags */

/* ---- Landlock ---- */

/* Newer than the headers of Debian 12. */
#define ACCESS_FS_REFER (UINT64_C(1) << 13)
#define ACCESS_FS_TRUNCATE (UINT64_C(1) << 14)
#define ACCESS_NET_CONNECT_TCP (UINT64_C(1) << 1)
#define RULE_NET_PORT 2
#define ABI_REFER 2
#define ABI_TRUNCATE 3
#define ABI_NETWORK 4

struct ruleset_attr {
	uint64_t fs, net;
};

struct net_port_attr {
	uint64_t access, port;
};

/* Reading is free: whoever took the process over has what its files say. */
static uint64_t
file_rights(long abi)
{
	uint64_t rights = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
			  LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
			  LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
			  LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
			  LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
			  LANDLOCK_ACCESS_FS_MAKE_SYM;

	if (abi >= ABI_REFER)
		rights |= ACCESS_FS_REFER;
	if (abi >= ABI_TRUNCATE)
		rights |= ACCESS_FS_TRUNCATE;
	return rights;
}

static bool
allow_ports(int ruleset, const struct sandbox_bounds *bounds)
{
	for (size_t i = 0; i < bounds->n_ports; i++) {
		const struct net_port_attr port = { ACCESS_NET_CONNECT_TCP, bounds->ports[i] };

		if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &port, 0) != 0)
			return false;
	}
	return true;
}

static enum cs_code
landlock(const struct sandbox_bounds *bounds, const char **ret_missing, struct cs_err *err)
{
	const long abi =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	const struct ruleset_attr attr = { .fs = file_rights(abi),
		.net = abi >= ABI_NETWORK ? ACCESS_NET_CONNECT_TCP : 0 };

	if (abi < 1) {
		*ret_missing = "files and ports: the kernel has no Landlock";
		return CS_OK;
	}
	*ret_missing = abi >= ABI_NETWORK ? "" : "ports: Linux 6.7 is the first that bounds them";
	/* Older kernels know the first member only, and refuse a longer structure. */
	const size_t size = abi >= ABI_NETWORK ? sizeof(attr) : sizeof(attr.fs);
	const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (ruleset < 0)
		return cs_fail(err, CS_INTERNAL, "Landlock: %s", strerror(errno));
	const bool done = (attr.net == 0 || allow_ports(ruleset, bounds)) &&
			  syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	const int why = errno;
	(void)close(ruleset);
	return done ? CS_OK : cs_fail(err, CS_INTERNAL, "Landlock: %s", strerror(why));
}

/* ---- seccomp ---- */

/* What no service does: whoever tries has taken it over. */
static const int deadly[] = {
	SCMP_SYS(bpf),
	SCMP_SYS(chroot),
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(init_module),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(kexec_load),
	SCMP_SYS(mount),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(setns),
	SCMP_SYS(unshare),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(vfork),
};

static const int usual[] = {
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(madvise),
	SCMP_SYS(membarrier),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(mlock),
	SCMP_SYS(munlock),
	/* time */
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(nanosleep),
	SCMP_SYS(time),
	SCMP_SYS(timerfd_create),
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
	SCMP_SYS(rseq),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_getparam),
	SCMP_SYS(sched_getscheduler),
	SCMP_SYS(sched_yield),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(set_tid_address),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(wait4), /* for children that were started before */
	/* descriptors */
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(bind),
	SCMP_SYS(close),
	SCMP_SYS(connect),
	SCMP_SYS(dup),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(eventfd2),
	SCMP_SYS(fcntl),
	SCMP_SYS(flock),
	SCMP_SYS(fstat),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockname),
	SCMP_SYS(getsockopt),
	SCMP_SYS(ioctl),
	SCMP_SYS(listen),
	SCMP_SYS(lseek),
	SCMP_SYS(pipe2),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(pread64),
	SCMP_SYS(pselect6),
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(select),
	SCMP_SYS(setsockopt),
	SCMP_SYS(shutdown),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	/* files: reading */
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(getcwd),
	SCMP_SYS(getdents64),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(stat),
	SCMP_SYS(statfs),
	SCMP_SYS(fstatfs),
	SCMP_SYS(statx),
};

/* Conditions on an argument, with all fields of the structure. */
static struct scmp_arg_cmp
is(unsigned argument, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_EQ, value, 0 };
}

static struct scmp_arg_cmp
has_bits(unsigned argument, scmp_datum_t mask, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){ argument, SCMP_CMP_MASKED_EQ, mask, value };
}

struct filling {
	scmp_filter_ctx filter;
	int rc; /* the first failure */
};

static void
rule(struct filling *f, uint32_t action, int call, struct scmp_arg_cmp condition)
{
	if (f->rc == 0)
		f->rc = seccomp_rule_add(f->filter, action, call, 1, condition);
}

static void
rules(struct filling *f, uint32_t action, const int *calls, size_t n)
{
	for (size_t i = 0; i < n && f->rc == 0; i++)
		f->rc = seccomp_rule_add(f->filter, action, calls[i], 0);
}

/* Another process is a clone() that is no thread.  What clone3() shall do no filter can read. */
static void
bound_threads(struct filling *f)
{
	rule(f, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), has_bits(0, CLONE_THREAD, 0));
	if (f->rc == 0)
		f->rc = seccomp_rule_add(f->filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	rule(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), has_bits(0, CLONE_THREAD, CLONE_THREAD));
}

static void
bound_files(struct filling *f, bool allow)
{
	static const scmp_datum_t ways[] = { O_WRONLY, O_RDWR };

	for (size_t i = 0; i < LEN(ways); i++) {
		rule(f, SCMP_ACT_KILL_PROCESS, SCMP_SYS(open), has_bits(1, O_ACCMODE, ways[i]));
		rule(f, SCMP_ACT_KILL_PROCESS, SCMP_SYS(openat), has_bits(2, O_ACCMODE, ways[i]));
	}
	if (!allow)
		return;
	rule(f, SCMP_ACT_ALLOW, SCMP_SYS(open), has_bits(1, O_ACCMODE | O_CREAT | O_TRUNC, 0));
	rule(f, SCMP_ACT_ALLOW, SCMP_SYS(openat), has_bits(2, O_ACCMODE | O_CREAT | O_TRUNC, 0));
}

static void
allow_socket(struct filling *f, int family, int type, int protocol)
{
	if (f->rc == 0)
		f->rc = seccomp_rule_add(f->filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3,
		    is(0, (scmp_datum_t)family), has_bits(1, TYPE_BITS, (scmp_datum_t)type),
		    is(2, (scmp_datum_t)protocol));
}

/*
 * Landlock bounds connect() of TCP alone: neither other protocols of streams (MPTCP goes on as TCP where the
 * other side knows no better) nor a connection that begins with its first data.
 */
static void
allow_streams(struct filling *f)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < LEN(families); i++) {
		allow_socket(f, families[i], SOCK_STREAM, 0);
		allow_socket(f, families[i], SOCK_STREAM, IPPROTO_TCP);
	}
	rule(f, SCMP_ACT_ALLOW, SCMP_SYS(sendto), has_bits(3, MSG_FASTOPEN, 0));
	rule(f, SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), has_bits(2, MSG_FASTOPEN, 0));
	rule(f, SCMP_ACT_ALLOW, SCMP_SYS(sendmmsg), has_bits(3, MSG_FASTOPEN, 0));
}

static void
allow_some(struct filling *f, const struct sandbox_bounds *bounds)
{
	allow_socket(f, AF_UNIX, SOCK_STREAM, 0);
	allow_streams(f);
	if (bounds->datagrams) {
		allow_socket(f, AF_INET, SOCK_DGRAM, IPPROTO_IP);
		allow_socket(f, AF_INET, SOCK_DGRAM, IPPROTO_UDP);
		allow_socket(f, AF_INET6, SOCK_DGRAM, IPPROTO_IP);
		allow_socket(f, AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
		allow_socket(f, AF_NETLINK, SOCK_RAW,
		    NETLINK_ROUTE); /* getaddrinfo() asks for our addresses */
	}
	rule(f, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), is(0, AF_UNIX));
	rule(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), has_bits(2, PROT_EXEC, 0));
	rule(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), has_bits(2, PROT_EXEC, 0));
	rule(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), is(0, PR_SET_NAME));
	rule(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), is(2, 0)); /* reads a limit */
	rule(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), is(0, (scmp_datum_t)getpid())); /* abort() */
}

static int
fill(scmp_filter_ctx filter, const struct sandbox_bounds *bounds)
{
	struct filling f = { filter, 0 };

	rules(&f, SCMP_ACT_KILL_PROCESS, deadly, LEN(deadly));
	/* At its end a sanitizer looks for leaks from a process of its own, which traces this one. */
	if (!SANDBOX_SANITIZED) {
		rules(&f, SCMP_ACT_KILL_PROCESS, (const int[]){ SCMP_SYS(ptrace) }, 1);
		bound_threads(&f);
	}
	bound_files(&f, !SANDBOX_SANITIZED);
	if (!SANDBOX_SANITIZED) {
		rules(&f, SCMP_ACT_ALLOW, usual, LEN(usual));
		allow_some(&f, bounds);
	}
	return f.rc;
}

static enum cs_code
filter_calls(const struct sandbox_bounds *bounds, struct cs_err *err)
{
	scmp_filter_ctx filter =
	    seccomp_init(SANDBOX_SANITIZED ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));

	if (filter == NULL)
		return cs_fail(err, CS_INTERNAL, "no filter of system calls");
	int rc = fill(filter, bounds);
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc == 0 ? CS_OK
		       : cs_fail(err, CS_INTERNAL, "filter of system calls: %s", strerror(-rc));
}

/* ---- both ---- */

/* The resolver loads its modules when it is first used, and they are code. */
static void
load_late(void)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;

	if (getaddrinfo("localhost", NULL, &hints, &found) == 0)
		freeaddrinfo(found);
}

enum cs_code
sandbox_confine(const struct sandbox_bounds *bounds, const char **ret_missing, struct cs_err *err)
{
	const struct rlimit none = { 0, 0 };

	cs_assert(bounds->n_ports <= SANDBOX_PORTS_MAX);
	*ret_missing = "";
	load_late();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0)
		return cs_fail(err, CS_INTERNAL, "cannot be confined: %s", strerror(errno));
	if (landlock(bounds, ret_missing, err))
		return err->code;
	return filter_calls(bounds, err);
}
