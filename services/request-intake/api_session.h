/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_session.h: routes of people who log in with a password.  Their `self` is the struct api; they begin behind
 * the door (door.h).
 *
 * A password is stretched here and goes no further: policy gets what came of it, and knows which salt it takes.
 * Whether there is such a person is told to nobody.
 */
#ifndef INTAKE_API_SESSION_H
#define INTAKE_API_SESSION_H

#include "http/server.h"

extern const struct http_route api_session_routes[];

#endif
