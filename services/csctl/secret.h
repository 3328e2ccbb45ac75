/* SPDX-License-Identifier: Apache-2.0 */
/* secret.h: a line that nobody else shall see, from a terminal or a pipe.  Arguments are seen by every process. */
#ifndef CSCTL_SECRET_H
#define CSCTL_SECRET_H

#include <stdbool.h>

#define SECRET_MAX 1024 /* octets, with the NUL */

/*
 * Reads one line of stdin without its end; on a terminal after asking for it, without showing what is typed.
 * False: there is none, it is too long or no text in UTF-8, and that was said.
 */
bool secret_read(const char *prompt, char ret_text[static SECRET_MAX]);

#endif
