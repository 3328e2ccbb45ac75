/* SPDX-License-Identifier: Apache-2.0 */
/* api_domain.h: routes about the domains of an enterprise.  Their `self` is the struct api. */
#ifndef INTAKE_API_DOMAIN_H
#define INTAKE_API_DOMAIN_H

#include "http/server.h"

extern const struct http_route api_domain_routes[];

#endif
