/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_relay.h"

#include <string.h>

#include "inbox.h"

static struct {
	enum cs_code code;
	struct smtp_result result;
	char from[256], to[256], looked[256];
	struct probe_finding route;
	uint8_t mail[8192], done[4096];
	struct cs_span made;
	size_t mail_len, done_len;
	unsigned times;
} relay;

static const char *const hosts[] = { "10 mx.alpha.example" };
static struct claim_lookup lookups[] = {
	{ .name = "alpha.example",
	    .type = "MX",
	    .security = CLAIM_DNSSEC_SECURE,
	    .why = "",
	    .ttl_s = 300,
	    .answered_at_ms = 5 },
};
static const struct probe_finding one_host = {
	.outcome = CLAIM_PROVED,
	.reason = "mx-found",
	.clause = "RFC 5321 5.1",
	.text = "one host takes the domain's mail",
	.security = CLAIM_DNSSEC_SECURE,
	.found_at = "alpha.example",
	.ttl_s = 300,
	.lookups = lookups,
	.n_lookups = 1,
	.seen = { (const char **)hosts, 1 },
	.detail = "",
	.checked_at_ms = 5,
};

void
fake_relay_route(const struct probe_finding *finding)
{
	relay.route = *finding;
}

const char *
fake_relay_looked(void)
{
	return relay.looked;
}

const char *
fake_relay_from(void)
{
	return relay.from;
}

void
fake_relay_says(enum cs_code code, const struct smtp_result *result)
{
	memset(&relay, 0, sizeof(relay));
	relay.code = code;
	relay.route = one_host;
	if (result != NULL)
		relay.result = *result;
}

struct cs_span
fake_relay_mail(const char **ret_to)
{
	*ret_to = relay.to;
	return cs_span_of(relay.mail, relay.mail_len);
}

struct cs_span
fake_relay_done(unsigned *ret_times)
{
	*ret_times = relay.times;
	return cs_span_of(relay.done, relay.done_len);
}

/* ---- http/smtp.h ---- */

enum cs_code
smtp_open(struct event_base *base, const struct smtp_settings *settings, struct smtp **ret_smtp,
    struct cs_err *err)
{
	(void)base;
	(void)settings;
	(void)ret_smtp;
	return cs_fail(err, CS_INTERNAL, "not in these tests");
}

/* The real one calls back from the loop: here at once, after act has done all it does. */
enum cs_code
smtp_send_from(struct smtp *smtp, const char *from, const char *to, struct cs_span message,
    smtp_done *done, void *arg, struct cs_err *err)
{
	(void)smtp;
	cs_assert(strlen(to) < sizeof(relay.to) && message.len <= sizeof(relay.mail));
	strcpy(relay.from, from == NULL ? "" : from);
	strcpy(relay.to, to);
	memcpy(relay.mail, message.data, message.len);
	relay.mail_len = message.len;
	if (relay.code != CS_OK)
		return cs_fail(err, relay.code, "told to say no");
	done(arg, &relay.result);
	return CS_OK;
}

void
smtp_close(struct smtp *smtp)
{
	(void)smtp;
}

/* ---- probe/probe.h ---- */

enum cs_code
probe_crew_open(const struct probe_settings *settings, const struct probe_crew *crew,
    struct event_base *base, struct probe **ret_probe, struct cs_err *err)
{
	(void)settings;
	(void)crew;
	(void)base;
	(void)ret_probe;
	return cs_fail(err, CS_INTERNAL, "not in these tests");
}

void
probe_close(struct probe *probe)
{
	(void)probe;
}

void
probe_start(struct probe *probe, const struct claim_check *check, struct cs_arena *arena,
    probe_done *done, void *arg)
{
	(void)probe;
	(void)arena;
	cs_assert(check->kind == CLAIM_MAILBOX && strcmp(check->method, "mail-route") == 0);
	cs_assert(strlen(check->target) < sizeof(relay.looked));
	strcpy(relay.looked, check->target);
	done(arg, &relay.route);
}

/* Told at once, as if it were durable. */
void
answers_keep(
    struct answers *answers, const struct probe_finding *finding, answers_done *done, void *arg)
{
	(void)answers;
	(void)finding;
	done(arg, true);
}

enum cs_code
answers_open(const struct answers_settings *settings, struct event_base *base, struct answers **ret,
    struct cs_err *err)
{
	(void)settings;
	(void)base;
	(void)ret;
	return cs_fail(err, CS_INTERNAL, "not in these tests");
}

void
answers_close(struct answers *answers)
{
	(void)answers;
}

/* ---- reply/crew.h, inbox.h ---- */

enum cs_code
reply_crew_open(const struct reply_crew_settings *settings, struct event_base *base,
    struct reply_crew **ret_crew, struct cs_err *err)
{
	(void)settings;
	(void)base;
	(void)ret_crew;
	return cs_fail(err, CS_INTERNAL, "not in these tests");
}

void
reply_crew_close(struct reply_crew *crew)
{
	(void)crew;
}

enum cs_code
inbox_open(
    struct mailbox_service *mailbox, struct svc *svc, struct inbox **ret_inbox, struct cs_err *err)
{
	(void)mailbox;
	(void)svc;
	(void)ret_inbox;
	return cs_fail(err, CS_INTERNAL, "not in these tests");
}

void
inbox_close(struct inbox *inbox)
{
	(void)inbox;
}

/* ---- svc/svc.h, as far as act needs it ---- */

struct event_base *
svc_base(struct svc *svc)
{
	(void)svc;
	return NULL;
}

bool
svc_test_mode(const struct svc *svc)
{
	(void)svc;
	return true;
}

void
svc_child_told(void *arg, enum sandbox_fact fact, const char *text)
{
	(void)arg;
	(void)fact;
	(void)text;
}

void
svc_count(struct svc *svc, const char *name, const char *label, const char *value)
{
	(void)svc;
	cs_assert(name[0] != '\0' && label[0] != '\0' && value[0] != '\0');
}

void
svc_done(struct svc_work *work, struct cs_span result)
{
	(void)work;
	cs_assert(result.len <= sizeof(relay.done));
	if (result.len > 0)
		memcpy(relay.done, result.data, result.len);
	relay.done_len = result.len;
	relay.times++;
}
