/* SPDX-License-Identifier: Apache-2.0 */
#include "trial.h"

#include <string.h>

#include "base/text.h"
#include "wire.h"

/* ---- can a connector's quorum be met? ---- */

static void
say_tested(struct svc_work *work, const char *result, const char *const *seen, size_t n)
{
	svc_finish(work, NULL, wire_write_tested(work->arena, result, seen, n), cs_span_str(NULL));
}

static uint32_t
count_regions(const struct mpic_service *mpic)
{
	uint32_t n = 0;

	for (size_t i = 0; i < mpic->n_remotes; i++) {
		bool is_new = true;

		for (size_t k = 0; k < i && is_new; k++)
			is_new = strcmp(mpic->remotes[k].region, mpic->remotes[i].region) != 0;
		n += is_new;
	}
	return n;
}

/* Nobody is asked: whether perspectives answer is seen at every round, and in countersign_validations_total. */
static void
test_quorum(
    const struct mpic_service *mpic, struct svc_work *work, const struct connector_entry *entry)
{
	const struct wire_test *test = work->what;
	const char *seen[2] = {
		cs_arena_printf(work->arena,
		    "%zu perspectives in %u regions are asked, %u of them must agree",
		    mpic->n_remotes, count_regions(mpic), entry->connector.quorum),
		cs_arena_printf(work->arena,
		    "in force for this enterprise: %u, the highest of its connectors and the platform's",
		    connector_book_quorum(mpic->book, test->enterprise)),
	};

	say_tested(work, entry->connector.quorum <= mpic->n_remotes ? "good" : "bad", seen, 2);
}

/* ---- does a service answer? ---- */

#define NAME_FOR_TESTS "example.com" /* RFC 2606: it is there, and nobody issues for it */

struct trial {
	struct svc_work *work;
	const char *endpoint;
	uint32_t quorum;
	struct claim_check check;
	struct open_mpic_question question;
};

static void
on_tried(void *arg, const struct open_mpic_answer *answer, const char *reason, const char *why_not)
{
	const struct trial *trial = arg;
	struct cs_arena *arena = trial->work->arena;
	const char *seen[4] = { cs_arena_printf(arena,
	    "%s was asked for CAA of %s, beside our perspectives", trial->endpoint,
	    NAME_FOR_TESTS) };

	(void)reason;
	if (answer == NULL) {
		seen[1] = why_not;
		say_tested(trial->work, "bad", seen, 2);
		return;
	}
	const uint32_t looked = answer->agreed + answer->refused;

	seen[1] = answer->seen;
	seen[2] = cs_arena_printf(arena, "%u of its %u perspectives could look; %u must agree",
	    looked, answer->asked, trial->quorum);
	say_tested(trial->work, looked >= trial->quorum ? "good" : "bad", seen, 3);
}

static void
test_service(
    const struct mpic_service *mpic, struct svc_work *work, const struct connector_entry *entry)
{
	struct trial *trial = CS_NEW(work->arena, struct trial);
	uint8_t nonce[16];
	const char *why_not = "its question cannot be written";

	cs_random(nonce, sizeof(nonce));
	*trial = (struct trial){ .work = work,
		.endpoint = cs_arena_strdup(work->arena, entry->connector.endpoint),
		.quorum = entry->connector.quorum,
		.check = { .kind = CLAIM_MPIC_CAA, .target = NAME_FOR_TESTS } };
	if (open_mpic_ask(work->arena, &trial->check, "", trial->quorum,
		cs_hex(work->arena, cs_span_of(nonce, sizeof(nonce))), &trial->question))
		why_not = services_ask(mpic->services, work->arena, &entry->connector,
		    &trial->question, on_tried, trial);
	if (why_not != NULL)
		say_tested(work, "bad", &why_not, 1);
}

void
mpic_try(const struct mpic_service *mpic, struct svc_work *work)
{
	const struct wire_test *test = work->what;
	const struct connector_entry *entry =
	    connector_book_get(mpic->book, test->enterprise, test->name);
	const char *not_yet = "mpic-coordinator has not heard of this version yet: ask again";
	const char *not_used = "mpic-coordinator uses no connectors of this type";

	if (entry == NULL || entry->version < test->version)
		say_tested(work, "not-yet", &not_yet, 1);
	else if (entry->connector.type != CONNECTOR_OPEN_MPIC)
		say_tested(work, "untested", &not_used, 1);
	else if (entry->connector.endpoint[0] == '\0')
		test_quorum(mpic, work, entry);
	else
		test_service(mpic, work, entry);
}
