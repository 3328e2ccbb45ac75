/* SPDX-License-Identifier: Apache-2.0 */
/* time.h: two clocks and one spelling.  Decisions never read a clock: they are given the time. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdint.h>

#include "base/err.h"

#define CS_SECOND_MS INT64_C(1000)
#define CS_MINUTE_MS (60 * CS_SECOND_MS)
#define CS_HOUR_MS (60 * CS_MINUTE_MS)
#define CS_DAY_MS (24 * CS_HOUR_MS)

int64_t cs_now_ms(void);  /* CLOCK_REALTIME: milliseconds since 1970-01-01T00:00:00Z */
int64_t cs_mono_ms(void); /* CLOCK_MONOTONIC: for deadlines and durations only */
int64_t cs_mono_us(void);

#define CS_TIME_TEXT 25 /* "2026-11-23T12:00:00.123Z" and its NUL */

/* RFC 3339 in UTC with milliseconds.  Years 0000 to 9999; outside, the nearest of them. */
void cs_time_format(int64_t ms, char ret_text[static CS_TIME_TEXT]);
/* Accepts what cs_time_format writes, with or without the fraction.  CS_MALFORMED. */
CS_MUST_USE enum cs_code cs_time_parse(const char *text, int64_t *ret_ms, struct cs_err *err);

#endif
