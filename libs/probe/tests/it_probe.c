/* SPDX-License-Identifier: Apache-2.0 */
/*
 * it_probe.c: each kind of look at the private internet that run-it.sh starts.  What is published there
 * is set up once; every row of a table is one look.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki/ed25519.h"
#include "probe/probe.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define VALUE "abcdefghijklmnopqrstuvwxyz234567"
#define OURS "ca.countersign.example"
#define SECOND "second.countersign.example" /* another issuer domain name of ours */
#define TOKEN "abcdefghijklmnopqrstuvwx_-"
#define KEY_AUTHORIZATION TOKEN ".NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
#define TERMS \
	"issuers=ca.countersign.example account=acct:demo@ca.countersign.example methods=dns-txt"

/* ---- what a child does that an answer took over: done here, and nowhere in the product ---- */

static void
run_program(void)
{
	char *argv[] = { (char *)(uintptr_t) "true", NULL };

	(void)execve("/bin/true", argv, NULL);
}

static void
make_file(void)
{
	(void)!open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static void
listen_here(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)listen(fd, 1);
}

static void
reach_database(void)
{
	(void)!socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static const struct crime {
	const char *target; /* whoever looks at it is taken over */
	void (*commit)(void);
} crimes[] = {
	{ "runs-a-program.takes-over.example", run_program },
	{ "makes-a-file.takes-over.example", make_file },
	{ "listens.takes-over.example", listen_here },
	{ "reaches-the-database.takes-over.example", reach_database },
};

/* The product's own way to look, but at these. */
static void
ask_taken_over(struct sandbox_question *question)
{
	for (size_t i = 0; i < LEN(crimes); i++)
		if (memmem(question->octets.data, question->octets.len, crimes[i].target,
			strlen(crimes[i].target)) != NULL)
			crimes[i].commit();
	probe_role.ask(question);
}

struct world {
	bool in_children;   /* a crew looks */
	unsigned forbidden; /* children that died of a call that they must not make */
	struct cs_arena *arena;
	struct event_base *base;
	struct probe *probe;
	struct cs_err err;
	struct probe_settings settings;
	struct probe_finding got;
	bool done;
	struct claim_key *key;
};

/* ---- what is published ---- */

static const char *
env(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL)
		fail_msg("%s is not set: run this by run-it.sh", name);
	return value;
}

static void
call(struct world *world, const char *words)
{
	const char *command = cs_arena_printf(world->arena, "%s %s", env("CS_STACK_CALL"), words);

	if (system(command) != 0)
		fail_msg("%s", command);
}

static const char *
path_on_server(struct world *world, const char *host)
{
	const char *url = probe_file_url(world->arena, host, cs_span_str(VALUE));

	return url + strlen("http://") + strlen(host);
}

