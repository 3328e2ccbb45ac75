/* SPDX-License-Identifier: Apache-2.0 */
#include "shown.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/catalogue.h"
#include "wire.h"

/* The few fields that tell the story; all of them in JSON. */
static const char *const told[] = { "profile", "check_id", "kind", "target", "method", "attempt",
	"outcome", "reason", "code", "security", "revision", "final", "state", "serial", "size",
	"root", "text", "name", "version", "deleted" };

/* A check that is asked for is told by its own fields. */
static json_t *
told_value(json_t *body, const char *name)
{
	json_t *value = json_object_get(body, name), *check = json_object_get(body, "check");

	if (value != NULL || check == NULL)
		return value;
	return json_object_get(check, strcmp(name, "check_id") == 0 ? "id" : name);
}

static void
print_story(const struct shown *event, json_t *body)
{
	(void)printf("%s  %-28s %s", event->time, event->subject, event->key);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		json_t *value = told_value(body, told[i]);
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

		if (value != NULL)
			(void)printf(" %s=%s", told[i], text);
		free(text);
	}
	if (body == NULL)
		(void)printf(" (unreadable, %zu octets)", event->body.len);
	(void)printf("\n");
}

static void
print_json(const struct shown *event, json_t *body)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:O*}", "subject",
	    event->subject, "id", event->id, "request", event->key, "time", event->time, "source",
	    event->source, "sequence", (json_int_t)event->sequence, "body", body);
	char *text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);

	(void)puts(text == NULL ? "{}" : text);
	free(text);
	json_decref(object);
}

void
shown_print(const struct shown *event, bool as_json)
{
	const struct catalogue_event *known = catalogue_event_find(event->subject);
	json_t *body =
	    known == NULL ? NULL : wire_event_json(known->message, known->is_signed, event->body);

	if (as_json)
		print_json(event, body);
	else
		print_story(event, body);
	json_decref(body);
	(void)fflush(stdout);
}
