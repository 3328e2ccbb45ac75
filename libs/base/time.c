/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define YEAR_0000_MS INT64_C(-62167219200000)
#define YEAR_9999_MS INT64_C(253402300799999)

static int64_t
read_us(clockid_t clock)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
cs_now_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

int64_t
cs_mono_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
cs_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

static int64_t
clamp(int64_t ms)
{
	if (ms < YEAR_0000_MS)
		return YEAR_0000_MS;
	return ms > YEAR_9999_MS ? YEAR_9999_MS : ms;
}

void
cs_time_format(int64_t ms, char ret_text[static CS_TIME_TEXT])
{
	int64_t at = clamp(ms);
	int64_t fraction = ((at % 1000) + 1000) % 1000;
	time_t seconds = (time_t)((at - fraction) / 1000);
	struct tm tm = { 0 };
	char text[80];

	(void)gmtime_r(&seconds, &tm);
	(void)snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)fraction);
	memcpy(ret_text, text, CS_TIME_TEXT - 1);
	ret_text[CS_TIME_TEXT - 1] = '\0';
}

/* Two or more digits at `at`; -1 when one of them is none. */
static int
digits(const char *at, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		value = value * 10 + (at[i] - '0');
	}
	return value;
}

enum cs_code
cs_time_parse(const char *text, int64_t *ret_ms, struct cs_err *err)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	size_t len = strlen(text);
	int fraction = 0;

	if (len != 20 && len != 24)
		return cs_fail(err, CS_MALFORMED, "time must look like 2026-11-23T12:00:00.123Z");
	for (size_t i = 0; i < sizeof(shape) - 1; i++) {
		if (shape[i] == 'd' ? digits(text + i, 1) < 0 : text[i] != shape[i])
			return cs_fail(err, CS_MALFORMED, "time has a wrong character at %zu", i);
	}
	if (len == 24)
		fraction = text[19] == '.' ? digits(text + 20, 3) : -1;
	if (fraction < 0 || text[len - 1] != 'Z')
		return cs_fail(err, CS_MALFORMED, "time must end in Z, after at most milliseconds");

	struct tm tm = { .tm_year = digits(text, 4) - 1900,
		.tm_mon = digits(text + 5, 2) - 1,
		.tm_mday = digits(text + 8, 2),
		.tm_hour = digits(text + 11, 2),
		.tm_min = digits(text + 14, 2),
		.tm_sec = digits(text + 17, 2) };
	const struct tm asked = tm;
	time_t seconds = timegm(&tm);

	/* timegm() repairs 31 February; a repaired time is not what was written. */
	if (tm.tm_mon != asked.tm_mon || tm.tm_mday != asked.tm_mday ||
	    tm.tm_hour != asked.tm_hour || tm.tm_min != asked.tm_min || tm.tm_sec != asked.tm_sec)
		return cs_fail(err, CS_MALFORMED, "time does not exist");
	*ret_ms = (int64_t)seconds * 1000 + fraction;
	return CS_OK;
}
