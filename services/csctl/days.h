/* SPDX-License-Identifier: Apache-2.0 */
/* days.h: days of the calendar on a command line: "2027-07-01", midnight UTC. */
#ifndef CSCTL_DAYS_H
#define CSCTL_DAYS_H

#include <stdbool.h>
#include <stdint.h>

#define DAYS_TEXT 11

/* False: it is none, and that was said. */
bool days_parse(const char *text, int64_t *ret_ms);
void days_format(int64_t ms, char ret_text[static DAYS_TEXT]);

#endif
