/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h: what the database has, in memory: all of it at the start, then what is written, by whatever
 * replica, every quarter of a second.  When the database is away, memory stays as it is.  Loop thread.
 */
#ifndef STATUS_MEMORY_H
#define STATUS_MEMORY_H

#include "handler.h"

struct status_index;

struct memory *memory_open(struct status_service *status);
void memory_close(struct memory *memory); /* takes NULL */

struct status_index *memory_index(const struct memory *memory);
/* Everything that the database had at some moment is here. */
bool memory_is_loaded(const struct memory *memory);
/* Everything that the database had at this instant is here; 0: memory is not loaded. */
int64_t memory_known_s(const struct memory *memory);
/* Joins a fact with what is known. */
void memory_note(struct status_service *status, size_t authority, struct cs_span serial,
    const struct status_facts *said);

#endif
