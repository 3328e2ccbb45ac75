/* SPDX-License-Identifier: Apache-2.0 */
/* handler.h: one question in, one signed answer out.  Keeps nothing between questions but a minute's DNS. */
#ifndef HANDLER_H
#define HANDLER_H

#include "probe/probe.h"
#include "svc/svc.h"

struct perspective_service {
	const char *name, *region, *key_file;
	struct probe_settings probing;
	struct probe_crew crew;
	struct claim_key *key;
	struct probe *probe;
};

extern const struct svc_route perspective_routes[];

enum cs_code perspective_init(void *self, struct svc *svc, struct cs_err *err);
void perspective_fini(void *self);
void perspective_start(void *self, struct svc_work *work);
const char *perspective_name(const void *self);

#endif
