/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

#define LINE 2048 /* octets; longer lines are cut */

static const char *const names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static void
write_all(const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, at, len);

		if (n <= 0)
			return; /* nobody reads our log: there is nowhere to say so */
		at += n;
		len -= (size_t)n;
	}
}

static size_t
add_id(char *line, size_t at, const char *name, struct cs_id id)
{
	char text[CS_ID_TEXT];

	if (cs_id_is_zero(id))
		return at;
	cs_id_format(id, text);
	return at + (size_t)snprintf(line + at, LINE - at, " %s=%s", name, text);
}

void
log_line(const struct log_context *log, enum log_level level, const char *fmt, ...)
{
	char line[LINE + 2], when[CS_TIME_TEXT];
	size_t at;
	va_list ap;

	if (level > log->level)
		return;
	cs_time_format(cs_now_ms(), when);
	at = (size_t)snprintf(line, LINE, "%s %s %s", when, names[level], log->service);
	at = add_id(line, at, "request", log->request);
	at = add_id(line, at, "event", log->event);
	line[at++] = ' ';
	va_start(ap, fmt);
	int n = vsnprintf(line + at, LINE - at, fmt, ap);
	va_end(ap);
	at += n < 0 ? 0 : (size_t)n;
	if (at > LINE - 1)
		at = LINE - 1;
	for (size_t i = 0; i < at; i++) /* whatever was forgotten: one fact, one line */
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[at++] = '\n';
	if (log->held != NULL)
		cs_buf_add(log->held, line, at);
	else
		write_all(line, at);
}

void
log_flush(struct cs_buf *held)
{
	write_all(held->data, held->len);
	held->len = 0;
}

const char *
log_level_name(enum log_level level)
{
	return names[level];
}

enum cs_code
log_level_parse(const char *name, enum log_level *ret, struct cs_err *err)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (enum log_level)i;
			return CS_OK;
		}
	}
	return cs_fail(err, CS_MALFORMED, "level must be error, warn, info or debug");
}
