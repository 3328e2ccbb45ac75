/* SPDX-License-Identifier: Apache-2.0 */
/* crash.c: dies at a named step, so that tests see what the next start makes of it.  Not in release builds. */
#include <signal.h>
#include <string.h>

#include "svc/internal.h"

#ifndef CS_RELEASE
void
svc_crash_point(const struct svc *svc, const char *moment, const char *what)
{
	const char *at = svc == NULL ? "" : svc->common.crash_at;
	const size_t len = strlen(moment);

	if (strncmp(at, moment, len) != 0 || at[len] != ':' || strcmp(at + len + 1, what) != 0)
		return;
	log_warn(&svc->log, "dying as the test wants point=%s", at);
	(void)raise(SIGKILL);
}
#endif

void
crash_batch(const struct svc *svc, const char *moment, struct batch_event *const *events, size_t n)
{
	(void)svc; /* of release builds nothing is left */
	(void)moment;
	for (size_t i = 0; i < n; i++) {
		for (const struct out_event *e = events[i]->out.events; e != NULL; e = e->next)
			svc_crash_point(svc, moment, e->subject);
		for (const struct out_work *work = events[i]->out.works; work != NULL;
		     work = work->next)
			svc_crash_point(svc, moment, work->kind);
	}
}
