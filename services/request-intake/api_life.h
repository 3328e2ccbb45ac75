/* SPDX-License-Identifier: Apache-2.0 */
/* api_life.h: routes of what comes after a certificate.  Their `self` is the struct api. */
#ifndef INTAKE_API_LIFE_H
#define INTAKE_API_LIFE_H

#include "http/server.h"

extern const struct http_route api_life_routes[];

#endif
