/* SPDX-License-Identifier: Apache-2.0 */
/* sink.h: an SMTP server in the caller's event loop that takes every mail, shows it once, and keeps nothing. */
#ifndef BENCH_SINK_H
#define BENCH_SINK_H

#include <stddef.h>
#include <stdint.h>

struct event_base;

/* `to`: the last recipient, without angle brackets; `text`: the mail without stuffed dots, borrowed. */
typedef void sink_mail(void *arg, const char *to, const char *text, size_t len);

/* Listens on 127.0.0.1 for as long as the process lives.  NULL: it cannot. */
struct sink *sink_new(struct event_base *base, uint16_t port, sink_mail *mail, void *arg);
unsigned long sink_mails(const struct sink *sink); /* so far */

#endif
