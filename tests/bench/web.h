/* SPDX-License-Identifier: Apache-2.0 */
/* web.h: the web server of all the domains that are proved with a file. */
#ifndef BENCH_WEB_H
#define BENCH_WEB_H

#include <stdbool.h>

struct event_base;

/* The content of http://HOST/PATH (with its slash), or NULL: there is none. */
typedef const char *web_find(void *arg, const char *host, const char *path);

/* Listens at port 80 of the address for as long as the process lives. */
bool web_open(struct event_base *base, const char *address, web_find *find, void *arg);

#endif
