/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h: the HTTP API.  A route authenticates, reads what the path and the header fields say, and
 * hands the rest to a command, a query or a question; their answer is the client's.  Loop thread
 * only.
 */
#ifndef INTAKE_API_H
#define INTAKE_API_H

#include "http/server.h"
#include "service.h"

extern const struct http_route api_routes[];

/* `intake` is borrowed. */
struct api *api_new(struct intake_service *intake, struct svc *svc);
void api_free(struct api *api); /* takes NULL */

/* openapi.json, as built in. */
extern const char openapi_json[];

#endif