static void
make_dirs(struct world *world, const char *host)
{
	static const char *const below[] = { "", "/.well-known", "/.well-known/pki-validation" };

	for (size_t i = 0; i < LEN(below); i++)
		(void)mkdir(cs_arena_printf(
				world->arena, "%s/%s%s", env("CS_STACK_WEB_DIR"), host, below[i]),
		    0755);
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	(void)fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void
put_file(struct world *world, const char *host, const char *text)
{
	make_dirs(world, host);
	write_file(cs_arena_printf(world->arena, "%s/%s%s", env("CS_STACK_WEB_DIR"), host,
		       path_on_server(world, host)),
	    text);
}

static void
put_acme(struct world *world, const char *host, const char *text)
{
	const char *dir = cs_arena_printf(
	    world->arena, "%s/%s/.well-known/acme-challenge", env("CS_STACK_WEB_DIR"), host);

	make_dirs(world, host);
	(void)mkdir(dir, 0755);
	write_file(cs_arena_printf(world->arena, "%s/" TOKEN, dir), text);
}

/* What the server answers instead of a file: {"status": ...}. */
static void
put_hook(struct world *world, const char *host, const char *json)
{
	make_dirs(world, host);
	write_file(
	    cs_arena_printf(world->arena, "%s/%s/.hooks.json", env("CS_STACK_WEB_DIR"), host),
	    cs_arena_printf(world->arena, "{\"%s\": %s}", path_on_server(world, host), json));
}

static void
put_redirect(struct world *world, const char *host, const char *location)
{
	put_hook(world, host,
	    cs_arena_printf(
		world->arena, "{\"status\": 302, \"headers\": {\"Location\": \"%s\"}}", location));
}

/* Hosts of alpha.example at the web server, and two that are where nobody may be sent. */
static void
publish_hosts(struct world *world)
{
	static const char *const hosts[] = { "good", "newline", "crlf", "differs", "padded", "gone",
		"large", "moved", "secured", "trap", "away", "loop", "rebound" };

	for (size_t i = 0; i < LEN(hosts); i++)
		call(world, cs_arena_printf(world->arena, "dns.set alpha.example %s A %s.80",
				hosts[i], env("CS_STACK_BLOCK")));
	call(world, "dns.set alpha.example private A 10.0.0.1");
	call(world, "dns.set alpha.example loopback A 127.0.0.1");
	call(world, cs_arena_printf(world->arena, "dns.set alpha.example half A %s.80 192.168.0.1",
			env("CS_STACK_BLOCK")));
}

static void
publish_files(struct world *world)
{
	put_file(world, "good.alpha.example", VALUE);
	put_file(world, "newline.alpha.example", VALUE "\n");
	put_file(world, "crlf.alpha.example", VALUE "\r\n");
	put_file(world, "differs.alpha.example", "another value");
	put_file(world, "padded.alpha.example", " " VALUE);
	put_file(world, "bogus.example", VALUE);
	put_file(world, "beta.example", VALUE);
	make_dirs(world, "gone.alpha.example");
	put_hook(world, "large.alpha.example",
	    "{\"status\": 200, \"body\": \"" VALUE "\", \"size\": 100000}");
	put_redirect(world, "moved.alpha.example",
	    probe_file_url(world->arena, "good.alpha.example", cs_span_str(VALUE)));
	put_redirect(world, "secured.alpha.example", "https://https.alpha.example/anything");
	put_redirect(world, "trap.alpha.example", "http://private.alpha.example/x");
	put_redirect(world, "rebound.alpha.example", "http://127.0.0.1/x");
	put_redirect(world, "away.alpha.example", "http://good.alpha.example:8080/x");
	put_redirect(world, "loop.alpha.example",
	    probe_file_url(world->arena, "loop.alpha.example", cs_span_str(VALUE)));
}

static void
publish_records(struct world *world)
{
	call(world, "dns.set alpha.example _countersign-challenge TXT '\"" VALUE "\"'");
	call(world, "dns.set ed448.example _countersign-challenge TXT '\"" VALUE "\"'");
	call(world, "dns.set alpha.example _countersign-challenge.to448 CNAME"
		    " _countersign-challenge.ed448.example.");
	call(world, "dns.set beta.example _countersign-challenge TXT '\"other\"' '\"" VALUE "\"'");
	call(world, "dns.set bogus.example _countersign-challenge TXT '\"" VALUE "\"'");
	call(world, "dns.set caa-allow.example _countersign-challenge TXT '\"" VALUE " \"'"
		    " '\"x" VALUE "\"' '\"abcdefghijklmnopqrstuvwxyz23456\"'");
	call(world, "dns.set caa-deny.example _countersign-challenge TXT"
		    " '\"abcdefghijklm\" \"nopqrstuvwxyz234567\"'");
}

static void
publish_methods(struct world *world)
{
	call(world,
	    "dns.set alpha.example _countersign-challenge.cn CNAME " VALUE ".cn.alpha.example.");
	call(world,
	    "dns.set alpha.example _countersign-challenge.cnother CNAME " VALUE ".alpha.example.");
	call(world, "dns.set caa-deny.example _countersign-challenge.up CNAME x.example.");
	call(world, "dns.set caa-allow.example _validation-persist TXT"
		    " '\"other.example; accounturi=acct:demo@" OURS "\"'"
		    " '\"" OURS "; accounturi=acct:demo@" OURS "; persistUntil=4102444800\"'");
	call(world, "dns.set caa-deny.example _validation-persist TXT"
		    " '\"" OURS "; accounturi=acct:demo@" OURS "; persistUntil=1700000000\"'");
	call(world, "dns.set bogus.example _validation-persist TXT"
		    " '\"" OURS "; accounturi=acct:demo@" OURS "\"'");
	call(world, "dns.set alpha.example _validation-persist TXT"
		    " '\"" OURS "; accounturi=acct:other@" OURS "\"'");
	call(world, "dns.set alpha.example _validation-persist.second TXT"
		    " '\"" SECOND "; accounturi=acct:demo@" OURS "\"'");
	put_acme(world, "good.alpha.example", KEY_AUTHORIZATION " \r\n\t");
	put_acme(world, "padded.alpha.example", " " KEY_AUTHORIZATION);
	call(world, "dns.set alpha.example servers MX '10 good.alpha.example.'");
	call(world, "dns.set alpha.example _countersign-challenge.good TXT '\"" VALUE "\"'");
	call(world, "dns.set alpha.example others MX '5 newline.alpha.example.'"
		    " '10 good.alpha.example.'");
	call(world, "dns.set alpha.example equal MX '5 newline.alpha.example.'"
		    " '5 good.alpha.example.'");
	call(world, "dns.set alpha.example behind MX '10 mxalias.alpha.example.'");
}

static void
publish_tls(struct world *world)
{
	static const struct {
		const char *owner;
		int last; /* of alpn_server.py's addresses; nobody is at .84 */
	} hosts[] = { { "'*.tls'", 81 }, { "plain", 82 }, { "cut", 83 }, { "closed", 84 },
		{ "https", 85 } };

	for (size_t i = 0; i < LEN(hosts); i++)
		call(world, cs_arena_printf(world->arena, "dns.set alpha.example %s A %s.%d",
				hosts[i].owner, env("CS_STACK_BLOCK"), hosts[i].last));
}

static void
publish_mail(struct world *world)
{
	call(world, "dns.set alpha.example m1 MX '20 mx2.alpha.example.' '10 mx1.alpha.example.'");
	call(world, "dns.set alpha.example mx1 A 192.0.2.1");
	call(world, "dns.set alpha.example mx2 AAAA 2001:db8::1");
	call(world, "dns.set alpha.example implicit A 192.0.2.1");
	call(world, "dns.set alpha.example nullmx MX '0 .'");
	call(world, "dns.set alpha.example nomail TXT '\"x\"'");
	call(world, "dns.set alpha.example mxalias CNAME mx1.alpha.example.");
	call(world, "dns.set alpha.example aliased MX '10 mxalias.alpha.example.'");
	call(world, "dns.set alpha.example nowhere MX '10 nothing.alpha.example.'");
	call(world, "dns.set alpha.example local MX '10 localhost.'");
	call(world, "dns.set alpha.example forged MX '10 mail.bogus.example.'");
	call(world, "dns.set bogus.example mail A 192.0.2.1");
	call(world, "dns.set alpha.example sel._domainkey TXT '\"v=DKIM1; p=\" \"AAAA\"'");
	call(world, "dns.set alpha.example two._domainkey TXT '\"a\"' '\"b\"'");
	call(world, "dns.set alpha.example odd._domainkey TXT '\"v=DKIM1\\001\"'");
	call(world, "dns.set bogus.example sel._domainkey TXT '\"v=DKIM1; p=AAAA\"'");
}

/* ---- one look ---- */

static void
make_key(struct world *world)
{
	const char *path = cs_arena_printf(world->arena, "%s/it-probe.pem", env("CS_STACK_DIR"));

	assert_int_equal(pki_ed25519_generate(path, NULL), CS_OK);
	assert_int_equal(claim_key_load(path, &world->key, NULL), CS_OK);
	(void)unlink(path);
}

static void
on_child(void *arg, enum sandbox_fact fact, const char *text)
{
	struct world *world = arg;

	world->forbidden += fact == SANDBOX_CHILD_DIED && strstr(text, "role=probe") != NULL &&
			    strstr(text, "signal=SIGSYS") != NULL;
	if (fact != SANDBOX_CHILD_STARTED)
		print_message("child %s %s\n", sandbox_fact_name(fact), text);
}

static enum cs_code
open_probe(struct world *world, const struct probe_settings *settings, struct probe **ret_probe,
    struct cs_err *err)
{
	const struct probe_crew crew = {
		.children = 2, .remembering = 2, .told = on_child, .told_arg = world
	};

	if (world->in_children)
		return probe_crew_open(settings, &crew, world->base, ret_probe, err);
	return probe_open(settings, world->base, ret_probe, err);
}

static int
setup(void **state, bool in_children)
{
	struct cs_arena *arena = cs_arena_new();
	struct world *world = CS_NEW(arena, struct world);
	struct cs_err err;

	world->arena = arena;
	world->in_children = in_children;
	world->base = event_base_new();
	world->settings = (struct probe_settings){ .root_hints_file = env("CS_DNS_ROOT_HINTS_FILE"),
		.anchor_file = env("CS_DNS_ANCHOR_FILE"),
		.public_nets = env("CS_TEST_PUBLIC_NETS"),
		.test_mode = true };
	make_key(world);
	publish_hosts(world);
	publish_files(world);
	publish_records(world);
	publish_mail(world);
	publish_methods(world);
	publish_tls(world);
	if (open_probe(world, &world->settings, &world->probe, &err))
		fail_msg("%s", err.text);
	*state = world;
	return 0;
}

static int
setup_here(void **state)
{
	return setup(state, false);
}

static int
setup_children(void **state)
{
	return setup(state, true);
}

static int
teardown(void **state)
{
	struct world *world = *state;

	probe_close(world->probe);
	claim_key_free(world->key);
	event_base_free(world->base);
	cs_arena_free(world->arena);
	return 0;
}

static void
on_done(void *arg, const struct probe_finding *finding)
{
	struct world *world = arg;

	assert_false(world->done);
	world->done = true;
	world->got = *finding;
	(void)event_base_loopbreak(world->base);
}

static const struct probe_finding *
look_by(struct world *world, struct probe *probe, const struct claim_check *check)
{
	world->done = false;
	probe_start(probe, check, world->arena, on_done, world);
	if (!world->done)
		(void)event_base_dispatch(world->base);
	assert_true(world->done);
	return &world->got;
}

static struct claim_check
check_of(enum claim_kind kind, const char *method, const char *target)
{
	static const char *issuers[] = { OURS };

	return (struct claim_check){ .id = "check-1",
		.kind = kind,
		.target = target,
		.method = method,
		.enterprise = "demo",
		.account = "",
		.expected = cs_span_str(kind == CLAIM_CAA ? TERMS : VALUE),
		.issuer_domains = { issuers, 1 } };
}

static const struct probe_finding *
look(struct world *world, enum claim_kind kind, const char *method, const char *target)
{
	const struct claim_check check = check_of(kind, method, target);

	return look_by(world, world->probe, &check);
}

struct want {
	const char *target;
	enum claim_outcome outcome;
	const char *reason;
	enum claim_dnssec security;
};

static void
expect(const struct want *want, const struct probe_finding *got)
{
	if (got->outcome != want->outcome || strcmp(got->reason, want->reason) != 0 ||
	    got->security != want->security)
		fail_msg("%s: got %s %s %s (%s), want %s %s %s", want->target,
		    claim_outcome_name(got->outcome), got->reason, claim_dnssec_name(got->security),
		    got->text, claim_outcome_name(want->outcome), want->reason,
		    claim_dnssec_name(want->security));
	if (got->clause[0] == '\0' || got->text[0] == '\0' || got->checked_at_ms == 0)
		fail_msg("%s: %s \"%s\" \"%s\"", want->target, got->reason, got->clause, got->text);
}

/* Every consumer reads evidence strictly: what was found must be something that it takes. */
static void
expect_readable(struct world *world, const struct claim_check *check)
{
	struct claim_asked asked = { .check = *check, .asked_at_ms = 1 };
	struct claim_evidence evidence, read;
	struct cs_err err = { 0 };

	memset(asked.request.octets, 1, sizeof(asked.request.octets));
	claim_evidence_for(&asked, &evidence);
	probe_into_evidence(&world->got, &evidence);
	struct cs_span sealed = claim_seal_evidence(world->arena, world->key, &evidence);

	if (claim_open_evidence(world->arena, NULL, sealed, evidence.checked_at_ms, &read, &err))
		fail_msg("%s: %s", check->target, err.text);
}

/* ---- the kinds ---- */

static const struct want caa[] = {
	{ "caa-allow.example", CLAIM_PROVED, "caa-authorized", CLAIM_DNSSEC_SECURE },
	{ "x.caa-allow.example", CLAIM_PROVED, "caa-authorized", CLAIM_DNSSEC_SECURE },
	{ "caa-deny.example", CLAIM_REFUSED, "caa-not-authorized", CLAIM_DNSSEC_SECURE },
	{ "x.caa-deny.example", CLAIM_REFUSED, "caa-not-authorized", CLAIM_DNSSEC_SECURE },
	{ "alpha.example", CLAIM_PROVED, "caa-no-caa", CLAIM_DNSSEC_SECURE },
	{ "beta.example", CLAIM_PROVED, "caa-no-caa", CLAIM_DNSSEC_INSECURE },
	{ "ed448.example", CLAIM_REFUSED, "caa-dnssec-unsupported-algorithm",
	    CLAIM_DNSSEC_INDETERMINATE },
	{ "bogus.example", CLAIM_REFUSED, "caa-dnssec-bogus", CLAIM_DNSSEC_BOGUS },
	{ "expired.example", CLAIM_REFUSED, "caa-dnssec-bogus", CLAIM_DNSSEC_BOGUS },
};

static void
caa_is_judged_by_what_is_published(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < LEN(caa); i++)
		expect(&caa[i], look(world, CLAIM_CAA, "caa-issuemail", caa[i].target));
}

