/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.h: a libunbound context that validates, with every option set on purpose.  For dns.c
 * alone.
 */
#ifndef DNS_CONTEXT_H
#define DNS_CONTEXT_H

#include "base/err.h"
#include "dns/anchor.h"
#include "dns/dns.h"

struct ub_ctx;

#define CONTEXT_TAGS (ANCHOR_MAX * 6) /* "20326 38696" and so on */

/*
 * Ready for queries, ended by ub_ctx_delete(); `ret_tags` gets the key tags of its anchors.
 * Errors: those of dns_open().
 */
CS_MUST_USE enum cs_code context_new(const struct dns_settings *settings, struct event_base *base,
    struct ub_ctx **ret_ub, char ret_tags[static CONTEXT_TAGS], struct cs_err *err);

#endif
