/* SPDX-License-Identifier: Apache-2.0 */
/* api_factor.h: the approval of a request, and the second factor that it may want. */
#ifndef INTAKE_API_FACTOR_H
#define INTAKE_API_FACTOR_H

#include "http/server.h"

extern const struct http_route api_factor_routes[];

#endif
