/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_return.h: where a browser comes back to from a login at a provider of identities.  Nobody is known to be behind it: what
 * it brings goes to notifier as it is, and what that says goes back to the browser alone, behind "#" of a page.
 */
#ifndef INTAKE_API_RETURN_H
#define INTAKE_API_RETURN_H

#include "http/server.h"

extern const struct http_route api_return_routes[];

#endif
