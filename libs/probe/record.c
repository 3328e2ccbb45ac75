/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.c: a record below a name or below one of its parents.  Where the method lets a parent stand for
 * the name (the authorization domain name of TBR 1.6.1), labels are taken off from the left down to the
 * part that somebody registered, never to a public suffix.  A CNAME at the name itself is never followed
 * to another authorization domain name, which the rules would allow.
 *
 * All names are asked at once and judged in order, the name itself first.  What one of them could not be
 * found out about ends the walk: it helps nobody that a parent's answer would have been a yes.
 */
#include <string.h>

#include "base/text.h"
#include "internal.h"
#include "smime/domain.h"
#include "smime/method.h"

#define NAMES_MAX 16 /* the name and its nearest parents */
#define LIMIT_MS 20000

struct step {
	struct record_walk *walk;
	const char *name, *asked;
	/* once it is answered */
	enum dns_state state;
	const char *why;
	bool told;
	uint32_t ttl_s;
	struct said said;
	struct claim_texts seen;
};

struct record_walk {
	struct look *look;
	const struct record_way *way;
	struct step steps[NAMES_MAX];
	size_t n, waiting;
	enum claim_dnssec before; /* what the look rested on already */
};

/* Perspectives are asked about the very name that the primary found the proof at, and see no other. */
static bool
may_prune(const struct look *look)
{
	return look->check->kind != CLAIM_MPIC_DOMAIN && look->method != NULL &&
	       smime_method_may_prune(look->method);
}

/* With the label before it a name may be too long to be one, while its parents are not. */
static void
add_step(struct record_walk *walk, const char *name)
{
	struct cs_arena *arena = walk->look->arena;
	const char *asked = cs_arena_printf(arena, "%s.%s", walk->way->label, name);

	if (dns_name_valid(asked))
		walk->steps[walk->n++] = (struct step){ .walk = walk,
			.name = cs_arena_strdup(arena, name),
			.asked = asked,
			.why = "" };
}

static void
add_steps(struct record_walk *walk, const char *name)
{
	const char *last = smime_domain_registrable(walk->look->probe->psl, name);

	add_step(walk, name);
	if (last == NULL || !may_prune(walk->look))
		return;
	while (strcmp(name, last) != 0 && walk->n < NAMES_MAX) {
		name = smime_domain_parent(name);
		add_step(walk, name);
	}
}

/* ---- one answer ---- */

static void
keep_seen(struct step *step, const struct dns_answer *answer)
{
	struct cs_arena *arena = step->walk->look->arena;
	size_t n = answer->records_len < SEEN_MAX ? answer->records_len : SEEN_MAX;
	const char **items = CS_NEW_ARRAY(arena, SEEN_MAX, const char *);

	for (size_t i = 0; i < n; i++) {
		const struct dns_record *record = &answer->records[i];

		items[i] = cs_escape(arena,
		    record->host != NULL ? cs_span_str(record->host) : record->text, SHOWN_MAX);
	}
	step->seen = (struct claim_texts){ items, n };
}

/* "txt _x.a.example: NOERROR, 2 records, secure, alias to b.example" */
static void
describe(struct look *look, const struct dns_result *result)
{
	struct cs_buf text = cs_buf_new(look->arena);

	cs_buf_printf(&text, "%s %s: %s", dns_type_name(result->type), result->name,
	    dns_rcode_name(result->rcode));
	if (result->answer != NULL) {
		cs_buf_printf(&text, ", %zu records", result->answer->records_len);
		for (size_t i = 0; i < result->answer->aliases_len; i++)
			cs_buf_printf(&text, ", alias to %s", result->answer->aliases[i]);
	}
	cs_buf_printf(&text, ", %s", dns_state_name(result->state));
	look_add_detail(look, cs_buf_span(&text));
}

static void
note(struct step *step, const struct dns_result *result)
{
	struct look *look = step->walk->look;

	step->state = result->state;
	step->why = cs_escape(look->arena, cs_span_str(result->why), 300);
	if (result->answer == NULL)
		return;
	step->told = true;
	step->ttl_s = result->answer->ttl_s;
	step->said = step->walk->way->judge(look, step->name, result->answer);
	keep_seen(step, result->answer);
}

/* ---- the verdict ---- */

static void
show(struct look *look, const struct step *step)
{
	look->finding.found_at = step->name;
	look->finding.ttl_s = step->ttl_s;
	look->finding.seen = step->seen;
}

static const char *
text_of(const struct record_walk *walk, const struct step *step)
{
	const struct record_walk *of = walk;
	struct cs_arena *arena = of->look->arena;
	const char *asked = cs_escape(arena, cs_span_str(step->asked), 280);

	if (step->said.proves && step != of->steps)
		return cs_arena_printf(arena, "%s: %s, and %s may stand for the name below it",
		    asked, step->said.text, cs_escape(arena, cs_span_str(step->name), 280));
	if (!step->said.proves && of->n > 1)
		return cs_arena_printf(
		    arena, "%s: %s; nor is it below a parent name", asked, step->said.text);
	return cs_arena_printf(arena, "%s: %s", asked, step->said.text);
}

static void
end_at(struct record_walk *walk, const struct step *step)
{
	show(walk->look, step);
	look_end(walk->look, step->said.proves ? CLAIM_PROVED : CLAIM_REFUSED, step->said.reason,
	    look_clause(walk->look), text_of(walk, step));
}

static void
end_untold(struct record_walk *walk, const struct step *step)
{
	const struct dns_result as = {
		.name = step->asked, .state = step->state, .why = step->why
	};

	(void)look_end_unanswered(walk->look, &as, look_clause(walk->look));
}

static void
judge(struct record_walk *walk)
{
	struct look *look = walk->look;
	const struct step *nearest = NULL;

	look->finding.security = walk->before;
	for (size_t i = 0; i < walk->n; i++) {
		const struct step *step = &walk->steps[i];

		look_weaken(look, step->state);
		if (!step->told) {
			end_untold(walk, step);
			return;
		}
		if (step->said.proves) {
			end_at(walk, step);
			return;
		}
		if (nearest == NULL && step->said.has_records)
			nearest = step;
	}
	end_at(walk, nearest != NULL ? nearest : &walk->steps[0]);
}

static void
answered(struct record_walk *walk)
{
	if (--walk->waiting == 0)
		judge(walk);
}

static void
on_answer(void *arg, const struct dns_result *result)
{
	struct step *step = arg;

	look_add_lookup(step->walk->look, result);
	describe(step->walk->look, result);
	note(step, result);
	answered(step->walk);
}

void
look_for_record(struct look *look, const char *name, const struct record_way *way)
{
	struct record_walk *walk = CS_NEW(look->arena, struct record_walk);

	*walk = (struct record_walk){ .look = look, .way = way, .before = look->finding.security };
	add_steps(walk, name);
	if (walk->n == 0) {
		look_end(look, CLAIM_REFUSED, "name-too-long", "RFC 1035 2.3.4",
		    "with the label before it this is no name that DNS can hold");
		return;
	}
	walk->waiting = 1; /* ours, until all are asked */
	for (size_t i = 0; i < walk->n; i++) {
		const struct dns_question question = {
			.name = walk->steps[i].asked, .type = way->type, .limit_ms = LIMIT_MS
		};

		walk->waiting++;
		dns_lookup(look->probe->dns, &question, on_answer, &walk->steps[i]);
	}
	answered(walk);
}
