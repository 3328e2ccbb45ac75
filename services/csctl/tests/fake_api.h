/* SPDX-License-Identifier: Apache-2.0 */
/* fake_api.h: a server on loopback that answers as it was told, and keeps what it was asked. */
#ifndef CSCTL_TESTS_FAKE_API_H
#define CSCTL_TESTS_FAKE_API_H

#include <stddef.h>

struct fake_answer {
	const char *asked; /* "GET /v1/me"; what is not in the table answers 404 */
	int status;
	const char *body; /* JSON */
};

struct fake_api;

/*
 * Sets CS_API_URL, CS_API_TOKEN ("secret").  The table ends with a zero row.  Of rows that are asked the same, each
 * answers once, the last from then on.
 */
struct fake_api *fake_api_start(const struct fake_answer *answers);
/*
 * Stops, and gives what was asked, a call a line, until the next start:
 * "PUT /v1/config/demo/domain/a.example If-Match: "3" Authorization: Bearer secret {...}".
 */
const char *fake_api_stop(struct fake_api *api);

#endif
