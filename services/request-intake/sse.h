/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sse.h: live progress as server-sent events.  One timer asks the history table for all open
 * streams at once, and only while there are any; so it does not matter which replica heard the
 * event. Loop thread only.
 */
#ifndef INTAKE_SSE_H
#define INTAKE_SSE_H

#include "base/id.h"
#include "http/server.h"
#include "svc/svc.h"

#define SSE_STREAMS_MAX 512
#define SSE_POLL_MS 250

struct sse;

struct sse *sse_new(struct svc *svc);
/* Ends every stream.  Takes NULL. */
void sse_free(struct sse *sse);
bool sse_is_full(const struct sse *sse);
/*
 * Answers `req` with the lines of this request after `after`; the stream ends after the last one.
 * *n_open, which must outlive it, counts it while it is open.
 */
void sse_open(
    struct sse *sse, struct http_request *req, struct cs_id id, uint64_t after, uint32_t *n_open);

#endif
