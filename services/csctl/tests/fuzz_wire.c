/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as any event of the catalogue, as an operator reads it: JSON that can be printed, or nothing. */
#include <stdlib.h>

#include "../wire.h"
#include "base/err.h"
#include "catalogue/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n;
	const struct catalogue_event *events = catalogue_events(&n);

	for (size_t i = 0; i < n; i++) {
		json_t *json =
		    wire_event_json(events[i].message, events[i].is_signed, cs_span_of(data, size));
		char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

		cs_assert(!json || (json_is_object(json) && text));
		free(text);
		json_decref(json);
	}
	return 0;
}