/* Whoever has mended the records and presses Verify is not told of those from before. */
static void
caa_is_looked_up_anew_when_somebody_asks(void **state)
{
	static const struct want before = { "bench.example", CLAIM_REFUSED, "caa-not-authorized",
		CLAIM_DNSSEC_SECURE };
	static const struct want after = { "bench.example", CLAIM_PROVED, "caa-no-caa",
		CLAIM_DNSSEC_SECURE };
	struct world *world = *state;
	struct claim_check check = check_of(CLAIM_CAA, "caa-issuemail", "bench.example");

	call(world, "dns.set bench.example @ CAA '0 issuemail \";\"'"); /* its TTL is 300 s */
	expect(&before, look_by(world, world->probe, &check));
	call(world, "dns.remove bench.example @ CAA");
	if (world->in_children) /* where a look for a pipeline rests on what was seen just now */
		expect(&before, look_by(world, world->probe, &check));
	check.fresh = true;
	expect(&after, look_by(world, world->probe, &check));
}

static void
caa_shows_its_record_and_its_lookups(void **state)
{
	const struct probe_finding *got =
	    look(*state, CLAIM_CAA, "caa-issuemail", "x.caa-deny.example");

	assert_string_equal(got->found_at, "caa-deny.example");
	assert_int_equal(got->seen.n, 1);
	assert_string_equal(got->seen.items[0], "0 issuemail \";\""); /* escaped once */
	assert_non_null(strstr(got->text, got->seen.items[0]));
	assert_true(got->n_lookups >= 2);
	for (size_t i = 0; i < got->n_lookups; i++) {
		assert_string_equal(got->lookups[i].type, "caa");
		assert_int_equal(got->lookups[i].wire_sha256.len, CLAIM_DIGEST);
	}
}

static const struct want txt[] = {
	{ "alpha.example", CLAIM_PROVED, "txt-matches", CLAIM_DNSSEC_SECURE },
	{ "beta.example", CLAIM_PROVED, "txt-matches", CLAIM_DNSSEC_INSECURE },
	/* The value is there, in a zone that is signed as only few can check; and by an alias to it. */
	{ "ed448.example", CLAIM_REFUSED, "dnssec-unsupported-algorithm",
	    CLAIM_DNSSEC_INDETERMINATE },
	{ "to448.alpha.example", CLAIM_REFUSED, "dnssec-unsupported-algorithm",
	    CLAIM_DNSSEC_INDETERMINATE },
	{ "caa-deny.example", CLAIM_PROVED, "txt-matches", CLAIM_DNSSEC_SECURE },
	{ "caa-allow.example", CLAIM_REFUSED, "txt-differs", CLAIM_DNSSEC_SECURE },
	{ "gamma.mail", CLAIM_REFUSED, "txt-no-record", CLAIM_DNSSEC_SECURE },
	{ "bogus.example", CLAIM_REFUSED, "dnssec-bogus", CLAIM_DNSSEC_BOGUS },
	{ "expired.example", CLAIM_REFUSED, "dnssec-bogus", CLAIM_DNSSEC_BOGUS },
};

