/* SPDX-License-Identifier: Apache-2.0 */
/* trust_watch.c: a new trust table takes effect without a restart. */
#include <event2/event.h>
#include <string.h>
#include <sys/stat.h>

#include "claim/claim.h"
#include "internal.h"

#define EVERY_S 1

struct watch {
	struct svc *svc;
	struct claim_trust *trust;
	const char *path;
	struct stat seen;
};

/* Another file, or the same one written again; links are followed, which is how Kubernetes changes files. */
static bool
is_other(const struct stat *a, const struct stat *b)
{
	return a->st_ino != b->st_ino || a->st_dev != b->st_dev || a->st_size != b->st_size ||
	       a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct watch *watch = arg;
	const struct log_context *log = svc_log(watch->svc);
	struct stat now;
	bool changed;
	struct cs_err err;

	(void)fd;
	(void)what;
	if (stat(watch->path, &now) != 0 || !is_other(&now, &watch->seen))
		return;
	watch->seen = now;
	if (claim_trust_reload(watch->trust, &changed, &err) != CS_OK) {
		log_error(log, "new trust table not taken reason=\"%s\"", err.text);
		svc_count(watch->svc, "trust_reloads", "result", "refused");
	} else if (changed) {
		log_info(log, "trust table taken version=%u", claim_trust_version(watch->trust));
		svc_count(watch->svc, "trust_reloads", "result", "taken");
	}
}

void
svc_watch_trust(struct svc *svc, struct claim_trust *trust, const char *path)
{
	static const struct timeval every = { EVERY_S, 0 };
	struct watch *watch = CS_NEW(svc->arena, struct watch);

	*watch = (struct watch){ .svc = svc, .trust = trust, .path = path };
	(void)stat(path, &watch->seen);
	struct event *event = event_new(svc->base, -1, EV_PERSIST, on_tick, watch);
	cs_assert(event != NULL && event_add(event, &every) == 0);
	svc->trust_watch = event;
}
