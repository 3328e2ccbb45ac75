/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust.c: the trust table: which key may state what.  One person proposes a change, two approvers sign exactly
 * those octets, and what they signed is installed where the services watch for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "base/time.h"
#include "claim/claim.h"
#include "csctl.h"
#include "pki/ed25519.h"

#define KEY_LIFE_DAYS 90
#define ROWS_MAX 256
#define APPROVALS 2
#define WORD_MAX_OCTETS 128 /* of a service or an enterprise */

#define STATES 7 /* of one row, and an end */

/* Which statements each service's key may make. */
static const struct {
	const char *service;
	const char *states[STATES];
} rights[] = {
	{ "request-intake", { "request", "approval", "revocation" } },
	{ "policy", { "plan", "evidence.organization", "evidence.authority", "evidence.individual",
			"setting", "factor-order" } },
	{ "mailbox-validator", { "evidence.mailbox" } },
	{ "domain-validator", { "evidence.domain" } },
	{ "caa-dnssec", { "evidence.caa" } },
	{ "mpic-coordinator", { "evidence.mpic-domain", "evidence.mpic-caa" } },
	{ "mpic-perspective", { "perspective" } },
	{ "notifier", { "factor" } },
	{ "signer", { "audit-head" } },
	{ "csctl", { "evidence-pack" } },
};

static struct claim_texts
states_of(struct cs_arena *arena, const char *service)
{
	struct claim_texts texts = { CS_NEW_ARRAY(arena, STATES, const char *), 0 };

	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		const char *name = rights[i].service;

		if (strncmp(service, name, strlen(name)) != 0)
			continue;
		while (texts.n < STATES - 1 && rights[i].states[texts.n] != NULL) {
			texts.items[texts.n] = rights[i].states[texts.n];
			texts.n++;
		}
	}
	return texts;
}

/* "service=KEYFILE": the row of the key in that file, from now on. */
static enum cs_code
row_of(struct args *args, const char *word, struct claim_trust_row *ret, struct cs_err *err)
{
	size_t len = strcspn(word, "=");
	const char *service = cs_arena_strndup(args->arena, word, len);
	struct claim_key *named;
	struct pki_ed25519 *key;

	if (word[len] == '\0')
		return cs_fail(err, CS_MALFORMED, "%s: want SERVICE=KEYFILE", word);
	if (claim_key_load(word + len + 1, &named, err))
		return err->code;
	const char *keyid = cs_arena_strdup(args->arena, claim_key_id(named));
	const char **everyone = CS_NEW_ARRAY(args->arena, 1, const char *);

	everyone[0] = "*";
	claim_key_free(named);
	if (pki_ed25519_load(word + len + 1, &key, err))
		return err->code;
	*ret = (struct claim_trust_row){ .keyid = keyid,
		.service = service,
		.states = states_of(args->arena, service),
		.enterprises = { everyone, 1 },
		.not_before_ms = cs_now_ms() - CS_MINUTE_MS,
		.not_after_ms = cs_now_ms() + KEY_LIFE_DAYS * CS_DAY_MS };
	pki_ed25519_public(key, ret->public_key);
	pki_ed25519_free(key);
	if (ret->states.n == 0)
		return cs_fail(err, CS_MALFORMED, "%s: no such service states anything", service);
	return CS_OK;
}

static int
run_trust_write(struct args *args)
{
	const char *out = args_option(args, "--out", NULL), *path, *word;
	struct claim_trust_row rows[ROWS_MAX];
	struct claim_key *approvers[8];
	size_t n_rows = 0, n_approvers = 0;
	uint32_t version = 1;
	struct cs_err err = { 0 };
	enum cs_code code = CS_OK;

	if (!args_number(args, "--version", 1, UINT32_MAX, &version))
		return COULD_NOT_RUN;
	while (n_approvers < 8 && (path = args_option(args, "--approver", NULL)) != NULL) {
		if (claim_key_load(path, &approvers[n_approvers], &err))
			return could_not(&err);
		n_approvers++;
	}
	while (n_rows < ROWS_MAX && (word = args_word(args)) != NULL && code == CS_OK)
		code = row_of(args, word, &rows[n_rows++], &err);
	if (out == NULL || n_rows == 0 || n_approvers < 2 || !args_end(args))
		return usage(args);
	if (code == CS_OK)
		code = claim_trust_write(out, version, rows, n_rows,
		    (const struct claim_key *const *)approvers, n_approvers, &err);
	while (n_approvers > 0)
		claim_key_free(approvers[--n_approvers]);
	return code == CS_OK ? DONE : could_not(&err);
}

