/* SPDX-License-Identifier: Apache-2.0 */
#include "history.h"

#include "fields.h"

/* What is new comes last: lines of earlier versions lack it.  Numbers follow from the last one's. */
const char *
history_write(struct cs_arena *arena, const struct intake_request *req)
{
	struct cs_buf out = cs_buf_new(arena);

	for (const struct intake_note *note = req->notes; note; note = note->next) {
		fields_add_i64(&out, note->at_ms);
		fields_add(&out, note->check);
		fields_add(&out, note->state);
		fields_add(&out, note->reason);
		fields_add(&out, note->text);
		fields_end(&out);
	}
	return (const char *)cs_buf_span(&out).data;
}

struct history
history_read(struct cs_arena *arena, const char *text, uint64_t seq)
{
	const size_t n = fields_lines(text);
	struct history history = { CS_NEW_ARRAY(arena, n, struct intake_note), n };
	struct fields fields = fields_read(arena, text);

	for (size_t i = 0; i < n; i++) {
		struct intake_note *note = &history.notes[i];

		note->seq = seq - (n - 1 - i);
		note->at_ms = fields_i64(&fields);
		note->check = fields_text(&fields);
		note->state = fields_text(&fields);
		note->reason = fields_text(&fields);
		note->text = fields_text(&fields);
		fields_next(&fields);
	}
	return history;
}
