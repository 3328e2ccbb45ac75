/* SPDX-License-Identifier: Apache-2.0 */
/* envelope.c: how events look on the bus: CloudEvents 1.0 headers in binary mode, and W3C trace context. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "svc/internal.h"

/* W3C trace context: the request is the trace, the event is the span; nothing of it is secret. */
static void
trace_parent(const struct out_event *event, char ret_text[static 56])
{
	char trace[33], span[17];

	cs_hex_encode(cs_span_of(event->key.octets, 16), trace);
	cs_hex_encode(cs_span_of(event->id.octets + 8, 8), span);
	(void)snprintf(ret_text, 56, "00-%s-%s-01", trace, span);
}

enum cs_code
event_publish(struct bus_queue *queue, const char *service, const struct out_event *event,
    uint64_t token, struct cs_err *err)
{
	char id[CS_ID_TEXT], key[CS_ID_TEXT], cause[CS_ID_TEXT], when[CS_TIME_TEXT], trace[56];
	char source[80], type[160], subject[160];

	cs_id_format(event->id, id);
	cs_id_format(event->key, key);
	cs_id_format(event->causation, cause);
	cs_time_format(event->time_ms, when);
	trace_parent(event, trace);
	(void)snprintf(source, sizeof(source), "/countersign/%s", service);
	(void)snprintf(type, sizeof(type), "io.countersign.%s.v1", event->subject);
	(void)snprintf(subject, sizeof(subject), "cs.%s", event->subject);

	const struct bus_header headers[] = {
		{ "ce-specversion", "1.0" },
		{ "ce-id", id },
		{ "ce-source", source },
		{ "ce-type", type },
		{ "ce-time", when },
		{ "ce-subject", key },
		{ "ce-datacontenttype", "application/protobuf" },
		{ "ce-correlationid", key },
		{ "ce-causationid", cause },
		{ "ce-traceparent", trace },
		{ "traceparent", trace },
		{ "cs-refused-subject", event->refused_subject },
		{ "cs-refused-place", event->refused_place },
		{ "cs-refused-reason", event->refused_reason },
	};
	const size_t n = sizeof(headers) / sizeof(headers[0]);
	const struct bus_out out = { .subject = subject,
		.body = event->body,
		.headers = headers,
		.headers_len = event->refused_subject == NULL ? n - 3 : n,
		.msg_id = id };

	return bus_publish(queue, &out, token, 5000, err);
}

/*
 * Whoever may ask the server for stored messages chooses where they are delivered, be it into a lane
 * that is not theirs: such a message still has the type of the lane it was published in.
 */
static bool
is_type_of(const char *type, const char *subject)
{
	char wanted[160];

	if (strncmp(subject, "cs.", 3) == 0)
		subject += 3;
	(void)snprintf(wanted, sizeof(wanted), "io.countersign.%s.v1", subject);
	return strcmp(type, wanted) == 0;
}

enum cs_code
event_headers(const struct bus_item *item, struct svc_event *ev, struct cs_err *err)
{
	const char *id = bus_header(item, "ce-id"), *when = bus_header(item, "ce-time");
	const char *correlation = bus_header(item, "ce-correlationid");
	const char *version = bus_header(item, "ce-specversion"),
		   *type = bus_header(item, "ce-type");
	struct cs_id correlated = { { 0 } };

	if (id == NULL || when == NULL || version == NULL || strcmp(version, "1.0") != 0)
		return cs_fail(err, CS_MALFORMED, "ce-specversion, ce-id or ce-time is missing");
	if (type == NULL || !is_type_of(type, item->subject))
		return cs_fail(err, CS_MALFORMED, "ce-type is not that of the subject");
	if (correlation != NULL && cs_id_parse(correlation, &correlated, err))
		return err->code;
	if (cs_time_parse(when, &ev->time_ms, err) || cs_id_parse(id, &ev->id, err))
		return err->code;
	ev->correlation = correlated;
	return CS_OK;
}