static void
a_record_proves_by_being_exactly_the_value(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < LEN(txt); i++)
		expect(&txt[i], look(world, CLAIM_DOMAIN, "dns-txt", txt[i].target));
}

/* Another look must not be answered from memory: the person has just published the value. */
static void
a_record_is_seen_as_soon_as_it_is_there(void **state)
{
	static const struct want before = { "gamma.mail", CLAIM_REFUSED, "txt-no-record",
		CLAIM_DNSSEC_SECURE };
	static const struct want after = { "gamma.mail", CLAIM_PROVED, "txt-matches",
		CLAIM_DNSSEC_SECURE };
	struct world *world = *state;

	expect(&before, look(world, CLAIM_MPIC_DOMAIN, "dns-txt", "gamma.mail"));
	call(world, "dns.set gamma.mail _countersign-challenge TXT '\"" VALUE "\"'");
	expect(&after, look(world, CLAIM_MPIC_DOMAIN, "dns-txt", "gamma.mail"));
	call(world, "dns.remove gamma.mail _countersign-challenge TXT");
	expect(&before, look(world, CLAIM_MPIC_DOMAIN, "dns-txt", "gamma.mail"));
}

static const struct want files[] = {
	{ "good.alpha.example", CLAIM_PROVED, "http-matches", CLAIM_DNSSEC_SECURE },
	{ "newline.alpha.example", CLAIM_PROVED, "http-matches", CLAIM_DNSSEC_SECURE },
	{ "crlf.alpha.example", CLAIM_PROVED, "http-matches", CLAIM_DNSSEC_SECURE },
	{ "moved.alpha.example", CLAIM_PROVED, "http-matches", CLAIM_DNSSEC_SECURE },
	{ "secured.alpha.example", CLAIM_PROVED, "http-matches", CLAIM_DNSSEC_SECURE },
	{ "beta.example", CLAIM_PROVED, "http-matches", CLAIM_DNSSEC_INSECURE },
	{ "differs.alpha.example", CLAIM_REFUSED, "http-differs", CLAIM_DNSSEC_SECURE },
	{ "padded.alpha.example", CLAIM_REFUSED, "http-differs", CLAIM_DNSSEC_SECURE },
	{ "gone.alpha.example", CLAIM_REFUSED, "http-status", CLAIM_DNSSEC_SECURE },
	{ "large.alpha.example", CLAIM_REFUSED, "http-too-large", CLAIM_DNSSEC_SECURE },
	{ "away.alpha.example", CLAIM_REFUSED, "http-bad-redirect", CLAIM_DNSSEC_SECURE },
	{ "rebound.alpha.example", CLAIM_REFUSED, "http-bad-redirect", CLAIM_DNSSEC_SECURE },
	{ "loop.alpha.example", CLAIM_REFUSED, "http-too-many-redirects", CLAIM_DNSSEC_SECURE },
	{ "trap.alpha.example", CLAIM_REFUSED, "http-address-refused", CLAIM_DNSSEC_SECURE },
	{ "private.alpha.example", CLAIM_REFUSED, "http-address-refused", CLAIM_DNSSEC_SECURE },
	{ "loopback.alpha.example", CLAIM_REFUSED, "http-address-refused", CLAIM_DNSSEC_SECURE },
	{ "half.alpha.example", CLAIM_REFUSED, "http-address-refused", CLAIM_DNSSEC_SECURE },
	{ "nobody.alpha.example", CLAIM_COULD_NOT_TELL, "http-not-resolved", CLAIM_DNSSEC_SECURE },
	{ "bogus.example", CLAIM_REFUSED, "http-not-resolved", CLAIM_DNSSEC_BOGUS },
};

static void
a_file_proves_by_being_exactly_the_value(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < LEN(files); i++)
		expect(&files[i], look(world, CLAIM_DOMAIN, "http-file", files[i].target));
}

static void
a_fetch_names_every_place_that_it_visited(void **state)
{
	const struct probe_finding *got =
	    look(*state, CLAIM_DOMAIN, "http-file", "moved.alpha.example");

	assert_non_null(strstr(got->detail, "http://moved.alpha.example/"));
	assert_non_null(strstr(got->detail, ": 302; http://good.alpha.example/"));
	assert_non_null(strstr(got->detail, ": 200"));
	assert_string_equal(got->found_at, probe_file_url(((struct world *)*state)->arena,
					       "moved.alpha.example", cs_span_str(VALUE)));
	assert_null(strstr(got->detail, VALUE)); /* the value is in no URL */
}

/* Records at the name itself or, as the method allows, at a parent. */
static const struct {
	const char *method;
	struct want want;
	const char *found_at;
} records[] = {
	{ "dns-txt", { "a.b.alpha.example", CLAIM_PROVED, "txt-matches", CLAIM_DNSSEC_SECURE },
	    "alpha.example" },
	{ "dns-txt", { "x.beta.example", CLAIM_PROVED, "txt-matches", CLAIM_DNSSEC_INSECURE },
	    "beta.example" },
	{ "dns-txt", { "x.caa-allow.example", CLAIM_REFUSED, "txt-differs", CLAIM_DNSSEC_SECURE },
	    "caa-allow.example" },
	{ "dns-txt", { "x.gamma.mail", CLAIM_REFUSED, "txt-no-record", CLAIM_DNSSEC_SECURE },
	    "x.gamma.mail" },
	{ "dns-txt", { "x.bogus.example", CLAIM_REFUSED, "dnssec-bogus", CLAIM_DNSSEC_BOGUS }, "" },
	{ "dns-cname", { "cn.alpha.example", CLAIM_PROVED, "cname-matches", CLAIM_DNSSEC_SECURE },
	    "cn.alpha.example" },
	{ "dns-cname",
	    { "x.y.cn.alpha.example", CLAIM_PROVED, "cname-matches", CLAIM_DNSSEC_SECURE },
	    "cn.alpha.example" },
	{ "dns-cname",
	    { "cnother.alpha.example", CLAIM_REFUSED, "cname-differs", CLAIM_DNSSEC_SECURE },
	    "cnother.alpha.example" },
	{ "dns-cname", { "gamma.mail", CLAIM_REFUSED, "cname-no-record", CLAIM_DNSSEC_SECURE },
	    "gamma.mail" },
	{ "dns-cname", { "bogus.example", CLAIM_REFUSED, "dnssec-bogus", CLAIM_DNSSEC_BOGUS }, "" },
	{ "dns-persist",
	    { "caa-allow.example", CLAIM_PROVED, "persist-matches", CLAIM_DNSSEC_SECURE },
	    "caa-allow.example" },
	{ "dns-persist",
	    { "m.caa-allow.example", CLAIM_PROVED, "persist-matches", CLAIM_DNSSEC_SECURE },
	    "caa-allow.example" },
	{ "dns-persist",
	    { "caa-deny.example", CLAIM_REFUSED, "persist-expired", CLAIM_DNSSEC_SECURE },
	    "caa-deny.example" },
	{ "dns-persist",
	    { "alpha.example", CLAIM_REFUSED, "persist-other-account", CLAIM_DNSSEC_SECURE },
	    "alpha.example" },
	{ "dns-persist", { "gamma.mail", CLAIM_REFUSED, "persist-no-record", CLAIM_DNSSEC_SECURE },
	    "gamma.mail" },
	{ "dns-persist", { "bogus.example", CLAIM_REFUSED, "dnssec-bogus", CLAIM_DNSSEC_BOGUS },
	    "" },
	{ "mx-dns-txt",
	    { "servers.alpha.example", CLAIM_PROVED, "txt-matches", CLAIM_DNSSEC_SECURE },
	    "good.alpha.example" },
	/* What the parents of a mail server say is not the mail server's. */
	{ "mx-dns-txt",
	    { "others.alpha.example", CLAIM_REFUSED, "txt-no-record", CLAIM_DNSSEC_SECURE },
	    "newline.alpha.example" },
	{ "mx-dns-txt",
	    { "behind.alpha.example", CLAIM_REFUSED, "mx-none-usable", CLAIM_DNSSEC_SECURE }, "" },
	{ "mx-dns-txt", { "nullmx.alpha.example", CLAIM_REFUSED, "mx-null", CLAIM_DNSSEC_SECURE },
	    "" },
	{ "mx-http-file",
	    { "behind.alpha.example", CLAIM_REFUSED, "mx-none-usable", CLAIM_DNSSEC_SECURE }, "" },
	{ "mx-http-file", { "bogus.example", CLAIM_REFUSED, "dnssec-bogus", CLAIM_DNSSEC_BOGUS },
	    "" },
};