/* ---- showing ---- */

/* Whoever proposed it chose these words: none may move the cursor over another row. */
static const char *
shown(struct cs_arena *arena, const char *word)
{
	return cs_escape(arena, cs_span_str(word), 4 * WORD_MAX_OCTETS);
}

static void
print_row(struct cs_arena *arena, const char *mark, const struct claim_trust_row *row)
{
	char from[CS_TIME_TEXT], until[CS_TIME_TEXT];
	struct cs_buf buf = cs_buf_new(arena);

	cs_time_format(row->not_before_ms, from);
	cs_time_format(row->not_after_ms, until);
	for (size_t i = 0; i < row->states.n; i++)
		cs_buf_printf(&buf, " %s", row->states.items[i]);
	if (strcmp(row->enterprises.items[0], "*") != 0) {
		cs_buf_add_str(&buf, "  for");
		for (size_t i = 0; i < row->enterprises.n; i++)
			cs_buf_printf(&buf, " %s", shown(arena, row->enterprises.items[i]));
	}
	(void)printf(
	    "%s%s  %-28s %s to %s ", mark, row->keyid, shown(arena, row->service), from, until);
	(void)printf("%.*s\n", (int)buf.len, (const char *)cs_buf_span(&buf).data);
	if (row->distrusted_at_ms != 0) {
		cs_time_format(row->distrusted_at_ms, from);
		(void)printf("%s  DISTRUSTED from %s on\n", mark, from);
	}
}

static const struct claim_trust_row *
find_row(const struct claim_trust_row *rows, size_t n, const char *keyid)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].keyid, keyid) == 0)
			return &rows[i];
	}
	return NULL;
}

static bool
same_texts(const struct claim_texts *a, const struct claim_texts *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = strcmp(a->items[i], b->items[i]) == 0;
	return same;
}

static bool
same_row(const struct claim_trust_row *a, const struct claim_trust_row *b)
{
	return strcmp(a->service, b->service) == 0 && same_texts(&a->states, &b->states) &&
	       same_texts(&a->enterprises, &b->enterprises) &&
	       a->not_before_ms == b->not_before_ms && a->not_after_ms == b->not_after_ms &&
	       a->distrusted_at_ms == b->distrusted_at_ms;
}

/* "-" what goes, "+" what comes, both for what changes; what stays is not shown. */
static void
print_changes(struct cs_arena *arena, const struct claim_trust *old,
    const struct claim_trust_row *rows, size_t n)
{
	const struct claim_trust_row *before = NULL;
	const size_t n_before = old == NULL ? 0 : claim_trust_rows(old, &before);

	for (size_t i = 0; i < n_before; i++) {
		const struct claim_trust_row *now = find_row(rows, n, before[i].keyid);

		if (now == NULL || !same_row(now, &before[i]))
			print_row(arena, "- ", &before[i]);
		if (now != NULL && !same_row(now, &before[i]))
			print_row(arena, "+ ", now);
	}
	for (size_t i = 0; i < n; i++) {
		if (find_row(before, n_before, rows[i].keyid) == NULL)
			print_row(arena, "+ ", &rows[i]);
	}
}

