/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_crew.c: mails read and verified by real children of this very program, as mailbox-validator has them.  A
 * few mails take over whoever reads them: that is done here, and nowhere in the product.
 */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reply/crew.h"
#include "tests/check.h"
#include "tests/fake_mails.h"

#define NOW INT64_C(1795900000000)
#define ED "ed._domainkey.sender.example"
#define MANY 30
/* Of a child that reads 1 MiB; a sanitizer has memory of its own. */
#ifdef __SANITIZE_ADDRESS__
#define PEAK_KIB 524288
#else
#define PEAK_KIB 65536
#endif

/* ---- what a child does that was taken over ---- */

static void
run_program(void)
{
	char *argv[] = { (char *)(uintptr_t) "true", NULL };

	(void)execve("/bin/true", argv, NULL);
}

static void
reach_out(void)
{
	(void)!socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void
harm_parent(void)
{
	(void)kill(getppid(), 0);
}

static const struct crime {
	const char *mail; /* in which a mail asks for it */
	void (*commit)(void);
} crimes[] = {
	{ "X-Takes-Over: and runs a program\r\n\r\n", run_program },
	{ "X-Takes-Over: and reaches out\r\n\r\n", reach_out },
	{ "X-Takes-Over: and harms the parent\r\n\r\n", harm_parent },
};

/* The product's own way to read and to verify, unless the mail is one of those. */
static void
ask_taken_over(struct sandbox_question *question)
{
	for (size_t i = 0; i < COUNT(crimes); i++)
		if (memmem(question->octets.data, question->octets.len, crimes[i].mail,
			strlen(crimes[i].mail)) != NULL)
			crimes[i].commit();
	reply_role.ask(question);
}

/* ---- the parent ---- */

struct world {
	struct event_base *base;
	struct event *guard;
	struct cs_arena *arena;
	struct reply_crew *crew;
	struct reply_reading reading;
	struct reply_verdict verdict;
	unsigned read, verified, wanted;
	unsigned died;
	unsigned forbidden; /* of those: of a call that they must not make */
};

static void
on_guard(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fprintf(stderr, "the test waits for something that does not come\n");
	abort();
}

static void
on_told(void *arg, enum sandbox_fact fact, const char *text)
{
	struct world *world = arg;

	world->died += fact == SANDBOX_CHILD_DIED || fact == SANDBOX_CHILD_KILLED;
	world->forbidden +=
	    strstr(text, "role=reply") != NULL && strstr(text, "signal=SIGSYS") != NULL;
	if (fact == SANDBOX_CHILD_DIED || fact == SANDBOX_CHILD_KILLED)
		fprintf(stderr, "%s: %s\n", sandbox_fact_name(fact), text);
}

static void
on_read(void *arg, const struct reply_reading *reading)
{
	struct world *world = arg;

	world->reading = *reading;
	if (++world->read == world->wanted)
		event_base_loopbreak(world->base);
}

static void
on_verified(void *arg, const struct reply_verdict *verdict)
{
	struct world *world = arg;

	world->verdict = *verdict;
	world->verified++;
	event_base_loopbreak(world->base);
}

static void
world_start(struct world *world)
{
	struct cs_err err = { 0 };

	*world = (struct world){ .base = event_base_new(), .arena = cs_arena_new() };
	const struct reply_crew_settings settings = { .told = on_told, .told_arg = world };

	if (reply_crew_open(&settings, world->base, &world->crew, &err) != CS_OK)
		fail_msg("%s", err.text);
	world->guard = evtimer_new(world->base, on_guard, NULL);
	event_add(world->guard, &(struct timeval){ 60, 0 });
}

static void
world_stop(struct world *world)
{
	reply_crew_close(world->crew);
	event_free(world->guard);
	event_base_free(world->base);
	cs_arena_free(world->arena);
}

static struct cs_span
fixture(struct cs_arena *arena, const char *name)
{
	const char *here = __FILE__;
	const char *path = cs_arena_printf(arena, "%.*s/../../dkim/tests/fixtures/%s",
	    (int)(strrchr(here, '/') - here), here, name);
	FILE *f = fopen(path, "rb");
	struct cs_buf out = cs_buf_new(arena);
	char chunk[4096];

	if (f == NULL)
		fail_msg("no fixture %s", path);
	for (size_t n = fread(chunk, 1, sizeof(chunk), f); n > 0;
	     n = fread(chunk, 1, sizeof(chunk), f))
		cs_buf_add(&out, chunk, n);
	fclose(f);
	return cs_buf_span(&out);
}

static const struct reply_reading *
read_mail(struct world *world, struct cs_span mail, const char *from)
{
	world->read = 0;
	world->wanted = 1;
	reply_crew_read(world->crew, mail, from, world->arena, on_read, world);
	assert_int_equal(world->read, 0);
	while (world->read == 0)
		event_base_dispatch(world->base);
	return &world->reading;
}

static const struct reply_verdict *
verify_by(struct world *world, struct cs_span mail, const struct reply_key *key)
{
	world->verified = 0;
	reply_crew_verify(world->crew, mail, key, 1, NOW, 0, world->arena, on_verified, world);
	while (world->verified == 0)
		event_base_dispatch(world->base);
	return &world->verdict;
}

static const struct reply_verdict *
verify(struct world *world, struct cs_span mail, const char *owner, bool unknown, const char *key)
{
	const struct cs_span text = fixture(world->arena, key);

	return verify_by(world, mail, &(struct reply_key){ owner, unknown, &text, 1 });
}

static void
proves_a_mailbox(void **state)
{
	struct world world;
	uint8_t digest[REPLY_DIGEST];
	const struct reply_expected expected = { .mailbox = "alice@sender.example",
		.to = "challenge@ca.example",
		.message_id = "<challenge-1@ca.example>",
		.part1 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
		.digest = digest };
	struct cs_refusal why = { .code = "" };

	(void)state;
	world_start(&world);
	assert_int_equal(reply_digest(expected.part1, "gIGCg4SFhoeIiYqLjI2Ojw",
			     "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", digest, NULL),
	    CS_OK);
	const struct cs_span mail = fixture(world.arena, "dkimpy-ed25519-relaxed.eml");
	assert_int_equal(read_mail(&world, mail, "alice@sender.example")->finding, REPLY_PROVED);
	const struct reply_facts facts = world.reading.facts;
	assert_int_equal(facts.owners_len, 1);
	assert_true(reply_judge_form(world.arena, &facts, &expected, &why));
	(void)verify(&world, mail, facts.owners[0], false, "ed.key");
	if (reply_judge(world.arena, &facts, &world.verdict, &expected, &why) != REPLY_PROVED)
		fail_msg("%s", why.code);
	assert_int_equal(world.died, 0);
	world_stop(&world);
}

static void
says_no_and_cannot_tell(void **state)
{
	struct world world;

	(void)state;
	world_start(&world);
	const struct cs_span mail = fixture(world.arena, "ed25519-relaxed-relaxed.eml");
	assert_int_equal(verify(&world, mail, ED, true, "ed.key")->finding, REPLY_COULD_NOT_TELL);
	assert_string_equal(world.verdict.why.code, "reply-key-unknown");
	assert_int_equal(verify(&world, mail, ED, false, "brisbane.key")->finding, REPLY_REFUSED);
	assert_string_equal(world.verdict.why.code, "dkim-signature");
	const struct cs_span rsa = fixture(world.arena, "rsa-simple-simple.eml");
	assert_int_equal(
	    verify(&world, rsa, "rsa._domainkey.sender.example", false, "rsa.key")->finding,
	    REPLY_PROVED);
	assert_int_equal(read_mail(&world, cs_span_str("no\nmail"), "")->finding, REPLY_REFUSED);
	assert_string_equal(world.reading.why.code, "mail-octets");
	uint8_t *large = cs_arena_alloc(world.arena, 3 * DKIM_MAIL_MAX);
	memset(large, 'x', 3 * DKIM_MAIL_MAX);
	assert_int_equal(
	    read_mail(&world, cs_span_of(large, 3 * DKIM_MAIL_MAX), "")->finding, REPLY_REFUSED);
	assert_string_equal(world.reading.why.code, "mail-size");
	assert_int_equal(world.died, 0);
	world_stop(&world);
}

/* Character sets and nesting make gmime look for files and memory, and no child dies of it. */
static void
reads_what_mails_are_made_of(void **state)
{
	static const char *const mails[] = {
		"From: =?koi8-r?q?=C1?= <a@b.example>\r\nSubject: =?windows-1252?q?=E4?=\r\n"
		"Content-Type: text/plain; charset=iso-8859-15; x*=koi8-r''%C1\r\n"
		"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n",
		"Content-Type: multipart/alternative; boundary*0*=big5''b; boundary*1=c\r\n\r\n"
		"--bc\r\nContent-Type: text/plain\r\n\r\nx\r\n--bc--\r\n",
		"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822"
		"\r\n\r\nFrom: =?shift_jis?q?=82=A0?= <a@b.example>\r\nSubject: =?big5?q?=A4?=\r\n"
		"Message-ID: <1@x.example>\r\n\r\n\r\n--b--\r\n",
	};
	struct world world;

	(void)state;
	world_start(&world);
	for (size_t i = 0; i < COUNT(mails); i++)
		assert_int_equal(
		    read_mail(&world, cs_span_str(mails[i]), "")->finding, REPLY_PROVED);
	assert_string_equal(world.reading.facts.bounce.message_id, "<1@x.example>");
	struct cs_buf deep = cs_buf_new(world.arena);
	for (int i = 0; i < 8000; i++)
		cs_buf_printf(
		    &deep, "Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n", i, i);
	assert_int_equal(read_mail(&world, cs_buf_span(&deep), "")->finding, REPLY_PROVED);
	assert_int_equal(world.died, 0);
	world_stop(&world);
}

static void
reads_many_at_once(void **state)
{
	struct world world;

	(void)state;
	world_start(&world);
	const struct cs_span mail = fixture(world.arena, "two.eml");
	world.wanted = MANY;
	for (int i = 0; i < MANY; i++)
		reply_crew_read(world.crew, mail, "a@b", world.arena, on_read, &world);
	while (world.read < MANY)
		event_base_dispatch(world.base);
	assert_int_equal(world.reading.finding, REPLY_PROVED);
	assert_int_equal(world.died, 0);
	world_stop(&world);
}

static void
a_child_that_dies_is_no_answer(void **state)
{
	struct world world;
	int pids[8];

	(void)state;
	world_start(&world);
	const struct cs_span mail = fixture(world.arena, "two.eml");
	assert_int_equal(reply_crew_pids(world.crew, pids, COUNT(pids)), 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(kill(pids[i], SIGSTOP), 0);
	world.wanted = 1;
	reply_crew_read(world.crew, mail, "a@b", world.arena, on_read, &world);
	reply_crew_verify(world.crew, mail, NULL, 0, NOW, 0, world.arena, on_verified, &world);
	for (int i = 0; i < 2; i++)
		assert_int_equal(kill(pids[i], SIGKILL), 0);
	while (world.read == 0 || world.verified == 0)
		event_base_dispatch(world.base);
	assert_int_equal(world.reading.finding, REPLY_COULD_NOT_TELL);
	assert_string_equal(world.reading.why.code, "reply-reader");
	assert_int_equal(world.verdict.finding, REPLY_COULD_NOT_TELL);
	assert_string_equal(world.verdict.why.code, "reply-reader");
	assert_int_equal(world.died, 2);
	/* Others take their places. */
	assert_int_equal(read_mail(&world, mail, "a@b")->finding, REPLY_PROVED);
	assert_int_equal(verify(&world, mail, ED, false, "ed.key")->finding, REPLY_PROVED);
	world_stop(&world);
}

/* Locked in as in production, both kinds: no mail has what it was after, and the next one has its answer. */
static void
a_forbidden_call_ends_its_child(void **state)
{
	struct world world;
	unsigned forbidden = 0;

	(void)state;
	world_start(&world);
	const struct cs_span good = fixture(world.arena, "ed25519-relaxed-relaxed.eml");
	for (size_t i = 0; i < COUNT(crimes); i++) {
		const struct cs_span mail = cs_span_str(crimes[i].mail);

		if (read_mail(&world, mail, "")->finding != REPLY_COULD_NOT_TELL)
			fail_msg("a reader lived: %s", crimes[i].mail);
		assert_string_equal(world.reading.why.code, "reply-reader");
		assert_int_equal(world.forbidden, ++forbidden);
		assert_int_equal(read_mail(&world, good, "a@b")->finding, REPLY_PROVED);
		if (verify(&world, mail, ED, false, "ed.key")->finding != REPLY_COULD_NOT_TELL)
			fail_msg("a verifier lived: %s", crimes[i].mail);
		assert_string_equal(world.verdict.why.code, "reply-reader");
		assert_int_equal(world.forbidden, ++forbidden);
		assert_int_equal(verify(&world, good, ED, false, "ed.key")->finding, REPLY_PROVED);
	}
	assert_int_equal(world.died, forbidden);
	world_stop(&world);
}

/* The most memory that any of the children ever had, in KiB. */
static long
peak_kib(struct world *world)
{
	int pids[8];
	const size_t n = reply_crew_pids(world->crew, pids, COUNT(pids));
	char line[256];
	long most = 0;

	for (size_t i = 0; i < n && i < COUNT(pids); i++) {
		FILE *f = fopen(cs_arena_printf(world->arena, "/proc/%d/status", pids[i]), "re");

		while (f != NULL && fgets(line, sizeof(line), f) != NULL)
			if (strncmp(line, "VmHWM:", 6) == 0 && strtol(line + 6, NULL, 10) > most)
				most = strtol(line + 6, NULL, 10);
		if (f != NULL)
			fclose(f);
	}
	return most;
}

static void
expect_alive(struct world *world, const char *after)
{
	const struct cs_span good = fixture(world->arena, "ed25519-relaxed-relaxed.eml");

	if (world->died > 0)
		fail_msg("%s: a child died of it", after);
	if (peak_kib(world) > PEAK_KIB)
		fail_msg("%s: %ld KiB", after, peak_kib(world));
	if (read_mail(world, good, "a@b")->finding != REPLY_PROVED ||
	    verify(world, good, ED, false, "ed.key")->finding != REPLY_PROVED)
		fail_msg("%s: a good mail after it was not read", after);
}

/* Those who read and those who verify live through each mail, say no to it, and read the next one. */
static void
hostile_mails_harm_nobody(void **state)
{
	struct world world;
	const struct fake_mail *mails;

	(void)state;
	world_start(&world);
	const size_t n = fake_mails(world.arena, &mails);
	for (size_t i = 0; i < n; i++) {
		const struct reply_reading *reading = read_mail(&world, mails[i].octets, "a@b");
		const char *refused = reading->finding == REPLY_PROVED ? NULL : reading->why.code;

		if ((refused == NULL) != (mails[i].refused == NULL) ||
		    (refused != NULL && strcmp(refused, mails[i].refused) != 0))
			fail_msg("%s: %s", mails[i].name, refused == NULL ? "read" : refused);
		if (verify(&world, mails[i].octets, ED, false, "ed.key")->finding != REPLY_REFUSED)
			fail_msg("%s: %s", mails[i].name, world.verdict.why.code);
		expect_alive(&world, mails[i].name);
	}
	world_stop(&world);
}

static void
hostile_keys_verify_nothing(void **state)
{
	struct world world;
	const struct cs_span *keys;

	(void)state;
	world_start(&world);
	const struct cs_span mail = fixture(world.arena, "ed25519-relaxed-relaxed.eml");
	const size_t n = fake_keys(world.arena, &keys);
	for (size_t i = 0; i <= n; i++) { /* each, and all */
		const struct reply_key key = i < n ? (struct reply_key){ ED, false, keys + i, 1 }
						   : (struct reply_key){ ED, false, keys, n };

		if (verify_by(&world, mail, &key)->finding != REPLY_REFUSED)
			fail_msg("key %zu: %s", i, world.verdict.why.code);
		expect_alive(&world, "a key");
	}
	world_stop(&world);
}

int
main(int argc, char *argv[])
{
	struct sandbox_role taken_over =
	    reply_role; /* and opened, limited and locked in as it is */
	const struct sandbox_role *const roles[] = { &taken_over, NULL };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proves_a_mailbox),
		cmocka_unit_test(says_no_and_cannot_tell),
		cmocka_unit_test(reads_what_mails_are_made_of),
		cmocka_unit_test(reads_many_at_once),
		cmocka_unit_test(a_child_that_dies_is_no_answer),
		cmocka_unit_test(a_forbidden_call_ends_its_child),
		cmocka_unit_test(hostile_mails_harm_nobody),
		cmocka_unit_test(hostile_keys_verify_nothing),
	};

	taken_over.ask = ask_taken_over;
	sandbox_child_main(argc, argv, roles);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
