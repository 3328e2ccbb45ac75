/* SPDX-License-Identifier: Apache-2.0 */
#include "days.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"

bool
days_parse(const char *text, int64_t *ret_ms)
{
	char whole[32];
	struct cs_err err;

	(void)snprintf(whole, sizeof(whole), "%.20sT00:00:00Z", text);
	if (strlen(text) == 10 && cs_time_parse(whole, ret_ms, &err) == CS_OK)
		return true;
	(void)fprintf(stderr, "csctl: \"%.20s\" is no day; wanted is YYYY-MM-DD\n", text);
	return false;
}

void
days_format(int64_t ms, char ret_text[static DAYS_TEXT])
{
	char whole[CS_TIME_TEXT];

	cs_time_format(ms, whole);
	memcpy(ret_text, whole, DAYS_TEXT - 1);
	ret_text[DAYS_TEXT - 1] = '\0';
}
