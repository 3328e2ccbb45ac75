/* SPDX-License-Identifier: Apache-2.0 */
#include "life.h"

#include <event2/event.h>

#include "base/time.h"
#include "crls.h"
#include "fetch.h"
#include "http/server.h"
#include "memory.h"
#include "web.h"

#define TICK_S 30

/* ---- files that may change while we run ---- */

static enum cs_code
read_responder(struct status_service *status, size_t i, struct cs_err *err)
{
	bool is_new;

	if (status->ocsp_dir[0] == '\0')
		return CS_OK;
	if (desk_read_responder(
		&status->authorities.items[i], status->ocsp_dir, &status->desks[i], &is_new, err))
		return err->code;
	if (is_new) {
		status_answers_forget(memory_index(status->memory), (uint32_t)i);
		log_info(svc_log(status->svc), "ocsp responder loaded issuer=%s",
		    status->authorities.items[i].label);
	}
	return CS_OK;
}

/* CS_CONFLICT is no failure: the file is the one that is served. */
static enum cs_code
read_root_crl(struct status_service *status, size_t i, struct cs_err *err)
{
	const struct authority *of = &status->authorities.items[i];
	struct cs_arena *arena = cs_arena_new();
	struct cs_span der;
	enum cs_code code = CS_OK;

	if (of->is_root)
		code = desk_read_root_crl(arena, of, status->ca_dir, &der, err);
	if (of->is_root && code == CS_OK)
		code = crls_adopt(status, i, 0, der, true, cs_now_ms(), err);
	cs_arena_free(arena);
	return code == CS_NOT_FOUND || code == CS_CONFLICT ? CS_OK : code;
}

/* What was loaded before stays, and one bad file keeps none of the others away.  The last error. */
static enum cs_code
read_files(struct status_service *status, struct cs_err *err)
{
	enum cs_code code = CS_OK;

	for (size_t i = 0; i < status->authorities.n; i++) {
		if (read_responder(status, i, err))
			code = err->code;
		if (read_root_crl(status, i, err))
			code = err->code;
	}
	return code;
}

/* ---- alerts ---- */

static bool
is_stale(const struct status_service *status, size_t i, int64_t now_s)
{
	const struct desk *desk = &status->desks[i];

	for (uint32_t p = 0; p <= STATUS_PARTITIONS_MAX; p++)
		if (desk->crls[p] != NULL && status_crl_is_stale(&desk->crls[p]->times, now_s,
						 status->authorities.items[i].is_root))
			return true;
	return desk->crls[0] == NULL;
}

static int64_t
responder_left_s(const struct desk *desk, int64_t now_s)
{
	return pki_ocsp_responder_certificate(desk->responder)->not_after_s - now_s;
}

/* Said when it begins and when it ends; the metrics say it all the time. */
static void
alert(struct status_service *status, size_t i, int64_t now_s)
{
	struct desk *desk = &status->desks[i];
	const char *label = status->authorities.items[i].label;
	const bool stale = is_stale(status, i, now_s);
	const bool ends = desk->responder != NULL &&
			  responder_left_s(desk, now_s) < status->warn_days * CS_DAY_MS / 1000;

	if (stale && !desk->alerted_crl)
		log_error(svc_log(status->svc), "crl is missing or stale issuer=%s", label);
	else if (!stale && desk->alerted_crl)
		log_info(svc_log(status->svc), "crl is fresh again issuer=%s", label);
	if (ends && !desk->alerted_responder)
		log_warn(svc_log(status->svc),
		    "ocsp responder's certificate ends issuer=%s seconds=%lld", label,
		    (long long)responder_left_s(desk, now_s));
	desk->alerted_crl = stale;
	desk->alerted_responder = ends;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct status_service *status = arg;
	struct cs_err err;

	(void)fd;
	(void)what;
	if (read_files(status, &err)) {
		log_error(svc_log(status->svc), "files not read again reason=\"%s\"", err.text);
		svc_count(status->svc, "files", "result", "refused");
	}
	for (size_t i = 0; i < status->authorities.n; i++)
		alert(status, i, cs_now_ms() / 1000);
}

/* ---- metrics ---- */

static void
write_crl(struct cs_buf *out, const char *label, const struct crl *crl, int64_t now_s, bool of_root)
{
	const char *names = cs_arena_printf(
	    out->arena, "issuer=\"%s\",partition=\"%u\"", label, (unsigned)crl->partition);

	cs_buf_printf(out,
	    "countersign_crl_number{%s} %lld\ncountersign_crl_entries{%s} %zu\n"
	    "countersign_crl_next_update_seconds{%s} %lld\ncountersign_crl_stale{%s} %d\n",
	    names, (long long)crl->number, names, crl->entries, names,
	    (long long)(crl->times.next_update_s - now_s), names,
	    status_crl_is_stale(&crl->times, now_s, of_root));
}

