/* SPDX-License-Identifier: Apache-2.0 */
#include "mpic.h"

#include <string.h>

#include "base/time.h"
#include "smime/method.h"

#define NAME_MAX_OCTETS 40

static const char clause[] = "TBR 3.2.2.9; SBR 4.2.2.2";

/* ---- whom to ask ---- */

static bool
is_region(const char *text)
{
	static const char *const regions[] = { "afrinic", "apnic", "arin", "lacnic", "ripe" };

	for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
		if (strcmp(regions[i], text) == 0)
			return true;
	return false;
}

static bool
is_name(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= NAME_MAX_OCTETS &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* The text without the spaces around it; changes it. */
static char *
trim(char *text)
{
	text += strspn(text, " ");
	for (size_t len = strlen(text); len > 0 && text[len - 1] == ' '; len--)
		text[len - 1] = '\0';
	return text;
}

static enum cs_code
read_remote(char *word, struct mpic_remote *ret_remote, struct cs_err *err)
{
	char *region = word, *name = strsep(&region, ":");

	if (region == NULL)
		return cs_fail(
		    err, CS_MALFORMED, "CS_PERSPECTIVES: \"%.40s\" is not name:region", word);
	name = trim(name);
	region = trim(region);
	if (!is_name(name))
		return cs_fail(err, CS_MALFORMED,
		    "CS_PERSPECTIVES: \"%.40s\" is not a name of a-z, 0-9 and -", name);
	if (!is_region(region))
		return cs_fail(err, CS_MALFORMED,
		    "CS_PERSPECTIVES: %.20s is not afrinic, apnic, arin, lacnic or ripe", region);
	*ret_remote = (struct mpic_remote){ name, region };
	return CS_OK;
}

enum cs_code
mpic_read_remotes(const char *text, struct cs_arena *arena,
    struct mpic_remote ret_remotes[static MPIC_REMOTES_MAX], size_t *ret_n, struct cs_err *err)
{
	char *rest = cs_arena_strdup(arena, text), *word;
	struct mpic_remote remote;
	size_t n = 0;

	while ((word = strsep(&rest, ",")) != NULL) {
		if (n == MPIC_REMOTES_MAX)
			return cs_fail(
			    err, CS_MALFORMED, "CS_PERSPECTIVES: at most %d", MPIC_REMOTES_MAX);
		if (read_remote(word, &remote, err))
			return err->code;
		for (size_t i = 0; i < n; i++)
			if (strcmp(ret_remotes[i].name, remote.name) == 0)
				return cs_fail(err, CS_MALFORMED,
				    "CS_PERSPECTIVES: %s is there twice", remote.name);
		ret_remotes[n++] = remote;
	}
	*ret_n = n;
	return CS_OK;
}

/* ---- a round ---- */

void
mpic_begin(struct mpic_round *round, const struct mpic_remote *remotes, size_t n)
{
	*round = (struct mpic_round){ .remotes = remotes, .n = n };
	for (size_t i = 0; i < n; i++)
		round->results[i] = (struct claim_perspective_result){ .name = remotes[i].name,
			.region = remotes[i].region,
			.outcome = CLAIM_COULD_NOT_TELL,
			.reason = "no-answer" };
}

static void
note(struct mpic_round *round, size_t i)
{
	round->n_answered += !round->answered[i];
	round->answered[i] = true;
}

/* As the evidence repeats them beside the answer. */
static size_t
size_of(const struct claim_texts *texts)
{
	size_t size = 0;

	for (size_t i = 0; i < texts->n; i++)
		size += strlen(texts->items[i]) + 4;
	return size;
}

const char *
mpic_take(struct mpic_round *round, size_t i, const struct claim_perspective_ask *ask,
    const struct claim_perspective_answer *answer, struct cs_span envelope)
{
	struct claim_perspective_result *result = &round->results[i];

	if (round->answered[i])
		return "answered before";
	if (memcmp(answer->nonce, ask->nonce, sizeof(ask->nonce)) != 0)
		return "answers another question";
	if (memcmp(answer->check_digest, ask->check.digest, CLAIM_DIGEST) != 0)
		return "answers another check";
	if (strcmp(answer->perspective, result->name) != 0)
		return "speaks for another perspective";
	if (strcmp(answer->region, result->region) != 0)
		return "stands in another region than configured";
	if (envelope.len + size_of(&answer->seen) > MPIC_ANSWERS_MAX / round->n)
		return "larger than its share of the evidence";
	result->outcome = answer->outcome;
	result->reason = answer->reason;
	result->seen = answer->seen;
	result->security = answer->security;
	result->checked_at_ms = answer->checked_at_ms;
	result->answer = envelope;
	result->corroborates =
	    answer->outcome == CLAIM_PROVED && answer->security != CLAIM_DNSSEC_BOGUS;
	note(round, i);
	return NULL;
}

void
mpic_miss(struct mpic_round *round, size_t i, const char *reason, int64_t now_ms)
{
	if (round->answered[i])
		return;
	round->results[i].reason = reason;
	round->results[i].checked_at_ms = now_ms;
	note(round, i);
}

void
mpic_miss_service(struct mpic_service_result *service, const char *reason, const char *seen)
{
	service->answered = true;
	service->outcome = CLAIM_COULD_NOT_TELL;
	service->reason = reason;
	service->seen = seen;
}

bool
mpic_complete(const struct mpic_round *round)
{
	for (size_t i = 0; i < round->n_services; i++)
		if (!round->services[i].answered)
			return false;
	return round->n_answered == round->n;
}

static struct smime_mpic_tally
tally(const struct mpic_round *round)
{
	struct smime_mpic_tally tally = { .primary = true, .asked = (uint32_t)round->n };

	for (size_t i = 0; i < round->n; i++) {
		bool new_region = round->results[i].corroborates;

		tally.corroborated += round->results[i].corroborates;
		for (size_t k = 0; k < i && new_region; k++)
			if (round->results[k].corroborates &&
			    strcmp(round->results[k].region, round->results[i].region) == 0)
				new_region = false;
		tally.regions += new_region;
	}
	return tally;
}

/* How many said no, as opposed to saying nothing: only they make a refusal. */
static uint32_t
count_refusals(const struct mpic_round *round)
{
	uint32_t n = 0;

	for (size_t i = 0; i < round->n; i++)
		n += round->results[i].outcome == CLAIM_REFUSED;
	return n;
}

/* How many may differ: as the rules say, and fewer where a quorum leaves fewer. */
static uint32_t
may_differ(const struct mpic_round *round)
{
	const uint32_t n = (uint32_t)round->n, rules = smime_rule_mpic_max_noncorroborating(n);
	const uint32_t left = round->quorum < n ? n - round->quorum : 0;

	return left < rules ? left : rules;
}

/* What most of those said that do not corroborate: people want to know why, not only how many. */
static const char *
explain(const struct mpic_round *round, struct cs_arena *arena)
{
	const char *reason = NULL;
	unsigned most = 0;

	for (size_t i = 0; i < round->n; i++) {
		unsigned n = 0;

		for (size_t k = 0; k < round->n; k++)
			n += !round->results[k].corroborates &&
			     strcmp(round->results[k].reason, round->results[i].reason) == 0;
		if (round->results[i].corroborates || n <= most)
			continue;
		most = n;
		reason = round->results[i].reason;
	}
	return reason == NULL ? "" : cs_arena_printf(arena, "; %u said %s", most, reason);
}

/* The service that keeps it from being proved, one that said no before one that said nothing; NULL: none does. */
static const struct mpic_service_result *
find_objection(const struct mpic_round *round)
{
	const struct mpic_service_result *found = NULL;

	for (size_t i = 0; i < round->n_services; i++) {
		const struct mpic_service_result *service = &round->services[i];

		if (service->outcome == CLAIM_REFUSED)
			return service;
		if (service->outcome != CLAIM_PROVED && found == NULL)
			found = service;
	}
	return found;
}

/* All in the detail, as far as there is room; in the text that which people ask about. */
static void
tell_services(const struct mpic_round *round, const struct mpic_service_result *objection,
    struct cs_arena *arena, struct claim_evidence *evidence)
{
	const struct mpic_service_result *one = objection != NULL ? objection : round->services;
	struct cs_buf detail = cs_buf_new(arena);

	if (round->n_services == 0)
		return;
	evidence->text =
	    cs_arena_printf(arena, "%s; of the service %s %u of %u agree, %u are wanted",
		evidence->text, one->name, one->agreed, one->asked, one->quorum);

	for (size_t i = 0; i < round->n_services; i++) {
		const struct mpic_service_result *service = &round->services[i];
		const char *line = cs_arena_printf(
		    arena, "%s%s: %s", i > 0 ? " | " : "", service->name, service->seen);

		if (detail.len + strlen(line) <= CLAIM_MAX_TEXT)
			cs_buf_add_str(&detail, line);
	}
	evidence->detail = (const char *)cs_buf_span(&detail).data;
}

static void
object(const struct mpic_service_result *service, struct cs_arena *arena,
    struct claim_evidence *evidence)
{
	evidence->outcome = service->outcome;
	evidence->reason = cs_arena_printf(arena, "mpic-%s", service->reason);
}

void
mpic_decide(const struct mpic_round *round, const struct claim_check *check, int64_t now_ms,
    struct cs_arena *arena, struct claim_evidence *evidence)
{
	const struct mpic_service_result *objection = find_objection(round);
	struct smime_mpic_tally votes = tally(round);
	uint32_t least = smime_rule_mpic_min_remotes(now_ms);

	if (least < check->min_remotes)
		least = check->min_remotes;
	bool enough = votes.asked >= least && votes.corroborated >= round->quorum &&
		      smime_rule_mpic_quorum(&votes, now_ms);

	evidence->perspectives = CS_NEW_ARRAY(arena, round->n, struct claim_perspective_result);
	if (round->n > 0)
		memcpy(evidence->perspectives, round->results,
		    round->n * sizeof(evidence->perspectives[0]));
	evidence->n_perspectives = round->n;
	evidence->min_remotes = least;
	evidence->clause = clause;
	evidence->perspective = "primary";
	evidence->checked_at_ms = now_ms;
	evidence->text = cs_arena_printf(arena, "%u of %u perspectives in %u regions corroborate%s",
	    votes.corroborated, votes.asked, votes.regions, explain(round, arena));
	if (round->quorum > 0)
		evidence->text =
		    cs_arena_printf(arena, "%s; %u are wanted", evidence->text, round->quorum);
	tell_services(round, objection, arena, evidence);
	if (enough && objection != NULL) {
		object(objection, arena, evidence);
	} else if (enough) {
		evidence->outcome = CLAIM_PROVED;
		evidence->reason = "mpic-corroborated";
	} else if (count_refusals(round) > may_differ(round)) {
		evidence->outcome = CLAIM_REFUSED;
		evidence->reason = "mpic-disagree";
	} else {
		evidence->outcome = CLAIM_COULD_NOT_TELL;
		evidence->reason = "mpic-no-quorum";
	}
	evidence->valid_until_ms =
	    now_ms + (evidence->outcome == CLAIM_PROVED ? check->freshness_ms : 0);
}

/*
 * A persistent record is looked for under the account URI that the primary expected (TBR 3.2.2.4.22):
 * "acct:ENTERPRISE@ISSUER".
 */
static struct claim_texts
issuers_of(const struct claim_evidence *domain, struct cs_arena *arena)
{
	const char *uri =
	    cs_arena_strndup(arena, (const char *)domain->expected.data, domain->expected.len);
	const char *at = strrchr(uri, '@');
	struct claim_texts issuers = { CS_NEW_ARRAY(arena, 1, const char *), 0 };

	if (at != NULL && strncmp(uri, "acct:", 5) == 0)
		issuers.items[issuers.n++] = at + 1;
	return issuers;
}

bool
mpic_check_for(
    const struct claim_evidence *domain, struct cs_arena *arena, struct claim_check *ret_check)
{
	const struct smime_method *method = smime_method_find(domain->method);

	if (domain->kind != CLAIM_DOMAIN || domain->outcome != CLAIM_PROVED || method == NULL ||
	    method->target != SMIME_TARGET_DOMAIN)
		return false;
	*ret_check =
	    (struct claim_check){ .id = cs_arena_printf(arena, "mpic-%s", domain->check_id),
		    .kind = CLAIM_MPIC_DOMAIN,
		    .target = domain->target,
		    .method = domain->method,
		    .enterprise = domain->enterprise,
		    .account = domain->account,
		    .expected = domain->expected,
		    .attempt = domain->attempt,
		    .freshness_ms = smime_rule_reuse_ms(method->reuse) };
	if (method->reuse == SMIME_PROOF_DOMAIN_22)
		ret_check->issuer_domains = issuers_of(domain, arena);
	claim_check_digest(ret_check, ret_check->digest);
	return true;
}