static void
a_record_is_found_where_the_method_may_look(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < LEN(records); i++) {
		const struct want *want = &records[i].want;
		const struct claim_check check =
		    check_of(CLAIM_DOMAIN, records[i].method, want->target);

		expect(want, look_by(world, world->probe, &check));
		if (strcmp(world->got.found_at, records[i].found_at) != 0)
			fail_msg("%s %s: at \"%s\", want \"%s\"", records[i].method, want->target,
			    world->got.found_at, records[i].found_at);
		if (world->got.detail[0] == '\0')
			fail_msg("%s %s: no detail", records[i].method, want->target);
		expect_readable(world, &check);
	}
}

/* The primary names the parent where it saw the proof: that is the name that others are asked about. */
static void
a_perspective_looks_at_the_very_name_that_was_proved(void **state)
{
	static const char *const methods[] = { "dns-txt", "dns-cname" };
	static const struct want below[] = { { "a.b.alpha.example", CLAIM_REFUSED, "txt-no-record",
						 CLAIM_DNSSEC_SECURE },
		{ "x.y.cn.alpha.example", CLAIM_REFUSED, "cname-no-record", CLAIM_DNSSEC_SECURE } };
	static const struct want at[] = { { "alpha.example", CLAIM_PROVED, "txt-matches",
					      CLAIM_DNSSEC_SECURE },
		{ "cn.alpha.example", CLAIM_PROVED, "cname-matches", CLAIM_DNSSEC_SECURE } };

	for (size_t i = 0; i < LEN(methods); i++) {
		expect(&below[i], look(*state, CLAIM_MPIC_DOMAIN, methods[i], below[i].target));
		expect(&at[i], look(*state, CLAIM_MPIC_DOMAIN, methods[i], at[i].target));
	}
}

/* Perspectives know the account's URI alone: what they could not find is no proof for the primary either. */
static void
a_persistent_record_names_the_issuer_of_the_account(void **state)
{
	static const struct want want = { "second.alpha.example", CLAIM_REFUSED,
		"persist-other-issuer", CLAIM_DNSSEC_SECURE };
	static const char *issuers[] = { OURS, SECOND };
	struct world *world = *state;
	struct claim_check check = check_of(CLAIM_DOMAIN, "dns-persist", want.target);

	check.issuer_domains = (struct claim_texts){ issuers, 2 };
	expect(&want, look_by(world, world->probe, &check));
}

/* With the label before them names this long are none that DNS can hold; their parents are. */
#define LABEL "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG LABEL "." LABEL "." LABEL ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void
a_name_too_long_for_the_label_has_parents(void **state)
{
	static const struct want by_parent = { LONG ".alpha.example", CLAIM_PROVED, "txt-matches",
		CLAIM_DNSSEC_SECURE };
	static const struct want by_nobody = { LONG ".gamma.mail", CLAIM_REFUSED, "txt-no-record",
		CLAIM_DNSSEC_SECURE };
	struct world *world = *state;

	expect(&by_parent, look(world, CLAIM_DOMAIN, "dns-txt", by_parent.target));
	expect(&by_nobody, look(world, CLAIM_DOMAIN, "dns-txt", by_nobody.target));
}

static void
a_mail_server_shows_the_file_for_its_domain(void **state)
{
	static const struct want want = { "servers.alpha.example", CLAIM_PROVED, "http-matches",
		CLAIM_DNSSEC_SECURE };
	const struct probe_finding *got =
	    look(*state, CLAIM_DOMAIN, "mx-http-file", "servers.alpha.example");

	expect(&want, got);
	assert_non_null(strstr(got->detail, "mail of servers.alpha.example: 10 good.alpha.example"
					    "; chosen good.alpha.example; http://good"));
}

/* Whoever publishes asks for the route with the value, and is told the host that will be looked at. */
static void
among_equal_mail_servers_the_value_draws(void **state)
{
	static const char *const values[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };
	struct world *world = *state;
	bool other = false;
	const char *first = NULL;

	for (size_t i = 0; i < LEN(values); i++) {
		struct claim_check check =
		    check_of(CLAIM_MAILBOX, "mail-route", "equal.alpha.example");

		check.expected = cs_span_str(values[i]);
		const char *told = look_by(world, world->probe, &check)->found_at;

		check.kind = CLAIM_DOMAIN;
		check.method = "mx-dns-txt";
		assert_string_equal(look_by(world, world->probe, &check)->found_at, told);
		first = first == NULL ? told : first;
		other |= strcmp(first, told) != 0;
	}
	assert_true(other);
}

static void
a_key_authorization_is_read_from_the_file_of_its_token(void **state)
{
	static const struct {
		const char *target, *value;
		enum claim_outcome outcome;
		const char *reason;
	} rows[] = {
		{ "good.alpha.example", KEY_AUTHORIZATION, CLAIM_PROVED, "http-matches" },
		{ "padded.alpha.example", KEY_AUTHORIZATION, CLAIM_REFUSED, "http-differs" },
		{ "newline.alpha.example", KEY_AUTHORIZATION, CLAIM_REFUSED, "http-status" },
		{ "good.alpha.example", "abc.NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
		    CLAIM_REFUSED, "acme-value-unfit" },
		{ "good.alpha.example", TOKEN, CLAIM_REFUSED, "acme-value-unfit" },
		{ "good.alpha.example", "../../x" KEY_AUTHORIZATION, CLAIM_REFUSED,
		    "acme-value-unfit" },
	};
	struct world *world = *state;

	for (size_t i = 0; i < LEN(rows); i++) {
		struct claim_check check = check_of(CLAIM_DOMAIN, "acme-http", rows[i].target);

		check.expected = cs_span_str(rows[i].value);
		(void)look_by(world, world->probe, &check);
		if (world->got.outcome != rows[i].outcome ||
		    strcmp(world->got.reason, rows[i].reason) != 0)
			fail_msg("%s %s: got %s", rows[i].target, rows[i].value, world->got.reason);
	}
}