static void
write_authority(struct cs_buf *out, const struct status_service *status, size_t i, int64_t now_s)
{
	const struct authority *of = &status->authorities.items[i];
	const struct desk *desk = &status->desks[i];

	for (uint32_t p = 0; p <= STATUS_PARTITIONS_MAX; p++)
		if (desk->crls[p] != NULL)
			write_crl(out, of->label, desk->crls[p], now_s, of->is_root);
	if (desk->crls[0] == NULL)
		cs_buf_printf(out,
		    "countersign_crl_number{issuer=\"%s\",partition=\"0\"} 0\n"
		    "countersign_crl_stale{issuer=\"%s\",partition=\"0\"} 1\n",
		    of->label, of->label);
	if (desk->responder != NULL)
		cs_buf_printf(out, "countersign_ocsp_responder_seconds{issuer=\"%s\"} %lld\n",
		    of->label, (long long)responder_left_s(desk, now_s));
}

void
life_metrics(const void *self, struct cs_buf *out)
{
	const struct status_service *status = self;
	const struct status_index *index = memory_index(status->memory);
	const int64_t now_s = cs_now_ms() / 1000;

	cs_buf_add_str(out,
	    "# HELP countersign_crl_number CRLNumber of what is served; 0: nothing is.\n"
	    "# TYPE countersign_crl_number gauge\n"
	    "# HELP countersign_crl_stale 1: missing, past its time, or older than 7 days.\n"
	    "# TYPE countersign_crl_stale gauge\n"
	    "# HELP countersign_crl_next_update_seconds Until nextUpdate.\n"
	    "# TYPE countersign_crl_next_update_seconds gauge\n"
	    "# TYPE countersign_crl_entries gauge\n"
	    "# HELP countersign_ocsp_responder_seconds Until the responder's certificate ends.\n"
	    "# TYPE countersign_ocsp_responder_seconds gauge\n");
	for (size_t i = 0; i < status->authorities.n; i++)
		write_authority(out, status, i, now_s);
	cs_buf_printf(out,
	    "# TYPE countersign_status_certificates gauge\n"
	    "countersign_status_certificates{state=\"known\"} %zu\n"
	    "countersign_status_certificates{state=\"revoked\"} %zu\n"
	    "# TYPE countersign_ocsp_answers_kept gauge\ncountersign_ocsp_answers_kept %zu\n"
	    "# HELP countersign_status_known_age_seconds Since memory was last as the database is.\n"
	    "# TYPE countersign_status_known_age_seconds gauge\n"
	    "countersign_status_known_age_seconds %lld\n",
	    status_index_count(index), status_index_revoked(index), status_answers_count(index),
	    (long long)(now_s - memory_known_s(status->memory)));
}

/* ---- the process ---- */

static enum cs_code
read_settings(struct status_service *status, struct cs_err *err)
{
	status->rules = (struct status_rules){ .valid_s = status->valid_hours * INT64_C(3600),
		.renew_s = status->renew_hours * INT64_C(3600),
		.max_age_s = status->max_age_s };
	const char *why = status_rules_fault(&status->rules);

	if (why != NULL)
		return cs_fail(
		    err, CS_MALFORMED, "CS_OCSP_VALID_HOURS, CS_OCSP_RENEW_HOURS: %s", why);
	return authorities_read(status->arena, status->ca_dir, &status->authorities, err);
}

enum cs_code
life_init(void *self, struct svc *svc, struct cs_err *err)
{
	struct status_service *status = self;
	const struct timeval interval = { TICK_S, 0 };

	status->svc = svc;
	status->arena = cs_arena_new();
	if (read_settings(status, err))
		return err->code;
	status->desks = CS_NEW_ARRAY(status->arena, status->authorities.n, struct desk);
	status->memory = memory_open(status);
	status->fetch = fetch_open(status);
	status->tick = event_new(svc_base(svc), -1, EV_PERSIST, on_tick, status);
	cs_assert(status->tick != NULL && event_add(status->tick, &interval) == 0);
	if (read_files(status, err))
		return err->code;
	return http_server_add_routes(svc_http(svc), web_routes, status, err);
}

void
life_fini(void *self)
{
	struct status_service *status = self;

	if (status->tick != NULL)
		event_free(status->tick);
	fetch_close(status->fetch);
	memory_close(status->memory);
	for (size_t i = 0; status->desks != NULL && i < status->authorities.n; i++)
		desk_free(&status->desks[i]);
	authorities_free(&status->authorities);
	cs_arena_free(status->arena);
}

bool
life_ready(const void *self)
{
	const struct status_service *status = self;

	return status->memory != NULL && memory_is_loaded(status->memory);
}
