/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_config.h: routes of settings and people.  Policy keeps both, and judges each call by its token: here it
 * is only passed on, once and as it came, and policy's answer is the client's.
 */
#ifndef INTAKE_API_CONFIG_H
#define INTAKE_API_CONFIG_H

#include "http/server.h"

extern const struct http_route api_config_routes[]; /* behind the door (door.h) */

#endif
