/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h: work on strangers' octets in child processes that hold nothing worth stealing.
 *
 * A child is this very executable, started anew with the name of a role as its argument: it shares no
 * memory with its parent, has no environment, and no descriptors but one end of a socket pair, stderr and
 * /dev/null.  It opens what its role needs (files, a resolver), locks itself in for good, and then answers
 * questions in an event loop.  Locked in means:
 *
 *   - no_new_privs, not dumpable, no core file, SIGKILL when its parent dies, end of the pair is its end;
 *   - limits: address space, descriptors, processor time; the first to go when memory runs out;
 *   - seccomp, an allow-list: memory, time, the descriptors it has, and IP sockets as a client if its role
 *     has SANDBOX_NETWORK.  Opening a file for reading is answered EACCES, since libraries try it for
 *     nothing (/etc/localtime); every other call ends the process at once (SIGSYS): files for writing,
 *     programs, other processes, other sockets, listening, code made at run time.
 *
 * Built with a sanitizer it cannot live under an allow-list, whose run-time library makes calls of its own:
 * such a child (SAN=1, TSAN=1, fuzzing) has a deny-list of the calls named above instead, may open files
 * for reading, gets the sanitizer's options as environment, and has no limit on its address space.
 * Under valgrind only the parent is watched: children run as they are.
 *
 * What a child answers is hostile: it comes as octets up to SANDBOX_FRAME_MAX, and who asked reads them
 * strictly.  A child that breaks the protocol, or does not answer a ping, is killed and replaced.
 *
 * For one thread, in the caller's event loop.  That thread must live as long as its crews: the kernel kills
 * a child when the thread that started it ends.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

struct event_base;
struct sandbox; /* a crew: children of one role */
struct sandbox_ticket;

#define SANDBOX_FRAME_MAX \
	(2u * 1024 * 1024) /* octets of a question, an answer, a role's settings */
#define SANDBOX_CHILDREN_MAX 16
#define SANDBOX_IN_FLIGHT_MAX 4096 /* questions in one child; more wait */
#define SANDBOX_WAITING_MAX 16384  /* in a crew; one more is UNAVAILABLE */

/* ---- the child's side ---- */

enum sandbox_flags {
	SANDBOX_NETWORK = 1, /* may open IP sockets and connect them */
};

/* One question in a child.  Everything lives until sandbox_answer(). */
struct sandbox_question {
	void *self;            /* what the role's open made */
	struct cs_span octets; /* as the parent sent them */
	struct cs_arena *arena;
	struct sandbox_ticket *ticket; /* the library's */
};

/* What a kind of child does.  Constant, and known to the executable's main() by sandbox_child_main(). */
struct sandbox_role {
	const char *name; /* "probe"; shown as the process's argument */
	unsigned flags;
	uint32_t memory_mib; /* of address space, libraries included; 0: 512 */
	uint32_t files_max;  /* descriptors, as far as the system allows; 0: 64 */
	/*
	 * Before the child is locked in, and before it has seen a stranger's octet: reads its files, makes
	 * every library load what it loads late.  `settings` are what sandbox_open() was given.
	 */
	enum cs_code (*open)(
	    struct event_base *base, struct cs_span settings, void **ret_self, struct cs_err *err);
	/* Answers by exactly one sandbox_answer(), now or later from the loop.  Many may be in hand. */
	void (*ask)(struct sandbox_question *question);
	void (*close)(
	    void *self); /* NULL: nothing to do.  Questions in hand end without an answer */
};

/* Sends it, at most SANDBOX_FRAME_MAX octets (asserted), and ends the question. */
void sandbox_answer(struct sandbox_question *question, struct cs_span answer);

/*
 * The first thing in main().  Returns at once in every process that is no child; in a child it never
 * returns.  `roles` ends with NULL.
 */
void sandbox_child_main(int argc, char *argv[], const struct sandbox_role *const *roles);

/* ---- the parent's side ---- */

/* What happened to a child, for logs and counters. */
enum sandbox_fact {
	SANDBOX_CHILD_STARTED,
	SANDBOX_CHILD_RECYCLED,   /* ended as planned */
	SANDBOX_CHILD_DIED,       /* by itself: a signal, an exit */
	SANDBOX_CHILD_KILLED,     /* by us: it stood still or broke the protocol */
	SANDBOX_CHILD_NOT_STARTED /* tried again later */
};
const char *sandbox_fact_name(enum sandbox_fact fact); /* "started", "not-started" */
/* `text`: printable ASCII: role, process id, signal by number and name, questions lost. */
typedef void sandbox_told(void *arg, enum sandbox_fact fact, const char *text);

struct sandbox_settings {
	const struct sandbox_role *role;
	uint32_t children;       /* 1 to SANDBOX_CHILDREN_MAX */
	struct cs_span settings; /* for the role's open; copied */
	/* Zero means the default on the right. */
	uint32_t
	    questions_max; /* 50,000: then the child is replaced by a new one, finishing what it has */
	uint32_t life_ms;   /* 600,000: so is one of this age */
	uint32_t stall_ms;  /* 5,000: a loop that stands still for longer is killed */
	sandbox_told *told; /* NULL: nobody is told */
	void *told_arg;
};

/*
 * Starts the crew and waits until each child has locked itself in (some tens of milliseconds, 20 s at
 * most).  From then on the process ignores SIGPIPE.  CS_MALFORMED, CS_UNAVAILABLE: as the role's open
 * says; CS_INTERNAL: a child could not be started or locked in.
 */
CS_MUST_USE enum cs_code sandbox_open(const struct sandbox_settings *settings,
    struct event_base *base, struct sandbox **ret_sandbox, struct cs_err *err);
/* Kills the children.  Questions in flight end without `done`.  Not from a callback.  Takes NULL. */
void sandbox_close(struct sandbox *sandbox);

enum sandbox_result {
	SANDBOX_ANSWERED,
	SANDBOX_DIED,       /* the child died, or was killed, with this question in hand */
	SANDBOX_TIMED_OUT,  /* a child had it; its answer, if one comes, is dropped */
	SANDBOX_UNAVAILABLE /* no child had it: none could be started in time, or too many wait */
};
const char *sandbox_result_name(enum sandbox_result result); /* "answered", "died", ... */

/* `answer` is borrowed for the call, and empty unless ANSWERED. */
typedef void sandbox_done(void *arg, enum sandbox_result result, struct cs_span answer);

/*
 * Exactly one call of `done`, from the loop, never before this returns, at the latest after
 * timeout_ms.  `question` is copied; at most SANDBOX_FRAME_MAX octets (asserted).
 */
void sandbox_ask(struct sandbox *sandbox, struct cs_span question, uint32_t timeout_ms,
    sandbox_done *done, void *arg);

struct sandbox_counters {
	uint64_t started, recycled, died, killed, not_started;
	uint64_t asked, answered, lost, timed_out, unavailable;
	size_t in_flight, waiting;
};
struct sandbox_counters sandbox_counters(const struct sandbox *sandbox);
/* Process ids of the children that take questions; at most `max`.  Returns how many there are. */
size_t sandbox_pids(const struct sandbox *sandbox, int *ret_pids, size_t max);

#endif
