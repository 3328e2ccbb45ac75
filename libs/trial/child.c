/* SPDX-License-Identifier: Apache-2.0 */
/* child.c: one look, inside a sandboxed child. */
#include "base/text.h"
#include "base/time.h"
#include "directory/directory.h"
#include "internal.h"
#include "oidc/discovery.h"
#include "outward/outward.h"

#define TOTAL_MS 15000
#define AT_ONCE_MAX 16 /* each may hold HTTP_VISIT_BODY_MAX */
#define LDAP_BUSY 51   /* RFC 4511 appendix A */
#define LDAP_UNAVAILABLE 52

struct look {
	struct outward_child *child;
	struct sandbox_question *question;
	struct trial_question asked;
	bool tls;
	struct trial_lines lines;
};

bool
trial_has(enum connector_type type)
{
	return type == CONNECTOR_SMS || type == CONNECTOR_OIDC || type == CONNECTOR_SAML ||
	       type == CONNECTOR_LDAP;
}

/* ---- what was seen ---- */

static void
finish(struct look *look)
{
	look->child->under_way--;
	sandbox_answer(look->question, trial_wire_answer(&look->lines));
}

static void
tell_failure(struct look *look, const struct http_visited *visited)
{
	struct trial_lines *lines = &look->lines;

	trial_blame(lines, "could not look at %s (%s): %s", look->asked.endpoint,
	    http_fetch_reason_name(visited->reason),
	    trial_quote(lines, cs_span_str(visited->text)));
}

static void
tell_connection(struct look *look, const struct http_visited *visited)
{
	struct trial_lines *lines = &look->lines;

	trial_say(lines, "connected to %s at %s", look->asked.endpoint, visited->address);
	if (!look->tls)
		trial_say(lines, "in clear to loopback, in a test");
	else if (visited->certificate[0] == '\0')
		trial_say(lines, "under TLS, whose certificate was checked");
	else
		trial_say(lines, "under TLS, whose certificate was checked: %s",
		    trial_quote(lines, cs_span_str(visited->certificate)));
}

/* 404 and 405 are what a door for messages says to who brings none. */
static void
tell_sms(struct look *look, const struct http_visited *visited)
{
	if (visited->status >= 500)
		trial_blame(&look->lines, "it answered %d: it is out of order", visited->status);
	else
		trial_say(&look->lines, "it answered %d", visited->status);
	trial_say(&look->lines, "nothing was sent, and nobody logged in");
}

/* Many directories refuse whoever names nobody, and are good all the same. */
static void
tell_directory(struct look *look, const struct http_visited *visited)
{
	struct trial_lines *lines = &look->lines;
	uint32_t code = 0;

	if (!directory_greeted(visited->body, &code))
		trial_blame(lines, "it does not speak LDAP");
	else if (code == LDAP_BUSY || code == LDAP_UNAVAILABLE)
		trial_blame(lines, "it speaks LDAP and answered with result %u: it is out of order",
		    (unsigned)code);
	else
		trial_say(
		    lines, "it speaks LDAP: a bind as nobody ended with result %u", (unsigned)code);
	trial_say(lines, "nobody logged in: neither a name nor a password was sent");
}

static void
tell_document(struct look *look, const struct http_visited *visited)
{
	if (visited->status != 200) {
		trial_blame(&look->lines, "it answered %d: there is no document", visited->status);
		return;
	}
	trial_say(&look->lines, "it answered 200 with %zu octets", visited->body.len);
	if (look->asked.type == CONNECTOR_OIDC)
		trial_oidc_judge(&look->lines, look->asked.endpoint, visited->body);
	else
		trial_saml_judge(
		    &look->lines, visited->body, !look->tls, cs_now_ms() / CS_SECOND_MS);
}

static void
on_visited(void *arg, const struct http_visited *visited)
{
	struct look *look = arg;

	if (visited->reason != HTTP_FETCHED) {
		tell_failure(look, visited);
		finish(look);
		return;
	}
	tell_connection(look, visited);
	if (look->asked.type == CONNECTOR_LDAP)
		tell_directory(look, visited);
	else if (visited->status >= 300 && visited->status < 400)
		trial_blame(&look->lines, "it answered %d and leads to \"%s\": nobody went there",
		    visited->status, trial_quote(&look->lines, cs_span_str(visited->location)));
	else if (look->asked.type == CONNECTOR_SMS)
		tell_sms(look, visited);
	else
		tell_document(look, visited);
	finish(look);
}

/* ---- the question ---- */

/* What is said there; where that is, is said by outward_place(). */
static struct http_visit
visit_of(const struct look *look, const char *path)
{
	const bool ldap = look->asked.type == CONNECTOR_LDAP;

	if (look->asked.type == CONNECTOR_OIDC)
		path = oidc_discovery_path(look->question->arena, path);
	return (struct http_visit){
		.target = path[0] == '\0' ? "/" : path,
		.handshake_only = ldap,
		.say = ldap ? directory_greeting(look->question->arena) : cs_span_str(NULL),
		.whole = directory_whole,
		.total_ms = TOTAL_MS,
	};
}

static void
visit(struct look *look, const struct connector_url *url)
{
	const struct outward_way way = {
		.protocol = look->asked.type == CONNECTOR_LDAP ? OUTWARD_LDAP : OUTWARD_HTTP,
		.platform = look->asked.platform,
		.test_mode = look->child->test_mode,
	};
	struct http_visit what = visit_of(look, url->path);

	if (!outward_place(&way, url, &what)) {
		trial_blame(&look->lines, "its endpoint is not under TLS");
		finish(look);
	} else if (look->child->under_way > AT_ONCE_MAX) {
		trial_blame(&look->lines, "too many are looked at now: try it again");
		finish(look);
	} else {
		look->tls = what.tls;
		http_visit(look->child->visitor, &what, on_visited, look);
	}
}

static void
child_ask(struct sandbox_question *question)
{
	struct look *look = CS_NEW(question->arena, struct look);
	struct connector_url url;

	*look = (struct look){ .child = question->self,
		.question = question,
		.lines = { .arena = question->arena, .good = true } };
	cs_assert(trial_wire_read_question(question->arena, question->octets, &look->asked));
	look->child->under_way++;
	if (connector_url_parse(question->arena, look->asked.endpoint, &url)) {
		visit(look, &url);
		return;
	}
	trial_blame(&look->lines, "its endpoint is no URL");
	finish(look);
}

const struct sandbox_role trial_role = { .name = "trial",
	.flags = SANDBOX_NETWORK,
	.memory_mib = 384,
	.files_max = 256,
	.open = outward_child_open,
	.ask = child_ask,
	.close = outward_child_close };
