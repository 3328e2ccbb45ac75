/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {
	[CS_OK] = "ok",
	[CS_MALFORMED] = "malformed",
	[CS_NOT_FOUND] = "not-found",
	[CS_CONFLICT] = "conflict",
	[CS_UNAVAILABLE] = "unavailable",
	[CS_INTERNAL] = "internal",
};

enum cs_code
cs_fail(struct cs_err *err, enum cs_code code, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return code;
	err->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	/* It ends in logs and tables, and may quote a stranger, cut within a character. */
	for (char *at = err->text; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
			*at = '?';
	return code;
}

const char *
cs_code_name(enum cs_code code)
{
	return (unsigned)code < sizeof(names) / sizeof(names[0]) ? names[code] : "unknown";
}

_Noreturn void
cs_assert_failed(const char *expr, const char *file, int line)
{
	(void)fprintf(stderr, "assertion failed: %s at %s:%d\n", expr, file, line);
	abort();
}