static const struct want certificates[] = {
	{ "good.tls.alpha.example", CLAIM_PROVED, "alpn-matches", CLAIM_DNSSEC_SECURE },
	{ "upper.tls.alpha.example", CLAIM_PROVED, "alpn-matches", CLAIM_DNSSEC_SECURE },
	{ "noalpn.tls.alpha.example", CLAIM_REFUSED, "alpn-not-negotiated", CLAIM_DNSSEC_SECURE },
	{ "nonames.tls.alpha.example", CLAIM_REFUSED, "alpn-no-name", CLAIM_DNSSEC_SECURE },
	{ "two.tls.alpha.example", CLAIM_REFUSED, "alpn-names", CLAIM_DNSSEC_SECURE },
	{ "mixed.tls.alpha.example", CLAIM_REFUSED, "alpn-names", CLAIM_DNSSEC_SECURE },
	{ "address.tls.alpha.example", CLAIM_REFUSED, "alpn-names", CLAIM_DNSSEC_SECURE },
	{ "wildcard.tls.alpha.example", CLAIM_REFUSED, "alpn-other-name", CLAIM_DNSSEC_SECURE },
	{ "other.tls.alpha.example", CLAIM_REFUSED, "alpn-other-name", CLAIM_DNSSEC_SECURE },
	{ "noidentifier.tls.alpha.example", CLAIM_REFUSED, "alpn-no-identifier",
	    CLAIM_DNSSEC_SECURE },
	{ "notcritical.tls.alpha.example", CLAIM_REFUSED, "alpn-not-critical",
	    CLAIM_DNSSEC_SECURE },
	{ "short.tls.alpha.example", CLAIM_REFUSED, "alpn-bad-identifier", CLAIM_DNSSEC_SECURE },
	{ "bare.tls.alpha.example", CLAIM_REFUSED, "alpn-bad-identifier", CLAIM_DNSSEC_SECURE },
	{ "differs.tls.alpha.example", CLAIM_REFUSED, "alpn-differs", CLAIM_DNSSEC_SECURE },
	{ "signed.tls.alpha.example", CLAIM_REFUSED, "alpn-not-self-signed", CLAIM_DNSSEC_SECURE },
	{ "plain.alpha.example", CLAIM_REFUSED, "tls-handshake", CLAIM_DNSSEC_SECURE },
	{ "cut.alpha.example", CLAIM_COULD_NOT_TELL, "tls-cut-short", CLAIM_DNSSEC_SECURE },
	{ "closed.alpha.example", CLAIM_COULD_NOT_TELL, "tls-not-connected", CLAIM_DNSSEC_SECURE },
	{ "private.alpha.example", CLAIM_REFUSED, "tls-address-refused", CLAIM_DNSSEC_SECURE },
	{ "half.alpha.example", CLAIM_REFUSED, "tls-address-refused", CLAIM_DNSSEC_SECURE },
	{ "nobody.alpha.example", CLAIM_COULD_NOT_TELL, "tls-not-resolved", CLAIM_DNSSEC_SECURE },
	{ "bogus.example", CLAIM_REFUSED, "dnssec-bogus", CLAIM_DNSSEC_BOGUS },
};

static void
a_certificate_proves_by_its_identifier(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < LEN(certificates); i++) {
		struct claim_check check =
		    check_of(CLAIM_DOMAIN, "acme-tls-alpn", certificates[i].target);

		check.expected = cs_span_str(KEY_AUTHORIZATION);
		expect(&certificates[i], look_by(world, world->probe, &check));
		expect_readable(world, &check);
	}
	const struct claim_check check =
	    check_of(CLAIM_DOMAIN, "acme-tls-alpn", "good.tls.alpha.example");

	assert_string_equal(look_by(world, world->probe, &check)->reason, "acme-value-unfit");
}

static void
a_handshake_says_what_it_met(void **state)
{
	struct world *world = *state;
	struct claim_check check = check_of(CLAIM_DOMAIN, "acme-tls-alpn", "two.tls.alpha.example");

	check.expected = cs_span_str(KEY_AUTHORIZATION);
	const struct probe_finding *got = look_by(world, world->probe, &check);

	assert_string_equal(got->found_at, "two.tls.alpha.example:443");
	assert_non_null(strstr(got->detail, "two.tls.alpha.example:443 at "));
	assert_non_null(strstr(got->detail, "; TLSv1.3; certificate: subject CN=two; names "
					    "two.tls.alpha.example, other.example; issuer CN=two"));
	assert_string_equal(got->seen.items[0], "acme-tls/1");
}

static const struct want routes[] = {
	{ "somebody@m1.alpha.example", CLAIM_PROVED, "mx-found", CLAIM_DNSSEC_SECURE },
	{ "m1.alpha.example", CLAIM_PROVED, "mx-found", CLAIM_DNSSEC_SECURE },
	{ "implicit.alpha.example", CLAIM_PROVED, "mx-implicit", CLAIM_DNSSEC_SECURE },
	{ "aliased.alpha.example", CLAIM_PROVED, "mx-found", CLAIM_DNSSEC_SECURE },
	{ "nullmx.alpha.example", CLAIM_REFUSED, "mx-null", CLAIM_DNSSEC_SECURE },
	{ "nomail.alpha.example", CLAIM_REFUSED, "mx-none-usable", CLAIM_DNSSEC_SECURE },
	{ "nowhere.alpha.example", CLAIM_REFUSED, "mx-none-usable", CLAIM_DNSSEC_SECURE },
	{ "local.alpha.example", CLAIM_REFUSED, "mx-none-usable", CLAIM_DNSSEC_SECURE },
	{ "nothing.alpha.example", CLAIM_REFUSED, "mx-no-such-domain", CLAIM_DNSSEC_SECURE },
	{ "bogus.example", CLAIM_REFUSED, "dnssec-bogus", CLAIM_DNSSEC_BOGUS },
	{ "forged.alpha.example", CLAIM_REFUSED, "dnssec-bogus", CLAIM_DNSSEC_BOGUS },
	{ "silent.example", CLAIM_COULD_NOT_TELL, "dns-failed", CLAIM_DNSSEC_INDETERMINATE },
	{ "x@localhost", CLAIM_COULD_NOT_TELL, "dns-failed", CLAIM_DNSSEC_INDETERMINATE },
};

