/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine.h: a whole service gives up, for good, what it does not need: the process that holds a key worth
 * stealing, and everything that runs in it.
 *
 *   - no_new_privs, not dumpable, no core file;
 *   - seccomp: programs, other processes, tracing, kernel interfaces and files for writing end the process at
 *     once (SIGSYS); any other call that a service has no use for is answered EPERM;
 *   - sockets: streams of IP and local ones; datagrams only where host names must be asked for;
 *   - Landlock: TCP connections to the ports that are named and to no other (Linux 6.7 and later), nothing is
 *     written, made or run in the file system (5.13 and later).
 *
 * Landlock holds for the calling thread and those that it starts: call this before the first other thread.
 * A sanitizer's run-time library makes calls of its own: built with one, only what ends the process is left,
 * without other processes and tracing, by which leaks are looked for.
 */
#ifndef SANDBOX_CONFINE_H
#define SANDBOX_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SANDBOX_PORTS_MAX 32

struct sandbox_bounds {
	const uint16_t *ports; /* of TCP that may be connected to */
	size_t n_ports;        /* up to SANDBOX_PORTS_MAX */
	bool datagrams;        /* host names are asked for over UDP */
};

/* What the kernel could not do: "" is all well; else words for the log. */
CS_MUST_USE enum cs_code
sandbox_confine(const struct sandbox_bounds *bounds, const char **ret_missing, struct cs_err *err);

#endif
