/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door.h: every route of the API begins here: whose token came with the request is known before its handler
 * runs, from policy's answer of a moment ago or from a new one.  The handler then finds it by call_begin(),
 * without waiting.  Loop thread only.
 *
 * Requests with one token that come together ask once.  What a network may try in vain is limited, but for
 * tokens that were known here before: nobody can make policy busy, nor lock out who is known.
 */
#ifndef INTAKE_DOOR_H
#define INTAKE_DOOR_H

#include "http/server.h"

struct api;

/* As http_server_add_routes(); the handlers get `api`.  A route without a token passes as it is. */
CS_MUST_USE enum cs_code door_add_routes(struct http_server *server,
    const struct http_route *routes, struct api *api, struct cs_err *err);

#endif