static void
mail_goes_where_its_records_say(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < LEN(routes); i++) {
		const struct claim_check check =
		    check_of(CLAIM_MAILBOX, "mail-route", routes[i].target);

		expect(&routes[i], look_by(world, world->probe, &check));
		if (strncmp(routes[i].target, "somebody@", 9) == 0)
			expect_readable(world, &check);
	}
}

static void
a_route_shows_its_hosts_in_order(void **state)
{
	const struct probe_finding *got =
	    look(*state, CLAIM_MAILBOX, "mail-route", "m1.alpha.example");

	assert_int_equal(got->seen.n, 2);
	assert_string_equal(got->seen.items[0], "10 mx1.alpha.example");
	assert_string_equal(got->seen.items[1], "20 mx2.alpha.example");
	assert_string_equal(got->found_at, "mx1.alpha.example");
	assert_int_equal(got->n_lookups, 5);
	got = look(*state, CLAIM_MAILBOX, "mail-route", "aliased.alpha.example");
	assert_string_equal(got->seen.items[0], "10 mxalias.alpha.example (alias)");
	assert_string_equal(got->found_at, "");
}

static const struct want keys[] = {
	{ "sel._domainkey.alpha.example", CLAIM_PROVED, "txt-found", CLAIM_DNSSEC_SECURE },
	{ "SEL._domainkey.ALPHA.example", CLAIM_PROVED, "txt-found", CLAIM_DNSSEC_SECURE },
	{ "none._domainkey.alpha.example", CLAIM_REFUSED, "txt-no-record", CLAIM_DNSSEC_SECURE },
	{ "two._domainkey.alpha.example", CLAIM_REFUSED, "txt-too-many", CLAIM_DNSSEC_SECURE },
	{ "odd._domainkey.alpha.example", CLAIM_REFUSED, "txt-unreadable", CLAIM_DNSSEC_SECURE },
	{ "sel._domainkey.bogus.example", CLAIM_REFUSED, "dnssec-bogus", CLAIM_DNSSEC_BOGUS },
	{ "a b._domainkey.alpha.example", CLAIM_COULD_NOT_TELL, "dns-failed",
	    CLAIM_DNSSEC_INDETERMINATE },
};

static void
a_key_is_the_one_record_at_its_name(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < LEN(keys); i++) {
		expect(&keys[i], look(world, CLAIM_MAILBOX, "dkim-key", keys[i].target));
		if (keys[i].outcome == CLAIM_PROVED)
			assert_string_equal(world->got.detail, "v=DKIM1; p=AAAA");
	}
}

static void
a_certificate_on_the_way_is_shown_and_decides_nothing(void **state)
{
	const struct probe_finding *got =
	    look(*state, CLAIM_DOMAIN, "http-file", "secured.alpha.example");

	assert_int_equal(got->outcome, CLAIM_PROVED);
	assert_non_null(strstr(got->detail, "https://https.alpha.example/anything at "));
	assert_non_null(strstr(got->detail, ": 200; certificate: subject CN=two; names "));
	assert_non_null(strstr(got->detail, "; not verified: self-signed certificate"));
}

/* Each kind of finding, once through the strict reader of evidence. */
static void
whatever_is_found_is_readable_evidence(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < LEN(caa); i++) {
		const struct claim_check check =
		    check_of(CLAIM_CAA, "caa-issuemail", caa[i].target);

		(void)look_by(world, world->probe, &check);
		expect_readable(world, &check);
	}
	for (size_t i = 0; i < LEN(files); i++) {
		const struct claim_check check =
		    check_of(CLAIM_DOMAIN, "http-file", files[i].target);

		(void)look_by(world, world->probe, &check);
		expect_readable(world, &check);
	}
}

/* ---- what is never done ---- */

static void
loopback_is_refused_unless_it_counts_as_public(void **state)
{
	struct world *world = *state;
	struct probe_settings settings = world->settings;
	const struct claim_check check = check_of(CLAIM_DOMAIN, "http-file", "good.alpha.example");
	static const struct want want = { "good.alpha.example", CLAIM_REFUSED,
		"http-address-refused", CLAIM_DNSSEC_SECURE };
	struct probe *probe;
	struct cs_err err;

	settings.public_nets = "";
	assert_int_equal(open_probe(world, &settings, &probe, &err), CS_OK);
	expect(&want, look_by(world, probe, &check));
	probe_close(probe);
}

static void
test_settings_are_refused_outside_test_mode(void **state)
{
	struct world *world = *state;
	struct probe_settings settings = world->settings;
	struct probe *probe = NULL;
	struct cs_err err;

	settings.test_mode = false;
	assert_int_equal(open_probe(world, &settings, &probe, &err), CS_MALFORMED);
	settings.test_mode = true;
	settings.public_nets = "0.0.0.0/0";
	assert_int_equal(open_probe(world, &settings, &probe, &err), CS_MALFORMED);
	settings.public_nets = "";
	settings.anchor_file = "/does/not/exist";
	assert_int_not_equal(open_probe(world, &settings, &probe, &err), CS_OK);
	assert_null(probe);
}

static void
unknown_methods_could_not_be_looked_at(void **state)
{
	struct claim_check check = check_of(CLAIM_DOMAIN, "dns-txt", "alpha.example");
	struct world *world = *state;

	check.expected = cs_span_str("");
	assert_int_equal(look_by(world, world->probe, &check)->outcome, CLAIM_COULD_NOT_TELL);
	check = check_of(CLAIM_DOMAIN, "", "alpha.example");
	assert_int_equal(look_by(world, world->probe, &check)->outcome, CLAIM_COULD_NOT_TELL);
	check = check_of(CLAIM_MAILBOX, "email-token", "alpha.example");
	assert_string_equal(look_by(world, world->probe, &check)->reason, "unknown-method");
}

static void
on_never(void *arg, const struct probe_finding *finding)
{
	(void)finding;
	*(bool *)arg = true;
}

/* A look that was under way belongs to an event that comes again: it says nothing, and leaves nothing. */
static void
a_closed_probe_says_nothing_more(void **state)
{
	struct world *world = *state;
	struct claim_check tls_check =
	    check_of(CLAIM_DOMAIN, "acme-tls-alpn", "good.tls.alpha.example");

	tls_check.expected = cs_span_str(KEY_AUTHORIZATION);
	const struct claim_check checks[] = {
		check_of(CLAIM_CAA, "caa-issuemail", "silent.example"),
		check_of(CLAIM_DOMAIN, "dns-txt", "silent.example"),
		check_of(CLAIM_DOMAIN, "http-file", "silent.example"),
		check_of(CLAIM_DOMAIN, "http-file", "good.alpha.example"),
		tls_check,
		check_of(CLAIM_DOMAIN, "mx-http-file", "servers.alpha.example"),
		check_of(CLAIM_MAILBOX, "mail-route", "silent.example"),
	};
	struct probe *probe;
	struct cs_err err;
	bool told = false;

	assert_int_equal(open_probe(world, &world->settings, &probe, &err), CS_OK);
	for (size_t i = 0; i < LEN(checks); i++)
		probe_start(probe, &checks[i], world->arena, on_never, &told);
	for (int i = 0; i < 3; i++)
		(void)event_base_loop(world->base, EVLOOP_NONBLOCK);
	told = false;
	probe_close(probe);
	(void)event_base_loop(world->base, EVLOOP_NONBLOCK);
	assert_false(told);
	probe_close(NULL);
}

