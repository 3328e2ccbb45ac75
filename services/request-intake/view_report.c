/* SPDX-License-Identifier: Apache-2.0 */
#include "view_report.h"

#include "out.h"

static void
write_id(struct out *out, const char *name, struct cs_id id)
{
	char text[CS_ID_TEXT];

	cs_id_format(id, text);
	out_text(out, name, text);
}

static void
write_head(struct out *out, const struct report *report)
{
	write_id(out, "id", report->id);
	out_text(out, "state", report_state_name(report->state));
	out_text(out, "category", report->category);
	out_bool(out, "proved", report->proved);
	out_time_if(out, "received_at", report->received_at_ms);
	out_time_if(out, "preliminary_due_at", report->preliminary_due_ms);
	out_time_if(out, "due_at", report->due_at_ms);
}

struct cs_span
view_report_receipt(struct cs_arena *arena, const struct report *report)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	write_head(&out, report);
	out_end_object(&out);
	return out_done(&out);
}

static void
write_answer(struct out *out, const struct report *report)
{
	if (report->preliminary_at_ms == 0)
		return;
	out_object(out, "preliminary");
	out_time_if(out, "at", report->preliminary_at_ms);
	out_text_if(out, "by", report->preliminary_by);
	out_text(out, "text", report->preliminary_text);
	out_end_object(out);
}

static void
write_decision(struct out *out, const struct report *report)
{
	if (report->decided_at_ms == 0)
		return;
	out_object(out, "decision");
	out_time_if(out, "at", report->decided_at_ms);
	out_text_if(out, "by", report->decided_by);
	if (report->ground[0]) {
		out_text(out, "ground", report->ground);
		out_text(out, "clause", ground_of_name(report->ground)->clause);
		out_text_if(out, "reason", reason_of_code(report->reason)->name);
	}
	out_text(out, "text", report->decision_text);
	out_end_object(out);
}

static void
write_report(struct out *out, const char *name, const struct report *report)
{
	out_object(out, name);
	write_head(out, report);
	write_id(out, "request", report->request);
	out_text(out, "text", report->text);
	out_text_if(out, "contact", report->contact);
	write_answer(out, report);
	write_decision(out, report);
	out_time_if(out, "closed_at", report->closed_at_ms);
	out_end_object(out);
}

struct cs_span
view_report(struct cs_arena *arena, const struct report *report)
{
	struct out out = out_new(arena);

	write_report(&out, NULL, report);
	return out_done(&out);
}

struct cs_span
view_reports(struct cs_arena *arena, const struct report *reports, size_t n, const char *next)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	out_array(&out, "reports");
	for (size_t i = 0; i < n; i++)
		write_report(&out, NULL, &reports[i]);
	out_end_array(&out);
	out_text_if(&out, "next", next);
	out_end_object(&out);
	return out_done(&out);
}

struct cs_span
view_challenge(struct cs_arena *arena, const char *challenge, int64_t until_ms)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	out_text(&out, "challenge", challenge);
	out_time_if(&out, "until", until_ms);
	out_text(&out, "text",
	    "Sign a request (PKCS#10) with the private key that is known, whose subject is this as "
	    "its common name and nothing else. Never send the private key.");
	out_end_object(&out);
	return out_done(&out);
}
