/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h: the pages that a link in a mail opens, and a browser that comes back from a provider: what that shows stands behind
 * "#", too.  Each is the same octets for everybody, and fetching it
 * does nothing: what the link carries stands behind "#" and never reaches the server, and only a person
 * who is logged in as the requester confirms a mailbox, by a POST of the API.
 */
#ifndef PAGE_H
#define PAGE_H

#include "http/server.h"

extern const struct http_route page_routes[]; /* need no self */

#endif
