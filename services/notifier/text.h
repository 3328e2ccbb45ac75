/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h: the mails, as tables.  Values go in by name, and only as one line of printable ASCII, so that no
 * value can become a line of ours.  Pure.
 */
#ifndef NOTIFY_TEXT_H
#define NOTIFY_TEXT_H

#include "notify.h"

struct text_value {
	const char *name, *text; /* "{name}" in a template; "" leaves out the lines that need it */
};

/*
 * Writes subject and body of the outcome's kind; `values` ends with a NULL name.  A value that is several
 * lines of our own making has a name that begins with '*'.
 */
void
text_fill(struct cs_arena *arena, const struct text_value *values, struct notify_outcome *outcome);

#endif
