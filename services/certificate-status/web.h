/* SPDX-License-Identifier: Apache-2.0 */
/* web.h: what the world may ask: /crl/, /ca/ and /ocsp/.  `self` of the routes: struct status_service. */
#ifndef STATUS_WEB_H
#define STATUS_WEB_H

#include "http/server.h"

#define WEB_OCSP "/ocsp/"

extern const struct http_route web_routes[];

#endif
