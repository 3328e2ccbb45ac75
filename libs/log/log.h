/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h: one line per fact, key=value, on stderr.
 *
 *   2026-03-01T10:00:00.123Z info policy request=9f2c... event=01HV... plan decided outcome=refused
 *
 * The context writes time, level, service and ids, so no line can miss them.  Text from outside goes
 * through cs_escape().  No mailbox address at info level; no secret at any level.
 */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Where the lines of one unit of work go.  Copied by value; `held` borrowed, may be NULL. */
struct log_context {
	const char *service;
	enum log_level level;        /* lines above it are not written */
	struct cs_id request, event; /* zero: not written */
	struct cs_buf *held; /* lines wait here until log_flush(): a batch's, until its commit */
};

void log_line(const struct log_context *log, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(log, ...) log_line((log), LOG_ERROR, __VA_ARGS__)
#define log_warn(log, ...) log_line((log), LOG_WARN, __VA_ARGS__)
#define log_info(log, ...) log_line((log), LOG_INFO, __VA_ARGS__)
#define log_debug(log, ...) log_line((log), LOG_DEBUG, __VA_ARGS__)

/* Writes what was held with one write(2) and empties it. */
void log_flush(struct cs_buf *held);

/* "error", "warn", "info", "debug".  CS_MALFORMED for another word. */
const char *log_level_name(enum log_level level);
CS_MUST_USE enum cs_code log_level_parse(const char *name, enum log_level *ret, struct cs_err *err);

#endif