static int
show_table(struct args *args, const char *path, const char *approvers)
{
	const struct claim_trust_row *rows;
	struct claim_trust *trust;
	struct cs_err err;

	if (claim_trust_load(path, approvers, &trust, &err))
		return could_not(&err);
	size_t n = claim_trust_rows(trust, &rows);

	(void)printf("version %u, signed by two approvers\n", claim_trust_version(trust));
	for (size_t i = 0; i < n; i++)
		print_row(args->arena, "", &rows[i]);
	claim_trust_free(trust);
	return DONE;
}

/* Says what a proposal changes and who approved it so far; needs the table in force only for the former. */
static int
show_proposal(struct args *args, const char *path, const char *approvers)
{
	const char *in_force = getenv("CS_TRUST_FILE");
	const struct claim_trust_row *rows;
	struct claim_proposal *proposal;
	struct claim_trust *old = NULL;
	const char *const *names;
	struct cs_err err;

	if (claim_proposal_load(path, approvers, &proposal, &err))
		return could_not(&err);
	if (in_force != NULL && claim_trust_load(in_force, approvers, &old, &err) != CS_OK &&
	    err.code != CS_NOT_FOUND) {
		claim_proposal_free(proposal);
		return could_not(&err);
	}
	const size_t n = claim_proposal_rows(proposal, &rows);
	const size_t n_names = claim_proposal_approvals(proposal, &names);
	uint8_t octets[CLAIM_DIGEST];

	claim_proposal_sha256(proposal, octets);
	(void)printf("version %u after %u, %zu keys\n", claim_proposal_version(proposal),
	    old == NULL ? 0 : claim_trust_version(old), n);
	print_changes(args->arena, old, rows, n);
	(void)printf("octets %s\n", cs_hex(args->arena, cs_span_of(octets, sizeof(octets))));
	(void)printf("approved by %zu of %d:", n_names, APPROVALS);
	for (size_t i = 0; i < n_names; i++)
		(void)printf(" %s", names[i]);
	(void)printf("%s\n", n_names == 0 ? " nobody yet" : "");
	if (n_names >= APPROVALS)
		(void)printf("complete: csctl trust install %s\n", path);
	claim_trust_free(old);
	claim_proposal_free(proposal);
	return DONE;
}

static int
run_trust_show(struct args *args)
{
	const char *approvers = setting("CS_APPROVERS_FILE", "public keys of the approvers");
	const char *proposal = args_word(args);

	if (approvers == NULL || !args_end(args))
		return COULD_NOT_RUN;
	if (proposal != NULL)
		return show_proposal(args, proposal, approvers);
	const char *path = setting("CS_TRUST_FILE", "the signed trust table");
	return path == NULL ? COULD_NOT_RUN : show_table(args, path, approvers);
}

/* ---- proposing ---- */

struct proposing {
	struct claim_trust_row rows[ROWS_MAX];
	size_t n;
	int64_t at_ms; /* when what is retired or distrusted ends */
	uint32_t days; /* that a new key counts */
	const char **enterprises;
	size_t n_enterprises;
};

/* "SERVICE=KEYFILE" or "SERVICE=PUBLICKEY" (base64, as `csctl key new` prints it). */
static enum cs_code
add_row(struct args *args, struct proposing *p, const char *word, struct cs_err *err)
{
	const size_t len = strcspn(word, "=");
	struct claim_trust_row row = { .service = cs_arena_strndup(args->arena, word, len) };
	struct cs_span public_key;
	struct pki_ed25519 *key;

	if (word[len] == '\0' || p->n == ROWS_MAX)
		return cs_fail(
		    err, CS_MALFORMED, "%s: want SERVICE=KEY, up to %d keys", word, ROWS_MAX);
	if (cs_base64_decode(args->arena, cs_span_str(word + len + 1), &public_key) &&
	    public_key.len == sizeof(row.public_key)) {
		memcpy(row.public_key, public_key.data, public_key.len);
	} else {
		if (pki_ed25519_load(word + len + 1, &key, err))
			return err->code;
		pki_ed25519_public(key, row.public_key);
		pki_ed25519_free(key);
	}
	row.states = states_of(args->arena, row.service);
	row.enterprises = (struct claim_texts){ p->enterprises, p->n_enterprises };
	row.not_before_ms = cs_now_ms() - CS_MINUTE_MS;
	row.not_after_ms = cs_now_ms() + p->days * CS_DAY_MS;
	if (row.states.n == 0)
		return cs_fail(
		    err, CS_MALFORMED, "%s: no such service states anything", row.service);
	p->rows[p->n++] = row;
	return CS_OK;
}

