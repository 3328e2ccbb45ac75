/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h: what goes between a crew and its children.  Inside probe only.
 *
 * A question comes from the parent and is believed.  An answer comes from a process that may have been
 * taken over: its size, counts, enums, times and texts are checked, and the digest of each packet is that of
 * the packet.  What it says was found cannot be checked here: that is why others look from elsewhere.
 */
#ifndef PROBE_WIRE_H
#define PROBE_WIRE_H

#include "probe/internal.h"

#define WIRES_MAX (1536 * 1024) /* octets of all packets of an answer; later ones stay behind */

struct cs_span probe_wire_settings(struct cs_arena *arena, const struct probe_settings *settings);
CS_MUST_USE enum cs_code probe_wire_read_settings(struct cs_arena *arena, struct cs_span octets,
    struct probe_settings *ret_settings, struct cs_err *err);

struct cs_span
probe_wire_ask(struct cs_arena *arena, const struct claim_check *check, enum probe_tag tag);
CS_MUST_USE enum cs_code probe_wire_read_ask(struct cs_arena *arena, struct cs_span octets,
    struct claim_check *ret_check, enum probe_tag *ret_tag, struct cs_err *err);

struct cs_span probe_wire_answer(struct cs_arena *arena, const struct probe_finding *finding);
/* Looked at between these two times.  CS_MALFORMED: not what a child of ours says. */
CS_MUST_USE enum cs_code probe_wire_read_answer(struct cs_arena *arena, struct cs_span octets,
    int64_t from_ms, int64_t until_ms, struct probe_finding *ret_finding, struct cs_err *err);

#endif