/* ---- of a crew alone ---- */

#define CROWD 3000

struct crowd {
	size_t told, died;
};

static void
on_one_of_many(void *arg, const struct probe_finding *finding)
{
	struct crowd *crowd = arg;

	assert_int_equal(finding->outcome, CLAIM_COULD_NOT_TELL);
	crowd->told++;
	crowd->died += strcmp(finding->reason, "prober-died") == 0;
}

static void
turn(struct world *world, int64_t ms)
{
	const struct timeval when = { ms / 1000, ms % 1000 * 1000 };

	(void)event_base_loopexit(world->base, &when);
	(void)event_base_dispatch(world->base);
}

/* What a process of this id needs, in KiB; 0: it cannot be seen. */
static long
kib_of(struct world *world, int pid, const char *what)
{
	FILE *file = fopen(cs_arena_printf(world->arena, "/proc/%d/status", pid), "re");
	char line[256];
	long kib = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, what, strlen(what)) == 0)
			kib = strtol(line + strlen(what) + 1, NULL, 10);
	if (file != NULL)
		(void)fclose(file);
	return kib;
}

/* Thousands wait for a server that is silent, when their children die: each is told, and the next is answered. */
static void
a_crowd_is_told_of_its_children_s_death(void **state)
{
	struct world *world = *state;
	struct claim_check *checks = CS_NEW_ARRAY(world->arena, CROWD, struct claim_check);
	struct crowd crowd = { 0 };
	struct probe *probe;
	struct cs_err err;
	int pids[4];

	if (open_probe(world, &world->settings, &probe, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < CROWD; i++) {
		checks[i] = check_of(CLAIM_CAA, "caa-issuemail",
		    cs_arena_printf(world->arena, "n%zu.silent.example", i));
		probe_start(probe, &checks[i], world->arena, on_one_of_many, &crowd);
	}
	assert_int_equal(crowd.told, 0);
	turn(world, 2000);
	assert_int_equal(crowd.told, 0); /* all of them are in flight */
	assert_int_equal(probe_crew_pids(probe, pids, 4), 4);
	for (size_t i = 0; i < 4; i++) {
		print_message("child of %ld KiB, address space %ld KiB\n",
		    kib_of(world, pids[i], "VmHWM:"), kib_of(world, pids[i], "VmPeak:"));
		assert_int_equal(kill(pids[i], SIGKILL), 0);
	}
	for (int i = 0; i < 100 && crowd.told < CROWD; i++)
		turn(world, 100);
	assert_int_equal(crowd.told, CROWD);
	assert_int_equal(crowd.died, CROWD);
	const struct claim_check next = check_of(CLAIM_CAA, "caa-issuemail", "caa-allow.example");

	assert_string_equal(look_by(world, probe, &next)->reason, "caa-authorized");
	probe_close(probe);
}

/* Locked in as in production: the look could not tell, and the next one is made by another child. */
static void
a_forbidden_call_ends_its_child(void **state)
{
	static const struct {
		enum claim_kind kind;
		const char *method;
	} looks[] = { { CLAIM_CAA, "caa-issuemail" }, { CLAIM_DOMAIN, "http-file" },
		{ CLAIM_MAILBOX, "mail-route" } };
	struct world *world = *state;
	unsigned forbidden = world->forbidden;

	for (size_t i = 0; i < LEN(crimes); i++) {
		const size_t by = i % LEN(looks);
		const struct probe_finding *found =
		    look(world, looks[by].kind, looks[by].method, crimes[i].target);

		if (found->outcome != CLAIM_COULD_NOT_TELL ||
		    strcmp(found->reason, "prober-died") != 0)
			fail_msg("%s: %s %s", crimes[i].target, claim_outcome_name(found->outcome),
			    found->reason);
		assert_int_equal(world->forbidden, ++forbidden);
		found = look(world, CLAIM_CAA, "caa-issuemail", "caa-allow.example");
		assert_string_equal(found->reason, "caa-authorized");
	}
}

int
main(int argc, char *argv[])
{
	struct sandbox_role taken_over =
	    probe_role; /* and opened, limited and locked in as it is */
	const struct sandbox_role *const roles[] = { &taken_over, NULL };

	taken_over.ask = ask_taken_over;
	sandbox_child_main(argc, argv, roles);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(caa_is_judged_by_what_is_published),
		cmocka_unit_test(caa_is_looked_up_anew_when_somebody_asks),
		cmocka_unit_test(caa_shows_its_record_and_its_lookups),
		cmocka_unit_test(a_record_proves_by_being_exactly_the_value),
		cmocka_unit_test(a_record_is_seen_as_soon_as_it_is_there),
		cmocka_unit_test(a_file_proves_by_being_exactly_the_value),
		cmocka_unit_test(a_fetch_names_every_place_that_it_visited),
		cmocka_unit_test(a_record_is_found_where_the_method_may_look),
		cmocka_unit_test(a_perspective_looks_at_the_very_name_that_was_proved),
		cmocka_unit_test(a_persistent_record_names_the_issuer_of_the_account),
		cmocka_unit_test(a_name_too_long_for_the_label_has_parents),
		cmocka_unit_test(a_mail_server_shows_the_file_for_its_domain),
		cmocka_unit_test(among_equal_mail_servers_the_value_draws),
		cmocka_unit_test(a_key_authorization_is_read_from_the_file_of_its_token),
		cmocka_unit_test(a_certificate_proves_by_its_identifier),
		cmocka_unit_test(a_handshake_says_what_it_met),
		cmocka_unit_test(mail_goes_where_its_records_say),
		cmocka_unit_test(a_route_shows_its_hosts_in_order),
		cmocka_unit_test(a_key_is_the_one_record_at_its_name),
		cmocka_unit_test(a_certificate_on_the_way_is_shown_and_decides_nothing),
		cmocka_unit_test(whatever_is_found_is_readable_evidence),
		cmocka_unit_test(loopback_is_refused_unless_it_counts_as_public),
		cmocka_unit_test(test_settings_are_refused_outside_test_mode),
		cmocka_unit_test(unknown_methods_could_not_be_looked_at),
		cmocka_unit_test(a_closed_probe_says_nothing_more),
	};

	const struct CMUnitTest of_crews[] = {
		cmocka_unit_test(a_crowd_is_told_of_its_children_s_death),
		cmocka_unit_test(a_forbidden_call_ends_its_child),
	};
	int failed = cmocka_run_group_tests_name("here", tests, setup_here, teardown);

	failed += cmocka_run_group_tests_name("in children", tests, setup_children, teardown);
	failed += cmocka_run_group_tests_name("crews", of_crews, setup_children, teardown);
	return failed;
}