/* What a key stated before stays good when it is retired; when it is distrusted only what was recorded. */
static enum cs_code
end_row(struct proposing *p, const char *keyid, bool distrust, struct cs_err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		struct claim_trust_row *row = &p->rows[i];

		if (row->keyid == NULL || strcmp(row->keyid, keyid) != 0)
			continue;
		if (distrust)
			row->distrusted_at_ms = p->at_ms;
		else if (p->at_ms < row->not_before_ms || p->at_ms > row->not_after_ms)
			return cs_fail(err, CS_MALFORMED, "%s: not in use at that time", keyid);
		else
			row->not_after_ms = p->at_ms;
		return CS_OK;
	}
	return cs_fail(err, CS_NOT_FOUND, "%s: no such key in the table in force", keyid);
}

static enum cs_code
take_options(struct args *args, struct proposing *p, struct cs_err *err)
{
	const char *at = args_option(args, "--at", NULL), *word;
	const char **enterprises = CS_NEW_ARRAY(args->arena, ROWS_MAX, const char *);

	p->at_ms = cs_now_ms();
	if (at != NULL && cs_time_parse(at, &p->at_ms, err))
		return err->code;
	while (p->n_enterprises < ROWS_MAX - 1 &&
	       (word = args_option(args, "--enterprise", NULL)) != NULL)
		enterprises[p->n_enterprises++] = word;
	if (p->n_enterprises == 0)
		enterprises[p->n_enterprises++] = "*";
	p->enterprises = enterprises;
	while ((word = args_option(args, "--retire", NULL)) != NULL) {
		if (end_row(p, word, false, err))
			return err->code;
	}
	while ((word = args_option(args, "--distrust", NULL)) != NULL) {
		if (end_row(p, word, true, err))
			return err->code;
	}
	while ((word = args_option(args, "--add", NULL)) != NULL) {
		if (add_row(args, p, word, err))
			return err->code;
	}
	return CS_OK;
}

/* Services that start would find a table in force that nobody approved. */
static enum cs_code
is_elsewhere(const char *out, const char *in_force, struct cs_err *err)
{
	struct stat a, b;

	if (stat(out, &a) != 0 || stat(in_force, &b) != 0 || a.st_dev != b.st_dev ||
	    a.st_ino != b.st_ino)
		return CS_OK;
	return cs_fail(err, CS_CONFLICT,
	    "%s: there is the table in force; propose elsewhere, and install it when it is approved",
	    out);
}

static int
run_trust_propose(struct args *args)
{
	const char *path = setting("CS_TRUST_FILE", "the signed trust table in force");
	const char *approvers = setting("CS_APPROVERS_FILE", "public keys of the approvers");
	const char *out = args_option(args, "--out", NULL);
	struct proposing *p = CS_NEW(args->arena, struct proposing);
	const struct claim_trust_row *rows;
	struct claim_trust *old = NULL;
	struct cs_err err = { 0 };
	uint32_t version = 0;

	p->days = KEY_LIFE_DAYS;
	if (path == NULL || approvers == NULL)
		return COULD_NOT_RUN;
	if (!args_number(args, "--days", 1, 825, &p->days))
		return COULD_NOT_RUN;
	if (claim_trust_load(path, approvers, &old, &err) != CS_OK && err.code != CS_NOT_FOUND)
		return could_not(&err);
	if (old != NULL) {
		p->n = claim_trust_rows(old, &rows);
		version = claim_trust_version(old);
		if (p->n > ROWS_MAX) {
			claim_trust_free(old);
			(void)cs_fail(
			    &err, CS_MALFORMED, "the table has more than %d keys", ROWS_MAX);
			return could_not(&err);
		}
		memcpy(p->rows, rows, p->n * sizeof(*rows));
	}
	enum cs_code code = take_options(args, p, &err);
	const bool asked = out != NULL && args_end(args);
	if (code == CS_OK && asked)
		code = is_elsewhere(out, path, &err);
	if (code == CS_OK && asked)
		code = claim_trust_write(out, version + 1, p->rows, p->n, NULL, 0, &err);
	claim_trust_free(old);
	if (code != CS_OK)
		return could_not(&err);
	return asked ? show_proposal(args, out, approvers) : usage(args);
}

