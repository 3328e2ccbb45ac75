/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_relay.h"

#include <string.h>

static struct {
	enum cs_code code;
	struct smtp_result result;
	char to[256];
	uint8_t mail[8192], done[1024];
	struct cs_span made;
	size_t mail_len, done_len;
	unsigned times;
} relay;

void
fake_relay_says(enum cs_code code, const struct smtp_result *result)
{
	memset(&relay, 0, sizeof(relay));
	relay.code = code;
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
smtp_send(struct smtp *smtp, const char *to, struct cs_span message, smtp_done *done, void *arg,
    struct cs_err *err)
{
	(void)smtp;
	cs_assert(strlen(to) < sizeof(relay.to) && message.len <= sizeof(relay.mail));
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

/* ---- svc/svc.h, as far as act needs it ---- */

struct event_base *
svc_base(struct svc *svc)
{
	(void)svc;
	return NULL;
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