static int
run_trust_approve(struct args *args)
{
	const char *approvers = setting("CS_APPROVERS_FILE", "public keys of the approvers");
	const char *key_file = args_option(args, "--key", NULL);
	const char *seen = args_option(args, "--octets", NULL), *path = args_word(args);
	uint8_t octets[CLAIM_DIGEST];
	struct claim_key *key;
	struct cs_err err;

	if (approvers == NULL)
		return COULD_NOT_RUN;
	if (path == NULL || key_file == NULL || !args_end(args) ||
	    (seen != NULL && !cs_hex_decode(seen, octets, sizeof(octets))))
		return usage(args);
	if (claim_key_load(key_file, &key, &err))
		return could_not(&err);
	enum cs_code code =
	    claim_proposal_approve(path, approvers, key, seen != NULL ? octets : NULL, &err);
	claim_key_free(key);
	return code != CS_OK ? could_not(&err) : show_proposal(args, path, approvers);
}

/* Writes the same table with the same approvals to where the services look; they take it within a second. */
static int
run_trust_install(struct args *args)
{
	const char *to = setting("CS_TRUST_FILE", "where the services look for the trust table");
	const char *approvers = setting("CS_APPROVERS_FILE", "public keys of the approvers");
	const char *path = args_word(args);
	struct claim_trust *new_table, *old = NULL;
	struct cs_err err = { 0 };

	if (to == NULL || approvers == NULL)
		return COULD_NOT_RUN;
	if (path == NULL || !args_end(args))
		return usage(args);
	if (claim_trust_load(path, approvers, &new_table, &err))
		return could_not(&err);
	const uint32_t version = claim_trust_version(new_table);
	claim_trust_free(new_table);
	if (claim_trust_load(to, approvers, &old, &err) != CS_OK && err.code != CS_NOT_FOUND)
		return could_not(&err);
	const uint32_t before = old == NULL ? 0 : claim_trust_version(old);
	claim_trust_free(old);
	if (version <= before) {
		(void)cs_fail(&err, CS_CONFLICT, "%s: version %u does not follow version %u", path,
		    version, before);
		return could_not(&err);
	}
	if (claim_trust_copy(path, to, &err))
		return could_not(&err);
	(void)printf("version %u is in force at %s\n", version, to);
	return DONE;
}

const struct command trust_commands[] = {
	{ "trust propose",
	    "--out FILE [--add SERVICE=KEY]... [--enterprise E]... [--days N] [--retire KEYID]..."
	    " [--distrust KEYID]... [--at TIME]",
	    "writes the next trust table, to be approved, and shows what it changes",
	    run_trust_propose },
	{ "trust approve", "FILE --key KEYFILE [--octets SHA256]",
	    "adds an approver's signature to a proposed table; with the digest that \"trust show\" printed,"
	    "\n      to nothing else than was shown then",
	    run_trust_approve },
	{ "trust install", "FILE", "puts a table that two approvers signed into force",
	    run_trust_install },
	{ "trust show", "[FILE]",
	    "checks the trust table, or a proposed one, and prints which key may state what",
	    run_trust_show },
	{ "trust write",
	    "--out FILE --approver KEYFILE --approver KEYFILE [--version N] SERVICE=KEYFILE...",
	    "writes a trust table signed by two approvers at once: for tests and the first table",
	    run_trust_write },
	{ NULL, NULL, NULL, NULL },
};
